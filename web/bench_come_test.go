package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

// BenchmarkComeForm is one person after the other who fills in the form, with a
// hundred seats; each write is made durable.
func BenchmarkComeForm(b *testing.B) {
	for _, mails := range []bool{true, false} {
		b.Run(fmt.Sprintf("mail=%v", mails), func(b *testing.B) {
			store, err := storage.Open(b.Context(), storage.Options{Data: b.TempDir()})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { store.Close() })
			n := node.New(store, community.NewSite("https://belgrade.example"), node.Options{})
			if err := n.Found(b.Context(), fakeCity(), &community.Member{Handle: "ana", Name: "Ana"}); err != nil {
				b.Fatal(err)
			}
			c, err := n.AddConference(b.Context(), console, &community.Conference{
				Title: community.Plain("en", "An evening"), Start: time.Now().AddDate(0, 0, 5), Zone: "Europe/Belgrade", Capacity: 100}, node.Publish{})
			if err != nil {
				b.Fatal(err)
			}
			s, err := New(n, Options{Mail: mails})
			if err != nil {
				b.Fatal(err)
			}
			router := chi.NewRouter()
			s.Routes(router)
			i := 0
			for b.Loop() {
				r := httptest.NewRequest(http.MethodPost, "https://belgrade.example/conf/"+c.Slug+"/come", strings.NewReader(comeForm(fmt.Sprintf("g%d@x.example", i)).Encode()))
				r.RemoteAddr = fmt.Sprintf("198.%d.%d.%d:1", 18+i>>16, i>>8&255, i&255)
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				w := httptest.NewRecorder()
				router.ServeHTTP(w, r)
				if w.Code != http.StatusSeeOther {
					b.Fatalf("%d: %s", w.Code, w.Body)
				}
				i++
			}
		})
	}
}
