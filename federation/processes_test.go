package federation

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"konfa/community"
	"konfa/storage"
)

// postgres makes a schema of its own and returns its address.
func postgres(t *testing.T) string {
	t.Helper()
	address := os.Getenv("KONFA_TEST_POSTGRES")
	if address == "" {
		t.Skip("KONFA_TEST_POSTGRES is not set")
	}
	ctx := context.Background()
	schema := fmt.Sprintf("konfa_federation_%d_%d", os.Getpid(), rand.Uint32())
	admin := func(q string) {
		t.Helper()
		conn, err := pgx.Connect(ctx, address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(ctx)
		if _, err := conn.Exec(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	admin("CREATE SCHEMA " + schema)
	t.Cleanup(func() { admin("DROP SCHEMA " + schema + " CASCADE") })
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

// TestTwoProcesses: two processes on one PostgreSQL share the work, and do each
// thing once and in order.
func TestTwoProcesses(t *testing.T) {
	dsn := postgres(t)
	one := openNodeOn(t, storage.Options{Data: t.TempDir(), Database: dsn}, "", "").run()
	two := openNodeOn(t, storage.Options{Data: t.TempDir(), Database: dsn}, one.site.Base, "").run()
	ctx := context.Background()

	peers := make([]*fakePeer, 6)
	for i := range peers {
		peers[i] = startPeer(t, "mastodon")
		one.follower(peers[i], "anna", community.CityActor)
	}
	// Published and received by both at once.
	var group sync.WaitGroup
	const each = 6
	for p, n := range []*testNode{one, two} {
		group.Go(func() {
			for i := range each {
				c := &community.Conference{Title: community.Plain("en", fmt.Sprintf("Meetup %d of %d", i, p)), Zone: "Europe/Belgrade", RSVP: community.RSVPWords, Start: n.clock.now().Add(time.Hour)}
				if _, err := n.node.AddConference(ctx, console, c, publishLoudly); err != nil {
					t.Error(err)
				}
				n.update(c.Slug, fmt.Sprintf("Changed %d of %d", i, p))
			}
		})
	}
	group.Wait()
	conference := one.conference("Go meetup")
	for i := range 20 {
		name := fmt.Sprintf("guest%d", i)
		peers[0].actor(name, nil)
		n := []*testNode{one, two}[i%2]
		join := peers[0].activity(name, "Join", one.site.Conference(conference.Slug))
		body, _ := json.Marshal(join)
		r := peers[0].request(one, "/inbox", name, body)
		r.URL.Host = n.web.Listener.Addr().String() // as behind a balancer: to either process, in the one name
		r.Host = one.site.Host()
		if resp, text := n.do(r); resp.StatusCode != 202 {
			t.Fatal(resp.StatusCode, text)
		}
	}
	want := 2*2*each + 1
	for _, p := range peers {
		eventually(t, "everyone has everything", func() bool { return len(p.got("Create"))+len(p.got("Update")) >= want })
	}
	eventually(t, "the guests are in", func() bool {
		c, err := one.store.Conference(ctx, conference.Slug)
		return err == nil && c.Seats.Going == 20
	})
	eventually(t, "nothing waits", func() bool { next, err := two.store.NextDue(ctx); return err == nil && next.IsZero() })
	eventually(t, "every guest has an answer", func() bool { return len(peers[0].got("Accept")) >= 20 })
	time.Sleep(50 * time.Millisecond)
	if got := len(peers[0].got("Accept")); got != 20 {
		t.Errorf("%d answers to 20 guests", got)
	}
	for i, p := range peers {
		changed := map[string]bool{}
		seen := map[string]bool{}
		for _, in := range p.inbox() {
			a := in.activity()
			id := a["id"].(string)
			if seen[id] {
				t.Errorf("peer %d got %s twice", i, id)
			}
			seen[id] = true
			o, ok := a["object"].(map[string]any)
			if !ok || o["type"] != "Event" {
				continue
			}
			if object := o["id"].(string); a["type"] == "Update" {
				changed[object] = true
			} else if changed[object] {
				t.Errorf("peer %d got the Create of %s after its Update", i, object)
			}
		}
		if got := len(p.got("Create")) + len(p.got("Update")); got != want {
			t.Errorf("peer %d has %d of %d", i, got, want)
		}
	}
	// When one stops, the other goes on with all of it.
	one.halt()
	two.conference("Zig meetup")
	eventually(t, "it goes on", func() bool { return len(peers[5].got("Create"))+len(peers[5].got("Update")) == want+1 })
	if status := peers[0].send(one, "anna", peers[0].activity("anna", "Join", one.site.Conference(conference.Slug))); status != 202 {
		t.Fatal(status)
	}
	eventually(t, "the inbox too", func() bool {
		c, err := two.store.Conference(ctx, conference.Slug)
		return err == nil && c.Seats.Going == 21
	})
}
