package node

import (
	"context"
	"strings"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/storage"
)

// passOn announces what someone elsewhere did to an answer in a talk of ours to
// the servers that know the city as a community (FEP-1b12): they see nothing of
// a discussion but what its group announces, and take the activity only as its
// author wrote it. Source is that, or nil where it did not come whole; then
// nothing is passed on.
func (n *Node) passOn(ctx context.Context, tx *storage.Tx, p *community.Post, source []byte) error {
	if !passable(p, source) {
		return nil
	}
	author, err := tx.ActorByID(ctx, p.AuthorID)
	if err != nil {
		return err
	}
	if _, err := tx.BlockOf(ctx, author.Host, author.URI); community.CodeOf(err) != community.NotFound {
		return err // who is silenced here is not made loud elsewhere
	}
	return n.announceAsCame(ctx, tx, p, source)
}

// passOnEnd passes on that an answer was deleted, whoever said it: it may have
// been passed on before.
func (n *Node) passOnEnd(ctx context.Context, tx *storage.Tx, p *community.Post, source []byte) error {
	if !passable(p, source) {
		return nil
	}
	return n.announceAsCame(ctx, tx, p, source)
}

// announceAsCame announces an activity about a post of someone else as its
// author wrote it, where a follower needs it so.
func (n *Node) announceAsCame(ctx context.Context, tx *storage.Tx, p *community.Post, source []byte) error {
	needed, err := n.needsForm(ctx, tx, community.Threads, nil)
	if err != nil || !needed {
		return err
	}
	if known, err := n.inThreads(ctx, tx, p, source); err != nil || !known {
		return err
	}
	// Its own server gets it as well: Lemmy shows an answer as sent only after
	// the group has announced it.
	return n.announceThread(ctx, tx, emission{object: source, objectID: p.URI, objectType: "Note", form: community.Threads})
}

// inThreads tells whether servers of threads know what an answer is under. They
// have neither the card nor the notes of change, which are for others, nor our
// activities, which Hubzilla answers in place of what they made: whoever cannot
// find the parent refuses the answer.
func (n *Node) inThreads(ctx context.Context, tx *storage.Tx, p *community.Post, source []byte) (bool, error) {
	parents := []string{p.ReplyTo}
	if env, err := activitystreams.ReadEnvelope(source); err == nil && env.Object.Raw != nil {
		if said, err := activitystreams.ReadPost(env.Object.Raw); err == nil {
			parents = append(parents, said.ReplyTo)
		}
	}
	for _, id := range parents {
		if path, ours := n.site.Path(id); ours && strings.HasPrefix(path, "activities/") {
			return false, nil
		}
		slug, ours := n.site.PostSlug(n.canonical(id))
		if !ours {
			continue
		}
		parent, err := tx.Post(ctx, slug)
		if ok, err := found(err); err != nil {
			return false, err
		} else if ok && parent.Kind != community.OrdinaryPost {
			return false, nil
		}
	}
	return true, nil
}

// passable tells whether others may see an answer that way.
func passable(p *community.Post, source []byte) bool {
	return p.Thread != "" && p.State == community.Shown && everyoneSees(p) && len(source) > 0 && len(source) <= maxSource
}

// keepForLater keeps the activity of an answer that waits for a steward, to be
// passed on when it is shown.
func (n *Node) keepForLater(p *community.Post, source []byte) {
	p.Source = nil
	if p.State == community.Held && len(source) <= maxSource {
		p.Source = source
	}
}

// passOnShown passes on what a steward shows that was held.
func (n *Node) passOnShown(ctx context.Context, tx *storage.Tx, p *community.Post) error {
	source, err := tx.PostSource(ctx, p.ID)
	if ok, err := found(err); !ok || err != nil {
		return err
	}
	return n.passOn(ctx, tx, p, source)
}
