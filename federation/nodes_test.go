package federation

import (
	"context"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

// TestTwoCities: two nodes over TLS go through the whole circle.
func TestTwoCities(t *testing.T) {
	for _, authorized := range []bool{false, true} {
		name := "open"
		if authorized {
			name = "authorized fetch"
		}
		t.Run(name, func(t *testing.T) { twoCities(t, func(o *Options) { o.AuthorizedFetch = authorized }) })
	}
}

func twoCities(t *testing.T, change func(*Options)) {
	ctx := context.Background()
	a, b := startNode(t, change).run(), startNode(t, change).run()
	p := startPeer(t, "mastodon")

	// They follow each other: a by handle, b by address.
	follow := func(from, to *testNode, what string) {
		t.Helper()
		f, err := from.Follow(ctx, console, community.CityActor, what)
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "the follow is accepted", func() bool {
			f, err := from.store.FollowedByURI(ctx, f.URI)
			return err == nil && f.State == community.Accepted
		})
		if c, err := to.store.CountFollowers(ctx, community.CityActor); err != nil || c != 1 {
			t.Fatalf("%d followers (%v)", c, err)
		}
	}
	follow(a, b, "@belgrade@"+b.site.Host())
	follow(b, a, a.site.Actor(community.CityActor))

	// A conference travels, with its changes.
	c := a.conference("Go meetup", func(c *community.Conference) { c.Capacity = 10 })
	uri := a.site.Conference(c.Slug)
	there := func() *community.Conference {
		c, err := b.store.ConferenceByURI(ctx, uri)
		if err != nil {
			return &community.Conference{}
		}
		return c
	}
	eventually(t, "the conference arrives", func() bool { return there().Title.First() == "Go meetup" })
	if got := there(); !got.Start.Equal(c.Start.Truncate(time.Second)) || got.Zone != c.Zone || got.Venue == nil || got.Capacity != 10 {
		t.Errorf("it arrived as %+v", got)
	}
	a.update(c.Slug, "Go and Rust meetup")
	eventually(t, "the new title arrives", func() bool { return there().Title.First() == "Go and Rust meetup" })

	// A member of b comes to it.
	if _, err := b.node.JoinElsewhere(ctx, console, "anna", uri, community.Want{State: community.Going}, "see you"); err != nil {
		t.Fatal(err)
	}
	m, err := b.store.Member(ctx, "anna")
	if err != nil {
		t.Fatal(err)
	}
	guest := func() community.GuestState {
		g, err := b.store.Guest(ctx, there().ID, storage.GuestKey{MemberID: m.ID})
		if err != nil {
			return ""
		}
		return g.State
	}
	eventually(t, "the Join is accepted", func() bool { return guest() == community.Going })
	if got, err := a.store.Conference(ctx, c.Slug); err != nil || got.Seats.Going == 0 {
		t.Errorf("nobody comes: %+v %v", got.Seats, err)
	}
	if err := b.node.LeaveElsewhere(ctx, console, "anna", uri); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the seat is free", func() bool { got, err := a.store.Conference(ctx, c.Slug); return err == nil && got.Seats.Going == 0 })

	// b announces it to a follower of b's, who sees it there.
	b.follower(p, "anna", community.CityActor)
	if _, err := b.node.AnnounceConference(ctx, console, uri); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the follower of b hears of it", func() bool {
		for _, x := range p.got("Announce") {
			if x["object"] == uri && x["actor"] == b.site.Actor(community.CityActor) {
				return true
			}
		}
		return false
	})
	eventually(t, "a counts it", func() bool {
		r, err := a.store.Reactions(ctx, uri)
		return err == nil && r[community.Announce] >= 1
	})
	_, upcoming := b.get("/city/upcoming?page=1", "Accept", activityJSON)
	if !b.o.AuthorizedFetch && !strings.Contains(upcoming, uri) {
		t.Errorf("it is not in the calendar of b: %s", upcoming)
	}

	// It is cancelled, then deleted.
	if _, err := a.node.CancelConference(ctx, console, c.Slug, "the speaker is ill"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the cancellation arrives", func() bool { return there().Status == community.Cancelled })
	if err := a.node.DeleteConference(ctx, console, c.Slug); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the deletion arrives", func() bool {
		_, err := b.store.ConferenceByURI(ctx, uri)
		return community.CodeOf(err) == community.NotFound
	})

	// A post and its answer.
	post, err := a.node.AddPost(ctx, console, &community.Post{Title: community.Plain("en", "News"), Text: community.Plain("en", "We have a new room.")}, node.Publish{})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the post arrives", func() bool { _, err := b.store.PostByURI(ctx, a.site.Post(post.Slug)); return err == nil })
	reply, err := b.node.AddPost(ctx, console, &community.Post{Text: community.Plain("en", "Congratulations!"), ReplyTo: a.site.Post(post.Slug)}, node.Publish{})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the answer arrives", func() bool { _, err := a.store.PostByURI(ctx, b.site.Post(reply.Slug)); return err == nil })

	// They know each other's software by now, and sign cheaply.
	eventually(t, "the software is known", func() bool {
		peer, err := a.store.Peer(ctx, b.site.Host())
		return err == nil && peer.Software == "konfa" && peer.Application == b.site.Actor(community.NodeActor)
	})

	// Goodbye.
	if err := b.Unfollow(ctx, console, community.CityActor, "@belgrade@"+a.site.Host()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the follower is gone", func() bool { c, err := a.store.CountFollowers(ctx, community.CityActor); return err == nil && c == 0 })
	for _, n := range []*testNode{a, b} {
		if logs := n.logs.String(); strings.Contains(logs, "level=ERROR") || strings.Contains(logs, "msg=refused") {
			for line := range strings.Lines(logs) {
				if strings.Contains(line, "level=ERROR") || strings.Contains(line, "msg=refused") {
					t.Error(line)
				}
			}
		}
	}
}

