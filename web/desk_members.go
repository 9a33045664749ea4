package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"konfa/community"
	"konfa/storage"
)

// membersPath is where stewards look after who is here.
const membersPath = deskPath + "/members"

// membersBody lists the members.
type membersBody struct {
	Form    *form
	Query   string
	Role    string
	Roles   []formOption
	Members []memberRow
	Total   int
	Waiting int // applications
	Modes   []formOption
	Saved   bool
}

type memberRow struct {
	Name, Handle, Email, Path, Role, Since, Initial string
	State                                           badge
}

// maxListed is how many members one page lists.
const maxListed = 200

// members lists them: GET /desk/members.
func (s *Server) members(w http.ResponseWriter, r *http.Request, v *viewer) error {
	return s.showMembers(w, r, v, newForm(nil), http.StatusOK)
}

func (s *Server) showMembers(w http.ResponseWriter, r *http.Request, v *viewer, f *form, status int) error {
	list, err := s.store.Members(r.Context())
	if err != nil {
		return err
	}
	b := membersBody{Form: f, Query: strings.TrimSpace(r.URL.Query().Get("q")), Role: r.URL.Query().Get("role"), Saved: r.URL.Query().Has("saved")}
	if b.Waiting, err = s.store.CountApplications(r.Context(), community.ApplicationWaiting, ""); err != nil {
		return err
	}
	b.Roles = append(b.Roles, formOption{Value: "", Text: v.T("desk_members.anyone")})
	for _, role := range community.Roles {
		b.Roles = append(b.Roles, formOption{Value: string(role), Text: v.T("desk_members.role_" + string(role))})
	}
	q := strings.ToLower(strings.TrimPrefix(b.Query, "@"))
	for i := range list {
		m := &list[i]
		if b.Role != "" && string(m.Role) != b.Role || !strings.Contains(strings.ToLower(m.Handle+"\n"+m.Name+"\n"+m.Email), q) {
			continue
		}
		if b.Total++; b.Total > maxListed {
			continue
		}
		b.Members = append(b.Members, v.memberRow(m))
	}
	for _, mode := range community.Joinings {
		b.Modes = append(b.Modes, formOption{Value: string(mode), Text: v.T("desk_members.mode_" + string(mode)), Hint: v.T("desk_members.mode_" + string(mode) + "_hint")})
	}
	if f.Value("joining") == "" {
		f.Set("joining", string(v.city.Settings.Joins()))
	}
	return s.showDesk(w, r, v, membersPath, "desk_members", page{Heading: v.T("desk_members.title"), Sheets: []string{"account.css"}, Body: b}, status)
}

func (v *viewer) memberRow(m *community.Member) memberRow {
	row := memberRow{Name: m.Name, Handle: m.Handle, Email: m.Email, Path: membersPath + "/" + m.Handle, Role: v.T("desk_members.role_" + string(m.Role)), Since: v.stamp(m.Created), Initial: initial(m.Name)}
	switch {
	case !m.Suspended.IsZero():
		row.State = badge{"cancelled", v.T("desk_members.suspended")}
	case m.MovedTo != "":
		row.State = badge{"past", v.T("desk_members.moved")}
	}
	return row
}

// changeJoining says how people join from now on: POST /desk/members.
func (s *Server) changeJoining(w http.ResponseWriter, r *http.Request, v *viewer) error {
	f := newForm(r.PostForm)
	if err := s.node.SetJoining(r.Context(), v.by(), community.Joining(f.Value("joining"))); err != nil {
		status, err := s.refuse(f, v, err, nil)
		if err != nil {
			return err
		}
		return s.showMembers(w, r, v, f, status)
	}
	return seeOther(membersPath + "?saved=1")
}

// memberBody is one member, as stewards see them.
type memberBody struct {
	Row     memberRow
	Form    *form
	Path    string
	Page    string // their public page
	Roles   []formOption
	Lang    string
	Agreed  string
	Version int
	Log     []auditLine
	Saved   bool
}

type auditLine struct{ Text, By, Date, Reason string }

// memberDesk shows them: GET /desk/members/{handle}.
func (s *Server) memberDesk(w http.ResponseWriter, r *http.Request, v *viewer) error {
	m, err := s.presentMember(r.Context(), param(r, "handle"))
	if err != nil {
		return err
	}
	return s.showMember(w, r, v, m, newForm(url.Values{"role": {string(m.Role)}}), http.StatusOK)
}

func (s *Server) presentMember(ctx context.Context, handle string) (*community.Member, error) {
	m, err := s.store.Member(ctx, handle)
	if err != nil {
		return nil, err
	}
	if !m.Deleted.IsZero() {
		return nil, community.Errorf(community.Gone, "%s is not here any more", handle)
	}
	return m, nil
}

