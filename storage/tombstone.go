package storage

import (
	"context"
	"time"
)

// Tombstone stands for what was deleted.
type Tombstone struct {
	Key        string // path of ours below the base, or id of someone else's object
	FormerType string // its ActivityStreams type
	Deleted    time.Time
}

// Tombstone reads the tombstone of a key; NotFound if nothing was deleted there.
func (r *Reader) Tombstone(ctx context.Context, key string) (*Tombstone, error) {
	scan := func(row row, t *Tombstone) error { return row.Scan(&t.Key, &t.FormerType, instant{&t.Deleted}) }
	return one(ctx, r, "tombstone", scan, "SELECT key, former_type, deleted FROM tombstone WHERE key = ?", key)
}

// SaveTombstone notes that something was deleted now. The first time counts.
func (tx *Tx) SaveTombstone(ctx context.Context, key, formerType string) error {
	return tx.exec(ctx, "INSERT INTO tombstone (key, former_type, deleted) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING", key, formerType, tx.now)
}

// DropTombstone forgets that something was deleted: its id is of something new.
func (tx *Tx) DropTombstone(ctx context.Context, key string) error {
	return tx.exec(ctx, "DELETE FROM tombstone WHERE key = ?", key)
}

// PruneTombstones forgets claims older than before: tombstones whose key is an
// actor and an id with a blank between, of things that were never here. A late
// Create, which they guard against, comes within days. It returns how many went.
func (tx *Tx) PruneTombstones(ctx context.Context, before time.Time) (int, error) {
	return tx.count(ctx, "DELETE FROM tombstone WHERE deleted < ? AND key LIKE '% %'", before)
}
