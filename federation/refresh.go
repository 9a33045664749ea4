package federation

import (
	"context"
	"time"

	"konfa/community"
	"konfa/federation/fetch"
	"konfa/storage"
)

// What is coming up elsewhere is read again now and then. Some changes nobody
// tells us: a WordPress blog announces the events of its authors, but changes
// and deletions go to the followers of the author alone, and one that is deleted
// past the bin is gone without a word; what a sister city announces is told to
// those who follow its origin. And some messages get lost: Mobilizon and Gancio
// send everything once.
const (
	refreshEvery  = time.Hour
	refreshList   = 2000 // conferences looked at
	refreshMost   = 200  // and read in one round
	refreshAhead  = 90 * 24 * time.Hour
	refreshNear   = 48 * time.Hour // what starts so soon is read more often
	refreshBudget = 10 * time.Minute
	// refreshGone is how many times in a row a conference is not found before it
	// counts as deleted: a server that is being repaired may find nothing.
	refreshGone = 3
	// refreshLease is what the process that reads them claims, for as long as it
	// lives, where there are several; no host has a space in it.
	refreshLease = "conferences elsewhere"
)

// reading is when a conference was read again, and what came of it.
type reading struct {
	at      time.Time
	missing int // times in a row that it was not found
}

// refreshLoop reads the conferences of others again that we care for.
func (s *Server) refreshLoop(stop, work context.Context) {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		select {
		case <-stop.Done():
			return
		case <-tick.C:
		}
		if ok, err := s.claim(work, refreshLease); err != nil || !ok {
			if err != nil {
				s.log.Error("claiming what is read again", "error", err)
			}
			continue
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
	list, err := s.store.WatchedConferences(ctx, now, now.Add(refreshAhead), refreshList)
	if err != nil {
		return 0, err
	}
	read := map[string]reading{}
	tried, n := 0, 0
	for _, w := range list {
		last, ok := s.refreshed[w.URI]
		if ok {
			read[w.URI] = last
		}
		// A little less, as rounds are not on the dot.
		if ok && now.Sub(last.at) < refreshAfter(w, now)-refreshEvery/4 || tried == refreshMost || ctx.Err() != nil {
			continue // the rest is for the next time
		}
		tried++
		last.at = now
		err := s.reread(ctx, w.URI, &last)
		read[w.URI] = last
		if err != nil {
			s.log.Debug("not read again", "uri", w.URI, "reason", err)
			continue
		}
		n++
	}
	s.refreshed = read // without what is over
	return n, nil
}

// refreshAfter is how long what was read of a conference is good for.
func refreshAfter(w storage.Watched, now time.Time) time.Duration {
	near := w.Starts.Sub(now) < refreshNear
	switch {
	case w.Told && !near:
		return 24 * time.Hour
	case w.Told || !near:
		return 12 * time.Hour
	}
	return refreshEvery
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
