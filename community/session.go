package community

import "time"

// Session is a browser in which a member is signed in. Only the hash of the
// secret in its cookie is kept.
type Session struct {
	ID       int64
	MemberID int64
	Hash     []byte // SHA-256 of the secret
	Agent    string // what the browser calls itself, at most MaxAgent bytes
	Created  time.Time
	LastUsed time.Time
	Proven   time.Time // when it was last shown who sits there; what matters most asks for it anew
}

// SignIn is an address that signs a member in, once.
type SignIn struct {
	Hash     []byte // SHA-256 of the secret
	MemberID int64
	Created  time.Time
	Expires  time.Time
}

// How long things of signing in last.
const (
	KeepSession = 90 * 24 * time.Hour // without being used
	KeepSignIn  = 30 * time.Minute
	KeepProven  = 30 * time.Minute

	MaxAgent = 300
)
