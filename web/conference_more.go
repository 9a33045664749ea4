package web

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"konfa/community"
	"konfa/node"
)

// conferenceMore is what a conference's page has beside the conference itself.
type conferenceMore struct {
	Tools     []link // for those who run it
	Duplicate string // where a form is sent that makes another one like it
	Access    []string
	Texts     []languageLink // the languages it can be read in, where there are several
	Changes   []changeLine
	Embed     string
	Here      string // its id, to look at it on the reader's own server
	Zone      string // that the reader asked for
	There     string // when it is on that clock
	Path      string
}

// changeLine says what changed.
type changeLine struct{ At, Date, Text string }

// has tells whether a page is there: other parts of the house may be, or not.
func (s *Server) has(path string) bool {
	return s.routes != nil && s.routes.Match(chi.NewRouteContext(), http.MethodGet, path)
}

func (s *Server) conferenceMore(ctx context.Context, v *viewer, r *http.Request, c *community.Conference) (conferenceMore, error) {
	id := conferenceID(v.site, c)
	m := conferenceMore{
		Access: v.access(c.Access), Path: conferencePath(c), Here: id,
	}
	if c.Own() {
		m.Embed = string(embedAddress(c))
	}
	changes, err := s.store.Changes(ctx, c.ID)
	if err != nil {
		return m, err
	}
	m.Changes = v.changes(changes, c)
	if v.me != nil && c.Own() {
		if _, err := s.node.Run(ctx, v.by(), c.Slug); err == nil {
			s.moreTools(v, c, &m)
		} else if code := community.CodeOf(err); code != community.Forbidden && code != community.NotFound {
			return m, err
		}
	}
	if zone := strings.TrimSpace(s.meant(r, []string{"tz"}).Get("tz")); zone != "" {
		at, ok := readZone(zone)
		if !ok {
			return m, invalidField("tz", "zone", "a time zone looks like Europe/Belgrade")
		}
		m.Zone = zone
		if !c.AllDay {
			m.There = v.there(c, at)
		}
	}
	return m, nil
}

