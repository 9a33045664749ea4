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

// member adds a member and returns who asks as them.
func (w *world) member(t *testing.T, handle string, role community.Role) By {
	t.Helper()
	if err := w.AddMember(t.Context(), console, &community.Member{Handle: handle, Name: handle, Role: role, Email: handle + "@mail.example", Languages: []string{"ru"}}); err != nil {
		t.Fatal(err)
	}
	m, err := w.store.Member(t.Context(), handle)
	if err != nil {
		t.Fatal(err)
	}
	return By{Member: m}
}

// letters lists the kinds and readers of the letters about a conference.
func (w *world) wrote(t *testing.T, id int64) (out []string) {
	t.Helper()
	list, err := w.store.Letters(t.Context(), storage.LetterQuery{ConferenceID: id})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range list {
		out = append(out, string(l.Kind)+" "+l.To+" "+l.Args["Text"])
	}
	slices.Sort(out)
	return out
}

// actions lists what the audit log says of an object, oldest first.
func (w *world) actions(t *testing.T, object string) (out []string) {
	t.Helper()
	list, err := w.Audits(t.Context(), console, storage.AuditQuery{Object: object})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range slices.Backward(list) {
		out = append(out, a.By+" "+a.Action)
	}
	return out
}

func TestOrganiserRunsTheirConference(t *testing.T) {
	w := newWorld(t)
	ivo, eva := w.member(t, "ivo", community.Newcomer), w.member(t, "eva", community.Regular)
	c := w.conf(t, func(c *community.Conference) { c.Organisers = []community.Organiser{{Name: "Ivo", Handle: "ivo"}} })
	other := w.conf(t, nil)
	if got, err := w.Run(t.Context(), ivo, c.Slug); err != nil || got.ID != c.ID {
		t.Fatalf("%+v %v", got, err)
	}
	for slug, by := range map[string]By{c.Slug: eva, other.Slug: ivo} {
		_, err := w.Run(t.Context(), by, slug)
		wantCode(t, err, community.Forbidden)
		_, err = w.CancelConference(t.Context(), by, slug, "")
		wantCode(t, err, community.Forbidden)
		_, err = w.DuplicateConference(t.Context(), by, slug, "")
		wantCode(t, err, community.Forbidden)
		_, _, err = w.RepeatConference(t.Context(), by, slug, "FREQ=WEEKLY")
		wantCode(t, err, community.Forbidden)
	}
	_, err := w.Run(t.Context(), By{}, c.Slug)
	wantCode(t, err, community.Forbidden)
	title := func(c *community.Conference) error {
		c.Title = community.Plain("en", "Evening of long talks")
		return nil
	}
	if _, err := w.EditConference(t.Context(), ivo, c.Slug, Edit{}, title); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.DeleteConference(t.Context(), ivo, c.Slug), community.Forbidden)
	for by, want := range map[*By]int{&ivo: 1, &eva: 0, {Member: mustMember(t, w, "anna")}: 2} {
		list, err := w.Runs(t.Context(), *by, storage.ConferenceQuery{})
		if err != nil || len(list) != want {
			t.Errorf("%s runs %d, %v", by.Name(), len(list), err)
		}
	}
	gone := *ivo.Member
	gone.Suspended = w.Now()
	_, err = w.Run(t.Context(), By{Member: &gone}, c.Slug)
	wantCode(t, err, community.Forbidden)
	if got := w.actions(t, "conf/"+c.Slug); !slices.Equal(got, []string{"console conference.publish", "ivo conference.update"}) {
		t.Errorf("%q", got)
	}
}

