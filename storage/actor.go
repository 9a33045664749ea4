package storage

import (
	"context"
	"time"

	"konfa/community"
)

// actorColumns are of an actor a and its peer p.
const actorColumns = `a.id, a.uri, a.type, a.handle, a.host, a.name, a.about, a.url, a.inbox, a.shared_inbox, a.outbox, a.followers, a.featured,
	a.upcoming, a.icon, a.keys, a.also_known_as, a.moved_to, a.locked, a.fetched, a.gone, COALESCE(p.software, '')`

const actorTables = " actor a LEFT JOIN peer p ON p.host = a.host "

func actorDest(a *community.Actor) []any {
	return []any{&a.ID, &a.URI, &a.Type, &a.Handle, &a.Host, &a.Name, &a.About, &a.URL, &a.Inbox, &a.SharedInbox, &a.Outbox, &a.Followers, &a.Featured,
		&a.Upcoming, fromJSON{&a.Icon}, fromJSON{&a.Keys}, fromJSON{&a.AlsoKnownAs}, &a.MovedTo, flag{&a.Locked}, instant{&a.Fetched}, instant{&a.Gone}, &a.Software}
}

func scanActor(row row, a *community.Actor) error { return row.Scan(actorDest(a)...) }

// Actor reads a remote actor by its id, also one that is gone.
func (r *Reader) Actor(ctx context.Context, uri string) (*community.Actor, error) {
	return one(ctx, r, "actor", scanActor, "SELECT "+actorColumns+" FROM"+actorTables+"WHERE a.uri = ?", uri)
}

// ActorByID reads a remote actor, also one that is gone.
func (r *Reader) ActorByID(ctx context.Context, id int64) (*community.Actor, error) {
	return one(ctx, r, "actor", scanActor, "SELECT "+actorColumns+" FROM"+actorTables+"WHERE a.id = ?", id)
}

// Actors reads several at once. Those that are not there are not in the map.
func (r *Reader) Actors(ctx context.Context, ids []int64) (map[int64]*community.Actor, error) {
	out := make(map[int64]*community.Actor, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	as, err := list(ctx, r, scanActor, "SELECT "+actorColumns+" FROM"+actorTables+"WHERE a.id"+r.sql.inIDs, asJSON{ids})
	for i := range as {
		out[as[i].ID] = &as[i]
	}
	return out, err
}

// ActorByAddress reads the actor known as @handle@host. One that is gone is the
// last choice, after that the one fetched last is the first.
func (r *Reader) ActorByAddress(ctx context.Context, handle, host string) (*community.Actor, error) {
	return one(ctx, r, "actor", scanActor, "SELECT "+actorColumns+" FROM"+actorTables+`WHERE a.host = ? AND a.handle = ?
		ORDER BY CASE WHEN a.gone = 0 THEN 0 ELSE 1 END, a.fetched DESC, a.id LIMIT 1`, host, handle)
}

// SaveActor adds or replaces an actor by its URI and fills the ID.
func (tx *Tx) SaveActor(ctx context.Context, a *community.Actor) error {
	// Conferences are found by the name of their host too.
	err := tx.exec(ctx, `INSERT INTO search_todo (kind, ref) SELECT 'conference', c.id FROM actor a JOIN conference c ON c.origin_id = a.id
		WHERE a.uri = ? AND a.name <> ? ON CONFLICT (kind, ref) DO NOTHING`, a.URI, a.Name)
	if err != nil {
		return err
	}
	return tx.insert(ctx, &a.ID, `INSERT INTO actor (uri, type, handle, host, name, about, url, inbox, shared_inbox, outbox, followers, featured,
			upcoming, icon, keys, also_known_as, moved_to, locked, fetched, gone)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (uri) DO UPDATE SET type = excluded.type, handle = excluded.handle, host = excluded.host, name = excluded.name,
			about = excluded.about, url = excluded.url, inbox = excluded.inbox, shared_inbox = excluded.shared_inbox, outbox = excluded.outbox,
			followers = excluded.followers, featured = excluded.featured, upcoming = excluded.upcoming, icon = excluded.icon, keys = excluded.keys,
			also_known_as = excluded.also_known_as, moved_to = excluded.moved_to, locked = excluded.locked, fetched = excluded.fetched, gone = excluded.gone
		RETURNING id`,
		a.URI, a.Type, a.Handle, a.Host, a.Name, a.About, a.URL, a.Inbox, a.SharedInbox, a.Outbox, a.Followers, a.Featured,
		a.Upcoming, asJSON{a.Icon}, asJSON{a.Keys}, asJSON{a.AlsoKnownAs}, a.MovedTo, a.Locked, a.Fetched, a.Gone)
}

// MarkActorGone notes that the server of an actor said that it was deleted.
func (tx *Tx) MarkActorGone(ctx context.Context, id int64) error {
	return tx.update(ctx, "actor", "UPDATE actor SET gone = ? WHERE id = ?", tx.now, id)
}

// ActorMoved is when an actor last moved away, as far as we were told; zero if
// never.
func (r *Reader) ActorMoved(ctx context.Context, id int64) (time.Time, error) {
	at, err := one(ctx, r, "actor", func(row row, t *time.Time) error { return row.Scan(instant{t}) }, "SELECT moved FROM actor WHERE id = ?", id)
	if err != nil {
		return time.Time{}, err
	}
	return *at, nil
}

// MarkActorMoved notes that an actor moved away now.
func (tx *Tx) MarkActorMoved(ctx context.Context, id int64) error {
	return tx.update(ctx, "actor", "UPDATE actor SET moved = ? WHERE id = ?", tx.now, id)
}
