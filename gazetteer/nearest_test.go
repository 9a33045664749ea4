package gazetteer

import "testing"

func TestNearest(t *testing.T) {
	for _, c := range []struct {
		lat, lon, within float64
		want             string
	}{
		{44.8125, 20.4612, 30, "Belgrade"},
		{44.8270, 20.4010, 30, "Belgrade"}, // New Belgrade
		{45.2671, 19.8335, 30, "Novi Sad"},
		{7.89, 98.40, 30, "Phuket"},
		{-17.8, 180, 60, ""},       // the sea east of Fiji
		{0, -30, 100, ""},          // the Atlantic
		{91, 0, 30, ""},            // not on earth
		{44.8125, 20.4612, -1, ""}, // nowhere
	} {
		p, ok := Nearest(c.lat, c.lon, c.within)
		if ok != (c.want != "") || p.Name != c.want {
			t.Errorf("at %v, %v: %q, want %q", c.lat, c.lon, p.Name, c.want)
		}
	}
}

func BenchmarkNearest(b *testing.B) {
	Nearest(44.8, 20.4, 30)
	for b.Loop() {
		Nearest(50.1, 8.7, 30)
	}
}
