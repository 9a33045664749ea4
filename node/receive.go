package node

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"konfa/community"
	"konfa/storage"
)

var zeroTime time.Time

// hostOf is the host of an id, lower case, with a port if there is one.
func hostOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// SaveActor stores what we know of an actor elsewhere, new or again.
func (n *Node) SaveActor(ctx context.Context, a *community.Actor) (*community.Actor, error) {
	err := n.write(ctx, func(tx *storage.Tx) error { return tx.SaveActor(ctx, a) })
	return a, err
}

// ReceiveConference is a conference elsewhere, new or changed, of which from is
// the origin or at least of the same server. It is kept when we follow its
// origin, when a member of ours answered it, or when it is asked for.
func (n *Node) ReceiveConference(ctx context.Context, from *community.Actor, c *community.Conference) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		if hostOf(c.URI) != from.Host {
			return community.Errorf(community.Forbidden, "%s is not of the server of %s", c.URI, from.URI)
		}
		_, err := tx.ConferenceLike(ctx, c.URI)
		known, err := found(err)
		if err != nil {
			return err
		}
		if !known {
			follows, err := n.followsHost(ctx, tx, from)
			if err != nil {
				return err
			}
			if !follows {
				return community.Errorf(community.Refused, "nobody here follows %s", from.URI)
			}
		}
		if c.OriginID == 0 {
			c.OriginID = from.ID
		}
		return n.storeForeign(ctx, tx, c)
	})
}

// StoreConference keeps a conference elsewhere that someone here asked for.
// c.OriginID is the actor it belongs to. It returns the conference as stored. Of
// someone whom nobody follows it stays for a while only (PruneWorld).
func (n *Node) StoreConference(ctx context.Context, c *community.Conference) (*community.Conference, error) {
	if err := n.write(ctx, func(tx *storage.Tx) error { return n.storePassing(ctx, tx, c, storage.PassingAsked) }); err != nil {
		return nil, err
	}
	return n.store.ConferenceByURI(ctx, c.URI)
}

// storeForeign inserts or updates a conference elsewhere. What is older than
// what we have is dropped, so that reordering is harmless; what was deleted does
// not come back.
func (n *Node) storeForeign(ctx context.Context, tx *storage.Tx, c *community.Conference) error {
	if _, ours := n.site.Path(c.URI); ours || c.URI == "" || hostOf(c.URI) == n.site.Host() {
		return community.Errorf(community.Forbidden, "%q is not a conference of another server", c.URI)
	}
	if rule, err := tx.ServerRule(ctx, hostOf(c.URI)); err != nil {
		return err
	} else if rule.RejectMedia {
		c.Cover = nil
	}
	var owner string
	if origin, err := tx.ActorByID(ctx, c.OriginID); err == nil {
		owner = origin.URI
	}
	if err := wasDeleted(ctx, tx, c.URI, owner, c.Published); err != nil {
		return err
	}
	old, err := tx.ConferenceLike(ctx, c.URI)
	ok, err := found(err)
	if err != nil {
		return err
	}
	if !ok {
		for _, uri := range community.Spellings(c.URI) {
			if err := wasDeleted(ctx, tx, uri, owner, c.Published); err != nil {
				return err
			}
		}
		c.ID, c.Slug, c.Draft, c.Announced = 0, "", false, zeroTime
		c.Created = tx.Now()
		if err := tx.InsertConference(ctx, c); err != nil {
			return err
		}
		if err := n.regroup(ctx, tx, c); err != nil {
			return err
		}
		return n.consider(ctx, tx, c)
	}
	c.URI = old.URI // one id may be spelt in several ways
	if origin, err := tx.ActorByID(ctx, old.OriginID); err == nil && old.OriginID != c.OriginID {
		// Another actor of the same server may send it (FEP-8a8e: the node and
		// the city publish the same event); the origin stays whose it was.
		if origin.Host != hostOf(c.URI) {
			return community.Errorf(community.Forbidden, "%s belongs to %s", c.URI, origin.URI)
		}
		c.OriginID = old.OriginID
	}
	if older(c.Published, c.Updated, old.Updated) {
		return nil
	}
	c.ID, c.Created, c.Announced, c.Sequence = old.ID, old.Created, old.Announced, old.Sequence
	c.TwinOf = old.TwinOf
	if c.Matters(old) {
		c.Sequence++
	}
	if err := tx.UpdateConference(ctx, c); err != nil {
		return err
	}
	if err := n.notifyChange(ctx, tx, c, old); err != nil {
		return err
	}
	if err := n.regroup(ctx, tx, c); err != nil {
		return err
	}
	return n.consider(ctx, tx, c)
}

