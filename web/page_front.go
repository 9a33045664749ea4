package web

import (
	"context"
	"net/http"
	"slices"

	"konfa/community"
	"konfa/prose"
	"konfa/storage"
)

// publicPosts are those that everyone may see on our pages.
var publicPosts = []community.Visibility{community.Public, community.Unlisted}

// How many conferences of sister cities that we did not announce are shown.
const (
	elsewhereFront = 5
	elsewhereList  = 20
)

// front is the city: /.
func (s *Server) front(ctx context.Context, v *viewer, _ *http.Request) (*shown, error) {
	upcoming, err := s.store.Conferences(ctx, storage.ConferenceQuery{Calendar: true, EndsAfter: v.now, Limit: 7})
	if err != nil {
		return nil, err
	}
	posts, err := s.store.Posts(ctx, storage.PostQuery{News: true, Limit: 5})
	if err != nil {
		return nil, err
	}
	news, err := s.newsCards(ctx, v, posts)
	if err != nil {
		return nil, err
	}
	cities, err := s.store.FollowedList(ctx, storage.FollowQuery{Local: community.CityActor, State: community.Accepted, Limit: 50})
	if err != nil {
		return nil, err
	}
	members, err := s.store.Members(ctx)
	if err != nil {
		return nil, err
	}
	elsewhere, err := s.node.Elsewhere(ctx, elsewhereFront)
	if err != nil {
		return nil, err
	}
	body := v.front(upcoming, news, cities, members)
	body.Elsewhere = v.cards(elsewhere)
	if body.Mine, err = s.forMe(ctx, v); err != nil {
		return nil, err
	}
	if body.World, err = s.worldFront(ctx, v, slices.Concat(upcoming, elsewhere)); err != nil {
		return nil, err
	}
	about := v.markdown(v.city.About)
	lead := prose.Summary(string(about.HTML), 200)
	if lead == "" {
		lead = v.T("front.lead", "City", v.cityName().Text, "Handle", v.handle())
	}
	image := v.city.Banner
	if image == nil {
		image = v.city.Picture
	}
	var sheets []string
	if body.Mine != nil {
		sheets = []string{"desk.css"}
	}
	return &shown{"front", page{
		Sheets:      sheets,
		Heading:     v.cityName().Text,
		Description: lead,
		Class:       "front",
		ActivityID:  v.site.Actor(community.CityActor),
		Image:       image,
		Data:        v.schemaCity(),
		Body:        body,
		Pictures:    origins(v.city.Banner),
	}}, nil
}

// standing asks for our posts that lists and feeds show: public, and no answers,
// which belong where they were given.
func standing(q storage.PostQuery) storage.PostQuery {
	q.Own, q.Standing, q.Visibilities, q.Kinds = true, true, publicPosts[:1], []community.PostKind{community.OrdinaryPost}
	q.Kinds = []community.PostKind{community.OrdinaryPost}
	return q
}
