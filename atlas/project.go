package atlas

import (
	_ "embed"
	"math"

	"konfa/community"
)

// The size of the picture, in its own units. It leaves out Antarctica, where no
// city is.
const (
	Width  = 2000
	Height = 872
)

// Land is the picture of the land: an SVG document of Width by Height, in light
// colours or dark ones as the reader likes it.
//
//go:embed land.svg
var Land []byte

// The polynomial of Equal Earth.
const (
	a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
	// edge is how far the equator reaches to the east: half of the width.
	edge = 2.7066299836960748
	// top is the upper end of the picture, a little north of Greenland.
	top = 1.3103
)

// Project tells where a place is on the picture: x from the left, y from the
// top. What is south of it has a y beyond Height.
func Project(p community.Point) (x, y float64) {
	rad := math.Pi / 180
	theta := math.Asin(math.Sqrt(3) / 2 * math.Sin(p.Lat*rad))
	t2 := theta * theta
	t6 := t2 * t2 * t2
	px := 2 * math.Sqrt(3) * p.Lon * rad * math.Cos(theta) / (3 * (9*a4*t6*t2 + 7*a3*t6 + 3*a2*t2 + a1))
	py := theta * (a4*t6*t2 + a3*t6 + a2*t2 + a1)
	const scale = Width / 2 / edge
	return Width/2 + px*scale, (top - py) * scale
}
