package node

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

const newAnna = "https://new.example/u/anna"

// resident is the account that a member of ours has elsewhere.
func (w *world) resident(names ...string) *community.Actor {
	return &community.Actor{URI: newAnna, Type: "Person", Handle: "anna", Host: "new.example", Inbox: newAnna + "/inbox", AlsoKnownAs: names}
}

func (w *world) document(t *testing.T, a community.LocalActor) map[string]any {
	t.Helper()
	doc, err := w.ActorDocument(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(doc, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// Moving in: the account names the old one, and whoever followed that may follow
// it.
func TestMoveIn(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	old := w.stranger(t, bob)
	if err := w.AddAlias(ctx, console, "anna", old); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.AddAlias(ctx, console, "anna", old), community.Conflict)
	wantCode(t, w.AddAlias(ctx, console, "anna", &community.Actor{URI: w.site.Actor("people/anna")}), community.Refused)
	wantCode(t, w.AddAlias(ctx, By{}, "anna", old), community.Forbidden)
	if got := w.document(t, "people/anna")["alsoKnownAs"]; !slices.Equal(got.([]any), []any{bob}) {
		t.Errorf("alsoKnownAs is %v", got)
	}
	if got := w.queued(t); !slices.Equal(got, []string{"people/anna Update"}) {
		t.Errorf("sent %q", got)
	}
	// Followers of the old account come, from wherever.
	for _, uri := range []string{"https://a.example/u/1", "https://b.example/u/2"} {
		if err := w.ReceiveFollow(ctx, w.stranger(t, uri), uri+"#follow", w.site.Actor("people/anna")); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := w.store.CountFollowers(ctx, "people/anna"); err != nil || n != 2 {
		t.Errorf("%d followers, %v", n, err)
	}
	// The seat that she had as a guest from there is hers now.
	c := w.conf(t, nil)
	if err := w.ReceiveJoin(ctx, old, bob+"#join", w.site.Conference(c.Slug), "", 0); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.ReceiveMoveHere(ctx, w.stranger(t, eve), w.site.Actor("people/anna")), community.Forbidden)
	wantCode(t, w.ReceiveMoveHere(ctx, old, w.site.Actor(community.CityActor)), community.Refused)
	if err := w.ReceiveMoveHere(ctx, old, w.site.Actor("people/anna")); err != nil {
		t.Fatal(err)
	}
	guests, err := w.store.Guests(ctx, c.ID)
	if err != nil || len(guests) != 1 || guests[0].MemberID == 0 || guests[0].ActorID != 0 || guests[0].State != community.Going {
		t.Fatalf("%+v %v", guests, err)
	}
	if err := w.RemoveAlias(ctx, console, "anna", bob); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.RemoveAlias(ctx, console, "anna", bob), community.NotFound)
	if got := w.document(t, "people/anna")["alsoKnownAs"]; got != nil {
		t.Errorf("alsoKnownAs is %v", got)
	}
}

// Moving out, by Mastodon's rules.
func TestMoveOut(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	here := w.site.Actor("people/anna")
	origin := w.sister(t)
	wantCode(t, w.MoveAway(ctx, console, "anna", w.resident()), community.Refused)
	wantCode(t, w.MoveAway(ctx, console, "anna", w.resident(here)), community.Conflict) // the only steward
	if err := w.AddMember(ctx, console, &community.Member{Handle: "boris", Role: community.Steward}); err != nil {
		t.Fatal(err)
	}
	away := w.resident(here)
	away.MovedTo = "https://further.example/u/anna"
	wantCode(t, w.MoveAway(ctx, console, "anna", away), community.Refused)

	// She has a seat, waits for another, follows someone who has not answered,
	// and told a city that she comes.
	seat, waits := w.foreign(), w.foreign()
	seat.OriginID, waits.OriginID = origin.ID, origin.ID
	waits.URI, waits.UID = "https://pkt.example/conf/other", "other"
	for _, c := range []*community.Conference{seat, waits} {
		c.Start = w.now.AddDate(0, 0, 9)
		c.End = c.Start.Add(time.Hour)
		if _, err := w.StoreConference(ctx, c); err != nil {
			t.Fatal(err)
		}
		if _, err := w.JoinElsewhere(ctx, console, "anna", c.URI, community.Want{State: community.Going}, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.ReceiveAccept(ctx, origin, Answer{InnerActor: here, InnerObject: event, ObjectType: "Join"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Follow(ctx, console, "people/anna", w.stranger(t, bob)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Visit(ctx, console, "anna", origin, community.Stay{From: day("2027-03-03"), To: day("2027-03-17"), Visible: true}); err != nil {
		t.Fatal(err)
	}
	w.forget(t)
	if err := w.MoveAway(ctx, console, "anna", w.resident(here)); err != nil {
		t.Fatal(err)
	}
	if got := w.queued(t); !slices.Equal(got, []string{"people/anna Leave", "people/anna Undo", "people/anna Undo", "people/anna Update", "people/anna Move"}) {
		t.Fatalf("sent %q", got)
	}
	fans, err := w.store.Fanouts(ctx, 10)
	if err != nil {
		t.Fatal(err)
	}
	last := fans[len(fans)-1]
	if a := last.Audience; !slices.Equal(a.Followers, []community.LocalActor{"people/anna"}) || len(a.Inboxes) != 1 || a.Inboxes[0].Host != "pkt.example" {
		t.Errorf("the Move goes to %+v", last.Audience)
	}
	acts, err := w.store.ActivitiesByID(ctx, []int64{last.ActivityID})
	if err != nil {
		t.Fatal(err)
	}
	move := object(t, acts[last.ActivityID].JSON)
	if move["object"] != here || move["actor"] != here || move["target"] != newAnna {
		t.Errorf("%v", move)
	}
	if got := w.document(t, "people/anna")["movedTo"]; got != newAnna {
		t.Errorf("movedTo is %v", got)
	}

	// The account does nothing more.
	anna, err := w.store.Member(ctx, "anna")
	if err != nil {
		t.Fatal(err)
	}
	c := w.conf(t, nil)
	for name, try := range map[string]func(By) error{
		"join elsewhere": func(by By) error {
			_, err := w.JoinElsewhere(ctx, by, "anna", waits.URI, community.Want{State: community.Going}, "")
			return err
		},
		"answer": func(By) error {
			_, err := w.Answer(ctx, c.Slug, storage.GuestKey{MemberID: anna.ID}, community.Want{State: community.Going}, "")
			return err
		},
		"write": func(by By) error {
			_, err := w.AddPost(ctx, by, &community.Post{Author: "people/anna", Text: community.Plain("en", "Hello")}, Publish{})
			return err
		},
		"follow": func(by By) error { _, err := w.Follow(ctx, by, "people/anna", w.stranger(t, eve)); return err },
		"visit": func(by By) error {
			_, err := w.Visit(ctx, by, "anna", origin, community.Stay{From: day("2027-05-03"), To: day("2027-05-17")})
			return err
		},
	} {
		for _, by := range []By{console, {Member: anna}} {
			if err := try(by); community.CodeOf(err) != community.Forbidden {
				t.Errorf("%s by %q: %v", name, by.Name(), err)
			}
		}
	}
	_, err = w.AddConference(ctx, By{Member: anna}, &community.Conference{}, Publish{})
	wantCode(t, err, community.Forbidden)
	w.forget(t)
	if err := w.ReceiveFollow(ctx, w.stranger(t, eve), eve+"#f", here); err != nil {
		t.Fatal(err)
	}
	if got := w.queued(t); !slices.Equal(got, []string{"people/anna Reject"}) {
		t.Errorf("sent %q", got)
	}
	// What is hers can still be read.
	if _, err := w.MyConferences(ctx, By{Member: anna}, "anna", Always); err != nil {
		t.Error(err)
	}

	// Back, and away again not before 30 days.
	wantCode(t, w.MoveAway(ctx, console, "anna", w.resident(here)), community.Conflict)
	if err := w.CancelMove(ctx, By{Member: anna}, "anna"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.CancelMove(ctx, console, "anna"), community.Conflict)
	if got := w.document(t, "people/anna")["movedTo"]; got != nil {
		t.Errorf("movedTo is %v", got)
	}
	wantCode(t, w.MoveAway(ctx, console, "anna", w.resident(here)), community.Refused)
	w.pass(31 * 24 * time.Hour)
	if err := w.MoveAway(ctx, console, "anna", w.resident(here)); err != nil {
		t.Fatal(err)
	}
}

// Others who move: what they are to us goes along, when both accounts say so.
func TestOthersMove(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	c, full := w.conf(t, nil), w.conf(t, func(c *community.Conference) { c.Capacity = 1 })
	old, next := w.stranger(t, bob), w.stranger(t, "https://home.example/u/bob")
	third := w.stranger(t, eve)
	for _, x := range []struct {
		who *community.Actor
		c   *community.Conference
	}{{old, c}, {old, full}, {third, full}, {next, full}} {
		if err := w.ReceiveJoin(ctx, x.who, x.who.URI+"#join", w.site.Conference(x.c.Slug), "", 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.ReceiveTravel(ctx, old, Travel{URI: "https://far.example/t/1", Target: city, Start: day("2026-12-01"), End: day("2026-12-05")}); err != nil {
		t.Fatal(err)
	}
	if err := w.ReceiveFollow(ctx, old, bob+"#follow", city); err != nil {
		t.Fatal(err)
	}
	follow, err := w.Follow(ctx, console, "people/anna", old)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.ReceiveAccept(ctx, old, Answer{ObjectURI: follow.URI, ObjectType: "Follow"}); err != nil {
		t.Fatal(err)
	}
	if err := w.AddBlock(ctx, console, &community.Block{ActorURI: bob, Severity: community.Silence, Reason: "loud"}); err != nil {
		t.Fatal(err)
	}
	next.AlsoKnownAs = []string{bob}
	for range 2 {
		if err := w.ReceiveMove(ctx, old, next); err != nil {
			t.Fatal(err)
		}
		old, _ = w.store.Actor(ctx, bob)
	}
	if g, err := w.store.Guest(ctx, c.ID, storage.GuestKey{ActorID: next.ID}); err != nil || g.State != community.Going {
		t.Errorf("the seat: %+v %v", g, err)
	}
	// Where the new account had asked by itself that counts, and the old seat went
	// to whoever waited first.
	states := map[string]community.GuestState{}
	guests, err := w.store.Guests(ctx, full.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range guests {
		a, err := w.store.ActorByID(ctx, g.ActorID)
		if err != nil {
			t.Fatal(err)
		}
		states[a.URI] = g.State
	}
	if states[bob] != community.NotGoing || states[eve] != community.Going || states[next.URI] != community.Waitlisted {
		t.Errorf("%v", states)
	}
	if v, err := w.store.ArrivalByURI(ctx, "https://far.example/t/1"); err != nil || v.ActorID != next.ID {
		t.Errorf("the arrival: %+v %v", v, err)
	}
	if b, err := w.store.BlockOf(ctx, next.Host, next.URI); err != nil || b.Severity != community.Silence {
		t.Errorf("the block: %+v %v", b, err)
	}
	// A person follows from the new account by themselves; the old one may be used
	// again.
	if n, _ := w.store.CountFollowers(ctx, community.CityActor); n != 1 {
		t.Errorf("%d followers", n)
	}
	told := w.told(t)
	wantKinds(t, told, community.NoticeFollowMoved)
	if told[0].Args["From"] == "" || told[0].Args["To"] == "" {
		t.Errorf("%+v", told[0])
	}
	// Not again within a week.
	further := w.stranger(t, "https://further.example/u/bob")
	further.AlsoKnownAs = []string{bob}
	w.pass(6 * 24 * time.Hour)
	wantCode(t, w.ReceiveMove(ctx, old, further), community.Refused)
	w.pass(25 * time.Hour)
	if err := w.ReceiveMove(ctx, old, further); err != nil {
		t.Fatal(err)
	}
}

// A city that moves to another host is followed there, and follows from there.
func TestCityMovesHost(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	old := w.sister(t)
	if err := w.ReceiveFollow(ctx, old, pkt+"#follow", city); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Visit(ctx, console, "anna", old, community.Stay{From: day("2027-03-03"), To: day("2027-03-17")}); err != nil {
		t.Fatal(err)
	}
	w.forget(t)
	next := &community.Actor{URI: "https://phuket.example/city", Type: "Group", Host: "phuket.example", Inbox: "https://phuket.example/inbox", AlsoKnownAs: []string{pkt}}
	if err := w.ReceiveMove(ctx, old, next); err != nil {
		t.Fatal(err)
	}
	if got := w.queued(t); !slices.Equal(got, []string{"city Follow", "city Undo"}) {
		t.Errorf("sent %q", got)
	}
	followers, err := w.store.Followers(ctx, storage.FollowQuery{Local: community.CityActor})
	if err != nil || len(followers) != 1 || followers[0].Actor.URI != next.URI || followers[0].State != community.Accepted {
		t.Errorf("%+v %v", followers, err)
	}
	if stays, err := w.Stays(ctx, console, "anna"); err != nil || len(stays) != 1 || stays[0].Actor.URI != next.URI {
		t.Errorf("%+v %v", stays, err)
	}
}

// The seat that a member held by the account before is theirs here, when that
// account says that it moved and the conference's own server says so.
func TestAdoptSeat(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	origin := w.sister(t)
	here := w.site.Actor("people/anna")
	c := w.foreign()
	c.OriginID = origin.ID
	c.Start = w.now.AddDate(0, 0, 5)
	c.End = c.Start.Add(time.Hour)
	c, err := w.StoreConference(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	old := w.stranger(t, bob)
	a := Answer{ObjectURI: "https://far.example/joins/1", ObjectType: "Join", InnerActor: here, InnerObject: event}
	wantCode(t, w.AdoptSeat(ctx, origin, old, c, a, community.Going), community.Forbidden)
	if err := w.AddAlias(ctx, console, "anna", old); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.AdoptSeat(ctx, origin, old, c, a, community.Going), community.Forbidden)
	old.MovedTo = here
	wantCode(t, w.AdoptSeat(ctx, w.stranger(t, eve), old, c, a, community.Going), community.Forbidden)
	for range 2 {
		if err := w.AdoptSeat(ctx, origin, old, c, a, community.Going); err != nil {
			t.Fatal(err)
		}
	}
	list, err := w.MyConferences(ctx, console, "anna", Upcoming)
	if err != nil || len(list) != 1 || list[0].Guest.State != community.Going {
		t.Fatalf("%+v %v", list, err)
	}
	wantKinds(t, w.told(t), community.NoticeAccepted)
	// From now on it is like one that she asked for.
	if err := w.ReceiveReject(ctx, origin, a); err != nil {
		t.Fatal(err)
	}
	if g, err := w.store.GuestByJoin(ctx, a.ObjectURI); err != nil || g.State != community.Declined {
		t.Fatalf("%+v %v", g, err)
	}
}
