package node

import (
	"context"
	"slices"
	"strings"
	"time"

	"konfa/community"
	"konfa/storage"
)

// AddSister makes another city a sister city: the city follows her, and our node
// her server where app is not nil, as servers list what they follow. Change makes
// the settings; nil leaves the usual ones. Of one that is a sister already it
// changes the settings, and asks again unless she said yes.
func (n *Node) AddSister(ctx context.Context, by By, city, app *community.Actor, place *community.Point, change func(*community.Sister) error) (*community.Sister, error) {
	if err := by.may(community.Steward); err != nil {
		return nil, err
	}
	err := n.write(ctx, func(tx *storage.Tx) error {
		for _, a := range []*community.Actor{city, app} {
			if a == nil {
				continue
			}
			if _, ours := n.site.LocalActor(a.URI); ours || a.Host == n.site.Host() {
				return community.Errorf(community.Refused, "%s lives on this node", a.URI)
			}
			if b, err := tx.BlockOf(ctx, a.Host, a.URI); err == nil && b.Severity == community.Suspend {
				return community.Errorf(community.Refused, "%s is blocked here", a.Address()).WithHint("konfa block remove takes the block away")
			}
			if err := tx.SaveActor(ctx, a); err != nil {
				return err
			}
		}
		s := community.NewSister()
		old, err := tx.Sister(ctx, city.ID)
		if ok, err := found(err); err != nil {
			return err
		} else if ok && old.ActorID == city.ID {
			s = old
		}
		s.ActorID = city.ID
		if app != nil {
			s.NodeID = app.ID
		}
		if place != nil {
			s.Place = place
		}
		if err := n.saveSister(ctx, tx, s, change); err != nil {
			return err
		}
		if _, err := n.follow(ctx, tx, community.CityActor, city); err != nil {
			return err
		}
		if app != nil {
			if _, err := n.follow(ctx, tx, community.NodeActor, app); err != nil {
				return err
			}
		}
		if err := n.auditActor(ctx, tx, by, "sister.add", city, ""); err != nil {
			return err
		}
		return n.regroupOf(ctx, tx, city.ID)
	})
	if err != nil {
		return nil, err
	}
	return n.store.Sister(ctx, city.ID)
}

func (n *Node) saveSister(ctx context.Context, tx *storage.Tx, s *community.Sister, change func(*community.Sister) error) error {
	city, err := tx.City(ctx)
	if err != nil {
		return err
	}
	if change != nil {
		if err := change(s); err != nil {
			return err
		}
	}
	s.Tidy()
	if err := s.Check(city); err != nil {
		return err
	}
	if s.Created.IsZero() {
		s.Created = tx.Now()
	}
	s.Updated = tx.Now()
	return tx.SaveSister(ctx, s)
}

// regroupOf looks again at what is shown of the conferences of an origin, after
// it became a sister city or ceased to be one.
func (n *Node) regroupOf(ctx context.Context, tx *storage.Tx, originID int64) error {
	list, err := tx.Conferences(ctx, storage.ConferenceQuery{Foreign: true, OriginID: originID, EndsAfter: tx.Now(), Limit: maxElsewhere})
	if err != nil {
		return err
	}
	for i := range list {
		if err := n.regroup(ctx, tx, &list[i]); err != nil {
			return err
		}
	}
	return nil
}

// ChangeSister changes the settings of a sister city, by the id of her actor. They
// count for what comes or changes from now on.
func (n *Node) ChangeSister(ctx context.Context, by By, actorURI string, change func(*community.Sister) error) (*community.Sister, error) {
	if err := by.may(community.Steward); err != nil {
		return nil, err
	}
	var id int64
	err := n.write(ctx, func(tx *storage.Tx) error {
		s, err := n.sisterAt(ctx, tx, actorURI)
		if err != nil {
			return err
		}
		id = s.ActorID
		if err := n.saveSister(ctx, tx, s, change); err != nil {
			return err
		}
		if err := n.auditActor(ctx, tx, by, "sister.change", s.Actor, ""); err != nil {
			return err
		}
		return n.regroupOf(ctx, tx, id)
	})
	if err != nil {
		return nil, err
	}
	return n.store.Sister(ctx, id)
}

