package web

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/gazetteer"
	"konfa/node"
	"konfa/storage"

	"github.com/go-chi/chi/v5"
)

// befriend makes a city elsewhere that ours follows.
func (w *town) befriend(host, name string) *community.Actor {
	w.Helper()
	a := w.stranger("https://"+host+"/city", strings.ToLower(name), name)
	a.Type = "Group"
	if _, err := w.node.SaveActor(w.Context(), a); err != nil {
		w.Fatal(err)
	}
	f, err := w.node.Follow(w.Context(), console, community.CityActor, a)
	if err != nil {
		w.Fatal(err)
	}
	if err := w.node.ReceiveAccept(w.Context(), a, node.Answer{ObjectURI: f.URI}); err != nil {
		w.Fatal(err)
	}
	card := &community.KnownCity{Name: community.Plain("en", name)}
	if p, ok := gazetteer.Find(name, ""); ok {
		card.Country, card.Place = p.Country, &community.Point{Lat: p.Lat, Lon: p.Lon}
	}
	if _, err := w.node.ConfirmCity(w.Context(), a, card); err != nil {
		w.Fatal(err)
	}
	return a
}

// holds makes a conference of a city elsewhere known here.
func (w *town) holds(a *community.Actor, title string, in time.Duration, change func(*community.Conference)) *community.Conference {
	w.Helper()
	start := w.node.Now().Add(in)
	c := &community.Conference{URI: "https://" + a.Host + "/conf/" + url.PathEscape(title), Title: community.Plain("en", title), Start: start, End: start.Add(2 * time.Hour),
		Zone: "Europe/Belgrade", Venue: &community.Venue{Name: "The hall"}, Published: w.node.Now(), Updated: w.node.Now()}
	if change != nil {
		change(c)
	}
	c.Tidy()
	if err := w.node.ReceiveConference(w.Context(), a, c); err != nil {
		w.Fatal(err)
	}
	return c
}

