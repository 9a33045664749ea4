package node

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

// kinds counts the letters that were written, by their kind.
func (w *world) kinds(t *testing.T) map[community.LetterKind]int {
	t.Helper()
	list, err := w.store.Letters(t.Context(), storage.LetterQuery{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	out := map[community.LetterKind]int{}
	for _, l := range list {
		out[l.Kind]++
	}
	return out
}

func (w *world) rounds(t *testing.T, want int) {
	t.Helper()
	if n, err := w.WriteRounds(t.Context()); err != nil || n != want {
		t.Fatalf("%d rounds, want %d: %v", n, want, err)
	}
}

func TestRounds(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	start := w.now.Add(60 * time.Hour) // the 25th at 4:00 in Belgrade
	c := w.conf(t, func(c *community.Conference) { c.Start, c.End, c.Reconfirm = start, start.Add(2*time.Hour), true })
	w.conf(t, func(c *community.Conference) { c.Draft = true })
	eva, ivo := w.mailGuest(t, c, "eva@x.example"), w.mailGuest(t, c, "ivo@x.example")
	far := w.stranger(t, bob)
	hers := &community.Guest{ConferenceID: c.ID, ActorID: far.ID, Via: community.ByWords, State: community.Going, Created: w.Now()}
	if err := w.write(ctx, func(tx *storage.Tx) error { return tx.SaveGuest(ctx, hers) }); err != nil {
		t.Fatal(err)
	}
	w.rounds(t, 0)
	w.pass(12*time.Hour - time.Minute)
	w.rounds(t, 0)
	w.pass(2 * time.Minute)
	w.rounds(t, 1)
	w.rounds(t, 0)
	if k := w.kinds(t); k[community.LetterReconfirm] != 2 || len(k) != 1 {
		t.Fatal(k)
	}
	g, err := w.store.GuestByID(ctx, eva.ID)
	if err != nil || !g.Asked.Equal(w.Now()) {
		t.Fatal(g, err)
	}
	last, err := w.store.LastMessage(ctx, far.ID, c.ID)
	if err != nil || last.State != "rsvp.reconfirm" {
		t.Fatal(last, err)
	}

	// One says yes and one no; the links are in the letters.
	list, err := w.store.Letters(ctx, storage.LetterQuery{Kind: community.LetterReconfirm})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range list {
		token := strings.TrimSuffix(strings.TrimPrefix(l.Args["Yes"], "https://bg.example/rsvp/"), "/still")
		v, err := w.Reconfirm(ctx, token, l.GuestID == eva.ID)
		if err != nil {
			t.Fatal(err)
		}
		if l.GuestID == eva.ID && !v.Guest.Reconfirmed.Equal(w.Now()) || l.GuestID == ivo.ID && v.Guest.State != community.NotGoing {
			t.Fatalf("%+v", v.Guest)
		}
		if l.GuestID == ivo.ID {
			_, err := w.Reconfirm(ctx, token, true)
			wantCode(t, err, community.Conflict)
		}
	}
	_, err = w.Reconfirm(ctx, "nonsense", true)
	wantCode(t, err, community.NotFound)

	// Three processes at the hour of the reminder: one round.
	w.pass(24 * time.Hour)
	var wg sync.WaitGroup
	var mu sync.Mutex
	total := 0
	for range 3 {
		wg.Go(func() {
			n, err := w.WriteRounds(ctx)
			mu.Lock()
			defer mu.Unlock()
			total += n
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if k := w.kinds(t); total != 1 || k[community.LetterReminder] != 1 {
		t.Fatal(total, k)
	}
	w.mailGuest(t, c, "ada@x.example") // answered a moment ago: needs no reminder
	w.pass(22*time.Hour - 30*time.Minute)
	w.rounds(t, 0)
	late := w.mailGuest(t, c, "late@x.example")
	w.pass(31 * time.Minute)
	w.rounds(t, 1)
	if k := w.kinds(t); k[community.LetterReminder] != 3 {
		t.Fatal(k)
	}
	if got := w.letters(t); slices.Contains(got, "reminder late@x.example") {
		t.Fatal(got)
	}

	// Thanks come the next morning, to those who were seen at the door.
	w.pass(5 * time.Hour)
	w.rounds(t, 0)
	late.CheckedIn = w.Now()
	if err := w.write(ctx, func(tx *storage.Tx) error { return tx.SaveGuest(ctx, late) }); err != nil {
		t.Fatal(err)
	}
	w.pass(28 * time.Hour)
	w.rounds(t, 1)
	if k := w.kinds(t); k[community.LetterThanks] != 1 {
		t.Fatal(k)
	}
	w.pass(90 * 24 * time.Hour)
	w.rounds(t, 0)
}

// What was slept through is made up for while it is of use, and moving a
// conference makes new rounds.
func TestRoundsCatchUp(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.conf(t, func(c *community.Conference) {
		c.Start, c.End = w.now.Add(72*time.Hour), w.now.Add(74*time.Hour)
	})
	w.mailGuest(t, c, "eva@x.example")
	w.pass(62 * time.Hour) // ten hours before: the day before is late and of use
	w.rounds(t, 1)
	w.pass(5 * time.Hour)
	move := func(d time.Duration) {
		t.Helper()
		if _, err := w.UpdateConference(ctx, console, c.Slug, func(c *community.Conference) error { c.Start, c.End = c.Start.Add(d), c.End.Add(d); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	move(48 * time.Hour)
	w.rounds(t, 0)
	w.pass(47*time.Hour + time.Minute) // less than six hours before: too late for the day, too early for the hours
	w.rounds(t, 0)
	w.pass(4 * time.Hour)
	w.rounds(t, 1)
	if k := w.kinds(t); k[community.LetterReminder] != 2 {
		t.Fatal(k)
	}
	day := w.conf(t, func(c *community.Conference) {
		c.Start, c.AllDay, c.End = w.now.Add(50*time.Hour), true, time.Time{}
	})
	w.mailGuest(t, day, "ada@x.example")
	w.mu.Lock()
	w.now = day.Start.Add(-15*time.Hour - time.Minute) // 8:59 the day before
	w.mu.Unlock()
	w.rounds(t, 0)
	w.pass(2 * time.Minute)
	w.rounds(t, 1)
	if _, err := w.CancelConference(ctx, console, day.Slug, ""); err != nil {
		t.Fatal(err)
	}
	w.pass(15 * time.Hour)
	if k := w.kinds(t); k[community.LetterReminder] != 3 {
		t.Fatal(k)
	}
	w.pass(48 * time.Hour)
	if n, err := w.WriteRounds(ctx); err != nil || n > 1 {
		t.Fatal(n, err) // the thanks of the other one
	}
	if k := w.kinds(t); k[community.LetterThanks] > 1 {
		t.Fatal(k)
	}
}

func TestLetterOfDeletion(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.conf(t, nil)
	w.mailGuest(t, c, "eva@x.example")
	if err := w.DeleteConference(ctx, console, c.Slug); err != nil {
		t.Fatal(err)
	}
	list, err := w.store.Letters(ctx, storage.LetterQuery{})
	if err != nil || len(list) != 1 || list[0].Kind != community.LetterDeleted || list[0].ConferenceID != c.ID {
		t.Fatal(list, err)
	}
	var was community.Conference
	if err := json.Unmarshal([]byte(list[0].Args["Conference"]), &was); err != nil || was.UID != c.UID || !was.Start.Equal(c.Start) || was.Title.First() != c.Title.First() {
		t.Fatal(was, err)
	}
	if list[0].Args["Link"] != "https://bg.example/" {
		t.Fatal(list[0].Args)
	}
}
