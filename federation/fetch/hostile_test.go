package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

func pool(servers ...*httptest.Server) *x509.CertPool {
	p := x509.NewCertPool()
	for _, s := range servers {
		if c := s.Certificate(); c != nil {
			p.AddCert(c)
		}
	}
	return p
}

func tlsServer(t testing.TB, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.Config.ErrorLog = quiet
	s.StartTLS()
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s
}

func client(t testing.TB, s *httptest.Server, change ...func(*Options)) *Client {
	t.Helper()
	o := Options{Allow: loopback, RootCAs: pool(s), Timeout: 2 * time.Second, UserAgent: "konfa/test (+https://konfa.example/)"}
	for _, f := range change {
		f(&o)
	}
	c := New(o)
	t.Cleanup(c.Close)
	return c
}

func short(o *Options) { o.Timeout = 400 * time.Millisecond }

func activity(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "application/activity+json")
	_, _ = io.WriteString(w, body)
}

func wantKind(t *testing.T, err error, want Kind) *Error {
	t.Helper()
	if KindOf(err) != want {
		t.Fatalf("got %q (%v), want %q", KindOf(err), err, want)
	}
	e, _ := errors.AsType[*Error](err)
	return e
}

func TestGet(t *testing.T) {
	var got http.Header
	var proto string
	s := tlsServer(t, func(w http.ResponseWriter, r *http.Request) {
		got, proto = r.Header.Clone(), r.Proto
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		w.Header().Set("ETag", `"1"`)
		activity(w, `{"id":"x"}`)
	})
	c := client(t, s)
	for range 2 {
		doc, err := c.Get(t.Context(), s.URL+"/city#main-key", Request{Sign: func(r *http.Request) error {
			r.Header.Set("Signature", "signed "+r.URL.Path)
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		if doc.URL != s.URL+"/city" || string(doc.Body) != `{"id":"x"}` || doc.ETag != `"1"` {
			t.Errorf("%+v", doc)
		}
	}
	if proto != "HTTP/2.0" {
		t.Errorf("spoke %s", proto)
	}
	if got.Get("Cookie") != "" || got.Get("Signature") != "signed /city" || got.Get("User-Agent") != "konfa/test (+https://konfa.example/)" {
		t.Errorf("sent %v", got)
	}
	if want := `application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams"`; got.Get("Accept") != want {
		t.Errorf("accepts %q", got.Get("Accept"))
	}
}

func TestStatuses(t *testing.T) {
	s := tlsServer(t, func(w http.ResponseWriter, r *http.Request) {
		var status int
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &status)
		w.Header().Set("Retry-After", "120")
		w.Header().Set("Content-Type", "application/activity+json")
		w.WriteHeader(status)
	})
	c := client(t, s)
	for status, want := range map[int]Kind{200: "", 204: "", 304: Status, 300: Status, 400: Status, 401: Unauthorized, 403: Forbidden, 404: NotFound, 410: Gone, 418: Status, 429: Busy, 500: Status, 503: Busy} {
		_, err := c.Get(t.Context(), fmt.Sprintf("%s/%d", s.URL, status), Request{})
		if KindOf(err) != want {
			t.Errorf("%d: %v", status, err)
		}
		if e, ok := errors.AsType[*Error](err); ok && (e.Status != status || e.RetryAfter != 2*time.Minute || e.Temporary() != (status >= 500 || status == 429)) {
			t.Errorf("%d: %+v", status, e)
		}
	}
}

func TestNotModified(t *testing.T) {
	s := tlsServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") == `"1"` {
			w.WriteHeader(304)
			return
		}
		w.Header().Set("Content-Type", "text/calendar")
	})
	doc, err := client(t, s).Get(t.Context(), s.URL, Request{Accept: Feed, ETag: `"1"`})
	if err != nil || !doc.NotModified {
		t.Error(doc, err)
	}
}

