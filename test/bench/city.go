package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// city is the measured process.
type city struct {
	cmd    *exec.Cmd
	base   string
	konfa  string
	env    []string
	client *http.Client
	pool   *x509.CertPool
	log    *tailBuffer
}

func startCity(ctx context.Context, konfa, database, dir string, ca *authority) (*city, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := ln.Addr().String()
	_ = ln.Close()
	cert, key, err := ca.write(dir, "127.0.0.1")
	if err != nil {
		return nil, err
	}
	konfa, err = filepath.Abs(konfa)
	if err != nil {
		return nil, err
	}
	c := &city{
		base: "https://" + addr, konfa: konfa, pool: ca.pool, log: &tailBuffer{},
		client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: ca.pool}, MaxIdleConnsPerHost: 64, DisableCompression: true}},
		env: append(os.Environ(),
			"KONFA_URL=https://"+addr, "KONFA_LISTEN="+addr, "KONFA_DATA="+filepath.Join(dir, "data"), "KONFA_DATABASE="+database,
			"KONFA_TLS_CERT="+cert, "KONFA_TLS_KEY="+key, "KONFA_EXTRA_CA="+ca.file, "KONFA_ALLOW_ADDRESSES=127.0.0.0/8", "KONFA_TRUSTED_PROXIES=127.0.0.1/32", "KONFA_LOG_LEVEL=warn"),
	}
	if _, err := c.run(ctx, dir, "init", "--city", "Belgrade", "--handle", "belgrade", "--language", "en", "--steward", "anna"); err != nil {
		return nil, err
	}
	c.cmd = exec.Command(konfa, "serve")
	c.cmd.Dir, c.cmd.Env, c.cmd.Stderr, c.cmd.Stdout = dir, c.env, c.log, c.log
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	err = waitFor(ctx, 15*time.Second, "the city to answer", func() bool {
		res, err := c.client.Get(c.base + "/readyz")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	if err != nil {
		c.stop()
		return nil, fmt.Errorf("%w\n%s", err, c.tail())
	}
	time.Sleep(2 * time.Second) // so that "idle" is idle
	return c, nil
}

// run executes a command beside the running server.
func (c *city) run(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, c.konfa, args...)
	cmd.Env, cmd.Dir = c.env, dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("konfa %s: %w: %s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out), nil
}

func (c *city) stop() {
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	_ = c.cmd.Wait()
}

func (c *city) tail() string { return c.log.String() }

// usage is what a process has used.
type usage struct {
	cpu time.Duration
	at  time.Time
}

// used reads CPU and memory of the server from /proc.
func (c *city) used() usage {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	if err != nil {
		return usage{}
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return usage{cpu: time.Duration(user+system) * 10 * time.Millisecond, at: time.Now()} // 100 ticks a second on Linux
}

func (c *city) memory() float64 {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	for line := range strings.Lines(string(status)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
			kib, _ := strconv.ParseFloat(f[1], 64)
			return kib / 1024
		}
	}
	return 0
}

// report prints a line: what happened n times since before, in wall time taken.
func (c *city) report(what string, n int, before usage, taken time.Duration) {
	if n == 0 {
		fmt.Printf("%-34s %8s %10s %12s %10.1f\n", what, "", "", "", c.memory())
		return
	}
	cpu := c.used().cpu - before.cpu
	fmt.Printf("%-34s %8d %10.3f %12.0f %10.1f\n", what, n, float64(cpu.Microseconds())/1000/float64(n), float64(n)/taken.Seconds(), c.memory())
}

// waitFor polls until ok or the time is up.
func waitFor(ctx context.Context, limit time.Duration, what string, ok func() bool) error {
	deadline := time.Now().Add(limit)
	for !ok() {
		if time.Now().After(deadline) {
			return fmt.Errorf("waited %s for %s", limit, what)
		}
		select {
		case <-ctx.Done():
			return errors.New("interrupted")
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}

// tailBuffer keeps the end of a log.
type tailBuffer struct {
	mu   sync.Mutex
	tail []byte // guarded by mu
}

const tailSize = 8 << 10

func (b *tailBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tail = append(b.tail, p...)
	if len(b.tail) > tailSize {
		b.tail = b.tail[len(b.tail)-tailSize:]
	}
	return len(p), nil
}

func (b *tailBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.tail)
}
