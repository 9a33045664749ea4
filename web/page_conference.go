package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"konfa/community"
	"konfa/prose"
	"konfa/storage"
)

// ownConference returns a published conference of ours. What was deleted is
// gone for ever (410); a draft is nobody's business (404).
func (s *Server) ownConference(ctx context.Context, slug string) (*community.Conference, error) {
	c, err := s.store.Conference(ctx, slug)
	if err != nil {
		return nil, s.gone(ctx, "conf/"+slug, err)
	}
	if c.Draft {
		return nil, community.Errorf(community.NotFound, "there is no such conference")
	}
	return c, nil
}

// gone turns a NotFound into Gone where a tombstone stands.
func (s *Server) gone(ctx context.Context, key string, err error) error {
	if community.CodeOf(err) != community.NotFound {
		return err
	}
	if _, dead := s.store.Tombstone(ctx, key); dead == nil {
		return community.Errorf(community.Gone, "this was deleted")
	}
	return err
}

// calendarConference returns a conference of another server that this city
// announced.
func (s *Server) calendarConference(ctx context.Context, id string) (*community.Conference, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return nil, community.Errorf(community.NotFound, "there is no such conference")
	}
	c, err := s.store.ConferenceByID(ctx, n)
	if err != nil {
		return nil, err
	}
	if c.Own() || c.Announced.IsZero() || c.Draft {
		return nil, community.Errorf(community.NotFound, "there is no such conference")
	}
	return c, nil
}

// conference is one conference of ours: /conf/{slug}.
func (s *Server) conference(ctx context.Context, v *viewer, r *http.Request) (*shown, error) {
	c, err := s.ownConference(ctx, param(r, "slug"))
	if err != nil {
		return nil, err
	}
	return s.conferenceShown(ctx, v, c)
}

// elsewhere is a conference of another city in our calendar: /elsewhere/{id}.
func (s *Server) elsewhere(ctx context.Context, v *viewer, r *http.Request) (*shown, error) {
	c, err := s.calendarConference(ctx, param(r, "id"))
	if err != nil {
		return nil, err
	}
	sh, err := s.conferenceShown(ctx, v, c)
	if err == nil {
		// Whoever made it has the page that counts.
		sh.page.Canonical, sh.page.ActivityID = pageURL(v.site, c), c.URI
	}
	return sh, err
}

func (s *Server) conferenceShown(ctx context.Context, v *viewer, c *community.Conference) (*shown, error) {
	var siblings []community.Conference
	if c.SeriesID != 0 {
		var err error
		siblings, err = s.store.Conferences(ctx, storage.ConferenceQuery{Calendar: true, SeriesID: c.SeriesID, EndsAfter: v.now, Limit: 7})
		if err != nil {
			return nil, err
		}
	}
	about, err := s.store.Posts(ctx, storage.PostQuery{ConferenceID: c.ID, Kinds: []community.PostKind{community.OrdinaryPost}, Visibilities: publicPosts, Limit: 200})
	if err != nil {
		return nil, err
	}
	var news, answers []community.Post
	for _, p := range about {
		if p.Own() && p.ReplyTo == "" {
			news = append(news, p)
		} else {
			answers = append(answers, p)
		}
	}
	rs, err := s.replies(ctx, v, conferenceID(v.site, c), answers)
	if err != nil {
		return nil, err
	}
	if !c.Own() && len(rs.List) == 0 {
		rs = nil // people talk about it at its own place
	}
	w := v.when(c, v.city)
	description := v.T("conf.summary", "When", w.Line(), "Where", v.where(c))
	if more := prose.Summary(v.pick(c.HTML).Text, 160); more != "" {
		description += ". " + more
	}
	return &shown{"conference", page{
		Heading:     v.pick(c.Title).Text,
		Description: description,
		Kind:        "article",
		Section:     "conf",
		ActivityID:  conferenceID(v.site, c),
		Calendar:    conferencePath(c) + ".ics",
		Image:       c.Cover,
		Published:   c.Published.Format(time.RFC3339),
		Data:        v.schemaEvent(c),
		Body:        v.conference(c, siblings, v.postCards(news[:min(len(news), 5)]), rs),
	}}, nil
}

// replies are what is shown below a conference or post, oldest first. Those of
// blocked and silenced people are left out.
func (s *Server) replies(ctx context.Context, v *viewer, object string, posts []community.Post) (*replies, error) {
	out := &replies{}
	var ids []int64
	for _, p := range posts {
		if p.AuthorID != 0 {
			ids = append(ids, p.AuthorID)
		}
	}
	actors, err := s.store.Actors(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, p := range slices.Backward(posts) {
		r := reply{Published: p.Published.Format(time.RFC3339), Date: v.stamp(p.Published), Warning: p.Warning, Text: v.html(p.HTML)}
		if p.Own() {
			r.Author, r.URL = v.author(&p), "/posts/"+p.Slug
		} else {
			a, ok := actors[p.AuthorID]
			if !ok || !a.Gone.IsZero() {
				continue
			}
			if _, err := s.store.BlockOf(ctx, a.Host, a.URI); err == nil {
				continue
			} else if community.CodeOf(err) != community.NotFound {
				return nil, err
			}
			r.Author = person{Name: a.DisplayName(), Path: a.URL, Initial: initial(a.DisplayName())}
			if r.Author.Path == "" {
				r.Author.Path = a.URI
			}
			if r.URL = p.URL; r.URL == "" {
				r.URL = p.URI
			}
		}
		out.List = append(out.List, r)
	}
	counts, err := s.store.Reactions(ctx, object)
	if err != nil {
		return nil, err
	}
	if n := len(out.List); n > 0 {
		out.Counts = append(out.Counts, v.N("replies.count", n))
	}
	if n := counts[community.Like] + counts[community.Emoji]; n > 0 {
		out.Counts = append(out.Counts, v.N("reactions.like", n))
	}
	if n := counts[community.Announce]; n > 0 {
		out.Counts = append(out.Counts, v.N("reactions.announce", n))
	}
	return out, nil
}
