package web

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"konfa/community"
	"konfa/gazetteer"
	"konfa/node"
)

// setupPath is where a city is founded in the browser. Below it, until there is
// one, stands a secret that serve printed; afterwards it leads its steward on.
const setupPath = "/setup"

// Setup is the home of a city that is not founded yet: whoever has its address
// founds it.
type Setup struct {
	// Address finds out whether the public address leads here.
	Address func(ctx context.Context) []community.Finding
	// Founded is called once there is a city; it returns when everything is served.
	Founded func()
	// Secret is the last part of the address of the pages.
	Secret string
}

// setupSteps are the steps of the first run, in their order. The city is there
// from the end of the third.
var setupSteps = []string{"address", "city", "you", "rules", "first", "proof"}

// setupStep is one of them in the list above the form.
type setupStep struct {
	Number int
	Text   string
	State  string // "done", "now" or ""
}

func (v *viewer) setupSteps(now string) []setupStep {
	var out []setupStep
	at := slices.Index(setupSteps, now)
	for i, s := range setupSteps {
		step := setupStep{Number: i + 1, Text: v.T("setup.step." + s)}
		switch {
		case i < at:
			step.State = "done"
		case i == at:
			step.State = "now"
		}
		out = append(out, step)
	}
	return out
}

// setupPage is a step of founding.
type setupPage struct {
	Step     string
	Steps    []setupStep
	Path     string
	Form     *form
	Carried  []carried // what was said in the step before
	URL      string
	Findings []findingView
	Bad      bool
	Tongues  []formOption
	Host     string
}

// carried is an answer that travels on with the form.
type carried struct{ Name, Value string }

// cityFields are the fields of the second step.
var cityFields = []string{"name", "handle", "zone", "country", "languages", "about"}

// SetupRoutes are the pages of founding. Everything else says that there is no
// city yet.
func (s *Server) SetupRoutes(r chi.Router, setup Setup) {
	open := func(h func(w http.ResponseWriter, r *http.Request, v *viewer) error) http.HandlerFunc {
		return s.page(func(w http.ResponseWriter, r *http.Request) error {
			private(w.Header())
			want, got := sha256.Sum256([]byte(setup.Secret)), sha256.Sum256([]byte(param(r, "secret")))
			if subtle.ConstantTimeCompare(want[:], got[:]) != 1 {
				return errNotFounded
			}
			s.rememberLanguage(w, r)
			v := &viewer{tongue: s.tongues.choose(r, nil), city: &community.City{Name: community.Plain("", s.site.Host()), Languages: []string{"en"}}, site: s.site, now: s.node.Now()}
			if r.Method != http.MethodGet && r.Method != http.MethodHead {
				if err := s.posted(w, r); err != nil {
					return err
				}
			}
			return h(w, r, v)
		})
	}
	path := setupPath + "/{secret}"
	r.Get(path, open(func(w http.ResponseWriter, r *http.Request, v *viewer) error { return s.setupAddress(w, r, v, setup) }))
	r.Post(path, open(func(w http.ResponseWriter, r *http.Request, v *viewer) error { return s.setupNext(w, r, v, setup) }))
	r.Get("/static/{file}", s.page(s.static))
	none := s.page(func(http.ResponseWriter, *http.Request) error { return errNotFounded })
	r.NotFound(none)
	r.MethodNotAllowed(none)
}

func (s *Server) showSetup(w http.ResponseWriter, r *http.Request, v *viewer, setup Setup, p setupPage, status int) error {
	p.Path, p.Steps, p.Host, p.URL = setupPath+"/"+setup.Secret, v.setupSteps(p.Step), s.site.Host(), s.site.Base
	for _, t := range s.tongues.list {
		p.Tongues = append(p.Tongues, formOption{Value: t.Code, Text: t.Name})
	}
	return s.once(w, r, v, &shown{"setup", page{Heading: v.T("setup.title"), NoIndex: true, Class: "setup", Bare: true, Sheets: healthSheets, At: p.Path, Body: p}}, nil, status)
}

// setupAddress is the first step: does the address lead here?
func (s *Server) setupAddress(w http.ResponseWriter, r *http.Request, v *viewer, setup Setup) error {
	p := setupPage{Step: "address", Form: newForm(nil)}
	list := setup.Address(r.Context())
	for _, f := range list {
		p.Findings = append(p.Findings, v.finding(f))
	}
	p.Bad = community.Worst(list) == community.Ill
	return s.showSetup(w, r, v, setup, p, http.StatusOK)
}

