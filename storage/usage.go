package storage

import (
	"context"
)

// TableUse is how much a table holds.
type TableUse struct {
	Table string
	Rows  int64
	Bytes int64 // with its indexes; 0 where the engine does not tell
}

// Usage tells how large the database is, in bytes, and how much its tables hold,
// the one with the most rows first. It counts, so it is for people to look at now
// and then.
func (s *Store) Usage(ctx context.Context) (bytes int64, tables []TableUse, err error) {
	db, cat := s.engine.pool()
	conn, err := db.Connx(ctx)
	if err != nil {
		return 0, nil, s.sql.wrap(err)
	}
	defer conn.Close()
	if err := conn.QueryRowxContext(ctx, cat.size).Scan(&bytes); err != nil {
		return 0, nil, s.sql.wrap(err)
	}
	list, err := readTables(ctx, conn, cat)
	if err != nil {
		return 0, nil, s.sql.wrap(err)
	}
	for _, t := range list {
		u := TableUse{Table: t.Table}
		if err := conn.QueryRowxContext(ctx, "SELECT COUNT(*) FROM "+quoted([]string{t.Table})).Scan(&u.Rows); err != nil {
			return 0, nil, s.sql.wrap(err)
		}
		if cat.tableSize != "" {
			if err := conn.QueryRowxContext(ctx, cat.tableSize, t.Table).Scan(&u.Bytes); err != nil {
				return 0, nil, s.sql.wrap(err)
			}
		}
		at := len(tables)
		for at > 0 && tables[at-1].Rows < u.Rows {
			at--
		}
		tables = append(tables[:at], append([]TableUse{u}, tables[at:]...)...)
	}
	return bytes, tables, nil
}
