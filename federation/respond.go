package federation

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"konfa/activitystreams"
	"konfa/community"
)

// document answers a GET with ActivityPub bytes. The content type is exactly
// the plain one: Lemmy compares the whole string.
func (s *Server) document(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", activitystreams.ContentType)
	s.vary(h)
	if s.o.AuthorizedFetch || signed(r) {
		// GHSA-ccpr-m53r-mfwr: what one server may read is not for the caches
		// of others.
		h.Set("Cache-Control", "private, no-cache")
	} else {
		h.Set("Cache-Control", "public, max-age=60")
		h.Set("Access-Control-Allow-Origin", "*") // validators run in browsers
	}
	sum := sha256.Sum256(body)
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	h.Set("ETag", tag)
	if status == http.StatusOK && matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a peer that went away is no business of ours
}

func (s *Server) vary(h http.Header) {
	v := "Accept"
	if s.o.AuthorizedFetch {
		v = "Accept, Signature, Signature-Input"
	}
	if h.Get("Vary") == "User-Agent" {
		v += ", User-Agent"
	}
	h.Set("Vary", v)
}

// matches implements If-None-Match (RFC 9110 §13.1.2), which compares weakly.
func matches(header, tag string) bool {
	if header == "" {
		return false
	}
	for part := range strings.SplitSeq(header, ",") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
		if part == "*" || part == tag {
			return true
		}
	}
	return false
}

// signed tells whether a request carries a signature of either kind.
func signed(r *http.Request) bool {
	return r.Header.Get("Signature") != "" || strings.HasPrefix(r.Header.Get("Authorization"), "Signature ")
}

// problem answers with an error that people and programs can read (RFC 9457,
// FEP-c180).
func (s *Server) problem(w http.ResponseWriter, status int, detail string) {
	body, err := json.Marshal(struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail,omitempty"`
		Error  string `json:"error,omitempty"` // what Mastodon's clients look at
	}{"about:blank", http.StatusText(status), status, detail, detail})
	if err != nil {
		body = []byte(`{}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	s.vary(h)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// fail answers with what an error of the layers below means in HTTP. What is
// ours to blame is a 503: a 404 or 410 for a passing trouble makes peers
// delete what they have (interop C16).
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	e, _ := err.(*community.Error)
	msg := ""
	if e != nil {
		msg = e.Msg
	}
	switch community.CodeOf(err) {
	case community.NotFound:
		s.problem(w, http.StatusNotFound, msg)
	case community.Gone:
		s.problem(w, http.StatusGone, msg)
	case community.Forbidden, community.Refused:
		s.problem(w, http.StatusForbidden, msg)
	case community.Invalid:
		s.problem(w, http.StatusBadRequest, msg)
	default:
		s.log.Error("answering failed", "path", r.URL.Path, "error", err)
		w.Header().Set("Retry-After", "60")
		s.problem(w, http.StatusServiceUnavailable, "something is wrong here; try again later")
	}
}

// gone answers 410 with the tombstone of what was at an id of ours, or 404
// where there never was anything.
func (s *Server) gone(w http.ResponseWriter, r *http.Request, id string) bool {
	key, ok := s.site.Path(id)
	if !ok {
		return false
	}
	t, err := s.store.Tombstone(r.Context(), key)
	if err != nil {
		return false
	}
	body, err := s.node.Encoder().Tombstone(id, t.FormerType, t.Deleted)
	if err != nil {
		s.fail(w, r, err)
		return true
	}
	s.document(w, r, http.StatusGone, body)
	return true
}
