package signature

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

type failer interface{ Fatal(...any) }

func mustBase64(t failer, s string) []byte {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sender9421 writes requests as others do, sharing no code with what is tested.
type sender9421 struct {
	method, target string
	host           string
	covered        []string // with quotes and parameters
	values         map[string]string
	params         string
	alg            string // how it is signed: "", "pss", "ed25519"
	body           string
	digest         string // instead of the one computed; "-" for none
	label          string
	change         func(*http.Request)
}

func (s sender9421) request(t testing.TB) *http.Request {
	t.Helper()
	if s.method == "" {
		s.method = "POST"
	}
	if s.target == "" {
		s.target = "/inbox"
	}
	if s.host == "" {
		s.host = "konfa.example"
	}
	if s.label == "" {
		s.label = "sig1"
	}
	if s.params == "" {
		s.params = fmt.Sprintf(`;created=%d;keyid="%s"`, testNow.Unix(), keyID)
	}
	r := httptest.NewRequest(s.method, "http://internal"+s.target, strings.NewReader(s.body))
	r.RequestURI, r.Host = s.target, s.host
	r.Header.Set("Date", testNow.Format(http.TimeFormat))
	if s.digest == "" && s.method == "POST" {
		sum := sha256.Sum256([]byte(s.body))
		s.digest = "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
	}
	if s.digest != "" && s.digest != "-" {
		r.Header.Set("Content-Digest", s.digest)
	}
	if s.covered == nil {
		s.covered = []string{`"@method"`, `"@target-uri"`}
		if s.method == "POST" {
			s.covered = append(s.covered, `"content-digest"`)
		}
	}
	path, query, _ := strings.Cut(s.target, "?")
	values := map[string]string{
		`"@method"`: s.method, `"@target-uri"`: "https://konfa.example" + s.target, `"@authority"`: "konfa.example",
		`"@path"`: path, `"@query"`: "?" + query, `"@scheme"`: "https", `"@request-target"`: s.target,
		`"host"`: s.host, `"date"`: r.Header.Get("Date"), `"content-digest"`: s.digest, `"content-length"`: fmt.Sprint(len(s.body)),
	}
	for k, v := range s.values {
		values[k] = v
	}
	input := "(" + strings.Join(s.covered, " ") + ")" + s.params
	var lines []string
	for _, c := range s.covered {
		lines = append(lines, c+": "+values[c])
	}
	text := []byte(strings.Join(append(lines, `"@signature-params": `+input), "\n"))
	var sig []byte
	var err error
	switch s.alg {
	case "pss":
		sum := sha512.Sum512(text)
		sig, err = rsa.SignPSS(rand.Reader, rsaKey(), crypto.SHA512, sum[:], nil)
	case "ed25519":
		sig = ed25519.Sign(edKey, text)
	default:
		sum := sha256.Sum256(text)
		sig, err = rsa.SignPKCS1v15(nil, rsaKey(), crypto.SHA256, sum[:])
	}
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Signature-Input", s.label+"="+input)
	r.Header.Set("Signature", s.label+"=:"+base64.StdEncoding.EncodeToString(sig)+":")
	if s.change != nil {
		s.change(r)
	}
	return r
}

func TestRFC9421Gate(t *testing.T) {
	unix := testNow.Unix()
	id := fmt.Sprintf(`;keyid="%s"`, keyID)
	created := func(n int64) string { return fmt.Sprintf(";created=%d", n) + id }
	digest512 := func(b string) string {
		s := sha512.Sum512([]byte(b))
		return "sha-512=:" + base64.StdEncoding.EncodeToString(s[:]) + ":"
	}
	digest256 := func(b string) string {
		s := sha256.Sum256([]byte(b))
		return "sha-256=:" + base64.StdEncoding.EncodeToString(s[:]) + ":"
	}
	fedify := []string{`"@method"`, `"@target-uri"`, `"@authority"`, `"host"`, `"date"`, `"content-digest"`}
	tests := []struct {
		name string
		s    sender9421
		want Kind
	}{
		{"Mastodon", sender9421{body: "{}"}, ""},
		{"Mastodon with Ed25519", sender9421{body: "{}", alg: "ed25519"}, ""},
		{"Fedify covers host", sender9421{body: "{}", covered: fedify}, ""},
		{"RSA-PSS", sender9421{body: "{}", alg: "pss", params: created(unix) + `;alg="rsa-pss-sha512"`}, ""},
		{"RSA-PSS without saying so", sender9421{body: "{}", alg: "pss"}, ""},
		{"says its algorithm", sender9421{body: "{}", params: created(unix) + `;alg="rsa-v1_5-sha256"`}, ""},
		{"signed fetch", sender9421{method: "GET", target: "/city"}, ""},
		{"query", sender9421{method: "GET", target: "/city/outbox?page=2"}, ""},
		{"parts of the target", sender9421{method: "GET", target: "/city/outbox?page=2", covered: []string{`"@method"`, `"@authority"`, `"@path"`, `"@query"`}}, ""},
		{"path without a query", sender9421{method: "GET", target: "/city", covered: []string{`"@method"`, `"@authority"`, `"@path"`}}, ""},
		{"request-target", sender9421{method: "GET", target: "/city?a=b", covered: []string{`"@method"`, `"@authority"`, `"@request-target"`}}, ""},
		{"another label", sender9421{body: "{}", label: "konfa-1"}, ""},
		{"SHA-512", sender9421{body: "{}", digest: digest512("{}")}, ""},
		{"two digests", sender9421{body: "{}", digest: digest512("{}") + ", " + digest256("{}")}, ""},
		{"nonce and tag", sender9421{body: "{}", params: created(unix) + `;nonce="x";tag="y"`}, ""},
		{"content-length", sender9421{body: "{}", covered: []string{`"@method"`, `"@target-uri"`, `"content-digest"`, `"content-length"`}}, ""},
		{"expires", sender9421{body: "{}", params: fmt.Sprintf(";created=%d;expires=%d", unix-7200, unix+1) + id}, ""},
		{"default port", sender9421{body: "{}", host: "konfa.example:443"}, ""},

		{"another query", sender9421{method: "GET", target: "/city?page=2", values: map[string]string{`"@target-uri"`: home + "/city?page=3"}}, BadSignature},
		{"query not signed", sender9421{method: "GET", target: "/city?page=2", values: map[string]string{`"@target-uri"`: home + "/city"}}, BadSignature},
		{"query not covered", sender9421{method: "GET", target: "/city?page=2", covered: []string{`"@method"`, `"@authority"`, `"@path"`}}, Missing},
		{"another method", sender9421{body: "{}", values: map[string]string{`"@method"`: "PUT"}}, BadSignature},
		{"another server", sender9421{body: "{}", values: map[string]string{`"@target-uri"`: "https://other.example/inbox"}}, BadSignature},
		{"http", sender9421{body: "{}", values: map[string]string{`"@target-uri"`: "http://konfa.example/inbox"}}, BadSignature},
		{"Host of another server", sender9421{body: "{}", host: "other.example"}, BadSignature},
		{"no method", sender9421{body: "{}", covered: []string{`"@target-uri"`, `"content-digest"`}}, Missing},
		{"no target", sender9421{body: "{}", covered: []string{`"@method"`, `"content-digest"`}}, Missing},
		{"path without authority", sender9421{body: "{}", covered: []string{`"@method"`, `"@path"`, `"content-digest"`}}, Missing},
		{"no digest covered", sender9421{body: "{}", covered: []string{`"@method"`, `"@target-uri"`}}, Missing},
		{"digest covered and not there", sender9421{body: "{}", digest: "-", covered: []string{`"@method"`, `"@target-uri"`, `"content-digest"`}}, Missing},
		{"digest of another body", sender9421{body: "{}", digest: digest256("[]")}, BadDigest},
		{"one of two digests is wrong", sender9421{body: "{}", digest: digest256("{}") + ", " + digest512("[]")}, BadDigest},
		{"digest put in later", sender9421{body: "{}", digest: digest256("[]"), change: setHeader("Content-Digest", digest256("{}"))}, BadSignature},
		{"digest of unknown kind", sender9421{body: "{}", digest: "md5=:AAAA:"}, BadDigest},
		{"digest is rubbish", sender9421{body: "{}", digest: "sha-256=rubbish"}, BadDigest},
		{"no created", sender9421{body: "{}", params: id}, Missing},
		{"no keyid", sender9421{body: "{}", params: ";created=1777636800"}, Malformed},
		{"created is text", sender9421{body: "{}", params: `;created="now"` + id}, Malformed},
		{"too old", sender9421{body: "{}", params: created(unix - 66*60)}, Stale},
		{"from the future", sender9421{body: "{}", params: created(unix + 61*60)}, Stale},
		{"expired", sender9421{body: "{}", params: fmt.Sprintf(";created=%d;expires=%d", unix-4000, unix-3700) + id}, Stale},
		{"unknown algorithm", sender9421{body: "{}", params: created(unix) + `;alg="hmac-sha256"`}, BadSignature},
		{"algorithm of another key", sender9421{body: "{}", params: created(unix) + `;alg="ed25519"`}, BadSignature},
		{"says PSS and is not", sender9421{body: "{}", params: created(unix) + `;alg="rsa-pss-sha512"`}, BadSignature},
		{"method of another message", sender9421{body: "{}", covered: []string{`"@method";req`, `"@target-uri"`, `"content-digest"`}, values: map[string]string{`"@method";req`: "POST"}}, Malformed},
		{"a part of the digest", sender9421{body: "{}", covered: []string{`"@method"`, `"@target-uri"`, `"content-digest";key="sha-512"`}}, Missing},
		{"covered twice", sender9421{body: "{}", covered: []string{`"@method"`, `"@method"`, `"@target-uri"`, `"content-digest"`}}, Malformed},
		{"unknown component", sender9421{body: "{}", covered: []string{`"@method"`, `"@target-uri"`, `"content-digest"`, `"@status"`}, values: map[string]string{`"@status"`: "200"}}, BadSignature},
		{"covered header changed", sender9421{body: "{}", covered: fedify, change: setHeader("Date", "x")}, BadSignature},
		{"no signature for the input", sender9421{body: "{}", change: setHeader("Signature", "other=:AAAA:")}, Missing},
		{"cavage signature beside the input", sender9421{body: "{}", change: setHeader("Signature", `keyId="k",signature="AAAA"`)}, Malformed},
		{"input is rubbish", sender9421{body: "{}", change: setHeader("Signature-Input", "((((")}, Malformed},
		{"input is no list", sender9421{body: "{}", change: setHeader("Signature-Input", `sig1="x"`)}, Malformed},
		{"label twice", sender9421{body: "{}", change: func(r *http.Request) {
			r.Header.Add("Signature-Input", r.Header.Get("Signature-Input"))
		}}, Malformed},
		{"huge", sender9421{body: "{}", change: func(r *http.Request) {
			r.Header.Add("Signature-Input", `x="`+strings.Repeat("a", 3*maxHeader)+`"`)
		}}, Malformed},
		{"signature cut short", sender9421{body: "{}", change: setHeader("Signature", "sig1=:AAAA:")}, BadSignature},
		{"signature is text", sender9421{body: "{}", change: setHeader("Signature", `sig1="AAAA"`)}, BadSignature},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			got, err := testVerifier(c.s.alg == "ed25519").Verify(c.s.request(t), []byte(c.s.body))
			if kindOf(err) != c.want {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if err == nil && (got != Verified{KeyID: keyID, Owner: owner, Scheme: RFC9421}) {
				t.Errorf("signed by %+v", got)
			}
		})
	}
}

