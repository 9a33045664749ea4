package web

import (
	"io/fs"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"konfa/community"

	"github.com/BurntSushi/toml"
)

// cataloguesOf reads the catalogues of a language: its own, and one for each part
// of the house.
func cataloguesOf(t *testing.T, lang string) []map[string]any {
	t.Helper()
	names, err := fs.Glob(catalogueFiles, "catalogue/*.toml")
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]any
	for _, name := range names {
		if base := filepath.Base(name); base != lang+".toml" && !strings.HasSuffix(base, "."+lang+".toml") {
			continue
		}
		b, err := fs.ReadFile(catalogueFiles, name)
		if err != nil {
			t.Fatal(err)
		}
		var tree map[string]any
		if err := toml.Unmarshal(b, &tree); err != nil {
			t.Fatal(err)
		}
		out = append(out, tree)
	}
	return out
}

// keysOf flattens the catalogues of a language; the plural forms of a text are
// one key. No key is in two of them.
func keysOf(t *testing.T, lang string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	var walk func(prefix string, m map[string]any)
	walk = func(prefix string, m map[string]any) {
		for k, v := range m {
			if _, twice := out[prefix+k]; twice {
				t.Errorf("%s is in two catalogues of %s", prefix+k, lang)
			}
			switch v := v.(type) {
			case map[string]any:
				if _, plural := v["other"].(string); plural {
					out[prefix+k] = slices.Sorted(maps.Keys(v))
					continue
				}
				walk(prefix+k+".", v)
			case string:
				out[prefix+k] = nil
			}
		}
	}
	for _, tree := range cataloguesOf(t, lang) {
		walk("", tree)
	}
	return out
}

// pluralForms are those of CLDR, of the languages that have catalogues.
var pluralForms = map[string][]string{
	"en": {"one", "other"},
	"ru": {"few", "many", "one", "other"},
	"sr": {"few", "one", "other"},
}

func TestCataloguesAgree(t *testing.T) {
	ts, err := loadTongues()
	if err != nil {
		t.Fatal(err)
	}
	if len(ts.list) < 2 || ts.list[0].Code != "en" {
		t.Fatalf("the first language is %q of %d", ts.list[0].Code, len(ts.list))
	}
	en := keysOf(t, "en")
	placeholders := regexp.MustCompile(`\{\{\.(\w+)\}\}`)
	names := func(catalogues []map[string]any, key string) []string {
		var out []string
		for _, m := range placeholders.FindAllStringSubmatch(raw(catalogues, key), -1) {
			out = append(out, m[1])
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	english := cataloguesOf(t, "en")
	for _, tg := range ts.list {
		other, theirs := keysOf(t, tg.Code), cataloguesOf(t, tg.Code)
		for k, forms := range other {
			if _, ok := en[k]; !ok {
				t.Errorf("English lacks %s", k)
			}
			if forms != nil && !slices.Equal(forms, pluralForms[tg.Code]) {
				t.Errorf("%s: %s has the forms %v", tg.Code, k, forms)
			}
		}
		for k, forms := range en {
			there, ok := other[k]
			if !ok {
				t.Errorf("%s lacks %s", tg.Code, k)
				continue
			}
			if (forms == nil) != (there == nil) {
				t.Errorf("%s has plural forms in one language only", k)
			}
			if forms != nil || there != nil || strings.HasPrefix(k, "seats.") {
				continue
			}
			if tg.T(k) == "" {
				t.Errorf("%s is empty in %s", k, tg.Code)
			}
			// front.lead and the like may decline a name away, but not name another.
			if a, b := names(english, k), names(theirs, k); !slices.Equal(a, b) {
				t.Errorf("%s names %v in English and %v in %s", k, a, b, tg.Code)
			}
		}
	}
}

// raw is a text as it stands in the catalogues of a language.
func raw(catalogues []map[string]any, key string) string {
	for _, m := range catalogues {
		var at any = m
		for part := range strings.SplitSeq(key, ".") {
			tree, _ := at.(map[string]any)
			at = tree[part]
		}
		if s, ok := at.(string); ok {
			return s
		}
	}
	return ""
}

// Every key that a template or the code uses is there, and the other way round.
func TestKeysAreUsed(t *testing.T) {
	have := keysOf(t, "en")
	used := map[string]bool{}
	inTemplates := regexp.MustCompile(`\bt "([a-z0-9_.]+)"`)
	inCode := regexp.MustCompile(`\.(?:T|N)\("([a-z0-9_.]+)"[,)]|"((?:interact|conf\.banner|error|date)\.[a-z0-9_.]+)"`)
	for pattern, re := range map[string]*regexp.Regexp{"template/*.html": inTemplates, "*.go": inCode, "../picture/*.go": regexp.MustCompile(`refusal\("(picture\.[a-z_]+)"`), "../node/*.go": regexp.MustCompile(`Key:\s*"((?:error|picture)\.[a-z0-9_.]+)"[,}]`), "../community/*.go": regexp.MustCompile(`Key:\s*"(error\.[a-z0-9_.]+)"[,}]`), "../storage/*.go": regexp.MustCompile(`Key:\s*"(error\.[a-z0-9_.]+)"[,}]`)} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range re.FindAllStringSubmatch(string(b), -1) {
				key := m[1]
				if key == "" && len(m) > 2 {
					key = m[2]
				}
				if strings.HasSuffix(key, ".") {
					continue // the beginning of one
				}
				used[key] = true
				_, page := have[key+".title"] // a kind of error has a page of its own
				if _, ok := have[key]; !ok && !page {
					t.Errorf("%s uses %s, which no catalogue has", f, key)
				}
			}
		}
	}
	// Keys that are put together.
	families := regexp.MustCompile(`^(access|` + strings.Join([]string{
		`month`, `month_alone`, `month_short`, `weekday`, `weekday_short`, `lang_name`, `field`, `conf\.status`, `conf\.banner`,
		`mine\.state`, `notice`, `member`, `error`, `error\.role`,
		`health`,
		`order`, `audit`, `audit_about`, `audit_detail`, `log\.did`,
		`mail`,
		`guests`,
		`setup`,
		`desk_members`,
		`door`,
		`write_name`,
		`city\.mention`,
	}, "|") + `)\.|^language$`)
	for k := range have {
		if !used[k] && !families.MatchString(k) {
			t.Errorf("nothing uses %s", k)
		}
	}
	for _, s := range community.Statuses {
		if _, ok := have["conf.status."+string(s)]; !ok && s != community.Scheduled {
			t.Errorf("no word for the status %s", s)
		}
	}
	for _, k := range community.NoticeKinds {
		if _, ok := have["notice."+string(k)]; !ok {
			t.Errorf("no words for a notice that says %s", k)
		}
	}
	for _, g := range community.GuestStates {
		if _, ok := have["mine.state."+string(g)]; !ok {
			t.Errorf("no word for the state %s", g)
		}
	}
	for _, r := range community.Roles {
		if _, ok := have["member."+string(r)]; !ok {
			t.Errorf("no word for the role %s", r)
		}
	}
}

