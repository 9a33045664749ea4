package node

import (
	"context"

	"github.com/google/uuid"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/storage"
)

// JoinElsewhere asks the server of a conference for a seat for a member of ours.
// The guest is pending until that server answers, which SettleJoins sees to. The
// conference must be stored (package federation fetches it).
func (n *Node) JoinElsewhere(ctx context.Context, by By, handle, uri string, want community.Want, comment string) (*community.Guest, error) {
	if err := by.mayAs(handle); err != nil {
		return nil, err
	}
	if want.State != community.Going || want.Plus > 0 {
		return nil, community.Errorf(community.Refused, "another server understands only that one person comes").
			WithHint("ask those you bring along to answer for themselves")
	}
	var out *community.Guest
	err := n.write(ctx, func(tx *storage.Tx) error {
		m, c, origin, err := n.traveller(ctx, tx, handle, uri)
		if err != nil {
			return err
		}
		if err := c.MayAsk(want, tx.Now()); err != nil {
			return err
		}
		if b, err := tx.BlockOf(ctx, origin.Host, origin.URI); err == nil && b.Severity == community.Suspend {
			return community.Errorf(community.Refused, "%s is blocked here", origin.Address()).WithHint("nothing is sent to a blocked server; a steward can lift the block")
		}
		g := community.Guest{ConferenceID: c.ID, MemberID: m.ID, Created: tx.Now()}
		stored, err := tx.Guest(ctx, c.ID, storage.GuestKey{MemberID: m.ID})
		if ok, err := found(err); err != nil {
			return err
		} else if ok {
			g = *stored
		}
		switch g.State {
		case community.Going, community.Waitlisted, community.Pending:
			out = &g
			return nil // asked before; the answer stands or is on its way
		case community.Unanswered:
			// It stands there, perhaps: Mobilizon takes no second one.
		default:
			g.JoinURI = ""
		}
		g.State, g.Comment, g.Queued, g.Updated = community.Pending, comment, tx.Now(), tx.Now()
		if err := n.ask(ctx, tx, m, c, origin, &g); err != nil {
			return err
		}
		if err := tx.SaveGuest(ctx, &g); err != nil {
			return err
		}
		out = &g
		a := &storage.Asking{GuestID: g.ID, Asked: tx.Now(), Tries: 1}
		a.Next = nextAsk(a)
		return tx.SaveAsking(ctx, a)
	})
	return out, err
}

// LeaveElsewhere takes a member of ours out of a conference elsewhere.
func (n *Node) LeaveElsewhere(ctx context.Context, by By, handle, uri string) error {
	if err := by.mayAs(handle); err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		m, c, origin, err := n.traveller(ctx, tx, handle, uri)
		if err != nil {
			return err
		}
		g, err := tx.Guest(ctx, c.ID, storage.GuestKey{MemberID: m.ID})
		if err != nil {
			return err
		}
		return n.leaveElsewhere(ctx, tx, m, c, origin, g)
	})
}

func (n *Node) leaveElsewhere(ctx context.Context, tx *storage.Tx, m *community.Member, c *community.Conference, origin *community.Actor, g *community.Guest) error {
	before := g.State
	if before == community.NotGoing {
		return nil
	}
	g.State, g.Updated = community.NotGoing, tx.Now()
	if err := tx.SaveGuest(ctx, g); err != nil {
		return err
	}
	if err := tx.DeleteAsking(ctx, g.ID); err != nil {
		return err
	}
	if before == community.Outside {
		return nil // that server never had them
	}
	id, err := n.newActivityURI()
	if err != nil {
		return err
	}
	return n.emitTo(ctx, tx, origin, activitystreams.Activity{
		ID: id, Type: "Leave", Actor: community.MemberActor(m.Handle), Object: c.URI, To: []string{origin.URI},
	}, c.URI, "Event")
}

// traveller reads who goes where: the member, the conference elsewhere and the
// actor it belongs to.
func (n *Node) traveller(ctx context.Context, tx *storage.Tx, handle, uri string) (*community.Member, *community.Conference, *community.Actor, error) {
	m, err := tx.Member(ctx, handle)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := m.MayAct(); err != nil {
		return nil, nil, nil, err
	}
	c, err := tx.ConferenceByURI(ctx, uri)
	if err != nil {
		return nil, nil, nil, err
	}
	origin, err := tx.ActorByID(ctx, c.OriginID)
	return m, c, origin, err
}

// newActivityURI makes the id of an activity that must be known before it is
// written.
func (n *Node) newActivityURI() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", community.Errorf(community.Internal, "making an id: %w", err)
	}
	return n.site.Activity(id.String()), nil
}

// emitTo writes an activity whose id is given and queues it for one actor.
func (n *Node) emitTo(ctx context.Context, tx *storage.Tx, to *community.Actor, a activitystreams.Activity, orderKey, objectType string) error {
	a.Published = tx.Now()
	doc, err := n.enc.Activity(a)
	if err != nil {
		return err
	}
	path, _ := n.site.Path(a.ID)
	row := &storage.Activity{UUID: path[len("activities/"):], Actor: a.Actor, Type: a.Type, Object: orderKey, JSON: doc, Created: tx.Now()}
	if err := tx.InsertActivity(ctx, row); err != nil {
		return err
	}
	return tx.InsertFanout(ctx, row.ID, storage.Audience{Inboxes: []storage.Target{target(to)}, Order: orderKey, Type: a.Type, Object: objectType})
}