func (n *Node) sisterAt(ctx context.Context, tx *storage.Tx, actorURI string) (*community.Sister, error) {
	a, err := tx.Actor(ctx, actorURI)
	if err != nil {
		return nil, err
	}
	s, err := tx.Sister(ctx, a.ID)
	if err == nil && s.ActorID != a.ID {
		return nil, community.Errorf(community.NotFound, "%s is no sister city", a.Address())
	}
	return s, err
}

// RemoveSister ends it: the follows of ours end, and what waited for a steward is
// dropped. What was announced stays so, and still follows its origin.
func (n *Node) RemoveSister(ctx context.Context, by By, actorURI string) error {
	if err := by.may(community.Steward); err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		s, err := n.sisterAt(ctx, tx, actorURI)
		if err != nil {
			return err
		}
		for local, id := range map[community.LocalActor]int64{community.CityActor: s.ActorID, community.NodeActor: s.NodeID} {
			if id == 0 {
				continue
			}
			a, err := tx.ActorByID(ctx, id)
			if err != nil {
				return err
			}
			_, err = tx.Followed(ctx, local, id)
			if ok, err := found(err); err != nil {
				return err
			} else if ok {
				if err := n.unfollow(ctx, tx, local, a); err != nil {
					return err
				}
			}
		}
		if err := n.revokeOffers(ctx, tx, storage.OfferQuery{ActorID: s.ActorID, Kinds: inQueue, States: openOffers}); err != nil {
			return err
		}
		if err := n.auditActor(ctx, tx, by, "sister.remove", s.Actor, ""); err != nil {
			return err
		}
		if err := tx.DeleteSister(ctx, s.ActorID); err != nil {
			return err
		}
		return n.regroupOf(ctx, tx, s.ActorID)
	})
}

// carrySister keeps what was chosen for a sister city that lives elsewhere now.
func (n *Node) carrySister(ctx context.Context, tx *storage.Tx, from, target *community.Actor) error {
	s, err := tx.Sister(ctx, from.ID)
	if ok, err := found(err); err != nil {
		return err
	} else if !ok || s.ActorID != from.ID || target.Type != "Group" {
		return nil
	}
	if err := tx.DeleteSister(ctx, from.ID); err != nil {
		return err
	}
	there, err := tx.Sister(ctx, target.ID)
	if ok, err := found(err); err != nil {
		return err
	} else if ok && there.ActorID == target.ID {
		return nil // she is one already
	}
	moved := *s
	moved.ID, moved.ActorID, moved.NodeID, moved.Updated = 0, target.ID, 0, tx.Now()
	return tx.SaveSister(ctx, &moved)
}

// maxSuitors bounds the list of cities that follow us.
const maxSuitors = 100

// Sisters lists the sister cities, and after them the cities that follow this one
// without being followed.
func (n *Node) Sisters(ctx context.Context) ([]community.Sister, error) {
	list, err := n.store.Sisters(ctx)
	if err != nil {
		return nil, err
	}
	suitors, err := n.store.Suitors(ctx, maxSuitors)
	return append(list, suitors...), err
}

// FindSister finds one of Sisters by address, handle or host.
func (n *Node) FindSister(ctx context.Context, what string) (*community.Sister, error) {
	list, err := n.Sisters(ctx)
	if err != nil {
		return nil, err
	}
	return pickSister(list, what)
}

