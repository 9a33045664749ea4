package node

import (
	"context"
	"fmt"
	"strings"
	"time"

	"konfa/community"
	"konfa/prose"
	"konfa/storage"
)

// maxConfirms bounds how many letters about coming one address gets in a day,
// whoever types it into our forms.
const maxConfirms = 6

// Coming is what someone without an account, or a member, fills in at the page of
// a conference.
type Coming struct {
	Want    community.Want
	Email   string // of guests by e-mail
	Details community.Details
}

// check brings the form into its normal form and tells why it cannot be taken.
func (in *Coming) check(tx *storage.Tx, c *community.Conference, named bool) error {
	if err := c.MayAsk(in.Want, tx.Now()); err != nil {
		return err
	}
	if !c.Start.After(tx.Now()) && in.Want.State != community.NotGoing {
		return errBegun()
	}
	if in.Want.State != community.Going {
		in.Want.Plus = 0
	}
	err := c.CheckDetails(&in.Details, in.Want)
	if named && in.Details.Name == "" {
		err = addField(err, community.FieldError{Field: "name", Key: "required", Msg: "say what to call you"})
	}
	return err
}

// addField adds a wrong field to an error that may be nil.
func addField(err error, f community.FieldError) error {
	if e, ok := err.(*community.Error); ok && len(e.Fields) > 0 {
		e.Fields = append(e.Fields, f)
		return e
	}
	return &community.Error{Code: community.Invalid, Key: "error.fields", Msg: "some fields need another look", Fields: []community.FieldError{f}}
}

func errBegun() error {
	return &community.Error{Code: community.Refused, Key: "error.started", Msg: "this conference has begun: nobody can sign up any more"}
}

// Come is a member who answers at the page of a conference.
func (n *Node) Come(ctx context.Context, by By, slug string, in Coming) (community.Guest, error) {
	var out community.Guest
	if by.Member == nil {
		return out, &community.Error{Code: community.Forbidden, Key: "error.login", Msg: "this needs an account"}
	}
	err := n.write(ctx, func(tx *storage.Tx) error {
		m, err := tx.MemberByID(ctx, by.Member.ID)
		if err != nil {
			return err
		}
		if err := m.MayAct(); err != nil {
			return err
		}
		c, err := n.ownConference(ctx, tx.Reader, slug)
		if err != nil {
			return err
		}
		if err := in.check(tx, c, false); err != nil {
			return err
		}
		k := storage.GuestKey{MemberID: m.ID}
		if out, err = n.take(ctx, tx, c, k, asked{want: in.Want, details: &in.Details}); err != nil {
			return err
		}
		return n.wholeSeries(ctx, tx, c, k, in.Want, &in.Details)
	})
	return out, err
}

// ComeByMail is someone who answers with an e-mail address. Where letters leave
// (mails), what they said counts once they open the link in a letter: until then
// nobody has a seat, and whoever types an address learns nothing about it. Where
// none leave it counts at once, and the token of the link is returned; Conflict
// then for an address that has answered already.
func (n *Node) ComeByMail(ctx context.Context, slug string, in Coming, mails bool) (string, error) {
	token := ""
	err := n.write(ctx, func(tx *storage.Tx) error {
		c, err := n.ownConference(ctx, tx.Reader, slug)
		if err != nil {
			return err
		}
		err = in.check(tx, c, true)
		address, ok := community.Address(in.Email)
		if !ok && (err == nil || community.CodeOf(err) == community.Invalid) {
			err = addField(err, community.FieldError{Field: "contact", Key: "email", Msg: "this is not an e-mail address"})
		}
		if err != nil {
			return err
		}
		k := storage.GuestKey{Email: address}
		g, err := tx.Guest(ctx, c.ID, k)
		known, err := found(err)
		if err != nil {
			return err
		}
		answered := known && g.State != community.Unconfirmed
		if !mails {
			if answered {
				return &community.Error{Code: community.Conflict, Key: "error.answered", Msg: "this address has answered already"}
			}
			if token, err = n.comeAtOnce(ctx, tx, c, k, in); err != nil {
				return err
			}
			return nil
		}
		written, err := tx.CountLettersTo(ctx, address, tx.Now().Add(-24*time.Hour), guestLetters...)
		if err != nil || written >= maxConfirms {
			return err
		}
		if answered {
			// Theirs is the link, and nobody else's to change anything by.
			return n.writeState(ctx, tx, c, g)
		}
		if !known {
			g = &community.Guest{ConferenceID: c.ID, Email: address, Created: tx.Now()}
		}
		n.doubt(tx, g, in)
		if err := tx.SaveGuest(ctx, g); err != nil {
			return err
		}
		return n.writeState(ctx, tx, c, g)
	})
	return token, err
}

