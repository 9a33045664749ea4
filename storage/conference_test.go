package storage

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

// meeting is a conference of ours on a day after noon.
func meeting(slug string, days int) *community.Conference {
	start := noon.AddDate(0, 0, days)
	return &community.Conference{UUID: "uuid-" + slug, Slug: slug, Title: community.Plain("en", "Meeting "+slug), Start: start, End: start.Add(2 * time.Hour),
		Zone: "Europe/Belgrade", JoinMode: community.Free, Category: "MEETING", Status: community.Scheduled, UID: slug + "@x", ImportKey: "row-" + slug,
		Created: noon, Published: noon.Add(time.Duration(-days) * time.Second), Updated: noon.Add(time.Duration(days) * time.Minute)}
}

// elsewhere is a conference of another server.
func elsewhere(origin *community.Actor, name string, days int) *community.Conference {
	c := meeting(name, days)
	c.Slug, c.ImportKey, c.URI, c.URL, c.OriginID, c.Origin = "", "", "https://"+origin.Host+"/e/"+name, "https://"+origin.Host+"/p/"+name, origin.ID, origin.DisplayName()
	return c
}

func addConference(t testing.TB, s *Store, cs ...*community.Conference) {
	t.Helper()
	write(t, s, func(ctx context.Context, tx *Tx) error {
		for _, c := range cs {
			if err := tx.InsertConference(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestConference(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		full := &community.Conference{
			UUID: "0190", Slug: "full", URL: "https://u.example",
			Title: community.Texts{{Lang: "en", Text: "Full \\ \"x\" <b>\t\u2028"}, {Lang: "ru", Text: "Полная\nконфа 🎉"}}, Text: community.Plain("en", "*text*\n\nmore"),
			HTML: community.Plain("en", `<p class="x">text &amp; more</p>`), Start: noon.Add(123456 * time.Microsecond), End: noon.Add(time.Hour),
			AllDay: true, OpenEnd: true, Zone: "Asia/Almaty", Venue: &community.Venue{Name: "Бар", Street: "1", Place: &community.Point{Lat: 1.5, Lon: -0.25}, Revision: 3},
			OnlineURL: "https://meet.example", Capacity: 40, JoinMode: community.Restricted, ExternalURL: "mailto:x@x.example", Languages: []string{"en", "ru"},
			Cost: "500 ₽", Cover: &community.Picture{URL: "https://p.example", Alt: "alt"}, Tags: []string{"go", "конфа"}, Category: "ARTS",
			Organisers: []community.Organiser{{Name: "Anna", Handle: "anna"}, {URI: "https://m.example/u"}}, Link: "https://site.example", Status: community.Tentative,
			Draft: true, SeriesID: 7, UID: "uid@x", Sequence: 5, ImportKey: "key", Created: noon, Published: noon.Add(1000), Updated: noon.Add(2000), Announced: noon.Add(3000),
			Replies: community.RepliesModerated, RSVP: community.RSVPWords,
			Questions:  []community.Question{{Key: "q1", Text: "Что едим?", Kind: community.AskChoice, Choices: []string{"a", "b"}, Required: true}},
			OfferHours: -1, Reconfirm: true, Access: []string{"lift"},
		}
		for _, read := range []func() (*community.Conference, error){
			func() (*community.Conference, error) { return s.Conference(ctx, "full") },
			func() (*community.Conference, error) { return s.Conference(ctx, "") },
			func() (*community.Conference, error) { return s.ConferenceByID(ctx, 1) },
			func() (*community.Conference, error) { return s.ConferenceByURI(ctx, "") },
			func() (*community.Conference, error) { return s.ConferenceByUID(ctx, "uid@x") },
			func() (*community.Conference, error) { return s.ConferenceByImportKey(ctx, "") },
		} {
			_, err := read()
			wantCode(t, err, community.NotFound)
		}
		addConference(t, s, full)
		check := func(want *community.Conference) {
			t.Helper()
			for name, read := range map[string]func() (*community.Conference, error){
				"slug": func() (*community.Conference, error) { return s.Conference(ctx, "full") },
				"id":   func() (*community.Conference, error) { return s.ConferenceByID(ctx, full.ID) },
				"uid":  func() (*community.Conference, error) { return s.ConferenceByUID(ctx, "uid@x") },
				"key":  func() (*community.Conference, error) { return s.ConferenceByImportKey(ctx, "key") },
			} {
				got, err := read()
				ok(t, err)
				if d := cmp.Diff(want, got); d != "" {
					t.Fatalf("%s: %s", name, d)
				}
			}
		}
		check(full)

		// The bare minimum comes back as bare: zero times, nil lists.
		bare := &community.Conference{Slug: "bare", Start: noon, End: noon}
		addConference(t, s, bare)
		got, err := s.Conference(ctx, "bare")
		ok(t, err)
		if d := cmp.Diff(bare, got); d != "" {
			t.Fatal(d)
		}

		origin := addActor(t, s, "sister.example", "city")
		theirs := elsewhere(origin, "theirs", 1)
		theirs.UID = "uid@x" // the same conference, as the sister city has it
		addConference(t, s, theirs)
		got, err = s.ConferenceByURI(ctx, theirs.URI)
		ok(t, err)
		if d := cmp.Diff(theirs, got); d != "" {
			t.Fatal(d)
		}
		check(full)

		for _, twin := range []*community.Conference{{Slug: "full"}, {Slug: "x", ImportKey: "key"}, {URI: theirs.URI}} {
			wantCode(t, s.Write(ctx, func(tx *Tx) error { return tx.InsertConference(ctx, twin) }), community.Conflict)
		}
		// Without slug, URI and key there may be many.
		addConference(t, s, &community.Conference{URI: "https://a.example/1"}, &community.Conference{URI: "https://a.example/2"})

		changed := *full
		changed.Title, changed.Tags, changed.Draft, changed.Venue, changed.Status = community.Plain("en", "New"), []string{"новый", "go"}, false, nil, community.Cancelled
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.UpdateConference(ctx, &changed) })
		check(&changed)
		for tag, n := range map[string]int{"новый": 1, "go": 1, "конфа": 0} {
			if got, err := s.CountConferences(ctx, ConferenceQuery{Tag: tag}); got != n || err != nil {
				t.Errorf("tag %s: %d %v", tag, got, err)
			}
		}
		wantCode(t, s.Write(ctx, func(tx *Tx) error { return tx.UpdateConference(ctx, &community.Conference{ID: 999}) }), community.NotFound)
		write(t, s, func(ctx context.Context, tx *Tx) error {
			twin := changed
			twin.Slug = "bare"
			wantCode(t, tx.UpdateConference(ctx, &twin), community.Conflict)
			ok(t, tx.SaveGuest(ctx, &community.Guest{ConferenceID: full.ID, Email: "x@x", State: community.Going, Created: noon, Updated: noon}))
			ok(t, tx.DeleteConference(ctx, full.ID))
			return tx.DeleteConference(ctx, full.ID)
		})
		_, err = s.Conference(ctx, "full")
		wantCode(t, err, community.NotFound)
		if gs, err := s.Guests(ctx, full.ID); len(gs) != 0 || err != nil {
			t.Fatal(gs, err)
		}
		// An id is never given again.
		next := &community.Conference{Slug: "next"}
		addConference(t, s, next)
		if next.ID <= theirs.ID {
			t.Fatalf("id %d again", next.ID)
		}
	})
}

func TestConferences(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		sister, other := addActor(t, s, "sister.example", "city"), addActor(t, s, "other.example", "group")
		other.Name = ""
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveActor(ctx, other) })
		past, soon, later, draft := meeting("past", -3), meeting("soon", 1), meeting("later", 30), meeting("draft", 2)
		draft.Draft, draft.Published = true, time.Time{}
		soon.Tags, soon.SeriesID = []string{"go"}, 4
		later.Title = community.Texts{{Lang: "en", Text: "100% Go_Lang"}, {Lang: "ru", Text: "Про Ёжиков \\ и не только"}}
		crossed, unseen := elsewhere(sister, "crossed", 5), elsewhere(other, "unseen", 6)
		crossed.Announced = noon
		twin := meeting("twin", 1) // starts with soon: the id decides
		addConference(t, s, later, soon, past, draft, crossed, unseen, twin)
		write(t, s, func(ctx context.Context, tx *Tx) error {
			for i, st := range []community.GuestState{community.Going, community.Going, community.Maybe, community.Waitlisted, community.Pending, community.NotGoing} {
				ok(t, tx.SaveGuest(ctx, &community.Guest{ConferenceID: soon.ID, Email: fmt.Sprint(i), State: st, Plus: i, Created: noon, Updated: noon}))
			}
			return nil
		})
		soon.Seats = community.Seats{Going: 3, Maybe: 3, Waiting: 4, Pending: 5}
		for name, c := range map[string]struct {
			q    ConferenceQuery
			want []*community.Conference
		}{
			"everything":     {ConferenceQuery{}, []*community.Conference{past, soon, twin, crossed, unseen, later}},
			"drafts":         {ConferenceQuery{Drafts: true, Own: true}, []*community.Conference{past, soon, twin, draft, later}},
			"calendar":       {ConferenceQuery{Calendar: true}, []*community.Conference{past, soon, twin, crossed, later}},
			"calendar draft": {ConferenceQuery{Calendar: true, Drafts: true, StartsBefore: later.Start}, []*community.Conference{past, soon, twin, draft, crossed}},
			"upcoming":       {ConferenceQuery{Calendar: true, EndsAfter: noon}, []*community.Conference{soon, twin, crossed, later}},
			"bound is out":   {ConferenceQuery{Calendar: true, EndsAfter: crossed.End}, []*community.Conference{later}},
			"over":           {ConferenceQuery{Calendar: true, EndsBefore: crossed.End}, []*community.Conference{past, soon, twin, crossed}},
			"not quite over": {ConferenceQuery{Calendar: true, EndsBefore: crossed.End.Add(-time.Microsecond)}, []*community.Conference{past, soon, twin}},
			"started before": {ConferenceQuery{Calendar: true, EndsBefore: later.End, StartsBefore: later.Start, EndsAfter: past.End, Limit: 2}, []*community.Conference{soon, twin}},
			"before is out":  {ConferenceQuery{StartsBefore: soon.Start}, []*community.Conference{past}},
			"own":            {ConferenceQuery{Own: true}, []*community.Conference{past, soon, twin, later}},
			"foreign":        {ConferenceQuery{Foreign: true}, []*community.Conference{crossed, unseen}},
			"both":           {ConferenceQuery{Own: true, Foreign: true, EndsAfter: noon}, []*community.Conference{soon, twin, crossed, unseen, later}},
			"tag":            {ConferenceQuery{Tag: "go"}, []*community.Conference{soon}},
			"series":         {ConferenceQuery{SeriesID: 4}, []*community.Conference{soon}},
			"origin":         {ConferenceQuery{OriginID: other.ID}, []*community.Conference{unseen}},
			"text":           {ConferenceQuery{Text: "ёЖИК"}, []*community.Conference{later}},
			"text latin":     {ConferenceQuery{Text: "go_lang"}, []*community.Conference{later}},
			"text percent":   {ConferenceQuery{Text: "100%"}, []*community.Conference{later}},
			"no wildcard":    {ConferenceQuery{Text: "m%n"}, nil},
			"text backslash": {ConferenceQuery{Text: `\ и`}, []*community.Conference{later}},
			"updated":        {ConferenceQuery{UpdatedAfter: unseen.Updated}, []*community.Conference{later}},
			"down":           {ConferenceQuery{Calendar: true, Order: ByStartDesc, Limit: 3}, []*community.Conference{later, crossed, twin}},
			"published":      {ConferenceQuery{Calendar: true, Order: ByPublishedDesc}, []*community.Conference{past, twin, soon, crossed, later}},
			"page":           {ConferenceQuery{Limit: 2, Offset: 1}, []*community.Conference{soon, twin}},
			"offset":         {ConferenceQuery{Offset: 4}, []*community.Conference{unseen, later}},
			"all together": {ConferenceQuery{Calendar: true, Own: true, EndsAfter: noon, StartsBefore: later.Start, UpdatedAfter: noon, Tag: "go", SeriesID: 4, Text: "soon", Limit: 5},
				[]*community.Conference{soon}},
		} {
			got, err := s.Conferences(ctx, c.q)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			var want []community.Conference
			for _, w := range c.want {
				want = append(want, *w)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s: %s", name, d)
			}
			c.q.Limit, c.q.Offset = 0, 0
			if n, err := s.CountConferences(ctx, c.q); err != nil || n < len(want) {
				t.Errorf("%s: count %d %v", name, n, err)
			}
		}
		if other.DisplayName() != "@group@other.example" || unseen.Origin == "" {
			t.Fatal("the origin is not filled")
		}
	})
}

