package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"konfa/community"
)

// confFields says which field of the form a field of a conference is.
var confFields = map[string]string{
	"start": "start_date", "end": "end_date", "capacity": "seats", "languages": "spoken", "questions": "question.0.text",
	"venue.name": "venue_name", "venue.street": "street", "venue.postal_code": "postal_code", "venue.locality": "town", "venue.region": "region",
	"venue.country": "country", "venue.directions": "directions", "venue.place": "coordinates",
}

// confLabels are the fields of the form that are told to whoever was slower, with
// the keys of their names.
var confLabels = [][2]string{
	{"start_date", "write.start_date"}, {"start_time", "write.start_time"}, {"end_date", "write.end_date"}, {"end_time", "write.end_time"}, {"all_day", "write.all_day"},
	{"zone", "write.zone"}, {"venue_name", "write.venue_name"}, {"street", "write.street"}, {"postal_code", "write.postal_code"}, {"town", "write.town"},
	{"country", "write.country"}, {"directions", "write.directions"}, {"coordinates", "write.coordinates"}, {"online_url", "write.online_url"}, {"seats", "write.seats"},
	{"join_mode", "write.join_mode"}, {"external_url", "write.external_url"}, {"offer_hours", "write.offer_hours"}, {"reconfirm", "write.reconfirm"},
	{"rsvp", "write.rsvp"}, {"replies", "write.replies"}, {"spoken", "write.spoken"}, {"cost", "write.cost"}, {"access", "write.access"}, {"tags", "write.tags"}, {"category", "write.category"}, {"link", "write.link"}, {"organisers", "write.organisers"}, {"status", "write.status"},
}

// maxOrganisers bounds how many lines of organisers are looked at.
const maxOrganisers = 20

// fillConference writes a conference into a form.
func (s *Server) fillConference(ctx context.Context, v *viewer, f *form, c *community.Conference) {
	v.fillTexts(f, v.city, map[string]community.Texts{"title": c.Title, "text": c.Text})
	set := func(name, value string) {
		if value != "" {
			f.Set(name, value)
		}
	}
	if !c.Start.IsZero() {
		from, to := c.LocalStart(), c.LocalEnd()
		f.Set("start_date", from.Format(time.DateOnly))
		if !c.AllDay {
			f.Set("start_time", from.Format("15:04"))
		}
		switch {
		case c.OpenEnd:
		case c.AllDay && !sameDay(from, to), !c.AllDay && !sameDay(from, to) && !sameEvening(from, to):
			f.Set("end_date", to.Format(time.DateOnly))
		}
		if !c.OpenEnd && !c.AllDay {
			f.Set("end_time", to.Format("15:04"))
		}
	}
	if c.AllDay {
		f.Set("all_day", "1")
	}
	f.Set("zone", c.Zone)
	if p := c.Venue; p != nil {
		set("venue_name", p.Name)
		set("street", p.Street)
		set("postal_code", p.PostalCode)
		set("town", p.Locality)
		set("region", p.Region)
		set("country", p.Country)
		set("directions", p.Directions)
		if p.Place != nil {
			f.Set("coordinates", strconv.FormatFloat(p.Place.Lat, 'f', -1, 64)+", "+strconv.FormatFloat(p.Place.Lon, 'f', -1, 64))
		}
	}
	set("online_url", c.OnlineURL)
	if c.Capacity > 0 {
		f.Set("seats", strconv.Itoa(c.Capacity))
	}
	f.Set("join_mode", string(c.JoinMode))
	set("external_url", c.ExternalURL)
	f.Set("offer_hours", strconv.Itoa(c.OfferHours))
	if c.Reconfirm {
		f.Set("reconfirm", "1")
	}
	f.Set("rsvp", string(c.RSVP))
	f.Set("replies", string(c.Replies))
	set("spoken", strings.Join(c.Languages, ", "))
	set("cost", c.Cost)
	f.Set("access", c.Access...)
	set("tags", strings.Join(c.Tags, ", "))
	f.Set("category", c.Category)
	set("link", c.Link)
	var lines []string
	for _, o := range c.Organisers {
		lines = append(lines, s.organiserLine(ctx, o))
	}
	set("organisers", strings.Join(lines, "\n"))
	f.Set("status", string(c.Status))
	f.Set("questions", strconv.Itoa(len(c.Questions)))
	for i, q := range c.Questions {
		n := "question." + strconv.Itoa(i) + "."
		f.Set(n+"key", q.Key)
		f.Set(n+"text", q.Text)
		f.Set(n+"kind", string(q.Kind))
		set(n+"choices", strings.Join(q.Choices, "\n"))
		if q.Required {
			f.Set(n+"required", "1")
		}
	}
	f.Set("version", version(c.Updated))
}

