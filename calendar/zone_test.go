package calendar

import (
	"strings"
	"testing"
	"time"

	"konfa/community"
)

// The hour that a clock shows twice: without an offset a reader takes the first
// (RFC 5545 §3.3.5).
func TestRepeatedHour(t *testing.T) {
	for start, want := range map[string]string{
		"2026-10-25T00:30:00Z": "DTSTART;TZID=Europe/Belgrade:20261025T023000\r\n",
		"2026-10-25T01:30:00Z": "DTSTART:20261025T013000Z\r\n",
		"2026-10-25T02:00:00Z": "DTSTART;TZID=Europe/Belgrade:20261025T030000\r\n",
		"2026-03-29T01:00:00Z": "DTSTART;TZID=Europe/Belgrade:20260329T030000\r\n",
	} {
		at, err := time.Parse(time.RFC3339, start)
		if err != nil {
			t.Fatal(err)
		}
		c := community.Conference{Title: community.Plain("en", "Night"), UID: "1", Start: at, End: at.Add(5 * time.Hour), Zone: "Europe/Belgrade", Status: community.Scheduled}
		var b strings.Builder
		if err := Encode(&b, Calendar{Name: "x", Events: []community.Conference{c}, Site: community.NewSite("https://a.example")}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s is written without %q", start, want)
		}
	}
}
