package phrase

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
	"golang.org/x/text/unicode/norm"
)

//go:embed hear/*.toml
var hearFiles embed.FS

// Meaning is what someone says about coming.
type Meaning string

// The meanings. Nothing is assumed where a text has none of them.
const (
	Coming    Meaning = "coming"
	Undecided Meaning = "undecided"
	Staying   Meaning = "staying" // away
)

// Heard is what a text says about coming to something.
type Heard struct {
	Meaning Meaning
	Plus    int // people brought along; only of Coming
}

// Limits of what is listened to: who wants to be understood is brief, and in a
// story the words mean something else.
const (
	maxHeard = 2000 // characters
	maxWords = 50
	maxParty = 9 // people brought along
)

// Hear tells what an answer to "will you come?" says, if it says so beyond doubt:
// questions, conditions, reports of what others say and contradictions say
// nothing. Langs are the languages that are listened to, as BCP 47 tags; those
// nobody taught us are ignored.
//
// A text is cut into clauses. One speaks only if it consists of nothing but words
// of the catalogue, as "yes, I'm going for sure" does and "I'm going home" does
// not. Other clauses are small talk, unless a word of doubt or a no is in them.
func Hear(text string, langs ...string) (Heard, bool) {
	if utf8.RuneCountInString(text) > maxHeard {
		return Heard{}, false
	}
	ear := earFor(langs)
	if ear == nil {
		return Heard{}, false
	}
	clauses, words := ear.clauses(text)
	if words > maxWords {
		return Heard{}, false
	}
	var sum said
	for _, c := range clauses {
		sum.add(ear.clause(c))
	}
	return sum.result()
}

// said gathers what the clauses of a text say.
type said struct {
	coming, undecided, staying, unsure bool
	yesAlone, noAlone                  bool
	other                              bool // there is a clause that is not understood
	plus                               int
}

func (s *said) add(o said) {
	s.coming, s.undecided, s.staying = s.coming || o.coming, s.undecided || o.undecided, s.staying || o.staying
	s.yesAlone, s.noAlone, s.other = s.yesAlone || o.yesAlone, s.noAlone || o.noAlone, s.other || o.other
	s.unsure, s.plus = s.unsure || o.unsure, max(s.plus, o.plus)
}

func (s said) result() (Heard, bool) {
	s.coming = s.coming || s.yesAlone && !s.other
	s.staying = s.staying || s.noAlone && !s.other
	switch {
	case s.unsure || s.plus > maxParty:
	case s.coming && !s.undecided && !s.staying:
		return Heard{Meaning: Coming, Plus: s.plus}, true
	case s.undecided && !s.coming && !s.staying:
		return Heard{Meaning: Undecided}, true
	case s.staying && !s.coming && !s.undecided:
		return Heard{Meaning: Staying}, true
	}
	return Heard{}, false
}

// catalogue is one language as its file has it. A phrase is words with blanks
// between; "a|b" is either, "a?" may be missing, "{n}" is a number.
type catalogue struct {
	Coming    []string          // the person comes
	Undecided []string          // perhaps
	Staying   []string          // the person does not come
	YesAlone  []string          // the person comes, if nothing else is said
	NoAlone   []string          // the person does not come, if nothing else is said
	Aside     []string          // says nothing, and may stand before or after those
	Harmless  []string          // would be doubt by its words, and is none
	Doubt     []string          // whoever says this is not understood
	Joint     []string          // words that tie two clauses together
	Hedge     []string          // before a comma they belong to what follows
	Tag       []string          // as a question they ask whether what was said is right
	Me        []string          // before "+1": the person, and one more
	Total     []string          // so many with the person: "{n} of us"
	More      []string          // so many besides: "+{n} friends"
	Party     map[string]int    // people besides the person, by phrase
	Numbers   map[string]int    // by word
	Spelling  map[string]string // of words, to one of several ways
}

// kind is what a phrase of an ear is for.
type kind int

const (
	kindAside kind = iota
	kindComing
	kindUndecided
	kindStaying
	kindParty // plus is fixed
	kindTotal // of the number in it
	kindMore
	kindMe
	kindYesAlone
	kindNoAlone
)

type entry struct {
	kind kind
	plus int
}

// ear understands some languages at once.
type ear struct {
	phrases  map[string][]entry // by their words with a blank between
	longest  int                // words of a phrase
	harmless [][]string
	doubt    [][]string
	joint    map[string]bool
	hedge    map[string]bool // phrases
	tag      map[string]bool // phrases
	numbers  map[string]int
	spelling map[string]string
}

