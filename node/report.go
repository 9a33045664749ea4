package node

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"konfa/community"
	"konfa/prose"
	"konfa/storage"
)

// How much one case takes: from one person, and altogether. What comes on top
// says nothing new.
const (
	reportsPerPerson = 3
	reportsPerCase   = 200
)

// AddReport takes a complaint of a member, or of anyone who only looks at our
// pages. It joins the case that is open about the same thing, or opens one.
// NotFound for what is not known here.
func (n *Node) AddReport(ctx context.Context, by By, r *community.Report) (*community.Case, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	if len(r.Objects) != 1 {
		return nil, community.Errorf(community.Invalid, "a report is about one thing")
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, community.Errorf(community.Internal, "making an id: %w", err)
	}
	r.URI, r.MemberID = "report:"+id.String(), 0
	if by.Member != nil && by.Member.Active() {
		r.MemberID = by.Member.ID
		r.Contact = ""
	}
	var c *community.Case
	err = n.write(ctx, func(tx *storage.Tx) error {
		if err := n.mayRead(ctx, tx.Reader, by, n.canonicalPart(r.Objects[0])); err != nil {
			return err
		}
		c, err = n.report(ctx, tx, by.Name(), r)
		return err
	})
	return c, err
}

// Reportable is Subject for whoever looks at our pages: NotFound also for what
// they may not read there, since a case quotes it.
func (n *Node) Reportable(ctx context.Context, by By, id string) (*community.Case, error) {
	id = n.canonicalPart(id)
	if err := n.mayRead(ctx, n.store.Reader, by, id); err != nil {
		return nil, err
	}
	return n.subject(ctx, n.store.Reader, id)
}

// mayRead returns nil when whoever asks finds on our pages what an id names, as
// far as that is known here. The number of a guest can be guessed, and the id of
// what was said to a few may be known to many.
func (n *Node) mayRead(ctx context.Context, r *storage.Reader, by By, id string) error {
	if by.may(community.Steward) == nil {
		return nil
	}
	unknown := community.Errorf(community.NotFound, "nothing is known here of %s", id)
	if whole, number, ok := strings.Cut(id, guestPart); ok {
		c, g, err := n.guestAt(ctx, r, whole, number)
		if err != nil {
			return orError(err, unknown)
		}
		if n.mayRun(by, c) == nil {
			return nil
		}
		comes := false
		if by.Member != nil && by.Member.Active() {
			mine, err := r.Guest(ctx, c.ID, storage.GuestKey{MemberID: by.Member.ID})
			if ok, err := found(err); err != nil {
				return err
			} else if ok {
				comes = mine.State == community.Going
			}
		}
		if c.Draft || g.State != community.Going || !g.VisibleTo(comes, false) {
			return unknown
		}
		return nil
	}
	var p *community.Post
	var err error
	if slug, ok := n.site.PostSlug(id); ok {
		p, err = r.Post(ctx, slug)
	} else {
		p, err = r.PostByURI(ctx, id)
	}
	if ok, err := found(err); !ok {
		return err // what it is, others say
	}
	if handle, ok := p.Author.Member(); ok && p.Own() && by.Member != nil && by.Member.Handle == handle {
		return nil
	}
	if p.Visibility != community.Public && p.Visibility != community.Unlisted || p.State == community.Held || p.State == community.Hidden {
		return unknown
	}
	return nil
}

// Subject tells what an id would be reported as, without reporting it; NotFound
// for what is not known here.
func (n *Node) Subject(ctx context.Context, id string) (*community.Case, error) {
	return n.subject(ctx, n.store.Reader, n.canonicalPart(id))
}

