package node

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

// everyone answers at once.
func everyone(t *testing.T, n int, answer func(i int) error) {
	t.Helper()
	var wg sync.WaitGroup
	errs := make([]error, n)
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = answer(i)
		})
	}
	close(start)
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// roll is the guest list in order: who sits, who is offered a seat, who waits.
func (w *world) roll(t *testing.T, c *community.Conference) (in, offered, waiting []community.Guest) {
	t.Helper()
	guests, err := w.store.Guests(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range guests {
		switch g.State {
		case community.Going:
			in = append(in, g)
		case community.SeatOffered:
			offered = append(offered, g)
		case community.Waitlisted:
			waiting = append(waiting, g)
		}
	}
	return in, offered, waiting
}

// Two hundred want the last seats at once, by e-mail, by letter, by Join and
// signed in: there are as many as there are seats, nobody is lost, and the queue
// is in the order in which they were heard.
func TestTwoHundredOnTheLastSeat(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.conf(t, func(c *community.Conference) { c.Capacity = 7 })
	const n = 200
	tokens, far := make([]string, n), make([]*community.Actor, n)
	for i := range n {
		switch i % 4 {
		case 1:
			if _, err := w.ComeByMail(ctx, c.Slug, byMail(fmt.Sprintf("g%d@x.example", i), going), true); err != nil {
				t.Fatal(err)
			}
			g := w.emailGuest(t, c, fmt.Sprintf("g%d@x.example", i))
			tokens[i] = w.token(t, g)
		case 2:
			far[i] = w.stranger(t, fmt.Sprintf("https://far.example/u/%d", i))
		}
	}
	everyone(t, n, func(i int) error {
		email := fmt.Sprintf("g%d@x.example", i)
		switch i % 4 {
		case 0:
			_, err := w.ComeByMail(ctx, c.Slug, byMail(email, going), false)
			return err
		case 1:
			_, err := w.ConfirmRSVP(ctx, tokens[i])
			return err
		case 2:
			return w.ReceiveJoin(ctx, far[i], fmt.Sprintf("https://far.example/j/%d", i), w.site.Conference(c.Slug), "", 0)
		}
		_, err := w.Answer(ctx, c.Slug, storage.GuestKey{Email: email}, going, "")
		return err
	})
	in, _, waiting := w.roll(t, c)
	if len(in) != 7 || len(waiting) != n-7 {
		t.Fatalf("%d sit, %d wait", len(in), len(waiting))
	}
	if !slices.IsSortedFunc(waiting, func(a, b community.Guest) int { return a.Queued.Compare(b.Queued) }) {
		t.Error("the queue is out of order")
	}
	// And all who sit leave at once: the next seven have the seats, in order.
	next := waiting[:7]
	everyone(t, len(in), func(i int) error {
		return w.write(ctx, func(tx *storage.Tx) error {
			g, err := tx.GuestByID(ctx, in[i].ID)
			if err != nil {
				return err
			}
			return w.leave(ctx, tx, g)
		})
	})
	in, _, waiting = w.roll(t, c)
	if len(in) != 7 || len(waiting) != n-14 {
		t.Fatalf("%d sit, %d wait", len(in), len(waiting))
	}
	for _, g := range in {
		if !slices.ContainsFunc(next, func(o community.Guest) bool { return o.ID == g.ID }) {
			t.Errorf("%s was not next", g.Email)
		}
	}
}

// Seats that are offered are taken, passed on and let lapse by many at once, while
// others ask: none is given twice, and none stays empty while someone waits for it.
func TestOffersUnderARush(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	const seats, n = 5, 60
	c := w.conf(t, func(c *community.Conference) {
		c.Capacity, c.OfferHours, c.Start, c.End = seats, 12, w.now.Add(9*24*time.Hour), w.now.Add(9*24*time.Hour+time.Hour)
	})
	tokens := make([]string, n)
	for i := range n {
		token, err := w.ComeByMail(ctx, c.Slug, byMail(fmt.Sprintf("g%d@x.example", i), going), false)
		if err != nil {
			t.Fatal(err)
		}
		tokens[i] = token
		w.pass(time.Millisecond)
	}
	check := func(when string) {
		t.Helper()
		in, offered, waiting := w.roll(t, c)
		if len(in)+len(offered) > seats {
			t.Fatalf("%s: %d sit and %d seats are kept, of %d", when, len(in), len(offered), seats)
		}
		for _, g := range waiting {
			if g.Expires.IsZero() && len(in)+len(offered) < seats {
				t.Fatalf("%s: a seat stays empty while %s waits", when, g.Email)
			}
		}
	}
	check("before")
	for round := range 4 {
		everyone(t, n, func(i int) error {
			v, err := w.RSVP(ctx, tokens[i])
			if err != nil {
				return err
			}
			switch {
			case v.Guest.State == community.SeatOffered && i%3 == 0:
				_, err = w.PassSeat(ctx, tokens[i])
			case v.Guest.State == community.SeatOffered && i%3 == 1, v.Guest.State == community.NotGoing && i%2 == 0:
				_, err = w.ChangeRSVP(ctx, tokens[i], going, nil)
			case v.Guest.State == community.Going:
				_, err = w.ChangeRSVP(ctx, tokens[i], notGoing, nil)
			default:
				_, err = w.LapseGuests(ctx)
			}
			if community.CodeOf(err) == community.Conflict {
				return nil // it lapsed in between
			}
			return err
		})
		check(fmt.Sprintf("round %d", round))
		w.pass(13 * time.Hour)
		if _, err := w.LapseGuests(ctx); err != nil {
			t.Fatal(err)
		}
		check(fmt.Sprintf("after round %d", round))
	}
}
