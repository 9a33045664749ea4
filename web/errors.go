package web

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"konfa/community"
)

// handler is a http.HandlerFunc that may fail. What it returns is rendered and
// logged in one place.
type handler func(w http.ResponseWriter, r *http.Request) error

// failure is an error of HTTP itself. Key is its section in the catalogue.
type failure struct {
	status int
	key    string
}

func (f failure) Error() string { return f.key }

var (
	errMethod      = failure{http.StatusMethodNotAllowed, "method"}
	errRate        = failure{http.StatusTooManyRequests, "rate"}
	errCrossOrigin = failure{http.StatusForbidden, "cross_origin"}
	errNotFounded  = failure{http.StatusServiceUnavailable, "founding"}
	errTooLarge    = failure{http.StatusRequestEntityTooLarge, "invalid"}
	errMediaType   = failure{http.StatusUnsupportedMediaType, "invalid"}
	errNoToken     = failure{http.StatusUnauthorized, "no_token"}
	errToken       = failure{http.StatusUnauthorized, "bad_token"}
	// errGone: the reader closed the connection.
	errGone = errors.New("the reader left")
)

// statuses of the codes of our errors. Refused is a rule, not a syntax error.
var statuses = map[community.Code]int{
	community.Invalid:   http.StatusUnprocessableEntity,
	community.NotFound:  http.StatusNotFound,
	community.Gone:      http.StatusGone,
	community.Conflict:  http.StatusConflict,
	community.Forbidden: http.StatusForbidden,
	community.Refused:   http.StatusConflict,
	community.Internal:  http.StatusInternalServerError,
}

// trouble is an error as it is shown.
type trouble struct {
	Code   community.Code // empty for errors of HTTP itself
	Status int
	Title  string
	Text   string
	Detail string
	Hint   string
	Fields []community.FieldError
	Number string // of an error of ours, to find it in the log
}

// explain turns an error into what a reader of the language is told. What is
// our own fault is told with a number only; the rest goes to the log.
func (s *Server) explain(r *http.Request, t *tongue, err error) trouble {
	if f, ok := errors.AsType[failure](err); ok {
		return trouble{Status: f.status, Title: t.T("error." + f.key + ".title"), Text: t.T("error." + f.key + ".text")}
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return trouble{Status: http.StatusServiceUnavailable, Title: t.T("error.unavailable.title"), Text: t.T("error.unavailable.text")}
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return trouble{Status: errTooLarge.status, Title: t.T("error.invalid.title"), Text: t.T("error.invalid.text")}
	}
	code := community.CodeOf(err)
	if _, known := statuses[code]; !known {
		code = community.Internal
	}
	out := trouble{Code: code, Status: statuses[code], Title: t.T("error." + string(code) + ".title"), Text: t.T("error." + string(code) + ".text")}
	if code == community.Internal {
		out.Number = strings.ToLower(rand.Text()[:10])
		s.log.Error("a request failed", "error_id", out.Number, "method", r.Method, "path", LoggedPath(r.URL.Path), "err", err)
		return out
	}
	e, ok := errors.AsType[*community.Error](err)
	if !ok {
		return out
	}
	// Whoever reads this has no command line here.
	if !strings.HasPrefix(e.Hint, "konfa ") {
		out.Hint = e.Hint
	}
	switch {
	case e.Key != "" && t.Has(e.Key):
		out.Detail = t.T(e.Key)
	case code != community.NotFound && code != community.Gone:
		out.Detail = e.Msg
	}
	for _, f := range e.Fields {
		if key := "field.f_" + f.Key; f.Key != "" && t.Has(key) && t.Code != "en" {
			// The English message knows the numbers; other languages say it
			// without.
			f.Msg = t.T(key)
		}
		out.Fields = append(out.Fields, f)
	}
	return out
}

// page runs a handler of people: failures become pages.
func (s *Server) page(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		protect(w.Header())
		err := h(w, r)
		if err == nil || errors.Is(err, errGone) {
			return
		}
		if to, ok := errors.AsType[seeOther](err); ok {
			http.Redirect(w, r, string(to), http.StatusSeeOther)
			return
		}
		s.errorPage(w, r, err)
	}
}

