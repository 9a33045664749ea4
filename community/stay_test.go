package community

import (
	"testing"
	"time"
)

func TestStay(t *testing.T) {
	now := time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)
	day := func(s string) time.Time {
		if s == "" {
			return time.Time{}
		}
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, x := range []struct {
		from, to string
		kind     StayKind
		field    string // that is wrong
	}{
		{"2027-03-03", "2027-03-17", "", ""},
		{"2027-03-03", "2027-03-03", Visiting, ""},
		{"2026-11-20", "2026-11-25", Visiting, ""}, // is there already
		{"2026-11-20", "2026-11-22", Visiting, ""}, // on its last day
		{"2026-11-10", "2026-11-20", Visiting, "to"},
		{"2027-03-17", "2027-03-03", Visiting, "to"},
		{"2027-03-03", "", Visiting, "to"},
		{"2027-03-03", "", Moving, ""},
		{"2026-08-01", "", Moving, "to"},
		{"", "2027-03-03", Visiting, "from"},
		{"2029-03-03", "2029-03-04", Visiting, "from"},
		{"2027-03-03", "2028-03-10", Visiting, "to"},
		{"2027-03-03", "2027-03-10", "holiday", "kind"},
	} {
		s := Stay{From: day(x.from), To: day(x.to), Kind: x.kind}
		err := s.Check(now)
		switch {
		case x.field == "" && err != nil:
			t.Errorf("%+v: %v", x, err)
		case x.field != "":
			e, ok := err.(*Error)
			if !ok || len(e.Fields) != 1 || e.Fields[0].Field != x.field {
				t.Errorf("%+v: %#v", x, err)
			}
		}
	}
	// The day of an instant is that of its own clock.
	s := Stay{From: time.Date(2027, 3, 3, 1, 0, 0, 0, time.FixedZone("", 7*3600)), To: day("2027-03-17")}
	if err := s.Check(now); err != nil || !s.From.Equal(day("2027-03-03")) || s.Kind != Visiting {
		t.Errorf("%+v %v", s, err)
	}
	if from, to := s.Window(); !from.Equal(day("2027-02-28")) || !to.Equal(day("2027-03-21")) {
		t.Errorf("from %v to %v", from, to)
	}
	if s.Over(day("2027-03-18").Add(11*time.Hour)) || !s.Over(day("2027-03-18").Add(12*time.Hour)) {
		t.Error("it is over at the wrong time")
	}
	if a := (&Arrival{From: s.From}); a.Over(s.From.AddDate(0, 0, 60)) || !a.Over(s.From.AddDate(0, 0, 62)) {
		t.Error("a move is over at the wrong time")
	}
	if !Day(time.Time{}).IsZero() {
		t.Error("no day became one")
	}
}
