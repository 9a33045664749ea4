package node

import (
	"testing"

	"konfa/community"
)

// Servers of threads get what is said below a conference, and not what silenced
// people say; that something is deleted they always get.
func TestSilencedAreNotPassedOn(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.runs(t, "lemmy.example", "lemmy", "0.19.5")
	c := w.conf(t, nil)
	w.forget(t)
	a := w.stranger(t, bob)
	source := func(typ, name string) []byte {
		return []byte(`{"id":"https://far.example/a/` + typ + name + `","type":"` + typ + `","actor":"` + bob + `","object":{"id":"https://far.example/n/` + name + `","type":"Note","inReplyTo":"` + w.site.Conference(c.Slug) + `"}}`)
	}
	say := func(name string) {
		t.Helper()
		w.must(t, w.hears(t, a, name, w.site.Conference(c.Slug), func(p *community.Post) { p.Source = source("Create", name) }))
	}
	sent := func(want int) {
		t.Helper()
		if got := w.documents(t, "Announce"); len(got) != want {
			t.Errorf("passed on: %v, want %d", got, want)
		}
		w.forget(t)
	}
	say("before")
	sent(1)
	w.must(t, w.AddBlock(ctx, console, &community.Block{ActorURI: bob, Severity: community.Silence}))
	w.forget(t)
	say("after")
	sent(0)
	w.must(t, w.ReceiveDeletion(ctx, a, "https://far.example/n/before", source("Delete", "before")))
	sent(1)
}
