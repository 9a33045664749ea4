package storage

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

func remote(host, handle string) *community.Actor {
	base := "https://" + host
	return &community.Actor{URI: base + "/users/" + handle, Type: "Person", Handle: handle, Host: host, Name: "The " + handle, About: "<p>hi</p>",
		URL: base + "/@" + handle, Inbox: base + "/users/" + handle + "/inbox", SharedInbox: base + "/inbox", Outbox: base + "/o", Followers: base + "/f",
		Featured: base + "/feat", Upcoming: base + "/up", Icon: &community.Picture{URL: base + "/i.png"},
		Keys:        []community.PublicKey{{ID: base + "/users/" + handle + "#main-key", PEM: "-----BEGIN\n"}},
		AlsoKnownAs: []string{base + "/old"}, MovedTo: base + "/new", Locked: true, Fetched: noon.Add(123 * time.Microsecond)}
}

func addActor(t testing.TB, s *Store, host, handle string) *community.Actor {
	t.Helper()
	a := remote(host, handle)
	write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveActor(ctx, a) })
	return a
}

func TestActors(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		_, err := s.Actor(ctx, "https://m.example/users/bob")
		wantCode(t, err, community.NotFound)
		_, err = s.ActorByID(ctx, 5)
		wantCode(t, err, community.NotFound)
		_, err = s.ActorByAddress(ctx, "bob", "m.example")
		wantCode(t, err, community.NotFound)
		bob, eve := addActor(t, s, "m.example", "bob"), addActor(t, s, "g.example:8443", "eve")
		write(t, s, func(ctx context.Context, tx *Tx) error {
			return tx.SavePeer(ctx, &community.Peer{Host: "m.example", Software: "mastodon"})
		})
		bob.Software = "mastodon"
		for name, read := range map[string]func() (*community.Actor, error){
			"uri":     func() (*community.Actor, error) { return s.Actor(ctx, bob.URI) },
			"id":      func() (*community.Actor, error) { return s.ActorByID(ctx, bob.ID) },
			"address": func() (*community.Actor, error) { return s.ActorByAddress(ctx, "bob", "m.example") },
		} {
			got, err := read()
			ok(t, err)
			if d := cmp.Diff(bob, got); d != "" {
				t.Fatalf("%s: %s", name, d)
			}
		}
		// Saving the same URI again keeps the id.
		again := remote("m.example", "bob")
		again.Name, again.SharedInbox, again.Keys, again.Icon = "Боб", "", nil, nil
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveActor(ctx, again) })
		if again.ID != bob.ID {
			t.Fatalf("id went from %d to %d", bob.ID, again.ID)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			again.Gone = tx.Now()
			return tx.MarkActorGone(ctx, bob.ID)
		})
		again.Software = "mastodon"
		many, err := s.Actors(ctx, []int64{bob.ID, eve.ID, 999})
		ok(t, err)
		if d := cmp.Diff(map[int64]*community.Actor{bob.ID: again, eve.ID: eve}, many); d != "" {
			t.Fatal(d)
		}
		none, err := s.Actors(ctx, nil)
		ok(t, err)
		if len(none) != 0 {
			t.Fatal(none)
		}
		wantCode(t, s.Write(ctx, func(tx *Tx) error { return tx.MarkActorGone(ctx, 999) }), community.NotFound)
	})
}

func addFollower(t testing.TB, s *Store, local community.LocalActor, a *community.Actor, state community.FollowState) *community.Follow {
	t.Helper()
	f := &community.Follow{Local: local, ActorID: a.ID, Actor: a, URI: a.URI + "#follows/" + string(local), State: state, Created: noon, Updated: noon}
	write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveFollower(ctx, f) })
	return f
}