// organiserLine is how an organiser is typed.
func (s *Server) organiserLine(ctx context.Context, o community.Organiser) string {
	switch {
	case o.Handle != "":
		return "@" + o.Handle
	case o.URI != "":
		if a, err := s.store.Actor(ctx, o.URI); err == nil && a.Handle != "" {
			return a.Address()
		}
		return o.URI
	}
	return o.Name
}

// readConference writes what was typed into a conference. What is wrong is in the
// form afterwards; the error is our own fault.
func (s *Server) readConference(r *http.Request, v *viewer, f *form, c *community.Conference) error {
	trim := func(name string) string { return strings.TrimSpace(f.Value(name)) }
	c.Title, c.Text = v.textsOf(f, "title"), v.textsOf(f, "text")
	v.readTimes(f, c)
	venue := community.Venue{Name: trim("venue_name"), Street: trim("street"), PostalCode: trim("postal_code"), Locality: trim("town"), Region: trim("region"),
		Country: trim("country"), Directions: trim("directions")}
	if at := trim("coordinates"); at != "" {
		p, ok := readPoint(at)
		if !ok {
			f.wrong("coordinates", v.T("write.coordinates_wrong"))
		}
		venue.Place = p
	}
	if c.Venue != nil {
		venue.Revision = c.Venue.Revision
	}
	c.Venue = &venue
	if venue.Directions != "" && venue.Line() == "" && venue.Place == nil {
		f.wrong("venue_name", v.T("write.venue_missing"))
	}
	c.OnlineURL, c.ExternalURL, c.Link = trim("online_url"), trim("external_url"), trim("link")
	c.Capacity = 0
	if n := trim("seats"); n != "" {
		seats, err := strconv.Atoi(n)
		if err != nil {
			f.wrong("seats", v.T("write.number"))
		}
		c.Capacity = seats
	}
	c.JoinMode = community.JoinMode(f.Value("join_mode"))
	c.OfferHours = 0
	if n := trim("offer_hours"); n != "" {
		hours, err := strconv.Atoi(n)
		if err != nil {
			f.wrong("offer_hours", v.T("write.number"))
		}
		c.OfferHours = hours
	}
	c.Reconfirm = f.Has("reconfirm", "1")
	c.RSVP, c.Replies = community.RSVPMode(f.Value("rsvp")), community.ReplyMode(f.Value("replies"))
	c.Languages = listed(trim("spoken"))
	for i := range c.Languages {
		c.Languages[i] = strings.ToLower(c.Languages[i])
	}
	c.Cost, c.Access, c.Category = trim("cost"), f.values["access"], f.Value("category")
	var err error
	if c.Cover, err = s.takePicture(r, v, f, uploadsOf(r), "cover", c.Cover); err != nil {
		return err
	}
	c.Tags = listed(trim("tags"))
	if st := community.Status(f.Value("status")); c.Status != community.Cancelled && c.Status != community.Postponed && st != community.Cancelled && st != community.Postponed {
		c.Status = st // calling off is a thing of its own
	}
	v.readQuestions(f, c)
	return s.readOrganisers(r.Context(), v, f, c)
}

// listed splits what is separated by commas or lines.
func listed(s string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ';' || r == '\n' || r == '\r' }) {
		if w = strings.TrimSpace(w); w != "" {
			out = append(out, w)
		}
	}
	return out
}

// readPoint reads "44.82, 20.46", as map programs copy it.
func readPoint(s string) (*community.Point, bool) {
	a, b, ok := strings.Cut(strings.TrimPrefix(s, "geo:"), ",")
	if !ok {
		a, b, ok = strings.Cut(strings.TrimSpace(s), " ")
	}
	lat, err1 := strconv.ParseFloat(strings.TrimSpace(a), 64)
	lon, err2 := strconv.ParseFloat(strings.TrimSpace(b), 64)
	p := &community.Point{Lat: lat, Lon: lon}
	return p, ok && err1 == nil && err2 == nil && p.Valid()
}

