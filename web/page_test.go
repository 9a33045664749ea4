package web

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

func TestPages(t *testing.T) {
	w := newTown(t)
	w.fill()
	draft := w.add(community.Conference{Title: community.Plain("en", "Secret plan"), Start: fakeNow.AddDate(0, 0, 3), Zone: "Europe/Belgrade", Draft: true})
	w.say(community.Post{Text: community.Plain("en", "Only for followers"), Visibility: community.Followers})
	w.say(community.Post{Text: community.Plain("en", "An unfinished thought"), Draft: true})

	tests := []struct {
		name, target, lang string
		status             int
		want, not          []string
	}{
		{"front", "/", "en", 200, []string{"Maps drawn by hand", "@belgrade@belgrade.example", "Thursday, 26\u00a0November\u00a02026, 19:00–21:30", "webcal://belgrade.example/conf.ics", "What we do this winter", "Ana Petrović", `<html lang="en"`},
			[]string{"Secret plan", "Only for followers", "unfinished", "ana@secret.example"}},
		{"front in Russian", "/", "ru", 200, []string{"Карты, нарисованные от руки", "Четверг, 26\u00a0ноября\u00a02026", `<html lang="ru"`, "через 4 дня", "Чем займёмся зимой"}, []string{"Maps drawn by hand", "Secret"}},
		{"all", "/conf", "en", 200, []string{"November 2026", "December 2026", "Winter hack days", "4–6\u00a0December\u00a02026", "Not certain yet", "Cancelled"}, []string{"Secret plan"}},
		{"found", "/conf?q=MAPS", "en", 200, []string{"Maps drawn by hand", "“MAPS”", `content="noindex"`}, []string{"Board games"}},
		{"about one topic", "/conf?tag=MAPS", "en", 200, []string{"Conferences about #maps", "Maps drawn by hand"}, []string{"Winter hack days"}},
		{"nothing found", "/conf?q=zzz", "en", 200, []string{"No title contains these words"}, []string{"Board games"}},
		{"no such page", "/conf?page=7", "en", 404, []string{"There is nothing here"}, nil},
		{"nonsense page", "/conf?page=-1", "en", 404, nil, nil},
		{"past, none", "/conf?when=past", "en", 200, []string{"There has been no conference yet"}, nil},
		{"conference", "/conf/maps-drawn-by-hand", "en", 200, []string{`property="og:title" content="Maps drawn by hand"`, "h-event", "dt-start", "Reading room on Dorćol", "geo:44.824100,20.461300", "openstreetmap.org", "application/ld+json",
			`href="https://belgrade.example/conf/maps-drawn-by-hand"`, "calendar.google.com", "#maps", "500 RSD for tea", "English, Russian", `rel="alternate" type="application/activity+json"`, `content="@belgrade@belgrade.example"`}, []string{"secret.example"}},
		{"in another language only", "/conf/conf", "en", 200, []string{`lang="he" dir="auto"`, "moved online"}, nil},
		{"draft", "/conf/" + draft.Slug, "en", 404, []string{"There is nothing here"}, []string{"Secret plan"}},
		{"draft as a calendar", "/conf/" + draft.Slug + ".ics", "en", 404, nil, []string{"Secret plan"}},
		{"unknown", "/conf/never", "ru", 404, []string{"Здесь ничего нет"}, nil},
		{"posts", "/posts", "en", 200, []string{"What we do this winter", "green scarf"}, []string{"Only for followers", "unfinished"}},
		{"post", "/posts/what-we-do-this-winter", "ru", 200, []string{"Чем займёмся зимой", "Чай — не напиток", "h-entry"}, nil},
		{"post for followers", "/posts/only-for-followers", "en", 404, nil, []string{"Only for followers"}},
		{"draft post", "/posts/an-unfinished-thought", "en", 404, nil, []string{"An unfinished thought"}},
		{"member", "/people/ana", "en", 200, []string{"Ana Petrović", "<em>maps</em>", "Steward", "Maps drawn by hand"}, []string{"secret.example"}},
		{"nobody", "/people/nobody", "en", 404, nil, nil},
		{"tag", "/tags/maps", "en", 200, []string{"#maps", "Maps drawn by hand"}, []string{"Board games"}},
		{"Cyrillic tag", "/tags/%D0%93%D0%BE%D1%80%D0%BE%D0%B4", "en", 200, []string{"#город", "Maps drawn by hand"}, nil},
		{"unused tag", "/tags/nothing", "en", 404, nil, nil},
		{"about", "/about", "en", 200, []string{"Be kind", "Version 9.9", "Ana Petrović"}, []string{"secret.example"}},
		{"follow", "/follow", "en", 200, []string{`name="handle"`}, nil},
		{"programs", "/api", "en", 200, []string{"/api/openapi.yaml"}, nil},
		{"nothing", "/nothing/here", "en", 404, []string{"There is nothing here"}, nil},
	}
	for _, x := range tests {
		t.Run(x.name, func(t *testing.T) {
			res := w.do(http.MethodGet, x.target, "", "Accept-Language: "+x.lang)
			body := bodyOf(t, res)
			if res.StatusCode != x.status {
				t.Fatalf("%s, want %d\n%s", res.Status, x.status, w.logged)
			}
			for _, s := range x.want {
				if !strings.Contains(body, s) {
					t.Errorf("%q is missing in\n%s", s, body)
				}
			}
			for _, s := range x.not {
				if strings.Contains(body, s) {
					t.Errorf("%q must not be there", s)
				}
			}
			if m := unfilled.FindString(body); m != "" {
				t.Errorf("%q is not filled in", m)
			}
			h := res.Header
			if x.status == 404 && strings.HasSuffix(x.target, ".ics") {
				return
			}
			csp := h.Get("Content-Security-Policy")
			for _, s := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
				if !strings.Contains(csp, s) {
					t.Errorf("the policy %q does not say %s", csp, s)
				}
			}
			if strings.Contains(csp, "unsafe") {
				t.Errorf("the policy %q is unsafe", csp)
			}
			if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") == "" || h.Get("Content-Language") != x.lang {
				t.Errorf("headers %v", h)
			}
			if vary := strings.Join(h.Values("Vary"), ", "); !strings.Contains(vary, "Accept-Language") || !strings.Contains(vary, "Cookie") {
				t.Errorf("Vary is %q", vary)
			}
		})
	}
}

