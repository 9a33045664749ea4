package mail

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"

	"konfa/calendar"
	"konfa/community"
)

// part is a leaf of a mail.
type part struct {
	kind   string
	params map[string]string
	name   string
	body   string
}

func header(t *testing.T, data string) netmail.Header {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return m.Header
}

// parts takes a mail to pieces, as its reader's program would.
func parts(t *testing.T, data string) (netmail.Header, []part) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var out []part
	var walk func(kind, encoding, disposition string, r io.Reader)
	walk = func(kind, encoding, disposition string, r io.Reader) {
		typ, params, err := mime.ParseMediaType(kind)
		if err != nil {
			t.Fatalf("%q: %v", kind, err)
		}
		if strings.HasPrefix(typ, "multipart/") {
			mr := multipart.NewReader(r, params["boundary"])
			for {
				p, err := mr.NextRawPart()
				if err == io.EOF {
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				walk(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p.Header.Get("Content-Disposition"), p)
			}
		}
		switch strings.ToLower(encoding) {
		case "quoted-printable":
			r = quotedprintable.NewReader(r)
		case "base64":
			r = base64.NewDecoder(base64.StdEncoding, r)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		_, d, _ := mime.ParseMediaType(disposition)
		out = append(out, part{typ, params, d["filename"], strings.ReplaceAll(string(b), "\r\n", "\n")})
	}
	walk(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), "", m.Body)
	return m.Header, out
}

var at = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

func tea() *community.Conference {
	start := time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)
	return &community.Conference{ID: 3, UUID: "018f-1", UID: "018f-1@bg.example", Slug: "tea", Title: community.Texts{{Lang: "en", Text: "Tea & “cake” <b>"}, {Lang: "ru", Text: "Чай"}},
		Start: start, End: start.Add(150 * time.Minute), Zone: "Europe/Belgrade", Venue: &community.Venue{Name: "Platz", Street: "Dositejeva 1", Locality: "Belgrade", Directions: "Through the yard"},
		OnlineURL: "https://call.example/tea", Cost: "free", Status: community.Scheduled, Sequence: 4, Created: at, Updated: at, Published: at}
}

// compose makes a letter and reads it back.
func compose(t *testing.T, l community.Letter, a About) (*Mail, netmail.Header, []part) {
	t.Helper()
	if l.To == "" {
		l.To = "eva@x.example"
	}
	l.ID, l.Created = 7, at
	if a.City == nil {
		a.City = belgrade()
	}
	if a.Conference != nil {
		l.ConferenceID = a.Conference.ID
	}
	m, err := Compose(community.NewSite("https://bg.example"), "no-reply@bg.example", &l, a)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	h, ps := parts(t, b.String())
	return m, h, ps
}

func decoded(t *testing.T, h netmail.Header, name string) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(h.Get(name))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSeat(t *testing.T) {
	g := &community.Guest{ID: 5, Name: "Ева Ёлкина", Email: "eva@x.example", State: community.Going, Plus: 2}
	m, h, ps := compose(t, community.Letter{Kind: community.LetterGoing, Lang: "ru", GuestID: 5, Args: map[string]string{"Link": "https://bg.example/rsvp/abc"}}, About{Conference: tea(), Guest: g})
	if got := decoded(t, h, "Subject"); got != "За вами место: Чай" {
		t.Errorf("the subject is %q", got)
	}
	from, err := h.AddressList("From")
	if err != nil || from[0].Name != "Белград" || from[0].Address != "no-reply@bg.example" {
		t.Errorf("it is from %v, %v", from, err)
	}
	to, err := h.AddressList("To")
	if err != nil || to[0].Name != "Ева Ёлкина" || to[0].Address != "eva@x.example" {
		t.Errorf("it is to %v, %v", to, err)
	}
	if h.Get("Message-Id") != "<"+m.ID+">" || h.Get("List-Unsubscribe") != "" || h.Get("Reply-To") != "" || h.Get("Content-Language") != "ru" || h.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("%v", h)
	}
	if d, err := h.Date(); err != nil || !d.Equal(at) {
		t.Errorf("its date is %v, %v", d, err)
	}
	var kinds []string
	for _, p := range ps {
		kinds = append(kinds, p.kind)
	}
	if !slices.Equal(kinds, []string{"text/plain", "text/html", "text/calendar", "application/ics"}) {
		t.Fatalf("its parts are %v", kinds)
	}
	text := ps[0].body
	for _, want := range []string{"Здравствуйте, Ева Ёлкина!", "За вами место на «Чай»", "Когда: Воскресенье, 22\u00a0ноября\u00a02026\u00a0г., 19:00–21:30 (время: Белград, UTC+1)", "Где: Platz, Dositejeva 1, Belgrade",
		"Through the yard", "https://call.example/tea", "С вами 2 человека.", "https://bg.example/rsvp/abc", "https://bg.example/conf/tea", "\n-- \nБелград"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "{{") || strings.Contains(text, "<no value>") {
		t.Errorf("something was not filled in:\n%s", text)
	}
	if ps[2].params["method"] != "REQUEST" || ps[3].name != "invite.ics" || ps[2].body != ps[3].body {
		t.Errorf("%+v", ps[2:])
	}
	ics := strings.ReplaceAll(ps[2].body, "\n ", "")
	for _, want := range []string{"METHOD:REQUEST", "UID:018f-1@bg.example", "SEQUENCE:4", "DTSTAMP:20261121T100000Z", "STATUS:CONFIRMED", "ORGANIZER;CN=\"Белград\":mailto:no-reply@bg.example", "mailto:eva@x.example", "PARTSTAT=ACCEPTED"} {
		if !strings.Contains(ics, want) {
			t.Errorf("the calendar lacks %q:\n%s", want, ics)
		}
	}
	rows, problems, err := calendar.Decode(strings.NewReader(strings.ReplaceAll(ps[2].body, "\n", "\r\n")), calendar.DecodeOptions{})
	if err != nil || len(problems) > 0 || len(rows) != 1 || !rows[0].Conference.Start.Equal(tea().Start) {
		t.Errorf("the calendar reads as %v, %v, %v", rows, problems, err)
	}
}

