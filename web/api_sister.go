package web

import (
	"net/http"
	"strconv"

	"konfa/community"
	"konfa/node"
)

// sisterOutput is a sister city, or one that only follows this one, for stewards.
type sisterOutput struct {
	ID        int64                 `json:"id"`
	Actor     string                `json:"actor"` // ActivityPub
	Address   string                `json:"address"`
	Name      string                `json:"name"`
	URL       string                `json:"url,omitempty"`
	Sister    bool                  `json:"sister"`
	State     community.SisterState `json:"state"`
	Show      bool                  `json:"show"`
	Announce  community.Announcing  `json:"announce,omitempty"`
	Tags      []string              `json:"tags"`
	Languages []string              `json:"languages"`
	Distance  int                   `json:"distance"`
	Place     *community.Point      `json:"place,omitempty"`
	Since     string                `json:"since"`
}

func sisterJSON(s *community.Sister) sisterOutput {
	return sisterOutput{ID: s.ActorID, Actor: s.Actor.URI, Address: s.Actor.Address(), Name: s.Actor.DisplayName(), URL: s.Actor.URL,
		Sister: s.ID != 0, State: s.State(), Show: s.Show, Announce: s.Announce, Tags: list(s.Tags), Languages: list(s.Languages), Distance: s.Distance,
		Place: s.Place, Since: stampJSON(s.Created)}
}

// sisterInput is what is said of a sister city. City is for a new one alone.
type sisterInput struct {
	City      string                    `json:"city"`
	Show      opt[bool]                 `json:"show"`
	Announce  opt[community.Announcing] `json:"announce"`
	Tags      opt[[]string]             `json:"tags"`
	Languages opt[[]string]             `json:"languages"`
	Distance  opt[int]                  `json:"distance"`
}

var sisterFields = []string{"city", "show", "announce", "tags", "languages", "distance"}

func (in *sisterInput) apply(s *community.Sister) error {
	in.Show.into(&s.Show)
	in.Announce.into(&s.Announce)
	in.Tags.into(&s.Tags)
	in.Languages.into(&s.Languages)
	in.Distance.into(&s.Distance)
	return nil
}

// stewardReads returns nil for the token of a steward: what the city arranges with
// others is not for everyone.
func (s *Server) stewardReads(w http.ResponseWriter, r *http.Request, what string) error {
	by, err := s.authenticate(r)
	if err != nil {
		return err
	}
	if !by.Member.Role.AtLeast(community.Steward) {
		return community.Errorf(community.Forbidden, "%s are for stewards", what)
	}
	w.Header().Set("Cache-Control", "private, no-store")
	return nil
}

// apiSisters lists the sister cities and those that only follow this one: GET
// /api/v1/sisters.
func (s *Server) apiSisters(w http.ResponseWriter, r *http.Request) error {
	if err := s.stewardReads(w, r, "sister cities"); err != nil {
		return err
	}
	if err := newQuery(r).err; err != nil {
		return err
	}
	all, err := s.node.Sisters(r.Context())
	if err != nil {
		return err
	}
	out := listOutput[sisterOutput]{Items: []sisterOutput{}, Total: len(all), Page: 1, Limit: len(all)}
	for i := range all {
		out.Items = append(out.Items, sisterJSON(&all[i]))
	}
	return answer(w, r, http.StatusOK, out)
}

// sister finds the city that a request names by the number of her actor.
func (s *Server) sister(r *http.Request) (*community.Sister, error) {
	id, err := strconv.ParseInt(param(r, "id"), 10, 64)
	if err == nil {
		all, err := s.node.Sisters(r.Context())
		if err != nil {
			return nil, err
		}
		for i := range all {
			if all[i].ActorID == id {
				return &all[i], nil
			}
		}
	}
	return nil, community.Errorf(community.NotFound, "there is no such sister city")
}

// apiSister is one of them: GET /api/v1/sisters/{id}.
func (s *Server) apiSister(w http.ResponseWriter, r *http.Request) error {
	if err := s.stewardReads(w, r, "sister cities"); err != nil {
		return err
	}
	if err := newQuery(r).err; err != nil {
		return err
	}
	sister, err := s.sister(r)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, sisterJSON(sister))
}

// steward returns nil for one: to others not even the number of a city is told.
func steward(by node.By) error {
	if !by.Member.Role.AtLeast(community.Steward) {
		return &community.Error{Code: community.Forbidden, Key: "error.role.steward", Msg: "this needs a steward"}
	}
	return nil
}

// apiAddSister makes another city a sister city: POST /api/v1/sisters.
func (s *Server) apiAddSister(w http.ResponseWriter, r *http.Request, by node.By) error {
	var in sisterInput
	if err := decode(w, r, &in, sisterFields); err != nil {
		return err
	}
	if in.City == "" {
		return invalidField("city", "required", "say which city: @city@host, an address, or a host")
	}
	if err := steward(by); err != nil {
		return err
	}
	if s.remote == nil {
		return community.Errorf(community.Refused, "this server asks no other")
	}
	sister, err := s.remote.AddSister(r.Context(), by, in.City, in.apply)
	if err != nil {
		return err
	}
	w.Header().Set("Location", s.site.Base+"/api/v1/sisters/"+strconv.FormatInt(sister.ActorID, 10))
	return answer(w, r, http.StatusCreated, sisterJSON(sister))
}

// apiChangeSister changes what is named: PATCH /api/v1/sisters/{id}.
func (s *Server) apiChangeSister(w http.ResponseWriter, r *http.Request, by node.By) error {
	var in sisterInput
	if err := decode(w, r, &in, sisterFields); err != nil {
		return err
	}
	if err := steward(by); err != nil {
		return err
	}
	if in.City != "" {
		return invalidField("city", "fixed", "a sister city stays who she is; add the other one")
	}
	sister, err := s.sister(r)
	if err != nil {
		return err
	}
	if sister, err = s.node.ChangeSister(r.Context(), by, sister.Actor.URI, in.apply); err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, sisterJSON(sister))
}

// apiRemoveSister ends it: DELETE /api/v1/sisters/{id}.
func (s *Server) apiRemoveSister(w http.ResponseWriter, r *http.Request, by node.By) error {
	if err := steward(by); err != nil {
		return err
	}
	sister, err := s.sister(r)
	if err != nil {
		return err
	}
	if err := s.node.RemoveSister(r.Context(), by, sister.Actor.URI); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
