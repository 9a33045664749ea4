package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"konfa/calendar"
	"konfa/community"
	"konfa/node"
)

// rsvpPath is where guests change their answer: a letter or a direct message told
// them the rest of the address.
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
	Word        string // that what was done is done, or empty
	Keep        *copyField
	Error       string
	Confirm     string       // the button that makes an answer count
	Offer       bool         // a seat is kept for them
	Choices     []rsvpChoice // empty where nothing can be changed
	MaxPlus     int          // 0 where nobody can be brought along
	Named       bool         // they said themselves what they are called
	Form        *form
	Questions   []comeQuestion
	Series      bool
	ShownTo     []formOption
	WholeSeries string // how many of the series they come to
	ICS         string
	Online      string
	Ticket      string // what the door reads, or empty
	Coming      *comingList
	Closed      string // why not everything can be said any more
	Private     bool
}

// rsvpChoice is one answer to choose.
type rsvpChoice struct {
	Value, Text, Hint string
	Chosen            bool
}

// errAnswer: a form came with none of the answers that there are.
var errAnswer = &community.Error{Code: community.Invalid, Key: "error.answer", Msg: "the answer is going, maybe or no"}

// rsvp shows where a guest stands: GET /rsvp/{token}. Nothing is changed by that,
// as programs that read mail for people open every address in it.
func (s *Server) rsvp(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	at, err := s.node.RSVP(r.Context(), rsvpToken(r))
	if err != nil {
		return err
	}
	return s.showRSVP(w, r, at, nil, nil)
}

// rsvpToken is what the address names; nothing that long was ever given.
func rsvpToken(r *http.Request) string {
	token := param(r, "token")
	if len(token) > 100 {
		return ""
	}
	return token
}

// changeRSVP takes another answer: POST /rsvp/{token} with answer, plus and what
// else the form has, or with do: confirm, take, pass or leave_series.
func (s *Server) changeRSVP(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	if err := s.posted(w, r); err != nil {
		return err
	}
	at, err := s.node.RSVP(r.Context(), rsvpToken(r))
	if err != nil {
		return err
	}
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	var f *form
	c, token := at.Conference, at.Token
	after := at
	switch do := r.PostForm.Get("do"); do {
	case "confirm":
		after, err = s.node.ConfirmRSVP(r.Context(), token)
	case "pass":
		after, err = s.node.PassSeat(r.Context(), token)
	case "take":
		after, err = s.node.ChangeRSVP(r.Context(), token, community.Want{State: community.Going, Plus: at.Guest.Plus}, nil)
	case "leave_series":
		after, err = s.node.LeaveSeries(r.Context(), token)
	default:
		f = newForm(r.PostForm)
		want, d, known := readAnswer(f, c, v)
		details := &d
		if f.Value("details") == "" {
			details = nil // a button alone
		}
		if !known {
			err = errAnswer
			break
		}
		after, err = s.node.ChangeRSVP(r.Context(), token, want, details)
	}
	s.changed.Add(1)
	if err != nil {
		return s.showRSVP(w, r, at, f, err)
	}
	if after == nil {
		return seeOther(conferencePath(c) + "?came=forgotten#come")
	}
	return seeOther(rsvpPath + url.PathEscape(token) + "?saved=1")
}

func (s *Server) showRSVP(w http.ResponseWriter, r *http.Request, at *node.RSVP, f *form, failed error) error {
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	s.rememberLanguage(w, r)
	p := v.rsvp(at)
	p.Form = f
	if f == nil || f.Value("details") == "" {
		p.Form = rsvpForm(at)
	}
	if f != nil {
		if f.Has("answer", string(community.Going)) {
			p.Form.Set("plus", f.Value("plus"))
		}
		for i := range p.Choices {
			p.Choices[i].Chosen = p.Choices[i].Value == f.Value("answer")
		}
	}
	p.Path = rsvpPath + url.PathEscape(at.Token)
	status := http.StatusOK
	q := r.URL.Query()
	switch {
	case failed != nil:
		x := newForm(nil)
		if status, err = s.refuse(x, v, failed, answerNames); err != nil {
			return err
		}
		p.Form.Problems, p.Error = x.Problems, x.Error
		if p.Error == "" && len(x.Problems) == 0 {
			p.Error = v.T("error.fields")
		}
	case q.Get("new") != "":
		p.Word = v.T("rsvp.new")
		keep := newCopy(s.site.RSVP(at.Token), v.T("rsvp.keep"))
		p.Keep = &keep
	case q.Get("saved") != "":
		p.Word = v.T("rsvp.saved")
	}
	if waits := at.Guest.State == community.Waitlisted && !at.Free || at.Guest.State == community.Pending; waits && at.Guest.Email != "" && !s.mails {
		p.More = v.T("rsvp.look_again") // no letter will say so
	}
	if at.Guest.State == community.Going {
		if p.Coming, err = s.comingTo(r.Context(), v, at.Conference, true); err != nil {
			return err
		}
	}
	return s.once(w, r, v, &shown{"rsvp", page{Heading: v.T("rsvp.title"), NoIndex: true, Class: "rsvp", Sheets: []string{"rsvp.css"}, Body: p}}, nil, status)
}

// rsvpForm is the form with what the guest said.
func rsvpForm(at *node.RSVP) *form {
	g := at.Guest
	f := newForm(nil)
	f.Set("name", g.Name)
	f.Set("plus", strconv.Itoa(g.Plus))
	f.Set("comment", g.Comment)
	f.Set("shown", string(g.Shown))
	if g.Shown == community.ShownToGuests {
		f.Set("shown", shownToGuests)
	}
	if g.Series {
		f.Set("whole", "1")
	}
	for key, a := range g.Answers {
		f.Set("q_"+key, a)
	}
	return f
}

