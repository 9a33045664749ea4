package storage

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"konfa/community"
)

// A talk is read from above to below, without what a steward holds back or took
// away, what is not for everyone, and those who are kept out.
func TestTalk(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		const thing = "https://x.example/conf/first"
		addMember(t, s, "anna")
		bob, eve, sub := addActor(t, s, "m.example", "bob"), addActor(t, s, "evil.example", "eve"), addActor(t, s, "deep.evil.example", "sub")
		gone := addActor(t, s, "m.example", "gone")
		at := func(min int) time.Time { return noon.Add(time.Duration(min) * time.Minute) }
		byName := map[string]*community.Post{}
		say := func(name string, parent *community.Post, min int, by *community.Actor, change func(*community.Post)) *community.Post {
			p := &community.Post{URI: "https://m.example/n/" + name, AuthorID: by.ID, ReplyTo: thing, Thread: thing, HTML: community.Plain("", name),
				Visibility: community.Public, Created: at(min), Published: at(min), Updated: at(min)}
			up := ""
			if parent != nil {
				p.ReplyTo, up = parent.URI, parent.Path
			}
			p.Path = community.ThreadPath(up, p.URI, p.Published, at(100))
			if change != nil {
				change(p)
			}
			write(t, s, func(ctx context.Context, tx *Tx) error { return tx.InsertPost(ctx, p) })
			byName[name] = p
			return p
		}
		state := func(st community.PostState) func(*community.Post) {
			return func(p *community.Post) { p.State = st }
		}
		a := say("a", nil, 1, bob, nil)
		b := say("b", nil, 2, eve, nil)
		a1 := say("a1", a, 5, bob, func(p *community.Post) { p.Visibility = community.Unlisted })
		say("a2", a, 4, sub, nil)
		say("a11", a1, 9, bob, nil)
		say("b1", b, 3, bob, nil)
		say("held", nil, 1, bob, state(community.Held))
		say("hidden", a, 1, bob, state(community.Hidden))
		say("direct", a, 1, bob, func(p *community.Post) { p.Visibility = community.Direct })
		say("poll", nil, 1, bob, func(p *community.Post) { p.Kind = community.PollPost })
		say("gone", nil, 1, gone, nil)
		say("other", nil, 1, bob, func(p *community.Post) { p.Thread = thing + "2" })
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.MarkActorGone(ctx, gone.ID) })

		want := func(what string, q TalkQuery, names ...string) {
			t.Helper()
			ps, err := s.Talk(ctx, q)
			ok(t, err)
			var got []string
			for _, p := range ps {
				got = append(got, p.HTML.First())
			}
			if !slices.Equal(got, names) {
				t.Errorf("%s: %q, want %q", what, got, names)
			}
			if q.Limit == 0 && q.Offset == 0 {
				if n, err := s.CountTalk(ctx, q); n != len(names) || err != nil {
					t.Errorf("%s: counted %d %v, want %d", what, n, err, len(names))
				}
			}
		}
		want("all", TalkQuery{Thread: thing}, "a", "a2", "a1", "a11", "b", "b1")
		want("a page", TalkQuery{Thread: thing, Limit: 2, Offset: 3}, "a11", "b")
		want("below", TalkQuery{Below: a}, "a2", "a1", "a11")
		want("below the last", TalkQuery{Below: byName["a11"]})
		want("of a thing", TalkQuery{ReplyTo: thing}, "b", "other", "a")
		want("of an answer", TalkQuery{ReplyTo: a.URI}, "a1", "a2")
		for _, block := range []community.Block{
			{Domain: "evil.example", Severity: community.Silence}, {ActorURI: bob.URI, Severity: community.Suspend},
		} {
			write(t, s, func(ctx context.Context, tx *Tx) error { block.Created = noon; return tx.SaveBlock(ctx, &block) })
			if block.Domain != "" {
				want("without a domain", TalkQuery{Thread: thing}, "a", "a1", "a11", "b1")
			} else {
				want("without anyone", TalkQuery{Thread: thing})
				want("of a thing without anyone", TalkQuery{ReplyTo: thing})
			}
		}
		below, err := s.Subthread(ctx, a)
		ok(t, err)
		if len(below) != 5 {
			t.Errorf("%d stand below a, shown or not", len(below))
		}
		if none, err := s.Subthread(ctx, &community.Post{}); len(none) != 0 || err != nil {
			t.Errorf("%d %v stand below what is in no talk", len(none), err)
		}
		seen, hidden, err := s.SaidIn(ctx, thing, bob.ID)
		ok(t, err)
		if seen != 5 || hidden != 1 {
			t.Errorf("bob said %d and %d were taken away", seen, hidden)
		}
		if seen, hidden, err = s.SaidIn(ctx, "", bob.ID); seen+hidden != 0 || err != nil {
			t.Errorf("%d %d %v in no talk", seen, hidden, err)
		}
	})
}

