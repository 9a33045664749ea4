package fetch

import (
	"mime"
	"net/http"
	"strings"
)

// Accept is a kind of document to ask for. The answer must be of that kind:
// a server may hold files that strangers uploaded, and those must not pass for
// its own word (CVE-2024-25623).
type Accept int

// The kinds of document.
const (
	ActivityJSON Accept = iota // application/activity+json, or ld+json with the ActivityStreams profile
	JRD                        // WebFinger
	JSON                       // NodeInfo
	XRD                        // host-meta
	Feed                       // iCalendar, Atom, RSS, JSON Feed
	Any                        // whatever it is; for people who look at it
)

// ActivityStreamsProfile is the profile that makes application/ld+json an
// ActivityPub document.
const ActivityStreamsProfile = "https://www.w3.org/ns/activitystreams"

func (a Accept) header() string {
	switch a {
	case ActivityJSON:
		return `application/activity+json, application/ld+json; profile="` + ActivityStreamsProfile + `"`
	case JRD:
		return "application/jrd+json, application/json"
	case JSON:
		return "application/json"
	case XRD:
		return "application/xrd+xml, application/xml, text/xml"
	case Feed:
		return "text/calendar, application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.5"
	}
	return "*/*"
}

// limit is how many bytes such a document may have if the caller does not say.
func (a Accept) limit() int64 {
	switch a {
	case JRD, JSON, XRD:
		return 64 << 10
	case Feed:
		return 4 << 20
	}
	return 1 << 20 // Mastodon and Lemmy take no more either
}

// takes tells whether a content type is of this kind.
func (a Accept) takes(contentType string) bool {
	if a == Any {
		return true
	}
	t, p, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	switch a {
	case ActivityJSON:
		if t == "application/ld+json" {
			// A profile is a list of addresses (RFC 6906).
			for profile := range strings.FieldsSeq(p["profile"]) {
				if profile == ActivityStreamsProfile {
					return true
				}
			}
			return false
		}
		return t == "application/activity+json"
	case JRD:
		return t == "application/jrd+json" || t == "application/json"
	case JSON:
		return t == "application/json" || strings.HasPrefix(t, "application/") && strings.HasSuffix(t, "+json")
	case XRD:
		return t == "application/xrd+xml" || t == "application/xml" || t == "text/xml"
	case Feed:
		switch t {
		case "text/calendar", "application/atom+xml", "application/rss+xml", "application/feed+json",
			"application/json", "application/xml", "text/xml", "application/rdf+xml",
			// Calendars that lie on a disk are often served so.
			"text/plain", "application/octet-stream", "application/ics":
			return true
		}
	}
	return false
}

// contentType returns the one Content-Type of an answer; two of them count as
// none, since others may read the other one.
func contentType(h http.Header) string {
	if v := h.Values("Content-Type"); len(v) == 1 {
		return v[0]
	}
	return ""
}