// Nothing of a page comes from elsewhere, except pictures that organisers
// linked, for which the policy of that page alone makes room.
func TestNothingFromElsewhere(t *testing.T) {
	w := newTown(t)
	w.fill()
	c := w.add(community.Conference{Title: community.Plain("en", "With a picture"), Start: fakeNow.AddDate(0, 0, 3), Zone: "Europe/Belgrade",
		Cover: &community.Picture{URL: "https://pictures.example/cover.jpg", Alt: "A cover"}})
	loads := regexp.MustCompile(`(?:src|data|srcset|poster)="([^"]*)"|<link rel="(?:stylesheet|icon)" href="([^"]*)"`)
	for _, target := range []string{"/", "/conf", "/conf/maps-drawn-by-hand", "/conf/" + c.Slug, "/posts", "/about", "/people/ana"} {
		res := w.do(http.MethodGet, target, "")
		for _, m := range loads.FindAllStringSubmatch(bodyOf(t, res), -1) {
			address := m[1] + m[2]
			if strings.HasPrefix(address, "/static/") {
				if s := w.do(http.MethodGet, address, ""); s.StatusCode != 200 || !strings.Contains(s.Header.Get("Cache-Control"), "immutable") {
					t.Errorf("%s: %s, %s", address, s.Status, s.Header.Get("Cache-Control"))
				}
				continue
			}
			u, _ := url.Parse(address)
			if u.Host == "" && strings.HasPrefix(address, "/") {
				continue // 'self'
			}
			if !strings.Contains(res.Header.Get("Content-Security-Policy"), "img-src 'self' "+u.Scheme+"://"+u.Host) {
				t.Errorf("%s loads %s, which its policy %q does not know", target, address, res.Header.Get("Content-Security-Policy"))
			}
		}
	}
	if csp := w.do(http.MethodGet, "/conf", "").Header.Get("Content-Security-Policy"); strings.Contains(csp, "pictures.example") {
		t.Errorf("the list makes room for a picture that is not on it: %s", csp)
	}
}

