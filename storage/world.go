package storage

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"konfa/community"
)

// Listing is how the world lists a conference.
type Listing struct {
	ConferenceID int64
	Start, End   time.Time
	Town         int64  // 0: nowhere on the map
	Country      string // or empty
	Online       bool
	Tags         []string
	Languages    []string
}

// WorldQuery picks conferences of the world. Conditions add up. A list comes by
// start, the latest first for Past.
type WorldQuery struct {
	Now      time.Time // what has not ended by then is coming, must be given
	Past     bool      // what is over instead
	From     time.Time // that start then or later; zero = no bound, here and below
	Until    time.Time // that start before
	Towns    []int64   // in one of them; nil = anywhere, empty = nowhere
	Many     bool      // there are many in these towns: it is quicker to go by time
	Country  string
	Language string
	Tag      string
	Online   bool
	Newest   bool // what became known last, first, instead of by start
	Limit    int  // 0 = no limit
	Offset   int
}

// MaxWorldCount bounds what CountWorld counts.
const MaxWorldCount = 5_000

// from writes the tables and conditions. Which of them leads is said by names
// of columns: those of k are of the index on words, those of w of the world's.
// A word, a town and a country each have an index that goes on with the start, so
// that a page costs what is on it, however much is known.
//
// SQLite has no statistics here and must be kept from going by an index that
// leads nowhere, which a + does; PostgreSQL would lose its statistics by it.
func (q *WorldQuery) from(d dialect, b *strings.Builder) (args []any, order string) {
	hold := "+"
	if d.engine != "sqlite" {
		hold = ""
	}
	var conds []string
	add := func(cond string, a ...any) {
		conds = append(conds, cond)
		args = append(args, a...)
	}
	var words []string
	if q.Tag != "" {
		words = append(words, "tag "+q.Tag)
	}
	if q.Language != "" {
		words = append(words, "lang "+q.Language)
	}
	lead := "w"
	if len(words) > 0 && len(q.Towns) != 1 && !q.Newest {
		lead = "k"
	}
	past := "0"
	if q.Past {
		past = "1"
	}
	if lead == "k" {
		b.WriteString(" FROM world_key k JOIN world w ON w.conference_id = k.conference_id")
		add("k.word = ?", words[0])
		words = words[1:]
	} else {
		b.WriteString(" FROM world w")
	}
	if q.Newest {
		add(hold + "w.past = " + past)
	} else {
		add(lead + ".past = " + past)
	}
	if !q.Past {
		add(hold+"w.ends > ?", q.Now)
	}
	if !q.From.IsZero() {
		add(lead+".starts >= ?", q.From)
	}
	if !q.Until.IsZero() {
		add(lead+".starts < ?", q.Until)
	}
	switch {
	case q.Towns == nil:
	case len(q.Towns) == 0:
		add("1 = 0")
	case q.Many, lead == "k", q.Newest:
		add(hold + "w.town_id IN (" + idList(q.Towns) + ")")
	case len(q.Towns) == 1:
		add("w.town_id = ?", q.Towns[0])
	default:
		add("w.town_id IN (" + idList(q.Towns) + ")")
	}
	if q.Country != "" {
		if lead == "k" || q.Towns != nil || q.Newest {
			add("w.country || '' = ?", q.Country)
		} else {
			add("w.country = ? AND w.country <> ''", q.Country)
		}
	}
	if q.Online {
		add("w.online = 1")
	}
	for _, word := range words {
		add("EXISTS (SELECT 1 FROM world_key x WHERE x.conference_id = w.conference_id AND x.word = ?)", word)
	}
	b.WriteString(" WHERE " + strings.Join(conds, " AND "))
	switch {
	case q.Newest:
		order = " ORDER BY w.conference_id DESC"
	case q.Past:
		order = " ORDER BY " + lead + ".starts DESC, " + lead + ".conference_id DESC"
	default:
		order = " ORDER BY " + lead + ".starts, " + lead + ".conference_id"
	}
	return args, order
}

