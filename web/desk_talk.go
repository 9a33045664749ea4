package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

// Where stewards see what others said, and what other cities do.
const (
	deskRepliesPath  = deskPath + "/replies"
	deskMentionsPath = deskPath + "/mentions"
	deskOffersPath   = deskPath + "/offers"
	deskSistersPath  = deskPath + "/sisters"
)

// repliesQuery picks what people anywhere answered in our talks.
func repliesQuery(states ...community.PostState) storage.PostQuery {
	return storage.PostQuery{InTalk: true, Kinds: []community.PostKind{community.OrdinaryPost},
		Visibilities: []community.Visibility{community.Public, community.Unlisted}, States: states}
}

func heldReplies() storage.PostQuery { return repliesQuery(community.Held) }

func offeredMentions() storage.PostQuery {
	return storage.PostQuery{Mentions: true, States: []community.PostState{community.Offered}}
}

func openOffers() storage.OfferQuery { return node.OfferList(true, false, true, 0) }

// saidPage lists what was said elsewhere.
type saidPage struct {
	Tabs   []deskLink
	States []deskLink
	List   []said
	Empty  empty
	Pager  pager
	Saved  string
	Talk   bool   // answers, which are shown, hidden or deleted; else mentions
	Path   string // where the buttons of one lead, before its number
	Back   string // what they come back to
}

// said is one of it.
type said struct {
	ID                        string
	Author                    person
	Date, Published           string
	Warning, URL, State       string
	Text                      rich
	About                     *link // what it belongs to
	Held, Shown, Hidden, Open bool
}

// tabs are pages that belong together, with the one at path marked.
func tabs(current string, pairs ...string) []deskLink {
	var out []deskLink
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, deskLink{pairs[i], pairs[i+1], pairs[i] == current})
	}
	return out
}

// says makes rows of what was said.
func (s *Server) says(ctx context.Context, v *viewer, list []community.Post) ([]said, error) {
	var ids []int64
	for i := range list {
		if list[i].AuthorID != 0 {
			ids = append(ids, list[i].AuthorID)
		}
	}
	authors, err := s.store.Actors(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]said, len(list))
	for i := range list {
		p := &list[i]
		x := said{ID: strconv.FormatInt(p.ID, 10), Date: v.stamp(p.Published), Warning: p.Warning, URL: p.URL, Text: v.html(p.HTML),
			Held: p.State == community.Held, Shown: p.State == community.Shown, Hidden: p.State == community.Hidden, Open: p.State == community.Offered,
			State: v.T("write_name.said_" + p.StateName())}
		if x.URL == "" {
			x.URL = p.URI
		}
		if a := authors[p.AuthorID]; a != nil {
			x.Author = person{Name: a.DisplayName(), Path: orPath(a.URL, a.URI), Note: a.Address(), Initial: initial(a.DisplayName())}
		} else {
			x.Author = v.author(p)
			x.URL = "/posts/" + p.Slug
		}
		if p.ConferenceID != 0 {
			c, err := s.store.ConferenceByID(ctx, p.ConferenceID)
			switch {
			case err == nil:
				x.About = &link{v.pick(c.Title).Text, conferencePath(c)}
			case community.CodeOf(err) != community.NotFound:
				return nil, err
			}
		} else if slug, ok := v.site.PostSlug(p.Thread); ok {
			x.About = &link{v.T("write.a_post"), "/posts/" + slug}
		}
		out[i] = x
	}
	return out, nil
}

