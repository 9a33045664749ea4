package node

import (
	"context"
	"slices"
	"strconv"
	"time"

	"konfa/community"
	"konfa/storage"
)

// Times between two moves, as Mastodon has them: of an account of ours, and of
// one elsewhere whose followers here go along.
const (
	moveAgain        = 30 * 24 * time.Hour
	receiveMoveAgain = 7 * 24 * time.Hour
)

// maxAliases is how many other accounts a member may name; Mastodon reads no more
// of an actor.
const maxAliases = 20

// AddAlias says that an account elsewhere belongs to a member too, which lets it
// move here: its followers come along then. Package federation has fetched it.
func (n *Node) AddAlias(ctx context.Context, by By, handle string, a *community.Actor) error {
	if _, ours := n.site.LocalActor(a.URI); ours {
		return community.Errorf(community.Refused, "%s lives on this node", a.URI)
	}
	return n.changeAccount(ctx, by, handle, func(tx *storage.Tx, m *community.Member) error {
		if slices.Contains(m.AlsoKnownAs, a.URI) {
			return community.Errorf(community.Conflict, "%s is named already", a.Address())
		}
		if len(m.AlsoKnownAs) >= maxAliases {
			return community.Errorf(community.Refused, "at most %d accounts can be named", maxAliases)
		}
		m.AlsoKnownAs = append(m.AlsoKnownAs, a.URI)
		return nil
	})
}

// RemoveAlias takes that back. NotFound when the account was not named.
func (n *Node) RemoveAlias(ctx context.Context, by By, handle, uri string) error {
	return n.changeAccount(ctx, by, handle, func(tx *storage.Tx, m *community.Member) error {
		i := slices.Index(m.AlsoKnownAs, uri)
		if i < 0 {
			return community.Errorf(community.NotFound, "%s does not name %s", handle, uri)
		}
		m.AlsoKnownAs = slices.Delete(m.AlsoKnownAs, i, i+1)
		return nil
	})
}

// MoveAway moves an account to another server. The account there must name this
// one (alsoKnownAs), as package federation has just read it. Followers are told,
// and so are those where the member has a seat; the servers take them along. What
// was asked and not answered is taken back, and from now on the account does
// nothing any more. Refused within 30 days of the last move.
func (n *Node) MoveAway(ctx context.Context, by By, handle string, target *community.Actor) error {
	here := n.site.Actor(community.MemberActor(handle))
	if _, ours := n.site.LocalActor(target.URI); ours {
		return community.Errorf(community.Refused, "%s lives on this node already", target.URI)
	}
	if !slices.Contains(target.AlsoKnownAs, here) {
		return community.Errorf(community.Refused, "%s does not say that it is %s too", target.Address(), "@"+handle+"@"+n.site.Host()).
			WithHint("name @" + handle + "@" + n.site.Host() + " as another account of yours there first; Mastodon has that under Preferences, Account, Moving from a different account")
	}
	if target.MovedTo != "" {
		return community.Errorf(community.Refused, "%s has moved away itself", target.Address())
	}
	var concerned []storage.Target
	return n.changeAccountAnd(ctx, by, handle, func(tx *storage.Tx, m *community.Member) error {
		if m.MovedTo == target.URI {
			return community.Errorf(community.Conflict, "%s has moved there already", handle)
		}
		if since := tx.Now().Sub(m.Moved); !m.Moved.IsZero() && since < moveAgain {
			days := int((moveAgain-since)/(24*time.Hour)) + 1
			return community.Errorf(community.Refused, "%s moved %d days ago", handle, int(since/(24*time.Hour))).
				WithHint("an account moves once in 30 days; try again in " + strconv.Itoa(days) + " days")
		}
		if b, err := tx.BlockOf(ctx, target.Host, target.URI); err == nil && b.Severity == community.Suspend {
			return community.Errorf(community.Refused, "%s is blocked here", target.Address())
		}
		if err := lastSteward(ctx, tx, m); err != nil {
			return err
		}
		if err := tx.SaveActor(ctx, target); err != nil {
			return err
		}
		var err error
		if concerned, err = n.hosts(ctx, tx, m); err != nil {
			return err
		}
		if err := n.settleBeforeMove(ctx, tx, m); err != nil {
			return err
		}
		m.MovedTo, m.Moved = target.URI, tx.Now()
		return nil
	}, func(tx *storage.Tx, m *community.Member) error {
		actor := community.MemberActor(handle)
		_, err := n.emit(ctx, tx, emission{
			actor: actor, typ: "Move", object: here, objectID: here, objectType: "Person", target: target.URI,
			to: []string{n.site.Followers(actor)}, followers: true, inboxes: concerned,
		})
		return err
	})
}

