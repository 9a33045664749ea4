package storage

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/lookup"
)

// names are what was found, in order.
func names(hits []Hit) string {
	var out []string
	for _, h := range hits {
		if h.Post != nil {
			out = append(out, h.Post.Slug)
		} else {
			out = append(out, h.Conference.Slug+h.Conference.URI[strings.LastIndexByte(h.Conference.URI, '/')+1:])
		}
	}
	return strings.Join(out, " ")
}

func lookFor(t testing.TB, s *Store, typed string, in SearchGroup) string {
	t.Helper()
	hits, _, err := s.Search(context.Background(), SearchQuery{Words: lookup.Parse(typed), In: in, Now: noon, Limit: 20})
	ok(t, err)
	return names(hits)
}

func TestSearch(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		group := addActor(t, s, "mobilizon.example", "club")
		titled := func(c *community.Conference, lang, title, html string) *community.Conference {
			c.Title, c.Text, c.HTML = community.Plain(lang, title), nil, community.Plain(lang, html)
			return c
		}
		soon := titled(meeting("soon", 2), "en", "Maps drawn by hand", "<p>Three people &amp; the <em>Beograd</em> of cats.</p>")
		soon.Tags, soon.Venue = []string{"город"}, &community.Venue{Name: "Čitaonica", Locality: "Beograd"}
		soon.Organisers = []community.Organiser{{Name: "Ana Petrović"}}
		later := titled(meeting("later", 9), "ru", "Ёлка и карты", "<p>Карты города рисуют от руки, зал большой.</p>")
		text := titled(meeting("text", 5), "sr", "Шетња", "<p>Београд, river maps, жалоба.</p>")
		over := titled(meeting("over", -5), "en", "Maps of old", "")
		draft := titled(meeting("draft", 3), "en", "Secret maps", "")
		draft.Draft = true
		far, hidden := titled(elsewhere(group, "far", 3), "en", "Far maps", ""), titled(elsewhere(group, "hidden", 3), "en", "Hidden maps", "")
		addConference(t, s, soon, later, text, over, draft, far, hidden)
		list1(t, s, far, nil, true, "en")

		for name, c := range map[string]struct {
			typed string
			in    SearchGroup
			want  string
		}{
			"titles first, then time":    {"maps", SearchUpcoming, "soon far text"},
			"past":                       {"MAPS", SearchPast, "over"},
			"all words":                  {"maps cats", SearchUpcoming, "soon"},
			"words of title and text":    {"hand beograd", SearchUpcoming, "soon"},
			"beginning":                  {"draw", SearchUpcoming, "soon"},
			"phrase":                     {`"drawn by"`, SearchUpcoming, "soon"},
			"not a phrase":               {`"by drawn"`, SearchUpcoming, ""},
			"ё":                          {"елка", SearchUpcoming, "later"},
			"Ё":                          {"ЁЛКА", SearchUpcoming, "later"},
			"Cyrillic finds Latin":       {"Београд", SearchUpcoming, "soon text"},
			"Latin finds Cyrillic":       {"beograd", SearchUpcoming, "soon text"},
			"a phrase in Cyrillic":       {"\"Београд, river\"", SearchUpcoming, "text"},
			"a phrase in Latin":          {`"beograd river"`, SearchUpcoming, "text"},
			"as the English spell it":    {"shetnja", SearchUpcoming, "text"},
			"other Cyrillic does not":    {"зал", SearchUpcoming, "later"},
			"without marks":              {"citaonica", SearchUpcoming, "soon"},
			"with marks":                 {"čitaonica", SearchUpcoming, "soon"},
			"tag":                        {"#город", SearchUpcoming, "soon later"},
			"organiser":                  {"petrovic", SearchUpcoming, "soon"},
			"host":                       {"club", SearchUpcoming, "far"},
			"markup is no word":          {"em", SearchUpcoming, ""},
			"a draft is not found":       {"secret", SearchUpcoming, ""},
			"nor what nobody is shown":   {"hidden", SearchUpcoming, ""},
			"words that are nowhere":     {"zzz", SearchUpcoming, ""},
			"nothing":                    {"", SearchUpcoming, ""},
			"nothing but signs":          {`"'*^(){}:-&|!<>\`, SearchUpcoming, ""},
			"the language of the engine": {"maps AND OR NOT NEAR", SearchUpcoming, ""},
		} {
			if got := lookFor(t, s, c.typed, c.in); got != c.want {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
		}
		hits, more, err := s.Search(ctx, SearchQuery{Words: lookup.Parse("maps"), In: SearchUpcoming, Now: noon, Limit: 1, Offset: 1})
		ok(t, err)
		if names(hits) != "far" || !more || hits[0].Conference.Origin == "" {
			t.Errorf("the second page is %q, more %t", names(hits), more)
		}
		hits, more, err = s.Search(ctx, SearchQuery{Words: lookup.Parse("maps"), In: SearchUpcoming, Now: noon, Limit: 5, City: true})
		ok(t, err)
		if names(hits) != "soon text" || more {
			t.Errorf("in the city: %q", names(hits))
		}
		if cs, err := s.Conferences(ctx, ConferenceQuery{Calendar: true, Text: "beograd"}); err != nil || len(cs) != 2 {
			t.Error(len(cs), err)
		}
		if n, err := s.CountConferences(ctx, ConferenceQuery{Drafts: true, Text: "maps"}); err != nil || n != 6 {
			t.Error(n, err)
		}
		if n, err := s.CountConferences(ctx, ConferenceQuery{Text: "!"}); err != nil || n != 0 {
			t.Error(n, err)
		}

		// What changes is found by its new words at once, and not by the old ones.
		soon.Title, soon.Start, soon.End = community.Plain("en", "Globes"), soon.Start.AddDate(0, 0, -9), soon.End.AddDate(0, 0, -9)
		far.Title = community.Plain("en", "Far globes")
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.UpdateConference(ctx, far))
			return tx.UpdateConference(ctx, soon)
		})
		if up, past, old := lookFor(t, s, "globes", SearchUpcoming), lookFor(t, s, "globes", SearchPast), lookFor(t, s, "maps", SearchUpcoming); up != "far" || past != "soon" || old != "text" {
			t.Errorf("after the change: %q, %q, %q", up, past, old)
		}
		draft.Draft, draft.Published = false, noon
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.UpdateConference(ctx, draft) })
		if got := lookFor(t, s, "secret", SearchUpcoming); got != "draft" {
			t.Errorf("once published: %q", got)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SetTwin(ctx, draft.ID, text.ID) })
		if got := lookFor(t, s, "secret", SearchUpcoming); got != "" {
			t.Errorf("where another stands for it: %q", got)
		}
		// Blocks hide at once, the world's list follows.
		write(t, s, func(ctx context.Context, tx *Tx) error {
			return tx.SaveBlock(ctx, &community.Block{Domain: "mobilizon.example", Severity: community.Silence})
		})
		if got := lookFor(t, s, "globes", SearchUpcoming); got != "" {
			t.Errorf("of who is blocked: %q", got)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			_, err := tx.DeleteListing(ctx, far.ID)
			ok(t, err)
			return tx.DeleteBlock(ctx, "mobilizon.example", "")
		})
		if got := lookFor(t, s, "globes", SearchUpcoming); got != "" {
			t.Errorf("what the world lists no longer: %q", got)
		}
		far.Announced = noon
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.UpdateConference(ctx, far) })
		if got := lookFor(t, s, "globes", SearchUpcoming); got != "far" {
			t.Errorf("what the city announced: %q", got)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.DeleteConference(ctx, far.ID))
			ok(t, tx.DeleteConference(ctx, soon.ID))
			return tx.DeleteConference(ctx, hidden.ID)
		})
		if up, past := lookFor(t, s, "globes", SearchUpcoming), lookFor(t, s, "globes", SearchPast); up+past != "" {
			t.Errorf("what was deleted: %q, %q", up, past)
		}
	})
}

func TestSearchPosts(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		bob := addActor(t, s, "social.example", "bob")
		say := func(slug, html string, change func(*community.Post)) *community.Post {
			p := &community.Post{Slug: slug, Author: community.CityActor, HTML: community.Plain("en", html), Visibility: community.Public, Published: noon.Add(time.Duration(len(slug)) * time.Hour)}
			if change != nil {
				change(p)
			}
			write(t, s, func(ctx context.Context, tx *Tx) error { return tx.InsertPost(ctx, p) })
			return p
		}
		one := say("one", "<p>A samovar</p>", nil)
		say("three", "<p>no</p>", func(p *community.Post) { p.Title = community.Plain("en", "Samovar") })
		say("followers", "<p>samovar</p>", func(p *community.Post) { p.Visibility = community.Followers })
		say("unlisted", "<p>samovar</p>", func(p *community.Post) { p.Visibility = community.Unlisted })
		say("unfinished", "<p>samovar</p>", func(p *community.Post) { p.Draft = true })
		say("answer", "<p>samovar</p>", func(p *community.Post) { p.ReplyTo = "https://x.example/1" })
		say("warned", "<p>samovar</p>", func(p *community.Post) { p.Warning = "Tea" })
		heard := say("", "<p>samovar</p>", func(p *community.Post) {
			p.URI, p.Author, p.AuthorID, p.Announced = "https://social.example/1", "", bob.ID, noon.AddDate(0, 0, 9)
		})
		say("", "<p>samovar</p>", func(p *community.Post) {
			p.URI, p.Author, p.AuthorID = "https://social.example/2", "", bob.ID
		})
		if got := lookFor(t, s, "samovar", SearchPosts); got != "three  one" { // the one between has no slug
			t.Errorf("%q", got)
		}
		if got := lookFor(t, s, "tea", SearchPosts); got != "warned" {
			t.Errorf("%q", got)
		}
		one.HTML = community.Plain("en", "<p>A kettle</p>")
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.UpdatePost(ctx, one) })
		if old, now := lookFor(t, s, "samovar", SearchPosts), lookFor(t, s, "kettle", SearchPosts); old != "three " || now != "one" {
			t.Errorf("after the change: %q, %q", old, now)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.DeletePostsOfActor(ctx, bob.ID))
			return tx.DeletePost(ctx, one.ID)
		})
		if old, now := lookFor(t, s, "samovar", SearchPosts), lookFor(t, s, "kettle", SearchPosts); old != "three" || now != "" || heard.ID == 0 {
			t.Errorf("after deletion: %q, %q", old, now)
		}
	})
}

// What was stored before it could be found is taken up piece by piece, and so is
// what goes by another name now.
func TestSettleSearch(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		group := addActor(t, s, "mobilizon.example", "club")
		a, b := meeting("a", 1), elsewhere(group, "b", 2)
		b.Announced = noon
		addConference(t, s, a, b)
		p := &community.Post{Slug: "p", Author: community.CityActor, HTML: community.Plain("en", "<p>kettle</p>"), Visibility: community.Public, Published: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.InsertPost(ctx, p))
			ok(t, tx.deleteSearch(ctx, "conference", a.ID))
			ok(t, tx.deleteSearch(ctx, "post", p.ID))
			for kind, id := range map[string]int64{"conference": a.ID, "post": p.ID} {
				ok(t, tx.exec(ctx, "INSERT INTO search_todo (kind, ref) VALUES (?, ?)", kind, id))
			}
			return tx.exec(ctx, "INSERT INTO search_todo (kind, ref) VALUES ('post', 999)") // gone since
		})
		group.Name = "Samovar club"
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveActor(ctx, group) })
		if got := lookFor(t, s, "samovar", SearchUpcoming); got != "" {
			t.Errorf("%q before", got)
		}
		var done []int
		for range 3 {
			write(t, s, func(ctx context.Context, tx *Tx) error {
				n, err := tx.SettleSearch(ctx, 3)
				done = append(done, n)
				return err
			})
		}
		if waits, err := s.SearchWaits(ctx); err != nil || waits || done[0] != 3 || done[1] != 1 || done[2] != 0 {
			t.Errorf("%v, waits %t, %v", done, waits, err)
		}
		if got := lookFor(t, s, "samovar", SearchUpcoming) + " " + lookFor(t, s, "kettle", SearchPosts); got != "b p" {
			t.Errorf("%q", got)
		}
	})
}

func postgresAddress() string { return os.Getenv("KONFA_TEST_POSTGRES") }

// Nothing that is typed is an error, on either engine.
func FuzzSearch(f *testing.F) {
	for _, s := range []string{"maps", `"a b" c*`, "a\" OR b* NEAR(x, 2) {title}: ^y -z", "'a':* & !b", "Београд ёлка", "\xff\x00\\", "ﬁ ½ Ⅷ İ ẞ"} {
		f.Add(s)
	}
	s := sqliteData(f).open(f)
	var pg *Store
	if postgresAddress() != "" {
		pg = postgresData(f).open(f)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		for _, s := range []*Store{s, pg} {
			if s == nil {
				continue
			}
			for _, in := range []SearchGroup{SearchUpcoming, SearchPast, SearchPosts} {
				if _, _, err := s.Search(context.Background(), SearchQuery{Words: lookup.Parse(typed), In: in, Now: noon, Limit: 3}); err != nil {
					t.Fatalf("%s, %q: %v", s.Engine(), typed, err)
				}
			}
			if _, err := s.CountConferences(context.Background(), ConferenceQuery{Text: typed}); err != nil {
				t.Fatalf("%s, %q: %v", s.Engine(), typed, err)
			}
		}
	})
}