func orPath(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// deskReplies lists the answers that wait, or those that were hidden or shown: GET
// /desk/replies, with state and page.
func (s *Server) deskReplies(w http.ResponseWriter, r *http.Request, v *viewer) error {
	state := r.URL.Query().Get("state")
	q := heldReplies()
	switch state {
	case "hidden":
		q = repliesQuery(community.Hidden)
	case "shown":
		q = repliesQuery(community.Shown)
	default:
		state = ""
	}
	p := saidPage{Talk: true, Path: deskRepliesPath, Empty: empty{Title: v.T("write.replies_none")},
		Tabs:   tabs(deskRepliesPath, deskRepliesPath, v.T("write.replies"), deskMentionsPath, v.T("write.mentions")),
		States: tabs(withState(deskRepliesPath, state), deskRepliesPath, v.T("write_name.said_held"), withState(deskRepliesPath, "shown"), v.T("write_name.said_shown"), withState(deskRepliesPath, "hidden"), v.T("write_name.said_hidden"))}
	return s.showSaid(w, r, v, p, q, state)
}

// deskMentions lists the posts that mention the city: GET /desk/mentions, with state
// and page.
func (s *Server) deskMentions(w http.ResponseWriter, r *http.Request, v *viewer) error {
	state := r.URL.Query().Get("state")
	q := offeredMentions()
	switch state {
	case "boosted":
		q.States = []community.PostState{community.Shown}
	case "dismissed":
		q.States = []community.PostState{community.Hidden}
	default:
		state = ""
	}
	p := saidPage{Path: deskMentionsPath, Empty: empty{Title: v.T("write.mentions_none")},
		Tabs:   tabs(deskMentionsPath, deskRepliesPath, v.T("write.replies"), deskMentionsPath, v.T("write.mentions")),
		States: tabs(withState(deskMentionsPath, state), deskMentionsPath, v.T("write_name.said_offered"), withState(deskMentionsPath, "boosted"), v.T("write_name.said_boosted"), withState(deskMentionsPath, "dismissed"), v.T("write_name.said_dismissed"))}
	return s.showSaid(w, r, v, p, q, state)
}

func withState(path, state string) string {
	if state == "" {
		return path
	}
	return path + "?state=" + state
}

func (s *Server) showSaid(w http.ResponseWriter, r *http.Request, v *viewer, p saidPage, q storage.PostQuery, state string) error {
	ctx := r.Context()
	number, err := pageNumber(r)
	if err != nil {
		return err
	}
	total, err := s.store.CountPosts(ctx, q)
	if err != nil {
		return err
	}
	q.Limit, q.Offset = perPage, (number-1)*perPage
	list, err := s.store.Posts(ctx, q)
	if err != nil {
		return err
	}
	if p.List, err = s.says(ctx, v, list); err != nil {
		return err
	}
	params := url.Values{}
	if state != "" {
		params.Set("state", state)
	}
	p.Back = state
	p.Pager = newPager(p.Path, params, number, total, v.T("conferences.newer"), v.T("conferences.older"))
	if done := r.URL.Query().Get("done"); done == "show" || done == "hide" || done == "delete" || done == "boost" || done == "dismiss" {
		p.Saved = v.T("write_name.done_" + done)
	}
	heading := v.T("write.mentions")
	if p.Talk {
		heading = v.T("write.replies")
	}
	return s.showDesk(w, r, v, deskRepliesPath, "desk_said", page{Heading: heading, Sheets: writeSheets, Body: p}, http.StatusOK)
}

// idOf is the number in the path of a request; NotFound for what is none.
func idOf(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(param(r, "id"), 10, 64)
	if err != nil {
		return 0, community.Errorf(community.NotFound, "there is nothing with the number %q", param(r, "id"))
	}
	return id, nil
}

// backTo is a list that one came from, with what was done there.
func backTo(path, state, done string) seeOther {
	q := url.Values{"done": {done}}
	switch state {
	case "hidden", "shown", "boosted", "dismissed":
		q.Set("state", state)
	}
	return seeOther(path + "?" + q.Encode())
}

// judgeReply shows, hides or deletes an answer: POST /desk/replies/{id} with
// verdict, and below for everything that answers it.
func (s *Server) judgeReply(w http.ResponseWriter, r *http.Request, v *viewer) error {
	id, err := idOf(r)
	if err != nil {
		return err
	}
	verdict := node.Verdict(r.PostFormValue("verdict"))
	if _, err := s.node.ModerateReply(r.Context(), v.by(), id, verdict, r.PostFormValue("below") == "1"); err != nil {
		return err
	}
	return backTo(deskRepliesPath, r.PostFormValue("state"), string(verdict))
}

// judgeMention boosts or dismisses a post: POST /desk/mentions/{id} with verdict.
func (s *Server) judgeMention(w http.ResponseWriter, r *http.Request, v *viewer) error {
	id, err := idOf(r)
	if err != nil {
		return err
	}
	verdict := r.PostFormValue("verdict")
	switch verdict {
	case "boost":
		_, err = s.node.BoostPost(r.Context(), v.by(), id)
	case "dismiss":
		_, err = s.node.DismissPost(r.Context(), v.by(), id)
	default:
		err = community.Errorf(community.Invalid, "a mention is boosted or dismissed, not %q", verdict)
	}
	if err != nil {
		return err
	}
	return backTo(deskMentionsPath, r.PostFormValue("state"), verdict)
}

// offersPage lists offers, to us and of ours.
type offersPage struct {
	Tabs  []deskLink
	Saved string
	In    []offerRow
	Out   []offerRow
	Past  []offerRow
	Empty empty
	Form  *form
	Bad   string // number of the offer whose form is wrong
}

// offerRow is an offer with what can be done about it.
type offerRow struct {
	offerLine
	ID            string
	Title, Path   string
	Ours, Open    bool
	Proposal      bool
	Expires       string
	DeclineReason fieldView
}

// deskOffers lists the offers: GET /desk/offers.
func (s *Server) deskOffers(w http.ResponseWriter, r *http.Request, v *viewer) error {
	return s.showOffers(w, r, v, newForm(nil), "", http.StatusOK)
}

func (s *Server) showOffers(w http.ResponseWriter, r *http.Request, v *viewer, f *form, bad string, status int) error {
	ctx := r.Context()
	list, err := s.store.Offers(ctx, storage.OfferQuery{Limit: 200})
	if err != nil {
		return err
	}
	p := offersPage{Tabs: tabs(deskOffersPath, deskOffersPath, v.T("write.offers"), deskSistersPath, v.T("write.sisters")), Empty: empty{Title: v.T("write.offers_none")}, Form: f, Bad: bad}
	for i := range list {
		o := &list[i]
		row := offerRow{offerLine: v.offerLine(o), ID: strconv.FormatInt(o.ID, 10), Title: o.Title, Path: o.Object, Ours: o.Kind == community.OfferOut, Open: o.Open(), Proposal: o.Kind == community.Proposal, Expires: v.stamp(o.Expires)}
		of := newForm(nil)
		if bad == row.ID {
			of = f
		}
		row.DeclineReason = newField(of, "reason", v.T("write.offer_reason"), "max", 500)
		switch {
		case row.Open && !row.Ours:
			p.In = append(p.In, row)
		case row.Ours && o.Counts():
			p.Out = append(p.Out, row)
		case len(p.Past) < 30:
			p.Past = append(p.Past, row)
		}
	}
	if done := r.URL.Query().Get("done"); done == "accept" || done == "decline" || done == "revoke" {
		p.Saved = v.T("write_name.done_" + done)
	}
	return s.showDesk(w, r, v, deskOffersPath, "desk_offers", page{Heading: v.T("write.offers"), Sheets: writeSheets, Body: p}, status)
}

// judgeOffer accepts, declines or revokes an offer: POST /desk/offers/{id} with
// verdict and reason.
func (s *Server) judgeOffer(w http.ResponseWriter, r *http.Request, v *viewer) error {
	id, err := idOf(r)
	if err != nil {
		return err
	}
	f := newForm(r.PostForm)
	verdict, reason := f.Value("verdict"), strings.TrimSpace(f.Value("reason"))
	switch {
	case verdict == "decline" && len([]rune(reason)) > 500:
		f.wrong("reason", v.T("write.too_long", "Most", 500))
		return s.showOffers(w, r, v, f, strconv.FormatInt(id, 10), http.StatusUnprocessableEntity)
	case verdict == "accept":
		_, err = s.node.AcceptOffer(r.Context(), v.by(), id)
	case verdict == "decline":
		_, err = s.node.DeclineOffer(r.Context(), v.by(), id, reason)
	case verdict == "revoke":
		_, err = s.node.RevokeOffer(r.Context(), v.by(), id)
	default:
		err = community.Errorf(community.Invalid, "an offer is accepted, declined or revoked, not %q", verdict)
	}
	if err != nil {
		status, err := s.refuse(f, v, err, nil)
		if err != nil {
			return err
		}
		return s.showOffers(w, r, v, f, "", status)
	}
	return backTo(deskOffersPath, "", verdict)
}

// sistersPage lists the sister cities, with a form to add one.
type sistersPage struct {
	Tabs  []deskLink
	Saved string
	List  []sisterRow
	Asked []sisterRow // follow us without being followed
	Form  *form
	Empty empty
}

// sisterRow is a sister city.
type sisterRow struct {
	ID, Name, Address, State, Announce, Path, Handle string
	Filters                                          []string
}

// sisterPage is the settings of one.
type sisterPage struct {
	Tabs     []deskLink
	Form     *form
	Name     string
	Path     string
	Announce []formOption
	Show     []formOption
	Wrong    bool
}

func (v *viewer) announcings() []formOption {
	var out []formOption
	for _, a := range community.Announcings {
		out = append(out, formOption{Value: string(a), Text: v.T("write_name.announce_" + string(a)), Hint: v.T("write_name.announce_" + string(a) + "_hint")})
	}
	return out
}

func (v *viewer) sisterRow(x *community.Sister) sisterRow {
	row := sisterRow{ID: strconv.FormatInt(x.ActorID, 10), Name: x.Actor.DisplayName(), Address: x.Actor.Address(), State: v.T("write_name.sister_" + string(x.State())),
		Path: orPath(x.Actor.URL, x.Actor.URI), Handle: x.Actor.Address()}
	if x.ID != 0 {
		row.Announce = v.T("write_name.announce_" + string(x.Announce))
	}
	for _, t := range x.Tags {
		row.Filters = append(row.Filters, "#"+t)
	}
	if len(x.Languages) > 0 {
		row.Filters = append(row.Filters, v.spoken(x.Languages))
	}
	if x.Distance > 0 {
		row.Filters = append(row.Filters, v.T("write.within", "Distance", x.Distance))
	}
	return row
}

// deskSisters lists the sister cities: GET /desk/sisters.
func (s *Server) deskSisters(w http.ResponseWriter, r *http.Request, v *viewer) error {
	f := newForm(nil)
	f.Set("announce", string(community.AnnounceApprove))
	return s.showSisters(w, r, v, f, http.StatusOK)
}

func (s *Server) showSisters(w http.ResponseWriter, r *http.Request, v *viewer, f *form, status int) error {
	list, err := s.node.Sisters(r.Context())
	if err != nil {
		return err
	}
	p := sistersPage{Tabs: tabs(deskSistersPath, deskOffersPath, v.T("write.offers"), deskSistersPath, v.T("write.sisters")), Form: f, Empty: empty{v.T("write.sisters_none"), v.T("write.sisters_none_text")}}
	for i := range list {
		row := v.sisterRow(&list[i])
		if list[i].ID == 0 {
			p.Asked = append(p.Asked, row)
		} else {
			p.List = append(p.List, row)
		}
	}
	if done := r.URL.Query().Get("done"); done == "added" || done == "saved" || done == "removed" {
		p.Saved = v.T("write_name.done_sister_" + done)
	}
	body := struct {
		sistersPage
		Announce []formOption
	}{p, v.announcings()}
	return s.showDesk(w, r, v, deskOffersPath, "desk_sisters", page{Heading: v.T("write.sisters"), Sheets: writeSheets, Body: body}, status)
}

// addSister makes a city a sister city: POST /desk/sisters.
func (s *Server) addSister(w http.ResponseWriter, r *http.Request, v *viewer) error {
	f := newForm(r.PostForm)
	city := strings.TrimSpace(f.Value("city"))
	if city == "" || len(city) > maxParam {
		f.wrong("city", v.T("write.sister_missing"))
		return s.showSisters(w, r, v, f, http.StatusUnprocessableEntity)
	}
	mode := community.Announcing(f.Value("announce"))
	if s.remote == nil {
		f.wrong("city", v.T("write.sister_silent"))
		return s.showSisters(w, r, v, f, http.StatusUnprocessableEntity)
	}
	if !s.asking.allow(r) {
		return errRate
	}
	ctx, cancel := context.WithTimeout(r.Context(), remoteTime)
	defer cancel()
	_, err := s.remote.AddSister(ctx, v.by(), city, func(x *community.Sister) error { x.Announce = mode; return nil })
	if err != nil {
		status, err := s.refuse(f, v, err, map[string]string{"uri": "city", "actor": "city"})
		if err != nil {
			return err
		}
		if len(f.Problems) == 0 {
			if status == http.StatusNotFound {
				f.Error, f.Hint = "", ""
				status = http.StatusUnprocessableEntity
				f.wrong("city", v.T("write.sister_silent"))
			}
		}
		return s.showSisters(w, r, v, f, status)
	}
	return seeOther(deskSistersPath + "?done=added")
}

// sisterAt finds a sister city by the number in the path.
func (s *Server) sisterAt(r *http.Request) (*community.Sister, error) {
	id, err := idOf(r)
	if err != nil {
		return nil, err
	}
	list, err := s.node.Sisters(r.Context())
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].ActorID == id && list[i].ID != 0 {
			return &list[i], nil
		}
	}
	return nil, community.Errorf(community.NotFound, "there is no such sister city")
}

