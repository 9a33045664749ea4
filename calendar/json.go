package calendar

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"konfa/community"
	"konfa/prose"
)

// Version of the JSON export. A reader takes all up to its own.
const Version = 1

// exported is a conference in our JSON: every field that means something
// outside the database it comes from.
type exported struct {
	UUID        string                `json:"uuid,omitempty"`
	Slug        string                `json:"slug,omitempty"`
	URI         string                `json:"uri,omitempty"`
	URL         string                `json:"url,omitempty"`
	Origin      string                `json:"origin,omitempty"`
	Title       community.Texts       `json:"title"`
	Text        community.Texts       `json:"text,omitempty"`
	HTML        community.Texts       `json:"html,omitempty"`
	Start       time.Time             `json:"start"`
	End         time.Time             `json:"end"`
	AllDay      bool                  `json:"all_day,omitempty"`
	OpenEnd     bool                  `json:"open_end,omitempty"`
	Zone        string                `json:"zone"`
	Venue       *community.Venue      `json:"venue,omitempty"`
	OnlineURL   string                `json:"online_url,omitempty"`
	Capacity    int                   `json:"capacity,omitempty"`
	JoinMode    community.JoinMode    `json:"join_mode,omitempty"`
	ExternalURL string                `json:"external_url,omitempty"`
	Languages   []string              `json:"languages,omitempty"`
	Cost        string                `json:"cost,omitempty"`
	Cover       *community.Picture    `json:"cover,omitempty"`
	Tags        []string              `json:"tags,omitempty"`
	Category    string                `json:"category,omitempty"`
	Organisers  []community.Organiser `json:"organisers,omitempty"`
	Link        string                `json:"link,omitempty"`
	Status      community.Status      `json:"status,omitempty"`
	Draft       bool                  `json:"draft,omitempty"`
	UID         string                `json:"uid,omitempty"`
	Sequence    int                   `json:"sequence,omitempty"`
	ImportKey   string                `json:"import_key,omitempty"`
	Created     time.Time             `json:"created,omitzero"`
	Published   time.Time             `json:"published,omitzero"`
	Updated     time.Time             `json:"updated,omitzero"`
	Announced   time.Time             `json:"announced,omitzero"`
}

func export(c *community.Conference) exported {
	return exported{
		UUID: c.UUID, Slug: c.Slug, URI: c.URI, URL: c.URL, Origin: c.Origin, Title: c.Title, Text: c.Text, HTML: c.HTML,
		Start: c.Start, End: c.End, AllDay: c.AllDay, OpenEnd: c.OpenEnd, Zone: c.Zone, Venue: c.Venue, OnlineURL: c.OnlineURL,
		Capacity: c.Capacity, JoinMode: c.JoinMode, ExternalURL: c.ExternalURL, Languages: c.Languages, Cost: c.Cost, Cover: c.Cover,
		Tags: c.Tags, Category: c.Category, Organisers: c.Organisers, Link: c.Link, Status: c.Status, Draft: c.Draft,
		UID: c.UID, Sequence: c.Sequence, ImportKey: c.ImportKey, Created: c.Created, Published: c.Published, Updated: c.Updated, Announced: c.Announced,
	}
}

func (x *exported) conference() *community.Conference {
	c := &community.Conference{
		UUID: x.UUID, Slug: x.Slug, URI: x.URI, URL: x.URL, Origin: x.Origin, Title: x.Title, Text: x.Text, HTML: x.HTML.Map(prose.Sanitise),
		Start: x.Start, End: x.End, AllDay: x.AllDay, OpenEnd: x.OpenEnd, Zone: x.Zone, Venue: x.Venue, OnlineURL: x.OnlineURL,
		Capacity: x.Capacity, JoinMode: x.JoinMode, ExternalURL: x.ExternalURL, Languages: x.Languages, Cost: x.Cost, Cover: x.Cover,
		Tags: x.Tags, Category: x.Category, Organisers: x.Organisers, Link: x.Link, Status: x.Status, Draft: x.Draft,
		UID: x.UID, Sequence: max(0, x.Sequence), ImportKey: x.ImportKey,
		Created: community.Instant(x.Created), Published: community.Instant(x.Published), Updated: community.Instant(x.Updated), Announced: community.Instant(x.Announced),
	}
	return c
}

