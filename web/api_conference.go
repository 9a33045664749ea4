package web

import (
	"net/http"
	"strings"
	"time"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

// apiLimit is the default and apiMost the largest length of a list.
const (
	apiLimit = 50
	apiMost  = 500
)

// apiConferences lists the calendar: GET /api/v1/conferences.
func (s *Server) apiConferences(w http.ResponseWriter, r *http.Request) error {
	p := newQuery(r, "when", "after", "before", "tag", "q", "own", "drafts", "order", "page", "limit")
	when := p.choice("when", "upcoming", "upcoming", "past", "all")
	order := p.choice("order", "", "start", "-start", "-published")
	page, limit := p.number("page", 1, 1, 100_000), p.number("limit", apiLimit, 1, apiMost)
	q := storage.ConferenceQuery{Calendar: true, Text: strings.TrimSpace(p.values.Get("q")), Limit: limit, Offset: (page - 1) * limit}
	q.Own = p.yes("own")
	if tag := p.values.Get("tag"); tag != "" {
		if q.Tag = tidyTag(tag); q.Tag == "" {
			return invalidField("tag", "tag", "a tag has letters and digits")
		}
	}
	city, err := s.currentCity(r.Context())
	if err != nil {
		return err
	}
	zone := community.Conference{Zone: city.Zone}
	for name, into := range map[string]*time.Time{"after": &q.EndsAfter, "before": &q.StartsBefore} {
		if raw := p.values.Get(name); raw != "" {
			t, _, err := readTime(name, raw, zone.Location())
			if err != nil {
				return err
			}
			*into, when = t, "all"
		}
	}
	drafts := p.yes("drafts")
	if p.err != nil {
		return p.err
	}
	if drafts {
		by, err := s.authenticate(r)
		if err != nil {
			return err
		}
		if !by.Member.Role.AtLeast(community.Steward) {
			return community.Errorf(community.Forbidden, "drafts are for stewards")
		}
		q.Drafts = true
	}
	now := s.node.Now()
	switch when {
	case "upcoming":
		q.EndsAfter = now
	case "past":
		q.EndsBefore, q.Order = now, storage.ByStartDesc
	}
	switch order {
	case "start":
		q.Order = storage.ByStart
	case "-start":
		q.Order = storage.ByStartDesc
	case "-published":
		q.Order = storage.ByPublishedDesc
	}
	cs, err := s.store.Conferences(r.Context(), q)
	if err != nil {
		return err
	}
	total, err := s.store.CountConferences(r.Context(), q)
	if err != nil {
		return err
	}
	out := listOutput[conferenceOutput]{Items: []conferenceOutput{}, Total: total, Page: page, Limit: limit}
	for i := range cs {
		out.Items = append(out.Items, conferenceJSON(s.site, &cs[i]))
	}
	listLinks(w, r, s.site.Base, page, limit, total)
	return answer(w, r, http.StatusOK, out)
}

// apiConference is one conference of ours: GET /api/v1/conferences/{slug}.
// Stewards see drafts too.
func (s *Server) apiConference(w http.ResponseWriter, r *http.Request) error {
	if err := newQuery(r).err; err != nil {
		return err
	}
	c, err := s.store.Conference(r.Context(), param(r, "slug"))
	if err != nil {
		return s.gone(r.Context(), "conf/"+param(r, "slug"), err)
	}
	steward, err := s.maybeSteward(r)
	if err != nil {
		return err
	}
	if c.Draft && !steward {
		return community.Errorf(community.NotFound, "there is no such conference")
	}
	out := conferenceJSON(s.site, c)
	carriers, err := s.node.Carriers(r.Context(), c)
	if err != nil {
		return err
	}
	for i := range carriers {
		out.AnnouncedBy = append(out.AnnouncedBy, carrierOutput{carriers[i].URI, carriers[i].DisplayName(), carriers[i].Address()})
	}
	return answer(w, r, http.StatusOK, out)
}

// apiAddConference makes one: POST /api/v1/conferences. Without draft it is
// published at once.
func (s *Server) apiAddConference(w http.ResponseWriter, r *http.Request, by node.By) error {
	var in conferenceInput
	if err := decode(w, r, &in, conferenceFields); err != nil {
		return err
	}
	if err := notNull(in.Draft); err != nil {
		return err
	}
	city, err := s.currentCity(r.Context())
	if err != nil {
		return err
	}
	c := &community.Conference{Zone: city.Zone, Draft: in.Draft.Value, UID: in.UID.Value, ImportKey: in.ImportKey.Value}
	if err := in.apply(c, city); err != nil {
		return err
	}
	c, err = s.node.AddConference(r.Context(), by, c, node.Publish{Quiet: in.Quiet, Announce: in.Announce})
	if err != nil {
		return err
	}
	w.Header().Set("Location", s.site.Base+"/api/v1/conferences/"+c.Slug)
	return answer(w, r, http.StatusCreated, conferenceJSON(s.site, c))
}

// apiChangeConference changes what is named: PATCH /api/v1/conferences/{slug}.
// draft: false publishes.
func (s *Server) apiChangeConference(w http.ResponseWriter, r *http.Request, by node.By) error {
	var in conferenceInput
	if err := decode(w, r, &in, conferenceFields); err != nil {
		return err
	}
	if err := notNull(in.Draft); err != nil {
		return err
	}
	if in.UID.Set || in.ImportKey.Set {
		return invalidField("uid", "fixed", "uid and import_key are fixed once a conference is made")
	}
	city, err := s.currentCity(r.Context())
	if err != nil {
		return err
	}
	slug := param(r, "slug")
	c, err := s.node.UpdateConference(r.Context(), by, slug, func(c *community.Conference) error {
		if in.Draft.Set && in.Draft.Value && !c.Draft {
			return invalidField("draft", "published", "what was published stays so; cancel or delete it")
		}
		return in.apply(c, city)
	})
	if err == nil && c.Draft && in.Draft.Set && !in.Draft.Value {
		c, err = s.node.PublishConference(r.Context(), by, slug, node.Publish{Quiet: in.Quiet, Announce: in.Announce})
	}
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, conferenceJSON(s.site, c))
}

