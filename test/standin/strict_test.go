package standin

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestMastodonIsStrict(t *testing.T) {
	o, network := told(t)
	m, err := NewMastodon(network, "mastodon.localhost", "4.5.2")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	followed(m.Server, m.Me, o.city)
	create := subject{server: m.Server, inbox: m.Me.Shared, signer: o.city, object: func() document { return o.event(o.city) }, wrap: func(kind string, e document) document { return o.activity(kind, o.city, e) }}
	refuses(t, create, []mistake{
		{name: "blanks in the signature", how: tampering{after: spaced}, status: 202},
		{name: "no signature", how: tampering{after: unsigned}, status: 401, why: "not signed"},
		{name: "the digest is not signed", how: tampering{signs: without("(request-target)", "host", "date")}, status: 401, why: "digest is not signed"},
		{name: "another body", how: tampering{body: tampered}, status: 401, why: "digest"},
		{name: "two hours old", how: tampering{skew: -2 * time.Hour}, status: 401, why: "date"},
		{name: "an hour ahead", how: tampering{skew: 90 * time.Minute}, status: 401, why: "date"},
		{name: "Signature-Input beside a cavage signature", how: tampering{after: header("Signature-Input", `sig1=("@method");created=1;keyid="x"`)}, status: 400, why: "label"},
		{name: "an id of another host", change: set("id", "https://elsewhere.example/1"), status: 202, why: "host"},
		{name: "an author of another host", change: set("attributedTo", "https://elsewhere.example/city"), status: 202, why: "attributed to"},
		{name: "a type that is not known", change: set("type", "Gathering"), status: 202, why: "not supported"},
		{name: "an Event and a Note are an Event", change: set("type", []any{"Event", "Note"}), status: 202, check: func(t *Thing) error { return want("the title", t.Title, "Maps and tea") }},
		{name: "content is not looked at", change: drop("summary"), status: 202, check: func(t *Thing) error {
			if strings.Contains(t.Text, "Bring") {
				return refuse("the content is shown")
			}
			return nil
		}},
		{name: "no picture without a type of media", change: inside("attachment", drop("mediaType")), status: 202, check: func(t *Thing) error { return want("the number of pictures", len(t.Images), 0) }},
		{name: "not a list of languages but the first", change: set("contentMap", document{"ru": "…"}), status: 202, check: func(t *Thing) error { return want("the language", t.Language, "ru") }},
	})
	t.Run("for nobody", func(t *testing.T) {
		m.update(func() { delete(m.following[m.Me.ID], o.city.ID) })
		defer followed(m.Server, m.Me, o.city)
		if r := o.posted(m.Server, o.city, m.Me.Shared, o.activity("Create", o.city, o.event(o.city)), tampering{}); r.Status != 202 || !strings.Contains(r.Why, "nobody here follows") {
			t.Errorf("%d %s", r.Status, r.Why)
		}
	})
	update := create
	update.kind, update.existed = "Update", true
	t.Run("edits", func(t *testing.T) {
		refuses(t, update, []mistake{
			{name: "without updated", change: drop("updated"), status: 202, why: "updated"},
			{name: "older", change: set("updated", "2020-01-01T00:00:00Z"), status: 202, why: "updated"},
		})
	})
	t.Run("what was deleted does not come back", func(t *testing.T) {
		e := o.event(o.city)
		o.posted(m.Server, o.city, m.Me.Shared, o.activity("Delete", o.city, document{"type": "Tombstone", "id": e["id"]}), tampering{})
		if r := o.posted(m.Server, o.city, m.Me.Shared, o.activity("Create", o.city, e), tampering{}); !strings.Contains(r.Why, "was deleted") {
			t.Errorf("%d %s", r.Status, r.Why)
		}
	})
	t.Run("4.4 takes no edits of events", func(t *testing.T) {
		older, err := NewMastodon(network, "mastodon44.localhost", "4.4.9")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(older.Close)
		followed(older.Server, older.Me, o.city)
		e := o.event(o.city)
		if r := o.posted(older.Server, o.city, older.Me.Shared, o.activity("Create", o.city, e), tampering{}); r.Why != "" {
			t.Fatal(r.Why)
		}
		e["updated"] = time.Now().Add(time.Minute).UTC().Format(time.RFC3339)
		if r := o.posted(older.Server, o.city, older.Me.Shared, o.activity("Update", o.city, e), tampering{}); !strings.Contains(r.Why, "before 4.5") {
			t.Errorf("%d %s", r.Status, r.Why)
		}
	})
	t.Run("the way round by WebFinger", func(t *testing.T) {
		for name, describe := range map[string]func(*Actor) document{
			"another name":   func(*Actor) document { return document{"preferredUsername": "village"} },
			"no inbox":       func(*Actor) document { return document{"inbox": nil} },
			"no actor":       func(*Actor) document { return document{"type": "Note"} },
			"another id":     func(*Actor) document { return document{"id": o.URL + "/else"} },
			"somebody's key": func(a *Actor) document { k := a.publicKey(); k["owner"] = o.node.ID; return document{"publicKey": k} },
			"no context":     func(*Actor) document { return document{"@context": []any{securityContext}} },
		} {
			m.Forget(o.city.ID)
			o.city.describe = describe
			if _, err := m.account(o.city.ID); err == nil {
				t.Errorf("%s is an account", name)
			}
		}
		o.city.describe = nil
		if _, err := m.account(o.city.ID); err != nil {
			t.Error(err)
		}
	})
	t.Run("one failure opens the circuit", func(t *testing.T) {
		away, err := start(network, "away.localhost", "konfa", "1")
		if err != nil {
			t.Fatal(err)
		}
		id := away.URL + "/city"
		gone := away.add(&Actor{Name: "city", ID: id, Type: "Group", Inbox: id + "/inbox"})
		away.signs = honest
		away.Close()
		m.Forget(o.city.ID)
		ghost := &origin{Server: away, t: t, city: gone}
		if r := ghost.posted(m.Server, gone, m.Me.Shared, document{"id": id + "/1", "type": "Like", "actor": id, "object": "x"}, tampering{}); r.Status != 503 {
			t.Errorf("an actor that cannot be had: %d %s", r.Status, r.Why)
		}
		if r := o.posted(m.Server, o.city, m.Me.Shared, o.activity("Create", o.city, o.event(o.city)), tampering{}); r.Status != 503 {
			t.Errorf("while the circuit is open: %d %s", r.Status, r.Why)
		}
		m.Advance(6 * time.Minute)
		defer m.Advance(-6 * time.Minute)
		if r := o.posted(m.Server, o.city, m.Me.Shared, o.activity("Create", o.city, o.event(o.city)), tampering{}); r.Why != "" {
			t.Errorf("after it closed: %d %s", r.Status, r.Why)
		}
	})
}

