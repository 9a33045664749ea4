package storage

import (
	"context"
	"time"

	"konfa/community"
)

const sessionColumns = "id, member_id, hash, agent, created, last_used, proven"

func scanSession(row row, s *community.Session) error {
	return row.Scan(&s.ID, &s.MemberID, &s.Hash, &s.Agent, instant{&s.Created}, instant{&s.LastUsed}, instant{&s.Proven})
}

// Session reads the session with a hash.
func (r *Reader) Session(ctx context.Context, hash []byte) (*community.Session, error) {
	return one(ctx, r, "session", scanSession, "SELECT "+sessionColumns+" FROM session WHERE hash = ?", hash)
}

// Sessions lists the sessions of a member, the one used last first.
func (r *Reader) Sessions(ctx context.Context, memberID int64) ([]community.Session, error) {
	return list(ctx, r, scanSession, "SELECT "+sessionColumns+" FROM session WHERE member_id = ? ORDER BY last_used DESC, id DESC", memberID)
}

// InsertSession adds a session.
func (tx *Tx) InsertSession(ctx context.Context, s *community.Session) error {
	return tx.insert(ctx, &s.ID, "INSERT INTO session (member_id, hash, agent, created, last_used, proven) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
		s.MemberID, s.Hash, s.Agent, s.Created, s.LastUsed, s.Proven)
}

// TouchSession notes that a session was used now, and with proven that its
// member showed anew who they are.
func (tx *Tx) TouchSession(ctx context.Context, id int64, proven bool) error {
	if proven {
		return tx.update(ctx, "session", "UPDATE session SET last_used = ?, proven = ? WHERE id = ?", tx.now, tx.now, id)
	}
	return tx.update(ctx, "session", "UPDATE session SET last_used = ? WHERE id = ?", tx.now, id)
}

// DeleteSession ends a session of a member; NotFound if there is none.
func (tx *Tx) DeleteSession(ctx context.Context, memberID, id int64) error {
	return tx.update(ctx, "session", "DELETE FROM session WHERE id = ? AND member_id = ?", id, memberID)
}

// DeleteSignIns forgets the addresses that would sign a member in.
func (tx *Tx) DeleteSignIns(ctx context.Context, memberID int64) error {
	return tx.exec(ctx, "DELETE FROM sign_in WHERE member_id = ?", memberID)
}

// DeleteSessions ends all sessions of a member but one (0 for none), and forgets
// the addresses that would sign them in.
func (tx *Tx) DeleteSessions(ctx context.Context, memberID, but int64) error {
	if err := tx.DeleteSignIns(ctx, memberID); err != nil {
		return err
	}
	return tx.exec(ctx, "DELETE FROM session WHERE member_id = ? AND id <> ?", memberID, but)
}

// PruneSessions ends the sessions that were not used since an instant, and
// forgets the addresses that sign nobody in any more.
func (tx *Tx) PruneSessions(ctx context.Context, unusedSince time.Time) (int, error) {
	if err := tx.exec(ctx, "DELETE FROM sign_in WHERE expires < ?", tx.now); err != nil {
		return 0, err
	}
	return tx.count(ctx, "DELETE FROM session WHERE last_used < ?", unusedSince)
}

// SignIn reads the address with a hash that signs someone in.
func (r *Reader) SignIn(ctx context.Context, hash []byte) (*community.SignIn, error) {
	scan := func(row row, s *community.SignIn) error {
		return row.Scan(&s.Hash, &s.MemberID, instant{&s.Created}, instant{&s.Expires})
	}
	return one(ctx, r, "sign-in", scan, "SELECT hash, member_id, created, expires FROM sign_in WHERE hash = ?", hash)
}

// CountSignIns counts the addresses that would sign a member in at an instant.
func (r *Reader) CountSignIns(ctx context.Context, memberID int64, at time.Time) (int, error) {
	return value[int](ctx, r, "SELECT COUNT(*) FROM sign_in WHERE member_id = ? AND expires > ?", memberID, at)
}

// InsertSignIn adds an address that signs someone in.
func (tx *Tx) InsertSignIn(ctx context.Context, s *community.SignIn) error {
	return tx.exec(ctx, "INSERT INTO sign_in (hash, member_id, created, expires) VALUES (?, ?, ?, ?)", s.Hash, s.MemberID, s.Created, s.Expires)
}

// DeleteSignIn takes such an address away; NotFound if there is none: it is used
// once.
func (tx *Tx) DeleteSignIn(ctx context.Context, hash []byte) error {
	return tx.update(ctx, "sign-in", "DELETE FROM sign_in WHERE hash = ?", hash)
}
