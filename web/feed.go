package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"konfa/community"
	"konfa/prose"
	"konfa/storage"
)

// feed is one page of what the city published, newest first: its conferences,
// those it announced, and its posts.
type feed struct {
	v        *viewer
	title    string
	lead     string
	self     string // address of this page of the feed
	first    string
	prev     string // newer
	next     string // older
	last     string
	updated  time.Time
	entries  []entry
	language string
}

// entry is a conference or a post in a feed.
type entry struct {
	id        string
	url       string
	title     string
	lang      string
	summary   string // plain
	html      string
	author    string
	published time.Time
	updated   time.Time
	tags      []string
	image     *picture
}

// feedKept lets readers and proxies keep a feed for a moment.
const feedKept = "public, max-age=60"

// feed serves a feed in one of its formats, with ?page= (RFC 5005 §3).
func (s *Server) feed(kind string, write func(*feed) ([]byte, error)) http.HandlerFunc {
	return s.page(func(w http.ResponseWriter, r *http.Request) error {
		allowAll(w.Header())
		v, err := s.viewer(r)
		if err != nil {
			return err
		}
		number, err := pageNumber(r)
		if err != nil {
			return err
		}
		params := s.meant(r, []string{"page"})
		d, err := s.cache.get("feed "+v.Code+" "+r.URL.EscapedPath()+"?"+params.Encode(), nil, func() (document, error) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), buildTime)
			defer cancel()
			f, err := s.readFeed(ctx, v, r.URL.Path, number, params.Get("lang"))
			if err != nil {
				return document{}, err
			}
			body, err := write(f)
			if err != nil {
				return document{}, err
			}
			d, err := newDocument(body, kind)
			d.modified, d.langs, d.keep = f.updated, true, feedKept
			d.policy = "default-src 'none'; frame-ancestors 'none'"
			return d, err
		})
		if err != nil {
			return err
		}
		w.Header().Set("Content-Language", v.Code)
		return d.serve(w, r)
	})
}

// readFeed collects one page of the feed.
func (s *Server) readFeed(ctx context.Context, v *viewer, path string, number int, lang string) (*feed, error) {
	// The newest of both kinds up to the end of the page, then merged: neither
	// list knows where the other stands.
	end := number * perPage
	// Counted first: a page that does not exist must not cost reading all.
	changed, conferences, err := s.store.CalendarStamp(ctx)
	if err != nil {
		return nil, err
	}
	posts, err := s.store.CountPosts(ctx, standing(storage.PostQuery{}))
	if err != nil {
		return nil, err
	}
	pages := max(1, (conferences+posts+perPage-1)/perPage)
	if number > pages {
		return nil, community.Errorf(community.NotFound, "there is no page %d", number)
	}
	cs, err := s.store.Conferences(ctx, storage.ConferenceQuery{Calendar: true, Own: true, Order: storage.ByPublishedDesc, Limit: end})
	if err != nil {
		return nil, err
	}
	// Those of other cities all, as when they were announced here is not the order
	// that they are stored in.
	announced, err := s.store.Conferences(ctx, storage.ConferenceQuery{Calendar: true, Foreign: true})
	if err != nil {
		return nil, err
	}
	cs = append(cs, announced...)
	ps, err := s.store.Posts(ctx, standing(storage.PostQuery{Limit: end}))
	if err != nil {
		return nil, err
	}
	// Only what is on this page is worth rendering.
	type item struct {
		at   time.Time
		make func() entry
	}
	items := make([]item, 0, len(cs)+len(ps))
	for i := range cs {
		items = append(items, item{publishedHere(&cs[i]), func() entry { return v.conferenceEntry(&cs[i]) }})
	}
	for i := range ps {
		items = append(items, item{ps[i].Published, func() entry { return v.postEntry(&ps[i]) }})
	}
	slices.SortStableFunc(items, func(a, b item) int { return b.at.Compare(a.at) })
	var entries []entry
	for _, it := range items[min(len(items), end-perPage):min(len(items), end)] {
		entries = append(entries, it.make())
	}
	address := func(n int) string {
		q := url.Values{}
		if n > 1 {
			q.Set("page", strconv.Itoa(n))
		}
		if lang != "" {
			q.Set("lang", lang)
		}
		return s.site.Base + withQuery(path, q)
	}
	f := &feed{
		v: v, title: v.T("feed.title", "City", v.cityName().Text), lead: prose.Summary(string(v.markdown(v.city.About).HTML), 300), language: v.Code,
		self: address(number), first: address(1), last: address(pages), updated: changed,
		entries: entries,
	}
	if number > 1 {
		f.prev = address(number - 1)
	}
	if number < pages {
		f.next = address(number + 1)
	}
	for _, e := range f.entries {
		if e.updated.After(f.updated) {
			f.updated = e.updated
		}
	}
	f.updated = later(f.updated, v.city.Updated)
	return f, nil
}

// publishedHere is when a conference came into the calendar: one of another city
// when this one announced it.
func publishedHere(c *community.Conference) time.Time {
	if c.Own() {
		return c.Published
	}
	return later(c.Published, c.Announced)
}

func (v *viewer) conferenceEntry(c *community.Conference) entry {
	title, html, w := v.pick(c.Title), v.html(c.HTML), v.when(c, v.city)
	e := entry{
		id: conferenceID(v.site, c), url: pageURL(v.site, c), title: title.Text, lang: title.Lang,
		author: v.cityName().Text, published: publishedHere(c), updated: c.Updated, tags: c.Tags, image: c.Cover,
	}
	if !c.Own() {
		if e.author = c.Origin; e.author == "" {
			e.author = hostOf(c.URI) // a feed wants an author
		}
	}
	if key := "conf.status." + string(c.Status); c.Status != community.Scheduled && v.Has(key) {
		e.title = v.T(key) + ": " + e.title
	}
	when, where := w.Line(), v.where(c)
	if w.Timed {
		when += " (" + w.Zone + ")"
	}
	e.summary = when + " · " + where
	e.html = "<p>" + escape(v.T("feed.when", "When", when)) + "<br>" + escape(v.T("feed.where", "Where", where)) + "</p>" + string(html.HTML)
	if e.updated.Before(e.published) {
		e.updated = e.published
	}
	return e
}

func (v *viewer) postEntry(p *community.Post) entry {
	title, html := v.pick(p.Title), v.html(p.HTML)
	e := entry{
		id: v.site.Post(p.Slug), url: v.site.Post(p.Slug), title: title.Text, lang: html.Lang, html: string(html.HTML),
		author: v.author(p).Name, published: p.Published, updated: p.Updated, tags: p.Tags,
	}
	e.summary = prose.Summary(e.html, 300)
	if p.Warning != "" {
		e.summary, e.html = p.Warning, "<p>"+escape(p.Warning)+"</p>"
	}
	if len(p.Pictures) > 0 {
		e.image = &p.Pictures[0]
	}
	if e.updated.Before(e.published) {
		e.updated = e.published
	}
	return e
}