// TestFollowTheServer: given a bare host, the Application actors follow, and the
// new follower is told what comes next.
func TestFollowTheServer(t *testing.T) {
	ctx := context.Background()
	a, b := startNode(t).run(), startNode(t).run()
	early := a.conference("Go meetup")
	if _, err := b.Follow(ctx, console, community.NodeActor, a.site.Host()); err != nil {
		t.Fatal(err)
	}
	late := a.conference("Rust meetup")
	for _, c := range []*community.Conference{early, late} {
		eventually(t, "the conference arrives", func() bool {
			got, err := b.store.ConferenceByURI(ctx, a.site.Conference(c.Slug))
			if err != nil {
				return false
			}
			origin, err := b.store.ActorByID(ctx, got.OriginID)
			return err == nil && origin.URI == a.site.Actor(community.CityActor)
		})
	}
}

// TestAfterAnOutage: what a peer published while we were away, and did not send
// again, is read from its outbox.
func TestAfterAnOutage(t *testing.T) {
	ctx := context.Background()
	n, p := startNode(t), startPeer(t, "mobilizon")
	n.run()
	n.follower(p, "group", community.CityActor)
	actor := n.followed(p, "group", community.CityActor)
	eventually(t, "the time is noted", func() bool { _, err := n.store.Meta(ctx, pulledAt); return err == nil })
	n.halt()
	p.put("/users/group/outbox", map[string]any{
		"id": actor.Outbox, "type": "OrderedCollection", "totalItems": 1, "first": map[string]any{
			"id": actor.Outbox + "?page=1", "type": "OrderedCollectionPage", "partOf": actor.Outbox,
			"orderedItems": []any{p.activity("group", "Create", p.event("/events/1", "anna", "Missed"))},
		},
	})
	n.clock.forward(5 * time.Hour)
	n.run()
	eventually(t, "it is read after our outage", func() bool { _, err := n.store.ConferenceByURI(ctx, p.base+"/events/1"); return err == nil })

	// And after theirs.
	p.answers(hangUp)
	n.conference("Go meetup")
	eventually(t, "they are away", func() bool { peer, err := n.store.Peer(ctx, p.host()); return err == nil && peer.Failures > 0 })
	p.put("/users/group/outbox", map[string]any{
		"id": actor.Outbox, "type": "OrderedCollection", "totalItems": 1,
		"orderedItems": []any{p.activity("group", "Create", p.event("/events/2", "anna", "Missed too"))},
	})
	n.clock.forward(2 * time.Hour)
	p.answers(nil)
	poke(n.laneWake)
	eventually(t, "it is read after their outage", func() bool { _, err := n.store.ConferenceByURI(ctx, p.base+"/events/2"); return err == nil })
}

// TestAfterARestart: who sends a thing but once is read again after the shortest
// absence, and only they.
func TestAfterARestart(t *testing.T) {
	ctx := context.Background()
	n, patient, once := startNode(t), startPeer(t, "mastodon"), startPeer(t, "gancio")
	n.run()
	for _, p := range []*fakePeer{patient, once} {
		n.follower(p, "group", community.CityActor)
		n.followed(p, "group", community.CityActor)
	}
	n.conference("Go meetup")
	for _, p := range []*fakePeer{patient, once} {
		eventually(t, p.software+" is known", func() bool {
			peer, err := n.store.PeerState(ctx, p.host())
			return err == nil && peer.Software == p.software
		})
	}
	eventually(t, "the time is noted", func() bool { _, err := n.store.Meta(ctx, pulledAt); return err == nil })
	n.halt()
	for _, p := range []*fakePeer{patient, once} {
		p.put("/users/group/outbox", map[string]any{
			"id": p.uri("group") + "/outbox", "type": "OrderedCollection", "totalItems": 1,
			"orderedItems": []any{p.activity("group", "Create", p.event("/events/1", "group", "Missed"))},
		})
	}
	before := patient.fetched("/users/group/outbox")
	n.clock.forward(time.Minute)
	n.run()
	eventually(t, "it is read after the restart", func() bool { _, err := n.store.ConferenceByURI(ctx, once.base+"/events/1"); return err == nil })
	// They are read in the order in which they were followed.
	if got := patient.fetched("/users/group/outbox"); got != before {
		t.Errorf("one who will try again was read %d times", got-before)
	}
}
