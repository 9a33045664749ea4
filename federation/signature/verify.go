package signature

import (
	"context"
	"crypto"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Verifier believes requests or says why not. It holds no state and may be used
// by many goroutines.
type Verifier struct {
	// Base is the public address of this node, "https://konfa.example": the
	// scheme and authority that signatures are made for. It comes from the
	// configuration: behind a proxy that ends TLS the request itself knows
	// neither.
	Base  string
	Clock func() time.Time // nil means time.Now
	Keys  KeyFunc
}

// Verify checks the signature of a request and, through its digest, the body,
// which was read by the caller. The error is an *Error.
//
// A request must be signed over its method and target, its host, a date and,
// when it is no GET or HEAD, the digest of its body. Whoever calls must still
// compare the Owner with the actor of the activity.
func (v *Verifier) Verify(r *http.Request, body []byte) (Verified, error) {
	base, err := url.Parse(v.Base)
	if err != nil || base.Host == "" {
		return Verified{}, &Error{Kind: KeyUnavailable, Msg: "the address of this node is not set up", Err: err}
	}
	if err := forUs(base, r.Host); err != nil {
		return Verified{}, err
	}
	if len(r.Header.Values("Signature-Input")) > 0 {
		return v.verifyRFC9421(r, base, body)
	}
	return v.verifyCavage(r, body)
}

// KeyID returns the key id that a request claims, without checking anything:
// for block lists and rate limits that come before the arithmetic. Whatever
// Verify returns is of the same host.
func KeyID(r *http.Request) (string, error) {
	if len(r.Header.Values("Signature-Input")) > 0 {
		in, err := parseInputs(r.Header)
		if err != nil {
			return "", err
		}
		return in[0].keyID, nil
	}
	s, err := cavageValue(r.Header)
	if err != nil {
		return "", err
	}
	p, err := parseParams(s)
	if err != nil {
		return "", err
	}
	return p.keyID, nil
}

func (v *Verifier) now() time.Time {
	if v.Clock != nil {
		return v.Clock()
	}
	return time.Now()
}

// forUs refuses a request whose Host is not ours: it was made for another
// server and is replayed here, or a proxy in front of us hides the name. The
// port may be missing (Gancio leaves it out).
func forUs(base *url.URL, host string) error {
	name, port := splitHost(host)
	ourName, ourPort := splitHost(base.Host)
	if name != ourName {
		return fail(BadSignature, "the request is for %q and this is %q; if a proxy stands in front, it must pass the Host header on", host, base.Host)
	}
	standard := "443"
	if base.Scheme == "http" {
		standard = "80"
	}
	if ourPort == "" {
		ourPort = standard
	}
	if port != "" && port != ourPort {
		return fail(BadSignature, "the request is for port %s and this is port %s", port, ourPort)
	}
	return nil
}

func splitHost(host string) (name, port string) {
	u := url.URL{Host: strings.ToLower(host)}
	return strings.TrimSuffix(u.Hostname(), "."), u.Port()
}

// hasBody tells whether a request must prove its body.
func hasBody(r *http.Request, body []byte) bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead || len(body) > 0
}

// withKey runs check with the key of an id and, if that fails, once more with
// the key fetched anew, in case its owner changed it.
func (v *Verifier) withKey(ctx context.Context, keyID string, check func(crypto.PublicKey) error) (Key, error) {
	key, err := v.key(ctx, keyID, false)
	if err != nil {
		return Key{}, err
	}
	failed := check(key.Public)
	if failed == nil {
		return key, nil
	}
	if !key.InVain.IsZero() && v.now().Sub(key.InVain) < refreshAfter {
		return Key{}, failed
	}
	anew, err := v.key(ctx, keyID, true)
	if err != nil {
		return Key{}, err
	}
	if sameKey(key.Public, anew.Public) {
		return Key{}, failed
	}
	if err := check(anew.Public); err != nil {
		return Key{}, err
	}
	return anew, nil
}

func (v *Verifier) key(ctx context.Context, keyID string, refresh bool) (Key, error) {
	key, err := v.Keys(ctx, keyID, refresh)
	if err != nil {
		if own, ok := errors.AsType[*Error](err); ok {
			return Key{}, own
		}
		return Key{}, &Error{Kind: KeyUnavailable, Msg: "the key " + keyID + " cannot be had", Err: err}
	}
	if key.Owner == "" || key.Public == nil {
		return Key{}, fail(KeyRefused, "the key %s belongs to nobody", keyID)
	}
	return key, nil
}

func sameKey(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}
