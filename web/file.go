package web

import (
	_ "embed"
	"net/http"

	"konfa/community"
)

//go:embed openapi.yaml
var openapiYAML []byte

// static serves the files of the pages. Their address changes with what is in
// them, so they are kept for ever.
func (s *Server) static(w http.ResponseWriter, r *http.Request) error {
	f, ok := s.assets.byPath[r.URL.Path]
	if name := param(r, "file"); !ok && isTheme(name) {
		return s.theme(w, r, name)
	}
	if !ok {
		return community.Errorf(community.NotFound, "there is no such file")
	}
	return f.serve(w, r)
}

// robots lets everyone read everything but what is made for each request.
func (s *Server) robots(w http.ResponseWriter, r *http.Request) error {
	d, err := newDocument([]byte("User-agent: *\nDisallow: /authorize_interaction\nDisallow: /follow\nDisallow: /rsvp/\nDisallow: /my/\nDisallow: /me\nDisallow: /join/\nDisallow: /login\nDisallow: /desk/\nDisallow: /api/v1/\n"), "text/plain; charset=utf-8")
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