// turn brings the world's list up to date.
func (w *town) turn() {
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

var cardTitle = regexp.MustCompile(`<h3><a class="u-url p-name"[^>]*>([^<]*)</a>`)

func titles(page string) string {
	var out []string
	for _, m := range cardTitle.FindAllStringSubmatch(page, -1) {
		out = append(out, m[1])
	}
	return strings.Join(out, ", ")
}

func TestWorldPage(t *testing.T) {
	w := newTown(t)
	empty := w.get("/world")
	if !strings.Contains(empty, "Nothing is on") || strings.Contains(empty, "<figure") {
		t.Error("an empty world does not say so")
	}
	novi, phuket := w.befriend("novisad.example", "Novi Sad"), w.befriend("phuket.example", "Phuket")
	w.add(community.Conference{Title: community.Plain("en", "Ours"), Start: w.node.Now().Add(50 * time.Hour), End: w.node.Now().Add(52 * time.Hour), Zone: "Europe/Belgrade",
		Tags: []string{"maps"}, Languages: []string{"en"}, Venue: &community.Venue{Name: "Platz", Locality: "Belgrade", Country: "RS"}})
	w.holds(novi, "Walk", 24*time.Hour, func(c *community.Conference) { c.Tags, c.Languages = []string{"walks"}, []string{"sr"} })
	beach := w.holds(phuket, "Beach", 26*time.Hour, func(c *community.Conference) { c.Languages = []string{"en"} })
	w.holds(phuket, "Call", 72*time.Hour, func(c *community.Conference) { c.Venue, c.OnlineURL = nil, "https://meet.example/x" })
	w.holds(phuket, "Far", 70*24*time.Hour, nil)
	w.turn()

	for target, want := range map[string]string{
		"/world":                                  "Walk, Beach, Ours, Call, Far",
		"/world?city=Novi+Sad":                    "Walk",
		"/world?city=novi%20sad&country=RS":       "Walk",
		"/world?city=Belgrade&within=100":         "Walk, Ours",
		"/world?city=Белград&within=100":          "Walk, Ours",
		"/world?city=Belgrade&within=50":          "Ours",
		"/world?city=Belgrade&country=TH":         "",
		"/world?city=Nosuchplace":                 "",
		"/world?city=Nosuchplace&within=100":      "",
		"/world?city=Bangkok&within=1000":         "Beach, Far",
		"/world?country=TH":                       "Beach, Call, Far",
		"/world?country=Thailand":                 "Beach, Call, Far",
		"/world?tag=%23Maps":                      "Ours",
		"/world?tag=maps&speaks=sr":               "",
		"/world?speaks=sr":                        "Walk",
		"/world?online=1":                         "Call",
		"/world?month=2026-11":                    "Walk, Beach, Ours, Call",
		"/world?month=2027-01":                    "Far",
		"/world?month=2026-10":                    "",
		"/world?when=past":                        "",
		"/world?page=1":                           "Walk, Beach, Ours, Call, Far",
		"/world?nonsense=1&city=&country=&within": "Walk, Beach, Ours, Call, Far",
	} {
		page := w.get(target)
		if got := titles(page); got != want {
			t.Errorf("%s shows %q, want %q", target, got, want)
		}
		if want == "" && !strings.Contains(page, `class="empty"`) {
			t.Errorf("%s does not say that nothing is there", target)
		}
	}
	for _, target := range []string{"/world?month=November", "/world?country=Atlantis", "/world?within=x&city=a", "/world?when=never", "/world?speaks=%3Cscript%3E", "/world?online=perhaps", "/world?tag=%23"} {
		if res := w.do(http.MethodGet, target, ""); res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: %s", target, res.Status)
		}
	}
	for _, target := range []string{"/world?page=2", "/world?page=0", "/world?page=x", "/world/nothing"} {
		if res := w.do(http.MethodGet, target, ""); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", target, res.Status)
		}
	}

	page := w.get("/world")
	for _, part := range []string{
		"Hosted by Novi Sad", "Hosted by Belgrade", "Hosted by Phuket", "5 conferences", `href="/static/land.`, `aria-label="Map of the conferences"`,
		`<option value="TH">Thailand`, `<option value="sr">Serbian`, `href="/world?month=2027-01"`, `href="/world.ics"`, "Natural Earth", `href="/world?tag=walks"`,
	} {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %s", part)
		}
	}
	if strings.Contains(page, "style=") || strings.Contains(page, "http-equiv") {
		t.Error("something is inline that the policy forbids")
	}
	ru := w.get("/world?lang=ru")
	for _, part := range []string{"По всему миру", "5 конф", `<option value="TH">Таиланд`, "Карта конф"} {
		if !strings.Contains(ru, part) {
			t.Errorf("in Russian it lacks %s", part)
		}
	}
	// Belgrade and Novi Sad are too close to be two dots; each dot is a link with
	// a name, and leads to what it counts.
	dots := regexp.MustCompile(`<a href="(/world\?[^"]*)" aria-label="([^"]*)">`).FindAllStringSubmatch(page, -1)
	if len(dots) < 2 {
		t.Fatalf("%d dots in %s", len(dots), page)
	}
	for _, d := range dots {
		list := w.get(strings.ReplaceAll(d[1], "&amp;", "&"))
		n := len(cardTitle.FindAllString(list, -1))
		if !strings.Contains(d[2], fmt.Sprintf(": %d conference", n)) {
			t.Errorf("the dot %q leads to %d conferences by %s", d[2], n, d[1])
		}
	}

	// What the world lists can be looked at here; what somebody only looked up
	// cannot.
	stored, err := w.node.Store().ConferenceByURI(t.Context(), beach.URI)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.get("/elsewhere/" + itoa(int(stored.ID))); !strings.Contains(got, "Beach") {
		t.Error("its page is missing")
	}
	lost := *beach
	lost.URI, lost.OriginID = "https://lost.example/x", w.stranger("https://lost.example/group", "lost", "Lost").ID
	kept, err := w.node.StoreConference(t.Context(), &lost)
	if err != nil {
		t.Fatal(err)
	}
	w.turn()
	if res := w.do(http.MethodGet, "/elsewhere/"+itoa(int(kept.ID)), ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("what was only looked up has a page: %s", res.Status)
	}

	// The front page leads there, and shows what is not ours.
	front := w.get("/")
	if !strings.Contains(front, "This month around the world") || !strings.Contains(front, "Hosted by Phuket") {
		t.Error("the front page does not lead to the world")
	}

	// Past months can be reached.
	w.pass(40 * 24 * time.Hour)
	if _, err := w.node.SweepWorld(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.settle()
	for target, want := range map[string]string{"/world": "Far", "/world?when=past": "Call, Ours, Beach, Walk", "/world?month=2026-11": "Call, Ours, Beach, Walk", "/world?when=past&tag=maps": "Ours"} {
		if got := titles(w.get(target)); got != want {
			t.Errorf("later %s shows %q, want %q", target, got, want)
		}
	}
}

