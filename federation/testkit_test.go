package federation

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"konfa/community"
	"konfa/federation/fetch"
	"konfa/federation/signature"
	"konfa/node"
	"konfa/storage"
)

// clock is a clock that tests move.
type clock struct {
	mu     sync.Mutex
	offset time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

// testNode is a node with a real store behind real TLS on loopback.
type testNode struct {
	*Server
	t      testing.TB
	web    *httptest.Server
	clock  *clock
	data   string
	logs   *logBuffer
	cancel context.CancelFunc
	done   chan struct{}
}

// logBuffer keeps what was logged, for assertions and for failed tests.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// html stands for the pages of package web.
var html = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<p>page of %s</p>", r.URL.Path)
})

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// trusted are the certificates of the test servers.
var testCAs = sync.OnceValue(func() *x509.CertPool {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return pool
})

// startNode founds a node. It does not run until run is called.
func startNode(t testing.TB, change ...func(*Options)) *testNode {
	t.Helper()
	return openNode(t, t.TempDir(), "", change...)
}

// openNode opens a node on data, at an address it had before or a new one.
func openNode(t testing.TB, data, address string, change ...func(*Options)) *testNode {
	t.Helper()
	return openNodeOn(t, storage.Options{Data: data}, "", address, change...)
}

// openNodeOn opens a node on any database, at the base given or that of its own
// listener.
func openNodeOn(t testing.TB, where storage.Options, base, address string, change ...func(*Options)) *testNode {
	t.Helper()
	ctx := context.Background()
	n := &testNode{t: t, clock: &clock{}, data: where.Data, logs: &logBuffer{}}
	n.web = httptest.NewUnstartedServer(nil)
	if address != "" {
		n.web.Listener.Close()
		var err error
		for range 50 {
			if n.web.Listener, err = net.Listen("tcp", address); err == nil {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if base == "" {
		base = "https://" + n.web.Listener.Addr().String()
	}
	where.Clock = n.clock.now
	store, err := storage.Open(ctx, where)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(n.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	nd := node.New(store, community.NewSite(base), node.Options{Clock: n.clock.now, Log: log})
	if founded, err := nd.Founded(ctx); err != nil {
		t.Fatal(err)
	} else if !founded {
		city := &community.City{Handle: "belgrade", Name: community.Plain("en", "Belgrade"), Zone: "Europe/Belgrade", Country: "RS", Languages: []string{"en"}}
		if err := nd.Found(ctx, city, &community.Member{Handle: "anna", Name: "Anna"}); err != nil {
			t.Fatal(err)
		}
	}
	o := Options{
		Log: log, Clock: n.clock.now, Version: "1.2.3",
		Fetch: fetch.Options{Allow: loopback, RootCAs: testCAs(), Timeout: 2 * time.Second},
	}
	for _, c := range change {
		c(&o)
	}
	if n.Server, err = New(nd, o); err != nil {
		t.Fatal(err)
	}
	n.poll = 20 * time.Millisecond
	n.grace = 3 * time.Second
	r := chi.NewRouter()
	n.Routes(r, html)
	n.web.Config.Handler = r
	n.web.Config.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	n.web.StartTLS()
	t.Cleanup(func() {
		n.halt()
		n.web.Close()
		store.Close()
		if t.Failed() && testing.Verbose() {
			t.Logf("log of %s:\n%s", base, n.logs)
		}
	})
	return n
}

// run starts the loops.
func (n *testNode) run() *testNode {
	ctx, cancel := context.WithCancel(context.Background())
	n.cancel, n.done = cancel, make(chan struct{})
	go func() { defer close(n.done); n.Run(ctx) }()
	return n
}

// halt stops the loops and waits for them.
func (n *testNode) halt() {
	if n.cancel == nil {
		return
	}
	n.cancel()
	select {
	case <-n.done:
	case <-time.After(15 * time.Second):
		n.t.Error("Run did not stop")
	}
	n.cancel = nil
}

var console = node.By{Console: true}

// conference publishes one.
func (n *testNode) conference(title string, change ...func(*community.Conference)) *community.Conference {
	n.t.Helper()
	c := &community.Conference{
		Title: community.Plain("en", title), Text: community.Plain("en", "Come and talk."), Zone: "Europe/Belgrade",
		Start: n.clock.now().Add(240 * time.Hour), End: n.clock.now().Add(242 * time.Hour),
		Venue: &community.Venue{Name: "Dorćol Platz", Street: "Dobračina 59b", Locality: "Belgrade"},
		RSVP:  community.RSVPWords, // polls have tests of their own
	}
	for _, f := range change {
		f(c)
	}
	c, err := n.node.AddConference(context.Background(), console, c, node.Publish{})
	if err != nil {
		n.t.Fatal(err)
	}
	return c
}

// get asks the node and returns the answer with its body.
func (n *testNode) get(path string, header ...string) (*http.Response, string) {
	n.t.Helper()
	r, err := http.NewRequest("GET", n.site.Base+path, nil)
	if err != nil {
		n.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return n.do(r)
}

func (n *testNode) do(r *http.Request) (*http.Response, string) {
	n.t.Helper()
	client := &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: testCAs()}, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(r)
	if err != nil {
		n.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	return resp, string(body)
}

const activityJSON = "application/activity+json"

// eventually waits for a condition.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// testKey is the RSA key of all fake actors: making one is slow.
var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

// fakePeer is another server, which does as the test says.
type fakePeer struct {
	t        testing.TB
	web      *httptest.Server
	base     string
	software string

	mu       sync.Mutex
	objects  map[string]any // path -> document
	gone     map[string]bool
	fetches  map[string]int
	received []post
	answer   func(w http.ResponseWriter, r *http.Request, p post) // of inboxes; nil: 202
	seq      int
}

// post is what came to an inbox.
type post struct {
	Path   string
	Header http.Header
	Body   []byte
	At     time.Time
}

func (p post) activity() map[string]any {
	var m map[string]any
	if err := json.Unmarshal(p.Body, &m); err != nil {
		return map[string]any{"error": err.Error()}
	}
	return m
}

func startPeer(t testing.TB, software string) *fakePeer {
	t.Helper()
	p := &fakePeer{t: t, software: software, objects: map[string]any{}, gone: map[string]bool{}, fetches: map[string]int{}}
	p.web = httptest.NewUnstartedServer(http.HandlerFunc(p.serve))
	p.web.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	p.web.StartTLS()
	p.base = p.web.URL
	t.Cleanup(func() { p.web.CloseClientConnections(); p.web.Close() })
	for _, name := range []string{"anna", "bob", "group"} {
		p.actor(name, nil)
	}
	return p
}

func (p *fakePeer) host() string { return strings.TrimPrefix(p.base, "https://") }

func (p *fakePeer) uri(name string) string { return p.base + "/users/" + name }

// actor makes an actor; extra overrides its properties.
func (p *fakePeer) actor(name string, extra map[string]any) string {
	der, err := x509.MarshalPKIXPublicKey(testKey().Public())
	if err != nil {
		p.t.Fatal(err)
	}
	id := p.uri(name)
	typ := "Person"
	if name == "group" {
		typ = "Group"
	}
	doc := map[string]any{
		"@context": []any{"https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"},
		"id":       id, "type": typ, "preferredUsername": name, "name": strings.ToUpper(name[:1]) + name[1:],
		"inbox": id + "/inbox", "outbox": id + "/outbox", "followers": id + "/followers",
		"endpoints": map[string]any{"sharedInbox": p.base + "/inbox"},
		"publicKey": map[string]any{"id": id + "#main-key", "owner": id, "publicKeyPem": signature.PublicPEM(der)},
	}
	for k, v := range extra {
		doc[k] = v
	}
	p.put("/users/"+name, doc)
	return id
}

// put serves a document at a path.
func (p *fakePeer) put(path string, doc any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.objects[path] = doc
	delete(p.gone, path)
}

func (p *fakePeer) delete(path string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.objects, path)
	p.gone[path] = true
}

func (p *fakePeer) fetched(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fetches[path]
}

func (p *fakePeer) inbox() []post {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]post{}, p.received...)
}

// got returns the activities of a type that came.
func (p *fakePeer) got(typ string) []map[string]any {
	var out []map[string]any
	for _, r := range p.inbox() {
		if a := r.activity(); a["type"] == typ {
			out = append(out, a)
		}
	}
	return out
}

func (p *fakePeer) answers(f func(w http.ResponseWriter, r *http.Request, p post)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = f
}

func (p *fakePeer) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		body, _ := io.ReadAll(r.Body)
		in := post{Path: r.URL.Path, Header: r.Header.Clone(), Body: body, At: time.Now()}
		in.Header.Set("Host", r.Host)
		p.mu.Lock()
		answer := p.answer
		if answer == nil {
			p.received = append(p.received, in)
		}
		p.mu.Unlock()
		if answer != nil {
			answer(w, r, in)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		return
	}
	p.mu.Lock()
	p.fetches[r.URL.Path]++
	doc, ok := p.objects[r.URL.Path]
	gone := p.gone[r.URL.Path]
	p.mu.Unlock()
	switch {
	case r.URL.Path == "/.well-known/nodeinfo" && !ok:
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{"links": []any{map[string]any{"rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": p.base + "/nodeinfo/2.0"}}})
	case r.URL.Path == "/nodeinfo/2.0":
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{"version": "2.0", "software": map[string]any{"name": p.software, "version": "1"}})
	case r.URL.Path == "/.well-known/webfinger" && !ok:
		name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Query().Get("resource"), "acct:"), "@")
		w.Header().Set("Content-Type", "application/jrd+json")
		json.NewEncoder(w).Encode(map[string]any{"subject": "acct:" + name + "@" + p.host(), "links": []any{
			map[string]any{"rel": "self", "type": activityJSON, "href": p.uri(name)},
			map[string]any{"rel": "http://ostatus.org/schema/1.0/subscribe", "template": p.base + "/authorize_interaction?uri={uri}"},
		}})
	case gone:
		w.WriteHeader(http.StatusGone)
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	default:
		if f, ok := doc.(http.HandlerFunc); ok {
			f(w, r)
			return
		}
		w.Header().Set("Content-Type", activityJSON)
		json.NewEncoder(w).Encode(doc)
	}
}

// next is a new id on this server.
func (p *fakePeer) next(kind string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seq++
	return fmt.Sprintf("%s/%s/%d", p.base, kind, p.seq)
}

// activity makes one of an actor of the peer.
func (p *fakePeer) activity(name, typ string, object any, extra ...any) map[string]any {
	a := map[string]any{"@context": "https://www.w3.org/ns/activitystreams", "id": p.next("activities"), "type": typ, "actor": p.uri(name), "object": object}
	for i := 0; i < len(extra); i += 2 {
		if extra[i+1] == nil {
			delete(a, extra[i].(string))
		} else {
			a[extra[i].(string)] = extra[i+1]
		}
	}
	return a
}

// request makes a signed POST to a node, as one actor of the peer.
func (p *fakePeer) request(n *testNode, path, name string, doc any) *http.Request {
	p.t.Helper()
	body, ok := doc.([]byte)
	if !ok {
		var err error
		if body, err = json.Marshal(doc); err != nil {
			p.t.Fatal(err)
		}
	}
	r, err := http.NewRequest("POST", n.site.Base+path, bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", activityJSON)
	p.sign(r, body, name, signature.Cavage, n.clock.now())
	return r
}

func (p *fakePeer) sign(r *http.Request, body []byte, name string, scheme signature.Scheme, now time.Time) {
	p.t.Helper()
	s := signature.Signer{KeyID: p.uri(name) + "#main-key", Private: testKey()}
	if err := signature.Sign(r, body, s, scheme, now); err != nil {
		p.t.Fatal(err)
	}
}

// send posts an activity to the shared inbox and returns the status.
func (p *fakePeer) send(n *testNode, name string, doc any) int {
	p.t.Helper()
	resp, body := n.do(p.request(n, "/inbox", name, doc))
	if resp.StatusCode >= 300 {
		p.t.Logf("%d: %s", resp.StatusCode, body)
	}
	return resp.StatusCode
}

// deliver sends and waits until it is done; it returns how it went.
func (p *fakePeer) deliver(n *testNode, name string, doc map[string]any) string {
	p.t.Helper()
	if status := p.send(n, name, doc); status != http.StatusAccepted {
		p.t.Fatalf("%s: status %d", doc["type"], status)
	}
	return n.settled()
}

// settled waits until everything received is done and returns the last outcome
// that was logged.
func (n *testNode) settled() string {
	n.t.Helper()
	eventually(n.t, "all that was received is done", func() bool {
		next, err := n.store.NextReceived(context.Background())
		return err == nil && next.IsZero()
	})
	logs := n.logs.String()
	i := max(strings.LastIndex(logs, "msg=done"), strings.LastIndex(logs, "msg=refused"))
	if i < 0 {
		return ""
	}
	line, _, _ := strings.Cut(logs[i:], "\n")
	return line
}

// follow makes an actor of the peer follow one of the node's, without HTTP.
func (n *testNode) follower(p *fakePeer, name string, local community.LocalActor) *community.Actor {
	n.t.Helper()
	ctx := context.Background()
	a, err := n.resolver.Actor(ctx, p.uri(name), time.Hour)
	if err != nil {
		n.t.Fatal(err)
	}
	err = n.store.Write(ctx, func(tx *storage.Tx) error {
		if err := tx.SavePeer(ctx, &community.Peer{Host: p.host(), Software: p.software, Asked: tx.Now()}); err != nil {
			return err
		}
		return tx.SaveFollower(ctx, &community.Follow{Local: local, ActorID: a.ID, URI: p.uri(name) + "#follow", State: community.Accepted, Created: tx.Now(), Updated: tx.Now()})
	})
	if err != nil {
		n.t.Fatal(err)
	}
	return a
}

// followed makes one of the node's actors follow an actor of the peer.
func (n *testNode) followed(p *fakePeer, name string, local community.LocalActor) *community.Actor {
	n.t.Helper()
	ctx := context.Background()
	a, err := n.resolver.Actor(ctx, p.uri(name), time.Hour)
	if err != nil {
		n.t.Fatal(err)
	}
	err = n.store.Write(ctx, func(tx *storage.Tx) error {
		return tx.SaveFollowed(ctx, &community.Follow{Local: local, ActorID: a.ID, URI: n.site.Activity(a.URI), State: community.Accepted, Created: tx.Now(), Updated: tx.Now()})
	})
	if err != nil {
		n.t.Fatal(err)
	}
	return a
}

// event is an Event of the peer as Mobilizon writes one.
func (p *fakePeer) event(path, name, title string) map[string]any {
	id := p.base + path
	return map[string]any{
		"id": id, "type": "Event", "actor": p.uri(name), "attributedTo": p.uri("group"), "name": title, "content": "<p>Come.</p>", "mediaType": "text/html",
		"startTime": "2030-12-01T19:00:00+01:00", "endTime": "2030-12-01T21:00:00+01:00", "timezone": "Europe/Paris", "published": "2026-11-01T10:00:00Z", "updated": "2026-11-01T10:00:00Z",
		"to": []any{"https://www.w3.org/ns/activitystreams#Public"}, "cc": []any{p.uri("group") + "/followers"}, "joinMode": "free",
		"location": map[string]any{"type": "Place", "id": p.base + "/address/1", "name": "Hall", "latitude": 45.7, "longitude": 4.8, "address": map[string]any{"type": "PostalAddress", "addressLocality": "Lyon"}},
	}
}

// verifier checks what a node sends, by the keys the node serves.
func (n *testNode) publicKeys() signature.KeyFunc {
	return func(ctx context.Context, keyID string, _ bool) (signature.Key, error) {
		owner, fragment, _ := strings.Cut(keyID, "#")
		local, ok := n.site.LocalActor(owner)
		if !ok {
			return signature.Key{}, fmt.Errorf("no such actor %s", owner)
		}
		rsaKey, edKey, err := n.signersOf(ctx, local)
		if err != nil {
			return signature.Key{}, err
		}
		k := signature.Key{ID: keyID, Owner: owner, Public: rsaKey.Private.Public()}
		if fragment == "ed25519-key" {
			k.Public = edKey.Private.Public().(ed25519.PublicKey)
		}
		return k, nil
	}
}

// verify checks the signature of a post that the node made to the peer.
func (p *fakePeer) verify(n *testNode, in post) (signature.Verified, error) {
	u, err := url.Parse(p.base + in.Path)
	if err != nil {
		return signature.Verified{}, err
	}
	r := &http.Request{Method: "POST", URL: u, RequestURI: u.RequestURI(), Host: p.host(), Header: in.Header.Clone(), Body: io.NopCloser(bytes.NewReader(in.Body)), ContentLength: int64(len(in.Body))}
	r.Header.Del("Host")
	v := &signature.Verifier{Base: p.base, Clock: n.clock.now, Keys: n.publicKeys()}
	return v.Verify(r, in.Body)
}

var _ crypto.Signer = (*rsa.PrivateKey)(nil)

// publishLoudly is how conferences are published in tests.
var publishLoudly = node.Publish{}
