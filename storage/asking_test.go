package storage

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

func TestAskings(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		anna := addMember(t, s, "anna")
		guest := func(uri string, start time.Time) *community.Guest {
			c := &community.Conference{URI: uri, Title: community.Plain("en", "X"), Start: start, End: start.Add(time.Hour), Zone: "UTC", Status: community.Scheduled, Created: noon, Updated: noon}
			g := &community.Guest{MemberID: anna.ID, State: community.Pending, JoinURI: uri + "#join", Created: noon, Updated: noon}
			write(t, s, func(ctx context.Context, tx *Tx) error {
				ok(t, tx.InsertConference(ctx, c))
				g.ConferenceID = c.ID
				return tx.SaveGuest(ctx, g)
			})
			return g
		}
		soon, late, begun := guest("https://x.example/1", noon.Add(48*time.Hour)), guest("https://x.example/2", noon.Add(48*time.Hour)), guest("https://x.example/3", noon)
		asked := []*Asking{
			{GuestID: soon.ID, Asked: noon, Tries: 1, Next: noon.Add(time.Hour)},
			{GuestID: late.ID, Asked: noon, Tries: 2, Next: noon.Add(3 * time.Hour)},
			{GuestID: begun.ID, Asked: noon, Tries: 1, Next: noon.Add(24 * time.Hour)},
		}
		for _, a := range asked {
			write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveAsking(ctx, a) })
		}
		due := func(at time.Time, want ...*Asking) {
			t.Helper()
			list, err := s.AskingsDue(ctx, at, 10)
			ok(t, err)
			var flat []Asking
			for _, a := range want {
				flat = append(flat, *a)
			}
			if d := cmp.Diff(flat, list); d != "" {
				t.Fatal(d)
			}
		}
		due(noon.Add(-time.Second))
		due(noon.Add(time.Minute), asked[2])
		due(noon.Add(time.Hour), asked[0], asked[2])
		asked[0].Tries, asked[0].Next = 2, noon.Add(72*time.Hour)
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveAsking(ctx, asked[0]) })
		got, err := s.Asking(ctx, soon.ID)
		ok(t, err)
		if d := cmp.Diff(asked[0], got); d != "" {
			t.Fatal(d)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.DeleteAsking(ctx, soon.ID))
			return tx.DeleteConference(ctx, begun.ConferenceID) // takes its guests along, and what was asked for them
		})
		_, err = s.Asking(ctx, soon.ID)
		wantCode(t, err, community.NotFound)
		due(noon.Add(100*time.Hour), asked[1])
	})
}
