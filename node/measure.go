package node

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"konfa/community"
	"konfa/storage"
)

// TakeMeasure does something about someone or something, with a reason and a
// term. What one steward alone must not do waits for a second one, or lapses
// without when it is urgent; the console needs nobody.
func (n *Node) TakeMeasure(ctx context.Context, by By, m *community.Measure) error {
	if err := by.may(community.Steward); err != nil {
		return err
	}
	in := *m
	return n.write(ctx, func(tx *storage.Tx) error {
		*m = in // the transaction may run again
		if m.CaseID != 0 {
			c, err := tx.Case(ctx, m.CaseID)
			if err != nil {
				return err
			}
			if err := n.mayDecide(ctx, tx.Reader, by, c); err != nil {
				return err
			}
		}
		return n.impose(ctx, tx, by, m)
	})
}

// impose takes a measure, or asks a second steward about it.
func (n *Node) impose(ctx context.Context, tx *storage.Tx, by By, m *community.Measure) error {
	if err := by.may(community.Steward); err != nil {
		return err
	}
	m.ID, m.By, m.Created, m.State, m.ConfirmedBy, m.Before, m.ConfirmBy, m.Ended, m.EndedBy = 0, by.Name(), tx.Now(), community.MeasureActive, "", "", zeroTime, zeroTime, ""
	if m.TargetKind == community.TargetDomain {
		b := community.Block{Domain: m.Target}
		if err := n.tidyBlock(&b); err != nil {
			return err
		}
		m.Target = b.Domain
	}
	if err := m.Check(tx.Now()); err != nil {
		return err
	}
	if err := n.aim(ctx, tx, by, m); err != nil {
		return err
	}
	standing, err := tx.Measures(ctx, storage.MeasureQuery{Target: m.Target, States: []community.MeasureState{community.MeasureActive, community.MeasureAsked}, Kinds: []community.MeasureKind{m.Kind}})
	if err != nil {
		return err
	}
	if len(standing) > 0 {
		return &community.Error{Code: community.Conflict, Key: "error.measure_stands", Msg: fmt.Sprintf("there is a measure of this kind already (number %d)", standing[0].ID)}
	}
	if m.NeedsSecond(tx.Now()) && !by.Console {
		others, err := n.seconds(ctx, tx.Reader, m)
		if err != nil {
			return err
		}
		switch {
		case m.Urgent:
			m.ConfirmBy = tx.Now().Add(community.ConfirmWithin)
		case others == 0:
			return &community.Error{Code: community.Refused, Key: "error.one_steward", Msg: "this needs a second steward, and there is none: take it as urgent, and renew it every 72 hours"}
		default:
			m.State, m.ConfirmBy = community.MeasureAsked, tx.Now().Add(community.AskedWithin)
		}
	} else {
		m.Urgent = false
	}
	if m.Kind == community.Warn {
		m.State, m.Ended, m.EndedBy = community.MeasureEnded, tx.Now(), m.By // it is over once it is said
	}
	if err := tx.InsertMeasure(ctx, m); err != nil {
		return err
	}
	action := "measure.take"
	if m.State == community.MeasureAsked {
		action = "measure.ask"
	} else if err := n.begin(ctx, tx, m); err != nil {
		return err
	}
	return n.auditMeasure(ctx, tx, by, action, m, m.Reason)
}

// auditMeasure writes down what became of a measure.
func (n *Node) auditMeasure(ctx context.Context, tx *storage.Tx, by By, action string, m *community.Measure, reason string) error {
	d := map[string]string{"kind": string(m.Kind), "measure": fmt.Sprint(m.ID)}
	if !m.Ends.IsZero() {
		d["until"] = m.Ends.Format(time.RFC3339)
	}
	if m.Rule != "" {
		d["rule"] = m.Rule
	}
	object := m.Target
	if path, ok := n.site.Path(m.Target); ok {
		object = path
	}
	return n.audit(ctx, tx, by, community.Audit{Action: action, Object: object, Name: m.Name, Reason: reason, Details: d})
}

