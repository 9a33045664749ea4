package storage

import (
	"context"
	"time"

	"konfa/community"
)

const mediaColumns = "id, media_type, width, height, blurhash, bytes, by_name, created"

func scanMedia(row row, m *community.Media) error {
	return row.Scan(&m.ID, &m.MediaType, number{&m.Width}, number{&m.Height}, &m.Blurhash, number{&m.Bytes}, &m.By, instant{&m.Created})
}

// Media reads an uploaded picture, without its files.
func (r *Reader) Media(ctx context.Context, id string) (*community.Media, error) {
	return one(ctx, r, "picture", scanMedia, "SELECT "+mediaColumns+" FROM media WHERE id = ?", id)
}

// MediaFile reads one size of a picture.
func (r *Reader) MediaFile(ctx context.Context, name string) (*community.MediaFile, error) {
	scan := func(row row, f *community.MediaFile) error {
		return row.Scan(&f.Name, &f.MediaType, number{&f.Width}, number{&f.Height}, &f.Data)
	}
	return one(ctx, r, "picture", scan, "SELECT name, media_type, width, height, data FROM media_file WHERE name = ?", name)
}

// MediaBytes is what all pictures take.
func (r *Reader) MediaBytes(ctx context.Context) (int64, error) {
	return value[int64](ctx, r, "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM media")
}

// CountMedia counts the pictures that someone uploaded since an instant.
func (r *Reader) CountMedia(ctx context.Context, by string, since time.Time) (int, error) {
	return value[int](ctx, r, "SELECT COUNT(*) FROM media WHERE by_name = ? AND created >= ?", by, since)
}

// OldMedia lists the pictures that were uploaded before an instant, the oldest
// first.
func (r *Reader) OldMedia(ctx context.Context, before time.Time) ([]community.Media, error) {
	return list(ctx, r, scanMedia, "SELECT "+mediaColumns+" FROM media WHERE created < ? ORDER BY created, id", before)
}

// PictureAddresses lists the addresses of all pictures that something of ours
// shows: the city, its members, conferences, posts and series. What is not
// among them is not used.
func (r *Reader) PictureAddresses(ctx context.Context) ([]string, error) {
	var out []string
	add := func(ps ...*community.Picture) {
		for _, p := range ps {
			if p != nil {
				out = append(out, p.URL)
			}
		}
	}
	single := func(row row, p *[2]*community.Picture) error { return row.Scan(fromJSON{&p[0]}, fromJSON{&p[1]}) }
	for _, q := range []string{
		"SELECT picture, banner FROM city",
		"SELECT picture, '' FROM member WHERE picture <> ''",
		"SELECT cover, '' FROM conference WHERE slug <> '' AND cover <> ''",
	} {
		rows, err := list(ctx, r, single, q)
		if err != nil {
			return nil, err
		}
		for _, p := range rows {
			add(p[0], p[1])
		}
	}
	several := func(row row, ps *[]community.Picture) error { return row.Scan(fromJSON{ps}) }
	posts, err := list(ctx, r, several, "SELECT pictures FROM post WHERE slug <> '' AND pictures <> ''")
	if err != nil {
		return nil, err
	}
	for _, ps := range posts {
		for i := range ps {
			add(&ps[i])
		}
	}
	templates, err := list(ctx, r, func(row row, c *community.Conference) error { return row.Scan(fromJSON{c}) }, "SELECT template FROM series")
	if err != nil {
		return nil, err
	}
	for i := range templates {
		add(templates[i].Cover)
	}
	return out, nil
}

// InsertMedia adds a picture with its files. One that is there already is
// Conflict.
func (tx *Tx) InsertMedia(ctx context.Context, m *community.Media) error {
	return tx.taken(ctx, "this picture is there already", func() error {
		if err := tx.exec(ctx, "INSERT INTO media ("+mediaColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			m.ID, m.MediaType, m.Width, m.Height, m.Blurhash, m.Bytes, m.By, m.Created); err != nil {
			return err
		}
		for _, f := range m.Files {
			if err := tx.exec(ctx, "INSERT INTO media_file (name, media_id, media_type, width, height, data) VALUES (?, ?, ?, ?, ?, ?)",
				f.Name, m.ID, f.MediaType, f.Width, f.Height, f.Data); err != nil {
				return err
			}
		}
		return nil
	})
}

// TouchMedia makes a picture count as uploaded now.
func (tx *Tx) TouchMedia(ctx context.Context, id string) error {
	return tx.update(ctx, "picture", "UPDATE media SET created = ? WHERE id = ?", tx.now, id)
}

// DeleteMedia removes a picture with its files.
func (tx *Tx) DeleteMedia(ctx context.Context, id string) error {
	if err := tx.exec(ctx, "DELETE FROM media_file WHERE media_id = ?", id); err != nil {
		return err
	}
	return tx.exec(ctx, "DELETE FROM media WHERE id = ?", id)
}
