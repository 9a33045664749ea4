package backup

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// city is a store with something in it and a configuration.
func city(t *testing.T) Source {
	t.Helper()
	dir := t.TempDir()
	s, err := storage.Open(t.Context(), storage.Options{Data: dir, Synchronous: "OFF"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	err = s.Write(t.Context(), func(tx *storage.Tx) error {
		if err := tx.SetMeta(t.Context(), "base", "https://bg.example"); err != nil {
			return err
		}
		return tx.SaveCity(t.Context(), &community.City{Handle: "bg", Name: community.Plain("ru", "Белград"), Created: noon, Updated: noon})
	})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "konfa.toml"), "url = \"https://bg.example\"\n")
	return Source{Store: s, URL: "https://bg.example", Version: "1", Config: filepath.Join(dir, "konfa.toml"), Now: func() time.Time { return noon }}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestThereAndBack(t *testing.T) {
	src := city(t)
	file := filepath.Join(t.TempDir(), "x.backup")
	if err := WriteFile(t.Context(), src, file); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info, err)
	}
	m, err := Verify(t.Context(), file)
	if err != nil || m.URL != src.URL || m.Tables["city"] != 1 {
		t.Fatal(m, err)
	}
	to := t.TempDir()
	target := Target{Storage: storage.Options{Data: to}, Config: filepath.Join(to, "konfa.toml")}
	write(t, target.Config, "mine")
	if _, err := Restore(t.Context(), file, target); err != nil {
		t.Fatal(err)
	}
	if read(t, target.Config) != "mine" || read(t, target.Config+".restored") != read(t, src.Config) {
		t.Error("the files are others")
	}
	s, err := storage.Open(t.Context(), storage.Options{Data: to})
	if err != nil {
		t.Fatal(err)
	}
	if c, err := s.City(t.Context()); err != nil || c.Name.First() != "Белград" {
		t.Fatal(c, err)
	}
	s.Close()
	if _, err := Restore(t.Context(), file, target); community.CodeOf(err) != community.Conflict {
		t.Errorf("restored over a city: %v", err)
	}
}

// Whatever happens to a file is noticed, before anything is written.
func TestDamaged(t *testing.T) {
	src := city(t)
	var b bytes.Buffer
	if _, err := Write(t.Context(), src, &b); err != nil {
		t.Fatal(err)
	}
	whole := b.Bytes()
	z, err := gzip.NewReader(bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	zip := func(b []byte) []byte {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		w.Write(b)
		w.Close()
		return out.Bytes()
	}
	flip := func(what string, at int) []byte {
		i := bytes.Index(plain, []byte(what))
		if i < 0 {
			t.Fatalf("%q is not there", what)
		}
		out := bytes.Clone(plain)
		out[i+at] ^= 1
		return zip(out)
	}
	for name, bad := range map[string][]byte{
		"nothing": nil, "text": []byte("hello"), "cut": whole[:len(whole)/2], "its last byte": whole[:len(whole)-1], "no tar": zip([]byte("hello")),
		"another row": flip("https://bg.example\"]", 2), "another sum": flip(`"data.jsonl": "`, 16),
		"a name that leads out": zip(bytes.Replace(plain, []byte("konfa.toml"), []byte("../.a.toml"), 1)),
	} {
		file := filepath.Join(t.TempDir(), "x")
		write(t, file, string(bad))
		to := t.TempDir()
		_, err := Restore(t.Context(), file, Target{Storage: storage.Options{Data: to}, Config: filepath.Join(to, "konfa.toml")})
		if community.CodeOf(err) != community.Invalid {
			t.Errorf("%s: %v", name, err)
		}
		if left, _ := os.ReadDir(to); len(left) > 0 {
			t.Errorf("%s: %v was written", name, left)
		}
		if _, err := Verify(t.Context(), file); community.CodeOf(err) != community.Invalid {
			t.Errorf("%s is verified: %v", name, err)
		}
	}
	if _, err := Verify(t.Context(), filepath.Join(t.TempDir(), "none")); community.CodeOf(err) != community.NotFound {
		t.Error(err)
	}
}

func TestKeep(t *testing.T) {
	src, dir := city(t), filepath.Join(t.TempDir(), "backups")
	now := noon
	src.Now = func() time.Time { return now }
	if next, err := Due(dir, time.Hour, now); err != nil || !next.Equal(now) {
		t.Fatal(next, err)
	}
	for range 4 {
		if _, err := Keep(t.Context(), src, dir, 2); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Hour)
	}
	write(t, filepath.Join(dir, "by-hand.backup"), "x")
	all, err := List(dir)
	if err != nil || len(all) != 2 || !all[0].Made.Equal(noon.Add(3*time.Hour)) || all[0].Size < 100 {
		t.Fatal(all, err)
	}
	for at, want := range map[time.Time]time.Time{now.Add(-time.Minute): now, now.Add(time.Minute): now.Add(time.Minute)} {
		if next, err := Due(dir, time.Hour, at); err != nil || !next.Equal(want) {
			t.Error(at, next, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Keep(ctx, src, dir, 2); err == nil {
		t.Error("made after the end")
	}
	if left, _ := os.ReadDir(dir); len(left) != 3 {
		t.Errorf("half a backup is left: %v", left)
	}
}
