package web

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"konfa/community"
	"konfa/storage"
)

// grid is a month as a table of weeks.
type grid struct {
	Caption    string
	Heads      []gridHead
	Weeks      [][]gridDay
	Prev, Next monthLink
	Today      string // where this month is
}

type gridHead struct{ Short, Long string }

// gridDay is one day. What goes on for several is in each of them, in the same
// line.
type gridDay struct {
	Number  int
	Date    string // for machines
	Name    string // "Thursday, 26 November 2026"
	URL     string
	Other   bool // of the month before or after
	Today   bool
	Past    bool
	Items   []gridItem
	More    string // "and 5 more"
	MoreURL string
}

// gridItem is a conference on one of its days.
type gridItem struct {
	Gap   bool // keeps the line free for what goes on beside
	Path  string
	Title text
	Time  string
	Begin bool // of several days: the first
	Goes  bool // on to the next day
	Shown bool // its title is written here: the first day, and each Monday
	Faded bool
	End   bool
}

const (
	gridLines = 4     // conferences of a day in the grid
	gridMost  = 1_000 // conferences of a month that are looked at
)

// newGrid lays out a month. Address gives the address of a month or a day.
func (v *viewer) newGrid(m time.Time, zone *time.Location, cs []community.Conference, address func(name, value string) string) *grid {
	sp := monthOf(m, zone)
	g := &grid{
		Caption: upperFirst(v.month(sp.from)),
		Prev:    monthLink{Name: upperFirst(v.month(sp.from.AddDate(0, -1, 0))), URL: address("month", sp.from.AddDate(0, -1, 0).Format("2006-01"))},
		Next:    monthLink{Name: upperFirst(v.month(sp.until)), URL: address("month", sp.until.Format("2006-01"))},
	}
	now := today(v.now, zone)
	if now.from.Year() != sp.from.Year() || now.from.Month() != sp.from.Month() {
		g.Today = address("month", "")
	}
	first := v.firstWeekday()
	from := sp.from.AddDate(0, 0, -((int(sp.from.Weekday()) - first + 7) % 7))
	for i := range 7 {
		d := strconv.Itoa((first + i) % 7)
		g.Heads = append(g.Heads, gridHead{v.T("weekday_short.d" + d), upperFirst(v.T("weekday.d" + d))})
	}
	for day := from; day.Before(sp.until); day = day.AddDate(0, 0, 7) {
		g.Weeks = append(g.Weeks, v.gridWeek(day, sp, now, zone, cs, address))
	}
	return g
}

// firstWeekday is the day that weeks begin with where the language is spoken: 1 is Monday.
func (t *tongue) firstWeekday() int {
	n, err := strconv.Atoi(t.T("explore.first_weekday"))
	if err != nil || n < 0 || n > 6 {
		return 1
	}
	return n
}

// gridSpan are the first and the last day of a conference, on its own clock.
func gridSpan(c *community.Conference, zone *time.Location) (first, last time.Time) {
	from, to := c.LocalStart(), c.LocalEnd()
	if c.OpenEnd || !c.AllDay && sameEvening(from, to) {
		to = from
	}
	plain := func(d time.Time) time.Time { return time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, zone) }
	return plain(from), plain(to)
}

