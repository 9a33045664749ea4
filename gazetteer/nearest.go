package gazetteer

import (
	"math"
	"slices"
	"sort"
	"sync"
)

// position is where a line of the data is.
type position struct {
	lat, lon float32
	line     int32
}

// byLatitude are all places from south to north: half a MiB, made when it is
// first asked for.
var byLatitude = sync.OnceValue(func() []position {
	x := places()
	out := make([]position, len(x.lines))
	for i := range x.lines {
		r := x.row(i)
		out[i] = position{float32(r.Lat), float32(r.Lon), int32(i)}
	}
	slices.SortFunc(out, func(a, b position) int {
		if a.lat != b.lat {
			if a.lat < b.lat {
				return -1
			}
			return 1
		}
		return int(a.line - b.line)
	})
	return out
})

// kilometres between two degrees of latitude.
const degree = 111.195

// Nearest returns the place that somewhere on earth belongs to: among those
// within the given kilometres the one that is nearest, where a large city
// reaches further than a village. It looks no further than 200 kilometres.
func Nearest(lat, lon, within float64) (Place, bool) {
	if math.IsNaN(lat) || math.IsNaN(lon) || lat < -90 || lat > 90 || lon < -180 || lon > 180 || within <= 0 {
		return Place{}, false
	}
	within = min(within, 200)
	all, x := byLatitude(), places()
	span := float32(within / degree)
	best, least := -1, math.Inf(1)
	narrow := math.Cos(lat * math.Pi / 180)
	from := sort.Search(len(all), func(i int) bool { return all[i].lat >= float32(lat)-span })
	for i := from; i < len(all) && all[i].lat <= float32(lat)+span; i++ {
		east := math.Abs(float64(all[i].lon) - lon)
		east = min(east, 360-east) * narrow
		north := float64(all[i].lat) - lat
		d := math.Hypot(east, north) * degree
		if d > within || d >= least+40 {
			continue
		}
		// A city of a million begins some 15 kilometres before its middle.
		d -= math.Sqrt(float64(x.row(int(all[i].line)).Population)) * 0.015
		if d < least {
			best, least = int(all[i].line), d
		}
	}
	if best < 0 {
		return Place{}, false
	}
	return x.row(best).Place, true
}
