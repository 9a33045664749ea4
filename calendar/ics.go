package calendar

import (
	"io"
	"strings"
	"time"

	"konfa/community"
)

// file is an iCalendar file taken apart.
type file struct {
	o        DecodeOptions
	city     *time.Location
	zone     string // X-WR-TIMEZONE, if it is one
	zones    map[string]*ownZone
	events   []*event
	problems []Problem
}

// event is a VEVENT as it stands.
type event struct {
	line  int
	props []property
}

// get returns the first property of a name, or an empty one.
func (e *event) get(name string) property {
	for i := range e.props {
		if e.props[i].name == name {
			return e.props[i]
		}
	}
	return property{}
}

func (e *event) all(name string) []property {
	var out []property
	for i := range e.props {
		if e.props[i].name == name {
			out = append(out, e.props[i])
		}
	}
	return out
}

func (e *event) title() string {
	return strings.Join(strings.Fields(unescape(e.get("SUMMARY").value)), " ")
}

// maxProperties bounds one event; a guest list of thousands is none of ours.
const maxProperties = 2_000

// DecodeICS reads an iCalendar file of any program. Recurring events become
// their instances within the horizon, at most community.MaxInstances of each
// rule. The error is not nil only when the file as a whole cannot be read.
func DecodeICS(r io.Reader, o DecodeOptions) ([]Row, []Problem, error) {
	data, err := io.ReadAll(limited(r))
	if err != nil {
		return nil, nil, readError(err)
	}
	f := &file{o: o.filled(), zones: map[string]*ownZone{}}
	f.city = load(f.o.Zone)
	if !f.split(strings.TrimPrefix(string(data), bom)) {
		return nil, nil, community.Errorf(community.Invalid, "this is not an iCalendar file").WithHint("such a file begins with BEGIN:VCALENDAR")
	}
	return f.rows(), f.problems, nil
}

func (f *file) problem(line int, title, msg string) {
	if len(f.problems) < MaxEvents {
		f.problems = append(f.problems, Problem{Line: line, Title: title, Msg: msg})
	}
}

// split takes the file apart; false means that it holds no calendar.
func (f *file) split(data string) bool {
	var (
		open    []string // components that are not closed
		current *event
		zone    *ownZone
		change  *phase
		known   bool
		dropped int
	)
	contentLines(data, func(p property) {
		switch p.name {
		case "BEGIN":
			name := strings.ToUpper(strings.TrimSpace(p.value))
			known = known || name == "VCALENDAR" || name == "VEVENT"
			if name == "VEVENT" || name == "VCALENDAR" {
				if current != nil { // the last one was never closed
					f.problem(current.line, current.title(), "the event has no END:VEVENT")
					current, open = nil, nil
				}
			}
			if len(open) < 20 {
				open = append(open, name)
			}
			switch name {
			case "VEVENT":
				current = &event{line: p.line}
			case "VTIMEZONE":
				zone = &ownZone{}
			case "STANDARD", "DAYLIGHT":
				change = &phase{}
			}
			return
		case "END":
			name := strings.ToUpper(strings.TrimSpace(p.value))
			if n := len(open); n > 0 && open[n-1] == name {
				open = open[:n-1]
			}
			switch {
			case name == "VEVENT" && current != nil:
				if len(f.events) < MaxEvents {
					f.events = append(f.events, current)
				} else if dropped++; dropped == 1 {
					f.problem(current.line, current.title(), "more than 20,000 events: this one and what follows is left out")
				}
				current = nil
			case name == "VTIMEZONE" && zone != nil:
				if zone.id != "" && len(zone.phases) > 0 && len(f.zones) < 1000 {
					f.zones[zone.id] = zone
				}
				zone = nil
			case (name == "STANDARD" || name == "DAYLIGHT") && change != nil:
				if zone != nil && !change.start.IsZero() && len(zone.phases) < maxPhases {
					zone.phases = append(zone.phases, *change)
				}
				change = nil
			}
			return
		}
		in := ""
		if len(open) > 0 {
			in = open[len(open)-1]
		}
		switch {
		case current != nil && in == "VEVENT":
			if len(current.props) < maxProperties {
				current.props = append(current.props, p)
			}
		case change != nil && (in == "STANDARD" || in == "DAYLIGHT"):
			change.read(p)
		case zone != nil && in == "VTIMEZONE":
			switch p.name {
			case "TZID":
				zone.id = strings.TrimSpace(unescape(p.value))
			case "X-LIC-LOCATION", "TZID-ALIAS-OF":
				zone.alias = strings.TrimSpace(p.value)
			}
		case in == "VCALENDAR" && p.name == "X-WR-TIMEZONE":
			if loc, ok := named(unescape(p.value)); ok {
				f.zone = loc.String()
			}
		}
	})
	if current != nil {
		f.problem(current.line, current.title(), "the file ends inside this event")
	}
	return known
}

