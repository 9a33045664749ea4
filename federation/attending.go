package federation

import (
	"context"
	"strings"

	"konfa/activitystreams"
	"konfa/community"
)

// told is what an activity of ours told of. Hubzilla files an event under the id
// of the Create that brought it, and answers, likes and attends that. Any other
// id stays as it is, that of a Follow or a Join of ours too.
func (s *Server) told(ctx context.Context, id string) string {
	path, ours := s.site.Path(id)
	if !ours {
		return id
	}
	key, ok := strings.CutPrefix(path, "activities/")
	if !ok {
		return id
	}
	a, err := s.store.Activity(ctx, key)
	if err != nil || a.Type != "Create" && a.Type != "Update" && a.Type != "Announce" {
		return id
	}
	return a.Object
}

// attends reads an Accept, TentativeAccept or Reject whose object is a conference
// of ours, by which people of Hubzilla and Friendica say that they come, may
// come, or do not. The others, which answer an activity of ours, are not ok.
func (s *Server) attends(ctx context.Context, in *incoming, state community.GuestState) (outcome string, ok bool, err error) {
	object := s.told(ctx, in.Object.ID)
	if _, ours := s.site.ConferenceSlug(object); !ours {
		return "", false, nil
	}
	return "answers " + object, true, s.node.ReceiveAttendance(ctx, in.from, in.uri, object, state)
}

// readPost reads a post; what it answers is named as it is called here.
func (s *Server) readPost(ctx context.Context, body []byte) (*activitystreams.RemotePost, error) {
	p, err := activitystreams.ReadPost(body)
	if err != nil {
		return nil, err
	}
	p.ReplyTo = s.told(ctx, p.ReplyTo)
	return p, nil
}
