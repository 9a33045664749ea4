package node

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/phrase"
	"konfa/prose"
	"konfa/storage"
)

// heard is an answer to a conference of ours by someone whose server knows
// nothing of sign-ups.
type heard struct {
	via     string // community.ByPoll, ByWords or ByButton
	uri     string // id of the vote or post
	replyTo string // what the city answers to, or empty
	lang    string // of what they wrote, or empty
	guessed string // else this, if we never heard them speak
	want    community.Want
}

// takeAnswer does what someone answered, by the same rules as for everyone, and
// tells them by direct message what came of it.
func (n *Node) takeAnswer(ctx context.Context, tx *storage.Tx, c *community.Conference, from *community.Actor, h heard) error {
	if out, err := n.suspended(ctx, tx.Reader, from); err != nil {
		return err
	} else if out {
		return community.Errorf(community.Forbidden, "%s is blocked here", from.URI)
	}
	if from.Type != "Person" && from.Type != "Service" {
		return community.Errorf(community.Refused, "only people come to conferences, and %s is of type %s", from.URI, from.Type)
	}
	if c.RSVP == community.RSVPOff && h.via != community.ByButton {
		return community.Errorf(community.Refused, "nobody signs up for %q by a vote or an answer", c.Slug)
	}
	k := storage.GuestKey{ActorID: from.ID}
	before, err := tx.Guest(ctx, c.ID, k)
	known, err := found(err)
	if err != nil {
		return err
	}
	if known {
		h.guessed = orElse(before.Lang, h.guessed)
		if before.Comes() && h.want.State == community.Going && h.via != community.ByWords && (c.Capacity == 0 || before.Size() <= c.Capacity) {
			h.want.Plus = before.Plus // a vote says nothing of those they bring along
		}
	}
	say := telling{c: c, to: from, replyTo: h.replyTo, langs: []string{h.lang, h.guessed}}
	if why := closed(c, h.want, tx); why != "" {
		say.refusal = why
		return n.tell(ctx, tx, say, nil)
	}
	if _, err = n.answer(ctx, tx, c, k, h.want, "", "", false); err != nil {
		if say.refusal = refusalOf(err); say.refusal == "" {
			return err
		}
		return n.tell(ctx, tx, say, nil)
	}
	g, err := tx.Guest(ctx, c.ID, k)
	if err != nil {
		return err
	}
	if g.State != community.Declined {
		g.Via, g.AnswerURI, g.Lang = h.via, h.uri, orElse(h.lang, h.guessed)
		if err := tx.SaveGuest(ctx, g); err != nil {
			return err
		}
	}
	return n.tell(ctx, tx, say, g)
}

// closed tells why nobody can come any more by a vote, words or the link, or "".
// To stay away is always possible.
func closed(c *community.Conference, want community.Want, tx *storage.Tx) string {
	if want.State == community.NotGoing || c.Status == community.Cancelled || c.JoinMode == community.External || c.Past(tx.Now()) {
		return "" // the rules of admission say so
	}
	if !c.Start.After(tx.Now()) {
		return "rsvp.started"
	}
	return ""
}

// refusalOf is what the city says about an error of the rules of admission, or
// "" for one that is no such.
func refusalOf(err error) string {
	e, ok := errors.AsType[*community.Error](err)
	if !ok {
		return ""
	}
	switch e.Key {
	case "error.cancelled":
		return "rsvp.cancelled"
	case "error.over":
		return "rsvp.over"
	case "error.external":
		return "rsvp.external"
	case "error.declined":
		return "rsvp.declined"
	case "error.party":
		return "rsvp.too_many"
	}
	return ""
}

// takeBack takes the answer back that a vote or post gave which is deleted, and no
// later one. What is over stays as it was: many let their posts go after a while.
func (n *Node) takeBack(ctx context.Context, tx *storage.Tx, from *community.Actor, uri string) error {
	g, err := tx.GuestByAnswer(ctx, uri)
	if ok, err := found(err); !ok {
		return err
	}
	if g.ActorID != from.ID && from.Type != "Application" {
		return nil
	}
	c, err := tx.ConferenceByID(ctx, g.ConferenceID)
	if err != nil || c.Past(tx.Now()) || g.State == community.NotGoing {
		return err
	}
	if err := n.leave(ctx, tx, g); err != nil {
		return err
	}
	if g, err = tx.GuestByID(ctx, g.ID); err != nil {
		return err
	}
	return n.tellGuest(ctx, tx, c, g, "")
}

