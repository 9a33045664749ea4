package peers

import (
	"fmt"
	"strings"
	"testing"

	"konfa/community"
)

// What comes in signed by another implementation is taken, in every scheme and
// with every kind of key, and what was touched on the way is refused.
func TestSignaturesOfOthers(t *testing.T) {
	t.Parallel()
	belgrade := found(t, cityOptions{Host: "127.0.0.41"})
	// Its RSA keys have 4096 bits, as fedify makes them.
	fed := newServer(t, serverOptions{Host: "signs.localhost", Bits: 4096, AuthorizedFetch: true,
		Actors: map[string]string{"alice": "Person", "carol": "Person", "instance": "Application"}})
	inbox := belgrade.url + "/inbox"
	conf := belgrade.addConference("Signed and sealed")

	n := 0
	like := func() map[string]any {
		n++
		return fed.like("alice", conf.URI, fmt.Sprint(n))
	}
	schemes := []struct{ scheme, key string }{{"cavage", "rsa"}, {"rfc9421", "rsa"}, {"rfc9421", "ed25519"}}
	for _, s := range schemes {
		name := s.scheme + " " + s.key
		p := posted{As: "alice", Inbox: inbox, Scheme: s.scheme, Key: s.key}
		expect := func(what string, want int, p posted) {
			t.Helper()
			if p.Activity == nil && p.Body == "" {
				p.Activity = like()
			}
			if status, body := fed.post(p); status != want {
				t.Errorf("%s, %s: %d, want %d: %s", name, what, status, want, body)
			}
		}
		expect("as it should be", 202, p)
		for _, spoiled := range []string{"body", "digest", "no-digest", "signature"} {
			q := p
			q.Spoiled = spoiled
			expect("spoiled "+spoiled, 401, q)
		}
		q := p
		q.DeliverTo = belgrade.cityURI() + "/inbox"
		expect("signed for another address", 401, q)
		q = p
		q.Skew = -26 * 3600
		expect("signed yesterday", 401, q)
		q = p
		q.Skew = 26 * 3600
		expect("signed tomorrow", 401, q)
		q = p
		q.As = "instance" // whose actor it does not name
		expect("signed by another actor", 403, q)
		q = p
		q.Inbox = belgrade.cityURI() + "/inbox"
		expect("to the personal inbox", 202, q)
		q = p
		q.Activity = like()
		q.Activity["id"] = "https://elsewhere.example/likes/1"
		expect("with an id of another server", 403, q)
	}
	if status, _ := fed.post(posted{As: "alice", Inbox: inbox, Scheme: "none", Activity: like()}); status != 401 {
		t.Errorf("unsigned: %d", status)
	}
	if status, body := fed.post(posted{As: "alice", Inbox: inbox, Scheme: "rfc9421", Key: "ed25519", Components: []string{"@method", "@target-uri"}, Activity: like()}); status != 401 {
		t.Errorf("a signature that leaves the body out: %d %s", status, body)
	}
	if status, body := fed.post(posted{As: "alice", Inbox: inbox, Scheme: "rfc9421", Key: "ed25519", Components: []string{"content-digest"}, Activity: like()}); status != 401 {
		t.Errorf("a signature that leaves the address out: %d %s", status, body)
	}

	// New keys under the old ids: the first request makes us look again, unless
	// that was done in vain a moment ago.
	for _, s := range schemes {
		fed.ask("rekey", map[string]any{"as": "alice"}, nil)
		eventually(t, fmt.Sprintf("%v after a change of keys", s), func() error {
			if status, body := fed.post(posted{As: "alice", Inbox: inbox, Scheme: s.scheme, Key: s.key, Activity: like()}); status != 202 {
				return fmt.Errorf("%d %s", status, body)
			}
			return nil
		})
	}
	if status, body := fed.post(posted{As: "carol", Inbox: inbox, Scheme: "cavage", Activity: fed.like("carol", conf.URI, "carol")}); status != 202 {
		t.Errorf("carol: %d %s", status, body)
	}
	fed.ask("rekey", map[string]any{"as": "carol"}, nil)
	if status, body := fed.post(posted{As: "carol", Inbox: inbox, Scheme: "cavage", Activity: fed.like("carol", conf.URI, "carol-again")}); status != 202 {
		t.Errorf("carol with new keys, right after: %d %s", status, body)
	}
	// One person likes a thing once, however often they say so.
	eventually(t, "the likes are counted", func() error {
		if got := fed.likes(belgrade, conf.URI); got != 2 {
			return fmt.Errorf("%d likes", got)
		}
		return nil
	})
	if p := belgrade.peer(strings.TrimPrefix(fed.Origin, "https://")); p.LastRefused == "" {
		t.Errorf("konfa peers does not tell what was refused: %+v", p)
	}
}