// pickSister finds the city that people mean. A host is enough where it has one
// city.
func pickSister(list []community.Sister, what string) (*community.Sister, error) {
	name := strings.ToLower(strings.Trim(strings.TrimSpace(what), "@/"))
	name = strings.TrimPrefix(name, "acct:")
	var out []*community.Sister
	for i := range list {
		a := list[i].Actor
		address := strings.ToLower(strings.TrimPrefix(a.Address(), "@"))
		switch name {
		case strings.ToLower(a.URI), strings.ToLower(strings.TrimRight(a.URL, "/")), address:
			return &list[i], nil
		case a.Host, "https://" + a.Host, "http://" + a.Host, strings.ToLower(a.Name), strings.ToLower(a.Handle):
			out = append(out, &list[i])
		}
	}
	switch len(out) {
	case 0:
		return nil, community.Errorf(community.NotFound, "%q is no sister city", what).WithHint("konfa sister list shows them all")
	case 1:
		return out[0], nil
	}
	return nil, community.Errorf(community.Invalid, "%q may be several sister cities", what).WithHint("give the whole address, such as " + out[0].Actor.Address())
}

// maxElsewhere bounds how many conferences of sister cities are looked at.
const maxElsewhere = 500

// Elsewhere lists what comes next in the sister cities whose conferences are shown
// here, as far as it passes what the stewards chose and is not in our calendar
// already.
func (n *Node) Elsewhere(ctx context.Context, limit int) ([]community.Conference, error) {
	sisters, err := n.store.Sisters(ctx)
	if err != nil {
		return nil, err
	}
	by := map[int64]*community.Sister{}
	var origins []int64
	for i := range sisters {
		s := &sisters[i]
		if !s.Show {
			continue
		}
		_, err := n.store.BlockOf(ctx, s.Actor.Host, s.Actor.URI)
		if blocked, err := found(err); err != nil {
			return nil, err
		} else if blocked {
			continue
		}
		for _, id := range []int64{s.ActorID, s.NodeID} {
			if id != 0 && by[id] == nil {
				by[id] = s
				origins = append(origins, id)
			}
		}
	}
	if len(origins) == 0 {
		return nil, nil
	}
	city, err := n.store.City(ctx)
	if err != nil {
		return nil, err
	}
	list, err := n.store.Conferences(ctx, storage.ConferenceQuery{Foreign: true, Single: true, Origins: origins, EndsAfter: n.Now(), Limit: maxElsewhere})
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(c community.Conference) bool {
		return !c.Announced.IsZero() || c.Status == community.Cancelled || !by[c.OriginID].Wants(city, &c)
	})
	return list[:min(len(list), limit)], nil
}

// ShowsElsewhere tells whether a conference of another city that the city did not
// announce has a page here: one of a sister city whose conferences are shown.
func (n *Node) ShowsElsewhere(ctx context.Context, c *community.Conference) (bool, error) {
	if c.Own() || c.Draft {
		return false, nil
	}
	s, err := n.store.Sister(ctx, c.OriginID)
	if ok, err := found(err); !ok || err != nil {
		return false, err
	}
	if kept, err := n.keptOut(ctx, n.store.Reader, c); kept || err != nil {
		return false, err
	}
	city, err := n.store.City(ctx)
	if err != nil {
		return false, err
	}
	return s.Show && s.Wants(city, c), nil
}

// Carriers lists the cities that announced a conference of ours to their
// followers, as far as we have to do with them and they are not blocked.
func (n *Node) Carriers(ctx context.Context, c *community.Conference) ([]community.Actor, error) {
	if !c.Own() || c.Draft {
		return nil, nil
	}
	list, err := n.store.Announcers(ctx, n.site.Conference(c.Slug))
	if err != nil {
		return nil, err
	}
	out := list[:0]
	for _, a := range list {
		_, err := n.store.BlockOf(ctx, a.Host, a.URI)
		if blocked, err := found(err); err != nil {
			return nil, err
		} else if !blocked {
			out = append(out, a)
		}
	}
	return out, nil
}

// sisterOf is the sister city that a conference belongs to; NotFound when it is
// of none, even if one of them announced it.
func (n *Node) sisterOf(ctx context.Context, tx *storage.Tx, c *community.Conference) (*community.Sister, error) {
	return tx.Sister(ctx, c.OriginID)
}

