package node

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"slices"
	"sync"
	"time"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/storage"
)

// rsaBits is what every peer verifies; 4096 costs six times as much to sign and
// gains nothing that the peers could tell.
const rsaBits = 2048

// The kinds of key an actor has.
const (
	KeyRSA     = "rsa"
	KeyEd25519 = "ed25519"
)

// keyring keeps the private keys that were read: every delivery needs one. The
// keys of an actor change only by RotateKeys, in this process or in another
// one; a ring is therefore read again after a minute.
type keyring struct {
	mu   sync.Mutex
	ring map[community.LocalActor]ringEntry // guarded by mu
}

type ringEntry struct {
	keys []community.KeyPair
	read int64 // Unix seconds
}

const ringSeconds = 60

// SigningKeys returns the keys an actor signs with now, newest first.
// NotFound when there is no such actor.
func (n *Node) SigningKeys(ctx context.Context, a community.LocalActor) ([]community.KeyPair, error) {
	now := n.clock().Unix()
	n.keys.mu.Lock()
	entry, ok := n.keys.ring[a]
	n.keys.mu.Unlock()
	if ok && now-entry.read < ringSeconds {
		return entry.keys, nil
	}
	all, err := n.store.Keys(ctx, a)
	if err != nil {
		return nil, err
	}
	keys := slices.DeleteFunc(all, func(k community.KeyPair) bool { return !k.Retired.IsZero() })
	if len(keys) == 0 {
		return nil, community.Errorf(community.NotFound, "%s has no keys", a)
	}
	n.keys.mu.Lock()
	defer n.keys.mu.Unlock()
	if n.keys.ring == nil {
		n.keys.ring = map[community.LocalActor]ringEntry{}
	}
	n.keys.ring[a] = ringEntry{keys: keys, read: now}
	return keys, nil
}

// ActorKeys returns the public halves of the keys an actor signs with.
func (n *Node) ActorKeys(ctx context.Context, a community.LocalActor) (activitystreams.ActorKeys, error) {
	var out activitystreams.ActorKeys
	keys, err := n.SigningKeys(ctx, a)
	if err != nil {
		return out, err
	}
	for _, k := range keys {
		der, err := publicDER(k)
		if err != nil {
			return out, err
		}
		switch {
		case k.Kind == KeyRSA && out.RSA == nil:
			out.RSA = der
		case k.Kind == KeyEd25519 && out.Ed25519 == nil:
			out.Ed25519 = der
		}
	}
	return out, nil
}

func publicDER(k community.KeyPair) ([]byte, error) {
	private, err := x509.ParsePKCS8PrivateKey(k.Private)
	if err != nil {
		return nil, community.Errorf(community.Internal, "the key %d of %s cannot be read: %w", k.ID, k.Actor, err)
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return nil, community.Errorf(community.Internal, "the key %d of %s is of a kind nobody knows", k.ID, k.Actor)
	}
	return x509.MarshalPKIXPublicKey(signer.Public())
}

// FormerKey returns the RSA key that an actor signed with at an instant, if it was
// retired then or since; NotFound if it still signs with that.
func (n *Node) FormerKey(ctx context.Context, a community.LocalActor, at time.Time) (*community.KeyPair, error) {
	keys, err := n.store.Keys(ctx, a)
	if err != nil {
		return nil, err
	}
	var former *community.KeyPair
	for i, k := range keys {
		if k.Kind == KeyRSA && !k.Retired.IsZero() && !k.Retired.Before(at) && (former == nil || k.Retired.Before(former.Retired)) {
			former = &keys[i]
		}
	}
	if former == nil {
		return nil, community.Errorf(community.NotFound, "%s signs with the key of that time", a)
	}
	return former, nil
}

// RotateKeys gives an actor new keys. The actor tells its followers by an
// Update of itself, which is signed with the key before (FormerKey): many fetch
// the key again when a signature does not fit, WordPress and Hubzilla do not.
func (n *Node) RotateKeys(ctx context.Context, by By, a community.LocalActor) error {
	if err := by.may(community.Steward); err != nil {
		return err
	}
	keys, err := newKeys(a)
	if err != nil {
		return err
	}
	err = n.write(ctx, func(tx *storage.Tx) error {
		if _, err := tx.Keys(ctx, a); err != nil {
			return err
		}
		if err := tx.RetireKeys(ctx, a); err != nil {
			return err
		}
		if err := insertKeys(ctx, tx, keys); err != nil {
			return err
		}
		if err := n.audit(ctx, tx, by, community.Audit{Action: "keys.rotate", Object: string(a)}); err != nil {
			return err
		}
		return n.emitActor(ctx, tx, a, keys)
	})
	n.keys.mu.Lock()
	delete(n.keys.ring, a)
	n.keys.mu.Unlock()
	return err
}

// Equip gives keys to the actors of the city that have none, as after an upgrade
// that brought a new one. Before the city is founded it does nothing.
func (n *Node) Equip(ctx context.Context) error {
	if ok, err := n.Founded(ctx); err != nil || !ok {
		return err
	}
	for _, a := range []community.LocalActor{community.CityActor, community.NodeActor, community.DeskActor} {
		switch equipped, err := hasKeys(ctx, n.store.Reader, a); {
		case err != nil:
			return err
		case equipped:
			continue
		}
		keys, err := newKeys(a)
		if err != nil {
			return err
		}
		err = n.write(ctx, func(tx *storage.Tx) error {
			if equipped, err := hasKeys(ctx, tx.Reader, a); err != nil || equipped {
				return err // another process was quicker
			}
			return insertKeys(ctx, tx, keys)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// hasKeys tells whether an actor has a key in use.
func hasKeys(ctx context.Context, r *storage.Reader, a community.LocalActor) (bool, error) {
	keys, err := r.Keys(ctx, a)
	return slices.ContainsFunc(keys, func(k community.KeyPair) bool { return k.Retired.IsZero() }), err
}

// newKeys makes the two keys of an actor. It takes some 50 ms, so it stands
// outside of transactions.
func newKeys(a community.LocalActor) ([]community.KeyPair, error) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, rsaBits)
	if err != nil {
		return nil, community.Errorf(community.Internal, "making a key: %w", err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, community.Errorf(community.Internal, "making a key: %w", err)
	}
	var out []community.KeyPair
	for _, k := range []struct {
		kind string
		key  any
	}{{KeyRSA, rsaKey}, {KeyEd25519, edKey}} {
		der, err := x509.MarshalPKCS8PrivateKey(k.key)
		if err != nil {
			return nil, community.Errorf(community.Internal, "writing a key: %w", err)
		}
		out = append(out, community.KeyPair{Actor: a, Kind: k.kind, Private: der})
	}
	return out, nil
}

func insertKeys(ctx context.Context, tx *storage.Tx, keys []community.KeyPair) error {
	for i := range keys {
		keys[i].Created = tx.Now()
		if err := tx.InsertKey(ctx, &keys[i]); err != nil {
			return err
		}
	}
	return nil
}
