package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"konfa/community"
)

// cityPath is where the stewards change the city.
const cityPath = "/desk/city"

// cityPage is the city in a form.
type cityPage struct {
	Form            *form
	Tongues         []cityTongue
	Languages       []formOption
	Mentions        []formOption
	Picture, Banner *community.Picture
	Handle          string
	Saved           bool
	Version         string // of the city that the form shows
}

// cityTongue is what the city says in one language.
type cityTongue struct{ Code, Name string }

// maxLinks bounds the links of a city.
const maxLinks = 12

// cityForm is the city as it is, in a form.
func (s *Server) cityForm(c *community.City) *form {
	f := newForm(nil)
	for _, t := range s.tongues.list {
		for field, texts := range map[string]community.Texts{"name": c.Name, "about": c.About, "footer": c.Settings.Footer} {
			for _, p := range texts {
				if p.Lang == t.Code || p.Lang == "" && t.Code == c.Languages[0] {
					f.Set(field+"_"+t.Code, p.Text)
				}
			}
		}
	}
	f.Set("languages", c.Languages...)
	f.Set("zone", c.Zone)
	f.Set("country", c.Country)
	if c.Place != nil {
		f.Set("lat", strconv.FormatFloat(c.Place.Lat, 'f', -1, 64))
		f.Set("lon", strconv.FormatFloat(c.Place.Lon, 'f', -1, 64))
	}
	var links []string
	for _, l := range c.Links {
		links = append(links, l.Name+" "+l.URL)
	}
	f.Set("links", strings.Join(links, "\n"))
	f.Set("accent", c.Settings.Accent)
	f.Set("mentions", string(c.Mentions))
	return f
}

// editCity shows the city in a form: GET /desk/city.
func (s *Server) editCity(w http.ResponseWriter, r *http.Request, v *viewer) error {
	c, err := s.store.City(r.Context())
	if err != nil {
		return err
	}
	return s.showCity(w, r, v, cityPage{Form: s.cityForm(c), Picture: c.Picture, Banner: c.Banner, Handle: v.handle(), Version: versionOf(c), Saved: r.URL.Query().Get("saved") != ""}, http.StatusOK)
}

// versionOf tells two states of the city apart.
func versionOf(c *community.City) string { return strconv.FormatInt(c.Updated.UnixMicro(), 36) }

func (s *Server) showCity(w http.ResponseWriter, r *http.Request, v *viewer, p cityPage, status int) error {
	p.Handle = v.handle()
	for _, t := range s.tongues.list {
		p.Languages = append(p.Languages, formOption{Value: t.Code, Text: t.Name})
	}
	// The languages of the city first, in its order, then the others: one that is
	// ticked now has its texts to fill in already.
	codes := slices.Clone(v.city.Languages)
	for _, t := range s.tongues.list {
		if !slices.Contains(codes, t.Code) {
			codes = append(codes, t.Code)
		}
	}
	for _, code := range codes {
		if t, ok := s.tongues.byCode(code); ok && t.Code == code {
			p.Tongues = append(p.Tongues, cityTongue{t.Code, t.Name})
		}
	}
	for _, m := range community.MentionModes {
		p.Mentions = append(p.Mentions, formOption{string(m), v.T("city.mention." + string(m)), v.T("city.mention." + string(m) + "_hint")})
	}
	return s.showDesk(w, r, v, cityPath, "city", page{Heading: v.T("city.title"), Sheets: healthSheets, Body: p}, status)
}