func TestDeletedIsGone(t *testing.T) {
	w := newTown(t)
	c := w.fill()[0]
	if err := w.node.DeleteConference(t.Context(), console, c.Slug); err != nil {
		t.Fatal(err)
	}
	if err := w.node.DeletePost(t.Context(), console, "what-we-do-this-winter"); err != nil {
		t.Fatal(err)
	}
	w.settle()
	for _, target := range []string{"/conf/" + c.Slug, "/conf/" + c.Slug + ".ics", "/posts/what-we-do-this-winter", "/api/v1/conferences/" + c.Slug, "/api/v1/posts/what-we-do-this-winter"} {
		res := w.do(http.MethodGet, target, "")
		if body := bodyOf(t, res); res.StatusCode != http.StatusGone || strings.Contains(body, "Maps") {
			t.Errorf("%s: %s", target, res.Status)
		}
	}
	if strings.Contains(w.get("/"), "Maps drawn by hand") {
		t.Error("the front page still has it")
	}
}

func TestConferenceChangesShow(t *testing.T) {
	w := newTown(t)
	c := w.add(community.Conference{Title: community.Plain("en", "Small room"), Start: fakeNow.Add(48 * time.Hour), End: fakeNow.Add(50 * time.Hour), Zone: "Europe/Belgrade", Capacity: 1})
	path := "/conf/" + c.Slug
	body := w.get(path)
	for _, s := range []string{"1 seat left", "I’m coming"} {
		if !strings.Contains(body, s) {
			t.Errorf("%q is missing", s)
		}
	}
	m, err := w.node.Store().Member(t.Context(), "ana")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.node.Answer(t.Context(), c.Slug, storage.GuestKey{MemberID: m.ID}, community.Want{State: community.Going}, ""); err != nil {
		t.Fatal(err)
	}
	w.settle()
	body = w.get(path)
	for _, s := range []string{"1 person is coming", "All seats are taken", "Put me on the waiting list"} {
		if !strings.Contains(body, s) {
			t.Errorf("full: %q is missing", s)
		}
	}
	if strings.Contains(body, "seat left") {
		t.Error("full: a seat is left")
	}
	if _, err := w.node.UpdateConference(t.Context(), console, c.Slug, func(c *community.Conference) error { c.Status = community.Postponed; return nil }); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if body = w.get(path); !strings.Contains(body, "was postponed") {
		t.Error("postponed: nothing says so")
	}
	if _, err := w.node.CancelConference(t.Context(), console, c.Slug, ""); err != nil {
		t.Fatal(err)
	}
	w.settle()
	body = w.get(path)
	if !strings.Contains(body, "was cancelled") || strings.Contains(body, `value="Join"`) {
		t.Error("cancelled: nothing says so, or one can still sign up")
	}
	if !strings.Contains(body, "schema.org/EventCancelled") {
		t.Error("cancelled: search engines are not told")
	}

	over := w.add(community.Conference{Title: community.Plain("en", "Soon over"), Start: fakeNow.Add(time.Hour), End: fakeNow.Add(2 * time.Hour), Zone: "Europe/Belgrade"})
	w.pass(90 * time.Minute)
	w.settle()
	if !strings.Contains(w.get("/"), "On right now") {
		t.Error("what goes on is not on the front page")
	}
	w.pass(time.Hour)
	w.settle()
	if body := w.get("/conf/" + over.Slug); !strings.Contains(body, "This conference is over") || strings.Contains(body, `value="Join"`) {
		t.Error("it is over, and the page does not know")
	}
	if !strings.Contains(w.get("/conf?when=past"), "Soon over") || strings.Contains(w.get("/conf"), "Soon over") {
		t.Error("it is over, and the lists do not know")
	}
}

// A change shows at once when it came through this server, and within a moment
// when it came from elsewhere.
func TestCacheFollowsTheData(t *testing.T) {
	w := newTown(t)
	now := time.Now()
	w.server.cache.clock = func() time.Time { return now }
	if !strings.Contains(w.get("/conf"), "No conference is planned") {
		t.Fatal("a fresh city has conferences")
	}
	if _, err := w.node.AddConference(t.Context(), console, &community.Conference{Title: community.Plain("en", "From another process"), Start: fakeNow.AddDate(0, 0, 3), Zone: "Europe/Belgrade"}, node.Publish{}); err != nil {
		t.Fatal(err)
	}
	now = now.Add(recheck + time.Millisecond)
	if !strings.Contains(w.get("/conf"), "From another process") {
		t.Error("a change by another process does not show")
	}
	if !strings.Contains(w.get("/conf.ics"), "From another process") {
		t.Error("nor in the calendar")
	}
	if res := w.call(http.MethodPost, "/api/v1/conferences", `{"title": "From here", "start": "2026-12-01T19:00"}`); res.StatusCode != http.StatusCreated {
		t.Fatal(bodyOf(t, res))
	}
	for _, target := range []string{"/", "/conf", "/conf.ics", "/feed.atom", "/api/v1/conferences"} {
		if !strings.Contains(w.get(target), "From here") {
			t.Errorf("%s: a change through this server does not show at once", target)
		}
	}
}

