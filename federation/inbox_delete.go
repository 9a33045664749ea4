package federation

import (
	"context"
	"fmt"

	"konfa/activitystreams"
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
	if owner := s.ownerOf(ctx, id); owner != 0 && owner != in.from.ID && !speaksFor(in.from) {
		return s.deletedElsewhere(ctx, id)
	}
	source := in.Raw
	if _, err := s.store.PostByURI(ctx, id); err == nil && !s.passing(ctx, in.from, in.Type) {
		source = nil
	}
	if err := s.node.ReceiveDeletion(ctx, in.from, id, source); err != nil {
		return "", err
	}
	return "deleted " + id, nil
}

// ownerOf is whose a conference or post is that is kept here, or 0.
func (s *Server) ownerOf(ctx context.Context, id string) int64 {
	if c, err := s.store.ConferenceByURI(ctx, id); err == nil {
		return c.OriginID
	}
	if p, err := s.store.PostByURI(ctx, id); err == nil {
		return p.AuthorID
	}
	return 0
}

// deletedElsewhere is told of a deletion by someone whose object it is not. It
// counts if the server of the object says so itself.
func (s *Server) deletedElsewhere(ctx context.Context, id string) (string, error) {
	owner := s.ownerOf(ctx, id)
	if owner == 0 {
		return fmt.Sprintf("nothing is known here of %s", clip(id, 200)), nil
	}
	doc, err := s.resolver.Object(ctx, id)
	switch kind := fetch.KindOf(err); {
	case kind == fetch.Gone, kind == fetch.NotFound:
	case err == nil && typeOf(activitystreams.Ref{}, doc.Body) == "Tombstone": // FEP-4f05
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
