package storage

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"konfa/community"
)

const knownColumns = `k.id, k.host, k.uri, k.state, k.handle, k.name, k.country, k.place, k.page, k.following, k.actor_id, k.created, k.confirmed, k.seen, k.next_try,
	k.failures, k.next_read, k.next_look, k.forgotten`

const knownSelect = "SELECT " + knownColumns + `,
	CASE WHEN k.actor_id <> 0 AND EXISTS (SELECT 1 FROM followed f WHERE f.actor_id = k.actor_id AND f.local = 'city' AND f.state = 'accepted') THEN 1 ELSE 0 END,
	(SELECT COUNT(*) FROM conference c JOIN world w ON w.conference_id = c.id WHERE c.origin_id = k.actor_id AND k.actor_id <> 0 AND w.past = 0)
	FROM known_city k `

func scanKnown(row row, c *community.KnownCity) error {
	return row.Scan(&c.ID, &c.Host, &c.URI, word[community.CityState]{&c.State}, &c.Handle, fromJSON{&c.Name}, &c.Country, fromJSON{&c.Place}, &c.Page, &c.Following, &c.ActorID,
		instant{&c.Created}, instant{&c.Confirmed}, instant{&c.Seen}, instant{&c.NextTry}, number{&c.Failures}, instant{&c.NextRead}, instant{&c.NextLook}, instant{&c.Forgotten},
		flag{&c.Followed}, number{&c.Coming})
}

// KnownCities lists the cities that we know of, confirmed ones first, by their
// names; also those that were put away with all.
func (r *Reader) KnownCities(ctx context.Context, all bool) ([]community.KnownCity, error) {
	where := "WHERE k.state <> 'other' AND k.forgotten = 0 "
	if all {
		where = ""
	}
	cs, err := list(ctx, r, scanKnown, knownSelect+where+"ORDER BY k.state, k.host")
	if err != nil || len(cs) == 0 {
		return nil, err
	}
	if !all {
		blocks, err := r.Blocking(ctx)
		if err != nil {
			return nil, err
		}
		cs = slices.DeleteFunc(cs, func(c community.KnownCity) bool { return blocks.Of(c.Host, c.URI) != nil })
	}
	called := func(c community.KnownCity) string {
		if name := c.Name.First(); name != "" {
			return strings.ToLower(name)
		}
		return c.Host
	}
	slices.SortStableFunc(cs, func(a, b community.KnownCity) int {
		return cmp.Or(cmp.Compare(a.State, b.State), cmp.Compare(called(a), called(b)))
	})
	type naming struct {
		city int64
		by   community.Actor
	}
	scan := func(row row, n *naming) error {
		return row.Scan(&n.city, &n.by.URI, &n.by.Handle, &n.by.Host, &n.by.Name)
	}
	from, err := list(ctx, r, scan, "SELECT n.city_id, a.uri, a.handle, a.host, a.name FROM known_from n JOIN actor a ON a.id = n.actor_id ORDER BY n.first, n.actor_id")
	if err != nil {
		return nil, err
	}
	at := make(map[int64]*community.KnownCity, len(cs))
	for i := range cs {
		at[cs[i].ID] = &cs[i]
	}
	for i := range from {
		if c := at[from[i].city]; c != nil {
			c.From = append(c.From, from[i].by.DisplayName())
		}
	}
	return cs, nil
}

// KnownCity reads the known city of a host.
func (r *Reader) KnownCity(ctx context.Context, host string) (*community.KnownCity, error) {
	return one(ctx, r, "city", scanKnown, knownSelect+"WHERE k.host = ?", host)
}

// CitiesToAsk lists the cities whose turn it is to be asked who they are.
func (r *Reader) CitiesToAsk(ctx context.Context, now time.Time, limit int) ([]community.KnownCity, error) {
	return list(ctx, r, scanKnown, knownSelect+"WHERE k.next_try <= ? AND k.forgotten = 0 ORDER BY k.next_try, k.id LIMIT ?", now, limit)
}

// CitiesToRead lists the cities whose turn it is that their upcoming
// conferences are read: of those that nobody here follows, as the others tell us.
func (r *Reader) CitiesToRead(ctx context.Context, now time.Time, limit int) ([]community.KnownCity, error) {
	return list(ctx, r, scanKnown, knownSelect+`WHERE k.state = 'confirmed' AND k.next_read <= ? AND k.forgotten = 0
		AND NOT EXISTS (SELECT 1 FROM followed f WHERE f.actor_id = k.actor_id AND f.state = 'accepted') ORDER BY k.next_read, k.id LIMIT ?`, now, limit)
}

