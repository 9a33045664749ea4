package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"konfa/calendar"
	"konfa/community"
	"konfa/federation/fetch"
	"konfa/node"
	"konfa/storage"
)

type confImportCmd struct {
	Source   string `arg:"" help:"A file or an address: iCalendar, the list of confs.tech, or an export of konfa. - for standard input."`
	Announce bool   `help:"Tell followers of everything that is added."`
	Preview  bool   `aliases:"dry-run" help:"Tell what would happen, and do nothing."`
	Zone     string `help:"The clock of times that name no zone (default: the city's)." placeholder:"ZONE"`
	Lang     string `help:"The language of texts that name none (default: the city's main one)." placeholder:"LANG"`
}

// importView is what an import prints with --json.
type importView struct {
	Preview  bool         `json:"preview"`
	Added    int          `json:"added"`
	Changed  int          `json:"changed"`
	Same     int          `json:"same"`
	Skipped  int          `json:"skipped"`
	Slugs    []string     `json:"slugs"`
	Problems []rowProblem `json:"problems"`
}

func (x *confImportCmd) Run(a *app) error {
	if x.Zone != "" && !community.ValidZone(x.Zone) {
		return usagef("an IANA zone is written like Europe/Belgrade", "--zone: %q is not a time zone", x.Zone)
	}
	c, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	city, err := n.City(a.ctx)
	if err != nil {
		return err
	}
	in, err := a.source(c, x.Source)
	if err != nil {
		return err
	}
	defer in.Close()
	rows, bad, err := calendar.Decode(in, calendar.DecodeOptions{City: city, Zone: x.Zone, Lang: x.Lang, Now: a.now()})
	if err != nil {
		return err
	}
	conferences := make([]community.Conference, len(rows))
	for i, r := range rows {
		conferences[i] = r.Conference
	}
	var got node.ImportResult
	if x.Preview {
		got, err = n.PreviewImport(a.ctx, console, conferences)
	} else {
		got, err = n.ImportConferences(a.ctx, console, conferences, x.Announce)
	}
	if err != nil {
		return err
	}
	out := importView{Preview: x.Preview, Added: got.Added, Changed: got.Changed, Same: got.Same, Slugs: got.Slugs, Problems: []rowProblem{}}
	if out.Slugs == nil {
		out.Slugs = []string{}
	}
	for _, p := range bad {
		out.Problems = append(out.Problems, rowProblem{p.Line, p.Title, p.Msg})
	}
	for _, p := range got.Problems {
		line := 0
		if p.Row >= 0 && p.Row < len(rows) {
			line = rows[p.Row].Line
		}
		out.Problems = append(out.Problems, rowProblem{line, p.Title, p.Msg})
	}
	out.Skipped = len(out.Problems)
	return a.print(out, func() {
		would := ""
		if x.Preview {
			would = "would be: "
		}
		a.say("%s%d added, %d changed, %d the same, %d skipped", would, out.Added, out.Changed, out.Same, out.Skipped)
		for _, p := range out.Problems {
			title := ""
			if p.Title != "" {
				title = " “" + clean(short(p.Title, 60)) + "”"
			}
			fmt.Fprintf(a.err, "line %d%s: %s\n", p.Line, title, clean(p.Msg))
		}
	})
}

// source opens what is imported. Addresses are fetched under the same rules as
// everything else that comes from outside.
func (a *app) source(c *Config, what string) (io.ReadCloser, error) {
	if what == "-" {
		return io.NopCloser(a.in), nil
	}
	what = strings.Replace(what, "webcal://", "https://", 1)
	if !strings.HasPrefix(what, "https://") && !strings.HasPrefix(what, "http://") {
		f, err := os.Open(what)
		if err != nil {
			return nil, withHint(err, "give a file or an address with https://")
		}
		return f, nil
	}
	o, err := fetchOptions(c)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(a.ctx, time.Minute)
	defer cancel()
	doc, err := fetch.New(o).Get(ctx, what, fetch.Request{Accept: fetch.Any, MaxBytes: calendar.MaxBytes})
	if err != nil {
		hint := "check the spelling of the address, or try again later"
		if fetch.KindOf(err) == fetch.Blocked {
			hint = "allow_addresses in the configuration lists the private ranges that may be reached"
		}
		return nil, withHint(fmt.Errorf("the calendar cannot be read: %w", err), hint)
	}
	return io.NopCloser(bytes.NewReader(doc.Body)), nil
}

type confExportCmd struct {
	Format string `help:"ics or json." default:"ics" enum:"ics,json"`
	Output string `short:"o" help:"Write to this file instead of standard output." placeholder:"FILE"`
	Coming bool   `help:"Only what is not over."`
}

func (x *confExportCmd) Run(a *app) error {
	_, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	city, err := n.City(a.ctx)
	if err != nil {
		return err
	}
	q := storage.ConferenceQuery{Own: true}
	if x.Coming {
		q.EndsAfter = a.now()
	}
	list, err := n.Store().Conferences(a.ctx, q)
	if err != nil {
		return err
	}
	cal := calendar.Calendar{
		Name: city.Name.First(), URL: n.Site().Base, Zone: city.Zone, Events: list, Site: n.Site(), Langs: city.Languages,
	}
	encode := calendar.Encode
	if x.Format == "json" || a.cli.JSON {
		encode = calendar.EncodeJSON
	}
	var b bytes.Buffer
	if err := encode(&b, cal); err != nil {
		return err
	}
	if x.Output == "" || x.Output == "-" {
		_, err = b.WriteTo(a.out)
		return err
	}
	if err := os.WriteFile(x.Output, b.Bytes(), 0o644); err != nil {
		return err
	}
	a.note("%d conferences written to %s", len(list), x.Output)
	return nil
}
