package web

import (
	"context"
	"html/template"
	"net/http"
	"strconv"
	"time"

	"konfa/atlas"
	"konfa/community"
	"konfa/gazetteer"
	"konfa/storage"
)

// worldPage is the list of the conferences of all known cities, by month, with
// a map.
type worldPage struct {
	Heading string
	Lead    string
	Map     *worldMap
	Filter  worldForm
	Months  []month
	Nav     []monthLink
	PastURL string
	Past    bool
	Count   string
	Narrow  bool
	Empty   empty
	Pager   pager
	Tags    []link
	Views   []monthLink
	Chips   []chip
	Clear   string
	Grid    *grid
	ICS     string
	Feeds   []link
	Cities  string
	Webcal  template.URL
}

// monthLink leads to one month.
type monthLink struct {
	Name, URL string
	Current   bool
}

// worldForm is what the reader chose, to be changed.
type worldForm struct {
	City, Tag, Month, When string
	Within                 []choice
	Countries, Languages   []choice
	Online, Open           bool
	Clear                  string
}

// worldPage is /world. The same address with the same parameters gives its
// calendar and its feeds.
func (s *Server) worldShown(ctx context.Context, v *viewer, r *http.Request) (*shown, error) {
	number, err := pageNumber(r)
	if err != nil {
		return nil, err
	}
	f, err := s.worldFilter(ctx, s.meant(r, worldParams), v.now, v.clock())
	if err != nil {
		return nil, err
	}
	total, err := s.store.CountWorld(ctx, f.query)
	if err != nil {
		return nil, err
	}
	if number > 1 && (number-1)*perWorld >= total {
		return nil, community.Errorf(community.NotFound, "there is no page %d", number)
	}
	q := f.query
	q.Limit, q.Offset = perWorld, (number-1)*perWorld
	cs, err := s.store.World(ctx, q)
	if err != nil {
		return nil, err
	}
	p := worldPage{
		Lead: v.T("world.lead"), Past: f.query.Past, Narrow: f.narrow(),
		Months: v.worldMonths(cs), Empty: v.worldEmpty(f),
		Pager: worldPager(f, number, total, v),
		ICS:   f.with("/world.ics"), Webcal: template.URL("webcal://" + v.site.Host() + f.with("/world.ics")),
	}
	for _, kind := range []string{"atom", "rss", "json"} {
		p.Feeds = append(p.Feeds, link{v.T("footer." + kind), f.with("/world/feed."+kind, "when", "", "month", "")})
	}
	if total > 0 {
		p.Count = v.N("world.count", total)
		if total >= storage.MaxWorldCount {
			p.Count = v.T("world.count_more", "Count", storage.MaxWorldCount)
		}
	}
	if err := s.worldChoices(ctx, v, f, &p); err != nil {
		return nil, err
	}
	p.Views, p.Chips = v.worldViews(f), v.worldChips(f)
	if len(p.Chips) > 1 {
		p.Clear = p.Filter.Clear
	}
	if f.View == viewCalendar {
		if p.Grid, err = s.worldGrid(ctx, v, f); err != nil {
			return nil, err
		}
		p.Months, p.Pager, p.Nav = nil, pager{}, nil
		if f.Month.IsZero() {
			p.Count = ""
		}
	} else if number == 1 {
		if p.Map, err = s.worldMap(ctx, v, f); err != nil {
			return nil, err
		}
	}
	heading := v.T("world.title")
	switch {
	case !f.Day.IsZero():
		heading = v.T("world.in_month", "Month", v.day(f.Day, true))
	case !f.Month.IsZero():
		heading = v.T("world.in_month", "Month", v.month(f.Month))
	case f.query.Past:
		heading = v.T("world.past_title")
	}
	p.Heading = heading
	return &shown{"world", page{Heading: heading, Description: p.Lead, Section: "world", Body: p, Calendar: p.ICS, Sheets: []string{"explore.css"}, NoIndex: f.narrow() || number > 1 || f.View == viewCalendar || !f.Day.IsZero()}}, nil
}

