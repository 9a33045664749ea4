package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"

	"konfa/community"
)

// sqliteReaders is how many reads go on at the same time. A read takes tens of
// microseconds, so that more would only cost memory: each has a page cache.
const sqliteReaders = 8

var sqliteDialect = dialect{
	engine:  "sqlite",
	inIDs:   " IN (SELECT value FROM json_each(?))",
	inTexts: " IN (SELECT value FROM json_each(?))",
	matches: "search_words MATCH ?",
	match:   fts5, searchKey: "rowid",
	wrap: sqliteError,
}

type sqlite struct {
	*sqliteWriter
	db   *sqlx.DB // readers
	path string
}

func openSQLite(ctx context.Context, path string, o Options, wake func()) (_ *sqlite, err error) {
	defer func() { err = sqliteOpenError(path, err) }()
	sync := strings.ToUpper(o.Synchronous)
	switch sync {
	case "":
		sync = "FULL"
	case "FULL", "NORMAL", "EXTRA", "OFF":
	default:
		return nil, community.Errorf(community.Invalid, "synchronous is FULL, NORMAL, EXTRA or OFF, not %q", o.Synchronous)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, err
	}
	// SQLite itself only says "unable to open database file".
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, err
	}
	_ = file.Close()

	writer := sqlx.NewDb(sql.OpenDB(newSQLiteConnector(path, sync, false)), "sqlite3")
	defer func() {
		if err != nil {
			_ = writer.Close()
		}
	}()
	// goose wants more than one connection while it migrates.
	if err := whileBusy(ctx, func() error { return writer.PingContext(ctx) }); err != nil {
		return nil, err
	}
	if err := migrate(ctx, writer.DB, goose.DialectSQLite3, "sqlite", o.upTo); err != nil {
		return nil, err
	}
	writer.SetMaxOpenConns(1)
	conn, err := writer.Connx(ctx)
	if err != nil {
		return nil, err
	}
	db := sqlx.NewDb(sql.OpenDB(newSQLiteConnector(path, sync, true)), "sqlite3")
	db.SetMaxOpenConns(sqliteReaders + 1) // one of them listens
	db.SetMaxIdleConns(sqliteReaders + 1)
	if err := whileBusy(ctx, func() error { return db.PingContext(ctx) }); err != nil {
		_ = conn.Close()
		_ = db.Close()
		return nil, err
	}
	return &sqlite{
		sqliteWriter: &sqliteWriter{db: writer, conn: conn, clock: o.Clock, wake: wake},
		db:           db,
		path:         path,
	}, nil
}

// whileBusy repeats what SQLite refuses without waiting, such as switching to
// the write-ahead log while another process does so.
func whileBusy(ctx context.Context, f func() error) error {
	for try := 0; ; try++ {
		err := f()
		e, ok := errors.AsType[sqlite3.Error](err)
		if !ok || e.Code != sqlite3.ErrBusy || try == 100 || ctx.Err() != nil {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// sqliteConnector opens connections with settings of our own, without
// registering a driver name for all the program.
type sqliteConnector struct {
	driver *sqlite3.SQLiteDriver
	dsn    string
}

func newSQLiteConnector(path, sync string, readOnly bool) *sqliteConnector {
	v := url.Values{
		"_journal_mode": {"WAL"},
		"_busy_timeout": {"10000"},
		"_txlock":       {"immediate"},
		"_synchronous":  {sync},
		"_foreign_keys": {"1"},
		// Kept by mattn per connection, so that no query is parsed twice.
		"_stmt_cache_size": {"256"},
	}
	if readOnly {
		v.Set("_query_only", "1")
	}
	return &sqliteConnector{
		dsn: (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: v.Encode()}).String(),
		driver: &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
			// 2 MiB of cache for each connection; the file itself is mapped,
			// so that readers share what is hot.
			for _, p := range []string{"PRAGMA temp_store = MEMORY", "PRAGMA cache_size = -2000", "PRAGMA mmap_size = 67108864", "PRAGMA journal_size_limit = 67108864"} {
				if _, err := c.Exec(p, nil); err != nil {
					return err
				}
			}
			return nil
		}},
	}
}

func (c *sqliteConnector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c *sqliteConnector) Driver() driver.Driver                        { return c.driver }

func (s *sqlite) pool() (*sqlx.DB, catalog) { return s.db, sqliteCatalog }

