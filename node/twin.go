package node

import (
	"context"
	"slices"

	"konfa/community"
	"konfa/storage"
)

// maxTwins bounds how many servers' copies of one conference are put together.
const maxTwins = 50

// regroup finds out which conferences are the same as c, and which one of them
// is shown: ours before one that the city announced, that before one of a sister
// city, and then the one that is known longest, so that nobody takes the place of
// another by coming later. Whoever is blocked comes last. It fills c.TwinOf. The
// rows all stay.
func (n *Node) regroup(ctx context.Context, tx *storage.Tx, c *community.Conference) error {
	done := map[int64]bool{}
	if err := n.regroupOnce(ctx, tx, c, done); err != nil {
		return err
	}
	fresh, err := tx.ConferenceByID(ctx, c.ID)
	if err == nil {
		c.TwinOf = fresh.TwinOf
	}
	return err
}

func (n *Node) regroupOnce(ctx context.Context, tx *storage.Tx, c *community.Conference, done map[int64]bool) error {
	group, err := n.twins(ctx, tx, c)
	if err != nil {
		return err
	}
	best, err := n.shownOf(ctx, tx, group)
	if err != nil {
		return err
	}
	in := func(id int64) bool {
		return slices.ContainsFunc(group, func(m *community.Conference) bool { return m.ID == id })
	}
	for _, m := range group {
		done[m.ID] = true
		of := best.ID
		if m.ID == best.ID {
			of = 0
		}
		if m.TwinOf != of {
			if err := tx.SetTwin(ctx, m.ID, of); err != nil {
				return err
			}
		}
	}
	// Those that stood behind one of these and do not belong to them any more.
	for _, m := range group {
		behind, err := tx.TwinsOf(ctx, m.ID)
		if err != nil {
			return err
		}
		for i := range behind {
			if s := &behind[i]; !in(s.ID) && !done[s.ID] {
				if err := n.regroupOnce(ctx, tx, s, done); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// twins lists a conference with all that are the same, directly or through
// another one. No two of them are of one server, which knows what it has: else a
// third, which bears the ids of both, would put one of them behind the other.
func (n *Node) twins(ctx context.Context, tx *storage.Tx, c *community.Conference) ([]*community.Conference, error) {
	group := []*community.Conference{c}
	if c.Draft {
		return group, nil
	}
	for i := 0; i < len(group) && len(group) < maxTwins; i++ {
		m := group[i]
		alike, err := tx.Alike(ctx, m.ID, m.Idents(n.hostOfConference(m)), m.Start)
		if err != nil {
			return nil, err
		}
		if len(alike) == 0 {
			continue
		}
		apart, err := tx.Apart(ctx, m.ID)
		if err != nil {
			return nil, err
		}
		for k := range alike {
			x := &alike[k]
			host := n.hostOfConference(x)
			if slices.ContainsFunc(group, func(g *community.Conference) bool { return n.hostOfConference(g) == host }) || slices.Contains(apart, x.ID) {
				continue
			}
			if n.same(m, x, alike) {
				group = append(group, x)
			}
		}
	}
	return group, nil
}

// same tells whether two conferences are one. All are those like c. Of one server
// every conference is another one. The same UID counts whenever they begin, since
// a copy may be late; but the days of a series share one, and then each is the
// same as the one that begins with it.
func (n *Node) same(c, x *community.Conference, all []community.Conference) bool {
	here, there := n.hostOfConference(c), n.hostOfConference(x)
	if here == there {
		return false
	}
	shares := func(m *community.Conference) bool {
		theirs := m.Idents(n.hostOfConference(m))
		return slices.ContainsFunc(c.Idents(here), func(id string) bool { return slices.Contains(theirs, id) })
	}
	if shares(x) {
		if c.Start.Equal(x.Start) {
			return true
		}
		series := false
		for i := range all {
			m := &all[i]
			if host := n.hostOfConference(m); m.ID != x.ID && (host == here || host == there) && shares(m) {
				series = true
			}
		}
		if !series {
			return true
		}
	}
	return community.SameMeeting(c, x)
}

func (n *Node) hostOfConference(c *community.Conference) string {
	if c.Own() {
		return n.site.Host()
	}
	return hostOf(c.URI)
}

// shownOf picks the one of a group that lists show.
func (n *Node) shownOf(ctx context.Context, tx *storage.Tx, group []*community.Conference) (*community.Conference, error) {
	best, rank := group[0], -1
	if len(group) == 1 {
		return best, nil
	}
	for _, c := range group {
		r := 1
		switch {
		case c.Own():
			r = 4
		case !c.Announced.IsZero():
			r = 3
		default:
			if kept, err := n.keptOut(ctx, tx.Reader, c); err != nil {
				return nil, err
			} else if kept {
				r = 0
				break
			}
			s, err := tx.Sister(ctx, c.OriginID)
			if ok, err := found(err); err != nil {
				return nil, err
			} else if ok && s.Show {
				r = 2
			}
		}
		if r > rank || r == rank && earlier(c, best) {
			best, rank = c, r
		}
	}
	return best, nil
}

// keptOut tells whether a conference is of someone who is blocked or silenced,
// or hidden itself.
func (n *Node) keptOut(ctx context.Context, r *storage.Reader, c *community.Conference) (bool, error) {
	if c.Own() {
		return false, nil
	}
	uri := ""
	origin, err := r.ActorByID(ctx, c.OriginID)
	if ok, err := found(err); err != nil {
		return false, err
	} else if ok {
		uri = origin.URI
	}
	_, err = r.BlockOf(ctx, hostOf(c.URI), uri)
	if ok, err := found(err); ok || err != nil {
		return ok, err
	}
	_, err = r.Hidden(ctx, c.URI)
	return found(err)
}

// earlier tells which of two of a rank was here first.
func earlier(a, b *community.Conference) bool {
	if !a.Announced.Equal(b.Announced) {
		return a.Announced.Before(b.Announced)
	}
	return a.ID < b.ID
}

// deleteConference removes a conference, and shows whoever stood behind it.
func (n *Node) deleteConference(ctx context.Context, tx *storage.Tx, id int64) error {
	behind, err := tx.TwinsOf(ctx, id)
	if err != nil {
		return err
	}
	if err := tx.DeleteConference(ctx, id); err != nil {
		return err
	}
	done := map[int64]bool{}
	for i := range behind {
		if !done[behind[i].ID] {
			if err := n.regroupOnce(ctx, tx, &behind[i], done); err != nil {
				return err
			}
		}
	}
	return nil
}

// KeepApart notes that a conference, ours or known from elsewhere, is another one
// than those it was taken for. Together takes that back. It returns the
// conference as it is then. Conflict when it was taken for no other.
func (n *Node) KeepApart(ctx context.Context, by By, id int64, together bool) (*community.Conference, error) {
	if err := by.may(community.Steward); err != nil {
		return nil, err
	}
	err := n.write(ctx, func(tx *storage.Tx) error {
		c, err := tx.ConferenceByID(ctx, id)
		if err != nil {
			return err
		}
		action := "conference.apart"
		if together {
			action = "conference.together"
		}
		if err := n.auditConference(ctx, tx, by, action, c, ""); err != nil {
			return err
		}
		if together {
			apart, err := tx.Apart(ctx, id)
			if err != nil {
				return err
			}
			if len(apart) == 0 {
				return community.Errorf(community.Conflict, "%q was not kept apart from any other", c.Title.First())
			}
			if err := tx.ForgetApart(ctx, id); err != nil {
				return err
			}
			return n.regroup(ctx, tx, c)
		}
		group, err := n.twins(ctx, tx, c)
		if err != nil {
			return err
		}
		if len(group) == 1 {
			return community.Errorf(community.Conflict, "%q is shown on its own already", c.Title.First())
		}
		for _, m := range group[1:] {
			if err := tx.SetApart(ctx, c.ID, m.ID); err != nil {
				return err
			}
		}
		if err := n.regroup(ctx, tx, c); err != nil {
			return err
		}
		for _, m := range group[1:] {
			if err := n.regroup(ctx, tx, m); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return n.store.ConferenceByID(ctx, id)
}