// hosts is where to tell that a member moves besides the followers: the servers
// whose conferences they come to.
func (n *Node) hosts(ctx context.Context, tx *storage.Tx, m *community.Member) ([]storage.Target, error) {
	list, err := tx.GuestList(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, mc := range list {
		if c := mc.Conference; !c.Own() && !c.Past(tx.Now()) && (mc.Guest.State == community.Going || mc.Guest.State == community.Waitlisted) {
			ids = append(ids, c.OriginID)
		}
	}
	return n.inboxesOf(ctx, tx, ids)
}

// settleBeforeMove ends what waits for an answer that this account would no
// longer read: Joins, Follows, and stays that other cities were told of.
func (n *Node) settleBeforeMove(ctx context.Context, tx *storage.Tx, m *community.Member) error {
	list, err := tx.GuestList(ctx, m.ID)
	if err != nil {
		return err
	}
	for _, mc := range list {
		c, g := mc.Conference, mc.Guest
		if c.Own() || g.State != community.Pending {
			continue
		}
		origin, err := tx.ActorByID(ctx, c.OriginID)
		if err != nil {
			return err
		}
		if err := n.leaveElsewhere(ctx, tx, m, &c, origin, &g); err != nil {
			return err
		}
	}
	local := community.MemberActor(m.Handle)
	asked, err := tx.FollowedList(ctx, storage.FollowQuery{Local: local, State: community.Asked})
	if err != nil {
		return err
	}
	for _, f := range asked {
		if err := n.unfollow(ctx, tx, local, f.Actor); err != nil {
			return err
		}
	}
	return n.endStays(ctx, tx, m)
}

// CancelMove lets an account that moved away be used here again. Those who went
// along stay where they are. The next move still has to wait.
func (n *Node) CancelMove(ctx context.Context, by By, handle string) error {
	return n.changeAccount(ctx, by, handle, func(tx *storage.Tx, m *community.Member) error {
		if m.MovedTo == "" {
			return community.Errorf(community.Conflict, "%s has not moved away", handle)
		}
		m.MovedTo = ""
		return nil
	})
}

// changeAccount changes what the actor of a member says of itself, and tells its
// followers.
func (n *Node) changeAccount(ctx context.Context, by By, handle string, change func(*storage.Tx, *community.Member) error) error {
	return n.changeAccountAnd(ctx, by, handle, change, func(*storage.Tx, *community.Member) error { return nil })
}

func (n *Node) changeAccountAnd(ctx context.Context, by By, handle string, change, then func(*storage.Tx, *community.Member) error) error {
	if err := by.mayAs(handle); err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		m, err := tx.Member(ctx, handle)
		if err != nil {
			return err
		}
		if !m.Active() {
			return community.Errorf(community.Forbidden, "%s is suspended", handle)
		}
		if err := change(tx, m); err != nil {
			return err
		}
		m.Updated = tx.Now()
		if err := tx.UpdateMember(ctx, m); err != nil {
			return err
		}
		if err := n.emitActor(ctx, tx, community.MemberActor(handle), nil); err != nil {
			return err
		}
		return then(tx, m)
	})
}

