package federation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

// known lists the cities that a node knows: "host state".
func (n *testNode) known() (out []string) {
	n.t.Helper()
	list, err := n.store.KnownCities(context.Background(), true)
	if err != nil {
		n.t.Fatal(err)
	}
	for _, k := range list {
		out = append(out, k.Host+" "+string(k.State))
	}
	slices.Sort(out)
	return out
}

func (n *testNode) knows(host string, state community.CityState) bool {
	return slices.Contains(n.known(), host+" "+string(state))
}

func (n *testNode) host() string { return n.site.Host() }

// worldTitles is what the world of a node lists.
func (n *testNode) worldTitles() (out []string) {
	n.t.Helper()
	list, err := n.store.World(context.Background(), storage.WorldQuery{Now: n.now()})
	if err != nil {
		n.t.Fatal(err)
	}
	for _, c := range list {
		out = append(out, c.Title.First())
	}
	return out
}

// wants follows a city elsewhere, whose yes is on its way.
func (n *testNode) wants(uri string) {
	n.t.Helper()
	if _, err := n.Follow(context.Background(), console, community.CityActor, uri); err != nil {
		n.t.Fatal(err)
	}
}

// accepted follows an actor that says yes at once.
func (n *testNode) accepted(uri string) *community.Actor {
	n.t.Helper()
	ctx := context.Background()
	f, err := n.Follow(ctx, console, community.CityActor, uri)
	if err != nil {
		n.t.Fatal(err)
	}
	if err := n.node.ReceiveAccept(ctx, f.Actor, node.Answer{ObjectURI: f.URI}); err != nil {
		n.t.Fatal(err)
	}
	return f.Actor
}

// A follows B, B follows C, C follows D: A gets to know C and what is on there,
// and D never.
func TestDiscoverTwoSteps(t *testing.T) {
	var chain []*testNode
	for range 4 {
		chain = append(chain, startNode(t).run())
	}
	a, b, c, d := chain[0], chain[1], chain[2], chain[3]
	for i, n := range chain[:3] {
		n.conference(fmt.Sprint("Evening ", i))
		_ = n
	}
	d.conference("Far away")
	c.wants(d.site.Actor(community.CityActor))
	b.wants(c.site.Actor(community.CityActor))
	eventually(t, "B knows C and D", func() bool { return b.knows(c.host(), community.Confirmed) && b.knows(d.host(), community.Confirmed) })
	a.wants(b.site.Actor(community.CityActor))
	eventually(t, "A knows C", func() bool { return a.knows(c.host(), community.Confirmed) })
	eventually(t, "A lists what is on in C", func() bool { return slices.Contains(a.worldTitles(), "Evening 2") })
	k, err := a.store.KnownCity(t.Context(), c.host())
	if err != nil {
		t.Fatal(err)
	}
	if k.Name.First() != "Belgrade" || k.Handle != "belgrade" || k.Followed || k.Following == "" {
		t.Errorf("%+v", k)
	}
	// Everyone was asked for everything by now: D is three steps away.
	if err := a.DiscoverCities(t.Context()); err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(a.known(), func(s string) bool { return strings.HasPrefix(s, d.host()) }) || slices.Contains(a.worldTitles(), "Far away") {
		t.Errorf("A knows %v and lists %v", a.known(), a.worldTitles())
	}

	// What C calls off is called off here after the next reading, what it deletes
	// is gone.
	evening, err := c.store.Conference(t.Context(), "evening-2")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.node.CancelConference(t.Context(), console, evening.Slug, ""); err != nil {
		t.Fatal(err)
	}
	if err := a.DiscoverCities(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The loop of A may be reading at the same time.
	eventually(t, "it is called off here", func() bool {
		seen, err := a.store.ConferenceByURI(t.Context(), c.site.Conference(evening.Slug))
		return err == nil && seen.Status == community.Cancelled
	})
	if err := c.node.DeleteConference(t.Context(), console, evening.Slug); err != nil {
		t.Fatal(err)
	}
	if err := a.DiscoverCities(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what was deleted is gone", func() bool {
		_, err := a.store.ConferenceByURI(t.Context(), c.site.Conference(evening.Slug))
		return community.CodeOf(err) == community.NotFound
	})

	// When nobody names C any more, it is forgotten.
	if err := b.Unfollow(t.Context(), console, community.CityActor, c.site.Actor(community.CityActor)); err != nil {
		t.Fatal(err)
	}
	if err := a.DiscoverCities(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "C is forgotten", func() bool {
		a.lookAgain()
		return !slices.ContainsFunc(a.known(), func(s string) bool { return strings.HasPrefix(s, c.host()) })
	})
}

