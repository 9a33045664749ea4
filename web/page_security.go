package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"konfa/community"
)

// securityBody are the ways in which a member signs in, and where they are.
type securityBody struct {
	Form       *form
	Saved      string
	Email      string
	Waiting    string // an address that is to be confirmed
	Password   string // when it was set, or empty
	Passkeys   []proofView
	CanPasskey bool
	Fresh      bool // proved not long ago
	Again      string
	Identities []proofView
	OIDC       string
	Sessions   []sessionView
	Others     bool
}

type proofView struct {
	ID               int64
	Name, Made, Used string
}

type sessionView struct {
	ID            int64
	Browser, Used string
	Stamp         string
	This          bool
}

// security lists them: GET /me/security.
func (s *Server) security(w http.ResponseWriter, r *http.Request, v *viewer) error {
	return s.showSecurity(w, r, v, newForm(nil), http.StatusOK)
}

func (s *Server) showSecurity(w http.ResponseWriter, r *http.Request, v *viewer, f *form, status int) error {
	proofs, err := s.node.Proofs(r.Context(), v.by(), v.me.Handle)
	if err != nil {
		return err
	}
	sessions, err := s.node.Sessions(r.Context(), v.by(), v.me.Handle)
	if err != nil {
		return err
	}
	b := securityBody{Form: f, Saved: r.URL.Query().Get("saved"), Email: v.me.Email, CanPasskey: s.passkeys != nil, OIDC: s.oidcName(),
		Fresh: s.proven(v, "") == nil, Again: againPath + "?to=" + url.QueryEscape(securityPath)}
	if len(proofs.Promises) > 0 && proofs.Promises[0].Expires.After(v.now) {
		b.Waiting = proofs.Promises[0].Email
	}
	if proofs.Password != nil {
		b.Password = v.stamp(proofs.Password.Changed)
	}
	used := func(t time.Time) string {
		if t.IsZero() {
			return v.T("me.never_used")
		}
		return v.T("me.used", "Date", v.stamp(t))
	}
	for _, k := range proofs.Passkeys {
		b.Passkeys = append(b.Passkeys, proofView{k.ID, k.Name, v.T("me.added", "Date", v.stamp(k.Created)), used(k.LastUsed)})
	}
	for _, i := range proofs.Identities {
		b.Identities = append(b.Identities, proofView{i.ID, i.Name, v.T("me.added", "Date", v.stamp(i.Created)), used(i.LastUsed)})
	}
	for _, x := range sessions {
		b.Sessions = append(b.Sessions, sessionView{x.ID, v.browser(x.Agent), v.T("me.used", "Date", v.stamp(x.LastUsed)), x.LastUsed.Format(time.RFC3339), x.ID == v.session.ID})
		b.Others = b.Others || x.ID != v.session.ID
	}
	if len(b.Identities) > 0 {
		b.OIDC = orName(b.OIDC)
	}
	return s.showAccount(w, r, v, securityPath, "security", v.T("me.security"), b, status)
}

func orName(name string) string {
	if name == "" {
		return "OpenID Connect"
	}
	return name
}

// changeSecurity ends sessions and takes ways to sign in away: POST /me/security
// with do and id.
func (s *Server) changeSecurity(w http.ResponseWriter, r *http.Request, v *viewer) error {
	f := newForm(r.PostForm)
	id, _ := strconv.ParseInt(f.Value("id"), 10, 64) // 0 is nobody's
	do := f.Value("do")
	switch do {
	case "end", "end_others", "forget":
	default:
		if err := s.proven(v, securityPath); err != nil {
			return err
		}
	}
	ctx, by, me := r.Context(), v.by(), v.me.Handle
	var err error
	switch do {
	case "end":
		if err = s.node.EndSession(ctx, by, me, id); err == nil && id == v.session.ID {
			s.signOut(w)
			return seeOther("/")
		}
	case "end_others":
		err = s.node.EndSessions(ctx, by, me, v.session.ID)
	case "passkey":
		err = s.node.RemovePasskey(ctx, by, me, id)
	case "rename":
		err = s.node.RenamePasskey(ctx, by, me, id, f.Value("name"))
	case "identity":
		err = s.node.UnlinkIdentity(ctx, by, me, id)
	case "password":
		err = s.node.RemovePassword(ctx, by, me)
	case "email":
		err = s.node.RemoveEmail(ctx, by, me)
	case "forget":
		err = s.node.ForgetPromises(ctx, by, me)
	default:
		err = community.Errorf(community.Invalid, "the form does not say what to do")
	}
	if err != nil {
		status, err := s.refuse(f, v, err, nil)
		if err != nil {
			return err
		}
		return s.showSecurity(w, r, v, f, status)
	}
	return seeOther(securityPath + "?saved=" + url.QueryEscape(do))
}

