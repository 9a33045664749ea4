package calendar

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

var belgrade = DecodeOptions{Zone: "Europe/Belgrade", Lang: "ru", Now: instant("2026-10-01T00:00:00Z")}

func vcalendar(body string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + strings.ReplaceAll(strings.TrimSpace(body), "\n", "\r\n") + "\r\nEND:VCALENDAR\r\n"
}

func vevent(body string) string {
	return vcalendar("BEGIN:VEVENT\nUID:1@x\nSUMMARY:Talks\n" + strings.TrimSpace(body) + "\nEND:VEVENT")
}

func decodeICS(t *testing.T, data string) ([]Row, []Problem) {
	t.Helper()
	rows, problems, err := DecodeICS(strings.NewReader(data), belgrade)
	if err != nil {
		t.Fatal(err)
	}
	return rows, problems
}

func TestTimes(t *testing.T) {
	const lyon = `BEGIN:VTIMEZONE
TZID:Custom/Lyon
BEGIN:STANDARD
DTSTART:16011028T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010325T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
`
	for _, c := range []struct{ name, before, event, start, end, zone, flags string }{
		{"utc, shown in the city", "", "DTSTART:20261101T180000Z\nDTEND:20261101T200000Z", "2026-11-01T18:00:00Z", "2026-11-01T20:00:00Z", "Europe/Belgrade", ""},
		{"utc, shown as the calendar says", "X-WR-TIMEZONE:America/New_York", "DTSTART:20261101T180000Z\nDTEND:20261101T200000Z", "2026-11-01T18:00:00Z", "2026-11-01T20:00:00Z", "America/New_York", ""},
		{"floating", "", "DTSTART:20261101T190000\nDTEND:20261101T200000", "2026-11-01T18:00:00Z", "2026-11-01T19:00:00Z", "Europe/Belgrade", ""},
		{"iana", "", "DTSTART;TZID=Asia/Tokyo:20261101T190000\nDTEND;TZID=Asia/Tokyo:20261101T200000", "2026-11-01T10:00:00Z", "2026-11-01T11:00:00Z", "Asia/Tokyo", ""},
		{"quoted", "", `DTSTART;TZID="Asia/Tokyo":20261101T190000` + "\n" + `DTEND;TZID="Asia/Tokyo":20261101T200000`, "2026-11-01T10:00:00Z", "2026-11-01T11:00:00Z", "Asia/Tokyo", ""},
		{"path before it", "", "DTSTART;TZID=/freeassociation.sourceforge.net/Tzfile/Europe/Berlin:20261101T190000\nDURATION:PT1H", "2026-11-01T18:00:00Z", "2026-11-01T19:00:00Z", "Europe/Berlin", ""},
		{"windows", "", "DTSTART;TZID=Russian Standard Time:20261101T190000\nDURATION:PT1H30M", "2026-11-01T16:00:00Z", "2026-11-01T17:30:00Z", "Europe/Moscow", ""},
		{"offset", "", "DTSTART;TZID=GMT+0300:20261101T190000\nDURATION:P1DT1H", "2026-11-01T16:00:00Z", "2026-11-02T17:00:00Z", "Etc/GMT-3", ""},
		{"own zone, winter", lyon, "DTSTART;TZID=Custom/Lyon:20261101T190000\nDTEND;TZID=Custom/Lyon:20261101T200000", "2026-11-01T18:00:00Z", "2026-11-01T19:00:00Z", "Europe/Belgrade", ""},
		{"own zone, summer", lyon, "DTSTART;TZID=Custom/Lyon:20260701T190000\nDTEND;TZID=Custom/Lyon:20260701T200000", "2026-07-01T17:00:00Z", "2026-07-01T18:00:00Z", "Europe/Belgrade", ""},
		{"own zone, the night of the change", lyon, "DTSTART;TZID=Custom/Lyon:20261024T230000\nDTEND;TZID=Custom/Lyon:20261025T040000", "2026-10-24T21:00:00Z", "2026-10-25T03:00:00Z", "Europe/Belgrade", ""},
		{"own zone that says what it is", strings.Replace(lyon, "BEGIN:STANDARD", "X-LIC-LOCATION:Europe/Paris\nBEGIN:STANDARD", 1), "DTSTART;TZID=Custom/Lyon:20261101T190000\nDURATION:PT1H", "2026-11-01T18:00:00Z", "2026-11-01T19:00:00Z", "Europe/Paris", ""},
		{"own zone of other hours", "BEGIN:VTIMEZONE\nTZID:Mars\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0700\nTZOFFSETTO:+0700\nEND:STANDARD\nEND:VTIMEZONE", "DTSTART;TZID=Mars:20261101T190000\nDURATION:PT1H", "2026-11-01T12:00:00Z", "2026-11-01T13:00:00Z", "Etc/GMT-7", ""},
		{"a day", "", "DTSTART;VALUE=DATE:20261101", "2026-10-31T23:00:00Z", "2026-11-01T23:00:00Z", "Europe/Belgrade", "day"},
		{"days", "", "DTSTART;VALUE=DATE:20261024\nDTEND;VALUE=DATE:20261026", "2026-10-23T22:00:00Z", "2026-10-25T23:00:00Z", "Europe/Belgrade", "day"},
		{"a day whose end is included", "", "DTSTART;VALUE=DATE:20261101\nDTEND;VALUE=DATE:20261101", "2026-10-31T23:00:00Z", "2026-11-01T23:00:00Z", "Europe/Belgrade", "day"},
		{"date without VALUE", "", "DTSTART:20261101\nDURATION:P2D", "2026-10-31T23:00:00Z", "2026-11-02T23:00:00Z", "Europe/Belgrade", "day"},
		{"no end", "", "DTSTART:20261101T180000Z", "2026-11-01T18:00:00Z", "2026-11-01T20:00:00Z", "Europe/Belgrade", "open"},
		{"end is start", "", "DTSTART:20261101T180000Z\nDTEND:20261101T180000Z", "2026-11-01T18:00:00Z", "2026-11-01T20:00:00Z", "Europe/Belgrade", "open"},
		{"rfc 3339", "", "DTSTART:2026-11-01T18:00:00Z\nDTEND:2026-11-01T19:00:00Z", "2026-11-01T18:00:00Z", "2026-11-01T19:00:00Z", "Europe/Belgrade", ""},
	} {
		data := vcalendar(c.before + "\nBEGIN:VEVENT\nUID:1@x\nSUMMARY:Talks\n" + c.event + "\nEND:VEVENT")
		for _, data := range []string{data, strings.ReplaceAll(data, "\r\n", "\n"), bom + data} {
			rows, problems := decodeICS(t, data)
			if len(rows) != 1 || len(problems) > 0 {
				t.Errorf("%s: %d rows, %v", c.name, len(rows), problems)
				continue
			}
			g := rows[0].Conference
			flags := ""
			if g.AllDay {
				flags = "day"
			} else if g.OpenEnd {
				flags = "open"
			}
			if !g.Start.Equal(instant(c.start)) || !g.End.Equal(instant(c.end)) || g.Zone != c.zone || flags != c.flags {
				t.Errorf("%s: %v – %v %s %s", c.name, g.Start, g.End, g.Zone, flags)
			}
		}
	}
}

