package web

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

// guestSheets come with the pages of the guest list.
var guestSheets = []string{"write.css", "guests.css"}

// guestsPage is the guest list of a conference, for whoever runs it.
type guestsPage struct {
	Nav     []deskLink
	Title   text
	Path    string
	Tabs    []deskLink
	Query   string
	State   string
	Count   string // people who have a seat, of how many
	Still   string // how many said that they still come
	Guests  []guestRow
	Empty   empty
	Pager   pager
	Form    *form
	Done    string
	Failed  string
	CanAsk  bool
	All     string // the whole list, to print
	Printed bool
	Letters string // where their letters are listed; stewards alone
}

// guestRow is one guest.
type guestRow struct {
	ID                         int64
	Path, Name, Who, Comment   string
	State                      badge
	Plus, When, Still, Arrived string
	Answers                    []answerRow
}

// answerRow is the answer to a question.
type answerRow struct{ Question, Answer string }

// guestsPath is the guest list of a conference.
func guestsPath(c *community.Conference) string { return deskConf(c) + "/guests" }

// guestState is the state of a guest in a word.
func (t *tongue) guestState(s community.GuestState) badge {
	return badge{"guest-" + string(s), t.T("guests.state_" + string(s))}
}

// guestName is what a guest is called on the list.
func guestName(g *community.Guest) string {
	if g.Name != "" {
		return g.Name
	}
	return g.Email
}

// cameBy says how a guest came.
func (t *tongue) cameBy(g *community.Guest) string {
	switch {
	case g.Via != "" && t.Has("guests.via_"+g.Via):
		return t.T("guests.via_" + g.Via)
	case g.MemberID != 0:
		return t.T("guests.via_member")
	case g.Email != "":
		return t.T("guests.via_email")
	case g.JoinURI != "":
		return t.T("guests.via_join")
	}
	return t.T("guests.via_actor")
}

// guestRow puts a guest into the list.
func (v *viewer) guestRow(c *community.Conference, g *community.Guest) guestRow {
	out := guestRow{ID: g.ID, Path: guestsPath(c) + "/" + strconv.FormatInt(g.ID, 10), Name: guestName(g), Who: g.Email, Comment: g.Comment,
		State: v.guestState(g.State), When: v.moment(g.Created), Arrived: v.moment(g.CheckedIn)}
	if g.Plus > 0 {
		out.Plus = "+" + strconv.Itoa(g.Plus)
	}
	switch {
	case g.State != community.Going || g.Asked.IsZero():
	case g.Reconfirmed.IsZero():
		out.Still = v.T("guests.still_silent")
	default:
		out.Still = v.T("guests.still_yes")
	}
	for _, q := range c.Questions {
		if a := g.Answers[q.Key]; a != "" {
			if q.Kind == community.AskYes {
				a = v.T("guests.yes")
			}
			out.Answers = append(out.Answers, answerRow{q.Text, a})
		}
	}
	return out
}

// foundGuest tells whether a guest is who is looked for: by name, address,
// comment or answer, whatever the case.
func foundGuest(g *community.Guest, query string) bool {
	if query == "" {
		return true
	}
	hay := []string{g.Name, g.Email, g.Comment}
	for _, a := range g.Answers {
		hay = append(hay, a)
	}
	fold := func(s string) string { return strings.ReplaceAll(strings.ToLower(s), "ё", "е") }
	return strings.Contains(fold(strings.Join(hay, "\n")), fold(query))
}

// guestList shows the guests: GET /desk/conf/{slug}/guests with ?state=, ?q=,
// ?page= and ?all=1.
func (s *Server) guestList(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference) error {
	return s.showGuests(w, r, v, c, newForm(nil), http.StatusOK)
}