// worldChoices fills what can be chosen instead.
func (s *Server) worldChoices(ctx context.Context, v *viewer, f *worldFilter, p *worldPage) error {
	w, err := s.world(ctx, v.now)
	if err != nil {
		return err
	}
	languages, err := s.store.WorldWords(ctx, "lang", v.now, 20)
	if err != nil {
		return err
	}
	tags, err := s.store.WorldWords(ctx, "tag", v.now, 16)
	if err != nil {
		return err
	}
	months, err := s.store.WorldMonths(ctx, v.now, 12)
	if err != nil {
		return err
	}
	form := worldForm{City: f.City, Tag: f.query.Tag, When: f.params.Get("when"), Month: f.params.Get("month"), Online: f.query.Online, Open: f.narrow()}
	form.Countries = choose(w.countries(v.tongue), f.params.Get("country"), func(c string) string { return gazetteer.CountryName(c, v.Code) })
	for _, l := range languages {
		form.Languages = append(form.Languages, choice{Value: l, Name: upperFirst(v.languageName(l))})
	}
	form.Languages = choose(form.Languages, f.query.Language, func(l string) string { return upperFirst(v.languageName(l)) })
	for _, d := range distances {
		form.Within = append(form.Within, choice{Value: strconv.Itoa(d), Name: v.T("world.km", "Count", d)})
	}
	within := ""
	if f.Within > 0 {
		within = strconv.Itoa(f.Within)
	}
	form.Within = choose(form.Within, within, func(string) string { return v.T("world.km", "Count", f.Within) })
	if f.narrow() {
		form.Clear = withQuery("/world", only(f, "when", "month", "view", "day"))
	}
	p.Filter = form
	for _, t := range tags {
		if t != f.query.Tag {
			p.Tags = append(p.Tags, link{t, f.with("/world", "tag", t)})
		}
	}
	p.Nav, p.PastURL = v.monthNav(f, months), f.with("/world", "when", "past", "month", "", "day", "", "view", "")
	return nil
}

func only(f *worldFilter, names ...string) map[string][]string {
	out := map[string][]string{}
	for _, n := range names {
		if v := f.params.Get(n); v != "" {
			out[n] = []string{v}
		}
	}
	return out
}

// monthNav leads through the months; those of other years say which.
func (v *viewer) monthNav(f *worldFilter, months []time.Time) []monthLink {
	when := f.params.Get("when")
	out := []monthLink{{v.T("world.all_months"), f.with("/world", "month", "", "when", "", "day", ""), f.Month.IsZero() && f.Day.IsZero() && when == ""}}
	for _, w := range v.soonTimes() {
		out = append(out, monthLink{w.Name, f.with("/world", "month", "", "when", w.Value, "day", ""), when == w.Value})
	}
	name := func(m time.Time) string {
		if m.Year() == v.now.Year() {
			return upperFirst(v.T("month_alone.m" + strconv.Itoa(int(m.Month()))))
		}
		return upperFirst(v.month(m))
	}
	if !f.Month.IsZero() && f.query.Past {
		for _, m := range []time.Time{f.Month.AddDate(0, -1, 0), f.Month, f.Month.AddDate(0, 1, 0)} {
			if m.AddDate(0, 1, 0).After(v.now) {
				continue
			}
			out = append(out, monthLink{name(m), f.with("/world", "month", m.Format("2006-01"), "when", "", "day", ""), m.Equal(f.Month)})
		}
		return out
	}
	listed := f.Month.IsZero() // it is among the months
	for _, m := range months {
		listed = listed || m.Equal(f.Month)
		out = append(out, monthLink{name(m), f.with("/world", "month", m.Format("2006-01"), "when", "", "day", ""), m.Equal(f.Month)})
	}
	if !listed {
		out = append(out, monthLink{name(f.Month), f.with("/world", "month", f.Month.Format("2006-01")), true})
	}
	return out
}

// worldMonths groups cards of the world under their months. Each says who hosts
// it, and in which country if that is not the reader's city's.
func (v *viewer) worldMonths(cs []community.Conference) []month {
	out := v.months(cs)
	i := 0
	for m := range out {
		for c := range out[m].Cards {
			v.worldly(&out[m].Cards[c], &cs[i])
			i++
		}
	}
	return out
}

