package web

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

// host publishes a conference with two seats that asks who may come, with guests
// in the given states, and returns it with their ids.
func (w *town) host(t *testing.T, states ...community.GuestState) (*community.Conference, []int64) {
	t.Helper()
	start := w.node.Now().Add(72 * time.Hour)
	c := w.add(community.Conference{Title: community.Plain("en", "Supper"), Start: start, End: start.Add(2 * time.Hour), Capacity: 2, JoinMode: community.Restricted, RSVP: community.RSVPWords,
		Questions: []community.Question{{Key: "food", Text: "=What do you eat?", Kind: community.AskText}}})
	var ids []int64
	err := w.node.Store().Write(t.Context(), func(tx *storage.Tx) error {
		ids = nil
		for i, s := range states {
			g := &community.Guest{ConferenceID: c.ID, Email: "g" + strconv.Itoa(i) + "@x.example", Name: "Guest <" + strconv.Itoa(i) + ">", State: s, Created: tx.Now(), Queued: tx.Now(), Comment: "=1+1", Answers: map[string]string{"food": "рыба"}}
			if err := tx.SaveGuest(t.Context(), g); err != nil {
				return err
			}
			ids = append(ids, g.ID)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, ids
}

func (w *town) standing(t *testing.T, id int64) community.GuestState {
	t.Helper()
	g, err := w.node.Store().GuestByID(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return g.State
}

func TestGuestList(t *testing.T) {
	w := newTown(t)
	c, ids := w.host(t, community.Pending, community.Pending, community.Going, community.Waitlisted, community.Maybe)
	ana, path := w.session("ana"), "/desk/conf/"+c.Slug+"/guests"
	id := func(i int) string { return strconv.FormatInt(ids[i], 10) }
	if res := w.do(http.MethodGet, path, ""); res.StatusCode != http.StatusSeeOther {
		t.Errorf("for a stranger: %s", res.Status)
	}
	if err := w.node.AddMember(t.Context(), console, &community.Member{Handle: "bo", Name: "Bo", Email: "bo@x.example"}); err != nil {
		t.Fatal(err)
	}
	bo := w.session("bo")
	for _, p := range []string{path, path + ".csv", path + "/message", path + "/add", path + "/" + id(0)} {
		if res := w.do(http.MethodGet, p, "", bo); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s for a member: %s", p, res.Status)
		}
	}
	body := w.get(path, ana)
	for _, want := range []string{"1 of 2 seats is taken", "Guest &lt;0&gt;", "рыба", `value="` + id(0) + `"`, "g4@x.example"} {
		if !strings.Contains(body, want) {
			t.Errorf("the list lacks %q", want)
		}
	}
	if body := w.get(path+"?state=pending", ana); strings.Contains(body, "g2@") || !strings.Contains(body, "g1@") {
		t.Error("the filter lets others through")
	}
	if body := w.get(path+"?q=G3@X", ana); strings.Contains(body, "g2@") || !strings.Contains(body, "g3@") {
		t.Error("the search finds others")
	}
	if body := w.get(path+"?all=1", ana); !strings.Contains(body, "g4@") {
		t.Error("the list to print is not whole")
	}

	// Nobody ticked, nothing to do, nonsense.
	for _, v := range []url.Values{{"act": {"approve"}}, {"guest": {id(0)}}, {"act": {"approve"}, "guest": {"x"}}, {"act": {"burn"}, "guest": {id(0)}}} {
		if res := w.send(path, v, ana); res.StatusCode < 400 || res.StatusCode >= 500 || !strings.Contains(bodyOf(t, res), `role="alert"`) {
			t.Errorf("%v: %s", v, res.Status)
		}
	}
	res := w.send(path, url.Values{"act": {"approve"}, "guest": {id(0), id(1), id(2)}, "state": {"pending"}}, ana)
	if to := res.Header.Get("Location"); to != path+"?did=approve&failed=1&n=2&state=pending" {
		t.Errorf("approving leads to %q (%s)", to, res.Status)
	}
	if w.standing(t, ids[0]) == community.Pending || w.standing(t, ids[1]) == community.Pending {
		t.Error("who was approved waits for an answer")
	}
	if body := w.get(path+"?did=approve&n=2&failed=1", ana); !strings.Contains(body, "2 guests approved.") || !strings.Contains(body, "With 1 it could not be done") {
		t.Error("what was done is not said")
	}
	w.send(path, url.Values{"act": {"decline"}, "guest": {id(2)}}, ana)
	if w.standing(t, ids[2]) != community.Declined {
		t.Error("who was turned down stands as before")
	}
	w.send(path, url.Values{"act": {"decline"}, "guest": {id(0), id(1)}}, ana)
	w.send(path, url.Values{"act": {"approve"}, "guest": {id(0)}}, ana) // undone
	if w.standing(t, ids[0]) != community.Going {
		t.Errorf("an undone refusal is %s", w.standing(t, ids[0]))
	}
	if body := w.get(path+"/"+id(0), ana); !strings.Contains(body, "A seat") || !strings.Contains(body, "by e-mail") || !strings.Contains(body, "=1&#43;1") {
		t.Error("the page of a guest lacks what was written to them")
	}
	other, _ := w.host(t)
	for _, bad := range []string{path + "/x", path + "/99999", "/desk/conf/" + other.Slug + "/guests/" + id(0)} {
		if res := w.do(http.MethodGet, bad, "", ana); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", bad, res.Status)
		}
	}
	if res := w.send(path, url.Values{"act": {"ask"}}, ana); !strings.HasPrefix(res.Header.Get("Location"), path+"?did=ask&n=") {
		t.Error(res.Status)
	}
}

func TestGuestCSV(t *testing.T) {
	w := newTown(t)
	c, _ := w.host(t, community.Going, community.Maybe)
	ana, path := w.session("ana"), "/desk/conf/"+c.Slug+"/guests.csv"
	res := w.do(http.MethodGet, path, "", ana)
	body := bodyOf(t, res)
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/csv") || !strings.Contains(res.Header.Get("Content-Disposition"), "attachment") || !strings.Contains(body, "\r\n") {
		t.Errorf("%v", res.Header)
	}
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatal(rows, err)
	}
	if rows[1][0] != "Guest <0>" || rows[1][5] != "'=1+1" || rows[0][9] != "'=What do you eat?" || rows[1][9] != "рыба" {
		t.Errorf("%q", rows)
	}
	if body := w.get(path+"?bom=1", ana); !strings.HasPrefix(body, "\ufeffname,") {
		t.Errorf("%.20q", body)
	}
	for in, want := range map[string]string{"": "", "a": "a", "=a": "'=a", "+1": "'+1", "-1": "'-1", "@x": "'@x", "\t=1": "'\t=1", "я=": "я="} {
		if got := cell(in); got != want {
			t.Errorf("%q is %q", in, got)
		}
	}
}

