package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed template/*.html
var templateFiles embed.FS

// page is what the frame around every page needs, and the page itself.
type page struct {
	Lang        string
	Title       string // of the window
	Heading     string // of the page, for those who share it
	Description string
	Kind        string // og:type
	Section     string // of the navigation: "conf", "posts", "about" or none
	Class       string
	City        cityHead
	Canonical   string
	Alternates  []alternate
	Languages   []languageLink
	At          string // path of the page in other languages, where it is not that of the request
	ActivityID  string // the same thing for other servers
	Calendar    string // an ICS of this page alone
	OEmbed      string // what shows this page in others (oembed.com)
	Image       *picture
	Published   string
	Data        any // schema.org
	NoIndex     bool
	Me          *meHead    // who is signed in, or nil
	Login       string     // where one signs in, for everyone else
	Bare        bool       // nothing is around it: there is no city, or it is being founded
	Desk        []deskLink // the navigation of the desk, on its pages
	Sheets      []string   // style sheets beside the common one
	Frames      bool       // it shows pages of ours in frames
	Footer      rich       // what the city says below every page
	Scripts     []string   // scripts of its own
	Account     []deskLink // the navigation of one's account, on its pages
	Version     string
	Source      string
	Body        any
	Theme       string   // the sheet of the city's colour, or empty
	Sign        *picture // of the city: square
	Pictures    []string // origins that pictures of it come from
}

type cityHead struct {
	Name   text
	Handle string
}

// meHead is who is signed in.
type meHead struct {
	Name, Handle string
	Steward      bool
}

type alternate struct{ Lang, URL string }

type languageLink struct {
	Code, Name, URL string
	Current         bool
}

// framePieces are the templates that every page has at hand; each of the others is a page.
var framePieces = []string{"template/layout.html", "template/parts.html", "template/form.html", "template/picture.html", "template/come.html", "template/grid.html", "template/write.html"}

// renderer holds the parsed templates of each page in each language.
type renderer struct {
	pages map[string]*template.Template // "ru/front"
}

// newRenderer parses all templates once per language, so that a template can
// say t "key" without being told the language.
func newRenderer(ts *tongues, asset func(string) string) (*renderer, error) {
	names, err := fs.Glob(templateFiles, "template/*.html")
	if err != nil {
		return nil, err
	}
	r := &renderer{pages: map[string]*template.Template{}}
	for _, t := range ts.list {
		frame, err := template.New("").Funcs(template.FuncMap{"t": t.T, "asset": asset, "on": onPage, "field": newField, "initial": initial, "pic": newPic, "pictureField": t.newPictureField, "qr": qrSVG}).ParseFS(templateFiles, framePieces...)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			base := strings.TrimSuffix(path.Base(name), ".html")
			if slices.Contains(framePieces, name) {
				continue
			}
			p, err := template.Must(frame.Clone()).ParseFS(templateFiles, name)
			if err != nil {
				return nil, err
			}
			r.pages[t.Code+"/"+base] = p
		}
	}
	return r, nil
}

// render makes one page.
func (r *renderer) render(t *tongue, name string, p *page) ([]byte, error) {
	tpl, ok := r.pages[t.Code+"/"+name]
	if !ok {
		return nil, fmt.Errorf("there is no template %q", name)
	}
	var b bytes.Buffer
	b.Grow(16 << 10)
	if err := tpl.ExecuteTemplate(&b, "layout", p); err != nil {
		return nil, fmt.Errorf("the template %s: %w", name, err)
	}
	return squeeze(b.Bytes()), nil
}

// squeeze drops the empty lines that template actions leave behind. Inside a
// text area or preformatted text an empty line would matter: such pages keep
// theirs.
func squeeze(html []byte) []byte {
	if bytes.Contains(html, []byte("<pre")) || bytes.Contains(html, []byte("<textarea")) {
		return html
	}
	out := html[:0]
	for line := range bytes.Lines(html) {
		if len(bytes.TrimSpace(line)) > 0 {
			out = append(out, line...)
		}
	}
	return out
}
