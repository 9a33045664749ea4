package node

import (
	"context"
	"strings"
	"unicode/utf8"

	"konfa/community"
	"konfa/password"
	"konfa/storage"
)

// errPassword does not tell whether the name or the password is wrong.
func errPassword() error {
	return &community.Error{Code: community.Forbidden, Key: "error.password", Msg: "name and password do not fit"}
}

// SignInByPassword signs in who has a handle or an e-mail address and a password,
// in the browser that calls itself agent. It returns the secret of the new
// session. Forbidden (key "error.password") whatever is wrong, after the same
// work whether there is such an account or not.
func (n *Node) SignInByPassword(ctx context.Context, who, plain, agent string) (string, *community.Member, error) {
	members, err := called(ctx, n.store.Reader, who)
	if err != nil {
		return "", nil, err
	}
	if utf8.RuneCountInString(plain) > community.MaxPassword {
		plain = "" // nobody has such a one
	}
	var m *community.Member
	var hash string
	verified := 0
	for i := range members {
		p, err := n.store.Password(ctx, members[i].ID)
		if ok, err := found(err); err != nil {
			return "", nil, err
		} else if !ok {
			continue
		}
		verified++
		if ok, err := password.Verify(ctx, plain, p.Hash); err != nil {
			return "", nil, err
		} else if ok {
			m, hash = &members[i], p.Hash
			break
		}
	}
	if verified == 0 {
		if _, err := password.Verify(ctx, plain, password.Nobody); err != nil {
			return "", nil, err
		}
	}
	if m == nil || plain == "" {
		return "", nil, errPassword()
	}
	anew := ""
	if password.Outdated(hash) {
		if anew, err = password.Hash(ctx, plain); err != nil {
			return "", nil, err
		}
	}
	var session string
	err = n.write(ctx, func(tx *storage.Tx) error {
		// It may have been changed while it was looked at.
		p, err := tx.Password(ctx, m.ID)
		if ok, err := found(err); err != nil {
			return err
		} else if !ok || p.Hash != hash {
			return errPassword()
		}
		if anew != "" {
			if err := tx.SavePassword(ctx, &community.Password{MemberID: m.ID, Hash: anew, Changed: p.Changed}); err != nil {
				return err
			}
		}
		if m, err = tx.MemberByID(ctx, m.ID); err != nil {
			return err
		}
		session, err = n.startSession(ctx, tx, m, agent)
		return err
	})
	return session, m, err
}

// checkPassword tells what is wrong with a password, or nil. Words are no secret:
// names, addresses.
func checkPassword(plain string, words ...string) error {
	wrong := func(key, msg string) error {
		return &community.Error{Code: community.Invalid, Key: "error.fields", Msg: "some fields need another look", Fields: []community.FieldError{{Field: "password", Key: key, Msg: msg}}}
	}
	switch runes := utf8.RuneCountInString(plain); {
	case runes < community.MinPassword:
		return wrong("password_short", "a password has at least 10 characters")
	case runes > community.MaxPassword:
		return wrong("password_long", "a password has at most 200 characters")
	case !utf8.ValidString(plain) || strings.ContainsRune(plain, 0):
		return wrong("password_long", "this is not a text")
	case password.Common(plain, words...):
		return wrong("password_common", "this is one of the first that someone else would try: take a few words that have nothing to do with each other")
	}
	return nil
}

// words of a member that are no secret.
func (n *Node) words(city *community.City, m *community.Member) []string {
	local, _, _ := strings.Cut(m.Email, "@")
	out := []string{m.Handle, m.Name, local, city.Handle, n.site.Host()}
	for _, t := range city.Name {
		out = append(out, t.Text)
	}
	return out
}

// SetPassword gives a member a password in place of the one before, and signs
// them out everywhere but in one session (0 for none). Invalid when it is short
// or common.
func (n *Node) SetPassword(ctx context.Context, by By, handle, plain string, but int64) error {
	if err := by.mayAs(handle); err != nil {
		return err
	}
	city, err := n.store.City(ctx)
	if err != nil {
		return err
	}
	m, err := n.store.Member(ctx, handle)
	if err != nil {
		return err
	}
	if err := checkPassword(plain, n.words(city, m)...); err != nil {
		return err
	}
	hash, err := password.Hash(ctx, plain)
	if err != nil {
		return err
	}
	return n.changeProof(ctx, by, handle, func(tx *storage.Tx, m *community.Member) error {
		if err := tx.SavePassword(ctx, &community.Password{MemberID: m.ID, Hash: hash, Changed: tx.Now()}); err != nil {
			return err
		}
		return tx.DeleteSessions(ctx, m.ID, but)
	})
}

// RemovePassword takes the password of a member away. Refused when they could not
// sign in any more.
func (n *Node) RemovePassword(ctx context.Context, by By, handle string) error {
	return n.loseProof(ctx, by, handle, func(tx *storage.Tx, m *community.Member) error { return tx.DeletePassword(ctx, m.ID) })
}
