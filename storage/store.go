package storage

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"konfa/community"
)

// Options say which database to open.
type Options struct {
	Data        string           // directory of the SQLite file, made if missing
	Database    string           // "" = SQLite in Data/konfa.db; postgres://…; or a path of a SQLite file, relative to Data
	Clock       func() time.Time // nil = time.Now
	Synchronous string           // of SQLite: FULL (also for ""), NORMAL, EXTRA or OFF

	upTo int64 // the last migration to make, for a dump of an older schema; 0: all
}

// Store is the open database. Its methods are safe for concurrent use.
type Store struct {
	*Reader
	engine engine
	watch  *watchers
}

// engine is what differs between SQLite and PostgreSQL.
type engine interface {
	name() string
	reader() *Reader
	write(ctx context.Context, f func(tx *Tx) error) error
	// listen calls wake whenever another process has queued work, and returns
	// when ctx is done.
	listen(ctx context.Context, wake func())
	ping(ctx context.Context) error
	// pool reads, owner writes; only a whole dump needs either.
	pool() (*sqlx.DB, catalog)
	owner() (*sqlx.DB, catalog)
	close() error
}

// Open opens the database, making it and bringing its schema up to date where
// needed. Several processes may open the same one at the same time. Errors:
// Refused with a hint when it cannot be used as it is.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	w := newWatchers()
	var e engine
	var err error
	switch {
	case strings.HasPrefix(o.Database, "postgres://"), strings.HasPrefix(o.Database, "postgresql://"):
		e, err = openPostgres(ctx, o, w.wake)
	case strings.Contains(o.Database, "://"):
		scheme, _, _ := strings.Cut(o.Database, "://")
		err = community.Errorf(community.Refused, "konfa does not know databases of the kind %q", scheme).
			WithHint("leave database empty for SQLite, or give an address that starts with postgres://")
	default:
		path := o.Database
		if path == "" {
			path = "konfa.db"
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(o.Data, path)
		}
		e, err = openSQLite(ctx, path, o, w.wake)
	}
	if err != nil {
		return nil, err
	}
	w.listen = e.listen
	return &Store{Reader: e.reader(), engine: e, watch: w}, nil
}

// Close waits for the write that is running and closes the database.
func (s *Store) Close() error {
	s.watch.close()
	return s.engine.close()
}

// Engine is "sqlite" or "postgres".
func (s *Store) Engine() string { return s.engine.name() }

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.engine.ping(ctx) }

// writeTimeout bounds one transaction, so that a stuck one does not hold up all
// the others for ever.
const writeTimeout = 30 * time.Second

// Write runs f in one transaction and returns once it is durable. What f returns
// undoes everything f did, and comes back as it is; so does a panic.
//
// On SQLite the writes that arrive together share one commit, each in a
// savepoint of its own, so that one failing does not undo its neighbours. On
// PostgreSQL transactions are serializable and f runs again when the database
// asks for it: what f changes outside of itself must not depend on what it was, or
// a guest who was given a seat in vain counts as one who has it. IDs that f filled
// are taken back before that.
//
// Once begun, a write is not interrupted when ctx is done. f must not call Write.
func (s *Store) Write(ctx context.Context, f func(tx *Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.engine.write(ctx, f)
}
