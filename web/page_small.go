package web

import (
	"context"
	_ "embed"
	"net/http"
	"strings"

	"konfa/community"

	"github.com/go-chi/chi/v5"
)

//go:embed openapi.yaml
var openapiYAML []byte

// redirect leads to where something is found for good.
func (s *Server) redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		protect(w.Header())
		target := to
		if r.URL.RawQuery != "" && !strings.Contains(to, ".") {
			target += "?" + r.URL.RawQuery
		}
		http.Redirect(w, r, target, http.StatusFound)
	}
}

// static serves the files of the pages. Their address changes with what is in
// them, so they are kept for ever.
func (s *Server) static(w http.ResponseWriter, r *http.Request) error {
	f, ok := s.assets.byPath[r.URL.Path]
	if !ok {
		return community.Errorf(community.NotFound, "there is no such file")
	}
	return f.serve(w, r)
}

// robots lets everyone read everything but what is made for each request.
func (s *Server) robots(w http.ResponseWriter, r *http.Request) error {
	d, err := newDocument([]byte("User-agent: *\nDisallow: /authorize_interaction\nDisallow: /follow\nDisallow: /api/v1/\n"), "text/plain; charset=utf-8")
	if err != nil {
		return err
	}
	d.keep = "public, max-age=86400"
	return d.serve(w, r)
}

// apiDescription is /api/openapi.yaml.
func (s *Server) apiDescription(w http.ResponseWriter, r *http.Request) error {
	d := s.openapi
	d.keep, d.policy = "public, max-age=3600", w.Header().Get("Content-Security-Policy")
	return d.serve(w, r)
}

// apiPage tells people about the API: /api.
func (s *Server) apiPage(_ context.Context, v *viewer, _ *http.Request) (*shown, error) {
	body := struct {
		Base  copyField
		Token string
		Curl  string
	}{
		newCopy(v.site.Base+"/api/v1", v.T("api.base")),
		"konfa token add NAME",
		"curl " + v.site.Base + "/api/v1/conferences",
	}
	return &shown{"api", page{Heading: v.T("api.title"), Description: v.T("api.lead"), Body: body}}, nil
}

func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	err := community.Errorf(community.NotFound, "there is nothing here")
	fail := func(http.ResponseWriter, *http.Request) error { return err }
	if strings.HasPrefix(r.URL.Path, "/api/") {
		s.api(fail)(w, r)
		return
	}
	s.page(fail)(w, r)
}

// methodNotAllowed answers what exists but not in this way, and browsers that
// ask beforehand.
func (s *Server) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	program := strings.HasPrefix(r.URL.Path, "/api/")
	if program && r.Method == http.MethodOptions {
		s.api(s.preflight)(w, r)
		return
	}
	// RFC 9110 §15.5.6: the answer says what would do.
	if rc := chi.RouteContext(r.Context()); rc != nil && rc.Routes != nil {
		for _, m := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodDelete} {
			if rc.Routes.Match(chi.NewRouteContext(), m, r.URL.Path) {
				w.Header().Add("Allow", m)
			}
		}
	}
	fail := func(http.ResponseWriter, *http.Request) error { return errMethod }
	if program {
		s.api(fail)(w, r)
		return
	}
	s.page(fail)(w, r)
}