// older tells whether a version is older than the one that is kept. A version
// that does not say when it was changed is the first one, as old as it was
// published, if a later one said. Where nobody ever says, and where two bear the
// same time, what comes last is taken: most count in seconds.
func older(published, updated, kept time.Time) bool {
	if updated.IsZero() {
		updated = published
	}
	return !updated.IsZero() && updated.Before(kept)
}

// skew is how far the clock of another server may be ahead of ours, as its
// signatures may be.
const skew = 5 * time.Minute

// wasDeleted returns Gone for what its server said was deleted. What was
// published only after that is another thing with the same id, and is taken:
// Gancio on SQLite gives the id of its latest event again once that is deleted.
func wasDeleted(ctx context.Context, tx *storage.Tx, uri, owner string, published time.Time) error {
	for _, key := range []string{uri, claimKey(owner, uri)} {
		stone, err := tx.Tombstone(ctx, key)
		if ok, err := found(err); err != nil {
			return err
		} else if !ok {
			continue
		}
		if !published.After(stone.Deleted) || published.After(tx.Now().Add(skew)) {
			return community.Errorf(community.Gone, "%s was deleted", uri)
		}
		if err := tx.DropTombstone(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// claimKey is the key of a tombstone for something that was not known here when
// an actor deleted it: nobody can tell whose it was, so it counts against that
// actor alone. An id has no space in it.
func claimKey(owner, uri string) string { return owner + " " + uri }

// followsHost tells whether one of our actors follows from, or another actor of
// its server: a city publishes by two actors, and people follow either.
func (n *Node) followsHost(ctx context.Context, tx *storage.Tx, from *community.Actor) (bool, error) {
	if ok, err := tx.FollowsActor(ctx, from.ID); ok || err != nil {
		return ok, err
	}
	list, err := tx.FollowedList(ctx, storage.FollowQuery{Host: from.Host, State: community.Accepted, Limit: 1})
	return len(list) > 0, err
}

// ReceiveAnnounceOfForeign is a conference that an actor we follow announced.
// c.OriginID is the actor it belongs to, which need not be the announcer.
func (n *Node) ReceiveAnnounceOfForeign(ctx context.Context, from *community.Actor, activityURI string, c *community.Conference) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		follows, err := n.followsHost(ctx, tx, from)
		if err != nil {
			return err
		}
		if !follows {
			return community.Errorf(community.Refused, "nobody here follows %s", from.URI)
		}
		why := storage.PassingAsked
		if told, err := n.stewardFollows(ctx, tx, from.Host); err != nil {
			return err
		} else if told {
			why = storage.PassingTold
		}
		return n.storePassing(ctx, tx, c, why)
	})
}

// ReceiveInvite is an invitation of a member of ours to a conference elsewhere:
// the conference is kept, so that the member can answer.
func (n *Node) ReceiveInvite(ctx context.Context, from *community.Actor, uri string, c *community.Conference, to []string) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		if hostOf(c.URI) != from.Host {
			return community.Errorf(community.Forbidden, "%s cannot invite to %s", from.URI, c.URI)
		}
		invited, err := n.invites(ctx, tx, to)
		if err != nil {
			return err
		}
		if !invited {
			return community.Errorf(community.Refused, "this invites nobody here")
		}
		if c.OriginID == 0 {
			c.OriginID = from.ID
		}
		return n.storePassing(ctx, tx, c, storage.PassingInvited)
	})
}

// invites tells whether one of the given ids is of a member of ours.
func (n *Node) invites(ctx context.Context, tx *storage.Tx, to []string) (bool, error) {
	for _, id := range to {
		local, _ := n.site.LocalActor(id)
		handle, ok := local.Member()
		if !ok {
			continue
		}
		m, err := tx.Member(ctx, handle)
		if ok, err := found(err); err != nil || ok && m.Active() {
			return ok, err
		}
	}
	return false, nil
}

