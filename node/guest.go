package node

import (
	"context"
	"strconv"
	"time"

	"konfa/community"
	"konfa/storage"
)

// Answer is what a member of this node (or someone by e-mail) says to one of our
// conferences: going, maybe or no. It returns where the guest stands now:
// going, waitlisted, pending, maybe or no. The last seat is given once.
func (n *Node) Answer(ctx context.Context, slug string, k storage.GuestKey, want community.Want, comment string) (community.Guest, error) {
	var out community.Guest
	if k.ActorID != 0 || (k.MemberID == 0) == (k.Email == "") {
		return out, community.Errorf(community.Internal, "a guest of this node is a member or an e-mail address")
	}
	if k.Email != "" {
		// One person does not take two seats by two spellings.
		address, ok := community.Address(k.Email)
		if !ok {
			return out, community.Errorf(community.Invalid, "%q is not an e-mail address", k.Email)
		}
		k.Email = address
	}
	err := n.write(ctx, func(tx *storage.Tx) error {
		if k.MemberID != 0 {
			m, err := tx.MemberByID(ctx, k.MemberID)
			if err != nil {
				return err
			}
			if err := m.MayAct(); err != nil {
				return err
			}
		}
		c, err := n.ownConference(ctx, tx.Reader, slug)
		if err != nil {
			return err
		}
		g, err := n.answer(ctx, tx, c, k, want, comment, "", false)
		out = g
		return err
	})
	return out, err
}

// asked is what someone answers to one of our conferences.
type asked struct {
	want     community.Want
	comment  string             // empty: as before
	details  *community.Details // nil: as before
	joinURI  string
	approved bool // by a steward
	quiet    bool // no letter says what came of it
}

// answer runs the rules of admission for one guest and stores what comes of it.
func (n *Node) answer(ctx context.Context, tx *storage.Tx, c *community.Conference, k storage.GuestKey, want community.Want, comment, joinURI string, approved bool) (community.Guest, error) {
	return n.take(ctx, tx, c, k, asked{want: want, comment: comment, joinURI: joinURI, approved: approved})
}

func (n *Node) take(ctx context.Context, tx *storage.Tx, c *community.Conference, k storage.GuestKey, a asked) (community.Guest, error) {
	if err := c.MayAsk(a.want, tx.Now()); err != nil {
		return community.Guest{}, err
	}
	roster, g, err := n.atDoor(ctx, tx, c, k, a.want)
	if err != nil {
		return g, err
	}
	if g.State == community.Unconfirmed {
		g.State, g.Wanted, g.Expires = "", "", zeroTime
	}
	before := g
	if !a.approved {
		g.Via, g.AnswerURI = "", "" // whoever knows better says so afterwards
	}
	if g.State == community.Declined && a.want.State != community.NotGoing && !a.approved {
		return g, &community.Error{Code: community.Refused, Key: "error.declined", Msg: "the organisers have turned this down"}
	}
	if r := []rune(a.comment); len(r) > community.MaxComment {
		a.comment = string(r[:community.MaxComment])
	}
	g.Comment = orElse(a.comment, g.Comment)
	g.JoinURI = orElse(a.joinURI, g.JoinURI)
	if d := a.details; d != nil {
		g.Comment, g.Answers, g.Shown, g.Lang, g.Series = d.Comment, d.Answers, d.Shown, orElse(d.Lang, g.Lang), d.Series
		if k.Email != "" {
			g.Name = orElse(d.Name, g.Name)
		}
	}
	if g.State == community.Pending && a.want.State == community.Going && !a.approved && c.JoinMode == community.Restricted {
		// Asked again before anyone answered: nothing changes but the details.
		g.Plus, g.Updated = a.want.Plus, tx.Now()
		return g, tx.SaveGuest(ctx, &g)
	}
	g, up := roster.Ask(g, a.want, a.approved, tx.Now())
	if err := n.saveGuests(ctx, tx, c, up); err != nil {
		return g, err
	}
	g.Updated = tx.Now()
	if err := tx.SaveGuest(ctx, &g); err != nil || a.quiet {
		return g, err
	}
	return g, n.writeAnswer(ctx, tx, c, before, &g)
}

