package community

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func conf() Conference {
	start := time.Date(2027, 3, 4, 18, 0, 0, 0, time.UTC)
	return Conference{Title: Plain("en", "Evening of short talks"), Start: start, End: start.Add(2 * time.Hour), Zone: "Europe/Belgrade"}
}

func TestConferenceTidy(t *testing.T) {
	c := conf()
	c.Title[0].Text = "  Evening\tof\n short   talks "
	c.Tags = []string{"#Go", "go", " open source ", "", strings.Repeat("x", 50), "сети"}
	c.Venue = &Venue{Name: "  "}
	c.End = time.Time{}
	c.Tidy()
	if got := c.Title.First(); got != "Evening of short talks" {
		t.Errorf("title %q", got)
	}
	if got := strings.Join(c.Tags, " "); got != "go open_source сети" {
		t.Errorf("tags %q", got)
	}
	if c.Venue != nil {
		t.Error("an empty venue was kept")
	}
	if !c.OpenEnd || !c.End.Equal(c.Start.Add(2*time.Hour)) {
		t.Errorf("open end %v, ends %v", c.OpenEnd, c.End)
	}
	if err := c.Check(); err != nil {
		t.Error(err)
	}
}

// A second Tidy changes nothing, whatever it is given.
func TestTidyIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := conf()
		c.Title = Plain("en", rapid.String().Draw(t, "title"))
		c.Text = Plain("en", rapid.String().Draw(t, "text"))
		c.Tags = rapid.SliceOf(rapid.String()).Draw(t, "tags")
		c.Cost = rapid.String().Draw(t, "cost")
		c.Tidy()
		once := strings.Join(append([]string{c.Title.First(), c.Text.First(), c.Cost}, c.Tags...), "\x00")
		c.Tidy()
		if twice := strings.Join(append([]string{c.Title.First(), c.Text.First(), c.Cost}, c.Tags...), "\x00"); twice != once {
			t.Fatalf("%q became %q", once, twice)
		}
	})
}

func TestConferenceCheck(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Conference)
		fields string
	}{
		{"fine", func(*Conference) {}, ""},
		{"no title", func(c *Conference) { c.Title = nil }, "title"},
		{"short title", func(c *Conference) { c.Title = Plain("en", "Go") }, "title"},
		{"long title", func(c *Conference) { c.Title = Plain("en", strings.Repeat("я", 201)) }, "title"},
		{"longest title", func(c *Conference) { c.Title = Plain("en", strings.Repeat("я", 200)) }, ""},
		{"language twice", func(c *Conference) { c.Title = append(c.Title, c.Title[0]) }, "title"},
		{"no zone", func(c *Conference) { c.Zone = "" }, "zone"},
		{"made-up zone", func(c *Conference) { c.Zone = "Mars/Olympus" }, "zone"},
		{"local zone", func(c *Conference) { c.Zone = "Local" }, "zone"},
		{"no start", func(c *Conference) { c.Start = time.Time{} }, "start"},
		{"ends first", func(c *Conference) { c.End = c.Start.Add(-time.Hour) }, "end"},
		{"too long", func(c *Conference) { c.End = c.Start.AddDate(2, 0, 0) }, "end"},
		{"external without address", func(c *Conference) { c.JoinMode = External }, "external_url"},
		{"script as link", func(c *Conference) { c.Link = "javascript:alert(1)" }, "link"},
		{"cover without words", func(c *Conference) { c.Cover = &Picture{URL: "https://x.example/a.png"} }, "cover_alt"},
		{"everything at once", func(c *Conference) { c.Title, c.Zone, c.Capacity = nil, "", -1 }, "title zone capacity"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := conf()
			test.change(&c)
			if !c.Start.IsZero() {
				c.Tidy()
			} else {
				c.JoinMode, c.Status, c.Category, c.Replies, c.RSVP = Free, Scheduled, DefaultCategory, RepliesOpen, RSVPPoll
			}
			err := c.Check()
			var fields []string
			if e, ok := errors.AsType[*Error](err); ok {
				for _, f := range e.Fields {
					fields = append(fields, f.Field)
				}
			}
			if got := strings.Join(fields, " "); got != test.fields {
				t.Errorf("got %q (%v), want %q", got, err, test.fields)
			}
		})
	}
}

func TestWholeDays(t *testing.T) {
	c := conf()
	zone := c.Location()
	c.AllDay = true
	c.Start = time.Date(2027, 3, 27, 0, 0, 0, 0, zone) // the clocks change on the 28th
	c.End = time.Date(2027, 3, 29, 0, 0, 0, 0, zone)
	c.Tidy()
	if got := c.LocalEnd().Format(time.DateOnly); got != "2027-03-28" {
		t.Errorf("last day %s", got)
	}
	c.End = time.Time{}
	c.Tidy()
	if got := c.LocalEnd().Format(time.DateOnly); got != "2027-03-27" || c.OpenEnd {
		t.Errorf("a single whole day ends on %s, open %v", got, c.OpenEnd)
	}
}

// In Cairo the clocks are changed at midnight: 30 April 2027 begins at one.
func TestWholeDayWithoutMidnight(t *testing.T) {
	c := conf()
	c.Zone, c.AllDay = "Africa/Cairo", true
	c.Start, c.End = time.Date(2027, 4, 30, 0, 0, 0, 0, c.Location()), time.Time{}
	c.Tidy()
	if got := c.LocalEnd().Format(time.DateTime); got != "2027-04-30 23:59:59" {
		t.Errorf("it ends at %s", got)
	}
	c.Start, c.End = time.Date(2027, 4, 28, 18, 0, 0, 0, c.Location()), time.Date(2027, 4, 30, 12, 0, 0, 0, c.Location())
	c.Tidy()
	if from, to := c.LocalStart().Format(time.DateTime), c.LocalEnd().Format(time.DateTime); from != "2027-04-28 00:00:00" || to != "2027-04-30 23:59:59" {
		t.Errorf("three days from %s to %s", from, to)
	}
	c.Start, c.End = time.Date(2027, 4, 29, 0, 0, 0, 0, c.Location()), time.Time{}
	c.Tidy()
	if got := c.LocalEnd().Format(time.DateTime); got != "2027-04-29 23:59:59" {
		t.Errorf("the day before ends at %s", got)
	}
}

