package web

import (
	"fmt"
	"html/template"
	"net/http"
	"strings"

	qrcode "github.com/skip2/go-qrcode"

	"konfa/community"
)

// qrSVG draws a text as a QR code (ISO/IEC 18004), black on white with its quiet
// zone whatever the page looks like: readers expect dark on light. The label is
// for those who do not see it.
func qrSVG(text, label string) (template.HTML, error) {
	q, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return "", community.Errorf(community.Invalid, "this does not fit into a QR code: %w", err)
	}
	rows := q.Bitmap()
	n := len(rows)
	var path strings.Builder
	for y, row := range rows {
		// One stroke for each run of dark cells; the pen moves to the next one.
		x, at := 0, -1
		for x < n {
			if !row[x] {
				x++
				continue
			}
			from := x
			for x < n && row[x] {
				x++
			}
			if at < 0 {
				fmt.Fprintf(&path, "M%d %d.5h%d", from, y, x-from)
			} else {
				fmt.Fprintf(&path, "m%d 0h%d", from-at, x-from)
			}
			at = x
		}
	}
	return template.HTML(fmt.Sprintf(`<svg class="qr" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges" role="img" aria-label="%s"><path fill="#fff" d="M0 0h%dv%dH0z"/><path stroke="#000" d="%s"/></svg>`,
		n, n, template.HTMLEscapeString(label), n, n, path.String())), nil
}

// conferenceQR is the address of a conference as a QR code: /conf/{slug}/qr.svg.
func (s *Server) conferenceQR(w http.ResponseWriter, r *http.Request) error {
	c, err := s.ownConference(r.Context(), param(r, "slug"))
	if err != nil {
		return err
	}
	address := s.site.Conference(c.Slug)
	svg, err := qrSVG(address, address)
	if err != nil {
		return err
	}
	d, err := newDocument([]byte(svg), "image/svg+xml")
	if err != nil {
		return err
	}
	d.keep, d.policy = "public, max-age=86400", "default-src 'none'; sandbox"
	return d.serve(w, r)
}
