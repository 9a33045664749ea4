package web

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

// titles are the conferences of a page, in order.
var exploreTitle = regexp.MustCompile(`<h3><a class="u-url p-name" href="([^"]*)"`)

func cardsOf(body string) string {
	var out []string
	for _, m := range exploreTitle.FindAllStringSubmatch(body, -1) {
		out = append(out, m[1][strings.LastIndexByte(m[1], '/')+1:])
	}
	return strings.Join(out, " ")
}

func TestExplore(t *testing.T) {
	w := newTown(t)
	w.fill()
	for target, want := range map[string]string{
		"/conf?when=today":                     "",
		"/conf?when=week":                      "", // it is Sunday
		"/conf?day=2026-11-29":                 "a-long-walk-along-the-danube-to-zemun-and-back-again-with",
		"/conf?day=2026-12-05":                 "winter-hack-days", // the second of its days
		"/conf?month=2026-11":                  "maps-drawn-by-hand a-long-walk-along-the-danube-to-zemun-and-back-again-with",
		"/conf?tag=maps":                       "maps-drawn-by-hand",
		"/conf?speaks=ru":                      "maps-drawn-by-hand a-long-walk-along-the-danube-to-zemun-and-back-again-with board-games lightning-talks",
		"/conf?online=1":                       "maps-drawn-by-hand conf",
		"/conf?online=1&tag=maps&speaks=en":    "maps-drawn-by-hand",
		"/conf?online=1&tag=maps&speaks=sr":    "",
		"/conf?seats=1&month=2026-12":          "winter-hack-days lightning-talks conf",
		"/conf?q=rivers":                       "maps-drawn-by-hand",
		"/conf?city=belgrade&tag=maps":         "maps-drawn-by-hand",
		"/conf?when=past":                      "",
		"/conf?view=map&tag=maps":              "maps-drawn-by-hand",
		"/conf?tag=maps&unknown=1&view=list":   "maps-drawn-by-hand",
		"/conf?tag=maps&when=upcoming&seats=0": "maps-drawn-by-hand",
	} {
		if got := cardsOf(w.get(target)); got != want {
			t.Errorf("%s: %q, want %q", target, got, want)
		}
	}
	body := w.get("/conf?tag=maps&online=1&q=tea")
	for _, s := range []string{`href="/conf?online=1&amp;q=tea"`, `href="/conf?online=1&amp;tag=maps"`, `href="/conf?q=tea&amp;tag=maps"`, `href="/conf"`, `href="/search?q=tea"`, "1 conference"} {
		if !strings.Contains(body, s) {
			t.Errorf("%s is missing", s)
		}
	}
	for target, status := range map[string]int{
		"/conf?when=someday": 422, "/conf?view=cube": 422, "/conf?month=2026-13": 422, "/conf?day=x": 422, "/conf?online=perhaps": 422, "/conf?speaks=%3Cb%3E": 422,
		"/conf?tag=!!!": 404, "/conf?city=nowhere.example": 404, "/conf?page=9": 404, "/world?view=cube": 422, "/world?day=1": 422, "/search?in=cellar&q=x": 422, "/search?page=0": 404,
		"/search?q=maps&page=5": 404, "/embed?conf=never": 404, "/embed?count=99": 422, "/embed?theme=pink": 422, "/subscribe?from=mars": 422,
	} {
		if res := w.do(http.MethodGet, target, ""); res.StatusCode != status && !(status == 422 && res.StatusCode == 400) {
			t.Errorf("%s: %s, want %d", target, res.Status, status)
		}
	}
}

