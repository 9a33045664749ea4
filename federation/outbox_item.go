package federation

import (
	"context"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/storage"
)

// outboxItems prepares a page of an outbox for those who take every entry of it
// as true now, one after another, as WordPress does when it begins to follow:
// its Create, read last, would undo the Update before it. So what was deleted
// is not in it, every entry has the object as it is today, and of several
// Updates of an object only the last one stays.
func (s *Server) outboxItems(ctx context.Context, actor community.LocalActor, list []storage.Activity) ([]storage.Activity, error) {
	latest := map[string]*storage.Activity{}
	out := make([]storage.Activity, 0, len(list))
	for _, a := range list {
		if a.Type != "Create" && a.Type != "Update" {
			out = append(out, a)
			continue
		}
		if key, ok := s.site.Path(a.Object); ok && s.wasDeleted(ctx, key) {
			continue
		}
		last, known := latest[a.Object]
		if !known {
			found, err := s.store.LastActivity(ctx, actor, "Update", a.Object)
			switch {
			case err == nil && found.Public:
				last = found
			case err != nil && community.CodeOf(err) != community.NotFound:
				return nil, err
			}
			latest[a.Object] = last
		}
		switch {
		case last == nil || a.ID == last.ID:
		case a.Type == "Update":
			continue
		case last.ID > a.ID:
			body, err := activitystreams.Retell(a.JSON, last.JSON)
			if err != nil {
				return nil, err
			}
			a.JSON = body
		}
		out = append(out, a)
	}
	return out, nil
}
