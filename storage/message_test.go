package storage

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

func TestMessages(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		_, err := s.LastMessage(ctx, 1, 7)
		wantCode(t, err, community.NotFound)
		_, err = s.MessageOfPost(ctx, 11)
		wantCode(t, err, community.NotFound)
		at := func(min int) time.Time { return noon.Add(time.Duration(min) * time.Minute) }
		list := []*Message{
			{ActorID: 1, ConferenceID: 7, PostID: 11, State: "going", Created: at(1)},
			{ActorID: 1, ConferenceID: 7, PostID: 12, State: "no", Created: at(2)},
			{ActorID: 1, ConferenceID: 8, PostID: 13, State: "maybe", Created: at(3)},
			{ActorID: 2, ConferenceID: 7, PostID: 14, State: "maybe", Created: at(4)},
			{ActorID: 1, PostID: 15, Created: at(5)},
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			for _, m := range list {
				if err := tx.InsertMessage(ctx, m); err != nil {
					return err
				}
			}
			return nil
		})
		for _, c := range []struct {
			actor, conf int64
			want        *Message
		}{{1, 7, list[1]}, {1, 8, list[2]}, {2, 7, list[3]}, {1, 0, list[4]}} {
			got, err := s.LastMessage(ctx, c.actor, c.conf)
			ok(t, err)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		}
		got, err := s.MessageOfPost(ctx, 13)
		ok(t, err)
		if d := cmp.Diff(list[2], got); d != "" {
			t.Error(d)
		}
		for _, c := range []struct {
			actor, conf int64
			since       time.Time
			want        int
		}{{1, 7, at(0), 2}, {1, 7, at(1), 1}, {1, 0, at(0), 4}, {1, 0, at(3), 1}, {3, 0, at(0), 0}} {
			if n, err := s.CountMessages(ctx, c.actor, c.conf, c.since); n != c.want || err != nil {
				t.Errorf("%+v: %d, %v", c, n, err)
			}
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DeleteMessagesTo(ctx, 1) })
		_, err = s.LastMessage(ctx, 1, 0)
		wantCode(t, err, community.NotFound)
		_, err = s.LastMessage(ctx, 2, 7)
		ok(t, err)
	})
}
