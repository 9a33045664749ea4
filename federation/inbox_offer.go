package federation

import (
	"context"
	"slices"

	"konfa/community"
)

// onOffer: a sister city offers a conference of hers to be announced here.
func (s *Server) onOffer(ctx context.Context, in *incoming) (string, error) {
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
	if err := s.node.ReceiveOffer(ctx, in.from, in.uri, c); err != nil {
		return "", err
	}
	return "offered " + c.URI, nil
}

// onInvite: someone invites a member of ours to a conference of theirs.
func (s *Server) onInvite(ctx context.Context, in *incoming) (string, error) {
	to := slices.Concat(in.everyone(), []string{in.Target.ID})
	if !slices.ContainsFunc(to, func(id string) bool { _, ours := s.site.LocalActor(id); return ours }) {
		return "", community.Errorf(community.Refused, "this invites nobody here")
	}
	c, err := s.eventOf(ctx, in)
	if err != nil {
		return "", err
	}
	if err := s.node.ReceiveInvite(ctx, in.from, in.uri, c, to); err != nil {
		return "", err
	}
	return "invited to " + c.URI, nil
}

// eventOf reads the event that an activity is about.
func (s *Server) eventOf(ctx context.Context, in *incoming) (*community.Conference, error) {
	id, body, err := s.trusted(ctx, in.from.URI, in.Object)
	if err != nil {
		return nil, err
	}
	if kind := typeOf(in.Object, body); kind != "Event" {
		return nil, community.Errorf(community.Refused, "%s of a %s means nothing here", in.Type, clip(kind, 40))
	}
	return s.foreignConference(ctx, id, body, in.from)
}
