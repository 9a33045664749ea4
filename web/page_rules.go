package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"konfa/blocklist"
	"konfa/community"
)

// orderRoutes says where stewards keep order.
func (s *Server) orderRoutes(r chi.Router) {
	get := func(path string, h func(http.ResponseWriter, *http.Request, *viewer) error) {
		f := s.signed(community.Steward, h)
		r.Get(path, f)
		r.Head(path, f)
	}
	post := func(path string, h func(http.ResponseWriter, *http.Request, *viewer) error) {
		r.Post(path, s.signed(community.Steward, h))
	}
	get(casesPath, s.cases)
	get(casesPath+"/{id}", s.caseShown)
	post(casesPath+"/{id}/{act}", s.caseAct)
	get(confirmPath, s.confirm)
	post(confirmPath+"/{id}/{act}", s.measureAct)
	get(measurePath, s.newMeasure)
	post(measurePath, s.takeMeasure)
	get(rulesPath, s.serverRules)
	get(rulesPath+"/export.csv", s.exportRules)
	post(rulesPath+"/import", s.importRules)
	get(rulesPath+"/import/{id}", s.previewRules)
	post(rulesPath+"/import/{id}/{act}", s.importAct)
	post(rulesPath+"/{act}", s.ruleAct)
	get(auditPath, s.auditLog)
}

// ruleRow is what is done about a server, or someone of it.
type ruleRow struct {
	Domain, Actor, Name, Reason, By, Since, Count string
	State                                         badge
	Extra                                         []string
	Term, Case                                    string
}

// rulesPage is what is done about servers.
type rulesPage struct {
	Tabs      []deskLink
	Form      *form
	Kinds     []formOption
	Extras    []formOption
	Rows      []ruleRow
	Empty     empty
	Listed    bool
	Allowed   []community.AllowedServer
	AllowForm *form
	Imports   []importRow
	Said      string
	Problems  []blocklist.Problem
}

type importRow struct {
	ID              int64
	Name, By, Date  string
	Undone, CanUndo bool
	Count           string
}

func (v *viewer) severityBadge(sev community.Severity) badge {
	kind := map[community.Severity]string{community.Suspend: "cancelled", community.Silence: "pending"}[sev]
	return badge{kind, v.T("order.severity." + string(sev))}
}

func (v *viewer) extras(b *community.Block) []string {
	var out []string
	if b.RejectMedia {
		out = append(out, v.T("order.extra.media"))
	}
	if b.RejectReports {
		out = append(out, v.T("order.extra.reports"))
	}
	if b.Obfuscate {
		out = append(out, v.T("order.extra.obfuscate"))
	}
	return out
}

// serverRules lists them: GET /desk/servers.
func (s *Server) serverRules(w http.ResponseWriter, r *http.Request, v *viewer) error {
	return s.showRules(w, r, v, newForm(url.Values{"severity": {"suspend"}}), newForm(nil), http.StatusOK)
}

func (s *Server) showRules(w http.ResponseWriter, r *http.Request, v *viewer, f, allow *form, status int) error {
	list, err := s.node.Servers(r.Context(), v.by())
	if err != nil {
		return err
	}
	p := rulesPage{
		Tabs: v.orderTabs(rulesPath), Form: f, AllowForm: allow, Empty: empty{v.T("order.no_rules"), v.T("order.no_rules_text")}, Listed: v.city.Settings.Federation == community.FederationListed,
		Kinds:  []formOption{{Value: "suspend", Text: v.T("order.severity.suspend"), Hint: v.T("order.severity_hint.suspend")}, {Value: "silence", Text: v.T("order.severity.silence"), Hint: v.T("order.severity_hint.silence")}, {Value: "none", Text: v.T("order.severity.none"), Hint: v.T("order.severity_hint.none")}},
		Extras: []formOption{{Value: "media", Text: v.T("order.extra.media")}, {Value: "reports", Text: v.T("order.extra.reports")}, {Value: "obfuscate", Text: v.T("order.extra.obfuscate")}},
	}
	if key := "order.said_" + r.URL.Query().Get("done"); v.Has(key) {
		p.Said = v.T(key)
	}
	for i := range list {
		b := &list[i]
		row := ruleRow{Domain: b.Domain, Actor: b.ActorURI, Name: b.Domain + b.ActorURI, Reason: b.Reason, By: b.By, Since: v.moment(b.Created), State: v.severityBadge(b.Severity), Extra: v.extras(&b.Block)}
		if b.People > 0 {
			row.Count = v.N("order.followers", b.Followers) + " · " + v.N("order.people", b.People)
		}
		if b.MeasureID != 0 {
			m, err := s.store.Measure(r.Context(), b.MeasureID)
			if err != nil {
				return err
			}
			if !m.Ends.IsZero() {
				row.Term = v.term(m)
			}
			if m.CaseID != 0 {
				row.Case = casesPath + "/" + strconv.FormatInt(m.CaseID, 10)
			}
		}
		p.Rows = append(p.Rows, row)
	}
	if p.Allowed, err = s.store.AllowedServers(r.Context()); err != nil {
		return err
	}
	imports, err := s.store.BlockImports(r.Context(), 10)
	if err != nil {
		return err
	}
	for i := range imports {
		m := &imports[i]
		p.Imports = append(p.Imports, importRow{ID: m.ID, Name: orWord(m.Name, "—"), By: m.By, Date: v.moment(m.Applied), Undone: !m.Undone.IsZero(), CanUndo: m.Undone.IsZero(), Count: v.N("order.domains", len(m.New))})
	}
	return s.showOrder(w, r, v, "rules", v.T("order.servers"), p, status)
}

