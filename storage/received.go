package storage

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Received is an activity of another server that we answered 202 to.
type Received struct {
	ID       int64
	URI      string // its id
	Digest   []byte // SHA-256 of Body; the same id with other contents is another one
	Actor    string // id of the actor who signed
	Host     string // of the actor
	Inbox    string // path it came to
	Body     []byte // as it came; empty once done
	Received time.Time
	Attempts int
}

const receivedColumns = "id, uri, digest, actor, host, inbox, body, received, attempts"

func scanReceived(row row, v *Received) error {
	return row.Scan(&v.ID, &v.URI, &v.Digest, &v.Actor, &v.Host, &v.Inbox, &v.Body, instant{&v.Received}, number{&v.Attempts})
}

// InsertReceived takes an activity, once: false means that the same one was
// taken before.
func (tx *Tx) InsertReceived(ctx context.Context, v *Received) (fresh bool, err error) {
	at := v.Received
	if at.IsZero() {
		at = tx.now
	}
	ids, err := list(ctx, tx.Reader, func(row row, id *int64) error { return row.Scan(id) },
		`INSERT INTO received (uri, digest, actor, host, inbox, body, received) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (uri, digest) DO NOTHING RETURNING id`, v.URI, v.Digest, v.Actor, v.Host, v.Inbox, v.Body, at)
	if err != nil || len(ids) == 0 {
		return false, err
	}
	tx.fill(&v.ID, ids[0])
	tx.queued = true
	return true, nil
}

// ReceivedDue lists those to be worked on now: in the order they came, then
// those to be tried again.
func (r *Reader) ReceivedDue(ctx context.Context, now time.Time, limit int) ([]Received, error) {
	return list(ctx, r, scanReceived, "SELECT "+receivedColumns+" FROM received WHERE done = 0 AND next_try <= ? ORDER BY next_try, id LIMIT ?", now, limit)
}

// ReceivedSince lists those to be worked on now that have an id after the given
// one, in the order they came.
func (r *Reader) ReceivedSince(ctx context.Context, after int64, now time.Time, limit int) ([]Received, error) {
	return list(ctx, r, scanReceived, "SELECT "+receivedColumns+" FROM received WHERE done = 0 AND +next_try <= ? AND id > ? ORDER BY id LIMIT ?", now, after, limit)
}

// NextReceived is when the next one becomes due, the lease of a claimed one
// included; the zero time if nothing waits.
func (r *Reader) NextReceived(ctx context.Context) (time.Time, error) {
	type next struct {
		at time.Time
		id int64
	}
	ns, err := list(ctx, r, func(row row, n *next) error { return row.Scan(instant{&n.at}, &n.id) },
		"SELECT next_try, id FROM received WHERE done = 0 ORDER BY next_try, id LIMIT 1")
	if err != nil || len(ns) == 0 {
		return time.Time{}, err
	}
	if ns[0].at.IsZero() {
		return time.UnixMicro(1).UTC(), nil // waits since it came
	}
	return ns[0].at, nil
}

// ClaimReceived takes what ReceivedDue would list for this process alone, until
// the given instant: if it is neither finished nor put off by then, it becomes
// due again.
func (tx *Tx) ClaimReceived(ctx context.Context, now, until time.Time, limit int) ([]Received, error) {
	vs, err := list(ctx, tx.Reader, scanReceived, `UPDATE received SET next_try = ? WHERE id IN (
		SELECT id FROM received WHERE done = 0 AND next_try <= ? ORDER BY next_try, id LIMIT ?`+tx.sql.skipLocked+`) RETURNING `+receivedColumns, until, now, limit)
	slices.SortFunc(vs, func(a, b Received) int { return cmp.Compare(a.ID, b.ID) })
	return vs, err
}

// FinishReceived notes that one is done, and how it went. Its body is not kept,
// the rest stays until PruneReceived so that it is not taken twice.
func (tx *Tx) FinishReceived(ctx context.Context, id int64, outcome string) error {
	return tx.update(ctx, "received activity", "UPDATE received SET done = ?, outcome = ?, body = ? WHERE id = ?", tx.now, outcome, []byte{}, id)
}

// RetryReceived puts one off.
func (tx *Tx) RetryReceived(ctx context.Context, id int64, next time.Time, reason string) error {
	return tx.update(ctx, "received activity", "UPDATE received SET attempts = attempts + 1, next_try = ?, outcome = ? WHERE id = ? AND done = 0", next, reason, id)
}

// PruneReceived forgets those that were done before an instant, and tells how
// many they were.
func (tx *Tx) PruneReceived(ctx context.Context, before time.Time) (int, error) {
	return tx.count(ctx, "DELETE FROM received WHERE done > 0 AND done < ?", before)
}
