package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

// comeBox is the box on the page of a conference in which one says to come.
type comeBox struct {
	Shown      bool
	Own        bool
	Title      string
	Seats      []string
	Closed     string // why nobody can sign up any more, or empty
	External   *link
	Restricted bool
	Done       *comeDone // what came of it, instead of the form
	At         *comeAt   // where the member who is signed in stands
	Path       string    // to send the form to
	Me         string    // who is signed in
	Form       *form
	Go         string // what the main button says
	MaxPlus    int    // 0 where nobody can be brought along
	Questions  []comeQuestion
	Series     bool
	ShownTo    []formOption
	More       bool // what is folded up has something in it
	Poll       poll
	Remote     remoteForm
	Address    copyField
}

// comeDone says what came of a form.
type comeDone struct{ Title, Text string }

// comeAt is where a member stands, with the page to change it.
type comeAt struct {
	Kind, State, More string
	Path              string
	Button            string
	Main              bool // the button is what is wanted most now
}

// comeQuestion is a question of the organisers.
type comeQuestion struct {
	Name, Text string
	Kind       community.QuestionKind
	Required   bool
	Options    []formOption
}

// trap is a field that people do not see. Programs fill it in.
const trap = "homepage"

// shownToGuests is community.ShownToGuests in forms, where nothing chosen is
// something else.
const shownToGuests = "guests"

// answerNames says which field of the form a field of the domain is.
var answerNames = map[string]string{"email": "contact"}

// comeBox makes the box for a reader.
func (v *viewer) comeBox(c *community.Conference) comeBox {
	id := conferenceID(v.site, c)
	b := comeBox{
		Own: c.Own(), Seats: v.seats(c), Restricted: c.JoinMode == community.Restricted, Path: conferencePath(c) + "/come",
		Title: v.T("come.title"), Go: v.comeButton(c), Remote: v.act("server", id, action{community.JoinIntent, v.comeButton(c)}), Address: newCopy(id, v.T("come.copy_label")),
	}
	b.Shown = v.open(c) || len(b.Seats) > 0
	if c.JoinMode == community.External {
		name := hostOf(c.ExternalURL)
		if addr, ok := strings.CutPrefix(c.ExternalURL, "mailto:"); ok {
			name = addr
		}
		b.External = &link{name, c.ExternalURL}
	}
	switch {
	case !v.open(c):
		b.Title, b.Closed = v.T("come.closed"), "-"
	case c.Own() && !c.Start.After(v.now) && b.External == nil:
		b.Closed = v.T("error.started")
	}
	if !b.Own || b.External != nil {
		return b
	}
	if v.me != nil {
		b.Me = v.me.Name
	}
	if b.Form = v.typed; b.Form == nil {
		b.Form = newForm(nil)
		b.Form.Set("plus", "0")
	}
	b.Questions, b.ShownTo, b.MaxPlus, b.Series = v.questions(c), v.shownTo(), maxPlus(c), c.SeriesID != 0
	b.More = b.Form.Value("comment") != "" || showsElse(b.Form) || b.Form.Wrong("comment") != ""
	return b
}

// completeBox adds to the box what others know: the poll, what came of the form, and
// where the reader stands.
func (s *Server) completeBox(ctx context.Context, v *viewer, r *http.Request, c *community.Conference, b *comeBox) error {
	if c.Hears(v.now) {
		asks, err := s.node.PollOf(ctx, c.ID)
		if err != nil && community.CodeOf(err) != community.NotFound {
			return err
		}
		b.Poll = v.poll(c, asks)
	}
	if b.Form == nil {
		return nil
	}
	if v.me == nil {
		switch r.URL.Query().Get("came") {
		case "mail":
			b.Done = &comeDone{v.T("come.mail"), v.T("come.mail_text")}
		case "handle":
			b.Done = &comeDone{v.T("come.handle"), v.T("come.handle_text")}
		case "forgotten":
			b.Done = &comeDone{v.T("come.forgotten"), v.T("come.forgotten_text")}
		}
		return nil
	}
	at, err := s.node.RSVPOf(ctx, v.by(), c)
	if community.CodeOf(err) == community.NotFound {
		return nil
	}
	if err == nil {
		b.At = v.comeAt(at)
	}
	return err
}

