package storage

import (
	"encoding/json"
	"strings"

	"konfa/community"
)

// Texts are most of what a list of conferences holds, and encoding/json spends
// more time on them than the database does. They are stored as JSON all the
// same, but written without escaping < and >, and read by a few searches when
// they are as we write them.

// packTexts writes texts as JSON.
func packTexts(t community.Texts) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(t) // strings alone cannot fail
	return strings.TrimSuffix(b.String(), "\n")
}

// unpackTexts reads JSON as packTexts writes it, and any other JSON of texts
// too.
func unpackTexts(s string, t *community.Texts) error {
	if out, ok := quickTexts(s); ok {
		*t = out
		return nil
	}
	return json.Unmarshal([]byte(s), t)
}

// quickTexts reads what has no escapes but \" and \n; false means that it needs
// a real parser.
func quickTexts(s string) (community.Texts, bool) {
	s, ok := strings.CutPrefix(s, "[")
	if !ok {
		return nil, false
	}
	out := make(community.Texts, 0, 1)
	for {
		var p community.Phrase
		if s, ok = strings.CutPrefix(s, `{"lang":"`); !ok {
			return nil, false
		}
		if p.Lang, s, ok = quickString(s); !ok {
			return nil, false
		}
		if s, ok = strings.CutPrefix(s, `,"text":"`); !ok {
			return nil, false
		}
		if p.Text, s, ok = quickString(s); !ok {
			return nil, false
		}
		out = append(out, p)
		switch {
		case s == "}]":
			return out, true
		case strings.HasPrefix(s, "},"):
			s = s[2:]
		default:
			return nil, false
		}
	}
}

// quickString reads the rest of a JSON string after its opening quote, and
// returns what follows the closing one.
func quickString(s string) (text, rest string, ok bool) {
	i := strings.IndexByte(s, '"')
	if i < 0 {
		return "", "", false
	}
	if strings.IndexByte(s[:i], '\\') < 0 {
		return s[:i], s[i+1:], true
	}
	var b strings.Builder
	for {
		i := strings.IndexAny(s, `"\`)
		if i < 0 || i+1 >= len(s) {
			return "", "", false
		}
		b.WriteString(s[:i])
		if s[i] == '"' {
			return b.String(), s[i+1:], true
		}
		switch s[i+1] {
		case '"', '\\', '/':
			b.WriteByte(s[i+1])
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		default:
			return "", "", false
		}
		s = s[i+2:]
	}
}
