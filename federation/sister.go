package federation

import (
	"context"
	"strings"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/node"
)

// AddSister makes another city a sister city: found by handle, address or host,
// followed by our city, and her server by our node. Change makes the settings; nil
// leaves the usual ones. The follows are queued; whoever runs the deliveries sends
// them.
func (s *Server) AddSister(ctx context.Context, by node.By, what string, change func(*community.Sister) error) (*community.Sister, error) {
	city, err := s.followable(ctx, community.CityActor, what)
	if err != nil {
		return nil, err
	}
	if city.Type == "Application" || city.Type == "Service" {
		// Someone gave the server; the city lives at its front door.
		scheme, _, _ := strings.Cut(city.URI, "://")
		if at, err := s.FetchActor(ctx, scheme+"://"+city.Host+"/"); err == nil {
			city = at
		}
	}
	if city.Type != "Group" && city.Type != "Organization" {
		return nil, community.Errorf(community.Invalid, "%s is of the type %s, not a city", city.Address(), city.Type).
			WithHint("give the address of a city or a group; konfa follow is for everyone else")
	}
	// Her server, so that servers list one another. A server without one is fine.
	app, err := s.FetchActor(ctx, city.Host)
	if err != nil || app.Type != "Application" || app.Host != city.Host {
		app = nil
	}
	place := s.placeOf(ctx, city)
	sister, err := s.node.AddSister(ctx, by, city, app, place, change)
	if err != nil {
		return nil, err
	}
	s.askPeer(city.Host)
	return sister, nil
}

// placeOf is where a city says that she is, or nil.
func (s *Server) placeOf(ctx context.Context, city *community.Actor) *community.Point {
	doc, err := s.resolver.Object(ctx, city.URI)
	if err != nil || doc.URL != city.URI {
		return nil
	}
	return activitystreams.ReadPlace(doc.Body)
}
