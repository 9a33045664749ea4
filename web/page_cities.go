package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"konfa/community"
	"konfa/gazetteer"
)

// citiesPage is the list of the cities that are known.
type citiesPage struct {
	Heading, Lead    string
	Map              *worldMap
	Confirmed, Heard []knownCard
	Empty            empty
}

// knownCard is a known city.
type knownCard struct {
	Anchor  string
	Name    text
	Initial string
	URL     string // its page
	Address string
	Country string
	From    string // who named it
	Coming  *link  // its conferences
	State   string
	Follow  string // where one follows it from one's own server
}

// citiesShown is /world/cities.
func (s *Server) citiesShown(ctx context.Context, v *viewer, _ *http.Request) (*shown, error) {
	known, err := s.store.KnownCities(ctx, false)
	if err != nil {
		return nil, err
	}
	p := citiesPage{Heading: v.T("cities.title"), Lead: v.T("cities.lead"), Empty: empty{v.T("cities.none"), v.T("cities.none_text")}}
	for i := range known {
		k := &known[i]
		if c := v.knownCard(k); k.State == community.Confirmed {
			p.Confirmed = append(p.Confirmed, c)
		} else {
			p.Heard = append(p.Heard, c)
		}
	}
	if len(known) > 0 {
		p.Map = v.mapOf(&worldFilter{params: url.Values{}}, nil, v.placesOf(known))
	}
	if p.Map != nil {
		p.Map.Label = v.T("cities.map")
	}
	return &shown{"cities", page{Sheets: []string{"explore.css"}, Heading: p.Heading, Description: p.Lead, Section: "world", Body: p}}, nil
}

func (v *viewer) knownCard(k *community.KnownCity) knownCard {
	c := knownCard{Anchor: cityAnchor(k), Name: text{Text: v.knownName(k)}, URL: k.Page, Address: k.Address(), Initial: initial(v.knownName(k))}
	if len(k.Name) > 0 {
		c.Name = v.pick(k.Name)
	}
	if c.URL == "" {
		c.URL = k.URI
	}
	if k.Country != "" {
		c.Country = gazetteer.CountryName(k.Country, v.Code)
	}
	switch {
	case k.Followed:
		c.State = v.T("cities.followed")
	case len(k.From) > 0:
		from := k.From[:min(3, len(k.From))]
		c.From = v.T("cities.from", "Names", strings.Join(from, ", "))
	}
	if k.Coming > 0 {
		c.Coming = &link{Name: v.N("cities.coming", k.Coming), URL: withQuery("/world", url.Values{"city": {k.Name.First()}, "within": {"50"}})}
	}
	if k.State == community.Confirmed {
		c.Follow = withQuery("/authorize_interaction", url.Values{"uri": {k.URI}})
	}
	return c
}

// knownName is what a known city is called, its host while nobody knows.
func (v *viewer) knownName(k *community.KnownCity) string {
	if name := v.pick(k.Name).Text; name != "" {
		return name
	}
	return k.Host
}

// cityAnchor is the id of a city on the page of cities.
func cityAnchor(k *community.KnownCity) string {
	return "c-" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, k.Host)
}
