package federation

import (
	"context"
	"slices"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/federation/fetch"
	"konfa/prose"
)

// onOffer: a sister city offers a conference of hers to be announced here.
func (s *Server) onOffer(ctx context.Context, in *incoming) (string, error) {
	if in.Target.ID != "" {
		if to, ours := s.site.LocalActor(in.Target.ID); !ours || to != community.CityActor {
			return "", community.Errorf(community.Refused, "this is offered to %s, not to this city", clip(in.Target.ID, 200))
		}
	}
	// Before anything is fetched on its word.
	_, err := s.store.Sister(ctx, in.from.ID)
	if err != nil && community.CodeOf(err) != community.NotFound {
		return "", err
	} else if err != nil {
		follows, err := s.followsHost(ctx, in.from)
		if err != nil {
			return "", err
		}
		if !follows {
			return "", community.Errorf(community.Refused, "nobody here follows %s", in.from.URI)
		}
	}
	if _, ours := s.site.Path(in.Object.ID); ours {
		return "", community.Errorf(community.Refused, "%s is of this city itself", clip(in.Object.ID, 200))
	}
	if !fetch.SameOrigin(in.Object.ID, in.from.URI) {
		return "", community.Errorf(community.Forbidden, "%s can offer only what is hers, not %s", in.from.URI, clip(in.Object.ID, 200))
	}
	// Whatever was embedded, what counts is what her server has.
	id, body, err := s.fetched(ctx, in.Object.ID)
	if err != nil {
		return "", err
	}
	if kind := typeOf(activitystreams.Ref{}, body); kind != "Event" {
		return "", community.Errorf(community.Refused, "%s of a %s means nothing here", in.Type, clip(kind, 40))
	}
	c, err := s.foreignConference(ctx, id, body, in.from)
	if err != nil {
		return "", err
	}
	if err := s.node.ReceiveOffer(ctx, in.from, in.uri, prose.Text(in.Content, community.MaxComment), c); err != nil {
		return "", err
	}
	return "offered " + c.URI, nil
}

// onInvite: someone invites a member of ours to a conference of theirs, or
// everyone: so Hubzilla publishes its events.
func (s *Server) onInvite(ctx context.Context, in *incoming) (string, error) {
	to := slices.Concat(in.everyone(), []string{in.Target.ID})
	if !slices.ContainsFunc(to, func(id string) bool { _, ours := s.site.LocalActor(id); return ours }) {
		if isPublic(in.To) {
			return s.onObject(ctx, in, in.Object)
		}
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
