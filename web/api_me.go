package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"konfa/community"
	"konfa/node"
)

// noticeOutput is a notice for the programs of a member.
type noticeOutput struct {
	ID      int64                `json:"id"`
	Kind    community.NoticeKind `json:"kind"`
	Text    string               `json:"text"` // in the language of the request, else of the member
	URL     string               `json:"url,omitempty"`
	Created string               `json:"created"`
	Read    string               `json:"read,omitempty"`
}

type noticeListOutput struct {
	Items  []noticeOutput `json:"items"`
	Total  int            `json:"total"`
	Unread int            `json:"unread"`
	Page   int            `json:"page"`
	Limit  int            `json:"limit"`
}

// readInput says how far notices were read.
type readInput struct {
	UpTo int64 `json:"up_to"`
}

type readOutput struct {
	Read int `json:"read"` // how many of them were new
}

// mineOutput is a conference and where a member stands.
type mineOutput struct {
	State      community.GuestState `json:"state,omitempty"` // none where it is only suggested
	Plus       int                  `json:"plus"`
	Stay       int64                `json:"stay,omitempty"` // for which it is suggested
	Conference conferenceOutput     `json:"conference"`
}

// answerInput is a member's answer to a conference.
type answerInput struct {
	Conference string               `json:"conference"` // a slug of ours, or an address
	Answer     community.GuestState `json:"answer"`
	Plus       int                  `json:"plus"`
	Comment    string               `json:"comment"`
}

type stayOutput struct {
	ID      int64              `json:"id"`
	City    string             `json:"city"` // ActivityPub id
	Name    string             `json:"name"`
	Address string             `json:"address"`
	From    string             `json:"from"`
	To      string             `json:"to,omitempty"`
	Kind    community.StayKind `json:"kind"`
	Visible bool               `json:"visible"`
	Over    bool               `json:"over"`
}

type stayInput struct {
	City    string             `json:"city"`
	From    string             `json:"from"`
	To      string             `json:"to"`
	Kind    community.StayKind `json:"kind"`
	Visible bool               `json:"visible"`
}

// stayChange is what of a stay can be changed.
type stayChange struct {
	Visible opt[bool] `json:"visible"`
}

type linkOutput struct {
	ID          int64  `json:"id"`
	Name        string `json:"name,omitempty"`
	Suggestions bool   `json:"suggestions"`
	Page        string `json:"page,omitempty"`     // with the secret: only when just made
	Calendar    string `json:"calendar,omitempty"` // the same
	Created     string `json:"created"`
	LastUsed    string `json:"last_used,omitempty"`
	Revoked     string `json:"revoked,omitempty"`
}

type linkInput struct {
	Name        string `json:"name"`
	Suggestions bool   `json:"suggestions"`
}

type arrivalOutput struct {
	Actor   string             `json:"actor"` // ActivityPub id
	Name    string             `json:"name"`
	Address string             `json:"address"`
	Home    string             `json:"home,omitempty"`
	From    string             `json:"from"`
	To      string             `json:"to,omitempty"`
	Kind    community.StayKind `json:"kind"`
}

// readMine runs a handler that reads what is a member's own.
func (s *Server) readMine(h func(w http.ResponseWriter, r *http.Request, by node.By) error) http.HandlerFunc {
	return s.read(func(w http.ResponseWriter, r *http.Request) error {
		by, err := s.authenticate(r)
		if err != nil {
			return err
		}
		w.Header().Set("Cache-Control", "private, no-store")
		return h(w, r, by)
	})
}

// apiNotices lists the notices of the member, newest first: GET
// /api/v1/me/notices.
func (s *Server) apiNotices(w http.ResponseWriter, r *http.Request, by node.By) error {
	p := newQuery(r, "page", "limit")
	page, limit := p.number("page", 1, 1, 100_000), p.number("limit", apiLimit, 1, apiMost)
	if p.err != nil {
		return p.err
	}
	list, total, unread, err := s.node.Notices(r.Context(), by, by.Member.Handle, limit, (page-1)*limit)
	if err != nil {
		return err
	}
	t := s.tongues.choose(r, by.Member.Languages)
	out := noticeListOutput{Items: []noticeOutput{}, Total: total, Unread: unread, Page: page, Limit: limit}
	for i := range list {
		n := &list[i]
		out.Items = append(out.Items, noticeOutput{n.ID, n.Kind, t.notice(n), n.Subject, stampJSON(n.Created), stampJSON(n.Read)})
	}
	listLinks(w, r, s.site.Base, page, limit, total)
	return answer(w, r, http.StatusOK, out)
}

// apiReadNotices notes how far the member has read: POST
// /api/v1/me/notices/read.
func (s *Server) apiReadNotices(w http.ResponseWriter, r *http.Request, by node.By) error {
	var in readInput
	if err := decode(w, r, &in, []string{"up_to"}); err != nil {
		return err
	}
	if in.UpTo < 1 {
		return invalidField("up_to", "required", "the id of the newest notice that was read")
	}
	n, err := s.node.ReadNotices(r.Context(), by, by.Member.Handle, in.UpTo)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, readOutput{n})
}

