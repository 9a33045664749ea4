package federation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"konfa/community"
	"konfa/federation/signature"
	"konfa/storage"
)

func TestInboxGate(t *testing.T) {
	n := startNode(t, func(o *Options) { o.InboxRate, o.InboxBurst = 1, 100 })
	p := startPeer(t, "mastodon")
	blocked := startPeer(t, "spam")
	block(t, n, blocked)
	follow := func(p *fakePeer) map[string]any {
		return p.activity("anna", "Follow", n.site.Actor(community.CityActor))
	}
	now := n.clock.now()

	for _, tc := range []struct {
		name   string
		make   func() *http.Request
		status int
		stored bool
	}{
		{"good", func() *http.Request { return p.request(n, "/inbox", "anna", follow(p)) }, 202, true},
		{"to the city", func() *http.Request { return p.request(n, "/city/inbox", "anna", follow(p)) }, 202, true},
		{"to the node", func() *http.Request { return p.request(n, "/node/inbox", "anna", follow(p)) }, 202, true},
		{"to a member", func() *http.Request { return p.request(n, "/people/anna/inbox", "anna", follow(p)) }, 202, true},
		{"to nobody", func() *http.Request { return p.request(n, "/people/nobody/inbox", "anna", follow(p)) }, 404, false},
		{"RFC 9421", func() *http.Request {
			body, _ := json.Marshal(follow(p))
			r := p.request(n, "/inbox", "anna", body)
			p.sign(r, body, "anna", signature.RFC9421, now)
			return r
		}, 202, true},
		{"ld+json with the profile", func() *http.Request {
			body, _ := json.Marshal(follow(p))
			r := p.request(n, "/inbox", "anna", body)
			r.Header.Set("Content-Type", `application/ld+json; profile="https://www.w3.org/ns/activitystreams"`)
			p.sign(r, body, "anna", signature.Cavage, now)
			return r
		}, 202, true},
		{"text", func() *http.Request {
			r := p.request(n, "/inbox", "anna", follow(p))
			r.Header.Set("Content-Type", "text/plain")
			return r
		}, 415, false},
		{"no type", func() *http.Request {
			r := p.request(n, "/inbox", "anna", follow(p))
			r.Header.Del("Content-Type")
			return r
		}, 415, false},
		{"too large", func() *http.Request {
			a := follow(p)
			a["summary"] = strings.Repeat("x", maxActivity)
			return p.request(n, "/inbox", "anna", a)
		}, 413, false},
		{"too large, chunked", func() *http.Request {
			a := follow(p)
			a["summary"] = strings.Repeat("x", maxActivity)
			r := p.request(n, "/inbox", "anna", a)
			r.ContentLength = -1
			return r
		}, 413, false},
		{"not JSON", func() *http.Request { return p.request(n, "/inbox", "anna", []byte("hello")) }, 400, false},
		{"no actor", func() *http.Request {
			return p.request(n, "/inbox", "anna", p.activity("anna", "Follow", "x", "actor", nil))
		}, 400, false},
		{"unsigned", func() *http.Request {
			r := p.request(n, "/inbox", "anna", follow(p))
			r.Header.Del("Signature")
			return r
		}, 401, false},
		{"malformed signature", func() *http.Request {
			r := p.request(n, "/inbox", "anna", follow(p))
			r.Header.Set("Signature", `keyId="x`)
			return r
		}, 400, false},
		{"other body", func() *http.Request {
			a, b := follow(p), follow(p)
			body, _ := json.Marshal(b)
			r := p.request(n, "/inbox", "anna", a)
			other := p.request(n, "/inbox", "anna", body)
			r.Body, r.ContentLength = other.Body, other.ContentLength
			return r
		}, 401, false},
		{"old", func() *http.Request {
			body, _ := json.Marshal(follow(p))
			r := p.request(n, "/inbox", "anna", body)
			p.sign(r, body, "anna", signature.Cavage, now.Add(-26*time.Hour))
			return r
		}, 401, false},
		{"of another actor", func() *http.Request { return p.request(n, "/inbox", "bob", follow(p)) }, 403, false},
		{"id of another server", func() *http.Request {
			return p.request(n, "/inbox", "anna", p.activity("anna", "Follow", n.site.Actor(community.CityActor), "id", "https://elsewhere.example/1"))
		}, 403, false},
		{"in our own name", func() *http.Request {
			return p.request(n, "/inbox", "anna", p.activity("anna", "Follow", "x", "actor", n.site.Actor(community.CityActor)))
		}, 403, false},
		{"blocked", func() *http.Request { return blocked.request(n, "/inbox", "anna", follow(blocked)) }, 403, false},
		{"deletion of a stranger", func() *http.Request {
			return p.request(n, "/inbox", "anna", p.activity("anna", "Delete", "https://gone.example/users/x", "id", "https://gone.example/users/x#delete", "actor", "https://gone.example/users/x"))
		}, 202, false},
		{"change of a stranger", func() *http.Request {
			return p.request(n, "/inbox", "anna", p.activity("anna", "Update", "https://gone.example/users/x", "id", "https://gone.example/users/x#update", "actor", "https://gone.example/users/x"))
		}, 202, false},
		{"Leave without id", func() *http.Request {
			return p.request(n, "/inbox", "anna", p.activity("anna", "Leave", n.site.Conference("x"), "id", nil))
		}, 202, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := countReceived(t, n)
			resp, body := n.do(tc.make())
			if resp.StatusCode != tc.status {
				t.Errorf("status %d, want %d: %s", resp.StatusCode, tc.status, body)
			}
			if stored := countReceived(t, n) > before; stored != tc.stored {
				t.Errorf("kept: %v, want %v", stored, tc.stored)
			}
		})
	}
	if blocked.fetched("/users/anna") != 0 {
		t.Error("the key of a blocked server was asked for")
	}
	n.writePeerNotes(context.Background())
	peer, err := n.store.Peer(context.Background(), blocked.host())
	if err != nil || !strings.Contains(peer.LastRefused, "blocked") {
		t.Errorf("the reason is not to be seen: %+v %v", peer, err)
	}
	if resp, _ := n.get("/inbox", "Accept", activityJSON); resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("reading the inbox: %d", resp.StatusCode)
	}
	// The rate of a host is its own.
	for i := range 200 {
		if resp, _ := n.do(p.request(n, "/inbox", "anna", follow(p))); resp.StatusCode == http.StatusTooManyRequests {
			if resp.Header.Get("Retry-After") == "" {
				t.Error("429 without Retry-After")
			}
			if other := startPeer(t, "mastodon"); other.send(n, "anna", follow(other)) != 202 {
				t.Error("another host is held up")
			}
			return
		} else if i == 199 {
			t.Error("no limit")
		}
	}
}

