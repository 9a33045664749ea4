package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"konfa/community"
	"konfa/node"
	"konfa/storage"

	"github.com/go-chi/chi/v5"
)

// BenchmarkFeedPages makes the first and the last page of the feed of a city
// that imported the list of confs.tech: alone, and with as many conferences of
// other cities announced, and two thousand posts.
func BenchmarkFeedPages(b *testing.B) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "shared", "data", "conferences.json"))
	if err != nil {
		b.Skip("the list is not here")
	}
	store, err := storage.Open(b.Context(), storage.Options{Data: b.TempDir(), Synchronous: "OFF"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() })
	n := node.New(store, community.NewSite("https://belgrade.example"), node.Options{})
	if err := n.Found(b.Context(), fakeCity(), &community.Member{Handle: "ana", Name: "Ana"}); err != nil {
		b.Fatal(err)
	}
	var list []struct{ Name, URL, StartDate string }
	if err := json.Unmarshal(raw, &list); err != nil {
		b.Fatal(err)
	}
	rows := make([]community.Conference, 0, len(list))
	for i, l := range list {
		start, err := time.Parse(time.DateOnly, l.StartDate)
		if err != nil {
			continue
		}
		rows = append(rows, community.Conference{Title: community.Plain("en", l.Name), Link: l.URL, Start: start, AllDay: true, Zone: "Europe/Belgrade", ImportKey: itoa(i)})
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
	pages := func(when string, last int) {
		for _, number := range []int{1, last} {
			b.Run(fmt.Sprintf("%s/page%d", when, number), func(b *testing.B) {
				for b.Loop() {
					s.changed.Add(1)
					w := &nowhere{h: http.Header{}, status: 200}
					r.ServeHTTP(w, httptest.NewRequest("GET", "/feed.json?page="+itoa(number), nil))
					if w.status != 200 || w.n == 0 {
						b.Fatal(w.status)
					}
				}
			})
		}
	}
	pages("imported", (len(rows)+perPage-1)/perPage)
	err = store.Write(b.Context(), func(tx *storage.Tx) error {
		a := &community.Actor{URI: "https://almaty.example/city", Type: "Group", Handle: "almaty", Host: "almaty.example", Inbox: "https://almaty.example/inbox", Fetched: tx.Now()}
		if err := tx.SaveActor(b.Context(), a); err != nil {
			return err
		}
		for i := range rows {
			c := rows[i]
			c.ID, c.ImportKey, c.URI, c.OriginID = 0, "", "https://almaty.example/conf/"+itoa(i), a.ID
			c.Tidy()
			c.Published, c.Announced = tx.Now().Add(-time.Hour), tx.Now().Add(-time.Duration(i)*time.Second)
			if err := tx.InsertConference(b.Context(), &c); err != nil {
				return err
			}
			p := community.Post{Slug: itoa(i), Author: community.CityActor, Text: c.Title, HTML: c.Title, Visibility: community.Public, Published: c.Announced}
			if err := tx.InsertPost(b.Context(), &p); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	pages("all", (3*len(rows)+perPage-1)/perPage)
}
