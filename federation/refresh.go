package federation

import (
	"context"
	"time"

	"konfa/community"
	"konfa/federation/fetch"
)

// What nobody tells us of is read again: a WordPress blog announces the events
// of its authors, but changes and deletions go to the followers of the author
// alone; and what a sister city announces is told to those who follow its
// origin. What is near is read more often.
const (
	refreshEvery  = time.Hour
	refreshMost   = 200 // at a time
	refreshAhead  = 90 * 24 * time.Hour
	refreshNear   = 48 * time.Hour // what starts so soon is read every time
	refreshFar    = 12 * time.Hour // the rest
	refreshBudget = 10 * time.Minute
	// refreshGone is how many times in a row a conference is not found before it
	// counts as deleted: a server that is being repaired may find nothing.
	refreshGone = 3
)

// reading is when a conference was read again, and what came of it.
type reading struct {
	at      time.Time
	missing int // times in a row that it was not found
}

// refreshLoop reads the conferences again that we care for though nobody tells
// us when they change.
func (s *Server) refreshLoop(stop, work context.Context) {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		select {
		case <-stop.Done():
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(work, refreshBudget)
		if n, err := s.refresh(ctx); err != nil {
			s.log.Error("reading conferences again", "read", n, "error", err)
		} else if n > 0 {
			s.log.Debug("read conferences again", "count", n)
		}
		cancel()
	}
}

// refresh reads what is due, and returns how many were read.
func (s *Server) refresh(ctx context.Context) (int, error) {
	now := s.now()
	near, err := s.store.Untold(ctx, now, now.Add(refreshNear), refreshMost)
	if err != nil {
		return 0, err
	}
	all, err := s.store.Untold(ctx, now, now.Add(refreshAhead), refreshMost)
	if err != nil {
		return 0, err
	}
	due := map[string]time.Duration{}
	for _, uri := range all {
		due[uri] = refreshFar
	}
	for _, uri := range near {
		due[uri] = refreshEvery
	}
	for uri := range s.refreshed {
		if _, ok := due[uri]; !ok {
			delete(s.refreshed, uri) // over, or followed since
		}
	}
	n := 0
	for _, uri := range all {
		if ctx.Err() != nil {
			return n, nil // the rest is for the next time
		}
		// A little less, as rounds are not on the dot.
		last, ok := s.refreshed[uri]
		if ok && now.Sub(last.at) < due[uri]-refreshEvery/4 {
			continue
		}
		last.at = now
		err := s.reread(ctx, uri, &last)
		s.refreshed[uri] = last
		if err != nil {
			s.log.Debug("not read again", "uri", uri, "reason", err)
			continue
		}
		n++
	}
	return n, nil
}

// reread reads a conference elsewhere again; it goes away when its server says
// so.
func (s *Server) reread(ctx context.Context, uri string, r *reading) error {
	_, err := s.FetchConference(ctx, uri)
	switch kind := fetch.KindOf(err); kind {
	case fetch.NotFound:
		if r.missing++; r.missing < refreshGone {
			return err
		}
		fallthrough
	case fetch.Gone:
		_, err = s.deletedElsewhere(ctx, uri)
	default:
		r.missing = 0
		if community.CodeOf(err) == community.Invalid { // no event any more: a Tombstone, perhaps
			_, err = s.deletedElsewhere(ctx, uri)
		}
	}
	return err
}
