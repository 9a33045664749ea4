package federation

import (
	"context"

	"konfa/community"
	"konfa/federation/fetch"
	"konfa/node"
)

// AddAlias says that an account elsewhere belongs to a member of ours too, after
// making sure that it exists.
func (s *Server) AddAlias(ctx context.Context, by node.By, handle, what string) (*community.Actor, error) {
	a, err := s.account(ctx, what)
	if err != nil {
		return nil, err
	}
	return a, s.node.AddAlias(ctx, by, handle, a)
}

// RemoveAlias takes that back. The account need not exist any more.
func (s *Server) RemoveAlias(ctx context.Context, by node.By, handle, what string) error {
	m, err := s.store.Member(ctx, handle)
	if err != nil {
		return err
	}
	for _, uri := range m.AlsoKnownAs {
		if a, err := s.store.Actor(ctx, uri); uri == what || err == nil && (a.Address() == what || a.Address() == "@"+what) {
			return s.node.RemoveAlias(ctx, by, handle, uri)
		}
	}
	return s.node.RemoveAlias(ctx, by, handle, what)
}

// MoveAway moves the account of a member of ours to another server, where it is
// read afresh.
func (s *Server) MoveAway(ctx context.Context, by node.By, handle, what string) (*community.Actor, error) {
	a, err := s.account(ctx, what)
	if err != nil {
		return nil, err
	}
	return a, s.node.MoveAway(ctx, by, handle, a)
}

// account reads an account elsewhere afresh, and makes sure that its name and its
// id mean each other: whoever follows the name must arrive at the id.
func (s *Server) account(ctx context.Context, what string) (*community.Actor, error) {
	a, err := s.FetchActor(ctx, what)
	if err != nil {
		return nil, err
	}
	if a, err = s.actor(ctx, a.URI, 0); err != nil {
		return nil, err
	}
	if a.Type != "Person" && a.Type != "Service" {
		return nil, community.Errorf(community.Refused, "%s is not the account of a person", a.Address())
	}
	links, err := s.resolver.Links(ctx, "acct:"+a.Handle+"@"+a.Host)
	if err != nil {
		return nil, err
	}
	if !fetch.SameAddress(links["self"], a.URI) {
		return nil, community.Errorf(community.Refused, "the name %s does not lead to %s", a.Address(), a.URI).WithHint("its server has to put that right")
	}
	return a, nil
}

// adoptSeat takes over a seat of a member who moved here, when the conference's
// server answers a Join that the account before had sent.
func (s *Server) adoptSeat(ctx context.Context, in *incoming, a node.Answer, state community.GuestState) (string, error) {
	unknown := community.Errorf(community.NotFound, "we did not ask %s for %s", in.from.URI, clip(a.InnerObject, 200))
	local, _ := s.site.LocalActor(a.InnerActor)
	handle, ok := local.Member()
	if !ok || !fetch.SameOrigin(a.InnerObject, in.from.URI) {
		return "", unknown
	}
	m, err := s.store.Member(ctx, handle)
	if err != nil {
		return "", err
	}
	for _, uri := range m.AlsoKnownAs {
		if !fetch.SameOrigin(uri, a.ObjectURI) {
			continue
		}
		old, err := s.actor(ctx, uri, 0)
		if err != nil {
			return "", err
		}
		if old.MovedTo != a.InnerActor {
			continue // nothing is fetched for who has not moved
		}
		c, err := s.FetchConference(ctx, a.InnerObject)
		if err != nil {
			return "", err
		}
		return "a seat moved here", s.node.AdoptSeat(ctx, in.from, old, c, a, state)
	}
	return "", unknown
}
