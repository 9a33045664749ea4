package node

import (
	"context"
	"slices"
	"strings"
	"time"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/prose"
	"konfa/storage"
)

// shown are the visibilities that everyone may see.
var shown = []community.Visibility{community.Public, community.Unlisted}

// AddPost publishes a post, or keeps it as a draft when p.Draft is set. An empty
// author is the city, for which only stewards speak; a member speaks for
// themselves.
func (n *Node) AddPost(ctx context.Context, by By, p *community.Post, pub Publish) (*community.Post, error) {
	if p.Author == "" {
		p.Author = community.CityActor
	}
	if err := mayWrite(by, p.Author); err != nil {
		return nil, err
	}
	slug := ""
	err := n.write(ctx, func(tx *storage.Tx) error {
		if made, twice, err := n.sent(ctx, tx, pub.Once); err != nil || twice {
			slug = made
			return err
		}
		if handle, ok := p.Author.Member(); ok {
			m, err := tx.Member(ctx, handle)
			if err != nil {
				return err
			}
			if err := m.MayAct(); err != nil {
				return err
			}
		} else if p.Author != community.CityActor {
			return community.Errorf(community.Invalid, "%s does not write posts", p.Author)
		}
		p.ReplyTo = n.canonical(p.ReplyTo)
		if err := n.mayAnswer(ctx, tx, by, p); err != nil {
			return err
		}
		if err := n.addPost(ctx, tx, p, pub); err != nil {
			return err
		}
		slug = p.Slug
		if err := n.saveSent(ctx, tx, pub.Once, slug); err != nil {
			return err
		}
		if p.Draft {
			return n.auditPost(ctx, tx, by, "post.add", p)
		}
		return n.auditPost(ctx, tx, by, "post.publish", p)
	})
	if err != nil {
		return nil, err
	}
	return n.store.Post(ctx, slug)
}

func (n *Node) addPost(ctx context.Context, tx *storage.Tx, p *community.Post, pub Publish) error {
	city, err := tx.City(ctx)
	if err != nil {
		return err
	}
	p.ID, p.URI, p.URL, p.AuthorID = 0, "", "", 0
	if err := n.completePost(ctx, tx, city, p); err != nil {
		return err
	}
	p.Created, p.Updated, p.Published = tx.Now(), tx.Now(), tx.Now()
	if p.Draft {
		p.Published = time.Time{}
	}
	words := p.Title.First()
	if words == "" {
		words = prose.Text(p.HTML.First(), 50)
	}
	slug := community.Slug(words, "post")
	p.Slug, err = n.freeSlug(ctx, tx, "posts/", []string{slug, slug + tx.Now().Format("-2006-01-02")})
	if err != nil {
		return err
	}
	if handle, ok := p.Author.Member(); ok {
		quiet, err := n.silenced(ctx, tx.Reader, handle)
		if err != nil {
			return err
		}
		if quiet {
			p.State = community.Silenced
		}
	}
	if _, err := n.place(ctx, tx, p); err != nil {
		return err
	}
	if err := tx.InsertPost(ctx, p); err != nil {
		return err
	}
	if p.Draft {
		return nil
	}
	return n.emitPost(ctx, tx, p, "Create", pub)
}

// completePost normalises a post of ours, finds what its text mentions, and
// checks it.
func (n *Node) completePost(ctx context.Context, tx *storage.Tx, city *community.City, p *community.Post) error {
	p.Tidy()
	inLanguage(city.Languages[0], p.Title, p.Text)
	if p.ReplyTo != "" && p.ConferenceID == 0 {
		id, err := n.conferenceOf(ctx, tx.Reader, p.ReplyTo)
		if err != nil {
			return err
		}
		p.ConferenceID = id
	}
	p.HTML = p.Text.Map(prose.Markdown)
	for _, t := range p.Text {
		p.Tags = append(p.Tags, prose.Hashtags(t.Text)...)
	}
	p.Tidy()
	if err := p.Check(); err != nil {
		return err
	}
	return n.findMentions(ctx, tx, p)
}

// findMentions turns the handles in a post into mentions of the actors we know
// by them, and names whom it answers. One we have never heard of stays a word.
func (n *Node) findMentions(ctx context.Context, tx *storage.Tx, p *community.Post) error {
	p.Mentions = nil
	for _, t := range p.Text {
		for _, m := range prose.Mentions(t.Text) {
			user, host, ok := strings.Cut(strings.TrimPrefix(m, "@"), "@")
			if !ok {
				continue
			}
			a, err := tx.ActorByAddress(ctx, user, strings.ToLower(host))
			if ok, err := found(err); err != nil {
				return err
			} else if !ok {
				continue
			}
			addMention(p, a)
		}
	}
	if p.ReplyTo == "" {
		return nil
	}
	// Mastodon tells of an answer only whom it names.
	a, err := n.authorOf(ctx, tx.Reader, p.ReplyTo)
	if ok, err := found(err); !ok {
		return err
	}
	addMention(p, a)
	return nil
}

