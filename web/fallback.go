package web

import (
	"net/http"
	"strings"

	"konfa/community"

	"github.com/go-chi/chi/v5"
)

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

// notFound answers addresses that lead nowhere.
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
