package federation

import (
	"context"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

// TestAnswerIsLost: a city that said yes to a guest and lost its answer says it
// again when it is asked again, with the same Join; the guest is one.
func TestAnswerIsLost(t *testing.T) {
	ctx := context.Background()
	a, b := startNode(t), startNode(t).run()
	c := a.conference("Go meetup", func(c *community.Conference) { c.Capacity = 1 })
	uri := a.site.Conference(c.Slug)
	far, err := b.FetchConference(ctx, uri)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.node.JoinElsewhere(ctx, console, "anna", uri, community.Want{State: community.Going}, ""); err != nil {
		t.Fatal(err)
	}
	m, err := b.store.Member(ctx, "anna")
	if err != nil {
		t.Fatal(err)
	}
	guest := func() *community.Guest {
		g, err := b.store.Guest(ctx, far.ID, storage.GuestKey{MemberID: m.ID})
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	a.run()
	eventually(t, "the Join is taken", func() bool { got, err := a.store.Conference(ctx, c.Slug); return err == nil && got.Seats.Going == 1 })
	eventually(t, "the yes arrives", func() bool { return guest().State == community.Going })

	// As if the yes had never been sent.
	err = b.store.Write(ctx, func(tx *storage.Tx) error {
		g := guest()
		g.State = community.Pending
		if err := tx.SaveGuest(ctx, g); err != nil {
			return err
		}
		return tx.SaveAsking(ctx, &storage.Asking{GuestID: g.ID, Asked: tx.Now(), Tries: 1, Next: tx.Now().Add(24 * time.Hour)})
	})
	if err != nil {
		t.Fatal(err)
	}
	a.clock.forward(25 * time.Hour)
	b.clock.forward(25 * time.Hour)
	if again, given, err := b.node.SettleJoins(ctx); err != nil || again != 1 || given != 0 {
		t.Fatalf("%d %d %v", again, given, err)
	}
	eventually(t, "the yes is said again", func() bool { return guest().State == community.Going })
	if list, err := a.store.Guests(ctx, c.ID); err != nil || len(list) != 1 {
		t.Errorf("guests %+v %v", list, err)
	}
	if _, err := b.store.Asking(ctx, guest().ID); community.CodeOf(err) != community.NotFound {
		t.Errorf("still asking: %v", err)
	}
}
