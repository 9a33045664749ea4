package activitystreams

import (
	"encoding/json"
	"slices"
)

// The two remote contexts that we name. Everything else is defined inline, so
// that nobody has to fetch a third one to understand us.
const (
	contextActivityStreams = "https://www.w3.org/ns/activitystreams"
	contextSecurity        = "https://w3id.org/security/v1"
)

// term is one definition of the inline context. Needs names the prefixes that
// its IRI uses.
type term struct {
	name, iri string
	typ       string // @type: "@id", "@vocab", a datatype or ""
	container string // @container: "@list", "@language" or ""
}

// prefixes are written only where a term in use needs them.
var prefixes = []term{
	// With a hash, as Mastodon and Mobilizon write it: Fedify, which does expand
	// JSON-LD, knows the rows of a profile under no other name.
	{name: "schema", iri: "http://schema.org#"},
	{name: "mz", iri: "https://joinmobilizon.org/ns#"},
	{name: "ical", iri: "http://www.w3.org/2002/12/cal/ical#"},
	{name: "pt", iri: "https://joinpeertube.org/ns#"},
	{name: "toot", iri: "http://joinmastodon.org/ns#"},
	{name: "lemmy", iri: "https://join-lemmy.org/ns#"},
	{name: "gts", iri: "https://gotosocial.org/ns#"},
	{name: "fep8a8e", iri: "https://w3id.org/fep/8a8e/"},
	{name: "sec", iri: "https://w3id.org/security#"},
	{name: "xsd", iri: "http://www.w3.org/2001/XMLSchema#"},
}

// terms are the extension terms that we emit, in the order in which they are
// written. ActivityStreams and security/v1 define all others. No known event
// server expands JSON-LD, but those that do (Mastodon for linked-data
// signatures, validators) drop every key that no context defines.
var terms = []term{
	// The dialect of Mastodon.
	{name: "Hashtag", iri: "as:Hashtag"},
	{name: "sensitive", iri: "as:sensitive"},
	{name: "manuallyApprovesFollowers", iri: "as:manuallyApprovesFollowers"},
	{name: "alsoKnownAs", iri: "as:alsoKnownAs", typ: "@id"},
	{name: "movedTo", iri: "as:movedTo", typ: "@id"},
	{name: "discoverable", iri: "toot:discoverable"},
	{name: "indexable", iri: "toot:indexable"}, // FEP-5feb
	{name: "featured", iri: "toot:featured", typ: "@id"},
	{name: "votersCount", iri: "toot:votersCount"},
	{name: "blurhash", iri: "toot:blurhash"},
	{name: "focalPoint", iri: "toot:focalPoint", container: "@list"},
	{name: "webfinger", iri: "https://purl.archive.org/socialweb/webfinger#webfinger"}, // FEP-2c59
	{name: "PropertyValue", iri: "schema:PropertyValue"},
	{name: "value", iri: "schema:value"},
	// FEP-521a
	{name: "Multikey", iri: "sec:Multikey"},
	{name: "assertionMethod", iri: "sec:assertionMethod", typ: "@id"},
	{name: "controller", iri: "sec:controller", typ: "@id"},
	{name: "publicKeyMultibase", iri: "sec:publicKeyMultibase"},
	// FEP-844e
	{name: "implements", iri: "https://w3id.org/fep/844e#implements", typ: "@id"},
	// Lemmy
	{name: "postingRestrictedToMods", iri: "lemmy:postingRestrictedToMods"},
	// FEP-8a8e
	{name: "upcomingEvents", iri: "fep8a8e:upcomingEvents", typ: "@id"},
	{name: "organizers", iri: "schema:organizer", typ: "@id"},
	{name: "attendees", iri: "schema:attendee", typ: "@id"},
	{name: "displayEndTime", iri: "fep8a8e:displayEndTime", typ: "xsd:boolean"},
	{name: "eventStatus", iri: "schema:eventStatus", typ: "@vocab"},
	{name: "EventScheduled", iri: "schema:EventScheduled"},
	{name: "EventTentative", iri: "fep8a8e:EventTentative"},
	{name: "EventCancelled", iri: "schema:EventCancelled"},
	{name: "EventPostponed", iri: "schema:EventPostponed"},
	{name: "EventMovedOnline", iri: "schema:EventMovedOnline"},
	{name: "previousStartTime", iri: "schema:previousStartDate", typ: "xsd:dateTime"},
	// Mobilizon, the dialect of all event servers.
	{name: "uuid", iri: "schema:identifier"},
	{name: "timezone", iri: "mz:timezone"},
	{name: "category", iri: "schema:category"},
	{name: "status", iri: "ical:status"},
	{name: "inLanguage", iri: "schema:inLanguage"},
	{name: "availableLanguage", iri: "schema:availableLanguage"},
	{name: "joinMode", iri: "mz:joinMode"},
	{name: "externalParticipationUrl", iri: "mz:externalParticipationUrl", typ: "schema:URL"},
	{name: "anonymousParticipationEnabled", iri: "mz:anonymousParticipationEnabled"},
	{name: "repliesModerationOption", iri: "mz:repliesModerationOption"},
	{name: "commentsEnabled", iri: "pt:commentsEnabled"},
	{name: "participantCount", iri: "mz:participantCount"},
	{name: "participationMessage", iri: "mz:participationMessage"},
	{name: "isOnline", iri: "mz:isOnline"},
	{name: "maximumAttendeeCapacity", iri: "schema:maximumAttendeeCapacity"},
	{name: "remainingAttendeeCapacity", iri: "schema:remainingAttendeeCapacity"},
	{name: "address", iri: "schema:address"},
	{name: "PostalAddress", iri: "schema:PostalAddress"},
	{name: "VirtualLocation", iri: "schema:VirtualLocation"},
	{name: "streetAddress", iri: "schema:streetAddress"},
	{name: "postalCode", iri: "schema:postalCode"},
	{name: "addressLocality", iri: "schema:addressLocality"},
	{name: "addressRegion", iri: "schema:addressRegion"},
	{name: "addressCountry", iri: "schema:addressCountry"},
	// GoToSocial: who may answer. The last two are of its versions before 0.20.
	{name: "interactionPolicy", iri: "gts:interactionPolicy", typ: "@id"},
	{name: "canLike", iri: "gts:canLike", typ: "@id"},
	{name: "canReply", iri: "gts:canReply", typ: "@id"},
	{name: "canAnnounce", iri: "gts:canAnnounce", typ: "@id"},
	{name: "automaticApproval", iri: "gts:automaticApproval", typ: "@id"},
	{name: "manualApproval", iri: "gts:manualApproval", typ: "@id"},
	{name: "always", iri: "gts:always", typ: "@id"},
	{name: "approvalRequired", iri: "gts:approvalRequired", typ: "@id"},
	// PieFed reads these by name and defines them nowhere.
	{name: "onlineLink", iri: "mz:onlineLink"},
	{name: "anonymousParticipation", iri: "mz:anonymousParticipation"},
	{name: "buyTicketsLink", iri: "mz:buyTicketsLink"},
	{name: "feeCurrency", iri: "schema:priceCurrency"},
	{name: "feeAmount", iri: "schema:minPrice"},
	// schema.org, for what nothing above has: the price in words and the
	// conference's own site.
	{name: "price", iri: "schema:price"},
	{name: "sameAs", iri: "schema:sameAs", typ: "@id"},
}

