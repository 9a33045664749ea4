package node

import (
	"context"
	"slices"

	"konfa/community"
	"konfa/storage"
)

// place finds the talk that a post belongs to by what it answers, and where it
// stands in it: it sets Thread, Path and, unless it is said, ConferenceID. It
// tells whether what it answers is known here; a talk of others has no thread of
// ours.
func (n *Node) place(ctx context.Context, tx *storage.Tx, p *community.Post) (known bool, err error) {
	p.Thread, p.Path = "", ""
	if p.ReplyTo == "" {
		return false, nil
	}
	above, err := n.answered(ctx, tx, p.ReplyTo)
	if ok, err := found(err); !ok {
		return false, err
	}
	if p.ConferenceID == 0 {
		p.ConferenceID = above.ConferenceID
	}
	id := p.URI
	if p.Own() {
		id = n.site.Post(p.Slug)
	}
	if p.Thread = above.Thread; p.Thread != "" {
		p.Path = community.ThreadPath(above.Path, id, p.Published, tx.Now())
	}
	return true, nil
}

// answered finds what is answered: of a conference or a post at the top of a
// talk as if it were a post there with an empty path. NotFound for what is
// not known, or not published.
func (n *Node) answered(ctx context.Context, tx *storage.Tx, id string) (*community.Post, error) {
	unknown := community.Errorf(community.NotFound, "%s is not known here", id)
	if slug, ok := n.site.ConferenceSlug(id); ok {
		c, err := tx.Conference(ctx, slug)
		if err != nil || c.Draft {
			return nil, orError(err, unknown)
		}
		return &community.Post{Thread: n.site.Conference(c.Slug), ConferenceID: c.ID}, nil
	}
	if slug, ok := n.site.PostSlug(id); ok {
		p, err := tx.Post(ctx, slug)
		switch {
		case err != nil || p.Draft:
			return nil, orError(err, unknown)
		case p.Kind != community.OrdinaryPost && p.ReplyTo != "":
			// The poll and the notices stand for the conference.
			return n.answered(ctx, tx, p.ReplyTo)
		case p.Kind == community.CardPost && p.ConferenceID != 0:
			// It answers nothing, since Pixelfed would make it a comment of it.
			c, err := tx.ConferenceByID(ctx, p.ConferenceID)
			if err != nil {
				return nil, orError(err, unknown)
			}
			return n.answered(ctx, tx, n.site.Conference(c.Slug))
		case p.Thread == "":
			p.Thread = n.site.Post(p.Slug)
		}
		return p, nil
	}
	p, err := tx.PostByURI(ctx, id)
	if err == nil || community.CodeOf(err) != community.NotFound {
		return p, err
	}
	c, err := tx.ConferenceByURI(ctx, id)
	if err != nil {
		return nil, err
	}
	return &community.Post{Thread: c.URI, ConferenceID: c.ID}, nil
}

func orError(err, or error) error {
	if err != nil {
		return err
	}
	return or
}

// everyoneSees tells whether a post is for everyone; what is not is kept out of
// every talk anyway.
func everyoneSees(p *community.Post) bool { return slices.Contains(shown, p.Visibility) }

// admit decides whether an answer from elsewhere is shown, waits for a steward
// or is refused, by what the conference says. Where the stewards look first they
// know guests who have a seat and whoever they have shown before.
func (n *Node) admit(ctx context.Context, tx *storage.Tx, from *community.Actor, p *community.Post) error {
	if !everyoneSees(p) {
		return nil
	}
	mode := community.RepliesOpen
	if p.ConferenceID != 0 {
		c, err := tx.ConferenceByID(ctx, p.ConferenceID)
		if err != nil {
			return err
		}
		if c.Own() {
			mode = c.Replies
		}
	}
	if mode == community.RepliesClosed {
		return community.Errorf(community.Refused, "%s takes no answers", p.Thread)
	}
	above, err := tx.PostByURI(ctx, p.ReplyTo)
	if ok, err := found(err); err != nil {
		return err
	} else if mode != community.RepliesModerated && (!ok || above.State != community.Hidden) {
		return nil
	}
	known, err := n.knownInTalk(ctx, tx, from, p)
	if err == nil && !known {
		p.State = community.Held
	}
	return err
}

