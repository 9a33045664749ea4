package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestInspectPayloads sends what real servers of many kinds send through the
// command: each is understood, or refused with a reason.
func TestInspectPayloads(t *testing.T) {
	const dir = "../../../shared/data/payloads"
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no payloads here")
	}
	understood, refused := 0, 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		var out, errs bytes.Buffer
		switch code := run(t.Context(), []string{"inspect", "--json", path}, nil, strings.NewReader(""), &out, &errs); code {
		case 0:
			understood++
			var in struct {
				Kind  string
				Lines []struct{ Label, Value string }
			}
			if err := json.Unmarshal(out.Bytes(), &in); err != nil || in.Kind == "" || len(in.Lines) == 0 {
				t.Errorf("%s: understood as nothing: %s", path, out.String())
			}
		case 1:
			refused++
			if out.Len() > 0 || !strings.HasPrefix(errs.String(), "konfa: ") {
				t.Errorf("%s: refused without a reason: %q %q", path, out.String(), errs.String())
			}
			t.Logf("%s: %s", path, errs.String())
		default:
			t.Errorf("%s: status %d: %s", path, code, errs.String())
		}
		out.Reset()
		if code := run(t.Context(), []string{"inspect", path}, nil, strings.NewReader(""), &out, &errs); code > 1 || code == 0 && out.Len() == 0 {
			t.Errorf("%s as text: status %d", path, code)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if understood == 0 || understood < refused*4 {
		t.Errorf("%d understood, %d refused", understood, refused)
	}
}