// report adds a complaint to its case.
func (n *Node) report(ctx context.Context, tx *storage.Tx, by string, r *community.Report) (*community.Case, error) {
	for i, id := range r.Objects {
		r.Objects[i] = n.canonicalPart(id)
	}
	var about *community.Case
	for _, id := range r.Objects {
		s, err := n.subject(ctx, tx.Reader, id)
		if ok, err := found(err); err != nil {
			return nil, err
		} else if !ok {
			continue
		}
		// The account stands beside what it said (Mastodon): that is what it is about.
		if about == nil || person(about.Kind) && !person(s.Kind) {
			about = s
		}
	}
	if about == nil {
		return nil, community.Errorf(community.NotFound, "nothing is known here of what you report")
	}
	c, err := tx.OpenCase(ctx, []string{about.Object})
	if ok, err := found(err); err != nil {
		return nil, err
	} else if !ok {
		c = about
		c.State, c.Created = community.CaseOpen, tx.Now()
		c.Updated = tx.Now()
		if err := tx.InsertCase(ctx, c); err != nil {
			return nil, err
		}
	}
	r.CaseID, r.Created = c.ID, tx.Now()
	earlier, err := tx.Reports(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	mine := 0
	for _, e := range earlier {
		if r.MemberID != 0 && e.MemberID == r.MemberID || r.ActorID != 0 && e.ActorID == r.ActorID || r.Contact != "" && e.Contact == r.Contact {
			mine++
		}
	}
	if mine >= reportsPerPerson || len(earlier) >= reportsPerCase {
		return c, nil // it is known
	}
	if err := tx.InsertReport(ctx, r); err != nil {
		return nil, err
	}
	c.Updated = tx.Now()
	if err := tx.UpdateCase(ctx, c); err != nil {
		return nil, err
	}
	return c, n.enter(ctx, tx, c, by, community.EntryReport, "")
}

func person(k community.CaseKind) bool {
	return k == community.CaseMember || k == community.CaseActor || k == community.CaseOther
}

// enter writes down what happened to a case.
func (n *Node) enter(ctx context.Context, tx *storage.Tx, c *community.Case, by string, kind community.CaseEntryKind, text string) error {
	return tx.InsertCaseEntry(ctx, &community.CaseEntry{CaseID: c.ID, By: by, Kind: kind, Text: text, Created: tx.Now()})
}

// guestPart begins the part of an id that names a guest of a conference of ours.
const guestPart = "#guest-"

// canonicalPart is canonical for ids that may name a guest.
func (n *Node) canonicalPart(id string) string {
	if whole, guest, ok := strings.Cut(id, guestPart); ok {
		return n.canonical(whole) + guestPart + guest
	}
	return n.canonical(id)
}

// excerptLength is how much of what was said is kept with a case, in characters.
const excerptLength = 1500

// subject makes a case of an id, not stored. NotFound for what is not known here.
func (n *Node) subject(ctx context.Context, r *storage.Reader, id string) (*community.Case, error) {
	unknown := community.Errorf(community.NotFound, "nothing is known here of %s", id)
	c := &community.Case{Object: id}
	if whole, number, ok := strings.Cut(id, guestPart); ok {
		_, g, err := n.guestAt(ctx, r, whole, number)
		if err != nil {
			return nil, err
		}
		c.Kind, c.Name = community.CaseGuest, g.Name
		if g.MemberID != 0 {
			m, err := r.MemberByID(ctx, g.MemberID)
			if err != nil {
				return nil, err
			}
			c.Name = m.Name
			c.Concerned = []string{n.site.Actor(community.MemberActor(m.Handle))}
		} else if g.ActorID != 0 {
			a, err := r.ActorByID(ctx, g.ActorID)
			if err != nil {
				return nil, err
			}
			c.Name = a.DisplayName()
			c.Concerned = []string{a.URI}
		}
		return c, nil
	}
	if slug, ok := n.site.ConferenceSlug(id); ok {
		conf, err := r.Conference(ctx, slug)
		if err != nil || conf.Draft {
			return nil, orError(err, unknown)
		}
		c.Kind, c.Name, c.Excerpt = community.CaseConference, conf.Title.First(), prose.Text(conf.HTML.First(), excerptLength)
		for _, o := range conf.Organisers {
			if o.Handle != "" {
				c.Concerned = append(c.Concerned, n.site.Actor(community.MemberActor(o.Handle)))
			}
		}
		return c, nil
	}
	if slug, ok := n.site.PostSlug(id); ok {
		p, err := r.Post(ctx, slug)
		if err != nil || p.Draft || p.Visibility == community.Direct {
			return nil, orError(err, unknown)
		}
		n.postSubject(c, p)
		if _, ok := p.Author.Member(); ok {
			c.Concerned = []string{n.site.Actor(p.Author)}
		}
		return c, nil
	}
	if local, ok := n.site.LocalActor(id); ok {
		handle, member := local.Member()
		if !member {
			city, err := r.City(ctx)
			if err != nil {
				return nil, err
			}
			c.Kind, c.Name = community.CaseOther, city.Name.First()
			return c, nil
		}
		m, err := r.Member(ctx, handle)
		if err != nil || !m.Deleted.IsZero() {
			return nil, orError(err, unknown)
		}
		c.Kind, c.Name, c.Excerpt, c.Concerned = community.CaseMember, m.Name, prose.Text(prose.Markdown(m.About), excerptLength), []string{id}
		return c, nil
	}
	p, err := r.PostByURI(ctx, id)
	if ok, err := found(err); err != nil {
		return nil, err
	} else if ok {
		a, err := r.ActorByID(ctx, p.AuthorID)
		if err != nil {
			return nil, err
		}
		n.postSubject(c, p)
		c.Concerned = []string{a.URI}
		return c, nil
	}
	conf, err := r.ConferenceLike(ctx, id)
	if ok, err := found(err); err != nil {
		return nil, err
	} else if ok && !conf.Own() {
		c.Object, c.Kind, c.Name, c.Excerpt = conf.URI, community.CaseConference, conf.Title.First(), prose.Text(conf.HTML.First(), excerptLength)
		origin, err := r.ActorByID(ctx, conf.OriginID)
		if ok, err := found(err); err != nil {
			return nil, err
		} else if ok {
			c.Concerned = []string{origin.URI}
		}
		return c, nil
	}
	a, err := r.Actor(ctx, id)
	if err != nil {
		return nil, orError(err, unknown)
	}
	c.Kind, c.Name, c.Excerpt, c.Concerned = community.CaseActor, a.DisplayName(), prose.Text(a.About, excerptLength), []string{a.URI}
	return c, nil
}

func (n *Node) postSubject(c *community.Case, p *community.Post) {
	c.Kind, c.Name, c.Excerpt = community.CasePost, p.Title.First(), prose.Text(p.HTML.First(), excerptLength)
	if p.Warning != "" {
		c.Excerpt = p.Warning + "\n\n" + c.Excerpt
	}
	if c.Name == "" {
		c.Name = p.AuthorName
	}
	if utf8.RuneCountInString(c.Excerpt) > 2*excerptLength {
		c.Excerpt = string([]rune(c.Excerpt)[:2*excerptLength])
	}
}

// guestAt is the guest that a part of the id of a conference of ours names.
func (n *Node) guestAt(ctx context.Context, r *storage.Reader, conf, number string) (*community.Conference, *community.Guest, error) {
	unknown := community.Errorf(community.NotFound, "there is no such guest")
	slug, ok := n.site.ConferenceSlug(conf)
	id, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil {
		return nil, nil, unknown
	}
	c, err := r.Conference(ctx, slug)
	if err != nil {
		return nil, nil, err
	}
	g, err := r.GuestByID(ctx, id)
	if err != nil || g.ConferenceID != c.ID {
		return nil, nil, orError(err, unknown)
	}
	return c, g, nil
}

// ReceiveFlag is a complaint from another server about something of ours, or
// something that others said in a talk of ours. Refused where the stewards take
// no complaints of that server.
func (n *Node) ReceiveFlag(ctx context.Context, from *community.Actor, uri string, objects []string, text string) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		rule, err := tx.ServerRule(ctx, from.Host)
		if err != nil {
			return err
		}
		if rule.RejectReports {
			return community.Errorf(community.Refused, "complaints of %s are not taken here", from.Host)
		}
		var ours []string
		for _, id := range objects {
			if _, ok := n.site.Path(id); ok {
				ours = append(ours, id)
				continue
			}
			p, err := tx.PostByURI(ctx, id)
			if ok, err := found(err); err != nil {
				return err
			} else if ok && p.Thread != "" {
				ours = append(ours, id)
			}
		}
		if len(ours) == 0 {
			return community.Errorf(community.Refused, "this complains about nothing of ours")
		}
		r := &community.Report{ActorID: from.ID, URI: uri, Objects: ours, Text: strings.TrimSpace(text)}
		_, err = n.report(ctx, tx, "", r)
		switch community.CodeOf(err) {
		case community.Conflict:
			return nil // said before
		case community.NotFound, community.Gone:
			return community.Errorf(community.Refused, "this complains about nothing that is here")
		}
		return err
	})
}

