package node

import (
	"context"
	"errors"
	"time"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/storage"
)

// A Join that is not answered is sent again, as one that was lost on either way
// is answered then. Later the person is told that nobody answers. Mobilizon says
// nothing at all when a conference is full (event-peers §2.1), and may have a
// seat when it is asked again.
var askAgain = []time.Duration{24 * time.Hour, 3 * 24 * time.Hour, 7 * 24 * time.Hour}

// askFor is how long an answer is waited for, unless the conference begins
// before.
const askFor = 14 * 24 * time.Hour

// askings is how many are worked on in one go.
const askings = 200

// ask sends the Join of a guest: the one that JoinURI names once more, with the
// same id, so that whoever had it answers again; else a new one. The guest is to
// be saved afterwards.
func (n *Node) ask(ctx context.Context, tx *storage.Tx, m *community.Member, c *community.Conference, origin *community.Actor, g *community.Guest) error {
	if g.JoinURI != "" {
		err := n.sendAgain(ctx, tx, origin, g.JoinURI, c.URI, "Event")
		if err == nil || community.CodeOf(err) != community.NotFound {
			return err
		}
		// It was forgotten when this node moved to another address.
	}
	id, err := n.newActivityURI()
	if err != nil {
		return err
	}
	g.JoinURI = id
	return n.emitTo(ctx, tx, origin, activitystreams.Activity{
		ID: id, Type: "Join", Actor: community.MemberActor(m.Handle), Object: c.URI, Content: g.Comment, To: []string{origin.URI},
	}, c.URI, "Event")
}

// activityUUID is the last part of the path of an activity of ours.
func activityUUID(path string) string {
	const prefix = "activities/"
	if len(path) <= len(prefix) || path[:len(prefix)] != prefix {
		return ""
	}
	return path[len(prefix):]
}

// sendAgain queues an activity of ours once more, as it is.
func (n *Node) sendAgain(ctx context.Context, tx *storage.Tx, to *community.Actor, uri, orderKey, objectType string) error {
	path, _ := n.site.Path(uri)
	a, err := tx.Activity(ctx, activityUUID(path))
	if err != nil {
		return err
	}
	return tx.InsertFanout(ctx, a.ID, storage.Audience{Inboxes: []storage.Target{target(to)}, Order: orderKey, Type: a.Type, Object: objectType})
}

// SettleJoins asks again for the members whom nobody answered, and gives up where
// that was long enough, with a word to the person. It returns how many were asked
// again, and for how many it gave up.
func (n *Node) SettleJoins(ctx context.Context) (again, given int, err error) {
	due, err := n.store.AskingsDue(ctx, n.Now(), askings)
	if err != nil {
		return 0, 0, err
	}
	var errs []error
	for _, a := range due {
		var did community.GuestState
		err := n.write(ctx, func(tx *storage.Tx) (err error) {
			did, err = n.settleAsking(ctx, tx, a.GuestID)
			return err
		})
		if err != nil {
			errs = append(errs, err)
			if broken(err) {
				break
			}
			continue
		}
		switch did {
		case community.Pending:
			again++
		case community.Unanswered:
			given++
		}
	}
	return again, given, errors.Join(errs...)
}

// settleAsking does what is due for one guest. It returns Pending when they were
// asked for again, Unanswered when that is over.
func (n *Node) settleAsking(ctx context.Context, tx *storage.Tx, guestID int64) (community.GuestState, error) {
	a, err := tx.Asking(ctx, guestID)
	if ok, err := found(err); !ok {
		return "", err // answered in the meantime
	}
	g, err := tx.GuestByID(ctx, guestID)
	if err != nil {
		return "", err
	}
	c, err := tx.ConferenceByID(ctx, g.ConferenceID)
	if err != nil {
		return "", err
	}
	m, err := tx.MemberByID(ctx, g.MemberID)
	if err != nil {
		return "", err
	}
	now := tx.Now()
	switch {
	case g.State != community.Pending || !m.Active() || c.Own():
		return "", tx.DeleteAsking(ctx, guestID)
	case c.Status == community.Cancelled || !c.Start.After(now) || now.Sub(a.Asked) >= askFor:
		g.State, g.Updated = community.Unanswered, now
		if err := tx.SaveGuest(ctx, g); err != nil {
			return "", err
		}
		if err := tx.DeleteAsking(ctx, guestID); err != nil {
			return "", err
		}
		if c.Status == community.Cancelled {
			return community.Unanswered, nil // which they were told already
		}
		return community.Unanswered, n.notifyAbout(ctx, tx, m.ID, community.NoticeNoAnswer, c)
	}
	origin, err := tx.ActorByID(ctx, c.OriginID)
	if err != nil {
		return "", err
	}
	before := g.JoinURI
	if err := n.ask(ctx, tx, m, c, origin, g); err != nil {
		return "", err
	}
	if g.JoinURI != before {
		if err := tx.SaveGuest(ctx, g); err != nil {
			return "", err
		}
	}
	a.Tries++
	a.Next = nextAsk(a)
	return community.Pending, tx.SaveAsking(ctx, a)
}

// nextAsk is when to ask again after so many tries, or to give up.
func nextAsk(a *storage.Asking) time.Time {
	if a.Tries <= len(askAgain) {
		return a.Asked.Add(askAgain[a.Tries-1])
	}
	return a.Asked.Add(askFor)
}
