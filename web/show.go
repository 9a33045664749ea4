package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"konfa/community"
)

// buildTime bounds how long one page may take to make.
const buildTime = 10 * time.Second

// shown is a page that a handler made: its template and what is in it.
type shown struct {
	template string
	page     page
}

// builder makes a page for a reader. What it depends on is the path, the
// language and the query parameters that its route names, nothing else: the
// result is kept for the next one who asks.
type builder func(ctx context.Context, v *viewer, r *http.Request) (*shown, error)

// show serves what a builder makes. Query names the parameters that matter.
func (s *Server) show(build builder, query ...string) http.HandlerFunc {
	return s.page(func(w http.ResponseWriter, r *http.Request) error {
		v, err := s.viewer(r)
		if err != nil {
			return err
		}
		s.rememberLanguage(w, r)
		params := s.meant(r, query)
		if v.me != nil {
			// What someone who is signed in sees is made for them alone.
			sh, err := build(r.Context(), v, r)
			if err != nil {
				return err
			}
			vary(w.Header(), "Accept", "Cookie")
			w.Header().Set("Cache-Control", "private, no-store")
			return s.once(w, r, v, sh, params, http.StatusOK)
		}
		d, err := s.cache.get("page "+v.Code+" "+r.URL.EscapedPath()+"?"+params.Encode(), nil, func() (document, error) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), buildTime)
			defer cancel()
			sh, err := build(ctx, v, r)
			if err != nil {
				return document{}, err
			}
			s.frame(&sh.page, v, r, params)
			html, err := s.renderer.render(v.tongue, sh.template, &sh.page)
			if err != nil {
				return document{}, err
			}
			d, err := newDocument(html, "text/html; charset=utf-8")
			d.policy, d.langs = s.pagePolicy(&sh.page), true
			return d, err
		})
		if err != nil {
			return err
		}
		vary(w.Header(), "Accept") // the same address answers other servers with JSON
		w.Header().Set("Content-Language", v.Code)
		if mine, ok := personal(d.body, r); ok {
			return d.with(mine).serve(w, r)
		}
		return d.serve(w, r)
	})
}

// maxParam is the length of a query parameter, in bytes, that a page looks at.
// An address of another server fits.
const maxParam = 2000

// meant are the query parameters of a request that a page knows, and the
// language where it was asked for. Whatever else an address carries is the
// reader's own affair: the page that is kept for everyone must not repeat it.
func (s *Server) meant(r *http.Request, names []string) url.Values {
	all, out := r.URL.Query(), url.Values{}
	for _, n := range names {
		if v := strings.ToValidUTF8(all.Get(n), ""); v != "" && len(v) <= maxParam {
			out.Set(n, v)
		}
	}
	if t, ok := s.tongues.byCode(all.Get("lang")); ok {
		out.Set("lang", t.Code)
	}
	return out
}

// rememberLanguage keeps the language that was chosen by a link.
func (s *Server) rememberLanguage(w http.ResponseWriter, r *http.Request) {
	t, ok := s.tongues.byCode(r.URL.Query().Get("lang"))
	if !ok {
		return
	}
	if c, err := r.Cookie(langCookie); err == nil && c.Value == t.Code {
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: langCookie, Value: t.Code, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Secure: len(s.site.Base) > 5 && s.site.Base[:5] == "https",
	})
}

// frame fills what is around every page.
func (s *Server) frame(p *page, v *viewer, r *http.Request, params url.Values) {
	p.Lang, p.City, p.Version, p.Source = v.Tag, cityHead{v.cityName(), v.handle()}, s.version, s.source
	if p.At == "" {
		p.At = ownPath(r)
	}
	if v.me != nil {
		p.Me = &meHead{Name: v.me.Name, Handle: v.me.Handle, Steward: v.me.Role.AtLeast(community.Steward)}
	} else if p.Login = loginPath; p.At != "/" && p.At != loginPath && !p.NoIndex {
		p.Login += "?to=" + url.QueryEscape(p.At)
	}
	p.Footer = v.markdown(v.city.Settings.Footer)
	p.Languages = s.languageLinks(p.At, params, v.tongue)
	if p.Kind == "" {
		p.Kind = "website"
	}
	if p.Title == "" {
		p.Title = p.Heading
		if name := p.City.Name.Text; p.Heading != name {
			p.Title += " · " + name
		}
	}
	if p.Canonical == "" && !p.NoIndex {
		path := ownPath(r)
		p.Canonical = s.site.Base + withQuery(path, params)
		plain := url.Values{}
		for k := range params {
			if k != "lang" {
				plain.Set(k, params.Get(k))
			}
		}
		p.Alternates = append(p.Alternates, alternate{"x-default", s.site.Base + withQuery(path, plain)})
		for _, t := range s.tongues.list {
			plain.Set("lang", t.Code)
			p.Alternates = append(p.Alternates, alternate{t.Code, s.site.Base + withQuery(path, plain)})
		}
	}
	p.Theme, p.Sign = themePath(v.city.Settings.Accent), v.city.Picture
	p.Pictures = append(p.Pictures, origins(p.Image, p.Sign)...)
}

// languageLinks lead to the same page in other languages.
func (s *Server) languageLinks(path string, params url.Values, current *tongue) []languageLink {
	var out []languageLink
	for _, t := range s.tongues.list {
		q := mapClone(params)
		q.Set("lang", t.Code)
		out = append(out, languageLink{Code: t.Code, Name: t.Name, URL: withQuery(path, q), Current: t == current})
	}
	return out
}

// ownPath is the path of a request for use in a link. One that begins with two
// slashes would be another host.
func ownPath(r *http.Request) string {
	return "/" + strings.TrimLeft(r.URL.EscapedPath(), `/\`)
}

// param is a part of the path that a route names, with its escapes undone:
// chi leaves them in where the sender escaped more than was needed.
func param(r *http.Request, name string) string {
	v := chi.URLParam(r, name)
	if r.URL.RawPath != "" {
		if plain, err := url.PathUnescape(v); err == nil {
			return plain
		}
	}
	return v
}

func withQuery(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}
