package activitystreams

import (
	"encoding/pem"
	"strings"

	"konfa/community"
	"konfa/prose"

	"github.com/go-fed/activity/streams"
	"github.com/go-fed/activity/streams/vocab"
)

// ActorKeys are the public keys of one of our actors, PKIX DER. Ed25519 may be
// nil.
type ActorKeys struct{ RSA, Ed25519 []byte }

// actor has what every actor type has.
type actor interface {
	object
	SetActivityStreamsInbox(vocab.ActivityStreamsInboxProperty)
	SetActivityStreamsOutbox(vocab.ActivityStreamsOutboxProperty)
	SetActivityStreamsFollowers(vocab.ActivityStreamsFollowersProperty)
	SetActivityStreamsFollowing(vocab.ActivityStreamsFollowingProperty)
	SetActivityStreamsPreferredUsername(vocab.ActivityStreamsPreferredUsernameProperty)
	SetActivityStreamsGenerator(vocab.ActivityStreamsGeneratorProperty)
	SetTootDiscoverable(vocab.TootDiscoverableProperty)
	SetTootFeatured(vocab.TootFeaturedProperty)
}

// City is the Group that people follow.
func (e *Encoder) City(c *community.City, k ActorKeys) ([]byte, error) {
	g := streams.NewActivityStreamsGroup()
	e.actor(g, community.CityActor, c.Handle, c.Name.First())
	about := c.About.Map(aboutHTML)
	setSummary(g, about.First())
	setTimes(g, c.Created, c.Updated)
	setIcon(g, c.Picture, c.Name.First())
	setBanner(g, c.Banner, c.Name.First())
	featured := streams.NewTootFeaturedProperty()
	featured.SetIRI(iri(e.site.Featured(community.CityActor)))
	g.SetTootFeatured(featured)
	if p := e.cityPlace(c); p != nil {
		loc := streams.NewActivityStreamsLocationProperty()
		loc.AppendActivityStreamsPlace(p)
		g.SetActivityStreamsLocation(loc)
	}
	with := append(e.actorTerms(community.CityActor, c.Handle, k),
		pair{"upcomingEvents", e.site.Upcoming(community.CityActor)},
		// What people of Lemmy post into the city's community is offered to the
		// stewards. With true, Friendica lets nobody answer what the city says
		// (Processor.php:983), and Mbin takes nothing that the desk wrote.
		pair{"postingRestrictedToMods", false},
		pair{"nameMap", languageMap(c.Name)},
		pair{"summaryMap", languageMap(about)},
		pair{"timezone", c.Zone},
	)
	fields := []any{}
	for _, l := range c.Links {
		fields = append(fields, field(l.Name, l.URL))
	}
	with = append(with, pair{"attachment", fields})
	return finish(g, with)
}

// Node is the Application that signs our fetches and publishes to servers
// (FEP-2677). What it can do is in generator.implements (FEP-844e).
func (e *Encoder) Node(c *community.City, k ActorKeys) ([]byte, error) {
	a := streams.NewActivityStreamsApplication()
	e.actor(a, community.NodeActor, "node", c.Name.First())
	setTimes(a, c.Created, c.Updated)
	setIcon(a, c.Picture, c.Name.First())
	with := append(e.actorTerms(community.NodeActor, "node", k),
		pair{"nameMap", languageMap(c.Name)},
		pair{"implements", []any{rfc9421}},
		pair{"attachment", []any{}},
	)
	return finish(a, with)
}

// Desk is the Service that is the author of what the city says, for servers such
// as Lemmy that take no group as one. It bears the name of the city, which is
// what people see there.
func (e *Encoder) Desk(c *community.City, k ActorKeys) ([]byte, error) {
	s := streams.NewActivityStreamsService()
	e.actor(s, community.DeskActor, "desk", c.Name.First())
	setTimes(s, c.Created, c.Updated)
	setIcon(s, c.Picture, c.Name.First())
	return finish(s, append(e.actorTerms(community.DeskActor, "desk", k), pair{"nameMap", languageMap(c.Name)}, pair{"attachment", []any{}}))
}

// Member is the Person of a member.
func (e *Encoder) Member(m *community.Member, k ActorKeys) ([]byte, error) {
	p := streams.NewActivityStreamsPerson()
	who := community.MemberActor(m.Handle)
	name := m.Name
	if name == "" {
		name = m.Handle
	}
	e.actor(p, who, m.Handle, name)
	setSummary(p, aboutHTML(m.About))
	setTimes(p, m.Created, m.Updated)
	setIcon(p, m.Picture, name)
	with := append(e.actorTerms(who, m.Handle, k), pair{"attachment", []any{}})
	if len(m.AlsoKnownAs) > 0 {
		with = append(with, pair{"alsoKnownAs", m.AlsoKnownAs})
	}
	if m.MovedTo != "" {
		with = append(with, pair{"movedTo", m.MovedTo})
	}
	return finish(p, with)
}

