package web

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"konfa/calendar"
	"konfa/community"
	"konfa/prose"
	"konfa/storage"
)

const icsKind = "text/calendar; charset=utf-8"

// icsRefresh is how often calendars are asked to look again.
const icsRefresh = time.Hour

// calendarFile is the whole calendar: /conf.ics, or that of one topic with
// ?tag= and of one language with ?speaks=. A calendar that nobody changed costs one small query.
func (s *Server) calendarFile(w http.ResponseWriter, r *http.Request) error {
	allowAll(w.Header())
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	params := s.meant(r, []string{"tag", "speaks"})
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), buildTime)
	defer cancel()
	changed := time.Time{}
	stamp := func() (string, error) {
		at, n, err := s.store.CalendarStamp(ctx)
		changed = at
		return strconv.FormatInt(at.UnixMicro(), 36) + " " + strconv.Itoa(n) + " " + strconv.FormatInt(v.city.Updated.UnixMicro(), 36), err
	}
	d, err := s.cache.get("ics "+v.Code+" "+params.Encode(), stamp, func() (document, error) {
		tag := ""
		if t := params.Get("tag"); t != "" {
			if tag = tidyTag(t); tag == "" {
				return document{}, community.Errorf(community.NotFound, "there is no such topic")
			}
		}
		speaks := strings.ToLower(params.Get("speaks"))
		if speaks != "" && !community.ValidLang(speaks) {
			return document{}, community.Errorf(community.NotFound, "there is no such language")
		}
		cs, err := s.store.Conferences(ctx, storage.ConferenceQuery{Calendar: true, Tag: tag, Language: speaks})
		if err != nil {
			return document{}, err
		}
		name := v.cityName().Text
		if tag != "" {
			name += " #" + tag
		}
		if speaks != "" {
			name += " (" + v.languageName(speaks) + ")"
		}
		d, err := s.encodeICS(v, name, cs)
		d.modified, d.keep, d.name = later(changed, v.city.Updated), feedKept, v.city.Handle+".ics"
		return d, err
	})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Language", v.Code)
	return d.serve(w, r)
}

// later is the later of two moments.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// conferenceICS is one conference of ours: /conf/{slug}.ics.
func (s *Server) conferenceICS(w http.ResponseWriter, r *http.Request) error {
	return s.oneICS(w, r, func(ctx context.Context) (*community.Conference, error) {
		return s.ownConference(ctx, param(r, "slug"))
	})
}

// elsewhereICS is one that this city announced: /elsewhere/{id}.ics.
func (s *Server) elsewhereICS(w http.ResponseWriter, r *http.Request) error {
	return s.oneICS(w, r, func(ctx context.Context) (*community.Conference, error) {
		return s.calendarConference(ctx, param(r, "id"))
	})
}

func (s *Server) oneICS(w http.ResponseWriter, r *http.Request, find func(context.Context) (*community.Conference, error)) error {
	allowAll(w.Header())
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	d, err := s.cache.get("ics "+v.Code+" "+r.URL.EscapedPath(), nil, func() (document, error) {
		// Others may be waiting for this when whoever came first has left.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), buildTime)
		defer cancel()
		c, err := find(ctx)
		if err != nil {
			return document{}, err
		}
		d, err := s.encodeICS(v, v.pick(c.Title).Text, []community.Conference{*c})
		d.modified, d.keep, d.name = later(c.Updated, v.city.Updated), feedKept, "konfa-"+strconv.FormatInt(c.ID, 10)+".ics"
		if c.Own() {
			d.name = c.Slug + ".ics"
		}
		return d, err
	})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Language", v.Code)
	return d.serve(w, r)
}

func (s *Server) encodeICS(v *viewer, name string, cs []community.Conference) (document, error) {
	var b bytes.Buffer
	err := calendar.Encode(&b, calendar.Calendar{
		Name: name, Description: prose.Summary(string(v.markdown(v.city.About).HTML), 300), URL: s.site.Base + "/", Zone: v.city.Zone, Refresh: icsRefresh,
		Events: cs, Site: s.site, Langs: v.reads(v.city.Languages),
	})
	if err != nil {
		return document{}, err
	}
	d, err := newDocument(b.Bytes(), icsKind)
	d.langs = true
	d.policy = "default-src 'none'; frame-ancestors 'none'"
	return d, err
}
