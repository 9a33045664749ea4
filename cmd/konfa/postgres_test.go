package main

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/rogpeppe/go-internal/testscript"
)

// postgresServer is the server that tests make their databases on, or "".
func postgresServer() string { return os.Getenv("KONFA_TEST_POSTGRES") }

// postgresCommand makes a database for one script, puts its address into the
// environment under NAME and PG, and drops it in the end.
func postgresCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: postgres NAME")
	}
	db, err := sql.Open("pgx", postgresServer())
	ts.Check(err)
	name := fmt.Sprintf("konfa_script_%d", time.Now().UnixNano())
	_, err = db.Exec("CREATE DATABASE " + name)
	ts.Check(err)
	ts.Defer(func() {
		db.Exec("DROP DATABASE " + name + " WITH (FORCE)")
		db.Close()
	})
	u, err := url.Parse(postgresServer())
	ts.Check(err)
	u.Path = "/" + name
	ts.Setenv(args[0], u.String())
	ts.Setenv("PG", u.String())
}
