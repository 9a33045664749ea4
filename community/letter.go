package community

import (
	"slices"
	"time"
)

// LetterKind says what a letter (a mail) is about, and with that which words it
// has.
type LetterKind string

// The kinds of letters.
const (
	LetterSignIn LetterKind = "sign_in" // an address that signs in: Link

	// About an account.
	LetterAddress LetterKind = "address" // is this new address yours? Link, Name
	LetterMoved   LetterKind = "moved"   // to the old address: mail goes to another one now. Name
	LetterJoin    LetterKind = "join"    // is this address yours? then you can join. Link, Name

	// To guests; each has the conference, and the link that changes the answer.
	LetterConfirm     LetterKind = "confirm"     // is this address yours? Link
	LetterGoing       LetterKind = "going"       // a seat
	LetterMaybe       LetterKind = "maybe"       // noted
	LetterWaiting     LetterKind = "waiting"     // a place in the waiting list
	LetterPending     LetterKind = "pending"     // the organisers will answer
	LetterOffered     LetterKind = "offered"     // a seat is kept until a moment
	LetterMovedUp     LetterKind = "moved_up"    // from the waiting list to a seat
	LetterDeclined    LetterKind = "declined"    // no
	LetterLeft        LetterKind = "left"        // not coming: goodbye
	LetterReconfirm   LetterKind = "reconfirm"   // do you still come?
	LetterReminder    LetterKind = "reminder"    // tomorrow, or in two hours
	LetterChanged     LetterKind = "changed"     // another time, place or way in: Text of the organisers
	LetterCancelled   LetterKind = "cancelled"   // Text of the organisers
	LetterThanks      LetterKind = "thanks"      // afterwards
	LetterMessage     LetterKind = "message"     // of the organisers: Subject, Text
	LetterApplication LetterKind = "application" // what became of it: Accepted "yes" or "no", Name, Text of a steward, Link to sign in
	LetterDeleted     LetterKind = "deleted"     // it was taken off the calendar: Conference as it was
	LetterOrder       LetterKind = "order"       // of the stewards, about a measure or a report: Subject, Text, in the language of its reader
	LetterTest        LetterKind = "test"        // does mail work?
)

// OptionalLetters are the kinds that their reader can do without and turn off.
// All others answer what the reader did, or keep them from a closed door.
var OptionalLetters = []LetterKind{LetterReminder, LetterReconfirm, LetterMessage, LetterThanks}

// Optional tells whether a reader can turn the kind off.
func (k LetterKind) Optional() bool { return slices.Contains(OptionalLetters, k) }

// Secret tells whether the link in a letter lets its bearer in as its reader.
// Nobody else sees it, and it is forgotten once it is sent.
func (k LetterKind) Secret() bool {
	return k == LetterSignIn || k == LetterApplication || k == LetterJoin || k == LetterAddress
}

// Hides tells whether stewards do not see the link of a letter. Where no mail
// leaves, they hand on those that only prove an address.
func (l *Letter) Hides() bool {
	return l.Kind.Secret() && (l.State != LetterKept || l.Kind == LetterSignIn || l.Kind == LetterApplication)
}

// Urgent tells whether someone waits in front of their screen for a letter of the
// kind.
func (k LetterKind) Urgent() bool {
	return k == LetterSignIn || k == LetterConfirm || k == LetterAddress || k == LetterJoin || k == LetterTest
}

// LetterState is where a letter stands.
type LetterState string

// The states of letters.
const (
	LetterDue   LetterState = "waiting" // to be sent, or tried again
	LetterSent  LetterState = "sent"    // the mail server took it
	LetterLost  LetterState = "failed"  // given up
	LetterKept  LetterState = "kept"    // there is no mail server: stewards see it
	LetterUnfit LetterState = "stopped" // its reader wants none, or it is too late for it
)

// LetterStates lists all of them.
var LetterStates = []LetterState{LetterDue, LetterSent, LetterLost, LetterKept, LetterUnfit}

// Times of letters.
const (
	KeepLetters = 90 * 24 * time.Hour // afterwards nobody needs to know what was sent
	TryLetters  = 3 * 24 * time.Hour  // a mail server that is away for longer is not coming back
)

// Letter is a mail to one person.
type Letter struct {
	ID           int64
	Kind         LetterKind
	To           string // e-mail address
	Lang         string // of the reader, or empty
	MemberID     int64  // whom it goes to, or 0
	GuestID      int64  // or 0
	ConferenceID int64  // what it is about, or 0
	Args         map[string]string
	State        LetterState
	Attempts     int
	NextTry      time.Time
	LastError    string // what went wrong, or why it was not sent
	Receipt      string // what the mail server said when it took it
	Created      time.Time
	Sent         time.Time // when it reached its last state, zero before
}