func TestHTMLIsSafeAndAlone(t *testing.T) {
	c := tea()
	c.Venue.Name = `<img src=x onerror=alert(1)>`
	m, _, _ := compose(t, community.Letter{Kind: community.LetterChanged, Args: map[string]string{
		"Link": "javascript:alert(1)", "Text": "Come <script>alert(1)</script>\nsee https://x.example/a?b=1&c=2.\n\n\"quoted\"",
	}}, About{Conference: c, Guest: &community.Guest{Name: "Buy at www.evil.example", State: community.Going}})
	for _, bad := range []string{"<script", "<img", "javascript:", "evil.example", "url(", "@import", "<link"} {
		if strings.Contains(m.HTML, bad) {
			t.Errorf("the HTML holds %q", bad)
		}
	}
	for _, want := range []string{`<html lang="en">`, `<a href="https://x.example/a?b=1&amp;c=2">https://x.example/a?b=1&amp;c=2</a>.`, "Tea &amp; “cake” &lt;b&gt;", "#a4431f", "color-scheme"} {
		if !strings.Contains(m.HTML, want) {
			t.Errorf("the HTML lacks %q", want)
		}
	}
	if strings.Contains(m.HTML, "ZgotmplZ") {
		t.Error("a colour was filtered out")
	}
	if !strings.Contains(m.Text, "> Come <script>alert(1)</script>\n> see https://x.example/a?b=1&c=2.\n\n> \"quoted\"") {
		t.Errorf("the text is\n%s", m.Text)
	}
}

func TestCancelledAndDeleted(t *testing.T) {
	c := tea()
	c.Status = community.Cancelled
	_, _, ps := compose(t, community.Letter{Kind: community.LetterCancelled, Args: map[string]string{"Text": "The yard is flooded."}}, About{Conference: c, Guest: &community.Guest{State: community.Going}})
	if !strings.Contains(ps[0].body, "> The yard is flooded.") || ps[2].params["method"] != "CANCEL" || !strings.Contains(ps[2].body, "STATUS:CANCELLED") || strings.Contains(ps[2].body, "call.example") {
		t.Errorf("%+v", ps)
	}
	was, err := json.Marshal(tea())
	if err != nil {
		t.Fatal(err)
	}
	l := community.Letter{Kind: community.LetterDeleted, ConferenceID: 99, Args: map[string]string{"Conference": string(was)}}
	_, h, ps := compose(t, l, About{})
	if decoded(t, h, "Subject") != "Not taking place: Tea & “cake” <b>" || !strings.Contains(ps[0].body, "Sunday") || strings.Contains(ps[0].body, "/conf/tea") || ps[2].params["method"] != "CANCEL" {
		t.Errorf("%+v", ps)
	}
	for _, lie := range []string{"{", "{}", "null", `{"Title":[{"lang":"en","text":"x"}]}`} {
		l := community.Letter{ID: 1, Kind: community.LetterDeleted, To: "a@x.example", ConferenceID: 99, Args: map[string]string{"Conference": lie}}
		if _, err := Compose(community.NewSite("https://bg.example"), "a@bg.example", &l, About{City: belgrade()}); community.CodeOf(err) != community.Invalid {
			t.Errorf("%s: %v", lie, err)
		}
	}
}

