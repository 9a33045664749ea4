package storage

import (
	"context"
	"time"

	"konfa/community"
)

const noticeColumns = "id, member_id, kind, subject, args, created, read"

func scanNotice(row row, n *community.Notice) error {
	return row.Scan(&n.ID, &n.MemberID, word[community.NoticeKind]{&n.Kind}, &n.Subject, fromJSON{&n.Args}, instant{&n.Created}, instant{&n.Read})
}

// Notices lists the notices of a member, newest first.
func (r *Reader) Notices(ctx context.Context, memberID int64, limit, offset int) ([]community.Notice, error) {
	return list(ctx, r, scanNotice, "SELECT "+noticeColumns+" FROM notice WHERE member_id = ? ORDER BY created DESC, id DESC LIMIT ? OFFSET ?", memberID, limit, offset)
}

// CountNotices counts the notices of a member, and those of them that are not
// read.
func (r *Reader) CountNotices(ctx context.Context, memberID int64) (total, unread int, err error) {
	if total, err = value[int](ctx, r, "SELECT COUNT(*) FROM notice WHERE member_id = ?", memberID); err != nil {
		return 0, 0, err
	}
	unread, err = value[int](ctx, r, "SELECT COUNT(*) FROM notice WHERE member_id = ? AND read = 0", memberID)
	return total, unread, err
}

// SaveNotice adds a notice, or makes an unread one of the same kind about the
// same say it anew: who changes something ten times is heard once.
func (tx *Tx) SaveNotice(ctx context.Context, n *community.Notice) error {
	if n.Subject != "" {
		old, err := one(ctx, tx.Reader, "notice", scanNotice, "SELECT "+noticeColumns+" FROM notice WHERE member_id = ? AND kind = ? AND subject = ? AND read = 0 ORDER BY id DESC LIMIT 1",
			n.MemberID, n.Kind, n.Subject)
		if err == nil {
			tx.fill(&n.ID, old.ID)
			return tx.update(ctx, "notice", "UPDATE notice SET args = ?, created = ? WHERE id = ?", asJSON{n.Args}, n.Created, n.ID)
		} else if !isNotFound(err) {
			return err
		}
	}
	return tx.insert(ctx, &n.ID, "INSERT INTO notice (member_id, kind, subject, args, created, read) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
		n.MemberID, n.Kind, n.Subject, asJSON{n.Args}, n.Created, n.Read)
}

// ReadNotices notes that a member has seen all notices up to one, and returns
// how many were new.
func (tx *Tx) ReadNotices(ctx context.Context, memberID, upTo int64) (int, error) {
	return tx.count(ctx, "UPDATE notice SET read = ? WHERE member_id = ? AND id <= ? AND read = 0", tx.now, memberID, upTo)
}

// PruneNotices forgets what was said before an instant.
func (tx *Tx) PruneNotices(ctx context.Context, before time.Time) (int, error) {
	return tx.count(ctx, "DELETE FROM notice WHERE created < ?", before)
}

// DeleteNotices forgets all notices of a member.
func (tx *Tx) DeleteNotices(ctx context.Context, memberID int64) error {
	return tx.exec(ctx, "DELETE FROM notice WHERE member_id = ?", memberID)
}