// EncodeJSON writes all that is known of the conferences, drafts included, for
// another node or another program. DecodeJSON reads it back.
func EncodeJSON(w io.Writer, cal Calendar) error {
	b := bufio.NewWriterSize(w, 32<<10)
	head, err := json.Marshal(map[string]any{"name": cal.Name, "url": cal.URL, "zone": cal.Zone})
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "{\"konfa\": \"conferences\", \"version\": %d, \"calendar\": %s, \"conferences\": [", Version, head)
	for i := range cal.Events {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		row, err := json.Marshal(export(&cal.Events[i]))
		if err != nil {
			return fmt.Errorf("calendar: conference %q: %w", cal.Events[i].UID, err)
		}
		b.Write(row)
	}
	b.WriteString("\n]}\n")
	return b.Flush()
}

// DecodeJSON reads what EncodeJSON wrote. The error is not nil only when the
// file as a whole cannot be read; what was read before it is returned.
func DecodeJSON(r io.Reader, o DecodeOptions) ([]Row, []Problem, error) {
	o = o.filled()
	var rows []Row
	var problems []Problem
	seen := map[string]bool{}
	err := jsonObject(r, func(line int, raw json.RawMessage) {
		var x exported
		if err := json.Unmarshal(raw, &x); err != nil {
			problems = append(problems, Problem{Line: line, Title: titleOf(raw), Msg: jsonProblem(err)})
			return
		}
		if x.Zone == "" {
			x.Zone = o.Zone
		}
		c := x.conference()
		for i := range c.Title {
			if c.Title[i].Lang == "" {
				c.Title[i].Lang = o.Lang
			}
		}
		if c.ImportKey == "" {
			id := firstOf(c.UID, firstOf(c.URI, c.UUID))
			if id == "" {
				id = digest(c.Title.First(), c.Start.UTC().Format(time.RFC3339), c.Venue.Line())
			}
			c.ImportKey = "konfa:" + id
		}
		msg := ""
		if seen[c.ImportKey] {
			msg = "the same conference stands above already"
		} else {
			msg = settle(c)
		}
		if msg != "" {
			problems = append(problems, Problem{Line: line, Title: x.Title.First(), Msg: msg})
			return
		}
		seen[c.ImportKey] = true
		rows = append(rows, Row{Line: line, Conference: *c})
	})
	return rows, problems, err
}

// lineCounter remembers where lines end, so that an offset can be turned into a
// line. Offsets must be asked for in rising order.
type lineCounter struct {
	r    io.Reader
	at   int64
	ends []int64
	line int
}

func (l *lineCounter) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	for i, c := range p[:n] {
		if c == '\n' {
			l.ends = append(l.ends, l.at+int64(i))
		}
	}
	l.at += int64(n)
	return n, err
}

func (l *lineCounter) lineOf(offset int64) int {
	n := 0
	for n < len(l.ends) && l.ends[n] < offset {
		n++
	}
	l.line += n
	l.ends = l.ends[n:]
	return l.line + 1
}

func newDecoder(r io.Reader) (*json.Decoder, *lineCounter) {
	b := bufio.NewReader(limited(r))
	if head, err := b.Peek(len(bom)); err == nil && string(head) == bom {
		_, _ = b.Discard(len(bom))
	}
	lines := &lineCounter{r: b}
	return json.NewDecoder(lines), lines
}

// jsonArray calls f with each element of an array and the line that it begins
// on, while it reads.
func jsonArray(r io.Reader, f func(line int, raw json.RawMessage)) error {
	d, lines := newDecoder(r)
	t, err := d.Token()
	if err != nil {
		return jsonError(err, lines, d)
	}
	if t != json.Delim('[') {
		return community.Errorf(community.Invalid, "this is not a list of conferences").WithHint("the file must hold a JSON array: [ … ]")
	}
	if err := elements(d, lines, f); err != nil {
		return err
	}
	return end(d, lines)
}

