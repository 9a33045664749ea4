package node

import (
	"context"

	"konfa/community"
	"konfa/storage"
)

// ReceiveAttendance is someone elsewhere who says whether they come to a
// conference of ours by the button that Hubzilla and Friendica have for that:
// state is Going, Maybe or NotGoing. They are no Joins, so the answer is a direct
// message.
func (n *Node) ReceiveAttendance(ctx context.Context, from *community.Actor, uri, object string, state community.GuestState) error {
	slug, ok := n.site.ConferenceSlug(object)
	if !ok {
		return community.Errorf(community.Refused, "%s is not a conference of ours", object)
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		c, err := n.ownConference(ctx, tx.Reader, slug)
		if err != nil {
			return err
		}
		if c.Draft {
			return community.Errorf(community.NotFound, "there is no conference %q", slug)
		}
		before, err := tx.Guest(ctx, c.ID, storage.GuestKey{ActorID: from.ID})
		if known, err := found(err); err != nil {
			return err
		} else if known && before.AnswerURI == uri {
			return nil // said again
		} else if !known && state == community.NotGoing {
			return nil // nobody thought they would
		}
		return n.takeAnswer(ctx, tx, c, from, heard{via: community.ByButton, uri: uri, want: community.Want{State: state}})
	})
}

// ReceiveUndoAttendance takes such an answer back, unless a later one came.
func (n *Node) ReceiveUndoAttendance(ctx context.Context, from *community.Actor, uri string) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		g, err := tx.GuestByAnswer(ctx, uri)
		if ok, err := found(err); !ok {
			return err // another answer counts by now
		}
		if g.ActorID != from.ID {
			return community.Errorf(community.Forbidden, "%s cannot undo for someone else", from.URI)
		}
		return n.takeBack(ctx, tx, from, uri)
	})
}