// catalogues are all languages there is a file for, by their base tag.
var catalogues = sync.OnceValue(func() map[string]*catalogue {
	names, err := fs.Glob(hearFiles, "hear/*.toml")
	if err != nil {
		panic(err) // the pattern is ours
	}
	out := map[string]*catalogue{}
	for _, name := range names {
		var c catalogue
		md, err := toml.DecodeFS(hearFiles, name, &c)
		if err != nil || len(md.Undecoded()) > 0 {
			panic(fmt.Sprintf("the catalogue %s: %v %v", name, err, md.Undecoded())) // embedded: a test reads it
		}
		out[strings.TrimSuffix(path.Base(name), ".toml")] = &c
	}
	return out
})

var (
	earsMu sync.Mutex
	ears   = map[string]*ear{} // by sorted languages; guarded by earsMu
)

// earFor returns the ear for some languages, nil where none is known.
func earFor(langs []string) *ear {
	var known []string
	for _, l := range langs {
		base, _, _ := strings.Cut(strings.ToLower(l), "-")
		if _, ok := catalogues()[base]; ok && !slices.Contains(known, base) {
			known = append(known, base)
		}
	}
	if len(known) == 0 {
		return nil
	}
	slices.Sort(known)
	key := strings.Join(known, " ")
	earsMu.Lock()
	defer earsMu.Unlock()
	e := ears[key]
	if e == nil {
		e = newEar(known)
		ears[key] = e
	}
	return e
}

func newEar(langs []string) *ear {
	e := &ear{phrases: map[string][]entry{}, joint: map[string]bool{}, hedge: map[string]bool{}, tag: map[string]bool{}, numbers: map[string]int{}, spelling: map[string]string{}}
	for n := range 10 {
		e.numbers[strconv.Itoa(n)] = n
	}
	for _, l := range langs {
		c := catalogues()[l]
		maps.Copy(e.numbers, c.Numbers)
		maps.Copy(e.spelling, c.Spelling)
		for _, w := range c.Joint {
			e.joint[w] = true
		}
	}
	for _, l := range langs {
		c := catalogues()[l]
		for _, group := range []struct {
			phrases []string
			kind    kind
		}{{c.Aside, kindAside}, {c.Coming, kindComing}, {c.Undecided, kindUndecided}, {c.Staying, kindStaying}, {c.Total, kindTotal}, {c.More, kindMore}, {c.YesAlone, kindYesAlone}, {c.NoAlone, kindNoAlone}, {c.Me, kindMe}} {
			for _, p := range group.phrases {
				e.learn(p, entry{kind: group.kind})
			}
		}
		for p, plus := range c.Party {
			e.learn(p, entry{kindParty, plus})
		}
		for set, list := range map[*map[string]bool][]string{&e.hedge: c.Hedge, &e.tag: c.Tag} {
			for _, p := range list {
				for _, words := range e.spell(p) {
					(*set)[strings.Join(words, " ")] = true
				}
			}
		}
		for _, p := range c.Harmless {
			e.harmless = append(e.harmless, e.spell(p)...)
		}
		for _, p := range c.Doubt {
			e.doubt = append(e.doubt, e.spell(p)...)
		}
	}
	// The longest harmless phrase is taken out first.
	slices.SortStableFunc(e.harmless, func(a, b []string) int { return len(b) - len(a) })
	return e
}

// learn adds all spellings of a phrase.
func (e *ear) learn(p string, en entry) {
	for _, words := range e.spell(p) {
		key := strings.Join(words, " ")
		if key == "" || slices.Contains(e.phrases[key], en) {
			continue
		}
		e.phrases[key] = append(e.phrases[key], en)
		e.longest = max(e.longest, len(words))
	}
}

// spell writes out the ways in which a phrase of a catalogue can be said, as the
// words of a text are spelt.
func (e *ear) spell(p string) [][]string {
	ways := [][]string{nil}
	for _, part := range strings.Fields(p) {
		part, optional := strings.CutSuffix(part, "?")
		var next [][]string
		for _, w := range ways {
			if optional {
				next = append(next, slices.Clone(w))
			}
			for _, choice := range strings.Split(part, "|") {
				spelt := []string{choice}
				if !strings.ContainsAny(choice, "{+") {
					spelt = e.words(choice)
				}
				next = append(next, slices.Concat(w, spelt))
			}
		}
		ways = next
	}
	for _, w := range ways {
		for i := range w {
			if i > 0 && e.joint[w[i]] {
				w[i] = joint
			}
		}
	}
	return ways
}

