package node

import (
	"context"
	"errors"
	"time"

	"konfa/community"
	"konfa/storage"
)

// A Follow that is not answered is sent again, since answers get lost: of two
// Follows that come shortly after one another WordPress (plugin 7.0) answers the
// last one only. Whoever wants to think about it may: Mobilizon's administrators
// see one request however often it comes.
var followAgain = []time.Duration{time.Hour, 24 * time.Hour, 3 * 24 * time.Hour, 7 * 24 * time.Hour}

// followsAtOnce is how many are looked at in one go.
const followsAtOnce = 200

// AskToFollowAgain sends the Follows of ours again that nobody answered, each a
// few times. It returns how many. Of several to one actor only one goes out at a
// time, for the reason above.
func (n *Node) AskToFollowAgain(ctx context.Context) (int, error) {
	again, at := 0, map[int64]bool{}
	var errs []error
	q := storage.FollowQuery{State: community.Asked, Limit: followsAtOnce}
	for {
		list, err := n.store.FollowedList(ctx, q)
		if err != nil {
			return again, err
		}
		for _, f := range list {
			q.After = f.ID
			if !followDue(f.Created, f.Updated, n.Now()) || !f.Actor.Gone.IsZero() || at[f.ActorID] {
				continue
			}
			asked := false
			err := n.write(ctx, func(tx *storage.Tx) (err error) {
				asked, err = n.followOnceMore(ctx, tx, f.Local, f.ActorID)
				return err
			})
			if err != nil {
				errs = append(errs, err)
				if broken(err) {
					return again, errors.Join(errs...)
				}
				continue
			}
			if asked {
				at[f.ActorID] = true
				again++
			}
		}
		if len(list) < q.Limit {
			return again, errors.Join(errs...)
		}
	}
}

// followDue tells whether one of the moments to ask again has come since it was
// last asked.
func followDue(first, last, now time.Time) bool {
	for _, after := range followAgain {
		at := first.Add(after)
		if last.Before(at) && !now.Before(at) {
			return true
		}
	}
	return false
}

// followOnceMore sends a Follow again unless it was answered or taken back in the
// meantime, or is of a member who is suspended.
func (n *Node) followOnceMore(ctx context.Context, tx *storage.Tx, local community.LocalActor, actorID int64) (bool, error) {
	f, err := tx.Followed(ctx, local, actorID)
	if ok, err := found(err); !ok || f.State != community.Asked {
		return false, err
	}
	if handle, ok := local.Member(); ok {
		if m, err := tx.Member(ctx, handle); err != nil || !m.Active() {
			return false, err
		}
	}
	err = n.sendAgain(ctx, tx, f.Actor, f.URI, f.Actor.URI, f.Actor.Type)
	if community.CodeOf(err) == community.NotFound {
		// It was forgotten when this node moved to another address.
		_, err = n.follow(ctx, tx, local, f.Actor)
		return err == nil, err
	}
	if err != nil {
		return false, err
	}
	f.Updated = tx.Now()
	return true, tx.SaveFollowed(ctx, f)
}
