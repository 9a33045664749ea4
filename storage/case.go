package storage

import (
	"context"
	"strings"

	"konfa/community"
)

const caseColumns = "c.id, c.object, c.kind, c.name, c.excerpt, c.state, c.assignee, c.created, c.updated, c.decided, c.decided_by, c.outcome, c.rule, c.reason, c.forwarded"

const caseSelect = "SELECT " + caseColumns + `, (SELECT COUNT(*) FROM report r WHERE r.case_id = c.id), (SELECT COUNT(*) FROM report r WHERE r.case_id = c.id AND r.forward = 1)
	FROM order_case c `

func scanCase(row row, c *community.Case) error {
	var wished int
	err := row.Scan(&c.ID, &c.Object, &c.Kind, &c.Name, &c.Excerpt, &c.State, &c.Assignee, instant{&c.Created}, instant{&c.Updated}, instant{&c.Decided}, &c.DecidedBy,
		&c.Outcome, &c.Rule, &c.Reason, instant{&c.Forwarded}, number{&c.Reports}, number{&wished})
	c.Wished = wished > 0
	return err
}

// CaseQuery picks cases: what is empty does not matter.
type CaseQuery struct {
	States    []community.CaseState
	Assignee  string
	Concerned string // whom they concern, by id
	Unseen    string // leaves out those that concern this one
	Newest    bool   // first; else the oldest
	Limit     int    // 0 = no limit
	Offset    int
}

func (q *CaseQuery) where(b *strings.Builder, d dialect) []any {
	var conds []string
	var args []any
	add := func(cond string, a ...any) { conds, args = append(conds, cond), append(args, a...) }
	if len(q.States) > 0 {
		add("c.state"+d.inTexts, asJSON{q.States})
	}
	if q.Assignee != "" {
		add("c.assignee = ?", q.Assignee)
	}
	if q.Concerned != "" {
		add("c.id IN (SELECT case_id FROM case_person WHERE uri = ?)", q.Concerned)
	}
	if q.Unseen != "" {
		add("c.id NOT IN (SELECT case_id FROM case_person WHERE uri = ?)", q.Unseen)
	}
	if len(conds) > 0 {
		b.WriteString(" WHERE " + strings.Join(conds, " AND "))
	}
	return args
}

// Cases lists cases.
func (r *Reader) Cases(ctx context.Context, q CaseQuery) ([]community.Case, error) {
	var b strings.Builder
	b.WriteString(caseSelect)
	args := q.where(&b, r.sql)
	if q.Newest {
		b.WriteString(" ORDER BY c.id DESC")
	} else {
		b.WriteString(" ORDER BY c.id")
	}
	args = limit(&b, args, q.Limit, q.Offset)
	cs, err := list(ctx, r, scanCase, b.String(), args...)
	if err != nil {
		return nil, err
	}
	return cs, r.fillConcerned(ctx, cs)
}

// CountCases counts what Cases would list without its limit.
func (r *Reader) CountCases(ctx context.Context, q CaseQuery) (int, error) {
	var b strings.Builder
	b.WriteString("SELECT COUNT(*) FROM order_case c")
	args := q.where(&b, r.sql)
	return value[int](ctx, r, b.String(), args...)
}

func (r *Reader) fillConcerned(ctx context.Context, cs []community.Case) error {
	if len(cs) == 0 {
		return nil
	}
	ids := make([]int64, len(cs))
	at := make(map[int64]*community.Case, len(cs))
	for i := range cs {
		ids[i], at[cs[i].ID] = cs[i].ID, &cs[i]
	}
	type person struct {
		id  int64
		uri string
	}
	people, err := list(ctx, r, func(row row, p *person) error { return row.Scan(&p.id, &p.uri) },
		"SELECT case_id, uri FROM case_person WHERE case_id"+r.sql.inIDs+" ORDER BY case_id, uri", asJSON{ids})
	for _, p := range people {
		at[p.id].Concerned = append(at[p.id].Concerned, p.uri)
	}
	return err
}

// Case reads a case.
func (r *Reader) Case(ctx context.Context, id int64) (*community.Case, error) {
	return r.caseWhere(ctx, "WHERE c.id = ?", id)
}

// OpenCase reads the case about one of some things that is not decided;
// NotFound if there is none.
func (r *Reader) OpenCase(ctx context.Context, objects []string) (*community.Case, error) {
	return r.caseWhere(ctx, "WHERE c.state <> 'decided' AND c.object"+r.sql.inTexts+" ORDER BY c.id LIMIT 1", texts(objects))
}

func (r *Reader) caseWhere(ctx context.Context, where string, arg any) (*community.Case, error) {
	c, err := one(ctx, r, "case", scanCase, caseSelect+where, arg)
	if err != nil {
		return nil, err
	}
	cs := []community.Case{*c}
	if err := r.fillConcerned(ctx, cs); err != nil {
		return nil, err
	}
	return &cs[0], nil
}

// InsertCase adds a case.
func (tx *Tx) InsertCase(ctx context.Context, c *community.Case) error {
	err := tx.insert(ctx, &c.ID, `INSERT INTO order_case (object, kind, name, excerpt, state, assignee, created, updated, decided, decided_by, outcome, rule, reason, forwarded)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		c.Object, c.Kind, c.Name, c.Excerpt, c.State, c.Assignee, c.Created, c.Updated, c.Decided, c.DecidedBy, c.Outcome, c.Rule, c.Reason, c.Forwarded)
	if err != nil {
		return err
	}
	for _, uri := range c.Concerned {
		if err := tx.exec(ctx, "INSERT INTO case_person (case_id, uri) VALUES (?, ?) ON CONFLICT (case_id, uri) DO NOTHING", c.ID, uri); err != nil {
			return err
		}
	}
	return nil
}

// UpdateCase writes where a case stands. What it is about, and whom it concerns,
// stays.
func (tx *Tx) UpdateCase(ctx context.Context, c *community.Case) error {
	return tx.update(ctx, "case", `UPDATE order_case SET state = ?, assignee = ?, updated = ?, decided = ?, decided_by = ?, outcome = ?, rule = ?, reason = ?, forwarded = ? WHERE id = ?`,
		c.State, c.Assignee, c.Updated, c.Decided, c.DecidedBy, c.Outcome, c.Rule, c.Reason, c.Forwarded, c.ID)
}

// CaseEntries lists what happened to a case, oldest first.
func (r *Reader) CaseEntries(ctx context.Context, caseID int64) ([]community.CaseEntry, error) {
	scan := func(row row, e *community.CaseEntry) error {
		return row.Scan(&e.ID, &e.CaseID, &e.By, &e.Kind, &e.Text, instant{&e.Created})
	}
	return list(ctx, r, scan, "SELECT id, case_id, by_name, kind, text, created FROM case_entry WHERE case_id = ? ORDER BY id", caseID)
}

// InsertCaseEntry adds what happened to a case.
func (tx *Tx) InsertCaseEntry(ctx context.Context, e *community.CaseEntry) error {
	return tx.insert(ctx, &e.ID, "INSERT INTO case_entry (case_id, by_name, kind, text, created) VALUES (?, ?, ?, ?, ?) RETURNING id", e.CaseID, e.By, e.Kind, e.Text, e.Created)
}
