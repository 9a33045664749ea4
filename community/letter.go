package community

import "time"

// LetterKind says what a letter (a mail) is about, and with that which words it
// has.
type LetterKind string

// The kinds of letters.
const (
	LetterSignIn LetterKind = "sign_in" // an address that signs in: Link

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
	LetterApplication LetterKind = "application" // to an applicant: what became of it
	LetterTest        LetterKind = "test"        // does mail work?
)

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
	LastError    string
	Created      time.Time
	Sent         time.Time // when it reached its last state, zero before
}