func (s *Server) showGuests(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference, f *form, status int) error {
	number, err := pageNumber(r)
	if err != nil {
		return err
	}
	guests, err := s.store.Guests(r.Context(), c.ID)
	if err != nil {
		return err
	}
	params := s.meant(r, []string{"state", "q", "all"})
	q, state := strings.TrimSpace(params.Get("q")), community.GuestState(params.Get("state"))
	p := guestsPage{Nav: s.confNav(v, c, "guests"), Title: v.pick(c.Title), Path: guestsPath(c), Query: q, State: string(state), Form: f, Printed: params.Get("all") != "",
		Empty: empty{v.T("guests.none"), v.T("guests.none_text")}, CanAsk: c.Admits(v.now) && c.Start.After(v.now)}
	if v.me.Role.AtLeast(community.Steward) {
		p.Letters = deskMailPath + "?conf=" + url.QueryEscape(c.Slug)
	}
	people, parties, still, asked := 0, map[community.GuestState]int{}, 0, 0
	var shownGuests []community.Guest
	for i := range guests {
		g := &guests[i]
		parties[g.State]++
		if g.State == community.Going {
			people += g.Size()
			if !g.Asked.IsZero() {
				asked++
			}
			if !g.Reconfirmed.IsZero() {
				still++
			}
		}
		if (state == "" || g.State == state) && foundGuest(g, q) {
			shownGuests = append(shownGuests, *g)
		}
	}
	if p.Count = v.N("guests.people", people); c.Capacity > 0 {
		p.Count = v.N("guests.people_of", people, "Seats", c.Capacity)
	}
	if asked > 0 {
		p.Still = v.T("guests.still_count", "Yes", still, "Asked", asked)
	}
	tab := func(st community.GuestState, name string, n int) {
		to := url.Values{}
		if q != "" {
			to.Set("q", q)
		}
		if st != "" {
			to.Set("state", string(st))
		}
		p.Tabs = append(p.Tabs, deskLink{withQuery(p.Path, to), name + " " + strconv.Itoa(n), st == state})
	}
	tab("", v.T("guests.all"), len(guests))
	for _, st := range community.GuestStates {
		if parties[st] > 0 || st == state {
			tab(st, v.T("guests.state_"+string(st)), parties[st])
		}
	}
	to := mapClone(params)
	to.Set("all", "1")
	p.All = withQuery(p.Path, to)
	total := len(shownGuests)
	if !p.Printed {
		from := min((number-1)*perPage, total)
		shownGuests = shownGuests[from:min(from+perPage, total)]
		p.Pager = newPager(p.Path, params, number, total, v.T("guests.prev"), v.T("guests.next"))
	}
	for i := range shownGuests {
		p.Guests = append(p.Guests, v.guestRow(c, &shownGuests[i]))
	}
	query := r.URL.Query()
	if did := query.Get("did"); slices.Contains(guestActs, did) {
		n, _ := strconv.Atoi(query.Get("n"))
		p.Done = v.N("guests.did_"+did, max(0, n))
		if failed, _ := strconv.Atoi(query.Get("failed")); failed > 0 {
			p.Failed = v.N("guests.failed", failed)
		}
	}
	return s.showDesk(w, r, v, confsPath, "desk_guests", page{Heading: v.T("guests.title"), Class: "desk guests", Sheets: guestSheets, Body: p}, status)
}

// guestActs are what can be done to guests, or was.
var guestActs = []string{"approve", "decline", "promote", "ask", "message", "add"}

// guestAct does something to the guests that are ticked: POST
// /desk/conf/{slug}/guests with act and guest. What cannot be done to one is done
// to the others.
func (s *Server) guestAct(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference) error {
	f := newForm(r.PostForm)
	act := f.Value("act")
	if act == "ask" {
		n, err := s.node.AskGuests(r.Context(), v.by(), c.Slug)
		if err != nil {
			status, err := s.refuse(f, v, err, nil)
			if err != nil {
				return err
			}
			return s.showGuests(w, r, v, c, f, status)
		}
		return seeOther(guestsPath(c) + "?did=ask&n=" + strconv.Itoa(n))
	}
	do, ok := map[string]func(string, int64) error{
		"approve": func(slug string, id int64) error {
			_, err := s.node.ApproveGuest(r.Context(), v.by(), slug, id)
			return err
		},
		"decline": func(slug string, id int64) error {
			_, err := s.node.DeclineGuest(r.Context(), v.by(), slug, id)
			return err
		},
		"promote": func(slug string, id int64) error {
			_, err := s.node.PromoteGuest(r.Context(), v.by(), slug, id)
			return err
		},
	}[act]
	ids := f.values["guest"]
	switch {
	case !ok:
		f.Error = v.T("guests.choose_act")
	case len(ids) == 0:
		f.Error = v.T("guests.choose")
	case len(ids) > 500:
		f.Error = v.T("guests.too_many")
	}
	if !f.OK() {
		return s.showGuests(w, r, v, c, f, http.StatusUnprocessableEntity)
	}
	done, failed := 0, 0
	var last error
	for _, raw := range ids {
		id, err := strconv.ParseInt(raw, 10, 64)
		if err == nil {
			err = do(c.Slug, id)
		}
		if community.CodeOf(err) == community.Internal && err != nil {
			if _, parse := err.(*strconv.NumError); !parse {
				return err
			}
		}
		if err != nil {
			failed, last = failed+1, err
			continue
		}
		done++
	}
	if done == 0 && len(ids) == 1 && last != nil {
		if _, parse := last.(*strconv.NumError); parse {
			last = community.Errorf(community.Invalid, "there is no such guest")
		}
		status, err := s.refuse(f, v, last, nil)
		if err != nil {
			return err
		}
		return s.showGuests(w, r, v, c, f, status)
	}
	to := url.Values{"did": {act}, "n": {strconv.Itoa(done)}}
	if failed > 0 {
		to.Set("failed", strconv.Itoa(failed))
	}
	if st := f.Value("state"); slices.Contains(community.GuestStates, community.GuestState(st)) {
		to.Set("state", st)
	}
	return seeOther(withQuery(guestsPath(c), to))
}

