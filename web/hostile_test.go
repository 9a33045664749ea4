package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/node"
)

// Nobody is led off the node by an address that only looks like one of ours.
func TestNoOpenRedirect(t *testing.T) {
	w := newTown(t)
	for _, uri := range []string{
		"https://belgrade.example//evil.example", "https://belgrade.example///evil.example/x", `https://belgrade.example/\evil.example`,
		`https://belgrade.example//\evil.example`, "https://belgrade.example//user@evil.example", "https://belgrade.example/%2Fevil.example",
	} {
		res := w.do(http.MethodGet, "/authorize_interaction?uri="+url.QueryEscape(uri), "")
		to := res.Header.Get("Location")
		if to == "" {
			continue
		}
		// Browsers take \ for / in such an address.
		u, err := url.Parse(strings.ReplaceAll(to, `\`, "/"))
		if err != nil || u.Host != "" {
			t.Errorf("%s leads to %q", uri, to)
		}
	}
	if to := w.do(http.MethodGet, "/authorize_interaction?uri="+url.QueryEscape("https://belgrade.example/conf/x"), "").Header.Get("Location"); to != "/conf/x" {
		t.Errorf("our own address leads to %q", to)
	}
}

// What a stranger writes into an address stays out of the pages that others see,
// and never becomes a link to another host.
func TestAddressesAreNotRepeated(t *testing.T) {
	w := newTown(t)
	if body := w.get("/?evil=1&lang=xx&utm_x=2"); strings.Contains(body, "evil") || strings.Contains(body, "lang=xx") || strings.Contains(body, "utm_x") {
		t.Error("the front page repeats parameters that it does not know")
	}
	if body := w.get("/conf?q=maps&evil=1"); !strings.Contains(body, `href="/conf?lang=ru&amp;q=maps"`) || strings.Contains(body, "evil") {
		t.Error("the other language of a search is not the same search")
	}
	body := bodyOf(t, w.do(http.MethodGet, "//evil.example/x", ""))
	if strings.Contains(body, `"//evil.example`) {
		t.Error("a page that is not there links to another host")
	}
	body = bodyOf(t, w.do(http.MethodGet, "/authorize_interaction?uri=https%3A%2F%2Fnobody.example%2Fx", ""))
	if !strings.Contains(body, "lang=ru&amp;uri=https%3A%2F%2Fnobody.example%2Fx") {
		t.Error("the other language forgets what was looked up")
	}
}

// %73 is s, wherever it stands (RFC 3986 §6.2.2.2).
func TestEscapedAddresses(t *testing.T) {
	w := newTown(t)
	c := w.add(community.Conference{Title: community.Plain("en", "Maps"), Start: fakeNow.AddDate(0, 0, 1), Zone: "Europe/Belgrade"})
	if c.Slug != "maps" {
		t.Fatal(c.Slug)
	}
	for _, path := range []string{"/conf/map%73", "/conf/map%73.ics", "/api/v1/conferences/map%73", "/people/%61na"} {
		if res := w.do(http.MethodGet, path, ""); res.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
	for _, path := range []string{"/conf/%00", "/conf/%ff", "/posts/%ff%00", "/people/%ff", "/tags/%ff", "/tags/%00", "/conf?q=%00%ff", "/conf?tag=%ff", "/conf.ics?tag=%00", "/api/v1/posts?author=people/%00", "/api/v1/conferences?q=%ff", "/elsewhere/99999999999999999999"} {
		if res := w.do(http.MethodGet, path, ""); res.StatusCode >= 500 {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
}

// A program without a token, or with a wrong one, is told what to do.
func TestTokenNeeded(t *testing.T) {
	w := newTown(t)
	for _, tc := range []struct{ method, target, token, challenge, say string }{
		{http.MethodPost, "/api/v1/posts", "", `Bearer realm="konfa"`, "konfa token add"},
		{http.MethodPost, "/api/v1/posts", "Authorization: Basic YTpi", `Bearer realm="konfa"`, "Authorization: Bearer"},
		{http.MethodPost, "/api/v1/posts", "Authorization: Bearer wrong", `Bearer realm="konfa", error="invalid_token"`, "konfa token add"},
		{http.MethodGet, "/api/v1/conferences?drafts=1", "", `Bearer realm="konfa"`, "konfa token add"},
		{http.MethodGet, "/api/v1/conferences/x/guests", "", `Bearer realm="konfa"`, "konfa token add"},
		{http.MethodGet, "/api/v1/conferences/x/guests", "Authorization: Bearer wrong", `Bearer realm="konfa", error="invalid_token"`, "konfa token add"},
	} {
		headers := []string{"Content-Type: application/json", "Accept-Language: en"}
		if tc.token != "" {
			headers = append(headers, tc.token)
		}
		res := w.do(tc.method, tc.target, "{}", headers...)
		var p problem
		if err := json.Unmarshal([]byte(bodyOf(t, res)), &p); err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != http.StatusUnauthorized || res.Header.Get("WWW-Authenticate") != tc.challenge || !strings.Contains(p.Detail+p.Hint, tc.say) {
			t.Errorf("%s with %q: %s, %q, %+v", tc.target, tc.token, res.Status, res.Header.Get("WWW-Authenticate"), p)
		}
	}
}

// null empties a field; it does not publish a draft.
func TestDraftIsNotPublishedByNull(t *testing.T) {
	w := newTown(t)
	w.call(http.MethodPost, "/api/v1/conferences", `{"title":"Secret","start":"2026-12-01T19:00","draft":true}`)
	w.call(http.MethodPost, "/api/v1/posts", `{"text":"secret","draft":true}`)
	for _, tc := range []struct{ method, path, body string }{
		{http.MethodPatch, "/api/v1/conferences/secret", `{"draft":null}`},
		{http.MethodPatch, "/api/v1/posts/secret", `{"draft":null}`},
		{http.MethodPost, "/api/v1/conferences", `{"title":"Other","start":"2026-12-01T19:00","draft":null}`},
		{http.MethodPost, "/api/v1/posts", `{"text":"other","draft":null}`},
	} {
		if res := w.call(tc.method, tc.path, tc.body); res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s %s %s: %s", tc.method, tc.path, tc.body, res.Status)
		}
	}
	for _, path := range []string{"/conf/secret", "/posts/secret", "/conf/other", "/posts/other"} {
		if res := w.do(http.MethodGet, path, ""); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
	if res := w.call(http.MethodPost, "/api/v1/posts", `{"text":"x","reply_to":"javascript:1"}`); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an answer to no address: %s", res.Status)
	}
}

// Answers are not in the feeds, and leave no holes there.
func TestFeedOfPostsWithAnswers(t *testing.T) {
	w := newTown(t)
	want := map[string]bool{}
	for i := range 130 {
		w.pass(time.Second)
		p := community.Post{Author: community.CityActor, Text: community.Plain("en", fmt.Sprintf("Post number %d", i))}
		if i%3 == 0 {
			p.ReplyTo = "https://other.example/posts/1"
		}
		made, err := w.node.AddPost(t.Context(), console, &p, node.Publish{Quiet: true})
		if err != nil {
			t.Fatal(err)
		}
		if p.ReplyTo == "" {
			want["https://belgrade.example/posts/"+made.Slug] = true
		}
	}
	w.settle()
	seen, pages := map[string]bool{}, 0
	for next := "/feed.json"; next != ""; pages++ {
		var f jsonFeed
		if err := json.Unmarshal([]byte(w.get(next)), &f); err != nil {
			t.Fatal(err)
		}
		if len(f.Items) == 0 {
			t.Errorf("%s is empty", next)
		}
		for _, it := range f.Items {
			if seen[it.URL] || !want[it.URL] {
				t.Errorf("%s does not belong there", it.URL)
			}
			seen[it.URL] = true
		}
		next = strings.TrimPrefix(f.NextURL, "https://belgrade.example")
	}
	if len(seen) != len(want) || pages != 2 {
		t.Errorf("%d of %d posts on %d pages", len(seen), len(want), pages)
	}
	if n := strings.Count(w.get("/posts"), "post-card "); n != perPage {
		t.Errorf("the first page of posts has %d", n)
	}
	if n := strings.Count(w.get("/"), "post-card "); n != 5 {
		t.Errorf("the front page has %d posts", n)
	}
}

// A reader that remembers only a date learns what was deleted since.
func TestDeletionIsAChange(t *testing.T) {
	w := newTown(t)
	w.say(community.Post{Author: community.CityActor, Text: community.Plain("en", "First")})
	w.pass(time.Hour)
	p := w.say(community.Post{Author: community.CityActor, Text: community.Plain("en", "Second")})
	date := w.do(http.MethodGet, "/feed.atom", "").Header.Get("Last-Modified")
	if res := w.do(http.MethodGet, "/feed.atom", "", "If-Modified-Since: "+date); res.StatusCode != http.StatusNotModified {
		t.Errorf("unchanged: %s", res.Status)
	}
	w.pass(time.Hour)
	if err := w.node.DeletePost(t.Context(), console, p.Slug); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if res := w.do(http.MethodGet, "/feed.atom", "", "If-Modified-Since: "+date); res.StatusCode != http.StatusOK {
		t.Errorf("after a deletion: %s", res.Status)
	}
}

// What is behind a warning is not told to search engines, and a member is a
// person.
func TestWarningHidesHeadline(t *testing.T) {
	w := newTown(t)
	p := w.say(community.Post{Author: community.MemberActor("ana"), Text: community.Plain("en", "The butler did it. "+strings.Repeat("Really. ", 20)), Warning: "Ending of the film"})
	body := w.get("/posts/" + p.Slug)
	body = strings.ReplaceAll(body, p.Slug, "")
	_, data, _ := strings.Cut(body, `<script type="application/ld+json">`)
	data, _, _ = strings.Cut(data, "</script>")
	if strings.Contains(data, "butler") || !strings.Contains(data, `"@type":"Person"`) {
		t.Errorf("%s", data)
	}
}

// Pictures of hosts in any script pass the policy in the form that browsers
// compare, and nothing else gets into the header.
func TestPictureOrigins(t *testing.T) {
	for address, want := range map[string]string{
		"https://картинки.example/a.png":         "https://xn--80aqafcrtq.example",
		"https://pics.example:8443/a.png?x":      "https://pics.example:8443",
		"https://PICS.example/a":                 "https://pics.example",
		"https://a.example;script-src *.b/a.png": "",
		"https://a.example,b.example/a.png":      "",
		"https://*.example/a.png":                "",
		"data:image/png;base64,AA":               "",
	} {
		if got := strings.Join(origins(&picture{URL: address}), " "); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

// Headings of a text follow the h1 of its page without a step left out
// (WCAG 1.3.1), and what only looks like one stays text.
func TestHeadingsFollow(t *testing.T) {
	w := newTown(t)
	text := community.Plain("en", "# Plan\n\n## Day\n\n`<h3>` &lt;h3&gt;\n\n### Hour")
	c := w.add(community.Conference{Title: community.Plain("en", "Maps"), Text: text, Start: fakeNow.AddDate(0, 0, 1), Zone: "Europe/Belgrade"})
	p := w.say(community.Post{Title: community.Plain("en", "Title"), Text: text})
	for _, path := range []string{"/conf/" + c.Slug, "/posts/" + p.Slug} {
		body := w.get(path)
		for _, want := range []string{"<h2>Plan</h2>", "<h3>Day</h3>", "<h4>Hour</h4>", "&lt;h3&gt;"} {
			if !strings.Contains(body, want) {
				t.Errorf("%s has no %s", path, want)
			}
		}
	}
}

// A conference of another city is news on the day it is announced here, however
// old it is there.
func TestFeedOfOldConferenceAnnouncedNow(t *testing.T) {
	w := newTown(t)
	city := w.stranger("https://almaty.example/city", "almaty", "Almaty")
	steppe := fakeConferences()[3]
	steppe.ID, steppe.OriginID, steppe.Announced, steppe.Published = 0, city.ID, time.Time{}, fakeNow.AddDate(-1, 0, 0)
	if _, err := w.node.StoreConference(t.Context(), &steppe); err != nil {
		t.Fatal(err)
	}
	for i := range 70 {
		w.pass(time.Second)
		w.add(community.Conference{Title: community.Plain("en", fmt.Sprintf("Meeting %d", i)), Start: fakeNow.AddDate(0, 0, i+1), Zone: "Europe/Belgrade"})
	}
	w.pass(time.Second)
	if _, err := w.node.AnnounceConference(t.Context(), console, steppe.URI); err != nil {
		t.Fatal(err)
	}
	w.settle()
	var seen []string
	for next := "/feed.json"; next != ""; {
		var f jsonFeed
		if err := json.Unmarshal([]byte(w.get(next)), &f); err != nil {
			t.Fatal(err)
		}
		for _, it := range f.Items {
			seen = append(seen, it.ID)
		}
		next = strings.TrimPrefix(f.NextURL, "https://belgrade.example")
	}
	if len(seen) != 71 || seen[0] != steppe.URI {
		t.Errorf("%d entries, the first is %s", len(seen), seen[0])
	}
}

// Whoever asks over the network has no command line here.
func TestHintsAreForTheReader(t *testing.T) {
	w := newTown(t)
	for _, tc := range []struct{ method, target, body string }{
		{http.MethodGet, "/api/v1/conferences/never", ""},
		{http.MethodGet, "/api/v1/conferences/never/guests", ""},
		{http.MethodGet, "/api/v1/posts/never", ""},
		{http.MethodPatch, "/api/v1/conferences/never", "{}"},
		{http.MethodPatch, "/api/v1/posts/never", "{}"},
		{http.MethodDelete, "/api/v1/conferences/never", ""},
	} {
		res := w.call(tc.method, tc.target, tc.body)
		if body := bodyOf(t, res); res.StatusCode != http.StatusNotFound || strings.Contains(body, "hint") {
			t.Errorf("%s %s: %s", tc.method, tc.target, body)
		}
	}
	if body := bodyOf(t, w.do(http.MethodGet, "/conf/never", "")); strings.Contains(body, "konfa conf") {
		t.Error("a page speaks of the command line")
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	err := community.Errorf(community.Refused, "no").WithHint("ask them to answer for themselves")
	if x := w.server.explain(r, w.server.tongues.choose(r, []string{"en"}), err); x.Hint != "ask them to answer for themselves" {
		t.Errorf("the hint is %q", x.Hint)
	}
}
