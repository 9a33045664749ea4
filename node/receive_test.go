package node

import (
	"slices"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

const (
	bob   = "https://far.example/u/bob"
	eve   = "https://evil.example/u/eve"
	city  = "https://bg.example/city"
	pkt   = "https://pkt.example/city"
	event = "https://pkt.example/conf/beach"
)

func TestFollowIsAcceptedEachTime(t *testing.T) {
	w := newWorld(t)
	a := w.stranger(t, bob)
	for i := range 2 {
		if err := w.ReceiveFollow(t.Context(), a, "https://far.example/follow#1", city); err != nil {
			t.Fatal(err)
		}
		if got := w.queued(t); len(got) != i+1 || got[i] != "city Accept" {
			t.Fatalf("queued %q", got)
		}
	}
	if n, err := w.store.CountFollowers(t.Context(), community.CityActor); n != 1 || err != nil {
		t.Errorf("%d followers, %v", n, err)
	}
	list, err := w.store.Outbox(t.Context(), community.CityActor, 0, 10)
	if err != nil || len(list) != 0 {
		t.Errorf("answers are in the outbox: %v, %v", list, err)
	}
	// Another actor cannot undo it by its id; the follower can, twice.
	w.stranger(t, eve)
	e, _ := w.store.Actor(t.Context(), eve)
	wantCode(t, w.ReceiveUndoFollow(t.Context(), e, "https://far.example/follow#1", ""), community.Forbidden)
	for range 2 {
		if err := w.ReceiveUndoFollow(t.Context(), a, "", city); err != nil {
			t.Fatal(err)
		}
	}
	if n, _ := w.store.CountFollowers(t.Context(), community.CityActor); n != 0 {
		t.Errorf("%d followers", n)
	}
	wantCode(t, w.ReceiveFollow(t.Context(), a, "https://far.example/f2", "https://bg.example/people/nobody"), community.NotFound)
	wantCode(t, w.ReceiveFollow(t.Context(), a, "https://far.example/f2", "https://other.example/city"), community.Refused)
}

func TestServersAreToldWhatComes(t *testing.T) {
	w := newWorld(t)
	w.conf(t, nil)
	w.forget(t)
	relay := w.stranger(t, "https://mob.example/relay")
	if err := w.ReceiveFollow(t.Context(), relay, "https://mob.example/f", "https://bg.example/node"); err != nil {
		t.Fatal(err)
	}
	if got := w.queued(t); !slices.Equal(got, []string{"node Accept", "node Announce"}) {
		t.Errorf("queued %q", got)
	}
}

func TestOurFollow(t *testing.T) {
	w := newWorld(t)
	other := w.stranger(t, pkt)
	f, err := w.Follow(t.Context(), console, community.CityActor, other)
	if err != nil || f.State != community.Asked {
		t.Fatalf("%+v, %v", f, err)
	}
	e := w.stranger(t, eve)
	wantCode(t, w.ReceiveAccept(t.Context(), e, Answer{ObjectURI: f.URI}), community.Forbidden)
	wantCode(t, w.ReceiveAccept(t.Context(), e, Answer{ObjectURI: "https://bg.example/activities/none"}), community.NotFound)
	// Some servers answer with an id of their own making.
	if err := w.ReceiveAccept(t.Context(), other, Answer{ObjectURI: "x", ObjectType: "Follow", InnerActor: city, InnerObject: pkt}); err != nil {
		t.Fatal(err)
	}
	got, err := w.store.Followed(t.Context(), community.CityActor, other.ID)
	if err != nil || got.State != community.Accepted {
		t.Fatalf("%+v, %v", got, err)
	}
	if err := w.ReceiveReject(t.Context(), other, Answer{ObjectURI: f.URI}); err != nil {
		t.Fatal(err)
	}
	if got, _ = w.store.Followed(t.Context(), community.CityActor, other.ID); got.State != community.Rejected {
		t.Errorf("state %s", got.State)
	}
}

func (w *world) befriend(t *testing.T) *community.Actor {
	t.Helper()
	other := w.stranger(t, pkt)
	f, err := w.Follow(t.Context(), console, community.CityActor, other)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.ReceiveAccept(t.Context(), other, Answer{ObjectURI: f.URI}); err != nil {
		t.Fatal(err)
	}
	w.forget(t)
	return other
}

func (w *world) foreign() *community.Conference {
	start := w.now.Add(24 * time.Hour)
	c := &community.Conference{URI: event, Title: community.Plain("en", "On the beach"), Start: start, End: start.Add(time.Hour), Zone: "Asia/Bangkok",
		HTML: community.Plain("en", "<p>Sand</p>"), Published: w.now, Updated: w.now}
	c.Tidy()
	return c
}

func TestForeignConference(t *testing.T) {
	w := newWorld(t)
	stranger := w.stranger(t, bob)
	other := w.stranger(t, pkt)
	wantCode(t, w.ReceiveConference(t.Context(), other, w.foreign()), community.Refused)
	wantCode(t, w.ReceiveConference(t.Context(), stranger, w.foreign()), community.Forbidden)
	other = w.befriend(t)
	for range 2 {
		if err := w.ReceiveConference(t.Context(), other, w.foreign()); err != nil {
			t.Fatal(err)
		}
	}
	newer := w.foreign()
	newer.Title = community.Plain("en", "In the sea")
	newer.Updated = w.now.Add(time.Minute)
	if err := w.ReceiveConference(t.Context(), other, newer); err != nil {
		t.Fatal(err)
	}
	// An older one that comes late changes nothing.
	if err := w.ReceiveConference(t.Context(), other, w.foreign()); err != nil {
		t.Fatal(err)
	}
	c, err := w.store.ConferenceByURI(t.Context(), event)
	if err != nil || c.Title.First() != "In the sea" {
		t.Fatalf("%+v, %v", c, err)
	}
	mine := w.foreign()
	mine.URI = "https://bg.example/conf/mine"
	other.Host = "bg.example"
	wantCode(t, w.ReceiveConference(t.Context(), other, mine), community.Forbidden)
}

func TestAnnounceAndWithdraw(t *testing.T) {
	w := newWorld(t)
	other := w.befriend(t)
	if err := w.ReceiveConference(t.Context(), other, w.foreign()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		c, err := w.AnnounceConference(t.Context(), console, event)
		if err != nil || c.Announced.IsZero() {
			t.Fatalf("%+v, %v", c, err)
		}
	}
	if got := w.queued(t); !slices.Equal(got, []string{"city Announce", "node Announce"}) {
		t.Errorf("queued %q", got)
	}
	list, err := w.store.Conferences(t.Context(), storage.ConferenceQuery{Calendar: true})
	if err != nil || len(list) != 1 {
		t.Fatalf("the calendar has %d, %v", len(list), err)
	}
	w.forget(t)
	// The origin deletes it: our announcement goes, and it does not come back.
	if err := w.ReceiveDelete(t.Context(), other, event); err != nil {
		t.Fatal(err)
	}
	if got := w.queued(t); !slices.Equal(got, []string{"city Undo", "node Undo"}) {
		t.Errorf("queued %q", got)
	}
	wantCode(t, w.ReceiveConference(t.Context(), other, w.foreign()), community.Gone)
}

func TestJoinFromElsewhere(t *testing.T) {
	w := newWorld(t)
	c := w.conf(t, func(c *community.Conference) { c.Capacity = 1 })
	id := w.site.Conference(c.Slug)
	w.forget(t)
	first, second := w.stranger(t, bob), w.stranger(t, "https://far.example/u/carol")
	for range 2 { // said twice, counted once
		if err := w.ReceiveJoin(t.Context(), first, "https://far.example/j/1", id, "", 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.ReceiveJoin(t.Context(), second, "https://far.example/j/2", id, "", 0); err != nil {
		t.Fatal(err)
	}
	if got := w.queued(t); !slices.Equal(got, []string{"city Accept", "city Accept", "city TentativeAccept"}) {
		t.Errorf("queued %q", got)
	}
	w.forget(t)
	wantCode(t, w.ReceiveLeave(t.Context(), second, "", "https://far.example/j/1"), community.Forbidden)
	if err := w.ReceiveLeave(t.Context(), first, id, ""); err != nil {
		t.Fatal(err)
	}
	if got := w.queued(t); !slices.Equal(got, []string{"city Accept"}) {
		t.Errorf("the one who waited is not told: %q", got)
	}
	g, err := w.store.Guest(t.Context(), c.ID, storage.GuestKey{ActorID: second.ID})
	if err != nil || g.State != community.Going {
		t.Fatalf("%+v, %v", g, err)
	}
	w.forget(t)
	if _, err := w.CancelConference(t.Context(), console, c.Slug, ""); err != nil {
		t.Fatal(err)
	}
	w.forget(t)
	if err := w.ReceiveJoin(t.Context(), first, "https://far.example/j/3", id, "", 0); err != nil {
		t.Fatal(err)
	}
	if got := w.queued(t); !slices.Equal(got, []string{"city Reject"}) {
		t.Errorf("queued %q", got)
	}
}

func TestRestricted(t *testing.T) {
	w := newWorld(t)
	c := w.conf(t, func(c *community.Conference) { c.JoinMode = community.Restricted })
	id := w.site.Conference(c.Slug)
	w.forget(t)
	a := w.stranger(t, bob)
	if err := w.ReceiveJoin(t.Context(), a, "https://far.example/j/1", id, "please", 0); err != nil {
		t.Fatal(err)
	}
	if got := w.queued(t); len(got) != 0 {
		t.Errorf("queued %q", got)
	}
	g, err := w.store.Guest(t.Context(), c.ID, storage.GuestKey{ActorID: a.ID})
	if err != nil || g.State != community.Pending || g.Comment != "please" {
		t.Fatalf("%+v, %v", g, err)
	}
	yes, err := w.ApproveGuest(t.Context(), console, c.Slug, g.ID)
	if err != nil {
		t.Fatal(err)
	}
	wantState(t, yes, community.Going)
	no, err := w.DeclineGuest(t.Context(), console, c.Slug, g.ID)
	if err != nil {
		t.Fatal(err)
	}
	wantState(t, no, community.Declined)
	if got := w.queued(t); !slices.Equal(got, []string{"city Accept", "city Reject"}) {
		t.Errorf("queued %q", got)
	}
}

func TestOurMemberTravels(t *testing.T) {
	w := newWorld(t)
	other := w.befriend(t)
	if err := w.ReceiveConference(t.Context(), other, w.foreign()); err != nil {
		t.Fatal(err)
	}
	g, err := w.JoinElsewhere(t.Context(), console, "anna", event, community.Want{State: community.Going}, "")
	if err != nil {
		t.Fatal(err)
	}
	wantState(t, *g, community.Pending)
	// A moderator of the same server answers (Mobilizon); one of another cannot.
	e := w.stranger(t, eve)
	wantCode(t, w.ReceiveAccept(t.Context(), e, Answer{ObjectURI: g.JoinURI, ObjectType: "Join"}), community.Forbidden)
	mod := w.stranger(t, "https://pkt.example/people/mod")
	if err := w.ReceiveTentative(t.Context(), other, Answer{ObjectURI: g.JoinURI, ObjectType: "Join"}); err != nil {
		t.Fatal(err)
	}
	if err := w.ReceiveAccept(t.Context(), mod, Answer{ObjectURI: g.JoinURI, ObjectType: "Join"}); err != nil {
		t.Fatal(err)
	}
	got, err := w.store.GuestByJoin(t.Context(), g.JoinURI)
	if err != nil || got.State != community.Going {
		t.Fatalf("%+v, %v", got, err)
	}
	if err := w.LeaveElsewhere(t.Context(), console, "anna", event); err != nil {
		t.Fatal(err)
	}
	if got := w.queued(t); !slices.Equal(got, []string{"people/anna Join", "people/anna Leave"}) {
		t.Errorf("queued %q", got)
	}
}

func TestPostsFromElsewhere(t *testing.T) {
	w := newWorld(t)
	c := w.conf(t, nil)
	a := w.stranger(t, bob)
	note := func(text string, at time.Time) *community.Post {
		return &community.Post{URI: "https://far.example/n/1", HTML: community.Plain("en", text), ReplyTo: w.site.Conference(c.Slug),
			Visibility: community.Public, Published: w.now, Updated: at}
	}
	if err := w.ReceivePost(t.Context(), a, note("first", w.now), nil); err != nil {
		t.Fatal(err)
	}
	if err := w.ReceivePost(t.Context(), a, note("second", w.now.Add(time.Minute)), nil); err != nil {
		t.Fatal(err)
	}
	if err := w.ReceivePost(t.Context(), a, note("first", w.now), nil); err != nil {
		t.Fatal(err)
	}
	p, err := w.store.PostByURI(t.Context(), "https://far.example/n/1")
	if err != nil || p.HTML.First() != "second" || p.ConferenceID != c.ID {
		t.Fatalf("%+v, %v", p, err)
	}
	// Two changes within the second that times are sent in, and the first version
	// again as it was before anything had been changed.
	for _, next := range []*community.Post{note("third", w.now.Add(time.Minute)), note("first", time.Time{})} {
		if err := w.ReceivePost(t.Context(), a, next, nil); err != nil {
			t.Fatal(err)
		}
		if p, err := w.store.PostByURI(t.Context(), "https://far.example/n/1"); err != nil || p.HTML.First() != "third" {
			t.Errorf("after %s: %+v, %v", next.HTML.First(), p, err)
		}
	}
	// A server that never says when it changed something.
	for _, text := range []string{"as it was", "as it is"} {
		p := note(text, time.Time{})
		p.URI = "https://far.example/n/timeless"
		if err := w.ReceivePost(t.Context(), a, p, nil); err != nil {
			t.Fatal(err)
		}
	}
	if p, err := w.store.PostByURI(t.Context(), "https://far.example/n/timeless"); err != nil || p.HTML.First() != "as it is" {
		t.Errorf("%+v, %v", p, err)
	}
	mate := w.stranger(t, "https://far.example/u/mate")
	wantCode(t, w.ReceivePost(t.Context(), mate, note("stolen", w.now.Add(time.Hour)), nil), community.Forbidden)
	wantCode(t, w.ReceiveDelete(t.Context(), mate, p.URI), community.Forbidden)
	unrelated := note("spam", w.now)
	unrelated.URI, unrelated.ReplyTo = "https://far.example/n/2", ""
	wantCode(t, w.ReceivePost(t.Context(), a, unrelated, nil), community.Refused)
	if err := w.ReceivePost(t.Context(), a, unrelated, []string{city}); err != nil {
		t.Fatal(err)
	}
	if err := w.ReceiveDelete(t.Context(), a, p.URI); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.ReceivePost(t.Context(), a, note("first", w.now), nil), community.Gone)
}

func TestActorDeletedFreesTheSeat(t *testing.T) {
	w := newWorld(t)
	c := w.conf(t, func(c *community.Conference) { c.Capacity = 1 })
	a := w.stranger(t, bob)
	if err := w.ReceiveJoin(t.Context(), a, "https://far.example/j/1", w.site.Conference(c.Slug), "", 0); err != nil {
		t.Fatal(err)
	}
	g, err := w.Answer(t.Context(), c.Slug, storage.GuestKey{Email: "z@x.example"}, community.Want{State: community.Going}, "")
	if err != nil {
		t.Fatal(err)
	}
	wantState(t, g, community.Waitlisted)
	for range 2 {
		if err := w.ReceiveActorDelete(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	got, err := w.store.Guest(t.Context(), c.ID, storage.GuestKey{Email: "z@x.example"})
	if err != nil || got.State != community.Going {
		t.Fatalf("%+v, %v", got, err)
	}
}

func TestMoveNeedsBothSides(t *testing.T) {
	w := newWorld(t)
	other := w.befriend(t)
	target := &community.Actor{URI: "https://new.example/city", Type: "Group", Host: "new.example", Inbox: "https://new.example/inbox"}
	wantCode(t, w.ReceiveMove(t.Context(), other, target), community.Forbidden)
	target.AlsoKnownAs = []string{pkt}
	if err := w.ReceiveMove(t.Context(), other, target); err != nil {
		t.Fatal(err)
	}
	if got := w.queued(t); !slices.Equal(got, []string{"city Follow", "city Undo"}) {
		t.Errorf("queued %q", got)
	}
}

// Who liked, boosted or answered hears of changes without following.
func TestWhoTookPartIsTold(t *testing.T) {
	w := newWorld(t)
	c := w.conf(t, nil)
	p, err := w.AddPost(t.Context(), console, &community.Post{Text: community.Plain("en", "Hello")}, Publish{})
	if err != nil {
		t.Fatal(err)
	}
	a, b := w.stranger(t, bob), w.stranger(t, eve)
	for _, id := range []string{w.site.Conference(c.Slug), w.site.Post(p.Slug)} {
		if err := w.ReceiveReaction(t.Context(), a, community.Reaction{Kind: community.Announce, Object: id, URI: "https://far.example/a/" + id}); err != nil {
			t.Fatal(err)
		}
		answer := &community.Post{URI: "https://evil.example/n/" + id[len("https://bg.example/"):], HTML: community.Plain("en", "hm"), ReplyTo: id, Visibility: community.Public, Published: w.now, Updated: w.now}
		if err := w.ReceivePost(t.Context(), b, answer, nil); err != nil {
			t.Fatal(err)
		}
	}
	w.forget(t)
	if _, err := w.CancelConference(t.Context(), console, c.Slug, ""); err != nil {
		t.Fatal(err)
	}
	if err := w.DeletePost(t.Context(), console, p.Slug); err != nil {
		t.Fatal(err)
	}
	fans, err := w.store.Fanouts(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	want := []storage.Target{{Host: "evil.example", URL: "https://evil.example/inbox"}, {Host: "far.example", URL: "https://far.example/inbox"}}
	for i, f := range fans {
		if f.Audience.Followers[0] == community.CityActor && !slices.Equal(f.Audience.Inboxes, want) {
			t.Errorf("%d: %+v", i, f.Audience)
		}
	}
	if len(fans) != 3 { // the city's and the node's word of the conference, the city's of the post
		t.Errorf("%d fan-outs", len(fans))
	}
}

func TestReactions(t *testing.T) {
	w := newWorld(t)
	c := w.conf(t, nil)
	a := w.stranger(t, bob)
	r := community.Reaction{Kind: community.Like, Object: w.site.Conference(c.Slug), URI: "https://far.example/like/1"}
	for range 2 {
		if err := w.ReceiveReaction(t.Context(), a, r); err != nil {
			t.Fatal(err)
		}
	}
	counts, err := w.store.Reactions(t.Context(), r.Object)
	if err != nil || counts[community.Like] != 1 {
		t.Fatalf("%v, %v", counts, err)
	}
	for range 2 {
		if err := w.ReceiveUndoReaction(t.Context(), a, "unknown", community.Like, r.Object); err != nil {
			t.Fatal(err)
		}
	}
	if counts, _ = w.store.Reactions(t.Context(), r.Object); counts[community.Like] != 0 {
		t.Errorf("%v", counts)
	}
	r.Object = "https://other.example/1"
	wantCode(t, w.ReceiveReaction(t.Context(), a, r), community.Refused)
}

func TestBlocks(t *testing.T) {
	w := newWorld(t)
	a := w.stranger(t, bob)
	if err := w.ReceiveFollow(t.Context(), a, "https://far.example/f", city); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Follow(t.Context(), console, community.CityActor, a); err != nil {
		t.Fatal(err)
	}
	w.forget(t)
	if err := w.AddBlock(t.Context(), console, &community.Block{Domain: "FAR.example."}); err != nil {
		t.Fatal(err)
	}
	// Both sides of it are told, once, so that the other server does not show
	// follows that are no more.
	if err := w.AddBlock(t.Context(), console, &community.Block{Domain: "other.example"}); err != nil {
		t.Fatal(err)
	}
	if got := w.queued(t); !slices.Equal(got, []string{"city Undo", "city Reject"}) {
		t.Errorf("queued %q", got)
	}
	if list, err := w.store.FollowedList(t.Context(), storage.FollowQuery{Limit: 10}); err != nil || len(list) != 0 {
		t.Errorf("still following %v, %v", list, err)
	}
	if n, _ := w.store.CountFollowers(t.Context(), community.CityActor); n != 0 {
		t.Errorf("%d followers after the block", n)
	}
	_, err := w.Follow(t.Context(), console, community.CityActor, a)
	wantCode(t, err, community.Refused)
	wantCode(t, w.AddBlock(t.Context(), console, &community.Block{Domain: "bg.example"}), community.Refused)
	wantCode(t, w.AddBlock(t.Context(), console, &community.Block{Domain: "not a domain"}), community.Invalid)
	if err := w.RemoveBlock(t.Context(), console, "far.example", ""); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.RemoveBlock(t.Context(), console, "far.example", ""), community.NotFound)
}

func TestMembersAndTokens(t *testing.T) {
	w := newWorld(t)
	wantCode(t, w.SetRole(t.Context(), console, "anna", community.Newcomer), community.Conflict)
	if err := w.AddMember(t.Context(), console, &community.Member{Handle: "boris", Role: community.Steward}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.AddMember(t.Context(), console, &community.Member{Handle: "boris"}), community.Conflict)
	wantCode(t, w.AddMember(t.Context(), console, &community.Member{Handle: "belgrade"}), community.Conflict)
	wantCode(t, w.AddMember(t.Context(), console, &community.Member{Handle: "node"}), community.Invalid)
	secret, token, err := w.AddToken(t.Context(), console, "boris", "phone")
	if err != nil {
		t.Fatal(err)
	}
	by, err := w.Authenticate(t.Context(), secret)
	if err != nil || by.Member.Handle != "boris" {
		t.Fatalf("%+v, %v", by, err)
	}
	for _, bad := range []string{"", "konfa_", secret + "x", secret[1:]} {
		_, err := w.Authenticate(t.Context(), bad)
		wantCode(t, err, community.Forbidden)
	}
	wantCode(t, w.RevokeToken(t.Context(), console, "anna", token.ID), community.NotFound)
	if err := w.SuspendMember(t.Context(), console, "boris", true); err != nil {
		t.Fatal(err)
	}
	_, err = w.Authenticate(t.Context(), secret)
	wantCode(t, err, community.Forbidden)
	if err := w.SuspendMember(t.Context(), console, "boris", false); err != nil {
		t.Fatal(err)
	}
	if err := w.RevokeToken(t.Context(), console, "boris", token.ID); err != nil {
		t.Fatal(err)
	}
	_, err = w.Authenticate(t.Context(), secret)
	wantCode(t, err, community.Forbidden)
	if err := w.DeleteMember(t.Context(), console, "boris"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.AddMember(t.Context(), console, &community.Member{Handle: "boris"}), community.Conflict)
	_, err = w.ActorDocument(t.Context(), "people/boris")
	wantCode(t, err, community.Gone)
}

func TestAddressIsFixedOnceKnown(t *testing.T) {
	w := newWorld(t)
	c := w.conf(t, nil)
	p, err := w.AddPost(t.Context(), console, &community.Post{Text: community.Plain("en", "Hello")}, Publish{})
	if err != nil {
		t.Fatal(err)
	}
	moved := New(w.store, community.NewSite("https://elsewhere.example"), Options{Clock: w.clock})
	wantCode(t, moved.CheckBase(t.Context(), false), community.Conflict)
	if err := moved.CheckBase(t.Context(), true); err != nil {
		t.Fatal(err) // nobody knows us yet
	}
	if got := w.queued(t); len(got) != 0 {
		t.Errorf("what bears the old address is still to be sent: %q", got)
	}
	outbox, err := w.store.Outbox(t.Context(), community.CityActor, 0, 10)
	if err != nil || len(outbox) != 2 || outbox[0].Object != "https://elsewhere.example/posts/"+p.Slug || outbox[1].Object != "https://elsewhere.example/conf/"+c.Slug {
		t.Errorf("the outbox was not written anew: %+v, %v", outbox, err)
	}
	if err := w.CheckBase(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if err := w.ReceiveFollow(t.Context(), w.stranger(t, bob), "https://far.example/f", city); err != nil {
		t.Fatal(err)
	}
	wantCode(t, moved.CheckBase(t.Context(), true), community.Conflict)
}

func TestKeys(t *testing.T) {
	w := newWorld(t)
	before, err := w.ActorKeys(t.Context(), community.CityActor)
	if err != nil || before.RSA == nil || before.Ed25519 == nil {
		t.Fatalf("%+v, %v", before, err)
	}
	if _, err := w.FormerKey(t.Context(), community.CityActor, time.Time{}); community.CodeOf(err) != community.NotFound {
		t.Fatalf("a key was retired that is in use: %v", err)
	}
	w.pass(time.Hour)
	if err := w.RotateKeys(t.Context(), console, community.CityActor); err != nil {
		t.Fatal(err)
	}
	update, err := w.store.LastActivity(t.Context(), community.CityActor, "Update", w.site.Actor(community.CityActor))
	if err != nil {
		t.Fatal(err)
	}
	former, err := w.FormerKey(t.Context(), community.CityActor, update.Created)
	if err != nil {
		t.Fatal(err)
	}
	if der, err := publicDER(*former); err != nil || !slices.Equal(der, before.RSA) {
		t.Errorf("the Update is not signed with the key before: %v", err)
	}
	if k, err := w.FormerKey(t.Context(), community.CityActor, update.Created.Add(time.Microsecond)); community.CodeOf(err) != community.NotFound {
		t.Errorf("what was written later is signed with %v, %v", k, err)
	}
	after, err := w.ActorKeys(t.Context(), community.CityActor)
	if err != nil || slices.Equal(before.RSA, after.RSA) || slices.Equal(before.Ed25519, after.Ed25519) {
		t.Fatalf("the keys are the old ones, %v", err)
	}
	if got := w.queued(t); !slices.Equal(got, []string{"city Update"}) {
		t.Errorf("queued %q", got)
	}
	// Of two rotations the Update of the first is signed with the very first key.
	w.pass(time.Hour)
	if err := w.RotateKeys(t.Context(), console, community.CityActor); err != nil {
		t.Fatal(err)
	}
	if again, err := w.FormerKey(t.Context(), community.CityActor, update.Created); err != nil || again.ID != former.ID {
		t.Errorf("%v, %v", again, err)
	}
	wantCode(t, w.RotateKeys(t.Context(), console, "people/nobody"), community.NotFound)
}

// Gancio on SQLite gives the id of its latest event again once that is deleted:
// what was published after the deletion is another conference.
func TestIDsUsedAgain(t *testing.T) {
	w := newWorld(t)
	other := w.befriend(t)
	first := w.foreign()
	if err := w.ReceiveConference(t.Context(), other, first); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Hour)
	if err := w.ReceiveDelete(t.Context(), other, event); err != nil {
		t.Fatal(err)
	}
	// Of the first one no late word brings it back, and nothing of the future.
	wantCode(t, w.ReceiveConference(t.Context(), other, func() *community.Conference {
		c := *first
		c.ID, c.Updated = 0, w.now.Add(time.Minute)
		return &c
	}()), community.Gone)
	w.now = w.now.Add(time.Hour)
	second := w.foreign()
	second.Title = community.Plain("en", "On the roof")
	second.Published = w.now.Add(time.Hour)
	wantCode(t, w.ReceiveConference(t.Context(), other, second), community.Gone)
	second.Published = w.now
	for range 2 { // with its Update
		if err := w.ReceiveConference(t.Context(), other, second); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := w.store.ConferenceByURI(t.Context(), event); err != nil || got.Title.First() != "On the roof" {
		t.Fatal(got, err)
	}
	if err := w.ReceiveDelete(t.Context(), other, event); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.ReceiveConference(t.Context(), other, second), community.Gone)
}
