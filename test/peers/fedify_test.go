package peers

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// One Node process carries all fedify servers of the suite; each test starts its
// own servers in it.
var fedify struct {
	once    sync.Once
	control string
	stdin   io.Closer
	cmd     *exec.Cmd
	log     output
	missing string // what is not installed
	err     error
}

func startFedify() {
	dir, err := filepath.Abs("../fedify")
	if err != nil {
		fedify.err = err
		return
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "@fedify", "fedify")); err != nil {
		fedify.missing = "the npm packages of test/fedify (npm ci there)"
		return
	}
	node := nodeBinary(dir)
	if node == "" {
		fedify.missing = "Node 20 or newer"
		return
	}
	cmd := exec.Command(node, "peer.mjs")
	cmd.Dir = dir
	cmd.Env = environment("NODE_EXTRA_CA_CERTS="+caFile, "NODE_NO_WARNINGS=1")
	cmd.Stderr = &fedify.log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		fedify.err = err
		return
	}
	if fedify.stdin, err = cmd.StdinPipe(); err != nil {
		fedify.err = err
		return
	}
	if err := cmd.Start(); err != nil {
		fedify.err = err
		return
	}
	fedify.cmd = cmd
	lines := bufio.NewReader(stdout)
	line, err := lines.ReadBytes('\n')
	if err != nil {
		fedify.err = fmt.Errorf("peer.mjs said nothing: %w\n%s", err, fedify.log.String())
		return
	}
	go func() { _, _ = io.Copy(&fedify.log, lines) }()
	var hello struct{ Control string }
	if err := json.Unmarshal(line, &hello); err != nil {
		fedify.err = fmt.Errorf("peer.mjs said %q: %w", line, err)
		return
	}
	fedify.control = hello.Control
}

// nodeBinary prefers the Node that npm installed, which is new enough.
func nodeBinary(dir string) string {
	for _, name := range []string{filepath.Join(dir, "node_modules", "node", "bin", "node"), "node"} {
		if out, err := exec.Command(name, "-p", "+process.versions.node.split('.')[0] >= 20").Output(); err == nil && bytes.HasPrefix(out, []byte("true")) {
			return name
		}
	}
	return ""
}

// stopFedify ends the process; it goes by itself when its input ends.
func stopFedify() {
	if fedify.cmd == nil {
		return
	}
	_ = fedify.stdin.Close()
	done := make(chan struct{})
	go func() { _ = fedify.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		_ = fedify.cmd.Process.Kill()
		<-done
	}
}

// server is one fediverse server made of fedify.
type server struct {
	t      *testing.T
	name   string
	Origin string
	Actors map[string]struct{ URI, Address, Inbox, Followers string }
}

type serverOptions struct {
	Host            string // a name under localhost, or an address in 127.0.0.0/8
	AuthorizedFetch bool   // 401 to unsigned GETs
	RefuseCavage    bool   // 401 to all that is not signed by RFC 9421
	FirstKnock      string // what it signs with first; fedify's own choice when empty
	Bits            int    // of its RSA keys; 2048 by default
	Actors          map[string]string
}