var zoneName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$`)

// readZone finds a time zone by its IANA name.
func readZone(name string) (*time.Location, bool) {
	if len(name) > 64 || !zoneName.MatchString(name) || name == "Local" {
		return nil, false
	}
	at, err := time.LoadLocation(name)
	return at, err == nil
}

// there is when a conference is on another clock.
func (v *viewer) there(c *community.Conference, zone *time.Location) string {
	moved := *c
	moved.Zone = zone.String()
	w := v.when(&moved, v.city)
	return w.Date + ", " + w.Time + " (" + w.Zone + ")"
}

// moreTools adds what can be done with a conference beside editing it, as far as
// that is there.
func (s *Server) moreTools(v *viewer, c *community.Conference, m *conferenceMore) {
	at := deskConf(c)
	for _, t := range []link{{v.T("tools.message"), at + "/message"}, {v.T("tools.offer"), at + "/offer"}} {
		if s.has(t.URL) {
			m.Tools = append(m.Tools, t)
		}
	}
	m.Duplicate = at + "/duplicate"
}

// access says what helps people to come.
func (t *tongue) access(keys []string) []string {
	var out []string
	for _, a := range keys {
		if key := "access." + a; t.Has(key) {
			out = append(out, t.T(key))
		}
	}
	return out
}

// changes says what changed of a conference, the latest first.
func (v *viewer) changes(cs []community.Change, c *community.Conference) []changeLine {
	var out []changeLine
	for _, ch := range cs {
		text := v.change(ch, c)
		if text == "" {
			continue
		}
		at := ch.At.In(v.clock())
		out = append(out, changeLine{At: ch.At.Format(time.RFC3339), Date: v.day(at, true), Text: text})
	}
	return out
}

func (v *viewer) change(ch community.Change, c *community.Conference) string {
	switch ch.Kind {
	case community.ChangedStart:
		return v.T("history.start", "From", v.instantOf(ch.From), "To", v.instantOf(ch.To))
	case community.ChangedPlace:
		from, to := ch.From, ch.To
		if from == "" {
			from = "–"
		}
		if to == "" {
			to = "–"
		}
		return v.T("history.place", "From", from, "To", to)
	case community.ChangedTitle:
		return v.T("history.title_changed", "From", ch.From)
	case community.ChangedCapacity:
		seats := func(s string) string {
			if s == "0" {
				return v.T("history.unlimited")
			}
			return s
		}
		return v.T("history.capacity", "From", seats(ch.From), "To", seats(ch.To))
	case community.ChangedStatus:
		switch community.Status(ch.To) {
		case community.Cancelled:
			return v.T("history.cancelled")
		case community.Postponed:
			return v.T("history.postponed")
		case community.MovedOnline:
			return v.T("history.online")
		case community.Tentative:
			return v.T("history.tentative")
		case community.Scheduled:
			return v.T("history.scheduled")
		}
	}
	return ""
}

// instantOf is what Conference.Moment wrote, in words.
func (t *tongue) instantOf(s string) string {
	if d, err := time.Parse(time.DateOnly, s); err == nil {
		return t.day(d, true)
	}
	d, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return s
	}
	return t.T("date.with_time", "Date", t.day(d, true), "Time", d.Format("15:04"))
}

// reading takes only the language of some texts that the reader asked for with ?text=,
// and lists those there are.
func (v *viewer) reading(r *http.Request, path string, texts ...*community.Texts) []languageLink {
	var langs []string
	for _, t := range texts {
		for _, l := range t.Languages() {
			if !slices.Contains(langs, l) {
				langs = append(langs, l)
			}
		}
	}
	if len(langs) < 2 {
		return nil
	}
	asked := strings.ToLower(r.URL.Query().Get("text"))
	if slices.Contains(langs, asked) {
		for _, t := range texts {
			for _, p := range *t {
				if p.Lang == asked {
					*t = community.Texts{p}
				}
			}
		}
	} else {
		all := make(community.Texts, len(langs))
		for i, l := range langs {
			all[i].Lang = l
		}
		asked = all.Best(v.reads(v.city.Languages)...).Lang
	}
	var out []languageLink
	for _, l := range langs {
		out = append(out, languageLink{Code: l, Name: upperFirst(v.languageName(l)), URL: withQuery(path, url.Values{"text": {l}}), Current: l == asked})
	}
	return out
}

// strip is what stands above the front page for who is signed in.
type strip struct {
	Next  *card
	State string
	Waits []stripWait
	Mine  string
}

type stripWait struct{ Text, Path string }

// forMe is the strip of the front page: where someone goes next, and for stewards
// what waits for them.
func (s *Server) forMe(ctx context.Context, v *viewer) (*strip, error) {
	if v.me == nil {
		return nil, nil
	}
	out := &strip{}
	for _, path := range []string{"/me/conferences", "/me", "/people/" + v.me.Handle} {
		if s.has(path) {
			out.Mine = path
			break
		}
	}
	mine, err := s.node.MyConferences(ctx, v.by(), v.me.Handle, node.Upcoming)
	if err != nil {
		return nil, err
	}
	for i := range mine {
		if st := mine[i].Guest.State; st == community.Declined || mine[i].Conference.Status == community.Cancelled {
			continue
		}
		k := v.card(&mine[i].Conference)
		out.Next, out.State = &k, v.T("mine.state."+string(mine[i].Guest.State))
		break
	}
	if !v.me.Role.AtLeast(community.Steward) {
		return out, nil
	}
	return out, s.waiting(ctx, v, out)
}

// waiting adds what waits for a steward.
func (s *Server) waiting(ctx context.Context, v *viewer, out *strip) error {
	for _, provider := range waitProviders {
		ws, err := provider(ctx, s, v)
		if err != nil {
			return err
		}
		for _, w := range ws {
			if w.Count > 0 {
				out.Waits = append(out.Waits, stripWait{itoa(w.Count) + nbsp + w.Text, w.Path})
			}
		}
	}
	return nil
}

// HasMore tells whether there is anything good to know beside time and place.
func (p conferencePage) HasMore() bool {
	return p.Cost != "" || p.Spoken != "" || len(p.More.Access) > 0 || len(p.Organisers) > 0 || len(p.AlsoBy) > 0 || p.Link != nil || p.Original != nil
}
