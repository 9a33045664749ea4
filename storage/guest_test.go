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
		want := &community.Roster{Capacity: 3, Taken: 2, Mode: community.Restricted, Queue: []community.Guest{*gn, *ge, *gb}, Offered: []community.Guest{}, Start: c.Start, Zone: c.Location()}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			r, err := tx.Roster(ctx, c)
			if d := cmp.Diff(want, r, cmp.Comparer(func(a, b *time.Location) bool { return a == b })); d != "" {
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

// Seats that are kept count as taken, what lapses is found, and a series is one
// thing.
func TestGuestsWhoAreOffered(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		first, second := meeting("first", 1), meeting("second", 2)
		for _, c := range []*community.Conference{first, second} {
			c.Capacity, c.OfferHours, c.SeriesID = 5, 12, 7
		}
		a := &community.Guest{Email: "a@x.example", Name: "A", State: community.SeatOffered, Plus: 1, Expires: noon.Add(time.Hour), Queued: noon, Created: noon, Updated: noon}
		b := &community.Guest{Email: "b@x.example", Name: "B", State: community.Unconfirmed, Wanted: community.Maybe, Series: true, Expires: noon.Add(2 * time.Hour), Created: noon, Updated: noon,
			Answers: map[string]string{"food": "all"}, Shown: community.ShownToEveryone}
		g := &community.Guest{Email: "c@x.example", State: community.Going, Series: true, Created: noon, Updated: noon}
		w := &community.Guest{Email: "d@x.example", State: community.Waitlisted, Queued: noon, Created: noon, Updated: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.InsertConference(ctx, first))
			ok(t, tx.InsertConference(ctx, second))
			for _, x := range []*community.Guest{a, b, g, w} {
				x.ConferenceID = first.ID
				ok(t, tx.SaveGuest(ctx, x))
			}
			later := *g
			later.ID, later.ConferenceID = 0, second.ID
			return tx.SaveGuest(ctx, &later)
		})
		got, err := s.GuestByID(ctx, b.ID)
		ok(t, err)
		if d := cmp.Diff(b, got); d != "" {
			t.Error(d)
		}
		c, err := s.Conference(ctx, "first")
		ok(t, err)
		if left, _ := c.SeatsLeft(); c.Seats != (community.Seats{Going: 1, Offered: 2, Waiting: 1}) || left != 2 {
			t.Errorf("%+v, %d left", c.Seats, left)
		}
		r, err := s.Roster(ctx, c)
		ok(t, err)
		if r.Taken != 3 || len(r.Offered) != 1 || r.Offered[0].ID != a.ID || len(r.Queue) != 1 || r.Queue[0].ID != w.ID || r.Hours != 12 {
			t.Errorf("%+v", r)
		}
		if r, err = s.RosterAtDoor(ctx, c); err != nil || r.Taken != 3 || len(r.Offered) != 1 || len(r.Queue) != 0 || r.Capacity != c.Capacity {
			t.Errorf("%+v, %v", r, err)
		}
		next := *w
		next.ID, next.Email = 0, "e@x.example"
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveGuest(ctx, &next) })
		for i, g := range []*community.Guest{w, &next} {
			if place, err := s.PlaceOf(ctx, g); place != i+1 || err != nil {
				t.Errorf("%s is number %d, %v", g.Email, place, err)
			}
		}
		for _, x := range []struct {
			after time.Duration
			want  []int64
		}{{0, nil}, {time.Hour, []int64{first.ID}}, {3 * time.Hour, []int64{first.ID}}} {
			due, err := s.DueGuests(ctx, noon.Add(x.after), 10)
			ok(t, err)
			if d := cmp.Diff(x.want, due); d != "" {
				t.Errorf("after %v: %s", x.after, d)
			}
		}
		all, err := s.SeriesGuests(ctx, 7, GuestKey{Email: "c@x.example"})
		ok(t, err)
		if len(all) != 2 || all[0].ConferenceID != first.ID || all[1].ConferenceID != second.ID {
			t.Errorf("%+v", all)
		}
		fans, err := s.SeriesFans(ctx, first.ID)
		ok(t, err)
		if len(fans) != 2 || fans[0].ID != b.ID || fans[1].ID != g.ID {
			t.Errorf("%+v", fans)
		}
		letter := func(kind community.LetterKind, at time.Time) {
			write(t, s, func(ctx context.Context, tx *Tx) error {
				return tx.InsertLetter(ctx, &community.Letter{Kind: kind, To: "a@x.example", State: community.LetterDue, Created: at})
			})
		}
		letter(community.LetterConfirm, noon)
		letter(community.LetterConfirm, noon.Add(time.Hour))
		letter(community.LetterGoing, noon.Add(time.Hour))
		if n, err := s.CountLettersTo(ctx, "a@x.example", noon.Add(time.Minute), community.LetterConfirm, community.LetterMaybe); n != 1 || err != nil {
			t.Errorf("%d letters, %v", n, err)
		}
	})
}
