package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"konfa/community"
)

// Where members look after their account.
const (
	mePath          = "/me"
	myConferences   = mePath + "/conferences"
	securityPath    = mePath + "/security"
	linksPath       = mePath + "/links"
	myInvitesPath   = mePath + "/invites"
	dataPath        = mePath + "/data"
	passwordPath    = mePath + "/password"
	emailPath       = mePath + "/email"
	deletePath      = mePath + "/delete"
	confirmMailPath = mePath + "/confirm"
)

// accountRoutes are the pages of one's account.
func (s *Server) accountRoutes(get, post func(string, http.HandlerFunc)) {
	member := func(path string, h, act func(http.ResponseWriter, *http.Request, *viewer) error) {
		if h != nil {
			get(path, s.signed(community.Newcomer, h))
		}
		if act != nil {
			post(path, s.signed(community.Newcomer, act))
		}
	}
	get(againPath, s.signed(community.Newcomer, s.loginAgain))
	post(loginPath+"/passkey/begin", s.page(s.beginPasskeyLogin))
	post(loginPath+"/passkey", s.page(s.passkeyLogin))
	get(oidcPath, s.page(s.endOIDC))
	post(oidcPath, s.page(s.startOIDC))

	member(mePath, s.profile, s.saveProfile)
	member(myConferences, s.mySigned, nil)
	member(myConferences+"/{act}", nil, s.mySignedAct)
	member(securityPath, s.security, s.changeSecurity)
	member(mePath+"/passkeys/begin", nil, s.beginPasskey)
	member(mePath+"/passkeys", nil, s.addPasskey)
	member(passwordPath, s.passwordPage, s.changePassword)
	member(emailPath, s.emailPage, s.changeEmail)
	member(myMailPath, s.myMail, s.setMyMail)
	member(linksPath, s.links, s.changeLinks)
	member(myInvitesPath, s.myInvites, s.changeMyInvites)
	member(dataPath, s.dataPage, s.changeMove)
	get(mePath+"/export.zip", s.signed(community.Newcomer, s.export))
	member(deletePath, s.leavePage, s.deleteMe)
	get(confirmMailPath+"/{secret}", s.page(s.confirmMail))
	post(confirmMailPath+"/{secret}", s.page(s.useConfirmMail))

	get(joinPath, s.page(s.join))
	post(joinPath, s.page(s.apply))
	get(joinPath+"/confirm/{secret}", s.page(s.confirmJoin))
	post(joinPath+"/confirm/{secret}", s.page(s.useConfirmJoin))
	get(joinPath+"/{secret}", s.page(s.joinInvited))
	post(joinPath+"/{secret}", s.page(s.useInvite))

	get(conductPath, s.show(s.conduct, "v"))
	member(agreePath, s.agreePage, s.agree)

	steward := func(path string, h, act func(http.ResponseWriter, *http.Request, *viewer) error) {
		get(path, s.signed(community.Steward, h))
		post(path, s.signed(community.Steward, act))
	}
	steward(membersPath, s.members, s.changeJoining)
	steward(membersPath+"/applications", s.applications, s.judgeApplication)
	steward(membersPath+"/invites", s.invites, s.changeInvites)
	steward(membersPath+"/{handle}", s.memberDesk, s.changeRole)
	steward(conductDeskPath, s.conductDesk, s.publishConduct)
}

// accountNav is the navigation of one's account with the page at path marked.
func (v *viewer) accountNav(path string) []deskLink {
	links := []deskLink{
		{myConferences, v.T("me.conferences"), false}, {mePath, v.T("me.profile"), false}, {securityPath, v.T("me.security"), false}, {myMailPath, v.T("me.mail"), false}, {linksPath, v.T("me.links"), false},
	}
	if v.me.Role.AtLeast(community.Regular) {
		links = append(links, deskLink{myInvitesPath, v.T("me.invites"), false})
	}
	links = append(links, deskLink{dataPath, v.T("me.data"), false})
	for i := range links {
		links[i].Current = links[i].Path == path
	}
	return links
}

