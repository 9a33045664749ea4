package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

func TestDoorPage(t *testing.T) {
	w := newTown(t)
	c := w.add(community.Conference{Title: community.Plain("en", "Talks"), Start: fakeNow.Add(time.Hour)})
	guest := func(email, name string, want community.Want) community.Guest {
		t.Helper()
		if _, err := w.node.ComeByMail(t.Context(), c.Slug, node.Coming{Want: want, Email: email, Details: community.Details{Name: name}}, false); err != nil {
			t.Fatal(err)
		}
		g, err := w.server.store.Guest(t.Context(), c.ID, storage.GuestKey{Email: email})
		if err != nil {
			t.Fatal(err)
		}
		return *g
	}
	dorde, eva := guest("dj@x.example", "Đorđe Šećerović", community.Want{State: community.Going, Plus: 2}), guest("eva@x.example", "Ева <b>", community.Want{State: community.Maybe})
	w.pass(2 * time.Hour)
	path, ana := "/desk/conf/"+c.Slug+"/door", w.session("ana")
	if res := w.do(http.MethodGet, path, ""); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("a stranger: %s", res.Status)
	}
	if err := w.node.AddMember(t.Context(), console, &community.Member{Handle: "bo", Role: community.Regular}); err != nil {
		t.Fatal(err)
	}
	if res := w.do(http.MethodGet, path, "", w.session("bo")); res.StatusCode != http.StatusForbidden {
		t.Fatalf("a member: %s", res.Status)
	}
	if res := w.send(path, url.Values{"act": {"in"}, "guest": {fmt.Sprint(eva.ID)}}, w.session("bo")); res.StatusCode != http.StatusForbidden {
		t.Fatalf("a member at the door: %s", res.Status)
	}
	res := w.do(http.MethodGet, path, "", ana)
	if html := bodyOf(t, res); !strings.Contains(html, "Đorđe Šećerović") || !strings.Contains(html, "Ева &lt;b&gt;") || !strings.Contains(html, "said maybe") {
		t.Error(html)
	}
	if !strings.Contains(res.Header.Get("Permissions-Policy"), "camera=(self)") || strings.Contains(w.do(http.MethodGet, "/", "").Header.Get("Permissions-Policy"), "self") {
		t.Error("the camera is for this page alone")
	}
	if html := w.get(path+"?q=sec+DORD", ana); !strings.Contains(html, "data-guest=\""+fmt.Sprint(dorde.ID)) || strings.Contains(html, "data-guest=\""+fmt.Sprint(eva.ID)) {
		t.Error("Đorđe is not found as people type him")
	}

	// Without a script.
	act := func(want int, values url.Values) string {
		t.Helper()
		res := w.send(path, values, ana)
		body := bodyOf(t, res)
		if res.StatusCode != want {
			t.Fatalf("%v: %s\n%s", values, res.Status, body)
		}
		return body + res.Header.Get("Location")
	}
	id := func(g community.Guest) []string { return []string{fmt.Sprint(g.ID)} }
	if at := act(http.StatusSeeOther, url.Values{"act": {"in"}, "guest": id(dorde), "q": {"Đorđe"}}); at != path+"?done=in&q=%C4%90or%C4%91e" {
		t.Errorf("back to %s", at)
	}
	if html := w.get(path+"?done=in", ana); !strings.Contains(html, `<b data-inside>3</b>`) || !strings.Contains(html, "they are here") {
		t.Error("the party of three is not counted")
	}
	act(http.StatusSeeOther, url.Values{"act": {"undo"}, "guest": id(dorde)})
	act(http.StatusSeeOther, url.Values{"act": {"walk_in"}, "key": {"k1"}, "name": {"Vera"}, "plus": {"1"}})
	if html := w.get(path, ana); !strings.Contains(html, `<b data-inside>2</b>`) || !strings.Contains(html, "Vera") {
		t.Error("Vera is not inside")
	}
	if html := act(http.StatusUnprocessableEntity, url.Values{"act": {"walk_in"}, "key": {"k2"}, "name": {"Too many"}, "plus": {"many"}}); !strings.Contains(html, `value="Too many"`) || !strings.Contains(html, `id="plus-wrong"`) {
		t.Error("what was typed is lost")
	}
	if html := act(http.StatusConflict, url.Values{"act": {"ticket"}, "ticket": {"https://belgrade.example/rsvp/nonsense"}}); !strings.Contains(html, "no ticket of ours") {
		t.Error("a false ticket is not told")
	}
	act(http.StatusUnprocessableEntity, url.Values{"act": {"dance"}})
	act(http.StatusNotFound, url.Values{"act": {"in"}, "guest": {"99999"}})

	// With one: what was noted without a network comes later, some of it twice.
	at := func(minute int) int64 { return c.Start.Add(time.Duration(minute) * time.Minute).UnixMilli() }
	notes, err := json.Marshal(map[string]any{"notes": []doorNote{
		{Note: "a", Act: "in", Guest: eva.ID, At: at(9)}, {Note: "b", Act: "in", Guest: eva.ID, At: at(5)}, {Note: "a2", Act: "in", Guest: eva.ID, At: at(9)},
		{Note: "c", Act: "walk_in", Key: "k3", Name: "Zoe", At: at(6)}, {Note: "d", Act: "walk_out", Key: "k1", At: at(7)},
		{Note: "e", Act: "ticket", Ticket: "forged", At: at(8)}, {Note: "f", Act: "fly"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	res = w.do(http.MethodPost, path+"/notes", string(notes), ana, "Content-Type: application/json")
	var got struct {
		Answers []doorAnswer
		Data    doorData
	}
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(res.Status, err)
	}
	for i, ok := range []bool{true, true, true, true, true, false, false} {
		if got.Answers[i].OK != ok || !ok && got.Answers[i].Error == "" {
			t.Errorf("answer %+v", got.Answers[i])
		}
	}
	for _, g := range got.Data.Guests {
		if g.ID == eva.ID && g.In != at(5) {
			t.Errorf("Eva came at %d, not %d", g.In, at(5))
		}
	}
	if len(got.Data.WalkIns) != 1 || got.Data.WalkIns[0].Name != "Zoe" {
		t.Errorf("%+v", got.Data.WalkIns)
	}
	for body, want := range map[string]int{"{": http.StatusUnprocessableEntity, `{"notes":[` + strings.Repeat("{},", maxNotes) + "{}]}": http.StatusUnprocessableEntity} {
		if res := w.do(http.MethodPost, path+"/notes", body, ana, "Content-Type: application/json"); res.StatusCode != want {
			t.Errorf("%.20s: %s", body, res.Status)
		}
	}
	if res := w.do(http.MethodPost, path+"/notes", "{}", ana, "Content-Type: application/json", "Sec-Fetch-Site: cross-site"); res.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: %s", res.Status)
	}
}

func TestFold(t *testing.T) {
	for _, x := range [][2]string{{"Đorđe Šećerović", "dorde secerovic"}, {"СЕМЁН", "семен"}, {"Größe", "grosse"}} {
		if got := fold(x[0]); got != x[1] {
			t.Errorf("%s is %s", x[0], got)
		}
	}
	if !matches("dorde secerovic", "sec dor") || matches("dorde secerovic", "erov") {
		t.Error("names are found by how their words begin")
	}
}
