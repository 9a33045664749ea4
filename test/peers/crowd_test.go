package peers

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
)

// Everyone at once: readers of every address, servers that send, commands that
// publish. Nobody gets an error, and under the race detector the program itself
// watches what its parts do to each other.
func TestEveryoneAtOnce(t *testing.T) {
	t.Parallel()
	belgrade := found(t, cityOptions{Host: "127.0.0.96"})
	conf := belgrade.addConference("Open day", "--duration", "3h", "--tag", "city", "--venue", "Town hall")
	var note post
	belgrade.run(&note, "post", "Come all")
	paths := []struct{ path, accept string }{
		{"/", "text/html"}, {"/conf/" + conf.Slug, "text/html"}, {"/posts/" + note.Slug, "text/html"}, {"/people/anna", "text/html"}, {"/tags/city", "text/html"},
		{"/city", activityJSON}, {"/node", activityJSON}, {"/people/anna", activityJSON}, {"/conf/" + conf.Slug, activityJSON}, {"/posts/" + note.Slug, activityJSON},
		{"/city/outbox?page=true", activityJSON}, {"/city/followers", activityJSON}, {"/city/upcoming", activityJSON}, {"/conf/" + conf.Slug + "/replies", activityJSON},
		{"/conf.ics", ""}, {"/conf/" + conf.Slug + ".ics", ""}, {"/feed.atom", ""}, {"/feed.rss", ""}, {"/feed.json", ""},
		{"/.well-known/webfinger?resource=acct:belgrade@" + belgrade.host, ""}, {"/.well-known/nodeinfo", ""}, {"/nodeinfo/2.1", ""}, {"/.well-known/host-meta", ""},
		{"/api/v1/conferences", ""}, {"/api/openapi.yaml", ""}, {"/healthz", ""}, {"/readyz", ""},
	}
	strangers := []*stranger{newStranger(t, "127.0.0.97"), newStranger(t, "127.0.0.98")}
	stop := make(chan struct{})
	var reads, group sync.WaitGroup
	var failures atomic.Int64
	for r := range 3 {
		reads.Go(func() {
			for i := r; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				p := paths[i%len(paths)]
				status, _, body := belgrade.get(p.path, p.accept)
				if status != http.StatusOK && failures.Add(1) < 10 {
					t.Errorf("GET %s: %d %s", p.path, status, tail(string(body), 300))
				}
			}
		})
	}
	for n, s := range strangers {
		group.Go(func() {
			for i := range 40 {
				who := fmt.Sprintf("p%d", i%10)
				for _, activity := range []map[string]any{
					{"type": "Follow", "object": belgrade.cityURI()},
					{"type": "Like", "object": conf.URI},
					{"type": "Join", "object": conf.URI},
					{"type": "Create", "object": map[string]any{"type": "Note", "id": fmt.Sprintf("%s/notes/%d", s.url, i), "attributedTo": s.uri(who), "inReplyTo": conf.URI, "content": "Yes", "to": "as:Public"}},
				} {
					activity["id"], activity["actor"] = fmt.Sprintf("%s/%d/%d/%s", s.url, n, i, activity["type"]), s.uri(who)
					if status, body := s.post(who, belgrade.url+"/inbox", activity); status != http.StatusAccepted && failures.Add(1) < 10 {
						t.Errorf("%s: %d %s", activity["type"], status, body)
					}
				}
			}
		})
	}
	group.Go(func() {
		for i := range 8 {
			belgrade.run(nil, "post", fmt.Sprintf("Now %d", i))
			belgrade.run(nil, "conf", "update", conf.Slug, "--capacity", fmt.Sprint(100+i))
		}
	})
	group.Wait()
	close(stop)
	reads.Wait()
	eventually(t, "all is done", func() error {
		var going int
		for _, g := range belgrade.guests(conf.Slug) {
			if g.State == "going" {
				going++
			}
		}
		if followers := len(belgrade.followers()); going != 20 || followers != 20 || belgrade.reactions(conf.URI)["like"] != 20 {
			return fmt.Errorf("%d guests, %d followers, reactions %v", going, followers, belgrade.reactions(conf.URI))
		}
		return nil
	})
	belgrade.process.stop(t)
}