// guestPage is one guest.
type guestPage struct {
	Nav       []deskLink
	Guest     guestRow
	Path      string // of the list
	Came      string
	Updated   string
	Asked     string
	Said      string
	Language  string
	Letters   []letterLine
	Seen      string // who sees the name
	Approve   bool
	Decline   bool
	Promote   bool
	Steward   bool
	ConfTitle text
}

// guestOne shows a guest, with what was written to them: GET
// /desk/conf/{slug}/guests/{id}.
func (s *Server) guestOne(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference) error {
	missing := community.Errorf(community.NotFound, "there is no such guest")
	id, err := strconv.ParseInt(param(r, "id"), 10, 64)
	if err != nil {
		return missing
	}
	g, err := s.store.GuestByID(r.Context(), id)
	if err != nil {
		return err
	}
	if g.ConferenceID != c.ID {
		return missing
	}
	p := guestPage{Nav: s.confNav(v, c, "guests"), Guest: v.guestRow(c, g), Path: guestsPath(c), Came: v.cameBy(g), Updated: v.moment(g.Updated), Asked: v.moment(g.Asked),
		Said: v.moment(g.Reconfirmed), ConfTitle: v.pick(c.Title), Steward: v.me.Role.AtLeast(community.Steward)}
	if g.Lang != "" {
		p.Language = v.languageName(g.Lang)
	}
	p.Seen = v.T("guests.shown_" + map[community.GuestShown]string{community.ShownToGuests: "guests", community.ShownToEveryone: "everyone", community.ShownToOrganisers: "organisers"}[g.Shown])
	p.Approve = g.State == community.Pending || g.State == community.Declined
	p.Decline = g.State != community.Declined && g.State != community.Unconfirmed
	p.Promote = g.State == community.Waitlisted || g.State == community.SeatOffered
	letters, err := s.store.Letters(r.Context(), storage.LetterQuery{GuestID: g.ID})
	if err != nil {
		return err
	}
	if p.Letters, err = s.letterLines(r, v, letters); err != nil {
		return err
	}
	return s.showDesk(w, r, v, confsPath, "desk_guest", page{Heading: p.Guest.Name, Class: "desk guests", Sheets: guestSheets, Body: p}, http.StatusOK)
}

// guestCSV is the list as a table (RFC 4180): GET /desk/conf/{slug}/guests.csv,
// with ?bom=1 for a spreadsheet that would not know UTF-8 without.
func (s *Server) guestCSV(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference) error {
	guests, err := s.store.Guests(r.Context(), c.ID)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", `attachment; filename="`+c.Slug+`-guests.csv"`)
	if r.Method == http.MethodHead {
		return nil
	}
	if r.URL.Query().Get("bom") != "" {
		w.Write([]byte("\ufeff"))
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	head := []string{"name", "email", "state", "people", "came_by", "comment", "answered", "reconfirmed", "checked_in"}
	for _, q := range c.Questions {
		head = append(head, q.Text)
	}
	write := func(row []string) {
		for i := range row {
			row[i] = cell(row[i])
		}
		_ = out.Write(row) // whoever reads it has gone
	}
	write(head)
	for i := range guests {
		g := &guests[i]
		row := []string{guestName(g), g.Email, string(g.State), strconv.Itoa(g.Size()), v.cameBy(g), g.Comment, stampJSON(g.Created), stampJSON(g.Reconfirmed), stampJSON(g.CheckedIn)}
		for _, q := range c.Questions {
			row = append(row, g.Answers[q.Key])
		}
		write(row)
	}
	out.Flush()
	return nil
}

// cell keeps what a guest typed from being a formula of a spreadsheet.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n|%", rune(s[0])) {
		return "'" + s
	}
	return s
}

