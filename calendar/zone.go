package calendar

import (
	"fmt"
	"time"
)

// utcZone tells whether times of the zone are written with a Z.
func utcZone(loc *time.Location) bool {
	switch loc.String() {
	case "UTC", "Etc/UTC", "Etc/UCT", "Etc/Zulu", "Zulu", "":
		return true
	}
	return false
}

// repeated tells whether the clock of its zone has shown this time before, an
// hour ago or so, as happens when summer ends. Without an offset such a time
// means the first of both (RFC 5545 §3.3.5), so that the second needs one.
func repeated(t time.Time) bool {
	start, _ := t.ZoneBounds()
	if start.IsZero() {
		return false
	}
	_, before := start.Add(-time.Second).Zone()
	_, offset := t.Zone()
	return t.Sub(start) < time.Duration(before-offset)*time.Second
}

// writeZone writes the VTIMEZONE of a zone (RFC 5545 §3.6.5) with every change
// of its clock from the one that is in force at from until to. Each change is a
// component of its own, which even the simplest readers understand.
func writeZone(l *lineWriter, loc *time.Location, from, to time.Time) {
	l.raw("BEGIN", "VTIMEZONE")
	l.raw("TZID", loc.String())
	l.raw("X-LIC-LOCATION", loc.String())
	t := from.In(loc)
	for range 2000 {
		start, end := t.ZoneBounds()
		name, offset := t.Zone()
		before := offset
		onset := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
		if start.Year() >= 1970 { // before that only local mean times matter, whose seconds confuse
			_, before = start.Add(-time.Second).Zone()
			onset = start.UTC().Add(time.Duration(before) * time.Second)
		}
		kind := "STANDARD"
		if t.IsDST() {
			kind = "DAYLIGHT"
		}
		l.raw("BEGIN", kind)
		l.raw("DTSTART", onset.Format(localFormat))
		l.raw("TZOFFSETFROM", formatOffset(before))
		l.raw("TZOFFSETTO", formatOffset(offset))
		l.text("TZNAME", name)
		l.raw("END", kind)
		if end.IsZero() || end.After(to) {
			break
		}
		t = end
	}
	l.raw("END", "VTIMEZONE")
}

const (
	localFormat = "20060102T150405"
	utcFormat   = "20060102T150405Z"
	dateFormat  = "20060102"
)

func formatOffset(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	s := fmt.Sprintf("%c%02d%02d", sign, seconds/3600, seconds/60%60)
	if seconds%60 != 0 {
		s += fmt.Sprintf("%02d", seconds%60)
	}
	return s
}
