package storage

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

func addCity(t testing.TB, s *Store, uri, host string) *community.Actor {
	t.Helper()
	a := &community.Actor{URI: uri, Type: "Group", Handle: "city", Host: host, Inbox: uri + "/inbox", Upcoming: uri + "/upcoming", Fetched: noon}
	write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveActor(ctx, a) })
	return a
}

func TestStays(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		anna, zoe := addMember(t, s, "anna"), addMember(t, s, "zoe")
		pkt, ala := addCity(t, s, "https://pkt.example/city", "pkt.example"), addCity(t, s, "https://ala.example/city", "ala.example")
		day := community.Day(noon)
		later := &community.Stay{MemberID: anna.ID, ActorID: pkt.ID, Actor: pkt, From: day.AddDate(0, 1, 0), To: day.AddDate(0, 2, 0), Kind: community.Visiting, Created: noon, NextRead: noon}
		sooner := &community.Stay{MemberID: anna.ID, ActorID: ala.ID, Actor: ala, From: day, Kind: community.Moving, Visible: true, URI: "https://x/1", Created: noon, NextRead: noon.Add(time.Hour)}
		other := &community.Stay{MemberID: zoe.ID, ActorID: pkt.ID, Actor: pkt, From: day, To: day, Kind: community.Visiting, Created: noon}
		for _, st := range []*community.Stay{later, sooner, other} {
			write(t, s, func(ctx context.Context, tx *Tx) error { return tx.InsertStay(ctx, st) })
		}
		list, err := s.Stays(ctx, anna.ID)
		ok(t, err)
		if d := cmp.Diff([]community.Stay{*sooner, *later}, list); d != "" {
			t.Fatal(d)
		}
		due := func(at time.Time, want ...int64) {
			t.Helper()
			list, err := s.StaysToRead(ctx, at, 10)
			ok(t, err)
			var ids []int64
			for _, st := range list {
				ids = append(ids, st.ID)
			}
			if d := cmp.Diff(want, ids); d != "" {
				t.Fatal(d)
			}
		}
		due(noon.Add(-time.Second))
		due(noon, later.ID)
		due(noon.Add(time.Hour), later.ID, sooner.ID)
		later.Visible, later.URI, later.NextRead = true, "https://x/2", time.Time{}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.UpdateStay(ctx, later) })
		due(noon.Add(time.Hour), sooner.ID)
		got, err := s.Stay(ctx, later.ID)
		ok(t, err)
		if d := cmp.Diff(later, got); d != "" {
			t.Fatal(d)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.MoveStays(ctx, pkt.ID, ala.ID))
			return tx.DeleteStay(ctx, sooner.ID)
		})
		list, err = s.Stays(ctx, anna.ID)
		ok(t, err)
		if len(list) != 1 || list[0].ActorID != ala.ID {
			t.Fatalf("%+v", list)
		}
		_, err = s.Stay(ctx, sooner.ID)
		wantCode(t, err, community.NotFound)
	})
}

func TestArrivals(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		bob, eve := addCity(t, s, "https://x.example/bob", "x.example"), addCity(t, s, "https://x.example/eve", "x.example")
		day := community.Day(noon)
		late := &community.Arrival{ActorID: bob.ID, Actor: bob, URI: "https://x.example/1", Home: "https://x.example/city", From: day.AddDate(0, 0, 9), To: day.AddDate(0, 0, 12), Kind: community.Visiting, Created: noon}
		soon := &community.Arrival{ActorID: eve.ID, Actor: eve, URI: "https://x.example/2", From: day, Kind: community.Moving, Created: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.SaveArrival(ctx, late))
			ok(t, tx.SaveArrival(ctx, soon))
			late.To = day.AddDate(0, 0, 13)
			return tx.SaveArrival(ctx, late)
		})
		list, err := s.Arrivals(ctx, 10)
		ok(t, err)
		if d := cmp.Diff([]community.Arrival{*soon, *late}, list); d != "" {
			t.Fatal(d)
		}
		got, err := s.ArrivalByURI(ctx, late.URI)
		ok(t, err)
		if d := cmp.Diff(late, got); d != "" {
			t.Fatal(d)
		}
		one, all, err := s.CountArrivals(ctx, bob.ID, "x.example")
		ok(t, err)
		if one != 1 || all != 2 {
			t.Fatalf("%d %d", one, all)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.MoveArrivals(ctx, bob.ID, eve.ID))
			return tx.DeleteArrival(ctx, soon.ID)
		})
		if one, _, err = s.CountArrivals(ctx, eve.ID, "x.example"); err != nil || one != 1 {
			t.Fatalf("%d %v", one, err)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DeleteArrivalsOf(ctx, eve.ID) })
		_, err = s.ArrivalByURI(ctx, late.URI)
		wantCode(t, err, community.NotFound)
	})
}

