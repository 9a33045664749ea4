package calendar

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"konfa/community"
	"konfa/prose"
)

// Encode writes the calendar as iCalendar (RFC 5545, with RFC 7986 for name,
// picture and link). The same conferences give the same bytes: no clock is
// asked, so that an ETag holds. Drafts are left out, cancelled conferences are
// not. Errors are those of w.
func Encode(w io.Writer, cal Calendar) error {
	l := newLineWriter(w)
	l.raw("BEGIN", "VCALENDAR")
	l.raw("VERSION", "2.0")
	l.raw("PRODID", "-//konfa//konfa//EN")
	l.raw("CALSCALE", "GREGORIAN")
	switch {
	case cal.Method != "":
		l.raw("METHOD", cal.Method)
	case cal.Guest == nil:
		l.raw("METHOD", "PUBLISH") // which must not say who takes part (RFC 5546 §3.2.1)
	}
	l.text("NAME", cal.Name)
	l.text("X-WR-CALNAME", cal.Name)
	l.text("DESCRIPTION", cal.Description)
	l.text("X-WR-CALDESC", cal.Description)
	if cal.URL != "" {
		l.raw("URL", cleanURI(cal.URL))
	}
	if community.ValidZone(cal.Zone) {
		l.raw("X-WR-TIMEZONE", cal.Zone)
	}
	refresh := cal.Refresh
	if refresh <= 0 {
		refresh = time.Hour
	}
	if cal.Method == "" {
		l.raw("REFRESH-INTERVAL;VALUE=DURATION", formatDuration(refresh))
		l.raw("X-PUBLISHED-TTL", formatDuration(refresh))
	}

	writeZones(l, cal.Events)
	// A calendar of many is what a city does, not what its reader has promised
	// to come to: it does not make them busy.
	transparent := len(cal.Events) > 1
	for i := range cal.Events {
		c := &cal.Events[i]
		if cal.Guest != nil {
			transparent = cal.Guest.Parts[c.ID].Stat != "ACCEPTED"
		}
		if !c.Draft && !c.Start.IsZero() {
			writeEvent(l, &cal, c, transparent)
		}
	}
	l.raw("END", "VCALENDAR")
	return l.close()
}

// writeZones writes each zone that a time of the conferences names.
func writeZones(l *lineWriter, events []community.Conference) {
	type span struct{ from, to time.Time }
	spans := map[string]span{}
	locations := map[string]*time.Location{}
	for i := range events {
		c := &events[i]
		if c.Draft || c.AllDay || c.Start.IsZero() {
			continue
		}
		loc := c.Location()
		if utcZone(loc) {
			continue
		}
		s, ok := spans[loc.String()]
		if !ok {
			s = span{c.Start, c.End}
			locations[loc.String()] = loc
		}
		if c.Start.Before(s.from) {
			s.from = c.Start
		}
		if c.End.After(s.to) {
			s.to = c.End
		}
		spans[loc.String()] = s
	}
	names := make([]string, 0, len(spans))
	for name := range spans {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		// From a year before, as some readers want a rule before the first event.
		writeZone(l, locations[name], spans[name].from.AddDate(-1, 0, 0), spans[name].to)
	}
}

