package web

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"konfa/community"
	"konfa/gazetteer"
	"konfa/storage"
)

// worldParams are what a reader can ask the world for. The language of a
// conference is speaks, since lang is that of the page.
var worldParams = []string{"when", "month", "city", "country", "within", "tag", "speaks", "online", "day", "view", "page"}

// The distances that can be asked for, in kilometres around a city.
var distances = []int{50, 100, 250, 500, 1000, 2500}

const (
	perWorld   = 40   // conferences of a page of the world
	worldICS   = 1000 // conferences in its calendar file
	worldScan  = 5000 // conferences looked at for the map of a filtered view
	worldTowns = 400  // towns of a radius whose conferences are counted one by one
)

// worldFilter is what someone wants to see of the world.
type worldFilter struct {
	query  storage.WorldQuery
	params url.Values // as they came, tidied, without the page
	City   string
	Within int // kilometres around the city, 0: the city itself
	Month  time.Time
	Unsure bool // the city is not one that anyone knows
	Day    time.Time
	View   string
}

// plain tells whether nothing is left out.
func (f *worldFilter) plain() bool {
	q := &f.query
	return q.Towns == nil && q.Country == "" && q.Language == "" && q.Tag == "" && !q.Online && q.From.IsZero() && q.Until.IsZero() && !q.Past
}

// narrow tells whether more than the time is chosen.
func (f *worldFilter) narrow() bool {
	q := &f.query
	return q.Towns != nil || q.Country != "" || q.Language != "" || q.Tag != "" || q.Online
}

// worldFilter reads the parameters of the world. What cannot be understood is an
// error that names it.
func (s *Server) worldFilter(ctx context.Context, params url.Values, now time.Time, zone *time.Location) (*worldFilter, error) {
	f := &worldFilter{query: storage.WorldQuery{Now: now}, params: url.Values{}, View: viewList}
	for _, name := range worldParams {
		if v := strings.TrimSpace(params.Get(name)); v != "" && name != "page" {
			f.params.Set(name, v)
		}
	}
	get, q := f.params.Get, &f.query
	switch get("when") {
	case "", "upcoming":
	case "past":
		q.Past = true
	case "week":
		q.Until = week(now, zone).until
	case "weekend":
		sp := weekend(now, zone)
		if q.Until = sp.until; sp.from.After(now) {
			q.From = sp.from
		}
	default:
		return nil, invalidField("when", "choice", "upcoming, week, weekend or past")
	}
	switch get("view") {
	case "", viewList:
		f.params.Del("view")
	case viewCalendar:
		f.View = viewCalendar
	default:
		return nil, invalidField("view", "choice", "list or calendar")
	}
	if raw := get("month"); raw != "" {
		m, err := readMonth(raw)
		if err != nil {
			return nil, err
		}
		f.params.Del("when")
		f.Month, q.From, q.Until = m, m, m.AddDate(0, 1, 0)
		q.Past = !q.Until.After(now)
	}
	if raw := get("day"); raw != "" {
		d, err := readDay(raw)
		if err != nil {
			return nil, err
		}
		f.params.Del("when")
		f.params.Del("month")
		f.Month, f.Day = time.Time{}, d
		q.From = time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, zone)
		q.Until = q.From.AddDate(0, 0, 1)
		q.Past = !q.Until.After(now)
	}
	if raw := get("country"); raw != "" {
		code, ok := gazetteer.Country(raw)
		if !ok {
			return nil, invalidField("country", "country", "a country is two letters, such as RS, or a name")
		}
		q.Country = code
		f.params.Set("country", code)
	}
	if raw := get("speaks"); raw != "" {
		if q.Language = strings.ToLower(raw); !community.ValidLang(q.Language) {
			return nil, invalidField("speaks", "language", "a language is two or three letters, such as ru")
		}
		q.Language, _, _ = strings.Cut(q.Language, "-")
	}
	if raw := get("tag"); raw != "" {
		if q.Tag = tidyTag(raw); q.Tag == "" {
			return nil, invalidField("tag", "tag", "a tag has letters and digits")
		}
	}
	switch get("online") {
	case "", "0", "false":
		f.params.Del("online")
	case "1", "true", "on":
		q.Online = true
		f.params.Set("online", "1")
	default:
		return nil, invalidField("online", "choice", "1 or 0")
	}
	if raw := get("within"); raw != "" {
		n, err := strconv.Atoi(raw)
		if err != nil || n < 0 || n > 5000 {
			return nil, invalidField("within", "range", "kilometres, from 0 to 5000")
		}
		f.Within = n
	}
	f.City = get("city")
	if f.City == "" {
		f.params.Del("within")
		return f, nil
	}
	return f, s.aroundCity(ctx, f)
}

