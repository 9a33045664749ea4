package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"konfa/community"
	"konfa/node"
	"konfa/storage"

	"github.com/go-chi/chi/v5"
)

// town is a founded city on a real database with its pages, and a clock that
// the test moves.
type town struct {
	*testing.T
	node   *node.Node
	server *Server
	router chi.Router
	remote *fakeRemote

	machine *fakeMachine
	logged  *bytes.Buffer
	token   string // of the steward ana

	mu  sync.Mutex
	now time.Time
}

var console = node.By{Console: true}

func newTown(t *testing.T) *town {
	t.Helper()
	return newTownOn(t, storage.Options{Data: t.TempDir(), Synchronous: "OFF"})
}

// newTownOn is newTown on a given database.
func newTownOn(t *testing.T, o storage.Options) *town {
	t.Helper()
	w := &town{T: t, now: fakeNow, remote: &fakeRemote{}, machine: &fakeMachine{}, logged: &bytes.Buffer{}}
	clock := func() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now }
	o.Clock = clock
	store, err := storage.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	log := slog.New(slog.NewTextHandler(w.logged, nil))
	w.node = node.New(store, community.NewSite("https://belgrade.example"), node.Options{Clock: clock, Log: log})
	if err := w.node.Found(t.Context(), fakeCity(), &community.Member{Handle: "ana", Name: "Ana Petrović", Role: community.Steward, Email: "ana@secret.example", About: "I draw *maps*.", Languages: []string{"sr", "en"}}); err != nil {
		t.Fatal(err)
	}
	w.remote.node = w.node
	if w.server, err = New(w.node, Options{Log: log, Version: "9.9", Remote: w.remote, Machine: w.machine}); err != nil {
		t.Fatal(err)
	}
	w.router = chi.NewRouter()
	w.server.Routes(w.router)
	if w.token, _, err = w.node.AddToken(t.Context(), console, "ana", "test"); err != nil {
		t.Fatal(err)
	}
	return w
}

// pass moves the clock.
func (w *town) pass(d time.Duration) { w.mu.Lock(); w.now = w.now.Add(d); w.mu.Unlock() }

// settle makes the pages look at the data again, as time would.
func (w *town) settle() { w.server.changed.Add(1) }

// add publishes a conference.
func (w *town) add(c community.Conference) *community.Conference {
	w.Helper()
	out, err := w.node.AddConference(w.Context(), console, &c, node.Publish{})
	if err != nil {
		w.Fatal(err)
	}
	w.settle()
	return out
}

func (w *town) say(p community.Post) *community.Post {
	w.Helper()
	out, err := w.node.AddPost(w.Context(), console, &p, node.Publish{})
	if err != nil {
		w.Fatal(err)
	}
	w.settle()
	return out
}

// do sends a request. Headers are given as "Name: value".
func (w *town) do(method, target, body string, headers ...string) *http.Response {
	w.Helper()
	r := httptest.NewRequest(method, "https://belgrade.example"+target, strings.NewReader(body))
	r.RemoteAddr = "192.0.2.7:1234"
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	rec := httptest.NewRecorder()
	w.router.ServeHTTP(rec, r)
	return rec.Result()
}

// get returns the body of a page that must be there.
func (w *town) get(target string, headers ...string) string {
	w.Helper()
	res := w.do(http.MethodGet, target, "", headers...)
	body := bodyOf(w.T, res)
	if res.StatusCode != http.StatusOK {
		w.Fatalf("GET %s: %s\n%s\n%s", target, res.Status, body, w.logged)
	}
	return body
}

// call sends JSON with the steward's token.
func (w *town) call(method, target, body string) *http.Response {
	w.Helper()
	return w.do(method, target, body, "Authorization: Bearer "+w.token, "Content-Type: application/json")
}

func bodyOf(t *testing.T, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// stranger is an actor of another server, stored.
func (w *town) stranger(uri, handle, name string) *community.Actor {
	w.Helper()
	a := &community.Actor{URI: uri, Type: "Person", Handle: handle, Host: hostOf(uri), Name: name, URL: uri, Inbox: uri + "/inbox", Fetched: w.node.Now()}
	a, err := w.node.SaveActor(w.Context(), a)
	if err != nil {
		w.Fatal(err)
	}
	return a
}

// fakeRemote is the fediverse as the test wants it.
type fakeRemote struct {
	node        *node.Node
	template    string
	templateErr error
	pointed     []string // handle, object and language of each message asked for
	posts       map[string]*community.Post
	known       []string
	knowErr     error
	conferences map[string]*community.Conference
	actors      map[string]*community.Actor
	asked       []string
}

func (f *fakeRemote) PointTo(_ context.Context, handle, object, lang string) error {
	f.pointed = append(f.pointed, handle+" "+object+" "+lang)
	return nil
}

func (f *fakeRemote) Know(_ context.Context, uri string) error {
	f.known = append(f.known, uri)
	return f.knowErr
}

func (f *fakeRemote) FetchPost(_ context.Context, uri string) (*community.Post, *community.Actor, error) {
	if p, ok := f.posts[uri]; ok {
		return p, &community.Actor{URI: "https://" + hostOf(uri) + "/u/bob", Handle: "bob", Host: hostOf(uri), Name: "Bob"}, nil
	}
	return nil, nil, community.Errorf(community.NotFound, "not there")
}

func (f *fakeRemote) IntentTemplate(_ context.Context, handle string, want community.Intent) (string, error) {
	f.asked = append(f.asked, handle+" "+string(want))
	if f.templateErr != nil {
		return "", f.templateErr
	}
	if f.template == "" {
		return "", errors.New("connection refused")
	}
	return f.template, nil
}

func (f *fakeRemote) FetchConference(_ context.Context, uri string) (*community.Conference, error) {
	if c, ok := f.conferences[uri]; ok {
		return c, nil
	}
	return nil, community.Errorf(community.NotFound, "not there")
}

func (f *fakeRemote) FetchActor(_ context.Context, what string) (*community.Actor, error) {
	if a, ok := f.actors[what]; ok {
		return a, nil
	}
	return nil, community.Errorf(community.NotFound, "not there")
}

func (f *fakeRemote) AddAlias(ctx context.Context, by node.By, handle, what string) (*community.Actor, error) {
	a, err := f.FetchActor(ctx, what)
	if err != nil {
		return nil, err
	}
	return a, f.node.AddAlias(ctx, by, handle, a)
}

func (f *fakeRemote) RemoveAlias(ctx context.Context, by node.By, handle, what string) error {
	return f.node.RemoveAlias(ctx, by, handle, what)
}

func (f *fakeRemote) MoveAway(ctx context.Context, by node.By, handle, what string) (*community.Actor, error) {
	a, err := f.FetchActor(ctx, what)
	if err != nil {
		return nil, err
	}
	return a, f.node.MoveAway(ctx, by, handle, a)
}

// AddSister does without asking her server for its actor.
func (f *fakeRemote) AddSister(ctx context.Context, by node.By, what string, change func(*community.Sister) error) (*community.Sister, error) {
	a, err := f.FetchActor(ctx, what)
	if err != nil {
		return nil, err
	}
	return f.node.AddSister(ctx, by, a, nil, nil, change)
}

// fill publishes the fake conferences and posts.
func (w *town) fill() []community.Conference {
	w.Helper()
	var out []community.Conference
	for _, c := range fakeConferences() {
		if c.Own() {
			c.ID, c.SeriesID, c.Seats = 0, 0, community.Seats{}
			out = append(out, *w.add(c))
		}
	}
	for _, p := range fakePosts() {
		w.say(p)
	}
	return out
}
