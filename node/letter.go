package node

import (
	"context"

	"konfa/community"
	"konfa/storage"
)

// mail queues a letter in the same transaction as what it is about; nobody
// without an address gets one. Its words are made when it is sent.
func (n *Node) mail(ctx context.Context, tx *storage.Tx, l community.Letter) error {
	if l.To == "" {
		return nil
	}
	l.State, l.Created = community.LetterDue, tx.Now()
	if l.NextTry.IsZero() {
		l.NextTry = tx.Now()
	}
	return tx.InsertLetter(ctx, &l)
}
