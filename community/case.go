package community

import (
	"slices"
	"strings"
	"time"
)

// Report is a complaint: by a member, by Flag from another server, or by a
// stranger on our pages. Several about one thing are one case.
type Report struct {
	ID       int64
	CaseID   int64
	MemberID int64  // who complains: a member, or 0
	ActorID  int64  // or an actor elsewhere, or 0
	Contact  string // or an address, e-mail or handle, as it was typed; or empty
	Lang     string // in which they are answered, or empty
	URI      string // id of the Flag, or a name of our own; unique
	Objects  []string
	Category Wrong
	Rule     string // of the code of conduct, as they named it
	Text     string
	Forward  bool // the server of who is concerned should hear of it
	Created  time.Time
}

// Wrong says in a word what is wrong.
type Wrong string

// What is wrong with what people report.
const (
	Spam       Wrong = "spam"
	Harassment Wrong = "harassment"
	Hate       Wrong = "hate"
	Unsafe     Wrong = "unsafe"  // someone may come to harm
	Privacy    Wrong = "privacy" // what is shown should not be
	Illegal    Wrong = "illegal"
	Untrue     Wrong = "untrue" // a conference that will not be, a name of someone else
	OtherWrong Wrong = "other"
)

// Wrongs lists all of them.
var Wrongs = []Wrong{Spam, Harassment, Hate, Unsafe, Privacy, Illegal, Untrue, OtherWrong}

// The lengths of what goes into cases and measures, in characters.
const (
	MaxReport = 5000 // as Mastodon takes it
	MaxRule   = 200
	MaxReason = 2000
)

// Check reports everything that is wrong with a complaint of a person.
func (r *Report) Check() error {
	var p problems
	r.Text, r.Rule = strings.TrimSpace(r.Text), oneLine(r.Rule)
	r.Contact = oneLine(r.Contact)
	if !slices.Contains(Wrongs, r.Category) {
		p.add("category", "choice", "say what is wrong")
	}
	if r.Category == OtherWrong && r.Text == "" {
		p.add("text", "required", "say in your own words what is wrong")
	}
	checkTexts(&p, "text", Plain("", r.Text), 0, MaxReport)
	checkTexts(&p, "rule", Plain("", r.Rule), 0, MaxRule)
	if r.Contact != "" && (len(r.Contact) > 254 || strings.ContainsAny(r.Contact, " \t") || !strings.Contains(r.Contact, "@")) {
		p.add("contact", "contact", "this is neither an e-mail address nor a handle such as @anna@mastodon.example")
	}
	return p.err()
}

// CaseState is where a case stands.
type CaseState string

// The states of cases.
const (
	CaseOpen    CaseState = "open"
	CaseTaken   CaseState = "assigned" // a steward looks after it
	CaseDecided CaseState = "decided"
)

// CaseKind says what a case is about.
type CaseKind string

// The kinds.
const (
	CaseConference CaseKind = "conference"
	CasePost       CaseKind = "post" // answers too
	CaseMember     CaseKind = "member"
	CaseActor      CaseKind = "actor" // someone elsewhere
	CaseGuest      CaseKind = "guest" // the name of a guest
	CaseOther      CaseKind = "other"
)

// Case is something that people complain about, until the stewards decided.
type Case struct {
	ID        int64
	Object    string // its id; of a guest that of the conference, "#guest-" and the number
	Kind      CaseKind
	Name      string   // what it was called then
	Excerpt   string   // what it said then, plain text
	Concerned []string // ids of the actors of whom it concerns
	State     CaseState
	Assignee  string // handle of the steward who looks after it, or empty
	Created   time.Time
	Updated   time.Time
	Decided   time.Time
	DecidedBy string
	Outcome   string // kind of the measure, or "none"
	Rule      string
	Reason    string
	Forwarded time.Time // when the server of who is concerned was told

	Reports int  // filled on reading
	Wished  bool // someone wants it forwarded; filled on reading
}

// Age is how long a case has been waiting.
func (c *Case) Age(now time.Time) time.Duration { return now.Sub(c.Created) }

// CaseEntryKind says what happened to a case.
type CaseEntryKind string

// The kinds of entries.
const (
	EntryReport  CaseEntryKind = "report" // one more complaint
	EntryTake    CaseEntryKind = "take"
	EntryGive    CaseEntryKind = "give" // to the steward in Text
	EntryDrop    CaseEntryKind = "drop"
	EntryNote    CaseEntryKind = "note"
	EntryDecide  CaseEntryKind = "decide"  // with the outcome in Text
	EntryReopen  CaseEntryKind = "reopen"  // with the reason in Text
	EntryForward CaseEntryKind = "forward" // to the host in Text
	EntryAppeal  CaseEntryKind = "appeal"  // an objection of who is concerned
	EntryMeasure CaseEntryKind = "measure" // a measure of the case changed: its new state in Text
)

// CaseEntry is something that happened to a case. It is never changed.
type CaseEntry struct {
	ID      int64
	CaseID  int64
	By      string // handle, "console", or empty
	Kind    CaseEntryKind
	Text    string
	Created time.Time
}
