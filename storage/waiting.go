package storage

import (
	"context"

	"konfa/community"
)

// Waiting is a delivery that waits, with what is delivered.
type Waiting struct {
	Delivery
	Type   string // of the activity
	Object string // id of what it is about
	Actor  community.LocalActor
}

// WaitingFor lists what waits for a host, in the order in which it goes out.
func (r *Reader) WaitingFor(ctx context.Context, host string, limit int) ([]Waiting, error) {
	scan := func(row row, w *Waiting) error {
		return row.Scan(&w.ID, &w.ActivityID, &w.Host, &w.Inbox, &w.OrderKey, number{&w.Attempts}, instant{&w.NextTry}, instant{&w.Created}, &w.LastError,
			&w.Type, &w.Object, word[community.LocalActor]{&w.Actor})
	}
	return list(ctx, r, scan, `SELECT d.id, d.activity_id, d.host, d.inbox, d.order_key, d.attempts, d.next_try, d.created, d.last_error, a.type, a.object, a.actor
		FROM delivery d JOIN activity a ON a.id = d.activity_id WHERE d.host = ? ORDER BY d.next_try, d.id LIMIT ?`, host, limit)
}

// HastenHost lets everything that waits for a host be tried now, and returns how
// much that is.
func (tx *Tx) HastenHost(ctx context.Context, host string) (int, error) {
	if err := tx.exec(ctx, "UPDATE peer SET next_try = 0 WHERE host = ?", host); err != nil {
		return 0, err
	}
	tx.queued = true
	return tx.count(ctx, "UPDATE delivery SET next_try = ? WHERE host = ?", tx.now, host)
}
