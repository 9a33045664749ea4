package web

import (
	"context"
	"net/http"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

// apiPosts lists public posts: GET /api/v1/posts.
func (s *Server) apiPosts(w http.ResponseWriter, r *http.Request) error {
	p := newQuery(r, "author", "conference", "page", "limit")
	page, limit := p.number("page", 1, 1, 100_000), p.number("limit", apiLimit, 1, apiMost)
	if p.err != nil {
		return p.err
	}
	q := storage.PostQuery{Own: true, Kinds: []community.PostKind{community.OrdinaryPost}, Visibilities: publicPosts[:1], Limit: limit, Offset: (page - 1) * limit}
	if a := p.values.Get("author"); a != "" {
		q.Author = community.LocalActor(a)
		if _, ok := q.Author.Member(); !ok && q.Author != community.CityActor {
			return invalidField("author", "choice", `an author is "city" or "people/" and a handle`)
		}
	}
	if slug := p.values.Get("conference"); slug != "" {
		c, err := s.ownConference(r.Context(), slug)
		if err != nil {
			return err
		}
		q.ConferenceID = c.ID
	}
	ps, err := s.store.Posts(r.Context(), q)
	if err != nil {
		return err
	}
	total, err := s.store.CountPosts(r.Context(), q)
	if err != nil {
		return err
	}
	out := listOutput[postOutput]{Items: []postOutput{}, Total: total, Page: page, Limit: limit}
	for i := range ps {
		slug, err := s.conferenceOf(r.Context(), &ps[i])
		if err != nil {
			return err
		}
		out.Items = append(out.Items, postJSON(s.site, &ps[i], slug))
	}
	listLinks(w, r, s.site.Base, page, limit, total)
	return answer(w, r, http.StatusOK, out)
}

// conferenceOf is the slug of the published conference of ours that a post
// belongs to, or "".
func (s *Server) conferenceOf(ctx context.Context, p *community.Post) (string, error) {
	if p.ConferenceID == 0 {
		return "", nil
	}
	c, err := s.store.ConferenceByID(ctx, p.ConferenceID)
	if err != nil || c.Draft {
		if community.CodeOf(err) == community.NotFound {
			err = nil
		}
		return "", err
	}
	return c.Slug, nil
}

// apiPost is one post: GET /api/v1/posts/{slug}. Stewards see drafts and
// whatever the city wrote, members what they wrote themselves.
func (s *Server) apiPost(w http.ResponseWriter, r *http.Request) error {
	if err := newQuery(r).err; err != nil {
		return err
	}
	slug := param(r, "slug")
	p, err := s.store.Post(r.Context(), slug)
	if err != nil {
		return s.gone(r.Context(), "posts/"+slug, err)
	}
	may := !p.Draft && (p.Visibility == community.Public || p.Visibility == community.Unlisted)
	if r.Header.Get("Authorization") != "" {
		by, err := s.authenticate(r)
		if err != nil {
			return err
		}
		may = may || community.MemberActor(by.Member.Handle) == p.Author || p.Author == community.CityActor && by.Member.Role.AtLeast(community.Steward)
	}
	if !may {
		return community.Errorf(community.NotFound, "there is no such post")
	}
	return s.answerPost(w, r, http.StatusOK, p)
}

func (s *Server) answerPost(w http.ResponseWriter, r *http.Request, status int, p *community.Post) error {
	slug, err := s.conferenceOf(r.Context(), p)
	if err != nil {
		return err
	}
	return answer(w, r, status, postJSON(s.site, p, slug))
}

// apiAddPost says something for the city, or with as_member for oneself: POST
// /api/v1/posts.
func (s *Server) apiAddPost(w http.ResponseWriter, r *http.Request, by node.By) error {
	var in postInput
	if err := decode(w, r, &in, postFields); err != nil {
		return err
	}
	if err := notNull(in.Draft); err != nil {
		return err
	}
	city, err := s.currentCity(r.Context())
	if err != nil {
		return err
	}
	if to := in.ReplyTo.Value; to != "" && !webAddress(to) {
		return invalidField("reply_to", "url", "this is the http or https address of what is answered")
	}
	if to := in.ReplyTo.Value; to != "" && s.remote != nil {
		ctx, cancel := context.WithTimeout(r.Context(), remoteTime)
		defer cancel()
		if err := s.remote.Know(ctx, to); err != nil {
			s.log.Info("what a post answers cannot be read", "answered", to, "err", err)
			return invalidField("reply_to", "unknown", "this cannot be read, so that nobody would get the answer")
		}
	}
	p := &community.Post{Author: community.CityActor, ReplyTo: in.ReplyTo.Value, Visibility: in.Visibility.Value, Draft: in.Draft.Value}
	if in.AsMember {
		p.Author = community.MemberActor(by.Member.Handle)
	}
	if slug := in.Conference.Value; slug != "" {
		c, err := s.store.Conference(r.Context(), slug)
		if community.CodeOf(err) == community.NotFound {
			return invalidField("conference", "not_found", "there is no conference "+slug)
		} else if err != nil {
			return err
		}
		p.ConferenceID = c.ID
	}
	in.apply(p, city)
	p, err = s.node.AddPost(r.Context(), by, p, node.Publish{Quiet: in.Quiet})
	if err != nil {
		return err
	}
	w.Header().Set("Location", s.site.Base+"/api/v1/posts/"+p.Slug)
	return s.answerPost(w, r, http.StatusCreated, p)
}

// apiChangePost changes what is named: PATCH /api/v1/posts/{slug}. draft: false
// publishes.
func (s *Server) apiChangePost(w http.ResponseWriter, r *http.Request, by node.By) error {
	var in postInput
	if err := decode(w, r, &in, postFields); err != nil {
		return err
	}
	if err := notNull(in.Draft); err != nil {
		return err
	}
	for name, set := range map[string]bool{"reply_to": in.ReplyTo.Set, "conference": in.Conference.Set, "visibility": in.Visibility.Set, "as_member": in.AsMember} {
		if set {
			return invalidField(name, "fixed", "this is fixed once a post is made")
		}
	}
	city, err := s.currentCity(r.Context())
	if err != nil {
		return err
	}
	slug := param(r, "slug")
	p, err := s.node.UpdatePost(r.Context(), by, slug, func(p *community.Post) error {
		if in.Draft.Set && in.Draft.Value && !p.Draft {
			return invalidField("draft", "published", "what was published stays so; delete it")
		}
		in.apply(p, city)
		return nil
	})
	if err == nil && p.Draft && in.Draft.Set && !in.Draft.Value {
		p, err = s.node.PublishPost(r.Context(), by, slug, node.Publish{Quiet: in.Quiet})
	}
	if err != nil {
		return err
	}
	return s.answerPost(w, r, http.StatusOK, p)
}

// apiDeletePost deletes one for ever: DELETE /api/v1/posts/{slug}.
func (s *Server) apiDeletePost(w http.ResponseWriter, r *http.Request, by node.By) error {
	slug := param(r, "slug")
	if err := s.node.DeletePost(r.Context(), by, slug); err != nil {
		return s.gone(r.Context(), "posts/"+slug, err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
