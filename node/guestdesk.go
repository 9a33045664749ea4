package node

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"konfa/community"
	"konfa/prose"
	"konfa/storage"
)

// Bounds of what organisers write to guests.
const (
	MaxGuestSubject = 120
	MaxGuestMessage = 5000
	messagesPerDay  = 3              // to the guests of one conference
	askEvery        = 12 * time.Hour // whether they still come
)

// GuestGroup is whom organisers write to.
type GuestGroup string

// The groups: who has a seat, who waits for one or for an answer, and all who
// hear of the conference.
const (
	GuestsGoing   GuestGroup = "going"
	GuestsWaiting GuestGroup = "waiting"
	GuestsAll     GuestGroup = "all"
)

// GuestGroups lists all of them.
var GuestGroups = []GuestGroup{GuestsGoing, GuestsWaiting, GuestsAll}

// states are those of the group.
func (g GuestGroup) states() []community.GuestState {
	switch g {
	case GuestsGoing:
		return []community.GuestState{community.Going}
	case GuestsWaiting:
		return []community.GuestState{community.Waitlisted, community.SeatOffered, community.Pending}
	case GuestsAll:
		return hearers
	}
	return nil
}

// GuestMessage is what organisers write to guests.
type GuestMessage struct {
	To      GuestGroup
	Subject string // one line
	Text    string // plain
}

// check brings the message into its normal form and reports what is wrong.
func (m *GuestMessage) check() error {
	m.Subject, m.Text = strings.Join(strings.Fields(m.Subject), " "), strings.TrimSpace(m.Text)
	var fields []community.FieldError
	add := func(field, key, msg string) {
		fields = append(fields, community.FieldError{Field: field, Key: key, Msg: msg})
	}
	if m.To.states() == nil {
		add("to", "choice", "a message goes to going, waiting or all")
	}
	if utf8.RuneCountInString(m.Subject) > MaxGuestSubject {
		add("subject", "long", "at most "+strconv.Itoa(MaxGuestSubject)+" characters")
	}
	switch {
	case m.Text == "":
		add("text", "required", "say something")
	case utf8.RuneCountInString(m.Text) > MaxGuestMessage:
		add("text", "long", "at most "+strconv.Itoa(MaxGuestMessage)+" characters")
	}
	if fields == nil {
		return nil
	}
	return &community.Error{Code: community.Invalid, Key: "error.fields", Msg: "some fields need another look", Fields: fields}
}

// runs runs a change by whoever may run a conference of ours.
func (n *Node) runs(ctx context.Context, by By, slug string, change func(*storage.Tx, *community.Conference) error) error {
	if by.Member == nil && !by.Console {
		return by.may(community.Steward)
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		c, err := n.ownConference(ctx, tx.Reader, slug)
		if err != nil {
			return err
		}
		if err := n.mayRun(by, c); err != nil {
			return err
		}
		return change(tx, c)
	})
}

// reach is who of a group can be written to: by mail, and on other servers.
func (n *Node) reach(ctx context.Context, r *storage.Reader, c *community.Conference, group GuestGroup) (mail, far []community.Guest, err error) {
	guests, err := r.Guests(ctx, c.ID, group.states()...)
	if err != nil {
		return nil, nil, err
	}
	for _, g := range guests {
		memberID, address := g.MemberID, g.Email
		switch {
		case g.ActorID != 0:
			far = append(far, g)
			continue
		case g.MemberID != 0:
			m, err := r.MemberByID(ctx, g.MemberID)
			if err != nil {
				return nil, nil, err
			}
			if address = m.Email; !m.Active() || m.MovedTo != "" {
				continue
			}
		}
		if address == "" {
			continue
		}
		off, err := n.mailOff(ctx, r, memberID, address)
		if err != nil {
			return nil, nil, err
		}
		wanted := true
		for _, k := range off {
			wanted = wanted && k != community.LetterMessage
		}
		if wanted {
			mail = append(mail, g)
		}
	}
	return mail, far, nil
}

// Reach counts who of a group a message would reach, by mail and on other
// servers, and checks it. Forbidden for who does not run the conference.
func (n *Node) Reach(ctx context.Context, by By, slug string, m GuestMessage) (mail, far int, err error) {
	c, err := n.Run(ctx, by, slug)
	if err != nil {
		return 0, 0, err
	}
	if err := m.check(); err != nil {
		return 0, 0, err
	}
	a, b, err := n.reach(ctx, n.store.Reader, c, m.To)
	return len(a), len(b), err
}

