package web

import (
	"net/http"
)

// media serves one size of an uploaded picture: /media/{name}. What is under a
// name never changes, and is a picture that we wrote.
func (s *Server) media(w http.ResponseWriter, r *http.Request) error {
	f, err := s.store.MediaFile(r.Context(), param(r, "name"))
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	d := document{kind: f.MediaType, body: f.Data, etag: `"` + f.Name + `"`, keep: "public, max-age=31536000, immutable", policy: "default-src 'none'; sandbox"}
	return d.serve(w, r)
}
