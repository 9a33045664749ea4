package standin

import (
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// document is JSON as most servers handle it: maps, lists and strings.
type document = map[string]any

// Public is the address of everyone.
const Public = "https://www.w3.org/ns/activitystreams#Public"

const (
	activityJSON = "application/activity+json"
	ldJSON       = `application/ld+json; profile="https://www.w3.org/ns/activitystreams"`
)

func text(v any) string {
	s, _ := v.(string)
	return s
}

func object(v any) document {
	d, _ := v.(document)
	return d
}

// idOf is the id of what is written as an id or as an object with one.
func idOf(v any) string {
	if d, ok := v.(document); ok {
		return text(d["id"])
	}
	return text(v)
}

// many is one value, or a list of them, as a list; nothing is an empty one.
func many(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// first is the first of many, or nil.
func first(v any) any {
	if list := many(v); len(list) > 0 {
		return list[0]
	}
	return nil
}

// ids are the ids of one or many.
func ids(v any) []string {
	var out []string
	for _, e := range many(v) {
		if id := idOf(e); id != "" {
			out = append(out, id)
		}
	}
	return out
}

// isList tells a list from everything else, as servers do that take nothing
// else.
func isList(v any) bool {
	_, ok := v.([]any)
	return ok
}

// present tells a key that is there, null or not.
func present(d document, key string) bool {
	_, ok := d[key]
	return ok
}

// number tells whether a value is a number, and whether it was written with a
// decimal point, which JSON decoders of typed languages tell apart.
func number(v any) (f float64, isFloat, ok bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false, false
	}
	f, err := n.Float64()
	return f, strings.ContainsAny(n.String(), ".eE"), err == nil
}

// decode reads JSON with its numbers as they were written, and nothing after it.
func decode(b []byte) (document, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var d document
	if err := dec.Decode(&d); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errTrailing
	}
	return d, nil
}

var errTrailing = refuse("more than one JSON value")

// depth is how deeply maps and lists are nested, as PHP counts it.
func depth(v any) int {
	most := 0
	switch v := v.(type) {
	case document:
		for _, e := range v {
			most = max(most, depth(e))
		}
	case []any:
		for _, e := range v {
			most = max(most, depth(e))
		}
	default:
		return 0
	}
	return most + 1
}

// host is the host of an address with its port, lower case; "" for what is none.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// name is the host without the port, as parse_url of PHP gives it.
func name(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

func instant(v any) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text(v))
	if err != nil {
		return time.Time{}
	}
	return t
}

var (
	tags   = regexp.MustCompile(`<[^>]*>`)
	spaces = regexp.MustCompile(`\s+`)
)

// entities, the ampersand last: what it makes is not read again.
var entities = [][2]string{{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", `"`}, {"&#34;", `"`}, {"&#39;", "'"}, {"&nbsp;", " "}, {"&amp;", "&"}}

// Plain is what a reader sees of HTML.
func Plain(html string) string {
	s := tags.ReplaceAllString(html, " ")
	for _, e := range entities {
		s = strings.ReplaceAll(s, e[0], e[1])
	}
	return strings.TrimSpace(spaces.ReplaceAllString(s, " "))
}

// clone copies a document all the way down.
func clone(v any) any {
	switch v := v.(type) {
	case document:
		out := make(document, len(v))
		for k, e := range v {
			out[k] = clone(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = clone(e)
		}
		return out
	}
	return v
}