// editSister shows the settings of a sister city: GET /desk/sisters/{id}.
func (s *Server) editSister(w http.ResponseWriter, r *http.Request, v *viewer) error {
	x, err := s.sisterAt(r)
	if err != nil {
		return err
	}
	f := newForm(nil)
	f.Set("announce", string(x.Announce))
	if x.Show {
		f.Set("show", "1")
	}
	f.Set("tags", strings.Join(x.Tags, ", "))
	f.Set("languages", strings.Join(x.Languages, ", "))
	if x.Distance > 0 {
		f.Set("distance", strconv.Itoa(x.Distance))
	}
	return s.showSister(w, r, v, x, f, http.StatusOK)
}

func (s *Server) showSister(w http.ResponseWriter, r *http.Request, v *viewer, x *community.Sister, f *form, status int) error {
	p := sisterPage{Tabs: tabs(deskSistersPath, deskOffersPath, v.T("write.offers"), deskSistersPath, v.T("write.sisters")), Form: f, Name: x.Actor.DisplayName(),
		Path: deskSistersPath + "/" + strconv.FormatInt(x.ActorID, 10), Announce: v.announcings(), Show: []formOption{{Value: "1", Text: v.T("write.sister_show")}}}
	return s.showDesk(w, r, v, deskOffersPath, "desk_sister", page{Heading: p.Name, Sheets: writeSheets, Body: p}, status)
}

