package community

import (
	"strconv"
	"strings"
	"time"
)

// Media is a picture that someone uploaded, written anew by us.
type Media struct {
	ID        string // of what is seen, 32 hexadecimal digits
	MediaType string // image/jpeg or image/png
	Width     int    // of the largest file
	Height    int
	Blurhash  string
	Bytes     int    // of all its files
	By        string // handle of who uploaded it first, or "console"
	Created   time.Time
	Files     []MediaFile // not filled on reading
}

// MediaFile is one size of a picture. Its name is the last part of its address:
// what is under a name never changes.
type MediaFile struct {
	Name          string // "<id>-1600.jpg", "<id>-square.png"
	MediaType     string
	Width, Height int
	Data          []byte
}

// Bounds of uploads.
const (
	// DefaultMediaMB is how many megabytes all pictures may take where the
	// settings say nothing.
	DefaultMediaMB = 2048
	// MaxUploads is how many pictures who is no steward may upload in a day.
	MaxUploads = 20
	// KeepMedia is how long a picture that nothing shows is kept: the form that
	// it was uploaded with may have another mistake, or be a draft.
	KeepMedia = 24 * time.Hour
)

// mediaEnding is the end of the name of a file of a type.
func mediaEnding(mediaType string) string {
	if mediaType == "image/png" {
		return ".png"
	}
	return ".jpg"
}

// MediaName is the name of a picture in one width.
func MediaName(id string, width int, mediaType string) string {
	return id + "-" + strconv.Itoa(width) + mediaEnding(mediaType)
}

// SquareName is the name of the square of a picture.
func SquareName(id, mediaType string) string { return id + "-square" + mediaEnding(mediaType) }

// MediaID tells which uploaded picture an address shows, in whatever size; empty
// for a picture of elsewhere.
func (s Site) MediaID(address string) string {
	name, ok := strings.CutPrefix(address, s.Base+"/media/")
	if !ok {
		return ""
	}
	id, _, ok := strings.Cut(name, "-")
	if !ok || len(id) != mediaID || strings.Trim(id, "0123456789abcdef") != "" {
		return ""
	}
	return id
}

const mediaID = 32

// Picture is how others see an uploaded picture.
func (s Site) Picture(m *Media, alt string) *Picture {
	return &Picture{URL: s.Media(MediaName(m.ID, m.Width, m.MediaType)), MediaType: m.MediaType, Alt: alt, Width: m.Width, Height: m.Height, Blurhash: m.Blurhash}
}

// SquareSide is the side of the square of a picture, in pixels, where the
// picture is large enough.
const SquareSide = 400

// Square is the square that was cut out of an uploaded picture: for a face or a
// sign. A picture of elsewhere stays as it is.
func (s Site) Square(p *Picture) *Picture {
	if p == nil {
		return nil
	}
	id := s.MediaID(p.URL)
	if id == "" {
		return p
	}
	q := *p
	q.URL = s.Media(SquareName(id, p.MediaType))
	q.Width = min(p.Width, p.Height, SquareSide)
	q.Height = q.Width
	return &q
}
