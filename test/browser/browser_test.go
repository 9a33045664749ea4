// Package browser_test runs the journeys of this directory: the real program, a
// real Chromium. Each *.test.mjs file is one subtest.
package browser_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// chromium is where Debian puts it; KONFA_TEST_CHROMIUM names another one.
const chromium = "/usr/bin/chromium"

// patience ends a file that hangs.
const patience = 15 * time.Minute

func TestBrowser(t *testing.T) {
	all := os.Getenv("KONFA_TEST_ALL") != ""
	if !all && os.Getenv("KONFA_TEST_BROWSER") == "" {
		t.Skip("make browser runs the journeys in a browser")
	}
	need := func(what string) {
		t.Helper()
		if all {
			t.Fatalf("this needs %s, and KONFA_TEST_ALL says that nothing may be left out", what)
		}
		t.Skipf("this needs %s", what)
	}
	if _, err := os.Stat("node_modules/playwright-core"); err != nil {
		need("the npm packages of test/browser (npm ci there)")
	}
	browser := os.Getenv("KONFA_TEST_CHROMIUM")
	if browser == "" {
		browser = chromium
	}
	if _, err := os.Stat(browser); err != nil {
		need("chromium")
	}
	node := nodeBinary()
	if node == "" {
		need("Node 22 or newer")
	}
	program := os.Getenv("KONFA_TEST_PROGRAM")
	if program == "" {
		program = filepath.Join(t.TempDir(), "konfa")
		build := exec.Command("go", "build", "-tags", "sqlite_fts5", "-o", program, "konfa/cmd/konfa")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("building konfa: %v\n%s", err, out)
		}
	}
	screens, err := filepath.Abs("../../bin/screens")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.test.mjs")
	if err != nil || len(files) == 0 {
		t.Fatalf("no journeys here: %v", err)
	}
	// Two at a time: each has a browser and a city or two.
	turn := make(chan struct{}, 2)
	for _, file := range files {
		name := strings.TrimSuffix(file, ".test.mjs")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			turn <- struct{}{}
			defer func() { <-turn }()
			if err := os.RemoveAll(filepath.Join(screens, name)); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			var out bytes.Buffer
			cmd := exec.CommandContext(ctx, node, "--test-reporter=spec", file)
			cmd.Stdout, cmd.Stderr = &out, &out
			cmd.WaitDelay = 10 * time.Second
			cmd.Env = append(os.Environ(), "KONFA_TEST_PROGRAM="+program, "KONFA_TEST_CHROMIUM="+browser, "KONFA_TEST_SCREENS="+screens, "TMPDIR="+t.TempDir(), "NO_COLOR=1", "FORCE_COLOR=0")
			// Should this process be killed, node goes with it, and with node go
			// its browser and its cities.
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
			if err := cmd.Run(); err != nil {
				t.Errorf("%s: %v\n%s", file, err, out.String())
			} else if strings.Contains(out.String(), "tests 0\n") {
				t.Errorf("%s tests nothing", file)
			} else {
				t.Log(summary(out.String()))
			}
		})
	}
}

// summary is the end of what node says: how many tests there were.
func summary(s string) string {
	if i := strings.LastIndex(s, "ℹ tests"); i >= 0 {
		return strings.Join(strings.Fields(s[i:]), " ")
	}
	return s
}

// nodeBinary prefers the Node that npm installed, which is new enough.
func nodeBinary() string {
	own, err := filepath.Abs("node_modules/node/bin/node")
	if err != nil {
		return ""
	}
	for _, name := range []string{own, "node"} {
		out, err := exec.Command(name, "-p", "+process.versions.node.split('.')[0]").Output()
		var major int
		if err == nil {
			if _, err := fmt.Sscan(string(out), &major); err == nil && major >= 22 {
				return name
			}
		}
	}
	return ""
}
