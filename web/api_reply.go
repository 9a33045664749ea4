package web

import (
	"net/http"
	"strconv"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

// replyOutput is what someone said to or about the city, for stewards.
type replyOutput struct {
	Number     int64                `json:"number"` // for the other calls
	ID         string               `json:"id"`     // ActivityPub
	URL        string               `json:"url"`
	Author     string               `json:"author"` // ActivityPub id
	AuthorName string               `json:"author_name"`
	Address    string               `json:"address,omitempty"` // @name@host
	HTML       community.Texts      `json:"html"`
	Warning    string               `json:"warning,omitempty"`
	ReplyTo    string               `json:"reply_to,omitempty"`
	Conference string               `json:"conference,omitempty"` // slug
	State      string               `json:"state"`
	Visibility community.Visibility `json:"visibility"`
	Published  string               `json:"published"`
	Updated    string               `json:"updated,omitempty"`
	Announced  string               `json:"announced,omitempty"`
}

// apiReplies lists what people answered, for stewards: GET /api/v1/replies.
func (s *Server) apiReplies(w http.ResponseWriter, r *http.Request) error {
	p := newQuery(r, "state", "conference", "page", "limit")
	q := storage.PostQuery{InTalk: true, Kinds: []community.PostKind{community.OrdinaryPost}, Visibilities: publicPosts}
	switch p.choice("state", "", "shown", "held", "hidden") {
	case "shown":
		q.States = []community.PostState{community.Shown}
	case "held":
		q.States = []community.PostState{community.Held}
	case "hidden":
		q.States = []community.PostState{community.Hidden}
	}
	return s.answerSaid(w, r, p, q)
}

// apiMentions lists the posts of others that mention the city, for stewards: GET
// /api/v1/mentions.
func (s *Server) apiMentions(w http.ResponseWriter, r *http.Request) error {
	p := newQuery(r, "state", "page", "limit")
	q := storage.PostQuery{Mentions: true}
	switch p.choice("state", "", "offered", "boosted", "dismissed") {
	case "offered":
		q.States = []community.PostState{community.Offered}
	case "boosted":
		q.States = []community.PostState{community.Shown}
	case "dismissed":
		q.States = []community.PostState{community.Hidden}
	}
	return s.answerSaid(w, r, p, q)
}

// answerSaid answers a steward with a page of what a query picks.
func (s *Server) answerSaid(w http.ResponseWriter, r *http.Request, p *query, q storage.PostQuery) error {
	by, err := s.authenticate(r)
	if err != nil {
		return err
	}
	if !by.Member.Role.AtLeast(community.Steward) {
		return &community.Error{Code: community.Forbidden, Key: "error.role.steward", Msg: "this is for stewards"}
	}
	page, limit := p.number("page", 1, 1, 100_000), p.number("limit", apiLimit, 1, apiMost)
	if p.err != nil {
		return p.err
	}
	q.Limit, q.Offset = limit, (page-1)*limit
	ctx := r.Context()
	if slug := p.values.Get("conference"); slug != "" {
		c, err := s.store.Conference(ctx, slug)
		if err != nil {
			return s.gone(ctx, "conf/"+slug, err)
		}
		q.ConferenceID = c.ID
	}
	list, err := s.store.Posts(ctx, q)
	if err != nil {
		return err
	}
	total, err := s.store.CountPosts(ctx, q)
	if err != nil {
		return err
	}
	authors, err := s.authors(ctx, list)
	if err != nil {
		return err
	}
	out := listOutput[replyOutput]{Items: []replyOutput{}, Total: total, Page: page, Limit: limit}
	for i := range list {
		slug, err := s.conferenceOf(ctx, &list[i])
		if err != nil {
			return err
		}
		out.Items = append(out.Items, replyJSON(s.site, &list[i], authors[list[i].AuthorID], slug))
	}
	listLinks(w, r, s.site.Base, page, limit, total)
	w.Header().Set("Cache-Control", "private, no-store")
	return answer(w, r, http.StatusOK, out)
}

func replyJSON(site community.Site, p *community.Post, a *community.Actor, conference string) replyOutput {
	out := replyOutput{
		Number: p.ID, ID: p.URI, URL: postURL(p), AuthorName: p.AuthorName, HTML: list(p.HTML), Warning: p.Warning, ReplyTo: p.ReplyTo, Conference: conference,
		State: p.StateName(), Visibility: p.Visibility, Published: stampJSON(p.Published), Updated: stampJSON(p.Updated), Announced: stampJSON(p.Announced),
	}
	if p.Own() {
		out.ID, out.URL, out.Author = site.Post(p.Slug), site.Post(p.Slug), site.Actor(p.Author)
	} else if a != nil {
		out.Author, out.Address = a.URI, a.Address()
	}
	return out
}

// apiJudgeReply shows, hides or deletes an answer: POST
// /api/v1/replies/{id}/show, /hide, and DELETE /api/v1/replies/{id}.
func (s *Server) apiJudgeReply(v node.Verdict) func(http.ResponseWriter, *http.Request, node.By) error {
	return func(w http.ResponseWriter, r *http.Request, by node.By) error {
		id, err := postNumber(r)
		if err != nil {
			return err
		}
		if _, err := s.node.ModerateReply(r.Context(), by, id, v, false); err != nil {
			return err
		}
		if v == node.DeleteReply {
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		return s.answerReply(w, r, id)
	}
}

// apiJudgeMention boosts a post or not: POST /api/v1/mentions/{id}/boost and
// /dismiss.
func (s *Server) apiJudgeMention(boost bool) func(http.ResponseWriter, *http.Request, node.By) error {
	return func(w http.ResponseWriter, r *http.Request, by node.By) error {
		id, err := postNumber(r)
		if err != nil {
			return err
		}
		do := s.node.DismissPost
		if boost {
			do = s.node.BoostPost
		}
		if _, err := do(r.Context(), by, id); err != nil {
			return err
		}
		return s.answerReply(w, r, id)
	}
}

func (s *Server) answerReply(w http.ResponseWriter, r *http.Request, id int64) error {
	p, err := s.store.PostByID(r.Context(), id)
	if err != nil {
		return err
	}
	authors, err := s.authors(r.Context(), []community.Post{*p})
	if err != nil {
		return err
	}
	slug, err := s.conferenceOf(r.Context(), p)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, replyJSON(s.site, p, authors[p.AuthorID], slug))
}

func postNumber(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(param(r, "id"), 10, 64)
	if err != nil || id < 1 {
		return 0, community.Errorf(community.NotFound, "there is no such post")
	}
	return id, nil
}
