package web

import (
	"net/http"

	"konfa/community"
)

// deskPath is where the stewards work. For other servers it is the address of
// the desk's actor.
const deskPath = "/desk"

// deskSection is a part of the desk, in its navigation.
type deskSection struct {
	path, name string         // name is a key of the catalogues
	role       community.Role // who sees it
}

// deskSections are the parts of the desk in their order.
var deskSections = []deskSection{
	{deskPath, "desk.home", community.Steward},
	{confsPath, "write.confs", community.Newcomer},
	{deskPostsPath, "write.posts", community.Steward},
	{deskRepliesPath, "write_name.nav_talk", community.Steward},
	{deskOffersPath, "write_name.nav_cities", community.Steward},
	{deskMailPath, "mail.title", community.Steward},
	{casesPath, "order.title", community.Steward},
	{cityPath, "city.title", community.Steward},
	{statisticsPath, "statistics.title", community.Steward},
	{membersPath, "desk_members.title", community.Steward},
	{conductDeskPath, "conduct.title", community.Steward},
	{healthPath, "health.title", community.Steward},
}

// deskLink is an entry of the navigation of the desk.
type deskLink struct {
	Path, Name string
	Current    bool
}

// deskNav is the navigation of the desk with the section at path marked.
func (v *viewer) deskNav(path string) []deskLink {
	var out []deskLink
	for _, d := range deskSections {
		if v.me != nil && v.me.Role.AtLeast(d.role) {
			out = append(out, deskLink{d.path, v.T(d.name), d.path == path})
		}
	}
	return out
}

// desk is a page of the desk: for stewards, with its navigation.
func (s *Server) showDesk(w http.ResponseWriter, r *http.Request, v *viewer, section, template string, p page, status int) error {
	p.Desk, p.NoIndex = v.deskNav(section), true
	if p.Class == "" {
		p.Class = "desk"
	}
	return s.once(w, r, v, &shown{template, p}, r.URL.Query(), status)
}

// deskHome is where stewards begin; to everyone else the address says who the
// city is: GET /desk.
func (s *Server) deskHome(w http.ResponseWriter, r *http.Request) {
	by, _, err := s.who(r)
	if err == nil && (by.Member == nil || !by.Member.Role.AtLeast(community.Steward)) {
		s.redirect("/about")(w, r)
		return
	}
	s.signed(community.Steward, s.deskFront)(w, r)
}
