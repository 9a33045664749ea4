package calendar

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"konfa/community"
	"konfa/prose"
)

var update = flag.Bool("update", false, "write the golden files anew")

func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

// sample is a calendar with everything in it.
func sample() Calendar {
	return Calendar{
		Name: "Belgrade", Description: "Conferences of Belgrade; all of them, really", URL: "https://belgrade.example/", Zone: "Europe/Belgrade",
		Site: community.NewSite("https://belgrade.example"), Langs: []string{"en"},
		Events: []community.Conference{
			{
				Slug: "go-meetup", UID: "0191@belgrade.example", Title: community.Texts{{Lang: "en", Text: "Go, Rust; and a \\ backslash"}, {Lang: "ru", Text: "Го и раст"}},
				HTML:  community.Plain("en", `<p>First line<br>second &amp; third</p><p>Ещё одна строка, достаточно длинная, чтобы её пришлось перенести несколько раз подряд — 🎉🎉🎉🎉🎉🎉🎉🎉🎉</p>`),
				Start: instant("2026-10-24T17:00:00Z"), End: instant("2026-10-24T19:30:00Z"), Zone: "Europe/Belgrade",
				Venue:     &community.Venue{Name: "Dom omladine", Street: "Makedonska 22", PostalCode: "11000", Locality: "Belgrade", Country: "RS", Place: &community.Point{Lat: 44.8154, Lon: 20.4633}},
				OnlineURL: "https://meet.example/go", Tags: []string{"go", "rust"}, Cost: "500 RSD", Link: "https://gomeetup.example/",
				Cover:      &community.Picture{URL: "https://belgrade.example/media/1.jpg", MediaType: "image/jpeg", Alt: "a gopher"},
				Organisers: []community.Organiser{{Name: "Anna"}}, Status: community.Scheduled, Sequence: 3,
				Created: instant("2026-09-01T10:00:00Z"), Updated: instant("2026-09-02T10:00:00Z"),
			},
			{
				Slug: "new-year", UID: "0192@belgrade.example", Title: community.Plain("en", "Winter camp"), AllDay: true, Zone: "Europe/Belgrade",
				Start: instant("2026-12-30T23:00:00Z"), End: instant("2027-01-02T23:00:00Z"), Status: community.Postponed,
				Created: instant("2026-09-01T10:00:00Z"), Updated: instant("2026-09-03T10:00:00Z"),
			},
			{
				URI: "https://phuket.example/conf/1", URL: "https://phuket.example/conf/1", UID: "abc@phuket.example", Origin: "Phuket", Title: community.Plain("en", "Beach talks"),
				Start: instant("2026-11-01T10:00:00Z"), End: instant("2026-11-01T12:00:00Z"), OpenEnd: true, Zone: "Asia/Bangkok", Status: community.Cancelled,
				Created: instant("2026-09-01T10:00:00Z"), Updated: instant("2026-09-04T10:00:00Z"),
			},
			{
				Slug: "online", UID: "0193@belgrade.example", Title: community.Plain("en", "Call"), Start: instant("2026-11-05T10:00:00Z"), End: instant("2026-11-05T11:00:00Z"), Zone: "UTC",
				OnlineURL: "https://meet.example/x", Status: community.MovedOnline, Venue: &community.Venue{Name: "Old place"}, Updated: instant("2026-09-05T10:00:00Z"),
			},
			{Slug: "draft", UID: "draft", Draft: true, Title: community.Plain("en", "Secret"), Start: instant("2026-11-05T10:00:00Z"), End: instant("2026-11-05T11:00:00Z"), Zone: "Asia/Tokyo"},
		},
	}
}

func encode(t testing.TB, cal Calendar) string {
	t.Helper()
	var b bytes.Buffer
	if err := Encode(&b, cal); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// checkLines fails unless every line is as RFC 5545 §3.1 has it.
func checkLines(t testing.TB, out string) {
	t.Helper()
	if !strings.HasSuffix(out, "\r\n") {
		t.Fatal("the last line does not end")
	}
	for i, line := range strings.Split(strings.TrimSuffix(out, "\r\n"), "\r\n") {
		if len(line) > 75 || line == "" || strings.ContainsAny(line, "\r\n") || !utf8.ValidString(line) {
			t.Fatalf("line %d: %d octets: %q", i+1, len(line), line)
		}
	}
}

func TestEncodeGolden(t *testing.T) {
	got := encode(t, sample())
	checkLines(t, got)
	path := filepath.Join("testdata", "sample.ics")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the calendar changed (-golden +now); run with -update if it should:\n%s", diff)
	}
}

func TestEncodeRussian(t *testing.T) {
	cal := sample()
	cal.Langs = []string{"ru"}
	out := strings.ReplaceAll(encode(t, cal), "\r\n ", "")
	for _, want := range []string{"SUMMARY;LANGUAGE=ru:Го и раст\r\n", "Проводит Phuket", "Отложено", "Отменено."} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q", want)
		}
	}
}

