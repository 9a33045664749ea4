package storage

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"konfa/community"
)

func TestReopen(t *testing.T) {
	engines(t, func(t *testing.T, d data) {
		s := d.open(t)
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SetMeta(ctx, "k", "v") })
		ok(t, s.Close())
		s = d.open(t)
		if v, err := s.Meta(context.Background(), "k"); v != "v" {
			t.Fatal(err)
		}
	})
}

// Several processes that start on empty data at once all get a whole schema.
func TestOpenTogether(t *testing.T) {
	engines(t, func(t *testing.T, d data) {
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				s, err := Open(context.Background(), d.o)
				if err != nil {
					t.Error(err)
					return
				}
				defer s.Close()
				if _, err := s.Meta(context.Background(), "k"); community.CodeOf(err) != community.NotFound {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
}

func TestNewerSchema(t *testing.T) {
	engines(t, func(t *testing.T, d data) {
		s := d.open(t)
		write(t, s, func(ctx context.Context, tx *Tx) error {
			return tx.exec(ctx, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, ?)", isApplied(s))
		})
		ok(t, s.Close())
		_, err := Open(context.Background(), d.o)
		wantHint(t, err, community.Refused, "newer")
	})
}

// goose keeps a real boolean on PostgreSQL, which a text is read as.
func isApplied(s *Store) any {
	if s.Engine() == "postgres" {
		return "true"
	}
	return 1
}

func wantHint(t *testing.T, err error, code community.Code, says string) {
	t.Helper()
	e, isOurs := errors.AsType[*community.Error](err)
	if !isOurs || e.Code != code || e.Hint == "" || !strings.Contains(e.Msg, says) {
		t.Fatalf("error is %#v, want code %q with a hint and %q", err, code, says)
	}
}

func TestOpenErrors(t *testing.T) {
	ctx := context.Background()
	open := func(o Options) error {
		s, err := Open(ctx, o)
		if err == nil {
			_ = s.Close()
		}
		return err
	}
	t.Run("not a database", func(t *testing.T) {
		dir := t.TempDir()
		ok(t, os.WriteFile(filepath.Join(dir, "konfa.db"), []byte(strings.Repeat("this is not a database\n", 100)), 0o600))
		wantHint(t, open(Options{Data: dir}), community.Refused, "not a SQLite database")
	})
	t.Run("a directory in its place", func(t *testing.T) {
		dir := t.TempDir()
		ok(t, os.Mkdir(filepath.Join(dir, "konfa.db"), 0o700))
		wantHint(t, open(Options{Data: dir}), community.Refused, "cannot be opened")
	})
	t.Run("a file as directory", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "f")
		ok(t, os.WriteFile(file, nil, 0o600))
		wantHint(t, open(Options{Data: file}), community.Refused, "cannot be opened")
	})
	t.Run("not writable", func(t *testing.T) {
		if os.Getuid() == 0 {
			t.Skip("root may write everywhere")
		}
		dir := t.TempDir()
		ok(t, os.Chmod(dir, 0o500))
		wantHint(t, open(Options{Data: dir}), community.Refused, "may not write")
	})
	t.Run("not writable said by the system", func(t *testing.T) {
		wantHint(t, sqliteOpenError("/data/konfa.db", &os.PathError{Op: "open", Path: "/data/konfa.db", Err: os.ErrPermission}), community.Refused, "may not write to /data/konfa.db")
	})
	t.Run("synchronous", func(t *testing.T) {
		wantCode(t, open(Options{Data: t.TempDir(), Synchronous: "maybe"}), community.Invalid)
		ok(t, open(Options{Data: t.TempDir(), Synchronous: "normal"}))
	})
	t.Run("unknown kind", func(t *testing.T) {
		wantHint(t, open(Options{Data: t.TempDir(), Database: "mysql://x"}), community.Refused, "mysql")
	})
	t.Run("odd names", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "ру сс ? # %41 & = ю")
		ok(t, open(Options{Data: dir}))
		if _, err := os.Stat(filepath.Join(dir, "konfa.db")); err != nil {
			t.Fatal(err)
		}
		ok(t, open(Options{Data: dir, Database: "other.db"}))
		if _, err := os.Stat(filepath.Join(dir, "other.db")); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("postgres is not there", func(t *testing.T) {
		wantHint(t, open(Options{Database: "postgres://konfa:sesame@127.0.0.1:1/x?connect_timeout=1"}), community.Refused, "does not answer")
	})
	t.Run("postgres address", func(t *testing.T) {
		err := open(Options{Database: "postgres://konfa:sesame@127.0.0.1:99999999/x"})
		wantHint(t, err, community.Refused, "cannot be read")
		if strings.Contains(err.Error(), "sesame") {
			t.Fatal("the password is shown")
		}
	})
	t.Run("postgres database and password", func(t *testing.T) {
		u, err := url.Parse(postgresData(t).o.Database)
		ok(t, err)
		missing := *u
		missing.Path = "/there_is_no_such_database"
		wantHint(t, open(Options{Database: missing.String()}), community.Refused, "no database")
		u.User = url.UserPassword(u.User.Username(), "wrong")
		if err := open(Options{Database: u.String()}); err != nil { // a server that trusts local users lets anyone in
			wantHint(t, err, community.Refused, "does not let")
		}
	})
}

// The settings that durability and readers rely on are really there.
func TestSQLiteSettings(t *testing.T) {
	s := sqliteData(t).open(t)
	ctx := context.Background()
	write(t, s, func(ctx context.Context, tx *Tx) error {
		for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "temp_store": "2", "query_only": "0", "busy_timeout": "10000"} {
			got, err := value[string](ctx, tx.Reader, "PRAGMA "+pragma)
			ok(t, err)
			if got != want {
				t.Errorf("%s is %s, want %s", pragma, got, want)
			}
		}
		return nil
	})
	if got, err := value[int](ctx, s.Reader, "PRAGMA query_only"); got != 1 || err != nil {
		t.Error("readers can write", err)
	}
	if _, err := s.q.query(ctx, "DELETE FROM meta", nil); err == nil {
		t.Error("a reader deleted something")
	}
}