// joint stands for a word that ties what is before it to what follows.
const joint = "&"

// clause is a part of a text that says one thing.
type clause struct {
	words    []string
	question bool
}

var (
	linkPattern  = regexp.MustCompile(`(?i)\b(?:https?://|www\.)\S+`)
	namePattern  = regexp.MustCompile(`[@#][\p{L}\p{N}_][\p{L}\p{N}_.@:-]*`)
	emojiPattern = regexp.MustCompile(`:[a-zA-Z0-9_]{2,}:`)
	quotePattern = regexp.MustCompile(`“[^”]*”|„[^“”]*[“”]|«[^»]*»|"[^"\n]*"`)
	plusPattern  = regexp.MustCompile(`\+\s+([0-9])`)
	longPattern  = regexp.MustCompile(`(?:аа+а|ее+е|ии+и|йй+й|оо+о|уу+у|ыы+ы|яя+я|юю+ю|aa+a|ee+e|gg+g|ii+i|mm+m|nn+n|oo+o|ss+s|uu+u|yy+y)`)
	wordPattern  = regexp.MustCompile(`\+[0-9]{1,3}|_|100\s?%|[\p{L}\p{M}\p{N}]+(?:['’ʼ-][\p{L}\p{M}\p{N}]+)*|[^\s]`)
)

// raised are hands that say "me", whatever their skin.
const raised = "🙋✋🤚"

// clauses cuts a text. What was quoted is one word that stands for it; names,
// tags and addresses say nothing.
func (e *ear) clauses(text string) (out []clause, words int) {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(strings.TrimSpace(line), ">") {
			b.WriteString(line)
		}
	}
	s := linkPattern.ReplaceAllString(b.String(), " ")
	s = namePattern.ReplaceAllString(s, " ")
	s = emojiPattern.ReplaceAllString(s, " . ")
	s = quotePattern.ReplaceAllString(s, " _ ")
	s = plusPattern.ReplaceAllString(s, "+$1")
	var c clause
	flush := func(question bool) {
		if len(c.words) > 0 {
			c.question = question
			out = append(out, c)
		} else if question && len(out) > 0 {
			out[len(out)-1].question = true // "going!?"
		}
		c = clause{}
	}
	for lineNo, line := range strings.Split(s, "\n") {
		if lineNo > 0 {
			flush(false)
		}
		for _, w := range wordPattern.FindAllString(line, -1) {
			r, _ := utf8.DecodeRuneInString(w)
			switch {
			case w == "?" || w == "？" || w == "⁉":
				flush(true)
			case strings.HasPrefix(w, "+") && len(w) > 1 || w == "_" || strings.HasPrefix(w, "100"):
				c.words = append(c.words, strings.ReplaceAll(w, " ", ""))
				words++
			case strings.ContainsRune(raised, r):
				c.words = append(c.words, "✋")
				words++
			case unicode.IsLetter(r) || unicode.IsDigit(r):
				spelt := e.words(w)
				if len(spelt) == 1 && e.joint[spelt[0]] && len(c.words) > 0 {
					c.words = append(c.words, joint)
					continue
				}
				c.words = append(c.words, spelt...)
				words++
			case unicode.IsMark(r) || r == '\u200d' || unicode.Is(unicode.Sk, r):
				// the rest of an emoji
			case r == '\'' || r == '"' || r == '*' || r == '_' || r == '~' || r == '`' || r == '-':
				if r == '-' {
					flush(false)
				}
			case r == ',' && e.hedge[strings.Join(c.words, " ")]:
				// "maybe, I'll come"
			default:
				flush(false)
			}
		}
	}
	flush(false)
	return out, words
}

// letters are those that many write in another way, or leave out.
var letters = strings.NewReplacer("’", "'", "ʼ", "'", "ё", "е", "\u0301", "", "č", "c", "ć", "c", "š", "s", "ž", "z", "đ", "dj")

// words spells a word of a text in the one way that the phrases use.
func (e *ear) words(w string) []string {
	w = letters.Replace(norm.NFC.String(strings.ToLower(w)))
	// "Идуууу", "yesss"
	w = longPattern.ReplaceAllStringFunc(w, func(s string) string { _, n := utf8.DecodeRuneInString(s); return s[:n] })
	if s, ok := e.spelling[w]; ok {
		return strings.Fields(s)
	}
	return []string{w}
}

