package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"konfa": main})
}

// TestScripts runs the real program. Beside testscript's own commands there are
//
//	freeport NAME            puts a free port into the environment
//	waitfor URL              waits until something answers there
//	http METHOD URL k=v…     asks, and checks what comes back (see httpCommand)
//	json FILE PATH [OP] WANT looks into a JSON document (see jsonCommand)
//	postgres NAME            makes a database and puts its address into the environment
//	newerschema FILE         makes a database as a later konfa would leave it
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"freeport":    freeportCommand,
			"waitfor":     waitforCommand,
			"http":        httpCommand,
			"json":        jsonCommand,
			"newerschema": newerSchemaCommand,
			"postgres":    postgresCommand,
		},
		Condition: func(cond string) (bool, error) {
			if cond == "postgres" {
				return postgresServer() != "", nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("KONFA_ALLOW_ADDRESSES", "127.0.0.0/8")
			// Under the race detector the program takes long to start, and the
			// scripts start it two hundred times; make test names the one it
			// has just built.
			if program := os.Getenv("KONFA_TEST_PROGRAM"); program != "" {
				e.Setenv("PATH", filepath.Dir(program)+string(os.PathListSeparator)+e.Getenv("PATH"))
			}
			return nil
		},
	})
}

func freeportCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: freeport NAME…")
	}
	for _, name := range args {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		defer ln.Close() // held until all of them are chosen
		ts.Setenv(name, strconv.Itoa(ln.Addr().(*net.TCPAddr).Port))
	}
}

func waitforCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waitfor URL")
	}
	for end := time.Now().Add(20 * time.Second); ; {
		res, err := client.Get(args[0])
		if err == nil {
			res.Body.Close()
			if res.StatusCode < 500 {
				return
			}
			err = fmt.Errorf("status %d", res.StatusCode)
		}
		if time.Now().After(end) {
			ts.Fatalf("nothing answers at %s: %v", args[0], err)
		}
		time.Sleep(30 * time.Millisecond)
	}
}

// client does not follow redirects, so that they can be looked at.
var client = &http.Client{
	Timeout:       15 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// httpCommand sends a request and checks the answer:
//
//	accept=TYPE auth=TOKEN send=FILE as=TYPE set=Name:value   what is sent
//	status=200 type=PREFIX match=REGEXP lacks=REGEXP header=Name:REGEXP save=FILE
//	within=5s   asks again until everything fits, at most so long
//
// Without status= anything below 400 will do.
func httpCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: http METHOD URL key=value…")
	}
	within := time.Duration(0)
	for _, a := range args[2:] {
		if v, ok := strings.CutPrefix(a, "within="); ok {
			d, err := time.ParseDuration(v)
			ts.Check(err)
			within = d
		}
	}
	for end := time.Now().Add(within); ; time.Sleep(50 * time.Millisecond) {
		err := httpOnce(ts, args[0], args[1], args[2:])
		if err == nil {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s %s: %v", args[0], args[1], err)
		}
	}
}