func mustMember(t *testing.T, w *world, handle string) *community.Member {
	t.Helper()
	m, err := w.store.Member(t.Context(), handle)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSentTwiceIsDoneOnce(t *testing.T) {
	w := newWorld(t)
	start := w.Now().Add(time.Hour)
	slugs := make([]string, 8)
	var wg sync.WaitGroup
	for i := range slugs {
		wg.Go(func() {
			c := &community.Conference{Title: community.Plain("en", "Chess"), Start: start, End: start.Add(time.Hour), RSVP: community.RSVPWords}
			got, err := w.AddConference(t.Context(), console, c, Publish{Once: "key"})
			if err != nil {
				t.Error(err)
				return
			}
			slugs[i] = got.Slug
		})
	}
	wg.Wait()
	if len(slices.Compact(slugs)) != 1 {
		t.Errorf("%q", slugs)
	}
	if n, err := w.store.CountConferences(t.Context(), storage.ConferenceQuery{Own: true}); err != nil || n != 1 {
		t.Errorf("%d conferences, %v", n, err)
	}
	for range 2 {
		p, err := w.AddPost(t.Context(), console, &community.Post{Text: community.Plain("en", "Hello there")}, Publish{Once: "post"})
		if err != nil || p.Slug != "hello-there" {
			t.Fatalf("%+v %v", p, err)
		}
		d, err := w.DuplicateConference(t.Context(), console, slugs[0], "again")
		if err != nil || !d.Draft || d.Slug != "chess-2026" || !d.Start.Equal(start.AddDate(0, 0, 7)) {
			t.Fatalf("%+v %v", d, err)
		}
	}
}

func TestEditTellsWhoEditedAnOldOne(t *testing.T) {
	w := newWorld(t)
	c := w.conf(t, func(c *community.Conference) { c.Draft = true })
	w.pass(time.Minute)
	cost := func(s string) func(*community.Conference) error {
		return func(c *community.Conference) error { c.Cost = s; return nil }
	}
	next, err := w.EditConference(t.Context(), console, c.Slug, Edit{Seen: c.Updated}, cost("free"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.EditConference(t.Context(), console, c.Slug, Edit{Seen: c.Updated, Publish: true}, cost("5 €"))
	wantCode(t, err, community.Conflict)
	if now, err := w.store.Conference(t.Context(), c.Slug); err != nil || now.Cost != "free" || !now.Draft {
		t.Fatalf("%+v %v", now, err)
	}
	if got, err := w.EditConference(t.Context(), console, c.Slug, Edit{Seen: next.Updated, Publish: true}, cost("5 €")); err != nil || got.Draft || got.Cost != "5 €" || got.Published.IsZero() {
		t.Fatalf("%+v %v", got, err)
	}
	p, err := w.AddPost(t.Context(), console, &community.Post{Text: community.Plain("en", "Hello"), Draft: true}, Publish{})
	if err != nil {
		t.Fatal(err)
	}
	w.pass(time.Minute)
	text := func(p *community.Post) error {
		p.Text = community.Plain("en", "Hello all")
		p.ConferenceID = c.ID
		return nil
	}
	if p, err = w.EditPost(t.Context(), console, p.Slug, Edit{Seen: p.Updated, Publish: true}, text); err != nil || p.Draft || p.ConferenceID != c.ID {
		t.Fatalf("%+v %v", p, err)
	}
	_, err = w.EditPost(t.Context(), console, p.Slug, Edit{Seen: p.Created}, text)
	wantCode(t, err, community.Conflict)
	if got := w.actions(t, "posts/"+p.Slug); !slices.Equal(got, []string{"console post.add", "console post.publish"}) {
		t.Errorf("%q", got)
	}
}

func TestCalledOffAndBack(t *testing.T) {
	w := newWorld(t)
	bo := w.member(t, "bo", community.Newcomer)
	c := w.conf(t, nil)
	if _, err := w.Answer(t.Context(), c.Slug, storage.GuestKey{MemberID: bo.Member.ID}, community.Want{State: community.Going}, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Answer(t.Context(), c.Slug, storage.GuestKey{Email: "zoe@mail.example"}, community.Want{State: community.Maybe}, ""); err != nil {
		t.Fatal(err)
	}
	w.joins(t, c, "https://far.example/x")
	h, err := w.Hearing(t.Context(), c)
	if err != nil || h != (Hearing{Guests: 3, Mail: 2, Fediverse: 1, Members: 1}) {
		t.Errorf("%+v %v", h, err)
	}
	before := len(w.wrote(t, c.ID))
	if x, err := w.CallOff(t.Context(), console, c.Slug, community.Postponed, "The key is lost."); err != nil || x.Status != community.Postponed {
		t.Fatalf("%+v %v", x, err)
	}
	x, err := w.CancelConference(t.Context(), console, c.Slug, " No key at all. ")
	if err != nil || x.Text.First() != "No key at all.\n\n---\n\nCome **all**." {
		t.Fatalf("%q %v", x.Text, err)
	}
	_, err = w.CallOff(t.Context(), console, c.Slug, community.Scheduled, "")
	wantCode(t, err, community.Invalid)
	if x, err = w.RestoreConference(t.Context(), console, c.Slug, "Found it."); err != nil || x.Status != community.Scheduled || x.Text.First() != "Come **all**." {
		t.Fatalf("%+v %v", x, err)
	}
	_, err = w.RestoreConference(t.Context(), console, c.Slug, "")
	wantCode(t, err, community.Conflict)
	got := w.wrote(t, c.ID)
	for _, want := range []string{"changed bo@mail.example The key is lost.", "cancelled zoe@mail.example No key at all.", "changed zoe@mail.example Found it."} {
		if !slices.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	if len(got)-before != 6 {
		t.Errorf("%d letters of 6: %q", len(got)-before, got)
	}
	// What does not matter to guests is told only with a word of the organisers.
	cost := func(c *community.Conference) error { c.Cost += "1"; return nil }
	for message, more := range map[string]int{"": 0, "Bring a coin.": 2} {
		was := len(w.wrote(t, c.ID))
		if _, err := w.EditConference(t.Context(), console, c.Slug, Edit{Message: message}, cost); err != nil {
			t.Fatal(err)
		}
		if now := len(w.wrote(t, c.ID)); now-was != more {
			t.Errorf("%q makes %d letters", message, now-was)
		}
	}
	if got := w.actions(t, "conf/"+c.Slug); !slices.Equal(got[:4], []string{"console conference.publish", "console conference.postpone", "console conference.cancel", "console conference.restore"}) {
		t.Errorf("%q", got)
	}
}

// guest is someone elsewhere who comes.
func (w *world) joins(t *testing.T, c *community.Conference, uri string) {
	t.Helper()
	if err := w.ReceiveJoin(t.Context(), w.stranger(t, uri), uri+"/join", w.site.Conference(c.Slug), "", 0); err != nil {
		t.Fatal(err)
	}
}

func TestRepeatEditAndEndASeries(t *testing.T) {
	w := newWorld(t)
	c := w.conf(t, nil)
	s, made, err := w.RepeatConference(t.Context(), console, c.Slug, "FREQ=WEEKLY;COUNT=5")
	if err != nil || made != 4 || s.ID == 0 {
		t.Fatalf("%d %v", made, err)
	}
	_, _, err = w.RepeatConference(t.Context(), console, c.Slug, "FREQ=WEEKLY")
	wantCode(t, err, community.Conflict)
	draft := w.conf(t, func(c *community.Conference) { c.Draft = true })
	_, _, err = w.RepeatConference(t.Context(), console, draft.Slug, "FREQ=WEEKLY")
	wantCode(t, err, community.Conflict)
	_, err = w.EndSeriesAt(t.Context(), console, draft.Slug, true, "")
	wantCode(t, err, community.Conflict)
	list := func() []community.Conference {
		cs, err := w.store.Conferences(t.Context(), storage.ConferenceQuery{Own: true, SeriesID: s.ID})
		if err != nil {
			t.Fatal(err)
		}
		return cs
	}
	all := list()
	if len(all) != 5 || !all[4].Start.Equal(c.Start.AddDate(0, 0, 28)) {
		t.Fatalf("%d of 5", len(all))
	}
	// From the second on it begins an hour later, elsewhere.
	if _, err := w.EditConference(t.Context(), console, all[1].Slug, Edit{Following: true}, func(c *community.Conference) error {
		c.Start, c.End, c.Venue = c.Start.Add(time.Hour), c.End.Add(time.Hour), &community.Venue{Name: "Cellar"}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for i, x := range list() {
		want := c.Start.AddDate(0, 0, 7*i)
		if i > 0 {
			want = want.Add(time.Hour)
		}
		if !x.Start.Equal(want) || x.End.Sub(x.Start) != 2*time.Hour || (x.Venue.Name == "Cellar") != (i > 0) || x.Slug != all[i].Slug || x.UID != all[i].UID {
			t.Errorf("%d: %s, %+v", i, x.Start, x.Venue)
		}
	}
	w.joins(t, &all[3], "https://far.example/x")
	if n, err := w.Following(t.Context(), &all[1]); err != nil || n != 3 {
		t.Errorf("%d follow, %v", n, err)
	}
	if n, err := w.EndSeriesAt(t.Context(), console, all[1].Slug, true, "We move away."); err != nil || n != 3 {
		t.Fatalf("%d %v", n, err)
	}
	left := list()
	if len(left) != 3 || left[2].Status != community.Cancelled || !strings.HasPrefix(left[2].Text.First(), "We move away.") {
		t.Errorf("%d are left: %+v", len(left), left)
	}
	if s, err := w.store.Series(t.Context(), s.ID); err != nil || s.Ended.IsZero() || s.Template.Venue.Name != "Cellar" {
		t.Errorf("%+v %v", s, err)
	}
}

func TestSketchIsWhatWouldBePublished(t *testing.T) {
	w := newWorld(t)
	c := &community.Conference{Title: community.Plain("", "Chess"), Text: community.Plain("", "Bring **pieces**."), Start: w.now.Add(time.Hour), Venue: &community.Venue{Name: "Platz"}}
	doc, err := w.Sketch(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	m := object(t, doc)
	if m["name"] != "Chess" || !strings.Contains(m["summary"].(string), "Platz") || !strings.Contains(m["content"].(string), "<strong>pieces</strong>") || m["id"] != "https://bg.example/conf/chess" {
		t.Errorf("%s", doc)
	}
	_, err = w.Sketch(t.Context(), &community.Conference{})
	wantCode(t, err, community.Invalid)
	p := &community.Post{Text: community.Plain("", "Hello #world"), Warning: "spoiler"}
	if doc, err = w.SketchPost(t.Context(), p); err != nil || !json.Valid(doc) || object(t, doc)["summary"] != "spoiler" {
		t.Errorf("%s %v", doc, err)
	}
	_, err = w.SketchPost(t.Context(), &community.Post{})
	wantCode(t, err, community.Invalid)
	if n, err := w.store.CountConferences(t.Context(), storage.ConferenceQuery{Own: true, Drafts: true}); err != nil || n != 0 {
		t.Errorf("%d are stored, %v", n, err)
	}
}