func TestNotModified(t *testing.T) {
	w := newTown(t)
	w.fill()
	for _, target := range []string{"/", "/conf/maps-drawn-by-hand", "/conf.ics", "/conf/maps-drawn-by-hand.ics", "/feed.atom", "/feed.rss", "/feed.json", "/api/v1/conferences", "/api/openapi.yaml", w.server.assets.path("style.css")} {
		first := w.do(http.MethodGet, target, "")
		whole := bodyOf(t, first)
		etag := first.Header.Get("ETag")
		if first.StatusCode != 200 || etag == "" {
			t.Errorf("%s: %s, ETag %q", target, first.Status, etag)
			continue
		}
		for _, match := range []string{etag, `"other", ` + etag, strings.TrimPrefix(etag, "W/"), "*"} {
			res := w.do(http.MethodGet, target, "", "If-None-Match: "+match)
			if body := bodyOf(t, res); res.StatusCode != http.StatusNotModified || body != "" || res.Header.Get("ETag") != etag {
				t.Errorf("%s with If-None-Match %s: %s", target, match, res.Status)
			}
		}
		if res := w.do(http.MethodGet, target, "", `If-None-Match: "other"`); res.StatusCode != 200 {
			t.Errorf("%s with another tag: %s", target, res.Status)
		}
		if since := first.Header.Get("Last-Modified"); since != "" {
			if res := w.do(http.MethodGet, target, "", "If-Modified-Since: "+since); res.StatusCode != http.StatusNotModified {
				t.Errorf("%s since %s: %s", target, since, res.Status)
			}
		} else if strings.Contains(target, ".ics") || strings.Contains(target, "feed") {
			t.Errorf("%s has no Last-Modified", target)
		}
		head := w.do(http.MethodHead, target, "")
		if head.StatusCode != 200 || head.Header.Get("ETag") != etag || bodyOf(t, head) != "" || head.ContentLength != int64(len(whole)) {
			t.Errorf("HEAD %s: %s, %d bytes of %d", target, head.Status, head.ContentLength, len(whole))
		}
		packed := w.do(http.MethodGet, target, "", "Accept-Encoding: br, gzip")
		if len(whole) >= 600 && packed.Header.Get("Content-Encoding") != "gzip" || len(whole) >= 600 && len(bodyOf(t, packed)) >= len(whole) {
			t.Errorf("%s is not packed", target)
		}
		if plain := w.do(http.MethodGet, target, "", "Accept-Encoding: gzip;q=0"); plain.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s is packed for someone who does not want it", target)
		}
	}
	old := w.do(http.MethodGet, "/feed.atom", "").Header.Get("ETag")
	w.pass(time.Minute)
	w.add(community.Conference{Title: community.Plain("en", "Something new"), Start: fakeNow.AddDate(0, 0, 9), Zone: "Europe/Belgrade"})
	if res := w.do(http.MethodGet, "/feed.atom", "", "If-None-Match: "+old); res.StatusCode != 200 {
		t.Errorf("a changed feed answers %s", res.Status)
	}
}