// actor sets what all of our actors have.
func (e *Encoder) actor(o actor, who community.LocalActor, handle, name string) {
	id := e.site.Actor(who)
	setID(o, id)
	setURL(o, id)
	setName(o, name)
	username := streams.NewActivityStreamsPreferredUsernameProperty()
	username.SetXMLSchemaString(handle)
	o.SetActivityStreamsPreferredUsername(username)
	inbox := streams.NewActivityStreamsInboxProperty()
	inbox.SetIRI(iri(e.site.Inbox(who)))
	o.SetActivityStreamsInbox(inbox)
	outbox := streams.NewActivityStreamsOutboxProperty()
	outbox.SetIRI(iri(e.site.Outbox(who)))
	o.SetActivityStreamsOutbox(outbox)
	followers := streams.NewActivityStreamsFollowersProperty()
	followers.SetIRI(iri(e.site.Followers(who)))
	o.SetActivityStreamsFollowers(followers)
	following := streams.NewActivityStreamsFollowingProperty()
	following.SetIRI(iri(e.site.Following(who)))
	o.SetActivityStreamsFollowing(following)
	discoverable := streams.NewTootDiscoverableProperty()
	discoverable.Set(true)
	o.SetTootDiscoverable(discoverable)
}

var rfc9421 = pairs{{"href", "https://datatracker.ietf.org/doc/html/rfc9421"}, {"name", "RFC-9421: HTTP Message Signatures"}}

// actorTerms is what go-fed has no properties for.
func (e *Encoder) actorTerms(who community.LocalActor, handle string, k ActorKeys) pairs {
	// One RSA key, inlined: Misskey fails on an array and GoToSocial on a key
	// that is not RSA. Ed25519 goes into assertionMethod (FEP-521a). The typed
	// key of go-fed would add a type that no other server writes.
	with := pairs{
		{"webfinger", handle + "@" + e.site.Host()},
		{"endpoints", pairs{{"sharedInbox", e.site.SharedInbox()}}},
		{"manuallyApprovesFollowers", false},
		{"indexable", true},
		{"generator", pairs{{"id", e.site.Actor(community.NodeActor)}, {"type", "Application"}, {"name", "konfa"}, {"implements", []any{rfc9421}}}},
		{"publicKey", pairs{{"id", e.site.Key(who)}, {"owner", e.site.Actor(who)}, {"publicKeyPem", publicPEM(k.RSA)}}},
	}
	if key := multikey(k.Ed25519); key != "" {
		with = append(with, pair{"assertionMethod", []any{pairs{
			{"id", e.site.EdKey(who)}, {"type", "Multikey"}, {"controller", e.site.Actor(who)}, {"publicKeyMultibase", key},
		}}})
	}
	return with
}

func publicPEM(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// maxAboutHTML is below the 5,000 characters beyond which Mobilizon refuses the
// whole actor.
const maxAboutHTML = 4900

// aboutHTML is the text of a profile, cut after a paragraph where it is too
// long: Markdown within our limit can grow when it becomes HTML.
func aboutHTML(markdown string) string {
	s := prose.Markdown(markdown)
	n := 0
	for i := range s {
		if n++; n > maxAboutHTML {
			return cutHTML(s, i)
		}
	}
	return s
}

func setIcon(o object, p *community.Picture, name string) {
	if p == nil {
		return
	}
	icon := streams.NewActivityStreamsIconProperty()
	icon.AppendActivityStreamsImage(image(p, name))
	o.SetActivityStreamsIcon(icon)
}

func setBanner(o object, p *community.Picture, name string) {
	if p == nil {
		return
	}
	banner := streams.NewActivityStreamsImageProperty()
	banner.AppendActivityStreamsImage(image(p, name))
	o.SetActivityStreamsImage(banner)
}

// field is a row of a profile. The address goes out as a link, which Mastodon
// verifies by rel="me".
func field(name, address string) pairs {
	label := address
	if _, rest, ok := strings.Cut(address, "://"); ok {
		label = strings.TrimSuffix(rest, "/")
	}
	return pairs{
		{"type", "PropertyValue"},
		{"name", name},
		{"value", `<a href="` + escape(address) + `" target="_blank" rel="nofollow noopener noreferrer me">` + escape(label) + `</a>`},
	}
}

// cityPlace is where the city is on earth.
func (e *Encoder) cityPlace(c *community.City) vocab.ActivityStreamsPlace {
	if c.Place == nil && c.Country == "" {
		return nil
	}
	p := streams.NewActivityStreamsPlace()
	setName(p, c.Name.First())
	setPoint(p, c.Place)
	address := pairs{{"type", "PostalAddress"}, {"addressLocality", c.Name.First()}}
	if c.Country != "" {
		address = append(address, pair{"addressCountry", c.Country})
	}
	p.GetUnknownProperties()["address"] = address
	return p
}

func setPoint(p vocab.ActivityStreamsPlace, at *community.Point) {
	if at == nil {
		return
	}
	lat := streams.NewActivityStreamsLatitudeProperty()
	lat.Set(at.Lat)
	p.SetActivityStreamsLatitude(lat)
	lon := streams.NewActivityStreamsLongitudeProperty()
	lon.Set(at.Lon)
	p.SetActivityStreamsLongitude(lon)
}

// languageMap is a text as a language map: nil where no language is known.
func languageMap(t community.Texts) any {
	out := make(community.Texts, 0, len(t))
	for _, p := range t {
		if p.Lang != "" {
			out = append(out, p)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