func (s *Server) showMember(w http.ResponseWriter, r *http.Request, v *viewer, m *community.Member, f *form, status int) error {
	b := memberBody{Row: v.memberRow(m), Form: f, Path: membersPath + "/" + m.Handle, Page: "/people/" + m.Handle, Version: m.Conduct, Saved: r.URL.Query().Has("saved")}
	if m.Conduct != 0 {
		b.Agreed = v.stamp(m.Agreed)
	}
	for _, role := range community.Roles {
		b.Roles = append(b.Roles, formOption{Value: string(role), Text: v.T("desk_members.role_" + string(role)), Hint: v.T("desk_members.role_" + string(role) + "_hint")})
	}
	log, err := s.node.Audits(r.Context(), v.by(), storage.AuditQuery{Object: string(community.MemberActor(m.Handle)), Limit: 20})
	if err != nil {
		return err
	}
	for _, a := range log {
		text := a.Action
		if key := "audit." + a.Action; v.Has(key) {
			text = v.T(key)
		}
		b.Log = append(b.Log, auditLine{text, a.By, v.stamp(a.Created), a.Reason})
	}
	return s.showDesk(w, r, v, membersPath, "desk_member", page{Heading: m.Name, Sheets: []string{"account.css"}, Body: b}, status)
}

// changeRole says what a member may do: POST /desk/members/{handle}.
func (s *Server) changeRole(w http.ResponseWriter, r *http.Request, v *viewer) error {
	m, err := s.presentMember(r.Context(), param(r, "handle"))
	if err != nil {
		return err
	}
	if err := s.proven(v, membersPath+"/"+m.Handle); err != nil {
		return err
	}
	f := newForm(r.PostForm)
	if err := s.node.SetRole(r.Context(), v.by(), m.Handle, community.Role(f.Value("role"))); err != nil {
		status, err := s.refuse(f, v, err, nil)
		if err != nil {
			return err
		}
		return s.showMember(w, r, v, m, f, status)
	}
	return seeOther(membersPath + "/" + url.PathEscape(m.Handle) + "?saved=1")
}

// applicationsBody lists who waits for an account.
type applicationsBody struct {
	Form         *form
	Failed       int64 // the one whose form came back
	Applications []applicationView
	Saved        bool
}

type applicationView struct {
	ID                                       int64
	Name, Handle, Email, Who, Why, Date, Via string
	Form                                     *form
}

// applications lists them: GET /desk/members/applications.
func (s *Server) applications(w http.ResponseWriter, r *http.Request, v *viewer) error {
	return s.showApplications(w, r, v, newForm(nil), 0, http.StatusOK)
}

func (s *Server) showApplications(w http.ResponseWriter, r *http.Request, v *viewer, f *form, failed int64, status int) error {
	list, err := s.node.Applications(r.Context(), v.by())
	if err != nil {
		return err
	}
	b := applicationsBody{Form: f, Failed: failed, Saved: r.URL.Query().Has("saved")}
	for _, a := range list {
		x := applicationView{a.ID, a.Name, a.Handle, a.Email, a.Who, a.Why, v.stamp(a.Confirmed), a.Identity, newForm(nil)}
		if a.ID == failed {
			x.Form = f
		}
		b.Applications = append(b.Applications, x)
	}
	return s.showDesk(w, r, v, membersPath, "desk_applications", page{Heading: v.T("desk_members.applications"), Sheets: []string{"account.css"}, Body: b}, status)
}

// judgeApplication answers one: POST /desk/members/applications with id and do.
func (s *Server) judgeApplication(w http.ResponseWriter, r *http.Request, v *viewer) error {
	f := newForm(r.PostForm)
	id, err := strconv.ParseInt(f.Value("id"), 10, 64)
	if err != nil {
		return community.Errorf(community.Invalid, "the form is not whole")
	}
	if f.Value("do") == "accept" {
		_, err = s.node.AcceptApplication(r.Context(), v.by(), id)
	} else {
		err = s.node.DeclineApplication(r.Context(), v.by(), id, f.Value("reason"))
	}
	if err != nil {
		status, err := s.refuse(f, v, err, nil)
		if err != nil {
			return err
		}
		return s.showApplications(w, r, v, f, id, status)
	}
	return seeOther(membersPath + "/applications?saved=1")
}

// invites lists the invitations of all: GET /desk/members/invites.
func (s *Server) invites(w http.ResponseWriter, r *http.Request, v *viewer) error {
	return s.showInvites(w, r, v, newForm(url.Values{"uses": {"1"}, "days": {"14"}}), "", http.StatusOK, true)
}

// changeInvites makes or ends one: POST /desk/members/invites.
func (s *Server) changeInvites(w http.ResponseWriter, r *http.Request, v *viewer) error {
	return s.changeInvite(w, r, v, true)
}
