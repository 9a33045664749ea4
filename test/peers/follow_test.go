package peers

import (
	"fmt"
	"strings"
	"testing"
)

// A follower on another server, from the search box to the deletion.
func TestFollowerElsewhereSeesEverything(t *testing.T) {
	t.Parallel()
	belgrade := found(t, cityOptions{Host: "127.0.0.31"})
	fed := newServer(t, serverOptions{Host: "follower.localhost"})
	city := belgrade.cityURI()
	alice := fed.Actors["alice"].URI

	follow := fed.follow("alice", belgrade.address())
	accept := fed.await("the Accept", func(d delivered) bool { return d.Activity["type"] == "Accept" })
	accept.check(t)
	accept.Facts.expect(t, map[string]any{"type": "Accept", "actorId": city, "objectId": follow})
	// fedify does not believe what another server embeds; Mastodon wants it there.
	if object, _ := accept.Activity["object"].(map[string]any); object["type"] != "Follow" || id(object["actor"]) != alice || id(object["object"]) != city {
		t.Errorf("the Accept embeds %v", accept.Activity["object"])
	}
	belgrade.awaitFollower(alice)
	if f, _ := fed.read(city + "/followers"); f["totalItems"] != 1.0 {
		t.Errorf("the city counts %v followers", f["totalItems"])
	}

	// Commands beside the running serve: it delivers what they publish.
	conf := belgrade.addConference("Maps and tea", "--venue", "Central Library", "--duration", "2h")
	create := fed.awaitActivity("Create", conf.URI)
	create.Facts.expect(t, map[string]any{"type": "Create", "actorId": city, "objectId": conf.URI})
	if create.Facts.at("object", "type") != "Event" || create.Facts.text("object", "name") != "Maps and tea" || create.Facts.at("object", "startTime") == nil {
		t.Errorf("the Create holds %v", create.Facts.at("object"))
	}
	to, _ := create.Facts.at("toIds").([]any)
	if len(to) == 0 || to[0] != "https://www.w3.org/ns/activitystreams#Public" {
		t.Errorf("it is addressed to %v", to)
	}
	if !strings.Contains(create.Path, "/inbox") {
		t.Errorf("it came to %s", create.Path)
	}

	belgrade.run(nil, "conf", "update", conf.Slug, "--title", "Maps, tea and cake")
	update := fed.awaitActivity("Update", conf.URI)
	if got := update.Facts.text("object", "name"); got != "Maps, tea and cake" {
		t.Errorf("after the change it is called %q", got)
	}
	if id(update.Activity) == id(create.Activity) {
		t.Errorf("Create and Update have one id: %s", id(update.Activity))
	}

	var note post
	belgrade.run(&note, "post", "We have tea")
	said := fed.awaitActivity("Create", note.URI)
	if said.Facts.at("object", "type") != "Note" || !strings.Contains(said.Facts.text("object", "content"), "We have tea") {
		t.Errorf("the post came as %v", said.Facts.at("object"))
	}
	belgrade.run(nil, "post", "edit", note.Slug, "We have tea and coffee")
	edited := fed.awaitActivity("Update", note.URI)
	if !strings.Contains(edited.Facts.text("object", "content"), "coffee") || edited.Facts.at("object", "updated") == nil {
		t.Errorf("the edit came as %v", edited.Facts.at("object"))
	}
	var article post
	belgrade.run(&article, "post", "It was a long way.", "--title", "How we got tea")
	if a := fed.awaitActivity("Create", article.URI); a.Facts.at("object", "type") != "Article" || a.Facts.text("object", "name") != "How we got tea" {
		t.Errorf("the article came as %v", a.Facts.at("object"))
	}
	belgrade.run(nil, "post", "delete", note.Slug)
	fed.awaitActivity("Delete", note.URI)

	belgrade.run(nil, "conf", "cancel", conf.Slug, "--message", "The kettle broke")
	cancelled := fed.await("the cancellation", func(d delivered) bool {
		object, _ := d.Activity["object"].(map[string]any)
		return d.Activity["type"] == "Update" && object["status"] == "CANCELLED"
	})
	cancelled.check(t)
	belgrade.run(nil, "conf", "delete", conf.Slug)
	deleted := fed.awaitActivity("Delete", conf.URI)
	if deleted.Facts.at("object", "type") != "Tombstone" {
		t.Errorf("the Delete holds %v", deleted.Activity["object"])
	}
	if a := fed.get(conf.URI, "rfc9421"); a.Status != 410 {
		t.Errorf("the deleted conference answers %d", a.Status)
	}

	// All of it in order, per conference, once each.
	var about []string
	for _, d := range fed.received() {
		d.check(t)
		if id(d.Activity["object"]) == conf.URI {
			about = append(about, d.Activity["type"].(string))
		}
	}
	if got := strings.Join(about, " "); got != "Create Update Update Delete" {
		t.Errorf("about the conference came %s", got)
	}

	fed.send("alice", map[string]any{
		"type": "Undo", "id": fed.Origin + "/undo/1",
		"object": map[string]any{"type": "Follow", "id": follow, "actor": alice, "object": city},
	}, city)
	eventually(t, "the follower is gone", func() error {
		if f := belgrade.followers(); len(f) > 0 {
			return fmt.Errorf("%+v", f)
		}
		return nil
	})
	before := len(fed.received())
	belgrade.run(nil, "post", "Nobody hears this")
	var last post
	fed.follow("alice", belgrade.address())
	belgrade.awaitFollower(alice)
	belgrade.run(&last, "post", "But this")
	fed.awaitActivity("Create", last.URI)
	for _, d := range fed.received()[before:] {
		if object, _ := d.Activity["object"].(map[string]any); strings.Contains(fmt.Sprint(object["content"]), "Nobody hears") {
			t.Error("a post came after the Undo of the Follow")
		}
	}
}