// A talk of ten thousand answers costs a page what is on it.
func TestLongTalkIsBounded(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		const thing = "https://x.example/conf/first"
		bob := addActor(t, s, "m.example", "bob")
		const many = 1200
		write(t, s, func(ctx context.Context, tx *Tx) error {
			path := ""
			for i := range many {
				uri := fmt.Sprintf("https://m.example/n/%d", i)
				path = community.ThreadPath(path, uri, noon.Add(time.Duration(i)*time.Second), noon.Add(time.Hour))
				err := tx.InsertPost(ctx, &community.Post{URI: uri, AuthorID: bob.ID, ReplyTo: thing, Thread: thing, Path: path, Visibility: community.Public, Created: noon, Published: noon, Updated: noon})
				if err != nil {
					return err
				}
			}
			return nil
		})
		n, err := s.CountTalk(ctx, TalkQuery{Thread: thing})
		ok(t, err)
		last, err := s.Talk(ctx, TalkQuery{Thread: thing, Limit: 50, Offset: many - 3})
		ok(t, err)
		if n != many || len(last) != 3 || last[2].Depth() != community.MaxDepth {
			t.Fatalf("%d are counted, the last page has %d", n, len(last))
		}
	})
}

func TestBoostedPosts(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		addMember(t, s, "anna")
		bob, eve := addActor(t, s, "m.example", "bob"), addActor(t, s, "m.example", "eve")
		at := func(min int) time.Time { return noon.Add(time.Duration(min) * time.Minute) }
		add := func(name string, change func(*community.Post)) *community.Post {
			p := &community.Post{URI: "https://m.example/n/" + name, AuthorID: bob.ID, HTML: community.Plain("", name), Visibility: community.Public,
				Created: at(0), Published: at(1), Updated: at(1)}
			change(p)
			if p.URI == "" {
				p.Slug, p.Author, p.AuthorID = name, community.MemberActor("anna"), 0
			}
			write(t, s, func(ctx context.Context, tx *Tx) error { return tx.InsertPost(ctx, p) })
			return p
		}
		ours := add("ours", func(p *community.Post) { p.URI, p.Published = "", at(20) })
		boosted := add("boosted", func(p *community.Post) { p.Announced, p.Source = at(30), []byte(`{"a":1}`) })
		early := add("early", func(p *community.Post) { p.Announced, p.AuthorID = at(10), eve.ID })
		offered := add("offered", func(p *community.Post) { p.State = community.Offered })
		dismissed := add("dismissed", func(p *community.Post) { p.State = community.Hidden })
		add("followers", func(p *community.Post) { p.Visibility, p.Announced = community.Followers, at(40) })
		add("talk", func(p *community.Post) { p.State, p.Thread = community.Hidden, "https://x" })
		add("plain", func(p *community.Post) {})
		add("poll", func(p *community.Post) { p.URI, p.Kind = "", community.PollPost })

		names := func(ps []community.Post) (out []string) {
			for _, p := range ps {
				out = append(out, p.HTML.First())
			}
			return out
		}
		list := func(q PostQuery, want ...string) {
			t.Helper()
			ps, err := s.Posts(ctx, q)
			ok(t, err)
			if got := names(ps); !slices.Equal(got, want) {
				t.Errorf("%+v: %q, want %q", q, got, want)
			}
			if n, err := s.CountPosts(ctx, q); n != len(want) || err != nil {
				t.Errorf("%+v: counted %d %v", q, n, err)
			}
		}
		list(PostQuery{News: true}, "boosted", "ours", "early")
		list(PostQuery{Mentions: true, States: []community.PostState{community.Offered}}, "offered")
		list(PostQuery{InTalk: true, States: []community.PostState{community.Hidden}}, "talk")
		news, err := s.News(ctx, 10, 0)
		ok(t, err)
		if len(news) != 3 || news[0].Post.ID != boosted.ID || !news[0].At.Equal(at(30)) || news[1].Post.ID != ours.ID || news[2].Post.ID != early.ID {
			t.Errorf("the news are %+v", news)
		}
		all, lately, no, err := s.BoostsOf(ctx, bob.ID, at(35))
		ok(t, err)
		if all != 2 || lately != 1 || no != 1 {
			t.Errorf("%d boosts, %d lately, %d not wanted", all, lately, no)
		}
		for id, want := range map[int64][]string{0: {"boosted", "early", "followers"}, eve.ID: {"early"}} {
			ps, err := s.BoostedPosts(ctx, id)
			ok(t, err)
			if got := names(ps); !slices.Equal(got, want) {
				t.Errorf("of %d: %q, want %q", id, got, want)
			}
		}
		source, err := s.PostSource(ctx, boosted.ID)
		ok(t, err)
		if string(source) != `{"a":1}` {
			t.Errorf("the source is %s", source)
		}
		_, err = s.PostSource(ctx, dismissed.ID)
		wantCode(t, err, community.NotFound)
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.SavePostSource(ctx, offered.ID, []byte("1")))
			ok(t, tx.SavePostSource(ctx, offered.ID, []byte("2")))
			return tx.DeletePost(ctx, boosted.ID)
		})
		if source, err = s.PostSource(ctx, offered.ID); string(source) != "2" || err != nil {
			t.Errorf("the source is %s %v", source, err)
		}
		_, err = s.PostSource(ctx, boosted.ID)
		wantCode(t, err, community.NotFound)
	})
}
