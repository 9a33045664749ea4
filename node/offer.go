package node

import (
	"context"
	"html"
	"slices"
	"strconv"
	"strings"
	"time"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/storage"
)

// secondOnWire is how exact times are that servers tell one another.
const secondOnWire = time.Second

var (
	inQueue    = []community.OfferKind{community.OfferIn, community.Proposal}
	openOffers = []community.OfferState{community.OfferOpen}
)

// OfferList asks for the offers of one side or, where neither is said, of both:
// those to us, with what our rules propose, and those of ours.
func OfferList(in, out, open bool, limit int) storage.OfferQuery {
	q := storage.OfferQuery{Limit: limit}
	if in && !out {
		q.Kinds = inQueue
	}
	if out && !in {
		q.Kinds = []community.OfferKind{community.OfferOut}
	}
	if open {
		q.States = openOffers
	}
	return q
}

// OfferConference offers a conference of ours to sister cities, which are named by
// address, handle or host. All or none: everything that is wrong with them is
// reported together.
func (n *Node) OfferConference(ctx context.Context, by By, slug string, cities []string, note string) ([]community.Offer, error) {
	var ids []int64
	err := n.write(ctx, func(tx *storage.Tx) error {
		ids = nil
		c, err := n.ownConference(ctx, tx.Reader, slug)
		if err != nil {
			return err
		}
		if err := n.mayRun(by, c); err != nil {
			return err
		}
		if c.Draft {
			return community.Errorf(community.Refused, "%q is a draft", c.Title.First()).WithHint("publish it first")
		}
		if !c.ToCome(tx.Now()) {
			return community.Errorf(community.Refused, "%q is over or was called off", c.Title.First())
		}
		sisters, err := n.invited(ctx, tx, c, cities)
		if err != nil {
			return err
		}
		for _, s := range sisters {
			id, err := n.offerTo(ctx, tx, by, c, s, note)
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return n.auditConference(ctx, tx, by, "offer.make", c, note)
	})
	if err != nil {
		return nil, err
	}
	out := make([]community.Offer, 0, len(ids))
	for _, id := range ids {
		o, err := n.store.Offer(ctx, id)
		if err != nil {
			return nil, err
		}
		out = append(out, *o)
	}
	return out, nil
}

// invited finds the sister cities that a conference is to be offered to, and
// reports whatever speaks against it.
func (n *Node) invited(ctx context.Context, tx *storage.Tx, c *community.Conference, cities []string) ([]*community.Sister, error) {
	list, err := tx.Sisters(ctx)
	if err != nil {
		return nil, err
	}
	made, err := tx.Offers(ctx, storage.OfferQuery{Kinds: []community.OfferKind{community.OfferOut}, ConferenceID: c.ID})
	if err != nil {
		return nil, err
	}
	count := 0
	for i := range made {
		if made[i].Counts() {
			count++
		}
	}
	var fields []community.FieldError
	bad := func(key, msg string) {
		fields = append(fields, community.FieldError{Field: "cities", Key: key, Msg: msg})
	}
	var out []*community.Sister
	for _, what := range cities {
		s, err := pickSister(list, what)
		if err != nil {
			if e, ok := err.(*community.Error); ok {
				bad("sister", e.Msg)
			}
			continue
		}
		if slices.Contains(out, s) {
			continue
		}
		name := s.Actor.DisplayName()
		switch {
		case s.Theirs != community.Accepted:
			bad("no_follower", name+" does not follow this city, and would refuse the offer")
			continue
		case s.Actor.Software != "" && s.Actor.Software != "konfa":
			bad("software", name+" runs "+s.Actor.Software+", which knows nothing of offers")
			continue
		case !s.Actor.Gone.IsZero():
			bad("gone", name+" is not there any more")
			continue
		}
		if b, err := tx.BlockOf(ctx, s.Actor.Host, s.Actor.URI); err == nil {
			bad("blocked", name+" is blocked here ("+string(b.Severity)+")")
			continue
		}
		if slices.ContainsFunc(made, func(o community.Offer) bool { return o.ActorID == s.ActorID && o.Counts() }) {
			bad("offered", "it is offered to "+name+" already")
			continue
		}
		out = append(out, s)
	}
	if len(cities) == 0 {
		bad("required", "name at least one sister city")
	}
	if count+len(out) > community.MaxOffers {
		bad("many", "a conference is offered to at most five cities, this one would be to "+strconv.Itoa(count+len(out)))
	}
	if len(fields) > 0 {
		return nil, &community.Error{Code: community.Invalid, Key: "error.fields", Msg: "it cannot be offered so", Fields: fields}
	}
	return out, nil
}

func (n *Node) offerTo(ctx context.Context, tx *storage.Tx, by By, c *community.Conference, s *community.Sister, note string) (int64, error) {
	object := n.site.Conference(c.Slug)
	o := community.NewOffer(community.OfferOut, c, object, s.ActorID, tx.Now())
	o.State = community.OfferExpired // not made yet
	old, err := tx.OfferOf(ctx, community.OfferOut, c.ID, s.ActorID)
	known, err := found(err)
	if err != nil {
		return 0, err
	} else if known {
		o = old
	}
	o.Renew(tx.Now(), "", note)
	o.Title, o.By = c.Title.First(), by.Name()
	// Behind the conference itself, to the same inbox.
	o.URI, err = n.emit(ctx, tx, emission{
		actor: community.CityActor, typ: "Offer", object: object, objectID: object, objectType: "Event",
		target: s.Actor.URI, to: []string{s.Actor.URI}, content: noteHTML(o.Note), inboxes: []storage.Target{sharedTarget(s.Actor)},
	})
	if err != nil {
		return 0, err
	}
	if known {
		return o.ID, tx.UpdateOffer(ctx, o)
	}
	return o.ID, tx.InsertOffer(ctx, o)
}

// noteHTML is plain text as the content of an activity.
func noteHTML(s string) string {
	if s == "" {
		return ""
	}
	return "<p>" + strings.ReplaceAll(html.EscapeString(s), "\n", "<br>") + "</p>"
}

// sharedTarget is where to send what need not reach an actor's own inbox, so that
// it keeps its order with what followers get.
func sharedTarget(a *community.Actor) storage.Target {
	return storage.Target{Host: a.Host, URL: a.DeliverTo()}
}

// RevokeOffer takes an offer of ours back, also one that was taken up: the other
// city then withdraws the announcement.
func (n *Node) RevokeOffer(ctx context.Context, by By, id int64) (*community.Offer, error) {
	return n.changeOffer(ctx, by, "offer.revoke", id, func(tx *storage.Tx, o *community.Offer) error {
		if o.Kind != community.OfferOut {
			return community.Errorf(community.Refused, "this offer is not ours").WithHint("decline it instead")
		}
		c, err := tx.ConferenceByID(ctx, o.ConferenceID)
		if ok, err := found(err); err != nil {
			return err
		} else if !ok {
			c = &community.Conference{}
		}
		if err := n.mayRun(by, c); err != nil {
			return err
		}
		if !o.Counts() {
			return community.Errorf(community.Conflict, "the offer is %s already", o.State)
		}
		o.Revoke(tx.Now())
		o.By = by.Name()
		if err := tx.UpdateOffer(ctx, o); err != nil {
			return err
		}
		_, err = n.emit(ctx, tx, emission{
			actor: community.CityActor, typ: "Undo", objectID: o.Object, objectType: "Offer", to: []string{o.Actor.URI},
			object: activitystreams.Activity{ID: o.URI, Type: "Offer", Actor: community.CityActor, Object: o.Object, Target: o.Actor.URI,
				To: []string{o.Actor.URI}},
			inboxes: []storage.Target{sharedTarget(o.Actor)},
		})
		return err
	})
}

// AcceptOffer takes up what another city offers, or what our rules propose: the
// conference is announced and goes into our calendar. Stewards only.
func (n *Node) AcceptOffer(ctx context.Context, by By, id int64) (*community.Offer, error) {
	if err := by.may(community.Steward); err != nil {
		return nil, err
	}
	return n.changeOffer(ctx, by, "offer.accept", id, func(tx *storage.Tx, o *community.Offer) error {
		if o.Kind == community.OfferOut {
			return community.Errorf(community.Refused, "this offer is ours; %s answers it", o.Actor.DisplayName())
		}
		c, err := tx.ConferenceByID(ctx, o.ConferenceID)
		if ok, err := found(err); err != nil {
			return err
		} else if !ok {
			return community.Errorf(community.Gone, "the conference was deleted")
		}
		if o.State != community.OfferOpen {
			// Taken up late, or again.
			before := o.State
			if ok, err := o.Accept(tx.Now(), c.ToCome(tx.Now())); err != nil {
				return err
			} else if !ok && !c.Announced.IsZero() {
				return community.Errorf(community.Conflict, "the offer is %s already", before)
			}
			o.State = community.OfferOpen
			if err := tx.UpdateOffer(ctx, o); err != nil {
				return err
			}
		}
		return n.announce(ctx, tx, c, by.Name())
	})
}

// DeclineOffer turns down what another city offers, with a reason that her
// stewards read, or what our rules propose. Stewards only.
func (n *Node) DeclineOffer(ctx context.Context, by By, id int64, reason string) (*community.Offer, error) {
	if err := by.may(community.Steward); err != nil {
		return nil, err
	}
	return n.changeOffer(ctx, by, "offer.decline", id, func(tx *storage.Tx, o *community.Offer) error {
		switch {
		case o.Kind == community.OfferOut:
			return community.Errorf(community.Refused, "this offer is ours; revoke it instead")
		case o.State == community.OfferAccepted:
			return community.Errorf(community.Conflict, "the offer was accepted already").WithHint("withdraw the conference instead")
		}
		if ok, err := o.Decline(tx.Now(), reason); err != nil {
			return err
		} else if !ok {
			return community.Errorf(community.Conflict, "the offer was declined already")
		}
		o.By = by.Name()
		if err := tx.UpdateOffer(ctx, o); err != nil {
			return err
		}
		if o.Kind == community.Proposal {
			return nil
		}
		// Nor is it brought up by our own rules after that.
		if err := n.neverAgain(ctx, tx, o.ConferenceID, o.ActorID, o.Object, o.Title, by.Name()); err != nil {
			return err
		}
		return n.answerOffer(ctx, tx, "Reject", o)
	})
}

func (n *Node) changeOffer(ctx context.Context, by By, action string, id int64, change func(*storage.Tx, *community.Offer) error) (*community.Offer, error) {
	err := n.write(ctx, func(tx *storage.Tx) error {
		o, err := tx.Offer(ctx, id)
		if err != nil {
			return err
		}
		if err := change(tx, o); err != nil {
			return err
		}
		return n.audit(ctx, tx, by, community.Audit{Action: action, Object: o.Object, Name: o.Title, Reason: o.Reason})
	})
	if err != nil {
		return nil, err
	}
	return n.store.Offer(ctx, id)
}

// answerOffer tells a city what became of her offer. The Offer is embedded, as
// not everyone can fetch it.
func (n *Node) answerOffer(ctx context.Context, tx *storage.Tx, typ string, o *community.Offer) error {
	doc, err := encodeInner(map[string]string{"id": o.URI, "type": "Offer", "actor": o.Actor.URI, "object": o.Object, "target": n.site.Actor(community.CityActor)})
	if err != nil {
		return err
	}
	e := emission{
		actor: community.CityActor, typ: typ, object: doc, objectID: o.Object, objectType: "Offer",
		to: []string{o.Actor.URI}, inboxes: []storage.Target{sharedTarget(o.Actor)},
	}
	if typ == "Reject" {
		e.content = noteHTML(o.Reason)
	}
	_, err = n.emit(ctx, tx, e)
	return err
}

// settleQueue takes up whatever waited for a conference that was just announced.
func (n *Node) settleQueue(ctx context.Context, tx *storage.Tx, c *community.Conference, by string) error {
	list, err := tx.Offers(ctx, storage.OfferQuery{ConferenceID: c.ID, Kinds: inQueue, States: openOffers})
	if err != nil {
		return err
	}
	for i := range list {
		o := &list[i]
		if ok, err := o.Accept(tx.Now(), true); err != nil || !ok {
			return err
		}
		o.By = by
		if err := tx.UpdateOffer(ctx, o); err != nil {
			return err
		}
		if o.Kind != community.OfferIn {
			continue
		}
		if err := n.answerOffer(ctx, tx, "Accept", o); err != nil {
			return err
		}
	}
	return nil
}

// neverAgain remembers that stewards do not want a conference announced, so that
// no rule does it by itself.
func (n *Node) neverAgain(ctx context.Context, tx *storage.Tx, conferenceID, actorID int64, object, title, by string) error {
	list, err := tx.Offers(ctx, storage.OfferQuery{ConferenceID: conferenceID, Kinds: inQueue})
	if err != nil {
		return err
	}
	proposed := false
	for i := range list {
		o := &list[i]
		proposed = proposed || o.Kind == community.Proposal
		if !o.Counts() && o.State != community.OfferExpired {
			continue
		}
		o.Withdrawn(tx.Now())
		o.By = by
		if err := tx.UpdateOffer(ctx, o); err != nil {
			return err
		}
	}
	if proposed {
		return nil
	}
	o := community.NewOffer(community.Proposal, &community.Conference{ID: conferenceID, Title: community.Plain("", title)}, object, actorID, tx.Now())
	o.Withdrawn(tx.Now())
	o.By = by
	return tx.InsertOffer(ctx, o)
}

// revokeOffers ends offers whose conference is gone or called off, or whose city
// is no sister any more. Nobody needs to be told: they see it themselves.
func (n *Node) revokeOffers(ctx context.Context, tx *storage.Tx, q storage.OfferQuery) error {
	list, err := tx.Offers(ctx, q)
	if err != nil {
		return err
	}
	for i := range list {
		if o := &list[i]; o.Counts() && o.Revoke(tx.Now()) {
			if err := tx.UpdateOffer(ctx, o); err != nil {
				return err
			}
		}
	}
	return nil
}

// expireBatch is how many offers lapse in one transaction.
const expireBatch = 200

// ExpireOffers lets offers lapse that nobody answered in time, ours as well as
// those of others: each side goes by its own clock. It returns how many.
func (n *Node) ExpireOffers(ctx context.Context) (int, error) {
	count := 0
	for {
		lapsed := 0
		due, err := n.store.CountOffers(ctx, storage.OfferQuery{States: openOffers, Expired: n.Now()})
		if err != nil || due == 0 {
			return count, err
		}
		err = n.write(ctx, func(tx *storage.Tx) error {
			lapsed = 0
			list, err := tx.Offers(ctx, storage.OfferQuery{States: openOffers, Expired: tx.Now(), Limit: expireBatch})
			if err != nil {
				return err
			}
			for i := range list {
				if !list[i].Expire(tx.Now()) {
					continue
				}
				if err := tx.UpdateOffer(ctx, &list[i]); err != nil {
					return err
				}
				if err := n.notifyOffer(ctx, tx, &list[i]); err != nil {
					return err
				}
				lapsed++
			}
			return nil
		})
		count += lapsed
		if err != nil || lapsed == 0 {
			return count, err
		}
	}
}
