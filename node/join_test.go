package node

import (
	"strings"
	"sync"
	"testing"
	"time"

	"konfa/community"
	"konfa/storage"
)

func TestInvites(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	bo, eve := w.account(t, "bo", ""), w.account(t, "eve", "")
	if err := w.SetRole(ctx, console, "eve", community.Newcomer); err != nil {
		t.Fatal(err)
	}
	eve.Member, _ = w.store.Member(ctx, "eve")
	soon := w.now.Add(24 * time.Hour)
	for _, c := range []struct {
		by   By
		i    community.Invite
		want community.Code
	}{
		{By{}, community.Invite{Role: community.Newcomer, Uses: 1, Expires: soon}, community.Forbidden},
		{eve, community.Invite{Role: community.Newcomer, Uses: 1, Expires: soon}, community.Forbidden},
		{bo, community.Invite{Role: community.Regular, Uses: 1, Expires: soon}, community.Invalid},
		{bo, community.Invite{Role: community.Newcomer, Uses: 11, Expires: soon}, community.Invalid},
		{bo, community.Invite{Role: community.Newcomer, Uses: 1, Expires: w.now.AddDate(0, 0, 31)}, community.Invalid},
		{bo, community.Invite{Role: community.Newcomer, Uses: 1, Expires: w.now}, community.Invalid},
		{bo, community.Invite{Role: community.Newcomer, Uses: 0, Expires: soon}, community.Invalid},
		{console, community.Invite{Role: community.Steward, Uses: 1, Expires: soon}, community.Invalid},
		{console, community.Invite{Role: community.Regular, Uses: 200, Expires: w.now.AddDate(0, 0, 60)}, ""},
	} {
		_, _, err := w.AddInvite(ctx, c.by, c.i)
		if community.CodeOf(err) != c.want {
			t.Errorf("%s, %+v: %v", c.by.Name(), c.i, err)
		}
	}
	var secret string
	var last *community.Invite
	for i := range community.MemberInvites + 1 {
		s, inv, err := w.AddInvite(ctx, bo, community.Invite{Role: community.Newcomer, Note: " for\nfriends ", Uses: 2, Expires: soon})
		if i == community.MemberInvites {
			wantCode(t, err, community.Refused)
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		secret, last = s, inv
	}
	if got, by, err := w.InviteOf(ctx, secret); err != nil || got.Note != "for friends" || by.Handle != "bo" {
		t.Fatal(got, by, err)
	}
	conduct, _ := w.Conduct(ctx)
	join := func(who Newcomer) (*community.Member, error) {
		who.Conduct = conduct.Version
		_, m, err := w.JoinByInvite(ctx, secret, who, "x")
		return m, err
	}
	// Everything that is wrong is said at once; nothing is used up by it.
	_, err := join(Newcomer{Handle: "Bad Handle", Email: "x", Password: "short"})
	if e, ok := err.(*community.Error); !ok || len(e.Fields) != 3 {
		t.Fatal(err)
	}
	for _, handle := range []string{"bo", "belgrade", "node", ""} {
		_, err = join(Newcomer{Handle: handle, Password: longPassword})
		if e, ok := err.(*community.Error); !ok || len(e.Fields) != 1 || e.Fields[0].Field != "handle" {
			t.Errorf("%q: %v", handle, err)
		}
	}
	_, err = join(Newcomer{Handle: "vera"})
	if e, ok := err.(*community.Error); !ok || len(e.Fields) != 1 || e.Fields[0].Key != "no_way" {
		t.Errorf("someone joins who cannot come back: %v", err)
	}
	if _, _, err := w.JoinByInvite(ctx, secret, Newcomer{Handle: "vera", Password: longPassword}, "x"); community.CodeOf(err) != community.Conflict {
		t.Errorf("someone joins without the code of conduct: %v", err)
	}
	m, err := join(Newcomer{Handle: "vera", Name: "Вера", Email: "vera@x.example", Password: longPassword, Lang: "ru", Identity: &community.Identity{Issuer: "https://id.example", Subject: "1", Name: "v"}})
	if err != nil || m.Role != community.Newcomer || m.Email != "" || m.Conduct != 1 || m.Agreed.IsZero() || m.Lang != "ru" {
		t.Fatal(m, err)
	}
	for _, try := range []func() error{
		func() error { _, _, err := w.SignInByPassword(ctx, "vera", longPassword, "x"); return err },
		func() error {
			_, _, err := w.SignInByIdentity(ctx, "https://id.example", "1", "v", "x")
			return err
		},
		func() error {
			_, err := w.ConfirmEmail(ctx, w.linkOf(t, community.LetterAddress, "vera@x.example"))
			return err
		},
	} {
		if err := try(); err != nil {
			t.Error(err)
		}
	}
	// The last one gets in once, whoever else tries at the same time.
	var wg sync.WaitGroup
	var mu sync.Mutex
	in := 0
	for _, handle := range []string{"a1", "a2", "a3", "a4"} {
		wg.Go(func() {
			_, err := join(Newcomer{Handle: handle, Password: longPassword})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				in++
			} else if community.CodeOf(err) != community.NotFound {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if in != 1 {
		t.Errorf("%d got in by the last seat of an invitation", in)
	}
	_, _, err = w.InviteOf(ctx, secret)
	wantCode(t, err, community.NotFound)
	// Revoked by its maker, by a steward, by nobody else.
	wantCode(t, w.RevokeInvite(ctx, eve, last.ID), community.Forbidden)
	if err := w.RevokeInvite(ctx, bo, last.ID); err != nil {
		t.Fatal(err)
	}
	mine, err := w.Invites(ctx, bo, false)
	if err != nil || len(mine) != community.MemberInvites || mine[0].Revoked.IsZero() || mine[0].Used != 2 {
		t.Fatal(mine, err)
	}
	wantCode(t, func() error { _, err := w.Invites(ctx, bo, true); return err }(), community.Forbidden)
	all, err := w.Invites(ctx, console, true)
	if err != nil || len(all) != community.MemberInvites+1 {
		t.Fatal(all, err)
	}
	if err := w.RevokeInvite(ctx, console, mine[1].ID); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.RevokeInvite(ctx, console, mine[1].ID), community.NotFound)
	// Who may invite no more, has invited no more.
	s2, _, err := w.AddInvite(ctx, bo, community.Invite{Role: community.Newcomer, Uses: 2, Expires: soon})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.SuspendMember(ctx, console, "bo", true); err != nil {
		t.Fatal(err)
	}
	_, _, err = w.InviteOf(ctx, s2)
	wantCode(t, err, community.NotFound)
	w.pass(24 * time.Hour)
	if err := w.SuspendMember(ctx, console, "bo", false); err != nil {
		t.Fatal(err)
	}
	_, _, err = w.InviteOf(ctx, s2)
	wantCode(t, err, community.NotFound) // too late
	// A steward no more has made nobody a member.
	cy := w.account(t, "cy", "cy@x.example")
	if err := w.SetRole(ctx, console, "cy", community.Steward); err != nil {
		t.Fatal(err)
	}
	cy.Member.Role = community.Steward
	s3, _, err := w.AddInvite(ctx, cy, community.Invite{Role: community.Regular, Uses: 200, Expires: w.now.Add(24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.SetRole(ctx, console, "cy", community.Regular); err != nil {
		t.Fatal(err)
	}
	_, _, err = w.InviteOf(ctx, s3)
	wantCode(t, err, community.NotFound)
	log, err := w.Audits(ctx, console, storage.AuditQuery{Action: "invite."})
	if err != nil || len(log) != 3 || log[1].Action != "invite.revoke" || log[2].Details["uses"] != "200" {
		t.Fatal(log, err)
	}
}

func TestApplications(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	bo := w.account(t, "bo", "")
	vera := Newcomer{Handle: "vera", Name: "Вера", Email: "vera@x.example", Lang: "ru", Who: "I teach", Why: "to learn", Conduct: 1}
	wantCode(t, w.Apply(ctx, vera), community.Refused) // by invitation only
	wantCode(t, w.SetJoining(ctx, bo, community.JoinApply), community.Forbidden)
	wantCode(t, w.SetJoining(ctx, console, "x"), community.Invalid)
	if err := w.SetJoining(ctx, console, community.JoinApply); err != nil {
		t.Fatal(err)
	}
	err := w.Apply(ctx, Newcomer{Handle: "BAD", Email: "x", Who: strings.Repeat("x", community.MaxWhy+1), Conduct: 1})
	if e, ok := err.(*community.Error); !ok || len(e.Fields) != 4 {
		t.Fatal(err)
	}
	for range maxApplying + 2 {
		if err := w.Apply(ctx, vera); err != nil {
			t.Fatal(err)
		}
	}
	letters, err := w.store.Letters(ctx, storage.LetterQuery{})
	if err != nil || len(letters) != maxApplying || letters[0].Kind != community.LetterJoin || letters[0].Lang != "ru" {
		t.Fatal(letters, err)
	}
	secret := w.linkOf(t, community.LetterJoin, "vera@x.example")
	if a, err := w.ApplicationOf(ctx, secret); err != nil || a.Handle != "vera" {
		t.Fatal(a, err)
	}
	if list, err := w.Applications(ctx, console); err != nil || len(list) != 0 {
		t.Fatal("stewards see what is not confirmed", list, err)
	}
	session, a, err := w.ConfirmApplication(ctx, secret, "", "x")
	if err != nil || session != "" || a.State != community.ApplicationWaiting {
		t.Fatal(session, a, err)
	}
	_, _, err = w.ConfirmApplication(ctx, secret, "", "x")
	wantCode(t, err, community.NotFound)
	wantKinds(t, w.told(t), community.NoticeApplication)
	gleb := vera
	gleb.Email = "gleb@x.example"
	wantCode(t, w.Apply(ctx, gleb), community.Invalid) // the handle is waited for
	gleb.Handle = "gleb"
	if err := w.Apply(ctx, gleb); err != nil {
		t.Fatal(err)
	}
	other := w.linkOf(t, community.LetterJoin, "gleb@x.example")
	w.account(t, "gleb", "")
	_, _, err = w.ConfirmApplication(ctx, other, "", "x")
	wantCode(t, err, community.Conflict) // someone was quicker
	if _, a, err = w.ConfirmApplication(ctx, other, "gleb2", "x"); err != nil || a.Handle != "gleb2" {
		t.Fatal(a, err)
	}
	list, err := w.Applications(ctx, console)
	if err != nil || len(list) != 2 || list[0].Who != "I teach" {
		t.Fatal(list, err)
	}
	_, err = w.Applications(ctx, bo)
	wantCode(t, err, community.Forbidden)
	_, err = w.AcceptApplication(ctx, bo, list[0].ID)
	wantCode(t, err, community.Forbidden)
	m, err := w.AcceptApplication(ctx, console, list[0].ID)
	if err != nil || m.Handle != "vera" || m.Role != community.Newcomer || m.Email != "vera@x.example" || m.Conduct != 1 || m.Lang != "ru" {
		t.Fatal(m, err)
	}
	_, err = w.AcceptApplication(ctx, console, list[0].ID)
	wantCode(t, err, community.Conflict)
	w.pass(6 * 24 * time.Hour)
	if _, in, err := w.UseSignIn(ctx, w.linkOf(t, community.LetterApplication, "vera@x.example"), "x"); err != nil || in.Handle != "vera" {
		t.Fatal(in, err)
	}
	wantCode(t, w.DeclineApplication(ctx, console, list[1].ID, " "), community.Invalid)
	wantCode(t, w.DeclineApplication(ctx, console, list[1].ID, strings.Repeat("x", community.MaxWhy+1)), community.Invalid)
	if err := w.DeclineApplication(ctx, console, list[1].ID, "no such city"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.DeclineApplication(ctx, console, list[1].ID, "again"), community.Conflict)
	if letters, _ = w.store.Letters(ctx, storage.LetterQuery{}); letters[0].Args["Text"] != "no such city" || letters[0].Args["Accepted"] != "no" {
		t.Errorf("%+v", letters[0])
	}
	log, err := w.Audits(ctx, console, storage.AuditQuery{Action: "application."})
	if err != nil || len(log) != 2 || log[0].Action != "application.decline" || log[0].Reason != "no such city" || log[1].Object != "people/vera" {
		t.Fatal(log, err)
	}
	// What was not confirmed is forgotten, what was declined as well.
	if err := w.Apply(ctx, Newcomer{Handle: "late", Email: "late@x.example", Who: "a", Why: "b", Conduct: 1}); err != nil {
		t.Fatal(err)
	}
	w.pass(community.KeepApplying + time.Minute)
	_, err = w.ApplicationOf(ctx, w.linkOf(t, community.LetterJoin, "late@x.example"))
	wantCode(t, err, community.NotFound)
	w.pass(community.KeepDeclined)
	if err := w.PruneSessions(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.ApplicationByID(ctx, list[1].ID); community.CodeOf(err) != community.NotFound {
		t.Error(err)
	}
}

func TestOpenJoining(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	if err := w.SetJoining(ctx, console, community.JoinOpen); err != nil {
		t.Fatal(err)
	}
	for _, handle := range []string{"vera", "gleb"} {
		who := Newcomer{Handle: handle, Email: handle + "@x.example", Conduct: 1, Identity: &community.Identity{Issuer: "https://id.example", Subject: handle, Name: handle}}
		if err := w.Apply(ctx, who); err != nil {
			t.Fatal(err)
		}
	}
	session, a, err := w.ConfirmApplication(ctx, w.linkOf(t, community.LetterJoin, "vera@x.example"), "", "x")
	if err != nil || session == "" || a.State != community.ApplicationAccepted {
		t.Fatal(session, a, err)
	}
	by, _, err := w.Session(ctx, session)
	if err != nil || by.Member.Handle != "vera" || by.Member.Email != "vera@x.example" || by.Member.Role != community.Newcomer {
		t.Fatal(by, err)
	}
	if _, m, err := w.SignInByIdentity(ctx, "https://id.example", "vera", "v", "x"); err != nil || m.Handle != "vera" {
		t.Fatal(m, err)
	}
	// The city asks since why one comes.
	if err := w.SetJoining(ctx, console, community.JoinApply); err != nil {
		t.Fatal(err)
	}
	session, a, err = w.ConfirmApplication(ctx, w.linkOf(t, community.LetterJoin, "gleb@x.example"), "", "x")
	if err != nil || session != "" || a.State != community.ApplicationWaiting {
		t.Fatal(session, a, err)
	}
}

func TestConduct(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	bo := w.account(t, "bo", "")
	first, err := w.Conduct(ctx)
	if err != nil || first.Version != 1 || first.Text.First() == "" || first.Text.Best("ru").Lang != "ru" {
		t.Fatal(first, err)
	}
	if must, err := w.MustAgree(ctx, bo.Member); err != nil || must {
		t.Fatal(must, err)
	}
	text := community.Texts{{Lang: "en", Text: "Be kind."}}
	_, err = w.PublishConduct(ctx, bo, community.Conduct{Text: text}, 1)
	wantCode(t, err, community.Forbidden)
	_, err = w.PublishConduct(ctx, console, community.Conduct{Text: community.Plain("en", " ")}, 1)
	wantCode(t, err, community.Invalid)
	anna, _ := w.store.Member(ctx, "anna")
	c, err := w.PublishConduct(ctx, By{Member: anna}, community.Conduct{Text: text, Note: "shorter"}, 1)
	if err != nil || c.Version != 2 || c.By != "anna" {
		t.Fatal(c, err)
	}
	_, err = w.PublishConduct(ctx, console, community.Conduct{Text: text}, 1)
	wantCode(t, err, community.Conflict)
	anna, _ = w.store.Member(ctx, "anna")
	for m, want := range map[*community.Member]bool{bo.Member: true, anna: false} {
		if must, err := w.MustAgree(ctx, m); err != nil || must != want {
			t.Errorf("%s must agree: %v, %v", m.Handle, must, err)
		}
	}
	wantCode(t, w.Agree(ctx, bo, "bo", 1), community.Conflict)
	wantCode(t, w.Agree(ctx, bo, "anna", 2), community.Forbidden)
	if err := w.Agree(ctx, bo, "bo", 2); err != nil {
		t.Fatal(err)
	}
	m, err := w.store.Member(ctx, "bo")
	if err != nil || m.Conduct != 2 || !m.Agreed.Equal(w.Now()) {
		t.Fatal(m, err)
	}
	list, err := w.Conducts(ctx)
	if err != nil || len(list) != 2 || list[0].Note != "shorter" || list[1].Version != 1 || list[1].Created.IsZero() {
		t.Fatal(list, err)
	}
	if log, err := w.Audits(ctx, console, storage.AuditQuery{Action: "conduct.publish"}); err != nil || len(log) != 1 || log[0].Name != "2" {
		t.Fatal(log, err)
	}
}