func TestCalendarGrid(t *testing.T) {
	w := newTown(t)
	w.fill()
	for _, x := range []struct {
		target, lang string
		want, not    []string
	}{
		{"/conf?view=calendar&month=2026-12", "en", []string{"<caption>December 2026</caption>", `abbr="Monday">Mon`, `href="/conf?day=2026-12-04"`, "bar begins says", "bar ends", `href="/conf?month=2026-11&amp;view=calendar"`, "Back to this month", "4 conferences"}, []string{"Secret"}},
		{"/conf?view=calendar", "en", []string{"<caption>November 2026</caption>", `today none" aria-current="date"`, "Maps drawn by hand", `<small>19:00</small>`}, []string{"Back to this month"}},
		{"/conf?view=calendar", "ru", []string{"<caption>Ноябрь 2026</caption>", `abbr="Понедельник">пн`}, nil},
		{"/conf?view=calendar&month=2030-02", "en", []string{"Nothing in this month"}, nil},
		{"/world?view=calendar&month=2026-12", "en", []string{"<caption>December 2026</caption>", "Winter hack days", `href="/world?day=2026-12-04"`}, nil},
	} {
		if strings.HasPrefix(x.target, "/world") {
			w.world()
		}
		body := w.get(x.target, "Accept-Language: "+x.lang)
		for _, s := range x.want {
			if !strings.Contains(body, s) {
				t.Errorf("%s: %q is missing in\n%s", x.target, s, body)
			}
		}
		for _, s := range x.not {
			if strings.Contains(body, s) {
				t.Errorf("%s has %q", x.target, s)
			}
		}
		if days := strings.Count(body, `<td class="`); days%7 != 0 || days < 28 {
			t.Errorf("%s: %d days", x.target, days)
		}
	}
}