// readTimes reads start and end on the clock of the conference. An end before the
// start, on the same day, is the morning after.
func (v *viewer) readTimes(f *form, c *community.Conference) {
	c.Zone = strings.TrimSpace(f.Value("zone"))
	if c.Zone == "" {
		c.Zone = v.city.Zone
	}
	if !community.ValidZone(c.Zone) {
		return // Check says so
	}
	loc := c.Location()
	c.AllDay = f.Has("all_day", "1")
	c.Start, c.End, c.OpenEnd = time.Time{}, time.Time{}, true
	day, clock := strings.TrimSpace(f.Value("start_date")), strings.TrimSpace(f.Value("start_time"))
	if day == "" {
		f.wrong("start_date", v.T("write.date_missing"))
		return
	}
	start, err := time.ParseInLocation(time.DateOnly, day, loc)
	if err != nil {
		f.wrong("start_date", v.T("write.date_wrong"))
		return
	}
	lastDay, err := start, error(nil)
	end := strings.TrimSpace(f.Value("end_date"))
	if end != "" {
		if lastDay, err = time.ParseInLocation(time.DateOnly, end, loc); err != nil {
			f.wrong("end_date", v.T("write.date_wrong"))
			return
		}
	}
	if c.AllDay {
		c.Start, c.End, c.OpenEnd = start, community.DaysAfter(lastDay, 1), false
		return
	}
	at, ok := onDay(start, clock)
	if !ok {
		f.wrong("start_time", v.T("write.time_wrong"))
		return
	}
	c.Start = at
	until := strings.TrimSpace(f.Value("end_time"))
	switch {
	case until == "" && end == "":
		return
	case until == "":
		f.wrong("end_time", v.T("write.time_wrong"))
		return
	}
	if c.End, ok = onDay(lastDay, until); !ok {
		f.wrong("end_time", v.T("write.time_wrong"))
		return
	}
	if end == "" && !c.End.After(c.Start) {
		c.End, _ = onDay(lastDay.AddDate(0, 0, 1), until)
	}
	c.OpenEnd = false
}

// onDay is a time such as "19:00" on a day.
func onDay(day time.Time, clock string) (time.Time, bool) {
	for _, layout := range []string{"15:04", "15:04:05", "15.04", "15"} {
		if t, err := time.Parse(layout, clock); err == nil {
			return time.Date(day.Year(), day.Month(), day.Day(), t.Hour(), t.Minute(), 0, 0, day.Location()), true
		}
	}
	return time.Time{}, false
}

// questionCount is how many questions a form has rows for.
func questionCount(f *form) int {
	n, err := strconv.Atoi(f.Value("questions"))
	if err != nil {
		return 0
	}
	return min(max(n, 0), community.MaxQuestions)
}

// turnQuestions adds or takes away a row, as a button of the form asks, and tells
// whether one did.
func (v *viewer) turnQuestions(f *form) bool {
	n := questionCount(f)
	parts := []string{"key", "text", "kind", "choices", "required"}
	name := func(i int, part string) string { return "question." + strconv.Itoa(i) + "." + part }
	what, which, _ := strings.Cut(f.Value("do"), ":")
	switch what {
	case "add_question":
		if n == community.MaxQuestions {
			f.wrong(name(n-1, "text"), v.T("write.question_many", "Most", community.MaxQuestions))
			return true
		}
		f.Set(name(n, "kind"), string(community.AskText))
		f.Set("questions", strconv.Itoa(n+1))
		return true
	case "drop_question":
		at, err := strconv.Atoi(which)
		if err != nil || at < 0 || at >= n {
			return true
		}
		for i := at; i < n; i++ {
			for _, p := range parts {
				f.values[name(i, p)] = f.values[name(i+1, p)]
			}
		}
		for _, p := range parts {
			delete(f.values, name(n-1, p))
		}
		f.Set("questions", strconv.Itoa(n-1))
		return true
	}
	return false
}

