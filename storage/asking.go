package storage

import (
	"context"
	"time"
)

// Asking is a Join of a member of ours that the server of the conference has not
// answered yet.
type Asking struct {
	GuestID int64
	Asked   time.Time // the first time
	Tries   int       // how often, that one included
	Next    time.Time // when to ask again, or to give up
}

const askingColumns = "a.guest_id, a.asked, a.tries, a.next_try"

func scanAsking(row row, a *Asking) error {
	return row.Scan(&a.GuestID, instant{&a.Asked}, number{&a.Tries}, instant{&a.Next})
}

// Asking reads what is asked for a guest.
func (r *Reader) Asking(ctx context.Context, guestID int64) (*Asking, error) {
	return one(ctx, r, "asking", scanAsking, "SELECT "+askingColumns+" FROM asking a WHERE a.guest_id = ?", guestID)
}

// AskingsDue lists those where something is to be done at an instant: it is time
// to ask again, or the conference has begun.
func (r *Reader) AskingsDue(ctx context.Context, now time.Time, limit int) ([]Asking, error) {
	return list(ctx, r, scanAsking, "SELECT "+askingColumns+` FROM asking a JOIN guest g ON g.id = a.guest_id JOIN conference c ON c.id = g.conference_id
		WHERE a.next_try <= ? OR c.starts <= ? ORDER BY a.next_try, a.guest_id LIMIT ?`, now, now, limit)
}

// SaveAsking adds or replaces what is asked for a guest.
func (tx *Tx) SaveAsking(ctx context.Context, a *Asking) error {
	return tx.exec(ctx, `INSERT INTO asking (guest_id, asked, tries, next_try) VALUES (?, ?, ?, ?)
		ON CONFLICT (guest_id) DO UPDATE SET asked = excluded.asked, tries = excluded.tries, next_try = excluded.next_try`, a.GuestID, a.Asked, a.Tries, a.Next)
}

// DeleteAsking notes that a guest was answered, or waits no more.
func (tx *Tx) DeleteAsking(ctx context.Context, guestID int64) error {
	return tx.exec(ctx, "DELETE FROM asking WHERE guest_id = ?", guestID)
}
