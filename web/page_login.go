package web

import (
	"net/http"
	"net/url"
	"strings"

	"konfa/community"
)

// loginPath is where one signs in; below it are the addresses that do it once.
const loginPath = "/login"

// loginPage is where one signs in, in all the ways there are.
type loginPage struct {
	Form     *form
	To       string // where to go afterwards
	Sent     string // whom a letter went to, if they are here
	Name     string // of the member whom the address of this page signs in
	Path     string // of this page, to send the form to
	Again    string // the handle of who is signed in and proves it once more, or empty
	Password bool   // Again has one
	Email    bool   // Again has an address
	Passkeys bool   // a browser that can is asked for one
	OIDC     string // what the provider is called, or empty
	Join     string // where newcomers go, or empty
}

// after is where to go when signed in: a path of ours that was asked for.
func after(r *http.Request) string {
	to := r.FormValue("to")
	// Browsers leave out tabs and the like before they read an address: a slash, a
	// tab and a slash are another host.
	odd := func(r rune) bool { return r == '\\' || r < ' ' || r == 0x7f }
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsFunc(to, odd) || strings.HasPrefix(to, loginPath) || len(to) > maxParam {
		return "/"
	}
	return to
}

// home is where someone goes who just signed in: what was asked for, or else the
// desk for stewards.
func (s *Server) home(r *http.Request, m *community.Member) string {
	to := after(r)
	if to == "/" && m.Role == community.Steward {
		return deskPath
	}
	return to
}

// enter gives a browser a new session. The one that it had ends: whoever signs in
// never goes on with a secret that was there before.
func (s *Server) enter(w http.ResponseWriter, r *http.Request, secret string) error {
	by, old, err := s.who(r)
	if err != nil {
		return err
	}
	if old != nil {
		if err := s.node.EndSession(r.Context(), by, by.Member.Handle, old.ID); err != nil && community.CodeOf(err) != community.NotFound {
			return err
		}
	}
	s.signIn(w, secret)
	return nil
}

// proven returns nil if whoever is signed in proved not long ago that it is they,
// and otherwise sends them to do it once more and come back.
func (s *Server) proven(v *viewer, back string) error {
	if s.node.Now().Sub(v.session.Proven) <= community.KeepProven {
		return nil
	}
	return seeOther(againPath + "?to=" + url.QueryEscape(back))
}

// login shows where one signs in: GET /login.
func (s *Server) login(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	s.rememberLanguage(w, r)
	if v.me != nil {
		return seeOther(after(r))
	}
	return s.showLogin(w, r, v, loginPage{Form: newForm(nil)}, http.StatusOK)
}

// againPath is where who is signed in proves once more that it is they.
const againPath = loginPath + "/again"

// loginAgain asks who is signed in to prove it: GET /login/again.
func (s *Server) loginAgain(w http.ResponseWriter, r *http.Request, v *viewer) error {
	return s.showLogin(w, r, v, loginPage{Form: newForm(nil)}, http.StatusOK)
}

func (s *Server) showLogin(w http.ResponseWriter, r *http.Request, v *viewer, p loginPage, status int) error {
	p.To = after(r)
	p.Passkeys, p.OIDC = s.passkeys != nil, s.oidcName()
	pg := page{Heading: v.T("login.title"), NoIndex: true, Class: "narrow login", At: loginPath, Scripts: []string{"passkey.js"}, Sheets: []string{"account.css"}}
	switch {
	case v.me != nil:
		proofs, err := s.node.Proofs(r.Context(), v.by(), v.me.Handle)
		if err != nil {
			return err
		}
		p.Again, p.Password, p.Email, p.Passkeys = v.me.Handle, proofs.Password != nil, v.me.Email != "", p.Passkeys && len(proofs.Passkeys) > 0
		if len(proofs.Identities) == 0 {
			p.OIDC = ""
		}
		pg.Heading, pg.At = v.T("login.again"), againPath
	case v.city.Settings.Joins() != community.JoinInvited:
		p.Join = joinPath
	}
	pg.Body = p
	return s.once(w, r, v, &shown{"login", pg}, url.Values{"to": {p.To}}, status)
}

