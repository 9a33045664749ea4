package peers

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"konfa/federation/signature"
)

// stranger is a server made by hand, for what no decent server does and for
// loads that a decent one cannot make. It has any number of actors with one key.
type stranger struct {
	t    *testing.T
	host string
	url  string
	rsa  *rsa.PrivateKey
	ed   ed25519.PrivateKey

	mu    sync.Mutex
	pages map[string]http.HandlerFunc // by path; guarded by mu
	asked []string                    // "GET /path"; guarded by mu
	got   []map[string]any            // activities posted here; guarded by mu
}

// newStranger starts a server at a loopback address.
func newStranger(t *testing.T, address string) *stranger {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert, keyFile := certificate(t, address)
	pair, err := tls.LoadX509KeyPair(cert, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	s := &stranger{t: t, host: ln.Addr().String(), rsa: key, ed: ed, pages: map[string]http.HandlerFunc{}}
	s.url = "https://" + s.host
	server := &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{pair}})) }()
	t.Cleanup(func() { _ = server.Close() })
	return s
}

func (s *stranger) serve(w http.ResponseWriter, r *http.Request) {
	var activity map[string]any
	if r.Method == http.MethodPost {
		if body, err := readAll(r.Body); err == nil {
			_ = json.Unmarshal(body, &activity)
		}
	}
	s.mu.Lock()
	s.asked = append(s.asked, r.Method+" "+r.URL.Path)
	if activity != nil {
		s.got = append(s.got, activity)
	}
	h := s.pages[r.URL.Path]
	s.mu.Unlock()
	switch {
	case h != nil:
		h(w, r)
	case strings.HasPrefix(r.URL.Path, "/users/"):
		writeJSON(w, s.actor(strings.TrimPrefix(r.URL.Path, "/users/")))
	case r.Method == http.MethodPost:
		w.WriteHeader(http.StatusAccepted)
	default:
		http.NotFound(w, r)
	}
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", activityJSON)
	_ = json.NewEncoder(w).Encode(v)
}

// page sets what an address answers.
func (s *stranger) page(path string, h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages[path] = h
}

// document sets a document that an address answers with.
func (s *stranger) document(path string, doc map[string]any) {
	s.page(path, func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, doc) })
}

// requests is what was asked so far.
func (s *stranger) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.asked...)
}

// awaitActivity waits for an activity of a type.
func (s *stranger) awaitActivity(typ string) map[string]any {
	s.t.Helper()
	var found map[string]any
	eventually(s.t, s.host+" gets a "+typ, func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, a := range s.got {
			if a["type"] == typ {
				found = a
				return nil
			}
		}
		return fmt.Errorf("%d activities, none of them", len(s.got))
	})
	return found
}

// befriend makes a city follow one of the actors.
func (s *stranger) befriend(c *city, name string) {
	s.t.Helper()
	c.run(nil, "follow", s.uri(name))
	follow := s.awaitActivity("Follow")
	s.accept(c, name, follow)
	c.awaitFollowing(s.uri(name))
}

func (s *stranger) accept(c *city, name string, follow map[string]any) {
	s.t.Helper()
	status, body := s.post(name, c.url+"/inbox", map[string]any{
		"@context": "https://www.w3.org/ns/activitystreams", "type": "Accept", "id": s.uri(name) + "/accepts/1", "actor": s.uri(name), "object": follow,
	})
	if status != http.StatusAccepted {
		s.t.Fatalf("the Accept: %d %s", status, body)
	}
}

func (s *stranger) uri(name string) string { return s.url + "/users/" + name }

// actor is the document of an actor.
func (s *stranger) actor(name string) map[string]any {
	der, err := x509.MarshalPKIXPublicKey(&s.rsa.PublicKey)
	if err != nil {
		panic(err) // of a key just made
	}
	id := s.uri(name)
	return map[string]any{
		"@context": []string{"https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"},
		"id":       id, "type": "Person", "preferredUsername": name, "name": name,
		"inbox": id + "/inbox", "outbox": id + "/outbox", "followers": id + "/followers",
		"publicKey": map[string]any{"id": id + "#main-key", "owner": id, "publicKeyPem": string(pemBlock("PUBLIC KEY", der))},
	}
}

// signer signs as one of the actors.
func (s *stranger) signer(name string) signature.Signer {
	return signature.Signer{KeyID: s.uri(name) + "#main-key", Private: crypto.Signer(s.rsa)}
}

// post sends a signed activity to an inbox. The status is 0 when the server did
// not answer.
func (s *stranger) post(name, inbox string, activity any) (status int, body string) {
	s.t.Helper()
	return s.postAs(name, inbox, activityJSON, activity)
}

func (s *stranger) postAs(name, inbox, contentType string, activity any) (status int, answer string) {
	s.t.Helper()
	body, ok := activity.([]byte)
	if !ok {
		var err error
		if body, err = json.Marshal(activity); err != nil {
			s.t.Fatal(err)
		}
	}
	req, err := http.NewRequest(http.MethodPost, inbox, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	if err := signature.Sign(req, body, s.signer(name), signature.Cavage, time.Now()); err != nil {
		s.t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	b, err := readAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(b)
}
