package federation

import (
	"context"
	"errors"
	"slices"
	"strings"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/federation/fetch"
	"konfa/storage"
)

// maxAnnounced is how many objects of one Announce are looked at: PieFed sends
// batches.
const maxAnnounced = 50

// onAnnounce: someone passes on something of ours, which is counted, or of
// others, which is kept when we follow them. The object comes by its id,
// embedded, wrapped in an activity (FEP-1b12), or as a list of these; what is
// embedded is believed only of the sender's own origin (FEP-fe34).
func (s *Server) onAnnounce(ctx context.Context, in *incoming) (string, error) {
	refs := in.Objects
	if len(refs) == 0 {
		refs = []activitystreams.Ref{in.Object}
	}
	if len(refs) > maxAnnounced {
		refs = refs[:maxAnnounced]
	}
	var done []string
	var failures []error
	for _, ref := range refs {
		outcome, err := s.announced(ctx, in, ref)
		if err != nil {
			if temporary(err) {
				return "", err // the ones before change nothing when done again
			}
			failures = append(failures, err)
			continue
		}
		done = append(done, outcome)
	}
	if len(done) == 0 {
		if len(failures) == 1 {
			return "", failures[0]
		}
		return "", community.Errorf(community.Refused, "nothing in it could be taken: %w", errors.Join(failures...))
	}
	return strings.Join(done, "; "), nil
}

func (s *Server) announced(ctx context.Context, in *incoming, ref activitystreams.Ref) (string, error) {
	if ref.ID == "" && ref.Raw == nil {
		return "", community.Errorf(community.Invalid, "the Announce does not say of what")
	}
	if id, ours := s.ourSpelling(ref.ID); ours {
		id = s.told(ctx, id)
		err := s.node.ReceiveReaction(ctx, in.from, community.Reaction{Kind: community.Announce, Object: id, URI: in.uri})
		return "announced " + id, err
	}
	follows, err := s.followsHost(ctx, in.from)
	if err != nil {
		return "", err
	}
	if !follows {
		return "", community.Errorf(community.Refused, "nobody here follows %s", in.from.URI)
	}
	if ref.Raw != nil && isActivity(ref.Type) {
		return s.wrapped(ctx, in, in.from.URI, ref.Raw, 0)
	}
	if known, err := s.heardOfAnyway(ctx, in.from, ref); err != nil || known != "" {
		return known, err
	}
	id, body, err := s.trusted(ctx, in.from.URI, ref)
	if err != nil {
		return "", err
	}
	return s.passedOn(ctx, in, typeOf(ref, body), id, body, 0)
}

// ourSpelling is an id of ours as we write it, and false for one of someone else.
// Some write http for https, or the other way round.
func (s *Server) ourSpelling(id string) (string, bool) {
	for _, spelt := range append([]string{id}, community.Spellings(id)...) {
		if _, ours := s.site.Path(spelt); ours {
			return spelt, true
		}
	}
	return id, false
}

// heardOfAnyway tells of a conference that is kept here already, and of which its
// own server tells us by itself, as we follow it: that yet another city announces
// it is no reason to ask for it again. Else each of many cities that share a
// conference would ask once for each of the others.
func (s *Server) heardOfAnyway(ctx context.Context, from *community.Actor, ref activitystreams.Ref) (string, error) {
	if ref.Raw != nil || fetch.SameOrigin(ref.ID, from.URI) {
		return "", nil
	}
	c, err := s.store.ConferenceLike(ctx, ref.ID)
	if community.CodeOf(err) == community.NotFound {
		return "", nil
	} else if err != nil {
		return "", err
	}
	follows, err := s.store.FollowsActor(ctx, c.OriginID)
	if err != nil || !follows {
		return "", err
	}
	return "known already: " + c.URI, nil
}

// followsHost tells whether any of ours follows an actor or another one of its
// server, before anything is fetched on its word.
func (s *Server) followsHost(ctx context.Context, a *community.Actor) (bool, error) {
	if ok, err := s.store.FollowsActor(ctx, a.ID); ok || err != nil {
		return ok, err
	}
	list, err := s.store.FollowedList(ctx, storage.FollowQuery{Host: a.Host, State: community.Accepted, Limit: 1})
	return len(list) > 0, err
}

// isActivity tells a wrapped activity from an object.
func isActivity(typ string) bool {
	switch typ {
	case "Accept", "Add", "Announce", "Block", "Create", "Delete", "Dislike", "EmojiReact", "Flag", "Follow", "Ignore", "Invite", "Join",
		"Leave", "Like", "Lock", "Move", "Offer", "Reject", "Remove", "TentativeAccept", "TentativeReject", "Undo", "Update", "View":
		return true
	}
	return false
}

// maxWrapped bounds activities inside of activities.
const maxWrapped = 2

// wrapped is an activity of someone else inside of an Announce. That a group
// signed the outside proves nothing about the inside: its object is read where
// it lives, unless that is the server that origin is of, whose word raw is: that
// of the group, or where it was fetched.
func (s *Server) wrapped(ctx context.Context, in *incoming, origin string, raw []byte, depth int) (string, error) {
	inner, err := activitystreams.ReadEnvelope(raw)
	if err != nil {
		return "", err
	}
	if depth >= maxWrapped {
		return "", community.Errorf(community.Refused, "there are too many activities inside of one another")
	}
	switch inner.Type {
	case "Create", "Update", "Announce":
		if _, ours := s.site.Path(inner.Object.ID); ours {
			return "ours comes back", nil
		}
		id, body, err := s.trusted(ctx, origin, inner.Object)
		if err != nil {
			return "", err
		}
		return s.passedOn(ctx, in, typeOf(inner.Object, body), id, body, depth+1)
	case "Delete":
		return s.deletedElsewhere(ctx, inner.Object.ID)
	}
	return "", community.Errorf(community.Refused, "a %s of %s, passed on by %s, cannot be checked", inner.Type, clip(inner.Actor, 200), in.from.URI)
}

// passedOn takes an object that someone we follow announced and that was read
// at its origin.
func (s *Server) passedOn(ctx context.Context, in *incoming, kind, id string, body []byte, depth int) (string, error) {
	switch {
	case isActivity(kind):
		return s.wrapped(ctx, in, id, body, depth)
	case kind == "Event":
		c, err := s.foreignConference(ctx, id, body, in.from)
		if err != nil {
			return "", err
		}
		if err := s.genuine(ctx, c, in.from); err != nil {
			return "", err
		}
		if err := s.node.ReceiveAnnounceOfForeign(ctx, in.from, in.uri, c); err != nil {
			return "", err
		}
		return "conference " + id, nil
	case actorTypes[kind]:
		return "", community.Errorf(community.Refused, "an announced actor is not kept")
	}
	p, err := s.readPost(ctx, body)
	if err != nil {
		return "", err
	}
	author, err := s.authorOf(ctx, id, p.AttributedTo)
	if err != nil {
		return "", err
	}
	return s.keepPost(ctx, author, id, p, slices.Concat(p.To, p.Cc))
}