// MessageGuests writes to the guests of a conference: a letter to those who read
// mail and want such, a direct message to those on other servers. It returns how
// many they were. Refused more than three times a day.
func (n *Node) MessageGuests(ctx context.Context, by By, slug string, m GuestMessage) (int, error) {
	if err := m.check(); err != nil {
		return 0, err
	}
	count := 0
	err := n.runs(ctx, by, slug, func(tx *storage.Tx, c *community.Conference) error {
		if c.Draft {
			return community.Errorf(community.Conflict, "%q is a draft, and has no guests", c.Title.First())
		}
		before, err := tx.Audits(ctx, storage.AuditQuery{Action: "guest.message", Object: conferenceKey(c), Limit: messagesPerDay})
		if err != nil {
			return err
		}
		if len(before) == messagesPerDay && tx.Now().Sub(before[messagesPerDay-1].Created) < 24*time.Hour {
			return &community.Error{Code: community.Refused, Key: "error.messages", Msg: "the guests of this conference were written to three times within a day"}
		}
		mail, far, err := n.reach(ctx, tx.Reader, c, m.To)
		if err != nil {
			return err
		}
		for i := range mail {
			if err := n.writeGuest(ctx, tx, c, &mail[i], community.LetterMessage, map[string]string{"Subject": m.Subject, "Text": m.Text}); err != nil {
				return err
			}
		}
		for i := range far {
			if err := n.messageActor(ctx, tx, c, &far[i], m); err != nil {
				return err
			}
		}
		count = len(mail) + len(far)
		return n.audit(ctx, tx, by, community.Audit{Action: "guest.message", Object: conferenceKey(c), Name: c.Title.First(), Reason: prose.Cut(m.Text, 200),
			Details: map[string]string{"to": string(m.To), "count": strconv.Itoa(count)}})
	})
	return count, err
}

// messageActor says it to a guest on another server.
func (n *Node) messageActor(ctx context.Context, tx *storage.Tx, c *community.Conference, g *community.Guest, m GuestMessage) error {
	a, err := tx.ActorByID(ctx, g.ActorID)
	if err != nil {
		return err
	}
	lines := []string{"**" + prose.Escape(orElse(m.Subject, c.Title.In(g.Lang))) + "**", prose.Escape(m.Text), n.site.Conference(c.Slug)}
	_, err = n.sayDirectly(ctx, tx, message{To: a, Text: strings.Join(lines, "\n\n"), Lang: g.Lang, Conference: c.ID})
	return err
}

// AskGuests asks everyone who has a seat whether they still come, now. Who was
// asked within twelve hours is not asked again. It returns how many were.
func (n *Node) AskGuests(ctx context.Context, by By, slug string) (int, error) {
	count := 0
	err := n.runs(ctx, by, slug, func(tx *storage.Tx, c *community.Conference) error {
		if c.Draft || !c.Admits(tx.Now()) || !c.Start.After(tx.Now()) {
			return &community.Error{Code: community.Refused, Key: "error.ask_late", Msg: "there is nothing to ask any more"}
		}
		guests, err := tx.Guests(ctx, c.ID, community.Going)
		if err != nil {
			return err
		}
		for i := range guests {
			if tx.Now().Sub(guests[i].Asked) < askEvery {
				continue
			}
			if err := n.askGuest(ctx, tx, c, &guests[i]); err != nil {
				return err
			}
			count++
		}
		if count == 0 {
			return nil
		}
		return n.audit(ctx, tx, by, community.Audit{Action: "guest.ask", Object: conferenceKey(c), Name: c.Title.First(), Details: map[string]string{"count": strconv.Itoa(count)}})
	})
	return count, err
}

// AddGuest puts someone on the guest list by hand: with a seat, or on the waiting
// list where there is none. They get a letter that says so. Conflict for who is
// on it already.
func (n *Node) AddGuest(ctx context.Context, by By, slug, email, name string, plus int) (community.Guest, error) {
	var out community.Guest
	address, ok := community.Address(email)
	name = strings.Join(strings.Fields(name), " ")
	var fields []community.FieldError
	if !ok {
		fields = append(fields, community.FieldError{Field: "email", Key: "email", Msg: "this is not an e-mail address"})
	}
	if name == "" {
		fields = append(fields, community.FieldError{Field: "name", Key: "required", Msg: "a guest needs a name"})
	} else if utf8.RuneCountInString(name) > community.MaxName {
		fields = append(fields, community.FieldError{Field: "name", Key: "long", Msg: "at most " + strconv.Itoa(community.MaxName) + " characters"})
	}
	if fields != nil {
		return out, &community.Error{Code: community.Invalid, Key: "error.fields", Msg: "some fields need another look", Fields: fields}
	}
	err := n.runs(ctx, by, slug, func(tx *storage.Tx, c *community.Conference) error {
		k := storage.GuestKey{Email: address}
		stored, err := tx.Guest(ctx, c.ID, k)
		if ok, err := found(err); err != nil {
			return err
		} else if ok && stored.State != community.NotGoing && stored.State != community.Unconfirmed {
			return &community.Error{Code: community.Conflict, Key: "error.guest_there", Msg: "they are on the list already"}
		}
		out, err = n.take(ctx, tx, c, k, asked{want: community.Want{State: community.Going, Plus: plus}, details: &community.Details{Name: name}, approved: true})
		if err != nil {
			return err
		}
		return n.audit(ctx, tx, by, community.Audit{Action: "guest.add", Object: conferenceKey(c), Name: name})
	})
	return out, err
}