// atDoor reads what the rules of admission need of a guest list, and the guest who
// asks, a new one if they are none yet. What is due has lapsed.
func (n *Node) atDoor(ctx context.Context, tx *storage.Tx, c *community.Conference, k storage.GuestKey, want community.Want) (*community.Roster, community.Guest, error) {
	g := community.Guest{ConferenceID: c.ID, MemberID: k.MemberID, ActorID: k.ActorID, Email: k.Email, Created: tx.Now()}
	stored, err := tx.Guest(ctx, c.ID, k)
	if ok, err := found(err); err != nil {
		return nil, g, err
	} else if ok {
		g = *stored
	}
	if c.Capacity > 0 && !g.Comes() && want.State == community.Going {
		// In front of a full house, who is in the queue does not matter.
		roster, err := tx.RosterAtDoor(ctx, c)
		if err != nil || roster.Taken >= c.Capacity && len(roster.Offered) == 0 {
			return roster, g, err
		}
	}
	roster, err := tx.Roster(ctx, c)
	if err != nil || !c.Admits(tx.Now()) {
		return roster, g, err
	}
	again, others := roster.Lapse(tx.Now())
	if len(again)+len(others) == 0 {
		return roster, g, nil
	}
	if err := n.saveLapsed(ctx, tx, c, again, others); err != nil {
		return nil, g, err
	}
	if g.ID != 0 { // they may be among them
		if stored, err = tx.GuestByID(ctx, g.ID); err == nil {
			g = *stored
		}
	}
	return roster, g, err
}

// writeAnswer writes a letter about where a guest stands, if that is another
// place than before.
func (n *Node) writeAnswer(ctx context.Context, tx *storage.Tx, c *community.Conference, before community.Guest, g *community.Guest) error {
	if before.State == g.State && before.Plus == g.Plus {
		return nil
	}
	if g.State == community.NotGoing && !before.Comes() && before.State != community.Maybe {
		return nil // nobody thought they would
	}
	return n.writeState(ctx, tx, c, g)
}

// letterOf is the letter about a state, or "".
var letterOf = map[community.GuestState]community.LetterKind{
	community.Going: community.LetterGoing, community.Maybe: community.LetterMaybe, community.NotGoing: community.LetterLeft, community.Waitlisted: community.LetterWaiting,
	community.Pending: community.LetterPending, community.Declined: community.LetterDeclined, community.SeatOffered: community.LetterOffered, community.Unconfirmed: community.LetterConfirm,
}

// writeState writes a letter about where a guest stands.
func (n *Node) writeState(ctx context.Context, tx *storage.Tx, c *community.Conference, g *community.Guest) error {
	kind, ok := letterOf[g.State]
	if !ok || g.ActorID != 0 {
		return nil
	}
	args := map[string]string{}
	switch g.State {
	case community.Waitlisted:
		place, err := tx.PlaceOf(ctx, g)
		if err != nil {
			return err
		}
		args["Place"] = strconv.Itoa(place)
	case community.SeatOffered, community.Unconfirmed:
		args["Until"] = g.Expires.Format(time.RFC3339)
	}
	return n.writeGuest(ctx, tx, c, g, kind, args)
}

// saveLapsed stores guests whose offered seat went back, and those who changed
// with that.
func (n *Node) saveLapsed(ctx context.Context, tx *storage.Tx, c *community.Conference, again, others []community.Guest) error {
	var up []community.Guest
	for i := range others {
		if others[i].Seated() {
			up = append(up, others[i])
			continue
		}
		if err := tx.SaveGuest(ctx, &others[i]); err != nil {
			return err
		}
	}
	for i := range again {
		g := &again[i]
		g.Updated = tx.Now()
		if err := tx.SaveGuest(ctx, g); err != nil {
			return err
		}
		if err := n.tellGuest(ctx, tx, c, g, "rsvp.lapsed"); err != nil {
			return err
		}
		if err := n.writeState(ctx, tx, c, g); err != nil {
			return err
		}
	}
	if len(up) == 0 {
		return nil
	}
	return n.saveGuests(ctx, tx, c, up)
}

