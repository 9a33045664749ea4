package storage

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

func TestPolls(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		at := func(min int) time.Time { return noon.Add(time.Duration(min) * time.Minute) }
		_, err := s.Poll(ctx, 1)
		wantCode(t, err, community.NotFound)
		_, err = s.PollOf(ctx, 7)
		wantCode(t, err, community.NotFound)
		post := func(slug string) *community.Post {
			p := &community.Post{Slug: slug, Author: community.CityActor, Kind: community.PollPost, Visibility: community.Unlisted}
			write(t, s, func(ctx context.Context, tx *Tx) error { return tx.InsertPost(ctx, p) })
			return p
		}
		a := &community.Poll{PostID: post("a").ID, ConferenceID: 7, Options: []community.PollOption{{Answer: community.Going, Name: "Приду"}},
			Ends: at(100), Tally: community.Tally{Going: 3, Maybe: 2, Away: 1}, Told: at(-1), Due: at(100)}
		b := &community.Poll{PostID: post("b").ID, ConferenceID: 8, Ends: at(50), Closed: at(50)}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.SavePoll(ctx, a))
			wantCode(t, tx.SavePoll(ctx, &community.Poll{PostID: b.PostID, ConferenceID: 7}), community.Conflict)
			return tx.SavePoll(ctx, b)
		})
		same := func(want *community.Poll) {
			t.Helper()
			got, err := s.PollOf(ctx, want.ConferenceID)
			ok(t, err)
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			if got, err = s.Poll(ctx, want.PostID); err != nil || cmp.Diff(want, got) != "" {
				t.Error(got, err)
			}
		}
		same(a)
		same(b)
		due := func(now time.Time, want ...int64) {
			t.Helper()
			list, err := s.DuePolls(ctx, now, 10)
			ok(t, err)
			var got []int64
			for _, p := range list {
				got = append(got, p.PostID)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		}
		due(at(99))
		due(at(100), a.PostID)
		// A minute after it was told it is due three minutes after that; nothing
		// hastens what is closed.
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.HastenPoll(ctx, 7, 3*time.Minute))
			return tx.HastenPoll(ctx, 8, 3*time.Minute)
		})
		a.Due = at(2)
		same(a)
		same(b)
		write(t, s, func(ctx context.Context, tx *Tx) error { // later than it is: no change
			return tx.HastenPoll(ctx, 7, 30*time.Minute)
		})
		same(a)
		var now time.Time
		write(t, s, func(ctx context.Context, tx *Tx) error {
			a.Told = at(-10)
			ok(t, tx.SavePoll(ctx, a))
			now = tx.Now()
			return tx.HastenPoll(ctx, 7, 3*time.Minute)
		})
		a.Due = now
		same(a)
		// It goes with its post.
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DeletePost(ctx, a.PostID) })
		_, err = s.PollOf(ctx, 7)
		wantCode(t, err, community.NotFound)
	})
}

func TestAnswers(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		c := meeting("one", 1)
		addConference(t, s, c)
		bob, eve := addActor(t, s, "m.example", "bob"), addActor(t, s, "m.example", "eve")
		_, err := s.GuestByAnswer(ctx, "")
		wantCode(t, err, community.NotFound)
		gs := []*community.Guest{
			{ConferenceID: c.ID, ActorID: bob.ID, Name: bob.Name, State: community.Going, Plus: 2, Via: community.ByWords, AnswerURI: "https://m.example/n/1", Lang: "ru", Created: noon, Updated: noon},
			{ConferenceID: c.ID, Email: "a@x.example", State: community.Maybe, Created: noon, Updated: noon},
			{ConferenceID: c.ID, ActorID: eve.ID, State: community.NotGoing, Created: noon, Updated: noon},
			{ConferenceID: c.ID, Email: "c@x.example", State: community.Waitlisted, Plus: 4, Created: noon, Updated: noon},
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			for _, g := range gs {
				ok(t, tx.SaveGuest(ctx, g))
			}
			return nil
		})
		got, err := s.GuestByAnswer(ctx, "https://m.example/n/1")
		ok(t, err)
		if d := cmp.Diff(gs[0], got); d != "" {
			t.Error(d)
		}
		if n, err := s.Tally(ctx, c.ID); n != (community.Tally{Going: 3, Maybe: 1, Away: 1}) || err != nil {
			t.Error(n, err)
		}
		if n, err := s.Tally(ctx, 999); n != (community.Tally{}) || err != nil {
			t.Error(n, err)
		}
		if ids, err := s.GuestActors(ctx, c.End.Add(-1)); len(ids) != 1 || ids[0] != bob.ID || err != nil {
			t.Error(ids, err)
		}
		if ids, err := s.GuestActors(ctx, c.End); len(ids) != 0 || err != nil {
			t.Error(ids, err)
		}
		gs[0].Via, gs[0].AnswerURI, gs[0].Lang = community.ByLink, "", "en"
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveGuest(ctx, gs[0]) })
		got, err = s.GuestByID(ctx, gs[0].ID)
		ok(t, err)
		if d := cmp.Diff(gs[0], got); d != "" {
			t.Error(d)
		}
	})
}
