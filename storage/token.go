package storage

import (
	"context"

	"konfa/community"
)

const tokenColumns = "id, member_id, name, hash, created, last_used, revoked"

func scanToken(row row, t *community.Token) error {
	return row.Scan(&t.ID, &t.MemberID, &t.Name, &t.Hash, instant{&t.Created}, instant{&t.LastUsed}, instant{&t.Revoked})
}

// Token reads the token with a hash, also a revoked one.
func (r *Reader) Token(ctx context.Context, hash []byte) (*community.Token, error) {
	return one(ctx, r, "token", scanToken, "SELECT "+tokenColumns+" FROM token WHERE hash = ?", hash)
}

// Tokens lists the tokens of a member, the revoked included, newest first.
func (r *Reader) Tokens(ctx context.Context, memberID int64) ([]community.Token, error) {
	return list(ctx, r, scanToken, "SELECT "+tokenColumns+" FROM token WHERE member_id = ? ORDER BY id DESC", memberID)
}

// InsertToken adds a token.
func (tx *Tx) InsertToken(ctx context.Context, t *community.Token) error {
	return tx.insert(ctx, &t.ID, "INSERT INTO token (member_id, name, hash, created, last_used, revoked) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
		t.MemberID, t.Name, t.Hash, t.Created, t.LastUsed, t.Revoked)
}

// TouchToken notes that a token was used now.
func (tx *Tx) TouchToken(ctx context.Context, id int64) error {
	return tx.update(ctx, "token", "UPDATE token SET last_used = ? WHERE id = ?", tx.now, id)
}

// RevokeToken ends a token; NotFound if there is none or it has ended already.
func (tx *Tx) RevokeToken(ctx context.Context, id int64) error {
	return tx.update(ctx, "token", "UPDATE token SET revoked = ? WHERE id = ? AND revoked = 0", tx.now, id)
}
