package calendar

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"konfa/community"
	"konfa/prose"
)

// rows makes conferences of the events.
func (f *file) rows() []Row {
	var rows []Row
	overrides := map[string][]*event{} // of recurring events, by UID
	masters := map[string]bool{}
	for _, e := range f.events {
		if e.recurs() && e.uid() != "" {
			masters[e.uid()] = true
		}
	}
	for _, e := range f.events {
		if e.get("RECURRENCE-ID").name != "" && masters[e.uid()] && !e.recurs() {
			overrides[e.uid()] = append(overrides[e.uid()], e)
		}
	}
	at := map[string]int{} // where in rows an import key is
	add := func(e *event, c *community.Conference, rule string) {
		if msg := settle(c); msg != "" {
			f.problem(e.line, e.title(), msg)
			return
		}
		row := Row{Line: e.line, Conference: *c, Rule: rule}
		if i, twice := at[c.ImportKey]; twice {
			// The newer version of the same event counts.
			if c.Sequence >= rows[i].Conference.Sequence {
				rows[i] = row
			}
			return
		}
		if len(rows) >= MaxEvents {
			if len(rows) == MaxEvents {
				f.problem(e.line, e.title(), "more than 20,000 conferences: this one and what follows is left out")
			}
			return
		}
		at[c.ImportKey] = len(rows)
		rows = append(rows, row)
	}
	budget := &budget{until: time.Now().Add(maxRuleTime)}
	for _, e := range f.events {
		switch {
		case strings.EqualFold(e.get("CLASS").value, "PRIVATE") || strings.EqualFold(e.get("CLASS").value, "CONFIDENTIAL"):
			f.problem(e.line, e.title(), "the event is marked as private")
		case e.recurs():
			f.expand(e, overrides[e.uid()], budget, add)
		case e.get("RECURRENCE-ID").name != "" && masters[e.uid()]:
			// expand has it
		default:
			c, _, ok := f.conference(e)
			if !ok {
				continue
			}
			if id := e.get("RECURRENCE-ID"); id.name != "" {
				if m, ok := f.when(&id, id.value); ok {
					instanceIdentity(c, e.uid(), m)
				}
			}
			add(e, c, "")
		}
	}
	return rows
}

func (e *event) uid() string { return strings.TrimSpace(unescape(e.get("UID").value)) }

func (e *event) recurs() bool {
	return e.get("RRULE").name != "" || e.get("RDATE").name != ""
}

// conference reads one event. It reports what is wrong and returns false where
// there is no use in going on.
func (f *file) conference(e *event) (*community.Conference, moment, bool) {
	title := e.title()
	bad := func(msg string) (*community.Conference, moment, bool) {
		f.problem(e.line, title, msg)
		return nil, moment{}, false
	}
	if title == "" {
		return bad("the event has no SUMMARY, that is no title")
	}
	from := e.get("DTSTART")
	if from.name == "" {
		return bad("the event has no DTSTART, that is no start")
	}
	start, ok := f.when(&from, from.value)
	if !ok {
		return bad("the start " + strconv.Quote(prose.Cut(from.value, 40)) + " is not a date")
	}
	c := &community.Conference{AllDay: start.date, Start: start.instant}
	c.Zone = start.clock.zoneFor(start.instant, f.city)
	if own := e.get("X-KONFA-ZONE").value; start.date && community.ValidZone(own) {
		c.Zone = own
	}
	if start.date {
		c.Start = midnight(start.local, c.Location())
	}
	to, length := e.get("DTEND"), e.get("DURATION")
	switch {
	case to.name != "":
		end, ok := f.when(&to, to.value)
		if !ok {
			return bad("the end " + strconv.Quote(prose.Cut(to.value, 40)) + " is not a date")
		}
		switch {
		case start.date:
			day := end.local.Truncate(24 * time.Hour)
			if !end.date && end.local.After(day) {
				day = day.AddDate(0, 0, 1)
			}
			if day.Equal(start.local) {
				day = day.AddDate(0, 0, 1) // some programs take the end as included
			}
			c.End = midnight(day, c.Location())
		case end.date:
			c.End = midnight(end.local, c.Location())
		default:
			c.End = end.instant
		}
		if c.End.Equal(c.Start) {
			c.OpenEnd = true
		} else if c.End.Before(c.Start) {
			return bad("the event ends before it starts")
		}
	case length.name != "":
		d, ok := duration(length.value)
		if !ok {
			return bad("the duration " + strconv.Quote(prose.Cut(length.value, 40)) + " makes no sense")
		}
		switch {
		case start.date:
			days := max(1, int((d+24*time.Hour-1)/(24*time.Hour)))
			c.End = midnight(start.local.AddDate(0, 0, days), c.Location())
		case d == 0:
			c.OpenEnd = true
		default:
			c.End = c.Start.Add(d)
		}
	case start.date:
		c.End = midnight(start.local.AddDate(0, 0, 1), c.Location())
	default:
		c.OpenEnd = true
	}
	f.details(e, c, title)
	return c, start, true
}

