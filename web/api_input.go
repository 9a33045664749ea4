package web

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"konfa/community"
)

// opt is a field of a request that may be left out. Null empties it.
type opt[T any] struct {
	Set   bool
	Null  bool // it was null
	Value T
}

func (o *opt[T]) UnmarshalJSON(b []byte) error {
	o.Set = true
	if string(b) == "null" {
		o.Null = true
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	return dec.Decode(&o.Value)
}

func (o opt[T]) into(dst *T) {
	if o.Set {
		*dst = o.Value
	}
}

// texts is a text in one or more languages. It may be written as a plain string
// (in the main language of the city), as {"en": "…", "ru": "…"}, or as
// [{"lang": "en", "text": "…"}]; the first language is the main one.
type texts community.Texts

func (t *texts) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	*t = nil
	switch {
	case len(b) == 0 || string(b) == "null":
		return nil
	case b[0] == '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*t = texts(community.Plain("", s))
		return nil
	case b[0] == '[':
		var list []community.Phrase
		dec := json.NewDecoder(bytes.NewReader(b))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&list); err != nil {
			return err
		}
		*t = list
		return nil
	case b[0] == '{':
		// Read token by token, as a map would forget which came first.
		dec := json.NewDecoder(bytes.NewReader(b))
		if _, err := dec.Token(); err != nil {
			return err
		}
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				return err
			}
			var s string
			if err := dec.Decode(&s); err != nil {
				return err
			}
			*t = append(*t, community.Phrase{Lang: key.(string), Text: s})
		}
		return nil
	}
	return community.Errorf(community.Invalid, "a text is a string, an object of languages, or a list of {lang, text}")
}

// in gives what was written without a language the main one of the city.
func (t texts) in(city *community.City) community.Texts {
	out := community.Texts(t)
	for i := range out {
		if out[i].Lang == "" {
			out[i].Lang = city.Languages[0]
		}
	}
	return out
}

// notNull refuses a null that would publish: a program that has nothing to say
// of a draft does not mean everyone to see it.
func notNull(draft opt[bool]) error {
	if draft.Null {
		return invalidField("draft", "type", "true or false; null is neither")
	}
	return nil
}

// conferenceInput is what programs may say of a conference, new or changed.
type conferenceInput struct {
	Title       opt[texts]                 `json:"title"`
	Titles      opt[texts]                 `json:"titles"`
	Text        opt[texts]                 `json:"text"`
	Start       opt[string]                `json:"start"`
	End         opt[string]                `json:"end"`
	AllDay      opt[bool]                  `json:"all_day"`
	Zone        opt[string]                `json:"zone"`
	Venue       opt[*venueInput]           `json:"venue"`
	OnlineURL   opt[string]                `json:"online_url"`
	Capacity    opt[int]                   `json:"capacity"`
	JoinMode    opt[community.JoinMode]    `json:"join_mode"`
	RSVP        opt[community.RSVPMode]    `json:"rsvp"`
	ExternalURL opt[string]                `json:"external_url"`
	Replies     opt[community.ReplyMode]   `json:"replies"`
	Languages   opt[[]string]              `json:"languages"`
	Cost        opt[string]                `json:"cost"`
	Cover       opt[*community.Picture]    `json:"cover"`
	Tags        opt[[]string]              `json:"tags"`
	Category    opt[string]                `json:"category"`
	Organisers  opt[[]community.Organiser] `json:"organisers"`
	Link        opt[string]                `json:"link"`
	Status      opt[community.Status]      `json:"status"`
	Draft       opt[bool]                  `json:"draft"`
	UID         opt[string]                `json:"uid"`
	ImportKey   opt[string]                `json:"import_key"`
	Quiet       bool                       `json:"quiet"`
	Announce    bool                       `json:"announce"`
}

// venueInput is a venue without what the program keeps to itself.
type venueInput struct {
	Name       string           `json:"name"`
	Street     string           `json:"street"`
	PostalCode string           `json:"postal_code"`
	Locality   string           `json:"locality"`
	Region     string           `json:"region"`
	Country    string           `json:"country"`
	Directions string           `json:"directions"`
	Place      *community.Point `json:"place"`
}

var conferenceFields = []string{
	"title", "titles", "text", "start", "end", "all_day", "zone", "venue", "online_url", "capacity", "join_mode", "rsvp", "external_url", "replies", "languages", "cost",
	"cover", "tags", "category", "organisers", "link", "status", "draft", "uid", "import_key", "quiet", "announce",
	"name", "street", "postal_code", "locality", "region", "country", "directions", "place", "lat", "lon", "url", "media_type", "alt", "width", "height", "blurhash",
	"handle", "uri", "lang",
}

// apply writes what was said into a conference.
func (in *conferenceInput) apply(c *community.Conference, city *community.City) error {
	if in.Title.Set {
		c.Title = in.Title.Value.in(city)
	}
	if in.Titles.Set {
		c.Title = in.Titles.Value.in(city)
	}
	if in.Text.Set {
		c.Text = in.Text.Value.in(city)
	}
	if in.Venue.Set {
		c.Venue = nil
		if v := in.Venue.Value; v != nil {
			c.Venue = &community.Venue{
				Name: v.Name, Street: v.Street, PostalCode: v.PostalCode, Locality: v.Locality, Region: v.Region, Country: v.Country,
				Directions: v.Directions, Place: v.Place,
			}
		}
	}
	in.OnlineURL.into(&c.OnlineURL)
	in.Capacity.into(&c.Capacity)
	in.JoinMode.into(&c.JoinMode)
	in.RSVP.into(&c.RSVP)
	in.ExternalURL.into(&c.ExternalURL)
	in.Replies.into(&c.Replies)
	in.Languages.into(&c.Languages)
	in.Cost.into(&c.Cost)
	in.Cover.into(&c.Cover)
	in.Tags.into(&c.Tags)
	in.Category.into(&c.Category)
	in.Organisers.into(&c.Organisers)
	in.Link.into(&c.Link)
	in.Status.into(&c.Status)
	return in.applyTimes(c)
}

