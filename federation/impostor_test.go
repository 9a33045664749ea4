package federation

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"konfa/activitystreams"
	"konfa/community"
)

// redirect sends whoever asks elsewhere.
func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
}

// TestImpostors: an address on one server that leads to an actor of another one
// must not make its owner pass for them (FEP-fe34).
func TestImpostors(t *testing.T) {
	ctx := context.Background()
	t.Run("a sender who becomes someone else", func(t *testing.T) {
		n, evil, victim := startNode(t).run(), startPeer(t, "mastodon"), startPeer(t, "mastodon")
		evil.deliver(n, "anna", evil.activity("anna", "Follow", n.site.Actor(community.NodeActor)))
		evil.put("/users/anna", redirect(victim.uri("bob")))
		n.clock.forward(8 * 24 * time.Hour) // what is known of anna is old now
		evil.deliver(n, "anna", evil.activity("anna", "Follow", n.site.Actor(community.CityActor)))
		if bob, err := n.store.Actor(ctx, victim.uri("bob")); err == nil {
			if _, err := n.store.Follower(ctx, community.CityActor, bob.ID); err == nil {
				t.Error("the victim follows")
			}
		}
	})
	t.Run("the author of a post", func(t *testing.T) {
		n, evil, victim := startNode(t).run(), startPeer(t, "mastodon"), startPeer(t, "mastodon")
		n.followed(evil, "group", community.CityActor)
		evil.put("/users/x", redirect(victim.uri("bob")))
		evil.put("/notes/1", map[string]any{"id": evil.base + "/notes/1", "type": "Note", "attributedTo": evil.uri("x"), "content": "<p>I resign</p>", "to": []any{public}, "published": "2026-11-01T10:00:00Z"})
		got := evil.deliver(n, "group", evil.activity("group", "Announce", evil.base+"/notes/1"))
		if p, err := n.store.PostByURI(ctx, evil.base+"/notes/1"); err == nil {
			a, _ := n.store.ActorByID(ctx, p.AuthorID)
			t.Errorf("kept as a post of %v: %s", a, got)
		}
	})
	t.Run("the owner of an event", func(t *testing.T) {
		n, evil, victim := startNode(t).run(), startPeer(t, "mobilizon"), startPeer(t, "mobilizon")
		n.followed(evil, "bob", community.CityActor)
		evil.put("/users/x", redirect(victim.uri("group")))
		e := evil.event("/events/1", "x", "Free beer")
		e["attributedTo"] = evil.uri("x")
		evil.put("/events/1", e)
		evil.deliver(n, "bob", evil.activity("bob", "Announce", evil.base+"/events/1"))
		if c, err := n.store.ConferenceByURI(ctx, evil.base+"/events/1"); err == nil {
			if a, err := n.store.ActorByID(ctx, c.OriginID); err != nil || a.Host != evil.host() {
				t.Errorf("it is of %v", a)
			}
		}
	})
}

// TestWordOfAThirdServer: an activity that was read on one server says nothing of
// objects of another, even of the one whose actor pointed to it.
func TestWordOfAThirdServer(t *testing.T) {
	ctx := context.Background()
	for _, way := range []string{"announced", "in an outbox"} {
		t.Run(way, func(t *testing.T) {
			n, p, evil := startNode(t), startPeer(t, "mobilizon"), startPeer(t, "mastodon")
			p.put("/users/group/outbox", map[string]any{"id": p.uri("group") + "/outbox", "type": "OrderedCollection", "totalItems": 1, "orderedItems": []any{evil.base + "/x"}})
			from := n.followed(p, "group", community.CityActor)
			p.put("/events/1", p.event("/events/1", "anna", "As it is"))
			actor := evil.uri("anna")
			if way != "announced" {
				actor = p.uri("group")
			}
			evil.put("/x", map[string]any{"id": evil.base + "/x", "type": "Create", "actor": actor, "object": p.event("/events/1", "anna", "Forged")})
			if way == "announced" {
				n.run()
				p.deliver(n, "group", p.activity("group", "Announce", evil.base+"/x"))
			} else if _, err := n.pull(ctx, from.ID); err != nil {
				t.Log(err)
			}
			if c, err := n.store.ConferenceByURI(ctx, p.base+"/events/1"); err == nil && c.Title.First() != "As it is" {
				t.Errorf("kept as %q", c.Title.First())
			}
		})
	}
}

