package federation

import (
	"context"
	"fmt"

	"konfa/community"
	"konfa/federation/fetch"
)

// onDelete: an object or an actor is no more. The object comes whole (Gancio),
// as a Tombstone, or by its bare id; only the id counts.
func (s *Server) onDelete(ctx context.Context, in *incoming) (string, error) {
	id := in.Object.ID
	switch {
	case id == "":
		return "", community.Errorf(community.Invalid, "the Delete does not say of what")
	case id == in.from.URI:
		return "actor deleted", s.node.ReceiveActorDelete(ctx, in.from)
	case !fetch.SameOrigin(id, in.from.URI):
		// A group of another server takes something out of its discussion.
		return s.deletedElsewhere(ctx, id)
	}
	if err := s.node.ReceiveDelete(ctx, in.from, id); err != nil {
		return "", err
	}
	return "deleted " + id, nil
}

// deletedElsewhere is told of a deletion by someone who is not of the object's
// server. It counts if that server says so itself.
func (s *Server) deletedElsewhere(ctx context.Context, id string) (string, error) {
	var owner int64
	if c, err := s.store.ConferenceByURI(ctx, id); err == nil {
		owner = c.OriginID
	} else if p, err := s.store.PostByURI(ctx, id); err == nil {
		owner = p.AuthorID
	}
	if owner == 0 {
		return fmt.Sprintf("nothing is known here of %s", clip(id, 200)), nil
	}
	_, err := s.resolver.Object(ctx, id)
	switch fetch.KindOf(err) {
	case fetch.Gone, fetch.NotFound:
	default:
		if err != nil && temporary(err) {
			return "", err
		}
		return "", community.Errorf(community.Forbidden, "%s is still there", id)
	}
	from, err := s.store.ActorByID(ctx, owner)
	if err != nil {
		return "", err
	}
	if err := s.node.ReceiveDelete(ctx, from, id); err != nil {
		return "", err
	}
	return "deleted " + id, nil
}
