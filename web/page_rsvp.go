package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"konfa/community"
	"konfa/node"
)

// rsvpPath is where guests without an account change their answer: a direct
// message told them the rest of the address.
const rsvpPath = "/rsvp/"

// rsvpPage is the answer of one guest to one conference.
type rsvpPage struct {
	Path        string
	Who         string
	When        when
	Title       text
	URL         string
	Where       string
	State, More string
	Kind        string // of the badge
	Saved       bool
	Error       string
	Choices     []rsvpChoice // empty where nothing can be changed
	Plus        int
	MaxPlus     int // 0 where nobody can be brought along
	Note        string
	Closed      string // why not everything can be said any more
}

// rsvpChoice is one answer to choose.
type rsvpChoice struct {
	Value, Text, Hint string
	Chosen            bool
}

// errAnswer: a form came with none of the answers that there are.
var errAnswer = &community.Error{Code: community.Invalid, Key: "error.answer", Msg: "the answer is going, maybe or no"}

// rsvp shows where a guest stands: GET /rsvp/{token}.
func (s *Server) rsvp(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	at, err := s.node.RSVP(r.Context(), rsvpToken(r))
	if err != nil {
		return err
	}
	return s.showRSVP(w, r, at, nil)
}

// rsvpToken is what the address names; nothing that long was ever given.
func rsvpToken(r *http.Request) string {
	token := param(r, "token")
	if len(token) > 100 {
		return ""
	}
	return token
}

// changeRSVP takes another answer: POST /rsvp/{token} with answer and plus.
func (s *Server) changeRSVP(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	if !s.writes.allow(r) {
		return errRate
	}
	at, err := s.node.RSVP(r.Context(), rsvpToken(r))
	if err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if err := r.ParseForm(); err != nil {
		return community.Errorf(community.Invalid, "the form cannot be read: %w", err)
	}
	want := community.Want{State: community.GuestState(r.PostForm.Get("answer"))}
	if plus := strings.TrimSpace(r.PostForm.Get("plus")); plus != "" && want.State == community.Going {
		if want.Plus, err = strconv.Atoi(plus); err != nil {
			want.Plus = -1 // refused as every number that cannot be
		}
	}
	if want.State != community.Going && want.State != community.Maybe && want.State != community.NotGoing {
		err = errAnswer
	} else {
		_, err = s.node.ChangeRSVP(r.Context(), rsvpToken(r), want, nil)
	}
	s.changed.Add(1)
	if err != nil {
		return s.showRSVP(w, r, at, err)
	}
	http.Redirect(w, r, rsvpPath+url.PathEscape(rsvpToken(r))+"?saved=1", http.StatusSeeOther)
	return nil
}

func (s *Server) showRSVP(w http.ResponseWriter, r *http.Request, at *node.RSVP, failed error) error {
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	s.rememberLanguage(w, r)
	p := v.rsvp(at)
	p.Path, p.Saved = rsvpPath+url.PathEscape(rsvpToken(r)), r.URL.Query().Get("saved") != ""
	status := http.StatusOK
	if failed != nil {
		x := s.explain(r, v.tongue, failed)
		status, p.Error, p.Saved = x.Status, x.Detail, false
		if p.Error == "" {
			p.Error = x.Text
		}
	}
	return s.once(w, r, v, &shown{"rsvp", page{Heading: v.T("rsvp.title"), NoIndex: true, Class: "rsvp", Body: p}}, nil, status)
}

// rsvp builds the page of a guest's answer.
func (v *viewer) rsvp(at *node.RSVP) rsvpPage {
	c, g := at.Conference, at.Guest
	p := rsvpPage{Who: g.Name, When: v.when(c, v.city), Title: v.pick(c.Title), URL: conferencePath(c), Where: v.where(c), Kind: string(g.State), Plus: g.Plus}
	switch g.State {
	case community.Going:
		p.State = v.T("rsvp.going")
	case community.Maybe:
		p.State, p.More = v.T("rsvp.maybe"), v.T("rsvp.maybe_text")
	case community.NotGoing:
		p.State = v.T("rsvp.no")
	case community.Waitlisted:
		p.State, p.More = v.N("rsvp.waiting", at.Place), v.T("rsvp.waiting_text")
	case community.Pending:
		p.State, p.More = v.T("rsvp.pending"), v.T("rsvp.pending_text")
	case community.Declined:
		p.State = v.T("rsvp.declined")
	}
	if g.Plus > 0 && g.State != community.Maybe && g.State != community.NotGoing && g.State != community.Declined {
		p.State += ", " + v.N("rsvp.with", g.Plus)
	}
	over := c.Past(v.now)
	switch {
	case c.Status == community.Cancelled:
		p.Closed = v.T("error.cancelled")
	case over:
		p.Closed = v.T("error.over")
	case g.State == community.Declined:
	case !c.Start.After(v.now):
		p.Closed = v.T("error.started")
	case !at.Open:
		p.Closed = v.T("error.rsvp_off")
	}
	holds := g.State != community.NotGoing && g.State != community.Declined
	if at.Open {
		going := rsvpChoice{Value: string(community.Going), Text: v.T("rsvp.answer_going"), Chosen: g.State == community.Going || g.State == community.Waitlisted || g.State == community.Pending}
		switch {
		case c.JoinMode == community.Restricted && !going.Chosen:
			going.Hint = v.T("come.restricted_text")
		case full(c) && !going.Chosen:
			going.Hint = v.T("rsvp.full")
		}
		p.Choices = append(p.Choices, going, rsvpChoice{Value: string(community.Maybe), Text: v.T("rsvp.answer_maybe"), Hint: v.T("rsvp.maybe_text"), Chosen: g.State == community.Maybe})
		p.MaxPlus = community.MaxPlus
		if c.Capacity > 0 {
			p.MaxPlus = min(p.MaxPlus, c.Capacity-1)
		}
	}
	if at.Open || holds && !over {
		p.Choices = append(p.Choices, rsvpChoice{Value: string(community.NotGoing), Text: v.T("rsvp.answer_no"), Chosen: g.State == community.NotGoing})
	}
	return p
}
