package storage

import (
	"context"
	"time"

	"konfa/community"
)

// Held lists when the conferences of ours took place that were not called off, up
// to an instant, by their ids.
func (r *Reader) Held(ctx context.Context, until time.Time) (map[int64]time.Time, error) {
	type held struct {
		id    int64
		start time.Time
	}
	rows, err := list(ctx, r, func(row row, h *held) error { return row.Scan(&h.id, instant{&h.start}) },
		"SELECT id, starts FROM conference WHERE uri = '' AND draft = 0 AND status NOT IN ('cancelled', 'postponed') AND starts <= ?", until)
	out := make(map[int64]time.Time, len(rows))
	for _, h := range rows {
		out[h.id] = h.start
	}
	return out, err
}

// Attendances lists who came to those, or said that they would.
func (r *Reader) Attendances(ctx context.Context, until time.Time) ([]community.Attendance, error) {
	scan := func(row row, a *community.Attendance) error {
		return row.Scan(&a.ConferenceID, instant{&a.Start}, &a.Who, number{&a.People}, flag{&a.CheckedIn})
	}
	return list(ctx, r, scan, `SELECT g.conference_id, c.starts,
			CASE WHEN g.member_id <> 0 THEN 'm' || CAST(g.member_id AS TEXT) WHEN g.actor_id <> 0 THEN 'a' || CAST(g.actor_id AS TEXT) ELSE 'e' || g.email END,
			1 + g.plus, CASE WHEN g.checked_in > 0 THEN 1 ELSE 0 END
		FROM guest g JOIN conference c ON c.id = g.conference_id
		WHERE g.state = 'going' AND c.uri = '' AND c.draft = 0 AND c.status NOT IN ('cancelled', 'postponed') AND c.starts <= ? ORDER BY c.starts, g.id`, until)
}
