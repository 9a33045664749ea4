package storage

import (
	"context"

	"konfa/community"
)

const linkColumns = "id, member_id, name, hash, suggests, created, last_used, revoked"

func scanLink(row row, l *community.PrivateLink) error {
	return row.Scan(&l.ID, &l.MemberID, &l.Name, &l.Hash, flag{&l.Suggests}, instant{&l.Created}, instant{&l.LastUsed}, instant{&l.Revoked})
}

// PrivateLink reads the link with a hash, also a revoked one.
func (r *Reader) PrivateLink(ctx context.Context, hash []byte) (*community.PrivateLink, error) {
	return one(ctx, r, "link", scanLink, "SELECT "+linkColumns+" FROM private_link WHERE hash = ?", hash)
}

// PrivateLinks lists the links of a member, the revoked included, newest first.
func (r *Reader) PrivateLinks(ctx context.Context, memberID int64) ([]community.PrivateLink, error) {
	return list(ctx, r, scanLink, "SELECT "+linkColumns+" FROM private_link WHERE member_id = ? ORDER BY id DESC", memberID)
}

// InsertPrivateLink adds a link.
func (tx *Tx) InsertPrivateLink(ctx context.Context, l *community.PrivateLink) error {
	return tx.insert(ctx, &l.ID, "INSERT INTO private_link (member_id, name, hash, suggests, created, last_used, revoked) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
		l.MemberID, l.Name, l.Hash, l.Suggests, l.Created, l.LastUsed, l.Revoked)
}

// TouchPrivateLink notes that a link was used now.
func (tx *Tx) TouchPrivateLink(ctx context.Context, id int64) error {
	return tx.update(ctx, "link", "UPDATE private_link SET last_used = ? WHERE id = ?", tx.now, id)
}

// RevokePrivateLink ends a link; NotFound if there is none or it has ended
// already.
func (tx *Tx) RevokePrivateLink(ctx context.Context, id int64) error {
	return tx.update(ctx, "link", "UPDATE private_link SET revoked = ? WHERE id = ? AND revoked = 0", tx.now, id)
}

// DeletePrivateLinks forgets all links of a member.
func (tx *Tx) DeletePrivateLinks(ctx context.Context, memberID int64) error {
	return tx.exec(ctx, "DELETE FROM private_link WHERE member_id = ?", memberID)
}