// newCity makes a fake city, whose documents the test writes.
func newCity(t *testing.T, extra map[string]any) *fakePeer {
	t.Helper()
	p := startPeer(t, "konfa")
	doc := map[string]any{"type": "Group", "following": p.base + "/following", "upcomingEvents": p.base + "/upcoming"}
	for k, v := range extra {
		doc[k] = v
	}
	p.actor("city", doc)
	p.follows()
	p.upcoming()
	return p
}

func (p *fakePeer) follows(uris ...any) {
	p.put("/following", map[string]any{"id": p.base + "/following", "type": "OrderedCollection", "totalItems": len(uris), "orderedItems": uris})
}

func (p *fakePeer) upcoming(uris ...any) {
	p.put("/upcoming", map[string]any{"id": p.base + "/upcoming", "type": "OrderedCollection", "totalItems": len(uris), "orderedItems": uris})
}

func (p *fakePeer) holds(path string, starts time.Time, extra map[string]any) string {
	doc := map[string]any{
		"@context": "https://www.w3.org/ns/activitystreams", "id": p.base + path, "type": "Event", "name": "Evening" + path, "attributedTo": p.uri("city"),
		"startTime": starts.Format(time.RFC3339), "endTime": starts.Add(time.Hour).Format(time.RFC3339), "to": []any{"https://www.w3.org/ns/activitystreams#Public"},
	}
	for k, v := range extra {
		doc[k] = v
	}
	p.put(path, doc)
	return p.base + path
}

func (n *testNode) lookAgain() {
	n.t.Helper()
	if err := n.DiscoverCities(context.Background()); err != nil {
		n.t.Fatal(err)
	}
}

// What is named need not be a city, or let itself be asked.
func TestDiscoverDoubts(t *testing.T) {
	n := startNode(t)
	sister := newCity(t, nil)
	n.accepted(sister.uri("city"))
	good := newCity(t, map[string]any{"nameMap": map[string]any{"en": "Good", "ru": "Добро"}, "location": map[string]any{"type": "Place", "latitude": 44.8, "longitude": 20.5}})
	mastodon := startPeer(t, "mastodon")
	mastodon.actor("city", map[string]any{"type": "Group"})
	person := startPeer(t, "konfa")
	person.actor("city", nil)
	nobody := startPeer(t, "konfa")
	stray := newCity(t, nil) // WebFinger leads elsewhere
	stray.put("/.well-known/webfinger", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/jrd+json")
		fmt.Fprintf(w, `{"subject":"acct:city@%s","links":[{"rel":"self","type":%q,"href":%q}]}`, stray.host(), activityJSON, stray.uri("anna"))
	}))
	dead := startPeer(t, "konfa")
	dead.web.Close()
	blocked := newCity(t, nil)
	if err := n.node.AddBlock(t.Context(), console, &community.Block{Domain: blocked.host(), Severity: community.Suspend}); err != nil {
		t.Fatal(err)
	}
	sister.follows(good.uri("city"), mastodon.uri("city"), person.uri("city"), nobody.uri("city"), stray.uri("city"), dead.uri("city"), blocked.uri("city"), mastodon.uri("bob"), n.site.Actor(community.CityActor))
	n.lookAgain()
	want := []string{
		sister.host() + " confirmed", good.host() + " confirmed", mastodon.host() + " other", person.host() + " other", nobody.host() + " other", stray.host() + " other", dead.host() + " heard",
	}
	slices.Sort(want)
	if d := cmp.Diff(want, n.known()); d != "" {
		t.Errorf("%s\n%s", d, n.logs)
	}
	k, err := n.store.KnownCity(t.Context(), good.host())
	if err != nil || k.Place == nil || k.Place.Lat != 44.8 || len(k.Name) != 2 {
		t.Errorf("%+v, %v", k, err)
	}
	if blocked.fetched("/users/city")+blocked.fetched("/.well-known/nodeinfo") > 0 {
		t.Error("a blocked city was asked")
	}
	if mastodon.fetched("/users/city") > 0 {
		t.Error("the actor of another software was fetched")
	}
	// A block that comes later is honoured too.
	before := good.fetched("/upcoming")
	if err := n.node.AddBlock(t.Context(), console, &community.Block{Domain: good.host(), Severity: community.Silence}); err != nil {
		t.Fatal(err)
	}
	n.lookAgain()
	if good.fetched("/upcoming") > before || n.knows(good.host(), community.Confirmed) {
		t.Errorf("a blocked city is asked on: %v", n.known())
	}
}

