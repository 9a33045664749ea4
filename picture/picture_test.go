package picture

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"konfa/community"

	"github.com/bbrks/go-blurhash"
)

// photo is a picture with a gradient and a bright corner at the top left.
func photo(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetRGBA(x, y, color.RGBA{uint8(60 + 60*x/w), uint8(60 + 60*y/h), uint8(x * y % 61), 255})
			if x < w/4 && y < h/4 {
				m.SetRGBA(x, y, color.RGBA{250, 240, 230, 255})
			}
		}
	}
	return m
}

func asJPEG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withExif puts Exif with an orientation, a place and a comment behind the start
// of a JPEG.
func withExif(b []byte, orientation uint16) []byte {
	var x bytes.Buffer
	x.WriteString("Exif\x00\x00II*\x00")
	le := binary.LittleEndian
	x.Write(le.AppendUint32(nil, 8))
	x.Write(le.AppendUint16(nil, 2))
	x.Write([]byte{0x0f, 0x01, 2, 0, 4, 0, 0, 0, 'C', 'a', 'm', 0}) // make
	x.Write([]byte{0x12, 0x01, 3, 0, 1, 0, 0, 0})
	x.Write(le.AppendUint16(nil, orientation))
	x.WriteString("\x00\x00\x00\x00\x00\x00GPS 44.8125 20.4612")
	out := append([]byte{}, b[:2]...)
	out = append(out, 0xff, 0xe1)
	out = binary.BigEndian.AppendUint16(out, uint16(x.Len()+2))
	out = append(out, x.Bytes()...)
	return append(out, b[2:]...)
}