func TestFollows(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		bob, eve, joe := addActor(t, s, "m.example", "bob"), addActor(t, s, "g.example", "eve"), addActor(t, s, "m.example", "joe")
		_, err := s.Follower(ctx, community.CityActor, bob.ID)
		wantCode(t, err, community.NotFound)
		_, err = s.FollowerByURI(ctx, "x")
		wantCode(t, err, community.NotFound)
		f1 := addFollower(t, s, community.CityActor, bob, community.Accepted)
		f2 := addFollower(t, s, community.CityActor, eve, community.Asked)
		f3 := addFollower(t, s, community.NodeActor, bob, community.Accepted)
		f4 := addFollower(t, s, community.CityActor, joe, community.Accepted)
		got, err := s.Follower(ctx, community.CityActor, bob.ID)
		ok(t, err)
		if d := cmp.Diff(f1, got); d != "" {
			t.Fatal(d)
		}
		got, err = s.FollowerByURI(ctx, f2.URI)
		ok(t, err)
		if d := cmp.Diff(f2, got); d != "" {
			t.Fatal(d)
		}
		for name, c := range map[string]struct {
			q    FollowQuery
			want []community.Follow
		}{
			"all":   {FollowQuery{}, []community.Follow{*f1, *f2, *f3, *f4}},
			"city":  {FollowQuery{Local: community.CityActor}, []community.Follow{*f1, *f2, *f4}},
			"state": {FollowQuery{State: community.Accepted}, []community.Follow{*f1, *f3, *f4}},
			"host":  {FollowQuery{Local: community.CityActor, Host: "m.example"}, []community.Follow{*f1, *f4}},
			"after": {FollowQuery{After: f1.ID, Limit: 2}, []community.Follow{*f2, *f3}},
			"none":  {FollowQuery{Local: "people/x"}, nil},
		} {
			list, err := s.Followers(ctx, c.q)
			ok(t, err)
			if d := cmp.Diff(c.want, list); d != "" {
				t.Fatalf("%s: %s", name, d)
			}
		}
		if n, err := s.CountFollowers(ctx, community.CityActor); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		// Asking again keeps the row, takes the new id and keeps Created.
		f2b := *f2
		f2b.ID, f2b.State, f2b.URI, f2b.Created, f2b.Updated = 0, community.Accepted, "https://g.example/f#2", noon.Add(time.Hour), noon.Add(time.Hour)
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveFollower(ctx, &f2b) })
		got, err = s.Follower(ctx, community.CityActor, eve.ID)
		ok(t, err)
		f2b.Created = noon
		if d := cmp.Diff(&f2b, got); d != "" || f2b.ID != f2.ID {
			t.Fatal(d)
		}

		_, err = s.Followed(ctx, community.CityActor, eve.ID)
		wantCode(t, err, community.NotFound)
		_, err = s.FollowedByURI(ctx, "u1")
		wantCode(t, err, community.NotFound)
		o := &community.Follow{Local: community.CityActor, ActorID: eve.ID, Actor: eve, URI: "u1", State: community.Asked, Created: noon, Updated: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveFollowed(ctx, o) })
		if yes, err := s.FollowsActor(ctx, eve.ID); yes || err != nil {
			t.Fatal(yes, err)
		}
		o.State = community.Accepted
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveFollowed(ctx, o) })
		if yes, err := s.FollowsActor(ctx, eve.ID); !yes || err != nil {
			t.Fatal(yes, err)
		}
		if n, err := s.CountFollowed(ctx, community.CityActor); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		wantCode(t, s.Write(ctx, func(tx *Tx) error {
			twin := *o
			twin.ActorID = bob.ID
			return tx.SaveFollowed(ctx, &twin)
		}), community.Conflict)
		got, err = s.Followed(ctx, community.CityActor, eve.ID)
		ok(t, err)
		if d := cmp.Diff(o, got); d != "" {
			t.Fatal(d)
		}
		got, err = s.FollowedByURI(ctx, "u1")
		ok(t, err)
		if d := cmp.Diff(o, got); d != "" {
			t.Fatal(d)
		}
		all, err := s.FollowedList(ctx, FollowQuery{Host: "g.example"})
		ok(t, err)
		if d := cmp.Diff([]community.Follow{*o}, all); d != "" {
			t.Fatal(d)
		}

		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.DeleteFollower(ctx, community.CityActor, bob.ID))
			ok(t, tx.DeleteFollower(ctx, community.CityActor, bob.ID))
			ok(t, tx.DeleteFollowsOf(ctx, joe.ID))
			return tx.DeleteFollowed(ctx, community.CityActor, 999)
		})
		list, err := s.Followers(ctx, FollowQuery{})
		ok(t, err)
		if d := cmp.Diff([]community.Follow{f2b, *f3}, list); d != "" {
			t.Fatal(d)
		}
		if of, err := s.FollowsOf(ctx, eve.ID); err != nil || len(of) != 1 || of[0].ActorID != eve.ID {
			t.Error(of, err)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DeleteFollowsOf(ctx, eve.ID) })
		if yes, _ := s.FollowsActor(ctx, eve.ID); yes {
			t.Fatal("still followed")
		}
	})
}

