package community

import "time"

// Password is what a member proves who they are with, kept as a hash in PHC
// string form.
type Password struct {
	MemberID int64
	Hash     string // "$argon2id$v=19$m=19456,t=2,p=1$…$…"
	Changed  time.Time
}

// Passkey is a key pair that a device or a password manager of a member keeps
// (WebAuthn); the public half is here.
type Passkey struct {
	ID         int64
	MemberID   int64
	Credential []byte // the id that the device gave it
	Name       string // how its member calls it
	Data       string // JSON of package web: the public key, flags, the counter
	Created    time.Time
	LastUsed   time.Time // zero if never
}

// Identity is an account elsewhere that signs a member in (OpenID Connect).
type Identity struct {
	ID       int64
	MemberID int64
	Issuer   string // who vouches, an https address
	Subject  string // whom they vouch for, never given to another
	Name     string // for people: an e-mail address or a user name there
	Created  time.Time
	LastUsed time.Time // zero if never
}

// Bounds of what proves who someone is.
const (
	MinPassword  = 10  // characters
	MaxPassword  = 200 // characters
	MaxPasskeys  = 20
	MaxAddress   = 254 // bytes of an e-mail address (RFC 5321)
	KeepPromise  = 24 * time.Hour
	KeepApplying = 7 * 24 * time.Hour // until its address is confirmed
	KeepDeclined = 180 * 24 * time.Hour
)

// Promise is an address of e-mail that someone says is theirs, until a link that
// went there is used.
type Promise struct {
	Hash     []byte // SHA-256 of the secret in the link
	MemberID int64
	Email    string
	Created  time.Time
	Expires  time.Time
}
