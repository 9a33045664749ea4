package activitystreams

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"konfa/community"

	"github.com/go-fed/activity/streams"
	"github.com/go-fed/activity/streams/vocab"
)

// pairs is a JSON object whose keys keep their order. Empty values are the
// caller's business; nil values are left out.
type pairs []pair

type pair struct {
	key   string
	value any
}

// arrays are the properties that go out as arrays even with one element:
// Mastodon ignores an attachment that is not an array, Gancio answers 400, and
// the library writes one element as a scalar.
var arrays = map[string]bool{
	"to": true, "cc": true, "tag": true, "attachment": true, "alsoKnownAs": true, "items": true, "orderedItems": true,
	"assertionMethod": true, "implements": true, "availableLanguage": true, "aliases": true, "links": true,
}

// order is how keys follow one another; the rest is sorted behind them. Who,
// what and when come first so that a person reading a document sees them.
var order = func() map[string]int {
	m := map[string]int{}
	for i, k := range []string{
		"@context", "id", "type", "actor", "attributedTo", "audience", "to", "cc", "published", "updated", "deleted", "formerType",
		"name", "nameMap", "preferredUsername", "webfinger", "summary", "summaryMap", "sensitive", "inReplyTo",
		"content", "contentMap", "mediaType", "href", "url", "inbox", "outbox", "followers", "following", "featured", "upcomingEvents",
		"startTime", "endTime", "displayEndTime", "timezone", "eventStatus", "status", "location", "object", "target", "origin", "result",
		"totalItems", "partOf", "first", "prev", "next", "last", "items", "orderedItems",
	} {
		m[k] = i
	}
	return m
}()

func compareKeys(a, b string) int {
	i, oki := order[a]
	j, okj := order[b]
	switch {
	case oki && okj:
		return i - j
	case oki:
		return -1
	case okj:
		return 1
	}
	return strings.Compare(a, b)
}

// finish is the pass over what go-fed serialised: it adds what the library has
// no types for, restores arrays, writes our context and orders the keys.
func finish(t vocab.Type, with pairs) ([]byte, error) {
	m, err := streams.Serialize(t)
	if err != nil {
		return nil, community.Errorf(community.Internal, "the document could not be written: %w", err)
	}
	return finishMap(m, with)
}

func finishMap(m map[string]any, with pairs) ([]byte, error) {
	delete(m, "@context")
	for _, p := range with {
		if p.value == nil {
			delete(m, p.key)
			continue
		}
		m[p.key] = p.value
	}
	w := writer{}
	if err := w.object(m); err != nil {
		return nil, err
	}
	body := w.out.Bytes()
	head := writer{scalars: true}
	head.out.Grow(len(body) + 2048)
	head.out.WriteString(`{"@context":`)
	if err := head.value("@context", w.words.context()); err != nil {
		return nil, err
	}
	if len(body) > 2 {
		head.out.WriteByte(',')
	}
	head.out.Write(body[1:])
	return head.out.Bytes(), nil
}

// plain writes a document that is not JSON-LD, such as a JRD.
func plain(p pairs) ([]byte, error) {
	w := writer{}
	if err := w.value("", p); err != nil {
		return nil, err
	}
	return w.out.Bytes(), nil
}

type writer struct {
	out     bytes.Buffer
	words   vocabulary
	scalars bool // inside @context, where the name of an array is defined, not used
}

