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

// days is a stay that begins and ends so many days from now.
func (n *testNode) days(from, to int) community.Stay {
	now := n.clock.now()
	return community.Stay{From: now.AddDate(0, 0, from), To: now.AddDate(0, 0, to)}
}

// TestTravel: a member visits another city: its conferences are suggested, it
// hears of the visit if she wants, and forgets it when she does not.
func TestTravel(t *testing.T) {
	for _, authorized := range []bool{false, true} {
		change := func(o *Options) { o.AuthorizedFetch = authorized }
		ctx := context.Background()
		home, away := startNode(t, change).run(), startNode(t, change).run()
		near := away.conference("Go meetup") // in ten days
		away.conference("Much later", func(c *community.Conference) {
			c.Start, c.End = c.Start.AddDate(0, 2, 0), c.End.AddDate(0, 2, 0)
		})
		stay := home.days(9, 12)
		stay.Visible = true
		s, err := home.Visit(ctx, console, "anna", away.site.Host(), stay)
		if err != nil {
			t.Fatal(err)
		}
		if s.Actor.URI != away.site.Actor(community.CityActor) {
			t.Errorf("she visits %s", s.Actor.URI)
		}
		arrivals := func() []community.Arrival {
			list, err := away.node.Arrivals(ctx, console)
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		eventually(t, "the city hears of it", func() bool { return len(arrivals()) == 1 })
		if a := arrivals()[0]; a.Actor.URI != home.site.Actor("people/anna") || a.Home != home.site.Actor(community.CityActor) || !a.From.Equal(s.From) || !a.To.Equal(s.To) {
			t.Errorf("%+v", a)
		}
		suggested := func() []node.Suggestion {
			list, err := home.node.Suggestions(ctx, console, "anna")
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		home.readStays(ctx, ctx)
		eventually(t, "its conferences are suggested", func() bool { return len(suggested()) == 1 })
		if got := suggested()[0].Conference; got.URI != away.site.Conference(near.Slug) {
			t.Errorf("suggested %s", got.URI)
		}
		// Nobody follows: a change is read the next day, and so is the end.
		away.update(near.Slug, "Go and Rust meetup")
		home.clock.forward(25 * time.Hour)
		away.clock.forward(25 * time.Hour)
		home.readStays(ctx, ctx)
		if got := suggested(); len(got) != 1 || got[0].Conference.Title.First() != "Go and Rust meetup" {
			t.Errorf("%+v", got)
		}
		if err := away.node.DeleteConference(ctx, console, near.Slug); err != nil {
			t.Fatal(err)
		}
		home.clock.forward(25 * time.Hour)
		away.clock.forward(25 * time.Hour)
		home.readStays(ctx, ctx)
		if got := suggested(); len(got) != 0 {
			t.Errorf("%+v", got)
		}
		if err := home.node.EndStay(ctx, console, "anna", s.ID); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the city forgets it", func() bool { return len(arrivals()) == 0 })
	}
}

// TestTravelIsForKonfaAlone: no other software is told where anybody travels,
// also when what it is was not known before.
func TestTravelIsForKonfaAlone(t *testing.T) {
	for _, software := range []string{"mobilizon", "mastodon", "gathio", ""} {
		ctx := context.Background()
		n, p := startNode(t).run(), startPeer(t, software)
		p.put("/users/group/outbox", map[string]any{"id": p.uri("group") + "/outbox", "type": "OrderedCollection", "orderedItems": []any{
			p.activity("group", "Create", p.event("/events/1", "anna", "In winter")),
		}})
		stay := community.Stay{From: time.Date(2030, 11, 28, 0, 0, 0, 0, time.UTC), To: time.Date(2030, 12, 3, 0, 0, 0, 0, time.UTC), Visible: true}
		n.clock.forward(time.Until(time.Date(2030, 11, 1, 0, 0, 0, 0, time.UTC)))
		s, err := n.Visit(ctx, console, "anna", p.uri("group"), stay)
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "the delivery is judged", func() bool {
			counts, err := n.store.Fanouts(ctx, 1)
			due, errDue := n.store.Peers(ctx)
			if err != nil || errDue != nil || len(counts) > 0 {
				return false
			}
			for _, peer := range due {
				if peer.Waiting > 0 {
					return false
				}
			}
			return true
		})
		if err := n.node.EndStay(ctx, console, "anna", s.ID); err != nil {
			t.Fatal(err)
		}
		// What comes after it arrives, so that it would have.
		if _, err := n.Follow(ctx, console, community.CityActor, p.uri("group")); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the Follow arrives", func() bool { return len(p.got("Follow")) == 1 })
		if got := append(p.got("Travel"), p.got("Undo")...); len(got) != 0 {
			t.Errorf("%q was told %v", software, got)
		}
	}
}

// TestStayAtAnotherMake: a city without a calendar of its own is read from what
// it published.
func TestStayAtAnotherMake(t *testing.T) {
	ctx := context.Background()
	n, p := startNode(t).run(), startPeer(t, "mobilizon")
	n.clock.forward(time.Until(time.Date(2030, 11, 1, 0, 0, 0, 0, time.UTC)))
	foreign := startPeer(t, "mobilizon")
	p.put("/users/group/outbox", map[string]any{"id": p.uri("group") + "/outbox", "type": "OrderedCollection", "orderedItems": []any{
		p.activity("group", "Create", p.event("/events/1", "anna", "In winter")),
		p.activity("group", "Announce", foreign.base+"/events/2"),
		p.activity("group", "Create", map[string]any{"type": "Note", "id": p.base + "/notes/1"}),
	}})
	foreign.put("/events/2", foreign.event("/events/2", "anna", "Of others"))
	s, err := n.Visit(ctx, console, "anna", p.uri("group"), community.Stay{From: time.Date(2030, 11, 28, 0, 0, 0, 0, time.UTC), To: time.Date(2030, 12, 3, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	if taken, err := n.readStay(ctx, s); err != nil || taken != 1 {
		t.Fatalf("%d %v", taken, err)
	}
	list, err := n.node.Suggestions(ctx, console, "anna")
	if err != nil || len(list) != 1 || list[0].Conference.Title.First() != "In winter" {
		t.Fatalf("%+v %v", list, err)
	}
	if foreign.fetched("/events/2") != 0 {
		t.Error("another server was asked on the word of the city")
	}
}

// TestJoinedIsReadAgain: who goes somewhere hears of a change that never arrived.
func TestJoinedIsReadAgain(t *testing.T) {
	ctx := context.Background()
	n, p := startNode(t).run(), startPeer(t, "mobilizon")
	n.clock.forward(time.Until(time.Date(2030, 11, 10, 0, 0, 0, 0, time.UTC)))
	p.put("/events/1", p.event("/events/1", "anna", "Go meetup"))
	c, err := n.FetchConference(ctx, p.base+"/events/1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.node.JoinElsewhere(ctx, console, "anna", c.URI, community.Want{State: community.Going}, ""); err != nil {
		t.Fatal(err)
	}
	later := p.event("/events/1", "anna", "Go meetup")
	later["startTime"], later["endTime"], later["updated"] = "2030-12-02T19:00:00+01:00", "2030-12-02T21:00:00+01:00", "2026-11-02T10:00:00Z"
	p.put("/events/1", later)
	if _, err := n.refresh(ctx); err != nil {
		t.Fatal(err)
	}
	told := func() []community.Notice {
		list, _, _, err := n.node.Notices(ctx, console, "anna", 10, 0)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if list := told(); len(list) != 1 || list[0].Kind != community.NoticeChanged {
		t.Fatalf("%+v", list)
	}
	p.delete("/events/1")
	n.clock.forward(25 * time.Hour)
	if _, err := n.refresh(ctx); err != nil {
		t.Fatal(err)
	}
	if list := told(); len(list) != 2 || list[0].Kind != community.NoticeDeleted {
		t.Fatalf("%+v", list)
	}
}

// TestMoveBetweenCities: a member moves to another node of ours: followers go
// along, and so does her seat in a third city.
func TestMoveBetweenCities(t *testing.T) {
	ctx := context.Background()
	from, to, third := startNode(t).run(), startNode(t).run(), startNode(t).run()
	old, fresh := from.site.Actor("people/anna"), to.site.Actor("people/anna")
	if err := from.node.AddMember(ctx, console, &community.Member{Handle: "boris", Role: community.Steward}); err != nil {
		t.Fatal(err)
	}
	if _, err := from.MoveAway(ctx, console, "anna", fresh); community.CodeOf(err) != community.Refused {
		t.Fatalf("moving where nobody expects her: %v", err)
	}
	if _, err := to.AddAlias(ctx, console, "anna", "@nobody@"+from.site.Host()); err == nil {
		t.Error("an account that is not there was named")
	}
	if a, err := to.AddAlias(ctx, console, "anna", "@anna@"+from.site.Host()); err != nil || a.URI != old {
		t.Fatalf("%+v %v", a, err)
	}
	// Someone in the third city follows her, and she has a seat there.
	f, err := third.Follow(ctx, console, "people/anna", old)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the follow is accepted", func() bool {
		f, err := third.store.FollowedByURI(ctx, f.URI)
		return err == nil && f.State == community.Accepted
	})
	c := third.conference("Go meetup")
	uri := third.site.Conference(c.Slug)
	if _, err := from.FetchConference(ctx, uri); err != nil {
		t.Fatal(err)
	}
	if _, err := from.node.JoinElsewhere(ctx, console, "anna", uri, community.Want{State: community.Going}, ""); err != nil {
		t.Fatal(err)
	}
	eventually(t, "she has a seat", func() bool {
		list, err := from.node.MyConferences(ctx, console, "anna", node.Upcoming)
		return err == nil && len(list) == 1 && list[0].Guest.State == community.Going
	})
	if _, err := from.MoveAway(ctx, console, "anna", "@anna@"+to.site.Host()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "her follower follows the new account", func() bool {
		list, err := third.store.FollowedList(ctx, storage.FollowQuery{Local: "people/anna"})
		return err == nil && len(list) == 1 && list[0].Actor.URI == fresh && list[0].State == community.Accepted
	})
	eventually(t, "her seat is that of the new account", func() bool {
		list, err := third.store.Guests(ctx, c.ID)
		if err != nil || len(list) != 1 || list[0].State != community.Going {
			return false
		}
		a, err := third.store.ActorByID(ctx, list[0].ActorID)
		return err == nil && a.URI == fresh
	})
	eventually(t, "she has it at home, too", func() bool {
		list, err := to.node.MyConferences(ctx, console, "anna", node.Upcoming)
		return err == nil && len(list) == 1 && list[0].Conference.URI == uri && list[0].Guest.State == community.Going
	})
	eventually(t, "the old account has no follower", func() bool { n, err := from.store.CountFollowers(ctx, "people/anna"); return err == nil && n == 0 })
	if _, doc := from.get("/people/anna", "Accept", activityJSON); !strings.Contains(doc, `"movedTo":"`+fresh+`"`) {
		t.Errorf("the old account says %s", doc)
	}
	if err := to.RemoveAlias(ctx, console, "anna", "@anna@"+from.site.Host()); err != nil {
		t.Fatal(err)
	}
	// And from there she can leave it.
	if err := to.node.LeaveElsewhere(ctx, console, "anna", uri); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the seat is free", func() bool {
		got, err := third.store.Conference(ctx, c.Slug)
		return err == nil && got.Seats.Going == 0
	})
}

// TestNobodyIsGivenASeat: a server cannot put conferences among those of a member
// who did not ask, also by the name of an account that the member had.
func TestNobodyIsGivenASeat(t *testing.T) {
	ctx := context.Background()
	n, p, home := startNode(t).run(), startPeer(t, "konfa"), startPeer(t, "mastodon")
	p.put("/events/1", p.event("/events/1", "anna", "Come and buy"))
	if _, err := n.AddAlias(ctx, console, "anna", home.uri("anna")); err != nil {
		t.Fatal(err)
	}
	here := n.site.Actor("people/anna")
	for _, join := range []string{home.base + "/joins/1", p.base + "/joins/1"} {
		for _, typ := range []string{"Accept", "TentativeAccept"} {
			inner := map[string]any{"type": "Join", "id": join, "actor": here, "object": p.base + "/events/1"}
			if got := p.deliver(n, "group", p.activity("group", typ, inner)); !strings.Contains(got, "refused") {
				t.Errorf("%s of %s: %s", typ, join, got)
			}
		}
	}
	if p.fetched("/events/1") != 0 {
		t.Error("the conference was fetched")
	}
	// Only once the old account says that it moved here.
	home.actor("anna", map[string]any{"movedTo": here})
	inner := map[string]any{"type": "Join", "id": home.base + "/joins/1", "actor": here, "object": p.base + "/events/1"}
	p.deliver(n, "group", p.activity("group", "TentativeAccept", inner))
	list, err := n.node.MyConferences(ctx, console, "anna", node.Always)
	if err != nil || len(list) != 1 || list[0].Guest.State != community.Waitlisted {
		t.Fatalf("%+v %v", list, err)
	}
	if err := n.node.AdoptSeat(ctx, &community.Actor{URI: home.uri("bob"), Host: home.host()}, &community.Actor{}, &list[0].Conference, node.Answer{InnerActor: here, InnerObject: list[0].Conference.URI}, community.Going); community.CodeOf(err) != community.Forbidden {
		t.Errorf("another server gave a seat: %v", err)
	}
}

// TestMoveChecksTheName: an account whose name leads elsewhere is nobody's to
// move to.
func TestMoveChecksTheName(t *testing.T) {
	ctx := context.Background()
	n, p := startNode(t), startPeer(t, "mastodon")
	if err := n.node.AddMember(ctx, console, &community.Member{Handle: "boris", Role: community.Steward}); err != nil {
		t.Fatal(err)
	}
	here := n.site.Actor("people/anna")
	p.actor("anna", map[string]any{"alsoKnownAs": []any{here}, "preferredUsername": "bob"})
	if _, err := n.MoveAway(ctx, console, "anna", p.uri("anna")); community.CodeOf(err) != community.Refused || !strings.Contains(err.Error(), "does not lead") {
		t.Errorf("%v", err)
	}
	if _, err := n.MoveAway(ctx, console, "anna", p.uri("group")); community.CodeOf(err) != community.Refused {
		t.Errorf("%v", err)
	}
	// Read afresh: what was stored a moment ago does not count.
	p.actor("anna", map[string]any{"alsoKnownAs": here})
	if _, err := n.MoveAway(ctx, console, "anna", "@anna@"+p.host()); err != nil {
		t.Fatal(err)
	}
}

// TestMoveHere: Mastodon moves an account to a member of ours, whose followers
// come, one Follow after the other.
func TestMoveHere(t *testing.T) {
	ctx := context.Background()
	n, p := startNode(t).run(), startPeer(t, "mastodon")
	if _, err := n.AddAlias(ctx, console, "anna", "@anna@"+p.host()); err != nil {
		t.Fatal(err)
	}
	here := n.site.Actor("people/anna")
	if _, doc := n.get("/people/anna", "Accept", activityJSON); !strings.Contains(doc, `"alsoKnownAs":["`+p.uri("anna")+`"]`) {
		t.Errorf("%s", doc)
	}
	for _, name := range []string{"bob", "group"} {
		p.deliver(n, name, p.activity(name, "Follow", here))
	}
	eventually(t, "both are accepted", func() bool { return len(p.got("Accept")) == 2 })
	if count, err := n.store.CountFollowers(ctx, "people/anna"); err != nil || count != 2 {
		t.Errorf("%d followers, %v", count, err)
	}
	if got := p.deliver(n, "bob", p.activity("bob", "Move", p.uri("bob"), "target", here)); !strings.Contains(got, "refused") {
		t.Errorf("someone else moved here: %s", got)
	}
	if got := p.deliver(n, "anna", p.activity("anna", "Move", p.uri("anna"), "target", here)); strings.Contains(got, "refused") {
		t.Errorf("%s", got)
	}
}
