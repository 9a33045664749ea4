package web

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"konfa/community"
	"konfa/node"
	"konfa/storage"

	"github.com/go-chi/chi/v5"
)

// nowhere takes an answer and forgets it.
type nowhere struct {
	h      http.Header
	status int
	n      int
}

func (n *nowhere) Header() http.Header         { return n.h }
func (n *nowhere) WriteHeader(s int)           { n.status = s }
func (n *nowhere) Write(b []byte) (int, error) { n.n += len(b); return len(b), nil }

// BenchmarkPages measures answers of a city with a thousand conferences, with
// what is kept rendered (as visitors find it) and without.
func BenchmarkPages(b *testing.B) {
	store, err := storage.Open(b.Context(), storage.Options{Data: b.TempDir(), Synchronous: "OFF"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() })
	n := node.New(store, community.NewSite("https://belgrade.example"), node.Options{})
	if err := n.Found(b.Context(), fakeCity(), &community.Member{Handle: "ana", Name: "Ana"}); err != nil {
		b.Fatal(err)
	}
	rows := make([]community.Conference, 1000)
	for i := range rows {
		c := fakeConferences()[0]
		c.ID, c.SeriesID, c.Seats, c.UID = 0, 0, community.Seats{}, ""
		c.ImportKey = itoa(i)
		c.Start = time.Now().AddDate(0, 0, i-300)
		c.End = c.Start.Add(2 * time.Hour)
		rows[i] = c
	}
	if _, err := n.ImportConferences(b.Context(), node.By{Console: true}, rows, false); err != nil {
		b.Fatal(err)
	}
	s, err := New(n, Options{})
	if err != nil {
		b.Fatal(err)
	}
	r := chi.NewRouter()
	s.Routes(r)
	for name, target := range map[string]string{"front": "/", "conference": "/conf/maps-drawn-by-hand", "list": "/conf", "calendar": "/conf.ics", "feed": "/feed.atom"} {
		for _, kept := range []bool{true, false} {
			label := name + "/kept"
			if !kept {
				label = name + "/made"
			}
			b.Run(label, func(b *testing.B) {
				for b.Loop() {
					if !kept {
						s.changed.Add(1)
					}
					req := httptest.NewRequest("GET", target, nil)
					req.Header.Set("Accept-Language", "ru,en;q=0.5")
					req.Header.Set("Accept-Encoding", "gzip")
					w := &nowhere{h: http.Header{}, status: 200}
					r.ServeHTTP(w, req)
					if w.status != 200 || w.n == 0 {
						b.Fatal(w.status)
					}
				}
			})
		}
	}
	b.Run("calendar/unchanged", func(b *testing.B) {
		rec := httptest.NewRecorder()
		r.ServeHTTP(rec, httptest.NewRequest("GET", "/conf.ics", nil))
		etag := rec.Header().Get("ETag")
		for b.Loop() {
			req := httptest.NewRequest("GET", "/conf.ics", nil)
			req.Header.Set("If-None-Match", etag)
			w := &nowhere{h: http.Header{}}
			r.ServeHTTP(w, req)
			if w.status != 304 {
				b.Fatal(w.status)
			}
		}
	})
}
