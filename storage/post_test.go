package storage

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

func TestPosts(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		anna, bob := addMember(t, s, "anna"), addActor(t, s, "m.example", "bob")
		write(t, s, func(ctx context.Context, tx *Tx) error {
			return tx.SaveCity(ctx, &community.City{Handle: "b", Name: community.Texts{{Lang: "ru", Text: "Белград"}, {Lang: "en", Text: "Belgrade"}}, Created: noon, Updated: noon})
		})
		for _, read := range []func() (*community.Post, error){
			func() (*community.Post, error) { return s.Post(ctx, "") },
			func() (*community.Post, error) { return s.PostByID(ctx, 1) },
			func() (*community.Post, error) { return s.PostByURI(ctx, "") },
		} {
			_, err := read()
			wantCode(t, err, community.NotFound)
		}
		at := func(min int) time.Time { return noon.Add(time.Duration(min) * time.Minute) }
		city := &community.Post{Slug: "news", Author: community.CityActor, AuthorName: "Белград", Title: community.Plain("ru", "Новости"), Text: community.Plain("ru", "**т**"),
			HTML: community.Plain("ru", "<b>т</b>"), Warning: "cw", ConferenceID: 3, Visibility: community.Public, Tags: []string{"a"},
			Mentions: []community.Mention{{Name: "@x@y", URI: "https://y/x"}}, Pictures: []community.Picture{{URL: "https://p", Width: 3}},
			Created: at(0), Published: at(1), Updated: at(2)}
		note := &community.Post{Slug: "note", Author: community.MemberActor("anna"), AuthorName: anna.Name, Text: community.Plain("en", "hi"), Visibility: community.Unlisted,
			Created: at(0), Published: at(3), Updated: at(3)}
		reply := &community.Post{URI: "https://m.example/1", URL: "https://m.example/@bob/1", AuthorID: bob.ID, AuthorName: bob.Name, HTML: community.Plain("", "<p>re</p>"),
			ReplyTo: "https://x.example/posts/news", Visibility: community.Direct, Created: at(0), Published: at(2), Updated: at(2)}
		draft := &community.Post{Slug: "draft", Author: community.CityActor, AuthorName: "Белград", Text: community.Plain("en", "soon"), Visibility: community.Public, Draft: true, Created: at(9), Updated: at(9)}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			for _, p := range []*community.Post{city, note, reply, draft} {
				if err := tx.InsertPost(ctx, p); err != nil {
					return err
				}
			}
			wantCode(t, tx.InsertPost(ctx, &community.Post{Slug: "news"}), community.Conflict)
			wantCode(t, tx.InsertPost(ctx, &community.Post{URI: reply.URI}), community.Conflict)
			wantCode(t, tx.UpdatePost(ctx, &community.Post{ID: note.ID, Slug: "news"}), community.Conflict)
			wantCode(t, tx.UpdatePost(ctx, &community.Post{ID: 999, Slug: "q"}), community.NotFound)
			return nil
		})
		for _, c := range []struct {
			want *community.Post
			read func() (*community.Post, error)
		}{
			{city, func() (*community.Post, error) { return s.Post(ctx, "news") }},
			{note, func() (*community.Post, error) { return s.PostByID(ctx, note.ID) }},
			{reply, func() (*community.Post, error) { return s.PostByURI(ctx, reply.URI) }},
		} {
			got, err := c.read()
			ok(t, err)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Fatal(d)
			}
		}
		for name, c := range map[string]struct {
			q    PostQuery
			want []*community.Post
		}{
			"all":        {PostQuery{}, []*community.Post{note, reply, city}},
			"own":        {PostQuery{Own: true}, []*community.Post{note, city}},
			"drafts":     {PostQuery{Own: true, Drafts: true}, []*community.Post{draft, note, city}},
			"author":     {PostQuery{Author: community.CityActor}, []*community.Post{city}},
			"conference": {PostQuery{ConferenceID: 3}, []*community.Post{city}},
			"replies":    {PostQuery{ReplyTo: reply.ReplyTo}, []*community.Post{reply}},
			"visible":    {PostQuery{Visibilities: []community.Visibility{community.Public, community.Unlisted}}, []*community.Post{note, city}},
			"before":     {PostQuery{Before: at(2)}, []*community.Post{city}},
			"page":       {PostQuery{Limit: 1, Offset: 1}, []*community.Post{reply}},
		} {
			got, err := s.Posts(ctx, c.q)
			ok(t, err)
			var want []community.Post
			for _, p := range c.want {
				want = append(want, *p)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s: %s", name, d)
			}
			if c.q.Limit == 0 {
				if n, err := s.CountPosts(ctx, c.q); n != len(want) || err != nil {
					t.Errorf("%s: count %d %v", name, n, err)
				}
			}
		}
		city.Title, city.Text, city.Visibility = nil, community.Plain("ru", "иначе"), community.Followers
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.DeletePost(ctx, note.ID))
			ok(t, tx.DeletePost(ctx, note.ID))
			ok(t, tx.DeletePostsOfActor(ctx, 0))
			ok(t, tx.DeletePostsOfActor(ctx, bob.ID))
			return tx.UpdatePost(ctx, city)
		})
		got, err := s.Posts(ctx, PostQuery{})
		ok(t, err)
		if d := cmp.Diff([]community.Post{*city}, got); d != "" {
			t.Fatal(d)
		}
	})
}

