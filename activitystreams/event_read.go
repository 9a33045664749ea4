package activitystreams

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"konfa/community"

	"github.com/google/uuid"
)

// RemoteEvent is a conference of another server as its Event says it.
type RemoteEvent struct {
	community.Conference
	AttributedTo []string // whose it is; the first one where only one is meant
	Actor        string   // Mobilizon's organiser, or empty
	To, Cc       []string
	Public       bool     // everyone is in To: it may be listed (FEP-8a8e)
	Attendees    string   // collection, or empty
	Organizers   string   // collection, or empty; embedded ones are in Organisers
	Replies      string   // collection, or empty
	RequiredJoin []string // whom a Join must be addressed to besides (FEP-8a8e)
	Notes        []string // what was dropped or is odd
}

// ReadEvent reads an Event of any server.
func ReadEvent(b []byte) (*RemoteEvent, error) {
	v, err := parseObjectTo(b, maxDepth-1) // without @context
	if err != nil {
		return nil, err
	}
	return readEvent(v)
}

func readEvent(v *value) (*RemoteEvent, error) {
	if !slices.Contains(v.types(), "Event") {
		t, _ := v.typeIn(knownTypes)
		if t == "" {
			return nil, malformed("the document has no type")
		}
		return nil, malformed("this is of type %s, not an event", t)
	}
	r := &reader{}
	e := &RemoteEvent{}
	c := &e.Conference
	c.URI = v.property("id").id()
	if !webID(c.URI) {
		return nil, malformed("the event has no id that can be fetched")
	}
	if c.URL = v.property("url").page(); c.URL == "" {
		c.URL = c.URI
	}
	c.Title = v.texts("name", func(s string) string { return line(s, community.MaxTitle) })
	if len(c.Title) == 0 {
		return nil, malformed("the event has no name")
	}
	e.AttributedTo = v.property("attributedTo").ids(16)
	e.Actor = v.property("actor").id()
	e.To, e.Cc = v.property("to").ids(maxAddresses), v.property("cc").ids(maxAddresses)
	e.Public = slices.Contains(e.To, PublicURI)
	e.Attendees, e.Organizers, e.Replies = v.property("attendees").id(), v.property("organizers").id(), v.property("replies").id()
	e.RequiredJoin = v.property("requiredJoinVisibility").ids(16)

	if err := r.times(v, c); err != nil {
		return nil, err
	}
	r.place(v, c)
	r.words(v, c)
	r.rsvp(v, c)
	r.looks(v, c)
	r.organisers(v, c)
	c.Status = status(v)
	c.Published, c.Updated = v.times()
	if id, err := uuid.Parse(v.get("uuid").text()); err == nil {
		c.UUID = id.String()
	}
	c.Tidy()
	e.Notes = r.notes
	return e, nil
}

// times reads start, end and zone. Without a zone that is known, the clock is
// that of the offset of the start (Gancio names no zone, and 20:00 in Rome is to
// be shown as 20:00), else UTC; the instants stay what the offsets say.
func (r *reader) times(v *value, c *community.Conference) error {
	c.Zone = ""
	if z := v.property("timezone").text(); z != "" && len(z) <= 64 && community.ValidZone(z) {
		c.Zone = z
	} else if z != "" {
		r.note("the time zone is not known: " + line(z, 64))
	}
	zone := c.Location()
	start, day, ok := v.property("startTime").instant(zone)
	if !ok {
		if start, day, ok = v.property("previousStartTime").instant(zone); !ok {
			return malformed("the event does not say when it starts")
		}
		r.note("the event has no new date yet; the former one is shown")
	}
	if c.Zone == "" {
		c.Zone = "UTC"
		if _, offset := start.Zone(); community.FixedZone(offset) != "" {
			c.Zone = community.FixedZone(offset)
			zone = c.Location()
		}
	}
	c.Start = community.Instant(start)
	end, endDay, ok := v.property("endTime").instant(zone)
	switch {
	case ok && endDay && !end.Before(start):
		end = end.AddDate(0, 0, 1) // a bare date counts whole
	case !ok && v.property("endTime") != nil:
		r.note("the end could not be read")
	case ok && end.Before(start):
		r.note("the event ends before it starts; its end was dropped")
		ok = false
	case ok && end.Equal(start):
		ok = false
	}
	c.OpenEnd = !ok && !day || v.property("displayEndTime").no()
	if ok {
		c.End = community.Instant(end)
	}
	// Whole days go from 00:00:00 to 23:59:59 on the clock of the event.
	switch {
	case day && (!ok || endDay):
		c.AllDay, c.OpenEnd = true, false
		if !ok {
			c.End = community.Instant(start.AddDate(0, 0, 1))
		}
	case ok && !c.OpenEnd:
		last := c.End.In(zone)
		midnight := time.Date(last.Year(), last.Month(), last.Day()+1, 0, 0, 0, 0, zone)
		if from := c.LocalStart(); from.Equal(firstMoment(from)) && midnight.Add(-time.Second).Equal(last.Truncate(time.Second)) {
			c.AllDay = true
			c.End = community.Instant(midnight)
		}
	}
	return nil
}

