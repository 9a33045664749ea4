package node

import (
	"context"
	"errors"
	"slices"
	"time"

	"konfa/community"
	"konfa/phrase"
	"konfa/prose"
	"konfa/storage"
)

// pollPause is how long the totals of a poll rest after they were told, however
// many vote meanwhile. Mastodon itself waits as long.
const pollPause = 3 * time.Minute

// openPoll asks below a conference of ours who comes, once. It follows the
// conference on its way, so that no server meets an answer to what it does not
// have.
func (n *Node) openPoll(ctx context.Context, tx *storage.Tx, city *community.City, c *community.Conference) error {
	if !c.Asks(tx.Now()) {
		return nil
	}
	_, err := tx.PollOf(ctx, c.ID)
	if ok, err := found(err); ok || err != nil {
		return err
	}
	v := phrase.In(slices.Concat(c.Title.Languages()[:min(1, len(c.Title.Languages()))], city.Languages)...)
	text := v.T("poll.question", "Title", prose.Escape(c.Title.In(v.Lang())))
	now := tx.Now()
	p := &community.Post{
		Author: community.CityActor, Kind: community.PollPost, Visibility: community.Unlisted, ConferenceID: c.ID, ReplyTo: n.site.Conference(c.Slug),
		Text: community.Plain(v.Lang(), text), HTML: community.Plain(v.Lang(), prose.Markdown(text)),
		Created: now, Published: now, Updated: now,
	}
	if err := p.Check(); err != nil {
		return err
	}
	if p.Slug, err = n.freeSlug(ctx, tx, "posts/", []string{c.Slug + "-poll"}); err != nil {
		return err
	}
	if err := tx.InsertPost(ctx, p); err != nil {
		return err
	}
	poll := &community.Poll{
		PostID: p.ID, ConferenceID: c.ID, Ends: c.Start, Told: now, Due: c.Start,
		Options: []community.PollOption{
			{Answer: community.Going, Name: v.T("poll.going")},
			{Answer: community.Maybe, Name: v.T("poll.maybe")},
			{Answer: community.NotGoing, Name: v.T("poll.no")},
		},
	}
	// Someone may have come by another way already.
	if poll.Tally, err = tx.Tally(ctx, c.ID); err != nil {
		return err
	}
	if err := tx.SavePoll(ctx, poll); err != nil {
		return err
	}
	return n.emitPoll(ctx, tx, c, p, "Create")
}

// tendPoll brings the poll of a conference in line with it after a change: it
// ends when the conference begins, and takes no votes while nobody can come. Old
// is the conference before. Switching the poll on asks those who were not asked
// yet, if followers are told at all.
func (n *Node) tendPoll(ctx context.Context, tx *storage.Tx, city *community.City, old, c *community.Conference, tell bool) error {
	poll, err := tx.PollOf(ctx, c.ID)
	if ok, err := found(err); err != nil {
		return err
	} else if ok {
		return n.updatePoll(ctx, tx, c, poll)
	}
	if tell && old.RSVP != community.RSVPPoll {
		return n.openPoll(ctx, tx, city, c)
	}
	return nil
}

// TellPolls sends out what became of the polls that are due: new totals, or that
// voting is over. It returns how many were looked at.
func (n *Node) TellPolls(ctx context.Context) (int, error) {
	due, err := n.store.DuePolls(ctx, n.Now(), 100)
	if err != nil {
		return 0, err
	}
	var errs []error
	for i := range due {
		err := n.write(ctx, func(tx *storage.Tx) error {
			poll, err := tx.Poll(ctx, due[i].PostID)
			if ok, err := found(err); !ok {
				return err
			}
			if poll.Due.IsZero() || poll.Due.After(tx.Now()) {
				return nil // another process was faster
			}
			c, err := tx.ConferenceByID(ctx, poll.ConferenceID)
			if err != nil {
				return err
			}
			return n.updatePoll(ctx, tx, c, poll)
		})
		if err != nil {
			errs = append(errs, err)
			if broken(err) {
				return i, errors.Join(errs...)
			}
		}
	}
	return len(due), errors.Join(errs...)
}

// broken tells of an error that is not of one thing alone: whoever works through
// a list need not go on. Of others the rest must not wait for the one that has
// something wrong with it.
func broken(err error) bool {
	return err != nil && community.CodeOf(err) == community.Internal
}

// updatePoll counts again, opens or closes the poll as the conference wants it,
// and tells those who see it if anything is different.
func (n *Node) updatePoll(ctx context.Context, tx *storage.Tx, c *community.Conference, poll *community.Poll) error {
	tally, err := tx.Tally(ctx, c.ID)
	if err != nil {
		return err
	}
	was := *poll
	poll.Tally, poll.Ends, poll.Due = tally, c.Start, c.Start
	if c.Asks(tx.Now()) {
		poll.Closed = zeroTime
	} else {
		poll.Due = zeroTime
		if poll.Closed.IsZero() {
			poll.Closed = tx.Now()
		}
	}
	same := was.Tally == poll.Tally && was.Ends.Equal(poll.Ends) && was.Closed.Equal(poll.Closed)
	if same && was.Due.Equal(poll.Due) {
		return nil
	}
	if !same {
		poll.Told = tx.Now()
	}
	if err := tx.SavePoll(ctx, poll); err != nil || same {
		return err
	}
	p, err := tx.PostByID(ctx, poll.PostID)
	if err != nil {
		return err
	}
	return n.emitPoll(ctx, tx, c, p, "Update")
}

