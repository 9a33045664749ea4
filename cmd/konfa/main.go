package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	_ "time/tzdata" // zones on machines that have none
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// app is what every command gets.
type app struct {
	ctx      context.Context
	environ  []string
	in       io.Reader
	out, err io.Writer
	now      func() time.Time
	cli      *cli
}

// run carries out one command and returns its exit status: 0, 1 for a failure,
// 2 for wrong usage.
func run(ctx context.Context, args, environ []string, in io.Reader, out, errw io.Writer) int {
	var c cli
	parser, err := kong.New(&c,
		kong.Name("konfa"),
		kong.Description("A home for a city community in the fediverse: conferences, posts and the people who come."),
		kong.Writers(out, errw),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
	)
	if err != nil {
		return report(errw, err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		hint := "konfa --help lists the commands"
		if pe, ok := errors.AsType[*kong.ParseError](err); ok && pe.Context != nil && pe.Context.Selected() != nil {
			hint = "see " + strings.Join(append([]string{"konfa"}, commandPath(pe.Context.Selected())...), " ") + " --help"
		}
		return report(errw, usageError{withHint(err, hint)})
	}
	a := &app{ctx: ctx, environ: environ, in: in, out: out, err: errw, now: time.Now, cli: &c}
	return report(errw, parsed.Run(a))
}

func commandPath(n *kong.Node) []string {
	var path []string
	for ; n != nil && n.Type == kong.CommandNode; n = n.Parent {
		path = append([]string{n.Name}, path...)
	}
	return path
}
