package storage

import (
	"context"
	"time"

	"konfa/community"
)

// News is something that the city published or announced: a conference or a
// post, never both.
type News struct {
	At         time.Time // when it did
	Conference *community.Conference
	Post       *community.Post
}

// They are spelt as the indexes on them are, conference_calendar_news and
// post_news: neither engine would use them otherwise.
const (
	newsAt     = "CASE WHEN uri <> '' AND announced > published THEN announced ELSE published END"
	newsPostAt = "CASE WHEN uri <> '' THEN announced ELSE published END"
	newsPost   = "draft = 0 AND kind = '' AND state = '' AND visibility = 'public' AND (uri = '' AND reply_to = '' OR announced > 0)"
)

// News lists the calendar, the public posts of ours that are no answers and
// those of others that the city boosts together, newest first: what is ours at
// its publication, what is of others when it was announced here. At the same instant conferences come
// first, then what has the higher id. Of what is before offset only the order is
// read, from the indexes.
func (r *Reader) News(ctx context.Context, limit, offset int) ([]News, error) {
	type key struct {
		post bool
		id   int64
		at   time.Time
	}
	scan := func(row row, k *key) error { return row.Scan(instant{&k.at}, flag{&k.post}, &k.id) }
	end := limit + offset
	keys, err := list(ctx, r, scan, `SELECT happened, kind, id FROM (
			SELECT happened, kind, id FROM (SELECT `+newsAt+` AS happened, 0 AS kind, id FROM conference WHERE `+inCalendar+` ORDER BY `+newsAt+` DESC, id DESC LIMIT ?) AS c
			UNION ALL
			SELECT happened, kind, id FROM (SELECT `+newsPostAt+` AS happened, 1 AS kind, id FROM post WHERE `+newsPost+` ORDER BY `+newsPostAt+` DESC, id DESC LIMIT ?) AS p
		) AS n ORDER BY happened DESC, kind, id DESC LIMIT ? OFFSET ?`,
		end, end, limit, offset)
	if err != nil {
		return nil, err
	}
	var conferenceIDs, postIDs []int64
	for _, k := range keys {
		if k.post {
			postIDs = append(postIDs, k.id)
		} else {
			conferenceIDs = append(conferenceIDs, k.id)
		}
	}
	conferences, posts := map[int64]*community.Conference{}, map[int64]*community.Post{}
	if len(conferenceIDs) > 0 {
		cs, err := list(ctx, r, scanConference, conferenceSelect+"WHERE "+inCalendar+" AND id"+r.sql.inIDs, asJSON{conferenceIDs})
		if err != nil {
			return nil, err
		}
		if err := r.complete(ctx, cs); err != nil {
			return nil, err
		}
		for i := range cs {
			conferences[cs[i].ID] = &cs[i]
		}
	}
	if len(postIDs) > 0 {
		ps, err := list(ctx, r, scanPost, "SELECT "+postColumns+" FROM post WHERE "+newsPost+" AND id"+r.sql.inIDs, asJSON{postIDs})
		if err != nil {
			return nil, err
		}
		if err := r.nameAuthors(ctx, ps); err != nil {
			return nil, err
		}
		for i := range ps {
			posts[ps[i].ID] = &ps[i]
		}
	}
	out := make([]News, 0, len(keys))
	for _, k := range keys {
		n := News{At: k.at, Conference: conferences[k.id]}
		if k.post {
			n.Conference, n.Post = nil, posts[k.id]
		}
		if n.Conference != nil || n.Post != nil { // else it was taken back since
			out = append(out, n)
		}
	}
	return out, nil
}

// CountNews counts what News would list without its limit.
func (r *Reader) CountNews(ctx context.Context) (int, error) {
	return value[int](ctx, r, "SELECT (SELECT COUNT(*) FROM conference WHERE "+inCalendar+") + (SELECT COUNT(*) FROM post WHERE "+newsPost+")")
}