func TestWindowsZonesExist(t *testing.T) {
	for name, zone := range windowsZones {
		if !community.ValidZone(zone) {
			t.Errorf("%s: %s", name, zone)
		}
	}
}

func TestFields(t *testing.T) {
	rows, problems := decodeICS(t, vevent(`DTSTART:20261101T180000Z
DTEND:20261101T190000Z
DESCRIPTION:One\, two\;\nthree \\ four
 , folded
LOCATION:Dom omladine\, Makedonska 22\nBeograd
GEO:44.8;20.4
URL:https://a.example/e/1?x=1,2
CATEGORIES:Go,Web Dev
CATEGORIES:c\,d
STATUS:TENTATIVE
SEQUENCE:4
ATTACH;FMTTYPE=application/pdf:https://a.example/1.pdf
ATTACH;FMTTYPE=image/png:https://a.example/1.png
ORGANIZER;CN="Anna: the great":mailto:anna@a.example
ORGANIZER;CN=bob@a.example:mailto:bob@a.example
X-GOOGLE-CONFERENCE:https://meet.google.example/abc
BEGIN:VALARM
TRIGGER:-PT15M
DESCRIPTION:not this
END:VALARM`))
	if len(rows) != 1 || len(problems) != 0 {
		t.Fatal(rows, problems)
	}
	want := community.Conference{
		Title: community.Plain("ru", "Talks"), Text: community.Plain("ru", "One, two;\nthree \\ four, folded"),
		Start: instant("2026-11-01T18:00:00Z"), End: instant("2026-11-01T19:00:00Z"), Zone: "Europe/Belgrade",
		Venue:     &community.Venue{Name: "Dom omladine", Street: "Makedonska 22, Beograd", Place: &community.Point{Lat: 44.8, Lon: 20.4}},
		OnlineURL: "https://meet.google.example/abc", Link: "https://a.example/e/1?x=1,2", Tags: []string{"go", "web_dev", "cd"},
		Cover:  &community.Picture{URL: "https://a.example/1.png", MediaType: "image/png", Alt: "Talks"},
		Status: community.Tentative, Sequence: 4, Organisers: []community.Organiser{{Name: "Anna: the great"}},
		JoinMode: community.Free, Replies: community.RepliesOpen, RSVP: community.RSVPPoll, Category: community.DefaultCategory, UID: "1@x", ImportKey: "ics:1@x",
	}
	if diff := cmp.Diff(want, rows[0].Conference); diff != "" {
		t.Error(diff)
	}
	if rows[0].Line != 3 {
		t.Errorf("line %d", rows[0].Line)
	}

	rows, _ = decodeICS(t, vevent("DTSTART:20261101T180000Z\nLOCATION:https://lu.ma/x\nDESCRIPTION:<p>Hi <b>all</b></p><p>bye</p>\nURL:javascript:alert(1)\nSTATUS:CANCELLED"))
	if c := rows[0].Conference; c.Venue != nil || c.OnlineURL != "https://lu.ma/x" || c.Text.First() != "Hi all\n\nbye" || c.Link != "" || c.Status != community.Cancelled {
		t.Errorf("%+v", c)
	}
	// A program that does not fold nor escape.
	rows, problems = decodeICS(t, vevent("DTSTART:20261101T180000Z\nDESCRIPTION:One\nNote: two\n\nthree, four\nEND IS NEAR"))
	if len(problems) > 0 || rows[0].Conference.Text.First() != "One\nNote: two\nthree, four\nEND IS NEAR" {
		t.Errorf("%v %q", problems, rows[0].Conference.Text)
	}
}