func TestGoToSocialIsStrict(t *testing.T) {
	o, network := told(t)
	g, err := NewGoToSocial(network, "gotosocial.localhost")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	create := subject{server: g.Server, inbox: g.Me.Inbox, signer: o.city, object: func() document { return o.event(o.city) }, wrap: func(kind string, e document) document { return o.activity(kind, o.city, e) }}
	refuses(t, create, []mistake{
		{name: "application/json", how: tampering{media: "application/json"}, status: 406, why: "the type"},
		{name: "blanks in the signature", how: tampering{after: spaced}, status: 401, why: "no keyId"},
		{name: "no signature", how: tampering{after: unsigned}, status: 401, why: "0 Signature headers"},
		{name: "two values", how: tampering{body: func(b []byte) []byte { return append(b, "{}"...) }}, status: 400, why: "JSON"},
		{name: "a word that go-fed does not know", whole: set("type", "EmojiReact"), status: 400, why: "EmojiReact"},
		{name: "no id", whole: drop("id"), status: 202, why: "transient"},
		{name: "a type that is no status", change: set("type", "Tombstone"), status: 202, why: "statusable"},
		{name: "the name is a warning without a summary", change: drop("summary"), status: 202, check: func(t *Thing) error { return want("the warning", t.Warning, "Maps and tea") }},
		{name: "a summary is a warning", status: 202, check: func(t *Thing) error { return want("the warning", t.Warning, "Fri 19:00 · Library") }},
		{name: "updated before it was published", change: set("updated", "2020-01-01T00:00:00Z"), status: 202, why: "before"},
	})
	update := create
	update.kind, update.existed = "Update", true
	t.Run("edits", func(t *testing.T) {
		refuses(t, update, []mistake{{name: "published changed", change: set("published", "2020-01-01T00:00:00Z"), status: 202, why: "published changed"}})
	})
	t.Run("nothing to strangers", func(t *testing.T) {
		if p, err := o.ask(g.Me.ID, activityJSON, nil, 0); err != nil || p.status != 401 {
			t.Errorf("unsigned: %v %v", p, err)
		}
		if p, err := o.ask(g.Me.ID, activityJSON, o.node, 0); err != nil || p.status != 200 {
			t.Errorf("signed: %v %v", p, err)
		}
		p, err := o.ask(g.Me.KeyID, activityJSON, nil, 0)
		if err != nil || p.status != 200 || strings.Contains(string(p.body), "inbox") {
			t.Errorf("the key: %v %v", p, err)
		}
	})
	t.Run("no activities in an Announce", func(t *testing.T) {
		a := o.activity("Create", o.city, o.event(o.city))
		o.put(a)
		if r := o.posted(g.Server, o.city, g.Me.Inbox, o.activity("Announce", o.city, a["id"]), tampering{}); r.Why == "" {
			t.Error("a Create is announced")
		}
	})
}

func TestMisskeyIsStrict(t *testing.T) {
	o, network := told(t)
	k, err := NewMisskey(network, "misskey.localhost")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	create := subject{server: k.Server, inbox: k.Me.Shared, signer: o.city, object: func() document { return o.event(o.city) }, wrap: func(kind string, e document) document { return o.activity(kind, o.city, e) }}
	refuses(t, create, []mistake{
		{name: "more than 64 KiB", change: set("content", strings.Repeat("x", 64<<10)), status: 413, why: "too large"},
		{name: "the host is not signed", how: tampering{signs: without("(request-target)", "date", "digest")}, status: 401, why: "host is not signed"},
		{name: "the digest is not signed", how: tampering{signs: without("(request-target)", "date", "host")}, status: 401, why: "digest is not signed"},
		{name: "another body", how: tampering{body: tampered}, status: 401, why: "digest"},
		{name: "six minutes old", how: tampering{skew: -6 * time.Minute}, status: 401, why: "date"},
		{name: "two digests", how: tampering{after: func(r *http.Request) { r.Header.Set("Digest", r.Header.Get("Digest")+",MD5=x") }}, status: 401, why: "digest"},
		{name: "an author in a list", change: set("attributedTo", []any{o.city.ID}), status: 202, why: "attributedTo"},
		{name: "an id of another host", change: set("id", "https://elsewhere.example/1"), status: 202, why: "host"},
		{name: "an url that is not https", change: set("url", "http://origin.localhost/1"), status: 202, why: "url"},
		{name: "an answer to nothing", change: set("inReplyTo", o.URL+"/none"), status: 202, why: "inReplyTo"},
		{name: "a type that is no post", change: set("type", "Place"), status: 202, why: "Unknown type"},
		{name: "a summary is a warning", status: 202, check: func(t *Thing) error { return want("the warning", t.Warning, "Fri 19:00 · Library") }},
	})
	t.Run("edits", func(t *testing.T) {
		e := o.event(o.city)
		o.posted(k.Server, o.city, k.Me.Shared, o.activity("Create", o.city, e), tampering{})
		if r := o.posted(k.Server, o.city, k.Me.Shared, o.activity("Update", o.city, e), tampering{}); !strings.Contains(r.Why, "skip: Unknown type") {
			t.Errorf("an edit: %d %s", r.Status, r.Why)
		}
	})
	t.Run("actors", func(t *testing.T) {
		for name, describe := range map[string]func(*Actor) document{
			"a list of keys":            func(a *Actor) document { return document{"publicKey": []any{a.publicKey()}} },
			"a name that is an object":  func(*Actor) document { return document{"name": document{"en": "x"}} },
			"an inbox of another host":  func(*Actor) document { return document{"inbox": "https://elsewhere.example/inbox"} },
			"a username with blanks":    func(*Actor) document { return document{"preferredUsername": "a b"} },
			"an id that is not the URL": func(*Actor) document { return document{"id": o.URL + "/else"} },
		} {
			o.desk.describe = describe
			if _, err := k.freshPerson(o.desk.ID); err == nil {
				t.Errorf("%s is a person", name)
			}
		}
		o.desk.describe = nil
		if _, err := k.freshPerson(o.desk.ID); err != nil {
			t.Error(err)
		}
	})
}

