package signature

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	home  = "https://konfa.example"
	owner = "https://mastodon.example/users/anna"
	keyID = owner + "#main-key"
)

var (
	testNow = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	rsaKey  = sync.OnceValue(func() *rsa.PrivateKey {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		return k
	})
	edKey = ed25519.NewKeyFromSeed([]byte("konfa konfa konfa konfa konfa 32"))
)

// sender writes requests as other servers do, with every part open to change.
// It shares no code with what is tested.
type sender struct {
	method, target, host string
	signedTarget         string // as signed; target if empty
	signedHost           string
	body                 string
	signedBody           string // of the digest; body if empty
	date                 time.Time
	headers              string
	algorithm            string // "-" for none
	hash                 crypto.Hash
	ed25519              bool
	digest               string // instead of the one computed; "-" for none
	created, expires     int64
	extra                map[string]string
	change               func(*http.Request) // after signing
	write                func(s string) string
}

func (s sender) request(t testing.TB) *http.Request {
	t.Helper()
	def := func(p *string, v string) {
		if *p == "" {
			*p = v
		}
	}
	def(&s.method, "POST")
	def(&s.target, "/inbox")
	def(&s.host, "konfa.example")
	def(&s.signedTarget, s.target)
	def(&s.signedHost, s.host)
	def(&s.signedBody, s.body)
	if s.headers == "" {
		s.headers = "(request-target) host date"
		if s.method == "POST" {
			s.headers += " digest"
		}
	}
	if s.date.IsZero() {
		s.date = testNow
	}
	def(&s.algorithm, "rsa-sha256")
	if s.hash == 0 {
		s.hash = crypto.SHA256
	}
	r := httptest.NewRequest(s.method, "http://internal"+s.target, strings.NewReader(s.body))
	r.RequestURI = s.target
	r.Host = s.host
	r.Header.Set("Date", s.date.UTC().Format(http.TimeFormat))
	if s.digest == "" && s.method == "POST" {
		sum := sha256.Sum256([]byte(s.signedBody))
		s.digest = "SHA-256=" + base64.StdEncoding.EncodeToString(sum[:])
	}
	if s.digest != "" && s.digest != "-" {
		r.Header.Set("Digest", s.digest)
	}
	for k, v := range s.extra {
		r.Header.Set(k, v)
	}
	var lines []string
	for _, h := range strings.Fields(s.headers) {
		switch h {
		case "(request-target)":
			lines = append(lines, h+": "+strings.ToLower(s.method)+" "+s.signedTarget)
		case "host":
			lines = append(lines, h+": "+s.signedHost)
		case "(created)":
			lines = append(lines, fmt.Sprintf("%s: %d", h, s.created))
		case "(expires)":
			lines = append(lines, fmt.Sprintf("%s: %d", h, s.expires))
		case "content-length":
			lines = append(lines, fmt.Sprintf("%s: %d", h, len(s.body)))
		default:
			lines = append(lines, h+": "+strings.Join(r.Header.Values(h), ", "))
		}
	}
	text := []byte(strings.Join(lines, "\n"))
	var sig []byte
	var err error
	switch {
	case s.ed25519:
		sig = ed25519.Sign(edKey, text)
	case s.hash == crypto.SHA512:
		sum := sha512.Sum512(text)
		sig, err = rsa.SignPKCS1v15(nil, rsaKey(), s.hash, sum[:])
	default:
		sum := sha256.Sum256(text)
		sig, err = rsa.SignPKCS1v15(nil, rsaKey(), s.hash, sum[:])
	}
	if err != nil {
		t.Fatal(err)
	}
	value := `keyId="` + keyID + `",`
	if s.algorithm != "-" {
		value += `algorithm="` + s.algorithm + `",`
	}
	if s.created != 0 {
		value += fmt.Sprintf("created=%d,", s.created)
	}
	if s.expires != 0 {
		value += fmt.Sprintf("expires=%d,", s.expires)
	}
	value += `headers="` + s.headers + `",signature="` + base64.StdEncoding.EncodeToString(sig) + `"`
	if s.write != nil {
		value = s.write(value)
	}
	r.Header.Set("Signature", value)
	if s.change != nil {
		s.change(r)
	}
	return r
}

