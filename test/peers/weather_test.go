package peers

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
	"konfa/test/standin"
)

// Servers are away, the city is away, keys change: afterwards everybody sees what
// there is.
func TestConferencesThroughBadWeather(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, cityOptions{Handle: "belgrade", Host: "weather.localhost"})
	art := pictures(t, "127.0.0.144")
	c.befriend()
	add := func(title string) conference {
		return c.city.addConference(title, "--duration", "2h", "--venue", "Central Library", "--street", "Makedonska 22", "--cover", art.url+"/poster.jpg", "--cover-alt", "A poster")
	}

	t.Run("all of them are away", func(t *testing.T) {
		first := add("Before the storm")
		c.see(t, first.URI, expected{"": says("Before the storm")})
		for _, v := range c.visitors {
			v.Stop()
		}
		second := add("In the storm")
		c.city.run(nil, "conf", "update", first.Slug, "--title", "Still before the storm")
		eventually(t, "the city knows that nobody answers", func() error {
			for _, v := range c.visitors {
				if p := c.city.peer(v.Host); p.Waiting == 0 || p.LastError == "" {
					return fmt.Errorf("%s: %+v", v.name, p)
				}
			}
			return nil
		})
		for _, v := range c.visitors {
			if err := v.Start(); err != nil {
				t.Fatal(err)
			}
		}
		stays := says("Before the storm")
		c.see(t, first.URI, expected{"": says("Still before the storm"), "mastodon 4.4": stays, "misskey": stays})
		c.see(t, second.URI, expected{"": says("In the storm"), "mobilizon": all(says("In the storm"), listed)})
	})

	t.Run("the city is away", func(t *testing.T) {
		conf := add("Before we went")
		c.settled()
		start := time.Now().AddDate(0, 0, 20).Truncate(time.Hour)
		c.city.follow("@city@"+c.mobilizon.Host, c.mobilizon.City.ID)
		c.city.follow(c.gancio.Host, c.gancio.Relay.ID)
		c.city.follow("@"+c.wordpress.Blog.Name+"@"+c.wordpress.Host, c.wordpress.Blog.ID)
		c.city.process.kill()
		// Those who try again do; the others say it once, to nobody.
		var said []string
		for _, v := range c.visitors {
			if v.Acts.Reply == nil || v.name == "mobilizon" || v.name == "lemmy" || v.name == "piefed" || v.name == "mbin" {
				continue
			}
			id, err := v.Acts.Reply(c.thing(v, conf.URI).ID, "Is anybody there, asks "+v.name)
			if err != nil {
				t.Fatalf("%s: %v", v.name, err)
			}
			said = append(said, id)
		}
		published := map[string]string{}
		for _, v := range []*visitor{c.visitor("mobilizon"), c.visitor("gancio"), c.visitor("wordpress")} {
			id, err := v.Acts.Publish(standin.Draft{Title: "Meanwhile at " + v.name, Text: "You were away", Place: "Hall", Start: start, End: start.Add(time.Hour)})
			if err != nil {
				t.Fatalf("%s: %v", v.name, err)
			}
			published[v.name] = id
		}
		// It was away for long.
		c.city.inside(func(ctx context.Context, n *node.Node) error {
			return n.Store().Write(ctx, func(tx *storage.Tx) error {
				return tx.SetMeta(ctx, "federation.pulled", time.Now().Add(-5*time.Hour).Format(time.RFC3339))
			})
		})
		c.city.serve()
		for name, id := range published {
			c.city.awaitForeign(id, func(conf *conference) error {
				if conf.Title != "Meanwhile at "+name {
					return fmt.Errorf("%+v", *conf)
				}
				return nil
			})
		}
		for _, flush := range []func() error{c.mastodon.Flush, c.older.Flush, c.gotosocial.Flush, c.misskey.Flush, c.pixelfed.Flush, c.friendica.Flush, c.hubzilla.Flush} {
			if err := flush(); err != nil {
				t.Error(err)
			}
		}
		for _, id := range said {
			c.city.awaitPost(id, "anybody there")
		}
	})

	t.Run("the city has new keys", func(t *testing.T) {
		c.city.rotateKeys(community.CityActor)
		c.city.rotateKeys(community.NodeActor)
		c.city.rotateKeys(community.DeskActor)
		conf := add("Under new keys")
		c.see(t, conf.URI, expected{"": says("Under new keys")})
	})

	t.Run("they have new keys", func(t *testing.T) {
		conf := add("Who are you?")
		c.settled()
		for _, v := range c.visitors {
			t.Run(v.name, func(t *testing.T) {
				for _, a := range v.Actors() {
					v.Rotate(a)
				}
				switch {
				case v.Acts.Reply != nil:
					id, err := v.Acts.Reply(c.thing(v, conf.URI).ID, "It is me, "+v.name)
					if err != nil {
						t.Fatal(err)
					}
					c.city.awaitPost(id, "It is me")
				case v.Acts.Publish != nil:
					start := time.Now().AddDate(0, 0, 21).Truncate(time.Hour)
					id, err := v.Acts.Publish(standin.Draft{Title: "It is us, " + v.name, Text: "With new keys", Place: "Hall", Start: start, End: start.Add(time.Hour)})
					if err != nil {
						t.Fatal(err)
					}
					c.city.awaitForeign(id, nil)
				default:
					t.Error("it has nothing to say")
				}
			})
		}
	})

	t.Run("shut out", func(t *testing.T) {
		conf := add("For friends")
		c.settled()
		seen := map[string]string{}
		for _, v := range c.visitors {
			if thing := c.thing(v, conf.URI); thing != nil {
				seen[v.name] = thing.ID
			}
			c.city.run(nil, "block", "add", v.Host, "--reason", "for this test")
		}
		before := map[string]int{}
		c.settled()
		for _, v := range c.visitors {
			before[v.name] = len(v.Receipts())
		}
		hidden := add("Not for them")
		c.city.run(nil, "conf", "update", conf.Slug, "--title", "For other friends")
		c.settled()
		for _, v := range c.visitors {
			if thing := c.thing(v, hidden.URI); thing != nil || len(v.Receipts()) != before[v.name] {
				t.Errorf("%s still hears of us: %v, %s", v.name, thing, v.log(hidden.URI))
			}
			if v.Acts.Reply == nil {
				continue
			}
			if _, err := v.Acts.Reply(seen[v.name], "Let me in"); err == nil || !strings.Contains(err.Error(), "403") {
				t.Errorf("%s is heard: %v", v.name, err)
			}
		}
	})
}

