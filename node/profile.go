package node

import (
	"context"

	"konfa/community"
	"konfa/storage"
)

// UpdateProfile changes what a member says of themselves: Name, About, Languages,
// Lang and Picture; the rest stays. Their followers are told.
func (n *Node) UpdateProfile(ctx context.Context, by By, handle string, change func(*community.Member) error) error {
	return n.changeAccount(ctx, by, handle, func(tx *storage.Tx, m *community.Member) error {
		next := *m
		if err := change(&next); err != nil {
			return err
		}
		m.Name, m.About, m.Languages, m.Lang, m.Picture = next.Name, next.About, next.Languages, next.Lang, next.Picture
		return m.Check()
	})
}