// world brings what the world lists into order.
func (w *town) world() {
	w.Helper()
	for {
		n, err := w.node.SettleWorld(w.Context())
		if err != nil {
			w.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
	w.settle()
}

// What lasts several days stays in one line of its week, whatever begins beside it.
func TestGridLines(t *testing.T) {
	ts, err := loadTongues()
	if err != nil {
		t.Fatal(err)
	}
	v := &viewer{tongue: ts.list[0], city: fakeCity(), site: community.NewSite("https://belgrade.example"), now: fakeNow}
	zone := v.clock()
	day := func(d, h int) time.Time { return time.Date(2026, 12, d, h, 0, 0, 0, zone) }
	conf := func(slug string, from, to time.Time) community.Conference {
		return community.Conference{Slug: slug, Title: community.Plain("en", slug), Start: from, End: to, Zone: "Europe/Belgrade"}
	}
	cs := []community.Conference{conf("early", day(8, 9), day(8, 10)), conf("long", day(8, 12), day(10, 12)), conf("evening", day(9, 20), day(10, 2))}
	for i := range 6 {
		cs = append(cs, conf("many"+itoa(i), day(11, 10+i), day(11, 11+i)))
	}
	g := v.newGrid(day(1, 0), zone, cs, func(name, value string) string { return name + "=" + value })
	line := func(date string) (out []string) {
		for _, week := range g.Weeks {
			for _, d := range week {
				if d.Date != date {
					continue
				}
				for _, it := range d.Items {
					s := strings.TrimPrefix(it.Path, "/conf/")
					if it.Gap {
						s = "-"
					}
					if it.Goes {
						s += ">"
					}
					if it.Shown {
						s += "!"
					}
					out = append(out, s)
				}
				out = append(out, d.More)
			}
		}
		return out
	}
	for date, want := range map[string]string{
		"2026-12-08": "long>! early! ", "2026-12-09": "long> evening! ", "2026-12-10": "long ", "2026-12-11": "many0! many1! many2! many3! and 2 more", "2026-12-12": "",
	} {
		if got := strings.Join(line(date), " "); got != want {
			t.Errorf("%s: %q, want %q", date, got, want)
		}
	}
	if n := len(g.Weeks); n != 5 || g.Weeks[0][0].Date != "2026-11-30" {
		t.Errorf("%d weeks from %s", n, g.Weeks[0][0].Date)
	}
}

func TestTimes(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Belgrade")
	if err != nil {
		t.Fatal(err)
	}
	show := func(s span) string { return s.from.Format("Mon 2 15:04") + " – " + s.until.Format("Mon 2 15:04") }
	at := func(d, h int) time.Time { return time.Date(2026, 11, d, h, 0, 0, 0, zone) }
	for want, got := range map[string]string{
		"Mon 16 00:00 – Tue 17 00:00": show(today(at(16, 3), zone)),
		"Mon 16 00:00 – Mon 23 00:00": show(week(at(16, 3), zone)),
		"Sun 22 00:00 – Mon 23 00:00": show(week(at(22, 23), zone)),
		"Sat 21 00:00 – Mon 23 00:00": show(weekend(at(18, 12), zone)),
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got := show(weekend(at(22, 12), zone)); got != "Sun 22 00:00 – Mon 23 00:00" {
		t.Error(got)
	}
}

func TestSearchPage(t *testing.T) {
	w := newTown(t)
	w.fill()
	w.add(community.Conference{Title: community.Plain("en", "Secret samovar"), Start: fakeNow.AddDate(0, 0, 3), Zone: "Europe/Belgrade", Draft: true})
	w.say(community.Post{Text: community.Plain("en", "Only samovar followers"), Visibility: community.Followers})
	for _, x := range []struct {
		target    string
		want, not []string
	}{
		{"/search", []string{`name="q"`, "How to search"}, []string{"Nothing was found"}},
		{"/search?q=maps", []string{"<mark>Maps</mark> drawn by hand", "Coming up", `content="noindex"`, "draw <mark>maps</mark>"}, []string{"Board games"}},
		{"/search?q=beograd", []string{"Maps drawn by hand", "A long walk"}, nil},
		{"/search?q=%D0%91%D0%B5%D0%BE%D0%B3%D1%80%D0%B0%D0%B4", []string{"Maps drawn by hand"}, nil},
		{"/search?q=samovar", []string{"Posts", "What we do this winter", "keeps the <mark>samovar</mark>"}, []string{"Secret", "followers"}},
		{"/search?q=samovar&in=past", []string{"Nothing was found for “samovar”"}, []string{"What we do this winter"}},
		{"/search?q=%D1%80%D0%B5%D0%BA%D0%B0", []string{"Карты"}, nil},
		{"/search?q=reka+zzz", []string{"Nothing was found", "How to search"}, nil},
		{"/search?q=%22%3Cscript%3Ealert(1)%3C/script%3E", []string{"&lt;script&gt;"}, []string{"<script>alert"}},
	} {
		body := w.get(x.target, "Accept-Language: "+map[bool]string{true: "ru", false: "en"}[strings.Contains(x.target, "%B5%D0%BA%D0%B0")])
		for _, s := range x.want {
			if !strings.Contains(body, s) {
				t.Errorf("%s: %q is missing in\n%s", x.target, s, body)
			}
		}
		for _, s := range x.not {
			if strings.Contains(body, s) {
				t.Errorf("%s has %q", x.target, s)
			}
		}
	}
	if body := w.get("/opensearch.xml"); !strings.Contains(body, "https://belgrade.example/search?q={searchTerms}") {
		t.Error(body)
	}
	for i := range 25 {
		w.say(community.Post{Text: community.Plain("en", "Kettle number "+itoa(i))})
	}
	if body := w.get("/search?q=kettle"); !strings.Contains(body, `href="/search?in=posts&amp;q=kettle"`) {
		t.Error("the rest of the posts is nowhere")
	}
	if body := w.get("/search?q=kettle&in=posts"); !strings.Contains(body, `href="/search?in=posts&amp;page=2&amp;q=kettle"`) {
		t.Error("there is no second page")
	}
	if body := w.get("/search?q=kettle&in=posts&page=2"); strings.Count(body, "<mark>") != 5 {
		t.Errorf("%d marks on the second page", strings.Count(body, "<mark>"))
	}
	if body := w.get("/search?q=kettles"); !strings.Contains(body, "These come close") {
		t.Error("what comes close is not shown")
	}
}

func TestSubscribe(t *testing.T) {
	w := newTown(t)
	w.fill()
	for target, want := range map[string]string{
		"/subscribe":                              "webcal://belgrade.example/conf.ics",
		"/subscribe?tag=Maps&speaks=ru":           "webcal://belgrade.example/conf.ics?speaks=ru&amp;tag=maps",
		"/subscribe?from=world&place=Novi+Sad":    "webcal://belgrade.example/world.ics?city=Novi&#43;Sad",
		"/subscribe?place=Bar&tag=maps&speaks=en": "webcal://belgrade.example/world.ics?city=Bar&amp;speaks=en&amp;tag=maps",
	} {
		body := w.get(target)
		if !strings.Contains(body, want) && !strings.Contains(body, strings.ReplaceAll(want, "&#43;", "+")) {
			t.Errorf("%s: %s is missing in\n%s", target, want, body)
		}
		for _, s := range []string{"https://calendar.google.com/calendar/r?cid=webcal%3A%2F%2F", "https://outlook.live.com/calendar/0/addfromweb?", "/login?to=/subscribe", "12 to 24 hours"} {
			if !strings.Contains(body, s) {
				t.Errorf("%s: %s is missing", target, s)
			}
		}
	}
	if body := w.get("/subscribe", w.session("ana")); !strings.Contains(body, `href="/me/links"`) {
		t.Error("a member is not led to her own calendar")
	}
	// What is offered is what comes.
	if ics := w.get("/conf.ics?speaks=ru&tag=maps"); strings.Count(ics, "BEGIN:VEVENT") != 1 || !strings.Contains(ics, "(Russian)") {
		t.Error(ics)
	}
	if res := w.do(http.MethodGet, "/conf.ics?speaks=1!", ""); res.StatusCode != 404 {
		t.Error(res.Status)
	}
}

func TestEmbeds(t *testing.T) {
	w := newTown(t)
	w.fill()
	draft := w.add(community.Conference{Title: community.Plain("en", "Secret plan"), Start: fakeNow.AddDate(0, 0, 3), Zone: "Europe/Belgrade", Draft: true})
	for _, x := range []struct {
		target    string
		want, not []string
	}{
		{"/embed/conferences", []string{"Maps drawn by hand", "https://belgrade.example/conf/maps-drawn-by-hand", `class="auto"`, `target="_blank"`}, []string{"Secret"}},
		{"/embed/conferences?count=1&theme=dark&lang=ru", []string{"Карты", `class="dark"`, "maps-drawn-by-hand?lang=ru"}, []string{"Долгая"}},
		{"/embed/conferences?tag=maps&speaks=en", []string{"Maps drawn by hand"}, []string{"long walk"}},
		{"/embed/conferences?tag=nothing", []string{"No conference is planned"}, nil},
		{"/embed/conf/maps-drawn-by-hand?theme=light", []string{"Maps drawn by hand", `class="light"`, "/conf/maps-drawn-by-hand#come", "Belgrade time"}, nil},
		{"/embed/conf/board-games", []string{"Board games", "Cancelled"}, []string{"#come"}},
	} {
		res := w.do(http.MethodGet, x.target, "", w.session("ana"), "Cookie: lang=ru")
		body := bodyOf(t, res)
		if res.StatusCode != 200 {
			t.Errorf("%s: %s", x.target, res.Status)
		}
		for _, s := range x.want {
			if !strings.Contains(body, s) {
				t.Errorf("%s: %q is missing in\n%s", x.target, s, body)
			}
		}
		for _, s := range append(x.not, "<form", "<script", "<input", "Ana Petrović", "logout") {
			if strings.Contains(body, s) {
				t.Errorf("%s has %q", x.target, s)
			}
		}
		h := res.Header
		if csp := h.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors *") || !strings.Contains(csp, "form-action 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: the policy is %q", x.target, csp)
		}
		if h.Get("X-Frame-Options") != "" || h.Get("Set-Cookie") != "" || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", x.target, h)
		}
	}
	for target, status := range map[string]int{"/embed/conf/" + draft.Slug: 404, "/embed/conf/never": 404, "/embed/conferences?count=0": 422, "/embed/conferences?theme=x": 422} {
		res := w.do(http.MethodGet, target, "")
		if res.StatusCode != status && !(status == 422 && res.StatusCode == 400) || res.Header.Get("X-Frame-Options") != "DENY" || strings.Contains(bodyOf(t, res), "Secret") {
			t.Errorf("%s: %s", target, res.Status)
		}
	}
	// No other page may stand in a frame.
	for _, target := range []string{"/", "/conf", "/embed", "/conf/maps-drawn-by-hand", "/search", "/subscribe"} {
		res := w.do(http.MethodGet, target, "")
		if csp := res.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") || res.Header.Get("X-Frame-Options") != "DENY" || strings.Contains(csp, "frame-src") != (target == "/embed") {
			t.Errorf("%s: %s", target, csp)
		}
	}
	body := w.get("/embed?conf=https://belgrade.example/conf/maps-drawn-by-hand&theme=dark")
	if !strings.Contains(body, `src="/embed/conf/maps-drawn-by-hand?lang=en&amp;theme=dark"`) || !strings.Contains(body, "&lt;iframe src=&#34;https://belgrade.example/embed/conf/maps-drawn-by-hand?lang=en&amp;amp;theme=dark") {
		t.Error(body)
	}
}

