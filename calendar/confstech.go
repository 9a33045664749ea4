package calendar

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"konfa/community"
)

// listed is a row of confs.tech (github.com/tech-conferences/conference-data).
type listed struct {
	Name        string   `json:"name"`
	URL         string   `json:"url"`
	StartDate   string   `json:"startDate"`
	EndDate     string   `json:"endDate"`
	City        string   `json:"city"`
	Country     string   `json:"country"`
	Online      bool     `json:"online"`
	Locales     string   `json:"locales"`
	CocURL      string   `json:"cocUrl"`
	CfpURL      string   `json:"cfpUrl"`
	CfpEndDate  string   `json:"cfpEndDate"`
	Twitter     string   `json:"twitter"`
	Mastodon    string   `json:"mastodon"`
	Bluesky     string   `json:"bluesky"`
	Topics      []string `json:"topics"`
	SignLangOCC bool     `json:"offersSignLanguageOrCC"`
}

// DecodeConfsTech reads a JSON array of conferences in the form of confs.tech.
// They are of whole days, in the zone of their city. The error is not nil only
// when the file as a whole cannot be read; what was read before it is returned.
func DecodeConfsTech(r io.Reader, o DecodeOptions) ([]Row, []Problem, error) {
	o = o.filled()
	var rows []Row
	var problems []Problem
	lines := map[string]int{} // of import keys
	err := jsonArray(r, func(line int, raw json.RawMessage) {
		var l listed
		if err := json.Unmarshal(raw, &l); err != nil {
			problems = append(problems, Problem{Line: line, Title: titleOf(raw), Msg: jsonProblem(err)})
			return
		}
		c, msg := l.conference(o)
		if msg == "" {
			if first, twice := lines[c.ImportKey]; twice {
				msg = fmt.Sprintf("the same conference as on line %d", first)
			}
		}
		if msg == "" {
			msg = settle(c)
		}
		if msg != "" {
			problems = append(problems, Problem{Line: line, Title: strings.TrimSpace(l.Name), Msg: msg})
			return
		}
		lines[c.ImportKey] = line
		rows = append(rows, Row{Line: line, Conference: *c})
	})
	return rows, problems, err
}

func (l *listed) conference(o DecodeOptions) (*community.Conference, string) {
	name := strings.Join(strings.Fields(l.Name), " ")
	if name == "" {
		return nil, "the conference has no name"
	}
	start, err := time.Parse(time.DateOnly, l.StartDate)
	if err != nil {
		return nil, fmt.Sprintf("the startDate %q is not a date such as 2026-05-31", l.StartDate)
	}
	end := start
	if l.EndDate != "" {
		if end, err = time.Parse(time.DateOnly, l.EndDate); err != nil {
			return nil, fmt.Sprintf("the endDate %q is not a date such as 2026-05-31", l.EndDate)
		}
	}
	if end.Before(start) {
		return nil, "the conference ends before it starts"
	}
	id := digest(l.URL, l.StartDate, l.City, l.Name)
	spoken := languages(l.Locales)
	c := &community.Conference{
		Title: community.Plain(append(spoken, "en")[0], name), AllDay: true, Zone: o.Zone,
		Link: l.URL, JoinMode: community.External, ExternalURL: webAddress(l.URL),
		Languages: spoken, Tags: l.Topics, Category: "SCIENCE_TECH",
		UID: id + "@confs.tech", ImportKey: "confs.tech:" + id,
	}
	if c.ExternalURL == "" {
		return nil, fmt.Sprintf("the url %q is not an http or https address", l.URL)
	}
	city, country := strings.TrimSpace(l.City), strings.TrimSpace(l.Country)
	if city != "" {
		c.Venue = &community.Venue{Locality: city, Country: country}
		if p, ok := o.Locate(city, country); ok {
			c.Venue.Place = &community.Point{Lat: p.Lat, Lon: p.Lon}
			if community.ValidZone(p.Zone) {
				c.Zone = p.Zone
			}
		}
	} else if country != "" {
		c.Venue = &community.Venue{Country: country}
	}
	if l.Online && city == "" {
		c.OnlineURL = c.ExternalURL
	}
	c.Start = midnight(start, c.Location())
	c.End = midnight(end.AddDate(0, 0, 1), c.Location())
	c.Text = community.Plain("en", l.facts())
	return c, ""
}

// facts says in Markdown what has no field of its own.
func (l *listed) facts() string {
	var b strings.Builder
	if l.Online && l.City != "" {
		b.WriteString("In person and online.\n\n")
	}
	if l.SignLangOCC {
		b.WriteString("Sign language or closed captions are offered.\n\n")
	}
	link := func(name, address string) bool {
		if address = webAddress(address); address == "" {
			return false
		}
		fmt.Fprintf(&b, "- %s: <%s>", name, address)
		return true
	}
	if link("Call for papers", l.CfpURL) {
		if d, err := time.Parse(time.DateOnly, l.CfpEndDate); err == nil {
			b.WriteString(", until " + d.Format("2 January 2006"))
		}
		b.WriteString("\n")
	}
	if link("Code of conduct", l.CocURL) {
		b.WriteString("\n")
	}
	for _, a := range []struct{ name, value, base string }{
		{"Mastodon", l.Mastodon, ""}, {"Bluesky", l.Bluesky, "https://bsky.app/profile/"}, {"Twitter", l.Twitter, "https://twitter.com/"},
	} {
		value := strings.TrimSpace(a.value)
		if link(a.name, value) {
			b.WriteString("\n")
			continue
		}
		value = strings.TrimPrefix(value, "@")
		if name, host, ok := strings.Cut(value, "@"); a.base == "" && ok && plainName(name) && plainName(host) && link(a.name, "https://"+host+"/@"+name) {
			b.WriteString("\n")
		} else if a.base != "" && plainName(value) && link(a.name, a.base+value) {
			b.WriteString("\n")
		}
	}
	return strings.TrimSpace(b.String())
}

func plainName(s string) bool {
	return s != "" && len(s) <= 100 && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789_-.") == ""
}

// languages reads "EN,UK". UK is Ukrainian there, as it is in BCP 47; the codes
// of countries that people write by mistake are put right.
func languages(list string) []string {
	wrong := map[string]string{"jp": "ja", "cn": "zh", "gr": "el", "cz": "cs", "dk": "da", "se": "sv", "ua": "uk", "kr": "ko", "br": "pt", "rs": "sr", "by": "be", "gb": "en", "us": "en"}
	var out []string
	for _, l := range strings.FieldsFunc(strings.ToLower(list), func(r rune) bool { return r == ',' || r == ' ' || r == ';' || r == '/' }) {
		if right, ok := wrong[l]; ok {
			l = right
		}
		if community.ValidLang(l) && len(out) < 20 {
			out = append(out, l)
		}
	}
	return out
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
