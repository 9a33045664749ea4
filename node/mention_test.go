package node

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

func (w *world) mentions(t *testing.T, from *community.Actor, name string, change func(*community.Post)) error {
	t.Helper()
	return w.hears(t, from, name, "", func(p *community.Post) {
		p.Mentions = []community.Mention{{Name: "@belgrade@bg.example", URI: w.Site().Actor(community.CityActor)}}
		p.Source = []byte(`{"type":"Create"}`)
		if change != nil {
			change(p)
		}
	})
}

func (w *world) setMentions(t *testing.T, mode community.MentionMode) {
	t.Helper()
	w.must(t, w.UpdateCity(t.Context(), console, func(c *community.City) error { c.Mentions = mode; return nil }))
	w.forget(t)
}

// announced lists the activities that are queued about boosts, with their objects.
func (w *world) boosts(t *testing.T) (out []string) {
	t.Helper()
	fans, err := w.store.Fanouts(t.Context(), 1000)
	w.must(t, err)
	for _, f := range fans {
		acts, err := w.store.ActivitiesByID(t.Context(), []int64{f.ActivityID})
		w.must(t, err)
		var doc struct {
			Type   string
			Object json.RawMessage
		}
		w.must(t, json.Unmarshal(acts[f.ActivityID].JSON, &doc))
		var object string
		if json.Unmarshal(doc.Object, &object) != nil {
			var inner struct{ Type, Object string }
			w.must(t, json.Unmarshal(doc.Object, &inner))
			object = inner.Type + " " + inner.Object
		}
		out = append(out, doc.Type+" "+object)
	}
	w.forget(t)
	return out
}

func TestMentionIsOffered(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	bob := w.stranger(t, "https://m.example/u/bob")
	uri := "https://m.example/n/look"
	w.forget(t)
	w.must(t, w.mentions(t, bob, "look", nil))
	p := w.byURI(t, uri)
	if p.State != community.Offered || len(w.boosts(t)) != 0 {
		t.Fatalf("it is %q", p.State)
	}
	if n, err := w.store.CountNews(ctx); n != 0 || err != nil {
		t.Errorf("what is only offered is news: %d %v", n, err)
	}
	for name, visibility := range map[string]community.Visibility{"quiet": community.Unlisted, "friends": community.Followers, "dm": community.Direct} {
		w.must(t, w.mentions(t, bob, name, func(p *community.Post) { p.Visibility = visibility }))
		q := w.byURI(t, "https://m.example/n/"+name)
		if q.State == community.Offered {
			t.Errorf("%s is offered", name)
		}
		_, err := w.BoostPost(ctx, console, q.ID)
		wantCode(t, err, community.NotFound)
	}
	// Who answers it names the city again; that is no second offer.
	w.must(t, w.mentions(t, bob, "more", func(p *community.Post) { p.ReplyTo = uri }))
	if s := w.byURI(t, "https://m.example/n/more").State; s != community.Shown {
		t.Errorf("an answer to it is %q", s)
	}

	member := &community.Member{Handle: "mia", Name: "Mia", Role: community.Regular}
	w.must(t, w.AddMember(ctx, console, member))
	_, err := w.BoostPost(ctx, By{Member: member}, p.ID)
	wantCode(t, err, community.Forbidden)
	w.forget(t)
	for range 2 {
		p, err = w.BoostPost(ctx, console, p.ID)
		w.must(t, err)
	}
	if got := w.boosts(t); !slices.Equal(got, []string{"Announce " + uri}) {
		t.Errorf("sent %q", got)
	}
	news, err := w.store.News(ctx, 10, 0)
	if err != nil || len(news) != 1 || news[0].Post.ID != p.ID || p.Announced.IsZero() {
		t.Fatalf("the news are %v %v", news, err)
	}
	// Edited, it stays; for friends alone, it goes.
	w.must(t, w.mentions(t, bob, "look", func(p *community.Post) {
		p.HTML, p.Updated, p.Source = community.Plain("", "better"), w.Now().Add(time.Minute), []byte(`{"type":"Update"}`)
	}))
	if p = w.byURI(t, uri); p.HTML.First() != "better" || p.Announced.IsZero() {
		t.Errorf("after an edit: %+v", p)
	}
	if source, err := w.store.PostSource(ctx, p.ID); string(source) != `{"type":"Update"}` || err != nil {
		t.Errorf("kept %s %v", source, err)
	}
	w.forget(t)
	w.must(t, w.mentions(t, bob, "look", func(p *community.Post) {
		p.Visibility, p.Updated = community.Followers, w.Now().Add(time.Hour)
	}))
	if got := w.boosts(t); !slices.Equal(got, []string{"Undo Announce " + uri}) {
		t.Errorf("sent %q", got)
	}
	_, err = w.BoostPost(ctx, console, p.ID)
	wantCode(t, err, community.Refused)
}

func TestBoostIsTakenBack(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	boosted := func(name, who string) (*community.Actor, *community.Post) {
		a := w.stranger(t, "https://"+who+".example/u/"+who)
		w.must(t, w.mentions(t, a, name, nil))
		p, err := w.BoostPost(ctx, console, w.byURI(t, "https://"+who+".example/n/"+name).ID)
		w.must(t, err)
		w.forget(t)
		return a, p
	}
	undone := func(what string, p *community.Post) {
		t.Helper()
		if got := w.boosts(t); !slices.Contains(got, "Undo Announce "+p.URI) {
			t.Errorf("%s: sent %q", what, got)
		}
		news, err := w.store.CountNews(ctx)
		if news != 0 || err != nil {
			t.Errorf("%s: %d news %v", what, news, err)
		}
	}
	_, p := boosted("one", "bob")
	_, err := w.DismissPost(ctx, console, p.ID)
	w.must(t, err)
	undone("dismissed", p)

	carl, p := boosted("two", "carl")
	w.must(t, w.ReceiveDelete(ctx, carl, p.URI))
	undone("deleted", p)

	dora, p := boosted("three", "dora")
	w.must(t, w.ReceiveActorDelete(ctx, dora))
	undone("author deleted", p)

	_, p = boosted("four", "eve")
	w.must(t, w.AddBlock(ctx, console, &community.Block{Domain: "eve.example", Severity: community.Silence}))
	undone("silenced", p)
	_, err = w.BoostPost(ctx, console, p.ID)
	wantCode(t, err, community.Refused)
	_, err = w.DismissPost(ctx, console, 999)
	wantCode(t, err, community.NotFound)
}

