package storage

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// goFiles calls f with every Go file below a directory.
func goFiles(t *testing.T, root string, f func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != root {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".go") {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			f(path, string(text))
		}
		return nil
	})
	ok(t, err)
}

// A column that is added must not shift what older code reads, and a reader of
// the code must see what is read.
func TestColumnsAreEnumerated(t *testing.T) {
	star := regexp.MustCompile(`(?i)\bselect\s+(distinct\s+)?(\w+\.)?\*|\breturning\s+\*`)
	n := 0
	goFiles(t, ".", func(path, text string) {
		n++
		if m := star.FindString(text); m != "" {
			t.Errorf("%s: %q", path, m)
		}
	})
	if n < 20 {
		t.Fatalf("only %d files were looked at", n)
	}
}

// SQL stays in this package, so that the whole schema can change by changing it
// alone.
func TestSQLStaysHere(t *testing.T) {
	sql := regexp.MustCompile(`"(database/sql(/driver)?|github\.com/(jmoiron/sqlx|mattn/go-sqlite3|jackc/pgx/v5|pressly/goose)[^"]*)"`)
	here := 0
	goFiles(t, "..", func(path, text string) {
		m := sql.FindString(text)
		if strings.HasPrefix(filepath.ToSlash(path), "../storage/") {
			if m != "" {
				here++
			}
			return
		}
		if m != "" && !strings.HasSuffix(path, "_test.go") {
			t.Errorf("%s imports %s", path, m)
		}
	})
	if here == 0 {
		t.Fatal("the pattern does not find what is there")
	}
}

// Every method of Reader and Tx is called by a test that runs on both engines.
func TestSuiteIsWhole(t *testing.T) {
	var tests strings.Builder
	goFiles(t, ".", func(path, text string) {
		if strings.HasSuffix(path, "_test.go") {
			tests.WriteString(text)
		}
	})
	for _, typ := range []reflect.Type{reflect.TypeFor[*Reader](), reflect.TypeFor[*Tx](), reflect.TypeFor[*Store]()} {
		for i := range typ.NumMethod() {
			if name := typ.Method(i).Name; !strings.Contains(tests.String(), "."+name+"(") {
				t.Errorf("%s.%s is not tested", typ, name)
			}
		}
	}
}

// The two schemas have the same tables, columns in the same order, and indexes.
func TestMigrationsAreInStep(t *testing.T) {
	shape := func(engine string) (out []string) {
		files, err := filepath.Glob("migrations/" + engine + "/*.sql")
		ok(t, err)
		column := regexp.MustCompile(`^    ([a-z_]+) +[A-Z]`)
		for _, f := range files {
			out = append(out, filepath.Base(f))
			text, err := os.ReadFile(f)
			ok(t, err)
			words := false
			for line := range strings.Lines(string(text)) {
				line = strings.TrimSpace(strings.Split(line, "--")[0]) + "\n"
				// Each engine has its own way to find words.
				if words = words || strings.HasPrefix(line, "CREATE") && strings.Contains(line, " search_words "); words {
					words = !strings.HasSuffix(line, ";\n")
					continue
				}
				raw := "    " + line
				switch {
				case strings.HasPrefix(line, "CREATE"):
					out = append(out, strings.TrimSpace(line))
				case column.MatchString(raw):
					out = append(out, column.FindStringSubmatch(raw)[1])
				}
			}
		}
		return out
	}
	lite, pg := shape("sqlite"), shape("postgres")
	if len(lite) < 200 {
		t.Fatalf("only %d lines were read", len(lite))
	}
	if !reflect.DeepEqual(lite, pg) {
		t.Errorf("the schemas differ:\n%v\n%v", lite, pg)
	}
}
