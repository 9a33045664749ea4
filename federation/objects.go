package federation

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/federation/fetch"
)

func (s *Server) getConference(w http.ResponseWriter, r *http.Request) {
	slug := chi.URLParam(r, "slug")
	w.Header().Set("Vary", "User-Agent")
	body, err := s.node.EventDocumentFor(r.Context(), slug, formFor(r))
	s.object(w, r, s.site.Conference(slug), body, err)
}

func (s *Server) getPost(w http.ResponseWriter, r *http.Request) {
	slug := chi.URLParam(r, "slug")
	w.Header().Set("Vary", "User-Agent")
	body, err := s.node.PostDocumentFor(r.Context(), slug, formFor(r))
	if community.CodeOf(err) == community.NotFound && signed(r) {
		if b, ok := s.messageFor(r, slug); ok {
			body, err = b, nil
		}
	}
	s.object(w, r, s.site.Post(slug), body, err)
}

// messageFor is a direct message of the city, for the server of whom it is to.
// Everyone else gets the answer of what is not there (GHSA-gwhw-gcjx-72v8).
func (s *Server) messageFor(r *http.Request, slug string) ([]byte, bool) {
	p, err := s.store.Post(r.Context(), slug)
	if err != nil || p.Visibility != community.Direct {
		return nil, false // nothing to check a signature for
	}
	v, err := s.verifier.Verify(r, nil)
	if err != nil {
		return nil, false
	}
	if blocked, _ := s.blocked(r.Context(), v.Owner); blocked {
		return nil, false
	}
	body, err := s.node.MessageDocument(r.Context(), slug, fetch.Host(v.Owner))
	return body, err == nil
}

// object answers with a document, a tombstone, or 404.
func (s *Server) object(w http.ResponseWriter, r *http.Request, id string, body []byte, err error) {
	switch community.CodeOf(err) {
	case "":
		s.document(w, r, http.StatusOK, body)
	case community.NotFound, community.Gone:
		if !s.gone(w, r, id) {
			s.fail(w, r, err)
		}
	default:
		s.fail(w, r, err)
	}
}

// published reads a conference that everyone may see.
func (s *Server) published(w http.ResponseWriter, r *http.Request) (*community.Conference, bool) {
	slug := chi.URLParam(r, "slug")
	c, err := s.store.Conference(r.Context(), slug)
	if err == nil && c.Draft {
		err = community.Errorf(community.NotFound, "there is no such conference")
	}
	if err != nil {
		if community.CodeOf(err) == community.NotFound && s.wasDeleted(r.Context(), "conf/"+slug) {
			err = community.Errorf(community.Gone, "this conference was deleted")
		}
		s.fail(w, r, err)
		return nil, false
	}
	return c, true
}

// getVenue answers with the place of a conference, which has an id of its own
// that changes with it; a place of before is gone.
func (s *Server) getVenue(w http.ResponseWriter, r *http.Request) {
	c, ok := s.published(w, r)
	if !ok {
		return
	}
	revision, err := strconv.Atoi(chi.URLParam(r, "revision"))
	current := 0 // without a venue, the town
	if c.Venue != nil {
		current = c.Venue.Revision
	}
	switch {
	case err != nil || revision < 0 || revision > current:
		s.fail(w, r, community.Errorf(community.NotFound, "there is no such place"))
		return
	case revision < current:
		body, err := s.node.Encoder().Tombstone(s.site.Venue(c.Slug, revision), "Place", c.Updated)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		s.document(w, r, http.StatusGone, body)
		return
	}
	event, err := s.node.EventDocument(r.Context(), c.Slug)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	// The place is written as a part of the event; here it stands alone, under
	// the same context.
	var parts struct {
		Context  json.RawMessage `json:"@context"`
		Location json.RawMessage `json:"location"`
	}
	var place struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(event, &parts) != nil || parts.Context == nil || json.Unmarshal(parts.Location, &place) != nil || place.ID != s.site.Venue(c.Slug, revision) {
		s.fail(w, r, community.Errorf(community.NotFound, "there is no such place"))
		return
	}
	body := append([]byte(`{"@context":`), parts.Context...)
	body = append(body, ',')
	s.document(w, r, http.StatusOK, append(body, parts.Location[1:]...))
}

// getActivity answers with a public activity of ours as it went out. What was
// deleted does not live on inside of its Create.
func (s *Server) getActivity(w http.ResponseWriter, r *http.Request) {
	id, err := uuid.Parse(chi.URLParam(r, "uuid"))
	if err != nil {
		s.fail(w, r, community.Errorf(community.NotFound, "there is no such activity"))
		return
	}
	a, err := s.store.Activity(r.Context(), id.String())
	if err == nil && !a.Public {
		err = community.Errorf(community.NotFound, "there is no such activity")
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if a.Type == "Create" || a.Type == "Update" {
		if key, ok := s.site.Path(a.Object); ok {
			if t, err := s.store.Tombstone(r.Context(), key); err == nil {
				body, err := s.node.Encoder().Tombstone(s.site.Activity(a.UUID), a.Type, t.Deleted)
				if err != nil {
					s.fail(w, r, err)
					return
				}
				s.document(w, r, http.StatusGone, body)
				return
			}
		}
	}
	s.document(w, r, http.StatusOK, a.JSON)
}

func (s *Server) getAttendees(w http.ResponseWriter, r *http.Request) {
	c, ok := s.published(w, r)
	if !ok {
		return
	}
	// Who comes is between them and the city; how many come is for everyone.
	body, err := s.node.Encoder().Collection(s.site.Attendees(c.Slug), false, c.Seats.Going, "", "")
	s.answer(w, r, body, err)
}

func (s *Server) getOrganizers(w http.ResponseWriter, r *http.Request) {
	c, ok := s.published(w, r)
	if !ok {
		return
	}
	items := make([]any, 0, len(c.Organisers)+1)
	for _, o := range c.Organisers {
		switch {
		case o.URI != "":
			items = append(items, o.URI)
		case o.Handle != "":
			items = append(items, s.site.Actor(community.MemberActor(o.Handle)))
		default:
			// FEP-8a8e: someone without an actor is a schema.org Person.
			person, err := json.Marshal(struct {
				Type string `json:"type"`
				Name string `json:"name"`
			}{"Person", o.Name})
			if err != nil {
				s.fail(w, r, err)
				return
			}
			items = append(items, person)
		}
	}
	if len(items) == 0 {
		items = append(items, s.site.Actor(community.CityActor))
	}
	body, err := s.node.Encoder().CollectionWithItems(s.site.Organizers(c.Slug), false, items)
	s.answer(w, r, body, err)
}

// answer is document for bytes that may not have come about.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, body []byte, err error) {
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.document(w, r, http.StatusOK, body)
}

// isPublic tells whether an audience contains everyone, in any of the three
// ways that servers write it.
func isPublic(lists ...[]string) bool {
	for _, l := range lists {
		for _, id := range l {
			switch id {
			case activitystreams.PublicURI, "as:Public", "Public":
				return true
			}
		}
	}
	return false
}

// formFor is the form that whoever asks needs: people of Lemmy and PieFed paste
// the address of a post into the search of their server, which then fetches it.
func formFor(r *http.Request) community.Form {
	name, _, _ := strings.Cut(r.UserAgent(), "/")
	for _, f := range []community.Form{community.ThreadPages, community.Threads} {
		if f.Needs(strings.ToLower(name), "") {
			return f
		}
	}
	return community.Standard
}