func TestProblems(t *testing.T) {
	good := "BEGIN:VEVENT\nUID:good\nSUMMARY:Good one\nDTSTART:20261101T180000Z\nEND:VEVENT\n"
	for _, c := range []struct{ event, msg string }{
		{"UID:1\nDTSTART:20261101T180000Z", "no title"},
		{"UID:1\nSUMMARY:Bad one", "no start"},
		{"UID:1\nSUMMARY:Bad one\nDTSTART:tomorrow", "not a date"},
		{"UID:1\nSUMMARY:Bad one\nDTSTART:20261301T180000Z", "not a date"},
		{"UID:1\nSUMMARY:Bad one\nDTSTART:20261101T180000Z\nDTEND:20261101T170000Z", "ends before it starts"},
		{"UID:1\nSUMMARY:Bad one\nDTSTART:20261101T180000Z\nDURATION:-PT1H", "duration"},
		{"UID:1\nSUMMARY:Bad one\nDTSTART:20261101T180000Z\nDTEND:20281101T170000Z", "at most a year"},
		{"UID:1\nSUMMARY:Bad one\nCLASS:PRIVATE\nDTSTART:20261101T180000Z", "private"},
		{"UID:1\nSUMMARY:Bad one\nDTSTART:20261101T180000Z\nRRULE:FREQ=SECONDLY", "more often than daily"},
		{"UID:1\nSUMMARY:Bad one\nDTSTART:20261101T180000Z\nRRULE:nonsense", "recurrence rule"},
		{"UID:1\nSUMMARY:Bad one\nDTSTART:20200101T180000Z\nRRULE:FREQ=DAILY;COUNT=3", "over"},
		{"UID:1\nSUMMARY:B\nDTSTART:20261101T180000Z", "at least 3"},
	} {
		rows, problems := decodeICS(t, vcalendar(good+"BEGIN:VEVENT\n"+c.event+"\nEND:VEVENT\n"+strings.Replace(good, "UID:good", "UID:also", 1)))
		if len(rows) != 2 || len(problems) != 1 || !strings.Contains(problems[0].Msg, c.msg) || problems[0].Line != 8 {
			t.Errorf("%q: %d rows, %+v", c.event, len(rows), problems)
		}
	}
	rows, problems := decodeICS(t, strings.TrimSuffix(vcalendar(good+"BEGIN:VEVENT\nSUMMARY:Cut off"), "END:VCALENDAR\r\n"))
	if len(rows) != 1 || len(problems) != 1 || problems[0].Title != "Cut off" {
		t.Errorf("%d rows, %+v", len(rows), problems)
	}
}

