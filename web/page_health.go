package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"konfa/community"
	"konfa/storage"
)

// Where the pages about the machine are.
const (
	healthPath  = "/desk/health"
	serversPath = "/desk/health/servers"
	storagePath = "/desk/health/storage"
)

// healthSheets come with the pages about the machine and the city.
var healthSheets = []string{"health.css"}

// lookAgain is how long what looking at the node found is shown before it is
// looked at anew.
const lookAgain = 5 * time.Minute

// looked keeps what looking at the node found, as that takes seconds.
type looked struct {
	mu   sync.Mutex
	at   time.Time           // guarded by mu
	list []community.Finding // guarded by mu
}

// findings are what looking at the node found, lately or now.
func (s *Server) findings(ctx context.Context, now time.Time, anew bool) ([]community.Finding, time.Time) {
	l := &s.lookedAt
	l.mu.Lock() // whoever comes meanwhile wants the same
	defer l.mu.Unlock()
	if anew || l.at.IsZero() || now.Sub(l.at) > lookAgain {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		l.list, l.at = s.machine.Examine(ctx), now
	}
	return slices.Clone(l.list), l.at
}

// healthPage is how the node is.
type healthPage struct {
	Tabs     []deskLink
	Verdict  badge
	At       string
	Findings []findingView
	Settings []Setting
	Version  string
	Engine   string
}

// findingView is a finding in words.
type findingView struct {
	Title, Text, Do string
	Kind            string // of the mark: "well", "unsure", "ill"
	Mark            string // the same in a word
}

// finding puts a finding into words.
func (v *viewer) finding(f community.Finding) findingView {
	var pairs []any
	for k, a := range f.Args {
		pairs = append(pairs, k, a)
	}
	key := "health." + f.Check + "." + f.Key
	out := findingView{Title: v.T("health." + f.Check + ".title"), Text: v.T(key, pairs...), Kind: string(f.Health), Mark: v.T("health.mark." + string(f.Health))}
	if v.Has(key + "_do") {
		out.Do = v.T(key+"_do", pairs...)
	}
	return out
}

// healthTabs leads to the pages about the machine.
func (v *viewer) healthTabs(path string) []deskLink {
	var out []deskLink
	for _, t := range [][2]string{{healthPath, "health.title"}, {serversPath, "health.servers"}, {storagePath, "health.storage"}} {
		out = append(out, deskLink{t[0], v.T(t[1]), t[0] == path})
	}
	return out
}

// health shows how the node is: GET /desk/health.
func (s *Server) health(w http.ResponseWriter, r *http.Request, v *viewer) error {
	list, at := s.findings(r.Context(), v.now, false)
	p := healthPage{Tabs: v.healthTabs(healthPath), At: v.moment(at), Settings: s.machine.Settings(), Version: s.version, Engine: s.store.Engine()}
	worst := community.Worst(list)
	p.Verdict = badge{string(worst), v.T("health.verdict." + string(worst))}
	rank := map[community.Health]int{community.Ill: 0, community.Unsure: 1, community.Well: 2}
	slices.SortStableFunc(list, func(a, b community.Finding) int { return rank[a.Health] - rank[b.Health] })
	for _, f := range list {
		p.Findings = append(p.Findings, v.finding(f))
	}
	return s.showDesk(w, r, v, healthPath, "health", page{Heading: v.T("health.title"), Sheets: healthSheets, Body: p}, http.StatusOK)
}

// lookNow looks anew: POST /desk/health.
func (s *Server) lookNow(_ http.ResponseWriter, r *http.Request, v *viewer) error {
	s.findings(r.Context(), v.now, true)
	return seeOther(healthPath)
}

// moment is a day and a time on the city's clock.
func (v *viewer) moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(v.location())
	return v.day(t, t.Year() != v.now.In(v.location()).Year()) + ", " + t.Format("15:04")
}

// serversPage is the servers that we talk with.
type serversPage struct {
	Tabs    []deskLink
	Lead    string
	Trouble []serverView
	Others  []serverView
	One     *serverView // the one whose lane is shown
	Lane    []waitingView
	More    string
	Said    string
	Empty   empty
}

// serverView is a server that we talk with.
type serverView struct {
	Host, Software, People, Waiting, Since, Trouble, Next, Heard, Delivered, Refused string
	Path                                                                             string
	Blocked                                                                          string
}

// waitingView is something that waits for a server.
type waitingView struct{ What, Object, Since, Tries, Next, Error string }

// laneShown is how much of what waits for a server is listed.
const laneShown = 50

// servers lists the servers that we talk with: GET /desk/health/servers, with host
// for what waits for one.
func (s *Server) servers(w http.ResponseWriter, r *http.Request, v *viewer) error {
	peers, err := s.store.Peers(r.Context())
	if err != nil {
		return err
	}
	p := serversPage{Tabs: v.healthTabs(serversPath), Lead: v.N("health.servers_lead", len(peers)), Empty: empty{v.T("health.servers_none"), v.T("health.servers_none_text")}}
	if n := r.URL.Query().Get("tried"); n != "" {
		p.Said = v.T("health.tried")
	}
	host := r.URL.Query().Get("host")
	for i := range peers {
		view := v.server(&peers[i])
		if peers[i].Host == host {
			p.One = &view
		}
		if peers[i].Failures > 0 {
			p.Trouble = append(p.Trouble, view)
		} else {
			p.Others = append(p.Others, view)
		}
	}
	if p.One != nil {
		lane, err := s.store.WaitingFor(r.Context(), host, laneShown+1)
		if err != nil {
			return err
		}
		for i := range lane[:min(len(lane), laneShown)] {
			p.Lane = append(p.Lane, v.waiting(&lane[i]))
		}
		if len(lane) > laneShown {
			p.More = v.T("health.lane_more")
		}
	}
	return s.showDesk(w, r, v, healthPath, "servers", page{Heading: v.T("health.servers"), Sheets: healthSheets, Body: p}, http.StatusOK)
}

