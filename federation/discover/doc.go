// Package discover asks other servers who they and their actors are: actors and
// their keys, handles (WebFinger), software (NodeInfo), objects and collections.
//
// Everything is believed by its origin (FEP-fe34): a document speaks for an id
// only if it came from the address of that id, or from elsewhere on the same
// origin and then again from that address.
package discover

import (
	"context"
	"net/http"
	"time"

	"golang.org/x/sync/singleflight"

	"konfa/community"
	"konfa/federation/fetch"
	"konfa/federation/signature"
)

// Store keeps what was learned. What is not there is a *community.Error with
// the code NotFound.
type Store interface {
	Actor(ctx context.Context, uri string) (*community.Actor, error)
	SaveActor(ctx context.Context, a *community.Actor) (*community.Actor, error) // by URI; returns it with its ID
	Peer(ctx context.Context, host string) (*community.Peer, error)
	SavePeer(ctx context.Context, p *community.Peer) error // software, version, application and asked
	SetPeerScheme(ctx context.Context, host, scheme string) error
}

// Resolver asks other servers. It may be used by many goroutines.
type Resolver struct {
	client *fetch.Client
	sign   func(*http.Request, signature.Scheme) error
	store  Store
	clock  func() time.Time

	flights singleflight.Group
	keys    *memory[signature.Key] // by key id
	dead    *memory[error]         // by host: why it is not asked for a while
	refused *memory[error]         // by address: why it is not asked for a while
	quirks  *memory[hostQuirks]    // by host
}

// hostQuirks are what has to be known to talk to a host.
type hostQuirks struct {
	scheme  signature.Scheme
	noQuery bool   // verifies signatures without the query only
	plain   string // "http" for a host that is reached without TLS, in tests and the demo
}

// How long what was learned is remembered, and how much of it. When a key was
// changed, its first failing signature shows it; that one was withdrawn, only
// reading its owner again does, which another process may have done.
const (
	deadFor    = 30 * time.Second // a host that did not answer
	refusedFor = time.Minute      // an address that had no actor or key
	peerFor    = 24 * time.Hour   // what NodeInfo said
	peerTryFor = time.Hour        // that NodeInfo said nothing
	keyFor     = time.Hour
	maxKept    = 20_000
)

// New makes a resolver. sign signs a request as our Application actor; nil
// sends requests unsigned. A nil clock means time.Now.
func New(client *fetch.Client, sign func(*http.Request, signature.Scheme) error, store Store, clock func() time.Time) *Resolver {
	if clock == nil {
		clock = time.Now
	}
	return &Resolver{
		client: client, sign: sign, store: store, clock: clock,
		keys:    newMemory[signature.Key](maxKept),
		dead:    newMemory[error](maxKept),
		refused: newMemory[error](maxKept),
		quirks:  newMemory[hostQuirks](maxKept),
	}
}