func read(t *testing.T, data []byte) *Picture {
	t.Helper()
	p, err := Read(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func refused(t *testing.T, data []byte, key string) {
	t.Helper()
	p, err := Read(t.Context(), data)
	e, ok := errors.AsType[*community.Error](err)
	if !ok || e.Key != "picture."+key || !IsRefusal(err) {
		t.Fatalf("got %v and %v, want the refusal %q", p, err, key)
	}
}

// look decodes a file and compares what it says of itself.
func look(t testing.TB, p *Picture, f File) image.Image {
	t.Helper()
	m, format, err := image.Decode(bytes.NewReader(f.Data))
	if err != nil {
		t.Fatal(err)
	}
	if "image/"+format != p.MediaType || m.Bounds().Dx() != f.Width || m.Bounds().Dy() != f.Height {
		t.Fatalf("a file of %s %dx%d is %s %v", p.MediaType, f.Width, f.Height, format, m.Bounds())
	}
	return m
}

func TestPhotoComesInThreeSizesAndASquare(t *testing.T) {
	p := read(t, asJPEG(t, photo(2400, 1800)))
	var widths []int
	for _, f := range p.Files {
		look(t, p, f)
		widths = append(widths, f.Width)
	}
	if want := Widths(1600); len(widths) != 3 || widths[0] != want[0] || widths[1] != want[1] || widths[2] != want[2] {
		t.Errorf("the widths are %v, want %v", widths, want)
	}
	if l := p.Largest(); l.Height != 1200 {
		t.Errorf("the largest is %d high", l.Height)
	}
	if look(t, p, p.Square); p.Square.Width != community.SquareSide {
		t.Errorf("the square is %d wide", p.Square.Width)
	}
	if p.Bytes() > 600_000 {
		t.Errorf("all files take %d bytes", p.Bytes())
	}
	if m, err := blurhash.Decode(p.Blurhash, 8, 6, 1); err != nil {
		t.Error(err)
	} else if r, _, _, _ := m.At(0, 0).RGBA(); r>>8 < 170 {
		t.Errorf("the blurhash %s has lost the bright corner: %d", p.Blurhash, r>>8)
	}
	if again := read(t, asJPEG(t, photo(2400, 1800))); again.ID != p.ID || len(p.ID) != 32 {
		t.Errorf("the same picture is %s and %s", p.ID, again.ID)
	}
}

func TestSmallPicturesDoNotGrow(t *testing.T) {
	p := read(t, asJPEG(t, photo(300, 200)))
	if len(p.Files) != 1 || p.Largest().Width != 300 || p.Square.Width != 200 {
		t.Errorf("%d files, the largest %d, the square %d", len(p.Files), p.Largest().Width, p.Square.Width)
	}
	tall := read(t, asJPEG(t, photo(100, 6000)))
	if l := tall.Largest(); l.Height != highest || l.Width != 40 {
		t.Errorf("a tall one is %dx%d", l.Width, l.Height)
	}
}

func TestNothingOfTheFileIsLeftButThePicture(t *testing.T) {
	data := withExif(asJPEG(t, photo(600, 400)), 1)
	data = append(data, "PK\x03\x04<script>alert(1)</script>"...)
	p := read(t, data)
	for _, f := range append(p.Files, p.Square) {
		for _, secret := range []string{"Exif", "GPS", "Cam", "script", "PK\x03\x04"} {
			if bytes.Contains(f.Data, []byte(secret)) {
				t.Errorf("%q is still there", secret)
			}
		}
	}
}

func TestPicturesStandUpright(t *testing.T) {
	// Where the bright top left corner is seen after each turn (TIFF 6.0 §8).
	for turn, at := range map[uint16][2]int{1: {0, 0}, 2: {1, 0}, 3: {1, 1}, 4: {0, 1}, 5: {0, 0}, 6: {1, 0}, 7: {1, 1}, 8: {0, 1}} {
		p := read(t, withExif(asJPEG(t, photo(800, 400)), turn))
		l := p.Largest()
		if (turn >= 5) != (l.Width == 400) {
			t.Errorf("turned by %d it is %dx%d", turn, l.Width, l.Height)
		}
		m := look(t, p, l)
		x, y := l.Width/20, l.Height/20
		if at[0] == 1 {
			x = l.Width - x
		}
		if at[1] == 1 {
			y = l.Height - y
		}
		if r, _, _, _ := m.At(x, y).RGBA(); r>>8 < 220 {
			t.Errorf("turned by %d the corner is not at %v: %d", turn, at, r>>8)
		}
	}
	big := read(t, withExif(asJPEG(t, photo(3000, 1500)), 6))
	if l := big.Largest(); l.Width != 1200 || l.Height != 2400 {
		t.Errorf("a turned large one is %dx%d", l.Width, l.Height)
	}
}

func TestTransparencyAndDrawingsStayPNG(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 700, 700))
	for y := range 700 {
		for x := range 700 {
			if math.Hypot(float64(x-350), float64(y-350)) < 300 {
				m.SetNRGBA(x, y, color.NRGBA{200, 30, 30, 255})
			}
		}
	}
	p := read(t, asPNG(t, m))
	if p.MediaType != "image/png" {
		t.Fatalf("with a hole it is %s", p.MediaType)
	}
	for _, f := range append(p.Files, p.Square) {
		out := look(t, p, f)
		if _, _, _, a := out.At(0, 0).RGBA(); a != 0 {
			t.Errorf("the corner of %d is not see-through", f.Width)
		}
		if r, _, _, a := out.At(f.Width/2, f.Height/2).RGBA(); a != 0xffff || r>>8 != 200 {
			t.Errorf("the middle of %d is %d", f.Width, r>>8)
		}
	}
	flat := image.NewPaletted(image.Rect(0, 0, 500, 300), color.Palette{color.White, color.Black})
	for i := range 300 {
		flat.SetColorIndex(i, i, 1)
	}
	if p := read(t, asPNG(t, flat)); p.MediaType != "image/png" {
		t.Errorf("a drawing is %s", p.MediaType)
	}
	noise := photo(500, 300)
	for i := range noise.Pix {
		if i%4 != 3 {
			noise.Pix[i] += uint8(rand.N(40))
		}
	}
	if p := read(t, asPNG(t, noise)); p.MediaType != "image/jpeg" {
		t.Errorf("a photo sent as PNG is %s", p.MediaType)
	}
}

