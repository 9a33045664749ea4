package community

import (
	"slices"
	"time"
)

// Attendance is someone who came, or said that they come, to a conference.
type Attendance struct {
	ConferenceID int64
	Start        time.Time
	Who          string // the same for the same person; means nothing else
	People       int    // they and those they bring
	CheckedIn    bool
}

// Month is what happened in a month. Whom it was is not in it.
type Month struct {
	First       time.Time // its first moment on the clock of the city
	Conferences int
	Guests      int // people, those they bring included
	CheckedIn   int // of these, who came through the door
	New         int // people who were here for the first time
	Returned    int // of these, who came again, up to today
}

// Statistics are the months up to now, the oldest first.
type Statistics struct {
	Months      []Month
	Conferences int // in all of them
	Guests      int
	New         int
	Returned    int
}

// Count makes the statistics of so many months up to now, of conferences (id to
// start) and of who came to them. What is known of the time before tells who is
// new.
func Count(conferences map[int64]time.Time, came []Attendance, months int, now time.Time, zone *time.Location) Statistics {
	var s Statistics
	at := map[time.Time]int{}
	local := now.In(zone)
	monthOf := func(t time.Time) time.Time {
		t = t.In(zone)
		return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, zone)
	}
	for i := range months {
		first := time.Date(local.Year(), local.Month()-time.Month(months-1-i), 1, 0, 0, 0, 0, zone)
		at[first] = i
		s.Months = append(s.Months, Month{First: first})
	}
	for _, start := range conferences {
		if i, ok := at[monthOf(start)]; ok && !start.After(now) {
			s.Months[i].Conferences++
			s.Conferences++
		}
	}
	came = slices.Clone(came)
	slices.SortStableFunc(came, func(a, b Attendance) int { return a.Start.Compare(b.Start) })
	type person struct {
		first time.Time
		conf  int64
		back  bool
	}
	people := map[string]*person{}
	for _, a := range came {
		if a.Start.After(now) {
			continue
		}
		if i, ok := at[monthOf(a.Start)]; ok {
			s.Months[i].Guests += a.People
			s.Guests += a.People
			if a.CheckedIn {
				s.Months[i].CheckedIn += a.People
			}
		}
		p := people[a.Who]
		if p == nil {
			people[a.Who] = &person{first: a.Start, conf: a.ConferenceID}
		} else if a.ConferenceID != p.conf {
			p.back = true
		}
	}
	for _, p := range people {
		i, ok := at[monthOf(p.first)]
		if !ok {
			continue
		}
		s.Months[i].New++
		s.New++
		if p.back {
			s.Months[i].Returned++
			s.Returned++
		}
	}
	return s
}
