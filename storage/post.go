package storage

import (
	"context"
	"slices"
	"strings"
	"time"

	"konfa/community"
)

// PostQuery picks posts, newest first; its zero value is all that are published.
type PostQuery struct {
	Own          bool
	Author       community.LocalActor
	ConferenceID int64
	ReplyTo      string
	Standing     bool                   // no answers
	Visibilities []community.Visibility // none = all
	Kinds        []community.PostKind   // none = all
	States       []community.PostState  // none = all
	News         bool                   // what News lists, in its order: our public posts that are no answers, and those the city boosts
	Mentions     bool                   // of others, which the city was, or may be, asked to boost
	InTalk       bool                   // in some talk
	Drafts       bool                   // drafts too, the newest of them by when they were begun
	Tag          string
	Before       time.Time // published before
	Limit        int       // 0 = no limit
	Offset       int
}

const postColumns = `id, slug, uri, url, author, author_id, title, text, html, warning, reply_to, conference_id, visibility, tags, mentions, pictures,
	draft, created, published, updated, kind, state, announced, thread, path`

func scanPost(row row, p *community.Post) error {
	return row.Scan(&p.ID, &p.Slug, &p.URI, &p.URL, &p.Author, &p.AuthorID, fromJSON{&p.Title}, fromJSON{&p.Text}, fromJSON{&p.HTML}, &p.Warning,
		&p.ReplyTo, &p.ConferenceID, &p.Visibility, fromJSON{&p.Tags}, fromJSON{&p.Mentions}, fromJSON{&p.Pictures},
		flag{&p.Draft}, instant{&p.Created}, instant{&p.Published}, instant{&p.Updated},
		&p.Kind, &p.State, instant{&p.Announced}, &p.Thread, &p.Path)
}

// Post reads a post of ours by its slug.
func (r *Reader) Post(ctx context.Context, slug string) (*community.Post, error) {
	return r.post(ctx, "slug = ? AND slug <> ''", slug)
}

// PostByID reads a post.
func (r *Reader) PostByID(ctx context.Context, id int64) (*community.Post, error) {
	return r.post(ctx, "id = ?", id)
}

// PostByURI reads a post of another server by its id.
func (r *Reader) PostByURI(ctx context.Context, uri string) (*community.Post, error) {
	return r.post(ctx, "uri = ? AND uri <> ''", uri)
}

func (r *Reader) post(ctx context.Context, where string, arg any) (*community.Post, error) {
	p, err := one(ctx, r, "post", scanPost, "SELECT "+postColumns+" FROM post WHERE "+where, arg)
	if err != nil {
		return nil, err
	}
	ps := []community.Post{*p}
	if err := r.nameAuthors(ctx, ps); err != nil {
		return nil, err
	}
	return &ps[0], nil
}

func (q *PostQuery) where(b *strings.Builder, d dialect) []any {
	var conds []string
	var args []any
	add := func(cond string, a ...any) {
		conds = append(conds, cond)
		args = append(args, a...)
	}
	if !q.Drafts {
		add("draft = 0")
	}
	if q.Own || q.Author != "" {
		add("uri = ''")
	}
	if q.Author != "" {
		add("author = ?", q.Author)
	}
	if q.ConferenceID != 0 {
		add("conference_id = ? AND conference_id <> 0", q.ConferenceID)
	}
	if q.ReplyTo != "" {
		add("reply_to = ? AND reply_to <> ''", q.ReplyTo)
	}
	if q.InTalk {
		add("thread <> ''")
	}
	if q.News {
		add(newsPost)
	}
	if q.Mentions {
		add("uri <> '' AND thread = '' AND (state IN ('offered', 'hidden') OR announced > 0)")
	}
	if q.Standing {
		add("reply_to = ''")
	}
	if len(q.Visibilities) > 0 {
		add("visibility"+d.inTexts, asJSON{q.Visibilities})
	}
	if len(q.Kinds) > 0 {
		add("kind"+d.inTexts, asJSON{q.Kinds})
	}
	if len(q.States) > 0 {
		add("state"+d.inTexts, asJSON{q.States})
	}
	if q.Tag != "" {
		add("id IN (SELECT post_id FROM post_tag WHERE tag = ?)", q.Tag)
	}
	if !q.Before.IsZero() {
		add("published < ?", q.Before)
	}
	if len(conds) > 0 {
		b.WriteString(" WHERE " + strings.Join(conds, " AND "))
	}
	return args
}

// Posts lists posts, newest first.
func (r *Reader) Posts(ctx context.Context, q PostQuery) ([]community.Post, error) {
	var b strings.Builder
	b.WriteString("SELECT " + postColumns + " FROM post")
	args := q.where(&b, r.sql)
	switch {
	case q.News:
		b.WriteString(" ORDER BY " + newsPostAt + " DESC, id DESC")
	case q.Drafts:
		b.WriteString(" ORDER BY CASE WHEN published = 0 THEN created ELSE published END DESC, id DESC")
	default:
		b.WriteString(" ORDER BY published DESC, id DESC")
	}
	args = limit(&b, args, q.Limit, q.Offset)
	ps, err := list(ctx, r, scanPost, b.String(), args...)
	if err != nil {
		return nil, err
	}
	return ps, r.nameAuthors(ctx, ps)
}

// CountPosts counts what Posts would list without its limit.
func (r *Reader) CountPosts(ctx context.Context, q PostQuery) (int, error) {
	var b strings.Builder
	b.WriteString("SELECT COUNT(*) FROM post")
	args := q.where(&b, r.sql)
	return value[int](ctx, r, b.String(), args...)
}