func TestShrinkKeepsTheBrightness(t *testing.T) {
	src := photo(997, 661)
	var want, n float64
	for i, v := range src.Pix {
		if i%4 == 0 {
			want, n = want+float64(v), n+1
		}
	}
	want /= n
	for _, size := range [][2]int{{997, 661}, {996, 660}, {500, 331}, {333, 100}, {7, 5}, {1, 1}} {
		m := shrink(src, size[0], size[1])
		var got, n float64
		for i, v := range m.Pix {
			if i%4 == 0 {
				got, n = got+float64(v), n+1
			}
			if i%4 == 3 && v != 255 {
				t.Fatalf("%v: alpha is %d", size, v)
			}
		}
		if got /= n; math.Abs(got-want) > .7 {
			t.Errorf("%v: the mean is %.2f, was %.2f", size, got, want)
		}
	}
	if same := shrink(src, 997, 661); !bytes.Equal(same.Pix, src.Pix) {
		t.Error("the same size is another picture")
	}
}

func TestWhatIsNoPictureIsRefused(t *testing.T) {
	var moving bytes.Buffer
	if err := gif.Encode(&moving, photo(20, 20), nil); err != nil {
		t.Fatal(err)
	}
	good := asJPEG(t, photo(400, 300))
	goodPNG := asPNG(t, photo(400, 300))
	for _, x := range []struct {
		name, key string
		data      []byte
	}{
		{"nothing", "empty", nil},
		{"svg", "svg", []byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)},
		{"html", "kind", []byte("<!doctype html><script>alert(1)</script>")},
		{"gif", "gif", moving.Bytes()},
		{"gif and javascript", "gif", []byte("GIF89a/*\x00\x00*/=1;alert(1)")},
		{"pdf", "kind", []byte("%PDF-1.7")},
		{"zip", "kind", []byte("PK\x03\x04")},
		{"heic", "heic", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic")},
		{"html called a jpeg", "broken", append([]byte("\xff\xd8\xff"), "<script>alert(1)</script>"...)},
		{"cut", "broken", good[:len(good)/2]},
		{"cut png", "broken", goodPNG[:len(goodPNG)-30]},
		{"riff of nothing", "broken", []byte("RIFF\x04\x00\x00\x00WEBP")},
		{"tiny", "tiny", asPNG(t, photo(1, 1))},
		{"large", "big", make([]byte, MaxBytes+1)},
		{"moving png", "moving", withChunk(goodPNG, "acTL", make([]byte, 8))},
		{"moving webp", "moving", webpOf("VP8X", make([]byte, 10), "ANIM", make([]byte, 6))},
		{"many scans", "heavy", manyScans(good)},
	} {
		t.Run(x.name, func(t *testing.T) { refused(t, x.data, x.key) })
	}
}

// TestWebP reads the samples of the decoder's own authors.
func TestWebP(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/image").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name, kind := range map[string]string{"yellow_rose.lossy.webp": "image/jpeg", "yellow_rose.lossy-with-alpha.webp": "image/png", "yellow_rose.lossless.webp": "image/png"} {
		data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		p := read(t, data)
		if look(t, p, p.Largest()); p.MediaType != kind {
			t.Errorf("%s is %s", name, p.MediaType)
		}
		refused(t, data[:len(data)*2/3], "broken")
	}
}

// withChunk adds a chunk after the header of a PNG.
func withChunk(b []byte, name string, data []byte) []byte {
	c := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	c = append(append(c, name...), data...)
	c = binary.BigEndian.AppendUint32(c, crc32.ChecksumIEEE(c[4:]))
	return append(append(append([]byte{}, b[:33]...), c...), b[33:]...)
}

func webpOf(parts ...any) []byte {
	body := []byte("WEBP")
	for i := 0; i < len(parts); i += 2 {
		data := parts[i+1].([]byte)
		body = append(append(body, parts[i].(string)...), binary.LittleEndian.AppendUint32(nil, uint32(len(data)))...)
		body = append(body, data...)
	}
	return append(append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(len(body)))...), body...)
}

