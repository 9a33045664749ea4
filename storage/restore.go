package storage

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"

	"konfa/community"
)

// maxDumpLine bounds one row of a dump, in bytes. The largest things are
// activities and pictures.
const maxDumpLine = 64 << 20

// Restore fills an empty database with a dump and brings it up to the schema of
// this program; all or nothing. Conflict when something lives there already,
// Refused for a dump of a newer program, Invalid for one that is not whole.
func Restore(ctx context.Context, o Options, r io.Reader) (*Dumped, error) {
	in := &dumpReader{lines: bufio.NewReaderSize(r, 64<<10)}
	var head dumpHead
	if err := in.read(&head); err != nil {
		return nil, err
	}
	switch {
	case head.Format == 0 || head.Schema <= 0:
		return nil, errDump("its first line is another one")
	case head.Format > dumpFormat || head.Schema > newestSchema():
		return nil, community.Errorf(community.Refused, "this was written by a newer konfa (schema %d, this one knows up to %d)", head.Schema, newestSchema()).
			WithHint("use the newer program")
	}
	o.upTo = head.Schema
	s, err := Open(ctx, o)
	if err != nil {
		return nil, err
	}
	out, err := s.fill(ctx, in, head)
	if closed := s.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, err
	}
	// The migrations that came after the dump.
	o.upTo = 0
	if s, err = Open(ctx, o); err != nil {
		return nil, err
	}
	return out, s.Close()
}

// fill writes the rows of a dump.
func (s *Store) fill(ctx context.Context, in *dumpReader, head dumpHead) (*Dumped, error) {
	db, cat := s.engine.owner()
	conn, err := db.Connx(ctx)
	if err != nil {
		return nil, s.sql.wrap(err)
	}
	defer conn.Close()
	tx, err := conn.BeginTxx(ctx, nil)
	if err != nil {
		return nil, s.sql.wrap(err)
	}
	defer tx.Rollback()
	tables, err := readTables(ctx, tx, cat)
	if err != nil {
		return nil, s.sql.wrap(err)
	}
	if err := mustBeEmpty(ctx, tx); err != nil {
		return nil, err
	}
	if s.Engine() == "sqlite" {
		if _, err := tx.ExecContext(ctx, "PRAGMA defer_foreign_keys = ON"); err != nil {
			return nil, s.sql.wrap(err)
		}
	}
	// What the migrations wrote is in the dump too.
	for _, t := range slices.Backward(tables) {
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+quoted([]string{t.Table})); err != nil {
			return nil, s.sql.wrap(err)
		}
	}
	out := &Dumped{Schema: head.Schema, Engine: head.Engine, Tables: map[string]int64{}}
	at := &filling{tx: tx, engine: s.Engine(), out: out, tables: map[string]dumpTable{}}
	for _, t := range tables {
		at.tables[t.Table] = t
	}
	for {
		done, err := at.line(ctx, in)
		if err != nil {
			return nil, s.sql.wrap(err)
		}
		if done {
			break
		}
	}
	if err := at.finish(ctx); err != nil {
		return nil, s.sql.wrap(err)
	}
	if head.Schema >= searchSchema { // else the migration does so
		for _, q := range searchAll {
			if _, err := tx.ExecContext(ctx, q); err != nil {
				return nil, s.sql.wrap(err)
			}
		}
	}
	return out, s.sql.wrap(tx.Commit())
}

func mustBeEmpty(ctx context.Context, tx *sqlx.Tx) error {
	var n int
	if err := tx.QueryRowxContext(ctx, "SELECT COUNT(*) FROM city").Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return community.Errorf(community.Conflict, "a city lives here already").WithHint("restore into another data directory or database")
	}
	return nil
}

// filling is the table that is being written.
type filling struct {
	tx     *sqlx.Tx
	engine string
	out    *Dumped
	tables map[string]dumpTable // of this schema
	now    dumpTable            // the one being written
	insert *sql.Stmt
	next   map[string]int64
}

var plainName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// line writes one line of the dump; true at its end.
func (f *filling) line(ctx context.Context, in *dumpReader) (done bool, err error) {
	raw, err := in.next()
	if err != nil {
		return false, err
	}
	if raw[0] == '[' {
		return false, f.row(ctx, raw)
	}
	var line struct {
		dumpTable
		dumpEnd
	}
	if err := json.Unmarshal(raw, &line); err != nil {
		return false, errDump("line %d cannot be read", in.n)
	}
	if line.End {
		if line.Rows != f.out.Rows {
			return false, errDump("it has %d rows and should have %d", f.out.Rows, line.Rows)
		}
		return true, nil
	}
	return false, f.begin(ctx, line.dumpTable)
}

