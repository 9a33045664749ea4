package node

import (
	"context"
	"time"

	"konfa/community"
	"konfa/storage"
)

// DuplicateConference makes a draft that is like a conference, a week later at the
// same time of day, or as many weeks as it takes to be still to come. It is made
// once for each key of a form.
func (n *Node) DuplicateConference(ctx context.Context, by By, slug, key string) (*community.Conference, error) {
	made := ""
	err := n.write(ctx, func(tx *storage.Tx) error {
		was, err := n.ownConference(ctx, tx.Reader, slug)
		if err != nil {
			return err
		}
		if err := n.mayRun(by, was); err != nil {
			return err
		}
		if done, twice, err := n.sent(ctx, tx, key); err != nil || twice {
			made = done
			return err
		}
		c := *was
		c.Title, c.Text = append(community.Texts(nil), c.Title...), append(community.Texts(nil), c.Text...)
		if err := n.takeMessageOff(ctx, tx, &c); err != nil {
			return err
		}
		c.Draft, c.Status, c.SeriesID, c.Sequence, c.UID, c.ImportKey = true, community.Scheduled, 0, 0, "", ""
		for weeks := 1; weeks == 1 || !c.Start.After(tx.Now()); weeks++ {
			c.Start, c.End = weeksLater(was, weeks)
		}
		if err := n.addConference(ctx, tx, &c, Publish{}); err != nil {
			return err
		}
		made = c.Slug
		if err := n.auditConference(ctx, tx, by, "conference.add", &c, ""); err != nil {
			return err
		}
		return n.saveSent(ctx, tx, key, made)
	})
	if err != nil {
		return nil, err
	}
	return n.store.Conference(ctx, made)
}

// weeksLater is the time of a conference so many weeks later, on its clock.
func weeksLater(c *community.Conference, weeks int) (start, end time.Time) {
	local := c.Start.In(c.Location())
	start = time.Date(local.Year(), local.Month(), local.Day()+7*weeks, local.Hour(), local.Minute(), local.Second(), local.Nanosecond(), c.Location())
	if c.AllDay {
		days := int((c.End.Sub(c.Start) + 12*time.Hour) / (24 * time.Hour))
		return start.UTC(), community.DaysAfter(start, days).UTC()
	}
	return start.UTC(), start.Add(c.End.Sub(c.Start)).UTC()
}

// RepeatConference makes a published conference the first of a series: what the
// rule gives after it within half a year is in the calendar, and followers hear of
// each when it is its turn. It returns the series and how many were made.
func (n *Node) RepeatConference(ctx context.Context, by By, slug, rule string) (*community.Series, int, error) {
	var series *community.Series
	made := 0
	_, err := n.changeConference(ctx, by, slug, func(tx *storage.Tx, city *community.City, c *community.Conference) error {
		switch {
		case c.Draft:
			return &community.Error{Code: community.Conflict, Key: "error.repeat_draft", Msg: "a draft does not repeat: publish it first"}
		case c.SeriesID != 0:
			return &community.Error{Code: community.Conflict, Key: "error.repeats", Msg: "it is one of a series already"}
		case c.Status == community.Cancelled:
			return &community.Error{Code: community.Conflict, Key: "error.cancelled", Msg: "this conference was cancelled"}
		}
		horizon := laterOf(tx.Now(), c.Start).Add(seriesAhead)
		starts, err := community.Instances(rule, c.Start, c.Zone, laterOf(c.Start, tx.Now()), horizon, community.MaxInstances)
		if err != nil {
			return err
		}
		if len(starts) == 0 {
			return &community.Error{Code: community.Invalid, Key: "error.repeat_never", Msg: "this rule gives no day in the next half year"}
		}
		template := *c
		template.Seats = community.Seats{}
		series = &community.Series{Rule: rule, Template: template, Horizon: reached(starts, horizon), Created: tx.Now()}
		if err := tx.InsertSeries(ctx, series); err != nil {
			return err
		}
		c.SeriesID = series.ID
		if err := tx.UpdateConference(ctx, c); err != nil {
			return err
		}
		ids, err := n.addInstances(ctx, tx, series, starts, Publish{Quiet: true})
		if err != nil {
			return err
		}
		made = len(ids)
		return n.auditConference(ctx, tx, by, "series.add", c, rule)
	})
	return series, made, err
}