func TestBlocks(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		_, err := s.BlockOf(ctx, "a.example", "https://a.example/u")
		wantCode(t, err, community.NotFound)
		_, err = s.BlockOf(ctx, "", "")
		wantCode(t, err, community.NotFound)
		save := func(domain, actor string, sev community.Severity) {
			t.Helper()
			b := &community.Block{Domain: domain, ActorURI: actor, Severity: sev, Reason: "why", By: "anna", Created: noon}
			write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveBlock(ctx, b) })
		}
		save("bad.example", "", community.Silence)
		save("very.bad.example", "", community.Suspend)
		save("", "https://ok.example/u/troll", community.Suspend)
		for _, c := range []struct {
			host, actor string
			want        community.Severity
		}{
			{"bad.example", "", community.Silence},
			{"bad.example:8443", "", community.Silence},
			{"sub.bad.example", "", community.Silence},
			{"BAD.example", "", community.Silence},
			{"very.bad.example", "", community.Suspend},
			{"a.very.bad.example", "", community.Suspend},
			{"notbad.example", "", ""},
			{"example", "", ""},
			{"ok.example", "https://ok.example/u/nice", ""},
			{"ok.example", "https://ok.example/u/troll", community.Suspend},
			{"", "https://ok.example/u/troll", community.Suspend},
			{"[::1]:80", "", ""},
		} {
			b, err := s.BlockOf(ctx, c.host, c.actor)
			if c.want == "" {
				wantCode(t, err, community.NotFound)
				continue
			}
			ok(t, err)
			if b.Severity != c.want {
				t.Errorf("%s %s: %s, want %s", c.host, c.actor, b.Severity, c.want)
			}
		}
		save("bad.example", "", community.Suspend)
		bs, err := s.Blocks(ctx)
		ok(t, err)
		if len(bs) != 3 || bs[0].Domain != "bad.example" || bs[0].Severity != community.Suspend || bs[0].Reason != "why" || bs[2].ActorURI == "" {
			t.Fatalf("%+v", bs)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DeleteBlock(ctx, "bad.example", "") })
		wantCode(t, s.Write(ctx, func(tx *Tx) error { return tx.DeleteBlock(ctx, "bad.example", "") }), community.NotFound)
	})
}

func TestPeers(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		_, err := s.Peer(ctx, "m.example")
		wantCode(t, err, community.NotFound)
		bob := addActor(t, s, "m.example", "bob")
		addFollower(t, s, community.CityActor, bob, community.Accepted)
		addFollower(t, s, community.NodeActor, bob, community.Asked)
		var seen, refused, failed time.Time
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.SaveFollowed(ctx, &community.Follow{Local: "city", ActorID: bob.ID, URI: "u", State: community.Accepted, Created: noon, Updated: noon}))
			ok(t, tx.SetPeerScheme(ctx, "m.example", "cavage"))
			ok(t, tx.SavePeer(ctx, &community.Peer{Host: "m.example", Software: "mastodon", Version: "4.5", Application: "https://m.example/actor", Asked: noon}))
			ok(t, tx.SeenPeer(ctx, []string{"m.example", "a.example"}))
			ok(t, tx.RefusedPeer(ctx, "m.example", "no signature"))
			ok(t, tx.PeerFailed(ctx, "m.example", "timeout", noon.Add(time.Hour)))
			ok(t, tx.PeerFailed(ctx, "m.example", "timeout again", noon.Add(2*time.Hour)))
			ok(t, tx.SaveBlock(ctx, &community.Block{Domain: "example", Severity: community.Silence, Created: noon}))
			seen, refused, failed = tx.Now(), tx.Now(), tx.Now()
			return nil
		})
		want := &community.Peer{Host: "m.example", Software: "mastodon", Version: "4.5", Application: "https://m.example/actor", Scheme: "cavage", Asked: noon,
			LastSeen: seen, Failures: 1, FailingSince: failed, NextTry: noon.Add(2 * time.Hour), LastError: "timeout again",
			LastRefused: "no signature", LastRefusedAt: refused, Followers: 1, Followed: 1, BlockedSeverity: "silence"}
		got, err := s.Peer(ctx, "m.example")
		ok(t, err)
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.PeerOK(ctx, "m.example") })
		want.Failures, want.FailingSince, want.NextTry, want.LastError = 0, time.Time{}, time.Time{}, ""
		ps, err := s.Peers(ctx)
		ok(t, err)
		if d := cmp.Diff([]community.Peer{{Host: "a.example", LastSeen: seen, BlockedSeverity: "silence"}, *want}, ps); d != "" {
			t.Fatal(d)
		}
	})
}

