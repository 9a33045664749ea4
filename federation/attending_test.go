package federation

import (
	"context"
	"strings"
	"testing"

	"konfa/community"
	"konfa/storage"
)

// TestAttending is what Hubzilla 8.8 sends: it files the event under the id of
// the Create, and embeds it under that id.
func TestAttending(t *testing.T) {
	n, p := startNode(t).run(), startPeer(t, "hubzilla")
	ctx := context.Background()
	hanna := n.follower(p, "anna", community.CityActor)
	c := n.conference("Hub evening")
	uri := n.site.Conference(c.Slug)
	create, err := n.store.LastActivity(ctx, community.CityActor, "Create", uri)
	if err != nil {
		t.Fatal(err)
	}
	filed := n.site.Activity(create.UUID)
	event := func(id string) map[string]any {
		return map[string]any{"id": id, "type": "Event", "name": "Hub evening", "url": uri, "actor": n.site.Actor(community.CityActor)}
	}
	do := func(typ, id string, object any) string {
		return p.deliver(n, "anna", p.activity("anna", typ, object, "id", p.base+"/activity/"+id))
	}
	undo := func(typ, id string) string {
		return do("Undo", id+"#undo", map[string]any{"type": typ, "id": p.base + "/activity/" + id, "actor": p.uri("anna"), "object": filed})
	}
	want := func(step string, state community.GuestState, log string) {
		t.Helper()
		g, err := n.store.Guest(ctx, c.ID, storage.GuestKey{ActorID: hanna.ID})
		if err != nil || g.State != state {
			t.Fatalf("%s: %+v %v: %s", step, g, err, log)
		}
	}
	want("attend", community.Going, do("Accept", "1", event(filed)))
	want("undone", community.NotGoing, undo("Accept", "1"))
	want("perhaps", community.Maybe, do("TentativeAccept", "2", event(filed)))
	want("no", community.NotGoing, do("Reject", "3", event(filed)))
	want("the one before undone", community.NotGoing, undo("TentativeAccept", "2"))
	want("by its own id", community.Going, do("Accept", "4", uri))
	want("undone by the bare id", community.NotGoing, do("Undo", "4#undo", p.base+"/activity/4"))
	want("the no undone", community.NotGoing, undo("Reject", "3"))

	// Likes, boosts and answers name the Create as well.
	if log := do("Like", "5", event(filed)); strings.Contains(log, "refused") {
		t.Error(log)
	}
	if log := do("Announce", "6", filed); strings.Contains(log, "refused") {
		t.Error(log)
	}
	for _, kind := range []community.ReactionKind{community.Like, community.Announce} {
		if _, err := n.store.ReactionOf(ctx, uri, kind, hanna.ID); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	note := map[string]any{"id": p.base + "/item/7", "type": "Note", "attributedTo": p.uri("anna"), "content": "<p>How do I get there?</p>", "inReplyTo": filed,
		"to": []any{"https://www.w3.org/ns/activitystreams#Public"}, "published": "2026-11-22T10:00:00Z"}
	do("Create", "7", note)
	post, err := n.store.PostByURI(ctx, p.base+"/item/7")
	if err != nil || post.ReplyTo != uri || post.ConferenceID != c.ID {
		t.Errorf("%+v %v", post, err)
	}

	// What is no conference is an answer to something that we asked, or nothing.
	if log := do("Accept", "8", n.site.Activity("01a20478-4b1f-7130-bcd4-9075686e47cf")); !strings.Contains(log, "did not ask") {
		t.Error(log)
	}
}

// TestEventsOfHubzilla: they come as an Invite of everyone, and say neither for
// whom they are nor whose.
func TestEventsOfHubzilla(t *testing.T) {
	n, p := startNode(t).run(), startPeer(t, "hubzilla")
	ctx := context.Background()
	n.followed(p, "anna", community.CityActor)
	const everyone = "https://www.w3.org/ns/activitystreams#Public"
	send := func(name, typ, path, title string, to ...any) string {
		event := map[string]any{
			"type": "Event", "id": p.base + path, "name": title, "startTime": "2030-12-19T18:00:00Z", "endTime": "2030-12-19T20:00:00Z", "content": "Bring <strong>cake</strong>",
			"location": map[string]any{"type": "Place", "name": "Hall, Main street 1"}, "actor": "", "tag": []any{},
			"url":        []any{map[string]any{"mediaType": "text/calendar", "href": p.base + "/events/ical" + path}},
			"attachment": []any{map[string]any{"type": "Link", "mediaType": "text/calendar", "name": "event", "href": p.base + "/channel_calendar/ical" + path}},
		}
		a := p.activity(name, typ, event)
		a["to"], a["cc"] = to, []any{p.uri(name) + "/followers"}
		return p.deliver(n, name, a)
	}
	log := send("anna", "Invite", "/event/1", "Hub party", everyone)
	c, err := n.store.ConferenceByURI(ctx, p.base+"/event/1")
	if err != nil {
		t.Fatal(err, log)
	}
	if c.Title.First() != "Hub party" || c.URL != p.base+"/event/1" || c.Link != "" || c.JoinMode != community.External || c.ExternalURL == p.base+"/events/ical/event/1" {
		t.Errorf("%+v", c)
	}
	send("anna", "Update", "/event/1", "Hub party moved", everyone)
	if c, err = n.store.ConferenceByURI(ctx, p.base+"/event/1"); err != nil || c.Title.First() != "Hub party moved" {
		t.Errorf("%+v %v", c, err)
	}
	for _, tt := range []struct {
		name, path, to, want string
	}{
		{"bob", "/event/2", p.uri("bob") + "/followers", "invites nobody here"},
		{"anna", "/event/3", p.uri("anna") + "/followers", "invites nobody here"},
	} {
		if log := send(tt.name, "Invite", tt.path, "X", tt.to); !strings.Contains(log, tt.want) {
			t.Errorf("%s of %s: %s", tt.path, tt.name, log)
		}
	}
}