func TestTurningOff(t *testing.T) {
	city := belgrade()
	city.Settings.ReplyTo = "hosts@bg.example"
	_, h, ps := compose(t, community.Letter{Kind: community.LetterReminder, Args: map[string]string{"Stop": "https://bg.example/mail/tok", "Link": "https://bg.example/rsvp/x"}}, About{City: city, Conference: tea(), Guest: &community.Guest{State: community.Going}})
	if h.Get("List-Unsubscribe") != "<https://bg.example/mail/tok>" || h.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" || h.Get("Reply-To") != "<hosts@bg.example>" {
		t.Errorf("%v", h)
	}
	if decoded(t, h, "Subject") != "Tomorrow at 19:00: Tea & “cake” <b>" || !strings.Contains(ps[0].body, "https://bg.example/mail/tok") || !strings.Contains(ps[1].body, `href="https://bg.example/mail/tok"`) || len(ps) != 2 {
		t.Errorf("%v %+v", h, ps)
	}
}

// Every kind has words in every language, and all of them are filled in.
func TestEveryKind(t *testing.T) {
	kinds := []community.LetterKind{
		community.LetterSignIn, community.LetterAddress, community.LetterMoved, community.LetterJoin, community.LetterConfirm, community.LetterGoing, community.LetterMaybe, community.LetterWaiting, community.LetterPending, community.LetterOffered,
		community.LetterMovedUp, community.LetterDeclined, community.LetterLeft, community.LetterReconfirm, community.LetterReminder, community.LetterChanged, community.LetterCancelled,
		community.LetterDeleted, community.LetterThanks, community.LetterMessage, community.LetterApplication, community.LetterOrder, community.LetterTest,
	}
	for _, v := range voices() {
		for _, kind := range kinds {
			for _, until := range []string{"", at.Add(time.Hour).Format(time.RFC3339)} {
				args := map[string]string{"Link": "https://bg.example/rsvp/x", "No": "https://bg.example/rsvp/n", "Place": "3", "Until": until, "Text": "words", "Accepted": "yes", "Name": "Eva"}
				a := About{Guest: &community.Guest{Name: "Eva", State: community.Going, Plus: 1}, Conference: tea()}
				switch kind {
				case community.LetterSignIn, community.LetterAddress, community.LetterMoved, community.LetterJoin, community.LetterApplication, community.LetterOrder, community.LetterTest:
					a = About{}
				}
				m, _, ps := compose(t, community.Letter{Kind: kind, Lang: v.lang, Args: args}, a)
				if m.Lang != v.lang || m.Subject == "" || strings.HasPrefix(m.Subject, "kind.") {
					t.Errorf("%s in %s: %q in %s", kind, v.lang, m.Subject, m.Lang)
				}
				for _, p := range ps[:2] {
					if m := regexp.MustCompile(`\{\{|<no value>|kind\.\w|mail\.\w+ |button\.|date\.`).FindString(p.body); m != "" {
						t.Errorf("%s in %s holds %q:\n%s", kind, v.lang, m, p.body)
					}
				}
			}
		}
	}
}

// The catalogues have the same keys, and no key is there twice.
func TestCataloguesAgree(t *testing.T) {
	var want []string
	for i, v := range voices() {
		b, err := os.ReadFile("catalogue/" + v.lang + ".toml")
		if err != nil {
			t.Fatal(err)
		}
		var table map[string]any
		if err := toml.Unmarshal(b, &table); err != nil {
			t.Fatal(err)
		}
		var keys []string
		var walk func(prefix string, m map[string]any)
		walk = func(prefix string, m map[string]any) {
			if _, ok := m["other"]; ok {
				keys = append(keys, prefix)
				return
			}
			for _, k := range slices.Sorted(maps.Keys(m)) {
				if sub, ok := m[k].(map[string]any); ok {
					walk(prefix+k+".", sub)
					continue
				}
				keys = append(keys, prefix+k)
			}
		}
		walk("", table)
		if i == 0 {
			want = keys
		}
		if !slices.Equal(want, keys) {
			t.Errorf("%s differs: %v", v.lang, keys)
		}
	}
	if len(want) < 80 || len(voices()) < 2 {
		t.Fatalf("only %d keys in %d languages", len(want), len(voices()))
	}
}

