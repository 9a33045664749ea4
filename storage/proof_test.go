package storage

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

func TestProofs(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		anna, bob := addMember(t, s, "anna"), addMember(t, s, "bob")
		_, err := s.Password(ctx, anna.ID)
		wantCode(t, err, community.NotFound)
		p := &community.Password{MemberID: anna.ID, Hash: "$argon2id$1", Changed: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SavePassword(ctx, p) })
		p.Hash, p.Changed = "$argon2id$2", noon.Add(time.Hour)
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SavePassword(ctx, p) })
		got, err := s.Password(ctx, anna.ID)
		ok(t, err)
		if d := cmp.Diff(p, got); d != "" {
			t.Fatal(d)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DeletePassword(ctx, anna.ID) })
		write(t, s, func(ctx context.Context, tx *Tx) error {
			wantCode(t, tx.DeletePassword(ctx, anna.ID), community.NotFound)
			return tx.SavePassword(ctx, p)
		})

		keys := []community.Passkey{
			{MemberID: anna.ID, Credential: []byte{1, 0}, Name: "Телефон", Data: `{"a":1}`, Created: noon},
			{MemberID: anna.ID, Credential: []byte{2}, Name: "Key", Data: "{}", Created: noon, LastUsed: noon},
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			for i := range keys {
				if err := tx.InsertPasskey(ctx, &keys[i]); err != nil {
					return err
				}
			}
			wantCode(t, tx.InsertPasskey(ctx, &community.Passkey{MemberID: bob.ID, Credential: []byte{2}, Data: "{}", Created: noon}), community.Conflict)
			wantCode(t, tx.UpdatePasskey(ctx, &community.Passkey{ID: 999}), community.NotFound)
			wantCode(t, tx.DeletePasskey(ctx, bob.ID, keys[0].ID), community.NotFound)
			keys[0].Name, keys[0].Data, keys[0].LastUsed = "Phone", `{"a":2}`, noon.Add(time.Minute)
			return tx.UpdatePasskey(ctx, &keys[0])
		})
		list, err := s.Passkeys(ctx, anna.ID)
		ok(t, err)
		if d := cmp.Diff(keys, list); d != "" {
			t.Fatal(d)
		}
		one, err := s.Passkey(ctx, []byte{1, 0})
		ok(t, err)
		if d := cmp.Diff(&keys[0], one); d != "" {
			t.Fatal(d)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DeletePasskey(ctx, anna.ID, keys[0].ID) })
		_, err = s.Passkey(ctx, []byte{1, 0})
		wantCode(t, err, community.NotFound)

		in := &community.Identity{MemberID: anna.ID, Issuer: "https://id.example", Subject: "7", Name: "anna", Created: noon}
		other := &community.Identity{MemberID: bob.ID, Issuer: "https://id.example", Subject: "8", Name: "bob", Created: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.InsertIdentity(ctx, in))
			ok(t, tx.InsertIdentity(ctx, other))
			wantCode(t, tx.InsertIdentity(ctx, &community.Identity{MemberID: bob.ID, Issuer: in.Issuer, Subject: in.Subject, Created: noon}), community.Conflict)
			in.Name, in.LastUsed = "anna@x.example", tx.Now()
			return tx.TouchIdentity(ctx, in.ID, in.Name)
		})
		who, err := s.Identity(ctx, in.Issuer, in.Subject)
		ok(t, err)
		if d := cmp.Diff(in, who); d != "" {
			t.Fatal(d)
		}
		ids, err := s.Identities(ctx, anna.ID)
		ok(t, err)
		if d := cmp.Diff([]community.Identity{*in}, ids); d != "" {
			t.Fatal(d)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			wantCode(t, tx.DeleteIdentity(ctx, anna.ID, other.ID), community.NotFound)
			return tx.DeleteIdentity(ctx, bob.ID, other.ID)
		})

		early := community.Promise{Hash: []byte{1}, MemberID: anna.ID, Email: "a@x.example", Created: noon, Expires: noon}
		late := community.Promise{Hash: []byte{2}, MemberID: anna.ID, Email: "b@x.example", Created: noon.Add(time.Second), Expires: noon.Add(time.Hour)}
		bobs := community.Promise{Hash: []byte{3}, MemberID: bob.ID, Email: "c@x.example", Created: noon, Expires: noon.Add(time.Hour)}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			for _, p := range []*community.Promise{&early, &late, &bobs} {
				ok(t, tx.InsertPromise(ctx, p))
			}
			return nil
		})
		promises, err := s.Promises(ctx, anna.ID)
		ok(t, err)
		if d := cmp.Diff([]community.Promise{late, early}, promises); d != "" {
			t.Fatal(d)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.PrunePromises(ctx) })
		_, err = s.Promise(ctx, early.Hash)
		wantCode(t, err, community.NotFound)
		promise, err := s.Promise(ctx, late.Hash)
		ok(t, err)
		if d := cmp.Diff(&late, promise); d != "" {
			t.Fatal(d)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DeletePromises(ctx, bob.ID) })
		_, err = s.Promise(ctx, bobs.Hash)
		wantCode(t, err, community.NotFound)

		// All of it goes with its member, of whom nothing else is touched.
		letter := &community.Letter{Kind: community.LetterSignIn, To: "a@x.example", MemberID: anna.ID, State: community.LetterSent, NextTry: noon, Created: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.InsertLetter(ctx, letter))
			ok(t, tx.InsertIdentity(ctx, other))
			return tx.DeleteProofs(ctx, anna.ID)
		})
		for _, left := range []func() error{
			func() error { _, err := s.Password(ctx, anna.ID); return err },
			func() error { _, err := s.Passkey(ctx, []byte{2}); return err },
			func() error { _, err := s.Identity(ctx, in.Issuer, in.Subject); return err },
			func() error { _, err := s.Promise(ctx, late.Hash); return err },
			func() error { _, err := s.Letter(ctx, letter.ID); return err },
		} {
			wantCode(t, left(), community.NotFound)
		}
		_, err = s.Identity(ctx, other.Issuer, other.Subject)
		ok(t, err)
	})
}

