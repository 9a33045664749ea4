package community

import "time"

// Audit is one thing that a steward did. It is never changed.
type Audit struct {
	ID      int64
	By      string // handle, or "console"
	Action  string // "conference.cancel", "member.suspend" …; catalogues have it as "audit." and the action
	Object  string // address or key of what it was done to
	Name    string // what that was called then
	Reason  string
	Details map[string]string // what else there is to say: "role", "until" …
	Created time.Time
}
