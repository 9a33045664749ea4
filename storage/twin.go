package storage

import (
	"context"
	"slices"
	"strings"
	"time"

	"konfa/community"
)

// maxAlike bounds how many conferences are looked at for being the same one.
const maxAlike = 100

// Alike lists published conferences but one, known from anywhere, that may be
// the same: with one of the given UIDs or UUIDs, or beginning at the same
// instant. Who is really the same is for the caller to say.
func (r *Reader) Alike(ctx context.Context, id int64, idents []string, start time.Time) ([]community.Conference, error) {
	out, err := list(ctx, r, scanConference, conferenceSelect+"WHERE starts = ? AND draft = 0 AND id <> ? ORDER BY id LIMIT ?", start, id, maxAlike)
	if err != nil || len(idents) == 0 {
		return out, err
	}
	marks := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(idents)), ", ") + ")"
	var args []any
	for range 2 {
		for _, s := range idents {
			args = append(args, s)
		}
	}
	args = append(args, id, maxAlike)
	known, err := list(ctx, r, scanConference, conferenceSelect+"WHERE (uid IN "+marks+" OR uuid IN "+marks+" AND uuid <> '') AND draft = 0 AND id <> ? ORDER BY id LIMIT ?", args...)
	for i := range known {
		if !slices.ContainsFunc(out, func(c community.Conference) bool { return c.ID == known[i].ID }) {
			out = append(out, known[i])
		}
	}
	return out, err
}

// TwinsOf lists the conferences that another one is shown for.
func (r *Reader) TwinsOf(ctx context.Context, id int64) ([]community.Conference, error) {
	return list(ctx, r, scanConference, conferenceSelect+"WHERE twin_of = ? AND twin_of <> 0 ORDER BY id", id)
}

// SetTwin writes which conference is shown in the stead of one, 0 for none.
func (tx *Tx) SetTwin(ctx context.Context, id, twinOf int64) error {
	if err := tx.update(ctx, "conference", "UPDATE conference SET twin_of = ? WHERE id = ?", twinOf, id); err != nil {
		return err
	}
	was, err := one(ctx, tx.Reader, "conference", scanCalendarSide, calendarSide, id)
	if err != nil {
		return err
	}
	if err := tx.moveSearch(ctx, id); err != nil {
		return err
	}
	if err := tx.AddWorldTodo(ctx, "conference", id); err != nil {
		return err
	}
	return tx.stampCalendar(ctx, was)
}

// Apart lists the conferences that stewards said are not the same as one.
func (r *Reader) Apart(ctx context.Context, id int64) ([]int64, error) {
	scan := func(row row, id *int64) error { return row.Scan(id) }
	return list(ctx, r, scan, "SELECT other FROM conference_apart WHERE one = ? UNION SELECT one FROM conference_apart WHERE other = ?", id, id)
}

// SetApart notes that two conferences are not the same.
func (tx *Tx) SetApart(ctx context.Context, a, b int64) error {
	return tx.exec(ctx, "INSERT INTO conference_apart (one, other) VALUES (?, ?) ON CONFLICT DO NOTHING", min(a, b), max(a, b))
}

// ForgetApart forgets every such note about a conference.
func (tx *Tx) ForgetApart(ctx context.Context, id int64) error {
	return tx.exec(ctx, "DELETE FROM conference_apart WHERE one = ? OR other = ?", id, id)
}

// ConferenceLike reads a conference of another server by its id, or by one of
// the other spellings of it that name the same thing. The exact one comes first.
func (r *Reader) ConferenceLike(ctx context.Context, uri string) (*community.Conference, error) {
	c, err := r.ConferenceByURI(ctx, uri)
	if !isNotFound(err) {
		return c, err
	}
	for _, other := range community.Spellings(uri) {
		if c, err := r.ConferenceByURI(ctx, other); !isNotFound(err) {
			return c, err
		}
	}
	return nil, err
}
