package discover

import (
	"context"
	"errors"
	"fmt"
	"time"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/federation/fetch"
	"konfa/federation/signature"
)

// Stored, as maxAge of Actor, takes an actor that is stored at any age.
const Stored = time.Duration(1<<63 - 1)

// maxActorKeys bounds the keys kept of one actor, as Mastodon does.
const maxActorKeys = 10

// Actor returns the actor of an id: the stored one if it was read within
// maxAge, else the one its server gives now, which is then stored. If the
// server cannot be reached, an older one is returned, but not for a maxAge of
// 0. One that its server deleted is an error with the code Gone.
//
// The actor may have another URI than asked for, if that is what the address
// led to: whoever needs a certain id compares.
func (r *Resolver) Actor(ctx context.Context, uri string, maxAge time.Duration) (*community.Actor, error) {
	known, err := r.store.Actor(ctx, uri)
	if err != nil && community.CodeOf(err) != community.NotFound {
		return nil, err
	}
	if err == nil {
		asked := known.Fetched
		if known.Gone.After(asked) {
			asked = known.Gone
		}
		if maxAge > 0 && r.clock().Sub(asked) <= maxAge {
			if !known.Gone.IsZero() {
				return nil, community.Errorf(community.Gone, "%s was deleted", uri)
			}
			return known, nil
		}
	} else {
		known = nil
	}
	a, err := r.fresh(ctx, uri, maxAge == 0)
	if err != nil {
		if e, ok := errors.AsType[*fetch.Error](err); ok && e.Temporary() && known != nil && known.Gone.IsZero() && maxAge != 0 {
			return known, nil
		}
		return nil, explain(uri, err)
	}
	own := *a // others may have got the same one from the same flight
	return &own, nil
}

// fresh fetches an actor and stores it; many at once make one request. Unless
// forced, an address that had none a moment ago is not asked again.
func (r *Resolver) fresh(ctx context.Context, uri string, force bool) (*community.Actor, error) {
	if !force {
		if err, ok := r.refused.get(uri, r.clock()); ok {
			return nil, err
		}
	}
	return oneFlight(ctx, r, "actor "+uri, func(ctx context.Context) (*community.Actor, error) {
		doc, err := r.get(ctx, uri)
		if err != nil {
			r.refuse(uri, err)
			return nil, err
		}
		a, err := r.actorOf(ctx, doc)
		if err != nil {
			r.refuse(uri, err)
			return nil, err
		}
		r.refused.forget(uri)
		return r.save(ctx, a)
	})
}

// refuse remembers an address that has no actor. That a host does not answer is
// remembered elsewhere, and a busy one may be asked again.
func (r *Resolver) refuse(address string, err error) {
	if e, ok := errors.AsType[*fetch.Error](err); ok && e.Temporary() {
		return
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return
	}
	r.refused.put(address, err, r.clock().Add(refusedFor))
}

// flightTime bounds what may take several requests: each has a bound of its own,
// and a server could use all of them up.
const flightTime = 25 * time.Second

// oneFlight runs f once for all who ask for the same at the same time. It goes
// on when the first of them goes away.
func oneFlight[T any](ctx context.Context, r *Resolver, name string, f func(context.Context) (T, error)) (T, error) {
	ch := r.flights.DoChan(name, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flightTime)
		defer cancel()
		return f(ctx)
	})
	var none T
	select {
	case <-ctx.Done():
		return none, ctx.Err()
	case res := <-ch:
		if res.Err != nil {
			return none, res.Err
		}
		return res.Val.(T), nil
	}
}

// actorOf reads an actor from a document and makes sure that it came from its
// own address, asking there if need be.
func (r *Resolver) actorOf(ctx context.Context, doc *fetch.Document) (*community.Actor, error) {
	a, err := activitystreams.ReadActor(doc.Body)
	if err != nil {
		return nil, err
	}
	if !fetch.SameAddress(a.URI, doc.URL) {
		if doc, err = r.own(ctx, a.URI, doc); err != nil {
			return nil, err
		}
		if a, err = activitystreams.ReadActor(doc.Body); err != nil {
			return nil, err
		}
		if !fetch.SameAddress(a.URI, doc.URL) {
			return nil, notItself(a.URI, doc.URL)
		}
	}
	if a.Inbox == "" {
		return nil, community.Errorf(community.Refused, "%s has no inbox, so nobody can be reached there", a.URI)
	}
	return a, r.check(a)
}

// own fetches a document at the id it gives itself, if that is on the origin it
// came from (FEP-fe34).
func (r *Resolver) own(ctx context.Context, id string, doc *fetch.Document) (*fetch.Document, error) {
	if !fetch.SameOrigin(id, doc.URL) {
		return nil, notItself(id, doc.URL)
	}
	return r.get(ctx, id)
}

func notItself(id, address string) error {
	return community.Errorf(community.Refused, "the document at %s says that it is %s, for which that address does not speak", address, id)
}

// check brings an actor into order: its host, its inboxes, and only such keys
// as it can vouch for.
func (r *Resolver) check(a *community.Actor) error {
	if a.Host = fetch.Host(a.URI); a.Host == "" {
		return community.Errorf(community.Refused, "%s has no proper host", a.URI)
	}
	// Inboxes elsewhere would have us send to someone who never asked for it, and
	// past their blocks; Misskey refuses them too.
	if !fetch.SameOrigin(a.Inbox, a.URI) {
		return community.Errorf(community.Refused, "the inbox of %s is not on its server", a.URI)
	}
	if !fetch.SameOrigin(a.SharedInbox, a.URI) {
		a.SharedInbox = ""
	}
	var keys []community.PublicKey
	for _, k := range a.Keys {
		if len(keys) < maxActorKeys && fetch.SameOrigin(k.ID, a.URI) {
			keys = append(keys, k)
		}
	}
	a.Keys = keys
	a.Fetched = r.clock().UTC().Truncate(time.Microsecond)
	a.Gone = time.Time{}
	return nil
}

func (r *Resolver) save(ctx context.Context, a *community.Actor) (*community.Actor, error) {
	before, err := r.store.Actor(ctx, a.URI)
	if err != nil && community.CodeOf(err) != community.NotFound {
		return nil, err
	}
	saved, errSave := r.store.SaveActor(ctx, a)
	if errSave != nil {
		return nil, fmt.Errorf("storing %s: %w", a.URI, errSave)
	}
	if err == nil {
		for _, k := range before.Keys {
			// What was withdrawn must not be remembered.
			r.keys.forget(k.ID)
		}
	}
	for _, k := range a.Keys {
		if pub, err := signature.ParsePublicKey(k.PEM); err == nil {
			r.keys.put(k.ID, signature.Key{ID: k.ID, Owner: a.URI, Public: pub, Fetched: a.Fetched}, r.clock().Add(keyFor))
		}
	}
	return saved, nil
}
