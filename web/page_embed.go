package web

import (
	"context"
	"html"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"konfa/community"
	"konfa/storage"
)

// embedPolicy is the Content-Security-Policy of what other sites show in a frame:
// a sheet of ours and nothing else. It has no forms and no cookies, so that
// nobody can be led to press anything.
const embedPolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"

const (
	embedCount = 5
	embedMost  = 30
)

// embedded is a page that other sites show in a frame.
type embedded struct {
	Theme  string
	Name   text
	Home   string
	Cards  []card
	Single bool
	Text   string // of a single one: how it begins
	Button string
	Empty  string
}

// embedTheme reads ?theme=.
func embedTheme(params url.Values) (string, error) {
	switch t := params.Get("theme"); t {
	case "", "auto":
		return "auto", nil
	case "light", "dark":
		return t, nil
	}
	return "", invalidField("theme", "choice", "light, dark or auto")
}

// readCount reads ?count=.
func readCount(params url.Values) (int, error) {
	raw := params.Get("count")
	if raw == "" {
		return embedCount, nil
	}
	n, err := strconv.Atoi(raw)
	if err != nil || n < 1 || n > embedMost {
		return 0, invalidField("count", "range", "1 to 30")
	}
	return n, nil
}

// embed serves a page for frames. It is the same for everyone who reads the same
// language, and may be kept for some minutes.
func (s *Server) embed(build func(ctx context.Context, v *viewer, r *http.Request, params url.Values, p *embedded) error, query ...string) http.HandlerFunc {
	return s.page(func(w http.ResponseWriter, r *http.Request) error {
		r = r.Clone(r.Context())
		r.Header.Del("Cookie") // whoever is behind the frame is none of its business
		v, err := s.viewer(r)
		if err != nil {
			return err
		}
		params := s.meant(r, append(query, "theme"))
		theme, err := embedTheme(params)
		if err != nil {
			return err
		}
		h := w.Header()
		h.Del("X-Frame-Options")
		h.Del("Cross-Origin-Opener-Policy")
		d, err := s.cache.get("embed "+v.Code+" "+r.URL.EscapedPath()+"?"+params.Encode(), nil, func() (document, error) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), buildTime)
			defer cancel()
			p := embedded{Theme: theme, Name: v.cityName(), Home: s.site.Base + withQuery("/conf", langOnly(params))}
			if err := build(ctx, v, r, params, &p); err != nil {
				return document{}, err
			}
			body, err := s.renderer.render(v.tongue, "embedded", &page{Lang: v.Code, Title: v.T("embed.by", "City", v.cityName().Text), Body: p})
			if err != nil {
				return document{}, err
			}
			d, err := newDocument(body, "text/html; charset=utf-8")
			d.policy, d.langs, d.keep = embedPolicy, true, "public, max-age=300"
			return d, err
		})
		if err != nil {
			protect(h) // an error is no page for frames
			return err
		}
		h.Set("Content-Language", v.Code)
		return d.serve(w, r)
	})
}

func langOnly(params url.Values) url.Values {
	out := url.Values{}
	if l := params.Get("lang"); l != "" {
		out.Set("lang", l)
	}
	return out
}

// embedList is /embed/conferences: what comes next.
func (s *Server) embedList(ctx context.Context, v *viewer, _ *http.Request, params url.Values, p *embedded) error {
	n, err := readCount(params)
	if err != nil {
		return err
	}
	q := storage.ConferenceQuery{Calendar: true, EndsAfter: v.now, Limit: n}
	if raw := params.Get("tag"); raw != "" {
		if q.Tag = tidyTag(raw); q.Tag == "" {
			return invalidField("tag", "tag", "a tag has letters and digits")
		}
	}
	if raw := params.Get("speaks"); raw != "" {
		if q.Language = strings.ToLower(raw); !community.ValidLang(q.Language) {
			return invalidField("speaks", "language", "a language is two or three letters, such as ru")
		}
	}
	cs, err := s.store.Conferences(ctx, q)
	if err != nil {
		return err
	}
	p.Cards, p.Empty = v.cards(cs), v.T("conferences.none_upcoming")
	p.absolute(s.site.Base, params)
	return nil
}

// embedConference is /embed/conf/{slug}.
func (s *Server) embedConference(ctx context.Context, v *viewer, r *http.Request, params url.Values, p *embedded) error {
	c, err := s.ownConference(ctx, param(r, "slug"))
	if err != nil {
		return err
	}
	k := v.card(c)
	p.Cards, p.Single, p.Text = []card{k}, true, v.excerpt(c.HTML, 220).Text
	if k.Open {
		p.Button = v.comeButton(c)
	}
	p.absolute(s.site.Base, params)
	return nil
}