// CaseFile is a case with all that belongs to it.
type CaseFile struct {
	community.Case
	Complaints []community.Report
	Entries    []community.CaseEntry
	Measures   []community.Measure // taken in this case
	Earlier    []community.Case    // others about the same people, newest first
	Before     []community.Measure // taken about the same people or thing, in other cases
	Author     map[int64]string    // who complained, by the id of the complaint
	Targets    []Target            // about what something can be done
	Remote     []string            // hosts that can be told
	Recused    error               // why whoever asks cannot decide, or nil
}

// Target is something or someone that a measure can be about.
type Target struct {
	Kind community.TargetKind
	ID   string
	Name string
}

// concerns tells whether a case is about a member.
func (n *Node) isConcerned(c *community.Case, m *community.Member) bool {
	return m != nil && slices.Contains(c.Concerned, n.site.Actor(community.MemberActor(m.Handle)))
}

var errConcerned = &community.Error{Code: community.Forbidden, Key: "error.case_concerned", Msg: "this case concerns you: others look after it"}

// mayKnow returns nil when whoever asks may see a case.
func (n *Node) mayKnow(by By, c *community.Case) error {
	if err := by.may(community.Steward); err != nil {
		return err
	}
	if n.isConcerned(c, by.Member) {
		return errConcerned
	}
	return nil
}

