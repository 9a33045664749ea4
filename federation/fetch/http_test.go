package fetch

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

// What libraries fetch goes no further than what we fetch ourselves.
func TestHTTP(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
			return
		}
		io.WriteString(w, r.Header.Get("User-Agent")+strings.Repeat("x", maxHTTPBody))
	}))
	defer srv.Close()
	if _, err := New(Options{}).HTTP().Get(srv.URL); err == nil {
		t.Error("a private address was reached")
	}
	if _, err := New(Options{InsecureHTTP: true}).HTTP().Get(srv.URL); err == nil {
		t.Error("a private address was reached by plain HTTP")
	}
	c := New(Options{UserAgent: "konfa/1", InsecureHTTP: true, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}).HTTP()
	res, err := c.Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || len(b) != maxHTTPBody || !strings.HasPrefix(string(b), "konfa/1x") {
		t.Errorf("%d bytes that begin with %.10q, %v", len(b), b, err)
	}
	if res, err := c.Get(srv.URL + "/away"); err != nil || res.StatusCode != http.StatusFound {
		t.Error("a redirect is followed", err)
	} else {
		res.Body.Close()
	}
}