func addMention(p *community.Post, a *community.Actor) {
	if !slices.ContainsFunc(p.Mentions, func(m community.Mention) bool { return m.URI == a.URI }) {
		p.Mentions = append(p.Mentions, community.Mention{Name: a.Address(), URI: a.URI})
	}
}

// PublishPost publishes a draft. Conflict when it is published already.
func (n *Node) PublishPost(ctx context.Context, by By, slug string, pub Publish) (*community.Post, error) {
	return n.changePost(ctx, by, slug, func(tx *storage.Tx, city *community.City, p *community.Post) error {
		return n.publishPost(ctx, tx, by, p, pub)
	})
}

func (n *Node) publishPost(ctx context.Context, tx *storage.Tx, by By, p *community.Post, pub Publish) error {
	if !p.Draft {
		return &community.Error{Code: community.Conflict, Key: "error.already_published", Msg: "this post is published already"}
	}
	p.Draft = false
	p.Published, p.Updated = tx.Now(), tx.Now()
	if _, err := n.place(ctx, tx, p); err != nil {
		return err
	}
	if err := tx.UpdatePost(ctx, p); err != nil {
		return err
	}
	if err := n.emitPost(ctx, tx, p, "Create", pub); err != nil {
		return err
	}
	return n.auditPost(ctx, tx, by, "post.publish", p)
}

// UpdatePost changes a post of ours and tells everyone who knows of it.
func (n *Node) UpdatePost(ctx context.Context, by By, slug string, change func(*community.Post) error) (*community.Post, error) {
	return n.EditPost(ctx, by, slug, Edit{}, change)
}

// EditPost changes a post as UpdatePost does, and publishes a draft where e says so.
// Conflict, with the key "error.edited", when it is not what was edited any more.
func (n *Node) EditPost(ctx context.Context, by By, slug string, e Edit, change func(*community.Post) error) (*community.Post, error) {
	return n.changePost(ctx, by, slug, func(tx *storage.Tx, city *community.City, p *community.Post) error {
		if !e.Seen.IsZero() && !e.Seen.Equal(p.Updated) {
			return &community.Error{Code: community.Conflict, Key: "error.edited", Msg: "someone else changed this in the meantime"}
		}
		old := *p
		if err := change(p); err != nil {
			return err
		}
		p.ID, p.Slug, p.URI, p.Author, p.Draft = old.ID, old.Slug, old.URI, old.Author, old.Draft
		p.Created, p.Published, p.ReplyTo = old.Created, old.Published, old.ReplyTo
		if !old.Draft || old.ReplyTo != "" {
			p.ConferenceID = old.ConferenceID // what it is about was told
		}
		p.Thread, p.Path, p.Kind, p.State, p.Announced = old.Thread, old.Path, old.Kind, old.State, old.Announced
		if p.Article() != old.Article() && !old.Draft {
			return community.Errorf(community.Conflict, "a published note stays a note and an article an article").
				WithHint("other servers keep the kind of a post for ever: delete it and publish a new one")
		}
		if p.Visibility != old.Visibility && !old.Draft {
			return community.Errorf(community.Conflict, "who may see a published post cannot be changed").
				WithHint("other servers have it already: delete it and publish a new one")
		}
		before, err := n.addressPost(ctx, tx, &old)
		if err != nil {
			return err
		}
		if err := n.completePost(ctx, tx, city, p); err != nil {
			return err
		}
		p.Updated = tx.Now()
		if err := tx.UpdatePost(ctx, p); err != nil {
			return err
		}
		if p.Draft && e.Publish {
			return n.publishPost(ctx, tx, by, p, Publish{Quiet: e.Quiet})
		}
		if err := n.auditPost(ctx, tx, by, "post.update", p); err != nil || p.Draft {
			return err
		}
		// Who is not mentioned any more has the old text and gets the new one.
		return n.emitPost(ctx, tx, p, "Update", Publish{}, before.inboxes...)
	})
}