// Someone elsewhere answers, likes, comes and leaves.
func TestTalkingWithAConference(t *testing.T) {
	t.Parallel()
	belgrade := found(t, cityOptions{Host: "talk.localhost"})
	for _, knock := range []string{"draft-cavage-http-signatures-12", "rfc9421"} {
		t.Run(knock, func(t *testing.T) {
			fed := newServer(t, serverOptions{
				Host: map[string]string{"rfc9421": "nine.localhost"}[knock], FirstKnock: knock, AuthorizedFetch: true,
				Actors: map[string]string{"alice": "Person", "bob": "Person", "carol": "Person", "instance": "Application"},
			})
			talk(t, belgrade, fed)
		})
	}
}

func talk(t *testing.T, belgrade *city, fed *server) {
	city := belgrade.cityURI()
	conf := belgrade.addConference("Talk by "+fed.Origin, "--capacity", "1", "--duration", "1h")
	alice := fed.Actors["alice"].URI
	public := "https://www.w3.org/ns/activitystreams#Public"

	// A reply becomes a post of the conference, an edit changes it, a deletion
	// takes it away.
	note := fed.Origin + "/notes/1"
	object := map[string]any{
		"type": "Note", "id": note, "attribution": alice, "replyTarget": conf.URI, "content": "<p>Is there <b>tea</b>?<script>alert(1)</script></p>",
		"published": "2026-11-20T10:00:00Z", "tos": []string{public}, "ccs": []string{city}, "url": note,
	}
	fed.publish(object)
	fed.send("alice", map[string]any{"type": "Create", "id": note + "/create", "object": object, "tos": []string{public}, "ccs": []string{city}}, city)
	reply := belgrade.awaitPost(note, "tea")
	if strings.Contains(reply, "script") || strings.Contains(reply, "alert") {
		t.Errorf("the reply was kept as %s", reply)
	}
	if f, _ := fed.read(conf.URI + "/replies"); f["totalItems"] != 1.0 {
		t.Errorf("the conference counts %v replies", f["totalItems"])
	}
	// Some do not say when they changed it.
	object["content"] = "<p>Is there milk?</p>"
	fed.publish(object)
	fed.send("alice", map[string]any{"type": "Update", "id": note + "/update-1", "object": object, "tos": []string{public}}, city)
	belgrade.awaitPost(note, "milk")
	object["content"], object["updated"] = "<p>Is there coffee?</p>", "2026-11-20T11:00:00Z"
	fed.publish(object)
	fed.send("alice", map[string]any{"type": "Update", "id": note + "/update", "object": object, "tos": []string{public}}, city)
	belgrade.awaitPost(note, "coffee")
	// Bob has nothing to say about what Alice wrote.
	forged := map[string]any{}
	for k, v := range object {
		forged[k] = v
	}
	forged["content"], forged["updated"] = "<p>Bob was here</p>", "2026-11-20T12:00:00Z"
	fed.send("bob", map[string]any{"type": "Update", "id": note + "/update-by-bob", "object": forged, "tos": []string{public}}, city)
	fed.send("bob", map[string]any{"type": "Delete", "id": note + "/delete-by-bob", "object": note, "tos": []string{public}}, city)

	like := map[string]any{"type": "Like", "id": fed.Origin + "/likes/1", "actor": alice, "object": conf.URI}
	fed.send("alice", like, city)
	fed.send("bob", map[string]any{"type": "EmojiReact", "id": fed.Origin + "/likes/2", "object": conf.URI, "content": "🎉"}, city)
	fed.send("bob", map[string]any{"type": "Announce", "id": fed.Origin + "/boosts/1", "object": conf.URI, "tos": []string{public}}, city)
	eventually(t, "the like is counted", func() error {
		if n := fed.likes(belgrade, conf.URI); n < 1 {
			return fmt.Errorf("%d likes", n)
		}
		return nil
	})
	fed.send("alice", map[string]any{"type": "Undo", "id": fed.Origin + "/undo/1", "object": like}, city)
	eventually(t, "the like is taken back", func() error {
		if n := fed.likes(belgrade, conf.URI); n != 0 {
			return fmt.Errorf("%d likes", n)
		}
		return nil
	})
	if p := belgrade.awaitPost(note, "coffee"); strings.Contains(p, "Bob") {
		t.Errorf("Bob changed what Alice wrote: %s", p)
	}
	fed.send("alice", map[string]any{"type": "Delete", "id": note + "/delete", "object": map[string]any{"type": "Tombstone", "id": note}, "tos": []string{public}}, city)
	eventually(t, "the reply is deleted", func() error {
		for _, p := range belgrade.posts() {
			if p.URI == note {
				return fmt.Errorf("%+v", p)
			}
		}
		return nil
	})

	// One seat, two who want it.
	join := func(who string) string {
		id := fed.Origin + "/joins/" + who
		fed.send(who, map[string]any{"type": "Join", "id": id, "object": conf.URI, "to": city}, city)
		return id
	}
	first := join("alice")
	accept := fed.awaitActivity("Accept", first)
	accept.Facts.expect(t, map[string]any{"actorId": city})
	second := join("bob")
	waiting := fed.await("an answer to the second", func(d delivered) bool {
		typ := d.Activity["type"]
		return (typ == "TentativeAccept" || typ == "Accept" || typ == "Reject") && id(d.Activity["object"]) == second
	})
	waiting.check(t)
	if waiting.Activity["type"] != "TentativeAccept" {
		t.Errorf("the second, with one seat, gets %v", waiting.Activity["type"])
	}
	if f, doc := fed.read(conf.URI); doc["participantCount"] != 1.0 || doc["remainingAttendeeCapacity"] != 0.0 {
		t.Errorf("full, the conference says %v guests, %v seats: %v", doc["participantCount"], doc["remainingAttendeeCapacity"], f["id"])
	}
	fed.send("alice", map[string]any{"type": "Leave", "id": fed.Origin + "/leaves/alice", "object": conf.URI, "to": city}, city)
	promoted := fed.await("the promotion", func(d delivered) bool {
		return d.Activity["type"] == "Accept" && id(d.Activity["object"]) == second
	})
	promoted.check(t)
	eventually(t, "bob has the seat", func() error {
		var going []string
		for _, g := range belgrade.guests(conf.Slug) {
			if g.State == "going" {
				going = append(going, g.Name)
			}
		}
		if len(going) != 1 || !strings.Contains(going[0], "bob") {
			return fmt.Errorf("guests %+v", belgrade.guests(conf.Slug))
		}
		return nil
	})

	// A Flag arrives where stewards see it; an unknown kind is refused by name.
	fed.send("carol", map[string]any{"type": "Flag", "id": fed.Origin + "/flags/1", "object": conf.URI, "content": "It is noisy", "to": city}, city)
	fed.send("carol", map[string]any{"type": "Listen", "id": fed.Origin + "/listens/1", "object": conf.URI, "to": city}, city)
	eventually(t, "konfa peers tells what was refused", func() error {
		p := belgrade.peer(strings.TrimPrefix(fed.Origin, "https://"))
		if !strings.Contains(p.LastRefused, "Listen") {
			return fmt.Errorf("%+v", p)
		}
		return nil
	})
}

// likes is how many the city counts for a conference.
func (s *server) likes(c *city, uri string) int {
	c.t.Helper()
	return c.reactions(uri)[community.Like]
}

// awaitPost waits until the city has a post of others with a word in it, and
// returns it as kept.
func (c *city) awaitPost(uri, word string) (html string) {
	c.t.Helper()
	eventually(c.t, c.name+" has "+uri, func() error {
		var seen []string
		for _, p := range c.posts() {
			seen = append(seen, p.URI)
			if p.URI != uri {
				continue
			}
			html = fmt.Sprintf("%s", p.HTML)
			if strings.Contains(html, word) {
				return nil
			}
			return fmt.Errorf("it says %s", html)
		}
		return fmt.Errorf("there are %q; peers %+v", seen, c.peers())
	})
	return html
}
