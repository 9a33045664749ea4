package storage

import (
	"context"
	"testing"
	"time"

	"konfa/community"
)

// TestOutdated: what a server refuses again and again does not hold up the word
// that makes it needless, and nothing else is lost.
func TestOutdated(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		at := noon.Add(time.Hour)
		add := func(uuid string, actor community.LocalActor, typ, object string) *Activity {
			t.Helper()
			a := &Activity{UUID: uuid, Actor: actor, Type: typ, Object: object, JSON: []byte("{}")}
			write(t, s, func(ctx context.Context, tx *Tx) error { return tx.InsertActivity(ctx, a) })
			return a
		}
		queue := func(a *Activity, inboxes ...string) {
			t.Helper()
			var ds []Delivery
			for _, inbox := range inboxes {
				ds = append(ds, to(a, "m.example", inbox, "conf/1"))
			}
			expand(t, s, a, ds...)
		}
		// fail answers everything due with 500, at once again, and tells what was due.
		fail := func(times int) {
			t.Helper()
			for range times {
				var rs []Result
				for _, d := range due(t, s, "m.example", at) {
					rs = append(rs, Result{Delivery: d, Err: "500", NextTry: at, At: at})
				}
				write(t, s, func(ctx context.Context, tx *Tx) error { return tx.Settle(ctx, rs) })
			}
		}
		first := func(what string, want *Activity) {
			t.Helper()
			ds := due(t, s, "m.example", at)
			if len(ds) != 1 || ds[0].ActivityID != want.ID {
				t.Fatalf("%s: %v", what, inboxes(ds))
			}
		}
		done := func() {
			t.Helper()
			for len(due(t, s, "m.example", at)) > 0 {
				var rs []Result
				for _, d := range due(t, s, "m.example", at) {
					rs = append(rs, Result{Delivery: d, OK: true, At: at})
				}
				write(t, s, func(ctx context.Context, tx *Tx) error { return tx.Settle(ctx, rs) })
			}
		}

		one := add("u1", "city", "Update", "conf/1")
		two := add("u2", "city", "Update", "conf/1")
		queue(one, "/a")
		queue(two, "/a")
		fail(outdatedTries - 1)
		first("a server that is away for a while", one)
		fail(1)
		first("an update that is refused gives way to the next one", two)
		done()

		queue(add("u3", "city", "Update", "conf/1"), "/a")
		fail(outdatedTries + 1)
		gone := add("u4", "city", "Delete", "conf/1")
		queue(gone, "/a")
		first("a deletion does not wait", gone)
		done()

		made := add("u5", "city", "Create", "conf/1")
		queue(made, "/a")
		queue(add("u6", "city", "Update", "conf/1"), "/a")
		fail(outdatedTries + 1)
		first("an update says too little to whom the conference is new", made)
		queue(gone, "/a")
		fail(1)
		if ds := due(t, s, "m.example", at); len(ds) != 1 || ds[0].ActivityID == made.ID {
			t.Fatal("what is gone need not be told of:", inboxes(ds))
		}
		done()

		stays := add("u7", "city", "Update", "conf/1")
		queue(stays, "/a")
		fail(outdatedTries)
		queue(add("u8", "node", "Update", "conf/1"), "/a")    // of another actor
		queue(add("u9", "city", "Update", "conf/1"), "/b")    // to another inbox
		queue(add("u10", "city", "Announce", "conf/1"), "/a") // another word
		queue(add("u11", "city", "Create", "posts/1"), "/a")  // of another object
		ds := due(t, s, "m.example", at)
		if len(ds) != 2 || ds[0].ActivityID != stays.ID {
			t.Fatal(inboxes(ds))
		}
		fail(1)
		if ds := due(t, s, "m.example", at); len(ds) != 2 || ds[0].ActivityID != stays.ID {
			t.Fatal(inboxes(ds))
		}
	})
}
