package storage

import (
	"context"
	"time"
)

// Untold lists the ids of conferences of other servers that we care for though
// nobody tells us when they change, the next one first: ongoing or to come, and
// starting before the given instant; announced here, or with a member of ours
// for a guest, or of a server where we follow someone; but not of an actor whom
// we follow.
func (r *Reader) Untold(ctx context.Context, now, before time.Time, limit int) ([]string, error) {
	return list(ctx, r, func(row row, s *string) error { return row.Scan(s) }, `SELECT c.uri FROM conference c
		WHERE c.uri <> '' AND c.draft = 0 AND c.ends > ? AND c.starts < ?
			AND NOT EXISTS (SELECT 1 FROM followed f WHERE f.actor_id = c.origin_id AND f.state = 'accepted')
			AND (c.announced > 0
				OR EXISTS (SELECT 1 FROM guest g WHERE g.conference_id = c.id AND g.member_id <> 0)
				OR EXISTS (SELECT 1 FROM actor o JOIN actor a ON a.host = o.host JOIN followed f ON f.actor_id = a.id
					WHERE o.id = c.origin_id AND f.state = 'accepted'))
		ORDER BY c.starts, c.id LIMIT ?`, now, before, limit)
}
