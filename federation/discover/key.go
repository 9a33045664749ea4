package discover

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/federation/fetch"
	"konfa/federation/signature"
)

// Key finds the public key of an id; it is a signature.KeyFunc. The id may be
// the address of an actor with a fragment, of a stub of an actor (GoToSocial),
// of a bare key, or of the actor itself. Whatever it is, the actor that the key
// names as its owner must be on the same origin and list the key: else anybody
// could publish a key in the name of another. It costs one fetch, two where the
// key has an address of its own.
func (r *Resolver) Key(ctx context.Context, keyID string, refresh bool) (signature.Key, error) {
	u, err := url.Parse(keyID)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || fetch.Host(keyID) == "" {
		return signature.Key{}, &signature.Error{Kind: signature.KeyRefused, Msg: "the key id is not an address", Err: err}
	}
	if !refresh {
		if k, ok := r.keys.get(keyID, r.clock()); ok {
			return k, nil
		}
		k, ok, err := r.storedKey(ctx, keyID)
		if err != nil || ok {
			return k, err
		}
		if err, ok := r.refused.get(keyID, r.clock()); ok {
			return signature.Key{}, keyError(keyID, err)
		}
	}
	k, err := oneFlight(ctx, r, "key "+keyID, func(ctx context.Context) (signature.Key, error) {
		before, known := r.keys.get(keyID, r.clock())
		k, err := r.fetchKey(ctx, keyID)
		if err != nil {
			r.refuse(keyID, err)
			return k, err
		}
		if old, ok := before.Public.(interface{ Equal(crypto.PublicKey) bool }); refresh && known && ok && old.Equal(k.Public) {
			k.InVain = r.clock()
		}
		r.refused.forget(keyID)
		r.keys.put(keyID, k, r.clock().Add(keyFor))
		return k, nil
	})
	if err != nil {
		return signature.Key{}, keyError(keyID, err)
	}
	return k, nil
}

// KnownKey is Key for a key that was read before: it fetches nothing, and so
// knows of no change.
func (r *Resolver) KnownKey(ctx context.Context, keyID string, refresh bool) (signature.Key, error) {
	if !refresh {
		if k, ok := r.keys.get(keyID, r.clock()); ok {
			return k, nil
		}
		if k, ok, err := r.storedKey(ctx, keyID); err != nil || ok {
			return k, err
		}
	}
	return signature.Key{}, &signature.Error{Kind: signature.KeyUnavailable, Msg: "the key " + keyID + " is not known"}
}

// storedKey looks a key up among the stored actors.
func (r *Resolver) storedKey(ctx context.Context, keyID string) (signature.Key, bool, error) {
	for _, uri := range ownersOf(keyID) {
		a, err := r.store.Actor(ctx, uri)
		if community.CodeOf(err) == community.NotFound {
			continue
		}
		if err != nil {
			return signature.Key{}, false, err
		}
		if !a.Gone.IsZero() {
			return signature.Key{}, false, keyError(keyID, community.Errorf(community.Gone, "%s was deleted", uri))
		}
		if k, err := keyOf(a, keyID); err == nil {
			r.keys.put(keyID, k, r.clock().Add(keyFor))
			return k, true, nil
		}
	}
	return signature.Key{}, false, nil
}

// ownersOf guesses the ids of actors from the id of a key: without its
// fragment, and without the last step of its path.
func ownersOf(keyID string) []string {
	uri, _, _ := strings.Cut(keyID, "#")
	owners := []string{uri}
	for _, last := range []string{"/main-key", "/publickey"} {
		if owner, ok := strings.CutSuffix(uri, last); ok {
			owners = append(owners, owner)
		}
	}
	return owners
}

// keyOf returns a key that an actor lists. A key id that is the actor's own
// means its first key.
func keyOf(a *community.Actor, keyID string) (signature.Key, error) {
	for _, k := range a.Keys {
		if k.ID != keyID && keyID != a.URI || k.PEM == "" {
			continue
		}
		pub, err := signature.ParsePublicKey(k.PEM)
		if err != nil {
			return signature.Key{}, community.Errorf(community.Refused, "the key %s cannot be used: %w", keyID, err)
		}
		return signature.Key{ID: keyID, Owner: a.URI, Public: pub, Fetched: a.Fetched}, nil
	}
	return signature.Key{}, community.Errorf(community.Refused, "%s does not list the key %s", a.URI, keyID)
}

