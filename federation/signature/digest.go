package signature

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"
)

// digestOf writes the Digest header of a body (RFC 3230). The algorithm is in
// capitals, and it is the only one: PieFed compares the whole value.
func digestOf(body []byte) string {
	sum := sha256.Sum256(body)
	return "SHA-256=" + base64.StdEncoding.EncodeToString(sum[:])
}

// contentDigestOf writes the Content-Digest header of a body (RFC 9530).
func contentDigestOf(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

// checkDigest compares a Digest header with the body. Every algorithm that we
// know must fit, and there must be one; others are passed over.
func checkDigest(h http.Header, body []byte) error {
	values := h.Values("Digest")
	if len(values) == 0 {
		return fail(Missing, "there is no Digest header")
	}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok {
			return fail(Malformed, "the Digest header has a part without a value")
		}
		name = strings.ToUpper(name)
		var sum []byte
		switch name {
		case "SHA-256":
			s := sha256.Sum256(body)
			sum = s[:]
		case "SHA-512":
			s := sha512.Sum512(body)
			sum = s[:]
		default:
			continue
		}
		if seen[name] {
			return fail(Malformed, "the Digest header has %s twice", name)
		}
		seen[name] = true
		got, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return fail(Malformed, "the %s of the Digest header is not base64", name)
		}
		if subtle.ConstantTimeCompare(got, sum) != 1 {
			return fail(BadDigest, "the %s of the Digest header is not that of the body", name)
		}
	}
	if len(seen) == 0 {
		return fail(BadDigest, "the Digest header has neither SHA-256 nor SHA-512")
	}
	return nil
}
