package mail

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"konfa/community"
)

// date is "22 November 2026", unbroken.
func (v *voice) date(t time.Time) string {
	s := v.T("date.day_month_year", map[string]any{"Day": t.Day(), "Month": v.T("month.m"+strconv.Itoa(int(t.Month())), nil), "Year": t.Year()})
	return strings.ReplaceAll(s, " ", "\u00a0")
}

func (v *voice) weekday(t time.Time) string {
	return upperFirst(v.T("weekday.d"+strconv.Itoa(int(t.Weekday())), nil))
}

func clock(t time.Time) string { return t.Format("15:04") }

// moment is "22 November 2026, 19:00".
func (v *voice) moment(t time.Time) string {
	return v.T("date.moment", map[string]any{"Date": v.date(t), "Time": clock(t)})
}

// when is the time of a conference on its own clock, and whose clock that is.
func (v *voice) when(c *community.Conference, city *community.City) string {
	from, to := c.LocalStart(), c.LocalEnd()
	oneDay := sameDay(from, to)
	day := func(t time.Time) string {
		return v.T("date.days", map[string]any{"Weekday": v.weekday(t), "Date": v.date(t)})
	}
	switch {
	case c.AllDay && oneDay:
		return day(from) + ", " + v.T("date.all_day", nil)
	case c.AllDay:
		return v.T("date.range", map[string]any{"From": day(from), "To": day(to)})
	}
	s := ""
	switch {
	case c.OpenEnd:
		s = v.T("date.line", map[string]any{"Weekday": v.weekday(from), "Date": v.date(from), "Time": clock(from)})
	case oneDay || to.Sub(from) < 18*time.Hour && to.Hour() <= 6:
		s = v.T("date.line", map[string]any{"Weekday": v.weekday(from), "Date": v.date(from), "Time": clock(from) + "–" + clock(to)})
	default:
		s = v.T("date.range", map[string]any{"From": v.moment(from), "To": v.moment(to)})
	}
	return s + " (" + v.zone(c.Zone, from, city) + ")"
}

// day is how people call the day of a conference that is near: "tomorrow at
// 19:00"; else its date.
func (v *voice) day(c *community.Conference, now time.Time) string {
	from, today := c.LocalStart(), now.In(c.Location())
	all := ""
	if c.AllDay {
		all = "_all"
	}
	switch {
	case sameDay(from, today):
		return v.T("date.today"+all, map[string]any{"Time": clock(from)})
	case sameDay(from, community.DaysAfter(today, 1)):
		return v.T("date.tomorrow"+all, map[string]any{"Time": clock(from)})
	case c.AllDay:
		return v.date(from)
	}
	return v.moment(from)
}

// zone is "Belgrade time, UTC+1": the name of the city where it is the city's
// clock, else the place the zone is named after.
func (v *voice) zone(zone string, at time.Time, city *community.City) string {
	place := zone[strings.LastIndexByte(zone, '/')+1:]
	place = strings.ReplaceAll(place, "_", " ")
	if city.Zone == zone {
		place = city.Name.In(v.lang)
	}
	_, sec := at.Zone()
	sign := "+"
	if sec < 0 {
		sign, sec = "\u2212", -sec
	}
	offset := "UTC" + sign + strconv.Itoa(sec/3600)
	if m := sec % 3600 / 60; m != 0 {
		offset += fmt.Sprintf(":%02d", m)
	}
	if place == "" || place == "UTC" || strings.HasPrefix(zone, "Etc/") {
		return offset
	}
	return v.T("date.zone", map[string]any{"Place": place, "Offset": offset})
}

func sameDay(a, b time.Time) bool {
	return a.Year() == b.Year() && a.YearDay() == b.YearDay()
}

func upperFirst(s string) string {
	for i, r := range s {
		return strings.ToUpper(string(r)) + s[i+len(string(r)):]
	}
	return s
}