func idList(ids []int64) string {
	s := make([]string, len(ids))
	for i, id := range ids {
		s[i] = strconv.FormatInt(id, 10)
	}
	return strings.Join(s, ", ")
}

// World lists conferences of the world, origins filled.
func (r *Reader) World(ctx context.Context, q WorldQuery) ([]community.Conference, error) {
	var b strings.Builder
	b.WriteString("SELECT w.conference_id")
	args, order := q.from(r.sql, &b)
	b.WriteString(order)
	args = limit(&b, args, q.Limit, q.Offset)
	ids, err := list(ctx, r, func(row row, id *int64) error { return row.Scan(id) }, b.String(), args...)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	cs, err := list(ctx, r, scanConference, conferenceSelect+"WHERE id"+r.sql.inIDs, asJSON{ids})
	if err != nil {
		return nil, err
	}
	at := make(map[int64]int, len(ids))
	for i, id := range ids {
		at[id] = i
	}
	slices.SortFunc(cs, func(a, b community.Conference) int { return at[a.ID] - at[b.ID] })
	return cs, r.complete(ctx, cs)
}

// CountWorld counts what World would list without its limit, up to
// MaxWorldCount.
func (r *Reader) CountWorld(ctx context.Context, q WorldQuery) (int, error) {
	var b strings.Builder
	b.WriteString("SELECT COUNT(*) FROM (SELECT w.conference_id")
	args, order := q.from(r.sql, &b)
	b.WriteString(order + " LIMIT ?) AS n")
	return value[int](ctx, r, b.String(), append(args, MaxWorldCount)...)
}

// WorldSpots counts conferences of the world by their towns, the most first. Of
// more than limit conferences only the first are looked at; 0 looks at all. Those
// without a town are not among them.
func (r *Reader) WorldSpots(ctx context.Context, q WorldQuery, limit int) ([]community.Spot, error) {
	var b strings.Builder
	b.WriteString("SELECT " + townColumns + ", n.n FROM (SELECT ")
	var args []any
	if limit > 0 {
		var order string
		b.WriteString("town_id, COUNT(*) AS n FROM (SELECT w.town_id")
		args, order = q.from(r.sql, &b)
		b.WriteString(order + " LIMIT ?) AS f GROUP BY town_id")
		args = append(args, limit)
	} else {
		b.WriteString("w.town_id, COUNT(*) AS n")
		args, _ = q.from(r.sql, &b)
		b.WriteString(" GROUP BY w.town_id")
	}
	b.WriteString(") AS n JOIN town t ON t.id = n.town_id ORDER BY n.n DESC, t.id")
	scan := func(row row, s *community.Spot) error {
		return row.Scan(append(townDest(&s.Town), number{&s.Conferences})...)
	}
	return list(ctx, r, scan, b.String(), args...)
}

// WorldWords lists the most used tags or languages (kind "tag" or "lang") of
// the next conferences of the world, at most a few thousand of which are looked
// at.
func (r *Reader) WorldWords(ctx context.Context, kind string, now time.Time, limit int) ([]string, error) {
	scan := func(row row, s *string) error { return row.Scan(s) }
	words, err := list(ctx, r, scan, `SELECT word FROM (SELECT k.word, COUNT(*) AS n FROM
			(SELECT conference_id FROM world WHERE past = 0 AND +ends > ? ORDER BY starts, conference_id LIMIT 2000) AS w
			JOIN world_key k ON k.conference_id = w.conference_id WHERE k.word LIKE ? GROUP BY k.word) AS n ORDER BY n DESC, word LIMIT ?`,
		now, kind+" %", limit)
	for i := range words {
		words[i] = strings.TrimPrefix(words[i], kind+" ")
	}
	return words, err
}

// WorldMonths lists the months, "2026-12" in UTC, in which conferences of the
// world that are not over start, soonest first.
func (r *Reader) WorldMonths(ctx context.Context, now time.Time, limit int) ([]time.Time, error) {
	// One step in the index for each month.
	var out []time.Time
	at := now
	for len(out) < limit {
		next, err := value[int64](ctx, r, "SELECT starts FROM world WHERE past = 0 AND +ends > ? AND starts >= ? ORDER BY starts LIMIT 1", now, at)
		if err != nil {
			return nil, err
		}
		if next == 0 {
			break
		}
		t := time.UnixMicro(next).UTC()
		month := time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
		out = append(out, month)
		at = month.AddDate(0, 1, 0)
	}
	return out, nil
}

