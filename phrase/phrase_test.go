package phrase

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

// flat lists the texts of a catalogue by key; the forms of a plural are one key.
func flat(t *testing.T, name string) map[string][]string {
	t.Helper()
	b, err := sayFiles.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := toml.Unmarshal(b, &tree); err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	var walk func(prefix string, m map[string]any)
	walk = func(prefix string, m map[string]any) {
		_, plural := m["other"]
		for k, v := range m {
			key := strings.TrimPrefix(prefix+"."+k, ".")
			switch v := v.(type) {
			case string:
				if plural {
					key = prefix
				}
				out[key] = append(out[key], v)
			case map[string]any:
				walk(key, v)
			}
		}
	}
	walk("", tree)
	return out
}

var slot = regexp.MustCompile(`\{\{\.(\w+)\}\}`)

// Whoever is spoken to in one language must not lose a text, or a name in it, in
// another.
func TestCataloguesSayTheSame(t *testing.T) {
	en := flat(t, "say/en.toml")
	if len(en) < 10 {
		t.Fatalf("only %d texts", len(en))
	}
	slots := func(texts []string) string {
		var out []string
		for _, s := range texts {
			for _, m := range slot.FindAllStringSubmatch(s, -1) {
				if !slices.Contains(out, m[1]) {
					out = append(out, m[1])
				}
			}
		}
		slices.Sort(out)
		return strings.Join(out, " ")
	}
	if len(All()) < 3 {
		t.Fatalf("only %d voices", len(All()))
	}
	for _, v := range All() {
		lang := v.Lang()
		other := flat(t, "say/"+lang+".toml")
		if a, b := slices.Sorted(maps.Keys(en)), slices.Sorted(maps.Keys(other)); !slices.Equal(a, b) {
			t.Errorf("%s: keys differ:\n%q\n%q", lang, a, b)
			continue
		}
		for key := range en {
			if slots(en[key]) != slots(other[key]) {
				t.Errorf("%s: names %q, and %q in %s", key, slots(en[key]), slots(other[key]), lang)
			}
			for n := range 30 { // every plural form
				if got := v.N(key, n, "Title", "T", "Link", "L", "Line", "W", "City", "C", "Name", "N", "Until", "U", "Day", "D", "Rule", "R", "Reason", "X"); got == key || strings.Contains(got, "<no value>") {
					t.Errorf("%s in %s is %q", key, lang, got)
				}
			}
		}
	}
}

func TestVoices(t *testing.T) {
	for _, c := range []struct {
		langs []string
		want  string
	}{
		{nil, "en"}, {[]string{"ru-RU"}, "ru"}, {[]string{"", "RU"}, "ru"}, {[]string{"kk", "ru", "en"}, "ru"}, {[]string{"sr-Latn", "ru"}, "sr"}, {[]string{"xx"}, "en"},
	} {
		if got := In(c.langs...).Lang(); got != c.want {
			t.Errorf("%q: %s, want %s", c.langs, got, c.want)
		}
	}
	if got := In("ru").N("rsvp.party", 2); got != "С вами 2 человека." {
		t.Error(got)
	}
	if got := In("sr").N("rsvp.party", 2) + In("sr").N("rsvp.party", 5); got != "Sa tobom dolaze 2 osobe.Sa tobom dolazi 5 osoba." {
		t.Error(got)
	}
	if got := In("en").T("none.such"); got != "none.such" {
		t.Error(got)
	}
}
