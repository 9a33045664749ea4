package web

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Text is readable on what it stands on, in light and in dark (WCAG 2.2
// §1.4.3: 4.5 to 1).
func TestContrast(t *testing.T) {
	b, err := staticFiles.ReadFile("static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	light, rest, ok := strings.Cut(string(b), "@media (prefers-color-scheme: dark)")
	dark, _, ok2 := strings.Cut(rest, "*, ::before")
	if !ok || !ok2 {
		t.Fatal("the sheet is not as this test knows it")
	}
	colours := regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{3,6});`)
	read := func(css string) map[string]float64 {
		out := map[string]float64{}
		for _, m := range colours.FindAllStringSubmatch(css, -1) {
			hex := m[2]
			if len(hex) == 3 {
				hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
			}
			lum := 0.0
			for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
				n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
				if err != nil {
					t.Fatal(err)
				}
				c := float64(n) / 255
				if c <= 0.04045 {
					c /= 12.92
				} else {
					c = math.Pow((c+0.055)/1.055, 2.4)
				}
				lum += weight * c
			}
			out[m[1]] = lum
		}
		return out
	}
	for scheme, lum := range map[string]map[string]float64{"light": read(light), "dark": read(dark)} {
		if len(lum) < 14 {
			t.Fatalf("%s has only %d colours", scheme, len(lum))
		}
		for _, pair := range [][2]string{
			{"ink", "paper"}, {"ink", "card"}, {"ink", "tint"}, {"ink", "bad-tint"}, {"ink", "warn-tint"}, {"soft", "paper"}, {"soft", "card"}, {"accent", "paper"}, {"accent", "card"},
			{"accent-deep", "tint"}, {"accent-deep", "paper"}, {"on-accent", "accent"}, {"on-accent", "accent-deep"}, {"good", "paper"}, {"good", "card"}, {"bad", "bad-tint"}, {"warn", "warn-tint"},
			{"accent", "tint"}, {"accent", "warn-tint"},
		} {
			a, b := lum[pair[0]], lum[pair[1]]
			if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < 4.5 {
				t.Errorf("%s: %s on %s has %.2f to 1", scheme, pair[0], pair[1], ratio)
			}
		}
	}
}
