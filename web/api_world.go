package web

import (
	"net/http"
	"net/url"
	"time"

	"konfa/community"
)

// knownCityOutput is a known city for programs.
type knownCityOutput struct {
	ID        string              `json:"id"` // ActivityPub
	Host      string              `json:"host"`
	Address   string              `json:"address"`
	State     community.CityState `json:"state"` // confirmed or heard
	Name      community.Texts     `json:"name"`
	Country   string              `json:"country"`
	Place     *community.Point    `json:"place,omitempty"`
	URL       string              `json:"url"`
	Followed  bool                `json:"followed"`
	From      []string            `json:"from"`
	Coming    int                 `json:"coming"`
	Seen      string              `json:"seen,omitempty"`
	Confirmed string              `json:"confirmed,omitempty"`
}

func knownCityJSON(k *community.KnownCity) knownCityOutput {
	out := knownCityOutput{
		ID: k.URI, Host: k.Host, Address: k.Address(), State: k.State, Name: list(k.Name), Country: k.Country, Place: k.Place, URL: k.Page, Followed: k.Followed,
		From: list(k.From), Coming: k.Coming, Seen: stampJSON(k.Seen), Confirmed: stampJSON(k.Confirmed),
	}
	if out.URL == "" {
		out.URL = k.URI
	}
	return out
}

// townOutput is a town and how much is coming up there.
type townOutput struct {
	Name        string          `json:"name"`
	Country     string          `json:"country"`
	Place       community.Point `json:"place"`
	Conferences int             `json:"conferences"`
}

// apiWorld reads the filter of the world from a request.
func (s *Server) apiWorld(r *http.Request, paged bool) (*query, *worldFilter, error) {
	known := []string{"when", "month", "city", "country", "within", "tag", "speaks", "online"}
	if paged {
		known = append(known, "page", "limit")
	}
	p := newQuery(r, known...)
	if p.err != nil {
		return nil, nil, p.err
	}
	params := url.Values{}
	for _, name := range worldParams {
		v := p.values.Get(name)
		if len(v) > maxParam {
			return nil, nil, invalidField(name, "long", "this is too long")
		}
		params.Set(name, v)
	}
	f, err := s.worldFilter(r.Context(), params, s.node.Now(), time.UTC)
	return p, f, err
}

// apiWorldConferences lists the world: GET /api/v1/world/conferences.
func (s *Server) apiWorldConferences(w http.ResponseWriter, r *http.Request) error {
	p, f, err := s.apiWorld(r, true)
	if err != nil {
		return err
	}
	page, limit := p.number("page", 1, 1, 100), p.number("limit", apiLimit, 1, apiMost)
	if p.err != nil {
		return p.err
	}
	q := f.query
	q.Limit, q.Offset = limit, (page-1)*limit
	cs, err := s.store.World(r.Context(), q)
	if err != nil {
		return err
	}
	total, err := s.store.CountWorld(r.Context(), f.query)
	if err != nil {
		return err
	}
	out := listOutput[conferenceOutput]{Items: []conferenceOutput{}, Total: total, Page: page, Limit: limit}
	for i := range cs {
		out.Items = append(out.Items, conferenceJSON(s.site, &cs[i]))
	}
	listLinks(w, r, s.site.Base, page, limit, total)
	return answer(w, r, http.StatusOK, out)
}

// apiWorldTowns counts what is coming up by town: GET /api/v1/world/towns.
func (s *Server) apiWorldTowns(w http.ResponseWriter, r *http.Request) error {
	_, f, err := s.apiWorld(r, false)
	if err != nil {
		return err
	}
	spots, err := s.spotsOf(r.Context(), f)
	if err != nil {
		return err
	}
	out := listOutput[townOutput]{Items: []townOutput{}, Total: len(spots), Page: 1, Limit: len(spots)}
	for _, p := range spots {
		out.Items = append(out.Items, townOutput{p.Name, p.Country, p.Place, p.Conferences})
	}
	return answer(w, r, http.StatusOK, out)
}

// apiWorldCities lists the known cities: GET /api/v1/world/cities.
func (s *Server) apiWorldCities(w http.ResponseWriter, r *http.Request) error {
	if err := newQuery(r).err; err != nil {
		return err
	}
	known, err := s.store.KnownCities(r.Context(), false)
	if err != nil {
		return err
	}
	out := listOutput[knownCityOutput]{Items: []knownCityOutput{}, Total: len(known), Page: 1, Limit: len(known)}
	for i := range known {
		out.Items = append(out.Items, knownCityJSON(&known[i]))
	}
	return answer(w, r, http.StatusOK, out)
}
