package federation

import (
	"context"
	"strings"
	"testing"

	"konfa/community"
	"konfa/storage"
)

// TestCopiesComeBack: what the event bridge of WordPress publishes. An event of
// its own is at its id; one that it read elsewhere is not.
func TestCopiesComeBack(t *testing.T) {
	n, p := startNode(t).run(), startPeer(t, "wordpress")
	other := startPeer(t, "mobilizon")
	ctx := context.Background()
	for _, peer := range []*fakePeer{p, other} {
		n.followed(peer, "group", community.CityActor)
		err := n.store.Write(ctx, func(tx *storage.Tx) error {
			return tx.SavePeer(ctx, &community.Peer{Host: peer.host(), Software: peer.software, Asked: tx.Now()})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	own := n.conference("Go meetup")
	event := func(p *fakePeer, path, title, link string) map[string]any {
		e := p.event(path, "group", title)
		if link != "" {
			e["attachment"] = []any{map[string]any{"type": "Link", "name": "Original Website", "href": link, "mediaType": "text/html"}}
		}
		return e
	}
	known := func(uri any) bool {
		_, err := n.store.ConferenceByURI(ctx, uri.(string))
		return err == nil
	}
	real := event(p, "/jazz", "Jazz", "https://tickets.example/1")
	p.put("/jazz", real)
	party := event(other, "/party", "After the Go meetup", n.site.Conference(own.Slug))
	other.put("/party", party)
	for _, tc := range []struct {
		name  string
		from  *fakePeer
		event map[string]any
		kept  bool
	}{
		{"its own", p, real, true},
		{"ours", p, event(p, "/copy1", "Go meetup", n.site.Conference(own.Slug)), false},
		{"of a third", p, event(p, "/copy2", "Rust meetup", "https://elsewhere.example/conf/rust"), false},
		{"without a link", p, event(p, "/copy3", "Zig meetup", ""), false},
		{"ours, by a software of its own", other, event(other, "/copy4", "Go meetup", n.site.Conference(own.Slug)), false},
		{"one that is about ours", other, party, true},
		{"any other", other, event(other, "/free", "Free", ""), true},
	} {
		for _, typ := range []string{"Create", "Announce"} {
			id := strings.Replace(tc.event["id"].(string), tc.from.base, "", 1)
			doc := tc.from.activity("group", "Create", tc.event)
			if typ == "Announce" {
				doc = tc.from.activity("group", "Announce", tc.from.activity("group", "Create", tc.event))
			}
			out := tc.from.deliver(n, "group", doc)
			if known(tc.event["id"]) != tc.kept {
				t.Errorf("%s, by %s: kept is %t: %s", tc.name, typ, !tc.kept, out)
			}
			if !tc.kept && !strings.Contains(out, "copy of a conference elsewhere") {
				t.Errorf("%s, by %s: %s", tc.name, typ, out)
			}
			if fetched := tc.from.fetched(id); tc.kept && typ == "Announce" && fetched > 1 {
				t.Errorf("%s: what is known was fetched again: %d", tc.name, fetched)
			}
		}
	}
}
