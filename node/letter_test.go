package node

import (
	"slices"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

// letters lists what is written and not sent, newest first, as "kind to".
func (w *world) letters(t *testing.T) []string {
	t.Helper()
	list, err := w.store.Letters(t.Context(), storage.LetterQuery{State: community.LetterDue})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, l := range list {
		out = append(out, string(l.Kind)+" "+l.To)
	}
	slices.Sort(out)
	return out
}

// mailGuest is a guest by e-mail who holds a seat.
func (w *world) mailGuest(t *testing.T, c *community.Conference, email string) *community.Guest {
	t.Helper()
	g := &community.Guest{ConferenceID: c.ID, Email: email, Name: "Eva", State: community.Going, Lang: "ru", Created: w.Now(), Updated: w.Now()}
	if err := w.write(t.Context(), func(tx *storage.Tx) error { return tx.SaveGuest(t.Context(), g) }); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestLettersToGuests(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.conf(t, nil)
	bo := &community.Member{Handle: "bo", Email: "bo@x.example", Languages: []string{"sr", "ru"}}
	if err := w.AddMember(ctx, console, bo); err != nil {
		t.Fatal(err)
	}
	anna, err := w.store.Member(ctx, "anna") // has no e-mail
	if err != nil {
		t.Fatal(err)
	}
	far := w.stranger(t, bob)
	guests := []*community.Guest{w.mailGuest(t, c, "eva@x.example")}
	for _, k := range []storage.GuestKey{{MemberID: bo.ID}, {MemberID: anna.ID}, {ActorID: far.ID}} {
		g := &community.Guest{ConferenceID: c.ID, MemberID: k.MemberID, ActorID: k.ActorID, State: community.Going, Created: w.Now()}
		if err := w.write(ctx, func(tx *storage.Tx) error { return tx.SaveGuest(ctx, g) }); err != nil {
			t.Fatal(err)
		}
		guests = append(guests, g)
	}
	write := func(kind community.LetterKind) {
		t.Helper()
		err := w.write(ctx, func(tx *storage.Tx) error {
			for _, g := range guests {
				if err := w.writeGuest(ctx, tx, c, g, kind, map[string]string{"Text": "x"}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	write(community.LetterGoing)
	list, err := w.store.Letters(ctx, storage.LetterQuery{})
	if err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	eva := list[1]
	if eva.To != "eva@x.example" || eva.Lang != "ru" || eva.GuestID != guests[0].ID || eva.Args["Text"] != "x" || !strings.HasPrefix(eva.Args["Link"], "https://bg.example/rsvp/") || eva.Args["Stop"] != "" {
		t.Fatalf("%+v", eva)
	}
	if l := list[0]; l.To != "bo@x.example" || l.Lang != "sr" || l.MemberID != bo.ID {
		t.Fatalf("%+v", l)
	}

	// What can be turned off bears the link that does so, for members and guests.
	write(community.LetterReminder)
	list, err = w.store.Letters(ctx, storage.LetterQuery{Kind: community.LetterReminder})
	if err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	for _, l := range list {
		token := strings.TrimPrefix(l.Args["Stop"], "https://bg.example/mail/")
		v, err := w.MailChoice(ctx, token)
		if err != nil || v.Address != l.To || len(v.Off) != 0 {
			t.Fatal(v, err)
		}
		if err := w.SetMailChoice(ctx, token, []community.LetterKind{community.LetterReminder, community.LetterGoing}); err != nil {
			t.Fatal(err)
		}
		if v, err := w.MailChoice(ctx, token); err != nil || !slices.Equal(v.Off, []community.LetterKind{community.LetterReminder}) {
			t.Fatal(v, err)
		}
		for _, bad := range []string{"", "x", token[:len(token)-1], token + "A", strings.Repeat("A", 40)} {
			_, err := w.MailChoice(ctx, bad)
			wantCode(t, err, community.NotFound)
			wantCode(t, w.SetMailChoice(ctx, bad, nil), community.NotFound)
		}
	}
	write(community.LetterReminder)
	write(community.LetterThanks)
	want := []string{"going bo@x.example", "going eva@x.example", "reminder bo@x.example", "reminder eva@x.example", "thanks bo@x.example", "thanks eva@x.example"}
	if got := w.letters(t); !slices.Equal(got, want) {
		t.Fatal(got)
	}
	by := By{Member: bo}
	if off, err := w.MemberMail(ctx, by, "bo"); err != nil || len(off) != 1 {
		t.Fatal(off, err)
	}
	if err := w.SetMemberMail(ctx, by, "bo", nil); err != nil {
		t.Fatal(err)
	}
	if off, err := w.MemberMail(ctx, by, "bo"); err != nil || len(off) != 0 {
		t.Fatal(off, err)
	}
	_, err = w.MemberMail(ctx, by, "anna")
	wantCode(t, err, community.Forbidden)
	wantCode(t, w.SetMemberMail(ctx, by, "anna", nil), community.Forbidden)

	w.pass(time.Hour)
	if err := w.SuspendMember(ctx, console, "bo", true); err != nil {
		t.Fatal(err)
	}
	write(community.LetterCancelled)
	if n, err := w.store.CountLetters(ctx, storage.LetterQuery{Kind: community.LetterCancelled}); err != nil || n[community.LetterDue] != 1 {
		t.Fatal(n, err)
	}
}

func TestTestLetterAndSettings(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	_, err := w.WriteTest(ctx, By{}, "a@x.example", "")
	wantCode(t, err, community.Forbidden)
	for _, bad := range []string{"", "a", "A <a@x.example>", "a@x.example\r\nBcc: b@x.example", strings.Repeat("a", 300) + "@x.example"} {
		_, err := w.WriteTest(ctx, console, bad, "")
		wantCode(t, err, community.Invalid)
		if bad != "" {
			wantCode(t, w.SetReplyTo(ctx, console, bad), community.Invalid)
		}
	}
	l, err := w.WriteTest(ctx, console, "a@x.example", "ru")
	if err != nil || l.ID == 0 || l.Lang != "ru" {
		t.Fatal(l, err)
	}
	wantCode(t, w.SetReplyTo(ctx, By{}, ""), community.Forbidden)
	if err := w.SetReplyTo(ctx, console, "hosts@x.example"); err != nil {
		t.Fatal(err)
	}
	if city, err := w.City(ctx); err != nil || city.Settings.ReplyTo != "hosts@x.example" {
		t.Fatal(city, err)
	}
	l.State = community.LetterKept
	if err := w.write(ctx, func(tx *storage.Tx) error { return tx.UpdateLetter(ctx, l) }); err != nil {
		t.Fatal(err)
	}
	_, err = w.SendKept(ctx, By{})
	wantCode(t, err, community.Forbidden)
	if n, err := w.SendKept(ctx, console); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	log, err := w.Audits(ctx, console, storage.AuditQuery{Action: "mail."})
	if err != nil || len(log) != 3 || log[0].Action != "mail.send_kept" || log[1].Name != "hosts@x.example" || log[2].Action != "mail.test" {
		t.Fatal(log, err)
	}
	w.pass(community.KeepLetters)
	if err := w.PruneLetters(ctx); err != nil {
		t.Fatal(err)
	}
	if got := w.letters(t); len(got) != 1 {
		t.Fatal(got)
	}
	w.pass(time.Second)
	if err := w.PruneLetters(ctx); err != nil {
		t.Fatal(err)
	}
	if got := w.letters(t); len(got) != 0 {
		t.Fatal(got)
	}
}
