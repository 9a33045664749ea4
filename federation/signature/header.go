package signature

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Bounds of a Signature header. Mastodon covers every header it sends, about
// ten; a signature of 8192 bits is 1.4 KB.
const (
	maxHeader  = 8 << 10
	maxParams  = 16
	maxCovered = 40
)

// params is a draft-cavage signature as its header says it (§2.1).
type params struct {
	keyID     string
	algorithm string   // lower case; empty when absent
	headers   []string // lower case, in order
	signature string   // base64
	created   time.Time
	expires   time.Time // zero when absent
}

// cavageValue finds the one header that carries the parameters: Signature, or
// Authorization with the scheme Signature.
func cavageValue(h http.Header) (string, error) {
	sigs := h.Values("Signature")
	var auths []string
	for _, v := range h.Values("Authorization") {
		if scheme, rest, ok := strings.Cut(v, " "); ok && strings.EqualFold(scheme, "Signature") {
			auths = append(auths, rest)
		}
	}
	switch {
	case len(sigs)+len(auths) == 0:
		return "", fail(Missing, "the request is not signed")
	case len(sigs)+len(auths) > 1:
		return "", fail(Malformed, "the request has more than one signature")
	case len(sigs) == 1:
		return sigs[0], nil
	default:
		return auths[0], nil
	}
}

// parseParams reads the parameters. Spaces around the commas do not matter; a
// parameter said twice, or a byte that has no place in a header, ends it.
func parseParams(s string) (*params, error) {
	values, err := ParseList(s)
	if err != nil {
		return nil, err
	}
	return readParams(values)
}

// ParseList reads name="value" pairs as the Signature header has them, names in
// lower case (draft-cavage-12 §4.1; FEP-8fcf uses the same form).
func ParseList(s string) (map[string]string, error) {
	if len(s) > maxHeader {
		return nil, fail(Malformed, "the signature header is longer than %d bytes", maxHeader)
	}
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' && s[i] != '\t' || s[i] >= 0x7f {
			return nil, fail(Malformed, "the signature header has a control or non-ASCII character")
		}
	}
	values := map[string]string{}
	rest := strings.Trim(s, " \t")
	for n := 0; ; n++ {
		if n == maxParams {
			return nil, fail(Malformed, "the signature has more than %d parameters", maxParams)
		}
		name, after, ok := strings.Cut(rest, "=")
		name, after = strings.Trim(name, " \t"), strings.TrimLeft(after, " \t")
		if !ok || !isToken(name) {
			return nil, fail(Malformed, "the signature header has a parameter without name or value")
		}
		var value string
		if quoted, ok := strings.CutPrefix(after, `"`); ok {
			if value, after, ok = strings.Cut(quoted, `"`); !ok {
				return nil, fail(Malformed, "the parameter %s has no closing quote", name)
			}
			// An escaped quote would be read differently by different parsers.
			if strings.ContainsRune(value, '\\') {
				return nil, fail(Malformed, "the parameter %s has a backslash", name)
			}
		} else {
			end := strings.IndexAny(after, ", \t")
			if end < 0 {
				end = len(after)
			}
			value, after = after[:end], after[end:]
			if !isToken(value) {
				return nil, fail(Malformed, "the parameter %s has no proper value", name)
			}
		}
		key := strings.ToLower(name)
		if _, twice := values[key]; twice {
			return nil, fail(Malformed, "the parameter %s is said twice", name)
		}
		values[key] = value
		if rest = strings.TrimLeft(after, " \t"); rest == "" {
			break
		}
		if rest, ok = strings.CutPrefix(rest, ","); !ok {
			return nil, fail(Malformed, "there is something between the parameter %s and the next", name)
		}
	}
	return values, nil
}

func readParams(values map[string]string) (*params, error) {
	p := &params{
		keyID:     values["keyid"],
		algorithm: strings.ToLower(values["algorithm"]),
		signature: values["signature"],
	}
	if p.keyID == "" || p.signature == "" {
		return nil, fail(Malformed, "the signature has no keyId or no value")
	}
	for name, at := range map[string]*time.Time{"created": &p.created, "expires": &p.expires} {
		v, ok := values[name]
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(v, 10, 64)
		// 253402300799 is the end of the year 9999: beyond it times cannot be written.
		if err != nil || n <= 0 || n > 253402300799 || strconv.FormatInt(n, 10) != v {
			return nil, fail(Malformed, "the parameter %s is not a time", name)
		}
		*at = time.Unix(n, 0)
	}
	list, ok := values["headers"]
	if !ok {
		list = "(created)" // draft-cavage-12 §2.1.6; too little for us, and so said by the caller
		if strings.HasPrefix(p.algorithm, "rsa") {
			list = "date"
		}
	}
	seen := map[string]bool{}
	for name := range strings.SplitSeq(strings.ToLower(list), " ") {
		if name == "" {
			continue
		}
		switch {
		case name == "(request-target)", name == "(created)", name == "(expires)":
		case !isToken(name):
			return nil, fail(Malformed, "the signature covers something that is not a header")
		}
		if seen[name] {
			return nil, fail(Malformed, "the signature covers %s twice", name)
		}
		seen[name] = true
		if p.headers = append(p.headers, name); len(p.headers) > maxCovered {
			return nil, fail(Malformed, "the signature covers more than %d headers", maxCovered)
		}
	}
	if len(p.headers) == 0 {
		return nil, fail(Malformed, "the signature covers nothing")
	}
	return p, nil
}

func (p *params) covers(name string) bool {
	for _, h := range p.headers {
		if h == name {
			return true
		}
	}
	return false
}

// isToken tells whether s is a token of RFC 9110 §5.6.2: a header name.
func isToken(s string) bool {
	if s == "" {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return true
}
