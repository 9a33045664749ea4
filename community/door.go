package community

import "time"

// DoorMark is something that was noted at the door about a guest. Marks are only
// ever added, so that two doors that cannot reach each other agree once they can:
// where a guest stands follows from all marks, in whatever order they came.
type DoorMark struct {
	GuestID int64
	Undo    bool      // the guest is not here after all
	At      time.Time // when it was noted, on the clock of who noted it
	By      string    // handle, or "console"
}

// Arrived is when a guest came, by what was noted at the doors: the earliest
// mark after the last undo, or the zero time.
func Arrived(marks []DoorMark) time.Time {
	var undone, came time.Time
	for _, m := range marks {
		if m.Undo && m.At.After(undone) {
			undone = m.At
		}
	}
	for _, m := range marks {
		if !m.Undo && m.At.After(undone) && (came.IsZero() || m.At.Before(came)) {
			came = m.At
		}
	}
	return came
}

// WalkIn is someone who came without having said so.
type WalkIn struct {
	ID           int64
	ConferenceID int64
	Key          string // given by the door, so that sending it twice adds one
	Name         string // may be empty
	Plus         int
	Arrived      time.Time
	Gone         bool // taken back
	By           string
}

// Size is how many people came.
func (w WalkIn) Size() int { return 1 + w.Plus }

// DoorCount counts people at the door, plus-ones included.
type DoorCount struct {
	Expected int // going
	Arrived  int // of those on the list, whatever they had said
	WalkIns  int
}

// Inside is how many people came altogether.
func (c DoorCount) Inside() int { return c.Arrived + c.WalkIns }

// CountDoor counts the guests of a list and who came without being on it.
func CountDoor(guests []Guest, walkIns []WalkIn) DoorCount {
	var c DoorCount
	for _, g := range guests {
		if g.State == Going {
			c.Expected += g.Size()
		}
		if !g.CheckedIn.IsZero() {
			c.Arrived += g.Size()
		}
	}
	for _, w := range walkIns {
		if !w.Gone {
			c.WalkIns += w.Size()
		}
	}
	return c
}

// The door is open from a day before a conference until two days after it: marks
// of a telephone whose clock is further off are taken to be of now.
const doorSlack = 36 * time.Hour

// DoorTime is when something at the door happened that a device says was at the
// given instant: nothing happens in the future.
func (c *Conference) DoorTime(said, now time.Time) time.Time {
	said = Instant(said)
	if said.IsZero() || said.After(now) || said.Before(c.Start.Add(-doorSlack)) {
		return Instant(now)
	}
	return said
}