// showAccount shows a page of one's account.
func (s *Server) showAccount(w http.ResponseWriter, r *http.Request, v *viewer, section, template, heading string, body any, status int) error {
	p := page{Heading: heading, NoIndex: true, Class: "account", Account: v.accountNav(section), Sheets: []string{"account.css"}, Body: body}
	if template == "security" {
		p.Scripts = []string{"passkey.js"}
	}
	return s.once(w, r, v, &shown{template, p}, r.URL.Query(), status)
}

// profilePage is what a member says of themselves.
type profilePage struct {
	Form      *form
	Saved     bool
	Welcome   bool // they joined just now
	Handle    string
	Address   string // in the fediverse
	Path      string // of their public page
	Tongues   []formOption
	Languages []formOption
	MaxName   int
	MaxAbout  int
}

// profile shows it: GET /me.
func (s *Server) profile(w http.ResponseWriter, r *http.Request, v *viewer) error {
	f := newForm(url.Values{"name": {v.me.Name}, "about": {v.me.About}, "lang": {v.me.Lang}, "languages": {strings.Join(v.me.Languages, ", ")}})
	return s.showProfile(w, r, v, f, http.StatusOK)
}

func (s *Server) showProfile(w http.ResponseWriter, r *http.Request, v *viewer, f *form, status int) error {
	p := profilePage{Form: f, Saved: r.URL.Query().Has("saved"), Welcome: r.URL.Query().Has("welcome"), Handle: v.me.Handle, Address: "@" + v.me.Handle + "@" + v.site.Host(),
		Path: "/people/" + v.me.Handle, MaxName: community.MaxName, MaxAbout: community.MaxAbout}
	p.Tongues = append(p.Tongues, formOption{Value: "", Text: v.T("me.lang_browser")})
	for _, t := range s.tongues.list {
		p.Tongues = append(p.Tongues, formOption{Value: t.Code, Text: t.Name})
	}
	return s.showAccount(w, r, v, mePath, "profile", v.T("me.profile"), p, status)
}

// saveProfile keeps it: POST /me.
func (s *Server) saveProfile(w http.ResponseWriter, r *http.Request, v *viewer) error {
	f := newForm(r.PostForm)
	languages := splitLanguages(f.Value("languages"))
	err := s.node.UpdateProfile(r.Context(), v.by(), v.me.Handle, func(m *community.Member) error {
		for _, l := range languages {
			if !community.ValidLang(l) {
				return invalidField("languages", "language", l+" is not a language tag such as en or ru")
			}
		}
		if len(languages) > 20 {
			return invalidField("languages", "many", "these are too many")
		}
		m.Name, m.About, m.Languages, m.Lang = f.Value("name"), f.Value("about"), languages, f.Value("lang")
		return nil
	})
	if err != nil {
		status, err := s.refuse(f, v, err, nil)
		if err != nil {
			return err
		}
		return s.showProfile(w, r, v, f, status)
	}
	if t, ok := s.tongues.byCode(f.Value("lang")); ok {
		s.keepLanguage(w, t)
	}
	return seeOther(mePath + "?saved=1")
}

// keepLanguage remembers the language that someone chose.
func (s *Server) keepLanguage(w http.ResponseWriter, t *tongue) {
	http.SetCookie(w, &http.Cookie{Name: langCookie, Value: t.Code, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(s.site.Base, "https:")})
}

