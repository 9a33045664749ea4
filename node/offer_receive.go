package node

import (
	"context"

	"konfa/community"
	"konfa/storage"
)

// mayOfferHere tells whether offers of another city are looked at: of a sister
// city, or one that the city or the node follows. That some member follows
// someone of a large server does not open the stewards' desk to all of it.
func (n *Node) mayOfferHere(ctx context.Context, tx *storage.Tx, from *community.Actor) (bool, error) {
	_, err := tx.Sister(ctx, from.ID)
	if ok, err := found(err); ok || err != nil {
		return ok, err
	}
	if from.Type == "Person" {
		return tx.FollowsActor(ctx, from.ID)
	}
	return n.stewardFollows(ctx, tx, from.Host)
}

// ReceiveOffer is a conference that another city offers to announce, as it was
// read at its origin. It is kept for the stewards; what we announced already, and
// what a sister city offers whose conferences we announce by ourselves, is taken
// up at once.
func (n *Node) ReceiveOffer(ctx context.Context, from *community.Actor, uri, note string, c *community.Conference) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		if hostOf(c.URI) != from.Host {
			return community.Errorf(community.Forbidden, "%s can offer only what is hers, not %s", from.URI, c.URI)
		}
		if ok, err := n.mayOfferHere(ctx, tx, from); err != nil {
			return err
		} else if !ok {
			return community.Errorf(community.Refused, "nobody here follows %s", from.URI)
		}
		if _, err := tx.Tombstone(ctx, claimKey(from.URI, uri)); err == nil {
			return community.Errorf(community.Gone, "%s was taken back", uri)
		} else if community.CodeOf(err) != community.NotFound {
			return err
		}
		if c.OriginID == 0 {
			c.OriginID = from.ID
		}
		if !c.ToCome(tx.Now()) {
			return community.Errorf(community.Refused, "%s is over or was called off", c.URI)
		}
		if err := n.storeForeign(ctx, tx, c); err != nil {
			return err
		}
		c, err := tx.ConferenceLike(ctx, c.URI)
		if err != nil {
			return err
		}
		o, again, err := n.keepOffer(ctx, tx, from, uri, note, c)
		if err != nil || o == nil {
			return err
		}
		if again {
			return n.answerOffer(ctx, tx, "Accept", o)
		}
		auto, wanted, err := n.unasked(ctx, tx, c)
		if err != nil {
			return err
		}
		if !c.Announced.IsZero() {
			return n.settleQueue(ctx, tx, c, "auto")
		}
		if !wanted {
			return nil
		}
		if auto {
			return n.announce(ctx, tx, c, "auto")
		}
		return nil
	})
}

// keepOffer writes an offer down. It returns nil when there is nothing to do for
// it, and again when it was taken up before and is asked for once more.
func (n *Node) keepOffer(ctx context.Context, tx *storage.Tx, from *community.Actor, uri, note string, c *community.Conference) (o *community.Offer, again bool, err error) {
	old, err := tx.OfferOf(ctx, community.OfferIn, c.ID, from.ID)
	known, err := found(err)
	if err != nil {
		return nil, false, err
	}
	switch {
	case known && old.URI == uri:
		return nil, false, nil // said before
	case known && old.State == community.OfferAccepted && !c.Announced.IsZero():
		old.URI, old.Updated = uri, tx.Now()
		return old, true, tx.UpdateOffer(ctx, old)
	}
	if !known || !old.Open() {
		open, err := tx.CountOffers(ctx, storage.OfferQuery{Kinds: []community.OfferKind{community.OfferIn}, States: openOffers, ActorID: from.ID})
		if err != nil {
			return nil, false, err
		}
		if open >= community.MaxOpenOffers && c.Announced.IsZero() {
			return nil, false, community.Errorf(community.Refused, "%s has %d offers waiting here already", from.Address(), open)
		}
	}
	if !known {
		o = community.NewOffer(community.OfferIn, c, c.URI, from.ID, tx.Now())
		o.Actor, o.State = from, community.OfferExpired // not kept yet
		o.Renew(tx.Now(), uri, note)
		if err := tx.InsertOffer(ctx, o); err != nil {
			return nil, false, err
		}
	} else {
		o = old
		o.State = community.OfferExpired // whatever it was: this is a new one
		o.Renew(tx.Now(), uri, note)
		o.Title, o.By = c.Title.First(), ""
		if err := tx.UpdateOffer(ctx, o); err != nil {
			return nil, false, err
		}
	}
	// One of the two is enough for the stewards.
	return o, false, n.revokeOffers(ctx, tx, storage.OfferQuery{ConferenceID: c.ID, Kinds: []community.OfferKind{community.Proposal}, States: openOffers})
}

// unasked tells whether a conference is of a sister city whose conferences are
// announced without asking, and whether stewards did not say no to it before.
func (n *Node) unasked(ctx context.Context, tx *storage.Tx, c *community.Conference) (auto, wanted bool, err error) {
	s, err := n.sisterOf(ctx, tx, c)
	if ok, err := found(err); !ok || err != nil {
		return false, false, err
	}
	list, err := tx.Offers(ctx, storage.OfferQuery{ConferenceID: c.ID, Kinds: []community.OfferKind{community.Proposal}})
	if err != nil {
		return false, false, err
	}
	wanted = true
	for _, o := range list {
		wanted = wanted && o.State != community.OfferDeclined
	}
	if auto = s.Announce == community.AnnounceAuto; auto && wanted {
		auto, err = n.calm(ctx, tx, s.ActorID)
	}
	return auto, wanted, err
}

