package node

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"konfa/community"
	"konfa/password"
	"konfa/storage"
)

// keepWelcome is how long the address signs in that goes to those who were
// accepted: they may not read mail today.
const keepWelcome = 7 * 24 * time.Hour

// maxApplications bounds how many applications wait at a time, all together and
// of one address.
const (
	maxApplications = 300
	maxApplying     = 3
)

// errApplication: an address that confirms an application is good once and not
// for ever.
func errApplication() error {
	return &community.Error{Code: community.NotFound, Key: "error.application", Msg: "this link has been used or is too old: ask to join once more"}
}

// Newcomer is what someone says who joins.
type Newcomer struct {
	Handle, Name string
	Email        string // may be empty with an invitation and a password
	Password     string // may be empty
	Lang         string
	Conduct      int                 // the version of the code of conduct they agreed to
	Identity     *community.Identity // Issuer, Subject and Name of what shall sign them in, or nil
	Who, Why     string              // of an application
}

// fields puts the field errors of several checks together, and returns the first
// error that is of another kind.
func fields(errs ...error) error {
	var all []community.FieldError
	for _, err := range errs {
		e, ok := errors.AsType[*community.Error](err)
		switch {
		case err == nil:
		case !ok || len(e.Fields) == 0:
			return err
		default:
			all = append(all, e.Fields...)
		}
	}
	if all == nil {
		return nil
	}
	return &community.Error{Code: community.Invalid, Key: "error.fields", Msg: "some fields need another look", Fields: all}
}

func fieldError(field, key, msg string) error {
	return &community.Error{Code: community.Invalid, Key: "error.fields", Msg: "some fields need another look", Fields: []community.FieldError{{Field: field, Key: key, Msg: msg}}}
}

// JoinByInvite gives an account to whoever has the secret of an invitation, and
// signs them in. It returns the secret of the session. An e-mail address is theirs
// once they used the link that goes there.
func (n *Node) JoinByInvite(ctx context.Context, secret string, who Newcomer, agent string) (string, *community.Member, error) {
	i, _, err := n.InviteOf(ctx, secret)
	if err != nil {
		return "", nil, err
	}
	city, err := n.store.City(ctx)
	if err != nil {
		return "", nil, err
	}
	who.Email = strings.TrimSpace(who.Email)
	m := &community.Member{Handle: who.Handle, Name: who.Name, Role: i.Role, Lang: who.Lang, Languages: languagesOf(city, who.Lang)}
	problems := []error{m.Check()}
	if m.Check() == nil {
		problems = append(problems, handleFree(ctx, n.store.Reader, city, m.Handle))
	}
	if who.Email != "" && !community.ValidEmail(who.Email) {
		problems = append(problems, fieldError("email", "email", "this is not an e-mail address"))
	}
	if who.Password != "" {
		named := *m
		named.Email = who.Email
		problems = append(problems, checkPassword(who.Password, n.words(city, &named)...))
	} else if who.Email == "" && who.Identity == nil {
		problems = append(problems, fieldError("email", "no_way", "give an e-mail address or a password, so that you can sign in again"))
	}
	if err := fields(problems...); err != nil {
		return "", nil, err
	}
	hash := ""
	if who.Password != "" {
		if hash, err = password.Hash(ctx, who.Password); err != nil {
			return "", nil, err
		}
	}
	keys, err := newKeys(community.MemberActor(m.Handle))
	if err != nil {
		return "", nil, err
	}
	var session string
	err = n.write(ctx, func(tx *storage.Tx) error {
		if _, _, err := n.inviteOf(ctx, tx.Reader, secret); err != nil {
			return err
		}
		if err := holds(ctx, tx, who.Conduct); err != nil {
			return err
		}
		m.ID, m.Conduct, m.Agreed = 0, who.Conduct, tx.Now()
		if err := n.addMember(ctx, tx, m, keys); err != nil {
			return err
		}
		if err := tx.UseInvite(ctx, i.ID); err != nil {
			if community.CodeOf(err) == community.NotFound {
				return errInvite() // the last one who could was quicker
			}
			return err
		}
		if hash != "" {
			if err := tx.SavePassword(ctx, &community.Password{MemberID: m.ID, Hash: hash, Changed: tx.Now()}); err != nil {
				return err
			}
		}
		if err := linkNew(ctx, tx, m, who.Identity); err != nil {
			return err
		}
		if who.Email != "" {
			if err := n.promise(ctx, tx, m, who.Email, who.Lang); err != nil {
				return err
			}
		}
		var err error
		session, err = n.startSession(ctx, tx, m, agent)
		return err
	})
	return session, m, err
}