// A server that shuts the city out is not asked again and again.
func TestShutOutByMastodon(t *testing.T) {
	t.Parallel()
	belgrade := found(t, cityOptions{Handle: "belgrade", Host: "unwanted.localhost"})
	m, err := standin.NewMastodon(network(t), "mastodon-unwanted.localhost", "4.5.2")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	if err := m.Acts.Follow(belgrade.address()); err != nil {
		t.Fatal(err)
	}
	belgrade.awaitFollower(m.Me.ID)
	eventually(t, "the follow is accepted", func() error {
		if got := m.Following(belgrade.cityURI()); got != "accepted" {
			return fmt.Errorf("%q", got)
		}
		return nil
	})
	m.Block(belgrade.host)
	conf := belgrade.addConference("Behind your back")
	eventually(t, "the delivery is given up", func() error {
		if n := belgrade.unsent(); n > 0 {
			return fmt.Errorf("%d are not prepared", n)
		}
		if p := belgrade.peer(m.Host); p.Waiting > 0 {
			return fmt.Errorf("%+v", p)
		}
		return nil
	})
	if m.Thing(conf.URI) != nil {
		t.Error("it is seen")
	}
	tries := 0
	for _, r := range m.Receipts() {
		if r.Object() == conf.URI {
			tries++
			if r.Status != 403 {
				t.Errorf("%s: %d %s", r.Type(), r.Status, r.Why)
			}
		}
	}
	if tries != 1 {
		t.Errorf("tried %d times", tries)
	}
}