// telling is what the city tells someone about a conference.
type telling struct {
	c       *community.Conference
	to      *community.Actor
	replyTo string
	langs   []string
	event   string // key of what happened by itself, or empty: the guest asked
	refusal string // key of why it cannot be, or empty
}

// tellGuest tells a guest who came by a vote, words or a link what became of
// them without their asking. Event is the key of what happened, or empty where
// the state says it all. Everyone else hears of it in another way.
func (n *Node) tellGuest(ctx context.Context, tx *storage.Tx, c *community.Conference, g *community.Guest, event string) error {
	if g.ActorID == 0 || g.Via == "" {
		return nil
	}
	a, err := tx.ActorByID(ctx, g.ActorID)
	if err != nil {
		return err
	}
	return n.tell(ctx, tx, telling{c: c, to: a, langs: []string{g.Lang}, event: event}, g)
}

// tellGuests tells all who came so and have a part in a conference.
func (n *Node) tellGuests(ctx context.Context, tx *storage.Tx, c *community.Conference, event string) error {
	guests, err := tx.Guests(ctx, c.ID, community.Partaking...)
	if err != nil {
		return err
	}
	for i := range guests {
		if err := n.tellGuest(ctx, tx, c, &guests[i], event); err != nil {
			return err
		}
	}
	return nil
}

// tell writes the direct message. G is where the guest stands, nil for someone
// who is none.
func (n *Node) tell(ctx context.Context, tx *storage.Tx, t telling, g *community.Guest) error {
	city, err := tx.City(ctx)
	if err != nil {
		return err
	}
	v := voiceFor(city, t.langs...)
	place := 0
	if g != nil && g.State == community.Waitlisted {
		if place, err = tx.PlaceOf(ctx, g); err != nil {
			return err
		}
	}
	lines := []string{headline(v, t, g, place, tx.Now()), prose.Escape(activitystreams.EventSummary(t.c, v.Lang()))}
	if g != nil && g.Plus > 0 && g.Comes() && t.event != "rsvp.cancelled" {
		lines = append(lines, v.N("rsvp.party", g.Plus))
	}
	if g != nil && g.ID != 0 && t.event != "rsvp.cancelled" && g.State != community.Declined {
		link, err := n.rsvpLink(ctx, tx, g)
		if err != nil {
			return err
		}
		lines = append(lines, v.T("rsvp.change", "Link", link)+"\n"+v.T("rsvp.answer_to"))
	} else {
		lines = append(lines, v.T("rsvp.page", "Link", n.site.Conference(t.c.Slug)))
	}
	_, err = n.sayDirectly(ctx, tx, message{
		To: t.to, Text: strings.Join(lines, "\n\n"), Lang: v.Lang(), ReplyTo: t.replyTo, Conference: t.c.ID, State: stateOf(t, g, place),
	})
	return err
}

// headline is the first line of a message: where someone stands, or why not.
func headline(v *phrase.Voice, t telling, g *community.Guest, place int, now time.Time) string {
	key := orElse(t.refusal, t.event)
	if key == "" {
		key = "rsvp." + string(g.State)
	}
	title := prose.Escape(t.c.Title.In(v.Lang()))
	switch key {
	case "rsvp.waitlisted":
		return v.N("rsvp.waiting", place, "Title", title)
	case "rsvp.offered":
		return v.N(key, max(1, int((g.Expires.Sub(now)+30*time.Minute)/time.Hour)), "Title", title)
	case "rsvp.too_many":
		return v.N(key, t.c.Capacity, "Title", title)
	case "rsvp.external":
		return v.T(key, "Title", title, "Link", t.c.ExternalURL)
	}
	return v.T(key, "Title", title)
}

// stateOf is the word that tells apart what was told already.
func stateOf(t telling, g *community.Guest, place int) string {
	if t.refusal != "" || t.event == "rsvp.cancelled" || t.event == "rsvp.reminder" || t.event == "rsvp.reconfirm" {
		return orElse(t.refusal, t.event)
	}
	return fmt.Sprintf("%s+%d#%d", g.State, g.Plus, place)
}
