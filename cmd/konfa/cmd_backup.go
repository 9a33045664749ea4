package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"time"

	"konfa/backup"
	"konfa/node"
	"konfa/storage"
)

// backupView is what backup, restore and verify print with --json.
type backupView struct {
	File    string           `json:"file"`
	URL     string           `json:"url"`
	Made    string           `json:"made"`
	Version string           `json:"version"`
	Engine  string           `json:"engine"`
	Schema  int64            `json:"schema"`
	Rows    int64            `json:"rows"`
	Tables  map[string]int64 `json:"tables"`
}

func backupOf(file string, m *backup.Manifest) backupView {
	v := backupView{File: file, URL: m.URL, Made: stamp(m.Made), Version: m.Version, Engine: m.Engine, Schema: m.Schema, Tables: m.Tables}
	for _, n := range m.Tables {
		v.Rows += n
	}
	return v
}

// backups is the directory of the backups that are made by themselves.
func (c *Config) backups() string {
	if c.Backups != "" {
		return c.Backups
	}
	return filepath.Join(c.Data, "backups")
}

// kept says what a backup of a node holds.
func kept(c *Config, n *node.Node) backup.Source {
	return backup.Source{Store: n.Store(), URL: n.Site().Base, Version: version(), Config: c.File, Now: time.Now}
}

type backupCmd struct {
	To string `help:"The file to write (default: one named after the moment, in the directory of the backups)." placeholder:"FILE"`
}

func (x *backupCmd) Run(a *app) error {
	c, n, err := a.open()
	if err != nil {
		return err
	}
	defer n.Store().Close()
	path := x.To
	if path == "" {
		one, err := backup.Keep(a.ctx, kept(c, n), c.backups(), 0)
		if err != nil {
			return err
		}
		path = filepath.Join(c.backups(), one.Name)
	} else if err := backup.WriteFile(a.ctx, kept(c, n), path); err != nil {
		return err
	}
	m, err := backup.Verify(a.ctx, path)
	if err != nil {
		return err
	}
	return a.print(backupOf(path, m), func() {
		a.say("wrote %s: %d rows; it was read back and can be restored", path, backupOf(path, m).Rows)
		a.note("it holds the keys of the city: keep it where nobody else reads it")
	})
}

type restoreCmd struct {
	File string `arg:"" help:"A backup."`
}

func (x *restoreCmd) Run(a *app) error {
	c, err := LoadConfig(a.cli.Config, true, a.environ, a.cli.flags())
	if err != nil {
		return err
	}
	m, err := backup.Restore(a.ctx, x.File, backup.Target{Storage: storage.Options{Data: c.Data, Database: c.Database}, Config: c.File})
	if err != nil {
		return err
	}
	return a.print(backupOf(x.File, m), func() {
		a.say("%s is back, as it was at %s: %d rows", m.URL, m.Made.Format(time.RFC3339), backupOf(x.File, m).Rows)
		a.note("never let two servers run as the same city: others would not know whom to believe")
	})
}

type verifyCmd struct {
	File string `arg:"" help:"A backup."`
}

func (x *verifyCmd) Run(a *app) error {
	m, err := backup.Verify(a.ctx, x.File)
	if err != nil {
		return err
	}
	return a.print(backupOf(x.File, m), func() {
		a.say("whole: %s, made at %s by konfa %s, %d rows; restored into a database that was thrown away", m.URL, m.Made.Format(time.RFC3339), m.Version, backupOf(x.File, m).Rows)
	})
}

// keepBackups makes a backup every so often until ctx ends. Several processes on
// one data directory make one between them, as each looks when the last was made.
func keepBackups(ctx context.Context, c *Config, n *node.Node, log *slog.Logger) {
	if c.BackupHours == 0 {
		return
	}
	every := time.Duration(c.BackupHours) * time.Hour
	for {
		next, err := backup.Due(c.backups(), every, time.Now())
		if err != nil {
			log.Error("the directory of the backups cannot be read", "dir", c.backups(), "err", err)
			next = time.Now().Add(time.Hour)
		}
		// A node that just started has better things to do first.
		wait := max(time.Until(next), time.Minute)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		if again, err := backup.Due(c.backups(), every, time.Now()); err != nil || again.After(time.Now()) {
			continue
		}
		one, err := backup.Keep(ctx, kept(c, n), c.backups(), c.BackupKeep)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			log.Error("no backup could be made", "dir", c.backups(), "err", err)
			select {
			case <-ctx.Done():
				return
			case <-time.After(10 * time.Minute):
			}
		default:
			log.Info("made a backup", "file", filepath.Join(c.backups(), one.Name), "bytes", one.Size)
		}
	}
}