func (v *viewer) worldly(k *card, c *community.Conference) {
	if c.Own() {
		k.Host = v.cityName().Text
	}
	if c.Venue == nil || c.Status == community.MovedOnline {
		return
	}
	if code, ok := gazetteer.Country(c.Venue.Country); ok && code != v.city.Country && c.Venue.Line() != "" && c.Venue.Locality != "" {
		k.Where += ", " + gazetteer.CountryName(code, v.Code)
	}
}

func (v *viewer) worldEmpty(f *worldFilter) empty {
	e := empty{v.T("world.none"), v.T("world.none_text")}
	switch {
	case f.Unsure:
		e = empty{v.T("world.none"), v.T("world.none_city", "City", f.City)}
	case f.narrow():
		e.Text = v.T("world.none_found")
	case f.query.Past:
		e.Text = v.T("conferences.none_past")
	case !f.Month.IsZero():
		e.Text = v.T("world.none_month")
	}
	return e
}

func worldPager(f *worldFilter, number, total int, v *viewer) pager {
	p := pager{Page: number, Pages: max(1, (total+perWorld-1)/perWorld), PrevText: v.T("conferences.earlier"), NextText: v.T("conferences.later")}
	if f.query.Past {
		p.PrevText, p.NextText = v.T("conferences.newer"), v.T("conferences.older")
	}
	at := func(n int) string {
		if n == 1 {
			return f.with("/world")
		}
		return f.with("/world", "page", strconv.Itoa(n))
	}
	if number > 1 {
		p.Prev = at(number - 1)
	}
	if number < p.Pages {
		p.Next = at(number + 1)
	}
	return p
}

// worldMap draws what a filter shows; where everything is shown, known cities
// without conferences as well.
func (s *Server) worldMap(ctx context.Context, v *viewer, f *worldFilter) (*worldMap, error) {
	spots, err := s.spotsOf(ctx, f)
	if err != nil {
		return nil, err
	}
	var cities []place
	if !f.narrow() && !f.query.Past {
		known, err := s.store.KnownCities(ctx, false)
		if err != nil {
			return nil, err
		}
		cities = v.placesOf(known)
	}
	return v.mapOf(f, spots, cities), nil
}

// placesOf are the cities whose place on earth is known, ours first.
func (v *viewer) placesOf(known []community.KnownCity) []place {
	var out []place
	if at := v.city.Place; at != nil {
		x, y := atlas.Project(*at)
		out = append(out, place{x: x, y: y, label: v.cityName().Text, url: "/"})
	}
	for i := range known {
		if k := &known[i]; k.Place != nil {
			x, y := atlas.Project(*k.Place)
			out = append(out, place{x: x, y: y, label: v.knownName(k), url: "/world/cities#" + cityAnchor(k)})
		}
	}
	return out
}

// worldViews leads to the other way to look at the same.
func (v *viewer) worldViews(f *worldFilter) []monthLink {
	return []monthLink{
		{v.T("explore.list_map"), f.with("/world", "view", ""), f.View == viewList},
		{v.T("explore.calendar"), f.with("/world", "view", viewCalendar, "when", "", "day", ""), f.View == viewCalendar},
	}
}

// worldChips are the conditions that were chosen.
func (v *viewer) worldChips(f *worldFilter) []chip {
	var out []chip
	add := func(text string, names ...string) {
		var pairs []string
		for _, n := range names {
			pairs = append(pairs, n, "")
		}
		out = append(out, chip{text, f.with("/world", pairs...)})
	}
	if f.City != "" {
		text := f.City
		if f.Within > 0 {
			text += ", " + v.T("world.km", "Count", f.Within)
		}
		add(text, "city", "within")
	}
	if c := f.params.Get("country"); c != "" && (f.City == "" || f.query.Country != "") {
		add(gazetteer.CountryName(c, v.Code), "country")
	}
	if f.query.Tag != "" {
		add("#"+f.query.Tag, "tag")
	}
	if f.query.Language != "" {
		add(upperFirst(v.languageName(f.query.Language)), "speaks")
	}
	if f.query.Online {
		add(v.T("conf.online"), "online")
	}
	if !f.Day.IsZero() {
		add(v.day(f.Day, true), "day")
	}
	return out
}