func TestFollowerInboxes(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		none, err := s.FollowerInboxes(ctx, community.CityActor)
		ok(t, err)
		if len(none) != 0 {
			t.Fatal(none)
		}
		bob, ann := addActor(t, s, "m.example", "bob"), addActor(t, s, "m.example", "ann")
		solo := remote("s.example", "solo")
		solo.SharedInbox = ""
		gone, bad, troll, asked := addActor(t, s, "gone.example", "x"), addActor(t, s, "sub.bad.example", "x"), addActor(t, s, "t.example", "troll"), addActor(t, s, "asked.example", "x")
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.SaveActor(ctx, solo))
			ok(t, tx.MarkActorGone(ctx, gone.ID))
			ok(t, tx.SaveBlock(ctx, &community.Block{Domain: "bad.example", Severity: community.Suspend, Created: noon}))
			ok(t, tx.SaveBlock(ctx, &community.Block{ActorURI: troll.URI, Severity: community.Suspend, Created: noon}))
			ok(t, tx.SaveBlock(ctx, &community.Block{Domain: "s.example", Severity: community.Silence, Created: noon}))
			return tx.SavePeer(ctx, &community.Peer{Host: "m.example", Software: "lemmy", Version: "1.0", Asked: noon})
		})
		for _, a := range []*community.Actor{bob, ann, solo, gone, bad, troll} {
			addFollower(t, s, community.CityActor, a, community.Accepted)
		}
		addFollower(t, s, community.CityActor, asked, community.Asked)
		addFollower(t, s, community.NodeActor, asked, community.Accepted)
		got, err := s.FollowerInboxes(ctx, community.CityActor)
		ok(t, err)
		if d := cmp.Diff([]Inbox{
			{Host: "m.example", URL: "https://m.example/inbox", Software: "lemmy", Version: "1.0", Asked: true, Personal: []string{ann.Inbox, bob.Inbox}},
			{Host: "s.example", URL: solo.Inbox, Personal: []string{solo.Inbox}},
		}, got); d != "" {
			t.Fatal(d)
		}
		// 410 of a shared inbox takes everyone behind it, of a personal one only its owner.
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.DropInbox(ctx, ""))
			return tx.DropInbox(ctx, ann.Inbox)
		})
		if n, _ := s.CountFollowers(ctx, community.CityActor); n != 5 {
			t.Fatal(n)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DropInbox(ctx, bob.SharedInbox) })
		got, err = s.FollowerInboxes(ctx, community.CityActor)
		ok(t, err)
		if len(got) != 1 || got[0].Host != "s.example" {
			t.Fatal(got)
		}
	})
}

func TestNeedsForm(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		check := func(f community.Form, want bool, others ...string) {
			t.Helper()
			got, err := s.NeedsForm(ctx, f, community.CityActor, others)
			ok(t, err)
			if got != want {
				t.Errorf("needs %q with %v: %v", f, others, got)
			}
		}
		check(community.Threads, false)
		lemmy, old, fresh := addActor(t, s, "l.example", "x"), addActor(t, s, "old.example", "x"), addActor(t, s, "new.example", "x")
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.SavePeer(ctx, &community.Peer{Host: "l.example", Software: "lemmy", Asked: noon}))
			ok(t, tx.SavePeer(ctx, &community.Peer{Host: "p.example", Software: "pixelfed", Asked: noon}))
			ok(t, tx.SavePeer(ctx, &community.Peer{Host: "new.example", Software: "mastodon", Version: "4.5.1", Asked: noon}))
			return tx.SavePeer(ctx, &community.Peer{Host: "old.example", Software: "mastodon", Version: "4.3.1", Asked: noon})
		})
		addFollower(t, s, community.CityActor, fresh, community.Accepted)
		addFollower(t, s, community.NodeActor, old, community.Accepted)
		addFollower(t, s, community.CityActor, lemmy, community.Asked)
		check(community.Threads, false)
		check(community.Notices, false)
		check(community.Notices, true, "x.example", "old.example")
		check(community.Notices, false, "new.example")
		check(community.Cards, true, "p.example")
		addFollower(t, s, community.CityActor, lemmy, community.Accepted)
		check(community.Threads, true)
		check(community.Cards, false)
		unknown := addActor(t, s, "u.example", "x")
		addFollower(t, s, community.CityActor, unknown, community.Accepted)
		check(community.Cards, false) // nothing was ever received from it or sent there
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SeenPeer(ctx, []string{"u.example"}) })
		check(community.Cards, true)
	})
}

