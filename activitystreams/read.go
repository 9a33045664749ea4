package activitystreams

import (
	"html"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"konfa/community"
	"konfa/prose"

	"golang.org/x/net/idna"
)

// Bounds of what is kept of a document.
const (
	maxID        = 2048    // bytes of an id or address; longer ones are as good as none
	maxContent   = 256_000 // bytes of HTML that are sanitised at all
	maxLanguages = 12
	maxAddresses = 2048 // recipients
	maxPictures  = 8
	maxMentions  = 64
)

// reader gathers what was dropped or odd while a document is read.
type reader struct {
	notes []string
}

func (r *reader) note(s string) {
	if len(r.notes) < 32 && !slices.Contains(r.notes, s) {
		r.notes = append(r.notes, s)
	}
}

// property is get with the spellings that JSON-LD allows: a prefix, a full IRI,
// the keyword form of id and type.
func (v *value) property(name string) *value {
	if p := v.get(name); p != nil {
		return p
	}
	switch name {
	case "id", "type":
		return v.get("@" + name)
	}
	if p := v.get("as:" + name); p != nil {
		return p
	}
	return v.get("https://www.w3.org/ns/activitystreams#" + name)
}

// types are the names in type, in order, without prefixes.
func (v *value) types() []string {
	var out []string
	for _, t := range v.property("type").list(16) {
		s := t.text()
		s = strings.TrimPrefix(s, "as:")
		s = strings.TrimPrefix(s, "https://www.w3.org/ns/activitystreams#")
		if s != "" && len(s) <= 100 {
			out = append(out, clean(s))
		}
	}
	return out
}

// typeIn is the first type that known has, and else the first of all.
func (v *value) typeIn(known map[string]bool) (string, bool) {
	types := v.types()
	for _, t := range types {
		if known[t] {
			return t, true
		}
	}
	if len(types) > 0 {
		return types[0], false
	}
	return "", false
}

// id is the address in any of the forms it comes in: a string, {"id"}, an array
// with one of these first, a Link with href.
func (v *value) id() string {
	if v == nil {
		return ""
	}
	switch v.kind {
	case kindString:
		return address(v.text())
	case kindArray:
		for _, e := range v.list(8) {
			if s := e.id(); s != "" {
				return s
			}
		}
	case kindObject:
		for _, k := range []string{"id", "@id", "href", "url", "@value"} {
			if p := v.get(k); p != nil && p.kind == kindString {
				if s := address(p.text()); s != "" {
					return s
				}
			}
		}
	}
	return ""
}

// address lets through what can be an id: no white space, no control
// characters, not too long. What is public has three spellings.
func address(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > maxID {
		return ""
	}
	switch s {
	case "as:Public", "Public":
		return PublicURI
	}
	for _, r := range s {
		if r <= ' ' || r == 0x7f || r == unicode.ReplacementChar || unicode.IsControl(r) || unicode.IsSpace(r) {
			return ""
		}
	}
	return s
}

// link is an address that a person can be sent to: http or https, else "".
// WordPress escapes ampersands as if it were HTML.
func link(s string) string {
	if strings.Contains(s, "&") {
		s = html.UnescapeString(s)
	}
	s = address(s)
	if !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil {
		return ""
	}
	return s
}

// webID is an id that can be dereferenced.
func webID(s string) bool {
	if !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && u.User == nil
}

// host is the host of an address: ASCII, lower case, with its port unless it is
// the usual one.
func host(id string) string {
	u, err := url.Parse(id)
	if err != nil {
		return ""
	}
	name := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if ascii, err := idna.Lookup.ToASCII(name); err == nil {
		name = ascii
	}
	if strings.Contains(name, ":") {
		name = "[" + name + "]"
	}
	port := u.Port()
	if port == "" || port == "443" && u.Scheme == "https" || port == "80" && u.Scheme == "http" {
		return name
	}
	return name + ":" + port
}

// ids are the addresses of a list, each once.
func (v *value) ids(limit int) []string {
	var out []string
	for _, e := range v.list(limit) {
		s := e.id()
		if s == "" || len(out) < 64 && slices.Contains(out, s) {
			continue
		}
		out = append(out, s)
	}
	return out
}

// page is the address for people among the forms of url: a string, a Link, or
// several, of which the one of type text/html is meant.
func (v *value) page() string {
	first := ""
	for _, e := range v.list(64) {
		var s, t string
		switch e.kind {
		case kindString:
			s = link(e.text())
		case kindObject:
			if s = link(e.get("href").text()); s == "" {
				s = link(e.get("url").text())
			}
			if t = e.get("mediaType").text(); t == "" {
				t = e.get("mimeType").text() // sic: Mastodon's and Prismo's
			}
		}
		if s == "" {
			continue
		}
		if strings.HasPrefix(t, "text/html") {
			return s
		}
		if strings.HasPrefix(t, "text/calendar") {
			continue // Hubzilla's, which no person reads
		}
		if first == "" {
			first = s
		}
	}
	return first
}

// clean drops control characters and what marks invalid text.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}

// line is a text that should be plain and in one line, at most limit
// characters of it. Some servers put HTML where none belongs.
func line(s string, limit int) string {
	if len(s) > maxContent {
		s = s[:maxContent]
	}
	s = clean(s)
	switch {
	case strings.Contains(s, "</") || strings.Contains(s, "<br"):
		s = prose.Text(s, 0)
	case strings.Contains(s, "&") && strings.Contains(s, ";"):
		s = html.UnescapeString(s) // WordPress
	}
	return prose.Cut(strings.Join(strings.Fields(s), " "), limit)
}

