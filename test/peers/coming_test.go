package peers

import (
	"fmt"
	"strings"
	"testing"

	"konfa/test/standin"
)

// People come without leaving their server: by the poll below the conference, by
// saying so in an answer, by the button that theirs has. The city writes to each.
func TestComingFromEverySoftware(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, cityOptions{Handle: "belgrade", Host: "coming.localhost"})
	art := pictures(t, "127.0.0.145")
	c.befriend()
	add := func(title string, flags ...string) conference {
		return c.city.addConference(title, append([]string{"--duration", "2h", "--venue", "Central Library", "--street", "Makedonska 22", "--cover", art.url + "/poster.jpg", "--cover-alt", "A poster"}, flags...)...)
	}
	names := map[string]string{
		"mastodon": "Alice", "mastodon 4.4": "Alice", "gotosocial": "sloth", "misskey": "Ai", "pixelfed": "dansup", "lemmy": "nutomic", "piefed": "rimu", "mbin": "ernest",
		"friendica": "heluecht", "hubzilla": "mario", "mobilizon": "alice",
	}
	// going counts the guests of a name in a state: two have the same.
	going := func(slug, name, state string) (n int) {
		for _, g := range c.city.guests(slug) {
			if strings.EqualFold(g.Name, name) && g.State == state {
				n++
			}
		}
		return n
	}
	letters := func(v *visitor) (out []*standin.Thing) {
		for _, thing := range v.Things() {
			if thing.Kind == "message" && thing.By == c.city.cityURI() {
				out = append(out, thing)
			}
		}
		return out
	}
	poll := func(t *testing.T, v *visitor, conf conference) *standin.Thing {
		t.Helper()
		for _, thing := range v.RepliesTo(c.thing(v, conf.URI).ID) {
			if thing.Poll != nil {
				return thing
			}
		}
		t.Fatalf("there is no poll; %s", v.log(conf.URI))
		return nil
	}

	t.Run("by the poll", func(t *testing.T) {
		conf := add("A vote for tea")
		c.settled()
		for _, v := range c.visitors {
			if v.Acts.Vote == nil {
				continue
			}
			t.Run(v.name, func(t *testing.T) {
				question := poll(t, v, conf)
				if len(question.Poll.Options) != 3 || question.Poll.Many || question.Poll.Closed {
					t.Fatalf("%+v", *question.Poll)
				}
				name, before, mail := names[v.name], 0, len(letters(v))
				before = going(conf.Slug, name, "going")
				if err := v.Acts.Vote(question.ID, question.Poll.Options[0].Name); err != nil {
					t.Fatal(err)
				}
				eventually(t, "the vote is a seat", func() error {
					if got := going(conf.Slug, name, "going"); got != before+1 {
						return fmt.Errorf("%+v", c.city.guests(conf.Slug))
					}
					return nil
				})
				v.await(t, "gets a letter", func() error {
					list := letters(v)
					if len(list) == mail {
						return fmt.Errorf("%s", v.log(""))
					}
					if text := list[len(list)-1].Text; !strings.Contains(text, c.city.url) {
						return fmt.Errorf("it says %q", text)
					}
					return nil
				})
				c.city.tellPoll(conf.Slug)
				v.await(t, "sees the count", func() error {
					if now := v.Thing(question.ID); now.Poll.Options[0].Votes == 0 || now.Poll.Renewed > 0 {
						return fmt.Errorf("%+v; %s", *now.Poll, v.log(question.ID))
					}
					return nil
				})
			})
		}
		for _, name := range []string{"friendica", "hubzilla"} {
			poll(t, c.visitor(name), conf) // seen, and not to be voted in from there
		}
	})

	t.Run("by saying so", func(t *testing.T) {
		for i, v := range c.visitors {
			if v.Acts.Reply == nil {
				continue
			}
			t.Run(v.name, func(t *testing.T) {
				conf := add(fmt.Sprintf("Words count, part %d", i))
				c.settled()
				mail := len(letters(v))
				if _, err := v.Acts.Reply(c.thing(v, conf.URI).ID, []string{"I'm going!", "иду"}[i%2]); err != nil {
					t.Fatal(err)
				}
				eventually(t, "the word is a seat", func() error {
					if got := going(conf.Slug, names[v.name], "going"); got != 1 {
						return fmt.Errorf("%+v", c.city.guests(conf.Slug))
					}
					return nil
				})
				c.settled()
				switch v.name {
				case "lemmy", "piefed", "mbin":
					// A group writes to nobody there.
				default:
					if len(letters(v)) == mail {
						t.Errorf("no letter came; %s", v.log(""))
					}
				}
			})
		}
	})

	t.Run("no room", func(t *testing.T) {
		conf := add("One chair", "--capacity", "1")
		c.settled()
		first, second := c.visitor("mastodon"), c.visitor("gotosocial")
		question := poll(t, first, conf)
		if err := first.Acts.Vote(question.ID, question.Poll.Options[0].Name); err != nil {
			t.Fatal(err)
		}
		eventually(t, "alice has the chair", func() error {
			if going(conf.Slug, "Alice", "going") != 1 {
				return fmt.Errorf("%+v", c.city.guests(conf.Slug))
			}
			return nil
		})
		if err := second.Acts.Vote(question.ID, question.Poll.Options[0].Name); err != nil {
			t.Fatal(err)
		}
		eventually(t, "sloth waits", func() error {
			if going(conf.Slug, "sloth", "waitlisted") != 1 {
				return fmt.Errorf("%+v", c.city.guests(conf.Slug))
			}
			return nil
		})
		second.await(t, "is told that there is no room", func() error {
			for _, l := range letters(second) {
				if strings.Contains(l.Text, "One chair") {
					return nil
				}
			}
			return fmt.Errorf("%s", second.log(""))
		})
	})
	c.settled()
	c.nobodyComplained(t)
}
