package node

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"testing"
	"time"

	"konfa/community"
)

// shot is a JPEG that is unlike those of other numbers.
func shot(t *testing.T, number, w, h int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		m.Set(i%w, i/w, color.RGBA{uint8(number * 40), uint8(i % w), uint8(i / w), 255})
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPicturesAreKeptWhileSomethingShowsThem(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	add := func(number int) *community.Picture {
		t.Helper()
		p, err := w.AddPicture(ctx, console, shot(t, number, 1000, 500), " A hall ")
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	cover, unused, sign := add(1), add(2), add(3)
	if cover.Width != 1000 || cover.Height != 500 || cover.Alt != "A hall" || cover.MediaType != "image/jpeg" || cover.Blurhash == "" {
		t.Errorf("the picture is %+v", cover)
	}
	if again := add(1); again.URL != cover.URL {
		t.Errorf("the same picture is at %s and %s", cover.URL, again.URL)
	}
	w.conf(t, func(c *community.Conference) { c.Cover = cover })
	square := w.site.Square(sign)
	if square.Width != community.SquareSide || square.URL == sign.URL {
		t.Errorf("the square is %+v", square)
	}
	if err := w.UpdateCity(ctx, console, func(c *community.City) error { c.Picture = square; return nil }); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*community.Picture{cover, unused, square} {
		f, err := w.store.MediaFile(ctx, p.URL[len(w.site.Media("")):])
		if err != nil || f.Width != p.Width || f.Height != p.Height {
			t.Errorf("%s: %v", p.URL, err)
		}
	}
	if n, err := w.PrunePictures(ctx); n != 0 || err != nil {
		t.Errorf("%d pictures went at once: %v", n, err)
	}
	w.pass(community.KeepMedia + time.Second)
	if n, err := w.PrunePictures(ctx); n != 1 || err != nil {
		t.Errorf("%d pictures went after a day: %v", n, err)
	}
	if _, err := w.Uploaded(ctx, unused.URL, ""); community.CodeOf(err) != community.NotFound {
		t.Errorf("the unused one is still there: %v", err)
	}
	for _, p := range []*community.Picture{cover, sign} {
		got, err := w.Uploaded(ctx, p.URL, "Other words")
		if err != nil || got.URL != p.URL || got.Alt != "Other words" {
			t.Errorf("%v %v", got, err)
		}
	}
	if got, err := w.Uploaded(ctx, square.URL, ""); err != nil || got.URL != sign.URL {
		t.Errorf("the picture of a square is %v, %v", got, err)
	}
	if _, err := w.Uploaded(ctx, "https://evil.example/media/x-1.jpg", ""); community.CodeOf(err) != community.NotFound {
		t.Error(err)
	}
}

func TestUploadsHaveBounds(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	if _, err := w.AddPicture(ctx, By{}, shot(t, 1, 20, 20), ""); community.CodeOf(err) != community.Forbidden {
		t.Errorf("a stranger uploads: %v", err)
	}
	if _, err := w.AddPicture(ctx, console, []byte("<svg/>"), ""); community.CodeOf(err) != community.Invalid {
		t.Errorf("no picture: %v", err)
	}
	if err := w.AddMember(ctx, console, &community.Member{Handle: "bo"}); err != nil {
		t.Fatal(err)
	}
	bo, err := w.store.Member(ctx, "bo")
	if err != nil {
		t.Fatal(err)
	}
	by := By{Member: bo}
	for i := range community.MaxUploads {
		if _, err := w.AddPicture(ctx, by, shot(t, 1, 20+i, 20), ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.AddPicture(ctx, by, shot(t, 1, 19, 20), ""); community.CodeOf(err) != community.Refused {
		t.Errorf("one more than a day allows: %v", err)
	}
	w.pass(25 * time.Hour)
	if _, err := w.AddPicture(ctx, by, shot(t, 1, 19, 20), ""); err != nil {
		t.Errorf("the next day: %v", err)
	}
	if err := w.UpdateCity(ctx, console, func(c *community.City) error { c.Settings.MediaMB = 1; return nil }); err != nil {
		t.Fatal(err)
	}
	full := false
	for i := range 30 {
		noise := shot(t, i, 1600, 1200)
		_, err := w.AddPicture(ctx, console, noise, "")
		if full = community.CodeOf(err) == community.Refused; full {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if used, err := w.store.MediaBytes(ctx); !full || used > 1<<20 || err != nil {
		t.Errorf("%d bytes are used where 1 MB is allowed, refused: %v, %v", used, full, err)
	}
}