// A city that was away when it was named is confirmed when it is back, without
// anyone doing anything.
func TestHeardOfBecomesConfirmed(t *testing.T) {
	n := startNode(t)
	sister, late := newCity(t, nil), newCity(t, nil)
	up := false
	late.put("/.well-known/nodeinfo", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !up {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{"links": []any{map[string]any{"rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": late.base + "/nodeinfo/2.0"}}})
	}))
	sister.follows(late.uri("city"))
	n.accepted(sister.uri("city"))
	stop, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range 5 {
		n.discover(stop, stop)
	}
	if !n.knows(late.host(), community.Heard) {
		t.Fatalf("known: %v", n.known())
	}
	asked := late.fetched("/.well-known/nodeinfo")
	n.discover(stop, stop)
	if late.fetched("/.well-known/nodeinfo") > asked {
		t.Error("it is asked again at once")
	}
	up = true
	n.clock.forward(2 * time.Minute)
	n.discover(stop, stop)
	if !n.knows(late.host(), community.Confirmed) {
		t.Errorf("known: %v\n%s", n.known(), n.logs)
	}
}

// Collections of a city that is up to no good.
func TestHostileCities(t *testing.T) {
	n := startNode(t)
	liar, named := newCity(t, nil), newCity(t, nil)
	n.accepted(liar.uri("city"))

	// Ten thousand names, on pages that never end.
	pages := 0
	liar.put("/following", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pages++
		var items []string
		for i := range 200 {
			items = append(items, fmt.Sprintf("https://n%d-%d.wild.example/city", pages, i))
		}
		w.Header().Set("Content-Type", activityJSON)
		json.NewEncoder(w).Encode(map[string]any{"id": r.URL.String(), "type": "OrderedCollectionPage", "orderedItems": items, "next": fmt.Sprintf("%s/following?page=%d", liar.base, pages+1)})
	}))
	n.lookAgain()
	if got := len(n.known()); got > 11 || pages > 2*3+1 {
		t.Errorf("%d cities are kept after %d pages", got, pages)
	}
	for name, doc := range map[string]any{
		"not JSON": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", activityJSON)
			w.Write([]byte("{"))
		}),
		"a person":       map[string]any{"id": liar.base + "/following", "type": "Person"},
		"a loop":         map[string]any{"id": liar.base + "/following", "type": "OrderedCollectionPage", "orderedItems": []any{}, "next": liar.base + "/following"},
		"elsewhere":      map[string]any{"id": liar.base + "/following", "type": "OrderedCollection", "first": named.base + "/following"},
		"strange things": map[string]any{"id": liar.base + "/following", "type": "OrderedCollection", "orderedItems": []any{1, nil, []any{}, map[string]any{"id": 5}, "javascript:alert(1)//city", strings.Repeat("x", 5000)}},
		"too large": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", activityJSON)
			w.Write(bytes.Repeat([]byte(" "), 20<<20))
		}),
	} {
		liar.put("/following", doc)
		n.lookAgain()
		if got := len(n.known()); got > 11 {
			t.Errorf("%s: %d cities", name, got)
		}
	}

	// What is coming up in a named city: of others, past, in a thousand years, of
	// someone else, private, not an event, endless.
	sister := newCity(t, nil)
	n.accepted(sister.uri("city"))
	sister.follows(named.uri("city"))
	now := n.now()
	ok := named.holds("/e/good", now.Add(time.Hour), nil)
	items := []any{
		ok, ok, named.holds("/e/past", now.Add(-time.Hour*48), nil), named.holds("/e/never", now.AddDate(50, 0, 0), nil),
		named.holds("/e/anna", now.Add(time.Hour), map[string]any{"attributedTo": named.uri("anna")}),
		named.holds("/e/private", now.Add(time.Hour), map[string]any{"to": []any{named.uri("city")}}),
		named.holds("/e/lies", now.Add(time.Hour), map[string]any{"id": liar.base + "/e/lies"}),
		liar.holds("/e/other", now.Add(time.Hour), nil), n.site.Conference("x"), map[string]any{"id": named.base + "/e/embedded", "type": "Event", "name": "Believed?"},
	}
	named.put("/e/note", map[string]any{"id": named.base + "/e/note", "type": "Note", "content": "x", "attributedTo": named.uri("city")})
	items = append(items, named.base+"/e/note")
	named.upcoming(items...)
	n.lookAgain()
	if d := cmp.Diff([]string{"Evening/e/good"}, n.worldTitles()); d != "" {
		t.Errorf("%s\n%s", d, n.logs)
	}
	if named.fetched("/e/good") != 1 {
		t.Errorf("one conference was fetched %d times", named.fetched("/e/good"))
	}
	var many []any
	for i := range 500 {
		many = append(many, named.holds(fmt.Sprint("/m/", i), now.Add(time.Hour), nil))
	}
	named.upcoming(many...)
	n.lookAgain()
	if got := len(n.worldTitles()); got > cityItems+1 || got < cityItems-1 {
		t.Errorf("%d conferences of one city", got)
	}
}

