package activitystreams

import (
	"slices"
	"time"

	"konfa/community"

	"github.com/go-fed/activity/streams"
	"github.com/go-fed/activity/streams/vocab"
)

// Post is the document of a post of ours: a Note, or an Article when it has a
// title.
func (e *Encoder) Post(p *community.Post) ([]byte, error) {
	if p.Slug == "" || p.Author == "" {
		return nil, community.Errorf(community.Internal, "a post without slug and author has no address yet")
	}
	return e.fitPost(p, nil, false)
}

// ThreadPost is the document of a post of the city for servers made of
// communities and threads (FEP-1b12): the desk is its author, the city the
// community it is in.
func (e *Encoder) ThreadPost(p *community.Post) ([]byte, error) {
	if p.Slug == "" || p.Author != community.CityActor {
		return nil, community.Errorf(community.Internal, "only what the city says is a post of its community")
	}
	q := *p
	q.Author = community.DeskActor
	return e.fitPost(&q, nil, true)
}

// Poll is the document of a post of ours that asks who comes: a Question, as
// Mastodon and its kin take votes for. The tally is that of poll.
func (e *Encoder) Poll(p *community.Post, poll *community.Poll) ([]byte, error) {
	if p.Slug == "" || p.Author == "" || len(poll.Options) == 0 {
		return nil, community.Errorf(community.Internal, "a poll without slug, author and options has no address yet")
	}
	return e.fitPost(p, poll, false)
}

func (e *Encoder) fitPost(p *community.Post, poll *community.Poll, thread bool) ([]byte, error) {
	limit := maxWire
	for {
		b, err := e.post(p, poll, thread, limit)
		if err != nil {
			return nil, err
		}
		if len(b) <= maxWire {
			return b, nil
		}
		over := len(b) - maxWire
		limit = min(limit, longest(p.HTML)) - over/(len(p.HTML)+1) - 256
		if limit < 0 {
			return nil, community.Errorf(community.Refused, "the post is too long to be sent to other servers").WithHint("mention fewer people")
		}
	}
}

func (e *Encoder) post(p *community.Post, poll *community.Poll, thread bool, limit int) ([]byte, error) {
	id := e.site.Post(p.Slug)
	var o object
	if poll != nil {
		o = streams.NewActivityStreamsQuestion()
	} else if p.Article() {
		o = streams.NewActivityStreamsArticle()
		setName(o, p.Title.First())
	} else {
		o = streams.NewActivityStreamsNote()
	}
	setID(o, id)
	setURL(o, id)
	setAuthor(o, e.site.Actor(p.Author))
	to, cc := e.audience(p)
	if thread {
		group := e.site.Actor(community.CityActor)
		setAudience(o, group)
		to, cc = []string{group, PublicURI}, []string{group}
		for _, m := range p.Mentions {
			cc = append(cc, m.URI)
		}
	}
	setAddress(o, to, cc)
	setTimes(o, p.Published, p.Updated)
	content := p.HTML
	if longest(content) > limit {
		content = make(community.Texts, len(p.HTML))
		for i, t := range p.HTML {
			content[i] = t
			if len(t.Text) > limit {
				content[i].Text = cutHTML(t.Text, limit) + readOn(id, t.Lang)
			}
		}
	}
	setContent(o, content.First())
	setMediaType(o, "text/html")
	setSummary(o, p.Warning)
	if p.ReplyTo != "" {
		r := streams.NewActivityStreamsInReplyToProperty()
		r.AppendIRI(iri(p.ReplyTo))
		o.(interface {
			SetActivityStreamsInReplyTo(vocab.ActivityStreamsInReplyToProperty)
		}).SetActivityStreamsInReplyTo(r)
	}
	if p.Visibility != community.Direct {
		// Of what was said to one person nobody may read the answers, and
		// GoToSocial would ask for them at once.
		setReplies(o, e.site.Replies(id), -1)
	}

	attachments := []any{}
	for i := range p.Pictures {
		m, err := image(&p.Pictures[i], "").Serialize()
		if err != nil {
			return nil, community.Errorf(community.Internal, "a picture could not be written: %w", err)
		}
		m["type"] = "Document" // what Mastodon writes and Pixelfed expects
		attachments = append(attachments, m)
	}
	tags := []any{}
	for _, m := range p.Mentions {
		tags = append(tags, pairs{{"type", "Mention"}, {"name", m.Name}, {"href", m.URI}})
	}
	with := pairs{
		{"contentMap", languageMap(content)},
		{"sensitive", p.Warning != ""},
		{"attachment", attachments},
		{"tag", append(tags, e.hashtags(p.Tags)...)},
	}
	if p.Article() {
		with = append(with,
			pair{"nameMap", languageMap(p.Title)},
			pair{"actor", e.site.Actor(p.Author)}) // Mobilizon reads no Article without
	}
	return finish(o, withUpdated(append(with, questions(poll)...), p.Published, p.Updated))
}

// questions are the choices of a poll. Mastodon counts as one what is in oneOf,
// takes the numbers from the totals of replies, and shows the poll as over from
// endTime or closed on.
func questions(poll *community.Poll) pairs {
	if poll == nil {
		return nil
	}
	options := make([]any, 0, len(poll.Options))
	for _, o := range poll.Options {
		options = append(options, pairs{{"type", "Note"}, {"name", o.Name},
			{"replies", pairs{{"type", "Collection"}, {"totalItems", poll.Tally.Of(o.Answer)}}}})
	}
	with := pairs{
		{"oneOf", options},
		{"votersCount", poll.Tally.Sum()},
		{"endTime", poll.Ends.UTC().Format(time.RFC3339)},
	}
	if !poll.Closed.IsZero() {
		with = append(with, pair{"closed", poll.Closed.UTC().Format(time.RFC3339)})
	}
	return with
}

// audience is who a post is addressed to. Mastodon tells the visibility from
// where the public and the followers stand.
func (e *Encoder) audience(p *community.Post) (to, cc []string) {
	followers := e.site.Followers(p.Author)
	var named []string
	for _, m := range p.Mentions {
		if m.URI != "" && !slices.Contains(named, m.URI) {
			named = append(named, m.URI)
		}
	}
	switch p.Visibility {
	case community.Unlisted:
		return []string{followers}, append([]string{PublicURI}, named...)
	case community.Followers:
		return []string{followers}, named
	case community.Direct:
		return named, nil
	}
	return []string{PublicURI}, append([]string{followers}, named...)
}
