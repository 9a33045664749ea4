package standin

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// inputForm is a Signature-Input with one signature: the label, what is covered,
// and the parameters.
var inputForm = regexp.MustCompile(`^([a-zA-Z0-9_*.-]+)=(\(([^)]*)\)(;.*)?)$`)

var parameterForm = regexp.MustCompile(`;([a-z]+)=("[^"]*"|[0-9]+)`)

// messageSignature is a signature by RFC 9421, taken apart.
type messageSignature struct {
	keyID     string
	created   time.Time
	covered   []string
	params    string
	signature []byte
}

// parseMessageSignature reads the one signature of a request.
func parseMessageSignature(h http.Header) (*messageSignature, error) {
	m := inputForm.FindStringSubmatch(h.Get("Signature-Input"))
	if m == nil {
		return nil, refuse("Signature-Input cannot be read, or holds several")
	}
	out := &messageSignature{params: m[2]}
	for _, name := range strings.Fields(m[3]) {
		out.covered = append(out.covered, strings.Trim(name, `"`))
	}
	for _, p := range parameterForm.FindAllStringSubmatch(m[4], -1) {
		switch value := strings.Trim(p[2], `"`); p[1] {
		case "keyid":
			out.keyID = value
		case "created":
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return nil, refuse("created is no number")
			}
			out.created = time.Unix(n, 0)
		}
	}
	value, ok := strings.CutPrefix(h.Get("Signature"), m[1]+"=:")
	if !ok || !strings.HasSuffix(value, ":") {
		return nil, refuse("Signature has nothing of the label %s", m[1])
	}
	signature, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(value, ":"))
	if err != nil {
		return nil, refuse("the signature is not base64: %v", err)
	}
	out.signature = signature
	return out, nil
}

// verify checks it with an RSA key; base is the server's own address.
func (m *messageSignature) verify(r *http.Request, body []byte, base string, key *rsa.PublicKey) error {
	if slices.Contains(m.covered, "content-digest") {
		sum := sha256.Sum256(body)
		if want := "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"; r.Header.Get("Content-Digest") != want {
			return refuse("the Content-Digest is not that of the body")
		}
	}
	var lines []string
	for _, name := range m.covered {
		value := ""
		switch name {
		case "@method":
			value = r.Method
		case "@target-uri":
			value = base + r.URL.RequestURI()
		case "@authority":
			value = strings.ToLower(r.Host)
		case "host":
			value = r.Host
		default:
			if strings.HasPrefix(name, "@") {
				return refuse("the component %s", name)
			}
			value = r.Header.Get(name)
		}
		lines = append(lines, `"`+name+`": `+value)
	}
	lines = append(lines, `"@signature-params": `+m.params)
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], m.signature) != nil {
		return refuse("the signature does not verify")
	}
	return nil
}
