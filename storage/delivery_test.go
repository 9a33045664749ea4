package storage

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"konfa/community"
)

func addActivity(t testing.TB, s *Store, uuid string) *Activity {
	t.Helper()
	a := &Activity{UUID: uuid, Actor: community.CityActor, Type: "Create", Object: "https://x/conf/a", JSON: []byte(`{"a":"ю", "b" :1}`), Public: true, Created: noon}
	write(t, s, func(ctx context.Context, tx *Tx) error { return tx.InsertActivity(ctx, a) })
	return a
}

func TestForgetActivities(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		a := addActivity(t, s, "u1")
		write(t, s, func(ctx context.Context, tx *Tx) error {
			if err := tx.InsertFanout(ctx, a.ID, Audience{}); err != nil {
				return err
			}
			fans, err := tx.Fanouts(ctx, 1)
			if err != nil {
				return err
			}
			d := Delivery{ActivityID: a.ID, Host: "x.example", Inbox: "https://x.example/inbox", Created: noon}
			if err := tx.Expand(ctx, fans[0].ID, []Delivery{d}); err != nil {
				return err
			}
			return tx.InsertFanout(ctx, a.ID, Audience{})
		})
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.ForgetActivities(ctx) })
		_, err := s.Activity(ctx, "u1")
		wantCode(t, err, community.NotFound)
		fans, err := s.Fanouts(ctx, 10)
		ok(t, err)
		due, err := s.Due(ctx, "x.example", noon.Add(time.Hour), 10)
		ok(t, err)
		if len(fans) != 0 || len(due) != 0 {
			t.Fatalf("%+v %+v", fans, due)
		}
	})
}

func TestActivities(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		_, err := s.Activity(ctx, "u1")
		wantCode(t, err, community.NotFound)
		a, b, c := addActivity(t, s, "u1"), addActivity(t, s, "u2"), addActivity(t, s, "u3")
		formed := &Activity{UUID: "u5", Actor: community.CityActor, Type: "Announce", JSON: []byte("{}"), Public: true, Form: community.Threads, Created: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.InsertActivity(ctx, formed) })
		again, err := s.Activity(ctx, "u5")
		ok(t, err)
		if d := cmp.Diff(formed, again); d != "" {
			t.Fatal(d)
		}
		private := &Activity{UUID: "u4", Actor: community.CityActor, Type: "Accept", JSON: []byte("{}"), Created: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.InsertActivity(ctx, private) })
		wantCode(t, s.Write(ctx, func(tx *Tx) error { return tx.InsertActivity(ctx, &Activity{UUID: "u1"}) }), community.Conflict)
		got, err := s.Activity(ctx, "u1")
		ok(t, err)
		if d := cmp.Diff(a, got); d != "" {
			t.Fatal(d)
		}
		many, err := s.ActivitiesByID(ctx, []int64{a.ID, private.ID, 999})
		ok(t, err)
		if d := cmp.Diff(map[int64]*Activity{a.ID: a, private.ID: private}, many); d != "" {
			t.Fatal(d)
		}
		got, err = s.LastActivity(ctx, community.CityActor, "Create", "https://x/conf/a")
		ok(t, err)
		if d := cmp.Diff(c, got); d != "" {
			t.Fatal(d)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			return tx.InsertActivity(ctx, &Activity{UUID: "formed", Actor: community.CityActor, Type: "Create", Object: "https://x/conf/a", JSON: []byte("{}"), Form: community.Threads, Created: noon})
		})
		if got, err = s.LastStandard(ctx, community.CityActor, "Create", "https://x/conf/a"); err != nil || got.ID != c.ID {
			t.Fatalf("%+v %v", got, err)
		}
		if got, err = s.LastActivity(ctx, community.CityActor, "Create", "https://x/conf/a"); err != nil || got.UUID != "formed" {
			t.Fatalf("%+v %v", got, err)
		}
		_, err = s.LastActivity(ctx, community.NodeActor, "Create", "https://x/conf/a")
		wantCode(t, err, community.NotFound)
		none, err := s.ActivitiesByID(ctx, nil)
		ok(t, err)
		if len(none) != 0 {
			t.Fatal(none)
		}
		page, err := s.Outbox(ctx, community.CityActor, 0, 2)
		ok(t, err)
		if d := cmp.Diff([]Activity{*c, *b}, page); d != "" {
			t.Fatal(d)
		}
		page, err = s.Outbox(ctx, community.CityActor, b.ID, 2)
		ok(t, err)
		if d := cmp.Diff([]Activity{*a}, page); d != "" {
			t.Fatal(d)
		}
		if n, err := s.CountOutbox(ctx, community.CityActor); n != 3 || err != nil {
			t.Fatal(n, err)
		}
	})
}

