package web

import (
	"context"
	"encoding/xml"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"konfa/community"
	"konfa/lookup"
	"konfa/prose"
	"konfa/storage"
)

// How much of each group a search shows, alone and beside the others.
const (
	searchPage  = 20
	searchGroup = 8
)

// searchGroups are the parts of what is found, in the order in which they are shown.
var searchGroups = []storage.SearchGroup{storage.SearchUpcoming, storage.SearchPast, storage.SearchPosts}

// foundPage is what was found for some words.
type foundPage struct {
	Query   string
	Asked   bool
	Loose   bool // only what begins alike was found
	Groups  []foundGroup
	Single  bool // one group alone
	All     string
	Empty   empty
	Explore string
}

// foundGroup is one part of it.
type foundGroup struct {
	Name   string
	ID     string
	Hits   []found
	More   string // where the rest of it is
	Pager  pager
	Number int
}

// found is a conference or a post with the words marked.
type found struct {
	Card    *card
	Title   []lookup.Piece
	Excerpt []lookup.Piece
	Lang    string // of the excerpt, where it is not that of the page
	Post    *postCard
}

// search is /search: ?q= is what is looked for, ?in= one group, ?page= of it.
func (s *Server) search(ctx context.Context, v *viewer, r *http.Request) (*shown, error) {
	number, err := pageNumber(r)
	if err != nil {
		return nil, err
	}
	params := s.meant(r, []string{"q", "in"})
	words := lookup.Parse(params.Get("q"))
	p := foundPage{Query: words.String(), Asked: words.String() != "", All: withQuery("/search", url.Values{"q": {words.String()}})}
	p.Empty = empty{v.T("search.none", "Query", words.String()), v.T("search.none_text")}
	sh := &shown{"search", page{Heading: v.T("search.title"), Section: "search", NoIndex: p.Asked, Sheets: []string{"explore.css"}}}
	if p.Asked {
		sh.page.Heading = v.T("search.of", "Query", words.String())
	}
	groups := searchGroups
	if in := storage.SearchGroup(params.Get("in")); in != "" {
		if !slices.Contains(searchGroups, in) {
			return nil, invalidField("in", "choice", "upcoming, past or posts")
		}
		groups, p.Single = []storage.SearchGroup{in}, true
	}
	if p.Groups, err = s.find(ctx, v, words, groups, number); err != nil {
		return nil, err
	}
	if len(p.Groups) == 0 {
		if shorter, ok := words.Shorter(); ok {
			if p.Groups, err = s.find(ctx, v, shorter, groups, number); err != nil {
				return nil, err
			}
			p.Loose = len(p.Groups) > 0
		}
	}
	if number > 1 && (len(p.Groups) == 0 || !p.Single) {
		return nil, community.Errorf(community.NotFound, "there is no page %d", number)
	}
	sh.page.Body = p
	return sh, nil
}

// find looks for words in some groups; those without anything are left out.
func (s *Server) find(ctx context.Context, v *viewer, words lookup.Query, groups []storage.SearchGroup, number int) ([]foundGroup, error) {
	var out []foundGroup
	for _, in := range groups {
		q := storage.SearchQuery{Words: words, In: in, Now: v.now, Limit: searchGroup}
		if len(groups) == 1 {
			q.Limit, q.Offset = searchPage, (number-1)*searchPage
		}
		hits, more, err := s.store.Search(ctx, q)
		if err != nil {
			return nil, err
		}
		if len(hits) == 0 {
			continue
		}
		g := foundGroup{Name: v.groupName(in), ID: string(in)}
		if g.Hits, err = s.foundHits(ctx, v, words, hits); err != nil {
			return nil, err
		}
		at := func(n int) string {
			p := url.Values{"q": {words.String()}, "in": {string(in)}}
			if n > 1 {
				p.Set("page", strconv.Itoa(n))
			}
			return withQuery("/search", p)
		}
		switch {
		case len(groups) > 1 && more:
			g.More = at(1)
		case len(groups) == 1:
			g.Pager = pager{Page: number, PrevText: v.T("conferences.earlier"), NextText: v.T("conferences.later")}
			if number > 1 {
				g.Pager.Prev = at(number - 1)
			}
			if more && q.Offset+q.Limit <= storage.MaxSearchOffset {
				g.Pager.Next = at(number + 1)
			}
		}
		out = append(out, g)
	}
	return out, nil
}

func (t *tongue) groupName(in storage.SearchGroup) string {
	switch in {
	case storage.SearchUpcoming:
		return t.T("search.upcoming")
	case storage.SearchPast:
		return t.T("search.past")
	}
	return t.T("search.posts")
}

// foundHits shows what was found, with the words marked.
func (s *Server) foundHits(ctx context.Context, v *viewer, words lookup.Query, hits []storage.Hit) ([]found, error) {
	var posts []community.Post
	for _, h := range hits {
		if h.Post != nil {
			posts = append(posts, *h.Post)
		}
	}
	cards, err := s.newsCards(ctx, v, posts)
	if err != nil {
		return nil, err
	}
	var out []found
	for _, h := range hits {
		f := found{}
		var html community.Texts
		if c := h.Conference; c != nil {
			k := v.card(c)
			if !c.Own() {
				v.worldly(&k, c)
			}
			f.Card, html = &k, c.HTML
			f.Title = lookup.Mark(k.Title.Text, words)
		} else {
			i := slices.IndexFunc(posts, func(p community.Post) bool { return p.ID == h.Post.ID })
			f.Post, html = &cards[i], h.Post.HTML
			f.Title = lookup.Mark(cards[i].Title.Text, words)
			if h.Post.Warning != "" {
				html = community.Plain("", h.Post.Warning)
			}
		}
		// The words may be in a language that is not the reader's.
		for _, lang := range v.reads(html.Languages()) {
			p := html.Best(lang)
			if ps, ok := lookup.Excerpt(prose.Text(p.Text, 20_000), words, 180); ok {
				f.Excerpt, f.Lang = ps, v.langOf(p.Lang)
				break
			}
		}
		if f.Excerpt == nil && f.Post != nil {
			f.Excerpt, f.Lang = []lookup.Piece{{Text: f.Post.Excerpt.Text}}, f.Post.Excerpt.Lang
		}
		out = append(out, f)
	}
	return out, nil
}

// openSearch lets browsers search here from their address bar (OpenSearch 1.1).
func (s *Server) openSearch(w http.ResponseWriter, r *http.Request) error {
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	var name strings.Builder
	if err := xml.EscapeText(&name, []byte(v.cityName().Text)); err != nil {
		return err
	}
	body := `<?xml version="1.0" encoding="UTF-8"?>
<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/"><ShortName>` + name.String() + `</ShortName><InputEncoding>UTF-8</InputEncoding><Url type="text/html" template="` +
		template.HTMLEscapeString(s.site.Base) + `/search?q={searchTerms}"/></OpenSearchDescription>
`
	d := plainDocument([]byte(body), "application/opensearchdescription+xml; charset=utf-8")
	d.langs, d.keep = true, feedKept
	return d.serve(w, r)
}
