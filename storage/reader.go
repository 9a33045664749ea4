package storage

import (
	"context"
	"database/sql"
	"errors"

	"konfa/community"
	"konfa/lookup"
)

// Reader reads. The one of a Store sees what is committed, the one of a Tx also
// what the transaction did so far.
type Reader struct {
	q   queryer
	sql dialect
}

// queryer runs a query with ? for its arguments. Errors are already those of
// this package.
type queryer interface {
	query(ctx context.Context, q string, args []any) (*sql.Rows, error)
}

// execer changes something.
type execer interface {
	exec(ctx context.Context, q string, args []any) (sql.Result, error)
	// attempt runs f so that its failure leaves the transaction usable.
	attempt(ctx context.Context, f func() error) error
}

// dialect is what the engines spell differently.
type dialect struct {
	engine     string
	inIDs      string // follows a column: is in a JSON array of numbers, the argument
	inTexts    string // the same for texts
	matches    string // a row of search_words has what match makes, the argument
	match      func(q lookup.Query, titles bool) string
	searchKey  string // the column of search_words that goes by shelf and time
	skipLocked string // ends a SELECT of rows that another process may be claiming
	wrap       func(error) error
}

// row is what a scan function reads from.
type row interface{ Scan(dest ...any) error }

// list reads all rows.
func list[T any](ctx context.Context, r *Reader, scan func(row, *T) error, q string, args ...any) ([]T, error) {
	rows, err := r.q.query(ctx, q, args)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		var v T
		if err := scan(rows, &v); err != nil {
			return nil, r.sql.wrap(err)
		}
		out = append(out, v)
	}
	return out, r.sql.wrap(rows.Err())
}

// one reads the only row, NotFound of the kind what if there is none.
func one[T any](ctx context.Context, r *Reader, what string, scan func(row, *T) error, q string, args ...any) (*T, error) {
	rows, err := r.q.query(ctx, q, args)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return nil, r.sql.wrap(err)
		}
		return nil, notFound(what)
	}
	v := new(T)
	if err := scan(rows, v); err != nil {
		return nil, r.sql.wrap(err)
	}
	return v, r.sql.wrap(rows.Close())
}

// value reads one value, its zero if there is no row.
func value[T any](ctx context.Context, r *Reader, q string, args ...any) (T, error) {
	v, err := one(ctx, r, "row", func(row row, v *T) error { return row.Scan(v) }, q, args...)
	if err != nil {
		var zero T
		if community.CodeOf(err) == community.NotFound {
			err = nil
		}
		return zero, err
	}
	return *v, nil
}

func notFound(what string) error {
	return &community.Error{Code: community.NotFound, Key: "error.not_found", Msg: "there is no such " + what}
}

func isNotFound(err error) bool {
	e, ok := errors.AsType[*community.Error](err)
	return ok && e.Code == community.NotFound
}
