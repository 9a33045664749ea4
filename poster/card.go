package poster

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"sync"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"konfa/community"
	"konfa/palette"
)

// Size of a card in pixels: what those who show cards ask for.
const (
	Width  = 1200
	Height = 630
)

// Card is what a card says. Empty texts are left out.
type Card struct {
	City    string // whose it is
	Title   string
	When    string
	Where   string
	Foot    string // where to find it
	Stamp   string // what must not be overlooked: "Cancelled"
	Day     string // of the tile: "22"
	Month   string // "Nov"
	Theme   palette.Theme
	Picture []byte // JPEG or PNG that we wrote ourselves, or nil
}

// faces are read once; what is drawn with them is of each card.
var faces = sync.OnceValues(func() (map[bool]*sfnt.Font, error) {
	out := map[bool]*sfnt.Font{}
	for bold, ttf := range map[bool][]byte{false: goregular.TTF, true: gobold.TTF} {
		f, err := opentype.Parse(ttf)
		if err != nil {
			return nil, community.Errorf(community.Internal, "reading a typeface: %w", err)
		}
		out[bold] = f
	}
	return out, nil
})

// slots are how many cards are drawn at a time.
var slots = make(chan struct{}, 1)

// margin is the space around everything, the text is as wide as column or, beside
// a picture, narrow.
const (
	margin = 72
	column = Width - 2*margin
	narrow = 640
)

// Draw makes the card, a PNG.
func Draw(ctx context.Context, c Card) ([]byte, error) {
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	fonts, err := faces()
	if err != nil {
		return nil, err
	}
	s := &sheet{RGBA: image.NewRGBA(image.Rect(0, 0, Width, Height)), fonts: fonts}
	light := c.Theme.Light
	s.fill(s.Rect, palette.LightPaper)
	width := column
	if len(c.Picture) > 0 {
		m, err := decode(c.Picture)
		if err != nil {
			return nil, err
		}
		width = narrow
		s.cover(image.Rect(margin+narrow+56, 0, Width, Height), m)
	}
	s.fill(image.Rect(0, 0, 20, Height), light.Accent)

	y := 60
	if c.Day != "" {
		tile := image.Rect(margin, y, margin+104, y+112)
		s.fill(tile, light.Tint)
		s.centred(c.Day, tile, y+58, 52, true, light.Deep)
		s.centred(c.Month, tile, y+92, 26, false, light.Deep)
		s.line(c.City, image.Pt(margin+130, y+68), width-130, 34, true, light.Accent)
	} else {
		s.line(c.City, image.Pt(margin, y+44), width, 34, true, light.Accent)
		y -= 40
	}
	if c.Stamp != "" {
		at := s.width(c.Stamp, 28, true)
		box := image.Rect(margin, y+136, margin+at+36, y+186)
		s.fill(box, palette.Colour{R: 0xa3, G: 0x24, B: 0x2a})
		s.line(c.Stamp, image.Pt(box.Min.X+18, box.Max.Y-16), width, 28, true, palette.Colour{R: 255, G: 255, B: 255})
		y += 62
	}

	// From the bottom up: where to find it, the place, the time. The title gets
	// what is left.
	low := Height - 52
	s.line(c.Foot, image.Pt(margin, low), width, 26, false, palette.LightSoft)
	low -= 58
	for _, t := range []struct {
		text string
		bold bool
	}{{c.Where, false}, {c.When, true}} {
		if t.text == "" {
			continue
		}
		lines := s.broken(t.text, width, 34, t.bold, 2)
		for i := len(lines) - 1; i >= 0; i-- {
			s.line(lines[i], image.Pt(margin, low), width, 34, t.bold, palette.LightInk)
			low -= 44
		}
		low -= 6
	}
	top := y + 136
	size, lines := s.fitted(c.Title, width, low-top)
	step := size * 115 / 100
	base := top + size
	for _, l := range lines {
		s.line(l, image.Pt(margin, base), width, size, true, palette.LightInk)
		base += step
	}

	var b bytes.Buffer
	if err := png.Encode(&b, s.RGBA); err != nil {
		return nil, community.Errorf(community.Internal, "writing a card: %w", err)
	}
	return b.Bytes(), nil
}

func decode(data []byte) (image.Image, error) {
	if bytes.HasPrefix(data, []byte("\x89PNG")) {
		return png.Decode(bytes.NewReader(data))
	}
	return jpeg.Decode(bytes.NewReader(data))
}

// sheet is what is drawn on.
type sheet struct {
	*image.RGBA
	fonts map[bool]*sfnt.Font
	made  map[style]font.Face
}

type style struct {
	size int
	bold bool
}

func (s *sheet) face(size int, bold bool) font.Face {
	if f, ok := s.made[style{size, bold}]; ok {
		return f
	}
	f, err := opentype.NewFace(s.fonts[bold], &opentype.FaceOptions{Size: float64(size), DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		panic(err) // NewFace fails for no options of ours
	}
	if s.made == nil {
		s.made = map[style]font.Face{}
	}
	s.made[style{size, bold}] = f
	return f
}

func (s *sheet) fill(r image.Rectangle, c palette.Colour) {
	draw.Draw(s.RGBA, r, image.NewUniform(color.RGBA{c.R, c.G, c.B, 255}), image.Point{}, draw.Src)
}

// cover fills a rectangle with the middle of a picture.
func (s *sheet) cover(r image.Rectangle, m image.Image) {
	b := m.Bounds()
	w, h := b.Dx(), b.Dy()
	if w*r.Dy() > h*r.Dx() {
		w = max(1, h*r.Dx()/r.Dy())
	} else {
		h = max(1, w*r.Dy()/r.Dx())
	}
	at := image.Pt(b.Min.X+(b.Dx()-w)/2, b.Min.Y+(b.Dy()-h)/2)
	draw.CatmullRom.Scale(s.RGBA, r, m, image.Rectangle{at, at.Add(image.Pt(w, h))}, draw.Over, nil)
}

// known drops what the typeface has no sign for: a row of boxes says nothing.
func (s *sheet) known(text string) string {
	var buf sfnt.Buffer
	out := make([]rune, 0, len(text))
	for _, r := range text {
		switch r {
		case '\u00a0', '\u202f', '\t', '\n':
			r = ' '
		case '\u2011':
			r = '-'
		}
		if i, err := s.fonts[true].GlyphIndex(&buf, r); err == nil && (i != 0 || r == ' ') {
			out = append(out, r)
		}
	}
	return string(out)
}

func (s *sheet) width(text string, size int, bold bool) int {
	return font.MeasureString(s.face(size, bold), s.known(text)).Ceil()
}

// line writes one line with its base at a point; what does not fit is cut off.
func (s *sheet) line(text string, at image.Point, width, size int, bold bool, c palette.Colour) {
	text = s.cut(s.known(text), width, size, bold)
	d := font.Drawer{Dst: s.RGBA, Src: image.NewUniform(color.RGBA{c.R, c.G, c.B, 255}), Face: s.face(size, bold), Dot: fixed.P(at.X, at.Y)}
	d.DrawString(text)
}

func (s *sheet) centred(text string, in image.Rectangle, base, size int, bold bool, c palette.Colour) {
	for s.width(text, size, bold) > in.Dx()-8 && size > 12 {
		size -= 2
	}
	s.line(text, image.Pt(in.Min.X+(in.Dx()-s.width(text, size, bold))/2, base), in.Dx(), size, bold, c)
}