// TestStrangers: who cannot be believed uses up only turns of their own address,
// whoever they claim to be, and even from there those are heard whose keys are
// known.
func TestStrangers(t *testing.T) {
	n, p, q := startNode(t, func(o *Options) { o.InboxRate, o.InboxBurst = 1, 10 }), startPeer(t, "mastodon"), startPeer(t, "mastodon")
	// On a slow machine the budget would grow while it is used up.
	still := time.Now()
	n.strangers = newRates(strangerRate, strangerBurst, func() time.Time { return still })
	send := func(r *http.Request, from string) int {
		r.RemoteAddr = from
		r.RequestURI = ""
		r.Host = r.URL.Host
		w := httptest.NewRecorder()
		n.postInbox(nil)(w, r)
		if w.Code == http.StatusTooManyRequests && w.Header().Get("Retry-After") == "" {
			t.Error("429 without Retry-After")
		}
		return w.Code
	}
	city := n.site.Actor(community.CityActor)
	if got := send(p.request(n, "/inbox", "anna", p.activity("anna", "Follow", city)), "203.0.113.1:1"); got != 202 {
		t.Fatal(got)
	}
	for i := range strangerBurst + 50 {
		// In the name of p, or of ever new hosts.
		actor := p.uri("anna")
		if i%2 == 1 {
			actor = fmt.Sprintf("https://h%d.example/u", i)
		}
		r := httptest.NewRequest("POST", n.site.Base+"/inbox", strings.NewReader(fmt.Sprintf(`{"type":"Like","id":"%s/%d","actor":"%s","object":"x"}`, actor, i, actor)))
		r.Header.Set("Content-Type", activityJSON)
		got := send(r, "203.0.113.66:5")
		if want := map[bool]int{true: http.StatusUnauthorized, false: http.StatusTooManyRequests}[i < strangerBurst]; got != want {
			t.Fatalf("request %d: %d, want %d", i, got, want)
		}
	}
	for _, tc := range []struct {
		what, from, name string
		want             int
	}{
		{"the one whose name was used", "203.0.113.1:1", "anna", 202},
		{"a known one behind the same address", "203.0.113.66:7", "anna", 202},
		{"an unknown one behind the same address", "203.0.113.66:7", "bob", 429},
		{"an unknown one elsewhere", "203.0.113.2:1", "bob", 202},
	} {
		if got := send(p.request(n, "/inbox", tc.name, p.activity(tc.name, "Follow", city)), tc.from); got != tc.want {
			t.Errorf("%s: %d, want %d", tc.what, got, tc.want)
		}
	}
	if got := q.fetched("/users/anna"); got != 0 {
		t.Error("fetched", got)
	}
	n.writePeerNotes(context.Background())
	peers, err := n.store.Peers(context.Background())
	if err != nil || len(peers) > claimBurst+5 {
		t.Errorf("%d hosts are kept that someone made up (%v)", len(peers), err)
	}
}