// owner is another connection than the one of the writer, which must not be
// writing meanwhile.
func (s *sqlite) owner() (*sqlx.DB, catalog) {
	s.sqliteWriter.db.SetMaxOpenConns(2)
	return s.sqliteWriter.db, sqliteCatalog
}

func (s *sqlite) name() string    { return "sqlite" }
func (s *sqlite) reader() *Reader { return &Reader{q: sqlitePool{s.db}, sql: sqliteDialect} }

func (s *sqlite) ping(ctx context.Context) error {
	var one int
	return sqliteError(s.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM meta").Scan(&one))
}

func (s *sqlite) close() error {
	err := s.sqliteWriter.close()
	return errors.Join(s.db.Close(), err)
}

// listen looks whether another connection committed, which costs a few
// microseconds, and then whether anything was queued: the highest id ever given
// is kept by AUTOINCREMENT, so that work which is done already counts too.
func (s *sqlite) listen(ctx context.Context, wake func()) {
	conn, err := s.db.Connx(ctx)
	if err != nil {
		return
	}
	defer conn.Close()
	var version, queued int64
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for first := true; ; first = false {
		var v, q int64
		if err := conn.QueryRowxContext(context.Background(), "PRAGMA data_version").Scan(&v); err == nil && (v != version || first) {
			version = v
			if err := conn.QueryRowxContext(context.Background(), "SELECT COALESCE(SUM(seq), 0) FROM sqlite_sequence WHERE name IN ('fanout', 'received')").Scan(&q); err == nil && q != queued {
				queued = q
				if !first {
					wake()
				}
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// sqlitePool reads outside of transactions.
type sqlitePool struct{ db *sqlx.DB }

func (p sqlitePool) query(ctx context.Context, q string, args []any) (*sql.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := tidyArgs(args); err != nil {
		return nil, err
	}
	// Reads are short. One that cannot be cancelled costs half of one that can.
	rows, err := p.db.QueryContext(context.WithoutCancel(ctx), q, args...)
	return rows, sqliteError(err)
}

// sqliteError gives the errors of the driver that callers can do something
// about a code of ours.
func sqliteError(err error) error {
	e, ok := errors.AsType[sqlite3.Error](err)
	if !ok {
		return err
	}
	switch e.ExtendedCode {
	case sqlite3.ErrConstraintUnique, sqlite3.ErrConstraintPrimaryKey:
		return &community.Error{Code: community.Conflict, Key: "error.taken", Msg: "this is there already", Err: err}
	case sqlite3.ErrConstraintForeignKey:
		return &community.Error{Code: community.Conflict, Key: "error.dangling", Msg: "what this belongs to is not there, or something still belongs to it", Err: err}
	}
	switch e.Code {
	case sqlite3.ErrFull:
		return &community.Error{Code: community.Internal, Msg: "the disk is full", Hint: "make room where the data directory is", Err: err}
	case sqlite3.ErrBusy:
		return &community.Error{Code: community.Internal, Msg: "another program holds the database", Hint: "close what else has konfa.db open", Err: err}
	case sqlite3.ErrCorrupt:
		return &community.Error{Code: community.Internal, Msg: "the database is damaged", Hint: "restore a backup: konfa restore", Err: err}
	}
	return err
}

// sqliteOpenError says in plain words why a file cannot be used.
func sqliteOpenError(path string, err error) error {
	if err == nil {
		return nil
	}
	if _, ours := errors.AsType[*community.Error](err); ours {
		return err
	}
	e, _ := errors.AsType[sqlite3.Error](err)
	switch {
	case errors.Is(err, fs.ErrPermission), e.Code == sqlite3.ErrReadonly, e.Code == sqlite3.ErrPerm:
		return &community.Error{Code: community.Refused, Msg: fmt.Sprintf("konfa may not write to %s", path), Err: err,
			Hint: fmt.Sprintf("give the user konfa runs as the right to write to %s, or set another data directory", filepath.Dir(path))}
	case e.Code == sqlite3.ErrNotADB:
		return &community.Error{Code: community.Refused, Msg: fmt.Sprintf("%s is not a SQLite database", path), Err: err,
			Hint: "set another data directory, or move that file away if nothing needs it"}
	}
	if e := sqliteError(err); community.CodeOf(e) != community.Internal || e != err {
		return e
	}
	return &community.Error{Code: community.Refused, Msg: fmt.Sprintf("the database %s cannot be opened", path), Err: err,
		Hint: "check that its directory exists, is writable and not full"}
}
