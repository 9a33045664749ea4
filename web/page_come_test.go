package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

// evening is a conference to come to.
func (w *town) evening(change func(*community.Conference)) *community.Conference {
	w.Helper()
	c := community.Conference{Title: community.Plain("en", "An evening"), Start: fakeNow.AddDate(0, 0, 5), Zone: "Europe/Belgrade"}
	if change != nil {
		change(&c)
	}
	return w.add(c)
}

// form of someone who wants to come.
func comeForm(contact string, more ...string) url.Values {
	f := url.Values{"name": {"Eva Weiß"}, "contact": {contact}, "answer": {"going"}, "plus": {"0"}, "shown": {"guests"}}
	for i := 0; i+1 < len(more); i += 2 {
		f.Set(more[i], more[i+1])
	}
	return f
}

func (w *town) guestOf(c *community.Conference, k storage.GuestKey) community.Guest {
	w.Helper()
	g, err := w.node.Store().Guest(w.Context(), c.ID, k)
	if err != nil {
		w.Fatal(err)
	}
	return *g
}

// Without mail an answer counts at once, and its link is on the page.
func TestComeWithoutMail(t *testing.T) {
	w := newTown(t)
	c := w.evening(func(c *community.Conference) {
		c.Capacity = 3
		c.Questions = []community.Question{
			{Key: "food", Text: "What do you eat?", Kind: community.AskChoice, Choices: []string{"All", "No <meat>"}, Required: true},
			{Key: "photo", Text: "Pictures are fine", Kind: community.AskYes}, {Key: "say", Text: "Anything else?", Kind: community.AskText},
		}
	})
	page := w.get("/conf/"+c.Slug, "Accept-Language: en")
	for _, s := range []string{`name="contact"`, `name="q_food" value="No &lt;meat&gt;"`, `name="q_photo"`, `name="q_say"`, `name="plus" type="number" inputmode="numeric" min="0" max="2"`, "3 seats left"} {
		if !strings.Contains(page, s) {
			t.Errorf("%q is missing", s)
		}
	}
	res := w.form("/conf/"+c.Slug+"/come", comeForm("Eva@X.example", "q_food", "No <meat>", "q_photo", "yes", "plus", "1", "comment", "late", "shown", "everyone"))
	to := res.Header.Get("Location")
	if res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, "/rsvp/") {
		t.Fatalf("%s to %q\n%s", res.Status, to, bodyOf(t, res))
	}
	g := w.guestOf(c, storage.GuestKey{Email: "eva@x.example"})
	if g.State != community.Going || g.Plus != 1 || g.Name != "Eva Weiß" || g.Comment != "late" || g.Answers["food"] != "No <meat>" || g.Answers["photo"] != "yes" || g.Shown != community.ShownToEveryone || g.Lang != "en" {
		t.Errorf("%+v", g)
	}
	body := w.get(to, "Accept-Language: en")
	for _, s := range []string{"You have a seat, with 1 more person", "This city sends no mail", "https://belgrade.example" + strings.TrimSuffix(to, "?new=1"), `value="No &lt;meat&gt;" checked`, `value="late"`, "Add to my calendar"} {
		if !strings.Contains(body, s) {
			t.Errorf("%q is missing", s)
		}
	}
	path := strings.TrimSuffix(to, "?new=1")
	ics := w.do(http.MethodGet, path+".ics", "")
	if text := bodyOf(t, ics); ics.StatusCode != 200 || !strings.Contains(text, "PARTSTAT=ACCEPTED") || !strings.Contains(text, "BEGIN:VEVENT") || !strings.Contains(ics.Header.Get("Cache-Control"), "no-store") {
		t.Errorf("%s\n%s", ics.Status, text)
	}
	if got := LoggedPath(path + ".ics"); got != rsvpPath+"…" {
		t.Errorf("the log has %s", got)
	}
	// The details are changed by the same link, and what is wrong comes back.
	res = w.form(path, url.Values{"details": {"1"}, "answer": {"going"}, "plus": {"0"}, "name": {"Éva"}, "q_food": {"Stones"}, "comment": {"<b>"}, "shown": {"guests"}})
	if body := bodyOf(t, res); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, `href="#q_food"`) || !strings.Contains(body, `value="&lt;b&gt;"`) {
		t.Errorf("%s\n%s", res.Status, body)
	}
	res = w.form(path, url.Values{"details": {"1"}, "answer": {"going"}, "plus": {"0"}, "name": {"Éva"}, "q_food": {"All"}, "comment": {""}, "shown": {"organisers"}})
	if g := w.guestOf(c, storage.GuestKey{Email: "eva@x.example"}); res.StatusCode != http.StatusSeeOther || g.Name != "Éva" || g.Comment != "" || g.Answers["food"] != "All" || g.Answers["photo"] != "" || g.Shown != community.ShownToOrganisers || g.Plus != 0 {
		t.Errorf("%s %+v", res.Status, g)
	}
	// A button alone leaves them.
	w.form(path, url.Values{"answer": {"maybe"}})
	if g := w.guestOf(c, storage.GuestKey{Email: "eva@x.example"}); g.State != community.Maybe || g.Answers["food"] != "All" {
		t.Errorf("%+v", g)
	}
	// The address cannot be used by another.
	res = w.form("/conf/"+c.Slug+"/come", comeForm("eva@x.example", "q_food", "All"))
	if body := bodyOf(t, res); res.StatusCode != http.StatusConflict || !strings.Contains(body, "has answered already") || strings.Contains(body, "/rsvp/") {
		t.Errorf("%s", res.Status)
	}
}

