package node

import (
	"slices"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

// calendar lists what the calendar shows, by address.
func (w *world) calendar(t *testing.T) []string {
	t.Helper()
	list, err := w.store.Conferences(t.Context(), storage.ConferenceQuery{Calendar: true})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range list {
		out = append(out, orElse(c.URI, c.Slug))
	}
	slices.Sort(out)
	return out
}

func (w *world) announce1(t *testing.T, uri string) {
	t.Helper()
	if _, err := w.AnnounceConference(t.Context(), console, uri); err != nil {
		t.Fatal(err)
	}
}

func TestTwinsAreShownOnce(t *testing.T) {
	w := newWorld(t)
	phuket, group := w.sisterCity(t, "phuket.example", community.AnnounceNever), w.sisterCity(t, "mobilizon.example", community.AnnounceNever)
	start := w.now.Add(72 * time.Hour)
	title := func(c *community.Conference) {
		c.Title, c.Start, c.End = community.Plain("en", "Beach clean-up"), start, start.Add(time.Hour)
	}
	a := w.receive(t, phuket, w.theirs(phuket, "a", title))
	b := w.receive(t, group, w.theirs(group, "b", title))
	if b.TwinOf != a.ID || a.TwinOf != 0 {
		t.Fatalf("twins of %d and %d", a.TwinOf, b.TwinOf)
	}
	if list, err := w.Elsewhere(t.Context(), 10); err != nil || len(list) != 1 || list[0].ID != a.ID {
		t.Errorf("elsewhere: %+v, %v", list, err)
	}
	// Whichever is announced is shown; of both, the first.
	w.announce1(t, b.URI)
	if got := w.calendar(t); !slices.Equal(got, []string{b.URI}) {
		t.Errorf("the calendar has %q", got)
	}
	w.pass(time.Second)
	w.announce1(t, a.URI)
	if got := w.calendar(t); !slices.Equal(got, []string{b.URI}) {
		t.Errorf("both announced: %q", got)
	}
	// It goes, and the other one is there.
	if err := w.ReceiveDelete(t.Context(), group, b.URI); err != nil {
		t.Fatal(err)
	}
	if got := w.calendar(t); !slices.Equal(got, []string{a.URI}) {
		t.Errorf("after the deletion: %q", got)
	}
	// A change parts them, another one joins them.
	c := w.receive(t, group, w.theirs(group, "c", title))
	w.announce1(t, c.URI)
	if got := w.calendar(t); !slices.Equal(got, []string{a.URI}) {
		t.Errorf("a third: %q", got)
	}
	later := func(by time.Duration) func(*community.Conference) {
		return func(c *community.Conference) {
			title(c)
			c.Updated = c.Updated.Add(by)
			if by == time.Minute {
				c.Title = community.Plain("en", "Something else")
			}
		}
	}
	w.receive(t, phuket, w.theirs(phuket, "a", later(time.Minute)))
	if got := w.calendar(t); !slices.Equal(got, []string{c.URI, a.URI}) {
		t.Errorf("another title: %q", got)
	}
	w.receive(t, phuket, w.theirs(phuket, "a", later(time.Hour)))
	if got := w.calendar(t); len(got) != 1 {
		t.Errorf("the same again: %q", got)
	}
	// A steward knows better.
	newcomer := By{Member: &community.Member{Handle: "boris", Role: community.Newcomer}}
	_, err := w.KeepApart(t.Context(), newcomer, c.ID, false)
	wantCode(t, err, community.Forbidden)
	if _, err := w.KeepApart(t.Context(), console, c.ID, false); err != nil {
		t.Fatal(err)
	}
	if got := w.calendar(t); len(got) != 2 {
		t.Errorf("kept apart: %q", got)
	}
	_, err = w.KeepApart(t.Context(), console, c.ID, false)
	wantCode(t, err, community.Conflict)
	w.receive(t, phuket, w.theirs(phuket, "a", later(2*time.Hour)))
	if got := w.calendar(t); len(got) != 2 {
		t.Errorf("a change put them together again: %q", got)
	}
	if _, err := w.KeepApart(t.Context(), console, c.ID, true); err != nil {
		t.Fatal(err)
	}
	if got := w.calendar(t); len(got) != 1 {
		t.Errorf("together again: %q", got)
	}
	_, err = w.KeepApart(t.Context(), console, c.ID, true)
	wantCode(t, err, community.Conflict)
}

// A copy of a conference of ours on another server is not shown beside it.
func TestOursComesFirst(t *testing.T) {
	w := newWorld(t)
	group := w.sisterCity(t, "mobilizon.example", community.AnnounceAuto)
	own := w.conf(t, nil)
	w.forget(t)
	uid := w.receive(t, group, w.theirs(group, "by-uuid", func(c *community.Conference) {
		c.UUID, c.Start, c.End = own.UUID, own.Start.Add(time.Hour), own.End.Add(time.Hour)
	}))
	same := w.receive(t, group, w.theirs(group, "by-title", func(c *community.Conference) { c.Title, c.Start, c.Venue = own.Title, own.Start, own.Venue }))
	if uid.TwinOf != own.ID || same.TwinOf != own.ID || !uid.Announced.IsZero() || !same.Announced.IsZero() {
		t.Errorf("twins of %d and %d, announced %v and %v; queued %q", uid.TwinOf, same.TwinOf, uid.Announced, same.Announced, w.queued(t))
	}
	if got := w.calendar(t); !slices.Equal(got, []string{own.Slug}) {
		t.Errorf("the calendar has %q", got)
	}
	// Ours comes later than the copy: it is ours all the same.
	start := w.now.Add(100 * time.Hour)
	copied := w.receive(t, group, w.theirs(group, "first", func(c *community.Conference) { c.UUID, c.Start, c.End = "1-2-3", start, start.Add(time.Hour) }))
	if copied.Announced.IsZero() {
		t.Fatal("it was not announced")
	}
	late := w.conf(t, func(c *community.Conference) {
		c.UID, c.Start, c.End = "1-2-3@mobilizon.example", start, start.Add(time.Hour)
	})
	if got := w.calendar(t); !slices.Contains(got, late.Slug) || slices.Contains(got, copied.URI) {
		t.Errorf("the calendar has %q", got)
	}
	if err := w.DeleteConference(t.Context(), console, late.Slug); err != nil {
		t.Fatal(err)
	}
	if got := w.calendar(t); !slices.Contains(got, copied.URI) {
		t.Errorf("the calendar has %q", got)
	}
}

// The days of a series share a UID; each is its own conference.
func TestSeriesAreNotTwins(t *testing.T) {
	w := newWorld(t)
	a, b := w.sisterCity(t, "a.example", community.AnnounceAuto), w.sisterCity(t, "b.example", community.AnnounceAuto)
	for i, name := range []string{"one", "two", "three"} {
		for _, city := range []*community.Actor{a, b} {
			w.receive(t, city, w.theirs(city, name, func(c *community.Conference) {
				c.UID, c.Start = "series@x", c.Start.AddDate(0, 0, 7*i)
				c.End = c.Start.Add(time.Hour)
			}))
		}
	}
	want := []string{"https://a.example/conf/one", "https://a.example/conf/three", "https://a.example/conf/two"}
	if got := w.calendar(t); !slices.Equal(got, want) {
		t.Errorf("the calendar has %q", got)
	}
}

// One id, spelt in several ways, is one conference.
func TestSpellingsOfOneConference(t *testing.T) {
	w := newWorld(t)
	phuket := w.sisterCity(t, "phuket.example", community.AnnounceNever)
	c := w.receive(t, phuket, w.theirs(phuket, "a", nil))
	for i, uri := range []string{c.URI + "/", "http://phuket.example/conf/a", "http://phuket.example/conf/a/"} {
		again := w.theirs(phuket, "a", func(c *community.Conference) {
			c.URI, c.Updated = uri, c.Updated.Add(time.Duration(i)*time.Minute)
		})
		if err := w.ReceiveConference(t.Context(), phuket, again); err != nil {
			t.Fatal(err)
		}
	}
	n, err := w.store.CountConferences(t.Context(), storage.ConferenceQuery{Foreign: true})
	if err != nil || n != 1 {
		t.Errorf("%d are kept, %v", n, err)
	}
	if err := w.ReceiveDelete(t.Context(), phuket, c.URI+"/"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.ReceiveConference(t.Context(), phuket, w.theirs(phuket, "a", func(c *community.Conference) { c.URI += "/" })), community.Gone)
}

// A conference elsewhere that bears the ids of two others does not make them one:
// neither of ours is hidden, nor one of two of another server.
func TestNobodyMergesTwo(t *testing.T) {
	w := newWorld(t)
	a, group := w.sisterCity(t, "a.example", community.AnnounceAuto), w.sisterCity(t, "mobilizon.example", community.AnnounceNever)
	own, other := w.conf(t, nil), w.conf(t, func(c *community.Conference) { c.Title = community.Plain("en", "Another one") })
	one := w.receive(t, a, w.theirs(a, "one", func(c *community.Conference) { c.UID = "one@a.example" }))
	two := w.receive(t, a, w.theirs(a, "two", func(c *community.Conference) { c.UID, c.UUID = "two@a.example", "2-2-2" }))
	want := w.calendar(t)
	if len(want) != 4 {
		t.Fatalf("the calendar has %q", want)
	}
	both := w.receive(t, group, w.theirs(group, "both", func(c *community.Conference) { c.UID, c.UUID, c.Start, c.End = own.UID, other.UUID, own.Start, own.End }))
	theirs := w.receive(t, group, w.theirs(group, "theirs", func(c *community.Conference) { c.UID, c.UUID = one.UID, two.UUID }))
	if got := w.calendar(t); !slices.Equal(got, want) {
		t.Errorf("the calendar has %q, not %q", got, want)
	}
	if both.TwinOf == 0 || theirs.TwinOf == 0 {
		t.Errorf("the copies are twins of %d and %d", both.TwinOf, theirs.TwinOf)
	}
}

// Of a sister city that is kept out nothing is shown, and what stood behind hers
// is; what she says is kept all the same, if she is only silenced.
func TestSistersKeptOut(t *testing.T) {
	w := newWorld(t)
	loud, calm := w.sisterCity(t, "loud.example", community.AnnounceAuto), w.sisterCity(t, "calm.example", community.AnnounceNever)
	start := w.now.Add(72 * time.Hour)
	same := func(c *community.Conference) {
		c.Title, c.Start, c.End, c.Published = community.Plain("en", "Beach clean-up"), start, start.Add(time.Hour), w.now.Add(-time.Hour)
	}
	a := w.receive(t, loud, w.theirs(loud, "a", same))
	b := w.receive(t, calm, w.theirs(calm, "b", same))
	if b.TwinOf != a.ID {
		t.Fatalf("it is a twin of %d", b.TwinOf)
	}
	for _, severity := range []community.Severity{community.Silence, community.Suspend} {
		w.must(t, w.AddBlock(t.Context(), console, &community.Block{Domain: "loud.example", Severity: severity}))
		list, err := w.Elsewhere(t.Context(), 10)
		if err != nil || len(list) != 1 || list[0].ID != b.ID {
			t.Errorf("%s: %+v, %v", severity, list, err)
		}
		if shown, err := w.ShowsElsewhere(t.Context(), a); shown || err != nil {
			t.Errorf("%s: shown %v, %v", severity, shown, err)
		}
		if severity == community.Silence {
			w.pass(time.Minute)
			if c := w.receive(t, loud, w.theirs(loud, "new", nil)); !c.Announced.IsZero() {
				t.Error("what a silenced city has was announced")
			}
		}
	}
}
