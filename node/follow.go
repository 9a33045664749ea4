package node

import (
	"context"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/storage"
)

// Follow asks another actor to tell one of ours what it publishes. The city and
// the node follow by a steward, a member follows by themselves. Following again
// asks again when the answer was no or never came.
func (n *Node) Follow(ctx context.Context, by By, local community.LocalActor, a *community.Actor) (*community.Follow, error) {
	if err := n.mayFollow(by, local); err != nil {
		return nil, err
	}
	if _, ours := n.site.LocalActor(a.URI); ours {
		return nil, community.Errorf(community.Refused, "%s lives on this node", a.URI)
	}
	var out *community.Follow
	err := n.write(ctx, func(tx *storage.Tx) error {
		if handle, ok := local.Member(); ok {
			m, err := tx.Member(ctx, handle)
			if err != nil {
				return err
			}
			if err := m.MayAct(); err != nil {
				return err
			}
		}
		if b, err := tx.BlockOf(ctx, a.Host, a.URI); err == nil && b.Severity == community.Suspend {
			return community.Errorf(community.Refused, "%s is blocked here", a.Address()).WithHint("konfa block remove takes the block away")
		}
		if err := tx.SaveActor(ctx, a); err != nil {
			return err
		}
		f, err := n.follow(ctx, tx, local, a)
		if out = f; err != nil {
			return err
		}
		return n.auditFollow(ctx, tx, by, "follow.add", local, a)
	})
	return out, err
}

func (n *Node) follow(ctx context.Context, tx *storage.Tx, local community.LocalActor, a *community.Actor) (*community.Follow, error) {
	old, err := tx.Followed(ctx, local, a.ID)
	if ok, err := found(err); err != nil {
		return nil, err
	} else if ok && old.State == community.Accepted {
		return old, nil
	}
	id, err := n.newActivityURI()
	if err != nil {
		return nil, err
	}
	f := &community.Follow{Local: local, ActorID: a.ID, Actor: a, URI: id, State: community.Asked, Created: tx.Now(), Updated: tx.Now()}
	if err := tx.SaveFollowed(ctx, f); err != nil {
		return nil, err
	}
	return f, n.emitTo(ctx, tx, a, activitystreams.Activity{
		ID: id, Type: "Follow", Actor: local, Object: a.URI, To: []string{a.URI},
	}, a.URI, a.Type)
}

func (n *Node) mayFollow(by By, local community.LocalActor) error {
	if handle, ok := local.Member(); ok {
		return by.mayAs(handle)
	}
	return by.may(community.Steward)
}

// Unfollow ends a follow of ours. NotFound when there is none.
func (n *Node) Unfollow(ctx context.Context, by By, local community.LocalActor, actorURI string) error {
	if err := n.mayFollow(by, local); err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		a, err := tx.Actor(ctx, actorURI)
		if err != nil {
			return err
		}
		if err := n.auditFollow(ctx, tx, by, "follow.remove", local, a); err != nil {
			return err
		}
		return n.unfollow(ctx, tx, local, a)
	})
}

func (n *Node) unfollow(ctx context.Context, tx *storage.Tx, local community.LocalActor, a *community.Actor) error {
	f, err := tx.Followed(ctx, local, a.ID)
	if err != nil {
		return err
	}
	if err := tx.DeleteFollowed(ctx, local, a.ID); err != nil {
		return err
	}
	return n.undoFollow(ctx, tx, local, a, f.URI)
}

// undoFollow tells an actor that the Follow of an id is taken back.
func (n *Node) undoFollow(ctx context.Context, tx *storage.Tx, local community.LocalActor, a *community.Actor, follow string) error {
	id, err := n.newActivityURI()
	if err != nil {
		return err
	}
	// The Follow is embedded whole: Mobilizon wants its type and object, others
	// cannot fetch it.
	return n.emitTo(ctx, tx, a, activitystreams.Activity{
		ID: id, Type: "Undo", Actor: local, To: []string{a.URI},
		Object: activitystreams.Activity{ID: follow, Type: "Follow", Actor: local, Object: a.URI},
	}, a.URI, "Follow")
}

