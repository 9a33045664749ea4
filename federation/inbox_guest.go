package federation

import (
	"context"
	"encoding/json"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/prose"
)

// onJoin: someone wants to come. Mobilizon's Join has its own words for a
// message and leaks the other guests in cc, which nobody reads here.
func (s *Server) onJoin(ctx context.Context, in *incoming) (string, error) {
	// Keys of a map are exact; fields of a struct would take any case. Either may
	// be missing, null or something else; then it counts as not said.
	var extra map[string]json.RawMessage
	_ = json.Unmarshal(in.Raw, &extra)
	comment, plus := "", 0.0
	if json.Unmarshal(extra["participationMessage"], &comment) != nil || comment == "" {
		comment = in.Content
	}
	if json.Unmarshal(extra["plusOnes"], &plus) != nil {
		plus = 0
	}
	comment = prose.Text(comment, community.MaxComment)
	if err := s.node.ReceiveJoin(ctx, in.from, in.uri, in.Object.ID, comment, min(max(int(plus), 0), community.MaxPlus)); err != nil {
		return "", err
	}
	return "joined " + in.Object.ID, nil
}

// onLeave: someone does not come after all. The object is the event, or the
// Join that is taken back.
func (s *Server) onLeave(ctx context.Context, in *incoming) (string, error) {
	object, join := in.Object.ID, ""
	if in.Object.Type == "Join" && in.Object.Raw != nil {
		inner := activitystreams.ReadInner(in.Object.Raw)
		object, join = inner.Object, inner.ID
	} else if _, ours := s.site.ConferenceSlug(object); !ours {
		join = object
	}
	if err := s.node.ReceiveLeave(ctx, in.from, object, join); err != nil {
		return "", err
	}
	return "left " + object, nil
}
