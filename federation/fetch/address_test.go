package fetch

import (
	"io"
	"log"
	"net/url"
	"strings"
	"testing"
)

var quiet = log.New(io.Discard, "", 0)

func TestHost(t *testing.T) {
	for address, want := range map[string]string{
		"https://Example.COM/a":       "example.com",
		"example.com":                 "example.com",
		"Example.com.":                "example.com",
		"https://example.com.:443/x":  "example.com",
		"http://example.com:80":       "example.com",
		"http://example.com:443":      "example.com:443",
		"https://example.com:8443/":   "example.com:8443",
		"https://example.com:08443/":  "example.com:8443",
		"https://example.com:/":       "example.com",
		"https://Bücher.example":      "xn--bcher-kva.example",
		"https://BÜCHER.example":      "xn--bcher-kva.example",
		"https://xn--bcher-kva.EX":    "xn--bcher-kva.ex",
		"https://конфа.рф/city":       "xn--80atjd5a.xn--p1ai",
		"https://exam\u3002ple.com":   "exam.ple.com",
		"my_host.example":             "my_host.example",
		"127.0.0.1:8080":              "127.0.0.1:8080",
		"https://[::1]:8443/":         "[::1]:8443",
		"https://[2001:DB8:0::1]/":    "[2001:db8::1]",
		"https://[fe80::1%25eth0]/":   "",
		"https://user@example.com/":   "",
		"https://exa mple.com/":       "",
		"https://a..b/":               "",
		"https://.example.com/":       "",
		"https://example.com:0/":      "",
		"https://example.com:70000/":  "",
		"":                            "",
		"https://":                    "",
		"https://ex\u202eample.com/x": "",
	} {
		if got := Host(address); got != want {
			t.Errorf("Host(%q) = %q, want %q", address, got, want)
		}
	}
}

func TestSame(t *testing.T) {
	for _, c := range []struct {
		a, b            string
		origin, address bool
	}{
		{"https://a.example/x", "https://a.example/x", true, true},
		{"https://a.example/x#key", "https://a.example/x", true, true},
		{"https://A.example:443/x", "https://a.example./x", true, true},
		{"https://a.example", "https://a.example/", true, true},
		{"https://a.example/x", "https://a.example/y", true, false},
		{"https://a.example/X", "https://a.example/x", true, false},
		{"https://a.example/x?p=1", "https://a.example/x", true, false},
		{"https://a.example/x", "http://a.example/x", false, false},
		{"https://a.example/x", "https://b.a.example/x", false, false},
		{"https://a.example/x", "https://a.example:8443/x", false, false},
		{"https://a.example/x", "https://a.example.evil.example/x", false, false},
		{"https://a.example/x", "https://a.example@evil.example/x", false, false},
		{"mailto:x", "mailto:x", false, true},
		{"", "https://a.example/", false, false},
	} {
		if got := SameOrigin(c.a, c.b); got != c.origin || SameOrigin(c.b, c.a) != got {
			t.Errorf("SameOrigin(%q, %q) = %v", c.a, c.b, got)
		}
		if got := SameAddress(c.a, c.b); got != c.address {
			t.Errorf("SameAddress(%q, %q) = %v", c.a, c.b, got)
		}
	}
}

// FuzzHost: the one form of a host is stable, and is what is dialed.
func FuzzHost(f *testing.F) {
	for _, s := range []string{"https://Example.com.:443/x", "конфа.рф", "https://[::1]:1/", "a@b", "https://127.1/", "https://a_b.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h := Host(s)
		if h == "" {
			return
		}
		if Host(h) != h && !strings.HasSuffix(h, ":443") { // of http
			t.Fatalf("Host(%q) = %q, then %q", s, h, Host(h))
		}
		for i := 0; i < len(h); i++ {
			if h[i] <= ' ' || h[i] >= 0x7f || 'A' <= h[i] && h[i] <= 'Z' || strings.IndexByte("/?#@\\", h[i]) >= 0 {
				t.Fatalf("Host(%q) = %q", s, h)
			}
		}
		u, err := url.Parse("https://" + h + "/")
		if err != nil || u.Host != h {
			t.Fatalf("Host(%q) = %q cannot be dialed: %v", s, h, err)
		}
	})
}
