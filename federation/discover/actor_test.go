package discover

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"konfa/community"
	"konfa/federation/fetch"
	"konfa/federation/signature"
)

func TestActorIdentity(t *testing.T) {
	w := newWorld(t)
	id := w.url("a", "/users/anna")
	evil := w.url("evil", "/anna")
	w.on("a", map[string]http.HandlerFunc{
		"/users/anna": person(id),
		"/@anna":      person(id), // as Mastodon does for who asks with the right Accept
		"/moved":      redirect(id),
		"/hop":        redirect(w.url("b", "/users/bob")),
		"/stub":       doc(map[string]any{"id": w.url("a", "/stub"), "type": "Person", "preferredUsername": "stub", "publicKey": map[string]any{"id": w.url("a", "/stub") + "#k", "owner": w.url("a", "/stub"), "publicKeyPem": pemOf(theirKey)}}),
		"/note":       doc(map[string]any{"id": w.url("a", "/note"), "type": "Note", "content": "x"}),
		"/html":       answer("text/html", "<html>"),
		"/json":       answer("application/json", `{"id":"`+w.url("a", "/json")+`","type":"Person"}`),
		"/broken":     answer("application/activity+json", `{"id":`),
		"/chain":      person(w.url("a", "/chain2")),
		"/chain2":     person(w.url("a", "/chain3")),
		"/chain3":     person(w.url("a", "/chain3")),
		"/?author=0":  person(w.url("a", "/?author=0")), // WordPress
		"/sub":        person(w.url("sub.a", "/sub")),
		"/fragment":   person(w.url("a", "/fragment") + "#me"),
		"/inboxes":    person(w.url("a", "/inboxes"), func(a map[string]any) { a["endpoints"] = map[string]any{"sharedInbox": "https://[bad"} }),
		"/mailto":     person(w.url("a", "/mailto"), func(a map[string]any) { a["inbox"] = "mailto:x@y" }),
		"/foreign-key": person(w.url("a", "/foreign-key"), func(a map[string]any) {
			a["publicKey"] = map[string]any{"id": id + "2#main-key", "owner": id, "publicKeyPem": pemOf(newKey)}
		}),
	})
	w.on("b", map[string]http.HandlerFunc{"/users/bob": person(w.url("b", "/users/bob"))})
	w.on("evil", map[string]http.HandlerFunc{"/anna": person(id), "/bob": redirect(w.url("evil", "/anna"))})
	r := w.resolver()
	for _, c := range []struct {
		ask, uri string
		want     community.Code
		requests int
	}{
		{id, id, "", 1},
		{w.url("a", "/@anna"), id, "", 2},
		{w.url("a", "/moved"), id, "", 2},
		{w.url("a", "/hop"), w.url("b", "/users/bob"), "", 2}, // whoever asked for another id compares
		{w.url("a", "/?author=0"), w.url("a", "/?author=0"), "", 1},
		{w.url("a", "/fragment"), w.url("a", "/fragment") + "#me", "", 1},
		{w.url("a", "/inboxes"), w.url("a", "/inboxes"), "", 1},
		{evil, "", community.Refused, 1},
		{w.url("evil", "/bob"), "", community.Refused, 2},
		{w.url("a", "/stub"), "", community.Refused, 1},
		{w.url("a", "/note"), "", community.Invalid, 1},
		{w.url("a", "/html"), "", community.Refused, 1},
		{w.url("a", "/json"), "", community.Refused, 1},
		{w.url("a", "/broken"), "", community.Invalid, 1},
		{w.url("a", "/chain"), "", community.Refused, 2},
		{w.url("a", "/sub"), "", community.Refused, 1},
		{w.url("a", "/none"), "", community.NotFound, 1},
		{w.url("dead", "/x"), "", community.Refused, 1},
		{"http://" + w.host("a") + "/users/anna", "", community.Invalid, 0},
		{"nonsense", "", community.Invalid, 0},
	} {
		w.store = newMemoryStore()
		r.store = w.store
		w.requests()
		a, err := r.Actor(t.Context(), c.ask, 0)
		if community.CodeOf(err) != c.want {
			t.Errorf("%s: %v", c.ask, err)
			continue
		}
		if got := w.requests(); len(got) != c.requests {
			t.Errorf("%s: %q", c.ask, got)
		}
		if err == nil {
			if a.URI != c.uri || a.Host == "" || !a.Fetched.Equal(testNow) {
				t.Errorf("%s is %+v", c.ask, a)
			}
			if _, err := w.store.Actor(t.Context(), c.uri); err != nil {
				t.Errorf("%s was not stored: %v", c.ask, err)
			}
		}
	}
	a, err := r.Actor(t.Context(), w.url("a", "/inboxes"), 0)
	if err != nil || a.SharedInbox != "" {
		t.Error(a, err)
	}
	if a, err := r.Actor(t.Context(), w.url("a", "/mailto"), 0); err == nil {
		t.Errorf("%+v", a)
	}
	if a, err := r.Actor(t.Context(), w.url("a", "/foreign-key"), 0); err == nil && len(a.Keys) != 0 {
		t.Errorf("%+v", a.Keys)
	}
}

