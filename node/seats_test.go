package node

import (
	"slices"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

// inboxes lists where the queued activities of a type go, followers aside.
func (w *world) inboxes(t *testing.T, typ string) []string {
	t.Helper()
	fans, err := w.store.Fanouts(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range fans {
		if f.Audience.Type != typ {
			continue
		}
		for _, in := range f.Audience.Inboxes {
			out = append(out, in.URL)
		}
	}
	return out
}

var going, notGoing = community.Want{State: community.Going}, community.Want{State: community.NotGoing}

func (w *world) mustAnswer(t *testing.T, slug, email string, want community.Want) community.Guest {
	t.Helper()
	g, err := w.Answer(t.Context(), slug, storage.GuestKey{Email: email}, want, "")
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Who was turned down stays so, whatever they say in between.
func TestTurnedDownStaysSo(t *testing.T) {
	for _, mode := range []community.JoinMode{community.Free, community.Restricted} {
		w := newWorld(t)
		c := w.conf(t, func(c *community.Conference) { c.JoinMode = mode })
		id := w.site.Conference(c.Slug)
		a := w.stranger(t, bob)
		if err := w.ReceiveJoin(t.Context(), a, "https://far.example/j/1", id, "", 0); err != nil {
			t.Fatal(err)
		}
		g, err := w.store.Guest(t.Context(), c.ID, storage.GuestKey{ActorID: a.ID})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.DeclineGuest(t.Context(), console, c.Slug, g.ID); err != nil {
			t.Fatal(err)
		}
		w.forget(t)
		if err := w.ReceiveLeave(t.Context(), a, id, ""); err != nil {
			t.Fatal(err)
		}
		if err := w.ReceiveJoin(t.Context(), a, "https://far.example/j/2", id, "", 0); err != nil {
			t.Fatal(err)
		}
		if got := w.queued(t); !slices.Equal(got, []string{"city Reject"}) {
			t.Errorf("%s: queued %q", mode, got)
		}
		g, err = w.store.Guest(t.Context(), c.ID, storage.GuestKey{ActorID: a.ID})
		if err != nil || g.State != community.Declined {
			t.Errorf("%s: %+v, %v", mode, g, err)
		}
	}
}

// Nobody is told to come to what is over or cancelled; when it is on again, who
// waited moves up.
func TestNobodyMovesUpInVain(t *testing.T) {
	w := newWorld(t)
	c := w.conf(t, func(c *community.Conference) { c.Capacity = 1 })
	id := w.site.Conference(c.Slug)
	wantState(t, w.mustAnswer(t, c.Slug, "a@x.example", going), community.Going)
	a := w.stranger(t, bob)
	if err := w.ReceiveJoin(t.Context(), a, "https://far.example/j/1", id, "", 0); err != nil {
		t.Fatal(err)
	}
	if _, err := w.CancelConference(t.Context(), console, c.Slug, ""); err != nil {
		t.Fatal(err)
	}
	w.forget(t)
	w.mustAnswer(t, c.Slug, "a@x.example", notGoing)
	state := func(want community.GuestState) {
		t.Helper()
		g, err := w.store.Guest(t.Context(), c.ID, storage.GuestKey{ActorID: a.ID})
		if err != nil {
			t.Fatal(err)
		}
		wantState(t, *g, want)
	}
	state(community.Waitlisted)
	if got := w.queued(t); len(got) != 0 {
		t.Errorf("queued %q", got)
	}
	_, err := w.UpdateConference(t.Context(), console, c.Slug, func(c *community.Conference) error { c.Status = community.Scheduled; return nil })
	if err != nil {
		t.Fatal(err)
	}
	state(community.Going)
	if got := w.queued(t); len(got) == 0 || got[0] != "city Accept" {
		t.Errorf("queued %q", got)
	}
	// And after the end.
	wantState(t, w.mustAnswer(t, c.Slug, "b@x.example", going), community.Waitlisted)
	w.pass(30 * 24 * time.Hour)
	w.forget(t)
	if err := w.ReceiveLeave(t.Context(), a, id, ""); err != nil {
		t.Fatal(err)
	}
	g, err := w.store.Guest(t.Context(), c.ID, storage.GuestKey{Email: "b@x.example"})
	if err != nil {
		t.Fatal(err)
	}
	wantState(t, *g, community.Waitlisted)
}

func TestOneSeatForTwoSpellings(t *testing.T) {
	w := newWorld(t)
	c := w.conf(t, nil)
	first := w.mustAnswer(t, c.Slug, "Zoe@X.example", going)
	if again := w.mustAnswer(t, c.Slug, " zoe@x.example", going); again.ID != first.ID {
		t.Errorf("guests %d and %d", first.ID, again.ID)
	}
	_, err := w.Answer(t.Context(), c.Slug, storage.GuestKey{Email: "nobody"}, going, "")
	wantCode(t, err, community.Invalid)
	_, err = w.Answer(t.Context(), c.Slug, storage.GuestKey{MemberID: 999}, going, "")
	wantCode(t, err, community.NotFound)
}

// An account that ends frees its seats elsewhere, ends its follows and takes
// along what it said; it ends once.
func TestDeletedMemberLeavesNothing(t *testing.T) {
	w := newWorld(t)
	other := w.befriend(t)
	boris := &community.Member{Handle: "boris"}
	if err := w.AddMember(t.Context(), console, boris); err != nil {
		t.Fatal(err)
	}
	if err := w.ReceiveConference(t.Context(), other, w.foreign()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.JoinElsewhere(t.Context(), console, "boris", event, going, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Follow(t.Context(), console, "people/boris", other); err != nil {
		t.Fatal(err)
	}
	p, err := w.AddPost(t.Context(), By{Member: boris}, &community.Post{Author: "people/boris", Text: community.Plain("en", "Hello all")}, Publish{})
	if err != nil {
		t.Fatal(err)
	}
	w.forget(t)
	if err := w.DeleteMember(t.Context(), console, "boris"); err != nil {
		t.Fatal(err)
	}
	want := []string{"people/boris Leave", "people/boris Undo", "people/boris Delete", "people/boris Delete"}
	if got := w.queued(t); !slices.Equal(got, want) {
		t.Errorf("queued %q, want %q", got, want)
	}
	_, err = w.PostDocument(t.Context(), p.Slug)
	wantCode(t, err, community.Gone)
	w.forget(t)
	wantCode(t, w.DeleteMember(t.Context(), console, "boris"), community.Gone)
	if got := w.queued(t); len(got) != 0 {
		t.Errorf("queued %q", got)
	}
}

// The conferences of a city that is no more leave our calendar.
func TestDeletedCityTakesItsConferences(t *testing.T) {
	w := newWorld(t)
	other := w.befriend(t)
	if err := w.ReceiveConference(t.Context(), other, w.foreign()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.AnnounceConference(t.Context(), console, event); err != nil {
		t.Fatal(err)
	}
	w.forget(t)
	for range 2 {
		if err := w.ReceiveActorDelete(t.Context(), other); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.queued(t); !slices.Equal(got, []string{"city Undo", "node Undo"}) {
		t.Errorf("queued %q", got)
	}
	if n, err := w.store.CountConferences(t.Context(), storage.ConferenceQuery{Calendar: true}); n != 0 || err != nil {
		t.Errorf("%d in the calendar, %v", n, err)
	}
}

// Whose conference it is hears that the announcement was taken back.
func TestOriginHearsOfWithdrawal(t *testing.T) {
	w := newWorld(t)
	other := w.befriend(t)
	if err := w.ReceiveConference(t.Context(), other, w.foreign()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.AnnounceConference(t.Context(), console, event); err != nil {
		t.Fatal(err)
	}
	if err := w.WithdrawConference(t.Context(), console, event); err != nil {
		t.Fatal(err)
	}
	if told, untold := w.inboxes(t, "Announce"), w.inboxes(t, "Undo"); len(told) != 1 || !slices.Equal(told, untold) {
		t.Errorf("announced to %q, taken back at %q", told, untold)
	}
}

// An import that moves a conference does not tell followers, but those who hold
// a seat.
func TestImportTellsGuests(t *testing.T) {
	w := newWorld(t)
	row := func(start time.Time) []community.Conference {
		return []community.Conference{{Title: community.Plain("en", "Imported"), Start: start, End: start.Add(time.Hour), ImportKey: "k"}}
	}
	start := w.now.Add(48 * time.Hour)
	first, err := w.ImportConferences(t.Context(), console, row(start), false)
	if err != nil || first.Added != 1 {
		t.Fatalf("%+v, %v", first, err)
	}
	if err := w.ReceiveJoin(t.Context(), w.stranger(t, bob), "https://far.example/j/1", w.site.Conference(first.Slugs[0]), "", 0); err != nil {
		t.Fatal(err)
	}
	w.forget(t)
	if moved, err := w.ImportConferences(t.Context(), console, row(start.Add(time.Hour)), false); err != nil || moved.Changed != 1 {
		t.Fatalf("%+v, %v", moved, err)
	}
	fans, err := w.store.Fanouts(t.Context(), 10)
	if err != nil || len(fans) != 1 || len(fans[0].Audience.Inboxes) != 1 || len(fans[0].Audience.Followers) != 0 {
		t.Errorf("%+v, %v", fans, err)
	}
}

// What stewards added to an imported conference outlives the next import.
func TestImportKeepsWhatItDoesNotKnow(t *testing.T) {
	w := newWorld(t)
	start := w.now.Add(48 * time.Hour)
	row := func() []community.Conference {
		return []community.Conference{{Title: community.Plain("en", "Imported"), Start: start, End: start.Add(time.Hour), ImportKey: "k"}}
	}
	first, err := w.ImportConferences(t.Context(), console, row(), false)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.UpdateConference(t.Context(), console, first.Slugs[0], func(c *community.Conference) error {
		c.Text, c.Venue, c.Status = community.Plain("en", "Bring tea."), &community.Venue{Name: "Platz"}, community.Cancelled
		c.OnlineURL, c.Link, c.Tags = "https://call.example/1", "https://conf.example", []string{"tea"}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.ImportConferences(t.Context(), console, row(), false)
	if err != nil || again.Same != 1 {
		t.Errorf("%+v, %v", again, err)
	}
	moved := row()
	moved[0].Start, moved[0].End = start.Add(time.Hour), start.Add(2*time.Hour)
	moved[0].Cover = &community.Picture{URL: "https://conf.example/1.png", Alt: "A hall"}
	if again, err = w.ImportConferences(t.Context(), console, moved, false); err != nil || again.Changed != 1 {
		t.Errorf("%+v, %v", again, err)
	}
	c, err := w.store.Conference(t.Context(), first.Slugs[0])
	if err != nil || c.Text.First() != "Bring tea." || c.Venue.Line() != "Platz" || c.Venue.Revision < 1 || c.Status != community.Cancelled ||
		c.OnlineURL == "" || c.Link == "" || len(c.Tags) != 1 || c.Cover == nil || !c.Start.Equal(moved[0].Start) {
		t.Errorf("%+v, %v", c, err)
	}
	// A picture or a place on earth alone is a change as well.
	moved[0].Cover = &community.Picture{URL: "https://conf.example/2.png", Alt: "A hall"}
	moved[0].Venue = &community.Venue{Name: "Platz", Place: &community.Point{Lat: 44.8, Lon: 20.5}}
	if again, err = w.ImportConferences(t.Context(), console, moved, false); err != nil || again.Changed != 1 {
		t.Errorf("%+v, %v", again, err)
	}
}

// A place that moves on the map alone has a new id.
func TestMovedPlaceIsANewPlace(t *testing.T) {
	w := newWorld(t)
	c := w.conf(t, func(c *community.Conference) { c.Venue.Place = &community.Point{Lat: 44, Lon: 20} })
	c, err := w.UpdateConference(t.Context(), console, c.Slug, func(c *community.Conference) error { c.Venue.Place.Lat = 45; return nil })
	if err != nil || c.Venue.Revision != 2 {
		t.Errorf("%+v, %v", c.Venue, err)
	}
	// So has one that follows upon none.
	ids := map[int]bool{1: true, 2: true}
	for _, name := range []string{"", "Hall", "", "Roof"} {
		w.now = w.now.Add(time.Minute)
		c, err = w.UpdateConference(t.Context(), console, c.Slug, func(c *community.Conference) error {
			c.Venue = nil
			if name != "" {
				c.Venue = &community.Venue{Name: name}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if c.Venue != nil && ids[c.Venue.Revision] {
			t.Errorf("%s has the id of another place, %d", name, c.Venue.Revision)
		} else if c.Venue != nil {
			ids[c.Venue.Revision] = true
		}
	}
}

// A series with more instances than one call makes goes on where it stopped.
func TestLongSeriesHasNoHoles(t *testing.T) {
	w := newWorld(t)
	start := w.now.Add(-500 * 24 * time.Hour)
	tmpl := &community.Conference{Title: community.Plain("en", "Daily tea"), Start: start, End: start.Add(time.Hour)}
	s, list, err := w.AddSeries(t.Context(), console, tmpl, "FREQ=DAILY", Publish{})
	if err != nil || len(list) != community.MaxInstances {
		t.Fatalf("%d instances, %v", len(list), err)
	}
	for range 3 {
		if _, err := w.ExtendSeries(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	all, err := w.store.Conferences(t.Context(), storage.ConferenceQuery{SeriesID: s.ID})
	if err != nil || !all[len(all)-1].Start.After(w.now.Add(170*24*time.Hour)) {
		t.Fatalf("%d, %v", len(all), err)
	}
	for i := 1; i < len(all); i++ {
		if gap := all[i].Start.Sub(all[i-1].Start); gap > 25*time.Hour {
			t.Fatalf("nothing for %s after %s", gap, all[i-1].Start)
		}
	}
}

// Whole days stay the days they are when the zone is put right.
func TestWholeDaysInAnotherZone(t *testing.T) {
	w := newWorld(t)
	for _, zone := range []string{"Europe/Lisbon", "Asia/Almaty"} {
		c := w.conf(t, func(c *community.Conference) {
			c.Zone, c.AllDay, c.Start, c.End = "Europe/Belgrade", true, time.Date(2026, 12, 4, 23, 0, 0, 0, time.UTC), time.Date(2026, 12, 6, 23, 0, 0, 0, time.UTC)
		})
		c, err := w.UpdateConference(t.Context(), console, c.Slug, func(c *community.Conference) error { c.Zone = zone; return nil })
		if err != nil {
			t.Fatal(err)
		}
		if from, to := c.LocalStart().Format(time.DateTime), c.LocalEnd().Format(time.DateTime); from != "2026-12-05 00:00:00" || to != "2026-12-06 23:59:59" {
			t.Errorf("%s: from %s to %s", zone, from, to)
		}
	}
}
