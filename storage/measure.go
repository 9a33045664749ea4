package storage

import (
	"context"
	"strings"
	"time"

	"konfa/community"
)

const measureColumns = `id, case_id, kind, target_kind, target, name, rule, reason, sealed, urgent, state, by_name, confirmed_by, before, created, ends, confirm_by, ended, ended_by`

func scanMeasure(row row, m *community.Measure) error {
	return row.Scan(&m.ID, &m.CaseID, &m.Kind, &m.TargetKind, &m.Target, &m.Name, &m.Rule, &m.Reason, flag{&m.Sealed}, flag{&m.Urgent}, &m.State, &m.By, &m.ConfirmedBy,
		&m.Before, instant{&m.Created}, instant{&m.Ends}, instant{&m.ConfirmBy}, instant{&m.Ended}, &m.EndedBy)
}

// MeasureQuery picks measures, newest first: what is empty does not matter.
type MeasureQuery struct {
	Target  string
	CaseID  int64
	States  []community.MeasureState
	Kinds   []community.MeasureKind
	Confirm bool // those that a second steward is asked about
	Limit   int  // 0 = no limit
	Offset  int
}

func (q *MeasureQuery) where(b *strings.Builder, d dialect) []any {
	var conds []string
	var args []any
	add := func(cond string, a ...any) { conds, args = append(conds, cond), append(args, a...) }
	if q.Target != "" {
		add("target = ?", q.Target)
	}
	if q.CaseID != 0 {
		add("case_id = ? AND case_id <> 0", q.CaseID)
	}
	if len(q.States) > 0 {
		add("state"+d.inTexts, asJSON{q.States})
	}
	if len(q.Kinds) > 0 {
		add("kind"+d.inTexts, asJSON{q.Kinds})
	}
	if q.Confirm {
		add("state IN ('active', 'asked') AND confirm_by > 0")
	}
	if len(conds) > 0 {
		b.WriteString(" WHERE " + strings.Join(conds, " AND "))
	}
	return args
}

// Measures lists measures, newest first.
func (r *Reader) Measures(ctx context.Context, q MeasureQuery) ([]community.Measure, error) {
	var b strings.Builder
	b.WriteString("SELECT " + measureColumns + " FROM measure")
	args := q.where(&b, r.sql)
	b.WriteString(" ORDER BY id DESC")
	args = limit(&b, args, q.Limit, q.Offset)
	return list(ctx, r, scanMeasure, b.String(), args...)
}

// CountMeasures counts what Measures would list without its limit.
func (r *Reader) CountMeasures(ctx context.Context, q MeasureQuery) (int, error) {
	var b strings.Builder
	b.WriteString("SELECT COUNT(*) FROM measure")
	args := q.where(&b, r.sql)
	return value[int](ctx, r, b.String(), args...)
}

// Measure reads a measure.
func (r *Reader) Measure(ctx context.Context, id int64) (*community.Measure, error) {
	return one(ctx, r, "measure", scanMeasure, "SELECT "+measureColumns+" FROM measure WHERE id = ?", id)
}

// MeasuresDue lists the measures whose time is over at an instant, or the time in
// which a second steward had to agree.
func (r *Reader) MeasuresDue(ctx context.Context, now time.Time) ([]community.Measure, error) {
	return list(ctx, r, scanMeasure, "SELECT "+measureColumns+` FROM measure WHERE state IN ('active', 'asked')
		AND (ends > 0 AND ends <= ? OR confirm_by > 0 AND confirm_by <= ?) ORDER BY id`, now, now)
}

// InsertMeasure adds a measure.
func (tx *Tx) InsertMeasure(ctx context.Context, m *community.Measure) error {
	return tx.insert(ctx, &m.ID, `INSERT INTO measure (case_id, kind, target_kind, target, name, rule, reason, sealed, urgent, state, by_name, confirmed_by, before, created, ends, confirm_by, ended, ended_by)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		m.CaseID, m.Kind, m.TargetKind, m.Target, m.Name, m.Rule, m.Reason, m.Sealed, m.Urgent, m.State, m.By, m.ConfirmedBy, m.Before, m.Created, m.Ends, m.ConfirmBy, m.Ended, m.EndedBy)
}

// UpdateMeasure writes where a measure stands. About whom it is, and who took it,
// stays.
func (tx *Tx) UpdateMeasure(ctx context.Context, m *community.Measure) error {
	return tx.update(ctx, "measure", `UPDATE measure SET case_id = ?, rule = ?, reason = ?, sealed = ?, state = ?, confirmed_by = ?, before = ?, ends = ?, confirm_by = ?, ended = ?, ended_by = ? WHERE id = ?`,
		m.CaseID, m.Rule, m.Reason, m.Sealed, m.State, m.ConfirmedBy, m.Before, m.Ends, m.ConfirmBy, m.Ended, m.EndedBy, m.ID)
}

// Hidden tells by which measure a conference elsewhere is hidden; NotFound if it
// is not.
func (r *Reader) Hidden(ctx context.Context, uri string) (int64, error) {
	id, err := one(ctx, r, "hidden conference", func(row row, id *int64) error { return row.Scan(id) }, "SELECT measure_id FROM hidden WHERE uri = ?", uri)
	if err != nil {
		return 0, err
	}
	return *id, nil
}

// SaveHidden hides a conference elsewhere.
func (tx *Tx) SaveHidden(ctx context.Context, uri string, measureID int64) error {
	return tx.exec(ctx, "INSERT INTO hidden (uri, measure_id) VALUES (?, ?) ON CONFLICT (uri) DO UPDATE SET measure_id = excluded.measure_id", uri, measureID)
}

// DeleteHidden shows it again.
func (tx *Tx) DeleteHidden(ctx context.Context, uri string) error {
	return tx.exec(ctx, "DELETE FROM hidden WHERE uri = ?", uri)
}

// SilencePosts takes all that one of our actors said out of lists and talks, or
// puts it back. What stewards hid one by one stays hidden.
func (tx *Tx) SilencePosts(ctx context.Context, author community.LocalActor, on bool) error {
	from, to := community.Shown, community.Silenced
	if !on {
		from, to = to, from
	}
	return tx.exec(ctx, "UPDATE post SET state = ? WHERE uri = '' AND author = ? AND state = ?", to, author, from)
}
