package node

import (
	"context"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/phrase"
	"konfa/prose"
	"konfa/storage"
)

// Some software knows a conference only by notes beside it: those that take no
// edits read of a change in a note below, those that show nothing but pictures
// get a card. Both are posts of ours that are no news here and go to nobody
// else; where no follower needs one it is not even written.

// noteChange tells of a change that matters where the edit itself is not taken.
func (n *Node) noteChange(ctx context.Context, tx *storage.Tx, city *community.City, old, c *community.Conference) error {
	if !c.Matters(old) {
		return nil
	}
	inboxes, err := n.concernedInboxes(ctx, tx, c)
	if err != nil {
		return err
	}
	needed, err := n.needsForm(ctx, tx, community.Notices, inboxes)
	if err != nil || !needed {
		return err
	}
	link := n.site.Conference(c.Slug)
	text := inVoices(city, c, func(v *phrase.Voice, title string) string {
		line := *c
		if c.Status == community.Cancelled || c.Status == community.MovedOnline {
			line.Status = community.Scheduled // the sentence says so already
		}
		if c.Status == community.MovedOnline {
			line.Venue = nil
		}
		return v.T("change."+whatChanged(old, c), "Title", prose.Escape(title), "Line", prose.Escape(activitystreams.EventSummary(&line, v.Lang()))) +
			"\n\n" + v.T("rsvp.page", "Link", link)
	})
	return n.addFormed(ctx, tx, &community.Post{
		Kind: community.NoticePost, Text: text, ReplyTo: link, ConferenceID: c.ID, Visibility: community.Unlisted,
	}, c.Slug+"-changed", inboxes)
}

// whatChanged names the sentence that says it, the gravest change first.
func whatChanged(old, c *community.Conference) string {
	if c.Status != old.Status {
		switch c.Status {
		case community.Cancelled:
			return "cancelled"
		case community.Postponed:
			return "postponed"
		case community.MovedOnline:
			return "online"
		case community.Tentative:
			return "tentative"
		}
		return "restored"
	}
	when := !c.Start.Equal(old.Start) || !c.End.Equal(old.End) || c.AllDay != old.AllDay || c.Zone != old.Zone
	where := c.OnlineURL != old.OnlineURL || c.Venue.Line() != old.Venue.Line() || c.Venue.Address() != old.Venue.Address()
	switch {
	case when && where:
		return "both"
	case where:
		return "place"
	}
	return "time"
}

// emitCard tells of a conference by its picture, or by that of the city, and
// brings the card up to date that is there already.
func (n *Node) emitCard(ctx context.Context, tx *storage.Tx, city *community.City, c *community.Conference) error {
	cards, err := tx.Posts(ctx, storage.PostQuery{Own: true, ConferenceID: c.ID, Kinds: []community.PostKind{community.CardPost}, Limit: 1})
	if err != nil {
		return err
	}
	if len(cards) == 0 {
		needed, err := n.needsForm(ctx, tx, community.Cards, nil)
		if err != nil || !needed || c.Status == community.Cancelled {
			return err
		}
	}
	picture := c.Cover
	for _, of := range []*community.Picture{city.Banner, city.Picture} {
		if picture == nil {
			picture = of
		}
	}
	link := n.site.Conference(c.Slug)
	text := inVoices(city, c, func(v *phrase.Voice, title string) string {
		return "**" + prose.Escape(title) + "**\n\n" + prose.Escape(activitystreams.EventSummary(c, v.Lang())) + "\n\n" + v.T("rsvp.page", "Link", link)
	})
	if len(cards) == 0 {
		if picture == nil {
			return nil // it would show nothing
		}
		return n.addFormed(ctx, tx, &community.Post{
			Kind: community.CardPost, Text: text, ConferenceID: c.ID, Visibility: community.Public, Tags: c.Tags, Pictures: []community.Picture{*picture},
		}, c.Slug+"-card", nil)
	}
	card := &cards[0]
	if picture != nil {
		card.Pictures = []community.Picture{*picture}
	}
	card.Text, card.HTML, card.Tags, card.Updated = text, text.Map(prose.Markdown), c.Tags, tx.Now()
	if err := tx.UpdatePost(ctx, card); err != nil {
		return err
	}
	return n.emitPost(ctx, tx, card, "Update", Publish{})
}

// emitBare announces a new conference of ours to followers who would lose sight
// of it if it were created there.
func (n *Node) emitBare(ctx context.Context, tx *storage.Tx, c *community.Conference) error {
	needed, err := n.needsForm(ctx, tx, community.Boosts, nil)
	if err != nil || !needed {
		return err
	}
	id := n.site.Conference(c.Slug)
	e := n.publicly(community.CityActor, emission{typ: "Announce", object: id, objectID: id, objectType: "Event", form: community.Boosts})
	e.public = false // the outbox has the Create
	_, err = n.emit(ctx, tx, e)
	return err
}

// addFormed writes a post that only some software gets.
func (n *Node) addFormed(ctx context.Context, tx *storage.Tx, p *community.Post, slug string, inboxes []storage.Target) error {
	p.Author = community.CityActor
	p.HTML = p.Text.Map(prose.Markdown)
	p.Created, p.Published, p.Updated = tx.Now(), tx.Now(), tx.Now()
	if err := p.Check(); err != nil {
		return err
	}
	var err error
	if p.Slug, err = n.freeSlug(ctx, tx, "posts/", []string{slug}); err != nil {
		return err
	}
	if err := tx.InsertPost(ctx, p); err != nil {
		return err
	}
	return n.emitPost(ctx, tx, p, "Create", Publish{}, inboxes...)
}

// dropFormed takes the notes beside a conference away with it.
func (n *Node) dropFormed(ctx context.Context, tx *storage.Tx, c *community.Conference) error {
	posts, err := tx.Posts(ctx, storage.PostQuery{Own: true, ConferenceID: c.ID, Kinds: []community.PostKind{community.NoticePost, community.CardPost}})
	if err != nil {
		return err
	}
	for i := range posts {
		if err := n.deletePost(ctx, tx, &posts[i]); err != nil {
			return err
		}
	}
	return nil
}

func (n *Node) needsForm(ctx context.Context, tx *storage.Tx, f community.Form, inboxes []storage.Target) (bool, error) {
	hosts := make([]string, len(inboxes))
	for i, in := range inboxes {
		hosts[i] = in.Host
	}
	return tx.NeedsForm(ctx, f, community.CityActor, hosts)
}

// inVoices says something about a conference in every language of its title that
// the city has a voice for, or else in the city's own.
func inVoices(city *community.City, c *community.Conference, say func(v *phrase.Voice, title string) string) community.Texts {
	var out community.Texts
	for _, t := range c.Title {
		if v := phrase.In(t.Lang); v.Speaks(t.Lang) {
			out = append(out, community.Phrase{Lang: t.Lang, Text: say(v, t.Text)})
		}
	}
	if len(out) == 0 {
		v := phrase.In(city.Languages...)
		out = community.Plain(v.Lang(), say(v, c.Title.First()))
	}
	return out
}