func (p *phase) read(prop property) {
	switch prop.name {
	case "DTSTART":
		p.start, _ = parseStamp(strings.TrimRight(strings.TrimSpace(prop.value), "Zz"))
	case "TZOFFSETFROM":
		p.from, _ = parseOffset(prop.value)
	case "TZOFFSETTO":
		p.to, _ = parseOffset(prop.value)
	case "RRULE":
		if len(prop.value) < 500 {
			p.rule = strings.TrimSpace(prop.value)
		}
	case "RDATE":
		for _, s := range strings.Split(prop.value, ",") {
			if t, ok := parseStamp(strings.TrimRight(strings.TrimSpace(s), "Zz")); ok && len(p.dates) < 1000 {
				p.dates = append(p.dates, t)
			}
		}
	}
}

// moment is a date or a time of an event.
type moment struct {
	date    bool
	local   time.Time // as if UTC: the date at midnight, or the time on the clock
	clock   clock
	instant time.Time
}

var noPunctuation = strings.NewReplacer("-", "", ":", "")

// when reads a date or time with the zone of its property.
func (f *file) when(p *property, value string) (moment, bool) {
	value = strings.ToUpper(strings.TrimSpace(value))
	utc := strings.HasSuffix(value, "Z")
	t, ok := parseStamp(strings.TrimSuffix(value, "Z"))
	if !ok && strings.ContainsAny(value, "-:") { // RFC 3339, which is not allowed and does occur
		t, ok = parseStamp(noPunctuation.Replace(strings.TrimSuffix(value, "Z")))
	}
	if !ok || t.Year() < 1 || t.Year() > 9998 {
		return moment{}, false
	}
	m := moment{local: t}
	switch {
	case len(noPunctuation.Replace(value)) == len(dateFormat), strings.EqualFold(p.param("VALUE"), "DATE"):
		m.date = true
		m.local = t.Truncate(24 * time.Hour)
		m.clock = f.assumed()
	case utc:
		// The clock to show is not said: the calendar's, or the city's.
		m.clock = f.assumed()
		m.instant = t
		y, mo, d := t.In(m.clock.loc).Date()
		lt := t.In(m.clock.loc)
		m.local = time.Date(y, mo, d, lt.Hour(), lt.Minute(), lt.Second(), 0, time.UTC)
		return m, true
	case p.param("TZID") != "":
		m.clock = f.clock(p.param("TZID"))
	default:
		m.clock = clock{loc: f.city}
	}
	m.instant = m.clock.at(m.local)
	return m, true
}

// assumed is the clock where none is said: the calendar's own, or the city's.
func (f *file) assumed() clock {
	if f.zone != "" {
		return clock{loc: load(f.zone)}
	}
	return clock{loc: f.city}
}

// clock finds what a TZID means: a zone that everybody knows, or the file's own.
func (f *file) clock(tzid string) clock {
	if loc, ok := named(tzid); ok {
		return clock{loc: loc, fixed: true}
	}
	if z := f.zones[strings.TrimSpace(tzid)]; z != nil {
		if loc, ok := named(z.alias); ok {
			return clock{loc: loc, fixed: true}
		}
		return clock{loc: time.UTC, own: z, fixed: true}
	}
	return f.assumed()
}

// duration reads an RFC 5545 DURATION; days are of 24 hours.
func duration(s string) (time.Duration, bool) {
	s = strings.ToUpper(strings.TrimSpace(s))
	s = strings.TrimPrefix(s, "+")
	if !strings.HasPrefix(s, "P") {
		return 0, false
	}
	var d time.Duration
	n, digits, clockPart := int64(0), 0, false
	for _, r := range s[1:] {
		unit := time.Duration(0)
		switch {
		case r >= '0' && r <= '9':
			if digits++; digits > 9 {
				return 0, false
			}
			n = n*10 + int64(r-'0')
			continue
		case r == 'T' && digits == 0:
			clockPart = true
			continue
		case r == 'W':
			unit = 7 * 24 * time.Hour
		case r == 'D':
			unit = 24 * time.Hour
		case r == 'H' && clockPart:
			unit = time.Hour
		case r == 'M' && clockPart:
			unit = time.Minute
		case r == 'S' && clockPart:
			unit = time.Second
		}
		if unit == 0 || digits == 0 || time.Duration(n) > 400*24*time.Hour/unit {
			return 0, false
		}
		d += time.Duration(n) * unit
		n, digits = 0, 0
	}
	return d, digits == 0
}
