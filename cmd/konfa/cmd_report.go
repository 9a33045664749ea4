package main

import (
	"strconv"
	"strings"
	"time"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

type reportCmd struct {
	List  reportListCmd  `cmd:"" default:"withargs" help:"List what people complained about: what waits, oldest first."`
	Show  reportShowCmd  `cmd:"" help:"Show one case: who complained, and what happened to it."`
	Close reportCloseCmd `cmd:"" help:"Decide a case without a measure; who complained is told."`
}

type caseView struct {
	ID       int64    `json:"id"`
	Object   string   `json:"object"`
	Kind     string   `json:"kind"`
	Name     string   `json:"name"`
	Excerpt  string   `json:"excerpt,omitempty"`
	State    string   `json:"state"`
	Assignee string   `json:"assignee,omitempty"`
	Outcome  string   `json:"outcome,omitempty"`
	Reports  int      `json:"reports"`
	Created  string   `json:"created"`
	Said     []string `json:"complaints,omitempty"`
	History  []string `json:"history,omitempty"`
}

func caseOf(c *community.Case) caseView {
	return caseView{c.ID, c.Object, string(c.Kind), c.Name, c.Excerpt, string(c.State), c.Assignee, c.Outcome, c.Reports, stamp(c.Created), nil, nil}
}

type reportListCmd struct {
	Closed bool `help:"Those that are decided, newest first."`
}

func (x *reportListCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	q := storage.CaseQuery{States: []community.CaseState{community.CaseOpen, community.CaseTaken}}
	if x.Closed {
		q = storage.CaseQuery{States: []community.CaseState{community.CaseDecided}, Newest: true}
	}
	list, _, err := n.Cases(a.ctx, console, q)
	if err != nil {
		return err
	}
	views := make([]caseView, len(list))
	rows := make([][]string, len(list))
	for i := range list {
		views[i] = caseOf(&list[i])
		rows[i] = []string{strconv.FormatInt(list[i].ID, 10), views[i].Kind, short(list[i].Name, 40), views[i].State, list[i].Assignee, views[i].Created}
	}
	return a.print(views, func() { a.table("nothing waits", []string{"ID", "KIND", "WHAT", "STATE", "WITH", "SINCE"}, rows) })
}

type reportShowCmd struct {
	ID int64 `arg:"" help:"Its number."`
}

func (x *reportShowCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	c, err := n.Case(a.ctx, console, x.ID)
	if err != nil {
		return notFoundHint(err, "konfa report list shows them")
	}
	v := caseOf(&c.Case)
	for _, r := range c.Complaints {
		v.Said = append(v.Said, strings.TrimSpace(c.Author[r.ID]+" ("+string(r.Category)+") "+r.Text))
	}
	for _, e := range c.Entries {
		v.History = append(v.History, strings.TrimSpace(stamp(e.Created)+" "+e.By+" "+string(e.Kind)+" "+e.Text))
	}
	return a.print(v, func() {
		a.say("%s %s: %s (%s)", v.Kind, v.Object, v.Name, v.State)
		for _, line := range append(v.Said, v.History...) {
			a.say("  %s", clean(line))
		}
	})
}

type reportCloseCmd struct {
	ID     int64  `arg:"" help:"Its number."`
	Reason string `help:"Why nothing is done." placeholder:"TEXT"`
	Quiet  bool   `help:"Tell nobody."`
}

func (x *reportCloseCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	if _, err := n.DecideCase(a.ctx, console, x.ID, node.Decision{Reason: x.Reason, Quiet: x.Quiet}); err != nil {
		return notFoundHint(err, "konfa report list shows them")
	}
	return a.print(struct {
		Closed int64 `json:"closed"`
	}{x.ID}, func() { a.say("closed: %d", x.ID) })
}

type measureCmd struct {
	List measureListCmd `cmd:"" default:"withargs" help:"List what is in force, or waits for a second steward."`
	Take measureTakeCmd `cmd:"" help:"Warn, hide, silence, suspend or demote; whoever it is about is told."`
	Lift measureLiftCmd `cmd:"" help:"End a measure."`
}

type measureView struct {
	ID     int64  `json:"id"`
	Kind   string `json:"kind"`
	Target string `json:"target"`
	Name   string `json:"name"`
	State  string `json:"state"`
	By     string `json:"by"`
	Reason string `json:"reason,omitempty"`
	Rule   string `json:"rule,omitempty"`
	Until  string `json:"until,omitempty"`
	Since  string `json:"since"`
}

func measureOf(m *community.Measure) measureView {
	return measureView{m.ID, string(m.Kind), m.Target, m.Name, string(m.State), m.By, m.Reason, m.Rule, stamp(m.Ends), stamp(m.Created)}
}

type measureListCmd struct {
	All bool `help:"Those that are over, too."`
}

func (x *measureListCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	q := storage.MeasureQuery{}
	if !x.All {
		q.States = []community.MeasureState{community.MeasureActive, community.MeasureAsked}
	}
	list, _, err := n.Measures(a.ctx, console, q)
	if err != nil {
		return err
	}
	views := make([]measureView, len(list))
	rows := make([][]string, len(list))
	for i := range list {
		views[i] = measureOf(&list[i])
		rows[i] = []string{strconv.FormatInt(list[i].ID, 10), views[i].Kind, short(list[i].Target, 50), views[i].State, views[i].Until, list[i].By}
	}
	return a.print(views, func() { a.table("no measures", []string{"ID", "KIND", "ABOUT", "STATE", "UNTIL", "BY"}, rows) })
}

type measureTakeCmd struct {
	Kind   string `arg:"" enum:"warn,hide,silence,suspend,demote" help:"warn, hide, silence, suspend or demote."`
	Target string `arg:"" help:"A member, a domain, @name@host, or an address."`
	Days   int    `help:"For how many days; without it, until it is lifted." placeholder:"N"`
	Reason string `help:"Why; they read it." placeholder:"TEXT"`
	Rule   string `help:"Which rule." placeholder:"TEXT"`
}

func (x *measureTakeCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	m := &community.Measure{Kind: community.MeasureKind(x.Kind), TargetKind: community.TargetMember, Target: x.Target, Reason: x.Reason, Rule: x.Rule}
	if strings.ContainsAny(x.Target, ".:") {
		domain, actor, err := a.blockTarget(n, x.Target)
		if err != nil {
			return err
		}
		if m.TargetKind, m.Target = community.TargetDomain, domain; actor != "" {
			c, err := n.Subject(a.ctx, actor)
			if err != nil {
				return err
			}
			targets, err := n.TargetsOf(a.ctx, c)
			if err != nil {
				return err
			}
			if len(targets) == 0 {
				return community.Errorf(community.Refused, "nothing can be done about %s", actor)
			}
			m.TargetKind, m.Target = targets[0].Kind, targets[0].ID
		}
	}
	if x.Days > 0 {
		m.Ends = n.Now().Add(time.Duration(x.Days) * 24 * time.Hour)
	}
	if err := n.TakeMeasure(a.ctx, console, m); err != nil {
		return err
	}
	return a.print(measureOf(m), func() { a.say("%s: %s (number %d)", m.Kind, m.Name, m.ID) })
}

type measureLiftCmd struct {
	ID     int64  `arg:"" help:"Its number."`
	Reason string `help:"Why." placeholder:"TEXT"`
}

func (x *measureLiftCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	m, err := n.LiftMeasure(a.ctx, console, x.ID, x.Reason)
	if err != nil {
		return notFoundHint(err, "konfa measure list shows them")
	}
	return a.print(measureOf(m), func() { a.say("lifted: %d", m.ID) })
}