// texts reads a property and its language map: name and nameMap. The first
// language is the main one, as Mastodon has it; where the plain value is one of
// the map's, that one is.
func (v *value) texts(name string, tidy func(string) string) community.Texts {
	var out community.Texts
	plain := ""
	if p := v.property(name); p != nil {
		for _, e := range p.list(4) {
			if s := e.text(); s != "" {
				plain = s
				break
			}
			if e.kind == kindObject {
				if s := e.get("@value").text(); s != "" {
					plain = s
					break
				}
			}
		}
	}
	m := v.property(name + "Map")
	if m != nil && m.kind == kindObject {
		for i, lang := range m.keys {
			text := m.items[i].text()
			if text == "" || len(out) >= maxLanguages {
				continue
			}
			tag := strings.ToLower(lang)
			if tag == "und" || !community.ValidLang(tag) {
				tag = ""
			}
			if slices.ContainsFunc(out, func(p community.Phrase) bool { return p.Lang == tag }) {
				continue
			}
			phrase := community.Phrase{Lang: tag, Text: text}
			if text == plain && plain != "" {
				out = slices.Insert(out, 0, phrase)
				plain = ""
				continue
			}
			out = append(out, phrase)
		}
	}
	if plain != "" {
		// Friendica's map holds another rendering of the same text; the plain
		// one is what everybody else shows.
		if len(out) > 0 {
			out[0].Text = plain
		} else {
			out = community.Texts{{Text: plain}}
		}
	}
	for i := range out {
		out[i].Text = tidy(out[i].Text)
	}
	return filled(out)
}

// filled drops empty texts, and is nil where none is left.
func filled(t community.Texts) community.Texts {
	t = slices.DeleteFunc(t, func(p community.Phrase) bool { return p.Text == "" })
	if len(t) == 0 {
		return nil
	}
	return t
}

// html makes safe HTML of content in whatever media type it is.
func (r *reader) html(mediaType string) func(string) string {
	return func(s string) string {
		if len(s) > maxContent {
			s = prose.Cut(s[:maxContent], 0)
			s = strings.ToValidUTF8(s, "")
			r.note("the text is longer than 256 kB and was cut")
		}
		s = clean(s)
		switch {
		case strings.HasPrefix(mediaType, "text/markdown"): // PeerTube
			return prose.Markdown(s)
		case strings.HasPrefix(mediaType, "text/plain"):
			return "<p>" + strings.ReplaceAll(escape(strings.TrimSpace(s)), "\n", "<br>") + "</p>"
		}
		return strings.TrimSpace(prose.Sanitise(s))
	}
}

// timeLayouts are the forms in which times come; RFC 3339 first.
var timeLayouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05.999999999Z0700", "2006-01-02 15:04:05.999999999Z07:00",
}

// localLayouts are forms without an offset: on the clock of the event.
var localLayouts = []string{"2006-01-02T15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"}

// instant reads a time. A time without an offset is on the clock of zone; a
// bare date is its midnight, and day is true.
func (v *value) instant(zone *time.Location) (t time.Time, day, ok bool) {
	s := strings.TrimSpace(v.text())
	if s == "" || len(s) > 64 {
		return time.Time{}, false, false
	}
	for _, l := range timeLayouts {
		if t, err := time.Parse(l, s); err == nil {
			return t, false, years(t)
		}
	}
	for _, l := range localLayouts {
		if t, err := time.ParseInLocation(l, s, zone); err == nil {
			return t, false, years(t)
		}
	}
	if t, err := time.ParseInLocation(time.DateOnly, s, zone); err == nil {
		return t, true, years(t)
	}
	return time.Time{}, false, false
}

func years(t time.Time) bool { return t.Year() >= 1970 && t.Year() <= 9998 }

// when is an instant such as published, zero where there is none.
func (v *value) when() time.Time {
	t, _, ok := v.instant(time.UTC)
	if !ok {
		return time.Time{}
	}
	return community.Instant(t)
}

// times reads when something was published and last changed. What does not say
// that it was changed is as it was published.
func (v *value) times() (published, updated time.Time) {
	published, updated = v.property("published").when(), v.property("updated").when()
	if updated.IsZero() {
		updated = published
	}
	return published, updated
}

// picture reads an Image, Document or Link, or a bare address.
func (v *value) picture() *community.Picture {
	if v == nil {
		return nil
	}
	if v.kind == kindString {
		if s := link(v.text()); s != "" {
			return &community.Picture{URL: s, MediaType: mediaTypeOf(s)}
		}
		return nil
	}
	if v.kind != kindObject {
		return nil
	}
	p := &community.Picture{URL: v.get("url").page(), MediaType: line(v.get("mediaType").text(), 100)}
	if p.URL == "" {
		p.URL = link(v.get("href").text())
	}
	if p.URL == "" {
		return nil
	}
	if p.MediaType == "" {
		p.MediaType = mediaTypeOf(p.URL)
	}
	for _, k := range []string{"summary", "name"} { // Mastodon's order
		if s := line(v.get(k).text(), 1500); s != "" {
			p.Alt = s
			break
		}
	}
	p.Width, _ = v.get("width").whole(100_000)
	p.Height, _ = v.get("height").whole(100_000)
	if s := v.get("blurhash").text(); len(s) <= 200 && !strings.ContainsAny(s, " <>\"") {
		p.Blurhash = s
	}
	return p
}

// largest is the widest picture of a list, the first of those of unknown size.
func (v *value) largest() *community.Picture {
	var best *community.Picture
	for _, e := range v.list(16) {
		if p := e.picture(); p != nil && (best == nil || p.Width > best.Width) {
			best = p
		}
	}
	return best
}
