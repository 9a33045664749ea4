package federation

import (
	"context"
	"testing"
	"time"

	"konfa/community"
)

// TestRefresh: a WordPress blog announced an event of one of its authors, whose
// changes it does not tell.
func TestRefresh(t *testing.T) {
	n, p := startNode(t).run(), startPeer(t, "wordpress")
	ctx := context.Background()
	n.followed(p, "group", community.CityActor)
	event := func(title string, in time.Duration) map[string]any {
		e := p.event("/jazz", "anna", title)
		e["attributedTo"] = p.uri("anna")
		e["startTime"] = n.clock.now().Add(in).UTC().Format(time.RFC3339)
		e["endTime"] = n.clock.now().Add(in + 2*time.Hour).UTC().Format(time.RFC3339)
		delete(e, "updated")
		return e
	}
	p.put("/jazz", event("Jazz", 80*time.Hour))
	p.deliver(n, "group", p.activity("group", "Announce", p.activity("anna", "Create", event("Jazz", 80*time.Hour))))
	uri := p.base + "/jazz"
	title := func() string {
		c, err := n.store.ConferenceByURI(ctx, uri)
		if err != nil {
			return string(community.CodeOf(err))
		}
		return c.Title.First()
	}
	if title() != "Jazz" {
		t.Fatal(title(), n.logs.String())
	}
	before := p.fetched("/jazz")
	refresh := func(wantRead int, wantTitle string, after time.Duration) {
		t.Helper()
		n.clock.forward(after)
		read, err := n.refresh(ctx)
		if err != nil || read != wantRead || title() != wantTitle {
			t.Fatalf("read %d, %q, %v; want %d, %q", read, title(), err, wantRead, wantTitle)
		}
	}
	p.put("/jazz", event("Jazz in the theatre", 80*time.Hour))
	refresh(1, "Jazz in the theatre", 0)
	refresh(0, "Jazz in the theatre", time.Hour) // far away: not every time
	p.put("/jazz", event("Jazz at last", 60*time.Hour))
	refresh(1, "Jazz at last", 12*time.Hour)
	p.put("/jazz", event("Jazz at last", 40*time.Hour)) // soon
	refresh(1, "Jazz at last", 12*time.Hour)
	refresh(1, "Jazz at last", time.Hour)
	if got := p.fetched("/jazz") - before; got != 4 {
		t.Errorf("it was fetched %d times", got)
	}
	// Not found may be a mistake; not found again and again is not.
	p.mu.Lock()
	delete(p.objects, "/jazz")
	p.mu.Unlock()
	refresh(0, "Jazz at last", time.Hour)
	refresh(0, "Jazz at last", time.Hour)
	refresh(1, string(community.NotFound), time.Hour)
	refresh(0, string(community.NotFound), time.Hour)

	// Of whom we follow we hear; still, what was lost is found.
	told := p.event("/told", "group", "Told")
	told["startTime"], told["endTime"] = event("", 80*time.Hour)["startTime"], event("", 80*time.Hour)["endTime"]
	p.put("/told", told)
	p.deliver(n, "group", p.activity("group", "Create", told))
	uri = p.base + "/told"
	refresh(1, "Told", 0)
	refresh(0, "Told", 12*time.Hour)
	told["name"], told["updated"] = "Told twice", n.clock.now().UTC().Format(time.RFC3339)
	p.put("/told", told)
	refresh(1, "Told twice", 12*time.Hour)

	// Whose server says that it is gone is gone at once.
	for _, path := range []string{"/gone", "/tombstone"} {
		e := event("Gone", 40*time.Hour)
		e["id"] = p.base + path
		p.put(path, e)
		p.deliver(n, "group", p.activity("group", "Announce", p.activity("anna", "Create", e)))
		uri = p.base + path
		if title() != "Gone" {
			t.Fatal(title())
		}
		if path == "/gone" {
			p.delete(path)
		} else {
			p.put(path, map[string]any{"id": uri, "type": "Tombstone", "formerType": "Event"})
		}
		refresh(1, string(community.NotFound), 0)
	}
}
