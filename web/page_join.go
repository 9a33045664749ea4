package web

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"konfa/community"
	"konfa/node"
	"konfa/prose"
)

// joinPath is where people get an account; below it are invitations.
const joinPath = "/join"

// joinBody is the page on which one joins.
type joinBody struct {
	Form      *form
	Mode      community.Joining // JoinInvited also with an invitation
	Invited   bool
	By        string // who invites
	City      string
	Path      string
	Conduct   template.HTML
	Version   int
	Vouched   string // the identity that will sign them in
	Provider  string
	Sent      string // where a letter went
	Agree     []formOption
	Host      string
	Min       int
	MaxName   int
	MaxWhy    int
	MaxHandle int
}

// joinPage makes the page.
func (s *Server) showJoin(w http.ResponseWriter, r *http.Request, v *viewer, b joinBody, status int) error {
	c, err := s.node.Conduct(r.Context())
	if err != nil {
		return err
	}
	b.Conduct, b.Version = raise(prose.Markdown(c.Text.Best(v.reads(v.city.Languages)...).Text)), c.Version
	b.City, b.Host = v.cityName().Text, v.site.Host()
	b.Agree = []formOption{{Value: itoa(c.Version), Text: v.T("join.agree")}}
	b.Min, b.MaxName, b.MaxWhy, b.MaxHandle = community.MinPassword, community.MaxName, community.MaxWhy, 30
	var id vouched
	if s.openSealed(r, vouchedCookie, &id) {
		b.Vouched, b.Provider = id.Shown, s.oidcName()
		if b.Form.Value("name") == "" && status == http.StatusOK {
			b.Form.Set("name", id.Name)
		}
		if b.Form.Value("email") == "" && status == http.StatusOK {
			b.Form.Set("email", id.Email)
		}
	}
	p := page{Heading: v.T("join.title", "City", b.City), NoIndex: true, Class: "narrow join", Sheets: []string{"account.css"}, Body: b}
	if !b.Invited {
		p.At = joinPath
	}
	return s.once(w, r, v, &shown{"join", p}, nil, status)
}

// join shows how one gets an account: GET /join.
func (s *Server) join(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	s.rememberLanguage(w, r)
	if v.me != nil {
		return seeOther(mePath)
	}
	return s.showJoin(w, r, v, joinBody{Form: newForm(nil), Mode: v.city.Settings.Joins(), Path: joinPath}, http.StatusOK)
}

// newcomer reads the form of someone who joins.
func (s *Server) newcomer(r *http.Request, v *viewer, f *form) node.Newcomer {
	who := node.Newcomer{
		Handle: strings.ToLower(strings.TrimPrefix(strings.TrimSpace(f.Value("handle")), "@")), Name: strings.TrimSpace(f.Value("name")), Email: strings.TrimSpace(f.Value("email")),
		Password: r.PostForm.Get("password"), Lang: v.Code, Who: f.Value("who"), Why: f.Value("why"),
	}
	if c, err := s.node.Conduct(r.Context()); err == nil && f.Has("conduct", itoa(c.Version)) {
		who.Conduct = c.Version
	}
	var id vouched
	if s.openSealed(r, vouchedCookie, &id) {
		who.Identity = &community.Identity{Issuer: id.Issuer, Subject: id.Subject, Name: id.Shown}
	}
	return who
}

// joiner reads a form to join, whose password is not given back.
func (s *Server) joiner(w http.ResponseWriter, r *http.Request) (*viewer, *form, node.Newcomer, error) {
	private(w.Header())
	v, err := s.viewer(r)
	if err != nil {
		return nil, nil, node.Newcomer{}, err
	}
	if err := s.posted(w, r); err != nil {
		return nil, nil, node.Newcomer{}, err
	}
	values := mapClone(r.PostForm)
	delete(values, "password")
	f := newForm(values)
	who := s.newcomer(r, v, f)
	if !f.Has("conduct", itoa(who.Conduct)) {
		f.wrong("conduct", v.T("join.agree_missing"))
	}
	return v, f, who, nil
}

// apply takes a form to join without an invitation: POST /join.
func (s *Server) apply(w http.ResponseWriter, r *http.Request) error {
	v, f, who, err := s.joiner(w, r)
	if err != nil {
		return err
	}
	b := joinBody{Form: f, Mode: v.city.Settings.Joins(), Path: joinPath}
	if !s.joining.allow(r) {
		return errRate
	}
	if !f.OK() {
		return s.showJoin(w, r, v, b, http.StatusUnprocessableEntity)
	}
	if err := s.node.Apply(r.Context(), who); err != nil {
		status, err := s.refuse(f, v, err, nil)
		if err != nil {
			return err
		}
		return s.showJoin(w, r, v, b, status)
	}
	s.dropSealed(w, vouchedCookie)
	b.Sent, b.Form = who.Email, newForm(nil)
	return s.showJoin(w, r, v, b, http.StatusOK)
}