// mayDecide returns nil when whoever asks may also decide it: who complained may
// not.
func (n *Node) mayDecide(ctx context.Context, r *storage.Reader, by By, c *community.Case) error {
	if err := n.mayKnow(by, c); err != nil || by.Member == nil {
		return err
	}
	reports, err := r.Reports(ctx, c.ID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(reports, func(v community.Report) bool { return v.MemberID == by.Member.ID }) {
		return &community.Error{Code: community.Forbidden, Key: "error.case_reporter", Msg: "you reported this: another steward has to decide it"}
	}
	return nil
}

// Cases lists cases, without those that concern whoever asks, and how many there
// are without the limit.
func (n *Node) Cases(ctx context.Context, by By, q storage.CaseQuery) ([]community.Case, int, error) {
	if err := by.may(community.Steward); err != nil {
		return nil, 0, err
	}
	if by.Member != nil {
		q.Unseen = n.site.Actor(community.MemberActor(by.Member.Handle))
	}
	total, err := n.store.CountCases(ctx, q)
	if err != nil {
		return nil, 0, err
	}
	list, err := n.store.Cases(ctx, q)
	return list, total, err
}

// Case is a case with all that belongs to it. Forbidden for whom it concerns.
func (n *Node) Case(ctx context.Context, by By, id int64) (*CaseFile, error) {
	c, err := n.store.Case(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := n.mayKnow(by, c); err != nil {
		return nil, err
	}
	f := &CaseFile{Case: *c, Author: map[int64]string{}}
	if f.Recused = n.mayDecide(ctx, n.store.Reader, by, c); f.Recused != nil && community.CodeOf(f.Recused) != community.Forbidden {
		return nil, f.Recused
	}
	if f.Complaints, err = n.store.Reports(ctx, id); err != nil {
		return nil, err
	}
	for _, r := range f.Complaints {
		switch {
		case r.MemberID != 0:
			m, err := n.store.MemberByID(ctx, r.MemberID)
			if err != nil {
				return nil, err
			}
			f.Author[r.ID] = "@" + m.Handle
		case r.ActorID != 0:
			a, err := n.store.ActorByID(ctx, r.ActorID)
			if err != nil {
				return nil, err
			}
			f.Author[r.ID] = a.Address()
		default:
			f.Author[r.ID] = r.Contact
		}
	}
	if f.Entries, err = n.store.CaseEntries(ctx, id); err != nil {
		return nil, err
	}
	if f.Measures, err = n.store.Measures(ctx, storage.MeasureQuery{CaseID: id}); err != nil {
		return nil, err
	}
	seen := map[int64]bool{id: true}
	for _, who := range c.Concerned {
		cases, err := n.store.Cases(ctx, storage.CaseQuery{Concerned: who, Newest: true, Limit: 20})
		if err != nil {
			return nil, err
		}
		for _, e := range cases {
			if !seen[e.ID] {
				seen[e.ID] = true
				f.Earlier = append(f.Earlier, e)
			}
		}
	}
	for _, target := range append([]string{c.Object}, c.Concerned...) {
		ms, err := n.store.Measures(ctx, storage.MeasureQuery{Target: target, Limit: 20})
		if err != nil {
			return nil, err
		}
		for _, m := range ms {
			if m.CaseID != id && !slices.ContainsFunc(f.Before, func(b community.Measure) bool { return b.ID == m.ID }) {
				f.Before = append(f.Before, m)
			}
		}
	}
	f.Targets, err = n.targets(ctx, n.store.Reader, c)
	for _, t := range f.Targets {
		if host := hostOf(t.ID); t.Kind == community.TargetActor && !slices.Contains(f.Remote, host) {
			f.Remote = append(f.Remote, host)
		}
	}
	return f, err
}

// targets lists about what something can be done in a case: the thing itself,
// who is concerned, and their server.
func (n *Node) targets(ctx context.Context, r *storage.Reader, c *community.Case) ([]Target, error) {
	var out []Target
	switch _, ours := n.site.Path(c.Object); {
	case c.Kind == community.CasePost:
		out = append(out, Target{community.TargetPost, c.Object, c.Name})
	case c.Kind == community.CaseConference && !ours:
		out = append(out, Target{community.TargetConference, c.Object, c.Name})
	case c.Kind == community.CaseGuest:
		out = append(out, Target{community.TargetGuest, c.Object, c.Name})
	}
	for _, id := range c.Concerned {
		if local, ok := n.site.LocalActor(id); ok {
			handle, _ := local.Member()
			m, err := r.Member(ctx, handle)
			if ok, err := found(err); err != nil {
				return nil, err
			} else if ok && m.Deleted.IsZero() {
				out = append(out, Target{community.TargetMember, id, m.Name})
			}
			continue
		}
		a, err := r.Actor(ctx, id)
		if ok, err := found(err); err != nil {
			return nil, err
		} else if ok {
			out = append(out, Target{community.TargetActor, id, a.Address()}, Target{community.TargetDomain, a.Host, a.Host})
		}
	}
	return out, nil
}

// changeCase does something to a case that whoever asks may know.
func (n *Node) changeCase(ctx context.Context, by By, id int64, action string, change func(*storage.Tx, *community.Case, *community.Audit) error) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		c, err := tx.Case(ctx, id)
		if err != nil {
			return err
		}
		if err := n.mayKnow(by, c); err != nil {
			return err
		}
		log := community.Audit{Action: action, Object: fmt.Sprintf("case/%d", id), Name: c.Name}
		if err := change(tx, c, &log); err != nil {
			return err
		}
		c.Updated = tx.Now()
		if err := tx.UpdateCase(ctx, c); err != nil {
			return err
		}
		return n.audit(ctx, tx, by, log)
	})
}

