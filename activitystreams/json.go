package activitystreams

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"konfa/community"
)

// Bounds of what is read. A megabyte is what Mastodon and Lemmy stop at too.
const (
	MaxDocument = 1 << 20 // bytes
	maxDepth    = 32      // levels of arrays and objects
	maxValues   = 1 << 16 // values in one document
	maxKeys     = 1024    // keys of one object
	maxKey      = 512     // bytes of one key
)

type kind byte

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindString
	kindArray
	kindObject
)

// value is a parsed JSON value. Strings and numbers are decoded only when asked
// for: of most documents only a few are.
type value struct {
	kind  kind
	raw   []byte
	keys  []string
	items []value // of an array or, beside keys, of an object
}

func malformed(format string, args ...any) *community.Error {
	return community.Errorf(community.Invalid, format, args...)
}

// parse reads one JSON document within the bounds. Of keys given twice the last
// one counts, as in most parsers; invalid UTF-8 becomes U+FFFD.
func parse(b []byte) (*value, error) { return parseTo(b, maxDepth) }

// parseTo is parse that keeps only the given number of levels. What is deeper
// is checked all the same, and stays in raw.
func parseTo(b []byte, keep int) (*value, error) {
	if len(b) > MaxDocument {
		return nil, malformed("the document is longer than 1 MiB")
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	p := parser{b: b, keep: keep}
	p.space()
	if p.i == len(b) {
		return nil, malformed("the document is empty")
	}
	var v value
	if err := p.value(&v, 0); err != nil {
		return nil, err
	}
	p.space()
	if p.i != len(b) {
		return nil, malformed("something follows the JSON document at byte %d", p.i)
	}
	return &v, nil
}

// parseObject is parse for documents that must be an object.
func parseObject(b []byte) (*value, error) { return parseObjectTo(b, maxDepth) }

func parseObjectTo(b []byte, keep int) (*value, error) {
	v, err := parseTo(b, keep)
	if err != nil {
		return nil, err
	}
	// FEP-fe34 and the named-graph advisories: what expands to something else
	// than it shows is not looked at.
	if v.kind == kindArray && len(v.items) == 1 && v.items[0].kind == kindObject {
		v = &v.items[0] // expanded form of a single object
	}
	if v.kind != kindObject {
		return nil, malformed("the document is not a JSON object")
	}
	for _, k := range []string{"@graph", "@included", "@reverse"} {
		if v.get(k) != nil {
			return nil, community.Errorf(community.Refused, "documents with %s are not read", k)
		}
	}
	return v, nil
}

type parser struct {
	b []byte
	i int
	n int // values so far

	keep int // levels whose elements are kept
}

func (p *parser) space() {
	for p.i < len(p.b) {
		switch p.b[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
		default:
			return
		}
	}
}

func (p *parser) fail() error {
	if p.i >= len(p.b) {
		return malformed("the JSON ends in the middle")
	}
	return malformed("this is not JSON: unexpected %q at byte %d", rune(p.b[p.i]), p.i)
}

func (p *parser) value(v *value, depth int) error {
	if p.n++; p.n > maxValues {
		return malformed("the document has more than %d values", maxValues)
	}
	if p.i >= len(p.b) {
		return p.fail()
	}
	start := p.i
	switch c := p.b[p.i]; {
	case c == '"':
		if err := p.string(); err != nil {
			return err
		}
		v.kind = kindString
	case c == '{', c == '[':
		if depth >= maxDepth {
			return malformed("the document is nested deeper than %d levels", maxDepth)
		}
		var err error
		if c == '{' {
			err = p.object(v, depth+1)
		} else {
			err = p.array(v, depth+1)
		}
		if err != nil {
			return err
		}
	case c == '-' || c >= '0' && c <= '9':
		if err := p.number(); err != nil {
			return err
		}
		v.kind = kindNumber
	case c == 't' && p.literal("true"), c == 'f' && p.literal("false"):
		v.kind = kindBool
	case c == 'n' && p.literal("null"):
		v.kind = kindNull
	default:
		return p.fail()
	}
	v.raw = p.b[start:p.i:p.i]
	return nil
}

func (p *parser) literal(s string) bool {
	if len(p.b)-p.i < len(s) || string(p.b[p.i:p.i+len(s)]) != s {
		return false
	}
	p.i += len(s)
	return true
}

func (p *parser) string() error {
	p.i++
	for p.i < len(p.b) {
		switch c := p.b[p.i]; {
		case c == '"':
			p.i++
			return nil
		case c == '\\':
			p.i++
			if p.i >= len(p.b) {
				return p.fail()
			}
			switch p.b[p.i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
				p.i++
			case 'u':
				for range 4 {
					p.i++
					if p.i >= len(p.b) || hexDigit(p.b[p.i]) < 0 {
						return p.fail()
					}
				}
				p.i++
			default:
				return p.fail()
			}
		case c < 0x20:
			return p.fail()
		default:
			p.i++
		}
	}
	return p.fail()
}

func (p *parser) digits() bool {
	start := p.i
	for p.i < len(p.b) && p.b[p.i] >= '0' && p.b[p.i] <= '9' {
		p.i++
	}
	return p.i > start
}

func (p *parser) number() error {
	if p.b[p.i] == '-' {
		p.i++
	}
	if p.i < len(p.b) && p.b[p.i] == '0' {
		p.i++
	} else if !p.digits() {
		return p.fail()
	}
	if p.i < len(p.b) && p.b[p.i] == '.' {
		p.i++
		if !p.digits() {
			return p.fail()
		}
	}
	if p.i < len(p.b) && (p.b[p.i] == 'e' || p.b[p.i] == 'E') {
		p.i++
		if p.i < len(p.b) && (p.b[p.i] == '+' || p.b[p.i] == '-') {
			p.i++
		}
		if !p.digits() {
			return p.fail()
		}
	}
	return nil
}

func (p *parser) array(v *value, depth int) error {
	v.kind = kindArray
	p.i++
	p.space()
	if p.i < len(p.b) && p.b[p.i] == ']' {
		p.i++
		return nil
	}
	var dropped value
	for {
		p.space()
		into := &dropped
		if depth <= p.keep {
			v.items = append(v.items, value{})
			into = &v.items[len(v.items)-1]
		}
		if err := p.value(into, depth); err != nil {
			return err
		}
		p.space()
		if p.i >= len(p.b) {
			return p.fail()
		}
		switch p.b[p.i] {
		case ',':
			p.i++
		case ']':
			p.i++
			return nil
		default:
			return p.fail()
		}
	}
}

func (p *parser) object(v *value, depth int) error {
	v.kind = kindObject
	p.i++
	p.space()
	if p.i < len(p.b) && p.b[p.i] == '}' {
		p.i++
		return nil
	}
	var dropped value
	for n := 1; ; n++ {
		p.space()
		if p.i >= len(p.b) || p.b[p.i] != '"' {
			return p.fail()
		}
		start := p.i
		if err := p.string(); err != nil {
			return err
		}
		if p.i-start > maxKey {
			return malformed("a key of the document is longer than %d bytes", maxKey)
		}
		if n > maxKeys {
			return malformed("an object of the document has more than %d keys", maxKeys)
		}
		key := p.b[start:p.i]
		p.space()
		if p.i >= len(p.b) || p.b[p.i] != ':' {
			return p.fail()
		}
		p.i++
		p.space()
		into := &dropped
		if depth <= p.keep {
			if v.items == nil {
				v.items, v.keys = make([]value, 0, 8), make([]string, 0, 8)
			}
			v.keys = append(v.keys, unquote(key))
			v.items = append(v.items, value{})
			into = &v.items[len(v.items)-1]
		}
		keep := p.keep
		if keep < maxDepth && string(key) == `"@context"` {
			p.keep = 0 // the longest part of many documents, and of no use
		}
		err := p.value(into, depth)
		p.keep = keep
		if err != nil {
			return err
		}
		p.space()
		if p.i >= len(p.b) {
			return p.fail()
		}
		switch p.b[p.i] {
		case ',':
			p.i++
		case '}':
			p.i++
			return nil
		default:
			return p.fail()
		}
	}
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// unquote decodes a string that parser.string has accepted.
func unquote(raw []byte) string {
	raw = raw[1 : len(raw)-1]
	if bytes.IndexByte(raw, '\\') < 0 {
		if utf8.Valid(raw) {
			return string(raw)
		}
		return string(bytes.ToValidUTF8(raw, []byte("\uFFFD")))
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		i++
		switch c := raw[i]; c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r := hex4(raw[i+1:])
			i += 4
			if utf16.IsSurrogate(r) {
				if i+6 < len(raw)+0 && raw[i+1] == '\\' && raw[i+2] == 'u' {
					if dec := utf16.DecodeRune(r, hex4(raw[i+3:])); dec != utf8.RuneError {
						out = utf8.AppendRune(out, dec)
						i += 6
						continue
					}
				}
				r = utf8.RuneError
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, c)
		}
	}
	if !utf8.Valid(out) {
		out = bytes.ToValidUTF8(out, []byte("\uFFFD"))
	}
	return string(out)
}

func hex4(b []byte) rune {
	var r rune
	for _, c := range b[:4] {
		r = r<<4 | rune(hexDigit(c))
	}
	return r
}

// get returns the value of a key, the last one where it is given twice, and nil
// where there is none or it is null.
func (v *value) get(key string) *value {
	if v == nil || v.kind != kindObject {
		return nil
	}
	for i := len(v.keys) - 1; i >= 0; i-- {
		if v.keys[i] == key {
			if v.items[i].kind == kindNull {
				return nil
			}
			return &v.items[i]
		}
	}
	return nil
}

// text is the string, and "" for anything else.
func (v *value) text() string {
	if v == nil || v.kind != kindString {
		return ""
	}
	return unquote(v.raw)
}

// number is the number of a JSON number or of a string that holds one.
func (v *value) number() (float64, bool) {
	if v == nil || len(v.raw) > 64 {
		return 0, false
	}
	switch v.kind {
	case kindNumber:
		f, err := strconv.ParseFloat(string(v.raw), 64)
		return f, err == nil
	case kindString:
		f, err := strconv.ParseFloat(unquote(v.raw), 64)
		return f, err == nil && f == f && f-f == 0
	}
	return 0, false
}

// whole is a whole number from 0 to limit; false for all others.
func (v *value) whole(limit int) (int, bool) {
	f, ok := v.number()
	if !ok || f < 0 || f > float64(limit) || f != float64(int(f)) {
		return 0, false
	}
	return int(f), true
}

// yes is true for true and "true".
func (v *value) yes() bool {
	return v != nil && (v.kind == kindBool && v.raw[0] == 't' || v.text() == "true")
}

// no is true for false and "false"; what is absent is neither.
func (v *value) no() bool {
	return v != nil && (v.kind == kindBool && v.raw[0] == 'f' || v.text() == "false")
}

// list is the elements of an array, the value itself where it is not an array,
// at most limit of them, without nulls.
func (v *value) list(limit int) []*value {
	if v == nil || v.kind == kindNull {
		return nil
	}
	if v.kind != kindArray {
		return []*value{v}
	}
	var out []*value
	for i := range v.items {
		if len(out) == limit {
			break
		}
		if v.items[i].kind != kindNull {
			out = append(out, &v.items[i])
		}
	}
	return out
}

// twice lists the keys given more than once, at any level, at most a few.
func (v *value) twice() []string {
	var out []string
	var walk func(*value)
	walk = func(v *value) {
		if v.kind == kindObject {
			seen := make(map[string]bool, len(v.keys))
			for _, k := range v.keys {
				if seen[k] && len(out) < 8 {
					out = append(out, k)
				}
				seen[k] = true
			}
		}
		for i := range v.items {
			walk(&v.items[i])
		}
	}
	walk(v)
	return out
}

func (v *value) String() string { return fmt.Sprintf("%.60s", v.raw) }
