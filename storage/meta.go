package storage

import "context"

// Meta reads a setting of the program itself; NotFound if it was never set.
func (r *Reader) Meta(ctx context.Context, key string) (string, error) {
	v, err := one(ctx, r, "setting", func(row row, s *string) error { return row.Scan(s) }, "SELECT value FROM meta WHERE key = ?", key)
	if err != nil {
		return "", err
	}
	return *v, nil
}

// SetMeta sets one.
func (tx *Tx) SetMeta(ctx context.Context, key, value string) error {
	return tx.exec(ctx, "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value)
}
