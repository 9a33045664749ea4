package community

import (
	"testing"
	"time"
)

func TestChangesFrom(t *testing.T) {
	was := &Conference{Title: Plain("en", "Maps"), Start: time.Date(2026, 11, 26, 18, 0, 0, 0, time.UTC), Zone: "Europe/Belgrade", Status: Scheduled, Venue: &Venue{Name: "Hall"}, Capacity: 40}
	if got := was.ChangesFrom(was); got != nil {
		t.Errorf("%v", got)
	}
	c := *was
	c.Title, c.Start, c.Status, c.Venue, c.Capacity, c.Cost = Plain("en", "Globes"), c.Start.Add(time.Hour), Postponed, nil, 0, "free"
	want := []Change{
		{Kind: ChangedStatus, From: "scheduled", To: "postponed"},
		{Kind: ChangedStart, From: "2026-11-26T19:00:00+01:00", To: "2026-11-26T20:00:00+01:00"},
		{Kind: ChangedPlace, From: "Hall", To: ""},
		{Kind: ChangedTitle, From: "Maps", To: "Globes"},
		{Kind: ChangedCapacity, From: "40", To: "0"},
	}
	got := c.ChangesFrom(was)
	if len(got) != len(want) {
		t.Fatalf("%v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%v, want %v", got[i], want[i])
		}
	}
	c.AllDay, c.URI, c.Capacity = true, "https://x.example/1", 3
	if got := c.ChangesFrom(was); got[1].To != "2026-11-26" || len(got) != 4 {
		t.Errorf("%v", got)
	}
}
