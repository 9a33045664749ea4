package standin

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Server is what all stand-ins have in common.
type Server struct {
	Software string // as NodeInfo names it
	Version  string
	Host     string // with the port
	URL      string
	Acts     Acts

	network     *Network
	certificate tls.Certificate
	address     string
	fetcher     *Actor // who signs what the server fetches; nil: nobody
	signs       signs
	userAgent   string
	inbox       func(*Incoming) Answer
	get         func(w http.ResponseWriter, r *http.Request) bool // before everything else
	guard       func(r *http.Request) error                       // of documents of actors and objects
	limit       int64                                             // of a body

	// work makes the server do one thing after another, as one worker would.
	work sync.Mutex

	mu        sync.Mutex
	changed   chan struct{} // closed at the next change; guarded by mu, as is all below
	http      *http.Server
	actors    []*Actor
	documents map[string]document // of own objects, by id
	gone      map[string]bool     // own ids that answer 410
	known     map[string]*remote  // actors elsewhere
	things    map[string]*Thing
	dead      map[string]bool // ids that never come back
	receipts  []*Receipt
	notices   []Notice
	following map[string]map[string]string // own actor to actor elsewhere: "asked", "accepted", "rejected"
	followers map[string]map[string]string // own actor to actor elsewhere: id of the Follow
	asked     []string                     // "GET /path"
	offset    time.Duration                // of its clock
	posting   int                          // requests to inboxes under way
	sequence  int
}

// Acts are what people of the server can do. What the software has no way to do
// is nil.
type Acts struct {
	Follow   func(who string) error
	Unfollow func(who string) error
	Reply    func(to, text string) (id string, err error)
	Message  func(to, text string) (id string, err error) // directly, to an actor
	Mention  func(whom, text string) (id string, err error)
	Edit     func(id, text string) error
	Remove   func(id string) error
	Like     func(id string) error
	Unlike   func(id string) error
	Boost    func(id string) error
	Unboost  func(id string) error
	Vote     func(poll, option string) error
	Join     func(event string) error
	Leave    func(event string) error

	Publish func(Draft) (id string, err error)
	Change  func(id string, d Draft) error
	Cancel  func(id string) error
	Delete  func(id string) error
}

// Draft is an event that someone of the server makes up.
type Draft struct {
	Title, Text, Place string
	Start, End         time.Time
	Image              string
	JoinMode           string
	Seats              int
}

// Incoming is a request to an inbox.
type Incoming struct {
	*http.Request
	Body     []byte
	Activity document // nil where the body is none
	Crowded  bool     // another request to an inbox was under way when it came
}

// Receipt is what came to an inbox and what became of it.
type Receipt struct {
	Path     string
	Header   http.Header
	Activity document
	Size     int
	Answer
}

// Type is the type of the activity.
func (r *Receipt) Type() string { return text(r.Activity["type"]) }

// Object is the id of what the activity is about.
func (r *Receipt) Object() string { return idOf(r.Activity["object"]) }

// start makes a server and starts it at a free port of loopback.
func start(network *Network, host, software, version string) (*Server, error) {
	s := &Server{
		Software: software, Version: version, network: network, changed: make(chan struct{}), limit: 1 << 20,
		userAgent: software + "/" + version,
		documents: map[string]document{}, gone: map[string]bool{}, known: map[string]*remote{}, things: map[string]*Thing{}, dead: map[string]bool{},
		following: map[string]map[string]string{}, followers: map[string]map[string]string{},
	}
	certificate, err := network.Certificate(host)
	if err != nil {
		return nil, err
	}
	s.certificate = certificate
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.address = listener.Addr().String()
	_, port, err := net.SplitHostPort(s.address)
	if err != nil {
		return nil, err
	}
	s.Host = net.JoinHostPort(host, port)
	s.URL = "https://" + s.Host
	s.serve(listener)
	return s, nil
}

func (s *Server) serve(listener net.Listener) {
	server := &http.Server{
		Handler: http.HandlerFunc(s.handle), ReadHeaderTimeout: 5 * time.Second,
		ErrorLog: log.New(io.Discard, "", 0), // broken handshakes are part of the game
	}
	s.mu.Lock()
	s.http = server
	s.mu.Unlock()
	go func() {
		_ = server.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{s.certificate}, MinVersion: tls.VersionTLS12}))
	}()
}

// Stop makes the server unreachable, as a crash would; what it knows stays.
func (s *Server) Stop() {
	s.mu.Lock()
	server := s.http
	s.http = nil
	s.mu.Unlock()
	if server != nil {
		_ = server.Close()
	}
}

// Start makes it reachable again at the address it had.
func (s *Server) Start() error {
	listener, err := net.Listen("tcp", s.address)
	if err != nil {
		return err
	}
	s.serve(listener)
	return nil
}

// Close ends the server.
func (s *Server) Close() { s.Stop() }

// Base is the server itself: stand-ins embed it.
func (s *Server) Base() *Server { return s }

// Advance moves the server's clock.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset += d
}