// CitiesToLook lists the cities that our city or its node follows whose turn it
// is that the list of whom they follow is read.
func (r *Reader) CitiesToLook(ctx context.Context, now time.Time, limit int) ([]community.KnownCity, error) {
	return list(ctx, r, scanKnown, knownSelect+`WHERE k.state = 'confirmed' AND k.next_look <= ? AND k.following <> '' AND EXISTS
		(SELECT 1 FROM followed f WHERE f.actor_id = k.actor_id AND f.local IN ('city', 'node') AND f.state = 'accepted') ORDER BY k.next_look, k.id LIMIT ?`, now, limit)
}

// CountNamed counts the cities that an actor named, those first named after an
// instant; an actor of 0 counts those of all.
func (r *Reader) CountNamed(ctx context.Context, actorID int64, after time.Time) (int, error) {
	if actorID == 0 {
		return value[int](ctx, r, "SELECT COUNT(*) FROM known_city WHERE created > ?", after)
	}
	return value[int](ctx, r, "SELECT COUNT(*) FROM known_from WHERE actor_id = ? AND first > ?", actorID, after)
}

// KnownHosts lists the hosts of all cities that were ever heard of and have not
// lapsed.
func (r *Reader) KnownHosts(ctx context.Context) ([]string, error) {
	return list(ctx, r, func(row row, s *string) error { return row.Scan(s) }, "SELECT host FROM known_city ORDER BY host")
}

// SaveKnownCity adds or replaces what is known of the city of a host.
func (tx *Tx) SaveKnownCity(ctx context.Context, c *community.KnownCity) error {
	return tx.insert(ctx, &c.ID, `INSERT INTO known_city (host, uri, state, handle, name, country, place, page, following, actor_id, created, confirmed, seen, next_try,
			failures, next_read, next_look, forgotten)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (host) DO UPDATE SET uri = excluded.uri, state = excluded.state, handle = excluded.handle, name = excluded.name,
			country = excluded.country, place = excluded.place, page = excluded.page, following = excluded.following, actor_id = excluded.actor_id, confirmed = excluded.confirmed,
			seen = excluded.seen, next_try = excluded.next_try, failures = excluded.failures, next_read = excluded.next_read, next_look = excluded.next_look, forgotten = excluded.forgotten
		RETURNING id`,
		c.Host, c.URI, string(c.State), c.Handle, asJSON{c.Name}, c.Country, asJSON{c.Place}, c.Page, c.Following, c.ActorID, c.Created, c.Confirmed, c.Seen, c.NextTry,
		c.Failures, c.NextRead, c.NextLook, c.Forgotten)
}

// NameCity notes that an actor names a city.
func (tx *Tx) NameCity(ctx context.Context, cityID, actorID int64) error {
	return tx.exec(ctx, `INSERT INTO known_from (city_id, actor_id, first, named) VALUES (?, ?, ?, ?)
		ON CONFLICT (city_id, actor_id) DO UPDATE SET named = excluded.named`, cityID, actorID, tx.now, tx.now)
}

// UnnameCities forgets what an actor named before an instant: it names them no
// more.
func (tx *Tx) UnnameCities(ctx context.Context, actorID int64, before time.Time) error {
	return tx.exec(ctx, "DELETE FROM known_from WHERE actor_id = ? AND named < ?", actorID, before)
}

// UnnameStale forgets what was named before an instant, by whomever, and what was
// named by those our city and its node do not follow any more.
func (tx *Tx) UnnameStale(ctx context.Context, before time.Time) error {
	return tx.exec(ctx, `DELETE FROM known_from WHERE named < ? OR NOT EXISTS
		(SELECT 1 FROM followed f WHERE f.actor_id = known_from.actor_id AND f.local IN ('city', 'node') AND f.state = 'accepted')`, before)
}

// LapsedCities lists the cities that nobody names any more and our city does not
// follow.
func (r *Reader) LapsedCities(ctx context.Context) ([]community.KnownCity, error) {
	return list(ctx, r, scanKnown, knownSelect+`WHERE NOT EXISTS (SELECT 1 FROM known_from n WHERE n.city_id = k.id)
		AND (k.actor_id = 0 OR NOT EXISTS (SELECT 1 FROM followed f WHERE f.actor_id = k.actor_id AND f.state = 'accepted')) ORDER BY k.id`)
}

// DeleteKnownCity forgets a city.
func (tx *Tx) DeleteKnownCity(ctx context.Context, id int64) error {
	return tx.exec(ctx, "DELETE FROM known_city WHERE id = ?", id)
}

// Names tells whether an actor names a city.
func (r *Reader) Names(ctx context.Context, cityID, actorID int64) (bool, error) {
	n, err := value[int](ctx, r, "SELECT COUNT(*) FROM known_from WHERE city_id = ? AND actor_id = ?", cityID, actorID)
	return n > 0, err
}
