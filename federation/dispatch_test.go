package federation

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/federation/fetch"
	"konfa/node"
	"konfa/storage"
)

const public = "https://www.w3.org/ns/activitystreams#Public"

func TestFollow(t *testing.T) {
	n, p := startNode(t).run(), startPeer(t, "gancio")
	ctx := context.Background()
	city := n.site.Actor(community.CityActor)
	// Gancio's id has a fragment, and is compared byte for byte.
	id := p.base + "/federation/m/1#follow"
	p.deliver(n, "anna", p.activity("anna", "Follow", city, "id", id))
	eventually(t, "the Accept arrives", func() bool { return len(p.got("Accept")) == 1 })
	inner, _ := p.got("Accept")[0]["object"].(map[string]any)
	if inner["id"] != id || inner["type"] != "Follow" || inner["actor"] != p.uri("anna") || inner["object"] != city {
		t.Errorf("the Accept embeds %v", inner)
	}
	if in := p.inbox()[0]; in.Path != "/users/anna/inbox" {
		t.Errorf("it went to %s", in.Path)
	} else if v, err := p.verify(n, in); err != nil || v.Owner != city {
		t.Errorf("its signature: %+v %v", v, err)
	}
	// Undo embeds the Follow without its actor.
	p.deliver(n, "anna", p.activity("anna", "Undo", map[string]any{"type": "Follow", "id": id, "object": city}))
	if c, _ := n.store.CountFollowers(ctx, community.CityActor); c != 0 {
		t.Errorf("%d followers after the Undo", c)
	}
	// And again, the same bytes as the first time.
	n.clock.forward(2 * time.Second)
	p.deliver(n, "anna", p.activity("anna", "Follow", city, "id", id))
	if c, _ := n.store.CountFollowers(ctx, community.CityActor); c != 1 {
		t.Errorf("%d followers after following again", c)
	}
	// The bare id is enough to undo.
	p.deliver(n, "anna", p.activity("anna", "Undo", id))
	if c, _ := n.store.CountFollowers(ctx, community.CityActor); c != 0 {
		t.Errorf("%d followers after the Undo of a bare id", c)
	}
	// The event bridge of WordPress embeds a Follow whose actor is the followed
	// one, whole; another's is nobody's to undo.
	p.deliver(n, "anna", p.activity("anna", "Follow", city, "id", id+"-city"))
	mixedUp := map[string]any{"type": "Follow", "id": id + "-city", "object": city, "actor": map[string]any{"id": city, "type": "Group", "name": "Belgrade"}}
	p.deliver(n, "bob", p.activity("bob", "Undo", mixedUp))
	if c, _ := n.store.CountFollowers(ctx, community.CityActor); c != 1 {
		t.Errorf("%d followers after the Undo of someone else", c)
	}
	p.deliver(n, "anna", p.activity("anna", "Undo", mixedUp))
	if c, _ := n.store.CountFollowers(ctx, community.CityActor); c != 0 {
		t.Errorf("%d followers after the Undo of the event bridge", c)
	}
	// Nobody undoes for another.
	p.deliver(n, "bob", p.activity("bob", "Follow", city, "id", p.base+"/follows/bob"))
	if got := p.deliver(n, "anna", p.activity("anna", "Undo", p.base+"/follows/bob")); !strings.Contains(got, "refused") {
		t.Error(got)
	}
	if c, _ := n.store.CountFollowers(ctx, community.CityActor); c != 1 {
		t.Errorf("%d followers", c)
	}
	// One fetch of an actor is enough to follow.
	if got := p.fetched("/users/bob"); got != 1 {
		t.Errorf("bob was fetched %d times", got)
	}
	n.conference("Go meetup") // asks for it
	eventually(t, "the software of the follower is known", func() bool {
		peer, err := n.store.Peer(ctx, p.host())
		return err == nil && peer.Software == "gancio"
	})
}

func TestAcceptOfOurFollow(t *testing.T) {
	n, p := startNode(t).run(), startPeer(t, "mobilizon")
	ctx := context.Background()
	p.put("/users/group/outbox", map[string]any{
		"id": p.uri("group") + "/outbox", "type": "OrderedCollection", "totalItems": 2,
		"orderedItems": []any{
			p.activity("group", "Create", p.event("/events/2", "anna", "Second")),
			p.activity("group", "Announce", p.base+"/events/1"),
		},
	})
	p.put("/events/1", p.event("/events/1", "anna", "First"))
	// The answer comes before our POST has returned (Gancio does that).
	answered := make(chan int, 1)
	p.answers(func(w http.ResponseWriter, r *http.Request, in post) {
		follow := in.activity()
		if follow["type"] == "Follow" {
			answered <- p.send(n, "group", p.activity("group", "Accept", follow))
		}
		w.WriteHeader(200)
	})
	f, err := n.Follow(ctx, console, community.CityActor, "@group@"+p.host())
	if err != nil {
		t.Fatal(err)
	}
	if f.State == community.Accepted {
		t.Error("accepted before anyone answered")
	}
	if got := <-answered; got != 202 {
		t.Errorf("the Accept got %d", got)
	}
	eventually(t, "accepted", func() bool {
		f, err := n.store.FollowedByURI(ctx, f.URI)
		return err == nil && f.State == community.Accepted
	})
	eventually(t, "the outbox was read", func() bool {
		_, err1 := n.store.ConferenceByURI(ctx, p.base+"/events/1")
		_, err2 := n.store.ConferenceByURI(ctx, p.base+"/events/2")
		return err1 == nil && err2 == nil
	})
	c, err := n.store.ConferenceByURI(ctx, p.base+"/events/2")
	if err != nil || c.Title.First() != "Second" || c.Venue == nil || c.Venue.Name != "Hall" || c.Zone != "Europe/Paris" {
		t.Errorf("%+v %v", c, err)
	}
	// Someone else cannot answer for the group.
	if err := n.Unfollow(ctx, console, community.CityActor, "@group@"+p.host()); err != nil {
		t.Error(err)
	}
}

// TestConferenceElsewhere: what Mobilizon sends about an event, in any order,
// also by actors that do not match.
func TestConferenceElsewhere(t *testing.T) {
	n, p, evil := startNode(t).run(), startPeer(t, "mobilizon"), startPeer(t, "mastodon")
	ctx := context.Background()
	n.followed(p, "group", community.CityActor)
	n.followed(evil, "anna", community.CityActor)
	uri := p.base + "/events/1"
	title := func() string {
		c, err := n.store.ConferenceByURI(ctx, uri)
		if err != nil {
			return err.Error()
		}
		return c.Title.First()
	}
	at := func(name, updated string) map[string]any {
		e := p.event("/events/1", "anna", name)
		e["updated"] = updated
		return e
	}
	// Update before Create, with the same activity id.
	p.deliver(n, "anna", p.activity("anna", "Update", at("Second name", "2026-11-02T10:00:00Z"), "id", uri+"/activity"))
	p.deliver(n, "anna", p.activity("anna", "Create", at("First name", "2026-11-01T10:00:00Z"), "id", uri+"/activity"))
	if got := title(); got != "Second name" {
		t.Errorf("after reordering it is called %q", got)
	}
	// A third origin embeds what it likes; what the origin serves counts.
	p.put("/events/1", at("Third name", "2026-11-03T10:00:00Z"))
	evil.deliver(n, "anna", evil.activity("anna", "Announce", at("Evil name", "2027-01-01T10:00:00Z")))
	if got := title(); got != "Third name" {
		t.Errorf("after a foreign Announce it is called %q", got)
	}
	got := evil.deliver(n, "anna", evil.activity("anna", "Update", at("Evil name", "2027-01-01T10:00:00Z")))
	if title() == "Evil name" {
		t.Errorf("a foreign Update was believed: %s", got)
	}
	if got := evil.deliver(n, "anna", evil.activity("anna", "Delete", uri)); !strings.Contains(got, "refused") || title() != "Third name" {
		t.Errorf("a foreign Delete: %s, %s", got, title())
	}
	// FEP-1b12: the group passes on an activity; the inside is read at its origin.
	p.put("/events/1", at("Fourth name", "2026-11-04T10:00:00Z"))
	evil.deliver(n, "anna", evil.activity("anna", "Announce", p.activity("anna", "Update", at("Evil name", "2027-01-01T10:00:00Z"))))
	if got := title(); got != "Fourth name" {
		t.Errorf("after a wrapped Update it is called %q", got)
	}
	evil.deliver(n, "anna", evil.activity("anna", "Announce", p.activity("anna", "Delete", uri)))
	if got := title(); got != "Fourth name" {
		t.Errorf("after a wrapped Delete: %q", got)
	}
	// PieFed's batches.
	p.put("/events/3", p.event("/events/3", "anna", "Third"))
	p.put("/events/4", p.event("/events/4", "anna", "Fourth"))
	evil.deliver(n, "anna", evil.activity("anna", "Announce", []any{p.base + "/events/3", p.activity("anna", "Create", p.base+"/events/4")}))
	for _, id := range []string{"/events/3", "/events/4"} {
		if _, err := n.store.ConferenceByURI(ctx, p.base+id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	// Gone is gone: by a foreign Delete that the origin confirms, by a Tombstone,
	// by the whole object.
	// The organiser of a group's event is not whose it is: her server is asked.
	if _, err := n.resolver.Actor(ctx, p.uri("bob"), time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := p.deliver(n, "bob", p.activity("bob", "Delete", uri)); !strings.Contains(got, "refused") || title() != "Fourth name" {
		t.Errorf("deleted by another actor of the server: %s", got)
	}
	p.delete("/events/1")
	p.delete("/events/3")
	p.put("/events/4", map[string]any{"type": "Tombstone", "id": p.base + "/events/4"})
	evil.deliver(n, "anna", evil.activity("anna", "Delete", p.base+"/events/3"))
	p.deliver(n, "anna", p.activity("anna", "Delete", map[string]any{"type": "Tombstone", "formerType": "Event", "id": uri}))
	p.deliver(n, "anna", p.activity("anna", "Delete", p.event("/events/4", "anna", "Fourth")))
	for _, id := range []string{"/events/1", "/events/3", "/events/4"} {
		if _, err := n.store.ConferenceByURI(ctx, p.base+id); community.CodeOf(err) != community.NotFound {
			t.Errorf("%s is still there (%v)", id, err)
		}
	}
	// A late Create does not bring it back.
	if got := p.deliver(n, "anna", p.activity("anna", "Create", at("Again", "2026-12-01T10:00:00Z"))); !strings.Contains(got, "refused") {
		t.Error(got)
	}
}

func TestNotForUs(t *testing.T) {
	n, p, other := startNode(t).run(), startPeer(t, "mobilizon"), startPeer(t, "mobilizon")
	hidden := p.event("/events/2", "anna", "Hidden")
	hidden["to"] = []any{p.uri("group") + "/followers"}
	stranger := p.event("/events/3", "anna", "Of a stranger")
	foreign := p.event("/events/4", "anna", "Of elsewhere")
	foreign["id"] = other.base + "/events/4" // where there is none
	p.put("/n/1", map[string]any{"id": p.base + "/n/1", "type": "Note", "attributedTo": "https://elsewhere.example/u", "content": "hi", "to": []any{public}})
	for _, tc := range []struct {
		name string
		doc  map[string]any
		why  string
	}{
		{"not public", p.activity("anna", "Create", hidden), "not public"},
		{"nobody follows", p.activity("anna", "Create", stranger), "nobody here follows"},
		{"announced, nobody follows", p.activity("anna", "Announce", p.base+"/events/3"), "nobody here follows"},
		{"of elsewhere", p.activity("anna", "Create", foreign), "does not exist"},
		{"a note to nobody here", p.activity("anna", "Create", map[string]any{"id": p.base + "/n/1", "type": "Note", "attributedTo": p.uri("anna"), "content": "hi", "to": []any{public}}), "does not concern us"},
		{"a note in another name", p.activity("anna", "Create", map[string]any{"id": p.base + "/n/1", "type": "Note", "attributedTo": "https://elsewhere.example/u", "content": "hi", "to": []any{public}}), "of another server"},
		{"dislike", p.activity("anna", "Dislike", n.site.Conference("x")), "not counted"},
		{"unknown", p.activity("anna", "Frobnicate", "x"), "does not know"},
		{"view", p.activity("anna", "View", n.site.Conference("x")), "not counted"},
		{"relay", p.activity("anna", "Follow", public), "relays for nobody"},
		{"follow of nobody", p.activity("anna", "Follow", n.site.Base+"/people/nobody"), "no"},
		{"join of nothing", p.activity("anna", "Join", n.site.Conference("nothing")), "no"},
		{"join of a group", p.activity("anna", "Join", n.site.Actor(community.CityActor)), "not a conference"},
		{"accept of nothing", p.activity("anna", "Accept", "https://elsewhere.example/1"), "did not ask"},
		{"move of another", p.activity("anna", "Move", p.uri("bob"), "target", p.uri("group")), "cannot move"},
		{"move without proof", p.activity("anna", "Move", p.uri("anna"), "target", p.uri("bob")), "does not say that it was"},
		{"flag of nothing", p.activity("anna", "Flag", []any{"https://elsewhere.example/1"}), "nothing of ours"},
		{"add to a foreign collection", p.activity("anna", "Add", p.base+"/events/3", "target", p.base+"/c/1"), "not mirrored"},
		{"offer of a stranger", p.activity("anna", "Offer", p.base+"/events/3"), "nobody here follows"},
		{"invite to nobody", p.activity("anna", "Invite", p.base+"/events/3"), "invites nobody"},
		{"undo of nothing", p.activity("anna", "Undo", p.base+"/x"), "nothing is known"},
		{"undo for another", p.activity("anna", "Undo", map[string]any{"type": "Like", "id": p.base + "/l", "actor": p.uri("bob"), "object": n.site.Conference("x")}), "cannot undo"},
		{"like of the world", p.activity("anna", "Like", "https://elsewhere.example/1"), "nothing of ours"},
		{"update of ours", p.activity("anna", "Update", map[string]any{"id": n.site.Conference("x"), "type": "Event", "name": "x"}), "is of this server"},
		{"delete of ours", p.activity("anna", "Delete", n.site.Conference("x")), ""},
		{"block of nobody", p.activity("anna", "Block", "https://elsewhere.example/1"), "not an actor of ours"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status := p.send(n, "anna", tc.doc)
			if status == http.StatusBadRequest || status == http.StatusForbidden {
				return // refused at the gate, with the reason in the answer
			}
			got := n.settled()
			if tc.why != "" && (!strings.Contains(got, "refused") || !strings.Contains(got, tc.why)) {
				t.Errorf("%s, want refused: …%s…", got, tc.why)
			}
			if tc.why != "" {
				n.writePeerNotes(context.Background())
				peer, err := n.store.Peer(context.Background(), p.host())
				if err != nil || !strings.Contains(peer.LastRefused, tc.why) {
					t.Errorf("peers shows %q (%v)", peer.LastRefused, err)
				}
			}
		})
	}
	if list, err := n.store.Conferences(context.Background(), storage.ConferenceQuery{Foreign: true}); err != nil || len(list) > 0 {
		t.Errorf("kept %v %v", list, err)
	}
}

// TestGuests: Join and Leave as Mobilizon sends them, with its leak in cc.
func TestGuests(t *testing.T) {
	n, p := startNode(t).run(), startPeer(t, "mobilizon")
	ctx := context.Background()
	c := n.conference("Go meetup", func(c *community.Conference) { c.Capacity = 1 })
	id := n.site.Conference(c.Slug)
	join := func(name string) map[string]any {
		return p.activity(name, "Join", id, "participationMessage", "<b>Hello</b>", "to", []any{p.uri(name), n.site.Actor(community.CityActor)}, "cc", []any{p.uri("bob"), p.uri("group") + "/followers"})
	}
	state := func(name string) community.GuestState {
		a, err := n.store.Actor(ctx, p.uri(name))
		if err != nil {
			return community.GuestState(err.Error())
		}
		g, err := n.store.Guest(ctx, c.ID, storage.GuestKey{ActorID: a.ID})
		if err != nil {
			return community.GuestState(err.Error())
		}
		return g.State
	}
	first, second := join("anna"), join("bob")
	p.deliver(n, "anna", first)
	p.deliver(n, "bob", second)
	if state("anna") != community.Going || state("bob") != community.Waitlisted {
		t.Fatalf("anna is %s, bob %s", state("anna"), state("bob"))
	}
	a, _ := n.store.Actor(ctx, p.uri("anna"))
	if g, err := n.store.Guest(ctx, c.ID, storage.GuestKey{ActorID: a.ID}); err != nil || g.Comment != "Hello" {
		t.Errorf("%+v %v", g, err)
	}
	eventually(t, "anna has her Accept", func() bool { return len(p.got("Accept")) == 1 })
	if accept := p.got("Accept")[0]; accept["actor"] != n.site.Actor(community.CityActor) || accept["object"].(map[string]any)["id"] != first["id"] {
		t.Errorf("%v", accept)
	}
	// Mobilizon's Leave has the id of the Join, or none.
	p.deliver(n, "anna", p.activity("anna", "Leave", id, "id", first["id"]))
	if state("anna") != community.NotGoing || state("bob") != community.Going {
		t.Errorf("anna is %s, bob %s", state("anna"), state("bob"))
	}
	eventually(t, "bob has his Accept", func() bool { return len(p.got("Accept")) == 2 })
	p.deliver(n, "bob", p.activity("bob", "Leave", id, "id", nil))
	if state("bob") != community.NotGoing {
		t.Errorf("bob is %s", state("bob"))
	}
	n.clock.forward(2 * time.Second)
	p.deliver(n, "bob", join("bob"))
	p.deliver(n, "bob", p.activity("bob", "Leave", id, "id", nil)) // the same bytes again
	if state("bob") != community.NotGoing {
		t.Errorf("bob is %s after leaving again", state("bob"))
	}
	third := join("anna")
	p.deliver(n, "anna", third)
	p.deliver(n, "anna", p.activity("anna", "Undo", third))
	if state("anna") != community.NotGoing {
		t.Errorf("anna is %s after the Undo", state("anna"))
	}
}

// TestGuestElsewhere: a member of ours goes to a conference of Mobilizon, where
// whichever moderator clicks answers.
func TestGuestElsewhere(t *testing.T) {
	n, p, evil := startNode(t).run(), startPeer(t, "mobilizon"), startPeer(t, "mastodon")
	ctx := context.Background()
	p.put("/events/1", p.event("/events/1", "anna", "Go meetup"))
	c, err := n.FetchConference(ctx, p.base+"/events/1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.node.JoinElsewhere(ctx, console, "anna", c.URI, community.Want{State: community.Going}, ""); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the Join arrives", func() bool { return len(p.got("Join")) == 1 })
	join := p.got("Join")[0]
	m, err := n.store.Member(ctx, "anna")
	if err != nil {
		t.Fatal(err)
	}
	state := func() community.GuestState {
		g, err := n.store.Guest(ctx, c.ID, storage.GuestKey{MemberID: m.ID})
		if err != nil {
			return community.GuestState(err.Error())
		}
		return g.State
	}
	if got := evil.deliver(n, "anna", evil.activity("anna", "Accept", join)); !strings.Contains(got, "refused") || state() == community.Going {
		t.Errorf("a stranger's Accept: %s, %s", got, state())
	}
	p.deliver(n, "bob", p.activity("bob", "Accept", join, "attributedTo", p.uri("group")))
	if state() != community.Going {
		t.Errorf("after the moderator's Accept: %s", state())
	}
	p.deliver(n, "bob", p.activity("bob", "Ignore", join["id"]))
	if state() != community.Outside {
		t.Errorf("after Ignore: %s", state())
	}
	p.deliver(n, "bob", p.activity("bob", "TentativeAccept", join["id"]))
	if state() != community.Waitlisted {
		t.Errorf("after TentativeAccept: %s", state())
	}
	p.deliver(n, "bob", p.activity("bob", "Reject", join["id"]))
	if state() != community.Declined {
		t.Errorf("after Reject: %s", state())
	}
}

func TestReactions(t *testing.T) {
	n, p := startNode(t).run(), startPeer(t, "misskey")
	ctx := context.Background()
	c := n.conference("Go meetup")
	id := n.site.Conference(c.Slug)
	counts := func() map[community.ReactionKind]int {
		m, err := n.store.Reactions(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	like := p.activity("anna", "Like", id)
	boost := p.activity("anna", "Announce", id)
	p.deliver(n, "anna", like)
	p.deliver(n, "anna", like)
	p.deliver(n, "bob", p.activity("bob", "EmojiReact", id, "content", "🎉"))
	p.deliver(n, "group", p.activity("group", "Like", id, "_misskey_reaction", "👍", "content", "👍"))
	p.deliver(n, "anna", boost)
	if got := counts(); got[community.Like] != 1 || got[community.Emoji] != 2 || got[community.Announce] != 1 {
		t.Errorf("%v", got)
	}
	p.deliver(n, "anna", p.activity("anna", "Undo", like))
	p.deliver(n, "anna", p.activity("anna", "Undo", boost["id"]))
	if got := counts(); got[community.Like] != 0 || got[community.Announce] != 0 || got[community.Emoji] != 2 {
		t.Errorf("after Undo: %v", got)
	}
}

func TestPosts(t *testing.T) {
	n, p, relay := startNode(t).run(), startPeer(t, "mastodon"), startPeer(t, "mastodon")
	ctx := context.Background()
	c := n.conference("Go meetup")
	note := func(text, updated string) map[string]any {
		return map[string]any{"id": p.base + "/n/1", "type": "Note", "attributedTo": p.uri("anna"), "content": text, "inReplyTo": n.site.Conference(c.Slug),
			"to": []any{public}, "cc": []any{n.site.Actor(community.CityActor)}, "published": "2026-11-01T10:00:00Z", "updated": updated}
	}
	p.deliver(n, "anna", p.activity("anna", "Create", note("<p>See you<script>alert(1)</script></p>", "2026-11-01T10:00:00Z")))
	post, err := n.store.PostByURI(ctx, p.base+"/n/1")
	if err != nil || post.ConferenceID != c.ID || strings.Contains(post.HTML.First(), "script") || !strings.Contains(post.HTML.First(), "See you") {
		t.Fatalf("%+v %v", post, err)
	}
	_, body := n.get("/conf/"+c.Slug+"/replies?page=1", "Accept", activityJSON)
	if !strings.Contains(body, p.base+"/n/1") {
		t.Errorf("the answer is not among the replies: %s", body)
	}
	block := &community.Block{ActorURI: p.uri("anna"), Severity: community.Silence}
	if err := n.node.AddBlock(context.Background(), node.By{Console: true}, block); err != nil {
		t.Fatal(err)
	}
	if _, body := n.get("/conf/"+c.Slug+"/replies?page=1", "Accept", activityJSON); strings.Contains(body, p.base) {
		t.Errorf("the answer of someone silenced is shown: %s", body)
	}
	if err := n.node.RemoveBlock(context.Background(), node.By{Console: true}, "", block.ActorURI); err != nil {
		t.Fatal(err)
	}
	// Passed on by another server, with words that its author never said.
	p.put("/n/1", note("<p>See you soon</p>", "2026-11-02T10:00:00Z"))
	evil := p.activity("anna", "Update", note("<p>Evil</p>", "2027-01-01T10:00:00Z"))
	if status := relay.send(n, "anna", evil); status != 403 {
		t.Error("passed on without the signature of its author's server:", status)
	}
	evil["signature"] = map[string]any{"type": "RsaSignature2017"}
	if status := relay.send(n, "anna", evil); status != 202 {
		t.Fatal(status)
	}
	n.settled()
	if post, err := n.store.PostByURI(ctx, p.base+"/n/1"); err != nil || !strings.Contains(post.HTML.First(), "See you soon") {
		t.Errorf("%+v %v", post, err)
	}
	if got := p.deliver(n, "bob", p.activity("bob", "Update", note("<p>Bob</p>", "2027-01-01T10:00:00Z"))); strings.Contains(got, "msg=done") {
		if post, _ := n.store.PostByURI(ctx, p.base+"/n/1"); strings.Contains(post.HTML.First(), "Bob") {
			t.Errorf("bob wrote for anna: %s", got)
		}
	}
	if status := relay.send(n, "anna", p.activity("anna", "Delete", p.base+"/n/1", "signature", evil["signature"])); status != 202 {
		t.Fatal(status)
	}
	n.settled()
	if _, err := n.store.PostByURI(ctx, p.base+"/n/1"); err != nil {
		t.Errorf("deleted on a stranger's word: %v", err)
	}
	p.delete("/n/1")
	relay.send(n, "anna", p.activity("anna", "Delete", map[string]any{"type": "Tombstone", "id": p.base + "/n/1"}, "signature", evil["signature"]))
	n.settled()
	if _, err := n.store.PostByURI(ctx, p.base+"/n/1"); community.CodeOf(err) != community.NotFound {
		t.Errorf("still there: %v", err)
	}
}

func TestActorsChange(t *testing.T) {
	n, p, q := startNode(t).run(), startPeer(t, "mastodon"), startPeer(t, "mastodon")
	ctx := context.Background()
	p.deliver(n, "anna", p.activity("anna", "Follow", n.site.Actor(community.CityActor)))
	// Only what her own server says of her counts.
	p.actor("anna", map[string]any{"name": "Anna the Great"})
	p.deliver(n, "anna", p.activity("anna", "Update", map[string]any{"id": p.uri("anna"), "type": "Person", "name": "Evil", "inbox": "https://evil.example/inbox"}))
	if a, err := n.store.Actor(ctx, p.uri("anna")); err != nil || a.Name != "Anna the Great" || a.Inbox != p.uri("anna")+"/inbox" {
		t.Errorf("%+v %v", a, err)
	}
	// She moves, and the follows of ours go with her.
	n.followed(p, "bob", community.CityActor)
	q.actor("bob", map[string]any{"alsoKnownAs": []any{p.uri("bob")}})
	p.deliver(n, "bob", p.activity("bob", "Move", p.uri("bob"), "target", q.uri("bob")))
	if a, err := n.store.Actor(ctx, q.uri("bob")); err != nil {
		t.Error(err)
	} else if f, err := n.store.Followed(ctx, community.CityActor, a.ID); err != nil || f.State != community.Asked {
		t.Errorf("%+v %v", f, err)
	}
	// A block ends it both ways.
	p.deliver(n, "anna", p.activity("anna", "Block", n.site.Actor(community.CityActor)))
	if c, _ := n.store.CountFollowers(ctx, community.CityActor); c != 0 {
		t.Errorf("%d followers after the block", c)
	}
	p.deliver(n, "anna", p.activity("anna", "Flag", []any{n.site.Actor(community.CityActor)}, "content", "rude"))
	if list, err := n.store.Reports(ctx, 0); err != nil || len(list) != 1 || list[0].Text != "rude" {
		t.Errorf("%+v %v", list, err)
	}
	// Goodbye: her address answers 410 by then, and nobody asks.
	p.delete("/users/anna")
	before := p.fetched("/users/anna")
	p.deliver(n, "anna", p.activity("anna", "Delete", p.uri("anna")))
	if a, err := n.store.Actor(ctx, p.uri("anna")); err != nil || a.Gone.IsZero() {
		t.Errorf("%+v %v", a, err)
	}
	if got := p.fetched("/users/anna"); got != before {
		t.Errorf("she was asked for %d times more", got-before)
	}
}

func TestOffersAndInvitations(t *testing.T) {
	n, p := startNode(t).run(), startPeer(t, "konfa")
	ctx := context.Background()
	p.put("/events/1", p.event("/events/1", "anna", "Offered"))
	p.put("/events/2", p.event("/events/2", "anna", "Invited"))
	p.put("/events/3", p.event("/events/3", "anna", "Added"))
	p.actor("group", map[string]any{"featured": p.uri("group") + "/featured"})
	p.deliver(n, "anna", p.activity("anna", "Invite", p.base+"/events/2", "target", n.site.Actor("people/anna")))
	n.followed(p, "group", community.CityActor)
	p.deliver(n, "group", p.activity("group", "Offer", p.base+"/events/1", "target", n.site.Actor(community.CityActor)))
	p.deliver(n, "group", p.activity("group", "Add", p.base+"/events/3", "target", p.uri("group")+"/featured"))
	p.deliver(n, "group", p.activity("group", "Remove", p.base+"/events/3", "target", p.uri("group")+"/featured"))
	for _, id := range []string{"/events/1", "/events/2", "/events/3"} {
		if _, err := n.store.ConferenceByURI(ctx, p.base+id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// TestPayloads: documents of real servers go through the whole of it and are
// done or refused with a reason, never a panic.
func TestPayloads(t *testing.T) {
	const root = "../../shared/data/payloads"
	if _, err := os.Stat(root); err != nil {
		t.Skip("no payloads here")
	}
	n := startNode(t, func(o *Options) {
		// Whatever must be fetched cannot be: every name leads to this machine.
		o.Fetch.Allow = nil
		o.Fetch.Lookup = func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		}
	})
	files := 0
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var doc struct{ Actor any }
		if json.Unmarshal(body, &doc) != nil {
			return nil
		}
		actor, _ := doc.Actor.(string)
		if fetch.Host(actor) == "" {
			return nil
		}
		files++
		if _, err := n.node.SaveActor(context.Background(), &community.Actor{URI: actor, Type: "Person", Handle: "x", Host: fetch.Host(actor), Inbox: actor + "/inbox", Fetched: n.now()}); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var doc struct{ Actor any }
		_ = json.Unmarshal(body, &doc)
		actor, _ := doc.Actor.(string)
		outcome, err := n.dispatchSafely(context.Background(), n.inbound.read(&storage.Received{URI: path, Actor: actor, Host: fetch.Host(actor), Body: body}))
		if err == nil && outcome == "" || err != nil && (reason(err) == "" || strings.Contains(err.Error(), "stumble")) {
			t.Errorf("%s: %q %v", path, outcome, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Errorf("only %d activities", files)
	}
}

func TestRemote(t *testing.T) {
	n, p := startNode(t), startPeer(t, "mastodon")
	ctx := context.Background()
	template, err := n.IntentTemplate(ctx, "@anna@"+p.host(), community.FollowIntent)
	if err != nil || template != p.base+"/authorize_interaction?uri={uri}" {
		t.Errorf("%q %v", template, err)
	}
	p.put("/.well-known/webfinger", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/jrd+json")
		fmt.Fprintf(w, `{"subject":"acct:eve@%s","links":[{"rel":"self","type":"application/activity+json","href":"%s"},
			{"rel":"http://ostatus.org/schema/1.0/subscribe","template":"https://phish.example/?uri={uri}"}]}`, p.host(), p.uri("anna"))
	}))
	if to, err := n.IntentTemplate(ctx, "@eve@"+p.host(), community.FollowIntent); community.CodeOf(err) != community.NotFound {
		t.Errorf("people are sent to %q (%v)", to, err)
	}
	p.delete("/.well-known/webfinger")
	for _, bad := range []string{"", "@anna", "@@x", "https://x"} {
		if _, err := n.IntentTemplate(ctx, bad, community.FollowIntent); community.CodeOf(err) != community.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
	a, err := n.FetchActor(ctx, "@anna@"+p.host())
	if err != nil || a.URI != p.uri("anna") {
		t.Errorf("%+v %v", a, err)
	}
	p.put("/n/1", map[string]any{"id": p.base + "/n/1", "type": "Note", "attributedTo": p.uri("anna"), "content": "hi"})
	if _, err := n.FetchConference(ctx, p.base+"/n/1"); community.CodeOf(err) != community.Invalid {
		t.Errorf("a note is no conference: %v", err)
	}
	if _, err := n.FetchConference(ctx, p.base+"/n/2"); community.CodeOf(err) != community.NotFound {
		t.Errorf("%v", err)
	}
	if b, err := n.Inspect(ctx, p.base+"/n/1"); err != nil || !strings.Contains(string(b), "Note") {
		t.Errorf("%s %v", b, err)
	}
	if b, err := n.Inspect(ctx, "@anna@"+p.host()); err != nil || !strings.Contains(string(b), "preferredUsername") {
		t.Errorf("%s %v", b, err)
	}
	if _, err := n.Follow(ctx, console, community.CityActor, n.site.Actor(community.CityActor)); err == nil {
		t.Error("the city follows itself")
	}
	block(t, n, p)
	if _, err := n.Follow(ctx, console, community.CityActor, "@bob@"+p.host()); community.CodeOf(err) != community.Forbidden {
		t.Errorf("follow of the blocked: %v", err)
	}
}
