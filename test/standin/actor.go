package standin

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"sync"
)

const asContext = "https://www.w3.org/ns/activitystreams"

const securityContext = "https://w3id.org/security/v1"

// Actor is someone, or something, of a stand-in.
type Actor struct {
	Name, ID, Type    string
	Inbox, Shared     string // Shared is "" where the software has none
	Outbox, Followers string
	KeyID             string
	keyDocument       string // address of a document with the key alone, or ""
	pkcs1             bool
	key               *rsa.PrivateKey
	describe          func(*Actor) document
	outbox            []any // oldest first
}

// keys are shared by all servers of a test: making one takes long. Two actors
// of one server never have the same.
var keys struct {
	sync.Mutex
	made []*rsa.PrivateKey
}

// keyNumber is the n-th key.
func keyNumber(n int) *rsa.PrivateKey {
	keys.Lock()
	defer keys.Unlock()
	for len(keys.made) <= n {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err) // no randomness: nothing can be tested
		}
		keys.made = append(keys.made, key)
	}
	return keys.made[n]
}

// add gives the server an actor.
func (s *Server) add(a *Actor) *Actor {
	s.update(func() {
		a.key = keyNumber(len(s.actors))
		if a.KeyID == "" {
			a.KeyID = a.ID + "#main-key"
		}
		s.actors = append(s.actors, a)
		s.following[a.ID], s.followers[a.ID] = map[string]string{}, map[string]string{}
	})
	return a
}

// Rotate gives an actor a new key under the old id.
func (s *Server) Rotate(a *Actor) {
	s.update(func() { a.key = keyNumber(len(s.actors) + 5) })
}

// Actors are the actors of the server, people first.
func (s *Server) Actors() []*Actor {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*Actor{}, s.actors...)
}

func (a *Actor) pem() string {
	if a.pkcs1 {
		return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&a.key.PublicKey)}))
	}
	der, err := x509.MarshalPKIXPublicKey(&a.key.PublicKey)
	if err != nil {
		panic(err) // of an RSA key
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func (a *Actor) publicKey() document {
	return document{"id": a.KeyID, "owner": a.ID, "publicKeyPem": a.pem()}
}

// document is the actor as it is served.
func (a *Actor) document() document {
	d := document{
		"@context": []any{asContext, securityContext}, "id": a.ID, "type": a.Type, "preferredUsername": a.Name, "name": a.Name,
		"inbox": a.Inbox, "url": a.ID, "publicKey": a.publicKey(),
	}
	for k, v := range map[string]string{"outbox": a.Outbox, "followers": a.Followers} {
		if v != "" {
			d[k] = v
		}
	}
	if a.Shared != "" {
		d["endpoints"] = document{"sharedInbox": a.Shared}
	}
	if a.describe != nil {
		for k, v := range a.describe(a) {
			if v == nil {
				delete(d, k)
			} else {
				d[k] = v
			}
		}
	}
	return d
}

// stub is the document with the key alone.
func (a *Actor) stub() document {
	return document{"@context": []any{asContext, securityContext}, "id": a.ID, "type": a.Type, "preferredUsername": a.Name, "publicKey": a.publicKey()}
}