func TestContentTypes(t *testing.T) {
	s := tlsServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = r.URL.Query()["t"]
		if len(r.URL.Query()["t"]) == 0 {
			w.Header()["Content-Type"] = nil
		}
		_, _ = io.WriteString(w, "{}")
	})
	c := client(t, s)
	for _, tt := range []struct {
		accept Accept
		types  string
		ok     bool
	}{
		{ActivityJSON, "t=application/activity%2Bjson", true},
		{ActivityJSON, "t=application/activity%2Bjson;+charset=utf-8", true},
		{ActivityJSON, "t=Application/Activity%2BJSON", true},
		{ActivityJSON, "t=application/ld%2Bjson;+profile=%22https://www.w3.org/ns/activitystreams%22", true},
		{ActivityJSON, "t=application/ld%2Bjson;profile=%22https://x.example+https://www.w3.org/ns/activitystreams%22;charset=utf-8", true},
		{ActivityJSON, "t=application/ld%2Bjson", false},
		{ActivityJSON, "t=application/ld%2Bjson;+profile=%22https://www.w3.org/ns/activitystreams-evil%22", false},
		{ActivityJSON, "t=application/json", false}, // an uploaded file (CVE-2024-25623)
		{ActivityJSON, "t=text/html", false},
		{ActivityJSON, "t=text/plain", false},
		{ActivityJSON, "", false},
		{ActivityJSON, "t=application/activity%2Bjson&t=text/html", false},
		{ActivityJSON, "t=application/activity%2Bjson,text/html", false},
		{JRD, "t=application/jrd%2Bjson", true},
		{JRD, "t=application/json;charset=utf-8", true},
		{JRD, "t=text/html", false},
		{JSON, "t=application/json;+profile=%22http://nodeinfo.diaspora.software/ns/schema/2.1%23%22", true},
		{JSON, "t=text/html", false},
		{XRD, "t=application/xrd%2Bxml", true},
		{XRD, "t=text/html", false},
		{Feed, "t=text/calendar;charset=utf-8", true},
		{Feed, "t=text/html", false},
		{Any, "t=text/html", true},
	} {
		_, err := c.Get(t.Context(), s.URL+"/?"+strings.ReplaceAll(tt.types, ";", "%3B"), Request{Accept: tt.accept})
		if tt.ok && err != nil || !tt.ok && KindOf(err) != WrongType {
			t.Errorf("%v %s: %v", tt.accept, tt.types, err)
		}
	}
}

func TestAddresses(t *testing.T) {
	c := New(Options{})
	for _, address := range []string{
		"", "x", "/inbox", "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "https:///x", "https://",
		"https:example.com", "https://user@example.com/", "https://user:pass@example.com/", "https://exa mple.com/",
		"https://example.com:0/", "https://example.com:99999/", "https://[fe80::1%25eth0]/", "https://a..b/", "gopher://x",
		"javascript:alert(1)", "https://example.com/" + strings.Repeat("a", 3000), "https://\x00/",
	} {
		_, err := c.Get(t.Context(), address, Request{})
		if KindOf(err) != BadURL {
			t.Errorf("%q: %v", address, err)
		}
		if _, err = c.Post(t.Context(), address, nil, nil); KindOf(err) != BadURL {
			t.Errorf("POST %q: %v", address, err)
		}
	}
}

