package web

import (
	"time"

	"konfa/community"
	"konfa/prose"
)

// object is a JSON object of schema.org.
type object map[string]any

var schemaStatus = map[community.Status]string{
	community.Scheduled:   "https://schema.org/EventScheduled",
	community.Tentative:   "https://schema.org/EventScheduled", // schema.org knows no doubt
	community.Cancelled:   "https://schema.org/EventCancelled",
	community.Postponed:   "https://schema.org/EventPostponed",
	community.MovedOnline: "https://schema.org/EventMovedOnline",
}

// schemaEvent describes a conference in the words of schema.org/Event, for
// search engines.
func (v *viewer) schemaEvent(c *community.Conference) object {
	w := v.when(c, v.city)
	e := object{
		"@context":            "https://schema.org",
		"@type":               "Event",
		"@id":                 conferenceID(v.site, c),
		"url":                 pageURL(v.site, c),
		"name":                v.pick(c.Title).Text,
		"startDate":           w.Start,
		"eventStatus":         schemaStatus[c.Status],
		"eventAttendanceMode": attendanceMode(c),
	}
	if w.End != "" {
		e["endDate"] = w.End
	}
	if d := prose.Summary(v.pick(c.HTML).Text, 500); d != "" {
		e["description"] = d
	}
	var places []object
	if c.Status != community.MovedOnline && (c.Venue.Line() != "" || c.Venue != nil && c.Venue.Place != nil) {
		places = append(places, schemaPlace(c.Venue))
	}
	if c.OnlineURL != "" {
		places = append(places, object{"@type": "VirtualLocation", "url": c.OnlineURL})
	} else if c.Status == community.MovedOnline {
		places = append(places, object{"@type": "VirtualLocation", "url": pageURL(v.site, c)})
	}
	switch len(places) {
	case 0:
	case 1:
		e["location"] = places[0]
	default:
		e["location"] = places
	}
	if c.Cover != nil {
		e["image"] = []string{c.Cover.URL}
	}
	if len(c.Languages) > 0 {
		e["inLanguage"] = c.Languages
	}
	if c.Capacity > 0 {
		e["maximumAttendeeCapacity"] = c.Capacity
		if left, ok := seatsLeft(c); ok {
			e["remainingAttendeeCapacity"] = left
		}
	}
	if len(c.Tags) > 0 {
		e["keywords"] = c.Tags
	}
	if c.Own() {
		e["organizer"] = object{"@type": "Organization", "name": v.cityName().Text, "url": v.site.Base + "/"}
	} else if c.Origin != "" {
		e["organizer"] = object{"@type": "Organization", "name": c.Origin}
	}
	return e
}

func attendanceMode(c *community.Conference) string {
	switch {
	case c.Status == community.MovedOnline, c.Online() && c.Venue.Line() == "":
		return "https://schema.org/OnlineEventAttendanceMode"
	case c.Online():
		return "https://schema.org/MixedEventAttendanceMode"
	}
	return "https://schema.org/OfflineEventAttendanceMode"
}

func schemaPlace(v *community.Venue) object {
	p := object{"@type": "Place"}
	if v.Name != "" {
		p["name"] = v.Name
	}
	address := object{"@type": "PostalAddress"}
	for key, value := range map[string]string{
		"streetAddress": v.Street, "postalCode": v.PostalCode, "addressLocality": v.Locality, "addressRegion": v.Region, "addressCountry": v.Country,
	} {
		if value != "" {
			address[key] = value
		}
	}
	if len(address) > 1 {
		p["address"] = address
	}
	if v.Place != nil {
		p["geo"] = object{"@type": "GeoCoordinates", "latitude": v.Place.Lat, "longitude": v.Place.Lon}
	}
	return p
}

// schemaPost describes a post in the words of schema.org.
func (v *viewer) schemaPost(p *community.Post) object {
	kind := "SocialMediaPosting"
	if p.Article() {
		kind = "Article"
	}
	title, by := v.pick(p.Title).Text, "Organization"
	if _, ok := p.Author.Member(); ok {
		by = "Person"
	}
	switch {
	case title == "" && p.Warning != "": // what is behind it stays there
		title = p.Warning
	case title == "":
		title = prose.Summary(v.pick(p.HTML).Text, 100)
	}
	return object{
		"@context":      "https://schema.org",
		"@type":         kind,
		"@id":           v.site.Post(p.Slug),
		"url":           v.site.Post(p.Slug),
		"headline":      title,
		"datePublished": p.Published.Format(time.RFC3339),
		"dateModified":  p.Updated.Format(time.RFC3339),
		"author":        object{"@type": by, "name": v.author(p).Name},
	}
}

// schemaCity describes the city.
func (v *viewer) schemaCity() object {
	o := object{
		"@context": "https://schema.org",
		"@type":    "Organization",
		"@id":      v.site.Actor(community.CityActor),
		"name":     v.cityName().Text,
		"url":      v.site.Base + "/",
	}
	if len(v.city.Links) > 0 {
		var same []string
		for _, l := range v.city.Links {
			same = append(same, l.URL)
		}
		o["sameAs"] = same
	}
	return o
}

// pageURL is the address of the page of a conference for people.
func pageURL(s community.Site, c *community.Conference) string {
	if c.Own() {
		return s.Conference(c.Slug)
	}
	if c.URL != "" {
		return c.URL
	}
	return c.URI
}
