package node

import (
	"fmt"
	"strings"
	"testing"

	"konfa/community"
	"konfa/storage"
)

// The message that brings the address can be answered like the conference.
func TestSentAddressIsAnswered(t *testing.T) {
	w := newWorld(t)
	c := w.conf(t, nil)
	bob := w.stranger(t, "https://m.example/u/bob")
	w.must(t, w.PointTo(t.Context(), bob, w.Site().Conference(c.Slug), "en"))
	list, err := w.store.Posts(t.Context(), storage.PostQuery{Own: true, Kinds: []community.PostKind{community.MessagePost}, Limit: 1})
	w.must(t, err)
	p := w.reply(bob, "1", w.Site().Post(list[0].Slug), mentionCity+"going</p>")
	p.Visibility = community.Direct
	w.mustReply(t, bob, p)
	if g := w.guest(t, c, bob); g.State != community.Going {
		t.Errorf("%+v", g)
	}
}

func TestAddressIsSentOnce(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.conf(t, nil)
	id := w.Site().Conference(c.Slug)
	post, err := w.AddPost(ctx, console, &community.Post{Text: community.Plain("en", "Some *news* of the day")}, Publish{})
	w.must(t, err)
	bob := w.stranger(t, "https://m.example/u/bob")
	w.forget(t)
	told := func() string {
		t.Helper()
		list, err := w.store.Posts(ctx, storage.PostQuery{Own: true, Kinds: []community.PostKind{community.MessagePost}, Limit: 1})
		w.must(t, err)
		if len(list) == 0 {
			return ""
		}
		return list[0].Text.First()
	}
	w.must(t, w.PointTo(ctx, bob, id, "ru"))
	if text := told(); !strings.Contains(text, id) || !strings.Contains(text, "Evening of short talks") || !strings.Contains(text, "Откройте") {
		t.Errorf("bob was told %q", text)
	}
	if text := told(); !strings.Contains(text, "ответить на это сообщение") {
		t.Errorf("bob is not told that he may answer: %q", text)
	}
	if got := w.inboxes(t, "Create"); len(got) != 1 || got[0] != bob.Inbox {
		t.Errorf("it goes to %q", got)
	}
	wantCode(t, w.PointTo(ctx, bob, id, "en"), community.Refused)
	w.pass(1)
	w.must(t, w.PointTo(ctx, bob, w.Site().Post(post.Slug), "en"))
	if text := told(); !strings.Contains(text, "Some news of the day") {
		t.Errorf("bob was told %q", text)
	}
	w.must(t, w.PointTo(ctx, bob, w.Site().Actor(community.CityActor), "en"))
	w.must(t, w.PointTo(ctx, bob, w.Site().Actor(community.MemberActor("anna")), "en"))
	draft := w.conf(t, func(c *community.Conference) { c.Draft = true })
	for what, code := range map[string]community.Code{
		"https://evil.example/conf/x": community.Refused, w.Site().Base + "/about": community.Refused, w.Site().Conference("nothing"): community.NotFound,
		w.Site().Conference(draft.Slug): community.NotFound, w.Site().Actor(community.MemberActor("nobody")): community.NotFound,
	} {
		wantCode(t, w.PointTo(ctx, bob, what, "en"), code)
	}
	// Whoever asks in their name does not fill their inbox.
	more := w.conf(t, nil)
	wantCode(t, w.PointTo(ctx, bob, w.Site().Conference(more.Slug), "en"), community.Refused)
	eve := w.stranger(t, "https://evil.example/u/eve")
	w.must(t, w.AddBlock(ctx, console, &community.Block{Domain: "evil.example", Severity: community.Silence}))
	wantCode(t, w.PointTo(ctx, eve, id, "en"), community.Refused)
	group := w.stranger(t, "https://g.example/u/group")
	group.Type = "Group"
	wantCode(t, w.PointTo(ctx, group, id, "en"), community.Refused)
	sent := 4
	for i := range maxPointedADay {
		if err := w.PointTo(ctx, w.stranger(t, fmt.Sprint("https://m.example/u/", i)), id, "en"); err != nil {
			wantCode(t, err, community.Refused)
			break
		}
		sent++
	}
	if sent != maxPointedADay {
		t.Errorf("%d were written to in a day", sent)
	}
}
