package storage

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

// stocked fills a store with a bit of many things.
func stocked(t *testing.T, s *Store) {
	t.Helper()
	ctx := context.Background()
	write(t, s, func(ctx context.Context, tx *Tx) error {
		if err := tx.SetMeta(ctx, "k", "v\n\"<&>ё"); err != nil {
			return err
		}
		return tx.SaveCity(ctx, &community.City{Handle: "b", Name: community.Plain("ru", "Белград \u2028 🏙"), Created: noon, Updated: noon})
	})
	anna := addMember(t, s, "anna")
	bob := addActor(t, s, "m.example", "bob")
	c := meeting("one", 1)
	addConference(t, s, c, meeting("two", 2))
	write(t, s, func(ctx context.Context, tx *Tx) error {
		if err := tx.SaveGuest(ctx, &community.Guest{ConferenceID: c.ID, ActorID: bob.ID, State: community.Going, Created: noon, Updated: noon}); err != nil {
			return err
		}
		return tx.InsertToken(ctx, &community.Token{MemberID: anna.ID, Name: "x", Hash: []byte{0, 255, 128}, Created: noon})
	})
	// An id that was given is never given again.
	gone := meeting("gone", 3)
	addConference(t, s, gone)
	write(t, s, func(ctx context.Context, tx *Tx) error {
		return tx.exec(ctx, "DELETE FROM conference WHERE slug = 'gone'")
	})
	if _, err := s.Conference(ctx, "one"); err != nil {
		t.Fatal(err)
	}
}

// What is dumped from one engine is the same in either, and goes on from there.
func TestDumpAndRestore(t *testing.T) {
	ctx := context.Background()
	engines(t, func(t *testing.T, from data) {
		s := from.open(t)
		stocked(t, s)
		var first bytes.Buffer
		told, err := s.Dump(ctx, &first)
		ok(t, err)
		if told.Tables["conference"] != 2 || told.Rows < 8 || told.Schema != newestSchema() {
			t.Fatalf("%+v", told)
		}
		engines(t, func(t *testing.T, to data) {
			got, err := Restore(ctx, to.o, bytes.NewReader(first.Bytes()))
			ok(t, err)
			if d := cmp.Diff(told, got); d != "" {
				t.Fatal(d)
			}
			r := to.open(t)
			var second bytes.Buffer
			_, err = r.Dump(ctx, &second)
			ok(t, err)
			_, a, _ := strings.Cut(first.String(), "\n")
			_, b, _ := strings.Cut(second.String(), "\n")
			if s.Engine() == r.Engine() {
				if d := cmp.Diff(strings.Split(a, "\n"), strings.Split(b, "\n")); d != "" {
					t.Fatal(d)
				}
			} else if len(strings.Split(a, "\n")) != len(strings.Split(b, "\n")) {
				t.Error("some rows are lost")
			}
			want, err := s.Conference(ctx, "one")
			ok(t, err)
			have, err := r.Conference(ctx, "one")
			ok(t, err)
			if d := cmp.Diff(want, have); d != "" {
				t.Fatal(d)
			}
			token, err := r.Token(ctx, []byte{0, 255, 128})
			ok(t, err)
			if token.Name != "x" {
				t.Errorf("%+v", token)
			}
			// What can be found is worked out anew.
			write(t, r, func(ctx context.Context, tx *Tx) error {
				if n, err := tx.SettleSearch(ctx, 10); err != nil || n != 2 {
					t.Error(n, err)
				}
				return nil
			})
			if a, b := lookFor(t, s, "two", SearchUpcoming), lookFor(t, r, "two", SearchUpcoming); a != b || a == "" {
				t.Errorf("%q was found, and %q now", a, b)
			}
			fresh := meeting("fresh", 4)
			addConference(t, r, fresh)
			if fresh.ID != 4 {
				t.Errorf("the next id is %d", fresh.ID)
			}
			_, err = Restore(ctx, to.o, bytes.NewReader(first.Bytes()))
			wantHint(t, err, community.Conflict, "already")
		})
	})
}

func TestBadDumps(t *testing.T) {
	ctx := context.Background()
	s := sqliteData(t).open(t)
	stocked(t, s)
	var b bytes.Buffer
	_, err := s.Dump(ctx, &b)
	ok(t, err)
	whole := b.String()
	lines := strings.SplitAfter(whole, "\n")
	for name, bad := range map[string]string{
		"nothing": "", "something else": "hello\n", "JSON": "{}\n", "cut": strings.Join(lines[:len(lines)-3], ""), "a row is lost": strings.Replace(whole, lines[3], "", 1),
		"another table": strings.Replace(whole, `"table":"guest"`, `"table":"guests"`, 1), "another column": strings.Replace(whole, `"handle"`, `"hand\" , le"`, 1),
		"a row of another length": strings.Replace(whole, "\n[", "\n[1,", 1), "twice": strings.Replace(whole, lines[1], lines[1]+lines[1], 1),
		"another kind": strings.Replace(whole, "\n[", "\n[{},", 1),
	} {
		d := sqliteData(t)
		_, err := Restore(ctx, d.o, strings.NewReader(bad))
		if community.CodeOf(err) != community.Invalid {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := d.open(t).City(ctx); community.CodeOf(err) != community.NotFound {
			t.Errorf("%s: something was written: %v", name, err)
		}
	}
	_, err = Restore(ctx, sqliteData(t).o, strings.NewReader(strings.Replace(whole, `"schema":`, `"schema":9`, 1)))
	wantHint(t, err, community.Refused, "newer")
}

// A dump of an older schema is brought up to the present one.
func TestRestoreOlder(t *testing.T) {
	ctx := context.Background()
	engines(t, func(t *testing.T, d data) {
		old := d.o
		old.upTo = 9
		s, err := Open(ctx, old)
		ok(t, err)
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SetMeta(ctx, "k", "v") })
		var b bytes.Buffer
		told, err := s.Dump(ctx, &b)
		ok(t, err)
		ok(t, s.Close())
		if told.Schema != 9 || told.Tables["session"] != 0 {
			t.Fatalf("%+v", told)
		}
		engines(t, func(t *testing.T, to data) {
			_, err := Restore(ctx, to.o, bytes.NewReader(b.Bytes()))
			ok(t, err)
			r := to.open(t)
			v, err := r.Meta(ctx, "k")
			ok(t, err)
			if v != "v" {
				t.Error(v)
			}
			_, err = r.Letters(ctx, LetterQuery{})
			ok(t, err)
		})
	})
}

func TestUsage(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		stocked(t, s)
		bytes, tables, err := s.Usage(context.Background())
		ok(t, err)
		if bytes < 10_000 || len(tables) < 30 {
			t.Fatalf("%d bytes in %d tables", bytes, len(tables))
		}
		for i, u := range tables {
			if i > 0 && u.Rows > tables[i-1].Rows {
				t.Errorf("%s comes too late", u.Table)
			}
			if u.Table == "conference" && u.Rows != 2 {
				t.Errorf("%+v", u)
			}
			if s.Engine() == "postgres" && u.Bytes == 0 {
				t.Errorf("%+v", u)
			}
		}
	})
}