func TestPixelfedIsStrict(t *testing.T) {
	o, network := told(t)
	f, err := NewPixelfed(network, "pixelfed.localhost")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	followed(f.Server, f.Me, o.city)
	card := func() document {
		e := o.event(o.city)
		return document{"id": e["id"], "type": "Note", "attributedTo": o.city.ID, "to": []any{Public}, "cc": []any{o.city.Followers}, "published": e["published"], "content": "<p>Maps and tea</p>", "url": e["id"],
			"attachment": []any{document{"type": "Image", "mediaType": "image/jpeg", "url": o.URL + "/poster.jpg", "name": "A poster"}}}
	}
	deep := any("deep")
	for range 8 {
		deep = document{"in": deep}
	}
	refuses(t, subject{server: f.Server, inbox: f.Me.Shared, signer: o.city, object: card, wrap: func(kind string, e document) document { return o.activity(kind, o.city, e) }}, []mistake{
		{name: "nested too deeply", change: set("extra", deep), status: 200, why: "levels"},
		{name: "an event", change: set("type", "Event"), status: 200, why: "Event"},
		{name: "no picture", change: drop("attachment"), status: 200, why: "without a picture"},
		{name: "a link among the pictures", change: func(e document) {
			e["attachment"] = append(e["attachment"].([]any), document{"type": "Link", "href": "https://x.example", "mediaType": "text/html"})
		}, status: 200, why: "type Link"},
		{name: "webp", change: inside("attachment", set("mediaType", "image/webp")), status: 200, why: "image/webp"},
		{name: "too wide", change: inside("attachment", set("width", 6000)), status: 200, why: "width"},
		{name: "no to", change: drop("to"), status: 200, why: "without to"},
		{name: "an author of another host", change: set("attributedTo", "https://elsewhere.example/city"), status: 200, why: "another host"},
		{name: "blanks in the signature", how: tampering{after: spaced}, status: 200, why: "no keyId"},
		{name: "two days old", how: tampering{skew: -48 * time.Hour}, status: 200, why: "date"},
		{name: "another body", how: tampering{body: tampered}, status: 200, why: "verify"},
		{name: "no id", whole: drop("id"), status: 200, why: "no id"},
	})
	t.Run("the same activity twice", func(t *testing.T) {
		a := o.activity("Create", o.city, card())
		o.posted(f.Server, o.city, f.Me.Shared, a, tampering{})
		if r := o.posted(f.Server, o.city, f.Me.Shared, a, tampering{}); !strings.Contains(r.Why, "done already") {
			t.Errorf("%d %s", r.Status, r.Why)
		}
	})
}

