package storage

import (
	"context"

	"konfa/community"
)

// Reports lists all complaints: the open ones first, the newest first.
func (r *Reader) Reports(ctx context.Context) ([]community.Report, error) {
	scan := func(row row, v *community.Report) error {
		return row.Scan(&v.ID, &v.ActorID, &v.URI, fromJSON{&v.Objects}, &v.Text, instant{&v.Created}, instant{&v.Closed})
	}
	return list(ctx, r, scan, `SELECT id, actor_id, uri, objects, text, created, closed FROM report
		ORDER BY CASE WHEN closed = 0 THEN 0 ELSE 1 END, id DESC`)
}

// InsertReport adds a complaint; Conflict if one with its URI is known.
func (tx *Tx) InsertReport(ctx context.Context, v *community.Report) error {
	return tx.taken(ctx, "this report is known already", func() error {
		return tx.insert(ctx, &v.ID, "INSERT INTO report (actor_id, uri, objects, text, created, closed) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
			v.ActorID, v.URI, asJSON{v.Objects}, v.Text, v.Created, v.Closed)
	})
}

// CloseReport closes an open complaint.
func (tx *Tx) CloseReport(ctx context.Context, id int64) error {
	return tx.update(ctx, "open report", "UPDATE report SET closed = ? WHERE id = ? AND closed = 0", tx.now, id)
}
