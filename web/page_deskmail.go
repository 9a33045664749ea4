package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"konfa/community"
	"konfa/mail"
	"konfa/storage"
)

// deskMailPath is where stewards see what was sent, and what was not.
const deskMailPath = "/desk/mail"

// deskMailPage lists letters.
type deskMailPage struct {
	On                   bool
	From                 string
	Tabs                 []deskLink
	About                string // the conference they are about, if it is one
	Letters              []letterLine
	Pager                pager
	Empty                empty
	Test, Reply          *form
	Done                 string // what was just done
	Kept                 bool   // letters could be sent that were kept
	TestProblem, Refused bool
}

// letterLine is a letter in a list.
type letterLine struct {
	Path, Kind, To, Written, About, AboutPath, Why string
	State                                          badge
}

// letterLines puts letters into a list.
func (s *Server) letterLines(r *http.Request, v *viewer, letters []community.Letter) ([]letterLine, error) {
	titles := map[int64][2]string{}
	var out []letterLine
	for i := range letters {
		l := &letters[i]
		if _, ok := titles[l.ConferenceID]; !ok && l.ConferenceID != 0 {
			c, err := s.store.ConferenceByID(r.Context(), l.ConferenceID)
			switch {
			case err == nil:
				titles[l.ConferenceID] = [2]string{v.pick(c.Title).Text, deskMailPath + "?conf=" + url.QueryEscape(c.Slug)}
			case community.CodeOf(err) != community.NotFound:
				return nil, err
			}
		}
		at := titles[l.ConferenceID]
		out = append(out, letterLine{Path: deskMailPath + "/" + strconv.FormatInt(l.ID, 10), Kind: v.letterKind(l.Kind), To: l.To, Written: v.moment(l.Created),
			About: at[0], AboutPath: at[1], Why: v.letterWhy(l), State: v.letterState(l.State)})
	}
	return out, nil
}

// letterKind is what a kind of letters is called.
func (t *tongue) letterKind(k community.LetterKind) string {
	if key := "mail.name_" + string(k); t.Has(key) {
		return t.T(key)
	}
	return string(k)
}

func (t *tongue) letterState(s community.LetterState) badge {
	return badge{"letter-" + string(s), t.T("mail.state_" + string(s))}
}

// letterWhy is why a letter waits, or was not sent.
func (t *tongue) letterWhy(l *community.Letter) string {
	if key := "mail.why_" + l.LastError; l.LastError != "" && t.Has(key) {
		return t.T(key)
	}
	return l.LastError
}

// deskMail lists letters: GET /desk/mail with ?state=, ?conf= and ?page=.
func (s *Server) deskMail(w http.ResponseWriter, r *http.Request, v *viewer) error {
	test := newForm(nil)
	test.Set("address", v.me.Email)
	reply := newForm(nil)
	reply.Set("reply_to", v.city.Settings.ReplyTo)
	return s.showDeskMail(w, r, v, test, reply, http.StatusOK)
}

// mailSheets come with the pages about letters.
var mailSheets = []string{"guests.css"}

func (s *Server) showDeskMail(w http.ResponseWriter, r *http.Request, v *viewer, test, reply *form, status int) error {
	number, err := pageNumber(r)
	if err != nil {
		return err
	}
	params := s.meant(r, []string{"state", "conf"})
	q := storage.LetterQuery{}
	p := deskMailPage{On: s.mails, From: s.mailFrom, Empty: empty{v.T("mail.none_yet"), v.T("mail.none_text")}, Test: test, Reply: reply}
	if slug := params.Get("conf"); slug != "" {
		c, err := s.store.Conference(r.Context(), slug)
		if err != nil {
			return err
		}
		q.ConferenceID, p.About = c.ID, v.T("mail.all_of", "Title", v.pick(c.Title).Text)
	}
	counts, err := s.store.CountLetters(r.Context(), q)
	if err != nil {
		return err
	}
	total := 0
	for _, n := range counts {
		total += n
	}
	all := total
	state := community.LetterState(params.Get("state"))
	tab := func(st community.LetterState, name string, n int) {
		to := mapClone(params)
		to.Del("state")
		to.Del("lang")
		if st != "" {
			to.Set("state", string(st))
		}
		p.Tabs = append(p.Tabs, deskLink{withQuery(deskMailPath, to), name + " " + strconv.Itoa(n), st == state})
	}
	tab("", v.T("mail.state_all"), all)
	for _, st := range community.LetterStates {
		if counts[st] > 0 || st == state {
			tab(st, v.T("mail.state_"+string(st)), counts[st])
		}
		if st == state {
			q.State, total = st, counts[st]
		}
	}
	q.Limit, q.Offset = perPage, (number-1)*perPage
	letters, err := s.store.Letters(r.Context(), q)
	if err != nil {
		return err
	}
	if p.Letters, err = s.letterLines(r, v, letters); err != nil {
		return err
	}
	p.Pager = newPager(deskMailPath, params, number, total, v.T("mail.newer"), v.T("mail.older"))
	p.Kept = s.mails && counts[community.LetterKept] > 0
	if done := r.URL.Query().Get("done"); done == "test" || done == "reply" || done == "send_kept" {
		p.Done = v.T("mail." + done + "_done")
	}
	return s.showDesk(w, r, v, deskMailPath, "deskmail", page{Heading: v.T("mail.title"), Sheets: mailSheets, Body: p}, status)
}

