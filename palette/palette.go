package palette

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"konfa/community"
)

// Colour is a colour of sRGB.
type Colour struct{ R, G, B uint8 }

// String is the colour as style sheets write it.
func (c Colour) String() string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// Parse reads "#a4431f". Invalid, of the field "accent", for everything else.
func Parse(s string) (Colour, error) {
	hex, ok := strings.CutPrefix(s, "#")
	n, err := strconv.ParseUint(hex, 16, 32)
	if !ok || err != nil || len(hex) != 6 {
		return Colour{}, &community.Error{Code: community.Invalid, Msg: "this is no colour",
			Fields: []community.FieldError{{Field: "accent", Key: "accent", Msg: fmt.Sprintf("%q is no colour such as #a4431f", s)}}}
	}
	return Colour{uint8(n >> 16), uint8(n >> 8), uint8(n)}, nil
}

// Grounds and inks of the sheet of the pages, which stay as they are. A test
// compares them with it.
var (
	LightPaper = Colour{0xfb, 0xf8, 0xf3}
	LightCard  = Colour{0xff, 0xfd, 0xfa}
	LightInk   = Colour{0x26, 0x21, 0x1c}
	LightSoft  = Colour{0x66, 0x5c, 0x51}
	DarkPaper  = Colour{0x19, 0x16, 0x13}
	DarkCard   = Colour{0x22, 0x1e, 0x1a}
	DarkInk    = Colour{0xed, 0xe5, 0xda}
	DarkSoft   = Colour{0xb3, 0xa6, 0x97}
)

// Default is the accent of the sheet.
var Default = Colour{0xa4, 0x43, 0x1f}

// Enough is the contrast of text that can be read.
const Enough = 4.5

// Scheme are the colours that follow from the accent, light or dark.
type Scheme struct {
	Accent Colour // of links and buttons, on every ground and on Tint
	Deep   Colour // of links under the pointer
	On     Colour // of what is written on Accent and on Deep
	Tint   Colour // a ground with a touch of it, for every ink
}

// Theme is a city's.
type Theme struct{ Light, Dark Scheme }

// Derive makes a theme of one colour. The hue stays; the lightness moves as far
// as it has to.
func Derive(c Colour) Theme {
	_, chroma, hue := c.lch()
	l, _, _ := c.lch()
	var t Theme
	t.Light.Tint = shade(.945, min(chroma*.25, .028), hue)
	t.Light.On = Colour{255, 255, 255}
	t.Light.Accent = until(min(l, .62), -.004, chroma, hue, []Colour{LightPaper, LightCard, t.Light.Tint, t.Light.On})
	la, _, _ := t.Light.Accent.lch()
	t.Light.Deep = until(la-.07, -.004, chroma, hue, []Colour{LightPaper, LightCard, t.Light.Tint, t.Light.On})
	t.Dark.Tint = shade(.275, min(chroma*.3, .03), hue)
	t.Dark.On = shade(.2, min(chroma*.4, .05), hue)
	soft := min(chroma, .125) // strong colours glow on black
	t.Dark.Accent = until(max(l, .74), .004, soft, hue, []Colour{DarkPaper, DarkCard, t.Dark.Tint, t.Dark.On})
	da, _, _ := t.Dark.Accent.lch()
	t.Dark.Deep = until(min(da+.07, .95), .004, soft*.8, hue, []Colour{DarkPaper, DarkCard, t.Dark.Tint, t.Dark.On})
	return t
}

// until moves the lightness until a colour can be read on, or under, all others.
func until(l, step, chroma, hue float64, others []Colour) Colour {
	for {
		c, good := shade(l, chroma, hue), true
		for _, o := range others {
			good = good && Contrast(c, o) >= Enough
		}
		if good || l <= 0 || l >= 1 {
			return c
		}
		l += step
	}
}

// Contrast of two colours, 1 to 21 (WCAG 2.2).
func Contrast(a, b Colour) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + .05) / (min(x, y) + .05)
}

func (c Colour) luminance() float64 {
	return .2126*linear(c.R) + .7152*linear(c.G) + .0722*linear(c.B)
}

func linear(v uint8) float64 {
	f := float64(v) / 255
	if f <= .04045 {
		return f / 12.92
	}
	return math.Pow((f+.055)/1.055, 2.4)
}

func gamma(f float64) float64 {
	if f <= .0031308 {
		return 12.92 * f
	}
	return 1.055*math.Pow(f, 1/2.4) - .055
}

// lch is the colour in OKLCH (CSS Color 4 §9.2): lightness 0 to 1, chroma, and hue
// in radians.
func (c Colour) lch() (l, chroma, hue float64) {
	r, g, b := linear(c.R), linear(c.G), linear(c.B)
	x := math.Cbrt(.4122214708*r + .5363325363*g + .0514459929*b)
	y := math.Cbrt(.2119034982*r + .6806995451*g + .1073969566*b)
	z := math.Cbrt(.0883024619*r + .2817188376*g + .6299787005*b)
	l = .2104542553*x + .7936177850*y - .0040720468*z
	a := 1.9779984951*x - 2.4285922050*y + .4505937099*z
	bb := .0259040371*x + .7827717662*y - .8086757660*z
	return l, math.Hypot(a, bb), math.Atan2(bb, a)
}

// shade is the colour of a lightness, a chroma and a hue, with as much of the
// chroma as a screen can show.
func shade(l, chroma, hue float64) Colour {
	l = max(0, min(1, l))
	for ; ; chroma -= .004 {
		a, b := max(0, chroma)*math.Cos(hue), max(0, chroma)*math.Sin(hue)
		x, y, z := l+.3963377774*a+.2158037573*b, l-.1055613458*a-.0638541728*b, l-.0894841775*a-1.2914855480*b
		x, y, z = x*x*x, y*y*y, z*z*z
		rgb := [3]float64{
			4.0767416621*x - 3.3077115913*y + .2309699292*z,
			-1.2684380046*x + 2.6097574011*y - .3413193965*z,
			-.0041960863*x - .7034186147*y + 1.7076147010*z,
		}
		var out [3]uint8
		inside := true
		for i, v := range rgb {
			inside = inside && v > -.0005 && v < 1.0005
			out[i] = uint8(math.Round(255 * gamma(max(0, min(1, v)))))
		}
		if inside || chroma <= 0 {
			return Colour{out[0], out[1], out[2]}
		}
	}
}
