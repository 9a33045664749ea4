package signature

import "time"

// The window in which a signature is fresh is Mastodon's (signed_request.rb):
// whoever can send to Mastodon can send to us, and servers whose clock is an
// hour off (a wrong zone or summer time is the common case) are not shut out.
// Nothing depends on a narrow window: a replayed activity is known by its id
// and not done twice, and what is remembered of ids outlives the window.
const (
	skew         = time.Hour       // how far clocks may differ
	validity     = 5 * time.Minute // of a signature that does not say
	maxValidity  = 12 * time.Hour  // of one that does
	refreshAfter = 5 * time.Second
)

// fresh checks when a signature was made and, if it says so itself, until when
// it holds. expires is zero when it says nothing.
func fresh(now, created, expires time.Time) error {
	switch {
	case created.After(now.Add(skew)):
		return fail(Stale, "the signature was made in the future, %s by our clock", created.UTC().Format(time.RFC3339))
	case expires.IsZero():
		expires = created.Add(validity)
	case expires.Before(created):
		return fail(Stale, "the signature expired before it was made")
	case expires.After(created.Add(maxValidity)):
		expires = created.Add(maxValidity)
	}
	if now.After(expires.Add(skew)) {
		return fail(Stale, "the signature of %s is too old", created.UTC().Format(time.RFC3339))
	}
	return nil
}
