package community

import (
	"slices"
	"strings"
	"time"
)

// MeasureKind is what stewards do to keep order, from mild to hard.
type MeasureKind string

// The kinds of measures.
const (
	Warn         MeasureKind = "warn"    // a word
	Hide         MeasureKind = "hide"    // one thing is not shown
	MeasureQuiet MeasureKind = "silence" // what they say is in no list and no talk; they may come
	MeasureOut   MeasureKind = "suspend" // they can do nothing here
	Demote       MeasureKind = "demote"  // a steward is one no more
)

// TargetKind says what a measure is about.
type TargetKind string

// The kinds of targets.
const (
	TargetMember     TargetKind = "member"     // id of their actor
	TargetActor      TargetKind = "actor"      // of another server, by id
	TargetDomain     TargetKind = "domain"     // with all below it
	TargetPost       TargetKind = "post"       // by id
	TargetConference TargetKind = "conference" // of another server, by id
	TargetGuest      TargetKind = "guest"      // the name of a guest: id of the conference, "#guest-" and the number
)

// MeasuresFor lists what can be done about a kind of target, mild to hard.
func MeasuresFor(t TargetKind) []MeasureKind {
	switch t {
	case TargetMember:
		return []MeasureKind{Warn, MeasureQuiet, MeasureOut, Demote}
	case TargetActor:
		return []MeasureKind{Warn, MeasureQuiet, MeasureOut}
	case TargetDomain:
		return []MeasureKind{MeasureQuiet, MeasureOut}
	case TargetPost, TargetConference, TargetGuest:
		return []MeasureKind{Hide}
	}
	return nil
}

// MeasureState is where a measure stands.
type MeasureState string

// The states of measures. Only an active one has an effect.
const (
	MeasureAsked   MeasureState = "asked"   // waits for a second steward
	MeasureActive  MeasureState = "active"  //
	MeasureEnded   MeasureState = "ended"   // its time is over
	MeasureLifted  MeasureState = "lifted"  // a steward ended it
	MeasureLapsed  MeasureState = "lapsed"  // no second steward agreed in time
	MeasureRefused MeasureState = "refused" // a second steward said no
)

// Times of measures.
const (
	ConfirmWithin = 72 * time.Hour      // of urgent ones, which lapse then
	AloneAtMost   = 7 * 24 * time.Hour  // what one steward may suspend a member for
	AskedWithin   = 14 * 24 * time.Hour // a second steward has to say something
)

// Measure is what stewards did about someone or something.
type Measure struct {
	ID          int64
	CaseID      int64 // or 0
	Kind        MeasureKind
	TargetKind  TargetKind
	Target      string
	Name        string // what the target was called then
	Rule        string // of the code of conduct
	Reason      string
	Sealed      bool // the public log does not show the reason
	Urgent      bool // taken at once by one steward
	State       MeasureState
	By          string
	ConfirmedBy string
	Before      string // how the target was, to go back to
	Created     time.Time
	Ends        time.Time // zero: for ever
	ConfirmBy   time.Time // zero unless a second steward has to agree
	Ended       time.Time
	EndedBy     string
}

// Standing tells whether a measure has an effect, or may get one.
func (m *Measure) Standing() bool { return m.State == MeasureActive || m.State == MeasureAsked }

// NeedsSecond tells whether one steward alone must not take a measure: out for
// longer than a week, or a steward's role.
func (m *Measure) NeedsSecond(now time.Time) bool {
	if m.TargetKind != TargetMember {
		return false
	}
	return m.Kind == Demote || m.Kind == MeasureOut && (m.Ends.IsZero() || m.Ends.Sub(now) > AloneAtMost)
}

// Lasts tells whether a kind of measure has a term at all.
func (k MeasureKind) Lasts() bool { return k != Warn && k != Demote }

// Check reports everything that is wrong with a measure.
func (m *Measure) Check(now time.Time) error {
	var p problems
	m.Rule, m.Reason = oneLine(m.Rule), strings.TrimSpace(m.Reason)
	if !slices.Contains(MeasuresFor(m.TargetKind), m.Kind) {
		p.add("kind", "choice", "%q is not something to be done about a %s", m.Kind, m.TargetKind)
	}
	if !m.Kind.Lasts() {
		m.Ends = time.Time{}
	}
	if !m.Ends.IsZero() && !m.Ends.After(now) {
		p.add("until", "future", "this day is over")
	}
	if !m.Ends.IsZero() && m.Ends.Sub(now) > 20*365*24*time.Hour {
		p.add("until", "year", "this is too far ahead")
	}
	checkTexts(&p, "rule", Plain("", m.Rule), 0, MaxRule)
	checkTexts(&p, "reason", Plain("", m.Reason), 0, MaxReason)
	return p.err()
}

// ServerRule is what is refused of a server beside what a block keeps out.
type ServerRule struct{ RejectMedia, RejectReports bool }

// AllowedServer is one that the city has to do with, where it does so with a list
// alone.
type AllowedServer struct {
	Domain  string
	Reason  string
	By      string
	Created time.Time
}

// Federation says with which servers a city has to do.
type Federation string

// The ways.
const (
	FederationOpen   Federation = ""       // all that are not blocked
	FederationListed Federation = "listed" // those on a list alone
)

// BlockImport is a list of blocks from elsewhere: looked at first, then applied,
// and perhaps undone.
type BlockImport struct {
	ID      int64
	Name    string // of the file
	By      string
	New     []Block // what the list says
	Old     []Block // what there was of its domains when it was applied
	Created time.Time
	Applied time.Time
	Undone  time.Time
}