func (r *Resolver) fetchKey(ctx context.Context, keyID string) (signature.Key, error) {
	doc, err := r.get(ctx, keyID)
	if err != nil {
		return signature.Key{}, err
	}
	if !fetch.SameOrigin(keyID, doc.URL) {
		return signature.Key{}, notItself(keyID, doc.URL)
	}
	a, err := activitystreams.ReadActor(doc.Body)
	if err == nil && a.Inbox != "" && fetch.SameAddress(a.URI, doc.URL) {
		if err := r.check(a); err != nil {
			return signature.Key{}, err
		}
		return r.listed(ctx, a, doc.Body, community.PublicKey{ID: keyID})
	}
	var owner, pem string
	if err == nil {
		// A stub, or an actor at another address than its own.
		owner = a.URI
		for _, k := range a.Keys {
			if k.ID == keyID {
				pem = k.PEM
			}
		}
	} else {
		var k community.PublicKey
		var keyErr error
		if owner, k, keyErr = activitystreams.ReadKey(doc.Body); keyErr != nil {
			return signature.Key{}, err
		}
		if k.ID != keyID {
			return signature.Key{}, community.Errorf(community.Refused, "the document at %s is another key", keyID)
		}
		pem = k.PEM
	}
	if !fetch.SameOrigin(owner, keyID) {
		return signature.Key{}, community.Errorf(community.Refused, "the key %s says that it belongs to %s on another server", keyID, owner)
	}
	if doc, err = r.get(ctx, owner); err != nil {
		return signature.Key{}, err
	}
	if a, err = activitystreams.ReadActor(doc.Body); err != nil {
		return signature.Key{}, err
	}
	if a.Inbox == "" || !fetch.SameAddress(a.URI, doc.URL) || !fetch.SameAddress(a.URI, owner) {
		return signature.Key{}, notItself(a.URI, doc.URL)
	}
	if err := r.check(a); err != nil {
		return signature.Key{}, err
	}
	return r.listed(ctx, a, doc.Body, community.PublicKey{ID: keyID, PEM: pem})
}

// listed stores the owner of a key and returns the key if the owner lists it:
// whole, which then counts, or by its id alone.
func (r *Resolver) listed(ctx context.Context, a *community.Actor, body []byte, key community.PublicKey) (signature.Key, error) {
	whole := false
	for _, k := range a.Keys {
		whole = whole || k.ID == key.ID
	}
	if !whole && key.PEM != "" && namesKey(body, key.ID) {
		a.Keys = append(a.Keys, key)
	}
	k, err := keyOf(a, key.ID)
	if err != nil {
		return signature.Key{}, err
	}
	if _, err := r.save(ctx, a); err != nil {
		return signature.Key{}, err
	}
	return k, nil
}

// namesKey tells whether an actor names a key by its address alone.
func namesKey(actor []byte, keyID string) bool {
	var doc struct {
		PublicKey       json.RawMessage `json:"publicKey"`
		AssertionMethod json.RawMessage `json:"assertionMethod"`
	}
	if json.Unmarshal(actor, &doc) != nil {
		return false
	}
	for _, b := range []json.RawMessage{doc.PublicKey, doc.AssertionMethod} {
		var list []json.RawMessage
		if json.Unmarshal(b, &list) != nil {
			list = []json.RawMessage{b}
		}
		for _, b := range list[:min(len(list), maxActorKeys)] {
			if text(b) == keyID {
				return true
			}
		}
	}
	return false
}

// keyError says whether trying again may help to get a key. A server that
// refuses us may do so because it could not reach us to check our signature.
func keyError(keyID string, err error) error {
	if own, ok := errors.AsType[*signature.Error](err); ok {
		return own
	}
	e := &signature.Error{Kind: signature.KeyRefused, Msg: "the key " + keyID + " cannot be used", Err: err}
	temporary := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	if f, ok := errors.AsType[*fetch.Error](err); ok {
		temporary = temporary || f.Temporary() || f.Kind == fetch.Unauthorized
	} else if community.CodeOf(err) == community.Internal {
		temporary = true
	}
	if temporary {
		e.Kind, e.Msg = signature.KeyUnavailable, "the key "+keyID+" cannot be had now"
	}
	return e
}