func errDecided() error {
	return &community.Error{Code: community.Conflict, Key: "error.case_decided", Msg: "this case is decided"}
}

// TakeCase makes whoever asks look after a case, also if someone else did.
func (n *Node) TakeCase(ctx context.Context, by By, id int64) error {
	return n.GiveCase(ctx, by, id, by.Name())
}

// GiveCase makes another steward look after a case; with an empty handle nobody
// does any more. Who reported it, or whom it concerns, cannot.
func (n *Node) GiveCase(ctx context.Context, by By, id int64, handle string) error {
	return n.changeCase(ctx, by, id, "case.give", func(tx *storage.Tx, c *community.Case, log *community.Audit) error {
		if c.State == community.CaseDecided {
			return errDecided()
		}
		kind := community.EntryGive
		switch handle {
		case "":
			c.State, c.Assignee, kind = community.CaseOpen, "", community.EntryDrop
			log.Action = "case.drop"
		default:
			if handle == by.Name() {
				kind, log.Action = community.EntryTake, "case.take"
			}
			if !by.Console || handle != by.Name() {
				m, err := tx.Member(ctx, handle)
				if err != nil {
					return err
				}
				to := By{Member: m}
				if err := to.may(community.Steward); err != nil {
					return community.Errorf(community.Refused, "%s is no steward", handle)
				}
				if err := n.mayDecide(ctx, tx.Reader, to, c); err != nil && handle != by.Name() {
					return &community.Error{Code: community.Refused, Key: "error.case_recused", Msg: handle + " is named in this case and cannot look after it"}
				} else if err != nil {
					return err
				}
			}
			c.State, c.Assignee = community.CaseTaken, handle
			log.Details = map[string]string{"to": handle}
		}
		return n.enter(ctx, tx, c, by.Name(), kind, handle)
	})
}

