package web

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

// Where stewards keep order.
const (
	casesPath   = "/desk/reports"
	confirmPath = "/desk/confirm"
	rulesPath   = "/desk/servers"
	auditPath   = "/desk/log"
	measurePath = "/desk/measure"
)

// orderTabs leads to the pages about keeping order.
func (v *viewer) orderTabs(path string) []deskLink {
	var out []deskLink
	for _, t := range [][2]string{{casesPath, "order.cases"}, {confirmPath, "order.measures"}, {rulesPath, "order.servers"}, {auditPath, "order.log"}} {
		out = append(out, deskLink{t[0], v.T(t[1]), t[0] == path})
	}
	return out
}

// orderSheets come with the pages about keeping order.
var orderSheets = []string{"order.css"}

// showOrder is a page about keeping order.
func (s *Server) showOrder(w http.ResponseWriter, r *http.Request, v *viewer, template, heading string, body any, status int) error {
	return s.showDesk(w, r, v, casesPath, template, page{Heading: heading, Class: "desk order", Sheets: orderSheets, Body: body}, status)
}

// caseRow is a case in a list.
type caseRow struct {
	Path, Name, Kind, Excerpt, Age, Reports, Assignee string
	State                                             badge
	Late                                              bool
}

func (v *viewer) caseRow(c *community.Case) caseRow {
	row := caseRow{
		Path: casesPath + "/" + strconv.FormatInt(c.ID, 10), Name: c.Name, Kind: v.T("order.kind_" + string(c.Kind)), Excerpt: clipText(c.Excerpt, 140),
		Age: v.age(c.Age(v.now)), Reports: v.N("order.reports", c.Reports), Assignee: c.Assignee, State: badge{map[community.CaseState]string{community.CaseOpen: "pending"}[c.State], v.T("order.case." + string(c.State))},
		Late: c.State != community.CaseDecided && c.Age(v.now) > 24*time.Hour,
	}
	if row.Name == "" {
		row.Name = row.Kind
	}
	if c.State == community.CaseDecided {
		row.Age = v.moment(c.Decided)
		row.State = badge{"", v.T("order.outcome." + c.Outcome)}
	}
	return row
}

// age is how long something has waited, roughly.
func (v *viewer) age(d time.Duration) string {
	switch {
	case d < time.Hour:
		return v.N("order.minutes", max(1, int(d/time.Minute)))
	case d < 48*time.Hour:
		return v.N("order.hours", int(d/time.Hour))
	}
	return v.N("order.days", int(d/(24*time.Hour)))
}

const casesShown = 50

// cases is the queue: GET /desk/reports?show=open|mine|closed.
func (s *Server) cases(w http.ResponseWriter, r *http.Request, v *viewer) error {
	show := r.URL.Query().Get("show")
	q := storage.CaseQuery{States: []community.CaseState{community.CaseOpen, community.CaseTaken}, Limit: casesShown}
	switch show {
	case "mine":
		q.Assignee = v.me.Handle
	case "closed":
		q.States, q.Newest = []community.CaseState{community.CaseDecided}, true
	default:
		show = ""
	}
	number, err := pageNumber(r)
	if err != nil {
		return err
	}
	q.Offset = (number - 1) * casesShown
	list, total, err := s.node.Cases(r.Context(), v.by(), q)
	if err != nil {
		return err
	}
	if number > 1 && q.Offset >= total {
		return community.Errorf(community.NotFound, "there is no page %d", number)
	}
	body := struct {
		Tabs  []deskLink
		Shows []deskLink
		List  []caseRow
		Empty empty
		Pager pager
		Count string
	}{Tabs: v.orderTabs(casesPath), Empty: empty{v.T("order.none_" + orWord(show, "open")), v.T("order.none_text_" + orWord(show, "open"))}, Count: v.N("order.count", total)}
	for _, c := range []string{"", "mine", "closed"} {
		path := casesPath
		if c != "" {
			path += "?show=" + c
		}
		body.Shows = append(body.Shows, deskLink{path, v.T("order.show_" + orWord(c, "open")), c == show})
	}
	for i := range list {
		body.List = append(body.List, v.caseRow(&list[i]))
	}
	qs := url.Values{}
	if show != "" {
		qs.Set("show", show)
	}
	body.Pager = newPagerOf(casesShown, casesPath, qs, number, total, v.T("order.newer"), v.T("order.older"))
	return s.showOrder(w, r, v, "cases", v.T("order.cases"), body, http.StatusOK)
}

