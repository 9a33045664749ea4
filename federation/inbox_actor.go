package federation

import (
	"context"

	"konfa/community"
)

// onMove: an actor lives elsewhere now. The new one is read afresh, since what
// it says of the old one decides.
func (s *Server) onMove(ctx context.Context, in *incoming) (string, error) {
	if in.Object.ID != in.from.URI {
		return "", community.Errorf(community.Forbidden, "%s cannot move %s", in.from.URI, clip(in.Object.ID, 200))
	}
	if in.Target.ID == "" || in.Target.ID == in.from.URI {
		return "", community.Errorf(community.Invalid, "the Move does not say where to")
	}
	if _, ours := s.site.Path(in.Target.ID); ours {
		if err := s.node.ReceiveMoveHere(ctx, in.from, in.Target.ID); err != nil {
			return "", err
		}
		return "moved here", nil
	}
	if blocked, why := s.blocked(ctx, in.Target.ID); blocked {
		return "", community.Errorf(community.Forbidden, "%s", why)
	}
	target, err := s.actor(ctx, in.Target.ID, 0)
	if err != nil {
		return "", err
	}
	if err := s.node.ReceiveMove(ctx, in.from, target); err != nil {
		return "", err
	}
	return "moved to " + target.URI, nil
}

func (s *Server) onBlock(ctx context.Context, in *incoming) (string, error) {
	return "blocked", s.node.ReceiveBlock(ctx, in.from, in.Object.ID)
}

// maxReported is how many objects of a report are kept.
const maxReported = 100

func (s *Server) onFlag(ctx context.Context, in *incoming) (string, error) {
	var objects []string
	for _, o := range in.Objects {
		if o.ID != "" && len(objects) < maxReported {
			objects = append(objects, o.ID)
		}
	}
	if len(objects) == 0 && in.Object.ID != "" {
		objects = []string{in.Object.ID}
	}
	return "reported", s.node.ReceiveFlag(ctx, in.from, in.uri, objects, clip(in.Content, 5000))
}
