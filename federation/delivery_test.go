package federation

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"konfa/community"
	"konfa/federation/signature"
	"konfa/node"
	"konfa/storage"
)

// waiting counts the deliveries that are not done.
func (n *testNode) waiting(p *fakePeer) int {
	n.t.Helper()
	due, err := n.store.Peer(context.Background(), p.host())
	if err != nil {
		return -1
	}
	return due.Waiting
}

func (n *testNode) update(slug, title string) {
	n.t.Helper()
	_, err := n.node.UpdateConference(context.Background(), console, slug, func(c *community.Conference) error {
		c.Title = community.Plain("en", title)
		return nil
	})
	if err != nil {
		n.t.Fatal(err)
	}
}

func TestDeliveryToFollowers(t *testing.T) {
	n, p := startNode(t).run(), startPeer(t, "mastodon")
	for _, name := range []string{"anna", "bob"} {
		n.follower(p, name, community.CityActor)
	}
	begin := time.Now()
	n.conference("Go meetup")
	eventually(t, "it arrives", func() bool { return len(p.inbox()) > 0 })
	if d := time.Since(begin); d > time.Second {
		t.Errorf("it took %v", d)
	}
	time.Sleep(50 * time.Millisecond)
	in := p.inbox()
	if len(in) != 1 || in[0].Path != "/inbox" {
		t.Fatalf("%d deliveries for two followers behind one shared inbox, the first to %s", len(in), in[0].Path)
	}
	if ct := in[0].Header.Get("Content-Type"); ct != activityJSON {
		t.Errorf("content type %q", ct)
	}
	v, err := p.verify(n, in[0])
	if err != nil || v.Scheme != signature.Cavage || v.KeyID != n.site.Key(community.CityActor) {
		t.Errorf("%+v %v", v, err)
	}
	if in[0].Header.Get("Signature-Input") != "" {
		t.Error("both signatures at once: Mastodon would look at the one only")
	}
	if s := in[0].Header.Get("Signature"); !strings.Contains(s, `algorithm="rsa-sha256"`) || strings.Contains(s, `", `) {
		t.Errorf("Signature: %s", s)
	}
	eventually(t, "nothing waits", func() bool { return n.waiting(p) == 0 })
}

// TestWordPressGetsOneAtATime: of two requests at once WordPress forgets what
// one of them was to cause.
func TestWordPressGetsOneAtATime(t *testing.T) {
	n := startNode(t)
	p := startPeer(t, "wordpress")
	var now, most, all atomic.Int32
	p.answers(func(w http.ResponseWriter, r *http.Request, in post) {
		if i := now.Add(1); i > most.Load() {
			most.Store(i)
		}
		time.Sleep(20 * time.Millisecond) // long enough for a second one to come
		now.Add(-1)
		all.Add(1)
		w.WriteHeader(http.StatusAccepted)
	})
	for _, name := range []string{"anna", "bob", "group"} {
		n.follower(p, name, community.CityActor)
	}
	for i := range 3 {
		n.conference("Meetup " + itoa(i))
	}
	n.run()
	eventually(t, "all is delivered", func() bool { return all.Load() == 9 && n.waiting(p) == 0 })
	if most.Load() != 1 {
		t.Errorf("%d at once", most.Load())
	}
}

// TestHubzillaHearsByAnnouncement: it would file a created event under the id of
// the Create.
func TestHubzillaHearsByAnnouncement(t *testing.T) {
	n := startNode(t).run()
	hub, other := startPeer(t, "hubzilla"), startPeer(t, "frobnicator")
	n.follower(hub, "anna", community.CityActor)
	n.follower(other, "anna", community.CityActor)
	c := n.conference("Go meetup")
	n.update(c.Slug, "Go meetup 2")
	eventually(t, "both know", func() bool {
		return len(hub.got("Update")) == 1 && len(other.got("Update")) == 1 && n.waiting(hub) == 0 && n.waiting(other) == 0
	})
	if got := hub.got("Announce"); len(got) != 1 || got[0]["object"] != n.site.Conference(c.Slug) || got[0]["actor"] != n.site.Actor(community.CityActor) || len(hub.got("Create")) != 0 {
		t.Errorf("Hubzilla got %v and %v", got, hub.got("Create"))
	}
	if first := hub.inbox()[0].activity(); first["type"] != "Announce" {
		t.Errorf("the first to come is %v", first["type"])
	}
	if len(other.got("Announce")) != 0 || len(other.got("Create")) != 1 {
		t.Errorf("another one got %v and %v", other.got("Announce"), other.got("Create"))
	}
}