// With mail nothing counts before the button behind the link is pressed, and the
// page says the same of every address.
func TestComeWithMail(t *testing.T) {
	w := newTown(t)
	w.server.mails = true
	c := w.evening(func(c *community.Conference) { c.Capacity = 1 })
	come := func(contact string, more ...string) string {
		t.Helper()
		res := w.form("/conf/"+c.Slug+"/come", comeForm(contact, more...))
		if res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s\n%s", res.Status, bodyOf(t, res))
		}
		return res.Header.Get("Location")
	}
	link := func(to string) string {
		t.Helper()
		list, err := w.node.Store().Letters(t.Context(), storage.LetterQuery{Address: to, Limit: 1})
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		return strings.TrimPrefix(list[0].Args["Link"], "https://belgrade.example")
	}
	first := come("eva@x.example")
	if first != "/conf/"+c.Slug+"?came=mail#come" {
		t.Fatal(first)
	}
	page := w.get(strings.TrimSuffix(first, "#come"), "Accept-Language: en")
	if !strings.Contains(page, "Look into your mail") || strings.Contains(page, "eva@x.example") {
		t.Error(page)
	}
	path := link("eva@x.example")
	for range 2 { // programs that read mail open every address
		if body := w.get(path, "Accept-Language: en"); !strings.Contains(body, "Yes, I’m coming") || !strings.Contains(body, `value="confirm"`) {
			t.Error(body)
		}
	}
	if g := w.guestOf(c, storage.GuestKey{Email: "eva@x.example"}); g.State != community.Unconfirmed {
		t.Fatalf("%+v", g)
	}
	if res := w.form(path, url.Values{"do": {"confirm"}}, "Origin: https://evil.example"); res.StatusCode != http.StatusForbidden {
		t.Errorf("from elsewhere: %s", res.Status)
	}
	if res := w.form(path, url.Values{"do": {"confirm"}}); res.StatusCode != http.StatusSeeOther {
		t.Errorf("%s", res.Status)
	}
	if g := w.guestOf(c, storage.GuestKey{Email: "eva@x.example"}); g.State != community.Going {
		t.Fatalf("%+v", g)
	}
	if again := come("eva@x.example", "answer", "no"); again != first {
		t.Errorf("another answer for who is known: %s", again)
	}
	// Not me.
	come("ben@x.example")
	res := w.form(link("ben@x.example"), url.Values{"answer": {"no"}})
	if to := res.Header.Get("Location"); !strings.Contains(to, "came=forgotten") {
		t.Error(to)
	}
	if body := w.get("/conf/"+c.Slug+"?came=forgotten", "Accept-Language: en"); !strings.Contains(body, "Nothing was kept") {
		t.Error("nobody says that it is forgotten")
	}
	if res := w.do(http.MethodGet, link("ben@x.example"), ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("forgotten: %s", res.Status)
	}
	if res := w.form(path, url.Values{"do": {"pass"}}); res.StatusCode != http.StatusConflict {
		t.Errorf("nothing is offered: %s", res.Status)
	}
}

