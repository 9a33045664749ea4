package storage

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"konfa/community"
	"konfa/lookup"
)

// A row of search_words is found by its key: the shelf it stands on, the minute in
// which a conference ends or a post was published, and the id. Both engines
// walk through a shelf by time, so that the next ones to come are found without
// sorting all that match.
const (
	shelfCalendar = iota // conferences of the city's calendar
	shelfWorld           // those that the world lists beside
	shelfKept            // drafts, and what nobody is shown
	shelfPosts           // public posts of the city
)

const (
	keyID   = 32 // bits of the id
	keyTime = 29 // bits of the minute
	maxTime = 1<<keyTime - 1
)

// searchKey is the key of the first row of a shelf at an instant, or of the row of an id.
func searchKey(shelf int, at time.Time, id int64) int64 {
	minute := max(0, min((at.Unix()+59)/60, maxTime))
	return int64(shelf)<<(keyID+keyTime) | minute<<keyID | id
}

func searchID(key int64) int64 { return key & (1<<keyID - 1) }

// SearchGroup is a part of what can be found.
type SearchGroup string

// The groups.
const (
	SearchUpcoming SearchGroup = "upcoming" // conferences that are not over, soonest first
	SearchPast     SearchGroup = "past"     // those that are, the latest first
	SearchPosts    SearchGroup = "posts"    // newest first
)

// SearchQuery asks for what has certain words.
type SearchQuery struct {
	Words  lookup.Query
	In     SearchGroup
	Now    time.Time // divides what is to come from the past
	City   bool      // only what the city's calendar has, and none that only the world lists
	Limit  int       // at least 1
	Offset int       // at most MaxSearchOffset
}

// MaxSearchOffset bounds how far down a search can be read.
const MaxSearchOffset = 1_000

// Hit is a conference or a post that was found.
type Hit struct {
	Conference *community.Conference
	Post       *community.Post
}

// Search finds what everyone may see by its words: those that have all of them in their title
// first, then by time. More tells whether there are others behind.
func (r *Reader) Search(ctx context.Context, q SearchQuery) (hits []Hit, more bool, err error) {
	if q.Words.Empty() || q.Limit <= 0 || q.Offset > MaxSearchOffset {
		return nil, false, nil
	}
	end := q.Offset + q.Limit + 1
	keys, err := r.searchKeys(ctx, q, true, end)
	if err != nil {
		return nil, false, err
	}
	if titled := len(keys); titled < end {
		rest, err := r.searchKeys(ctx, q, false, end)
		if err != nil {
			return nil, false, err
		}
		for _, k := range rest {
			if !slices.Contains(keys[:titled], k) {
				keys = append(keys, k)
			}
		}
	}
	more = len(keys) >= end
	keys = keys[min(q.Offset, len(keys)):min(q.Offset+q.Limit, len(keys))]
	if len(keys) == 0 {
		return nil, false, nil
	}
	ids := make([]int64, len(keys))
	at := map[int64]int{}
	for i, k := range keys {
		ids[i] = searchID(k)
		at[ids[i]] = i
	}
	if q.In == SearchPosts {
		hits, err = r.foundPosts(ctx, ids)
	} else {
		hits, err = r.foundConferences(ctx, ids)
	}
	if err != nil {
		return nil, false, err
	}
	id := func(h Hit) int64 {
		if h.Post != nil {
			return h.Post.ID
		}
		return h.Conference.ID
	}
	slices.SortFunc(hits, func(a, b Hit) int { return at[id(a)] - at[id(b)] })
	return hits, more, nil
}