// TestLargeActivities take more turns of their host, and do not fill the memory.
func TestLargeActivities(t *testing.T) {
	n, p := startNode(t, func(o *Options) { o.InboxRate, o.InboxBurst = 1, 100 }), startPeer(t, "mastodon")
	large := func() map[string]any {
		return p.activity("anna", "Like", n.site.Conference("x"), "summary", strings.Repeat("x", 1000<<10))
	}
	if got := p.send(n, "anna", large()); got != 202 {
		t.Fatal(got)
	}
	if got := p.send(n, "anna", large()); got != http.StatusTooManyRequests {
		t.Errorf("a second MiB at once: %d", got)
	}
	if got := p.send(n, "anna", p.activity("anna", "Like", n.site.Conference("x"))); got != 202 {
		t.Errorf("a small one: %d", got)
	}

	var set inboundSet
	set.init(func(string) bool { return false })
	rows := make([]storage.Received, inboundBytes>>20)
	for i := range rows {
		rows[i] = storage.Received{ID: int64(i + 1), Actor: "https://a.example/u", Host: "a.example", Body: make([]byte, 1<<20)}
	}
	set.add(rows, n.now())
	if got := set.room(); got != 0 {
		t.Errorf("room for %d more", got)
	}
	key, _, _, _ := set.take()
	row, _ := set.next(key)
	set.finish(row, "")
	if set.room() <= 0 {
		t.Error("no room after one is done")
	}
	row, _ = set.next(key)
	set.hold(row, n.now())
	if set.bytes != 0 {
		t.Errorf("%d bytes are counted and not there", set.bytes)
	}
}

func TestClientOf(t *testing.T) {
	for _, tc := range []struct{ remote, want string }{
		{"203.0.113.9:1", "203.0.113.9"}, {"[2001:db8:1:2:3::4]:1", "2001:db8:1:2::/64"}, {"[::ffff:203.0.113.9]:1", "203.0.113.9"},
		{"127.0.0.1:1", "127.0.0.1"}, {"pipe", "pipe"},
	} {
		if got := clientOf(&http.Request{RemoteAddr: tc.remote}); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.remote, got, tc.want)
		}
	}
}

