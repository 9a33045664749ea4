package picture

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"runtime/debug"
	"time"

	"github.com/bbrks/go-blurhash"
	"golang.org/x/image/draw"
	"golang.org/x/image/webp"

	"konfa/community"
)

// Picture is a picture written anew.
type Picture struct {
	ID        string // of what is seen: the same picture has the same
	MediaType string // image/jpeg or image/png
	Files     []File // from narrow to wide, without the square
	Square    File   // cut out of the middle, for a face or a sign
	Blurhash  string
}

// File is a picture in one size, in pixels.
type File struct {
	Width, Height int
	Data          []byte
}

// Largest is the widest of its files.
func (p *Picture) Largest() File { return p.Files[len(p.Files)-1] }

// Bytes is the size of all files together.
func (p *Picture) Bytes() int {
	n := len(p.Square.Data)
	for _, f := range p.Files {
		n += len(f.Data)
	}
	return n
}

const (
	widest  = 1600
	highest = 2400
	quality = 84
)

// readWithin bounds how long one picture may take.
const readWithin = 20 * time.Second

// slots are how many pictures are read at a time: one takes most of a core and
// much memory.
var slots = make(chan struct{}, 1)

// Widths lists the widths of the files of a picture whose widest one has the
// given width.
func Widths(largest int) []int {
	var out []int
	for _, w := range []int{480, 960} {
		if w*5 <= largest*4 { // what is nearly as large is not worth a file
			out = append(out, w)
		}
	}
	return append(out, largest)
}

