package storage

import (
	"context"

	"konfa/community"
)

const townColumns = "t.id, t.country, t.folded, t.name, t.place"

func townDest(t *community.Town) []any {
	return []any{&t.ID, &t.Country, &t.Folded, &t.Name, fromJSON{&t.Place}}
}

func scanTown(row row, t *community.Town) error { return row.Scan(townDest(t)...) }

// Town reads a town by its country and its folded name.
func (r *Reader) Town(ctx context.Context, country, folded string) (*community.Town, error) {
	return one(ctx, r, "town", scanTown, "SELECT "+townColumns+" FROM town t WHERE t.country = ? AND t.folded = ?", country, folded)
}

// Towns lists all towns that conferences take or took place in. They are few:
// one for each that was ever named.
func (r *Reader) Towns(ctx context.Context) ([]community.Town, error) {
	return list(ctx, r, scanTown, "SELECT "+townColumns+" FROM town t ORDER BY t.id")
}

// SaveTown adds a town and fills its ID. The place and the name that it was
// first given stay.
func (tx *Tx) SaveTown(ctx context.Context, t *community.Town) error {
	old, err := tx.Town(ctx, t.Country, t.Folded)
	switch {
	case err == nil:
		*t = *old
		return nil
	case !isNotFound(err):
		return err
	}
	return tx.insert(ctx, &t.ID, "INSERT INTO town (country, folded, name, place) VALUES (?, ?, ?, ?) RETURNING id", t.Country, t.Folded, t.Name, asJSON{t.Place})
}
