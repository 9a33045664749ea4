package web

import (
	"context"
	"html/template"
	"net/http"

	"konfa/community"
	"konfa/prose"
)

// flyerPage is a sheet of A4 to pin on a wall.
type flyerPage struct {
	City    text
	Sign    *picture
	Title   text
	When    when
	Stamp   string
	Where   string
	Address string
	Find    string // how to find the door
	Cost    string
	Spoken  string
	Text    text
	Cover   *picture
	QR      template.HTML
	URL     string // as one would type it
	Back    string
}

// flyer is a conference on paper: /conf/{slug}/flyer.
func (s *Server) flyer(ctx context.Context, v *viewer, r *http.Request) (*shown, error) {
	c, err := s.ownConference(ctx, param(r, "slug"))
	if err != nil {
		return nil, err
	}
	address := s.site.Conference(c.Slug)
	body := flyerPage{
		City: v.cityName(), Sign: v.city.Picture, Title: v.pick(c.Title), When: v.when(c, v.city), Where: v.where(c), Cost: c.Cost, Spoken: v.spoken(c.Languages),
		Text: v.summary(c.HTML, 700), Cover: c.Cover, URL: v.site.Host() + "/conf/" + c.Slug, Back: conferencePath(c),
	}
	if c.Venue != nil && c.Status != community.MovedOnline {
		at := v.venue(c.Venue)
		if at.Name != "" {
			body.Where, body.Address = at.Name, at.Address
		}
		body.Find = prose.Cut(at.Directions, 200)
	}
	switch c.Status {
	case community.Cancelled, community.Postponed, community.MovedOnline:
		body.Stamp = v.T("conf.status." + string(c.Status))
	}
	if body.QR, err = qrSVG(address, v.T("flyer.scan")); err != nil {
		return nil, err
	}
	return &shown{"flyer", page{Heading: body.Title.Text, Section: "conf", Class: "flyer-page", NoIndex: true, Sheets: []string{"flyer.css"}, Pictures: origins(c.Cover, v.city.Picture), Body: body}}, nil
}

// summary is the beginning of a text as plain text, whole sentences where it can.
func (v *viewer) summary(t community.Texts, length int) text {
	p := t.Best(v.reads(v.city.Languages)...)
	return text{prose.Summary(p.Text, length), v.langOf(p.Lang)}
}
