package node

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

func TestOfferOut(t *testing.T) {
	w := newWorld(t)
	phuket, almaty := w.sisterCity(t, "phuket.example", community.AnnounceNever), w.sisterCity(t, "almaty.example", community.AnnounceNever)
	c := w.conf(t, func(c *community.Conference) { c.Organisers = []community.Organiser{{Name: "Boris", Handle: "boris"}} })
	w.forget(t)
	boris := By{Member: &community.Member{Handle: "boris", Role: community.Newcomer}}
	carl := By{Member: &community.Member{Handle: "carl", Role: community.Newcomer}}
	_, err := w.OfferConference(t.Context(), carl, c.Slug, []string{"phuket.example"}, "")
	wantCode(t, err, community.Forbidden)
	made, err := w.OfferConference(t.Context(), boris, c.Slug, []string{"phuket.example", "@almaty@almaty.example", "phuket"}, "Come & <see>")
	if err != nil || len(made) != 2 || made[0].ActorID != phuket.ID || made[1].ActorID != almaty.ID || made[0].By != "boris" || made[0].Expires.Sub(w.now) != community.OfferLasts {
		t.Fatalf("%+v, %v", made, err)
	}
	docs := w.documents(t, "Offer")
	if len(docs) != 2 {
		t.Fatalf("queued %q", w.queued(t))
	}
	id := w.site.Conference(c.Slug)
	if d := docs[0]; d["id"] != made[0].URI || d["actor"] != "https://bg.example/city" || d["object"] != id || d["target"] != phuket.URI || fmt.Sprint(d["to"]) != "["+phuket.URI+"]" ||
		d["content"] != "<p>Come &amp; &lt;see&gt;</p>" {
		t.Errorf("the Offer is %v", d)
	}
	_, err = w.OfferConference(t.Context(), console, c.Slug, []string{"phuket.example"}, "")
	wantCode(t, err, community.Invalid)

	// Answers: by whom it was asked, in whatever way it is named.
	stranger := w.group(t, "spam.example")
	wantCode(t, w.ReceiveAccept(t.Context(), stranger, Answer{ObjectURI: made[0].URI, ObjectType: "Offer"}), community.Forbidden)
	state := func(i int) *community.Offer {
		t.Helper()
		o, err := w.store.Offer(t.Context(), made[i].ID)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	for range 2 {
		if err := w.ReceiveAccept(t.Context(), phuket, Answer{ObjectURI: made[0].URI}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.ReceiveReject(t.Context(), almaty, Answer{ObjectURI: "https://almaty.example/forgot", ObjectType: "Offer", InnerActor: "https://bg.example/city", InnerObject: id, Content: "Too far"}); err != nil {
		t.Fatal(err)
	}
	if state(0).State != community.OfferAccepted || state(1).State != community.OfferDeclined || state(1).Reason != "Too far" {
		t.Errorf("after the answers: %+v, %+v", state(0), state(1))
	}
	// A no is not for ever: offered again it is open, and an answer to the first
	// counts for it.
	again, err := w.OfferConference(t.Context(), console, c.Slug, []string{"almaty.example"}, "Please")
	if err != nil || again[0].ID != made[1].ID || !again[0].Open() || again[0].Reason != "" || again[0].URI == made[1].URI {
		t.Fatalf("again: %+v, %v", again, err)
	}
	// The boost says yes even if the answer is lost; its end says no.
	boost := community.Reaction{Kind: community.Announce, Object: id, URI: "https://almaty.example/a/1"}
	if err := w.ReceiveReaction(t.Context(), almaty, boost); err != nil {
		t.Fatal(err)
	}
	if state(1).State != community.OfferAccepted {
		t.Errorf("announced, and the offer is %s", state(1).State)
	}
	if err := w.ReceiveUndoReaction(t.Context(), almaty, boost.URI, community.Announce, id); err != nil {
		t.Fatal(err)
	}
	if state(1).State != community.OfferDeclined {
		t.Errorf("no longer announced, and the offer is %s", state(1).State)
	}

	// Taken back.
	w.forget(t)
	_, err = w.RevokeOffer(t.Context(), carl, made[0].ID)
	wantCode(t, err, community.Forbidden)
	if _, err := w.RevokeOffer(t.Context(), boris, made[0].ID); err != nil {
		t.Fatal(err)
	}
	undo := w.documents(t, "Undo")
	if len(undo) != 1 {
		t.Fatalf("queued %q", w.queued(t))
	}
	inner, _ := undo[0]["object"].(map[string]any)
	if inner["type"] != "Offer" || inner["id"] != made[0].URI || inner["object"] != id {
		t.Errorf("the Undo is %v", undo[0])
	}
	wantCode(t, w.ReceiveAccept(t.Context(), phuket, Answer{ObjectURI: made[0].URI}), community.Conflict)
	_, err = w.RevokeOffer(t.Context(), console, made[0].ID)
	wantCode(t, err, community.Conflict)
	_, err = w.AcceptOffer(t.Context(), console, made[0].ID)
	wantCode(t, err, community.Refused)
	_, err = w.DeclineOffer(t.Context(), console, made[0].ID, "")
	wantCode(t, err, community.Refused)

	// What is cancelled is not offered, and what was open ends with it.
	if _, err := w.OfferConference(t.Context(), console, c.Slug, []string{"almaty.example"}, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := w.CancelConference(t.Context(), console, c.Slug, ""); err != nil {
		t.Fatal(err)
	}
	if state(1).State != community.OfferRevoked {
		t.Errorf("cancelled, and the offer is %s", state(1).State)
	}
	_, err = w.OfferConference(t.Context(), console, c.Slug, []string{"almaty.example"}, "")
	wantCode(t, err, community.Refused)
	draft := w.conf(t, func(c *community.Conference) { c.Draft = true })
	_, err = w.OfferConference(t.Context(), console, draft.Slug, []string{"almaty.example"}, "")
	wantCode(t, err, community.Refused)
}

func TestFiveOffersAndNoMore(t *testing.T) {
	w := newWorld(t)
	var hosts []string
	for i := range 6 {
		host := fmt.Sprintf("c%d.example", i)
		w.sisterCity(t, host, community.AnnounceNever)
		hosts = append(hosts, host)
	}
	shy := w.group(t, "shy.example")
	if _, err := w.AddSister(t.Context(), console, shy, nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	c := w.conf(t, nil)
	w.forget(t)
	var e *community.Error
	_, err := w.OfferConference(t.Context(), console, c.Slug, append(slices.Clone(hosts), "shy.example", "atlantis.example"), "")
	if !errors.As(err, &e) || len(e.Fields) != 3 || e.Code != community.Invalid {
		t.Errorf("all that is wrong with it: %v", err)
	}
	_, err = w.OfferConference(t.Context(), console, c.Slug, nil, "")
	wantCode(t, err, community.Invalid)
	if got := w.queued(t); len(got) != 0 {
		t.Errorf("something was offered all the same: %q", got)
	}
	made, err := w.OfferConference(t.Context(), console, c.Slug, hosts[:5], "")
	if err != nil || len(made) != 5 {
		t.Fatalf("%+v, %v", made, err)
	}
	_, err = w.OfferConference(t.Context(), console, c.Slug, hosts[5:], "")
	wantCode(t, err, community.Invalid)
	// One that came to nothing makes room.
	if _, err := w.RevokeOffer(t.Context(), console, made[0].ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.OfferConference(t.Context(), console, c.Slug, hosts[5:], ""); err != nil {
		t.Fatal(err)
	}

	// Fourteen days later nobody waits any more; a late yes still counts.
	w.pass(community.OfferLasts - time.Minute)
	if n, err := w.ExpireOffers(t.Context()); err != nil || n != 0 {
		t.Errorf("too early: %d, %v", n, err)
	}
	w.pass(time.Minute)
	if n, err := w.ExpireOffers(t.Context()); err != nil || n != 5 {
		t.Errorf("lapsed: %d, %v", n, err)
	}
	if n, err := w.ExpireOffers(t.Context()); err != nil || n != 0 {
		t.Errorf("once more: %d, %v", n, err)
	}
	one, err := w.store.Actor(t.Context(), "https://c1.example/city")
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.ReceiveAccept(t.Context(), one, Answer{ObjectURI: made[1].URI}), community.Conflict) // it was two days from now, then

	late := w.conf(t, func(c *community.Conference) { c.Start, c.End = w.now.AddDate(0, 2, 0), w.now.AddDate(0, 2, 1) })
	made, err = w.OfferConference(t.Context(), console, late.Slug, []string{"c1.example"}, "")
	if err != nil {
		t.Fatal(err)
	}
	w.pass(community.OfferLasts)
	if n, err := w.ExpireOffers(t.Context()); err != nil || n != 1 {
		t.Errorf("lapsed: %d, %v", n, err)
	}
	if err := w.ReceiveAccept(t.Context(), one, Answer{ObjectURI: made[0].URI}); err != nil {
		t.Fatal(err)
	}
	if o, err := w.store.Offer(t.Context(), made[0].ID); err != nil || o.State != community.OfferAccepted {
		t.Errorf("a late yes: %+v, %v", o, err)
	}
	if err := w.DeleteConference(t.Context(), console, late.Slug); err != nil {
		t.Fatal(err)
	}
	if o, err := w.store.Offer(t.Context(), made[0].ID); err != nil || o.State != community.OfferRevoked {
		t.Errorf("after the end of the conference: %+v, %v", o, err)
	}
}

func TestOfferIn(t *testing.T) {
	w := newWorld(t)
	phuket := w.sisterCity(t, "phuket.example", community.AnnounceNever)
	offer := func(a *community.Actor, n int, c *community.Conference) error {
		return w.ReceiveOffer(t.Context(), a, fmt.Sprint("https://", a.Host, "/a/", n), "Please", c)
	}
	stranger := w.group(t, "spam.example")
	wantCode(t, offer(stranger, 1, w.theirs(stranger, "x", nil)), community.Refused)
	wantCode(t, offer(phuket, 1, w.theirs(stranger, "x", nil)), community.Forbidden)
	wantCode(t, offer(phuket, 1, w.theirs(phuket, "past", func(c *community.Conference) { c.Start, c.End = w.now.Add(-2*time.Hour), w.now.Add(-time.Hour) })), community.Refused)

	// That anna follows one of its people is no reason to listen to all of a server.
	bob := w.stranger(t, "https://big.example/users/bob")
	err := w.write(t.Context(), func(tx *storage.Tx) error {
		return tx.SaveFollowed(t.Context(), &community.Follow{Local: community.MemberActor("anna"), ActorID: bob.ID, URI: w.site.Activity("x"), State: community.Accepted, Created: tx.Now(), Updated: tx.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	big := w.group(t, "big.example")
	wantCode(t, offer(big, 1, w.theirs(big, "x", nil)), community.Refused)

	a := w.theirs(phuket, "a", nil)
	for range 2 {
		if err := offer(phuket, 1, w.theirs(phuket, "a", nil)); err != nil {
			t.Fatal(err)
		}
	}
	queue := w.queue(t)
	if len(queue) != 1 || queue[0].Kind != community.OfferIn || queue[0].Object != a.URI || queue[0].Note != "Please" || queue[0].ActorID != phuket.ID {
		t.Fatalf("%+v", queue)
	}
	if got := w.queued(t); len(got) != 0 {
		t.Errorf("something was sent: %q", got)
	}
	// No, with a reason; again; yes.
	if _, err := w.DeclineOffer(t.Context(), console, queue[0].ID, "Not <here>"); err != nil {
		t.Fatal(err)
	}
	docs := w.documents(t, "Reject")
	if len(docs) != 1 || docs[0]["content"] != "<p>Not &lt;here&gt;</p>" {
		t.Fatalf("the answer is %v", docs)
	}
	inner, _ := docs[0]["object"].(map[string]any)
	if inner["id"] != "https://phuket.example/a/1" || inner["type"] != "Offer" || inner["actor"] != phuket.URI || inner["object"] != a.URI {
		t.Errorf("it answers %v", inner)
	}
	_, err = w.DeclineOffer(t.Context(), console, queue[0].ID, "")
	wantCode(t, err, community.Conflict)
	w.forget(t)
	if err := offer(phuket, 2, w.theirs(phuket, "a", nil)); err != nil {
		t.Fatal(err)
	}
	if queue = w.queue(t); len(queue) != 1 {
		t.Fatalf("offered again: %+v", queue)
	}
	o, err := w.AcceptOffer(t.Context(), console, queue[0].ID)
	if err != nil || o.State != community.OfferAccepted {
		t.Fatalf("%+v, %v", o, err)
	}
	if got := w.queued(t); !slices.Equal(got, []string{"city Announce", "node Announce", "city Accept"}) {
		t.Errorf("queued %q", got)
	}
	w.forget(t)
	// Known and announced: yes at once, whether offered again or by hand.
	if err := offer(phuket, 3, w.theirs(phuket, "a", nil)); err != nil {
		t.Fatal(err)
	}
	b := w.receive(t, phuket, w.theirs(phuket, "b", nil))
	if _, err := w.AnnounceConference(t.Context(), console, b.URI); err != nil {
		t.Fatal(err)
	}
	if err := offer(phuket, 4, w.theirs(phuket, "b", nil)); err != nil {
		t.Fatal(err)
	}
	if got := w.queued(t); !slices.Equal(got, []string{"city Accept", "city Announce", "node Announce", "city Accept"}) {
		t.Errorf("queued %q", got)
	}
	w.forget(t)

	// She takes it back: withdrawn, and not by itself again.
	wantCode(t, w.ReceiveUndoOffer(t.Context(), stranger, "https://phuket.example/a/4", ""), community.Forbidden)
	for range 2 {
		if err := w.ReceiveUndoOffer(t.Context(), phuket, "https://phuket.example/a/4", ""); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.queued(t); !slices.Equal(got, []string{"city Undo", "node Undo"}) {
		t.Errorf("queued %q", got)
	}
	if c, err := w.store.ConferenceByURI(t.Context(), b.URI); err != nil || !c.Announced.IsZero() {
		t.Errorf("%+v, %v", c, err)
	}
	revoked, err := w.store.OfferByURI(t.Context(), community.OfferIn, "https://phuket.example/a/4")
	if err != nil || revoked.State != community.OfferRevoked {
		t.Fatalf("%+v, %v", revoked, err)
	}
	_, err = w.AcceptOffer(t.Context(), console, revoked.ID)
	wantCode(t, err, community.Conflict)
	if err := w.ReceiveUndoOffer(t.Context(), phuket, "https://phuket.example/a/99", "https://phuket.example/conf/never"); err != nil {
		t.Error(err)
	}
	w.forget(t)

	// Not too many at once.
	for i := range community.MaxOpenOffers {
		if err := offer(phuket, 100+i, w.theirs(phuket, fmt.Sprint("many-", i), nil)); err != nil {
			t.Fatal(err)
		}
	}
	err = offer(phuket, 999, w.theirs(phuket, "too-many", nil))
	wantCode(t, err, community.Refused)
	if !strings.Contains(err.Error(), "20 offers") {
		t.Error(err)
	}
	// Both lapse by their own clocks; a steward may still say yes after that.
	last := w.queue(t)[0]
	long := w.theirs(phuket, "many-19", func(c *community.Conference) {
		c.Start, c.End, c.Updated = w.now.AddDate(0, 3, 0), w.now.AddDate(0, 3, 1), w.now.Add(time.Hour)
	})
	w.receive(t, phuket, long)
	w.pass(community.OfferLasts)
	if n, err := w.ExpireOffers(t.Context()); err != nil || n != community.MaxOpenOffers {
		t.Errorf("lapsed: %d, %v", n, err)
	}
	if o, err := w.AcceptOffer(t.Context(), console, last.ID); err != nil || o.State != community.OfferAccepted {
		t.Errorf("late: %+v, %v", o, err)
	}
}

func TestAutoSistersOffersAreTaken(t *testing.T) {
	w := newWorld(t)
	phuket := w.sisterCity(t, "phuket.example", community.AnnounceAuto)
	if _, err := w.ChangeSister(t.Context(), console, phuket.URI, func(s *community.Sister) error { s.Tags = []string{"never"}; return nil }); err != nil {
		t.Fatal(err)
	}
	offer := func(n int) {
		t.Helper()
		if err := w.ReceiveOffer(t.Context(), phuket, fmt.Sprint("https://phuket.example/a/", n), "", w.theirs(phuket, "a", nil)); err != nil {
			t.Fatal(err)
		}
	}
	offer(1)
	if got := w.queued(t); !slices.Equal(got, []string{"city Announce", "node Announce", "city Accept"}) {
		t.Errorf("queued %q", got)
	}
	w.forget(t)
	if err := w.WithdrawConference(t.Context(), console, "https://phuket.example/conf/a"); err != nil {
		t.Fatal(err)
	}
	w.forget(t)
	offer(2)
	if got := w.queued(t); len(got) != 0 || len(w.queue(t)) != 1 {
		t.Errorf("what stewards withdrew: queued %q, waiting %+v", got, w.queue(t))
	}
}

// An approved sister's conference waits once, whether it came by itself or was
// offered.
func TestOfferAndProposalAreOne(t *testing.T) {
	w := newWorld(t)
	phuket := w.sisterCity(t, "phuket.example", community.AnnounceApprove)
	c := w.receive(t, phuket, w.theirs(phuket, "a", nil))
	if err := w.ReceiveOffer(t.Context(), phuket, "https://phuket.example/a/1", "", w.theirs(phuket, "a", nil)); err != nil {
		t.Fatal(err)
	}
	queue := w.queue(t)
	if len(queue) != 1 || queue[0].Kind != community.OfferIn {
		t.Fatalf("%+v", queue)
	}
	if _, err := w.AnnounceConference(t.Context(), console, c.URI); err != nil {
		t.Fatal(err)
	}
	if got := w.queued(t); len(w.queue(t)) != 0 || !slices.Contains(got, "city Accept") {
		t.Errorf("announced by hand: queued %q, waiting %+v", got, w.queue(t))
	}
}

// A sister city whose conferences are announced without asking does not flood us
// by her offers either.
func TestOffersOfARunawayWait(t *testing.T) {
	w := newWorld(t)
	phuket := w.sisterCity(t, "phuket.example", community.AnnounceAuto)
	w.pass(time.Minute)
	for i := range community.MaxAutoDaily + 3 {
		c := w.theirs(phuket, fmt.Sprint("wild-", i), nil)
		if err := w.ReceiveOffer(t.Context(), phuket, fmt.Sprint("https://phuket.example/o/", i), "", c); err != nil {
			t.Fatal(err)
		}
	}
	if said := len(w.documents(t, "Announce")); said != 2*community.MaxAutoDaily || len(w.queue(t)) != 3 {
		t.Errorf("%d announcements, %d wait", said, len(w.queue(t)))
	}
}

// An offer that comes after it was taken back counts for nothing, and one that is
// taken back late does not end the next one.
func TestOffersTakenBackInAnyOrder(t *testing.T) {
	w := newWorld(t)
	phuket := w.sisterCity(t, "phuket.example", community.AnnounceNever)
	c := w.theirs(phuket, "a", nil)
	w.must(t, w.ReceiveUndoOffer(t.Context(), phuket, "https://phuket.example/o/1", c.URI))
	wantCode(t, w.ReceiveOffer(t.Context(), phuket, "https://phuket.example/o/1", "", w.theirs(phuket, "a", nil)), community.Gone)
	w.must(t, w.ReceiveOffer(t.Context(), phuket, "https://phuket.example/o/2", "", w.theirs(phuket, "a", nil)))
	w.must(t, w.ReceiveUndoOffer(t.Context(), phuket, "https://phuket.example/o/0", c.URI))
	if queue := w.queue(t); len(queue) != 1 || queue[0].URI != "https://phuket.example/o/2" {
		t.Errorf("%+v", queue)
	}
}

// A city that is gone leaves no offers, and a person no messages.
func TestWhoIsGoneLeavesNothing(t *testing.T) {
	w := newWorld(t)
	phuket := w.sisterCity(t, "phuket.example", community.AnnounceNever)
	c := w.conf(t, nil)
	made, err := w.OfferConference(t.Context(), console, c.Slug, []string{"phuket.example"}, "")
	w.must(t, err)
	w.must(t, w.ReceiveActorDelete(t.Context(), phuket))
	if o, err := w.store.Offer(t.Context(), made[0].ID); err != nil || o.State != community.OfferRevoked {
		t.Errorf("%+v, %v", o, err)
	}
	a := w.stranger(t, bob)
	w.mustReply(t, a, w.reply(a, "1", w.site.Conference(c.Slug), "I'm coming"))
	if len(w.messages(t, a)) != 1 {
		t.Fatal("nothing was said")
	}
	w.must(t, w.ReceiveActorDelete(t.Context(), a))
	left, err := w.store.CountPosts(t.Context(), storage.PostQuery{Kinds: []community.PostKind{community.MessagePost}})
	if err != nil || left != 0 {
		t.Errorf("%d messages are left, %v", left, err)
	}
}