func testVerifier(ed bool) *Verifier {
	var key crypto.PublicKey = rsaKey().Public()
	if ed {
		key = edKey.Public()
	}
	return &Verifier{Base: home, Keys: oneKey(owner, key), Clock: func() time.Time { return testNow }}
}

func setHeader(k string, v ...string) func(*http.Request) {
	return func(r *http.Request) { r.Header[k] = v }
}

func TestCavageGate(t *testing.T) {
	sha512Digest := func(b string) string {
		s := sha512.Sum512([]byte(b))
		return "SHA-512=" + base64.StdEncoding.EncodeToString(s[:])
	}
	sha256Digest := func(b string) string {
		s := sha256.Sum256([]byte(b))
		return "SHA-256=" + base64.StdEncoding.EncodeToString(s[:])
	}
	unix := testNow.Unix()
	mastodon := map[string]string{"Content-Type": "application/activity+json", "Collection-Synchronization": `collectionId="x", digest="y", url="z"`}
	tests := []struct {
		name string
		s    sender
		want Kind
	}{
		// As they come.
		{"plain", sender{body: "{}"}, ""},
		{"Mastodon", sender{body: "{}", extra: mastodon, headers: "host date content-type collection-synchronization digest (request-target)"}, ""},
		{"Mobilizon covers content-length", sender{body: "{}", headers: "(request-target) content-length date digest host"}, ""},
		{"GoToSocial says hs2019", sender{body: "{}", algorithm: "hs2019"}, ""},
		{"GoToSocial with SHA-512", sender{body: "{}", algorithm: "hs2019", hash: crypto.SHA512}, ""},
		{"no algorithm", sender{body: "{}", algorithm: "-"}, ""},
		{"rsa-sha512", sender{body: "{}", algorithm: "rsa-sha512", hash: crypto.SHA512}, ""},
		{"Ed25519", sender{body: "{}", algorithm: "ed25519", ed25519: true}, ""},
		{"Ed25519 as hs2019", sender{body: "{}", algorithm: "hs2019", ed25519: true}, ""},
		{"signed fetch", sender{method: "GET", target: "/city"}, ""},
		{"HEAD", sender{method: "HEAD", target: "/city"}, ""},
		{"created instead of date", sender{body: "{}", algorithm: "hs2019", created: unix, headers: "(request-target) (created) host digest"}, ""},
		{"created first", sender{body: "{}", algorithm: "hs2019", created: unix - 100, headers: "(created) (request-target) host digest"}, ""},
		{"created and expires", sender{body: "{}", algorithm: "hs2019", created: unix - 2*3600, expires: unix + 60, headers: "(request-target) (created) (expires) host digest"}, ""},
		{"spaces after commas", sender{body: "{}", write: func(s string) string { return strings.ReplaceAll(s, `",`, `", `) }}, ""},
		{"tabs and spaces around everything", sender{body: "{}", write: func(s string) string { return " " + strings.ReplaceAll(s, `",`, "\" \t,\t ") + " " }}, ""},
		{"upper-case header names", sender{body: "{}", write: func(s string) string { return strings.Replace(s, "host date digest", "Host Date Digest", 1) }}, ""},
		{"Authorization header", sender{body: "{}", change: func(r *http.Request) {
			r.Header.Set("Authorization", "Signature "+r.Header.Get("Signature"))
			r.Header.Del("Signature")
		}}, ""},
		{"bearer token beside it", sender{body: "{}", change: setHeader("Authorization", "Bearer x")}, ""},
		{"unknown parameter", sender{body: "{}", write: func(s string) string { return s + `,nonce="x"` }}, ""},
		{"digest with two algorithms", sender{body: "{}", digest: sha256Digest("{}") + "," + sha512Digest("{}")}, ""},
		{"digest with SHA-512 only", sender{body: "{}", digest: sha512Digest("{}")}, ""},
		{"digest in lower case", sender{body: "{}", digest: strings.Replace(sha256Digest("{}"), "SHA", "sha", 1)}, ""},
		{"digest with an unknown algorithm besides", sender{body: "{}", digest: "UNIXsum=30637, " + sha256Digest("{}")}, ""},
		{"empty body", sender{}, ""},

		// The target.
		{"query signed", sender{method: "GET", target: "/city/outbox?page=2"}, ""},
		{"query not signed", sender{method: "GET", target: "/city/outbox?page=2", signedTarget: "/city/outbox"}, ""},
		{"another query", sender{method: "GET", target: "/city/outbox?page=2", signedTarget: "/city/outbox?page=3"}, BadSignature},
		{"query added", sender{method: "GET", target: "/city/outbox", signedTarget: "/city/outbox?page=3"}, BadSignature},
		{"escaped path", sender{method: "GET", target: "/people/%C3%A4"}, ""},
		{"another path", sender{body: "{}", signedTarget: "/other"}, BadSignature},
		{"another method", sender{body: "{}", change: func(r *http.Request) { r.Method = "PUT" }}, BadSignature},

		// The host.
		{"Gancio leaves out the port", sender{body: "{}", host: "konfa.example"}, ""},
		{"default port", sender{body: "{}", host: "konfa.example:443"}, ""},
		{"capitals", sender{body: "{}", host: "Konfa.Example"}, ""},
		{"another port", sender{body: "{}", host: "konfa.example:8443"}, BadSignature},
		{"signed for another host, sent to us", sender{body: "{}", signedHost: "other.example"}, BadSignature},
		{"replayed from another host with its Host", sender{body: "{}", host: "other.example"}, BadSignature},
		{"subdomain", sender{body: "{}", host: "x.konfa.example"}, BadSignature},
		{"no host", sender{body: "{}", change: func(r *http.Request) { r.Host = "" }}, BadSignature},

		// The time.
		{"an hour old", sender{body: "{}", date: testNow.Add(-64 * time.Minute)}, ""},
		{"too old", sender{body: "{}", date: testNow.Add(-66 * time.Minute)}, Stale},
		{"an hour ahead", sender{body: "{}", date: testNow.Add(59 * time.Minute)}, ""},
		{"too far ahead", sender{body: "{}", date: testNow.Add(61 * time.Minute)}, Stale},
		{"created too old", sender{body: "{}", algorithm: "hs2019", created: unix - 66*60, headers: "(request-target) (created) host digest"}, Stale},
		{"created ahead", sender{body: "{}", algorithm: "hs2019", created: unix + 61*60, headers: "(request-target) (created) host digest"}, Stale},
		{"created fresh, Date old, both covered", sender{body: "{}", algorithm: "hs2019", created: unix, date: testNow.Add(-2 * time.Hour), headers: "(request-target) (created) host date digest"}, Stale},
		{"expired", sender{body: "{}", algorithm: "hs2019", created: unix - 3*3600, expires: unix - 3700, headers: "(request-target) (created) (expires) host digest"}, Stale},
		{"expires in a year", sender{body: "{}", algorithm: "hs2019", created: unix - 14*3600, expires: unix + 365*86400, headers: "(request-target) (created) (expires) host digest"}, Stale},
		{"expires that is not covered prolongs nothing", sender{body: "{}", algorithm: "hs2019", created: unix - 2*3600, expires: unix + 60, headers: "(request-target) (created) host digest"}, Stale},
		{"expires that is not covered shortens", sender{body: "{}", expires: unix - 2*3600}, Stale},
		{"expires before created", sender{body: "{}", algorithm: "hs2019", created: unix, expires: unix - 5, headers: "(request-target) (created) (expires) host digest"}, Stale},
		{"created with rsa-sha256", sender{body: "{}", created: unix, headers: "(request-target) (created) host digest"}, Malformed},
		{"created covered and not given", sender{body: "{}", algorithm: "hs2019", headers: "(request-target) (created) host digest"}, Malformed},
		{"date that is none", sender{body: "{}", change: setHeader("Date", "yesterday")}, Malformed},
		{"two dates", sender{body: "{}", change: func(r *http.Request) { r.Header.Add("Date", r.Header.Get("Date")) }}, Malformed},
		{"date in another zone", sender{body: "{}", change: setHeader("Date", "Fri, 01 May 2026 12:00:00 +0200")}, Malformed},
		{"date changed", sender{body: "{}", change: setHeader("Date", testNow.Add(time.Minute).Format(http.TimeFormat))}, BadSignature},
		{"created of the year 300000", sender{body: "{}", algorithm: "hs2019", created: 9999999999999, headers: "(request-target) (created) host digest"}, Malformed},

		// The body.
		{"body changed", sender{body: "{}", signedBody: "[]"}, BadDigest},
		{"digest of another body put in", sender{body: "{}", change: setHeader("Digest", sha256Digest("[]"))}, BadDigest},
		{"digest fits the body and was not signed", sender{body: "{}", signedBody: "[]", change: setHeader("Digest", sha256Digest("{}"))}, BadSignature},
		{"digest not covered", sender{body: "{}", headers: "(request-target) host date"}, Missing},
		{"digest covered and not there", sender{body: "{}", digest: "-", headers: "(request-target) host date digest"}, Missing},
		{"no digest at all", sender{body: "{}", digest: "-", headers: "(request-target) host date"}, Missing},
		{"only MD5", sender{body: "{}", digest: "MD5=mZFLkyvTelC5g8XnyQrpOw=="}, BadDigest},
		{"the second algorithm is wrong", sender{body: "{}", digest: sha256Digest("{}") + "," + sha512Digest("[]")}, BadDigest},
		{"the same algorithm twice", sender{body: "{}", digest: sha256Digest("{}") + "," + sha256Digest("{}")}, Malformed},
		{"digest is no base64", sender{body: "{}", digest: "SHA-256=%%%"}, Malformed},
		{"digest has no value", sender{body: "{}", digest: "SHA-256"}, Malformed},
		{"GET with a body", sender{method: "GET", body: "{}"}, Missing},
		{"content-length of another body", sender{body: "{}", headers: "(request-target) content-length date digest host", change: func(r *http.Request) { r.ContentLength = 7 }}, BadDigest},

		// What is covered.
		{"no target", sender{body: "{}", headers: "host date digest"}, Missing},
		{"no host covered", sender{body: "{}", headers: "(request-target) date digest"}, Missing},
		{"no date covered", sender{body: "{}", headers: "(request-target) host digest"}, Missing},
		{"GET without host", sender{method: "GET", headers: "(request-target) date"}, Missing},
		{"covered header is not there", sender{body: "{}", headers: "(request-target) host date digest x-none"}, Malformed},
		{"covered twice", sender{body: "{}", headers: "(request-target) host date digest date"}, Malformed},
		{"covers itself", sender{body: "{}", headers: "(request-target) host date digest signature"}, Malformed},
		{"covers an unknown pseudo-header", sender{body: "{}", headers: "(request-target) host date digest (secret)"}, Malformed},
		{"header changed", sender{body: "{}", extra: mastodon, headers: "(request-target) host date digest content-type", change: setHeader("Content-Type", "text/html")}, BadSignature},
		{"header added", sender{body: "{}", extra: mastodon, headers: "(request-target) host date digest content-type", change: func(r *http.Request) { r.Header.Add("Content-Type", "text/html") }}, BadSignature},

		// The header of the signature.
		{"not signed", sender{body: "{}", change: func(r *http.Request) { r.Header.Del("Signature") }}, Missing},
		{"two Signature headers", sender{body: "{}", change: func(r *http.Request) { r.Header.Add("Signature", r.Header.Get("Signature")) }}, Malformed},
		{"Signature and Authorization", sender{body: "{}", change: func(r *http.Request) { r.Header.Set("Authorization", "Signature "+r.Header.Get("Signature")) }}, Malformed},
		{"keyId twice", sender{body: "{}", write: func(s string) string { return s + `,keyId="https://evil.example#k"` }}, Malformed},
		{"keyid in another case", sender{body: "{}", write: func(s string) string { return s + `,KEYID="https://evil.example#k"` }}, Malformed},
		{"headers twice", sender{body: "{}", write: func(s string) string { return `headers="date",` + s }}, Malformed},
		{"signature twice", sender{body: "{}", write: func(s string) string { return s + `,signature="AAAA"` }}, Malformed},
		{"no signature parameter", sender{body: "{}", write: func(s string) string { a, _, _ := strings.Cut(s, ",signature"); return a }}, Malformed},
		{"no keyId", sender{body: "{}", write: func(s string) string { _, b, _ := strings.Cut(s, ","); return b }}, Malformed},
		{"empty", sender{body: "{}", write: func(string) string { return "" }}, Malformed},
		{"rubbish", sender{body: "{}", write: func(string) string { return ",,,===" }}, Malformed},
		{"no closing quote", sender{body: "{}", write: func(s string) string { return strings.TrimSuffix(s, `"`) }}, Malformed},
		{"something between", sender{body: "{}", write: func(s string) string { return strings.Replace(s, `",`, `"x,`, 1) }}, Malformed},
		{"comma at the end", sender{body: "{}", write: func(s string) string { return s + "," }}, Malformed},
		{"line break inside", sender{body: "{}", write: func(s string) string { return strings.Replace(s, "host date", "host\ndate", 1) }}, Malformed},
		{"zero byte inside", sender{body: "{}", write: func(s string) string { return strings.Replace(s, "anna", "an\x00na", 1) }}, Malformed},
		{"escaped quote", sender{body: "{}", write: func(s string) string { return strings.Replace(s, "anna", `an\"na`, 1) }}, Malformed},
		{"backslash", sender{body: "{}", write: func(s string) string { return strings.Replace(s, "anna", `an\na`, 1) }}, Malformed},
		{"huge", sender{body: "{}", write: func(s string) string { return s + `,x="` + strings.Repeat("a", maxHeader) + `"` }}, Malformed},
		{"many parameters", sender{body: "{}", write: func(s string) string {
			for i := range 20 {
				s += fmt.Sprintf(`,x%d="y"`, i)
			}
			return s
		}}, Malformed},
		{"signature is no base64", sender{body: "{}", write: func(s string) string { a, _, _ := strings.Cut(s, "signature="); return a + `signature="!!!"` }}, BadSignature},
		{"signature cut short", sender{body: "{}", write: func(s string) string { a, _, _ := strings.Cut(s, "signature="); return a + `signature="AAAA"` }}, BadSignature},
		{"unknown algorithm", sender{body: "{}", algorithm: "hmac-sha256"}, BadSignature},
		{"none as algorithm", sender{body: "{}", algorithm: "none"}, BadSignature},
		{"rsa-sha1", sender{body: "{}", algorithm: "rsa-sha1"}, BadSignature},
		{"says SHA-512, is SHA-256", sender{body: "{}", algorithm: "rsa-sha512"}, BadSignature},
		{"says SHA-256, is SHA-512", sender{body: "{}", algorithm: "rsa-sha256", hash: crypto.SHA512}, BadSignature},
		{"says Ed25519 and has an RSA key", sender{body: "{}", algorithm: "ed25519"}, BadSignature},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			r := c.s.request(t)
			before := fmt.Sprint(r.Header)
			got, err := testVerifier(c.s.ed25519).Verify(r, []byte(c.s.body))
			if kindOf(err) != c.want {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if err == nil && (got != Verified{KeyID: keyID, Owner: owner, Scheme: Cavage, Synchronized: c.name == "Mastodon"}) {
				t.Errorf("signed by %+v", got)
			}
			if fmt.Sprint(r.Header) != before {
				t.Error("verifying changed the headers of the request")
			}
		})
	}
	t.Run("Ed25519 signature and RSA algorithm", func(t *testing.T) {
		s := sender{body: "{}", algorithm: "rsa-sha256", ed25519: true}
		if _, err := testVerifier(true).Verify(s.request(t), []byte("{}")); kindOf(err) != BadSignature {
			t.Error(err)
		}
	})
	t.Run("node on another port", func(t *testing.T) {
		for host, want := range map[string]Kind{"konfa.example:8443": "", "konfa.example": "", "konfa.example:443": BadSignature} {
			v := testVerifier(false)
			v.Base = "https://konfa.example:8443"
			if _, err := v.Verify(sender{body: "{}", host: host}.request(t), []byte("{}")); kindOf(err) != want {
				t.Errorf("%s: %v", host, err)
			}
		}
	})
}