// languagesOf are what a newcomer speaks as far as we know: what they read the
// page in, or what the city speaks.
func languagesOf(city *community.City, lang string) []string {
	if lang != "" {
		return []string{lang}
	}
	return city.Languages
}

// linkNew lets the identity by which someone came sign them in, if it is nobody's
// by now.
func linkNew(ctx context.Context, tx *storage.Tx, m *community.Member, i *community.Identity) error {
	if i == nil || i.Issuer == "" {
		return nil
	}
	err := tx.InsertIdentity(ctx, &community.Identity{MemberID: m.ID, Issuer: i.Issuer, Subject: i.Subject, Name: identityName(i.Name), Created: tx.Now()})
	if community.CodeOf(err) == community.Conflict {
		return &community.Error{Code: community.Conflict, Key: "error.identity_taken", Msg: "this account signs someone in already", Err: err}
	}
	return err
}

// Apply notes that someone would like to join, and mails them a link that confirms
// their address; nothing happens before it is used. Refused where people come by
// invitation only. Whether the address is known here is not told.
func (n *Node) Apply(ctx context.Context, who Newcomer) error {
	city, err := n.store.City(ctx)
	if err != nil {
		return err
	}
	mode := city.Settings.Joins()
	if mode == community.JoinInvited {
		return &community.Error{Code: community.Refused, Key: "error.invitation_only", Msg: "people join here by invitation"}
	}
	secret, err := newSecret()
	if err != nil {
		return err
	}
	a := &community.Application{Hash: tokenHash(secret), Handle: who.Handle, Name: who.Name, Email: who.Email, Lang: who.Lang, Who: who.Who, Why: who.Why,
		Conduct: who.Conduct, Open: mode == community.JoinOpen, State: community.ApplicationUnconfirmed}
	if who.Identity != nil {
		a.Issuer, a.Subject, a.Identity = who.Identity.Issuer, who.Identity.Subject, identityName(who.Identity.Name)
	}
	if a.Name == "" {
		a.Name = a.Handle
	}
	problems := []error{a.Check()}
	if community.ValidHandle(a.Handle) {
		problems = append(problems, handleWanted(ctx, n.store.Reader, city, a.Handle))
	}
	if err := fields(problems...); err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		if err := holds(ctx, tx, a.Conduct); err != nil {
			return err
		}
		asked := 0
		for _, state := range []community.ApplicationState{community.ApplicationUnconfirmed, community.ApplicationWaiting} {
			n, err := tx.CountApplications(ctx, state, a.Email)
			if err != nil {
				return err
			}
			asked += n
		}
		if asked >= maxApplying {
			return nil // enough letters went there
		}
		a.Created, a.Agreed = tx.Now(), tx.Now()
		if err := tx.InsertApplication(ctx, a); err != nil {
			return err
		}
		return n.mail(ctx, tx, community.Letter{Kind: community.LetterJoin, To: a.Email, Lang: a.Lang, Args: map[string]string{"Link": n.site.Apply(secret), "Name": a.Name}})
	})
}

// handleWanted returns nil if nobody has, had or waits for a handle.
func handleWanted(ctx context.Context, r *storage.Reader, city *community.City, handle string) error {
	if err := handleFree(ctx, r, city, handle); err != nil {
		return err
	}
	if taken, err := r.Applied(ctx, handle); err != nil {
		return err
	} else if taken {
		return handleTaken(handle)
	}
	return nil
}

// ApplicationOf finds the application that a secret confirms. NotFound for one that
// is unknown, used or too old.
func (n *Node) ApplicationOf(ctx context.Context, secret string) (*community.Application, error) {
	return n.applicationOf(ctx, n.store.Reader, secret)
}

