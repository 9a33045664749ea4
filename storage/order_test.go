package storage

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

func TestCasesAndReports(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		_, err := s.Case(ctx, 1)
		wantCode(t, err, community.NotFound)
		first := &community.Case{Object: "https://x/1", Kind: community.CasePost, Name: "Бо", Excerpt: "гад", Concerned: []string{"https://x/a", "https://x/b"}, State: community.CaseOpen, Created: noon, Updated: noon}
		second := &community.Case{Object: "https://x/2", Kind: community.CaseOther, State: community.CaseOpen, Created: noon.Add(time.Hour), Updated: noon}
		a := &community.Report{ActorID: 4, URI: "u1", Objects: []string{"https://x/1", "https://x/2"}, Text: "плохо", Created: noon}
		b := &community.Report{MemberID: 3, Contact: "a@b", Lang: "ru", URI: "u2", Category: community.Spam, Rule: "2", Forward: true, Created: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.InsertCase(ctx, first))
			ok(t, tx.InsertCase(ctx, second))
			a.CaseID, b.CaseID = first.ID, first.ID
			ok(t, tx.InsertReport(ctx, a))
			ok(t, tx.InsertReport(ctx, b))
			wantCode(t, tx.InsertReport(ctx, &community.Report{URI: "u1", Created: noon}), community.Conflict)
			return nil
		})
		first.Reports, first.Wished = 2, true
		got, err := s.Reports(ctx, first.ID)
		ok(t, err)
		if d := cmp.Diff([]community.Report{*a, *b}, got); d != "" {
			t.Fatal(d)
		}
		if got, err := s.Reports(ctx, 0); err != nil || len(got) != 2 {
			t.Fatal(got, err)
		}
		if got, err := s.Reports(ctx, second.ID); err != nil || len(got) != 0 {
			t.Fatal(got, err)
		}
		open, err := s.OpenCase(ctx, []string{"https://x/2", "https://x/1"})
		ok(t, err)
		if d := cmp.Diff(first, open); d != "" {
			t.Fatal(d)
		}
		first.State, first.Assignee, first.Updated = community.CaseDecided, "ana", noon.Add(time.Minute)
		first.Decided, first.DecidedBy, first.Outcome, first.Rule, first.Reason, first.Forwarded = noon.Add(time.Minute), "ana", "warn", "2", "why", noon
		e := &community.CaseEntry{CaseID: first.ID, By: "ana", Kind: community.EntryNote, Text: "hm", Created: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.InsertCaseEntry(ctx, e))
			wantCode(t, tx.UpdateCase(ctx, &community.Case{ID: 99}), community.NotFound)
			return tx.UpdateCase(ctx, first)
		})
		entries, err := s.CaseEntries(ctx, first.ID)
		ok(t, err)
		if d := cmp.Diff([]community.CaseEntry{*e}, entries); d != "" {
			t.Fatal(d)
		}
		_, err = s.OpenCase(ctx, []string{"https://x/1"})
		wantCode(t, err, community.NotFound)
		_, err = s.OpenCase(ctx, nil)
		wantCode(t, err, community.NotFound)
		for i, c := range []struct {
			q    CaseQuery
			want []community.Case
		}{
			{CaseQuery{}, []community.Case{*first, *second}},
			{CaseQuery{Newest: true}, []community.Case{*second, *first}},
			{CaseQuery{Limit: 1, Offset: 1}, []community.Case{*second}},
			{CaseQuery{States: []community.CaseState{community.CaseOpen}}, []community.Case{*second}},
			{CaseQuery{Assignee: "ana"}, []community.Case{*first}},
			{CaseQuery{Concerned: "https://x/b"}, []community.Case{*first}},
			{CaseQuery{Unseen: "https://x/b"}, []community.Case{*second}},
		} {
			got, err := s.Cases(ctx, c.q)
			ok(t, err)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("%d: %s", i, d)
			}
			c.q.Limit, c.q.Offset = 0, 0
			if n, err := s.CountCases(ctx, c.q); err != nil || i != 2 && n != len(c.want) {
				t.Errorf("%d: %d, %v", i, n, err)
			}
		}
	})
}