// messagePage writes to guests.
type messagePage struct {
	Nav     []deskLink
	Title   text
	Path    string
	Form    *form
	Groups  []formOption
	Preview bool
	Mail    string // whom it would reach
	Far     string
	Subject string
	Lines   []string
	Max     [2]int
}

// guestMessage shows the form to write to guests, or with preview what would be
// sent and to how many; with send it is: GET, POST
// /desk/conf/{slug}/guests/message.
func (s *Server) guestMessage(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference) error {
	f := newForm(r.PostForm)
	p := messagePage{Nav: s.confNav(v, c, "guests"), Title: v.pick(c.Title), Path: guestsPath(c), Form: f, Max: [2]int{node.MaxGuestSubject, node.MaxGuestMessage}}
	for _, g := range node.GuestGroups {
		p.Groups = append(p.Groups, formOption{string(g), v.T("guests.to_" + string(g)), ""})
	}
	status := http.StatusOK
	if r.Method == http.MethodPost {
		m := node.GuestMessage{To: node.GuestGroup(f.Value("to")), Subject: f.Value("subject"), Text: f.Value("text")}
		var err error
		switch f.Value("act") {
		case "send":
			var n int
			if n, err = s.node.MessageGuests(r.Context(), v.by(), c.Slug, m); err == nil {
				return seeOther(guestsPath(c) + "?did=message&n=" + strconv.Itoa(n))
			}
		case "edit":
		default:
			var mails, far int
			if mails, far, err = s.node.Reach(r.Context(), v.by(), c.Slug, m); err == nil {
				p.Preview, p.Mail, p.Far, p.Subject = true, v.N("guests.reach_mail", mails), v.N("guests.reach_far", far), m.Subject
				if p.Subject = strings.TrimSpace(p.Subject); p.Subject == "" {
					p.Subject = p.Title.Text
				}
				p.Lines = strings.Split(strings.ReplaceAll(strings.TrimSpace(m.Text), "\r\n", "\n"), "\n")
			}
		}
		if err != nil {
			if status, err = s.refuse(f, v, err, nil); err != nil {
				return err
			}
		}
	} else {
		f.Set("to", string(node.GuestsGoing))
	}
	return s.showDesk(w, r, v, confsPath, "desk_message", page{Heading: v.T("guests.message"), Class: "desk guests", Sheets: guestSheets, Body: p}, status)
}

// guestAdd puts someone on the list by hand: GET, POST
// /desk/conf/{slug}/guests/add.
func (s *Server) guestAdd(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference) error {
	f := newForm(r.PostForm)
	status := http.StatusOK
	if r.Method == http.MethodPost {
		plus := 0
		if raw := strings.TrimSpace(f.Value("plus")); raw != "" {
			var err error
			if plus, err = strconv.Atoi(raw); err != nil || plus < 0 || plus > community.MaxPlus {
				f.wrong("plus", v.T("error.plus"))
			}
		}
		if status = http.StatusUnprocessableEntity; f.OK() {
			_, err := s.node.AddGuest(r.Context(), v.by(), c.Slug, f.Value("email"), f.Value("name"), plus)
			if err == nil {
				return seeOther(guestsPath(c) + "?did=add&n=1")
			}
			if status, err = s.refuse(f, v, err, nil); err != nil {
				return err
			}
		}
	}
	p := messagePage{Nav: s.confNav(v, c, "guests"), Title: v.pick(c.Title), Path: guestsPath(c), Form: f}
	return s.showDesk(w, r, v, confsPath, "desk_guest_add", page{Heading: v.T("guests.add"), Class: "desk guests", Sheets: guestSheets, Body: p}, status)
}