func TestKeyRotation(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	network := errors.New("no route")
	for _, c := range []struct {
		name        string
		cached, now crypto.PublicKey
		inVain      time.Time // when it was last asked for again
		err         error     // of the refresh
		want        Kind
		refreshes   int
	}{
		{"cached key fits", rsaKey().Public(), other.Public(), testNow.Add(-time.Hour), nil, "", 0},
		{"key was changed", other.Public(), rsaKey().Public(), testNow.Add(-time.Hour), nil, "", 1},
		{"key was changed right after we met", other.Public(), rsaKey().Public(), time.Time{}, nil, "", 1},
		{"kind of key was changed", edKey.Public(), rsaKey().Public(), testNow.Add(-time.Hour), nil, "", 1},
		{"key is the same", other.Public(), other.Public(), testNow.Add(-time.Hour), nil, BadSignature, 1},
		{"asked for again a moment ago", other.Public(), rsaKey().Public(), testNow.Add(-2 * time.Second), nil, BadSignature, 0},
		{"server away", other.Public(), nil, testNow.Add(-time.Hour), network, KeyUnavailable, 1},
		{"key gone", other.Public(), nil, testNow.Add(-time.Hour), &Error{Kind: KeyRefused, Msg: "gone"}, KeyRefused, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			refreshes := 0
			v := testVerifier(false)
			v.Keys = func(_ context.Context, id string, refresh bool) (Key, error) {
				k := Key{ID: id, Owner: owner, Public: c.cached, InVain: c.inVain}
				if refresh {
					refreshes++
					k.Public = c.now
					return k, c.err
				}
				return k, nil
			}
			_, err := v.Verify(sender{body: "{}"}.request(t), []byte("{}"))
			if kindOf(err) != c.want || refreshes != c.refreshes {
				t.Errorf("%v after %d refreshes", err, refreshes)
			}
		})
	}
	t.Run("first lookup fails", func(t *testing.T) {
		v := testVerifier(false)
		v.Keys = func(context.Context, string, bool) (Key, error) { return Key{}, network }
		_, err := v.Verify(sender{body: "{}"}.request(t), []byte("{}"))
		if kindOf(err) != KeyUnavailable || !errors.Is(err, network) {
			t.Error(err)
		}
	})
	t.Run("nobody's key", func(t *testing.T) {
		v := testVerifier(false)
		v.Keys = oneKey("", rsaKey().Public())
		if _, err := v.Verify(sender{body: "{}"}.request(t), []byte("{}")); kindOf(err) != KeyRefused {
			t.Error(err)
		}
	})
	t.Run("nothing is asked for what cannot be believed", func(t *testing.T) {
		v := testVerifier(false)
		v.Keys = func(context.Context, string, bool) (Key, error) {
			t.Error("the key was looked up")
			return Key{}, network
		}
		for _, s := range []sender{{body: "{}", signedBody: "[]"}, {body: "{}", date: testNow.Add(-9 * time.Hour)}, {body: "{}", headers: "date"}, {body: "{}", host: "other.example"}} {
			if _, err := v.Verify(s.request(t), []byte("{}")); err == nil {
				t.Error("believed")
			}
		}
	})
}

func TestKeyID(t *testing.T) {
	r := sender{body: "{}"}.request(t)
	if id, err := KeyID(r); err != nil || id != keyID {
		t.Error(id, err)
	}
	if err := Sign(r, []byte("{}"), Signer{KeyID: "https://b.example/x#k", Private: edKey}, RFC9421, testNow); err != nil {
		t.Fatal(err)
	}
	if id, err := KeyID(r); err != nil || id != "https://b.example/x#k" {
		t.Error(id, err)
	}
	if _, err := KeyID(httptest.NewRequest("GET", "/", nil)); kindOf(err) != Missing {
		t.Error(err)
	}
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
}