func TestInstancesKeepTheClock(t *testing.T) {
	zone := "Europe/Belgrade"
	start := time.Date(2027, 3, 18, 19, 0, 0, 0, location(zone))
	got, err := Instances("FREQ=WEEKLY;COUNT=3", start, zone, start.Add(-time.Second), start.AddDate(1, 0, 0), 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 {
		t.Fatalf("%d instances", len(got))
	}
	for _, g := range got { // the clocks change on 28 March
		if h := g.In(location(zone)).Hour(); h != 19 {
			t.Errorf("%v is at %d o'clock", g, h)
		}
	}
}

func TestInstancesAreBounded(t *testing.T) {
	start := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	for _, rule := range []string{"FREQ=SECONDLY", "FREQ=HOURLY", "FREQ=DAILY;INTERVAL=-1", "nonsense", "", "FREQ=WEEKLY;BYDAY=XX"} {
		if got, err := Instances(rule, start, "UTC", start, start.AddDate(50, 0, 0), 100); err == nil {
			t.Errorf("%q gave %d instances", rule, len(got))
		}
	}
	got, err := Instances("FREQ=DAILY;COUNT=1000000", start, "UTC", start.AddDate(0, 0, -1), start.AddDate(900, 0, 0), 100)
	if err != nil || len(got) != 100 {
		t.Errorf("%d instances, %v", len(got), err)
	}
}

func FuzzInstances(f *testing.F) {
	f.Add("FREQ=WEEKLY;BYDAY=TH")
	f.Add("FREQ=MONTHLY;BYDAY=-1FR;BYSETPOS=1")
	f.Add("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")
	start := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, rule string) {
		got, err := Instances(rule, start, "Asia/Almaty", start, start.AddDate(2, 0, 0), 50)
		if err == nil && len(got) > 50 {
			t.Fatalf("%d instances", len(got))
		}
	})
}

func TestSlug(t *testing.T) {
	for title, want := range map[string]string{
		"Evening of short talks":        "evening-of-short-talks",
		"Белградская конфа №5: объятия": "belgradskaya-konfa-5-obyatiya",
		"Ćao, Đorđe & Žika!":            "cao-djordje-zika",
		"Алматы қаласы":                 "almaty-qalasy",
		"it's a café":                   "its-a-cafe",
		"会议":                            "conf",
		"---":                           "conf",
	} {
		if got := Slug(title, "conf"); got != want {
			t.Errorf("%q: got %q, want %q", title, got, want)
		}
	}
}

func FuzzSlug(f *testing.F) {
	f.Add("Конфа в Пхукете")
	f.Fuzz(func(t *testing.T, title string) {
		slug := Slug(title, "conf")
		if slug == "" || len(slug) > slugLength || strings.Trim(slug, "-") != slug || strings.Contains(slug, "--") {
			t.Fatalf("%q", slug)
		}
		for _, r := range slug {
			if !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-') {
				t.Fatalf("%q in %q", r, slug)
			}
		}
	})
}

func TestTexts(t *testing.T) {
	texts := Texts{{"ru", "Привет"}, {"en-gb", "Hello"}, {"sr-latn", "Zdravo"}}
	for _, test := range []struct{ lang, want string }{{"ru", "Привет"}, {"en", "Hello"}, {"EN-GB", "Hello"}, {"sr", "Zdravo"}, {"th", "Привет"}, {"", "Привет"}} {
		if got := texts.In(test.lang); got != test.want {
			t.Errorf("%q: got %q, want %q", test.lang, got, test.want)
		}
	}
	if Texts(nil).In("en") != "" {
		t.Error("no text gave one")
	}
}

func TestSite(t *testing.T) {
	s := NewSite("https://bg.example/")
	for id, want := range map[string]string{
		"https://bg.example/city":                       "city",
		"https://bg.example/people/anna":                "people/anna",
		"https://bg.example/people/anna#k":              "people/anna",
		"https://bg.example/people/a/b":                 "",
		"https://bg.example.evil/city":                  "",
		"https://bg.example:443/city":                   "",
		"http://bg.example/city":                        "",
		"https://evil.example/?https://bg.example/city": "",
	} {
		got, _ := s.LocalActor(id)
		if string(got) != want {
			t.Errorf("%s: got %q, want %q", id, got, want)
		}
	}
	if slug, ok := s.ConferenceSlug(s.Conference("first")); !ok || slug != "first" {
		t.Error(slug, ok)
	}
	if _, ok := s.ConferenceSlug(s.Attendees("first")); ok {
		t.Error("a collection passed as a conference")
	}
}

func TestErrorf(t *testing.T) {
	inner := errors.New("disk full")
	err := Errorf(Internal, "writing the city: %w", inner)
	if !errors.Is(err, inner) || err.Msg != "writing the city" || err.Error() != "writing the city (disk full)" {
		t.Errorf("%q, %q", err.Msg, err.Error())
	}
	if CodeOf(err) != Internal || CodeOf(inner) != Internal || CodeOf(nil) != "" {
		t.Error("codes")
	}
}