func TestCityBoostsByItself(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.conf(t, nil)
	w.setMentions(t, community.MentionsBoost)
	guest, stranger := w.stranger(t, "https://g.example/u/gus"), w.stranger(t, "https://m.example/u/bob")
	w.must(t, w.ReceiveJoin(ctx, guest, "https://g.example/j/1", w.Site().Conference(c.Slug), "", 0))
	w.forget(t)
	want := func(what, uri string, boosted bool) {
		t.Helper()
		p := w.byURI(t, uri)
		if got := !p.Announced.IsZero(); got != boosted || !boosted && p.State != community.Offered {
			t.Errorf("%s: boosted %v, %q", what, got, p.State)
		}
	}
	w.must(t, w.mentions(t, stranger, "hello", nil))
	want("a stranger", "https://m.example/n/hello", false)
	w.must(t, w.mentions(t, guest, "hello", nil))
	want("a guest", "https://g.example/n/hello", true)
	w.must(t, w.mentions(t, guest, "answer", func(p *community.Post) { p.ReplyTo = "https://elsewhere.example/1" }))
	want("an answer to something else", "https://g.example/n/answer", false)
	for _, name := range []string{"b", "c", "d"} {
		w.must(t, w.mentions(t, guest, name, nil))
	}
	want("the third of a day", "https://g.example/n/c", true)
	want("the fourth of a day", "https://g.example/n/d", false)
	w.pass(25 * time.Hour)
	w.must(t, w.mentions(t, guest, "e", nil))
	want("the next day", "https://g.example/n/e", true)
	// Boosted by a steward, someone is known; turned down, they are not.
	_, err := w.BoostPost(ctx, console, w.byURI(t, "https://m.example/n/hello").ID)
	w.must(t, err)
	w.must(t, w.mentions(t, stranger, "again", nil))
	want("who was boosted before", "https://m.example/n/again", true)
	_, err = w.DismissPost(ctx, console, w.byURI(t, "https://m.example/n/again").ID)
	w.must(t, err)
	w.must(t, w.mentions(t, stranger, "once more", nil))
	want("who was turned down", "https://m.example/n/once more", false)

	w.setMentions(t, community.MentionsIgnore)
	wantCode(t, w.mentions(t, stranger, "hey", nil), community.Refused)
	list, err := w.store.Posts(ctx, storage.PostQuery{Mentions: true, States: []community.PostState{community.Offered}})
	if err != nil || len(list) != 3 {
		t.Errorf("%d are offered: %v", len(list), err)
	}
	wantCode(t, w.UpdateCity(ctx, console, func(c *community.City) error { c.Mentions = "shout"; return nil }), community.Invalid)
}

// Servers that know the city as a community see a boost, its changes and its end
// only as their author wrote them.
func TestBoostInThreads(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.runs(t, "lemmy.example", "lemmy", "0.19.5")
	bob := w.stranger(t, "https://m.example/u/bob")
	uri := "https://m.example/n/look"
	source := func(typ string) []byte {
		return []byte(`{"@context":"https://www.w3.org/ns/activitystreams","id":"https://m.example/a/` + typ + `","type":"` + typ + `","actor":"` + bob.URI + `","object":{"id":"` + uri + `","type":"Note","_odd":"kept"}}`)
	}
	w.must(t, w.mentions(t, bob, "look", func(p *community.Post) { p.Source = source("Create") }))
	p := w.byURI(t, uri)
	_, err := w.BoostPost(ctx, console, p.ID)
	w.must(t, err)
	wrapped := func() (out []string) {
		t.Helper()
		fans, err := w.store.Fanouts(ctx, 100)
		w.must(t, err)
		for _, f := range fans {
			acts, err := w.store.ActivitiesByID(ctx, []int64{f.ActivityID})
			w.must(t, err)
			a := acts[f.ActivityID]
			if inner, ok := object(t, a.JSON)["object"].(map[string]any); ok && a.Form == community.Threads {
				out = append(out, a.Type+" "+inner["type"].(string))
				if note, ok := inner["object"].(map[string]any); !ok || note["_odd"] != "kept" {
					t.Errorf("it is not as its author wrote it: %s", a.JSON)
				}
			} else if a.Form == community.Standard {
				out = append(out, a.Type)
			}
		}
		w.forget(t)
		return out
	}
	if got := wrapped(); !slices.Equal(got, []string{"Announce Create", "Announce"}) {
		t.Errorf("sent %q", got)
	}
	w.must(t, w.mentions(t, bob, "look", func(p *community.Post) { p.Source, p.Updated = source("Update"), w.Now().Add(time.Minute) }))
	if got := wrapped(); !slices.Equal(got, []string{"Announce Update"}) {
		t.Errorf("of a change, sent %q", got)
	}
	w.must(t, w.ReceiveDeletion(ctx, bob, uri, source("Delete")))
	if got := wrapped(); !slices.Equal(got, []string{"Announce Delete", "Undo"}) {
		t.Errorf("of the end, sent %q", got)
	}
}