// deskMailAct does something about mail: POST /desk/mail with act test, reply or
// send_kept.
func (s *Server) deskMailAct(w http.ResponseWriter, r *http.Request, v *viewer) error {
	f := newForm(r.PostForm)
	test, reply := newForm(nil), newForm(nil)
	test.Set("address", v.me.Email)
	reply.Set("reply_to", v.city.Settings.ReplyTo)
	act := f.Value("act")
	var err error
	switch act {
	case "test":
		test = f
		_, err = s.node.WriteTest(r.Context(), v.by(), strings.TrimSpace(f.Value("address")), v.Code)
	case "reply":
		reply = f
		err = s.node.SetReplyTo(r.Context(), v.by(), strings.TrimSpace(f.Value("reply_to")))
	case "send_kept":
		_, err = s.node.SendKept(r.Context(), v.by())
	default:
		return community.Errorf(community.Invalid, "nothing like that can be done")
	}
	if err != nil {
		status, err := s.refuse(f, v, err, nil)
		if err != nil {
			return err
		}
		return s.showDeskMail(w, r, v, test, reply, status)
	}
	return seeOther(deskMailPath + "?done=" + act)
}

// letterPage is one letter in full.
type letterPage struct {
	Kind, To, Written, NextTry, Done, Why, Receipt string
	Tries                                          int
	State                                          badge
	About, AboutPath                               string
	Subject, From, ReplyTo, Text, HTML, Calendar   string
	Secret                                         bool
	Broken                                         string
}

// letter reads the letter that an address names, in its words. What lets its
// reader in is left out.
func (s *Server) letter(r *http.Request) (*community.Letter, *mail.Mail, error, error) {
	id, err := strconv.ParseInt(param(r, "id"), 10, 64)
	if err != nil {
		return nil, nil, nil, community.Errorf(community.NotFound, "there is no such letter")
	}
	l, err := s.store.Letter(r.Context(), id)
	if err != nil {
		return nil, nil, nil, err
	}
	about, err := mail.Read(r.Context(), s.store.Reader, l)
	if err != nil {
		return nil, nil, nil, err
	}
	if l.Hides() {
		delete(l.Args, "Link")
	}
	m, broken := mail.Compose(s.site, s.mailFrom, l, *about)
	return l, m, broken, nil
}

// deskLetter shows a letter: GET /desk/mail/{id}.
func (s *Server) deskLetter(w http.ResponseWriter, r *http.Request, v *viewer) error {
	l, m, broken, err := s.letter(r)
	if err != nil {
		return err
	}
	lines, err := s.letterLines(r, v, []community.Letter{*l})
	if err != nil {
		return err
	}
	p := letterPage{Kind: lines[0].Kind, To: l.To, Written: lines[0].Written, Why: lines[0].Why, Receipt: l.Receipt, Tries: l.Attempts, State: lines[0].State,
		About: lines[0].About, AboutPath: lines[0].AboutPath, Done: v.moment(l.Sent), Secret: l.Hides()}
	if l.State == community.LetterDue {
		p.NextTry = v.moment(l.NextTry)
	}
	if broken != nil {
		p.Broken = v.T("mail.broken", "Why", broken.Error())
	} else {
		p.Subject, p.From, p.Text, p.HTML = m.Subject, m.From.String(), m.Text, deskMailPath+"/"+strconv.FormatInt(l.ID, 10)+"/html"
		if m.From.Name != "" {
			p.From = m.From.Name + " <" + m.From.Address + ">"
		}
		if m.ReplyTo != nil {
			p.ReplyTo = m.ReplyTo.Address
		}
		if m.Method != "" {
			p.Calendar = v.T("mail.calendar", "Method", m.Method)
		}
	}
	return s.showDesk(w, r, v, deskMailPath, "deskletter", page{Heading: p.Kind, Class: "desk letter-page", Sheets: mailSheets, Body: p, Frames: true}, http.StatusOK)
}

// letterPolicy is the Content-Security-Policy of a letter: it has styles of its
// own, and can do nothing but lead elsewhere in a new window.
const letterPolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"

// deskLetterHTML is the letter as its reader sees it, shut in: GET
// /desk/mail/{id}/html.
func (s *Server) deskLetterHTML(w http.ResponseWriter, r *http.Request, _ *viewer) error {
	_, m, broken, err := s.letter(r)
	if err == nil {
		err = broken
	}
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", m.Lang)
	h.Set("Content-Security-Policy", letterPolicy)
	h.Set("X-Frame-Options", "SAMEORIGIN")
	h.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		// Its links open beside the desk, not inside the frame.
		w.Write([]byte(strings.Replace(m.HTML, "<head>\n", "<head>\n<base target=\"_blank\">\n", 1)))
	}
	return nil
}
