package federation

import (
	"context"
	"net/http"
	"testing"

	"konfa/community"
	"konfa/federation/signature"
	"konfa/storage"
)

// A direct message is read by the server of whom it is to, by its signature, and
// is not there for everyone else.
func TestMessageIsForItsReader(t *testing.T) {
	n, p, other := startNode(t), startPeer(t, "mastodon"), startPeer(t, "mastodon")
	err := n.store.Write(context.Background(), func(tx *storage.Tx) error {
		return tx.InsertPost(context.Background(), &community.Post{Slug: "m1", Author: community.CityActor, Kind: community.MessagePost, Visibility: community.Direct,
			Text: community.Plain("en", "psst"), HTML: community.Plain("en", "<p>psst</p>"), Mentions: []community.Mention{{Name: "@anna", URI: p.uri("anna")}},
			Created: tx.Now(), Published: tx.Now(), Updated: tx.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	if resp, _ := n.get("/posts/m1", "Accept", activityJSON); resp.StatusCode != http.StatusNotFound {
		t.Errorf("unsigned: %d", resp.StatusCode)
	}
	for _, scheme := range []signature.Scheme{signature.Cavage, signature.RFC9421} {
		if resp := p.signedGet(n, "/posts/m1", "anna", scheme); resp.StatusCode != http.StatusOK || resp.Header.Get("Cache-Control") != "private, no-cache" {
			t.Errorf("%s: %d, %v", scheme, resp.StatusCode, resp.Header)
		}
	}
	if resp := other.signedGet(n, "/posts/m1", "anna", signature.Cavage); resp.StatusCode != http.StatusNotFound {
		t.Errorf("another server: %d", resp.StatusCode)
	}
	if resp := p.signedGet(n, "/posts/m2", "anna", signature.Cavage); resp.StatusCode != http.StatusNotFound {
		t.Errorf("what never was: %d", resp.StatusCode)
	}
	block(t, n, p)
	if resp := p.signedGet(n, "/posts/m1", "anna", signature.Cavage); resp.StatusCode == http.StatusOK {
		t.Error("a blocked server reads it")
	}
}