func TestLemmyIsStrict(t *testing.T) {
	o, network := told(t)
	l, err := NewLemmy(network, "lemmy.localhost")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	followed(l.Server, l.Me, o.city)
	s := subject{server: l.Server, inbox: l.Me.Shared, signer: o.city, object: func() document { return o.event(o.desk) }, wrap: func(kind string, e document) document {
		return o.activity("Announce", o.city, o.activity(kind, o.desk, e))
	}}
	inner := func(change func(document)) func(document) {
		return func(a document) { change(a["object"].(document)) }
	}
	refuses(t, s, []mistake{
		{name: "blanks in the signature", how: tampering{after: spaced}, status: 200},
		{name: "no digest in the signature", how: tampering{signs: without("(request-target)", "host", "date")}, status: 400, why: "digest is not signed"},
		{name: "another body", how: tampering{body: tampered}, status: 400, why: "digest"},
		{name: "no fragment in the key id", how: tampering{after: func(r *http.Request) {
			r.Header.Set("Signature", strings.Replace(r.Header.Get("Signature"), "#main-key", "", 1))
		}}, status: 400, why: "fragment"},
		{name: "by the group", change: func(e document) { e["attributedTo"] = o.city.ID }, whole: inner(set("actor", o.city.ID)), status: 400, why: "no person"},
		{name: "an event of the group", change: set("attributedTo", o.city.ID), status: 400, why: "NotAModerator"},
		{name: "an author in a list of strings", change: set("attributedTo", []any{o.desk.ID}), status: 400, why: "PageDoesNotSpecifyCreator"},
		{name: "a PropertyValue", change: func(e document) {
			e["attachment"] = append(e["attachment"].([]any), document{"type": "PropertyValue", "name": "x", "value": "y"})
		}, status: 400, why: "untagged enum Attachment"},
		{name: "attachments that are no list", change: func(e document) { e["attachment"] = e["attachment"].([]any)[0] }, status: 400, why: "no list"},
		{name: "pictures in a list", change: func(e document) { e["image"] = []any{e["image"]} }, status: 400, why: "ImageObject"},
		{name: "not for the group", change: func(e document) { e["to"], e["cc"] = []any{Public}, []any{} }, status: 400, why: "no community"},
		{name: "another audience", change: set("audience", o.node.ID), status: 400, why: "audience"},
		{name: "not public", change: func(e document) { e["to"] = []any{o.city.ID} }, status: 400, why: "not public"},
		{name: "a language that is a string", change: set("language", "en"), status: 400, why: "language"},
		{name: "an announced post", whole: func(a document) { a["object"] = a["object"].(document)["object"] }, status: 400, why: "CannotReceivePage"},
		{name: "no to around it", whole: drop("to"), status: 400, why: "missing field to"},
		{name: "an id of another host", whole: set("id", "https://elsewhere.example/1"), status: 400, why: "no id of the host"},
	})
	t.Run("a bare id", func(t *testing.T) {
		e := o.event(o.desk)
		o.put(e)
		if r := o.posted(l.Server, o.city, l.Me.Shared, o.activity("Announce", o.city, e["id"]), tampering{}); r.Status != 400 || !strings.Contains(r.Why, "CannotReceivePage") {
			t.Errorf("%d %s", r.Status, r.Why)
		}
	})
	t.Run("documents", func(t *testing.T) {
		for media, ok := range map[string]bool{
			activityJSON: true, "application/activity+json; charset=utf-8": true, "Application/Activity+JSON": true, ldJSON: true,
			ldJSON + "; charset=utf-8": false, "application/ld+json": false, "application/json": false,
		} {
			o.get = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/typed" {
					writeJSON(w, media, document{"id": o.URL + "/typed"})
				}
				return r.URL.Path == "/typed"
			}
			if _, err := l.dereference(o.URL + "/typed"); (err == nil) != ok {
				t.Errorf("%s: %v", media, err)
			}
		}
		for name, describe := range map[string]func(*Actor) document{
			"no outbox":            func(*Actor) document { return document{"outbox": nil} },
			"a list of keys":       func(a *Actor) document { return document{"publicKey": []any{a.publicKey()}} },
			"an icon without type": func(*Actor) document { return document{"icon": document{"url": "https://x.example/1.png"}} },
			"another id":           func(*Actor) document { return document{"id": "https://elsewhere.example/desk"} },
		} {
			l.Forget(o.desk.ID)
			o.desk.describe = describe
			if _, err := l.actor(o.desk.ID); err == nil {
				t.Errorf("%s is a person", name)
			}
		}
		o.desk.describe = nil
	})
}

func TestPieFedIsStrict(t *testing.T) {
	o, network := told(t)
	p, err := NewPieFed(network, "piefed.localhost")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	followed(p.Server, p.Me, o.city)
	s := subject{server: p.Server, inbox: p.Me.Shared, signer: o.city, object: func() document { return o.event(o.desk) }, wrap: func(kind string, e document) document {
		return o.activity("Announce", o.city, o.activity(kind, o.desk, e))
	}}
	mistakes := []mistake{
		{name: "no algorithm", how: tampering{after: noAlgorithm}, status: 400, why: "no algorithm"},
		{name: "blanks in the signature", how: tampering{after: spaced}, status: 400, why: "no keyId"},
		{name: "a digest in small letters", how: tampering{after: func(r *http.Request) { r.Header.Set("Digest", "sha-256="+r.Header.Get("Digest")[8:]) }}, status: 400, why: "digest"},
		{name: "pictures in a list", change: func(e document) { e["image"] = []any{e["image"]} }, status: 200, why: "TypeError"},
		{name: "no end", change: set("endTime", nil), status: 200, why: "TypeError"},
		{name: "by the group", change: set("attributedTo", o.city.ID), whole: func(a document) { a["object"].(document)["actor"] = o.city.ID }, status: 200, why: "no user"},
		{name: "no community", change: func(e document) { delete(e, "audience"); e["to"], e["cc"] = []any{Public}, []any{} }, whole: func(a document) {
			i := a["object"].(document)
			i["to"], i["cc"] = []any{Public}, []any{}
		}, status: 200, why: "the community"},
		{name: "no object", whole: drop("object"), status: 200, why: "missing object"},
		{name: "an announced post", whole: func(a document) { a["object"] = a["object"].(document)["object"] }, status: 200, why: "Intended for Mastodon"},
		{name: "in a batch", whole: func(a document) { a["object"] = []any{a["object"]} }, status: 200},
	}
	for _, key := range piefedKeys {
		mistakes = append(mistakes, mistake{name: "without " + key, change: drop(key), status: 200, why: "KeyError: " + key})
	}
	refuses(t, s, mistakes)
	t.Run("an inbox that is gone is gone for ever", func(t *testing.T) {
		gone := true
		o.inbox = func(*Incoming) Answer {
			if gone {
				return Answer{Status: http.StatusGone}
			}
			return taken(202)
		}
		if err := p.Acts.Follow(o.city.ID); err == nil {
			t.Fatal("nothing is gone")
		}
		gone = false
		if err := p.Acts.Follow(o.city.ID); err == nil || !strings.Contains(err.Error(), "for good") {
			t.Errorf("%v", err)
		}
	})
	t.Run("actors", func(t *testing.T) {
		p.Forget(o.desk.ID)
		o.desk.describe = func(*Actor) document { return document{"endpoints": document{}} }
		if _, err := p.actor(o.desk.ID); err == nil || !strings.Contains(err.Error(), "sharedInbox") {
			t.Errorf("%v", err)
		}
	})
}

