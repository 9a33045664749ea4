package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"konfa/community"
)

// conferenceView is a conference in the JSON of the command line. Times are RFC
// 3339 on the conference's own clock; a conference of whole days has dates.
type conferenceView struct {
	Slug        string                `json:"slug,omitempty"`
	URI         string                `json:"uri"` // ActivityPub id
	URL         string                `json:"url"`
	Title       string                `json:"title"`
	Titles      community.Texts       `json:"titles"`
	Text        community.Texts       `json:"text,omitempty"` // Markdown, of ours
	HTML        community.Texts       `json:"html,omitempty"`
	Start       string                `json:"start"`
	End         string                `json:"end,omitempty"` // the last day, for whole days
	AllDay      bool                  `json:"all_day"`
	Zone        string                `json:"zone"`
	Venue       *community.Venue      `json:"venue,omitempty"`
	OnlineURL   string                `json:"online_url,omitempty"`
	Capacity    int                   `json:"capacity"`
	Seats       seatsView             `json:"seats"`
	JoinMode    community.JoinMode    `json:"join_mode"`
	RSVP        community.RSVPMode    `json:"rsvp,omitempty"` // of ours
	ExternalURL string                `json:"external_url,omitempty"`
	Replies     community.ReplyMode   `json:"replies"`
	Languages   []string              `json:"languages,omitempty"`
	Cost        string                `json:"cost,omitempty"`
	Cover       *community.Picture    `json:"cover,omitempty"`
	Tags        []string              `json:"tags"`
	Category    string                `json:"category"`
	Organisers  []community.Organiser `json:"organisers,omitempty"`
	Link        string                `json:"link,omitempty"`
	Status      community.Status      `json:"status"`
	Draft       bool                  `json:"draft"`
	Origin      string                `json:"origin,omitempty"` // of others
	Series      int64                 `json:"series,omitempty"`
	UID         string                `json:"uid"`
	Sequence    int                   `json:"sequence"`
	Published   string                `json:"published,omitempty"`
	Updated     string                `json:"updated,omitempty"`
	Announced   string                `json:"announced,omitempty"`
	AnnouncedBy []carrierView         `json:"announced_by,omitempty"` // of ours, by other cities
	TwinOf      string                `json:"twin_of,omitempty"`      // the conference that is shown in its stead
}

// carrierView is a city that announced a conference of ours.
type carrierView struct {
	Actor   string `json:"actor"`
	Address string `json:"address"`
	Name    string `json:"name"`
}

type seatsView struct {
	Going   int  `json:"going"`
	Offered int  `json:"offered"` // kept for some of those who waited
	Maybe   int  `json:"maybe"`
	Waiting int  `json:"waiting"`
	Pending int  `json:"pending"`
	Left    *int `json:"left,omitempty"` // nothing where there is no limit
}

func conferenceOf(site community.Site, c *community.Conference) conferenceView {
	v := conferenceView{
		Slug: c.Slug, URI: c.URI, URL: c.URL, Title: c.Title.First(), Titles: c.Title, Text: c.Text, HTML: c.HTML,
		Start: when(c.LocalStart(), c.AllDay), AllDay: c.AllDay, Zone: c.Zone, Venue: c.Venue, OnlineURL: c.OnlineURL,
		Capacity: c.Capacity, JoinMode: c.JoinMode, ExternalURL: c.ExternalURL, Replies: c.Replies, Languages: c.Languages, Cost: c.Cost, Cover: c.Cover,
		Tags: c.Tags, Category: c.Category, Organisers: c.Organisers, Link: c.Link, Status: c.Status, Draft: c.Draft, Origin: c.Origin,
		Series: c.SeriesID, UID: c.UID, Sequence: c.Sequence,
		Published: stamp(c.Published), Updated: stamp(c.Updated), Announced: stamp(c.Announced),
		Seats: seatsView{Going: c.Seats.Going, Offered: c.Seats.Offered, Maybe: c.Seats.Maybe, Waiting: c.Seats.Waiting, Pending: c.Seats.Pending},
	}
	if c.Own() {
		v.RSVP = c.RSVP
		v.URI = site.Conference(c.Slug)
		v.URL = v.URI
	}
	if v.URL == "" {
		v.URL = v.URI
	}
	if !c.OpenEnd {
		v.End = when(c.LocalEnd(), c.AllDay)
	}
	if left, limited := c.SeatsLeft(); limited {
		v.Seats.Left = &left
	}
	if v.Tags == nil {
		v.Tags = []string{}
	}
	return v
}

func conferenceViews(site community.Site, list []community.Conference) []conferenceView {
	views := make([]conferenceView, len(list))
	for i := range list {
		views[i] = conferenceOf(site, &list[i])
	}
	return views
}

func when(t time.Time, day bool) string {
	if day {
		return t.Format(time.DateOnly)
	}
	return t.Format(time.RFC3339)
}

