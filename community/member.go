package community

import (
	"slices"
	"strings"
	"time"
)

// Role is what a member may do. No role owns the city.
type Role string

// The roles, each may do what the ones before it may.
const (
	Newcomer Role = "newcomer" // may come to conferences
	Regular  Role = "member"   // may also write posts of their own
	Steward  Role = "steward"  // may also publish for the city and keeps order
)

// Roles lists all of them, least first.
var Roles = []Role{Newcomer, Regular, Steward}

// AtLeast tells whether r may do what want may.
func (r Role) AtLeast(want Role) bool {
	return slices.Index(Roles, r) >= slices.Index(Roles, want) && slices.Contains(Roles, r)
}

// Member is a person with an account on this node.
type Member struct {
	ID        int64
	Handle    string
	Name      string
	About     string // Markdown
	Languages []string
	Lang      string // of the pages and of mail to them, empty for that of the browser
	Role      Role
	Email     string // never leaves the node
	Picture   *Picture
	Created   time.Time
	Updated   time.Time
	Suspended time.Time // zero unless suspended
	Deleted   time.Time // zero unless deleted; the handle is never given again

	AlsoKnownAs []string  // ids of other accounts of the same person
	MovedTo     string    // the id of the account that they use now, or empty
	Moved       time.Time // when they last moved there, even if they came back

	Conduct int       // the version of the code of conduct they agreed to, 0 for none
	Agreed  time.Time // when they did
}

// Active tells whether the account is in use: not suspended, not deleted.
func (m *Member) Active() bool { return m.Suspended.IsZero() && m.Deleted.IsZero() }

// MayAct tells why a member cannot do anything now, or nil.
func (m *Member) MayAct() error {
	switch {
	case !m.Active():
		return &Error{Code: Forbidden, Key: "error.suspended", Msg: "this account is suspended"}
	case m.MovedTo != "":
		return &Error{Code: Forbidden, Key: "error.moved", Msg: "this account has moved away", Hint: m.MovedTo}
	}
	return nil
}

// Check reports everything that is wrong with the member, all together.
func (m *Member) Check() error {
	var p problems
	if !ValidHandle(m.Handle) {
		p.add("handle", "handle", "a handle has 1 to 30 small Latin letters, digits or _")
	}
	if ReservedHandle(m.Handle) {
		p.add("handle", "handle_reserved", "%q is a name of the program itself", m.Handle)
	}
	if m.Name = oneLine(m.Name); m.Name == "" {
		m.Name = m.Handle
	}
	checkTexts(&p, "name", Plain("", m.Name), 0, MaxName)
	checkTexts(&p, "about", Plain("", m.About), 0, MaxAbout)
	if !slices.Contains(Roles, m.Role) {
		p.add("role", "choice", "role is newcomer, member or steward")
	}
	if m.Lang != "" && !ValidLang(m.Lang) {
		p.add("lang", "language", "%q is not a language tag such as en or ru", m.Lang)
	}
	if m.Email != "" && !strings.Contains(m.Email, "@") {
		p.add("email", "email", "%q is not an e-mail address", m.Email)
	}
	return p.err()
}
