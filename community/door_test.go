package community

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Two doors send what they noted in any order, some of it twice: where a guest
// stands is the same in the end.
func TestDoorsAgree(t *testing.T) {
	noon := time.Date(2026, 12, 3, 12, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		mark := rapid.Custom(func(t *rapid.T) DoorMark {
			return DoorMark{Undo: rapid.Bool().Draw(t, "undo"), At: noon.Add(time.Duration(rapid.IntRange(0, 9).Draw(t, "minute")) * time.Minute)}
		})
		marks := rapid.SliceOfN(mark, 0, 8).Draw(t, "marks")
		want := Arrived(marks)
		shuffled := rapid.Permutation(marks).Draw(t, "shuffled")
		if len(shuffled) > 0 {
			shuffled = append(shuffled, shuffled[0])
		}
		if got := Arrived(shuffled); !got.Equal(want) {
			t.Fatalf("%v in one order, %v in another", want, got)
		}
		for _, m := range marks {
			if m.Undo && !want.IsZero() && !want.After(m.At) {
				t.Fatalf("came at %v, undone at %v", want, m.At)
			}
		}
	})
}

func TestArrived(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 12, 3, 19, minute, 0, 0, time.UTC) }
	for name, x := range map[string]struct {
		marks []DoorMark
		want  time.Time
	}{
		"nothing":          {nil, time.Time{}},
		"two doors":        {[]DoorMark{{At: at(5)}, {At: at(2)}}, at(2)},
		"undone":           {[]DoorMark{{At: at(2)}, {At: at(3), Undo: true}}, time.Time{}},
		"undone too late":  {[]DoorMark{{At: at(9)}, {At: at(3), Undo: true}}, at(9)},
		"sent afterwards":  {[]DoorMark{{At: at(3), Undo: true}, {At: at(2)}}, time.Time{}},
		"in, out, in":      {[]DoorMark{{At: at(2)}, {At: at(3), Undo: true}, {At: at(4)}, {At: at(6)}}, at(4)},
		"at the same time": {[]DoorMark{{At: at(2)}, {At: at(2), Undo: true}}, time.Time{}},
	} {
		if got := Arrived(x.marks); !got.Equal(x.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
	c := Conference{Start: at(0)}
	if got := c.DoorTime(at(5), at(10)); !got.Equal(at(5)) {
		t.Error(got)
	}
	for _, said := range []time.Time{{}, at(11), at(0).AddDate(0, 0, -9)} {
		if got := c.DoorTime(said, at(10)); !got.Equal(at(10)) {
			t.Errorf("%v is %v", said, got)
		}
	}
	count := CountDoor([]Guest{{State: Going, Plus: 2}, {State: Going, CheckedIn: at(1), Plus: 1}, {State: Maybe, CheckedIn: at(2)}}, []WalkIn{{Plus: 1}, {Gone: true}})
	if count != (DoorCount{Expected: 5, Arrived: 3, WalkIns: 2}) || count.Inside() != 5 {
		t.Errorf("%+v", count)
	}
}
