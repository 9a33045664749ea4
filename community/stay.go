package community

import (
	"slices"
	"time"
)

// StayKind is why someone is in another city.
type StayKind string

// The kinds of stays. Only moving may have no last day.
const (
	Visiting StayKind = "visiting"
	Moving   StayKind = "moving"
)

// StayKinds lists all of them.
var StayKinds = []StayKind{Visiting, Moving}

// Stay is a member of ours in another city. Days are their first instant in UTC,
// wherever on earth they are.
type Stay struct {
	ID       int64
	MemberID int64
	ActorID  int64  // the city
	Actor    *Actor // filled on reading
	From     time.Time
	To       time.Time // the last day, or zero
	Kind     StayKind
	Visible  bool   // the city is told
	URI      string // the id of the Travel that told it, or empty
	Created  time.Time
	NextRead time.Time // when the city's conferences are read again
}

// Arrival is someone of another city who comes to ours and told us so.
type Arrival struct {
	ID      int64
	ActorID int64
	Actor   *Actor // filled on reading
	URI     string // the id of the Travel that told it
	Home    string // the id of the city they come from, or empty
	From    time.Time
	To      time.Time // the last day, or zero
	Kind    StayKind
	Created time.Time
}

// Bounds of stays.
const (
	MaxStay   = 366 // days
	MaxStays  = 50  // of one member that are not over
	StayAhead = 2   // years
	// aroundStay is how many days before and after a stay conferences are
	// suggested: who comes for one may come a day earlier for another.
	aroundStay = 3
	// settling is how long after the first day of a move without a last one
	// somebody counts as arriving.
	settling = 60
)

// Day is the day of an instant on its own clock, as the first instant of that
// day in UTC.
func Day(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// Check reports everything that is wrong with the stay, all together, at a given
// instant.
func (s *Stay) Check(now time.Time) error {
	var p problems
	s.From, s.To = Day(s.From), Day(s.To)
	if s.Kind == "" {
		s.Kind = Visiting
	}
	switch {
	case !slices.Contains(StayKinds, s.Kind):
		p.add("kind", "choice", "kind is visiting or moving")
	case s.To.IsZero() && s.Kind == Visiting:
		p.add("to", "required", "a visit has a last day")
	}
	switch {
	case s.From.IsZero():
		p.add("from", "required", "a stay has a first day")
	case s.From.After(now.AddDate(StayAhead, 0, 0)):
		p.add("from", "year", "at most %d years ahead", StayAhead)
	case !s.To.IsZero() && s.To.Before(s.From):
		p.add("to", "order", "the last day is not before the first one")
	case !s.To.IsZero() && s.To.Sub(s.From) > MaxStay*24*time.Hour:
		p.add("to", "length", "at most %d days", MaxStay)
	case s.Over(now):
		p.add("to", "past", "this stay is over")
	}
	return p.err()
}

// Over tells whether the stay is over everywhere on earth.
func (s *Stay) Over(now time.Time) bool { return stayOver(s.From, s.To, now) }

// Over tells whether the arrival is over everywhere on earth.
func (a *Arrival) Over(now time.Time) bool { return stayOver(a.From, a.To, now) }

func stayOver(from, to, now time.Time) bool {
	return !LastDay(from, to).AddDate(0, 0, 1).Add(12 * time.Hour).After(now)
}

// LastDay is the last day of a stay; of one without, the day after which it no
// longer counts.
func LastDay(from, to time.Time) time.Time {
	if to.IsZero() {
		return from.AddDate(0, 0, settling)
	}
	return to
}

// Window is the time in which conferences of the city are suggested.
func (s *Stay) Window() (from, to time.Time) {
	return s.From.AddDate(0, 0, -aroundStay), LastDay(s.From, s.To).AddDate(0, 0, aroundStay+1)
}

// PrivateLink shows a member's own things to whoever knows its secret. Only the
// hash of that is kept.
type PrivateLink struct {
	ID       int64
	MemberID int64
	Name     string
	Hash     []byte // SHA-256 of the secret
	Suggests bool   // its calendar has what is suggested, too
	Created  time.Time
	LastUsed time.Time
	Revoked  time.Time
}
