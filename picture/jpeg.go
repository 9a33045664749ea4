package picture

import "encoding/binary"

// jpegFacts are what must be known of a JPEG before it is decoded.
type jpegFacts struct {
	progressive bool
	scans       int
	samples     int64 // that decoding keeps, of all components together
	exif        []byte
}

// lookJPEG walks over the segments of a JPEG (ITU-T T.81 annex B) without
// decoding any. What it cannot follow ends the walk; the decoder will say what
// is wrong.
func lookJPEG(b []byte) jpegFacts {
	var f jpegFacts
	for i := 2; i+4 <= len(b); {
		if b[i] != 0xff {
			i++ // entropy-coded data
			continue
		}
		marker := b[i+1]
		switch {
		case marker == 0xff:
			i++
			continue
		case marker == 0x00, marker == 0x01, marker >= 0xd0 && marker <= 0xd8: // no length
			i += 2
			continue
		case marker == 0xd9: // the end
			return f
		}
		size := int(binary.BigEndian.Uint16(b[i+2:]))
		if size < 2 || i+2+size > len(b) {
			return f
		}
		body := b[i+4 : i+2+size]
		switch {
		case marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc:
			f.progressive = f.progressive || marker == 0xc2
			f.samples = max(f.samples, samples(body))
		case marker == 0xda:
			f.scans++
		case marker == 0xe1 && f.exif == nil && len(body) > 6 && string(body[:6]) == "Exif\x00\x00":
			f.exif = body[6:]
		}
		i += 2 + size
	}
	return f
}

// samples counts the values that a frame holds: of each component by how finely
// it is sampled.
func samples(sof []byte) int64 {
	if len(sof) < 6 {
		return 0
	}
	h, w, n := int64(binary.BigEndian.Uint16(sof[1:])), int64(binary.BigEndian.Uint16(sof[3:])), int(sof[5])
	var finest, sum int64 = 1, 0
	for c := range n {
		if 6+3*c+2 > len(sof) {
			break
		}
		s := int64(sof[6+3*c+1]>>4) * int64(sof[6+3*c+1]&15)
		finest, sum = max(finest, s), sum+s
	}
	return w * h * sum / finest
}
