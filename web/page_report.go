package web

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

// Where people complain, and where the city says what it did.
const (
	reportPath = "/report"
	logPath    = "/log"
)

// reportPage is where one reports something.
type reportPage struct {
	Form      *form
	Object    string
	Title     string // of what is reported
	Excerpt   string
	Kind      string
	Remote    string // host of whom it concerns, if that is another server
	Stranger  bool
	Wrongs    []formOption
	Rules     []formOption
	Sent      bool
	Conduct   string
	BackTo    string
	Forwarded string
}

// reportLink leads to where one reports a thing.
func reportLink(id string) string { return reportPath + "?object=" + url.QueryEscape(id) }

// report is where one reports something: GET /report?object=…
func (s *Server) report(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	s.rememberLanguage(w, r)
	p := reportPage{Form: newForm(nil), Object: r.URL.Query().Get("object"), Sent: r.URL.Query().Get("sent") == "1"}
	return s.showReport(w, r, v, p, http.StatusOK)
}

func (s *Server) showReport(w http.ResponseWriter, r *http.Request, v *viewer, p reportPage, status int) error {
	if len(p.Object) > maxParam {
		return community.Errorf(community.NotFound, "nothing is known here of that")
	}
	c, err := s.node.Reportable(r.Context(), v.by(), p.Object)
	if err != nil {
		return err
	}
	p.Title, p.Kind, p.Stranger = c.Name, v.T("order.kind_"+string(c.Kind)), v.me == nil
	if p.Title == "" {
		p.Title = p.Kind
	}
	p.Excerpt = clipText(c.Excerpt, 280)
	for _, who := range c.Concerned {
		if _, ours := s.site.Path(who); !ours {
			p.Remote = hostOf(who)
		}
	}
	p.BackTo = s.pathOf(c.Object)
	for _, k := range community.Wrongs {
		p.Wrongs = append(p.Wrongs, formOption{Value: string(k), Text: v.T("order.wrong_" + string(k))})
	}
	if p.Rules, err = s.ruleOptions(r.Context(), v); err != nil {
		return err
	}
	return s.once(w, r, v, &shown{"report", page{Heading: v.T("report.title"), NoIndex: true, Class: "narrow", Body: p, At: reportPath}}, url.Values{"object": {p.Object}}, status)
}

// pathOf is where a thing is shown here, or its address elsewhere.
func (s *Server) pathOf(object string) string {
	whole, _, _ := strings.Cut(object, "#")
	if path, ok := s.site.Path(whole); ok {
		return "/" + path
	}
	if strings.HasPrefix(whole, "https://") || strings.HasPrefix(whole, "http://") {
		return whole
	}
	return "/"
}

func clipText(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return strings.TrimSpace(string(r[:n])) + "…"
	}
	return s
}

var ruleLine = regexp.MustCompile(`(?m)^(?:[-*+]|\d+[.)])\s+(.+)$|^#{2,4}\s+(.+)$`)

// ruleOptions are the rules of the code of conduct, as far as it is a list.
func (s *Server) ruleOptions(ctx context.Context, v *viewer) ([]formOption, error) {
	c, err := s.node.Conduct(ctx)
	if err != nil {
		return nil, err
	}
	out := []formOption{{Value: "", Text: v.T("order.no_rule")}}
	for _, m := range ruleLine.FindAllStringSubmatch(c.Text.Best(v.reads(v.city.Languages)...).Text, 60) {
		text := strings.Trim(m[1], " *_")
		if text == "" {
			continue // a heading
		}
		text = clipText(text, community.MaxRule-1)
		out = append(out, formOption{Value: text, Text: clipText(text, 110)})
	}
	return out, nil
}

// sendReport takes a report: POST /report.
func (s *Server) sendReport(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	if err := s.posted(w, r); err != nil {
		return err
	}
	f := newForm(r.PostForm)
	object := f.Value("object")
	if f.Value(trap) != "" {
		return seeOther(reportLink(object) + "&sent=1") // a program; it need not know
	}
	rep := &community.Report{
		Objects: []string{object}, Category: community.Wrong(f.Value("category")), Rule: f.Value("rule"), Text: f.Value("text"),
		Contact: f.Value("contact"), Lang: v.Code, Forward: f.Value("forward") == "1",
	}
	if len(object) > maxParam {
		return community.Errorf(community.NotFound, "nothing is known here of that")
	}
	err = rep.Check()
	if err == nil && (v.me == nil || !v.me.Role.AtLeast(community.Regular)) && !s.reporting.allow(r) {
		return errRate
	}
	if err == nil {
		_, err = s.node.AddReport(r.Context(), v.by(), rep)
	}
	if err != nil {
		status, err := s.refuse(f, v, err, nil)
		if err != nil || status == http.StatusNotFound {
			return community.Errorf(community.NotFound, "nothing is known here of that")
		}
		return s.showReport(w, r, v, reportPage{Form: f, Object: object}, status)
	}
	return seeOther(reportLink(object) + "&sent=1")
}

