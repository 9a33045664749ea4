package storage

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

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
			HTML: community.Plain("ru", "<b>т</b>"), Warning: "cw", ConferenceID: 3, Visibility: community.Public, Tags: []string{"a", "карты"},
			Kind: community.NoticePost, Announced: at(5), Mentions: []community.Mention{{Name: "@x@y", URI: "https://y/x"}}, Pictures: []community.Picture{{URL: "https://p", Width: 3}},
			Created: at(0), Published: at(1), Updated: at(2)}
		note := &community.Post{Slug: "note", Author: community.MemberActor("anna"), AuthorName: anna.Name, Text: community.Plain("en", "hi"), Visibility: community.Unlisted,
			Tags: []string{"карты"}, Created: at(0), Published: at(3), Updated: at(3)}
		reply := &community.Post{URI: "https://m.example/1", URL: "https://m.example/@bob/1", AuthorID: bob.ID, AuthorName: bob.Name, HTML: community.Plain("", "<p>re</p>"),
			Tags: []string{"b", "карты"}, ReplyTo: "https://x.example/posts/news", Visibility: community.Direct, State: community.Held, Created: at(0), Published: at(2), Updated: at(2)}
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
			"standing":   {PostQuery{Standing: true}, []*community.Post{note, city}},
			"standing d": {PostQuery{Standing: true, Drafts: true}, []*community.Post{draft, note, city}},
			"kinds":      {PostQuery{Kinds: []community.PostKind{community.NoticePost, community.PollPost}}, []*community.Post{city}},
			"ordinary":   {PostQuery{Kinds: []community.PostKind{community.OrdinaryPost}}, []*community.Post{note, reply}},
			"states":     {PostQuery{States: []community.PostState{community.Held, community.Hidden}}, []*community.Post{reply}},
			"shown":      {PostQuery{States: []community.PostState{community.Shown}}, []*community.Post{note, city}},
			"tag":        {PostQuery{Tag: "карты"}, []*community.Post{note, reply, city}},
			"tag page":   {PostQuery{Tag: "карты", Limit: 1, Offset: 2}, []*community.Post{city}},
			"tag of one": {PostQuery{Tag: "b"}, []*community.Post{reply}},
			"own tag":    {PostQuery{Tag: "карты", Own: true, Standing: true, Visibilities: []community.Visibility{community.Public}}, []*community.Post{city}},
			"no tag":     {PostQuery{Tag: "карт"}, nil},
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
		tagged := func(want map[string]int) {
			t.Helper()
			for tag, n := range want {
				if got, err := s.CountPosts(ctx, PostQuery{Tag: tag}); got != n || err != nil {
					t.Errorf("tag %s: %d %v, want %d", tag, got, err, n)
				}
			}
		}
		again := *note
		again.Tags = []string{"new", "new", "a"}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.UpdatePost(ctx, &again) })
		tagged(map[string]int{"карты": 2, "new": 1, "a": 2})
		again.Tags = nil
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.UpdatePost(ctx, &again) })
		tagged(map[string]int{"карты": 2, "new": 0, "a": 1})
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.UpdatePost(ctx, note) })
		tagged(map[string]int{"карты": 3})

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
		tagged(map[string]int{"карты": 1, "b": 0, "a": 1})
		rows, err := value[int](ctx, s.Reader, "SELECT COUNT(*) FROM post_tag")
		ok(t, err)
		if rows != 2 {
			t.Errorf("%d tags are left of posts that are not", rows)
		}
	})
}

// What came into the calendar and what was said, together in the order in which
// it did, page by page.
func TestNews(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		anna, sister := addMember(t, s, "anna"), addActor(t, s, "sister.example", "city")
		at := func(min int) time.Time { return noon.Add(time.Duration(min) * time.Minute) }
		conference := func(c *community.Conference, published, announced int) *community.Conference {
			c.Published, c.Announced = at(published), time.Time{}
			if announced != 0 {
				c.Announced = at(announced)
			}
			addConference(t, s, c)
			return c
		}
		draft := meeting("draft", 1)
		draft.Draft = true
		conference(draft, 90, 0)
		conference(elsewhere(sister, "unseen", 1), 91, 0)
		ours := conference(meeting("ours", 9), 10, 80) // who announced what is ours does not make it news again
		late := conference(elsewhere(sister, "late", 1), -1000, 40)
		soon := conference(elsewhere(sister, "soon", 2), 20, 5) // announced before it was published: a clock is wrong
		twin := conference(meeting("twin", 3), 20, 0)
		var posts []*community.Post
		for i, p := range []community.Post{
			{Visibility: community.Public, Published: at(20)},
			{Visibility: community.Public, Published: at(50), Tags: []string{"a"}},
			{Visibility: community.Unlisted, Published: at(51)},
			{Visibility: community.Public, Published: at(52), ReplyTo: "https://x"},
			{Visibility: community.Public, Published: at(53), Draft: true},
			{Visibility: community.Public, Published: at(54), URI: "https://m.example/1", AuthorID: sister.ID},
		} {
			p.Created, p.Updated = at(0), at(0)
			if p.URI == "" {
				p.Slug, p.Author, p.AuthorName = string(rune('a'+i)), community.MemberActor("anna"), anna.Name
			}
			posts = append(posts, &p)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			for _, p := range posts {
				ok(t, tx.InsertPost(ctx, p))
			}
			return tx.SaveGuest(ctx, &community.Guest{ConferenceID: ours.ID, Email: "x@x", State: community.Going, Created: noon, Updated: noon})
		})
		ours.Seats.Going = 1
		// At the same instant conferences come first, then what has the higher id.
		want := []News{
			{At: at(50), Post: posts[1]}, {At: at(40), Conference: late}, {At: at(20), Conference: twin}, {At: at(20), Conference: soon},
			{At: at(20), Post: posts[0]}, {At: at(10), Conference: ours},
		}
		for limit := 1; limit <= len(want)+1; limit++ {
			for offset := 0; offset <= len(want); offset++ {
				got, err := s.News(ctx, limit, offset)
				ok(t, err)
				if d := cmp.Diff(want[offset:min(offset+limit, len(want))], got, cmpopts.EquateEmpty()); d != "" {
					t.Fatalf("%d from %d: %s", limit, offset, d)
				}
			}
		}
		n, err := s.CountNews(ctx)
		ok(t, err)
		if n != len(want) {
			t.Errorf("%d are counted", n)
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
		carl := addActor(t, s, "m.example", "carl")
		write(t, s, func(ctx context.Context, tx *Tx) error {
			return tx.InsertPost(ctx, &community.Post{URI: "https://m.example/n/1", AuthorID: carl.ID, ReplyTo: "https://x/o", Visibility: community.Public, Created: noon, Published: noon})
		})
		engaged, err := s.Engaged(ctx, "https://x/o")
		ok(t, err)
		slices.Sort(engaged)
		if !slices.Equal(engaged, []int64{bob.ID, eve.ID, carl.ID}) {
			t.Fatalf("%v took part", engaged)
		}
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
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DropTombstone(ctx, "conf/first") })
		_, err = s.Tombstone(ctx, "conf/first")
		wantCode(t, err, community.NotFound)
	})
}