// showsElse tells whether a form says something else than usual of who sees a name.
func showsElse(f *form) bool { return f.Value("shown") != "" && f.Value("shown") != shownToGuests }

// comeAt tells a member where they stand; nil for who said nothing that lasts.
func (v *viewer) comeAt(at *node.RSVP) *comeAt {
	g := at.Guest
	if g.State == community.NotGoing {
		return nil
	}
	out := &comeAt{Kind: string(g.State), Path: rsvpPath + url.PathEscape(at.Token), Button: v.T("come.change")}
	out.State, out.More = v.standing(at)
	out.Main = g.State == community.SeatOffered
	if out.Main {
		out.Button = v.T("rsvp.take")
	}
	return out
}

// questions are those of the organisers, as fields.
func (v *viewer) questions(c *community.Conference) []comeQuestion {
	var out []comeQuestion
	for _, q := range c.Questions {
		f := comeQuestion{Name: "q_" + q.Key, Text: q.Text, Kind: q.Kind, Required: q.Required}
		if q.Kind == community.AskYes {
			f.Options = []formOption{{Value: "yes", Text: q.Text}}
		}
		for _, x := range q.Choices {
			f.Options = append(f.Options, formOption{Value: x, Text: x})
		}
		out = append(out, f)
	}
	return out
}

// shownTo are the choices of who sees a name.
func (v *viewer) shownTo() []formOption {
	return []formOption{
		{Value: shownToGuests, Text: v.T("come.shown_guests")},
		{Value: string(community.ShownToEveryone), Text: v.T("come.shown_everyone")},
		{Value: string(community.ShownToOrganisers), Text: v.T("come.shown_organisers")},
	}
}

// maxPlus is how many can be brought along to a conference.
func maxPlus(c *community.Conference) int {
	if c.Capacity > 0 {
		return min(community.MaxPlus, c.Capacity-1)
	}
	return community.MaxPlus
}

// readAnswer reads what a form says: going, maybe or no, how many more, and the
// rest. What it says of plus-ones matters only to those who come.
func readAnswer(f *form, c *community.Conference, v *viewer) (community.Want, community.Details, bool) {
	want := community.Want{State: community.GuestState(f.Value("answer"))}
	if plus := strings.TrimSpace(f.Value("plus")); plus != "" && want.State == community.Going {
		n, err := strconv.Atoi(plus)
		if err != nil {
			n = -1 // refused as every number that cannot be
		}
		want.Plus = n
	}
	d := community.Details{
		Name: f.Value("name"), Comment: f.Value("comment"), Shown: community.GuestShown(f.Value("shown")), Lang: v.Code, Series: f.Value("whole") != "" && c.SeriesID != 0,
		Answers: map[string]string{},
	}
	if d.Shown == shownToGuests {
		d.Shown = community.ShownToGuests
	}
	for _, q := range c.Questions {
		if a := f.Value("q_" + q.Key); a != "" {
			d.Answers[q.Key] = a
		}
	}
	return want, d, want.State == community.Going || want.State == community.Maybe || want.State == community.NotGoing
}