// guestLetters are the letters that someone makes us write by typing an address.
var guestLetters = []community.LetterKind{
	community.LetterConfirm, community.LetterGoing, community.LetterMaybe, community.LetterWaiting, community.LetterPending, community.LetterOffered, community.LetterDeclined, community.LetterLeft,
}

// doubt makes a guest of what someone says who may not be them.
func (n *Node) doubt(tx *storage.Tx, g *community.Guest, in Coming) {
	d := in.Details
	g.State, g.Wanted, g.Plus, g.Expires = community.Unconfirmed, in.Want.State, in.Want.Plus, tx.Now().Add(community.KeepUnconfirmed)
	g.Comment, g.Answers, g.Shown, g.Lang, g.Series, g.Updated = d.Comment, d.Answers, d.Shown, d.Lang, d.Series, tx.Now()
	if g.Email != "" {
		g.Name = d.Name
	}
}

func (n *Node) comeAtOnce(ctx context.Context, tx *storage.Tx, c *community.Conference, k storage.GuestKey, in Coming) (string, error) {
	g, err := n.take(ctx, tx, c, k, asked{want: in.Want, details: &in.Details})
	if err != nil {
		return "", err
	}
	if err := n.wholeSeries(ctx, tx, c, k, in.Want, &in.Details); err != nil {
		return "", err
	}
	secret, err := n.rsvpSecret(ctx, tx)
	return linkToken(secret, &g), err
}

// ComeByHandle is someone who answers with the address of their account on
// another server: what they said counts once they open the link in a direct
// message, which only they can read. Refused where the account is no person's, or
// was written to often enough.
func (n *Node) ComeByHandle(ctx context.Context, slug string, in Coming, to *community.Actor) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		city, err := tx.City(ctx)
		if err != nil {
			return err
		}
		c, err := n.ownConference(ctx, tx.Reader, slug)
		if err != nil {
			return err
		}
		if err := in.check(tx, c, false); err != nil {
			return err
		}
		if c.RSVP == community.RSVPOff {
			return &community.Error{Code: community.Refused, Key: "error.rsvp_off", Msg: "nobody signs up for this conference in this way any more"}
		}
		if to.Type != "Person" {
			return &community.Error{Code: community.Refused, Key: "error.no_person", Msg: "this account is no person's"}
		}
		if err := tx.SaveActor(ctx, to); err != nil {
			return err
		}
		if out, err := n.suspended(ctx, tx.Reader, to); err != nil || out {
			return err // whoever is kept out is not told so
		}
		day, times := tx.Now().Add(-24*time.Hour), 0
		for _, x := range []struct {
			actor int64
			most  int
		}{{to.ID, maxPointedToOne}, {0, maxPointedADay}} {
			told, err := tx.CountTold(ctx, x.actor, pointed, day)
			if err != nil {
				return err
			}
			times += told
			if told >= x.most {
				return &community.Error{Code: community.Refused, Key: "error.told_enough", Msg: "this account was written to often enough today"}
			}
		}
		g, err := tx.Guest(ctx, c.ID, storage.GuestKey{ActorID: to.ID})
		known, err := found(err)
		if err != nil {
			return err
		}
		v := voiceFor(city, in.Details.Lang)
		title := prose.Escape(c.Title.In(v.Lang()))
		var first string
		if known && g.State != community.Unconfirmed {
			place := 0
			if g.State == community.Waitlisted {
				if place, err = tx.PlaceOf(ctx, g); err != nil {
					return err
				}
			}
			first = headline(v, telling{c: c, to: to}, g, place, tx.Now())
		} else {
			if !known {
				g = &community.Guest{ConferenceID: c.ID, ActorID: to.ID, Created: tx.Now()}
			}
			n.doubt(tx, g, in)
			g.Via = community.ByLink
			if err := tx.SaveGuest(ctx, g); err != nil {
				return err
			}
			first = v.T("rsvp.unconfirmed", "Title", title, "City", prose.Escape(city.Name.In(v.Lang())))
		}
		link, err := n.rsvpLink(ctx, tx, g)
		if err != nil {
			return err
		}
		lines := []string{first, v.T("rsvp.open", "Link", link)}
		if g.State == community.Unconfirmed {
			lines = append(lines, v.T("link.sorry"))
		}
		// Each is news: who asks again has lost the one before.
		state := fmt.Sprintf("%scome/%s#%d-%d", pointed, c.Slug, tx.Now().UnixMicro(), times)
		uri, err := n.sayDirectly(ctx, tx, message{To: to, Text: strings.Join(lines, "\n\n"), Lang: v.Lang(), Conference: c.ID, State: state})
		if err == nil && uri == "" {
			return &community.Error{Code: community.Refused, Key: "error.told_enough", Msg: "this account was written to often enough today"}
		}
		return err
	})
}