// applyTimes reads start and end on the clock of the conference. Moving the
// start alone moves the end with it; changing only the zone keeps what the
// clock shows.
func (in *conferenceInput) applyTimes(c *community.Conference) error {
	oldStart, oldEnd, length := c.LocalStart(), c.LocalEnd(), c.End.Sub(c.Start)
	wasAllDay, isNew := c.AllDay, c.Start.IsZero()
	if c.AllDay {
		oldEnd = c.End.In(c.Location())
	}
	in.Zone.into(&c.Zone)
	in.AllDay.into(&c.AllDay)
	if !in.Start.Set && !in.End.Set && !in.Zone.Set && !in.AllDay.Set {
		return nil
	}
	if c.Zone != "" && !community.ValidZone(c.Zone) && !isNew {
		return nil // Check says so
	}
	loc := c.Location() // UTC where the zone of a new one is wrong, so that Check names the zone alone
	rezone := func(t time.Time) time.Time {
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), loc)
	}
	switch {
	case in.Start.Set && in.Start.Value != "":
		start, day, err := readTime("start", in.Start.Value, loc)
		if err != nil {
			return err
		}
		if day && !in.AllDay.Set && isNew {
			c.AllDay = true
		}
		if day && !c.AllDay {
			return invalidField("start", "time", "a time is needed, such as 2026-11-22T19:00, unless all_day is true")
		}
		c.Start = start
	case in.Start.Set:
		c.Start = time.Time{}
	case !isNew && in.Zone.Set:
		c.Start = rezone(oldStart)
	}
	if c.AllDay && !c.Start.IsZero() {
		c.Start = community.DaysAfter(c.Start.In(loc), 0)
	}
	switch {
	case in.End.Set && in.End.Value != "":
		end, day, err := readTime("end", in.End.Value, loc)
		if err != nil {
			return err
		}
		if day && !c.AllDay {
			return invalidField("end", "time", "a time is needed, such as 2026-11-22T21:00, unless all_day is true")
		}
		if c.AllDay { // the last day is said, the midnight after it is kept
			end = community.DaysAfter(end.In(loc), 1)
		}
		c.End, c.OpenEnd = end, false
	case in.End.Set, isNew:
		c.End, c.OpenEnd = time.Time{}, true
	case c.OpenEnd:
		c.End = time.Time{}
	case in.Start.Set && c.AllDay && wasAllDay:
		days := int(date(oldEnd).Sub(date(oldStart)).Hours()) / 24
		c.End = community.DaysAfter(c.Start.In(loc), days)
	case in.Start.Set && c.AllDay == wasAllDay:
		c.End = c.Start.Add(length)
	case c.AllDay && !wasAllDay:
		c.End = community.DaysAfter(rezone(oldEnd.Add(-time.Second)), 1)
	case in.Zone.Set && c.AllDay: // the day that ended at one there ends at midnight here
		c.End = community.DaysAfter(rezone(oldEnd), 0)
	case in.Zone.Set:
		c.End = rezone(oldEnd)
	}
	return nil
}

// readTime reads an instant (RFC 3339 with an offset), a time on the clock of
// loc, or a day, and tells whether it was only a day.
func readTime(field, s string, loc *time.Location) (t time.Time, day bool, err error) {
	s = strings.TrimSpace(s)
	if t, err = time.Parse(time.RFC3339, s); err == nil {
		return t, false, nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"} {
		if t, err = time.ParseInLocation(layout, s, loc); err == nil {
			return t, false, nil
		}
	}
	if t, err = time.ParseInLocation(time.DateOnly, s, loc); err == nil {
		return t, true, nil
	}
	return t, false, invalidField(field, "time", "a time looks like 2026-11-22T19:00 or 2026-11-22T19:00:00+01:00, a whole day like 2026-11-22")
}

// postInput is what programs may say of a post.
type postInput struct {
	Title      opt[texts]                `json:"title"`
	Titles     opt[texts]                `json:"titles"`
	Text       opt[texts]                `json:"text"`
	Warning    opt[string]               `json:"warning"`
	ReplyTo    opt[string]               `json:"reply_to"`
	Conference opt[string]               `json:"conference"`
	Visibility opt[community.Visibility] `json:"visibility"`
	Tags       opt[[]string]             `json:"tags"`
	Pictures   opt[[]community.Picture]  `json:"pictures"`
	Draft      opt[bool]                 `json:"draft"`
	AsMember   bool                      `json:"as_member"`
	Quiet      bool                      `json:"quiet"`
}

var postFields = []string{
	"title", "titles", "text", "warning", "reply_to", "conference", "visibility", "tags", "pictures", "draft", "as_member", "quiet",
	"url", "media_type", "alt", "width", "height", "blurhash", "lang",
}

func (in *postInput) apply(p *community.Post, city *community.City) {
	if in.Title.Set {
		p.Title = in.Title.Value.in(city)
	}
	if in.Titles.Set {
		p.Title = in.Titles.Value.in(city)
	}
	if in.Text.Set {
		p.Text = in.Text.Value.in(city)
	}
	in.Warning.into(&p.Warning)
	in.Tags.into(&p.Tags)
	in.Pictures.into(&p.Pictures)
}
