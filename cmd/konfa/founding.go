package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/go-chi/chi/v5"

	"konfa/community"
	"konfa/federation"
	"konfa/node"
	"konfa/web"
)

// switchable is a handler that another one takes the place of while it serves.
type switchable struct{ now atomic.Pointer[http.Handler] }

func (s *switchable) set(h http.Handler) { s.now.Store(&h) }

func (s *switchable) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	(*s.now.Load()).ServeHTTP(w, r)
}

// founding is a city that is being founded in a browser.
type founding struct {
	address string        // of the pages that found it; whoever knows it may
	founded chan struct{} // closed once there is a city
	served  chan struct{} // closed once its pages are served
}

// newFounding makes the pages that found a city and puts them into the place of
// everything else.
func newFounding(n *node.Node, fed *federation.Server, pages *web.Server, c *Config, m *metrics, log *slog.Logger, in *switchable) *founding {
	secret := rand.Text()
	f := &founding{address: c.URL + "/setup/" + secret, founded: make(chan struct{}), served: make(chan struct{})}
	r := chi.NewRouter()
	r.Use(fromProxy(c.TrustedProxies), m.measure(log), recoverer(log))
	r.Get("/healthz", func(w http.ResponseWriter, r *http.Request) { status(w, nil) })
	fed.EchoRoute(r)
	var once atomic.Bool
	pages.SetupRoutes(r, web.Setup{Secret: secret, Address: fed.ExamineAddress, Founded: func() {
		if once.CompareAndSwap(false, true) {
			close(f.founded)
		}
		<-f.served // the browser goes on to pages that only then are there
	}})
	in.set(r)
	return f
}

// wait returns once there is a city, founded here or by another command beside
// this one; false when ctx ended first.
func (f *founding) wait(ctx context.Context, n *node.Node, failed <-chan error) (bool, error) {
	for {
		select {
		case <-ctx.Done():
			return false, nil
		case err := <-failed:
			return false, err
		case <-f.founded:
			return true, nil
		case <-time.After(time.Second):
			if founded, err := n.Founded(ctx); err == nil && founded {
				return true, nil
			}
		}
	}
}

// announce tells whoever started the program where to go.
func (f *founding) announce(w io.Writer, c *Config) {
	fmt.Fprintf(w, "\nNo city lives here yet. Found it in a browser, within the next minutes:\n\n    %s\n\n"+
		"Whoever knows this address can do so; it is another one with each start.\n"+
		"The city will be at %s for good (url in %s). Or: konfa init --help\n\n", f.address, c.URL, c.File)
}

// errNoCity: the data have no city yet.
var errNoCity = community.Errorf(community.NotFound, "no city lives here yet")
