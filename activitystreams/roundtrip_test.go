package activitystreams

import (
	"slices"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/prose"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// words of the kind that breaks encoders.
var someWords = []string{"Go", "конфа", "R&B", `"quoted"`, `back\slash`, "a<b", "čaj", "日本", "🎉", "line\u2028sep", "tab\there", "O'Brien", "100%", "#tag", "@anna@host.example", "ß", "ﷺ", "e\u0301"}

func genText(min, max int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(someWords), min, max).Draw(t, "words"), " ")
	})
}

func genTexts(langs []string, min, max int) *rapid.Generator[community.Texts] {
	return rapid.Custom(func(t *rapid.T) community.Texts {
		var out community.Texts
		for _, l := range langs {
			out = append(out, community.Phrase{Lang: l, Text: genText(min, max).Draw(t, l)})
		}
		return out
	})
}

// zones include two that change their clocks at midnight and one of half hours.
var zones = []string{"Europe/Belgrade", "UTC", "Africa/Cairo", "Asia/Beirut", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia"}

func genConference(t *rapid.T) *community.Conference {
	maybe := func(name string) bool { return rapid.Bool().Draw(t, name) }
	langs := rapid.SampledFrom([][]string{{"en"}, {"ru", "en"}, {"sr-latn", "ru", "de"}, {""}}).Draw(t, "langs")
	c := &community.Conference{
		UUID: "0192f0c1-2d3e-7f40-8a5b-6c7d8e9f0a1b", Slug: rapid.StringMatching(`[a-z0-9]{1,20}(-[a-z0-9]{1,8}){0,3}`).Draw(t, "slug"),
		Title: genTexts(langs, 3, 8).Draw(t, "title"), Text: genTexts(langs, 0, 60).Draw(t, "text"),
		Zone:     rapid.SampledFrom(zones).Draw(t, "zone"),
		Capacity: rapid.SampledFrom([]int{0, 1, 40, 1_000_000}).Draw(t, "capacity"), JoinMode: rapid.SampledFrom(community.JoinModes).Draw(t, "join"),
		Status: rapid.SampledFrom(community.Statuses).Draw(t, "status"), Category: rapid.SampledFrom(community.Categories).Draw(t, "category"),
		Tags: rapid.SliceOfN(rapid.SampledFrom(someWords), 0, 6).Draw(t, "tags"), Cost: rapid.SampledFrom([]string{"", "free", "500 RSD & tea"}).Draw(t, "cost"),
		Seats: community.Seats{Going: rapid.IntRange(0, 50).Draw(t, "going")},
	}
	c.HTML = c.Text.Map(prose.Markdown)
	if langs[0] != "" && maybe("languages") {
		c.Languages = langs
	}
	c.Start = time.Unix(rapid.Int64Range(300_000, 4_000_000_000).Draw(t, "start")/60*60, 0)
	switch rapid.IntRange(0, 3).Draw(t, "length") {
	case 0:
		c.OpenEnd = true
	case 1:
		c.AllDay = true
		local := c.Start.In(c.Location())
		days := rapid.IntRange(1, 40).Draw(t, "days")
		c.Start = time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, c.Location())
		c.End = time.Date(local.Year(), local.Month(), local.Day()+days, 0, 0, 0, 0, c.Location())
	default:
		c.End = c.Start.Add(time.Duration(rapid.IntRange(1, 20_000).Draw(t, "minutes")) * time.Minute)
	}
	if maybe("venue") {
		c.Venue = &community.Venue{
			Name: rapid.SampledFrom([]string{"", "Library", "Дом «Omladine»", `The "Hall" & <Co>`}).Draw(t, "venue name"), Street: rapid.SampledFrom([]string{"", "Main 1", "ул. Мира, 5"}).Draw(t, "street"),
			PostalCode: rapid.SampledFrom([]string{"", "11000"}).Draw(t, "code"), Locality: rapid.SampledFrom([]string{"Beograd", "Нови Сад", "L"}).Draw(t, "locality"),
			Region: rapid.SampledFrom([]string{"", "Vojvodina"}).Draw(t, "region"), Country: rapid.SampledFrom([]string{"", "RS"}).Draw(t, "country"),
			Directions: rapid.SampledFrom([]string{"", "second door"}).Draw(t, "directions"), Revision: rapid.IntRange(1, 9).Draw(t, "revision"),
		}
		if maybe("place") {
			c.Venue.Place = &community.Point{Lat: float64(rapid.IntRange(-9000, 9000).Draw(t, "lat")) / 100, Lon: float64(rapid.IntRange(1, 18000).Draw(t, "lon")) / 100}
		}
	}
	if maybe("online") {
		c.OnlineURL = "https://meet.example/a?b=1&c=%20d"
	}
	if c.JoinMode == community.External {
		c.ExternalURL = rapid.SampledFrom([]string{"https://tickets.example/?x=1&y=2", "mailto:a@b.example"}).Draw(t, "external")
	}
	if maybe("cover") {
		c.Cover = &community.Picture{URL: "https://belgrade.example/media/x.png", MediaType: rapid.SampledFrom([]string{"", "image/png"}).Draw(t, "media type"), Alt: genText(1, 4).Draw(t, "alt")}
		if maybe("size") {
			c.Cover.Width, c.Cover.Height = 120, 80
		}
	}
	if maybe("link") {
		c.Link = "https://conf.example/?a=b&c"
	}
	c.Created = time.Unix(1_700_000_000, 0)
	c.Published = community.Instant(c.Created)
	c.Updated = c.Published.Add(time.Duration(rapid.IntRange(0, 1000).Draw(t, "updated")) * time.Second)
	c.Tidy()
	if err := c.Check(); err != nil {
		t.Fatalf("the generator made a conference that could not exist: %v", err)
	}
	return c
}

