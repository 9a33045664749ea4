package node

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

// world is a founded node on a real database, with a clock that the test moves.
type world struct {
	*Node
	mu  sync.Mutex
	now time.Time
}

var console = By{Console: true}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{now: time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)}
	o := storage.Options{Data: t.TempDir(), Clock: w.clock, Synchronous: "OFF"}
	// Asked for in each test, so that no result of another engine is kept for it.
	if address := os.Getenv(postgresAddress); onPostgres {
		o = storage.Options{Database: schema(t, address), Clock: w.clock}
	}
	store, err := storage.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	w.Node = New(store, community.NewSite("https://bg.example"), Options{Clock: w.clock, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	city := &community.City{Handle: "belgrade", Name: community.Texts{{Lang: "en", Text: "Belgrade"}, {Lang: "ru", Text: "Белград"}},
		Zone: "Europe/Belgrade", Country: "RS", Languages: []string{"en", "ru"}}
	if err := w.Found(t.Context(), city, &community.Member{Handle: "anna", Name: "Anna"}); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// stranger is an actor of another server, stored.
func (w *world) stranger(t *testing.T, uri string) *community.Actor {
	t.Helper()
	a := &community.Actor{URI: uri, Type: "Person", Handle: "x", Host: hostOf(uri), Inbox: uri + "/inbox", SharedInbox: "https://" + hostOf(uri) + "/inbox", Fetched: w.Now()}
	if _, err := w.SaveActor(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	return a
}

func (w *world) conf(t *testing.T, change func(*community.Conference)) *community.Conference {
	t.Helper()
	start := w.now.Add(48 * time.Hour)
	c := &community.Conference{Title: community.Plain("en", "Evening of short talks"), Text: community.Plain("en", "Come **all**."),
		Start: start, End: start.Add(2 * time.Hour), Venue: &community.Venue{Name: "Platz", Locality: "Belgrade"}, RSVP: community.RSVPWords} // polls have tests of their own
	if change != nil {
		change(c)
	}
	c, err := w.AddConference(t.Context(), console, c, Publish{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sent lists the types of the activities an actor of ours wrote, oldest first,
// and those of them that go to someone.
func (w *world) queued(t *testing.T) []string {
	t.Helper()
	fans, err := w.store.Fanouts(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range fans {
		acts, err := w.store.ActivitiesByID(t.Context(), []int64{f.ActivityID})
		if err != nil {
			t.Fatal(err)
		}
		a := acts[f.ActivityID]
		out = append(out, string(a.Actor)+" "+a.Type)
	}
	return out
}

// forget drops what is queued, so that a test sees only what comes next.
func (w *world) forget(t *testing.T) {
	t.Helper()
	err := w.write(t.Context(), func(tx *storage.Tx) error {
		fans, err := tx.Fanouts(context.Background(), 1000)
		for _, f := range fans {
			if err == nil {
				err = tx.Expand(context.Background(), f.ID, nil)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func object(t *testing.T, doc []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(doc, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func wantCode(t *testing.T, err error, code community.Code) {
	t.Helper()
	if community.CodeOf(err) != code {
		t.Fatalf("got %q (%v), want %q", community.CodeOf(err), err, code)
	}
}

func wantState(t *testing.T, g community.Guest, want community.GuestState) {
	t.Helper()
	if g.State != want {
		t.Fatalf("guest is %s, want %s", g.State, want)
	}
}
