package storage

import (
	"context"
	"database/sql"
	"errors"
	"hash/fnv"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"

	"konfa/community"
)

// postgresConns bounds the connections of one process; PostgreSQL takes 100 in
// all where nobody changed it.
const postgresConns = 20

var postgresDialect = dialect{
	engine:  "postgres",
	inIDs:   " = ANY (ARRAY(SELECT CAST(json_array_elements_text(CAST(? AS json)) AS BIGINT)))",
	inTexts: " = ANY (ARRAY(SELECT json_array_elements_text(CAST(? AS json))))",
	matches: "words @@ CAST(? AS tsquery)",
	match:   tsquery, searchKey: "key",
	skipLocked: " FOR UPDATE SKIP LOCKED",
	wrap:       postgresError,
}

type postgres struct {
	db      *sqlx.DB
	config  *pgx.ConnConfig
	channel string // of NOTIFY
	clock   func() time.Time
	wake    func()

	turn   chan struct{} // holds a token while a transaction that failed often has its turn
	queued chan struct{} // holds a token while other processes are still to be told
	stop   context.CancelFunc
	told   chan struct{} // closed when tell is over
}

func openPostgres(ctx context.Context, o Options, wake func()) (*postgres, error) {
	config, err := pgx.ParseConfig(o.Database)
	if err != nil {
		// The error of pgx may quote the password.
		return nil, &community.Error{Code: community.Refused, Msg: "the address of the database cannot be read",
			Hint: "it looks like postgres://user:password@host:5432/name"}
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "konfa"
	}
	db := sqlx.NewDb(stdlib.OpenDB(*config), "pgx")
	db.SetMaxOpenConns(postgresConns)
	db.SetMaxIdleConns(postgresConns)
	db.SetConnMaxIdleTime(5 * time.Minute)
	p := &postgres{db: db, config: config, clock: o.Clock, wake: wake, turn: make(chan struct{}, 1)}
	var schema string
	if err := db.QueryRowContext(ctx, "SELECT COALESCE(current_schema(), '')").Scan(&schema); err != nil {
		_ = db.Close()
		return nil, postgresOpenError(config, err)
	}
	// Two nodes in two schemas of one database do not wake each other.
	h := fnv.New64a()
	h.Write([]byte(schema))
	p.channel = "konfa_" + strconv.FormatUint(h.Sum64(), 36)
	if err := migrate(ctx, db.DB, goose.DialectPostgres, "postgres", o.upTo); err != nil {
		_ = db.Close()
		return nil, postgresOpenError(config, err)
	}
	tell, stop := context.WithCancel(context.Background())
	p.queued, p.stop, p.told = make(chan struct{}, 1), stop, make(chan struct{})
	go p.tell(tell)
	return p, nil
}

func (p *postgres) name() string                   { return "postgres" }
func (p *postgres) reader() *Reader                { return &Reader{q: postgresPool{p.db}, sql: postgresDialect} }
func (p *postgres) ping(ctx context.Context) error { return postgresError(p.db.PingContext(ctx)) }

func (p *postgres) pool() (*sqlx.DB, catalog)  { return p.db, postgresCatalog }
func (p *postgres) owner() (*sqlx.DB, catalog) { return p.db, postgresCatalog }

func (p *postgres) close() error {
	p.stop()
	<-p.told
	return p.db.Close()
}

// write runs f in a serializable transaction, since f checks rules against what
// it reads: that there is a free seat, that a slug is not taken. SQLite gives
// that by having one writer.
func (p *postgres) write(ctx context.Context, f func(*Tx) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	pause := time.Millisecond
	for try := 0; ; try++ {
		again, err := p.once(ctx, f)
		if err == nil || !again || try == 50 {
			return err
		}
		if try == rushed {
			// Two hundred want the last seat: those who were in each other's
			// way go one after the other.
			select {
			case p.turn <- struct{}{}:
				defer func() { <-p.turn }()
				pause = time.Millisecond
			case <-ctx.Done():
				return err
			}
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(rand.N(pause)):
		}
		pause = min(2*pause, 64*time.Millisecond)
	}
}

// rushed is after how many tries a transaction waits for its turn.
const rushed = 3

func (p *postgres) once(ctx context.Context, f func(*Tx) error) (again bool, err error) {
	dbtx, err := p.db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
	if err != nil {
		return false, postgresError(err)
	}
	q := &postgresTx{tx: dbtx, ctx: ctx}
	d := postgresDialect
	d.wrap = q.note
	tx := &Tx{Reader: &Reader{q: q, sql: d}, x: q, now: community.Instant(p.clock())}
	done := false
	// Deferred, so that nothing stays open if f panics or ends its goroutine.
	defer func() {
		if !done {
			tx.takeBack()
			_ = dbtx.Rollback()
		}
	}()
	if err := f(tx); err != nil {
		return q.again || retryable(err), err
	}
	if err := dbtx.Commit(); err != nil {
		return q.again || retryable(err), postgresError(err)
	}
	done = true
	if tx.queued {
		p.wake()
		select {
		case p.queued <- struct{}{}:
		default:
		}
	}
	return false, nil
}