func writeEvent(l *lineWriter, cal *Calendar, c *community.Conference, transparent bool) {
	l.raw("BEGIN", "VEVENT")
	l.text("UID", uid(c, cal.Site))
	stamp := c.Updated
	for _, t := range []time.Time{c.Published, c.Created, c.Start} {
		if stamp.IsZero() {
			stamp = t
		}
	}
	if !cal.Stamp.IsZero() {
		stamp = cal.Stamp // of two messages with the same SEQUENCE the later one counts (RFC 5546 §2.1.5)
	}
	l.raw("DTSTAMP", stamp.UTC().Format(utcFormat))
	if !c.Created.IsZero() {
		l.raw("CREATED", c.Created.UTC().Format(utcFormat))
	}
	if !c.Updated.IsZero() {
		l.raw("LAST-MODIFIED", c.Updated.UTC().Format(utcFormat))
	}
	l.raw("SEQUENCE", strconv.Itoa(max(0, c.Sequence)))
	writeTime(l, "DTSTART", c, c.Start)
	if !c.OpenEnd || c.AllDay {
		writeTime(l, "DTEND", c, c.End)
	}
	if c.AllDay {
		l.raw("X-KONFA-ZONE", c.Location().String())
	}
	status, own := "CONFIRMED", ""
	switch c.Status {
	case community.Tentative:
		status = "TENTATIVE"
	case community.Cancelled:
		status = "CANCELLED"
	case community.Postponed:
		status, own = "TENTATIVE", string(c.Status)
	case community.MovedOnline:
		own = string(c.Status)
	}
	part := Part{}
	if g := cal.Guest; g != nil {
		if part = g.Parts[c.ID]; part.Stat != "ACCEPTED" && status == "CONFIRMED" {
			status = "TENTATIVE" // for this guest
		}
	}
	if cal.Method == "CANCEL" {
		status = "CANCELLED" // for this guest, if for nobody else
	}
	l.raw("STATUS", status)
	if own != "" {
		l.raw("X-KONFA-STATUS", own)
	}
	l.raw("CLASS", "PUBLIC")
	if transparent || c.Status == community.Cancelled {
		l.raw("TRANSP", "TRANSPARENT")
	}
	if title := c.Title.Best(cal.Langs...); part.Title == "" {
		l.text("SUMMARY"+lang(title.Lang), title.Text)
	} else {
		l.text("SUMMARY", part.Title)
	}
	if g := cal.Guest; g != nil && part.Stat != "" {
		l.raw("ORGANIZER"+param("CN", g.City), cleanURI(g.CityURI))
		role := ""
		if cal.Method != "" {
			role = ";ROLE=REQ-PARTICIPANT;RSVP=FALSE" // they have answered: no need to ask
		}
		l.raw("ATTENDEE"+param("CN", g.Name)+role+";PARTSTAT="+part.Stat, cleanURI(g.URI))
	}
	writeDescription(l, cal, c, part.Note)
	writePlace(l, c)
	if page := page(c, cal.Site); page != "" {
		l.raw("URL", cleanURI(page))
	}
	if len(c.Tags) > 0 {
		l.buf = append(l.buf[:0], "CATEGORIES:"...)
		for i, tag := range c.Tags {
			if i > 0 {
				l.buf = append(l.buf, ',')
			}
			l.buf = appendText(l.buf, tag)
		}
		l.flushLine()
	}
	for _, o := range c.Organisers {
		l.text("CONTACT", cmp.Or(o.Name, o.Handle, o.URI))
	}
	if p := c.Cover; p != nil && p.URL != "" {
		kind := ""
		if p.MediaType != "" {
			kind = param("FMTTYPE", p.MediaType)
		}
		// DISPLAY and ALTREP are of RFC 7986; ATTACH is what most programs read.
		l.raw("IMAGE;VALUE=URI;DISPLAY=BADGE"+kind, cleanURI(p.URL))
		l.raw("ATTACH"+kind, cleanURI(p.URL))
	}
	if c.OnlineURL != "" {
		l.raw("CONFERENCE;VALUE=URI;FEATURE=VIDEO"+param("LABEL", words(cal.Langs).online), cleanURI(c.OnlineURL))
	}
	l.raw("END", "VEVENT")
}

func lang(tag string) string {
	if tag == "" || !community.ValidLang(tag) {
		return ""
	}
	return ";LANGUAGE=" + tag
}

// uid never changes: it is stored with the conference. One that lacks it has an
// id that is as stable.
func uid(c *community.Conference, site community.Site) string {
	if c.Own() {
		return cmp.Or(c.UID, c.UUID, c.Slug+"@"+site.Host())
	}
	return cmp.Or(c.UID, c.UUID, c.URI)
}

func page(c *community.Conference, site community.Site) string {
	if c.Own() && c.Slug != "" {
		return site.Conference(c.Slug)
	}
	return cmp.Or(c.URL, c.URI, c.Link)
}

