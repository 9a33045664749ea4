package prose

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxDepth bounds how deep elements stand in one another. What is deeper loses
// its tags and keeps its text.
const maxDepth = 24

// A builder writes HTML from tokens so that every element is closed and stands
// where HTML allows it. It does not build a tree: the repair rules of HTML5
// repeat open formatting in every paragraph, which lets a small text grow to
// gigabytes.
type builder struct {
	out   []byte
	stack []open
	part  bool // the next text begins a paragraph: it followed a div or the like
	shift int  // added to heading levels
}

// open is an element that is not closed yet.
type open struct {
	atom  atom.Atom
	start int  // of its content in out
	kept  bool // something was written into it
}

func build(src string) string {
	b := &builder{out: make([]byte, 0, len(src)+64), shift: headingShift(src)}
	z := html.NewTokenizer(strings.NewReader(src))
	for {
		switch z.Next() {
		case html.ErrorToken:
			b.closeTo(0)
			return string(b.out)
		case html.TextToken:
			b.text(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			b.startTag(&t)
		case html.EndTagToken:
			t := z.Token()
			b.endTag(t.DataAtom)
		}
	}
}

// headingShift is what to add so that the highest heading is an h3.
func headingShift(src string) int {
	shift := 0
	for i := 0; i+2 < len(src); i++ {
		if src[i] == '<' && src[i+1]|0x20 == 'h' && (src[i+2] == '1' || src[i+2] == '2') {
			shift = max(shift, int('3'-src[i+2]))
		}
	}
	return shift
}

func heading(a atom.Atom) int {
	switch a {
	case atom.H1:
		return 1
	case atom.H2:
		return 2
	case atom.H3:
		return 3
	case atom.H4:
		return 4
	case atom.H5:
		return 5
	case atom.H6:
		return 6
	}
	return 0
}

var headings = [7]atom.Atom{0, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6}

func (b *builder) level(a atom.Atom) atom.Atom {
	if n := heading(a); n > 0 {
		return headings[min(6, n+b.shift)]
	}
	return a
}

func inline(a atom.Atom) bool {
	switch a {
	case atom.A, atom.Span, atom.Del, atom.S, atom.Strong, atom.B, atom.Em, atom.I, atom.U, atom.Code, atom.Ruby, atom.Rt, atom.Rp:
		return true
	}
	return false
}

// leaf tells whether the block holds text only.
func leaf(a atom.Atom) bool { return a == atom.P || a == atom.Pre || heading(a) > 0 }

// frame tells whether the element holds other elements but no text.
func frame(a atom.Atom) bool {
	switch a {
	case atom.Table, atom.Thead, atom.Tbody, atom.Tr, atom.Ul, atom.Ol:
		return true
	}
	return false
}

func (b *builder) top() atom.Atom {
	if len(b.stack) == 0 {
		return 0
	}
	return b.stack[len(b.stack)-1].atom
}

// closeTo closes what is open until n elements are left.
func (b *builder) closeTo(n int) {
	for len(b.stack) > n {
		o := b.stack[len(b.stack)-1]
		b.stack = b.stack[:len(b.stack)-1]
		if !o.kept && o.atom != atom.Td && o.atom != atom.Th {
			// Nothing in it: as if it had never been there.
			b.out = b.out[:o.start]
			continue
		}
		b.out = append(b.out, "</"...)
		b.out = append(b.out, o.atom.String()...)
		b.out = append(b.out, '>')
	}
}

// closeText closes open inline elements and the paragraph, heading or pre
// around them, so that a block may follow.
func (b *builder) closeText() {
	n := len(b.stack)
	for n > 0 && (inline(b.stack[n-1].atom) || leaf(b.stack[n-1].atom)) {
		n--
	}
	b.closeTo(n)
}

// find returns the place in the stack of the innermost element that is one of
// want, not looking beyond one that is one of border; -1 if there is none.
func (b *builder) find(want, border func(atom.Atom) bool) int {
	for i := len(b.stack) - 1; i >= 0; i-- {
		if a := b.stack[i].atom; want(a) {
			return i
		} else if border(a) {
			return -1
		}
	}
	return -1
}

func is(as ...atom.Atom) func(atom.Atom) bool {
	return func(a atom.Atom) bool {
		for _, x := range as {
			if a == x {
				return true
			}
		}
		return false
	}
}

var (
	never    = is()
	isCell   = is(atom.Td, atom.Th)
	isTable  = is(atom.Table)
	isList   = is(atom.Ul, atom.Ol)
	isRow    = is(atom.Tr)
	isItem   = is(atom.Li)
	isLink   = is(atom.A)
	isRows   = is(atom.Table, atom.Thead, atom.Tbody)
	notText  = func(a atom.Atom) bool { return !inline(a) }
	listEdge = is(atom.Td, atom.Th, atom.Blockquote)
)

// push writes a start tag; attrs is written as it is.
func (b *builder) push(a atom.Atom, attrs string) {
	start := len(b.out)
	b.out = append(b.out, '<')
	b.out = append(b.out, a.String()...)
	b.out = append(b.out, attrs...)
	b.out = append(b.out, '>')
	b.stack = append(b.stack, open{atom: a, start: start})
}

// keep marks that what is open has content.
func (b *builder) keep() {
	for i := len(b.stack) - 1; i >= 0 && !b.stack[i].kept; i-- {
		b.stack[i].kept = true
	}
}

// settle makes the place ready for text: not inside a table or list but outside
// its cells and items, and in a paragraph of its own after a div.
func (b *builder) settle() {
	for frame(b.top()) {
		b.closeTo(len(b.stack) - 1)
	}
	if b.part && !inline(b.top()) && !leaf(b.top()) && len(b.stack) < maxDepth {
		b.push(atom.P, "")
	}
	b.part = false
}

func (b *builder) text(s string) {
	if s == "" {
		return
	}
	blank := strings.TrimSpace(s) == ""
	if blank && frame(b.top()) {
		return
	}
	if blank && !inline(b.top()) && b.top() != atom.Pre {
		// Space between blocks says nothing, except between inline elements.
		if b.part || leaf(b.top()) && !b.stack[len(b.stack)-1].kept {
			return
		}
		b.out = append(b.out, html.EscapeString(s)...)
		return
	}
	b.settle()
	b.keep()
	b.out = append(b.out, html.EscapeString(s)...)
}

func (b *builder) startTag(t *html.Token) {
	a := b.level(t.DataAtom)
	switch {
	case a == atom.Br:
		if frame(b.top()) {
			return
		}
		b.settle()
		b.keep()
		b.out = append(b.out, "<br>"...)
	case a == atom.Hr:
		b.block()
		b.keep()
		b.out = append(b.out, "<hr>"...)
	case a == atom.Img:
		b.text(attr(t, "alt"))
	case inline(a):
		b.inlineTag(a, t)
	case leaf(a), a == atom.Blockquote, a == atom.Table, isList(a):
		if a == atom.P && b.top() == atom.P && !b.stack[len(b.stack)-1].kept {
			return
		}
		b.block()
		if len(b.stack) >= maxDepth {
			b.part = true
			return
		}
		attrs := ""
		if n := attr(t, "start"); a == atom.Ol && n != "" {
			attrs = ` start="` + html.EscapeString(n) + `"`
		}
		b.push(a, attrs)
	case a == atom.Li:
		if i := b.find(isList, listEdge); i >= 0 && len(b.stack) < maxDepth {
			b.closeTo(i + 1)
			b.part = false
			b.push(a, "")
			return
		}
		b.parted()
	case a == atom.Thead, a == atom.Tbody:
		if i := b.find(isTable, never); i >= 0 && len(b.stack) < maxDepth {
			b.closeTo(i + 1)
			b.part = false
			b.push(a, "")
		}
	case a == atom.Tr:
		if i := b.find(isRows, never); i >= 0 && len(b.stack) < maxDepth {
			b.closeTo(i + 1)
			b.part = false
			b.push(a, "")
		}
	case isCell(a):
		if i := b.find(isRow, isTable); i >= 0 && len(b.stack) < maxDepth {
			b.closeTo(i + 1)
			b.part = false
			b.push(a, "")
			b.keep() // the columns stay in line
			return
		}
		b.parted()
	default:
		b.parted()
	}
}

// block makes the place ready for a block.
func (b *builder) block() {
	b.closeText()
	for frame(b.top()) {
		b.closeTo(len(b.stack) - 1)
	}
	b.part = false
}

// parted ends the paragraph where an element stood that we do not keep.
func (b *builder) parted() {
	b.closeText()
	b.part = true
}

func (b *builder) inlineTag(a atom.Atom, t *html.Token) {
	attrs := ""
	switch a {
	case atom.A:
		href := attr(t, "href")
		if i := b.find(isLink, notText); i >= 0 {
			b.closeTo(i)
		}
		if href == "" {
			return
		}
		class := keptClasses(attr(t, "class"))
		rel := "nofollow noopener noreferrer ugc"
		if strings.Contains(class, "hashtag") {
			rel = "tag " + rel // Mastodon makes no preview of such a link
		}
		attrs = ` href="` + html.EscapeString(href) + `"`
		if class != "" {
			attrs += ` class="` + class + `"`
		}
		attrs += ` rel="` + rel + `"`
	case atom.Span:
		class := keptClasses(attr(t, "class"))
		if class == "" {
			return
		}
		attrs = ` class="` + class + `"`
	}
	if len(b.stack) >= maxDepth-1 {
		return
	}
	b.settle()
	b.push(a, attrs)
}

func (b *builder) endTag(a atom.Atom) {
	a = b.level(a)
	i := -1
	same := func(x atom.Atom) bool { return x == a }
	switch {
	case inline(a):
		i = b.find(same, notText)
	case heading(a) > 0:
		i = b.find(func(x atom.Atom) bool { return heading(x) > 0 }, func(x atom.Atom) bool { return !inline(x) })
	case leaf(a):
		i = b.find(same, func(x atom.Atom) bool { return !inline(x) })
	case isItem(a):
		i = b.find(same, func(x atom.Atom) bool { return isList(x) || listEdge(x) })
	case isList(a), a == atom.Blockquote:
		i = b.find(same, isCell)
	case isCell(a), isRow(a), a == atom.Thead, a == atom.Tbody:
		i = b.find(same, isTable)
	case isTable(a):
		i = b.find(same, never)
	case a == atom.Br || a == atom.Hr || a == atom.Img:
		return
	default:
		b.parted()
		return
	}
	if i < 0 {
		if !inline(a) {
			b.parted()
		}
		return
	}
	b.closeTo(i)
	if !inline(a) {
		b.part = false
	}
}

func keptClasses(list string) string {
	var kept []string
	for _, c := range strings.Fields(list) {
		if classes[c] {
			kept = append(kept, c)
			if len(kept) == len(classes) {
				break
			}
		}
	}
	return strings.Join(kept, " ")
}

func attr(t *html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