// TestBlocked: no way of writing a private address gets past the guard.
func TestBlocked(t *testing.T) {
	c := New(Options{Timeout: 2 * time.Second})
	for _, host := range []string{
		"127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.1",
		"198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.88.99.1", "203.0.113.1",
		"[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::7f00:1]",
		"[2002:7f00:1::]", "[2001::7f00:1]", "[fe80::1]", "[fc00::1]", "[fd00::1]", "[ff02::1]", "[2001:db8::1]", "[100::1]",
		"localhost",
	} {
		for _, port := range []string{"", ":1", ":22", ":8080"} {
			_, err := c.Get(t.Context(), "https://"+host+port+"/", Request{})
			if KindOf(err) != Blocked && !(strings.HasPrefix(host, "[") && KindOf(err) == Network) { // no IPv6 here
				t.Errorf("%s%s: %v", host, port, err)
			}
		}
	}
	// The guard itself, wherever IPv6 is missing.
	g := newGuard(nil)
	for _, a := range []string{"[::1]:443", "[::ffff:127.0.0.1]:443", "[64:ff9b::7f00:1]:443", "[2002:7f00:1::]:443", "[fe80::1]:443", "[fd00::1]:443", "[2001:db8::1]:443", "[::127.0.0.1]:443"} {
		if err := g.control("tcp6", a, nil); !errors.Is(err, errBlocked) {
			t.Errorf("%s: %v", a, err)
		}
	}
	for network, a := range map[string]string{"tcp4": "93.184.215.14:8443", "tcp6": "[2606:4700::1111]:443"} {
		if err := g.control(network, a, nil); err != nil {
			t.Errorf("%s: %v", a, err)
		}
		if err := g.controlPlain(network, a, nil); !errors.Is(err, errBlocked) {
			t.Errorf("http to %s: %v", a, err)
		}
	}
	if err := g.control("udp4", "93.184.215.14:53", nil); !errors.Is(err, errBlocked) {
		t.Error("udp:", err)
	}
	// What is allowed by name, and no more than that.
	g = newGuard([]netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00:1::/32")})
	for a, ok := range map[string]bool{"10.1.2.3:80": true, "10.2.2.3:80": false, "127.0.0.1:80": false} {
		if err := g.controlPlain("tcp4", a, nil); (err == nil) != ok {
			t.Errorf("%s: %v", a, err)
		}
	}
	if err := g.controlPlain("tcp6", "[fd00:1::5]:80", nil); err != nil {
		t.Error(err)
	}
}

func TestRedirects(t *testing.T) {
	var inside atomic.Int32
	secret := tlsServer(t, func(w http.ResponseWriter, r *http.Request) { inside.Add(1); activity(w, "secret") })
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { inside.Add(1); activity(w, "plain") }))
	defer plain.Close()
	var signed []string
	var s *httptest.Server
	s = tlsServer(t, func(w http.ResponseWriter, r *http.Request) {
		signed = append(signed, r.Header.Get("Signature"))
		to := map[string]string{
			"/1": "/2", "/2": "/3", "/3": s.URL + "/end", "/loop": "/loop", "/0": "/1",
			"/metadata": "https://169.254.169.254/latest/meta-data/", "/inside": strings.Replace(secret.URL, "127.0.0.1", "127.0.0.2", 1),
			"/plain": plain.URL, "/userinfo": strings.Replace(s.URL, "https://", "https://a:b@", 1) + "/end", "/file": "file:///etc/passwd",
			"/long": "/" + strings.Repeat("a", 5000), "/bad": "https://[::", "/relative": "end", "/scheme": "//" + s.Listener.Addr().String() + "/end",
		}[r.URL.Path]
		switch {
		case r.URL.Path == "/none":
			w.WriteHeader(302)
		case to != "":
			w.Header().Set("Location", to)
			w.WriteHeader(302)
		default:
			activity(w, r.URL.Path)
		}
	})
	// Only 127.0.0.1 may be reached, and 127.0.0.2 stands for a private network.
	c := client(t, s, func(o *Options) {
		o.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
		o.RootCAs = pool(s, secret)
	})
	sign := func(r *http.Request) error { r.Header.Set("Signature", r.URL.Path); return nil }
	for path, want := range map[string]Kind{
		"/1": "", "/relative": "", "/scheme": "", "/0": Redirects, "/loop": Redirects, "/metadata": Blocked, "/inside": Blocked,
		"/plain": BadURL, "/userinfo": BadURL, "/file": BadURL, "/long": Redirects, "/bad": Redirects, "/none": Status,
	} {
		signed = nil
		doc, err := c.Get(t.Context(), s.URL+path, Request{Sign: sign})
		if KindOf(err) != want {
			t.Errorf("%s: %v", path, err)
		}
		if err == nil && (doc.URL != s.URL+"/end" || string(doc.Body) != "/end") {
			t.Errorf("%s led to %s", path, doc.URL)
		}
		if path == "/1" && strings.Join(signed, " ") != "/1 /2 /3 /end" {
			t.Errorf("signed %q", signed)
		}
	}
	// Where http is let through, https still does not lead to it.
	c = client(t, s, func(o *Options) { o.InsecureHTTP = true })
	_, err := c.Get(t.Context(), s.URL+"/plain", Request{})
	wantKind(t, err, Redirects)
	if doc, err := c.Get(t.Context(), plain.URL, Request{}); err != nil || string(doc.Body) != "plain" {
		t.Error(err)
	}
	// And http goes nowhere that is not allowed by name.
	c = client(t, s, func(o *Options) { o.InsecureHTTP = true; o.Allow = nil })
	_, err = c.Get(t.Context(), "http://93.184.215.14/", Request{})
	wantKind(t, err, Blocked)
	if inside.Load() != 1 {
		t.Errorf("%d requests reached the inside", inside.Load())
	}
	// Deliveries are not redirected.
	resp, err := client(t, s).Post(t.Context(), s.URL+"/1", []byte("{}"), nil)
	if err != nil || resp.Status != 302 {
		t.Error(resp, err)
	}
}