// manyScans repeats the last scan of a JPEG.
func manyScans(b []byte) []byte {
	i := bytes.LastIndex(b, []byte{0xff, 0xda})
	out := append([]byte{}, b[:len(b)-2]...)
	for range maxScans + 1 {
		out = append(out, b[i:len(b)-2]...)
	}
	return append(out, 0xff, 0xd9)
}

// TestBombsAreNotDecoded sends files of a few hundred bytes that claim to be
// pictures of gigabytes.
func TestBombsAreNotDecoded(t *testing.T) {
	pngOf := func(w, h uint32, depth, colour byte, rows int) []byte {
		b := []byte("\x89PNG\r\n\x1a\n")
		head := binary.BigEndian.AppendUint32(nil, w)
		head = append(binary.BigEndian.AppendUint32(head, h), depth, colour, 0, 0, 0)
		var z bytes.Buffer
		zw := zlib.NewWriter(&z)
		zw.Write(make([]byte, rows))
		zw.Close()
		for _, c := range []struct {
			name string
			data []byte
		}{{"IHDR", head}, {"IDAT", z.Bytes()}, {"IEND", nil}} {
			part := append(binary.BigEndian.AppendUint32(nil, uint32(len(c.data))), c.name...)
			part = append(part, c.data...)
			b = append(b, binary.BigEndian.AppendUint32(part, crc32.ChecksumIEEE(part[4:]))...)
		}
		return b
	}
	refused(t, pngOf(100_000, 100_000, 8, 6, 100), "pixels")
	refused(t, pngOf(30_000, 100, 8, 2, 100), "pixels")
	refused(t, pngOf(6_300, 6_300, 16, 6, 100), "heavy")
	// More data than the picture has room for: what is over is not unpacked.
	if p, err := Read(t.Context(), pngOf(64, 64, 8, 0, 50<<20)); err == nil && p.Largest().Width != 64 {
		t.Errorf("a PNG with too much in it: %v", p)
	}
	big := asJPEG(t, photo(64, 64))
	i := bytes.Index(big, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(big[i+5:], 60_000)
	binary.BigEndian.PutUint16(big[i+7:], 60_000)
	refused(t, big, "pixels")
	slow := asJPEG(t, photo(64, 64))
	slow[i+1] = 0xc2 // progressive
	binary.BigEndian.PutUint16(slow[i+5:], 6_300)
	binary.BigEndian.PutUint16(slow[i+7:], 6_300)
	refused(t, slow, "heavy")
}

func TestReadStopsWhenItsCallerDoes(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Read(ctx, asJPEG(t, photo(400, 300))); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// FuzzRead: whatever comes in, what comes out is a picture that can be read,
// within bounds, or a refusal that says why.
func FuzzRead(f *testing.F) {
	small := photo(40, 30)
	f.Add(asJPEG(f, small))
	f.Add(withExif(asJPEG(f, small), 6))
	f.Add(asPNG(f, small))
	f.Add(webpOf("VP8X", make([]byte, 10), "EXIF", []byte("II*\x00")))
	f.Add(webpOf("VP8L", []byte{0x2f, 0x1f, 0xc0, 0x07, 0x00, 0x88, 0x88, 0x08}))
	f.Add([]byte("<svg/>"))
	f.Add([]byte(strings.Repeat("\xff\xd8\xff\xe1\x00\x02", 9)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil && c.Width*c.Height > 100_000 {
			t.Skip("within the bounds, and slow")
		}
		p, err := Read(t.Context(), data)
		if err != nil {
			if !IsRefusal(err) {
				t.Fatalf("%v is no refusal", err)
			}
			return
		}
		if l := p.Largest(); l.Width > widest || l.Height > highest {
			t.Fatalf("it is %dx%d", l.Width, l.Height)
		}
		for _, file := range append(p.Files, p.Square) {
			look(t, p, file)
		}
		if _, _, err := blurhash.Components(p.Blurhash); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkRead12MP(b *testing.B) {
	data := asJPEG(b, photo(4000, 3000))
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Read(b.Context(), data); err != nil {
			b.Fatal(err)
		}
	}
}
