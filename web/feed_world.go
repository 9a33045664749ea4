package web

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"konfa/community"
)

// worldFeed serves the conferences of the world that became known last, in one
// of the formats of feeds, filtered as /world is.
func (s *Server) worldFeed(kind string, write func(*feed) ([]byte, error)) http.HandlerFunc {
	return s.page(func(w http.ResponseWriter, r *http.Request) error {
		allowAll(w.Header())
		v, err := s.viewer(r)
		if err != nil {
			return err
		}
		params := s.meant(r, worldParams)
		params.Del("page")
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), buildTime)
		defer cancel()
		d, err := s.cache.get("feed "+v.Code+" "+r.URL.EscapedPath()+"?"+params.Encode(), s.worldStamp(ctx, v), func() (document, error) {
			f, err := s.worldFilter(ctx, params, v.now, v.clock())
			if err != nil {
				return document{}, err
			}
			q := f.query
			q.Newest, q.Limit = true, perPage
			cs, err := s.store.World(ctx, q)
			if err != nil {
				return document{}, err
			}
			self := s.site.Base + f.with(r.URL.Path)
			out := &feed{
				v: v, title: v.T("world.feed", "City", v.cityName().Text), lead: v.T("world.lead"), self: self, first: self, last: self, language: v.Code,
				id: s.site.Base + r.URL.Path, home: s.site.Base + f.with("/world"), updated: v.city.Updated,
			}
			for i := range cs {
				c := &cs[i]
				at := c.Published
				if !c.Own() || at.IsZero() {
					at = c.Created // when it became known here
				}
				e := v.conferenceEntry(c, at)
				out.entries = append(out.entries, e)
				out.updated = later(out.updated, e.updated)
			}
			body, err := write(out)
			if err != nil {
				return document{}, err
			}
			d, err := newDocument(body, kind)
			d.modified, d.langs, d.keep = out.updated, true, feedKept
			d.policy = "default-src 'none'; frame-ancestors 'none'"
			return d, err
		})
		if err != nil {
			return err
		}
		w.Header().Set("Content-Language", v.Code)
		return d.serve(w, r)
	})
}

// worldStamp tells cheaply which state the world is in. What is over leaves it by
// the minute.
func (s *Server) worldStamp(ctx context.Context, v *viewer) func() (string, error) {
	return func() (string, error) {
		at, err := s.store.WorldStamp(ctx)
		return strconv.FormatInt(at.UnixMicro(), 36) + " " + strconv.FormatInt(v.city.Updated.UnixMicro(), 36) + " " + strconv.FormatInt(v.now.Unix()/60, 36), err
	}
}

// worldFile is the calendar of the world: /world.ics, filtered as /world is. It
// has the next conferences, a thousand at most.
func (s *Server) worldFile(w http.ResponseWriter, r *http.Request) error {
	allowAll(w.Header())
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	params := s.meant(r, worldParams)
	params.Del("page")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), buildTime)
	defer cancel()
	d, err := s.cache.get("world ics "+v.Code+" "+params.Encode(), s.worldStamp(ctx, v), func() (document, error) {
		f, err := s.worldFilter(ctx, params, v.now, v.clock())
		if err != nil {
			return document{}, err
		}
		q := f.query
		q.Limit = worldICS
		cs, err := s.store.World(ctx, q)
		if err != nil {
			return document{}, err
		}
		d, err := s.encodeICS(v, v.T("world.feed", "City", v.cityName().Text), cs)
		d.keep, d.name = feedKept, "world.ics"
		return d, err
	})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Language", v.Code)
	return d.serve(w, r)
}

// worldFront is the part of the front page about the world: how much is on
// elsewhere this month, and what comes next.
type worldFront struct {
	Text  string
	Cards []card
}

// worldFront reads it; nil where nothing is on elsewhere.
func (s *Server) worldFront(ctx context.Context, v *viewer, shown []community.Conference) (*worldFront, error) {
	const most = 3
	q, err := s.worldFilter(ctx, nil, v.now, v.clock())
	if err != nil {
		return nil, err
	}
	clock := community.Conference{Zone: v.city.Zone}
	local := v.now.In(clock.Location())
	q.query.Until = time.Date(local.Year(), local.Month()+1, 1, 0, 0, 0, 0, local.Location()).UTC()
	if q.query.Until.Sub(v.now) < 7*24*time.Hour {
		q.query.Until = v.now.AddDate(0, 1, 0) // the month is over as good as
	}
	q.query.Limit = most + len(shown)
	cs, err := s.store.World(ctx, q.query)
	if err != nil {
		return nil, err
	}
	here := map[int64]bool{}
	for i := range shown {
		here[shown[i].ID] = true
	}
	out := &worldFront{}
	for i := range cs {
		c := &cs[i]
		if c.Own() || here[c.ID] || c.Status == community.Cancelled || len(out.Cards) == most {
			continue
		}
		k := v.card(c)
		v.worldly(&k, c)
		out.Cards = append(out.Cards, k)
	}
	if len(out.Cards) == 0 {
		return nil, nil
	}
	return out, nil
}
