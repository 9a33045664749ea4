package community

import (
	"slices"
	"time"
)

// Roster is the part of a guest list that the rules of admission need: how many
// seats there are, how many are taken, and who waits, first come first.
//
// Where Hours is more than 0, a seat that got free is not given to the next in
// the queue but kept for them for so long, to take or to pass on. Whoever passes
// it on, or says nothing, goes to the end of the queue and is passed over for a
// while (Expires), so that the next has it; they may still take a free seat by
// asking for it.
type Roster struct {
	Capacity int // 0: no limit
	Taken    int // people going and those a seat is kept for, plus-ones included
	Mode     JoinMode
	Queue    []Guest // state Waitlisted, in the order of Queued, then ID
	Offered  []Guest // state SeatOffered

	Hours int            // see Conference.OfferHours
	Start time.Time      // of the conference: nothing is kept beyond
	Zone  *time.Location // of the conference
}

// Seats are kept for two hours on the day of the conference. Who passed one on is
// asked again after passedOver.
const (
	offeredOnTheDay = 2 * time.Hour
	passedOver      = 24 * time.Hour
)

// free is the number of free seats; it is never negative, even after the
// capacity was made smaller.
func (r *Roster) free() int {
	if r.Capacity == 0 {
		return 1 << 30
	}
	return max(0, r.Capacity-r.Taken)
}

// fits tells whether a party could ever be let in. One that waits since before
// the hall was made smaller than it cannot; it keeps its place, in case the hall
// grows again, and must not keep everyone behind it out for ever.
func (r *Roster) fits(g *Guest) bool { return r.Capacity == 0 || g.Size() <= r.Capacity }

// head is the place in Queue of whoever is next, or len(Queue).
func (r *Roster) head(now time.Time) int {
	for i := range r.Queue {
		if g := &r.Queue[i]; r.fits(g) && !g.Expires.After(now) {
			return i
		}
	}
	return len(r.Queue)
}

// admits tells whether a party fits now without overtaking anyone who waits.
func (r *Roster) admits(size int, now time.Time) bool {
	return r.head(now) == len(r.Queue) && size <= r.free()
}

// until is when a seat that is offered now lapses; zero where seats are given
// without asking: if nobody wants it otherwise, and once it has begun.
func (r *Roster) until(now time.Time) time.Time {
	if r.Hours <= 0 || !r.Start.After(now) {
		return time.Time{}
	}
	keep := time.Duration(r.Hours) * time.Hour
	zone := r.Zone
	if zone == nil {
		zone = time.UTC
	}
	y, m, d := now.In(zone).Date()
	if sy, sm, sd := r.Start.In(zone).Date(); sy == y && sm == m && sd == d {
		keep = min(keep, offeredOnTheDay)
	}
	if until := now.Add(keep); until.Before(r.Start) {
		return until
	}
	return r.Start
}

// Want is what a guest asks for.
type Want struct {
	State GuestState // Going, Maybe or NotGoing
	Plus  int
}

// Ask decides what becomes of a guest who wants something, and who moves up
// from the waiting list because of it. Guest is the guest as stored, with an
// empty State for a new one; approved tells that a steward already said yes. The
// returned guest is first, those who have a seat now, or are offered one, follow.
// The roster is left as it is afterwards. Who was turned down stays so until a
// steward says yes; where stewards decide, a party does not grow without them.
func (r *Roster) Ask(g Guest, want Want, approved bool, now time.Time) (Guest, []Guest) {
	if g.State == Declined && !approved {
		return g, nil
	}
	if g.State == SeatOffered && want.State == Going {
		r.drop(g) // taken, and counted as such already
		g.State, g.Expires, g.Queued = Going, time.Time{}, time.Time{}
	}
	in := g.State == Going || g.State == Waitlisted
	if r.Mode == Restricted && !approved && in && want.State == Going && want.Plus > g.Plus {
		return g, nil // the stewards said yes to a party of this size
	}
	approved = approved || r.Mode == Free || in
	if g.State == Waitlisted && want.State == Going && want.Plus <= g.Plus {
		// Asking again with no more people keeps the place in the queue.
		passed := !g.Expires.IsZero()
		g.Plus, g.Expires = want.Plus, time.Time{}
		r.drop(g)
		if passed && r.admits(g.Size(), now) {
			g.State, g.Queued = Going, time.Time{}
			r.Taken += g.Size()
			return g, nil
		}
		r.enqueue(g)
		return r.settle(g, now)
	}
	held := 0 // seats the guest has now
	if g.Seated() {
		held = g.Size()
		if want.State == Going && want.Plus > g.Plus && !r.admits(want.Plus-g.Plus, now) {
			// More seats than there are: the ones held are kept, the party
			// stays as it was. Losing a seat by asking for a second one would
			// be a trap.
			return g, nil
		}
	}
	r.Taken -= held
	r.drop(g)
	g.Plus, g.Expires = want.Plus, time.Time{}
	switch {
	case want.State != Going:
		g.State, g.Queued = want.State, time.Time{}
	case !approved:
		g.State, g.Queued = Pending, now
	case held > 0 || r.admits(g.Size(), now):
		g.State, g.Queued = Going, time.Time{}
		r.Taken += g.Size()
	default:
		g.State, g.Queued = Waitlisted, now
		r.enqueue(g)
	}
	return r.settle(g, now)
}

