package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

type demoCmd struct {
	Once bool `help:"Run through, see that everything arrives, and end." env:"KONFA_DEMO_ONCE"`
}

// demoTime is how long everything may take to arrive.
const demoTime = 60 * time.Second

func (x *demoCmd) Run(a *app) error {
	if err := checkBuild(a.ctx); err != nil {
		return err
	}
	dir, kept := "", false
	if a.cli.Data != nil && *a.cli.Data != "" {
		dir, kept = *a.cli.Data, true
	} else {
		tmp, err := os.MkdirTemp("", "konfa-demo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(tmp)
		dir = tmp
	}
	stage := &stage{app: a, began: time.Now(), dir: dir}
	if !x.Once {
		stage.slow = 600 * time.Millisecond
	}
	defer stage.close()
	stage.say("", "three cities in %s", dir)
	if err := stage.open(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(a.ctx)
	defer cancel()
	go stage.watch(ctx)
	limited, done := context.WithTimeout(ctx, demoTime)
	err := stage.play(limited)
	done()
	if a.ctx.Err() != nil {
		return nil // Ctrl-C before the end
	}
	if err != nil {
		return err
	}
	stage.sweep(ctx)
	stage.say("", "everything arrived in %.1f seconds", time.Since(stage.began).Seconds())
	if x.Once {
		return nil
	}
	stage.invite(kept)
	select {
	case <-a.ctx.Done():
	case err := <-stage.died:
		return err
	}
	stage.say("", "ending")
	return nil
}

// invite tells what to do with the running cities.
func (s *stage) invite(kept bool) {
	fmt.Fprintln(s.app.out)
	for _, c := range s.cities {
		fmt.Fprintf(s.app.out, "  %-9s %s   calendar %s/conf.ics\n", c.name, c.url, c.url)
	}
	b := s.cities[0]
	fmt.Fprintf(s.app.out, "\nDo something yourself and watch it travel, in another terminal:\n")
	fmt.Fprintf(s.app.out, "  %s --config %s post \"Hello from the other terminal\"\n", os.Args[0], filepath.Join(b.dir, defaultConfigFile))
	if kept {
		fmt.Fprintf(s.app.out, "The cities stay in %s; run the demo again with it to go on.\n", s.dir)
	}
	fmt.Fprintf(s.app.out, "Ctrl-C ends all of it.\n\n")
}

// wait looks until a condition holds. What it is for is said when it does not.
func (s *stage) wait(ctx context.Context, what string, holds func() (bool, error)) error {
	for {
		ok, err := holds()
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if ok {
			return nil
		}
		select {
		case err := <-s.died:
			return err
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return withHint(fmt.Errorf("after %d seconds this had not happened: %s", int(demoTime.Seconds()), what), s.troubles())
			}
			return ctx.Err()
		case <-time.After(30 * time.Millisecond):
		}
	}
}

// troubles gathers what the three know of failures, for the reason of a demo
// that did not end well.
func (s *stage) troubles() string {
	var out []string
	for _, c := range s.cities {
		if c.node == nil {
			continue
		}
		peers, err := c.node.Store().Peers(context.Background())
		if err != nil {
			continue
		}
		for _, p := range peers {
			for _, e := range []string{p.LastError, p.LastRefused} {
				if e != "" {
					out = append(out, c.name+" with "+p.Host+": "+e)
				}
			}
		}
		if lines := c.log.problems(); lines != "" {
			out = append(out, c.name+" logged: "+lines)
		}
	}
	if len(out) == 0 {
		return "no city reports a failure"
	}
	return strings.Join(out, "; ")
}
