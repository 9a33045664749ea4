package discover

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"konfa/community"
	"konfa/federation/fetch"
	"konfa/federation/signature"
)

var testNow = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// ourKey signs our fetches; theirKey stands in the actors of others.
var ourKey, theirKey, newKey = mustRSA(), mustRSA(), mustRSA()

func mustRSA() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
}

func pemOf(k *rsa.PrivateKey) string {
	der, err := signature.PublicDER(k)
	if err != nil {
		panic(err)
	}
	return signature.PublicPEM(der)
}

// world is a net of servers with names of their own, all behind one listener
// with TLS. What a server does not handle is 404.
type world struct {
	t     testing.TB
	port  string
	roots *x509.CertPool
	store *memoryStore

	mu    sync.Mutex
	hosts map[string]http.HandlerFunc // by name without port
	asked []string                    // "host /path?query"
	now   time.Time
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, hosts: map[string]http.HandlerFunc{}, now: testNow, roots: x509.NewCertPool(), store: newMemoryStore()}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: []string{"*.test", "localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	w.roots.AddCert(cert)
	s := httptest.NewUnstartedServer(http.HandlerFunc(w.serve))
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	s.StartTLS()
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	w.port = s.URL[strings.LastIndex(s.URL, ":")+1:]
	return w
}

func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	name, _, _ := strings.Cut(r.Host, ":")
	w.mu.Lock()
	h := w.hosts[name]
	w.asked = append(w.asked, name+" "+r.URL.RequestURI())
	w.mu.Unlock()
	if h == nil {
		panic(http.ErrAbortHandler)
	}
	h(rw, r)
}

// url is an address on a host of the world; "https://host/path".
func (w *world) url(host, path string) string { return "https://" + w.host(host) + path }
func (w *world) host(name string) string      { return name + ".test:" + w.port }

// on says what a host answers: paths (with their query) to handlers.
func (w *world) on(host string, paths map[string]http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hosts[host+".test"] = func(rw http.ResponseWriter, r *http.Request) {
		if h := paths[r.URL.RequestURI()]; h != nil {
			h(rw, r)
			return
		}
		if h := paths[r.URL.Path]; h != nil {
			h(rw, r)
			return
		}
		http.NotFound(rw, r)
	}
}

// down makes a host break off every connection.
func (w *world) down(host string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.hosts, host+".test")
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// requests returns what was asked since the last call.
func (w *world) requests() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	got := w.asked
	w.asked = nil
	return got
}

func (w *world) wantRequests(n int) {
	w.t.Helper()
	if got := w.requests(); len(got) != n {
		w.t.Errorf("%d requests, want %d: %q", len(got), n, got)
	}
}

// resolver is a new one, as after a start, on the same store.
func (w *world) resolver() *Resolver {
	c := fetch.New(fetch.Options{
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, RootCAs: w.roots, Timeout: 3 * time.Second,
		Lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
			if host != "localhost" && !strings.HasSuffix(host, ".test") {
				return nil, fmt.Errorf("no such host: %s", host)
			}
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		},
	})
	w.t.Cleanup(c.Close)
	sign := func(r *http.Request, scheme signature.Scheme) error {
		return signature.Sign(r, nil, signature.Signer{KeyID: "https://konfa.test/node#main-key", Private: ourKey}, scheme, w.clock())
	}
	return New(c, sign, w.store, w.clock)
}

// only lets those in who sign so that the host can verify it.
func (w *world) only(host string, scheme signature.Scheme, h http.HandlerFunc) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		v := signature.Verifier{Base: "https://" + w.host(host), Clock: w.clock, Keys: func(_ context.Context, id string, _ bool) (signature.Key, error) {
			return signature.Key{ID: id, Owner: "https://konfa.test/node", Public: ourKey.Public()}, nil
		}}
		got, err := v.Verify(r, nil)
		if scheme == signature.CavageNoQuery && err == nil {
			// Believe only what was signed without the query.
			bare := r.Clone(r.Context())
			bare.RequestURI, _, _ = strings.Cut(r.RequestURI, "?")
			bare.URL.RawQuery = ""
			got, err = v.Verify(bare, nil)
			got.Scheme = signature.CavageNoQuery
		}
		if err != nil || got.Scheme != scheme {
			http.Error(rw, fmt.Sprint(err, got.Scheme), http.StatusUnauthorized)
			return
		}
		h(rw, r)
	}
}

func answer(contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, body)
	}
}

func doc(v map[string]any) http.HandlerFunc {
	v["@context"] = "https://www.w3.org/ns/activitystreams"
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return answer("application/activity+json", string(b))
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Location", to); w.WriteHeader(302) }
}

// person is an actor as Mastodon writes it; change alters it.
func person(id string, change ...func(map[string]any)) http.HandlerFunc {
	name := id[strings.LastIndex(id, "/")+1:]
	a := map[string]any{"id": id, "type": "Person", "preferredUsername": name, "inbox": id + "/inbox", "outbox": id + "/outbox",
		"publicKey": map[string]any{"id": id + "#main-key", "owner": id, "publicKeyPem": pemOf(theirKey)}}
	for _, f := range change {
		f(a)
	}
	return doc(a)
}

func jrdOf(subject, self string, more ...map[string]any) http.HandlerFunc {
	links := []any{map[string]any{"rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": "https://x.test/@a"}}
	if self != "" {
		links = append(links, map[string]any{"rel": "self", "type": "application/activity+json", "href": self})
	}
	for _, l := range more {
		links = append(links, l)
	}
	b, err := json.Marshal(map[string]any{"subject": subject, "links": links})
	if err != nil {
		panic(err)
	}
	return answer("application/jrd+json; charset=utf-8", string(b))
}

// memoryStore keeps what the resolver learns.
type memoryStore struct {
	mu     sync.Mutex
	actors map[string]community.Actor
	peers  map[string]community.Peer
}

func newMemoryStore() *memoryStore {
	return &memoryStore{actors: map[string]community.Actor{}, peers: map[string]community.Peer{}}
}

func (s *memoryStore) Actor(_ context.Context, uri string) (*community.Actor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.actors[uri]
	if !ok {
		return nil, community.Errorf(community.NotFound, "no actor %s", uri)
	}
	return &a, nil
}

func (s *memoryStore) SaveActor(_ context.Context, a *community.Actor) (*community.Actor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.ID == 0 {
		a.ID = int64(len(s.actors) + 1)
	}
	s.actors[a.URI] = *a
	return a, nil
}

func (s *memoryStore) Peer(_ context.Context, host string) (*community.Peer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.peers[host]
	if !ok {
		return nil, community.Errorf(community.NotFound, "no peer %s", host)
	}
	return &p, nil
}

func (s *memoryStore) SavePeer(_ context.Context, p *community.Peer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.peers[p.Host] = *p
	return nil
}

func (s *memoryStore) SetPeerScheme(_ context.Context, host, scheme string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.peers[host]
	p.Host, p.Scheme = host, scheme
	s.peers[host] = p
	return nil
}

func wantCode(t *testing.T, err error, want community.Code) {
	t.Helper()
	if got := community.CodeOf(err); got != want {
		t.Fatalf("got %q (%v), want %q", got, err, want)
	}
}