// maxQueue bounds what waits for a steward of one sister city's conferences.
const maxQueue = 200

// consider does with a conference elsewhere, new or changed, what the stewards
// chose for the city it belongs to. Each is considered until it was announced or
// proposed once; what stewards withdrew or declined is not brought up again. Only
// the origin counts, never who else announced it, or sister cities would pass
// everything around in circles.
func (n *Node) consider(ctx context.Context, tx *storage.Tx, c *community.Conference) error {
	if c.Status == community.Cancelled {
		return n.revokeOffers(ctx, tx, storage.OfferQuery{ConferenceID: c.ID, Kinds: inQueue, States: openOffers})
	}
	if !c.Announced.IsZero() || !c.MayAnnounce(tx.Now()) {
		return nil
	}
	s, err := n.sisterOf(ctx, tx, c)
	if ok, err := found(err); !ok || err != nil {
		return err
	}
	if s.Announce == community.AnnounceNever {
		return nil
	}
	// Of one who is silenced nothing is passed on; what she says is kept all the same.
	if kept, err := n.keptOut(ctx, tx.Reader, c); kept || err != nil {
		return err
	}
	known, err := tx.Offers(ctx, storage.OfferQuery{ConferenceID: c.ID, Kinds: inQueue})
	if err != nil {
		return err
	}
	for i := range known {
		o := &known[i]
		if o.Kind == community.Proposal && o.Open() && !o.Expires.Equal(c.End) {
			o.Title, o.Expires, o.Updated = c.Title.First(), c.End, tx.Now()
			if err := tx.UpdateOffer(ctx, o); err != nil {
				return err
			}
		}
		if o.Kind == community.Proposal || o.Open() {
			return nil
		}
	}
	city, err := tx.City(ctx)
	if err != nil {
		return err
	}
	if !s.Wants(city, c) {
		return nil
	}
	if c.TwinOf != 0 {
		shown, err := tx.ConferenceByID(ctx, c.TwinOf)
		if err != nil {
			return err
		}
		if shown.Own() || !shown.Announced.IsZero() {
			return nil
		}
	}
	waiting, err := tx.CountOffers(ctx, storage.OfferQuery{Kinds: []community.OfferKind{community.Proposal}, States: openOffers, ActorID: s.ActorID})
	if err != nil {
		return err
	}
	// What she published before she was a sister is not new: to announce all of
	// it would flood whoever follows us.
	auto := s.Announce == community.AnnounceAuto && !olderThan(c, s)
	if auto {
		// Nor should one that runs wild.
		if auto, err = n.calm(ctx, tx, s.ActorID); err != nil {
			return err
		}
	}
	if !auto && waiting >= maxQueue {
		return nil
	}
	o := community.NewOffer(community.Proposal, c, c.URI, s.ActorID, tx.Now())
	o.Expires = c.End
	if err := tx.InsertOffer(ctx, o); err != nil {
		return err
	}
	if !auto {
		return nil
	}
	return n.announce(ctx, tx, c, "auto")
}

// calm tells whether so few conferences of a sister city were taken up today, by
// our rules and by her offers, that another one may be without asking.
func (n *Node) calm(ctx context.Context, tx *storage.Tx, actorID int64) (bool, error) {
	list, err := tx.Offers(ctx, storage.OfferQuery{Kinds: inQueue, ActorID: actorID, States: []community.OfferState{community.OfferAccepted},
		Since: tx.Now().Add(-24 * time.Hour), Limit: 2 * community.MaxAutoDaily})
	said := map[int64]bool{} // one may be both, proposed and offered
	for _, o := range list {
		said[o.ConferenceID] = true
	}
	return len(said) < community.MaxAutoDaily, err
}

// olderThan tells whether a conference was published, or known here, before its
// city became a sister. Times on the wire have seconds only.
func olderThan(c *community.Conference, s *community.Sister) bool {
	return c.Created.Before(s.Created) || !c.Published.IsZero() && c.Published.Before(s.Created.Truncate(secondOnWire))
}