func TestCalendarStamp(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		at, n, err := s.CalendarStamp(ctx)
		ok(t, err)
		if !at.IsZero() || n != 0 {
			t.Fatal(at, n)
		}
		sister := addActor(t, s, "sister.example", "city")
		ours, draft, theirs := meeting("ours", 1), meeting("draft", 2), elsewhere(sister, "theirs", 3)
		draft.Draft = true
		step := func(name string, moves bool, count int, f func(ctx context.Context, tx *Tx) error) {
			t.Helper()
			before := at
			write(t, s, f)
			at, n, err = s.CalendarStamp(ctx)
			ok(t, err)
			if moves != at.After(before) || n != count {
				t.Fatalf("%s: from %v to %v, %d in it", name, before, at, n)
			}
		}
		step("ours", true, 1, func(ctx context.Context, tx *Tx) error { return tx.InsertConference(ctx, ours) })
		step("draft", false, 1, func(ctx context.Context, tx *Tx) error { return tx.InsertConference(ctx, draft) })
		step("theirs", false, 1, func(ctx context.Context, tx *Tx) error { return tx.InsertConference(ctx, theirs) })
		step("title of a draft", false, 1, func(ctx context.Context, tx *Tx) error { return tx.UpdateConference(ctx, draft) })
		theirs.Announced = noon
		step("announced", true, 2, func(ctx context.Context, tx *Tx) error { return tx.UpdateConference(ctx, theirs) })
		draft.Draft = false
		step("published", true, 3, func(ctx context.Context, tx *Tx) error { return tx.UpdateConference(ctx, draft) })
		theirs.Announced = time.Time{}
		step("withdrawn", true, 2, func(ctx context.Context, tx *Tx) error { return tx.UpdateConference(ctx, theirs) })
		step("deleted", true, 1, func(ctx context.Context, tx *Tx) error { return tx.DeleteConference(ctx, ours.ID) })
		step("deleted elsewhere", false, 1, func(ctx context.Context, tx *Tx) error { return tx.DeleteConference(ctx, theirs.ID) })
	})
}

