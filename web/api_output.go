package web

import (
	"time"

	"konfa/community"
)

// conferenceOutput is a conference for programs. Times are RFC 3339 on its own
// clock; of whole days it is the first and the last day.
type conferenceOutput struct {
	ID          string                `json:"id"` // ActivityPub
	Slug        string                `json:"slug,omitempty"`
	URL         string                `json:"url"`
	Title       string                `json:"title"`
	Titles      community.Texts       `json:"titles"`
	Text        community.Texts       `json:"text,omitempty"`
	HTML        community.Texts       `json:"html,omitempty"`
	Start       string                `json:"start"`
	End         string                `json:"end,omitempty"`
	AllDay      bool                  `json:"all_day"`
	Zone        string                `json:"zone"`
	Venue       *community.Venue      `json:"venue,omitempty"`
	OnlineURL   string                `json:"online_url,omitempty"`
	Capacity    int                   `json:"capacity"`
	Seats       seatsOutput           `json:"seats"`
	JoinMode    community.JoinMode    `json:"join_mode"`
	RSVP        community.RSVPMode    `json:"rsvp,omitempty"` // of ours
	ExternalURL string                `json:"external_url,omitempty"`
	Replies     community.ReplyMode   `json:"replies"`
	Languages   []string              `json:"languages"`
	Cost        string                `json:"cost,omitempty"`
	Cover       *community.Picture    `json:"cover,omitempty"`
	Tags        []string              `json:"tags"`
	Category    string                `json:"category"`
	Organisers  []community.Organiser `json:"organisers"`
	Link        string                `json:"link,omitempty"`
	Status      community.Status      `json:"status"`
	Draft       bool                  `json:"draft"`
	Own         bool                  `json:"own"`
	Origin      string                `json:"origin,omitempty"`
	Series      int64                 `json:"series,omitempty"`
	UID         string                `json:"uid"`
	Sequence    int                   `json:"sequence"`
	Published   string                `json:"published,omitempty"`
	Updated     string                `json:"updated,omitempty"`
	Announced   string                `json:"announced,omitempty"`
	AnnouncedBy []carrierOutput       `json:"announced_by,omitempty"`
}

// carrierOutput is a city that announced a conference of ours.
type carrierOutput struct {
	ID      string `json:"id"` // ActivityPub
	Name    string `json:"name"`
	Address string `json:"address"`
}

type seatsOutput struct {
	Going   int  `json:"going"`
	Offered int  `json:"offered"`
	Maybe   int  `json:"maybe"`
	Waiting int  `json:"waiting"`
	Pending int  `json:"pending"`
	Left    *int `json:"left,omitempty"`
}

func conferenceJSON(site community.Site, c *community.Conference) conferenceOutput {
	moment := func(t time.Time) string {
		if c.AllDay {
			return t.Format(time.DateOnly)
		}
		return t.Format(time.RFC3339)
	}
	out := conferenceOutput{
		ID: conferenceID(site, c), Slug: c.Slug, URL: pageURL(site, c), Title: c.Title.First(), Titles: c.Title, Text: c.Text, HTML: c.HTML,
		Start: moment(c.LocalStart()), AllDay: c.AllDay, Zone: c.Zone, Venue: c.Venue, OnlineURL: c.OnlineURL, Capacity: c.Capacity,
		Seats:    seatsOutput{Going: c.Seats.Going, Offered: c.Seats.Offered, Maybe: c.Seats.Maybe, Waiting: c.Seats.Waiting, Pending: c.Seats.Pending},
		JoinMode: c.JoinMode, ExternalURL: c.ExternalURL, Replies: c.Replies, Languages: list(c.Languages), Cost: c.Cost, Cover: c.Cover, Tags: list(c.Tags), Category: c.Category,
		Organisers: list(c.Organisers), Link: c.Link, Status: c.Status, Draft: c.Draft, Own: c.Own(), Origin: c.Origin, Series: c.SeriesID, UID: c.UID, Sequence: c.Sequence,
		Published: stampJSON(c.Published), Updated: stampJSON(c.Updated), Announced: stampJSON(c.Announced),
	}
	if c.Own() {
		out.RSVP = c.RSVP
	}
	if !c.OpenEnd {
		out.End = moment(c.LocalEnd())
	}
	if left, ok := seatsLeft(c); ok {
		out.Seats.Left = &left
	}
	return out
}

