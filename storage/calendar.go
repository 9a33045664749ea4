package storage

import (
	"context"
	"strconv"
	"strings"
	"time"

	"konfa/community"
	"konfa/lookup"
)

// Order is how a list of conferences is sorted. The id decides between equals.
type Order int

// The orders.
const (
	ByStart         Order = iota // what comes first, first
	ByStartDesc                  // what came last, first
	ByPublishedDesc              // what was published last, first
)

// ConferenceQuery picks conferences; its zero value is everything that is not a
// draft. Conditions add up.
type ConferenceQuery struct {
	Calendar bool // of the city's calendar: its own and those it announced
	Own      bool // of this node
	Foreign  bool // of other servers; with Own: both
	Drafts   bool // drafts too
	Single   bool // of several that are the same one, the one that is shown; Calendar implies it

	EndsAfter    time.Time // zero = no bound, here and below
	EndsBefore   time.Time // at that instant too: what is over then, as Past has it
	StartsBefore time.Time
	UpdatedAfter time.Time

	Tag      string
	SeriesID int64
	OriginID int64
	Origins  []int64 // of any of these
	Text     string  // what someone typed to find some, as lookup.Parse reads it
	Language string  // spoken there, or where nobody said, of its title: "ru"
	Online   bool    // that one can join online
	Seats    bool    // that are still to come and have a free seat, as far as we know
	// Organiser is the handle of a member who is named as one.
	Organiser string

	Order  Order
	Limit  int // 0 = no limit
	Offset int
}

// Of the calendar, as the partial indexes have it: SQLite uses them only if the
// condition is spelt the same.
const inCalendar = "draft = 0 AND (uri = '' OR announced > 0) AND twin_of = 0"

func (q *ConferenceQuery) where(b *strings.Builder, d dialect) []any {
	var args []any
	var conds []string
	add := func(cond string, a ...any) {
		conds = append(conds, cond)
		args = append(args, a...)
	}
	switch {
	case q.Calendar && q.Drafts:
		add("(uri = '' OR announced > 0) AND twin_of = 0")
	case q.Calendar:
		add(inCalendar)
	case !q.Drafts:
		add("draft = 0")
	}
	if q.Single && !q.Calendar {
		add("twin_of = 0")
	}
	if q.Own && !q.Foreign {
		add("uri = ''")
	}
	if q.Foreign && !q.Own {
		add("uri <> ''")
	}
	if !q.EndsAfter.IsZero() {
		add("ends > ?", q.EndsAfter)
	}
	if !q.EndsBefore.IsZero() {
		add("ends <= ?", q.EndsBefore)
	}
	if !q.StartsBefore.IsZero() {
		add("starts < ?", q.StartsBefore)
	}
	if !q.UpdatedAfter.IsZero() {
		add("updated > ?", q.UpdatedAfter)
	}
	if q.Tag != "" {
		add("id IN (SELECT conference_id FROM conference_tag WHERE tag = ?)", q.Tag)
	}
	if q.Organiser != "" { // as JSON spells it; in a handle only _ means more to LIKE
		add(`organisers LIKE ? ESCAPE '\'`, `%"handle":"`+strings.ReplaceAll(q.Organiser, "_", `\_`)+`"%`)
	}
	if q.SeriesID != 0 {
		add("series_id = ?", q.SeriesID)
	}
	if q.OriginID != 0 {
		add("origin_id = ?", q.OriginID)
	}
	if len(q.Origins) > 0 {
		add("origin_id IN ("+strings.TrimSuffix(strings.Repeat("?, ", len(q.Origins)), ", ")+")", numbers(q.Origins)...)
	}
	if q.Text != "" {
		if words := lookup.Parse(q.Text); words.Empty() {
			add("1 = 0")
		} else {
			last := shelfKept
			if q.Calendar && !q.Drafts {
				last = shelfCalendar
			}
			add("id IN (SELECT "+d.searchKey+" & "+strconv.Itoa(1<<keyID-1)+" FROM search_words WHERE "+d.matches+" AND "+d.searchKey+" < ?)",
				d.match(words, false), searchKey(last+1, time.Time{}, 0))
		}
	}
	if q.Language != "" {
		lang := likeEscaper.Replace(q.Language)
		add(`(languages LIKE ? ESCAPE '\' OR languages LIKE ? ESCAPE '\' OR languages IN ('', '[]', 'null') AND title LIKE ? ESCAPE '\')`,
			`%"`+lang+`"%`, `%"`+lang+`-%`, `%"lang":"`+lang+`%`)
	}
	if q.Online {
		add("(online_url <> '' OR status = 'moved_online')")
	}
	if q.Seats {
		// Of others we know how many seats there are, and not who comes.
		add(`status <> 'cancelled' AND (capacity = 0 OR uri = '' AND join_mode <> 'external' AND capacity > (SELECT COALESCE(SUM(1 + plus), 0) FROM guest g
			WHERE g.conference_id = conference.id AND g.state IN ('going', 'offered', 'waitlisted')))`)
	}
	if len(conds) > 0 {
		b.WriteString("WHERE " + strings.Join(conds, " AND "))
	}
	return args
}