var termIndex = func() map[string]int {
	m := make(map[string]int, len(terms))
	for i, t := range terms {
		m[t.name] = i
	}
	return m
}()

// vocabulary collects which terms a document uses.
type vocabulary struct {
	used  map[int]bool
	extra map[string]json.RawMessage // definitions of a relayed document
	names []string                   // of extra, in the order met
}

func (v *vocabulary) see(name string) {
	if i, ok := termIndex[name]; ok {
		if v.used == nil {
			v.used = map[int]bool{}
		}
		v.used[i] = true
	}
}

// lift takes over a definition of an embedded document whose own context is
// removed. Ours win: the keys of one document cannot mean two things.
func (v *vocabulary) lift(name string, def json.RawMessage) {
	const most = 64
	if _, ours := termIndex[name]; ours {
		v.see(name)
		return
	}
	for _, p := range prefixes {
		if p.name == name {
			return
		}
	}
	if _, known := v.extra[name]; known || len(v.extra) >= most {
		return
	}
	if v.extra == nil {
		v.extra = map[string]json.RawMessage{}
	}
	v.extra[name] = def
	v.names = append(v.names, name)
}

// context is the value of @context for what was seen: the two remote contexts
// and an object with the definitions in use.
func (v *vocabulary) context() []any {
	out := []any{contextActivityStreams, contextSecurity}
	used := make([]int, 0, len(v.used))
	for i := range v.used {
		used = append(used, i)
	}
	slices.Sort(used)
	needed := map[string]bool{}
	for _, i := range used {
		for _, s := range []string{terms[i].iri, terms[i].typ} {
			for _, p := range prefixes {
				if len(s) > len(p.name) && s[:len(p.name)] == p.name && s[len(p.name)] == ':' {
					needed[p.name] = true
				}
			}
		}
	}
	var defs pairs
	for _, p := range prefixes {
		if needed[p.name] {
			defs = append(defs, pair{p.name, p.iri})
		}
	}
	for _, i := range used {
		t := terms[i]
		if t.typ == "" && t.container == "" {
			defs = append(defs, pair{t.name, t.iri})
			continue
		}
		def := pairs{{"@id", t.iri}}
		if t.typ != "" {
			def = append(def, pair{"@type", t.typ})
		}
		if t.container != "" {
			def = append(def, pair{"@container", t.container})
		}
		defs = append(defs, pair{t.name, def})
	}
	for _, name := range v.names {
		defs = append(defs, pair{name, v.extra[name]})
	}
	if len(defs) > 0 {
		out = append(out, defs)
	}
	return out
}
