// Package prose turns what people write into HTML that is safe to show, and
// HTML back into plain text.
//
// Our own texts are Markdown (Markdown); what other servers and calendars send
// is HTML of unknown quality (Sanitise). Both end in the same small language:
// the elements of Sanitise, every one closed, at most maxDepth deep, so that a
// page can take it in without looking. Every function is safe for concurrent
// use, bounded in what it reads, and linear in it.
package prose

import (
	"strings"
	"unicode/utf8"
)

// maxInput bounds what is read of one text, in bytes. The longest text of ours
// has 40,000 characters; Mobilizon's descriptions may hold whole pictures as
// data addresses, which are dropped.
const maxInput = 512 << 10

// bounded cuts s to max bytes at the border of a character, and makes it valid
// UTF-8 without NUL, which neither HTML nor PostgreSQL takes.
func bounded(s string, max int) string {
	if len(s) > max {
		s = s[:max]
		for len(s) > 0 && !utf8.RuneStart(s[len(s)-1]) {
			s = s[:len(s)-1]
		}
		if r, n := utf8.DecodeLastRuneInString(s); r == utf8.RuneError && n == 1 {
			s = s[:len(s)-1]
		}
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.ReplaceAll(s, "\x00", "")
}
