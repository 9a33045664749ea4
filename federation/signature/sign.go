package signature

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-fed/httpsig"
)

// Signer is a private key and the id under which others find its public half.
type Signer struct {
	KeyID   string        // an address with a fragment, "https://…/city#main-key": Lemmy wants one
	Private crypto.Signer // RSA, or ed25519.PrivateKey
}

// Sign signs a request that is about to be sent, with its body, and sets Date,
// Host and the headers of the scheme. What a former signature left is removed,
// so that a request can be signed again for another address or in the other
// scheme. It may be used by many goroutines, each with its own request.
func Sign(r *http.Request, body []byte, s Signer, scheme Scheme, now time.Time) error {
	return sign(r, body, s, scheme, now)
}

// SignWithoutQuery signs in draft-cavage, leaving the query out of the target:
// some servers verify only so, and are tried after a 401.
func SignWithoutQuery(r *http.Request, body []byte, s Signer, now time.Time) error {
	return sign(r, body, s, CavageNoQuery, now)
}

func sign(r *http.Request, body []byte, s Signer, scheme Scheme, now time.Time) error {
	if s.Private == nil || s.KeyID == "" || strings.ContainsAny(s.KeyID, "\"\\, \r\n\t") {
		return errors.New("there is no proper key to sign with")
	}
	if r.URL == nil || r.URL.Host == "" {
		return errors.New("a request without an address cannot be signed")
	}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	if r.Host == "" {
		r.Host = r.URL.Host
	}
	for _, name := range []string{"Signature", "Signature-Input", "Digest", "Content-Digest"} {
		r.Header.Del(name)
	}
	r.Header.Set("Date", now.UTC().Format(http.TimeFormat))
	switch scheme {
	case Cavage, CavageNoQuery:
		return signCavage(r, body, s, scheme == Cavage)
	case RFC9421:
		return signRFC9421(r, body, s, now)
	}
	return fmt.Errorf("%q is not a way to sign", scheme)
}

// signCavage covers (request-target) host date, and digest with a body, in this
// order, and content-type and SyncHeader where there are such. The header has no spaces after
// its commas: PieFed, Pixelfed and go-fed do not trim.
func signCavage(r *http.Request, body []byte, s Signer, query bool) error {
	p := &params{keyID: s.KeyID, algorithm: "rsa-sha256", headers: []string{"(request-target)", "host", "date"}}
	if hasBody(r, body) {
		r.Header.Set("Digest", digestOf(body))
		p.headers = append(p.headers, "digest")
		if r.Header.Get("Content-Type") != "" {
			p.headers = append(p.headers, "content-type")
		}
	}
	if r.Header.Get(SyncHeader) != "" {
		p.headers = append(p.headers, strings.ToLower(SyncHeader))
	}
	h := r.Header.Clone()
	h.Set("Host", r.Host)
	m := &message{method: r.Method, path: r.URL.EscapedPath(), header: h}
	if m.path == "" {
		m.path = "/"
	}
	if query {
		m.query = r.URL.RawQuery
	}
	if _, ed := s.Private.Public().(ed25519.PublicKey); ed {
		p.algorithm = "hs2019" // the draft has no other name for it
	}
	var err error
	switch k := s.Private.(type) {
	case *rsa.PrivateKey:
		p.signature, err = m.sign(p, k, httpsig.RSA_SHA256)
	case ed25519.PrivateKey:
		p.signature, err = m.sign(p, k, httpsig.ED25519)
	default: // a key held elsewhere, such as in libcrypto
		var raw []byte
		raw, err = signBytes(s.Private, []byte(m.signingString(p, m.query)))
		p.signature = base64.StdEncoding.EncodeToString(raw)
	}
	if err != nil {
		return fmt.Errorf("signing with %s: %w", s.KeyID, err)
	}
	r.Header.Set("Signature", p.String())
	return nil
}

// sign has go-fed do the arithmetic. Its signers keep state, so that each is
// used once. The header that it writes is not used: it says hs2019 always,
// which Gancio's and PieFed's kin do not all read.
func (m *message) sign(p *params, key crypto.PrivateKey, a httpsig.Algorithm) (string, error) {
	signer, _, err := httpsig.NewSigner([]httpsig.Algorithm{a}, httpsig.DigestSha256, p.headers, httpsig.Signature, 0)
	if err != nil {
		return "", err
	}
	scratch := &http.Request{Method: m.method, URL: &url.URL{Path: m.path, RawQuery: m.query}, Header: m.header}
	if err := signer.SignRequest(key, "k", scratch, nil); err != nil {
		return "", err
	}
	made, err := parseParams(scratch.Header.Get("Signature"))
	if err != nil {
		return "", err
	}
	return made.signature, nil
}

// String writes the Signature header.
func (p *params) String() string {
	return `keyId="` + p.keyID + `",algorithm="` + p.algorithm + `",headers="` + strings.Join(p.headers, " ") + `",signature="` + p.signature + `"`
}

// signRFC9421 covers @method, @target-uri and, with a body, content-digest:
// what Mastodon sends and asks for. It is written here, since httpsign puts the
// clock of the machine into created and takes only keys held in memory;
// verifying, also in the tests, is httpsign's.
func signRFC9421(r *http.Request, body []byte, s Signer, now time.Time) error {
	target := *r.URL
	target.Fragment, target.RawFragment, target.User = "", "", nil
	if target.Path == "" {
		target.Path = "/"
	}
	target.Host = strings.ToLower(r.Host)
	if target.Scheme == "https" {
		target.Host = strings.TrimSuffix(target.Host, ":443") // RFC 9110 §4.2.3
	}
	lines := []string{`"@method": ` + r.Method, `"@target-uri": ` + target.String()}
	covered := `"@method" "@target-uri"`
	if hasBody(r, body) {
		digest := contentDigestOf(body)
		r.Header.Set("Content-Digest", digest)
		lines = append(lines, `"content-digest": `+digest)
		covered += ` "content-digest"`
	}
	if sync := r.Header.Get(SyncHeader); sync != "" {
		name := strings.ToLower(SyncHeader)
		lines = append(lines, `"`+name+`": `+sync)
		covered += ` "` + name + `"`
	}
	input := "(" + covered + ");created=" + strconv.FormatInt(now.Unix(), 10) + `;keyid="` + s.KeyID + `"`
	lines = append(lines, `"@signature-params": `+input)
	raw, err := signBytes(s.Private, []byte(strings.Join(lines, "\n")))
	if err != nil {
		return fmt.Errorf("signing with %s: %w", s.KeyID, err)
	}
	r.Header.Set("Signature-Input", "sig1="+input)
	r.Header.Set("Signature", "sig1=:"+base64.StdEncoding.EncodeToString(raw)+":")
	return nil
}

// signBytes signs with RSA (PKCS#1 v1.5, SHA-256) or Ed25519, as the key is.
func signBytes(key crypto.Signer, text []byte) ([]byte, error) {
	switch key.Public().(type) {
	case *rsa.PublicKey:
		sum := sha256.Sum256(text)
		return key.Sign(rand.Reader, sum[:], crypto.SHA256)
	case ed25519.PublicKey:
		return key.Sign(rand.Reader, text, crypto.Hash(0))
	}
	return nil, fmt.Errorf("a key of type %T cannot sign", key)
}
