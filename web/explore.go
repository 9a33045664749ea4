package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"konfa/community"
	"konfa/storage"
)

// exploreParams are what a reader can ask the calendar of the city for. The
// language of a conference is speaks, since lang is that of the page.
var exploreParams = []string{"when", "month", "day", "view", "tag", "city", "speaks", "online", "seats", "q", "page"}

// span is a stretch of days on the clock of the city.
type span struct{ from, until time.Time }

// today is the day of an instant.
func today(now time.Time, zone *time.Location) span {
	y, m, d := now.In(zone).Date()
	return span{time.Date(y, m, d, 0, 0, 0, 0, zone), time.Date(y, m, d+1, 0, 0, 0, 0, zone)}
}

// week is what is left of the week of an instant, which ends with Sunday.
func week(now time.Time, zone *time.Location) span {
	t := today(now, zone)
	t.until = t.from.AddDate(0, 0, 7-(int(t.from.Weekday())+6)%7)
	return t
}

// weekend is Saturday and Sunday of the week of an instant.
func weekend(now time.Time, zone *time.Location) span {
	w := week(now, zone)
	if sat := w.until.AddDate(0, 0, -2); sat.After(w.from) {
		w.from = sat
	}
	return w
}

// monthOf is a month.
func monthOf(m time.Time, zone *time.Location) span {
	from := time.Date(m.Year(), m.Month(), 1, 0, 0, 0, 0, zone)
	return span{from, from.AddDate(0, 1, 0)}
}

// readMonth reads "2026-11".
func readMonth(raw string) (time.Time, error) {
	m, err := time.Parse("2006-01", raw)
	if err != nil || m.Year() < 1970 || m.Year() > 2200 {
		return time.Time{}, invalidField("month", "time", "a month looks like 2026-11")
	}
	return m, nil
}

// readDay reads "2026-11-26".
func readDay(raw string) (time.Time, error) {
	d, err := time.Parse(time.DateOnly, raw)
	if err != nil || d.Year() < 1970 || d.Year() > 2200 {
		return time.Time{}, invalidField("day", "time", "a day looks like 2026-11-26")
	}
	return d, nil
}

// readSwitch reads a switch of a form.
func readSwitch(params url.Values, name string) (bool, error) {
	switch params.Get(name) {
	case "", "0", "false":
		params.Del(name)
		return false, nil
	case "1", "true", "on":
		params.Set(name, "1")
		return true, nil
	}
	return false, invalidField(name, "choice", "1 or 0")
}

// Ways to look at what was chosen.
const (
	viewList     = "list"
	viewCalendar = "calendar"
	viewPlaces   = "map"
)

// exploring is what someone wants to see of the calendar.
type exploring struct {
	query  storage.ConferenceQuery
	params url.Values // as they came, tidied, without the page
	View   string
	Past   bool
	Month  time.Time // chosen, or zero
	Day    time.Time // chosen, or zero
	Host   *storage.Host
	hosts  []storage.Host
}

// narrow tells whether more than the time is chosen.
func (f *exploring) narrow() bool {
	q := &f.query
	return q.Tag != "" || f.Host != nil || q.Language != "" || q.Online || q.Seats || q.Text != ""
}

// with is the address of the list with parameters changed; "" leaves one out.
func (f *exploring) with(pairs ...string) string { return changed("/conf", f.params, pairs...) }

// changed is an address with parameters changed; "" leaves one out.
func changed(path string, params url.Values, pairs ...string) string {
	q := mapClone(params)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			q.Del(pairs[i])
		} else {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return withQuery(path, q)
}

