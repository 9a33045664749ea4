package storage

import (
	"context"

	"konfa/community"
)

func scanKey(row row, k *community.KeyPair) error {
	return row.Scan(&k.ID, &k.Actor, &k.Kind, &k.Private, instant{&k.Created}, instant{&k.Retired})
}

// Keys lists the keys of an actor of ours: those in use first, then the newest
// first.
func (r *Reader) Keys(ctx context.Context, actor community.LocalActor) ([]community.KeyPair, error) {
	return list(ctx, r, scanKey, `SELECT id, actor, kind, private, created, retired FROM actor_key WHERE actor = ?
		ORDER BY CASE WHEN retired = 0 THEN 0 ELSE 1 END, id DESC`, actor)
}

// InsertKey adds a key.
func (tx *Tx) InsertKey(ctx context.Context, k *community.KeyPair) error {
	return tx.insert(ctx, &k.ID, "INSERT INTO actor_key (actor, kind, private, created, retired) VALUES (?, ?, ?, ?, ?) RETURNING id",
		k.Actor, k.Kind, k.Private, k.Created, k.Retired)
}

// RetireKeys takes all keys of an actor out of use.
func (tx *Tx) RetireKeys(ctx context.Context, actor community.LocalActor) error {
	return tx.exec(ctx, "UPDATE actor_key SET retired = ? WHERE actor = ? AND retired = 0", tx.now, actor)
}
