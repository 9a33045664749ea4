package storage

import (
	"context"

	"konfa/community"
)

const reportColumns = "id, case_id, member_id, actor_id, contact, lang, uri, objects, category, rule, text, forward, created"

func scanReport(row row, v *community.Report) error {
	return row.Scan(&v.ID, &v.CaseID, &v.MemberID, &v.ActorID, &v.Contact, &v.Lang, &v.URI, fromJSON{&v.Objects}, &v.Category, &v.Rule, &v.Text, flag{&v.Forward}, instant{&v.Created})
}

// Reports lists the complaints of a case, oldest first; of 0, all there are.
func (r *Reader) Reports(ctx context.Context, caseID int64) ([]community.Report, error) {
	return list(ctx, r, scanReport, "SELECT "+reportColumns+" FROM report WHERE (? = 0 OR case_id = ?) ORDER BY id", caseID, caseID)
}

// InsertReport adds a complaint; Conflict if one with its URI is known.
func (tx *Tx) InsertReport(ctx context.Context, v *community.Report) error {
	return tx.taken(ctx, "this report is known already", func() error {
		return tx.insert(ctx, &v.ID, `INSERT INTO report (case_id, member_id, actor_id, contact, lang, uri, objects, category, rule, text, forward, created)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
			v.CaseID, v.MemberID, v.ActorID, v.Contact, v.Lang, v.URI, asJSON{v.Objects}, v.Category, v.Rule, v.Text, v.Forward, v.Created)
	})
}
