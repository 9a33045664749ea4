package storage

import (
	"context"
	"testing"

	"konfa/community"
)

func TestChanges(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		c, draft := meeting("a", 3), meeting("draft", 3)
		draft.Draft = true
		addConference(t, s, c, draft)
		save := func(c *community.Conference) {
			write(t, s, func(ctx context.Context, tx *Tx) error { return tx.UpdateConference(ctx, c) })
		}
		save(c)
		old := c.Moment()
		c.Start, c.End, c.Status = c.Start.AddDate(0, 0, 1), c.End.AddDate(0, 0, 1), community.Tentative
		save(c)
		got, err := s.Changes(ctx, c.ID)
		ok(t, err)
		if len(got) != 2 || got[0].Kind != community.ChangedStart || got[0].From != old || got[0].To != c.Moment() || got[1].To != "tentative" || got[0].At.Before(noon) {
			t.Errorf("%+v", got)
		}
		draft.Title = community.Plain("en", "Another")
		save(draft)
		if got, err := s.Changes(ctx, draft.ID); err != nil || got != nil {
			t.Errorf("of a draft: %v, %v", got, err)
		}
		for i := range keepChanges + 5 {
			c.Capacity = i + 7
			save(c)
		}
		if got, err := s.Changes(ctx, c.ID); err != nil || len(got) != keepChanges || got[0].To != "41" {
			t.Errorf("%d, %v", len(got), err)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DeleteConference(ctx, c.ID) })
		if got, err := s.Changes(ctx, c.ID); err != nil || got != nil {
			t.Errorf("after deletion: %v, %v", got, err)
		}
	})
}