// TestProfiles: what a software cannot take is not sent, and WordPress gets it
// at each actor's own inbox.
func TestProfiles(t *testing.T) {
	n := startNode(t).run()
	gancio, mobilizon, wordpress, unknown := startPeer(t, "gancio"), startPeer(t, "mobilizon"), startPeer(t, "wordpress"), startPeer(t, "frobnicator")
	for _, p := range []*fakePeer{gancio, mobilizon, wordpress, unknown} {
		n.follower(p, "anna", community.NodeActor)
		n.follower(p, "bob", community.NodeActor)
	}
	c := n.conference("Go meetup")
	eventually(t, "everyone has it", func() bool {
		return len(gancio.got("Create")) == 1 && len(mobilizon.got("Announce")) == 1 && len(mobilizon.got("Create")) == 1 &&
			len(wordpress.got("Create")) == 2 && len(unknown.got("Announce")) == 1
	})
	paths := map[string]bool{}
	for _, in := range wordpress.inbox() {
		paths[in.Path] = true
	}
	if !paths["/users/anna/inbox"] || !paths["/users/bob/inbox"] || paths["/inbox"] {
		t.Errorf("WordPress got it at %v", paths)
	}
	if err := n.node.DeleteConference(context.Background(), console, c.Slug); err != nil {
		t.Fatal(err)
	}
	eventually(t, "everyone knows", func() bool { return len(gancio.got("Delete")) == 1 && len(unknown.got("Delete")) == 1 })
	if got := len(gancio.got("Announce")); got != 0 {
		t.Errorf("Gancio got %d announcements", got)
	}
}

func TestProfileTable(t *testing.T) {
	for _, tc := range []struct {
		software, activity, object string
		sent                       bool
	}{
		{"gancio", "Create", "Event", true}, {"gancio", "Update", "Event", true}, {"gancio", "Delete", "Event", true},
		{"gancio", "Follow", "", true}, {"gancio", "Accept", "Follow", true}, {"gancio", "Undo", "Follow", true}, {"gancio", "Like", "Event", true},
		{"gancio", "Create", "Note", false}, {"gancio", "Create", "Article", false}, {"gancio", "Announce", "Event", false},
		{"gancio", "Update", "Group", false}, {"gancio", "Update", "Application", false}, {"gancio", "Join", "Event", false}, {"gancio", "Delete", "Note", false},
		{"gancio", "Undo", "Join", false}, {"gancio", "Flag", "", false},
		{"mobilizon", "Announce", "Event", true}, {"mobilizon", "Join", "Event", true}, {"mobilizon", "Create", "Note", true}, {"mobilizon", "Update", "Group", true},
		{"mobilizon", "TentativeAccept", "Join", false}, {"mobilizon", "Like", "Event", false},
		{"wordpress", "Create", "Event", true}, {"wordpress", "Accept", "Follow", true}, {"wordpress", "Announce", "Event", false},
		{"mastodon", "Create", "Event", true}, {"mastodon", "Announce", "Event", true}, {"mastodon", "Update", "Event", true}, {"mastodon", "Accept", "Join", true},
		{"lemmy", "Create", "Event", false}, {"lemmy", "Announce", "Create", true}, {"lemmy", "Accept", "Follow", true}, {"piefed", "Delete", "Event", false},
		{"pixelfed", "Create", "Event", false}, {"pixelfed", "Create", "Note", true},
		{"konfa", "Offer", "Event", true}, {"konfa", "TentativeAccept", "Join", true}, {"", "Announce", "Event", true}, {"frobnicator", "Offer", "Event", true},
	} {
		if why := refuses(tc.software, community.Standard, tc.activity, tc.object); (why == "") != tc.sent {
			t.Errorf("%s of %s to %q: sent %v (%s)", tc.activity, tc.object, tc.software, why == "", why)
		}
	}
	for _, row := range append(slices.Clone(unsent), sentAnyway...) {
		if row.why == "" || row.software == "" {
			t.Errorf("%+v has no reason", row)
		}
	}
}