// standing says in words where a guest stands, and what that means.
func (v *viewer) standing(at *node.RSVP) (state, more string) {
	g := at.Guest
	switch g.State {
	case community.Going:
		state = v.T("rsvp.going")
	case community.Maybe:
		state, more = v.T("rsvp.maybe"), v.T("rsvp.maybe_text")
	case community.NotGoing:
		state = v.T("rsvp.no")
	case community.Waitlisted:
		state, more = v.N("rsvp.waiting", at.Place), v.T("rsvp.waiting_text")
		if at.Free {
			more = v.T("rsvp.free")
		}
	case community.SeatOffered:
		state, more = v.T("rsvp.kept", "Until", v.until(at.Conference, g.Expires)), v.T("rsvp.kept_text")
	case community.Pending:
		state, more = v.T("rsvp.pending"), v.T("rsvp.pending_text")
	case community.Declined:
		state = v.T("rsvp.declined")
	case community.Unconfirmed:
		state, more = v.T("rsvp.confirm"), v.T("rsvp.confirm_text", "Until", v.until(at.Conference, g.Expires))
	}
	if g.Plus > 0 && g.Comes() {
		state += ", " + v.N("rsvp.with", g.Plus)
	}
	return state, more
}

// rsvp builds the page of a guest's answer.
func (v *viewer) rsvp(at *node.RSVP) rsvpPage {
	c, g := at.Conference, at.Guest
	p := rsvpPage{Who: g.Name, When: v.when(c, v.city), Title: v.pick(c.Title), URL: conferencePath(c), Where: v.where(c), Kind: string(g.State), Series: c.SeriesID != 0, Private: true}
	p.State, p.More = v.standing(at)
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
	if g.State == community.Unconfirmed {
		if p.Closed == "" || g.Wanted == community.NotGoing {
			p.Confirm = map[community.GuestState]string{
				community.Going: v.T("rsvp.confirm_going"), community.Maybe: v.T("rsvp.confirm_maybe"), community.NotGoing: v.T("rsvp.confirm_no"),
			}[g.Wanted]
		}
		return p
	}
	p.Offer = g.State == community.SeatOffered && at.Open
	if g.Comes() || g.State == community.Maybe {
		if !over && c.Status != community.Cancelled {
			p.ICS = rsvpPath + url.PathEscape(at.Token) + ".ics"
		}
		if g.State == community.Going && !over {
			p.Online = c.OnlineURL
			p.Ticket = v.site.RSVP(at.Token)
		}
		if at.Series > 1 || at.Series == 1 && g.Series {
			p.WholeSeries = v.N("rsvp.series", at.Series)
		}
	}
	if at.Open {
		p.Questions, p.ShownTo = v.questions(c), v.shownTo()
		going := rsvpChoice{Value: string(community.Going), Text: v.T("rsvp.answer_going"), Chosen: g.Comes()}
		switch {
		case c.JoinMode == community.Restricted && !going.Chosen:
			going.Hint = v.T("come.restricted_text")
		case full(c) && !going.Chosen:
			going.Hint = v.T("rsvp.full")
		}
		p.Choices = append(p.Choices, going, rsvpChoice{Value: string(community.Maybe), Text: v.T("rsvp.answer_maybe"), Hint: v.T("rsvp.maybe_text"), Chosen: g.State == community.Maybe})
		p.MaxPlus = maxPlus(c)
		p.Named = g.Email != ""
	}
	holds := g.State != community.NotGoing && g.State != community.Declined
	if at.Open || holds && !over {
		p.Choices = append(p.Choices, rsvpChoice{Value: string(community.NotGoing), Text: v.T("rsvp.answer_no"), Chosen: g.State == community.NotGoing})
	}
	return p
}

// rsvpICS is the conference as a file for the calendar of one guest, with where
// they stand: GET /rsvp/{token}.ics.
func (s *Server) rsvpICS(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	at, err := s.node.RSVP(r.Context(), rsvpToken(r))
	if err != nil {
		return err
	}
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	c, g := at.Conference, at.Guest
	stat, ok := partStat[g.State]
	if !ok {
		return community.Errorf(community.NotFound, "there is nothing to remember")
	}
	link := s.site.RSVP(at.Token)
	part := calendar.Part{Stat: stat, Note: v.T("rsvp.ics", "Link", link)}
	if g.State != community.Going {
		state, _ := v.standing(at)
		part.Note = state + ". " + part.Note
	}
	var b strings.Builder
	err = calendar.Encode(&b, calendar.Calendar{
		Name: v.pick(c.Title).Text, URL: s.site.Conference(c.Slug), Zone: v.city.Zone, Site: s.site, Langs: v.reads(v.city.Languages), Events: []community.Conference{*c},
		Guest: &calendar.Guest{Name: g.Name, URI: link, City: v.cityName().Text, CityURI: s.site.Actor(community.CityActor), Parts: map[int64]calendar.Part{c.ID: part}},
	})
	if err != nil {
		return err
	}
	d, err := newDocument([]byte(b.String()), icsKind)
	if err != nil {
		return err
	}
	d.policy, d.keep, d.name = "default-src 'none'; frame-ancestors 'none'", "private, no-store", c.Slug+".ics"
	w.Header().Set("Content-Language", v.Code)
	return d.serve(w, r)
}
