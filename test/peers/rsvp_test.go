package peers

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// Someone on a server that knows nothing of sign-ups comes to a conference: by a
// vote in its poll, by an answer in words, and by the link of the message that the
// city sends.
func TestComingWithoutSignUps(t *testing.T) {
	t.Parallel()
	belgrade := found(t, cityOptions{Host: "votes.localhost"})
	fed := newServer(t, serverOptions{Host: "voters.localhost", AuthorizedFetch: true,
		Actors: map[string]string{"alice": "Person", "bob": "Person", "instance": "Application"}})
	city := belgrade.cityURI()
	alice, bob := fed.Actors["alice"].URI, fed.Actors["bob"].URI
	fed.follow("alice", belgrade.address())
	belgrade.awaitFollower(alice)

	// A poll comes below the conference, as fedify's vocabulary knows one.
	conf := belgrade.addConference("Maps and votes", "--capacity", "1", "--duration", "2h")
	asked := fed.await("the poll", func(d delivered) bool {
		object, _ := d.Activity["object"].(map[string]any)
		return d.Activity["type"] == "Create" && object["type"] == "Question" && object["inReplyTo"] == conf.URI
	})
	asked.check(t)
	poll := id(asked.Activity["object"])
	f, doc := fed.read(poll)
	if f.at("type") != "Question" || f.at("exclusiveOptions", 0, "type") != "Note" || f.text("exclusiveOptions", "0", "name") == "" && f.at("exclusiveOptions", 2) == nil {
		t.Errorf("fedify reads the poll as %v", f)
	}
	if doc["endTime"] == nil || doc["votersCount"] != 0.0 || f.at("voters") != 0.0 && f.at("votersCount") != 0.0 {
		t.Errorf("the poll is %v", doc)
	}
	option := func(i int) string {
		return doc["oneOf"].([]any)[i].(map[string]any)["name"].(string)
	}
	totals := func() string {
		_, doc := fed.read(poll)
		var out []string
		for _, o := range doc["oneOf"].([]any) {
			out = append(out, fmt.Sprint(o.(map[string]any)["replies"].(map[string]any)["totalItems"]))
		}
		return strings.Join(out, " ")
	}

	// message waits for the n-th direct message to someone.
	message := func(who string, n int) (map[string]any, string) {
		t.Helper()
		var note map[string]any
		eventually(t, fmt.Sprintf("message %d to %s", n, who), func() error {
			seen := 0
			for _, d := range fed.received() {
				object, _ := d.Activity["object"].(map[string]any)
				if to, _ := object["to"].([]any); d.Activity["type"] != "Create" || object["type"] != "Note" || len(to) != 1 || to[0] != who {
					continue
				}
				if seen++; seen == n {
					d.check(t)
					if d.Path != strings.TrimPrefix(who, fed.Origin)+"/inbox" || object["cc"] != nil {
						t.Errorf("what is for %s came to %s, cc %v", who, d.Path, object["cc"])
					}
					note = object
					return nil
				}
			}
			return fmt.Errorf("there are %d", seen)
		})
		return note, note["content"].(string)
	}

	// Alice votes as Mastodon does, gets the seat and is told so.
	vote := func(who, n, name string) {
		voter := fed.Actors[who].URI
		object := map[string]any{"type": "Note", "id": voter + "#votes/" + n, "attribution": voter, "to": city, "name": name, "replyTarget": poll}
		fed.send(who, map[string]any{"type": "Create", "id": voter + "#votes/" + n + "/activity", "to": city, "object": object}, city)
	}
	vote("alice", "1", option(0))
	told, text := message(alice, 1)
	if !strings.Contains(text, "You have a seat") || !strings.Contains(text, `href="`+alice+`"`) && !strings.Contains(text, "class=\"u-url mention\"") {
		t.Errorf("she is told %s", text)
	}
	if got := totals(); got != "1 0 0" {
		t.Errorf("the poll says %s", got)
	}
	// Only her server reads the message.
	if a := fed.get(id(told), "none"); a.Status != http.StatusNotFound {
		t.Errorf("unsigned, the message answers %d", a.Status)
	}
	if a := fed.get(id(told), "cavage"); a.Status != http.StatusOK || a.ContentType != activityJSON {
		t.Errorf("signed, the message answers %d as %s", a.Status, a.ContentType)
	}

	// Bob answers in words and waits.
	note := fed.Origin + "/notes/coming"
	object := map[string]any{"type": "Note", "id": note, "attribution": bob, "replyTarget": conf.URI, "content": "<p>Спасибо! Обязательно приду.</p>",
		"published": "2026-11-20T10:00:00Z", "tos": []string{"https://www.w3.org/ns/activitystreams#Public"}, "ccs": []string{city}, "url": note}
	fed.publish(object)
	fed.send("bob", map[string]any{"type": "Create", "id": note + "/create", "object": object, "tos": []string{"https://www.w3.org/ns/activitystreams#Public"}, "ccs": []string{city}}, city)
	if told, text := message(bob, 1); !strings.Contains(text, "number 1 in the waiting list") || told["inReplyTo"] != note {
		t.Errorf("he is told %s in answer to %v", text, told["inReplyTo"])
	}

	// Alice changes her mind by the link; Bob moves up.
	link := regexp.MustCompile(`href="(` + regexp.QuoteMeta(belgrade.url) + `/rsvp/[^"]+)"`).FindStringSubmatch(text)
	if link == nil {
		t.Fatalf("no link in %s", text)
	}
	resp, err := newClient().PostForm(link[1], url.Values{"answer": {"no"}})
	if err != nil {
		t.Fatal(err)
	}
	page, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if resp.StatusCode >= 400 {
		t.Errorf("the link answers %d: %.500s", resp.StatusCode, page)
	}
	if _, text := message(bob, 2); !strings.Contains(text, "A seat has become free") {
		t.Errorf("he is told %s", text)
	}
	if got := totals(); got != "1 0 1" {
		t.Errorf("the poll says %s", got)
	}
	// She answers the message, in words; there is no seat any more.
	reply := fed.Origin + "/notes/after-all"
	object = map[string]any{"type": "Note", "id": reply, "attribution": alice, "replyTarget": id(told), "content": "<p>I'm coming after all!</p>", "published": "2026-11-20T11:00:00Z", "to": city}
	fed.send("alice", map[string]any{"type": "Create", "id": reply + "/create", "object": object, "to": city}, city)
	if _, text := message(alice, 2); !strings.Contains(text, "number 1 in the waiting list") {
		t.Errorf("she is told %s", text)
	}
	// Bob deletes what he said, and with it his seat.
	fed.send("bob", map[string]any{"type": "Delete", "id": note + "/delete", "object": map[string]any{"type": "Tombstone", "id": note}, "tos": []string{"https://www.w3.org/ns/activitystreams#Public"}}, city)
	if _, text := message(alice, 3); !strings.Contains(text, "A seat has become free") {
		t.Errorf("she is told %s", text)
	}

	// Cancelled, the poll is over and she hears of it.
	belgrade.run(nil, "conf", "cancel", conf.Slug)
	if _, text := message(alice, 4); !strings.Contains(text, "is cancelled") {
		t.Errorf("she is told %s", text)
	}
	over := fed.await("the end of the poll", func(d delivered) bool {
		object, _ := d.Activity["object"].(map[string]any)
		return d.Activity["type"] == "Update" && object["type"] == "Question" && object["closed"] != nil
	})
	over.check(t)
	for _, g := range belgrade.guests(conf.Slug) {
		if (g.State == "going") != strings.Contains(g.Name, "alice") {
			t.Errorf("guests %+v", belgrade.guests(conf.Slug))
		}
	}
}