// A server that insists on signed fetches, unmodified, follows this city and is
// followed by it.
func TestServerThatInsistsOnSignedFetches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		city   cityOptions
		server serverOptions
		scheme string // of what we deliver
	}{
		{"a name, trusted by SSL_CERT_FILE", cityOptions{Host: "localhost"}, serverOptions{Host: "insists.localhost", AuthorizedFetch: true}, "cavage"},
		{"an address, trusted by extra_ca", cityOptions{Host: "127.0.0.5", ExtraCA: true}, serverOptions{Host: "127.0.0.6", AuthorizedFetch: true}, "cavage"},
		{"only RFC 9421", cityOptions{Host: "new.localhost"}, serverOptions{Host: "newer.localhost", AuthorizedFetch: true, RefuseCavage: true}, "rfc9421"},
		{"both insist", cityOptions{Host: "127.0.0.7", Settings: []string{"authorized_fetch=true"}}, serverOptions{Host: "both.localhost", AuthorizedFetch: true}, "cavage"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.server.Actors = map[string]string{"alice": "Person", "novisad": "Group", "instance": "Application"}
			belgrade := found(t, c.city)
			fed := newServer(t, c.server)
			alice, sister := fed.Actors["alice"], fed.Actors["novisad"]
			if a := fed.get(alice.URI, "none"); c.server.AuthorizedFetch && a.Status != 401 {
				t.Fatalf("the server does not insist: %d", a.Status)
			}

			fed.follow("alice", belgrade.address())
			accept := fed.await("the Accept", func(d delivered) bool { return d.Activity["type"] == "Accept" })
			accept.check(t)
			if accept.Scheme != c.scheme {
				t.Errorf("the Accept was signed by %s", accept.Scheme)
			}
			belgrade.awaitFollower(alice.URI)

			belgrade.follow(sister.Address, sister.URI)
			follow := fed.awaitActivity("Follow", sister.URI)
			follow.Facts.expect(t, map[string]any{"actorId": belgrade.cityURI(), "objectId": sister.URI})

			// What the sister publishes is only named: it must be fetched, signed.
			event := fed.Origin + "/events/fair"
			fed.publish(map[string]any{
				"type": "Event", "id": event, "name": "A fair", "attribution": sister.URI, "content": "<p>With lanterns</p>",
				"startTime": "2027-06-01T18:00:00Z", "endTime": "2027-06-01T21:00:00Z", "published": "2026-11-01T10:00:00Z",
				"to": "https://www.w3.org/ns/activitystreams#Public", "url": event,
			})
			fed.send("novisad", map[string]any{
				"type": "Announce", "id": fed.Origin + "/announce/1", "object": event,
				"to": "https://www.w3.org/ns/activitystreams#Public", "cc": belgrade.cityURI(),
			}, belgrade.cityURI())
			got := belgrade.awaitForeign(event, nil)
			if got.Title != "A fair" || !strings.HasPrefix(got.Start, "2027-06-01T") {
				t.Errorf("it was read as %+v", got)
			}

			var note post
			belgrade.run(&note, "post", "Hello, neighbours")
			fed.awaitActivity("Create", note.URI)
			if len(belgrade.peers()) == 0 {
				t.Error("no peer is known")
			}
			for _, p := range belgrade.peers() {
				if p.Waiting > 0 || p.LastError != "" {
					t.Errorf("after all was delivered: %+v", p)
				}
			}
		})
	}
}

// publish makes an object that fedify keeps and hands out.
func (s *server) publish(object map[string]any) {
	s.t.Helper()
	s.ask("publish", map[string]any{"object": object}, nil)
}
