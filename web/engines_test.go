package web

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"konfa/storage"
)

// engines are SQLite, and PostgreSQL where KONFA_TEST_POSTGRES names one, each
// with a database of its own.
func engines(t *testing.T) map[string]storage.Options {
	t.Helper()
	out := map[string]storage.Options{"sqlite": {Data: t.TempDir(), Synchronous: "OFF"}}
	address := os.Getenv("KONFA_TEST_POSTGRES")
	if address == "" {
		return out
	}
	name := fmt.Sprintf("konfa_web_%d_%d", os.Getpid(), rand.Uint32())
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
	out["postgres"] = storage.Options{Database: u.String()}
	return out
}

// from sends a form from an address on the network.
func (w *town) from(address, path string, f url.Values) *http.Response {
	r := httptest.NewRequest(http.MethodPost, "https://belgrade.example"+path, strings.NewReader(f.Encode()))
	r.RemoteAddr = address
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	w.router.ServeHTTP(rec, r)
	return rec.Result()
}
