package web

import (
	"context"
	"html/template"
	"net/http"

	"konfa/community"
	"konfa/prose"
	"konfa/storage"
)

// memberPage is everything the page of a member shows. An e-mail address is not
// among it.
type memberPage struct {
	Name, Initial, Role, Since, Spoken string
	ID                                 string
	Handle                             copyField
	Suspended                          bool
	Moved                              *link // where the account lives now
	About                              template.HTML
	Organises                          []card
	Posts                              []postCard
	Form                               remoteForm
}

// member is a member of ours: /people/{name}.
func (s *Server) memberPage(ctx context.Context, v *viewer, r *http.Request) (*shown, error) {
	handle := param(r, "name")
	m, err := s.store.Member(ctx, handle)
	if err != nil {
		return nil, s.gone(ctx, "people/"+handle, err)
	}
	if !m.Deleted.IsZero() {
		return nil, community.Errorf(community.Gone, "this account was deleted")
	}
	actor := community.MemberActor(m.Handle)
	address := "@" + m.Handle + "@" + v.site.Host()
	p := memberPage{
		Name: m.Name, Initial: initial(m.Name), Role: v.T("member." + string(m.Role)), Since: v.day(m.Created.In(v.location()), true), Spoken: v.spoken(m.Languages),
		ID: v.site.Actor(actor), Handle: newCopy(address, address), Suspended: !m.Suspended.IsZero(),
		Form: v.act("server", v.site.Actor(actor), action{community.FollowIntent, v.T("follow.go")}),
	}
	sh := &shown{"member", page{Heading: m.Name, Kind: "profile", ActivityID: p.ID}}
	if p.Suspended {
		p.Spoken, sh.page.NoIndex = "", true
		sh.page.Body = p
		return sh, nil
	}
	if m.MovedTo != "" {
		p.Moved = &link{Name: m.MovedTo, URL: m.MovedTo}
		if a, err := s.store.Actor(ctx, m.MovedTo); err == nil {
			p.Moved.Name = a.Address()
		} else if community.CodeOf(err) != community.NotFound {
			return nil, err
		}
		sh.page.NoIndex = true
	}
	p.About = raise(prose.Markdown(m.About))
	sh.page.Description = prose.Summary(string(p.About), 200)
	posts, err := s.store.Posts(ctx, standing(storage.PostQuery{Author: actor, Limit: perPage}))
	if err != nil {
		return nil, err
	}
	p.Posts = v.postCards(posts)
	upcoming, err := s.store.Conferences(ctx, storage.ConferenceQuery{Calendar: true, Own: true, EndsAfter: v.now, Limit: 200})
	if err != nil {
		return nil, err
	}
	for i := range upcoming {
		for _, o := range upcoming[i].Organisers {
			if o.Handle == m.Handle {
				p.Organises = append(p.Organises, v.card(&upcoming[i]))
				break
			}
		}
	}
	sh.page.Body = p
	return sh, nil
}