func TestPrivateLinks(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		anna := addMember(t, s, "anna")
		a := &community.PrivateLink{MemberID: anna.ID, Name: "phone", Hash: []byte{1, 0, 255}, Suggests: true, Created: noon}
		b := &community.PrivateLink{MemberID: anna.ID, Hash: []byte{2}, Created: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.InsertPrivateLink(ctx, a))
			return tx.InsertPrivateLink(ctx, b)
		})
		var at time.Time
		write(t, s, func(ctx context.Context, tx *Tx) error {
			at = tx.Now()
			ok(t, tx.TouchPrivateLink(ctx, a.ID))
			return tx.RevokePrivateLink(ctx, b.ID)
		})
		a.LastUsed, b.Revoked = at, at
		got, err := s.PrivateLink(ctx, a.Hash)
		ok(t, err)
		if d := cmp.Diff(a, got); d != "" {
			t.Fatal(d)
		}
		list, err := s.PrivateLinks(ctx, anna.ID)
		ok(t, err)
		if d := cmp.Diff([]community.PrivateLink{*b, *a}, list); d != "" {
			t.Fatal(d)
		}
		wantCode(t, s.Write(ctx, func(tx *Tx) error { return tx.RevokePrivateLink(ctx, b.ID) }), community.NotFound)
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DeletePrivateLinks(ctx, anna.ID) })
		_, err = s.PrivateLink(ctx, a.Hash)
		wantCode(t, err, community.NotFound)
	})
}

func TestActorsMove(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		old, fresh := addCity(t, s, "https://x.example/bob", "x.example"), addCity(t, s, "https://y.example/bob", "y.example")
		at, err := s.ActorMoved(ctx, old.ID)
		ok(t, err)
		if !at.IsZero() {
			t.Fatal(at)
		}
		_, err = s.ActorMoved(ctx, 999)
		wantCode(t, err, community.NotFound)
		var now time.Time
		write(t, s, func(ctx context.Context, tx *Tx) error { now = tx.Now(); return tx.MarkActorMoved(ctx, old.ID) })
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveActor(ctx, old) }) // read again
		if at, err = s.ActorMoved(ctx, old.ID); err != nil || !at.Equal(now) {
			t.Fatal(at, err)
		}
		c := &community.Conference{Slug: "x", Title: community.Plain("en", "X"), Start: noon, End: noon.Add(time.Hour), Zone: "UTC", Created: noon, Updated: noon}
		g := &community.Guest{ActorID: old.ID, State: community.Going, JoinURI: "https://x.example/j", Created: noon, Updated: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.InsertConference(ctx, c))
			g.ConferenceID = c.ID
			ok(t, tx.SaveGuest(ctx, g))
			return tx.MoveGuest(ctx, g.ID, GuestKey{ActorID: fresh.ID})
		})
		got, err := s.Guest(ctx, c.ID, GuestKey{ActorID: fresh.ID})
		ok(t, err)
		if got.ID != g.ID || got.JoinURI != g.JoinURI || got.State != community.Going {
			t.Fatalf("%+v", got)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			again := &community.Guest{ConferenceID: c.ID, ActorID: old.ID, State: community.Going, Created: noon, Updated: noon}
			ok(t, tx.SaveGuest(ctx, again))
			wantCode(t, tx.MoveGuest(ctx, again.ID, GuestKey{ActorID: fresh.ID}), community.Conflict)
			return nil
		})
	})
}