func httpOnce(ts *testscript.TestScript, method, url string, args []string) error {
	var body io.Reader
	header := http.Header{}
	for _, a := range args {
		k, v, ok := strings.Cut(a, "=")
		if !ok {
			ts.Fatalf("%q is no key=value", a)
		}
		switch k {
		case "accept":
			header.Set("Accept", v)
		case "auth":
			header.Set("Authorization", "Bearer "+strings.TrimSpace(v))
		case "as":
			header.Set("Content-Type", v)
		case "set":
			name, value, _ := strings.Cut(v, ":")
			header.Set(name, value)
		case "send":
			body = strings.NewReader(ts.ReadFile(v))
		}
	}
	req, err := http.NewRequest(method, url, body)
	ts.Check(err)
	req.Header = header
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	status := ""
	for _, a := range args {
		k, v, _ := strings.Cut(a, "=")
		switch k {
		case "status":
			status = v
		case "type":
			if ct := res.Header.Get("Content-Type"); !strings.HasPrefix(ct, v) {
				return fmt.Errorf("content type %q, want %q", ct, v)
			}
		case "match", "lacks":
			re, err := regexp.Compile("(?m)" + v)
			ts.Check(err)
			if re.Match(got) != (k == "match") {
				return fmt.Errorf("status %d, %s %q: %s", res.StatusCode, k, v, short(string(got), 600))
			}
		case "header":
			name, pattern, _ := strings.Cut(v, ":")
			if value := strings.Join(res.Header.Values(name), ", "); !regexp.MustCompile(pattern).MatchString(value) {
				return fmt.Errorf("%s is %q, want %q", name, value, pattern)
			}
		case "save":
			ts.Check(os.WriteFile(ts.MkAbs(v), got, 0o600))
		case "accept", "auth", "as", "set", "send", "within":
		default:
			ts.Fatalf("unknown key %q", k)
		}
	}
	if status == "" && res.StatusCode >= 400 || status != "" && status != strconv.Itoa(res.StatusCode) {
		return fmt.Errorf("status %d: %s", res.StatusCode, short(string(got), 600))
	}
	return nil
}

// jsonCommand looks into the one JSON document of a file (stdout and stderr name
// the output of the last command): PATH is .key and [n], one after the
// other; what is there must equal WANT, match it after "~", have as many
// elements after "len", or be put into the environment after "->".
func jsonCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: json FILE PATH [==|~|len|->] WANT")
	}
	op, want := "==", args[len(args)-1]
	if len(args) == 4 {
		op = args[2]
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(ts.ReadFile(args[0]))))
	dec.UseNumber()
	var doc any
	if err := dec.Decode(&doc); err != nil {
		ts.Fatalf("%s is not JSON: %v", args[0], err)
	}
	if _, err := dec.Token(); err != io.EOF {
		ts.Fatalf("%s holds more than one document", args[0])
	}
	v, err := jsonPath(doc, args[1])
	ts.Check(err)
	got := fmt.Sprint(v)
	if _, ok := v.(string); !ok {
		raw, err := json.Marshal(v)
		ts.Check(err)
		got = string(raw)
	}
	fits := got == want
	switch op {
	case "len":
		n, err := jsonPath(v, "len")
		ts.Check(err)
		fits = fmt.Sprint(n) == want
	case "->":
		ts.Setenv(want, got)
		return
	case "~":
		fits = regexp.MustCompile(want).MatchString(got)
	}
	if fits == neg {
		ts.Fatalf("%s%s is %s, want %s %s", args[0], args[1], got, op, want)
	}
}

var pathStep = regexp.MustCompile(`^(\.([A-Za-z0-9_@]+)|\[(-?\d+)\]|len$)`)

// jsonPath follows a path; what is not there is nil.
func jsonPath(v any, path string) (any, error) {
	for path != "" && path != "." {
		m := pathStep.FindStringSubmatch(path)
		if m == nil {
			return nil, fmt.Errorf("cannot read the path at %q", path)
		}
		path = path[len(m[0]):]
		switch {
		case m[0] == "len":
			r := reflect.ValueOf(v)
			if !r.IsValid() || (r.Kind() != reflect.Slice && r.Kind() != reflect.Map) {
				return nil, fmt.Errorf("%v has no length", v)
			}
			v = r.Len()
		case m[2] != "":
			obj, ok := v.(map[string]any)
			if !ok {
				return nil, fmt.Errorf("no object at .%s: %v", m[2], v)
			}
			v = obj[m[2]]
		default:
			list, ok := v.([]any)
			i, err := strconv.Atoi(m[3])
			if i < 0 {
				i += len(list)
			}
			if !ok || err != nil || i < 0 || i >= len(list) {
				return nil, fmt.Errorf("no [%s] in %v", m[3], v)
			}
			v = list[i]
		}
	}
	return v, nil
}

// newerSchemaCommand writes into a database what a later version would: a
// migration that this one does not know.
func newerSchemaCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: newerschema FILE")
	}
	db, err := sql.Open("sqlite3", ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	_, err = db.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)")
	ts.Check(err)
}