// emitPoll tells the followers of the city of its poll, and whoever has a part in
// the conference. It does not say that it was edited: Mastodon would show it as
// such with every vote, and takes new totals without (interop §1.3).
func (n *Node) emitPoll(ctx context.Context, tx *storage.Tx, c *community.Conference, p *community.Post, typ string) error {
	doc, err := n.postDocument(ctx, tx.Reader, p)
	if err != nil {
		return err
	}
	e, err := n.addressPost(ctx, tx, p)
	if err != nil {
		return err
	}
	e.typ, e.object, e.order = typ, doc, n.site.Conference(c.Slug)
	if typ != "Create" {
		if e.inboxes, err = n.concernedInboxes(ctx, tx, c); err != nil {
			return err
		}
	}
	_, err = n.emit(ctx, tx, e)
	return err
}

// pollDocument is the document of a poll of ours with the totals of now, or of
// when it was closed.
func (n *Node) pollDocument(ctx context.Context, r *storage.Reader, p *community.Post) ([]byte, error) {
	poll, err := n.poll(ctx, r, p)
	if err != nil {
		return nil, err
	}
	if c, err := r.ConferenceByID(ctx, poll.ConferenceID); err == nil {
		q := *p
		q.ReplyTo = n.site.Conference(c.Slug) // the node may have moved
		p = &q
	}
	return n.enc.Poll(p, poll)
}

// Poll reads what a post of kind PollPost asks, with the totals of now, or of when
// it was closed.
func (n *Node) Poll(ctx context.Context, p *community.Post) (*community.Poll, error) {
	return n.poll(ctx, n.store.Reader, p)
}

func (n *Node) poll(ctx context.Context, r *storage.Reader, p *community.Post) (*community.Poll, error) {
	poll, err := r.Poll(ctx, p.ID)
	if err == nil && poll.Closed.IsZero() {
		poll.Tally, err = r.Tally(ctx, poll.ConferenceID)
	}
	return poll, err
}

// PollOf reads the post that asks below a conference of ours who comes; NotFound
// if none does.
func (n *Node) PollOf(ctx context.Context, confID int64) (*community.Post, error) {
	poll, err := n.store.PollOf(ctx, confID)
	if err != nil {
		return nil, err
	}
	return n.store.PostByID(ctx, poll.PostID)
}

// dropPoll deletes the poll below a conference that is deleted.
func (n *Node) dropPoll(ctx context.Context, tx *storage.Tx, c *community.Conference) error {
	poll, err := tx.PollOf(ctx, c.ID)
	if ok, err := found(err); !ok {
		return err
	}
	p, err := tx.PostByID(ctx, poll.PostID)
	if err != nil {
		return err
	}
	return n.deletePost(ctx, tx, p)
}

// askNoMore keeps a poll that a steward deletes from coming back. Answers in
// words go on to count.
func (n *Node) askNoMore(ctx context.Context, tx *storage.Tx, confID int64) error {
	c, err := tx.ConferenceByID(ctx, confID)
	if ok, err := found(err); !ok {
		return err
	}
	if c.RSVP != community.RSVPPoll {
		return nil
	}
	c.RSVP = community.RSVPWords
	return tx.UpdateConference(ctx, c)
}

// ReceiveVote is the vote of someone elsewhere in a poll of ours: uri is the id
// of the vote, object that of the poll, name the option. A later vote counts.
func (n *Node) ReceiveVote(ctx context.Context, from *community.Actor, uri, object, name string) error {
	slug, ok := n.site.PostSlug(n.canonical(object))
	if !ok {
		return community.Errorf(community.Refused, "%s is not a poll of ours", object)
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		if hostOf(uri) != from.Host {
			return community.Errorf(community.Forbidden, "%s is not of the server of %s", uri, from.URI)
		}
		p, err := n.ownPost(ctx, tx.Reader, slug)
		if err != nil {
			return err
		}
		if p.Kind != community.PollPost {
			return community.Errorf(community.Refused, "%s is not a poll", object)
		}
		poll, err := tx.Poll(ctx, p.ID)
		if err != nil {
			return err
		}
		answer, ok := poll.Option(name)
		if !ok {
			answer, ok = optionOf(name)
		}
		if !ok {
			return community.Errorf(community.Refused, "the poll has no option %q", name)
		}
		c, err := tx.ConferenceByID(ctx, p.ConferenceID)
		if err != nil {
			return err
		}
		lang := ""
		if len(p.Text) > 0 {
			lang = p.Text[0].Lang // they read it
		}
		return n.takeAnswer(ctx, tx, c, from, heard{via: community.ByPoll, uri: uri, guessed: lang, want: community.Want{State: answer}})
	})
}

// optionOf finds the answer that an option means in any language we speak: some
// servers translate what they show.
func optionOf(name string) (community.GuestState, bool) {
	poll := community.Poll{}
	for _, v := range phrase.All() {
		poll.Options = append(poll.Options,
			community.PollOption{Answer: community.Going, Name: v.T("poll.going")},
			community.PollOption{Answer: community.Maybe, Name: v.T("poll.maybe")},
			community.PollOption{Answer: community.NotGoing, Name: v.T("poll.no")})
	}
	return poll.Option(name)
}