// absolute leads out of the frame, in the language of the frame.
func (p *embedded) absolute(base string, params url.Values) {
	for i := range p.Cards {
		p.Cards[i].Path = base + withQuery(p.Cards[i].Path, langOnly(params))
	}
}

// embedParams choose what is to be shown.
var embedParams = []string{"conf", "count", "tag", "speaks", "theme"}

// embedPage makes the code for other sites.
type embedPage struct {
	City       string
	Conf       string
	Count      int
	Tag        string
	Speaks     string
	Theme      string
	Themes     []choice
	Languages  []choice
	Code       string
	Frame      string
	Height     int
	Wrong      string
	FrameTitle string
}

// embedCode is /embed: what to paste into another site.
func (s *Server) embedCode(ctx context.Context, v *viewer, r *http.Request) (*shown, error) {
	params := s.meant(r, embedParams)
	p := embedPage{City: v.cityName().Text, Conf: strings.TrimSpace(params.Get("conf")), FrameTitle: v.T("embed.by", "City", v.cityName().Text)}
	var err error
	if p.Theme, err = embedTheme(params); err != nil {
		return nil, err
	}
	if p.Count, err = readCount(params); err != nil {
		return nil, err
	}
	q := url.Values{"lang": {v.Code}}
	if p.Theme != "auto" {
		q.Set("theme", p.Theme)
	}
	path := "/embed/conferences"
	p.Height = 110 + 96*p.Count
	home := s.site.Base + "/conf"
	if p.Conf != "" {
		slug := p.Conf
		if u, err := url.Parse(p.Conf); err == nil && strings.Contains(u.Path, "/conf/") {
			_, slug, _ = strings.Cut(u.Path, "/conf/")
		}
		c, err := s.ownConference(ctx, slug)
		if err != nil {
			return nil, err
		}
		path, home, p.Height = "/embed/conf/"+c.Slug, s.site.Conference(c.Slug), 330
		p.FrameTitle = v.pick(c.Title).Text
	} else {
		if p.Count != embedCount {
			q.Set("count", strconv.Itoa(p.Count))
		}
		if raw := params.Get("tag"); raw != "" {
			if p.Tag = tidyTag(raw); p.Tag == "" {
				return nil, invalidField("tag", "tag", "a tag has letters and digits")
			}
			q.Set("tag", p.Tag)
		}
		if p.Speaks = strings.ToLower(params.Get("speaks")); p.Speaks != "" {
			if !community.ValidLang(p.Speaks) {
				return nil, invalidField("speaks", "language", "a language is two or three letters, such as ru")
			}
			q.Set("speaks", p.Speaks)
		}
	}
	p.Frame = withQuery(path, q)
	p.Code = frameCode(s.site.Base+p.Frame, p.FrameTitle, "100%", p.Height, home)
	p.Themes = choose([]choice{{Value: "auto", Name: v.T("embed.theme_auto")}, {Value: "light", Name: v.T("embed.theme_light")}, {Value: "dark", Name: v.T("embed.theme_dark")}}, p.Theme, nil)
	for _, l := range v.city.Languages {
		p.Languages = append(p.Languages, choice{Value: l, Name: upperFirst(v.languageName(l))})
	}
	p.Languages = choose(p.Languages, p.Speaks, func(l string) string { return upperFirst(v.languageName(l)) })
	return &shown{"embed", page{Heading: v.T("embed.title"), Description: v.T("embed.lead"), Section: "conf", Body: p, Frames: true, NoIndex: len(params) > 0, Sheets: []string{"explore.css"}}}, nil
}

// frameCode is HTML for other sites. A frame needs no script, and the link after
// it is there where frames are taken out, as in mail and many feeds.
func frameCode(src, title, width string, height int, home string) string {
	e := html.EscapeString
	return `<iframe src="` + e(src) + `" title="` + e(title) + `" width="` + e(width) + `" height="` + strconv.Itoa(height) +
		`" loading="lazy" style="border:0;max-width:100%" sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>` +
		"\n" + `<p><a href="` + e(home) + `">` + e(title) + `</a></p>`
}

// embedAddress is where the frame of a conference is, to be shown on its page.
func embedAddress(c *community.Conference) template.URL {
	return template.URL(withQuery("/embed", url.Values{"conf": {c.Slug}}))
}
