package signature

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/dunglas/httpsfv"
	"github.com/yaronf/httpsign"
)

// maxLabels bounds how many signatures of one request are looked at.
const maxLabels = 4

// input is one member of Signature-Input (RFC 9421 §4.1).
type input struct {
	label   string
	keyID   string
	alg     string // empty when absent
	created time.Time
	expires time.Time       // zero when absent
	covered map[string]bool // components without parameters
	names   []string        // all components
}

// parseInputs reads Signature-Input: at least one input, at most maxLabels, all
// with key ids of one host.
func parseInputs(h http.Header) ([]input, error) {
	values := h.Values("Signature-Input")
	size := 0
	for _, v := range append(h.Values("Signature"), values...) {
		size += len(v)
	}
	if size > 2*maxHeader {
		return nil, fail(Malformed, "the signature headers are longer than %d bytes", 2*maxHeader)
	}
	dict, err := httpsfv.UnmarshalDictionary(values)
	if err != nil {
		return nil, &Error{Kind: Malformed, Msg: "the Signature-Input header cannot be read", Err: err}
	}
	sigs, err := httpsfv.UnmarshalDictionary(h.Values("Signature"))
	if err != nil {
		return nil, &Error{Kind: Malformed, Msg: "the Signature header cannot be read", Err: err}
	}
	// The last of two members of one name wins (RFC 8941 §3.2): whoever reads
	// otherwise would see another signature, so two are refused.
	if len(dict.Names()) < countMembers(values, dict.Names()) {
		return nil, fail(Malformed, "the Signature-Input header has a label twice")
	}
	var out []input
	for _, label := range dict.Names() {
		member, _ := dict.Get(label)
		list, ok := member.(httpsfv.InnerList)
		if !ok {
			return nil, fail(Malformed, "the signature input %s is not a list", label)
		}
		if _, ok := sigs.Get(label); !ok {
			continue
		}
		in, err := readInput(label, list)
		if err != nil {
			return nil, err
		}
		if len(out) > 0 && hostOf(in.keyID) != hostOf(out[0].keyID) {
			return nil, fail(Malformed, "the request is signed by keys of different servers")
		}
		if out = append(out, in); len(out) > maxLabels {
			return nil, fail(Malformed, "the request has more than %d signatures", maxLabels)
		}
	}
	if len(out) == 0 {
		return nil, fail(Missing, "the request is not signed")
	}
	return out, nil
}

// countMembers counts how often the labels begin a member.
func countMembers(values, labels []string) int {
	n := 0
	text := stripQuoted("," + strings.Join(values, ","))
	for _, label := range labels {
		for rest := text; ; {
			_, after, ok := strings.Cut(rest, label)
			if !ok {
				break
			}
			before := strings.TrimRight(rest[:len(rest)-len(after)-len(label)], " \t")
			if strings.HasSuffix(before, ",") && (strings.HasPrefix(after, "=") || strings.HasPrefix(after, ",") || strings.HasPrefix(after, ";")) {
				n++
			}
			rest = after
		}
	}
	return n
}