func (v *viewer) server(p *community.Peer) serverView {
	out := serverView{
		Host: p.Host, Software: strings.TrimSpace(p.Software + " " + p.Version), Path: serversPath + "?host=" + url.QueryEscape(p.Host),
		Heard: v.moment(p.LastSeen), Delivered: v.moment(p.LastDelivered), Trouble: p.LastError,
	}
	if p.Followers > 0 {
		out.People = v.N("health.followers", p.Followers)
	}
	if p.Waiting > 0 {
		out.Waiting, out.Since = v.N("health.waits", p.Waiting), v.moment(p.OldestWaiting)
	}
	if p.Failures > 0 {
		out.Next = v.moment(p.NextTry)
	}
	if p.LastRefused != "" {
		out.Refused = p.LastRefused
	}
	if p.BlockedSeverity != "" {
		out.Blocked = v.T("health.blocked")
	}
	return out
}

func (v *viewer) waiting(d *storage.Waiting) waitingView {
	out := waitingView{What: d.Type, Object: d.Object, Since: v.moment(d.Created), Next: v.moment(d.NextTry), Error: d.LastError}
	if d.Attempts > 0 {
		out.Tries = v.N("health.tries", d.Attempts)
	}
	return out
}

// tryServer has everything that waits for a server tried now: POST
// /desk/health/servers with host.
func (s *Server) tryServer(_ http.ResponseWriter, r *http.Request, v *viewer) error {
	host := r.PostForm.Get("host")
	if _, err := s.node.HastenPeer(r.Context(), v.by(), host); err != nil {
		return err
	}
	return seeOther(serversPath + "?tried=1&host=" + url.QueryEscape(host))
}

// storageShown is what is stored, and the backups.
type storageShown struct {
	Tabs          []deskLink
	Engine        string
	Size, Free    string
	Tables        []tableView
	Backups       []backupView
	None          empty
	Said, Trouble string
}

type (
	tableView  struct{ Name, Rows, Size string }
	backupView struct{ Name, Made, Size string }
)

// tablesShown is how many tables are listed: the rest is small.
const tablesShown = 12

// storageUse shows what is stored: GET /desk/health/storage.
func (s *Server) storageUse(w http.ResponseWriter, r *http.Request, v *viewer) error {
	return s.showStorage(w, r, v, "")
}

func (s *Server) showStorage(w http.ResponseWriter, r *http.Request, v *viewer, trouble string) error {
	bytes, tables, err := s.store.Usage(r.Context())
	if err != nil {
		return err
	}
	p := storageShown{Tabs: v.healthTabs(storagePath), Engine: s.store.Engine(), Size: v.bytes(bytes), None: empty{v.T("health.backups_none"), v.T("health.backups_none_text")}, Trouble: trouble}
	if free, size := s.machine.Disk(); size > 0 {
		p.Free = v.T("health.free", "Free", v.bytes(int64(free)), "Size", v.bytes(int64(size)))
	}
	for _, t := range tables[:min(len(tables), tablesShown)] {
		view := tableView{Name: t.Table, Rows: v.count(t.Rows)}
		if t.Bytes > 0 {
			view.Size = v.bytes(t.Bytes)
		}
		p.Tables = append(p.Tables, view)
	}
	backups, err := s.machine.Backups()
	if err != nil {
		return err
	}
	for _, b := range backups {
		p.Backups = append(p.Backups, backupView{b.Name, v.moment(b.Made), v.bytes(b.Size)})
	}
	if r.URL.Query().Get("made") != "" {
		p.Said = v.T("health.backup_made")
	}
	status := http.StatusOK
	if trouble != "" {
		status = http.StatusInternalServerError
	}
	return s.showDesk(w, r, v, healthPath, "storage", page{Heading: v.T("health.storage"), Sheets: healthSheets, Body: p}, status)
}

// backUpNow makes a backup: POST /desk/health/storage. It stays on the machine: it
// holds the city's keys, which are nothing to carry through browsers.
func (s *Server) backUpNow(w http.ResponseWriter, r *http.Request, v *viewer) error {
	if _, err := s.machine.BackUp(r.Context()); err != nil {
		s.log.Error("no backup could be made", "err", err)
		return s.showStorage(w, r, v, v.T("health.backup_failed"))
	}
	return seeOther(storagePath + "?made=1")
}

// bytes is an amount of storage in words: "1.4 MB".
func (v *viewer) bytes(n int64) string {
	unit, f := "health.b", float64(n)
	for _, u := range []string{"health.kb", "health.mb", "health.gb"} {
		if f < 1000 {
			break
		}
		unit, f = u, f/1000
	}
	if f >= 10 || unit == "health.b" {
		return v.T(unit, "N", v.count(int64(f+.5)))
	}
	text := itoa(int(f)) + "." + itoa(int(f*10)%10)
	return v.T(unit, "N", strings.Replace(text, ".", v.T("health.point"), 1))
}

// count is a number with its thousands apart.
func (v *viewer) count(n int64) string {
	s := itoa(int(n))
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + nbsp + s[i:]
	}
	return s
}