// ruleAct changes what is done about servers: POST /desk/servers/{act}.
func (s *Server) ruleAct(w http.ResponseWriter, r *http.Request, v *viewer) error {
	f, allow := newForm(r.PostForm), newForm(nil)
	ctx, by, act := r.Context(), v.by(), param(r, "act")
	var err error
	switch act {
	case "add":
		domain, derr := blocklist.Domain(f.Value("domain"))
		if derr != nil {
			f.wrong("domain", v.T("order.bad_domain"))
			break
		}
		err = s.node.AddBlock(ctx, by, &community.Block{Domain: domain, Severity: community.Severity(f.Value("severity")), Reason: clipText(strings.TrimSpace(f.Value("reason")), community.MaxReason-1),
			RejectMedia: f.Has("extra", "media"), RejectReports: f.Has("extra", "reports"), Obfuscate: f.Has("extra", "obfuscate")})
	case "remove":
		err = s.node.RemoveBlock(ctx, by, f.Value("domain"), f.Value("actor"))
	case "allow":
		f, allow = newForm(url.Values{"severity": {"suspend"}}), newForm(r.PostForm)
		domain, derr := blocklist.Domain(allow.Value("allowed"))
		if derr != nil {
			allow.wrong("allowed", v.T("order.bad_domain"))
			break
		}
		err = s.node.AllowServer(ctx, by, domain, clipText(strings.TrimSpace(allow.Value("why")), 200))
	case "disallow":
		err = s.node.DisallowServer(ctx, by, f.Value("domain"))
	case "open", "listed":
		mode := community.FederationOpen
		if act == "listed" {
			mode = community.FederationListed
		}
		err = s.node.SetFederation(ctx, by, mode)
	default:
		return community.Errorf(community.NotFound, "there is no such page")
	}
	status := http.StatusUnprocessableEntity
	target := f
	if act == "allow" {
		target = allow
	}
	if err != nil {
		if status, err = s.refuse(target, v, err, nil); err != nil {
			return err
		}
	}
	if !target.OK() {
		return s.showRules(w, r, v, f, allow, status)
	}
	return seeOther(rulesPath + "?done=rule_" + act)
}