func (n *Node) applicationOf(ctx context.Context, r *storage.Reader, secret string) (*community.Application, error) {
	a, err := r.Application(ctx, tokenHash(secret))
	if ok, err := found(err); err != nil {
		return nil, err
	} else if !ok || a.State != community.ApplicationUnconfirmed || n.Now().Sub(a.Created) > community.KeepApplying {
		return nil, errApplication()
	}
	return a, nil
}

// ConfirmApplication notes that the address of an application is theirs. If anyone
// may join they have an account now, and the secret of a session is returned;
// otherwise it is "" and stewards are told. Handle takes the place of the one
// that was asked for, unless it is empty: someone may have taken that meanwhile.
func (n *Node) ConfirmApplication(ctx context.Context, secret, handle, agent string) (string, *community.Application, error) {
	a, err := n.ApplicationOf(ctx, secret)
	if err != nil {
		return "", nil, err
	}
	if handle == "" {
		handle = a.Handle
	}
	keys, err := newKeys(community.MemberActor(handle))
	if err != nil {
		return "", nil, err
	}
	var session string
	err = n.write(ctx, func(tx *storage.Tx) error {
		if a, err = n.applicationOf(ctx, tx.Reader, secret); err != nil {
			return err
		}
		city, err := tx.City(ctx)
		if err != nil {
			return err
		}
		a.Handle, a.Confirmed = handle, tx.Now()
		if err := a.Check(); err != nil {
			return err
		}
		if err := handleWanted(ctx, tx.Reader, city, handle); err != nil {
			return err
		}
		mode := city.Settings.Joins()
		if mode == community.JoinInvited {
			return &community.Error{Code: community.Refused, Key: "error.invitation_only", Msg: "people join here by invitation"}
		}
		if a.Open && mode == community.JoinOpen {
			m, err := n.welcome(ctx, tx, a, keys)
			if err != nil {
				return err
			}
			session, err = n.startSession(ctx, tx, m, agent)
			return err
		}
		waiting, err := tx.CountApplications(ctx, community.ApplicationWaiting, "")
		if err != nil {
			return err
		}
		if waiting >= maxApplications {
			return &community.Error{Code: community.Refused, Key: "error.applications", Msg: "too many people wait for an answer already: try again in a few days"}
		}
		a.State = community.ApplicationWaiting
		if err := tx.UpdateApplication(ctx, a); err != nil {
			return err
		}
		return n.tellStewards(ctx, tx, community.NoticeApplication, "Name", a.Name, "URL", n.site.Base+"/desk/members/applications#a"+strconv.FormatInt(a.ID, 10))
	})
	if err != nil {
		return "", nil, err
	}
	return session, a, nil
}

// tellStewards leaves a word for every steward.
func (n *Node) tellStewards(ctx context.Context, tx *storage.Tx, kind community.NoticeKind, args ...string) error {
	members, err := tx.Members(ctx)
	if err != nil {
		return err
	}
	for _, m := range members {
		if m.Role != community.Steward || !m.Active() {
			continue
		}
		if err := n.notify(ctx, tx, m.ID, kind, args...); err != nil {
			return err
		}
	}
	return nil
}

// welcome makes a member of an applicant whose address is confirmed.
func (n *Node) welcome(ctx context.Context, tx *storage.Tx, a *community.Application, keys []community.KeyPair) (*community.Member, error) {
	city, err := tx.City(ctx)
	if err != nil {
		return nil, err
	}
	m := &community.Member{Handle: a.Handle, Name: a.Name, Email: a.Email, Role: community.Newcomer, Lang: a.Lang, Languages: languagesOf(city, a.Lang), Conduct: a.Conduct, Agreed: a.Agreed}
	if err := m.Check(); err != nil {
		return nil, err
	}
	if err := n.addMember(ctx, tx, m, keys); err != nil {
		return nil, err
	}
	if err := linkNew(ctx, tx, m, &community.Identity{Issuer: a.Issuer, Subject: a.Subject, Name: a.Identity}); err != nil {
		return nil, err
	}
	a.State, a.MemberID, a.Judged = community.ApplicationAccepted, m.ID, tx.Now()
	return m, tx.UpdateApplication(ctx, a)
}