func TestSeries(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		_, err := s.Series(ctx, 1)
		wantCode(t, err, community.NotFound)
		a := &community.Series{Rule: "FREQ=WEEKLY;BYDAY=TH", Template: *meeting("weekly", 0), Horizon: noon.AddDate(0, 3, 0), Created: noon}
		a.Template.Venue = &community.Venue{Name: "Бар"}
		b := &community.Series{Rule: "FREQ=DAILY", Template: *meeting("daily", 0), Horizon: noon.AddDate(0, 1, 0), Created: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.InsertSeries(ctx, a))
			return tx.InsertSeries(ctx, b)
		})
		got, err := s.Series(ctx, a.ID)
		ok(t, err)
		if d := cmp.Diff(a, got); d != "" {
			t.Fatal(d)
		}
		open, err := s.OpenSeries(ctx)
		ok(t, err)
		if d := cmp.Diff([]community.Series{*b, *a}, open); d != "" {
			t.Fatal(d)
		}
		b.Ended, b.Horizon = noon, noon.AddDate(1, 0, 0)
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.UpdateSeries(ctx, b) })
		open, err = s.OpenSeries(ctx)
		ok(t, err)
		if d := cmp.Diff([]community.Series{*a}, open); d != "" {
			t.Fatal(d)
		}
		wantCode(t, s.Write(ctx, func(tx *Tx) error { return tx.UpdateSeries(ctx, &community.Series{ID: 99}) }), community.NotFound)
	})
}