// come takes an answer to a conference: POST /conf/{slug}/come with answer, plus
// and, of those who are not signed in, name and contact: an e-mail address or an
// account on another server.
func (s *Server) come(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	if err := s.posted(w, r); err != nil {
		return err
	}
	c, err := s.ownConference(r.Context(), param(r, "slug"))
	if err != nil {
		return err
	}
	f := newForm(r.PostForm)
	again := func(status int) error { return s.comeAgain(w, r, v, c, f, status) }
	refused := func(err error) error {
		status, err := s.refuse(f, v, err, answerNames)
		if err != nil {
			return err
		}
		return again(status)
	}
	in := node.Coming{}
	var known bool
	if in.Want, in.Details, known = readAnswer(f, c, v); !known {
		return refused(errAnswer)
	}
	if v.me != nil {
		_, err := s.node.Come(r.Context(), v.by(), c.Slug, in)
		s.changed.Add(1)
		if err != nil {
			return refused(err)
		}
		return seeOther(conferencePath(c) + "?came=saved#come")
	}
	if f.Value(trap) != "" {
		// Whose browser filled it in by itself has only to press once more.
		f.Set(trap)
		f.Error = v.T("come.once_more")
		return again(http.StatusUnprocessableEntity)
	}
	if !s.coming.allow(r) {
		f.Error = v.T("error.rate.text")
		return again(http.StatusTooManyRequests)
	}
	contact := strings.TrimSpace(f.Value("contact"))
	handle, _, isHandle := readHandle(contact)
	_, isMail := community.Address(contact)
	switch {
	case isMail || !isHandle || !strings.HasPrefix(handle, "@"):
		in.Email = contact
		token, err := s.node.ComeByMail(r.Context(), c.Slug, in, s.mails)
		switch {
		case err != nil:
			return refused(err)
		case token != "":
			s.changed.Add(1)
			return seeOther(rsvpPath + token + "?new=1")
		}
		return seeOther(conferencePath(c) + "?came=mail#come")
	case s.remote == nil:
		f.wrong("contact", v.T("follow.error.off"))
	case !s.asking.allow(r):
		f.wrong("contact", v.T("follow.error.rate"))
	default:
		ctx, cancel := context.WithTimeout(r.Context(), remoteTime)
		defer cancel()
		a, err := s.remote.FetchActor(ctx, handle)
		if err != nil {
			s.log.Info("an account cannot be found", "handle", handle, "err", err)
			f.wrong("contact", v.T("come.nobody", "Handle", handle))
			break
		}
		if err := s.node.ComeByHandle(r.Context(), c.Slug, in, a); err != nil {
			return refused(err)
		}
		return seeOther(conferencePath(c) + "?came=handle#come")
	}
	return again(http.StatusUnprocessableEntity)
}

// comeAgain gives the page back with what was typed and what is wrong.
func (s *Server) comeAgain(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference, f *form, status int) error {
	v.typed = f
	sh, err := s.conferenceShown(r.Context(), v, r, c)
	if err != nil {
		return err
	}
	sh.page.At, sh.page.NoIndex = conferencePath(c), true
	return s.once(w, r, v, sh, nil, status)
}

// comingList is who comes, as far as they let the reader know.
type comingList struct {
	People []comingPerson
	More   string
	Note   string
}

type comingPerson struct{ Name, Initial, Plus string }

// shownComing bounds how many names a page has.
const shownComing = 60

// comingTo lists who comes to a conference of ours: guest tells that the reader
// comes too. Nil where there is no name to show.
func (s *Server) comingTo(ctx context.Context, v *viewer, c *community.Conference, guest bool) (*comingList, error) {
	if !c.Own() || c.Seats.Going == 0 {
		return nil, nil
	}
	steward := v.me != nil && v.me.Role.AtLeast(community.Steward)
	if v.me != nil && !guest {
		g, err := s.store.Guest(ctx, c.ID, storage.GuestKey{MemberID: v.me.ID})
		if err != nil && community.CodeOf(err) != community.NotFound {
			return nil, err
		}
		guest = err == nil && g.State == community.Going
	}
	guests, err := s.store.Guests(ctx, c.ID, community.Going)
	if err != nil {
		return nil, err
	}
	out, named := &comingList{}, 0
	for i := range guests {
		g := &guests[i]
		if g.Name == "" || len(out.People) == shownComing || !g.VisibleTo(guest, steward) {
			continue
		}
		p := comingPerson{Name: g.Name, Initial: initial(g.Name)}
		if g.Plus > 0 {
			p.Plus = "+" + strconv.Itoa(g.Plus)
		}
		out.People, named = append(out.People, p), named+g.Size()
	}
	if len(out.People) == 0 {
		return nil, nil
	}
	if more := c.Seats.Going - named; more > 0 {
		out.More = v.N("coming.more", more)
	}
	if !guest && !steward {
		out.Note = v.T("coming.note")
	}
	return out, nil
}

// until is a moment on the clock of a conference.
func (v *viewer) until(c *community.Conference, at time.Time) string {
	local := at.In(c.Location())
	return v.T("date.with_time", "Date", v.T("date.with_weekday", "Weekday", v.weekday(local), "Date", v.day(local, false)), "Time", local.Format("15:04"))
}
