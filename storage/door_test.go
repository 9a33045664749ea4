package storage

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

func TestDoor(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		c, other := meeting("one", 1), meeting("two", 2)
		addConference(t, s, c, other)
		g := &community.Guest{ConferenceID: c.ID, Email: "e@x.example", State: community.Going, Created: noon, Updated: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveGuest(ctx, g) })
		marks := []community.DoorMark{
			{GuestID: g.ID, At: noon, By: "anna"},
			{GuestID: g.ID, At: noon.Add(time.Second), By: "anna"},
			{GuestID: g.ID, At: noon.Add(time.Second), Undo: true, By: "bob"},
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			for _, i := range []int{2, 0, 1} {
				if fresh, err := tx.AddDoorMark(ctx, &marks[i]); err != nil || !fresh {
					t.Errorf("mark %d: %v %v", i, fresh, err)
				}
				again := marks[i]
				again.By = "carl"
				if fresh, err := tx.AddDoorMark(ctx, &again); err != nil || fresh {
					t.Errorf("mark %d again: %v %v", i, fresh, err)
				}
			}
			wantCode(t, tx.SetCheckedIn(ctx, 999, noon), community.NotFound)
			return tx.SetCheckedIn(ctx, g.ID, noon)
		})
		got, err := s.DoorMarks(ctx, g.ID)
		ok(t, err)
		if d := cmp.Diff(marks, got); d != "" {
			t.Error(d)
		}
		if stored, err := s.GuestByID(ctx, g.ID); err != nil || !stored.CheckedIn.Equal(noon) {
			t.Error(stored, err)
		}
		first := &community.WalkIn{ConferenceID: c.ID, Key: "k1", Name: "Ева", Plus: 2, Arrived: noon.Add(time.Minute), By: "anna"}
		second := &community.WalkIn{ConferenceID: c.ID, Key: "k2", Arrived: noon, By: "bob"}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			for _, w := range []*community.WalkIn{first, second, {ConferenceID: other.ID, Key: "k1", Arrived: noon}} {
				if fresh, err := tx.AddWalkIn(ctx, w); err != nil || !fresh {
					t.Error(fresh, err)
				}
			}
			if fresh, err := tx.AddWalkIn(ctx, &community.WalkIn{ConferenceID: c.ID, Key: "k1", Name: "again", Arrived: noon}); err != nil || fresh {
				t.Error(fresh, err)
			}
			wantCode(t, tx.TakeBackWalkIn(ctx, other.ID, "k2"), community.NotFound)
			return tx.TakeBackWalkIn(ctx, c.ID, "k2")
		})
		ws, err := s.WalkIns(ctx, c.ID)
		ok(t, err)
		for i := range ws {
			ws[i].ID = 0
		}
		second.Gone = true
		if d := cmp.Diff([]community.WalkIn{*second, *first}, ws); d != "" {
			t.Error(d)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DeleteConference(ctx, c.ID) })
		if got, err := s.DoorMarks(ctx, g.ID); err != nil || len(got) != 0 {
			t.Error(got, err)
		}
	})
}
