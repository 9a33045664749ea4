package activitystreams

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"konfa/community"

	"github.com/google/go-cmp/cmp"
)

// failer is what a check reports to: a test, or a run of rapid.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// checkWire asserts on any document of ours what some server needs of every
// document (C4, C12, C13 of the union; no null anywhere; known terms only).
func checkWire(t failer, b []byte) map[string]any {
	t.Helper()
	if len(b) >= 64<<10 {
		t.Errorf("the document has %d bytes, Misskey takes fewer than 65,536", len(b))
	}
	if !utf8.Valid(b) {
		t.Errorf("the document is not UTF-8")
	}
	// A decoder of the standard library is the judge, not our own.
	var doc map[string]any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		t.Fatalf("not JSON: %v\n%.300s", err, b)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Errorf("something follows the document")
	}
	if n := depth(doc); n > 8 {
		t.Errorf("nested %d deep, Pixelfed reads 8", n)
	}
	if !strings.HasPrefix(string(b), `{"@context":["https://www.w3.org/ns/activitystreams","https://w3id.org/security/v1"`) {
		t.Errorf("the context does not come first: %.120s", b)
	}
	defined := map[string]bool{}
	for _, c := range doc["@context"].([]any)[2:] {
		for k := range c.(map[string]any) {
			defined[k] = true
		}
	}
	walk(doc, "", func(path, key string, v any) {
		if v == nil {
			t.Errorf("null at %s", path)
		}
		if strings.HasPrefix(path, "/@context") || strings.Contains(path, "Map/") {
			return
		}
		if _, ours := termIndex[key]; ours && !defined[key] {
			t.Errorf("the term %s at %s is not defined by the context", key, path)
		} else if !ours && !standardTerms[key] && !defined[key] {
			t.Errorf("the key %s at %s is defined nowhere", key, path)
		}
		switch key {
		case "to", "cc", "tag", "attachment", "alsoKnownAs", "items", "orderedItems", "assertionMethod":
			if _, ok := v.([]any); !ok {
				t.Errorf("%s is a %T, not an array", path, v)
			}
		case "attributedTo", "audience", "actor", "url", "inbox", "outbox", "followers", "inReplyTo":
			if _, ok := v.(string); !ok {
				t.Errorf("%s is a %T, not one string", path, v)
			}
		case "published", "updated", "deleted", "startTime", "endTime", "closed":
			if _, err := time.Parse(time.RFC3339, v.(string)); err != nil || !wordpressTime.MatchString(v.(string)) {
				t.Errorf("%s is no time that everyone reads: %v", path, v)
			}
		case "latitude", "longitude":
			if !strings.Contains(v.(json.Number).String(), ".") || strings.ContainsAny(v.(json.Number).String(), "eE") {
				t.Errorf("%s is %v: Mobilizon wants a decimal point", path, v)
			}
		case "publicKey":
			k, ok := v.(map[string]any)
			if !ok || !strings.Contains(k["id"].(string), "#main-key") || k["owner"] != strings.TrimSuffix(k["id"].(string), "#main-key") {
				t.Errorf("publicKey is not one inlined key: %v", v)
			}
		}
	})
	return doc
}

var wordpressTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)$`)

// standardTerms are the keys that ActivityStreams and security/v1 define, as
// far as we use them.
var standardTerms = func() map[string]bool {
	m := map[string]bool{}
	for _, k := range strings.Fields(`@context id type actor attributedTo audience to cc published updated deleted formerType name nameMap
		preferredUsername summary summaryMap inReplyTo content contentMap mediaType href url inbox outbox followers following
		startTime endTime closed oneOf location latitude longitude object target origin result totalItems partOf first prev next last items
		orderedItems replies tag attachment icon image width height generator endpoints sharedInbox publicKey owner publicKeyPem`) {
		m[k] = true
	}
	return m
}()

func depth(v any) int {
	n := 0
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			n = max(n, depth(e))
		}
		return n + 1
	case []any:
		for _, e := range v {
			n = max(n, depth(e))
		}
		return n + 1
	}
	return 0
}

func walk(v any, path string, visit func(path, key string, v any)) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			visit(path+"/"+k, k, e)
			walk(e, path+"/"+k, visit)
		}
	case []any:
		for i, e := range v {
			if e == nil {
				visit(fmt.Sprintf("%s/%d", path, i), "", e)
			}
			walk(e, fmt.Sprintf("%s/%d", path, i), visit)
		}
	}
}

// checkEvent asserts what each event server needs of an Event: the list of
// Mobilizon's fatal cases, Gancio's, PieFed's keys, Lemmy's, WordPress's and
// FEP-8a8e's.
func checkEvent(t failer, b []byte, c *community.Conference) {
	t.Helper()
	doc := checkWire(t, b)
	text := func(k string) string { s, _ := doc[k].(string); return s }
	id := site.Conference(c.Slug)
	if text("id") != id || text("url") != id || text("type") != "Event" {
		t.Errorf("id, url or type is wrong: %s %s %s", text("id"), text("url"), text("type"))
	}
	u, _ := url.Parse(text("attributedTo"))
	if u == nil || u.Host != site.Host() || text("actor") != text("attributedTo") {
		t.Errorf("attributedTo %q and actor %q are not one of ours", text("attributedTo"), text("actor"))
	}
	if to := doc["to"].([]any); len(to) != 1 || to[0] != PublicURI {
		t.Errorf("to is %v: Mobilizon lists only what is for everyone", to)
	}
	if n := utf8.RuneCountInString(text("name")); n < 3 || n > 200 {
		t.Errorf("the name has %d characters", n)
	}
	for _, k := range []string{"startTime", "endTime", "timezone", "maximumAttendeeCapacity", "participantCount", "onlineLink", "joinMode",
		"externalParticipationUrl", "anonymousParticipation", "isOnline", "buyTicketsLink", "feeCurrency", "feeAmount"} {
		if _, ok := doc[k]; !ok {
			t.Errorf("PieFed loses the event without %s", k)
		}
	}
	start, _ := time.Parse(time.RFC3339, text("startTime"))
	end, err := time.Parse(time.RFC3339, text("endTime"))
	if err != nil || !end.After(start) {
		t.Errorf("the end %s is not after the start %s", text("endTime"), text("startTime"))
	}
	if !community.ValidZone(text("timezone")) {
		t.Errorf("timezone %q", text("timezone"))
	}
	if m := text("joinMode"); m != "free" && m != "restricted" && m != "external" {
		t.Errorf("joinMode %q is refused by Mobilizon", m)
	} else if m == "external" && text("externalParticipationUrl") == "" {
		t.Errorf("external without an address")
	}
	if s := text("status"); s != "CONFIRMED" && s != "TENTATIVE" && s != "CANCELLED" {
		t.Errorf("status %q is refused by Mobilizon", s)
	}
	if !slices.Contains([]string{"EventScheduled", "EventTentative", "EventCancelled", "EventPostponed", "EventMovedOnline"}, text("eventStatus")) {
		t.Errorf("eventStatus %q", text("eventStatus"))
	}
	if o := text("repliesModerationOption"); o != "allow_all" && o != "moderated" && o != "closed" {
		t.Errorf("repliesModerationOption %q is refused by Mobilizon", o)
	} else if doc["commentsEnabled"] != (o != "closed") {
		t.Errorf("commentsEnabled is %v where it says %s", doc["commentsEnabled"], o)
	}
	if !mobilizonCategories[text("category")] {
		t.Errorf("category %q is not known to everyone", text("category"))
	}
	if s, ok := doc["uuid"]; ok && !uuidPattern.MatchString(s.(string)) {
		t.Errorf("uuid %v is none", s)
	}
	if _, ok := doc["organizers"].(string); !ok {
		t.Errorf("organizers is no address of a collection")
	}
	if _, ok := doc["inLanguage"].(string); doc["inLanguage"] != nil && !ok {
		t.Errorf("inLanguage is not one string")
	}
	switch place, ok := doc["location"].(map[string]any); {
	case !ok:
		t.Fatalf("location is a %T: Mobilizon crashes on an array, Gancio on a change without one", doc["location"])
	case place["type"] == "VirtualLocation":
		if !c.Online() || place["name"] != "Online" || place["address"] != nil {
			t.Errorf("Gancio takes changes of a place without address only if it is called Online: %v", place)
		}
	default:
		if s, _ := place["name"].(string); place["type"] != "Place" || s == "" || !strings.HasPrefix(place["id"].(string), id+"/venue/") {
			t.Errorf("the place lacks type, name (Gancio answers 400) or id: %v", place)
		}
		a, _ := place["address"].(map[string]any)
		if a["type"] != "PostalAddress" || a["streetAddress"] == nil && a["addressLocality"] == nil && a["addressCountry"] == nil {
			t.Errorf("the place has no address, on which Gancio answers 500 to a change: %v", place)
		}
	}
	att := doc["attachment"].([]any)
	for i, a := range att {
		m := a.(map[string]any)
		switch m["type"] {
		case "Image", "Document":
			for _, k := range []string{"name", "mediaType", "url"} {
				if s, ok := m[k].(string); !ok || s == "" {
					t.Errorf("the picture has no %s", k)
				}
			}
		case "Link":
			if _, ok := m["href"].(string); !ok || i == 0 {
				t.Errorf("a link without href, or in the first place, on which Gancio fails: %v", att)
			}
		default:
			t.Errorf("Lemmy refuses an attachment of type %v", m["type"])
		}
	}
	if img, ok := doc["image"]; ok {
		m, ok := img.(map[string]any)
		if !ok || m["name"] == nil || m["url"] == nil {
			t.Errorf("image is not one object with name and url: %v", img)
		}
	}
	for _, g := range doc["tag"].([]any) {
		m := g.(map[string]any)
		if s := m["name"].(string); m["type"] != "Hashtag" || !strings.HasPrefix(s, "#") || utf8.RuneCountInString(s) > 40 {
			t.Errorf("tag %v", g)
		}
	}
	if s := text("summary"); s == "" || strings.ContainsAny(s, "<>\n") {
		t.Errorf("the summary is no plain line: %q", s)
	}
	if s := text("content"); !strings.HasPrefix(s, "<p><strong>") {
		t.Errorf("the content does not begin with the title: %.80q", s)
	}
	for _, k := range []string{"contentMap", "nameMap", "summaryMap"} {
		checkFirst(t, b, k, doc)
	}
}

// checkFirst: Mastodon takes the first key of a map for the language, so the
// first value must be the plain one.
func checkFirst(t failer, b []byte, key string, doc map[string]any) {
	t.Helper()
	m, ok := doc[key].(map[string]any)
	if !ok {
		return
	}
	d := json.NewDecoder(bytes.NewReader(b[bytes.Index(b, []byte(`"`+key+`":`))+len(key)+3:]))
	d.Token()
	lang, err := d.Token()
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	if m[lang.(string)] != doc[strings.TrimSuffix(key, "Map")] {
		t.Errorf("the first language of %s, %v, is not the main one", key, lang)
	}
}

var uuidPattern = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

var mobilizonCategories = func() map[string]bool {
	m := map[string]bool{}
	for _, s := range strings.Fields(`ARTS BOOK_CLUBS BUSINESS CAUSES COMEDY CRAFTS FOOD_DRINK HEALTH MUSIC AUTO_BOAT_AIR COMMUNITY FAMILY_EDUCATION
		FASHION_BEAUTY FILM_MEDIA GAMES LANGUAGE_CULTURE LEARNING LGBTQ MOVEMENTS_POLITICS NETWORKING PARTY PERFORMING_VISUAL_ARTS PETS PHOTOGRAPHY
		OUTDOORS_ADVENTURE SPIRITUALITY_RELIGION_BELIEFS SCIENCE_TECH SPORTS THEATRE MEETING`) {
		m[s] = true
	}
	return m
}()

// TestEventLocation: there is a location that Gancio can file, whatever is known
// of the place, and a konfa reads no more from it than was known.
func TestEventLocation(t *testing.T) {
	e, city := NewEncoder(site), testCity()
	town := city.Name.First()
	for name, x := range map[string]struct {
		set  func(c *community.Conference)
		want *community.Venue
	}{
		"nothing yet":       {func(c *community.Conference) { c.Venue = nil }, nil},
		"a name":            {func(c *community.Conference) { c.Venue = &community.Venue{Name: "Hall"} }, &community.Venue{Name: "Hall", Locality: town}},
		"a region":          {func(c *community.Conference) { c.Venue = &community.Venue{Name: "Hall", Region: "Banat"} }, &community.Venue{Name: "Hall", Region: "Banat", Locality: town}},
		"another town":      {func(c *community.Conference) { c.Venue = &community.Venue{Locality: "Zemun"} }, &community.Venue{Locality: "Zemun"}},
		"online":            {func(c *community.Conference) { c.Venue, c.OnlineURL = nil, "https://meet.example/1" }, nil},
		"moved, no address": {func(c *community.Conference) { c.Status = community.MovedOnline }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := oneLanguage()
			x.set(c)
			if c.Venue != nil {
				c.Venue.Revision = 1
			}
			b, err := e.Event(c, EventExtra{City: city})
			if err != nil {
				t.Fatal(err)
			}
			checkEvent(t, b, c)
			got, err := ReadEvent(b)
			if err != nil || len(got.Notes) > 0 {
				t.Fatal(err, got.Notes)
			}
			if diff := cmp.Diff(x.want, got.Venue); diff != "" || got.OnlineURL != c.OnlineURL {
				t.Errorf("%s%q", diff, got.OnlineURL)
			}
		})
	}
}

// TestRepliesOfMessages: what is said to one person has no answers to read.
func TestRepliesOfMessages(t *testing.T) {
	e := NewEncoder(site)
	for v, want := range map[community.Visibility]bool{community.Public: true, community.Unlisted: true, community.Direct: false} {
		p := &community.Post{Slug: "hello", Author: community.CityActor, Visibility: v, HTML: community.Plain("en", "<p>Hello</p>")}
		b, err := e.Post(p)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := checkWire(t, b)["replies"]; ok != want {
			t.Errorf("%s: replies is %t", v, ok)
		}
	}
}
