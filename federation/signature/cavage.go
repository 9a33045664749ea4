package signature

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-fed/httpsig"
)

// verifyCavage is the gate before go-fed/httpsig, which by itself takes a
// signature over nothing, of any age, beside a second one, with a digest of
// another body.
func (v *Verifier) verifyCavage(r *http.Request, body []byte) (Verified, error) {
	value, err := cavageValue(r.Header)
	if err != nil {
		return Verified{}, err
	}
	p, err := parseParams(value)
	if err != nil {
		return Verified{}, err
	}
	algorithms, err := p.algorithms()
	if err != nil {
		return Verified{}, err
	}
	if err := p.checkCovered(r, body); err != nil {
		return Verified{}, err
	}
	if err := p.checkTime(r, v.now()); err != nil {
		return Verified{}, err
	}
	if p.covers("digest") {
		if err := checkDigest(r.Header, body); err != nil {
			return Verified{}, err
		}
	}
	m, err := p.message(r, body)
	if err != nil {
		return Verified{}, err
	}
	key, err := v.withKey(r.Context(), p.keyID, func(pub crypto.PublicKey) error {
		return m.verify(p, algorithms, pub)
	})
	if err != nil {
		return Verified{}, err
	}
	return Verified{KeyID: p.keyID, Owner: key.Owner, Scheme: Cavage, Synchronized: p.covers(strings.ToLower(SyncHeader))}, nil
}

// algorithms lists what the algorithm parameter allows. hs2019 and none leave
// it to the key; then SHA-512 is tried after SHA-256, as GoToSocial does.
func (p *params) algorithms() ([]httpsig.Algorithm, error) {
	switch p.algorithm {
	case "rsa-sha256":
		return []httpsig.Algorithm{httpsig.RSA_SHA256}, nil
	case "rsa-sha512":
		return []httpsig.Algorithm{httpsig.RSA_SHA512}, nil
	case "ed25519":
		return []httpsig.Algorithm{httpsig.ED25519}, nil
	case "hs2019", "":
		return []httpsig.Algorithm{httpsig.RSA_SHA256, httpsig.RSA_SHA512, httpsig.ED25519}, nil
	}
	return nil, fail(BadSignature, "the algorithm %q is not accepted: use rsa-sha256 or hs2019", p.algorithm)
}

// checkCovered demands (request-target), host, a date and, with a body, digest.
func (p *params) checkCovered(r *http.Request, body []byte) error {
	if p.covers("signature") || p.covers("signature-input") {
		return fail(Malformed, "the signature covers itself")
	}
	// draft-cavage-12 §2.3: other algorithms do not know created and expires.
	if (p.covers("(created)") || p.covers("(expires)")) && p.algorithm != "hs2019" && p.algorithm != "" {
		return fail(Malformed, "(created) and (expires) go with hs2019 only")
	}
	if p.covers("(created)") && p.created.IsZero() || p.covers("(expires)") && p.expires.IsZero() {
		return fail(Malformed, "the signature covers a time that it does not give")
	}
	need := []string{"(request-target)", "host"}
	if hasBody(r, body) {
		need = append(need, "digest")
	}
	for _, name := range need {
		if !p.covers(name) {
			return fail(Missing, "the signature does not cover %s", name)
		}
	}
	if !p.covers("date") && !p.covers("(created)") {
		return fail(Missing, "the signature covers neither date nor (created)")
	}
	return nil
}

// checkTime checks the date that is covered, and both if both are. An expires
// that is not covered can only shorten the time.
func (p *params) checkTime(r *http.Request, now time.Time) error {
	var made []time.Time
	if p.covers("date") {
		dates := r.Header.Values("Date")
		if len(dates) != 1 {
			return fail(Malformed, "the request has %d Date headers", len(dates))
		}
		t, err := http.ParseTime(dates[0])
		if err != nil {
			return fail(Malformed, "the Date header is not a date")
		}
		made = append(made, t)
	}
	if p.covers("(created)") {
		made = append(made, p.created)
	}
	for _, t := range made {
		expires := p.expires
		if !p.covers("(expires)") {
			if !expires.IsZero() && now.After(expires.Add(skew)) {
				return fail(Stale, "the signature has expired")
			}
			expires = time.Time{}
		}
		if err := fresh(now, t, expires); err != nil {
			return err
		}
	}
	return nil
}

// message is the part of a request that a signature covers, with what net/http
// keeps elsewhere put back among the headers.
type message struct {
	method      string
	path, query string // as they came, not decoded
	header      http.Header
}

