package community

import (
	"strconv"
	"time"
)

// ChangeKind says what changed of a conference.
type ChangeKind string

// The changes that whoever wants to come must know of.
const (
	ChangedTitle    ChangeKind = "title"    // From is what it was called
	ChangedStart    ChangeKind = "start"    // From and To as Moment writes them
	ChangedPlace    ChangeKind = "place"    // From and To are lines; empty where there was none
	ChangedStatus   ChangeKind = "status"   // To is a Status
	ChangedCapacity ChangeKind = "capacity" // From and To are numbers, 0 for no limit
)

// Change is one thing that changed of a conference after it was published.
type Change struct {
	At       time.Time
	Kind     ChangeKind
	From, To string
}

// ChangesFrom lists what is not as it was.
func (c *Conference) ChangesFrom(was *Conference) []Change {
	var out []Change
	add := func(kind ChangeKind, from, to string) {
		if from != to {
			out = append(out, Change{Kind: kind, From: from, To: to})
		}
	}
	if c.Status != was.Status {
		add(ChangedStatus, string(was.Status), string(c.Status))
	}
	add(ChangedStart, was.Moment(), c.Moment())
	add(ChangedPlace, was.Venue.Line(), c.Venue.Line())
	add(ChangedTitle, was.Title.First(), c.Title.First())
	if c.Own() { // of others it says nothing
		add(ChangedCapacity, strconv.Itoa(was.Capacity), strconv.Itoa(c.Capacity))
	}
	return out
}

// Moment is when a conference starts, on its own clock: RFC 3339, or the date of
// whole days.
func (c *Conference) Moment() string {
	if c.AllDay {
		return c.LocalStart().Format(time.DateOnly)
	}
	return c.LocalStart().Format(time.RFC3339)
}