func to(a *Activity, host, path, order string) Delivery {
	return Delivery{ActivityID: a.ID, Host: host, Inbox: "https://" + host + path, OrderKey: order}
}

// expand queues deliveries the way they come about.
func expand(t testing.TB, s *Store, a *Activity, ds ...Delivery) {
	t.Helper()
	write(t, s, func(ctx context.Context, tx *Tx) error { return tx.InsertFanout(ctx, a.ID, Audience{}) })
	fs, err := s.Fanouts(context.Background(), 1)
	ok(t, err)
	write(t, s, func(ctx context.Context, tx *Tx) error { return tx.Expand(ctx, fs[0].ID, ds) })
}

func due(t testing.TB, s *Store, host string, at time.Time) []Delivery {
	t.Helper()
	ds, err := s.Due(context.Background(), host, at, 1000)
	ok(t, err)
	return ds
}

func inboxes(ds []Delivery) (out []string) {
	for _, d := range ds {
		out = append(out, fmt.Sprintf("%d %s", d.ActivityID, d.Inbox))
	}
	return out
}

func TestFanout(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		a := addActivity(t, s, "u1")
		full := Audience{Followers: []community.LocalActor{"city", "node"}, Inboxes: []Target{{Host: "m.example", URL: "https://m.example/inbox"}},
			Order: "o", Type: "Create", Object: "Event", Except: "x.example"}
		var at time.Time
		write(t, s, func(ctx context.Context, tx *Tx) error {
			at = tx.Now()
			ok(t, tx.InsertFanout(ctx, a.ID, full))
			return tx.InsertFanout(ctx, a.ID, Audience{})
		})
		fs, err := s.Fanouts(ctx, 10)
		ok(t, err)
		if d := cmp.Diff([]Fanout{{ActivityID: a.ID, Audience: full, Created: at}, {ActivityID: a.ID, Created: at}}, fs, cmpopts.IgnoreFields(Fanout{}, "ID")); d != "" {
			t.Fatal(d)
		}
		if one, err := s.Fanouts(ctx, 1); err != nil || len(one) != 1 || one[0].ID != fs[0].ID {
			t.Fatal(one, err)
		}
		// More than one chunk, and the same inbox twice.
		var ds []Delivery
		for i := range 2*expandChunk + 3 {
			ds = append(ds, to(a, "m.example", fmt.Sprintf("/%03d", i), "o"))
		}
		ds = append(ds, ds[0])
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.Expand(ctx, fs[0].ID, ds) })
		if got := due(t, s, "m.example", noon.Add(time.Hour)); len(got) != 2*expandChunk+3 {
			t.Fatalf("%d deliveries", len(got))
		}
		// A second process that made the same deliveries comes too late, even
		// when some of them are already done.
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.Settle(ctx, []Result{{Delivery: due(t, s, "m.example", noon.Add(time.Hour))[0], OK: true}}))
			return tx.Expand(ctx, fs[0].ID, ds)
		})
		if got := due(t, s, "m.example", noon.Add(time.Hour)); len(got) != 2*expandChunk+2 {
			t.Fatalf("%d deliveries", len(got))
		}
		if fs, err := s.Fanouts(ctx, 10); err != nil || len(fs) != 1 {
			t.Fatal(fs, err)
		}
	})
}

func TestDeliveryOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		create, update, other := addActivity(t, s, "u1"), addActivity(t, s, "u2"), addActivity(t, s, "u3")
		later := noon.Add(time.Hour)
		expand(t, s, create, to(create, "m.example", "/a", "conf/1"), to(create, "m.example", "/b", "conf/1"), to(create, "n.example", "/a", "conf/1"))
		expand(t, s, update, to(update, "m.example", "/a", "conf/1"), to(update, "m.example", "/b", "conf/1"))
		expand(t, s, other, to(other, "m.example", "/a", "conf/2"))
		want := func(host string, at time.Time, want ...string) []Delivery {
			t.Helper()
			ds := due(t, s, host, at)
			if d := cmp.Diff(want, inboxes(ds)); d != "" {
				t.Fatal(d)
			}
			return ds
		}
		line := func(a *Activity, inbox string) string { return fmt.Sprintf("%d https://m.example%s", a.ID, inbox) }
		// The update waits for the create to the same inbox; another conference does not.
		ds := want("m.example", later, line(create, "/a"), line(create, "/b"), line(other, "/a"))
		// /a fails: its update waits with it. /b succeeds: its update is due.
		retry := later.Add(time.Hour)
		write(t, s, func(ctx context.Context, tx *Tx) error {
			return tx.Settle(ctx, []Result{
				{Delivery: ds[0], Err: "503", NextTry: retry, At: later},
				{Delivery: ds[1], OK: true, At: later},
				{Delivery: ds[2], Drop: true, Err: "422", At: later},
			})
		})
		ds = want("m.example", later, line(update, "/b"))
		write(t, s, func(ctx context.Context, tx *Tx) error {
			return tx.Settle(ctx, []Result{{Delivery: ds[0], OK: true, At: later}})
		})
		// Nothing can be tried before retry, and nobody is told otherwise.
		want("m.example", later)
		lanes, err := s.Lanes(ctx, later)
		ok(t, err)
		if d := cmp.Diff([]Lane{{Host: "n.example", Due: 1}}, lanes); d != "" {
			t.Fatal(d)
		}
		// What comes now has to wait behind, too.
		third := addActivity(t, s, "u4")
		expand(t, s, third, to(third, "m.example", "/a", "conf/1"), to(third, "m.example", "/b", "conf/1"))
		want("m.example", later, line(third, "/b"))
		ds = want("m.example", retry, line(create, "/a"), line(third, "/b"))
		if ds[0].Attempts != 1 || ds[0].LastError != "503" || !ds[0].NextTry.Equal(retry) {
			t.Fatalf("%+v", ds[0])
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			return tx.Settle(ctx, []Result{{Delivery: ds[0], Drop: true, Err: "gave up"}, {Delivery: ds[1], OK: true}})
		})
		ds = want("m.example", retry, line(update, "/a"))
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.Settle(ctx, []Result{{Delivery: ds[0], OK: true}}) })
		want("m.example", retry, line(third, "/a"))
		// Without a key there is no order.
		fourth, fifth := addActivity(t, s, "u5"), addActivity(t, s, "u6")
		expand(t, s, fourth, to(fourth, "o.example", "/a", ""))
		expand(t, s, fifth, to(fifth, "o.example", "/a", ""))
		if ds := due(t, s, "o.example", later); len(ds) != 2 {
			t.Fatal(inboxes(ds))
		}
		if ds, err := s.Due(ctx, "o.example", later, 1); err != nil || len(ds) != 1 || ds[0].ActivityID != fourth.ID {
			t.Fatal(ds, err)
		}
		// The page and the lane work through an index.
		if s.Engine() == "sqlite" {
			plan := explain(t, s, "SELECT "+deliveryColumns+` FROM delivery d WHERE d.host = ? AND +d.next_try <= ?
				AND (d.order_key = '' OR NOT EXISTS (SELECT 1 FROM delivery e WHERE e.inbox = d.inbox AND e.order_key = d.order_key AND e.id < d.id))
				ORDER BY d.id LIMIT ?`, "h", 1, 1)
			if want := "SEARCH d USING INDEX delivery_lane (host=?)\nCORRELATED SCALAR SUBQUERY 1\nSEARCH e USING COVERING INDEX delivery_order (inbox=? AND order_key=? AND id<?)\n"; plan != want {
				t.Error(plan)
			}
		}
	})
}

