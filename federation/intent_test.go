package federation

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"konfa/community"
	"konfa/federation/fetch"
	"konfa/storage"
)

const intentRel = "https://w3id.org/fep/3b86/"

// What a visitor's server offers is asked for in the order of what fits best,
// and only where they are at home.
func TestIntentOf(t *testing.T) {
	const host = "home.example"
	all := map[string]string{
		"self": "https://actors.example/u/anna", relSubscribe: "https://home.example/s?u={uri}",
		intentRel + "Follow": "https://home.example/f?o={object}", intentRel + "Object": "https://actors.example/o?o={object}&x={on-success}",
		intentRel + "Join": "https://evil.example/j?o={object}", intentRel + "Create": "https://home.example/share?text={content}",
		intentRel + "Like": "https://home.example/like", intentRel + "Leave": "javascript:alert('{object}')",
	}
	for want, expect := range map[community.Intent]string{
		community.FollowIntent: all[intentRel+"Follow"], community.JoinIntent: all[intentRel+"Object"], community.LeaveIntent: all[intentRel+"Object"],
		community.ReplyIntent: all[intentRel+"Object"], community.LikeIntent: all[intentRel+"Object"], community.AnnounceIntent: all[intentRel+"Object"],
	} {
		if got := intentOf(all, host, want); got != expect {
			t.Errorf("%s leads to %q, want %q", want, got, expect)
		}
	}
	if got := intentOf(map[string]string{intentRel + "Create": "https://home.example/share?re={inReplyTo}&text={content}"}, host, community.ReplyIntent); !strings.Contains(got, "{inReplyTo}") {
		t.Errorf("an answer leads to %q", got)
	}
	if got := intentOf(map[string]string{relSubscribe: all[relSubscribe]}, host, community.LikeIntent); got != all[relSubscribe] {
		t.Errorf("with OStatus alone it leads to %q", got)
	}
	if got := intentOf(map[string]string{"self": "https://actors.example/u/anna"}, host, community.FollowIntent); got != "" {
		t.Errorf("with nothing it leads to %q", got)
	}
}

// A bare server is asked for itself, and one that says nothing is guessed at; a
// handle that nobody has, a server that is silent and one that offers nothing
// are told apart.
func TestIntentTemplate(t *testing.T) {
	n, p := startNode(t), startPeer(t, "gotosocial")
	ctx := context.Background()
	var links string
	p.put("/.well-known/webfinger", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		resource := r.URL.Query().Get("resource")
		if resource != "acct:anna@"+p.host() && resource != p.base || links == "" && resource == p.base {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/jrd+json")
		fmt.Fprintf(w, `{"subject":%q,"links":[{"rel":"self","type":"application/activity+json","href":%q}%s]}`, resource, p.uri("anna"), links)
	}))
	want := func(handle, template, key string) {
		t.Helper()
		got, err := n.IntentTemplate(ctx, handle, community.JoinIntent)
		e, _ := err.(*community.Error)
		if got != template || (e == nil) != (key == "") || e != nil && e.Key != key {
			t.Errorf("%s: %q %v, want %q %s", handle, got, err, template, key)
		}
	}
	want("@anna@"+p.host(), "", "intent.none")
	want("@nobody@"+p.host(), "", "intent.unknown")
	want("@anna@127.0.0.1:1", "", "intent.silent")
	want("127.0.0.1:1", "", "intent.silent")
	want(p.host(), p.base+"/authorize_interaction?uri={uri}", "")
	links = fmt.Sprintf(`,{"rel":"https://w3id.org/fep/3b86/Join","template":"%s/join?o={object}"}`, p.base)
	want("@anna@"+p.host(), p.base+"/join?o={object}", "")
	want(p.host(), p.base+"/join?o={object}", "")
	block(t, n, p)
	if got, err := n.IntentTemplate(ctx, "@anna@"+p.host(), community.JoinIntent); community.CodeOf(err) != community.Forbidden {
		t.Errorf("the blocked are sent to %q %v", got, err)
	}
}

