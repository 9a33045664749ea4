package peers

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"konfa/test/standin"
)

// What servers of other makes publish arrives here, changes, is called off and
// goes, each in the form of its software.
func TestConferencesOfEveryMake(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, cityOptions{Handle: "belgrade", Host: "theirs.localhost"})
	art := pictures(t, "127.0.0.143")
	// The city follows whom each of them has events of.
	sources := map[string]struct{ address, actor string }{
		"mobilizon": {"@city@" + c.mobilizon.Host, c.mobilizon.City.ID},
		"gancio":    {c.gancio.Host, c.gancio.Relay.ID},
		"wordpress": {"@" + c.wordpress.Blog.Name + "@" + c.wordpress.Host, c.wordpress.Blog.ID},
		"piefed":    {"@meetups@" + c.piefed.Host, c.piefed.Events.ID},
		"friendica": {"@heluecht@" + c.friendica.Host, c.friendica.Me.ID},
		"hubzilla":  {"@mario@" + c.hubzilla.Host, c.hubzilla.Me.ID},
	}
	for _, v := range c.visitors {
		s, ok := sources[v.name]
		if ok != (v.Acts.Publish != nil) {
			t.Errorf("%s: can publish events: %v", v.name, v.Acts.Publish != nil)
		}
		if ok {
			c.city.follow(s.address, s.actor)
		}
	}
	if got := c.city.following(); len(got) != len(sources) {
		t.Errorf("following %+v", got)
	}
	start := time.Now().AddDate(0, 0, 20).Truncate(time.Hour).UTC()
	draft := func(title, place string) standin.Draft {
		return standin.Draft{Title: title, Text: "With lanterns", Place: place, Start: start, End: start.Add(2 * time.Hour), Image: art.url + "/poster.jpg"}
	}
	each := func(t *testing.T, do func(t *testing.T, v *visitor)) {
		for _, v := range c.visitors {
			if _, ok := sources[v.name]; ok {
				t.Run(v.name, func(t *testing.T) { do(t, v) })
			}
		}
	}
	shown := func(t *testing.T, id, title string, at time.Time) {
		t.Helper()
		c.city.awaitForeign(id, func(conf *conference) error {
			if conf.Title != title {
				return fmt.Errorf("it is called %q", conf.Title)
			}
			if got, err := time.Parse(time.RFC3339, conf.Start); err != nil || !got.Equal(at) {
				return fmt.Errorf("it starts at %s, not at %v", conf.Start, at)
			}
			return nil
		})
	}

	t.Run("from beginning to end", func(t *testing.T) {
		each(t, func(t *testing.T, v *visitor) {
			d := draft("A fair by "+v.name, "Hall of "+v.name)
			id, err := v.Acts.Publish(d)
			if err != nil {
				t.Fatal(err)
			}
			shown(t, id, d.Title, start)
			d.Title, d.Start, d.End, d.Place = "A later fair by "+v.name, start.Add(time.Hour), start.Add(4*time.Hour), "Another hall of "+v.name
			if err := v.Acts.Change(id, d); err != nil {
				t.Fatal(err)
			}
			shown(t, id, d.Title, d.Start)
			if v.Acts.Cancel != nil {
				if err := v.Acts.Cancel(id); err != nil {
					t.Fatal(err)
				}
				c.city.awaitForeign(id, func(conf *conference) error {
					if conf.Status != "cancelled" {
						return fmt.Errorf("%+v", *conf)
					}
					return nil
				})
			}
			if err := v.Acts.Delete(id); err != nil {
				t.Fatal(err)
			}
			c.city.awaitNoForeign(id)
		})
	})

	t.Run("an id that is given out again", func(t *testing.T) {
		id, err := c.gancio.Acts.Publish(draft("A second life", "Casa"))
		if err != nil {
			t.Fatal(err)
		}
		shown(t, id, "A second life", start)
		if err := c.gancio.Acts.Delete(id); err != nil {
			t.Fatal(err)
		}
		c.city.awaitNoForeign(id)
	})

	anna := c.city.url + "/people/anna"
	state := func(t *testing.T, id, want string) {
		t.Helper()
		eventually(t, "anna is "+want, func() error {
			list := c.city.guests(id)
			if len(list) != 1 || list[0].State != want {
				return fmt.Errorf("%+v", list)
			}
			return nil
		})
	}
	t.Run("a member goes there", func(t *testing.T) {
		d := draft("Open doors", "Hall")
		id, err := c.mobilizon.Acts.Publish(d)
		if err != nil {
			t.Fatal(err)
		}
		shown(t, id, d.Title, start)
		c.city.run(nil, "conf", "join", id, "--as", "anna")
		state(t, id, "going")
		if got := c.mobilizon.Thing(id).Guests[anna]; got != "going" {
			t.Errorf("there she is %q", got)
		}
		c.city.run(nil, "conf", "leave", id, "--as", "anna")
		if err := c.mobilizon.Await(within, func() error {
			if got := c.mobilizon.Thing(id).Guests[anna]; got != "" {
				return fmt.Errorf("there she is still %q", got)
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	})
	for _, decision := range []struct{ kind, want string }{{"Accept", "going"}, {"Reject", "declined"}} {
		t.Run("a moderator says "+decision.kind, func(t *testing.T) {
			d := draft("By invitation, "+decision.kind, "Hall")
			d.JoinMode = "restricted"
			id, err := c.mobilizon.Acts.Publish(d)
			if err != nil {
				t.Fatal(err)
			}
			shown(t, id, d.Title, start)
			c.city.run(nil, "conf", "join", id, "--as", "anna")
			if err := c.mobilizon.Await(within, func() error {
				if got := c.mobilizon.Thing(id).Guests[anna]; got != "waiting" {
					return fmt.Errorf("there she is %q", got)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			state(t, id, "pending")
			if err := c.mobilizon.Decide(anna, id, decision.kind); err != nil {
				t.Fatal(err)
			}
			state(t, id, decision.want)
		})
	}
	t.Run("it is full there", func(t *testing.T) {
		d := draft("One seat", "Hall")
		d.Seats = 1
		id, err := c.mobilizon.Acts.Publish(d)
		if err != nil {
			t.Fatal(err)
		}
		shown(t, id, d.Title, start)
		c.city.run(nil, "member", "add", "boris", "--name", "Boris")
		c.city.run(nil, "conf", "join", id, "--as", "boris")
		state(t, id, "going")
		c.city.run(nil, "conf", "join", id, "--as", "anna")
		c.settled()
		// Mobilizon says nothing: she waits, and knows that she does.
		for _, g := range c.city.guests(id) {
			if g.State == "going" && !strings.EqualFold(g.Name, "boris") {
				t.Errorf("%+v", g)
			}
		}
	})
	t.Run("one signs up elsewhere", func(t *testing.T) {
		d := draft("On our page", "Salle")
		id, err := c.wordpress.Acts.Publish(d)
		if err != nil {
			t.Fatal(err)
		}
		shown(t, id, d.Title, start)
		if _, errs, err := c.city.try("conf", "join", id, "--as", "anna"); err == nil || !strings.Contains(errs, c.wordpress.URL) {
			t.Errorf("%v %s", err, errs)
		}
		c.settled()
		for _, r := range c.wordpress.Receipts() {
			if r.Type() == "Join" {
				t.Error("it was asked all the same")
			}
		}
	})
	t.Run("what comes back is not theirs", func(t *testing.T) {
		// The blog follows the city, which follows it: it sends out a copy of what
		// it read.
		if err := c.wordpress.Acts.Follow(c.city.address()); err != nil {
			t.Fatal(err)
		}
		c.visitor("wordpress").await(t, "follows", func() error {
			if got := c.wordpress.Following(c.city.cityURI()); got != "accepted" {
				return fmt.Errorf("%q", got)
			}
			return nil
		})
		own := c.city.addConference("There and back", "--duration", "2h", "--venue", "Library", "--street", "Makedonska 22")
		c.settled()
		if c.wordpress.Thing(own.URI) == nil {
			t.Error("it is not there")
		}
		c.quiet()
		for _, conf := range c.city.conferences("--foreign") {
			if conf.Title == "There and back" {
				t.Errorf("it came back as %+v", conf)
			}
		}
	})
	c.settled()
	c.nobodyComplained(t)
}

// A city passes on what another one publishes: its own followers see it, with the
// other city as its author, where their software knows of such a thing.
func TestConferencesOfASisterCity(t *testing.T) {
	t.Parallel()
	phuket := found(t, cityOptions{Name: "Phuket", Host: "phuket-sister.localhost"})
	c := newCrowd(t, cityOptions{Handle: "belgrade", Host: "carries.localhost"})
	art := pictures(t, "127.0.0.146")
	c.befriend()
	c.city.follow(phuket.address(), phuket.cityURI())
	conf := phuket.addConference("Beach clean-up", "--duration", "2h", "--venue", "Patong Beach", "--street", "Thaweewong 1", "--cover", art.url+"/poster.jpg", "--cover-alt", "A beach")
	c.city.awaitForeign(conf.URI, nil)
	c.city.run(nil, "conf", "announce", conf.URI)
	c.settled()

	sister := phuket.cityURI()
	passed := func(t *standin.Thing) error {
		if t.By != sister || t.Boosts[c.city.cityURI()] == "" && t.Boosts[c.city.nodeURI()] == "" {
			return fmt.Errorf("it is by %s, and passed on by %v", t.By, t.Boosts)
		}
		return nil
	}
	post := all(says("Beach clean-up", "Patong Beach"), passed)
	c.see(t, conf.URI, expected{
		"": post, "mobilizon": all(kind("event"), says("Beach clean-up"), listed, passed),
		"gancio": "it takes no announcements", "wordpress": "it takes no announcements",
		"pixelfed": "it fetches notes with pictures only", "lemmy": "a group passes on no others' events there", "piefed": "the same", "mbin": "it knows no events",
	})
	t.Run("taken back", func(t *testing.T) {
		c.city.run(nil, "conf", "withdraw", conf.URI)
		c.settled()
		for _, name := range []string{"mastodon", "mastodon 4.4", "gotosocial", "misskey", "friendica", "hubzilla", "mobilizon"} {
			if thing := c.thing(c.visitor(name), conf.URI); thing != nil && len(thing.Boosts) > 0 {
				t.Errorf("%s: it is still passed on by %v; %s", name, thing.Boosts, c.visitor(name).log(conf.URI))
			}
		}
	})
	c.nobodyComplained(t)
}
