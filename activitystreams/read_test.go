package activitystreams

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"konfa/community"

	"github.com/google/go-cmp/cmp"
)

// event makes an Event of the fields given over a small valid one; a nil value
// takes a field away.
func event(t *testing.T, fields map[string]any) []byte {
	t.Helper()
	m := map[string]any{
		"type": "Event", "id": "https://remote.example/e/1", "name": "Meeting", "attributedTo": "https://remote.example/city",
		"to": []string{PublicURI}, "startTime": "2026-12-01T19:00:00+01:00", "endTime": "2026-12-01T21:00:00+01:00", "timezone": "Europe/Paris",
	}
	for k, v := range fields {
		if m[k] = v; v == nil {
			delete(m, k)
		}
	}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type j = map[string]any

// TestReadEvent goes through what event servers write differently.
func TestReadEvent(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return v.UTC()
	}
	for _, c := range []struct {
		name   string
		fields j
		check  func(e *RemoteEvent) (got, want any)
	}{
		{"milliseconds and an offset (Gancio)", j{"startTime": "2026-11-23T14:58:26.000+01:00"}, func(e *RemoteEvent) (any, any) { return e.Start, at("2026-11-23T13:58:26Z") }},
		{"no seconds", j{"startTime": "2026-12-01T19:00+01:00"}, func(e *RemoteEvent) (any, any) { return e.Start, at("2026-12-01T18:00:00Z") }},
		{"offset without a colon", j{"startTime": "2026-12-01T19:00:00+0100"}, func(e *RemoteEvent) (any, any) { return e.Start, at("2026-12-01T18:00:00Z") }},
		{"no offset: on the clock of the event", j{"startTime": "2026-12-01T19:00:00"}, func(e *RemoteEvent) (any, any) { return e.Start, at("2026-12-01T18:00:00Z") }},
		{"unknown zone: that of the offset", j{"timezone": "Mars/Olympus"}, func(e *RemoteEvent) (any, any) {
			return fmt.Sprint(e.Zone, e.Start, e.Notes), fmt.Sprint("Etc/GMT-1", at("2026-12-01T18:00:00Z"), []string{"the time zone is not known: Mars/Olympus"})
		}},
		{"no zone, an offset (Gancio)", j{"timezone": nil, "startTime": "2026-12-10T20:00:00.000+01:00", "endTime": "2026-12-10T22:00:00.000+01:00"}, func(e *RemoteEvent) (any, any) {
			return e.Zone + e.LocalStart().Format(" 15:04 ") + e.LocalEnd().Format("15:04"), "Etc/GMT-1 20:00 22:00"
		}},
		{"an offset of half hours", j{"timezone": nil, "startTime": "2026-12-10T20:00:00+05:30"}, func(e *RemoteEvent) (any, any) { return e.Zone, "UTC" }},
		{"the zone of the machine is none", j{"timezone": "Local"}, func(e *RemoteEvent) (any, any) { return e.Zone, "Etc/GMT-1" }},
		{"no end", j{"endTime": nil}, func(e *RemoteEvent) (any, any) {
			return []any{e.OpenEnd, e.End}, []any{true, at("2026-12-01T20:00:00Z")}
		}},
		{"an end that is not shown", j{"displayEndTime": false}, func(e *RemoteEvent) (any, any) { return e.OpenEnd, true }},
		{"an end before the start", j{"endTime": "2026-12-01T18:59:59+01:00"}, func(e *RemoteEvent) (any, any) {
			return []any{e.OpenEnd, len(e.Notes)}, []any{true, 1}
		}},
		{"whole days", j{"startTime": "2026-12-01T00:00:00+01:00", "endTime": "2026-12-03T23:59:59+01:00"}, func(e *RemoteEvent) (any, any) {
			return []any{e.AllDay, e.Start, e.End}, []any{true, at("2026-11-30T23:00:00Z"), at("2026-12-03T23:00:00Z")}
		}},
		{"bare dates", j{"startTime": "2026-12-01", "endTime": "2026-12-02"}, func(e *RemoteEvent) (any, any) {
			return []any{e.AllDay, e.Start, e.End}, []any{true, at("2026-11-30T23:00:00Z"), at("2026-12-02T23:00:00Z")}
		}},
		{"one bare date", j{"startTime": "2026-12-01", "endTime": nil}, func(e *RemoteEvent) (any, any) {
			return []any{e.AllDay, e.OpenEnd, e.End}, []any{true, false, at("2026-12-01T23:00:00Z")}
		}},
		{"postponed without a date", j{"startTime": nil, "previousStartTime": "2026-12-01T19:00:00Z", "eventStatus": "EventPostponed"}, func(e *RemoteEvent) (any, any) {
			return []any{e.Status, e.Start}, []any{community.Postponed, at("2026-12-01T19:00:00Z")}
		}},

		{"location as text", j{"location": "The old mill"}, func(e *RemoteEvent) (any, any) { return e.Venue, &community.Venue{Name: "The old mill"} }},
		{"location without a type (Gancio 2021)", j{"location": j{"name": "Colosseo"}}, func(e *RemoteEvent) (any, any) { return e.Venue, &community.Venue{Name: "Colosseo"} }},
		{"hybrid: array of both", j{"location": []any{j{"type": "VirtualLocation", "url": "https://meet.example/z"}, j{"type": "Place", "name": "Casa", "address": "Via 1", "latitude": 45.07, "longitude": 7.68}}}, func(e *RemoteEvent) (any, any) {
			return []any{e.OnlineURL, e.Venue}, []any{"https://meet.example/z", &community.Venue{Name: "Casa", Street: "Via 1", Place: &community.Point{Lat: 45.07, Lon: 7.68}}}
		}},
		{"a virtual address in a Place (Gancio)", j{"location": j{"type": "Place", "name": "Call", "address": j{"type": "VirtualLocation", "url": "https://meet.example/y"}}}, func(e *RemoteEvent) (any, any) {
			return []any{e.OnlineURL, e.Venue}, []any{"https://meet.example/y", (*community.Venue)(nil)}
		}},
		{"postal address, town behind the name, nulls", j{"location": j{"type": "Place", "name": "Hall, Lyon", "latitude": "45.7", "longitude": 4.8, "address": j{"type": "PostalAddress", "streetAddress": "Rue 1", "addressLocality": "Lyon", "addressRegion": nil, "addressCountry": j{"type": "Country", "name": "France"}}}}, func(e *RemoteEvent) (any, any) {
			return e.Venue, &community.Venue{Name: "Hall", Street: "Rue 1", Locality: "Lyon", Country: "France", Place: &community.Point{Lat: 45.7, Lon: 4.8}}
		}},
		{"nowhere on earth", j{"location": j{"type": "Place", "name": "X", "latitude": 1e300, "longitude": -500}}, func(e *RemoteEvent) (any, any) { return e.Venue.Place, (*community.Point)(nil) }},
		{"an empty place (Mobilizon's nulls)", j{"location": j{"type": "Place", "name": nil, "address": j{"type": "PostalAddress"}}}, func(e *RemoteEvent) (any, any) { return e.Venue, (*community.Venue)(nil) }},

		{"status of iCalendar", j{"status": "cancelled"}, func(e *RemoteEvent) (any, any) { return e.Status, community.Cancelled }},
		{"status with a prefix", j{"ical:status": "TENTATIVE"}, func(e *RemoteEvent) (any, any) { return e.Status, community.Tentative }},
		{"eventStatus wins, as an address", j{"status": "CONFIRMED", "eventStatus": "https://schema.org/EventMovedOnline"}, func(e *RemoteEvent) (any, any) { return e.Status, community.MovedOnline }},

		{"says nothing about coming (Gancio)", j{"url": "https://remote.example/event/x"}, func(e *RemoteEvent) (any, any) {
			return []any{e.JoinMode, e.ExternalURL}, []any{community.External, "https://remote.example/event/x"}
		}},
		{"counts who comes", j{"participantCount": 3}, func(e *RemoteEvent) (any, any) { return []any{e.JoinMode, e.Seats.Going}, []any{community.Free, 3} }},
		{"by invitation", j{"joinMode": "invite"}, func(e *RemoteEvent) (any, any) { return e.JoinMode, community.Restricted }},
		{"nobody answers a Join (FEP-8a8e none)", j{"joinMode": "none"}, func(e *RemoteEvent) (any, any) {
			return []any{e.JoinMode, e.ExternalURL}, []any{community.External, "https://remote.example/e/1"}
		}},
		{"external (WordPress)", j{"joinMode": "external", "externalParticipationUrl": "https://wp.example/event/x/"}, func(e *RemoteEvent) (any, any) {
			return e.ExternalURL, "https://wp.example/event/x/"
		}},
		{"external with a null (Mobilizon)", j{"joinMode": "external", "externalParticipationUrl": json.RawMessage("null")}, func(e *RemoteEvent) (any, any) {
			return e.ExternalURL, "https://remote.example/e/1"
		}},
		{"an address that runs", j{"joinMode": "external", "externalParticipationUrl": "javascript:alert(1)"}, func(e *RemoteEvent) (any, any) {
			return e.ExternalURL, "https://remote.example/e/1"
		}},
		{"seats", j{"maximumAttendeeCapacity": 40}, func(e *RemoteEvent) (any, any) { return e.Capacity, 40 }},
		{"absurd seats", j{"maximumAttendeeCapacity": json.RawMessage("1e400")}, func(e *RemoteEvent) (any, any) { return []any{e.Capacity, len(e.Notes)}, []any{0, 1} }},
		{"negative seats", j{"maximumAttendeeCapacity": -1}, func(e *RemoteEvent) (any, any) { return e.Capacity, 0 }},

		{"category in small letters, in an array", j{"category": []string{"music"}}, func(e *RemoteEvent) (any, any) { return e.Category, "MUSIC" }},
		{"category unknown", j{"category": "KNITTING"}, func(e *RemoteEvent) (any, any) { return e.Category, "MEETING" }},

		{"languages in order", j{"name": nil, "nameMap": json.RawMessage(`{"ru":"Встреча","en":"Meeting"}`)}, func(e *RemoteEvent) (any, any) {
			return e.Title, community.Texts{{Lang: "ru", Text: "Встреча"}, {Lang: "en", Text: "Meeting"}}
		}},
		{"the plain text says which is the main one", j{"name": "Meeting", "nameMap": json.RawMessage(`{"ru":"Встреча","en":"Meeting"}`)}, func(e *RemoteEvent) (any, any) {
			return e.Title, community.Texts{{Lang: "en", Text: "Meeting"}, {Lang: "ru", Text: "Встреча"}}
		}},
		{"one language for all", j{"inLanguage": "fr", "content": "<p>Salut</p>"}, func(e *RemoteEvent) (any, any) {
			return []any{e.Languages, e.Title, e.HTML}, []any{[]string{"fr"}, community.Plain("fr", "Meeting"), community.Plain("fr", "<p>Salut</p>")}
		}},
		{"no content: the summary", j{"summary": "<p>Start: now</p>"}, func(e *RemoteEvent) (any, any) { return e.HTML, community.Plain("", "<p>Start: now</p>") }},
		{"a script", j{"content": `<p onclick="x()">Hi<script>alert(1)</script><img src=x onerror=alert(1)></p>`}, func(e *RemoteEvent) (any, any) {
			return e.HTML, community.Plain("", "<p>Hi</p>")
		}},
		{"entities in the name (WordPress)", j{"name": "Rock &#038; Roll&#8217;s"}, func(e *RemoteEvent) (any, any) { return e.Title.First(), "Rock & Roll’s" }},
		{"a name of two hundred and more", j{"name": strings.Repeat("long ", 100)}, func(e *RemoteEvent) (any, any) { return len([]rune(e.Title.First())) <= 200, true }},

		{"picture: the banner", j{"attachment": []any{j{"type": "Document", "mediaType": "image/png", "url": "https://r.example/1", "name": nil}, j{"type": "Document", "mediaType": "image/png", "url": "https://r.example/2", "name": "Banner"}}}, func(e *RemoteEvent) (any, any) {
			return e.Cover, &community.Picture{URL: "https://r.example/2", MediaType: "image/png", Alt: "Meeting"}
		}},
		{"picture: image wins, in an array", j{"image": []any{j{"type": "Image", "url": j{"type": "Link", "href": "https://r.example/3.webp"}, "name": "Us"}}}, func(e *RemoteEvent) (any, any) {
			return e.Cover, &community.Picture{URL: "https://r.example/3.webp", MediaType: "image/webp", Alt: "Us"}
		}},
		{"picture: no other schemes", j{"image": "data:image/png;base64,AAAA"}, func(e *RemoteEvent) (any, any) { return e.Cover, (*community.Picture)(nil) }},
		{"website of an online event (Mobilizon)", j{"isOnline": true, "attachment": []any{j{"type": "Link", "href": "https://meet.example/m", "name": "Website"}}}, func(e *RemoteEvent) (any, any) {
			return []any{e.OnlineURL, e.Link}, []any{"https://meet.example/m", ""}
		}},
		{"attachment that is one object", j{"attachment": j{"type": "Link", "href": "https://site.example/", "name": "Website"}}, func(e *RemoteEvent) (any, any) { return e.Link, "https://site.example/" }},

		{"attributedTo as objects", j{"attributedTo": []any{j{"type": "Person", "id": "https://remote.example/a"}, j{"type": "Group", "id": "https://remote.example/g"}}}, func(e *RemoteEvent) (any, any) {
			return e.AttributedTo, []string{"https://remote.example/a", "https://remote.example/g"}
		}},
		{"public under another name", j{"to": "as:Public"}, func(e *RemoteEvent) (any, any) { return []any{e.Public, e.To}, []any{true, []string{PublicURI}} }},
		{"unlisted", j{"to": []string{"https://remote.example/followers"}, "cc": []string{PublicURI}}, func(e *RemoteEvent) (any, any) { return e.Public, false }},
		{"several types", j{"type": []string{"Object", "Event"}}, func(e *RemoteEvent) (any, any) { return e.Title.First(), "Meeting" }},
		{"JSON-LD spelling", j{"type": nil, "@type": "https://www.w3.org/ns/activitystreams#Event", "id": nil, "@id": "https://remote.example/e/9"}, func(e *RemoteEvent) (any, any) { return e.URI, "https://remote.example/e/9" }},
		{"an id with a query (WordPress)", j{"id": "https://wp.example/?p=42", "url": "https://wp.example/event/x/"}, func(e *RemoteEvent) (any, any) {
			return []string{e.URI, e.URL}, []string{"https://wp.example/?p=42", "https://wp.example/event/x/"}
		}},
		{"organisers embedded (FEP-8a8e)", j{"organizers": j{"type": "Collection", "items": []any{"https://remote.example/ann", j{"type": "Person", "name": "Bob"}}}}, func(e *RemoteEvent) (any, any) {
			return e.Organisers, []community.Organiser{{Name: "https://remote.example/ann", URI: "https://remote.example/ann"}, {Name: "Bob"}}
		}},
		{"contacts (Mobilizon)", j{"contacts": []string{"https://mob.example/@bob"}}, func(e *RemoteEvent) (any, any) { return e.Organisers[0].URI, "https://mob.example/@bob" }},
		{"a price (PieFed)", j{"feeAmount": 12.5, "feeCurrency": "EUR"}, func(e *RemoteEvent) (any, any) { return e.Cost, "12.5 EUR" }},
		{"uuid that is none", j{"uuid": "17"}, func(e *RemoteEvent) (any, any) { return e.UUID, "" }},
		{"tags", j{"tag": []any{j{"type": "Hashtag", "name": "#Go Lang"}, "plain", j{"type": "Mention", "name": "@x", "href": "https://x.example"}, j{"name": "#untyped"}}}, func(e *RemoteEvent) (any, any) {
			return e.Tags, []string{"go_lang", "untyped"}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := ReadEvent(event(t, c.fields))
			if err != nil {
				t.Fatal(err)
			}
			got, want := c.check(e)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	for name, fields := range map[string]j{
		"no start": {"startTime": nil}, "no name": {"name": nil}, "no id": {"id": nil}, "an id that cannot be fetched": {"id": "urn:uuid:1"},
		"not an event": {"type": "Note"}, "a start in no language": {"startTime": "next Thursday"}, "year 0": {"startTime": "0000-01-01T00:00:00Z"},
	} {
		_, err := ReadEvent(event(t, fields))
		if community.CodeOf(err) != community.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestReadEnvelope: every shape in which actor, object and addresses come.
func TestReadEnvelope(t *testing.T) {
	const actor, object = "https://r.example/u", "https://r.example/o"
	for in, want := range map[string]Envelope{
		`{"type":"Like","id":"https://r.example/1","actor":"https://r.example/u","object":"https://r.example/o"}`:                                                                         {Object: Ref{ID: object}},
		`{"type":["X","Like"],"id":"https://r.example/1","actor":{"id":"https://r.example/u","type":"Person"},"object":{"id":"https://r.example/o"}}`:                                     {Object: Ref{ID: object}},
		`{"type":"Like","id":"https://r.example/1","actor":["https://r.example/u"],"object":["https://r.example/o"]}`:                                                                     {Object: Ref{ID: object}, Objects: []Ref{{ID: object}}},
		`{"type":"Like","id":"https://r.example/1","actor":[{"type":"Person","id":"https://r.example/u"}],"object":{"type":"Link","href":"https://r.example/o"}}`:                         {Object: Ref{ID: object}},
		`{"@type":"as:Like","@id":"https://r.example/1","actor":"https://r.example/u","object":"https://r.example/o","to":"as:Public","cc":[null,"Public",{"id":"https://r.example/f"}]}`: {Object: Ref{ID: object}, To: []string{PublicURI}, Cc: []string{PublicURI, "https://r.example/f"}},
		`{"type":"Like","id":"https://r.example/1","actor":"https://r.example/u","object":"https://r.example/o","content":"🎉"}`:                                                           {Object: Ref{ID: object}, Content: "🎉", Emoji: "🎉"},
		`{"type":"Like","id":"https://r.example/1","actor":"https://r.example/u","object":"https://r.example/o","_misskey_reaction":":cat:"}`:                                             {Object: Ref{ID: object}, Emoji: ":cat:"},
		`{"type":"Like","id":"https://r.example/1","actor":"https://evil.example/x","actor":"https://r.example/u","object":"https://r.example/o"}`:                                        {Object: Ref{ID: object}}, // the last one counts, for all readers
		`{"type":"Like","id":"https://r.example/1#likes/2","actor":"https://r.example/u","object":"https://r.example/o"}`:                                                                 {ID: "https://r.example/1#likes/2", Object: Ref{ID: object}},
	} {
		e, err := ReadEnvelope([]byte(in))
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		want.Type, want.Actor, want.Raw = "Like", actor, []byte(in)
		if want.ID == "" {
			want.ID = "https://r.example/1"
		}
		if diff := cmp.Diff(want, *e); diff != "" {
			t.Errorf("%s (-want +got):\n%s", in, diff)
		}
	}
	e, err := ReadEnvelope([]byte(`{"type":"Leave","actor":"https://mob.example/@a","object":"https://mob.example/@g"}`))
	if err != nil || e.ID != "" {
		t.Errorf("Mobilizon's Leave without an id: %+v, %v", e, err)
	}
	e, err = ReadEnvelope([]byte(`{"type":"Announce","id":"https://p.example/1","actor":"https://p.example/c","object":[{"type":"Create","id":"https://p.example/2","object":{}},{"type":"Like","id":"https://p.example/3"}]}`))
	if err != nil || len(e.Objects) != 2 || e.Objects[1].Type != "Like" || string(e.Objects[1].Raw) != `{"type":"Like","id":"https://p.example/3"}` {
		t.Errorf("PieFed's batch: %+v, %v", e, err)
	}
	for _, in := range []string{
		``, ` `, `null`, `[]`, `17`, `{`, `{"type":"Like"}`, `{"type":"Like","actor":"https://r.example/u"}`, `{"type":"Like","actor":"acct:a@b","object":"https://x.example"}`,
		`{"type":"Note","id":"https://r.example/1","actor":"https://r.example/u","content":"x"}`, `{"type":"Like","actor":"https://r.example/u","object":"https://r.example/o"}x`,
		`{"type":"Like","id":"not an id","actor":"https://r.example/u","object":"https://r.example/o","id":"javascript:1"}`,
		`{"@graph":[],"type":"Like","actor":"https://r.example/u","object":"https://r.example/o"}`, `{"type":"Like","actor":"https://u:p@r.example/u","object":"https://r.example/o"}`,
		strings.Repeat("[", 100) + strings.Repeat("]", 100), `{"type":"Like","a":"` + strings.Repeat("x", MaxDocument) + `"}`,
		"{\"type\":\"Like\",\"x\":\"\x01\"}", `{"type":"Like","x":"\ud8"}`, `{"type":"Like","x":01}`, `{"type":"Like",}`,
		`{"type":"Like","x":[` + strings.Repeat("0,", maxValues) + `0]}`,
	} {
		e, err := ReadEnvelope([]byte(in))
		var ce *community.Error
		if err == nil {
			t.Errorf("%.80q was taken: %+v", in, e)
		} else if !errors.As(err, &ce) || ce.Code != community.Invalid && ce.Code != community.Refused {
			t.Errorf("%.80q: %v is not for people", in, err)
		}
	}
}

// TestOriginOfBytes: what is embedded is handed on byte for byte, since a
// relayed activity must not change.
func TestOriginOfBytes(t *testing.T) {
	inner := "{ \"type\" : \"Create\",\n\t\"id\":\"https://r.example/2\", \"n\": 1.50e0, \"\\u0061\":\"\\u0416\" }"
	e, err := ReadEnvelope([]byte(`{"type":"Announce","id":"https://r.example/1","actor":"https://r.example/g","object":` + inner + `}`))
	if err != nil {
		t.Fatal(err)
	}
	if string(e.Object.Raw) != inner {
		t.Errorf("the inner activity became %s", e.Object.Raw)
	}
	b, err := NewEncoder(site).Activity(Activity{ID: site.Activity("1"), Type: "Announce", Actor: community.CityActor, Object: e.Object.Raw})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), `"n":1.50e0,"a":"\u0416"`) {
		t.Errorf("relayed as %s", b)
	}
}

// TestReadActor: keys, stubs, names.
func TestReadActor(t *testing.T) {
	k := publicPEM(testKeys(t).RSA)
	key := func(id, owner string) j { return j{"id": id, "owner": owner, "publicKeyPem": k} }
	read := func(doc j) (*community.Actor, error) {
		b, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		return ReadActor(b)
	}
	const id = "https://r.example/users/u"
	stub := j{"id": id, "type": "Person", "preferredUsername": "u", "publicKey": key(id+"/main-key", id)}
	if a, err := read(stub); err != nil || a.Inbox != "" || len(a.Keys) != 1 {
		t.Errorf("GoToSocial's stub: %+v, %v", a, err)
	}
	b, _ := json.Marshal(stub)
	if owner, got, err := ReadKey(b); err != nil || owner != id || got.ID != id+"/main-key" || got.PEM != k {
		t.Errorf("the key of a stub: %s %+v %v", owner, got, err)
	}
	bare, _ := json.Marshal(j{"@context": "https://w3id.org/security/v1", "id": id + "#k", "type": "Key", "owner": id, "publicKeyPem": strings.ReplaceAll(k, "\n", "\r\n")})
	if owner, got, err := ReadKey(bare); err != nil || owner != id || got.PEM != k {
		t.Errorf("a bare key: %s %+v %v", owner, got, err)
	}
	multi, _ := json.Marshal(j{"id": id + "#ed", "type": "Multikey", "controller": id, "publicKeyMultibase": "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"})
	if owner, got, err := ReadKey(multi); err != nil || owner != id || !strings.Contains(got.PEM, "MCowBQYDK2VwAyEA") {
		t.Errorf("a multikey: %s %+v %v", owner, got, err)
	}
	for _, bad := range []string{`{"id":"https://r.example/k","owner":"https://r.example/u"}`, `{"id":"https://r.example/k","owner":"https://r.example/u","publicKeyPem":"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"}`,
		`{"id":"https://r.example/k","controller":"https://r.example/u","publicKeyMultibase":"z0OIl"}`, `{"owner":"https://r.example/u","publicKeyPem":` + fmt.Sprintf("%q", k) + `}`} {
		if owner, got, err := ReadKey([]byte(bad)); err == nil {
			t.Errorf("%s is a key of %s: %+v", bad, owner, got)
		}
	}

	a, err := read(j{"id": "https://Bücher.example:443/@u", "type": []string{"Object", "Group"}, "inbox": "https://r.example/in", "preferredUsername": "u", "name": "A\u0000 <b>B</b>\n",
		"publicKey": []any{key("https://Bücher.example:443/@u#1", "https://Bücher.example:443/@u"), key("https://r.example/k", "https://evil.example/")},
		"icon":      []any{j{"type": "Image", "url": "https://r.example/s.png", "width": 10}, j{"type": "Image", "url": "https://r.example/l.png", "width": 99}},
		"summary":   `<p>x</p><script>alert(1)</script>`, "manuallyApprovesFollowers": true, "movedTo": "javascript:x", "alsoKnownAs": "https://old.example/u",
		"endpoints": j{"sharedInbox": "https://r.example/shared"}, "url": []any{j{"type": "Link", "href": "https://r.example/feed", "mediaType": "application/rss+xml"}, j{"type": "Link", "href": "https://r.example/page", "mediaType": "text/html"}}})
	if err != nil {
		t.Fatal(err)
	}
	want := &community.Actor{URI: "https://Bücher.example:443/@u", Type: "Group", Handle: "u", Host: "xn--bcher-kva.example", Name: "A B", About: "<p>x</p>", URL: "https://r.example/page",
		Inbox: "https://r.example/in", SharedInbox: "https://r.example/shared", Icon: &community.Picture{URL: "https://r.example/l.png", MediaType: "image/png", Width: 99},
		Keys: []community.PublicKey{{ID: "https://Bücher.example:443/@u#1", PEM: k}}, AlsoKnownAs: []string{"https://old.example/u"}, Locked: true}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if a, err := read(j{"id": "https://r.example/u/1", "type": "Person", "inbox": "https://r.example/in", "preferredUsername": "u1", "webfinger": "anna@r.example"}); err != nil || a.Handle != "anna" {
		t.Errorf("FEP-2c59: %+v %v", a, err)
	}
	if a, err := read(j{"id": "https://r.example/u/1", "type": "Person", "inbox": "https://r.example/in", "preferredUsername": "u1", "webfinger": "anna@other.example"}); err != nil || a.Handle != "u1" {
		t.Errorf("FEP-2c59 of another host: %+v %v", a, err)
	}
	for name, doc := range map[string]j{"no id": {"type": "Person", "inbox": "https://r.example/in"}, "neither inbox nor key": {"type": "Person", "id": id}, "a note": {"type": "Note", "id": id}} {
		if a, err := read(doc); community.CodeOf(err) != community.Invalid {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
}

// TestOwnActors: what we write, we read.
func TestOwnActors(t *testing.T) {
	e, keys := NewEncoder(site), testKeys(t)
	for who, write := range map[community.LocalActor]func() ([]byte, error){
		community.CityActor:           func() ([]byte, error) { return e.City(testCity(), keys) },
		community.NodeActor:           func() ([]byte, error) { return e.Node(testCity(), keys) },
		community.MemberActor("anna"): func() ([]byte, error) { return e.Member(&community.Member{Handle: "anna", Name: "Anna"}, keys) },
	} {
		b, err := write()
		if err != nil {
			t.Fatal(err)
		}
		checkWire(t, b)
		a, err := ReadActor(b)
		if err != nil {
			t.Fatal(err)
		}
		if a.URI != site.Actor(who) || a.Inbox != site.Inbox(who) || a.SharedInbox != site.SharedInbox() || a.Host != site.Host() || a.Locked {
			t.Errorf("%s reads as %+v", who, a)
		}
		ids := []string{}
		for _, k := range a.Keys {
			ids = append(ids, k.ID)
		}
		if want := []string{site.Key(who), site.EdKey(who)}; !slices.Equal(ids, want) {
			t.Errorf("%s has keys %v, want %v", who, ids, want)
		}
	}
}

// TestLongProfile: Mobilizon refuses an actor whose summary is longer than 5,000
// characters, and Markdown grows.
func TestLongProfile(t *testing.T) {
	city := testCity()
	city.About = community.Plain("ru", strings.Repeat("*о* [д](https://a.example) ", 148))
	if err := city.Check(); err != nil {
		t.Fatal(err)
	}
	b, err := NewEncoder(site).City(city, testKeys(t))
	if err != nil {
		t.Fatal(err)
	}
	s, _ := checkWire(t, b)["summary"].(string)
	if n := len([]rune(s)); n > 5000 || n < 4000 {
		t.Errorf("the summary has %d characters", n)
	}
	if o := opened(s); len(o) > 0 {
		t.Errorf("left open: %v", o)
	}
}

// TestTextLanguages: the text goes out in its own languages, whatever those of
// the title are.
func TestTextLanguages(t *testing.T) {
	e := NewEncoder(site)
	ru, en := community.Phrase{Lang: "ru", Text: "<p>Да</p>"}, community.Phrase{Lang: "en", Text: "<p>Yes</p>"}
	title := community.Texts{{Lang: "en", Text: "Meeting"}, {Lang: "ru", Text: "Встреча"}}
	for _, c := range []struct{ html, want community.Texts }{
		{community.Texts{ru}, community.Texts{ru}},
		{community.Texts{ru, en}, community.Texts{en, ru}},
		{community.Texts{{Lang: "de", Text: "<p>Ja</p>"}, en}, community.Texts{en, {Lang: "de", Text: "<p>Ja</p>"}}},
		{nil, nil},
		{community.Plain("", "<p>?</p>"), community.Plain("", "<p>?</p>")},
	} {
		conf := oneLanguage()
		conf.Title, conf.HTML = title, c.html
		b, err := e.Event(conf, EventExtra{})
		if err != nil {
			t.Fatal(err)
		}
		checkEvent(t, b, conf)
		got, err := ReadEvent(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, got.HTML); diff != "" {
			t.Errorf("-want +got:\n%s\n%s", diff, b)
		}
		if diff := cmp.Diff(title, got.Title); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

// TestPosts: what we write, we read; and the visibility of each audience.
func TestPosts(t *testing.T) {
	e := NewEncoder(site)
	for _, v := range []community.Visibility{community.Public, community.Unlisted, community.Followers, community.Direct} {
		p := &community.Post{Slug: "x", Author: community.MemberActor("anna"), Title: nil, HTML: community.Texts{{Lang: "ru", Text: "<p>Да</p>"}, {Lang: "en", Text: "<p>Yes</p>"}}, Visibility: v,
			Mentions: []community.Mention{{Name: "@b@r.example", URI: "https://r.example/b"}}, Tags: []string{"go"}, ReplyTo: "https://r.example/1", Warning: "w", Published: time.Unix(1_700_000_000, 0)}
		b, err := e.Post(p)
		if err != nil {
			t.Fatal(err)
		}
		checkWire(t, b)
		got, err := ReadPost(b)
		if err != nil {
			t.Fatal(err)
		}
		if got.Visibility != v || got.AttributedTo != site.Actor(p.Author) || got.ReplyTo != p.ReplyTo || got.Warning != "w" || !got.Sensitive || !got.Published.Equal(p.Published) {
			t.Errorf("%s reads as %+v", v, got)
		}
		if diff := cmp.Diff(p.HTML, got.HTML); diff != "" {
			t.Errorf("%s", diff)
		}
		if v == community.Direct && strings.Contains(string(b), "followers") {
			t.Errorf("a direct post names the followers: %s", b)
		}
	}
	for in, code := range map[string]community.Code{
		`{"type":"Tombstone","id":"https://r.example/1"}`: community.Gone,
		`{"type":"Note","id":"https://r.example/1","attributedTo":"https://r.example/u","name":"Yes","inReplyTo":"https://b.example/poll"}`: community.Refused,
		`{"type":"Note","id":"https://r.example/1","attributedTo":"https://r.example/u"}`:                                                   community.Invalid,
		`{"type":"Note","id":"https://r.example/1","content":"x"}`:                                                                          community.Invalid,
		`{"type":"Emoji","id":"https://r.example/1"}`:                                                                                       community.Invalid,
	} {
		if p, err := ReadPost([]byte(in)); community.CodeOf(err) != code {
			t.Errorf("%s: %+v, %v", in, p, err)
		}
	}
	q, err := ReadPost([]byte(`{"type":"Question","id":"https://r.example/1","attributedTo":"https://r.example/u","content":"Tea?","oneOf":[{"type":"Note","name":"Yes"},{"type":"Note","name":"<No>"}]}`))
	if err != nil || q.HTML.First() != "Tea?<ul><li>Yes</li><li>&lt;No&gt;</li></ul>" {
		t.Errorf("a poll: %+v %v", q, err)
	}
}

// TestReadCollection: items and orderedItems, whatever the type says, and pages
// embedded or not.
func TestReadCollection(t *testing.T) {
	e := NewEncoder(site)
	b, err := e.CollectionPage("https://b.example/o?page=1", "https://b.example/o", "https://b.example/o?page=2", "", true, 30, []any{"https://b.example/1", []byte(`{"id":"https://b.example/2","type":"Note"}`)})
	if err != nil {
		t.Fatal(err)
	}
	p, err := ReadCollection(b)
	if err != nil {
		t.Fatal(err)
	}
	if p.TotalItems != 30 || len(p.Items) != 2 || p.Items[0].ID != "https://b.example/1" || p.Items[1].Type != "Note" || p.Next.ID != "https://b.example/o?page=2" || p.PartOf != "https://b.example/o" {
		t.Errorf("our page reads as %+v", p)
	}
	p, err = ReadCollection([]byte(`{"type":"OrderedCollection","id":"https://m.example/o","first":{"type":"OrderedCollectionPage","items":["https://m.example/1"]}}`))
	if err != nil || p.TotalItems != -1 || p.First.Raw == nil {
		t.Fatalf("an embedded page: %+v %v", p, err)
	}
	if p, err = ReadCollection(p.First.Raw); err != nil || len(p.Items) != 1 {
		t.Errorf("items in an ordered page (Mobilizon): %+v %v", p, err)
	}
	if p, err = ReadCollection([]byte(`{"type":"Collection","items":"https://m.example/1","totalItems":"7"}`)); err != nil || len(p.Items) != 1 || p.TotalItems != 7 {
		t.Errorf("one item without an array (go-fed): %+v %v", p, err)
	}
	if _, err = ReadCollection([]byte(`{"type":"Note"}`)); community.CodeOf(err) != community.Invalid {
		t.Errorf("a note is no collection: %v", err)
	}
}

// TestEventSummary: the line that people on Mastodon see.
func TestEventSummary(t *testing.T) {
	belgrade := "Europe/Belgrade"
	start := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	base := community.Conference{Start: start, End: start.Add(2 * time.Hour), Zone: belgrade, Published: start.AddDate(0, -1, 0), Venue: &community.Venue{Name: "Library", Locality: "Berlin"}}
	for _, c := range []struct {
		change func(*community.Conference)
		lang   string
		want   string
	}{
		{func(c *community.Conference) {}, "en", "Fri 1 May 10:00–12:00 · Library, Berlin"},
		{func(c *community.Conference) {}, "ru-ru", "пт 1 мая 10:00–12:00 · Library, Berlin"},
		{func(c *community.Conference) { c.OpenEnd = true }, "de", "Fri 1 May 10:00 · Library, Berlin"},
		{func(c *community.Conference) { c.Published = time.Time{} }, "en", "Fri 1 May 2026 10:00–12:00 · Library, Berlin"},
		{func(c *community.Conference) { c.Published = start.AddDate(-1, 0, 0) }, "en", "Fri 1 May 2026 10:00–12:00 · Library, Berlin"},
		{func(c *community.Conference) { c.End = start.Add(30 * time.Hour) }, "en", "Fri 1 May 10:00 – Sat 2 May 16:00 · Library, Berlin"},
		{func(c *community.Conference) { c.Start, c.End = start.Add(12*time.Hour), start.Add(18*time.Hour) }, "en", "Fri 1 May 22:00–04:00 · Library, Berlin"},
		{func(c *community.Conference) {
			c.AllDay, c.Start, c.End = true, time.Date(2026, 4, 30, 22, 0, 0, 0, time.UTC), time.Date(2026, 5, 1, 22, 0, 0, 0, time.UTC)
		}, "en", "Fri 1 May · Library, Berlin"},
		{func(c *community.Conference) {
			c.AllDay, c.Start, c.End = true, time.Date(2026, 4, 30, 22, 0, 0, 0, time.UTC), time.Date(2026, 5, 3, 22, 0, 0, 0, time.UTC)
		}, "en", "Fri 1 May – Sun 3 May · Library, Berlin"},
		{func(c *community.Conference) { c.Status = community.Cancelled }, "ru", "Отменено · пт 1 мая 10:00–12:00 · Library, Berlin"},
		{func(c *community.Conference) { c.Venue, c.OnlineURL = nil, "https://x.example" }, "en", "Fri 1 May 10:00–12:00 (UTC+2) · online"},
		{func(c *community.Conference) { c.Venue, c.OnlineURL, c.Zone = nil, "https://x.example", "Asia/Kolkata" }, "ru", "пт 1 мая 13:30–15:30 (UTC+5:30) · онлайн"},
		{func(c *community.Conference) { c.Status = community.MovedOnline }, "en", "Moved online · Fri 1 May 10:00–12:00"},
		{func(c *community.Conference) { c.Venue = nil }, "en", "Fri 1 May 10:00–12:00"},
	} {
		conf := base
		c.change(&conf)
		if got := EventSummary(&conf, c.lang); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// TestMultikey uses the published key of did:key for a seed of zeros.
func TestMultikey(t *testing.T) {
	const known = "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"
	if got := multikey(testKeys(t).Ed25519); got != known {
		t.Errorf("%s, want %s", got, known)
	}
	if multikey(testKeys(t).RSA) != "" || multikey([]byte{1}) != "" || multikey(nil) != "" {
		t.Errorf("only Ed25519 makes a multikey")
	}
	for _, b := range [][]byte{{}, {0}, {0, 0, 1}, {255, 254, 0}} {
		if got, ok := decodeBase58(encodeBase58(b)); !ok || !slices.Equal(got, b) {
			t.Errorf("%v comes back as %v", b, got)
		}
	}
}

// TestInspectRefuses: a reason for each refusal, and a note for what is odd.
func TestInspectRefuses(t *testing.T) {
	for in, reason := range map[string]string{
		`[]`:                            "not a JSON object",
		`{"hello":"world"}`:             "no type",
		`{"type":"Emoji"}`:              "no use for a document of type Emoji",
		`{"type":"Follow"}`:             "who did it",
		`{"links":[]}`:                  "empty",
		`{"subject":"","links":[]}`:     "no subject",
		`{"type":"Tombstone"}`:          "what was deleted",
		`<html>`:                        "not JSON",
		`{"type":"Place"}`:              "neither name",
		`{"software":{},"version":"2"}`: "does not name the software",
	} {
		in2, err := Inspect([]byte(in))
		if err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %+v, %v; want a reason with %q", in, in2, err, reason)
		}
	}
	in, err := Inspect([]byte(`{"type":"Like","id":"https://a.example/1","id":"https://b.example/1","actor":"https://c.example/u","object":"https://d.example/o"}`))
	if err != nil || in.ID != "https://b.example/1" || len(in.Notes) != 2 {
		t.Errorf("%+v %v", in, err)
	}
}
