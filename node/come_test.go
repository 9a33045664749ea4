package node

import (
	"slices"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

// byMail is what someone fills in.
func byMail(email string, want community.Want) Coming {
	return Coming{Want: want, Email: email, Details: community.Details{Name: "Eva", Lang: "ru"}}
}

// token is that of the newest letter to an address.
func (w *world) letterToken(t *testing.T, to string) string {
	t.Helper()
	list, err := w.store.Letters(t.Context(), storage.LetterQuery{Address: to, Limit: 1})
	if err != nil || len(list) == 0 {
		t.Fatalf("no letter to %s: %v", to, err)
	}
	return strings.TrimPrefix(list[0].Args["Link"], "https://bg.example/rsvp/")
}

func (w *world) emailGuest(t *testing.T, c *community.Conference, email string) community.Guest {
	t.Helper()
	g, err := w.store.Guest(t.Context(), c.ID, storage.GuestKey{Email: email})
	if err != nil {
		t.Fatal(err)
	}
	return *g
}

// What someone says by e-mail counts once they opened the link; who typed the
// address learns nothing.
func TestComeByMail(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.conf(t, func(c *community.Conference) { c.Capacity = 2 })
	in := byMail(" Eva@X.example ", community.Want{State: community.Going, Plus: 1})
	token, err := w.ComeByMail(ctx, c.Slug, in, true)
	if err != nil || token != "" {
		t.Fatal(token, err)
	}
	g := w.emailGuest(t, c, "eva@x.example")
	if g.State != community.Unconfirmed || g.Wanted != community.Going || g.Plus != 1 || !g.Expires.Equal(w.now.Add(48*time.Hour)) || g.Lang != "ru" {
		t.Fatalf("%+v", g)
	}
	if got := w.letters(t); !slices.Equal(got, []string{"confirm eva@x.example"}) {
		t.Fatal(got)
	}
	if fresh, err := w.store.Conference(ctx, c.Slug); err != nil || fresh.Seats != (community.Seats{}) {
		t.Fatalf("%+v, %v", fresh.Seats, err)
	}
	token = w.letterToken(t, "eva@x.example")
	v, err := w.RSVP(ctx, token)
	if err != nil || v.Guest.State != community.Unconfirmed {
		t.Fatalf("%+v, %v", v, err)
	}
	for range 2 { // pressing twice changes nothing
		if v, err = w.ConfirmRSVP(ctx, token); err != nil || v.Guest.State != community.Going || v.Guest.Plus != 1 || !v.Guest.Expires.IsZero() || v.Guest.Wanted != "" {
			t.Fatalf("%+v, %v", v.Guest, err)
		}
	}
	if got := w.letters(t); !slices.Equal(got, []string{"confirm eva@x.example", "going eva@x.example"}) {
		t.Fatal(got)
	}
	// Someone else types the address: nothing changes, and it gets its link again.
	if token, err := w.ComeByMail(ctx, c.Slug, byMail("eva@x.example", notGoing), true); err != nil || token != "" {
		t.Fatal(token, err)
	}
	wantState(t, w.emailGuest(t, c, "eva@x.example"), community.Going)
	if got := w.letters(t); len(got) != 3 {
		t.Fatal(got)
	}
	for range 2 * maxConfirms {
		if _, err := w.ComeByMail(ctx, c.Slug, byMail("eva@x.example", going), true); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.letters(t); len(got) != maxConfirms {
		t.Fatalf("%d letters", len(got))
	}
	// Full by now: the next one waits.
	if _, err := w.ComeByMail(ctx, c.Slug, byMail("ben@x.example", going), true); err != nil {
		t.Fatal(err)
	}
	if v, err = w.ConfirmRSVP(ctx, w.letterToken(t, "ben@x.example")); err != nil || v.Guest.State != community.Waitlisted || v.Place != 1 {
		t.Fatalf("%+v, %v", v, err)
	}
	// Who did not mean it is forgotten, and so is who never says.
	for _, name := range []string{"cy@x.example", "dan@x.example"} {
		if _, err := w.ComeByMail(ctx, c.Slug, byMail(name, going), true); err != nil {
			t.Fatal(err)
		}
	}
	token = w.letterToken(t, "cy@x.example")
	if v, err := w.ChangeRSVP(ctx, token, notGoing, nil); err != nil || v != nil {
		t.Fatal(v, err)
	}
	_, err = w.RSVP(ctx, token)
	wantCode(t, err, community.NotFound)
	if n, err := w.LapseGuests(ctx); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	token = w.letterToken(t, "dan@x.example")
	w.pass(47 * time.Hour)
	if _, err := w.RSVP(ctx, token); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Hour)
	_, err = w.ConfirmRSVP(ctx, token)
	wantCode(t, err, community.NotFound)
	if n, err := w.LapseGuests(ctx); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if n, err := w.LapseGuests(ctx); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	if _, err := w.store.Guest(ctx, c.ID, storage.GuestKey{Email: "dan@x.example"}); community.CodeOf(err) != community.NotFound {
		t.Fatal(err)
	}
}

// Without a mail server the answer counts at once and the link is handed out once.
func TestComeByMailWithoutMail(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.conf(t, func(c *community.Conference) {
		c.Questions = []community.Question{{Key: "q1", Text: "What do you eat?", Kind: community.AskText, Required: true}}
	})
	in := byMail("eva@x.example", going)
	_, err := w.ComeByMail(ctx, c.Slug, in, false)
	wantCode(t, err, community.Invalid)
	in.Details.Answers = map[string]string{"q1": "fish", "other": "x"}
	in.Details.Shown = community.ShownToEveryone
	token, err := w.ComeByMail(ctx, c.Slug, in, false)
	if err != nil || token == "" {
		t.Fatal(token, err)
	}
	v, err := w.RSVP(ctx, token)
	if err != nil || v.Guest.State != community.Going || v.Guest.Answers["q1"] != "fish" || len(v.Guest.Answers) != 1 || v.Guest.Shown != community.ShownToEveryone || v.Guest.Name != "Eva" {
		t.Fatalf("%+v, %v", v, err)
	}
	_, err = w.ComeByMail(ctx, c.Slug, in, false)
	wantCode(t, err, community.Conflict)
	v, err = w.ChangeRSVP(ctx, token, going, &community.Details{Name: "Éva", Comment: "late", Answers: map[string]string{"q1": "meat"}, Shown: community.ShownToOrganisers})
	if err != nil || v.Guest.Name != "Éva" || v.Guest.Comment != "late" || v.Guest.Answers["q1"] != "meat" || v.Guest.Shown != community.ShownToOrganisers {
		t.Fatalf("%+v, %v", v, err)
	}
	_, err = w.ChangeRSVP(ctx, token, going, &community.Details{Name: "Éva"})
	wantCode(t, err, community.Invalid) // the question

	// What cannot be is refused with the fields that are wrong.
	for _, bad := range []Coming{
		{Want: going, Email: "x@y.example"}, byMail("nobody", going), byMail("a b@x.example", going), byMail("x@y.example\r\nBcc: z@z.example", going),
		byMail("x@y.example", community.Want{State: "perhaps"}), byMail("x@y.example", community.Want{State: community.Going, Plus: 10}),
		byMail(strings.Repeat("a", 250)+"@x.example", going),
	} {
		_, err := w.ComeByMail(ctx, c.Slug, bad, true)
		wantCode(t, err, community.Invalid)
	}
	_, err = w.ComeByMail(ctx, "nowhere", in, true)
	wantCode(t, err, community.NotFound)
	w.pass(49 * time.Hour) // it goes on
	_, err = w.ComeByMail(ctx, c.Slug, byMail("late@x.example", going), true)
	wantCode(t, err, community.Refused)
	if n := len(w.letters(t)); n != 1 {
		t.Errorf("%d letters", n) // the one that says she comes
	}
}

// A direct message proves a handle, from whatever server.
func TestComeByHandle(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.conf(t, nil)
	a := w.stranger(t, bob)
	in := Coming{Want: going, Details: community.Details{Lang: "en"}}
	if err := w.ComeByHandle(ctx, c.Slug, in, a); err != nil {
		t.Fatal(err)
	}
	if g := w.guest(t, c, a); g.State != community.Unconfirmed || g.Via != community.ByLink {
		t.Fatalf("%+v", g)
	}
	token := w.token(t, w.guest(t, c, a))
	told := w.messages(t, a)
	if len(told) != 1 || !strings.Contains(told[0], w.site.RSVP(token)) || !strings.Contains(told[0], "until then it does not count") {
		t.Fatalf("%q", told)
	}
	v, err := w.ConfirmRSVP(ctx, token)
	if err != nil || v.Guest.State != community.Going || v.Guest.Via != community.ByLink {
		t.Fatalf("%+v, %v", v, err)
	}
	// Asked for again, whoever does: the link, and nothing else.
	if err := w.ComeByHandle(ctx, c.Slug, Coming{Want: notGoing}, a); err != nil {
		t.Fatal(err)
	}
	wantState(t, w.guest(t, c, a), community.Going)
	if told = w.messages(t, a); len(told) != 2 || !strings.Contains(told[1], "You have a seat") {
		t.Fatalf("%q", told)
	}
	for range maxPointedToOne - 2 {
		if err := w.ComeByHandle(ctx, c.Slug, in, a); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Second)
	}
	wantCode(t, w.ComeByHandle(ctx, c.Slug, in, a), community.Refused)
	// A vote proves it as well.
	e := w.stranger(t, eve)
	if err := w.ComeByHandle(ctx, c.Slug, in, e); err != nil {
		t.Fatal(err)
	}
	if err := w.ReceiveJoin(ctx, e, "https://far.example/j/9", w.site.Conference(c.Slug), "", 0); err != nil {
		t.Fatal(err)
	}
	if g := w.guest(t, c, e); g.State != community.Going || !g.Expires.IsZero() {
		t.Fatalf("%+v", g)
	}
	group := w.stranger(t, "https://far.example/g/1")
	group.Type = "Group"
	wantCode(t, w.ComeByHandle(ctx, c.Slug, in, group), community.Refused)
	off := w.conf(t, func(c *community.Conference) { c.RSVP = community.RSVPOff })
	wantCode(t, w.ComeByHandle(ctx, off.Slug, in, e), community.Refused)
}