// NoteCase adds a note that stewards alone see.
func (n *Node) NoteCase(ctx context.Context, by By, id int64, text string) error {
	text = strings.TrimSpace(text)
	if text == "" || utf8.RuneCountInString(text) > community.MaxReport {
		return &community.Error{Code: community.Invalid, Msg: "a note has 1 to 5000 characters", Fields: []community.FieldError{{Field: "note", Key: "required", Msg: "write something, up to 5000 characters"}}}
	}
	return n.changeCase(ctx, by, id, "case.note", func(tx *storage.Tx, c *community.Case, _ *community.Audit) error {
		return n.enter(ctx, tx, c, by.Name(), community.EntryNote, text)
	})
}

// NoMeasure is the outcome of a case in which nothing is done.
const NoMeasure = "none"

// Decision is how a case ends.
type Decision struct {
	Measure *community.Measure // nil: nothing is done
	Rule    string
	Reason  string
	Tell    string // what else who reported it is told, or empty
	Quiet   bool   // they are told nothing
}

// DecideCase ends a case: with a measure or without, and a word to who reported
// it. Who is named in it cannot. The measure may have to wait for a second
// steward.
func (n *Node) DecideCase(ctx context.Context, by By, id int64, d Decision) (*community.Measure, error) {
	var out *community.Measure
	err := n.changeCase(ctx, by, id, "case.decide", func(tx *storage.Tx, c *community.Case, log *community.Audit) error {
		if err := n.mayDecide(ctx, tx.Reader, by, c); err != nil {
			return err
		}
		if c.State == community.CaseDecided {
			return errDecided()
		}
		out = nil
		c.State, c.Decided, c.DecidedBy, c.Outcome, c.Rule, c.Reason = community.CaseDecided, tx.Now(), by.Name(), NoMeasure, d.Rule, strings.TrimSpace(d.Reason)
		if utf8.RuneCountInString(c.Rule) > community.MaxRule || utf8.RuneCountInString(c.Reason) > community.MaxReason || utf8.RuneCountInString(d.Tell) > community.MaxReason {
			return community.Errorf(community.Invalid, "this is too long: a reason has up to %d characters", community.MaxReason)
		}
		if d.Measure != nil {
			m := *d.Measure // the transaction may run again
			m.CaseID, m.Rule, m.Reason = c.ID, d.Rule, d.Reason
			if err := n.impose(ctx, tx, by, &m); err != nil {
				return err
			}
			c.Outcome, out = string(m.Kind), &m
		}
		log.Reason, log.Details = c.Reason, map[string]string{"outcome": c.Outcome}
		if err := n.enter(ctx, tx, c, by.Name(), community.EntryDecide, c.Outcome); err != nil {
			return err
		}
		if d.Quiet {
			return nil
		}
		return n.tellReporters(ctx, tx, c, strings.TrimSpace(d.Tell))
	})
	return out, err
}