// newServer starts a fedify server. It has an alice and an instance actor
// unless told otherwise.
func newServer(t *testing.T, o serverOptions) *server {
	t.Helper()
	fedify.once.Do(startFedify)
	if fedify.missing != "" {
		need(t, fedify.missing)
	}
	if fedify.err != nil {
		t.Fatal(fedify.err)
	}
	if o.Host == "" {
		o.Host = "fedify.localhost"
	}
	if o.Bits == 0 {
		o.Bits = 2048
	}
	if o.Actors == nil {
		o.Actors = map[string]string{"alice": "Person", "instance": "Application"}
	}
	address := "127.0.0.1"
	if o.Host[0] >= '0' && o.Host[0] <= '9' {
		address = o.Host
	}
	cert, key := certificate(t, o.Host)
	type actor struct {
		Handle string `json:"handle"`
		Type   string `json:"type"`
	}
	var actors []actor
	for handle, typ := range o.Actors {
		actors = append(actors, actor{handle, typ})
	}
	s := &server{t: t, name: fmt.Sprintf("s%d", time.Now().UnixNano())}
	args := map[string]any{
		"name": s.name, "host": o.Host, "address": address, "port": json.Number(freePort(t, address)), "cert": cert, "key": key,
		"authorizedFetch": o.AuthorizedFetch, "refuseCavage": o.RefuseCavage, "bits": o.Bits, "actors": actors,
	}
	if o.FirstKnock != "" {
		args["firstKnock"] = o.FirstKnock
	}
	ask(t, "/servers", args, s)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("---- fedify wrote:\n%s", tail(fedify.log.String(), 6000))
			for i, r := range s.received() {
				t.Logf("---- fedify received %d: %s %s verified=%v (%s %s) -> %d %s", i, r.Path, r.Scheme, r.Verified, r.Reason, r.KeyID, r.Status, tail(r.Raw, 400))
			}
		}
		s.ask("stop", nil, nil)
	})
	return s
}

// ask asks something of the fedify process.
func ask(t *testing.T, path string, args, answer any) {
	t.Helper()
	if err := tryAsk(path, args, answer); err != nil {
		t.Fatal(err)
	}
}

func tryAsk(path string, args, answer any) error {
	if args == nil {
		args = map[string]any{}
	}
	body, err := json.Marshal(args)
	if err != nil {
		return err
	}
	c := http.Client{Timeout: time.Minute}
	resp, err := c.Post(fedify.control+path, "application/json", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("fedify: %w\n%s", err, tail(fedify.log.String(), 4000))
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		var failure struct{ Error, Cause, Stack string }
		if json.Unmarshal(raw, &failure) != nil {
			return fmt.Errorf("fedify %s: %s", path, raw)
		}
		return fmt.Errorf("fedify %s: %w", path, errors.New(failure.Error+" "+failure.Cause+"\n"+failure.Stack))
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(raw, answer)
}

func (s *server) ask(what string, args, answer any) {
	s.t.Helper()
	ask(s.t, "/servers/"+s.name+"/"+what, args, answer)
}

func (s *server) try(what string, args, answer any) error {
	return tryAsk("/servers/"+s.name+"/"+what, args, answer)
}

// delivered is one request to an inbox of fedify's.
type delivered struct {
	Path        string
	ContentType string
	Scheme      string // cavage, rfc9421, none
	Algorithm   string // rsa, ed25519
	Signature   string
	Verified    bool
	Reason      string
	KeyID       string
	KeyOwner    string
	Status      int
	Raw         string
	Activity    map[string]any
	Facts       facts
	Unreadable  string
}

// received is everything that reached fedify's inboxes, oldest first.
func (s *server) received() []delivered {
	var list []delivered
	if err := s.try("received", nil, &list); err != nil {
		s.t.Error(err)
	}
	return list
}

// await waits for a delivery that is as want says.
func (s *server) await(what string, want func(delivered) bool) delivered {
	s.t.Helper()
	var hit delivered
	eventually(s.t, "fedify receives "+what, func() error {
		list := s.received()
		for _, d := range list {
			if want(d) {
				hit = d
				return nil
			}
		}
		var seen []string
		for _, d := range list {
			seen = append(seen, fmt.Sprintf("%v %v", d.Activity["type"], id(d.Activity["object"])))
		}
		return fmt.Errorf("received %q", seen)
	})
	return hit
}

// awaitActivity waits for a verified activity of a type about an object.
func (s *server) awaitActivity(typ, object string) delivered {
	s.t.Helper()
	d := s.await(typ+" of "+object, func(d delivered) bool {
		return d.Activity["type"] == typ && id(d.Activity["object"]) == object
	})
	d.check(s.t)
	return d
}

// check asserts what holds for every delivery of ours.
func (d delivered) check(t *testing.T) {
	t.Helper()
	if !d.Verified {
		t.Errorf("%v: fedify refused the signature (%s): %s", d.Activity["type"], d.Reason, d.Signature)
	}
	if d.Unreadable != "" {
		t.Errorf("%v: fedify could not read it: %s\n%s", d.Activity["type"], d.Unreadable, d.Raw)
	}
	if d.Status >= 300 {
		t.Errorf("%v: fedify answered %d", d.Activity["type"], d.Status)
	}
	if d.ContentType != activityJSON {
		t.Errorf("%v came as %q", d.Activity["type"], d.ContentType)
	}
	if d.KeyOwner != id(d.Activity["actor"]) {
		t.Errorf("%v of %v was signed by %s", d.Activity["type"], d.Activity["actor"], d.KeyOwner)
	}
}

// id is the id of something embedded or named.
func id(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case map[string]any:
		s, _ := v["id"].(string)
		return s
	}
	return ""
}