func TestTimes(t *testing.T) {
	city := belgrade()
	v := voiceFor("en")
	day := func(d, h, m int) time.Time { return time.Date(2026, 11, d, h-1, m, 0, 0, time.UTC) }
	for _, c := range []struct {
		change func(*community.Conference)
		want   string
	}{
		{func(c *community.Conference) { c.OpenEnd = true }, "Sunday, 22 November 2026, 19:00 (Belgrade time, UTC+1)"},
		{func(c *community.Conference) { c.End = day(23, 2, 0) }, "Sunday, 22 November 2026, 19:00–02:00 (Belgrade time, UTC+1)"},
		{func(c *community.Conference) { c.End = day(24, 12, 0) }, "22 November 2026, 19:00 – 24 November 2026, 12:00 (Belgrade time, UTC+1)"},
		{func(c *community.Conference) { c.AllDay, c.Start, c.End = true, day(22, 0, 0), day(23, 0, 0) }, "Sunday, 22 November 2026, all day"},
		{func(c *community.Conference) { c.AllDay, c.Start, c.End = true, day(22, 0, 0), day(25, 0, 0) }, "Sunday, 22 November 2026 – Tuesday, 24 November 2026"},
		{func(c *community.Conference) { c.Zone = "America/St_Johns" }, "Sunday, 22 November 2026, 14:30–17:00 (St Johns time, UTC−3:30)"},
		{func(c *community.Conference) { c.Zone = "UTC" }, "Sunday, 22 November 2026, 18:00–20:30 (UTC+0)"},
	} {
		x := tea()
		c.change(x)
		if got := strings.ReplaceAll(v.when(x, city), "\u00a0", " "); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestColours(t *testing.T) {
	for accent, want := range map[string]string{"": "#ffffff", "#ffee00": "#111111", "#003366": "#ffffff", "red;}": "#ffffff"} {
		if ground, text := colours(accent); text != want || !accentPattern.MatchString(ground) {
			t.Errorf("%q gives %s on %s", accent, text, ground)
		}
	}
}

// Whatever stands in a letter, it is one mail to one address, with the headers
// that it should have and no others.
func FuzzCompose(f *testing.F) {
	f.Add("going", "eva@x.example", "ru", "Eva", "Tea", "words", "https://bg.example/x", "Bcc: a@x.example")
	f.Add("message", "a@b\r\nBcc: c@d", "en\r\nX: y", "E\r\nBcc: x@y.example", "T\r\n\r\n<script>", "\x00\u202e", "javascript:x", "a\nb")
	f.Add("reminder", "\"a b\"@x.example", "sr", strings.Repeat("й", 300), strings.Repeat("x", 5000), strings.Repeat("<", 9000), "https://x/>", "=?utf-8?q?x?=")
	f.Fuzz(func(t *testing.T, kind, to, lang, name, title, text, link, subject string) {
		l := community.Letter{ID: 1, Kind: community.LetterKind(kind), To: to, Lang: lang, ConferenceID: 3, Created: at,
			Args: map[string]string{"Link": link, "Stop": link, "Text": text, "Subject": subject, "Place": text, "Until": name, "ReplyTo": to}}
		c := tea()
		c.Title = community.Plain("en", title)
		c.Venue.Name, c.OnlineURL = text, link
		city := belgrade()
		city.Name = community.Plain("en", title)
		city.Settings.Accent = subject
		m, err := Compose(community.NewSite("https://bg.example"), "no-reply@bg.example", &l, About{City: city, Conference: c, Guest: &community.Guest{Name: name, State: community.Going}})
		if err != nil {
			return
		}
		var b bytes.Buffer
		if _, err := m.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		if b.Len() > 2<<20 {
			t.Fatalf("%d bytes", b.Len())
		}
		h, ps := parts(t, b.String())
		for name := range h {
			switch name {
			case "From", "To", "Reply-To", "Subject", "Date", "Message-Id", "Mime-Version", "Content-Type", "Content-Language", "Auto-Submitted", "X-Auto-Response-Suppress", "List-Unsubscribe", "List-Unsubscribe-Post":
			default:
				t.Fatalf("there is a header %q", name)
			}
			if len(h[name]) != 1 {
				t.Fatalf("%s is there %d times", name, len(h[name]))
			}
		}
		if list, err := h.AddressList("To"); err != nil || len(list) != 1 || list[0].Address != m.To.Address {
			t.Fatalf("it goes to %v, %v", list, err)
		}
		if len(ps) != 2 && len(ps) != 4 || ps[0].kind != "text/plain" || ps[1].kind != "text/html" {
			t.Fatalf("%d parts", len(ps))
		}
		if regexp.MustCompile(`(?i)<(script|img|iframe|object|embed|link|form|svg)|href="(?:[^h]|h[^t])`).MatchString(ps[1].body) {
			t.Fatal("the HTML is not safe")
		}
	})
}
