package activitystreams

import (
	"slices"
	"strings"
	"time"

	"konfa/community"
	"konfa/prose"

	"github.com/go-fed/activity/streams"
	"github.com/go-fed/activity/streams/vocab"
	"github.com/google/uuid"
)

// EventExtra is what an Event says beside its conference.
type EventExtra struct {
	Replies int                  // answers so far
	City    *community.City      // named in the place where the venue names no town; may be nil
	Author  community.LocalActor // whose it is; the city where empty
	Type    string               // for servers that know no Event; Event where empty
}

// Event is the document of a conference of ours: FEP-8a8e, in the form that
// Mobilizon, Gancio, WordPress, PieFed, Lemmy, Mastodon, GoToSocial and Misskey
// all take.
//
// What each property is shaped by:
//
//   - attributedTo is one string, since Mobilizon takes no array; actor is the
//     same, so that it is clear who may accept a Join.
//   - content begins with the title and the line of summary. GoToSocial and
//     Misskey fold the text away behind summary and do not show name, and Lemmy
//     knows neither startTime nor location: without that first paragraph their
//     readers would see a text without its subject. Mastodon, which shows name
//     and summary by itself, ignores content. A konfa that reads us takes the
//     paragraph off again.
//   - attachment is an array, its first element the picture: on an update
//     Gancio fails on an absent attachment and on one that begins with a link,
//     so without a picture there are no links either. onlineLink and sameAs
//     carry them to those who know these. There is no PropertyValue, on which
//     Lemmy refuses the whole event.
//   - location is one Place with a town in its name, since Gancio tells places
//     apart by name alone, and a new id whenever it changes, since neither
//     Gancio nor Mobilizon ever updates one. Its address is never empty, and
//     there always is a location, if only the town: without them Gancio lists
//     no event and answers 500 to each change.
//   - PieFed reads thirteen keys without a default and Mobilizon refuses some
//     of them as null: they are always there, as "", 0 or false.
func (e *Encoder) Event(c *community.Conference, x EventExtra) ([]byte, error) {
	if c.Slug == "" {
		return nil, community.Errorf(community.Internal, "a conference without a slug has no address yet")
	}
	limit := maxWire
	for {
		b, err := e.event(c, x, limit)
		if err != nil {
			return nil, err
		}
		if len(b) <= maxWire {
			return b, nil
		}
		// The text goes out as content and once more per language; what is over
		// is shared by all.
		over := len(b) - maxWire
		limit = min(limit, longest(c.HTML)) - over/(len(c.HTML)+1) - 256
		if limit < 0 {
			return nil, community.Errorf(community.Refused, "the conference is too long to be sent to other servers").WithHint("shorten its texts and tags")
		}
	}
}

func longest(t community.Texts) int {
	n := 0
	for _, p := range t {
		n = max(n, len(p.Text))
	}
	return n
}

