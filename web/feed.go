package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"konfa/community"
	"konfa/prose"
)

// feed is one page of what the city published, newest first: its conferences,
// those it announced, and its posts.
type feed struct {
	v        *viewer
	title    string
	lead     string
	id       string // address of the feed, which names it
	home     string // the page for people
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
	changed, _, err := s.store.CalendarStamp(ctx)
	if err != nil {
		return nil, err
	}
	total, err := s.store.CountNews(ctx)
	if err != nil {
		return nil, err
	}
	pages := max(1, (total+perPage-1)/perPage)
	if number > pages {
		return nil, community.Errorf(community.NotFound, "there is no page %d", number)
	}
	news, err := s.store.News(ctx, perPage, (number-1)*perPage)
	if err != nil {
		return nil, err
	}
	var said []community.Post
	for _, n := range news {
		if n.Post != nil {
			said = append(said, *n.Post)
		}
	}
	authors, err := s.authors(ctx, said)
	if err != nil {
		return nil, err
	}
	var entries []entry
	for _, n := range news {
		if n.Post != nil && !n.Post.Own() {
			entries = append(entries, v.boostEntry(n.Post, authors[n.Post.AuthorID]))
		} else if n.Post != nil {
			entries = append(entries, v.postEntry(n.Post))
		} else {
			entries = append(entries, v.conferenceEntry(n.Conference, n.At))
		}
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
		id: s.site.Base + path, home: s.site.Base + "/", self: address(number), first: address(1), last: address(pages), updated: changed,
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

// conferenceEntry is a conference that came into the calendar at the given
// instant.
func (v *viewer) conferenceEntry(c *community.Conference, at time.Time) entry {
	title, html, w := v.pick(c.Title), v.html(c.HTML), v.when(c, v.city)
	e := entry{
		id: conferenceID(v.site, c), url: pageURL(v.site, c), title: title.Text, lang: title.Lang,
		author: v.cityName().Text, published: at, updated: c.Updated, tags: c.Tags, image: c.Cover,
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
