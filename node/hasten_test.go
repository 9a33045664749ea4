package node

import (
	"testing"

	"konfa/community"
	"konfa/storage"
)

func TestHastenPeer(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	if _, err := w.HastenPeer(ctx, console, "x.example"); community.CodeOf(err) != community.NotFound {
		t.Fatal(err)
	}
	err := w.write(ctx, func(tx *storage.Tx) error {
		return tx.SavePeer(ctx, &community.Peer{Host: "x.example", Software: "mastodon"})
	})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := w.HastenPeer(ctx, console, "x.example"); err != nil || n != 0 {
		t.Fatal(n, err)
	}
	if _, err := w.HastenPeer(ctx, By{}, "x.example"); community.CodeOf(err) != community.Forbidden {
		t.Fatal(err)
	}
	if log, err := w.Audits(ctx, console, storage.AuditQuery{Action: "peer."}); err != nil || len(log) != 1 {
		t.Fatal(log, err)
	}
}
