package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"konfa/community"
	"konfa/federation"
	"konfa/node"
)

// stage holds the three cities of the demo.
type stage struct {
	app    *app
	began  time.Time
	dir    string
	cities []*demoCity
	died   chan error    // a city ended by itself
	slow   time.Duration // between two things that happen, for people to follow

	mu     sync.Mutex // guards the terminal and what follows
	ending bool

	sweeping sync.Mutex // guards what the cities have seen and what follows
	swept    bool
}

// demoCity is one city: a process of its own that serves it, and a second
// handle on its data, as the command line has it, to act with.
type demoCity struct {
	name string // as people see it, and in small letters its directory
	url  string
	dir  string
	port int
	cmd  *exec.Cmd
	life io.Closer // closing it ends the process
	gone chan struct{}
	log  *problemLog
	node *node.Node
	fed  *federation.Server
	seen *sightings
	old  bool // it was there before this run
}

// demoPorts are tried first, so that the addresses are the same each time.
var demoPorts = map[string]int{"Belgrade": 8801, "Phuket": 8802, "Almaty": 8803}

// say writes one line: when, where, what.
func (s *stage) say(city, format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending && city != "" {
		return
	}
	fmt.Fprintf(s.app.out, "%5.1fs  %-9s %s\n", time.Since(s.began).Seconds(), city, clean(fmt.Sprintf(format, args...)))
}

// pause tells what has arrived, and lets whoever watches read it, before
// something else happens.
func (s *stage) pause(ctx context.Context) {
	s.sweep(ctx)
	select {
	case <-ctx.Done():
	case <-time.After(s.slow):
	}
}

// open founds the cities, starts a process for each and waits until they
// answer.
func (s *stage) open() error {
	s.died = make(chan error, 3)
	var wg sync.WaitGroup
	errs := make([]error, 3)
	for _, name := range []string{"Belgrade", "Phuket", "Almaty"} {
		s.cities = append(s.cities, &demoCity{name: name, dir: filepath.Join(s.dir, strings.ToLower(name)), log: &problemLog{}, seen: newSightings()})
	}
	if err := s.choosePorts(); err != nil {
		return err
	}
	for i, c := range s.cities {
		wg.Go(func() { errs[i] = s.openCity(c) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// choosePorts gives each city its address: the one it had, the usual one, or any
// that is free.
func (s *stage) choosePorts() error {
	for _, c := range s.cities {
		file := filepath.Join(c.dir, defaultConfigFile)
		if old, err := LoadConfig(file, false, nil, nil); err == nil && old.read {
			c.url, c.old = old.URL, true
			ap, err := netip.ParseAddrPort(strings.TrimPrefix(old.URL, "http://"))
			if err != nil {
				return withHint(fmt.Errorf("%s is no city of a demo: its address is %s", c.dir, old.URL), "name an empty directory with --data")
			}
			c.port = int(ap.Port())
			continue
		}
		ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", demoPorts[c.name]))
		if err != nil {
			if ln, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
				return err
			}
		}
		c.port = ln.Addr().(*net.TCPAddr).Port
		defer ln.Close() // held until all three have one
		c.url = fmt.Sprintf("http://127.0.0.1:%d", c.port)
	}
	return nil
}

func (s *stage) openCity(c *demoCity) error {
	ctx := s.app.ctx
	values := map[string]string{
		"url": c.url, "listen": fmt.Sprintf("127.0.0.1:%d", c.port), "data": c.dir, "allow_addresses": "127.0.0.0/8",
	}
	if abs, err := filepath.Abs(c.dir); err == nil {
		values["data"] = abs
	}
	if _, err := WriteConfigFile(filepath.Join(c.dir, defaultConfigFile), values); err != nil {
		return err
	}
	conf, err := LoadConfig(filepath.Join(c.dir, defaultConfigFile), false, nil, nil)
	if err != nil {
		return err
	}
	store, err := openStore(ctx, conf)
	if err != nil {
		return err
	}
	c.node = node.New(store, community.NewSite(c.url), node.Options{Log: slog.New(slog.DiscardHandler)})
	founded, err := c.node.Founded(ctx)
	if err != nil {
		return err
	}
	if !founded {
		c.old = false
		if err := foundDemo(ctx, c); err != nil {
			return fmt.Errorf("founding %s: %w", c.name, err)
		}
	}
	if c.fed, err = connect(conf, c.node); err != nil {
		return err
	}
	if err := s.start(c); err != nil {
		return err
	}
	return s.ready(ctx, c)
}

// start runs konfa serve for the city, as anyone would, in a process of its
// own. It ends when this one does, however that ends: its standard input closes.
func (s *stage) start(c *demoCity) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	c.cmd = exec.Command(self, "--config", filepath.Join(c.dir, defaultConfigFile), "serve", "--log-format", "json", "--while-stdin")
	for _, kv := range s.app.environ {
		if !strings.HasPrefix(kv, "KONFA_") {
			c.cmd.Env = append(c.cmd.Env, kv)
		}
	}
	stderr, err := c.cmd.StderrPipe()
	if err != nil {
		return err
	}
	life, err := c.cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := c.cmd.Start(); err != nil {
		return err
	}
	c.life, c.gone = life, make(chan struct{})
	go func() {
		c.log.read(stderr)
		err := c.cmd.Wait()
		close(c.gone)
		s.mu.Lock()
		ending := s.ending
		s.mu.Unlock()
		if !ending && s.app.ctx.Err() == nil {
			s.died <- withHint(fmt.Errorf("%s ended by itself: %v", c.name, err), c.log.problems())
		}
	}()
	return nil
}

func (s *stage) ready(ctx context.Context, c *demoCity) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/readyz", nil)
		if err != nil {
			return err
		}
		if res, err := http.DefaultClient.Do(req); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				s.say(c.name, "open at %s, process %d", c.url, c.cmd.Process.Pid)
				return nil
			}
		}
		select {
		case err := <-s.died:
			return err
		case <-ctx.Done():
			return withHint(fmt.Errorf("%s did not answer at %s", c.name, c.url), c.log.problems())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// close ends the processes, gently first.
func (s *stage) close() {
	s.mu.Lock()
	s.ending = true
	s.mu.Unlock()
	for _, c := range s.cities {
		if c.life != nil {
			c.life.Close()
		}
	}
	for _, c := range s.cities {
		if c.gone != nil {
			select {
			case <-c.gone:
			case <-time.After(10 * time.Second):
				c.cmd.Process.Kill()
				<-c.gone
			}
		}
		if c.node != nil {
			c.node.Store().Close()
		}
	}
}

// problemLog keeps the last warnings and errors of a city's log.
type problemLog struct {
	mu   sync.Mutex
	last []string
}

func (l *problemLog) read(r io.Reader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := bytes.TrimSpace(lines.Bytes())
		var entry struct{ Level string }
		if json.Unmarshal(line, &entry) == nil && (entry.Level == "INFO" || entry.Level == "DEBUG") {
			continue
		}
		if bytes.Contains(line, []byte("url is plain http")) || len(line) == 0 {
			continue
		}
		l.mu.Lock()
		l.last = append(l.last, string(line))
		if len(l.last) > 5 {
			l.last = l.last[1:]
		}
		l.mu.Unlock()
	}
	io.Copy(io.Discard, r)
}

func (l *problemLog) problems() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.last, " | ")
}