// publishInput says whom to tell.
type publishInput struct {
	Quiet    bool `json:"quiet"`
	Announce bool `json:"announce"`
}

// apiPublishConference publishes a draft: POST
// /api/v1/conferences/{slug}/publish.
func (s *Server) apiPublishConference(w http.ResponseWriter, r *http.Request, by node.By) error {
	var in publishInput
	if err := decodeMaybe(w, r, &in, []string{"quiet", "announce"}); err != nil {
		return err
	}
	c, err := s.node.PublishConference(r.Context(), by, param(r, "slug"), node.Publish{Quiet: in.Quiet, Announce: in.Announce})
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, conferenceJSON(s.site, c))
}

// cancelInput is what guests are told.
type cancelInput struct {
	Message string `json:"message"`
}

// apiCancelConference cancels one and keeps it: POST
// /api/v1/conferences/{slug}/cancel.
func (s *Server) apiCancelConference(w http.ResponseWriter, r *http.Request, by node.By) error {
	var in cancelInput
	if err := decodeMaybe(w, r, &in, []string{"message"}); err != nil {
		return err
	}
	c, err := s.node.CancelConference(r.Context(), by, param(r, "slug"), in.Message)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, conferenceJSON(s.site, c))
}

// decodeMaybe is decode for a body that may be left out.
func decodeMaybe(w http.ResponseWriter, r *http.Request, into any, known []string) error {
	if r.ContentLength == 0 {
		return nil
	}
	return decode(w, r, into, known)
}

// apiDeleteConference deletes one for ever: DELETE /api/v1/conferences/{slug}.
func (s *Server) apiDeleteConference(w http.ResponseWriter, r *http.Request, by node.By) error {
	slug := param(r, "slug")
	if err := s.node.DeleteConference(r.Context(), by, slug); err != nil {
		return s.gone(r.Context(), "conf/"+slug, err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
