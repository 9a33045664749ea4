package signature

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-fed/httpsig"
	"pgregory.net/rapid"
)

// elsewhere is a key that is not held in memory, such as libcrypto's.
type elsewhere struct{ inner crypto.Signer }

func (e elsewhere) Public() crypto.PublicKey { return e.inner.Public() }
func (e elsewhere) Sign(r io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	return e.inner.Sign(r, digest, o)
}

func outgoing(t testing.TB, method, address string, body []byte) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, address, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if method == "POST" {
		r.Header.Set("Content-Type", "application/activity+json")
	}
	return r
}

// arrive is what the other side sees of a request.
func arrive(r *http.Request, body []byte) *http.Request {
	in := &http.Request{Method: r.Method, Host: r.Host, Header: r.Header.Clone(), RequestURI: r.URL.RequestURI(),
		ContentLength: int64(len(body))}
	in.URL, _ = r.URL.Parse(in.RequestURI)
	in.URL.Scheme, in.URL.Host = "", "" // as net/http leaves it
	return in
}

// TestSignatureHeader pins what PieFed, Pixelfed, Lemmy and go-fed need.
func TestSignatureHeader(t *testing.T) {
	r := outgoing(t, "POST", "https://konfa.example/inbox", []byte("{}"))
	if err := Sign(r, []byte("{}"), Signer{KeyID: keyID, Private: rsaKey()}, Cavage, testNow); err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`^keyId="https://mastodon\.example/users/anna#main-key",algorithm="rsa-sha256",headers="\(request-target\) host date digest content-type",signature="[A-Za-z0-9+/]{342}=="$`)
	if got := r.Header.Get("Signature"); !want.MatchString(got) {
		t.Error(got)
	}
	for name, want := range map[string]string{
		"Date":            "Fri, 01 May 2026 12:00:00 GMT",
		"Digest":          "SHA-256=RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=",
		"Signature-Input": "",
		"Content-Digest":  "",
		"Host":            "",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if r.Host != "konfa.example" {
		t.Errorf("Host is %q", r.Host)
	}

	r = outgoing(t, "GET", "https://konfa.example/city?page=1", nil)
	if err := Sign(r, nil, Signer{KeyID: keyID, Private: rsaKey()}, Cavage, testNow); err != nil {
		t.Fatal(err)
	}
	if got := r.Header.Get("Signature"); !strings.Contains(got, `headers="(request-target) host date",`) || r.Header.Get("Digest") != "" {
		t.Error(got)
	}

	// Signed again in the other scheme, nothing of the first is left.
	if err := Sign(r, nil, Signer{KeyID: keyID, Private: rsaKey()}, RFC9421, testNow); err != nil {
		t.Fatal(err)
	}
	if got, want := r.Header.Get("Signature-Input"), `sig1=("@method" "@target-uri");created=1777636800;keyid="https://mastodon.example/users/anna#main-key"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := r.Header.Values("Signature"); len(got) != 1 || !strings.HasPrefix(got[0], "sig1=:") {
		t.Error(got)
	}
	if err := Sign(r, nil, Signer{KeyID: keyID, Private: rsaKey()}, Cavage, testNow); err != nil {
		t.Fatal(err)
	}
	if r.Header.Get("Signature-Input") != "" {
		t.Error("a request carries both schemes")
	}
}

func TestSignRefuses(t *testing.T) {
	r := outgoing(t, "GET", "https://konfa.example/", nil)
	for name, s := range map[string]Signer{
		"no key":           {KeyID: keyID},
		"no id":            {Private: rsaKey()},
		"quote in the id":  {KeyID: `a"b`, Private: rsaKey()},
		"break in the id":  {KeyID: "a\r\nb", Private: rsaKey()},
		"comma in the id":  {KeyID: "a,b", Private: rsaKey()},
		"unknown key kind": {KeyID: keyID, Private: elsewhere{odd{}}},
	} {
		for _, scheme := range []Scheme{Cavage, RFC9421} {
			if Sign(r, nil, s, scheme, testNow) == nil {
				t.Errorf("%s: signed by %s", name, scheme)
			}
		}
	}
	if Sign(r, nil, Signer{KeyID: keyID, Private: rsaKey()}, "other", testNow) == nil {
		t.Error("signed in no scheme")
	}
}

type odd struct{}

func (odd) Public() crypto.PublicKey { return "odd" }
func (odd) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, nil
}