func TestActorAge(t *testing.T) {
	w := newWorld(t)
	id := w.url("a", "/users/anna")
	w.on("a", map[string]http.HandlerFunc{"/users/anna": person(id)})
	r := w.resolver()
	ask := func(maxAge time.Duration, requests int) error {
		t.Helper()
		w.requests()
		_, err := r.Actor(t.Context(), id, maxAge)
		w.wantRequests(requests)
		return err
	}
	for _, c := range []struct {
		maxAge   time.Duration
		requests int
	}{{time.Hour, 1}, {time.Hour, 0}, {Stored, 0}, {0, 1}} {
		if err := ask(c.maxAge, c.requests); err != nil {
			t.Fatal(err)
		}
	}
	w.pass(2 * time.Hour)
	if err := ask(Stored, 0); err != nil {
		t.Error(err)
	}
	if err := ask(time.Hour, 1); err != nil {
		t.Error(err)
	}

	// Its server is away: what we have will do, unless it must be new.
	w.pass(2 * time.Hour)
	w.down("a")
	if err := ask(time.Hour, 1); err != nil {
		t.Error(err)
	}
	if err := ask(0, 0); community.CodeOf(err) != community.Refused || fetch.KindOf(err) != fetch.Network {
		t.Error(err)
	}

	// It was deleted there.
	w.pass(time.Minute)
	w.on("a", map[string]http.HandlerFunc{"/users/anna": status(410)})
	if err := ask(time.Hour, 1); community.CodeOf(err) != community.Gone {
		t.Error(err)
	}
	gone := w.store.actors[id]
	gone.Gone = w.clock()
	w.store.actors[id] = gone
	if err := ask(time.Hour, 0); community.CodeOf(err) != community.Gone {
		t.Error(err)
	}
	if _, err := r.storedKeyForTest(t.Context(), id+"#main-key"); kindOf(err) != signature.KeyRefused {
		t.Error(err)
	}
	// And is back after all.
	w.on("a", map[string]http.HandlerFunc{"/users/anna": person(id)})
	w.pass(2 * time.Hour)
	if err := ask(time.Hour, 1); err != nil {
		t.Error(err)
	}
	if a := w.store.actors[id]; !a.Gone.IsZero() {
		t.Error("still gone")
	}
}

// storedKeyForTest looks only at what is stored.
func (r *Resolver) storedKeyForTest(ctx context.Context, keyID string) (signature.Key, error) {
	k, _, err := r.storedKey(ctx, keyID)
	return k, err
}

func TestOneFlight(t *testing.T) {
	w := newWorld(t)
	id := w.url("a", "/users/anna")
	arrived, release := make(chan struct{}), make(chan struct{})
	w.on("a", map[string]http.HandlerFunc{"/users/anna": func(rw http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-release
		person(id)(rw, r)
	}})
	r := w.resolver()
	first, leave := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := r.Actor(first, id, time.Hour); err != context.Canceled {
			t.Error("who left got", err)
		}
	})
	<-arrived
	got := make(chan *community.Actor, 20)
	for range 20 {
		wg.Go(func() {
			a, err := r.Actor(t.Context(), id, time.Hour)
			if err != nil {
				t.Error(err)
				return
			}
			a.Name = "mine" // nobody else's
			got <- a
		})
	}
	time.Sleep(50 * time.Millisecond)
	leave() // the first one's leaving must not end it for the rest
	time.Sleep(20 * time.Millisecond)
	close(release)
	wg.Wait()
	if len(got) != 20 {
		t.Errorf("%d got it", len(got))
	}
	w.wantRequests(1)
}

