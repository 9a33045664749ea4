package community

import (
	"slices"
	"strings"
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
	taken   int  // before: a hall may be made smaller than that, and then nobody comes in
	lapsed  bool // what was due has lapsed just now
	// hoursChanged: how long seats are kept was changed while some were.
	hoursChanged bool
}

func (h *hall) store(gs ...Guest) {
	for _, g := range gs {
		if before := h.guests[g.ID]; before.State == Waitlisted && !before.Queued.Equal(g.Queued) || before.State == SeatOffered {
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
func (h *hall) check(t *rapid.T) {
	taken, offered := 0, 0
	for _, g := range h.guests {
		if g.Seated() {
			taken += g.Size()
		}
		if g.State == SeatOffered {
			offered++
			if !g.Expires.After(h.clock) && h.lapsed || g.Expires.After(h.roster.Start) {
				t.Fatalf("a seat is kept until %v: %+v", g.Expires, g)
			}
			if h.roster.Hours <= 0 && !h.hoursChanged || !g.Hears() {
				t.Fatalf("a seat is offered to %+v", g)
			}
		}
		if !g.Expires.IsZero() && g.State != SeatOffered && g.State != Waitlisted {
			t.Fatalf("nothing of %+v lapses", g)
		}
	}
	if offered != len(h.roster.Offered) {
		t.Fatalf("%d seats are offered, the roster says %d", offered, len(h.roster.Offered))
	}
	if taken != h.roster.Taken {
		t.Fatalf("roster says %d seats are taken, guests have %d", h.roster.Taken, taken)
	}
	if h.roster.Capacity > 0 && taken > h.roster.Capacity && taken > h.taken {
		t.Fatalf("%d people on %d seats, after %d", taken, h.roster.Capacity, h.taken)
	}
	h.taken = taken
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
		if h.roster.Hours < 0 {
			break // stewards let people in
		}
		if g.Expires.After(h.clock) {
			continue // passed it on
		}
		if !g.Expires.IsZero() && !h.lapsed {
			continue // no longer, but nobody has looked since
		}
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
			roster: Roster{Capacity: rapid.IntRange(0, 12).Draw(t, "capacity"), Mode: rapid.SampledFrom([]JoinMode{Free, Restricted}).Draw(t, "mode"),
				Hours: rapid.SampledFrom([]int{0, 12, -1}).Draw(t, "hours"), Start: time.Date(2026, 11, 25, 19, 0, 0, 0, time.UTC)},
		}
		t.Repeat(map[string]func(*rapid.T){
			"ask": func(t *rapid.T) {
				id := rapid.Int64Range(1, 9).Draw(t, "guest")
				g, ok := h.guests[id]
				if !ok {
					g = Guest{ID: id}
					if id > 7 {
						g.JoinURI = "https://far.example/j" // their server knows no offers
					}
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
				if before.State == SeatOffered && want.State == Going && g.State != Going {
					t.Fatalf("%v took the seat that was kept and is %s", before, g.State)
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
				g, up := h.roster.Decline(g, h.clock)
				h.store(append(up, g)...)
			},
			"pass": func(t *rapid.T) {
				g := h.guests[rapid.Int64Range(1, 9).Draw(t, "guest")]
				before := g
				g, up := h.roster.Pass(g, h.clock)
				if before.State == SeatOffered && g.State != Waitlisted {
					t.Fatalf("%v passed it on and is %s", before, g.State)
				}
				for _, u := range up {
					if u.same(g) {
						t.Fatalf("%v passed it on and has it again", g)
					}
				}
				if g.ID != 0 {
					h.store(append(up, g)...)
				}
			},
			"admit": func(t *rapid.T) {
				g, ok := h.guests[rapid.Int64Range(1, 9).Draw(t, "guest")]
				if !ok || g.State == Going {
					t.Skip("nobody to let in")
				}
				room := h.roster.free()
				if g.State == SeatOffered {
					room += g.Size()
				}
				in, ok := h.roster.Admit(g)
				if h.roster.Taken <= h.roster.Capacity && ok != (g.Size() <= room) {
					t.Fatalf("%v is let in: %v", g, ok)
				}
				if ok {
					h.store(in)
				}
			},
			"time": func(t *rapid.T) {
				h.clock = h.clock.Add(rapid.SampledFrom([]time.Duration{time.Hour, 7 * time.Hour, 30 * time.Hour}).Draw(t, "passes"))
				again, others := h.roster.Lapse(h.clock)
				for _, g := range again {
					if g.State != Waitlisted {
						t.Fatalf("%+v waits again", g)
					}
				}
				h.store(append(again, others...)...)
				h.lapsed = true
				h.check(t)
				if a, o := h.roster.Lapse(h.clock); len(a)+len(o) > 0 {
					t.Fatalf("it lapses twice: %v %v", a, o)
				}
			},
			"hours": func(t *rapid.T) {
				h.roster.Hours, h.hoursChanged = rapid.SampledFrom([]int{0, 12, -1}).Draw(t, "hours"), true
				h.store(h.roster.Promote(h.clock)...)
			},
			"capacity": func(t *rapid.T) {
				h.roster.Capacity = rapid.IntRange(0, 15).Draw(t, "capacity")
				h.store(h.roster.Promote(h.clock)...)
			},
			"": func(t *rapid.T) {
				h.lapsed = false
				h.clock = h.clock.Add(time.Second)
				h.check(t)
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
	if up := r.Promote(now); len(up) != 1 || up[0].ID != 3 || len(r.Queue) != 1 {
		t.Fatalf("%v moved up, %v wait", up, r.Queue)
	}
	r.Ask(a, Want{State: NotGoing}, false, now)
	if g, _ := r.Ask(Guest{ID: 4}, Want{State: Going}, false, now); g.State != Going {
		t.Errorf("a seat is free, and %v", g)
	}
	r.Capacity = 8
	if up := r.Promote(now); len(up) != 1 || up[0].ID != 2 {
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

// A seat that got free is offered to the head of the queue: taken, passed on to
// the next, or lapsed.
func TestRosterOffers(t *testing.T) {
	belgrade, err := time.LoadLocation("Europe/Belgrade")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 11, 25, 18, 0, 0, 0, time.UTC)
	now := start.Add(-72 * time.Hour)
	r := Roster{Capacity: 1, Mode: Free, Hours: 12, Start: start, Zone: belgrade}
	in, _ := r.Ask(Guest{ID: 1}, Want{State: Going}, false, now)
	a, _ := r.Ask(Guest{ID: 2}, Want{State: Going}, false, now.Add(1))
	b, _ := r.Ask(Guest{ID: 3}, Want{State: Going}, false, now.Add(2))
	_, up := r.Ask(in, Want{State: NotGoing}, false, now.Add(3))
	if len(up) != 1 || up[0].ID != a.ID || up[0].State != SeatOffered || !up[0].Expires.Equal(now.Add(3+12*time.Hour)) {
		t.Fatalf("offered: %+v", up)
	}
	if c, _ := r.Ask(Guest{ID: 4}, Want{State: Going}, false, now.Add(4)); c.State != Waitlisted {
		t.Fatalf("an offered seat is given away: %+v", c)
	}
	// It is passed on: the next has it, whoever passed waits behind the others.
	a, up = r.Pass(up[0], now.Add(5))
	if a.State != Waitlisted || r.Queue[len(r.Queue)-1].ID != a.ID || len(up) != 1 || up[0].ID != b.ID {
		t.Fatalf("passed by %+v to %+v", a, up)
	}
	// Nobody says anything: on to the next, and the one after that, and then it stays free.
	at := now.Add(13 * time.Hour)
	again, others := r.Lapse(at)
	if len(again) != 1 || again[0].ID != b.ID || len(others) != 1 || others[0].ID != 4 || others[0].State != SeatOffered {
		t.Fatalf("%+v lapsed, and %+v", again, others)
	}
	at = at.Add(11 * time.Hour)
	r.Pass(others[0], at)
	if r.Taken != 0 || len(r.Offered) != 0 {
		t.Fatalf("the seat goes round in circles: %+v", r)
	}
	// Whoever passed may still take it, and a stranger too.
	if a, _ = r.Ask(r.as(a), Want{State: Going}, false, at); a.State != Going {
		t.Fatalf("a free seat is not given: %+v", a)
	}
	if _, up = r.Ask(a, Want{State: NotGoing}, false, at); len(up) != 0 {
		t.Fatalf("asked again at once: %+v", up)
	}
	// After a day they are asked again, in their order.
	_, others = r.Lapse(now.Add(13*time.Hour + passedOver))
	if len(others) != 1 || others[0].ID != b.ID || others[0].State != SeatOffered {
		t.Fatalf("asked again: %+v", others)
	}
	// Once it begins there is nothing to wait for.
	again, others = r.Lapse(start)
	if len(again) != 1 || again[0].ID != b.ID || !again[0].Expires.IsZero() || len(others) != 1 || others[0].ID != 4 || others[0].State != Going || r.Taken != 1 {
		t.Fatalf("at the beginning: %+v, %+v", again, others)
	}
}

func TestRosterHowLongSeatsAreKept(t *testing.T) {
	belgrade, err := time.LoadLocation("Europe/Belgrade")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 11, 25, 18, 0, 0, 0, time.UTC) // 19:00 there
	r := Roster{Hours: 12, Start: start, Zone: belgrade}
	for _, x := range []struct{ now, want time.Time }{
		{start.Add(-48 * time.Hour), start.Add(-36 * time.Hour)},
		{time.Date(2026, 11, 24, 22, 59, 0, 0, time.UTC), time.Date(2026, 11, 25, 10, 59, 0, 0, time.UTC)},
		{time.Date(2026, 11, 24, 23, 1, 0, 0, time.UTC), time.Date(2026, 11, 25, 1, 1, 0, 0, time.UTC)}, // it is that day already
		{start.Add(-time.Hour), start},
		{start, time.Time{}},
	} {
		if got := r.until(x.now); !got.Equal(x.want) {
			t.Errorf("at %v: until %v, want %v", x.now, got, x.want)
		}
	}
	for _, hours := range []int{0, -1} {
		r.Hours = hours
		if got := r.until(start.Add(-48 * time.Hour)); !got.IsZero() {
			t.Errorf("%d hours: %v", hours, got)
		}
	}
}

func TestRosterLeavesItToStewards(t *testing.T) {
	now := time.Now()
	r := Roster{Capacity: 1, Mode: Free, Hours: -1, Start: now.Add(time.Hour)}
	in, _ := r.Ask(Guest{ID: 1}, Want{State: Going}, false, now)
	a, _ := r.Ask(Guest{ID: 2}, Want{State: Going}, false, now)
	b, _ := r.Ask(Guest{ID: 3}, Want{State: Going}, false, now)
	if _, ok := r.Admit(b); ok {
		t.Fatal("let in without a seat")
	}
	if _, up := r.Ask(in, Want{State: NotGoing}, false, now); len(up) != 0 {
		t.Fatalf("%+v moved up", up)
	}
	if c, _ := r.Ask(Guest{ID: 4}, Want{State: Going}, false, now); c.State != Waitlisted {
		t.Fatalf("%+v overtook", c)
	}
	if b, ok := r.Admit(b); !ok || b.State != Going || r.Taken != 1 || len(r.Queue) != 2 || r.Queue[0].ID != a.ID {
		t.Fatalf("%+v, %+v", b, r)
	}
}

func TestCheckDetails(t *testing.T) {
	c := Conference{Questions: []Question{
		{Key: "food", Text: "What do you eat?", Kind: AskChoice, Choices: []string{"All", "No meat"}, Required: true},
		{Key: "photo", Text: "May we take pictures?", Kind: AskYes},
		{Key: "say", Text: "Anything else?", Kind: AskText},
	}}
	ok := Details{Name: " Anna  Ivanova ", Answers: map[string]string{"food": " All ", "photo": "yes", "say": "", "unasked": "x"}}
	if err := c.CheckDetails(&ok, Want{State: Going}); err != nil || ok.Name != "Anna Ivanova" || len(ok.Answers) != 2 || ok.Answers["food"] != "All" {
		t.Errorf("%+v, %v", ok, err)
	}
	if err := c.CheckDetails(&Details{}, Want{State: Maybe}); err != nil {
		t.Error(err)
	}
	long := strings.Repeat("ы", MaxAnswer+1)
	for _, d := range []Details{
		{}, {Answers: map[string]string{"food": "Stones"}}, {Answers: map[string]string{"food": "All", "photo": "perhaps"}},
		{Answers: map[string]string{"food": "All", "say": long}}, {Answers: map[string]string{"food": "All"}, Shown: "nobody"},
		{Answers: map[string]string{"food": "All"}, Name: long}, {Answers: map[string]string{"food": "All"}, Comment: long + long},
	} {
		if err := c.CheckDetails(&d, Want{State: Going}); CodeOf(err) != Invalid || len(err.(*Error).Fields) != 1 {
			t.Errorf("%+v: %v", d, err)
		}
	}
}