// midnight is the first instant of a day on a clock. Where the clocks go
// forward at midnight, as in Chile, that is one o'clock.
func midnight(day time.Time, loc *time.Location) time.Time {
	y, m, d := day.Date()
	t := time.Date(y, m, d, 0, 0, 0, 0, loc)
	if t.Day() != d {
		_, t = t.ZoneBounds()
	}
	return t.UTC()
}

// details reads everything but the times.
func (f *file) details(e *event, c *community.Conference, title string) {
	summary := e.get("SUMMARY")
	c.Title = community.Plain(f.lang(&summary), title)
	if text, lang := f.text(e); text != "" {
		c.Text = community.Plain(lang, text)
	}
	place := strings.TrimSpace(unescape(e.get("LOCATION").value))
	apple := e.get("X-APPLE-STRUCTURED-LOCATION")
	if address := webAddress(place); address != "" {
		c.OnlineURL = address
	} else if place != "" {
		name, street, _ := strings.Cut(strings.Join(strings.FieldsFunc(place, func(r rune) bool { return r == '\n' || r == '\r' }), ", "), ", ")
		c.Venue = &community.Venue{Name: strings.TrimSpace(name), Street: strings.TrimSpace(street)}
	} else if t := apple.param("X-TITLE"); t != "" {
		c.Venue = &community.Venue{Name: t, Street: strings.Join(strings.Fields(apple.param("X-ADDRESS")), " ")}
	}
	if p := point(e.get("GEO").value, apple.value); p != nil {
		if c.Venue == nil && c.OnlineURL == "" {
			c.Venue = &community.Venue{}
		}
		if c.Venue != nil {
			c.Venue.Place = p
		}
	}
	for _, name := range []string{"CONFERENCE", "X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL", "X-MICROSOFT-ONLINEMEETINGCONFLINK"} {
		if address := webAddress(e.get(name).value); address != "" {
			c.OnlineURL = address
			break
		}
	}
	c.Link = webAddress(unescape(e.get("URL").value))
	for _, p := range e.all("CATEGORIES") {
		c.Tags = append(c.Tags, list(p.value)...)
	}
	switch strings.ToUpper(strings.TrimSpace(e.get("STATUS").value)) {
	case "CANCELLED", "CANCELED":
		c.Status = community.Cancelled
	case "TENTATIVE":
		c.Status = community.Tentative
	default:
		c.Status = community.Scheduled
	}
	if own := community.Status(e.get("X-KONFA-STATUS").value); slices.Contains(community.Statuses, own) {
		c.Status = own
	}
	if n, err := strconv.Atoi(strings.TrimSpace(e.get("SEQUENCE").value)); err == nil && n >= 0 && n < 1<<31 {
		c.Sequence = n
	}
	c.Cover = cover(e)
	f.organisers(e, c)
	c.UID = e.uid()
	if c.UID == "" {
		c.UID = digest(title, e.get("DTSTART").value, place) + "@import"
	}
	c.ImportKey = key(c.UID)
	if len(c.UID) > maxUID {
		c.UID = digest(c.UID)
	}
}

// maxUID bounds what is stored of an UID of others; RFC 7986 asks for 255.
const maxUID = 255

func key(uid string) string {
	if len(uid) > 150 {
		uid = digest(uid)
	}
	return "ics:" + uid
}

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

func (f *file) lang(p *property) string {
	if l := p.param("LANGUAGE"); community.ValidLang(l) {
		return strings.ToLower(l)
	}
	return f.o.Lang
}

// text is the description as Markdown. Google and Outlook put HTML where the
// standard wants plain text.
func (f *file) text(e *event) (text, lang string) {
	p := e.get("DESCRIPTION")
	text = strings.TrimSpace(unescape(p.value))
	if text == "" {
		p = e.get("X-ALT-DESC")
		text = strings.TrimSpace(unescape(p.value))
	}
	if looksLikeHTML(text) {
		text = prose.FromHTML(text)
	}
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, l := range lines {
		// Four spaces would make a block of code of it.
		lines[i] = strings.TrimSpace(l)
	}
	return strings.TrimSpace(strings.Join(lines, "\n")), f.lang(&p)
}

func looksLikeHTML(s string) bool {
	lower := strings.ToLower(s)
	for _, tag := range []string{"<p>", "<p ", "<br", "<div", "<a href", "<a ", "<ul", "<ol", "<b>", "<strong", "<span", "<html", "<h1", "<h2", "<h3", "<i>", "<em>", "<table"} {
		if strings.Contains(lower, tag) {
			return true
		}
	}
	return false
}

func point(geo, apple string) *community.Point {
	lat, lon, ok := strings.Cut(strings.ReplaceAll(geo, `\;`, ";"), ";")
	if !ok {
		apple, found := strings.CutPrefix(strings.ToLower(apple), "geo:")
		if !found {
			return nil
		}
		lat, lon, _ = strings.Cut(apple, ",")
		lon, _, _ = strings.Cut(lon, ";")
	}
	p := &community.Point{}
	var err1, err2 error
	p.Lat, err1 = strconv.ParseFloat(strings.TrimSpace(lat), 64)
	p.Lon, err2 = strconv.ParseFloat(strings.TrimSpace(lon), 64)
	// 0;0 is what programs write that do not know the place.
	if err1 != nil || err2 != nil || !p.Valid() || p.Lat == 0 && p.Lon == 0 {
		return nil
	}
	return p
}

func cover(e *event) *community.Picture {
	for _, name := range []string{"IMAGE", "ATTACH", "X-WP-IMAGES-URL"} {
		for _, p := range e.all(name) {
			kind := strings.ToLower(p.param("FMTTYPE"))
			address := webAddress(p.value)
			if address == "" {
				continue
			}
			ext := strings.ToLower(path.Ext(strings.SplitN(address, "?", 2)[0]))
			if strings.HasPrefix(kind, "image/") || name == "IMAGE" || kind == "" && slices.Contains([]string{".jpg", ".jpeg", ".png", ".webp", ".gif"}, ext) {
				if !strings.HasPrefix(kind, "image/") {
					kind = ""
				}
				return &community.Picture{URL: address, MediaType: kind}
			}
		}
	}
	return nil
}

func (f *file) organisers(e *event, c *community.Conference) {
	add := func(name string) {
		name = prose.Cut(strings.Join(strings.Fields(name), " "), community.MaxName)
		// Addresses of mail are not for everyone to see.
		if name == "" || strings.Contains(name, "@") || len(c.Organisers) >= 20 {
			return
		}
		c.Organisers = append(c.Organisers, community.Organiser{Name: name})
	}
	for _, p := range e.all("ORGANIZER") {
		add(p.param("CN"))
	}
	for _, p := range e.all("CONTACT") {
		add(unescape(p.value))
	}
}
