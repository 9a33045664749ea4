package node

import (
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

// told lists the notices of anna, newest first.
func (w *world) told(t *testing.T) []community.Notice {
	t.Helper()
	list, _, _, err := w.Notices(t.Context(), console, "anna", 100, 0)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func wantKinds(t *testing.T, list []community.Notice, want ...community.NoticeKind) {
	t.Helper()
	var got []community.NoticeKind
	for _, n := range list {
		got = append(got, n.Kind)
	}
	if len(got) != len(want) {
		t.Fatalf("notices %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("notices %v, want %v", got, want)
		}
	}
}

// Guests of our own conferences hear of what becomes of them, once until they
// looked.
func TestNoticesOfOwnConferences(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	anna, err := w.store.Member(ctx, "anna")
	if err != nil {
		t.Fatal(err)
	}
	c := w.conf(t, func(c *community.Conference) {
		c.Title = community.Texts{{Lang: "en", Text: "Chess"}, {Lang: "ru", Text: "Шахматы"}}
		c.Capacity = 1
	})
	other, err := w.Answer(ctx, c.Slug, storage.GuestKey{Email: "x@y.example"}, community.Want{State: community.Going}, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Answer(ctx, c.Slug, storage.GuestKey{MemberID: anna.ID}, community.Want{State: community.Going}, ""); err != nil {
		t.Fatal(err)
	}
	wantKinds(t, w.told(t))
	if _, err := w.DeclineGuest(ctx, console, c.Slug, other.ID); err != nil {
		t.Fatal(err)
	}
	list := w.told(t)
	wantKinds(t, list, community.NoticeMovedUp)
	if list[0].Args["Title"] != "Chess" || list[0].Subject != w.site.Conference(c.Slug) {
		t.Errorf("%+v", list[0])
	}
	w.pass(time.Hour)
	for _, d := range []time.Duration{time.Hour, 2 * time.Hour} {
		if _, err := w.UpdateConference(ctx, console, c.Slug, func(c *community.Conference) error { c.Start = c.Start.Add(d); c.End = c.End.Add(d); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.UpdateConference(ctx, console, c.Slug, func(c *community.Conference) error { c.Cost = "free"; return nil }); err != nil {
		t.Fatal(err)
	}
	list = w.told(t)
	wantKinds(t, list, community.NoticeChanged, community.NoticeMovedUp)
	if n, err := w.ReadNotices(ctx, console, "anna", list[0].ID); err != nil || n != 2 {
		t.Fatalf("%d %v", n, err)
	}
	w.pass(time.Hour)
	if _, err := w.CancelConference(ctx, console, c.Slug, "rain"); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Hour)
	if err := w.DeleteConference(ctx, console, c.Slug); err != nil {
		t.Fatal(err)
	}
	list, total, unread, err := w.Notices(ctx, By{Member: anna}, "anna", 2, 0)
	if err != nil || total != 4 || unread != 2 {
		t.Fatalf("%d %d %v", total, unread, err)
	}
	wantKinds(t, list, community.NoticeDeleted, community.NoticeCancelled)
	_, _, _, err = w.Notices(ctx, By{}, "anna", 2, 0)
	wantCode(t, err, community.Forbidden)
	_, err = w.ReadNotices(ctx, By{}, "anna", 2)
	wantCode(t, err, community.Forbidden)

	w.pass(community.KeepNotices + time.Minute)
	if err := w.PruneNotices(ctx); err != nil {
		t.Fatal(err)
	}
	wantKinds(t, w.told(t))
}
