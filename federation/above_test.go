package federation

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"konfa/community"
	"konfa/storage"
)

// What stands between an answer and our conference is read where it lives, and
// only so far as it leads to us.
func TestWhatIsAnsweredIsRead(t *testing.T) {
	n, p, third := startNode(t).run(), startPeer(t, "mastodon"), startPeer(t, "misskey")
	ctx := context.Background()
	c := n.conference("Go meetup")
	id, city := n.site.Conference(c.Slug), n.site.Actor(community.CityActor)
	note := func(of *fakePeer, path, above string, to ...any) map[string]any {
		if to == nil {
			to = []any{public}
		}
		doc := map[string]any{"id": of.base + path, "type": "Note", "attributedTo": of.uri("anna"), "content": "<p>" + path + "</p>", "inReplyTo": above,
			"to": to, "published": "2026-11-01T10:00:00Z"}
		of.put(path, doc)
		return doc
	}
	said := func(want int) string {
		t.Helper()
		list, err := n.store.Talk(ctx, storage.TalkQuery{Thread: id})
		if err != nil || len(list) != want {
			t.Errorf("the talk has %d, want %d (%v)", len(list), want, err)
		}
		var out []string
		for _, post := range list {
			out = append(out, fmt.Sprint(post.Depth(), " ", post.URI))
		}
		return strings.Join(out, "\n")
	}
	// answer comes to us since it names the city, as Mastodon does for everyone in a thread.
	answer := func(path, above string) map[string]any {
		doc := note(p, path, above, public, city)
		doc["tag"] = []any{map[string]any{"type": "Mention", "href": city, "name": "@belgrade"}}
		return doc
	}
	note(third, "/n/1", id)
	note(p, "/n/2", third.base+"/n/1")
	note(third, "/n/3", p.base+"/n/2")
	p.deliver(n, "anna", p.activity("anna", "Create", answer("/n/4", third.base+"/n/3")))
	want := "1 " + third.base + "/n/1\n2 " + p.base + "/n/2\n3 " + third.base + "/n/3\n4 " + p.base + "/n/4"
	if got := said(4); got != want {
		t.Errorf("the talk is\n%s\nwant\n%s", got, want)
	}
	// A way that leads nowhere, in circles, too far, or over what is not for everyone.
	note(third, "/c/1", third.base+"/c/2")
	note(third, "/c/2", third.base+"/c/1")
	note(third, "/friends", id, third.uri("anna")+"/followers")
	note(third, "/begin", "")
	note(third, "/far/0", id)
	for i := range maxAbove + 1 {
		note(third, fmt.Sprint("/far/", i+1), fmt.Sprint(third.base, "/far/", i))
	}
	for i, above := range []string{"/c/1", "/friends", "/begin", fmt.Sprint("/far/", maxAbove+1), "/missing"} {
		p.deliver(n, "anna", p.activity("anna", "Create", answer(fmt.Sprint("/x/", i), third.base+above)))
	}
	said(4)
	if got := third.fetched("/far/1"); got != 0 {
		t.Errorf("read %d times beyond the bound", got)
	}
	// Who answers without naming us does not make us read.
	note(third, "/quiet", id)
	p.deliver(n, "anna", p.activity("anna", "Create", note(p, "/n/9", third.base+"/quiet")))
	if got := third.fetched("/quiet"); got != 0 {
		t.Errorf("read %d times for nobody", got)
	}
	// Nor does a host that asks too much.
	for range aboveBurst {
		n.aboveRates.take(p.host(), 1)
	}
	p.deliver(n, "anna", p.activity("anna", "Create", answer("/n/10", third.base+"/quiet")))
	said(4)
}

// A vote has a name and no words; it stands nowhere.
func TestVotesAreNoAnswers(t *testing.T) {
	n, p := startNode(t).run(), startPeer(t, "mastodon")
	c := n.conference("Go meetup")
	id := n.site.Conference(c.Slug)
	p.deliver(n, "anna", p.activity("anna", "Create", map[string]any{"id": p.base + "/v/1", "type": "Note", "attributedTo": p.uri("anna"), "name": "Going",
		"inReplyTo": id, "to": n.site.Actor(community.CityActor)}))
	if list, err := n.store.Posts(context.Background(), storage.PostQuery{InTalk: true}); err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
}

// What mentions the city is kept as it came, for those who know a boost only
// around it.
func TestMentionKeepsItsSource(t *testing.T) {
	n, p := startNode(t).run(), startPeer(t, "mastodon")
	ctx := context.Background()
	city := n.site.Actor(community.CityActor)
	act := p.activity("anna", "Create", map[string]any{"id": p.base + "/n/1", "type": "Note", "attributedTo": p.uri("anna"), "content": "<p>look</p>",
		"to": []any{public}, "cc": []any{city}, "_odd": "kept", "published": "2026-11-01T10:00:00Z"})
	p.deliver(n, "anna", act)
	post, err := n.store.PostByURI(ctx, p.base+"/n/1")
	if err != nil || post.State != community.Offered {
		t.Fatalf("%+v %v", post, err)
	}
	source, err := n.store.PostSource(ctx, post.ID)
	if err != nil || !strings.Contains(string(source), `"_odd":"kept"`) {
		t.Errorf("%s %v", source, err)
	}
}
