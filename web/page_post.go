package web

import (
	"context"
	"net/http"
	"time"

	"konfa/community"
	"konfa/prose"
	"konfa/storage"
)

// posts is the list of all posts: /posts, with ?page=.
func (s *Server) posts(ctx context.Context, v *viewer, r *http.Request) (*shown, error) {
	number, err := pageNumber(r)
	if err != nil {
		return nil, err
	}
	q := storage.PostQuery{News: true, Limit: perPage, Offset: (number - 1) * perPage}
	ps, err := s.store.Posts(ctx, q)
	if err != nil {
		return nil, err
	}
	total, err := s.store.CountPosts(ctx, q)
	if err != nil {
		return nil, err
	}
	if number > 1 && (number-1)*perPage >= total {
		return nil, community.Errorf(community.NotFound, "there is no page %d", number)
	}
	cards, err := s.newsCards(ctx, v, ps)
	if err != nil {
		return nil, err
	}
	body := struct {
		Posts []postCard
		Empty empty
		Pager pager
	}{
		cards,
		empty{v.T("posts.none"), v.T("posts.none_text")},
		newPager("/posts", nil, number, total, v.T("conferences.newer"), v.T("conferences.older")),
	}
	return &shown{"posts", page{Heading: v.T("posts.title"), Section: "posts", Body: body}}, nil
}

// ownPost returns a post of ours that everyone may see. Posts for followers and
// single people are not shown on pages.
func (s *Server) ownPost(ctx context.Context, slug string) (*community.Post, error) {
	p, err := s.store.Post(ctx, slug)
	if err != nil {
		return nil, s.gone(ctx, "posts/"+slug, err)
	}
	if p.Draft || p.Visibility != community.Public && p.Visibility != community.Unlisted {
		return nil, community.Errorf(community.NotFound, "there is no such post")
	}
	if p.State == community.Hidden {
		return nil, &community.Error{Code: community.Forbidden, Key: "error.post_hidden", Msg: "the stewards have hidden this"}
	}
	return p, nil
}

// post is one post of ours: /posts/{slug}.
func (s *Server) post(ctx context.Context, v *viewer, r *http.Request) (*shown, error) {
	number, err := pageNumber(r)
	if err != nil {
		return nil, err
	}
	p, err := s.ownPost(ctx, param(r, "slug"))
	if err != nil {
		return nil, err
	}
	var about *community.Conference
	if p.ConferenceID != 0 {
		c, err := s.store.ConferenceByID(ctx, p.ConferenceID)
		switch {
		case err == nil && !c.Draft && (c.Own() || !c.Announced.IsZero()):
			about = c
		case err != nil && community.CodeOf(err) != community.NotFound:
			return nil, err
		}
	}
	if (p.Kind == community.NoticePost || p.Kind == community.CardPost) && about != nil {
		return nil, seeOther(conferencePath(about)) // it only tells of it
	}
	texts := v.reading(r, "/posts/"+p.Slug, &p.Title, &p.Text, &p.HTML)
	id := v.site.Post(p.Slug)
	q := storage.TalkQuery{Thread: id}
	if p.Thread != "" {
		q = storage.TalkQuery{Below: p}
	}
	rs, err := s.talk(ctx, v, id, q, number, "/posts/"+p.Slug)
	if err != nil {
		return nil, err
	}
	body := v.post(p, about, rs)
	body.Texts = texts
	if p.Kind == community.PollPost {
		poll, err := s.node.Poll(ctx, p)
		if err != nil {
			return nil, err
		}
		v.ask(&body, poll, id)
	}
	text := prose.Summary(v.pick(p.HTML).Text, 200)
	if p.Warning != "" {
		text = p.Warning
	}
	heading := v.pick(p.Title).Text
	if heading == "" {
		heading = prose.Cut(text, 70)
	}
	sh := &shown{"post", page{
		Heading:     heading,
		Description: text,
		Kind:        "article",
		Section:     "posts",
		ActivityID:  id,
		OEmbed:      oembedFor(v.site.Base, v.site.Post(p.Slug)),
		Published:   p.Published.Format(time.RFC3339),
		Data:        v.schemaPost(p),
		Body:        body,
		NoIndex:     p.Visibility != community.Public,
	}}
	sh.page.Image = v.cardOf("/posts/"+p.Slug, heading, p.Updated)
	for i := range p.Pictures {
		sh.page.Pictures = append(sh.page.Pictures, origins(&p.Pictures[i])...)
	}
	return sh, nil
}
