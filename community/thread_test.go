package community

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestThreadPathSortsAsItIsRead(t *testing.T) {
	now := time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)
	at := func(min int) time.Time { return now.Add(time.Duration(min-60) * time.Minute) }
	a := ThreadPath("", "a", at(1), now)
	a1 := ThreadPath(a, "a1", at(9), now)
	a11 := ThreadPath(a1, "a11", at(2), now) // says that it is older than what it answers
	a2 := ThreadPath(a, "a2", at(10), now)
	b := ThreadPath("", "b", at(3), now)
	future := ThreadPath("", "c", now.Add(1000*time.Hour), now)
	want := []string{a, a1, a11, a2, b, future}
	if got := slices.Sorted(slices.Values([]string{future, a11, b, a2, a1, a})); !slices.Equal(got, want) {
		t.Fatalf("sorted %q, want %q", got, want)
	}
	if last := ThreadPath("", "d", now, now); last[:stepTime] != future[:stepTime] {
		t.Errorf("what is from the future is sorted as %q, now as %q", future, last)
	}
	for path, depth := range map[string]int{"": 0, a: 1, a1: 2, a11: 3} {
		if got := (&Post{Path: path}).Depth(); got != depth {
			t.Errorf("%q is %d deep, want %d", path, got, depth)
		}
	}
	for path, above := range map[string]string{"": "", a: "", a1: a, a11: a1} {
		if got := PathAbove(path); got != above {
			t.Errorf("above %q is %q, want %q", path, got, above)
		}
	}
}

func TestThreadPathIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.UnixMicro(rapid.Int64Range(1, 4e15).Draw(t, "now"))
		path := rapid.StringMatching(`[0-9a-z]{0,30}`).Draw(t, "parent")
		for i := range rapid.IntRange(1, 40).Draw(t, "depth") {
			parent := path
			path = ThreadPath(parent, rapid.String().Draw(t, "id"), time.UnixMicro(rapid.Int64Range(-1e15, 8e15).Draw(t, "at")), now)
			if len(path)%pathStep != 0 || len(path) > MaxDepth*pathStep {
				t.Fatalf("%d: %q", i, path)
			}
			if len(parent)%pathStep == 0 && len(parent) < MaxDepth*pathStep && path[:len(parent)] != parent {
				t.Fatalf("%q does not stand below %q", path, parent)
			}
		}
	})
}
