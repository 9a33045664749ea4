package storage

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"konfa/community"
)

// noon is the instant at which the clock of a test store stands; it moves on by
// a microsecond whenever it is read.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// data is where a test keeps its database, so that it can be opened twice.
type data struct{ o Options }

func (d data) open(t testing.TB) *Store {
	t.Helper()
	s, err := Open(context.Background(), d.o)
	if err != nil {
		t.Fatalf("opening: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func testClock() func() time.Time {
	var ticks atomic.Int64
	return func() time.Time { return noon.Add(time.Duration(ticks.Add(1)) * time.Microsecond) }
}

func sqliteData(t testing.TB) data { return data{Options{Data: t.TempDir(), Clock: testClock()}} }

// postgresData makes a schema of its own for a test, and skips the test where
// no PostgreSQL is given.
func postgresData(t testing.TB) data {
	t.Helper()
	address := os.Getenv("KONFA_TEST_POSTGRES")
	if address == "" {
		t.Skip("KONFA_TEST_POSTGRES is not set")
	}
	ctx := context.Background()
	schema := fmt.Sprintf("konfa_test_%d_%d", os.Getpid(), rand.Uint32())
	admin := func(q string) {
		t.Helper()
		conn, err := pgx.Connect(ctx, address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(ctx)
		if _, err := conn.Exec(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	admin("CREATE SCHEMA " + schema)
	t.Cleanup(func() { admin("DROP SCHEMA " + schema + " CASCADE") })
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return data{Options{Database: u.String(), Clock: testClock()}}
}

// engines runs a test on both.
func engines(t *testing.T, f func(t *testing.T, d data)) {
	t.Run("sqlite", func(t *testing.T) { f(t, sqliteData(t)) })
	t.Run("postgres", func(t *testing.T) { f(t, postgresData(t)) })
}

// onBoth runs a test on an open store of each engine.
func onBoth(t *testing.T, f func(t *testing.T, s *Store)) {
	engines(t, func(t *testing.T, d data) { f(t, d.open(t)) })
}

func write(t testing.TB, s *Store, f func(ctx context.Context, tx *Tx) error) {
	t.Helper()
	if err := s.Write(context.Background(), func(tx *Tx) error { return f(context.Background(), tx) }); err != nil {
		t.Fatalf("write: %v", err)
	}
}

func wantCode(t testing.TB, err error, code community.Code) {
	t.Helper()
	if got := community.CodeOf(err); got != code {
		t.Fatalf("error is %v (code %q), want code %q", err, got, code)
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