func TestLanguageChoice(t *testing.T) {
	w := newTown(t)
	for _, x := range []struct{ name, target, cookie, accept, want string }{
		{"the city's", "/", "", "", "en"},
		{"the browser's", "/", "", "ru-RU,ru;q=0.9,en;q=0.8", "ru"},
		{"a near one", "/", "", "fr;q=1, ru;q=0.5", "ru"},
		{"an unknown one", "/", "", "fr", "en"},
		{"the cookie's", "/", "ru", "en", "ru"},
		{"the address's", "/?lang=en", "ru", "ru", "en"},
		{"nonsense", "/?lang=xx", "yy", "ru", "ru"},
		{"a region", "/?lang=ru-RU", "", "", "ru"},
	} {
		var h []string
		if x.cookie != "" {
			h = append(h, "Cookie: lang="+x.cookie)
		}
		if x.accept != "" {
			h = append(h, "Accept-Language: "+x.accept)
		}
		res := w.do(http.MethodGet, x.target, "", h...)
		if got := res.Header.Get("Content-Language"); got != x.want || !strings.Contains(bodyOf(t, res), `<html lang="`+x.want+`"`) {
			t.Errorf("%s: %s, want %s", x.name, got, x.want)
		}
		set := res.Header.Get("Set-Cookie")
		if wants := x.name == "the address's" || x.name == "a region"; wants != strings.Contains(set, "lang="+x.want+";") {
			t.Errorf("%s: Set-Cookie %q", x.name, set)
		}
		if set != "" && (!strings.Contains(set, "Secure") || !strings.Contains(set, "SameSite=Lax")) {
			t.Errorf("the cookie %q is loose", set)
		}
	}
}

var jsonLD = regexp.MustCompile(`(?s)<script type="application/ld\+json">(.*?)</script>`)

func TestSchemaOrg(t *testing.T) {
	w := newTown(t)
	c := fakeConferences()[0]
	c.ID, c.SeriesID, c.Seats = 0, 0, community.Seats{}
	c.Title = community.Plain("en", `</script><script>alert("Maps")</script>`)
	slug := w.add(c).Slug
	body := w.get("/conf/" + slug)
	m := jsonLD.FindStringSubmatch(body)
	if m == nil {
		t.Fatal("there is none")
	}
	var e map[string]any
	if err := json.Unmarshal([]byte(m[1]), &e); err != nil {
		t.Fatalf("%v in %s", err, m[1])
	}
	for key, want := range map[string]any{
		"@context": "https://schema.org", "@type": "Event", "name": `</script><script>alert("Maps")</script>`, "startDate": "2026-11-26T19:00:00+01:00",
		"endDate": "2026-11-26T21:30:00+01:00", "eventStatus": "https://schema.org/EventScheduled", "eventAttendanceMode": "https://schema.org/MixedEventAttendanceMode",
		"maximumAttendeeCapacity": 40.0, "url": "https://belgrade.example/conf/" + slug,
	} {
		if e[key] != want {
			t.Errorf("%s is %v, want %v", key, e[key], want)
		}
	}
	if n := strings.Count(body, "<script"); n != 2 {
		t.Errorf("%d scripts, want the file and the data", n)
	}
}

