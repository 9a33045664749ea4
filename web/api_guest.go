package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"konfa/community"
	"konfa/node"
)

// apiGuests lists who comes, for stewards: GET
// /api/v1/conferences/{slug}/guests.
func (s *Server) apiGuests(w http.ResponseWriter, r *http.Request) error {
	by, err := s.authenticate(r)
	if err != nil {
		return err
	}
	if !by.Member.Role.AtLeast(community.Steward) {
		return community.Errorf(community.Forbidden, "the guest list is for stewards")
	}
	p := newQuery(r, "state")
	if p.err != nil {
		return p.err
	}
	var states []community.GuestState
	if raw := p.values.Get("state"); raw != "" {
		for name := range strings.SplitSeq(raw, ",") {
			if !slices.Contains(community.GuestStates, community.GuestState(name)) {
				return invalidField("state", "choice", "states are going, offered, maybe, no, waitlisted, pending, declined and unconfirmed")
			}
			states = append(states, community.GuestState(name))
		}
	}
	c, err := s.store.Conference(r.Context(), param(r, "slug"))
	if err != nil {
		return s.gone(r.Context(), "conf/"+param(r, "slug"), err)
	}
	guests, err := s.store.Guests(r.Context(), c.ID, states...)
	if err != nil {
		return err
	}
	out := listOutput[guestOutput]{Items: []guestOutput{}, Total: len(guests), Page: 1, Limit: len(guests)}
	for i := range guests {
		out.Items = append(out.Items, guestJSON(&guests[i]))
	}
	w.Header().Set("Cache-Control", "private, no-store")
	return answer(w, r, http.StatusOK, out)
}

// apiApproveGuest lets someone in: POST
// /api/v1/conferences/{slug}/guests/{id}/approve.
func (s *Server) apiApproveGuest(w http.ResponseWriter, r *http.Request, by node.By) error {
	id, err := guestID(r)
	if err != nil {
		return err
	}
	g, err := s.node.ApproveGuest(r.Context(), by, param(r, "slug"), id)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, guestJSON(&g))
}

// apiPromoteGuest gives someone of the waiting list a seat: POST
// /api/v1/conferences/{slug}/guests/{id}/promote.
func (s *Server) apiPromoteGuest(w http.ResponseWriter, r *http.Request, by node.By) error {
	id, err := guestID(r)
	if err != nil {
		return err
	}
	g, err := s.node.PromoteGuest(r.Context(), by, param(r, "slug"), id)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, guestJSON(&g))
}

// apiDeclineGuest turns someone down: POST
// /api/v1/conferences/{slug}/guests/{id}/decline.
func (s *Server) apiDeclineGuest(w http.ResponseWriter, r *http.Request, by node.By) error {
	id, err := guestID(r)
	if err != nil {
		return err
	}
	g, err := s.node.DeclineGuest(r.Context(), by, param(r, "slug"), id)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, guestJSON(&g))
}

func guestID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(param(r, "id"), 10, 64)
	if err != nil || id < 1 {
		return 0, community.Errorf(community.NotFound, "there is no such guest")
	}
	return id, nil
}
