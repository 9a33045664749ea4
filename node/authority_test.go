package node

import (
	"slices"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

// mate lives on the server of bob and pkt's city respectively.
const (
	mate    = "https://far.example/u/mate"
	pktMate = "https://pkt.example/people/mate"
)

func reply(uri, to string, at time.Time) *community.Post {
	return &community.Post{URI: uri, HTML: community.Plain("en", "hi"), ReplyTo: to, Visibility: community.Public, Published: at, Updated: at}
}

// Who shares a server with someone cannot keep out what they will say, nor take
// out what they have; the application of the server can.
func TestDeletionOfWhatIsNotTheirs(t *testing.T) {
	w := newWorld(t)
	c := w.conf(t, nil)
	id := w.site.Conference(c.Slug)
	author, other := w.stranger(t, bob), w.stranger(t, mate)
	if err := w.ReceiveDelete(t.Context(), other, "https://far.example/n/1"); err != nil {
		t.Fatal(err)
	}
	if err := w.ReceivePost(t.Context(), author, reply("https://far.example/n/1", id, w.now), nil); err != nil {
		t.Errorf("a stranger of the same server kept a post out: %v", err)
	}
	// What its own author took back stays away, whichever came first.
	if err := w.ReceiveDelete(t.Context(), author, "https://far.example/n/2"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.ReceivePost(t.Context(), author, reply("https://far.example/n/2", id, w.now), nil), community.Gone)

	origin, lodger := w.befriend(t), w.stranger(t, pktMate)
	if err := w.ReceiveDelete(t.Context(), lodger, event); err != nil {
		t.Fatal(err)
	}
	if err := w.ReceiveConference(t.Context(), origin, w.foreign()); err != nil {
		t.Errorf("a stranger of the same server kept a conference out: %v", err)
	}
	wantCode(t, w.ReceiveDelete(t.Context(), lodger, event), community.Forbidden)
	app := w.stranger(t, "https://pkt.example/node")
	app.Type = "Application"
	if err := w.ReceiveDelete(t.Context(), app, event); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.ReceiveConference(t.Context(), origin, w.foreign()), community.Gone)
}

