package peers

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// konfa is the path of the program under test.
var konfa string

// client makes the requests of the tests.
var client *http.Client

// buildFlags are those of the program under test.
var buildFlags = []string{"-tags", "sqlite_fts5"}

// suite is the directory of what all tests share: the program, the authority.
var suite string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "konfa-peers-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	suite = dir
	if konfa = os.Getenv("KONFA_TEST_BINARY"); konfa == "" {
		konfa = filepath.Join(dir, "konfa")
		build := exec.Command("go", append(append([]string{"build"}, buildFlags...), "-o", konfa, "konfa/cmd/konfa")...)
		build.Stdout, build.Stderr = os.Stderr, os.Stderr
		if err := build.Run(); err != nil {
			fmt.Fprintln(os.Stderr, "building konfa:", err)
			return 1
		}
	}
	if err := newAuthority(dir); err != nil {
		fmt.Fprintln(os.Stderr, "making the test authority:", err)
		return 1
	}
	client = newClient()
	code := m.Run()
	stopFedify()
	return code
}

// need skips a test for what is not here, or fails it where everything must be.
func need(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("KONFA_TEST_ALL") != "" {
		t.Fatalf("this needs %s, and KONFA_TEST_ALL says that nothing may be left out", what)
	}
	t.Skipf("this needs %s", what)
}
