package storage

import (
	"context"
	"fmt"
	"testing"

	"konfa/community"
	"konfa/lookup"
)

// BenchmarkSearch looks for words among few and very many conferences: one that
// nearly all have, one that few have, and the beginning of many.
func BenchmarkSearch(b *testing.B) {
	for _, n := range []int{100, 200_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			benchBoth(b, func(b *testing.B, s *Store) {
				group := addActor(b, s, "mobilizon.example", "club")
				for i := 0; i < n; i += 2000 {
					write(b, s, func(ctx context.Context, tx *Tx) error {
						for j := i; j < min(n, i+2000); j++ {
							c := elsewhere(group, fmt.Sprint("c", j), j%700-60)
							c.UID, c.UUID, c.Announced = "", "", noon
							c.Title = community.Plain("en", fmt.Sprintf("Evening %d of club%d", j, j%997))
							c.HTML = community.Plain("ru", fmt.Sprintf("<p>Мы встречаемся и говорим о картах, вечер %d, тема%d. We talk about maps and more.</p>", j, j%50))
							if err := tx.InsertConference(ctx, c); err != nil {
								return err
							}
						}
						return nil
					})
				}
				if s.Engine() == "postgres" {
					write(b, s, func(ctx context.Context, tx *Tx) error { return tx.exec(ctx, "ANALYZE") })
				}
				for name, typed := range map[string]string{"all": "maps", "few": "club77 evening", "one": "evening 4711", "beginning": "cl", "phrase": `"maps and more"`, "Cyrillic": "картах тема7", "none": "zebra"} {
					for _, in := range []SearchGroup{SearchUpcoming, SearchPast} {
						b.Run(name+" "+string(in), func(b *testing.B) {
							for b.Loop() {
								if _, _, err := s.Search(context.Background(), SearchQuery{Words: lookup.Parse(typed), In: in, Now: noon, Limit: 10}); err != nil {
									b.Fatal(err)
								}
							}
						})
					}
				}
				b.Run("insert", func(b *testing.B) {
					for i := 0; b.Loop(); i++ {
						c := elsewhere(group, fmt.Sprint("n", n, i), 3)
						c.UID, c.UUID = "", ""
						addConference(b, s, c)
					}
				})
			})
		})
	}
}
