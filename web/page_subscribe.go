package web

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"konfa/community"
)

// subscribeParams choose a calendar.
var subscribeParams = []string{"from", "tag", "speaks", "place"}

// subscribePage offers every calendar there is, and every way to have it.
type subscribePage struct {
	City      string
	Form      subscribeForm
	Name      string
	Address   copyField
	Webcal    template.URL
	Google    string
	Outlook   string
	File      string
	Member    bool
	Login     string
	MineLinks string
}

type subscribeForm struct {
	World      bool
	Tag, Place string
	Languages  []choice
	Tags       []string
}

// subscribe is /subscribe: ?from=world for all known cities, ?tag=, ?speaks= and
// ?place= for a part of them.
func (s *Server) subscribe(ctx context.Context, v *viewer, r *http.Request) (*shown, error) {
	params := s.meant(r, subscribeParams)
	p := subscribePage{City: v.cityName().Text, Member: v.me != nil, Login: loginPath + "?to=/subscribe", MineLinks: "/me/links"}
	p.Form = subscribeForm{World: params.Get("from") == "world", Tag: strings.TrimSpace(params.Get("tag")), Place: strings.TrimSpace(params.Get("place"))}
	switch params.Get("from") {
	case "", "city", "world":
	default:
		return nil, invalidField("from", "choice", "city or world")
	}
	if p.Form.Place != "" {
		p.Form.World = true // our own calendar is of one place
	}
	q, names := url.Values{}, []string{}
	if t := p.Form.Tag; t != "" {
		if t = tidyTag(t); t == "" {
			return nil, invalidField("tag", "tag", "a tag has letters and digits")
		}
		q.Set("tag", t)
		names, p.Form.Tag = append(names, "#"+t), t
	}
	speaks := strings.ToLower(strings.TrimSpace(params.Get("speaks")))
	if speaks != "" {
		if !community.ValidLang(speaks) {
			return nil, invalidField("speaks", "language", "a language is two or three letters, such as ru")
		}
		q.Set("speaks", speaks)
		names = append(names, v.languageName(speaks))
	}
	file := "/conf.ics"
	p.Name = v.T("subscribe.city", "City", p.City)
	if p.Form.World {
		file, p.Name = "/world.ics", v.T("subscribe.world")
		if p.Form.Place != "" {
			q.Set("city", p.Form.Place)
			p.Name = p.Form.Place
		}
	}
	if len(names) > 0 {
		p.Name += ", " + strings.Join(names, ", ")
	}
	path := withQuery(file, q)
	address := s.site.Base + path
	webcal := "webcal://" + v.site.Host() + path
	p.Address, p.Webcal, p.File = newCopy(address, v.T("subscribe.address")), template.URL(webcal), path
	p.Google = "https://calendar.google.com/calendar/r?" + url.Values{"cid": {webcal}}.Encode()
	p.Outlook = "https://outlook.live.com/calendar/0/addfromweb?" + url.Values{"url": {address}, "name": {p.Name}}.Encode()
	var err error
	if p.Form.Tags, err = s.store.CalendarTags(ctx, v.now, 20); err != nil {
		return nil, err
	}
	languages := append([]string{}, v.city.Languages...)
	more, err := s.store.WorldWords(ctx, "lang", v.now, 20)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, l := range append(languages, more...) {
		if l, _, _ = strings.Cut(l, "-"); !seen[l] {
			seen[l] = true
			p.Form.Languages = append(p.Form.Languages, choice{Value: l, Name: upperFirst(v.languageName(l))})
		}
	}
	p.Form.Languages = choose(p.Form.Languages, speaks, func(l string) string { return upperFirst(v.languageName(l)) })
	return &shown{"subscribe", page{Heading: v.T("subscribe.title"), Description: v.T("subscribe.lead"), Section: "conf", Body: p, NoIndex: len(params) > 0, Sheets: []string{"explore.css"}}}, nil
}
