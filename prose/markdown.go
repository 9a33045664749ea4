package prose

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
)

// maxMarkdown bounds what is read of one Markdown text, in bytes: 40,000
// characters of any script fit.
const maxMarkdown = 160 << 10

// markdown breaks a line where the author did, as chats do. Raw HTML is left
// out by goldmark unless it is told otherwise.
var (
	markdown = goldmark.New(
		goldmark.WithExtensions(extension.Linkify, extension.Strikethrough, extension.Table),
		goldmark.WithRendererOptions(html.WithHardWraps()),
	)
	markdownNoTables = goldmark.New(
		goldmark.WithExtensions(extension.Linkify, extension.Strikethrough),
		goldmark.WithRendererOptions(html.WithHardWraps()),
	)
)

// maxCells bounds the tables of one text. goldmark fills short rows up to the
// width of the table, so that ten kilobytes of header would make each further
// line of one character cost thousands of cells.
const maxCells = 20_000

// tablesFit tells whether the widest table that the text could begin, as long
// as the whole text, stays in bounds.
func tablesFit(src string) bool {
	widest, lines := 0, 0
	for line := range strings.SplitSeq(src, "\n") {
		lines++
		if n := strings.Count(line, "|"); n >= widest && strings.Contains(line, "-") {
			widest = n + 1
		}
	}
	return widest*lines <= maxCells
}

// Markdown renders CommonMark with tables, ~~strikethrough~~ and bare links to
// safe HTML. Raw HTML in it is dropped. Headings start at h3, since the page
// around has its own h1 and h2.
func Markdown(src string) string {
	src = bounded(src, maxMarkdown)
	if src == "" {
		return ""
	}
	var b bytes.Buffer
	b.Grow(len(src) + len(src)/4 + 64)
	src = tame(src)
	m := markdown
	if !tablesFit(src) {
		m = markdownNoTables
	}
	// Convert fails only when the writer does, and a Buffer never does.
	_ = m.Convert([]byte(src), &b)
	return Sanitise(b.String())
}

// Limits of what goldmark does in more than linear time: quotes and lists that
// one line opens in one another, and
// emphasis and links that are opened in a paragraph and never closed.
const (
	maxQuotes     = 16
	maxDelimiters = 2_000
)

// tame takes out what no writer means and goldmark is slow at: quotes and
// lists that are too deep, and all emphasis and links of a paragraph that is
// full of their signs.
func tame(src string) string {
	var b, paragraph strings.Builder
	flush := func() {
		p := paragraph.String()
		paragraph.Reset()
		if delimiters(p) > maxDelimiters {
			p = escapeDelimiters.Replace(p)
		}
		b.WriteString(p)
	}
	for line := range strings.Lines(src) {
		paragraph.WriteString(shallow(line))
		if strings.Trim(line, " \t\r\n>") == "" {
			flush()
		}
	}
	flush()
	return b.String()
}

func delimiters(s string) int {
	return strings.Count(s, "*") + strings.Count(s, "_") + strings.Count(s, "~") + strings.Count(s, "[")
}

var escapeDelimiters = strings.NewReplacer("*", `\*`, "_", `\_`, "~", `\~`, "[", `\[`)

// shallow drops the signs of quotes and lists that a line begins with beyond
// the first few.
func shallow(line string) string {
	var head strings.Builder
	quotes, items, end := 0, 0, 0
	for ; end < len(line); end++ {
		c := line[end]
		if strings.IndexByte("> \t-*+.)0123456789", c) < 0 {
			break
		}
		switch {
		case c == '>':
			if quotes++; quotes > maxQuotes {
				continue
			}
		case (c == ' ' || c == '\t') && end > 0 && strings.IndexByte("-*+.)", line[end-1]) >= 0:
			items++
		}
		if items <= maxQuotes {
			head.WriteByte(c)
		}
	}
	if quotes <= maxQuotes && items <= maxQuotes {
		return line
	}
	return head.String() + line[end:]
}