// begin goes on with another table.
func (f *filling) begin(ctx context.Context, t dumpTable) error {
	here, ok := f.tables[t.Table]
	if _, twice := f.out.Tables[t.Table]; !ok || twice || len(t.Columns) == 0 || len(t.Columns) != len(t.Kinds) {
		return errDump("there is no table %q", t.Table)
	}
	for i, c := range t.Columns {
		if j := slices.Index(here.Columns, c); j < 0 || here.Kinds[j] != t.Kinds[i] || !plainName.MatchString(c) || slices.Index(t.Columns, c) != i {
			return errDump("there is no column %q in %s", c, t.Table)
		}
	}
	if f.insert != nil {
		f.insert.Close()
	}
	marks := make([]string, len(t.Columns))
	for i := range marks {
		marks[i] = "?"
		if f.engine == "postgres" {
			marks[i] = "$" + strconv.Itoa(i+1)
		}
	}
	var err error
	f.insert, err = f.tx.PrepareContext(ctx, "INSERT INTO "+quoted([]string{t.Table})+" ("+quoted(t.Columns)+") VALUES ("+strings.Join(marks, ", ")+")")
	if err != nil {
		return err
	}
	if f.next == nil {
		f.next = map[string]int64{}
	}
	f.now, f.out.Tables[t.Table], f.next[t.Table] = t, 0, t.Next
	return nil
}

func (f *filling) row(ctx context.Context, raw []byte) error {
	if f.insert == nil {
		return errDump("a row stands before its table")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var values []any
	if err := d.Decode(&values); err != nil || len(values) != len(f.now.Columns) {
		return errDump("a row of %s cannot be read", f.now.Table)
	}
	for i, v := range values {
		var err error
		switch x := v.(type) {
		case nil:
		case json.Number:
			values[i], err = x.Int64()
			if f.now.Kinds[i] != 'i' {
				err = errors.New("a number")
			}
		case string:
			switch f.now.Kinds[i] {
			case 'b':
				values[i], err = base64.StdEncoding.DecodeString(x)
			case 't':
			default:
				err = errors.New("a text")
			}
		default:
			err = errors.New("neither text nor number")
		}
		if err != nil {
			return errDump("%s.%s: %v", f.now.Table, f.now.Columns[i], err)
		}
	}
	if _, err := f.insert.ExecContext(ctx, values...); err != nil {
		return err
	}
	f.out.Tables[f.now.Table]++
	f.out.Rows++
	return nil
}

// finish lets ids go on after the highest ever given.
func (f *filling) finish(ctx context.Context) error {
	for table, next := range f.next {
		if next == 0 {
			continue
		}
		if f.engine == "postgres" {
			if _, err := f.tx.ExecContext(ctx, "SELECT setval(pg_get_serial_sequence(quote_ident($1), 'id'), $2)", table, next); err != nil {
				return err
			}
			continue
		}
		if _, err := f.tx.ExecContext(ctx, "DELETE FROM sqlite_sequence WHERE name = ?", table); err != nil {
			return err
		}
		if _, err := f.tx.ExecContext(ctx, "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", table, next); err != nil {
			return err
		}
	}
	return nil
}

// dumpReader reads the lines of a dump.
type dumpReader struct {
	lines *bufio.Reader
	n     int
}

// next returns the next line, which has at least one byte.
func (d *dumpReader) next() ([]byte, error) {
	d.n++
	var out []byte
	for {
		part, err := d.lines.ReadSlice('\n')
		if len(out)+len(part) > maxDumpLine {
			return nil, errDump("line %d is too long", d.n)
		}
		out = append(out, part...)
		switch {
		case err == nil:
			if out = bytes.TrimSpace(out); len(out) == 0 {
				return nil, errDump("line %d is empty", d.n)
			}
			return out, nil
		case errors.Is(err, io.EOF):
			return nil, errDump("it ends after %d lines", d.n-1)
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

func (d *dumpReader) read(v any) error {
	line, err := d.next()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(line, v); err != nil {
		return errDump("line %d cannot be read", d.n)
	}
	return nil
}