// TestLabels: of several signatures one that holds is enough, whatever comes
// before it, as long as all are of one server.
func TestLabels(t *testing.T) {
	good := sender9421{body: "{}", label: "b"}.request(t)
	with := func(input, sig string) *http.Request {
		r := good.Clone(t.Context())
		r.Header.Set("Signature-Input", input+", "+good.Header.Get("Signature-Input"))
		r.Header.Set("Signature", sig+", "+good.Header.Get("Signature"))
		return r
	}
	for _, c := range []struct {
		name, input, sig string
		want             Kind
	}{
		{"a proxy's before it", `a=("@authority");created=1;keyid="` + owner + `#other"`, "a=:AAAA:", ""},
		{"a false one before it", `a=("@method" "@target-uri" "content-digest");created=1777636800;keyid="` + keyID + `"`, "a=:AAAA:", ""},
		{"one of another server before it", `a=("@method");created=1;keyid="https://evil.example/k"`, "a=:AAAA:", Malformed},
		{"five", `a=("@method");created=1;keyid="` + keyID + `", c=("@method");created=1;keyid="` + keyID + `", d=("@method");created=1;keyid="` + keyID + `", e=("@method");created=1;keyid="` + keyID + `"`, "a=:AAAA:, c=:AAAA:, d=:AAAA:, e=:AAAA:", Malformed},
	} {
		if _, err := testVerifier(false).Verify(with(c.input, c.sig), []byte("{}")); kindOf(err) != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