func TestWorldFeeds(t *testing.T) {
	w := newTown(t)
	phuket := w.befriend("phuket.example", "Phuket")
	w.holds(phuket, "Beach & <sun>", 26*time.Hour, func(c *community.Conference) { c.Tags = []string{"sea"} })
	w.holds(phuket, "Market", 27*time.Hour, nil)
	w.turn()
	ics := w.get("/world.ics")
	if strings.Count(ics, "BEGIN:VEVENT") != 2 || !strings.Contains(ics, "Market") {
		t.Errorf("the calendar is\n%s", ics)
	}
	if one := w.get("/world.ics?tag=sea"); strings.Count(one, "BEGIN:VEVENT") != 1 {
		t.Errorf("filtered it is\n%s", one)
	}
	if res := w.do(http.MethodGet, "/world.ics?month=x", ""); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a month that is none: %s", res.Status)
	}
	for _, kind := range []string{"atom", "rss", "json"} {
		body := w.get("/world/feed." + kind + "?city=Phuket")
		if i, j := strings.Index(body, "Market"), strings.Index(body, "Beach"); i < 0 || j < i {
			t.Errorf("%s does not have the newest first: %s", kind, body)
		}
		if !strings.Contains(body, "/world?city=Phuket") {
			t.Errorf("%s does not lead to its page", kind)
		}
		if kind == "json" {
			var v any
			if err := json.Unmarshal([]byte(body), &v); err != nil {
				t.Error(err)
			}
		} else if err := xml.Unmarshal([]byte(body), new(struct{})); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		// Unchanged is told so.
		res := w.do(http.MethodGet, "/world/feed."+kind, "")
		if again := w.do(http.MethodGet, "/world/feed."+kind, "", "If-None-Match: "+res.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s: %s", kind, again.Status)
		}
	}
	before := w.get("/world.ics")
	w.holds(phuket, "Third", 30*time.Hour, nil)
	w.turn()
	if after := w.get("/world.ics"); after == before {
		t.Error("the calendar does not change")
	}
}

func TestWorldAPI(t *testing.T) {
	w := newTown(t)
	phuket := w.befriend("phuket.example", "Phuket")
	for i := range 3 {
		w.holds(phuket, fmt.Sprint("Conference ", i), time.Duration(i+1)*24*time.Hour, nil)
	}
	if _, err := w.node.NameCities(t.Context(), phuket, []string{"https://chiangmai.example/city"}, true); err != nil {
		t.Fatal(err)
	}
	w.turn()
	var list listOutput[conferenceOutput]
	read := func(target string, into any) *http.Response {
		t.Helper()
		res := w.do(http.MethodGet, target, "")
		if err := json.Unmarshal([]byte(bodyOf(t, res)), into); err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s, %v", target, res.Status, err)
		}
		return res
	}
	res := read("/api/v1/world/conferences?city=Phuket&limit=2", &list)
	if list.Total != 3 || len(list.Items) != 2 || list.Items[0].Origin != "Phuket" || !strings.Contains(res.Header.Get("Link"), `rel="next"`) {
		t.Errorf("%+v, %s", list, res.Header.Get("Link"))
	}
	var towns listOutput[townOutput]
	read("/api/v1/world/towns", &towns)
	if len(towns.Items) != 1 || towns.Items[0].Conferences != 3 || towns.Items[0].Country != "TH" {
		t.Errorf("%+v", towns)
	}
	var cities listOutput[knownCityOutput]
	read("/api/v1/world/cities", &cities)
	if len(cities.Items) != 2 || !cities.Items[0].Followed || cities.Items[0].Coming != 3 || cities.Items[1].State != community.Heard || cities.Items[1].From[0] != "Phuket" {
		t.Errorf("%+v", cities)
	}
	for _, target := range []string{"/api/v1/world/conferences?contry=TH", "/api/v1/world/conferences?country=Atlantis", "/api/v1/world/towns?page=1", "/api/v1/world/cities?x=1", "/api/v1/world/conferences?limit=0"} {
		if res := w.do(http.MethodGet, target, ""); res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: %s", target, res.Status)
		}
	}
}

