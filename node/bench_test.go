package node

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

// BenchmarkReceiveReply is an answer from another server to a conference, from
// the decoded Note to the commit.
func BenchmarkReceiveReply(b *testing.B) {
	ctx := context.Background()
	store, err := storage.Open(ctx, storage.Options{Data: b.TempDir(), Synchronous: "OFF"})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	n := New(store, community.NewSite("https://bg.example"), Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	city := &community.City{Handle: "belgrade", Name: community.Plain("en", "Belgrade"), Zone: "Europe/Belgrade", Country: "RS", Languages: []string{"en", "ru"}}
	if err := n.Found(ctx, city, &community.Member{Handle: "anna", Name: "Anna"}); err != nil {
		b.Fatal(err)
	}
	start := time.Now().Add(48 * time.Hour)
	c, err := n.AddConference(ctx, By{Console: true}, &community.Conference{Title: community.Plain("en", "Talks"), Start: start, End: start.Add(time.Hour)}, Publish{})
	if err != nil {
		b.Fatal(err)
	}
	authors := make([]*community.Actor, 200)
	for i := range authors {
		host := fmt.Sprintf("h%d.example", i)
		a := &community.Actor{URI: "https://" + host + "/u", Type: "Person", Handle: "u", Host: host, Inbox: "https://" + host + "/inbox", Fetched: time.Now()}
		if authors[i], err = n.SaveActor(ctx, a); err != nil {
			b.Fatal(err)
		}
	}
	i := 0
	for b.Loop() {
		from := authors[i%len(authors)]
		p := &community.Post{URI: fmt.Sprintf("https://%s/n/%d", from.Host, i), HTML: community.Plain("en", "<p>What a fine idea, is there tea as well?</p>"),
			ReplyTo: n.site.Conference(c.Slug), Visibility: community.Public, Published: time.Now()}
		if err := n.ReceivePost(ctx, from, p, nil); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