// The clock changes in the night after the first conference: the zone must say
// so, for a reader that knows nothing but the file.
func TestZoneOfTheFile(t *testing.T) {
	out := encode(t, sample())
	if strings.Contains(out, "Asia/Tokyo") {
		t.Error("the zone of a draft is in the file")
	}
	strange := strings.NewReplacer("TZID:Europe/Belgrade", "TZID:Nowhere", "X-LIC-LOCATION:Europe/Belgrade\r\n", "", "TZID=Europe/Belgrade", "TZID=Nowhere", "X-WR-TIMEZONE:Europe/Belgrade\r\n", "").Replace(out)
	rows, problems, err := DecodeICS(strings.NewReader(strange), DecodeOptions{Zone: "Asia/Tokyo"})
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	if c := rows[0].Conference; !c.Start.Equal(instant("2026-10-24T17:00:00Z")) || c.Zone != "Etc/GMT-2" {
		t.Errorf("start %v in %s", c.Start, c.Zone)
	}
}

// Another library and another language read it too.
func TestOthersRead(t *testing.T) {
	cal := sample()
	out := encode(t, cal)
	parsed, err := ics.ParseCalendar(strings.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(parsed.Events()); n != 4 {
		t.Errorf("golang-ical sees %d events", n)
	}
	for _, e := range parsed.Events() {
		start, err := e.GetStartAt()
		if e.Id() == "0191@belgrade.example" && (err != nil || !start.Equal(cal.Events[0].Start)) {
			t.Errorf("golang-ical reads the start %v, %v", start, err)
		}
	}
}

func TestPythonReads(t *testing.T) {
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import icalendar").Run(); err != nil {
		t.Skip("python3-icalendar is not installed")
	}
	cmd := exec.Command(python, "-c", `
import sys, icalendar
cal = icalendar.Calendar.from_ical(sys.stdin.buffer.read())
for tz in cal.walk('VTIMEZONE'):
    tz.to_tz()
for e in cal.walk('VEVENT'):
    assert not e.errors, e.errors
    s = e.decoded('dtstart')
    print('|'.join([e['uid'], e['summary'], s.isoformat(), e.decoded('dtend').isoformat() if 'dtend' in e else '-', e['status'], e.get('location', '-'), ','.join(c for c in e['categories'].cats) if 'categories' in e else '-']))
`)
	cmd.Stdin = strings.NewReader(encode(t, sample()))
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "PYTHONIOENCODING=utf-8")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := `0191@belgrade.example|Go, Rust; and a \ backslash|2026-10-24T19:00:00+02:00|2026-10-24T21:30:00+02:00|CONFIRMED|Dom omladine, Makedonska 22, 11000 Belgrade, RS|go,rust
0192@belgrade.example|Winter camp|2026-12-31|2027-01-03|TENTATIVE|-|-
abc@phuket.example|Beach talks|2026-11-01T17:00:00+07:00|-|CANCELLED|-|-
0193@belgrade.example|Call|2026-11-05T10:00:00+00:00|2026-11-05T11:00:00+00:00|CONFIRMED|https://meet.example/x|-
`
	if diff := cmp.Diff(want, string(out)); diff != "" {
		t.Error(diff)
	}
}

var zonesForTests = []string{"Europe/Belgrade", "Asia/Bangkok", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC", "America/Santiago", "Africa/Casablanca", "Pacific/Kiritimati", "Europe/Dublin", "America/Havana", "Africa/Cairo"}

// drawConference draws any conference that our rules allow.
func drawConference(t *rapid.T, i int) community.Conference {
	text := rapid.StringMatching(`[\x20-\x{2FF}Ѐ-ӿ😀-😎]{0,120}`)
	c := community.Conference{
		Slug: "s" + string(rune('a'+i)), UID: rapid.StringMatching(`[a-z0-9;,\\:-]{1,80}@x`).Draw(t, "uid") + string(rune('a'+i)),
		Title: community.Plain("en", "Abc "+text.Draw(t, "title")),
		Text:  community.Plain("ru", "x"+text.Draw(t, "text")+"\n\ny"+text.Draw(t, "text")),
		Zone:  rapid.SampledFrom(zonesForTests).Draw(t, "zone"), AllDay: rapid.Bool().Draw(t, "all day"),
		Status: rapid.SampledFrom(community.Statuses).Draw(t, "status"), Sequence: rapid.IntRange(0, 9).Draw(t, "sequence"),
		Tags:    rapid.SliceOfN(rapid.StringMatching(`[a-zа-я]{1,20}`), 0, 5).Draw(t, "tags"),
		Updated: instant("2026-01-01T00:00:00Z"),
	}
	// Hours that happen twice have one wall-clock time, which iCalendar cannot
	// tell apart; the length is drawn on the clock too.
	c.Start = time.Unix(rapid.Int64Range(1_000_000_000, 2_500_000_000).Draw(t, "start"), 0).UTC()
	if c.AllDay {
		y, m, d := c.Start.Date()
		day := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
		c.Start = midnight(day, c.Location())
		c.End = midnight(day.AddDate(0, 0, rapid.IntRange(1, 20).Draw(t, "days")), c.Location())
	} else {
		c.OpenEnd = rapid.Bool().Draw(t, "open end")
		c.End = c.Start.Add(time.Duration(rapid.IntRange(1, 10_000).Draw(t, "minutes")) * time.Minute)
		c.Start, c.End = unambiguous(c.Start, c.Location()), unambiguous(c.End, c.Location())
		if !c.End.After(c.Start) {
			c.End = c.Start.Add(3 * time.Hour)
		}
	}
	switch rapid.IntRange(0, 2).Draw(t, "where") {
	case 0:
		c.Venue = &community.Venue{Name: "Hall " + text.Draw(t, "name"), Street: "Street 1", Place: &community.Point{Lat: rapid.Float64Range(-90, 90).Draw(t, "lat"), Lon: rapid.Float64Range(-180, 180).Draw(t, "lon")}}
	case 1:
		c.OnlineURL = "https://meet.example/" + rapid.StringMatching(`[a-z0-9/?=&;,]{0,80}`).Draw(t, "call")
	}
	if rapid.Bool().Draw(t, "cover") {
		c.Cover = &community.Picture{URL: "https://a.example/1.png", Alt: "x"}
	}
	c.Tidy()
	return c
}

func unambiguous(t time.Time, loc *time.Location) time.Time {
	l := t.In(loc)
	for range 5 {
		if back := time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), l.Second(), 0, loc); back.Equal(l) && sameOffset(l) {
			return l.UTC()
		}
		l = l.Add(6 * time.Hour)
	}
	return l.UTC()
}