// stripQuoted removes the quoted strings of a structured field.
func stripQuoted(s string) string {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case !quoted:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func readInput(label string, list httpsfv.InnerList) (input, error) {
	in := input{label: label, covered: map[string]bool{}}
	if len(list.Items) > maxCovered {
		return in, fail(Malformed, "the signature %s covers more than %d components", label, maxCovered)
	}
	seen := map[string]bool{}
	for _, item := range list.Items {
		name, ok := item.Value.(string)
		if !ok {
			return in, fail(Malformed, "the signature %s covers something that is not a component", label)
		}
		whole, err := httpsfv.Marshal(item)
		if err != nil || seen[whole] {
			return in, fail(Malformed, "the signature %s covers %s twice", label, name)
		}
		seen[whole] = true
		in.names = append(in.names, name)
		for _, p := range item.Params.Names() {
			// §2.4 and §2.1.4: of another message, of a trailer. Neither is for requests here.
			if p == "req" || p == "tr" {
				return in, fail(Malformed, "the signature %s covers %s of something else", label, name)
			}
		}
		if len(item.Params.Names()) == 0 {
			in.covered[name] = true
		}
	}
	var ok bool
	if v, has := list.Params.Get("keyid"); has {
		if in.keyID, ok = v.(string); !ok {
			return in, fail(Malformed, "the keyid of the signature %s is not a string", label)
		}
	}
	if in.keyID == "" {
		return in, fail(Malformed, "the signature %s has no keyid", label)
	}
	if v, has := list.Params.Get("alg"); has {
		if in.alg, ok = v.(string); !ok {
			return in, fail(Malformed, "the alg of the signature %s is not a string", label)
		}
	}
	for name, at := range map[string]*time.Time{"created": &in.created, "expires": &in.expires} {
		v, has := list.Params.Get(name)
		if !has {
			continue
		}
		n, ok := v.(int64)
		if !ok || n <= 0 || n > 253402300799 {
			return in, fail(Malformed, "%s of the signature %s is not a time", name, label)
		}
		*at = time.Unix(n, 0)
	}
	return in, nil
}

func hostOf(id string) string {
	u, err := url.Parse(id)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// check applies our rules to one signature; the arithmetic comes later.
func (in *input) check(r *http.Request, body []byte, now time.Time) error {
	if !in.covered["@method"] {
		return fail(Missing, "the signature %s does not cover @method", in.label)
	}
	whole := in.covered["@target-uri"] ||
		in.covered["@authority"] && in.covered["@request-target"] ||
		in.covered["@authority"] && in.covered["@path"] && (in.covered["@query"] || r.URL.RawQuery == "")
	if !whole {
		return fail(Missing, "the signature %s does not cover @target-uri", in.label)
	}
	if hasBody(r, body) && !in.covered["content-digest"] {
		return fail(Missing, "the signature %s does not cover content-digest", in.label)
	}
	if in.created.IsZero() {
		return fail(Missing, "the signature %s does not say when it was created", in.label)
	}
	if err := fresh(now, in.created, in.expires); err != nil {
		return err
	}
	switch in.alg {
	case "", algRSA, algPSS, algEd25519:
		return nil
	}
	return fail(BadSignature, "the algorithm %q is not accepted: use %s or %s", in.alg, algRSA, algEd25519)
}

// The algorithms of RFC 9421 §6.2 that are in use.
const (
	algRSA     = "rsa-v1_5-sha256"
	algPSS     = "rsa-pss-sha512"
	algEd25519 = "ed25519"
)

func (v *Verifier) verifyRFC9421(r *http.Request, base *url.URL, body []byte) (Verified, error) {
	inputs, err := parseInputs(r.Header)
	if err != nil {
		return Verified{}, err
	}
	var first error
	keys := map[string]bool{}
	for _, in := range inputs {
		err := in.check(r, body, v.now())
		if err == nil && in.covered["content-digest"] {
			err = checkContentDigest(r.Header, body)
		}
		if err == nil && len(keys) == 2 && !keys[in.keyID] {
			err = fail(Malformed, "the request is signed by more than two keys")
		}
		if err == nil {
			keys[in.keyID] = true
			var key Key
			key, err = v.withKey(r.Context(), in.keyID, func(pub crypto.PublicKey) error {
				return in.verify(r, base, body, pub)
			})
			if err == nil {
				return Verified{KeyID: in.keyID, Owner: key.Owner, Scheme: RFC9421, Synchronized: in.covered[strings.ToLower(SyncHeader)]}, nil
			}
		}
		if first == nil {
			first = err
		}
	}
	return Verified{}, first
}

func checkContentDigest(h http.Header, body []byte) error {
	values := h.Values("Content-Digest")
	if len(values) == 0 {
		return fail(Missing, "there is no Content-Digest header")
	}
	read := io.NopCloser(bytes.NewReader(body))
	if err := httpsign.ValidateContentDigestHeader(values, &read, []string{httpsign.DigestSha256, httpsign.DigestSha512}); err != nil {
		return &Error{Kind: BadDigest, Msg: "the Content-Digest header is not that of the body", Err: err}
	}
	return nil
}

// verify does the arithmetic over the address that this node has for the world,
// not the one that the connection suggests.
func (in *input) verify(r *http.Request, base *url.URL, body []byte, pub crypto.PublicKey) error {
	target, err := canonicalURL(base, requestTarget(r))
	if err != nil {
		return &Error{Kind: Malformed, Msg: "the address of the request cannot be read", Err: err}
	}
	h := r.Header.Clone()
	h.Set("Host", r.Host) // net/http takes it out of the headers; Fedify covers it
	if r.ContentLength == int64(len(body)) {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	msg, err := httpsign.NewMessage(httpsign.NewMessageConfig().
		WithMethod(r.Method).
		WithURL(target).
		WithScheme(target.Scheme).
		WithAuthority(target.Host).
		WithHeaders(h))
	if err != nil {
		return &Error{Kind: Malformed, Msg: "the request cannot be read as a signed message", Err: err}
	}
	// Times were checked already, by our clock.
	config := httpsign.NewVerifyConfig().SetVerifyCreated(false).SetRejectExpired(false)
	var verifiers []*httpsign.Verifier
	add := func(v *httpsign.Verifier, e error) {
		if err = errors.Join(err, e); e == nil {
			verifiers = append(verifiers, v)
		}
	}
	switch k := pub.(type) {
	case *rsa.PublicKey:
		if in.alg == "" || in.alg == algRSA {
			add(httpsign.NewRSAVerifier(*k, config, *httpsign.NewFields()))
		}
		if in.alg == "" || in.alg == algPSS {
			add(httpsign.NewRSAPSSVerifier(*k, config, *httpsign.NewFields()))
		}
	case ed25519.PublicKey:
		if in.alg == "" || in.alg == algEd25519 {
			add(httpsign.NewEd25519Verifier(k, config, *httpsign.NewFields()))
		}
	}
	if len(verifiers) == 0 {
		return &Error{Kind: BadSignature, Msg: "the algorithm does not go with the kind of the key", Err: err}
	}
	for _, verifier := range verifiers {
		if _, e := msg.Verify(in.label, *verifier); e == nil {
			return nil
		} else if err == nil {
			err = e
		}
	}
	return &Error{Kind: BadSignature, Msg: "the signature does not fit the request and the key " + in.keyID, Err: err}
}

// canonicalURL is the address of the request as its sender wrote it.
func canonicalURL(base *url.URL, target string) (*url.URL, error) {
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return nil, err
	}
	u.Scheme, u.Host = base.Scheme, strings.ToLower(base.Host)
	if u.Scheme == "https" {
		u.Host = strings.TrimSuffix(u.Host, ":443")
	} else {
		u.Host = strings.TrimSuffix(u.Host, ":80")
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u, nil
}