// following are the conferences of a series after one of it that can still be
// changed: neither over nor cancelled.
func (n *Node) following(ctx context.Context, tx *storage.Tx, c *community.Conference) ([]community.Conference, error) {
	all, err := tx.Conferences(ctx, storage.ConferenceQuery{Own: true, Drafts: true, SeriesID: c.SeriesID, EndsAfter: tx.Now()})
	if err != nil {
		return nil, err
	}
	var out []community.Conference
	for i := range all {
		if all[i].ID != c.ID && all[i].Start.After(c.Start) && all[i].Status != community.Cancelled {
			out = append(out, all[i])
		}
	}
	return out, nil
}

// editFollowing gives the conferences of a series that follow one what it has now,
// and the series too: all but the day. Followers are not told of each.
func (n *Node) editFollowing(ctx context.Context, tx *storage.Tx, city *community.City, old, c *community.Conference, message string) error {
	s, err := tx.Series(ctx, c.SeriesID)
	if err != nil {
		return err
	}
	list, err := n.following(ctx, tx, old)
	if err != nil {
		return err
	}
	for i := range list {
		err := n.updateConference(ctx, tx, city, &list[i], func(x *community.Conference) error { resemble(x, c); return nil }, Publish{Quiet: true, Message: message})
		if err != nil {
			return err
		}
	}
	resemble(&s.Template, c)
	return tx.UpdateSeries(ctx, s)
}

// resemble makes a conference like another one, on its own day.
func resemble(x, c *community.Conference) {
	y := *c
	y.ID, y.UUID, y.Slug, y.UID, y.ImportKey, y.Sequence = x.ID, x.UUID, x.Slug, x.UID, x.ImportKey, x.Sequence
	y.Created, y.Published, y.Updated, y.Draft, y.Status, y.Seats = x.Created, x.Published, x.Updated, x.Draft, x.Status, x.Seats
	y.Title, y.Text = append(community.Texts(nil), c.Title...), append(community.Texts(nil), c.Text...)
	if c.Venue != nil {
		venue := *c.Venue
		if x.Venue != nil {
			venue.Revision = x.Venue.Revision
		}
		y.Venue = &venue
	}
	day, clock := x.Start.In(x.Location()), c.Start.In(c.Location())
	start := time.Date(day.Year(), day.Month(), day.Day(), clock.Hour(), clock.Minute(), clock.Second(), clock.Nanosecond(), c.Location())
	y.Start, y.End = start.UTC(), start.Add(c.End.Sub(c.Start)).UTC()
	if c.AllDay {
		days := int((c.End.Sub(c.Start) + 12*time.Hour) / (24 * time.Hour))
		y.End = community.DaysAfter(start, days).UTC()
	}
	*x = y
}

// Following counts the conferences of a series after one of it that can still be
// changed.
func (n *Node) Following(ctx context.Context, c *community.Conference) (int, error) {
	if c.SeriesID == 0 {
		return 0, nil
	}
	all, err := n.store.Conferences(ctx, storage.ConferenceQuery{Own: true, Drafts: true, SeriesID: c.SeriesID, EndsAfter: n.Now()})
	count := 0
	for i := range all {
		if all[i].ID != c.ID && all[i].Start.After(c.Start) && all[i].Status != community.Cancelled {
			count++
		}
	}
	return count, err
}

// EndSeriesAt ends the series of a conference. Remove takes away those that follow
// it too: nobody answered: deleted; someone did: cancelled with the message. It
// returns how many.
func (n *Node) EndSeriesAt(ctx context.Context, by By, slug string, remove bool, message string) (int, error) {
	count := 0
	_, err := n.changeConference(ctx, by, slug, func(tx *storage.Tx, city *community.City, c *community.Conference) error {
		count = 0
		if c.SeriesID == 0 {
			return &community.Error{Code: community.Conflict, Key: "error.repeats_not", Msg: "it is not one of a series"}
		}
		s, err := tx.Series(ctx, c.SeriesID)
		if err != nil {
			return err
		}
		if s.Ended.IsZero() {
			s.Ended = tx.Now()
			if err := tx.UpdateSeries(ctx, s); err != nil {
				return err
			}
		}
		if err := n.auditConference(ctx, tx, by, "series.end", c, message); err != nil || !remove {
			return err
		}
		list, err := n.following(ctx, tx, c)
		if err != nil {
			return err
		}
		for i := range list {
			x := &list[i]
			guests, err := tx.Guests(ctx, x.ID)
			if err != nil {
				return err
			}
			if len(guests) == 0 {
				err = n.dropConference(ctx, tx, by, x)
			} else {
				err = n.callOff(ctx, tx, city, by, x, community.Cancelled, message)
			}
			if err != nil {
				return err
			}
			count++
		}
		return nil
	})
	return count, err
}