func TestMbinIsStrict(t *testing.T) {
	o, network := told(t)
	b, err := NewMbin(network, "mbin.localhost")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	page := func() document { e := o.event(o.desk); e["type"] = "Page"; return e }
	refuses(t, subject{server: b.Server, inbox: b.Me.Shared, signer: o.city, object: page, wrap: func(kind string, e document) document {
		return o.activity("Announce", o.city, o.activity(kind, o.desk, e))
	}}, []mistake{
		{name: "an event", change: set("type", "Event"), status: 200, why: "unknown type"},
		{name: "by the group", change: set("attributedTo", o.city.ID), status: 200, why: "Actor could not be found"},
		{name: "no name", change: drop("name"), status: 200, why: "without a name"},
		{name: "no date", how: tampering{after: func(r *http.Request) { r.Header.Del("Date") }}, status: 200, why: "date header"},
		{name: "another body", how: tampering{body: tampered}, status: 200, why: "verify"},
		{name: "an id of another host", whole: set("id", "https://elsewhere.example/1"), status: 200, why: "different hosts"},
	})
}

func TestMobilizonIsStrict(t *testing.T) {
	o, network := told(t)
	m, err := NewMobilizon(network, "mobilizon.localhost")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	followed(m.Server, m.Relay, o.node)
	s := subject{server: m.Server, inbox: m.URL + "/inbox", signer: o.node, object: func() document { return o.event(o.city) }, wrap: func(kind string, e document) document { return o.activity(kind, o.node, e) }}
	for _, kind := range []string{"Create", "Update"} {
		s.kind, s.existed = kind, kind == "Update"
		t.Run(kind, func(t *testing.T) {
			refuses(t, s, []mistake{
				{name: "blanks in the signature", how: tampering{after: spaced}, status: 200, why: "no keyId"},
				{name: "thirteen hours old", how: tampering{skew: -13 * time.Hour}, status: 200, why: "date"},
				{name: "attributedTo in a list", change: set("attributedTo", []any{o.city.ID}), status: 200, why: "no_actor_found"},
				{name: "no to", change: drop("to"), status: 200, why: "to is nil"},
				{name: "a short name", change: set("name", "Go"), status: 200, why: "title"},
				{name: "no start", change: drop("startTime"), status: 200, why: "begins_on"},
				{name: "it ends before it starts", change: set("endTime", "2020-01-01T00:00:00Z"), status: 200, why: "ends_on"},
				{name: "attachment null", change: set("attachment", nil), status: 200, why: "attachment"},
				{name: "attachment an object", change: func(e document) { e["attachment"] = e["attachment"].([]any)[0] }, status: 200, why: "attachment"},
				{name: "a PropertyValue without propertyID", change: set("attachment", []any{document{"type": "PropertyValue", "name": "x", "value": "y"}}), status: 200, why: "PropertyValue"},
				{name: "a picture without a name", change: inside("attachment", drop("name")), status: 200, why: "picture"},
				{name: "image null", change: set("image", nil), status: 200, why: "image"},
				{name: "image a list", change: func(e document) { e["image"] = []any{e["image"]} }, status: 200, why: "image"},
				{name: "contacts null", change: set("contacts", nil), status: 200, why: "contacts"},
				{name: "status null", change: set("status", nil), status: 200, why: "status"},
				{name: "status of schema.org", change: set("status", "EventScheduled"), status: 200, why: "status"},
				{name: "joinMode none", change: set("joinMode", "none"), status: 200, why: "joinMode"},
				{name: "joinMode null", change: set("joinMode", nil), status: 200, why: "joinMode"},
				{name: "another moderation of answers", change: set("repliesModerationOption", "whatever"), status: 200, why: "repliesModerationOption"},
				{name: "a uuid that is none", change: set("uuid", "1"), status: 200, why: "uuid"},
				{name: "fewer than no seats", change: set("maximumAttendeeCapacity", -1), status: 200, why: "maximumAttendeeCapacity"},
				{name: "places in a list", change: func(e document) { e["location"] = []any{e["location"]} }, status: 200, why: "location"},
				{name: "addresses in a list", change: inside("location", func(p document) { p["address"] = []any{p["address"]} }), status: 200, why: "address"},
				{name: "an unknown category", change: func(e document) { e["category"] = "WORKSHOPS_SKILL_SHARING" }, status: 200, check: func(t *Thing) error { return want("the category", t.Category, "MEETING") }},
			})
		})
	}
	t.Run("what is kept in part", func(t *testing.T) {
		e := o.event(o.city)
		inside("location", func(p document) { p["latitude"] = 45 })(e)
		o.posted(m.Server, o.node, m.URL+"/inbox", o.activity("Create", o.node, e), tampering{})
		seen := m.Thing(text(e["id"]))
		if seen == nil || seen.Latitude != 0 || seen.Longitude != 0 || seen.Listed {
			t.Errorf("an integer is no point, and who only creates is not listed: %v", seen)
		}
		o.put(e)
		if r := o.posted(m.Server, o.node, m.URL+"/inbox", o.activity("Announce", o.node, e["id"]), tampering{}); r.Why != "" || !m.Thing(text(e["id"])).Listed {
			t.Errorf("announced: %s %v", r.Why, m.Thing(text(e["id"])))
		}
		inside("location", set("name", "Another hall"))(e)
		o.posted(m.Server, o.node, m.URL+"/inbox", o.activity("Update", o.node, e), tampering{})
		if got := m.Thing(text(e["id"])).Place; got != "Library, Belgrade" {
			t.Errorf("a place that is known became %s", got)
		}
	})
	t.Run("what it does not support", func(t *testing.T) {
		e := o.event(o.city)
		o.posted(m.Server, o.node, m.URL+"/inbox", o.activity("Create", o.node, e), tampering{})
		for _, kind := range []string{"Like", "Block", "Ignore", "TentativeAccept", "Offer", "EmojiReact"} {
			if r := o.posted(m.Server, o.node, m.URL+"/inbox", o.activity(kind, o.node, e["id"]), tampering{}); r.Status != 200 || !strings.Contains(r.Why, "not_supported") {
				t.Errorf("%s: %d %q", kind, r.Status, r.Why)
			}
		}
		wrapped := o.activity("Create", o.node, e)
		if r := o.posted(m.Server, o.node, m.URL+"/inbox", o.activity("Announce", o.node, wrapped), tampering{}); r.Why == "" {
			t.Error("an Announce of an activity is understood")
		}
		if r := o.posted(m.Server, o.node, m.URL+"/inbox", o.activity("Follow", o.node, m.Alice.ID), tampering{}); !strings.Contains(r.Why, "people are not followed") {
			t.Errorf("a person is followed: %s", r.Why)
		}
	})
	t.Run("gone at its origin", func(t *testing.T) {
		e := o.event(o.city)
		o.posted(m.Server, o.node, m.URL+"/inbox", o.activity("Create", o.node, e), tampering{})
		other, err := start(network, "other.localhost", "konfa", "1")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(other.Close)
		other.signs = honest
		who := other.add(&Actor{Name: "city", ID: other.URL + "/city", Type: "Group", Inbox: other.URL + "/city/inbox"})
		o.put(e)
		stranger := &origin{Server: other, t: t, city: who, node: who}
		del := func() *Receipt {
			return stranger.posted(m.Server, who, m.URL+"/inbox", document{"id": other.URL + "/1", "type": "Delete", "actor": who.ID, "object": document{"type": "Tombstone", "formerType": "Event", "id": e["id"]}}, tampering{})
		}
		if r := del(); !strings.Contains(r.Why, "still there") {
			t.Errorf("a stranger deletes it: %q", r.Why)
		}
		o.take(text(e["id"]))
		if r := del(); r.Why != "" || m.Thing(text(e["id"])) != nil {
			t.Errorf("what is gone stays: %q", r.Why)
		}
	})
}