// saveGuests stores guests who moved up, or whom a seat is offered, and tells
// them. Nobody moves up in what is cancelled or over; if it comes back, promote
// does it then.
func (n *Node) saveGuests(ctx context.Context, tx *storage.Tx, c *community.Conference, up []community.Guest) error {
	if !c.Own() {
		return nil
	}
	if err := tx.HastenPoll(ctx, c.ID, pollPause); err != nil {
		return err
	}
	if !c.Admits(tx.Now()) {
		return nil
	}
	for i := range up {
		notice, event, letter := community.NoticeMovedUp, "rsvp.moved_up", community.LetterMovedUp
		args := map[string]string{}
		if up[i].State == community.SeatOffered {
			notice, event, letter = community.NoticeKept, "", community.LetterOffered
			args["Until"] = up[i].Expires.Format(time.RFC3339)
		}
		up[i].Updated = tx.Now()
		if err := tx.SaveGuest(ctx, &up[i]); err != nil {
			return err
		}
		if up[i].MemberID != 0 {
			if err := n.notifyAbout(ctx, tx, up[i].MemberID, notice, c); err != nil {
				return err
			}
		}
		if err := n.emitAnswer(ctx, tx, c, &up[i]); err != nil {
			return err
		}
		if err := n.tellGuest(ctx, tx, c, &up[i], event); err != nil {
			return err
		}
		if err := n.writeGuest(ctx, tx, c, &up[i], letter, args); err != nil {
			return err
		}
	}
	return nil
}

// promote lets those who wait move up, as after a change of the seats.
func (n *Node) promote(ctx context.Context, tx *storage.Tx, c *community.Conference) error {
	if !c.Admits(tx.Now()) {
		return nil
	}
	roster, err := tx.Roster(ctx, c)
	if err != nil {
		return err
	}
	again, others := roster.Lapse(tx.Now())
	if err := n.saveLapsed(ctx, tx, c, again, others); err != nil {
		return err
	}
	return n.saveGuests(ctx, tx, c, nil)
}

// ApproveGuest says yes to a guest of a restricted conference, or gives another
// chance to one who was turned down. The guest gets a seat or a place in the
// queue.
func (n *Node) ApproveGuest(ctx context.Context, by By, slug string, guestID int64) (community.Guest, error) {
	return n.decideGuest(ctx, by, "guest.approve", slug, guestID, func(tx *storage.Tx, c *community.Conference, g *community.Guest) (community.Guest, error) {
		if g.State != community.Pending && g.State != community.Declined {
			return *g, community.Errorf(community.Conflict, "%s is %s already", orElse(g.Name, g.Email), g.State)
		}
		k := storage.GuestKey{MemberID: g.MemberID, ActorID: g.ActorID, Email: g.Email}
		return n.answer(ctx, tx, c, k, community.Want{State: community.Going, Plus: g.Plus}, "", "", true)
	})
}

// DeclineGuest turns a guest down, whatever the state; a freed seat goes to
// whoever waits.
func (n *Node) DeclineGuest(ctx context.Context, by By, slug string, guestID int64) (community.Guest, error) {
	return n.decideGuest(ctx, by, "guest.decline", slug, guestID, func(tx *storage.Tx, c *community.Conference, g *community.Guest) (community.Guest, error) {
		if g.State == community.Unconfirmed {
			return *g, community.Errorf(community.Conflict, "%s has not confirmed the address yet", orElse(g.Name, g.Email))
		}
		if g.State == community.Declined {
			return *g, community.Errorf(community.Conflict, "%s is turned down already", orElse(g.Name, g.Email))
		}
		roster, err := tx.Roster(ctx, c)
		if err != nil {
			return *g, err
		}
		declined, up := roster.Decline(*g, tx.Now())
		declined.Updated = tx.Now()
		if err := tx.SaveGuest(ctx, &declined); err != nil {
			return declined, err
		}
		if err := n.writeState(ctx, tx, c, &declined); err != nil {
			return declined, err
		}
		return declined, n.saveGuests(ctx, tx, c, up)
	})
}

// PromoteGuest gives a seat to someone of the waiting list whom a steward chose,
// whoever else waits. Conflict for those who do not wait, Refused when there are
// no seats for them.
func (n *Node) PromoteGuest(ctx context.Context, by By, slug string, guestID int64) (community.Guest, error) {
	return n.decideGuest(ctx, by, "guest.promote", slug, guestID, func(tx *storage.Tx, c *community.Conference, g *community.Guest) (community.Guest, error) {
		if g.State != community.Waitlisted && g.State != community.SeatOffered {
			return *g, community.Errorf(community.Conflict, "%s is %s, and waits for no seat", orElse(g.Name, g.Email), g.State)
		}
		if !c.Admits(tx.Now()) {
			return *g, &community.Error{Code: community.Refused, Key: "error.over", Msg: "this conference is over"}
		}
		roster, err := tx.Roster(ctx, c)
		if err != nil {
			return *g, err
		}
		in, ok := roster.Admit(*g)
		if !ok {
			return in, &community.Error{Code: community.Refused, Key: "error.full", Msg: "there is no free seat"}
		}
		in.Updated = tx.Now()
		if err := tx.SaveGuest(ctx, &in); err != nil {
			return in, err
		}
		if err := tx.HastenPoll(ctx, c.ID, pollPause); err != nil {
			return in, err
		}
		return in, n.writeGuest(ctx, tx, c, &in, community.LetterMovedUp, nil)
	})
}

func (n *Node) decideGuest(ctx context.Context, by By, action, slug string, guestID int64, decide func(*storage.Tx, *community.Conference, *community.Guest) (community.Guest, error)) (community.Guest, error) {
	var out community.Guest
	if by.Member == nil && !by.Console {
		return out, by.may(community.Steward)
	}
	err := n.write(ctx, func(tx *storage.Tx) error {
		c, err := n.ownConference(ctx, tx.Reader, slug)
		if err != nil {
			return err
		}
		if err := n.mayRun(by, c); err != nil {
			return err
		}
		g, err := tx.GuestByID(ctx, guestID)
		if err != nil {
			return err
		}
		if g.ConferenceID != c.ID {
			return community.Errorf(community.NotFound, "there is no guest %d of %q", guestID, slug)
		}
		if out, err = decide(tx, c, g); err != nil {
			return err
		}
		if err := n.audit(ctx, tx, by, community.Audit{Action: action, Object: "conf/" + slug, Name: c.Title.First(), Details: map[string]string{"guest": orElse(out.Name, out.Email)}}); err != nil {
			return err
		}
		if kind := noticeOf(out.State); out.MemberID != 0 && kind != "" {
			if err := n.notifyAbout(ctx, tx, out.MemberID, kind, c); err != nil {
				return err
			}
		}
		if err := n.tellGuest(ctx, tx, c, &out, ""); err != nil {
			return err
		}
		return n.emitAnswer(ctx, tx, c, &out)
	})
	return out, err
}

// emitAnswer tells a guest on another server where they stand. Pending says
// nothing: Mobilizon and we wait in silence for a steward.
func (n *Node) emitAnswer(ctx context.Context, tx *storage.Tx, c *community.Conference, g *community.Guest) error {
	typ := ""
	switch g.State {
	case community.Going:
		typ = "Accept"
	case community.Waitlisted, community.SeatOffered:
		typ = "TentativeAccept"
	case community.Declined:
		typ = "Reject"
	}
	if typ == "" || g.ActorID == 0 || g.JoinURI == "" {
		return nil
	}
	a, err := tx.ActorByID(ctx, g.ActorID)
	if err != nil {
		return err
	}
	return n.emitReply(ctx, tx, typ, a, g.JoinURI, "Join", n.site.Conference(c.Slug))
}

