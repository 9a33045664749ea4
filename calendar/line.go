package calendar

import (
	"bufio"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// lineWriter writes content lines (RFC 5545 §3.1): CRLF, and folded so that no
// line is longer than 75 octets and no character is split.
type lineWriter struct {
	w   *bufio.Writer
	buf []byte
	err error
}

func newLineWriter(w io.Writer) *lineWriter { return &lineWriter{w: bufio.NewWriterSize(w, 32<<10)} }

const maxOctets = 75

// raw writes a line whose value needs no escaping.
func (l *lineWriter) raw(name, value string) {
	l.buf = append(append(append(l.buf[:0], name...), ':'), value...)
	l.flushLine()
}

// text writes a line with a TEXT value (RFC 5545 §3.3.11); nothing for an
// empty one.
func (l *lineWriter) text(name, value string) {
	if value == "" {
		return
	}
	l.buf = append(append(l.buf[:0], name...), ':')
	l.buf = appendText(l.buf, value)
	l.flushLine()
}

func (l *lineWriter) flushLine() {
	if l.err != nil {
		return
	}
	line := l.buf
	room := maxOctets
	for len(line) > room {
		n := room
		for n > 0 && !utf8.RuneStart(line[n]) {
			n--
		}
		l.write(line[:n])
		l.write(crlfSpace)
		line = line[n:]
		room = maxOctets - 1
	}
	l.write(line)
	l.write(crlfSpace[:2])
}

var crlfSpace = []byte("\r\n ")

func (l *lineWriter) write(b []byte) {
	if _, err := l.w.Write(b); err != nil && l.err == nil {
		l.err = err
	}
}

func (l *lineWriter) close() error {
	if l.err != nil {
		return l.err
	}
	return l.w.Flush()
}

// appendText escapes a TEXT value. Control characters, which RFC 5545 forbids,
// are left out.
func appendText(b []byte, s string) []byte {
	for i, r := range s {
		switch {
		case r == '\\' || r == ';' || r == ',':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\t':
			b = append(b, '\t')
		case unicode.IsControl(r):
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}

// param makes ";NAME=value", quoted and encoded as RFC 6868 says.
func param(name, value string) string {
	value = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(value, ""))
	value = toCaret.Replace(value)
	return ";" + name + `="` + value + `"`
}

var toCaret = strings.NewReplacer("^", "^^", `"`, "^'")

// cleanURI is a URI as a value: nothing that would end the line.
func cleanURI(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == ' ' || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
}