// canonical is an id of ours as it is written here, without the query, fragment
// or slash that some put behind it, so that it is found again. Others' stay.
func (n *Node) canonical(id string) string {
	path, ours := n.site.Path(id)
	if !ours || path == "" {
		return id
	}
	return n.site.Base + "/" + path
}

// ReceivePost is something said elsewhere, new or changed. It is kept when it
// answers a conference or post we know as ours, mentions one of our actors, or
// comes from someone we follow. p.AuthorID is from; p.Source is kept as long as
// the city may boost it. Refused where the conference takes no answers, or the
// city passes nothing on.
func (n *Node) ReceivePost(ctx context.Context, from *community.Actor, p *community.Post, to []string) error {
	source := p.Source
	return n.write(ctx, func(tx *storage.Tx) error {
		p.Source = source // the transaction may run again
		if hostOf(p.URI) != from.Host {
			return community.Errorf(community.Forbidden, "%s is not of the server of %s", p.URI, from.URI)
		}
		if err := wasDeleted(ctx, tx, p.URI, from.URI, p.Published); err != nil {
			return err
		}
		if rule, err := tx.ServerRule(ctx, from.Host); err != nil {
			return err
		} else if rule.RejectMedia {
			p.Pictures = nil
		}
		p.AuthorID, p.ReplyTo = from.ID, n.canonical(p.ReplyTo)
		old, err := tx.PostByURI(ctx, p.URI)
		known, err := found(err)
		if err != nil {
			return err
		}
		if known {
			return n.updateForeignPost(ctx, tx, from, old, p)
		}
		p.ID, p.Slug, p.Author, p.Draft, p.Created = 0, "", "", false, tx.Now()
		p.Kind, p.State, p.Announced = community.OrdinaryPost, community.Shown, zeroTime
		answers, err := n.place(ctx, tx, p)
		if err != nil {
			return err
		}
		came, err := n.hear(ctx, tx, from, p)
		if err != nil {
			return err
		}
		switch {
		case p.Thread != "":
			if err := n.admit(ctx, tx, from, p); came && community.CodeOf(err) == community.Refused {
				return nil // who says that they come is heard where nobody talks
			} else if err != nil {
				return err
			}
			n.keepForLater(p, source)
			if err := tx.InsertPost(ctx, p); err != nil {
				return err
			}
			return n.passOn(ctx, tx, p, source)
		case !answers && n.mentionsCity(p, to):
			// Who answers such a post names the city again without meaning to.
			return n.offerPost(ctx, tx, from, p)
		case !answers:
			if err := n.concerns(ctx, tx, from, p, to); err != nil {
				return err
			}
		}
		p.Source = nil
		return tx.InsertPost(ctx, p)
	})
}

func (n *Node) updateForeignPost(ctx context.Context, tx *storage.Tx, from *community.Actor, old, p *community.Post) error {
	if old.AuthorID != p.AuthorID {
		return community.Errorf(community.Forbidden, "%s belongs to someone else", p.URI)
	}
	if older(p.Published, p.Updated, old.Updated) {
		return nil
	}
	p.ID, p.Created, p.ConferenceID, p.ReplyTo = old.ID, old.Created, old.ConferenceID, old.ReplyTo
	p.Thread, p.Path = old.Thread, old.Path
	p.Kind, p.State, p.Announced = old.Kind, old.State, old.Announced // what the stewards said holds
	if !old.Published.IsZero() {
		p.Published = old.Published
	}
	source := p.Source
	if p.Thread != "" && p.State == community.Shown && everyoneSees(p) && !everyoneSees(old) {
		// What was said to us alone was let in unseen.
		if err := n.admit(ctx, tx, from, p); err != nil {
			return err
		}
	}
	if err := n.changeBoost(ctx, tx, from, p); err != nil {
		return err
	}
	if p.Thread != "" {
		n.keepForLater(p, source)
		if len(p.Source) > 0 {
			if err := tx.SavePostSource(ctx, p.ID, p.Source); err != nil {
				return err
			}
		}
	}
	if err := tx.UpdatePost(ctx, p); err != nil {
		return err
	}
	if err := n.hearAgain(ctx, tx, from, p); err != nil {
		return err
	}
	return n.passOn(ctx, tx, p, source)
}

