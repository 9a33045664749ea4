package node

import (
	"context"
	"slices"
	"time"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/storage"
)

// Bounds of boosting without a steward.
const (
	maxBoostsADay = 3        // of one person
	maxSource     = 64 << 10 // bytes of an activity that is kept to be passed on
)

// mentionsCity tells whether a public post names the city or was sent to it.
func (n *Node) mentionsCity(p *community.Post, to []string) bool {
	city := n.site.Actor(community.CityActor)
	named := func(id string) bool { return n.canonical(id) == city }
	return p.Visibility == community.Public &&
		(slices.ContainsFunc(to, named) || slices.ContainsFunc(p.Mentions, func(m community.Mention) bool { return named(m.URI) }))
}

// offerPost keeps a post that mentions the city: for the stewards to boost, or
// boosted at once where the city says so and knows its author.
func (n *Node) offerPost(ctx context.Context, tx *storage.Tx, from *community.Actor, p *community.Post) error {
	city, err := tx.City(ctx)
	if err != nil {
		return err
	}
	if city.Mentions == community.MentionsIgnore {
		follows, err := tx.FollowsActor(ctx, from.ID)
		if err == nil && !follows {
			err = community.Errorf(community.Refused, "this city passes nothing on that mentions it")
		}
		if err != nil {
			return err
		}
		p.Source = nil
		return tx.InsertPost(ctx, p)
	}
	if len(p.Source) > maxSource {
		p.Source = nil
	}
	p.State = community.Offered
	known := false
	if city.Mentions == community.MentionsBoost {
		if known, err = n.boostsBySelf(ctx, tx, from, p); err != nil {
			return err
		}
	}
	if err := tx.InsertPost(ctx, p); err != nil || !known {
		return err
	}
	return n.boost(ctx, tx, from, p)
}

// boostsBySelf tells whether the city boosts a post of someone without asking:
// it answers nothing, and its author was boosted by a steward before or has a
// seat somewhere, was never turned down, is not kept out, and does not say too
// much. Whoever is new has no past here, whatever their account says of its age.
func (n *Node) boostsBySelf(ctx context.Context, tx *storage.Tx, from *community.Actor, p *community.Post) (bool, error) {
	if p.ReplyTo != "" || !from.Gone.IsZero() {
		return false, nil
	}
	if _, err := tx.BlockOf(ctx, from.Host, from.URI); community.CodeOf(err) != community.NotFound {
		return false, err
	}
	boosted, lately, dismissed, err := tx.BoostsOf(ctx, from.ID, tx.Now().Add(-24*time.Hour))
	if err != nil || dismissed > 0 || lately >= maxBoostsADay {
		return false, err
	}
	if boosted > 0 {
		return true, nil
	}
	guests, err := tx.GuestsOfActor(ctx, from.ID)
	return slices.ContainsFunc(guests, func(g community.Guest) bool { return g.State == community.Going }), err
}

// BoostPost passes a post that mentions the city on to its followers. Boosting
// again changes nothing. Refused for what is not for everyone, and for those who
// are kept out.
func (n *Node) BoostPost(ctx context.Context, by By, id int64) (*community.Post, error) {
	return n.mentioned(ctx, by, "mention.boost", id, func(tx *storage.Tx, p *community.Post) error {
		if !p.Announced.IsZero() {
			return nil
		}
		author, err := tx.ActorByID(ctx, p.AuthorID)
		if err != nil {
			return err
		}
		if b, err := tx.BlockOf(ctx, author.Host, author.URI); err == nil {
			return community.Errorf(community.Refused, "%s is blocked here (%s)", orElse(b.Domain, b.ActorURI), b.Severity)
		} else if community.CodeOf(err) != community.NotFound {
			return err
		}
		if p.Visibility != community.Public {
			return community.Errorf(community.Refused, "this was not said to everyone")
		}
		return n.boost(ctx, tx, author, p)
	})
}

// DismissPost says no to a post that mentions the city, or takes the boost of it
// back.
func (n *Node) DismissPost(ctx context.Context, by By, id int64) (*community.Post, error) {
	return n.mentioned(ctx, by, "mention.dismiss", id, func(tx *storage.Tx, p *community.Post) error { return n.dismiss(ctx, tx, p) })
}

func (n *Node) dismiss(ctx context.Context, tx *storage.Tx, p *community.Post) error {
	if err := n.unboost(ctx, tx, p); err != nil {
		return err
	}
	p.State = community.Hidden
	return tx.UpdatePost(ctx, p)
}

