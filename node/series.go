package node

import (
	"context"
	"errors"
	"strconv"
	"time"

	"konfa/community"
	"konfa/storage"
)

// seriesAhead is how far ahead the instances of a series exist: far enough for
// calendars, near enough to change one's mind.
const seriesAhead = 6 * 30 * 24 * time.Hour

// toldAhead bounds how many instances followers are told of at once: a weekly
// series must not fill their timelines.
const toldAhead = 1

// AddSeries starts a series: every instance within the next half year becomes a
// conference of its own, later ones follow by ExtendSeries. Followers hear of
// the first; the others are in the calendar.
func (n *Node) AddSeries(ctx context.Context, by By, template *community.Conference, rule string, p Publish) (*community.Series, []community.Conference, error) {
	if err := by.may(community.Steward); err != nil {
		return nil, nil, err
	}
	var series *community.Series
	var ids []int64
	err := n.write(ctx, func(tx *storage.Tx) error {
		ids = nil
		city, err := tx.City(ctx)
		if err != nil {
			return err
		}
		if template.Zone == "" {
			template.Zone = city.Zone
		}
		template.Tidy()
		if err := template.Check(); err != nil {
			return err
		}
		horizon := laterOf(tx.Now(), template.Start).Add(seriesAhead)
		starts, err := community.Instances(rule, template.Start, template.Zone, template.Start.Add(-time.Microsecond), horizon, community.MaxInstances)
		if err != nil {
			return err
		}
		if len(starts) == 0 {
			return community.Errorf(community.Invalid, "the rule %q gives no day in the next half year", rule)
		}
		horizon = reached(starts, horizon)
		series = &community.Series{Rule: rule, Template: *template, Horizon: horizon, Created: tx.Now()}
		if err := tx.InsertSeries(ctx, series); err != nil {
			return err
		}
		if ids, err = n.addInstances(ctx, tx, series, starts, p); err != nil {
			return err
		}
		return n.audit(ctx, tx, by, community.Audit{Action: "series.add", Object: "series/" + strconv.FormatInt(series.ID, 10), Name: template.Title.First(), Details: map[string]string{"rule": rule}})
	})
	if err != nil {
		return nil, nil, err
	}
	list := make([]community.Conference, 0, len(ids))
	for _, id := range ids {
		c, err := n.store.ConferenceByID(ctx, id)
		if err != nil {
			return nil, nil, err
		}
		list = append(list, *c)
	}
	return series, list, nil
}

func (n *Node) addInstances(ctx context.Context, tx *storage.Tx, s *community.Series, starts []time.Time, p Publish) ([]int64, error) {
	var ids []int64
	length := s.Template.End.Sub(s.Template.Start)
	days := 0
	if s.Template.AllDay {
		days = int((length + 12*time.Hour) / (24 * time.Hour))
	}
	told := 0
	for _, start := range starts {
		c := s.Template
		c.Title = append(community.Texts(nil), c.Title...)
		c.Text = append(community.Texts(nil), c.Text...)
		if c.Venue != nil {
			venue := *c.Venue
			c.Venue = &venue
		}
		c.Start, c.End = start, start.Add(length)
		if days > 0 {
			c.End = community.DaysAfter(c.LocalStart(), days).UTC()
		}
		c.SeriesID, c.UID, c.ImportKey = s.ID, "", ""
		pub := p
		if told >= toldAhead {
			pub.Quiet = true
		}
		if err := n.addConference(ctx, tx, &c, pub); err != nil {
			return nil, err
		}
		if pub.tells(c.Past(tx.Now())) {
			told++
		}
		ids = append(ids, c.ID)
	}
	return ids, nil
}

// ExtendSeries makes the instances that have come within the half year ahead.
// Followers are told of each. It returns how many there were.
func (n *Node) ExtendSeries(ctx context.Context) (int, error) {
	open, err := n.store.OpenSeries(ctx)
	if err != nil {
		return 0, err
	}
	total := 0
	var errs []error
	for i := range open {
		made := 0
		id := open[i].ID
		err := n.write(ctx, func(tx *storage.Tx) error {
			s, err := tx.Series(ctx, id)
			if err != nil {
				return err
			}
			horizon := tx.Now().Add(seriesAhead)
			if !s.Ended.IsZero() || !horizon.After(s.Horizon) {
				return nil
			}
			starts, err := community.Instances(s.Rule, s.Template.Start, s.Template.Zone, s.Horizon, horizon, community.MaxInstances)
			if err != nil {
				return err
			}
			s.Horizon = reached(starts, horizon)
			if err := tx.UpdateSeries(ctx, s); err != nil {
				return err
			}
			last, err := tx.Conferences(ctx, storage.ConferenceQuery{Own: true, SeriesID: s.ID, Order: storage.ByStartDesc, Limit: 1})
			if err != nil {
				return err
			}
			ids, err := n.addInstances(ctx, tx, s, starts, Publish{})
			made = len(ids)
			if err != nil || len(last) == 0 {
				return err
			}
			return n.continueSeries(ctx, tx, &last[0], ids)
		})
		if err != nil {
			errs = append(errs, err) // one that is broken does not hold up the others
			continue
		}
		total += made
	}
	return total, errors.Join(errs...)
}

// EndSeries makes no more instances of a series; those that exist stay.
func (n *Node) EndSeries(ctx context.Context, by By, id int64) error {
	if by.Member == nil && !by.Console {
		return by.may(community.Steward)
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		s, err := tx.Series(ctx, id)
		if err != nil {
			return err
		}
		if err := n.mayRun(by, &s.Template); err != nil {
			return err
		}
		s.Ended = tx.Now()
		if err := n.audit(ctx, tx, by, community.Audit{Action: "series.end", Object: "series/" + strconv.FormatInt(s.ID, 10), Name: s.Template.Title.First()}); err != nil {
			return err
		}
		return tx.UpdateSeries(ctx, s)
	})
}

// reached is how far the instances go: to the horizon, or to the last one when
// there were too many for one call.
func reached(starts []time.Time, horizon time.Time) time.Time {
	if len(starts) == community.MaxInstances {
		return starts[len(starts)-1]
	}
	return horizon
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