func orWord(s, or string) string {
	if s == "" {
		return or
	}
	return s
}

// casePage is one case.
type casePage struct {
	Tabs       []deskLink
	Row        caseRow
	ID         int64
	Object     string
	Excerpt    string
	Open       bool
	Mine       bool
	Recused    string
	Complaints []complaint
	Entries    []caseEvent
	Measures   []measureRow
	Before     []measureRow
	Earlier    []caseRow
	Decision   string
	Rule       string
	Reason     string
	Form       *form
	Acts       []formOption
	Terms      []formOption
	Rules      []formOption
	Stewards   []formOption
	Remote     string
	Forwarded  string
	Wished     bool
	Said       string
	Alone      bool
	Path       string
	Note       *form
}

type complaint struct{ From, Kind, Text, Rule, Date, Wish string }

type caseEvent struct{ Date, Text, Quote, Kind string }

// measureRow is a measure in a list.
type measureRow struct {
	ID                                           int64
	Title, Target, Term, Reason, Rule, By, Since string
	State                                        badge
	Deadline                                     string
	Case                                         string
	CanConfirm, CanRenew, CanLift                bool
	Sealed                                       bool
}

func (s *Server) measureRow(r *http.Request, v *viewer, m *community.Measure) (measureRow, error) {
	row := measureRow{ID: m.ID, Title: v.measureTitle(m), Target: m.Target, Term: v.term(m), Reason: m.Reason, Rule: m.Rule, By: m.By, Since: v.moment(m.Created), State: v.measureState(m), Sealed: m.Sealed}
	if m.CaseID != 0 {
		row.Case = casesPath + "/" + strconv.FormatInt(m.CaseID, 10)
	}
	own := v.site.Actor(community.MemberActor(v.me.Handle)) == m.Target
	row.CanLift = m.Standing() && !own
	if m.Standing() && !m.ConfirmBy.IsZero() {
		row.Deadline = v.moment(m.ConfirmBy)
		row.CanConfirm = m.By != v.me.Handle && !own
		if m.Urgent {
			n, err := s.node.Seconds(r.Context(), m)
			if err != nil {
				return row, err
			}
			row.CanRenew = n == 0 && !own
		}
	}
	return row, nil
}

func caseID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(param(r, "id"), 10, 64)
	if err != nil || id < 1 {
		return 0, community.Errorf(community.NotFound, "there is no such case")
	}
	return id, nil
}

// caseShown is one case: GET /desk/reports/{id}.
func (s *Server) caseShown(w http.ResponseWriter, r *http.Request, v *viewer) error {
	id, err := caseID(r)
	if err != nil {
		return err
	}
	return s.showCase(w, r, v, id, newForm(url.Values{"term": {"7"}}), newForm(nil), http.StatusOK)
}

