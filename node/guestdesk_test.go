package node

import (
	"slices"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

func TestMessageToGuests(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.conf(t, func(c *community.Conference) { c.Capacity = 2 })
	w.mailGuest(t, c, "eva@x.example")
	off := w.mailGuest(t, c, "off@x.example")
	if err := w.write(ctx, func(tx *storage.Tx) error {
		return tx.SaveMailOff(ctx, 0, "off@x.example", []community.LetterKind{community.LetterMessage})
	}); err != nil {
		t.Fatal(err)
	}
	far := w.stranger(t, bob)
	if err := w.write(ctx, func(tx *storage.Tx) error {
		return tx.SaveGuest(ctx, &community.Guest{ConferenceID: c.ID, ActorID: far.ID, State: community.Waitlisted, Queued: w.Now(), Created: w.Now()})
	}); err != nil {
		t.Fatal(err)
	}
	hello := GuestMessage{To: GuestsAll, Subject: "  The\r\ndoor ", Text: " It is *green*. "}
	for group, want := range map[GuestGroup][2]int{GuestsGoing: {1, 0}, GuestsWaiting: {0, 1}, GuestsAll: {1, 1}} {
		mail, far, err := w.Reach(ctx, console, c.Slug, GuestMessage{To: group, Text: "x"})
		if err != nil || mail != want[0] || far != want[1] {
			t.Fatal(group, mail, far, err)
		}
	}
	for _, bad := range []GuestMessage{{To: GuestsAll}, {To: "some", Text: "x"}, {To: GuestsAll, Text: strings.Repeat("я", MaxGuestMessage+1)}, {To: GuestsAll, Text: "x", Subject: strings.Repeat("я", MaxGuestSubject+1)}} {
		_, err := w.MessageGuests(ctx, console, c.Slug, bad)
		wantCode(t, err, community.Invalid)
		_, _, err = w.Reach(ctx, console, c.Slug, bad)
		wantCode(t, err, community.Invalid)
	}
	_, err := w.MessageGuests(ctx, By{}, c.Slug, hello)
	wantCode(t, err, community.Forbidden)
	for range messagesPerDay {
		if n, err := w.MessageGuests(ctx, console, c.Slug, hello); n != 2 || err != nil {
			t.Fatal(n, err)
		}
	}
	_, err = w.MessageGuests(ctx, console, c.Slug, hello)
	wantCode(t, err, community.Refused)
	list, err := w.store.Letters(ctx, storage.LetterQuery{Kind: community.LetterMessage})
	if err != nil || len(list) != messagesPerDay || list[0].Args["Subject"] != "The door" || list[0].Args["Text"] != "It is *green*." || list[0].To == off.Email {
		t.Fatal(list, err)
	}
	if n, err := w.store.CountMessages(ctx, far.ID, c.ID, w.Now().Add(-time.Hour)); n != messagesPerDay || err != nil {
		t.Fatal(n, err)
	}
	w.pass(24 * time.Hour)
	if _, err := w.MessageGuests(ctx, console, c.Slug, hello); err != nil {
		t.Fatal(err)
	}
	log, err := w.Audits(ctx, console, storage.AuditQuery{Action: "guest.message"})
	if err != nil || len(log) != messagesPerDay+1 || log[0].Details["count"] != "2" || log[0].Object != "conf/"+c.Slug {
		t.Fatal(log, err)
	}
}

func TestAskGuests(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.conf(t, nil)
	w.mailGuest(t, c, "eva@x.example")
	_, err := w.AskGuests(ctx, By{}, c.Slug)
	wantCode(t, err, community.Forbidden)
	for _, want := range []int{1, 0} {
		if n, err := w.AskGuests(ctx, console, c.Slug); n != want || err != nil {
			t.Fatal(n, err)
		}
	}
	w.pass(askEvery)
	if n, err := w.AskGuests(ctx, console, c.Slug); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if got := w.letters(t); !slices.Equal(got, []string{"reconfirm eva@x.example", "reconfirm eva@x.example"}) {
		t.Fatal(got)
	}
	w.pass(48 * time.Hour)
	_, err = w.AskGuests(ctx, console, c.Slug)
	wantCode(t, err, community.Refused)
}

func TestAddGuest(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.conf(t, func(c *community.Conference) { c.Capacity, c.JoinMode = 1, community.Restricted })
	_, err := w.AddGuest(ctx, By{}, c.Slug, "eva@x.example", "Eva", 0)
	wantCode(t, err, community.Forbidden)
	for _, bad := range [][2]string{{"", "Eva"}, {"eva", "Eva"}, {"eva@x.example", " "}, {"eva@x.example", strings.Repeat("я", 200)}} {
		_, err := w.AddGuest(ctx, console, c.Slug, bad[0], bad[1], 0)
		wantCode(t, err, community.Invalid)
	}
	g, err := w.AddGuest(ctx, console, c.Slug, "Eva@x.example", " Eva\n K. ", 0)
	if err != nil || g.Name != "Eva K." || g.Email != "eva@x.example" {
		t.Fatal(g, err)
	}
	wantState(t, g, community.Going)
	_, err = w.AddGuest(ctx, console, c.Slug, "eva@X.example", "Eva", 0)
	wantCode(t, err, community.Conflict)
	g, err = w.AddGuest(ctx, console, c.Slug, "ivo@x.example", "Ivo", 0)
	if err != nil {
		t.Fatal(err)
	}
	wantState(t, g, community.Waitlisted)
	if got := w.letters(t); !slices.Equal(got, []string{"going eva@x.example", "waiting ivo@x.example"}) {
		t.Fatal(got)
	}
	if log, err := w.Audits(ctx, console, storage.AuditQuery{Action: "guest.add"}); err != nil || len(log) != 2 {
		t.Fatal(log, err)
	}
}
