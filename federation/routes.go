package federation

import (
	"context"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"konfa/community"
)

// Routes mounts every address that other servers use. At the addresses that
// are pages as well, a request that wants a page goes to html; nil html gives
// ActivityPub to everyone.
func (s *Server) Routes(r chi.Router, html http.Handler) {
	get := func(pattern string, h http.HandlerFunc) {
		r.Get(pattern, h)
		r.Head(pattern, h)
	}
	// page is an address that answers with a page or with ActivityPub.
	page := func(pattern string, fallback, open bool, h http.HandlerFunc) {
		guarded := s.guard(open, h)
		get(pattern, func(w http.ResponseWriter, r *http.Request) {
			// No slug has a dot: that is the calendar file of a conference,
			// whatever Accept says.
			if html != nil && (strings.HasSuffix(r.URL.Path, ".ics") || !prefersActivity(r, fallback)) {
				w.Header().Add("Vary", "Accept")
				// The router of the pages starts anew: the parameters of this
				// one are none of its business.
				ctx := context.WithValue(r.Context(), chi.RouteCtxKey, (*chi.Context)(nil))
				html.ServeHTTP(w, r.WithContext(ctx))
				return
			}
			guarded(w, r)
		})
	}
	// data is an address for programs only.
	data := func(pattern string, h http.HandlerFunc) { get(pattern, s.guard(false, h)) }

	page("/", false, false, s.getRoot)
	page("/city", false, false, s.getActor(community.CityActor))
	page("/node", true, true, s.getActor(community.NodeActor))
	page("/desk", false, false, s.getActor(community.DeskActor))
	page("/people/{name}", false, false, s.getMember)
	page("/conf/{slug}", false, false, s.getConference)
	page("/posts/{slug}", false, false, s.getPost)

	data("/conf/{slug}/attendees", s.getAttendees)
	data("/conf/{slug}/organizers", s.getOrganizers)
	data("/conf/{slug}/replies", s.getConferenceReplies)
	data("/conf/{slug}/venue/{revision}", s.getVenue)
	data("/posts/{slug}/replies", s.getPostReplies)
	data("/activities/{uuid}", s.getActivity)

	for _, a := range []struct {
		prefix string
		actor  func(*http.Request) (community.LocalActor, error)
	}{
		{"/city", s.always(community.CityActor)},
		{"/node", s.always(community.NodeActor)},
		{"/desk", s.always(community.DeskActor)},
		{"/people/{name}", s.memberActor},
	} {
		data(a.prefix+"/outbox", s.getOutbox(a.actor))
		data(a.prefix+"/followers", s.getFollowers(a.actor))
		get(a.prefix+"/followers_synchronization", s.getFollowersSync(a.actor))
		data(a.prefix+"/following", s.getFollowing(a.actor))
		data(a.prefix+"/featured", s.getFeatured(a.actor))
		data(a.prefix+"/upcoming", s.getUpcoming(a.actor))
		r.Post(a.prefix+"/inbox", s.postInbox(a.actor))
		r.Get(a.prefix+"/inbox", s.getInbox)
	}
	r.Post("/inbox", s.postInbox(nil))
	r.Get("/inbox", s.getInbox)

	get("/.well-known/webfinger", s.getWebFinger)
	get("/.well-known/host-meta", s.getHostMeta)
	get("/.well-known/host-meta.json", s.getHostMetaJSON)
	get("/.well-known/nodeinfo", s.getNodeInfoLinks)
	r.Post(echoPath, s.postEcho)
	get("/nodeinfo/2.0", s.getNodeInfo("2.0"))
	get("/nodeinfo/2.1", s.getNodeInfo("2.1"))
}

func (s *Server) always(a community.LocalActor) func(*http.Request) (community.LocalActor, error) {
	return func(r *http.Request) (community.LocalActor, error) {
		_, err := s.store.City(r.Context())
		return a, err
	}
}

// memberActor is the member that an address names. NotFound for one that never
// was, Gone for one that was deleted. Forbidden for one that is suspended: that
// may pass, and Mastodon deletes what it has of an account that answers 404 or
// 410.
func (s *Server) memberActor(r *http.Request) (community.LocalActor, error) {
	name := chi.URLParam(r, "name")
	m, err := s.store.Member(r.Context(), name)
	switch {
	case err != nil:
		if s.wasDeleted(r.Context(), "people/"+name) {
			return "", community.Errorf(community.Gone, "%s has left", name)
		}
		return "", err
	case !m.Deleted.IsZero():
		return "", community.Errorf(community.Gone, "%s has left", name)
	case !m.Suspended.IsZero():
		return "", community.Errorf(community.Forbidden, "%s is suspended", name)
	}
	return community.MemberActor(m.Handle), nil
}

func (s *Server) wasDeleted(ctx context.Context, key string) bool {
	_, err := s.store.Tombstone(ctx, key)
	return err == nil
}

// getRoot sends a server that was given the bare address of the node on to the
// city, which is what people mean by it.
func (s *Server) getRoot(w http.ResponseWriter, r *http.Request) {
	s.vary(w.Header())
	http.Redirect(w, r, s.site.Actor(community.CityActor), http.StatusFound)
}
