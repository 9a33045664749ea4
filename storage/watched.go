package storage

import (
	"context"
	"time"
)

// Watched is a conference of another server that we care for.
type Watched struct {
	URI    string
	Starts time.Time
	Told   bool // one of ours follows the actor it belongs to, who tells of changes
}

// WatchedConferences lists what is on or to come at other servers and starts
// before the given instant, the next one first: what is announced here, has a
// member of ours for a guest, or is of a server where we follow someone.
func (r *Reader) WatchedConferences(ctx context.Context, now, before time.Time, limit int) ([]Watched, error) {
	scan := func(row row, w *Watched) error { return row.Scan(&w.URI, instant{&w.Starts}, flag{&w.Told}) }
	return list(ctx, r, scan, `SELECT c.uri, c.starts,
			CASE WHEN EXISTS (SELECT 1 FROM followed f WHERE f.actor_id = c.origin_id AND f.state = 'accepted') THEN 1 ELSE 0 END
		FROM conference c
		WHERE c.uri <> '' AND c.draft = 0 AND c.ends > ? AND c.starts < ?
			AND (c.announced > 0
				OR EXISTS (SELECT 1 FROM guest g WHERE g.conference_id = c.id AND g.member_id <> 0)
				OR EXISTS (SELECT 1 FROM actor o JOIN actor a ON a.host = o.host JOIN followed f ON f.actor_id = a.id
					WHERE o.id = c.origin_id AND f.state = 'accepted'))
		ORDER BY c.starts, c.id LIMIT ?`, now, before, limit)
}
