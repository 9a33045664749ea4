package web

import (
	"context"
	"net/http"
)

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
