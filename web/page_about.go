package web

import (
	"context"
	"net/http"

	"konfa/prose"
)

// about says who the city is, what holds here and what runs it: /about.
func (s *Server) about(ctx context.Context, v *viewer, _ *http.Request) (*shown, error) {
	members, err := s.store.Members(ctx)
	if err != nil {
		return nil, err
	}
	body := struct {
		Heading    string
		About      rich
		Zone       string
		Links      []link
		Stewards   []person
		Handle     copyField
		Version    string
		NodeHandle string
	}{
		v.T("about.title", "City", v.cityName().Text), v.markdown(v.city.About), v.zone(v.city.Zone, v.now.In(v.location()), v.city), v.links(),
		v.stewards(members), newCopy(v.handle(), v.T("follow.handle")), s.version, "@node@" + v.site.Host(),
	}
	return &shown{"about", page{
		Heading: body.Heading, Description: prose.Summary(string(body.About.HTML), 200), Section: "about", Body: body,
	}}, nil
}