// invitation is what the page of an invitation shows.
func (s *Server) invitation(r *http.Request, f *form) (joinBody, error) {
	_, by, err := s.node.InviteOf(r.Context(), loginSecret(r))
	if err != nil {
		return joinBody{}, err
	}
	b := joinBody{Form: f, Mode: community.JoinInvited, Invited: true, Path: joinPath + "/" + url.PathEscape(loginSecret(r))}
	if by != nil {
		b.By = by.Name
	}
	return b, nil
}

// joinInvited shows an invitation: GET /join/{secret}.
func (s *Server) joinInvited(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	s.rememberLanguage(w, r)
	b, err := s.invitation(r, newForm(nil))
	if err != nil {
		return err
	}
	return s.showJoin(w, r, v, b, http.StatusOK)
}

// useInvite gives someone invited an account: POST /join/{secret}.
func (s *Server) useInvite(w http.ResponseWriter, r *http.Request) error {
	v, f, who, err := s.joiner(w, r)
	if err != nil {
		return err
	}
	b, err := s.invitation(r, f)
	if err != nil {
		return err
	}
	if !s.joining.allow(r) {
		return errRate
	}
	if !f.OK() {
		return s.showJoin(w, r, v, b, http.StatusUnprocessableEntity)
	}
	secret, _, err := s.node.JoinByInvite(r.Context(), loginSecret(r), who, r.UserAgent())
	if err != nil {
		status, err := s.refuse(f, v, err, nil)
		if err != nil {
			return err
		}
		return s.showJoin(w, r, v, b, status)
	}
	s.changed.Add(1)
	s.dropSealed(w, vouchedCookie)
	if err := s.enter(w, r, secret); err != nil {
		return err
	}
	return seeOther(mePath + "?welcome=1")
}

// confirmJoin asks whether an address is theirs: GET /join/confirm/{secret}.
func (s *Server) confirmJoin(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	a, err := s.node.ApplicationOf(r.Context(), loginSecret(r))
	if err != nil {
		return err
	}
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	s.rememberLanguage(w, r)
	return s.showConfirmJoin(w, r, v, a, newForm(url.Values{"handle": {a.Handle}}), false, http.StatusOK)
}

func (s *Server) showConfirmJoin(w http.ResponseWriter, r *http.Request, v *viewer, a *community.Application, f *form, handle bool, status int) error {
	b := askBody{Title: v.T("join.title", "City", v.cityName().Text), Text: v.T("join.confirm_text", "Address", a.Email, "Name", a.Name), Button: v.T("join.confirm_go"),
		Path: joinPath + "/confirm/" + url.PathEscape(loginSecret(r)), Form: f, Handle: handle}
	return s.once(w, r, v, &shown{"ask", page{Heading: b.Title, NoIndex: true, Class: "narrow", Body: b}}, nil, status)
}

// useConfirmJoin notes that it is: POST /join/confirm/{secret}.
func (s *Server) useConfirmJoin(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	if err := s.posted(w, r); err != nil {
		return err
	}
	a, err := s.node.ApplicationOf(r.Context(), loginSecret(r))
	if err != nil {
		return err
	}
	f := newForm(r.PostForm)
	secret, done, err := s.node.ConfirmApplication(r.Context(), loginSecret(r), strings.ToLower(strings.TrimSpace(f.Value("handle"))), r.UserAgent())
	if err != nil {
		status, err := s.refuse(f, v, err, nil)
		if err != nil {
			return err
		}
		if f.Value("handle") == "" {
			f.Set("handle", a.Handle)
		}
		return s.showConfirmJoin(w, r, v, a, f, true, status)
	}
	s.changed.Add(1)
	if secret != "" {
		if err := s.enter(w, r, secret); err != nil {
			return err
		}
		return seeOther(mePath + "?welcome=1")
	}
	b := askBody{Title: v.T("join.waiting"), Text: v.T("join.waiting_text", "Address", done.Email)}
	return s.once(w, r, v, &shown{"ask", page{Heading: b.Title, NoIndex: true, Class: "narrow", Body: b}}, nil, http.StatusOK)
}