// TestRoundTrip signs and verifies anything in every way, and finds every
// change of what was signed.
func TestRoundTrip(t *testing.T) {
	keys := map[string]crypto.Signer{"RSA": rsaKey(), "Ed25519": edKey, "RSA elsewhere": elsewhere{rsaKey()}, "Ed25519 elsewhere": elsewhere{edKey}}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"RSA", "Ed25519", "RSA elsewhere", "Ed25519 elsewhere"}).Draw(t, "key")
		scheme := rapid.SampledFrom([]Scheme{Cavage, CavageNoQuery, RFC9421}).Draw(t, "scheme")
		method := rapid.SampledFrom([]string{"GET", "POST"}).Draw(t, "method")
		path := rapid.StringMatching(`/[a-zA-Z0-9_~.-]{0,12}(/[a-z%20]{0,3})?`).Draw(t, "path")
		if strings.Contains(path, "%") {
			path = "/people/%C3%A4%2Fb"
		}
		query := rapid.SampledFrom([]string{"", "?page=1", "?a=b&c=d%20e", "?x"}).Draw(t, "query")
		host := rapid.SampledFrom([]string{"konfa.example", "konfa.example:8443", "xn--bcher-kva.example", "[2001:db8::1]:8443"}).Draw(t, "host")
		body := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "body")
		if method == "GET" {
			body = nil
		}
		at := testNow.Add(time.Duration(rapid.IntRange(-50, 50).Draw(t, "minutes")) * time.Minute)
		r, err := http.NewRequest(method, "https://"+host+path+query, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if err := Sign(r, body, Signer{KeyID: keyID, Private: keys[name]}, scheme, at); err != nil {
			t.Fatal(err)
		}
		v := &Verifier{Base: "https://" + host, Keys: oneKey(owner, keys[name].Public()), Clock: func() time.Time { return testNow }}
		got, err := v.Verify(arrive(r, body), body)
		if err != nil {
			t.Fatalf("%s %s: %v\n%v", scheme, r.URL, err, r.Header)
		}
		want := scheme
		if scheme == CavageNoQuery {
			want = Cavage
		}
		if got.Scheme != want || got.KeyID != keyID || got.Owner != owner {
			t.Fatalf("%+v", got)
		}
		in := arrive(r, body)
		other := body
		change := rapid.SampledFrom([]string{"method", "path", "body", "host", "signature", "key"}).Draw(t, "change")
		switch change {
		case "method":
			in.Method = "DELETE"
		case "path":
			in.RequestURI, in.URL.Path, in.URL.RawPath = "/changed"+in.RequestURI, "/changed"+in.URL.Path, ""
		case "body":
			other = append(append([]byte{}, body...), 'x')
		case "host":
			v.Base = "https://elsewhere.example"
			in.Host = "elsewhere.example"
		case "signature":
			s := in.Header.Get("Signature")
			i := strings.LastIndexAny(s[:len(s)-8], "abcdefghijklmnop")
			if i < len(s)-60 {
				t.Skip("nothing to change")
			}
			in.Header.Set("Signature", s[:i]+"Z"+s[i+1:])
		case "key":
			k := edKey.Public()
			if strings.HasPrefix(name, "Ed") {
				k = rsaKey().Public()
			}
			v.Keys = oneKey(owner, k)
		}
		if _, err := v.Verify(in, other); err == nil {
			t.Fatalf("%s: %s was changed and nobody noticed", scheme, change)
		}
	})
}

// TestSigningString holds our own words against go-fed's: what we would sign,
// go-fed verifies, and the other way round.
func TestSigningString(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, err := http.NewRequest(rapid.SampledFrom([]string{"GET", "POST"}).Draw(t, "method"),
			"https://a.example/"+rapid.StringMatching(`[a-z]{0,5}`).Draw(t, "path")+rapid.SampledFrom([]string{"", "?q=1"}).Draw(t, "query"), nil)
		if err != nil {
			t.Fatal(err)
		}
		p := &params{keyID: "k", headers: []string{"(request-target)", "host", "date"}}
		r.Host, r.Header = "a.example", http.Header{"Date": {rapid.StringMatching(` ?[ -~]{0,9}`).Draw(t, "date")}}
		if v := rapid.SliceOfN(rapid.StringMatching(`[ -~]{0,5}`), 1, 3).Draw(t, "values"); len(v) > 0 {
			r.Header["X-Some"] = v
			p.headers = append(p.headers, "x-some")
		}
		m, err := p.message(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		raw := ed25519.Sign(edKey, []byte(m.signingString(p, m.query)))
		if p.signature, err = m.sign(p, edKey, httpsig.ED25519); err != nil {
			t.Fatal(err)
		}
		if err := m.verifyOne(p, httpsig.ED25519, edKey.Public(), m.query); err != nil {
			t.Fatal(err)
		}
		if got := mustBase64(t, p.signature); !bytes.Equal(got, raw) { // Ed25519 is deterministic
			t.Fatal("we and go-fed sign different words")
		}
	})
}

func TestParallel(t *testing.T) {
	signer, v := Signer{KeyID: keyID, Private: rsaKey()}, testVerifier(false)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 10 {
				body := []byte(strings.Repeat("x", i))
				for _, scheme := range []Scheme{Cavage, RFC9421} {
					r := outgoing(t, "POST", "https://konfa.example/inbox", body)
					if err := Sign(r, body, signer, scheme, testNow); err != nil {
						t.Error(err)
						return
					}
					if _, err := v.Verify(arrive(r, body), body); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkSign(b *testing.B) {
	body := bytes.Repeat([]byte("x"), 2000)
	for name, s := range map[string]Signer{"RSA": {keyID, rsaKey()}, "Ed25519": {keyID, edKey}} {
		for _, scheme := range []Scheme{Cavage, RFC9421} {
			b.Run(name+"/"+string(scheme), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					r := outgoing(b, "POST", "https://konfa.example/inbox", body)
					if err := Sign(r, body, s, scheme, testNow); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	body := bytes.Repeat([]byte("x"), 2000)
	for name, s := range map[string]Signer{"RSA": {keyID, rsaKey()}, "Ed25519": {keyID, edKey}} {
		for _, scheme := range []Scheme{Cavage, RFC9421} {
			r := outgoing(b, "POST", "https://konfa.example/inbox", body)
			if err := Sign(r, body, s, scheme, testNow); err != nil {
				b.Fatal(err)
			}
			in := arrive(r, body)
			_, isRSA := s.Private.(*rsa.PrivateKey)
			v := testVerifier(!isRSA)
			b.Run(name+"/"+string(scheme), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := v.Verify(in, body); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