func starts(rows []Row) string {
	var s []string
	for _, r := range rows {
		l := r.Conference.LocalStart()
		s = append(s, l.Format("0102T15"))
	}
	return strings.Join(s, " ")
}

func TestRecurrence(t *testing.T) {
	for _, c := range []struct{ name, event, want string }{
		{"seven stays seven", "DTSTART;TZID=Europe/Belgrade:20261015T190000\nDURATION:PT2H\nRRULE:FREQ=WEEKLY;COUNT=3", "1015T19 1022T19 1029T19"},
		{"only what comes", "DTSTART;TZID=Europe/Belgrade:20200102T190000\nDURATION:PT2H\nRRULE:FREQ=MONTHLY;BYDAY=1TH;UNTIL=20261231T000000Z", "1001T19 1105T19 1203T19"},
		{"until a day, included", "DTSTART;TZID=Europe/Belgrade:20261015T190000\nRRULE:FREQ=WEEKLY;UNTIL=20261022", "1015T19 1022T19"},
		{"exdate", "DTSTART;TZID=Europe/Belgrade:20261015T190000\nRRULE:FREQ=WEEKLY;COUNT=4\nEXDATE;TZID=Europe/Belgrade:20261022T190000\nEXDATE;VALUE=DATE:20261029", "1015T19 1105T19"},
		{"exdate in utc", "DTSTART;TZID=Europe/Belgrade:20261015T190000\nRRULE:FREQ=WEEKLY;COUNT=2\nEXDATE:20261022T170000Z", "1015T19"},
		{"rdate", "DTSTART;TZID=Europe/Belgrade:20261015T190000\nRDATE;TZID=Europe/Belgrade:20261018T100000,20261017T110000", "1015T19 1017T11 1018T10"},
		{"whole days", "DTSTART;VALUE=DATE:20261023\nDTEND;VALUE=DATE:20261025\nRRULE:FREQ=WEEKLY;COUNT=2", "1023T00 1030T00"},
		{"start is the first whatever the rule says", "DTSTART;TZID=Europe/Belgrade:20261014T190000\nRRULE:FREQ=WEEKLY;BYDAY=TH;UNTIL=20261023", "1014T19 1015T19 1022T19"},
		{"no match ever", "DTSTART;TZID=Europe/Belgrade:20261014T190000\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "1014T19"},
	} {
		rows, problems := decodeICS(t, vevent(c.event))
		if got := starts(rows); got != c.want || len(problems) > 0 {
			t.Errorf("%s: %s, %v; want %s", c.name, got, problems, c.want)
		}
		keys := map[string]bool{}
		for _, r := range rows {
			if keys[r.Conference.ImportKey] || keys[r.Conference.UID] {
				t.Errorf("%s: %s twice", c.name, r.Conference.UID)
			}
			keys[r.Conference.ImportKey], keys[r.Conference.UID] = true, true
		}
	}
	rows, problems := decodeICS(t, vevent("DTSTART;VALUE=DATE:20261023\nDTEND;VALUE=DATE:20261025\nRRULE:FREQ=WEEKLY;COUNT=2"))
	if c := rows[1].Conference; !c.End.Equal(instant("2026-10-31T23:00:00Z")) || len(problems) > 0 {
		t.Errorf("days: %v – %v", c.Start, c.End)
	}
	rows, problems = decodeICS(t, vevent("DTSTART:20261015T170000Z\nRRULE:FREQ=DAILY"))
	if len(rows) > community.MaxInstances || len(rows) < 350 || len(problems) > 0 {
		t.Errorf("%d instances, %v", len(rows), problems)
	}
	rows, problems = decodeICS(t, vcalendar(`BEGIN:VEVENT
UID:w@x
SUMMARY:Weekly
DESCRIPTION:Every week
DTSTART;TZID=Europe/Belgrade:20261015T190000
DURATION:PT1H
RRULE:FREQ=WEEKLY;COUNT=3
END:VEVENT
BEGIN:VEVENT
UID:w@x
RECURRENCE-ID;TZID=Europe/Belgrade:20261022T190000
SUMMARY:Weekly\, moved
DTSTART;TZID=Europe/Belgrade:20261023T200000
DURATION:PT1H
END:VEVENT
BEGIN:VEVENT
UID:w@x
RECURRENCE-ID:20261029T180000Z
STATUS:CANCELLED
DTSTART;TZID=Europe/Belgrade:20261029T190000
END:VEVENT`))
	if got := starts(rows); got != "1015T19 1023T20 1029T19" || len(problems) > 0 {
		t.Fatalf("%s %v", got, problems)
	}
	if c := rows[1].Conference; c.Title.First() != "Weekly, moved" || c.UID != "w@x-20261022T170000Z" || c.Text.First() != "Every week" || rows[1].Rule == "" {
		t.Errorf("%+v", c)
	}
	if c := rows[2].Conference; c.Status != community.Cancelled || c.Title.First() != "Weekly" {
		t.Errorf("%+v", c)
	}
}

// A file of rules that never match ends in time.
func TestRulesAreBounded(t *testing.T) {
	defer func(d time.Duration) { maxRuleTime = d }(maxRuleTime)
	maxRuleTime = time.Second
	var b strings.Builder
	for i := range 300 {
		fmt.Fprintf(&b, "BEGIN:VEVENT\nUID:%d\nSUMMARY:Never\nDTSTART:20261014T190000Z\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\nEND:VEVENT\n", i)
	}
	start := time.Now()
	rows, problems := decodeICS(t, vcalendar(b.String()))
	if d := time.Since(start); d > maxRuleTime+4*time.Second || len(rows)+len(problems) != 300 {
		t.Errorf("%v, %d rows, %d problems", d, len(rows), len(problems))
	}
}

func TestDecodeSniffs(t *testing.T) {
	for data, want := range map[string]string{
		"": "empty", "  \n": "empty", "<!DOCTYPE html>": "web page", "hello": "no calendar", "{}": "not an export", "[": "too early", "[1": "too early", "{\"konfa\":\"x\"}": "not an export",
		`{"konfa":"conferences","version":99,"conferences":[]}`: "version 99", "[] x": "follows", "[{]": "broken on line 1",
	} {
		_, _, err := Decode(strings.NewReader(data), belgrade)
		if err == nil || !strings.Contains(err.Error(), want) || community.CodeOf(err) != community.Invalid {
			t.Errorf("%q: %v", data, err)
		}
	}
	for _, data := range []string{vevent("DTSTART:20261101T180000Z"), bom + "\n" + vevent("DTSTART:20261101T180000Z"),
		`[{"name":"Conf","url":"https://a.example","startDate":"2026-11-01"}]`, `{"konfa":"conferences","version":1,"conferences":[{"title":[{"lang":"en","text":"Conf"}],"start":"2026-11-01T00:00:00Z","end":"2026-11-01T01:00:00Z"}]}`} {
		rows, problems, err := Decode(strings.NewReader(data), belgrade)
		if err != nil || len(problems) > 0 || len(rows) != 1 {
			t.Errorf("%q: %v %v %v", data, rows, problems, err)
		}
	}
	_, _, err := Decode(strings.NewReader("BEGIN:VCALENDAR\n"+strings.Repeat("X-A:"+strings.Repeat("a", 1020)+"\n", MaxBytes/1024+1)), belgrade)
	if err == nil || !strings.Contains(err.Error(), "20 MiB") {
		t.Errorf("too long: %v", err)
	}
}

func TestConfsTech(t *testing.T) {
	data := `[
{"name":"CodeMash","url":"https://www.codemash.org","startDate":"2023-01-10","endDate":"2023-01-13","city":"Sandusky, OH","country":"U.S.A.","online":true,"locales":"EN,UK","cocUrl":"https://a.example/coc","cfpUrl":"https://a.example/cfp","cfpEndDate":"2022-08-31","twitter":"@codemash","mastodon":"@code@social.example","topics":["general"],"offersSignLanguageOrCC":true},
{"name":5,"url":"https://a.example","startDate":"2023-01-10"},
{"url":"https://a.example","startDate":"2023-01-10"},
{"name":"Bad date","url":"https://a.example","startDate":"soon"},

{"name":"Backwards","url":"https://a.example","startDate":"2023-01-10","endDate":"2023-01-09"},
{"name":"Topics","url":"https://a.example","startDate":"2023-01-10","topics":"go"},
7,
{"name":"CodeMash","url":"https://www.codemash.org","startDate":"2023-01-10","city":"Sandusky, OH"},
{"name":"Call","url":"https://b.example","startDate":"2023-01-10","endDate":"2023-01-10","online":true,"topics":[]}
]`
	rows, problems, err := DecodeConfsTech(strings.NewReader(data), belgrade)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range problems {
		got = append(got, fmt.Sprintf("%d %s: %s", p.Line, p.Title, p.Msg))
	}
	want := []string{
		"3 : name is a number and should be a text", "4 : the conference has no name", `5 Bad date: the startDate "soon" is not a date such as 2026-05-31`,
		"7 Backwards: the conference ends before it starts", "8 Topics: topics is a string and should be a list", "9 : this is not a conference but a number", "10 CodeMash: the same conference as on line 2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(rows) != 2 {
		t.Fatalf("%d rows", len(rows))
	}
	c := rows[0].Conference
	if c.Zone != "America/New_York" || !c.AllDay || !c.Start.Equal(instant("2023-01-10T05:00:00Z")) || !c.End.Equal(instant("2023-01-14T05:00:00Z")) || c.OnlineURL != "" ||
		c.Venue.Locality != "Sandusky, OH" || c.Venue.Country != "U.S.A." || c.Venue.Place == nil || strings.Join(c.Languages, " ") != "en uk" || c.Link != "https://www.codemash.org" || c.Tags[0] != "general" {
		t.Errorf("%+v", c)
	}
	text := "In person and online.\n\nSign language or closed captions are offered.\n\n- Call for papers: <https://a.example/cfp>, until 31 August 2022\n- Code of conduct: <https://a.example/coc>\n- Mastodon: <https://social.example/@code>\n- Twitter: <https://twitter.com/codemash>"
	if diff := cmp.Diff(text, c.Text.First()); diff != "" {
		t.Error(diff)
	}
	if c := rows[1].Conference; c.Zone != "Europe/Belgrade" || c.OnlineURL != "https://b.example" || c.Venue != nil || rows[1].Line != 11 {
		t.Errorf("%+v line %d", c, rows[1].Line)
	}
	again, _, _ := DecodeConfsTech(strings.NewReader(data), belgrade)
	if again[0].Conference.ImportKey != c.ImportKey {
		t.Error("the key is not stable")
	}
}

// Every row of a real list is taken, and goes through our formats.
func TestRealList(t *testing.T) {
	data, err := os.ReadFile("../../shared/data/conferences.json")
	if err != nil {
		t.Skip("the list of conferences is not here")
	}
	start := time.Now()
	rows, problems, err := Decode(bytes.NewReader(data), belgrade)
	if err != nil || len(problems) > 0 || len(rows) != 2191 {
		t.Fatalf("%d rows, %v, %v", len(rows), problems, err)
	}
	t.Logf("read in %v", time.Since(start))
	keys := map[string]bool{}
	cal := Calendar{Name: "World", Site: community.NewSite("https://belgrade.example"), Zone: "Europe/Belgrade"}
	located := 0
	lines := strings.Split(string(data), "\n")
	for i, r := range rows {
		if keys[r.Conference.ImportKey] {
			t.Fatalf("%s twice", r.Conference.ImportKey)
		}
		keys[r.Conference.ImportKey] = true
		if r.Conference.Venue != nil && r.Conference.Venue.Place != nil {
			located++
		}
		if !strings.HasPrefix(lines[r.Line-1], "{") {
			t.Fatalf("row %d is said to begin on line %d: %q", i, r.Line, lines[r.Line-1])
		}
		r.Conference.Updated = r.Conference.Start
		cal.Events = append(cal.Events, r.Conference)
	}
	if located < 1850 {
		t.Errorf("only %d have coordinates", located)
	}
	start = time.Now()
	out := encode(t, cal)
	t.Logf("%d bytes written in %v", len(out), time.Since(start))
	checkLines(t, out)
	start = time.Now()
	back, problems, err := Decode(strings.NewReader(out), belgrade)
	t.Logf("read again in %v", time.Since(start))
	if err != nil || len(problems) > 0 || len(back) != len(rows) {
		t.Fatalf("%d back, %v, %v", len(back), problems, err)
	}
	for i := range back {
		a, b := &cal.Events[i], &back[i].Conference
		if !a.Start.Equal(b.Start) || !a.End.Equal(b.End) || a.Zone != b.Zone || a.Title.First() != b.Title.First() || a.UID != b.UID {
			t.Fatalf("%+v\n%+v", a, b)
		}
	}
	var j bytes.Buffer
	if err := EncodeJSON(&j, cal); err != nil {
		t.Fatal(err)
	}
	back, problems, err = Decode(&j, DecodeOptions{})
	if err != nil || len(problems) > 0 || len(back) != len(rows) {
		t.Fatalf("%d back, %v, %v", len(back), problems, err)
	}
	for i := range back {
		if diff := cmp.Diff(cal.Events[i], back[i].Conference); diff != "" {
			t.Fatal(diff)
		}
	}
}

// Every field of our own calendar comes back from JSON.
func TestJSONRoundTrip(t *testing.T) {
	cal := sample()
	for i := range cal.Events {
		c := &cal.Events[i]
		c.Text = community.Plain("en", "Some *text*")
		c.Languages, c.Capacity, c.JoinMode, c.ExternalURL = []string{"en"}, 30, community.External, "https://tickets.example/"
		c.UUID, c.ImportKey, c.Published, c.Announced = "u", fmt.Sprint("k", i), c.Created, c.Updated
		c.Tidy()
	}
	var b bytes.Buffer
	if err := EncodeJSON(&b, cal); err != nil {
		t.Fatal(err)
	}
	if !json.Valid(b.Bytes()) {
		t.Fatal("not JSON")
	}
	rows, problems, err := DecodeJSON(&b, DecodeOptions{})
	if err != nil || len(problems) > 0 || len(rows) != len(cal.Events) {
		t.Fatal(rows, problems, err)
	}
	for i := range rows {
		if diff := cmp.Diff(cal.Events[i], rows[i].Conference); diff != "" {
			t.Error(diff)
		}
	}
}

// checkRows fails unless what was read keeps our rules.
func checkRows(t *testing.T, rows []Row, problems []Problem) {
	t.Helper()
	if len(rows) > MaxEvents {
		t.Fatalf("%d rows", len(rows))
	}
	keys := map[string]bool{}
	for i := range rows {
		c := rows[i].Conference
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		if c.ImportKey == "" || len(c.ImportKey) > 300 || keys[c.ImportKey] || rows[i].Line < 1 {
			t.Fatalf("key %q, line %d", c.ImportKey, rows[i].Line)
		}
		keys[c.ImportKey] = true
	}
	for _, p := range problems {
		if p.Line < 1 || p.Msg == "" {
			t.Fatalf("%+v", p)
		}
	}
}

func FuzzDecodeICS(f *testing.F) {
	f.Add(vevent("DTSTART;TZID=Europe/Belgrade:20261015T190000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=3\nEXDATE:20261022T170000Z\nRDATE:20261023T170000Z/PT1H"))
	f.Add(vevent("DTSTART;VALUE=DATE:20261015\nDTEND;VALUE=DATE:20261017\nGEO:1;2\nLOCATION:a\\, b\nCATEGORIES:x,y"))
	f.Add(vcalendar("BEGIN:VTIMEZONE\nTZID:Z\nBEGIN:STANDARD\nDTSTART:16011028T030000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\nSUMMARY:abc\nDTSTART;TZID=Z:20261101T190000\nEND:VEVENT"))
	var b bytes.Buffer
	_ = Encode(&b, sample())
	f.Add(b.String())
	f.Fuzz(func(t *testing.T, data string) {
		if strings.Count(data, "RRULE") > 5 {
			t.Skip("slow, not wrong")
		}
		rows, problems, err := DecodeICS(strings.NewReader(data), belgrade)
		if err != nil {
			if len(rows)+len(problems) > 0 || community.CodeOf(err) != community.Invalid {
				t.Fatal(err)
			}
			return
		}
		checkRows(t, rows, problems)
		cal := Calendar{Site: community.NewSite("https://a.example")}
		for _, r := range rows {
			cal.Events = append(cal.Events, r.Conference)
		}
		out := encode(t, cal)
		checkLines(t, out)
		again, problems, err := DecodeICS(strings.NewReader(out), DecodeOptions{Zone: "Europe/Belgrade"})
		if err != nil || len(problems) > 0 || len(again) != len(rows) {
			t.Fatalf("%d rows written, %d read: %v %v\n%s", len(rows), len(again), problems, err, out)
		}
	})
}

func FuzzDecodeConfsTech(f *testing.F) {
	f.Add(`[{"name":"Conf","url":"https://a.example","startDate":"2026-11-01","endDate":"2026-11-02","city":"Belgrade","country":"Serbia","locales":"EN,UK","topics":["go"]}]`)
	f.Add(`[{"name":"C` + "\n" + `onf"},{},1,"x",null,[]]`)
	f.Add(`{"konfa":"conferences","version":1,"conferences":[{"title":[{"lang":"en","text":"Conf"}],"start":"2026-11-01T00:00:00Z","end":"2026-11-01T01:00:00Z","zone":"UTC"}]}`)
	f.Fuzz(func(t *testing.T, data string) {
		rows, problems, err := Decode(strings.NewReader(data), belgrade)
		if err != nil && community.CodeOf(err) != community.Invalid {
			t.Fatal(err)
		}
		checkRows(t, rows, problems)
	})
}

func BenchmarkDecodeICS(b *testing.B) {
	cal := Calendar{Site: community.NewSite("https://belgrade.example")}
	base := sample().Events
	for i := range 2000 {
		c := base[i%4]
		c.UID = fmt.Sprint(i)
		cal.Events = append(cal.Events, c)
	}
	out := encode(b, cal)
	for b.Loop() {
		rows, _, err := DecodeICS(strings.NewReader(out), belgrade)
		if err != nil || len(rows) != 2000 {
			b.Fatal(err, len(rows))
		}
	}
}
