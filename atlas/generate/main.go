// Command generate makes land.svg of package atlas. It is run by hand when the
// source changes:
//
//	cd /tmp && npm pack world-atlas@2.0.2
//	mkdir atlas && tar xzf world-atlas-2.0.2.tgz -C atlas
//	cd atlas && go generate # or: go run ./generate -topology /tmp/atlas/package/land-50m.json
//
// The land is that of Natural Earth 4.1 at 1:50m (https://www.naturalearthdata.com,
// public domain) as the package world-atlas carries it, in TopoJSON. Only data is
// taken.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"konfa/atlas"
	"konfa/community"
)

func main() {
	log.SetFlags(0)
	topology := flag.String("topology", "/tmp/atlas/package/land-50m.json", "TopoJSON with the object land")
	tolerance := flag.Float64("tolerance", 0.45, "how far a line may be from the coast, in units of the picture")
	area := flag.Float64("area", 3, "the smallest island, in square units")
	out := flag.String("out", ".", "folder to write to")
	flag.Parse()
	if err := run(*topology, *out, *tolerance, *area); err != nil {
		log.Fatal(err)
	}
}

// topo is what is read of TopoJSON: arcs are steps from point to point, in
// whole numbers that transform makes degrees of.
type topo struct {
	Transform struct{ Scale, Translate [2]float64 }
	Arcs      [][][2]float64
	Objects   struct {
		Land struct {
			Geometries []struct {
				Type string
				Arcs [][][]int
			}
		}
	}
}

type point struct{ x, y float64 }

func run(topology, out string, tolerance, area float64) error {
	data, err := os.ReadFile(topology)
	if err != nil {
		return err
	}
	var t topo
	if err := json.Unmarshal(data, &t); err != nil {
		return err
	}
	var path bytes.Buffer
	rings, points := 0, 0
	for _, g := range t.Objects.Land.Geometries {
		if g.Type != "MultiPolygon" {
			return fmt.Errorf("land is a %s, not a MultiPolygon", g.Type)
		}
		for _, polygon := range g.Arcs {
			for _, ring := range polygon {
				for _, part := range cut(t.ring(ring)) {
					line := simplify(project(part), tolerance)
					if len(line) < 4 || math.Abs(surface(line)) < area {
						continue
					}
					rings++
					points += draw(&path, line)
				}
			}
		}
	}
	doc := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d"><style>path{fill:#e6d9c8}@media(prefers-color-scheme:dark){path{fill:#3a322a}}</style><path fill="#e6d9c8" d="%s"/></svg>`+"\n",
		atlas.Width, atlas.Height, path.Bytes())
	log.Printf("%d rings, %d points, %d bytes", rings, points, len(doc))
	return os.WriteFile(filepath.Join(out, "land.svg"), []byte(doc), 0o644)
}

// ring puts the arcs of a ring together: a negative number is the arc ^n from
// its end. Antarctica is left out.
func (t *topo) ring(arcs []int) []community.Point {
	var out []community.Point
	for _, n := range arcs {
		back := n < 0
		if back {
			n = ^n
		}
		var line []community.Point
		x, y := 0.0, 0.0
		for _, d := range t.Arcs[n] {
			x, y = x+d[0], y+d[1]
			line = append(line, community.Point{Lat: y*t.Transform.Scale[1] + t.Transform.Translate[1], Lon: x*t.Transform.Scale[0] + t.Transform.Translate[0]})
		}
		if back {
			for i, j := 0, len(line)-1; i < j; i, j = i+1, j-1 {
				line[i], line[j] = line[j], line[i]
			}
		}
		if len(out) > 0 {
			line = line[1:]
		}
		out = append(out, line...)
	}
	for _, p := range out {
		if p.Lat > -60 {
			return out
		}
	}
	return nil
}

