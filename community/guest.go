package community

import (
	"slices"
	"time"
)

// GuestState is where a guest stands.
type GuestState string

// The states of a guest. Going is the only one that takes seats.
const (
	Going      GuestState = "going"
	Maybe      GuestState = "maybe"
	NotGoing   GuestState = "no"
	Waitlisted GuestState = "waitlisted"
	Pending    GuestState = "pending"  // restricted: a steward has not answered yet
	Declined   GuestState = "declined" // restricted: a steward said no

	SeatOffered GuestState = "offered"     // from the waiting list: a seat is kept for them until Expires
	Unconfirmed GuestState = "unconfirmed" // by e-mail, not shown to be their address yet: no seat

	// Of members who asked at another server only.
	Unanswered GuestState = "unanswered" // it never said anything
	Outside    GuestState = "outside"    // it said that one signs up at the conference's own address
)

// GuestStates lists all of them.
var GuestStates = []GuestState{Going, SeatOffered, Maybe, NotGoing, Waitlisted, Pending, Declined, Unanswered, Outside, Unconfirmed}

// GuestShown says who may see the name of a guest.
type GuestShown string

// Who sees a name: those who come too (the default), everyone, or the organisers
// alone.
const (
	ShownToGuests     GuestShown = ""
	ShownToEveryone   GuestShown = "everyone"
	ShownToOrganisers GuestShown = "organisers"
)

// GuestShowns lists all of them.
var GuestShowns = []GuestShown{ShownToGuests, ShownToEveryone, ShownToOrganisers}

// Guest is a person coming to one conference: a member, an actor of another
// server, or (with neither) an e-mail address. Who it is never changes.
type Guest struct {
	ID           int64
	ConferenceID int64
	MemberID     int64  // a member of this node, or 0
	ActorID      int64  // an actor elsewhere, or 0
	Email        string // else
	Name         string // to show; filled on reading for members and actors
	State        GuestState
	Plus         int // people brought along, 0 to MaxPlus
	Comment      string
	JoinURI      string            // the id of the Join that brought them, to answer it
	Via          string            // ByPoll, ByWords, ByLink, ByButton, or empty
	AnswerURI    string            // the id of the vote or post that gave the answer, or empty
	Lang         string            // what they were heard to speak, or empty
	Answers      map[string]string // to the questions of the conference, by their keys
	Shown        GuestShown
	Expires      time.Time // of SeatOffered and Unconfirmed: when that lapses
	Asked        time.Time // when they were asked whether they still come
	Reconfirmed  time.Time // when they said yes to that
	CheckedIn    time.Time // when they came through the door
	// Queued is the place in the waiting list: who came first is first. It is
	// kept while waiting, and given anew when someone comes back.
	Queued  time.Time
	Created time.Time
	Updated time.Time
}

// Size is how many people the guest stands for.
func (g Guest) Size() int { return 1 + g.Plus }

// Roster is the part of a guest list that the rules of admission need: how many
// seats there are, how many are taken, and who waits, first come first.
type Roster struct {
	Capacity int // 0: no limit
	Taken    int // people going, plus-ones included
	Mode     JoinMode
	Queue    []Guest // state Waitlisted, in the order of Queued, then ID
}

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
func (r *Roster) fits(g Guest) bool { return r.Capacity == 0 || g.Size() <= r.Capacity }

// head is the place in Queue of whoever is next, or len(Queue).
func (r *Roster) head() int {
	for i := range r.Queue {
		if r.fits(r.Queue[i]) {
			return i
		}
	}
	return len(r.Queue)
}

// admits tells whether a party fits now without overtaking anyone who waits.
func (r *Roster) admits(size int) bool { return r.head() == len(r.Queue) && size <= r.free() }

// Want is what a guest asks for.
type Want struct {
	State GuestState // Going, Maybe or NotGoing
	Plus  int
}

// Ask decides what becomes of a guest who wants something, and who moves up
// from the waiting list because of it. Guest is the guest as stored, with an
// empty State for a new one; approved tells that a steward already said yes. The
// returned guest is first, those promoted follow. The roster is left as it is
// afterwards. Who was turned down stays so until a steward says yes; where
// stewards decide, a party does not grow without them.
func (r *Roster) Ask(g Guest, want Want, approved bool, now time.Time) (Guest, []Guest) {
	if g.State == Declined && !approved {
		return g, nil
	}
	if r.Mode == Restricted && !approved && (g.State == Going || g.State == Waitlisted) && want.State == Going && want.Plus > g.Plus {
		return g, nil // the stewards said yes to a party of this size
	}
	approved = approved || r.Mode == Free || g.State == Going || g.State == Waitlisted
	if g.State == Waitlisted && want.State == Going && want.Plus <= g.Plus {
		// Asking again with no more people keeps the place in the queue.
		g.Plus = want.Plus
		r.replace(g)
		return r.settle(g)
	}
	held := 0 // seats the guest has now
	if g.State == Going {
		held = g.Size()
		if want.State == Going && want.Plus > g.Plus && !r.admits(want.Plus-g.Plus) {
			// More seats than there are: the ones held are kept, the party
			// stays as it was. Losing a seat by asking for a second one would
			// be a trap.
			return g, nil
		}
	}
	r.Taken -= held
	r.drop(g)
	g.Plus = want.Plus
	switch {
	case want.State != Going:
		g.State, g.Queued = want.State, time.Time{}
	case !approved:
		g.State, g.Queued = Pending, now
	case held > 0 || r.admits(g.Size()):
		g.State, g.Queued = Going, time.Time{}
		r.Taken += g.Size()
	default:
		g.State, g.Queued = Waitlisted, now
		r.Queue = append(r.Queue, g)
	}
	return r.settle(g)
}

// Decline turns a guest down and lets those who wait move up.
func (r *Roster) Decline(g Guest) (Guest, []Guest) {
	if g.State == Going {
		r.Taken -= g.Size()
	}
	r.drop(g)
	g.State, g.Queued = Declined, time.Time{}
	return r.settle(g)
}

// Promote moves up everyone who fits, strictly in order: a large party at the
// head of the queue is not overtaken by a small one behind it, unless it is
// larger than the hall. It returns the guests who now have a seat.
func (r *Roster) Promote() []Guest {
	var up []Guest
	for {
		i := r.head()
		if i == len(r.Queue) || r.Queue[i].Size() > r.free() {
			return up
		}
		g := r.Queue[i]
		r.Queue = slices.Concat(r.Queue[:i], r.Queue[i+1:])
		g.State, g.Queued = Going, time.Time{}
		r.Taken += g.Size()
		up = append(up, g)
	}
}

// settle promotes whoever fits and takes g out of the promoted.
func (r *Roster) settle(g Guest) (Guest, []Guest) {
	var others []Guest
	for _, p := range r.Promote() {
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

func (r *Roster) drop(g Guest) {
	for i := range r.Queue {
		if r.Queue[i].same(g) {
			r.Queue = append(r.Queue[:i:i], r.Queue[i+1:]...)
			return
		}
	}
}

func (r *Roster) replace(g Guest) {
	for i := range r.Queue {
		if r.Queue[i].same(g) {
			r.Queue[i] = g
			return
		}
	}
}

// Admits tells whether seats are given at the given instant: not for what is
// cancelled or over.
func (c *Conference) Admits(now time.Time) bool { return c.Status != Cancelled && !c.Past(now) }

// MayAsk tells why a guest cannot answer this conference now, or nil.
func (c *Conference) MayAsk(want Want, now time.Time) error {
	switch {
	case c.Draft:
		return Errorf(NotFound, "there is no such conference")
	case c.Status == Cancelled && want.State != NotGoing:
		return &Error{Code: Refused, Key: "error.cancelled", Msg: "this conference was cancelled"}
	case c.Past(now) && want.State != NotGoing:
		return &Error{Code: Refused, Key: "error.over", Msg: "this conference is over"}
	case c.JoinMode == External && want.State != NotGoing:
		return &Error{Code: Refused, Key: "error.external", Msg: "people sign up for this conference elsewhere", Hint: c.ExternalURL}
	case want.State != Going && want.State != Maybe && want.State != NotGoing:
		return &Error{Code: Invalid, Msg: "the answer is going, maybe or no"}
	case want.Plus < 0 || want.Plus > MaxPlus:
		return &Error{Code: Invalid, Key: "error.plus", Msg: "at most 9 people can be brought along"}
	case c.Capacity > 0 && want.State == Going && 1+want.Plus > c.Capacity:
		return &Error{Code: Invalid, Key: "error.party", Msg: "there are fewer seats than that"}
	}
	return nil
}
