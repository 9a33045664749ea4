package storage

import (
	"context"
	"testing"
	"time"
)

func TestToldOf(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		write(t, s, func(ctx context.Context, tx *Tx) error {
			for i, state := range []string{"link a", "link_a", "going"} {
				if err := tx.InsertMessage(ctx, &Message{ActorID: 7, State: state, Created: noon.Add(time.Duration(i) * time.Minute)}); err != nil {
					return err
				}
			}
			return nil
		})
		for state, want := range map[string]bool{"link a": true, "link": false, "going": true} {
			if got, err := s.ToldOf(ctx, 7, state); got != want || err != nil {
				t.Errorf("told of %q: %v %v", state, got, err)
			}
		}
		if got, err := s.ToldOf(ctx, 8, "going"); got || err != nil {
			t.Errorf("someone else was told: %v", err)
		}
		for since, want := range map[time.Time]int{noon.Add(-1): 1, noon: 0} {
			if got, err := s.CountTold(ctx, 0, "link ", since); got != want || err != nil {
				t.Errorf("since %v: %d %v", since, got, err)
			}
		}
		for actor, want := range map[int64]int{7: 1, 8: 0} {
			if got, err := s.CountTold(ctx, actor, "link ", noon.Add(-1)); got != want || err != nil {
				t.Errorf("%d was told %d: %v", actor, got, err)
			}
		}
		if got, err := s.CountTold(ctx, 0, "link_", noon); got != 1 || err != nil {
			t.Errorf("the sign for any letter is one: %d %v", got, err)
		}
	})
}