// ReopenCase takes up a decided case again; its measures stand until they are
// lifted.
func (n *Node) ReopenCase(ctx context.Context, by By, id int64, reason string) error {
	return n.changeCase(ctx, by, id, "case.reopen", func(tx *storage.Tx, c *community.Case, log *community.Audit) error {
		if c.State != community.CaseDecided {
			return community.Errorf(community.Conflict, "this case is open")
		}
		if other, err := tx.OpenCase(ctx, []string{c.Object}); err == nil {
			return community.Errorf(community.Conflict, "case %d about the same is open", other.ID)
		} else if _, err := found(err); err != nil {
			return err
		}
		reopen(c)
		log.Reason = reason
		return n.enter(ctx, tx, c, by.Name(), community.EntryReopen, reason)
	})
}

func reopen(c *community.Case) {
	c.State, c.Assignee, c.Decided, c.DecidedBy, c.Outcome = community.CaseOpen, "", zeroTime, "", ""
}

// ForwardCase tells the servers of who is concerned, in the name of the node and
// with a comment of the stewards: who reported it is not told. It returns the
// hosts.
func (n *Node) ForwardCase(ctx context.Context, by By, id int64, comment string) ([]string, error) {
	comment = strings.TrimSpace(comment)
	if utf8.RuneCountInString(comment) > community.MaxReport {
		return nil, community.Errorf(community.Invalid, "a comment has up to %d characters", community.MaxReport)
	}
	var hosts []string
	err := n.changeCase(ctx, by, id, "case.forward", func(tx *storage.Tx, c *community.Case, log *community.Audit) error {
		hosts = nil
		for _, who := range c.Concerned {
			if _, ours := n.site.Path(who); ours {
				continue
			}
			a, err := tx.Actor(ctx, who)
			if ok, err := found(err); err != nil {
				return err
			} else if !ok || a.Inbox == "" || !a.Gone.IsZero() {
				continue
			}
			objects := []string{a.URI}
			if hostOf(c.Object) == a.Host && c.Object != a.URI {
				objects = append(objects, c.Object)
			}
			if err := n.emitFlag(ctx, tx, a, objects, comment); err != nil {
				return err
			}
			hosts = append(hosts, a.Host)
		}
		if len(hosts) == 0 {
			return &community.Error{Code: community.Refused, Key: "error.case_local", Msg: "nobody of another server is concerned"}
		}
		c.Forwarded = tx.Now()
		log.Details = map[string]string{"to": strings.Join(hosts, ", ")}
		return n.enter(ctx, tx, c, by.Name(), community.EntryForward, strings.Join(hosts, ", "))
	})
	return hosts, err
}

// emitFlag complains to the server of an actor. Mastodon and its kin want the
// account among the objects and take the complaint of an application; Lemmy and
// its kin want one thing, and a person or service that complains of it.
func (n *Node) emitFlag(ctx context.Context, tx *storage.Tx, a *community.Actor, objects []string, comment string) error {
	e := emission{actor: community.NodeActor, typ: "Flag", objectID: objects[len(objects)-1], to: []string{a.URI}, content: comment, inboxes: []storage.Target{sharedTarget(a)}}
	peer, err := tx.PeerState(ctx, a.Host)
	if err != nil {
		return err
	}
	switch peer.Software {
	case "lemmy", "piefed", "mbin":
		e.actor, e.object = community.DeskActor, objects[len(objects)-1]
	default:
		list := make([]any, len(objects))
		for i, id := range objects {
			list[i] = id
		}
		e.object = list
	}
	_, err = n.emit(ctx, tx, e)
	return err
}

// TargetsOf lists about what something can be done that Subject found.
func (n *Node) TargetsOf(ctx context.Context, c *community.Case) ([]Target, error) {
	return n.targets(ctx, n.store.Reader, c)
}