// splitLanguages reads language tags with anything between them.
func splitLanguages(typed string) []string {
	var out []string
	for _, l := range strings.FieldsFunc(strings.ToLower(typed), func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\n' || r == '\r' || r == '\t' }) {
		if !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}

// mySigned is one's own conferences for who is signed in: GET /me/conferences.
func (s *Server) mySigned(w http.ResponseWriter, r *http.Request, v *viewer) error {
	return s.showMine(w, r, v.me, nil, nil, stayForm{})
}

// mySignedAct does what a form of that page asks for.
func (s *Server) mySignedAct(w http.ResponseWriter, r *http.Request, v *viewer) error {
	return s.mineDo(w, r, v.me, nil, myConferences)
}

// dataPage is what goes out of one's account and what it goes to.
type dataPageBody struct {
	Form    *form
	Saved   string
	MovedTo string
	Aliases []string
	Address string
	Asks    bool // other servers can be asked
}

// dataPage shows export, moving and deletion: GET /me/data.
func (s *Server) dataPage(w http.ResponseWriter, r *http.Request, v *viewer) error {
	return s.showData(w, r, v, newForm(nil), http.StatusOK)
}

func (s *Server) showData(w http.ResponseWriter, r *http.Request, v *viewer, f *form, status int) error {
	p := dataPageBody{Form: f, Saved: r.URL.Query().Get("saved"), MovedTo: v.me.MovedTo, Aliases: v.me.AlsoKnownAs, Address: "@" + v.me.Handle + "@" + v.site.Host(), Asks: s.remote != nil}
	return s.showAccount(w, r, v, dataPath, "data", v.T("me.data"), p, status)
}

// changeMove names other accounts and moves: POST /me/data with do.
func (s *Server) changeMove(w http.ResponseWriter, r *http.Request, v *viewer) error {
	f := newForm(r.PostForm)
	do, account, field := f.Value("do"), strings.TrimSpace(f.Value("account")), "account"
	if do == "move" {
		if err := s.proven(v, dataPath); err != nil {
			return err
		}
		account, field = strings.TrimSpace(f.Value("target")), "target"
	}
	err := func() error {
		switch {
		case do == "stay":
			return s.node.CancelMove(r.Context(), v.by(), v.me.Handle)
		case do == "unalias":
			return s.node.RemoveAlias(r.Context(), v.by(), v.me.Handle, f.Value("account"))
		case s.remote == nil:
			return community.Errorf(community.Refused, "other servers are not asked")
		case account == "" || len(account) > 500:
			return invalidField(field, "required", "name an account, such as @anna@konfa.example")
		case !s.asking.allow(r):
			return errRate
		case do == "alias":
			_, err := s.remote.AddAlias(r.Context(), v.by(), v.me.Handle, account)
			return err
		case do == "move":
			_, err := s.remote.MoveAway(r.Context(), v.by(), v.me.Handle, account)
			return err
		}
		return community.Errorf(community.Invalid, "the form does not say what to do")
	}()
	if err != nil {
		status, err := s.refuse(f, v, err, nil)
		if err != nil {
			return err
		}
		return s.showData(w, r, v, f, status)
	}
	return seeOther(dataPath + "?saved=" + url.QueryEscape(do))
}

// linksPage are the secret addresses with one's own page and calendar.
type linksPageBody struct {
	Form   *form
	Links  []linkView
	Made   *madeLink
	Saved  bool
	Asking []formOption
}

type linkView struct {
	ID                  int64
	Name, Made, Used    string
	Suggests, Ended     bool
	MadeStamp, UsedStam string
}

// madeLink is a secret address, shown this once.
type madeLink struct {
	Page, Calendar copyField
	Webcal         string
}

// links lists them: GET /me/links.
func (s *Server) links(w http.ResponseWriter, r *http.Request, v *viewer) error {
	return s.showLinks(w, r, v, newForm(nil), nil, http.StatusOK)
}

func (s *Server) showLinks(w http.ResponseWriter, r *http.Request, v *viewer, f *form, made *madeLink, status int) error {
	list, err := s.node.Links(r.Context(), v.by(), v.me.Handle)
	if err != nil {
		return err
	}
	p := linksPageBody{Form: f, Made: made, Saved: r.URL.Query().Has("saved"), Asking: []formOption{{Value: "1", Text: v.T("me.link_suggests")}}}
	for _, l := range list {
		if !l.Revoked.IsZero() {
			continue
		}
		x := linkView{ID: l.ID, Name: l.Name, Made: v.stamp(l.Created), Suggests: l.Suggests}
		if x.Name == "" {
			x.Name = v.T("me.link_nameless")
		}
		if !l.LastUsed.IsZero() {
			x.Used = v.stamp(l.LastUsed)
		}
		p.Links = append(p.Links, x)
	}
	return s.showAccount(w, r, v, linksPath, "links", v.T("me.links"), p, status)
}

// changeLinks makes or ends one: POST /me/links.
func (s *Server) changeLinks(w http.ResponseWriter, r *http.Request, v *viewer) error {
	f := newForm(r.PostForm)
	if id := f.Value("end"); id != "" {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return community.Errorf(community.Invalid, "the form is not whole")
		}
		if err := s.node.RevokeLink(r.Context(), v.by(), v.me.Handle, n); err != nil {
			return err
		}
		return seeOther(linksPath + "?saved=1")
	}
	secret, _, err := s.node.AddLink(r.Context(), v.by(), v.me.Handle, strings.TrimSpace(f.Value("name")), f.Has("suggests", "1"))
	if err != nil {
		status, err := s.refuse(f, v, err, nil)
		if err != nil {
			return err
		}
		return s.showLinks(w, r, v, f, nil, status)
	}
	at := s.site.Base + minePath + secret
	made := &madeLink{Page: newCopy(at, v.T("me.link_page")), Calendar: newCopy(at+".ics", v.T("me.link_calendar"))}
	return s.showLinks(w, r, v, newForm(nil), made, http.StatusOK)
}

