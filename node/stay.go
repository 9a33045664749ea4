package node

import (
	"context"
	"fmt"
	"slices"
	"time"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/storage"
)

// readStay is how often the conferences of a city are read for who stays there.
const readStay = 24 * time.Hour

// Visit notes that a member stays in another city, and tells that city if the
// stay is visible. The city's conferences are suggested to the member around
// these days; package federation reads them. Invalid names every field that is
// wrong.
func (n *Node) Visit(ctx context.Context, by By, handle string, city *community.Actor, s community.Stay) (*community.Stay, error) {
	if err := by.mayAs(handle); err != nil {
		return nil, err
	}
	if _, ours := n.site.Path(city.URI); ours {
		return nil, &community.Error{Code: community.Refused, Key: "error.stay_home", Msg: city.Address() + " is where you are at home"}
	}
	if city.Type == "Person" {
		return nil, &community.Error{Code: community.Refused, Key: "error.stay_person", Msg: city.Address() + " is a person, not a city"}
	}
	err := n.write(ctx, func(tx *storage.Tx) error {
		m, err := tx.Member(ctx, handle)
		if err != nil {
			return err
		}
		if err := m.MayAct(); err != nil {
			return err
		}
		if err := s.Check(tx.Now()); err != nil {
			return err
		}
		stays, err := tx.Stays(ctx, m.ID)
		if err != nil {
			return err
		}
		open := 0
		for _, o := range stays {
			if o.ActorID == city.ID && o.From.Equal(s.From) && o.To.Equal(s.To) {
				return &community.Error{Code: community.Conflict, Key: "error.stay_known", Msg: "this stay is known already", Hint: "konfa member stays " + handle + " shows them all"}
			}
			if !o.Over(tx.Now()) {
				open++
			}
		}
		if open >= community.MaxStays {
			return &community.Error{Code: community.Refused, Key: "error.stay_many", Msg: fmt.Sprintf("at most %d stays", community.MaxStays), Hint: "remove some first"}
		}
		s.ID, s.MemberID, s.ActorID, s.URI, s.Created, s.NextRead = 0, m.ID, city.ID, "", tx.Now(), tx.Now()
		if s.Visible {
			if err := n.tellStay(ctx, tx, m, city, &s); err != nil {
				return err
			}
		}
		return tx.InsertStay(ctx, &s)
	})
	if err != nil {
		return nil, err
	}
	return n.store.Stay(ctx, s.ID)
}

// tellStay tells a city that a member comes, by a Travel to it alone.
func (n *Node) tellStay(ctx context.Context, tx *storage.Tx, m *community.Member, city *community.Actor, s *community.Stay) error {
	id, err := n.newActivityURI()
	if err != nil {
		return err
	}
	s.URI = id
	return n.emitTo(ctx, tx, city, n.travel(m, city, s), s.URI, "")
}

// travel is the Travel of ActivityStreams: from the city at home to the other
// one, from the first moment of the first day to the last of the last, where it
// is known.
func (n *Node) travel(m *community.Member, city *community.Actor, s *community.Stay) activitystreams.Activity {
	a := activitystreams.Activity{
		ID: s.URI, Type: "Travel", Actor: community.MemberActor(m.Handle), To: []string{city.URI},
		Target: city.URI, Origin: n.site.Actor(community.CityActor), Start: s.From,
	}
	if !s.To.IsZero() {
		a.End = s.To.AddDate(0, 0, 1).Add(-time.Second)
	}
	return a
}

// untellStay takes back what a city was told.
func (n *Node) untellStay(ctx context.Context, tx *storage.Tx, m *community.Member, s *community.Stay) error {
	if s.URI == "" || s.Over(tx.Now()) {
		return nil // nobody was told, or it is forgotten there by itself
	}
	id, err := n.newActivityURI()
	if err != nil {
		return err
	}
	travel := n.travel(m, s.Actor, s)
	s.URI = ""
	return n.emitTo(ctx, tx, s.Actor, activitystreams.Activity{
		ID: id, Type: "Undo", Actor: travel.Actor, To: travel.To, Object: travel,
	}, travel.ID, "Travel")
}

// ShowStay tells the city of a stay about it, or takes that back.
func (n *Node) ShowStay(ctx context.Context, by By, handle string, id int64, visible bool) (*community.Stay, error) {
	err := n.changeStay(ctx, by, handle, id, func(tx *storage.Tx, m *community.Member, s *community.Stay) error {
		if s.Visible == visible {
			return nil
		}
		s.Visible = visible
		if !visible {
			if err := n.untellStay(ctx, tx, m, s); err != nil {
				return err
			}
			return tx.UpdateStay(ctx, s)
		}
		if err := m.MayAct(); err != nil {
			return err
		}
		if s.Over(tx.Now()) {
			return &community.Error{Code: community.Refused, Key: "error.stay_over", Msg: "this stay is over"}
		}
		if err := n.tellStay(ctx, tx, m, s.Actor, s); err != nil {
			return err
		}
		return tx.UpdateStay(ctx, s)
	})
	if err != nil {
		return nil, err
	}
	return n.store.Stay(ctx, id)
}

