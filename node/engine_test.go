package node

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
)

const postgresAddress = "KONFA_TEST_POSTGRES"

// onPostgres tells which engine newWorld opens.
var onPostgres bool

// All tests run on SQLite, and once more on PostgreSQL where KONFA_TEST_POSTGRES
// names one.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 && os.Getenv(postgresAddress) != "" {
		onPostgres = true
		fmt.Println("once more on PostgreSQL")
		code = m.Run()
	}
	os.Exit(code)
}

// schema makes a schema of its own for a test and returns the address of it.
func schema(t *testing.T, address string) string {
	t.Helper()
	name := fmt.Sprintf("konfa_node_%d_%d", os.Getpid(), rand.Uint32())
	admin := func(q string) {
		t.Helper()
		ctx := context.Background()
		conn, err := pgx.Connect(ctx, address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(ctx)
		if _, err := conn.Exec(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	admin("CREATE SCHEMA " + name)
	t.Cleanup(func() { admin("DROP SCHEMA " + name + " CASCADE") })
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}
