package signature

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestFedify exchanges signatures with an independent implementation, in both
// directions. It runs where KONFA_FEDIFY names a directory in which npm has
// installed @fedify/fedify.
func TestFedify(t *testing.T) {
	dir := os.Getenv("KONFA_FEDIFY")
	if dir == "" {
		t.Skip("KONFA_FEDIFY is not set")
	}
	type request struct {
		Spec    string            `json:"spec,omitempty"`
		Method  string            `json:"method"`
		URL     string            `json:"url"`
		Body    string            `json:"body"`
		Headers map[string]string `json:"headers"`
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(rsaKey())
	if err != nil {
		t.Fatal(err)
	}
	pkix, err := PublicDER(rsaKey())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	var requests []request
	var want []string
	add := func(method, address, body string, scheme Scheme, change func(*request)) {
		r := outgoing(t, method, address, []byte(body))
		if err := Sign(r, []byte(body), Signer{KeyID: keyID, Private: rsaKey()}, scheme, now); err != nil {
			t.Fatal(err)
		}
		out := request{Method: method, URL: address, Body: body, Headers: map[string]string{"Host": r.Host}}
		for name := range r.Header {
			out.Headers[name] = r.Header.Get(name)
		}
		want = append(want, keyID)
		if change != nil {
			change(&out)
			want[len(want)-1] = ""
		}
		requests = append(requests, out)
	}
	for _, scheme := range []Scheme{Cavage, RFC9421} {
		add("POST", "https://fedify.example/inbox", `{"type":"Accept"}`, scheme, nil)
		add("GET", "https://fedify.example/users/a", "", scheme, nil)
		add("POST", "https://fedify.example/inbox", `{"type":"Accept"}`, scheme, func(r *request) { r.Body = `{"type":"Reject"}` })
		add("GET", "https://fedify.example/users/a", "", scheme, func(r *request) { r.URL += "b" })
	}
	add("GET", "https://fedify.example/outbox?page=2", "", RFC9421, nil)
	add("GET", "https://fedify.example/outbox?page=2", "", CavageNoQuery, nil) // it leaves the query out

	in, err := json.Marshal(map[string]any{
		"keyId": keyID, "owner": owner, "requests": requests, "publicPem": PublicPEM(pkix),
		"privatePem": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})),
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "in.json")
	if err := os.WriteFile(file, in, 0o600); err != nil {
		t.Fatal(err)
	}
	script, err := os.Open("testdata/fedify.mjs")
	if err != nil {
		t.Fatal(err)
	}
	defer script.Close()
	cmd := exec.CommandContext(t.Context(), "node", "--input-type=module", "-")
	cmd.Dir, cmd.Stdin, cmd.Stderr = dir, script, os.Stderr
	cmd.Env = append(os.Environ(), "KONFA_FEDIFY_IN="+file)
	raw, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var out struct {
		Verified []string  `json:"verified"`
		Signed   []request `json:"signed"`
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	for i, got := range out.Verified {
		if got != want[i] {
			t.Errorf("%s %s with %v: Fedify believes %q, want %q", requests[i].Method, requests[i].URL, requests[i].Headers, got, want[i])
		}
	}
	if len(out.Verified) != len(want) || len(out.Signed) != 4 {
		t.Fatalf("%d and %d answers", len(out.Verified), len(out.Signed))
	}
	v := testVerifier(false)
	v.Clock = time.Now
	for _, s := range out.Signed {
		r := httptest.NewRequest(s.Method, s.URL, strings.NewReader(s.Body))
		r.RequestURI = strings.TrimPrefix(s.URL, home)
		r.TLS = nil
		for name, value := range s.Headers {
			if name != "host" { // net/http takes it out
				r.Header.Set(name, value)
			}
		}
		if _, err := v.Verify(r, []byte(s.Body)); err != nil {
			t.Errorf("%s %s %s with %v: %v", s.Spec, s.Method, s.URL, s.Headers, err)
		}
		if _, err := v.Verify(r, []byte(s.Body+" ")); err == nil {
			t.Errorf("%s %s %s: another body was believed", s.Spec, s.Method, s.URL)
		}
	}
}
