package peers

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"konfa/community"
)

// Two cities, from the follow to the block. One of them runs on PostgreSQL in
// the second round.
func TestTwoCities(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		twoCities(t, found(t, cityOptions{Host: "belgrade.localhost"}), found(t, cityOptions{Name: "Phuket", Host: "phuket.localhost"}))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		database := postgresDatabase(t)
		twoCities(t, found(t, cityOptions{Host: "127.0.0.51", Database: database}), found(t, cityOptions{Name: "Phuket", Host: "127.0.0.52"}))
	})
	t.Run("both insist on signed fetches", func(t *testing.T) {
		t.Parallel()
		insist := []string{"authorized_fetch=true"}
		twoCities(t, found(t, cityOptions{Host: "127.0.0.53", Settings: insist}), found(t, cityOptions{Name: "Phuket", Host: "127.0.0.54", Settings: insist}))
	})
}

func twoCities(t *testing.T, belgrade, phuket *city) {
	phuket.follow(belgrade.address(), belgrade.cityURI())
	belgrade.awaitFollower(phuket.cityURI())
	belgrade.follow("@phuket@"+phuket.host, phuket.cityURI())

	// Publish, change, call off, delete.
	conf := belgrade.addConference("Chess in the park", "--duration", "3h", "--venue", "Kalemegdan", "--lat", "44.8232", "--lon", "20.4507", "--text-in", "ru=Шахматы", "--title-in", "ru=Шахматы в парке")
	got := phuket.awaitForeign(conf.URI, nil)
	if got.Title != conf.Title || got.Status != "scheduled" || !sameInstant(t, got.Start, conf.Start) || !sameInstant(t, got.End, conf.End) {
		t.Errorf("published %+v, read as %+v", conf, got)
	}
	belgrade.run(nil, "conf", "update", conf.Slug, "--title", "Chess by the river", "--start", soon(9))
	phuket.awaitForeign(conf.URI, func(c *conference) error {
		if c.Title != "Chess by the river" || sameInstant(t, c.Start, conf.Start) {
			return fmt.Errorf("%+v", *c)
		}
		return nil
	})
	belgrade.run(nil, "conf", "cancel", conf.Slug, "-m", "Rain")
	phuket.awaitForeign(conf.URI, func(c *conference) error {
		if c.Status != "cancelled" {
			return fmt.Errorf("%+v", *c)
		}
		return nil
	})
	belgrade.run(nil, "conf", "delete", conf.Slug)
	phuket.awaitNoForeign(conf.URI)

	// A draft is nobody's business, until it is published.
	draft := belgrade.addConference("Not yet", "--draft")
	never(t, "a draft was sent", 700*time.Millisecond, func() bool { return phuket.foreign(draft.URI) != nil })
	belgrade.run(nil, "conf", "publish", draft.Slug)
	phuket.awaitForeign(draft.URI, nil)

	// Guests: two seats, three who want them, from the other city.
	evening := belgrade.addConference("An evening for two", "--capacity", "2", "--duration", "2h")
	phuket.awaitForeign(evening.URI, nil)
	for _, m := range []string{"mali", "niran", "ploy"} {
		phuket.run(nil, "member", "add", m)
	}
	state := func(c *city, slug string) map[string]string {
		states := map[string]string{}
		for _, g := range c.guests(slug) {
			name, _, _ := strings.Cut(strings.TrimPrefix(g.Name, "@"), "@")
			states[name] = g.State
		}
		return states
	}
	await := func(want map[string]string) {
		t.Helper()
		eventually(t, fmt.Sprint(want), func() error {
			if here := state(belgrade, evening.Slug); !equal(here, want) {
				return fmt.Errorf("in Belgrade %v", here)
			}
			if there := state(phuket, evening.URI); !equal(there, want) {
				return fmt.Errorf("in Phuket %v", there)
			}
			return nil
		})
	}
	phuket.run(nil, "conf", "join", evening.URI, "--as", "mali", "--comment", "With a drum")
	await(map[string]string{"mali": "going"})
	phuket.run(nil, "conf", "join", evening.URI, "--as", "niran")
	await(map[string]string{"mali": "going", "niran": "going"})
	phuket.run(nil, "conf", "join", evening.URI, "--as", "ploy")
	await(map[string]string{"mali": "going", "niran": "going", "ploy": "waitlisted"})
	phuket.run(nil, "conf", "leave", evening.URI, "--as", "mali")
	eventually(t, "ploy is promoted", func() error {
		here, there := state(belgrade, evening.Slug), state(phuket, evening.URI)
		if here["ploy"] != "going" || here["niran"] != "going" || here["mali"] == "going" || there["ploy"] != "going" || there["mali"] == "going" {
			return fmt.Errorf("in Belgrade %v, in Phuket %v", here, there)
		}
		return nil
	})

	// One where a steward says yes.
	asked := belgrade.addConference("Ask first", "--join", "restricted", "--duration", "1h")
	phuket.awaitForeign(asked.URI, nil)
	phuket.run(nil, "conf", "join", asked.URI, "--as", "mali")
	var pending guest
	eventually(t, "mali waits for a yes", func() error {
		list := belgrade.guests(asked.Slug)
		if len(list) != 1 || list[0].State != "pending" {
			return fmt.Errorf("%+v", list)
		}
		pending = list[0]
		return nil
	})
	belgrade.run(nil, "conf", "approve", asked.Slug, fmt.Sprint(pending.ID))
	eventually(t, "mali hears the yes", func() error {
		if s := state(phuket, asked.URI); s["mali"] != "going" {
			return fmt.Errorf("%v", s)
		}
		return nil
	})

	// Talk: a post, and an answer to a conference from elsewhere.
	var said, answered post
	belgrade.run(&said, "post", "Dobar dan, *Phuket*")
	if html := phuket.awaitPost(said.URI, "Dobar dan"); !strings.Contains(html, "<em>Phuket</em>") {
		t.Errorf("the post was read as %s", html)
	}
	phuket.run(&answered, "post", "We bring mangoes", "--reply-to", evening.URI, "--as", "ploy")
	belgrade.awaitPost(answered.URI, "mangoes")
	phuket.run(nil, "post", "edit", answered.Slug, "We bring papayas")
	belgrade.awaitPost(answered.URI, "papayas")

	// New keys: of the city, while both run.
	belgrade.rotateKeys(community.CityActor)
	belgrade.process.stop(t)
	belgrade.serve()
	rotated := belgrade.addConference("After the change of keys", "--duration", "1h")
	phuket.awaitForeign(rotated.URI, nil)

	// A block: what Belgrade says no longer counts, and it no longer hears.
	phuket.run(nil, "block", "add", belgrade.host, "--reason", "a test")
	eventually(t, "Phuket no longer sends to Belgrade", func() error {
		for _, f := range phuket.followers() {
			if f.Actor == belgrade.cityURI() {
				return fmt.Errorf("it still counts as a follower")
			}
		}
		return nil
	})
	eventually(t, "Belgrade hears that Phuket no longer follows", func() error {
		for _, f := range belgrade.followers() {
			if f.Actor == phuket.cityURI() {
				return fmt.Errorf("it still counts as a follower")
			}
		}
		return nil
	})
	refused := belgrade.addConference("Not heard in Phuket", "--duration", "1h")
	// Nobody there follows any more, so that only what is to one of them goes out.
	belgrade.run(nil, "post", "Do you hear us?", "--reply-to", answered.URI)
	eventually(t, "the delivery is refused", func() error {
		p := phuket.peer(belgrade.host)
		if p.Blocked != "suspend" || !strings.Contains(p.LastRefused, "block") {
			return fmt.Errorf("%+v", p)
		}
		return nil
	})
	if phuket.foreign(refused.URI) != nil {
		t.Error("a conference of a blocked city was taken")
	}
	before := len(belgrade.posts())
	phuket.run(nil, "post", "Belgrade does not hear this")
	never(t, "a post to a blocked city", 700*time.Millisecond, func() bool { return len(belgrade.posts()) > before })
}