func TestOEmbed(t *testing.T) {
	w := newTown(t)
	w.fill()
	ask := func(address, more string) *http.Response {
		return w.do(http.MethodGet, "/oembed?url="+url.QueryEscape(address)+more, "")
	}
	const conf = "https://belgrade.example/conf/maps-drawn-by-hand"
	var got map[string]any
	res := ask(conf, "&maxwidth=300&maxheight=200")
	if err := json.Unmarshal([]byte(bodyOf(t, res)), &got); err != nil || res.Header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Fatal(err, res.Header)
	}
	if got["type"] != "rich" || got["version"] != "1.0" || got["title"] != "Maps drawn by hand" || got["provider_name"] != "Belgrade" || got["width"] != 300.0 || got["height"] != 200.0 {
		t.Errorf("%v", got)
	}
	if s, _ := got["html"].(string); !strings.Contains(s, `<iframe src="https://belgrade.example/embed/conf/maps-drawn-by-hand"`) || !strings.Contains(s, `width="300" height="200"`) || strings.Contains(s, "<script") {
		t.Errorf("%s", s)
	}
	var x oembed
	res = ask("https://belgrade.example/posts/what-we-do-this-winter", "&format=xml")
	if err := xml.Unmarshal([]byte(bodyOf(t, res)), &x); err != nil || x.Title != "What we do this winter" || !strings.Contains(x.HTML, "<blockquote") || res.Header.Get("Content-Type") != "text/xml; charset=utf-8" {
		t.Errorf("%v %+v", err, x)
	}
	w.say(community.Post{Text: community.Plain("en", "Only for followers"), Visibility: community.Followers})
	for address, status := range map[string]int{
		"https://belgrade.example/": 200, "https://belgrade.example/conf": 200, conf + "?lang=ru": 200,
		"https://other.example/conf/maps-drawn-by-hand": 404, "https://belgrade.example/about": 404, "https://belgrade.example/conf/never": 404, "javascript:alert(1)": 404, "": 404, "%zz": 404,
		"https://belgrade.example/posts/only-for-followers": 404,
	} {
		if res := ask(address, ""); res.StatusCode != status {
			t.Errorf("%q: %s, want %d", address, res.Status, status)
		}
	}
	if res := ask(conf, "&format=yaml"); res.StatusCode != http.StatusNotImplemented {
		t.Error(res.Status)
	}
	if res := ask(conf, "&maxwidth=wide"); res.StatusCode == 200 {
		t.Error(res.Status)
	}
	page := w.get("/conf/maps-drawn-by-hand")
	if want := `<link rel="alternate" type="application/json+oembed" href="https://belgrade.example/oembed?url=https%3A%2F%2Fbelgrade.example%2Fconf%2Fmaps-drawn-by-hand">`; !strings.Contains(page, want) {
		t.Error("nothing leads to it from a conference")
	}
	if !strings.Contains(w.get("/posts/what-we-do-this-winter"), "application/json+oembed") {
		t.Error("nothing leads to it from a post")
	}
}

// Conferences of others that the city announced are found, and can be chosen by
// their city.
func TestExploreOthers(t *testing.T) {
	w := newTown(t)
	club := w.stranger("https://almaty.example/city", "almaty", "Almaty")
	err := w.server.store.Write(t.Context(), func(tx *storage.Tx) error {
		c := fakeConferences()[3]
		c.ID, c.OriginID = 0, club.ID
		c.Title = community.Plain("ru", "Степь и код")
		return tx.InsertConference(t.Context(), &c)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.add(community.Conference{Title: community.Plain("en", "At home"), Start: fakeNow.AddDate(0, 0, 3), Zone: "Europe/Belgrade"})
	for target, want := range map[string]bool{"/conf": true, "/conf?city=almaty.example": true, "/conf?city=belgrade": false, "/search?q=almaty": true} {
		if got := strings.Contains(w.get(target), "/elsewhere/1"); got != want {
			t.Errorf("%s: it is there: %t", target, got)
		}
	}
	if err := w.node.AddBlock(t.Context(), console, &community.Block{Domain: "almaty.example", Severity: community.Silence}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if strings.Contains(w.get("/search?q=almaty"), "/elsewhere/") {
		t.Error("what is blocked is found")
	}
}