// TestKeysAreCaseSensitive: of documents with an "id" and an "ID", what is
// checked and what is believed is the same.
func TestKeysAreCaseSensitive(t *testing.T) {
	in := activitystreams.ReadInner([]byte(`{"id":"https://a.example/1","ID":"https://b.example/1","type":"Follow","TYPE":"Like","actor":"https://a.example/u","Actor":"https://b.example/u",
		"object":{"id":"https://a.example/o","Id":"https://b.example/o"},"Content":"x"}`))
	want := activitystreams.Inner{ID: "https://a.example/1", Type: "Follow", Actor: "https://a.example/u", Object: "https://a.example/o"}
	if in != want {
		t.Errorf("%+v, want %+v", in, want)
	}
	if got := activitystreams.ReadInner([]byte(`{"ID":"https://b.example/1","Actor":"https://b.example/u"}`)); got != (activitystreams.Inner{}) {
		t.Errorf("%+v", got)
	}
	for doc, want := range map[string]string{
		`{"type":"Note","Type":"Event"}`:                         "Note",
		`{"TYPE":"Event"}`:                                       "",
		`{"type":["Document","Event"]}`:                          "Event",
		`{"@type":"Event"}`:                                      "Event",
		`{"type":"as:Event"}`:                                    "Event",
		`{"type":"https://www.w3.org/ns/activitystreams#Event"}`: "Event",
	} {
		if got := typeOf(activitystreams.Ref{}, []byte(doc)); got != want {
			t.Errorf("%s: %q, want %q", doc, got, want)
		}
	}
}

// TestForwardedFirst: who passes on an activity before its author sends it does
// not keep the author's own word from being heard.
func TestForwardedFirst(t *testing.T) {
	n, p, q := startNode(t).run(), startPeer(t, "mobilizon"), startPeer(t, "mastodon")
	n.followed(p, "group", community.CityActor)
	q.deliver(n, "anna", q.activity("anna", "Follow", n.site.Actor(community.CityActor)))
	e := p.event("/events/1", "anna", "Go meetup")
	body, _ := json.Marshal(p.activity("group", "Create", e, "signature", map[string]any{"type": "RsaSignature2017"}))
	forwarded := q.request(n, "/inbox", "anna", body)
	if resp, text := n.do(forwarded); resp.StatusCode != 202 {
		t.Fatal(resp.StatusCode, text)
	}
	n.settled()
	if resp, text := n.do(p.request(n, "/inbox", "group", body)); resp.StatusCode != 202 {
		t.Fatal(resp.StatusCode, text)
	}
	eventually(t, "the author is heard", func() bool {
		_, err := n.store.ConferenceByURI(context.Background(), p.base+"/events/1")
		return err == nil
	})
}

// TestForeignInboxes: an actor cannot have what is sent to it go to someone
// else's server.
func TestForeignInboxes(t *testing.T) {
	n, evil, victim := startNode(t), startPeer(t, "mastodon"), startPeer(t, "mastodon")
	evil.actor("far", map[string]any{"inbox": victim.base + "/users/bob/inbox"})
	if a, err := n.resolver.Actor(context.Background(), evil.uri("far"), 0); err == nil {
		t.Errorf("taken with the inbox %s", a.Inbox)
	}
	evil.actor("shared", map[string]any{"endpoints": map[string]any{"sharedInbox": victim.base + "/inbox"}})
	a, err := n.resolver.Actor(context.Background(), evil.uri("shared"), 0)
	if err != nil || a.SharedInbox != "" || !strings.HasPrefix(a.Inbox, evil.base) {
		t.Errorf("%+v %v", a, err)
	}
}