// deleteBody is the page that ends an account.
type deleteBody struct {
	Form   *form
	Handle string
}

// leavePage asks whether to end the account: GET /me/delete.
func (s *Server) leavePage(w http.ResponseWriter, r *http.Request, v *viewer) error {
	if err := s.proven(v, deletePath); err != nil {
		return err
	}
	return s.showAccount(w, r, v, dataPath, "delete", v.T("me.delete"), deleteBody{newForm(nil), v.me.Handle}, http.StatusOK)
}

// deleteMe ends the account: POST /me/delete with handle.
func (s *Server) deleteMe(w http.ResponseWriter, r *http.Request, v *viewer) error {
	if err := s.proven(v, deletePath); err != nil {
		return err
	}
	f := newForm(r.PostForm)
	status := http.StatusUnprocessableEntity
	if strings.TrimPrefix(strings.TrimSpace(f.Value("handle")), "@") != v.me.Handle {
		f.wrong("handle", v.T("me.delete_wrong", "Handle", v.me.Handle))
	} else if err := s.node.DeleteMember(r.Context(), v.by(), v.me.Handle); err != nil {
		if status, err = s.refuse(f, v, err, nil); err != nil {
			return err
		}
	} else {
		s.signOut(w)
		return seeOther(conductPath + "?gone=1")
	}
	return s.showAccount(w, r, v, dataPath, "delete", v.T("me.delete"), deleteBody{f, v.me.Handle}, status)
}

// invitesBody are invitations, one's own or those of all.
type invitesBody struct {
	Form     *form
	Path     string
	Invites  []inviteView
	Made     *copyField
	Roles    []formOption // none: newcomers only
	Saved    bool
	MaxUses  int
	MaxDays  int
	Everyone bool
	Modes    []formOption
}

type inviteView struct {
	ID                        int64
	Note, By, Role, Left, End string
	Open                      bool
	State                     string
}

// myInvites lists one's own: GET /me/invites.
func (s *Server) myInvites(w http.ResponseWriter, r *http.Request, v *viewer) error {
	return s.showInvites(w, r, v, newForm(url.Values{"uses": {"1"}, "days": {"14"}}), "", http.StatusOK, false)
}