// ReceiveMove is an actor elsewhere who lives at target now, when target says
// that it was from (alsoKnownAs). Our follows go with them, their seats become
// those of target, and so does what a city or a server was followed and told as:
// nobody sits there to follow anew, as people do. At most one move of an actor is
// followed within seven days.
func (n *Node) ReceiveMove(ctx context.Context, from, target *community.Actor) error {
	if !slices.Contains(target.AlsoKnownAs, from.URI) {
		return community.Errorf(community.Forbidden, "%s does not say that it was %s", target.URI, from.URI)
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		last, err := tx.ActorMoved(ctx, from.ID)
		if _, err := found(err); err != nil {
			return err
		}
		if !last.IsZero() && tx.Now().Sub(last) < receiveMoveAgain {
			if from.MovedTo == target.URI {
				return nil // said again
			}
			return community.Errorf(community.Refused, "%s moved a few days ago already", from.URI)
		}
		if err := tx.SaveActor(ctx, target); err != nil {
			return err
		}
		moved := *from
		moved.MovedTo = target.URI
		if err := tx.SaveActor(ctx, &moved); err != nil {
			return err
		}
		if err := tx.MarkActorMoved(ctx, from.ID); err != nil {
			return err
		}
		for _, carry := range []func(context.Context, *storage.Tx, *community.Actor, *community.Actor) error{
			n.carryBlock, n.carryFollows, n.carryFollowers, n.carrySister,
		} {
			if err := carry(ctx, tx, from, target); err != nil {
				return err
			}
		}
		if err := n.carrySeats(ctx, tx, from, storage.GuestKey{ActorID: target.ID}); err != nil {
			return err
		}
		if err := tx.MoveArrivals(ctx, from.ID, target.ID); err != nil {
			return err
		}
		return tx.MoveStays(ctx, from.ID, target.ID)
	})
}

// carryBlock keeps who is silenced from being heard again under another name.
func (n *Node) carryBlock(ctx context.Context, tx *storage.Tx, from, target *community.Actor) error {
	b, err := tx.BlockOf(ctx, "", from.URI)
	if ok, err := found(err); !ok {
		return err
	}
	if has, err := tx.BlockOf(ctx, target.Host, target.URI); err == nil && (has.Severity == b.Severity || has.Severity == community.Suspend) {
		return nil
	}
	return tx.SaveBlock(ctx, &community.Block{ActorURI: target.URI, Severity: b.Severity, Reason: b.Reason, By: b.By, Created: tx.Now()})
}

