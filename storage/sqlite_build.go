package storage

import (
	"context"
	"database/sql"

	"github.com/mattn/go-sqlite3"
)

// SQLiteBuild tells which SQLite this program was built with, and whether it has
// FTS5, which is chosen by a build tag.
func SQLiteBuild(ctx context.Context) (version string, fts5 bool, err error) {
	version, _, _ = sqlite3.Version()
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		return version, false, err
	}
	defer db.Close()
	err = db.QueryRowContext(ctx, "SELECT sqlite_compileoption_used('ENABLE_FTS5')").Scan(&fts5)
	return version, fts5, err
}
