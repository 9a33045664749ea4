package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"

	"github.com/go-chi/chi/v5/middleware"

	"konfa/web"
)

// requestKey finds the notes of a request in its context.
type requestKey struct{}

// requestNotes are filled while a request is answered, for its line in the log.
type requestNotes struct {
	route     string // pattern, never the path: it labels metrics
	forwarded bool   // it came through a proxy
}

func notesOf(r *http.Request) *requestNotes {
	n, _ := r.Context().Value(requestKey{}).(*requestNotes)
	return n
}

func noteRoute(r *http.Request, pattern string) {
	if n := notesOf(r); n != nil && pattern != "" {
		n.route = pattern
	}
}

// fromProxy gives each request its id and notes, and replaces the address of a
// trusted proxy by the one it forwards for: the last in X-Forwarded-For that is
// no trusted proxy itself. What anyone else says there is dropped, so that
// nothing further in can believe it.
func fromProxy(trusted []netip.Prefix) func(http.Handler) http.Handler {
	in := func(a netip.Addr) bool {
		for _, p := range trusted {
			if p.Contains(a.Unmap()) {
				return true
			}
		}
		return false
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			notes := &requestNotes{}
			id := make([]byte, 8)
			rand.Read(id)
			ctx := context.WithValue(r.Context(), requestKey{}, notes)
			ctx = context.WithValue(ctx, middleware.RequestIDKey, hex.EncodeToString(id))
			r = r.WithContext(ctx)
			w.Header().Set("X-Request-Id", hex.EncodeToString(id))

			for _, h := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded", "X-Forwarded-Host", "X-Forwarded-Proto", "Via"} {
				notes.forwarded = notes.forwarded || r.Header.Get(h) != ""
			}
			if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && in(peer.Addr()) {
				hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
				for i := len(hops) - 1; i >= 0; i-- {
					hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
					if err != nil {
						break
					}
					r.RemoteAddr = net.JoinHostPort(hop.Unmap().String(), "0")
					if !in(hop) {
						break
					}
				}
			}
			for _, h := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded", "X-Forwarded-Host", "X-Forwarded-Proto"} {
				r.Header.Del(h)
			}
			next.ServeHTTP(w, r)
		})
	}
}

// localOnly keeps what is for the machine's owner from everyone else: the other
// end must be the machine itself, and no proxy in between.
func localOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		if n := notesOf(r); err != nil || !peer.Addr().Unmap().IsLoopback() || n == nil || n.forwarded {
			http.Error(w, "only for the machine itself", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// recoverer turns a panic of one request into a 500 and a line in the log; the
// node goes on.
func recoverer(log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				p := recover()
				if p == nil {
					return
				}
				if p == http.ErrAbortHandler {
					panic(p)
				}
				log.Error("panic", "id", middleware.GetReqID(r.Context()), "method", r.Method, "path", web.LoggedPath(r.URL.Path), "panic", p, "stack", string(debug.Stack()))
				http.Error(w, "something broke here; it is in the log as "+middleware.GetReqID(r.Context()), http.StatusInternalServerError)
			}()
			next.ServeHTTP(w, r)
		})
	}
}
