package peers

import (
	"fmt"
	"strings"
	"testing"

	"konfa/community"
)

// People of every software answer a conference, change and take back what they
// said, like it, pass it on and come, each in the way of their software.
func TestWhatPeopleDoWithAConference(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, cityOptions{Handle: "belgrade", Host: "talked.localhost"})
	art := pictures(t, "127.0.0.142")
	c.befriend()
	conf := c.city.addConference("Maps and tea", "--duration", "2h", "--venue", "Central Library", "--street", "Makedonska 22", "--cover", art.url+"/poster.jpg", "--cover-alt", "A poster")
	c.settled()

	// seen is what each of them looks at.
	seen := func(t *testing.T, v *visitor) string {
		t.Helper()
		thing := c.thing(v, conf.URI)
		if thing == nil {
			t.Fatalf("it does not see the conference; %s", v.log(""))
		}
		return thing.ID
	}
	// each runs a part of the journey for those who have a way to do it.
	each := func(t *testing.T, cannot map[string]string, can func(v *visitor) bool, do func(t *testing.T, v *visitor)) {
		for _, v := range c.visitors {
			why, never := cannot[v.name]
			if can(v) == never {
				t.Errorf("%s: can %v, although %q", v.name, can(v), why)
			}
			if !never && can(v) {
				t.Run(v.name, func(t *testing.T) { do(t, v) })
			}
		}
	}

	t.Run("answered", func(t *testing.T) {
		each(t, map[string]string{"gancio": "nobody writes there", "wordpress": "its comments are on its own pages"}, func(v *visitor) bool { return v.Acts.Reply != nil }, func(t *testing.T, v *visitor) {
			id, err := v.Acts.Reply(seen(t, v), "Is there tea at "+v.name+"?")
			if err != nil {
				t.Fatal(err)
			}
			c.city.awaitPost(id, "tea at "+v.name)
			if p := c.city.postOf(id); p.ReplyTo != conf.URI && v.name != "pixelfed" {
				t.Errorf("it answers %s", p.ReplyTo)
			}
			// Whatever it answers there, visitors of the city find it in the talk.
			if _, _, page := c.city.get("/conf/"+conf.Slug, "text/html"); !strings.Contains(string(page), "tea at "+v.name) {
				t.Errorf("the page of the conference does not show it")
			}
			if v.Acts.Edit != nil {
				if err := v.Acts.Edit(id, "Is there coffee at "+v.name+"?"); err != nil {
					t.Fatal(err)
				}
				html := c.city.awaitPost(id, "coffee at "+v.name)
				if strings.Contains(html, "tea at") {
					t.Errorf("after the change it says %s", html)
				}
			}
			if err := v.Acts.Remove(id); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the answer is deleted", func() error {
				if p := c.city.postOf(id); p.URI != "" {
					return fmt.Errorf("%+v", p)
				}
				return nil
			})
		})
	})

	t.Run("liked and passed on", func(t *testing.T) {
		none := map[string]string{"mobilizon": "it has no likes", "gancio": "nobody is there to like", "wordpress": "the same"}
		count := func(t *testing.T, what community.ReactionKind, of string, want int) {
			t.Helper()
			eventually(t, fmt.Sprintf("%d %s", want, what), func() error {
				if got := c.city.reactions(of); got[what] != want {
					return fmt.Errorf("there are %v of %s; peers %+v", got, of, c.city.peers())
				}
				return nil
			})
		}
		// Pixelfed has a card of its own, which gathers its own likes.
		about := func(v *visitor, id string) string {
			if v.name == "pixelfed" {
				return id
			}
			return conf.URI
		}
		each(t, none, func(v *visitor) bool { return v.Acts.Like != nil }, func(t *testing.T, v *visitor) {
			id := seen(t, v)
			what := community.Like
			if v.name == "misskey" {
				what = community.Emoji
			}
			before := c.city.reactions(about(v, id))[what]
			if err := v.Acts.Like(id); err != nil {
				t.Fatal(err)
			}
			count(t, what, about(v, id), before+1)
			if err := v.Acts.Unlike(id); err != nil {
				t.Fatal(err)
			}
			count(t, what, about(v, id), before)
		})
		for _, forum := range []string{"lemmy", "piefed", "mbin"} {
			none[forum] = "its people vote, and pass nothing on"
		}
		each(t, none, func(v *visitor) bool { return v.Acts.Boost != nil }, func(t *testing.T, v *visitor) {
			id := seen(t, v)
			before := c.city.reactions(about(v, id))[community.Announce]
			if err := v.Acts.Boost(id); err != nil {
				t.Fatal(err)
			}
			count(t, community.Announce, about(v, id), before+1)
			if err := v.Acts.Unboost(id); err != nil {
				t.Fatal(err)
			}
			count(t, community.Announce, about(v, id), before)
		})
	})

	names := map[string]string{"mobilizon": "alice", "friendica": "heluecht", "hubzilla": "mario"}
	// guests waits for what the city knows of who comes, "" for nobody of a server.
	guests := func(t *testing.T, slug string, v *visitor, want string) {
		t.Helper()
		eventually(t, v.name+" is "+want, func() error {
			got := ""
			for _, g := range c.city.guests(slug) {
				if g.Name == names[v.name] {
					got = g.State
				}
			}
			if got != want {
				return fmt.Errorf("%+v", c.city.guests(slug))
			}
			return nil
		})
	}
	mobilizon, friendica, hubzilla := c.visitor("mobilizon"), c.visitor("friendica"), c.visitor("hubzilla")
	t.Run("one comes and does not", func(t *testing.T) {
		for _, v := range []*visitor{mobilizon, friendica, hubzilla} {
			if err := v.Acts.Join(seen(t, v)); err != nil {
				t.Fatal(err)
			}
			guests(t, conf.Slug, v, "going")
		}
		c.settled()
		if thing := mobilizon.Thing(conf.URI); thing.Guests[c.mobilizon.Alice.ID] != "going" {
			t.Errorf("alice sees herself %v", thing.Guests)
		}
		for _, v := range []*visitor{mobilizon, friendica, hubzilla} {
			if err := v.Acts.Leave(seen(t, v)); err != nil {
				t.Fatal(err)
			}
			guests(t, conf.Slug, v, "no")
		}
	})
	t.Run("one asks for a seat", func(t *testing.T) {
		conf := c.city.addConference("By invitation", "--duration", "2h", "--venue", "Central Library", "--street", "Makedonska 22", "--join", "restricted")
		c.settled()
		if err := mobilizon.Acts.Join(conf.URI); err != nil {
			t.Fatal(err)
		}
		guests(t, conf.Slug, mobilizon, "pending")
		if got := mobilizon.Thing(conf.URI).Guests[c.mobilizon.Alice.ID]; got != "waiting" {
			t.Errorf("before anyone answered she is %q", got)
		}
		list := c.city.guests(conf.Slug)
		c.city.run(nil, "conf", "approve", conf.Slug, fmt.Sprint(list[0].ID))
		mobilizon.await(t, "has the seat", func() error {
			if got := mobilizon.Thing(conf.URI).Guests[c.mobilizon.Alice.ID]; got != "going" {
				return fmt.Errorf("she is %q; %s", got, mobilizon.log(""))
			}
			return nil
		})
	})
	t.Run("the last seat", func(t *testing.T) {
		conf := c.city.addConference("A small room", "--duration", "2h", "--venue", "Central Library", "--street", "Makedonska 22", "--capacity", "1")
		c.settled()
		if err := friendica.Acts.Join(conf.URI); err != nil {
			t.Fatal(err)
		}
		guests(t, conf.Slug, friendica, "going")
		if err := mobilizon.Acts.Join(conf.URI); err != nil {
			t.Fatal(err)
		}
		guests(t, conf.Slug, mobilizon, "waitlisted")
		c.settled()
		for _, r := range mobilizon.Receipts() {
			if r.Type() == "TentativeAccept" {
				t.Error("Mobilizon knows no waiting list, and was told of one")
			}
		}
		if err := friendica.Acts.Leave(conf.URI); err != nil {
			t.Fatal(err)
		}
		guests(t, conf.Slug, mobilizon, "going")
	})
	t.Run("a report", func(t *testing.T) {
		if err := c.mastodon.Report(conf.URI, "It is noisy"); err != nil {
			t.Fatal(err)
		}
	})
	c.settled()
	c.nobodyComplained(t)
}

// postOf is a post of others by its address, the zero value for none.
func (c *city) postOf(uri string) post {
	c.t.Helper()
	for _, p := range c.posts() {
		if p.URI == uri {
			return p
		}
	}
	return post{}
}
