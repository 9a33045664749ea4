package storage

import (
	"context"

	"konfa/community"
)

func scanAudit(row row, a *community.Audit) error {
	return row.Scan(&a.ID, &a.By, &a.Action, &a.Object, &a.Name, &a.Reason, fromJSON{&a.Details}, instant{&a.Created})
}

// AuditQuery says which entries of the audit log: what is empty does not matter.
// Action ends in a dot for all that begin so: "member.".
type AuditQuery struct {
	By, Action, Object string
	Limit              int // 0: 100
	Offset             int
}

// Audits lists what stewards did, newest first.
func (r *Reader) Audits(ctx context.Context, q AuditQuery) ([]community.Audit, error) {
	if q.Limit == 0 {
		q.Limit = 100
	}
	from, to := q.Action, q.Action
	if n := len(q.Action); n > 0 && q.Action[n-1] == '.' {
		to = q.Action[:n-1] + "/" // the byte after the dot
	}
	return list(ctx, r, scanAudit, `SELECT id, by_name, action, object, name, reason, details, created FROM audit
		WHERE (? = '' OR by_name = ?) AND (? = '' OR action = ? OR action >= ? AND action < ?) AND (? = '' OR object = ?)
		ORDER BY id DESC LIMIT ? OFFSET ?`, q.By, q.By, from, from, from, to, q.Object, q.Object, q.Limit, q.Offset)
}

// InsertAudit adds an entry to the audit log.
func (tx *Tx) InsertAudit(ctx context.Context, a *community.Audit) error {
	return tx.insert(ctx, &a.ID, "INSERT INTO audit (by_name, action, object, name, reason, details, created) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
		a.By, a.Action, a.Object, a.Name, a.Reason, asJSON{a.Details}, a.Created)
}
