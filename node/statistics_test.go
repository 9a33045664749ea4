package node

import (
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

func TestStatistics(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	anna, err := w.store.Member(ctx, "anna")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		c := w.conf(t, nil)
		if _, err := w.Answer(ctx, c.Slug, storage.GuestKey{MemberID: anna.ID}, community.Want{State: community.Going, Plus: 1}, ""); err != nil {
			t.Fatal(err)
		}
		w.pass(72 * time.Hour)
	}
	s, err := w.Statistics(ctx, By{Member: anna}, 12)
	if err == nil && (s.Conferences != 2 || s.Guests != 4 || s.New != 1 || s.Returned != 1 || len(s.Months) != 12) {
		t.Errorf("%+v", s)
	}
	if err != nil && community.CodeOf(err) != community.Forbidden {
		t.Fatal(err)
	}
	if _, err := w.Statistics(ctx, By{}, 12); community.CodeOf(err) != community.Forbidden {
		t.Fatal(err)
	}
	if s, err := w.Statistics(ctx, console, 12); err != nil || s.Returned != 1 {
		t.Fatal(s, err)
	}
}