func (w *writer) object(m map[string]any) error {
	keys := make([]string, 0, len(m))
	for k, v := range m {
		if v != nil {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, compareKeys)
	w.out.WriteByte('{')
	for i, k := range keys {
		if i > 0 {
			w.out.WriteByte(',')
		}
		if err := w.member(k, m[k]); err != nil {
			return err
		}
	}
	w.out.WriteByte('}')
	return nil
}

func (w *writer) member(key string, value any) error {
	w.words.see(key)
	w.string(key)
	w.out.WriteByte(':')
	if arrays[key] && !w.scalars && !isArray(value) {
		value = []any{value}
	}
	return w.value(key, value)
}

func isArray(v any) bool {
	switch v := v.(type) {
	case []any, []string:
		return true
	case json.RawMessage:
		return len(v) > 0 && v[0] == '['
	}
	return false
}

func (w *writer) value(key string, value any) error {
	switch v := value.(type) {
	case nil:
		return community.Errorf(community.Internal, "a document of ours has a null at %q", key)
	case string:
		if key == "type" || key == "eventStatus" {
			w.words.see(v)
		}
		w.string(v)
	case bool:
		w.out.WriteString(strconv.FormatBool(v))
	case int:
		w.out.WriteString(strconv.Itoa(v))
	case float64:
		return w.float(v)
	case map[string]any:
		delete(v, "@context")
		return w.object(v)
	case pairs:
		w.out.WriteByte('{')
		first := true
		for _, p := range v {
			if p.value == nil {
				continue
			}
			if !first {
				w.out.WriteByte(',')
			}
			first = false
			if err := w.member(p.key, p.value); err != nil {
				return err
			}
		}
		w.out.WriteByte('}')
	case community.Texts: // a language map: the order says which language is the main one
		w.out.WriteByte('{')
		for i, p := range v {
			if i > 0 {
				w.out.WriteByte(',')
			}
			w.string(p.Lang)
			w.out.WriteByte(':')
			w.string(p.Text)
		}
		w.out.WriteByte('}')
	case []any:
		w.out.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				w.out.WriteByte(',')
			}
			if err := w.value(key, e); err != nil {
				return err
			}
		}
		w.out.WriteByte(']')
	case []string:
		w.out.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				w.out.WriteByte(',')
			}
			if err := w.value(key, e); err != nil {
				return err
			}
		}
		w.out.WriteByte(']')
	case []byte:
		return w.document(v)
	case json.RawMessage:
		w.out.Write(v)
	default:
		return community.Errorf(community.Internal, "a document of ours has a %T at %q", value, key)
	}
	return nil
}

// float always has a decimal point: Mobilizon takes coordinates only when they
// are floats, and 45.0 printed as 45 is not one to it.
func (w *writer) float(f float64) error {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return community.Errorf(community.Internal, "a document of ours has a number that is none")
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	w.out.WriteString(s)
	return nil
}

// string writes s without escaping <, > and &: HTML is half of what we send,
// and six bytes for each bracket would eat the 64 KiB that Misskey takes.
func (w *writer) string(s string) {
	const hex = "0123456789abcdef"
	w.out.WriteByte('"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 || r == '\u2028' || r == '\u2029' {
				w.out.WriteString(s[start:i])
				if r == utf8.RuneError {
					w.out.WriteString("\uFFFD")
				} else {
					fmt.Fprintf(&w.out, `\u%04x`, r)
				}
				start = i + n
			}
			i += n
			continue
		}
		if c >= 0x20 && c != '"' && c != '\\' {
			i++
			continue
		}
		w.out.WriteString(s[start:i])
		switch c {
		case '"', '\\':
			w.out.WriteByte('\\')
			w.out.WriteByte(c)
		case '\n':
			w.out.WriteString(`\n`)
		case '\t':
			w.out.WriteString(`\t`)
		case '\r':
			w.out.WriteString(`\r`)
		default:
			w.out.WriteString(`\u00`)
			w.out.WriteByte(hex[c>>4])
			w.out.WriteByte(hex[c&15])
		}
		i++
		start = i
	}
	w.out.WriteString(s[start:])
	w.out.WriteByte('"')
}

// document embeds a document as it is, without its @context, whose definitions
// move to ours. Everything else stays byte for byte: what is relayed must not
// change.
func (w *writer) document(b []byte) error {
	v, err := parse(b)
	if err != nil {
		return err
	}
	if v.kind != kindObject {
		return community.Errorf(community.Invalid, "only an object can be embedded in an activity")
	}
	w.seeAll(v)
	w.out.WriteByte('{')
	n := 0
	for i, k := range v.keys {
		if k == "@context" {
			w.lift(v.items[i])
			continue
		}
		if n > 0 {
			w.out.WriteByte(',')
		}
		n++
		w.string(k)
		w.out.WriteByte(':')
		w.out.Write(v.items[i].raw)
	}
	w.out.WriteByte('}')
	return nil
}

func (w *writer) seeAll(v *value) {
	for i := range v.items {
		if v.kind == kindObject {
			k := v.keys[i]
			if k == "@context" {
				continue
			}
			w.words.see(k)
			if k == "type" || k == "eventStatus" {
				w.words.see(v.items[i].text())
			}
		}
		w.seeAll(&v.items[i])
	}
}

func (w *writer) lift(ctx value) {
	switch ctx.kind {
	case kindArray:
		for _, e := range ctx.items {
			w.lift(e)
		}
	case kindObject:
		for i, k := range ctx.keys {
			if !strings.HasPrefix(k, "@") {
				w.words.lift(k, json.RawMessage(ctx.items[i].raw))
			}
		}
	}
}