// cut takes a ring apart where it crosses the edge of the picture, 180° east:
// the points of TopoJSON jump there from one side to the other.
func cut(ring []community.Point) [][]community.Point {
	if len(ring) == 0 {
		return nil
	}
	turns := 0.0
	whole := []community.Point{ring[0]}
	for i := 1; i < len(ring); i++ {
		switch d := ring[i].Lon - ring[i-1].Lon; {
		case d > 180:
			turns -= 360
		case d < -180:
			turns += 360
		}
		whole = append(whole, community.Point{Lat: ring[i].Lat, Lon: ring[i].Lon + turns})
	}
	var out [][]community.Point
	for _, shift := range []float64{-360, 0, 360} {
		part := make([]community.Point, len(whole))
		for i, p := range whole {
			part[i] = community.Point{Lat: p.Lat, Lon: p.Lon + shift}
		}
		part = clip(clip(part, -180, 1), 180, -1)
		if len(part) > 3 {
			out = append(out, part)
		}
	}
	return out
}

// clip keeps what is east (side 1) or west (-1) of a meridian, after Sutherland
// and Hodgman.
func clip(ring []community.Point, lon, side float64) []community.Point {
	var out []community.Point
	for i := range ring {
		a, b := ring[(i+len(ring)-1)%len(ring)], ring[i]
		inA, inB := (a.Lon-lon)*side >= 0, (b.Lon-lon)*side >= 0
		if inA != inB {
			out = append(out, community.Point{Lat: a.Lat + (b.Lat-a.Lat)*(lon-a.Lon)/(b.Lon-a.Lon), Lon: lon})
		}
		if inB {
			out = append(out, b)
		}
	}
	if len(out) > 0 && out[0] != out[len(out)-1] {
		out = append(out, out[0])
	}
	return out
}

func project(line []community.Point) []point {
	out := make([]point, len(line))
	for i, p := range line {
		out[i].x, out[i].y = atlas.Project(p)
	}
	return out
}

// simplify is Douglas and Peucker's, of the two halves of a ring.
func simplify(ring []point, tolerance float64) []point {
	if len(ring) < 4 {
		return nil
	}
	half := len(ring) / 2
	first := reduce(ring[:half+1], tolerance)
	return append(first[:len(first)-1:len(first)-1], reduce(ring[half:], tolerance)...)
}

func reduce(line []point, tolerance float64) []point {
	if len(line) < 3 {
		return line
	}
	a, b := line[0], line[len(line)-1]
	far, at := 0.0, 0
	for i := 1; i < len(line)-1; i++ {
		if d := distance(line[i], a, b); d > far {
			far, at = d, i
		}
	}
	if far <= tolerance {
		return []point{a, b}
	}
	left := reduce(line[:at+1], tolerance)
	return append(left[:len(left)-1:len(left)-1], reduce(line[at:], tolerance)...)
}

func distance(p, a, b point) float64 {
	dx, dy := b.x-a.x, b.y-a.y
	length := math.Hypot(dx, dy)
	if length == 0 {
		return math.Hypot(p.x-a.x, p.y-a.y)
	}
	return math.Abs(dx*(a.y-p.y)-dy*(a.x-p.x)) / length
}

func surface(ring []point) float64 {
	sum := 0.0
	for i := 1; i < len(ring); i++ {
		sum += ring[i-1].x*ring[i].y - ring[i].x*ring[i-1].y
	}
	return sum / 2
}

// draw writes a ring as a path of relative steps, with one digit after the
// point.
func draw(b *bytes.Buffer, ring []point) int {
	round := func(p point) [2]int { return [2]int{int(math.Round(p.x * 10)), int(math.Round(p.y * 10))} }
	at := round(ring[0])
	fmt.Fprintf(b, "M%s%s", number(at[0], false), number(at[1], true))
	n := 1
	cmd := "l"
	for _, p := range ring[1 : len(ring)-1] {
		to := round(p)
		if to == at {
			continue
		}
		b.WriteString(cmd + number(to[0]-at[0], cmd == "") + number(to[1]-at[1], true))
		cmd, at = "", to
		n++
	}
	b.WriteByte('z')
	return n
}

// number writes tenths as short as SVG takes them; with a space before it where
// one is needed.
func number(tenths int, spaced bool) string {
	s := strconv.FormatFloat(float64(tenths)/10, 'f', -1, 64)
	switch {
	case len(s) > 2 && s[:2] == "0.":
		s = s[1:]
	case len(s) > 3 && s[:3] == "-0.":
		s = "-" + s[2:]
	}
	if spaced && s[0] != '-' {
		return " " + s
	}
	return s
}
