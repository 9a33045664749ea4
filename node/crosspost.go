package node

import (
	"context"
	"time"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/storage"
)

// AnnounceConference tells the city's followers of a conference of another city
// and puts it into our calendar. It must be stored (package federation fetches
// it). Announcing again changes nothing.
func (n *Node) AnnounceConference(ctx context.Context, by By, uri string) (*community.Conference, error) {
	if err := by.may(community.Steward); err != nil {
		return nil, err
	}
	err := n.write(ctx, func(tx *storage.Tx) error {
		c, err := tx.ConferenceLike(ctx, uri)
		if err != nil {
			return err
		}
		if err := n.auditConference(ctx, tx, by, "conference.announce", c, ""); err != nil {
			return err
		}
		return n.announce(ctx, tx, c, by.Name())
	})
	if err != nil {
		return nil, err
	}
	return n.store.ConferenceLike(ctx, uri)
}

// announce puts a conference elsewhere into the calendar, tells followers, and
// answers whoever offered it. By is who decided it.
func (n *Node) announce(ctx context.Context, tx *storage.Tx, c *community.Conference, by string) error {
	if !c.Announced.IsZero() {
		return n.settleQueue(ctx, tx, c, by)
	}
	origin, err := tx.ActorByID(ctx, c.OriginID)
	if err != nil {
		return err
	}
	if b, err := tx.BlockOf(ctx, hostOf(c.URI), origin.URI); err == nil {
		return community.Errorf(community.Refused, "%s is blocked here (%s)", orElse(b.Domain, b.ActorURI), b.Severity)
	}
	if _, err := tx.Hidden(ctx, c.URI); err == nil {
		return &community.Error{Code: community.Refused, Key: "error.conference_hidden", Msg: "the stewards have hidden this conference"}
	} else if _, err := found(err); err != nil {
		return err
	}
	if c.Status == community.Cancelled {
		return &community.Error{Code: community.Refused, Key: "error.cancelled", Msg: "this conference was cancelled"}
	}
	c.Announced = tx.Now()
	if err := tx.UpdateConference(ctx, c); err != nil {
		return err
	}
	if err := n.regroup(ctx, tx, c); err != nil {
		return err
	}
	// The bare address: Mastodon boosts it, Mobilizon fetches it.
	if err := n.emitBoost(ctx, tx, c, emission{typ: "Announce", object: c.URI}); err != nil {
		return err
	}
	return n.settleQueue(ctx, tx, c, by)
}

// WithdrawConference takes the announcement of another city's conference back. It
// is not announced again unless a steward does it.
func (n *Node) WithdrawConference(ctx context.Context, by By, uri string) error {
	if err := by.may(community.Steward); err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		c, err := tx.ConferenceLike(ctx, uri)
		if err != nil {
			return err
		}
		if c.Announced.IsZero() {
			return nil
		}
		if err := n.auditConference(ctx, tx, by, "conference.withdraw", c, ""); err != nil {
			return err
		}
		if err := n.withdraw(ctx, tx, c); err != nil {
			return err
		}
		return n.neverAgain(ctx, tx, c.ID, c.OriginID, c.URI, c.Title.First(), by.Name())
	})
}

// withdraw undoes the announcements of a conference, if there are any.
func (n *Node) withdraw(ctx context.Context, tx *storage.Tx, c *community.Conference) error {
	if c.Announced.IsZero() {
		return nil
	}
	c.Announced = time.Time{}
	if err := tx.UpdateConference(ctx, c); err != nil {
		return err
	}
	if err := n.regroup(ctx, tx, c); err != nil {
		return err
	}
	for _, a := range []community.LocalActor{community.CityActor, community.NodeActor} {
		said, err := tx.LastActivity(ctx, a, "Announce", c.URI)
		if ok, err := found(err); err != nil {
			return err
		} else if !ok {
			continue
		}
		undo := n.publicly(a, emission{
			typ: "Undo", objectID: c.URI, objectType: "Announce",
			object: activitystreams.Activity{ID: n.site.Activity(said.UUID), Type: "Announce", Actor: a, Object: c.URI,
				To: []string{activitystreams.PublicURI}, Cc: []string{n.site.Followers(a)}},
		})
		n.tellOrigin(ctx, tx, c, &undo) // it was told of the announcement
		if _, err := n.emit(ctx, tx, undo); err != nil {
			return err
		}
	}
	return nil
}

// emitBoost sends the announcement of someone else's conference to the city's
// followers, to the servers that follow the node, and to whose conference it
// is.
func (n *Node) emitBoost(ctx context.Context, tx *storage.Tx, c *community.Conference, e emission) error {
	e.objectID, e.objectType = c.URI, "Event"
	for _, a := range []community.LocalActor{community.CityActor, community.NodeActor} {
		boost := n.publicly(a, e)
		n.tellOrigin(ctx, tx, c, &boost)
		if _, err := n.emit(ctx, tx, boost); err != nil {
			return err
		}
	}
	return nil
}

// tellOrigin sends what the city says of a conference also to whose it is.
func (n *Node) tellOrigin(ctx context.Context, tx *storage.Tx, c *community.Conference, e *emission) {
	if e.actor != community.CityActor {
		return
	}
	if origin, err := tx.ActorByID(ctx, c.OriginID); err == nil && origin.Gone.IsZero() {
		e.cc = append(e.cc, origin.URI)
		e.inboxes = []storage.Target{sharedTarget(origin)} // once, if she follows us too
	}
}
