package web

import (
	"net/http"

	"konfa/community"
)

// apiCity is the city: GET /api/v1/city.
func (s *Server) apiCity(w http.ResponseWriter, r *http.Request) error {
	if err := newQuery(r).err; err != nil {
		return err
	}
	c, err := s.currentCity(r.Context())
	if err != nil {
		return err
	}
	followers, err := s.store.CountFollowers(r.Context(), community.CityActor)
	if err != nil {
		return err
	}
	members, err := s.store.Members(r.Context())
	if err != nil {
		return err
	}
	out := cityOutput{
		ID: s.site.Actor(community.CityActor), Handle: c.Handle, Address: "@" + c.Handle + "@" + s.site.Host(), Name: c.Name, About: list(c.About), Zone: c.Zone,
		Country: c.Country, Languages: c.Languages, Place: c.Place, Picture: c.Picture, Banner: c.Banner, Links: list(c.Links), Followers: followers,
		Stewards: []stewardOutput{},
	}
	for _, m := range members {
		if m.Role == community.Steward && m.Active() {
			out.Stewards = append(out.Stewards, stewardOutput{m.Handle, m.Name})
		}
	}
	return answer(w, r, http.StatusOK, out)
}