// Hosts below one registrable domain cost no more than ten new ones a minute.
func TestNewHostsOfOneDomain(t *testing.T) {
	var h newHosts
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	never := func() bool { return false }
	for i := range 10 {
		if _, ok := h.admit(fmt.Sprintf("n%d.wild.example", i), now, never); !ok {
			t.Fatalf("host %d is not admitted", i)
		}
	}
	wait, ok := h.admit("n10.wild.example", now.Add(20*time.Second), never)
	if ok || wait != 40*time.Second {
		t.Errorf("the eleventh: %v, %v", ok, wait)
	}
	for host, want := range map[string]bool{"n3.wild.example": true, "wild.example": false, "other.example": true, "a.co.uk": true, "wild.example:8443": false} {
		if _, ok := h.admit(host, now.Add(21*time.Second), never); ok != want {
			t.Errorf("%s: %v", host, ok)
		}
	}
	if _, ok := h.admit("known.wild.example", now.Add(22*time.Second), func() bool { return true }); !ok {
		t.Error("one that wrote before is not admitted")
	}
	h.knows("believed.wild.example")
	if _, ok := h.admit("believed.wild.example", now.Add(23*time.Second), never); !ok {
		t.Error("one that was believed is not admitted")
	}
	if _, ok := h.admit("n10.wild.example", now.Add(61*time.Second), never); !ok {
		t.Error("a minute later it is not admitted")
	}
}

func TestNewHostsAnswer(t *testing.T) {
	n := startNode(t)
	peer := startPeer(t, "mastodon")
	statuses := map[int]int{}
	for i := range 14 {
		host := fmt.Sprintf("n%d.wild.example", i)
		doc := peer.activity("anna", "Like", n.site.Actor(community.CityActor))
		doc["actor"], doc["id"] = "https://"+host+"/users/anna", "https://"+host+"/likes/1"
		r := peer.request(n, "/inbox", "anna", doc)
		r.Header.Set("Signature", strings.ReplaceAll(r.Header.Get("Signature"), peer.base, "https://"+host))
		resp, body := n.do(r)
		statuses[resp.StatusCode]++
		if i >= 10 {
			if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" || !strings.Contains(body, "new servers of this domain") {
				t.Errorf("host %d: %s, Retry-After %q, %s", i, resp.Status, resp.Header.Get("Retry-After"), body)
			}
		}
	}
	if !strings.Contains(n.logs.String(), "n9.wild.example") || strings.Contains(n.logs.String(), "n12.wild.example") {
		t.Errorf("the wrong ones were asked: %v", statuses)
	}
	// A known server is not held up.
	if status := peer.send(n, "anna", peer.activity("anna", "Like", n.site.Actor(community.CityActor))); status != http.StatusAccepted {
		t.Errorf("status %d", status)
	}
}
