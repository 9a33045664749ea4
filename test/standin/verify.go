package standin

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// verifies is how a software checks what is sent to it.
type verifies struct {
	trims      bool     // takes blanks after the commas of the header
	noMissing  bool     // fails where there is no algorithm parameter
	algorithms []string // those it knows; nil: does not look
	need       []string // must be covered by a POST
	needGet    []string // must be covered by a GET
	past       time.Duration
	future     time.Duration
	digest     digestCheck
	query      queryCheck
	host       bool // Host must be its own
}

type digestCheck int

const (
	digestUnchecked  digestCheck = iota
	digestExact                  // the header must be SHA-256=… of the body, byte for byte
	digestRecomputed             // what it computed itself is what must have been signed
	digestListed                 // SHA-256 among several
)

type queryCheck int

const (
	queryEither queryCheck = iota // tried with and without
	queryOnly                     // must be there as it came
	queryNever                    // must not be there
)

// signed is a Signature header, taken apart.
type signed struct {
	keyID, algorithm string
	headers          []string
	signature        []byte
	created, expires string
	raw              map[string]string
}

// parseSignature takes a Signature header apart, with blanks after commas only
// where the software trims them.
func parseSignature(h http.Header, trims bool) (*signed, error) {
	values := h.Values("Signature")
	if len(values) != 1 {
		return nil, refuse("%d Signature headers", len(values))
	}
	p := &signed{raw: map[string]string{}}
	for part := range strings.SplitSeq(values[0], ",") {
		if trims {
			part = strings.TrimSpace(part)
		}
		key, value, ok := strings.Cut(part, "=")
		if !ok {
			return nil, refuse("a parameter without a value: %q", part)
		}
		if _, twice := p.raw[key]; twice {
			return nil, refuse("the parameter %s twice", key)
		}
		p.raw[key] = strings.Trim(value, `"`)
	}
	p.keyID, p.algorithm = p.raw["keyId"], p.raw["algorithm"]
	p.created, p.expires = p.raw["created"], p.raw["expires"]
	if p.keyID == "" || p.raw["signature"] == "" {
		return nil, refuse("no keyId or no signature")
	}
	signature, err := base64.StdEncoding.DecodeString(p.raw["signature"])
	if err != nil {
		return nil, refuse("the signature is not base64: %v", err)
	}
	p.signature = signature
	if h, ok := p.raw["headers"]; ok {
		p.headers = strings.Fields(h)
	}
	return p, nil
}

func (p *signed) covers(name string) bool { return slices.Contains(p.headers, name) }

// check checks everything about a signature but the arithmetic.
func (v *verifies) check(s *Server, r *http.Request, body []byte, p *signed) error {
	if v.noMissing && p.algorithm == "" {
		return refuse("no algorithm")
	}
	if v.algorithms != nil && !slices.Contains(v.algorithms, p.algorithm) {
		return refuse("the algorithm %q", p.algorithm)
	}
	need := v.need
	if r.Method == http.MethodGet {
		need = v.needGet
	}
	for _, name := range need {
		if !p.covers(name) {
			return refuse("%s is not signed", name)
		}
	}
	if v.past > 0 {
		date, err := http.ParseTime(r.Header.Get("Date"))
		if err != nil {
			return refuse("no date")
		}
		if now := s.now(); now.Sub(date) > v.past || date.Sub(now) > v.future {
			return refuse("the date is off by %v", now.Sub(date).Round(time.Second))
		}
	}
	if v.host && r.Host != s.Host {
		return refuse("Host is %s", r.Host)
	}
	if r.Method != http.MethodPost {
		return nil
	}
	sum := sha256.Sum256(body)
	want := "SHA-256=" + base64.StdEncoding.EncodeToString(sum[:])
	switch got := r.Header.Get("Digest"); v.digest {
	case digestExact:
		if got != want {
			return refuse("the digest %q is not that of the body", got)
		}
	case digestListed:
		found := false
		for part := range strings.SplitSeq(got, ",") {
			algorithm, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			if strings.EqualFold(algorithm, "SHA-256") {
				if found = "SHA-256="+value == want; !found {
					return refuse("the digest is not that of the body")
				}
			}
		}
		if !found {
			return refuse("no SHA-256 digest")
		}
	}
	return nil
}

// arithmetic checks the signature itself with a key.
func (v *verifies) arithmetic(r *http.Request, body []byte, p *signed, key *rsa.PublicKey) error {
	target := strings.ToLower(r.Method) + " " + r.URL.EscapedPath()
	targets := []string{target}
	if r.URL.RawQuery != "" {
		full := target + "?" + r.URL.RawQuery
		switch v.query {
		case queryEither:
			targets = []string{full, target}
		case queryOnly:
			targets = []string{full}
		}
	}
	headers := p.headers
	if headers == nil {
		headers = []string{"date"}
	}
	for _, target := range targets {
		var lines []string
		for _, name := range headers {
			value := strings.Join(r.Header.Values(name), ", ")
			switch name {
			case "(request-target)":
				value = target
			case "(created)":
				value = p.created
			case "(expires)":
				value = p.expires
			case "host":
				value = r.Host
			case "content-length":
				value = strconv.Itoa(len(body))
			case "digest":
				if v.digest == digestRecomputed {
					sum := sha256.Sum256(body)
					value = "SHA-256=" + base64.StdEncoding.EncodeToString(sum[:])
				}
			}
			lines = append(lines, name+": "+value)
		}
		sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
		if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], p.signature) == nil {
			return nil
		}
	}
	return refuse("the signature does not verify")
}

// rsaKey reads a PEM key; nearly all software takes RSA alone.
func rsaKey(armoured string) (*rsa.PublicKey, error) {
	block, _ := pem.Decode([]byte(armoured))
	if block == nil {
		return nil, refuse("the key is no PEM")
	}
	if key, err := x509.ParsePKCS1PublicKey(block.Bytes); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, refuse("the key cannot be read: %v", err)
	}
	public, ok := key.(*rsa.PublicKey)
	if !ok {
		return nil, refuse("the key is no RSA key")
	}
	return public, nil
}
