package picture

import (
	"fmt"

	"github.com/bbrks/go-blurhash"
)

// Colours paints a blurhash into a few fields, row by row, as "#rrggbb". It is
// nil for what is no blurhash.
func Colours(hash string, w, h int) []string {
	if hash == "" || w < 1 || h < 1 {
		return nil
	}
	m, err := blurhash.Decode(hash, w, h, 1)
	if err != nil {
		return nil
	}
	out := make([]string, 0, w*h)
	for y := range h {
		for x := range w {
			r, g, b, _ := m.At(x, y).RGBA()
			out = append(out, fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8))
		}
	}
	return out
}
