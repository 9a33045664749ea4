package node

import (
	"slices"
	"testing"
	"time"

	"konfa/community"
)

// A Follow whose answer was lost is sent again, the same one, until it is
// answered or was asked often enough.
func TestUnansweredFollow(t *testing.T) {
	w := newWorld(t)
	other := w.stranger(t, pkt)
	f, err := w.Follow(t.Context(), console, community.CityActor, other)
	if err != nil {
		t.Fatal(err)
	}
	accepted := w.stranger(t, "https://sofia.example/city")
	g, err := w.Follow(t.Context(), console, community.NodeActor, accepted)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.ReceiveAccept(t.Context(), accepted, Answer{ObjectURI: g.URI}); err != nil {
		t.Fatal(err)
	}
	w.forget(t)
	at := time.Duration(0)
	pass := func(to time.Duration, want ...string) {
		t.Helper()
		w.pass(to - at)
		at = to
		n, err := w.AskToFollowAgain(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := w.queued(t); n != len(want) || !slices.Equal(got, want) {
			t.Fatalf("after %s: %d, sent %q, want %q", to, n, got, want)
		}
		w.forget(t)
	}
	day := 24 * time.Hour
	pass(10 * time.Minute)
	pass(time.Hour, "city Follow")
	pass(2 * time.Hour)
	pass(day, "city Follow")
	pass(8*day, "city Follow") // once, though two moments went by
	pass(40 * day)
	got, err := w.store.Followed(t.Context(), community.CityActor, other.ID)
	if err != nil || got.URI != f.URI || got.State != community.Asked {
		t.Fatalf("%+v %v", got, err)
	}
	a, err := w.store.LastActivity(t.Context(), community.CityActor, "Follow", other.URI)
	if err != nil || w.site.Activity(a.UUID) != f.URI {
		t.Fatalf("another Follow was made: %v %v", a, err)
	}
	// Of two to one actor one is sent at a time.
	if _, err := w.Follow(t.Context(), console, community.NodeActor, other); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Follow(t.Context(), console, community.MemberActor("anna"), other); err != nil {
		t.Fatal(err)
	}
	w.forget(t)
	pass(40*day+time.Hour, "node Follow")
	pass(40*day+time.Hour+10*time.Minute, "people/anna Follow")
	pass(40*day + time.Hour + 20*time.Minute)
	// A late yes still counts.
	if err := w.ReceiveAccept(t.Context(), other, Answer{ObjectURI: f.URI}); err != nil {
		t.Fatal(err)
	}
	if got, err := w.store.Followed(t.Context(), community.CityActor, other.ID); err != nil || got.State != community.Accepted {
		t.Fatalf("%+v %v", got, err)
	}
}

// Nobody is asked who is no more, or for a member who is suspended.
func TestUnansweredFollowOfNobody(t *testing.T) {
	w := newWorld(t)
	if err := w.AddMember(t.Context(), console, &community.Member{Handle: "boris", Name: "Boris"}); err != nil {
		t.Fatal(err)
	}
	for _, handle := range []string{"anna", "boris"} {
		if _, err := w.Follow(t.Context(), console, community.MemberActor(handle), w.stranger(t, pkt)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.SuspendMember(t.Context(), console, "boris", true); err != nil {
		t.Fatal(err)
	}
	gone := w.stranger(t, "https://sofia.example/city")
	if _, err := w.Follow(t.Context(), console, community.CityActor, gone); err != nil {
		t.Fatal(err)
	}
	if err := w.ReceiveActorDelete(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	w.forget(t)
	w.pass(2 * time.Hour)
	if n, err := w.AskToFollowAgain(t.Context()); err != nil || n != 1 || !slices.Equal(w.queued(t), []string{"people/anna Follow"}) {
		t.Fatalf("%d %v %q", n, err, w.queued(t))
	}
}