func (s *Server) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.offset)
}

// update changes what the server knows and wakes who waits.
func (s *Server) update(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	close(s.changed)
	s.changed = make(chan struct{})
}

// Await returns nil as soon as check does, which is asked again whenever
// something changed, or the last error of check after some time.
func (s *Server) Await(within time.Duration, check func() error) error {
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		err := check()
		if err == nil {
			return nil
		}
		select {
		case <-changed:
		case <-deadline.C:
			return fmt.Errorf("not within %v: %w", within, err)
		}
	}
}

// Thing is what is seen under an id, nil if nothing is.
func (s *Server) Thing(id string) *Thing {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.things[id]; t != nil {
		return t.copy()
	}
	return nil
}

// Things are all that is seen, by id.
func (s *Server) Things() []*Thing {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*Thing
	for _, id := range slices.Sorted(maps.Keys(s.things)) {
		out = append(out, s.things[id].copy())
	}
	return out
}

// RepliesTo are the things that answer another one.
func (s *Server) RepliesTo(id string) []*Thing {
	return slices.DeleteFunc(s.Things(), func(t *Thing) bool { return t.ReplyTo != id })
}

// Notices are the notifications so far.
func (s *Server) Notices() []Notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.notices)
}

// Receipts are all requests that came to an inbox so far.
func (s *Server) Receipts() []*Receipt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.receipts)
}

// About are the requests about one object, by its id, in the order they came.
func (s *Server) About(id string) []*Receipt {
	return slices.DeleteFunc(s.Receipts(), func(r *Receipt) bool { return r.Object() != id && idOf(object(r.Activity["object"])["object"]) != id })
}

// Following is the state of a follow of one of the server's actors.
func (s *Server) Following(who string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, list := range s.following {
		if state := list[who]; state != "" {
			return state
		}
	}
	return ""
}

// FollowedBy tells whether an actor elsewhere follows one of the server's.
func (s *Server) FollowedBy(who string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, list := range s.followers {
		if list[who] != "" {
			return true
		}
	}
	return false
}

// Asked counts the requests for a path.
func (s *Server) Asked(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, p := range s.asked {
		if p == "GET "+path {
			n++
		}
	}
	return n
}

func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.Method+" "+r.URL.RequestURI())
	s.mu.Unlock()
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	switch {
	case r.Method == http.MethodPost:
		s.post(w, r)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		http.Error(w, "method", http.StatusMethodNotAllowed)
	case s.get != nil && s.get(w, r):
	case r.URL.Path == "/.well-known/webfinger":
		s.webfinger(w, r)
	case r.URL.Path == "/.well-known/nodeinfo":
		s.nodeInfoLinks(w)
	case r.URL.Path == "/nodeinfo/2.0":
		s.nodeInfo(w)
	default:
		s.serveDocument(w, r)
	}
}

func (s *Server) post(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, s.limit+1))
	if err != nil {
		return
	}
	in := &Incoming{Request: r, Body: body}
	receipt := &Receipt{Path: r.URL.Path, Header: r.Header.Clone(), Size: len(body)}
	switch {
	case !s.isInbox(r.URL.Path):
		receipt.Answer = Answer{Status: http.StatusNotFound, Why: "no inbox"}
	case int64(len(body)) > s.limit:
		receipt.Answer = Answer{Status: http.StatusRequestEntityTooLarge, Why: "too large"}
	default:
		if in.Activity, err = decode(body); err != nil {
			in.Activity = nil
		}
		receipt.Activity = in.Activity
		s.mu.Lock()
		in.Crowded = s.posting > 0
		s.posting++
		s.mu.Unlock()
		s.work.Lock()
		receipt.Answer = s.inbox(in)
		s.work.Unlock()
		s.mu.Lock()
		s.posting--
		s.mu.Unlock()
	}
	s.update(func() { s.receipts = append(s.receipts, receipt) })
	if receipt.Status == 0 {
		<-r.Context().Done()
		return
	}
	for k, v := range receipt.Answer.Header {
		w.Header()[k] = v
	}
	w.WriteHeader(receipt.Status)
	_, _ = io.WriteString(w, receipt.Why)
}

func (s *Server) isInbox(path string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.actors {
		if s.URL+path == a.Inbox || a.Shared != "" && s.URL+path == a.Shared {
			return true
		}
	}
	return false
}

// local is the actor of the server with an id, nil for none.
func (s *Server) local(id string) *Actor {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.actors {
		if a.ID == id {
			return a
		}
	}
	return nil
}

// inboxOwner is whose personal inbox a request came to, nil for the shared one.
func (s *Server) inboxOwner(in *Incoming) *Actor {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.actors {
		if s.URL+in.URL.Path == a.Inbox && a.Inbox != a.Shared {
			return a
		}
	}
	return nil
}

