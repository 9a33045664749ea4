package calendar

import (
	"strings"
)

// property is one unfolded content line.
type property struct {
	name   string // upper case
	params map[string]string
	value  string // as it stands, escaped
	line   int    // where it begins, from 1
}

func (p *property) param(name string) string { return p.params[name] }

// contentLines unfolds a file and calls f with each property. Lines may end in
// CRLF, LF or CR. A line that is no property belongs to the text before it:
// some programs write line breaks into texts as they are.
func contentLines(data string, f func(property)) {
	var pending strings.Builder
	start, number := 0, 0
	emit := func() {
		if pending.Len() > 0 {
			if p, ok := parseProperty(strings.ToValidUTF8(pending.String(), "\uFFFD")); ok {
				p.line = start
				f(p)
			}
		}
		pending.Reset()
	}
	for data != "" {
		number++
		var line string
		if i := strings.IndexAny(data, "\r\n"); i < 0 {
			line, data = data, ""
		} else {
			line = data[:i]
			if strings.HasPrefix(data[i:], "\r\n") {
				i++
			}
			data = data[i+1:]
		}
		switch {
		case line == "":
		case line[0] == ' ' || line[0] == '\t':
			pending.WriteString(line[1:])
		case !beginsProperty(line) && pending.Len() > 0:
			pending.WriteString(`\n` + line)
		default:
			emit()
			start = number
			pending.WriteString(line)
		}
	}
	emit()
}

// beginsProperty tells whether a line begins like NAME: or NAME;. Names of
// letters, digits and - are all there is.
func beginsProperty(line string) bool {
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == ':' || c == ';':
			return i > 0 && line[:i] == strings.ToUpper(line[:i]) || i > 0 && known[strings.ToUpper(line[:i])]
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return false
}

// known are the properties that are recognised in small letters too: a line of
// text may well begin with "Note:".
var known = map[string]bool{"BEGIN": true, "END": true, "UID": true, "DTSTART": true, "DTEND": true, "DTSTAMP": true, "SUMMARY": true, "DESCRIPTION": true, "RRULE": true, "TZID": true}

// parseProperty splits NAME;PARAM=value;PARAM="quoted":value.
func parseProperty(s string) (property, bool) {
	i := strings.IndexAny(s, ":;")
	if i <= 0 {
		return property{}, false
	}
	p := property{name: strings.ToUpper(strings.TrimSpace(s[:i]))}
	if j := strings.LastIndexByte(p.name, '.'); j >= 0 { // a group, as vCard has
		p.name = p.name[j+1:]
	}
	for s[i] == ';' {
		s = s[i+1:]
		quoted := false
		i = 0
		for i < len(s) && (quoted || s[i] != ':' && s[i] != ';') {
			if s[i] == '"' {
				quoted = !quoted
			}
			i++
		}
		if i >= len(s) {
			// A quote that never closes: the first colon ends the parameters.
			if i = strings.IndexByte(s, ':'); i < 0 {
				return property{}, false
			}
		}
		name, value, _ := strings.Cut(s[:i], "=")
		if len(p.params) < 50 {
			if p.params == nil {
				p.params = map[string]string{}
			}
			p.params[strings.ToUpper(strings.TrimSpace(name))] = caret.Replace(strings.ReplaceAll(value, `"`, ""))
		}
	}
	p.value = s[i+1:]
	return p, true
}

// caret undoes RFC 6868.
var caret = strings.NewReplacer("^n", "\n", "^'", `"`, "^^", "^")

// unescape undoes the escaping of a TEXT value, and forgives what is not
// escaped.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'n', 'N':
			b.WriteByte('\n')
		case '\\', ';', ',', ':', '"':
			b.WriteByte(s[i])
		default:
			b.WriteByte('\\')
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// list splits a value at commas that are not escaped, and unescapes the parts.
func list(s string) []string {
	var out []string
	start := 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && s[i] == '\\' {
			i++
			continue
		}
		if i >= len(s) || s[i] == ',' {
			if part := strings.TrimSpace(unescape(s[start:min(i, len(s))])); part != "" {
				out = append(out, part)
			}
			start = i + 1
		}
	}
	return out
}