func TestNotAskedAgain(t *testing.T) {
	w := newWorld(t)
	r := w.resolver()
	w.on("a", map[string]http.HandlerFunc{})
	dead, none := w.url("dead", "/x"), w.url("a", "/none")
	ask := func(uri string, maxAge time.Duration, requests int) {
		t.Helper()
		w.requests()
		if _, err := r.Actor(t.Context(), uri, maxAge); err == nil {
			t.Error("there is an actor")
		}
		w.wantRequests(requests)
	}
	ask(dead, time.Hour, 1)
	ask(dead, time.Hour, 0)
	ask(w.url("dead", "/y"), 0, 0)
	w.pass(deadFor + time.Second)
	ask(dead, time.Hour, 1)
	ask(none, time.Hour, 1)
	ask(none, time.Hour, 0)
	ask(none, 0, 1)
	w.pass(refusedFor + time.Second)
	ask(none, time.Hour, 1)
	// A key that is not there is asked for once, however many sign with it.
	for range 5 {
		_, _ = r.Key(t.Context(), w.url("a", "/users/nobody#main-key"), false)
	}
	w.wantRequests(1)
	// A busy server may be asked again at once.
	w.on("a", map[string]http.HandlerFunc{"/busy": status(503)})
	ask(w.url("a", "/busy"), time.Hour, 1)
	ask(w.url("a", "/busy"), time.Hour, 1)
}

func TestMemoryIsBounded(t *testing.T) {
	m := newMemory[int](10)
	for i := range 1000 {
		m.put(string(rune('a'+i%500)), i, time.Time{})
	}
	if len(m.kept) != 10 {
		t.Errorf("%d kept", len(m.kept))
	}
	m.put("x", 1, testNow)
	if _, ok := m.get("x", testNow.Add(-time.Second)); !ok {
		t.Error("forgotten too early")
	}
	if _, ok := m.get("x", testNow); ok {
		t.Error("remembered too long")
	}
}

// TestSchemes: the scheme that a server verifies is found, and remembered also
// past a start.
func TestSchemes(t *testing.T) {
	w := newWorld(t)
	id := w.url("new", "/users/anna")
	query := w.url("old", "/outbox?page=1")
	page := doc(map[string]any{"id": query, "type": "OrderedCollectionPage", "orderedItems": []any{}})
	w.on("new", map[string]http.HandlerFunc{"/users/anna": w.only("new", signature.RFC9421, person(id))})
	w.on("old", map[string]http.HandlerFunc{"/outbox?page=1": w.only("old", signature.CavageNoQuery, page)})
	w.on("gts", map[string]http.HandlerFunc{"/outbox?page=1": w.only("gts", signature.Cavage, doc(map[string]any{"id": w.url("gts", "/outbox?page=1"), "type": "OrderedCollectionPage"}))})
	w.on("closed", map[string]http.HandlerFunc{"/x": status(401), "/x?y": status(401)})
	r := w.resolver()
	object := func(r *Resolver, uri string, requests int) error {
		t.Helper()
		w.requests()
		_, err := r.Object(t.Context(), uri)
		w.wantRequests(requests)
		return err
	}
	for _, requests := range []int{2, 1} {
		if err := object(r, id, requests); err != nil {
			t.Error(err)
		}
	}
	if p := w.store.peers[w.host("new")]; p.Scheme != "rfc9421" {
		t.Errorf("%+v", p)
	}
	if err := object(w.resolver(), id, 1); err != nil {
		t.Error(err)
	}
	// It goes back to the older scheme: found again, and noted.
	w.on("new", map[string]http.HandlerFunc{"/users/anna": w.only("new", signature.Cavage, person(id))})
	if err := object(r, id, 2); err != nil {
		t.Error(err)
	}
	if p := w.store.peers[w.host("new")]; p.Scheme != "cavage" {
		t.Errorf("%+v", p)
	}
	for _, requests := range []int{2, 1} {
		if err := object(r, query, requests); err != nil {
			t.Error(err)
		}
	}
	if err := object(r, w.url("gts", "/outbox?page=1"), 1); err != nil {
		t.Error(err)
	}
	wantCode(t, object(r, w.url("closed", "/x"), 2), community.Forbidden)
	wantCode(t, object(r, w.url("closed", "/x?y"), 3), community.Forbidden)
	// Without a way to sign, nothing is signed.
	bare := w.resolver()
	bare.sign = nil
	if err := object(bare, w.url("closed", "/x"), 1); community.CodeOf(err) != community.Forbidden {
		t.Error(err)
	}
}
