package node

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"konfa/community"
	"konfa/storage"
)

// modelGuest is where someone stands by the rules, as told in words.
type modelGuest struct {
	state community.GuestState
	plus  int
	by    string // the vote or post that counts, or empty
}

// model is a guest list kept in the plainest way.
type model struct {
	capacity int
	guests   map[int]*modelGuest
	waiting  []int // first come first
}

func (m *model) taken() (n int) {
	for _, g := range m.guests {
		if g.state == community.Going {
			n += 1 + g.plus
		}
	}
	return n
}

func (m *model) fits(size int) bool { return m.capacity == 0 || m.taken()+size <= m.capacity }

func (m *model) settle() {
	for len(m.waiting) > 0 && m.fits(1+m.guests[m.waiting[0]].plus) {
		m.guests[m.waiting[0]].state = community.Going
		m.waiting = m.waiting[1:]
	}
}

func (m *model) unqueue(i int) {
	m.waiting = slices.DeleteFunc(m.waiting, func(w int) bool { return w == i })
}

// ask is someone who answers. It tells whether the answer was taken at all.
func (m *model) ask(i int, state community.GuestState, plus int, by string) bool {
	if m.capacity > 0 && state == community.Going && 1+plus > m.capacity {
		return false // there are fewer seats than that
	}
	g := m.guests[i]
	if g == nil {
		g = &modelGuest{}
		m.guests[i] = g
	}
	g.by = by
	switch {
	case state != community.Going:
		m.unqueue(i)
		g.state, g.plus = state, plus
	case g.state == community.Going && plus > g.plus:
		if len(m.waiting) == 0 && m.fits(plus-g.plus) {
			g.plus = plus
		} // else the party stays as it was
	case g.state == community.Going, g.state == community.Waitlisted && plus <= g.plus:
		g.plus = plus
	default:
		m.unqueue(i)
		g.state, g.plus = community.Waitlisted, plus
		if len(m.waiting) == 0 && m.fits(1+plus) {
			g.state = community.Going
		} else {
			m.waiting = append(m.waiting, i)
		}
	}
	m.settle()
	return true
}

// leave is someone who goes by Leave, or whose answer is deleted.
func (m *model) leave(i int) {
	g := m.guests[i]
	if g == nil || g.state == community.NotGoing {
		return
	}
	m.unqueue(i)
	g.state, g.plus, g.by = community.NotGoing, 0, ""
	m.settle()
}