func (v *viewer) gridWeek(monday time.Time, month, now span, zone *time.Location, cs []community.Conference, address func(name, value string) string) []gridDay {
	type placed struct {
		c           *community.Conference
		first, last time.Time
	}
	sunday := monday.AddDate(0, 0, 6)
	var here []placed
	for i := range cs {
		if first, last := gridSpan(&cs[i], zone); !first.After(sunday) && !last.Before(monday) {
			here = append(here, placed{&cs[i], first, last})
		}
	}
	// What lasts longer comes first, so that it stays in one line.
	slices.SortStableFunc(here, func(a, b placed) int {
		al, bl := a.first.Before(a.last), b.first.Before(b.last)
		if al != bl {
			if al {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.c.Start.Unix(), b.c.Start.Unix())
	})
	var lines [7][]*placed // of each day; nil is a gap
	for i := range here {
		p := &here[i]
		var days []int
		for d := range 7 {
			if at := monday.AddDate(0, 0, d); !at.Before(p.first) && !at.After(p.last) {
				days = append(days, d)
			}
		}
		line := 0
		for taken := true; taken; {
			taken = false
			for _, d := range days {
				if line < len(lines[d]) && lines[d][line] != nil {
					line, taken = line+1, true
					break
				}
			}
		}
		for _, d := range days {
			for len(lines[d]) <= line {
				lines[d] = append(lines[d], nil)
			}
			lines[d][line] = p
		}
	}
	var out []gridDay
	for d := range 7 {
		at := monday.AddDate(0, 0, d)
		day := gridDay{
			Number: at.Day(), Date: at.Format(time.DateOnly), Name: v.fullDay(at), Today: at.Equal(now.from), Past: at.Before(now.from),
			Other: at.Before(month.from) || !at.Before(month.until),
		}
		more := 0
		for i, p := range lines[d] {
			if i >= gridLines && !(i == gridLines && len(lines[d]) == gridLines+1) {
				if p != nil {
					more++
				}
				continue
			}
			if p == nil {
				day.Items = append(day.Items, gridItem{Gap: true})
				continue
			}
			item := gridItem{
				Path: conferencePath(p.c), Title: v.pick(p.c.Title), Begin: at.Equal(p.first), Goes: at.Before(p.last), Faded: p.c.Status == community.Cancelled || p.c.Status == community.Postponed,
				End: p.first.Before(p.last) && at.Equal(p.last),
			}
			item.Shown = item.Begin || d == 0
			if item.Begin && !p.c.AllDay {
				item.Time = p.c.LocalStart().Format("15:04")
			}
			day.Items = append(day.Items, item)
		}
		if len(day.Items) > 0 {
			day.URL = address("day", day.Date)
		}
		if more > 0 {
			day.More, day.MoreURL = v.N("explore.more", more), address("day", day.Date)
		}
		out = append(out, day)
	}
	return out
}

// exploreGrid is the calendar of the city as a grid.
func (s *Server) exploreGrid(ctx context.Context, v *viewer, f *exploring, p *explorePage) error {
	zone := v.clock()
	m := f.Month
	if m.IsZero() {
		m = v.now.In(zone)
	}
	sp := monthOf(m, zone)
	q := f.query
	// The weeks at both ends belong to the grid.
	q.EndsAfter, q.StartsBefore, q.EndsBefore, q.Order, q.Limit = sp.from.AddDate(0, 0, -7), sp.until.AddDate(0, 0, 7), time.Time{}, storage.ByStart, gridMost
	cs, err := s.store.Conferences(ctx, q)
	if err != nil {
		return err
	}
	p.Grid = v.newGrid(m, zone, cs, func(name, value string) string {
		if name == "day" {
			return f.with("day", value, "month", "", "view", "", "when", "")
		}
		return f.with(name, value, "when", "")
	})
	n := 0
	for i := range cs {
		if first, last := gridSpan(&cs[i], zone); first.Before(sp.until) && !last.Before(sp.from) {
			n++
		}
	}
	if n > 0 {
		p.Count = v.N("world.count", n)
	} else {
		p.Empty = empty{v.T("explore.none_month"), v.exploreEmpty(f).Text}
	}
	return nil
}

// worldGrid is a month of the world as a grid. Of each day only as many are read as
// fit into it, however many there are.
func (s *Server) worldGrid(ctx context.Context, v *viewer, f *worldFilter) (*grid, error) {
	zone := v.clock()
	m := f.Month
	if m.IsZero() {
		m = v.now.In(zone)
	}
	sp := monthOf(m, zone)
	from := sp.from.AddDate(0, 0, -((int(sp.from.Weekday()) - v.firstWeekday() + 7) % 7))
	address := func(name, value string) string {
		if name == "day" {
			return f.with("/world", "day", value, "month", "", "view", "", "when", "")
		}
		return f.with("/world", name, value, "when", "")
	}
	var cs []community.Conference
	counts := map[string]int{}
	now := today(v.now, zone)
	for day := from; day.Before(sp.until) || day.Weekday() != from.Weekday(); day = day.AddDate(0, 0, 1) {
		q := f.query
		q.From, q.Until, q.Limit, q.Offset = day, day.AddDate(0, 0, 1), gridLines+1, 0
		var here []community.Conference
		for _, past := range []bool{true, false} {
			if past && day.After(now.from) || !past && day.Before(now.from.AddDate(0, 0, -31)) {
				continue // it is all to come, or all over
			}
			q.Past = past
			got, err := s.store.World(ctx, q)
			if err != nil {
				return nil, err
			}
			n := len(got)
			if n > gridLines {
				if n, err = s.store.CountWorld(ctx, q); err != nil {
					return nil, err
				}
			}
			counts[day.Format(time.DateOnly)] += n
			here = append(here, got...)
		}
		slices.SortStableFunc(here, func(a, b community.Conference) int { return a.Start.Compare(b.Start) })
		cs = append(cs, here[:min(len(here), gridLines)]...)
	}
	g := v.newGrid(m, zone, cs, address)
	for _, w := range g.Weeks {
		for i := range w {
			d, begun := &w[i], 0
			for _, it := range d.Items {
				if !it.Gap && it.Begin {
					begun++
				}
			}
			if n := counts[d.Date]; n > begun {
				d.More, d.MoreURL = v.N("explore.more", n-begun), address("day", d.Date)
				if d.URL == "" {
					d.URL = d.MoreURL
				}
			}
		}
	}
	return g, nil
}
