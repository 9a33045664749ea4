package storage

import (
	"context"
	"database/sql"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"

	"konfa/community"
)

// A commit waits for the disk, and everyone who writes waits for the commit. So
// writes that arrive while one is under way form a group that is committed
// once. Whoever has the turn runs his function in a savepoint and hands the turn
// on if someone else waits for it; the last one commits for all of them.

const (
	groupSize = 256                   // writes in one commit
	groupTime = 20 * time.Millisecond // after which the next one has to wait for the commit
)

// sqliteWriter owns the one connection that writes.
type sqliteWriter struct {
	db    *sqlx.DB
	clock func() time.Time
	wake  func()

	waiting atomic.Int64 // those who will take the turn for certain

	turn   sync.Mutex // held by whoever writes; guards the rest
	conn   *sqlx.Conn
	group  *group // begun and not committed yet
	closed bool
}

// group is one commit.
type group struct {
	size   int
	began  time.Time
	queued bool
	over   bool // committed, or failed with err
	err    error
	done   chan struct{} // closed when it is over
}

func (w *sqliteWriter) write(ctx context.Context, f func(*Tx) error) error {
	w.waiting.Add(1)
	w.turn.Lock()
	w.waiting.Add(-1)
	tx, g, err := w.member(ctx, f)
	if err != nil {
		return err
	}
	<-g.done
	if g.err != nil {
		tx.takeBack()
	}
	return g.err
}

// member runs f as one of a group. It is called with the turn, and gives it
// away.
func (w *sqliteWriter) member(ctx context.Context, f func(*Tx) error) (*Tx, *group, error) {
	var g *group
	var tx *Tx
	done := false
	// Deferred, so that the turn goes on if f panics or ends its goroutine.
	defer func() {
		if tx != nil && !done {
			tx.takeBack()
			if err := w.run("ROLLBACK TO member"); err != nil {
				// The engine gave up the transaction by itself, as it does
				// when the disk is full: it is gone for everyone.
				w.fail(g, &community.Error{Code: community.Internal, Msg: "the database gave up what was to be written", Err: err,
					Hint: "try again; if it stays so, see whether the disk is full"})
			} else if err := w.run("RELEASE member"); err != nil {
				w.fail(g, err)
			}
		}
		w.pass()
	}()
	var err error
	if g, err = w.join(ctx); err != nil {
		return nil, nil, err
	}
	if err := w.run("SAVEPOINT member"); err != nil {
		w.fail(g, err)
		return nil, nil, err
	}
	q := &sqliteTx{conn: w.conn, deadline: time.Now().Add(writeTimeout)}
	tx = &Tx{Reader: &Reader{q: q, sql: sqliteDialect}, x: q, now: community.Instant(w.clock())}
	if err := f(tx); err != nil {
		return nil, nil, err
	}
	if err := w.run("RELEASE member"); err != nil {
		return nil, nil, err
	}
	done = true
	g.queued = g.queued || tx.queued
	return tx, g, nil
}

// join enters the group that is open, or begins one.
func (w *sqliteWriter) join(ctx context.Context) (*group, error) {
	if w.closed {
		return nil, &community.Error{Code: community.Internal, Msg: "the database is closed"}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if w.group == nil {
		if err := w.run("BEGIN IMMEDIATE"); err != nil {
			return nil, err
		}
		w.group = &group{began: time.Now(), done: make(chan struct{})}
	}
	w.group.size++
	return w.group, nil
}

// pass hands the turn to the next one, committing first unless that one will.
func (w *sqliteWriter) pass() {
	if g := w.group; g != nil && (w.waiting.Load() == 0 || g.size >= groupSize || time.Since(g.began) >= groupTime) {
		w.commit(g)
	}
	w.turn.Unlock()
}

func (w *sqliteWriter) commit(g *group) {
	if err := w.run("COMMIT"); err != nil {
		w.fail(g, err)
		return
	}
	w.group = nil
	g.over = true
	close(g.done)
	if g.queued {
		w.wake()
	}
}

// fail ends the group for all its members.
func (w *sqliteWriter) fail(g *group, err error) {
	if g.over {
		return
	}
	_ = w.run("ROLLBACK") // fails if the engine did so by itself
	w.group = nil
	g.over, g.err = true, err
	close(g.done)
}

func (w *sqliteWriter) run(q string) error {
	_, err := w.conn.ExecContext(context.Background(), q)
	return sqliteError(err)
}

func (w *sqliteWriter) close() error {
	w.turn.Lock()
	defer w.turn.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	if w.group != nil {
		w.commit(w.group)
	}
	_ = w.run("PRAGMA optimize")
	_ = w.conn.Close()
	return w.db.Close()
}

// sqliteTx is the connection of the writer as seen by one member. Its statements
// are never interrupted: mattn's interrupt can hit the next one instead
// (go-sqlite3 #681, #764). A transaction that takes too long ends between two.
type sqliteTx struct {
	conn     *sqlx.Conn
	deadline time.Time
}

func (t *sqliteTx) ready(args []any) error {
	if time.Now().After(t.deadline) {
		return &community.Error{Code: community.Internal, Msg: "this took too long and was given up"}
	}
	return tidyArgs(args)
}

func (t *sqliteTx) query(ctx context.Context, q string, args []any) (*sql.Rows, error) {
	if err := t.ready(args); err != nil {
		return nil, err
	}
	rows, err := t.conn.QueryContext(context.WithoutCancel(ctx), q, args...)
	return rows, sqliteError(err)
}

func (t *sqliteTx) exec(ctx context.Context, q string, args []any) (sql.Result, error) {
	if err := t.ready(args); err != nil {
		return nil, err
	}
	res, err := t.conn.ExecContext(context.WithoutCancel(ctx), q, args...)
	return res, sqliteError(err)
}

// attempt needs nothing here: a statement that fails undoes itself alone.
func (t *sqliteTx) attempt(_ context.Context, f func() error) error { return f() }
