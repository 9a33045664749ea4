package storage

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

func TestNotices(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		anna, zoe := addMember(t, s, "anna"), addMember(t, s, "zoe")
		say := func(m *community.Member, kind community.NoticeKind, subject, title string, at time.Time) *community.Notice {
			n := &community.Notice{MemberID: m.ID, Kind: kind, Subject: subject, Args: map[string]string{"Title": title}, Created: at}
			write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveNotice(ctx, n) })
			return n
		}
		first := say(anna, community.NoticeAccepted, "https://x.example/1", "Шахматы", noon)
		changed := say(anna, community.NoticeChanged, "https://x.example/1", "Chess", noon.Add(time.Hour))
		say(zoe, community.NoticeChanged, "https://x.example/1", "Chess", noon)
		bare := say(anna, community.NoticeFollowMoved, "", "", noon.Add(2*time.Hour))
		say(anna, community.NoticeFollowMoved, "", "", noon.Add(2*time.Hour)) // about nothing: two
		again := say(anna, community.NoticeChanged, "https://x.example/1", "Chess, later", noon.Add(3*time.Hour))
		if again.ID != changed.ID || bare.ID == changed.ID {
			t.Errorf("ids %d %d %d", changed.ID, again.ID, bare.ID)
		}
		list, err := s.Notices(ctx, anna.ID, 10, 0)
		ok(t, err)
		if len(list) != 4 {
			t.Fatalf("%+v", list)
		}
		if d := cmp.Diff(*again, list[0]); d != "" {
			t.Fatal(d)
		}
		if d := cmp.Diff(*first, list[3]); d != "" {
			t.Fatal(d)
		}
		if list, err = s.Notices(ctx, anna.ID, 1, 3); err != nil || len(list) != 1 || list[0].ID != first.ID {
			t.Fatalf("%+v %v", list, err)
		}
		total, unread, err := s.CountNotices(ctx, anna.ID)
		ok(t, err)
		if total != 4 || unread != 4 {
			t.Fatalf("%d %d", total, unread)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			n, err := tx.ReadNotices(ctx, anna.ID, changed.ID)
			if n != 2 {
				t.Errorf("%d were new", n)
			}
			return err
		})
		if _, unread, err = s.CountNotices(ctx, anna.ID); err != nil || unread != 2 {
			t.Fatalf("%d %v", unread, err)
		}
		if fresh := say(anna, community.NoticeChanged, "https://x.example/1", "Chess, earlier", noon.Add(4*time.Hour)); fresh.ID == changed.ID {
			t.Error("what was read came back")
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			n, err := tx.PruneNotices(ctx, noon.Add(2*time.Hour))
			if n != 2 { // anna's first and zoe's
				t.Errorf("%d were forgotten", n)
			}
			return err
		})
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DeleteNotices(ctx, anna.ID) })
		if total, _, err = s.CountNotices(ctx, anna.ID); err != nil || total != 0 {
			t.Fatalf("%d %v", total, err)
		}
	})
}
