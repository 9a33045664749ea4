package node

import (
	"sync"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

func TestDoor(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c, other := w.conf(t, nil), w.conf(t, nil)
	guest := func(c *community.Conference, email string, want community.GuestState) community.Guest {
		t.Helper()
		g, err := w.Answer(ctx, c.Slug, storage.GuestKey{Email: email}, community.Want{State: want}, "")
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	eva, ivo, stranger := guest(c, "eva@x.example", community.Going), guest(c, "ivo@x.example", community.Maybe), guest(other, "eva@x.example", community.Going)
	bo, cy := w.member(t, "bo", community.Newcomer), w.member(t, "cy", community.Regular)
	if _, err := w.UpdateConference(ctx, console, c.Slug, func(c *community.Conference) error {
		c.Organisers = []community.Organiser{{Handle: "bo"}}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	// An organiser may, others may not.
	if _, err := w.CheckIn(ctx, cy, c.Slug, eva.ID, time.Time{}); community.CodeOf(err) != community.Forbidden {
		t.Fatalf("anyone stands at the door: %v", err)
	}
	if _, err := w.Door(ctx, cy, c.Slug); community.CodeOf(err) != community.Forbidden {
		t.Fatalf("anyone reads the list: %v", err)
	}
	start := c.Start
	w.pass(start.Sub(w.Now()) + 30*time.Minute)
	at := func(minute int) time.Time { return start.Add(time.Duration(minute) * time.Minute) }

	g, err := w.CheckIn(ctx, bo, c.Slug, eva.ID, at(10))
	if err != nil || !g.CheckedIn.Equal(at(10)) {
		t.Fatal(g.CheckedIn, err)
	}
	// The other door was without a network and saw her first.
	if g, err = w.CheckIn(ctx, bo, c.Slug, eva.ID, at(7)); err != nil || !g.CheckedIn.Equal(at(7)) {
		t.Fatal(g.CheckedIn, err)
	}
	for range 2 { // sent twice
		if g, err = w.UndoCheckIn(ctx, bo, c.Slug, eva.ID, at(12)); err != nil || !g.CheckedIn.IsZero() {
			t.Fatal(g.CheckedIn, err)
		}
	}
	if g, err = w.CheckIn(ctx, bo, c.Slug, eva.ID, at(11)); err != nil || !g.CheckedIn.IsZero() {
		t.Fatalf("what was undone comes back: %v %v", g.CheckedIn, err)
	}
	if g, err = w.CheckIn(ctx, bo, c.Slug, eva.ID, time.Time{}); err != nil || g.CheckedIn.IsZero() {
		t.Fatal(g.CheckedIn, err)
	}
	if _, err := w.CheckIn(ctx, bo, c.Slug, stranger.ID, time.Time{}); community.CodeOf(err) != community.NotFound {
		t.Errorf("a guest of another conference: %v", err)
	}

	// Tickets.
	var ticket, elsewhere string
	if err := w.write(ctx, func(tx *storage.Tx) error {
		var err error
		if ticket, err = w.rsvpLink(ctx, tx, &ivo); err != nil {
			return err
		}
		elsewhere, err = w.rsvpLink(ctx, tx, &stranger)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if g, err := w.CheckInTicket(ctx, bo, c.Slug, " "+ticket+"\n", at(20)); err != nil || g.ID != ivo.ID || !g.CheckedIn.Equal(at(20)) {
		t.Errorf("the ticket: %v %v", g, err)
	}
	for name, bad := range map[string]string{"another conference": elsewhere, "forged": ticket[:len(ticket)-2] + "AA", "nothing": "", "an address": "https://evil.example/"} {
		if _, err := w.CheckInTicket(ctx, bo, c.Slug, bad, at(20)); community.CodeOf(err) != community.Refused {
			t.Errorf("%s: %v", name, err)
		}
	}

	// Who was not on the list.
	walk := community.WalkIn{Key: "k1", Name: "  Vera  from\tNiš ", Plus: 1, Arrived: at(15)}
	for range 2 {
		if err := w.AddWalkIn(ctx, bo, c.Slug, walk); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.AddWalkIn(ctx, bo, c.Slug, community.WalkIn{Key: "k2"}); err != nil {
		t.Fatal(err)
	}
	if err := w.TakeBackWalkIn(ctx, bo, c.Slug, "k2"); err != nil {
		t.Fatal(err)
	}
	if err := w.TakeBackWalkIn(ctx, bo, c.Slug, "k9"); community.CodeOf(err) != community.NotFound {
		t.Error(err)
	}
	for _, bad := range []community.WalkIn{{}, {Key: "k", Plus: 10}, {Key: "k", Name: string(make([]rune, 200)) + "x"}} {
		if err := w.AddWalkIn(ctx, cy, c.Slug, bad); community.CodeOf(err) != community.Invalid && err == nil {
			t.Errorf("%+v is let in", bad)
		}
	}
	d, err := w.Door(ctx, bo, c.Slug)
	if err != nil || d.Count != (community.DoorCount{Expected: 1, Arrived: 2, WalkIns: 2}) || len(d.Guests) != 2 || d.WalkIns[0].Name == "" {
		t.Errorf("%+v %v", d, err)
	}
	if _, err := w.DeclineGuest(ctx, console, c.Slug, ivo.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.CheckInTicket(ctx, bo, c.Slug, ticket, at(21)); community.CodeOf(err) != community.Refused {
		t.Errorf("who was turned down comes in: %v", err)
	}
	audits, err := w.Audits(ctx, console, storage.AuditQuery{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	counted := map[string]int{}
	for _, a := range audits {
		counted[a.Action]++
	}
	if counted["door.in"] != 5 || counted["door.undo"] != 1 || counted["door.walk_in"] != 2 || counted["door.walk_out"] != 1 {
		t.Errorf("the log has %v", counted)
	}
}

// Many doors let everyone in at once.
func TestManyDoors(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.conf(t, nil)
	g, err := w.Answer(ctx, c.Slug, storage.GuestKey{Email: "eva@x.example"}, community.Want{State: community.Going}, "")
	if err != nil {
		t.Fatal(err)
	}
	w.pass(c.Start.Sub(w.Now()) + time.Hour)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if _, err := w.CheckIn(ctx, console, c.Slug, g.ID, c.Start.Add(time.Duration(20-i)*time.Minute)); err != nil {
				t.Error(err)
			}
			if err := w.AddWalkIn(ctx, console, c.Slug, community.WalkIn{Key: "same"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	d, err := w.Door(ctx, console, c.Slug)
	if err != nil || !d.Guests[0].CheckedIn.Equal(c.Start.Add(time.Minute)) || d.Count.WalkIns != 1 {
		t.Errorf("%+v %v", d, err)
	}
}