// nameAuthors fills what the authors are called: a member by name, the city by
// its name in the main language, anyone else as their server says.
func (r *Reader) nameAuthors(ctx context.Context, ps []community.Post) error {
	var actors []int64
	var handles []string
	city := false
	for _, p := range ps {
		if p.AuthorID != 0 {
			actors = append(actors, p.AuthorID)
		} else if h, ok := p.Author.Member(); ok {
			handles = append(handles, h)
		} else {
			city = true
		}
	}
	names := map[community.LocalActor]string{}
	if len(handles) > 0 {
		ms, err := list(ctx, r, scanMember, "SELECT "+memberColumns+" FROM member WHERE handle"+r.sql.inTexts, asJSON{handles})
		if err != nil {
			return err
		}
		for _, m := range ms {
			names[community.MemberActor(m.Handle)] = m.Name
		}
	}
	if city {
		c, err := r.City(ctx)
		if err != nil && !isNotFound(err) {
			return err
		}
		if c != nil {
			names[community.CityActor] = c.Name.First()
		}
	}
	var remote map[int64]string
	if len(actors) > 0 {
		var err error
		if remote, err = r.actorNames(ctx, actors); err != nil {
			return err
		}
	}
	for i := range ps {
		if ps[i].AuthorID != 0 {
			ps[i].AuthorName = remote[ps[i].AuthorID]
		} else {
			ps[i].AuthorName = names[ps[i].Author]
		}
	}
	return nil
}

func postArgs(p *community.Post) []any {
	return []any{p.Slug, p.URI, p.URL, p.Author, p.AuthorID, asJSON{p.Title}, asJSON{p.Text}, asJSON{p.HTML}, p.Warning, p.ReplyTo, p.ConferenceID,
		p.Visibility, asJSON{p.Tags}, asJSON{p.Mentions}, asJSON{p.Pictures}, p.Draft, p.Created, p.Published, p.Updated,
		p.Kind, p.State, p.Announced, p.Thread, p.Path}
}

// InsertPost adds a post, its tags and its source where there is one; Conflict if its slug or URI is taken.
func (tx *Tx) InsertPost(ctx context.Context, p *community.Post) error {
	err := tx.taken(ctx, "there is such a post already", func() error {
		return tx.insert(ctx, &p.ID, `INSERT INTO post (slug, uri, url, author, author_id, title, text, html, warning, reply_to, conference_id, visibility,
			tags, mentions, pictures, draft, created, published, updated, kind, state, announced, thread, path)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`, postArgs(p)...)
	})
	if err != nil {
		return err
	}
	if len(p.Source) > 0 {
		if err := tx.SavePostSource(ctx, p.ID, p.Source); err != nil {
			return err
		}
	}
	if err := tx.insertPostTags(ctx, p); err != nil {
		return err
	}
	return tx.searchPost(ctx, p)
}

// UpdatePost writes a post and its tags.
func (tx *Tx) UpdatePost(ctx context.Context, p *community.Post) error {
	scan := func(row row, was *community.Post) error { return row.Scan(fromJSON{&was.Tags}) }
	was, err := one(ctx, tx.Reader, "post", scan, "SELECT tags FROM post WHERE id = ?", p.ID)
	if err != nil {
		return err
	}
	err = tx.taken(ctx, "there is such a post already", func() error {
		return tx.update(ctx, "post", `UPDATE post SET slug = ?, uri = ?, url = ?, author = ?, author_id = ?, title = ?, text = ?, html = ?, warning = ?,
			reply_to = ?, conference_id = ?, visibility = ?, tags = ?, mentions = ?, pictures = ?, draft = ?, created = ?, published = ?, updated = ?,
			kind = ?, state = ?, announced = ?, thread = ?, path = ? WHERE id = ?`, append(postArgs(p), p.ID)...)
	})
	if err != nil {
		return err
	}
	if err := tx.searchPost(ctx, p); err != nil || slices.Equal(was.Tags, p.Tags) {
		return err
	}
	if err := tx.exec(ctx, "DELETE FROM post_tag WHERE post_id = ?", p.ID); err != nil {
		return err
	}
	return tx.insertPostTags(ctx, p)
}

func (tx *Tx) insertPostTags(ctx context.Context, p *community.Post) error {
	for _, tag := range p.Tags {
		if err := tx.exec(ctx, "INSERT INTO post_tag (post_id, tag) VALUES (?, ?) ON CONFLICT DO NOTHING", p.ID, tag); err != nil {
			return err
		}
	}
	return nil
}

// DeletePost removes a post with its tags. The tombstone is the caller's to
// write.
func (tx *Tx) DeletePost(ctx context.Context, id int64) error {
	if err := tx.deleteSearch(ctx, "post", id); err != nil {
		return err
	}
	return tx.exec(ctx, "DELETE FROM post WHERE id = ?", id)
}

// DeletePostsOfActor removes all posts of a remote actor with their tags.
func (tx *Tx) DeletePostsOfActor(ctx context.Context, actorID int64) error {
	boosted, err := list(ctx, tx.Reader, func(row row, id *int64) error { return row.Scan(id) },
		"SELECT id FROM post WHERE author_id = ? AND announced > 0", actorID)
	if err != nil {
		return err
	}
	for _, id := range boosted {
		if err := tx.deleteSearch(ctx, "post", id); err != nil {
			return err
		}
	}
	return tx.exec(ctx, "DELETE FROM post WHERE author_id = ? AND author_id <> 0", actorID)
}
