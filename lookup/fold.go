// Package lookup makes texts findable: it takes them apart into words that are
// the same however they were typed, reads what people type into a search box, and
// marks what was found. It knows no database; what it makes means the same to
// any that can look for words and beginnings of words.
package lookup

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Bounds of what is kept of a text.
const (
	MaxWord  = 40    // letters of a word; what goes on is cut off
	MaxWords = 3_000 // words of a text
)

// word is a word of a text: where it stands, and how it is kept.
type word struct {
	from, to int // bytes
	folded   string
}

// words takes a text apart, at most limit of them.
func words(s string, limit int) []word {
	var out []word
	for i := 0; i < len(s) && len(out) < limit; {
		r, size := utf8.DecodeRuneInString(s[i:])
		if !inWord(r) {
			i += size
			continue
		}
		from := i
		for i < len(s) {
			r, size := utf8.DecodeRuneInString(s[i:])
			if !inWord(r) && !joins(r) && !unicode.Is(unicode.M, r) {
				break
			}
			i += size
		}
		if f := foldWord(s[from:i]); f != "" {
			out = append(out, word{from, i, f})
		}
	}
	return out
}

func inWord(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

// joins tells of signs that stand within a word.
func joins(r rune) bool { return strings.ContainsRune("'’ʻʼ`\u00ad\u200b\u200c\u200d\u2060", r) }

// foldWord is a word as it is kept: small letters without the marks on them, so
// that ё is е and č is c.
func foldWord(s string) string {
	ascii := true
	for i := 0; i < len(s) && ascii; i++ {
		ascii = s[i] < utf8.RuneSelf
	}
	if !ascii {
		s = norm.NFKD.String(s)
	}
	var b strings.Builder
	n := 0
	for _, r := range s {
		if !inWord(r) {
			continue
		}
		if n++; n > MaxWord {
			break
		}
		// Σ and ς are one letter, as ſ is s: what is the same in capitals.
		r = unicode.ToLower(unicode.ToUpper(r))
		if p, ok := plainLetters[r]; ok {
			b.WriteString(p)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// plainLetters are letters that Unicode does not take apart. Đ is dj, as who has
// no such key writes it.
var plainLetters = map[rune]string{
	'ø': "o", 'ł': "l", 'đ': "dj", 'ð': "d", 'ß': "ss", 'ẞ': "ss", 'æ': "ae", 'œ': "oe", 'ı': "i", 'þ': "th", 'ħ': "h", 'ŋ': "n", 'ə': "a", 'ŧ': "t",
}

// cyrillic is how folded Cyrillic is written in folded Latin, as Serbs do, whose
// letters have one way; the letters of others as near as that comes.
var cyrillic = map[rune]string{
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'ґ': "g", 'д': "d", 'ђ': "dj", 'е': "e", 'є': "je", 'ж': "z", 'з': "z", 'ѕ': "dz", 'и': "i", 'і': "i",
	'ј': "j", 'к': "k", 'л': "l", 'љ': "lj", 'м': "m", 'н': "n", 'њ': "nj", 'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'ћ': "c", 'у': "u",
	'ф': "f", 'х': "h", 'ц': "c", 'ч': "c", 'џ': "dz", 'ш': "s", 'щ': "s", 'ъ': "", 'ы': "i", 'ь': "", 'э': "e", 'ю': "ju", 'я': "ja",
	'ғ': "g", 'қ': "k", 'ң': "n", 'ө': "o", 'ұ': "u", 'ү': "u", 'һ': "h", 'ә': "a",
}

// latin writes a folded word in Latin, and tells whether it was in Cyrillic.
func latin(folded string) (string, bool) {
	any := false
	for _, r := range folded {
		if r >= 'Ѐ' && r <= 'ԯ' {
			any = true
			break
		}
	}
	if !any {
		return folded, false
	}
	var b strings.Builder
	for _, r := range folded {
		if l, ok := cyrillic[r]; ok {
			b.WriteString(l)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String(), true
}

// romanised turns the ways in which Cyrillic is spelt for the English into the
// one that latin has: "shkola" is skola.
func romanised(folded string) string { return romanisations.Replace(folded) }

var romanisations = strings.NewReplacer("shch", "s", "sh", "s", "ch", "c", "zh", "z", "kh", "h", "ts", "c", "ya", "ja", "yu", "ju", "yo", "e", "ye", "e", "y", "i")

// Entry is a text as it is kept to be found.
type Entry struct {
	Words []string // folded
	Latin []string // the same where some are in Cyrillic: all of them in Latin, else nil
}

// Read takes texts apart, at most MaxWords words of them all.
func Read(texts ...string) Entry {
	var e Entry
	cyrillic := false
	for _, t := range texts {
		for _, w := range words(t, MaxWords-len(e.Words)) {
			e.Words = append(e.Words, w.folded)
			if !cyrillic {
				_, cyrillic = latin(w.folded)
			}
		}
	}
	if cyrillic {
		for _, w := range e.Words {
			l, _ := latin(w)
			if l == "" {
				l = w
			}
			e.Latin = append(e.Latin, l)
		}
	}
	return e
}

// Plain is the text of safe HTML, in which every < that is no tag is escaped.
func Plain(safe string) string {
	var b strings.Builder
	for {
		text, rest, ok := strings.Cut(safe, "<")
		b.WriteString(text)
		if !ok {
			break
		}
		b.WriteByte(' ')
		if _, safe, ok = strings.Cut(rest, ">"); !ok {
			break
		}
	}
	return html.UnescapeString(b.String())
}