// ConfirmRSVP makes what someone said count who opened the link that was sent to
// them. Doing it again changes nothing.
func (n *Node) ConfirmRSVP(ctx context.Context, token string) (*RSVP, error) {
	var out *RSVP
	err := n.write(ctx, func(tx *storage.Tx) error {
		v, err := n.readRSVP(ctx, tx.Reader, token)
		if err != nil {
			return err
		}
		c, g := v.Conference, v.Guest
		if g.State == community.Unconfirmed {
			want := community.Want{State: g.Wanted, Plus: g.Plus}
			if closed(c, want, tx) != "" {
				return errBegun()
			}
			if _, err := n.take(ctx, tx, c, keyOf(g), asked{want: want}); err != nil {
				return err
			}
			if err := n.viaLink(ctx, tx, g.ID); err != nil {
				return err
			}
			d := community.Details{Name: g.Name, Comment: g.Comment, Answers: g.Answers, Shown: g.Shown, Lang: g.Lang, Series: g.Series}
			if err := n.wholeSeries(ctx, tx, c, keyOf(g), want, &d); err != nil {
				return err
			}
		}
		out, err = n.readRSVP(ctx, tx.Reader, token)
		if err != nil {
			return err
		}
		return n.seen(ctx, tx, out)
	})
	return out, err
}

// keyOf says who a guest is.
func keyOf(g *community.Guest) storage.GuestKey {
	return storage.GuestKey{MemberID: g.MemberID, ActorID: g.ActorID, Email: g.Email}
}

// viaLink notes that a guest of another server answered by a link of ours.
func (n *Node) viaLink(ctx context.Context, tx *storage.Tx, id int64) error {
	g, err := tx.GuestByID(ctx, id)
	if err != nil || g.ActorID == 0 {
		return err
	}
	g.Via, g.AnswerURI = community.ByLink, ""
	return tx.SaveGuest(ctx, g)
}

// seen notes what a guest of another server sees on a page: they need no message
// that says the same.
func (n *Node) seen(ctx context.Context, tx *storage.Tx, v *RSVP) error {
	if v.Guest.ActorID == 0 {
		return nil
	}
	state := stateOf(telling{c: v.Conference}, v.Guest, v.Place)
	return tx.InsertMessage(ctx, &storage.Message{ActorID: v.Guest.ActorID, ConferenceID: v.Conference.ID, State: state, Created: tx.Now()})
}