// concerns returns nil for a post from elsewhere that belongs to no talk and is
// still some of our business: it names one of ours, or we follow its author.
func (n *Node) concerns(ctx context.Context, tx *storage.Tx, from *community.Actor, p *community.Post, to []string) error {
	ours := func(id string) bool { _, ok := n.site.LocalActor(id); return ok }
	if slices.ContainsFunc(to, ours) || slices.ContainsFunc(p.Mentions, func(m community.Mention) bool { return ours(m.URI) }) {
		return nil
	}
	follows, err := tx.FollowsActor(ctx, from.ID)
	if err == nil && !follows {
		err = community.Errorf(community.Refused, "%s does not concern us", p.URI)
	}
	return err
}

// ReceiveDelete is something elsewhere that is no more. Forbidden when it is
// known to be of someone else; only the application of a server speaks for all
// of it. What we never knew is remembered too, so that a Create that comes late
// does not bring it back.
func (n *Node) ReceiveDelete(ctx context.Context, from *community.Actor, uri string) error {
	return n.ReceiveDeletion(ctx, from, uri, nil)
}

// ReceiveDeletion is ReceiveDelete with the activity as it came, which is passed
// on to servers of threads where it was about an answer in a talk of ours.
func (n *Node) ReceiveDeletion(ctx context.Context, from *community.Actor, uri string, source []byte) error {
	may := func(owner int64) error {
		if owner != from.ID && from.Type != "Application" {
			return community.Errorf(community.Forbidden, "%s cannot delete what is of someone else", from.URI)
		}
		return nil
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		if hostOf(uri) != from.Host {
			return community.Errorf(community.Forbidden, "%s cannot delete %s", from.URI, uri)
		}
		former, key := "Object", claimKey(from.URI, uri)
		if from.Type == "Application" {
			key = uri
		}
		c, err := tx.ConferenceLike(ctx, uri)
		if ok, err := found(err); err != nil {
			return err
		} else if ok {
			uri = c.URI
			former, key = "Event", uri
			if err := may(c.OriginID); err != nil {
				return err
			}
			if err := n.dropForeign(ctx, tx, c); err != nil {
				return err
			}
		}
		p, err := tx.PostByURI(ctx, uri)
		if ok, err := found(err); err != nil {
			return err
		} else if ok {
			if err := may(p.AuthorID); err != nil {
				return err
			}
			former, key = "Note", uri
			if err := n.dropBoost(ctx, tx, p, source); err != nil {
				return err
			}
			if err := tx.DeletePost(ctx, p.ID); err != nil {
				return err
			}
			if err := n.passOnEnd(ctx, tx, p, source); err != nil {
				return err
			}
		}
		if err := n.takeBack(ctx, tx, from, uri); err != nil {
			return err
		}
		return tx.SaveTombstone(ctx, key, former)
	})
}

// dropForeign removes a conference elsewhere, and our announcement of it.
func (n *Node) dropForeign(ctx context.Context, tx *storage.Tx, c *community.Conference) error {
	if err := n.withdraw(ctx, tx, c); err != nil {
		return err
	}
	if !c.Past(tx.Now()) {
		if err := n.notifyGuests(ctx, tx, c, community.NoticeDeleted); err != nil {
			return err
		}
	}
	if err := n.revokeOffers(ctx, tx, storage.OfferQuery{ConferenceID: c.ID}); err != nil {
		return err
	}
	return n.deleteConference(ctx, tx, c.ID)
}

