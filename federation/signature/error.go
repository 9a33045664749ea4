package signature

import "fmt"

// Kind says why a request was not believed. HTTP statuses are chosen by those
// who answer: 400 for Malformed, 503 for KeyUnavailable, 401 for the others
// (Mastodon tries its other scheme on 401 and 400).
type Kind string

// The kinds of failure.
const (
	Malformed      Kind = "malformed"       // the headers cannot be read as a signature
	Missing        Kind = "missing"         // no signature, or it does not cover what it must
	Stale          Kind = "stale"           // signed too long ago, in the future, or expired
	BadDigest      Kind = "bad_digest"      // the digest is not that of the body
	BadSignature   Kind = "bad_signature"   // it does not fit the key, or was made for another node
	KeyUnavailable Kind = "key_unavailable" // the key could not be had now; trying again may help
	KeyRefused     Kind = "key_refused"     // the key is gone, unusable, or not the owner's; trying again will not help
)

// Error is why a request was not believed, in words for the log of either side.
type Error struct {
	Kind Kind
	Msg  string
	Err  error
}

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %v", e.Msg, e.Err)
	}
	return e.Msg
}

func (e *Error) Unwrap() error { return e.Err }

// Temporary tells whether the same request may be believed later.
func (e *Error) Temporary() bool { return e.Kind == KeyUnavailable }

func fail(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Msg: fmt.Sprintf(format, args...)}
}
