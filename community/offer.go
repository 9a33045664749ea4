package community

import "time"

// OfferKind says who offers what to whom.
type OfferKind string

// The kinds: we to another city, another city to us, and what our own rules for
// a sister city found for the stewards.
const (
	OfferOut OfferKind = "out"
	OfferIn  OfferKind = "in"
	Proposal OfferKind = "proposal"
)

// OfferState is where an offer stands.
type OfferState string

// The states of an offer.
const (
	OfferOpen     OfferState = "offered"
	OfferAccepted OfferState = "accepted"
	OfferDeclined OfferState = "declined"
	OfferExpired  OfferState = "expired"
	OfferRevoked  OfferState = "revoked"
)

// OfferStates lists all of them.
var OfferStates = []OfferState{OfferOpen, OfferAccepted, OfferDeclined, OfferExpired, OfferRevoked}

// Limits of offers.
const (
	OfferLasts    = 14 * 24 * time.Hour
	MaxOffers     = 5  // of one conference, not counting those that came to nothing
	MaxOpenOffers = 20 // that one city may have with us at the same time
	MaxAutoDaily  = 30 // conferences of one sister city that are announced by themselves within a day
	withdrawnHere = "withdrawn"
)

// Offer is a conference that one city would like another to announce.
type Offer struct {
	ID           int64
	Kind         OfferKind
	ConferenceID int64
	Object       string // the id of the conference
	Title        string // its title when it was offered
	ActorID      int64  // the other city
	Actor        *Actor // filled on reading
	URI          string // the id of the Offer; empty for a proposal
	Note         string // a word to the stewards, plain text
	State        OfferState
	Reason       string // why it was declined, plain text
	By           string // who here made it or decided about it
	Created      time.Time
	Updated      time.Time
	Expires      time.Time
}

// NewOffer is an offer made now.
func NewOffer(kind OfferKind, c *Conference, object string, actorID int64, now time.Time) *Offer {
	return &Offer{Kind: kind, ConferenceID: c.ID, Object: object, Title: c.Title.First(), ActorID: actorID,
		State: OfferOpen, Created: now, Updated: now, Expires: now.Add(OfferLasts)}
}

// Open tells whether someone still has to answer.
func (o *Offer) Open() bool { return o.State == OfferOpen }

// Counts tells whether the offer is one of the few that a conference may have.
func (o *Offer) Counts() bool { return o.State == OfferOpen || o.State == OfferAccepted }

// Accept takes an offer up. toCome says that its conference is still to come and
// not called off. An answer that comes late counts as long as there is something
// to announce; one to what was taken back does not. It tells whether anything
// changed.
func (o *Offer) Accept(now time.Time, toCome bool) (bool, error) {
	switch {
	case o.State == OfferAccepted:
		return false, nil
	case o.State == OfferRevoked:
		return false, Errorf(Conflict, "the offer was taken back")
	case !toCome:
		return false, Errorf(Conflict, "there is nothing to announce any more: the conference is over or was called off")
	}
	o.State, o.Reason, o.Updated = OfferAccepted, "", now
	return true, nil
}

// Decline turns an offer down, also one that was taken up before: a city may
// change its mind. It tells whether anything changed.
func (o *Offer) Decline(now time.Time, reason string) (bool, error) {
	switch o.State {
	case OfferRevoked:
		return false, Errorf(Conflict, "the offer was taken back")
	case OfferDeclined:
		return false, nil
	}
	o.State, o.Reason, o.Updated = OfferDeclined, clipNote(reason), now
	return true, nil
}

// Revoke takes an offer back. It tells whether anything changed.
func (o *Offer) Revoke(now time.Time) bool {
	if o.State == OfferRevoked {
		return false
	}
	o.State, o.Updated = OfferRevoked, now
	return true
}

// Expire lets an offer lapse when nobody answered in time. It tells whether it
// did.
func (o *Offer) Expire(now time.Time) bool {
	if o.State != OfferOpen || o.Expires.After(now) {
		return false
	}
	o.State, o.Updated = OfferExpired, now
	return true
}

// Renew makes an offer again that came to nothing. It tells whether it did: one
// that is open or taken up stays as it is.
func (o *Offer) Renew(now time.Time, uri, note string) bool {
	if o.Counts() {
		return false
	}
	o.State, o.URI, o.Note, o.Reason = OfferOpen, uri, clipNote(note), ""
	o.Created, o.Updated, o.Expires = now, now, now.Add(OfferLasts)
	return true
}

// Withdrawn marks that stewards here took an announcement back, or never want
// it, so that it is not made again by itself.
func (o *Offer) Withdrawn(now time.Time) {
	o.State, o.Reason, o.Updated = OfferDeclined, withdrawnHere, now
}
