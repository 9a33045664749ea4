package storage

import (
	"context"
	"fmt"
	"testing"
	"time"

	"konfa/community"
)

// BenchmarkWorld reads the world with few and with very many conferences known.
func BenchmarkWorld(b *testing.B) {
	for _, n := range []int{100, 200_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			benchBoth(b, func(b *testing.B, s *Store) {
				ctx := context.Background()
				group := addActor(b, s, "mobilizon.example", "club")
				for i := range 1000 {
					addTown(b, s, fmt.Sprint("C", i%90), fmt.Sprint("Town", i), community.Point{Lat: float64(i%100 - 50), Lon: float64(i%300 - 150)})
				}
				c := elsewhere(group, "x", 1)
				c.UID, c.UUID = "", ""
				addConference(b, s, c)
				write(b, s, func(ctx context.Context, tx *Tx) error {
					series := "WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
					var cols, vals string
					for _, f := range conferenceFields {
						cols += f + ", "
						switch f {
						case "uri":
							vals += "'https://mobilizon.example/e/' || i, "
						case "starts", "ends":
							vals += f + " + (i % 700 - 60) * 86400000000, "
						default:
							vals += f + ", "
						}
					}
					ok(b, tx.exec(ctx, series+"INSERT INTO conference ("+cols+"twin_of) SELECT "+vals+"twin_of FROM n, (SELECT "+cols+"twin_of FROM conference) AS c", n))
					ok(b, tx.exec(ctx, `INSERT INTO world (conference_id, starts, ends, past, town_id, country, online)
						SELECT id, starts, ends, CASE WHEN ends <= ? THEN 1 ELSE 0 END, 1 + id % 1000, 'C' || (id % 90), 0 FROM conference`, noon))
					return tx.exec(ctx, "INSERT INTO world_key (conference_id, word, past, starts) SELECT conference_id, 'tag t' || (conference_id % 50), past, starts FROM world")
				})
				if s.Engine() == "postgres" {
					write(b, s, func(ctx context.Context, tx *Tx) error { return tx.exec(ctx, "ANALYZE") })
				}
				for name, q := range map[string]WorldQuery{
					"page": {Limit: 50}, "tag": {Tag: "t7", Limit: 50}, "country": {Country: "C7", Limit: 50}, "past": {Past: true, Limit: 50},
					"month": {From: noon.AddDate(0, 5, 0), Until: noon.AddDate(0, 6, 0), Limit: 50}, "newest": {Newest: true, Limit: 50},
				} {
					q.Now = noon
					b.Run(name, func(b *testing.B) {
						for b.Loop() {
							if _, err := s.World(ctx, q); err != nil {
								b.Fatal(err)
							}
						}
					})
				}
				b.Run("count", func(b *testing.B) {
					for b.Loop() {
						if _, err := s.CountWorld(ctx, WorldQuery{Now: noon}); err != nil {
							b.Fatal(err)
						}
					}
				})
				b.Run("spots", func(b *testing.B) {
					for b.Loop() {
						if _, err := s.WorldSpots(ctx, WorldQuery{Now: noon}, 0); err != nil {
							b.Fatal(err)
						}
					}
				})
				b.Run("months", func(b *testing.B) {
					for b.Loop() {
						if _, err := s.WorldMonths(ctx, noon, 12); err != nil {
							b.Fatal(err)
						}
					}
				})
				b.Run("upsert", func(b *testing.B) {
					for i := 0; b.Loop(); i++ {
						c := elsewhere(group, fmt.Sprint("new", time.Now().UnixNano()), i%300)
						addConference(b, s, c)
						list1(b, s, c, nil, false, "en")
					}
				})
			})
		})
	}
}