// facts is what the typed vocabulary understood of an object.
type facts map[string]any

// at goes down by keys and indexes: at("location", "name").
func (f facts) at(path ...any) any {
	var v any = map[string]any(f)
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok {
				return nil
			}
			v = m[p]
		case int:
			l, ok := v.([]any)
			if !ok || p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

// text is a text with or without a language.
func (f facts) text(path ...any) string {
	switch v := f.at(path...).(type) {
	case string:
		return v
	case map[string]any:
		s, _ := v["text"].(string)
		return s
	}
	return ""
}

// expect compares facts with what they should be; keys are those of fedify's
// vocabulary.
func (f facts) expect(t *testing.T, want map[string]any) {
	t.Helper()
	for key, w := range want {
		got := f.at(key)
		g, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		x, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(g, x) {
			t.Errorf("%v %v: %s is %s, want %s", f["type"], f["id"], key, g, x)
		}
	}
}

// read lets fedify fetch a document, signed, and read it by its vocabulary.
func (s *server) read(url string) (facts, map[string]any) {
	s.t.Helper()
	var answer struct {
		Facts    facts
		Document map[string]any
	}
	s.ask("read", map[string]any{"url": url, "as": s.someone()}, &answer)
	return answer.Facts, answer.Document
}

// walk lets fedify read a collection to its end.
func (s *server) walk(url string) (total int, items []facts) {
	s.t.Helper()
	var answer struct {
		TotalItems int
		Items      []facts
	}
	s.ask("walk", map[string]any{"url": url, "as": s.someone()}, &answer)
	return answer.TotalItems, answer.Items
}

// someone is the actor that asks when it does not matter who.
func (s *server) someone() string {
	if _, ok := s.Actors["alice"]; ok {
		return "alice"
	}
	for handle := range s.Actors {
		return handle
	}
	return ""
}

func (s *server) follow(as, target string) (followID string) {
	s.t.Helper()
	var answer struct{ ID string }
	s.ask("follow", map[string]any{"as": as, "target": target}, &answer)
	return answer.ID
}

// send builds an activity of fedify's vocabulary, and lets fedify deliver it.
func (s *server) send(as string, activity map[string]any, to ...string) {
	s.t.Helper()
	s.ask("send", map[string]any{"as": as, "activity": activity, "to": to}, nil)
}

// posted says how an activity is sent by hand.
type posted struct {
	As          string         `json:"as"`
	Inbox       string         `json:"inbox"`
	Body        string         `json:"body"`
	Activity    map[string]any `json:"-"` // instead of Body
	Scheme      string         `json:"scheme"`
	Key         string         `json:"key,omitempty"` // rsa or ed25519
	Skew        int            `json:"skew,omitempty"`
	Spoiled     string         `json:"spoiled,omitempty"`
	DeliverTo   string         `json:"deliverTo,omitempty"`
	ContentType string         `json:"contentType,omitempty"`
	Components  []string       `json:"components,omitempty"`
}

func (s *server) post(p posted) (status int, body string) {
	s.t.Helper()
	if p.Activity != nil {
		b, err := json.Marshal(p.Activity)
		if err != nil {
			s.t.Fatal(err)
		}
		p.Body = string(b)
	}
	var answer struct {
		Status int
		Body   string
	}
	s.ask("post", p, &answer)
	return answer.Status, answer.Body
}
