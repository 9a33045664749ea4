package node

import (
	"context"
	"strings"

	"konfa/community"
	"konfa/storage"
)

// errPromise: an address that confirms is good once and not for long.
func errPromise() error {
	return &community.Error{Code: community.NotFound, Key: "error.promise", Msg: "this link has been used or is too old: enter the address once more"}
}

// ChangeEmail asks at a new e-mail address of a member whether it is theirs; until
// a link in that letter is used, nothing changes. Asking again forgets what was
// asked before.
func (n *Node) ChangeEmail(ctx context.Context, by By, handle, address, lang string) error {
	address = strings.TrimSpace(address)
	if !community.ValidEmail(address) {
		return &community.Error{Code: community.Invalid, Key: "error.fields", Msg: "some fields need another look",
			Fields: []community.FieldError{{Field: "email", Key: "email", Msg: "this is not an e-mail address"}}}
	}
	return n.changeProof(ctx, by, handle, func(tx *storage.Tx, m *community.Member) error {
		return n.promise(ctx, tx, m, address, lang)
	})
}

func (n *Node) promise(ctx context.Context, tx *storage.Tx, m *community.Member, address, lang string) error {
	secret, err := newSecret()
	if err != nil {
		return err
	}
	if err := tx.DeletePromises(ctx, m.ID); err != nil {
		return err
	}
	err = tx.InsertPromise(ctx, &community.Promise{Hash: tokenHash(secret), MemberID: m.ID, Email: address, Created: tx.Now(), Expires: tx.Now().Add(community.KeepPromise)})
	if err != nil {
		return err
	}
	return n.mail(ctx, tx, community.Letter{Kind: community.LetterAddress, To: address, Lang: orElse(m.Lang, lang), MemberID: m.ID,
		Args: map[string]string{"Link": n.site.Confirm(secret), "Name": m.Name}})
}

// PromiseOf tells which address of whom a secret confirms. NotFound for one that
// is unknown, used or too old.
func (n *Node) PromiseOf(ctx context.Context, secret string) (*community.Promise, *community.Member, error) {
	return n.promiseOf(ctx, n.store.Reader, secret)
}

func (n *Node) promiseOf(ctx context.Context, r *storage.Reader, secret string) (*community.Promise, *community.Member, error) {
	p, err := r.Promise(ctx, tokenHash(secret))
	if ok, err := found(err); err != nil {
		return nil, nil, err
	} else if !ok || !p.Expires.After(n.Now()) {
		return nil, nil, errPromise()
	}
	m, err := r.MemberByID(ctx, p.MemberID)
	if err != nil {
		return nil, nil, err
	}
	if !m.Active() {
		return nil, nil, errPromise()
	}
	return p, m, nil
}

// ConfirmEmail makes an address that of its member, once. Whoever read mail at the
// one before is told.
func (n *Node) ConfirmEmail(ctx context.Context, secret string) (*community.Member, error) {
	var m *community.Member
	err := n.write(ctx, func(tx *storage.Tx) error {
		p, who, err := n.promiseOf(ctx, tx.Reader, secret)
		if err != nil {
			return err
		}
		m = who
		if err := tx.DeletePromises(ctx, m.ID); err != nil {
			return err
		}
		// Links that went to the address before sign nobody in any more.
		if err := tx.DeleteSignIns(ctx, m.ID); err != nil {
			return err
		}
		before := m.Email
		m.Email, m.Updated = p.Email, tx.Now()
		if err := tx.UpdateMember(ctx, m); err != nil {
			return err
		}
		if before == "" || strings.EqualFold(before, p.Email) {
			return nil
		}
		return n.mail(ctx, tx, community.Letter{Kind: community.LetterMoved, To: before, Lang: m.Lang, MemberID: m.ID, Args: map[string]string{"Name": m.Name}})
	})
	return m, err
}

// ForgetPromises takes back that an address was asked.
func (n *Node) ForgetPromises(ctx context.Context, by By, handle string) error {
	return n.changeProof(ctx, by, handle, func(tx *storage.Tx, m *community.Member) error { return tx.DeletePromises(ctx, m.ID) })
}

// RemoveEmail takes the e-mail address of a member away. Refused when they could
// not sign in any more.
func (n *Node) RemoveEmail(ctx context.Context, by By, handle string) error {
	return n.loseProof(ctx, by, handle, func(tx *storage.Tx, m *community.Member) error {
		m.Email, m.Updated = "", tx.Now()
		return tx.UpdateMember(ctx, m)
	})
}