func TestCitiesPage(t *testing.T) {
	w := newTown(t)
	if page := w.get("/world/cities"); !strings.Contains(page, "We know no other city yet") {
		t.Error("without cities it does not say so")
	}
	phuket := w.befriend("phuket.example", "Phuket")
	w.holds(phuket, "Beach", 24*time.Hour, nil)
	if _, err := w.node.NameCities(t.Context(), phuket, []string{"https://chiangmai.example/city", "https://evil.example/city"}, true); err != nil {
		t.Fatal(err)
	}
	if err := w.node.AddBlock(t.Context(), console, &community.Block{Domain: "evil.example", Severity: community.Silence}); err != nil {
		t.Fatal(err)
	}
	w.turn()
	page := w.get("/world/cities")
	for _, part := range []string{"We follow it", "1 conference coming up", "Known from Phuket", "chiangmai.example", "Heard of", `aria-label="Map of the cities"`, "/authorize_interaction?uri=https%3A%2F%2Fphuket.example%2Fcity", `id="c-phuket-example"`} {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %s", part)
		}
	}
	if strings.Contains(page, "evil.example") {
		t.Error("a blocked city is shown")
	}
	if ru := w.get("/world/cities?lang=ru"); !strings.Contains(ru, "Понаслышке") || !strings.Contains(ru, "1 конфа впереди") {
		t.Error("in Russian it lacks something")
	}
}

// A thousand conferences in hundreds of towns make a page that is no larger than
// one of forty, and whose map stays one that can be read.
func TestLargeWorld(t *testing.T) {
	w := newTown(t)
	phuket := w.befriend("phuket.example", "Phuket")
	places := gazetteer.Search("s", 400)
	for i := range 1000 {
		p := places[i%len(places)]
		w.holds(phuket, fmt.Sprint("Conference ", i), time.Duration(i+1)*time.Hour, func(c *community.Conference) {
			c.Venue = &community.Venue{Name: "The hall", Locality: p.Name, Country: p.Country, Place: &community.Point{Lat: p.Lat, Lon: p.Lon}}
		})
	}
	w.turn()
	page := w.get("/world")
	if n := len(cardTitle.FindAllString(page, -1)); n != perWorld {
		t.Errorf("%d conferences on a page", n)
	}
	if n := strings.Count(page, "<path class=\"d"); n > mapDots+mapSmall || n < 10 {
		t.Errorf("%d dots", n)
	}
	css := w.server.assets.byPath[w.server.assets.path("style.css")]
	html, err := newDocument([]byte(page), "text/html")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(html.packed) + len(css.packed); n > 50_000 {
		t.Errorf("the page takes %d bytes on the wire", n)
	}
	if len(page) > 80_000 {
		t.Errorf("the page has %d bytes", len(page))
	}
	second := w.get("/world?page=25")
	if !strings.Contains(second, "Conference 999<") || strings.Contains(second, "<figure") {
		t.Error("the last page is not the last")
	}
	if land := w.server.assets.path("land.svg"); len(w.get(land)) < 10_000 {
		t.Error("there is no land")
	}
}

func FuzzWorldFilter(f *testing.F) {
	store, err := storage.Open(f.Context(), storage.Options{Data: f.TempDir(), Synchronous: "OFF"})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { store.Close() })
	n := node.New(store, community.NewSite("https://belgrade.example"), node.Options{})
	if err := n.Found(f.Context(), fakeCity(), &community.Member{Handle: "ana", Name: "Ana"}); err != nil {
		f.Fatal(err)
	}
	s, err := New(n, Options{})
	if err != nil {
		f.Fatal(err)
	}
	router := chi.NewRouter()
	s.Routes(router)
	for _, q := range []string{"city=Belgrade&within=100", "month=2026-11&when=past", "country=RS&speaks=ru&tag=maps&online=1&page=2", "city=%00&within=99999999999", "month=9999-99"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) {
		for _, path := range []string{"/world", "/world.ics", "/world/feed.json", "/api/v1/world/conferences"} {
			r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: path, RawQuery: query}, Header: http.Header{}, RemoteAddr: "192.0.2.1:1", Host: "belgrade.example", Body: http.NoBody}
			rec := httptest.NewRecorder()
			router.ServeHTTP(rec, r)
			if rec.Code >= 500 {
				t.Errorf("%s?%s: %d", path, query, rec.Code)
			}
		}
	})
}
