package community

import "time"

// NoticeKind says what a notice is about, and with that which words it is told
// in: the catalogues of package web have them as "notice." and the kind.
type NoticeKind string

// The kinds of notices. Those up to NoticeDeleted are about a conference and have
// its Title.
const (
	NoticeAccepted  NoticeKind = "accepted"  // a seat
	NoticeWaiting   NoticeKind = "waiting"   // a place in the waiting list
	NoticeMovedUp   NoticeKind = "moved_up"  // from the waiting list to a seat
	NoticeKept      NoticeKind = "kept"      // a seat is kept for a while, to be taken
	NoticeDeclined  NoticeKind = "declined"  // no, also after a yes
	NoticeSignUp    NoticeKind = "sign_up"   // one signs up at its own address
	NoticeNoAnswer  NoticeKind = "no_answer" // its server never said anything
	NoticeChanged   NoticeKind = "changed"   // another time, place or way in
	NoticeCancelled NoticeKind = "cancelled"
	NoticeDeleted   NoticeKind = "deleted"

	NoticeOfferAccepted NoticeKind = "offer_accepted" // what they offered: Title, City
	NoticeOfferDeclined NoticeKind = "offer_declined"
	NoticeOfferLapsed   NoticeKind = "offer_lapsed"

	NoticeFollowMoved NoticeKind = "follow_moved" // someone followed moved: From, To

	NoticeApplication NoticeKind = "application" // someone would like an account: Name
	NoticeOrder       NoticeKind = "order"       // a word of the stewards, in the language of its reader: Text
)

// NoticeKinds lists all of them.
var NoticeKinds = []NoticeKind{
	NoticeAccepted, NoticeWaiting, NoticeMovedUp, NoticeKept, NoticeDeclined, NoticeSignUp, NoticeNoAnswer, NoticeChanged, NoticeCancelled, NoticeDeleted,
	NoticeOfferAccepted, NoticeOfferDeclined, NoticeOfferLapsed, NoticeFollowMoved, NoticeApplication, NoticeOrder,
}

// Notice is a word to a member about something of theirs.
type Notice struct {
	ID       int64
	MemberID int64
	Kind     NoticeKind
	Subject  string            // the address of what it is about, or empty
	Args     map[string]string // what its words name: "Title", "City" …
	Created  time.Time
	Read     time.Time // zero unless the member has seen it
}

// KeepNotices is how long notices are kept.
const KeepNotices = 90 * 24 * time.Hour