// ReceiveFollow is someone elsewhere who wants to follow one of our actors. All
// are welcome who are not blocked: the answer is Accept, said again when asked
// again.
func (n *Node) ReceiveFollow(ctx context.Context, from *community.Actor, uri, object string) error {
	local, ok := n.site.LocalActor(object)
	if !ok {
		return community.Errorf(community.Refused, "%s is not an actor of ours", object)
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		if handle, ok := local.Member(); ok {
			m, err := tx.Member(ctx, handle)
			if err != nil {
				return err
			}
			if m.MayAct() != nil {
				return n.emitReply(ctx, tx, "Reject", from, uri, "Follow", object)
			}
		}
		_, err := tx.Follower(ctx, local, from.ID)
		known, err := found(err)
		if err != nil {
			return err
		}
		f := &community.Follow{Local: local, ActorID: from.ID, URI: uri, State: community.Accepted, Created: tx.Now(), Updated: tx.Now()}
		if err := tx.SaveFollower(ctx, f); err != nil {
			return err
		}
		if err := n.emitReply(ctx, tx, "Accept", from, uri, "Follow", n.site.Actor(local)); err != nil {
			return err
		}
		if known || local != community.NodeActor || from.Software == "konfa" {
			return nil // another city reads what comes next where we list it
		}
		return n.announceUpcoming(ctx, tx, from)
	})
}

// backfill is how many conferences a server that begins to follow is told of.
const backfill = 20

// announceUpcoming announces what comes next to a server that just began to
// follow: Mobilizon reads our outbox but lists only what it saw announced
// (event-peers §2.1).
func (n *Node) announceUpcoming(ctx context.Context, tx *storage.Tx, to *community.Actor) error {
	list, err := tx.Conferences(ctx, storage.ConferenceQuery{Own: true, EndsAfter: tx.Now(), Limit: backfill})
	if err != nil {
		return err
	}
	for _, c := range list {
		id := n.site.Conference(c.Slug)
		_, err := n.emit(ctx, tx, emission{
			actor: community.NodeActor, typ: "Announce", object: id, objectID: id, objectType: "Event",
			to: []string{activitystreams.PublicURI}, cc: []string{n.site.Followers(community.NodeActor)},
			inboxes: []storage.Target{target(to)},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// ReceiveUndoFollow is a follower who leaves. Either the Follow's id or whom it
// followed is enough.
func (n *Node) ReceiveUndoFollow(ctx context.Context, from *community.Actor, followURI, object string) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		local, ok := n.site.LocalActor(object)
		if !ok {
			f, err := tx.FollowerByURI(ctx, followURI)
			if err != nil {
				return err
			}
			if f.ActorID != from.ID {
				return community.Errorf(community.Forbidden, "%s cannot undo the follow of someone else", from.URI)
			}
			local = f.Local
		}
		_, err := tx.Follower(ctx, local, from.ID)
		if ok, err := found(err); err != nil || !ok {
			return err // gone already
		}
		return tx.DeleteFollower(ctx, local, from.ID)
	})
}

// Answer names the activity of ours that another server answers: a Follow or a
// Join, by its id or, where the server made up an id of its own, by who asked
// for what.
type Answer struct {
	ObjectURI   string
	ObjectType  string
	InnerActor  string
	InnerObject string
	Result      string
	Content     string // what was said with it, plain text
}

// ReceiveAccept is a yes to a Follow or a Join of ours.
func (n *Node) ReceiveAccept(ctx context.Context, from *community.Actor, a Answer) error {
	return n.settle(ctx, from, a, community.Accepted, community.Going)
}

// ReceiveReject is a no, also one that takes back a yes.
func (n *Node) ReceiveReject(ctx context.Context, from *community.Actor, a Answer) error {
	return n.settle(ctx, from, a, community.Rejected, community.Declined)
}

// ReceiveTentative is a place in a waiting list.
func (n *Node) ReceiveTentative(ctx context.Context, from *community.Actor, a Answer) error {
	return n.settle(ctx, from, a, community.Asked, community.Waitlisted)
}

// ReceiveIgnore is how WordPress says that one signs up elsewhere (FEP-8a8e).
func (n *Node) ReceiveIgnore(ctx context.Context, from *community.Actor, a Answer) error {
	return n.settle(ctx, from, a, community.Rejected, community.Outside)
}

func (n *Node) settle(ctx context.Context, from *community.Actor, a Answer, follow community.FollowState, guest community.GuestState) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		if done, err := n.settleOffer(ctx, tx, from, a, follow); done || err != nil {
			return err
		}
		if done, err := n.settleFollow(ctx, tx, from, a, follow); done || err != nil {
			return err
		}
		if done, err := n.settleJoin(ctx, tx, from, a, guest); done || err != nil {
			return err
		}
		return community.Errorf(community.NotFound, "we did not ask %s for %s", from.URI, orElse(a.ObjectURI, a.InnerObject))
	})
}