// An offered seat is taken, or passed on, with one button.
func TestOfferedSeatOnThePage(t *testing.T) {
	w := newTown(t)
	c := w.evening(func(c *community.Conference) { c.Capacity, c.OfferHours = 1, 12 })
	var paths []string
	for _, name := range []string{"a", "b", "c"} {
		res := w.form("/conf/"+c.Slug+"/come", comeForm(name+"@x.example"))
		paths = append(paths, strings.TrimSuffix(res.Header.Get("Location"), "?new=1"))
		w.pass(time.Second)
	}
	if body := w.get(paths[2], "Accept-Language: en"); !strings.Contains(body, "You are number 2 in the waiting list") {
		t.Error(body)
	}
	if body := w.get(paths[2], "Accept-Language: en"); !strings.Contains(body, "look here again") {
		t.Error("a message is promised that nobody sends")
	}
	w.form(paths[0], url.Values{"answer": {"no"}})
	body := w.get(paths[1], "Accept-Language: en")
	for _, s := range []string{"A seat is kept for you until ", `value="take"`, `value="pass"`} {
		if !strings.Contains(body, s) {
			t.Errorf("%q is missing", s)
		}
	}
	w.form(paths[1], url.Values{"do": {"pass"}})
	if res := w.form(paths[2], url.Values{"do": {"take"}}); res.StatusCode != http.StatusSeeOther {
		t.Error(res.Status)
	}
	if g := w.guestOf(c, storage.GuestKey{Email: "c@x.example"}); g.State != community.Going {
		t.Errorf("%+v", g)
	}
	if body := w.get(paths[1], "Accept-Language: ru"); !strings.Contains(body, "листе ожидания") {
		t.Error(body)
	}
}

// A handle is proved by a direct message, whatever server it is on.
func TestComeByHandle(t *testing.T) {
	w := newTown(t)
	c := w.evening(nil)
	bob := &community.Actor{URI: "https://m.example/u/bob", Type: "Person", Handle: "bob", Host: "m.example", Name: "Bob", URL: "https://m.example/u/bob", Inbox: "https://m.example/u/bob/inbox", Fetched: fakeNow}
	w.remote.actors = map[string]*community.Actor{"@bob@m.example": bob}
	for _, typed := range []string{"@bob@m.example", "https://m.example/@bob"} {
		res := w.form("/conf/"+c.Slug+"/come", comeForm(typed))
		if to := res.Header.Get("Location"); to != "/conf/"+c.Slug+"?came=handle#come" {
			t.Fatalf("%s: %s to %q", typed, res.Status, to)
		}
		w.pass(time.Second)
	}
	path := w.linkIn()
	w.form(path, url.Values{"do": {"confirm"}})
	list, err := w.node.Store().Guests(t.Context(), c.ID, community.Going)
	if err != nil || len(list) != 1 || list[0].Name != "Bob" {
		t.Fatalf("%+v, %v", list, err)
	}
	if !strings.Contains(w.get("/conf/"+c.Slug+"?came=handle", "Accept-Language: ru"), "Проверьте сообщения") {
		t.Error("nobody says where to look")
	}
	res := w.form("/conf/"+c.Slug+"/come", comeForm("@nobody@m.example"))
	if body := bodyOf(t, res); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "Nobody was found at @nobody@m.example") || !strings.Contains(body, `value="@nobody@m.example"`) {
		t.Errorf("%s", res.Status)
	}
}