// carryFollows lets each actor of ours that followed the old account follow the
// new one.
func (n *Node) carryFollows(ctx context.Context, tx *storage.Tx, from, target *community.Actor) error {
	follows, err := tx.FollowsOf(ctx, from.ID)
	if err != nil {
		return err
	}
	for _, f := range follows {
		handle, member := f.Local.Member()
		var m *community.Member
		if member {
			m, err = tx.Member(ctx, handle)
			if ok, err := found(err); err != nil {
				return err
			} else if !ok || m.MayAct() != nil {
				continue
			}
		}
		went, err := n.followMoved(ctx, tx, f.Local, from, target)
		if err != nil {
			return err
		}
		if member && went {
			if err := n.notify(ctx, tx, m.ID, community.NoticeFollowMoved, "From", from.Address(), "To", target.Address(), "URL", orElse(target.URL, target.URI)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (n *Node) followMoved(ctx context.Context, tx *storage.Tx, local community.LocalActor, from, target *community.Actor) (bool, error) {
	f, err := tx.Followed(ctx, local, from.ID)
	if ok, err := found(err); !ok {
		return false, err
	}
	if f.State == community.Rejected {
		return false, nil // they did not want it there, and were not asked here
	}
	if _, err := n.follow(ctx, tx, local, target); err != nil {
		return false, err
	}
	return true, n.unfollow(ctx, tx, local, from)
}

// carryFollowers lets a city or a server that follows ours go on doing so from
// its new address. A person follows from there by themselves, and may come back
// to the old account.
func (n *Node) carryFollowers(ctx context.Context, tx *storage.Tx, from, target *community.Actor) error {
	if from.Type == "Person" || from.Type != target.Type {
		return nil
	}
	for _, local := range []community.LocalActor{community.CityActor, community.NodeActor} {
		f, err := tx.Follower(ctx, local, from.ID)
		if ok, err := found(err); err != nil {
			return err
		} else if !ok {
			continue
		}
		_, err = tx.Follower(ctx, local, target.ID)
		if known, err := found(err); err != nil {
			return err
		} else if !known {
			carried := &community.Follow{Local: local, ActorID: target.ID, URI: f.URI, State: f.State, Created: f.Created, Updated: tx.Now()}
			if err := tx.SaveFollower(ctx, carried); err != nil {
				return err
			}
		}
		if err := tx.DeleteFollower(ctx, local, from.ID); err != nil {
			return err
		}
	}
	return nil
}

// carrySeats makes the seats of the old account those of the new one, in what is
// still to come. Where the new one has answered by itself that counts, and the
// old seat is free.
func (n *Node) carrySeats(ctx context.Context, tx *storage.Tx, from *community.Actor, target storage.GuestKey) error {
	guests, err := tx.GuestsOfActor(ctx, from.ID)
	if err != nil {
		return err
	}
	for i := range guests {
		g := &guests[i]
		c, err := tx.ConferenceByID(ctx, g.ConferenceID)
		if err != nil {
			return err
		}
		if c.Past(tx.Now()) {
			continue
		}
		_, err = tx.Guest(ctx, c.ID, target)
		answered, err := found(err)
		if err != nil {
			return err
		}
		if answered {
			if err := n.leave(ctx, tx, g); err != nil {
				return err
			}
			continue
		}
		if err := tx.MoveGuest(ctx, g.ID, target); err != nil {
			return err
		}
		if g.ActorID = target.ActorID; g.ActorID == 0 {
			continue
		}
		// Said again to the new account, whose server may take the seat over.
		if err := n.emitAnswer(ctx, tx, c, g); err != nil {
			return err
		}
	}
	return nil
}

// ReceiveMoveHere is an actor elsewhere who is a member of ours now, who says so
// too. Their seats become those of the member; who followed them here has the
// member at home.
func (n *Node) ReceiveMoveHere(ctx context.Context, from *community.Actor, target string) error {
	local, _ := n.site.LocalActor(target)
	handle, ok := local.Member()
	if !ok {
		return community.Errorf(community.Refused, "%s is not a member of ours", target)
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		m, err := tx.Member(ctx, handle)
		if err != nil {
			return err
		}
		if m.MayAct() != nil || !slices.Contains(m.AlsoKnownAs, from.URI) {
			return community.Errorf(community.Forbidden, "%s does not say that it was %s", target, from.URI)
		}
		moved := *from
		moved.MovedTo = n.site.Actor(local)
		if err := tx.SaveActor(ctx, &moved); err != nil {
			return err
		}
		if err := tx.MarkActorMoved(ctx, from.ID); err != nil {
			return err
		}
		follows, err := tx.FollowedList(ctx, storage.FollowQuery{Host: from.Host})
		if err != nil {
			return err
		}
		for _, f := range follows {
			if f.ActorID != from.ID {
				continue
			}
			if err := n.unfollow(ctx, tx, f.Local, from); err != nil {
				return err
			}
		}
		if err := tx.DeleteArrivalsOf(ctx, from.ID); err != nil {
			return err // nobody arrives who is at home
		}
		return n.carrySeats(ctx, tx, from, storage.GuestKey{MemberID: m.ID})
	})
}

// AdoptSeat takes over a seat that a member of ours held elsewhere by the account
// that they moved here from: the conference's own server says that it is theirs
// now, by an answer to a Join of that account. Package federation has read the
// conference, and the old account, which says that it moved here.
func (n *Node) AdoptSeat(ctx context.Context, from, old *community.Actor, c *community.Conference, a Answer, state community.GuestState) error {
	local, _ := n.site.LocalActor(a.InnerActor)
	handle, ok := local.Member()
	if !ok || c.Own() || a.InnerObject != c.URI || hostOf(c.URI) != from.Host {
		return community.Errorf(community.Forbidden, "%s cannot give a seat at %s", from.URI, a.InnerObject)
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		m, err := tx.Member(ctx, handle)
		if err != nil {
			return err
		}
		if err := m.MayAct(); err != nil {
			return err
		}
		if hostOf(a.ObjectURI) != old.Host || old.MovedTo != n.site.Actor(local) || !slices.Contains(m.AlsoKnownAs, old.URI) {
			return community.Errorf(community.Forbidden, "%s did not move to %s", old.URI, handle)
		}
		_, err = tx.Guest(ctx, c.ID, storage.GuestKey{MemberID: m.ID})
		if ok, err := found(err); ok || err != nil {
			return err // answered by themselves
		}
		g := &community.Guest{ConferenceID: c.ID, MemberID: m.ID, State: state, JoinURI: a.ObjectURI, Queued: tx.Now(), Created: tx.Now(), Updated: tx.Now()}
		if err := tx.SaveGuest(ctx, g); err != nil {
			return err
		}
		return n.notifyAbout(ctx, tx, m.ID, noticeOf(state), c)
	})
}
