package web

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"konfa/calendar"
	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

// minePath is where private pages are: whoever knows what follows sees what is
// a member's own.
const minePath = "/my/"

// minePage is everything a member's own page shows.
type minePage struct {
	Name      string
	Path      string // of this page, to send forms to
	Error     string
	Hint      string
	Fields    []string
	Moved     bool
	Left      *mineCard // one just left, to come back to
	Upcoming  []mineCard
	Empty     empty
	Past      []mineCard
	Suggested []mineStay
	Stays     []mineStay
	Add       stayForm
	City      text
	Arrivals  []mineArrival
	Notices   []mineNotice
	Unread    int
	LastRead  int64
	Feed      copyField
	Webcal    template.URL
	ICS       string
	Suggests  bool
}

// mineCard is a conference of a member's, and what can be done about it.
type mineCard struct {
	card
	ID     int64
	State  badge
	SignUp string
	Come   string // what a button to come says, or empty
	Leave  bool
	Away   bool // the link leads to another server
}

// onPage ties a card to the page whose forms it sends.
func onPage(path string, k mineCard) struct {
	Path string
	Card mineCard
} {
	return struct {
		Path string
		Card mineCard
	}{path, k}
}

// mineStay is a stay of a member's, with what is suggested for it.
type mineStay struct {
	ID      int64
	Title   string
	City    string
	URL     string
	Days    string
	Visible bool
	Over    bool
	Cards   []mineCard
}

// mineNotice is one notice.
type mineNotice struct {
	Text, URL, Date, Stamp string
	New, Away              bool
}

// mineArrival is someone of another city who comes to this one. Members see them,
// nobody else.
type mineArrival struct {
	person
	Days string
}

// stayForm is the form for a new stay, with what was typed.
type stayForm struct{ City, From, To, First string }

// Bounds of what the page shows.
const (
	mineNotices = 20
	minePast    = 20

	mineArrivals = 50
)

// private sets what keeps a private page to those who know its address: it is
// not kept, not found by search engines, and no other server that it links to
// hears of its address. Under "no-referrer" browsers would send its forms with
// "Origin: null" (Fetch §3.2), which is refused where they do not say
// Sec-Fetch-Site: older ones, and all of them over plain HTTP.
func private(h http.Header) {
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Cache-Control", "private, no-store")
}

// mine is a member's own page: /my/{secret}.
func (s *Server) mine(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	m, l, err := s.openLink(r)
	if err != nil {
		return err
	}
	return s.showMine(w, r, m, l, nil, stayForm{})
}

func (s *Server) openLink(r *http.Request) (*community.Member, *community.PrivateLink, error) {
	secret := param(r, "secret")
	if len(secret) > 100 {
		secret = ""
	}
	return s.node.OpenLink(r.Context(), secret)
}

// showMine shows the page, with what went wrong if something did.
func (s *Server) showMine(w http.ResponseWriter, r *http.Request, m *community.Member, l *community.PrivateLink, failed error, typed stayForm) error {
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	s.rememberLanguage(w, r)
	p, err := s.minePage(r.Context(), v, m, l, r.URL.Query().Get("left"))
	if err != nil {
		return err
	}
	status := http.StatusOK
	if failed != nil {
		x := s.explain(r, v.tongue, failed)
		status, p.Error, p.Hint = x.Status, x.Detail, x.Hint
		if p.Error == "" {
			p.Error = x.Text
		}
		for _, f := range x.Fields {
			name := f.Field
			if key := "mine.stay_" + f.Field; v.Has(key) {
				name = v.T(key)
			}
			p.Fields = append(p.Fields, name+": "+f.Msg)
		}
	}
	typed.First = v.now.In(v.location()).Format(time.DateOnly)
	p.Add = typed
	pg := page{Heading: v.T("mine.title"), NoIndex: true, Class: "mine", Body: p}
	if l == nil {
		p.Path, pg.Account = myConferences, v.accountNav(myConferences)
	} else {
		p.Path = minePath + param(r, "secret")
		p.ICS = p.Path + ".ics"
		p.Feed = newCopy(s.site.Base+p.ICS, v.T("mine.calendar_field"))
		p.Webcal = template.URL("webcal://" + s.site.Host() + p.ICS)
	}
	pg.At = p.Path
	return s.once(w, r, v, &shown{"mine", pg}, nil, status)
}