func TestNobodySpeaksForAnother(t *testing.T) {
	w := newWorld(t)
	boris, anna := &community.Member{Handle: "boris"}, &community.Member{}
	if err := w.AddMember(t.Context(), console, boris); err != nil {
		t.Fatal(err)
	}
	anna, err := w.store.Member(t.Context(), "anna")
	if err != nil || anna.Role != community.Steward {
		t.Fatalf("%+v, %v", anna, err)
	}
	steward := By{Member: anna}
	_, err = w.AddPost(t.Context(), steward, &community.Post{Author: "people/boris", Text: community.Plain("en", "I owe Anna money")}, Publish{})
	wantCode(t, err, community.Forbidden)
	p, err := w.AddPost(t.Context(), By{Member: boris}, &community.Post{Author: "people/boris", Text: community.Plain("en", "Hello")}, Publish{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.UpdatePost(t.Context(), steward, p.Slug, func(p *community.Post) error { p.Text = community.Plain("en", "Bye"); return nil })
	wantCode(t, err, community.Forbidden)
	if err := w.DeletePost(t.Context(), steward, p.Slug); err != nil {
		t.Errorf("a steward cannot keep order: %v", err)
	}
	_, err = w.AddPost(t.Context(), console, &community.Post{Author: "people/nobody", Text: community.Plain("en", "Boo")}, Publish{})
	wantCode(t, err, community.NotFound)
	_, err = w.AddPost(t.Context(), console, &community.Post{Author: community.NodeActor, Text: community.Plain("en", "Boo")}, Publish{})
	wantCode(t, err, community.Invalid)
}

// What followers saw in confidence does not become public by an edit, and what
// was public does not seem to be hidden while everyone has it.
func TestAudienceIsFixed(t *testing.T) {
	w := newWorld(t)
	p, err := w.AddPost(t.Context(), console, &community.Post{Text: community.Plain("en", "Between us"), Visibility: community.Followers}, Publish{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.UpdatePost(t.Context(), console, p.Slug, func(p *community.Post) error { p.Visibility = community.Public; return nil })
	wantCode(t, err, community.Conflict)
}

// Who was mentioned and is not any more has the old text, and gets the new one.
func TestFormerlyMentionedIsTold(t *testing.T) {
	w := newWorld(t)
	w.stranger(t, bob) // @x@far.example
	p, err := w.AddPost(t.Context(), console, &community.Post{Text: community.Plain("en", "Thanks to @x@far.example")}, Publish{})
	if err != nil || len(p.Mentions) != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	w.forget(t)
	if _, err := w.UpdatePost(t.Context(), console, p.Slug, func(p *community.Post) error { p.Text = community.Plain("en", "Thanks"); return nil }); err != nil {
		t.Fatal(err)
	}
	if got := w.inboxes(t, "Update"); !slices.Contains(got, "https://far.example/inbox") {
		t.Errorf("the Update goes to %q", got)
	}
}

func TestInvitationsAreForMembers(t *testing.T) {
	w := newWorld(t)
	other := w.stranger(t, pkt)
	for _, to := range []string{city, "https://bg.example/people/nobody", "https://else.example/u"} {
		wantCode(t, w.ReceiveInvite(t.Context(), other, "https://pkt.example/i", w.foreign(), []string{to}), community.Refused)
	}
	if err := w.ReceiveInvite(t.Context(), other, "https://pkt.example/i", w.foreign(), []string{"https://bg.example/people/anna"}); err != nil {
		t.Fatal(err)
	}
}

// An id of ours counts once, whatever is put behind it.
func TestReactionsToOneThingAreCountedTogether(t *testing.T) {
	w := newWorld(t)
	c := w.conf(t, nil)
	id := w.site.Conference(c.Slug)
	a := w.stranger(t, bob)
	for _, as := range []string{id, id + "/", id + "?utm_source=x", id + "#top"} {
		if err := w.ReceiveReaction(t.Context(), a, community.Reaction{Kind: community.Like, Object: as, URI: "https://far.example/like/" + as}); err != nil {
			t.Fatal(err)
		}
	}
	counts, err := w.store.Reactions(t.Context(), id)
	if err != nil || counts[community.Like] != 1 {
		t.Errorf("%v, %v", counts, err)
	}
	if err := w.ReceiveUndoReaction(t.Context(), a, "https://far.example/unknown", community.Like, id+"/"); err != nil {
		t.Fatal(err)
	}
	if counts, _ = w.store.Reactions(t.Context(), id); counts[community.Like] != 0 {
		t.Errorf("%v", counts)
	}
	wantCode(t, w.ReceiveReaction(t.Context(), a, community.Reaction{Kind: community.Emoji, Emoji: strings.Repeat("x", 5000), Object: id}), community.Refused)
	if err := w.ReceivePost(t.Context(), a, reply("https://far.example/n/1", id+"/", w.now), nil); err != nil {
		t.Fatal(err)
	}
	if n, err := w.store.CountPosts(t.Context(), storage.PostQuery{ReplyTo: id}); n != 1 || err != nil {
		t.Errorf("%d replies, %v", n, err)
	}
}

func TestAnswersToDraftsAreNotKept(t *testing.T) {
	w := newWorld(t)
	p, err := w.AddPost(t.Context(), console, &community.Post{Text: community.Plain("en", "Not yet"), Draft: true}, Publish{})
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.ReceivePost(t.Context(), w.stranger(t, bob), reply("https://far.example/n/1", w.site.Post(p.Slug), w.now), nil), community.Refused)
}

// A block takes back what was announced of the blocked; who did not want our
// follow at the old address is not asked at the new one.
func TestBlockTakesBackAnnouncements(t *testing.T) {
	for _, b := range []community.Block{{Domain: "pkt.example"}, {ActorURI: pkt}} {
		w := newWorld(t)
		other := w.befriend(t)
		if err := w.ReceiveConference(t.Context(), other, w.foreign()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.AnnounceConference(t.Context(), console, event); err != nil {
			t.Fatal(err)
		}
		w.forget(t)
		if n, err := w.ImportBlocks(t.Context(), console, []community.Block{{Domain: "spam.example"}, b}); err != nil || n != 2 {
			t.Fatalf("%d, %v", n, err)
		}
		if got := w.queued(t); !slices.Equal(got, []string{"city Undo", "city Undo", "node Undo"}) { // of the follow, and of both announcements
			t.Errorf("%+v: queued %q", b, got)
		}
		if n, err := w.store.CountFollowed(t.Context(), community.CityActor); n != 0 || err != nil {
			t.Errorf("%+v: still following %d, %v", b, n, err)
		}
		_, err := w.AnnounceConference(t.Context(), console, event)
		wantCode(t, err, community.Refused)
		_, err = w.JoinElsewhere(t.Context(), console, "anna", event, community.Want{State: community.Going}, "")
		wantCode(t, err, community.Refused)
	}
}

func TestRejectedFollowDoesNotMove(t *testing.T) {
	w := newWorld(t)
	other := w.befriend(t)
	f, err := w.store.Followed(t.Context(), community.CityActor, other.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.ReceiveReject(t.Context(), other, Answer{ObjectURI: f.URI}); err != nil {
		t.Fatal(err)
	}
	target := &community.Actor{URI: "https://new.example/city", Type: "Group", Host: "new.example", Inbox: "https://new.example/inbox", AlsoKnownAs: []string{pkt}}
	if err := w.ReceiveMove(t.Context(), other, target); err != nil {
		t.Fatal(err)
	}
	if got := w.queued(t); len(got) != 0 {
		t.Errorf("queued %q", got)
	}
}
