package community

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// hall is a whole guest list, kept beside the rules to check them against.
type hall struct {
	roster  Roster
	guests  map[int64]Guest
	arrived []int64 // who waits, in the order they came
	clock   time.Time
}

func (h *hall) store(gs ...Guest) {
	for _, g := range gs {
		if before := h.guests[g.ID]; before.State == Waitlisted && !before.Queued.Equal(g.Queued) {
			// A party that grows queues again, behind the others.
			h.arrived = slices.DeleteFunc(h.arrived, func(id int64) bool { return id == g.ID })
		}
		if g.State == Waitlisted && !slices.Contains(h.arrived, g.ID) {
			h.arrived = append(h.arrived, g.ID)
		}
		if g.State != Waitlisted {
			h.arrived = slices.DeleteFunc(h.arrived, func(id int64) bool { return id == g.ID })
		}
		h.guests[g.ID] = g
	}
}

// check holds after every step: no seat is given twice, nobody is overtaken, no
// seat stays empty that the first in the queue could have.
func (h *hall) check(t *rapid.T, grown bool) {
	taken := 0
	for _, g := range h.guests {
		if g.State == Going {
			taken += g.Size()
		}
	}
	if taken != h.roster.Taken {
		t.Fatalf("roster says %d seats are taken, guests have %d", h.roster.Taken, taken)
	}
	if grown && h.roster.Capacity > 0 && taken > h.roster.Capacity {
		t.Fatalf("%d people on %d seats", taken, h.roster.Capacity)
	}
	var queue []int64
	for _, g := range h.roster.Queue {
		if g.State != Waitlisted {
			t.Fatalf("%v is in the queue", g)
		}
		queue = append(queue, g.ID)
	}
	if !slices.Equal(queue, h.arrived) {
		t.Fatalf("queue %v, but they came as %v", queue, h.arrived)
	}
	for _, g := range h.roster.Queue {
		if h.roster.Capacity > 0 && g.Size() > h.roster.Capacity {
			continue // larger than the hall
		}
		if g.Size() <= h.roster.free() {
			t.Fatalf("the next in the queue fits and still waits: %+v", h.roster)
		}
		break
	}
}

func TestRosterNeverOverbooksNorOvertakes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := &hall{
			guests: map[int64]Guest{},
			clock:  time.Date(2026, 11, 22, 19, 0, 0, 0, time.UTC),
			roster: Roster{Capacity: rapid.IntRange(0, 12).Draw(t, "capacity"), Mode: rapid.SampledFrom([]JoinMode{Free, Restricted}).Draw(t, "mode")},
		}
		overfull := false // capacity was cut below what is taken
		t.Repeat(map[string]func(*rapid.T){
			"ask": func(t *rapid.T) {
				id := rapid.Int64Range(1, 9).Draw(t, "guest")
				g, ok := h.guests[id]
				if !ok {
					g = Guest{ID: id}
				}
				want := Want{State: rapid.SampledFrom([]GuestState{Going, Maybe, NotGoing}).Draw(t, "want"), Plus: rapid.IntRange(0, 3).Draw(t, "plus")}
				before := g
				approved := rapid.Bool().Draw(t, "approved")
				g, up := h.roster.Ask(g, want, approved, h.clock)
				if before.State == Declined && !approved && g.State != Declined {
					t.Fatalf("%v was turned down and is %s by asking", before, g.State)
				}
				if before.State == Going && want.State == Going && g.State != Going {
					t.Fatalf("%v lost the seat by asking again", before)
				}
				if before.State == Waitlisted && want.State == Going && want.Plus <= before.Plus && g.State == Waitlisted && !g.Queued.Equal(before.Queued) {
					t.Fatalf("%v lost the place in the queue by asking again", before)
				}
				h.store(append(up, g)...)
			},
			"decline": func(t *rapid.T) {
				g, ok := h.guests[rapid.Int64Range(1, 9).Draw(t, "guest")]
				if !ok {
					t.Skip("nobody there")
				}
				g, up := h.roster.Decline(g)
				h.store(append(up, g)...)
			},
			"capacity": func(t *rapid.T) {
				h.roster.Capacity = rapid.IntRange(0, 15).Draw(t, "capacity")
				h.store(h.roster.Promote()...)
			},
			"": func(t *rapid.T) {
				h.clock = h.clock.Add(time.Second)
				overfull = h.roster.Capacity > 0 && h.roster.Taken > h.roster.Capacity
				h.check(t, !overfull)
			},
		})
	})
}

// A capacity cut below what is taken sends nobody home, and gives no new seat.
func TestRosterCutCapacity(t *testing.T) {
	r := Roster{Capacity: 2, Taken: 4, Mode: Free}
	g, up := r.Ask(Guest{ID: 1}, Want{State: Going}, false, time.Now())
	if g.State != Waitlisted || len(up) != 0 || r.Taken != 4 {
		t.Fatalf("got %v and %v, %d seats taken", g.State, up, r.Taken)
	}
}

