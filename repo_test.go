// Package konfa_test holds the rules of the house that a program can check.
package konfa_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// listed is what go list says of a package.
type listed struct {
	ImportPath string
	Dir        string
	Doc        string
	Imports    []string
	Deps       []string
	GoFiles    []string
	CgoFiles   []string
}

// list lists the packages of konfa.
func list(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,Doc,Imports,Deps,GoFiles,CgoFiles", "-tags", "sqlite_fts5", "./...")
	out, err := cmd.Output()
	if err != nil {
		if ee, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Fatalf("go list: %v\n%s", err, ee.Stderr)
		}
		t.Fatal(err)
	}
	var ours []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return ours
		} else if err != nil {
			t.Fatal(err)
		}
		if p.ImportPath == "konfa" || strings.HasPrefix(p.ImportPath, "konfa/") {
			ours = append(ours, p)
		}
	}
}

// within tells whether path is tree or below it.
func within(path, tree string) bool { return path == tree || strings.HasPrefix(path, tree+"/") }

// arrows says what of konfa each part may depend on, directly or not. A part
// that is not listed here is a new one: decide where it stands.
var arrows = []struct {
	part string
	may  []string
	why  string
}{
	{"konfa/community", nil, "the domain is pure: its rules are tested without a database, a network or a clock"},
	{"konfa/prose", []string{"konfa/community"}, "text to safe text; it knows no node"},
	{"konfa/gazetteer", []string{"konfa/community"}, "a table of places; it knows no node"},
	{"konfa/blocklist", []string{"konfa/community"}, "lists of servers to the domain and back; who is kept out is decided elsewhere"},
	{"konfa/phrase", nil, "words said and understood; what they are about is decided elsewhere"},
	{"konfa/password", nil, "hashes and a list of what is guessed first; whose password it is it does not know"},
	{"konfa/atlas", []string{"konfa/community"}, "a picture of the world; it knows no node"},
	{"konfa/picture", []string{"konfa/community"}, "bytes to safe pictures; it stores nothing"},
	{"konfa/palette", []string{"konfa/community"}, "one colour to several; it knows no page"},
	{"konfa/poster", []string{"konfa/palette", "konfa/community"}, "words and a picture to a card; it knows no page"},
	{"konfa/lookup", nil, "words of texts and of questions; where they are kept is decided elsewhere"},
	{"konfa/calendar", []string{"konfa/community", "konfa/prose", "konfa/gazetteer"}, "conferences to files and back; it stores nothing"},
	{"konfa/activitystreams", []string{"konfa/community", "konfa/prose"}, "documents to the domain and back; it stores and sends nothing"},
	{"konfa/storage", []string{"konfa/community", "konfa/lookup"}, "rows and nothing else: rules are above it, in node"},
	{"konfa/backup", []string{"konfa/storage", "konfa/lookup", "konfa/community"}, "a whole node in a file; what is in it means nothing to it"},
	{"konfa/node", []string{"konfa/storage", "konfa/lookup", "konfa/activitystreams", "konfa/prose", "konfa/gazetteer", "konfa/phrase", "konfa/password", "konfa/picture", "konfa/community"},
		"changes of state, whoever asks: it must not know whether that was a page or another server"},
	{"konfa/federation/signature", []string{"konfa/community"}, "bytes and keys: testable against other implementations without a node"},
	{"konfa/federation/fetch", []string{"konfa/community"}, "the one way out; what is asked for is decided elsewhere"},
	{"konfa/federation/discover", []string{"konfa/federation/signature", "konfa/federation/fetch", "konfa/activitystreams", "konfa/prose", "konfa/community"},
		"asks other servers; where the answers are kept is its caller's business"},
	{"konfa/federation", []string{"konfa/federation", "konfa/node", "konfa/storage", "konfa/lookup", "konfa/activitystreams", "konfa/prose", "konfa/gazetteer", "konfa/phrase", "konfa/password", "konfa/picture", "konfa/community"},
		"other servers; pages are none of its business"},
	{"konfa/mail", []string{"konfa/node", "konfa/storage", "konfa/lookup", "konfa/activitystreams", "konfa/calendar", "konfa/gazetteer", "konfa/prose", "konfa/phrase", "konfa/password", "konfa/picture", "konfa/community"},
		"letters and the mail server; pages and other servers are none of its business"},
	{"konfa/web", []string{"konfa/mail", "konfa/node", "konfa/storage", "konfa/lookup", "konfa/activitystreams", "konfa/calendar", "konfa/gazetteer", "konfa/atlas", "konfa/blocklist", "konfa/prose", "konfa/phrase", "konfa/password", "konfa/picture", "konfa/palette", "konfa/poster", "konfa/community"},
		"people; what it needs of other servers comes through its Remote interface"},
	{"konfa/cmd", []string{"konfa"}, "the wiring, which nothing depends on"},
	{"konfa/test", []string{"konfa"}, "tests of the whole, which nothing depends on"},
}