func (n *Node) changePost(ctx context.Context, by By, slug string, change func(*storage.Tx, *community.City, *community.Post) error) (*community.Post, error) {
	err := n.write(ctx, func(tx *storage.Tx) error {
		city, err := tx.City(ctx)
		if err != nil {
			return err
		}
		p, err := n.ownPost(ctx, tx.Reader, slug)
		if err != nil {
			return err
		}
		if err := mayWrite(by, p.Author); err != nil {
			return err
		}
		if p.Kind != community.OrdinaryPost {
			return community.Errorf(community.Conflict, "the city wrote this by itself, and it is not edited by hand")
		}
		return change(tx, city, p)
	})
	if err != nil {
		return nil, err
	}
	return n.store.Post(ctx, slug)
}

// mayWrite returns nil when whoever asks may speak as the author: stewards for
// the city, everyone for themselves and nobody for someone else.
func mayWrite(by By, author community.LocalActor) error {
	handle, ok := author.Member()
	if !ok {
		return by.may(community.Steward)
	}
	if err := by.may(community.Regular); err != nil {
		return err
	}
	return by.mayAs(handle)
}

func (n *Node) ownPost(ctx context.Context, r *storage.Reader, slug string) (*community.Post, error) {
	p, err := r.Post(ctx, slug)
	if err == nil || community.CodeOf(err) != community.NotFound {
		return p, err
	}
	if _, terr := r.Tombstone(ctx, "posts/"+slug); terr == nil {
		return nil, community.Errorf(community.Gone, "the post %q was deleted", slug)
	}
	return nil, community.Errorf(community.NotFound, "there is no post %q", slug).WithHint("konfa post list shows them all")
}

// DeletePost removes a post of ours for good.
func (n *Node) DeletePost(ctx context.Context, by By, slug string) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		p, err := n.ownPost(ctx, tx.Reader, slug)
		if err != nil {
			return err
		}
		if err := mayWrite(by, p.Author); err != nil && by.may(community.Steward) != nil {
			return err // stewards keep order
		}
		if p.Kind == community.PollPost {
			if err := n.askNoMore(ctx, tx, p.ConferenceID); err != nil {
				return err
			}
		}
		if err := n.auditPost(ctx, tx, by, "post.delete", p); err != nil {
			return err
		}
		return n.deletePost(ctx, tx, p)
	})
}

func (n *Node) deletePost(ctx context.Context, tx *storage.Tx, p *community.Post) error {
	e, err := n.addressKnownPost(ctx, tx, p)
	if err != nil {
		return err
	}
	if err := tx.DeletePost(ctx, p.ID); err != nil {
		return err
	}
	former := e.objectType
	if err := tx.SaveTombstone(ctx, "posts/"+p.Slug, former); err != nil {
		return err
	}
	if p.Draft {
		return nil
	}
	doc, err := n.enc.Tombstone(n.site.Post(p.Slug), former, tx.Now())
	if err != nil {
		return err
	}
	e.typ, e.object, e.form = "Delete", doc, p.Form()
	if _, err = n.emit(ctx, tx, e); err != nil || !threaded(p) {
		return err
	}
	return n.emitPostThread(ctx, tx, p, "Delete", former, e.inboxes)
}

// emitPost writes what happened to a post and sends it to its audience, and to
// some more inboxes.
func (n *Node) emitPost(ctx context.Context, tx *storage.Tx, p *community.Post, typ string, pub Publish, more ...storage.Target) error {
	doc, err := n.postDocument(ctx, tx.Reader, p)
	if err != nil {
		return err
	}
	e, err := n.addressKnownPost(ctx, tx, p)
	if err != nil {
		return err
	}
	e.typ, e.object, e.quiet, e.form = typ, doc, pub.Quiet, p.Form()
	e.inboxes = append(e.inboxes, more...)
	if _, err = n.emit(ctx, tx, e); err != nil || pub.Quiet || !threaded(p) {
		return err
	}
	return n.emitPostThread(ctx, tx, p, typ, e.objectType, e.inboxes)
}

// addressKnownPost is addressPost with whoever answered, liked or boosted the
// post, who need not follow.
func (n *Node) addressKnownPost(ctx context.Context, tx *storage.Tx, p *community.Post) (emission, error) {
	e, err := n.addressPost(ctx, tx, p)
	if err != nil || p.Visibility == community.Direct {
		return e, err
	}
	ids, err := tx.Engaged(ctx, n.site.Post(p.Slug))
	if err != nil {
		return e, err
	}
	more, err := n.inboxesOf(ctx, tx, ids)
	e.inboxes = append(e.inboxes, more...)
	return e, err
}

