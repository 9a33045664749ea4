package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"konfa/community"
)

// nbsp keeps a day, its month and its year on one line.
const nbsp = "\u00a0"

func unbroken(s string) string { return strings.ReplaceAll(s, " ", nbsp) }

// when is the time of a conference in words, on its own clock.
type when struct {
	Start, End string // for machines: RFC 3339, or the bare date of whole days; End may be empty
	Weekday    string // of the tile: "Sun"
	Day        string // "22"
	Month      string // "Nov"
	Date       string // "Sunday, 22 November 2026", or the range of several days
	Time       string // "19:00–21:30", "all day", or empty where Date says it
	Zone       string // "Belgrade time, UTC+1"
	Timed      bool   // there is a time that another zone would read differently
	Abroad     bool   // Line says whose clock it is
}

// Line is date and time in one line.
func (w when) Line() string {
	if w.Time == "" {
		return w.Date
	}
	line := beforeMark(w.Date) + ", " + w.Time
	if w.Abroad {
		line += " (" + w.Zone + ")"
	}
	return line
}

// beforeMark is a date that a comma follows. Where dates end in a full stop, as in
// Serbian ("22. novembra 2026."), it gives way to any other mark.
func beforeMark(date string) string { return strings.TrimSuffix(date, ".") }

// day is "22 November", or "22 November 2026" with the year.
func (t *tongue) day(d time.Time, year bool) string {
	key, s := "date.day_month", strconv.Itoa(d.Day())
	if year {
		key = "date.day_month_year"
	}
	return unbroken(t.T(key, "Day", s, "Month", t.T("month.m"+strconv.Itoa(int(d.Month()))), "Year", d.Year()))
}

// month is "November 2026", as a heading.
func (t *tongue) month(d time.Time) string {
	return t.T("date.month_year", "Month", t.T("month_alone.m"+strconv.Itoa(int(d.Month()))), "Year", d.Year())
}

// weekday is "Sunday".
func (t *tongue) weekday(d time.Time) string {
	return t.T("weekday.d" + strconv.Itoa(int(d.Weekday())))
}

// fullDay is "Sunday, 22 November 2026".
func (t *tongue) fullDay(d time.Time) string {
	return upperFirst(t.T("date.with_weekday", "Weekday", t.weekday(d), "Date", t.day(d, true)))
}

// days is a range of days: "22–24 November 2026".
func (t *tongue) days(from, to time.Time) string {
	switch {
	case sameDay(from, to):
		return t.fullDay(from)
	case from.Year() == to.Year() && from.Month() == to.Month():
		return unbroken(t.T("date.days_of_month", "From", from.Day(), "To", to.Day(), "Month", t.T("month.m"+strconv.Itoa(int(from.Month()))), "Year", to.Year()))
	}
	return t.T("date.range", "From", beforeMark(t.day(from, from.Year() != to.Year())), "To", t.day(to, true))
}

// when says when a conference is. City is the one whose pages these are.
func (t *tongue) when(c *community.Conference, city *community.City) when {
	from, to := c.LocalStart(), c.LocalEnd()
	w := when{
		Start:   from.Format(time.RFC3339),
		End:     to.Format(time.RFC3339),
		Weekday: t.T("weekday_short.d" + strconv.Itoa(int(from.Weekday()))),
		Day:     strconv.Itoa(from.Day()),
		Month:   t.T("month_short.m" + strconv.Itoa(int(from.Month()))),
		Timed:   !c.AllDay,
		Zone:    t.zone(c.Zone, from, city),
	}
	clock := func(d time.Time) string { return d.Format("15:04") }
	switch {
	case c.AllDay:
		w.Start, w.End = from.Format(time.DateOnly), to.Format(time.DateOnly)
		w.Date, w.Time = t.days(from, to), t.T("conf.all_day")
		if !sameDay(from, to) {
			w.Time = ""
		}
	case c.OpenEnd:
		w.End = ""
		w.Date, w.Time = t.fullDay(from), clock(from)
	case sameEvening(from, to):
		w.Date = t.fullDay(from)
		w.Time = t.T("date.time_range", "From", clock(from), "To", clock(to))
	default:
		w.Date = t.T("date.range",
			"From", t.T("date.with_time", "Date", beforeMark(t.day(from, from.Year() != to.Year())), "Time", clock(from)),
			"To", t.T("date.with_time", "Date", beforeMark(t.day(to, true)), "Time", clock(to)))
	}
	return w
}

// zone is "Belgrade time, UTC+1": the name of the city where it is the city's
// clock, else the place the zone is named after.
func (t *tongue) zone(zone string, at time.Time, city *community.City) string {
	place := zone
	if i := strings.LastIndexByte(place, '/'); i >= 0 {
		place = strings.ReplaceAll(place[i+1:], "_", " ")
	}
	if city != nil && city.Zone == zone {
		place = city.Name.In(t.Code)
	}
	if place == "" || place == "UTC" {
		return "UTC"
	}
	if strings.HasPrefix(zone, "Etc/") {
		return offset(at) // nobody lives in GMT-1
	}
	return t.T("conf.of_zone", "Place", place, "Offset", offset(at))
}

// offset is "UTC+1" or "UTC−3:30".
func offset(at time.Time) string {
	_, sec := at.Zone()
	sign := "+"
	if sec < 0 {
		sign, sec = "\u2212", -sec
	}
	s := "UTC" + sign + strconv.Itoa(sec/3600)
	if m := sec % 3600 / 60; m != 0 {
		s += fmt.Sprintf(":%02d", m)
	}
	return s
}

// soon is how far away a conference is: "today", "in 3 days"; empty where that
// says nothing.
func (t *tongue) soon(c *community.Conference, now time.Time) string {
	switch {
	case c.Past(now):
		return ""
	case !c.Start.After(now):
		return t.T("date.running")
	}
	from, today := c.LocalStart(), now.In(c.Location())
	// Calendar days, not 24 hours: tomorrow at nine is tomorrow at midnight too.
	days := int(date(from).Sub(date(today)).Hours()) / 24
	switch {
	case days == 0:
		return t.T("date.today")
	case days == 1:
		return t.T("date.tomorrow")
	case days <= 30:
		return t.N("date.in_days", days)
	}
	return ""
}

// date is the calendar day alone, so that days can be counted.
func date(d time.Time) time.Time {
	return time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, time.UTC)
}

func sameDay(a, b time.Time) bool { return date(a).Equal(date(b)) }

// sameEvening tells whether people would call it one date: it ends on its day,
// or early next morning.
func sameEvening(from, to time.Time) bool {
	return sameDay(from, to) || to.Sub(from) < 18*time.Hour && (to.Hour() < 6 || to.Hour() == 6 && to.Minute() == 0)
}

func upperFirst(s string) string {
	for i, r := range s {
		return strings.ToUpper(string(r)) + s[i+len(string(r)):]
	}
	return s
}