// Whatever is sent, the page comes back with what was typed.
func TestComeFormComesBack(t *testing.T) {
	w := newTown(t)
	c := w.evening(func(c *community.Conference) { c.Capacity = 2 })
	path := "/conf/" + c.Slug + "/come"
	long := strings.Repeat("ы", 2000)
	for name, f := range map[string]url.Values{
		"empty": {}, "nameless": comeForm("eva@x.example", "name", " "), "no address": comeForm(""), "half": comeForm("eva@"), "host alone": comeForm("m.example"),
		"hostile": comeForm(`"><script>alert(1)</script>`), "two lines": comeForm("eva@x.example\r\nBcc: all@x.example"), "long name": comeForm("eva@x.example", "name", long),
		"long comment": comeForm("eva@x.example", "comment", long), "crowd": comeForm("eva@x.example", "plus", "9"), "words": comeForm("eva@x.example", "plus", "two"),
		"minus": comeForm("eva@x.example", "plus", "-1"), "huge": comeForm("eva@x.example", "plus", "99999999999999999999"), "nonsense": comeForm("eva@x.example", "answer", "perhaps"),
		"shown": comeForm("eva@x.example", "shown", "nobody"), "trapped": comeForm("eva@x.example", "homepage", "https://spam.example"),
	} {
		res := w.form(path, f)
		body := bodyOf(t, res)
		if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, `role="alert"`) || !strings.Contains(body, "An evening") {
			t.Errorf("%s: %s", name, res.Status)
		}
		if strings.Contains(body, "<script>alert") {
			t.Errorf("%s: a script", name)
		}
		if n := f.Get("name"); n == "Eva Weiß" && !strings.Contains(body, `value="Eva Weiß"`) {
			t.Errorf("%s: the name is lost", name)
		}
		if strings.Contains(body, `value="https://spam.example"`) {
			t.Errorf("%s: pressing once more does not help", name)
		}
	}
	if n, err := w.node.Store().Guests(t.Context(), c.ID); err != nil || len(n) != 0 {
		t.Errorf("%+v, %v", n, err)
	}
	if res := w.form(path, url.Values{"name": {strings.Repeat("a", 300<<10)}}); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a form without end: %s", res.Status)
	}
	if res := w.form(path, comeForm("eva@x.example"), "Origin: https://evil.example"); res.StatusCode != http.StatusForbidden {
		t.Errorf("from elsewhere: %s", res.Status)
	}
	if res := w.form("/conf/nowhere/come", comeForm("eva@x.example")); res.StatusCode != http.StatusNotFound {
		t.Errorf("nowhere: %s", res.Status)
	}
}

// What takes nobody says why.
func TestComeIsClosed(t *testing.T) {
	w := newTown(t)
	for name, x := range map[string]struct {
		change func(*community.Conference)
		says   string
	}{
		"external": {func(c *community.Conference) {
			c.JoinMode, c.ExternalURL = community.External, "https://t.example"
		}, "sign up for this conference elsewhere"},
		"cancelled": {func(c *community.Conference) { c.Status = community.Cancelled }, "was cancelled"},
		"begun":     {func(c *community.Conference) { c.Start, c.End = fakeNow.Add(-time.Hour), fakeNow.Add(time.Hour) }, "has begun"},
		"over":      {func(c *community.Conference) { c.Start, c.End = fakeNow.Add(-3*time.Hour), fakeNow.Add(-time.Hour) }, "is over"},
	} {
		c := w.evening(x.change)
		if page := w.get("/conf/"+c.Slug, "Accept-Language: en"); strings.Contains(page, `name="contact"`) {
			t.Errorf("%s: there is a form", name)
		}
		res := w.form("/conf/"+c.Slug+"/come", comeForm("eva@x.example"))
		if body := bodyOf(t, res); res.StatusCode != http.StatusConflict || !strings.Contains(body, x.says) {
			t.Errorf("%s: %s", name, res.Status)
		}
	}
	// Restricted: the organisers decide.
	c := w.evening(func(c *community.Conference) { c.JoinMode = community.Restricted })
	res := w.form("/conf/"+c.Slug+"/come", comeForm("eva@x.example"))
	path := strings.TrimSuffix(res.Header.Get("Location"), "?new=1")
	if body := w.get(path, "Accept-Language: en"); !strings.Contains(body, "The organisers have not decided yet") {
		t.Error(body)
	}
	g := w.guestOf(c, storage.GuestKey{Email: "eva@x.example"})
	if _, err := w.node.DeclineGuest(t.Context(), console, c.Slug, g.ID); err != nil {
		t.Fatal(err)
	}
	if body := w.get(path, "Accept-Language: en"); !strings.Contains(body, "have turned this down") || strings.Contains(body, `value="going"`) {
		t.Error(body)
	}
	if _, err := w.node.ApproveGuest(t.Context(), console, c.Slug, g.ID); err != nil {
		t.Fatal(err)
	}
	if body := w.get(path, "Accept-Language: en"); !strings.Contains(body, "You have a seat") {
		t.Error(body)
	}
}

