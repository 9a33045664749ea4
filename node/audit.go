package node

import (
	"context"

	"konfa/community"
	"konfa/storage"
)

// audit writes down what a steward does, in the transaction that does it.
// Whoever asks for something of their own is no steward at work: their caller
// does not write it down.
func (n *Node) audit(ctx context.Context, tx *storage.Tx, by By, a community.Audit) error {
	a.By, a.Created = by.Name(), tx.Now()
	return tx.InsertAudit(ctx, &a)
}

// Audits lists what stewards did, newest first; stewards see it.
func (n *Node) Audits(ctx context.Context, by By, q storage.AuditQuery) ([]community.Audit, error) {
	if err := by.may(community.Steward); err != nil {
		return nil, err
	}
	return n.store.Audits(ctx, q)
}