// TestRoundTrip: whatever conference there is, every server can read its Event
// (checkEvent), and another konfa reads the same facts back.
func TestRoundTrip(t *testing.T) {
	e := NewEncoder(site)
	city := testCity()
	rapid.Check(t, func(t *rapid.T) {
		c := genConference(t)
		b, err := e.Event(c, EventExtra{City: city, Replies: 2, Author: rapid.SampledFrom([]community.LocalActor{"", community.CityActor, community.MemberActor("anna")}).Draw(t, "author")})
		if err != nil {
			t.Fatal(err)
		}
		checkEvent(t, b, c)
		activity, err := e.Activity(Activity{ID: site.Activity("1"), Type: "Create", Actor: community.CityActor, To: []string{PublicURI}, Cc: []string{site.Followers(community.CityActor)}, Object: b, Published: c.Published})
		if err != nil {
			t.Fatal(err)
		}
		checkWire(t, activity)
		env, err := ReadEnvelope(activity)
		if err != nil {
			t.Fatal(err)
		}
		if env.Object.ID != site.Conference(c.Slug) || env.Object.Type != "Event" || env.Actor != site.Actor(community.CityActor) {
			t.Fatalf("the envelope reads %+v", env)
		}
		got, err := ReadEvent(env.Object.Raw)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Notes) > 0 {
			t.Errorf("reading our own event dropped something: %v", got.Notes)
		}
		if !got.Public {
			t.Errorf("our event is not public")
		}
		if diff := cmp.Diff(asRead(c), got.Conference); diff != "" {
			t.Fatalf("another conference came back (-sent +read):\n%s\n%s", diff, b)
		}
	})
}

// asRead is what a reader should make of c.
func asRead(c *community.Conference) community.Conference {
	want := *c
	id := site.Conference(c.Slug)
	want.URI, want.URL, want.Slug, want.Text, want.Created = id, id, "", nil, time.Time{}
	want.Category = community.WireCategory(c.Category)
	want.Seats = community.Seats{Going: c.Seats.Going}
	want.HTML = nil
	for _, p := range c.HTML {
		if s := strings.TrimSpace(prose.Sanitise(p.Text)); s != "" {
			want.HTML = append(want.HTML, community.Phrase{Lang: p.Lang, Text: s})
		}
	}
	if want.Languages == nil {
		want.Languages = c.Title.Languages()
	}
	if c.Venue != nil {
		v := *c.Venue
		v.Revision = 0
		want.Venue = &v
	}
	if c.Status == community.MovedOnline {
		want.Venue = nil
	}
	if c.Cover != nil {
		p := *c.Cover
		p.MediaType = "image/png"
		p.Alt = strings.Join(strings.Fields(clean(p.Alt)), " ")
		want.Cover = &p
	}
	return want
}