// minePage builds the page of a member.
func (s *Server) minePage(ctx context.Context, v *viewer, m *community.Member, l *community.PrivateLink, left string) (*minePage, error) {
	by := node.By{Member: m}
	p := &minePage{Name: m.Name, Moved: m.MovedTo != "", Suggests: l != nil && l.Suggests, Empty: empty{v.T("mine.nothing"), v.T("mine.nothing_hint")}}
	list, err := s.node.MyConferences(ctx, by, m.Handle, node.Always)
	if err != nil {
		return nil, err
	}
	for i := range list {
		k := v.mineCard(&list[i].Conference, list[i].Guest.State, p.Moved)
		if list[i].Conference.Past(v.now) {
			p.Past = append([]mineCard{k}, p.Past...)
		} else {
			p.Upcoming = append(p.Upcoming, k)
		}
	}
	p.Past = p.Past[:min(len(p.Past), minePast)]
	if id, err := strconv.ParseInt(left, 10, 64); err == nil && !p.Moved {
		if c, err := s.store.ConferenceByID(ctx, id); err == nil && v.open(c) {
			if g, err := s.store.Guest(ctx, id, storage.GuestKey{MemberID: m.ID}); err == nil && g.State == community.NotGoing {
				k := v.mineCard(c, g.State, false)
				p.Left = &k
			}
		}
	}
	stays, err := s.node.Stays(ctx, by, m.Handle)
	if err != nil {
		return nil, err
	}
	suggested, err := s.node.Suggestions(ctx, by, m.Handle)
	if err != nil {
		return nil, err
	}
	for i := range stays {
		st := v.mineStay(&stays[i])
		if st.Over {
			continue
		}
		p.Stays = append(p.Stays, st)
		for j := range suggested {
			if suggested[j].Stay.ID == st.ID {
				k := v.mineCard(&suggested[j].Conference, "", p.Moved)
				st.Cards = append(st.Cards, k)
			}
		}
		if len(st.Cards) > 0 {
			p.Suggested = append(p.Suggested, st)
		}
	}
	p.City = v.cityName()
	if m.Role.AtLeast(community.Regular) && !p.Moved {
		arrivals, err := s.node.Arrivals(ctx, by)
		if err != nil {
			return nil, err
		}
		for i := range arrivals[:min(len(arrivals), mineArrivals)] {
			p.Arrivals = append(p.Arrivals, v.mineArrival(&arrivals[i]))
		}
	}
	notices, _, unread, err := s.node.Notices(ctx, by, m.Handle, mineNotices, 0)
	if err != nil {
		return nil, err
	}
	p.Unread = unread
	for i := range notices {
		n := &notices[i]
		p.LastRead = max(p.LastRead, n.ID)
		p.Notices = append(p.Notices, mineNotice{
			Text: v.notice(n), URL: n.Subject, Date: v.stamp(n.Created), Stamp: n.Created.Format(time.RFC3339), New: n.Read.IsZero(),
			Away: hostOf(n.Subject) != hostOf(v.site.Base),
		})
	}
	return p, nil
}

// mineCard is a conference with where the member stands, "" for one that is only
// suggested.
func (v *viewer) mineCard(c *community.Conference, state community.GuestState, idle bool) mineCard {
	k := mineCard{card: v.card(c), ID: c.ID}
	if !c.Own() {
		k.Path, k.Away = pageURL(v.site, c), true
	}
	if state != "" && state != community.NotGoing {
		k.State = badge{string(state), v.T("mine.state." + string(state))}
	}
	if !k.Open || idle {
		return k
	}
	outside := state == community.Outside || state == "" && c.JoinMode == community.External
	if outside {
		k.SignUp = c.ExternalURL
		if !webAddress(k.SignUp) {
			k.SignUp = pageURL(v.site, c)
		}
	}
	switch state {
	case community.Going, community.Waitlisted, community.Pending, community.Outside:
		k.Leave = true
	case community.SeatOffered:
		k.Leave, k.Come = true, v.T("rsvp.take")
	case community.Maybe:
		k.Leave, k.Come = true, v.T("mine.come")
	case community.Unanswered:
		k.Leave, k.Come = true, v.T("mine.again")
	case community.NotGoing:
		k.Come = v.T("mine.left_undo")
	case "":
		if !outside {
			k.Come = v.T("mine.come")
		}
	}
	return k
}

func (v *viewer) mineStay(s *community.Stay) mineStay {
	city := s.Actor.DisplayName()
	st := mineStay{ID: s.ID, City: city, URL: s.Actor.URL, Visible: s.Visible, Over: s.Over(v.now)}
	if !webAddress(st.URL) {
		st.URL = s.Actor.URI
	}
	st.Title = v.T("mine.visiting", "City", city)
	if s.Kind == community.Moving {
		st.Title = v.T("mine.moving", "City", city)
	}
	st.Days = v.stayDays(s.From, s.To)
	return st
}

func (v *viewer) stayDays(from, to time.Time) string {
	if to.IsZero() {
		return v.T("mine.from_day", "Date", v.day(from, true))
	}
	return v.days(from, to)
}

