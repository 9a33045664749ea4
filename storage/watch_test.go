package storage

import (
	"context"
	"testing"
	"time"
)

func token(c <-chan struct{}, wait time.Duration) bool {
	if wait == 0 {
		select {
		case <-c:
			return true
		default:
			return false
		}
	}
	select {
	case <-c:
		return true
	case <-time.After(wait):
		return false
	}
}

// quiet waits until nothing has woken c for a good while: on a busy machine a
// notice of the database may come late.
func quiet(c <-chan struct{}) {
	for token(c, 1500*time.Millisecond) {
	}
}

// Queued work wakes those who watch, in this process and in another one on the
// same data; other writes do not.
func TestWatch(t *testing.T) {
	engines(t, func(t *testing.T, d data) {
		here, there := d.open(t), d.open(t)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		a, b := here.Watch(ctx), there.Watch(ctx)
		a2 := here.Watch(ctx)
		time.Sleep(300 * time.Millisecond) // until both listen
		write(t, here, func(ctx context.Context, tx *Tx) error { return tx.SetMeta(ctx, "k", "v") })
		if token(a, 300*time.Millisecond) || token(b, 100*time.Millisecond) {
			t.Fatal("woken for nothing")
		}
		act := addActivity(t, here, "u1")
		write(t, here, func(ctx context.Context, tx *Tx) error { return tx.InsertFanout(ctx, act.ID, Audience{}) })
		if !token(a, 0) || !token(a2, 0) {
			t.Fatal("not woken at once in the same process")
		}
		if !token(b, 10*time.Second) {
			t.Fatal("not woken in the other process")
		}
		quiet(a) // a second token may follow the first
		write(t, there, func(ctx context.Context, tx *Tx) error {
			_, err := tx.InsertReceived(ctx, &Received{URI: "x"})
			return err
		})
		if !token(b, 0) || !token(a, 10*time.Second) {
			t.Fatal("not woken by received activities")
		}
		// What was rolled back queued nothing.
		quiet(a)
		quiet(b)
		_ = here.Write(ctx, func(tx *Tx) error {
			ok(t, tx.InsertFanout(ctx, act.ID, Audience{}))
			return context.Canceled
		})
		if token(a, 300*time.Millisecond) || token(b, 10*time.Millisecond) {
			t.Fatal("woken by what did not happen")
		}
		// Those who left get nothing more.
		cancel()
		time.Sleep(20 * time.Millisecond)
		here.watch.mu.Lock()
		n := len(here.watch.chans)
		here.watch.mu.Unlock()
		if n != 0 {
			t.Fatalf("%d still watch", n)
		}
	})
}

// A command of the command line closes its store right after its change, and
// whoever serves the same data still hears of it.
func TestWatchOfShortLived(t *testing.T) {
	engines(t, func(t *testing.T, d data) {
		serving := d.open(t)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		c := serving.Watch(ctx)
		time.Sleep(300 * time.Millisecond) // until it listens
		act := addActivity(t, serving, "u1")
		for range 10 {
			command := d.open(t)
			write(t, command, func(ctx context.Context, tx *Tx) error { return tx.InsertFanout(ctx, act.ID, Audience{}) })
			ok(t, command.Close())
			if !token(c, 10*time.Second) {
				t.Fatal("not woken by a process that ended")
			}
			for token(c, 100*time.Millisecond) {
			}
		}
	})
}
