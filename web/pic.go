package web

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"

	"konfa/community"
	pictures "konfa/picture"
)

// picView is a picture for the template "pic".
type picView struct {
	*community.Picture
	Class, Sizes string
	Mark         string // its microformat, u-…
	Srcset       string
	Veil         template.HTML // what is seen until the picture has come
	Lazy         bool
}

// newPic makes it of a picture: a class for the sheet or one of microformats,
// and sizes as HTML has them (HTML §4.8.4.3). With true it is loaded when the
// reader comes near.
func newPic(of any, class, sizes string, lazy ...bool) (picView, error) {
	var p *community.Picture
	switch x := of.(type) {
	case *community.Picture:
		p = x
	case community.Picture:
		p = &x
	}
	if p == nil {
		return picView{}, fmt.Errorf("%T is no picture", of)
	}
	out := picView{Picture: p, Class: class, Sizes: sizes, Srcset: srcset(p), Lazy: len(lazy) > 0 && lazy[0]}
	if strings.HasPrefix(class, "u-") {
		out.Class, out.Mark = "", class
	}
	if p.MediaType == "image/jpeg" || p.MediaType == "image/webp" { // nothing shows through
		out.Veil = veil(p.Blurhash)
	}
	return out, nil
}

// srcset lists the sizes of a picture that some konfa wrote, which its address
// tells; it is empty for all others.
func srcset(p *community.Picture) string {
	i := strings.LastIndexByte(p.URL, '-')
	j := strings.LastIndexByte(p.URL, '.')
	if i < 0 || j < i || !strings.Contains(p.URL[:i], "/media/") || p.URL[i+1:j] != strconv.Itoa(p.Width) {
		return ""
	}
	widths := pictures.Widths(p.Width)
	if len(widths) < 2 {
		return ""
	}
	parts := make([]string, len(widths))
	for k, w := range widths {
		parts[k] = fmt.Sprintf("%s-%d%s %dw", p.URL[:i], w, p.URL[j:], w)
	}
	return strings.Join(parts, ", ")
}

// veil paints a blurhash with a dozen rectangles, which the sheet blurs. It needs
// no script and no style of its own, which the policy of the pages forbids.
func veil(hash string) template.HTML {
	const w, h = 4, 3
	colours := pictures.Colours(hash, w, h)
	if colours == nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="veil" viewBox="0 0 %d %d" preserveAspectRatio="none" aria-hidden="true">`, w, h)
	for i, c := range colours {
		b.WriteString(`<path fill="` + c + `" d="M`)
		fmt.Fprintf(&b, `%d %dh1v1h-1z"/>`, i%w, i/w)
	}
	b.WriteString("</svg>")
	return template.HTML(b.String())
}