// conferenceTable lists conferences for people.
func (a *app) conferenceTable(list []community.Conference) {
	rows := make([][]string, len(list))
	for i, c := range list {
		start := c.LocalStart().Format("2006-01-02 15:04")
		if c.AllDay {
			start = c.LocalStart().Format(time.DateOnly)
		}
		state := string(c.Status)
		if c.Draft {
			state = "draft"
		}
		name := c.Slug
		if !c.Own() {
			name = c.URI
		}
		place := c.Venue.Line()
		if place == "" && c.Online() {
			place = "online"
		}
		rows[i] = []string{start, short(c.Title.First(), 50), short(place, 40), strconv.Itoa(c.Seats.Going), state, name}
	}
	a.table("no conferences", []string{"START", "TITLE", "WHERE", "GOING", "STATUS", "NAME"}, rows)
}

// printConference shows one conference.
func (a *app) printConference(site community.Site, c *community.Conference) error {
	return a.printConferenceView(c, conferenceOf(site, c))
}

func (a *app) printConferenceView(c *community.Conference, v conferenceView) error {
	return a.print(v, func() {
		line := func(label, value string) {
			if value != "" {
				a.say("%-10s %s", label, clean(value))
			}
		}
		for _, t := range c.Title {
			a.say("%s", clean(t.Text))
		}
		line("address", v.URL)
		end := v.End
		if end != "" {
			end = " to " + end
		}
		line("when", v.Start+end+" ("+c.Zone+")")
		line("where", c.Venue.Line())
		line("online", c.OnlineURL)
		state := string(c.Status)
		if c.Draft {
			state += ", draft"
		}
		line("status", state)
		seats := fmt.Sprintf("%d going, %d maybe, %d waiting, %d pending", v.Seats.Going, v.Seats.Maybe, v.Seats.Waiting, v.Seats.Pending)
		if v.Seats.Offered > 0 {
			seats += fmt.Sprintf(", %d offered", v.Seats.Offered)
		}
		if v.Seats.Left != nil {
			seats += fmt.Sprintf("; %d of %d seats left", *v.Seats.Left, c.Capacity)
		}
		line("guests", seats)
		line("host", c.Origin)
		var also []string
		for _, b := range v.AnnouncedBy {
			also = append(also, b.Name)
		}
		line("also by", strings.Join(also, ", "))
		line("same as", v.TwinOf)
		line("cost", c.Cost)
		line("tags", strings.Join(c.Tags, " "))
	})
}

type guestView struct {
	ID      int64                `json:"id"`
	Name    string               `json:"name"`
	Kind    string               `json:"kind"` // member, actor or email
	State   community.GuestState `json:"state"`
	Plus    int                  `json:"plus"`
	Comment string               `json:"comment,omitempty"`
	Queued  string               `json:"queued,omitempty"`
	Created string               `json:"created,omitempty"`
}

func guestOf(g community.Guest) guestView {
	kind := "email"
	switch {
	case g.MemberID != 0:
		kind = "member"
	case g.ActorID != 0:
		kind = "actor"
	}
	return guestView{g.ID, g.Name, kind, g.State, g.Plus, g.Comment, stamp(g.Queued), stamp(g.Created)}
}

type postView struct {
	Slug       string               `json:"slug,omitempty"`
	URI        string               `json:"uri"`
	URL        string               `json:"url"`
	Author     string               `json:"author"`
	Title      string               `json:"title,omitempty"`
	Titles     community.Texts      `json:"titles,omitempty"`
	Text       community.Texts      `json:"text,omitempty"`
	HTML       community.Texts      `json:"html"`
	Warning    string               `json:"warning,omitempty"`
	ReplyTo    string               `json:"reply_to,omitempty"`
	Visibility community.Visibility `json:"visibility"`
	Tags       []string             `json:"tags"`
	Draft      bool                 `json:"draft"`
	Published  string               `json:"published,omitempty"`
	Updated    string               `json:"updated,omitempty"`
}

func postOf(site community.Site, p *community.Post) postView {
	v := postView{
		Slug: p.Slug, URI: p.URI, URL: p.URL, Author: p.AuthorName, Title: p.Title.First(), Titles: p.Title, Text: p.Text, HTML: p.HTML,
		Warning: p.Warning, ReplyTo: p.ReplyTo, Visibility: p.Visibility, Tags: p.Tags, Draft: p.Draft,
		Published: stamp(p.Published), Updated: stamp(p.Updated),
	}
	if p.Own() {
		v.URI = site.Post(p.Slug)
		v.URL = v.URI
		v.Author = string(p.Author)
	}
	if v.URL == "" {
		v.URL = v.URI
	}
	if v.Tags == nil {
		v.Tags = []string{}
	}
	return v
}
