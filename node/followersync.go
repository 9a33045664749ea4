package node

import (
	"context"
	"slices"
	"time"

	"konfa/community"
	"konfa/storage"
)

// settleTime is how old a follow must be before the list of the other side
// counts against it: the answer to it may still be on its way.
const settleTime = time.Hour

// maxUndone is how many follows that only the other side knows of are undone in
// one go. What is left differs still, and is looked at again.
const maxUndone = 50

// FollowersSeenBy lists which of our actors follow a remote one, by their ids, as
// that one should have them among its followers (FEP-8fcf).
func (n *Node) FollowersSeenBy(ctx context.Context, a *community.Actor) ([]string, error) {
	list, err := n.store.FollowsOf(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, f := range list {
		if f.State == community.Accepted {
			ids = append(ids, n.site.Actor(f.Local))
		}
	}
	return ids, nil
}

// SynchronizeFollows sets our follows of a remote actor right by the list that
// its server keeps of them (FEP-8fcf). A follow that waits for its answer and is
// in the list was accepted. One that we count on and they have lost, as after a
// restored backup, is asked for again, since whoever followed still wants to.
// One that we do not have is undone. It returns how many there were to settle.
func (n *Node) SynchronizeFollows(ctx context.Context, from *community.Actor, listed []string) (int, error) {
	settled := 0
	err := n.write(ctx, func(tx *storage.Tx) error {
		settled = 0
		have, err := tx.FollowsOf(ctx, from.ID)
		if err != nil {
			return err
		}
		known := map[community.LocalActor]bool{}
		for i := range have {
			f := &have[i]
			known[f.Local] = f.State != community.Rejected
			switch in := slices.Contains(listed, n.site.Actor(f.Local)); {
			case in && f.State == community.Asked:
				f.State, f.Updated = community.Accepted, tx.Now()
				if err := tx.SaveFollowed(ctx, f); err != nil {
					return err
				}
				settled++
			case !in && f.State == community.Accepted && tx.Now().Sub(f.Updated) >= settleTime:
				f.State = community.Asked
				if err := tx.SaveFollowed(ctx, f); err != nil {
					return err
				}
				if _, err := n.follow(ctx, tx, f.Local, from); err != nil {
					return err
				}
				settled++
			}
		}
		undone := 0
		for _, id := range listed {
			if undone == maxUndone {
				break
			}
			local, ours := n.site.LocalActor(id)
			if !ours || known[local] || n.site.Actor(local) != id {
				continue
			}
			if handle, member := local.Member(); member {
				if _, err := tx.Member(ctx, handle); err != nil {
					continue // nobody could sign for who never was
				}
			}
			known[local] = true
			// Known to the other side alone: any id will do.
			follow, err := n.newActivityURI()
			if err != nil {
				return err
			}
			if err := n.undoFollow(ctx, tx, local, from, follow); err != nil {
				return err
			}
			undone++
			settled++
		}
		return nil
	})
	return settled, err
}