func TestGancioIsStrict(t *testing.T) {
	o, network := told(t)
	g, err := NewGancio(network, "gancio.localhost")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	followed(g.Server, g.Relay, o.node)
	g.update(func() { g.trusted[o.node.ID] = true })
	s := subject{server: g.Server, inbox: g.Relay.Inbox, signer: o.node, object: func() document { return o.event(o.city) }, wrap: func(kind string, e document) document { return o.activity(kind, o.node, e) }}
	refuses(t, s, []mistake{
		{name: "blanks in the signature", how: tampering{after: spaced}, status: 201},
		{name: "only the date is signed", how: tampering{signs: without("date")}, status: 201},
		{name: "another body", how: tampering{body: tampered, signs: without("(request-target)", "host", "date")}, status: 201},
		{name: "no algorithm", how: tampering{after: noAlgorithm}, status: 500, why: "no algorithm"},
		{name: "no signature", how: tampering{after: unsigned}, status: 500, why: "0 Signature headers"},
		{name: "the date is not signed", how: tampering{signs: without("(request-target)", "host", "digest")}, status: 500, why: "date is not signed"},
		{name: "400 seconds ahead", how: tampering{skew: 400 * time.Second}, status: 500, why: "date"},
		{name: "290 seconds late", how: tampering{skew: -290 * time.Second}, status: 201},
		{name: "an actor that is an object", whole: func(a document) { a["actor"] = document{"id": o.node.ID} }, status: 500, why: "no string"},
		{name: "an actor that is not trusted", whole: set("actor", o.city.ID), how: tampering{}, status: 500, why: "verify"},
		{name: "no name", change: set("name", ""), status: 400, why: "name"},
		{name: "no start", change: drop("startTime"), status: 400, why: "startTime"},
		{name: "no end", change: drop("endTime"), status: 201},
		{name: "a place without a name", change: inside("location", drop("name")), status: 400, why: "without a name"},
		{name: "no place", change: drop("location"), status: 201, check: func(t *Thing) error { return want("it is found", t.Listed, false) }},
		{name: "attachment an object", change: func(e document) { e["attachment"] = e["attachment"].([]any)[0] }, status: 400, why: "not a function"},
		{name: "a value first", change: set("attachment", []any{document{"type": "PropertyValue", "name": "x", "value": "y"}}), status: 400, why: "mediaType"},
		{name: "a picture that is not there", change: inside("attachment", set("url", o.URL+"/none.jpg")), status: 400, why: "cannot be had"},
		{name: "a virtual place and a real one", change: func(e document) {
			e["location"] = []any{document{"type": "VirtualLocation", "name": "Call", "url": "https://x.example"}, e["location"]}
		}, status: 201, check: func(t *Thing) error { return want("the place", t.Place, "Library, Belgrade") }},
	})
	s.kind, s.existed = "Update", true
	t.Run("Update", func(t *testing.T) {
		refuses(t, s, []mistake{
			{name: "no attachments", change: drop("attachment"), status: 500, why: "attachment"},
			{name: "a link first", change: func(e document) { e["attachment"] = e["attachment"].([]any)[1:] }, status: 500, why: "no picture"},
			{name: "an empty list", change: set("attachment", []any{}), status: 201},
			{name: "places in a list", change: func(e document) { e["location"] = []any{e["location"]} }, status: 500, why: "list"},
			{name: "no place", change: drop("location"), status: 500, why: "place_id"},
			{name: "a place without an address", change: inside("location", drop("address")), status: 500, why: "place_id"},
			{name: "online", change: set("location", document{"type": "VirtualLocation", "name": "Online", "url": "https://x.example"}), status: 201},
		})
	})
	t.Run("deletions", func(t *testing.T) {
		for name, c := range map[string]struct {
			object func(e document) any
			status int
		}{
			"the whole event": {func(e document) any { return e }, 201},
			"a Tombstone":     {func(e document) any { return document{"type": "Tombstone", "formerType": "Event", "id": e["id"]} }, 201},
			"a bare id":       {func(e document) any { return e["id"] }, 500},
			"no former type":  {func(e document) any { return document{"type": "Tombstone", "id": e["id"]} }, 500},
		} {
			e := o.event(o.city)
			o.posted(g.Server, o.node, g.Relay.Inbox, o.activity("Create", o.node, e), tampering{})
			if r := o.posted(g.Server, o.node, g.Relay.Inbox, o.activity("Delete", o.node, c.object(e)), tampering{}); r.Status != c.status || (g.Thing(text(e["id"])) == nil) != (c.status == 201) {
				t.Errorf("%s: %d %s", name, r.Status, r.Why)
			}
		}
	})
	t.Run("trust", func(t *testing.T) {
		if r := o.posted(g.Server, o.city, g.Relay.Inbox, o.activity("Create", o.city, o.event(o.city)), tampering{}); r.Status != 404 {
			t.Errorf("an actor that is not followed: %d %s", r.Status, r.Why)
		}
		g.Distrust(o.node.ID)
		if r := o.posted(g.Server, o.node, g.Relay.Inbox, o.activity("Create", o.node, o.event(o.city)), tampering{}); r.Status != 404 {
			t.Errorf("an actor that is not trusted: %d %s", r.Status, r.Why)
		}
	})
	t.Run("what it does not answer", func(t *testing.T) {
		note := document{"type": "Note", "id": o.URL + "/n/1", "inReplyTo": g.URL + "/federation/m/1", "content": "hi"}
		for name, c := range map[string]struct {
			a      document
			status int
		}{
			"an answer":                     {o.activity("Create", o.node, note), 0},
			"a change of an actor":          {o.activity("Update", o.node, o.city.document()), 0},
			"an Undo of a bare id":          {o.activity("Undo", o.node, o.URL+"/1"), 0},
			"an Undo of a Join":             {o.activity("Undo", o.node, document{"type": "Join"}), 0},
			"a Follow of an object":         {o.activity("Follow", o.node, g.Relay.document()), 0},
			"a Join":                        {o.activity("Join", o.node, g.URL+"/federation/m/1"), 404},
			"a boost of something of ours":  {o.activity("Announce", o.node, o.URL+"/conf/1"), 404},
			"an article":                    {o.activity("Create", o.node, document{"type": "Article", "id": o.URL + "/a/1"}), 404},
			"an Accept, of which none came": {o.activity("Accept", o.node, g.URL), 202},
		} {
			if r := o.posted(g.Server, o.node, g.Relay.Inbox, c.a, tampering{}); r.Status != c.status {
				t.Errorf("%s: %d %s", name, r.Status, r.Why)
			}
		}
	})
	t.Run("the first link of NodeInfo", func(t *testing.T) {
		o.nodeInfoOrder(true)
		if err := g.Acts.Follow(o.URL); err == nil || !strings.Contains(err.Error(), "first link") {
			t.Errorf("the Application first: %v", err)
		}
		o.nodeInfoOrder(false)
		if err := g.Acts.Follow(o.URL); err != nil {
			t.Errorf("the Application last: %v", err)
		}
	})
}

