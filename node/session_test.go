package node

import (
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

func TestSigningIn(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	anna, err := w.store.Member(ctx, "anna")
	if err != nil {
		t.Fatal(err)
	}
	by := By{Member: anna}
	if err := w.AddMember(ctx, console, &community.Member{Handle: "bo", Email: "Bo@x.example"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.AddSignIn(ctx, by, "bo"); community.CodeOf(err) != community.Forbidden {
		t.Fatalf("a steward may sign in as someone else: %v", err)
	}
	late, err := w.AddSignIn(ctx, console, "anna")
	if err != nil {
		t.Fatal(err)
	}
	w.pass(community.KeepSignIn)
	if _, _, err := w.UseSignIn(ctx, late, "x"); community.CodeOf(err) != community.NotFound {
		t.Fatalf("an old link signs in: %v", err)
	}
	secret, err := w.AddSignIn(ctx, by, "anna")
	if err != nil {
		t.Fatal(err)
	}
	if m, err := w.SignInOf(ctx, secret); err != nil || m.Handle != "anna" {
		t.Fatal(m, err)
	}
	first, m, err := w.UseSignIn(ctx, secret, strings.Repeat("ы", 400))
	if err != nil || m.Handle != "anna" {
		t.Fatal(m, err)
	}
	if _, _, err := w.UseSignIn(ctx, secret, "x"); community.CodeOf(err) != community.NotFound {
		t.Fatalf("a link signs in twice: %v", err)
	}
	other, err := w.AddSignIn(ctx, console, "anna")
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := w.UseSignIn(ctx, other, "Phone")
	if err != nil {
		t.Fatal(err)
	}
	w.pass(time.Hour)
	got, s, err := w.Session(ctx, first)
	if err != nil || got.Member.Handle != "anna" || len(s.Agent) > community.MaxAgent {
		t.Fatal(got, s, err)
	}
	if list, err := w.Sessions(ctx, by, "anna"); err != nil || len(list) != 2 || !list[0].LastUsed.Equal(w.Now()) {
		t.Fatal(list, err)
	}
	if err := w.EndSessions(ctx, by, "anna", s.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Session(ctx, second); community.CodeOf(err) != community.Forbidden {
		t.Fatalf("an ended session goes on: %v", err)
	}
	// Suspended, back, unused for too long, ended.
	if err := w.SetRole(ctx, console, "bo", community.Steward); err != nil {
		t.Fatal(err)
	}
	if err := w.SuspendMember(ctx, console, "anna", true); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Session(ctx, first); community.CodeOf(err) != community.Forbidden {
		t.Fatalf("someone suspended is signed in: %v", err)
	}
	if err := w.SuspendMember(ctx, console, "anna", false); err != nil {
		t.Fatal(err)
	}
	w.pass(community.KeepSession)
	if _, _, err := w.Session(ctx, first); err != nil {
		t.Fatal(err) // used an hour ago
	}
	w.pass(community.KeepSession + time.Minute)
	if _, _, err := w.Session(ctx, first); community.CodeOf(err) != community.Forbidden {
		t.Fatalf("a session lasts for ever: %v", err)
	}
	if err := w.PruneSessions(ctx); err != nil {
		t.Fatal(err)
	}
	if err := w.EndSession(ctx, by, "anna", s.ID); community.CodeOf(err) != community.NotFound {
		t.Fatal(err)
	}
	log, err := w.Audits(ctx, console, storage.AuditQuery{Action: "member."})
	if err != nil || len(log) != 2 || log[0].Action != "member.role" || log[0].Details["to"] != "steward" || log[0].By != "console" {
		t.Fatal(log, err)
	}
	if _, err := w.Audits(ctx, By{}, storage.AuditQuery{}); community.CodeOf(err) != community.Forbidden {
		t.Fatal(err)
	}
}

func TestMailSignIn(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	if err := w.AddMember(ctx, console, &community.Member{Handle: "bo", Email: "Bo@x.example"}); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if err := w.MailSignIn(ctx, " bo@X.example ", "ru", "/me?x=1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.MailSignIn(ctx, "nobody@x.example", "", ""); err != nil {
		t.Fatal(err)
	}
	letters, err := w.store.Letters(ctx, storage.LetterQuery{})
	if err != nil || len(letters) != maxSignIns || letters[0].To != "Bo@x.example" || letters[0].Lang != "ru" {
		t.Fatal(letters, err)
	}
	link, to, _ := strings.Cut(letters[0].Args["Link"], "?")
	if to != "to=%2Fme%3Fx%3D1" {
		t.Errorf("it leads to %q", to)
	}
	if _, m, err := w.UseSignIn(ctx, strings.TrimPrefix(link, "https://bg.example/login/"), "x"); err != nil || m.Handle != "bo" {
		t.Fatal(link, m, err)
	}
}