func TestGuestMessage(t *testing.T) {
	w := newTown(t)
	c, _ := w.host(t, community.Going, community.Maybe)
	ana, path := w.session("ana"), "/desk/conf/"+c.Slug+"/guests/message"
	text := "The door is <green>.\n\nSee you!"
	values := url.Values{"to": {"all"}, "subject": {"The door"}, "text": {text}, "act": {"preview"}}
	res := w.send(path, values, ana)
	if body := bodyOf(t, res); res.StatusCode != http.StatusOK || !strings.Contains(body, "It goes to 2 addresses by mail.") || !strings.Contains(body, "&lt;green&gt;") {
		t.Errorf("%s\n%s", res.Status, body)
	}
	count := func() int {
		t.Helper()
		n, err := w.node.Store().CountLetters(t.Context(), storage.LetterQuery{Kind: community.LetterMessage})
		if err != nil {
			t.Fatal(err)
		}
		return n[community.LetterDue]
	}
	if count() != 0 {
		t.Error("looking at a message sends it")
	}
	values.Set("act", "edit")
	if body := bodyOf(t, w.send(path, values, ana)); !strings.Contains(body, "The door is &lt;green&gt;.") || !strings.Contains(body, "<textarea") {
		t.Error("what was typed is lost")
	}
	values.Set("act", "send")
	if res := w.send(path, values, ana); res.Header.Get("Location") != "/desk/conf/"+c.Slug+"/guests?did=message&n=2" || count() != 2 {
		t.Errorf("%s, %d letters", res.Status, count())
	}
	for _, bad := range []url.Values{{}, {"to": {"x"}, "text": {"x"}}, {"to": {"all"}, "text": {strings.Repeat("x", 6000)}}, {"to": {"all"}, "subject": {strings.Repeat("x", 200)}, "text": {"hello"}}} {
		res := w.send(path, bad, ana)
		if body := bodyOf(t, res); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, `-wrong"`) {
			t.Errorf("%v: %s", bad.Get("to"), res.Status)
		}
	}
}

func TestGuestAdd(t *testing.T) {
	w := newTown(t)
	c, _ := w.host(t)
	ana, path := w.session("ana"), "/desk/conf/"+c.Slug+"/guests"
	w.get(path+"/add", ana)
	if res := w.send(path+"/add", url.Values{"name": {"Eva"}, "email": {"eva@x.example"}, "plus": {"1"}}, ana); res.Header.Get("Location") != path+"?did=add&n=1" {
		t.Errorf("%s: %s", res.Status, bodyOf(t, res))
	}
	if body := w.get(path, ana); !strings.Contains(body, "eva@x.example") || !strings.Contains(body, "&#43;1") || !strings.Contains(body, "2 of 2 seats are taken") {
		t.Error("who was added is not there")
	}
	for _, bad := range []url.Values{{}, {"name": {"Eva"}, "email": {"eva"}}, {"name": {"Eva"}, "email": {"e@x.example"}, "plus": {"99"}}, {"name": {"Eva"}, "email": {"e@x.example"}, "plus": {"x"}}} {
		res := w.send(path+"/add", bad, ana)
		if body := bodyOf(t, res); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, `role="alert"`) || !strings.Contains(body, `value="`+bad.Get("email")+`"`) {
			t.Errorf("%v: %s", bad, res.Status)
		}
	}
	if res := w.send(path+"/add", url.Values{"name": {"Eva"}, "email": {"eva@x.example"}}, ana); res.StatusCode != http.StatusConflict {
		t.Errorf("twice: %s", res.Status)
	}
}