// nodeInfoOrder serves NodeInfo with the link to the Application first or last.
func (o *origin) nodeInfoOrder(first bool) {
	o.get = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/.well-known/nodeinfo" {
			return false
		}
		links := []any{
			document{"rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": o.URL + "/nodeinfo/2.0"},
			document{"rel": "https://www.w3.org/ns/activitystreams#Application", "href": o.node.ID},
		}
		if first {
			links[0], links[1] = links[1], links[0]
		}
		writeJSON(w, "application/json", document{"links": links})
		return true
	}
}

func TestWordPressIsStrict(t *testing.T) {
	o, network := told(t)
	p, err := NewWordPress(network, "wordpress.localhost")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	followed(p.Server, p.Blog, o.city)
	s := subject{server: p.Server, inbox: p.Blog.Inbox, signer: o.city, object: func() document { return o.event(o.city) }, wrap: func(kind string, e document) document { return o.activity(kind, o.city, e) }}
	refuses(t, s, []mistake{
		{name: "no signature", how: tampering{after: unsigned}, status: 401, why: "0 Signature headers"},
		{name: "four hours old", how: tampering{skew: -4 * time.Hour}, status: 401, why: "date"},
		{name: "no name", change: drop("name"), status: 202, why: "name is missing"},
		{name: "no start", change: drop("startTime"), status: 202, why: "startTime is missing"},
		{name: "a start without an offset", change: set("startTime", "2030-01-01T10:00:00"), status: 202, why: "startTime"},
		{name: "it has begun", change: set("startTime", "2020-01-01T10:00:00Z"), status: 202, why: "begun"},
		{name: "not public", change: func(e document) { e["to"], e["cc"] = []any{o.city.Followers}, []any{} }, status: 202, why: "not public"},
		{name: "an activity of another host", whole: set("id", "https://elsewhere.example/1"), status: 202, why: "different hosts"},
		{name: "a type in a list", change: set("type", []any{"Event"}), status: 202, why: "no event"},
		{name: "a picture without a suffix", change: func(e document) {
			delete(e, "attachment")
			e["image"] = document{"type": "Image", "url": o.URL + "/media/17"}
		}, status: 202, check: func(t *Thing) error { return want("the number of pictures", len(t.Images), 0) }},
	})
	t.Run("the shared inbox is nobody's", func(t *testing.T) {
		if r := o.posted(p.Server, o.city, p.Blog.Shared, o.activity("Create", o.city, o.event(o.city)), tampering{}); r.Status != 202 || !strings.Contains(r.Why, "for nobody") {
			t.Errorf("%d %s", r.Status, r.Why)
		}
	})
	t.Run("who is no source", func(t *testing.T) {
		if r := o.posted(p.Server, o.desk, p.Blog.Inbox, o.activity("Create", o.desk, o.event(o.desk)), tampering{}); !strings.Contains(r.Why, "no source") {
			t.Errorf("%d %s", r.Status, r.Why)
		}
	})
	t.Run("the id of the Follow", func(t *testing.T) {
		accept := func(id string) *Receipt {
			return o.posted(p.Server, o.city, p.Blog.Inbox, o.activity("Accept", o.city, document{"type": "Follow", "id": id, "actor": p.Blog.ID, "object": o.city.ID}), tampering{})
		}
		id := p.followID(o.city.ID)
		if r := accept(id[:strings.IndexByte(id, '#')]); !strings.Contains(r.Why, "the Follow was") {
			t.Errorf("without its fragment: %s", r.Why)
		}
		if r := accept(id); r.Why != "" {
			t.Errorf("as it was: %s", r.Why)
		}
	})
	t.Run("Join", func(t *testing.T) {
		o.posted(p.Server, o.city, p.Blog.Inbox, o.activity("Join", o.city, p.URL+"/?p=1"), tampering{})
		got := o.Receipts()
		if len(got) == 0 || got[len(got)-1].Type() != "Ignore" {
			t.Errorf("answered by %v", got)
		}
	})
}

