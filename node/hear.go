package node

import (
	"context"
	"slices"

	"konfa/community"
	"konfa/phrase"
	"konfa/prose"
	"konfa/storage"
)

// hear listens to what someone elsewhere answers to a conference of ours, to the
// poll or a notice below it, or to a direct message of the city, and does what it
// says about coming: "going", "иду", "не смогу". It tells whether it said so. What
// is not clear is an answer like any other.
func (n *Node) hear(ctx context.Context, tx *storage.Tx, from *community.Actor, p *community.Post) (bool, error) {
	if from.Type != "Person" || p.ReplyTo == "" {
		return false, nil
	}
	c, err := n.answeredConference(ctx, tx.Reader, from, p.ReplyTo)
	if ok, err := found(err); !ok {
		return false, err
	}
	return n.hearAbout(ctx, tx, c, from, p)
}

func (n *Node) hearAbout(ctx context.Context, tx *storage.Tx, c *community.Conference, from *community.Actor, p *community.Post) (bool, error) {
	if !c.Own() || c.Draft || c.RSVP == community.RSVPOff {
		return false, nil
	}
	want, ok, err := n.understood(ctx, tx.Reader, c, p)
	if !ok {
		return false, err
	}
	if out, err := n.suspended(ctx, tx.Reader, from); out || err != nil {
		return false, err
	}
	return true, n.takeAnswer(ctx, tx, c, from, heard{via: community.ByWords, uri: p.URI, replyTo: p.URI, lang: spokenIn(p), want: want})
}

// answeredConference is the conference that an answer to something of ours is
// about, if the answer may be about coming: what people say to one another below
// it is not. NotFound otherwise.
func (n *Node) answeredConference(ctx context.Context, r *storage.Reader, from *community.Actor, replyTo string) (*community.Conference, error) {
	if slug, ok := n.site.ConferenceSlug(replyTo); ok {
		return r.Conference(ctx, slug)
	}
	slug, ok := n.site.PostSlug(replyTo)
	if !ok {
		return nil, community.Errorf(community.NotFound, "%s is nothing of ours", replyTo)
	}
	p, err := r.Post(ctx, slug)
	if err != nil {
		return nil, err
	}
	theirs := slices.ContainsFunc(p.Mentions, func(m community.Mention) bool { return m.URI == from.URI })
	if p.ConferenceID == 0 || p.Kind == community.OrdinaryPost || p.Kind == community.MessagePost && !theirs {
		return nil, community.Errorf(community.NotFound, "nobody asks there who comes")
	}
	return r.ConferenceByID(ctx, p.ConferenceID)
}

// understood is what a post says about coming, in the languages of the city, of
// the conference and its own. The last is seldom true: GoToSocial and Mastodon
// mark everything with the language of the account.
func (n *Node) understood(ctx context.Context, r *storage.Reader, c *community.Conference, p *community.Post) (community.Want, bool, error) {
	city, err := r.City(ctx)
	if err != nil {
		return community.Want{}, false, err
	}
	langs := slices.Concat(city.Languages, c.Title.Languages(), c.Languages, []string{spokenIn(p)})
	h, ok := phrase.Hear(prose.Said(p.HTML.First()), langs...)
	if !ok {
		return community.Want{}, false, nil
	}
	state := map[phrase.Meaning]community.GuestState{phrase.Coming: community.Going, phrase.Undecided: community.Maybe, phrase.Staying: community.NotGoing}[h.Meaning]
	return community.Want{State: state, Plus: h.Plus}, true, nil
}

// spokenIn is the language that a post says it is in, or "".
func spokenIn(p *community.Post) string {
	if len(p.HTML) == 0 {
		return ""
	}
	return p.HTML[0].Lang
}

// hearAgain listens to a changed post, if what it said before is the answer that
// counts. What it does not say any more in clear words stays as it was: people
// mend their posts without changing their mind. Who has not answered at all is
// heard as if they had said it now.
func (n *Node) hearAgain(ctx context.Context, tx *storage.Tx, from *community.Actor, p *community.Post) error {
	g, err := tx.GuestByAnswer(ctx, p.URI)
	if ok, err := found(err); err != nil {
		return err
	} else if !ok {
		return n.hearAtLast(ctx, tx, from, p)
	}
	if g.ActorID != from.ID {
		return nil
	}
	c, err := tx.ConferenceByID(ctx, g.ConferenceID)
	if err != nil {
		return err
	}
	_, err = n.hearAbout(ctx, tx, c, from, p)
	return err
}

// hearAtLast listens to a changed post of someone who never answered the
// conference; any other answer of theirs counts more.
func (n *Node) hearAtLast(ctx context.Context, tx *storage.Tx, from *community.Actor, p *community.Post) error {
	if from.Type != "Person" || p.ReplyTo == "" {
		return nil
	}
	c, err := n.answeredConference(ctx, tx.Reader, from, p.ReplyTo)
	if ok, err := found(err); !ok {
		return err
	}
	_, err = tx.Guest(ctx, c.ID, storage.GuestKey{ActorID: from.ID})
	if ok, err := found(err); ok || err != nil {
		return err
	}
	_, err = n.hearAbout(ctx, tx, c, from, p)
	return err
}
