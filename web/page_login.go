package web

import (
	"net/http"
	"net/url"
	"strings"

	"konfa/community"
)

// loginPath is where one signs in; below it are the addresses that do it once.
const loginPath = "/login"

// loginPage is where one signs in.
type loginPage struct {
	Form  *form
	To    string // where to go afterwards
	Sent  string // the address a letter went to, if it is ours
	Name  string // of the member whom the address of this page signs in
	Path  string // of this page, to send the form to
	SMTP  bool
	Stale bool
}

// after is where to go when signed in: a path of ours that was asked for.
func after(r *http.Request) string {
	to := r.FormValue("to")
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n") || strings.HasPrefix(to, loginPath) || len(to) > maxParam {
		return "/"
	}
	return to
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

func (s *Server) showLogin(w http.ResponseWriter, r *http.Request, v *viewer, p loginPage, status int) error {
	p.To = after(r)
	return s.once(w, r, v, &shown{"login", page{Heading: v.T("login.title"), NoIndex: true, Class: "narrow", At: loginPath, Body: p}}, url.Values{"to": {p.To}}, status)
}

// mailLogin mails an address that signs in: POST /login with email.
func (s *Server) mailLogin(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	if err := s.posted(w, r); err != nil {
		return err
	}
	f := newForm(r.PostForm)
	address := strings.TrimSpace(f.Value("email"))
	if name, host, ok := strings.Cut(address, "@"); !ok || name == "" || host == "" || len(address) > 254 || strings.ContainsAny(address, " \t\r\n") {
		f.wrong("email", v.T("field.f_email"))
		return s.showLogin(w, r, v, loginPage{Form: f}, http.StatusUnprocessableEntity)
	}
	if !s.sending.allow(r) {
		return errRate
	}
	if err := s.node.MailSignIn(r.Context(), address, v.Code, ""); err != nil {
		return err
	}
	return s.showLogin(w, r, v, loginPage{Form: newForm(nil), Sent: address}, http.StatusOK)
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
	p := loginPage{Form: newForm(nil), Name: m.Name, Path: loginPath + "/" + url.PathEscape(loginSecret(r))}
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
	s.signIn(w, secret)
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
