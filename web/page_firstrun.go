package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

// fieldsOf are the fields that an error names.
func fieldsOf(err error) []community.FieldError {
	if e, ok := errors.AsType[*community.Error](err); ok {
		return e.Fields
	}
	return nil
}

// firstRunPage is a step of the first run after the founding.
type firstRunPage struct {
	Step      string
	Steps     []setupStep
	Form      *form
	Joining   []formOption
	Handle    copyField
	Followers string // how many follow the city, in words
	Delivered string
	Some      bool
	First     *card
	Findings  []findingView
	ICS       copyField
	Home      string // the address of the city
}

// firstRun goes on after the founding: GET /setup with step.
func (s *Server) firstRun(w http.ResponseWriter, r *http.Request, v *viewer) error {
	step := r.URL.Query().Get("step")
	if step != "first" && step != "proof" {
		step = "rules"
	}
	return s.showFirstRun(w, r, v, firstRunPage{Step: step, Form: s.firstForm(v)}, http.StatusOK)
}

// firstForm is the form of the first conference: next Thursday evening.
func (s *Server) firstForm(v *viewer) *form {
	f := newForm(nil)
	day := v.now.In(v.location()).AddDate(0, 0, 7)
	for day.Weekday() != time.Thursday {
		day = day.AddDate(0, 0, 1)
	}
	f.Set("date", day.Format(time.DateOnly))
	f.Set("time", "19:00")
	f.Set("joining", string(v.city.Settings.Joins()))
	return f
}

func (s *Server) showFirstRun(w http.ResponseWriter, r *http.Request, v *viewer, p firstRunPage, status int) error {
	p.Steps = v.setupSteps(p.Step)
	for _, j := range community.Joinings {
		p.Joining = append(p.Joining, formOption{string(j), v.T("setup.join_" + string(j)), v.T("setup.join_" + string(j) + "_hint")})
	}
	if p.Step == "proof" {
		if err := s.proof(r, v, &p); err != nil {
			return err
		}
	}
	return s.once(w, r, v, &shown{"firstrun", page{Heading: v.T("setup.title"), NoIndex: true, Class: "setup", Bare: true, Sheets: healthSheets, Body: p}}, r.URL.Query(), status)
}

// proof shows that the city is there for others: its handle, and who follows it.
func (s *Server) proof(r *http.Request, v *viewer, p *firstRunPage) error {
	followers, err := s.store.CountFollowers(r.Context(), community.CityActor)
	if err != nil {
		return err
	}
	p.Handle = newCopy(v.handle(), v.T("follow.handle"))
	p.Home = s.site.Base + "/"
	p.ICS = newCopy(s.site.Base+"/conf.ics", v.T("calendar.title"))
	p.Followers, p.Some = v.N("setup.followers", followers), followers > 0
	if s.machine != nil {
		list, _ := s.findings(r.Context(), v.now, false)
		for _, f := range list {
			if f.Health == community.Ill || f.Check == "webfinger" || f.Check == "signature" {
				p.Findings = append(p.Findings, v.finding(f))
			}
		}
	}
	peers, err := s.store.Peers(r.Context())
	if err != nil {
		return err
	}
	for i := range peers {
		if !peers[i].LastDelivered.IsZero() {
			p.Delivered = v.T("setup.delivered", "Host", peers[i].Host, "At", v.moment(peers[i].LastDelivered))
		}
	}
	coming, err := s.store.Conferences(r.Context(), storage.ConferenceQuery{Calendar: true, Own: true, EndsAfter: v.now, Limit: 1})
	if err != nil {
		return err
	}
	if len(coming) > 0 {
		k := v.card(&coming[0])
		p.First = &k
	}
	return nil
}

// live is what the last step looks at every few seconds: GET /setup/live.
func (s *Server) live(w http.ResponseWriter, r *http.Request, v *viewer) error {
	var p firstRunPage
	if err := s.proof(r, v, &p); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(map[string]any{"followers": p.Followers, "delivered": p.Delivered, "some": p.Some})
}

// setRules takes the fourth step: POST /setup/rules with joining.
func (s *Server) setRules(w http.ResponseWriter, r *http.Request, v *viewer) error {
	f := newForm(r.PostForm)
	err := s.node.SetJoining(r.Context(), v.by(), community.Joining(f.Value("joining")))
	if err != nil {
		status, err := s.refuse(f, v, err, nil)
		if err != nil {
			return err
		}
		return s.showFirstRun(w, r, v, firstRunPage{Step: "rules", Form: f}, status)
	}
	return seeOther(setupPath + "?step=first")
}

// addFirst publishes the first conference: POST /setup/first with title, date,
// time, place and seats, or skip.
func (s *Server) addFirst(w http.ResponseWriter, r *http.Request, v *viewer) error {
	f := newForm(r.PostForm)
	if f.Value("skip") != "" {
		return seeOther(setupPath + "?step=proof")
	}
	again := func(status int) error {
		return s.showFirstRun(w, r, v, firstRunPage{Step: "first", Form: f}, status)
	}
	c := &community.Conference{Title: community.Plain(v.city.Languages[0], strings.TrimSpace(f.Value("title"))), Zone: v.city.Zone, Languages: v.city.Languages[:1]}
	if strings.TrimSpace(f.Value("title")) == "" {
		c.Title = nil
	}
	day, err := time.Parse(time.DateOnly, f.Value("date"))
	if err != nil {
		f.wrong("date", v.T("setup.wrong_date"))
	}
	at, err := time.Parse("15:04", f.Value("time"))
	if err != nil {
		f.wrong("time", v.T("setup.wrong_time"))
	}
	c.Start = time.Date(day.Year(), day.Month(), day.Day(), at.Hour(), at.Minute(), 0, 0, v.location())
	if place := strings.TrimSpace(f.Value("place")); place != "" {
		c.Venue = &community.Venue{Name: place, Locality: v.city.Name.First(), Country: v.city.Country}
	}
	if seats := strings.TrimSpace(f.Value("seats")); seats != "" {
		n, err := strconv.Atoi(seats)
		if err != nil || n < 0 {
			f.wrong("seats", v.T("setup.wrong_seats"))
		}
		c.Capacity = n
	}
	c.Organisers = []community.Organiser{{Handle: v.me.Handle, Name: v.me.Name}}
	if f.OK() && !c.Start.After(v.now) {
		f.wrong("date", v.T("setup.wrong_past"))
	}
	if !f.OK() {
		// Everything that is wrong is said at once.
		c.Tidy()
		for _, e := range fieldsOf(c.Check()) {
			if e.Field == "title" {
				f.wrong("title", v.T("field.f_"+e.Key))
			}
		}
		return again(http.StatusUnprocessableEntity)
	}
	if _, err := s.node.AddConference(r.Context(), v.by(), c, node.Publish{}); err != nil {
		status, err := s.refuse(f, v, err, map[string]string{"start": "date", "capacity": "seats", "venue.name": "place"})
		if err != nil {
			return err
		}
		return again(status)
	}
	return seeOther(setupPath + "?step=proof")
}
