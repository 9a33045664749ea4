package atlas

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"strconv"
	"testing"

	"konfa/community"
)

func TestProject(t *testing.T) {
	for name, c := range map[string]struct {
		at   community.Point
		x, y float64
	}{
		"the middle of the equator": {community.Point{}, Width / 2, top * Width / 2 / edge},
		"its eastern end":           {community.Point{Lon: 180}, Width, top * Width / 2 / edge},
		"its western end":           {community.Point{Lon: -180}, 0, top * Width / 2 / edge},
	} {
		if x, y := Project(c.at); math.Abs(x-c.x) > 0.01 || math.Abs(y-c.y) > 0.01 {
			t.Errorf("%s is at %.2f, %.2f, want %.2f, %.2f", name, x, y, c.x, c.y)
		}
	}
	// The pole is as far above the equator as the paper says: 1.3173627591574.
	_, pole := Project(community.Point{Lat: 90})
	_, equator := Project(community.Point{})
	if got := (equator - pole) / (Width / 2 / edge); math.Abs(got-1.3173627591574) > 1e-9 {
		t.Errorf("the pole is at %v", got)
	}
	// Areas compare: a degree square at 60° has half of one at the equator.
	area := func(lat float64) float64 {
		x0, y0 := Project(community.Point{Lat: lat - 0.5, Lon: 0})
		x1, y1 := Project(community.Point{Lat: lat + 0.5, Lon: 0})
		a, _ := Project(community.Point{Lat: lat - 0.5, Lon: 1})
		b, _ := Project(community.Point{Lat: lat + 0.5, Lon: 1})
		return (a - x0 + b - x1) / 2 * (y0 - y1)
	}
	if ratio := area(60) / area(0); math.Abs(ratio-0.5) > 0.001 {
		t.Errorf("60° has %.4f of the equator", ratio)
	}
}

// The picture is one that browsers draw, and cities are on its land.
func TestLand(t *testing.T) {
	if len(Land) > 100<<10 {
		t.Errorf("%d bytes", len(Land))
	}
	d := xml.NewDecoder(bytes.NewReader(Land))
	path := ""
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if el, ok := tok.(xml.StartElement); ok && el.Name.Local == "path" {
			for _, a := range el.Attr {
				if a.Name.Local == "d" {
					path = a.Value
				}
			}
		}
	}
	rings := draw(t, path)
	if len(rings) < 100 {
		t.Fatalf("%d rings", len(rings))
	}
	for name, at := range map[string]community.Point{
		"Belgrade": {Lat: 44.8, Lon: 20.5}, "Moscow": {Lat: 55.75, Lon: 37.6}, "Alice Springs": {Lat: -23.7, Lon: 133.9}, "Brasília": {Lat: -15.8, Lon: -47.9},
		"Anadyr": {Lat: 66, Lon: 178}, "Chukotka beyond the edge": {Lat: 66.5, Lon: -175}, "Denver": {Lat: 39.7, Lon: -105},
	} {
		if !inside(rings, at) {
			t.Errorf("%s is in the sea", name)
		}
	}
	for name, at := range map[string]community.Point{"the Atlantic": {Lat: 30, Lon: -40}, "the Black Sea": {Lat: 43, Lon: 34}, "the Pacific": {Lat: 0, Lon: -150}} {
		if inside(rings, at) {
			t.Errorf("%s is land", name)
		}
	}
}

// draw follows a path of M, l and z.
func draw(t *testing.T, path string) (rings [][][2]float64) {
	t.Helper()
	token := regexp.MustCompile(`[Mlz]|-?[0-9]*\.?[0-9]+`)
	var ring [][2]float64
	var nums []float64
	var x, y float64
	cmd := byte(0)
	for _, s := range token.FindAllString(path, -1) {
		switch s {
		case "M", "l":
			cmd = s[0]
			continue
		case "z":
			rings = append(rings, ring)
			ring = nil
			continue
		}
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		if nums = append(nums, n); len(nums) < 2 {
			continue
		}
		if cmd == 'M' {
			x, y = 0, 0
		}
		x, y = x+nums[0], y+nums[1]
		if x < -0.1 || x > Width+0.1 || y < -5 || y > Height+5 {
			t.Fatalf("%v, %v is outside of the picture", x, y)
		}
		ring, nums = append(ring, [2]float64{x, y}), nil
	}
	return rings
}

func inside(rings [][][2]float64, at community.Point) bool {
	x, y := Project(at)
	in := false
	for _, r := range rings {
		for i, j := 0, len(r)-1; i < len(r); j, i = i, i+1 {
			if (r[i][1] > y) != (r[j][1] > y) && x < (r[j][0]-r[i][0])*(y-r[i][1])/(r[j][1]-r[i][1])+r[i][0] {
				in = !in
			}
		}
	}
	return in
}