func writeTime(l *lineWriter, name string, c *community.Conference, t time.Time) {
	loc := c.Location()
	b := append(l.buf[:0], name...)
	switch {
	case c.AllDay:
		b = append(b, ";VALUE=DATE:"...)
		b = t.In(loc).AppendFormat(b, dateFormat)
	case utcZone(loc), repeated(t.In(loc)):
		b = append(b, ':')
		b = t.UTC().AppendFormat(b, utcFormat)
	default:
		b = append(b, ";TZID="...)
		b = append(append(b, loc.String()...), ':')
		b = t.In(loc).AppendFormat(b, localFormat)
	}
	l.buf = b
	l.flushLine()
}

// vocabulary is what the description says beside the text of the conference.
type vocabulary struct{ hosted, postponed, moved, cancelled, cost, link, online string }

var english = vocabulary{"Hosted by %s", "Postponed: the new date is not known yet.", "Moved online.", "Cancelled.", "Cost: %s", "Website: %s", "Online"}

var russian = vocabulary{"Проводит %s", "Отложено: новая дата ещё неизвестна.", "Перенесено в онлайн.", "Отменено.", "Стоимость: %s", "Сайт: %s", "Онлайн"}

func words(langs []string) *vocabulary {
	if len(langs) > 0 && strings.HasPrefix(strings.ToLower(langs[0]), "ru") {
		return &russian
	}
	return &english
}

func writeDescription(l *lineWriter, cal *Calendar, c *community.Conference, note string) {
	v := words(cal.Langs)
	var before, after []string
	if note != "" {
		before = append(before, note+".")
	}
	switch c.Status {
	case community.Postponed:
		before = append(before, v.postponed)
	case community.MovedOnline:
		before = append(before, v.moved)
	case community.Cancelled:
		before = append(before, v.cancelled)
	}
	if !c.Own() && c.Origin != "" {
		after = append(after, fmt.Sprintf(v.hosted, c.Origin))
	}
	if c.Cost != "" {
		after = append(after, fmt.Sprintf(v.cost, c.Cost))
	}
	if c.Link != "" && c.Link != page(c, cal.Site) {
		after = append(after, fmt.Sprintf(v.link, c.Link))
	}
	html := c.HTML.Best(cal.Langs...)
	text := html.Text
	if text == "" {
		html = c.Text.Best(cal.Langs...) // Markdown reads well as it is
		text, html.Text = html.Text, ""
	} else {
		text = prose.Text(text, 0)
	}
	parts := before
	if text != "" {
		parts = append(parts, text)
	}
	if len(after) > 0 {
		parts = append(parts, strings.Join(after, "\n"))
	}
	l.text("DESCRIPTION"+lang(html.Lang), strings.Join(parts, "\n\n"))
	if html.Text != "" {
		l.text("X-ALT-DESC;FMTTYPE=text/html", html.Text)
	}
}

func writePlace(l *lineWriter, c *community.Conference) {
	v := c.Venue
	if v == nil || c.Status == community.MovedOnline {
		// Programs that know no CONFERENCE show the address here.
		l.text("LOCATION", c.OnlineURL)
		return
	}
	name, address := v.Name, v.Address()
	full := address
	if name != "" && address != "" {
		full = name + ", " + address
	} else if name != "" {
		full = name
	}
	l.text("LOCATION", full)
	if v.Place != nil && v.Place.Valid() {
		lat, lon := degrees(v.Place.Lat), degrees(v.Place.Lon)
		l.raw("GEO", lat+";"+lon)
		l.raw("X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-APPLE-RADIUS=100"+param("X-TITLE", cmp.Or(name, v.Line())), "geo:"+lat+","+lon)
	}
}

func degrees(f float64) string { return strconv.FormatFloat(f, 'f', 6, 64) }

func formatDuration(d time.Duration) string {
	if d%(24*time.Hour) == 0 {
		return fmt.Sprintf("P%dD", d/(24*time.Hour))
	}
	if d%time.Hour == 0 {
		return fmt.Sprintf("PT%dH", d/time.Hour)
	}
	return fmt.Sprintf("PT%dM", max(1, d/time.Minute))
}
