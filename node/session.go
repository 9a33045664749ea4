package node

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"konfa/community"
	"konfa/storage"
)

// sessionGrain is how exactly the last use of a session is kept.
const sessionGrain = 10 * time.Minute

// maxSignIns bounds how many letters with such an address one person has at a
// time, whoever asks for them.
const maxSignIns = 3

// maxShared is how many members who share an e-mail address can sign in by it.
const maxShared = 3

// errSignIn: an address that signs in is good once and not for long.
func errSignIn() error {
	return &community.Error{Code: community.NotFound, Key: "error.sign_in", Msg: "this link has been used or is too old: ask for a new one"}
}

// errNoSession: the cookie of a browser signs nobody in.
func errNoSession() error {
	return &community.Error{Code: community.Forbidden, Key: "error.login", Msg: "you are not signed in"}
}

// AddSignIn makes the secret of an address that signs a member in, once. Whoever
// has it is that member: it is printed on the machine itself or mailed to them.
// Forbidden for members whose account is not in use.
func (n *Node) AddSignIn(ctx context.Context, by By, handle string) (string, error) {
	if err := by.mayAs(handle); err != nil {
		return "", err
	}
	var secret string
	err := n.write(ctx, func(tx *storage.Tx) error {
		m, err := tx.Member(ctx, handle)
		if err != nil {
			return err
		}
		secret, err = n.addSignIn(ctx, tx, m)
		return err
	})
	return secret, err
}

func (n *Node) addSignIn(ctx context.Context, tx *storage.Tx, m *community.Member) (string, error) {
	if !m.Active() {
		return "", &community.Error{Code: community.Forbidden, Key: "error.suspended", Msg: m.Handle + " is suspended"}
	}
	secret, err := newSecret()
	if err != nil {
		return "", err
	}
	return secret, tx.InsertSignIn(ctx, &community.SignIn{Hash: tokenHash(secret), MemberID: m.ID, Created: tx.Now(), Expires: tx.Now().Add(community.KeepSignIn)})
}

