package web

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"konfa/community"
	"konfa/poster"
	"konfa/prose"
)

// cardWithin bounds how long a card may wait and be drawn.
const cardWithin = 10 * time.Second

// cardOf is the card of a page of ours as the page names it: in its language, and
// under an address that changes with what is on it, since those who show cards
// keep them long.
func (v *viewer) cardOf(path, alt string, changed time.Time) *picture {
	q := url.Values{"lang": {v.Code}, "v": {strconv.FormatInt(changed.Unix(), 36)}}
	return &picture{URL: v.site.Base + path + "/card.png?" + q.Encode(), MediaType: "image/png", Width: poster.Width, Height: poster.Height, Alt: alt}
}

// conferenceCard is what stands for a conference where it is shared:
// /conf/{slug}/card.png.
func (s *Server) conferenceCard(w http.ResponseWriter, r *http.Request) error {
	c, err := s.ownConference(r.Context(), param(r, "slug"))
	if err != nil {
		return err
	}
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	return s.cardOfConference(w, r, v, c)
}

// draftCard is the card of a conference for who runs it, drafts too:
// /desk/conf/{slug}/card.png.
func (s *Server) draftCard(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference) error {
	return s.cardOfConference(w, r, v, c)
}

func (s *Server) cardOfConference(w http.ResponseWriter, r *http.Request, v *viewer, c *community.Conference) error {
	return s.card(w, r, v, "conf/"+c.Slug, c.Updated, func(ctx context.Context) (poster.Card, error) {
		when := v.when(c, v.city)
		card := poster.Card{Title: v.pick(c.Title).Text, When: when.Line(), Where: v.where(c), Day: when.Day, Month: when.Month}
		switch c.Status {
		case community.Cancelled, community.Postponed, community.MovedOnline:
			card.Stamp = v.T("conf.status." + string(c.Status))
		}
		var err error
		card.Picture, err = s.ownBytes(ctx, c.Cover)
		return card, err
	})
}

// postCardImage is the same for a post: /posts/{slug}/card.png.
func (s *Server) postCardImage(w http.ResponseWriter, r *http.Request) error {
	p, err := s.ownPost(r.Context(), param(r, "slug"))
	if err != nil {
		return err
	}
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	return s.card(w, r, v, "posts/"+p.Slug, p.Updated, func(ctx context.Context) (poster.Card, error) {
		title := v.pick(p.Title).Text
		switch {
		case p.Warning != "":
			title = p.Warning
		case title == "":
			title = prose.Summary(v.pick(p.HTML).Text, 180)
		}
		card := poster.Card{Title: title, When: v.day(p.Published.In(v.location()), true)}
		var err error
		if len(p.Pictures) > 0 && p.Warning == "" {
			card.Picture, err = s.ownBytes(ctx, &p.Pictures[0])
		}
		return card, err
	})
}

// ownBytes are those of an uploaded picture, in a size for a card; nil for none
// and for one of elsewhere, which is nobody's to fetch.
func (s *Server) ownBytes(ctx context.Context, p *community.Picture) ([]byte, error) {
	if p == nil || s.site.MediaID(p.URL) == "" {
		return nil, nil
	}
	f, err := s.store.MediaFile(ctx, path.Base(p.URL))
	if community.CodeOf(err) == community.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return f.Data, nil
}

// card serves a card, drawn again only when what is on it may have changed.
func (s *Server) card(w http.ResponseWriter, r *http.Request, v *viewer, key string, changed time.Time, make func(context.Context) (poster.Card, error)) error {
	stamp := changed.String() + v.city.Updated.String()
	d, err := s.cache.get("card "+v.Code+" "+key, func() (string, error) { return stamp, nil }, func() (document, error) {
		// Whoever asked first may leave; those who wait do not.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), cardWithin)
		defer cancel()
		card, err := make(ctx)
		if err != nil {
			return document{}, err
		}
		card.City, card.Foot, card.Theme = v.cityName().Text, v.site.Host(), themeOf(v.city)
		b, err := poster.Draw(ctx, card)
		if err != nil {
			return document{}, err
		}
		d := plainDocument(b, "image/png")
		d.policy, d.keep, d.langs = "default-src 'none'; sandbox", "public, max-age=600", true
		return d, nil
	})
	if err != nil {
		return err
	}
	if strings.HasPrefix(r.URL.Path, deskPath+"/") {
		d.keep = "private, no-store"
		return d.serve(w, r)
	}
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	return d.serve(w, r)
}
