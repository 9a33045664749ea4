package picture

import (
	"bytes"

	"konfa/community"
)

// Bounds of what is taken.
const (
	MaxBytes  = 12 << 20   // of the file
	MaxPixels = 40_000_000 // a telephone makes 12 to 24 million, some 48 at most in raw
	MaxSide   = 20_000     // pixels
	MinSide   = 16         // pixels: below it is a tracking pixel, or a mistake
)

// maxMemory bounds what decoding one picture may take, in bytes.
const maxMemory = 256 << 20

// maxScans bounds how often a progressive JPEG may go over all of its pixels. A
// real one does ten times; each further one costs its sender a few bytes and us
// the whole picture.
const maxScans = 64

// refusal is why a picture is not taken: a key of the catalogues that begins with "picture.".
func refusal(key, msg, hint string) error {
	return &community.Error{Code: community.Invalid, Key: key, Msg: msg, Hint: hint}
}

var (
	errEmpty  = refusal("picture.empty", "the file is empty", "")
	errBig    = refusal("picture.big", "the file is larger than 12 MB", "")
	errPixels = refusal("picture.pixels", "the picture has more than 40 million pixels, or a side of more than 20,000", "")
	errTiny   = refusal("picture.tiny", "the picture is smaller than 16 pixels", "")
	errSVG    = refusal("picture.svg", "drawings in SVG are not taken, as they can hold programs", "")
	errGIF    = refusal("picture.gif", "GIF is not taken", "")
	errHEIC   = refusal("picture.heic", "HEIC and AVIF are not taken", "")
	errMoving = refusal("picture.moving", "moving pictures are not taken", "")
	errKind   = refusal("picture.kind", "this is no picture: JPEG, PNG and WebP are taken", "")
	errBroken = refusal("picture.broken", "the picture is broken or cut off", "")
	errHeavy  = refusal("picture.heavy", "the picture takes too much memory or time to read", "")
)

// kind is what a file is.
type kind string

const (
	isJPEG kind = "image/jpeg"
	isPNG  kind = "image/png"
	isWebP kind = "image/webp"
)

// sniff tells what the bytes are by how they begin. The name and the type that
// their sender gave say nothing.
func sniff(b []byte) (kind, error) {
	switch {
	case len(b) == 0:
		return "", errEmpty
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return isJPEG, nil
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return isPNG, nil
	case len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP":
		return isWebP, nil
	case bytes.HasPrefix(b, []byte("GIF8")):
		return "", errGIF
	case len(b) >= 12 && string(b[4:8]) == "ftyp":
		switch string(b[8:12]) {
		case "heic", "heix", "hevc", "heim", "heis", "mif1", "msf1", "avif", "avis":
			return "", errHEIC
		}
	}
	head := bytes.ToLower(b[:min(len(b), 1024)])
	if bytes.Contains(head, []byte("<svg")) {
		return "", errSVG
	}
	return "", errKind
}
