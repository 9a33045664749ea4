package activitystreams

import (
	"konfa/community"
)

// intents are the rels of FEP-3b86 that /authorize_interaction answers, each
// with the parameters of its template.
var intents = []struct{ name, query string }{
	{"Follow", "intent=Follow&uri={object}"},
	{"Announce", "intent=Announce&uri={object}"},
	{"Like", "intent=Like&uri={object}"},
	{"Object", "uri={object}"},
	{"Create", "intent=Create&uri={inReplyTo}"},
	{"Join", "intent=Join&uri={object}"},
	{"Leave", "intent=Leave&uri={object}"},
}

// WebFinger is the JRD (RFC 7033) of one of our actors. Profile is the page for
// people; avatar, where given, is linked too. Mastodon accepts the self link
// only with exactly this type.
func (e *Encoder) WebFinger(subject string, aliases []string, a community.LocalActor, profile string, avatar ...community.Picture) ([]byte, error) {
	interact := e.site.Base + "/authorize_interaction?"
	links := []any{
		pairs{{"rel", "self"}, {"type", ContentType}, {"href", e.site.Actor(a)}},
		pairs{{"rel", "http://webfinger.net/rel/profile-page"}, {"type", "text/html"}, {"href", profile}},
	}
	for i := range avatar {
		links = append(links, pairs{{"rel", "http://webfinger.net/rel/avatar"}, {"type", mediaType(&avatar[i])}, {"href", avatar[i].URL}})
	}
	links = append(links, pairs{{"rel", "http://ostatus.org/schema/1.0/subscribe"}, {"template", interact + "uri={uri}"}})
	for _, in := range intents {
		links = append(links, pairs{{"rel", "https://w3id.org/fep/3b86/" + in.name}, {"template", interact + in.query}})
	}
	return plain(pairs{{"subject", subject}, {"aliases", aliases}, {"links", links}})
}