func (s *Server) showCase(w http.ResponseWriter, r *http.Request, v *viewer, id int64, f, note *form, status int) error {
	c, err := s.node.Case(r.Context(), v.by(), id)
	if err != nil {
		return err
	}
	p := casePage{
		Tabs: v.orderTabs(casesPath), Row: v.caseRow(&c.Case), ID: id, Object: s.pathOf(c.Object), Excerpt: c.Excerpt, Open: c.State != community.CaseDecided, Mine: c.Assignee == v.me.Handle,
		Form: f, Note: note, Acts: v.actOptions(c.Targets, true), Terms: v.termOptions(), Wished: c.Wished, Path: casesPath + "/" + strconv.FormatInt(id, 10),
		Remote: strings.Join(c.Remote, ", "), Rule: c.Rule, Reason: c.Reason,
	}
	if key := "order.said_" + r.URL.Query().Get("done"); v.Has(key) {
		p.Said = v.T(key)
	}
	if c.Recused != nil {
		if e, ok := c.Recused.(*community.Error); ok {
			p.Recused = v.T(e.Key)
		}
	}
	if !c.Forwarded.IsZero() {
		p.Forwarded = v.moment(c.Forwarded)
	}
	if p.Rules, err = s.ruleOptions(r.Context(), v); err != nil {
		return err
	}
	for _, x := range c.Complaints {
		out := complaint{From: c.Author[x.ID], Text: x.Text, Rule: x.Rule, Date: v.moment(x.Created), Kind: v.T("order.wrong_" + string(orOther(x.Category)))}
		if out.From == "" {
			out.From = v.T("order.nobody")
		}
		if x.Forward {
			out.Wish = v.T("order.wish")
		}
		p.Complaints = append(p.Complaints, out)
	}
	for _, e := range c.Entries {
		if e.Kind == community.EntryReport {
			continue // they are listed above
		}
		ev := caseEvent{Date: v.moment(e.Created), Kind: string(e.Kind)}
		by := e.By
		if by == "" {
			by = v.T("order.the_program")
		}
		text := e.Text
		switch e.Kind {
		case community.EntryNote, community.EntryAppeal, community.EntryReopen:
			ev.Quote, text = e.Text, ""
		case community.EntryDecide:
			text = v.T("order.outcome." + e.Text)
		case community.EntryMeasure:
			text = v.T("order.state." + e.Text)
		}
		ev.Text = v.T("order.event."+string(e.Kind), "By", by, "Text", text)
		p.Entries = append(p.Entries, ev)
	}
	for i := range c.Measures {
		row, err := s.measureRow(r, v, &c.Measures[i])
		if err != nil {
			return err
		}
		p.Measures = append(p.Measures, row)
	}
	for i := range c.Before {
		row, err := s.measureRow(r, v, &c.Before[i])
		if err != nil {
			return err
		}
		p.Before = append(p.Before, row)
	}
	for i := range c.Earlier {
		p.Earlier = append(p.Earlier, v.caseRow(&c.Earlier[i]))
	}
	if !p.Open {
		p.Decision = v.T("order.decided", "By", c.DecidedBy, "Date", v.moment(c.Decided), "Outcome", v.T("order.outcome."+c.Outcome))
	}
	if p.Stewards, err = s.stewardOptions(r, v); err != nil {
		return err
	}
	p.Alone = len(p.Stewards) < 2
	return s.showOrder(w, r, v, "case", v.T("order.case_title", "Name", p.Row.Name), p, status)
}

func orOther(w community.Wrong) community.Wrong {
	if slices.Contains(community.Wrongs, w) {
		return w
	}
	return community.OtherWrong
}

// stewardOptions are the stewards who can act.
func (s *Server) stewardOptions(r *http.Request, v *viewer) ([]formOption, error) {
	members, err := s.store.Members(r.Context())
	if err != nil {
		return nil, err
	}
	var out []formOption
	for i := range members {
		if m := &members[i]; m.Role == community.Steward && m.MayAct() == nil {
			out = append(out, formOption{Value: m.Handle, Text: m.Name})
		}
	}
	return out, nil
}

// caseAct does something to a case: POST /desk/reports/{id}/{act}.
func (s *Server) caseAct(w http.ResponseWriter, r *http.Request, v *viewer) error {
	id, err := caseID(r)
	if err != nil {
		return err
	}
	f := newForm(r.PostForm)
	ctx, by, act := r.Context(), v.by(), param(r, "act")
	switch act {
	case "take":
		err = s.node.TakeCase(ctx, by, id)
	case "give":
		err = s.node.GiveCase(ctx, by, id, f.Value("to"))
	case "drop":
		err = s.node.GiveCase(ctx, by, id, "")
	case "note":
		err = s.node.NoteCase(ctx, by, id, f.Value("note"))
	case "reopen":
		err = s.node.ReopenCase(ctx, by, id, clipText(f.Value("why"), community.MaxReason))
	case "forward":
		_, err = s.node.ForwardCase(ctx, by, id, f.Value("comment"))
	case "decide":
		err = s.decide(r, v, id, f)
	default:
		return community.Errorf(community.NotFound, "there is no such page")
	}
	if err != nil || !f.OK() {
		status := http.StatusUnprocessableEntity
		if err != nil {
			if status, err = s.refuse(f, v, err, map[string]string{"kind": "act"}); err != nil {
				return err
			}
		}
		if status == http.StatusNotFound {
			return community.Errorf(community.NotFound, "there is no such case")
		}
		if f.Value("term") == "" {
			f.Set("term", "7")
		}
		return s.showCase(w, r, v, id, f, f, status)
	}
	return seeOther(casesPath + "/" + strconv.FormatInt(id, 10) + "?done=" + act)
}

