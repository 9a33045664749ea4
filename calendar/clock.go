package calendar

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/teambition/rrule-go"

	"konfa/community"
)

// clock tells what instant a local time is in some zone. zone is its IANA name
// where it has one.
type clock struct {
	loc   *time.Location
	own   *ownZone // for a zone that only its VTIMEZONE describes
	fixed bool     // named by the file, not assumed
}

// at returns the instant of a local time that is given as if it were UTC.
func (k clock) at(local time.Time) time.Time {
	if k.own != nil {
		return local.Add(-time.Duration(k.own.offset(local)) * time.Second)
	}
	y, m, d := local.Date()
	return time.Date(y, m, d, local.Hour(), local.Minute(), local.Second(), 0, k.loc).UTC()
}

// zoneFor names the zone that a conference shall keep: the IANA name, or for a
// zone of the file's own the zone of the city if it shows the same time, else
// one of the same whole hours.
func (k clock) zoneFor(start time.Time, city *time.Location) string {
	if k.own == nil {
		return k.loc.String()
	}
	// local time = instant + offset, so ask with the local time of start.
	offset := k.own.offsetAt(start)
	if _, o := start.In(city).Zone(); o == offset {
		return city.String()
	}
	if name := community.FixedZone(offset); name != "" {
		return name
	}
	return "UTC"
}

var offsetName = regexp.MustCompile(`^(?:UTC|GMT)?\s*([+-])(\d{1,2}):?(\d{2})?$`)

// load returns a zone, UTC for an unknown one; community keeps those that were
// loaded.
func load(zone string) *time.Location {
	c := community.Conference{Zone: zone}
	return c.Location()
}

// named finds the zone that a TZID means: an IANA name, with whatever path
// before it, one of Windows, or an offset.
func named(tzid string) (*time.Location, bool) {
	name := strings.Trim(strings.TrimSpace(tzid), `"'`)
	if len(name) > 200 {
		return nil, false
	}
	for rest := strings.TrimLeft(name, "/"); rest != ""; {
		if community.ValidZone(rest) {
			return load(rest), true
		}
		i := strings.IndexByte(rest, '/')
		if i < 0 {
			break
		}
		rest = rest[i+1:]
	}
	if iana, ok := windowsZones[strings.ToLower(name)]; ok {
		return load(iana), community.ValidZone(iana)
	}
	if m := offsetName.FindStringSubmatch(strings.ToUpper(name)); m != nil {
		h, _ := strconv.Atoi(m[2])
		min, _ := strconv.Atoi(m[3])
		offset := h*3600 + min*60
		if m[1] == "-" {
			offset = -offset
		}
		if iana := community.FixedZone(offset); iana != "" {
			return load(iana), community.ValidZone(iana)
		}
	}
	return nil, false
}

// ownZone is a VTIMEZONE whose name is nobody else's.
type ownZone struct {
	id     string
	alias  string // X-LIC-LOCATION or TZID-ALIAS-OF
	phases []phase
	seen   map[time.Time]int // offsets found before, by the day
}

// phase is a STANDARD or DAYLIGHT of it. Local times are given as if UTC, on
// the clock before the change.
type phase struct {
	start    time.Time
	from, to int // seconds east
	rule     string
	dates    []time.Time
}

// maxPhases bounds the work that one time costs.
const maxPhases = 64

// offset is how far the zone is from UTC at a local time, in seconds.
func (z *ownZone) offset(local time.Time) int {
	day := local.Truncate(time.Hour)
	if o, ok := z.seen[day]; ok {
		return o
	}
	best, found := 0, time.Time{}
	for i := range z.phases {
		p := &z.phases[i]
		onset, ok := p.last(local)
		if ok && (found.IsZero() || onset.After(found)) {
			best, found = p.to, onset
		}
	}
	if found.IsZero() && len(z.phases) > 0 {
		first := 0
		for i := range z.phases {
			if z.phases[i].start.Before(z.phases[first].start) {
				first = i
			}
		}
		best = z.phases[first].from
	}
	if z.seen == nil || len(z.seen) > 10_000 {
		z.seen = map[time.Time]int{}
	}
	z.seen[day] = best
	return best
}

// offsetAt is the offset at an instant.
func (z *ownZone) offsetAt(t time.Time) int {
	t = t.UTC()
	o := z.offset(t)
	return z.offset(t.Add(time.Duration(o) * time.Second))
}

// last returns the last local time not after local at which the phase began.
func (p *phase) last(local time.Time) (time.Time, bool) {
	if p.start.After(local) {
		return time.Time{}, false
	}
	last := p.start
	for _, d := range p.dates {
		if !d.After(local) && d.After(last) {
			last = d
		}
	}
	if p.rule == "" {
		return last, true
	}
	opt, err := rrule.StrToROptionInLocation(p.rule, time.UTC)
	if err != nil || opt.Freq != rrule.YEARLY || opt.Interval > 1 {
		return last, true
	}
	opt.Dtstart = p.start
	if opt.Count == 0 && p.start.Year() < local.Year()-2 {
		// Outlook's rules begin in 1601; what was before is of no use.
		opt.Dtstart = p.start.AddDate(local.Year()-2-p.start.Year(), 0, 0)
	}
	opt.Until = time.Time{}
	if i := strings.Index(strings.ToUpper(p.rule), "UNTIL="); i >= 0 {
		if t, ok := parseStamp(strings.TrimRight(strings.SplitN(p.rule[i+6:], ";", 2)[0], "Zz")); ok {
			// UNTIL is in UTC and the rest is local.
			opt.Until = t.Add(time.Duration(p.from) * time.Second)
		}
	}
	r, err := rrule.NewRRule(*opt)
	if err != nil {
		return last, true
	}
	next := r.Iterator()
	for range 64 {
		t, ok := next()
		if !ok || t.After(local) {
			break
		}
		if t.After(last) {
			last = t
		}
	}
	return last, true
}

// parseStamp reads 20260102 or 20260102T030405 as if in UTC.
func parseStamp(s string) (time.Time, bool) {
	for _, layout := range []string{localFormat, dateFormat, "20060102T1504"} {
		if len(s) == len(layout) {
			if t, err := time.Parse(layout, s); err == nil {
				return t, true
			}
		}
	}
	return time.Time{}, false
}

// parseOffset reads +0100 or -033000.
func parseOffset(s string) (int, bool) {
	s = strings.ReplaceAll(strings.TrimSpace(s), ":", "")
	if len(s) != 5 && len(s) != 7 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	n, err := strconv.Atoi(s[1:])
	if err != nil || n < 0 {
		return 0, false
	}
	if len(s) == 5 {
		n *= 100
	}
	seconds := n/10000*3600 + n/100%100*60 + n%100
	if seconds >= 24*3600 {
		return 0, false
	}
	if s[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}
