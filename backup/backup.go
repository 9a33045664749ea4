// Package backup keeps a whole node in one file: what is stored, pictures
// included, and the configuration. Such a file is made while the node serves, is checked before it
// is trusted, and is restored into an empty place, with SQLite or PostgreSQL,
// whichever it came from.
//
// It holds the private keys of the city. Whoever has it can speak as the city.
package backup

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"konfa/community"
	"konfa/storage"
)

// The entries of a backup, a tar in gzip. The manifest comes last, as it has the
// sums of the others.
const (
	dumpName     = "data.jsonl"
	configName   = "konfa.toml"
	manifestName = "manifest.json"
)

// format changes when older programs could not restore the file.
const format = 1

// Manifest says what is in a backup.
type Manifest struct {
	Format  int               `json:"konfa_backup"`
	Version string            `json:"version"` // of the program
	URL     string            `json:"url"`     // of the node
	Made    time.Time         `json:"made"`
	Schema  int64             `json:"schema"`
	Engine  string            `json:"engine"`
	Tables  map[string]int64  `json:"tables"` // rows of each
	Files   map[string]string `json:"files"`  // SHA-256 of each entry
}

// Source is what is kept.
type Source struct {
	Store   *storage.Store
	URL     string
	Version string
	Config  string // path of the configuration file, or empty
	Now     func() time.Time
}

// Write writes a backup of a node that may be serving.
func Write(ctx context.Context, src Source, w io.Writer) (*Manifest, error) {
	m := &Manifest{Format: format, Version: src.Version, URL: src.URL, Made: src.Now().UTC().Truncate(time.Second), Files: map[string]string{}}
	zip := gzip.NewWriter(w)
	out := tar.NewWriter(zip)
	// A tar says how long an entry is before it, so the dump waits in a file.
	tmp, err := os.CreateTemp("", "konfa-backup-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()
	dump, err := src.Store.Dump(ctx, tmp)
	if err != nil {
		return nil, err
	}
	m.Schema, m.Engine, m.Tables = dump.Schema, dump.Engine, dump.Tables
	if err := addFile(out, m, dumpName, tmp.Name()); err != nil {
		return nil, err
	}
	if src.Config != "" {
		if err := addFile(out, m, configName, src.Config); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := out.WriteHeader(&tar.Header{Name: manifestName, Mode: 0o600, Size: int64(len(b)), ModTime: m.Made}); err != nil {
		return nil, err
	}
	if _, err := out.Write(b); err != nil {
		return nil, err
	}
	return m, errors.Join(out.Close(), zip.Close())
}

// addFile copies a file, as long as it is now: one that grows is cut there.
func addFile(out *tar.Writer, m *Manifest, name, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := out.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: info.ModTime()}); err != nil {
		return err
	}
	sum := sha256.New()
	if _, err := io.CopyN(io.MultiWriter(out, sum), f, info.Size()); err != nil {
		return fmt.Errorf("copying %s: %w", path, err)
	}
	m.Files[name] = hex.EncodeToString(sum.Sum(nil))
	return nil
}

// errFile: the file is no backup of ours, or damaged.
func errFile(format string, args ...any) error {
	return community.Errorf(community.Invalid, "this is no whole backup of konfa: "+format, args...)
}

// Target is where a backup is restored to.
type Target struct {
	Storage storage.Options
	Config  string // path of the configuration file; one that is there stays. Empty: none is written
}

// Restore restores a backup. The file is read twice: nothing is written before all
// of it is known to be whole. Conflict when a city lives there already.
func Restore(ctx context.Context, file string, to Target) (*Manifest, error) {
	m, err := check(ctx, file)
	if err != nil {
		return nil, err
	}
	err = each(ctx, file, func(name string, r io.Reader) error {
		switch {
		case name == dumpName:
			_, err := storage.Restore(ctx, to.Storage, r)
			return err
		case name == configName && to.Config != "":
			return keepConfig(to.Config, r)
		}
		return nil
	})
	return m, err
}

// Verify makes sure that a backup is whole and can be restored: it restores what
// is stored into a database that is thrown away.
func Verify(ctx context.Context, file string) (*Manifest, error) {
	m, err := check(ctx, file)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "konfa-verify-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	err = each(ctx, file, func(name string, r io.Reader) error {
		if name != dumpName {
			return nil
		}
		got, err := storage.Restore(ctx, storage.Options{Data: dir, Synchronous: "OFF"}, r)
		if err != nil {
			return err
		}
		for table, n := range m.Tables {
			if got.Tables[table] != n {
				return errFile("%s has %d rows and should have %d", table, got.Tables[table], n)
			}
		}
		return nil
	})
	return m, err
}

// maxManifest bounds the manifest, in bytes.
const maxManifest = 1 << 20

// check reads a backup through and compares every entry with the manifest.
func check(ctx context.Context, file string) (*Manifest, error) {
	var m *Manifest
	sums := map[string]string{}
	err := each(ctx, file, func(name string, r io.Reader) error {
		if name == manifestName {
			m = &Manifest{}
			if err := json.NewDecoder(io.LimitReader(r, maxManifest)).Decode(m); err != nil {
				return errFile("its manifest cannot be read")
			}
			return nil
		}
		if _, twice := sums[name]; twice || m != nil {
			return errFile("%s is there twice, or comes too late", name)
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, r); err != nil {
			return errFile("%s is damaged", name)
		}
		sums[name] = hexSum(sum)
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case m == nil || m.Format == 0:
		return nil, errFile("it has no manifest")
	case m.Format > format:
		return nil, community.Errorf(community.Refused, "this backup was made by a newer konfa (%s)", m.Version).WithHint("use the newer program")
	case sums[dumpName] == "":
		return nil, errFile("what was stored is not in it")
	case len(sums) != len(m.Files):
		return nil, errFile("it has %d files and should have %d", len(sums), len(m.Files))
	}
	for name, sum := range m.Files {
		if sums[name] != sum {
			return nil, errFile("%s is not as it was", name)
		}
	}
	return m, nil
}

func hexSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// each calls f with every entry of a backup. Names lead nowhere outside.
func each(ctx context.Context, file string, f func(name string, r io.Reader) error) error {
	in, err := os.Open(file)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return community.Errorf(community.NotFound, "there is no file %s", file)
		}
		return err
	}
	defer in.Close()
	zip, err := gzip.NewReader(in)
	if err != nil {
		return errFile("it is not compressed as one")
	}
	for entries := tar.NewReader(zip); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := entries.Next()
		if errors.Is(err, io.EOF) {
			// The sum of gzip stands after the end of the tar.
			if _, err := io.Copy(io.Discard, zip); err != nil {
				return errFile("its end is damaged")
			}
			return nil
		}
		if err != nil {
			return errFile("it is cut or damaged")
		}
		if h.Typeflag != tar.TypeReg || !filepath.IsLocal(filepath.FromSlash(h.Name)) {
			return errFile("it has an entry %q", h.Name)
		}
		if err := f(h.Name, entries); err != nil {
			return err
		}
	}
}

// keepConfig writes the configuration where there is none, and beside it where
// there is one.
func keepConfig(path string, r io.Reader) error {
	if _, err := os.Stat(path); err == nil {
		path += ".restored"
	}
	return writeFile(path, r, 0o600)
}

// writeFile writes a file whole or not at all.
func writeFile(path string, r io.Reader, mode fs.FileMode) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".konfa-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, copied := io.Copy(f, r)
	if err := errors.Join(copied, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
