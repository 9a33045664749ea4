package peers

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// What this city publishes is read by an independent implementation with its
// typed vocabulary, one kind of document after the other. A property that it
// does not find there is one that nobody would find.
func TestEveryDocumentByTypedVocabulary(t *testing.T) {
	t.Parallel()
	belgrade := found(t, cityOptions{})
	fed := newServer(t, serverOptions{Host: "reader.localhost"})
	start := soon(7)
	conf := belgrade.addConference("An evening about maps", "--title-in", "ru=Вечер о картах",
		"--text", "Bring *your own* map.", "--text-in", "ru=Приносите *свою* карту.", "--start", start, "--duration", "2h30m",
		"--venue", "Central Library", "--street", "Knez Mihailova 56", "--lat", "44.8176", "--lon", "20.4569",
		"--capacity", "30", "--tag", "maps,history", "--cover", "https://pictures.example/map.jpg", "--cover-alt", "An old map",
		"--link", "https://maps.example/", "--organiser", "anna")
	var note, article, reply, gone post
	belgrade.run(&note, "post", "See you on Thursday", "--tag", "hello")
	belgrade.run(&article, "post", "How it began: **slowly**.", "--title", "Ten years of maps", "--text-in", "ru=Как всё началось: **медленно**.", "--title-in", "ru=Десять лет карт")
	belgrade.run(&reply, "post", "There will be tea.", "--reply-to", conf.URI, "--as", "anna")
	belgrade.run(&gone, "post", "A slip of the pen")
	belgrade.run(nil, "post", "delete", gone.Slug)
	cityURI, nodeURI, anna := belgrade.cityURI(), belgrade.nodeURI(), belgrade.url+"/people/anna"

	t.Run("WebFinger", func(t *testing.T) {
		var jrd struct {
			Subject string
			Aliases []string
			Links   []struct{ Rel, Type, Href, Template string }
		}
		for resource, self := range map[string]string{
			"acct:belgrade@" + belgrade.host: cityURI,
			"acct:node@" + belgrade.host:     nodeURI,
			"acct:anna@" + belgrade.host:     anna,
			"acct:desk@" + belgrade.host:     belgrade.url + "/desk",
			cityURI:                          cityURI,
		} {
			fed.ask("webfinger", map[string]any{"resource": resource}, &jrd)
			found := false
			for _, l := range jrd.Links {
				found = found || l.Rel == "self" && l.Type == activityJSON && l.Href == self
			}
			if !found {
				t.Errorf("%s: no self link to %s: %+v", resource, self, jrd)
			}
		}
	})

	t.Run("NodeInfo", func(t *testing.T) {
		var answer struct {
			Links []struct{ Rel, Href string }
			Infos []struct {
				Software  struct{ Name, Version string }
				Protocols []string
				Usage     struct{ Users struct{ Total int } }
			}
		}
		fed.ask("nodeinfo", map[string]any{"url": belgrade.url}, &answer)
		if len(answer.Infos) < 2 {
			t.Errorf("2.0 and 2.1 are not both there: %+v", answer)
		}
		for _, info := range answer.Infos {
			if info.Software.Name != "konfa" || !slices.Contains(info.Protocols, "activitypub") || info.Usage.Users.Total < 1 {
				t.Errorf("read strictly: %+v", info)
			}
		}
		application := false
		for _, l := range answer.Links {
			application = application || l.Rel == "https://www.w3.org/ns/activitystreams#Application" && l.Href == nodeURI
		}
		if !application {
			t.Errorf("no link to the application actor: %+v", answer.Links)
		}
	})

	t.Run("actors", func(t *testing.T) {
		for _, actor := range []struct {
			what, uri, typ, username, name string
		}{
			{belgrade.address(), cityURI, "Group", "belgrade", "Belgrade"},
			{"@node@" + belgrade.host, nodeURI, "Application", "node", "Belgrade"},
			{"@desk@" + belgrade.host, belgrade.url + "/desk", "Service", "desk", "Belgrade"},
			{"@anna@" + belgrade.host, anna, "Person", "anna", ""},
		} {
			var f facts
			fed.ask("lookup", map[string]any{"what": actor.what, "as": "alice"}, &f)
			f.expect(t, map[string]any{
				"type": actor.typ, "id": actor.uri, "preferredUsername": actor.username,
				"inboxId": actor.uri + "/inbox", "outboxId": actor.uri + "/outbox",
				"followersId": actor.uri + "/followers", "followingId": actor.uri + "/following",
				"manuallyApprovesFollowers": false, "discoverable": true, "indexable": true,
				"publicKeyIds": []string{actor.uri + "#main-key"},
			})
			if name := f.text("name"); actor.name != "" && name != actor.name {
				t.Errorf("%s is called %q", actor.what, name)
			}
			if got := f.at("endpoints", "sharedInbox"); got != belgrade.url+"/inbox" {
				t.Errorf("%s: the shared inbox is %v", actor.what, got)
			}
			if f.at("publicKey", "ownerId") != actor.uri || f.at("publicKey", "publicKey", "algorithm") != "RSASSA-PKCS1-v1_5" || f.at("publicKey", "publicKey", "bits") != 2048.0 {
				t.Errorf("%s: the key is %v", actor.what, f.at("publicKey"))
			}
			if f.at("assertionMethods", 0, "publicKey", "algorithm") != "Ed25519" || f.at("assertionMethods", 0, "controllerId") != actor.uri {
				t.Errorf("%s: the Multikeys are %v", actor.what, f.at("assertionMethods"))
			}
		}
		f, _ := fed.read(cityURI)
		f.expect(t, map[string]any{"featuredId": cityURI + "/featured"})
		if lat, ok := f.at("location", "latitude").(float64); !ok || lat < 44 || lat > 45.5 {
			t.Errorf("Belgrade lies at %v", f.at("location"))
		}
	})

	t.Run("Question", func(t *testing.T) {
		poll := conf.URI[:strings.LastIndex(conf.URI, "/conf/")] + "/posts/" + conf.Slug + "-poll"
		f, _ := fed.read(poll)
		f.expect(t, map[string]any{"type": "Question", "id": poll, "attributionId": cityURI, "replyTargetId": conf.URI, "voters": 0.0})
		var options []string
		for i := range 3 {
			options = append(options, f.text("exclusiveOptions", i, "name"))
			if n := f.at("exclusiveOptions", i, "replies", "totalItems"); n != 0.0 {
				t.Errorf("option %d has %v votes", i, n)
			}
		}
		if strings.Join(options, "|") != "I'm coming|Maybe|Not this time" {
			t.Errorf("one can say %q", options)
		}
		if end, ok := f.at("endTime").(string); !ok || end == "" {
			t.Errorf("it never ends: %v", f)
		}
	})

	t.Run("Event", func(t *testing.T) {
		f, doc := fed.read(conf.URI)
		f.expect(t, map[string]any{
			"type": "Event", "id": conf.URI, "url": conf.URI, "attributionIds": []string{cityURI},
			"toIds":     []string{"https://www.w3.org/ns/activitystreams#Public"},
			"repliesId": conf.URI + "/replies", "mediaType": "text/html",
		})
		begins, err := time.Parse(time.RFC3339, f.text("startTime"))
		if err != nil {
			t.Fatal(err)
		}
		zone, err := time.LoadLocation("Europe/Belgrade")
		if err != nil {
			t.Fatal(err)
		}
		if got := begins.In(zone).Format("2006-01-02T15:04"); got != start {
			t.Errorf("it starts at %s in Belgrade, want %s", got, start)
		}
		ends, err := time.Parse(time.RFC3339, f.text("endTime"))
		if err != nil || ends.Sub(begins) != 150*time.Minute {
			t.Errorf("it ends at %v (%v)", f.at("endTime"), err)
		}
		expectLanguages(t, f, "names", map[string]string{"en": "An evening about maps", "ru": "Вечер о картах"})
		expectLanguages(t, f, "contents", map[string]string{"en": "<em>your own</em>", "ru": "<em>свою</em>"})
		expectLanguages(t, f, "summaries", map[string]string{"en": "Central Library", "ru": "Central Library"})
		place := facts(f.at("location").(map[string]any))
		place.expect(t, map[string]any{"type": "Place", "name": "Central Library, Belgrade", "latitude": 44.8176, "longitude": 20.4569})
		var tags []string
		for i := range 2 {
			if f.at("tags", i, "type") != "Hashtag" {
				t.Errorf("tag %d is %v", i, f.at("tags", i))
			}
			tags = append(tags, f.text("tags", i, "name"))
		}
		if !slices.Equal(tags, []string{"#maps", "#history"}) && !slices.Equal(tags, []string{"#history", "#maps"}) {
			t.Errorf("the tags are %q", tags)
		}
		if got := f.at("attachments", 0, "url"); got != "https://pictures.example/map.jpg" {
			t.Errorf("the first attachment is %v", f.at("attachments", 0))
		}
		if got := f.at("image", "url"); got != "https://pictures.example/map.jpg" {
			t.Errorf("the picture is %v", f.at("image"))
		}
		// What the vocabulary has no terms for.
		for key, want := range map[string]any{
			"joinMode": "free", "maximumAttendeeCapacity": 30.0, "timezone": "Europe/Belgrade", "status": "CONFIRMED",
			"eventStatus": "EventScheduled", "actor": cityURI,
		} {
			if doc[key] != want {
				t.Errorf("%s is %v, want %v", key, doc[key], want)
			}
		}
		if s, ok := f["published"].(string); !ok || s == "" {
			t.Errorf("published is %v", f["published"])
		}
	})

	t.Run("Note and Article", func(t *testing.T) {
		f, _ := fed.read(note.URI)
		f.expect(t, map[string]any{"type": "Note", "id": note.URI, "attributionId": cityURI, "toIds": []string{"https://www.w3.org/ns/activitystreams#Public"}})
		if !strings.Contains(f.text("content"), "See you on Thursday") {
			t.Errorf("the note says %q", f.text("content"))
		}
		if f.text("tags", 0, "name") != "#hello" {
			t.Errorf("its tags are %v", f.at("tags"))
		}
		f, _ = fed.read(article.URI)
		f.expect(t, map[string]any{"type": "Article", "id": article.URI, "attributionId": cityURI})
		expectLanguages(t, f, "names", map[string]string{"en": "Ten years of maps", "ru": "Десять лет карт"})
		expectLanguages(t, f, "contents", map[string]string{"en": "<strong>slowly</strong>", "ru": "<strong>медленно</strong>"})
		f, _ = fed.read(reply.URI)
		f.expect(t, map[string]any{"type": "Note", "attributionId": anna, "replyTargetId": conf.URI})
	})

	t.Run("Tombstone", func(t *testing.T) {
		a := fed.get(gone.URI, "rfc9421")
		if a.Status != 410 || a.ContentType != activityJSON {
			t.Fatalf("a deleted post answers %d as %q", a.Status, a.ContentType)
		}
		var f facts
		fed.ask("parse", map[string]any{"document": a.Body}, &f)
		f.expect(t, map[string]any{"type": "Tombstone", "id": gone.URI})
		// The context of ActivityStreams makes an address of formerType, so that
		// a vocabulary that expands it finds none in "Note"; all servers write
		// it like that nevertheless.
		if !strings.Contains(a.Body, `"formerType":"Note"`) {
			t.Errorf("the tombstone does not say what it was: %s", a.Body)
		}
		if s, ok := f["deleted"].(string); !ok || s == "" {
			t.Errorf("deleted is %v", f["deleted"])
		}
	})

	t.Run("collections", func(t *testing.T) {
		for i := range 25 { // more than a page
			belgrade.run(nil, "post", "Number "+string(rune('a'+i)))
		}
		for _, c := range []struct {
			uri   string
			typ   string
			total int
			items []string // ids, where it lists them
		}{
			{cityURI + "/followers", "OrderedCollection", 0, nil},
			{cityURI + "/following", "OrderedCollection", 0, nil},
			{cityURI + "/featured", "OrderedCollection", 1, []string{conf.URI}},
			{cityURI + "/upcoming", "OrderedCollection", 1, []string{conf.URI}},
			{conf.URI + "/attendees", "Collection", 0, nil},
			{conf.URI + "/organizers", "Collection", 1, []string{anna}},
			{conf.URI + "/replies", "Collection", 1, []string{reply.URI}},
			{nodeURI + "/outbox", "OrderedCollection", -1, nil},
			{anna + "/outbox", "OrderedCollection", 1, nil},
		} {
			f, _ := fed.read(c.uri)
			f.expect(t, map[string]any{"id": c.uri})
			if typ := f["type"]; typ != c.typ && typ != "Ordered"+c.typ && "Ordered"+typ.(string) != c.typ {
				t.Errorf("%s is a %v", c.uri, typ)
			}
			if c.total < 0 {
				continue
			}
			f.expect(t, map[string]any{"totalItems": c.total})
			if c.items == nil {
				continue
			}
			ids := strings.Join(c.items, " ")
			got, _ := f.at("itemIds").([]any)
			if len(got) == 0 {
				page, _ := f.at("firstId").(string)
				if page == "" {
					page, _ = f.at("first", "id").(string)
				}
				if page == "" {
					t.Errorf("%s has neither items nor pages: %v", c.uri, f)
					continue
				}
				p, _ := fed.read(page)
				if !strings.HasSuffix(p["type"].(string), "CollectionPage") || p["partOfId"] != c.uri {
					t.Errorf("%s: its first page is %v of %v", c.uri, p["type"], p["partOfId"])
				}
				got, _ = p.at("itemIds").([]any)
			}
			var have []string
			for _, g := range got {
				have = append(have, g.(string))
			}
			if strings.Join(have, " ") != ids {
				t.Errorf("%s lists %q, want %q", c.uri, have, c.items)
			}
		}
		// The outbox, page by page, its activities by their types.
		total, items := fed.walk(cityURI + "/outbox")
		if len(items) < 28 || total < len(items) {
			t.Errorf("the outbox has %d activities of %d", len(items), total)
		}
		kinds := map[string]bool{}
		for _, a := range items {
			kinds[a["type"].(string)] = true
			if a["type"] == "Create" && a["actorId"] != cityURI {
				t.Errorf("in the outbox: %v of %v", a["type"], a["actorId"])
			}
			if object := a.at("object", "type"); a["type"] == "Create" && !slices.Contains([]any{"Note", "Article", "Event", "Question"}, object) {
				t.Errorf("in the outbox: Create of %v", object)
			}
		}
		if !kinds["Create"] {
			t.Errorf("the outbox has only %v", kinds)
		}
	})
}

// expectLanguages asserts that a text is there in each language, and holds what
// it should.
func expectLanguages(t *testing.T, f facts, key string, want map[string]string) {
	t.Helper()
	list, _ := f.at(key).([]any)
	got := map[string]string{}
	for i := range list {
		lang, _ := f.at(key, i, "lang").(string)
		got[lang] = f.text(key, i)
	}
	for lang, text := range want {
		if !strings.Contains(got[lang], text) {
			t.Errorf("%v: %s in %s is %q, want %q in it (all: %q)", f["type"], key, lang, got[lang], text, got)
		}
	}
}