func (s *Server) serveDocument(w http.ResponseWriter, r *http.Request) {
	id := s.URL + r.URL.RequestURI()
	s.mu.Lock()
	doc, gone := s.documents[id], s.gone[id]
	var actor *Actor
	for _, a := range s.actors {
		if a.ID == id || a.keyDocument == id {
			actor = a
		}
	}
	s.mu.Unlock()
	if doc == nil && actor == nil && !gone {
		if s.collection(w, id) {
			return
		}
		http.NotFound(w, r)
		return
	}
	// The key of whoever signs the fetches must be readable, or nobody could ever
	// check a signature.
	free := actor != nil && (actor.keyDocument == id || actor == s.fetcher && actor.keyDocument == "")
	if s.guard != nil && !free {
		if err := s.guard(r); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
	}
	switch {
	case gone:
		w.WriteHeader(http.StatusGone)
	case actor != nil && actor.keyDocument == id && actor.ID != id:
		writeJSON(w, activityJSON, actor.stub())
	case actor != nil:
		writeJSON(w, activityJSON, actor.document())
	default:
		writeJSON(w, activityJSON, doc)
	}
}

// collection answers for the collections of actors: what is public of them.
func (s *Server) collection(w http.ResponseWriter, id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.actors {
		switch id {
		case a.Outbox, a.Outbox + "?page=1":
			items := []any{}
			for _, activity := range slices.Backward(a.outbox) {
				items = append(items, activity)
			}
			page := document{"id": a.Outbox + "?page=1", "type": "OrderedCollectionPage", "partOf": a.Outbox, "orderedItems": items}
			if id == a.Outbox {
				page = document{"id": id, "type": "OrderedCollection", "totalItems": len(items), "first": page}
			}
			page["@context"] = asContext
			writeJSON(w, activityJSON, page)
			return true
		case a.Followers:
			writeJSON(w, activityJSON, document{"@context": asContext, "id": id, "type": "OrderedCollection", "totalItems": len(s.followers[a.ID])})
			return true
		}
	}
	return false
}

func writeJSON(w http.ResponseWriter, contentType string, v any) {
	w.Header().Set("Content-Type", contentType)
	_ = json.NewEncoder(w).Encode(v)
}

func (s *Server) webfinger(w http.ResponseWriter, r *http.Request) {
	resource := r.URL.Query().Get("resource")
	s.mu.Lock()
	actors := slices.Clone(s.actors)
	s.mu.Unlock()
	for _, a := range actors {
		if resource != "acct:"+a.Name+"@"+s.Host && resource != a.ID {
			continue
		}
		writeJSON(w, "application/jrd+json", document{
			"subject": "acct:" + a.Name + "@" + s.Host, "aliases": []any{a.ID},
			"links": []any{
				document{"rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": a.ID},
				document{"rel": "self", "type": activityJSON, "href": a.ID},
				document{"rel": "http://ostatus.org/schema/1.0/subscribe", "template": s.URL + "/authorize_interaction?uri={uri}"},
			},
		})
		return
	}
	http.NotFound(w, r)
}

func (s *Server) nodeInfoLinks(w http.ResponseWriter) {
	links := []any{document{"rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": s.URL + "/nodeinfo/2.0"}}
	for _, a := range s.actors {
		if a.Type == "Application" && (s.Software == "mobilizon" || s.Software == "gancio" || s.Software == "wordpress") {
			links = append(links, document{"rel": "https://www.w3.org/ns/activitystreams#Application", "href": a.ID})
		}
	}
	writeJSON(w, "application/json", document{"links": links})
}

func (s *Server) nodeInfo(w http.ResponseWriter) {
	writeJSON(w, "application/json; charset=utf-8", document{
		"version": "2.0", "software": document{"name": s.Software, "version": s.Version}, "protocols": []any{"activitypub"},
		"services": document{"inbound": []any{}, "outbound": []any{}}, "openRegistrations": false, "usage": document{"users": document{"total": 1}}, "metadata": document{},
	})
}

// notify tells someone of the server. The caller holds mu.
func (s *Server) notify(n Notice) { s.notices = append(s.notices, n) }

// next is a new id on this server, under a path.
func (s *Server) next(path string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sequence++
	return fmt.Sprintf("%s/%s/%d", s.URL, path, 1000+s.sequence)
}

// put serves a document under its id.
func (s *Server) put(d document) {
	s.update(func() {
		id := text(d["id"])
		s.documents[id] = d
		delete(s.gone, id)
	})
}

// take takes a document away for good.
func (s *Server) take(id string) {
	s.update(func() {
		delete(s.documents, id)
		s.gone[id] = true
	})
}

// document is an own document by its id.
func (s *Server) document(id string) document {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.documents[id]
	if !ok {
		return nil
	}
	return clone(d).(document)
}

// has tells whether an id is seen here, and dead whether it was taken away.
func (s *Server) has(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.things[id] != nil
}

func (s *Server) isDead(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dead[id]
}

// follows tells whether any actor of the server follows another.
func (s *Server) follows(who string) bool { return s.Following(who) == "accepted" }

var errUnreachable = errors.New("not reached")

// deadline bounds everything a server asks of another.
func (s *Server) context() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 10*time.Second)
}