// seconds counts the stewards who could agree to a measure.
func (n *Node) seconds(ctx context.Context, r *storage.Reader, m *community.Measure) (int, error) {
	members, err := r.Members(ctx)
	if err != nil {
		return 0, err
	}
	count := 0
	for i := range members {
		o := &members[i]
		if o.Role == community.Steward && o.MayAct() == nil && o.Handle != m.By && n.site.Actor(community.MemberActor(o.Handle)) != m.Target {
			count++
		}
	}
	return count, nil
}

// aim finds the target of a measure, and what it is called.
func (n *Node) aim(ctx context.Context, tx *storage.Tx, by By, m *community.Measure) error {
	switch m.TargetKind {
	case community.TargetMember:
		who, err := n.memberAt(ctx, tx.Reader, m.Target)
		if err != nil {
			return err
		}
		m.Target, m.Name = n.site.Actor(community.MemberActor(who.Handle)), who.Name
		if by.Member != nil && by.Member.Handle == who.Handle && m.Kind != community.Demote {
			return community.Errorf(community.Refused, "nobody keeps order about themselves")
		}
		if m.Kind == community.Demote && who.Role != community.Steward {
			return community.Errorf(community.Conflict, "%s is no steward", who.Handle)
		}
		if m.Kind == community.Demote || m.Kind == community.MeasureOut {
			if !who.Suspended.IsZero() && m.Kind == community.MeasureOut {
				return community.Errorf(community.Conflict, "%s is suspended already", who.Handle)
			}
			return lastSteward(ctx, tx, who)
		}
	case community.TargetActor:
		a, err := tx.Actor(ctx, m.Target)
		if ok, err := found(err); err != nil {
			return err
		} else if ok {
			m.Name = a.Address()
		} else {
			b := community.Block{ActorURI: m.Target}
			if err := n.tidyBlock(&b); err != nil {
				return err
			}
			m.Name = m.Target
		}
		return n.unblocked(ctx, tx, m, "", m.Target)
	case community.TargetDomain:
		m.Name = m.Target
		return n.unblocked(ctx, tx, m, m.Target, "")
	case community.TargetPost:
		p, err := n.postAt(ctx, tx.Reader, m.Target)
		if err != nil {
			return err
		}
		if p.State == community.Hidden {
			return community.Errorf(community.Conflict, "this is hidden already")
		}
		if m.Name = p.Title.First(); m.Name == "" {
			m.Name = p.AuthorName
		}
	case community.TargetConference:
		c, err := tx.ConferenceLike(ctx, m.Target)
		if err != nil {
			return err
		}
		if c.Own() {
			return community.Errorf(community.Refused, "a conference of the city is called off or deleted, not hidden")
		}
		m.Target, m.Name = c.URI, c.Title.First()
	case community.TargetGuest:
		whole, number, _ := strings.Cut(m.Target, guestPart)
		_, g, err := n.guestAt(ctx, tx.Reader, whole, number)
		if err != nil {
			return err
		}
		if g.Shown == community.ShownToOrganisers {
			return community.Errorf(community.Conflict, "this name is shown to the organisers alone already")
		}
		m.Name = g.Name
	}
	return nil
}

// unblocked returns nil unless a block is as hard as a measure already.
func (n *Node) unblocked(ctx context.Context, tx *storage.Tx, m *community.Measure, domain, actor string) error {
	if m.Kind == community.Warn {
		return nil
	}
	b, err := tx.Block(ctx, domain, actor)
	if ok, err := found(err); !ok {
		return err
	}
	if b.Severity == community.Suspend || string(b.Severity) == string(m.Kind) {
		return community.Errorf(community.Conflict, "%s is kept out already (%s)", m.Name, b.Severity)
	}
	return nil
}

// memberAt is the member of an id, or of a handle.
func (n *Node) memberAt(ctx context.Context, r *storage.Reader, id string) (*community.Member, error) {
	handle := strings.TrimPrefix(id, "@")
	if local, ok := n.site.LocalActor(id); ok {
		handle, _ = local.Member()
	}
	m, err := r.Member(ctx, handle)
	if err == nil && !m.Deleted.IsZero() {
		err = community.Errorf(community.Gone, "%s is not here any more", handle)
	}
	return m, err
}

// postAt is the post of an id, of ours or of others.
func (n *Node) postAt(ctx context.Context, r *storage.Reader, id string) (*community.Post, error) {
	if slug, ok := n.site.PostSlug(id); ok {
		return n.ownPost(ctx, r, slug)
	}
	return r.PostByURI(ctx, id)
}

// begin gives a measure its effect and tells whom it concerns.
func (n *Node) begin(ctx context.Context, tx *storage.Tx, m *community.Measure) error {
	// Who is kept out is told before: nothing is sent to them afterwards.
	if err := n.tellMeasure(ctx, tx, m); err != nil {
		return err
	}
	if err := n.effect(ctx, tx, m); err != nil {
		return err
	}
	return tx.UpdateMeasure(ctx, m)
}

func (n *Node) effect(ctx context.Context, tx *storage.Tx, m *community.Measure) error {
	if m.Kind == community.Warn {
		return nil
	}
	switch m.TargetKind {
	case community.TargetMember:
		who, err := n.memberAt(ctx, tx.Reader, m.Target)
		if err != nil {
			return err
		}
		switch m.Kind {
		case community.MeasureQuiet:
			return tx.SilencePosts(ctx, community.MemberActor(who.Handle), true)
		case community.Demote:
			if err := lastSteward(ctx, tx, who); err != nil {
				return err
			}
			m.Before, who.Role = string(who.Role), community.Regular
			if m.ConfirmBy.IsZero() { // it is done, and only a new decision makes them a steward again
				m.State, m.Ended, m.EndedBy = community.MeasureEnded, tx.Now(), orElse(m.ConfirmedBy, m.By)
			}
		case community.MeasureOut:
			if err := lastSteward(ctx, tx, who); err != nil {
				return err
			}
			if err := n.freeSeats(ctx, tx, who); err != nil {
				return err
			}
			who.Suspended = tx.Now()
		}
		who.Updated = tx.Now()
		return tx.UpdateMember(ctx, who)
	case community.TargetActor, community.TargetDomain:
		b := community.Block{Severity: community.Severity(m.Kind), Reason: m.Reason, By: m.By, Created: tx.Now(), MeasureID: m.ID}
		if b.Domain = m.Target; m.TargetKind == community.TargetActor {
			b.Domain, b.ActorURI = "", m.Target
		}
		old, err := tx.Block(ctx, b.Domain, b.ActorURI)
		if ok, err := found(err); err != nil {
			return err
		} else if ok {
			if old.MeasureID == 0 {
				was, err := json.Marshal(old)
				if err != nil {
					return community.Errorf(community.Internal, "keeping a block: %w", err)
				}
				m.Before = string(was)
			}
			b.RejectMedia, b.RejectReports, b.Obfuscate = old.RejectMedia, old.RejectReports, old.Obfuscate
		}
		if err := tx.SaveBlock(ctx, &b); err != nil {
			return err
		}
		return n.enforce(ctx, tx)
	case community.TargetPost:
		p, err := n.postAt(ctx, tx.Reader, m.Target)
		if err != nil {
			return err
		}
		m.Before = string(p.State)
		if !p.Own() && !p.Announced.IsZero() {
			return n.dismiss(ctx, tx, p)
		}
		p.State = community.Hidden
		return tx.UpdatePost(ctx, p)
	case community.TargetConference:
		c, err := tx.ConferenceByURI(ctx, m.Target)
		if err != nil {
			return err
		}
		if err := tx.SaveHidden(ctx, c.URI, m.ID); err != nil {
			return err
		}
		if err := n.withdraw(ctx, tx, c); err != nil {
			return err
		}
		if err := tx.AddWorldTodo(ctx, "conference", c.ID); err != nil {
			return err
		}
		return n.regroup(ctx, tx, c)
	case community.TargetGuest:
		return n.showGuest(ctx, tx, m, community.ShownToOrganisers)
	}
	return nil
}

// showGuest changes to whom the name of a guest is shown, and keeps how it was.
func (n *Node) showGuest(ctx context.Context, tx *storage.Tx, m *community.Measure, to community.GuestShown) error {
	whole, number, _ := strings.Cut(m.Target, guestPart)
	_, g, err := n.guestAt(ctx, tx.Reader, whole, number)
	if err != nil {
		return err
	}
	m.Before, g.Shown = string(g.Shown), to
	return tx.SaveGuest(ctx, g)
}

// undo takes the effect of a measure away. What is not there any more needs no
// undoing.
func (n *Node) undo(ctx context.Context, tx *storage.Tx, m *community.Measure) error {
	switch m.TargetKind {
	case community.TargetMember:
		who, err := n.memberAt(ctx, tx.Reader, m.Target)
		if code := community.CodeOf(err); code == community.NotFound || code == community.Gone {
			return nil
		} else if err != nil {
			return err
		}
		switch m.Kind {
		case community.MeasureQuiet:
			return tx.SilencePosts(ctx, community.MemberActor(who.Handle), false)
		case community.Demote:
			if who.Role == community.Regular {
				who.Role = community.Role(m.Before)
			}
		case community.MeasureOut:
			who.Suspended = zeroTime
		}
		who.Updated = tx.Now()
		return tx.UpdateMember(ctx, who)
	case community.TargetActor, community.TargetDomain:
		domain, actor := m.Target, ""
		if m.TargetKind == community.TargetActor {
			domain, actor = "", m.Target
		}
		b, err := tx.Block(ctx, domain, actor)
		if ok, err := found(err); err != nil || !ok || b.MeasureID != m.ID {
			return err
		}
		if m.Before == "" {
			return tx.DeleteBlock(ctx, domain, actor)
		}
		var was community.Block
		if err := json.Unmarshal([]byte(m.Before), &was); err != nil {
			return community.Errorf(community.Internal, "a kept block: %w", err)
		}
		return tx.SaveBlock(ctx, &was)
	case community.TargetPost:
		p, err := n.postAt(ctx, tx.Reader, m.Target)
		if code := community.CodeOf(err); code == community.NotFound || code == community.Gone {
			return nil
		} else if err != nil {
			return err
		}
		p.State = community.PostState(m.Before)
		if handle, ok := p.Author.Member(); ok && p.Own() {
			quiet, err := n.silenced(ctx, tx.Reader, handle)
			if err != nil {
				return err
			}
			if p.State = community.Shown; quiet {
				p.State = community.Silenced
			}
		}
		return tx.UpdatePost(ctx, p)
	case community.TargetConference:
		if err := tx.DeleteHidden(ctx, m.Target); err != nil {
			return err
		}
		c, err := tx.ConferenceByURI(ctx, m.Target)
		if ok, err := found(err); !ok {
			return err
		}
		if err := tx.AddWorldTodo(ctx, "conference", c.ID); err != nil {
			return err
		}
		return n.regroup(ctx, tx, c)
	case community.TargetGuest:
		err := n.showGuest(ctx, tx, m, community.GuestShown(m.Before))
		if _, err := found(err); err != nil && community.CodeOf(err) != community.Gone {
			return err
		}
	}
	return nil
}

// silenced tells whether a measure keeps what a member says out of lists.
func (n *Node) silenced(ctx context.Context, r *storage.Reader, handle string) (bool, error) {
	count, err := r.CountMeasures(ctx, storage.MeasureQuery{Target: n.site.Actor(community.MemberActor(handle)),
		States: []community.MeasureState{community.MeasureActive}, Kinds: []community.MeasureKind{community.MeasureQuiet}})
	return count > 0, err
}

// end ends a measure, whose effect goes where it has one.
func (n *Node) end(ctx context.Context, tx *storage.Tx, m *community.Measure, state community.MeasureState, by string) error {
	acts := m.State == community.MeasureActive
	if acts {
		if err := n.undo(ctx, tx, m); err != nil {
			return err
		}
	}
	m.State, m.Ended, m.EndedBy = state, tx.Now(), by
	if err := tx.UpdateMeasure(ctx, m); err != nil {
		return err
	}
	if m.CaseID != 0 {
		if err := tx.InsertCaseEntry(ctx, &community.CaseEntry{CaseID: m.CaseID, By: by, Kind: community.EntryMeasure, Text: string(state), Created: tx.Now()}); err != nil {
			return err
		}
	}
	if !acts {
		return nil
	}
	return n.tellEnd(ctx, tx, m)
}

// changeMeasure does something to a measure that stands.
func (n *Node) changeMeasure(ctx context.Context, by By, id int64, change func(*storage.Tx, *community.Measure) error) (*community.Measure, error) {
	if err := by.may(community.Steward); err != nil {
		return nil, err
	}
	var out *community.Measure
	err := n.write(ctx, func(tx *storage.Tx) error {
		m, err := tx.Measure(ctx, id)
		if err != nil {
			return err
		}
		if by.Member != nil && n.site.Actor(community.MemberActor(by.Member.Handle)) == m.Target {
			return &community.Error{Code: community.Forbidden, Key: "error.measure_own", Msg: "this is about you: others decide it"}
		}
		if m.CaseID != 0 {
			c, err := tx.Case(ctx, m.CaseID)
			if err != nil {
				return err
			}
			if err := n.mayDecide(ctx, tx.Reader, by, c); err != nil {
				return err
			}
		}
		if !m.Standing() {
			return &community.Error{Code: community.Conflict, Key: "error.measure_over", Msg: "this measure is over"}
		}
		out = m
		return change(tx, m)
	})
	return out, err
}

// answerable returns nil when a second steward may say yes or no to a measure.
func answerable(tx *storage.Tx, by By, m *community.Measure) error {
	switch {
	case m.ConfirmBy.IsZero():
		return &community.Error{Code: community.Conflict, Key: "error.measure_agreed", Msg: "nobody need agree to this any more"}
	case !m.ConfirmBy.After(tx.Now()):
		return &community.Error{Code: community.Conflict, Key: "error.measure_lapsed", Msg: "this has lapsed: nobody agreed in time"}
	case by.Member != nil && by.Member.Handle == m.By:
		return &community.Error{Code: community.Forbidden, Key: "error.measure_second", Msg: "this needs a second steward, and you are the first"}
	}
	return nil
}

// ConfirmMeasure is a second steward who agrees. What waited for that begins.
func (n *Node) ConfirmMeasure(ctx context.Context, by By, id int64) (*community.Measure, error) {
	return n.changeMeasure(ctx, by, id, func(tx *storage.Tx, m *community.Measure) error {
		if err := answerable(tx, by, m); err != nil {
			return err
		}
		m.ConfirmedBy, m.ConfirmBy = by.Name(), zeroTime
		if err := n.auditMeasure(ctx, tx, by, "measure.confirm", m, ""); err != nil {
			return err
		}
		if m.State == community.MeasureActive {
			if m.Kind == community.Demote {
				m.State, m.Ended, m.EndedBy = community.MeasureEnded, tx.Now(), by.Name()
			}
			return tx.UpdateMeasure(ctx, m)
		}
		m.State = community.MeasureActive
		if !m.Ends.IsZero() {
			m.Ends = tx.Now().Add(m.Ends.Sub(m.Created)) // its time begins now
		}
		return n.begin(ctx, tx, m)
	})
}

// RefuseMeasure is a second steward who does not agree: it has no effect, or none
// any more.
func (n *Node) RefuseMeasure(ctx context.Context, by By, id int64, reason string) (*community.Measure, error) {
	return n.changeMeasure(ctx, by, id, func(tx *storage.Tx, m *community.Measure) error {
		if err := answerable(tx, by, m); err != nil {
			return err
		}
		if err := n.auditMeasure(ctx, tx, by, "measure.refuse", m, strings.TrimSpace(reason)); err != nil {
			return err
		}
		return n.end(ctx, tx, m, community.MeasureRefused, by.Name())
	})
}

// RenewMeasure gives an urgent measure another 72 hours, in a city where nobody
// else could agree to it.
func (n *Node) RenewMeasure(ctx context.Context, by By, id int64) (*community.Measure, error) {
	return n.changeMeasure(ctx, by, id, func(tx *storage.Tx, m *community.Measure) error {
		if !m.Urgent || m.State != community.MeasureActive || m.ConfirmBy.IsZero() {
			return community.Errorf(community.Conflict, "only an urgent measure that nobody agreed to is renewed")
		}
		if !m.ConfirmBy.After(tx.Now()) {
			return &community.Error{Code: community.Conflict, Key: "error.measure_lapsed", Msg: "this has lapsed: nobody agreed in time"}
		}
		others, err := n.seconds(ctx, tx.Reader, m)
		if err != nil {
			return err
		}
		if others > 0 && !by.Console {
			return &community.Error{Code: community.Refused, Key: "error.measure_others", Msg: "another steward can agree to this: ask them"}
		}
		m.ConfirmBy = tx.Now().Add(community.ConfirmWithin)
		if err := tx.UpdateMeasure(ctx, m); err != nil {
			return err
		}
		return n.auditMeasure(ctx, tx, by, "measure.renew", m, "")
	})
}

// LiftMeasure ends a measure before its time.
func (n *Node) LiftMeasure(ctx context.Context, by By, id int64, reason string) (*community.Measure, error) {
	return n.changeMeasure(ctx, by, id, func(tx *storage.Tx, m *community.Measure) error {
		return n.lift(ctx, tx, by, m, reason)
	})
}

func (n *Node) lift(ctx context.Context, tx *storage.Tx, by By, m *community.Measure, reason string) error {
	if err := n.auditMeasure(ctx, tx, by, "measure.lift", m, strings.TrimSpace(reason)); err != nil {
		return err
	}
	return n.end(ctx, tx, m, community.MeasureLifted, by.Name())
}

// SealMeasure keeps the reason of a measure out of the public log, or shows it
// there again.
func (n *Node) SealMeasure(ctx context.Context, by By, id int64, sealed bool) error {
	if err := by.may(community.Steward); err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		m, err := tx.Measure(ctx, id)
		if err != nil {
			return err
		}
		if m.Sealed == sealed {
			return nil
		}
		m.Sealed = sealed
		if err := tx.UpdateMeasure(ctx, m); err != nil {
			return err
		}
		action := "measure.seal"
		if !sealed {
			action = "measure.unseal"
		}
		return n.auditMeasure(ctx, tx, by, action, m, "")
	})
}

// Measures lists measures, newest first, and how many there are without the
// limit; stewards see them.
func (n *Node) Measures(ctx context.Context, by By, q storage.MeasureQuery) ([]community.Measure, int, error) {
	if err := by.may(community.Steward); err != nil {
		return nil, 0, err
	}
	total, err := n.store.CountMeasures(ctx, q)
	if err != nil {
		return nil, 0, err
	}
	list, err := n.store.Measures(ctx, q)
	return list, total, err
}

// Seconds counts the stewards who could agree to a measure, beside the one who
// took it and the one it is about.
func (n *Node) Seconds(ctx context.Context, m *community.Measure) (int, error) {
	return n.seconds(ctx, n.store.Reader, m)
}

// SettleMeasures ends the measures whose time is over, and those that no second
// steward agreed to in time. It returns how many it ended.
func (n *Node) SettleMeasures(ctx context.Context) (int, error) {
	due, err := n.store.MeasuresDue(ctx, n.Now())
	if err != nil {
		return 0, err
	}
	count := 0
	for i := range due {
		done := false
		err := n.write(ctx, func(tx *storage.Tx) error {
			done = false
			m, err := tx.Measure(ctx, due[i].ID)
			if err != nil || !m.Standing() {
				return err
			}
			switch {
			case !m.ConfirmBy.IsZero() && !m.ConfirmBy.After(tx.Now()):
				done = true
				if err := n.auditMeasure(ctx, tx, By{}, "measure.lapse", m, ""); err != nil {
					return err
				}
				return n.end(ctx, tx, m, community.MeasureLapsed, "")
			case m.State == community.MeasureActive && !m.Ends.IsZero() && !m.Ends.After(tx.Now()):
				done = true
				return n.end(ctx, tx, m, community.MeasureEnded, "")
			}
			return nil
		})
		if err != nil {
			return count, err
		}
		if done {
			count++
		}
	}
	return count, nil
}