// Whatever people vote, say, edit, delete, join and leave in whatever order: where
// they stand is what the rules say, the totals of the poll are theirs, and nobody
// sits on a seat that is not there.
func TestAnswersFollowTheRules(t *testing.T) {
	words := map[string]community.Want{
		"I'm coming": {State: community.Going}, "Иду +1": {State: community.Going, Plus: 1}, "there will be three of us": {State: community.Going, Plus: 2},
		"maybe": {State: community.Maybe}, "Не смогу": {State: community.NotGoing},
	}
	said := slices.Sorted(maps.Keys(words))
	options := map[string]community.GuestState{"I'm coming": community.Going, "Maybe": community.Maybe, "Not this time": community.NotGoing}
	votesFor := slices.Sorted(maps.Keys(options))
	w := newWorld(t)
	var people []*community.Actor
	for i := range 5 {
		people = append(people, w.stranger(t, fmt.Sprintf("https://far.example/u/p%d", i)))
	}
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		m := &model{capacity: rapid.SampledFrom([]int{0, 1, 3, 4}).Draw(rt, "seats"), guests: map[int]*modelGuest{}}
		c, p := w.asking(t, func(c *community.Conference) { c.Capacity = m.capacity })
		id := w.site.Conference(c.Slug)
		posts := map[string]int{} // by id: whose
		var written []string
		must := func(err error) {
			if err != nil {
				rt.Fatal(err)
			}
		}
		step := 0
		next := func(kind string) string { step++; return fmt.Sprintf("%s%d-%d", kind, run, step) }
		say := func(i int, uri, text string) {
			post := w.reply(people[i], uri, id, mentionCity+text+"</p>")
			must(w.ReceivePost(t.Context(), people[i], post, nil))
		}
		who := rapid.IntRange(0, len(people)-1)
		rt.Repeat(map[string]func(*rapid.T){
			"vote": func(rt *rapid.T) {
				i, option := who.Draw(rt, "who"), rapid.SampledFrom(votesFor).Draw(rt, "option")
				uri := "https://far.example/" + next("v")
				must(w.ReceiveVote(t.Context(), people[i], uri, w.site.Post(p.Slug), option))
				plus := 0
				if g := m.guests[i]; g != nil && options[option] == community.Going && (g.state == community.Going || g.state == community.Waitlisted) {
					plus = g.plus // a vote says nothing of them
				}
				m.ask(i, options[option], plus, uri)
			},
			"say": func(rt *rapid.T) {
				i, text := who.Draw(rt, "who"), rapid.SampledFrom(said).Draw(rt, "text")
				uri := next("n")
				say(i, uri, text)
				uri = "https://far.example/n/" + uri
				posts[uri], written = i, append(written, uri)
				m.ask(i, words[text].State, words[text].Plus, uri)
			},
			"chat": func(rt *rapid.T) {
				say(who.Draw(rt, "who"), next("n"), rapid.SampledFrom([]string{"Is anyone going?", "Great!", "I'm going home", "приду, если успею"}).Draw(rt, "text"))
			},
			"edit": func(rt *rapid.T) {
				if len(written) == 0 {
					rt.Skip()
				}
				uri, text := rapid.SampledFrom(written).Draw(rt, "post"), rapid.SampledFrom(said).Draw(rt, "text")
				i := posts[uri]
				say(i, uri[len("https://far.example/n/"):], text)
				if g := m.guests[i]; g == nil || g.by == uri {
					m.ask(i, words[text].State, words[text].Plus, uri)
				}
			},
			"delete": func(rt *rapid.T) {
				if len(written) == 0 {
					rt.Skip()
				}
				k := rapid.IntRange(0, len(written)-1).Draw(rt, "post")
				uri := written[k]
				written = slices.Delete(written, k, k+1)
				must(w.ReceiveDelete(t.Context(), people[posts[uri]], uri))
				if g := m.guests[posts[uri]]; g != nil && g.by == uri {
					m.leave(posts[uri])
				}
			},
			"join": func(rt *rapid.T) {
				i, plus := who.Draw(rt, "who"), rapid.IntRange(0, 3).Draw(rt, "plus")
				must(w.ReceiveJoin(t.Context(), people[i], "https://far.example/"+next("j"), id, "", plus))
				m.ask(i, community.Going, plus, "")
			},
			"leave": func(rt *rapid.T) {
				i := who.Draw(rt, "who")
				err := w.ReceiveLeave(t.Context(), people[i], id, "")
				if m.guests[i] != nil {
					must(err)
				}
				m.leave(i)
			},
			"link": func(rt *rapid.T) {
				i := who.Draw(rt, "who")
				g, err := w.store.Guest(t.Context(), c.ID, storage.GuestKey{ActorID: people[i].ID})
				if err != nil {
					rt.Skip()
				}
				secret, err := w.store.Meta(t.Context(), rsvpKey)
				if err != nil {
					rt.Skip()
				}
				want := community.Want{State: rapid.SampledFrom([]community.GuestState{community.Going, community.Maybe, community.NotGoing}).Draw(rt, "state")}
				if want.State == community.Going {
					want.Plus = rapid.IntRange(0, 3).Draw(rt, "plus")
				}
				_, err = w.ChangeRSVP(t.Context(), linkToken(secret, g), want, nil)
				if taken := m.ask(i, want.State, want.Plus, ""); taken != (err == nil) {
					rt.Fatalf("%+v: %v", want, err)
				}
			},
			"": func(rt *rapid.T) {
				w.pass(time.Millisecond) // the queue is in the order of time
				guests, err := w.store.Guests(t.Context(), c.ID)
				must(err)
				if len(guests) != len(m.guests) {
					rt.Fatalf("%d guests, the rules say %d", len(guests), len(m.guests))
				}
				var queue []int
				var tally community.Tally
				for _, g := range guests {
					i := slices.IndexFunc(people, func(a *community.Actor) bool { return a.ID == g.ActorID })
					want := m.guests[i]
					if g.State != want.state || g.Plus != want.plus || g.AnswerURI != want.by {
						rt.Fatalf("%d is %s+%d by %q, the rules say %s+%d by %q", i, g.State, g.Plus, g.AnswerURI, want.state, want.plus, want.by)
					}
					switch g.State {
					case community.Waitlisted:
						queue = append(queue, i)
					case community.Going:
						tally.Going += g.Size()
					case community.Maybe:
						tally.Maybe += g.Size()
					case community.NotGoing:
						tally.Away += g.Size()
					}
				}
				if !slices.Equal(queue, m.waiting) {
					rt.Fatalf("%v wait, the rules say %v", queue, m.waiting)
				}
				if m.capacity > 0 && tally.Going > m.capacity {
					rt.Fatalf("%d people on %d seats", tally.Going, m.capacity)
				}
				if poll, err := w.Poll(t.Context(), p); err != nil || poll.Tally != tally {
					rt.Fatalf("the poll says %+v, there are %+v (%v)", poll, tally, err)
				}
			},
		})
	})
}
