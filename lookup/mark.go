package lookup

import (
	"strings"
	"unicode/utf8"
)

// Piece is a part of a text that was found, or one between.
type Piece struct {
	Text  string
	Found bool
}

// Mark takes a text apart into what a query looks for and what is between. Put
// together the pieces are the text.
func Mark(text string, q Query) []Piece {
	var out []Piece
	at := 0
	for _, s := range found(text, q) {
		if s.from > at {
			out = append(out, Piece{Text: text[at:s.from]})
		}
		out = append(out, Piece{text[s.from:s.to], true})
		at = s.to
	}
	if at < len(text) {
		out = append(out, Piece{Text: text[at:]})
	}
	return out
}

// Excerpt marks the part of a text, of about length letters, where what a query looks for
// stands first, and tells whether it stands there at all. Where the text goes on
// there is an ellipsis.
func Excerpt(text string, q Query, length int) ([]Piece, bool) {
	spans := found(text, q)
	if len(spans) == 0 {
		return nil, false
	}
	// A third of it goes before, from the beginning of a word.
	from := spans[0].from
	for n := 0; from > 0 && n < length/3; n++ {
		_, size := utf8.DecodeLastRuneInString(text[:from])
		from -= size
	}
	if from > 0 {
		if i := strings.IndexAny(text[from:spans[0].from], " \n\t\u00a0"); i >= 0 {
			from += i
		} else {
			from = spans[0].from
		}
		from += len(text[from:]) - len(strings.TrimLeft(text[from:], " \n\t\u00a0"))
	}
	to := from
	for n := 0; to < len(text) && n < length; n++ {
		_, size := utf8.DecodeRuneInString(text[to:])
		to += size
	}
	to = max(to, spans[0].to)
	if to < len(text) {
		if i := strings.LastIndexAny(text[spans[0].to:to], " \n\t\u00a0"); i > 0 {
			to = spans[0].to + i
		}
	}
	out := Mark(strings.TrimSpace(text[from:to]), q)
	if from > 0 {
		out = append([]Piece{{Text: "… "}}, out...)
	}
	if to < len(text) {
		out = append(out, Piece{Text: " …"})
	}
	return out, true
}

// found lists where a text has what a query looks for, in order and without
// overlaps.
func found(text string, q Query) []word {
	var out []word
	ws := words(text, 1<<30)
	for i := 0; i < len(ws); {
		n := 0
		for _, t := range q.Terms {
			if m := t.at(ws[i:]); m > n {
				n = m
			}
		}
		if n == 0 {
			i++
			continue
		}
		out = append(out, word{from: ws[i].from, to: ws[i+n-1].to})
		i += n
	}
	return out
}

// at tells how many words at the beginning a term stands for, 0 for none.
func (t Term) at(ws []word) int {
	if len(ws) < len(t.Words) {
		return 0
	}
	plain, inLatin := t.Variants()
	is := func(have, want string) bool { return have == want || t.Begin && strings.HasPrefix(have, want) }
	for _, run := range plain {
		n := 0
		for n < len(run) && is(ws[n].folded, run[n]) {
			n++
		}
		if n == len(run) {
			return n
		}
	}
	for _, run := range inLatin {
		n := 0
		for n < len(run) {
			l, _ := latin(ws[n].folded)
			if !is(l, run[n]) {
				break
			}
			n++
		}
		if n == len(run) {
			return n
		}
	}
	return 0
}