// setBody is a page with one field of what matters.
type setBody struct {
	Form  *form
	Has   bool
	Email string
	Min   int
	Max   int
}

// passwordPage asks for a new password: GET /me/password.
func (s *Server) passwordPage(w http.ResponseWriter, r *http.Request, v *viewer) error {
	if err := s.proven(v, passwordPath); err != nil {
		return err
	}
	return s.showPassword(w, r, v, newForm(nil), http.StatusOK)
}

func (s *Server) showPassword(w http.ResponseWriter, r *http.Request, v *viewer, f *form, status int) error {
	proofs, err := s.node.Proofs(r.Context(), v.by(), v.me.Handle)
	if err != nil {
		return err
	}
	b := setBody{Form: f, Has: proofs.Password != nil, Email: v.me.Handle, Min: community.MinPassword, Max: community.MaxPassword}
	return s.showAccount(w, r, v, securityPath, "password", v.T("me.password"), b, status)
}

// changePassword sets it: POST /me/password.
func (s *Server) changePassword(w http.ResponseWriter, r *http.Request, v *viewer) error {
	if err := s.proven(v, passwordPath); err != nil {
		return err
	}
	f := newForm(nil) // a password is not given back
	if err := s.node.SetPassword(r.Context(), v.by(), v.me.Handle, r.PostForm.Get("password"), v.session.ID); err != nil {
		status, err := s.refuse(f, v, err, nil)
		if err != nil {
			return err
		}
		return s.showPassword(w, r, v, f, status)
	}
	return seeOther(securityPath + "?saved=set_password")
}

// emailPage asks for a new address: GET /me/email.
func (s *Server) emailPage(w http.ResponseWriter, r *http.Request, v *viewer) error {
	if err := s.proven(v, emailPath); err != nil {
		return err
	}
	return s.showEmail(w, r, v, newForm(nil), http.StatusOK)
}

func (s *Server) showEmail(w http.ResponseWriter, r *http.Request, v *viewer, f *form, status int) error {
	return s.showAccount(w, r, v, securityPath, "email", v.T("me.email"), setBody{Form: f, Has: v.me.Email != "", Email: v.me.Email, Max: community.MaxAddress}, status)
}

// changeEmail sends a letter to it: POST /me/email.
func (s *Server) changeEmail(w http.ResponseWriter, r *http.Request, v *viewer) error {
	if err := s.proven(v, emailPath); err != nil {
		return err
	}
	f := newForm(r.PostForm)
	if community.ValidEmail(f.Value("email")) && !s.sending.allow(r) {
		return errRate
	}
	if err := s.node.ChangeEmail(r.Context(), v.by(), v.me.Handle, f.Value("email"), v.Code); err != nil {
		status, err := s.refuse(f, v, err, nil)
		if err != nil {
			return err
		}
		return s.showEmail(w, r, v, f, status)
	}
	return seeOther(securityPath + "?saved=asked_email")
}

// askBody is a page that asks one thing, with a button.
type askBody struct {
	Title, Text, Button, Path string
	Form                      *form
	Handle                    bool // a handle is asked for too
}

// confirmMail asks whether an address is theirs: GET /me/confirm/{secret}. Programs
// that read mail for people open every address in it, so that looking changes
// nothing.
func (s *Server) confirmMail(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	p, m, err := s.node.PromiseOf(r.Context(), loginSecret(r))
	if err != nil {
		return err
	}
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	s.rememberLanguage(w, r)
	b := askBody{Title: v.T("me.confirm"), Text: v.T("me.confirm_text", "Address", p.Email, "Name", m.Name), Button: v.T("me.confirm_go"),
		Path: confirmMailPath + "/" + url.PathEscape(loginSecret(r)), Form: newForm(nil)}
	return s.once(w, r, v, &shown{"ask", page{Heading: b.Title, NoIndex: true, Class: "narrow", Body: b}}, nil, http.StatusOK)
}

// useConfirmMail notes that it is: POST /me/confirm/{secret}.
func (s *Server) useConfirmMail(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	if err := s.posted(w, r); err != nil {
		return err
	}
	if _, err := s.node.ConfirmEmail(r.Context(), loginSecret(r)); err != nil {
		return err
	}
	return seeOther(securityPath + "?saved=email_confirmed")
}