// apiMine lists the conferences that the member answered, here and elsewhere, or
// those that are suggested: GET /api/v1/me/conferences.
func (s *Server) apiMine(w http.ResponseWriter, r *http.Request, by node.By) error {
	p := newQuery(r, "when", "page", "limit")
	when := p.choice("when", string(node.Upcoming), string(node.Upcoming), string(node.Past), string(node.Always), "suggested")
	page, limit := p.number("page", 1, 1, 100_000), p.number("limit", apiLimit, 1, apiMost)
	if p.err != nil {
		return p.err
	}
	all := []mineOutput{}
	if when == "suggested" {
		list, err := s.node.Suggestions(r.Context(), by, by.Member.Handle)
		if err != nil {
			return err
		}
		for i := range list {
			all = append(all, mineOutput{Stay: list[i].Stay.ID, Conference: conferenceJSON(s.site, &list[i].Conference)})
		}
	} else {
		list, err := s.node.MyConferences(r.Context(), by, by.Member.Handle, node.When(when))
		if err != nil {
			return err
		}
		for i := range list {
			all = append(all, mineOutput{State: list[i].Guest.State, Plus: list[i].Guest.Plus, Conference: conferenceJSON(s.site, &list[i].Conference)})
		}
	}
	from := min((page-1)*limit, len(all))
	out := listOutput[mineOutput]{Items: all[from:min(from+limit, len(all))], Total: len(all), Page: page, Limit: limit}
	listLinks(w, r, s.site.Base, page, limit, len(all))
	return answer(w, r, http.StatusOK, out)
}

// apiAnswer answers a conference for the member, here or elsewhere: POST
// /api/v1/me/conferences.
func (s *Server) apiAnswer(w http.ResponseWriter, r *http.Request, by node.By) error {
	var in answerInput
	if err := decode(w, r, &in, []string{"conference", "answer", "plus", "comment"}); err != nil {
		return err
	}
	switch in.Answer {
	case community.Going, community.Maybe, community.NotGoing:
	case "":
		in.Answer = community.Going
	default:
		return invalidField("answer", "choice", "one of going, maybe, no")
	}
	c, err := s.anyConference(r, strings.TrimSpace(in.Conference))
	if err != nil {
		return err
	}
	g, err := s.answerFor(r.Context(), by, by.Member, c, community.Want{State: in.Answer, Plus: in.Plus}, in.Comment)
	if err != nil {
		return err
	}
	if c, err = s.store.ConferenceByID(r.Context(), c.ID); err != nil { // with the seats as they are now
		return err
	}
	return answer(w, r, http.StatusOK, mineOutput{State: g.State, Plus: g.Plus, Conference: conferenceJSON(s.site, c)})
}

// anyConference finds a conference by the slug of ours or the address of any; one
// that is not known is read from its server.
func (s *Server) anyConference(r *http.Request, what string) (*community.Conference, error) {
	slug, ours := s.site.ConferenceSlug(what)
	switch {
	case what == "":
		return nil, invalidField("conference", "required", "the slug of a conference of this city, or the address of any")
	case ours || !strings.Contains(what, "://"):
		if !ours {
			slug = what
		}
		c, err := s.store.Conference(r.Context(), slug)
		if err != nil {
			return nil, s.gone(r.Context(), "conf/"+slug, err)
		}
		return c, nil
	case !webAddress(what):
		return nil, invalidField("conference", "url", "this is no address")
	}
	if c, err := s.store.ConferenceByURI(r.Context(), what); err == nil || community.CodeOf(err) != community.NotFound {
		return c, err
	}
	if s.remote == nil {
		return nil, community.Errorf(community.NotFound, "other servers are not asked")
	}
	if !s.asking.allow(r) {
		return nil, errRate
	}
	return s.remote.FetchConference(r.Context(), what)
}

func stayJSON(st *community.Stay, now time.Time) stayOutput {
	return stayOutput{st.ID, st.Actor.URI, st.Actor.DisplayName(), st.Actor.Address(), dayJSON(st.From), dayJSON(st.To), st.Kind, st.Visible, st.Over(now)}
}

