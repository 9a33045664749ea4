package discover

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/federation/fetch"
)

func TestObject(t *testing.T) {
	w := newWorld(t)
	event := func(id string) http.HandlerFunc {
		return doc(map[string]any{"id": id, "type": "Event", "name": "Conf", "attributedTo": w.url("a", "/city")})
	}
	id := w.url("a", "/events/1")
	w.on("a", map[string]http.HandlerFunc{
		"/events/1":   event(id),
		"/e/1":        event(id),                                 // another address of the same
		"/@city/1":    redirect(id),                              //
		"/?p=42":      event(w.url("a", "/?p=42")),               // WordPress
		"/to-b":       redirect(w.url("b", "/events/1")),         //
		"/liar":       event(w.url("a", "/liar2")),               //
		"/liar2":      event(w.url("a", "/liar3")),               //
		"/anonymous":  doc(map[string]any{"type": "Event"}),      //
		"/gone":       status(410),                               //
		"/upload":     answer("text/plain", `{"id":"`+id+`"}`),   //
		"/list":       answer("application/activity+json", "[]"), //
		"/tombstone":  doc(map[string]any{"id": w.url("a", "/tombstone"), "type": "Tombstone"}),
		"/fragment":   doc(map[string]any{"id": w.url("a", "/fragment#Create-1"), "type": "Create", "actor": id, "object": id}),
		"/busy":       status(503),
		"/cases":      answer("application/activity+json", `{"id":"`+w.url("b", "/events/1")+`","ID":"`+w.url("a", "/cases")+`","Id":"`+w.url("a", "/cases")+`","type":"Event"}`),
		"/twice":      answer("application/activity+json", `{"id":"`+w.url("a", "/twice")+`","id":"`+w.url("b", "/events/1")+`","type":"Event"}`),
		"/escaped":    answer("application/activity+json", `{"id":"`+w.url("a", "/escaped")+`","\u0069d":"`+w.url("b", "/events/1")+`","type":"Event"}`),
		"/object-id":  answer("application/activity+json", `{"id":{"id":"`+w.url("b", "/events/1")+`"},"@id":"`+w.url("a", "/object-id")+`","type":"Event"}`),
		"/hidden":     status(404),
		"/elsewhere":  event(w.url("b", "/events/1")),
		"/big":        answer("application/activity+json", `{"id":"`+w.url("a", "/big")+`","x":"`+strings.Repeat("a", 1<<20)+`"}`),
		"/other-case": event(strings.Replace(w.url("a", "/other-case"), "https://a.test", "https://A.TEST", 1)),
	})
	w.on("b", map[string]http.HandlerFunc{"/events/1": event(w.url("b", "/events/1")), "/forged": event(id)})
	r := w.resolver()
	for _, c := range []struct {
		ask, url string
		code     community.Code
		kind     fetch.Kind
		requests int
	}{
		{id, id, "", "", 1},
		{w.url("a", "/e/1"), id, "", "", 2},
		{w.url("a", "/@city/1"), id, "", "", 2},
		{w.url("a", "/?p=42"), w.url("a", "/?p=42"), "", "", 1},
		{w.url("a", "/to-b"), w.url("b", "/events/1"), "", "", 2},
		{w.url("a", "/tombstone"), w.url("a", "/tombstone"), "", "", 1},
		{w.url("a", "/fragment#Create-1"), w.url("a", "/fragment"), "", "", 1},
		{w.url("a", "/other-case"), w.url("a", "/other-case"), "", "", 1},
		{w.url("b", "/forged"), "", community.Refused, "", 1},
		{w.url("a", "/elsewhere"), "", community.Refused, "", 1},
		{w.url("a", "/cases"), "", community.Refused, "", 1},
		{w.url("a", "/twice"), "", community.Refused, "", 1},
		{w.url("a", "/escaped"), "", community.Refused, "", 1},
		{w.url("a", "/object-id"), "", community.Refused, "", 1},
		{w.url("a", "/liar"), "", community.Refused, "", 2},
		{w.url("a", "/anonymous"), "", community.Refused, "", 1},
		{w.url("a", "/upload"), "", community.Refused, fetch.WrongType, 1},
		{w.url("a", "/list"), "", community.Invalid, "", 1},
		{w.url("a", "/big"), "", community.Refused, fetch.TooLarge, 1},
		{w.url("a", "/gone"), "", community.Gone, fetch.Gone, 1},
		{w.url("a", "/hidden"), "", community.NotFound, fetch.NotFound, 1},
		{w.url("a", "/busy"), "", community.Refused, fetch.Busy, 1},
		{w.url("dead", "/x"), "", community.Refused, fetch.Network, 1},
	} {
		w.requests()
		d, err := r.Object(t.Context(), c.ask)
		if community.CodeOf(err) != c.code || fetch.KindOf(err) != c.kind {
			t.Errorf("%s: %v", c.ask, err)
			continue
		}
		if got := w.requests(); len(got) != c.requests {
			t.Errorf("%s: %q", c.ask, got)
		}
		if err == nil && d.URL != c.url {
			t.Errorf("%s came from %s", c.ask, d.URL)
		}
	}
}

