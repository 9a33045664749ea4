package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"konfa/community"
	"konfa/storage"
)

// perPage is how many conferences or posts a page of a list has.
const perPage = 50

// tagPage is everything about one topic.
type tagPage struct {
	Heading   string
	Tag       string
	Explore   string
	Months    []month
	PastCards []card
	Posts     []postCard
	Empty     empty
	Calendar  string
}

type month struct {
	Name  string
	Cards []card
}

// pager leads through the pages of a list.
type pager struct {
	Prev, Next         string
	PrevText, NextText string
	Page, Pages        int
}

// newPager makes a pager for a list of total entries. Address is that of the
// first page.
func newPager(address string, q url.Values, number, total int, prev, next string) pager {
	return newPagerOf(perPage, address, q, number, total, prev, next)
}

// newPagerOf is newPager for pages of another size.
func newPagerOf(size int, address string, q url.Values, number, total int, prev, next string) pager {
	p := pager{Page: number, Pages: max(1, (total+size-1)/size), PrevText: prev, NextText: next}
	at := func(n int) string {
		q := url.Values(mapClone(q))
		q.Del("lang")
		if n > 1 {
			q.Set("page", strconv.Itoa(n))
		} else {
			q.Del("page")
		}
		return withQuery(address, q)
	}
	if number > 1 {
		p.Prev = at(number - 1)
	}
	if number < p.Pages {
		p.Next = at(number + 1)
	}
	return p
}

func mapClone(q url.Values) url.Values {
	out := url.Values{}
	for k, v := range q {
		out[k] = slices.Clone(v)
	}
	return out
}

// pageNumber reads ?page=. A page that does not exist is not found.
func pageNumber(r *http.Request) (int, error) {
	raw := r.URL.Query().Get("page")
	if raw == "" {
		return 1, nil
	}
	n, err := strconv.Atoi(raw)
	if err != nil || n < 1 || n > 100_000 {
		return 0, community.Errorf(community.NotFound, "there is no page %.20q", raw)
	}
	return n, nil
}

// months groups cards under the months that conferences start in, on their own
// clocks.
func (v *viewer) months(cs []community.Conference) []month {
	var out []month
	for i := range cs {
		name := v.month(cs[i].LocalStart())
		if len(out) == 0 || out[len(out)-1].Name != name {
			out = append(out, month{Name: name})
		}
		m := &out[len(out)-1]
		m.Cards = append(m.Cards, v.card(&cs[i]))
	}
	return out
}

// tidyTag is a tag in the form that is stored, so that #Maps finds what is about
// maps; "" for what is none.
func tidyTag(s string) string {
	c := community.Conference{Tags: []string{s}}
	c.Tidy()
	if len(c.Tags) == 0 {
		return ""
	}
	return c.Tags[0]
}

// tag is everything about one topic: /tags/{tag}.
func (s *Server) tag(ctx context.Context, v *viewer, r *http.Request) (*shown, error) {
	name := tidyTag(param(r, "tag"))
	if name == "" {
		return nil, community.Errorf(community.NotFound, "there is no such topic")
	}
	upcoming, err := s.store.Conferences(ctx, storage.ConferenceQuery{Calendar: true, Tag: name, EndsAfter: v.now, Limit: perPage})
	if err != nil {
		return nil, err
	}
	past, err := s.store.Conferences(ctx, storage.ConferenceQuery{Calendar: true, Tag: name, EndsBefore: v.now, Order: storage.ByStartDesc, Limit: perPage})
	if err != nil {
		return nil, err
	}
	posts, err := s.store.Posts(ctx, standing(storage.PostQuery{Tag: name, Limit: 200}))
	if err != nil {
		return nil, err
	}
	if len(upcoming)+len(past)+len(posts) == 0 {
		return nil, &community.Error{Code: community.NotFound, Msg: v.T("tag.none", "Tag", name)}
	}
	p := tagPage{
		Heading: v.T("tag.title", "Tag", name), Tag: name, Explore: withQuery("/conf", url.Values{"tag": {name}}), Calendar: withQuery("/conf.ics", url.Values{"tag": {name}}), Months: v.months(upcoming), PastCards: v.cards(past), Posts: v.postCards(posts),
		Empty: empty{v.T("conferences.none"), v.T("conferences.none_upcoming")},
	}
	return &shown{"tag", page{Heading: p.Heading, Description: v.T("conferences.tagged", "Tag", name), Section: "conf", Body: p}}, nil
}
