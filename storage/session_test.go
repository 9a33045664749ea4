package storage

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

func TestSessions(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		anna, bob := addMember(t, s, "anna"), addMember(t, s, "bob")
		_, err := s.Session(ctx, []byte{1})
		wantCode(t, err, community.NotFound)
		add := func(m *community.Member, hash byte, used time.Time) *community.Session {
			n := &community.Session{MemberID: m.ID, Hash: []byte{hash}, Agent: "Firefox", Created: noon, LastUsed: used, Proven: noon}
			write(t, s, func(ctx context.Context, tx *Tx) error { return tx.InsertSession(ctx, n) })
			return n
		}
		old, first, second := add(anna, 0, noon.Add(-100*time.Hour)), add(anna, 1, noon), add(anna, 2, noon.Add(time.Second))
		other := add(bob, 3, noon)
		got, err := s.Sessions(ctx, anna.ID)
		ok(t, err)
		if d := cmp.Diff([]community.Session{*second, *first, *old}, got); d != "" {
			t.Fatal(d)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			if err := tx.TouchSession(ctx, first.ID, false); err != nil {
				return err
			}
			first.LastUsed, second.LastUsed, second.Proven = tx.Now(), tx.Now(), tx.Now()
			if err := tx.TouchSession(ctx, second.ID, true); err != nil {
				return err
			}
			wantCode(t, tx.DeleteSession(ctx, bob.ID, first.ID), community.NotFound)
			n, err := tx.PruneSessions(ctx, noon.Add(-time.Hour))
			if n != 1 {
				t.Errorf("%d sessions were pruned", n)
			}
			return err
		})
		for _, want := range []*community.Session{first, second, other} {
			got, err := s.Session(ctx, want.Hash)
			ok(t, err)
			if d := cmp.Diff(want, got); d != "" {
				t.Fatal(d)
			}
		}
		in := &community.SignIn{Hash: []byte{9}, MemberID: anna.ID, Created: noon, Expires: noon.Add(1000 * time.Hour)}
		stale := &community.SignIn{Hash: []byte{8}, MemberID: bob.ID, Created: noon, Expires: noon.Add(-time.Hour)}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			if err := tx.InsertSignIn(ctx, stale); err != nil {
				return err
			}
			if err := tx.InsertSignIn(ctx, in); err != nil {
				return err
			}
			_, err := tx.PruneSessions(ctx, noon.Add(-time.Hour))
			return err
		})
		_, err = s.SignIn(ctx, stale.Hash)
		wantCode(t, err, community.NotFound)
		n, err := s.CountSignIns(ctx, anna.ID, noon)
		ok(t, err)
		if n != 1 {
			t.Fatalf("%d addresses sign in", n)
		}
		gotIn, err := s.SignIn(ctx, in.Hash)
		ok(t, err)
		if d := cmp.Diff(in, gotIn); d != "" {
			t.Fatal(d)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			if err := tx.DeleteSignIn(ctx, in.Hash); err != nil {
				return err
			}
			wantCode(t, tx.DeleteSignIn(ctx, in.Hash), community.NotFound)
			return tx.InsertSignIn(ctx, in)
		})
		write(t, s, func(ctx context.Context, tx *Tx) error {
			if err := tx.DeleteSignIns(ctx, anna.ID); err != nil {
				return err
			}
			wantCode(t, tx.DeleteSignIn(ctx, in.Hash), community.NotFound)
			return tx.InsertSignIn(ctx, in)
		})
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DeleteSessions(ctx, anna.ID, second.ID) })
		_, err = s.SignIn(ctx, in.Hash)
		wantCode(t, err, community.NotFound)
		_, err = s.Session(ctx, first.Hash)
		wantCode(t, err, community.NotFound)
		_, err = s.Session(ctx, other.Hash)
		ok(t, err)
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DeleteSession(ctx, anna.ID, second.ID) })
		_, err = s.Session(ctx, second.Hash)
		wantCode(t, err, community.NotFound)
	})
}

func TestLetters(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		a := &community.Letter{Kind: community.LetterGoing, To: "e@x.example", Lang: "ru", GuestID: 7, ConferenceID: 3, Args: map[string]string{"Text": "да\n<b>"},
			State: community.LetterDue, NextTry: noon, Created: noon}
		b := &community.Letter{Kind: community.LetterSignIn, To: "m@x.example", MemberID: 2, State: community.LetterKept, NextTry: noon, Created: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			if err := tx.InsertLetter(ctx, a); err != nil {
				return err
			}
			return tx.InsertLetter(ctx, b)
		})
		a.State, a.Attempts, a.NextTry, a.LastError, a.Sent = community.LetterSent, 2, noon.Add(time.Hour), "450 later", noon.Add(time.Minute)
		write(t, s, func(ctx context.Context, tx *Tx) error {
			wantCode(t, tx.UpdateLetter(ctx, &community.Letter{ID: 999}), community.NotFound)
			return tx.UpdateLetter(ctx, a)
		})
		got, err := s.Letter(ctx, a.ID)
		ok(t, err)
		if d := cmp.Diff(a, got); d != "" {
			t.Fatal(d)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DeleteLettersTo(ctx, 77) })
		for _, c := range []struct {
			q    LetterQuery
			want []community.Letter
		}{
			{LetterQuery{}, []community.Letter{*b, *a}}, {LetterQuery{Limit: 1, Offset: 1}, []community.Letter{*a}},
			{LetterQuery{GuestID: 7, ConferenceID: 3}, []community.Letter{*a}}, {LetterQuery{MemberID: 2}, []community.Letter{*b}},
			{LetterQuery{State: community.LetterKept}, []community.Letter{*b}}, {LetterQuery{State: community.LetterDue}, nil},
		} {
			got, err := s.Letters(ctx, c.q)
			ok(t, err)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Fatalf("%+v: %s", c.q, d)
			}
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DeleteLettersTo(ctx, 2) })
		rest, err := s.Letters(ctx, LetterQuery{})
		ok(t, err)
		if d := cmp.Diff([]community.Letter{*a}, rest); d != "" {
			t.Error(d)
		}
	})
}

func TestAudits(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		var all []community.Audit
		for _, action := range []string{"member.role", "member.suspend", "members", "conference.cancel"} {
			a := community.Audit{By: "ana", Action: action, Object: "people/" + action, Name: "Бо", Reason: "spam", Details: map[string]string{"role": "steward"}, Created: noon}
			write(t, s, func(ctx context.Context, tx *Tx) error { return tx.InsertAudit(ctx, &a) })
			all = append([]community.Audit{a}, all...)
		}
		for _, c := range []struct {
			q    AuditQuery
			want []community.Audit
		}{
			{AuditQuery{}, all}, {AuditQuery{Action: "member."}, all[2:]}, {AuditQuery{Action: "members"}, all[1:2]}, {AuditQuery{By: "bo"}, nil},
			{AuditQuery{By: "ana", Object: "people/member.role"}, all[3:]}, {AuditQuery{Limit: 1, Offset: 2}, all[2:3]},
		} {
			got, err := s.Audits(ctx, c.q)
			ok(t, err)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Fatalf("%+v: %s", c.q, d)
			}
		}
	})
}
