package community

import (
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"
)

// GuestState is where a guest stands.
type GuestState string

// The states of a guest. Those of Going and SeatOffered take seats.
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
	Expires      time.Time  // of SeatOffered and Unconfirmed: when that lapses; of Waitlisted: until when they are passed over, see Roster
	Wanted       GuestState // of Unconfirmed: what they answered, to count once they show that it is them
	Series       bool       // it goes for the whole series
	Asked        time.Time  // when they were asked whether they still come
	Reconfirmed  time.Time  // when they said yes to that
	CheckedIn    time.Time  // when they came through the door
	// Queued is the place in the waiting list: who came first is first. It is
	// kept while waiting, and given anew when someone comes back.
	Queued  time.Time
	Created time.Time
	Updated time.Time
}

// Size is how many people the guest stands for.
func (g Guest) Size() int { return 1 + g.Plus }

// Seated tells whether the guest takes seats.
func (g *Guest) Seated() bool { return g.State == Going || g.State == SeatOffered }

// Comes tells whether the guest means to come for certain: has a seat, is kept
// one, or waits for one or for an answer.
func (g *Guest) Comes() bool {
	return g.Seated() || g.State == Waitlisted || g.State == Pending
}

// Hears tells whether the guest can be asked whether they take a seat. Someone
// whose server sent a Join is told of a seat by an Accept and of nothing else.
func (g *Guest) Hears() bool { return g.JoinURI == "" || g.Via != "" }

// Partaking are the states of those who have a part in a conference, and hear of
// what becomes of it.
var Partaking = []GuestState{Going, SeatOffered, Maybe, Waitlisted, Pending}

// KeepUnconfirmed is how long an answer by e-mail waits for its confirmation.
const KeepUnconfirmed = 48 * time.Hour

// VisibleTo tells whether someone may see the name of a guest: everyone, a guest
// who comes too, or an organiser.
func (g *Guest) VisibleTo(guest, organiser bool) bool {
	switch g.Shown {
	case ShownToEveryone:
		return true
	case ShownToOrganisers:
		return organiser
	}
	return guest || organiser
}

// Details are what a guest says beside going, maybe or no.
type Details struct {
	Name    string // of guests by e-mail
	Comment string
	Answers map[string]string // by the keys of the questions
	Shown   GuestShown
	Lang    string // what they read
	Series  bool   // it goes for every conference of the series
}

// Address is an e-mail address in its normal form, in which one person has one;
// false for what is none.
func Address(typed string) (string, bool) {
	typed = strings.TrimSpace(typed)
	a, err := mail.ParseAddress(typed)
	if err != nil || a.Address != typed || len(typed) > 254 || strings.ContainsAny(typed, " \t\r\n\"<>") {
		return "", false
	}
	_, host, _ := strings.Cut(typed, "@")
	if host == "" || strings.HasPrefix(host, "[") {
		return "", false
	}
	return strings.ToLower(typed), true
}

// CheckDetails brings what a guest says into its normal form and reports what is
// wrong with it. Required answers are missed only by those who want to come. The
// field of a question is "q_" and its key.
func (c *Conference) CheckDetails(d *Details, want Want) error {
	var p problems
	d.Name, d.Comment = oneLine(d.Name), strings.TrimSpace(d.Comment)
	if utf8.RuneCountInString(d.Name) > MaxName {
		p.add("name", "long", "at most %d characters", MaxName)
	}
	if utf8.RuneCountInString(d.Comment) > MaxComment {
		p.add("comment", "long", "at most %d characters", MaxComment)
	}
	if d.Shown != ShownToGuests && d.Shown != ShownToEveryone && d.Shown != ShownToOrganisers {
		p.add("shown", "choice", "a name is shown to those who come, to everyone, or to the organisers")
	}
	d.Answers = checkAnswers(&p, c.Questions, d.Answers, want.State == Going)
	return p.err()
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