func (e *Encoder) event(c *community.Conference, x EventExtra, limit int) ([]byte, error) {
	id := e.site.Conference(c.Slug)
	who := x.Author
	if who == "" {
		who = community.CityActor
	}
	author, group := e.site.Actor(who), e.site.Actor(community.CityActor)

	ev := streams.NewActivityStreamsEvent()
	setID(ev, id)
	setURL(ev, id)
	setAuthor(ev, author)
	setAudience(ev, group) // FEP-1b12
	to, cc := []string{PublicURI}, []string{e.site.Followers(who), group}
	if who == community.DeskActor {
		// Lemmy fetches every other recipient in search of the group.
		to, cc = []string{group, PublicURI}, []string{group}
	}
	setAddress(ev, to, cc)
	setTimes(ev, c.Published, c.Updated)
	setName(ev, c.Title.First())
	summaries := summaries(c)
	setSummary(ev, summaries.First())
	content := eventContent(c, summaries, id, limit)
	setContent(ev, content.First())
	setMediaType(ev, "text/html")
	setReplies(ev, e.site.Replies(id), x.Replies)

	start := streams.NewActivityStreamsStartTimeProperty()
	start.Set(onClock(c.LocalStart()))
	ev.SetActivityStreamsStartTime(start)
	end := streams.NewActivityStreamsEndTimeProperty()
	end.Set(onClock(c.LocalEnd()))
	ev.SetActivityStreamsEndTime(end)

	place := e.whereabouts(c, x.City)
	if place != nil {
		loc := streams.NewActivityStreamsLocationProperty()
		loc.AppendActivityStreamsPlace(place)
		ev.SetActivityStreamsLocation(loc)
	}
	if c.Cover != nil {
		img := streams.NewActivityStreamsImageProperty()
		img.AppendActivityStreamsImage(image(c.Cover, c.Title.First()))
		ev.SetActivityStreamsImage(img)
		att := streams.NewActivityStreamsAttachmentProperty()
		att.AppendActivityStreamsImage(image(c.Cover, c.Title.First()))
		for _, l := range links(c) {
			att.AppendActivityStreamsLink(l)
		}
		ev.SetActivityStreamsAttachment(att)
	}

	with := pairs{
		{"actor", author},
		{"nameMap", languageMap(c.Title)},
		{"summaryMap", languageMap(summaries)},
		{"contentMap", languageMap(content)},
		{"eventStatus", eventStatus(c.Status)},
		{"status", icalStatus(c.Status)},
		{"category", community.WireCategory(c.Category)},
		{"organizers", e.site.Organizers(c.Slug)},
		{"attendees", pairs{{"id", e.site.Attendees(c.Slug)}, {"type", "Collection"}, {"totalItems", c.Seats.Going}}},
		{"joinMode", string(c.JoinMode)},
		{"anonymousParticipationEnabled", false},
		{"commentsEnabled", c.Replies != community.RepliesClosed},
		{"repliesModerationOption", repliesOption(c.Replies)},
		{"tag", e.hashtags(c.Tags)},
		// PieFed
		{"timezone", c.Zone},
		{"maximumAttendeeCapacity", c.Capacity},
		{"participantCount", c.Seats.Going},
		{"onlineLink", c.OnlineURL},
		{"externalParticipationUrl", external(c)},
		{"anonymousParticipation", false},
		{"isOnline", c.Online()},
		{"buyTicketsLink", ""},
		{"feeCurrency", ""},
		{"feeAmount", 0},
	}
	if c.Cover == nil {
		with = append(with, pair{"attachment", []any{}})
	}
	if place == nil && c.Online() {
		with = append(with, pair{"location", call(c)})
	}
	if left, limited := c.SeatsLeft(); limited {
		with = append(with, pair{"remainingAttendeeCapacity", left})
	}
	if c.Replies == community.RepliesClosed {
		with = append(with, pair{"interactionPolicy", answersOnlyBy(author)})
	}
	if c.OpenEnd {
		with = append(with, pair{"displayEndTime", false})
	}
	if c.Status == community.Postponed {
		with = append(with, pair{"previousStartTime", onClock(c.LocalStart()).Format(time.RFC3339)})
	}
	if _, err := uuid.Parse(c.UUID); err == nil {
		with = append(with, pair{"uuid", strings.ToLower(c.UUID)})
	}
	if langs := languages(c); len(langs) > 0 {
		with = append(with, pair{"inLanguage", langs[0]}) // Mobilizon takes one
		if len(langs) > 1 {
			with = append(with, pair{"availableLanguage", langs})
		}
	}
	if c.Cost != "" {
		with = append(with, pair{"price", c.Cost})
	}
	if c.Link != "" {
		with = append(with, pair{"sameAs", c.Link})
	}
	if x.Type != "" {
		with = append(with, pair{"type", x.Type})
	}
	return finish(ev, withUpdated(with, c.Published, c.Updated))
}

// onClock keeps the offset of the zone where RFC 3339 can say it: a few zones
// of the past had offsets with seconds.
func onClock(t time.Time) time.Time {
	if _, offset := t.Zone(); offset%60 != 0 {
		return t.UTC()
	}
	return t
}

func languages(c *community.Conference) []string {
	if len(c.Languages) > 0 {
		return c.Languages
	}
	return c.Title.Languages()
}

func external(c *community.Conference) string {
	if c.JoinMode == community.External {
		return c.ExternalURL
	}
	return ""
}

// repliesOption is who may answer, in the words of Mobilizon.
func repliesOption(m community.ReplyMode) string {
	switch m {
	case community.RepliesModerated:
		return "moderated"
	case community.RepliesClosed:
		return "closed"
	}
	return "allow_all"
}

// answersOnlyBy keeps GoToSocial from offering to answer what takes no answers.
// Where stewards look first nothing is said: there GoToSocial would wait for an
// approval of its own making, and hide answers until it comes.
func answersOnlyBy(author string) pairs {
	rule := func(who string) pairs {
		return pairs{{"automaticApproval", []any{who}}, {"manualApproval", []any{}}, {"always", []any{who}}, {"approvalRequired", []any{}}}
	}
	return pairs{{"canLike", rule(PublicURI)}, {"canReply", rule(author)}, {"canAnnounce", rule(PublicURI)}}
}

// eventStatus is the status of FEP-8a8e.
func eventStatus(s community.Status) string {
	switch s {
	case community.Tentative:
		return "EventTentative"
	case community.Cancelled:
		return "EventCancelled"
	case community.Postponed:
		return "EventPostponed"
	case community.MovedOnline:
		return "EventMovedOnline"
	}
	return "EventScheduled"
}

// icalStatus is the nearest of the three that Mobilizon knows; it refuses any
// other.
func icalStatus(s community.Status) string {
	switch s {
	case community.Tentative, community.Postponed:
		return "TENTATIVE"
	case community.Cancelled:
		return "CANCELLED"
	}
	return "CONFIRMED"
}

func (e *Encoder) hashtags(tags []string) []any {
	out := []any{}
	for _, t := range tags {
		out = append(out, pairs{{"type", "Hashtag"}, {"name", "#" + t}, {"href", e.site.Tag(t)}})
	}
	return out
}