// bans keeps libraries where they are understood.
var bans = []struct {
	library string
	only    []string
	why     string
}{
	{"github.com/go-fed/activity", []string{"konfa/activitystreams"}, "its types are 475,000 generated lines whose accessors return nil: one package deals with them"},
	{"database/sql", []string{"konfa/storage"}, "SQL never leaves storage, so that both engines stay in step"},
	{"github.com/jmoiron/sqlx", []string{"konfa/storage"}, "SQL never leaves storage"},
	{"github.com/mattn/go-sqlite3", []string{"konfa/storage"}, "SQL never leaves storage"},
	{"github.com/jackc/pgx", []string{"konfa/storage"}, "SQL never leaves storage"},
	{"github.com/pressly/goose", []string{"konfa/storage"}, "SQL never leaves storage"},
	{"github.com/go-fed/httpsig", []string{"konfa/federation/signature"}, "it verifies less than it seems to: the gate around it is in one place"},
	{"github.com/yaronf/httpsign", []string{"konfa/federation/signature"}, "as above"},
	{"code.dny.dev/ssrf", []string{"konfa/federation/fetch"}, "one client for every request that strangers can cause"},
	{"golang.org/x/crypto/argon2", []string{"konfa/password"}, "what a hash costs is decided in one place"},
	{"net/http", []string{"konfa/web", "konfa/federation", "konfa/cmd", "konfa/test"}, "HTTP and its status codes stay at the edges"},
	{"github.com/alecthomas/kong", []string{"konfa/cmd"}, "the command line is read in one place"},
	{"github.com/wneessen/go-mail", []string{"konfa/mail"}, "SMTP and MIME are spoken in one place"},
	{"github.com/BurntSushi/toml", []string{"konfa/cmd", "konfa/web", "konfa/phrase", "konfa/mail"}, "configuration is read in one place, catalogues in three"},
	{"github.com/stretchr/testify", nil, "the standard testing package is enough"},
}

func TestArrowsGoDown(t *testing.T) {
	for _, p := range list(t) {
		if p.ImportPath == "konfa" {
			continue
		}
		// The longest part that holds the package is the one that counts.
		best := -1
		for i, a := range arrows {
			if within(p.ImportPath, a.part) && (best < 0 || len(a.part) > len(arrows[best].part)) {
				best = i
			}
		}
		if best < 0 {
			t.Errorf("%s has no place in the plan of the house: add it to arrows", p.ImportPath)
			continue
		}
		a := arrows[best]
		for _, dep := range p.Deps {
			if !within(dep, "konfa") || within(dep, a.part) {
				continue
			}
			ok := false
			for _, m := range a.may {
				ok = ok || within(dep, m)
			}
			if !ok {
				t.Errorf("%s depends on %s: %s", p.ImportPath, dep, a.why)
			}
			if within(dep, "konfa/cmd") {
				t.Errorf("%s depends on a program", p.ImportPath)
			}
		}
	}
}

func TestLibrariesStayInTheirPlace(t *testing.T) {
	for _, p := range list(t) {
		for _, imp := range p.Imports {
			for _, b := range bans {
				if !within(imp, b.library) {
					continue
				}
				ok := false
				for _, o := range b.only {
					ok = ok || within(p.ImportPath, o)
				}
				if !ok {
					t.Errorf("%s imports %s: %s", p.ImportPath, imp, b.why)
				}
			}
		}
	}
}

// TestEverythingIsExplained demands a comment on each package and each exported
// name.
func TestEverythingIsExplained(t *testing.T) {
	for _, p := range list(t) {
		if len(p.GoFiles)+len(p.CgoFiles) == 0 {
			continue
		}
		if p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
		set := token.NewFileSet()
		for _, name := range append(p.GoFiles, p.CgoFiles...) {
			file, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if ast.IsGenerated(file) {
				continue
			}
			for _, d := range file.Decls {
				for _, id := range unexplained(d) {
					t.Errorf("%s: %s has no comment", set.Position(id.Pos()), id.Name)
				}
			}
		}
	}
}

func unexplained(d ast.Decl) []*ast.Ident {
	var out []*ast.Ident
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && d.Name.IsExported() && (d.Recv == nil || exportedReceiver(d.Recv)) && !obvious(d) {
			out = append(out, d.Name)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
					out = append(out, s.Name)
				}
			case *ast.ValueSpec:
				for _, id := range s.Names {
					if id.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
						out = append(out, id)
					}
				}
			}
		}
	}
	return out
}

// obvious are the methods whose meaning the standard library gives.
func obvious(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return false
	}
	switch d.Name.Name {
	case "Error", "Unwrap", "String", "Is", "As", "Len", "Less", "Swap", "Read", "Write", "Close", "Scan", "Value",
		"MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText", "ServeHTTP":
		return true
	}
	return false
}

func exportedReceiver(fields *ast.FieldList) bool {
	for _, f := range fields.List {
		x := f.Type
		for {
			switch y := x.(type) {
			case *ast.StarExpr:
				x = y.X
				continue
			case *ast.IndexExpr:
				x = y.X
				continue
			case *ast.IndexListExpr:
				x = y.X
				continue
			case *ast.Ident:
				return y.IsExported()
			}
			return false
		}
	}
	return false
}
