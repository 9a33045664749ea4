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
	en, ru := flat(t, "say/en.toml"), flat(t, "say/ru.toml")
	if len(en) < 10 {
		t.Fatalf("only %d texts", len(en))
	}
	if a, b := slices.Sorted(maps.Keys(en)), slices.Sorted(maps.Keys(ru)); !slices.Equal(a, b) {
		t.Fatalf("keys differ:\n%q\n%q", a, b)
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
	for key := range en {
		if slots(en[key]) != slots(ru[key]) {
			t.Errorf("%s: names %q and %q", key, slots(en[key]), slots(ru[key]))
		}
		for _, lang := range []string{"en", "ru"} {
			if got := In(lang).N(key, 5, "Title", "T", "Link", "L", "Line", "W", "City", "C"); got == key || strings.Contains(got, "<no value>") {
				t.Errorf("%s in %s is %q", key, lang, got)
			}
		}
	}
}

func TestVoices(t *testing.T) {
	for _, c := range []struct {
		langs []string
		want  string
	}{
		{nil, "en"}, {[]string{"ru-RU"}, "ru"}, {[]string{"", "RU"}, "ru"}, {[]string{"sr", "ru", "en"}, "ru"}, {[]string{"xx"}, "en"},
	} {
		if got := In(c.langs...).Lang(); got != c.want {
			t.Errorf("%q: %s, want %s", c.langs, got, c.want)
		}
	}
	if got := In("ru").N("rsvp.party", 2); got != "С вами 2 человека." {
		t.Error(got)
	}
	if got := In("en").T("none.such"); got != "none.such" {
		t.Error(got)
	}
}
