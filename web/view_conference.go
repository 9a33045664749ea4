package web

import (
	"fmt"
	"html/template"
	"net/url"
	"strings"

	"konfa/community"
	"konfa/gazetteer"
	"konfa/prose"
)

// conferencePage is everything the page of one conference shows.
type conferencePage struct {
	Object         string // its id
	Banners        []banner
	AllText        string
	CityName       text
	Host           string
	Badges         []badge
	Title          text
	When           when
	Void           bool // the date no longer holds
	Soon           string
	Venue          *venue
	Where          string
	OnlineOnly     bool // the venue no longer holds
	OnlineURL      string
	OnlineHost     string
	Cost, Spoken   string
	Organisers     []person
	Link, Original *link
	Open           bool
	Come           comeBox
	Coming         *comingList
	More           conferenceMore
	Share          copyField
	QR, Flyer      string // of ours
	ICS            string
	Google         string
	Webcal         template.URL
	Cover          *picture
	Text           rich
	Tags           []link
	Series         []card
	AlsoBy         []person // cities that announced it as well
	Posts          []postCard
	Replies        *replies
	Tools          []deskLink // for those who run it
}

// poll says how to come without a sign-up on one's own server: the text before,
// of and behind the link to the poll, which may be missing.
type poll struct{ Before, Link, After, URL string }

// poll of a conference whose poll is the given post, or nil.
func (v *viewer) poll(c *community.Conference, asks *community.Post) poll {
	if c.RSVP != community.RSVPPoll || asks == nil {
		return poll{Before: v.T("come.words")}
	}
	before, rest, _ := strings.Cut(v.T("come.poll"), "[")
	link, after, _ := strings.Cut(rest, "]")
	return poll{before, link, after, "/posts/" + asks.Slug}
}

// banner is what must be read before anything else.
type banner struct{ Kind, Title, Text, URL string }

// venue is a place with ways to look it up.
type venue struct {
	Name, Address, Directions string
	Place                     *community.Point
	Map                       string
	Geo                       template.URL
}

// conference builds the page of one conference.
func (v *viewer) conference(c *community.Conference, siblings []community.Conference, posts []postCard, rs *replies) conferencePage {
	id := conferenceID(v.site, c)
	p := conferencePage{
		Object:     conferenceID(v.site, c),
		Banners:    v.banners(c),
		AllText:    v.T("front.all"),
		CityName:   v.cityName(),
		Title:      v.pick(c.Title),
		When:       v.when(c, v.city),
		Void:       c.Status == community.Cancelled || c.Status == community.Postponed,
		Where:      v.where(c),
		OnlineURL:  c.OnlineURL,
		OnlineHost: hostOf(c.OnlineURL),
		OnlineOnly: c.Status == community.MovedOnline,
		Cost:       c.Cost,
		Spoken:     v.spoken(c.Languages),
		Organisers: v.organisers(c),
		Open:       v.open(c),
		Come:       v.comeBox(c),
		ICS:        conferencePath(c) + ".ics",
		Google:     v.google(c, id),
		Webcal:     v.webcal(),
		Cover:      c.Cover,
		Text:       v.main(c.HTML),
		Tags:       v.tags(c.Tags),
		Posts:      posts,
		Replies:    rs,
	}
	p.Share = newCopy(id, v.T("share.label"))
	if c.Own() && !c.Draft {
		p.QR, p.Flyer = conferencePath(c)+"/qr.svg", conferencePath(c)+"/flyer"
	}
	if !p.Void {
		p.Soon = v.soon(c, v.now)
	}
	if !c.Own() {
		p.Host = c.Origin
		page := c.URL
		if page == "" {
			page = c.URI
		}
		p.Original = &link{hostOf(page), page}
		p.Share = newCopy(page, v.T("share.label"))
	}
	if c.Venue.Line() != "" || c.Venue != nil && c.Venue.Place != nil {
		p.Venue = v.venue(c.Venue)
	}
	if c.Link != "" {
		p.Link = &link{hostOf(c.Link), c.Link}
	}
	if c.Draft {
		p.Badges = v.badges(c)
	}
	for i := range siblings {
		if siblings[i].ID != c.ID {
			p.Series = append(p.Series, v.card(&siblings[i]))
		}
	}
	return p
}

// comeButton says what pressing it does.
func (v *viewer) comeButton(c *community.Conference) string {
	switch {
	case c.JoinMode == community.Restricted:
		return v.T("come.ask")
	case full(c):
		return v.T("come.waitlist")
	}
	return v.T("come.go")
}

// banners of a conference: its status first, then that it is over or full.
func (v *viewer) banners(c *community.Conference) []banner {
	var bs []banner
	add := func(key, address string) {
		bs = append(bs, banner{strings.ReplaceAll(key, "_", "-"), v.T("conf.banner." + key), v.T("conf.banner." + key + "_text"), address})
	}
	over := c.Past(v.now)
	switch c.Status {
	case community.Cancelled, community.Postponed, community.MovedOnline:
		add(string(c.Status), "")
	case community.Tentative:
		if !over {
			add(string(c.Status), "")
		}
	}
	switch {
	case over && c.Status != community.Cancelled && c.Status != community.Postponed:
		add("over", "/conf")
	case v.open(c) && full(c) && c.JoinMode != community.External:
		add("full", "")
	}
	return bs
}

// venue adds the ways to find a place: OpenStreetMap, and whatever map the
// reader's device has (RFC 5870).
func (v *viewer) venue(at *community.Venue) *venue {
	near := *at
	if code, ok := gazetteer.Country(at.Country); ok {
		near.Country = gazetteer.CountryName(code, v.Code)
		if code == v.city.Country {
			near.Country = "" // whoever comes to a meeting in town knows the country
		}
	}
	out := &venue{Name: at.Name, Address: near.Address(), Directions: at.Directions, Place: at.Place}
	query := at.Address()
	if at.Name != "" {
		query = strings.Trim(at.Name+", "+query, ", ")
	}
	if p := at.Place; p != nil {
		at := fmt.Sprintf("%.6f,%.6f", p.Lat, p.Lon)
		out.Map = fmt.Sprintf("https://www.openstreetmap.org/?mlat=%.6f&mlon=%.6f#map=17/%.6f/%.6f", p.Lat, p.Lon, p.Lat, p.Lon)
		out.Geo = template.URL("geo:" + at + "?q=" + at)
		if out.Name == "" && out.Address == "" {
			out.Address = at
		}
		return out
	}
	out.Map = "https://www.openstreetmap.org/search?query=" + url.QueryEscape(query)
	out.Geo = template.URL("geo:0,0?q=" + url.PathEscape(query))
	return out
}

// google is the address that puts the conference into Google Calendar.
func (v *viewer) google(c *community.Conference, address string) string {
	q := url.Values{
		"action":   {"TEMPLATE"},
		"text":     {v.pick(c.Title).Text},
		"location": {c.Venue.Line()},
		"details":  {strings.TrimSpace(address + "\n\n" + prose.Text(v.pick(c.HTML).Text, 600))},
	}
	if c.AllDay {
		q.Set("dates", c.LocalStart().Format("20060102")+"/"+c.End.In(c.Location()).Format("20060102"))
	} else {
		q.Set("dates", c.Start.UTC().Format("20060102T150405Z")+"/"+c.End.UTC().Format("20060102T150405Z"))
		q.Set("ctz", c.Zone)
	}
	return "https://calendar.google.com/calendar/render?" + q.Encode()
}

// webcal is the address that calendars subscribe to.
func (v *viewer) webcal() template.URL {
	return template.URL("webcal://" + v.site.Host() + "/conf.ics")
}