// Words of a page stand in a catalogue, never in a template.
func TestNoBareWords(t *testing.T) {
	names, err := fs.Glob(templateFiles, "template/*.html")
	if err != nil {
		t.Fatal(err)
	}
	actions := regexp.MustCompile(`\{\{[^}]*\}\}`)
	scripts := regexp.MustCompile(`(?s)<(script|svg)\b.*?</(script|svg)>`)
	tags := regexp.MustCompile(`(?s)<[^>]*>`)
	attrs := regexp.MustCompile(`\b(title|alt|placeholder|aria-label|aria-description|label)="([^"]*)"`)
	letters := regexp.MustCompile(`\pL`)
	for _, name := range names {
		b, err := fs.ReadFile(templateFiles, name)
		if err != nil {
			t.Fatal(err)
		}
		html := regexp.MustCompile(`\b(lang|dir)="[^"]*"`).ReplaceAllString(scripts.ReplaceAllString(actions.ReplaceAllString(string(b), ""), ""), "")
		for _, m := range attrs.FindAllStringSubmatch(html, -1) {
			if letters.MatchString(m[2]) {
				t.Errorf("%s: the words %q", name, m[0])
			}
		}
		if words := strings.Join(strings.Fields(tags.ReplaceAllString(html, " ")), " "); letters.MatchString(words) {
			t.Errorf("%s: the words %q", name, words)
		}
	}
}