func (s *Server) decide(r *http.Request, v *viewer, id int64, f *form) error {
	c, err := s.node.Case(r.Context(), v.by(), id)
	if err != nil {
		return err
	}
	d := node.Decision{Measure: v.measure(f, c.Targets), Rule: f.Value("rule"), Reason: f.Value("reason"), Tell: f.Value("tell"), Quiet: f.Value("quiet") == "1"}
	if !f.OK() {
		return nil
	}
	_, err = s.node.DecideCase(r.Context(), v.by(), id, d)
	return err
}

// confirm lists what waits for a second steward, and what stands:
// GET /desk/confirm.
func (s *Server) confirm(w http.ResponseWriter, r *http.Request, v *viewer) error {
	return s.showConfirm(w, r, v, newForm(nil), http.StatusOK)
}

func (s *Server) showConfirm(w http.ResponseWriter, r *http.Request, v *viewer, f *form, status int) error {
	q := storage.MeasureQuery{States: []community.MeasureState{community.MeasureAsked, community.MeasureActive}, Limit: 500}
	list, _, err := s.node.Measures(r.Context(), v.by(), q)
	if err != nil {
		return err
	}
	body := struct {
		Tabs     []deskLink
		Form     *form
		Waiting  []measureRow
		Standing []measureRow
		Alone    bool
		Said     string
		Empty    empty
		Measure  string
	}{Tabs: v.orderTabs(confirmPath), Form: f, Empty: empty{v.T("order.no_measures"), v.T("order.no_measures_text")}, Measure: measurePath}
	if key := "order.said_" + r.URL.Query().Get("done"); v.Has(key) {
		body.Said = v.T(key)
	}
	for i := range list {
		row, err := s.measureRow(r, v, &list[i])
		if err != nil {
			return err
		}
		if row.Deadline != "" {
			body.Waiting = append(body.Waiting, row)
		} else {
			body.Standing = append(body.Standing, row)
		}
	}
	stewards, err := s.stewardOptions(r, v)
	if err != nil {
		return err
	}
	body.Alone = len(stewards) < 2
	return s.showOrder(w, r, v, "confirm", v.T("order.measures"), body, status)
}

// measureAct does something to a measure: POST /desk/confirm/{id}/{act}.
func (s *Server) measureAct(w http.ResponseWriter, r *http.Request, v *viewer) error {
	id, err := caseID(r)
	if err != nil {
		return err
	}
	f := newForm(r.PostForm)
	ctx, by, act, why := r.Context(), v.by(), param(r, "act"), clipText(f.Value("why"), community.MaxReason)
	switch act {
	case "confirm":
		_, err = s.node.ConfirmMeasure(ctx, by, id)
	case "refuse":
		_, err = s.node.RefuseMeasure(ctx, by, id, why)
	case "renew":
		_, err = s.node.RenewMeasure(ctx, by, id)
	case "lift":
		_, err = s.node.LiftMeasure(ctx, by, id, why)
	case "seal", "unseal":
		err = s.node.SealMeasure(ctx, by, id, act == "seal")
	default:
		return community.Errorf(community.NotFound, "there is no such page")
	}
	if err != nil {
		status, err := s.refuse(f, v, err, nil)
		if err != nil {
			return err
		}
		return s.showConfirm(w, r, v, f, status)
	}
	return seeOther(confirmPath + "?done=" + act)
}

// takeMeasurePage is where a steward does something without a report.
type takeMeasurePage struct {
	Tabs   []deskLink
	Form   *form
	Object string
	Name   string
	Kind   string
	Acts   []formOption
	Terms  []formOption
	Rules  []formOption
	Alone  bool
}

// newMeasure asks what is to be done, and about whom: GET /desk/measure?object=…
func (s *Server) newMeasure(w http.ResponseWriter, r *http.Request, v *viewer) error {
	return s.showMeasure(w, r, v, newForm(url.Values{"object": {r.URL.Query().Get("object")}, "term": {"7"}}), http.StatusOK)
}

