package main

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"

	"konfa/storage"
)

// release is set by the linker (-X main.release=1.2.3).
var release string

// version names this program: the release, else the revision it was built from.
func version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "dev"
	}
	rev, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			rev = s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+"
		}
	}
	if rev == "" {
		return "dev"
	}
	return "dev-" + rev + dirty
}

type versionCmd struct{}

func (v *versionCmd) Run(a *app) error {
	sqlite, fts5, err := storage.SQLiteBuild(a.ctx)
	if err != nil {
		return err
	}
	out := struct {
		Version string `json:"version"`
		Go      string `json:"go"`
		System  string `json:"system"`
		SQLite  string `json:"sqlite"`
		FTS5    bool   `json:"fts5"`
	}{version(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, sqlite, fts5}
	return a.print(out, func() {
		with := "with FTS5"
		if !fts5 {
			with = "without FTS5"
		}
		a.say("konfa %s\n%s %s\nSQLite %s %s", out.Version, out.Go, out.System, out.SQLite, with)
	})
}

// checkBuild tells whether the SQLite in this program has what konfa needs. It
// is chosen when building, so that a wrong build must be told at once.
func checkBuild(ctx context.Context) error {
	_, fts5, err := storage.SQLiteBuild(ctx)
	if err != nil {
		return err
	}
	if !fts5 {
		return withHint(errors.New("this program was built without SQLite's full-text search"),
			"build it with make build, or go build -tags sqlite_fts5 ./cmd/konfa")
	}
	return nil
}
