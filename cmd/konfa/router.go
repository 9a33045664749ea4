package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"konfa/federation"
	"konfa/node"
	"konfa/web"
)

// router mounts everything on one tree. Federation comes first: where an
// address is both a document and a page, it answers those who ask for
// ActivityPub and hands everyone else to the pages.
func router(c *Config, n *node.Node, fed *federation.Server, pages *web.Server, m *metrics, log *slog.Logger) http.Handler {
	html := chi.NewRouter()
	pages.Routes(html)
	toPages := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The pages route from the start: with the outer tree's context they
		// would match the rest of the path only.
		inner := chi.NewRouteContext()
		html.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), chi.RouteCtxKey, inner)))
		noteRoute(r, inner.RoutePattern())
	})

	r := chi.NewRouter()
	r.Use(fromProxy(c.TrustedProxies), m.measure(log), recoverer(log))
	r.Get("/healthz", func(w http.ResponseWriter, r *http.Request) { status(w, nil) })
	r.Get("/readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		err := n.Store().Ping(ctx)
		if err == nil {
			err = fed.Ready()
		}
		status(w, err)
	})
	r.Method(http.MethodGet, "/metrics", localOnly(m.handler()))
	fed.Routes(r, toPages)
	r.NotFound(toPages)
	r.MethodNotAllowed(toPages)
	return r
}

// status answers a probe.
func status(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	answer := map[string]string{"status": "ok"}
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		answer = map[string]string{"status": "unavailable", "reason": err.Error()}
	}
	json.NewEncoder(w).Encode(answer)
}
