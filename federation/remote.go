package federation

import (
	"context"
	"encoding/json"
	"strings"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/federation/fetch"
	"konfa/node"
)

// Follow has one of our actors follow another server's: a handle, an address, or
// a bare host for the server itself. The Follow is queued; whoever runs the
// deliveries sends it.
func (s *Server) Follow(ctx context.Context, by node.By, local community.LocalActor, what string) (*community.Follow, error) {
	a, err := s.followable(ctx, local, what)
	if err != nil {
		return nil, err
	}
	f, err := s.node.Follow(ctx, by, local, a)
	if err != nil {
		return nil, err
	}
	s.askPeer(a.Host)
	return f, nil
}

// followable finds whom a name stands for. Of a bare host, the node follows the
// Application actor, as servers follow one another; the city follows the one
// that lives at its front door, where it is another city, so that posts come
// as well as conferences.
func (s *Server) followable(ctx context.Context, local community.LocalActor, what string) (*community.Actor, error) {
	if what = strings.TrimSpace(what); local != community.NodeActor && !strings.ContainsAny(what, "@/") {
		if a, err := s.FetchActor(ctx, "https://"+what+"/"); err == nil {
			return a, nil
		}
	}
	return s.FetchActor(ctx, what)
}

// Unfollow ends that. What is known of the actor is enough, so that one whose
// server is gone can be unfollowed too.
func (s *Server) Unfollow(ctx context.Context, by node.By, local community.LocalActor, what string) error {
	if uri, ok := s.storedActor(ctx, local, what); ok {
		return s.node.Unfollow(ctx, by, local, uri)
	}
	a, err := s.followable(ctx, local, what)
	if err != nil {
		return err
	}
	return s.node.Unfollow(ctx, by, local, a.URI)
}

// storedActor finds a followed actor by its address or handle among those known.
func (s *Server) storedActor(ctx context.Context, local community.LocalActor, what string) (string, bool) {
	what = strings.TrimSpace(what)
	if strings.Contains(what, "://") {
		a, err := s.store.Actor(ctx, what)
		if err != nil {
			return "", false
		}
		return a.URI, true
	}
	handle, host, ok := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(what, "acct:"), "@"), "@")
	if !ok {
		return "", false
	}
	a, err := s.store.ActorByAddress(ctx, handle, fetch.Host(host))
	if err != nil {
		return "", false
	}
	if _, err := s.store.Followed(ctx, local, a.ID); err != nil {
		return "", false
	}
	return a.URI, true
}

// FetchActor finds an actor elsewhere by handle, address or host.
func (s *Server) FetchActor(ctx context.Context, what string) (*community.Actor, error) {
	a, err := s.resolver.Resolve(ctx, what)
	if err != nil {
		return nil, err
	}
	if a.Host == s.site.Host() {
		return nil, community.Errorf(community.Invalid, "%s is of this node itself", a.Address())
	}
	if blocked, why := s.blocked(ctx, a.URI); blocked {
		return nil, community.Errorf(community.Forbidden, "%s", why).WithHint("a steward can lift the block")
	}
	return a, nil
}

// FetchConference reads a conference of another server and keeps it.
func (s *Server) FetchConference(ctx context.Context, uri string) (*community.Conference, error) {
	if slug, ours := s.site.ConferenceSlug(uri); ours {
		return s.store.Conference(ctx, slug)
	}
	id, body, err := s.fetched(ctx, uri)
	if err != nil {
		return nil, err
	}
	if kind := typeOf(activitystreams.Ref{}, body); kind != "Event" {
		return nil, community.Errorf(community.Invalid, "%s is not an event", uri).WithHint("give the address of the event itself")
	}
	c, err := s.foreignConference(ctx, id, body, nil)
	if err != nil {
		return nil, err
	}
	return s.node.StoreConference(ctx, c)
}

// Inspect reads whatever ActivityPub has at an address, of a handle, or in
// WebFinger, with the signature of the node.
func (s *Server) Inspect(ctx context.Context, what string) ([]byte, error) {
	what = strings.TrimSpace(what)
	if !strings.Contains(what, "://") {
		a, err := s.resolver.Resolve(ctx, what)
		if err != nil {
			return nil, err
		}
		what = a.URI
	}
	doc, err := s.resolver.Object(ctx, what)
	if err != nil {
		return nil, err
	}
	if !json.Valid(doc.Body) {
		return nil, community.Errorf(community.Invalid, "%s is not JSON", what)
	}
	return doc.Body, nil
}