func sameOffset(t time.Time) bool {
	_, a := t.Add(-3 * time.Hour).Zone()
	_, b := t.Add(3 * time.Hour).Zone()
	return a == b
}

type facts struct {
	UID, Title, TextStart, Where, OnlineURL, Link, Cover, Zone string
	Start, End                                                 time.Time
	AllDay, OpenEnd                                            bool
	Status                                                     community.Status
	Sequence                                                   int
	Tags                                                       []string
}

func factsOf(c *community.Conference) facts {
	f := facts{
		UID: c.UID, Title: c.Title.First(), OnlineURL: c.OnlineURL, Link: c.Link, Zone: c.Zone, Start: c.Start, End: c.End, AllDay: c.AllDay, OpenEnd: c.OpenEnd,
		Status: c.Status, Sequence: c.Sequence, Tags: c.Tags,
	}
	if c.Zone == "UTC" && !c.AllDay {
		f.Zone = ""
	}
	if c.Status != community.MovedOnline && c.Venue != nil {
		// Which spaces and commas part the address does not matter.
		f.Where = strings.Join(strings.FieldsFunc(c.Venue.Name+", "+c.Venue.Address(), func(r rune) bool { return r == ',' || unicode.IsSpace(r) }), " ")
	}
	if c.Cover != nil {
		f.Cover = c.Cover.URL
	}
	return f
}

// What is written is read again with the same facts.
func TestRoundTrip(t *testing.T) {
	site := community.NewSite("https://belgrade.example")
	rapid.Check(t, func(t *rapid.T) {
		cal := Calendar{Name: "x", Zone: "Asia/Tokyo", Site: site}
		n := rapid.IntRange(1, 4).Draw(t, "n")
		for i := range n {
			cal.Events = append(cal.Events, drawConference(t, i))
		}
		var b bytes.Buffer
		if err := Encode(&b, cal); err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(strings.TrimSuffix(b.String(), "\r\n"), "\r\n") {
			if len(line) > 75 || line == "" || !utf8.ValidString(line) {
				t.Fatalf("line %q", line)
			}
		}
		rows, problems, err := DecodeICS(&b, DecodeOptions{Zone: "Europe/Oslo", Lang: "en"})
		if err != nil || len(problems) > 0 || len(rows) != n {
			t.Fatalf("%v %v: %d of %d", err, problems, len(rows), n)
		}
		for i := range rows {
			want, got := factsOf(&cal.Events[i]), factsOf(&rows[i].Conference)
			want.Link = site.Conference(cal.Events[i].Slug)
			if got.Zone == "Asia/Tokyo" && want.Zone == "" { // a time in UTC is shown on the clock of the calendar
				got.Zone = ""
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("(-written +read):\n%s", diff)
			}
			text := cal.Events[i].Text.First()
			if read := rows[i].Conference.Text.First(); !strings.Contains(squeeze(read), squeeze(text)) {
				t.Fatalf("text %q\nread %q", text, read)
			}
		}
	})
}

func squeeze(s string) string {
	if looksLikeHTML(s) {
		s = prose.Text(s, 0)
	}
	return strings.Join(strings.Fields(s), " ")
}

// Two thousand conferences are no work.
func BenchmarkEncode(b *testing.B) {
	cal := Calendar{Site: community.NewSite("https://belgrade.example")}
	base := sample().Events
	for i := range 2191 {
		c := base[i%4]
		c.Start, c.End = c.Start.AddDate(0, 0, i%700), c.End.AddDate(0, 0, i%700)
		c.Zone = zonesForTests[i%len(zonesForTests)]
		cal.Events = append(cal.Events, c)
	}
	for b.Loop() {
		if err := Encode(discard{}, cal); err != nil {
			b.Fatal(err)
		}
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