func dayJSON(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// apiStays lists the stays of the member: GET /api/v1/me/stays.
func (s *Server) apiStays(w http.ResponseWriter, r *http.Request, by node.By) error {
	if err := newQuery(r).err; err != nil {
		return err
	}
	list, err := s.node.Stays(r.Context(), by, by.Member.Handle)
	if err != nil {
		return err
	}
	out := listOutput[stayOutput]{Items: []stayOutput{}, Total: len(list), Page: 1, Limit: len(list)}
	for i := range list {
		out.Items = append(out.Items, stayJSON(&list[i], s.node.Now()))
	}
	return answer(w, r, http.StatusOK, out)
}

// apiVisit notes a stay in another city: POST /api/v1/me/stays.
func (s *Server) apiVisit(w http.ResponseWriter, r *http.Request, by node.By) error {
	var in stayInput
	if err := decode(w, r, &in, []string{"city", "from", "to", "kind", "visible"}); err != nil {
		return err
	}
	st := community.Stay{Kind: in.Kind, Visible: in.Visible}
	var err error
	if st.From, st.To, err = readDays(in.From, in.To); err != nil {
		return err
	}
	made, err := s.visit(r, by, by.Member.Handle, in.City, st)
	if err != nil {
		return err
	}
	w.Header().Set("Location", s.site.Base+"/api/v1/me/stays/"+strconv.FormatInt(made.ID, 10))
	return answer(w, r, http.StatusCreated, stayJSON(made, s.node.Now()))
}

// apiChangeStay tells the city of a stay, or takes that back: PATCH
// /api/v1/me/stays/{id}.
func (s *Server) apiChangeStay(w http.ResponseWriter, r *http.Request, by node.By) error {
	id, err := pathID(r, "stay")
	if err != nil {
		return err
	}
	var in stayChange
	if err := decode(w, r, &in, []string{"visible"}); err != nil {
		return err
	}
	if !in.Visible.Set || in.Visible.Null {
		return invalidField("visible", "required", "true or false")
	}
	st, err := s.node.ShowStay(r.Context(), by, by.Member.Handle, id, in.Visible.Value)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, stayJSON(st, s.node.Now()))
}

// apiEndStay forgets a stay: DELETE /api/v1/me/stays/{id}.
func (s *Server) apiEndStay(w http.ResponseWriter, r *http.Request, by node.By) error {
	id, err := pathID(r, "stay")
	if err != nil {
		return err
	}
	if err := s.node.EndStay(r.Context(), by, by.Member.Handle, id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func linkJSON(l *community.PrivateLink) linkOutput {
	return linkOutput{ID: l.ID, Name: l.Name, Suggestions: l.Suggests, Created: stampJSON(l.Created), LastUsed: stampJSON(l.LastUsed), Revoked: stampJSON(l.Revoked)}
}

// apiLinks lists the private links of the member: GET /api/v1/me/links.
func (s *Server) apiLinks(w http.ResponseWriter, r *http.Request, by node.By) error {
	if err := newQuery(r).err; err != nil {
		return err
	}
	list, err := s.node.Links(r.Context(), by, by.Member.Handle)
	if err != nil {
		return err
	}
	out := listOutput[linkOutput]{Items: []linkOutput{}, Total: len(list), Page: 1, Limit: len(list)}
	for i := range list {
		out.Items = append(out.Items, linkJSON(&list[i]))
	}
	return answer(w, r, http.StatusOK, out)
}

// apiAddLink makes one, whose secret is told this once: POST /api/v1/me/links.
func (s *Server) apiAddLink(w http.ResponseWriter, r *http.Request, by node.By) error {
	var in linkInput
	if err := decode(w, r, &in, []string{"name", "suggestions"}); err != nil {
		return err
	}
	secret, l, err := s.node.AddLink(r.Context(), by, by.Member.Handle, in.Name, in.Suggestions)
	if err != nil {
		return err
	}
	out := linkJSON(l)
	out.Page = s.site.Base + minePath + secret
	out.Calendar = out.Page + ".ics"
	return answer(w, r, http.StatusCreated, out)
}

// apiRevokeLink makes one useless: DELETE /api/v1/me/links/{id}.
func (s *Server) apiRevokeLink(w http.ResponseWriter, r *http.Request, by node.By) error {
	id, err := pathID(r, "link")
	if err != nil {
		return err
	}
	if err := s.node.RevokeLink(r.Context(), by, by.Member.Handle, id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// apiArrivals lists for members who of other cities comes: GET
// /api/v1/arrivals.
func (s *Server) apiArrivals(w http.ResponseWriter, r *http.Request, by node.By) error {
	if err := newQuery(r).err; err != nil {
		return err
	}
	list, err := s.node.Arrivals(r.Context(), by)
	if err != nil {
		return err
	}
	out := listOutput[arrivalOutput]{Items: []arrivalOutput{}, Total: len(list), Page: 1, Limit: len(list)}
	for _, v := range list {
		out.Items = append(out.Items, arrivalOutput{v.Actor.URI, v.Actor.DisplayName(), v.Actor.Address(), v.Home, dayJSON(v.From), dayJSON(v.To), v.Kind})
	}
	return answer(w, r, http.StatusOK, out)
}

// pathID is the number in the address of a thing of the member's.
func pathID(r *http.Request, what string) (int64, error) {
	id, err := strconv.ParseInt(param(r, "id"), 10, 64)
	if err != nil || id < 1 {
		return 0, community.Errorf(community.NotFound, "there is no such %s", what)
	}
	return id, nil
}
