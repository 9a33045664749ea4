package palette

import (
	"os"
	"strings"
	"testing"

	"konfa/community"

	"pgregory.net/rapid"
)

// pairs are what the pages write on what.
func (s Scheme) pairs(grounds, inks []Colour) (out [][2]Colour) {
	for _, g := range append(grounds, s.Tint) {
		out = append(out, [2]Colour{s.Accent, g}, [2]Colour{s.Deep, g})
	}
	for _, ink := range inks {
		out = append(out, [2]Colour{ink, s.Tint})
	}
	return append(out, [2]Colour{s.On, s.Accent}, [2]Colour{s.On, s.Deep})
}

func check(t interface{ Errorf(string, ...any) }, c Colour) {
	th := Derive(c)
	for name, ps := range map[string][][2]Colour{
		"light": th.Light.pairs([]Colour{LightPaper, LightCard}, []Colour{LightInk, LightSoft}),
		"dark":  th.Dark.pairs([]Colour{DarkPaper, DarkCard}, []Colour{DarkInk, DarkSoft}),
	} {
		for _, p := range ps {
			if got := Contrast(p[0], p[1]); got < Enough {
				t.Errorf("%s, %s: %s on %s has %.2f", c, name, p[0], p[1], got)
			}
		}
	}
}

func TestEveryAccentCanBeRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		check(t, Colour{rapid.Byte().Draw(t, "red"), rapid.Byte().Draw(t, "green"), rapid.Byte().Draw(t, "blue")})
	})
	for r := 0; r < 256; r += 51 {
		for g := 0; g < 256; g += 51 {
			for b := 0; b < 256; b += 51 {
				check(t, Colour{uint8(r), uint8(g), uint8(b)})
			}
		}
	}
}

// What can be read already stays as it was chosen, within a shade.
func TestAGoodChoiceStays(t *testing.T) {
	for _, s := range []string{"#a4431f", "#1f5fa4", "#2f6b3c", "#5b2a86"} {
		c, err := Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		got := Derive(c).Light.Accent
		for _, d := range []int{int(got.R) - int(c.R), int(got.G) - int(c.G), int(got.B) - int(c.B)} {
			if d < -12 || d > 12 {
				t.Errorf("%s became %s", s, got)
				break
			}
		}
	}
}

func TestParse(t *testing.T) {
	for _, bad := range []string{"", "a4431f", "#a4431", "#a4431ff", "#xyzxyz", "red", "#-12345", "#+12345", "#a4 43f"} {
		if c, err := Parse(bad); community.CodeOf(err) != community.Invalid {
			t.Errorf("%q is %v", bad, c)
		}
	}
	if c, err := Parse("#A4431f"); err != nil || c != Default || c.String() != "#a4431f" {
		t.Error(c, err)
	}
}

// The sheet and this package speak of the same colours.
func TestTheSheetHasTheSameGrounds(t *testing.T) {
	b, err := os.ReadFile("../web/static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, _ := strings.Cut(string(b), "prefers-color-scheme: dark")
	for where, want := range map[string]map[string]Colour{
		light: {"paper": LightPaper, "card": LightCard, "ink": LightInk, "soft": LightSoft, "accent": Default},
		dark:  {"paper": DarkPaper, "card": DarkCard, "ink": DarkInk, "soft": DarkSoft},
	} {
		for name, c := range want {
			if !strings.Contains(where, "--"+name+": "+c.String()+";") {
				t.Errorf("the sheet has no %s of %s", name, c)
			}
		}
	}
}