// links are the addresses that go behind the picture. Mobilizon shows the one
// named Website.
func links(c *community.Conference) []vocab.ActivityStreamsLink {
	var out []vocab.ActivityStreamsLink
	for _, address := range []string{c.OnlineURL, c.Link} {
		if address == "" {
			continue
		}
		l := streams.NewActivityStreamsLink()
		href := streams.NewActivityStreamsHrefProperty()
		href.Set(iri(address))
		l.SetActivityStreamsHref(href)
		setMediaType(l, "text/html")
		name := "Website"
		if len(out) > 0 {
			name = "More"
		}
		setName(l, name)
		out = append(out, l)
	}
	return out
}

// whereabouts is the place of a conference: its venue, or at least its city; nil
// where it is held online.
func (e *Encoder) whereabouts(c *community.Conference, city *community.City) vocab.ActivityStreamsPlace {
	switch {
	case c.Status == community.MovedOnline:
		return nil // there is no place to go to, whatever a server makes of eventStatus
	case c.Venue != nil:
		return e.venue(c, c.Venue, city)
	case c.Online() || city == nil:
		return nil
	}
	return e.venue(c, &community.Venue{}, city)
}

// nowhere ends the id of the place of a conference that has no venue yet: the
// revisions of venues begin with 1.
const nowhere = "/venue/0"

// call is the location of a conference online. Gancio files events of this very
// name under those online.
func call(c *community.Conference) pairs {
	p := pairs{{"type", "VirtualLocation"}, {"name", "Online"}}
	if c.OnlineURL != "" {
		p = append(p, pair{"url", c.OnlineURL})
	}
	return p
}

// venue is the Place of a venue of a conference.
func (e *Encoder) venue(c *community.Conference, v *community.Venue, city *community.City) vocab.ActivityStreamsPlace {
	p := streams.NewActivityStreamsPlace()
	setID(p, e.site.Venue(c.Slug, v.Revision))
	setName(p, venueName(c, v, city))
	setPoint(p, v.Place)
	setSummary(p, v.Directions)
	address := pairs{{"type", "PostalAddress"}}
	for _, f := range []pair{{"streetAddress", v.Street}, {"postalCode", v.PostalCode}, {"addressLocality", townOf(c, v, city)}, {"addressRegion", v.Region}, {"addressCountry", v.Country}} {
		if f.value != "" {
			address = append(address, f)
		}
	}
	if len(address) > 1 {
		p.GetUnknownProperties()["address"] = address
	}
	return p
}

// townOf is the town of a venue: the city's where it names none.
func townOf(c *community.Conference, v *community.Venue, city *community.City) string {
	if v.Locality == "" && city != nil {
		return city.Name.In(c.Title.Languages()...)
	}
	return v.Locality
}

// venueName is the name with the town behind it. Gancio finds a place by its
// name alone: the town halls of two towns would be one.
func venueName(c *community.Conference, v *community.Venue, city *community.City) string {
	name := v.Name
	if name == "" {
		name = v.Street
	}
	town := townOf(c, v, city)
	switch {
	case name == "" && town == "":
		if line := v.Address(); line != "" {
			return line
		}
		return c.Title.First()
	case name == "":
		return town
	case town == "" || strings.Contains(strings.ToLower(name), strings.ToLower(town)):
		return name
	}
	return name + ", " + town
}

// maxSummary is what Misskey has room for in a content warning, less a margin.
const maxSummary = 400

// summaries is the line of when and where in each language of the title.
func summaries(c *community.Conference) community.Texts {
	clean := strings.NewReplacer("<", "‹", ">", "›") // Mastodon reads HTML, Misskey plain text
	out := make(community.Texts, 0, len(c.Title))
	for _, p := range c.Title {
		out = append(out, community.Phrase{Lang: p.Lang, Text: prose.Cut(clean.Replace(EventSummary(c, p.Lang)), maxSummary)})
	}
	return out
}

// eventContent is the text in each language it has, that of the title first. A
// conference without a text has its title and summary for one.
func eventContent(c *community.Conference, summaries community.Texts, page string, limit int) community.Texts {
	langs := c.HTML.Languages()
	if longest(c.HTML) == 0 {
		langs = c.Title.Languages()
	}
	if len(c.Title) > 0 {
		if i := slices.Index(langs, c.Title[0].Lang); i > 0 {
			langs = slices.Insert(slices.Delete(langs, i, i+1), 0, c.Title[0].Lang)
		}
	}
	if len(langs) == 0 {
		langs = []string{""}
	}
	var out community.Texts
	for _, lang := range langs {
		text := c.HTML.In(lang)
		if len(text) > limit {
			text = cutHTML(text, limit) + readOn(page, lang)
		}
		out = append(out, community.Phrase{Lang: lang, Text: lead(c.Title.In(lang), summaries.In(lang)) + text})
	}
	return out
}

// lead is the first paragraph of an event's content.
func lead(title, summary string) string {
	return "<p><strong>" + escape(title) + "</strong><br>" + escape(summary) + "</p>"
}

func readOn(page, lang string) string {
	return `<p><a href="` + escape(page) + `">` + wordsOf(lang).more + ` …</a></p>`
}
