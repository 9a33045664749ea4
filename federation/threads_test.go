package federation

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

// wrapped is what a group announced: the activity inside, and its object.
func wrapped(t *testing.T, announce map[string]any) (inner map[string]any, object any) {
	t.Helper()
	inner, ok := announce["object"].(map[string]any)
	if !ok {
		t.Fatalf("the announcement has %v inside", announce["object"])
	}
	return inner, inner["object"]
}

// idle waits until nothing is left to send.
func (n *testNode) idle() {
	n.t.Helper()
	eventually(n.t, "everything is sent", func() bool {
		f, err := n.store.Fanouts(context.Background(), 1)
		next, err2 := n.store.NextDue(context.Background())
		return err == nil && err2 == nil && len(f) == 0 && next.IsZero()
	})
}

// TestThreads: Lemmy gets each change of a conference as what the city
// announces, once and by an author it takes; others never see that form.
func TestThreads(t *testing.T) {
	n, lemmy, other := startNode(t).run(), startPeer(t, "lemmy"), startPeer(t, "mastodon")
	for _, p := range []*fakePeer{lemmy, other} {
		p.deliver(n, "anna", p.activity("anna", "Follow", n.site.Actor(community.CityActor)))
		eventually(t, "the follow is accepted", func() bool { return len(p.got("Accept")) == 1 })
	}
	ctx := context.Background()
	city, desk := n.site.Actor(community.CityActor), n.site.Actor(community.DeskActor)
	c := n.conference("Go meetup")
	n.idle()
	_, err := n.node.UpdateConference(ctx, node.By{Console: true}, c.Slug, func(c *community.Conference) error {
		c.Title = community.Plain("en", "Rust meetup")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	n.idle()
	p, err := n.node.AddPost(ctx, node.By{Console: true}, &community.Post{Text: community.Plain("en", "Hello everyone")}, node.Publish{})
	if err != nil {
		t.Fatal(err)
	}
	n.idle()
	if err := n.node.DeletePost(ctx, node.By{Console: true}, p.Slug); err != nil {
		t.Fatal(err)
	}
	if err := n.node.DeleteConference(ctx, node.By{Console: true}, c.Slug); err != nil {
		t.Fatal(err)
	}
	n.idle()

	got := lemmy.got("Announce")
	if len(got) != 5 || len(lemmy.inbox()) != 6 {
		t.Fatalf("Lemmy got %d announcements among %d posts", len(got), len(lemmy.inbox()))
	}
	types := map[string]int{}
	for _, a := range got {
		inner, object := wrapped(t, a)
		if a["actor"] != city || inner["actor"] != desk || inner["audience"] != city {
			t.Errorf("announced by %v, done by %v, in %v", a["actor"], inner["actor"], inner["audience"])
		}
		if _, has := inner["@context"]; has {
			t.Error("a context inside")
		}
		types[inner["type"].(string)]++
		if o, ok := object.(map[string]any); ok && (o["attributedTo"] != desk || o["audience"] != city) {
			t.Errorf("the object is by %v in %v", o["attributedTo"], o["audience"])
		}
		if inner["type"] == "Delete" {
			if _, ok := object.(string); !ok {
				t.Errorf("deletes %v", object)
			}
		}
	}
	if types["Create"] != 2 || types["Update"] != 1 || types["Delete"] != 2 {
		t.Errorf("announced %v", types)
	}
	// Mastodon gets the plain ones: two of the conference, its deletion, two of the post.
	if a := other.got("Announce"); len(a) != 0 || len(other.got("Create")) != 2 || len(other.got("Update")) != 1 || len(other.got("Delete")) != 2 {
		t.Errorf("Mastodon got %d announcements of %d", len(a), len(other.inbox()))
	}
}

// TestThreadsOnlyWhereNeeded: without such a follower nothing is written twice.
func TestThreadsOnlyWhereNeeded(t *testing.T) {
	n, other := startNode(t).run(), startPeer(t, "mastodon")
	other.deliver(n, "anna", other.activity("anna", "Follow", n.site.Actor(community.CityActor)))
	eventually(t, "the follow is accepted", func() bool { return len(other.got("Accept")) == 1 })
	n.idle()
	n.conference("First")
	n.idle() // what it runs is known from here on
	n.conference("Second")
	n.idle()
	out, err := n.store.Outbox(context.Background(), community.DeskActor, 0, 10)
	// The first, as an Event and as a Page, as it might have been needed.
	if err != nil || len(out) != 2 {
		t.Errorf("the desk wrote %d, %v", len(out), err)
	}
}

// TestDesk: the author is a Service that everyone can look up, and an address
// pasted into Lemmy's search gives the form that it takes.
func TestDesk(t *testing.T) {
	n := startNode(t).run()
	c := n.conference("Go meetup")
	if r, body := n.get("/desk", "Accept", "application/activity+json"); r.StatusCode != http.StatusOK || !contains(body, `"type":"Service"`, `"preferredUsername":"desk"`, `#main-key`) {
		t.Errorf("%d %s", r.StatusCode, body)
	}
	if r, body := n.get("/.well-known/webfinger?resource=acct:desk@" + n.site.Host()); r.StatusCode != http.StatusOK || !contains(body, n.site.Actor(community.DeskActor)) {
		t.Errorf("%d %s", r.StatusCode, body)
	}
	for agent, author := range map[string]community.LocalActor{
		"Lemmy/1.0.0; +https://l.example": community.DeskActor, "PieFed/1.0; +https://p.example": community.DeskActor,
		"Mastodon/4.5.0 (http.rb/5.3.1; +https://m.example/)": community.CityActor, "": community.CityActor,
	} {
		r, body := n.get("/conf/"+c.Slug, "Accept", "application/activity+json", "User-Agent", agent)
		if r.StatusCode != http.StatusOK || !contains(body, `"attributedTo":"`+n.site.Actor(author)+`"`) || !contains(r.Header.Get("Vary"), "User-Agent") {
			t.Errorf("%q: %d, Vary %q, %s", agent, r.StatusCode, r.Header.Get("Vary"), body)
		}
	}
	// A city from before there was a desk gets its keys when it is opened.
	ctx := context.Background()
	if err := n.store.Write(ctx, func(tx *storage.Tx) error { return tx.RetireKeys(ctx, community.DeskActor) }); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := n.node.Equip(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if keys, err := n.store.Keys(ctx, community.DeskActor); err != nil || len(keys) != 4 {
		t.Errorf("the desk has %d keys, %v", len(keys), err)
	}
}

func contains(s string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(s, p) {
			return false
		}
	}
	return true
}

// TestFormedPosts: a change is noted for Misskey, which takes no edits, Pixelfed
// gets a card, GoToSocial neither.
func TestFormedPosts(t *testing.T) {
	n := startNode(t).run()
	misskey, pixelfed, gts := startPeer(t, "misskey"), startPeer(t, "pixelfed"), startPeer(t, "gotosocial")
	for _, p := range []*fakePeer{misskey, pixelfed, gts} {
		p.deliver(n, "anna", p.activity("anna", "Follow", n.site.Actor(community.CityActor)))
		eventually(t, "the follow is accepted", func() bool { return len(p.got("Accept")) == 1 })
	}
	c := n.conference("Go meetup", func(c *community.Conference) {
		c.Cover = &community.Picture{URL: "https://pictures.example/1.jpg", MediaType: "image/jpeg", Alt: "People"}
	})
	n.idle()
	if _, err := n.node.CancelConference(context.Background(), node.By{Console: true}, c.Slug, ""); err != nil {
		t.Fatal(err)
	}
	n.idle()
	notes := func(p *fakePeer, typ string) (out []map[string]any) {
		for _, a := range p.got(typ) {
			if o, ok := a["object"].(map[string]any); ok && o["type"] == "Note" {
				out = append(out, o)
			}
		}
		return out
	}
	if got := notes(misskey, "Create"); len(got) != 1 || got[0]["inReplyTo"] != n.site.Conference(c.Slug) {
		t.Errorf("Misskey got %v", got)
	}
	if got := notes(pixelfed, "Create"); len(got) != 1 || got[0]["inReplyTo"] != nil || len(got[0]["attachment"].([]any)) != 1 {
		t.Errorf("Pixelfed got %v", got)
	}
	if got := notes(pixelfed, "Update"); len(got) != 1 {
		t.Errorf("Pixelfed got the card's changes %v", got)
	}
	if got := notes(gts, "Create"); len(got) != 0 || len(gts.got("Update")) != 1 {
		t.Errorf("GoToSocial got %v", got)
	}
}

// TestAnswersArePassedOn: what someone of Mastodon says below a conference
// reaches those on Lemmy, word for word, with its changes and its end; what
// waits for a steward only when it is shown.
func TestAnswersArePassedOn(t *testing.T) {
	n, lemmy, other := startNode(t).run(), startPeer(t, "lemmy"), startPeer(t, "mastodon")
	lemmy.deliver(n, "anna", lemmy.activity("anna", "Follow", n.site.Actor(community.CityActor)))
	eventually(t, "the follow is accepted", func() bool { return len(lemmy.got("Accept")) == 1 })
	open := n.conference("Open")
	held := n.conference("Moderated", func(c *community.Conference) { c.Replies = community.RepliesModerated })
	n.idle()
	base := len(lemmy.got("Announce"))
	say := func(typ, id, under, text string) map[string]any {
		note := map[string]any{"id": id, "type": "Note", "attributedTo": other.uri("anna"), "inReplyTo": n.site.Conference(under), "content": "<p>" + text + "</p>", "odd": 1.5,
			"to": []any{"https://www.w3.org/ns/activitystreams#Public"}, "published": "2026-11-22T12:00:00Z"}
		a := other.activity("anna", typ, note, "to", []any{"https://www.w3.org/ns/activitystreams#Public"})
		other.deliver(n, "anna", a)
		n.idle()
		return a
	}
	last := func(count int) map[string]any {
		t.Helper()
		got := lemmy.got("Announce")
		if len(got) != base+count {
			t.Fatalf("%d announcements, want %d", len(got)-base, count)
		}
		inner, _ := wrapped(t, got[len(got)-1])
		return inner
	}
	first := say("Create", other.base+"/n/1", open.Slug, "Is there tea?")
	inner := last(1)
	if inner["id"] != first["id"] || inner["actor"] != other.uri("anna") || inner["object"].(map[string]any)["odd"] != 1.5 {
		t.Errorf("passed on as %v", inner)
	}
	second := say("Create", other.base+"/n/2", held.Slug, "May I come?")
	last(1)
	p, err := n.store.PostByURI(context.Background(), other.base+"/n/2")
	if err != nil || p.State != community.Held {
		t.Fatal(p, err)
	}
	if _, err := n.node.ModerateReply(context.Background(), node.By{Console: true}, p.ID, node.ShowReply, false); err != nil {
		t.Fatal(err)
	}
	n.idle()
	if inner := last(2); inner["id"] != second["id"] {
		t.Errorf("shown as %v", inner)
	}
	end := other.activity("anna", "Delete", other.base+"/n/1")
	other.deliver(n, "anna", end)
	n.idle()
	if inner := last(3); inner["type"] != "Delete" || inner["id"] != end["id"] {
		t.Errorf("deleted as %v", inner)
	}
	if len(other.got("Announce")) != 0 {
		t.Error("Mastodon got that form")
	}
}

// TestFloodIsNotPassedOn: who says too much at once is heard here and not by all
// who know the city as a community; neither is a host full of such people.
func TestFloodIsNotPassedOn(t *testing.T) {
	n, lemmy, other := startNode(t), startPeer(t, "lemmy"), startPeer(t, "mastodon")
	n.passedRates = newRates(passedRate, 3, n.Server.clock)
	n.passedHosts = newRates(passedHostRate/1000, 5, n.Server.clock)
	n.run()
	lemmy.deliver(n, "anna", lemmy.activity("anna", "Follow", n.site.Actor(community.CityActor)))
	eventually(t, "the follow is accepted", func() bool { return len(lemmy.got("Accept")) == 1 })
	c := n.conference("Open")
	n.idle()
	base := len(lemmy.got("Announce"))
	say := func(who string, i int) string {
		id := fmt.Sprint(other.base, "/n/", who, i)
		note := map[string]any{"id": id, "type": "Note", "attributedTo": other.uri(who), "inReplyTo": n.site.Conference(c.Slug), "content": "<p>Tea?</p>",
			"to": []any{"https://www.w3.org/ns/activitystreams#Public"}, "published": "2026-11-22T12:00:00Z"}
		other.deliver(n, who, other.activity(who, "Create", note, "to", []any{"https://www.w3.org/ns/activitystreams#Public"}))
		if _, err := n.store.PostByURI(context.Background(), id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		return id
	}
	count := func(want int) {
		t.Helper()
		n.idle()
		if got := len(lemmy.got("Announce")) - base; got != want {
			t.Errorf("%d announcements, want %d", got, want)
		}
	}
	first := say("anna", 0)
	for i := range 4 {
		say("anna", i+1)
	}
	count(3)
	other.deliver(n, "anna", other.activity("anna", "Delete", first))
	count(4)
	for i := range 5 {
		say("bob", i)
	}
	count(6) // two of his, then his host has said enough
}

// TestPollBesideAConference: the poll of another city is not kept as something it
// said, wherever it comes from.
func TestPollBesideAConference(t *testing.T) {
	n, p := startNode(t).run(), startPeer(t, "konfa")
	n.followed(p, "anna", community.CityActor)
	event := p.event("/conf/1", "anna", "Tea")
	event["attributedTo"] = p.uri("anna")
	p.deliver(n, "anna", p.activity("anna", "Create", event))
	poll := map[string]any{"id": p.base + "/posts/1", "type": "Question", "attributedTo": p.uri("anna"), "inReplyTo": p.base + "/conf/1", "content": "<p>Who comes?</p>",
		"oneOf": []any{map[string]any{"type": "Note", "name": "I"}}, "to": []any{"https://www.w3.org/ns/activitystreams#Public"}}
	p.deliver(n, "anna", p.activity("anna", "Create", poll))
	posts, err := n.store.Posts(context.Background(), storage.PostQuery{})
	if err != nil || len(posts) != 0 {
		t.Errorf("%d posts, %v", len(posts), err)
	}
	poll["id"], poll["inReplyTo"] = p.base+"/posts/2", nil
	p.deliver(n, "anna", p.activity("anna", "Create", poll))
	if posts, err := n.store.Posts(context.Background(), storage.PostQuery{}); err != nil || len(posts) != 1 {
		t.Errorf("a question of its own: %d posts, %v", len(posts), err)
	}
}