func numbers(ids []int64) []any {
	out := make([]any, len(ids))
	for i, id := range ids {
		out[i] = id
	}
	return out
}

// Conferences lists conferences, seats and origins filled.
func (r *Reader) Conferences(ctx context.Context, q ConferenceQuery) ([]community.Conference, error) {
	var b strings.Builder
	b.WriteString(conferenceSelect)
	args := q.where(&b, r.sql)
	switch q.Order {
	case ByStartDesc:
		b.WriteString(" ORDER BY starts DESC, id DESC")
	case ByPublishedDesc:
		b.WriteString(" ORDER BY published DESC, id DESC")
	default:
		b.WriteString(" ORDER BY starts, id")
	}
	args = limit(&b, args, q.Limit, q.Offset)
	cs, err := list(ctx, r, scanConference, b.String(), args...)
	if err != nil {
		return nil, err
	}
	return cs, r.complete(ctx, cs)
}

// CountConferences counts what Conferences would list without its limit.
func (r *Reader) CountConferences(ctx context.Context, q ConferenceQuery) (int, error) {
	var b strings.Builder
	b.WriteString("SELECT COUNT(*) FROM conference ")
	args := q.where(&b, r.sql)
	return value[int](ctx, r, b.String(), args...)
}

// calendarStamp is the key in meta of when the calendar changed last.
const calendarStamp = "calendar.changed"

// CalendarStamp tells when anything in the calendar last changed, deletions
// included, and how many conferences are in it. It is cheap, and no two states
// of the calendar have the same instant.
func (r *Reader) CalendarStamp(ctx context.Context) (changed time.Time, count int, err error) {
	type stamp struct {
		at string
		n  int
	}
	scan := func(row row, s *stamp) error { return row.Scan(&s.at, number{&s.n}) }
	s, err := one(ctx, r, "calendar", scan, "SELECT COALESCE((SELECT value FROM meta WHERE key = ?), ''), (SELECT COUNT(*) FROM conference WHERE "+inCalendar+")", calendarStamp)
	if err != nil {
		return time.Time{}, 0, err
	}
	if n, err := strconv.ParseInt(s.at, 10, 64); err == nil {
		changed = time.UnixMicro(n).UTC()
	}
	return changed, s.n, nil
}

// stampCalendar notes a change if a conference is, or was, in the calendar.
func (tx *Tx) stampCalendar(ctx context.Context, cs ...*community.Conference) error {
	shown := false
	for _, c := range cs {
		shown = shown || !c.Draft && (c.Own() || !c.Announced.IsZero())
	}
	if !shown {
		return nil
	}
	if tx.stamped != 0 {
		return nil // once in a transaction is enough
	}
	last, err := tx.Meta(ctx, calendarStamp)
	if err != nil && !isNotFound(err) {
		return err
	}
	n, _ := strconv.ParseInt(last, 10, 64)
	tx.stamped = max(n+1, micros(tx.now)) // clocks go back at times
	return tx.SetMeta(ctx, calendarStamp, strconv.FormatInt(tx.stamped, 10))
}

// calendarSide reads what stampCalendar and the tags need of a conference.
const calendarSide = "SELECT uri, draft, announced, tags FROM conference WHERE id = ?"

func scanCalendarSide(row row, c *community.Conference) error {
	return row.Scan(&c.URI, flag{&c.Draft}, instant{&c.Announced}, fromJSON{&c.Tags})
}

// Host is who has conferences in the calendar.
type Host struct {
	ActorID int64 // 0: this city
	Handle  string
	Host    string
	Name    string
}

// CalendarHosts lists whose conferences that end after an instant are in the calendar, but for the
// city itself, at most limit.
func (r *Reader) CalendarHosts(ctx context.Context, after time.Time, limit int) ([]Host, error) {
	scan := func(row row, h *Host) error { return row.Scan(&h.ActorID, &h.Handle, &h.Host, &h.Name) }
	return list(ctx, r, scan, `SELECT a.id, a.handle, a.host, CASE WHEN a.name <> '' THEN a.name ELSE a.handle END AS called FROM actor a
		WHERE a.id IN (SELECT origin_id FROM conference WHERE `+inCalendar+` AND ends > ? AND origin_id <> 0) ORDER BY called, a.id LIMIT ?`, after, limit)
}

// CalendarTags lists the most used tags of the calendar's conferences that end after an instant.
func (r *Reader) CalendarTags(ctx context.Context, after time.Time, limit int) ([]string, error) {
	return list(ctx, r, func(row row, s *string) error { return row.Scan(s) }, `SELECT tag FROM (SELECT t.tag, COUNT(*) AS n FROM
			(SELECT id FROM conference WHERE `+inCalendar+` AND ends > ? ORDER BY ends LIMIT 2000) AS c
			JOIN conference_tag t ON t.conference_id = c.id GROUP BY t.tag) AS n ORDER BY n DESC, tag LIMIT ?`, after, limit)
}
