package node

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

func TestPublishTellsBothAudiences(t *testing.T) {
	w := newWorld(t)
	c := w.conf(t, nil)
	if c.Slug != "evening-of-short-talks" || c.UUID == "" || !strings.HasSuffix(c.UID, "@bg.example") || c.Sequence != 0 {
		t.Errorf("%+v", c)
	}
	if got := w.queued(t); !slices.Equal(got, []string{"city Create", "node Create", "node Announce"}) {
		t.Errorf("queued %q", got)
	}
	doc, err := w.EventDocument(t.Context(), c.Slug)
	if err != nil {
		t.Fatal(err)
	}
	if id := object(t, doc)["id"]; id != "https://bg.example/conf/evening-of-short-talks" {
		t.Errorf("id %v", id)
	}
}

func TestPastIsPublishedQuietly(t *testing.T) {
	w := newWorld(t)
	past := func(c *community.Conference) { c.Start = w.now.Add(-72 * time.Hour); c.End = c.Start.Add(time.Hour) }
	w.conf(t, past)
	if got := w.queued(t); len(got) != 0 {
		t.Errorf("queued %q", got)
	}
	if n, err := w.store.CountOutbox(t.Context(), community.CityActor); err != nil || n != 1 {
		t.Errorf("outbox has %d, %v", n, err)
	}
}

func TestSlugsAreNeverReused(t *testing.T) {
	w := newWorld(t)
	var slugs []string
	for range 5 {
		slugs = append(slugs, w.conf(t, nil).Slug)
	}
	if err := w.DeleteConference(t.Context(), console, slugs[0]); err != nil {
		t.Fatal(err)
	}
	again := w.conf(t, nil).Slug
	if slices.Contains(slugs, again) {
		t.Errorf("%q was given again: %q", again, slugs)
	}
	_, err := w.EventDocument(t.Context(), slugs[0])
	wantCode(t, err, community.Gone)
	_, err = w.EventDocument(t.Context(), "never-was")
	wantCode(t, err, community.NotFound)
}

func TestDraftIsNobodysBusiness(t *testing.T) {
	w := newWorld(t)
	c := w.conf(t, func(c *community.Conference) { c.Draft = true })
	if got := w.queued(t); len(got) != 0 {
		t.Errorf("queued %q", got)
	}
	_, err := w.EventDocument(t.Context(), c.Slug)
	wantCode(t, err, community.NotFound)
	_, err = w.Answer(t.Context(), c.Slug, storage.GuestKey{Email: "a@b.example"}, community.Want{State: community.Going}, "")
	wantCode(t, err, community.NotFound)
	w.pass(time.Hour)
	p, err := w.PublishConference(t.Context(), console, c.Slug, Publish{})
	if err != nil || p.Draft || !p.Published.Equal(w.Now()) {
		t.Fatalf("%+v, %v", p, err)
	}
	_, err = w.PublishConference(t.Context(), console, c.Slug, Publish{})
	wantCode(t, err, community.Conflict)
}