// knownInTalk tells whether the stewards need not look at what someone says: a
// guest with a seat, or someone they have shown in this talk and never hidden.
func (n *Node) knownInTalk(ctx context.Context, tx *storage.Tx, from *community.Actor, p *community.Post) (bool, error) {
	seen, hidden, err := tx.SaidIn(ctx, p.Thread, from.ID)
	if err != nil || hidden > 0 {
		return false, err
	}
	if seen > 0 || p.ConferenceID == 0 {
		return seen > 0, nil
	}
	g, err := tx.Guest(ctx, p.ConferenceID, storage.GuestKey{ActorID: from.ID})
	if ok, err := found(err); !ok {
		return false, err
	}
	return g.State == community.Going, nil
}

// mayAnswer returns nil when a member of ours may say something where they want
// to. Stewards may everywhere.
func (n *Node) mayAnswer(ctx context.Context, tx *storage.Tx, by By, p *community.Post) error {
	if p.ReplyTo == "" || by.may(community.Steward) == nil {
		return nil
	}
	above, err := n.answered(ctx, tx, p.ReplyTo)
	if ok, err := found(err); !ok || above.ConferenceID == 0 {
		return err
	}
	c, err := tx.ConferenceByID(ctx, above.ConferenceID)
	if err == nil && c.Own() && c.Replies == community.RepliesClosed {
		return &community.Error{Code: community.Refused, Key: "error.replies_closed", Msg: "this conference takes no answers"}
	}
	return err
}

// Verdict is what a steward says about an answer.
type Verdict string

// The verdicts.
const (
	ShowReply   Verdict = "show"
	HideReply   Verdict = "hide"
	DeleteReply Verdict = "delete" // for good: it does not come back
)

// ModerateReply shows, hides or deletes an answer from elsewhere; with below
// also everything that answers it, ours excepted. It returns how many it was.
// Conflict for one of ours, which is deleted as a post.
func (n *Node) ModerateReply(ctx context.Context, by By, id int64, v Verdict, below bool) (int, error) {
	if err := by.may(community.Steward); err != nil {
		return 0, err
	}
	count := 0
	err := n.write(ctx, func(tx *storage.Tx) error {
		count = 0
		p, err := n.reply(ctx, tx.Reader, id)
		if err != nil {
			return err
		}
		if p.Own() {
			return community.Errorf(community.Conflict, "this answer is of this city").WithHint("konfa post delete " + p.Slug + " takes it away")
		}
		if err := n.audit(ctx, tx, by, community.Audit{Action: "reply." + string(v), Object: p.URI, Name: p.AuthorName}); err != nil {
			return err
		}
		list := []community.Post{*p}
		if below {
			more, err := tx.Subthread(ctx, p)
			if err != nil {
				return err
			}
			list = append(list, more...)
		}
		for i := range list {
			if list[i].Own() {
				continue
			}
			count++
			if err := n.judge(ctx, tx, &list[i], v); err != nil {
				return err
			}
		}
		return nil
	})
	return count, err
}

func (n *Node) judge(ctx context.Context, tx *storage.Tx, p *community.Post, v Verdict) error {
	switch v {
	case ShowReply:
		held := p.State == community.Held
		p.State = community.Shown
		if held {
			if err := n.passOnShown(ctx, tx, p); err != nil {
				return err
			}
		}
	case HideReply:
		p.State = community.Hidden
	case DeleteReply:
		if err := tx.DeletePost(ctx, p.ID); err != nil {
			return err
		}
		return tx.SaveTombstone(ctx, p.URI, "Note")
	default:
		return community.Errorf(community.Invalid, "one can show, hide or delete an answer, not %q", v)
	}
	return tx.UpdatePost(ctx, p)
}

// reply finds an answer in one of our talks by its number. NotFound for any
// other post.
func (n *Node) reply(ctx context.Context, r *storage.Reader, id int64) (*community.Post, error) {
	p, err := r.PostByID(ctx, id)
	if ok, err := found(err); err != nil {
		return nil, err
	} else if !ok || p.Thread == "" {
		return nil, community.Errorf(community.NotFound, "there is no answer %d", id).WithHint("konfa replies list shows them all")
	}
	return p, nil
}