// InWorld tells whether the world lists a conference.
func (r *Reader) InWorld(ctx context.Context, conferenceID int64) (bool, error) {
	n, err := value[int](ctx, r, "SELECT COUNT(*) FROM world WHERE conference_id = ?", conferenceID)
	return n > 0, err
}

// worldStamp is the key in meta of when the world changed last.
const worldStamp = "world.changed"

// WorldStamp tells when the world last changed: what it lists, or the cities
// that are known. No two states have the same instant.
func (r *Reader) WorldStamp(ctx context.Context) (time.Time, error) {
	s, err := r.Meta(ctx, worldStamp)
	if isNotFound(err) {
		return time.Time{}, nil
	}
	n, _ := strconv.ParseInt(s, 10, 64)
	if n == 0 {
		return time.Time{}, err
	}
	return time.UnixMicro(n).UTC(), err
}

// StampWorld notes that the world changed.
func (tx *Tx) StampWorld(ctx context.Context) error {
	last, err := tx.WorldStamp(ctx)
	if err != nil {
		return err
	}
	return tx.SetMeta(ctx, worldStamp, strconv.FormatInt(max(micros(last)+1, micros(tx.now)), 10))
}

// PutListing lists a conference in the world, anew or again.
func (tx *Tx) PutListing(ctx context.Context, l *Listing) error {
	past := !l.End.After(tx.now)
	err := tx.exec(ctx, `INSERT INTO world (conference_id, starts, ends, past, town_id, country, online) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (conference_id) DO UPDATE SET starts = excluded.starts, ends = excluded.ends, past = excluded.past,
			town_id = excluded.town_id, country = excluded.country, online = excluded.online`,
		l.ConferenceID, l.Start, l.End, past, l.Town, l.Country, l.Online)
	if err != nil {
		return err
	}
	if err := tx.exec(ctx, "DELETE FROM world_key WHERE conference_id = ?", l.ConferenceID); err != nil {
		return err
	}
	put := func(kind string, words []string) error {
		for _, w := range words {
			err := tx.exec(ctx, "INSERT INTO world_key (conference_id, word, past, starts) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
				l.ConferenceID, kind+" "+w, past, l.Start)
			if err != nil {
				return err
			}
		}
		return nil
	}
	if err := put("tag", l.Tags); err != nil {
		return err
	}
	if err := put("lang", l.Languages); err != nil {
		return err
	}
	if shelf, err := tx.searchShelf(ctx, l.ConferenceID); err != nil || shelf != shelfKept {
		return err
	}
	return tx.moveSearch(ctx, l.ConferenceID)
}

// DeleteListing takes a conference out of the world, and tells whether it was
// there.
func (tx *Tx) DeleteListing(ctx context.Context, conferenceID int64) (bool, error) {
	n, err := tx.count(ctx, "DELETE FROM world WHERE conference_id = ?", conferenceID)
	if err != nil || n == 0 {
		return false, err
	}
	if shelf, err := tx.searchShelf(ctx, conferenceID); err != nil || shelf != shelfWorld {
		return true, err
	}
	return true, tx.moveSearch(ctx, conferenceID)
}

// SweepWorld moves what ended by an instant to what is past, at most limit, and
// tells how many that were.
func (tx *Tx) SweepWorld(ctx context.Context, now time.Time, limit int) (int, error) {
	ids, err := list(ctx, tx.Reader, func(row row, id *int64) error { return row.Scan(id) },
		"SELECT conference_id FROM world WHERE past = 0 AND ends <= ? ORDER BY ends LIMIT ?", now, limit)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	if err := tx.exec(ctx, "UPDATE world SET past = 1 WHERE conference_id"+tx.sql.inIDs, asJSON{ids}); err != nil {
		return 0, err
	}
	return len(ids), tx.exec(ctx, "UPDATE world_key SET past = 1 WHERE conference_id"+tx.sql.inIDs, asJSON{ids})
}

