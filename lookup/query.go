package lookup

import (
	"strings"
	"unicode/utf8"
)

// Bounds of what is read of a question.
const (
	MaxQuery = 200 // bytes
	maxTerms = 10
)

// Query is what someone looks for: all of its terms.
type Query struct {
	Terms []Term
	typed string
}

// Term is a word, or several in a row.
type Term struct {
	Words []string // folded
	Begin bool     // of a single word: others that begin like it do too
}

// Parse reads what was typed. Words between quotation marks are looked for as
// they stand; of others it is enough that one begins like them. Nothing that is
// typed is an error; without any word in it, nothing is found.
func Parse(typed string) Query {
	typed = strings.TrimSpace(strings.ToValidUTF8(typed, " "))
	for len(typed) > MaxQuery {
		_, size := utf8.DecodeLastRuneInString(typed)
		typed = typed[:len(typed)-size]
	}
	q := Query{typed: typed}
	open := false
	parts := strings.Split(quotes.Replace(typed), `"`)
	for i, part := range parts {
		quoted := open && i < len(parts)-1 // one that is never closed is none
		open = !open
		ws := words(part, maxTerms)
		if quoted && len(ws) > 0 {
			t := Term{}
			for _, w := range ws {
				t.Words = append(t.Words, w.folded)
			}
			q.Terms = append(q.Terms, t)
			continue
		}
		for j, w := range ws {
			last := i == len(parts)-1 && j == len(ws)-1
			n := utf8.RuneCountInString(w.folded)
			// "и" and "to" are words of their own, and begin too many others.
			q.Terms = append(q.Terms, Term{Words: []string{w.folded}, Begin: n > 2 || last && n > 1})
		}
	}
	q.Terms = q.Terms[:min(len(q.Terms), maxTerms)]
	return q
}

var quotes = strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "«", `"`, "»", `"`)

// Empty tells whether there is nothing to look for.
func (q Query) Empty() bool { return len(q.Terms) == 0 }

// String is what was typed, tidied.
func (q Query) String() string { return q.typed }

// Shorter is the query with the ends of its longer words left off, which in many
// languages say no more than which case a word is in: картам is карт. It is false where
// nothing can be left off.
func (q Query) Shorter() (Query, bool) {
	out, any := Query{typed: q.typed}, false
	for _, t := range q.Terms {
		if len(t.Words) == 1 && t.Begin {
			rs := []rune(t.Words[0])
			if n := len(rs); n >= 4 {
				cut := 1
				if n >= 7 {
					cut = 2
				}
				t.Words, any = []string{string(rs[:n-cut])}, true
			}
		}
		out.Terms = append(out.Terms, t)
	}
	return out, any
}

// Words in a row, each kept as it is written here.
type run = []string

// Variants are the ways in which a term may be kept: among the words of an Entry
// as they are, and among those in Latin.
func (t Term) Variants() (plain, inLatin []run) {
	other, cyr := make(run, len(t.Words)), false
	for i, w := range t.Words {
		l, c := latin(w)
		if l == "" {
			l = w
		}
		other[i], cyr = l, cyr || c
	}
	if cyr {
		return []run{t.Words, other}, nil
	}
	plain = []run{t.Words}
	inLatin = []run{t.Words}
	changed := false
	for i, w := range t.Words {
		other[i] = romanised(w)
		changed = changed || other[i] != w
	}
	if changed {
		inLatin = append(inLatin, other)
	}
	return plain, inLatin
}