// appealPage is where whoever a measure is about reads of it.
type appealPage struct {
	Form               *form
	What, Reason, Rule string
	Until, State       string
	Over, Sent         bool
	Path               string
}

// appeal shows what the stewards decided to whom it is about: GET /appeal/{token}.
func (s *Server) appeal(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	s.rememberLanguage(w, r)
	return s.showAppeal(w, r, v, newForm(nil), http.StatusOK)
}

func appealToken(r *http.Request) string {
	token := param(r, "token")
	if len(token) > 100 {
		return ""
	}
	return token
}

func (s *Server) showAppeal(w http.ResponseWriter, r *http.Request, v *viewer, f *form, status int) error {
	token := appealToken(r)
	m, err := s.node.MeasureOf(r.Context(), token)
	if err != nil {
		return err
	}
	p := appealPage{
		Form: f, What: v.measureTitle(m), Reason: m.Reason, Rule: m.Rule, Until: v.term(m), State: v.T("order.state." + string(m.State)),
		Over: !m.Standing() && m.Kind != community.Warn, Sent: r.URL.Query().Get("sent") == "1", Path: "/appeal/" + url.PathEscape(token),
	}
	return s.once(w, r, v, &shown{"appeal", page{Heading: v.T("appeal.title"), NoIndex: true, Class: "narrow", Body: p}}, nil, status)
}

// sendAppeal takes an objection: POST /appeal/{token}.
func (s *Server) sendAppeal(w http.ResponseWriter, r *http.Request) error {
	private(w.Header())
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	if err := s.posted(w, r); err != nil {
		return err
	}
	f := newForm(r.PostForm)
	if err := s.node.Appeal(r.Context(), appealToken(r), f.Value("text")); err != nil {
		status, err := s.refuse(f, v, err, nil)
		if err != nil || status == http.StatusNotFound {
			return community.Errorf(community.NotFound, "this address leads nowhere")
		}
		return s.showAppeal(w, r, v, f, status)
	}
	return seeOther("/appeal/" + url.PathEscape(appealToken(r)) + "?sent=1")
}

// measureTitle says what a measure is, with what it is about.
func (v *viewer) measureTitle(m *community.Measure) string {
	return v.T("order.measure."+string(m.Kind), "Name", m.Name)
}

// term says until when a measure lasts; empty for one that is only a word.
func (v *viewer) term(m *community.Measure) string {
	switch {
	case !m.Kind.Lasts():
		return ""
	case m.Ends.IsZero():
		return v.T("order.forever")
	}
	return v.T("order.until", "Date", v.moment(m.Ends))
}

// logEntry is a measure as everyone may read of it: whom it is about stays
// between them and the stewards.
type logEntry struct {
	ID                             int64
	Date, What, Rule, Term, Reason string
	State                          badge
	Two                            bool
}

const logShown = 50

// publicLog is what the stewards did to keep order, for everyone: GET /log.
func (s *Server) publicLog(ctx context.Context, v *viewer, r *http.Request) (*shown, error) {
	number, err := pageNumber(r)
	if err != nil {
		return nil, err
	}
	q := storage.MeasureQuery{
		States: []community.MeasureState{community.MeasureActive, community.MeasureEnded, community.MeasureLifted, community.MeasureLapsed, community.MeasureRefused},
		Limit:  logShown, Offset: (number - 1) * logShown,
	}
	total, err := s.store.CountMeasures(ctx, q)
	if err != nil {
		return nil, err
	}
	if number > 1 && q.Offset >= total {
		return nil, community.Errorf(community.NotFound, "there is no page %d", number)
	}
	list, err := s.store.Measures(ctx, q)
	if err != nil {
		return nil, err
	}
	var out []logEntry
	for i := range list {
		m := &list[i]
		if m.State == community.MeasureRefused && !m.Urgent {
			continue // it never had an effect
		}
		e := logEntry{ID: m.ID, Date: v.day(m.Created.In(v.location()), true), What: v.T("log.did." + string(m.Kind) + "_" + string(m.TargetKind)), Rule: m.Rule, Term: v.term(m),
			State: v.measureState(m), Two: m.ConfirmedBy != ""}
		switch {
		case m.Sealed:
			e.Reason = v.T("log.sealed")
		default:
			e.Reason = m.Reason
		}
		if m.TargetKind == community.TargetDomain {
			name := m.Target
			if b, err := s.store.Block(ctx, m.Target, ""); err == nil && b.Obfuscate {
				name = obfuscate(name)
			} else if err != nil && community.CodeOf(err) != community.NotFound {
				return nil, err
			}
			e.What += " " + name
		}
		out = append(out, e)
	}
	body := struct {
		List  []logEntry
		Empty empty
		Pager pager
	}{out, empty{v.T("log.none"), v.T("log.none_text")}, newPagerOf(logShown, logPath, nil, number, total, v.T("order.newer"), v.T("order.older"))}
	return &shown{"log", page{Heading: v.T("log.title"), Description: v.T("log.lead"), Section: "about", Body: body}}, nil
}