// aroundCity finds the towns that a filter asks for.
func (s *Server) aroundCity(ctx context.Context, f *worldFilter) error {
	q := &f.query
	w, err := s.world(ctx, q.Now)
	if err != nil {
		return err
	}
	country := q.Country
	q.Towns = []int64{}
	folded := gazetteer.Fold(f.City)
	var middle *community.Point
	var best *community.Town
	for i := range w.towns {
		t := &w.towns[i]
		if t.Folded == folded && (country == "" || t.Country == country) && (best == nil || w.counts[t.ID] > w.counts[best.ID]) {
			best = t
		}
	}
	if best != nil {
		middle = &best.Place
	}
	// What nobody ever met in has other names too, or is the middle of others.
	if at, ok := gazetteer.Find(f.City, country); ok && best == nil {
		middle = &community.Point{Lat: at.Lat, Lon: at.Lon}
		for i := range w.towns {
			if t := &w.towns[i]; t.Folded == gazetteer.Fold(at.Name) && t.Country == at.Country {
				best = t
			}
		}
	}
	if f.Within == 0 {
		if best != nil {
			q.Towns, q.Country = []int64{best.ID}, ""
		}
		f.Unsure = middle == nil
		return nil
	}
	if middle == nil {
		f.Unsure = true
		return nil
	}
	q.Country = "" // it only said which city
	found := 0
	for i := range w.towns {
		if t := &w.towns[i]; t.Place.Distance(*middle) <= float64(f.Within) {
			q.Towns = append(q.Towns, t.ID)
			found += w.counts[t.ID]
		}
	}
	q.Many = len(q.Towns) > worldTowns || found > 2000
	return nil
}

// with is the address of the world with a parameter changed; "" leaves it out.
func (f *worldFilter) with(path string, pairs ...string) string {
	q := mapClone(f.params)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			q.Del(pairs[i])
		} else {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return withQuery(path, q)
}

// worldCount is where how many conferences are coming up.
type worldCount struct {
	towns  []community.Town
	counts map[int64]int // by town
	spots  []community.Spot
	stamp  time.Time // of the world when it was counted
	at     time.Time
	took   time.Duration
	gen    uint64
}

// worldKeeper keeps the count. Counting takes longer the more is known: at most
// a hundredth of the time goes into it, so that a page does not cost more with a
// million conferences than with ten.
type worldKeeper struct {
	mu   sync.Mutex
	kept *worldCount // guarded by mu
}

// worldRest is how many times as long as the counting took it is let be.
const worldRest = 100

// world counts what is coming up where, or has it counted already.
func (s *Server) world(ctx context.Context, now time.Time) (*worldCount, error) {
	gen := s.changed.Load()
	stamp, err := s.store.WorldStamp(ctx)
	if err != nil {
		return nil, err
	}
	s.worldKept.mu.Lock()
	defer s.worldKept.mu.Unlock()
	if w := s.worldKept.kept; w != nil {
		age := time.Since(w.at)
		if age < worldRest*w.took || w.stamp.Equal(stamp) && w.gen == gen && age < time.Minute {
			return w, nil
		}
	}
	began := time.Now()
	w := &worldCount{counts: map[int64]int{}, stamp: stamp, gen: gen}
	if w.towns, err = s.store.Towns(ctx); err != nil {
		return nil, err
	}
	if w.spots, err = s.store.WorldSpots(ctx, storage.WorldQuery{Now: now}, 0); err != nil {
		return nil, err
	}
	for _, p := range w.spots {
		w.counts[p.ID] = p.Conferences
	}
	w.at, w.took = time.Now(), time.Since(began)
	s.worldKept.kept = w
	return w, nil
}

// spotsOf are the towns that a filtered view has on its map.
func (s *Server) spotsOf(ctx context.Context, f *worldFilter) ([]community.Spot, error) {
	if f.plain() {
		w, err := s.world(ctx, f.query.Now)
		if err != nil {
			return nil, err
		}
		return w.spots, nil
	}
	return s.store.WorldSpots(ctx, f.query, worldScan)
}

// countries are those that something is coming up in, by their names.
func (w *worldCount) countries(t *tongue) []choice {
	seen := map[string]bool{}
	var out []choice
	for _, p := range w.spots {
		if p.Country != "" && !seen[p.Country] {
			seen[p.Country] = true
			out = append(out, choice{Value: p.Country, Name: gazetteer.CountryName(p.Country, t.Code)})
		}
	}
	slices.SortFunc(out, func(a, b choice) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// choice is one of those a form offers.
type choice struct {
	Value, Name string
	Chosen      bool
}

// choose marks the one that is chosen, adding it where it is not among them.
func choose(list []choice, value string, name func(string) string) []choice {
	for i := range list {
		if list[i].Value == value {
			list[i].Chosen = true
			return list
		}
	}
	if value != "" {
		list = append(list, choice{value, name(value), true})
	}
	return list
}