// TestRebinding: a name that is public when looked at and private when dialed
// does not get through, since it is the dialed address that counts.
func TestRebinding(t *testing.T) {
	s := tlsServer(t, func(w http.ResponseWriter, r *http.Request) { activity(w, "secret") })
	var asked int
	c := client(t, s, func(o *Options) {
		o.Allow = nil
		o.Lookup = func(context.Context, string) ([]netip.Addr, error) {
			if asked++; asked == 1 {
				return nil, errors.New("no such host")
			}
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		}
	})
	address := "https://rebind.example:" + s.URL[strings.LastIndex(s.URL, ":")+1:]
	_, err := c.Get(t.Context(), address, Request{})
	wantKind(t, err, Network)
	_, err = c.Get(t.Context(), address, Request{})
	wantKind(t, err, Blocked)
}

func TestHostile(t *testing.T) {
	bomb := func() []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		zeros := make([]byte, 1<<20)
		for range 64 {
			_, _ = z.Write(zeros)
		}
		_ = z.Close()
		return b.Bytes()
	}()
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		want    Kind
	}{
		{"endless body", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/activity+json")
			block := make([]byte, 64<<10)
			for r.Context().Err() == nil {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		}, TooLarge},
		{"says that it is large", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "999999999")
			activity(w, "{}")
		}, TooLarge},
		{"dripping body", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/activity+json")
			for r.Context().Err() == nil {
				_, _ = w.Write([]byte(" "))
				w.(http.Flusher).Flush()
				time.Sleep(20 * time.Millisecond)
			}
		}, Timeout},
		{"never answers", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, Timeout},
		{"gzip bomb", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Content-Type", "application/activity+json")
			_, _ = w.Write(bomb)
		}, TooLarge},
		{"packed unasked", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			activity(w, "{}")
		}, WrongType},
		{"huge header", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Big", strings.Repeat("a", 1<<20))
			activity(w, "{}")
		}, TooLarge},
		{"flood of headers", func(w http.ResponseWriter, r *http.Request) {
			for i := range 20_000 {
				w.Header().Set(fmt.Sprintf("X-%d", i), "a")
			}
			activity(w, "{}")
		}, TooLarge},
		{"breaks off", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }, Network},
		{"breaks off in the body", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/activity+json")
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte("{"))
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, Network},
	} {
		for _, h2 := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/HTTP2=%v", c.name, h2), func(t *testing.T) {
				t.Parallel()
				s := httptest.NewUnstartedServer(c.handler)
				s.EnableHTTP2, s.Config.ErrorLog = h2, quiet
				s.StartTLS()
				defer func() { s.CloseClientConnections(); s.Close() }()
				cl := client(t, s, short)
				if c.want == TooLarge {
					cl = client(t, s)
				}
				start := time.Now()
				_, err := cl.Get(t.Context(), s.URL, Request{})
				if h2 && c.name == "huge header" || h2 && c.name == "flood of headers" {
					if KindOf(err) != TooLarge && KindOf(err) != Network { // h2 says it in other words
						t.Fatal(err)
					}
				} else {
					wantKind(t, err, c.want)
				}
				if took := time.Since(start); took > 4*time.Second {
					t.Errorf("took %s", took)
				}
			})
		}
	}
}

// TestWire is about servers that do not even speak HTTP or TLS.
func TestWire(t *testing.T) {
	listen := func(serve func(net.Conn)) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() { defer c.Close(); serve(c) }()
			}
		}()
		return l.Addr().String()
	}
	c := New(Options{Allow: loopback, InsecureHTTP: true, Timeout: 400 * time.Millisecond})
	defer c.Close()
	silent := listen(func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	for _, scheme := range []string{"https", "http"} {
		_, err := c.Get(t.Context(), scheme+"://"+silent+"/", Request{})
		wantKind(t, err, Timeout)
	}
	rubbish := listen(func(c net.Conn) { _, _ = io.WriteString(c, strings.Repeat("rubbish\r\n", 100)) })
	_, err := c.Get(t.Context(), "https://"+rubbish+"/", Request{})
	wantKind(t, err, TLS)
	_, err = c.Get(t.Context(), "http://"+rubbish+"/", Request{})
	wantKind(t, err, Network)
	// Both wait for the request: what comes before it is no answer to it.
	hear := func(c net.Conn) { _, _ = c.Read(make([]byte, 4096)) }
	endless := listen(func(c net.Conn) {
		hear(c)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n")
		for {
			if _, err := io.WriteString(c, "X-A: "+strings.Repeat("b", 1000)+"\r\n"); err != nil {
				return
			}
		}
	})
	_, err = c.Get(t.Context(), "http://"+endless+"/", Request{})
	wantKind(t, err, TooLarge)
	interim := listen(func(c net.Conn) {
		hear(c)
		for {
			if _, err := io.WriteString(c, "HTTP/1.1 103 Early Hints\r\nLink: </"+strings.Repeat("a", 500)+">\r\n\r\n"); err != nil {
				return
			}
		}
	})
	if _, err = c.Get(t.Context(), "http://"+interim+"/", Request{}); KindOf(err) == "" {
		t.Error("an endless row of interim answers was an answer")
	}
	// A port where nobody listens.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	_ = l.Close()
	_, err = c.Get(t.Context(), "https://"+nobody+"/", Request{})
	if e := wantKind(t, err, Network); !e.Temporary() {
		t.Error("a refused connection may be there later")
	}
}

