package node

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/prose"
	"konfa/storage"
)

func (w *world) say(t *testing.T, m message) string {
	t.Helper()
	var id string
	err := w.write(t.Context(), func(tx *storage.Tx) (err error) {
		id, err = w.sayDirectly(t.Context(), tx, m)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// messages lists the direct messages of the city to someone, oldest first.
func (w *world) messages(t *testing.T, a *community.Actor) []string {
	t.Helper()
	ps, err := w.store.Posts(t.Context(), storage.PostQuery{Own: true, Kinds: []community.PostKind{community.MessagePost}})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range slices.Backward(ps) {
		if p.Mentions[0].URI == a.URI {
			out = append(out, prose.Text(p.HTML.First(), 0))
		}
	}
	return out
}

func TestDirectMessage(t *testing.T) {
	w := newWorld(t)
	a := w.stranger(t, bob)
	a.URL = "https://far.example/@bob"
	id := w.say(t, message{To: a, Text: "Hello **there**.", Lang: "en", ReplyTo: "https://far.example/n/1"})
	slug, ok := w.site.PostSlug(id)
	if !ok {
		t.Fatalf("id %q", id)
	}
	if got := w.queued(t); !slices.Equal(got, []string{"city Create"}) {
		t.Fatalf("queued %q", got)
	}
	if got := w.inboxes(t, "Create"); !slices.Equal(got, []string{bob + "/inbox"}) {
		t.Errorf("sent to %q", got)
	}
	fans, err := w.store.Fanouts(t.Context(), 10)
	if err != nil || len(fans[0].Audience.Followers) != 0 {
		t.Fatalf("%+v, %v", fans, err)
	}
	acts, err := w.store.ActivitiesByID(t.Context(), []int64{fans[0].ActivityID})
	if err != nil {
		t.Fatal(err)
	}
	act := acts[fans[0].ActivityID]
	create := object(t, act.JSON)
	note := create["object"].(map[string]any)
	if act.Public || fmt.Sprint(create["to"], create["cc"], note["to"], note["cc"]) != fmt.Sprintf("[%s] <nil> [%s] <nil>", bob, bob) {
		t.Errorf("public %v, %s", act.Public, act.JSON)
	}
	tag := note["tag"].([]any)[0].(map[string]any)
	if tag["type"] != "Mention" || tag["href"] != bob || tag["name"] != "@x@far.example" || note["inReplyTo"] != "https://far.example/n/1" {
		t.Errorf("%s", act.JSON)
	}
	want := `<p><span class="h-card"><a href="https://far.example/@bob" class="u-url mention">@x</a></span> Hello <strong>there</strong>.</p>`
	if got := note["content"]; strings.TrimSpace(got.(string)) != want {
		t.Errorf("content %s", got)
	}
	// Nobody but the server of the one it is to may read it.
	_, err = w.PostDocument(t.Context(), slug)
	wantCode(t, err, community.NotFound)
	for _, host := range []string{"", "evil.example", "bg.example"} {
		_, err = w.MessageDocument(t.Context(), slug, host)
		wantCode(t, err, community.NotFound)
	}
	if _, err = w.MessageDocument(t.Context(), slug, "far.example"); err != nil {
		t.Error(err)
	}
	_, err = w.MessageDocument(t.Context(), "none", "far.example")
	wantCode(t, err, community.NotFound)
	_, err = w.UpdatePost(t.Context(), console, slug, func(p *community.Post) error { return nil })
	wantCode(t, err, community.Conflict)
}

// What cannot read is not written to, what was said is not said again, and
// nobody is flooded.
func TestNotSaid(t *testing.T) {
	w := newWorld(t)
	c := w.conf(t, nil)
	for _, typ := range []string{"Service", "Application", "Group", "Organization", ""} {
		robot := &community.Actor{URI: "https://far.example/u/robot" + typ, Type: typ, Handle: "robot", Host: "far.example", Inbox: "https://far.example/i"}
		if _, err := w.SaveActor(t.Context(), robot); err != nil {
			t.Fatal(err)
		}
		if id := w.say(t, message{To: robot, Text: "Hello", Lang: "en"}); id != "" {
			t.Errorf("said to a %q", typ)
		}
	}
	gone := w.stranger(t, "https://far.example/u/gone")
	gone.Gone = w.now
	if id := w.say(t, message{To: gone, Text: "Hello", Lang: "en"}); id != "" {
		t.Error("said to someone who is gone")
	}
	e := w.stranger(t, eve)
	if err := w.AddBlock(t.Context(), console, &community.Block{Domain: "evil.example"}); err != nil {
		t.Fatal(err)
	}
	if id := w.say(t, message{To: e, Text: "Hello", Lang: "en"}); id != "" {
		t.Error("said to someone who is blocked")
	}
	if err := w.AddBlock(t.Context(), console, &community.Block{Domain: "evil.example", Severity: community.Silence}); err != nil {
		t.Fatal(err)
	}
	if id := w.say(t, message{To: e, Text: "Hello", Lang: "en"}); id == "" {
		t.Error("not said to someone who is silenced")
	}

	a := w.stranger(t, bob)
	about := func(state string) string {
		return w.say(t, message{To: a, Text: state, Lang: "en", Conference: c.ID, State: state})
	}
	if about("going") == "" || about("going") != "" || about("no") == "" || about("going") == "" {
		t.Error("what was said last is not said again, and everything else is")
	}
	said := 3
	for i := range 20 {
		if about(fmt.Sprint(i)) != "" {
			said++
		}
	}
	if said != messagesPerConference {
		t.Errorf("%d messages about one conference within an hour", said)
	}
	for range 50 {
		if w.say(t, message{To: a, Text: "Hi", Lang: "en"}) != "" {
			said++
		}
	}
	if said != messagesPerPerson {
		t.Errorf("%d messages within an hour", said)
	}
	w.pass(61 * time.Minute)
	if about("again") == "" {
		t.Error("the next hour has its own messages")
	}
}

func TestWhoIsSpokenToInWhat(t *testing.T) {
	city := &community.City{Languages: []string{"kk", "ru"}}
	for _, c := range []struct{ heard, want string }{{"en", "en"}, {"", "ru"}, {"de", "ru"}} {
		if got := voiceFor(city, c.heard).Lang(); got != c.want {
			t.Errorf("%q: %s", c.heard, got)
		}
	}
	if got := prose.Markdown(prose.Escape("a *b* <i>c</i>\n# d [e](f) http://g.example `h` _i_ 1. j")); strings.TrimSpace(got) !=
		"<p>a *b* &lt;i&gt;c&lt;/i&gt; # d [e](f) http://g.example `h` _i_ 1. j</p>" {
		t.Error(got)
	}
}
