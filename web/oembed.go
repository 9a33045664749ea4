package web

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"konfa/community"
)

// oembed is an answer after oembed.com §2.3.4, of the type rich.
type oembed struct {
	XMLName      xml.Name `json:"-" xml:"oembed"`
	Type         string   `json:"type" xml:"type"`
	Version      string   `json:"version" xml:"version"`
	Title        string   `json:"title,omitempty" xml:"title,omitempty"`
	AuthorName   string   `json:"author_name,omitempty" xml:"author_name,omitempty"`
	AuthorURL    string   `json:"author_url,omitempty" xml:"author_url,omitempty"`
	ProviderName string   `json:"provider_name" xml:"provider_name"`
	ProviderURL  string   `json:"provider_url" xml:"provider_url"`
	CacheAge     int      `json:"cache_age" xml:"cache_age"`
	HTML         string   `json:"html" xml:"html"`
	Width        int      `json:"width" xml:"width"`
	Height       int      `json:"height" xml:"height"`
}

// Size of what is shown, in pixels, where the one who asks sets no bounds.
const (
	oembedWidth  = 560
	oembedHeight = 330
	oembedLeast  = 220 // below that nothing can be read
)

// oembedFor is the address that answers how to show an address of ours.
func oembedFor(base, address string) string {
	return base + withQuery("/oembed", url.Values{"url": {address}})
}

// oembed is /oembed: ?url= is a conference, a post, the list of conferences or the city. What is not
// there, or not for everyone, is 404; a format that is neither JSON nor XML is 501.
func (s *Server) oembed(w http.ResponseWriter, r *http.Request) error {
	allowAll(w.Header())
	v, err := s.viewer(r)
	if err != nil {
		return err
	}
	params := s.meant(r, []string{"url", "format", "maxwidth", "maxheight"})
	format := params.Get("format")
	if format == "" {
		format = "json"
	}
	if format != "json" && format != "xml" {
		http.Error(w, "konfa knows json and xml", http.StatusNotImplemented)
		return nil
	}
	width, height := oembedWidth, oembedHeight
	for name, size := range map[string]*int{"maxwidth": &width, "maxheight": &height} {
		if raw := params.Get(name); raw != "" {
			n, err := strconv.Atoi(raw)
			if err != nil || n < 1 {
				return invalidField(name, "range", "a number of pixels")
			}
			*size = max(1, min(*size, n))
		}
	}
	d, err := s.cache.get("oembed "+v.Code+" "+params.Encode(), nil, func() (document, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), buildTime)
		defer cancel()
		o, err := s.oembedOf(ctx, v, params.Get("url"), width, height)
		if err != nil {
			return document{}, err
		}
		var body []byte
		kind := "application/json; charset=utf-8"
		if format == "xml" {
			kind = "text/xml; charset=utf-8"
			if body, err = xml.Marshal(o); err == nil {
				body = append([]byte(xml.Header), body...)
			}
		} else {
			body, err = json.Marshal(o)
		}
		if err != nil {
			return document{}, err
		}
		d, err := newDocument(body, kind)
		d.langs, d.keep, d.policy = true, "public, max-age=300", "default-src 'none'; frame-ancestors 'none'"
		return d, err
	})
	if code := community.CodeOf(err); code == community.NotFound || code == community.Gone {
		http.Error(w, "there is nothing of this city at that address", http.StatusNotFound)
		return nil
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Language", v.Code)
	return d.serve(w, r)
}

func (s *Server) oembedOf(ctx context.Context, v *viewer, address string, width, height int) (*oembed, error) {
	nothing := community.Errorf(community.NotFound, "there is nothing of this city at %.200q", address)
	u, err := url.Parse(address)
	if err != nil || !strings.EqualFold(u.Host, v.site.Host()) || u.Scheme != "https" && u.Scheme != "http" {
		return nil, nothing
	}
	o := &oembed{Type: "rich", Version: "1.0", ProviderName: v.cityName().Text, ProviderURL: s.site.Base + "/", AuthorName: v.cityName().Text, AuthorURL: s.site.Base + "/", CacheAge: 300, Width: width, Height: height}
	q := url.Values{}
	if t, ok := s.tongues.byCode(u.Query().Get("lang")); ok {
		q.Set("lang", t.Code)
	}
	path := strings.TrimSuffix(u.Path, "/")
	switch kind, slug, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/"); {
	case path == "" || path == "/conf":
		o.Title = v.T("embed.by", "City", v.cityName().Text)
		o.HTML = frameCode(s.site.Base+withQuery("/embed/conferences", q), o.Title, strconv.Itoa(width), height, s.site.Base+"/conf")
	case kind == "conf" && slug != "":
		c, err := s.ownConference(ctx, slug)
		if err != nil {
			return nil, err
		}
		o.Title = v.pick(c.Title).Text
		o.HTML = frameCode(s.site.Base+withQuery("/embed/conf/"+c.Slug, q), o.Title, strconv.Itoa(width), height, s.site.Conference(c.Slug))
	case kind == "posts" && slug != "":
		p, err := s.store.Post(ctx, slug)
		if err != nil {
			return nil, err
		}
		if p.Draft || p.Visibility != community.Public && p.Visibility != community.Unlisted || p.State != "" {
			return nil, nothing
		}
		k := v.postCard(p)
		o.Title, o.AuthorName = k.Title.Text, k.Author.Name
		said := k.Excerpt.Text
		if p.Warning != "" {
			said = p.Warning
		}
		e := html.EscapeString
		o.HTML = `<blockquote cite="` + e(v.site.Post(p.Slug)) + `">`
		if o.Title != "" {
			o.HTML += `<p><strong>` + e(o.Title) + `</strong></p>`
		}
		o.HTML += `<p>` + strings.ReplaceAll(e(said), "\n", "<br>") + `</p><p>— ` + e(k.Author.Name) + `, <a href="` + e(v.site.Post(p.Slug)) + `">` + e(k.Date) + `</a></p></blockquote>`
	default:
		return nil, nothing
	}
	return o, nil
}

// oembedOf leads to how a conference of ours is shown elsewhere.
func (v *viewer) oembedOf(c *community.Conference) string {
	if !c.Own() {
		return ""
	}
	return oembedFor(v.site.Base, v.site.Conference(c.Slug))
}