func TestFollowForm(t *testing.T) {
	w := newTown(t)
	c := w.add(community.Conference{Title: community.Plain("en", "First"), Start: fakeNow.AddDate(0, 0, 3), Zone: "Europe/Belgrade"})
	const template = "https://social.example/authorize_interaction?uri={uri}"
	form := func(handle, object string) string {
		return url.Values{"handle": {handle}, "object": {object}}.Encode()
	}
	city, conf := "https://belgrade.example/city", "https://belgrade.example/conf/"+c.Slug
	for _, x := range []struct {
		name, handle, object, template string
		status                         int
		location                       string
		want                           string
		asked                          string
	}{
		{"a handle", "@jelena@social.example", city, template, 303, "https://social.example/authorize_interaction?uri=" + url.QueryEscape(city), "", "@jelena@social.example Follow"},
		{"a server", "social.example", "", template, 303, "https://social.example/authorize_interaction?uri=" + url.QueryEscape(city), "", "social.example Follow"},
		{"a profile", "https://social.example/@jelena", conf, template, 303, "https://social.example/authorize_interaction?uri=" + url.QueryEscape(conf), "", "@jelena@social.example Join"},
		{"an intent", "a@social.example", city, "https://social.example/follow?o={object}&then={on-success}", 303, "https://social.example/follow?o=" + url.QueryEscape(city) + "&then=", "", "@a@social.example Follow"},
		{"below the same domain", "@a@example.org", city, "https://social.example.org/i?uri={uri}", 303, "https://social.example.org/i?uri=" + url.QueryEscape(city), "", "@a@example.org Follow"},
		{"a stranger's host", "@a@social.example", city, "https://evil.test/phish?uri={uri}", 200, "", "Go on to evil.test", "@a@social.example Follow"},
		{"a script", "@a@social.example", city, "javascript:alert({uri})", 422, "", "does not say how", "@a@social.example Follow"},
		{"plain http", "@a@social.example", city, "http://social.example/?uri={uri}", 422, "", "does not say how", "@a@social.example Follow"},
		{"no place for what", "@a@social.example", city, "https://social.example/", 422, "", "does not say how", "@a@social.example Follow"},
		{"no answer", "@a@social.example", conf, "", 422, "", conf, "@a@social.example Join"},
		{"nothing", " ", city, template, 422, "", "Write the address", ""},
		{"nonsense", "<b>not@@an address", city, template, 422, "", `value="&lt;b&gt;not@@an address"`, ""},
		{"a bad object", "@a@social.example", "javascript:alert(1)", template, 422, "", "could not be understood", ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			w.remote.template, w.remote.asked = x.template, nil
			res := w.do(http.MethodPost, "/follow", form(x.handle, x.object), "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin")
			body := bodyOf(t, res)
			if res.StatusCode != x.status || res.Header.Get("Location") != x.location {
				t.Fatalf("%s to %q\n%s", res.Status, res.Header.Get("Location"), body)
			}
			if !strings.Contains(body, x.want) {
				t.Errorf("%q is missing in\n%s", x.want, body)
			}
			if got := strings.Join(w.remote.asked, " "); got != x.asked {
				t.Errorf("asked %q, want %q", got, x.asked)
			}
		})
	}
	res := w.do(http.MethodPost, "/follow", form("@a@social.example", city), "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: cross-site", "Origin: https://evil.test")
	if res.StatusCode != http.StatusForbidden || len(w.remote.asked) > 1 {
		t.Errorf("a form of another site: %s", res.Status)
	}
	if res := w.do(http.MethodPut, "/follow", ""); res.StatusCode != http.StatusMethodNotAllowed || strings.Join(res.Header.Values("Allow"), " ") != "GET HEAD POST" {
		t.Errorf("PUT: %s, allowed is %q", res.Status, res.Header.Values("Allow"))
	}
}

func TestFollowIsLimited(t *testing.T) {
	w := newTown(t)
	w.remote.template = "https://social.example/?uri={uri}"
	last := 0
	for range 40 {
		last = w.do(http.MethodPost, "/follow", "handle=social.example", "Content-Type: application/x-www-form-urlencoded").StatusCode
	}
	if last != 422 || len(w.remote.asked) > 20 {
		t.Errorf("the 40th try: %d, after asking %d times", last, len(w.remote.asked))
	}
}