func TestMeasures(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		_, err := s.Measure(ctx, 1)
		wantCode(t, err, community.NotFound)
		week := &community.Measure{CaseID: 7, Kind: community.MeasureOut, TargetKind: community.TargetMember, Target: "https://x/people/bo", Name: "Бо", Rule: "1", Reason: "why", Sealed: true,
			State: community.MeasureActive, By: "ana", Before: "x", Created: noon, Ends: noon.Add(time.Hour)}
		asked := &community.Measure{Kind: community.Demote, TargetKind: community.TargetMember, Target: "https://x/people/eva", Urgent: true, State: community.MeasureAsked, By: "ana",
			Created: noon, ConfirmBy: noon.Add(2 * time.Hour)}
		word := &community.Measure{Kind: community.Warn, TargetKind: community.TargetMember, Target: "https://x/people/bo", State: community.MeasureEnded, By: "ana", ConfirmedBy: "eva", Created: noon, Ended: noon, EndedBy: "eva"}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.InsertMeasure(ctx, week))
			ok(t, tx.InsertMeasure(ctx, asked))
			return tx.InsertMeasure(ctx, word)
		})
		for i, c := range []struct {
			q    MeasureQuery
			want []community.Measure
		}{
			{MeasureQuery{}, []community.Measure{*word, *asked, *week}},
			{MeasureQuery{Limit: 1, Offset: 1}, []community.Measure{*asked}},
			{MeasureQuery{Target: week.Target}, []community.Measure{*word, *week}},
			{MeasureQuery{CaseID: 7}, []community.Measure{*week}},
			{MeasureQuery{States: []community.MeasureState{community.MeasureAsked}}, []community.Measure{*asked}},
			{MeasureQuery{Kinds: []community.MeasureKind{community.Warn, community.Demote}}, []community.Measure{*word, *asked}},
			{MeasureQuery{Confirm: true}, []community.Measure{*asked}},
		} {
			got, err := s.Measures(ctx, c.q)
			ok(t, err)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("%d: %s", i, d)
			}
			c.q.Limit, c.q.Offset = 0, 0
			if n, err := s.CountMeasures(ctx, c.q); err != nil || i != 1 && n != len(c.want) {
				t.Errorf("%d: %d, %v", i, n, err)
			}
		}
		for at, want := range map[time.Duration]int{0: 0, time.Hour: 1, 2 * time.Hour: 2} {
			if due, err := s.MeasuresDue(ctx, noon.Add(at)); err != nil || len(due) != want {
				t.Errorf("after %s: %v, %v", at, due, err)
			}
		}
		week.State, week.Ended, week.EndedBy, week.ConfirmedBy, week.Reason, week.Sealed = community.MeasureLifted, noon, "eva", "eva", "", false
		write(t, s, func(ctx context.Context, tx *Tx) error {
			wantCode(t, tx.UpdateMeasure(ctx, &community.Measure{ID: 99}), community.NotFound)
			return tx.UpdateMeasure(ctx, week)
		})
		got, err := s.Measure(ctx, week.ID)
		ok(t, err)
		if d := cmp.Diff(week, got); d != "" {
			t.Fatal(d)
		}
		_, err = s.Hidden(ctx, "https://x/e")
		wantCode(t, err, community.NotFound)
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.SaveHidden(ctx, "https://x/e", 1))
			return tx.SaveHidden(ctx, "https://x/e", 2)
		})
		if id, err := s.Hidden(ctx, "https://x/e"); err != nil || id != 2 {
			t.Fatal(id, err)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DeleteHidden(ctx, "https://x/e") })
		_, err = s.Hidden(ctx, "https://x/e")
		wantCode(t, err, community.NotFound)
	})
}

func TestSilencePosts(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		add := func(slug string, author community.LocalActor, state community.PostState) *community.Post {
			p := &community.Post{Slug: slug, Author: author, Text: community.Plain("en", "x"), HTML: community.Plain("en", "x"), Visibility: community.Public, State: state, Created: noon, Published: noon, Updated: noon}
			write(t, s, func(ctx context.Context, tx *Tx) error { return tx.InsertPost(ctx, p) })
			return p
		}
		mine, hidden, other := add("a", "people/bo", community.Shown), add("b", "people/bo", community.Hidden), add("c", "people/eva", community.Shown)
		want := func(states ...community.PostState) {
			t.Helper()
			for i, p := range []*community.Post{mine, hidden, other} {
				got, err := s.PostByID(ctx, p.ID)
				ok(t, err)
				if got.State != states[i] {
					t.Errorf("%s is %q, want %q", p.Slug, got.State, states[i])
				}
			}
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SilencePosts(ctx, "people/bo", true) })
		want(community.Silenced, community.Hidden, community.Shown)
		if news, err := s.Posts(ctx, PostQuery{News: true}); err != nil || len(news) != 1 {
			t.Errorf("%v, %v", news, err)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SilencePosts(ctx, "people/bo", false) })
		want(community.Shown, community.Hidden, community.Shown)
	})
}

func TestServerRules(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		b := &community.Block{Domain: "media.example", Severity: community.NoBlock, RejectMedia: true, RejectReports: true, Obfuscate: true, MeasureID: 3, Created: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveBlock(ctx, b) })
		got, err := s.Block(ctx, "media.example", "")
		ok(t, err)
		if d := cmp.Diff(b, got); d != "" {
			t.Fatal(d)
		}
		_, err = s.Block(ctx, "www.media.example", "")
		wantCode(t, err, community.NotFound)
		_, err = s.BlockOf(ctx, "www.media.example", "")
		wantCode(t, err, community.NotFound)
		if v, err := s.ServerRule(ctx, "www.media.example"); err != nil || !v.RejectMedia || !v.RejectReports {
			t.Error(v, err)
		}
		if v, err := s.ServerRule(ctx, "other.example"); err != nil || v != (community.ServerRule{}) {
			t.Error(v, err)
		}
		x, err := s.Blocking(ctx)
		ok(t, err)
		if !x.Empty() || x.Of("media.example", "") != nil {
			t.Error("what refuses pictures keeps out")
		}
	})
}