// Read checks what someone sent and writes it anew. Its errors are
// *community.Error of the code Invalid with a key "picture.…", or that of ctx.
func Read(ctx context.Context, data []byte) (*Picture, error) {
	switch {
	case len(data) > MaxBytes:
		return nil, errBig
	}
	k, err := sniff(data)
	if err != nil {
		return nil, err
	}
	turn, err := weigh(data, k)
	if err != nil {
		return nil, err
	}
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	within, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	m, err := decode(within, data, k)
	if err != nil {
		if within.Err() != nil && ctx.Err() == nil {
			return nil, errHeavy
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	w, h := fit(m.Bounds().Dx(), m.Bounds().Dy(), turn)
	largest := upright(shrink(m, w, h), turn)
	big := m.Bounds().Dx()*m.Bounds().Dy() > 8_000_000
	m = nil
	if big {
		debug.FreeOSMemory() // a photo is read now and then; the memory is not kept for the next
	}
	return write(largest, k)
}

// weigh looks at the header alone: how large the picture is, what decoding it
// takes, and how it is turned.
func weigh(data []byte, k kind) (orient int, err error) {
	var c image.Config
	r := bytes.NewReader(data)
	per := int64(4) // bytes for each pixel, at most
	orient = 1
	switch k {
	case isJPEG:
		f := lookJPEG(data)
		orient = orientation(f.exif)
		if f.scans > maxScans {
			return 0, errHeavy
		}
		if cost := f.samples; f.progressive && cost*5 > maxMemory {
			return 0, errHeavy // four bytes for each coefficient until the last scan
		}
		c, err = jpeg.DecodeConfig(r)
	case isPNG:
		if chunk(data, k, "acTL") != nil {
			return 0, errMoving
		}
		orient = orientation(chunk(data, k, "eXIf"))
		if len(data) > 24 && data[24] == 16 { // bit depth
			per = 8
		}
		c, err = png.DecodeConfig(r)
	case isWebP:
		if chunk(data, k, "ANIM") != nil || chunk(data, k, "ANMF") != nil {
			return 0, errMoving
		}
		exif := chunk(data, k, "EXIF")
		orient = orientation(bytes.TrimPrefix(exif, []byte("Exif\x00\x00")))
		c, err = webp.DecodeConfig(r)
	}
	if err != nil {
		return 0, errBroken
	}
	pixels := int64(c.Width) * int64(c.Height)
	switch {
	case c.Width > MaxSide || c.Height > MaxSide || pixels > MaxPixels:
		return 0, errPixels
	case c.Width < MinSide || c.Height < MinSide:
		return 0, errTiny
	case pixels*per > maxMemory:
		return 0, errHeavy
	}
	return orient, nil
}

// decode reads the pixels.
func decode(ctx context.Context, data []byte, k kind) (m image.Image, err error) {
	// The decoders are fuzzed by their authors; a panic in one all the same is a
	// broken picture, and no reason to fall over.
	defer func() {
		if recover() != nil {
			m, err = nil, errBroken
		}
	}()
	r := &patient{ctx, bytes.NewReader(data)}
	switch k {
	case isJPEG:
		m, err = jpeg.Decode(r)
	case isPNG:
		m, err = png.Decode(r)
	default:
		m, err = webp.Decode(r)
	}
	if err != nil {
		return nil, errBroken
	}
	return m, nil
}

// patient stops being read when its context is done: the decoders know of none.
type patient struct {
	ctx context.Context
	r   io.Reader
}

func (p *patient) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.r.Read(b)
}

// fit is the size of the largest file of a picture, before it is turned.
func fit(w, h, turn int) (int, int) {
	mw, mh := widest, highest
	if turn >= 5 {
		mw, mh = mh, mw
	}
	nw, nh := w, h
	if nw > mw {
		nw, nh = mw, max(1, (h*mw+w/2)/w)
	}
	if nh > mh {
		nw, nh = max(1, (w*mh+h/2)/h), mh
	}
	return nw, nh
}

// write makes the files.
func write(m *image.RGBA, from kind) (*Picture, error) {
	p := &Picture{MediaType: "image/jpeg"}
	var first []byte
	switch seen, err := encodeJPEG(m); {
	case err != nil:
		return nil, err
	case !m.Opaque():
		p.MediaType = "image/png"
	case from != isJPEG:
		// A drawing is smaller as PNG, and sharper.
		lossless, err := encodePNG(m)
		if err != nil {
			return nil, err
		}
		if first = seen; len(lossless) <= len(seen) {
			p.MediaType, first = "image/png", lossless
		}
	default:
		first = seen
	}
	encode := encodeJPEG
	if p.MediaType == "image/png" {
		encode = encodePNG
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	for _, nw := range Widths(w) {
		f := File{Width: nw, Height: max(1, (h*nw+w/2)/w)}
		var err error
		switch {
		case nw < w:
			f.Data, err = encode(shrink(m, f.Width, f.Height))
		case first != nil:
			f.Data = first
		default:
			f.Data, err = encode(m)
		}
		if err != nil {
			return nil, err
		}
		p.Files = append(p.Files, f)
	}
	side := min(w, h)
	at := image.Pt((w-side)/2, (h-side)/3) // faces are above the middle
	cut := m.SubImage(image.Rectangle{at, at.Add(image.Pt(side, side))})
	small := min(side, community.SquareSide)
	data, err := encode(shrink(cut, small, small))
	if err != nil {
		return nil, err
	}
	p.Square = File{small, small, data}
	if p.Blurhash, err = blur(m); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(p.Largest().Data)
	p.ID = hex.EncodeToString(sum[:16])
	return p, nil
}

func encodeJPEG(m *image.RGBA) ([]byte, error) {
	var b bytes.Buffer
	err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality})
	return b.Bytes(), err
}

func encodePNG(m *image.RGBA) ([]byte, error) {
	var b bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, m)
	return b.Bytes(), err
}

// blur is the blurhash, of the picture on white.
func blur(m *image.RGBA) (string, error) {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	nw, nh := min(w, 32), min(h, 32)
	small := shrink(m, nw, nh)
	flat := image.NewRGBA(small.Rect)
	draw.Draw(flat, flat.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(flat, flat.Rect, small, image.Point{}, draw.Over)
	x, y := 4, 3
	switch {
	case h > w*6/5:
		x, y = 3, 4
	case h*6/5 > w:
		x, y = 4, 4
	}
	return blurhash.Encode(x, y, flat)
}

// IsRefusal tells whether an error says what is wrong with the picture.
func IsRefusal(err error) bool {
	e, ok := errors.AsType[*community.Error](err)
	return ok && e.Code == community.Invalid
}