// signInForm answers the form of the page: POST /login with way, which is "password"
// or, if it is anything else, a letter.
func (s *Server) signInForm(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	if err := s.posted(w, r); err != nil {
		return err
	}
	f := newForm(url.Values{"email": r.PostForm["email"]}) // a password is not given back
	who := strings.TrimSpace(f.Value("email"))
	again := func() error { return s.showLogin(w, r, v, loginPage{Form: f}, http.StatusUnprocessableEntity) }
	if !community.ValidEmail(who) && !community.ValidHandle(strings.ToLower(strings.TrimPrefix(who, "@"))) {
		f.wrong("email", v.T("field.f_who"))
		return again()
	}
	if r.PostForm.Get("way") != "password" {
		return s.mailLogin(w, r, v, who)
	}
	plain := r.PostForm.Get("password")
	if plain == "" {
		f.wrong("password", v.T("login.password_missing"))
		return again()
	}
	if !s.guessing.allow(r) || !s.guessed.allow(who) {
		return errRate
	}
	secret, m, err := s.node.SignInByPassword(r.Context(), who, plain, r.UserAgent())
	if err != nil {
		status, err := s.refuse(f, v, err, nil)
		if err != nil {
			return err
		}
		return s.showLogin(w, r, v, loginPage{Form: f}, status)
	}
	if err := s.enter(w, r, secret); err != nil {
		return err
	}
	return seeOther(s.home(r, m))
}

// mailLogin mails an address that signs in.
func (s *Server) mailLogin(w http.ResponseWriter, r *http.Request, v *viewer, who string) error {
	if !s.sending.allow(r) {
		return errRate
	}
	to := after(r)
	if to == "/" {
		to = ""
	}
	if err := s.node.MailSignIn(r.Context(), who, v.Code, to); err != nil {
		return err
	}
	return s.showLogin(w, r, v, loginPage{Form: newForm(nil), Sent: who}, http.StatusOK)
}

// loginSecret is what the address of a page that signs in ends with.
func loginSecret(r *http.Request) string {
	secret := param(r, "secret")
	if len(secret) > 100 {
		return ""
	}
	return secret
}

// loginLink asks whether to sign in: GET /login/{secret}. It does not sign in by
// itself, as programs that read mail for people open every address in it.
func (s *Server) loginLink(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	m, err := s.node.SignInOf(r.Context(), loginSecret(r))
	if err != nil {
		return err
	}
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	s.rememberLanguage(w, r)
	p := loginPage{Form: newForm(nil), Name: m.Name, Path: loginPath + "/" + url.PathEscape(loginSecret(r)), To: after(r)}
	return s.once(w, r, v, &shown{"login", page{Heading: v.T("login.title"), NoIndex: true, Class: "narrow", Body: p}}, nil, http.StatusOK)
}

// useLoginLink signs in: POST /login/{secret}.
func (s *Server) useLoginLink(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	if err := s.posted(w, r); err != nil {
		return err
	}
	secret, m, err := s.node.UseSignIn(r.Context(), loginSecret(r), r.UserAgent())
	if err != nil {
		return err
	}
	if err := s.enter(w, r, secret); err != nil {
		return err
	}
	if m.Role == community.Steward && r.FormValue("to") == "" {
		return seeOther(deskPath)
	}
	return seeOther(after(r))
}

// logout signs out: POST /logout.
func (s *Server) logout(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	if err := s.posted(w, r); err != nil {
		return err
	}
	by, session, err := s.who(r)
	if err != nil {
		return err
	}
	if session != nil {
		if err := s.node.EndSession(r.Context(), by, by.Member.Handle, session.ID); err != nil && community.CodeOf(err) != community.NotFound {
			return err
		}
	}
	s.signOut(w)
	return seeOther("/")
}