// exportRules writes them as Mastodon imports them: GET /desk/servers/export.csv.
func (s *Server) exportRules(w http.ResponseWriter, r *http.Request, _ *viewer) error {
	list, err := s.store.Blocks(r.Context())
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="domain_blocks.csv"`)
	return blocklist.Write(w, list)
}

// importRules takes a list to be looked at: POST /desk/servers/import with a file
// or a text.
func (s *Server) importRules(w http.ResponseWriter, r *http.Request, v *viewer) error {
	name, text := "", ""
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		r.Body = http.MaxBytesReader(w, r.Body, blocklist.MaxBytes+maxForm)
		if err := r.ParseMultipartForm(blocklist.MaxBytes); err != nil {
			return s.importRefused(w, r, v, v.T("order.list_large"))
		}
		defer func() { _ = r.MultipartForm.RemoveAll() }()
		if file, head, err := r.FormFile("file"); err == nil {
			defer file.Close()
			list, problems, err := blocklist.Read(file)
			if err != nil {
				return s.importRefused(w, r, v, v.T("order.list_large"))
			}
			if head.Size > 0 {
				return s.prepare(w, r, v, clipText(head.Filename, 100), list, problems)
			}
		}
	}
	text = r.FormValue("list")
	list, problems, err := blocklist.Read(strings.NewReader(text))
	if err != nil {
		return s.importRefused(w, r, v, v.T("order.list_large"))
	}
	return s.prepare(w, r, v, name, list, problems)
}

func (s *Server) importRefused(w http.ResponseWriter, r *http.Request, v *viewer, why string) error {
	f := newForm(url.Values{"severity": {"suspend"}, "list": {clipText(r.FormValue("list"), maxForm)}})
	f.wrong("list", why)
	return s.showRules(w, r, v, f, newForm(nil), http.StatusUnprocessableEntity)
}

func (s *Server) prepare(w http.ResponseWriter, r *http.Request, v *viewer, name string, list []community.Block, problems []blocklist.Problem) error {
	ours := list[:0]
	for _, b := range list {
		host, _, _ := strings.Cut(s.site.Host(), ":")
		if host != b.Domain && !strings.HasSuffix(host, "."+b.Domain) {
			ours = append(ours, b) // we are on other people's lists, perhaps; we do not shut ourselves out
		}
	}
	if len(ours) == 0 {
		return s.importRefused(w, r, v, v.T("order.list_empty"))
	}
	kept, err := s.node.PrepareBlocks(r.Context(), v.by(), name, ours)
	if err != nil {
		return s.importRefused(w, r, v, err.Error())
	}
	q := ""
	if len(problems) > 0 {
		q = "?skipped=" + strconv.Itoa(len(problems))
	}
	return seeOther(rulesPath + "/import/" + strconv.FormatInt(kept.ID, 10) + q)
}

// previewRow is what a list would change about one domain.
type previewRow struct {
	Domain, Reason, Lost string
	From, To             badge
	Change               string
	Extra                []string
}

// previewRules shows what a list would change: GET /desk/servers/import/{id}.
func (s *Server) previewRules(w http.ResponseWriter, r *http.Request, v *viewer) error {
	id, err := caseID(r)
	if err != nil {
		return err
	}
	kept, p, err := s.node.PreviewBlocks(r.Context(), v.by(), id)
	if err != nil {
		return err
	}
	body := struct {
		Tabs          []deskLink
		Name, Path    string
		New, Harder   string
		Same          string
		Lost, Skipped string
		Rows          []previewRow
		More          string
		Done, Nothing bool
	}{Tabs: v.orderTabs(rulesPath), Name: kept.Name, Path: rulesPath + "/import/" + strconv.FormatInt(id, 10), New: v.N("order.new", p.New), Harder: v.N("order.harder", p.Harder), Same: v.N("order.same", p.Same+p.Softer),
		Done: !kept.Applied.IsZero(), Nothing: p.New+p.Harder == 0}
	if p.LostFollowers+p.LostFollowings > 0 {
		body.Lost = v.N("order.lost", p.LostFollowers+p.LostFollowings)
	}
	if n, err := strconv.Atoi(r.URL.Query().Get("skipped")); err == nil && n > 0 {
		body.Skipped = v.N("order.skipped", min(n, 100000))
	}
	const most = 500
	for _, row := range p.Rows {
		if row.Change != "new" && row.Change != "harder" {
			continue
		}
		if len(body.Rows) == most {
			body.More = v.N("order.more", p.New+p.Harder-most)
			break
		}
		out := previewRow{Domain: row.Domain, Reason: row.Reason, To: v.severityBadge(row.Severity), Change: row.Change, Extra: v.extras(&row.Block)}
		if row.Was != "" {
			out.From = v.severityBadge(row.Was)
		}
		if row.Followers > 0 {
			out.Lost = v.N("order.followers", row.Followers)
		}
		body.Rows = append(body.Rows, out)
	}
	return s.showOrder(w, r, v, "rules_import", v.T("order.preview"), body, http.StatusOK)
}

// importAct takes a list over, or back: POST /desk/servers/import/{id}/{act}.
func (s *Server) importAct(w http.ResponseWriter, r *http.Request, v *viewer) error {
	id, err := caseID(r)
	if err != nil {
		return err
	}
	switch act := param(r, "act"); act {
	case "apply":
		_, err = s.node.ApplyBlocks(r.Context(), v.by(), id)
	case "undo":
		err = s.node.UndoBlocks(r.Context(), v.by(), id)
	default:
		return community.Errorf(community.NotFound, "there is no such page")
	}
	if err != nil {
		return err
	}
	return seeOther(rulesPath + "?done=list_" + param(r, "act"))
}
