package federation

import (
	"context"
	"slices"
	"time"

	"konfa/activitystreams"
	"konfa/community"
)

// Bounds of reading what an answer answers. Only upwards is read, one post after
// another: what else was said below them comes by itself or not at all.
const (
	maxAbove  = 8 // posts for one answer
	aboveTime = 20 * time.Second
	// Answers that make us read, for each host that sends them.
	aboveRate  = 1
	aboveBurst = 30
)

// callsUs tells whether an answer from elsewhere names or was sent to one of
// ours, so that it may belong to a talk of ours though what it answers never
// came here.
func (s *Server) callsUs(p *activitystreams.RemotePost, to []string) bool {
	ours := func(id string) bool { _, ok := s.site.LocalActor(id); return ok }
	return p.ReplyTo != "" && (slices.ContainsFunc(to, ours) || slices.ContainsFunc(p.Mentions, func(m community.Mention) bool { return ours(m.URI) }))
}

// readAbove reads what stands between an answer and our talk, each from its own
// server, and keeps it if the way up ends at something of ours. What cannot be
// read, or leads elsewhere, leaves everything as it was. Asker is the host that
// makes us read.
func (s *Server) readAbove(ctx context.Context, asker, id string) {
	if id == "" || s.knownHere(ctx, id) {
		return
	}
	if _, ok := s.aboveRates.take(asker, 1); !ok {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, aboveTime)
	defer cancel()
	type found struct {
		id     string
		author *community.Actor
		post   *activitystreams.RemotePost
	}
	var way []found
	seen := map[string]bool{}
	for at := id; !s.knownHere(ctx, at); {
		if at == "" || seen[at] || len(way) == maxAbove {
			return // it began elsewhere, goes round in circles, or is too far
		}
		seen[at] = true
		f := found{}
		var body []byte
		var err error
		if f.id, body, err = s.fetched(ctx, at); err == nil {
			if f.post, err = activitystreams.ReadPost(body); err == nil {
				f.author, err = s.authorOf(ctx, f.id, f.post.AttributedTo)
			}
		}
		if err != nil {
			s.log.Info("what an answer answers cannot be read", "answered", at, "reason", err)
			return
		}
		if f.post.Visibility != community.Public && f.post.Visibility != community.Unlisted {
			return
		}
		way = append(way, f)
		at = f.post.ReplyTo
	}
	for _, f := range slices.Backward(way) {
		if _, err := s.keepPost(ctx, f.author, f.id, f.post, nil); err != nil {
			s.log.Info("what an answer answers is not kept", "answered", f.id, "reason", err)
			return
		}
	}
}