// Whose conferences are in the calendar, what they are about, and which are chosen
// by language, by how one takes part and by free seats.
func TestExplored(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		sister, other := addActor(t, s, "sister.example", "city"), addActor(t, s, "other.example", "group")
		plain, full, room, theirs, unknown, over := meeting("plain", 1), meeting("full", 2), meeting("room", 3), elsewhere(sister, "theirs", 4), elsewhere(other, "unknown", 5), meeting("over", -3)
		plain.Languages, plain.Tags = []string{"sr-latn", "en"}, []string{"maps"}
		full.Capacity, full.Tags, full.OnlineURL = 2, []string{"maps", "tea"}, "https://meet.example/x"
		full.Languages, full.Title = nil, community.Plain("ru", "Полный")
		room.Capacity, room.Languages, room.Status = 3, []string{"en"}, community.MovedOnline
		theirs.Announced, theirs.Capacity, theirs.Languages = noon, 9, []string{"en"}
		over.Tags = []string{"old"}
		for _, c := range []*community.Conference{plain, full, room} {
			c.Venue = &community.Venue{Name: "Hall"}
		}
		plain.OnlineURL, theirs.OnlineURL, plain.Capacity = "", "", 0
		addConference(t, s, plain, full, room, theirs, unknown, over)
		write(t, s, func(ctx context.Context, tx *Tx) error {
			for _, c := range []*community.Conference{full, room} {
				if err := tx.SaveGuest(ctx, &community.Guest{ConferenceID: c.ID, Email: "a@x.example", State: community.Going, Plus: 1, Created: noon, Updated: noon}); err != nil {
					return err
				}
			}
			return nil
		})
		for name, c := range map[string]struct {
			q    ConferenceQuery
			want string
		}{
			"a language": {ConferenceQuery{Language: "sr"}, "plain"},
			"of titles":  {ConferenceQuery{Language: "ru"}, "full"},
			"no pattern": {ConferenceQuery{Language: "s_"}, ""},
			"online":     {ConferenceQuery{Online: true}, "full room"},
			"seats":      {ConferenceQuery{Seats: true}, "plain room"},
		} {
			c.q.Calendar, c.q.EndsAfter = true, noon
			cs, err := s.Conferences(ctx, c.q)
			ok(t, err)
			var got []string
			for _, x := range cs {
				got = append(got, x.Slug)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
		}
		hosts, err := s.CalendarHosts(ctx, noon, 10)
		ok(t, err)
		if len(hosts) != 1 || hosts[0].ActorID != sister.ID || hosts[0].Host != "sister.example" {
			t.Errorf("%+v", hosts)
		}
		tags, err := s.CalendarTags(ctx, noon, 10)
		ok(t, err)
		if strings.Join(tags, " ") != "maps tea" {
			t.Errorf("%q", tags)
		}
	})
}
