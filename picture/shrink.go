package picture

import (
	"image"
	"image/draw"
)

// band is how many rows of a picture are turned into RGBA at a time: a whole one
// of 40 million pixels would take 160 MB more.
const band = 64

// shrink makes a picture smaller by averaging what falls into each new pixel,
// which keeps thin lines and makes no moiré. It takes memory for the result alone.
// Neither side may grow.
func shrink(src image.Image, w, h int) *image.RGBA {
	b := src.Bounds()
	sw, sh := b.Dx(), b.Dy()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	strip := image.NewRGBA(image.Rect(0, 0, sw, min(band, sh)))
	// Of each old column: the new one it begins in, and how much of it (of one)
	// belongs there; the rest belongs to the next.
	first, share := make([]int, sw), make([]float32, sw)
	for x := range sw {
		first[x], share[x] = split(x, sw, w)
	}
	row := make([]float32, 4*(w+1)) // one old row, in new columns
	acc := make([]float32, 4*w)     // the new row being made
	area := float32(w) / float32(sw) * float32(h) / float32(sh)
	flush := func(y int) {
		p := out.Pix[y*out.Stride:][:4*w]
		for i, v := range acc {
			p[i] = uint8(min(255, v*area+.5))
			acc[i] = 0
		}
	}
	for y0 := 0; y0 < sh; y0 += band {
		n := min(band, sh-y0)
		draw.Draw(strip, image.Rect(0, 0, sw, n), src, image.Pt(b.Min.X, b.Min.Y+y0), draw.Src)
		for dy := range n {
			clear(row)
			p := strip.Pix[dy*strip.Stride:][:4*sw]
			for x := range sw {
				q, r, s := p[4*x:4*x+4:4*x+4], row[4*first[x]:4*first[x]+8:4*first[x]+8], share[x]
				r0, r1, r2, r3 := float32(q[0]), float32(q[1]), float32(q[2]), float32(q[3])
				r[0] += r0 * s
				r[1] += r1 * s
				r[2] += r2 * s
				r[3] += r3 * s
				if s < 1 {
					s = 1 - s
					r[4] += r0 * s
					r[5] += r1 * s
					r[6] += r2 * s
					r[7] += r3 * s
				}
			}
			y := y0 + dy
			ny, s := split(y, sh, h)
			for i := range acc {
				acc[i] += row[i] * s
			}
			if y+1 == sh || s < 1 || (y+1)*h%sh == 0 {
				flush(ny)
				if s < 1 {
					for i := range acc {
						acc[i] = row[i] * (1 - s)
					}
				}
			}
		}
	}
	return out
}

// split tells in which of n new cells the old cell i of m begins, and how much of
// it belongs there.
func split(i, m, n int) (int, float32) {
	// Old cell i spans [i*n, (i+1)*n) of m*n; new cell j spans [j*m, (j+1)*m).
	j := i * n / m
	if end := (j + 1) * m; (i+1)*n > end {
		return j, float32(end-i*n) / float32(n)
	}
	return j, 1
}