// saveCity takes the form: POST /desk/city. Whoever edited what has been changed
// meanwhile is told so, with what they typed.
func (s *Server) saveCity(w http.ResponseWriter, r *http.Request, v *viewer) error {
	files, err := s.readForm(w, r)
	if err != nil {
		return err
	}
	f := newForm(r.PostForm)
	now, err := s.store.City(r.Context())
	if err != nil {
		return err
	}
	p := cityPage{Form: f, Version: f.Value("version")}
	if p.Picture, err = s.takeFace(r, v, f, files, "picture", now.Picture, now.Name.First()); err != nil {
		return err
	}
	if p.Banner, err = s.takePicture(r, v, f, files, "banner", now.Banner); err != nil {
		return err
	}
	change := s.typedChanges(f, v)
	if f.OK() && f.Value("version") != versionOf(now) {
		f.Error, p.Version = v.T("city.meanwhile"), versionOf(now)
		return s.showCity(w, r, v, p, http.StatusConflict)
	}
	if !f.OK() {
		return s.showCity(w, r, v, p, http.StatusUnprocessableEntity)
	}
	err = s.node.UpdateCity(r.Context(), v.by(), func(c *community.City) error {
		change(c)
		c.Picture, c.Banner = p.Picture, p.Banner
		return nil
	})
	if err != nil {
		main := v.city.Languages[0]
		if len(f.values["languages"]) > 0 {
			main = f.values["languages"][0]
		}
		status, err := s.refuse(f, v, err, map[string]string{"name": "name_" + main, "about": "about_" + main, "place": "lat"})
		if err != nil {
			return err
		}
		return s.showCity(w, r, v, p, status)
	}
	return seeOther(cityPath + "?saved=1")
}

// typedChanges reads the form; what cannot be read is said in it.
func (s *Server) typedChanges(f *form, v *viewer) func(c *community.City) {
	var languages []string
	// In the order they had: the first is the main one.
	for _, code := range append(slices.Clone(v.city.Languages), f.values["languages"]...) {
		if f.Has("languages", code) && !slices.Contains(languages, code) && community.ValidLang(code) {
			languages = append(languages, code)
		}
	}
	if len(languages) == 0 {
		f.wrong("languages", v.T("field.f_required"))
	}
	texts := func(field string) community.Texts {
		var out community.Texts
		for _, code := range languages {
			if text := strings.TrimSpace(f.Value(field + "_" + code)); text != "" {
				out = append(out, community.Phrase{Lang: code, Text: text})
			}
		}
		return out
	}
	var place *community.Point
	if lat, lon := strings.TrimSpace(f.Value("lat")), strings.TrimSpace(f.Value("lon")); lat != "" || lon != "" {
		a, err := strconv.ParseFloat(strings.ReplaceAll(lat, ",", "."), 64)
		b, err2 := strconv.ParseFloat(strings.ReplaceAll(lon, ",", "."), 64)
		if err != nil || err2 != nil {
			f.wrong("lat", v.T("field.f_place"))
		}
		place = &community.Point{Lat: a, Lon: b}
	}
	var links []community.Link
	for line := range strings.Lines(f.Value("links")) {
		name, address, ok := cutLast(strings.TrimSpace(line))
		if strings.TrimSpace(line) == "" {
			continue
		}
		if !ok {
			f.wrong("links", v.T("city.wrong_link", "Line", strings.TrimSpace(line)))
			break
		}
		links = append(links, community.Link{Name: name, URL: address})
	}
	if len(links) > maxLinks {
		f.wrong("links", v.N("city.many_links", maxLinks))
	}
	accent := strings.ToLower(strings.TrimSpace(f.Value("accent")))
	return func(c *community.City) {
		c.Languages, c.Name, c.About, c.Settings.Footer = languages, texts("name"), texts("about"), texts("footer")
		c.Zone, c.Country = strings.TrimSpace(f.Value("zone")), strings.ToUpper(strings.TrimSpace(f.Value("country")))
		c.Place, c.Links, c.Settings.Accent = place, links, accent
		c.Mentions = community.MentionMode(f.Value("mentions"))
	}
}

// cutLast takes a line apart into a name and the address at its end.
func cutLast(line string) (name, address string, ok bool) {
	i := strings.LastIndexAny(line, " \t")
	if i < 0 {
		return "", "", false
	}
	return strings.TrimSpace(line[:i]), line[i+1:], true
}
