package storage

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/pressly/goose/v3"

	"konfa/community"
)

// One folder per engine, kept in step. Forward only.
//
//go:embed migrations
var migrations embed.FS

// migrate brings the schema up to date. Several processes may do so at once:
// each migration is one transaction, so one of them wins, and the others look
// again.
func migrate(ctx context.Context, db *sql.DB, dialect goose.Dialect, folder string, upTo int64) error {
	files, err := fs.Sub(migrations, "migrations/"+folder)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(dialect, db, files, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("storage: reading the migrations: %w", err)
	}
	for try := 0; ; try++ {
		if err = migrateOnce(ctx, p, upTo); err == nil {
			return nil
		}
		if _, ours := errors.AsType[*community.Error](err); ours || try == 4 || ctx.Err() != nil {
			return err
		}
		time.Sleep(time.Duration(20+rand.IntN(80)) * time.Millisecond << try)
	}
}

// newestSchema is the last migration that this program knows.
func newestSchema() int64 {
	names, err := fs.Glob(migrations, "migrations/sqlite/*.sql")
	if err != nil || len(names) == 0 {
		return 0
	}
	number, _, _ := strings.Cut(path.Base(names[len(names)-1]), "_")
	n, _ := strconv.ParseInt(number, 10, 64)
	return n
}

func migrateOnce(ctx context.Context, p *goose.Provider, upTo int64) error {
	sources := p.ListSources()
	newest := sources[len(sources)-1].Version
	at, err := p.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	switch {
	case at > newest:
		return community.Errorf(community.Refused, "this data was written by a newer konfa (schema %d, this one knows up to %d)", at, newest).
			WithHint("use the newer program, or restore the backup that was made before the upgrade")
	case at == newest:
		return nil
	}
	if upTo > 0 {
		_, err = p.UpTo(ctx, upTo)
		return err
	}
	_, err = p.Up(ctx)
	return err
}
