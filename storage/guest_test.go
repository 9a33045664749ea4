package storage

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

func TestGuests(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		c, c2 := meeting("one", 1), meeting("two", 0)
		c.Capacity, c.JoinMode = 3, community.Restricted
		addConference(t, s, c, c2)
		anna, bob, nameless := addMember(t, s, "anna"), addActor(t, s, "m.example", "bob"), remote("n.example", "nina")
		nameless.Name = ""
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveActor(ctx, nameless) })
		_, err := s.Guest(ctx, c.ID, GuestKey{MemberID: anna.ID})
		wantCode(t, err, community.NotFound)
		_, err = s.GuestByID(ctx, 1)
		wantCode(t, err, community.NotFound)
		_, err = s.GuestByJoin(ctx, "")
		wantCode(t, err, community.NotFound)

		guest := func(k GuestKey, name string, state community.GuestState, queued int) *community.Guest {
			g := &community.Guest{ConferenceID: c.ID, MemberID: k.MemberID, ActorID: k.ActorID, Email: k.Email, Name: name, State: state, Comment: "ñ",
				Created: noon, Updated: noon}
			if queued > 0 {
				g.Queued = noon.Add(time.Duration(queued) * time.Microsecond)
			}
			return g
		}
		ga := guest(GuestKey{MemberID: anna.ID}, anna.Name, community.Going, 0)
		ga.Plus = 1
		ga.Answers, ga.Shown = map[string]string{"q1": "рыба"}, community.ShownToOrganisers
		ga.Expires, ga.Asked, ga.Reconfirmed, ga.CheckedIn = noon.Add(1000), noon.Add(2000), noon.Add(3000), noon.Add(4000)
		gb := guest(GuestKey{ActorID: bob.ID}, bob.Name, community.Waitlisted, 20)
		gb.JoinURI = "https://m.example/join/1"
		gn := guest(GuestKey{ActorID: nameless.ID}, "@nina@n.example", community.Waitlisted, 10)
		ge := guest(GuestKey{Email: "e@x.example"}, "Ева", community.Waitlisted, 10)
		gm := guest(GuestKey{Email: "m@x.example"}, "M", community.Maybe, 0)
		gd := guest(GuestKey{Email: "d@x.example"}, "D", community.Declined, 0)
		write(t, s, func(ctx context.Context, tx *Tx) error {
			for _, g := range []*community.Guest{gd, ga, gb, gn, ge, gm} {
				if err := tx.SaveGuest(ctx, g); err != nil {
					return err
				}
			}
			return nil
		})
		wantCode(t, s.Write(ctx, func(tx *Tx) error { twin := *ga; twin.ID = 0; return tx.SaveGuest(ctx, &twin) }), community.Conflict)
		wantCode(t, s.Write(ctx, func(tx *Tx) error { twin := *ga; twin.ID = 999; return tx.SaveGuest(ctx, &twin) }), community.NotFound)
		wantCode(t, s.Write(ctx, func(tx *Tx) error { twin := *ga; twin.ID = 0; twin.ConferenceID = 999; return tx.SaveGuest(ctx, &twin) }), community.Conflict)
		for name, read := range map[string]func() (*community.Guest, error){
			"key":  func() (*community.Guest, error) { return s.Guest(ctx, c.ID, GuestKey{ActorID: bob.ID}) },
			"id":   func() (*community.Guest, error) { return s.GuestByID(ctx, gb.ID) },
			"join": func() (*community.Guest, error) { return s.GuestByJoin(ctx, gb.JoinURI) },
		} {
			got, err := read()
			ok(t, err)
			if d := cmp.Diff(gb, got); d != "" {
				t.Fatalf("%s: %s", name, d)
			}
		}
		got, err := s.Guest(ctx, c.ID, GuestKey{MemberID: anna.ID})
		ok(t, err)
		if d := cmp.Diff(ga, got); d != "" {
			t.Fatal(d)
		}
		all, err := s.Guests(ctx, c.ID)
		ok(t, err)
		if d := cmp.Diff([]community.Guest{*ga, *gm, *gn, *ge, *gb, *gd}, all); d != "" {
			t.Fatal(d)
		}
		some, err := s.Guests(ctx, c.ID, community.Declined, community.Going)
		ok(t, err)
		if d := cmp.Diff([]community.Guest{*ga, *gd}, some); d != "" {
			t.Fatal(d)
		}
		want := &community.Roster{Capacity: 3, Taken: 2, Mode: community.Restricted, Queue: []community.Guest{*gn, *ge, *gb}}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			r, err := tx.Roster(ctx, c)
			if d := cmp.Diff(want, r); d != "" {
				t.Error(d)
			}
			return err
		})
		ga.State, ga.Plus, ga.Queued, ga.Updated, ga.Comment = community.NotGoing, 0, noon, noon.Add(time.Hour), ""
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveGuest(ctx, ga) })
		got, err = s.GuestByID(ctx, ga.ID)
		ok(t, err)
		if d := cmp.Diff(ga, got); d != "" {
			t.Fatal(d)
		}

		ga2 := *ga
		ga2.ID, ga2.ConferenceID, ga2.State = 0, c2.ID, community.Going
		gb2 := *gb
		gb2.ID, gb2.ConferenceID, gb2.JoinURI = 0, c2.ID, ""
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.SaveGuest(ctx, &gb2))
			return tx.SaveGuest(ctx, &ga2)
		})
		lst, err := s.GuestList(ctx, anna.ID)
		ok(t, err)
		c2.Seats, c.Seats = community.Seats{Going: 1, Waiting: 1}, community.Seats{Maybe: 1, Waiting: 3}
		if d := cmp.Diff([]MemberConference{{*c2, ga2}, {*c, *ga}}, lst); d != "" {
			t.Fatal(d)
		}
		if lst, err := s.GuestList(ctx, 0); len(lst) != 0 || err != nil {
			t.Fatal(lst, err)
		}
		of, err := s.GuestsOfActor(ctx, bob.ID)
		ok(t, err)
		if d := cmp.Diff([]community.Guest{*gb, gb2}, of); d != "" {
			t.Fatal(d)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.DeleteGuestsOfActor(ctx, 0))
			ok(t, tx.DeleteGuestsOfActor(ctx, bob.ID))
			return tx.DeleteGuest(ctx, ge.ID)
		})
		all, err = s.Guests(ctx, c.ID)
		ok(t, err)
		if d := cmp.Diff([]community.Guest{*gm, *ga, *gn, *gd}, all); d != "" {
			t.Fatal(d)
		}
	})
}