func TestJoining(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		anna := addMember(t, s, "anna")
		mine := community.Invite{Hash: []byte{1}, ByID: anna.ID, Role: community.Newcomer, Note: "друзья", Uses: 1, Created: noon, Expires: noon.Add(time.Hour)}
		theirs := community.Invite{Hash: []byte{2}, Role: community.Regular, Uses: 5, Created: noon, Expires: noon.Add(time.Hour)}
		late := community.Invite{Hash: []byte{3}, Role: community.Regular, Uses: 5, Created: noon, Expires: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			for _, i := range []*community.Invite{&mine, &theirs, &late} {
				ok(t, tx.InsertInvite(ctx, i))
			}
			ok(t, tx.UseInvite(ctx, mine.ID))
			mine.Used = 1
			wantCode(t, tx.UseInvite(ctx, mine.ID), community.NotFound)
			wantCode(t, tx.UseInvite(ctx, late.ID), community.NotFound)
			ok(t, tx.RevokeInvite(ctx, theirs.ID))
			theirs.Revoked = tx.Now()
			wantCode(t, tx.UseInvite(ctx, theirs.ID), community.NotFound)
			wantCode(t, tx.RevokeInvite(ctx, theirs.ID), community.NotFound)
			return nil
		})
		for _, c := range []struct {
			by   int64
			all  bool
			want []community.Invite
		}{{anna.ID, false, []community.Invite{mine}}, {0, false, []community.Invite{late, theirs}}, {0, true, []community.Invite{late, theirs, mine}}} {
			got, err := s.Invites(ctx, c.by, c.all)
			ok(t, err)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Fatal(d)
			}
		}
		got, err := s.Invite(ctx, []byte{1})
		ok(t, err)
		if d := cmp.Diff(&mine, got); d != "" {
			t.Fatal(d)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.RevokeInvites(ctx, anna.ID) })
		if got, err = s.InviteByID(ctx, mine.ID); err != nil || got.Revoked.IsZero() {
			t.Fatal(got, err)
		}

		a := &community.Application{Hash: []byte{1}, Handle: "vera", Name: "Вера", Email: "Vera@x.example", Lang: "ru", Who: "a", Why: "b", Conduct: 2, Agreed: noon, Open: true,
			Issuer: "https://id.example", Subject: "9", Identity: "vera", State: community.ApplicationUnconfirmed, Created: noon}
		b := &community.Application{Hash: []byte{2}, Handle: "gleb", Name: "Gleb", Email: "g@x.example", Who: "a", Why: "b", State: community.ApplicationWaiting, Created: noon, Confirmed: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.InsertApplication(ctx, a))
			ok(t, tx.InsertApplication(ctx, b))
			wantCode(t, tx.UpdateApplication(ctx, &community.Application{ID: 999}), community.NotFound)
			return nil
		})
		for handle, want := range map[string]bool{"vera": false, "gleb": true, "anna": false} {
			if got, err := s.Applied(ctx, handle); err != nil || got != want {
				t.Errorf("%s: %v %v", handle, got, err)
			}
		}
		a.Handle, a.State, a.Reason, a.MemberID, a.Confirmed, a.Judged = "vera2", community.ApplicationDeclined, "no", anna.ID, noon.Add(time.Minute), noon.Add(time.Hour)
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.UpdateApplication(ctx, a) })
		read, err := s.Application(ctx, []byte{1})
		ok(t, err)
		if d := cmp.Diff(a, read); d != "" {
			t.Fatal(d)
		}
		list, err := s.Applications(ctx, community.ApplicationWaiting)
		ok(t, err)
		if d := cmp.Diff([]community.Application{*b}, list); d != "" {
			t.Fatal(d)
		}
		for email, want := range map[string]int{"": 1, "G@X.example": 1, "vera@x.example": 0} {
			if n, err := s.CountApplications(ctx, community.ApplicationWaiting, email); err != nil || n != want {
				t.Errorf("%q: %d %v", email, n, err)
			}
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			return tx.PruneApplications(ctx, noon.Add(time.Hour), noon.Add(2*time.Hour))
		})
		_, err = s.ApplicationByID(ctx, a.ID)
		wantCode(t, err, community.NotFound)
		_, err = s.ApplicationByID(ctx, b.ID)
		ok(t, err)
	})
}

func TestConducts(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		if n, err := s.ConductVersion(ctx); err != nil || n != 0 {
			t.Fatal(n, err)
		}
		a := community.Conduct{Version: 2, Text: community.Texts{{Lang: "en", Text: "Be kind"}, {Lang: "ru", Text: "Будьте добры"}}, By: "anna", Created: noon}
		b := community.Conduct{Version: 3, Text: community.Plain("en", "Be kinder"), Note: "kinder", By: "bo", Created: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.InsertConduct(ctx, &a))
			wantCode(t, tx.InsertConduct(ctx, &a), community.Conflict)
			return tx.InsertConduct(ctx, &b)
		})
		got, err := s.Conducts(ctx)
		ok(t, err)
		if d := cmp.Diff([]community.Conduct{b, a}, got); d != "" {
			t.Fatal(d)
		}
		if n, err := s.ConductVersion(ctx); err != nil || n != 3 {
			t.Fatal(n, err)
		}
	})
}
