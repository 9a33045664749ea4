package node

import (
	"slices"
	"testing"
	"time"

	"konfa/community"
)

// journey is anna, who asked for a seat at a conference elsewhere that begins in
// so many days.
type journey struct {
	*world
	origin *community.Actor
	guest  *community.Guest
}

func newJourney(t *testing.T, days int) *journey {
	t.Helper()
	w := newWorld(t)
	j := &journey{world: w, origin: w.befriend(t)}
	c := w.foreign()
	c.Start = w.now.AddDate(0, 0, days)
	c.End = c.Start.Add(2 * time.Hour)
	if err := w.ReceiveConference(t.Context(), j.origin, c); err != nil {
		t.Fatal(err)
	}
	w.forget(t)
	j.join(t)
	return j
}

func (j *journey) join(t *testing.T) {
	t.Helper()
	g, err := j.JoinElsewhere(t.Context(), console, "anna", event, community.Want{State: community.Going}, "hello")
	if err != nil {
		t.Fatal(err)
	}
	j.guest = g
}

func (j *journey) answer() Answer { return Answer{ObjectURI: j.guest.JoinURI, ObjectType: "Join"} }

// settle works on what is due, and returns what was sent since the last time.
func (j *journey) settle(t *testing.T) (again, given int, sent []string) {
	t.Helper()
	again, given, err := j.SettleJoins(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sent = j.queued(t)
	j.forget(t)
	return again, given, sent
}

func (j *journey) state(t *testing.T) community.GuestState {
	t.Helper()
	g, err := j.store.GuestByID(t.Context(), j.guest.ID)
	if err != nil {
		t.Fatal(err)
	}
	return g.State
}

func (j *journey) wantState(t *testing.T, want community.GuestState) {
	t.Helper()
	if got := j.state(t); got != want {
		t.Fatalf("anna is %s, want %s", got, want)
	}
}

// Who is not answered asks again with the same id, a few times, and hears in the
// end that nobody answers. An answer that comes late still counts.
func TestUnansweredJoin(t *testing.T) {
	j := newJourney(t, 40)
	if _, _, sent := j.settle(t); !slices.Equal(sent, []string{"people/anna Join"}) {
		t.Fatalf("sent %q", sent)
	}
	days := 0
	pass := func(d int, again, given int) {
		t.Helper()
		j.pass(time.Duration(d-days)*24*time.Hour + time.Minute)
		days = d
		a, g, sent := j.settle(t)
		if a != again || g != given || len(sent) != again {
			t.Fatalf("after %d days asked %d times, gave up %d, sent %q", d, a, g, sent)
		}
		if a, g, sent := j.settle(t); a+g+len(sent) != 0 {
			t.Fatalf("after %d days once more: %d %d %q", d, a, g, sent)
		}
	}
	pass(1, 1, 0)
	pass(2, 0, 0)
	pass(3, 1, 0)
	pass(7, 1, 0)
	pass(13, 0, 0)
	j.wantState(t, community.Pending)
	wantKinds(t, j.told(t))
	pass(14, 0, 1)
	j.wantState(t, community.Unanswered)
	wantKinds(t, j.told(t), community.NoticeNoAnswer)
	acts, err := j.store.LastActivity(t.Context(), "people/anna", "Join", event)
	if err != nil || j.site.Activity(acts.UUID) != j.guest.JoinURI {
		t.Fatalf("another Join was made: %v %v", acts, err)
	}
	pass(16, 0, 0)

	// Asked anew by hand: the same Join, since it may stand there.
	before := j.guest.JoinURI
	j.join(t)
	if j.guest.JoinURI != before {
		t.Error("a second Join was made while the first may stand")
	}
	if _, _, sent := j.settle(t); !slices.Equal(sent, []string{"people/anna Join"}) {
		t.Fatalf("sent %q", sent)
	}
	j.pass(15 * 24 * time.Hour)
	j.settle(t)
	j.wantState(t, community.Unanswered)
	if err := j.ReceiveAccept(t.Context(), j.origin, j.answer()); err != nil {
		t.Fatal(err)
	}
	j.wantState(t, community.Going)
	if told := j.told(t); told[0].Kind != community.NoticeAccepted || told[0].Args["Title"] == "" || told[0].Subject == "" {
		t.Fatalf("%+v", told)
	}
}

// When the conference begins, nobody need ask any more.
func TestUnansweredUntilItBegins(t *testing.T) {
	j := newJourney(t, 2)
	j.settle(t)
	j.pass(25 * time.Hour)
	if again, given, _ := j.settle(t); again != 1 || given != 0 {
		t.Fatalf("%d %d", again, given)
	}
	j.pass(24 * time.Hour)
	if again, given, sent := j.settle(t); again != 0 || given != 1 || len(sent) != 0 {
		t.Fatalf("%d %d %q", again, given, sent)
	}
	j.wantState(t, community.Unanswered)
	wantKinds(t, j.told(t), community.NoticeNoAnswer)
}

// Every answer is told, also one that takes another back, and ends the asking.
func TestAnswersElsewhere(t *testing.T) {
	j := newJourney(t, 20)
	ctx := t.Context()
	j.forget(t)
	for _, step := range []struct {
		receive func() error
		state   community.GuestState
		told    community.NoticeKind
	}{
		{func() error { return j.ReceiveTentative(ctx, j.origin, j.answer()) }, community.Waitlisted, community.NoticeWaiting},
		{func() error { return j.ReceiveAccept(ctx, j.origin, j.answer()) }, community.Going, community.NoticeMovedUp},
		{func() error { return j.ReceiveReject(ctx, j.origin, j.answer()) }, community.Declined, community.NoticeDeclined},
		{func() error { return j.ReceiveAccept(ctx, j.origin, j.answer()) }, community.Going, community.NoticeAccepted},
		{func() error { return j.ReceiveIgnore(ctx, j.origin, j.answer()) }, community.Outside, community.NoticeSignUp},
	} {
		before := len(j.told(t))
		for range 2 { // said again changes nothing
			j.pass(time.Minute)
			if err := step.receive(); err != nil {
				t.Fatal(err)
			}
		}
		j.wantState(t, step.state)
		told := j.told(t)
		if step.state != community.Going && len(told) != before+1 || told[0].Kind != step.told {
			t.Fatalf("after %s: %+v", step.state, told)
		}
		if _, err := j.ReadNotices(ctx, console, "anna", 1<<40); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := j.store.Asking(ctx, j.guest.ID); community.CodeOf(err) != community.NotFound {
		t.Errorf("still asking: %v", err)
	}
	// That server never had her: no Leave.
	if err := j.LeaveElsewhere(ctx, console, "anna", event); err != nil {
		t.Fatal(err)
	}
	if sent := j.queued(t); len(sent) != 0 {
		t.Errorf("sent %q", sent)
	}
}

// Who leaves and comes again asks anew; an answer to what she asked before is
// none to that.
func TestLeaveAndComeAgain(t *testing.T) {
	j := newJourney(t, 20)
	ctx := t.Context()
	first := j.answer()
	if err := j.LeaveElsewhere(ctx, console, "anna", event); err != nil {
		t.Fatal(err)
	}
	if err := j.ReceiveAccept(ctx, j.origin, first); err != nil {
		t.Fatal(err)
	}
	j.wantState(t, community.NotGoing)
	j.join(t)
	if j.guest.JoinURI == first.ObjectURI {
		t.Fatal("the Join that she took back was used again")
	}
	first.InnerActor, first.InnerObject = j.site.Actor("people/anna"), event
	if err := j.ReceiveReject(ctx, j.origin, first); err != nil {
		t.Fatal(err)
	}
	j.wantState(t, community.Pending)
	// A server that makes up ids of its own is understood by who asked for what.
	own := Answer{ObjectURI: "https://pkt.example/joins/1", ObjectType: "Join", InnerActor: first.InnerActor, InnerObject: event}
	if err := j.ReceiveAccept(ctx, j.origin, own); err != nil {
		t.Fatal(err)
	}
	j.wantState(t, community.Going)
	if sent := j.queued(t); !slices.Equal(sent, []string{"people/anna Join", "people/anna Leave", "people/anna Join"}) {
		t.Errorf("sent %q", sent)
	}
}

// She hears when the conference is changed, called off or gone where it is from.
func TestChangesElsewhere(t *testing.T) {
	j := newJourney(t, 20)
	ctx := t.Context()
	if err := j.ReceiveAccept(ctx, j.origin, j.answer()); err != nil {
		t.Fatal(err)
	}
	change := func(f func(*community.Conference)) {
		t.Helper()
		j.pass(time.Hour)
		c, err := j.store.ConferenceByURI(ctx, event)
		if err != nil {
			t.Fatal(err)
		}
		c.Updated = j.Now()
		f(c)
		if err := j.ReceiveConference(ctx, j.origin, c); err != nil {
			t.Fatal(err)
		}
	}
	change(func(c *community.Conference) { c.Cost = "free" })
	wantKinds(t, j.told(t), community.NoticeAccepted)
	change(func(c *community.Conference) { c.Start, c.End = c.Start.Add(time.Hour), c.End.Add(time.Hour) })
	wantKinds(t, j.told(t), community.NoticeChanged, community.NoticeAccepted)
	change(func(c *community.Conference) { c.Status = community.Cancelled })
	wantKinds(t, j.told(t), community.NoticeCancelled, community.NoticeChanged, community.NoticeAccepted)
	j.pass(time.Hour)
	if err := j.ReceiveDelete(ctx, j.origin, event); err != nil {
		t.Fatal(err)
	}
	wantKinds(t, j.told(t), community.NoticeDeleted, community.NoticeCancelled, community.NoticeChanged, community.NoticeAccepted)
}

// What was called off while nobody had answered is told once.
func TestCancelledUnanswered(t *testing.T) {
	j := newJourney(t, 20)
	ctx := t.Context()
	c, err := j.store.ConferenceByURI(ctx, event)
	if err != nil {
		t.Fatal(err)
	}
	j.pass(time.Hour)
	c.Status, c.Updated = community.Cancelled, j.Now()
	if err := j.ReceiveConference(ctx, j.origin, c); err != nil {
		t.Fatal(err)
	}
	j.pass(25 * time.Hour)
	j.forget(t)
	if _, given, sent := j.settle(t); given != 1 || len(sent) != 0 {
		t.Fatalf("gave up %d, sent %q", given, sent)
	}
	wantKinds(t, j.told(t), community.NoticeCancelled)
	list, err := j.store.GuestList(ctx, j.guest.MemberID)
	if err != nil || len(list) != 1 || list[0].Guest.State != community.Unanswered {
		t.Fatalf("%+v %v", list, err)
	}
}
