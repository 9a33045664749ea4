package web

import (
	"strconv"
)

// plot is a chart of bars, drawn here as SVG; the numbers stand in a table beside
// it, which is what those get who do not see it.
type plot struct {
	Width, Height int
	Label         string
	Bars          []bar
	Lines         []gridLine
	Legend        []legend
}

// bar is a column, or the upper part of one.
type bar struct {
	X, Y, W, H string
	Kind       string // its class, "p0" or "p1"
	Title      string
	Label      string // below the axis, or empty
	LabelX     string
}

// gridLine is a line across at a round number.
type gridLine struct {
	Y    string
	Text string
}

type legend struct{ Kind, Text string }

// series is what a column shows: a whole, and a part of it below.
type series struct {
	Label       string // of the column
	Whole, Part int
	Title       string
}

// The box of a plot, in its own units.
const (
	plotWidth  = 720
	plotHeight = 220
	plotLeft   = 36
	plotBottom = 26
	plotTop    = 8
)

// newPlot draws columns.
func newPlot(label string, columns []series, legends ...legend) *plot {
	p := &plot{Width: plotWidth, Height: plotHeight, Label: label, Legend: legends}
	most := 1
	for _, c := range columns {
		most = max(most, c.Whole)
	}
	step := roundStep(most)
	top := (most + step - 1) / step * step
	height := float64(plotHeight - plotBottom - plotTop)
	y := func(n int) float64 { return plotTop + height*(1-float64(n)/float64(top)) }
	at := func(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }
	for n := 0; n <= top; n += step {
		p.Lines = append(p.Lines, gridLine{at(y(n)), itoa(n)})
	}
	room := float64(plotWidth-plotLeft) / float64(max(len(columns), 1))
	for i, c := range columns {
		x := plotLeft + room*float64(i) + room*0.16
		w := room * 0.68
		p.Bars = append(p.Bars, bar{X: at(x), Y: at(y(c.Whole)), W: at(w), H: at(y(0) - y(c.Whole)), Kind: "p0", Title: c.Title, Label: c.Label, LabelX: at(x + w/2)})
		if c.Part > 0 {
			p.Bars = append(p.Bars, bar{X: at(x), Y: at(y(c.Part)), W: at(w), H: at(y(0) - y(c.Part)), Kind: "p1", Title: c.Title})
		}
	}
	return p
}

// roundStep is how far apart lines are so that there are two to five up to n.
func roundStep(n int) int {
	for unit := 1; ; unit *= 10 {
		for _, f := range []int{1, 2, 5} {
			if step := unit * f; n <= 5*step {
				return step
			}
		}
	}
}
