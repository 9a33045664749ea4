package web

import (
	"math"
	"slices"
	"strconv"

	"konfa/atlas"
	"konfa/community"
)

// worldMap is the map of the world, or of the part of it where something is.
// It is drawn on the server; the land is a picture of its own that browsers
// keep, the dots are links in the page.
type worldMap struct {
	Label  string
	Box    string // viewBox
	Font   string // the size of its writing, in its own units
	Width  int    // of the land
	Height int
	Small  []dot // cities where nothing is coming up, below the others
	Dots   []dot
	Credit string
}

// dot is one place on the map, or several that lie too close to be told apart.
type dot struct {
	URL, Label string
	X, Y       string
	Size       int // 1 to 4
	Number     string
}

// Measures of the map. Dots have the same size on any screen, so that what is
// "too close" is a part of its width.
const (
	mapLeast = 300.0 // width at the closest, in units of the atlas
	mapShape = 2.1   // width to height
	mapTight = 0.027 // of the width, between the middles of two dots
	mapDots  = 90
	mapSmall = 200
)

type place struct {
	x, y  float64
	n     int
	label string
	town  community.Town
	url   string
	more  int     // towns that were put together with it
	reach float64 // kilometres to the farthest of those
}

// mapOf draws spots with conferences, and cities without. It is nil when there
// is nothing to draw.
func (v *viewer) mapOf(f *worldFilter, spots []community.Spot, cities []place) *worldMap {
	var all []place
	for _, p := range spots {
		x, y := atlas.Project(p.Place)
		all = append(all, place{x: x, y: y, n: p.Conferences, town: p.Town, label: p.Name})
	}
	if len(all)+len(cities) == 0 {
		return nil
	}
	left, top, width, height := frame(slices.Concat(all, cities))
	m := &worldMap{
		Label: v.T("world.map"), Box: units(left) + " " + units(top) + " " + units(width) + " " + units(height), Font: units(width / 96),
		Width: atlas.Width, Height: atlas.Height, Credit: "Natural Earth, GeoNames (CC BY 4.0)",
	}
	tight := width * mapTight
	groups := gather(all, tight)
	for len(groups) > mapDots {
		tight *= 1.3
		groups = gather(all, tight)
	}
	for _, g := range groups {
		d := dot{X: units(g.x), Y: units(g.y), Size: min(4, 1+len(strconv.Itoa(g.n)))}
		if g.n == 1 {
			d.Size = 1
		} else {
			d.Number = strconv.Itoa(g.n)
			if g.n > 999 {
				d.Number = strconv.Itoa(g.n/1000) + "k"
			}
		}
		within := ""
		if d.Label = g.label; g.more > 0 {
			d.Label = v.N("world.and_more", g.more, "Town", g.label)
			within = strconv.Itoa(nextDistance(g.reach))
		}
		d.Label = v.N("world.dot", g.n, "Town", d.Label)
		d.URL = f.with("/world", "city", g.town.Name, "country", g.town.Country, "within", within)
		m.Dots = append(m.Dots, d)
	}
	// From the left to the right, as the keyboard goes.
	slices.SortStableFunc(m.Dots, func(a, b dot) int {
		ax, _ := strconv.ParseFloat(a.X, 64)
		bx, _ := strconv.ParseFloat(b.X, 64)
		return int(math.Copysign(1, ax-bx))
	})
	for _, c := range cities {
		if len(m.Small) == mapSmall {
			break
		}
		near := func(g place) bool { return math.Hypot(g.x-c.x, g.y-c.y) < width*0.012 }
		if !slices.ContainsFunc(groups, near) {
			m.Small = append(m.Small, dot{URL: c.url, Label: c.label, X: units(c.x), Y: units(c.y)})
		}
	}
	return m
}

// gather puts together what is closer than tight, around the places where the
// most is.
func gather(all []place, tight float64) []place {
	var groups []place
	for _, p := range all { // the most come first
		i := slices.IndexFunc(groups, func(g place) bool { return math.Hypot(g.x-p.x, g.y-p.y) < tight })
		if i < 0 {
			groups = append(groups, p)
			continue
		}
		g := &groups[i]
		g.n += p.n
		g.more++
		g.reach = max(g.reach, g.town.Place.Distance(p.town.Place))
	}
	return groups
}

// frame is the part of the atlas that shows all places with some room around
// them.
func frame(all []place) (left, top, width, height float64) {
	x0, x1, y0, y1 := all[0].x, all[0].x, all[0].y, all[0].y
	for _, p := range all {
		x0, x1, y0, y1 = min(x0, p.x), max(x1, p.x), min(y0, p.y), max(y1, p.y)
	}
	room := 0.12 * max(x1-x0, (y1-y0)*mapShape)
	width = max(x1-x0+2*room, (y1-y0+2*room)*mapShape, mapLeast)
	height = width / mapShape
	if height > atlas.Height {
		height = atlas.Height
	}
	width = min(width, atlas.Width)
	left = (x0+x1)/2 - width/2
	top = (y0+y1)/2 - height/2
	left = max(0, min(left, atlas.Width-width))
	top = max(0, min(top, atlas.Height-height))
	return left, top, width, height
}

// nextDistance is the smallest distance on offer that reaches so far.
func nextDistance(km float64) int {
	for _, d := range distances {
		if float64(d) >= km {
			return d
		}
	}
	return distances[len(distances)-1]
}

func units(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }
