package peers

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// What was answered 202 is done, and done once, though the process is killed
// again and again in the midst of it.
func TestKilledUnderLoad(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) { t.Parallel(); killedUnderLoad(t, "127.0.0.71", "") })
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		killedUnderLoad(t, "127.0.0.75", postgresDatabase(t))
	})
}

func killedUnderLoad(t *testing.T, address, database string) {
	belgrade := found(t, cityOptions{Host: address, Database: database})
	conf := belgrade.addConference("Crowded", "--capacity", "40", "--duration", "1h")
	const (
		senders = 4
		each    = 60 // replies of one sender, and as many likes
		guests  = 15 // of each sender: 60 for 40 seats
	)
	strangers := make([]*stranger, senders)
	base := strings.LastIndex(address, ".")
	for i := range strangers {
		strangers[i] = newStranger(t, fmt.Sprintf("%s.%d", address[:base], 100+i))
	}

	// Every activity is sent until it is answered 202, as a decent server does,
	// and now and then once more, as servers do that missed the answer.
	var accepted sync.Map // id of the note or join -> true
	var answered atomic.Int64
	var group sync.WaitGroup
	stop := make(chan struct{})
	deliver := func(s *stranger, who, id string, activity map[string]any) bool {
		for {
			status, body := s.post(who, belgrade.url+"/inbox", activity)
			switch status {
			case http.StatusAccepted:
				accepted.Store(id, true)
				answered.Add(1)
				if rand.IntN(5) == 0 {
					s.post(who, belgrade.url+"/inbox", activity)
				}
				return true
			case 0, http.StatusTooManyRequests, http.StatusServiceUnavailable:
			default:
				t.Errorf("%s of %s: %d %s", activity["type"], who, status, body)
				return false
			}
			select {
			case <-stop:
				return false
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	for n, s := range strangers {
		group.Go(func() {
			for i := range each {
				who := fmt.Sprintf("p%d", i%guests)
				note := fmt.Sprintf("%s/notes/%d", s.url, i)
				object := map[string]any{
					"type": "Note", "id": note, "attributedTo": s.uri(who), "inReplyTo": conf.URI, "content": fmt.Sprintf("<p>Reply %d of %d</p>", i, n),
					"published": "2026-11-20T10:00:00Z", "to": []string{"https://www.w3.org/ns/activitystreams#Public"},
				}
				ok := deliver(s, who, note, map[string]any{"type": "Create", "id": note + "/create", "actor": s.uri(who), "object": object, "to": object["to"]})
				if i < guests {
					join := fmt.Sprintf("%s/joins/%d", s.url, i)
					ok = ok && deliver(s, who, join, map[string]any{"type": "Join", "id": join, "actor": s.uri(who), "object": conf.URI})
				}
				like := fmt.Sprintf("%s/likes/%d", s.url, i)
				if !ok || !deliver(s, who, like, map[string]any{"type": "Like", "id": like, "actor": s.uri(who), "object": note}) {
					return
				}
			}
		})
	}

	for range 3 {
		before := answered.Load()
		deadline := time.Now().Add(within)
		for answered.Load() < before+60 && time.Now().Before(deadline) {
			time.Sleep(time.Duration(rand.IntN(5)+1) * time.Millisecond)
		}
		belgrade.process.kill()
		belgrade.serve()
	}
	finished := make(chan struct{})
	go func() { group.Wait(); close(finished) }()
	select {
	case <-finished:
	case <-time.After(2 * within):
		close(stop)
		<-finished
		t.Error("not everything was answered 202 in time")
	}

	var want, joins int
	accepted.Range(func(id, _ any) bool {
		switch {
		case strings.Contains(id.(string), "/notes/"):
			want++
		case strings.Contains(id.(string), "/joins/"):
			joins++
		}
		return true
	})
	if want != senders*each || joins != senders*guests {
		t.Errorf("%d notes and %d joins were answered 202", want, joins)
	}
	eventually(t, "all that was answered 202 is done", func() error {
		seen := map[string]int{}
		for _, p := range belgrade.posts() {
			if p.ReplyTo == conf.URI {
				seen[p.URI]++
			}
		}
		var missing []string
		accepted.Range(func(id, _ any) bool {
			if strings.Contains(id.(string), "/notes/") && seen[id.(string)] == 0 {
				missing = append(missing, id.(string))
			}
			return true
		})
		if len(missing) > 0 {
			return fmt.Errorf("%d of %d are missing: %q…", len(missing), want, missing[0])
		}
		for uri, n := range seen {
			if n != 1 {
				t.Errorf("%s is there %d times", uri, n)
			}
		}
		states := map[string]int{}
		for _, g := range belgrade.guests(conf.Slug) {
			states[g.State]++
		}
		if states["going"] != 40 || states["waitlisted"] != joins-40 || len(states) != 2 {
			return fmt.Errorf("guests: %v", states)
		}
		return nil
	})
	// Each guest was answered, exactly once by what each server heard.
	for _, s := range strangers {
		eventually(t, "all guests of "+s.host+" are answered", func() error {
			got := map[string]int{}
			for _, r := range s.requests() {
				if strings.HasPrefix(r, "POST ") {
					got[r]++
				}
			}
			if len(got) != guests {
				return fmt.Errorf("%v", got)
			}
			return nil
		})
	}
}