// clause tells what one clause says. One that nobody understands whole is tried
// in the parts that "and" ties together.
func (e *ear) clause(c clause) said {
	if len(c.words) > maxWords {
		return said{unsure: true}
	}
	var sum said
	if got, ok := e.whole(c.words); ok {
		sum = got
	} else {
		for _, part := range split(c.words) {
			if got, ok := e.whole(part); ok {
				sum.add(got)
			} else {
				sum.add(said{unsure: e.doubts(part), other: true})
			}
		}
	}
	if c.question {
		// A question says nothing; one that asks the very thing, or whether what
		// came before is right, takes back what the others say.
		asks := sum.coming || sum.staying || sum.undecided || sum.yesAlone || sum.noAlone
		return said{unsure: sum.unsure || asks || e.aside(c.words) || e.tag[strings.Join(c.words, " ")], other: true}
	}
	return sum
}

func split(words []string) [][]string {
	var out [][]string
	start := 0
	for i, w := range words {
		if w == joint {
			out = append(out, words[start:i])
			start = i + 1
		}
	}
	return append(out, words[start:])
}

// at lists what the phrase of n words at i may be, and the number in it.
func (e *ear) at(words []string, i, n int) (found []entry, number int) {
	key := strings.Join(words[i:i+n], " ")
	found = append(found, e.phrases[key]...)
	for j := i; j < i+n; j++ {
		word := words[j]
		mark := "{n}"
		if strings.HasPrefix(word, "+") {
			word, mark = word[1:], "+{n}"
		}
		v, ok := e.numbers[word]
		if !ok {
			var err error
			if v, err = strconv.Atoi(word); err != nil {
				continue
			}
		}
		with := slices.Clone(words[i : i+n])
		with[j-i] = mark
		if more := e.phrases[strings.Join(with, " ")]; len(more) > 0 {
			found, number = append(found, more...), v
		}
	}
	return found, number
}

// whole understands a clause of which every word belongs to a phrase.
func (e *ear) whole(words []string) (said, bool) {
	type state struct {
		said
		me bool // what was said last is the person
	}
	dead := map[int]bool{}
	var walk func(i int, s state) (said, bool)
	walk = func(i int, s state) (said, bool) {
		if i == len(words) {
			return s.said, true
		}
		if dead[i] {
			return said{}, false
		}
		for n := min(e.longest, len(words)-i); n > 0; n-- {
			found, number := e.at(words, i, n)
			for _, en := range found {
				next := s
				next.me = false
				switch en.kind {
				case kindComing:
					next.coming = true
				case kindUndecided:
					next.undecided = true
				case kindStaying:
					next.staying = true
				case kindParty:
					next.plus = max(next.plus, en.plus)
				case kindTotal:
					if number < 1 {
						continue
					}
					next.coming, next.plus = true, max(next.plus, number-1)
				case kindMore:
					next.coming, next.plus = true, max(next.plus, number)
				case kindMe:
					next.me = true
				case kindYesAlone:
					next.yesAlone, next.me = true, true
				case kindNoAlone:
					next.noAlone = true
				}
				if got, ok := walk(i+n, next); ok {
					return got, true
				}
			}
		}
		if strings.HasPrefix(words[i], "+") {
			if n, err := strconv.Atoi(words[i][1:]); err == nil && n > 0 {
				next := s
				next.me, next.coming = false, true
				if s.me || s.coming {
					next.plus = max(next.plus, n) // "me +1"
				} else {
					next.plus = max(next.plus, n-1) // "+1" alone is the person
				}
				if got, ok := walk(i+1, next); ok {
					return got, true
				}
			}
		}
		dead[i] = true
		return said{}, false
	}
	return walk(0, state{})
}

// aside tells whether a clause is nothing but words that say nothing.
func (e *ear) aside(words []string) bool {
	got, ok := e.whole(words)
	return ok && got == said{}
}

// doubts tells whether a clause that is not understood has a word in it that may
// take back the others.
func (e *ear) doubts(words []string) bool {
	words = slices.Clone(words)
	for _, h := range e.harmless {
		for i := index(words, h); i >= 0; i = index(words, h) {
			words = slices.Concat(words[:i], []string{"_"}, words[i+len(h):])
		}
	}
	for _, d := range e.doubt {
		if index(words, d) >= 0 {
			return true
		}
	}
	return false
}

// index is where some words follow one another in others, or -1.
func index(words, part []string) int {
	if len(part) == 0 {
		return -1
	}
	for i := 0; i+len(part) <= len(words); i++ {
		if slices.Equal(words[i:i+len(part)], part) {
			return i
		}
	}
	return -1
}
