package federation

import (
	"context"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"konfa/community"
	"konfa/federation/fetch"
	"konfa/node"
	"konfa/storage"
)

// fuzzServer is a server that knows one actor elsewhere and reaches nobody.
func fuzzServer(f *testing.F, store *storage.Store) *Server {
	f.Helper()
	log := slog.New(slog.DiscardHandler)
	n := node.New(store, community.NewSite("https://konfa.example"), node.Options{Log: log})
	s, err := New(n, Options{Log: log, Fetch: fetch.Options{Timeout: 20 * time.Millisecond, Lookup: func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil // which may not be reached
	}}})
	if err != nil {
		f.Fatal(err)
	}
	s.strangers = newRates(1_000_000, 1_000_000, time.Now)
	s.rates = newRates(1_000_000, 1_000_000, time.Now)
	_, err = n.SaveActor(context.Background(), &community.Actor{
		URI: "https://a.example/u", Type: "Person", Handle: "u", Host: "a.example", Inbox: "https://a.example/u/inbox", Fetched: time.Now(),
	})
	if err != nil {
		f.Fatal(err)
	}
	return s
}
