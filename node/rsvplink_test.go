package node

import (
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

func (w *world) token(t *testing.T, g community.Guest) string {
	t.Helper()
	secret, err := w.store.Meta(t.Context(), rsvpKey)
	if err != nil {
		t.Fatal(err)
	}
	return linkToken(secret, &g)
}

// A link names one guest of one conference; what is changed by it is not told by
// a message as well.
func TestChangeByLink(t *testing.T) {
	w := newWorld(t)
	c, p := w.asking(t, func(c *community.Conference) { c.Capacity = 2 })
	_, err := w.RSVP(t.Context(), "AAAA")
	wantCode(t, err, community.NotFound)
	a, e := w.stranger(t, bob), w.stranger(t, eve)
	w.mustVote(t, a, p, "I'm coming")
	w.mustVote(t, e, p, "Maybe")
	token := w.token(t, w.guest(t, c, a))
	if got := w.messages(t, a); !strings.Contains(got[0], w.site.RSVP(token)) {
		t.Fatalf("%q", got)
	}
	r, err := w.RSVP(t.Context(), token)
	if err != nil || r.Guest.ActorID != a.ID || r.Conference.ID != c.ID || !r.Open || r.Place != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	if r, err = w.ChangeRSVP(t.Context(), token, community.Want{State: community.Going, Plus: 1}, nil); err != nil || r.Guest.Plus != 1 || r.Guest.Via != community.ByLink || r.Guest.AnswerURI != "" {
		t.Fatalf("%+v, %v", r, err)
	}
	_, err = w.ChangeRSVP(t.Context(), token, community.Want{State: community.Going, Plus: 2}, nil)
	wantCode(t, err, community.Invalid)
	if r, err = w.ChangeRSVP(t.Context(), w.token(t, w.guest(t, c, e)), going, nil); err != nil || r.Guest.State != community.Waitlisted || r.Place != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if len(w.messages(t, a)) != 1 || len(w.messages(t, e)) != 1 {
		t.Error("what is seen on the page is told as well")
	}
	if _, err = w.ChangeRSVP(t.Context(), token, notGoing, nil); err != nil {
		t.Fatal(err)
	}
	if got := w.messages(t, e); len(got) != 2 || !strings.Contains(got[1], "A seat has become free") {
		t.Errorf("%q", got)
	}
	w.mustVote(t, a, p, "I'm coming") // was told before, but not since
	if got := w.messages(t, a); len(got) != 2 {
		t.Errorf("%q", got)
	}

	// A link of one conference, or guest, is none of another.
	other := w.guest(t, c, a)
	other.ConferenceID++
	_, err = w.RSVP(t.Context(), w.token(t, other))
	wantCode(t, err, community.Gone)
	second, _ := w.asking(t, nil)
	other.ConferenceID = second.ID
	_, err = w.RSVP(t.Context(), w.token(t, other))
	wantCode(t, err, community.NotFound)
	_, err = w.RSVP(t.Context(), linkToken("another secret", r.Guest))
	wantCode(t, err, community.NotFound)

	if _, err := w.UpdateConference(t.Context(), console, c.Slug, func(c *community.Conference) error { c.RSVP = community.RSVPOff; return nil }); err != nil {
		t.Fatal(err)
	}
	_, err = w.ChangeRSVP(t.Context(), token, community.Want{State: community.Maybe}, nil)
	wantCode(t, err, community.Refused)
	w.pass(c.Start.Sub(w.now) + time.Minute)
	_, err = w.ChangeRSVP(t.Context(), token, community.Want{State: community.Maybe}, nil)
	wantCode(t, err, community.Refused)
	if _, err = w.ChangeRSVP(t.Context(), token, notGoing, nil); err != nil {
		t.Error(err)
	}
	w.pass(30 * 24 * time.Hour)
	_, err = w.ChangeRSVP(t.Context(), token, notGoing, nil)
	wantCode(t, err, community.Refused)
	if err := w.AddBlock(t.Context(), console, &community.Block{Domain: "far.example"}); err != nil {
		t.Fatal(err)
	}
	_, err = w.RSVP(t.Context(), token)
	wantCode(t, err, community.Forbidden)
}

func TestPollOfAConference(t *testing.T) {
	w := newWorld(t)
	c, p := w.asking(t, nil)
	got, err := w.PollOf(t.Context(), c.ID)
	if err != nil || got.ID != p.ID {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = w.PollOf(t.Context(), 999)
	wantCode(t, err, community.NotFound)
	_, err = w.Answer(t.Context(), c.Slug, storage.GuestKey{Email: "a@x.example"}, community.Want{State: community.Going, Plus: 3}, "")
	if err != nil {
		t.Fatal(err)
	}
	if poll, err := w.Poll(t.Context(), p); err != nil || poll.Tally != (community.Tally{Going: 4}) {
		t.Errorf("%+v, %v", poll, err)
	}
}

// No token but those we gave is taken, and those name what we said.
func FuzzReadLink(f *testing.F) {
	for _, g := range []community.Guest{{ID: 1, ConferenceID: 1}, {ID: 1 << 40, ConferenceID: 300}} {
		f.Add(linkToken("secret", &g))
		f.Add(linkToken("other", &g))
	}
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		c, g, err := readLink("secret", token)
		if err != nil {
			if community.CodeOf(err) != community.NotFound || c != 0 || g != 0 {
				t.Errorf("%q: %d %d %v", token, c, g, err)
			}
			return
		}
		if linkToken("secret", &community.Guest{ID: g, ConferenceID: c}) != token {
			t.Errorf("%q stands for %d, %d", token, c, g)
		}
	})
}
