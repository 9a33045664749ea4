package storage

import (
	"context"
	"testing"
	"time"
)

func TestWaitingFor(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		a := addActivity(t, s, "u1")
		later := noon.Add(1000 * time.Hour)
		write(t, s, func(ctx context.Context, tx *Tx) error {
			if err := tx.InsertFanout(ctx, a.ID, Audience{}); err != nil {
				return err
			}
			fans, err := tx.Fanouts(ctx, 1)
			if err != nil {
				return err
			}
			if err := tx.PeerFailed(ctx, "x.example", "timeout", later); err != nil {
				return err
			}
			return tx.Expand(ctx, fans[0].ID, []Delivery{{ActivityID: a.ID, Host: "x.example", Inbox: "https://x.example/inbox", Created: noon, NextTry: later},
				{ActivityID: a.ID, Host: "y.example", Inbox: "https://y.example/inbox", Created: noon, NextTry: later}})
		})
		got, err := s.WaitingFor(ctx, "x.example", 10)
		ok(t, err)
		if len(got) != 1 || got[0].Type != "Create" || got[0].Object != a.Object || got[0].Actor != a.Actor || got[0].Inbox != "https://x.example/inbox" {
			t.Fatalf("%+v", got)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			n, err := tx.HastenHost(ctx, "x.example")
			if n != 1 {
				t.Errorf("%d are tried", n)
			}
			return err
		})
		due, err := s.Due(ctx, "x.example", noon.Add(time.Hour), 10)
		ok(t, err)
		rest, err := s.Due(ctx, "y.example", noon.Add(time.Hour), 10)
		ok(t, err)
		p, err := s.Peer(ctx, "x.example")
		ok(t, err)
		if len(due) != 1 || len(rest) != 0 || !p.NextTry.IsZero() || p.Failures != 1 {
			t.Fatalf("%+v %+v %+v", due, rest, p)
		}
	})
}