// ReceiveUndoOffer is a city that takes her offer back. What was announced for it
// is withdrawn, and not announced again by itself. An offer that comes only after
// that counts for nothing.
func (n *Node) ReceiveUndoOffer(ctx context.Context, from *community.Actor, uri, object string) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		o, err := tx.OfferByURI(ctx, community.OfferIn, uri)
		known, err := found(err)
		if err != nil {
			return err
		}
		if !known && uri != "" {
			return tx.SaveTombstone(ctx, claimKey(from.URI, uri), "Offer")
		}
		if !known {
			c, err := tx.ConferenceLike(ctx, object)
			if ok, err := found(err); !ok || err != nil {
				return err // never heard of
			}
			o, err = tx.OfferOf(ctx, community.OfferIn, c.ID, from.ID)
			if ok, err := found(err); !ok || err != nil {
				return err
			}
		}
		if !answersFor(from, o.Actor) {
			return community.Errorf(community.Forbidden, "%s cannot take back the offer of someone else", from.URI)
		}
		if !o.Revoke(tx.Now()) {
			return nil
		}
		if err := tx.UpdateOffer(ctx, o); err != nil {
			return err
		}
		c, err := tx.ConferenceByID(ctx, o.ConferenceID)
		if ok, err := found(err); !ok || err != nil {
			return err
		}
		if c.Announced.IsZero() {
			return nil
		}
		if err := n.withdraw(ctx, tx, c); err != nil {
			return err
		}
		return n.neverAgain(ctx, tx, c.ID, o.ActorID, o.Object, o.Title, "")
	})
}

// answersFor tells whether the word of an actor counts for a city: her own, or
// that of her server.
func answersFor(from, city *community.Actor) bool {
	return from.ID == city.ID || from.Type == "Application" && from.Host == city.Host
}

// settleOffer takes the answer of another city to an offer of ours. It tells
// whether the answer is to one at all.
func (n *Node) settleOffer(ctx context.Context, tx *storage.Tx, from *community.Actor, a Answer, state community.FollowState) (bool, error) {
	o, err := tx.OfferByURI(ctx, community.OfferOut, a.ObjectURI)
	ok, err := found(err)
	if err != nil {
		return false, err
	}
	if !ok {
		if a.ObjectType != "Offer" {
			return false, nil
		}
		slug, ours := n.site.ConferenceSlug(a.InnerObject)
		if !ours {
			return false, nil
		}
		c, err := n.ownConference(ctx, tx.Reader, slug)
		if err != nil {
			return false, err
		}
		o, err = tx.OfferOf(ctx, community.OfferOut, c.ID, from.ID)
		if ok, err := found(err); !ok || err != nil {
			return false, err
		}
	}
	if !answersFor(from, o.Actor) {
		return true, community.Errorf(community.Forbidden, "%s cannot answer for someone else", from.URI)
	}
	switch state {
	case community.Accepted:
		_, err = n.offerTaken(ctx, tx, o)
	case community.Rejected:
		var changed bool
		if changed, err = o.Decline(tx.Now(), a.Content); err == nil && changed {
			if err = tx.UpdateOffer(ctx, o); err == nil {
				err = n.notifyOffer(ctx, tx, o)
			}
		}
	}
	return true, err
}

// offerTaken notes that another city took an offer of ours up.
func (n *Node) offerTaken(ctx context.Context, tx *storage.Tx, o *community.Offer) (bool, error) {
	c, err := tx.ConferenceByID(ctx, o.ConferenceID)
	ok, err := found(err)
	if err != nil {
		return false, err
	}
	changed, err := o.Accept(tx.Now(), ok && c.ToCome(tx.Now()))
	if err != nil || !changed {
		return changed, err
	}
	if err := tx.UpdateOffer(ctx, o); err != nil {
		return true, err
	}
	return true, n.notifyOffer(ctx, tx, o)
}

// carried notes what the announcement of a conference of ours, or its end, says
// about an offer of it: whoever announces it has taken it up, even if the answer
// got lost, and whoever stops has changed her mind.
func (n *Node) carried(ctx context.Context, tx *storage.Tx, from *community.Actor, object string, announces bool) error {
	slug, ok := n.site.ConferenceSlug(object)
	if !ok {
		return nil
	}
	c, err := tx.Conference(ctx, slug)
	if ok, err := found(err); !ok || err != nil {
		return err
	}
	o, err := tx.OfferOf(ctx, community.OfferOut, c.ID, from.ID)
	if ok, err := found(err); !ok || err != nil {
		return err
	}
	switch {
	case announces && (o.State == community.OfferOpen || o.State == community.OfferExpired) && c.ToCome(tx.Now()):
		_, err = n.offerTaken(ctx, tx, o)
	case !announces && o.State == community.OfferAccepted:
		o.Withdrawn(tx.Now())
		err = tx.UpdateOffer(ctx, o)
	}
	return err
}
