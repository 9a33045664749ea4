package federation

import (
	"context"

	"konfa/community"
	"konfa/storage"
)

// actorStore is where the resolver keeps what it learned.
type actorStore struct{ s *Server }

func (a actorStore) Actor(ctx context.Context, uri string) (*community.Actor, error) {
	return a.s.store.Actor(ctx, uri)
}

func (a actorStore) SaveActor(ctx context.Context, x *community.Actor) (*community.Actor, error) {
	return a.s.node.SaveActor(ctx, x)
}

func (a actorStore) Peer(ctx context.Context, host string) (*community.Peer, error) {
	return a.s.store.PeerState(ctx, host)
}

func (a actorStore) SavePeer(ctx context.Context, p *community.Peer) error {
	return a.s.store.Write(ctx, func(tx *storage.Tx) error { return tx.SavePeer(ctx, p) })
}

func (a actorStore) SetPeerScheme(ctx context.Context, host, scheme string) error {
	return a.s.store.Write(ctx, func(tx *storage.Tx) error { return tx.SetPeerScheme(ctx, host, scheme) })
}
