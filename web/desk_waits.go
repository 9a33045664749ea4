package web

import (
	"context"
	"net/http"
	"strings"

	"konfa/community"
	"konfa/storage"
)

// wait is something that waits for a steward, how many of it, and where.
type wait struct {
	Text, Path string
	Count      int
}

// waitProvider finds what waits. What there is none of is not told.
type waitProvider func(ctx context.Context, s *Server, v *viewer) ([]wait, error)

// waitProviders are the parts of the house that may want something of a steward,
// the most pressing first.
var waitProviders = []waitProvider{waitingGuests, waitingReplies, waitingMentions, waitingOffers, waitingDrafts}

// comingConferences are ours that are not over, drafts too.
func comingConferences(ctx context.Context, s *Server, v *viewer) ([]community.Conference, error) {
	return s.store.Conferences(ctx, storage.ConferenceQuery{Own: true, Drafts: true, EndsAfter: v.now, Limit: 200})
}

func waitingGuests(ctx context.Context, s *Server, v *viewer) ([]wait, error) {
	cs, err := comingConferences(ctx, s, v)
	if err != nil {
		return nil, err
	}
	var out []wait
	for i := range cs {
		if n := cs[i].Seats.Pending; n > 0 {
			out = append(out, wait{v.N("write.wait_guests", n, "Title", v.pick(cs[i].Title).Text), deskConf(&cs[i]) + "/guests", n})
		}
	}
	return out, nil
}

func waitingReplies(ctx context.Context, s *Server, v *viewer) ([]wait, error) {
	n, err := s.store.CountPosts(ctx, heldReplies())
	return []wait{{v.N("write.wait_replies", n), deskRepliesPath, n}}, err
}

func waitingMentions(ctx context.Context, s *Server, v *viewer) ([]wait, error) {
	n, err := s.store.CountPosts(ctx, offeredMentions())
	return []wait{{v.N("write.wait_mentions", n), deskMentionsPath, n}}, err
}

func waitingOffers(ctx context.Context, s *Server, v *viewer) ([]wait, error) {
	n, err := s.store.CountOffers(ctx, openOffers())
	return []wait{{v.N("write.wait_offers", n), deskOffersPath, n}}, err
}

func waitingDrafts(ctx context.Context, s *Server, v *viewer) ([]wait, error) {
	cs, err := comingConferences(ctx, s, v)
	if err != nil {
		return nil, err
	}
	n := 0
	for i := range cs {
		if cs[i].Draft {
			n++
		}
	}
	return []wait{{v.N("write.wait_drafts", n), confsPath, n}}, nil
}

// todo is a step of a new city.
type todo struct {
	Text, Path string
	Done       bool
}

// deskHomePage is where stewards begin.
type deskHomePage struct {
	Name  string
	Waits []wait
	Next  []deskCard
	Todos []todo
	Left  int // of them
}

// deskFront shows what waits, what comes, and what a new city has not got yet.
func (s *Server) deskFront(w http.ResponseWriter, r *http.Request, v *viewer) error {
	ctx := r.Context()
	p := deskHomePage{Name: v.me.Name}
	for _, provider := range waitProviders {
		ws, err := provider(ctx, s, v)
		if err != nil {
			return err
		}
		for _, x := range ws {
			if x.Count > 0 {
				p.Waits = append(p.Waits, x)
			}
		}
	}
	next, err := s.store.Conferences(ctx, storage.ConferenceQuery{Own: true, EndsAfter: v.now, Limit: 4})
	if err != nil {
		return err
	}
	p.Next = v.deskCards(next)
	if p.Todos, err = s.todos(ctx, v); err != nil {
		return err
	}
	for _, t := range p.Todos {
		if !t.Done {
			p.Left++
		}
	}
	return s.showDesk(w, r, v, deskPath, "desk", page{Heading: v.T("desk.home"), Sheets: writeSheets, Body: p}, http.StatusOK)
}

// todos are the first steps of a city, and which of them are done.
func (s *Server) todos(ctx context.Context, v *viewer) ([]todo, error) {
	confs, err := s.store.CountConferences(ctx, storage.ConferenceQuery{Own: true})
	if err != nil {
		return nil, err
	}
	posts, err := s.store.CountPosts(ctx, storage.PostQuery{Own: true, Kinds: []community.PostKind{community.OrdinaryPost}})
	if err != nil {
		return nil, err
	}
	members, err := s.store.Members(ctx)
	if err != nil {
		return nil, err
	}
	stewards := 0
	for i := range members {
		if members[i].Role == community.Steward && members[i].Active() {
			stewards++
		}
	}
	followers, err := s.store.CountFollowers(ctx, community.CityActor)
	if err != nil {
		return nil, err
	}
	sisters, err := s.node.Sisters(ctx)
	if err != nil {
		return nil, err
	}
	return []todo{
		{v.T("write.todo_conf"), confsPath + "/new", confs > 0},
		{v.T("write.todo_about"), cityPath, strings.TrimSpace(v.city.About.First()) != ""},
		{v.T("write.todo_post"), deskPostsPath + "/new", posts > 0},
		{v.T("write.todo_stewards"), "/about", stewards >= 3},
		{v.T("write.todo_followers"), "/", followers > 0},
		{v.T("write.todo_sisters"), deskSistersPath, len(sisters) > 0},
	}, nil
}
