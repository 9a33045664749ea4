package node

import (
	"context"
	"strings"
	"unicode/utf8"

	"konfa/community"
	"konfa/storage"
)

// Proofs are the ways in which a member can sign in, besides a letter to their
// e-mail address.
type Proofs struct {
	Password   *community.Password // nil without one
	Passkeys   []community.Passkey
	Identities []community.Identity
	Promises   []community.Promise // addresses that wait to be confirmed
}

// ways counts in how many ways a member can sign in.
func (p *Proofs) ways(m *community.Member) int {
	n := len(p.Passkeys) + len(p.Identities)
	if p.Password != nil {
		n++
	}
	if m.Email != "" {
		n++
	}
	return n
}

// Proofs lists what a member can sign in with.
func (n *Node) Proofs(ctx context.Context, by By, handle string) (*Proofs, error) {
	if err := by.mayAs(handle); err != nil {
		return nil, err
	}
	m, err := n.store.Member(ctx, handle)
	if err != nil {
		return nil, err
	}
	return proofs(ctx, n.store.Reader, m)
}

func proofs(ctx context.Context, r *storage.Reader, m *community.Member) (*Proofs, error) {
	p := &Proofs{}
	pw, err := r.Password(ctx, m.ID)
	if ok, err := found(err); err != nil {
		return nil, err
	} else if ok {
		p.Password = pw
	}
	if p.Passkeys, err = r.Passkeys(ctx, m.ID); err != nil {
		return nil, err
	}
	if p.Identities, err = r.Identities(ctx, m.ID); err != nil {
		return nil, err
	}
	p.Promises, err = r.Promises(ctx, m.ID)
	return p, err
}

// changeProof changes how a member signs in, which is nobody's business but
// theirs.
func (n *Node) changeProof(ctx context.Context, by By, handle string, change func(*storage.Tx, *community.Member) error) error {
	if err := by.mayAs(handle); err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		m, err := tx.Member(ctx, handle)
		if err != nil {
			return err
		}
		if !m.Active() {
			return &community.Error{Code: community.Forbidden, Key: "error.suspended", Msg: m.Handle + " is suspended"}
		}
		return change(tx, m)
	})
}

// loseProof is a change after which a member must still be able to sign in.
func (n *Node) loseProof(ctx context.Context, by By, handle string, change func(*storage.Tx, *community.Member) error) error {
	return n.changeProof(ctx, by, handle, func(tx *storage.Tx, m *community.Member) error {
		if err := change(tx, m); err != nil {
			return err
		}
		p, err := proofs(ctx, tx.Reader, m)
		if err != nil {
			return err
		}
		if p.ways(m) == 0 {
			return &community.Error{Code: community.Refused, Key: "error.last_way", Msg: "this is the only way in which you can sign in", Hint: "add another one first"}
		}
		return nil
	})
}

// passkeyName tidies the name of a passkey.
func passkeyName(name string) (string, error) {
	name = strings.Join(strings.Fields(strings.ToValidUTF8(name, "")), " ")
	if name == "" || utf8.RuneCountInString(name) > community.MaxName {
		return "", &community.Error{Code: community.Invalid, Key: "error.fields", Msg: "some fields need another look",
			Fields: []community.FieldError{{Field: "name", Key: "passkey_name", Msg: "a name has 1 to 100 characters"}}}
	}
	return name, nil
}

