package node

import (
	"context"

	"konfa/community"
	"konfa/storage"
)

// maxLinks is how many links of one member may be in use.
const maxLinks = 20

// AddLink makes an address that shows a member's own conferences to whoever knows
// it: a page and a calendar, which has suggestions too if wanted. The secret is
// shown this once; only its hash is kept.
func (n *Node) AddLink(ctx context.Context, by By, handle, name string, suggests bool) (string, *community.PrivateLink, error) {
	if err := by.mayAs(handle); err != nil {
		return "", nil, err
	}
	if r := []rune(name); len(r) > community.MaxName {
		return "", nil, community.Errorf(community.Invalid, "a name has at most %d characters", community.MaxName)
	}
	secret, err := newSecret()
	if err != nil {
		return "", nil, err
	}
	var l *community.PrivateLink
	err = n.write(ctx, func(tx *storage.Tx) error {
		m, err := tx.Member(ctx, handle)
		if err != nil {
			return err
		}
		if !m.Active() {
			return community.Errorf(community.Forbidden, "%s is suspended", handle)
		}
		links, err := tx.PrivateLinks(ctx, m.ID)
		if err != nil {
			return err
		}
		used := 0
		for _, o := range links {
			if o.Revoked.IsZero() {
				used++
			}
		}
		if used >= maxLinks {
			return community.Errorf(community.Refused, "at most %d links", maxLinks).WithHint("revoke one that is not needed")
		}
		l = &community.PrivateLink{MemberID: m.ID, Name: name, Hash: tokenHash(secret), Suggests: suggests, Created: tx.Now()}
		return tx.InsertPrivateLink(ctx, l)
	})
	return secret, l, err
}

// Links lists the links of a member, newest first, the revoked included.
func (n *Node) Links(ctx context.Context, by By, handle string) ([]community.PrivateLink, error) {
	if err := by.mayAs(handle); err != nil {
		return nil, err
	}
	m, err := n.store.Member(ctx, handle)
	if err != nil {
		return nil, err
	}
	return n.store.PrivateLinks(ctx, m.ID)
}

// RevokeLink makes a link of a member useless at once.
func (n *Node) RevokeLink(ctx context.Context, by By, handle string, id int64) error {
	if err := by.mayAs(handle); err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		m, err := tx.Member(ctx, handle)
		if err != nil {
			return err
		}
		links, err := tx.PrivateLinks(ctx, m.ID)
		if err != nil {
			return err
		}
		for _, l := range links {
			if l.ID == id && l.Revoked.IsZero() {
				return tx.RevokePrivateLink(ctx, id)
			}
		}
		return community.Errorf(community.NotFound, "%s has no link %d", handle, id).WithHint("konfa member links " + handle + " shows them")
	})
}

// OpenLink tells whose a link is. NotFound for one that is unknown, revoked, or
// of an account that is not in use: nobody learns which.
func (n *Node) OpenLink(ctx context.Context, secret string) (*community.Member, *community.PrivateLink, error) {
	bad := &community.Error{Code: community.NotFound, Key: "error.link", Msg: "there is nothing at this address"}
	l, err := n.store.PrivateLink(ctx, tokenHash(secret))
	if ok, err := found(err); err != nil {
		return nil, nil, err
	} else if !ok || !l.Revoked.IsZero() {
		return nil, nil, bad
	}
	m, err := n.store.MemberByID(ctx, l.MemberID)
	if err != nil {
		return nil, nil, err
	}
	if !m.Active() {
		return nil, nil, bad
	}
	if n.Now().Sub(l.LastUsed) > lastUsedGrain {
		if err := n.write(ctx, func(tx *storage.Tx) error { return tx.TouchPrivateLink(ctx, l.ID) }); err != nil {
			return nil, nil, err
		}
	}
	return m, l, nil
}