func (p *params) message(r *http.Request, body []byte) (*message, error) {
	m := &message{method: r.Method, header: http.Header{}}
	m.path, m.query, _ = strings.Cut(requestTarget(r), "?")
	for _, name := range p.headers {
		switch name {
		case "(request-target)", "(created)", "(expires)":
			continue
		case "host":
			m.header.Set("Host", r.Host)
			continue
		case "content-length": // Mobilizon covers it
			if r.ContentLength != int64(len(body)) {
				return nil, fail(BadDigest, "the Content-Length is not that of the body")
			}
			m.header.Set("Content-Length", strconv.Itoa(len(body)))
			continue
		}
		values := r.Header.Values(name)
		if len(values) == 0 {
			return nil, fail(Malformed, "the signature covers %s, which the request does not have", name)
		}
		for _, value := range values {
			m.header.Add(name, value)
		}
	}
	return m, nil
}

// requestTarget returns path and query byte for byte as they came.
func requestTarget(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") {
		return r.RequestURI
	}
	return r.URL.RequestURI()
}

// verify tries the target with its query and then without, since senders differ
// (Mobilizon, Gancio, Pixelfed and PieFed leave it out), and every algorithm
// that fits the key.
func (m *message) verify(p *params, algorithms []httpsig.Algorithm, pub crypto.PublicKey) error {
	queries := []string{m.query}
	if m.query != "" {
		queries = append(queries, "")
	}
	tried := 0
	for _, a := range algorithms {
		if !fits(a, pub) {
			continue
		}
		for _, q := range queries {
			tried++
			if m.verifyOne(p, a, pub, q) == nil {
				return nil
			}
		}
	}
	if tried == 0 {
		return fail(BadSignature, "the algorithm %q does not go with the kind of the key", p.algorithm)
	}
	return fail(BadSignature, "the signature does not fit the request and the key %s", p.keyID)
}

func fits(a httpsig.Algorithm, pub crypto.PublicKey) bool {
	switch pub.(type) {
	case *rsa.PublicKey:
		return a == httpsig.RSA_SHA256 || a == httpsig.RSA_SHA512
	case ed25519.PublicKey:
		return a == httpsig.ED25519
	}
	return false
}

func (m *message) verifyOne(p *params, a httpsig.Algorithm, pub crypto.PublicKey, query string) error {
	// go-fed compares created and expires with the clock of the machine and
	// allows ten seconds; ours were checked already, against Mastodon's window.
	if p.covers("(created)") || p.covers("(expires)") {
		sig, err := base64.StdEncoding.DecodeString(p.signature)
		if err != nil {
			return err
		}
		return verifyBytes(a, pub, []byte(m.signingString(p, query)), sig)
	}
	h := m.header.Clone()
	// Written anew in the only form that go-fed reads. The key id is not part of
	// what is signed and stays out.
	h.Set("Signature", `keyId="k",headers="`+strings.Join(p.headers, " ")+`",signature="`+p.signature+`"`)
	verifier, err := httpsig.NewVerifier(&http.Request{
		Method: m.method,
		URL:    &url.URL{Path: m.path, RawQuery: query},
		Host:   h.Get("Host"),
		Header: h,
	})
	if err != nil {
		return err
	}
	return verifier.Verify(pub, a)
}

// signingString is what is signed (draft-cavage-12 §2.3).
func (m *message) signingString(p *params, query string) string {
	var b strings.Builder
	for i, name := range p.headers {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(name)
		b.WriteString(": ")
		switch name {
		case "(request-target)":
			b.WriteString(strings.ToLower(m.method) + " " + m.path)
			if query != "" {
				b.WriteString("?" + query)
			}
		case "(created)":
			b.WriteString(strconv.FormatInt(p.created.Unix(), 10))
		case "(expires)":
			b.WriteString(strconv.FormatInt(p.expires.Unix(), 10))
		default:
			for j, value := range m.header.Values(name) {
				if j > 0 {
					b.WriteString(", ")
				}
				b.WriteString(strings.TrimSpace(value))
			}
		}
	}
	return b.String()
}

func verifyBytes(a httpsig.Algorithm, pub crypto.PublicKey, text, sig []byte) error {
	switch k := pub.(type) {
	case ed25519.PublicKey:
		if a == httpsig.ED25519 && ed25519.Verify(k, text, sig) {
			return nil
		}
	case *rsa.PublicKey:
		switch a {
		case httpsig.RSA_SHA256:
			sum := sha256.Sum256(text)
			return rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], sig)
		case httpsig.RSA_SHA512:
			sum := sha512.Sum512(text)
			return rsa.VerifyPKCS1v15(k, crypto.SHA512, sum[:], sig)
		}
	}
	return errors.New("the signature does not fit")
}