// postOutput is a post for programs.
type postOutput struct {
	ID         string               `json:"id"` // ActivityPub
	Slug       string               `json:"slug"`
	URL        string               `json:"url"`
	Author     string               `json:"author"` // "city" or "people/anna"
	AuthorName string               `json:"author_name"`
	Title      string               `json:"title,omitempty"`
	Titles     community.Texts      `json:"titles,omitempty"`
	Text       community.Texts      `json:"text"`
	HTML       community.Texts      `json:"html"`
	Warning    string               `json:"warning,omitempty"`
	ReplyTo    string               `json:"reply_to,omitempty"`
	Conference string               `json:"conference,omitempty"` // slug
	Visibility community.Visibility `json:"visibility"`
	Tags       []string             `json:"tags"`
	Pictures   []community.Picture  `json:"pictures,omitempty"`
	Draft      bool                 `json:"draft"`
	Published  string               `json:"published,omitempty"`
	Updated    string               `json:"updated,omitempty"`
}

func postJSON(site community.Site, p *community.Post, conference string) postOutput {
	return postOutput{
		ID: site.Post(p.Slug), Slug: p.Slug, URL: site.Post(p.Slug), Author: string(p.Author), AuthorName: p.AuthorName, Title: p.Title.First(), Titles: p.Title,
		Text: p.Text, HTML: p.HTML, Warning: p.Warning, ReplyTo: p.ReplyTo, Conference: conference, Visibility: p.Visibility, Tags: list(p.Tags),
		Pictures: p.Pictures, Draft: p.Draft, Published: stampJSON(p.Published), Updated: stampJSON(p.Updated),
	}
}

// cityOutput is the city for programs.
type cityOutput struct {
	ID        string             `json:"id"` // ActivityPub
	Handle    string             `json:"handle"`
	Address   string             `json:"address"` // @handle@host
	Name      community.Texts    `json:"name"`
	About     community.Texts    `json:"about"`
	Zone      string             `json:"zone"`
	Country   string             `json:"country"`
	Languages []string           `json:"languages"`
	Place     *community.Point   `json:"place,omitempty"`
	Picture   *community.Picture `json:"picture,omitempty"`
	Banner    *community.Picture `json:"banner,omitempty"`
	Links     []community.Link   `json:"links"`
	Followers int                `json:"followers"`
	Stewards  []stewardOutput    `json:"stewards"`
}

type stewardOutput struct {
	Handle string `json:"handle"`
	Name   string `json:"name"`
}

// guestOutput is a guest for stewards. An e-mail address of a guest is not among
// it: whoever must write to guests does so through the node.
type guestOutput struct {
	ID      int64                `json:"id"`
	Name    string               `json:"name"`
	Kind    string               `json:"kind"` // member, actor or email
	State   community.GuestState `json:"state"`
	Plus    int                  `json:"plus"`
	Comment string               `json:"comment,omitempty"`
	Answers map[string]string    `json:"answers,omitempty"` // by the keys of the questions
	Shown   string               `json:"shown"`             // guests, everyone or organisers
	Series  bool                 `json:"series,omitempty"`
	Wanted  community.GuestState `json:"wanted,omitempty"`  // of unconfirmed ones
	Expires string               `json:"expires,omitempty"` // of offered and unconfirmed ones
	Created string               `json:"created"`
	Updated string               `json:"updated"`
}

func guestJSON(g *community.Guest) guestOutput {
	out := guestOutput{ID: g.ID, Name: g.Name, Kind: "email", State: g.State, Plus: g.Plus, Comment: g.Comment, Answers: g.Answers, Shown: string(g.Shown), Series: g.Series, Wanted: g.Wanted,
		Created: stampJSON(g.Created), Updated: stampJSON(g.Updated)}
	if g.Shown == community.ShownToGuests {
		out.Shown = shownToGuests
	}
	if g.State == community.SeatOffered || g.State == community.Unconfirmed {
		out.Expires = stampJSON(g.Expires)
	}
	switch {
	case g.MemberID != 0:
		out.Kind = "member"
	case g.ActorID != 0:
		out.Kind = "actor"
	}
	return out
}

func stampJSON(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// list is an empty array rather than null.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

// page of a list for programs.
type listOutput[T any] struct {
	Items []T `json:"items"`
	Total int `json:"total"`
	Page  int `json:"page"`
	Limit int `json:"limit"`
}