// MailSignIn mails an address that signs in to whoever has an account with this
// handle or e-mail address, and leads to a path of ours afterwards. Whether there
// is one is not told. At most maxSignIns are on their way to one person. Lang is
// for those who chose no language.
func (n *Node) MailSignIn(ctx context.Context, who, lang, to string) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		members, err := called(ctx, tx.Reader, who)
		if err != nil {
			return err
		}
		for i := range members {
			m := &members[i]
			if m.Email == "" {
				continue
			}
			pending, err := tx.CountSignIns(ctx, m.ID, tx.Now())
			if err != nil {
				return err
			}
			if pending >= maxSignIns {
				continue
			}
			secret, err := n.addSignIn(ctx, tx, m)
			if err != nil {
				return err
			}
			link := n.site.SignIn(secret)
			if to != "" {
				link += "?to=" + url.QueryEscape(to)
			}
			err = n.mail(ctx, tx, community.Letter{Kind: community.LetterSignIn, To: m.Email, Lang: orElse(m.Lang, lang), MemberID: m.ID, Args: map[string]string{"Link": link, "Name": m.Name}})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// called lists the members in use whom people call by a handle or an e-mail
// address: nobody, one, or the few who share an address.
func called(ctx context.Context, r *storage.Reader, who string) ([]community.Member, error) {
	who = strings.TrimSpace(who)
	var members []community.Member
	if name := strings.TrimPrefix(who, "@"); community.ValidHandle(strings.ToLower(name)) {
		m, err := r.Member(ctx, strings.ToLower(name))
		if ok, err := found(err); err != nil {
			return nil, err
		} else if ok {
			members = append(members, *m)
		}
	} else {
		var err error
		if members, err = r.MembersByEmail(ctx, who); err != nil {
			return nil, err
		}
	}
	members = slices.DeleteFunc(members, func(m community.Member) bool { return !m.Active() })
	return members[:min(len(members), maxShared)], nil
}

// SignInOf tells whom the address with a secret signs in; NotFound for one that is
// unknown, used or too old.
func (n *Node) SignInOf(ctx context.Context, secret string) (*community.Member, error) {
	return n.signInOf(ctx, n.store.Reader, secret)
}

func (n *Node) signInOf(ctx context.Context, r *storage.Reader, secret string) (*community.Member, error) {
	in, err := r.SignIn(ctx, tokenHash(secret))
	if ok, err := found(err); err != nil {
		return nil, err
	} else if !ok || !in.Expires.After(n.Now()) {
		return nil, errSignIn()
	}
	m, err := r.MemberByID(ctx, in.MemberID)
	if err != nil {
		return nil, err
	}
	if !m.Active() {
		return nil, errSignIn()
	}
	return m, nil
}

// UseSignIn signs in whoever has the secret, once, in the browser that calls
// itself agent. It returns the secret of the new session.
func (n *Node) UseSignIn(ctx context.Context, secret, agent string) (string, *community.Member, error) {
	var session string
	var m *community.Member
	err := n.write(ctx, func(tx *storage.Tx) error {
		var err error
		if m, err = n.signInOf(ctx, tx.Reader, secret); err != nil {
			return err
		}
		if err := tx.DeleteSignIn(ctx, tokenHash(secret)); err != nil {
			return err
		}
		session, err = n.startSession(ctx, tx, m, agent)
		return err
	})
	return session, m, err
}

// startSession signs a member in: whoever calls it made sure that it is they.
func (n *Node) startSession(ctx context.Context, tx *storage.Tx, m *community.Member, agent string) (string, error) {
	if !m.Active() {
		return "", &community.Error{Code: community.Forbidden, Key: "error.suspended", Msg: "this account is suspended"}
	}
	secret, err := newSecret()
	if err != nil {
		return "", err
	}
	agent = strings.ToValidUTF8(agent[:min(len(agent), community.MaxAgent)], "")
	return secret, tx.InsertSession(ctx, &community.Session{
		MemberID: m.ID, Hash: tokenHash(secret), Agent: agent, Created: tx.Now(), LastUsed: tx.Now(), Proven: tx.Now(),
	})
}

// Session tells who is signed in by the secret of a cookie. Forbidden (key
// "error.login") for one that is unknown or unused for too long, or of an account
// that is not in use.
func (n *Node) Session(ctx context.Context, secret string) (By, *community.Session, error) {
	s, err := n.store.Session(ctx, tokenHash(secret))
	if ok, err := found(err); err != nil {
		return By{}, nil, err
	} else if !ok || n.Now().Sub(s.LastUsed) > community.KeepSession {
		return By{}, nil, errNoSession()
	}
	m, err := n.store.MemberByID(ctx, s.MemberID)
	if err != nil {
		return By{}, nil, err
	}
	if !m.Active() {
		return By{}, nil, errNoSession()
	}
	if n.Now().Sub(s.LastUsed) > sessionGrain {
		err := n.write(ctx, func(tx *storage.Tx) error { return tx.TouchSession(ctx, s.ID, false) })
		if _, err := found(err); err != nil {
			return By{}, nil, err
		}
	}
	return By{Member: m}, s, nil
}

// Sessions lists the browsers in which a member is signed in.
func (n *Node) Sessions(ctx context.Context, by By, handle string) ([]community.Session, error) {
	if err := by.mayAs(handle); err != nil {
		return nil, err
	}
	m, err := n.store.Member(ctx, handle)
	if err != nil {
		return nil, err
	}
	return n.store.Sessions(ctx, m.ID)
}

// EndSession signs a member out of one browser.
func (n *Node) EndSession(ctx context.Context, by By, handle string, id int64) error {
	return n.endSessions(ctx, by, handle, func(tx *storage.Tx, m *community.Member) error { return tx.DeleteSession(ctx, m.ID, id) })
}

// EndSessions signs a member out of all browsers but one (0 for none).
func (n *Node) EndSessions(ctx context.Context, by By, handle string, but int64) error {
	return n.endSessions(ctx, by, handle, func(tx *storage.Tx, m *community.Member) error { return tx.DeleteSessions(ctx, m.ID, but) })
}

func (n *Node) endSessions(ctx context.Context, by By, handle string, end func(*storage.Tx, *community.Member) error) error {
	if err := by.mayAs(handle); err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		m, err := tx.Member(ctx, handle)
		if err != nil {
			return err
		}
		return end(tx, m)
	})
}

// PruneSessions ends sessions that nobody used for long, and forgets what was
// to be confirmed and was not.
func (n *Node) PruneSessions(ctx context.Context) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		if _, err := tx.PruneSessions(ctx, tx.Now().Add(-community.KeepSession)); err != nil {
			return err
		}
		if err := tx.PrunePromises(ctx); err != nil {
			return err
		}
		return tx.PruneApplications(ctx, tx.Now().Add(-community.KeepApplying), tx.Now().Add(-community.KeepDeclined))
	})
}