// changeMyInvites makes or ends one: POST /me/invites.
func (s *Server) changeMyInvites(w http.ResponseWriter, r *http.Request, v *viewer) error {
	return s.changeInvite(w, r, v, false)
}

func (s *Server) showInvites(w http.ResponseWriter, r *http.Request, v *viewer, f *form, secret string, status int, everyone bool) error {
	list, err := s.node.Invites(r.Context(), v.by(), everyone)
	if err != nil {
		return err
	}
	b := invitesBody{Form: f, Path: myInvitesPath, Saved: r.URL.Query().Has("saved"), MaxUses: community.MemberInviteUses, MaxDays: community.MemberInviteDays, Everyone: everyone}
	if v.me.Role == community.Steward {
		b.MaxUses, b.MaxDays = community.MaxInviteUses, community.MaxInviteDays
		for _, role := range []community.Role{community.Newcomer, community.Regular} {
			b.Roles = append(b.Roles, formOption{Value: string(role), Text: v.T("desk_members.role_" + string(role)), Hint: v.T("desk_members.role_" + string(role) + "_hint")})
		}
		if f.Value("role") == "" {
			f.Set("role", string(community.Newcomer))
		}
	}
	names := map[int64]string{}
	for _, i := range list {
		x := inviteView{ID: i.ID, Note: i.Note, Role: v.T("desk_members.role_" + string(i.Role)), Open: i.Open(v.now), Left: v.N("invite.left", i.Uses-i.Used), End: v.T("invite.until", "Date", v.stamp(i.Expires))}
		switch {
		case !i.Revoked.IsZero():
			x.State = v.T("invite.ended")
		case i.Used >= i.Uses:
			x.State = v.N("invite.used", i.Used)
		case !x.Open:
			x.State = v.T("invite.over")
		}
		if everyone {
			if _, ok := names[i.ByID]; !ok && i.ByID != 0 {
				if m, err := s.store.MemberByID(r.Context(), i.ByID); err == nil {
					names[i.ByID] = m.Handle
				}
			}
			x.By = names[i.ByID]
		}
		b.Invites = append(b.Invites, x)
	}
	if secret != "" {
		made := newCopy(s.site.Invite(secret), v.T("invite.address"))
		b.Made = &made
	}
	if everyone {
		b.Path = membersPath + "/invites"
		return s.showDesk(w, r, v, membersPath, "invites", page{Heading: v.T("me.invites"), Sheets: []string{"account.css"}, Body: b}, status)
	}
	return s.showAccount(w, r, v, myInvitesPath, "invites", v.T("me.invites"), b, status)
}

func (s *Server) changeInvite(w http.ResponseWriter, r *http.Request, v *viewer, everyone bool) error {
	f := newForm(r.PostForm)
	at := myInvitesPath
	if everyone {
		at = membersPath + "/invites"
	}
	if id := f.Value("end"); id != "" {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return community.Errorf(community.Invalid, "the form is not whole")
		}
		if err := s.node.RevokeInvite(r.Context(), v.by(), n); err != nil {
			return err
		}
		return seeOther(at + "?saved=1")
	}
	i := community.Invite{Role: community.Role(f.Value("role")), Note: f.Value("note")}
	if i.Role == "" {
		i.Role = community.Newcomer
	}
	// What is no number is out of every bound.
	i.Uses, _ = strconv.Atoi(strings.TrimSpace(f.Value("uses")))
	days, _ := strconv.Atoi(strings.TrimSpace(f.Value("days")))
	i.Expires = s.node.Now().Add(time.Duration(min(max(days, 0), 10_000)) * 24 * time.Hour)
	secret, _, err := s.node.AddInvite(r.Context(), v.by(), i)
	if err != nil {
		status, err := s.refuse(f, v, err, nil)
		if err != nil {
			return err
		}
		return s.showInvites(w, r, v, f, "", status, everyone)
	}
	return s.showInvites(w, r, v, newForm(url.Values{"uses": {"1"}, "days": {"14"}}), secret, http.StatusOK, everyone)
}