// WorldTodo is something that the world is to look at again.
type WorldTodo struct {
	Kind   string // "conference"; "actor": all of an origin; "follow": the server of one; "blocks"
	Ref    int64
	Passed int64 // of an actor: conferences up to this id were looked at
}

// WorldTodos lists what is to be looked at: whom we follow first, then single
// conferences, blocks, and origins.
func (r *Reader) WorldTodos(ctx context.Context, limit int) ([]WorldTodo, error) {
	scan := func(row row, t *WorldTodo) error { return row.Scan(&t.Kind, &t.Ref, &t.Passed) }
	return list(ctx, r, scan, "SELECT kind, ref, passed FROM world_todo ORDER BY kind DESC, ref LIMIT ?", limit)
}

// AddWorldTodo has something looked at again, from its beginning.
func (tx *Tx) AddWorldTodo(ctx context.Context, kind string, ref int64) error {
	tx.queued = true
	return tx.exec(ctx, "INSERT INTO world_todo (kind, ref) VALUES (?, ?) ON CONFLICT (kind, ref) DO UPDATE SET passed = 0", kind, ref)
}

// AddWorldTodoHost has all conferences of a host looked at again.
func (tx *Tx) AddWorldTodoHost(ctx context.Context, host string) error {
	tx.queued = true
	return tx.exec(ctx, `INSERT INTO world_todo (kind, ref) SELECT 'actor', a.id FROM actor a WHERE a.host = ?
		AND EXISTS (SELECT 1 FROM conference c WHERE c.origin_id = a.id) ON CONFLICT (kind, ref) DO UPDATE SET passed = 0`, host)
}

// AddWorldTodoBlocks has the conferences looked at again of those whom blocks
// hide now and did not, or the other way round.
func (tx *Tx) AddWorldTodoBlocks(ctx context.Context) error {
	blocks, err := tx.Blocking(ctx)
	if err != nil {
		return err
	}
	type origin struct {
		id        int64
		host, uri string
		listed    bool
	}
	scan := func(row row, o *origin) error { return row.Scan(&o.id, &o.host, &o.uri, flag{&o.listed}) }
	origins, err := list(ctx, tx.Reader, scan, `SELECT a.id, a.host, a.uri, CASE WHEN EXISTS
			(SELECT 1 FROM conference c JOIN world w ON w.conference_id = c.id WHERE c.origin_id = a.id) THEN 1 ELSE 0 END
		FROM actor a WHERE a.id IN (SELECT DISTINCT origin_id FROM conference WHERE origin_id <> 0) ORDER BY a.id`)
	if err != nil {
		return err
	}
	for _, o := range origins {
		if (blocks.Of(o.host, o.uri) != nil) == o.listed {
			if err := tx.AddWorldTodo(ctx, "actor", o.id); err != nil {
				return err
			}
		}
	}
	return nil
}

// PassWorldTodo notes how far an actor was looked at.
func (tx *Tx) PassWorldTodo(ctx context.Context, t WorldTodo) error {
	return tx.exec(ctx, "UPDATE world_todo SET passed = ? WHERE kind = ? AND ref = ?", t.Passed, t.Kind, t.Ref)
}

// DeleteWorldTodo notes that something was looked at.
func (tx *Tx) DeleteWorldTodo(ctx context.Context, t WorldTodo) error {
	return tx.exec(ctx, "DELETE FROM world_todo WHERE kind = ? AND ref = ?", t.Kind, t.Ref)
}

// ConferencesAfter lists the ids of the conferences of an origin above an id.
func (r *Reader) ConferencesAfter(ctx context.Context, originID, after int64, limit int) ([]int64, error) {
	return list(ctx, r, func(row row, id *int64) error { return row.Scan(id) },
		"SELECT id FROM conference WHERE origin_id = ? AND id > ? ORDER BY id LIMIT ?", originID, after, limit)
}