// A member who is signed in answers with one button.
func TestMemberComes(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.conf(t, nil)
	anna, err := w.store.Member(ctx, "anna")
	if err != nil {
		t.Fatal(err)
	}
	by := By{Member: anna}
	_, err = w.RSVPOf(ctx, by, c)
	wantCode(t, err, community.NotFound)
	_, err = w.RSVPOf(ctx, By{}, c)
	wantCode(t, err, community.NotFound)
	_, err = w.Come(ctx, By{}, c.Slug, Coming{Want: going})
	wantCode(t, err, community.Forbidden)
	g, err := w.Come(ctx, by, c.Slug, Coming{Want: community.Want{State: community.Going, Plus: 2}, Details: community.Details{Comment: "hi"}})
	if err != nil || g.State != community.Going || g.Comment != "hi" {
		t.Fatalf("%+v, %v", g, err)
	}
	v, err := w.RSVPOf(ctx, by, c)
	if err != nil || v.Guest.Plus != 2 || v.Token == "" {
		t.Fatalf("%+v, %v", v, err)
	}
	if same, err := w.RSVP(ctx, v.Token); err != nil || same.Guest.ID != g.ID {
		t.Fatalf("%+v, %v", same, err)
	}
	if err := w.SuspendMember(ctx, console, "anna", true); err == nil {
		_, err = w.RSVP(ctx, v.Token)
		wantCode(t, err, community.Forbidden)
	}
}

