package node

import (
	"testing"

	"konfa/community"
	"konfa/storage"
)

// People of Hubzilla and Friendica say by a button whether they come.
func TestAttendance(t *testing.T) {
	w := newWorld(t)
	c := w.conf(t, func(c *community.Conference) { c.Capacity, c.RSVP = 1, community.RSVPOff })
	uri := w.site.Conference(c.Slug)
	hanna, igor := w.stranger(t, "https://hub.example/channel/hanna"), w.stranger(t, "https://hub.example/channel/igor")
	say := func(who *community.Actor, id string, state community.GuestState) {
		t.Helper()
		if err := w.ReceiveAttendance(t.Context(), who, who.URI+id, uri, state); err != nil {
			t.Fatal(err)
		}
	}
	want := func(who *community.Actor, state community.GuestState) {
		t.Helper()
		if g := w.guest(t, c, who); g.State != state || g.Via != community.ByButton {
			t.Fatalf("%s is %+v, want %s", who.URI, g, state)
		}
	}
	w.forget(t)
	say(hanna, "#no", community.NotGoing)
	if _, err := w.store.Guest(t.Context(), c.ID, storage.GuestKey{ActorID: hanna.ID}); community.CodeOf(err) != community.NotFound || len(w.queued(t)) != 0 {
		t.Fatalf("who never thought of coming is a guest: %v %q", err, w.queued(t))
	}
	say(hanna, "#1", community.Going)
	want(hanna, community.Going)
	say(igor, "#1", community.Going)
	want(igor, community.Waitlisted)
	if got := w.queued(t); len(got) != 2 || got[0] != "city Create" || got[1] != "city Create" {
		t.Fatalf("told by %q", got)
	}
	w.forget(t)
	say(hanna, "#1", community.Going) // once more
	if got := w.queued(t); len(got) != 0 {
		t.Fatalf("told again: %q", got)
	}
	// Another answer, then the one before is undone, as Hubzilla does.
	say(hanna, "#2", community.Maybe)
	if err := w.ReceiveUndoAttendance(t.Context(), hanna, hanna.URI+"#1"); err != nil {
		t.Fatal(err)
	}
	want(hanna, community.Maybe)
	want(igor, community.Going)
	if err := w.ReceiveUndoAttendance(t.Context(), hanna, igor.URI+"#1"); community.CodeOf(err) != community.Forbidden {
		t.Fatalf("hanna undoes for igor: %v", err)
	}
	if err := w.ReceiveUndoAttendance(t.Context(), hanna, hanna.URI+"#2"); err != nil {
		t.Fatal(err)
	}
	if g := w.guest(t, c, hanna); g.State != community.NotGoing {
		t.Fatalf("hanna is %s", g.State)
	}
	want(igor, community.Going)

	draft := &community.Conference{Title: community.Plain("en", "Draft"), Start: c.Start, End: c.End, Zone: c.Zone, Draft: true}
	if _, err := w.AddConference(t.Context(), console, draft, Publish{}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		object string
		code   community.Code
	}{
		{"https://elsewhere.example/conf/x", community.Refused},
		{w.site.Conference("nothing"), community.NotFound},
		{w.site.Conference(draft.Slug), community.NotFound},
	} {
		if err := w.ReceiveAttendance(t.Context(), igor, igor.URI+"#9", tt.object, community.Going); community.CodeOf(err) != tt.code {
			t.Errorf("%s: %v, want %s", tt.object, err, tt.code)
		}
	}
}