// wholeSeries gives the same answer to the other conferences of a series that are
// to come, if it goes for all. What someone answered to one of them stays; no
// letter says it for each.
func (n *Node) wholeSeries(ctx context.Context, tx *storage.Tx, c *community.Conference, k storage.GuestKey, want community.Want, d *community.Details) error {
	if !d.Series || c.SeriesID == 0 {
		return nil
	}
	list, err := tx.Conferences(ctx, storage.ConferenceQuery{Own: true, SeriesID: c.SeriesID, EndsAfter: tx.Now()})
	if err != nil {
		return err
	}
	mine, err := tx.SeriesGuests(ctx, c.SeriesID, k)
	if err != nil {
		return err
	}
	at := map[int64]*community.Guest{}
	for i := range mine {
		at[mine[i].ConferenceID] = &mine[i]
	}
	for i := range list {
		o := &list[i]
		if o.ID == c.ID || !o.Takes(tx.Now()) || o.MayAsk(want, tx.Now()) != nil {
			continue
		}
		if g := at[o.ID]; g != nil && g.State != community.Unconfirmed && (want.State != community.NotGoing || !g.Series) {
			continue
		} else if g == nil && want.State == community.NotGoing {
			continue
		}
		if err := n.takeOther(ctx, tx, o, k, want, d); err != nil {
			return err
		}
	}
	return nil
}

func (n *Node) takeOther(ctx context.Context, tx *storage.Tx, c *community.Conference, k storage.GuestKey, want community.Want, d *community.Details) error {
	g, err := n.take(ctx, tx, c, k, asked{want: want, details: d, quiet: true})
	if community.CodeOf(err) == community.Refused {
		return nil // of this one, the organisers turned them down
	}
	if err != nil {
		return err
	}
	return n.viaLink(ctx, tx, g.ID)
}

// LeaveSeries takes the guest whom a link names out of every conference of its
// series that is to come, and of those that will be added.
func (n *Node) LeaveSeries(ctx context.Context, token string) (*RSVP, error) {
	var out *RSVP
	err := n.write(ctx, func(tx *storage.Tx) error {
		v, err := n.readRSVP(ctx, tx.Reader, token)
		if err != nil {
			return err
		}
		mine, err := tx.SeriesGuests(ctx, v.Conference.SeriesID, keyOf(v.Guest))
		if err != nil {
			return err
		}
		for i := range mine {
			g := &mine[i]
			c, err := tx.ConferenceByID(ctx, g.ConferenceID)
			if err != nil {
				return err
			}
			if g.Series {
				g.Series = false
				if err := tx.SaveGuest(ctx, g); err != nil {
					return err
				}
			}
			if c.Past(tx.Now()) {
				continue
			}
			if g.State == community.Unconfirmed {
				if err := tx.DeleteGuest(ctx, g.ID); err != nil {
					return err
				}
				continue
			}
			if err := n.depart(ctx, tx, g, g.ID != v.Guest.ID); err != nil {
				return err
			}
		}
		out, err = n.readRSVP(ctx, tx.Reader, token)
		return err
	})
	return out, err
}

// continueSeries signs those up for new conferences of a series who come to all
// of it: whoever answered the last one before them for the whole series.
func (n *Node) continueSeries(ctx context.Context, tx *storage.Tx, last *community.Conference, ids []int64) error {
	fans, err := tx.SeriesFans(ctx, last.ID)
	if err != nil {
		return err
	}
	for _, id := range ids {
		c, err := tx.ConferenceByID(ctx, id)
		if err != nil {
			return err
		}
		if !c.Takes(tx.Now()) {
			continue
		}
		for i := range fans {
			g := &fans[i]
			want := community.Want{State: community.Going, Plus: g.Plus}
			if g.State == community.Maybe {
				want = community.Want{State: community.Maybe}
			} else if !g.Comes() {
				continue
			}
			if c.MayAsk(want, tx.Now()) != nil {
				continue
			}
			d := community.Details{Name: g.Name, Comment: g.Comment, Answers: g.Answers, Shown: g.Shown, Lang: g.Lang, Series: true}
			if err := n.takeOther(ctx, tx, c, keyOf(g), want, &d); err != nil {
				return err
			}
		}
	}
	return nil
}
