package node

import (
	"context"

	"konfa/storage"
)

// searchAtOnce is how much is taken up in one transaction, so that no piece holds
// up other writes.
const searchAtOnce = 100

// SettleSearch makes some of what is stored findable that is not yet: what was there
// before there was a search, and what comes from someone who goes by another name
// now. It tells how many things that were, 0 when nothing was left.
func (n *Node) SettleSearch(ctx context.Context) (int, error) {
	if waits, err := n.store.SearchWaits(ctx); err != nil || !waits {
		return 0, err
	}
	done := 0
	err := n.write(ctx, func(tx *storage.Tx) error {
		var err error
		done, err = tx.SettleSearch(ctx, searchAtOnce)
		return err
	})
	return done, err
}
