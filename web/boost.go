package web

import (
	"context"
	"time"

	"konfa/community"
)

// newsCards are the cards of what the city says and passes on.
func (s *Server) newsCards(ctx context.Context, v *viewer, ps []community.Post) ([]postCard, error) {
	authors, err := s.authors(ctx, ps)
	if err != nil {
		return nil, err
	}
	out := make([]postCard, len(ps))
	for i := range ps {
		if ps[i].Own() {
			out[i] = v.postCard(&ps[i])
		} else {
			out[i] = v.boostCard(&ps[i], authors[ps[i].AuthorID])
		}
	}
	return out, nil
}

// authors are the people of other servers who wrote some posts.
func (s *Server) authors(ctx context.Context, ps []community.Post) (map[int64]*community.Actor, error) {
	var ids []int64
	for i := range ps {
		if !ps[i].Own() {
			ids = append(ids, ps[i].AuthorID)
		}
	}
	return s.store.Actors(ctx, ids)
}

// boostCard is a post of someone elsewhere that the city passes on: with its
// author, and leading to where it was said.
func (v *viewer) boostCard(p *community.Post, a *community.Actor) postCard {
	k := postCard{
		Path: postURL(p), Title: v.pick(p.Title), Excerpt: v.excerpt(p.HTML, 280), Warning: p.Warning,
		Published: p.Published.Format(time.RFC3339), Date: v.stamp(p.Published), Boosted: true, Host: hostOf(p.URI),
	}
	if a != nil {
		k.Author = v.stranger(a)
	}
	return k
}

// boostEntry is such a post in a feed, as its author's.
func (v *viewer) boostEntry(p *community.Post, a *community.Actor) entry {
	e := v.postEntry(p)
	e.id, e.url, e.published = p.URI, postURL(p), p.Announced
	if a != nil {
		who := v.stranger(a)
		if e.author = who.Name; who.Note != "" {
			e.author += " (" + who.Note + ")"
		}
	}
	e.html = "<p><em>" + escape(v.T("posts.boosted", "Host", hostOf(p.URI))) + "</em></p>" + e.html
	if e.updated.Before(e.published) {
		e.updated = e.published
	}
	return e
}