// emitReply answers an activity of another server, embedding it whole, since not
// everyone can fetch it: Mobilizon's have no address.
func (n *Node) emitReply(ctx context.Context, tx *storage.Tx, typ string, to *community.Actor, uri, innerType, object string) error {
	actor := community.CityActor
	if a, ok := n.site.LocalActor(object); ok {
		actor = a
	}
	inner := map[string]string{"id": uri, "type": innerType, "actor": to.URI, "object": object}
	doc, err := encodeInner(inner)
	if err != nil {
		return err
	}
	_, err = n.emit(ctx, tx, emission{
		actor: actor, typ: typ, object: doc, objectID: uri, objectType: innerType,
		to: []string{to.URI}, inboxes: []storage.Target{target(to)},
	})
	return err
}

// ReceiveJoin is someone elsewhere who wants to come to a conference of ours.
func (n *Node) ReceiveJoin(ctx context.Context, from *community.Actor, uri, object, comment string, plus int) error {
	slug, ok := n.site.ConferenceSlug(object)
	if !ok {
		return community.Errorf(community.Refused, "%s is not a conference of ours", object)
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		c, err := n.ownConference(ctx, tx.Reader, slug)
		if err != nil {
			return err
		}
		k := storage.GuestKey{ActorID: from.ID}
		before, err := tx.Guest(ctx, c.ID, k)
		if ok, err := found(err); err != nil {
			return err
		} else if ok && before.JoinURI == uri && before.State != community.NotGoing {
			return n.emitAnswer(ctx, tx, c, before) // said again: answered again
		}
		g, err := n.answer(ctx, tx, c, k, community.Want{State: community.Going, Plus: plus}, comment, uri, false)
		switch community.CodeOf(err) {
		case "":
			return n.emitAnswer(ctx, tx, c, &g)
		case community.Refused, community.Invalid:
			typ := "Reject"
			if c.JoinMode == community.External {
				typ = "Ignore" // FEP-8a8e: we do not handle joins of this one
			}
			return n.emitReply(ctx, tx, typ, from, uri, "Join", n.site.Conference(c.Slug))
		}
		return err
	})
}

// ReceiveLeave is someone elsewhere who does not come after all: Leave, or Undo
// of the Join. Object may be empty when joinURI says which it was.
func (n *Node) ReceiveLeave(ctx context.Context, from *community.Actor, object, joinURI string) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		var g *community.Guest
		if slug, ok := n.site.ConferenceSlug(object); ok {
			c, err := n.ownConference(ctx, tx.Reader, slug)
			if err != nil {
				return err
			}
			if g, err = tx.Guest(ctx, c.ID, storage.GuestKey{ActorID: from.ID}); err != nil {
				return err
			}
		} else {
			var err error
			if g, err = tx.GuestByJoin(ctx, joinURI); err != nil {
				return err
			}
		}
		if g.ActorID != from.ID {
			return community.Errorf(community.Forbidden, "%s cannot leave for someone else", from.URI)
		}
		return n.leave(ctx, tx, g)
	})
}

// leave takes a guest out, also of a conference that is over or cancelled, and
// lets those who wait move up.
func (n *Node) leave(ctx context.Context, tx *storage.Tx, g *community.Guest) error {
	return n.depart(ctx, tx, g, false)
}

// depart is leave, with a letter or quietly.
func (n *Node) depart(ctx context.Context, tx *storage.Tx, g *community.Guest, quiet bool) error {
	if g.State == community.Declined || g.State == community.NotGoing {
		return nil // a no of the stewards is not washed away by leaving
	}
	c, err := tx.ConferenceByID(ctx, g.ConferenceID)
	if err != nil {
		return err
	}
	roster, err := tx.Roster(ctx, c)
	if err != nil {
		return err
	}
	gone, up := roster.Ask(*g, community.Want{State: community.NotGoing}, true, tx.Now())
	gone.Updated, gone.AnswerURI = tx.Now(), ""
	if err := tx.SaveGuest(ctx, &gone); err != nil {
		return err
	}
	if !quiet {
		if err := n.writeAnswer(ctx, tx, c, *g, &gone); err != nil {
			return err
		}
	}
	return n.saveGuests(ctx, tx, c, up)
}

func orElse(s, other string) string {
	if s != "" {
		return s
	}
	return other
}
