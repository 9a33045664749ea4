package prose

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Text is the plain text of HTML: paragraphs parted by an empty line, list
// items led by "- ", pictures as their alt text. Scripts and styles are left
// out. A text of more than max characters is cut at a word and ends in "…",
// all within max; 0 or less means no limit.
func Text(src string, max int) string {
	w := &textWriter{}
	w.read(src)
	return Cut(strings.TrimSpace(string(w.out)), max)
}

// FromHTML makes Markdown of foreign HTML: its text as of Text, with the web
// addresses of its links kept.
func FromHTML(src string) string {
	w := &textWriter{links: true}
	w.read(src)
	w.endLink()
	return strings.TrimSpace(string(w.out))
}

func (w *textWriter) read(src string) {
	src = bounded(src, maxInput)
	z := html.NewTokenizer(strings.NewReader(src))
	skip := 0 // depth inside elements whose text nobody reads
	for tt := z.Next(); tt != html.ErrorToken; tt = z.Next() {
		t := z.Token()
		switch tt {
		case html.TextToken:
			if skip == 0 {
				w.text(t.Data)
			}
		case html.StartTagToken:
			if unread(t.DataAtom) {
				skip++
			} else if skip == 0 {
				w.start(&t)
			}
		case html.SelfClosingTagToken:
			if skip == 0 && !unread(t.DataAtom) {
				w.start(&t)
			}
		case html.EndTagToken:
			if unread(t.DataAtom) {
				skip = skip - min(skip, 1)
			} else if skip == 0 {
				w.end(t.DataAtom)
			}
		}
	}
}

// Summary is the text of HTML in one line, for previews and descriptions, cut
// like Text.
func Summary(src string, max int) string {
	return Cut(strings.Join(strings.Fields(Text(src, 0)), " "), max)
}

// Cut shortens plain text to max characters, at the end of a word where there
// is one in its second half, with "…" within max. 0 or less means no limit.
func Cut(s string, max int) string {
	if max <= 0 || utf8.RuneCountInString(s) <= max {
		return s
	}
	n, end := 0, 0
	for i := range s {
		if n == max-1 {
			end = i
			break
		}
		n++
	}
	head := s[:end]
	if next, _ := utf8.DecodeRuneInString(s[end:]); !unicode.IsSpace(next) {
		if i := strings.LastIndexFunc(head, unicode.IsSpace); i > len(head)/2 {
			head = head[:i]
		}
	}
	return strings.TrimRightFunc(head, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(",;:–—-…", r)
	}) + "…"
}

func unread(a atom.Atom) bool {
	switch a {
	case atom.Script, atom.Style, atom.Template, atom.Noscript, atom.Iframe, atom.Svg, atom.Math, atom.Head, atom.Object, atom.Select, atom.Textarea, atom.Title, atom.Rp, atom.Audio, atom.Video, atom.Canvas:
		return true
	}
	return false
}

// textWriter gathers words and remembers what space to put before the next.
type textWriter struct {
	out    []byte
	breaks int  // line ends owed before the next word: 0, 1 or 2
	space  bool // a space is owed
	item   bool // the next word begins a list item
	pre    int

	links bool   // write links as Markdown
	href  string // of the link that is open, or empty
	label int    // where its text begins
}

// startLink remembers where a link to a page begins.
func (w *textWriter) startLink(href string) {
	w.endLink()
	lower := strings.ToLower(href)
	if !strings.HasPrefix(lower, "https://") && !strings.HasPrefix(lower, "http://") || strings.ContainsAny(href, " \t\r\n<>\\") || len(href) > 2000 {
		return
	}
	w.owe()
	w.href, w.label = href, len(w.out)
}

// endLink puts the address after the text of the link, or in place of a text
// that says no more.
func (w *textWriter) endLink() {
	if w.href == "" {
		return
	}
	href, label := w.href, strings.TrimSpace(string(w.out[w.label:]))
	w.href, w.out = "", w.out[:w.label]
	switch {
	case label == "" || strings.Contains(href, label):
		w.out = append(w.out, ("<" + href + ">")...)
	default:
		label = strings.NewReplacer("[", `\[`, "]", `\]`, "\n", " ").Replace(label)
		w.out = append(w.out, ("[" + label + "](<" + href + ">)")...)
	}
}

func (w *textWriter) text(s string) {
	if w.pre > 0 {
		w.owe()
		w.out = append(w.out, s...)
		return
	}
	for i, word := range strings.FieldsFunc(s, htmlSpace) {
		if i > 0 || htmlSpace(rune(s[0])) {
			w.space = true
		}
		w.owe()
		w.out = append(w.out, word...)
	}
	if s != "" && htmlSpace(rune(s[len(s)-1])) {
		w.space = true
	}
}

// htmlSpace is the white space that HTML runs together; a no-break space is
// none.
func htmlSpace(r rune) bool { return r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == '\f' }

func (w *textWriter) owe() {
	switch {
	case len(w.out) == 0:
	case w.breaks > 0:
		w.out = append(w.out, "\n\n"[:w.breaks]...)
	case w.space:
		w.out = append(w.out, ' ')
	}
	if w.item {
		w.out = append(w.out, "- "...)
	}
	w.breaks, w.space, w.item = 0, false, false
}

func (w *textWriter) line(n int) { w.breaks = max(w.breaks, n) }

func (w *textWriter) start(t *html.Token) {
	switch a := t.DataAtom; a {
	case atom.A:
		if w.links {
			w.startLink(attr(t, "href"))
		}
	case atom.Br:
		w.breaks = min(2, w.breaks+1)
	case atom.Img:
		w.text(attr(t, "alt"))
	case atom.Li:
		w.line(1)
		w.item = true
	case atom.Tr, atom.Dt, atom.Dd:
		w.line(1)
	case atom.Td, atom.Th:
		w.space = true
	default:
		if a == atom.Pre {
			w.pre++
		}
		if parts(a) && !w.item {
			w.line(2)
		}
	}
}

func (w *textWriter) end(a atom.Atom) {
	switch {
	case a == atom.A:
		w.endLink()
	case a == atom.Li || a == atom.Tr:
		w.line(1)
		w.item = false
	case parts(a):
		if a == atom.Pre {
			w.pre = max(0, w.pre-1)
		}
		w.line(2)
	}
}

// parts tells whether the element stands apart from what is around it.
func parts(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Div, atom.Pre, atom.Blockquote, atom.Ul, atom.Ol, atom.Table, atom.Section, atom.Article, atom.Header, atom.Footer,
		atom.Figure, atom.Address, atom.Dl, atom.Hr, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return true
	}
	return false
}

// Escape makes plain text stand in Markdown as it is, on one line.
func Escape(s string) string {
	var b strings.Builder
	b.Grow(len(s) + len(s)/8)
	for _, r := range strings.Join(strings.Fields(s), " ") {
		if r < 0x80 && strings.ContainsRune("\\`*_{}[]()<>#+-.!|~&@:/\"'$%^=,;?", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
