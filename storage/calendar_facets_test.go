package storage

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Whose conferences are in the calendar, and what they are about.
func TestCalendarFacets(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		phuket, almaty, far := addActor(t, s, "p.example", "phuket"), addActor(t, s, "a.example", "almaty"), addActor(t, s, "f.example", "far")
		own, theirs, other, past, unseen := meeting("own", 1), elsewhere(phuket, "theirs", 2), elsewhere(almaty, "other", 3), elsewhere(far, "past", -9), elsewhere(far, "unseen", 4)
		own.Tags, theirs.Tags, other.Tags, past.Tags, unseen.Tags = []string{"go", "карты"}, []string{"go"}, []string{"еда", "go"}, []string{"old"}, []string{"unseen"}
		theirs.Announced, other.Announced, past.Announced = noon, noon, noon
		addConference(t, s, own, theirs, other, past, unseen)
		hosts, err := s.CalendarHosts(ctx, noon, 10)
		ok(t, err)
		want := []Host{{almaty.ID, "almaty", "a.example", "The almaty"}, {phuket.ID, "phuket", "p.example", "The phuket"}}
		if d := cmp.Diff(want, hosts); d != "" {
			t.Error(d)
		}
		tags, err := s.CalendarTags(ctx, noon, 10)
		ok(t, err)
		if d := cmp.Diff([]string{"go", "еда", "карты"}, tags); d != "" {
			t.Error(d)
		}
		first, err := s.CalendarTags(ctx, noon, 1)
		ok(t, err)
		one, err := s.CalendarHosts(ctx, noon, 1)
		ok(t, err)
		if len(first) != 1 || len(one) != 1 || one[0].ActorID != almaty.ID {
			t.Error(first, one)
		}
		gone, err := s.CalendarHosts(ctx, noon.AddDate(1, 0, 0), 10)
		ok(t, err)
		if len(gone) != 0 {
			t.Error(gone)
		}
	})
}