// jsonObject reads our own export.
func jsonObject(r io.Reader, f func(line int, raw json.RawMessage)) error {
	d, lines := newDecoder(r)
	notOurs := community.Errorf(community.Invalid, "this JSON is not an export of konfa").WithHint(`it must hold "konfa": "conferences" before the conferences`)
	t, err := d.Token()
	if err != nil {
		return jsonError(err, lines, d)
	}
	if t != json.Delim('{') {
		return notOurs
	}
	ours := false
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return jsonError(err, lines, d)
		}
		if t == "conferences" {
			if !ours {
				return notOurs
			}
			t, err := d.Token()
			if err != nil {
				return jsonError(err, lines, d)
			}
			if t != json.Delim('[') {
				return notOurs
			}
			if err := elements(d, lines, f); err != nil {
				return err
			}
			continue
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return jsonError(err, lines, d)
		}
		switch t {
		case "konfa":
			ours = string(raw) == `"conferences"`
		case "version":
			var n int
			if json.Unmarshal(raw, &n) != nil || n < 1 {
				return notOurs
			}
			if n > Version {
				return community.Errorf(community.Invalid, "the export is of version %d and this program reads up to %d", n, Version).WithHint("update konfa here, then import again")
			}
		}
	}
	if _, err := d.Token(); err != nil {
		return jsonError(err, lines, d)
	}
	if !ours {
		return notOurs
	}
	return end(d, lines)
}

func elements(d *json.Decoder, lines *lineCounter, f func(line int, raw json.RawMessage)) error {
	for n := 0; d.More(); n++ {
		if n >= MaxEvents {
			return community.Errorf(community.Invalid, "the file holds more than 20,000 conferences").WithHint("split it, by year for example")
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return jsonError(err, lines, d)
		}
		f(lines.lineOf(d.InputOffset()-int64(len(raw))), raw)
	}
	if _, err := d.Token(); err != nil {
		return jsonError(err, lines, d)
	}
	return nil
}

// end refuses what stands after the document.
func end(d *json.Decoder, lines *lineCounter) error {
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return community.Errorf(community.Invalid, "something follows the list, on line %d", lines.lineOf(d.InputOffset()))
	}
	return nil
}

func jsonError(err error, lines *lineCounter, d *json.Decoder) error {
	if errors.Is(err, errTooLong) {
		return errTooLong
	}
	line := lines.lineOf(d.InputOffset())
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		line = lines.lineOf(max(syntax.Offset, d.InputOffset()))
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return community.Errorf(community.Invalid, "the file ends too early, after line %d", line).WithHint("it may have been cut off; fetch it again")
	}
	return community.Errorf(community.Invalid, "the JSON is broken on line %d: %w", line, err)
}

// jsonProblem says in words what Unmarshal did not like.
func jsonProblem(err error) string {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		if wrong.Field == "" {
			return "this is not a conference but a " + wrong.Value
		}
		return fmt.Sprintf("%s is a %s and should be a %s", wrong.Field, wrong.Value, kindOf(wrong.Type.String()))
	}
	return "the conference cannot be read: " + err.Error()
}

func kindOf(t string) string {
	switch {
	case strings.HasPrefix(t, "[]"):
		return "list"
	case t == "bool":
		return "true or false"
	case t == "int" || t == "float64":
		return "number"
	case t == "string":
		return "text"
	}
	return t
}

// titleOf finds a name in a row that could not be read.
func titleOf(raw json.RawMessage) string {
	var x struct {
		Name  any `json:"name"`
		Title any `json:"title"`
	}
	if json.NewDecoder(bytes.NewReader(raw)).Decode(&x) != nil {
		return ""
	}
	for _, v := range []any{x.Name, x.Title} {
		if s, ok := v.(string); ok {
			return prose.Cut(s, 100)
		}
	}
	return ""
}
