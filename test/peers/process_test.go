package peers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// within bounds every wait for something that another process does. It is
// generous: it ends a test that would fail anyway.
var within = 30 * time.Second

// output keeps what a process writes, for the test that fails.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// process is a program that a test started.
type process struct {
	name   string
	cmd    *exec.Cmd
	log    *output
	exited chan struct{}
	err    error // after exited
}

// start starts a program, which ends with the test at the latest. Its output is
// shown when the test fails.
func start(t *testing.T, name string, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{name: name, cmd: cmd, log: &output{}, exited: make(chan struct{})}
	if cmd.Stdout == nil {
		cmd.Stdout = p.log
	}
	cmd.Stderr = p.log
	// Should the test itself be killed, what it started goes with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting %s: %v", name, err)
	}
	go func() {
		p.err = cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		p.kill()
		if log := p.log.String(); strings.Contains(log, "DATA RACE") || strings.Contains(log, "panic:") {
			t.Errorf("%s wrote:\n%s", name, log)
		}
		if t.Failed() {
			t.Logf("---- %s wrote:\n%s", name, tail(p.log.String(), 5000))
		}
	})
	return p
}

func tail(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}

// kill ends the process at once, as a power cut would.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// stop asks the process to end, and reports how it did.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatalf("stopping %s: %v", p.name, err)
	}
	select {
	case <-p.exited:
		if p.err != nil {
			t.Errorf("%s ended with %v", p.name, p.err)
		}
	case <-time.After(within):
		t.Errorf("%s did not end within %v of SIGTERM", p.name, within)
		p.kill()
	}
}

func (p *process) running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// freePort finds a port that nothing listens on at the address.
func freePort(t *testing.T, address string) string {
	t.Helper()
	ln, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// eventually waits until check returns nil, and fails the test with its last
// error otherwise.
func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	deadline := time.Now().Add(within)
	pause := 20 * time.Millisecond
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v: %v", what, within, err)
		}
		time.Sleep(pause)
		pause = min(pause*3/2, 300*time.Millisecond)
	}
}

// never watches for a while that check does not succeed.
func never(t *testing.T, what string, d time.Duration, check func() bool) {
	t.Helper()
	for deadline := time.Now().Add(d); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if check() {
			t.Fatalf("%s happened", what)
		}
	}
}

// listening waits until something accepts connections there.
func listening(t *testing.T, p *process, address string) {
	t.Helper()
	eventually(t, p.name+" listens on "+address, func() error {
		if !p.running() {
			t.Fatalf("%s ended: %v", p.name, p.err)
		}
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

// environment is this process's environment without what steers konfa or where
// Go looks for certificates, and with extra set.
func environment(extra ...string) []string {
	var env []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, "KONFA_") || name == "SSL_CERT_FILE" || name == "SSL_CERT_DIR" {
			continue
		}
		env = append(env, v)
	}
	// Under the race detector a program would wait a second before it ends.
	return append(append(env, "GORACE=atexit_sleep_ms=0"), extra...)
}

// readAll reads at most 2 MiB.
func readAll(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, 2<<20))
	if err == nil && len(b) == 2<<20 {
		err = fmt.Errorf("more than 2 MiB")
	}
	return b, err
}

// exitCode is how a command ended; -1 if it did not by itself.
func exitCode(err error) int {
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		return e.ExitCode()
	}
	return -1
}