func (n *Node) settleFollow(ctx context.Context, tx *storage.Tx, from *community.Actor, a Answer, state community.FollowState) (bool, error) {
	f, err := tx.FollowedByURI(ctx, a.ObjectURI)
	ok, err := found(err)
	if err != nil {
		return false, err
	}
	if !ok {
		local, ours := n.site.LocalActor(a.InnerActor)
		if !ours || a.ObjectType == "Join" || a.InnerObject != "" && a.InnerObject != from.URI {
			return false, nil
		}
		f, err = tx.Followed(ctx, local, from.ID)
		if ok, err := found(err); !ok || err != nil {
			return false, err
		}
	}
	if f.ActorID != from.ID {
		return true, community.Errorf(community.Forbidden, "%s cannot answer for someone else", from.URI)
	}
	if f.State == state || state == community.Asked {
		return true, nil
	}
	f.State, f.Updated = state, tx.Now()
	return true, tx.SaveFollowed(ctx, f)
}

// settleJoin takes any actor of the conference's own server: Mobilizon answers
// by whichever moderator clicked (event-peers §2.1).
func (n *Node) settleJoin(ctx context.Context, tx *storage.Tx, from *community.Actor, a Answer, state community.GuestState) (bool, error) {
	g, err := n.askedGuest(ctx, tx, a)
	if ok, err := found(err); !ok || err != nil {
		return false, err
	}
	c, err := tx.ConferenceByID(ctx, g.ConferenceID)
	if err != nil {
		return false, err
	}
	if c.Own() || hostOf(c.URI) != from.Host {
		return true, community.Errorf(community.Forbidden, "%s cannot answer for %s", from.URI, orElse(c.URI, n.site.Conference(c.Slug)))
	}
	if _, ours := n.site.Path(a.ObjectURI); ours && a.ObjectURI != g.JoinURI {
		return true, nil // to a Join before they left and came again
	}
	if g.State == community.NotGoing || g.State == state {
		return true, nil // left in the meantime, or said before
	}
	kind := noticeOf(state)
	if g.State == community.Waitlisted && state == community.Going {
		kind = community.NoticeMovedUp
	}
	g.State, g.Updated = state, tx.Now()
	if err := tx.SaveGuest(ctx, g); err != nil {
		return true, err
	}
	if err := tx.DeleteAsking(ctx, g.ID); err != nil || c.Past(tx.Now()) {
		return true, err
	}
	return true, n.notifyAbout(ctx, tx, g.MemberID, kind, c)
}

func (n *Node) askedGuest(ctx context.Context, tx *storage.Tx, a Answer) (*community.Guest, error) {
	g, err := tx.GuestByJoin(ctx, a.ObjectURI)
	if err == nil || community.CodeOf(err) != community.NotFound {
		return g, err
	}
	local, ours := n.site.LocalActor(a.InnerActor)
	handle, member := local.Member()
	if !ours || !member || a.InnerObject == "" {
		return nil, err
	}
	m, err := tx.Member(ctx, handle)
	if err != nil {
		return nil, err
	}
	c, err := tx.ConferenceByURI(ctx, a.InnerObject)
	if err != nil {
		return nil, err
	}
	return tx.Guest(ctx, c.ID, storage.GuestKey{MemberID: m.ID})
}