func TestSettleAndLanes(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		if next, err := s.NextDue(ctx); err != nil || !next.IsZero() {
			t.Fatal(next, err)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.Settle(ctx, nil) })
		a := addActivity(t, s, "u1")
		expand(t, s, a, to(a, "b.example", "/1", ""), to(a, "b.example", "/2", ""), to(a, "a.example", "/1", ""))
		now := noon.Add(time.Hour)
		lanes := func(at time.Time, want ...Lane) {
			t.Helper()
			ls, err := s.Lanes(ctx, at)
			ok(t, err)
			if d := cmp.Diff(want, ls); d != "" {
				t.Fatal(d)
			}
		}
		next := func(want time.Time) {
			t.Helper()
			got, err := s.NextDue(ctx)
			ok(t, err)
			if !got.Equal(want) {
				t.Fatalf("next due %v, want %v", got, want)
			}
		}
		lanes(noon)
		lanes(now, Lane{Host: "a.example", Due: 1}, Lane{Host: "b.example", Due: 2})
		if got, err := s.NextDue(ctx); err != nil || !got.After(noon) || got.After(now) {
			t.Fatal(got, err)
		}
		b := due(t, s, "b.example", now)
		write(t, s, func(ctx context.Context, tx *Tx) error {
			return tx.Settle(ctx, []Result{
				{Delivery: b[0], Err: "timeout", NextTry: now.Add(time.Minute), At: now},
				{Delivery: b[1], Err: "timeout 2", NextTry: now.Add(2 * time.Minute), At: now.Add(time.Second)},
			})
		})
		lanes(now, Lane{Host: "a.example", Due: 1})
		p, err := s.Peer(ctx, "b.example")
		ok(t, err)
		if d := cmp.Diff(&community.Peer{Host: "b.example", Failures: 2, FailingSince: now, LastError: "timeout 2", Waiting: 2, OldestWaiting: b[0].Created}, p); d != "" {
			t.Fatal(d)
		}
		// A host that is held back has no lane, whatever its deliveries say.
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.Settle(ctx, []Result{{Delivery: due(t, s, "a.example", now)[0], OK: true, At: now}}))
			return tx.PeerFailed(ctx, "b.example", "dead", now.Add(time.Hour))
		})
		lanes(now.Add(10 * time.Minute))
		next(now.Add(time.Hour))
		lanes(now.Add(time.Hour), Lane{Host: "b.example", Due: 2, Failures: 2})
		state, err := s.PeerState(ctx, "b.example")
		ok(t, err)
		if d := cmp.Diff(&community.Peer{Host: "b.example", Failures: 2, FailingSince: now, NextTry: now.Add(time.Hour), LastError: "dead"}, state); d != "" {
			t.Fatal(d)
		}
		state, err = s.PeerState(ctx, "new.example")
		ok(t, err)
		if d := cmp.Diff(&community.Peer{Host: "new.example"}, state); d != "" {
			t.Fatal(d)
		}
		p, err = s.Peer(ctx, "b.example")
		ok(t, err)
		if p.Failures != 2 || p.LastError != "dead" {
			t.Fatalf("%+v", p)
		}
		// One success frees the host, and ends the row of failures.
		write(t, s, func(ctx context.Context, tx *Tx) error {
			return tx.Settle(ctx, []Result{{Delivery: b[0], OK: true, At: now.Add(time.Hour)}})
		})
		next(now.Add(2 * time.Minute))
		p, err = s.Peer(ctx, "b.example")
		ok(t, err)
		if d := cmp.Diff(&community.Peer{Host: "b.example", LastDelivered: now.Add(time.Hour), Waiting: 1, OldestWaiting: b[1].Created}, p); d != "" {
			t.Fatal(d)
		}
		// A success and then a failure in one batch leave one failure.
		expand(t, s, a, to(a, "b.example", "/3", ""))
		b = due(t, s, "b.example", now.Add(3*time.Hour))
		write(t, s, func(ctx context.Context, tx *Tx) error {
			return tx.Settle(ctx, []Result{{Delivery: b[0], OK: true, At: now}, {Delivery: b[1], Err: "e", NextTry: now.Add(9 * time.Hour), At: now}})
		})
		if p, _ = s.Peer(ctx, "b.example"); p.Failures != 1 || p.LastError != "e" {
			t.Fatalf("%+v", p)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DropInbox(ctx, b[1].Inbox) })
		next(time.Time{})
		expand(t, s, a, to(a, "a.example", "/4", ""), to(a, "a.example", "/5", ""), to(a, "b.example", "/6", ""))
		drop := func(before time.Time) (got map[string]int) {
			t.Helper()
			write(t, s, func(ctx context.Context, tx *Tx) (err error) {
				got, err = tx.DropExpired(ctx, before)
				return err
			})
			return got
		}
		if got := drop(noon); len(got) != 0 {
			t.Fatal(got)
		}
		if d := cmp.Diff(map[string]int{"a.example": 2, "b.example": 1}, drop(noon.Add(time.Hour))); d != "" {
			t.Fatal(d)
		}
		next(time.Time{})
	})
}

