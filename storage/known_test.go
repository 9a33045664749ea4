package storage

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

func TestKnownCities(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		sister, theirs := addActor(t, s, "b.example", "belgrade"), addActor(t, s, "c.example", "city")
		follow := func(a *community.Actor) {
			write(t, s, func(ctx context.Context, tx *Tx) error {
				return tx.SaveFollowed(ctx, &community.Follow{Local: community.CityActor, ActorID: a.ID, URI: a.URI + "#f", State: community.Accepted, Created: noon, Updated: noon})
			})
		}
		follow(sister)
		save := func(c *community.KnownCity) {
			write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveKnownCity(ctx, c) })
		}
		b := &community.KnownCity{Host: "b.example", URI: sister.URI, State: community.Confirmed, Handle: "belgrade", Name: community.Texts{{Lang: "en", Text: "Belgrade"}, {Lang: "ru", Text: "Белград"}},
			Country: "RS", Place: &community.Point{Lat: 44.8, Lon: 20.5}, Page: "https://b.example/", Following: "https://b.example/city/following", ActorID: sister.ID, Created: noon, Confirmed: noon,
			Seen: noon, NextTry: noon.Add(time.Hour), NextRead: noon, NextLook: noon}
		c := &community.KnownCity{Host: "c.example", URI: theirs.URI, State: community.Confirmed, Handle: "city", Name: community.Plain("en", "Chiang Mai"), ActorID: theirs.ID, Created: noon.Add(time.Minute),
			NextTry: noon.Add(time.Hour), NextRead: noon, Failures: 2}
		d := &community.KnownCity{Host: "d.example", URI: "https://d.example/city", State: community.Heard, Created: noon.Add(time.Minute), NextTry: noon}
		no := &community.KnownCity{Host: "mastodon.example", URI: "https://mastodon.example/city", State: community.NoCity, Created: noon.Add(time.Minute), NextTry: noon.Add(time.Hour)}
		for _, k := range []*community.KnownCity{b, c, d, no} {
			save(k)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			for _, k := range []*community.KnownCity{c, d, no} {
				if err := tx.NameCity(ctx, k.ID, sister.ID); err != nil {
					return err
				}
			}
			return nil
		})
		coming := elsewhere(theirs, "x", 1)
		addConference(t, s, coming)
		list1(t, s, coming, nil, false)

		got, err := s.KnownCities(ctx, false)
		ok(t, err)
		b.Followed, c.Coming = true, 1
		c.From, d.From, no.From = []string{sister.DisplayName()}, []string{sister.DisplayName()}, []string{sister.DisplayName()}
		if d := cmp.Diff([]community.KnownCity{*b, *c, *d}, got); d != "" {
			t.Fatal(d)
		}
		got, err = s.KnownCities(ctx, true)
		ok(t, err)
		if len(got) != 4 {
			t.Errorf("all: %d", len(got))
		}
		one, err := s.KnownCity(ctx, "b.example")
		ok(t, err)
		if d := cmp.Diff(b, one); d != "" {
			t.Error(d)
		}
		_, err = s.KnownCity(ctx, "e.example")
		wantCode(t, err, community.NotFound)
		hosts, err := s.KnownHosts(ctx)
		ok(t, err)
		if d := cmp.Diff([]string{"b.example", "c.example", "d.example", "mastodon.example"}, hosts); d != "" {
			t.Error(d)
		}

		turn := func(want ...string) func([]community.KnownCity, error) {
			return func(cs []community.KnownCity, err error) {
				t.Helper()
				ok(t, err)
				var hosts []string
				for _, k := range cs {
					hosts = append(hosts, k.Host)
				}
				if d := cmp.Diff(want, hosts); d != "" {
					t.Error(d)
				}
			}
		}
		turn("d.example")(s.CitiesToAsk(ctx, noon, 9))
		turn("b.example")(s.CitiesToLook(ctx, noon, 9))
		turn("c.example")(s.CitiesToRead(ctx, noon, 9)) // nobody follows it

		for actor, want := range map[int64]int{sister.ID: 3, theirs.ID: 0, 0: 3} {
			if n, err := s.CountNamed(ctx, actor, noon); n != want || err != nil {
				t.Errorf("named by %d: %d, %v", actor, n, err)
			}
		}
		names, err := s.Names(ctx, d.ID, sister.ID)
		ok(t, err)
		not, err := s.Names(ctx, b.ID, sister.ID)
		ok(t, err)
		if !names || not {
			t.Errorf("named: %v, %v", names, not)
		}

		// A block hides it, a steward puts it away.
		write(t, s, func(ctx context.Context, tx *Tx) error {
			return tx.SaveBlock(ctx, &community.Block{Domain: "c.example", Severity: community.Silence})
		})
		d.Forgotten = noon
		save(d)
		got, err = s.KnownCities(ctx, false)
		ok(t, err)
		if len(got) != 1 || got[0].Host != "b.example" {
			t.Errorf("%v", got)
		}
		turn()(s.CitiesToAsk(ctx, noon, 9))

		// They lapse when nobody names them; b is followed.
		lapsed := func(want ...string) {
			t.Helper()
			cs, err := s.LapsedCities(ctx)
			ok(t, err)
			var hosts []string
			for _, k := range cs {
				hosts = append(hosts, k.Host)
			}
			if d := cmp.Diff(want, hosts); d != "" {
				t.Error(d)
			}
		}
		lapsed()
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.UnnameStale(ctx, noon.Add(-time.Hour)) })
		lapsed()
		write(t, s, func(ctx context.Context, tx *Tx) error {
			if err := tx.NameCity(ctx, d.ID, sister.ID); err != nil {
				return err
			}
			return tx.UnnameCities(ctx, sister.ID, tx.Now())
		})
		lapsed("c.example", "mastodon.example")
		write(t, s, func(ctx context.Context, tx *Tx) error {
			if err := tx.DeleteFollowed(ctx, community.CityActor, sister.ID); err != nil {
				return err
			}
			return tx.UnnameStale(ctx, noon.Add(-time.Hour))
		})
		lapsed("b.example", "c.example", "d.example", "mastodon.example")
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DeleteKnownCity(ctx, c.ID) })
		lapsed("b.example", "d.example", "mastodon.example")
	})
}
