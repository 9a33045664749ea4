package node

import (
	"slices"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

// said lists what is shown of a talk: depth and text of each.
func (w *world) said(t *testing.T, thread string) []string {
	t.Helper()
	list, err := w.store.Talk(t.Context(), storage.TalkQuery{Thread: thread})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range list {
		out = append(out, string(rune('0'+p.Depth()))+" "+strings.TrimSpace(p.HTML.First()))
	}
	return out
}

func wantSaid(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("the talk is %q, want %q", got, want)
	}
}

// answer receives what someone elsewhere says in answer to something.
func (w *world) hears(t *testing.T, from *community.Actor, name, to string, change func(*community.Post)) error {
	t.Helper()
	p := reply("https://"+from.Host+"/n/"+name, to, w.Now())
	p.HTML, p.Visibility = community.Plain("en", name), community.Public
	if change != nil {
		change(p)
	}
	w.pass(time.Second)
	return w.ReceivePost(t.Context(), from, p, nil)
}

func (w *world) must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) byURI(t *testing.T, uri string) *community.Post {
	t.Helper()
	p, err := w.store.PostByURI(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Answers, answers to answers by third servers, and ours among them are one
// talk in the order it is read.
func TestTalkIsThreaded(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.conf(t, nil)
	id := w.Site().Conference(c.Slug)
	bob, eve := w.stranger(t, "https://m.example/u/bob"), w.stranger(t, "https://third.example/u/eve")
	w.must(t, w.hears(t, bob, "first", id+"/", nil))
	w.must(t, w.hears(t, eve, "second", id, nil))
	w.must(t, w.hears(t, eve, "below", "https://m.example/n/first", nil))
	ours, err := w.AddPost(ctx, console, &community.Post{Text: community.Plain("en", "ours"), ReplyTo: "https://third.example/n/below"}, Publish{})
	w.must(t, err)
	w.pass(time.Second)
	w.must(t, w.hears(t, bob, "deep", w.Site().Post(ours.Slug), nil))
	wantSaid(t, w.said(t, id), "1 first", "2 below", "3 <p>ours</p>", "4 deep", "1 second")
	if ours.Thread != id || ours.ConferenceID != c.ID {
		t.Errorf("ours stands in %q of conference %d", ours.Thread, ours.ConferenceID)
	}
	if !slices.ContainsFunc(ours.Mentions, func(m community.Mention) bool { return m.URI == eve.URI }) {
		t.Errorf("whom ours answers is not named: %v", ours.Mentions)
	}
	// What is not for everyone stands nowhere.
	w.must(t, w.hears(t, eve, "secret", id, func(p *community.Post) { p.Visibility = community.Direct }))
	w.must(t, w.hears(t, eve, "friends", id, func(p *community.Post) { p.Visibility = community.Followers }))
	// An edit is taken over, a deletion too, and what answered it stays.
	w.must(t, w.hears(t, eve, "below", "https://m.example/n/first", func(p *community.Post) {
		p.HTML, p.Updated = community.Plain("en", "below, better"), w.Now().Add(time.Minute)
	}))
	wantSaid(t, w.said(t, id), "1 first", "2 below, better", "3 <p>ours</p>", "4 deep", "1 second")
	w.must(t, w.ReceiveDelete(ctx, eve, "https://third.example/n/below"))
	wantSaid(t, w.said(t, id), "1 first", "3 <p>ours</p>", "4 deep", "1 second")

	// A post of ours has its own talk.
	post, err := w.AddPost(ctx, console, &community.Post{Text: community.Plain("en", "news")}, Publish{})
	w.must(t, err)
	w.must(t, w.hears(t, bob, "to the post", w.Site().Post(post.Slug), nil))
	w.must(t, w.hears(t, eve, "below that", "https://m.example/n/to the post", nil))
	wantSaid(t, w.said(t, w.Site().Post(post.Slug)), "1 to the post", "2 below that")
	// What answers a notice or the poll below a conference stands where the
	// conference is answered.
	poll, err := w.AddPost(ctx, console, &community.Post{Text: community.Plain("en", "who comes?"), ReplyTo: id, Kind: community.NoticePost}, Publish{})
	w.must(t, err)
	w.must(t, w.hears(t, bob, "me", w.Site().Post(poll.Slug), nil))
	if got := w.said(t, id); got[len(got)-1] != "1 me" || slices.Contains(got, "1 <p>who comes?</p>") {
		t.Errorf("the talk is %q", got)
	}
}

func TestTalkIsModerated(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.conf(t, func(c *community.Conference) { c.Replies = community.RepliesModerated })
	id := w.Site().Conference(c.Slug)
	bob, eve, guest := w.stranger(t, "https://m.example/u/bob"), w.stranger(t, "https://evil.example/u/eve"), w.stranger(t, "https://g.example/u/gus")
	w.must(t, w.ReceiveJoin(ctx, guest, "https://g.example/j/1", id, "", 0))
	w.must(t, w.hears(t, guest, "guest", id, nil))
	w.must(t, w.hears(t, bob, "bob", id, nil))
	w.must(t, w.hears(t, eve, "eve", id, nil))
	member := &community.Member{Handle: "mia", Name: "Mia", Role: community.Regular}
	err := w.AddMember(ctx, console, member)
	w.must(t, err)
	mia := By{Member: member}
	_, err = w.AddPost(ctx, mia, &community.Post{Author: community.MemberActor("mia"), Text: community.Plain("en", "mia"), ReplyTo: id}, Publish{})
	w.must(t, err)
	wantSaid(t, w.said(t, id), "1 guest", "1 <p>mia</p>")

	held, err := w.store.Posts(ctx, storage.PostQuery{InTalk: true, States: []community.PostState{community.Held}})
	w.must(t, err)
	if len(held) != 2 {
		t.Fatalf("%d wait for a steward", len(held))
	}
	b, e := w.byURI(t, "https://m.example/n/bob"), w.byURI(t, "https://evil.example/n/eve")
	_, err = w.ModerateReply(ctx, mia, b.ID, ShowReply, false)
	wantCode(t, err, community.Forbidden)
	_, err = w.ModerateReply(ctx, console, b.ID, ShowReply, false)
	w.must(t, err)
	// Bob is known now; what was held of eve is hidden and she stays unknown.
	w.must(t, w.hears(t, bob, "bob again", "https://m.example/n/bob", nil))
	_, err = w.ModerateReply(ctx, console, e.ID, HideReply, false)
	w.must(t, err)
	w.must(t, w.hears(t, eve, "eve again", id, nil))
	wantSaid(t, w.said(t, id), "1 guest", "1 bob", "2 bob again", "1 <p>mia</p>")
	// An edit does not undo what a steward said.
	w.must(t, w.hears(t, eve, "eve", id, func(p *community.Post) { p.Updated = w.Now().Add(time.Minute) }))
	if s := w.byURI(t, e.URI).State; s != community.Hidden {
		t.Errorf("after an edit it is %q", s)
	}
	// Nor does what was said in private become public past the stewards.
	w.must(t, w.hears(t, eve, "whisper", id, func(p *community.Post) { p.Visibility = community.Direct }))
	w.must(t, w.hears(t, eve, "whisper", id, func(p *community.Post) { p.Updated = w.Now().Add(time.Minute) }))
	if s := w.byURI(t, "https://evil.example/n/whisper").State; s != community.Held {
		t.Errorf("a whisper that became loud is %q", s)
	}
	// What is deleted does not come back, with all below it.
	n, err := w.ModerateReply(ctx, console, b.ID, DeleteReply, true)
	if n != 2 || err != nil {
		t.Fatalf("%d were deleted: %v", n, err)
	}
	wantCode(t, w.hears(t, bob, "bob", id, nil), community.Gone)
	wantSaid(t, w.said(t, id), "1 guest", "1 <p>mia</p>")

	_, err = w.ModerateReply(ctx, console, e.ID, "praise", false)
	wantCode(t, err, community.Invalid)
	_, err = w.ModerateReply(ctx, console, 999, HideReply, false)
	wantCode(t, err, community.NotFound)
	own, err := w.store.Posts(ctx, storage.PostQuery{InTalk: true, Own: true})
	w.must(t, err)
	_, err = w.ModerateReply(ctx, console, own[0].ID, HideReply, false)
	wantCode(t, err, community.Conflict)
}

func TestTalkIsClosed(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.conf(t, func(c *community.Conference) { c.Replies = community.RepliesClosed })
	id := w.Site().Conference(c.Slug)
	bob := w.stranger(t, "https://m.example/u/bob")
	wantCode(t, w.hears(t, bob, "no", id, nil), community.Refused)
	w.must(t, w.hears(t, bob, "to you alone", id, func(p *community.Post) { p.Visibility = community.Direct }))
	member := &community.Member{Handle: "mia", Name: "Mia", Role: community.Regular}
	err := w.AddMember(ctx, console, member)
	w.must(t, err)
	_, err = w.AddPost(ctx, By{Member: member}, &community.Post{Author: community.MemberActor("mia"), Text: community.Plain("en", "mia"), ReplyTo: id}, Publish{})
	wantCode(t, err, community.Refused)
	_, err = w.AddPost(ctx, console, &community.Post{Text: community.Plain("en", "the city may"), ReplyTo: id}, Publish{})
	w.must(t, err)
	wantSaid(t, w.said(t, id), "1 <p>the city may</p>")
	// Where all may answer, what answers something hidden waits all the same.
	_, err = w.UpdateConference(ctx, console, c.Slug, func(c *community.Conference) error { c.Replies = community.RepliesOpen; return nil })
	w.must(t, err)
	w.must(t, w.hears(t, bob, "yes", id, nil))
	_, err = w.ModerateReply(ctx, console, w.byURI(t, "https://m.example/n/yes").ID, HideReply, true)
	w.must(t, err)
	w.must(t, w.hears(t, bob, "and more", "https://m.example/n/yes", nil))
	wantSaid(t, w.said(t, id), "1 <p>the city may</p>")
}

// What someone here answers is kept before, shown nowhere by that, and part of
// our talk only if it answers it.
func TestStorePost(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.conf(t, func(c *community.Conference) { c.Replies = community.RepliesModerated })
	id := w.Site().Conference(c.Slug)
	bob := w.stranger(t, "https://m.example/u/bob")
	post := func(name, to string) *community.Post {
		p := reply("https://m.example/n/"+name, to, w.Now())
		p.Visibility, p.HTML, p.Source = community.Public, community.Plain("en", name), []byte("{}")
		return p
	}
	for range 2 {
		w.must(t, w.StorePost(ctx, bob, post("lone", "")))
	}
	w.must(t, w.StorePost(ctx, bob, post("answer", id)))
	wantSaid(t, w.said(t, id))
	if s := w.byURI(t, "https://m.example/n/answer").State; s != community.Held {
		t.Errorf("an answer that was read is %q", s)
	}
	if list, err := w.store.Posts(ctx, storage.PostQuery{News: true}); len(list) != 0 || err != nil {
		t.Errorf("news: %v %v", list, err)
	}
	secret := post("secret", "")
	secret.Visibility = community.Followers
	wantCode(t, w.StorePost(ctx, bob, secret), community.Refused)
	forged := post("forged", "")
	forged.URI = "https://evil.example/n/1"
	wantCode(t, w.StorePost(ctx, bob, forged), community.Forbidden)
	ours, err := w.AddPost(ctx, console, &community.Post{Text: community.Plain("en", "yes"), ReplyTo: "https://m.example/n/lone"}, Publish{})
	w.must(t, err)
	if len(ours.Mentions) != 1 || ours.Mentions[0].URI != bob.URI || ours.Thread != "" {
		t.Errorf("our answer is %+v", ours)
	}
	if got := w.inboxes(t, "Create"); !slices.Contains(got, "https://m.example/inbox") {
		t.Errorf("it goes to %q", got)
	}
}
