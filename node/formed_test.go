package node

import (
	"context"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

// follower lets someone of a server follow the city, and says what it runs.
func (w *world) runs(t *testing.T, host, software, version string) {
	t.Helper()
	a := w.stranger(t, "https://"+host+"/u/x")
	if err := w.ReceiveFollow(t.Context(), a, a.URI+"#follow", w.site.Actor(community.CityActor)); err != nil {
		t.Fatal(err)
	}
	err := w.write(t.Context(), func(tx *storage.Tx) error {
		return tx.SavePeer(context.Background(), &community.Peer{Host: host, Software: software, Version: version, Asked: w.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	w.forget(t)
}

func (w *world) formed(t *testing.T, kind community.PostKind) []community.Post {
	t.Helper()
	ps, err := w.store.Posts(t.Context(), storage.PostQuery{Own: true, Kinds: []community.PostKind{kind}})
	if err != nil {
		t.Fatal(err)
	}
	return ps
}

func TestChangesAreNotedWhereEditsAreNotTaken(t *testing.T) {
	w := newWorld(t)
	w.runs(t, "new.example", "mastodon", "4.5.2")
	c := w.conf(t, func(c *community.Conference) {
		c.Title = community.Texts{{Lang: "en", Text: "Tea & *talk*"}, {Lang: "ru", Text: "Чай"}, {Lang: "de", Text: "Tee"}}
	})
	change := func(f func(*community.Conference)) *community.Conference {
		t.Helper()
		c, err := w.UpdateConference(t.Context(), console, c.Slug, func(c *community.Conference) error { f(c); return nil })
		if err != nil {
			t.Fatal(err)
		}
		w.pass(time.Minute)
		return c
	}
	change(func(c *community.Conference) { c.Start, c.End = c.Start.Add(time.Hour), c.End.Add(time.Hour) })
	if got := w.formed(t, community.NoticePost); len(got) != 0 {
		t.Fatalf("%d notes that nobody needs", len(got))
	}
	w.runs(t, "old.example", "mastodon", "4.4.9")
	for _, step := range []struct {
		name   string
		change func(*community.Conference)
		en, ru string
	}{
		{"text", func(c *community.Conference) { c.Cost = "500 RSD" }, "", ""},
		{"time", func(c *community.Conference) { c.Start, c.End = c.Start.Add(time.Hour), c.End.Add(time.Hour) }, "has a new time: Tue 24 Nov 18:00", "Новое время: <strong>Чай</strong> — вт 24"},
		{"place", func(c *community.Conference) { c.Venue = &community.Venue{Name: "Dom <b>omladine</b>"} }, "has a new place", "Новое место"},
		{"both", func(c *community.Conference) {
			c.Venue = &community.Venue{Name: "Platz"}
			c.Start, c.End = c.Start.Add(time.Hour), c.End.Add(time.Hour)
		}, "new time and place", "Новые время и место"},
		{"online", func(c *community.Conference) {
			c.Status, c.OnlineURL = community.MovedOnline, "https://meet.example/x"
		}, "takes place online", "Пройдёт онлайн"},
		{"postponed", func(c *community.Conference) { c.Status = community.Postponed }, "is postponed", "Откладывается"},
		{"cancelled", func(c *community.Conference) { c.Status = community.Cancelled }, "is cancelled. It was to be", "Отменяется"},
		{"again", func(c *community.Conference) { c.Status = community.Scheduled }, "takes place after all", "Всё-таки состоится"},
	} {
		before := len(w.formed(t, community.NoticePost))
		change(step.change)
		notes := w.formed(t, community.NoticePost)
		if step.en == "" {
			if len(notes) != before {
				t.Errorf("%s: a note about nothing", step.name)
			}
			continue
		}
		if len(notes) != before+1 {
			t.Fatalf("%s: %d notes, had %d", step.name, len(notes), before)
		}
		p := notes[0]
		if p.ReplyTo != w.site.Conference(c.Slug) || p.ConferenceID != c.ID || len(p.HTML) != 2 {
			t.Errorf("%s: %+v", step.name, p)
		}
		if en := p.HTML.In("en"); !strings.Contains(en, step.en) || !strings.Contains(en, "Tea &amp; *talk*") || strings.Contains(en, "<b>") {
			t.Errorf("%s: %s", step.name, en)
		}
		if ru := p.HTML.In("ru"); !strings.Contains(ru, step.ru) {
			t.Errorf("%s: %s", step.name, ru)
		}
	}
	if _, err := w.PostDocument(t.Context(), w.formed(t, community.NoticePost)[0].Slug); err != nil {
		t.Error(err)
	}
	if err := w.DeleteConference(t.Context(), console, c.Slug); err != nil {
		t.Fatal(err)
	}
	if got := w.formed(t, community.NoticePost); len(got) != 0 {
		t.Errorf("%d notes are left", len(got))
	}
}

func TestCards(t *testing.T) {
	w := newWorld(t)
	w.runs(t, "pix.example", "pixelfed", "0.12")
	w.conf(t, nil)
	if got := w.formed(t, community.CardPost); len(got) != 0 {
		t.Fatal("a card without a picture")
	}
	c := w.conf(t, func(c *community.Conference) {
		c.Cover = &community.Picture{URL: "https://bg.example/1.jpg", Alt: "People"}
	})
	cards := w.formed(t, community.CardPost)
	if len(cards) != 1 || len(cards[0].Pictures) != 1 || cards[0].ReplyTo != "" || !strings.Contains(cards[0].HTML.First(), "24 Nov 16:00") {
		t.Fatalf("%+v", cards)
	}
	if _, err := w.CancelConference(t.Context(), console, c.Slug, ""); err != nil {
		t.Fatal(err)
	}
	again := w.formed(t, community.CardPost)
	if len(again) != 1 || again[0].ID != cards[0].ID || !strings.Contains(again[0].HTML.First(), "Cancelled") {
		t.Errorf("%+v", again)
	}
	if err := w.DeleteConference(t.Context(), console, c.Slug); err != nil {
		t.Fatal(err)
	}
	_, err := w.PostDocument(t.Context(), cards[0].Slug)
	wantCode(t, err, community.Gone)
}

// A server that would lose sight of what is created there hears of it by an
// announcement; nobody else does.
func TestBoosts(t *testing.T) {
	w := newWorld(t)
	w.runs(t, "old.example", "mastodon", "4.6")
	announced := func() (city int) {
		t.Helper()
		for _, a := range w.queued(t) {
			if a == "city Announce" {
				city++
			}
		}
		w.forget(t)
		return city
	}
	w.conf(t, nil)
	if n := announced(); n != 0 {
		t.Fatalf("announced %d times for nobody", n)
	}
	w.runs(t, "hub.example", "hubzilla", "8.8.7")
	c := w.conf(t, nil)
	if n := announced(); n != 1 {
		t.Fatalf("announced %d times", n)
	}
	a, err := w.store.LastActivity(t.Context(), community.CityActor, "Announce", w.site.Conference(c.Slug))
	if err != nil || a.Form != community.Boosts || a.Public {
		t.Fatalf("%+v %v", a, err)
	}
	if o := object(t, a.JSON); o["object"] != w.site.Conference(c.Slug) {
		t.Errorf("it announces %v", o["object"])
	}
	if _, err := w.UpdateConference(t.Context(), console, c.Slug, func(c *community.Conference) error { c.Start = c.Start.Add(-time.Hour); return nil }); err != nil {
		t.Fatal(err)
	}
	if n := announced(); n != 0 {
		t.Fatalf("a change is announced %d times", n)
	}
}