// readQuestions reads the rows of questions; an empty one is none.
func (v *viewer) readQuestions(f *form, c *community.Conference) {
	c.Questions = nil
	used := map[string]bool{}
	for i := range questionCount(f) {
		n := "question." + strconv.Itoa(i) + "."
		q := community.Question{Key: f.Value(n + "key"), Text: strings.Join(strings.Fields(f.Value(n+"text")), " "), Kind: community.QuestionKind(f.Value(n + "kind")), Required: f.Has(n+"required", "1")}
		choices := listed(f.Value(n + "choices"))
		if q.Text == "" && len(choices) == 0 {
			continue
		}
		if q.Kind == community.AskChoice {
			q.Choices = choices
		}
		if q.Key == "" || len(q.Key) > 40 || used[q.Key] {
			q.Key = "q" + newKey()[:8]
			f.Set(n+"key", q.Key)
		}
		used[q.Key] = true
		switch {
		case q.Text == "":
			f.wrong(n+"text", v.T("write.question_empty"))
		case utf8.RuneCountInString(q.Text) > community.MaxQuestion:
			f.wrong(n+"text", v.T("write.too_long", "Most", community.MaxQuestion))
		case !slices.Contains(community.QuestionKinds, q.Kind):
			f.wrong(n+"kind", v.T("write.choose"))
		case q.Kind == community.AskChoice && (len(choices) < 2 || len(choices) > community.MaxChoices):
			f.wrong(n+"choices", v.T("write.question_choices", "Most", community.MaxChoices))
		}
		c.Questions = append(c.Questions, q)
	}
}

// readOrganisers reads who makes it, one a line: a handle of a member, one of
// someone elsewhere, whom their server is asked about, or just a name.
func (s *Server) readOrganisers(ctx context.Context, v *viewer, f *form, c *community.Conference) error {
	before := map[string]community.Organiser{}
	for _, o := range c.Organisers {
		before[s.organiserLine(ctx, o)] = o
	}
	c.Organisers = nil
	count := 0
	for line := range strings.Lines(f.Value("organisers")) {
		line = strings.Join(strings.Fields(line), " ")
		if line == "" {
			continue
		}
		if count++; count > maxOrganisers {
			f.wrong("organisers", v.T("write.organisers_many", "Most", maxOrganisers))
			return nil
		}
		if utf8.RuneCountInString(line) > community.MaxTitle {
			f.wrong("organisers", v.T("write.too_long", "Most", community.MaxTitle))
			return nil
		}
		if o, ok := before[line]; ok {
			c.Organisers = append(c.Organisers, o)
			continue
		}
		handle, isHandle := strings.CutPrefix(line, "@")
		if user, host, ok := strings.Cut(handle, "@"); ok && strings.EqualFold(host, v.site.Host()) {
			handle, isHandle = user, true
		}
		switch {
		case isHandle && !strings.Contains(handle, "@"):
			m, err := s.store.Member(ctx, strings.ToLower(handle))
			if err != nil && community.CodeOf(err) != community.NotFound {
				return err
			}
			if err != nil || !m.Active() {
				f.wrong("organisers", v.T("write.organiser_unknown", "Name", line))
				continue
			}
			c.Organisers = append(c.Organisers, community.Organiser{Name: m.Name, Handle: m.Handle})
		case isHandle, strings.HasPrefix(line, "https://"), handleForm.MatchString(line):
			o, ok := s.organiserElsewhere(ctx, line)
			if !ok {
				f.wrong("organisers", v.T("write.organiser_silent", "Name", line))
				continue
			}
			c.Organisers = append(c.Organisers, o)
		default:
			c.Organisers = append(c.Organisers, community.Organiser{Name: line})
		}
	}
	return nil
}

// organiserElsewhere asks another server about someone.
func (s *Server) organiserElsewhere(ctx context.Context, what string) (community.Organiser, bool) {
	if s.remote == nil {
		return community.Organiser{}, false
	}
	ctx, cancel := context.WithTimeout(ctx, remoteTime)
	defer cancel()
	a, err := s.remote.FetchActor(ctx, what)
	if err != nil {
		return community.Organiser{}, false
	}
	return community.Organiser{Name: a.DisplayName(), URI: a.URI}, true
}
