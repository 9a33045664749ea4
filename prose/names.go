package prose

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// notProse is what holds no tags and no mentions: code and addresses.
var notProse = regexp.MustCompile("(?s)```.*?(?:```|$)|`[^`\n]*`|[a-zA-Z][a-zA-Z0-9+.-]*://[^\\s<>]+")

// A tag is letters, digits and _ after a #; one of digits only is a number.
var tagPattern = regexp.MustCompile(`#[\p{L}\p{M}\p{N}_]+`)

// A mention is a name of Latin letters, digits, _ . - and a host with a dot or
// a port.
var mentionPattern = regexp.MustCompile(`@[a-zA-Z0-9_](?:[a-zA-Z0-9_.-]*[a-zA-Z0-9_])?@[\p{L}\p{N}](?:[\p{L}\p{N}.-]*[\p{L}\p{N}])?(?::[0-9]{1,5})?`)

// Hashtags lists the tags of a text, plain or Markdown, without #, as they are
// written, each once. Those in code and in addresses are none.
func Hashtags(text string) []string {
	var out []string
	seen := map[string]bool{}
	for _, m := range find(tagPattern, bounded(text, maxMarkdown)) {
		tag := m.text[1:]
		key := strings.ToLower(tag)
		if seen[key] || !isTag(tag) {
			continue
		}
		seen[key] = true
		out = append(out, tag)
	}
	return out
}

// Mentions lists the addresses of a text, plain or Markdown, as "@anna@host",
// the host in lower case, each once. Those in code and in addresses of pages
// are none.
func Mentions(text string) []string {
	var out []string
	seen := map[string]bool{}
	for _, m := range find(mentionPattern, bounded(text, maxMarkdown)) {
		address, ok := mentionAddress(m.text)
		if key := strings.ToLower(address); ok && !seen[key] {
			seen[key] = true
			out = append(out, address)
		}
	}
	return out
}

func isTag(tag string) bool {
	return utf8.RuneCountInString(tag) <= 100 && strings.ContainsFunc(tag, unicode.IsLetter)
}

func mentionAddress(m string) (string, bool) {
	name, host, _ := strings.Cut(m[1:], "@")
	if !strings.ContainsAny(host, ".:") || len(m) > 320 {
		return "", false
	}
	return "@" + name + "@" + strings.ToLower(host), true
}

// match is a piece of a text.
type match struct {
	text       string
	start, end int
}

// find returns what matches outside code and addresses and does not go on from
// a word before it: "a#b" holds no tag.
func find(pattern *regexp.Regexp, text string) []match {
	if !strings.ContainsAny(text, "#@") {
		return nil
	}
	blank := notProse.FindAllStringIndex(text, -1)
	var out []match
	for _, m := range pattern.FindAllStringIndex(text, -1) {
		for len(blank) > 0 && blank[0][1] <= m[0] {
			blank = blank[1:]
		}
		if len(blank) > 0 && m[0] >= blank[0][0] {
			continue
		}
		if before, _ := utf8.DecodeLastRuneInString(text[:m[0]]); m[0] > 0 && joins(before) {
			continue
		}
		out = append(out, match{text[m[0]:m[1]], m[0], m[1]})
	}
	return out
}

func joins(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_/@#&.", r)
}
