package node

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"konfa/community"
	"konfa/storage"
)

// tokenPrefix lets people and secret scanners recognise what leaked.
const tokenPrefix = "konfa_"

// AddToken makes a token that acts for a member. The secret is shown this once;
// only its hash is kept.
func (n *Node) AddToken(ctx context.Context, by By, handle, name string) (string, *community.Token, error) {
	if err := by.mayAs(handle); err != nil {
		return "", nil, err
	}
	secret, err := newSecret()
	if err != nil {
		return "", nil, err
	}
	secret = tokenPrefix + secret
	var t *community.Token
	err = n.write(ctx, func(tx *storage.Tx) error {
		m, err := tx.Member(ctx, handle)
		if err != nil {
			return err
		}
		if !m.Active() {
			return community.Errorf(community.Forbidden, "%s is suspended", handle)
		}
		t = &community.Token{MemberID: m.ID, Name: name, Hash: tokenHash(secret), Created: tx.Now()}
		if err := n.audit(ctx, tx, by, community.Audit{Action: "token.add", Object: string(community.MemberActor(handle)), Name: m.Name, Details: map[string]string{"token": name}}); err != nil {
			return err
		}
		return tx.InsertToken(ctx, t)
	})
	return secret, t, err
}

// newSecret makes 256 random bits that go into an address or a header.
func newSecret() (string, error) {
	var raw [32]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return "", community.Errorf(community.Internal, "making a secret: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw[:]), nil
}

// RevokeToken makes a token useless at once.
func (n *Node) RevokeToken(ctx context.Context, by By, handle string, id int64) error {
	if err := by.mayAs(handle); err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		m, err := tx.Member(ctx, handle)
		if err != nil {
			return err
		}
		tokens, err := tx.Tokens(ctx, m.ID)
		if err != nil {
			return err
		}
		for _, t := range tokens {
			if t.ID == id {
				if err := n.audit(ctx, tx, by, community.Audit{Action: "token.revoke", Object: string(community.MemberActor(handle)), Name: m.Name, Details: map[string]string{"token": t.Name}}); err != nil {
					return err
				}
				return tx.RevokeToken(ctx, id)
			}
		}
		return community.Errorf(community.NotFound, "%s has no token %d", handle, id)
	})
}

// lastUsedGrain is how exactly the last use of a token is kept: writing it for
// every request would cost more than the request.
const lastUsedGrain = 10 * time.Minute

// Authenticate tells who a token acts for. Forbidden for one that is unknown,
// revoked, or of a suspended member.
func (n *Node) Authenticate(ctx context.Context, secret string) (By, error) {
	bad := &community.Error{Code: community.Forbidden, Key: "error.token", Msg: "this token is not known here",
		Hint: "konfa token add NAME makes one"}
	if !strings.HasPrefix(secret, tokenPrefix) {
		return By{}, bad
	}
	t, err := n.store.Token(ctx, tokenHash(secret))
	if ok, err := found(err); err != nil {
		return By{}, err
	} else if !ok || !t.Revoked.IsZero() {
		return By{}, bad
	}
	m, err := n.store.MemberByID(ctx, t.MemberID)
	if err != nil {
		return By{}, err
	}
	if !m.Active() {
		return By{}, bad
	}
	if n.Now().Sub(t.LastUsed) > lastUsedGrain {
		if err := n.write(ctx, func(tx *storage.Tx) error { return tx.TouchToken(ctx, t.ID) }); err != nil {
			return By{}, err
		}
	}
	return By{Member: m}, nil
}

func tokenHash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