func TestCollection(t *testing.T) {
	w := newWorld(t)
	u := func(path string) string { return w.url("a", path) }
	coll := func(path string, more map[string]any) http.HandlerFunc {
		v := map[string]any{"id": u(path), "type": "OrderedCollection"}
		if strings.Contains(path, "?") {
			v["type"] = "OrderedCollectionPage"
		}
		for k, x := range more {
			v[k] = x
		}
		return doc(v)
	}
	items := func(names ...string) []any {
		var out []any
		for _, n := range names {
			out = append(out, u("/"+n))
		}
		return out
	}
	paths := map[string]http.HandlerFunc{
		"/paged":   coll("/paged", map[string]any{"totalItems": 4, "first": u("/paged?1")}),
		"/paged?1": coll("/paged?1", map[string]any{"orderedItems": items("a", "b"), "next": u("/paged?2"), "partOf": u("/paged")}),
		"/paged?2": coll("/paged?2", map[string]any{"orderedItems": items("c"), "next": u("/paged?3")}),
		"/paged?3": coll("/paged?3", map[string]any{"orderedItems": items("d")}),

		"/whole":    coll("/whole", map[string]any{"orderedItems": items("a", "b")}),
		"/items":    doc(map[string]any{"id": u("/items"), "type": "Collection", "items": items("a")}),
		"/embedded": coll("/embedded", map[string]any{"first": map[string]any{"id": u("/embedded?1"), "type": "OrderedCollectionPage", "orderedItems": items("a"), "next": u("/paged?3")}}),
		"/stub":     coll("/stub", map[string]any{"first": map[string]any{"id": u("/paged?3"), "type": "OrderedCollectionPage"}}),
		"/empty":    coll("/empty", map[string]any{"totalItems": 0}),
		"/hidden":   coll("/hidden", map[string]any{"totalItems": 1000}),
		"/gap":      coll("/gap", map[string]any{"first": u("/gap?1")}),
		"/gap?1":    coll("/gap?1", map[string]any{"orderedItems": []any{}, "next": u("/paged?3")}),

		"/self":       coll("/self", map[string]any{"first": u("/self")}),
		"/loop":       coll("/loop", map[string]any{"first": u("/loop?1")}),
		"/loop?1":     coll("/loop?1", map[string]any{"orderedItems": items("a"), "next": u("/loop?2")}),
		"/loop?2":     coll("/loop?2", map[string]any{"orderedItems": items("b"), "next": u("/loop?1")}),
		"/inner":      coll("/inner", map[string]any{"first": map[string]any{"id": u("/inner?1"), "type": "OrderedCollectionPage", "first": map[string]any{"id": u("/inner?1"), "type": "OrderedCollectionPage"}}}),
		"/inner?1":    coll("/inner?1", map[string]any{"first": map[string]any{"id": u("/inner?1"), "type": "OrderedCollectionPage"}}),
		"/foreign":    coll("/foreign", map[string]any{"orderedItems": items("a"), "next": w.url("b", "/x?1")}),
		"/leaves":     coll("/leaves", map[string]any{"first": u("/leave")}),
		"/leave":      redirect(w.url("b", "/x?1")),
		"/breaks":     coll("/breaks", map[string]any{"orderedItems": items("a"), "next": u("/none")}),
		"/person":     person(u("/person")),
		"/endless":    nil,
		"/nothing":    coll("/nothing", map[string]any{"totalItems": 0, "first": u("/nothing?1")}),
		"/nothing?1":  coll("/nothing?1", map[string]any{"orderedItems": []any{}, "next": u("/nothing?2")}),
		"/nothing?2":  coll("/nothing?2", map[string]any{"orderedItems": []any{}, "next": u("/nothing?3")}),
		"/nothing?3":  coll("/nothing?3", map[string]any{"orderedItems": []any{}, "next": u("/nothing?4")}),
		"/embedded?1": status(500),
	}
	paths["/endless"] = func(rw http.ResponseWriter, r *http.Request) {
		n := 0
		_, _ = fmt.Sscanf(r.URL.RawQuery, "%d", &n)
		coll(r.URL.RequestURI(), map[string]any{"orderedItems": items("x"), "next": u(fmt.Sprintf("/endless?%d", n+1))})(rw, r)
	}
	w.on("a", paths)
	w.on("b", map[string]http.HandlerFunc{"/x?1": doc(map[string]any{"id": w.url("b", "/x?1"), "type": "OrderedCollectionPage", "orderedItems": []any{"https://b.test/evil"}})})
	r := w.resolver()
	for _, c := range []struct {
		path     string
		limit    int
		want     string
		code     community.Code
		requests int
	}{
		{"/paged", 0, "a b c d", "", 4},
		{"/paged", 3, "a b c", "", 3},
		{"/paged", 2, "a b", "", 2},
		{"/whole", 0, "a b", "", 1},
		{"/whole", 1, "a", "", 1},
		{"/items", 0, "a", "", 1},
		{"/embedded", 0, "a d", "", 2},
		{"/stub", 0, "d", "", 2},
		{"/empty", 0, "", "", 1},
		{"/hidden", 0, "", "", 1},
		{"/gap", 0, "d", "", 3},
		{"/self", 0, "", "", 1},
		{"/loop", 0, "a b", "", 3},
		{"/inner", 0, "", "", 2},
		{"/foreign", 0, "a", community.Refused, 1},
		{"/leaves", 0, "", community.Refused, 3},
		{"/breaks", 0, "a", community.NotFound, 2},
		{"/person", 0, "", community.Invalid, 1},
		{"/nothing", 0, "", "", 4}, // Gancio's outbox without events
		{"/endless", 0, strings.TrimSpace(strings.Repeat("x ", maxPages)), "", maxPages},
	} {
		w.requests()
		var got []string
		err := r.Collection(t.Context(), u(c.path), c.limit, func(ref activitystreams.Ref) error {
			got = append(got, strings.TrimPrefix(ref.ID, u("/")))
			return nil
		})
		if community.CodeOf(err) != c.code || strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q, %v", c.path, got, err)
		}
		if n := w.requests(); len(n) != c.requests {
			t.Errorf("%s: %d requests: %q", c.path, len(n), n)
		}
	}
	n := 0
	if err := r.Collection(t.Context(), u("/paged"), 0, func(activitystreams.Ref) error { n++; return Stop }); err != nil || n != 1 {
		t.Error(n, err)
	}
	oops := errors.New("oops")
	if err := r.Collection(t.Context(), u("/paged"), 0, func(activitystreams.Ref) error { return oops }); !errors.Is(err, oops) {
		t.Error(err)
	}
}

// FuzzID: the id that is checked against the address is the one that is
// believed afterwards.
func FuzzID(f *testing.F) {
	const rest = `,"type":"Person","inbox":"https://a.test/inbox","preferredUsername":"a"}`
	for _, id := range []string{`"id":"https://a.test/x"`, `"id":"https://a.test/x","ID":"https://b.test/x"`, `"@id":"https://a.test/x"`,
		`"id":"https://a.test/x","\u0069d":"https://b.test/x"`, `"id":["https://a.test/x"]`, `"id":null,"@id":"https://a.test/x"`, `"as:id":"https://a.test/x"`} {
		f.Add([]byte("{" + id + rest))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		id, err := idOf(&fetch.Document{Body: b})
		if err != nil {
			return
		}
		if a, err := activitystreams.ReadActor(b); err == nil && a.URI != id && strings.TrimSpace(id) != a.URI {
			t.Fatalf("%q is checked, %q believed", id, a.URI)
		}
	})
}
