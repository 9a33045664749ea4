package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

// linkIn finds the link in the last direct message of the city.
func (w *town) linkIn() string {
	w.Helper()
	ps, err := w.node.Store().Posts(w.Context(), storage.PostQuery{Kinds: []community.PostKind{community.MessagePost}, Limit: 1})
	if err != nil || len(ps) == 0 {
		w.Fatalf("%d messages, %v", len(ps), err)
	}
	link := regexp.MustCompile(`https://belgrade\.example(/rsvp/[A-Za-z0-9_-]+)`).FindStringSubmatch(ps[0].Text.First())
	if link == nil {
		w.Fatalf("no link in %q", ps[0].Text.First())
	}
	return link[1]
}

// post sends a form as a browser does.
func (w *town) form(path string, f url.Values, headers ...string) *http.Response {
	w.Helper()
	headers = append([]string{"Content-Type: application/x-www-form-urlencoded", "Accept-Language: en"}, headers...)
	return w.do(http.MethodPost, path, f.Encode(), headers...)
}

// A guest without an account sees and changes the answer by the link of the
// message, by the same rules.
func TestRSVPLink(t *testing.T) {
	w := newTown(t)
	c := w.add(community.Conference{Title: community.Plain("en", "Maps <by> hand"), Start: fakeNow.AddDate(0, 0, 3), Zone: "Europe/Belgrade", Capacity: 3})
	asks, err := w.node.PollOf(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	page := w.get("/conf/"+c.Slug, "Accept-Language: en")
	if !strings.Contains(page, `vote in <a href="/posts/`+asks.Slug+`">the poll</a> or answer “I’m coming”`) {
		t.Error("the page of the conference does not lead to the poll")
	}
	a := w.stranger("https://m.example/users/bob", "bob", "Bob")
	if err := w.node.ReceiveVote(t.Context(), a, "https://m.example/v/1", "https://belgrade.example/posts/"+asks.Slug, "I'm coming"); err != nil {
		t.Fatal(err)
	}
	path := w.linkIn()
	res := w.do(http.MethodGet, path, "", "Accept-Language: en")
	body := bodyOf(t, res)
	for _, s := range []string{"You have a seat", "Maps &lt;by&gt; hand", "Bob", `value="going" checked`, `max="2"`, `<meta name="robots" content="noindex">`} {
		if !strings.Contains(body, s) {
			t.Errorf("%q is missing", s)
		}
	}
	if h := res.Header; res.StatusCode != 200 || h.Get("Referrer-Policy") != "same-origin" || !strings.Contains(h.Get("X-Robots-Tag"), "noindex") || !strings.Contains(h.Get("Cache-Control"), "no-store") {
		t.Errorf("%s %v", res.Status, h)
	}
	if got := LoggedPath(path); got != rsvpPath+"…" {
		t.Errorf("the log has %s", got)
	}
	if ru := w.get(path, "Accept-Language: ru"); !strings.Contains(ru, "За вами место") {
		t.Error("not in Russian")
	}
	state := func(want community.GuestState, plus int) {
		t.Helper()
		g, err := w.node.Store().Guest(t.Context(), c.ID, storage.GuestKey{ActorID: a.ID})
		if err != nil || g.State != want || g.Plus != plus {
			t.Errorf("%+v, %v", g, err)
		}
	}
	if res := w.form(path, url.Values{"answer": {"going"}, "plus": {"2"}}); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != path+"?saved=1" {
		t.Fatalf("%s to %q", res.Status, res.Header.Get("Location"))
	}
	state(community.Going, 2)
	if body := w.get(path+"?saved=1", "Accept-Language: en"); !strings.Contains(body, "Saved.") || !strings.Contains(body, "You have a seat, with 2 more people") {
		t.Error(body)
	}
	// What cannot be is said, and nothing is lost.
	for _, f := range []url.Values{{"answer": {"perhaps"}}, {}, {"answer": {"going"}, "plus": {"3"}}, {"answer": {"going"}, "plus": {"-1"}}, {"answer": {"going"}, "plus": {"two"}}} {
		res := w.form(path, f)
		if body := bodyOf(t, res); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, `role="alert"`) || !strings.Contains(body, "You have a seat") {
			t.Errorf("%v: %s", f, res.Status)
		}
		state(community.Going, 2)
	}
	if res := w.form(path, url.Values{"answer": {"no"}}, "Origin: https://evil.example", "Sec-Fetch-Site: cross-site"); res.StatusCode != http.StatusForbidden {
		t.Errorf("from elsewhere: %s", res.Status)
	}
	state(community.Going, 2)
	w.form(path, url.Values{"answer": {"maybe"}, "plus": {"2"}})
	state(community.Maybe, 0)

	// Nobody else's link, and none that was made up.
	for _, bad := range []string{"/rsvp/x", "/rsvp/" + strings.Repeat("A", 500), path[:len(path)-1], path + "A", "/rsvp/AQEAAAAAAAAAAAAAAAAAAAAAAA"} {
		if res := w.do(http.MethodGet, bad, ""); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", bad, res.Status)
		}
		if res := w.form(bad, url.Values{"answer": {"no"}}); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", bad, res.Status)
		}
	}

	// The poll has a page, where one can vote from one's own server.
	if body := w.get("/posts/"+asks.Slug, "Accept-Language: en"); !strings.Contains(body, "<span dir=\"auto\">Maybe</span> <b>1 person</b>") || !strings.Contains(body, "Vote on your server") {
		t.Error(body)
	}
	if body := w.get("/posts", "Accept-Language: en"); strings.Contains(body, asks.Slug) {
		t.Error("the poll is among the posts")
	}

	// Once it has begun one can only stay away, and when it is over nothing.
	w.form(path, url.Values{"answer": {"going"}})
	w.pass(3*24*time.Hour + time.Minute)
	w.settle()
	if body := w.get(path, "Accept-Language: en"); !strings.Contains(body, "has begun") || strings.Contains(body, `value="going"`) || !strings.Contains(body, `value="no"`) {
		t.Error(body)
	}
	if res := w.form(path, url.Values{"answer": {"maybe"}}); res.StatusCode != http.StatusConflict {
		t.Errorf("after the beginning: %s", res.Status)
	}
	state(community.Going, 0)
	w.pass(24 * time.Hour)
	w.settle()
	if body := w.get(path, "Accept-Language: en"); !strings.Contains(body, "is over") || strings.Contains(body, "<fieldset") {
		t.Error(body)
	}
	if res := w.form(path, url.Values{"answer": {"no"}}); res.StatusCode != http.StatusConflict {
		t.Errorf("when it is over: %s", res.Status)
	}
	if body := w.get("/posts/"+asks.Slug, "Accept-Language: en"); !strings.Contains(body, "Voting is over.") || strings.Contains(body, "<form") {
		t.Error("the poll goes on")
	}
	if err := w.node.DeleteConference(t.Context(), console, c.Slug); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if res := w.do(http.MethodGet, path, ""); res.StatusCode != http.StatusGone {
		t.Errorf("deleted: %s", res.Status)
	}
}