// The address goes to whoever has the handle, once.
func TestPointTo(t *testing.T) {
	n, p := startNode(t).run(), startPeer(t, "gotosocial")
	ctx := context.Background()
	c := n.conference("Go meetup")
	id := n.site.Conference(c.Slug)
	if err := n.PointTo(ctx, "@anna@"+p.host(), id, "en"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "anna reads it", func() bool {
		for _, a := range p.got("Create") {
			if note, ok := a["object"].(map[string]any); ok && strings.Contains(fmt.Sprint(note["content"]), id) && !strings.Contains(fmt.Sprint(a), "#Public") {
				return true
			}
		}
		return false
	})
	if err := n.PointTo(ctx, "@anna@"+p.host(), id, "en"); community.CodeOf(err) != community.Refused {
		t.Errorf("twice: %v", err)
	}
	if err := n.PointTo(ctx, "@nobody@"+p.host()+":1", id, "en"); err == nil {
		t.Error("nobody was written to")
	}
}

// What someone here answers is known before, and tied to our talk if it belongs
// there.
func TestKnow(t *testing.T) {
	n, p := startNode(t), startPeer(t, "mastodon")
	ctx := context.Background()
	c := n.conference("Go meetup")
	id := n.site.Conference(c.Slug)
	note := func(path string, to string, above string) {
		p.put(path, map[string]any{"id": p.base + path, "type": "Note", "attributedTo": p.uri("anna"), "content": "<p>hi</p>", "to": to, "inReplyTo": above, "published": "2026-11-01T10:00:00Z"})
	}
	note("/n/1", public, "")
	note("/n/2", p.uri("anna")+"/followers", "")
	note("/n/3", public, id)
	p.put("/e/1", p.event("/e/1", "anna", "Their meeting"))
	for path, code := range map[string]community.Code{"/n/1": "", "/n/2": community.Refused, "/n/3": "", "/e/1": "", "/nothing": community.NotFound} {
		for range 2 {
			if err := n.Know(ctx, p.base+path); community.CodeOf(err) != code {
				t.Errorf("%s: %v, want %q", path, err, code)
			}
		}
	}
	if err := n.Know(ctx, id); err != nil {
		t.Error(err)
	}
	list, err := n.store.Talk(ctx, storage.TalkQuery{Thread: id})
	if err != nil || len(list) != 1 || list[0].URI != p.base+"/n/3" {
		t.Errorf("the talk is %v %v", list, err)
	}
	if post, author, err := n.FetchPost(ctx, p.base+"/n/1"); err != nil || post.URI != p.base+"/n/1" || author.URI != p.uri("anna") {
		t.Errorf("%v %v %v", post, author, err)
	}
}

// Whatever WebFinger says, a template leads to where the visitor is at home,
// over http or https, and has a place for what it is about.
func FuzzIntentOf(f *testing.F) {
	f.Add("home.example", "https://home.example/u/anna", "https://home.example/i?uri={uri}", "https://home.example/f?o={object}", uint8(0))
	f.Add("home.example", "", "https://home.example@evil.example/{uri}", "https://{object}.home.example/", uint8(1))
	f.Add("home.example", "https://evil.example/", "https://home.example{uri}/", "//home.example/{object}", uint8(2))
	f.Add("[::1]:8080", "https://[::1]:8080/u", "https://[::1]:8080/{inReplyTo}", "HTTPS://HOME.EXAMPLE\\@evil/{object}", uint8(3))
	f.Fuzz(func(t *testing.T, host, self, first, second string, which uint8) {
		want := community.Intents[int(which)%len(community.Intents)]
		if host = fetch.Host(host); host == "" {
			return
		}
		links := map[string]string{"self": self, relIntent + string(want): first, relIntent + "Object": second, relSubscribe: first}
		got := intentOf(links, host, want)
		if got == "" {
			return
		}
		filled := placeholders.ReplaceAllStringFunc(got, func(string) string { return url.QueryEscape("https://konfa.example/conf/x") })
		u, err := url.Parse(filled)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" {
			t.Fatalf("%q is no address: %v", filled, err)
		}
		if to := fetch.Host(filled); to != host && to != fetch.Host(self) {
			t.Fatalf("%q leads to %q, which is neither %q nor %q", got, to, host, self)
		}
		if !placeholders.MatchString(got) {
			t.Fatalf("%q has no place for anything", got)
		}
	})
}
