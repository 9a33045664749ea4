package storage

import (
	"context"
	"time"

	"konfa/community"
)

// DoorMarks lists what was noted about a guest at the door, in the order of time.
func (r *Reader) DoorMarks(ctx context.Context, guestID int64) ([]community.DoorMark, error) {
	scan := func(row row, m *community.DoorMark) error {
		return row.Scan(&m.GuestID, flag{&m.Undo}, instant{&m.At}, &m.By)
	}
	return list(ctx, r, scan, "SELECT guest_id, undo, at, by_name FROM door_mark WHERE guest_id = ? ORDER BY at, undo", guestID)
}

// AddDoorMark notes something about a guest, and tells whether it was new.
func (tx *Tx) AddDoorMark(ctx context.Context, m *community.DoorMark) (bool, error) {
	n, err := tx.count(ctx, "INSERT INTO door_mark (guest_id, at, undo, by_name) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", m.GuestID, m.At, m.Undo, m.By)
	return n > 0, err
}

// SetCheckedIn notes when a guest came; the zero time says that they did not.
func (tx *Tx) SetCheckedIn(ctx context.Context, guestID int64, at time.Time) error {
	return tx.update(ctx, "guest", "UPDATE guest SET checked_in = ? WHERE id = ?", at, guestID)
}

const walkInColumns = "id, conference_id, door_key, name, plus, arrived, gone, by_name"

func scanWalkIn(row row, w *community.WalkIn) error {
	return row.Scan(&w.ID, &w.ConferenceID, &w.Key, &w.Name, number{&w.Plus}, instant{&w.Arrived}, flag{&w.Gone}, &w.By)
}

// WalkIns lists who came to a conference without being on its list, those taken
// back as well, who came first first.
func (r *Reader) WalkIns(ctx context.Context, confID int64) ([]community.WalkIn, error) {
	return list(ctx, r, scanWalkIn, "SELECT "+walkInColumns+" FROM walk_in WHERE conference_id = ? ORDER BY arrived, id", confID)
}

// AddWalkIn adds someone, and tells whether they were new: the same key of the
// same conference adds nobody.
func (tx *Tx) AddWalkIn(ctx context.Context, w *community.WalkIn) (bool, error) {
	n, err := tx.count(ctx, `INSERT INTO walk_in (conference_id, door_key, name, plus, arrived, gone, by_name) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (conference_id, door_key) DO NOTHING`, w.ConferenceID, w.Key, w.Name, w.Plus, w.Arrived, w.Gone, w.By)
	return n > 0, err
}

// TakeBackWalkIn takes someone back who did not come after all. NotFound if there
// is no such key.
func (tx *Tx) TakeBackWalkIn(ctx context.Context, confID int64, key string) error {
	return tx.update(ctx, "guest", "UPDATE walk_in SET gone = 1 WHERE conference_id = ? AND door_key = ?", confID, key)
}
