package poster

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"konfa/palette"
)

var theme = palette.Derive(palette.Default)

func evening() Card {
	return Card{City: "Belgrade", Title: "Вечер коротких докладов", When: "Thursday, 12 November 2026, 19:00–21:30", Where: "Bar Square, Cetinjska 15, Belgrade",
		Foot: "belgrade.example", Day: "12", Month: "nov", Theme: theme}
}

func photo() []byte {
	m := image.NewRGBA(image.Rect(0, 0, 800, 500))
	for i := range 800 * 500 {
		m.Set(i%800, i/800, color.RGBA{uint8(i % 800 / 4), 120, uint8(i / 800 / 2), 255})
	}
	var b bytes.Buffer
	if jpeg.Encode(&b, m, nil) != nil {
		return nil
	}
	return b.Bytes()
}

func draws(t *testing.T, c Card) image.Image {
	t.Helper()
	b, err := Draw(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("KONFA_TEST_PICTURES"); dir != "" { // to look at
		if err := os.WriteFile(filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-")+".png"), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	m, err := png.Decode(bytes.NewReader(b))
	if err != nil || m.Bounds() != image.Rect(0, 0, Width, Height) {
		t.Fatal(err, m.Bounds())
	}
	if len(b) > 1<<20 {
		t.Errorf("a card takes %d bytes", len(b))
	}
	return m
}

// inked tells how many dark pixels there are in a part of a card.
func inked(m image.Image, r image.Rectangle) (n int) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if l, _, _, _ := color.GrayModel.Convert(m.At(x, y)).RGBA(); l < 0x6000 {
				n++
			}
		}
	}
	return n
}

func TestCards(t *testing.T) {
	edge := func(t *testing.T, m image.Image) {
		t.Helper()
		for name, r := range map[string]image.Rectangle{"right": image.Rect(Width-margin+4, 0, Width, Height), "bottom": image.Rect(21, Height-20, Width, Height)} {
			if n := inked(m, r); n > 0 {
				t.Errorf("%d pixels of text are at the %s edge", n, name)
			}
		}
	}
	for name, change := range map[string]func(*Card){
		"plain": func(c *Card) {},
		"long": func(c *Card) {
			c.Title = strings.Repeat("A very long evening of talks ", 12)
			c.Where = strings.Repeat("Somewhere far away ", 20)
		},
		"one word":  func(c *Card) { c.Title = strings.Repeat("Достопримечательность", 6) },
		"cancelled": func(c *Card) { c.Stamp = "Cancelled" },
		"post":      func(c *Card) { c.Day, c.Month, c.Where = "", "", ""; c.When = "3 November 2026" },
		"signs":     func(c *Card) { c.Title = "🎉 Čaj, šećer & ђачка 家 party" },
		"nothing":   func(c *Card) { *c = Card{Theme: theme} },
	} {
		t.Run(name, func(t *testing.T) {
			c := evening()
			change(&c)
			m := draws(t, c)
			edge(t, m)
			if name != "nothing" && inked(m, image.Rect(margin, 150, Width-margin, Height-60)) < 3000 {
				t.Error("there is hardly any text")
			}
			if r, g, b, _ := m.At(5, 300).RGBA(); (palette.Colour{R: uint8(r >> 8), G: uint8(g >> 8), B: uint8(b >> 8)}) != theme.Light.Accent {
				t.Error("the accent is missing")
			}
		})
	}
	t.Run("cover", func(t *testing.T) {
		c := evening()
		c.Picture = photo()
		m := draws(t, c)
		if _, g, _, _ := m.At(Width-20, 300).RGBA(); g>>8 < 110 || g>>8 > 130 {
			t.Errorf("there is no picture at the right: %d", g>>8)
		}
	})
}

func TestTitlesShrink(t *testing.T) {
	fonts, err := faces()
	if err != nil {
		t.Fatal(err)
	}
	s := &sheet{fonts: fonts}
	last := 1000
	for n := 1; n < 40; n += 3 {
		size, lines := s.fitted(strings.Repeat("weekend ", n), 600, 330)
		if size > last {
			t.Errorf("%d words are larger than fewer", n)
		}
		last = size
		for _, l := range lines {
			if s.width(l, size, true) > 600 {
				t.Errorf("%q is too wide", l)
			}
		}
		if len(lines)*size*115/100 > 330 {
			t.Errorf("%d words take %d lines of %d", n, len(lines), size)
		}
	}
	if last != sizes[len(sizes)-1] {
		t.Errorf("the longest has the size %d", last)
	}
}

func TestDrawStopsWhenItsCallerDoes(t *testing.T) {
	slots <- struct{}{}
	defer func() { <-slots }()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Draw(ctx, evening()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
