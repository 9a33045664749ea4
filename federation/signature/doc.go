// Package signature signs and verifies HTTP requests between servers, in the
// two schemes of the fediverse: draft-cavage-http-signatures-12 and RFC 9421.
//
// It does no network and no storage: keys come from a KeyFunc. The arithmetic
// of draft-cavage is go-fed/httpsig's, that of RFC 9421 is yaronf/httpsign's;
// what neither of them checks is checked here first: that there is one
// signature, that it covers what matters, that the digest is that of the body,
// that it is fresh, that it was made for this node and with a key of the right
// kind.
package signature

import (
	"context"
	"crypto"
	"time"
)

// Scheme is a way to sign requests.
type Scheme string

// The schemes. A request carries one of them, never both: Mastodon reads
// nothing but RFC 9421 as soon as it sees a Signature-Input.
const (
	Cavage  Scheme = "cavage"  // draft-cavage-http-signatures-12
	RFC9421 Scheme = "rfc9421" // RFC 9421, HTTP Message Signatures

	// CavageNoQuery is Cavage with the query left out of the target, for the
	// second try where a server verifies only so. It is never stored.
	CavageNoQuery Scheme = "cavage-no-query"
)

// Key is a public key and the actor that it belongs to.
type Key struct {
	ID     string
	Owner  string           // id of the actor
	Public crypto.PublicKey // *rsa.PublicKey or ed25519.PublicKey

	Fetched time.Time // when the key was read from its server; zero for unknown

	// InVain is when the key was last fetched again because a signature failed,
	// and was still the same; zero for never. For refreshAfter from then on a
	// failing signature does not make us ask once more. The age of the key does
	// not count: whoever changes keys right after we met them is heard at once.
	InVain time.Time
}

// KeyFunc finds the key of an id. With refresh it must skip what is cached: the
// owner may have changed keys. An error of type *Error is handed on as it is;
// any other counts as temporary (KeyUnavailable).
type KeyFunc func(ctx context.Context, keyID string, refresh bool) (Key, error)

// Verified says who signed a request.
type Verified struct {
	KeyID  string
	Owner  string // id of the actor whose key it is
	Scheme Scheme
	// Synchronized: the signature covers the header SyncHeader.
	Synchronized bool
}

// SyncHeader says which followers an actor has on a server (FEP-8fcf). Sign
// covers it where a request has it.
const SyncHeader = "Collection-Synchronization"
