package storage

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"konfa/community"
)

func count(t testing.TB, s *Store, table string) int {
	t.Helper()
	n, err := value[int](context.Background(), s.Reader, "SELECT COUNT(*) FROM "+table)
	ok(t, err)
	return n
}

// Of many writers at once those that fail, panic or end their goroutine undo
// what they did, and nothing of the others.
func TestWritersAreApart(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		boom := errors.New("boom")
		const n = 50
		start := make(chan struct{})
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				<-start
				var panicked any
				err := func() error {
					defer func() { panicked = recover() }()
					return s.Write(ctx, func(tx *Tx) error {
						if err := tx.SetMeta(ctx, fmt.Sprint("k", i), "v"); err != nil {
							return err
						}
						switch i {
						case 10:
							return boom
						case 20:
							panic("in f")
						case 30:
							wg.Go(func() {}) // the goroutine ends without its own return
							runtime.Goexit()
						case 40:
							return tx.exec(ctx, "INSERT INTO nowhere (x) VALUES (1)")
						}
						return nil
					})
				}()
				switch {
				case i == 10 && err != boom, i == 20 && panicked != "in f", i == 40 && err == nil:
					t.Errorf("writer %d: %v, %v", i, err, panicked)
				case i != 10 && i != 40 && err != nil:
					t.Errorf("writer %d: %v", i, err)
				}
			})
		}
		close(start)
		wg.Wait()
		for i := range n {
			_, err := s.Meta(ctx, fmt.Sprint("k", i))
			switch i {
			case 10, 20, 30, 40:
				wantCode(t, err, community.NotFound)
			default:
				ok(t, err)
			}
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SetMeta(ctx, "after", "v") })
	})
}

// What is read inside is what the transaction did so far; outside it is not
// there before the commit.
func TestWriteIsolation(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.SetMeta(ctx, "k", "v"))
			if v, err := tx.Meta(ctx, "k"); v != "v" {
				t.Error("not seen inside", err)
			}
			_, err := s.Meta(ctx, "k")
			wantCode(t, err, community.NotFound)
			if a, b := tx.Now(), tx.Now(); !a.Equal(b) || a.Location() != time.UTC || a.Nanosecond()%1000 != 0 {
				t.Error("now moves, or is not an instant")
			}
			return nil
		})
		if v, err := s.Meta(ctx, "k"); v != "v" {
			t.Fatal(err)
		}
	})
}

// Two who check a rule and then write cannot both pass.
func TestLastSeat(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		c := meeting("seats", 1)
		c.Capacity = 5
		addConference(t, s, c)
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				if err := s.Write(ctx, func(tx *Tx) error {
					// Made inside, since this may run again.
					g := community.Guest{ConferenceID: c.ID, Email: fmt.Sprint(i), Created: noon, Updated: noon}
					r, err := tx.Roster(ctx, c)
					if err != nil {
						return err
					}
					g, _ = r.Ask(g, community.Want{State: community.Going}, false, tx.Now())
					return tx.SaveGuest(ctx, &g)
				}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		got, err := s.ConferenceByID(ctx, c.ID)
		ok(t, err)
		if got.Seats != (community.Seats{Going: 5, Waiting: 15}) {
			t.Fatalf("%+v", got.Seats)
		}
	})
}

// An ID that was filled is taken back when the row did not stay.
func TestIDsAreTakenBack(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		c := meeting("x", 1)
		if err := s.Write(ctx, func(tx *Tx) error {
			ok(t, tx.InsertConference(ctx, c))
			if c.ID == 0 {
				t.Error("no ID inside")
			}
			return errors.New("no")
		}); err == nil || c.ID != 0 {
			t.Fatal(c.ID, err)
		}
		addConference(t, s, c)
	})
}

// A write that has begun is finished though its caller left; one that has not
// is not begun.
func TestWriteOutlivesItsCaller(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx, cancel := context.WithCancel(context.Background())
		if err := s.Write(ctx, func(tx *Tx) error {
			cancel()
			if err := tx.SetMeta(ctx, "a", "1"); err != nil {
				return err
			}
			_, err := tx.Meta(ctx, "a")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if v, err := s.Meta(context.Background(), "a"); v != "1" {
			t.Fatal(err)
		}
		if err := s.Write(ctx, func(tx *Tx) error { t.Error("begun"); return nil }); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if _, err := s.Meta(ctx, "a"); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	})
}

// When the commit itself fails, everyone in the group hears of it.
func TestFailedCommit(t *testing.T) {
	s := sqliteData(t).open(t)
	ctx := context.Background()
	c := meeting("x", 1)
	err := s.Write(ctx, func(tx *Tx) error {
		// The engine leaves the transaction by itself, as it does when the disk is full.
		ok(t, tx.InsertConference(ctx, c))
		return tx.exec(ctx, "ROLLBACK")
	})
	if err == nil || c.ID != 0 {
		t.Fatalf("error %v, id %d", err, c.ID)
	}
	addConference(t, s, c)
	if n := count(t, s, "conference"); n != 1 {
		t.Fatal(n)
	}
}

func TestWriteTakesTooLong(t *testing.T) {
	q := &sqliteTx{deadline: time.Now().Add(-time.Second)}
	if _, err := q.exec(context.Background(), "SELECT 1", nil); err == nil {
		t.Fatal("no error")
	}
}

func TestClosed(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		ok(t, s.Ping(ctx))
		if s.Engine() != "sqlite" && s.Engine() != "postgres" {
			t.Fatal(s.Engine())
		}
		ok(t, s.Close())
		if s.Write(ctx, func(tx *Tx) error { return nil }) == nil || s.Ping(ctx) == nil {
			t.Fatal("a closed store works")
		}
		if _, err := s.Meta(ctx, "k"); err == nil {
			t.Fatal("a closed store reads")
		}
	})
}

// Writes that arrive together share commits: the log of the engine grows by far
// fewer of them than there were writes.
func TestGroupCommit(t *testing.T) {
	s := sqliteData(t).open(t)
	w := s.engine.(*sqlite).sqliteWriter
	ctx := context.Background()
	w.turn.Lock() // everyone arrives while someone writes
	var wg sync.WaitGroup
	sizes := make(map[*group]int)
	var mu sync.Mutex
	for i := range 40 {
		wg.Go(func() {
			if err := s.Write(ctx, func(tx *Tx) error {
				mu.Lock()
				sizes[w.group]++ // f runs with the turn
				mu.Unlock()
				return tx.SetMeta(ctx, fmt.Sprint(i), "v")
			}); err != nil {
				t.Error(err)
			}
		})
	}
	for w.waiting.Load() < 40 {
		time.Sleep(time.Millisecond)
	}
	w.turn.Unlock()
	wg.Wait()
	if len(sizes) > 10 {
		t.Fatalf("40 writes took %d commits", len(sizes))
	}
	if n := count(t, s, "meta"); n != 40 {
		t.Fatal(n)
	}
}