// With 100,000 followers the followers of one actor are found by an index, and
// each of their actors by its id.
func TestManyFollowers(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a few seconds")
	}
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		const n = 100_000
		write(t, s, func(ctx context.Context, tx *Tx) error {
			series := "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
			ok(t, tx.exec(ctx, series+`INSERT INTO actor (uri, type, handle, host, name, about, url, inbox, shared_inbox, outbox, followers, featured, upcoming,
				icon, keys, also_known_as, moved_to, locked, fetched)
				SELECT 'https://h' || (i % 2000) || '.example/u/' || i, 'Person', 'u' || i, 'h' || (i % 2000) || '.example', '', '', '',
				'https://h' || (i % 2000) || '.example/u/' || i || '/inbox', 'https://h' || (i % 2000) || '.example/inbox', '', '', '', '', '', '', '', '', 0, 1 FROM n`, n))
			return tx.exec(ctx, "INSERT INTO follower (local, actor_id, uri, state, created, updated) SELECT 'city', id, uri, 'accepted', 1, 1 FROM actor")
		})
		if s.Engine() == "postgres" {
			write(t, s, func(ctx context.Context, tx *Tx) error { return tx.exec(ctx, "ANALYZE actor, follower") })
		}
		inboxes, err := s.FollowerInboxes(ctx, community.CityActor)
		ok(t, err)
		if len(inboxes) != 2000 || len(inboxes[0].Personal) != n/2000 {
			t.Fatalf("%d inboxes", len(inboxes))
		}
		if s.Engine() == "sqlite" {
			// PostgreSQL rightly reads all of a table of which it needs all.
			wantPlan(t, s, followerInboxes, "follower_state", community.CityActor)
		}
		wantPlan(t, s, followerInboxes, "follower_state|follower_local_actor_id_key", "people/nobody")
		wantPlan(t, s, followerTable.selects()+"WHERE f.local = ? AND f.actor_id = ?", "sqlite_autoindex_follower_1|follower_local_actor_id_key|follower_actor", "city", 5)
		wantPlan(t, s, followerTable.selects()+"WHERE f.uri = ? ORDER BY f.id DESC LIMIT 1", "follower_uri", "x")
	})
}

// wantPlan checks that a query uses one of the indexes (separated by |) and,
// on SQLite, reads no table from end to end.
func wantPlan(t *testing.T, s *Store, q, indexes string, args ...any) {
	t.Helper()
	plan := explain(t, s, q, args...)
	for _, ix := range strings.Split(indexes, "|") {
		if strings.Contains(plan, ix) && !strings.Contains(plan, "SCAN") && !strings.Contains(plan, "Seq Scan on follower") {
			return
		}
	}
	t.Errorf("%s does not use %s:\n%s", q, indexes, plan)
}

func explain(t *testing.T, s *Store, q string, args ...any) string {
	t.Helper()
	var out string
	if s.Engine() == "sqlite" {
		type line struct {
			id, parent, unused int
			text               string
		}
		ls, err := list(context.Background(), s.Reader, func(row row, l *line) error { return row.Scan(&l.id, &l.parent, &l.unused, &l.text) }, "EXPLAIN QUERY PLAN "+q, args...)
		ok(t, err)
		for _, l := range ls {
			out += l.text + "\n"
		}
		return out
	}
	ls, err := list(context.Background(), s.Reader, func(row row, l *string) error { return row.Scan(l) }, "EXPLAIN "+q, args...)
	ok(t, err)
	for _, l := range ls {
		out += fmt.Sprintln(l)
	}
	return out
}