// seeOther is a path of ours, where what was asked for is to be seen instead.
type seeOther string

func (to seeOther) Error() string { return "it is at " + string(to) }

// errorPage answers with a page that says what went wrong. It needs nothing of
// the database, which may be what is broken.
func (s *Server) errorPage(w http.ResponseWriter, r *http.Request, err error) {
	var langs []string
	theme := ""
	head := cityHead{Name: text{Text: s.site.Host()}, Handle: s.site.Host()}
	if city, cityErr := s.currentCity(r.Context()); cityErr == nil {
		langs = city.Languages
		v := &viewer{tongue: s.tongues.choose(r, langs), city: city, site: s.site, now: s.node.Now()}
		head, theme = cityHead{Name: v.cityName(), Handle: v.handle()}, themePath(city.Settings.Accent)
	}
	t := s.tongues.choose(r, langs)
	x := s.explain(r, t, err)
	p := &page{
		Lang: t.Tag, Title: x.Title, Heading: x.Title, Kind: "website", City: head, NoIndex: true, Theme: theme,
		Languages: s.languageLinks(ownPath(r), nil, t), Version: s.version, Source: s.source, Body: x,
	}
	h := w.Header()
	h.Set("Content-Security-Policy", s.policy(nil))
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Language", t.Code)
	vary(h, "Accept-Language", "Cookie")
	if x.Status == http.StatusServiceUnavailable || x.Status == http.StatusTooManyRequests {
		h.Set("Retry-After", "30")
	}
	html, err := s.renderer.render(t, "error", p)
	if err != nil {
		s.log.Error("the error page failed", "err", err)
		http.Error(w, x.Title, x.Status)
		return
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", itoa(len(html)))
	w.WriteHeader(x.Status)
	if r.Method != http.MethodHead {
		w.Write(html)
	}
}

// problem is RFC 9457, with the fields that were wrong and a number of an error
// of ours beside (FEP-c180).
type problem struct {
	Type     string                 `json:"type"`
	Title    string                 `json:"title"`
	Status   int                    `json:"status"`
	Code     community.Code         `json:"code,omitempty"`
	Detail   string                 `json:"detail,omitempty"`
	Hint     string                 `json:"hint,omitempty"`
	Instance string                 `json:"instance,omitempty"`
	Errors   []community.FieldError `json:"errors,omitempty"`
	ErrorID  string                 `json:"error_id,omitempty"`
}

// api runs a handler of programs: failures become problem+json.
func (s *Server) api(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		protect(w.Header())
		allowAll(w.Header())
		w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		err := h(w, r)
		if err == nil || errors.Is(err, errGone) {
			return
		}
		var langs []string
		if city, cityErr := s.currentCity(r.Context()); cityErr == nil {
			langs = city.Languages
		}
		t := s.tongues.choose(r, langs)
		x := s.explain(r, t, err)
		p := problem{Type: "about:blank", Title: x.Title, Status: x.Status, Code: x.Code, Detail: x.Detail, Hint: x.Hint, Instance: r.URL.Path, Errors: x.Fields, ErrorID: x.Number}
		if p.Detail == "" {
			p.Detail = x.Text
		}
		head := w.Header()
		switch x.Status {
		case http.StatusUnauthorized:
			// RFC 6750 §3: a code only where a token came.
			challenge := `Bearer realm="konfa"`
			if errors.Is(err, errToken) {
				challenge += `, error="invalid_token"`
			}
			head.Set("WWW-Authenticate", challenge)
		case http.StatusServiceUnavailable, http.StatusTooManyRequests:
			head.Set("Retry-After", "30")
		}
		head.Set("Content-Type", "application/problem+json")
		head.Set("Content-Language", t.Code)
		head.Set("Cache-Control", "no-store")
		vary(head, "Accept-Language")
		w.WriteHeader(x.Status)
		if r.Method != http.MethodHead {
			json.NewEncoder(w).Encode(p)
		}
	}
}

func itoa(n int) string { return strconv.Itoa(n) }