// TestLong: a text that does not fit is cut at a paragraph, and the page is
// linked; nothing is refused for being long.
func TestLong(t *testing.T) {
	e := NewEncoder(site)
	paragraph := strings.Repeat("Слово и ещё одно. ", 20)
	for _, langs := range [][]string{{"ru"}, {"ru", "en"}, {"ru", "en", "de", "sr", "fr"}} {
		for _, text := range []string{strings.Repeat(paragraph+"\n\n", 110), strings.Repeat("длинно ", 5700), strings.Repeat("- "+paragraph+"\n", 100), strings.Repeat("ы", 40_000)} {
			c := twoLanguages()
			c.Title, c.HTML = nil, nil
			for _, l := range langs {
				c.Title = append(c.Title, community.Phrase{Lang: l, Text: "Title " + l})
				c.HTML = append(c.HTML, community.Phrase{Lang: l, Text: prose.Markdown(text)})
			}
			b, err := e.Event(c, EventExtra{City: testCity()})
			if err != nil {
				t.Fatal(err)
			}
			checkEvent(t, b, c)
			if len(b) < maxWire*3/4 {
				t.Errorf("%d languages: only %d bytes are used of %d", len(langs), len(b), maxWire)
			}
			got, err := ReadEvent(b)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.HTML) != len(langs) {
				t.Fatalf("%d of %d languages came back", len(got.HTML), len(langs))
			}
			for i, p := range got.HTML {
				body, ok := strings.CutSuffix(strings.TrimSpace(p.Text), strings.TrimSpace(prose.Sanitise(readOn(site.Conference(c.Slug), p.Lang))))
				if !ok {
					t.Errorf("%s does not end in a link to the page: …%s", p.Lang, p.Text[max(0, len(p.Text)-200):])
				}
				if whole := prose.Text(c.HTML[i].Text, 0); !strings.HasPrefix(whole, strings.TrimSpace(prose.Text(body, 0))) {
					t.Errorf("%s is no beginning of the text", p.Lang)
				}
			}
			p := &community.Post{Slug: "x", Author: community.CityActor, HTML: c.HTML, Published: c.Published}
			if b, err = e.Post(p); err != nil {
				t.Fatal(err)
			}
			checkWire(t, b)
		}
	}
	// One of several is long: the short one stays whole.
	c := twoLanguages()
	c.HTML[0].Text = prose.Markdown(strings.Repeat(paragraph+"\n\n", 110))
	b, err := e.Event(c, EventExtra{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadEvent(b)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.TrimSpace(prose.Sanitise(c.HTML[1].Text)); got.HTML[1].Text != want {
		t.Errorf("the short text was cut too: %q", got.HTML[1].Text)
	}
}

// TestCutHTML: what is left is well formed, within the limit, and a beginning.
func TestCutHTML(t *testing.T) {
	for _, c := range []struct {
		in    string
		limit int
		want  string
	}{
		{"<p>one</p><p>two</p>", 20, "<p>one</p><p>two</p>"},
		{"<p>one</p><p>two</p>", 19, "<p>one</p>"},
		{"<p>one two three</p>", 16, "<p>one two</p>"},
		{"<p>a &amp; b</p>", 13, "<p>a</p>"},
		{"<ul><li>one</li><li>two</li></ul><p>x</p>", 36, "<ul><li>one</li><li>two</li></ul>"},
		{"<p>ы<br>ы</p>", 13, "<p>ы<br></p>"},
		{"<p>x</p>", 0, ""},
	} {
		if got := cutHTML(c.in, c.limit); got != c.want {
			t.Errorf("cutHTML(%q, %d) = %q, want %q", c.in, c.limit, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := prose.Markdown(strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"# head", "text **bold *both* x** y", "- item\n- item [link](https://a.example/?b&c)", "> quote\n> > deep", "| a | b |\n|---|---|\n| c | d |", "`code` & <b>", "line  \nbreak"}), 1, 8).Draw(t, "blocks"), "\n\n"))
		limit := rapid.IntRange(0, len(s)+10).Draw(t, "limit")
		got := cutHTML(s, limit)
		if len(got) > limit && len(got) > 0 {
			t.Fatalf("%d bytes, the limit is %d: %q", len(got), limit, got)
		}
		if prose.Sanitise(got) != prose.Sanitise(prose.Sanitise(got)) {
			t.Fatalf("not stable: %q", got)
		}
		if !slices.Equal(opened(got), nil) {
			t.Fatalf("something is left open: %q", got)
		}
		if head := strings.TrimSpace(prose.Text(got, 0)); !strings.HasPrefix(squeeze(prose.Text(s, 0)), squeeze(head)) {
			t.Fatalf("%q is no beginning of %q", head, s)
		}
	})
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// opened lists elements without an end, by counting tags.
func opened(s string) []string {
	var stack []string
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			return stack
		}
		j := strings.IndexByte(s[i:], '>')
		if j < 0 {
			return append(stack, s[i:])
		}
		tag := s[i+1 : i+j]
		s = s[i+j+1:]
		name := strings.Fields(strings.TrimPrefix(tag, "/"))[0]
		switch {
		case name == "br" || name == "hr":
		case tag[0] == '/':
			if len(stack) == 0 || stack[len(stack)-1] != name {
				return append(stack, tag)
			}
			stack = stack[:len(stack)-1]
		default:
			stack = append(stack, name)
		}
	}
}
