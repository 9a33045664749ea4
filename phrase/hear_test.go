package phrase

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

// spoken reads a table of sentences and what they say.
func spoken(t testing.TB, lang string) (out [][2]string) {
	t.Helper()
	b, err := os.ReadFile("testdata/heard-" + lang + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		want, text, ok := strings.Cut(line, ": ")
		if !ok {
			t.Fatalf("%q", line)
		}
		out = append(out, [2]string{want, strings.ReplaceAll(text, `\n`, "\n")})
	}
	return out
}

func short(h Heard, ok bool) string {
	switch {
	case !ok:
		return ""
	case h.Meaning == Coming:
		return fmt.Sprintf("+%d", h.Plus)
	case h.Meaning == Undecided:
		return "?"
	}
	return "-"
}

// Who says that they come is heard, in the language of the city alone and among
// all others; who does not is not taken for someone who does.
func TestHear(t *testing.T) {
	for lang, least := range map[string]int{"en": 150, "ru": 150, "sr": 40} {
		table := spoken(t, lang)
		if len(table) < least {
			t.Errorf("%s: only %d sentences", lang, len(table))
		}
		for _, c := range table {
			for _, langs := range [][]string{{lang}, {"en", "ru", "sr"}} {
				if got := short(Hear(c[1], langs...)); got != c[0] {
					t.Errorf("%v %q: %q, want %q", langs, c[1], got, c[0])
				}
			}
		}
	}
}

func TestHearKnowsItsLanguages(t *testing.T) {
	for _, c := range []struct {
		text, langs, want string
	}{
		{"приду", "en", ""}, {"приду", "ru-RU", "+0"}, {"going", "ru", ""}, {"going", "", ""}, {"going", "de", ""}, {"Going", "DE EN-gb", "+0"}, {"+1", "ru", "+0"}, {"+1", "de", ""},
	} {
		if got := short(Hear(c.text, strings.Fields(c.langs)...)); got != c.want {
			t.Errorf("%q in %q: %q", c.text, c.langs, got)
		}
	}
	// Parties have an end, and so has patience.
	for text, want := range map[string]string{
		"me +9": "+9", "me +10": "", "+10": "+9", "+11": "", "+0": "", "party of 99999999999": "",
		strings.Repeat("Lovely weather today. ", 30) + "I'm going": "",
		strings.Repeat("a", 3000) + " I'm going":                   "",
		strings.Repeat("going and ", 25):                           "+0",
	} {
		if got := short(Hear(text, "en")); got != want {
			t.Errorf("%.40q: %q, want %q", text, got, want)
		}
	}
}

// Whatever is said: what is heard has bounds, a question or a condition behind it
// takes it back, and a reported one was never said.
func FuzzHear(f *testing.F) {
	for _, lang := range []string{"en", "ru", "sr"} {
		for _, c := range spoken(f, lang) {
			f.Add(c[1])
		}
	}
	f.Add("& & going & +1 +1 _ \"")
	f.Fuzz(func(t *testing.T, text string) {
		h, ok := Hear(text, "en", "ru", "sr")
		switch {
		case !ok:
			if h != (Heard{}) {
				t.Fatalf("%q is not heard, and says %+v", text, h)
			}
			return
		case h.Meaning != Coming && h.Plus != 0, h.Plus < 0, h.Plus > maxParty:
			t.Fatalf("%q: %+v", text, h)
		case h.Meaning != Coming && h.Meaning != Undecided && h.Meaning != Staying:
			t.Fatalf("%q: %+v", text, h)
		}
		if utf8.RuneCountInString(text) > maxHeard {
			t.Fatal("it was listened to for too long")
		}
		if again, ok := Hear(strings.ToUpper(strings.ToLower(text)), "en", "ru", "sr"); ok && again.Meaning != h.Meaning && sameLoudly(text) {
			t.Errorf("%q says %+v, loudly %+v", text, h, again)
		}
		for _, take := range []string{"\nwould you if you could", "\nif", "\nили нет"} {
			if got, ok := Hear(text+take, "en", "ru", "sr"); ok {
				t.Errorf("%q still says %+v", text+take, got)
			}
		}
	})
}

func BenchmarkHear(b *testing.B) {
	table := spoken(b, "ru")
	for i := 0; b.Loop(); i++ {
		Hear(table[i%len(table)][1], "en", "ru")
	}
}

// sameLoudly tells of a text that is the same in small letters, whether it was in
// capitals before or not: ß and ı are not.
func sameLoudly(text string) bool {
	small, loud := strings.ToLower(text), strings.ToLower(strings.ToUpper(text))
	return small == loud
}
