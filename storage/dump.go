package storage

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"

	"github.com/jmoiron/sqlx"

	"konfa/community"
)

// A dump is everything that is stored at one moment, in JSON lines that know
// nothing of the engine, so that it is restored into either: a dumpHead, then for
// each table a dumpTable and its rows, each an array, and a dumpEnd, without which
// it is not whole. What the database works out by itself (indexes, search) is not
// in it.

// dumpFormat changes when older programs could not read the lines.
const dumpFormat = 1

type dumpHead struct {
	Format int    `json:"konfa_dump"`
	Schema int64  `json:"schema"` // the migration it is up to
	Engine string `json:"engine"` // it came from
}

type dumpTable struct {
	Table   string   `json:"table"`
	Columns []string `json:"columns"`
	Kinds   string   `json:"kinds"` // of the columns, a letter each: i, t, b (base64)
	Next    int64    `json:"next"`  // the highest id ever given, or 0
}

type dumpEnd struct {
	End  bool  `json:"end"`
	Rows int64 `json:"rows"`
}

// Dumped is what a dump holds.
type Dumped struct {
	Schema int64
	Engine string
	Tables map[string]int64 // rows of each
	Rows   int64
}

// catalog asks an engine for its tables in the order in which they were made, so
// that what a row belongs to comes before it.
type catalog struct {
	tables  string // name
	columns string // name, kind; of the table ?
	next    string // the highest id ever given in a table, or no row
	begin   string // a transaction that reads one moment
	size    string // of the database, in bytes
	// tableSize is how many bytes the table ? takes with its indexes; empty where
	// the engine would have to read all of it to know.
	tableSize string
}

var sqliteCatalog = catalog{
	tables: `SELECT m.name FROM sqlite_master m JOIN pragma_table_list l ON l.name = m.name AND l.schema = 'main' AND l.type = 'table'
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND m.name NOT LIKE 'search\_%' ESCAPE '\' AND m.name <> 'goose_db_version' ORDER BY m.rowid`,
	columns: `SELECT name, CASE WHEN type LIKE '%INT%' THEN 'i' WHEN type = 'BLOB' THEN 'b' WHEN type = 'TEXT' THEN 't' ELSE '' END
		FROM pragma_table_xinfo(?) WHERE hidden = 0 ORDER BY cid`,
	next:  "SELECT seq FROM sqlite_sequence WHERE name = ?",
	begin: "BEGIN",
	size:  "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
}

var postgresCatalog = catalog{
	tables: `SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = current_schema() AND c.relkind = 'r' AND c.relname NOT LIKE 'search\_%' AND c.relname <> 'goose_db_version' ORDER BY c.oid`,
	columns: `SELECT column_name, CASE data_type WHEN 'bigint' THEN 'i' WHEN 'integer' THEN 'i' WHEN 'bytea' THEN 'b' WHEN 'text' THEN 't' ELSE '' END
		FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1 AND is_generated = 'NEVER' ORDER BY ordinal_position`,
	// pg_sequences has a NULL where nothing was given yet.
	next: `SELECT COALESCE(s.last_value, 0) FROM pg_sequences s WHERE s.schemaname = current_schema()
		AND pg_get_serial_sequence(quote_ident($1), 'id') = quote_ident(s.schemaname) || '.' || quote_ident(s.sequencename)`,
	begin:     "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
	size:      "SELECT COALESCE(SUM(pg_total_relation_size(c.oid)), 0)::BIGINT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND c.relkind = 'r'",
	tableSize: "SELECT pg_total_relation_size(quote_ident($1)::regclass)",
}

// Dump writes everything that is stored, as it is at one moment; writes go on
// meanwhile.
func (s *Store) Dump(ctx context.Context, w io.Writer) (*Dumped, error) {
	db, cat := s.engine.pool()
	conn, err := db.Connx(ctx)
	if err != nil {
		return nil, s.sql.wrap(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, cat.begin); err != nil {
		return nil, s.sql.wrap(err)
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	out := &Dumped{Engine: s.Engine(), Tables: map[string]int64{}}
	if err := conn.QueryRowxContext(ctx, "SELECT MAX(version_id) FROM goose_db_version").Scan(&out.Schema); err != nil {
		return nil, s.sql.wrap(err)
	}
	buf := bufio.NewWriterSize(w, 64<<10)
	lines := json.NewEncoder(buf)
	lines.SetEscapeHTML(false)
	if err := lines.Encode(dumpHead{dumpFormat, out.Schema, out.Engine}); err != nil {
		return nil, err
	}
	tables, err := readTables(ctx, conn, cat)
	if err != nil {
		return nil, s.sql.wrap(err)
	}
	for _, t := range tables {
		n, err := dumpRows(ctx, conn, lines, t)
		if err != nil {
			return nil, s.sql.wrap(err)
		}
		out.Tables[t.Table], out.Rows = n, out.Rows+n
	}
	if err := lines.Encode(dumpEnd{true, out.Rows}); err != nil {
		return nil, err
	}
	return out, buf.Flush()
}

// readTables lists the tables and their columns.
func readTables(ctx context.Context, q sqlx.QueryerContext, cat catalog) ([]dumpTable, error) {
	var names []string
	if err := sqlx.SelectContext(ctx, q, &names, cat.tables); err != nil {
		return nil, err
	}
	var out []dumpTable
	for _, name := range names {
		t := dumpTable{Table: name}
		rows, err := q.QueryxContext(ctx, cat.columns, name)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var column, kind string
			if err := rows.Scan(&column, &kind); err != nil {
				rows.Close()
				return nil, err
			}
			if kind != "" { // what has no kind is worked out from the others
				t.Columns, t.Kinds = append(t.Columns, column), t.Kinds+kind
			}
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
		hasID := false
		for _, c := range t.Columns {
			hasID = hasID || c == "id"
		}
		if hasID {
			var next []int64
			if err := sqlx.SelectContext(ctx, q, &next, cat.next, name); err != nil {
				return nil, err
			}
			if len(next) > 0 {
				t.Next = next[0]
			}
		}
		out = append(out, t)
	}
	return out, nil
}

func dumpRows(ctx context.Context, conn *sqlx.Conn, lines *json.Encoder, t dumpTable) (int64, error) {
	if err := lines.Encode(t); err != nil {
		return 0, err
	}
	rows, err := conn.QueryxContext(ctx, "SELECT "+quoted(t.Columns)+" FROM "+quoted([]string{t.Table}))
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	n := int64(0)
	for ; rows.Next(); n++ {
		values, err := rows.SliceScan()
		if err != nil {
			return n, err
		}
		for i, v := range values {
			switch v := v.(type) {
			case []byte:
				if t.Kinds[i] == 'b' {
					values[i] = base64.StdEncoding.EncodeToString(v)
				} else {
					values[i] = string(v)
				}
			case string:
				if t.Kinds[i] == 'b' {
					values[i] = base64.StdEncoding.EncodeToString([]byte(v))
				}
			case int64, nil:
			default:
				return n, fmt.Errorf("storage: %s.%s is of the unexpected type %T", t.Table, t.Columns[i], v)
			}
		}
		if err := lines.Encode(values); err != nil {
			return n, err
		}
	}
	return n, rows.Err()
}

// quoted lists names for a statement.
func quoted(names []string) string {
	var b []byte
	for i, n := range names {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, '"')
		b = append(b, n...)
		b = append(b, '"')
	}
	return string(b)
}

// errDump: the lines are no dump of ours, or not all of one.
func errDump(format string, args ...any) error {
	return community.Errorf(community.Invalid, "this is no whole dump of konfa: "+format, args...)
}