func (v *viewer) mineArrival(a *community.Arrival) mineArrival {
	name := a.Actor.DisplayName()
	k := mineArrival{person: person{Name: name, Path: a.Actor.URL, Note: a.Actor.Address(), Initial: initial(name)}, Days: v.stayDays(a.From, a.To)}
	if !webAddress(k.Path) {
		k.Path = a.Actor.URI
	}
	return k
}

// mineAct does what a form of the page asks for: POST /my/{secret}/{act}.
func (s *Server) mineAct(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	if !s.writes.allow(r) {
		return errRate
	}
	m, l, err := s.openLink(r)
	if err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if err := r.ParseForm(); err != nil {
		return community.Errorf(community.Invalid, "the form cannot be read: %w", err)
	}
	return s.mineDo(w, r, m, l, minePath+url.PathEscape(param(r, "secret")))
}

// mineDo does what a form of the page at a path asks for; l is nil for who is
// signed in.
func (s *Server) mineDo(w http.ResponseWriter, r *http.Request, m *community.Member, l *community.PrivateLink, path string) error {
	var err error
	back := url.Values{}
	switch param(r, "act") {
	case "answer":
		err = s.mineAnswer(r, m, back)
	case "stay":
		err = s.mineChangeStay(r, m)
	case "visit":
		err = s.mineVisit(r, m)
	case "read":
		var id int64
		if id, err = formID(r, "up_to"); err == nil {
			_, err = s.node.ReadNotices(r.Context(), node.By{Member: m}, m.Handle, id)
		}
	default:
		return community.Errorf(community.NotFound, "there is no such form")
	}
	s.changed.Add(1)
	if err != nil {
		f := r.PostForm
		return s.showMine(w, r, m, l, err, stayForm{City: f.Get("city"), From: f.Get("from"), To: f.Get("to")})
	}
	http.Redirect(w, r, withQuery(path, back), http.StatusSeeOther)
	return nil
}

func formID(r *http.Request, name string) (int64, error) {
	id, err := strconv.ParseInt(r.PostForm.Get(name), 10, 64)
	if err != nil || id < 0 {
		return 0, community.Errorf(community.Invalid, "the form is not whole: %s is missing", name)
	}
	return id, nil
}

// mineAnswer says for a member whether they come to a conference.
func (s *Server) mineAnswer(r *http.Request, m *community.Member, back url.Values) error {
	id, err := formID(r, "conference")
	if err != nil {
		return err
	}
	want := community.Want{State: community.GuestState(r.PostForm.Get("answer"))}
	switch want.State {
	case community.Going:
	case community.NotGoing:
		back.Set("left", strconv.FormatInt(id, 10))
	default:
		return errAnswer
	}
	c, err := s.store.ConferenceByID(r.Context(), id)
	if err != nil {
		return err
	}
	_, err = s.answerFor(r.Context(), node.By{Member: m}, m, c, want, "")
	return err
}

// answerFor answers a conference for a member, ours or of another server.
func (s *Server) answerFor(ctx context.Context, by node.By, m *community.Member, c *community.Conference, want community.Want, comment string) (*community.Guest, error) {
	k := storage.GuestKey{MemberID: m.ID}
	switch {
	case c.Own():
		g, err := s.node.Answer(ctx, c.Slug, k, want, comment)
		return &g, err
	case want.State == community.NotGoing:
		if err := s.node.LeaveElsewhere(ctx, by, m.Handle, c.URI); err != nil {
			return nil, err
		}
		return s.store.Guest(ctx, c.ID, k)
	}
	return s.node.JoinElsewhere(ctx, by, m.Handle, c.URI, want, comment)
}

func (s *Server) mineChangeStay(r *http.Request, m *community.Member) error {
	id, err := formID(r, "stay")
	if err != nil {
		return err
	}
	by := node.By{Member: m}
	switch r.PostForm.Get("do") {
	case "tell":
		_, err = s.node.ShowStay(r.Context(), by, m.Handle, id, true)
	case "untell":
		_, err = s.node.ShowStay(r.Context(), by, m.Handle, id, false)
	case "end":
		err = s.node.EndStay(r.Context(), by, m.Handle, id)
	default:
		err = community.Errorf(community.Invalid, "the form does not say what to do")
	}
	return err
}

func (s *Server) mineVisit(r *http.Request, m *community.Member) error {
	f := r.PostForm
	var st community.Stay
	var err error
	if st.From, st.To, err = readDays(f.Get("from"), f.Get("to")); err != nil {
		return err
	}
	st.Visible = f.Get("tell") != ""
	_, err = s.visit(r, node.By{Member: m}, m.Handle, f.Get("city"), st)
	return err
}

