package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

func TestFromProxy(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/8")}
	for what, x := range map[string]struct{ peer, forwarded, want string }{
		"no proxy":                       {"192.0.2.7:1000", "", "192.0.2.7:1000"},
		"a stranger's word is dropped":   {"192.0.2.7:1000", "198.51.100.1", "192.0.2.7:1000"},
		"one proxy":                      {"127.0.0.1:1000", "192.0.2.7", "192.0.2.7:0"},
		"what the client said before it": {"127.0.0.1:1000", "6.6.6.6, 192.0.2.7", "192.0.2.7:0"},
		"two proxies":                    {"127.0.0.1:1000", "6.6.6.6, 192.0.2.7, 10.1.2.3", "192.0.2.7:0"},
		"nonsense":                       {"127.0.0.1:1000", "not-an-address", "127.0.0.1:1000"},
		"IPv6":                           {"127.0.0.1:1000", "2001:db8::7", "[2001:db8::7]:0"},
		"mapped":                         {"[::ffff:127.0.0.1]:1000", "::ffff:192.0.2.7", "192.0.2.7:0"},
	} {
		var got, left string
		h := fromProxy(trusted)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got, left = r.RemoteAddr, r.Header.Get("X-Forwarded-For")+r.Header.Get("X-Forwarded-Host")
		}))
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = x.peer
		if x.forwarded != "" {
			r.Header.Set("X-Forwarded-For", x.forwarded)
		}
		r.Header.Set("X-Forwarded-Host", "evil.example")
		h.ServeHTTP(httptest.NewRecorder(), r)
		if got != x.want {
			t.Errorf("%s: %s, want %s", what, got, x.want)
		}
		if left != "" {
			t.Errorf("%s: %q is left for others to believe", what, left)
		}
	}
}

func TestLocalOnly(t *testing.T) {
	h := fromProxy([]netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")})(localOnly(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {})))
	for what, x := range map[string]struct {
		peer, header string
		want         int
	}{
		"the machine":             {"127.0.0.1:9", "", 200},
		"the machine, IPv6":       {"[::1]:9", "", 200},
		"a stranger":              {"192.0.2.7:9", "", 403},
		"through a trusted proxy": {"127.0.0.1:9", "X-Forwarded-For", 403},
		"through another proxy":   {"[::1]:9", "Forwarded", 403},
	} {
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.RemoteAddr = x.peer
		if x.header != "" {
			r.Header.Set(x.header, "127.0.0.1")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != x.want {
			t.Errorf("%s: %d, want %d", what, w.Code, x.want)
		}
	}
}

func TestPanicIsOneRequest(t *testing.T) {
	var log strings.Builder
	h := fromProxy(nil)(recoverer(slog.New(slog.NewTextHandler(&log, nil)))(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	id := w.Header().Get("X-Request-Id")
	if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), id) || !strings.Contains(log.String(), id) || !strings.Contains(log.String(), "boom") {
		t.Errorf("%d %q, log %q", w.Code, w.Body, log.String())
	}
}

func TestCleanKeepsTerminalsSafe(t *testing.T) {
	if got := clean("a\x1b[2Jb\u202ec\nd"); strings.ContainsAny(got, "\x1b\n\u202e") {
		t.Errorf("%q", got)
	}
}
