package federation

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strings"
)

// getHostMeta tells where WebFinger is (RFC 6415), for those who ask that way
// first, as Mobilizon does.
func (s *Server) getHostMeta(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.Header.Get("Accept"), "json") && !strings.Contains(r.Header.Get("Accept"), "xml") {
		s.getHostMetaJSON(w, r)
		return
	}
	type link struct {
		Rel      string `xml:"rel,attr"`
		Type     string `xml:"type,attr"`
		Template string `xml:"template,attr"`
	}
	body, err := xml.Marshal(struct {
		XMLName xml.Name `xml:"http://docs.oasis-open.org/ns/xri/xrd-1.0 XRD"`
		Link    link     `xml:"Link"`
	}{Link: link{"lrdd", "application/jrd+json", s.fingerTemplate()}})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.wellKnown(w, "application/xrd+xml; charset=utf-8", append([]byte(xml.Header), body...))
}

func (s *Server) getHostMetaJSON(w http.ResponseWriter, r *http.Request) {
	body, err := json.Marshal(map[string]any{"links": []map[string]string{
		{"rel": "lrdd", "type": "application/jrd+json", "template": s.fingerTemplate()},
	}})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.wellKnown(w, "application/json", body)
}

func (s *Server) fingerTemplate() string {
	return s.site.Base + "/.well-known/webfinger?resource={uri}"
}

func (s *Server) wellKnown(w http.ResponseWriter, contentType string, body []byte) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "public, max-age=300")
	h.Set("Vary", "Accept")
	_, _ = w.Write(body)
}
