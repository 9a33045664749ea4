package community

import (
	"testing"
	"time"
)

func TestCount(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Belgrade")
	if err != nil {
		t.Fatal(err)
	}
	day := func(s string) time.Time {
		d, err := time.ParseInLocation("2006-01-02 15:04", s, zone)
		if err != nil {
			t.Fatal(err)
		}
		return d.UTC()
	}
	now := day("2026-11-22 15:00")
	confs := map[int64]time.Time{1: day("2025-01-01 19:00"), 2: day("2026-10-01 00:30"), 3: day("2026-11-10 19:00"), 4: day("2026-12-24 19:00")}
	came := []Attendance{
		{3, confs[3], "m1", 1, true}, {1, confs[1], "m1", 1, false}, // known before
		{2, confs[2], "e1", 3, true}, {3, confs[3], "e1", 1, false}, // new, and back
		{2, confs[2], "a1", 1, false}, {4, confs[4], "a1", 1, false}, // new; what comes does not count
		{3, confs[3], "a2", 2, false}, {3, confs[3], "a2", 2, false}, // twice at the same is not back
	}
	s := Count(confs, came, 3, now, zone)
	if s.Conferences != 2 || s.Guests != 10 || s.New != 3 || s.Returned != 1 || len(s.Months) != 3 {
		t.Fatalf("%+v", s)
	}
	// Half past midnight of the first is in the month before in UTC.
	if m := s.Months[1]; m.First.Month() != time.October || m.Conferences != 1 || m.Guests != 4 || m.CheckedIn != 3 || m.New != 2 || m.Returned != 1 {
		t.Errorf("%+v", m)
	}
	if m := s.Months[2]; m.Conferences != 1 || m.Guests != 6 || m.CheckedIn != 1 || m.New != 1 || m.Returned != 0 {
		t.Errorf("%+v", m)
	}
	if m := s.Months[0]; m.First.Month() != time.September || m.Guests != 0 {
		t.Errorf("%+v", m)
	}
}
