package storage

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

func addMember(t testing.TB, s *Store, handle string) *community.Member {
	t.Helper()
	m := &community.Member{Handle: handle, Name: "Name of " + handle, About: "*hi*", Languages: []string{"ru"}, Role: community.Regular,
		Email: handle + "@x.example", Lang: "ru", Conduct: 2, Agreed: noon, Picture: &community.Picture{URL: "https://x.example/" + handle}, Created: noon, Updated: noon.Add(time.Microsecond)}
	write(t, s, func(ctx context.Context, tx *Tx) error { return tx.InsertMember(ctx, m) })
	return m
}

func TestMembers(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		_, err := s.Member(ctx, "anna")
		wantCode(t, err, community.NotFound)
		_, err = s.MemberByID(ctx, 1)
		wantCode(t, err, community.NotFound)
		anna := addMember(t, s, "anna")
		for _, m := range []string{"zoe", "_a", "b2", "b_1", "0x"} {
			addMember(t, s, m)
		}
		got, err := s.Member(ctx, "anna")
		ok(t, err)
		if d := cmp.Diff(anna, got); d != "" {
			t.Fatal(d)
		}
		mine, err := s.MembersByEmail(ctx, "ANNA@x.example")
		ok(t, err)
		if d := cmp.Diff([]community.Member{*anna}, mine); d != "" {
			t.Fatal(d)
		}
		// A Conflict leaves the transaction usable, and no ID behind.
		write(t, s, func(ctx context.Context, tx *Tx) error {
			twin := *anna
			twin.ID = 0
			wantCode(t, tx.InsertMember(ctx, &twin), community.Conflict)
			if twin.ID != 0 {
				t.Errorf("ID is %d", twin.ID)
			}
			twin.Handle = "anna2"
			return tx.InsertMember(ctx, &twin)
		})
		anna.Name, anna.Role, anna.Suspended = "Анна 🎈", community.Steward, noon
		anna.AlsoKnownAs, anna.MovedTo, anna.Moved = []string{"https://old.example/u/anna"}, "https://new.example/u/anna", noon.Add(time.Hour)
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.UpdateMember(ctx, anna) })
		got, err = s.MemberByID(ctx, anna.ID)
		ok(t, err)
		if d := cmp.Diff(anna, got); d != "" {
			t.Fatal(d)
		}
		wantCode(t, s.Write(ctx, func(tx *Tx) error { return tx.UpdateMember(ctx, &community.Member{ID: 999}) }), community.NotFound)
		zoe, err := s.Member(ctx, "zoe")
		ok(t, err)
		zoe.Deleted = noon
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.UpdateMember(ctx, zoe) })
		ms, err := s.Members(ctx)
		ok(t, err)
		var handles []string
		for _, m := range ms {
			handles = append(handles, m.Handle)
		}
		// By bytes: a locale would put _a and b_1 elsewhere.
		if d := cmp.Diff([]string{"0x", "_a", "anna", "anna2", "b2", "b_1"}, handles); d != "" {
			t.Fatal(d)
		}
	})
}

func TestTokens(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		anna := addMember(t, s, "anna")
		_, err := s.Token(ctx, []byte{1, 0, 255})
		wantCode(t, err, community.NotFound)
		a := &community.Token{MemberID: anna.ID, Name: "cli", Hash: []byte{1, 0, 255}, Created: noon}
		b := &community.Token{MemberID: anna.ID, Name: "bot", Hash: []byte{1, 0}, Created: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.InsertToken(ctx, a))
			return tx.InsertToken(ctx, b)
		})
		wantCode(t, s.Write(ctx, func(tx *Tx) error {
			return tx.InsertToken(ctx, &community.Token{MemberID: 77, Hash: []byte{9}, Created: noon})
		}), community.Conflict)
		var at time.Time
		write(t, s, func(ctx context.Context, tx *Tx) error {
			at = tx.Now()
			ok(t, tx.TouchToken(ctx, a.ID))
			return tx.RevokeToken(ctx, a.ID)
		})
		got, err := s.Token(ctx, a.Hash)
		ok(t, err)
		a.LastUsed, a.Revoked = at, at
		if d := cmp.Diff(a, got); d != "" {
			t.Fatal(d)
		}
		wantCode(t, s.Write(ctx, func(tx *Tx) error { return tx.RevokeToken(ctx, a.ID) }), community.NotFound)
		all, err := s.Tokens(ctx, anna.ID)
		ok(t, err)
		if d := cmp.Diff([]community.Token{*b, *a}, all); d != "" {
			t.Fatal(d)
		}
	})
}

func TestKeys(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		ks, err := s.Keys(ctx, community.CityActor)
		ok(t, err)
		if len(ks) != 0 {
			t.Fatal(ks)
		}
		key := func(kind string, a community.LocalActor) *community.KeyPair {
			return &community.KeyPair{Actor: a, Kind: kind, Private: []byte{0, 1, 2, 255}, Created: noon}
		}
		old, rsa, ed, other := key("rsa", "city"), key("rsa", "city"), key("ed25519", "city"), key("rsa", "people/anna")
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.InsertKey(ctx, old))
			ok(t, tx.InsertKey(ctx, other))
			ok(t, tx.RetireKeys(ctx, community.CityActor))
			old.Retired = tx.Now()
			ok(t, tx.InsertKey(ctx, rsa))
			return tx.InsertKey(ctx, ed)
		})
		ks, err = s.Keys(ctx, community.CityActor)
		ok(t, err)
		if d := cmp.Diff([]community.KeyPair{*ed, *rsa, *old}, ks); d != "" {
			t.Fatal(d)
		}
		ks, err = s.Keys(ctx, "people/anna")
		ok(t, err)
		if d := cmp.Diff([]community.KeyPair{*other}, ks); d != "" {
			t.Fatal(d)
		}
	})
}
