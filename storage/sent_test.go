package storage

import (
	"context"
	"testing"
	"time"

	"konfa/community"
)

func TestSent(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		if _, err := s.Sent(ctx, "k"); community.CodeOf(err) != community.NotFound {
			t.Fatalf("a form that nobody sent: %v", err)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveSent(ctx, "k", "chess") })
		if made, err := s.Sent(ctx, "k"); err != nil || made != "chess" {
			t.Fatalf("%q %v", made, err)
		}
		err := s.Write(ctx, func(tx *Tx) error { return tx.SaveSent(ctx, "k", "go") })
		if community.CodeOf(err) != community.Conflict {
			t.Fatalf("twice: %v", err)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.PruneSent(ctx, tx.Now().Add(-time.Hour)) })
		if _, err := s.Sent(ctx, "k"); err != nil {
			t.Fatalf("it is forgotten too early: %v", err)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.PruneSent(ctx, tx.Now().Add(time.Hour)) })
		if _, err := s.Sent(ctx, "k"); community.CodeOf(err) != community.NotFound {
			t.Fatalf("it is not forgotten: %v", err)
		}
	})
}

// What a member organises is found by the handle, and by nothing that looks like it.
func TestOrganiserQuery(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		for slug, o := range map[string]community.Organiser{
			"hers": {Name: "Anna", Handle: "an_na"}, "like": {Handle: "anxna"}, "longer": {Handle: "an_na2"}, "name": {Name: `"handle":"an_na"`}, "uri": {URI: "https://x.example/an_na"},
		} {
			c := &community.Conference{Slug: slug, Organisers: []community.Organiser{o}, Start: noon, End: noon.Add(time.Hour), Draft: slug == "hers"}
			write(t, s, func(ctx context.Context, tx *Tx) error { return tx.InsertConference(ctx, c) })
		}
		cs, err := s.Conferences(ctx, ConferenceQuery{Own: true, Drafts: true, Organiser: "an_na"})
		ok(t, err)
		if len(cs) != 1 || cs[0].Slug != "hers" {
			t.Errorf("%+v", cs)
		}
	})
}