// saveSister changes the settings of a sister city, or removes it: POST
// /desk/sisters/{id} with do.
func (s *Server) saveSister(w http.ResponseWriter, r *http.Request, v *viewer) error {
	x, err := s.sisterAt(r)
	if err != nil {
		return err
	}
	f := newForm(r.PostForm)
	if f.Value("do") == "remove" {
		if err := s.node.RemoveSister(r.Context(), v.by(), x.Actor.URI); err != nil {
			return err
		}
		return seeOther(deskSistersPath + "?done=removed")
	}
	distance := 0
	if d := strings.TrimSpace(f.Value("distance")); d != "" {
		if distance, err = strconv.Atoi(d); err != nil {
			f.wrong("distance", v.T("write.number"))
			return s.showSister(w, r, v, x, f, http.StatusUnprocessableEntity)
		}
	}
	_, err = s.node.ChangeSister(r.Context(), v.by(), x.Actor.URI, func(x *community.Sister) error {
		x.Announce, x.Show = community.Announcing(f.Value("announce")), f.Has("show", "1")
		x.Tags, x.Languages, x.Distance = listed(f.Value("tags")), listed(f.Value("languages")), distance
		return nil
	})
	if err != nil {
		status, err := s.refuse(f, v, err, nil)
		if err != nil {
			return err
		}
		return s.showSister(w, r, v, x, f, status)
	}
	return seeOther(deskSistersPath + "?done=saved")
}
