package node

import (
	"strings"
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

// Who offered a conference to other cities hears what came of it.
func TestNoticesOfOffers(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	phuket, almaty := w.sisterCity(t, "phuket.example", community.AnnounceNever), w.sisterCity(t, "almaty.example", community.AnnounceNever)
	for _, host := range []string{"tbilisi.example", "yerevan.example"} {
		w.sisterCity(t, host, community.AnnounceNever)
	}
	c := w.conf(t, func(c *community.Conference) { c.Start, c.End = c.Start.AddDate(0, 1, 0), c.End.AddDate(0, 1, 0) })
	anna, err := w.store.Member(ctx, "anna")
	if err != nil {
		t.Fatal(err)
	}
	made, err := w.OfferConference(ctx, By{Member: anna}, c.Slug, []string{"phuket.example", "almaty.example", "tbilisi.example", "yerevan.example"}, "")
	if err != nil || len(made) != 4 {
		t.Fatalf("%+v %v", made, err)
	}
	for range 2 {
		if err := w.ReceiveAccept(ctx, phuket, Answer{ObjectURI: made[0].URI, ObjectType: "Offer"}); err != nil {
			t.Fatal(err)
		}
	}
	wantKinds(t, w.told(t), community.NoticeOfferAccepted)
	w.pass(time.Hour)
	if err := w.ReceiveReject(ctx, almaty, Answer{ObjectURI: made[1].URI, ObjectType: "Offer", Content: "Too far"}); err != nil {
		t.Fatal(err)
	}
	list := w.told(t)
	wantKinds(t, list, community.NoticeOfferDeclined, community.NoticeOfferAccepted)
	if n := list[0]; n.Args["Reason"] != "Too far" || n.Args["City"] == "" || n.Args["Title"] != c.Title.First() || !strings.HasPrefix(n.Subject, w.site.Conference(c.Slug)) {
		t.Errorf("%+v", n)
	}
	w.pass(community.OfferLasts + time.Hour)
	if _, err := w.ExpireOffers(ctx); err != nil {
		t.Fatal(err)
	}
	wantKinds(t, w.told(t), community.NoticeOfferLapsed, community.NoticeOfferLapsed, community.NoticeOfferDeclined, community.NoticeOfferAccepted)
}