// exploring reads the parameters of the calendar. What cannot be understood is an
// error that names it.
func (s *Server) exploring(ctx context.Context, v *viewer, params url.Values) (*exploring, error) {
	f := &exploring{query: storage.ConferenceQuery{Calendar: true}, params: url.Values{}, View: viewList}
	for _, name := range exploreParams {
		if p := strings.TrimSpace(params.Get(name)); p != "" && name != "page" {
			f.params.Set(name, p)
		}
	}
	get, q := f.params.Get, &f.query
	var err error
	switch get("view") {
	case "", viewList:
		f.params.Del("view")
	case viewCalendar, viewPlaces:
		f.View = get("view")
	default:
		return nil, invalidField("view", "choice", "list, calendar or map")
	}
	if raw := get("tag"); raw != "" {
		if q.Tag = tidyTag(raw); q.Tag == "" {
			return nil, community.Errorf(community.NotFound, "there is no such topic")
		}
		f.params.Set("tag", q.Tag)
	}
	if raw := get("speaks"); raw != "" {
		if q.Language = strings.ToLower(raw); !community.ValidLang(q.Language) {
			return nil, invalidField("speaks", "language", "a language is two or three letters, such as ru")
		}
		q.Language, _, _ = strings.Cut(q.Language, "-")
		f.params.Set("speaks", q.Language)
	}
	if q.Online, err = readSwitch(f.params, "online"); err != nil {
		return nil, err
	}
	if q.Seats, err = readSwitch(f.params, "seats"); err != nil {
		return nil, err
	}
	q.Text = get("q")
	if err := s.exploreWhen(v, f); err != nil {
		return nil, err
	}
	after := v.now
	if f.Past || f.View == viewCalendar {
		after = time.Unix(0, 0)
	}
	if f.hosts, err = s.store.CalendarHosts(ctx, after, 200); err != nil {
		return nil, err
	}
	if raw := get("city"); raw != "" {
		if err := f.from(v, raw); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// from takes only the conferences of one city: ours by its handle, others by
// their host.
func (f *exploring) from(v *viewer, raw string) error {
	if strings.EqualFold(raw, v.city.Handle) {
		f.Host, f.query.Own = &storage.Host{Handle: v.city.Handle, Name: v.cityName().Text}, true
		return nil
	}
	for i := range f.hosts {
		if h := &f.hosts[i]; strings.EqualFold(h.Host, raw) || strings.EqualFold("@"+h.Handle+"@"+h.Host, raw) {
			f.query.Origins = append(f.query.Origins, h.ActorID)
			f.Host = h
		}
	}
	if f.Host == nil {
		return community.Errorf(community.NotFound, "no conference of %.50q is in this calendar", raw)
	}
	return nil
}

// exploreWhen reads the time that is asked for.
func (s *Server) exploreWhen(v *viewer, f *exploring) error {
	get, q := f.params.Get, &f.query
	zone := v.clock()
	set := func(sp span) { q.EndsAfter, q.StartsBefore = sp.from, sp.until }
	coming := func() {
		if q.EndsAfter.Before(v.now) {
			q.EndsAfter = v.now
		}
	}
	switch get("when") {
	case "", "upcoming":
		f.params.Del("when")
		q.EndsAfter = v.now
	case "past":
		f.Past = true
		q.EndsBefore, q.Order = v.now, storage.ByStartDesc
	case "today":
		set(today(v.now, zone))
		coming()
	case "week":
		set(week(v.now, zone))
		coming()
	case "weekend":
		set(weekend(v.now, zone))
		coming()
	default:
		return invalidField("when", "choice", "upcoming, today, week, weekend or past")
	}
	var err error
	if raw := get("day"); raw != "" {
		if f.Day, err = readDay(raw); err != nil {
			return err
		}
		f.params.Del("when")
		f.params.Del("month")
		d := time.Date(f.Day.Year(), f.Day.Month(), f.Day.Day(), 0, 0, 0, 0, zone)
		set(span{d, d.AddDate(0, 0, 1)})
		f.Past, q.EndsBefore, q.Order = false, time.Time{}, storage.ByStart
	} else if raw := get("month"); raw != "" {
		if f.Month, err = readMonth(raw); err != nil {
			return err
		}
		f.params.Del("when")
		set(monthOf(f.Month, zone))
		f.Past, q.EndsBefore, q.Order = false, time.Time{}, storage.ByStart
	}
	return nil
}

// chip is a condition that can be taken away.
type chip struct{ Text, URL string }

// explorePage is the calendar as a list, a grid or places.
type explorePage struct {
	Heading  string
	View     string
	Views    []monthLink
	Times    []monthLink
	Filter   exploreForm
	Chips    []chip
	Clear    string
	Count    string
	Months   []month
	Grid     *grid
	Places   []placeGroup
	MapURL   string
	Empty    empty
	Pager    pager
	Tags     []link
	Posts    []postCard
	World    []card // of sister cities, not announced here
	ICS      string
	Anywhere string // the same words in the search
}

// exploreForm is what the reader chose, to be changed.
type exploreForm struct {
	Keep                     []link // hidden fields
	Tag                      string
	Cities, Languages        []choice
	Online, Seats, Open      bool
	Tags                     []string
	Action, TagName, ChooseT string
}

// explore is the calendar of the city: /conf.
func (s *Server) explore(ctx context.Context, v *viewer, r *http.Request) (*shown, error) {
	number, err := pageNumber(r)
	if err != nil {
		return nil, err
	}
	f, err := s.exploring(ctx, v, s.meant(r, exploreParams))
	if err != nil {
		return nil, err
	}
	p := explorePage{Heading: v.T("conferences.title"), View: f.View, Views: v.exploreViews(f), Times: v.exploreTimes(f), Chips: v.exploreChips(f), ICS: "/conf.ics"}
	if f.query.Tag != "" {
		p.ICS = withQuery("/conf.ics", url.Values{"tag": {f.query.Tag}})
	}
	if len(p.Chips) > 1 {
		p.Clear = f.with("tag", "", "city", "", "speaks", "", "online", "", "seats", "", "q", "", "day", "")
	}
	if f.query.Text != "" {
		p.Anywhere = withQuery("/search", url.Values{"q": {f.query.Text}})
	}
	if p.Filter, err = s.exploreForm(ctx, v, f); err != nil {
		return nil, err
	}
	for _, t := range p.Filter.Tags {
		if t != f.query.Tag {
			p.Tags = append(p.Tags, link{t, f.with("tag", t)})
		}
	}
	switch f.View {
	case viewCalendar:
		err = s.exploreGrid(ctx, v, f, &p)
	case viewPlaces:
		err = s.explorePlaces(ctx, v, f, &p)
	default:
		err = s.exploreList(ctx, v, f, &p, number)
	}
	if err != nil {
		return nil, err
	}
	switch {
	case f.query.Tag != "" && !f.Past:
		p.Heading = v.T("conferences.tagged", "Tag", f.query.Tag)
	case f.Past:
		p.Heading = v.T("conferences.past_title")
	case !f.Day.IsZero():
		p.Heading = v.T("explore.on_day", "Day", v.fullDay(f.Day))
	case !f.Month.IsZero() && f.View == viewList:
		p.Heading = v.T("explore.in_month", "Month", v.month(f.Month))
	}
	return &shown{"explore", page{Heading: p.Heading, Section: "conf", Body: p, Sheets: []string{"explore.css"},
		NoIndex: f.narrow() && f.query.Tag == "" || f.query.Text != "" || f.View == viewCalendar && !f.Month.IsZero() || !f.Day.IsZero()}}, nil
}

func (s *Server) exploreList(ctx context.Context, v *viewer, f *exploring, p *explorePage, number int) error {
	q := f.query
	total, err := s.store.CountConferences(ctx, q)
	if err != nil {
		return err
	}
	if number > 1 && (number-1)*perPage >= total {
		return community.Errorf(community.NotFound, "there is no page %d", number)
	}
	q.Limit, q.Offset = perPage, (number-1)*perPage
	cs, err := s.store.Conferences(ctx, q)
	if err != nil {
		return err
	}
	p.Months, p.Empty = v.months(cs), v.exploreEmpty(f)
	if total > 0 {
		p.Count = v.N("world.count", total)
	}
	p.Pager = newPager("/conf", f.params, number, total, v.T("conferences.earlier"), v.T("conferences.later"))
	if f.Past {
		p.Pager.PrevText, p.Pager.NextText = v.T("conferences.newer"), v.T("conferences.older")
	}
	if len(f.params) == 0 && p.Pager.Next == "" {
		elsewhere, err := s.node.Elsewhere(ctx, elsewhereList)
		if err != nil {
			return err
		}
		p.World = v.cards(elsewhere)
	}
	return nil
}

func (v *viewer) exploreEmpty(f *exploring) empty {
	e := empty{v.T("conferences.none"), v.T("conferences.none_upcoming")}
	switch {
	case f.query.Text != "":
		e.Text = v.T("conferences.none_found")
	case f.narrow():
		e.Text = v.T("explore.none_chosen")
	case f.Past:
		e.Text = v.T("conferences.none_past")
	case len(f.params) > 0:
		e.Text = v.T("explore.none_then")
	}
	return e
}

// exploreViews leads to the other ways to look at the same.
func (v *viewer) exploreViews(f *exploring) []monthLink {
	return []monthLink{
		{v.T("explore.list"), f.with("view", ""), f.View == viewList},
		{v.T("explore.calendar"), f.with("view", viewCalendar, "when", "", "day", ""), f.View == viewCalendar},
		{v.T("explore.places"), f.with("view", viewPlaces), f.View == viewPlaces},
	}
}

// exploreTimes leads to other times.
func (v *viewer) exploreTimes(f *exploring) []monthLink {
	if f.View == viewCalendar {
		return nil // it has months of its own
	}
	when := f.params.Get("when")
	plain := f.Month.IsZero() && f.Day.IsZero()
	out := []monthLink{{v.T("conferences.upcoming"), f.with("when", "", "month", "", "day", ""), plain && when == ""}}
	for _, w := range v.soonTimes() {
		out = append(out, monthLink{w.Name, f.with("when", w.Value, "month", "", "day", ""), plain && when == w.Value})
	}
	if !f.Month.IsZero() {
		out = append(out, monthLink{upperFirst(v.month(f.Month)), f.with(), true})
	}
	return append(out, monthLink{v.T("conferences.past"), f.with("when", "past", "month", "", "day", ""), plain && when == "past"})
}

// soonTimes are the times that most people look for.
func (t *tongue) soonTimes() []choice {
	return []choice{{Value: "week", Name: t.T("explore.week")}, {Value: "weekend", Name: t.T("explore.weekend")}}
}

// exploreChips are the conditions that were chosen.
func (v *viewer) exploreChips(f *exploring) []chip {
	var out []chip
	add := func(name, text string) { out = append(out, chip{text, f.with(name, "")}) }
	if f.query.Text != "" {
		add("q", "“"+f.query.Text+"”")
	}
	if f.query.Tag != "" {
		add("tag", "#"+f.query.Tag)
	}
	if f.Host != nil {
		add("city", f.Host.Name)
	}
	if f.query.Language != "" {
		add("speaks", upperFirst(v.languageName(f.query.Language)))
	}
	if f.query.Online {
		add("online", v.T("conf.online"))
	}
	if f.query.Seats {
		add("seats", v.T("explore.seats"))
	}
	if !f.Day.IsZero() {
		add("day", v.day(f.Day, true))
	}
	return out
}

// exploreForm fills what can be chosen.
func (s *Server) exploreForm(ctx context.Context, v *viewer, f *exploring) (exploreForm, error) {
	form := exploreForm{Action: "/conf", Tag: f.query.Tag, Online: f.query.Online, Seats: f.query.Seats, Open: f.narrow()}
	for _, name := range []string{"when", "month", "day", "view", "q"} {
		if p := f.params.Get(name); p != "" {
			form.Keep = append(form.Keep, link{name, p})
		}
	}
	var cities []choice
	if len(f.hosts) > 0 {
		cities = append(cities, choice{Value: v.city.Handle, Name: v.cityName().Text})
		for _, h := range f.hosts {
			if !slices.ContainsFunc(cities, func(c choice) bool { return c.Value == h.Host }) {
				cities = append(cities, choice{Value: h.Host, Name: h.Name})
			}
		}
	}
	form.Cities = choose(cities, f.params.Get("city"), func(string) string { return f.Host.Name })
	languages := slices.Clone(v.city.Languages)
	slices.Sort(languages)
	for _, l := range slices.Compact(languages) {
		form.Languages = append(form.Languages, choice{Value: l, Name: upperFirst(v.languageName(l))})
	}
	form.Languages = choose(form.Languages, f.query.Language, func(l string) string { return upperFirst(v.languageName(l)) })
	after := v.now
	if f.Past {
		after = time.Unix(0, 0)
	}
	var err error
	form.Tags, err = s.store.CalendarTags(ctx, after, 20)
	return form, err
}

// placeGroup is what is on at one place.
type placeGroup struct {
	Name, Address string
	Distance      string
	Map           string
	Cards         []card
	km            float64
}

// explorePlaces lists what was chosen by where it is. A city is too small for a map
// of the world, and a map of its streets would come from elsewhere: what is
// nearest to its middle comes first, with how far that is and a link to a map.
func (s *Server) explorePlaces(ctx context.Context, v *viewer, f *exploring, p *explorePage) error {
	q := f.query
	q.Limit = 4 * perPage
	cs, err := s.store.Conferences(ctx, q)
	if err != nil {
		return err
	}
	at := map[string]int{}
	for i := range cs {
		c := &cs[i]
		k := v.card(c)
		g := placeGroup{Name: k.Where, km: 1e9}
		if c.Venue.Line() != "" && c.Status != community.MovedOnline {
			place := v.venue(c.Venue)
			g.Name, g.Address, g.Map = place.Name, place.Address, place.Map
			if g.Name == "" {
				g.Name, g.Address = g.Address, ""
			}
			if c.Venue.Place != nil && v.city.Place != nil {
				g.km = c.Venue.Place.Distance(*v.city.Place)
				g.Distance = v.far(g.km)
			}
		} else {
			g.km = 2e9
		}
		j, ok := at[g.Name+"\n"+g.Address]
		if !ok {
			j = len(p.Places)
			at[g.Name+"\n"+g.Address] = j
			p.Places = append(p.Places, g)
		}
		p.Places[j].Cards = append(p.Places[j].Cards, k)
	}
	slices.SortStableFunc(p.Places, func(a, b placeGroup) int {
		switch {
		case a.km < b.km:
			return -1
		case a.km > b.km:
			return 1
		}
		return 0
	})
	p.Empty, p.MapURL = v.exploreEmpty(f), "/world"
	if len(cs) > 0 {
		p.Count = v.N("world.count", len(cs))
	}
	return nil
}

// far is a distance: "800 m", "3.4 km", "120 km".
func (t *tongue) far(km float64) string {
	switch {
	case km < 0.95:
		return t.T("explore.metres", "Count", strconv.Itoa(int(km*20+.5)*50))
	case km < 10:
		n := strconv.FormatFloat(km, 'f', 1, 64)
		return t.T("explore.km", "Count", strings.Replace(n, ".", t.T("explore.decimal"), 1))
	}
	return t.T("explore.km", "Count", strconv.Itoa(int(km+.5)))
}

// clock is the zone that the city lives in.
func (v *viewer) clock() *time.Location {
	zone, err := time.LoadLocation(v.city.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}
