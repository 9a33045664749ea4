package node

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

// asking publishes a conference with a poll below it.
func (w *world) asking(t *testing.T, change func(*community.Conference)) (*community.Conference, *community.Post) {
	t.Helper()
	c := w.conf(t, func(c *community.Conference) {
		c.RSVP = community.RSVPPoll
		if change != nil {
			change(c)
		}
	})
	poll, err := w.store.PollOf(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	p, err := w.store.PostByID(t.Context(), poll.PostID)
	if err != nil {
		t.Fatal(err)
	}
	return c, p
}

var votes int

func (w *world) vote(t *testing.T, a *community.Actor, p *community.Post, option string) error {
	t.Helper()
	votes++
	return w.ReceiveVote(t.Context(), a, fmt.Sprintf("https://%s/votes/%d", a.Host, votes), w.site.Post(p.Slug), option)
}

func (w *world) mustVote(t *testing.T, a *community.Actor, p *community.Post, option string) {
	t.Helper()
	if err := w.vote(t, a, p, option); err != nil {
		t.Fatal(err)
	}
}

func (w *world) guest(t *testing.T, c *community.Conference, a *community.Actor) community.Guest {
	t.Helper()
	g, err := w.store.Guest(t.Context(), c.ID, storage.GuestKey{ActorID: a.ID})
	if err != nil {
		t.Fatal(err)
	}
	return *g
}

// totals are the numbers that the poll shows at its address.
func (w *world) totals(t *testing.T, p *community.Post) string {
	t.Helper()
	doc, err := w.PostDocument(t.Context(), p.Slug)
	if err != nil {
		t.Fatal(err)
	}
	return tally(object(t, doc))
}

func tally(q map[string]any) string {
	var out []string
	for _, o := range q["oneOf"].([]any) {
		out = append(out, fmt.Sprint(o.(map[string]any)["replies"].(map[string]any)["totalItems"]))
	}
	return strings.Join(out, " ")
}

// toldTotals lists the totals that the queued updates of polls carry.
func (w *world) toldTotals(t *testing.T) []string {
	t.Helper()
	fans, err := w.store.Fanouts(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range fans {
		if f.Audience.Type != "Update" || f.Audience.Object != "Question" {
			continue
		}
		acts, err := w.store.ActivitiesByID(t.Context(), []int64{f.ActivityID})
		if err != nil {
			t.Fatal(err)
		}
		q := object(t, acts[f.ActivityID].JSON)["object"].(map[string]any)
		s := tally(q)
		if q["closed"] != nil {
			s += " closed"
		}
		out = append(out, s)
	}
	return out
}

// One poll that has something wrong with it holds up no other.
func TestPollsDoNotWaitForABrokenOne(t *testing.T) {
	w := newWorld(t)
	broken, _ := w.asking(t, nil)
	_, p := w.asking(t, nil)
	if err := w.write(t.Context(), func(tx *storage.Tx) error { return tx.DeleteConference(t.Context(), broken.ID) }); err != nil {
		t.Fatal(err)
	}
	w.forget(t)
	w.pass(365 * 24 * time.Hour)
	if n, err := w.TellPolls(t.Context()); community.CodeOf(err) == "" || n == 0 {
		t.Errorf("%d polls, %v", n, err)
	}
	poll, err := w.store.Poll(t.Context(), p.ID)
	if err != nil || poll.Closed.IsZero() {
		t.Errorf("the other poll: %+v, %v", poll, err)
	}
	if got := w.toldTotals(t); len(got) != 1 {
		t.Errorf("told %q", got)
	}
}

func TestPollBelowAConference(t *testing.T) {
	w := newWorld(t)
	c, p := w.asking(t, func(c *community.Conference) {
		c.Title = community.Texts{{Lang: "ru", Text: "Вечер *докладов*"}}
	})
	if got := w.queued(t); !slices.Equal(got, []string{"city Create", "node Create", "node Announce", "city Create"}) {
		t.Errorf("queued %q", got)
	}
	fans, err := w.store.Fanouts(t.Context(), 10)
	if err != nil || fans[3].Audience.Order != w.site.Conference(c.Slug) || fans[3].Audience.Object != "Question" || !slices.Equal(fans[3].Audience.Followers, []community.LocalActor{"city"}) {
		t.Fatalf("%+v, %v", fans[3], err)
	}
	doc, err := w.PostDocument(t.Context(), p.Slug)
	if err != nil {
		t.Fatal(err)
	}
	q := object(t, doc)
	options := q["oneOf"].([]any)
	if q["type"] != "Question" || q["inReplyTo"] != w.site.Conference(c.Slug) || len(options) != 3 || options[0].(map[string]any)["name"] != "Приду" ||
		q["endTime"] != c.Start.Format(time.RFC3339) || q["votersCount"] != 0.0 || q["updated"] != nil || q["closed"] != nil ||
		!strings.Contains(q["content"].(string), "«Вечер *докладов*»") || fmt.Sprint(q["contentMap"].(map[string]any)["ru"]) != q["content"] {
		t.Errorf("%s", doc)
	}
	if tally(q) != "0 0 0" {
		t.Error(tally(q))
	}
	if p.Slug != c.Slug+"-poll" || p.Visibility != community.Unlisted {
		t.Errorf("%+v", p)
	}
	// It is no news.
	if n, err := w.store.CountNews(t.Context()); n != 1 || err != nil {
		t.Errorf("%d news, %v", n, err)
	}
	_, err = w.UpdatePost(t.Context(), console, p.Slug, func(*community.Post) error { return nil })
	wantCode(t, err, community.Conflict)
}

// Nobody is asked about what they cannot come to, and nobody who is not told.
func TestNoPoll(t *testing.T) {
	w := newWorld(t)
	none := func(what string, c *community.Conference, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.store.PollOf(t.Context(), c.ID)
		if community.CodeOf(err) != community.NotFound {
			t.Errorf("%s: %v", what, err)
		}
	}
	with := func(change func(*community.Conference)) *community.Conference {
		start := w.now.Add(48 * time.Hour)
		c := &community.Conference{Title: community.Plain("en", "Evening"), Start: start, End: start.Add(2 * time.Hour)}
		if change != nil {
			change(c)
		}
		return c
	}
	add := func(what string, p Publish, change func(*community.Conference)) *community.Conference {
		t.Helper()
		c, err := w.AddConference(t.Context(), console, with(change), p)
		none(what, c, err)
		return c
	}
	add("quiet", Publish{Quiet: true}, nil)
	add("past", Publish{Announce: true}, func(c *community.Conference) { c.Start, c.End = w.now.Add(-4*time.Hour), w.now.Add(-time.Hour) })
	add("running", Publish{}, func(c *community.Conference) { c.Start = w.now.Add(-time.Hour) })
	add("external", Publish{}, func(c *community.Conference) {
		c.JoinMode, c.ExternalURL = community.External, "https://tickets.example/1"
	})
	add("cancelled", Publish{}, func(c *community.Conference) { c.Status = community.Cancelled })
	words := add("words", Publish{}, func(c *community.Conference) { c.RSVP = community.RSVPWords })
	off := add("off", Publish{}, func(c *community.Conference) { c.RSVP = community.RSVPOff })
	draft := add("draft", Publish{}, func(c *community.Conference) { c.Draft = true })
	res, err := w.ImportConferences(t.Context(), console, []community.Conference{*with(nil)}, false)
	if err != nil {
		t.Fatal(err)
	}
	imported, err := w.store.Conference(t.Context(), res.Slugs[0])
	none("imported", imported, err)
	change := func(c *community.Conference, f func(*community.Conference)) (*community.Conference, error) {
		return w.UpdateConference(t.Context(), console, c.Slug, func(c *community.Conference) error { f(c); return nil })
	}
	c, err := change(imported, func(c *community.Conference) { c.Cost = "free" })
	none("imported and changed", c, err)

	// Switched on, or published: now everyone is asked, once.
	for _, c := range []*community.Conference{words, off, imported} {
		for range 2 {
			if _, err := change(c, func(c *community.Conference) { c.RSVP = community.RSVPPoll }); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.store.PollOf(t.Context(), c.ID); err != nil {
			t.Errorf("%s: %v", c.Slug, err)
		}
	}
	if _, err := w.PublishConference(t.Context(), console, draft.Slug, Publish{}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.PollOf(t.Context(), draft.ID); err != nil {
		t.Errorf("published: %v", err)
	}
	// An import that follows leaves the setting of stewards alone.
	row := with(func(c *community.Conference) {
		c.UID, c.RSVP, c.Replies = imported.UID, community.RSVPOff, community.RepliesClosed
	})
	row.Start, row.End = row.Start.Add(time.Hour), row.End.Add(time.Hour)
	if res, err := w.ImportConferences(t.Context(), console, []community.Conference{*row}, false); err != nil || res.Changed != 1 {
		t.Fatalf("%+v, %v", res, err)
	}
	if c, err := w.store.Conference(t.Context(), imported.Slug); err != nil || c.RSVP != community.RSVPPoll || c.Replies != community.RepliesOpen {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestVotesAreGuests(t *testing.T) {
	w := newWorld(t)
	c, p := w.asking(t, func(c *community.Conference) { c.Capacity = 1 })
	a, e := w.stranger(t, bob), w.stranger(t, eve)
	w.mustVote(t, a, p, "I'm coming")
	g := w.guest(t, c, a)
	if g.State != community.Going || g.Via != community.ByPoll || g.AnswerURI == "" || g.Plus != 0 {
		t.Fatalf("%+v", g)
	}
	w.mustVote(t, e, p, " приду ") // in another language, spaced and small
	wantState(t, w.guest(t, c, e), community.Waitlisted)
	if got := w.totals(t, p); got != "1 0 0" {
		t.Errorf("totals %q", got)
	}
	if got := w.messages(t, a); len(got) != 1 || !strings.HasPrefix(got[0], "@x You have a seat at Evening of short talks.\n\nTue 24 Nov 16:00–18:00 · Platz, Belgrade\n\nChange your answer: https://bg.example/rsvp/") {
		t.Errorf("%q", got)
	}
	if got := w.messages(t, e); len(got) != 1 || !strings.Contains(got[0], "You are number 1 in the waiting list") {
		t.Errorf("%q", got)
	}
	// A later vote counts, and whoever waits moves up and hears of it.
	w.mustVote(t, a, p, "Not this time")
	wantState(t, w.guest(t, c, a), community.NotGoing)
	wantState(t, w.guest(t, c, e), community.Going)
	if got := w.messages(t, e); len(got) != 2 || !strings.Contains(got[1], "A seat has become free") {
		t.Errorf("%q", got)
	}
	if got := w.messages(t, a); len(got) != 2 || !strings.Contains(got[1], "you are not coming") {
		t.Errorf("%q", got)
	}
	if got := w.totals(t, p); got != "1 0 1" {
		t.Errorf("totals %q", got)
	}
	w.mustVote(t, a, p, "Maybe")
	if got := w.totals(t, p); got != "1 1 0" {
		t.Errorf("totals %q", got)
	}

	wantCode(t, w.vote(t, a, p, "Other"), community.Refused)
	wantCode(t, w.ReceiveVote(t.Context(), a, "https://evil.example/v/1", w.site.Post(p.Slug), "Maybe"), community.Forbidden)
	wantCode(t, w.ReceiveVote(t.Context(), a, "https://far.example/v/1", "https://other.example/q", "Maybe"), community.Refused)
	wantCode(t, w.ReceiveVote(t.Context(), a, "https://far.example/v/1", w.site.Post("none"), "Maybe"), community.NotFound)
	post, err := w.AddPost(t.Context(), console, &community.Post{Text: community.Plain("en", "Hello")}, Publish{})
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.ReceiveVote(t.Context(), a, "https://far.example/v/1", w.site.Post(post.Slug), "Maybe"), community.Refused)
	group := &community.Actor{URI: "https://far.example/g", Type: "Group", Host: "far.example", Inbox: "https://far.example/i"}
	if _, err := w.SaveActor(t.Context(), group); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.vote(t, group, p, "Maybe"), community.Refused)
}

// The totals go out when votes rest, one time for many, and once more when
// voting is over.
func TestTotalsAreToldTogether(t *testing.T) {
	w := newWorld(t)
	c, p := w.asking(t, nil)
	w.forget(t)
	tell := func(want ...string) {
		t.Helper()
		w.forget(t)
		if _, err := w.TellPolls(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := w.toldTotals(t); !slices.Equal(got, want) {
			t.Errorf("told %q, want %q", got, want)
		}
	}
	someone := func(i int) *community.Actor { return w.stranger(t, fmt.Sprintf("https://far.example/u/%d", i)) }
	for i := range 5 {
		w.mustVote(t, someone(i), p, "I'm coming")
	}
	tell() // too soon after it was posted
	w.pass(pollPause)
	tell("5 0 0")
	tell()
	w.mustVote(t, someone(1), p, "Maybe")
	tell()
	w.pass(pollPause)
	w.mustAnswer(t, c.Slug, "zoe@x.example", community.Want{State: community.Going, Plus: 2}) // by another way
	tell("7 1 0")
	w.mustVote(t, someone(1), p, "I'm coming")
	w.mustVote(t, someone(1), p, "Maybe")
	w.pass(pollPause)
	tell() // nothing is different
	w.pass(time.Hour)
	tell()
	w.mustVote(t, someone(9), p, "Not this time")
	tell("7 1 1") // at once after a rest

	// Voting ends when the conference begins.
	w.pass(c.Start.Sub(w.now) - time.Second)
	tell()
	w.pass(time.Second)
	tell("7 1 1 closed")
	w.pass(time.Hour)
	tell()
	w.forget(t)
	w.mustVote(t, someone(10), p, "I'm coming")
	if _, err := w.store.Guest(t.Context(), c.ID, storage.GuestKey{ActorID: someone(10).ID}); community.CodeOf(err) != community.NotFound {
		t.Errorf("a guest after the beginning: %v", err)
	}
	if got := w.messages(t, someone(10)); len(got) != 1 || !strings.Contains(got[0], "has begun") {
		t.Errorf("%q", got)
	}
	w.mustVote(t, someone(2), p, "Not this time") // to stay away is always possible
	wantState(t, w.guest(t, c, someone(2)), community.NotGoing)
}

// A poll follows its conference.
func TestPollFollowsTheConference(t *testing.T) {
	w := newWorld(t)
	c, p := w.asking(t, nil)
	a := w.stranger(t, bob)
	w.mustVote(t, a, p, "I'm coming")
	w.forget(t)
	ends := func() (string, bool) {
		doc, err := w.PostDocument(t.Context(), p.Slug)
		if err != nil {
			t.Fatal(err)
		}
		q := object(t, doc)
		return q["endTime"].(string), q["closed"] != nil
	}
	change := func(f func(*community.Conference)) *community.Conference {
		t.Helper()
		w.forget(t)
		c, err := w.UpdateConference(t.Context(), console, c.Slug, func(c *community.Conference) error { f(c); return nil })
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	later := change(func(c *community.Conference) { c.Start, c.End = c.Start.Add(time.Hour), c.End.Add(time.Hour) })
	if got, closed := ends(); got != later.Start.Format(time.RFC3339) || closed || !slices.Equal(w.toldTotals(t), []string{"1 0 0"}) {
		t.Errorf("ends %s, closed %v, told %q", got, closed, w.toldTotals(t))
	}
	change(func(c *community.Conference) { c.Cost = "free" })
	if got := w.toldTotals(t); len(got) != 0 {
		t.Errorf("told %q", got)
	}
	w.forget(t)
	if _, err := w.CancelConference(t.Context(), console, c.Slug, ""); err != nil {
		t.Fatal(err)
	}
	if _, closed := ends(); !closed || !slices.Equal(w.toldTotals(t), []string{"1 0 0 closed"}) {
		t.Errorf("closed %v, told %q", closed, w.toldTotals(t))
	}
	if got := w.messages(t, a); len(got) != 2 || !strings.Contains(got[1], "is cancelled") || strings.Contains(got[1], "/rsvp/") {
		t.Errorf("%q", got)
	}
	e := w.stranger(t, eve)
	w.mustVote(t, e, p, "I'm coming")
	if got := w.messages(t, e); len(got) != 1 || !strings.Contains(got[0], "is cancelled") {
		t.Errorf("%q", got)
	}
	change(func(c *community.Conference) { c.Status = community.Scheduled })
	if _, closed := ends(); closed || !slices.Equal(w.toldTotals(t), []string{"1 0 0"}) {
		t.Errorf("closed %v, told %q", closed, w.toldTotals(t))
	}
	change(func(c *community.Conference) { c.RSVP = community.RSVPWords })
	if got := w.toldTotals(t); !slices.Equal(got, []string{"1 0 0 closed"}) {
		t.Errorf("told %q", got)
	}
	change(func(c *community.Conference) { c.RSVP = community.RSVPPoll })
	if got := w.toldTotals(t); !slices.Equal(got, []string{"1 0 0"}) {
		t.Errorf("told %q", got)
	}

	// Deleted by a steward it does not come back; with its conference it goes.
	w.forget(t)
	if err := w.DeletePost(t.Context(), console, p.Slug); err != nil {
		t.Fatal(err)
	}
	change(func(c *community.Conference) { c.Cost = "500 RSD" })
	if _, err := w.store.PollOf(t.Context(), c.ID); community.CodeOf(err) != community.NotFound {
		t.Error(err)
	}
	wantState(t, w.guest(t, c, a), community.Going)
	other, q := w.asking(t, nil)
	w.mustVote(t, a, q, "I'm coming")
	w.forget(t)
	if err := w.DeleteConference(t.Context(), console, other.Slug); err != nil {
		t.Fatal(err)
	}
	_, err := w.PostDocument(t.Context(), q.Slug)
	wantCode(t, err, community.Gone)
	if got := w.queued(t); !slices.Equal(got, []string{"city Create", "city Delete", "city Delete", "node Delete"}) {
		t.Errorf("queued %q", got)
	}
	if stone, err := w.store.Tombstone(t.Context(), "posts/"+q.Slug); err != nil || stone.FormerType != "Question" {
		t.Errorf("%+v, %v", stone, err)
	}
}

// Who is kept out holds nothing and is told nothing; who is silenced comes like
// everyone.
func TestBlockedGuests(t *testing.T) {
	w := newWorld(t)
	c, p := w.asking(t, func(c *community.Conference) { c.Capacity = 1 })
	a, e := w.stranger(t, bob), w.stranger(t, eve)
	w.mustVote(t, e, p, "I'm coming")
	w.mustVote(t, a, p, "I'm coming")
	if err := w.AddBlock(t.Context(), console, &community.Block{Domain: "far.example", Severity: community.Silence}); err != nil {
		t.Fatal(err)
	}
	wantState(t, w.guest(t, c, a), community.Waitlisted)
	if err := w.AddBlock(t.Context(), console, &community.Block{ActorURI: eve}); err != nil {
		t.Fatal(err)
	}
	wantState(t, w.guest(t, c, e), community.NotGoing)
	wantState(t, w.guest(t, c, a), community.Going)
	if got := w.messages(t, a); len(got) != 2 || !strings.Contains(got[1], "A seat has become free") {
		t.Errorf("%q", got)
	}
	wantCode(t, w.vote(t, e, p, "I'm coming"), community.Forbidden)
	if got := w.messages(t, e); len(got) != 2 || !strings.Contains(got[1], "You can take no part") {
		t.Errorf("%q", got)
	}
}

func TestOrganisersDecide(t *testing.T) {
	w := newWorld(t)
	c, p := w.asking(t, func(c *community.Conference) { c.JoinMode = community.Restricted })
	a := w.stranger(t, bob)
	w.mustVote(t, a, p, "I'm coming")
	g := w.guest(t, c, a)
	wantState(t, g, community.Pending)
	if _, err := w.ApproveGuest(t.Context(), console, c.Slug, g.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.DeclineGuest(t.Context(), console, c.Slug, g.ID); err != nil {
		t.Fatal(err)
	}
	w.mustVote(t, a, p, "I'm coming")
	wantState(t, w.guest(t, c, a), community.Declined)
	got := w.messages(t, a)
	for i, want := range []string{"The organisers decide", "You have a seat", "turned this down"} {
		if i >= len(got) || !strings.Contains(got[i], want) {
			t.Fatalf("%q has no %q", got, want)
		}
	}
	if got := w.totals(t, p); got != "0 0 0" {
		t.Errorf("totals %q", got)
	}
	// Who came by Join hears by Accept, and gets no message.
	e := w.stranger(t, eve)
	if err := w.ReceiveJoin(t.Context(), e, "https://evil.example/j/1", w.site.Conference(c.Slug), "", 0); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ApproveGuest(t.Context(), console, c.Slug, w.guest(t, c, e).ID); err != nil {
		t.Fatal(err)
	}
	if got := w.messages(t, e); len(got) != 0 {
		t.Errorf("%q", got)
	}
}
