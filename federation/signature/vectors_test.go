package signature

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// The key of draft-cavage-12 appendix C.
const cavageKey = `-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDCFENGw33yGihy92pDjZQhl0C3
6rPJj+CvfSC8+q28hxA161QFNUd13wuCTUcq0Qd2qsBe/2hFyc2DCJJg0h1L78+6
Z4UMR7EOcpfdUE9Hf3m/hs+FUR45uBJeDK1HSFHD8bHKD6kv8FPGfJTotc+2xjJw
oYi+1hqp1fIekaxsyQIDAQAB
-----END PUBLIC KEY-----`

// The keys of RFC 9421 appendix B.1.2 and B.1.4.
const pssKey = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2
+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+
oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq
gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W
Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4
aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI
2wIDAQAB
-----END PUBLIC KEY-----`

const ed25519Key = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----`

func mustKey(t testing.TB, text string) crypto.PublicKey {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func oneKey(owner string, key crypto.PublicKey) KeyFunc {
	return func(_ context.Context, id string, _ bool) (Key, error) {
		return Key{ID: id, Owner: owner, Public: key}, nil
	}
}

func kindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	if err != nil {
		return "?"
	}
	return ""
}

func cavageRequest(headers, sig string) *http.Request {
	const body = `{"hello": "world"}`
	r := httptest.NewRequest("POST", "http://example.com/foo?param=value&pet=dog", strings.NewReader(body))
	r.RequestURI = "/foo?param=value&pet=dog"
	r.Header.Set("Date", "Sun, 05 Jan 2014 21:31:40 GMT")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Digest", "SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=")
	value := `keyId="Test",algorithm="rsa-sha256",`
	if headers != "" {
		value += `headers="` + headers + `",`
	}
	r.Header.Set("Authorization", "Signature "+value+`signature="`+sig+`"`)
	return r
}

// TestCavageVectors runs draft-cavage-12 appendix C: C.3 covers what we demand,
// C.1 and C.2 do not, though their arithmetic is right.
func TestCavageVectors(t *testing.T) {
	v := Verifier{Base: "http://example.com", Keys: oneKey("https://sender.example/a", mustKey(t, cavageKey)),
		Clock: func() time.Time { return time.Date(2014, 1, 5, 21, 32, 0, 0, time.UTC) }}
	for _, c := range []struct {
		name, headers, sig string
		want               Kind
	}{
		{"C.1", "", "SjWJWbWN7i0wzBvtPl8rbASWz5xQW6mcJmn+ibttBqtifLN7Sazz6m79cNfwwb8DMJ5cou1s7uEGKKCs+FLEEaDV5lp7q25WqS+lavg7T8hc0GppauB6hbgEKTwblDHYGEtbGmtdHgVCk9SuS13F0hZ8FD0k/5OxEPXe5WozsbM=", Missing},
		{"C.2", "(request-target) host date", "qdx+H7PHHDZgy4y/Ahn9Tny9V3GP6YgBPyUXMmoxWtLbHpUnXS2mg2+SbrQDMCJypxBLSPQR2aAjn7ndmw2iicw3HMbe8VfEdKFYRqzic+efkb3nndiv/x1xSHDJWeSWkx3ButlYSuBskLu6kd9Fswtemr3lgdDEmn04swr2Os0=", Missing},
		{"C.3", "(request-target) host date content-type digest content-length", "vSdrb+dS3EceC9bcwHSo4MlyKS59iFIrhgYkz8+oVLEEzmYZZvRs8rgOp+63LEM3v+MFHB32NfpB2bEKBIvB1q52LaEUHFv120V01IL+TAD48XaERZFukWgHoBTLMhYS2Gb51gWxpeIq8knRmPnYePbF5MOkR0Zkly4zKH7s1dE=", ""},
	} {
		r := cavageRequest(c.headers, c.sig)
		if _, err := v.Verify(r, []byte(`{"hello": "world"}`)); kindOf(err) != c.want {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		value, err := cavageValue(r.Header)
		if err != nil {
			t.Fatal(err)
		}
		p, err := parseParams(value)
		if err != nil {
			t.Fatal(err)
		}
		m, err := p.message(r, []byte(`{"hello": "world"}`))
		if err != nil {
			t.Fatal(err)
		}
		algorithms, _ := p.algorithms()
		if err := m.verify(p, algorithms, mustKey(t, cavageKey)); err != nil {
			t.Errorf("%s: the arithmetic says %v", c.name, err)
		}
		p.headers = append(p.headers, "user-agent")
		m.header.Set("User-Agent", "other")
		if m.verify(p, algorithms, mustKey(t, cavageKey)) == nil {
			t.Errorf("%s: the arithmetic believes what was not signed", c.name)
		}
	}
}

func rfcRequest(input, sig string) *http.Request {
	r := httptest.NewRequest("POST", "https://example.com/foo?param=Value&Pet=dog", strings.NewReader(`{"hello": "world"}`))
	r.RequestURI = "/foo?param=Value&Pet=dog"
	r.TLS = nil // as behind a proxy
	r.Header.Set("Date", "Tue, 20 Apr 2021 02:07:55 GMT")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Content-Digest", "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:")
	r.Header.Set("Signature-Input", input)
	r.Header.Set("Signature", sig)
	return r
}

// TestRFC9421Vectors runs RFC 9421 appendix B.2: B.2.3 (RSA-PSS) covers what we
// demand; B.2.6 (Ed25519) lacks the digest, though its arithmetic is right.
func TestRFC9421Vectors(t *testing.T) {
	now := func() time.Time { return time.Unix(1618884473, 0).Add(time.Minute) }
	for _, c := range []struct {
		name, key, input, sig string
		want                  Kind
	}{
		{"B.2.1", pssKey, `sig-b21=();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"`,
			`sig-b21=:d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==:`, Missing},
		{"B.2.3", pssKey, `sig-b23=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"`,
			`sig-b23=:bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==:`, ""},
		{"B.2.6", ed25519Key, `sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"`,
			`sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:`, Missing},
	} {
		key := mustKey(t, c.key)
		v := Verifier{Base: "https://example.com", Keys: oneKey("https://sender.example/a", key), Clock: now}
		r := rfcRequest(c.input, c.sig)
		body := []byte(`{"hello": "world"}`)
		if _, err := v.Verify(r, body); kindOf(err) != c.want {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		in, err := parseInputs(r.Header)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		base, _ := url.Parse("https://example.com")
		if err := in[0].verify(r, base, body, key); err != nil {
			t.Errorf("%s: the arithmetic says %v", c.name, err)
		}
		if c.name == "B.2.1" {
			continue // covers nothing that could be changed
		}
		r.Header.Set("Content-Type", "text/html")
		if in[0].verify(r, base, body, key) == nil {
			t.Errorf("%s: the arithmetic believes what was not signed", c.name)
		}
	}
	if _, ok := mustKey(t, ed25519Key).(ed25519.PublicKey); !ok {
		t.Error("the key of B.1.4 is not Ed25519")
	}
}
