package web

import (
	"net/http"
	"strconv"

	"konfa/community"
	"konfa/node"
)

// offerOutput is an offer between cities, for stewards.
type offerOutput struct {
	ID         int64                `json:"id"`
	Kind       community.OfferKind  `json:"kind"`
	State      community.OfferState `json:"state"`
	Conference string               `json:"conference"` // ActivityPub
	Title      string               `json:"title"`
	City       string               `json:"city"`
	CityName   string               `json:"city_name"`
	Note       string               `json:"note,omitempty"`
	Reason     string               `json:"reason,omitempty"`
	By         string               `json:"by,omitempty"`
	Created    string               `json:"created"`
	Updated    string               `json:"updated"`
	Expires    string               `json:"expires"`
}

func offerJSON(o *community.Offer) offerOutput {
	return offerOutput{o.ID, o.Kind, o.State, o.Object, o.Title, o.Actor.Address(), o.Actor.DisplayName(), o.Note, o.Reason, o.By,
		stampJSON(o.Created), stampJSON(o.Updated), stampJSON(o.Expires)}
}

// apiOffers lists offers, the newest first: GET /api/v1/offers.
func (s *Server) apiOffers(w http.ResponseWriter, r *http.Request) error {
	if err := s.stewardReads(w, r, "offers"); err != nil {
		return err
	}
	p := newQuery(r, "side", "open", "limit")
	side, open, limit := p.choice("side", "", "in", "out"), p.yes("open"), p.number("limit", apiLimit, 1, apiMost)
	if p.err != nil {
		return p.err
	}
	q := node.OfferList(side == "in", side == "out", open, limit)
	all, err := s.store.Offers(r.Context(), q)
	if err != nil {
		return err
	}
	total, err := s.store.CountOffers(r.Context(), q)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, offerList(all, total, limit))
}

func offerList(all []community.Offer, total, limit int) listOutput[offerOutput] {
	out := listOutput[offerOutput]{Items: []offerOutput{}, Total: total, Page: 1, Limit: limit}
	for i := range all {
		out.Items = append(out.Items, offerJSON(&all[i]))
	}
	return out
}

// apiOffer is one: GET /api/v1/offers/{id}.
func (s *Server) apiOffer(w http.ResponseWriter, r *http.Request) error {
	if err := s.stewardReads(w, r, "offers"); err != nil {
		return err
	}
	if err := newQuery(r).err; err != nil {
		return err
	}
	id, err := offerID(r)
	if err != nil {
		return err
	}
	o, err := s.store.Offer(r.Context(), id)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, offerJSON(o))
}

func offerID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(param(r, "id"), 10, 64)
	if err != nil || id < 1 {
		return 0, community.Errorf(community.NotFound, "there is no such offer")
	}
	return id, nil
}

// offerInput is a conference to be offered.
type offerInput struct {
	Conference string   `json:"conference"` // slug
	Cities     []string `json:"cities"`
	Note       string   `json:"note"`
}

var offerFields = []string{"conference", "cities", "note"}

// apiMakeOffer offers a conference of ours to sister cities: POST /api/v1/offers.
// Its organisers may do that as well as stewards.
func (s *Server) apiMakeOffer(w http.ResponseWriter, r *http.Request, by node.By) error {
	var in offerInput
	if err := decode(w, r, &in, offerFields); err != nil {
		return err
	}
	if in.Conference == "" {
		return invalidField("conference", "required", "say which conference: the last part of its address")
	}
	made, err := s.node.OfferConference(r.Context(), by, in.Conference, in.Cities, in.Note)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusCreated, offerList(made, len(made), len(made)))
}

// declineInput is what the other city is told.
type declineInput struct {
	Reason string `json:"reason"`
}

// apiAcceptOffer takes an offer up: POST /api/v1/offers/{id}/accept.
func (s *Server) apiAcceptOffer(w http.ResponseWriter, r *http.Request, by node.By) error {
	return s.changeOffer(w, r, func(id int64) (*community.Offer, error) { return s.node.AcceptOffer(r.Context(), by, id) })
}

// apiDeclineOffer turns one down: POST /api/v1/offers/{id}/decline.
func (s *Server) apiDeclineOffer(w http.ResponseWriter, r *http.Request, by node.By) error {
	var in declineInput
	if err := decodeMaybe(w, r, &in, []string{"reason"}); err != nil {
		return err
	}
	return s.changeOffer(w, r, func(id int64) (*community.Offer, error) { return s.node.DeclineOffer(r.Context(), by, id, in.Reason) })
}

// apiRevokeOffer takes one of ours back: POST /api/v1/offers/{id}/revoke.
func (s *Server) apiRevokeOffer(w http.ResponseWriter, r *http.Request, by node.By) error {
	return s.changeOffer(w, r, func(id int64) (*community.Offer, error) { return s.node.RevokeOffer(r.Context(), by, id) })
}

func (s *Server) changeOffer(w http.ResponseWriter, r *http.Request, change func(id int64) (*community.Offer, error)) error {
	id, err := offerID(r)
	if err != nil {
		return err
	}
	o, err := change(id)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, offerJSON(o))
}
