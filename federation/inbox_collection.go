package federation

import (
	"context"

	"konfa/community"
	"konfa/federation/fetch"
)

// onAdd: an actor puts an event of its own into one of its collections, which is
// as good as telling of it. Other collections of others are not mirrored.
func (s *Server) onAdd(ctx context.Context, in *incoming) (string, error) {
	if err := s.ownCollection(in); err != nil {
		return "", err
	}
	if !fetch.SameOrigin(in.Object.ID, in.from.URI) {
		return "", community.Errorf(community.Refused, "it adds something of another server")
	}
	follows, err := s.followsHost(ctx, in.from)
	if err != nil {
		return "", err
	}
	if !follows {
		return "", community.Errorf(community.Refused, "nobody here follows %s", in.from.URI)
	}
	c, err := s.eventOf(ctx, in)
	if err != nil {
		return "", err
	}
	if err := s.node.ReceiveConference(ctx, in.from, c); err != nil {
		return "", err
	}
	return "conference " + c.URI, nil
}

// onRemove: that something left a collection does not mean that it is no more;
// a Delete says so.
func (s *Server) onRemove(_ context.Context, in *incoming) (string, error) {
	if err := s.ownCollection(in); err != nil {
		return "", err
	}
	return "nothing to do", nil
}

func (s *Server) ownCollection(in *incoming) error {
	switch in.Target.ID {
	case "":
		return community.Errorf(community.Invalid, "the %s does not say to which collection", in.Type)
	case in.from.Featured, in.from.Upcoming, in.from.Outbox:
		return nil
	}
	return community.Errorf(community.Refused, "the collection %s is not mirrored here", clip(in.Target.ID, 200))
}