func equal(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

func sameInstant(t *testing.T, a, b string) bool {
	t.Helper()
	x, err := time.Parse(time.RFC3339, a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := time.Parse(time.RFC3339, b)
	if err != nil {
		t.Fatal(err)
	}
	return x.Equal(y)
}

// Three cities: what one publishes and a second shares reaches the followers of
// the second, and changes with its origin.
func TestCrossPosting(t *testing.T) {
	t.Parallel()
	belgrade := found(t, cityOptions{Host: "belgrade.localhost"})
	phuket := found(t, cityOptions{Name: "Phuket", Host: "phuket.localhost"})
	almaty := found(t, cityOptions{Name: "Almaty", Host: "almaty.localhost"})
	fed := newServer(t, serverOptions{Host: "reader-of-phuket.localhost"})
	phuket.follow(belgrade.address(), belgrade.cityURI())
	almaty.follow("@phuket@"+phuket.host, phuket.cityURI())
	fed.follow("alice", "@phuket@"+phuket.host)
	phuket.awaitFollower(fed.Actors["alice"].URI)

	conf := belgrade.addConference("Open air cinema", "--duration", "2h")
	phuket.awaitForeign(conf.URI, nil)
	phuket.run(nil, "conf", "announce", conf.URI)
	listed := func(c *city) bool {
		return slices.ContainsFunc(c.conferences(), func(x conference) bool { return x.URI == conf.URI && x.Announced != "" })
	}
	if !listed(phuket) {
		t.Errorf("Phuket's calendar has not what it shares: %+v", phuket.conferences())
	}
	almaty.awaitForeign(conf.URI, nil)
	announce := fed.awaitActivity("Announce", conf.URI)
	announce.Facts.expect(t, map[string]any{"actorId": phuket.cityURI()})
	if status, _, calendar := phuket.get("/conf.ics", ""); status != 200 || !strings.Contains(string(calendar), "Open air cinema") {
		t.Errorf("Phuket's calendar feed: %d\n%s", status, calendar)
	}

	// It is Belgrade's: a change made there arrives in Phuket.
	belgrade.run(nil, "conf", "update", conf.Slug, "--title", "Open air cinema, moved inside")
	phuket.awaitForeign(conf.URI, func(c *conference) error {
		if c.Title != "Open air cinema, moved inside" {
			return fmt.Errorf("%+v", *c)
		}
		return nil
	})
	if !listed(phuket) {
		t.Error("after a change it is no longer shared")
	}

	phuket.run(nil, "conf", "withdraw", conf.URI)
	undo := fed.await("the withdrawal", func(d delivered) bool { return d.Activity["type"] == "Undo" })
	undo.check(t)
	if listed(phuket) {
		t.Error("what was withdrawn is still in the calendar")
	}
	belgrade.run(nil, "conf", "delete", conf.Slug)
	phuket.awaitNoForeign(conf.URI)
}

// While a city is away, another publishes; when it is back, all of it arrives
// in order.
func TestOutage(t *testing.T) {
	t.Parallel()
	belgrade := found(t, cityOptions{Host: "127.0.0.61"})
	phuket := found(t, cityOptions{Name: "Phuket", Host: "127.0.0.62"})
	phuket.follow(belgrade.address(), belgrade.cityURI())
	first := belgrade.addConference("Before the outage", "--duration", "1h")
	phuket.awaitForeign(first.URI, nil)

	phuket.process.stop(t)
	belgrade.run(nil, "conf", "update", first.Slug, "--title", "Renamed once")
	belgrade.run(nil, "conf", "update", first.Slug, "--title", "Renamed twice")
	second := belgrade.addConference("During the outage", "--duration", "1h")
	third := belgrade.addConference("Regretted", "--duration", "1h")
	belgrade.run(nil, "conf", "delete", third.Slug)
	var said []post
	for i := range 5 {
		var p post
		belgrade.run(&p, "post", fmt.Sprintf("News number %d", i))
		said = append(said, p)
	}
	eventually(t, "Belgrade notices", func() error {
		if p := belgrade.peer(phuket.host); p.Waiting == 0 || p.LastError == "" {
			return fmt.Errorf("%+v", p)
		}
		return nil
	})
	// What waits outlives a restart of the sender.
	belgrade.process.kill()
	belgrade.serve()
	phuket.serve()
	phuket.awaitForeign(first.URI, func(c *conference) error {
		if c.Title != "Renamed twice" {
			return fmt.Errorf("%+v", *c)
		}
		return nil
	})
	phuket.awaitForeign(second.URI, nil)
	for i, p := range said {
		phuket.awaitPost(p.URI, fmt.Sprintf("News number %d", i))
	}
	eventually(t, "nothing waits", func() error {
		if p := belgrade.peer(phuket.host); p.Waiting != 0 {
			return fmt.Errorf("%+v", p)
		}
		return nil
	})
	if phuket.foreign(third.URI) != nil {
		t.Error("what was deleted meanwhile came back")
	}
}