func TestInteract(t *testing.T) {
	w := newTown(t)
	w.remote.actors = map[string]*community.Actor{
		"@almaty@almaty.example": {URI: "https://almaty.example/city", Type: "Group", Handle: "almaty", Host: "almaty.example", Name: "Almaty <b>", About: "<p>Steppe</p><script>x</script>", URL: "javascript:alert(1)"},
	}
	steppe := fakeConferences()[3]
	w.remote.conferences = map[string]*community.Conference{steppe.URI: &steppe}
	w.remote.posts = map[string]*community.Post{"https://m.example/n/1?a='b": {URI: "https://m.example/n/1?a='b", HTML: community.Plain("en", "<p>Hello</p>")}}
	c := w.add(community.Conference{Title: community.Plain("en", "First"), Start: fakeNow.AddDate(0, 0, 3), Zone: "Europe/Belgrade"})
	for _, x := range []struct {
		name, query string
		status      int
		location    string
		want, not   []string
	}{
		{"nothing", "", 200, "", []string{`name="uri"`}, nil},
		{"our conference", "uri=https://belgrade.example/conf/" + c.Slug, 303, "/conf/" + c.Slug, nil, nil},
		{"our city", "uri=https://belgrade.example/city", 303, "/", nil, nil},
		{"our handle", "acct=@belgrade@belgrade.example", 303, "/", nil, nil},
		{"our member", "uri=acct:ana@belgrade.example", 303, "/people/ana", nil, nil},
		{"a city", "acct=@almaty@almaty.example", 200, "", []string{"A community on almaty.example", "Almaty &lt;b&gt;", "Steppe", "konfa follow @almaty@almaty.example", `value="https://almaty.example/city"`}, []string{"<script>x", "javascript:"}},
		{"a conference", "object=" + url.QueryEscape(steppe.URI), 200, "", []string{"A conference on almaty.example", "Степь и код", "konfa conf announce " + steppe.URI, "Saturday, 5\u00a0December\u00a02026, 18:00–21:00"}, nil},
		{"a conference to come to", "intent=Join&uri=" + url.QueryEscape(steppe.URI), 200, "", []string{"konfa conf join " + steppe.URI + " --as NAME"}, []string{"konfa conf announce"}},
		{"a conference to leave", "intent=Leave&uri=" + url.QueryEscape(steppe.URI), 200, "", []string{"konfa conf leave " + steppe.URI + " --as NAME"}, []string{"konfa conf join"}},
		{"our conference to come to", "intent=Join&uri=https://belgrade.example/conf/" + c.Slug, 303, "/conf/" + c.Slug + "#come", nil, nil},
		{"our conference to answer", "intent=Create&uri=https://belgrade.example/conf/" + c.Slug, 303, "/conf/" + c.Slug + "#replies", nil, nil},
		{"a post to answer", "intent=Create&uri=https://m.example/n/1?a='b", 200, "", []string{"A post on m.example", "Hello", "konfa post --as NAME --reply-to", `value="Create"`}, []string{"?a='b <"}},
		{"an intent nobody knows", "intent=Explode&uri=" + url.QueryEscape(steppe.URI), 200, "", []string{"konfa conf join", "konfa conf announce"}, nil},
		{"what is not there", "uri=https://nowhere.example/x", 404, "", []string{"could not be read", `value="https://nowhere.example/x"`}, nil},
		{"nonsense", "uri=" + url.QueryEscape(`"><script>`), 404, "", []string{"&#34;&gt;&lt;script&gt;"}, []string{`"><script>`}},
	} {
		t.Run(x.name, func(t *testing.T) {
			res := w.do(http.MethodGet, "/authorize_interaction?"+x.query, "", "Accept-Language: en")
			body := bodyOf(t, res)
			if res.StatusCode != x.status || res.Header.Get("Location") != x.location {
				t.Fatalf("%s to %q\n%s", res.Status, res.Header.Get("Location"), body)
			}
			for _, s := range x.want {
				if !strings.Contains(body, s) {
					t.Errorf("%q is missing in\n%s", s, body)
				}
			}
			for _, s := range x.not {
				if strings.Contains(body, s) {
					t.Errorf("%q must not be there", s)
				}
			}
		})
	}
}