func TestFriendicaIsStrict(t *testing.T) {
	o, network := told(t)
	f, err := NewFriendica(network, "friendica.localhost")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	followed(f.Server, f.Me, o.city)
	s := subject{server: f.Server, inbox: f.Me.Inbox, signer: o.city, object: func() document { return o.event(o.city) }, wrap: func(kind string, e document) document { return o.activity(kind, o.city, e) }}
	refuses(t, s, []mistake{
		{name: "text/plain", how: tampering{media: "text/plain"}, status: 415, why: "text/plain"},
		{name: "no algorithm", how: tampering{after: noAlgorithm}, status: 202, why: "no algorithm"},
		{name: "another body", how: tampering{body: tampered}, status: 202, why: "digest"},
		{name: "six minutes old", how: tampering{skew: -6 * time.Minute}, status: 202, why: "date"},
		{name: "two minutes ahead", how: tampering{skew: 2 * time.Minute}, status: 202, why: "date"},
		{name: "another author", change: set("attributedTo", o.desk.ID), status: 202, why: "attributed to"},
		{name: "a type that is no content", change: set("type", "Place"), status: 202, why: "not routed"},
		{name: "places in a list", change: func(e document) { e["location"] = []any{e["location"]} }, status: 202, check: func(t *Thing) error { return want("the place", t.Place, "") }},
		{name: "no comments", change: set("commentsEnabled", false), status: 202, check: func(t *Thing) error { return want("closed", t.Closed, true) }},
	})
	t.Run("who may post", func(t *testing.T) {
		f.Forget(o.city.ID)
		o.city.describe = func(*Actor) document { return document{"postingRestrictedToMods": true} }
		e := o.event(o.city)
		o.posted(f.Server, o.city, f.Me.Inbox, o.activity("Create", o.city, e), tampering{})
		if _, err := f.Acts.Reply(text(e["id"]), "hello"); err == nil {
			t.Error("one can answer")
		}
	})
}

func TestHubzillaIsStrict(t *testing.T) {
	o, network := told(t)
	h, err := NewHubzilla(network, "hubzilla.localhost")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	followed(h.Server, h.Me, o.city)
	e := o.event(o.city)
	create := o.activity("Create", o.city, e)
	for _, c := range []struct {
		name string
		how  tampering
		why  string
	}{
		{"no digest in the signature", tampering{signs: without("(request-target)", "host", "date")}, "digest is not signed"},
		{"another body", tampering{body: tampered}, "digest"},
		{"two days old", tampering{skew: -48 * time.Hour}, "date"},
		{"as it should be", tampering{}, ""},
	} {
		if r := o.posted(h.Server, o.city, h.Me.Inbox, create, c.how); r.Status != 200 || c.why == "" && r.Why != "" || !strings.Contains(r.Why, c.why) {
			t.Errorf("%s: %d %s", c.name, r.Status, r.Why)
		}
	}
	if h.Thing(text(e["id"])) != nil || h.Thing(text(create["id"])) == nil || h.Item(text(e["id"])) != create["id"] {
		t.Error("a created event is not kept under the id of its Create")
	}
	e["updated"] = time.Now().Add(time.Minute).UTC().Format(time.RFC3339)
	for _, kind := range []string{"Update", "Delete"} {
		if r := o.posted(h.Server, o.city, h.Me.Inbox, o.activity(kind, o.city, e), tampering{}); r.Why == "" {
			t.Errorf("%s finds it", kind)
		}
	}
	// Announced by its id it is kept under that, and changes.
	e = o.event(o.city)
	o.put(e)
	for _, kind := range []string{"Announce", "Update", "Delete"} {
		var what any = e["id"]
		if kind == "Update" {
			e["updated"] = time.Now().Add(time.Minute).UTC().Format(time.RFC3339)
			what = e
		}
		if r := o.posted(h.Server, o.city, h.Me.Inbox, o.activity(kind, o.city, what), tampering{}); r.Why != "" {
			t.Errorf("%s: %s", kind, r.Why)
		}
	}
}