// Offered, taken, passed on, lapsed: whoever is next has it, and all hear of it.
func TestSeatIsOffered(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.conf(t, func(c *community.Conference) {
		c.Capacity, c.OfferHours, c.Start, c.End = 1, 12, w.now.Add(10*24*time.Hour), w.now.Add(10*24*time.Hour+time.Hour)
	})
	tokens := map[string]string{}
	for _, name := range []string{"a", "b", "c"} {
		token, err := w.ComeByMail(ctx, c.Slug, byMail(name+"@x.example", going), false)
		if err != nil {
			t.Fatal(err)
		}
		tokens[name] = token
		w.pass(time.Second)
	}
	far := w.stranger(t, bob) // by Join: their server knows no offers
	if err := w.ReceiveJoin(ctx, far, "https://far.example/j/1", w.site.Conference(c.Slug), "", 0); err != nil {
		t.Fatal(err)
	}
	states := func(want ...community.GuestState) {
		t.Helper()
		got := []community.GuestState{}
		for _, name := range []string{"a", "b", "c"} {
			got = append(got, w.emailGuest(t, c, name+"@x.example").State)
		}
		if got = append(got, w.guest(t, c, far).State); !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
	}
	no, wait, offer, in := community.NotGoing, community.Waitlisted, community.SeatOffered, community.Going
	states(in, wait, wait, wait)
	if _, err := w.ChangeRSVP(ctx, tokens["a"], notGoing, nil); err != nil {
		t.Fatal(err)
	}
	states(no, offer, wait, wait)
	if fresh, err := w.store.Conference(ctx, c.Slug); err != nil || fresh.Seats.Offered != 1 {
		t.Fatalf("%+v, %v", fresh.Seats, err)
	} else if left, _ := fresh.SeatsLeft(); left != 0 {
		t.Fatalf("%d left", left)
	}
	if got := w.letters(t); !slices.Contains(got, "offered b@x.example") {
		t.Fatal(got)
	}
	w.pass(time.Second)
	if v, err := w.PassSeat(ctx, tokens["b"]); err != nil || v.Guest.State != wait || v.Place != 2 {
		t.Fatalf("%+v, %v", v, err)
	}
	states(no, wait, offer, wait)
	_, err := w.PassSeat(ctx, tokens["b"])
	wantCode(t, err, community.Conflict)
	// Nobody says anything for twelve hours: who came by Join has it at once.
	w.pass(12 * time.Hour)
	w.forget(t)
	for i := range 2 {
		n, err := w.LapseGuests(ctx)
		if err != nil || n != 1-i {
			t.Fatal(n, err)
		}
	}
	states(no, wait, wait, in)
	if got := w.queued(t); !slices.Contains(got, "city Accept") {
		t.Fatal(got)
	}
	if v, err := w.RSVP(ctx, tokens["c"]); err != nil || v.Place != 2 || v.Free {
		t.Fatalf("%+v, %v", v, err)
	}
	// It gets free again while both are passed over: they may take it themselves.
	if err := w.ReceiveLeave(ctx, far, w.site.Conference(c.Slug), ""); err != nil {
		t.Fatal(err)
	}
	states(no, wait, wait, no)
	if v, err := w.RSVP(ctx, tokens["c"]); err != nil || !v.Free {
		t.Fatalf("%+v, %v", v, err)
	}
	if v, err := w.ChangeRSVP(ctx, tokens["c"], going, nil); err != nil || v.Guest.State != in {
		t.Fatalf("%+v, %v", v, err)
	}
	// A day later b is asked again, on time, without anyone looking: the answer of
	// another lapses what is due.
	if _, err := w.ChangeRSVP(ctx, tokens["c"], notGoing, nil); err != nil {
		t.Fatal(err)
	}
	states(no, wait, no, no)
	w.pass(13 * time.Hour)
	if v, err := w.ChangeRSVP(ctx, tokens["a"], going, nil); err != nil || v.Guest.State != wait {
		t.Fatalf("%+v, %v", v, err)
	}
	states(wait, offer, no, no)
	if _, err := w.ChangeRSVP(ctx, tokens["b"], going, nil); err != nil {
		t.Fatal(err)
	}
	states(wait, in, no, no)
	// What is cancelled offers nothing.
	if _, err := w.ChangeRSVP(ctx, tokens["b"], notGoing, nil); err != nil {
		t.Fatal(err)
	}
	states(offer, no, no, no)
	if _, err := w.CancelConference(ctx, console, c.Slug, ""); err != nil {
		t.Fatal(err)
	}
	w.pass(13 * time.Hour)
	if n, err := w.LapseGuests(ctx); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	states(wait, no, no, no)
	if n, err := w.LapseGuests(ctx); n != 0 || err != nil {
		t.Fatal(n, err)
	}
}