// Who is signed in types nothing, and a name is shown only to whom its owner
// allows.
func TestMemberComesAndSeesWho(t *testing.T) {
	w := newTown(t)
	c := w.evening(nil)
	for _, x := range [][2]string{{"Open Olga", "everyone"}, {"Usual Uros", "guests"}, {"Shy Sonja", "organisers"}} {
		w.form("/conf/"+c.Slug+"/come", comeForm(strings.ReplaceAll(strings.ToLower(x[0]), " ", ".")+"@x.example", "name", x[0], "shown", x[1], "plus", "1"))
	}
	mia := &community.Member{Handle: "mia", Name: "Mia Mirković", Role: community.Regular}
	if err := w.node.AddMember(t.Context(), console, mia); err != nil {
		t.Fatal(err)
	}
	sees := func(cookie string, want ...string) {
		t.Helper()
		headers := []string{"Accept-Language: en"}
		if cookie != "" {
			headers = append(headers, cookie)
		}
		page := w.get("/conf/"+c.Slug, headers...)
		for _, name := range []string{"Open Olga", "Usual Uros", "Shy Sonja"} {
			is := false
			for _, x := range want {
				is = is || x == name
			}
			if strings.Contains(page, name) != is {
				t.Errorf("sees %s: %v", name, !is)
			}
		}
	}
	sees("", "Open Olga")
	if page := w.get("/conf/"+c.Slug, "Accept-Language: en"); !strings.Contains(page, "and 4 more") {
		t.Error("nobody says that there are more")
	}
	cookie := w.session("mia")
	page := w.get("/conf/"+c.Slug, cookie, "Accept-Language: en")
	if !strings.Contains(page, "You answer as Mia Mirković.") || strings.Contains(page, `name="contact"`) {
		t.Error(page)
	}
	sees(cookie, "Open Olga")
	res := w.form("/conf/"+c.Slug+"/come", url.Values{"answer": {"going"}, "plus": {"2"}}, cookie)
	if to := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || to != "/conf/"+c.Slug+"?came=saved#come" {
		t.Fatalf("%s to %q", res.Status, to)
	}
	sees(cookie, "Open Olga", "Usual Uros")
	page = w.get("/conf/"+c.Slug, cookie, "Accept-Language: en")
	if !strings.Contains(page, "You have a seat, with 2 more people") || !strings.Contains(page, `href="/rsvp/`) {
		t.Error(page)
	}
	sees(w.session("ana"), "Open Olga", "Usual Uros", "Shy Sonja")
	if res := w.form("/conf/"+c.Slug+"/come", url.Values{"answer": {"going"}, "plus": {"99"}}, cookie); res.StatusCode != http.StatusUnprocessableEntity {
		t.Error(res.Status)
	}
	if res := w.form("/conf/"+c.Slug+"/come", url.Values{"answer": {"no"}}, cookie); res.StatusCode != http.StatusSeeOther {
		t.Error(res.Status)
	}
	sees(cookie, "Open Olga")
}

// One address does not answer without end.
func TestComeIsLimited(t *testing.T) {
	w := newTown(t)
	c := w.evening(nil)
	refused := 0
	for i := range 60 {
		res := w.form("/conf/"+c.Slug+"/come", comeForm(fmt.Sprintf("g%d@x.example", i)))
		if res.StatusCode == http.StatusTooManyRequests {
			refused++
			if body := bodyOf(t, res); !strings.Contains(body, fmt.Sprintf(`value="g%d@x.example"`, i)) && strings.Contains(body, "An evening") {
				t.Error("what was typed is lost")
			}
		}
	}
	if refused == 0 {
		t.Error("sixty answers from one address")
	}
}

// Two hundred press at once; there is one seat.
func TestTwoHundredPressAtOnce(t *testing.T) {
	for name, open := range engines(t) {
		t.Run(name, func(t *testing.T) {
			w := newTownOn(t, open)
			c := w.evening(func(c *community.Conference) { c.Capacity = 1 })
			const n = 200
			var wg sync.WaitGroup
			start := make(chan struct{})
			status := make([]int, n)
			for i := range n {
				wg.Go(func() {
					<-start
					res := w.from(fmt.Sprintf("198.51.%d.%d:1", i/200, i%200), "/conf/"+c.Slug+"/come", comeForm(fmt.Sprintf("g%d@x.example", i)))
					status[i] = res.StatusCode
				})
			}
			close(start)
			wg.Wait()
			for i, s := range status {
				if s != http.StatusSeeOther {
					t.Fatalf("%d: %d\n%s", i, s, w.logged)
				}
			}
			fresh, err := w.node.Store().Conference(t.Context(), c.Slug)
			if err != nil || fresh.Seats != (community.Seats{Going: 1, Waiting: n - 1}) {
				t.Fatalf("%+v, %v", fresh.Seats, err)
			}
		})
	}
}