func TestReactions(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		bob, eve := addActor(t, s, "m.example", "bob"), addActor(t, s, "m.example", "eve")
		_, err := s.ReactionByURI(ctx, "r1")
		wantCode(t, err, community.NotFound)
		like := func(a *community.Actor, kind community.ReactionKind, emoji, uri string) *community.Reaction {
			v := &community.Reaction{ActorID: a.ID, Kind: kind, Emoji: emoji, Object: "https://x/o", URI: uri, Created: noon}
			write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveReaction(ctx, v) })
			return v
		}
		r1 := like(bob, community.Like, "", "r1")
		r2 := like(bob, community.Like, "", "r2")
		if r1.ID != r2.ID {
			t.Fatal("the same reaction has two rows")
		}
		like(eve, community.Like, "", "r3")
		like(eve, community.Emoji, "🔥", "r4")
		r5 := like(eve, community.Emoji, "❤️", "r5")
		like(eve, community.Announce, "", "r6")
		got, err := s.ReactionByURI(ctx, "r2")
		ok(t, err)
		if d := cmp.Diff(r2, got); d != "" {
			t.Fatal(d)
		}
		got, err = s.ReactionOf(ctx, "https://x/o", community.Emoji, eve.ID)
		ok(t, err)
		if d := cmp.Diff(r5, got); d != "" {
			t.Fatal(d)
		}
		_, err = s.ReactionOf(ctx, "https://x/o", community.Announce, bob.ID)
		wantCode(t, err, community.NotFound)
		count := func(want map[community.ReactionKind]int) {
			t.Helper()
			n, err := s.Reactions(ctx, "https://x/o")
			ok(t, err)
			if d := cmp.Diff(want, n); d != "" {
				t.Fatal(d)
			}
		}
		count(map[community.ReactionKind]int{community.Like: 2, community.Emoji: 2, community.Announce: 1})
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.DeleteReaction(ctx, r1.ID))
			return tx.DeleteReaction(ctx, r1.ID)
		})
		count(map[community.ReactionKind]int{community.Like: 1, community.Emoji: 2, community.Announce: 1})
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DeleteReactionsOfActor(ctx, eve.ID) })
		count(map[community.ReactionKind]int{})
	})
}

func TestReports(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		a := &community.Report{ActorID: 4, URI: "u1", Objects: []string{"https://x/1", "https://x/2"}, Text: "плохо", Created: noon}
		b := &community.Report{URI: "u2", Created: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.InsertReport(ctx, a))
			ok(t, tx.InsertReport(ctx, b))
			wantCode(t, tx.InsertReport(ctx, &community.Report{URI: "u1", Created: noon}), community.Conflict)
			b.Closed = tx.Now()
			return tx.CloseReport(ctx, b.ID)
		})
		wantCode(t, s.Write(ctx, func(tx *Tx) error { return tx.CloseReport(ctx, b.ID) }), community.NotFound)
		got, err := s.Reports(ctx)
		ok(t, err)
		if d := cmp.Diff([]community.Report{*a, *b}, got); d != "" {
			t.Fatal(d)
		}
	})
}

func TestTombstones(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		_, err := s.Tombstone(ctx, "conf/first")
		wantCode(t, err, community.NotFound)
		var at time.Time
		write(t, s, func(ctx context.Context, tx *Tx) error {
			at = tx.Now()
			return tx.SaveTombstone(ctx, "conf/first", "Event")
		})
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveTombstone(ctx, "conf/first", "Note") })
		got, err := s.Tombstone(ctx, "conf/first")
		ok(t, err)
		if d := cmp.Diff(&Tombstone{Key: "conf/first", FormerType: "Event", Deleted: at}, got); d != "" {
			t.Fatal(d)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			return tx.SaveTombstone(ctx, "https://far.example/u/bob https://far.example/n/1", "Object")
		})
		for _, want := range []int{1, 0} { // of what was ours or known here, nothing
			var gone int
			write(t, s, func(ctx context.Context, tx *Tx) (err error) {
				gone, err = tx.PruneTombstones(ctx, tx.Now().Add(time.Hour))
				return err
			})
			if gone != want {
				t.Errorf("%d claims were forgotten, want %d", gone, want)
			}
		}
		if _, err := s.Tombstone(ctx, "conf/first"); err != nil {
			t.Error(err)
		}
	})
}
