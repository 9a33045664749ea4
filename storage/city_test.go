package storage

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

func TestCity(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		_, err := s.City(ctx)
		wantCode(t, err, community.NotFound)
		c := &community.City{
			Handle: "belgrade", Name: community.Texts{{Lang: "en", Text: "Belgrade"}, {Lang: "sr-cyrl", Text: "Београд \"<&>\" \u2028 🏙"}},
			About: community.Plain("en", "line\nline"), Zone: "Europe/Belgrade", Country: "RS", Languages: []string{"en", "sr-cyrl"},
			Place: &community.Point{Lat: 44.8125, Lon: 20.4612}, Picture: &community.Picture{URL: "https://x.example/a.png", Width: 4},
			Mentions: community.MentionsBoost, Settings: community.Settings{Accent: "#a4431f", Footer: community.Plain("en", "*hi*")}, Links: []community.Link{{Name: "Chat", URL: "https://t.me/x"}}, Created: noon, Updated: noon.Add(1000),
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveCity(ctx, c) })
		got, err := s.City(ctx)
		ok(t, err)
		if d := cmp.Diff(c, got); d != "" {
			t.Fatal(d)
		}
		c.Place, c.Links, c.Handle = nil, nil, "novisad"
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveCity(ctx, c) })
		got, err = s.City(ctx)
		ok(t, err)
		if d := cmp.Diff(c, got); d != "" {
			t.Fatal(d)
		}
	})
}

func TestMeta(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		_, err := s.Meta(ctx, "k")
		wantCode(t, err, community.NotFound)
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SetMeta(ctx, "k", "v") })
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SetMeta(ctx, "k", "w\x00\xffю") })
		v, err := s.Meta(ctx, "k")
		ok(t, err)
		if v != "w\uFFFDю" {
			t.Fatalf("got %q", v)
		}
	})
}