func TestDates(t *testing.T) {
	ts, err := loadTongues()
	if err != nil {
		t.Fatal(err)
	}
	en, _ := ts.byCode("en")
	ru, _ := ts.byCode("ru")
	sr, _ := ts.byCode("sr-RS")
	city := fakeCity()
	at := func(s string) time.Time {
		d, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, x := range []struct {
		name                 string
		c                    community.Conference
		en, ru, sr, zone, dt string
	}{
		{"an evening", community.Conference{Start: at("2026-11-22T18:00:00Z"), End: at("2026-11-22T20:30:00Z"), Zone: "Europe/Belgrade"},
			"Sunday, 22 November 2026, 19:00–21:30", "Воскресенье, 22 ноября 2026, 19:00–21:30", "Nedelja, 22. novembra 2026, 19:00–21:30", "Belgrade time, UTC+1", "2026-11-22T19:00:00+01:00"},
		{"in summer", community.Conference{Start: at("2026-05-01T17:00:00Z"), End: at("2026-05-01T18:00:00Z"), Zone: "Europe/Belgrade"},
			"Friday, 1 May 2026, 19:00–20:00", "Пятница, 1 мая 2026, 19:00–20:00", "Petak, 1. maja 2026, 19:00–20:00", "Belgrade time, UTC+2", "2026-05-01T19:00:00+02:00"},
		{"past midnight", community.Conference{Start: at("2026-11-22T21:00:00Z"), End: at("2026-11-23T02:00:00Z"), Zone: "Europe/Belgrade"},
			"Sunday, 22 November 2026, 22:00–03:00", "Воскресенье, 22 ноября 2026, 22:00–03:00", "Nedelja, 22. novembra 2026, 22:00–03:00", "Belgrade time, UTC+1", "2026-11-22T22:00:00+01:00"},
		{"open end", community.Conference{Start: at("2026-11-22T18:00:00Z"), End: at("2026-11-22T20:00:00Z"), OpenEnd: true, Zone: "Asia/Almaty"},
			"Sunday, 22 November 2026, 23:00", "Воскресенье, 22 ноября 2026, 23:00", "Nedelja, 22. novembra 2026, 23:00", "Almaty time, UTC+5", "2026-11-22T23:00:00+05:00"},
		{"one whole day", community.Conference{Start: at("2026-11-21T23:00:00Z"), End: at("2026-11-22T23:00:00Z"), AllDay: true, Zone: "Europe/Belgrade"},
			"Sunday, 22 November 2026, all day", "Воскресенье, 22 ноября 2026, весь день", "Nedelja, 22. novembra 2026, ceo dan", "Belgrade time, UTC+1", "2026-11-22"},
		{"whole days", community.Conference{Start: at("2026-11-21T23:00:00Z"), End: at("2026-11-24T23:00:00Z"), AllDay: true, Zone: "Europe/Belgrade"},
			"22–24 November 2026", "22–24 ноября 2026", "22–24. novembra 2026.", "Belgrade time, UTC+1", "2026-11-22"},
		{"over a month's end", community.Conference{Start: at("2026-11-29T23:00:00Z"), End: at("2026-12-02T23:00:00Z"), AllDay: true, Zone: "Europe/Belgrade"},
			"30 November – 2 December 2026", "30 ноября — 2 декабря 2026", "30. novembra – 2. decembra 2026.", "Belgrade time, UTC+1", "2026-11-30"},
		{"over a year's end", community.Conference{Start: at("2026-12-30T23:00:00Z"), End: at("2027-01-01T23:00:00Z"), AllDay: true, Zone: "Europe/Belgrade"},
			"31 December 2026 – 1 January 2027", "31 декабря 2026 — 1 января 2027", "31. decembra 2026 – 1. januara 2027.", "Belgrade time, UTC+1", "2026-12-31"},
		{"days with times", community.Conference{Start: at("2026-11-22T09:00:00Z"), End: at("2026-11-24T17:00:00Z"), Zone: "Europe/Belgrade"},
			"22 November, 10:00 – 24 November 2026, 18:00", "22 ноября, 10:00 — 24 ноября 2026, 18:00", "22. novembra, 10:00 – 24. novembra 2026, 18:00", "Belgrade time, UTC+1", "2026-11-22T10:00:00+01:00"},
		{"half an hour off", community.Conference{Start: at("2026-11-22T13:00:00Z"), End: at("2026-11-22T14:00:00Z"), Zone: "America/St_Johns"},
			"Sunday, 22 November 2026, 09:30–10:30", "Воскресенье, 22 ноября 2026, 09:30–10:30", "Nedelja, 22. novembra 2026, 09:30–10:30", "St Johns time, UTC−3:30", "2026-11-22T09:30:00-03:30"},
		{"a server that names no zone", community.Conference{Start: at("2026-11-22T13:00:00Z"), End: at("2026-11-22T14:00:00Z"), Zone: "Etc/GMT-1"},
			"Sunday, 22 November 2026, 14:00–15:00", "Воскресенье, 22 ноября 2026, 14:00–15:00", "Nedelja, 22. novembra 2026, 14:00–15:00", "UTC+1", "2026-11-22T14:00:00+01:00"},
		{"across the change of clocks", community.Conference{Start: at("2026-10-24T22:00:00Z"), End: at("2026-10-25T23:00:00Z"), AllDay: true, Zone: "Europe/Belgrade"},
			"Sunday, 25 October 2026, all day", "Воскресенье, 25 октября 2026, весь день", "Nedelja, 25. oktobra 2026, ceo dan", "Belgrade time, UTC+2", "2026-10-25"},
	} {
		plain := func(s string) string { return strings.ReplaceAll(s, nbsp, " ") }
		if got := en.when(&x.c, city); plain(got.Line()) != x.en || got.Zone != x.zone || got.Start != x.dt {
			t.Errorf("%s: %q, %q, %q; want %q, %q, %q", x.name, plain(got.Line()), got.Zone, got.Start, x.en, x.zone, x.dt)
		}
		if got := ru.when(&x.c, city); plain(got.Line()) != x.ru {
			t.Errorf("%s: %q, want %q", x.name, plain(got.Line()), x.ru)
		}
		if got := sr.when(&x.c, city); plain(got.Line()) != x.sr {
			t.Errorf("%s: %q, want %q", x.name, plain(got.Line()), x.sr)
		}
	}
	for n, want := range map[int]string{1: "через 1 день", 2: "через 2 дня", 5: "через 5 дней", 11: "через 11 дней", 21: "через 21 день", 22: "через 22 дня"} {
		if got := ru.N("date.in_days", n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
	for n, want := range map[int]string{1: "za 1 dan", 2: "za 2 dana", 5: "za 5 dana", 21: "za 21 dan"} {
		if got := sr.N("date.in_days", n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
	for n, want := range map[int]string{1: "1 konfa", 3: "3 konfe", 5: "5 konfi", 11: "11 konfi", 21: "21 konfa", 22: "22 konfe"} {
		if got := sr.N("world.count", n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
	if got := en.N("seats.left", 1) + ", " + en.N("seats.left", 0); got != "1 seat left, 0 seats left" {
		t.Error(got)
	}
}

// Tomorrow is the next day on the clock of the conference, however many hours
// away.
func TestSoon(t *testing.T) {
	ts, err := loadTongues()
	if err != nil {
		t.Fatal(err)
	}
	en, _ := ts.byCode("en")
	late := time.Date(2026, 11, 22, 22, 30, 0, 0, time.UTC) // 23:30 in Belgrade
	for _, x := range []struct {
		start time.Time
		want  string
	}{
		{late.Add(20 * time.Minute), "today"}, {late.Add(40 * time.Minute), "tomorrow"}, {late.Add(24 * time.Hour), "tomorrow"},
		{late.Add(25 * time.Hour), "in 2 days"}, {late.Add(-time.Minute), "on right now"}, {late.Add(-3 * time.Hour), ""}, {late.AddDate(0, 2, 0), ""},
	} {
		c := community.Conference{Start: x.start, End: x.start.Add(2 * time.Hour), Zone: "Europe/Belgrade"}
		if got := en.soon(&c, late); got != x.want {
			t.Errorf("%v: %q, want %q", x.start, got, x.want)
		}
	}
}

// A time without a place says whose clock it is, where that is not the reader's.
func TestWhoseClock(t *testing.T) {
	ts, err := loadTongues()
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 12, 2, 7, 0, 0, 0, time.UTC)
	v := &viewer{tongue: ts.list[0], city: &community.City{Zone: "Asia/Almaty"}, site: community.NewSite("https://almaty.example"), now: fakeNow}
	c := community.Conference{Slug: "tea", Title: community.Plain("en", "Tea"), Start: start, End: start.Add(time.Hour), Zone: "Europe/Belgrade", OnlineURL: "https://call.example/", Status: community.Scheduled}
	if got := v.card(&c).When.Line(); !strings.HasSuffix(got, "08:00–09:00 (Belgrade time, UTC+1)") {
		t.Error(got)
	}
	there := c
	there.Venue = &community.Venue{Name: "Library", Locality: "Belgrade"}
	here := c
	here.Zone = "Asia/Almaty"
	for _, c := range []community.Conference{there, here} {
		if got := v.card(&c).When.Line(); strings.Contains(got, "(") {
			t.Error(got)
		}
	}
}

// Serbian is one language whatever its script, and what the neighbours read.
func TestChosenLanguage(t *testing.T) {
	ts, err := loadTongues()
	if err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]string{
		"": "ru", "en-GB,en;q=0.9": "en", "ru-RU,ru;q=0.9,en;q=0.8": "ru", "sr": "sr-Latn", "sr-RS,en;q=0.5": "sr-Latn", "sr-Latn-RS": "sr-Latn", "sr-Cyrl-RS,ru;q=0.5": "sr-Latn",
		"hr-HR,hr;q=0.9,en;q=0.8": "sr-Latn", "bs,en;q=0.8": "sr-Latn", "sh": "sr-Latn", "cnr-ME": "sr-Latn", "en,hr;q=0.5": "en", "ja,ru;q=0.5": "ru", "ja": "ru", "sl": "ru",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		if header != "" {
			r.Header.Set("Accept-Language", header)
		}
		if got := ts.choose(r, []string{"ru"}).Tag; got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
	for address, want := range map[string]string{"/?lang=sr": "sr", "/?lang=hr": "sr", "/?lang=xx": "en"} {
		if got := ts.choose(httptest.NewRequest("GET", address, nil), nil).Code; got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}