// Where offers are left to them, stewards let people in.
func TestStewardsPromote(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.conf(t, func(c *community.Conference) { c.Capacity, c.OfferHours = 1, -1 })
	a, b := w.mustAnswer(t, c.Slug, "a@x.example", going), w.mustAnswer(t, c.Slug, "b@x.example", going)
	wantState(t, b, community.Waitlisted)
	_, err := w.PromoteGuest(ctx, console, c.Slug, b.ID)
	wantCode(t, err, community.Refused)
	_, err = w.PromoteGuest(ctx, console, c.Slug, a.ID)
	wantCode(t, err, community.Conflict)
	_, err = w.PromoteGuest(ctx, By{}, c.Slug, b.ID)
	wantCode(t, err, community.Forbidden)
	w.mustAnswer(t, c.Slug, "a@x.example", notGoing)
	wantState(t, w.emailGuest(t, c, "b@x.example"), community.Waitlisted)
	if b, err = w.PromoteGuest(ctx, console, c.Slug, b.ID); err != nil || b.State != community.Going {
		t.Fatalf("%+v, %v", b, err)
	}
	if got := w.letters(t); !slices.Contains(got, "moved_up b@x.example") {
		t.Fatal(got)
	}
}

// One tick signs up for a whole series, those of later as well; one button ends it.
func TestWholeSeries(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	start := w.now.Add(24 * time.Hour)
	_, list, err := w.AddSeries(ctx, console, &community.Conference{Title: community.Plain("en", "Chess"), Start: start, End: start.Add(time.Hour), RSVP: community.RSVPWords}, "FREQ=MONTHLY", Publish{})
	if err != nil || len(list) < 5 {
		t.Fatal(len(list), err)
	}
	// One of them was answered already: that stays.
	w.mustAnswer(t, list[2].Slug, "eva@x.example", notGoing)
	in := byMail("eva@x.example", community.Want{State: community.Going, Plus: 1})
	in.Details.Series = true
	if _, err := w.ComeByMail(ctx, list[1].Slug, in, true); err != nil {
		t.Fatal(err)
	}
	token := w.letterToken(t, "eva@x.example")
	count := func() (n int) {
		t.Helper()
		all, err := w.store.SeriesGuests(ctx, list[0].SeriesID, storage.GuestKey{Email: "eva@x.example"})
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range all {
			if g.State == community.Going && g.Plus == 1 {
				n++
			}
		}
		return n
	}
	if n := count(); n != 0 {
		t.Fatalf("%d seats before it was confirmed", n)
	}
	v, err := w.ConfirmRSVP(ctx, token)
	if err != nil || v.Series != len(list)-1 || count() != len(list)-1 {
		t.Fatalf("%d of %d, %v", count(), len(list), err)
	}
	if got := w.letters(t); len(got) != 2 {
		t.Errorf("a letter for each: %q", got)
	}
	w.pass(40 * 24 * time.Hour)
	more, err := w.ExtendSeries(ctx)
	if err != nil || more == 0 || count() != len(list)-1+more {
		t.Fatalf("%d more, %d seats, %v", more, count(), err)
	}
	all, err := w.store.SeriesGuests(ctx, list[0].SeriesID, storage.GuestKey{Email: "eva@x.example"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = w.LeaveSeries(ctx, w.token(t, all[len(all)-1])); err != nil {
		t.Fatal(err)
	}
	if n := count(); n != 2 { // what is over stays
		t.Errorf("%d seats are left", n)
	}
	w.pass(40 * 24 * time.Hour)
	if more, err := w.ExtendSeries(ctx); err != nil || more == 0 || count() != 2 {
		t.Errorf("%d more, %d seats, %v", more, count(), err)
	}
}
