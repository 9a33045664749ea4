package storage

import (
	"bytes"
	"context"
	"testing"
)

// Whatever a file holds, restoring it ends, and what is not taken leaves nothing
// behind.
func FuzzRestore(f *testing.F) {
	f.Add([]byte("{\"konfa_dump\":1,\"schema\":9,\"engine\":\"sqlite\"}\n{\"table\":\"meta\",\"columns\":[\"key\",\"value\"],\"kinds\":\"tt\",\"next\":0}\n[\"a\",\"b\"]\n{\"end\":true,\"rows\":1}\n"))
	f.Add([]byte("{\"konfa_dump\":1,\"schema\":2}\n[1]\n"))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		o := Options{Data: t.TempDir(), Synchronous: "OFF"}
		_, err := Restore(context.Background(), o, bytes.NewReader(b))
		s, openErr := Open(context.Background(), o)
		if openErr != nil {
			t.Fatal(openErr)
		}
		defer s.Close()
		if _, metaErr := s.Meta(context.Background(), "a"); err != nil && metaErr == nil {
			t.Fatalf("refused (%v), and yet written", err)
		}
	})
}
