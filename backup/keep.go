package backup

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Kept is a backup in the directory of backups.
type Kept struct {
	Name string // of the file
	Size int64  // bytes
	Made time.Time
}

// prefix and suffix are around the instant in the names of backups that are kept.
const (
	prefix  = "konfa-"
	suffix  = ".backup"
	stampIn = "20060102-150405"
)

// Keep writes a backup into a directory and lets all but the newest go. What was
// made by hand under another name stays. Keep 0 lets none go.
func Keep(ctx context.Context, src Source, dir string, keep int) (*Kept, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	name := prefix + src.Now().UTC().Format(stampIn) + suffix
	if err := WriteFile(ctx, src, filepath.Join(dir, name)); err != nil {
		return nil, err
	}
	all, err := List(dir)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if keep > 0 && i >= keep {
			if err := os.Remove(filepath.Join(dir, all[i].Name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		}
	}
	for i := range all {
		if all[i].Name == name {
			return &all[i], nil
		}
	}
	return nil, fs.ErrNotExist
}

// WriteFile writes a backup whole or not at all. Only the owner can read it.
func WriteFile(ctx context.Context, src Source, path string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".konfa-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, wrote := Write(ctx, src, f)
	if err := errors.Join(wrote, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// List lists the backups that Keep made in a directory, newest first; none where
// there is no such directory.
func List(dir string) ([]Kept, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []Kept
	for _, e := range entries {
		stamp, ok := strings.CutPrefix(e.Name(), prefix)
		if !ok || !strings.HasSuffix(stamp, suffix) {
			continue
		}
		made, err := time.Parse(stampIn, strings.TrimSuffix(stamp, suffix))
		if err != nil {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // it just went
		}
		out = append(out, Kept{Name: e.Name(), Size: info.Size(), Made: made})
	}
	slices.SortFunc(out, func(a, b Kept) int { return b.Made.Compare(a.Made) })
	return out, nil
}

// Due tells when the next backup is to be made by itself: so long after the newest
// one, or now.
func Due(dir string, every time.Duration, now time.Time) (time.Time, error) {
	all, err := List(dir)
	if err != nil || len(all) == 0 {
		return now, err
	}
	next := all[0].Made.Add(every)
	if next.Before(now) {
		next = now
	}
	return next, nil
}