func TestLaneLease(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		claim := func(owner string, until time.Time) (got bool) {
			t.Helper()
			write(t, s, func(ctx context.Context, tx *Tx) (err error) {
				got, err = tx.ClaimLane(ctx, "m.example", owner, until)
				return err
			})
			return got
		}
		if !claim("a", noon.Add(time.Hour)) || claim("b", noon.Add(time.Hour)) || !claim("a", noon) {
			t.Fatal("the lease is not exclusive, or cannot be renewed")
		}
		if !claim("b", noon.Add(time.Hour)) {
			t.Fatal("a lease that ran out cannot be taken")
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.ReleaseLane(ctx, "m.example", "a") })
		if claim("a", noon.Add(time.Hour)) {
			t.Fatal("the lease of another one was released")
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.RenewLanes(ctx, "b", noon) })
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.RenewLanes(ctx, "a", noon.Add(time.Hour)) })
		if !claim("a", noon) {
			t.Fatal("a lease was renewed by another one")
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.RenewLanes(ctx, "a", noon.Add(time.Hour)) })
		if claim("b", noon.Add(time.Hour)) {
			t.Fatal("a lease was not renewed")
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.ReleaseLane(ctx, "m.example", "a") })
		// Of many at once, one gets it.
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for i := range 10 {
			wg.Go(func() {
				var got bool
				err := s.Write(ctx, func(tx *Tx) (err error) {
					got, err = tx.ClaimLane(ctx, "m.example", fmt.Sprint(i), noon.Add(time.Hour))
					return err
				})
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				if got {
					won++
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Fatalf("%d have the lease", won)
		}
	})
}

func TestReceived(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		if next, err := s.NextReceived(ctx); err != nil || !next.IsZero() {
			t.Fatal(next, err)
		}
		item := func(uri string, digest byte) *Received {
			return &Received{URI: uri, Digest: []byte{digest, 0}, Actor: "https://m/u", Host: "m", Inbox: "/inbox", Body: []byte("{\"x\":\"\x00\xff\"}"), Received: noon}
		}
		insert := func(v *Received) (fresh bool) {
			t.Helper()
			write(t, s, func(ctx context.Context, tx *Tx) (err error) {
				fresh, err = tx.InsertReceived(ctx, v)
				return err
			})
			return fresh
		}
		a, a2, b, c := item("a", 1), item("a", 2), item("b", 1), item("c", 1)
		if !insert(a) || insert(item("a", 1)) || !insert(a2) || !insert(b) || !insert(c) {
			t.Fatal("unique is by id and digest together")
		}
		dueNow := func(at time.Time, want ...*Received) {
			t.Helper()
			got, err := s.ReceivedDue(ctx, at, 10)
			ok(t, err)
			var w []Received
			for _, v := range want {
				w = append(w, *v)
			}
			if d := cmp.Diff(w, got); d != "" {
				t.Fatal(d)
			}
		}
		dueNow(noon, a, a2, b, c)
		since, err := s.ReceivedSince(ctx, a2.ID, noon, 1)
		ok(t, err)
		if d := cmp.Diff([]Received{*b}, since); d != "" {
			t.Fatal(d)
		}
		if one, err := s.ReceivedDue(ctx, noon, 1); err != nil || len(one) != 1 {
			t.Fatal(one, err)
		}
		if next, err := s.NextReceived(ctx); err != nil || next.IsZero() || next.After(noon) {
			t.Fatal(next, err)
		}
		var at time.Time
		write(t, s, func(ctx context.Context, tx *Tx) error {
			at = tx.Now()
			ok(t, tx.FinishReceived(ctx, a.ID, "done"))
			return tx.RetryReceived(ctx, b.ID, noon.Add(time.Minute), "its server is down")
		})
		dueNow(noon, a2, c)
		b.Attempts = 1
		dueNow(noon.Add(time.Minute), a2, c, b)
		if insert(item("a", 1)) {
			t.Fatal("taken again after it was done")
		}
		for _, err := range []error{
			s.Write(ctx, func(tx *Tx) error { return tx.RetryReceived(ctx, a.ID, noon, "") }),
			s.Write(ctx, func(tx *Tx) error { return tx.FinishReceived(ctx, 999, "") }),
		} {
			wantCode(t, err, community.NotFound)
		}
		// Claims last until they run out.
		claim := func(now, until time.Time, limit int) (got []Received) {
			t.Helper()
			write(t, s, func(ctx context.Context, tx *Tx) (err error) {
				got, err = tx.ClaimReceived(ctx, now, until, limit)
				return err
			})
			return got
		}
		if got := claim(noon, noon.Add(time.Minute/2), 1); len(got) != 1 || cmp.Diff(*a2, got[0]) != "" {
			t.Fatal(got)
		}
		if got := claim(noon, noon.Add(time.Minute/2), 10); len(got) != 1 || got[0].ID != c.ID {
			t.Fatal(got)
		}
		if got := claim(noon, noon.Add(time.Minute/2), 10); len(got) != 0 {
			t.Fatal(got)
		}
		if next, err := s.NextReceived(ctx); err != nil || !next.Equal(noon.Add(time.Minute/2)) {
			t.Fatal(next, err)
		}
		if got := claim(noon.Add(time.Hour), noon.Add(2*time.Hour), 10); len(got) != 3 || got[0].ID != a2.ID || got[2].ID != c.ID {
			t.Fatal(got)
		}
		prune := func(before time.Time) (n int) {
			t.Helper()
			write(t, s, func(ctx context.Context, tx *Tx) (err error) {
				n, err = tx.PruneReceived(ctx, before)
				return err
			})
			return n
		}
		if prune(at) != 0 || prune(at.Add(time.Microsecond)) != 1 || !insert(item("a", 1)) {
			t.Fatal("pruning is off")
		}
	})
}

