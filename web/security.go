package web

import (
	"net/http"
	"slices"
	"strings"
)

// protect sets what every answer carries, whatever is in it.
func protect(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	h.Set("X-Frame-Options", "DENY") // for what does not know frame-ancestors
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
}

// policy is the Content-Security-Policy of a page. Nothing inline, nothing from
// elsewhere but the pictures that its organisers linked. JSON-LD needs no hash:
// a data block is never run, so the policy does not look at it (HTML §4.12.1.1).
// The answer to a form may lead to the reader's own server, and browsers hold
// that against form-action too.
func (s *Server) policy(pictures []string) string {
	forms := "'self' https:"
	if strings.HasPrefix(s.site.Base, "http://") {
		forms += " http:"
	}
	return "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src " + strings.Join(append([]string{"'self'"}, pictures...), " ") +
		"; form-action " + forms + "; base-uri 'none'; frame-ancestors 'none'"
}

// pagePolicy is the policy of one page.
func (s *Server) pagePolicy(p *page) string {
	policy := s.policy(p.Pictures)
	if p.Frames {
		policy += "; frame-src 'self'"
	}
	return policy
}

// allowAll lets scripts of any site read the answer. It carries nothing that
// depends on cookies, so there is nothing to take.
func allowAll(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "ETag, Last-Modified, Link, Location, Retry-After")
}

// fromHere refuses a form that another site made the browser send.
func (s *Server) fromHere(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := s.forms.Check(r); err != nil {
			return errCrossOrigin
		}
		return h(w, r)
	}
}

// vary names request headers that the answer depends on, each once.
func vary(h http.Header, names ...string) {
	for _, n := range names {
		if !slices.Contains(h.Values("Vary"), n) {
			h.Add("Vary", n)
		}
	}
}