// readDays reads the days of a stay; empty is none.
func readDays(from, to string) (first, last time.Time, err error) {
	for _, d := range []struct {
		field, said string
		into        *time.Time
	}{{"from", from, &first}, {"to", to, &last}} {
		if d.said == "" {
			continue
		}
		if *d.into, err = time.Parse(time.DateOnly, d.said); err != nil {
			return first, last, invalidField(d.field, "date", "write a day like 2027-03-17")
		}
	}
	return first, last, nil
}

// visit finds a city elsewhere and notes that a member stays there.
func (s *Server) visit(r *http.Request, by node.By, handle, what string, st community.Stay) (*community.Stay, error) {
	if err := st.Check(s.node.Now()); err != nil {
		return nil, err // before another server is asked
	}
	what = strings.TrimSpace(what)
	switch {
	case what == "" || len(what) > 500:
		return nil, invalidField("city", "required", "name a city, such as @phuket@konfa.example")
	case s.remote == nil:
		return nil, community.Errorf(community.Refused, "other servers are not asked")
	case !s.asking.allow(r):
		return nil, errRate
	}
	ctx, cancel := context.WithTimeout(r.Context(), remoteTime)
	defer cancel()
	var city *community.Actor
	err := error(community.Errorf(community.NotFound, "there is no such city"))
	if !strings.ContainsAny(what, "@/") {
		city, err = s.remote.FetchActor(ctx, "https://"+what+"/") // a city lives at its front door
	}
	if err != nil {
		if city, err = s.remote.FetchActor(ctx, what); err != nil {
			s.log.Info("a city cannot be found", "city", what, "err", err)
			return nil, invalidField("city", "unreachable", "nobody answers there as a city")
		}
	}
	if at, err := url.Parse(city.URI); err == nil && city.Type == "Application" && !strings.ContainsAny(what, "@/") {
		if home, err := s.remote.FetchActor(ctx, at.Scheme+"://"+at.Host+"/"); err == nil {
			city = home
		}
	}
	return s.node.Visit(r.Context(), by, handle, city, st)
}

// mineICS is a member's own calendar: /my/{secret}.ics.
func (s *Server) mineICS(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	m, l, err := s.openLink(r)
	if err != nil {
		return err
	}
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	if r.URL.Query().Get("lang") == "" {
		for _, lang := range m.Languages { // programs that read calendars have no language
			if t, ok := s.tongues.byCode(lang); ok {
				v.tongue = t
				break
			}
		}
	}
	by := node.By{Member: m}
	list, err := s.node.MyConferences(r.Context(), by, m.Handle, node.Always)
	if err != nil {
		return err
	}
	cal := calendar.Calendar{
		Name: v.T("mine.calendar_name", "City", v.cityName().Text), URL: s.site.Base + "/", Zone: v.city.Zone, Refresh: icsRefresh, Site: s.site, Langs: v.reads(v.city.Languages),
		Guest: &calendar.Guest{Name: m.Name, URI: s.site.Actor(community.MemberActor(m.Handle)), City: v.cityName().Text, CityURI: s.site.Actor(community.CityActor), Parts: map[int64]calendar.Part{}},
	}
	for _, mc := range list {
		stat, ok := partStat[mc.Guest.State]
		if !ok {
			continue // of those that turned them down, nothing is to be remembered
		}
		cal.Events = append(cal.Events, mc.Conference)
		part := calendar.Part{Stat: stat}
		if mc.Guest.State != community.Going {
			part.Note = upperFirst(v.T("mine.state." + string(mc.Guest.State)))
		}
		cal.Guest.Parts[mc.Conference.ID] = part
	}
	if l.Suggests {
		suggested, err := s.node.Suggestions(r.Context(), by, m.Handle)
		if err != nil {
			return err
		}
		for _, x := range suggested {
			cal.Events = append(cal.Events, x.Conference)
			cal.Guest.Parts[x.Conference.ID] = calendar.Part{Title: v.T("mine.calendar_suggested", "Title", v.pick(x.Conference.Title).Text)}
		}
	}
	var b strings.Builder
	if err := calendar.Encode(&b, cal); err != nil {
		return err
	}
	d, err := newDocument([]byte(b.String()), icsKind)
	if err != nil {
		return err
	}
	d.langs, d.policy, d.keep, d.name = true, "default-src 'none'; frame-ancestors 'none'", "private, no-cache", v.city.Handle+"-"+m.Handle+".ics"
	w.Header().Set("Content-Language", v.Code)
	return d.serve(w, r)
}

// partStat is where a guest stands in the words of iCalendar (RFC 5545
// §3.2.12).
var partStat = map[community.GuestState]string{
	community.Going: "ACCEPTED", community.Maybe: "TENTATIVE", community.Waitlisted: "TENTATIVE",
	community.SeatOffered: "TENTATIVE", community.Pending: "NEEDS-ACTION", community.Unanswered: "NEEDS-ACTION", community.Outside: "NEEDS-ACTION",
}
