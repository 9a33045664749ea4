package node

import (
	"context"

	"konfa/community"
	"konfa/storage"
)

// hearers are the guests who hear when something becomes of a conference.
var hearers = []community.GuestState{community.Going, community.SeatOffered, community.Maybe, community.Waitlisted, community.Pending}

// Hearing is who hears of a change of a conference: its guests, and in which ways;
// one guest may hear in several. Followers are those of the city.
type Hearing struct {
	Guests, Mail, Fediverse, Members, Followers int
}

// Hearing counts who would hear of a change of a conference.
func (n *Node) Hearing(ctx context.Context, c *community.Conference) (Hearing, error) {
	var h Hearing
	guests, err := n.store.Guests(ctx, c.ID, hearers...)
	if err != nil {
		return h, err
	}
	for i := range guests {
		h.Guests++
		switch g := &guests[i]; {
		case g.ActorID != 0:
			h.Fediverse++
		case g.MemberID != 0:
			h.Members++
			m, err := n.store.MemberByID(ctx, g.MemberID)
			if err != nil {
				return h, err
			}
			if m.Active() && m.Email != "" {
				h.Mail++
			}
		case g.Email != "":
			h.Mail++
		}
	}
	h.Followers, err = n.store.CountFollowers(ctx, community.CityActor)
	return h, err
}

// writeGuests writes to every guest who hears and has an address. Text is what
// the organisers say, and may be empty.
func (n *Node) writeGuests(ctx context.Context, tx *storage.Tx, c *community.Conference, kind community.LetterKind, text string) error {
	guests, err := tx.Guests(ctx, c.ID, hearers...)
	if err != nil {
		return err
	}
	for i := range guests {
		if err := n.writeGuest(ctx, tx, c, &guests[i], kind, map[string]string{"Text": text}); err != nil {
			return err
		}
	}
	return nil
}

// writeChange queues the letters about a change that matters to guests, or about
// which the organisers have something to say.
func (n *Node) writeChange(ctx context.Context, tx *storage.Tx, c, old *community.Conference, text string) error {
	switch {
	case c.Past(tx.Now()) && old.Past(tx.Now()) || !c.Matters(old) && text == "":
		return nil
	case c.Status == community.Cancelled && old.Status != community.Cancelled:
		return n.writeGuests(ctx, tx, c, community.LetterCancelled, text)
	case c.Status == community.Cancelled:
		return nil
	}
	return n.writeGuests(ctx, tx, c, community.LetterChanged, text)
}
