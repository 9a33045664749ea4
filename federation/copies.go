package federation

import (
	"context"

	"konfa/community"
	"konfa/federation/fetch"
)

// genuine refuses a conference that its server only read elsewhere. The event
// bridge of WordPress (1.1.1) keeps the events of those it follows, ours among
// them, and publishes them under ids of its own at which it then has nothing.
// So what is new from a WordPress, or links to a conference of ours, is asked
// for where it says it lives.
func (s *Server) genuine(ctx context.Context, c *community.Conference, from *community.Actor) error {
	if _, err := s.store.ConferenceByURI(ctx, c.URI); err == nil {
		return nil
	}
	if _, ours := s.site.ConferenceSlug(c.Link); !ours {
		peer, err := s.store.Peer(ctx, from.Host)
		if community.CodeOf(err) == community.NotFound || err == nil && !republishes(peer.Software) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	at, _, err := s.fetched(ctx, c.URI)
	switch {
	case err != nil && temporary(err):
		return err
	case err != nil || !fetch.SameOrigin(at, c.URI):
		return community.Errorf(community.Refused, "%s is a copy of a conference elsewhere: its server does not have it", c.URI)
	}
	return nil
}