// measureTargets finds what a steward named: an id, a handle of ours or of another
// server, or a domain.
func (s *Server) measureTargets(r *http.Request, what string) (string, []node.Target, error) {
	what = strings.TrimSpace(what)
	if what == "" || len(what) > maxParam {
		return "", nil, nil
	}
	if handle, ok := strings.CutPrefix(what, "@"); ok {
		name, host, remote := strings.Cut(handle, "@")
		if !remote || host == s.site.Host() {
			what = s.site.Actor(community.MemberActor(name))
		} else if a, err := s.store.ActorByAddress(r.Context(), name, strings.ToLower(host)); err == nil {
			what = a.URI
		} else {
			return "", nil, err
		}
	} else if !strings.Contains(what, "://") {
		return what, []node.Target{{Kind: community.TargetDomain, ID: what, Name: what}}, nil
	}
	c, err := s.node.Subject(r.Context(), what)
	if err != nil {
		return "", nil, err
	}
	targets, err := s.node.TargetsOf(r.Context(), c)
	return c.Name, targets, err
}

func (s *Server) showMeasure(w http.ResponseWriter, r *http.Request, v *viewer, f *form, status int) error {
	p := takeMeasurePage{Tabs: v.orderTabs(confirmPath), Form: f, Object: f.Value("object"), Terms: v.termOptions()}
	name, targets, err := s.measureTargets(r, p.Object)
	if err != nil {
		if code := community.CodeOf(err); code != community.NotFound && code != community.Gone {
			return err
		}
		f.wrong("object", v.T("order.unknown"))
		status = http.StatusUnprocessableEntity
	}
	p.Name, p.Acts = name, v.actOptions(targets, false)
	if p.Rules, err = s.ruleOptions(r.Context(), v); err != nil {
		return err
	}
	stewards, err := s.stewardOptions(r, v)
	if err != nil {
		return err
	}
	p.Alone = len(stewards) < 2
	return s.showOrder(w, r, v, "measure", v.T("order.new_measure"), p, status)
}

// takeMeasure does it: POST /desk/measure.
func (s *Server) takeMeasure(w http.ResponseWriter, r *http.Request, v *viewer) error {
	f := newForm(r.PostForm)
	_, targets, err := s.measureTargets(r, f.Value("object"))
	if err != nil && community.CodeOf(err) != community.NotFound && community.CodeOf(err) != community.Gone {
		return err
	}
	if len(targets) == 0 || f.Value("act") == "" {
		return s.showMeasure(w, r, v, f, http.StatusUnprocessableEntity)
	}
	m := v.measure(f, targets)
	if m == nil && f.OK() {
		f.wrong("act", v.T("order.choose"))
	}
	if !f.OK() {
		return s.showMeasure(w, r, v, f, http.StatusUnprocessableEntity)
	}
	if err := s.node.TakeMeasure(r.Context(), v.by(), m); err != nil {
		status, err := s.refuse(f, v, err, map[string]string{"kind": "act"})
		if err != nil {
			return err
		}
		return s.showMeasure(w, r, v, f, status)
	}
	done := "taken"
	if m.State == community.MeasureAsked {
		done = "asked"
	}
	return seeOther(confirmPath + "?done=" + done)
}

// auditRow is a thing that a steward did, in words.
type auditRow struct{ Date, By, Text, Reason, Object string }

const auditShown = 100

// auditSentence says what someone did.
func (v *viewer) auditSentence(a *community.Audit) string {
	name := a.Name
	if name == "" {
		name = a.Object
	}
	pairs := []any{"Name", name}
	for k, d := range a.Details {
		pairs = append(pairs, upperFirst(k), d)
	}
	text := a.Action + " " + name
	if key := "audit." + a.Action; v.Has(key) {
		text = v.T(key, pairs...)
	}
	var more []string
	for _, k := range []string{"kind", "role", "from", "to", "until", "rule", "guest", "severity", "outcome", "added", "changed", "new", "harder", "mode", "token"} {
		if d := a.Details[k]; d != "" {
			if at, err := time.Parse(time.RFC3339, d); err == nil {
				d = v.moment(at)
			} else if word := "order.word." + d; v.Has(word) {
				d = v.T(word)
			}
			more = append(more, v.T("audit_detail."+k)+" "+d)
		}
	}
	if len(more) > 0 {
		text += " (" + strings.Join(more, ", ") + ")"
	}
	return text
}