// EndStay forgets a stay; the city that was told hears of that.
func (n *Node) EndStay(ctx context.Context, by By, handle string, id int64) error {
	return n.changeStay(ctx, by, handle, id, func(tx *storage.Tx, m *community.Member, s *community.Stay) error {
		if err := n.untellStay(ctx, tx, m, s); err != nil {
			return err
		}
		return tx.DeleteStay(ctx, s.ID)
	})
}

func (n *Node) changeStay(ctx context.Context, by By, handle string, id int64, change func(*storage.Tx, *community.Member, *community.Stay) error) error {
	if err := by.mayAs(handle); err != nil {
		return err
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		m, err := tx.Member(ctx, handle)
		if err != nil {
			return err
		}
		s, err := tx.Stay(ctx, id)
		if ok, err := found(err); err != nil {
			return err
		} else if !ok || s.MemberID != m.ID {
			return community.Errorf(community.NotFound, "%s has no stay %d", handle, id).WithHint("konfa member stays " + handle + " shows them all")
		}
		return change(tx, m, s)
	})
}

// endStays forgets all stays of a member who leaves.
func (n *Node) endStays(ctx context.Context, tx *storage.Tx, m *community.Member) error {
	stays, err := tx.Stays(ctx, m.ID)
	if err != nil {
		return err
	}
	for i := range stays {
		if err := n.untellStay(ctx, tx, m, &stays[i]); err != nil {
			return err
		}
		if err := tx.DeleteStay(ctx, stays[i].ID); err != nil {
			return err
		}
	}
	return nil
}

// Stays lists the stays of a member by their first day, those that are over
// included.
func (n *Node) Stays(ctx context.Context, by By, handle string) ([]community.Stay, error) {
	if err := by.mayAs(handle); err != nil {
		return nil, err
	}
	m, err := n.store.Member(ctx, handle)
	if err != nil {
		return nil, err
	}
	return n.store.Stays(ctx, m.ID)
}

// StaysToRead lists the stays whose city is to be read now, at most so many.
// Those that are over are not read any more.
func (n *Node) StaysToRead(ctx context.Context, limit int) ([]community.Stay, error) {
	list, err := n.store.StaysToRead(ctx, n.Now(), limit)
	if err != nil {
		return nil, err
	}
	over := func(s community.Stay) bool { return s.Over(n.Now()) }
	for i := range list {
		if over(list[i]) {
			list[i].NextRead = time.Time{}
			if err := n.write(ctx, func(tx *storage.Tx) error { return tx.UpdateStay(ctx, &list[i]) }); err != nil {
				return nil, err
			}
		}
	}
	return slices.DeleteFunc(list, over), nil
}

// StayRead notes that the city of a stay was read, or could not be: it is again
// a day later.
func (n *Node) StayRead(ctx context.Context, id int64) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		s, err := tx.Stay(ctx, id)
		if ok, err := found(err); !ok {
			return err // removed meanwhile
		}
		s.NextRead = tx.Now().Add(readStay)
		return tx.UpdateStay(ctx, s)
	})
}

// Suggestion is a conference of a city where a member stays, around these days.
type Suggestion struct {
	Conference community.Conference
	Stay       community.Stay
}

// suggestions is how many conferences of one stay are suggested.
const suggestions = 60

// Suggestions lists the conferences of the cities where a member stays, around
// these days, which the member has not answered.
func (n *Node) Suggestions(ctx context.Context, by By, handle string) ([]Suggestion, error) {
	if err := by.mayAs(handle); err != nil {
		return nil, err
	}
	m, err := n.store.Member(ctx, handle)
	if err != nil {
		return nil, err
	}
	stays, err := n.store.Stays(ctx, m.ID)
	if err != nil || len(stays) == 0 {
		return nil, err
	}
	answered, err := n.store.GuestList(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	seen := map[int64]bool{}
	for _, a := range answered {
		seen[a.Conference.ID] = true
	}
	var out []Suggestion
	for _, s := range stays {
		from, to := s.Window()
		if from.Before(n.Now()) {
			from = n.Now()
		}
		if s.Over(n.Now()) || !from.Before(to) {
			continue
		}
		list, err := n.store.Conferences(ctx, storage.ConferenceQuery{Foreign: true, OriginID: s.ActorID, EndsAfter: from, StartsBefore: to, Limit: suggestions})
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			if !seen[c.ID] && c.Status != community.Cancelled {
				seen[c.ID] = true
				out = append(out, Suggestion{c, s})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Suggestion) int { return a.Conference.Start.Compare(b.Conference.Start) })
	return out, nil
}