func TestReplies(t *testing.T) {
	w := newTown(t)
	c := w.add(community.Conference{Title: community.Plain("en", "First"), Start: fakeNow.AddDate(0, 0, 3), Zone: "Europe/Belgrade"})
	id := "https://belgrade.example/conf/" + c.Slug
	answer := func(uri, host, text string, v community.Visibility) {
		a := w.stranger("https://"+host+"/users/x", "x", "Someone of "+host)
		p := &community.Post{URI: uri, URL: uri, AuthorID: a.ID, HTML: community.Plain("en", "<p>"+text+"</p>"), ReplyTo: id, Visibility: v, Published: fakeNow, Updated: fakeNow}
		if err := w.node.ReceivePost(t.Context(), a, p, []string{"https://belgrade.example/city"}); err != nil {
			t.Fatal(err)
		}
	}
	answer("https://good.example/1", "good.example", "I will be there", community.Public)
	answer("https://good.example/2", "good.example", "This is between us", community.Direct)
	answer("https://loud.example/1", "loud.example", "Buy my things", community.Public)
	if err := w.node.AddBlock(t.Context(), console, &community.Block{Domain: "loud.example", Severity: community.Silence, Reason: "ads"}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	body := w.get("/conf/" + c.Slug)
	for _, s := range []string{"I will be there", "Someone of good.example", "1 answer", "u-comment"} {
		if !strings.Contains(body, s) {
			t.Errorf("%q is missing", s)
		}
	}
	for _, s := range []string{"between us", "Buy my things"} {
		if strings.Contains(body, s) {
			t.Errorf("%q must not be there", s)
		}
	}
}

// When something breaks, readers get a number that leads to the line in the
// log, and nothing else of it.
func TestBrokenDatabase(t *testing.T) {
	w := newTown(t)
	w.node.Store().Close()
	w.settle()
	for _, target := range []string{"/", "/conf.ics", "/api/v1/conferences"} {
		res := w.do(http.MethodGet, target, "", "Accept-Language: en")
		body := bodyOf(t, res)
		if res.StatusCode != http.StatusInternalServerError || strings.Contains(body, "sql") || strings.Contains(body, "closed") {
			t.Errorf("%s: %s\n%s", target, res.Status, body)
		}
		id := regexp.MustCompile(`[a-z2-7]{10}`).FindString(w.logged.String()[strings.LastIndex(w.logged.String(), "error_id="):])
		if id == "" || !strings.Contains(body, id) {
			t.Errorf("%s: the log knows %q, the reader does not", target, id)
		}
	}
}

// Before there is a city, everyone is told so, and to come back.
func TestNotFounded(t *testing.T) {
	store, err := storage.Open(t.Context(), storage.Options{Data: t.TempDir(), Synchronous: "OFF"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	h := newFuzzHandler(t, node.New(store, community.NewSite("https://belgrade.example"), node.Options{}))
	for _, target := range []string{"/", "/conf.ics", "/feed.rss", "/conf/x", "/api/v1/city"} {
		if code := h(target, ""); code != http.StatusServiceUnavailable {
			t.Errorf("%s: %d", target, code)
		}
	}
}

func TestMicroformats(t *testing.T) {
	w := newTown(t)
	w.fill()
	for target, classes := range map[string][]string{
		"/":                             {"h-card", "h-event", "h-feed", "h-entry", "p-name", "u-url", "dt-start", "p-note"},
		"/conf/maps-drawn-by-hand":      {"h-event", "p-name", "dt-start", "dt-end", "p-location", "h-geo", "p-organizer", "p-category", "e-content", "u-featured"},
		"/posts/what-we-do-this-winter": {"h-entry", "p-name", "e-content", "dt-published", "p-author", "u-url"},
		"/people/ana":                   {"h-card", "p-name", "u-url"},
	} {
		var have []string
		for _, m := range regexp.MustCompile(`class="([^"]*)"`).FindAllStringSubmatch(w.get(target), -1) {
			have = append(have, strings.Fields(m[1])...)
		}
		for _, c := range classes {
			if !slices.Contains(have, c) {
				t.Errorf("%s has no %s", target, c)
			}
		}
	}
}

// A conference of another city that this one announced has a page here, which
// says whose it is and leads there.
func TestElsewhere(t *testing.T) {
	w := newTown(t)
	city := w.stranger("https://almaty.example/city", "almaty", "Almaty")
	steppe := fakeConferences()[3]
	steppe.ID, steppe.OriginID, steppe.Announced = 0, city.ID, time.Time{}
	steppe.Capacity, steppe.Venue = 12, &community.Venue{Name: "Yurt", Country: "KZ"}
	c, err := w.node.StoreConference(t.Context(), &steppe)
	if err != nil {
		t.Fatal(err)
	}
	w.settle()
	at := "/elsewhere/" + itoa(int(c.ID))
	if res := w.do(http.MethodGet, at, ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("before it is announced: %s", res.Status)
	}
	if _, err := w.node.AnnounceConference(t.Context(), console, steppe.URI); err != nil {
		t.Fatal(err)
	}
	w.settle()
	body := html.UnescapeString(w.get(at))
	for _, s := range []string{"Hosted by Almaty", `rel="canonical" href="https://almaty.example/conf/steppe"`, `lang="ru" dir="auto">Степь и код`, "Saturday, 5\u00a0December\u00a02026, 18:00–21:00", "Almaty time, UTC+5", "Kazakhstan", `value="https://almaty.example/conf/steppe"`} {
		if !strings.Contains(strings.ReplaceAll(body, `</span><span class="big">`, ", "), s) {
			t.Errorf("%q is missing in\n%s", s, body)
		}
	}
	if strings.Contains(body, "seats left") {
		t.Error("it counts seats that it knows nothing of")
	}
	for _, target := range []string{"/", "/conf", "/conf.ics", at + ".ics", "/feed.atom", "/feed.json", "/api/v1/conferences"} {
		if !strings.Contains(w.get(target), "Степь и код") {
			t.Errorf("%s does not show it", target)
		}
	}
	if strings.Contains(w.get("/api/v1/conferences?own=1"), "Степь") {
		t.Error("it is taken for one of our own")
	}
	if err := w.node.WithdrawConference(t.Context(), console, steppe.URI); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if res := w.do(http.MethodGet, at, ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("after it is withdrawn: %s", res.Status)
	}
}
