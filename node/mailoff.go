package node

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"

	"konfa/community"
	"konfa/storage"
)

// mailKey is the setting that holds the secret behind the links that turn mail
// off.
const mailKey = "mail_key"

// MailChoice is what someone wants no more mail about.
type MailChoice struct {
	Address string // where they read it
	Off     []community.LetterKind
	Lang    string // that they read, or empty
}

// stopLink is the address at which a member, or else a guest by e-mail, turns
// mail off without signing in: each letter that one can do without bears it
// (RFC 8058).
func (n *Node) stopLink(ctx context.Context, tx *storage.Tx, memberID, guestID int64) (string, error) {
	secret, err := tx.Meta(ctx, mailKey)
	ok, err := found(err)
	if err != nil {
		return "", err
	}
	if !ok {
		if secret, err = newSecret(); err != nil {
			return "", err
		}
		if err := tx.SetMeta(ctx, mailKey, secret); err != nil {
			return "", err
		}
	}
	if memberID != 0 {
		guestID = 0
	}
	b := binary.AppendUvarint(binary.AppendUvarint(nil, uint64(memberID)), uint64(guestID))
	return n.site.MailOff(base64.RawURLEncoding.EncodeToString(append(b, stopProof(secret, b)...))), nil
}

func stopProof(secret string, b []byte) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte("stop\x00"))
	h.Write(b)
	return h.Sum(nil)[:linkMAC]
}

func errNoStop() error {
	return &community.Error{Code: community.NotFound, Key: "error.mail_link", Msg: "this link is not valid: take the one at the end of the last mail"}
}

// readStop returns whom a token names, and NotFound for one that we never made.
func readStop(secret, token string) (memberID, guestID int64, err error) {
	b, decodeErr := base64.RawURLEncoding.Strict().DecodeString(token)
	if decodeErr != nil || len(b) < linkMAC+2 || len(b) > linkMAC+2*binary.MaxVarintLen64 {
		return 0, 0, errNoStop()
	}
	named, proof := b[:len(b)-linkMAC], b[len(b)-linkMAC:]
	if !hmac.Equal(proof, stopProof(secret, named)) {
		return 0, 0, errNoStop()
	}
	m, i := binary.Uvarint(named)
	if i <= 0 {
		return 0, 0, errNoStop()
	}
	g, j := binary.Uvarint(named[i:])
	if j <= 0 || i+j != len(named) {
		return 0, 0, errNoStop()
	}
	return int64(m), int64(g), nil
}

// stopOf reads whom a link names: a member, or an address.
func (n *Node) stopOf(ctx context.Context, r *storage.Reader, token string) (memberID int64, v MailChoice, err error) {
	secret, err := r.Meta(ctx, mailKey)
	if ok, err := found(err); err != nil {
		return 0, v, err
	} else if !ok {
		return 0, v, errNoStop()
	}
	memberID, guestID, err := readStop(secret, token)
	if err != nil {
		return 0, v, err
	}
	if memberID != 0 {
		m, err := r.MemberByID(ctx, memberID)
		if err != nil {
			return 0, v, err
		}
		if !m.Deleted.IsZero() {
			return 0, v, errNoStop()
		}
		v.Address, v.Lang = m.Email, strings.Join(m.Languages[:min(1, len(m.Languages))], "")
	} else {
		g, err := r.GuestByID(ctx, guestID)
		if ok, err := found(err); err != nil {
			return 0, v, err
		} else if !ok || g.Email == "" {
			return 0, v, errNoStop() // forgotten, and written to no more
		}
		v.Address, v.Lang = g.Email, g.Lang
	}
	v.Off, err = n.mailOff(ctx, r, memberID, v.Address)
	return memberID, v, err
}

// MailChoice reads what the owner of a link that turns mail off wants no more.
// NotFound for a link that we never gave.
func (n *Node) MailChoice(ctx context.Context, token string) (*MailChoice, error) {
	_, v, err := n.stopOf(ctx, n.store.Reader, token)
	if err != nil {
		return nil, err
	}
	return &v, nil
}

// SetMailChoice notes the kinds of letters that the owner of such a link wants no
// more; what can not be turned off is left out.
func (n *Node) SetMailChoice(ctx context.Context, token string, off []community.LetterKind) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		memberID, v, err := n.stopOf(ctx, tx.Reader, token)
		if err != nil {
			return err
		}
		return n.saveMailOff(ctx, tx, memberID, v.Address, off)
	})
}

func (n *Node) saveMailOff(ctx context.Context, tx *storage.Tx, memberID int64, address string, off []community.LetterKind) error {
	var kinds []community.LetterKind
	for _, k := range community.OptionalLetters {
		if slices.Contains(off, k) {
			kinds = append(kinds, k)
		}
	}
	if memberID != 0 {
		address = ""
	}
	return tx.SaveMailOff(ctx, memberID, strings.ToLower(address), kinds)
}

// MemberMail lists the kinds of letters that a member wants no more.
func (n *Node) MemberMail(ctx context.Context, by By, handle string) ([]community.LetterKind, error) {
	if err := by.mayAs(handle); err != nil {
		return nil, err
	}
	m, err := n.store.Member(ctx, handle)
	if err != nil {
		return nil, err
	}
	return n.mailOff(ctx, n.store.Reader, m.ID, "")
}

// SetMemberMail notes them.
func (n *Node) SetMemberMail(ctx context.Context, by By, handle string, off []community.LetterKind) error {
	if err := by.mayAs(handle); err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		m, err := tx.Member(ctx, handle)
		if err != nil {
			return err
		}
		return n.saveMailOff(ctx, tx, m.ID, "", off)
	})
}