// mentioned does something to a post that mentions the city.
func (n *Node) mentioned(ctx context.Context, by By, action string, id int64, do func(*storage.Tx, *community.Post) error) (*community.Post, error) {
	if err := by.may(community.Steward); err != nil {
		return nil, err
	}
	err := n.write(ctx, func(tx *storage.Tx) error {
		p, err := tx.PostByID(ctx, id)
		if ok, err := found(err); err != nil {
			return err
		} else if !ok || p.Own() || p.Thread != "" || p.State == community.Shown && p.Announced.IsZero() {
			return community.Errorf(community.NotFound, "there is no mention %d", id).WithHint("konfa mentions list shows them all")
		}
		if err := n.auditPost(ctx, tx, by, action, p); err != nil {
			return err
		}
		return do(tx, p)
	})
	if err != nil {
		return nil, err
	}
	return n.store.PostByID(ctx, id)
}

// boost announces a stored post of someone else.
func (n *Node) boost(ctx context.Context, tx *storage.Tx, author *community.Actor, p *community.Post) error {
	p.State, p.Announced = community.Shown, tx.Now()
	if err := tx.UpdatePost(ctx, p); err != nil {
		return err
	}
	source, err := tx.PostSource(ctx, p.ID)
	if ok, err := found(err); err != nil {
		return err
	} else if ok {
		if err := n.announceAsCame(ctx, tx, p, source); err != nil {
			return err
		}
	}
	// The bare address: Mastodon and its kin boost it.
	return n.emitPostBoost(ctx, tx, author, p, emission{typ: "Announce", object: p.URI, objectType: "Note"})
}

// emitPostBoost sends what the city says of a post of someone else to its
// followers and to the author.
func (n *Node) emitPostBoost(ctx context.Context, tx *storage.Tx, author *community.Actor, p *community.Post, e emission) error {
	e.objectID = p.URI
	e = n.publicly(community.CityActor, e)
	if author != nil && author.Gone.IsZero() {
		e.cc = append(e.cc, author.URI)
		e.inboxes = []storage.Target{target(author)}
	}
	_, err := n.emit(ctx, tx, e)
	return err
}

// unboost takes the boost of a post back; the caller writes the post.
func (n *Node) unboost(ctx context.Context, tx *storage.Tx, p *community.Post) error {
	if p.Announced.IsZero() {
		return nil
	}
	p.Announced = zeroTime
	said, err := tx.LastStandard(ctx, community.CityActor, "Announce", p.URI)
	if ok, err := found(err); !ok {
		return err
	}
	author, err := tx.ActorByID(ctx, p.AuthorID)
	if ok, err := found(err); err != nil {
		return err
	} else if !ok {
		author = nil
	}
	return n.emitPostBoost(ctx, tx, author, p, emission{
		typ: "Undo", objectType: "Announce",
		object: activitystreams.Activity{ID: n.site.Activity(said.UUID), Type: "Announce", Actor: community.CityActor, Object: p.URI,
			To: []string{activitystreams.PublicURI}, Cc: []string{n.site.Followers(community.CityActor)}},
	})
}

// changeBoost sees to what the city boosts, or was asked to, when its author
// changes it: what is not for everyone any more is not passed on.
func (n *Node) changeBoost(ctx context.Context, tx *storage.Tx, from *community.Actor, p *community.Post) error {
	if p.Announced.IsZero() && p.State != community.Offered {
		return nil
	}
	if p.Visibility != community.Public {
		if err := n.unboost(ctx, tx, p); err != nil {
			return err
		}
		p.State = community.Hidden
		return nil
	}
	if len(p.Source) == 0 || len(p.Source) > maxSource {
		return nil
	}
	if !p.Announced.IsZero() {
		// Those who follow the city as a community see the change through her alone.
		if err := n.announceAsCame(ctx, tx, p, p.Source); err != nil {
			return err
		}
	}
	return tx.SavePostSource(ctx, p.ID, p.Source)
}

// dropBoost takes the boost of a post back that is about to be deleted. Source is
// the Delete as its author wrote it, or nil.
func (n *Node) dropBoost(ctx context.Context, tx *storage.Tx, p *community.Post, source []byte) error {
	if p.Announced.IsZero() {
		return nil
	}
	if len(source) > 0 && len(source) <= maxSource {
		if err := n.announceAsCame(ctx, tx, p, source); err != nil {
			return err
		}
	}
	return n.unboost(ctx, tx, p)
}

// endBoosts takes back what the city boosts of those who are blocked or
// silenced now.
func (n *Node) endBoosts(ctx context.Context, tx *storage.Tx) error {
	boosted, err := tx.BoostedPosts(ctx, 0)
	if err != nil || len(boosted) == 0 {
		return err
	}
	var ids []int64
	for _, p := range boosted {
		ids = append(ids, p.AuthorID)
	}
	authors, err := tx.Actors(ctx, ids)
	if err != nil {
		return err
	}
	for i := range boosted {
		p := &boosted[i]
		if a := authors[p.AuthorID]; a != nil {
			_, err := tx.BlockOf(ctx, a.Host, a.URI)
			if ok, err := found(err); err != nil {
				return err
			} else if !ok {
				continue
			}
		}
		if err := n.dismiss(ctx, tx, p); err != nil {
			return err
		}
	}
	return nil
}