// Decline turns a guest down and lets those who wait move up.
func (r *Roster) Decline(g Guest, now time.Time) (Guest, []Guest) {
	if g.Seated() {
		r.Taken -= g.Size()
	}
	r.drop(g)
	g.State, g.Queued, g.Expires = Declined, time.Time{}, time.Time{}
	return r.settle(g, now)
}

// Admit lets a guest in whom a steward chose, whoever else waits; false where
// there are no seats for them.
func (r *Roster) Admit(g Guest) (Guest, bool) {
	if g.State == SeatOffered {
		r.Taken -= g.Size()
	}
	if g.Size() > r.free() {
		if g.State == SeatOffered {
			r.Taken += g.Size()
		}
		return g, false
	}
	r.drop(g)
	g.State, g.Queued, g.Expires = Going, time.Time{}, time.Time{}
	r.Taken += g.Size()
	return g, true
}

// Pass gives an offered seat back; the guest waits again, behind the others.
func (r *Roster) Pass(g Guest, now time.Time) (Guest, []Guest) {
	if g.State != SeatOffered {
		return g, nil
	}
	return r.settle(r.pass(g, now), now)
}

func (r *Roster) pass(g Guest, now time.Time) Guest {
	r.Taken -= g.Size()
	r.drop(g)
	g.State, g.Queued, g.Expires = Waitlisted, now, now.Add(passedOver)
	r.enqueue(g)
	return g
}

// Lapse takes offered seats back that nobody took in time, and lets those who
// wait have them. It returns the guests who wait again, and all others who
// changed: some have a seat, some are offered one, some are passed over no more.
func (r *Roster) Lapse(now time.Time) (again, others []Guest) {
	begun := !r.Start.After(now)
	for _, g := range slices.Clone(r.Offered) {
		if !g.Expires.After(now) || begun {
			again = append(again, r.pass(g, now))
		}
	}
	for i := range r.Queue {
		if g := &r.Queue[i]; !g.Expires.IsZero() && (!g.Expires.After(now) || begun) {
			g.Expires = time.Time{}
			others = append(others, *g)
		}
	}
	for _, up := range r.Promote(now) {
		out := func(g Guest) bool { return g.same(up) }
		again, others = slices.DeleteFunc(again, out), slices.DeleteFunc(others, out)
		others = append(others, up)
	}
	for i := range again { // what was cleared above holds
		again[i] = r.as(again[i])
	}
	others = slices.DeleteFunc(others, func(g Guest) bool {
		return slices.ContainsFunc(again, func(a Guest) bool { return a.same(g) })
	})
	return again, others
}

// Promote lets everyone have a seat, or be offered one, for whom there is one,
// strictly in order: a large party at the head of the queue is not overtaken by a
// small one behind it, unless it is larger than the hall. It returns them. Where
// that is left to stewards there are none.
func (r *Roster) Promote(now time.Time) []Guest {
	if r.Hours < 0 {
		return nil
	}
	var up []Guest
	until := r.until(now)
	for {
		i := r.head(now)
		if i == len(r.Queue) || r.Queue[i].Size() > r.free() {
			return up
		}
		g := r.Queue[i]
		r.drop(g)
		r.Taken += g.Size()
		if until.IsZero() || !g.Hears() {
			g.State, g.Queued, g.Expires = Going, time.Time{}, time.Time{}
		} else {
			g.State, g.Expires = SeatOffered, until
			r.Offered = append(r.Offered, g)
		}
		up = append(up, g)
	}
}

// settle promotes whoever fits and takes g out of the promoted.
func (r *Roster) settle(g Guest, now time.Time) (Guest, []Guest) {
	var others []Guest
	for _, p := range r.Promote(now) {
		if p.same(g) {
			g = p
		} else {
			others = append(others, p)
		}
	}
	return g, others
}

func (g Guest) same(o Guest) bool {
	if g.ID != 0 || o.ID != 0 {
		return g.ID == o.ID
	}
	return g.MemberID == o.MemberID && g.ActorID == o.ActorID && g.Email == o.Email
}

// enqueue puts a guest into the queue, at the place that Queued says.
func (r *Roster) enqueue(g Guest) {
	i := len(r.Queue)
	for i > 0 && g.before(&r.Queue[i-1]) {
		i--
	}
	r.Queue = slices.Insert(slices.Clip(r.Queue), i, g)
}

// before tells who came first. A guest who is not stored yet comes last.
func (g *Guest) before(o *Guest) bool {
	if !g.Queued.Equal(o.Queued) {
		return g.Queued.Before(o.Queued)
	}
	return g.ID != 0 && g.ID < o.ID
}

// drop takes a guest out of the queue and of those whom a seat is kept for.
func (r *Roster) drop(g Guest) {
	out := func(o Guest) bool { return o.same(g) }
	r.Queue = slices.DeleteFunc(slices.Clone(r.Queue), out)
	r.Offered = slices.DeleteFunc(slices.Clone(r.Offered), out)
}

// Place is the place of someone who waits, from 1, and whether there is a seat
// that they could have at once by asking, as they passed one on.
func (r *Roster) Place(g Guest, now time.Time) (place int, free bool) {
	place = len(r.Queue) + 1
	for i := range r.Queue {
		if r.Queue[i].same(g) {
			place = i + 1
		}
	}
	return place, g.Expires.After(now) && r.admits(g.Size(), now)
}

// as is a guest as the roster has them now.
func (r *Roster) as(g Guest) Guest {
	for _, list := range [][]Guest{r.Queue, r.Offered} {
		for i := range list {
			if list[i].same(g) {
				return list[i]
			}
		}
	}
	return g
}
