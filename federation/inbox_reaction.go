package federation

import (
	"context"

	"konfa/community"
)

// onLike counts a like or an emoji, in each of the three ways they come: Like,
// EmojiReact (FEP-c0e0), and Misskey's Like with a content.
func (s *Server) onLike(ctx context.Context, in *incoming) (string, error) {
	r := community.Reaction{Kind: community.Like, Object: s.told(ctx, in.Object.ID), URI: in.uri}
	if in.Type == "EmojiReact" || in.Emoji != "" {
		r.Kind, r.Emoji = community.Emoji, in.Emoji
	}
	if err := s.node.ReceiveReaction(ctx, in.from, r); err != nil {
		return "", err
	}
	return string(r.Kind) + " of " + r.Object, nil
}