// A party of three at the head of the queue is not overtaken by someone alone.
func TestRosterPartyIsNotOvertaken(t *testing.T) {
	now := time.Now()
	r := Roster{Capacity: 3, Mode: Free}
	a, _ := r.Ask(Guest{ID: 1}, Want{State: Going}, false, now)
	b, _ := r.Ask(Guest{ID: 2}, Want{State: Going}, false, now)
	party, _ := r.Ask(Guest{ID: 3}, Want{State: Going, Plus: 2}, false, now)
	alone, _ := r.Ask(Guest{ID: 4}, Want{State: Going}, false, now)
	if party.State != Waitlisted || alone.State != Waitlisted {
		t.Fatalf("party %s, alone %s", party.State, alone.State)
	}
	_, up := r.Ask(a, Want{State: NotGoing}, false, now)
	if len(up) != 0 {
		t.Fatalf("%v moved up, but the party comes first", up)
	}
	_, up = r.Ask(b, Want{State: NotGoing}, false, now)
	if len(up) != 1 || up[0].ID != 3 {
		t.Fatalf("%v moved up, not the party", up)
	}
}

// A party that waits and is larger than the hall became does not keep everyone
// else out; it has its place again when the hall grows.
func TestRosterPartyLargerThanTheHall(t *testing.T) {
	now := time.Now()
	r := Roster{Capacity: 4, Mode: Free}
	a, _ := r.Ask(Guest{ID: 1}, Want{State: Going}, false, now)
	party, _ := r.Ask(Guest{ID: 2}, Want{State: Going, Plus: 3}, false, now)
	alone, _ := r.Ask(Guest{ID: 3}, Want{State: Going}, false, now)
	if party.State != Waitlisted || alone.State != Waitlisted {
		t.Fatalf("party %s, alone %s", party.State, alone.State)
	}
	r.Capacity = 2
	if up := r.Promote(); len(up) != 1 || up[0].ID != 3 || len(r.Queue) != 1 {
		t.Fatalf("%v moved up, %v wait", up, r.Queue)
	}
	r.Ask(a, Want{State: NotGoing}, false, now)
	if g, _ := r.Ask(Guest{ID: 4}, Want{State: Going}, false, now); g.State != Going {
		t.Errorf("a seat is free, and %v", g)
	}
	r.Capacity = 8
	if up := r.Promote(); len(up) != 1 || up[0].ID != 2 {
		t.Errorf("%v moved up, not the party", up)
	}
}

func TestRosterRestrictedWaitsForYes(t *testing.T) {
	now := time.Now()
	r := Roster{Mode: Restricted}
	g, _ := r.Ask(Guest{ID: 1}, Want{State: Going}, false, now)
	if g.State != Pending || r.Taken != 0 {
		t.Fatalf("got %s with %d seats taken", g.State, r.Taken)
	}
	g, _ = r.Ask(g, Want{State: Going}, true, now)
	if g.State != Going || r.Taken != 1 {
		t.Fatalf("got %s with %d seats taken", g.State, r.Taken)
	}
	g, _ = r.Ask(g, Want{State: Going, Plus: 9}, false, now)
	if g.State != Going || g.Plus != 0 || r.Taken != 1 {
		t.Fatalf("a yes to one let %d in", r.Taken)
	}
}

func TestMayAsk(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	ok := Conference{Start: now.Add(time.Hour), End: now.Add(2 * time.Hour), JoinMode: Free, Status: Scheduled}
	tests := []struct {
		name   string
		change func(*Conference)
		want   Want
		code   Code
	}{
		{"open", func(*Conference) {}, Want{State: Going}, ""},
		{"draft", func(c *Conference) { c.Draft = true }, Want{State: Going}, NotFound},
		{"cancelled", func(c *Conference) { c.Status = Cancelled }, Want{State: Going}, Refused},
		{"leaving a cancelled one", func(c *Conference) { c.Status = Cancelled }, Want{State: NotGoing}, ""},
		{"running", func(c *Conference) { c.Start = now.Add(-time.Hour) }, Want{State: Going}, ""},
		{"over", func(c *Conference) { c.Start, c.End = now.Add(-2*time.Hour), now.Add(-time.Hour) }, Want{State: Going}, Refused},
		{"elsewhere", func(c *Conference) { c.JoinMode = External }, Want{State: Going}, Refused},
		{"nonsense", func(*Conference) {}, Want{State: "perhaps"}, Invalid},
		{"a crowd", func(*Conference) {}, Want{State: Going, Plus: MaxPlus + 1}, Invalid},
		{"larger than the room", func(c *Conference) { c.Capacity = 2 }, Want{State: Going, Plus: 2}, Invalid},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := ok
			test.change(&c)
			if code := CodeOf(c.MayAsk(test.want, now)); code != test.code {
				t.Errorf("got %q, want %q", code, test.code)
			}
		})
	}
}