// addressPost says who a post goes to: by its visibility, to those it mentions,
// and to whoever it answers.
func (n *Node) addressPost(ctx context.Context, tx *storage.Tx, p *community.Post) (emission, error) {
	followers := n.site.Followers(p.Author)
	e := emission{actor: p.Author, objectID: n.site.Post(p.Slug), objectType: "Note"}
	if p.Article() {
		e.objectType = "Article"
	}
	if p.Kind == community.PollPost {
		e.objectType = "Question"
	}
	switch p.Visibility {
	case community.Public:
		e.to, e.cc, e.public, e.followers = []string{activitystreams.PublicURI}, []string{followers}, true, true
	case community.Unlisted:
		e.to, e.cc, e.public, e.followers = []string{followers}, []string{activitystreams.PublicURI}, true, true
	case community.Followers:
		e.to, e.followers = []string{followers}, true
	}
	people := map[int64]*community.Actor{}
	for _, m := range p.Mentions {
		a, err := tx.Actor(ctx, m.URI)
		if ok, err := found(err); err != nil {
			return e, err
		} else if ok {
			people[a.ID] = a
		}
	}
	if p.ReplyTo != "" {
		a, err := n.authorOf(ctx, tx.Reader, p.ReplyTo)
		if ok, err := found(err); err != nil {
			return e, err
		} else if ok {
			people[a.ID] = a
		}
	}
	for _, a := range people {
		if p.Visibility == community.Direct {
			e.to = append(e.to, a.URI)
		} else {
			e.cc = append(e.cc, a.URI)
		}
	}
	slices.Sort(e.to)
	if len(e.cc) > 1 {
		slices.Sort(e.cc[1:])
	}
	e.inboxes = targets(people)
	return e, nil
}

// authorOf finds the remote actor behind a conference or post of someone else.
func (n *Node) authorOf(ctx context.Context, r *storage.Reader, uri string) (*community.Actor, error) {
	p, err := r.PostByURI(ctx, uri)
	if err == nil {
		return r.ActorByID(ctx, p.AuthorID)
	}
	if community.CodeOf(err) != community.NotFound {
		return nil, err
	}
	c, err := r.ConferenceByURI(ctx, uri)
	if err != nil {
		return nil, err
	}
	return r.ActorByID(ctx, c.OriginID)
}

// conferenceOf finds the conference that an answer to uri belongs to, or 0.
func (n *Node) conferenceOf(ctx context.Context, r *storage.Reader, uri string) (int64, error) {
	if slug, ok := n.site.ConferenceSlug(uri); ok {
		c, err := r.Conference(ctx, slug)
		if ok, err := found(err); !ok {
			return 0, err
		}
		if c.Draft {
			return 0, nil
		}
		return c.ID, nil
	}
	var p *community.Post
	var err error
	if slug, ok := n.site.PostSlug(uri); ok {
		p, err = r.Post(ctx, slug)
	} else {
		p, err = r.PostByURI(ctx, uri)
	}
	if err == nil {
		return p.ConferenceID, nil
	}
	if community.CodeOf(err) != community.NotFound {
		return 0, err
	}
	c, err := r.ConferenceByURI(ctx, uri)
	if ok, err := found(err); !ok {
		return 0, err
	}
	return c.ID, nil
}

// PostDocument is the ActivityPub document of a post of ours that everyone may
// see. Gone when it was deleted, NotFound when it never was or is not public.
func (n *Node) PostDocument(ctx context.Context, slug string) ([]byte, error) {
	return n.PostDocumentFor(ctx, slug, community.Standard)
}

// PostDocumentFor is PostDocument in the form that a software needs.
func (n *Node) PostDocumentFor(ctx context.Context, slug string, f community.Form) ([]byte, error) {
	p, err := n.ownPost(ctx, n.store.Reader, slug)
	if err != nil {
		return nil, err
	}
	if p.Draft || !slices.Contains(shown, p.Visibility) {
		return nil, community.Errorf(community.NotFound, "there is no post %q", slug)
	}
	if p.State == community.Hidden {
		return nil, community.Errorf(community.Forbidden, "the stewards have hidden this post") // that may pass
	}
	if f.Threaded() && threaded(p) {
		return n.enc.ThreadPost(p)
	}
	return n.postDocument(ctx, n.store.Reader, p)
}

func (n *Node) postDocument(ctx context.Context, r *storage.Reader, p *community.Post) ([]byte, error) {
	if p.Kind == community.PollPost {
		return n.pollDocument(ctx, r, p)
	}
	return n.enc.Post(p)
}
