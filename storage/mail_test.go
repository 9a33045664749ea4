package storage

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

func TestSendingLetters(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		var now time.Time
		write(t, s, func(ctx context.Context, tx *Tx) error { now = tx.Now(); return nil })
		if next, err := s.NextLetter(ctx); err != nil || !next.IsZero() {
			t.Fatal(next, err)
		}
		letter := func(kind community.LetterKind, to string, next time.Duration) *community.Letter {
			l := &community.Letter{Kind: kind, To: to, State: community.LetterDue, NextTry: now.Add(next), Created: now}
			write(t, s, func(ctx context.Context, tx *Tx) error { return tx.InsertLetter(ctx, l) })
			return l
		}
		thanks, going := letter(community.LetterThanks, "A@x.example", -3*time.Hour), letter(community.LetterGoing, "b@x.example", -2*time.Hour)
		in, later := letter(community.LetterSignIn, "c@x.example", -time.Hour), letter(community.LetterGoing, "a@x.example", time.Hour)
		if next, err := s.NextLetter(ctx); err != nil || !next.Equal(now.Add(-3*time.Hour)) {
			t.Fatal(next, err)
		}
		claim := func(id int64, owner string, until time.Duration) int64 {
			var got int64
			write(t, s, func(ctx context.Context, tx *Tx) error {
				l, err := tx.ClaimLetter(ctx, id, owner, tx.Now().Add(until))
				if community.CodeOf(err) == community.NotFound {
					return nil
				}
				if err == nil {
					got = l.ID
				}
				return err
			})
			return got
		}
		for i, want := range []int64{in.ID, going.ID, thanks.ID, 0} {
			if got := claim(0, "one", time.Hour); got != want {
				t.Fatalf("claim %d is of %d, want %d", i, got, want)
			}
		}
		if got := claim(in.ID, "two", time.Hour); got != 0 {
			t.Fatal("a claimed letter was claimed again")
		}
		if got := claim(later.ID, "two", -time.Hour); got != later.ID {
			t.Fatal("a letter was not claimed by its id")
		}
		if got := claim(later.ID, "three", time.Hour); got != later.ID {
			t.Fatal("a claim does not run out")
		}
		settle := func(l *community.Letter, owner string) bool {
			var ok bool
			write(t, s, func(ctx context.Context, tx *Tx) (err error) { ok, err = tx.SettleLetter(ctx, l, owner); return err })
			return ok
		}
		in.State, in.Attempts, in.Sent, in.Receipt = community.LetterSent, 1, now, "250 ok"
		if settle(in, "two") || !settle(in, "one") || settle(in, "one") {
			t.Fatal("a letter is settled by whoever claimed it, once")
		}
		got, err := s.Letter(ctx, in.ID)
		ok(t, err)
		if d := cmp.Diff(in, got); d != "" {
			t.Fatal(d)
		}
		going.Attempts, going.NextTry, going.LastError = 1, now.Add(-time.Minute), "450"
		if !settle(going, "one") || claim(0, "two", time.Hour) != going.ID {
			t.Fatal("a letter that waits again is not tried again")
		}
		for address, want := range map[string]int{"c@x.example": 1, "b@x.example": 0} {
			if n, err := s.CountSent(ctx, address, now.Add(-time.Minute)); err != nil || n != want {
				t.Fatal(address, n, err)
			}
		}
		counts, err := s.CountLetters(ctx, LetterQuery{})
		ok(t, err)
		if d := cmp.Diff(map[community.LetterState]int{community.LetterSent: 1, community.LetterDue: 3}, counts); d != "" {
			t.Fatal(d)
		}
		for _, q := range []LetterQuery{{Address: "a@X.example"}, {Kind: community.LetterGoing}} {
			if l, err := s.Letters(ctx, q); err != nil || len(l) != 2 {
				t.Fatal(q, l, err)
			}
		}
		thanks.State = community.LetterKept
		settle(thanks, "one")
		write(t, s, func(ctx context.Context, tx *Tx) error {
			if n, err := tx.SendKept(ctx, now); n != 0 || err != nil {
				t.Error("old letters are sent", n, err)
			}
			n, err := tx.SendKept(ctx, now.Add(-time.Minute))
			if n != 1 {
				t.Error(n, "letters that were kept wait again")
			}
			return err
		})
		write(t, s, func(ctx context.Context, tx *Tx) error {
			if n, err := tx.PruneLetters(ctx, now); n != 0 || err != nil {
				t.Error(n, err)
			}
			n, err := tx.PruneLetters(ctx, now.Add(time.Second))
			if n != 4 {
				t.Error(n, "letters are forgotten")
			}
			return err
		})
	})
}

func TestMailOffAndRounds(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		write(t, s, func(ctx context.Context, tx *Tx) error {
			ok(t, tx.SaveMailOff(ctx, 3, "", []community.LetterKind{community.LetterThanks}))
			ok(t, tx.SaveMailOff(ctx, 0, "a@x.example", []community.LetterKind{community.LetterMessage}))
			return tx.SaveMailOff(ctx, 0, "a@x.example", []community.LetterKind{community.LetterMessage, community.LetterReminder})
		})
		for _, c := range []struct {
			member  int64
			address string
			want    []community.LetterKind
		}{{3, "", []community.LetterKind{community.LetterThanks}}, {0, "a@x.example", []community.LetterKind{community.LetterMessage, community.LetterReminder}}, {0, "b@x.example", nil}, {4, "", nil}} {
			got, err := s.MailOff(ctx, c.member, c.address)
			ok(t, err)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Fatal(d)
			}
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveMailOff(ctx, 3, "", nil) })
		if got, err := s.MailOff(ctx, 3, ""); err != nil || got != nil {
			t.Fatal(got, err)
		}
		start := func(kind string, at time.Time) (first bool) {
			write(t, s, func(ctx context.Context, tx *Tx) (err error) {
				first, err = tx.StartRound(ctx, 7, kind, at)
				return err
			})
			return first
		}
		if had, err := s.HadRound(ctx, 7, "thanks", noon); err != nil || had {
			t.Fatal(had, err)
		}
		if !start("thanks", noon) || start("thanks", noon) || !start("reminder", noon) || !start("thanks", noon.Add(time.Hour)) {
			t.Fatal("each round is started once")
		}
		if had, err := s.HadRound(ctx, 7, "thanks", noon); err != nil || !had {
			t.Fatal(had, err)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			if n, err := tx.PruneRounds(ctx, tx.Now().Add(-time.Hour)); n != 0 || err != nil {
				t.Error(n, err)
			}
			n, err := tx.PruneRounds(ctx, tx.Now().Add(time.Second))
			if n != 3 {
				t.Error(n, "rounds are forgotten")
			}
			return err
		})
	})
}