// setupNext takes a step: POST with step, and what was typed in it.
func (s *Server) setupNext(w http.ResponseWriter, r *http.Request, v *viewer, setup Setup) error {
	f := newForm(r.PostForm)
	switch f.Value("step") {
	case "address":
		f.Set("languages", v.Code)
		return s.showSetup(w, r, v, setup, setupPage{Step: "city", Form: f}, http.StatusOK)
	case "city":
		s.checkCity(f, v)
		if !f.OK() {
			return s.showSetup(w, r, v, setup, setupPage{Step: "city", Form: f}, http.StatusUnprocessableEntity)
		}
		return s.showSetup(w, r, v, setup, setupPage{Step: "you", Form: newForm(nil), Carried: carry(f)}, http.StatusOK)
	case "you":
		return s.found(w, r, v, setup, f)
	case "back":
		return s.showSetup(w, r, v, setup, setupPage{Step: "city", Form: f}, http.StatusOK)
	}
	return seeOther(setupPath + "/" + setup.Secret)
}

// carry takes the answers of the second step along.
func carry(f *form) []carried {
	var out []carried
	for _, name := range cityFields {
		for _, v := range f.values[name] {
			out = append(out, carried{name, v})
		}
	}
	return out
}

// typedCity is the city that a form describes. What it leaves out is filled in
// from what is known of the place, also in the form.
func (s *Server) typedCity(f *form) *community.City {
	name := strings.TrimSpace(f.Value("name"))
	c := &community.City{Handle: strings.TrimPrefix(strings.TrimSpace(f.Value("handle")), "@"), Zone: strings.TrimSpace(f.Value("zone")),
		Country: strings.ToUpper(strings.TrimSpace(f.Value("country"))), Mentions: community.MentionsAsk}
	for _, code := range f.values["languages"] {
		if t, ok := s.tongues.byCode(code); ok && !slices.Contains(c.Languages, t.Code) {
			c.Languages = append(c.Languages, t.Code)
		}
	}
	main := ""
	if len(c.Languages) > 0 {
		main = c.Languages[0]
	}
	c.Name, c.About = community.Plain(main, name), community.Plain(main, strings.TrimSpace(f.Value("about")))
	if name == "" {
		c.Name = nil
	}
	if f.Value("about") == "" {
		c.About = nil
	}
	if c.Handle == "" {
		c.Handle = strings.ReplaceAll(community.Slug(name, ""), "-", "_")
		c.Handle = c.Handle[:min(len(c.Handle), 30)]
		f.Set("handle", c.Handle)
	}
	if place, ok := gazetteer.Find(name, c.Country); ok {
		c.Place = &community.Point{Lat: place.Lat, Lon: place.Lon}
		if c.Zone == "" {
			c.Zone = place.Zone
			f.Set("zone", c.Zone)
		}
		if c.Country == "" {
			c.Country = place.Country
			f.Set("country", c.Country)
		}
	}
	return c
}

// checkCity says what is wrong with the second step.
func (s *Server) checkCity(f *form, v *viewer) {
	if err := s.typedCity(f).Check(); err != nil {
		if _, err := s.refuse(f, v, err, nil); err != nil {
			f.Error = err.Error()
		}
	}
}

// found founds the city and signs its first steward in.
func (s *Server) found(w http.ResponseWriter, r *http.Request, v *viewer, setup Setup, f *form) error {
	city := s.typedCity(f)
	steward := &community.Member{Handle: strings.TrimPrefix(strings.TrimSpace(f.Value("my_handle")), "@"), Name: strings.TrimSpace(f.Value("my_name")),
		Email: strings.TrimSpace(f.Value("my_email")), Role: community.Steward, Languages: city.Languages}
	names := map[string]string{"handle": "my_handle", "name": "my_name", "email": "my_email"}
	err := city.Check()
	if err == nil {
		if err = s.node.Found(r.Context(), city, steward); err != nil && community.CodeOf(err) == community.Conflict && len(fieldsOf(err)) == 0 {
			return seeOther("/") // someone was quicker
		}
	}
	if err != nil {
		status, err := s.refuse(f, v, err, names)
		if err != nil {
			return err
		}
		return s.showSetup(w, r, v, setup, setupPage{Step: "you", Form: f, Carried: carry(f)}, status)
	}
	s.changed.Add(1)
	secret, err := s.node.AddSignIn(r.Context(), node.By{Member: steward}, steward.Handle)
	if err != nil {
		return err
	}
	session, _, err := s.node.UseSignIn(r.Context(), secret, r.UserAgent())
	if err != nil {
		return err
	}
	setup.Founded()
	s.signIn(w, session)
	return seeOther(setupPath + "?" + url.Values{"step": {"rules"}}.Encode())
}