// AddPasskey gives a member another passkey, which package web has verified.
func (n *Node) AddPasskey(ctx context.Context, by By, handle string, p community.Passkey) (*community.Passkey, error) {
	var err error
	if p.Name, err = passkeyName(p.Name); err != nil {
		return nil, err
	}
	err = n.changeProof(ctx, by, handle, func(tx *storage.Tx, m *community.Member) error {
		list, err := tx.Passkeys(ctx, m.ID)
		if err != nil {
			return err
		}
		if len(list) >= community.MaxPasskeys {
			return &community.Error{Code: community.Refused, Key: "error.passkeys", Msg: "these are enough passkeys", Hint: "remove one that is not needed"}
		}
		p.MemberID, p.Created, p.LastUsed = m.ID, tx.Now(), zeroTime
		return tx.InsertPasskey(ctx, &p)
	})
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// RenamePasskey calls a passkey of a member something else.
func (n *Node) RenamePasskey(ctx context.Context, by By, handle string, id int64, name string) error {
	name, err := passkeyName(name)
	if err != nil {
		return err
	}
	return n.changeProof(ctx, by, handle, func(tx *storage.Tx, m *community.Member) error {
		list, err := tx.Passkeys(ctx, m.ID)
		if err != nil {
			return err
		}
		for _, p := range list {
			if p.ID == id {
				p.Name = name
				return tx.UpdatePasskey(ctx, &p)
			}
		}
		return community.Errorf(community.NotFound, "%s has no such passkey", handle)
	})
}

// RemovePasskey takes a passkey of a member away. Refused when they could not sign
// in any more.
func (n *Node) RemovePasskey(ctx context.Context, by By, handle string, id int64) error {
	return n.loseProof(ctx, by, handle, func(tx *storage.Tx, m *community.Member) error { return tx.DeletePasskey(ctx, m.ID, id) })
}

// PasskeyOf finds the passkey whose credential has an id, with its member. NotFound
// if there is none, or its account is not in use.
func (n *Node) PasskeyOf(ctx context.Context, credential []byte) (*community.Passkey, *community.Member, error) {
	p, err := n.store.Passkey(ctx, credential)
	if err != nil {
		return nil, nil, err
	}
	m, err := n.store.MemberByID(ctx, p.MemberID)
	if err != nil {
		return nil, nil, err
	}
	if !m.Active() {
		return nil, nil, community.Errorf(community.NotFound, "there is no such passkey")
	}
	return p, m, nil
}

// SignInByPasskey signs in who has a passkey, which package web has verified. Data
// is what the passkey is by now. It returns the secret of the new session.
func (n *Node) SignInByPasskey(ctx context.Context, credential []byte, data, agent string) (string, *community.Member, error) {
	var session string
	var m *community.Member
	err := n.write(ctx, func(tx *storage.Tx) error {
		p, err := tx.Passkey(ctx, credential)
		if err != nil {
			return err
		}
		if m, err = tx.MemberByID(ctx, p.MemberID); err != nil {
			return err
		}
		p.Data, p.LastUsed = data, tx.Now()
		if err := tx.UpdatePasskey(ctx, p); err != nil {
			return err
		}
		session, err = n.startSession(ctx, tx, m, agent)
		return err
	})
	return session, m, err
}

// SignInByIdentity signs in whom an issuer vouches for, which package web has
// verified. NotFound if the identity is nobody's here.
func (n *Node) SignInByIdentity(ctx context.Context, issuer, subject, name, agent string) (string, *community.Member, error) {
	var session string
	var m *community.Member
	err := n.write(ctx, func(tx *storage.Tx) error {
		i, err := tx.Identity(ctx, issuer, subject)
		if err != nil {
			return err
		}
		if m, err = tx.MemberByID(ctx, i.MemberID); err != nil {
			return err
		}
		if err := tx.TouchIdentity(ctx, i.ID, identityName(name)); err != nil {
			return err
		}
		session, err = n.startSession(ctx, tx, m, agent)
		return err
	})
	return session, m, err
}

// identityName is how an account elsewhere is called, short enough to show.
func identityName(name string) string {
	runes := []rune(strings.Join(strings.Fields(strings.ToValidUTF8(name, "")), " "))
	return string(runes[:min(len(runes), community.MaxName)])
}

// LinkIdentity lets an account elsewhere sign a member in. Conflict when it signs
// in someone already.
func (n *Node) LinkIdentity(ctx context.Context, by By, handle string, i community.Identity) error {
	return n.changeProof(ctx, by, handle, func(tx *storage.Tx, m *community.Member) error {
		i.MemberID, i.Name, i.Created, i.LastUsed = m.ID, identityName(i.Name), tx.Now(), zeroTime
		err := tx.InsertIdentity(ctx, &i)
		if community.CodeOf(err) == community.Conflict {
			return &community.Error{Code: community.Conflict, Key: "error.identity_taken", Msg: "this account signs someone in already", Err: err}
		}
		return err
	})
}

// UnlinkIdentity takes that back. Refused when the member could not sign in any
// more.
func (n *Node) UnlinkIdentity(ctx context.Context, by By, handle string, id int64) error {
	return n.loseProof(ctx, by, handle, func(tx *storage.Tx, m *community.Member) error { return tx.DeleteIdentity(ctx, m.ID, id) })
}