// Applications lists who waits for an account, longest first; stewards see it.
func (n *Node) Applications(ctx context.Context, by By) ([]community.Application, error) {
	if err := by.may(community.Steward); err != nil {
		return nil, err
	}
	return n.store.Applications(ctx, community.ApplicationWaiting)
}

// AcceptApplication gives an account to someone who waits for one. They get a
// letter with an address that signs them in. Conflict when it was judged already.
func (n *Node) AcceptApplication(ctx context.Context, by By, id int64) (*community.Member, error) {
	if err := by.may(community.Steward); err != nil {
		return nil, err
	}
	a, err := n.store.ApplicationByID(ctx, id)
	if err != nil {
		return nil, err
	}
	keys, err := newKeys(community.MemberActor(a.Handle))
	if err != nil {
		return nil, err
	}
	var m *community.Member
	err = n.judgeApplication(ctx, by, id, "application.accept", "", func(tx *storage.Tx, a *community.Application) error {
		var err error
		if m, err = n.welcome(ctx, tx, a, keys); err != nil {
			return err
		}
		secret, err := newSecret()
		if err != nil {
			return err
		}
		if err := tx.InsertSignIn(ctx, &community.SignIn{Hash: tokenHash(secret), MemberID: m.ID, Created: tx.Now(), Expires: tx.Now().Add(keepWelcome)}); err != nil {
			return err
		}
		return n.mail(ctx, tx, community.Letter{Kind: community.LetterApplication, To: a.Email, Lang: a.Lang, MemberID: m.ID,
			Args: map[string]string{"Accepted": "yes", "Name": a.Name, "Link": n.site.SignIn(secret) + "?to=%2Fme%2Fsecurity"}})
	})
	return m, err
}

// DeclineApplication tells someone who waits for an account that they get none, and
// why.
func (n *Node) DeclineApplication(ctx context.Context, by By, id int64, reason string) error {
	reason = strings.TrimSpace(reason)
	if len([]rune(reason)) > community.MaxWhy {
		return fieldError("reason", "long", "at most 2000 characters")
	}
	if reason == "" {
		return fieldError("reason", "required", "say why: they will read it")
	}
	return n.judgeApplication(ctx, by, id, "application.decline", reason, func(tx *storage.Tx, a *community.Application) error {
		a.State, a.Reason, a.Judged = community.ApplicationDeclined, reason, tx.Now()
		if err := tx.UpdateApplication(ctx, a); err != nil {
			return err
		}
		return n.mail(ctx, tx, community.Letter{Kind: community.LetterApplication, To: a.Email, Lang: a.Lang,
			Args: map[string]string{"Accepted": "no", "Name": a.Name, "Text": reason}})
	})
}

func (n *Node) judgeApplication(ctx context.Context, by By, id int64, action, reason string, do func(*storage.Tx, *community.Application) error) error {
	if err := by.may(community.Steward); err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		a, err := tx.ApplicationByID(ctx, id)
		if err != nil {
			return err
		}
		if a.State != community.ApplicationWaiting {
			return &community.Error{Code: community.Conflict, Key: "error.application_judged", Msg: "this application has been answered already"}
		}
		if err := do(tx, a); err != nil {
			return err
		}
		return n.audit(ctx, tx, by, community.Audit{Action: action, Object: string(community.MemberActor(a.Handle)), Name: a.Name, Reason: reason})
	})
}

// SetJoining says how people get an account from now on.
func (n *Node) SetJoining(ctx context.Context, by By, mode community.Joining) error {
	if err := by.may(community.Steward); err != nil {
		return err
	}
	if err := mode.Check(); err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		city, err := tx.City(ctx)
		if err != nil {
			return err
		}
		before := city.Settings.Joins()
		city.Settings.Joining, city.Updated = mode, tx.Now()
		if err := tx.SaveCity(ctx, city); err != nil {
			return err
		}
		return n.audit(ctx, tx, by, community.Audit{Action: "city.joining", Object: "city", Name: city.Name.First(), Details: map[string]string{"from": string(before), "to": string(mode)}})
	})
}
