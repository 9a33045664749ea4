package federation

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"konfa/community"
	"konfa/federation/signature"
)

// TestNewKeysReachWhoKeepsTheOld: WordPress and Hubzilla never fetch a key again
// because a signature does not fit. They learn of a new one from the Update of
// the actor, and only if that is signed with the one they know.
func TestNewKeysReachWhoKeepsTheOld(t *testing.T) {
	n, p := startNode(t).run(), startPeer(t, "hubzilla")
	ctx := context.Background()
	n.follower(p, "anna", community.CityActor)
	city := n.site.Actor(community.CityActor)
	current := n.publicKeys()
	known, err := current(ctx, n.site.Key(community.CityActor), false)
	if err != nil {
		t.Fatal(err)
	}
	var (
		mu     sync.Mutex
		taken  []string
		denied int
		late   = true // it answers the Update only when something was denied
	)
	p.answers(func(w http.ResponseWriter, r *http.Request, in post) {
		mu.Lock()
		defer mu.Unlock()
		verifier := &signature.Verifier{Base: p.base, Clock: n.clock.now, Keys: func(context.Context, string, bool) (signature.Key, error) { return known, nil }}
		a := in.activity()
		typ, _ := a["type"].(string)
		r.Host = p.host()
		if late && typ == "Update" {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		if _, err := verifier.Verify(r, in.Body); err != nil {
			denied++
			w.WriteHeader(http.StatusForbidden)
			return
		}
		taken = append(taken, typ)
		if o, _ := a["object"].(map[string]any); typ == "Update" && o["id"] == city {
			known, _ = current(ctx, n.site.Key(community.CityActor), false)
		}
		w.WriteHeader(http.StatusAccepted)
	})
	first := known
	if err := n.node.RotateKeys(ctx, console, community.CityActor); err != nil {
		t.Fatal(err)
	}
	n.conference("After the new keys")
	eventually(t, "what is signed with the new key is denied, or waits for the Update", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return denied > 0 || n.waiting(p) > 1
	})
	mu.Lock()
	late = false
	mu.Unlock()
	eventually(t, "everything is taken in the end", func() bool {
		n.clock.forward(time.Hour)
		poke(n.laneWake)
		mu.Lock()
		defer mu.Unlock()
		return len(taken) == 2 && n.waiting(p) == 0
	})
	mu.Lock()
	defer mu.Unlock()
	if taken[0] != "Update" || known.Public == first.Public {
		t.Errorf("taken: %q", taken)
	}
}
