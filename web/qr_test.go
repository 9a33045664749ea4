package web

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"konfa/community"
)

// cells reads the dark cells of a code from its drawing, without the quiet zone.
func cells(t *testing.T, svg string) map[[2]int]bool {
	t.Helper()
	if err := xml.Unmarshal([]byte(svg), new(struct{})); err != nil {
		t.Fatal(err)
	}
	_, path, _ := strings.Cut(svg, `stroke="#000" d="`)
	path, _, _ = strings.Cut(path, `"`)
	out := map[[2]int]bool{}
	x, y := 0, 0
	for path != "" {
		var a, n int
		if path[0] == 'M' {
			fmt.Sscanf(path, "M%d %d.5h%d", &a, &y, &n)
			x = a
		} else {
			fmt.Sscanf(path, "m%d 0h%d", &a, &n)
			x += a
		}
		for range n {
			out[[2]int{x, y}] = true
			x++
		}
		next := strings.IndexAny(path[1:], "Mm")
		if next < 0 {
			break
		}
		path = path[next+1:]
	}
	return out
}

// TestQRCodesHaveTheirParts looks for what every code has: the three eyes, the
// lines of ticks between them, and an empty zone around (ISO/IEC 18004 §5.3). That
// it reads as what it should is shown in a browser, by another decoder.
func TestQRCodesHaveTheirParts(t *testing.T) {
	for _, text := range []string{"https://belgrade.example/conf/evening", strings.Repeat("конфа ", 20)} {
		svg, err := qrSVG(text, `a "label" & more`)
		if err != nil {
			t.Fatal(err)
		}
		var n int
		_, box, _ := strings.Cut(string(svg), `viewBox="0 0 `)
		fmt.Sscanf(box, "%d", &n)
		dark := cells(t, string(svg))
		for at := range dark {
			if at[0] < 4 || at[1] < 4 || at[0] >= n-4 || at[1] >= n-4 {
				t.Fatalf("%v of %d is in the quiet zone", at, n)
			}
		}
		if (n-8-17)%4 != 0 {
			t.Errorf("no code is %d wide", n-8)
		}
		for _, eye := range [][2]int{{4, 4}, {n - 11, 4}, {4, n - 11}} {
			for y := range 7 {
				for x := range 7 {
					ring := x == 0 || y == 0 || x == 6 || y == 6
					heart := x >= 2 && x <= 4 && y >= 2 && y <= 4
					if dark[[2]int{eye[0] + x, eye[1] + y}] != (ring || heart) {
						t.Fatalf("the eye at %v is wrong at %d, %d", eye, x, y)
					}
				}
			}
		}
		for i := 8; i < n-8-8; i++ {
			if dark[[2]int{4 + i, 10}] != (i%2 == 0) || dark[[2]int{10, 4 + i}] != (i%2 == 0) {
				t.Fatalf("the ticks are wrong at %d", i)
			}
		}
	}
	if _, err := qrSVG(strings.Repeat("x", 5000), ""); community.CodeOf(err) != community.Invalid {
		t.Errorf("5,000 letters fit: %v", err)
	}
}

func TestConferenceQR(t *testing.T) {
	w := newTown(t)
	c := w.add(community.Conference{Title: community.Plain("en", "Talks"), Start: fakeNow.Add(48 * 3600e9)})
	res := w.do(http.MethodGet, "/conf/"+c.Slug+"/qr.svg", "")
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "image/svg+xml" {
		t.Fatalf("%s %s", res.Status, res.Header.Get("Content-Type"))
	}
	if body := bodyOf(t, res); !strings.Contains(body, `aria-label="https://belgrade.example/conf/`+c.Slug+`"`) {
		t.Error(body)
	}
	if res := w.do(http.MethodGet, "/conf/none/qr.svg", ""); res.StatusCode != http.StatusNotFound {
		t.Error(res.Status)
	}
}
