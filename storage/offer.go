package storage

import (
	"context"
	"strings"
	"time"

	"konfa/community"
)

// OfferQuery picks offers, the newest first. Conditions add up.
type OfferQuery struct {
	Kinds        []community.OfferKind  // none: all
	States       []community.OfferState // none: all
	ConferenceID int64
	ActorID      int64
	Expired      time.Time // those that lapse at this instant or before
	Since        time.Time // those made after this instant
	Limit        int       // 0 = no limit
}

const offerSelect = `SELECT o.id, o.kind, o.conference_id, o.object, o.title, o.uri, o.note, o.state, o.reason, o.by_member, o.created, o.updated, o.expires, ` +
	actorColumns + " FROM offer o JOIN actor a ON a.id = o.actor_id LEFT JOIN peer p ON p.host = a.host "

func scanOffer(row row, o *community.Offer) error {
	o.Actor = &community.Actor{}
	err := row.Scan(append([]any{&o.ID, word[community.OfferKind]{&o.Kind}, &o.ConferenceID, &o.Object, &o.Title, &o.URI, &o.Note,
		word[community.OfferState]{&o.State}, &o.Reason, &o.By, instant{&o.Created}, instant{&o.Updated}, instant{&o.Expires}}, actorDest(o.Actor)...)...)
	o.ActorID = o.Actor.ID
	return err
}

func (q *OfferQuery) where(b *strings.Builder) []any {
	b.WriteString("WHERE 1 = 1")
	var args []any
	any := func(column string, n int, arg func(i int) string) {
		if n == 0 {
			return
		}
		b.WriteString(" AND " + column + " IN (" + strings.TrimSuffix(strings.Repeat("?, ", n), ", ") + ")")
		for i := range n {
			args = append(args, arg(i))
		}
	}
	any("o.kind", len(q.Kinds), func(i int) string { return string(q.Kinds[i]) })
	any("o.state", len(q.States), func(i int) string { return string(q.States[i]) })
	if q.ConferenceID != 0 {
		b.WriteString(" AND o.conference_id = ?")
		args = append(args, q.ConferenceID)
	}
	if q.ActorID != 0 {
		b.WriteString(" AND o.actor_id = ?")
		args = append(args, q.ActorID)
	}
	if !q.Expired.IsZero() {
		b.WriteString(" AND o.expires <= ?")
		args = append(args, q.Expired)
	}
	if !q.Since.IsZero() {
		b.WriteString(" AND o.created > ?")
		args = append(args, q.Since)
	}
	return args
}

// Offers lists offers.
func (r *Reader) Offers(ctx context.Context, q OfferQuery) ([]community.Offer, error) {
	var b strings.Builder
	b.WriteString(offerSelect)
	args := q.where(&b)
	b.WriteString(" ORDER BY o.id DESC")
	args = limit(&b, args, q.Limit, 0)
	return list(ctx, r, scanOffer, b.String(), args...)
}

// CountOffers counts what Offers would list without its limit.
func (r *Reader) CountOffers(ctx context.Context, q OfferQuery) (int, error) {
	var b strings.Builder
	b.WriteString("SELECT COUNT(*) FROM offer o ")
	args := q.where(&b)
	return value[int](ctx, r, b.String(), args...)
}

// Offer reads an offer.
func (r *Reader) Offer(ctx context.Context, id int64) (*community.Offer, error) {
	return one(ctx, r, "offer", scanOffer, offerSelect+"WHERE o.id = ?", id)
}

// OfferByURI reads an offer by the id of its activity.
func (r *Reader) OfferByURI(ctx context.Context, kind community.OfferKind, uri string) (*community.Offer, error) {
	return one(ctx, r, "offer", scanOffer, offerSelect+"WHERE o.uri = ? AND o.uri <> '' AND o.kind = ? ORDER BY o.id LIMIT 1", uri, kind)
}

// OfferOf reads the offer of a kind of a conference to or by a city.
func (r *Reader) OfferOf(ctx context.Context, kind community.OfferKind, conferenceID, actorID int64) (*community.Offer, error) {
	return one(ctx, r, "offer", scanOffer, offerSelect+"WHERE o.conference_id = ? AND o.kind = ? AND o.actor_id = ?", conferenceID, kind, actorID)
}

// InsertOffer adds an offer; Conflict if there is one of its kind, conference and
// city.
func (tx *Tx) InsertOffer(ctx context.Context, o *community.Offer) error {
	return tx.taken(ctx, "there is such an offer already", func() error {
		return tx.insert(ctx, &o.ID, `INSERT INTO offer (kind, conference_id, object, title, actor_id, uri, note, state, reason, by_member, created, updated, expires)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
			o.Kind, o.ConferenceID, o.Object, o.Title, o.ActorID, o.URI, o.Note, o.State, o.Reason, o.By, o.Created, o.Updated, o.Expires)
	})
}

// UpdateOffer writes what may change of an offer.
func (tx *Tx) UpdateOffer(ctx context.Context, o *community.Offer) error {
	return tx.update(ctx, "offer", `UPDATE offer SET title = ?, uri = ?, note = ?, state = ?, reason = ?, by_member = ?, created = ?, updated = ?, expires = ? WHERE id = ?`,
		o.Title, o.URI, o.Note, o.State, o.Reason, o.By, o.Created, o.Updated, o.Expires, o.ID)
}
