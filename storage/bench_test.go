package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"konfa/community"
)

func benchBoth(b *testing.B, f func(b *testing.B, s *Store)) {
	b.Run("sqlite", func(b *testing.B) { f(b, sqliteData(b).open(b)) })
	b.Run("postgres", func(b *testing.B) { f(b, postgresData(b).open(b)) })
}

func BenchmarkWrite(b *testing.B) {
	benchBoth(b, func(b *testing.B, s *Store) {
		b.Run("alone", func(b *testing.B) {
			for b.Loop() {
				write(b, s, func(ctx context.Context, tx *Tx) error { return tx.SetMeta(ctx, "k", "v") })
			}
		})
		b.Run("together", func(b *testing.B) {
			var n atomic.Int64
			b.SetParallelism(64 / runtime.GOMAXPROCS(0))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					key := fmt.Sprint(n.Add(1) % 1000)
					write(b, s, func(ctx context.Context, tx *Tx) error { return tx.SetMeta(ctx, key, "v") })
				}
			})
		})
	})
}

func BenchmarkInsertReceived(b *testing.B) {
	body := make([]byte, 2000)
	benchBoth(b, func(b *testing.B, s *Store) {
		var n atomic.Int64
		b.SetParallelism(64 / runtime.GOMAXPROCS(0))
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				v := Received{URI: fmt.Sprint("https://m.example/", n.Add(1)), Digest: body[:32], Body: body, Host: "m.example", Inbox: "inbox"}
				write(b, s, func(ctx context.Context, tx *Tx) error {
					_, err := tx.InsertReceived(ctx, &v)
					return err
				})
			}
		})
	})
}

// One delivery from its lane until it is settled, in batches of 50, with 20,000
// waiting.
func BenchmarkDueSettle(b *testing.B) {
	benchBoth(b, func(b *testing.B, s *Store) {
		ctx := context.Background()
		later := noon.Add(time.Hour)
		act := 0
		fill := func() {
			a := addActivity(b, s, fmt.Sprint("u", act))
			act++
			var ds []Delivery
			for i := range 20_000 {
				ds = append(ds, to(a, "m.example", fmt.Sprint("/", i), "o"))
			}
			expand(b, s, a, ds...)
		}
		left := 0
		b.ResetTimer()
		for n := 0; n < b.N; n += 50 {
			if left == 0 {
				b.StopTimer()
				fill()
				left = 20_000
				b.StartTimer()
			}
			ds, err := s.Due(ctx, "m.example", later, 50)
			ok(b, err)
			rs := make([]Result, len(ds))
			for i := range ds {
				rs[i] = Result{Delivery: ds[i], OK: true}
			}
			write(b, s, func(ctx context.Context, tx *Tx) error { return tx.Settle(ctx, rs) })
			left -= len(ds)
		}
	})
}

func BenchmarkExpand(b *testing.B) {
	benchBoth(b, func(b *testing.B, s *Store) {
		for n := 0; b.Loop(); n++ {
			a := addActivity(b, s, fmt.Sprint("u", n))
			var ds []Delivery
			for i := range 1000 {
				ds = append(ds, to(a, fmt.Sprint(i), "/inbox", fmt.Sprint(n)))
			}
			expand(b, s, a, ds...)
		}
	})
}

// realistic makes as many conferences as the public list of them has, from it
// where it is at hand.
func realistic(b *testing.B) []community.Conference {
	b.Helper()
	type row struct {
		Name, URL, City, Country string
		StartDate                string
		Topics                   []string
	}
	rows := make([]row, 2191)
	if data, err := os.ReadFile("../../shared/data/conferences.json"); err == nil {
		if err := json.Unmarshal(data, &rows); err != nil {
			b.Fatal(err)
		}
	}
	out := make([]community.Conference, len(rows))
	for i, r := range rows {
		c := meeting(fmt.Sprint("c", i), i%700)
		c.Title, c.Link, c.Tags = community.Plain("en", fmt.Sprint(r.Name, " ", i)), r.URL, r.Topics
		c.Text = community.Plain("en", "A conference about many things.\n\nIt has **talks** and *more*.")
		c.HTML = community.Plain("en", "<p>A conference about many things.</p>\n<p>It has <strong>talks</strong> and <em>more</em>.</p>\n")
		c.Venue = &community.Venue{Name: "The hall", Locality: r.City, Country: r.Country}
		c.Languages = []string{"en"}
		out[i] = *c
	}
	return out
}

func BenchmarkConferences(b *testing.B) {
	benchBoth(b, func(b *testing.B, s *Store) {
		cs := realistic(b)
		start := time.Now()
		write(b, s, func(ctx context.Context, tx *Tx) error {
			for i := range cs {
				if err := tx.InsertConference(ctx, &cs[i]); err != nil {
					return err
				}
			}
			return nil
		})
		took := time.Since(start)
		ctx := context.Background()
		b.Run("all", func(b *testing.B) {
			for b.Loop() {
				got, err := s.Conferences(ctx, ConferenceQuery{Calendar: true})
				if err != nil || len(got) != len(cs) {
					b.Fatal(len(got), err)
				}
			}
			b.ReportMetric(float64(took.Milliseconds()), "ms/import")
		})
		b.Run("page", func(b *testing.B) {
			for b.Loop() {
				_, err := s.Conferences(ctx, ConferenceQuery{Calendar: true, EndsAfter: noon, Limit: 20})
				ok(b, err)
			}
		})
		b.Run("one", func(b *testing.B) {
			for b.Loop() {
				_, err := s.Conference(ctx, "c7")
				ok(b, err)
			}
		})
		b.Run("stamp", func(b *testing.B) {
			for b.Loop() {
				_, _, err := s.CalendarStamp(ctx)
				ok(b, err)
			}
		})
	})
}
