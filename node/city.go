package node

import (
	"context"
	"slices"

	"konfa/community"
	"konfa/storage"
)

// metaBase is where the public address is kept once the city is founded: it is
// part of every id, so it cannot change.
const metaBase = "base"

// Founded tells whether the city exists.
func (n *Node) Founded(ctx context.Context) (bool, error) {
	_, err := n.store.City(ctx)
	return found(err)
}

// Found founds the city with its first steward: the city, its actors and their
// keys. Conflict when it is founded already, Invalid when a field is wrong.
func (n *Node) Found(ctx context.Context, city *community.City, steward *community.Member) error {
	if city.Mentions == "" {
		city.Mentions = community.MentionsAsk
	}
	if err := city.Check(); err != nil {
		return err
	}
	steward.Role = community.Steward
	if len(steward.Languages) == 0 {
		steward.Languages = city.Languages
	}
	if err := steward.Check(); err != nil {
		return err
	}
	if steward.Handle == city.Handle {
		return handleTaken(steward.Handle)
	}
	var keys []community.KeyPair
	for _, a := range []community.LocalActor{community.CityActor, community.NodeActor, community.DeskActor, community.MemberActor(steward.Handle)} {
		pair, err := newKeys(a)
		if err != nil {
			return err
		}
		keys = append(keys, pair...)
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		switch _, err := tx.City(ctx); community.CodeOf(err) {
		case "":
			return community.Errorf(community.Conflict, "this node has its city already").
				WithHint("one node is one city: start another node with another data directory")
		case community.NotFound:
		default:
			return err
		}
		city.Created, city.Updated = tx.Now(), tx.Now()
		if err := tx.SaveCity(ctx, city); err != nil {
			return err
		}
		if err := tx.SetMeta(ctx, metaBase, n.site.Base); err != nil {
			return err
		}
		steward.Created, steward.Updated = tx.Now(), tx.Now()
		if err := tx.InsertMember(ctx, steward); err != nil {
			return err
		}
		return insertKeys(ctx, tx, keys)
	})
}

// CheckBase refuses to run at another address than the one the city was founded
// at while anyone may know that address: every id that others keep starts with
// it. While nobody does, the city moves to the new one if move is set.
func (n *Node) CheckBase(ctx context.Context, move bool) error {
	base, err := n.store.Meta(ctx, metaBase)
	if community.CodeOf(err) == community.NotFound || err == nil && base == n.site.Base {
		return nil
	}
	if err != nil {
		return err
	}
	known, err := n.known(ctx)
	if err != nil {
		return err
	}
	if known {
		return community.Errorf(community.Conflict, "the url is %s, but this city federates as %s", n.site.Base, base).
			WithHint("set url back to " + base + ": other servers know every conference by that address")
	}
	if !move {
		return community.Errorf(community.Conflict, "the url is %s, but this city lives at %s", n.site.Base, base).
			WithHint("leave url out, or start konfa serve with the new one: it moves the city, as nobody knows it yet")
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		if err := tx.SetMeta(ctx, metaBase, n.site.Base); err != nil {
			return err
		}
		return n.rewriteOutbox(ctx, tx)
	})
}

// rewriteOutbox writes the activities of everything published anew, oldest
// first, as they bear the address of the node. Nobody is told, as nobody knows.
func (n *Node) rewriteOutbox(ctx context.Context, tx *storage.Tx) error {
	if err := tx.ForgetActivities(ctx); err != nil {
		return err
	}
	city, err := tx.City(ctx)
	if err != nil {
		return err
	}
	confs, err := tx.Conferences(ctx, storage.ConferenceQuery{Own: true, Order: storage.ByPublishedDesc})
	if err != nil {
		return err
	}
	for _, c := range slices.Backward(confs) {
		if err := n.emitConference(ctx, tx, city, &c, "Create", false); err != nil {
			return err
		}
	}
	posts, err := tx.Posts(ctx, storage.PostQuery{Own: true, Kinds: []community.PostKind{community.OrdinaryPost, community.PollPost}})
	if err != nil {
		return err
	}
	for _, p := range slices.Backward(posts) {
		if err := n.emitPost(ctx, tx, &p, "Create", Publish{Quiet: true}); err != nil {
			return err
		}
	}
	return nil
}

// known tells whether another server can know of us: it follows us, is followed,
// or sent us something we took.
func (n *Node) known(ctx context.Context) (bool, error) {
	peers, err := n.store.Peers(ctx)
	if err != nil || slices.ContainsFunc(peers, func(p community.Peer) bool { return !p.LastSeen.IsZero() }) {
		return err == nil, err
	}
	follows, err := n.store.Followers(ctx, storage.FollowQuery{Limit: 1})
	if err != nil || len(follows) > 0 {
		return len(follows) > 0, err
	}
	follows, err = n.store.FollowedList(ctx, storage.FollowQuery{Limit: 1})
	return len(follows) > 0, err
}

// City returns the city. NotFound before it is founded.
func (n *Node) City(ctx context.Context) (*community.City, error) { return n.store.City(ctx) }

// UpdateCity changes the city and tells its followers and those of the node. Handle and Created stay.
func (n *Node) UpdateCity(ctx context.Context, by By, change func(*community.City) error) error {
	if err := by.may(community.Steward); err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		city, err := tx.City(ctx)
		if err != nil {
			return err
		}
		handle, created := city.Handle, city.Created
		if err := change(city); err != nil {
			return err
		}
		if city.Handle != handle {
			return community.Errorf(community.Conflict, "the handle is part of the address people know and stays %q", handle)
		}
		city.Created, city.Updated = created, tx.Now()
		if err := city.Check(); err != nil {
			return err
		}
		if err := tx.SaveCity(ctx, city); err != nil {
			return err
		}
		if err := n.audit(ctx, tx, by, community.Audit{Action: "city.update", Object: "city", Name: city.Name.First()}); err != nil {
			return err
		}
		// The others bear the city's name and picture.
		for _, a := range []community.LocalActor{community.CityActor, community.NodeActor, community.DeskActor} {
			if err := n.emitActor(ctx, tx, a, nil); err != nil {
				return err
			}
		}
		return nil
	})
}

func handleTaken(handle string) error {
	return &community.Error{Code: community.Conflict, Key: "error.handle_taken", Msg: "the handle " + handle + " is taken",
		Fields: []community.FieldError{{Field: "handle", Key: "taken", Msg: "taken; every handle is given once"}}}
}
