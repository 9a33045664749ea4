package community

import (
	"strings"
	"time"
)

// Poll asks below a conference who comes, for servers that know polls and no
// conferences. It belongs to a post of kind PollPost.
type Poll struct {
	PostID       int64
	ConferenceID int64
	// Options never change once they are published: Mastodon would throw all
	// votes away.
	Options []PollOption
	Ends    time.Time // when the conference begins
	Closed  time.Time // zero while votes are taken
	Tally   Tally     // as it was told last
	Told    time.Time // when that was
	Due     time.Time // when there is something to tell next; zero once closed
}

// PollOption is one of the answers to choose from.
type PollOption struct {
	Answer GuestState `json:"answer"` // Going, Maybe or NotGoing
	Name   string     `json:"name"`
}

// Tally counts the people behind the answers to a conference, whichever way they
// gave them.
type Tally struct {
	Going, Maybe, Away int
}

// Of is the number for one answer.
func (t Tally) Of(answer GuestState) int {
	switch answer {
	case Going:
		return t.Going
	case Maybe:
		return t.Maybe
	case NotGoing:
		return t.Away
	}
	return 0
}

// Sum is all of them.
func (t Tally) Sum() int { return t.Going + t.Maybe + t.Away }

// Asks tells whether a poll below the conference takes votes at an instant: it
// does from publication until the conference begins.
func (c *Conference) Asks(now time.Time) bool {
	return c.RSVP == RSVPPoll && c.Hears(now)
}

// Hears tells whether answers in words, votes and the link to change them may
// bring people at an instant.
func (c *Conference) Hears(now time.Time) bool {
	return c.RSVP != RSVPOff && c.Takes(now)
}

// Takes tells whether people can say at an instant that they come to a conference
// of ours.
func (c *Conference) Takes(now time.Time) bool {
	return !c.Draft && c.Own() && c.JoinMode != External && c.Status != Cancelled && c.Start.After(now)
}

// Option finds the answer that a vote names.
func (p *Poll) Option(name string) (GuestState, bool) {
	name = strings.ToLower(oneLine(name))
	for _, o := range p.Options {
		if strings.ToLower(o.Name) == name {
			return o.Answer, true
		}
	}
	return "", false
}

// Ways by which a guest answered, besides Join and pages of the node, which leave
// Guest.Via empty.
const (
	ByPoll   = "poll"   // a vote
	ByWords  = "words"  // a post that says so
	ByLink   = "link"   // the link of a direct message
	ByButton = "button" // attending, as Hubzilla and Friendica know it
)
