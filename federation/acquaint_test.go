package federation

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

func (p *fakePeer) allFetches() (n int, paths []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for path, c := range p.fetches {
		n += c
		paths = append(paths, path)
	}
	return n, paths
}

// TestFollowOfANewServer: a follow costs the follower's server two requests at
// most; its software is asked for before the first publication, once.
func TestFollowOfANewServer(t *testing.T) {
	for _, tc := range []struct {
		software, inbox string // where a published event arrives; "" for nowhere
	}{
		{"mastodon", "/inbox"}, {"pixelfed", ""}, {"wordpress", "/users/anna/inbox"},
	} {
		t.Run(tc.software, func(t *testing.T) {
			n, p := startNode(t).run(), startPeer(t, tc.software)
			p.deliver(n, "anna", p.activity("anna", "Follow", n.site.Actor(community.CityActor)))
			eventually(t, "the follow is accepted", func() bool { return len(p.got("Accept")) == 1 })
			time.Sleep(50 * time.Millisecond)
			if c, paths := p.allFetches(); c > 2 || p.fetched("/.well-known/nodeinfo") > 0 {
				t.Errorf("%d fetches: %v", c, paths)
			}
			n.conference("Go meetup")
			n.conference("Rust meetup")
			eventually(t, "everything is sent", func() bool {
				f, err := n.store.Fanouts(context.Background(), 1)
				next, err2 := n.store.NextDue(context.Background())
				return err == nil && err2 == nil && len(f) == 0 && next.IsZero()
			})
			got := map[string]int{}
			for _, in := range p.inbox() {
				if in.activity()["type"] == "Create" {
					got[in.Path]++
				}
			}
			if want := 2; tc.inbox != "" && got[tc.inbox] != want || len(got) > 1 || tc.inbox == "" && len(got) > 0 {
				t.Errorf("events came to %v", got)
			}
			if a, b := p.fetched("/.well-known/nodeinfo"), p.fetched("/nodeinfo/2.0"); a != 1 || b != 1 {
				t.Errorf("NodeInfo was asked for %d and %d times", a, b)
			}
		})
	}
}

// TestNodeInfoThatNeverComes delays nobody else, and its own host only once.
func TestNodeInfoThatNeverComes(t *testing.T) {
	n, slow, quick := startNode(t).run(), startPeer(t, "mastodon"), startPeer(t, "mastodon")
	stop := make(chan struct{})
	defer close(stop)
	slow.put("/.well-known/nodeinfo", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	}))
	for _, p := range []*fakePeer{slow, quick} {
		p.deliver(n, "anna", p.activity("anna", "Follow", n.site.Actor(community.CityActor)))
		eventually(t, "the follow is accepted", func() bool { return len(p.got("Accept")) == 1 })
	}
	begun := time.Now()
	n.conference("Go meetup")
	eventually(t, "the quick one has it", func() bool { return len(quick.got("Create")) == 1 })
	if took := time.Since(begun); took > time.Second {
		t.Errorf("it took %v", took)
	}
	eventually(t, "the slow one has it", func() bool { return len(slow.got("Create")) == 1 })
	if got := slow.fetched("/.well-known/nodeinfo"); got != 1 {
		t.Errorf("asked %d times", got)
	}
}

// TestBlockedIsTold: a blocked server hears that the follow is over, and nothing
// else.
func TestBlockedIsTold(t *testing.T) {
	ctx := context.Background()
	n, p := startNode(t), startPeer(t, "mastodon")
	n.follower(p, "anna", community.CityActor)
	n.conference("Go meetup")
	if _, err := n.fanoutRound(ctx); err != nil {
		t.Fatal(err)
	}
	if err := n.node.AddBlock(ctx, console, &community.Block{Domain: strings.ToLower(p.host())}); err != nil {
		t.Fatal(err)
	}
	n.run()
	eventually(t, "nothing is left to send", func() bool {
		next, err := n.store.NextDue(ctx)
		return err == nil && next.IsZero() && len(p.inbox()) > 0
	})
	if got := p.inbox(); len(got) != 1 || got[0].activity()["type"] != "Reject" {
		t.Errorf("%d deliveries to a blocked host", len(got))
	}
}

// TestBlockedMeanwhile: what was queued for a host before it was blocked is not
// sent.
func TestBlockedMeanwhile(t *testing.T) {
	ctx := context.Background()
	n, p := startNode(t), startPeer(t, "mastodon")
	n.follower(p, "anna", community.CityActor)
	n.conference("Go meetup")
	if _, err := n.fanoutRound(ctx); err != nil {
		t.Fatal(err)
	}
	err := n.store.Write(ctx, func(tx *storage.Tx) error {
		return tx.SaveBlock(ctx, &community.Block{Domain: strings.ToLower(p.host()), Severity: community.Suspend, Created: tx.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	n.run()
	eventually(t, "nothing is left to send", func() bool { next, err := n.store.NextDue(ctx); return err == nil && next.IsZero() })
	if got := p.inbox(); len(got) > 0 {
		t.Errorf("%d deliveries to a blocked host", len(got))
	}
}