// firstMoment is when the day of t begins: at one o'clock where the clocks are
// changed at midnight.
func firstMoment(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

// place reads location in all its shapes: one Place, several, with virtual ones
// among them, an address as text or in parts, a bare name.
func (r *reader) place(v *value, c *community.Conference) {
	for _, l := range v.property("location").list(16) {
		venue, online := location(l)
		switch {
		case slices.Contains(l.types(), "VirtualLocation") && online == "":
			// It is held online, and where is not said.
		case strings.HasSuffix(l.property("id").id(), nowhere):
			// Only the town, which a konfa names where there is no venue.
		case online != "" && c.OnlineURL == "":
			c.OnlineURL = online
		case online != "":
			r.note("a second online address was dropped: " + online)
		case venue == nil:
			r.note("a location could not be read")
		case c.Venue == nil:
			c.Venue = venue
		default:
			r.note("a second place was dropped: " + venue.Line())
		}
	}
	if s := link(v.property("onlineLink").text()); s != "" {
		c.OnlineURL = s
	}
}

// location reads one location: a venue, or the address of an online one.
func location(l *value) (*community.Venue, string) {
	if l.kind == kindString {
		s := line(l.text(), 300)
		if s == "" || webID(s) {
			return nil, "" // an address alone says nothing yet
		}
		return &community.Venue{Name: s}, ""
	}
	if l.kind != kindObject {
		return nil, ""
	}
	if slices.Contains(l.types(), "VirtualLocation") {
		return nil, l.property("url").page()
	}
	a := l.property("address")
	if slices.Contains(a.types(), "VirtualLocation") {
		return nil, a.property("url").page()
	}
	v := &community.Venue{
		Name:       l.texts("name", func(s string) string { return line(s, 300) }).First(),
		Directions: l.texts("summary", func(s string) string { return line(s, 2000) }).First(),
	}
	if a != nil && a.kind == kindString {
		v.Street = line(a.text(), 300)
	} else if a != nil {
		if a.kind == kindArray {
			a = first(a)
		}
		for _, f := range []struct {
			to  *string
			key string
		}{{&v.Street, "streetAddress"}, {&v.PostalCode, "postalCode"}, {&v.Locality, "addressLocality"}, {&v.Region, "addressRegion"}, {&v.Country, "addressCountry"}} {
			p := a.get(f.key)
			if p != nil && p.kind == kindObject {
				p = p.get("name") // schema.org has Country objects
			}
			*f.to = line(p.text(), 300)
		}
	}
	lat, oklat := l.property("latitude").number()
	lon, oklon := l.property("longitude").number()
	if at := (community.Point{Lat: lat, Lon: lon}); oklat && oklon && at.Valid() && (lat != 0 || lon != 0) {
		v.Place = &at
	}
	tidyName(v)
	if v.Line() == "" && v.Place == nil {
		return nil, ""
	}
	return v, ""
}

func first(v *value) *value {
	for _, e := range v.list(1) {
		return e
	}
	return nil
}

// tidyName takes off the town that senders (we too) put behind the name, and a
// name that only repeats the address.
func tidyName(v *community.Venue) {
	if v.Locality != "" {
		if name, ok := strings.CutSuffix(v.Name, ", "+v.Locality); ok {
			v.Name = name
		}
	}
	if v.Name != "" && (v.Name == v.Street || v.Name == v.Locality || v.Name == v.Address()) {
		v.Name = ""
	}
}

// words reads the text, tags, languages and links.
func (r *reader) words(v *value, c *community.Conference) {
	body := "content"
	if v.property("content") == nil && v.property("contentMap") == nil {
		body = "summary" // FEP-8a8e: what says something is shown
	}
	tidy := r.html(v.get("mediaType").text())
	summaries := v.texts("summary", func(s string) string { return s })
	c.HTML = v.texts(body, func(s string) string { return s })
	for i := range c.HTML {
		p := &c.HTML[i]
		// The first paragraph that we write ourselves (Encoder.Event).
		p.Text = strings.TrimPrefix(p.Text, lead(c.Title.In(p.Lang), summaries.In(p.Lang)))
		p.Text = tidy(p.Text)
	}
	c.HTML = filled(c.HTML)
	for _, key := range []string{"availableLanguage", "inLanguage"} {
		for _, l := range v.get(key).list(maxLanguages) {
			if s := strings.ToLower(l.text()); community.ValidLang(s) && s != "und" && !slices.Contains(c.Languages, s) {
				c.Languages = append(c.Languages, s)
			}
		}
		if len(c.Languages) > 0 {
			break
		}
	}
	if len(c.Languages) == 0 {
		c.Languages = c.Title.Languages()
	}
	if len(c.Languages) == 1 {
		for _, t := range []community.Texts{c.Title, c.HTML} {
			if len(t) == 1 && t[0].Lang == "" {
				t[0].Lang = c.Languages[0]
			}
		}
	}
	c.Tags = r.tags(v)
	c.Category = community.DefaultCategory
	for _, k := range v.get("category").list(8) {
		if s := strings.ToUpper(strings.TrimSpace(k.text())); slices.Contains(community.Categories, s) {
			c.Category = s
			break
		} else if s != "" {
			r.note("the category is not known: " + line(s, 60))
		}
	}
	// Mobilizon has one link for both; who writes onlineLink has said which it is.
	online := v.get("isOnline").yes() && v.get("onlineLink") == nil
	for _, a := range v.property("attachment").list(64) {
		if !slices.Contains(a.types(), "Link") || strings.HasPrefix(a.get("mediaType").text(), "text/calendar") {
			continue
		}
		s := link(a.get("href").text())
		switch {
		case s == "" || s == c.OnlineURL:
		case online && c.OnlineURL == "" && a.get("name").text() == "Website":
			c.OnlineURL = s
		case c.Link == "" || a.get("name").text() == "Website" && s != c.OnlineURL:
			c.Link = s
		}
	}
	if s := v.get("sameAs").page(); s != "" {
		c.Link = s
	}
	if s := line(v.get("price").text(), community.MaxCost); s != "" {
		c.Cost = s
	} else if n, ok := v.get("feeAmount").number(); ok && n > 0 && n < 1e9 {
		c.Cost = strings.TrimSpace(strconv.FormatFloat(n, 'f', -1, 64) + " " + line(v.get("feeCurrency").text(), 10))
	}
	if s := link(v.get("buyTicketsLink").text()); s != "" && c.Link == "" {
		c.Link = s
	}
}

func (r *reader) tags(v *value) []string {
	var out []string
	all := v.property("tag").list(256)
	for _, t := range all {
		name := line(t.get("name").text(), 200)
		if t.kind == kindString {
			name = line(t.text(), 200)
		}
		if !slices.Contains(t.types(), "Hashtag") && !strings.HasPrefix(name, "#") || webID(name) {
			continue
		}
		if name = strings.TrimLeft(name, "#"); name == "" {
			continue
		}
		if len(out) == community.MaxTags {
			r.note(fmt.Sprintf("only the first %d tags are kept", community.MaxTags))
			break
		}
		out = append(out, name)
	}
	return out
}

// rsvp reads who may come and how. A server that says nothing about taking part
// (Gancio) gets no Join: one is sent to the event's page.
func (r *reader) rsvp(v *value, c *community.Conference) {
	said := false
	for _, k := range []string{"participantCount", "attendees", "maximumAttendeeCapacity", "remainingAttendeeCapacity", "anonymousParticipationEnabled"} {
		said = said || v.property(k) != nil
	}
	elsewhere := v.get("externalParticipationUrl").page()
	if s := address(v.get("externalParticipationUrl").text()); elsewhere == "" && strings.HasPrefix(s, "mailto:") {
		elsewhere = s
	}
	switch option := strings.ToLower(v.get("repliesModerationOption").text()); {
	case option == "closed" || v.property("commentsEnabled").no():
		c.Replies = community.RepliesClosed
	case option == "moderated":
		c.Replies = community.RepliesModerated
	default:
		c.Replies = community.RepliesOpen
	}
	switch mode := strings.ToLower(v.get("joinMode").text()); mode {
	case "free":
		c.JoinMode = community.Free
	case "restricted", "invite":
		c.JoinMode = community.Restricted
	case "external", "none":
		c.JoinMode = community.External
	case "":
		c.JoinMode = community.Free
		if elsewhere != "" || !said {
			c.JoinMode = community.External
		}
	default:
		c.JoinMode = community.External
		r.note("the way to come is not known: " + line(mode, 40))
	}
	if c.JoinMode == community.External {
		if c.ExternalURL = elsewhere; elsewhere == "" {
			c.ExternalURL = c.URL
		}
	}
	if p := v.get("maximumAttendeeCapacity"); p != nil {
		n, ok := p.whole(1_000_000)
		if c.Capacity = n; !ok {
			r.note("the number of seats was dropped: " + line(string(p.raw[:min(len(p.raw), 40)]), 40))
		}
	}
	if n, ok := v.get("participantCount").whole(10_000_000); ok {
		c.Seats.Going = n
	} else if n, ok := v.property("attendees").get("totalItems").whole(10_000_000); ok {
		c.Seats.Going = n
	}
}

// looks finds the picture: image (FEP-8a8e), else Mobilizon's Banner, else the
// first attachment that is one.
func (r *reader) looks(v *value, c *community.Conference) {
	if c.Cover = first(v.property("image")).picture(); c.Cover == nil {
		for _, a := range v.property("attachment").list(64) {
			types := a.types()
			if !slices.Contains(types, "Image") && !slices.Contains(types, "Document") {
				continue
			}
			p := a.picture()
			if p == nil || p.MediaType != "" && !strings.HasPrefix(p.MediaType, "image/") {
				continue
			}
			banner := a.get("name").text() == "Banner"
			if c.Cover == nil || banner {
				c.Cover = p
			}
			if banner {
				break
			}
		}
	}
	if c.Cover == nil {
		return
	}
	if c.Cover.Alt == "" || c.Cover.Alt == "Banner" {
		c.Cover.Alt = c.Title.First()
	}
}

// organisers reads those that are embedded: a collection of actors, links or
// people (FEP-8a8e), or Mobilizon's contacts.
func (r *reader) organisers(v *value, c *community.Conference) {
	items := v.property("organizers")
	if items != nil && items.kind == kindObject {
		for _, k := range []string{"orderedItems", "items"} {
			if l := items.property(k); l != nil {
				items = l
				break
			}
		}
	}
	add := func(o community.Organiser) {
		if len(c.Organisers) < 20 && !slices.Contains(c.Organisers, o) && (o.Name != "" || o.URI != "") {
			c.Organisers = append(c.Organisers, o)
		}
	}
	if items != nil && items.kind == kindArray {
		for _, o := range items.list(64) {
			switch o.kind {
			case kindString:
				add(community.Organiser{URI: o.id()})
			case kindObject:
				add(community.Organiser{Name: line(o.property("name").text(), community.MaxName), URI: o.id()})
			}
		}
	}
	for _, s := range v.get("contacts").ids(20) {
		if webID(s) {
			add(community.Organiser{URI: s})
		}
	}
	for i := range c.Organisers {
		if c.Organisers[i].Name == "" {
			c.Organisers[i].Name = c.Organisers[i].URI
		}
	}
}

// status reads eventStatus, and the older status of iCalendar where there is
// none.
func status(v *value) community.Status {
	s := v.get("eventStatus").id()
	for _, sep := range []string{"/", "#", ":"} {
		if i := strings.LastIndex(s, sep); i >= 0 {
			s = s[i+1:]
		}
	}
	switch strings.ToLower(strings.TrimPrefix(s, "Event")) {
	case "scheduled", "rescheduled":
		return community.Scheduled
	case "tentative":
		return community.Tentative
	case "cancelled", "canceled":
		return community.Cancelled
	case "postponed":
		return community.Postponed
	case "movedonline":
		return community.MovedOnline
	}
	old := v.get("status").text()
	if old == "" {
		old = v.get("ical:status").text()
	}
	switch strings.ToLower(old) {
	case "tentative":
		return community.Tentative
	case "cancelled", "canceled":
		return community.Cancelled
	}
	return community.Scheduled
}
