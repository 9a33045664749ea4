package storage

import (
	"context"
	"database/sql"
	"time"

	"konfa/community"
)

// Tx is a transaction: it reads what a Reader does, and writes. It is good only
// inside the function given to Store.Write, and only for one goroutine.
//
// Methods named Insert fill the ID; those named Update go by it and answer
// NotFound when there is no such row; those named Delete are content when there
// is nothing to delete, unless they say otherwise. What is taken already is a
// Conflict, after which the transaction can go on.
type Tx struct {
	*Reader
	x       execer
	now     time.Time
	queued  bool     // there is new work for those who watch
	stamped int64    // microseconds, once the calendar was stamped
	undo    []func() // take back what was written into the structs of the caller
}

// Now is the instant at which the transaction began.
func (tx *Tx) Now() time.Time { return tx.now }

func (tx *Tx) exec(ctx context.Context, q string, args ...any) error {
	_, err := tx.x.exec(ctx, q, args)
	return err
}

func (tx *Tx) count(ctx context.Context, q string, args ...any) (int, error) {
	res, err := tx.x.exec(ctx, q, args)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// update runs a statement that must hit a row.
func (tx *Tx) update(ctx context.Context, what, q string, args ...any) error {
	n, err := tx.count(ctx, q, args...)
	if err == nil && n == 0 {
		return notFound(what)
	}
	return err
}

// insert runs a statement that ends in RETURNING id and fills id.
func (tx *Tx) insert(ctx context.Context, id *int64, q string, args ...any) error {
	rows, err := tx.q.query(ctx, q, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	var got int64
	if rows.Next() {
		if err := rows.Scan(&got); err != nil {
			return tx.sql.wrap(err)
		}
	}
	if err := rows.Err(); err != nil {
		return tx.sql.wrap(err)
	}
	if err := rows.Close(); err != nil {
		return tx.sql.wrap(err)
	}
	if got == 0 {
		return sql.ErrNoRows
	}
	tx.fill(id, got)
	return nil
}

// fill sets an ID of the caller's and remembers to take it back if the
// transaction comes to nothing.
func (tx *Tx) fill(id *int64, to int64) {
	was := *id
	tx.undo = append(tx.undo, func() { *id = was })
	*id = to
}

// taken runs f, which may hit something that is there already, and gives the
// Conflict a message of its own.
func (tx *Tx) taken(ctx context.Context, msg string, f func() error) error {
	err := tx.x.attempt(ctx, f)
	if community.CodeOf(err) == community.Conflict {
		return &community.Error{Code: community.Conflict, Msg: msg, Err: err}
	}
	return err
}

// takeBack undoes what fill did, last first.
func (tx *Tx) takeBack() {
	for i := len(tx.undo) - 1; i >= 0; i-- {
		tx.undo[i]()
	}
	tx.undo = nil
}