// tell tells the other processes that there is work, at most every 50 ms. It is
// not done in the transactions themselves: PostgreSQL lets those that notify
// commit only one after the other, each with a disk write of its own, which is
// ten times slower than together. What is lost if the process dies in between is
// the hurry alone; the work is in the tables, where the others find it when
// they look next.
func (p *postgres) tell(ctx context.Context) {
	defer close(p.told)
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-p.queued:
			p.notify()
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
	// A command closes right after its change: that must be told all the same.
	select {
	case <-p.queued:
		p.notify()
	default:
	}
}

func (p *postgres) notify() {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	_, _ = p.db.ExecContext(ctx, "SELECT pg_notify($1, '')", p.channel)
}

// listen hears of the work that other processes queue, and connects again when
// the connection is lost, waking then because something may have been missed.
func (p *postgres) listen(ctx context.Context, wake func()) {
	for missed := false; ctx.Err() == nil; missed = true {
		p.listenOnce(ctx, wake, missed)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

func (p *postgres) listenOnce(ctx context.Context, wake func(), missed bool) {
	conn, err := pgx.ConnectConfig(ctx, p.config.Copy())
	if err != nil {
		return
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = conn.Close(ctx)
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+p.channel); err != nil {
		return
	}
	if missed {
		wake()
	}
	for {
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return
		}
		wake()
	}
}

// rebound keeps queries as PostgreSQL wants them, with $1 for ?. They are
// constants of this package, but for the few shapes of a list.
var rebound sync.Map // string -> string

func rebind(q string) string {
	if r, ok := rebound.Load(q); ok {
		return r.(string)
	}
	r := sqlx.Rebind(sqlx.DOLLAR, q)
	rebound.Store(q, r)
	return r
}

// postgresPool reads outside of transactions.
type postgresPool struct{ db *sqlx.DB }

func (p postgresPool) query(ctx context.Context, q string, args []any) (*sql.Rows, error) {
	if err := tidyArgs(args); err != nil {
		return nil, err
	}
	rows, err := p.db.QueryContext(ctx, rebind(q), args...)
	return rows, postgresError(err)
}

// postgresTx is one transaction. It goes by its own context, not by those of
// the calls.
type postgresTx struct {
	tx    *sqlx.Tx
	ctx   context.Context
	again bool // the database asked for the transaction to be run again
}

func (t *postgresTx) query(_ context.Context, q string, args []any) (*sql.Rows, error) {
	if err := tidyArgs(args); err != nil {
		return nil, err
	}
	rows, err := t.tx.QueryContext(t.ctx, rebind(q), args...)
	return rows, t.note(err)
}

func (t *postgresTx) exec(_ context.Context, q string, args []any) (sql.Result, error) {
	if err := tidyArgs(args); err != nil {
		return nil, err
	}
	res, err := t.tx.ExecContext(t.ctx, rebind(q), args...)
	return res, t.note(err)
}

func (t *postgresTx) note(err error) error {
	t.again = t.again || retryable(err)
	return postgresError(err)
}

// attempt uses a savepoint, since on PostgreSQL a statement that fails takes
// the whole transaction with it.
func (t *postgresTx) attempt(ctx context.Context, f func() error) error {
	if _, err := t.exec(ctx, "SAVEPOINT attempt", nil); err != nil {
		return err
	}
	err := f()
	if err != nil {
		if t.again {
			return err
		}
		_, back := t.exec(ctx, "ROLLBACK TO attempt", nil)
		if back != nil {
			return errors.Join(err, back)
		}
	}
	_, release := t.exec(ctx, "RELEASE attempt", nil)
	return errors.Join(err, release)
}

// retryable tells of serialization failures and deadlocks.
func retryable(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.Code == "40001" || e.Code == "40P01")
}

// postgresError gives the errors of the driver that callers can do something
// about a code of ours. Codes: PostgreSQL manual, appendix A.
func postgresError(err error) error {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return err
	}
	switch e.Code {
	case "23505": // unique_violation
		return &community.Error{Code: community.Conflict, Key: "error.taken", Msg: "this is there already", Err: err}
	case "23503": // foreign_key_violation
		return &community.Error{Code: community.Conflict, Key: "error.dangling", Msg: "what this belongs to is not there, or something still belongs to it", Err: err}
	case "54000": // program_limit_exceeded: an address beyond 2,700 bytes does not fit into an index
		return &community.Error{Code: community.Invalid, Msg: "an address is too long", Err: err}
	case "53100": // disk_full
		return &community.Error{Code: community.Internal, Msg: "the disk of the database is full", Hint: "make room on the database server", Err: err}
	}
	return err
}

// postgresOpenError says in plain words why a database cannot be used.
func postgresOpenError(config *pgx.ConnConfig, err error) error {
	if _, ours := errors.AsType[*community.Error](err); ours {
		return err
	}
	refused := func(hint, format string, args ...any) error {
		e := community.Errorf(community.Refused, format, args...).WithHint(hint)
		e.Err = err
		return e
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch e.Code {
		case "28P01", "28000":
			return refused("check user and password in database", "PostgreSQL does not let %s in", config.User)
		case "3D000":
			return refused("make it: createdb "+config.Database, "PostgreSQL has no database %q", config.Database)
		case "42501":
			return refused("make "+config.User+" the owner of the database", "%s may not make tables in the database %q", config.User, config.Database)
		}
		return refused("see the log of PostgreSQL", "PostgreSQL refused: %s", e.Message)
	}
	return refused("check that it runs and that database has the right host and port", "PostgreSQL does not answer at %s",
		net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))))
}