// ReceiveActorDelete is an actor elsewhere who is no more: with everything they
// said, their conferences and every seat they held.
func (n *Node) ReceiveActorDelete(ctx context.Context, from *community.Actor) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		guests, err := tx.GuestsOfActor(ctx, from.ID)
		if err != nil {
			return err
		}
		for i := range guests {
			if err := n.leave(ctx, tx, &guests[i]); err != nil {
				return err
			}
		}
		theirs, err := tx.Conferences(ctx, storage.ConferenceQuery{Foreign: true, OriginID: from.ID})
		if err != nil {
			return err
		}
		for i := range theirs {
			if err := n.dropForeign(ctx, tx, &theirs[i]); err != nil {
				return err
			}
			if err := tx.SaveTombstone(ctx, theirs[i].URI, "Event"); err != nil {
				return err
			}
		}
		boosted, err := tx.BoostedPosts(ctx, from.ID)
		if err != nil {
			return err
		}
		for i := range boosted {
			if err := n.dropBoost(ctx, tx, &boosted[i], nil); err != nil {
				return err
			}
		}
		if err := n.revokeOffers(ctx, tx, storage.OfferQuery{ActorID: from.ID}); err != nil {
			return err
		}
		for _, drop := range []func(context.Context, int64) error{
			tx.DeleteMessagesTo, tx.DeleteSister, tx.DeleteGuestsOfActor, tx.DeleteArrivalsOf, tx.DeleteFollowsOf, tx.DeletePostsOfActor, tx.DeleteReactionsOfActor, tx.MarkActorGone,
		} {
			if err := drop(ctx, from.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// maxEmoji bounds an emoji: the longest of Unicode have some 40 bytes, names of
// those that servers make themselves somewhat more.
const maxEmoji = 200

// ReceiveReaction is a like, an emoji or a boost of a conference or post of ours.
func (n *Node) ReceiveReaction(ctx context.Context, from *community.Actor, r community.Reaction) error {
	if len(r.Emoji) > maxEmoji {
		return community.Errorf(community.Refused, "an emoji of %d bytes is none", len(r.Emoji))
	}
	r.Object = n.canonical(r.Object)
	return n.write(ctx, func(tx *storage.Tx) error {
		if err := n.isOurs(ctx, tx, r.Object); err != nil {
			return err
		}
		r.ActorID, r.Created = from.ID, tx.Now()
		if err := tx.SaveReaction(ctx, &r); err != nil || r.Kind != community.Announce {
			return err
		}
		return n.carried(ctx, tx, from, r.Object, true)
	})
}

func (n *Node) isOurs(ctx context.Context, tx *storage.Tx, id string) error {
	if slug, ok := n.site.ConferenceSlug(id); ok {
		c, err := n.ownConference(ctx, tx.Reader, slug)
		if err == nil && c.Draft {
			return community.Errorf(community.NotFound, "there is no conference %q", slug)
		}
		return err
	}
	if slug, ok := n.site.PostSlug(id); ok {
		p, err := n.ownPost(ctx, tx.Reader, slug)
		if err == nil && p.Draft {
			return community.Errorf(community.NotFound, "there is no post %q", slug)
		}
		return err
	}
	return community.Errorf(community.Refused, "%s is nothing of ours", id)
}

// ReceiveUndoReaction takes a like, an emoji or a boost back.
func (n *Node) ReceiveUndoReaction(ctx context.Context, from *community.Actor, activityURI string, kind community.ReactionKind, object string) error {
	object = n.canonical(object)
	return n.write(ctx, func(tx *storage.Tx) error {
		r, err := tx.ReactionByURI(ctx, activityURI)
		if community.CodeOf(err) == community.NotFound && object != "" {
			r, err = tx.ReactionOf(ctx, object, kind, from.ID)
		}
		if ok, err := found(err); !ok {
			return err // gone already
		}
		if r.ActorID != from.ID {
			return community.Errorf(community.Forbidden, "%s cannot undo for someone else", from.URI)
		}
		if err := tx.DeleteReaction(ctx, r.ID); err != nil || r.Kind != community.Announce {
			return err
		}
		return n.carried(ctx, tx, from, r.Object, false)
	})
}

// ReceiveBlock is an actor elsewhere who wants nothing to do with one of ours:
// the follows between them end.
func (n *Node) ReceiveBlock(ctx context.Context, from *community.Actor, object string) error {
	local, ok := n.site.LocalActor(object)
	if !ok {
		return community.Errorf(community.Refused, "%s is not an actor of ours", object)
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		_, err := tx.Follower(ctx, local, from.ID)
		if ok, err := found(err); err != nil {
			return err
		} else if ok {
			if err := tx.DeleteFollower(ctx, local, from.ID); err != nil {
				return err
			}
		}
		_, err = tx.Followed(ctx, local, from.ID)
		if ok, err := found(err); !ok {
			return err
		}
		return tx.DeleteFollowed(ctx, local, from.ID)
	})
}