func TestUpdateKeepsWhatMustStay(t *testing.T) {
	w := newWorld(t)
	c := w.conf(t, nil)
	w.pass(time.Minute)
	u, err := w.UpdateConference(t.Context(), console, c.Slug, func(c *community.Conference) error {
		c.Title = community.Plain("en", "Another name")
		c.Slug, c.UUID, c.Published = "hijack", "", time.Time{}
		c.Venue.Street = "Dobračina 59b"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if u.Slug != c.Slug || u.UUID != c.UUID || !u.Published.Equal(c.Published) || u.Sequence != 1 || u.Venue.Revision != 2 || !u.Updated.After(c.Updated) {
		t.Errorf("%+v", u)
	}
	u, err = w.UpdateConference(t.Context(), console, c.Slug, func(c *community.Conference) error { c.Cost = "free"; return nil })
	if err != nil || u.Sequence != 1 || u.Venue.Revision != 2 {
		t.Errorf("%+v, %v", u, err)
	}
}

func TestCancelAndDelete(t *testing.T) {
	w := newWorld(t)
	c := w.conf(t, nil)
	guest := w.stranger(t, "https://far.example/u/bob")
	if err := w.ReceiveJoin(t.Context(), guest, "https://far.example/join/1", w.site.Conference(c.Slug), "", 0); err != nil {
		t.Fatal(err)
	}
	w.forget(t)
	x, err := w.CancelConference(t.Context(), console, c.Slug, "The roof leaks.")
	if err != nil || x.Status != community.Cancelled || !strings.HasPrefix(x.Text.First(), "The roof leaks.") || x.Sequence != 1 {
		t.Fatalf("%+v, %v", x, err)
	}
	fans, err := w.store.Fanouts(t.Context(), 10)
	if err != nil || len(fans) != 2 || len(fans[0].Audience.Inboxes) != 1 || fans[0].Audience.Inboxes[0].URL != "https://far.example/inbox" {
		t.Fatalf("the guest is not told: %+v, %v", fans, err)
	}
	_, err = w.CancelConference(t.Context(), console, c.Slug, "")
	wantCode(t, err, community.Conflict)
	if err := w.DeleteConference(t.Context(), console, c.Slug); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.DeleteConference(t.Context(), console, c.Slug), community.Gone)
}

func TestOnlyStewardsPublish(t *testing.T) {
	w := newWorld(t)
	boris := &community.Member{Handle: "boris"}
	if err := w.AddMember(t.Context(), console, boris); err != nil {
		t.Fatal(err)
	}
	_, err := w.AddConference(t.Context(), By{Member: boris}, &community.Conference{}, Publish{})
	wantCode(t, err, community.Forbidden)
	_, err = w.AddConference(t.Context(), By{}, &community.Conference{}, Publish{})
	wantCode(t, err, community.Forbidden)
	_, err = w.AddPost(t.Context(), By{Member: boris}, &community.Post{Text: community.Plain("en", "I am the city")}, Publish{})
	wantCode(t, err, community.Forbidden)
	_, err = w.AddPost(t.Context(), By{Member: boris}, &community.Post{Author: "people/anna", Text: community.Plain("en", "I am Anna")}, Publish{})
	wantCode(t, err, community.Forbidden)
	p, err := w.AddPost(t.Context(), By{Member: boris}, &community.Post{Author: "people/boris", Text: community.Plain("en", "I am Boris")}, Publish{})
	if err != nil || p.Slug != "i-am-boris" {
		t.Fatalf("%+v, %v", p, err)
	}
}

// The last seats are given once, however many ask at the same time.
func TestLastSeatIsGivenOnce(t *testing.T) {
	w := newWorld(t)
	c := w.conf(t, func(c *community.Conference) { c.Capacity = 7 })
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			_, err := w.Answer(t.Context(), c.Slug, storage.GuestKey{Email: fmt.Sprintf("g%d@x.example", i)}, community.Want{State: community.Going, Plus: i % 3}, "")
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	c, err := w.store.Conference(t.Context(), c.Slug)
	if err != nil {
		t.Fatal(err)
	}
	if c.Seats.Going > 7 || c.Seats.Going < 5 {
		t.Errorf("%+v on 7 seats", c.Seats)
	}
	if _, err := w.UpdateConference(t.Context(), console, c.Slug, func(c *community.Conference) error { c.Capacity = 0; return nil }); err != nil {
		t.Fatal(err)
	}
	c, err = w.store.Conference(t.Context(), c.Slug)
	if err != nil || c.Seats.Waiting != 0 || c.Seats.Going != 60+20+40 {
		t.Errorf("%+v, %v", c.Seats, err)
	}
}

func TestSeries(t *testing.T) {
	w := newWorld(t)
	start := time.Date(2026, 12, 3, 18, 0, 0, 0, time.UTC)
	tmpl := &community.Conference{Title: community.Plain("en", "Thursday talks"), Start: start, End: start.Add(time.Hour), RSVP: community.RSVPWords}
	s, list, err := w.AddSeries(t.Context(), console, tmpl, "FREQ=WEEKLY;BYDAY=TH", Publish{})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 25 || len(list) > 27 || list[0].SeriesID != s.ID || list[0].UID == list[1].UID {
		t.Fatalf("%d instances", len(list))
	}
	if got := w.queued(t); len(got) != 3 {
		t.Errorf("followers are told of more than the first: %q", got)
	}
	w.pass(14 * 24 * time.Hour)
	made, err := w.ExtendSeries(t.Context())
	if err != nil || made < 1 || made > 2 {
		t.Errorf("extended by %d, %v", made, err)
	}
	if made, err = w.ExtendSeries(t.Context()); err != nil || made != 0 {
		t.Errorf("extended again by %d, %v", made, err)
	}
	_, _, err = w.AddSeries(t.Context(), console, tmpl, "every thursday", Publish{})
	wantCode(t, err, community.Invalid)
}

func TestImportIsRepeatable(t *testing.T) {
	w := newWorld(t)
	rows := func() []community.Conference {
		var out []community.Conference
		for i := range 5 {
			start := w.now.Add(time.Duration(i+1) * 24 * time.Hour)
			out = append(out, community.Conference{Title: community.Plain("en", fmt.Sprintf("Imported %d", i)), Start: start, End: start.Add(time.Hour), ImportKey: fmt.Sprint("k", i)})
		}
		out[3].Title = nil // wrong
		return out
	}
	preview, err := w.PreviewImport(t.Context(), console, rows())
	if err != nil || preview.Added != 4 || len(preview.Problems) != 1 || preview.Problems[0].Row != 3 {
		t.Fatalf("%+v, %v", preview, err)
	}
	if n, _ := w.store.CountConferences(t.Context(), storage.ConferenceQuery{}); n != 0 {
		t.Fatalf("a preview left %d conferences", n)
	}
	first, err := w.ImportConferences(t.Context(), console, rows(), false)
	if err != nil || first.Added != 4 {
		t.Fatalf("%+v, %v", first, err)
	}
	if got := w.queued(t); len(got) != 0 {
		t.Errorf("an import told followers: %q", got)
	}
	again := rows()
	again[0].Title = community.Plain("en", "Renamed")
	second, err := w.ImportConferences(t.Context(), console, again, false)
	if err != nil || second.Added != 0 || second.Same != 3 || second.Changed != 1 {
		t.Fatalf("%+v, %v", second, err)
	}
}
