package picture

import (
	"encoding/binary"
	"image"
)

// orientation reads how a camera was held from Exif: 1 to 8, 1 for upright and
// for whatever cannot be read (TIFF 6.0 §8, tag 274).
func orientation(exif []byte) int {
	if len(exif) < 14 {
		return 1
	}
	var order binary.ByteOrder
	switch string(exif[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	at := int64(order.Uint32(exif[4:]))
	if at+2 > int64(len(exif)) {
		return 1
	}
	n := int64(order.Uint16(exif[at:]))
	for i := range n {
		row := at + 2 + 12*i
		if row+12 > int64(len(exif)) {
			return 1
		}
		e := exif[row:]
		if order.Uint16(e) != 274 {
			continue
		}
		if v := order.Uint16(e[8:]); order.Uint16(e[2:]) == 3 && v >= 1 && v <= 8 {
			return int(v)
		}
		return 1
	}
	return 1
}

// chunk finds a chunk in a PNG or a WebP file, whichever way its length is
// written; nil if there is none.
func chunk(b []byte, k kind, name string) []byte {
	switch k {
	case isPNG:
		for i := 8; i+12 <= len(b); {
			n := int64(binary.BigEndian.Uint32(b[i:]))
			if int64(i)+12+n > int64(len(b)) {
				return nil
			}
			if string(b[i+4:i+8]) == name {
				return b[i+8 : i+8+int(n)]
			}
			i += 12 + int(n)
		}
	case isWebP:
		for i := 12; i+8 <= len(b); {
			n := int64(binary.LittleEndian.Uint32(b[i+4:]))
			if int64(i)+8+n > int64(len(b)) {
				return nil
			}
			if string(b[i:i+4]) == name {
				return b[i+8 : i+8+int(n)]
			}
			i += 8 + int(n+n&1)
		}
	}
	return nil
}

// upright turns a picture by its orientation.
func upright(m *image.RGBA, orientation int) *image.RGBA {
	if orientation < 2 || orientation > 8 {
		return m
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	ow, oh := w, h
	if orientation >= 5 {
		ow, oh = h, w
	}
	out := image.NewRGBA(image.Rect(0, 0, ow, oh))
	for y := range h {
		for x := range w {
			tx, ty := x, y
			switch orientation {
			case 2:
				tx = w - 1 - x
			case 3:
				tx, ty = w-1-x, h-1-y
			case 4:
				ty = h - 1 - y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = h-1-y, x
			case 7:
				tx, ty = h-1-y, w-1-x
			case 8:
				tx, ty = y, w-1-x
			}
			copy(out.Pix[ty*out.Stride+4*tx:][:4], m.Pix[y*m.Stride+4*x:][:4])
		}
	}
	return out
}
