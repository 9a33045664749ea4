package web

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/node"
)

// hears receives what someone elsewhere says in answer to something.
func (w *town) hears(from *community.Actor, name, to string, change func(*community.Post)) *community.Post {
	w.Helper()
	p := &community.Post{URI: "https://" + from.Host + "/n/" + name, HTML: community.Plain("en", "<p>"+name+"</p>"), ReplyTo: to, Visibility: community.Public, Published: w.node.Now()}
	p.Updated = p.Published
	if change != nil {
		change(p)
	}
	if err := w.node.ReceivePost(w.Context(), from, p, nil); err != nil {
		w.Fatal(err)
	}
	w.pass(time.Second)
	return p
}

func TestTalkIsShown(t *testing.T) {
	w := newTown(t)
	c := w.add(community.Conference{Title: community.Plain("en", "First"), Start: fakeNow.AddDate(0, 0, 3), Zone: "Europe/Belgrade"})
	id := "https://belgrade.example/conf/" + c.Slug
	bob, eve := w.stranger("https://m.example/u/bob", "bob", "Bob"), w.stranger("https://evil.example/u/eve", "eve", "<b>Eve</b>")
	first := w.hears(bob, "first", id, nil)
	w.hears(eve, "second", id, func(p *community.Post) { p.HTML = community.Plain("ru", "<p>второй</p>") })
	w.hears(eve, "below", first.URI, func(p *community.Post) { p.Warning = "about <spiders>" })
	w.hears(bob, "secret", id, func(p *community.Post) { p.Visibility = community.Direct })
	if _, err := w.node.AddPost(t.Context(), console, &community.Post{Text: community.Plain("en", "the city answers"), ReplyTo: first.URI}, node.Publish{}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	body := w.get("/conf/" + c.Slug)
	order := []string{"first", "below", "the city answers", "второй"}
	at := 0
	for _, s := range order {
		i := strings.Index(body[at:], "<p>"+s)
		if i < 0 {
			t.Fatalf("%q is not in its place\n%s", s, body)
		}
		at += i
	}
	for _, s := range []string{`class="reply h-cite u-comment in1"`, "@bob@m.example", `href="https://m.example/n/first"`, "<summary dir=\"auto\">about &lt;spiders&gt;</summary>",
		"&lt;b&gt;Eve&lt;/b&gt;", `<div class="e-content prose" lang="ru"`, "<span>Russian</span>", "4 answers", `value="Create"`, `value="Like"`, `value="Announce"`} {
		if !strings.Contains(body, s) {
			t.Errorf("%q is missing", s)
		}
	}
	if strings.Contains(body, "secret") {
		t.Error("what was said to the city alone is shown")
	}
	// What a steward hides is gone at once, and what answered it stands apart.
	if _, err := w.node.ModerateReply(t.Context(), console, first.ID, node.HideReply, false); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if body = w.get("/conf/" + c.Slug); strings.Contains(body, "<p>first") || !strings.Contains(body, "3 answers") || !strings.Contains(body, "answers something that is not shown here") {
		t.Error("what was hidden is shown, or what answered it is not")
	}
	if err := w.node.AddBlock(t.Context(), console, &community.Block{Domain: "evil.example", Severity: community.Silence}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if body = w.get("/conf/" + c.Slug); strings.Contains(body, "второй") || !strings.Contains(body, "1 answer") {
		t.Error("who is silenced is heard")
	}
	for mode, want := range map[community.ReplyMode]string{community.RepliesModerated: "A steward looks at the answers", community.RepliesClosed: "takes no answers"} {
		if _, err := w.node.UpdateConference(t.Context(), console, c.Slug, func(c *community.Conference) error { c.Replies = mode; return nil }); err != nil {
			t.Fatal(err)
		}
		w.settle()
		body := w.get("/conf/" + c.Slug)
		if !strings.Contains(body, want) || strings.Contains(body, `value="Create"`) == (mode == community.RepliesClosed) {
			t.Errorf("%s: the page does not say so", mode)
		}
	}
}

var replyItem = regexp.MustCompile(`<li class="reply`)

// A page of a talk has a bound, however long the talk and deep.
func TestLongTalkHasPages(t *testing.T) {
	w := newTown(t)
	p, err := w.node.AddPost(t.Context(), console, &community.Post{Text: community.Plain("en", "Well?")}, node.Publish{})
	if err != nil {
		t.Fatal(err)
	}
	id := "https://belgrade.example/posts/" + p.Slug
	bob := w.stranger("https://m.example/u/bob", "bob", "Bob")
	above := id
	for i := range 2*talkPage + 3 {
		above = w.hears(bob, fmt.Sprint("n", i), above, nil).URI
	}
	w.settle()
	for number, want := range map[int]int{1: talkPage, 2: talkPage, 3: 3} {
		body := w.get(fmt.Sprintf("/posts/%s?page=%d", p.Slug, number))
		if got := len(replyItem.FindAllString(body, -1)); got != want {
			t.Errorf("page %d has %d answers, want %d", number, got, want)
		}
		if next := strings.Contains(body, fmt.Sprintf(`href="/posts/%s?page=%d#replies"`, p.Slug, number+1)); next != (number < 3) {
			t.Errorf("page %d leads on: %v", number, next)
		}
		if !strings.Contains(body, "103 answers") {
			t.Errorf("page %d does not count them all", number)
		}
	}
	if res := w.do(http.MethodGet, "/posts/"+p.Slug+"?page=4", ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("page 4: %s", res.Status)
	}
}

func TestBoostsAreShown(t *testing.T) {
	w := newTown(t)
	bob := w.stranger("https://m.example/u/bob", "bob", "Bob & co")
	p := w.hears(bob, "skyline", "", func(p *community.Post) {
		p.URL, p.Mentions = "https://m.example/@bob/skyline", []community.Mention{{Name: "@belgrade", URI: "https://belgrade.example/city"}}
	})
	w.settle()
	for _, path := range []string{"/", "/posts", "/feed.atom", "/feed.rss", "/feed.json"} {
		if strings.Contains(w.get(path), "skyline") {
			t.Errorf("%s shows what is only offered", path)
		}
	}
	if _, err := w.node.BoostPost(t.Context(), console, p.ID); err != nil {
		t.Fatal(err)
	}
	w.settle()
	for path, want := range map[string][]string{
		"/":          {"Passed on from m.example", "Bob &amp; co", "@bob@m.example", `href="https://m.example/@bob/skyline"`},
		"/posts":     {"Passed on from m.example", "Bob &amp; co"},
		"/feed.atom": {"<id>https://m.example/n/skyline</id>", `href="https://m.example/@bob/skyline"`, "Bob &amp; co (@bob@m.example)"}, "/feed.rss": {"https://m.example/@bob/skyline", "Bob &amp; co"},
		"/feed.json": {`"url":"https://m.example/@bob/skyline"`, "Bob & co (@bob@m.example)", "Passed on from m.example"},
	} {
		body := w.get(path)
		for _, s := range want {
			if !strings.Contains(body, s) {
				t.Errorf("%s: %q is missing\n%s", path, s, body)
			}
		}
	}
	if _, err := w.node.DismissPost(t.Context(), console, p.ID); err != nil {
		t.Fatal(err)
	}
	w.settle()
	for _, path := range []string{"/", "/posts", "/feed.atom", "/feed.rss", "/feed.json"} {
		if strings.Contains(w.get(path), "m.example/") {
			t.Errorf("%s shows what was taken back", path)
		}
	}
}

func TestServerIsRemembered(t *testing.T) {
	w := newTown(t)
	w.remote.template = "https://social.example/authorize_interaction?uri={uri}"
	post := func(remember string, headers ...string) *http.Response {
		t.Helper()
		return w.do(http.MethodPost, "/follow", url.Values{"handle": {"@Jelena@social.example"}, "remember": {remember}}.Encode(),
			append(headers, "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin")...)
	}
	if c := post("").Header.Get("Set-Cookie"); c != "" {
		t.Errorf("without the tick there is a cookie: %s", c)
	}
	cookie := post("1").Header.Get("Set-Cookie")
	for _, s := range []string{"server=", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(cookie, s) {
			t.Errorf("%q is not in %s", s, cookie)
		}
	}
	value, _, _ := strings.Cut(cookie, ";")
	plain := w.get("/")
	mine := bodyOf(t, w.do(http.MethodGet, "/", "", "Cookie: "+value))
	if strings.Contains(plain, "Jelena") || strings.Contains(plain, " checked") {
		t.Error("everyone sees one visitor's server")
	}
	if !strings.Contains(mine, `value="@Jelena@social.example" data-server`) || !strings.Contains(mine, `value="1" checked data-keep`) {
		t.Error("the server is not filled in")
	}
	res := w.do(http.MethodGet, "/", "", "Cookie: "+value)
	if res.Header.Get("Cache-Control") != "private, no-cache" || res.Header.Get("ETag") == w.do(http.MethodGet, "/", "").Header.Get("ETag") {
		t.Errorf("one visitor's copy is kept for all: %v", res.Header)
	}
	for _, bad := range []string{"server=%22%3E%3Cscript%3E", "server=", "server=%", "server=" + strings.Repeat("a", 2000)} {
		if got := bodyOf(t, w.do(http.MethodGet, "/", "", "Cookie: "+bad)); got != plain {
			t.Errorf("%.40s is believed", bad)
		}
	}
	if c := post("", "Cookie: "+value).Header.Get("Set-Cookie"); !strings.Contains(c, "Max-Age=0") {
		t.Errorf("the tick was taken away: %s", c)
	}
}

// Where a server offers no way, the address goes there as a message, if the
// visitor asks for it.
func TestAddressIsSent(t *testing.T) {
	w := newTown(t)
	const city = "https://belgrade.example/city"
	post := func(form url.Values) (int, string) {
		t.Helper()
		res := w.do(http.MethodPost, "/follow", form.Encode(), "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin")
		return res.StatusCode, bodyOf(t, res)
	}
	for key, want := range map[string]struct {
		says   string
		direct bool
	}{
		"intent.none": {"social.example does not say how", true}, "intent.unknown": {"@jelena@social.example is not known on its own server", false}, "intent.silent": {"social.example does not answer", false},
	} {
		w.remote.templateErr = &community.Error{Code: community.NotFound, Key: key}
		status, body := post(url.Values{"handle": {"@jelena@social.example"}, "intent": {"Follow"}})
		if status != 422 || !strings.Contains(body, want.says) || strings.Contains(body, `name="direct"`) != want.direct || !strings.Contains(body, `value="Follow"`) {
			t.Errorf("%s: %d\n%s", key, status, body)
		}
	}
	if len(w.remote.pointed) > 0 {
		t.Error("a message was sent that nobody asked for")
	}
	status, body := post(url.Values{"handle": {"@jelena@social.example"}, "direct": {"1"}, "object": {city}})
	if status != 200 || !strings.Contains(body, "Look into your messages") || strings.Join(w.remote.pointed, "|") != "@jelena@social.example "+city+" en" {
		t.Errorf("%d %q\n%s", status, w.remote.pointed, body)
	}
	for name, form := range map[string]url.Values{
		"a bare server":             {"handle": {"social.example"}, "direct": {"1"}, "object": {city}},
		"something of someone else": {"handle": {"@a@social.example"}, "direct": {"1"}, "object": {"https://evil.example/x"}},
	} {
		if status, _ := post(form); status != 400 && status != 422 {
			t.Errorf("%s: %d", name, status)
		}
	}
	for range 10 {
		status, _ = post(url.Values{"handle": {"@jelena@social.example"}, "direct": {"1"}, "object": {city}})
	}
	if status != 422 || len(w.remote.pointed) > 3 {
		t.Errorf("the last of many: %d, %d were sent", status, len(w.remote.pointed))
	}
}

// What only tells other servers of a conference is no page of its own, and
// stands in no talk.
func TestNoticesLeadToTheConference(t *testing.T) {
	w := newTown(t)
	c := w.add(community.Conference{Title: community.Plain("en", "First"), Start: fakeNow.AddDate(0, 0, 3), Zone: "Europe/Belgrade"})
	p, err := w.node.AddPost(t.Context(), console, &community.Post{Text: community.Plain("en", "It starts later"), ReplyTo: "https://belgrade.example/conf/" + c.Slug, Kind: community.NoticePost}, node.Publish{})
	if err != nil {
		t.Fatal(err)
	}
	w.settle()
	if res := w.do(http.MethodGet, "/posts/"+p.Slug, ""); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/conf/"+c.Slug {
		t.Errorf("%s to %q", res.Status, res.Header.Get("Location"))
	}
	if body := w.get("/conf/" + c.Slug); strings.Contains(body, "It starts later") {
		t.Error("it stands in the talk")
	}
}
