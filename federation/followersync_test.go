package federation

import (
	"context"
	"net/http"
	"testing"
	"time"

	"konfa/community"
	"konfa/federation/signature"
	"konfa/storage"
)

// The example of FEP-8fcf.
func TestDigestOfFollowers(t *testing.T) {
	got := digestOfFollowers([]string{"https://testing.example.org/users/1", "https://testing.example.org/users/2"})
	if want := "c33f48cd341ef046a206b8a72ec97af65079f9a3a9b90eef79c5920dce45c61f"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// twoFollowing are two cities, of which a follows b, acquainted with each other.
func twoFollowing(t *testing.T) (a, b *testNode, bAtA *community.Actor) {
	t.Helper()
	ctx := context.Background()
	a, b = startNode(t).run(), startNode(t).run()
	if _, err := a.Follow(ctx, console, community.CityActor, b.site.Actor(community.CityActor)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the follow is accepted", func() bool { return a.followState(b) == community.Accepted })
	b.conference("First")
	b.idle()
	bAtA, err := a.store.Actor(ctx, b.site.Actor(community.CityActor))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []*testNode{a, b} {
		n.clock.forward(2 * time.Hour) // follows are settled, digests counted anew
	}
	return a, b, bAtA
}

// followState is how a's city stands with b's.
func (n *testNode) followState(b *testNode) community.FollowState {
	ctx := context.Background()
	to, err := n.store.Actor(ctx, b.site.Actor(community.CityActor))
	if err != nil {
		return ""
	}
	f, err := n.store.Followed(ctx, community.CityActor, to.ID)
	if err != nil {
		return ""
	}
	return f.State
}

func (n *testNode) write(f func(ctx context.Context, tx *storage.Tx) error) {
	n.t.Helper()
	ctx := context.Background()
	if err := n.store.Write(ctx, func(tx *storage.Tx) error { return f(ctx, tx) }); err != nil {
		n.t.Fatal(err)
	}
}

// TestLostFollower: b lost that a follows it, as after a restored backup, but
// still has a follower of the same server, by whom the next activity comes.
func TestLostFollower(t *testing.T) {
	a, b, bAtA := twoFollowing(t)
	ctx := context.Background()
	if _, err := a.Follow(ctx, console, community.NodeActor, b.site.Actor(community.CityActor)); err != nil {
		t.Fatal(err)
	}
	count := func() int {
		c, err := b.store.CountFollowers(ctx, community.CityActor)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	eventually(t, "both follow", func() bool { return count() == 2 })
	b.write(func(ctx context.Context, tx *storage.Tx) error {
		city, err := tx.Actor(ctx, a.site.Actor(community.CityActor))
		if err != nil {
			return err
		}
		return tx.DeleteFollower(ctx, community.CityActor, city.ID)
	})
	a.clock.forward(2 * time.Hour)
	b.clock.forward(2 * time.Hour)
	b.conference("Second")
	eventually(t, "a asked again and is a follower", func() bool { return count() == 2 && a.followState(b) == community.Accepted })
	if f, err := a.store.Followed(ctx, community.CityActor, bAtA.ID); err != nil || f.State != community.Accepted {
		t.Errorf("%+v, %v", f, err)
	}
}

// TestFollowerWhoIsNone: b counts on a follower that a has long dropped.
func TestFollowerWhoIsNone(t *testing.T) {
	a, b, bAtA := twoFollowing(t)
	a.write(func(ctx context.Context, tx *storage.Tx) error {
		return tx.DeleteFollowed(ctx, community.CityActor, bAtA.ID)
	})
	b.conference("Second")
	eventually(t, "b drops it", func() bool {
		c, err := b.store.CountFollowers(context.Background(), community.CityActor)
		return err == nil && c == 0
	})
}

// TestAcceptThatWasLost: b accepted, a never heard of it.
func TestAcceptThatWasLost(t *testing.T) {
	a, b, bAtA := twoFollowing(t)
	a.write(func(ctx context.Context, tx *storage.Tx) error {
		f, err := tx.Followed(ctx, community.CityActor, bAtA.ID)
		if err != nil {
			return err
		}
		f.State = community.Asked
		return tx.SaveFollowed(ctx, f)
	})
	b.conference("Second")
	eventually(t, "the follow counts as accepted", func() bool { return a.followState(b) == community.Accepted })
}

// TestFollowersSyncAddress: only a server that proves who it is reads its own
// followers, and nobody else's.
func TestFollowersSyncAddress(t *testing.T) {
	n, p, q := startNode(t).run(), startPeer(t, "mastodon"), startPeer(t, "mastodon")
	n.follower(p, "anna", community.CityActor)
	n.follower(q, "anna", community.CityActor)
	address := n.site.FollowersSync(community.CityActor)
	if r, _ := n.get("/city/followers_synchronization"); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("unsigned: %d", r.StatusCode)
	}
	r, err := http.NewRequest("GET", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	p.sign(r, nil, "anna", signature.Cavage, n.clock.now())
	resp, body := n.do(r)
	if resp.StatusCode != http.StatusOK || !contains(body, p.uri("anna"), `"totalItems":1`) || contains(body, q.host()) || resp.Header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("%d %v %s", resp.StatusCode, resp.Header, body)
	}
}

// TestSyncHeader: it goes to those who read it, with the digest of their own
// followers, covered by the signature.
func TestSyncHeader(t *testing.T) {
	n, p, gts := startNode(t).run(), startPeer(t, "mastodon"), startPeer(t, "gotosocial")
	n.follower(p, "anna", community.CityActor)
	n.follower(gts, "anna", community.CityActor)
	n.conference("Go meetup")
	eventually(t, "it is sent", func() bool { return len(p.got("Create")) == 1 && len(gts.got("Create")) == 1 })
	in := p.inbox()[0]
	said, ok := readSync(in.Header.Get(signature.SyncHeader))
	if !ok || said.collection != n.site.Followers(community.CityActor) || said.url != n.site.FollowersSync(community.CityActor) || said.digest != digestOfFollowers([]string{p.uri("anna")}) {
		t.Errorf("%q", in.Header.Get(signature.SyncHeader))
	}
	if v, err := p.verify(n, in); err != nil || !v.Synchronized {
		t.Errorf("%+v, %v", v, err)
	}
	if h := gts.inbox()[0].Header.Get(signature.SyncHeader); h != "" {
		t.Errorf("GoToSocial got %q", h)
	}
}

// TestSyncOfSomeoneElse: a header that is not signed, of another collection, or
// that sends us to a third server, does nothing.
func TestSyncOfSomeoneElse(t *testing.T) {
	n, p, third := startNode(t).run(), startPeer(t, "mastodon"), startPeer(t, "mastodon")
	n.followed(p, "anna", community.CityActor)
	n.clock.forward(2 * time.Hour)
	other := digestOfFollowers([]string{"https://x.example/"})
	for name, header := range map[string]string{
		"third server": `collectionId="` + p.uri("anna") + `/followers",url="` + third.base + `/sync",digest="` + other + `"`,
		"collection":   `collectionId="` + p.uri("boris") + `/followers",url="` + p.base + `/sync",digest="` + other + `"`,
		"digest":       `collectionId="` + p.uri("anna") + `/followers",url="` + p.base + `/sync",digest="zz"`,
		"no list":      `collectionId`,
	} {
		t.Run(name, func(t *testing.T) {
			r := p.request(n, "/inbox", "anna", p.activity("anna", "Like", n.site.Base+"/conf/x"))
			r.Header.Set(signature.SyncHeader, header)
			body, err := r.GetBody()
			if err != nil {
				t.Fatal(err)
			}
			raw := make([]byte, r.ContentLength)
			if _, err := body.Read(raw); err != nil {
				t.Fatal(err)
			}
			p.sign(r, raw, "anna", signature.Cavage, n.clock.now())
			if resp, _ := n.do(r); resp.StatusCode != http.StatusAccepted {
				t.Fatal(resp.StatusCode)
			}
		})
	}
	r := p.request(n, "/inbox", "anna", p.activity("anna", "Like", n.site.Base+"/conf/x"))
	r.Header.Set(signature.SyncHeader, `collectionId="`+p.uri("anna")+`/followers",url="`+p.base+`/sync",digest="`+other+`"`) // after signing
	n.do(r)
	if len(n.syncs.asks) != 0 || len(n.syncs.looked) != 0 || third.fetched("/sync") != 0 || p.fetched("/sync") != 0 {
		t.Error("a header that means nothing was acted on")
	}
}

func FuzzReadSync(f *testing.F) {
	f.Add(`collectionId="https://a.example/f",url="https://a.example/s",digest="c33f48cd341ef046a206b8a72ec97af65079f9a3a9b90eef79c5920dce45c61f"`)
	f.Add(`collectionId="",url="",digest=""`)
	f.Add(`digest=a, digest=b`)
	f.Fuzz(func(t *testing.T, value string) {
		said, ok := readSync(value)
		if ok && (len(said.digest) != 64 || said.url == "" || said.collection == "" || len(value) > maxSyncHeader) {
			t.Errorf("%q was taken as %+v", value, said)
		}
	})
}