// obfuscate hides the middle of a domain, as Mastodon does.
func obfuscate(domain string) string {
	b := []byte(domain)
	for i := len(b) / 4; i < len(b)*3/4; i++ {
		if b[i] != '.' {
			b[i] = '*'
		}
	}
	return string(b)
}

// measureState is where a measure stands, in a word.
func (v *viewer) measureState(m *community.Measure) badge {
	kind := ""
	switch m.State {
	case community.MeasureAsked:
		kind = "pending"
	case community.MeasureActive:
		if kind = "cancelled"; !m.ConfirmBy.IsZero() {
			return badge{"pending", v.T("order.state.urgent")}
		}
	}
	if m.Kind == community.Warn || m.Kind == community.Demote && m.State == community.MeasureEnded {
		return badge{"", v.T("order.state.done")}
	}
	return badge{kind, v.T("order.state." + string(m.State))}
}

// termOptions are the terms that a measure may have.
func (v *viewer) termOptions() []formOption {
	return []formOption{{Value: "1", Text: v.N("order.days", 1)}, {Value: "7", Text: v.N("order.days", 7)}, {Value: "30", Text: v.N("order.days", 30)}, {Value: "date", Text: v.T("order.date")}, {Value: "ever", Text: v.T("order.ever")}}
}

// ends reads the term of a measure; a mistake is put into the form.
func (v *viewer) ends(f *form) time.Time {
	switch t := f.Value("term"); t {
	case "ever":
		return time.Time{}
	case "date":
		at, err := time.ParseInLocation(time.DateOnly, f.Value("until"), v.location())
		if err != nil {
			f.wrong("until", v.T("order.bad_date"))
			return time.Time{}
		}
		return at.AddDate(0, 0, 1).UTC()
	default:
		days, err := strconv.Atoi(t)
		if err != nil || days < 1 || days > 3650 {
			f.wrong("term", v.T("field.f_choice"))
			return time.Time{}
		}
		return v.now.Add(time.Duration(days) * 24 * time.Hour)
	}
}

// actOptions are what can be done about the targets of a case: their values are
// the kind and the number of the target.
func (v *viewer) actOptions(targets []node.Target, nothing bool) []formOption {
	var out []formOption
	if nothing {
		out = append(out, formOption{Value: node.NoMeasure, Text: v.T("order.act.none"), Hint: v.T("order.act_hint.none")})
	}
	for i, t := range targets {
		for _, k := range community.MeasuresFor(t.Kind) {
			out = append(out, formOption{Value: string(k) + "-" + strconv.Itoa(i), Text: v.T("order.act."+string(k), "Name", t.Name), Hint: v.T("order.act_hint." + string(k))})
		}
	}
	return out
}

// measure reads what is to be done; nil for nothing, and for a mistake, which is
// put into the form.
func (v *viewer) measure(f *form, targets []node.Target) *community.Measure {
	kind, number, _ := strings.Cut(f.Value("act"), "-")
	if kind == node.NoMeasure {
		return nil
	}
	i, err := strconv.Atoi(number)
	if err != nil || i < 0 || i >= len(targets) {
		f.wrong("act", v.T("order.choose"))
		return nil
	}
	m := &community.Measure{Kind: community.MeasureKind(kind), TargetKind: targets[i].Kind, Target: targets[i].ID, Rule: f.Value("rule"), Reason: f.Value("reason"),
		Sealed: f.Value("sealed") == "1", Urgent: f.Value("urgent") == "1"}
	if m.Kind.Lasts() {
		m.Ends = v.ends(f)
	}
	return m
}
