package storage

import (
	"context"
	"time"
)

// Sent is what the form with a key made; NotFound when it was not sent yet.
func (r *Reader) Sent(ctx context.Context, key string) (string, error) {
	made, err := one(ctx, r, "form", func(row row, s *string) error { return row.Scan(s) }, "SELECT made FROM sent WHERE key = ?", key)
	if err != nil {
		return "", err
	}
	return *made, nil
}

// SaveSent remembers what a form made; Conflict when it was sent already.
func (tx *Tx) SaveSent(ctx context.Context, key, made string) error {
	return tx.taken(ctx, "this was sent already", func() error {
		return tx.exec(ctx, "INSERT INTO sent (key, made, created) VALUES (?, ?, ?)", key, made, tx.Now())
	})
}

// PruneSent forgets forms that were sent before an instant.
func (tx *Tx) PruneSent(ctx context.Context, before time.Time) error {
	return tx.exec(ctx, "DELETE FROM sent WHERE created < ?", before)
}
