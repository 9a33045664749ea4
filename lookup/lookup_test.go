package lookup

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestRead(t *testing.T) {
	for text, want := range map[string]string{
		"Čaj  ЁЛКА, ёлка!":             "caj елка елка",
		"O’Reilly's IT-митап №5":       "oreillys it митап 5",
		"Đorđe Straße Łódź ΣΊΣΥΦΟΣ":    "djordje strasse lodz σισυφοσ",
		"İstanbul ﬁn e\u0301te\u0301":  "istanbul fin ete",
		"":                             "",
		"— … !!! ":                     "",
		"\xff\xfeбитый":                "битыи",
		"ערב שירה":                     "ערב שירה",
		strings.Repeat("x", MaxWord+9): strings.Repeat("x", MaxWord),
	} {
		if got := strings.Join(Read(text).Words, " "); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	if e := Read("Београд", "and more"); strings.Join(e.Latin, " ") != "beograd and more" {
		t.Errorf("in Latin it is %q", e.Latin)
	}
	if e := Read("Beograd"); e.Latin != nil {
		t.Errorf("%q is not in Cyrillic", e.Latin)
	}
	if n := len(Read(strings.Repeat("a ", MaxWords), "b c").Words); n != MaxWords {
		t.Errorf("%d words", n)
	}
}

func TestPlain(t *testing.T) {
	got := Plain(`<p>Tea &amp; <strong>maps</strong> a &lt; b</p><p>x`)
	if want := "tea maps a b x"; strings.Join(Read(got).Words, " ") != want {
		t.Errorf("%q", got)
	}
}

func TestParse(t *testing.T) {
	show := func(q Query) string {
		var out []string
		for _, term := range q.Terms {
			s := strings.Join(term.Words, "+")
			if term.Begin {
				s += "*"
			}
			out = append(out, s)
		}
		return strings.Join(out, " ")
	}
	for typed, want := range map[string]string{
		"maps":                          "maps*",
		"чай и к":                       "чаи* и к",
		"to be":                         "to be*",
		`"drawn by" hand`:               "drawn+by hand*",
		`«чай у Аны» «»`:                "чаи+у+аны",
		`never "closed`:                 "never* closed*",
		`a" OR NEAR(x* ^b) {title}: -c`: "a or near* x b title* c",
		"   ":                           "",
		"'; DROP TABLE x; --":           "drop* table* x",
	} {
		if got := show(Parse(typed)); got != want {
			t.Errorf("%q is %q, want %q", typed, got, want)
		}
	}
	if q := Parse(strings.Repeat("ю ", 300)); len(q.String()) > MaxQuery || len(q.Terms) != maxTerms {
		t.Errorf("%d bytes, %d terms", len(q.String()), len(q.Terms))
	}
	if q, ok := Parse("карта и чай").Shorter(); !ok || show(q) != "карт* и чаи*" {
		t.Errorf("shorter is %q", show(q))
	}
	if _, ok := Parse(`"карта города" чай`).Shorter(); ok {
		t.Error("what is quoted must stay as it is")
	}
}

func marked(ps []Piece) string {
	var b strings.Builder
	for _, p := range ps {
		if p.Found {
			b.WriteString("[" + p.Text + "]")
		} else {
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

func TestMark(t *testing.T) {
	for _, x := range []struct{ text, query, want string }{
		{"Maps drawn by hand, a map", "map", "[Maps] drawn by hand, a [map]"},
		{"Ёлка у метро", "елка", "[Ёлка] у метро"},
		{"Вечер у реке, Београд", "beograd", "Вечер у реке, [Београд]"},
		{"Evening in Beograd", "Београд", "Evening in [Beograd]"},
		{"Школа на Дорћолу", "shkola dorcolu", "[Школа] на [Дорћолу]"},
		{"drawn by hand; by drawn", `"drawn by"`, "[drawn by] hand; by drawn"},
		{"жалоба и зал", "зал", "жалоба и [зал]"},
		{"nothing", "else", "nothing"},
		{"", "else", ""},
	} {
		if got := marked(Mark(x.text, Parse(x.query))); got != x.want {
			t.Errorf("%q in %q: %q, want %q", x.query, x.text, got, x.want)
		}
	}
}

func TestExcerpt(t *testing.T) {
	text := strings.Repeat("word ", 40) + "the samovar sings " + strings.Repeat("and so on ", 40)
	ps, ok := Excerpt(text, Parse("samovar"), 60)
	got := marked(ps)
	if !ok || !strings.Contains(got, "the [samovar] sings") || !strings.HasPrefix(got, "… word ") || !strings.HasSuffix(got, " …") || utf8.RuneCountInString(got) > 70 {
		t.Errorf("%q", got)
	}
	if ps, ok := Excerpt("A samovar.", Parse("samovar"), 60); !ok || marked(ps) != "A [samovar]." {
		t.Errorf("%q", marked(ps))
	}
	if _, ok := Excerpt("nothing", Parse("samovar"), 60); ok {
		t.Error("found what is not there")
	}
}

// Whatever is typed, what is looked for are letters and digits in small writing
// that folding does not change any more, and marking loses nothing of a text.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"maps", `"a b`, "Београд «чай у Аны»", "a\" OR b* NEAR(x) {t}: ^y -z", "\xff\x00'\\", "ﬁ ½ Ⅷ İ ẞ ŉ ǆ ﷺ"} {
		f.Add(s, "Maps of Београд, drawn "+s)
	}
	f.Fuzz(func(t *testing.T, typed, text string) {
		q := Parse(typed)
		if len(q.Terms) > maxTerms {
			t.Fatalf("%d terms", len(q.Terms))
		}
		for _, term := range q.Terms {
			plain, inLatin := term.Variants()
			for _, run := range slices.Concat(plain, inLatin) {
				if len(run) != len(term.Words) {
					t.Fatalf("%q became %q", term.Words, run)
				}
				for _, w := range run {
					if w == "" || strings.ContainsFunc(w, func(r rune) bool { return !inWord(r) }) {
						t.Fatalf("%q looks for %q", typed, w)
					}
				}
			}
		}
		var whole strings.Builder
		for _, p := range Mark(text, q) {
			whole.WriteString(p.Text)
		}
		if whole.String() != text {
			t.Fatalf("marking %q made %q of it", text, whole.String())
		}
		if ps, ok := Excerpt(text, q, 80); ok && !slices.ContainsFunc(ps, func(p Piece) bool { return p.Found }) && len(q.Terms) == 1 && len(q.Terms[0].Words) == 1 {
			t.Fatalf("an excerpt of %q without %q", text, typed)
		}
		e := Read(text)
		if e.Latin != nil && len(e.Latin) != len(e.Words) {
			t.Fatalf("%d words, %d in Latin", len(e.Words), len(e.Latin))
		}
	})
}
