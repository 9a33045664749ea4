package storage

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

func TestStatistics(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		anna, bob := addMember(t, s, "anna"), addActor(t, s, "m.example", "bob")
		past, off, draft, coming := meeting("past", -2), meeting("off", -1), meeting("draft", -1), meeting("coming", 5)
		off.Status, draft.Draft = community.Cancelled, true
		addConference(t, s, past, off, draft, coming, elsewhere(bob, "e", -3))
		guest := func(c *community.Conference, k GuestKey, plus int, state community.GuestState, in time.Time) *community.Guest {
			return &community.Guest{ConferenceID: c.ID, MemberID: k.MemberID, ActorID: k.ActorID, Email: k.Email, Plus: plus, State: state, CheckedIn: in, Created: noon, Updated: noon}
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			for _, g := range []*community.Guest{
				guest(past, GuestKey{MemberID: anna.ID}, 1, community.Going, noon), guest(past, GuestKey{ActorID: bob.ID}, 0, community.Maybe, time.Time{}),
				guest(past, GuestKey{Email: "e@x.example"}, 0, community.Going, time.Time{}), guest(off, GuestKey{MemberID: anna.ID}, 0, community.Going, noon),
				guest(coming, GuestKey{ActorID: bob.ID}, 2, community.Going, time.Time{}),
			} {
				if err := tx.SaveGuest(ctx, g); err != nil {
					return err
				}
			}
			return nil
		})
		held, err := s.Held(ctx, noon)
		ok(t, err)
		if d := cmp.Diff(map[int64]time.Time{past.ID: past.Start}, held); d != "" {
			t.Fatal(d)
		}
		came, err := s.Attendances(ctx, noon)
		ok(t, err)
		want := []community.Attendance{
			{ConferenceID: past.ID, Start: past.Start, Who: "m1", People: 2, CheckedIn: true}, {ConferenceID: past.ID, Start: past.Start, Who: "ee@x.example", People: 1},
		}
		if d := cmp.Diff(want, came); d != "" {
			t.Fatal(d)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			g, err := tx.Guest(ctx, past.ID, GuestKey{MemberID: anna.ID})
			if err != nil {
				return err
			}
			g.Comment, g.Answers = "no nuts", map[string]string{"q": "a"}
			if err := tx.SaveGuest(ctx, g); err != nil {
				return err
			}
			return tx.ForgetGuestWords(ctx, anna.ID)
		})
		g, err := s.Guest(ctx, past.ID, GuestKey{MemberID: anna.ID})
		ok(t, err)
		if g.Comment != "" || g.Answers != nil || g.State != community.Going || g.CheckedIn.IsZero() {
			t.Errorf("%+v", g)
		}
	})
}
