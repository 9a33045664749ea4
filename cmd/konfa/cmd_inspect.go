package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"konfa/activitystreams"
)

type inspectCmd struct {
	Target string `arg:"" help:"A file (- for standard input), an address, or a handle such as @city@host."`
	Raw    bool   `help:"Print the document itself, as it came."`
}

func (x *inspectCmd) Run(a *app) error {
	doc, err := x.read(a)
	if err != nil {
		return err
	}
	if x.Raw {
		_, err := a.out.Write(append(doc, '\n'))
		return err
	}
	in, err := activitystreams.Inspect(doc)
	if err != nil {
		return err
	}
	return a.print(in, func() { a.inspection(in, "") })
}

// read gets the document from a file, or asks another server for it with our
// signature.
func (x *inspectCmd) read(a *app) ([]byte, error) {
	if x.Target == "-" {
		return readDocument(a.in)
	}
	f, err := os.Open(x.Target)
	if err == nil {
		defer f.Close()
		return readDocument(f)
	}
	remote := strings.Contains(x.Target, "://") || strings.Contains(x.Target, "@")
	if !remote && (!errors.Is(err, fs.ErrNotExist) || strings.ContainsAny(x.Target, `/\`) || !strings.Contains(x.Target, ".") || strings.HasSuffix(x.Target, ".json")) {
		return nil, withHint(err, "give a file, an address with https://, or a handle such as @city@host")
	}
	c, n, err := a.open()
	if err != nil {
		return nil, err
	}
	defer n.Store().Close()
	fed, err := connect(c, n)
	if err != nil {
		return nil, err
	}
	return fed.Inspect(a.ctx, x.Target)
}

// readDocument reads a little more than any document may have, so that one that
// is too long is refused and not cut.
func readDocument(r io.Reader) ([]byte, error) {
	return io.ReadAll(io.LimitReader(r, 2<<20))
}

// inspection prints what was understood, an embedded object indented below the
// activity.
func (a *app) inspection(in *activitystreams.Inspection, indent string) {
	what := in.Kind
	if in.Type != "" {
		what += " (" + in.Type + ")"
	}
	a.say("%s%s %s", indent, clean(what), clean(in.ID))
	width := 0
	for _, l := range in.Lines {
		width = max(width, len([]rune(l.Label)))
	}
	for _, l := range in.Lines {
		a.say("%s  %s%s  %s", indent, clean(l.Label), strings.Repeat(" ", width-len([]rune(l.Label))), clean(short(l.Value, 300)))
	}
	for _, n := range in.Notes {
		a.say("%s  note: %s", indent, clean(n))
	}
	if in.Nested != nil {
		a.inspection(in.Nested, indent+"    ")
	}
}
