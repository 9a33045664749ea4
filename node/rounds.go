package node

import (
	"context"
	"encoding/json"
	"time"

	"konfa/community"
	"konfa/storage"
)

// round is something that all who have a seat at a conference are told at its
// hour.
type round struct {
	name  string // by which it is remembered
	kind  community.LetterKind
	event string // key of the direct message that says the same, or empty
	// window is from when and until when it is worth telling; two zero times for
	// a conference that has no such round.
	window func(c *community.Conference) (from, until time.Time)
}

// begins is when people have to be there: those of whole days not at midnight.
func begins(c *community.Conference) time.Time {
	if c.AllDay {
		return c.LocalStart().Add(9 * time.Hour)
	}
	return c.Start
}

// before is the time from so long before a conference until so long before it:
// who slept through the first may still write until the second.
func before(c *community.Conference, from, until time.Duration) (time.Time, time.Time) {
	if c.Status == community.Postponed || c.Status == community.Cancelled {
		return time.Time{}, time.Time{}
	}
	return begins(c).Add(-from), begins(c).Add(-until)
}

// rounds are all of them.
var rounds = []round{
	{"reconfirm", community.LetterReconfirm, "rsvp.reconfirm", func(c *community.Conference) (time.Time, time.Time) {
		if !c.Reconfirm {
			return time.Time{}, time.Time{}
		}
		return before(c, 48*time.Hour, 12*time.Hour)
	}},
	{"day", community.LetterReminder, "rsvp.reminder", func(c *community.Conference) (time.Time, time.Time) {
		return before(c, 24*time.Hour, 6*time.Hour)
	}},
	{"hours", community.LetterReminder, "", func(c *community.Conference) (time.Time, time.Time) {
		if c.AllDay {
			return time.Time{}, time.Time{}
		}
		return before(c, 2*time.Hour, 0)
	}},
	{"thanks", community.LetterThanks, "", func(c *community.Conference) (time.Time, time.Time) {
		if c.Status == community.Postponed || c.Status == community.Cancelled {
			return time.Time{}, time.Time{}
		}
		// The next morning; nobody wants to be thanked at midnight.
		morning := community.DaysAfter(c.LocalEnd(), 1).Add(10 * time.Hour)
		return morning, morning.Add(3 * 24 * time.Hour)
	}},
}

// newcomer is for how long someone who has just answered is not reminded of it.
const newcomer = time.Hour

// WriteRounds writes the letters whose hour has come: it asks guests whether they
// still come, reminds and thanks them. Each is written once, by one process,
// and what was slept through only while it is of use. It returns how many
// rounds were written.
func (n *Node) WriteRounds(ctx context.Context) (int, error) {
	now := n.Now()
	confs, err := n.store.Conferences(ctx, storage.ConferenceQuery{Own: true, EndsAfter: now.Add(-6 * 24 * time.Hour), StartsBefore: now.Add(3 * 24 * time.Hour)})
	if err != nil {
		return 0, err
	}
	written := 0
	for i := range confs {
		for _, r := range rounds {
			from, until := r.window(&confs[i])
			if from.IsZero() || now.Before(from) || !now.Before(until) {
				continue
			}
			had, err := n.store.HadRound(ctx, confs[i].ID, r.name, confs[i].Start)
			if err != nil {
				return written, err
			}
			if had {
				continue
			}
			did := false
			err = n.write(ctx, func(tx *storage.Tx) error {
				did, err = n.writeRound(ctx, tx, confs[i].ID, r)
				return err
			})
			if err != nil {
				return written, err
			}
			if did {
				written++
			}
		}
	}
	return written, nil
}

// writeRound writes one, if it is still to be written.
func (n *Node) writeRound(ctx context.Context, tx *storage.Tx, confID int64, r round) (bool, error) {
	c, err := tx.ConferenceByID(ctx, confID)
	if ok, err := found(err); !ok {
		return false, err
	}
	if from, until := r.window(c); c.Draft || from.IsZero() || tx.Now().Before(from) || !tx.Now().Before(until) {
		return false, nil // it was moved a moment ago
	}
	if first, err := tx.StartRound(ctx, c.ID, r.name, c.Start); !first || err != nil {
		return false, err
	}
	guests, err := tx.Guests(ctx, c.ID, community.Going)
	if err != nil {
		return false, err
	}
	came := false
	for i := range guests {
		came = came || !guests[i].CheckedIn.IsZero()
	}
	for i := range guests {
		g := &guests[i]
		switch {
		case r.kind == community.LetterThanks && came && g.CheckedIn.IsZero():
			continue // someone stood at the door, and did not see them
		case r.kind != community.LetterThanks && tx.Now().Sub(g.Created) < newcomer:
			continue
		case r.kind == community.LetterReconfirm:
			if err := n.askGuest(ctx, tx, c, g); err != nil {
				return false, err
			}
			continue
		}
		if err := n.writeGuest(ctx, tx, c, g, r.kind, nil); err != nil {
			return false, err
		}
		if r.event == "" {
			continue
		}
		if err := n.tellGuest(ctx, tx, c, g, r.event); err != nil {
			return false, err
		}
	}
	return true, nil
}

// askGuest asks someone who has a seat whether they still come.
func (n *Node) askGuest(ctx context.Context, tx *storage.Tx, c *community.Conference, g *community.Guest) error {
	g.Asked, g.Reconfirmed = tx.Now(), time.Time{}
	if err := tx.SaveGuest(ctx, g); err != nil {
		return err
	}
	link, err := n.rsvpLink(ctx, tx, g)
	if err != nil {
		return err
	}
	err = n.writeGuest(ctx, tx, c, g, community.LetterReconfirm, map[string]string{"Link": link, "Yes": link + "/still", "No": link + "/still?no=1"})
	if err != nil {
		return err
	}
	return n.tellGuest(ctx, tx, c, g, "rsvp.reconfirm")
}

// Reconfirm notes what the guest whom a link names says to whether they still
// come: yes keeps the seat, no gives it to whoever is next. Refused once it has
// begun, and Conflict for who has no seat.
func (n *Node) Reconfirm(ctx context.Context, token string, comes bool) (*RSVP, error) {
	if !comes {
		return n.ChangeRSVP(ctx, token, community.Want{State: community.NotGoing}, nil)
	}
	return n.changeRSVP(ctx, token, func(tx *storage.Tx, v *RSVP) error {
		c, g := v.Conference, v.Guest
		switch {
		case c.Status == community.Cancelled:
			return &community.Error{Code: community.Refused, Key: "error.cancelled", Msg: "this conference was cancelled"}
		case c.Past(tx.Now()):
			return &community.Error{Code: community.Refused, Key: "error.over", Msg: "this conference is over"}
		case g.State != community.Going:
			return &community.Error{Code: community.Conflict, Key: "error.no_seat", Msg: "you have no seat here any more"}
		}
		g.Reconfirmed = tx.Now()
		return tx.SaveGuest(ctx, g)
	})
}

// writeDeleted writes to the guests of a conference that is about to be deleted:
// the letters carry with them what it was.
func (n *Node) writeDeleted(ctx context.Context, tx *storage.Tx, c *community.Conference) error {
	if c.Draft || c.Status == community.Cancelled {
		return nil // nobody knows it, or everybody knows
	}
	was := community.Conference{
		ID: c.ID, UUID: c.UUID, UID: c.UID, Slug: c.Slug, Sequence: c.Sequence + 1, Title: c.Title, Start: c.Start, End: c.End, AllDay: c.AllDay, OpenEnd: c.OpenEnd,
		Zone: c.Zone, Venue: c.Venue, Status: community.Cancelled, Created: c.Created, Published: c.Published, Updated: tx.Now(),
	}
	doc, err := json.Marshal(was)
	if err != nil {
		return community.Errorf(community.Internal, "writing down a conference: %w", err)
	}
	guests, err := tx.Guests(ctx, c.ID, hearers...)
	if err != nil {
		return err
	}
	for i := range guests {
		// The link to an answer leads nowhere now.
		if err := n.writeGuest(ctx, tx, c, &guests[i], community.LetterDeleted, map[string]string{"Conference": string(doc), "Link": n.site.Base + "/"}); err != nil {
			return err
		}
	}
	return nil
}
