package node

import (
	"context"
	"errors"

	"konfa/community"
	"konfa/storage"
)

// LapseGuests takes offered seats back that nobody took in time and gives them to
// who is next, and forgets answers that nobody confirmed. It returns how many
// conferences it looked at; again at once it is none.
func (n *Node) LapseGuests(ctx context.Context) (int, error) {
	ids, err := n.store.DueGuests(ctx, n.Now(), 200)
	if err != nil {
		return 0, err
	}
	total := 0
	var errs []error
	for _, id := range ids {
		// One that is broken does not hold up the others.
		if err := n.write(ctx, func(tx *storage.Tx) error { return n.lapse(ctx, tx, id) }); err != nil {
			errs = append(errs, err)
			continue
		}
		total++
	}
	return total, errors.Join(errs...)
}

func (n *Node) lapse(ctx context.Context, tx *storage.Tx, confID int64) error {
	c, err := tx.ConferenceByID(ctx, confID)
	if err != nil {
		return err
	}
	unsure, err := tx.Guests(ctx, c.ID, community.Unconfirmed)
	if err != nil {
		return err
	}
	for _, g := range unsure {
		if g.Expires.After(tx.Now()) {
			continue
		}
		if err := tx.DeleteGuest(ctx, g.ID); err != nil {
			return err
		}
	}
	roster, err := tx.Roster(ctx, c)
	if err != nil {
		return err
	}
	if c.Admits(tx.Now()) {
		again, others := roster.Lapse(tx.Now())
		return n.saveLapsed(ctx, tx, c, again, others)
	}
	// Nothing is offered in what is cancelled or over; who waited, waits.
	for _, list := range [][]community.Guest{roster.Offered, roster.Queue} {
		for i := range list {
			if list[i].Expires.IsZero() {
				continue
			}
			list[i].State, list[i].Expires = community.Waitlisted, zeroTime
			if err := tx.SaveGuest(ctx, &list[i]); err != nil {
				return err
			}
		}
	}
	return nil
}