func TestCertificates(t *testing.T) {
	s := tlsServer(t, func(w http.ResponseWriter, r *http.Request) { activity(w, "{}") })
	port := s.URL[strings.LastIndex(s.URL, ":")+1:]
	lookup := func(o *Options) {
		o.Lookup = func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		}
	}
	_, err := client(t, s, lookup).Get(t.Context(), "https://wrong.name.test:"+port, Request{})
	wantKind(t, err, TLS)
	_, err = client(t, s, func(o *Options) { o.RootCAs = x509.NewCertPool() }).Get(t.Context(), s.URL, Request{})
	wantKind(t, err, TLS)
	if _, err = client(t, s, lookup).Get(t.Context(), "https://EXAMPLE.com.:"+port+"/", Request{}); err != nil {
		t.Error(err) // a name of the certificate
	}
}

// TestNoProxy: the environment must not send requests past the guard.
func TestNoProxy(t *testing.T) {
	c := New(Options{})
	if c.secure.Proxy != nil || c.plain.Proxy != nil {
		t.Error("a proxy would resolve and dial what the guard does not see")
	}
}

func TestPost(t *testing.T) {
	var body []byte
	var h http.Header
	s := tlsServer(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/hang":
			<-r.Context().Done()
		case "/busy":
			w.Header().Set("Retry-After", "Fri, 01 May 2026 12:01:00 GMT")
			w.WriteHeader(503)
			_, _ = w.Write(bytes.Repeat([]byte("x"), 1<<20))
		default:
			body, _ = io.ReadAll(r.Body)
			h = r.Header.Clone()
			w.WriteHeader(202)
		}
	})
	c := client(t, s, short, func(o *Options) { o.Clock = func() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) } })
	resp, err := c.Post(t.Context(), s.URL+"/inbox", []byte(`{"a":1}`), func(r *http.Request) error {
		if r.Header.Get("Content-Type") != "application/activity+json" {
			t.Error("signed before the content type was set")
		}
		return nil
	})
	if err != nil || resp.Status != 202 || string(body) != `{"a":1}` || h.Get("Content-Type") != "application/activity+json" {
		t.Error(resp, err, h)
	}
	resp, err = c.Post(t.Context(), s.URL+"/busy", nil, nil)
	if err != nil || resp.Status != 503 || resp.RetryAfter != time.Minute || len(resp.Body) != maxReply {
		t.Error(resp, err)
	}
	_, err = c.Post(t.Context(), s.URL+"/hang", nil, nil) // Gancio does
	wantKind(t, err, Timeout)
	_, err = c.Post(t.Context(), s.URL, nil, func(*http.Request) error { return os.ErrPermission })
	if !errors.Is(err, os.ErrPermission) {
		t.Error(err)
	}
}

// TestConnections: connections are kept, and their number to one host bounded.
func TestConnections(t *testing.T) {
	var open, most atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(5 * time.Millisecond)
		activity(w, "{}")
	}))
	s.Config.ConnState = func(_ net.Conn, st http.ConnState) {
		switch st {
		case http.StateNew:
			if n := open.Add(1); n > most.Load() {
				most.Store(n)
			}
		case http.StateClosed:
			open.Add(-1)
		}
	}
	s.StartTLS()
	defer s.Close()
	c := client(t, s)
	done := make(chan error, 100)
	for range 100 {
		go func() { _, err := c.Get(t.Context(), s.URL, Request{}); done <- err }()
	}
	for range 100 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if n := most.Load(); n > maxConnsPerHost {
		t.Errorf("%d connections at once", n)
	}
	before := most.Load()
	for range 10 {
		if _, err := c.Get(t.Context(), s.URL, Request{}); err != nil {
			t.Fatal(err)
		}
	}
	if open.Load() > before {
		t.Error("connections are not kept")
	}
}