// searchKeys lists the keys of what matches, in order.
func (r *Reader) searchKeys(ctx context.Context, q SearchQuery, titles bool, limit int) ([]int64, error) {
	shelves := []int{shelfCalendar, shelfWorld}
	switch {
	case q.In == SearchPosts:
		shelves = []int{shelfPosts}
	case q.City:
		shelves = shelves[:1]
	}
	match := r.sql.match(q.Words, titles)
	var out []int64
	for _, shelf := range shelves {
		from, to, order := searchKey(shelf, time.Time{}, 0), searchKey(shelf+1, time.Time{}, 0), "DESC"
		switch q.In {
		case SearchUpcoming:
			from, order = searchKey(shelf, q.Now.Add(time.Minute), 0), ""
		case SearchPast:
			to = searchKey(shelf, q.Now.Add(time.Minute), 0)
		}
		if to < from {
			to = 1<<63 - 1 // there is no shelf above the last
		}
		got, err := list(ctx, r, func(row row, key *int64) error { return row.Scan(key) },
			"SELECT "+r.sql.searchKey+" FROM search_words WHERE "+r.sql.matches+" AND "+r.sql.searchKey+" >= ? AND "+r.sql.searchKey+" < ? ORDER BY "+r.sql.searchKey+" "+order+" LIMIT ?",
			match, from, to, limit)
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	// By time, whichever shelf they are on.
	slices.SortFunc(out, func(a, b int64) int {
		c := cmp.Compare(a&(1<<(keyID+keyTime)-1), b&(1<<(keyID+keyTime)-1))
		if q.In != SearchUpcoming {
			c = -c
		}
		return c
	})
	return out[:min(len(out), limit)], nil
}

// foundConferences reads conferences that everyone may see at this moment: what a
// block hides leaves its shelf a little later.
func (r *Reader) foundConferences(ctx context.Context, ids []int64) ([]Hit, error) {
	cs, err := list(ctx, r, scanConference, conferenceSelect+`WHERE draft = 0 AND ((uri = '' OR announced > 0) AND twin_of = 0
		OR EXISTS (SELECT 1 FROM world w WHERE w.conference_id = conference.id)) AND id`+r.sql.inIDs, asJSON{ids})
	if err != nil {
		return nil, err
	}
	if err := r.complete(ctx, cs); err != nil {
		return nil, err
	}
	hidden := r.hiding()
	var out []Hit
	for i := range cs {
		if bad, err := hidden(ctx, cs[i].OriginID); err != nil {
			return nil, err
		} else if !bad {
			out = append(out, Hit{Conference: &cs[i]})
		}
	}
	return out, nil
}

func (r *Reader) foundPosts(ctx context.Context, ids []int64) ([]Hit, error) {
	ps, err := list(ctx, r, scanPost, "SELECT "+postColumns+" FROM post WHERE "+newsPost+" AND id"+r.sql.inIDs, asJSON{ids})
	if err != nil {
		return nil, err
	}
	if err := r.nameAuthors(ctx, ps); err != nil {
		return nil, err
	}
	hidden := r.hiding()
	var out []Hit
	for i := range ps {
		if bad, err := hidden(ctx, ps[i].AuthorID); err != nil {
			return nil, err
		} else if !bad {
			out = append(out, Hit{Post: &ps[i]})
		}
	}
	return out, nil
}

// hiding returns what tells whether a block hides what an actor elsewhere made,
// asking once for each.
func (r *Reader) hiding() func(ctx context.Context, actorID int64) (bool, error) {
	known := map[int64]bool{0: false}
	return func(ctx context.Context, id int64) (bool, error) {
		if is, ok := known[id]; ok {
			return is, nil
		}
		a, err := r.ActorByID(ctx, id)
		if err != nil {
			return true, err
		}
		_, err = r.BlockOf(ctx, a.Host, a.URI)
		if err != nil && !isNotFound(err) {
			return true, err
		}
		known[id] = err == nil
		return known[id], nil
	}
}

// fts5 is a query as FTS5 reads it. Words are letters and digits alone.
func fts5(q lookup.Query, titles bool) string {
	phrase := func(words []string, begin bool) string {
		s := `"` + strings.Join(words, " ") + `"`
		if begin {
			s += "*"
		}
		return s
	}
	var terms []string
	for _, t := range q.Terms {
		plain, inLatin := t.Variants()
		var ways []string
		for _, w := range plain {
			ways = append(ways, "{title rest} : "+phrase(w, t.Begin))
		}
		for _, w := range inLatin {
			ways = append(ways, "{title_latin rest_latin} : "+phrase(w, t.Begin))
		}
		terms = append(terms, "("+strings.Join(ways, " OR ")+")")
	}
	s := strings.Join(terms, " AND ")
	if titles {
		s = "{title title_latin} : (" + s + ")"
	}
	return s
}

// tsquery is a query as PostgreSQL writes it: the words are folded already, and its
// own parser would see hosts and numbers among them.
func tsquery(q lookup.Query, titles bool) string {
	plainMark, latinMark := "AB", "CD"
	if titles {
		plainMark, latinMark = "A", "C"
	}
	phrase := func(words []string, mark string, begin bool) string {
		out := make([]string, len(words))
		for i, w := range words {
			out[i] = "'" + w + "':" + mark
			if begin {
				out[i] += "*"
			}
		}
		return "(" + strings.Join(out, " <-> ") + ")"
	}
	var terms []string
	for _, t := range q.Terms {
		plain, inLatin := t.Variants()
		var ways []string
		for _, w := range plain {
			ways = append(ways, phrase(w, plainMark, t.Begin))
		}
		for _, w := range inLatin {
			ways = append(ways, phrase(w, latinMark, t.Begin))
		}
		terms = append(terms, "("+strings.Join(ways, " | ")+")")
	}
	return strings.Join(terms, " & ")
}

// tsvector is what the words of a title and of the rest are to PostgreSQL: what
// to_tsvector('simple', …) makes of words that are folded already.
func tsvector(title, rest lookup.Entry) string {
	at, n := map[string][]string{}, 0
	put := func(words []string, mark string) {
		for _, w := range words {
			n++
			if len(at[w]) < 255 && n < 16_000 {
				at[w] = append(at[w], strconv.Itoa(n)+mark)
			}
		}
		n++ // no phrase goes on from one to the other
	}
	put(title.Words, "A")
	put(rest.Words, "B")
	put(title.Latin, "C")
	put(rest.Latin, "D")
	var b strings.Builder
	for w, places := range at {
		b.WriteString("'" + w + "':" + strings.Join(places, ",") + " ")
	}
	return b.String()
}

// searchConference takes up what a conference can be found by, or does so again.
func (tx *Tx) searchConference(ctx context.Context, c *community.Conference) error {
	type side struct {
		twin   int64
		listed bool
		host   string
	}
	scan := func(row row, s *side) error { return row.Scan(&s.twin, flag{&s.listed}, &s.host) }
	s, err := one(ctx, tx.Reader, "conference", scan, `SELECT twin_of, CASE WHEN EXISTS (SELECT 1 FROM world w WHERE w.conference_id = c.id) THEN 1 ELSE 0 END,
		COALESCE((SELECT CASE WHEN a.name <> '' THEN a.name ELSE a.handle END FROM actor a WHERE a.id = c.origin_id), '') FROM conference c WHERE c.id = ?`, c.ID)
	if err != nil {
		return err
	}
	shelf := shelfKept
	switch {
	case c.Draft:
	case (c.Own() || !c.Announced.IsZero()) && s.twin == 0:
		shelf = shelfCalendar
	case s.listed:
		shelf = shelfWorld
	}
	rest := []string{s.host, strings.Join(c.Tags, " "), c.Category}
	if v := c.Venue; v != nil {
		rest = append(rest, v.Name, v.Street, v.Locality, v.Region, v.Country)
	}
	for _, o := range c.Organisers {
		rest = append(rest, o.Name)
	}
	for _, t := range c.HTML {
		rest = append(rest, lookup.Plain(t.Text))
	}
	return tx.putSearch(ctx, "conference", c.ID, searchKey(shelf, c.End, c.ID), lookup.Read(all(c.Title)...), lookup.Read(rest...))
}

// searchPost is searchConference for a post; one that is not for everyone cannot
// be found.
func (tx *Tx) searchPost(ctx context.Context, p *community.Post) error {
	own := p.Own() && p.ReplyTo == ""
	if p.Draft || p.Kind != community.OrdinaryPost || p.State != "" || p.Visibility != community.Public || !own && p.Announced.IsZero() {
		return tx.deleteSearch(ctx, "post", p.ID)
	}
	at := p.Published
	if !p.Own() {
		at = p.Announced
	}
	rest := []string{strings.Join(p.Tags, " "), p.Warning}
	if p.Warning == "" { // what stands behind a warning is not shown in lists either
		for _, t := range p.HTML {
			rest = append(rest, lookup.Plain(t.Text))
		}
	}
	return tx.putSearch(ctx, "post", p.ID, searchKey(shelfPosts, at, p.ID), lookup.Read(all(p.Title)...), lookup.Read(rest...))
}

func all(t community.Texts) []string {
	out := make([]string, len(t))
	for i, x := range t {
		out[i] = x.Text
	}
	return out
}

func (tx *Tx) putSearch(ctx context.Context, kind string, ref, key int64, title, rest lookup.Entry) error {
	if err := tx.deleteSearch(ctx, kind, ref); err != nil {
		return err
	}
	if err := tx.exec(ctx, "INSERT INTO search_key (kind, ref, key) VALUES (?, ?, ?)", kind, ref, key); err != nil {
		return err
	}
	if tx.sql.engine == "postgres" {
		return tx.exec(ctx, "INSERT INTO search_words (key, words) VALUES (?, CAST(? AS tsvector))", key, tsvector(title, rest))
	}
	join := func(words []string) string { return strings.Join(words, " ") }
	return tx.exec(ctx, "INSERT INTO search_words (rowid, title, rest, title_latin, rest_latin) VALUES (?, ?, ?, ?, ?)",
		key, join(title.Words), join(rest.Words), join(title.Latin), join(rest.Latin))
}

// deleteSearch makes sure that something cannot be found.
func (tx *Tx) deleteSearch(ctx context.Context, kind string, ref int64) error {
	key, err := value[int64](ctx, tx.Reader, "SELECT key FROM search_key WHERE kind = ? AND ref = ?", kind, ref)
	if err != nil || key == 0 {
		return err
	}
	if err := tx.exec(ctx, "DELETE FROM search_words WHERE "+tx.sql.searchKey+" = ?", key); err != nil {
		return err
	}
	return tx.exec(ctx, "DELETE FROM search_key WHERE kind = ? AND ref = ?", kind, ref)
}

// moveSearch puts a conference onto another shelf where what the world lists, or which of
// several that are the same is shown, changed.
func (tx *Tx) moveSearch(ctx context.Context, id int64) error {
	c, err := one(ctx, tx.Reader, "conference", scanConference, conferenceSelect+"WHERE id = ?", id)
	if isNotFound(err) {
		return nil
	} else if err != nil {
		return err
	}
	return tx.searchConference(ctx, c)
}

// searchShelf is the shelf a conference stands on, shelfKept where it is on none.
func (r *Reader) searchShelf(ctx context.Context, id int64) (int, error) {
	key, err := value[int64](ctx, r, "SELECT key FROM search_key WHERE kind = 'conference' AND ref = ?", id)
	if key == 0 {
		return shelfKept, err
	}
	return int(key >> (keyID + keyTime)), err
}

// searchSchema is the migration that made search_todo, and searchAll has everything
// taken up again, as that migration did: words are in no dump.
const searchSchema = 14

var searchAll = []string{
	"INSERT INTO search_todo (kind, ref) SELECT 'conference', id FROM conference",
	"INSERT INTO search_todo (kind, ref) SELECT 'post', id FROM post WHERE uri = '' OR announced > 0",
}

// SettleSearch takes up some of what was stored before it could be found, or what
// changed its host's name, at most limit, and tells how many that were.
func (tx *Tx) SettleSearch(ctx context.Context, limit int) (int, error) {
	type todo struct {
		kind string
		ref  int64
	}
	scan := func(row row, t *todo) error { return row.Scan(&t.kind, &t.ref) }
	todos, err := list(ctx, tx.Reader, scan, "SELECT kind, ref FROM search_todo ORDER BY kind, ref DESC LIMIT ?", limit)
	if err != nil {
		return 0, err
	}
	for _, t := range todos {
		if t.kind == "conference" {
			err = tx.moveSearch(ctx, t.ref)
		} else {
			var p *community.Post
			if p, err = tx.PostByID(ctx, t.ref); isNotFound(err) {
				err = nil
			} else if err == nil {
				err = tx.searchPost(ctx, p)
			}
		}
		if err != nil {
			return 0, err
		}
		if err := tx.exec(ctx, "DELETE FROM search_todo WHERE kind = ? AND ref = ?", t.kind, t.ref); err != nil {
			return 0, err
		}
	}
	return len(todos), nil
}

// SearchWaits tells whether SettleSearch has something to do.
func (r *Reader) SearchWaits(ctx context.Context) (bool, error) {
	n, err := value[int](ctx, r, "SELECT COUNT(*) FROM (SELECT 1 FROM search_todo LIMIT 1) AS n")
	return n > 0, err
}