func countReceived(t *testing.T, n *testNode) int {
	t.Helper()
	rows, err := n.store.ReceivedSince(context.Background(), 0, n.now(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	return len(rows)
}

// TestUnreachableKey: a key that cannot be had now is no reason to lose an
// activity.
func TestUnreachableKey(t *testing.T) {
	n, p := startNode(t), startPeer(t, "mastodon")
	p.put("/users/anna", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	resp, body := n.do(p.request(n, "/inbox", "anna", p.activity("anna", "Follow", n.site.Actor(community.CityActor))))
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

// TestPassedOnNeedsAnotherSigner: only what can be read again at its origin may
// be passed on.
func TestPassedOnNeedsAnotherSigner(t *testing.T) {
	n, p, relay := startNode(t), startPeer(t, "mastodon"), startPeer(t, "mastodon")
	if got := relay.send(n, "anna", p.activity("anna", "Like", n.site.Conference("x"))); got != http.StatusForbidden {
		t.Errorf("a Like of someone else: %d", got)
	}
}

func TestDuplicates(t *testing.T) {
	n, p := startNode(t), startPeer(t, "mobilizon")
	p.put("/events/1", p.event("/events/1", "anna", "Go meetup"))
	create := p.activity("anna", "Create", p.event("/events/1", "anna", "Go meetup"), "id", p.base+"/events/1/activity")
	update := p.activity("anna", "Update", p.event("/events/1", "anna", "Rust meetup"), "id", p.base+"/events/1/activity")
	for _, tc := range []struct {
		doc  map[string]any
		want int
	}{{create, 1}, {create, 1}, {update, 2}, {update, 2}} {
		if got := p.send(n, "anna", tc.doc); got != 202 {
			t.Fatal(got)
		}
		if got := countReceived(t, n); got != tc.want {
			t.Errorf("%d kept, want %d", got, tc.want)
		}
	}
	// The very same request again is a replay; the same Follow at another time
	// may follow an Undo.
	follow := p.activity("anna", "Follow", n.site.Actor(community.CityActor), "id", p.uri("anna")+"#follow")
	body, _ := json.Marshal(follow)
	at := n.clock.now()
	for i, want := range []int{3, 3, 4} {
		r := p.request(n, "/inbox", "anna", body)
		if i == 2 {
			at = at.Add(2 * time.Second)
		}
		p.sign(r, body, "anna", signature.Cavage, at)
		if resp, text := n.do(r); resp.StatusCode != 202 {
			t.Fatal(text)
		}
		if got := countReceived(t, n); got != want {
			t.Errorf("follow %d: %d kept, want %d", i, got, want)
		}
	}
}

// TestNothingIsLost: what was answered 202 is done once, even if the program
// dies before it was done.
func TestNothingIsLost(t *testing.T) {
	n, p := startNode(t), startPeer(t, "mastodon")
	c := n.conference("Go meetup")
	ctx := context.Background()
	for i := range 20 {
		name := fmt.Sprintf("guest%d", i)
		p.actor(name, nil)
		if got := p.send(n, name, p.activity(name, "Join", n.site.Conference(c.Slug))); got != 202 {
			t.Fatal(got)
		}
	}
	// As after kill -9: no stop, no last word; the process that comes next has
	// only the files. (Closing frees the lock that a dead process does not hold.)
	address := n.web.Listener.Addr().String()
	n.web.Close()
	n.store.Close()

	again := openNode(t, n.data, address).run()
	again.settled()
	got, err := again.store.Conference(ctx, c.Slug)
	if err != nil || got.Seats.Going != 20 {
		t.Errorf("%d of 20 are going (%v)", got.Seats.Going, err)
	}
	eventually(t, "every guest is answered", func() bool { return len(p.got("Accept")) >= 20 })
	time.Sleep(50 * time.Millisecond)
	if got := len(p.got("Accept")); got != 20 {
		t.Errorf("%d answers to 20 guests", got)
	}
}

// TestWaitingForItsPredecessor: after a trouble that may pass, what the same
// actor sent later waits, and others do not.
func TestWaitingForItsPredecessor(t *testing.T) {
	n, p := startNode(t), startPeer(t, "mobilizon")
	n.backoff = func(int) time.Duration { return time.Hour }
	n.followed(p, "group", community.CityActor)
	n.run()
	var mu sync.Mutex
	down := true
	p.put("/events/1", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if down {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", activityJSON)
		json.NewEncoder(w).Encode(p.event(r.URL.Path, "anna", "Go meetup"))
	}))
	p.send(n, "group", p.activity("group", "Offer", p.base+"/events/1"))
	p.send(n, "group", p.activity("group", "Follow", n.site.Actor(community.CityActor)))
	p.send(n, "bob", p.activity("bob", "Follow", n.site.Actor(community.CityActor)))
	ctx := context.Background()
	eventually(t, "the other actor is served", func() bool { c, _ := n.store.CountFollowers(ctx, community.CityActor); return c == 1 })
	eventually(t, "the offer is put off", func() bool { return strings.Contains(n.logs.String(), "will try again") })
	time.Sleep(50 * time.Millisecond)
	if c, _ := n.store.CountFollowers(ctx, community.CityActor); c != 1 {
		t.Error("the later activity overtook")
	}
	// An object elsewhere that cannot be fetched holds up only itself.
	p.put("/events/2", p.event("/events/2", "anna", "Rust meetup"))
	p.put("/events/3", p.objects["/events/1"])
	p.send(n, "bob", p.activity("bob", "Announce", p.base+"/events/3"))
	p.send(n, "bob", p.activity("bob", "Announce", p.base+"/events/2"))
	eventually(t, "the other announcement is taken", func() bool { _, err := n.store.ConferenceByURI(ctx, p.base+"/events/2"); return err == nil })
	mu.Lock()
	down = false
	mu.Unlock()
	n.clock.forward(61 * time.Minute)
	eventually(t, "both are done", func() bool {
		c, _ := n.store.CountFollowers(ctx, community.CityActor)
		_, err := n.store.ConferenceByURI(ctx, p.base+"/events/1")
		return c == 2 && err == nil
	})
}

// TestManyAtOnce: many actors of one host, all done, each in its order.
func TestManyAtOnce(t *testing.T) {
	n, p := startNode(t).run(), startPeer(t, "mastodon")
	city := n.site.Actor(community.CityActor)
	const actors, rounds = 12, 3
	for i := range actors {
		p.actor(fmt.Sprintf("u%d", i), nil)
	}
	for range rounds {
		for i := range actors {
			name := fmt.Sprintf("u%d", i)
			follow := p.activity(name, "Follow", city)
			p.send(n, name, follow)
			p.send(n, name, p.activity(name, "Undo", follow))
		}
	}
	for i := range actors {
		name := fmt.Sprintf("u%d", i)
		p.send(n, name, p.activity(name, "Follow", city))
	}
	n.settled()
	if c, err := n.store.CountFollowers(context.Background(), community.CityActor); c != actors || err != nil {
		t.Errorf("%d followers, want %d (%v)", c, actors, err)
	}
}

func FuzzInbox(f *testing.F) {
	for _, s := range []string{
		`{"type":"Follow","actor":"https://a.example/u","id":"https://a.example/1","object":"x"}`,
		`{"type":"Announce","actor":"https://a.example/u","object":[{"type":"Create","object":{"type":"Event"}}]}`,
		`{"type":["Delete"],"actor":{"id":"https://a.example/u"},"object":{"type":"Tombstone","id":"https://a.example/1"}}`, `[]`, `{`, `null`,
	} {
		f.Add([]byte(s))
	}
	store, err := storage.Open(context.Background(), storage.Options{Data: f.TempDir()})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { store.Close() })
	s := fuzzServer(f, store)
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest("POST", "https://konfa.example/inbox", bytes.NewReader(body))
		r.Header.Set("Content-Type", activityJSON)
		w := httptest.NewRecorder()
		s.postInbox(nil)(w, r)
		// Without a signature nothing may be kept; a deletion by a stranger is
		// waved through.
		switch w.Code {
		case 400, 401, 403, 413:
		case 202:
			if !bytes.Contains(body, []byte("e")) {
				t.Errorf("202 for %q", body)
			}
		default:
			t.Errorf("%d for %q", w.Code, body)
		}
		if rows, err := store.ReceivedSince(context.Background(), 0, time.Now().Add(time.Hour), 1); err != nil || len(rows) > 0 {
			t.Fatalf("an unsigned activity was kept: %q %v", body, err)
		}
		// The handlers behind the gate get the same bytes.
		row := &storage.Received{URI: "https://a.example/1", Actor: "https://a.example/u", Host: "a.example", Body: body}
		if out, err := s.dispatchSafely(context.Background(), s.inbound.read(row)); err != nil && strings.Contains(err.Error(), "stumble") {
			t.Fatalf("panic: %v %q", err, out)
		}
	})
}
