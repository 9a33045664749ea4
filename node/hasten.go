package node

import (
	"context"

	"konfa/community"
	"konfa/storage"
)

// HastenPeer has everything that waits for a server tried at once, as when a
// steward knows that it is back, and returns how much that is. NotFound for a
// server that nobody here knows.
func (n *Node) HastenPeer(ctx context.Context, by By, host string) (int, error) {
	if err := by.may(community.Steward); err != nil {
		return 0, err
	}
	count := 0
	err := n.write(ctx, func(tx *storage.Tx) error {
		if _, err := tx.Peer(ctx, host); err != nil {
			return err
		}
		var err error
		if count, err = tx.HastenHost(ctx, host); err != nil {
			return err
		}
		return n.audit(ctx, tx, by, community.Audit{Action: "peer.hasten", Object: host, Name: host})
	})
	return count, err
}