// TestSchemes: RFC 9421 after a 401, once, and remembered; Ed25519 among konfa.
func TestSchemes(t *testing.T) {
	n, modern, old, konfa := startNode(t).run(), startPeer(t, "mitra"), startPeer(t, "konfa"), startPeer(t, "konfa")
	type seen struct {
		scheme signature.Scheme
		keyID  string
	}
	watch := func(p *fakePeer, takes signature.Scheme) func() []seen {
		var mu sync.Mutex
		var list []seen
		p.answers(func(w http.ResponseWriter, r *http.Request, in post) {
			v, err := p.verify(n, in)
			if err != nil {
				t.Errorf("%v", err)
			}
			mu.Lock()
			list = append(list, seen{v.Scheme, v.KeyID})
			mu.Unlock()
			if takes != "" && v.Scheme != takes {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.WriteHeader(http.StatusAccepted)
		})
		return func() []seen { mu.Lock(); defer mu.Unlock(); return slices.Clone(list) }
	}
	m, o, k := watch(modern, signature.RFC9421), watch(old, signature.Cavage), watch(konfa, "")
	for _, p := range []*fakePeer{modern, old, konfa} {
		n.follower(p, "anna", community.CityActor)
	}
	c := n.conference("Go meetup")
	eventually(t, "all have it", func() bool {
		return n.waiting(modern) == 0 && n.waiting(old) == 0 && n.waiting(konfa) == 0 && len(k()) == 1
	})
	n.update(c.Slug, "Rust meetup")
	eventually(t, "all have it again", func() bool { return len(m()) == 3 && len(o()) == 3 && len(k()) == 2 })
	rsa, ed := n.site.Key(community.CityActor), n.site.EdKey(community.CityActor)
	check := func(name string, got []seen, want ...seen) {
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	check("takes RFC 9421 only", m(), seen{signature.Cavage, rsa}, seen{signature.RFC9421, rsa}, seen{signature.RFC9421, rsa})
	check("konfa that takes cavage only", o(), seen{signature.RFC9421, ed}, seen{signature.Cavage, rsa}, seen{signature.Cavage, rsa})
	check("konfa", k(), seen{signature.RFC9421, ed}, seen{signature.RFC9421, ed})
}

// TestAnswers: what becomes of a delivery by the answer to it.
func TestAnswers(t *testing.T) {
	n := startNode(t).run()
	for _, tc := range []struct {
		status  int
		dropped bool
	}{
		{200, true}, {202, true}, {400, true}, {403, true}, {404, true}, {405, true}, {406, true}, {410, true}, {422, true}, {501, true},
		{401, false}, {408, false}, {425, false}, {429, false}, {500, false}, {502, false}, {503, false}, {504, false}, {301, false},
	} {
		p := startPeer(t, "mastodon")
		n.follower(p, "anna", community.CityActor)
		var asked atomic.Int32
		p.answers(func(w http.ResponseWriter, r *http.Request, in post) {
			asked.Add(1)
			if tc.status == 301 {
				w.Header().Set("Location", "/elsewhere")
			}
			w.WriteHeader(tc.status)
		})
		n.conference(fmt.Sprintf("Meetup %d", tc.status))
		eventually(t, "it was tried", func() bool { return asked.Load() > 0 })
		if tc.dropped {
			eventually(t, fmt.Sprintf("%d ends it", tc.status), func() bool { return n.waiting(p) == 0 })
		} else {
			eventually(t, fmt.Sprintf("%d puts it off", tc.status), func() bool {
				peer, err := n.store.Peer(context.Background(), p.host())
				return err == nil && peer.Failures > 0 && peer.Waiting == 1 && peer.LastError != ""
			})
		}
		if c, err := n.store.CountFollowers(context.Background(), community.CityActor); err != nil || (c == 0) != (tc.status == 410) {
			t.Errorf("%d: %d followers left (%v)", tc.status, c, err)
		}
		if a, err := n.store.Actor(context.Background(), p.uri("anna")); err == nil {
			n.store.Write(context.Background(), func(tx *storage.Tx) error { return tx.DeleteFollower(context.Background(), community.CityActor, a.ID) })
		}
	}
}

// hangUp answers as if nobody was there.
func hangUp(w http.ResponseWriter, _ *http.Request, _ post) {
	if c, _, err := w.(http.Hijacker).Hijack(); err == nil {
		c.Close()
	}
}

// TestDeadHost: one request finds out whether a host is back; then everything
// that waited comes, in its order.
func TestDeadHost(t *testing.T) {
	n, dead, well := startNode(t).run(), startPeer(t, "mastodon"), startPeer(t, "mastodon")
	n.follower(dead, "anna", community.CityActor)
	n.follower(well, "anna", community.CityActor)
	var down atomic.Bool
	var tries atomic.Int32
	down.Store(true)
	var mu sync.Mutex
	var titles []string
	dead.answers(func(w http.ResponseWriter, r *http.Request, in post) {
		if down.Load() {
			tries.Add(1)
			hangUp(w, r, in)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if o, ok := in.activity()["object"].(map[string]any); ok {
			titles = append(titles, o["name"].(string))
		}
		w.WriteHeader(202)
	})
	c := n.conference("Title 0")
	for i := range 8 {
		n.update(c.Slug, fmt.Sprintf("Title %d", i+1))
	}
	eventually(t, "the others have it all", func() bool { return len(well.inbox()) == 9 })
	eventually(t, "it was tried", func() bool { return tries.Load() > 0 })
	time.Sleep(100 * time.Millisecond)
	first := tries.Load()
	if first > 1 {
		t.Errorf("tried %d times at first; they are of one order", first)
	}
	// Hours of being away cost a request now and then.
	for range 40 {
		n.clock.forward(10 * time.Minute)
		poke(n.laneWake)
		time.Sleep(15 * time.Millisecond)
	}
	if got := tries.Load(); got < 3 || got > 14 {
		t.Errorf("%d requests in 400 minutes", got)
	}
	if got := n.waiting(dead); got != 9 {
		t.Errorf("%d wait", got)
	}
	down.Store(false)
	n.clock.forward(13 * time.Hour)
	poke(n.laneWake)
	eventually(t, "all arrive", func() bool { return n.waiting(dead) == 0 })
	mu.Lock()
	defer mu.Unlock()
	for i, got := range titles {
		if got != fmt.Sprintf("Title %d", i) {
			t.Fatalf("out of order: %v", titles)
		}
	}
	if len(titles) != 9 {
		t.Errorf("%d of 9 arrived", len(titles))
	}
}

// TestAwake: a host that sends something is up, and need not wait for the end of
// its pause.
func TestAwake(t *testing.T) {
	n, p := startNode(t), startPeer(t, "mastodon")
	n.follower(p, "anna", community.CityActor)
	p.answers(hangUp)
	n.run()
	n.conference("Go meetup")
	ctx := context.Background()
	eventually(t, "it is away", func() bool { peer, err := n.store.Peer(ctx, p.host()); return err == nil && peer.Failures > 0 })
	err := n.store.Write(ctx, func(tx *storage.Tx) error { return tx.PeerFailed(ctx, p.host(), "away", tx.Now().Add(6*time.Hour)) })
	if err != nil {
		t.Fatal(err)
	}
	n.clock.forward(3 * time.Hour) // past the delivery's own wait, not the host's
	p.answers(nil)
	time.Sleep(100 * time.Millisecond)
	if got := len(p.inbox()); got != 0 {
		t.Fatalf("%d arrived during the pause", got)
	}
	if got := p.send(n, "bob", p.activity("bob", "Like", n.site.Conference("go-meetup"))); got != 202 {
		t.Fatal(got)
	}
	eventually(t, "it arrives", func() bool { return len(p.got("Create")) == 1 })
}

// TestGivingUp: after seven days, and not before.
func TestGivingUp(t *testing.T) {
	n, p := startNode(t).run(), startPeer(t, "mastodon")
	n.follower(p, "anna", community.CityActor)
	var tries atomic.Int32
	p.answers(func(w http.ResponseWriter, r *http.Request, in post) { tries.Add(1); w.WriteHeader(503) })
	n.conference("Go meetup")
	eventually(t, "it was tried", func() bool { return tries.Load() > 0 })
	for range 13 {
		n.clock.forward(12*time.Hour + time.Minute)
		poke(n.laneWake)
		time.Sleep(15 * time.Millisecond)
	}
	if got := n.waiting(p); got != 1 {
		t.Errorf("%d wait after six and a half days", got)
	}
	n.clock.forward(25 * time.Hour)
	eventually(t, "it is given up", func() bool {
		// A try that was under way may have put it off by half a day once more.
		n.clock.forward(time.Hour)
		poke(n.laneWake)
		return n.waiting(p) == 0
	})
	if !strings.Contains(n.logs.String(), "seven days") {
		t.Error("nobody was told")
	}
}

// TestOrder: what belongs together arrives in order even if some of it fails at
// first; the rest does not wait for it. An update that fails three times may be
// left out for the next one.
func TestOrder(t *testing.T) {
	n, p := startNode(t), startPeer(t, "mastodon")
	n.backoff = func(int) time.Duration { return 30 * time.Millisecond }
	n.run()
	n.follower(p, "anna", community.CityActor)
	var mu sync.Mutex
	var calls int
	arrived := map[string][]string{}
	p.answers(func(w http.ResponseWriter, r *http.Request, in post) {
		mu.Lock()
		defer mu.Unlock()
		calls++
		if calls%3 == 1 {
			w.WriteHeader(500)
			return
		}
		o := in.activity()["object"].(map[string]any)
		id := o["id"].(string)
		arrived[id] = append(arrived[id], o["name"].(string))
		w.WriteHeader(202)
	})
	var slugs []string
	for i := range 4 {
		slugs = append(slugs, n.conference(fmt.Sprintf("Meetup %d 0", i)).Slug)
	}
	for round := range 5 {
		for i, slug := range slugs {
			n.update(slug, fmt.Sprintf("Meetup %d %d", i, round+1))
		}
	}
	eventually(t, "all arrive", func() bool {
		mu.Lock()
		defer mu.Unlock()
		for i, slug := range slugs {
			if !slices.Contains(arrived[n.site.Conference(slug)], fmt.Sprintf("Meetup %d 5", i)) {
				return false
			}
		}
		return n.waiting(p) == 0
	})
	mu.Lock()
	defer mu.Unlock()
	for i, slug := range slugs {
		got := arrived[n.site.Conference(slug)]
		if len(got) < 2 || got[0] != fmt.Sprintf("Meetup %d 0", i) || got[len(got)-1] != fmt.Sprintf("Meetup %d 5", i) {
			t.Errorf("meetup %d: %v", i, got)
		}
		if !slices.IsSorted(got) {
			t.Errorf("meetup %d out of order: %v", i, got)
		}
	}
}

// TestRetryAfter: a host that says when gets its pause, all of it and no more.
func TestRetryAfter(t *testing.T) {
	n, p := startNode(t).run(), startPeer(t, "mastodon")
	n.follower(p, "anna", community.CityActor)
	var tries atomic.Int32
	p.answers(func(w http.ResponseWriter, r *http.Request, in post) {
		if tries.Add(1) == 1 {
			w.Header().Set("Retry-After", "1800")
			w.WriteHeader(429)
			return
		}
		w.WriteHeader(202)
	})
	n.conference("Go meetup")
	n.conference("Rust meetup")
	eventually(t, "the pause is noted", func() bool {
		peer, err := n.store.Peer(context.Background(), p.host())
		return err == nil && !peer.NextTry.IsZero()
	})
	before := tries.Load()
	n.clock.forward(29 * time.Minute)
	poke(n.laneWake)
	time.Sleep(100 * time.Millisecond)
	if got := tries.Load(); got != before {
		t.Errorf("%d requests during the pause", got-before)
	}
	n.clock.forward(time.Minute + time.Second)
	poke(n.laneWake)
	eventually(t, "both arrive", func() bool { return n.waiting(p) == 0 })
}

// TestFailingLeaveRoom: however many hosts failed, half of the requests at once
// are for the others.
func TestFailingLeaveRoom(t *testing.T) {
	var l laneSet
	l.init(8)
	var due []storage.Lane
	for i := range 100 {
		due = append(due, storage.Lane{Host: fmt.Sprintf("dead%d.example", i), Due: 1, Failures: 3})
	}
	if got := len(l.offer(append(due, storage.Lane{Host: "well.example", Due: 1}))); got != 4+1 {
		t.Errorf("%d begin", got)
	}
}

// TestSlowHosts: hosts that never answer hold up nobody, and stopping does not
// wait for them.
func TestSlowHosts(t *testing.T) {
	n := startNode(t, func(o *Options) { o.Workers = 8 }).run()
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	for range 6 {
		p := startPeer(t, "mastodon")
		p.answers(func(w http.ResponseWriter, r *http.Request, in post) {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		})
		n.follower(p, "anna", community.CityActor)
	}
	well := startPeer(t, "mastodon")
	n.follower(well, "anna", community.CityActor)
	c := n.conference("Go meetup")
	begin := time.Now()
	eventually(t, "the others have it", func() bool { return len(well.inbox()) == 1 })
	if d := time.Since(begin); d > 1500*time.Millisecond {
		t.Errorf("the slow ones held it up by %v", d)
	}
	eventually(t, "the slow ones are known", func() bool {
		peers, err := n.store.Peers(context.Background())
		failing := 0
		for i := range peers {
			if peers[i].Failures > 0 {
				failing++
			}
		}
		return err == nil && failing == 6
	})
	begin = time.Now()
	n.update(c.Slug, "Rust meetup")
	eventually(t, "the update too", func() bool { return len(well.inbox()) == 2 })
	if d := time.Since(begin); d > time.Second {
		t.Errorf("then by %v", d)
	}
	begin = time.Now()
	n.halt()
	if d := time.Since(begin); d > 5*time.Second {
		t.Errorf("stopping took %v", d)
	}
}

// TestPoison: one activity that a host never answers to does not keep the others
// from it for ever.
func TestPoison(t *testing.T) {
	n, p := startNode(t, func(o *Options) { o.Fetch.Timeout = 300 * time.Millisecond }).run(), startPeer(t, "mastodon")
	n.follower(p, "anna", community.CityActor)
	var mu sync.Mutex
	got := map[string]int{}
	p.answers(func(w http.ResponseWriter, r *http.Request, in post) {
		name := in.activity()["object"].(map[string]any)["name"].(string)
		if name == "Poison" {
			<-r.Context().Done()
			return
		}
		mu.Lock()
		got[name]++
		mu.Unlock()
		w.WriteHeader(202)
	})
	n.conference("Poison")
	for i := range 10 {
		n.conference(fmt.Sprintf("Meetup %d", i))
	}
	for range 90 {
		n.clock.forward(40 * time.Second)
		poke(n.laneWake)
		time.Sleep(50 * time.Millisecond)
		mu.Lock()
		all := len(got) == 10
		mu.Unlock()
		if all {
			return
		}
	}
	t.Errorf("after an hour: %v", got)
}

// TestRestart: what was published before a crash is sent after it, once.
func TestRestart(t *testing.T) {
	n, p := startNode(t), startPeer(t, "mastodon")
	n.follower(p, "anna", community.CityActor)
	c := n.conference("Go meetup")
	n.update(c.Slug, "Rust meetup")
	if _, err := n.fanoutRound(context.Background()); err != nil { // one is expanded, then the lights go out
		t.Fatal(err)
	}
	n.conference("Zig meetup")
	address := n.web.Listener.Addr().String()
	n.web.Close()
	n.store.Close()
	again := openNode(t, n.data, address).run()
	eventually(t, "all arrive", func() bool { return len(p.inbox()) == 3 && again.waiting(p) == 0 })
	time.Sleep(50 * time.Millisecond)
	if got := len(p.inbox()); got != 3 {
		t.Errorf("%d deliveries", got)
	}
}

// TestSameData: what another process publishes on the same data is sent as soon
// as it is there.
func TestSameData(t *testing.T) {
	n, p := startNode(t), startPeer(t, "mastodon")
	n.poll = time.Hour // nothing but the signal between processes
	n.run()
	n.follower(p, "anna", community.CityActor)
	store, err := storage.Open(context.Background(), storage.Options{Data: n.data})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	other := node.New(store, n.site, node.Options{})
	c := &community.Conference{
		Title: community.Plain("en", "Go meetup"), Zone: "Europe/Belgrade", Start: time.Now().Add(time.Hour),
		RSVP: community.RSVPWords, // a poll would be a Create too
	}
	if _, err := other.AddConference(context.Background(), console, c, node.Publish{}); err != nil {
		t.Fatal(err)
	}
	// Long before the next look at an hour's end.
	eventually(t, "it arrives", func() bool { return len(p.got("Create")) == 1 })
}

func TestBackoff(t *testing.T) {
	for attempt := range 100 {
		d := backoff(attempt)
		if d < backoffMin*8/10 || d > backoffMax {
			t.Errorf("attempt %d: %v", attempt, d)
		}
		if attempt > 0 && attempt < 9 && d < backoffMin<<attempt*7/10 {
			t.Errorf("attempt %d: only %v", attempt, d)
		}
	}
	now := time.Now()
	for _, tc := range []struct{ away, min, max time.Duration }{
		{0, 4 * time.Second, 5 * time.Second}, {time.Hour, 45 * time.Minute, time.Hour}, {100 * time.Hour, 9 * time.Hour, 12 * time.Hour},
	} {
		if d := hostPause(now.Add(-tc.away), now); d < tc.min || d > tc.max {
			t.Errorf("away for %v: pause of %v", tc.away, d)
		}
	}
	if d := hostPause(time.Time{}, now); d < 4*time.Second || d > 5*time.Second {
		t.Errorf("just fallen: %v", d)
	}
}