// How to come without sign-ups is said where it works, and only there.
func TestPageSaysHowToCome(t *testing.T) {
	w := newTown(t)
	n := 0
	says := func(change func(*community.Conference)) (poll, words bool) {
		n++
		c := community.Conference{Title: community.Plain("en", "An evening"), Start: fakeNow.AddDate(0, 0, 3), Zone: "Europe/Belgrade"}
		change(&c)
		body := w.get("/conf/"+w.add(c).Slug, "Accept-Language: en")
		return strings.Contains(body, "the poll</a>"), strings.Contains(body, "answer “I’m coming”")
	}
	for _, x := range []struct {
		name        string
		poll, words bool
		change      func(*community.Conference)
	}{
		{"poll", true, true, func(c *community.Conference) {}},
		{"words", false, true, func(c *community.Conference) { c.RSVP = community.RSVPWords }},
		{"off", false, false, func(c *community.Conference) { c.RSVP = community.RSVPOff }},
		{"cancelled", false, false, func(c *community.Conference) { c.Status = community.Cancelled }},
		{"external", false, false, func(c *community.Conference) { c.JoinMode, c.ExternalURL = community.External, "https://t.example" }},
	} {
		if poll, words := says(x.change); poll != x.poll || words != x.words {
			t.Errorf("%s: poll %v, words %v", x.name, poll, words)
		}
	}
}
