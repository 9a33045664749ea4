package signature

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzParams: whatever is read as a signature can be written and read again as
// the same, and has no name twice and nothing that could break out of a line.
func FuzzParams(f *testing.F) {
	f.Add(`keyId="https://a.example/u#main-key",algorithm="rsa-sha256",headers="(request-target) host date digest",signature="AAAA"`)
	f.Add(`keyId="a", created=1, expires=2 , headers="(created)",signature="b"`)
	f.Add(`keyId="a",keyId="b"`)
	f.Add("keyId=\"a\nb\",signature=\"c\"")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parseParams(s)
		if err != nil {
			if kindOf(err) != Malformed {
				t.Fatalf("%v", err)
			}
			return
		}
		if len(p.headers) == 0 || len(p.headers) > maxCovered || p.keyID == "" || p.signature == "" {
			t.Fatalf("%+v", p)
		}
		seen := map[string]bool{}
		for _, h := range p.headers {
			if seen[h] || h != strings.ToLower(h) || strings.ContainsAny(h, " \"\r\n,") {
				t.Fatalf("%q among %q", h, p.headers)
			}
			seen[h] = true
		}
		if strings.ContainsAny(p.keyID+p.signature+p.algorithm, "\"\\\r\n\x00") {
			t.Fatalf("%+v", p)
		}
		again, err := parseParams(p.String())
		if err != nil || again.keyID != p.keyID || again.signature != p.signature || strings.Join(again.headers, " ") != strings.Join(p.headers, " ") {
			t.Fatalf("%+v became %+v: %v", p, again, err)
		}
	})
}

// FuzzVerify: no headers whatever are believed without a signature, nothing
// panics, and the request stays as it is.
func FuzzVerify(f *testing.F) {
	f.Add(`sig1=("@method" "@target-uri" "content-digest");created=1777636800;keyid="k"`, "sig1=:AAAA:", "sha-256=:AAAA:", "Fri, 01 May 2026 12:00:00 GMT")
	f.Add("", `keyId="k",headers="(request-target) host date digest",signature="AAAA"`, "SHA-256=RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=", "Fri, 01 May 2026 12:00:00 GMT")
	v := testVerifier(false)
	f.Fuzz(func(t *testing.T, input, sig, digest, date string) {
		r := httptest.NewRequest("POST", "/inbox", strings.NewReader("{}"))
		r.Host = "konfa.example"
		r.Header = http.Header{"Digest": {digest}, "Content-Digest": {digest}, "Date": {date}, "Signature": {sig}}
		if input != "" {
			r.Header.Set("Signature-Input", input)
		}
		_, _ = KeyID(r)
		_, err := v.Verify(r, []byte("{}"))
		if kindOf(err) == "" || kindOf(err) == "?" {
			t.Fatalf("believed, or refused without a kind: %v", err)
		}
		if r.Header.Get("Signature") != sig || r.Header.Get("Host") != "" {
			t.Fatal("the request was changed")
		}
	})
}

func FuzzPublicKey(f *testing.F) {
	f.Add(cavageKey)
	f.Add(pssKey)
	f.Add(ed25519Key)
	f.Add("z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")
	f.Fuzz(func(t *testing.T, s string) {
		key, err := ParsePublicKey(s)
		if err == nil && checkKey(key) != nil {
			t.Fatalf("%T came through", key)
		}
	})
}
