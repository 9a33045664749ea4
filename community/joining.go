package community

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Joining says how people get an account.
type Joining string

// The ways to join. An invitation lets one in whichever is set.
const (
	JoinInvited Joining = "invite" // by invitation only; also what "" means
	JoinApply   Joining = "apply"  // a steward reads who they are and why
	JoinOpen    Joining = "open"   // whoever confirms an e-mail address
)

// Joinings lists them.
var Joinings = []Joining{JoinInvited, JoinApply, JoinOpen}

// Invite is an address that lets people join.
type Invite struct {
	ID      int64
	Hash    []byte // SHA-256 of the secret in the address
	ByID    int64  // who invites, or 0 for the console
	Role    Role   // of who joins by it
	Note    string // whom or what it is for; its maker and stewards see it
	Uses    int    // how many may join by it
	Used    int
	Created time.Time
	Expires time.Time
	Revoked time.Time // zero unless revoked
}

// Open tells whether someone may still join by the invite.
func (i *Invite) Open(now time.Time) bool {
	return i.Revoked.IsZero() && i.Used < i.Uses && i.Expires.After(now)
}

// Bounds of invitations. Members who are no stewards have smaller ones.
const (
	MaxInviteUses    = 500
	MaxInviteDays    = 90
	MemberInviteUses = 10
	MemberInviteDays = 30
	MemberInvites    = 5 // open at a time
)

// Check reports everything that is wrong with an invitation made now by someone
// with a role.
func (i *Invite) Check(by Role) error {
	var p problems
	uses, days, roles := MemberInviteUses, MemberInviteDays, []Role{Newcomer}
	if by == Steward {
		uses, days, roles = MaxInviteUses, MaxInviteDays, []Role{Newcomer, Regular}
	}
	if !slices.Contains(roles, i.Role) {
		p.add("role", "choice", "this role cannot be given by an invitation")
	}
	if i.Uses < 1 || i.Uses > uses {
		p.add("uses", "invite_uses", "between 1 and %d people", uses)
	}
	if d := i.Expires.Sub(i.Created); d <= 0 || d > time.Duration(days)*24*time.Hour {
		p.add("days", "invite_days", "between 1 and %d days", days)
	}
	if i.Note = oneLine(i.Note); utf8.RuneCountInString(i.Note) > MaxName {
		p.add("note", "long", "at most %d characters", MaxName)
	}
	return p.err()
}

// ApplicationState is where an application stands.
type ApplicationState string

// The states of applications.
const (
	ApplicationUnconfirmed ApplicationState = "unconfirmed" // its address is not confirmed yet
	ApplicationWaiting     ApplicationState = "waiting"     // for a steward
	ApplicationAccepted    ApplicationState = "accepted"
	ApplicationDeclined    ApplicationState = "declined"
)

// Application is someone who would like an account.
type Application struct {
	ID        int64
	Hash      []byte // SHA-256 of the secret that confirms the address
	Handle    string
	Name      string
	Email     string
	Lang      string // in which they are written to
	Who       string // who they are, plain text
	Why       string // why they want to join
	Conduct   int    // the version of the code of conduct they agreed to
	Agreed    time.Time
	Open      bool // made while everyone could join: no steward decides
	Issuer    string
	Subject   string // with Issuer: the identity that shall sign them in, or empty
	Identity  string // what that is called
	State     ApplicationState
	Reason    string // of a steward who declined
	MemberID  int64  // who came of it, or 0
	Created   time.Time
	Confirmed time.Time
	Judged    time.Time
}

// MaxWhy bounds an answer of an application, in characters.
const MaxWhy = 2_000

// Check reports everything that is wrong with the application.
func (a *Application) Check() error {
	var p problems
	p = append(p, fieldsOf((&Member{Handle: a.Handle, Name: a.Name, Role: Newcomer}).Check())...)
	a.Name = oneLine(a.Name)
	if a.Email = strings.TrimSpace(a.Email); !ValidEmail(a.Email) {
		p.add("email", "email", "this is not an e-mail address")
	}
	for _, f := range []struct {
		name string
		text *string
	}{{"who", &a.Who}, {"why", &a.Why}} {
		*f.text = strings.TrimSpace(*f.text)
		switch {
		case !a.Open && *f.text == "":
			p.add(f.name, "required", "a sentence or two is enough")
		case utf8.RuneCountInString(*f.text) > MaxWhy:
			p.add(f.name, "long", "at most %d characters", MaxWhy)
		}
	}
	return p.err()
}

// ValidEmail tells whether mail can go to an address: one @ with something on both
// sides, nothing that could end a header. Whether anyone reads it only a letter
// tells.
func ValidEmail(address string) bool {
	name, host, ok := strings.Cut(address, "@")
	return ok && name != "" && host != "" && !strings.Contains(host, "@") && len(address) <= MaxAddress && utf8.ValidString(address) &&
		!strings.HasPrefix(host, ".") && !strings.HasSuffix(host, ".") && !strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune("<>,;:\"\\()[]", r) })
}

// fieldsOf are the fields that an error of Check names.
func fieldsOf(err error) []FieldError {
	if e, ok := err.(*Error); ok {
		return e.Fields
	}
	return nil
}

// Check tells what is wrong with a way to join, or nil.
func (j Joining) Check() error {
	var p problems
	if !slices.Contains(Joinings, j) {
		p.add("joining", "choice", "joining is invite, apply or open")
	}
	return p.err()
}