// auditQuery reads what of the log is wanted.
func auditQuery(q url.Values) storage.AuditQuery {
	return storage.AuditQuery{By: clipText(q.Get("by"), 60), Action: clipText(q.Get("action"), 60), Object: clipText(strings.TrimPrefix(q.Get("object"), "/"), maxParam)}
}

// auditLog is what stewards did: GET /desk/log?by=&action=&object=&page=, and as
// CSV with format=csv.
func (s *Server) auditLog(w http.ResponseWriter, r *http.Request, v *viewer) error {
	values := r.URL.Query()
	q := auditQuery(values)
	if values.Get("format") == "csv" {
		return s.auditCSV(w, r, v, q)
	}
	number, err := pageNumber(r)
	if err != nil {
		return err
	}
	q.Limit, q.Offset = auditShown+1, (number-1)*auditShown
	list, err := s.node.Audits(r.Context(), v.by(), q)
	if err != nil {
		return err
	}
	more := len(list) > auditShown
	list = list[:min(len(list), auditShown)]
	f := newForm(url.Values{"by": {q.By}, "action": {q.Action}, "object": {q.Object}})
	body := struct {
		Tabs       []deskLink
		Form       *form
		People     []formOption
		Actions    []formOption
		List       []auditRow
		Empty      empty
		Prev, Next string
		CSV        string
	}{Tabs: v.orderTabs(auditPath), Form: f, Empty: empty{v.T("order.no_log"), ""}}
	for i := range list {
		a := &list[i]
		row := auditRow{Date: v.moment(a.Created), By: a.By, Text: v.auditSentence(a), Reason: a.Reason}
		if row.By == "" {
			row.By = v.T("order.the_program")
		}
		row.Object = a.Object
		body.List = append(body.List, row)
	}
	members, err := s.store.Members(r.Context())
	if err != nil {
		return err
	}
	body.People = []formOption{{Value: "", Text: v.T("order.everyone")}}
	for _, m := range members {
		if m.Role == community.Steward || m.Handle == q.By {
			body.People = append(body.People, formOption{Value: m.Handle, Text: m.Name})
		}
	}
	body.People = append(body.People, formOption{Value: "console", Text: v.T("order.console")})
	body.Actions = []formOption{{Value: "", Text: v.T("order.everything")}}
	for _, k := range []string{"conference", "guest", "post", "reply", "mention", "member", "application", "invite", "case", "measure", "block", "server", "sister", "offer", "follow", "city", "conduct", "mail", "token"} {
		body.Actions = append(body.Actions, formOption{Value: k + ".", Text: v.T("audit_about." + k)})
	}
	at := func(page int, format string) string {
		out := url.Values{}
		for _, k := range []string{"by", "action", "object"} {
			if x := f.Value(k); x != "" {
				out.Set(k, x)
			}
		}
		if page > 1 {
			out.Set("page", strconv.Itoa(page))
		}
		if format != "" {
			out.Set("format", format)
		}
		return withQuery(auditPath, out)
	}
	if number > 1 {
		body.Prev = at(number-1, "")
	}
	if more {
		body.Next = at(number+1, "")
	}
	body.CSV = at(1, "csv")
	return s.showOrder(w, r, v, "audit", v.T("order.log"), body, http.StatusOK)
}

// auditCSV is the log as a file, whole, newest first.
func (s *Server) auditCSV(w http.ResponseWriter, r *http.Request, v *viewer, q storage.AuditQuery) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	w.Header().Set("Content-Disposition", `attachment; filename="log.csv"`)
	out := csv.NewWriter(w)
	_ = out.Write([]string{"time", "by", "action", "object", "name", "what", "reason"})
	q.Limit = 1000
	for {
		list, err := s.node.Audits(r.Context(), v.by(), q)
		if err != nil {
			return err
		}
		for i := range list {
			a := &list[i]
			_ = out.Write(plainCells(a.Created.UTC().Format(time.RFC3339), a.By, a.Action, a.Object, a.Name, v.auditSentence(a), a.Reason))
		}
		if len(list) < q.Limit {
			out.Flush()
			return nil
		}
		q.Offset += len(list)
	}
}

// plainCells keeps what others wrote from being a formula where a file is opened.
func plainCells(cells ...string) []string {
	for i, c := range cells {
		if c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
			cells[i] = "'" + c
		}
	}
	return cells
}
