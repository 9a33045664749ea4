package storage

import (
	"context"
	"strings"
	"time"

	"konfa/community"
)

// TalkQuery picks what is shown of a talk: the answers that everyone may see,
// that no steward holds back or took away, and whose authors are neither blocked
// nor silenced nor gone. Exactly one of the first three is given.
type TalkQuery struct {
	Thread  string          // all that was said about this id, in the order it is read
	Below   *community.Post // what answers this one, at any depth, in the same order
	ReplyTo string          // what answers this id itself, newest first

	Limit  int // 0 = no limit
	Offset int
}

// inTalk is spelt as the index post_thread is.
const inTalk = "draft = 0 AND kind = '' AND state = '' AND visibility IN ('public', 'unlisted')"

func (q *TalkQuery) where() (cond string, args []any) {
	switch {
	case q.ReplyTo != "":
		return "reply_to = ? AND reply_to <> ''", []any{q.ReplyTo}
	case q.Below != nil:
		// Steps are of small letters and digits.
		return "thread = ? AND thread <> '' AND path > ? AND path < ?", []any{q.Below.Thread, q.Below.Path, q.Below.Path + "~"}
	}
	return "thread = ? AND thread <> ''", []any{q.Thread}
}

// Talk lists what is shown of a talk.
func (r *Reader) Talk(ctx context.Context, q TalkQuery) ([]community.Post, error) {
	cond, args, err := r.talk(ctx, q)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	b.WriteString("SELECT " + postColumns + " FROM post WHERE " + cond)
	if q.ReplyTo != "" {
		b.WriteString(" ORDER BY published DESC, id DESC")
	} else {
		b.WriteString(" ORDER BY path, id")
	}
	args = limit(&b, args, q.Limit, q.Offset)
	ps, err := list(ctx, r, scanPost, b.String(), args...)
	if err != nil {
		return nil, err
	}
	return ps, r.nameAuthors(ctx, ps)
}

// CountTalk counts what Talk would list without its limit.
func (r *Reader) CountTalk(ctx context.Context, q TalkQuery) (int, error) {
	cond, args, err := r.talk(ctx, q)
	if err != nil {
		return 0, err
	}
	return value[int](ctx, r, "SELECT COUNT(*) FROM post WHERE "+cond, args...)
}

// talk adds to a query who is not shown.
func (r *Reader) talk(ctx context.Context, q TalkQuery) (string, []any, error) {
	cond, args := q.where()
	cond += " AND " + inTalk + " AND author_id NOT IN (SELECT id FROM actor WHERE gone > 0)"
	unseen, err := r.unseen(ctx, q)
	if err != nil {
		return "", nil, err
	}
	if len(unseen) > 0 {
		cond += " AND NOT (author_id" + r.sql.inIDs + ")"
		args = append(args, asJSON{unseen})
	}
	return cond, args, nil
}

// unseen lists those among the authors of a talk who are kept out.
func (r *Reader) unseen(ctx context.Context, q TalkQuery) ([]int64, error) {
	blocks, err := r.Blocking(ctx)
	if err != nil || blocks.Empty() {
		return nil, err
	}
	type author struct {
		id        int64
		host, uri string
	}
	scan := func(row row, a *author) error { return row.Scan(&a.id, &a.host, &a.uri) }
	cond, args := q.where()
	authors, err := list(ctx, r, scan, "SELECT id, host, uri FROM actor WHERE id IN (SELECT author_id FROM post WHERE "+cond+" AND "+inTalk+" AND author_id <> 0)", args...)
	if err != nil {
		return nil, err
	}
	var out []int64
	for _, a := range authors {
		if blocks.Of(a.host, a.uri) != nil {
			out = append(out, a.id)
		}
	}
	return out, nil
}

// SaidIn counts, among what an actor said in a talk, what is shown and what a
// steward took away.
func (r *Reader) SaidIn(ctx context.Context, thread string, authorID int64) (seen, hidden int, err error) {
	type counts struct{ seen, hidden int }
	scan := func(row row, c *counts) error { return row.Scan(number{&c.seen}, number{&c.hidden}) }
	c, err := one(ctx, r, "talk", scan, `SELECT COALESCE(SUM(CASE WHEN state = '' AND visibility IN ('public', 'unlisted') THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN state = 'hidden' THEN 1 ELSE 0 END), 0) FROM post WHERE author_id = ? AND author_id <> 0 AND thread = ? AND thread <> ''`, authorID, thread)
	if err != nil {
		return 0, 0, err
	}
	return c.seen, c.hidden, nil
}

// BoostsOf counts the posts of an actor that the city boosts, and since an
// instant, and those that the stewards did not want.
func (r *Reader) BoostsOf(ctx context.Context, authorID int64, since time.Time) (boosted, lately, dismissed int, err error) {
	type counts struct{ boosted, lately, dismissed int }
	scan := func(row row, c *counts) error {
		return row.Scan(number{&c.boosted}, number{&c.lately}, number{&c.dismissed})
	}
	c, err := one(ctx, r, "author", scan, `SELECT COALESCE(SUM(CASE WHEN announced > 0 THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN announced > ? THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN state = 'hidden' AND thread = '' THEN 1 ELSE 0 END), 0) FROM post WHERE author_id = ? AND author_id <> 0`, since, authorID)
	if err != nil {
		return 0, 0, 0, err
	}
	return c.boosted, c.lately, c.dismissed, nil
}

// BoostedPosts lists the posts of others that the city boosts, of one of them
// or, for 0, of all.
func (r *Reader) BoostedPosts(ctx context.Context, authorID int64) ([]community.Post, error) {
	q, args := "SELECT "+postColumns+" FROM post WHERE announced > 0", []any{}
	if authorID != 0 {
		q, args = q+" AND author_id = ?", append(args, authorID)
	}
	return list(ctx, r, scanPost, q+" ORDER BY id", args...)
}

// PostSource reads the activity that brought a post of others; NotFound where it
// was not kept.
func (r *Reader) PostSource(ctx context.Context, postID int64) ([]byte, error) {
	s, err := one(ctx, r, "source", func(row row, s *string) error { return row.Scan(s) }, "SELECT activity FROM post_source WHERE post_id = ?", postID)
	if err != nil {
		return nil, err
	}
	return []byte(*s), nil
}

// SavePostSource keeps the activity that brought a post of others, or changed
// it.
func (tx *Tx) SavePostSource(ctx context.Context, postID int64, activity []byte) error {
	return tx.exec(ctx, "INSERT INTO post_source (post_id, activity) VALUES (?, ?) ON CONFLICT (post_id) DO UPDATE SET activity = excluded.activity", postID, string(activity))
}

// Subthread lists everything in a talk below a post, shown or not.
func (r *Reader) Subthread(ctx context.Context, p *community.Post) ([]community.Post, error) {
	if p.Thread == "" {
		return nil, nil
	}
	return list(ctx, r, scanPost, "SELECT "+postColumns+" FROM post WHERE thread = ? AND thread <> '' AND path > ? AND path < ? ORDER BY path, id", p.Thread, p.Path, p.Path+"~")
}