// The queues are read through indexes that hold only what waits, without
// sorting all of it.
func TestQueuePlans(t *testing.T) {
	s := sqliteData(t).open(t)
	for q, want := range map[string]string{
		"SELECT " + receivedColumns + " FROM received WHERE done = 0 AND next_try <= ? ORDER BY next_try, id LIMIT ?":                                                                      "SEARCH received USING INDEX received_todo (next_try<?)\n",
		"SELECT " + receivedColumns + " FROM received WHERE done = 0 AND +next_try <= ? AND id > ? ORDER BY id LIMIT ?":                                                                    "SEARCH received USING INDEX received_open (id>?)\n",
		"SELECT host, MIN(next_try) AS next_try FROM delivery GROUP BY host":                                                                                                               "SCAN delivery USING COVERING INDEX delivery_due\n",
		"SELECT d.host, COUNT(*), MAX(COALESCE(p.failures, 0)) FROM delivery d LEFT JOIN peer p ON p.host = d.host WHERE d.next_try <= ? AND COALESCE(p.next_try, 0) <= ? GROUP BY d.host": "SCAN d USING COVERING INDEX delivery_due\nSEARCH p USING INDEX sqlite_autoindex_peer_1 (host=?) LEFT-JOIN\n",
	} {
		if plan := explain(t, s, q, []any{1, 1, 1}[:strings.Count(q, "?")]...); plan != want {
			t.Errorf("%s:\n%s", q, plan)
		}
	}
}

// Several workers claim at the same time and nothing is handed out twice.
func TestClaimReceivedTogether(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		write(t, s, func(ctx context.Context, tx *Tx) error {
			for i := range 100 {
				if _, err := tx.InsertReceived(ctx, &Received{URI: fmt.Sprint(i), Received: noon}); err != nil {
					return err
				}
			}
			return nil
		})
		var wg sync.WaitGroup
		var mu sync.Mutex
		seen := map[int64]int{}
		for range 4 {
			wg.Go(func() {
				for {
					var got []Received
					if err := s.Write(ctx, func(tx *Tx) (err error) {
						got, err = tx.ClaimReceived(ctx, noon, noon.Add(time.Hour), 7)
						return err
					}); err != nil {
						t.Error(err)
						return
					}
					if len(got) == 0 {
						return
					}
					mu.Lock()
					for _, v := range got {
						seen[v.ID]++
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		for id, n := range seen {
			if n != 1 {
				t.Errorf("%d was handed out %d times", id, n)
			}
		}
		if len(seen) != 100 {
			t.Errorf("%d of 100 were handed out", len(seen))
		}
	})
}