func TestAllowedServers(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		city := &community.City{Handle: "x", Name: community.Plain("en", `"federation":"listed"`), Zone: "UTC", Languages: []string{"en"}, Created: noon, Updated: noon}
		city.Settings.Footer = community.Plain("en", `"federation":"listed"`)
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.SaveCity(ctx, city))
			ok(t, tx.SaveAllowedServer(ctx, &community.AllowedServer{Domain: "friend.example", By: "ana", Created: noon}))
			ok(t, tx.SaveAllowedServer(ctx, &community.AllowedServer{Domain: "friend.example", Reason: "sister", By: "eva", Created: noon}))
			return tx.SaveBlock(ctx, &community.Block{Domain: "rude.friend.example", Severity: community.Silence, Created: noon})
		})
		if d := allowedDiff(t, s, community.AllowedServer{Domain: "friend.example", Reason: "sister", By: "eva", Created: noon}); d != "" {
			t.Fatal(d)
		}
		_, err := s.BlockOf(ctx, "stranger.example", "")
		wantCode(t, err, community.NotFound)
		city.Settings.Federation = community.FederationListed
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveCity(ctx, city) })
		for host, want := range map[string]community.Severity{"stranger.example": community.Suspend, "Stranger.example:8080": community.Suspend, "friend.example": "", "a.friend.example:443": "", "rude.friend.example": community.Silence} {
			b, err := s.BlockOf(ctx, host, "https://"+host+"/u")
			if want == "" {
				wantCode(t, err, community.NotFound)
			} else if err != nil || b.Severity != want {
				t.Errorf("%s: %+v, %v", host, b, err)
			}
			x, err := s.Blocking(ctx)
			ok(t, err)
			if b := x.Of(host, ""); (b == nil) != (want == "") || b != nil && b.Severity != want {
				t.Errorf("%s: %+v", host, b)
			}
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DeleteAllowedServer(ctx, "friend.example") })
		wantCode(t, s.Write(ctx, func(tx *Tx) error { return tx.DeleteAllowedServer(ctx, "friend.example") }), community.NotFound)
		if _, err := s.BlockOf(ctx, "friend.example", ""); err != nil {
			t.Error(err)
		}
	})
}

func allowedDiff(t *testing.T, s *Store, want ...community.AllowedServer) string {
	t.Helper()
	got, err := s.AllowedServers(context.Background())
	ok(t, err)
	return cmp.Diff(want, got)
}

func TestBlockImports(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		_, err := s.BlockImport(ctx, 1)
		wantCode(t, err, community.NotFound)
		a := &community.BlockImport{Name: "list.csv", By: "ana", New: []community.Block{{Domain: "a.example", Severity: community.Suspend, RejectMedia: true}}, Created: noon}
		b := &community.BlockImport{Name: "seen.csv", By: "ana", New: []community.Block{{Domain: "b.example"}}, Created: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.InsertBlockImport(ctx, a))
			return tx.InsertBlockImport(ctx, b)
		})
		a.Old, a.Applied, a.Undone = []community.Block{{Domain: "a.example", Severity: community.Silence}}, noon, noon.Add(time.Hour)
		write(t, s, func(ctx context.Context, tx *Tx) error {
			wantCode(t, tx.UpdateBlockImport(ctx, &community.BlockImport{ID: 99}), community.NotFound)
			return tx.UpdateBlockImport(ctx, a)
		})
		list, err := s.BlockImports(ctx, 10)
		ok(t, err)
		if d := cmp.Diff([]community.BlockImport{*a}, list); d != "" {
			t.Fatal(d)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.PruneBlockImports(ctx, noon.Add(time.Hour)) })
		if _, err := s.BlockImport(ctx, a.ID); err != nil {
			t.Error(err)
		}
		_, err = s.BlockImport(ctx, b.ID)
		wantCode(t, err, community.NotFound)
	})
}

func TestHostCounts(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		a := &community.Actor{URI: "https://a.example/u", Type: "Person", Host: "a.example", Inbox: "https://a.example/i", Fetched: noon}
		b := &community.Actor{URI: "https://a.example/v", Type: "Person", Host: "a.example", Inbox: "https://a.example/i", Fetched: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.SaveActor(ctx, a))
			ok(t, tx.SaveActor(ctx, b))
			ok(t, tx.SaveFollower(ctx, &community.Follow{Local: "city", ActorID: a.ID, URI: "f1", State: community.Accepted, Created: noon}))
			return tx.SaveFollowed(ctx, &community.Follow{Local: "city", ActorID: b.ID, URI: "f2", State: community.Accepted, Created: noon})
		})
		got, err := s.HostCounts(context.Background())
		ok(t, err)
		if d := cmp.Diff([]HostCount{{"a.example", 1, 1, 2}}, got); d != "" {
			t.Fatal(d)
		}
	})
}
