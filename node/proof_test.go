package node

import (
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/password"
	"konfa/storage"
)

// member adds a member and returns them as who asks.
func (w *world) account(t *testing.T, handle, email string) By {
	t.Helper()
	if err := w.AddMember(t.Context(), console, &community.Member{Handle: handle, Name: strings.ToUpper(handle), Email: email}); err != nil {
		t.Fatal(err)
	}
	m, err := w.store.Member(t.Context(), handle)
	if err != nil {
		t.Fatal(err)
	}
	return By{Member: m}
}

const longPassword = "mossy harbour kettle"

func TestPasswords(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	bo, eve := w.account(t, "bo", "bo@x.example"), w.account(t, "eve", "Bo@x.example")
	for bad, key := range map[string]string{"short": "password_short", "password2026": "password_common", "BELGRADE-2026": "password_common", strings.Repeat("x y", 100): "password_long"} {
		err := w.SetPassword(ctx, bo, "bo", bad, 0)
		wantCode(t, err, community.Invalid)
		if e := err.(*community.Error); len(e.Fields) != 1 || e.Fields[0].Key != key || e.Fields[0].Field != "password" {
			t.Errorf("%q: %+v", bad, e)
		}
	}
	wantCode(t, w.SetPassword(ctx, eve, "bo", longPassword, 0), community.Forbidden)
	secret, err := w.AddSignIn(ctx, bo, "bo")
	if err != nil {
		t.Fatal(err)
	}
	kept, _, err := w.UseSignIn(ctx, secret, "kept")
	if err != nil {
		t.Fatal(err)
	}
	if secret, err = w.AddSignIn(ctx, bo, "bo"); err != nil {
		t.Fatal(err)
	}
	ended, _, err := w.UseSignIn(ctx, secret, "ended")
	if err != nil {
		t.Fatal(err)
	}
	_, s, err := w.Session(ctx, kept)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.SetPassword(ctx, bo, "bo", longPassword, s.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Session(ctx, kept); err != nil {
		t.Error("the session that set the password ended", err)
	}
	if _, _, err := w.Session(ctx, ended); community.CodeOf(err) != community.Forbidden {
		t.Error("a new password leaves other sessions as they are", err)
	}
	if err := w.SetPassword(ctx, eve, "eve", "another harbour kettle", 0); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ who, plain, want string }{
		{"bo", longPassword, "bo"}, {" @Bo ", longPassword, "bo"}, {"bo@X.example", longPassword, "bo"}, {"bo@x.example", "another harbour kettle", "eve"},
		{"bo", "another harbour kettle", ""}, {"bo", "", ""}, {"nobody", longPassword, ""}, {"nobody@x.example", longPassword, ""}, {"", "", ""}, {"anna", longPassword, ""}, {"bo", strings.Repeat("x", 100_000), ""},
	} {
		session, m, err := w.SignInByPassword(ctx, c.who, c.plain, "x")
		if c.want == "" {
			if e, ok := err.(*community.Error); !ok || e.Key != "error.password" || session != "" {
				t.Errorf("%q with %.30q: %v", c.who, c.plain, err)
			}
			continue
		}
		if err != nil || m.Handle != c.want {
			t.Errorf("%q with %q: %v %v", c.who, c.plain, m, err)
			continue
		}
		if by, _, err := w.Session(ctx, session); err != nil || by.Member.Handle != c.want {
			t.Errorf("the session is %v, %v", by, err)
		}
	}
	// A hash made in an older way is made anew when it is used.
	old := "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc" // of "password"
	err = w.write(ctx, func(tx *storage.Tx) error {
		return tx.SavePassword(ctx, &community.Password{MemberID: bo.Member.ID, Hash: old, Changed: w.now})
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.SignInByPassword(ctx, "bo", "password", "x"); err != nil {
		t.Fatal(err)
	}
	if p, err := w.store.Password(ctx, bo.Member.ID); err != nil || password.Outdated(p.Hash) {
		t.Fatal(p, err)
	}
	// Suspended; without a password; without any other way.
	if err := w.SuspendMember(ctx, console, "bo", true); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.SignInByPassword(ctx, "bo", "password", "x"); community.CodeOf(err) != community.Forbidden {
		t.Error("someone suspended signs in", err)
	}
	if err := w.SuspendMember(ctx, console, "bo", false); err != nil {
		t.Fatal(err)
	}
	if err := w.RemovePassword(ctx, bo, "bo"); err != nil {
		t.Fatal(err) // there is the address
	}
	wantCode(t, w.RemovePassword(ctx, bo, "bo"), community.NotFound)
	if err := w.SetPassword(ctx, console, "bo", longPassword, 0); err != nil {
		t.Fatal(err)
	}
	if err := w.RemoveEmail(ctx, bo, "bo"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.RemovePassword(ctx, bo, "bo"), community.Refused)
	if p, err := w.Proofs(ctx, bo, "bo"); err != nil || p.Password == nil {
		t.Fatal("what was refused happened", p, err)
	}
	if _, err := w.Proofs(ctx, eve, "bo"); community.CodeOf(err) != community.Forbidden {
		t.Error("others see how one signs in", err)
	}
}

func TestPasskeys(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	bo, eve := w.account(t, "bo", ""), w.account(t, "eve", "eve@x.example")
	wantCode(t, func() error {
		_, err := w.AddPasskey(ctx, bo, "bo", community.Passkey{Credential: []byte{1}, Name: " \n "})
		return err
	}(), community.Invalid)
	p, err := w.AddPasskey(ctx, bo, "bo", community.Passkey{Credential: []byte{1}, Name: " My\nphone ", Data: "{}"})
	if err != nil || p.Name != "My phone" {
		t.Fatal(p, err)
	}
	_, err = w.AddPasskey(ctx, eve, "eve", community.Passkey{Credential: []byte{1}, Name: "x", Data: "{}"})
	wantCode(t, err, community.Conflict)
	_, err = w.AddPasskey(ctx, eve, "bo", community.Passkey{Credential: []byte{2}, Name: "x", Data: "{}"})
	wantCode(t, err, community.Forbidden)
	if got, m, err := w.PasskeyOf(ctx, []byte{1}); err != nil || m.Handle != "bo" || got.ID != p.ID {
		t.Fatal(got, m, err)
	}
	w.pass(time.Hour)
	secret, m, err := w.SignInByPasskey(ctx, []byte{1}, `{"n":2}`, "x")
	if err != nil || m.Handle != "bo" {
		t.Fatal(m, err)
	}
	if by, s, err := w.Session(ctx, secret); err != nil || by.Member.Handle != "bo" || !s.Proven.Equal(w.Now()) {
		t.Fatal(by, s, err)
	}
	if got, _, _ := w.PasskeyOf(ctx, []byte{1}); got.Data != `{"n":2}` || !got.LastUsed.Equal(w.Now()) {
		t.Fatal(got)
	}
	_, _, err = w.SignInByPasskey(ctx, []byte{9}, "{}", "x")
	wantCode(t, err, community.NotFound)
	if err := w.RenamePasskey(ctx, bo, "bo", p.ID, "Phone"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.RenamePasskey(ctx, eve, "eve", p.ID, "Mine"), community.NotFound)
	wantCode(t, w.RemovePasskey(ctx, eve, "eve", p.ID), community.NotFound)
	wantCode(t, w.RemovePasskey(ctx, bo, "bo", p.ID), community.Refused) // the only way in
	for i := range community.MaxPasskeys {
		_, err := w.AddPasskey(ctx, bo, "bo", community.Passkey{Credential: []byte{2, byte(i)}, Name: "x", Data: "{}"})
		if i == community.MaxPasskeys-1 {
			wantCode(t, err, community.Refused)
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.RemovePasskey(ctx, bo, "bo", p.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.SuspendMember(ctx, console, "bo", true); err != nil {
		t.Fatal(err)
	}
	_, _, err = w.PasskeyOf(ctx, []byte{2, 1})
	wantCode(t, err, community.NotFound)
	_, _, err = w.SignInByPasskey(ctx, []byte{2, 1}, "{}", "x")
	wantCode(t, err, community.Forbidden)
}

func TestIdentities(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	bo, eve := w.account(t, "bo", ""), w.account(t, "eve", "eve@x.example")
	id := community.Identity{Issuer: "https://id.example", Subject: "7", Name: "bo@id.example"}
	_, _, err := w.SignInByIdentity(ctx, id.Issuer, id.Subject, "bo", "x")
	wantCode(t, err, community.NotFound)
	wantCode(t, w.LinkIdentity(ctx, eve, "bo", id), community.Forbidden)
	if err := w.LinkIdentity(ctx, bo, "bo", id); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.LinkIdentity(ctx, eve, "eve", id), community.Conflict)
	if secret, m, err := w.SignInByIdentity(ctx, id.Issuer, id.Subject, strings.Repeat("б", 300), "x"); err != nil || m.Handle != "bo" || secret == "" {
		t.Fatal(m, err)
	}
	_, _, err = w.SignInByIdentity(ctx, "https://other.example", id.Subject, "bo", "x")
	wantCode(t, err, community.NotFound)
	p, err := w.Proofs(ctx, bo, "bo")
	if err != nil || len(p.Identities) != 1 || p.Identities[0].LastUsed.IsZero() || len([]rune(p.Identities[0].Name)) != community.MaxName {
		t.Fatal(p, err)
	}
	wantCode(t, w.UnlinkIdentity(ctx, bo, "bo", p.Identities[0].ID), community.Refused)
	if err := w.SetPassword(ctx, bo, "bo", longPassword, 0); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.UnlinkIdentity(ctx, eve, "eve", p.Identities[0].ID), community.NotFound)
	if err := w.UnlinkIdentity(ctx, bo, "bo", p.Identities[0].ID); err != nil {
		t.Fatal(err)
	}
}

// linkOf is the secret in the last letter of a kind to an address.
func (w *world) linkOf(t *testing.T, kind community.LetterKind, to string) string {
	t.Helper()
	letters, err := w.store.Letters(t.Context(), storage.LetterQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range letters {
		if l.Kind == kind && l.To == to {
			link, _, _ := strings.Cut(l.Args["Link"], "?")
			return link[strings.LastIndex(link, "/")+1:]
		}
	}
	t.Fatalf("there is no letter %s to %s", kind, to)
	return ""
}

func TestChangeEmail(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	bo := w.account(t, "bo", "old@x.example")
	for _, bad := range []string{"", "x", "@", "a@", "@b", "a b@x.example", "a@b@c", "a@x.example\r\nBcc: b@x.example", strings.Repeat("a", 300) + "@x.example"} {
		wantCode(t, w.ChangeEmail(ctx, bo, "bo", bad, "en"), community.Invalid)
	}
	for _, address := range []string{"first@x.example", " new@x.example "} {
		if err := w.ChangeEmail(ctx, bo, "bo", address, "ru"); err != nil {
			t.Fatal(err)
		}
	}
	first, secret := w.linkOf(t, community.LetterAddress, "first@x.example"), w.linkOf(t, community.LetterAddress, "new@x.example")
	_, _, err := w.PromiseOf(ctx, first)
	wantCode(t, err, community.NotFound) // another one was asked for since
	if p, m, err := w.PromiseOf(ctx, secret); err != nil || p.Email != "new@x.example" || m.Handle != "bo" || m.Email != "old@x.example" {
		t.Fatal(p, m, err)
	}
	if m, err := w.ConfirmEmail(ctx, secret); err != nil || m.Email != "new@x.example" {
		t.Fatal(m, err)
	}
	_, err = w.ConfirmEmail(ctx, secret)
	wantCode(t, err, community.NotFound)
	if m, err := w.store.Member(ctx, "bo"); err != nil || m.Email != "new@x.example" {
		t.Fatal(m, err)
	}
	letters, err := w.store.Letters(ctx, storage.LetterQuery{})
	if err != nil || letters[0].Kind != community.LetterMoved || letters[0].To != "old@x.example" || len(letters) != 3 {
		t.Fatal(letters, err)
	}
	// Too late; taken back.
	if err := w.ChangeEmail(ctx, bo, "bo", "late@x.example", "ru"); err != nil {
		t.Fatal(err)
	}
	w.pass(community.KeepPromise)
	_, err = w.ConfirmEmail(ctx, w.linkOf(t, community.LetterAddress, "late@x.example"))
	wantCode(t, err, community.NotFound)
	if err := w.ChangeEmail(ctx, bo, "bo", "back@x.example", "ru"); err != nil {
		t.Fatal(err)
	}
	if err := w.ForgetPromises(ctx, bo, "bo"); err != nil {
		t.Fatal(err)
	}
	_, err = w.ConfirmEmail(ctx, w.linkOf(t, community.LetterAddress, "back@x.example"))
	wantCode(t, err, community.NotFound)
	wantCode(t, w.RemoveEmail(ctx, bo, "bo"), community.Refused)
}

func TestProfile(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	bo := w.account(t, "bo", "bo@x.example")
	w.forget(t)
	err := w.UpdateProfile(ctx, bo, "bo", func(m *community.Member) error {
		m.Name, m.About, m.Languages, m.Lang = "Бо", "*hi*", []string{"ru"}, "ru"
		m.Role, m.Email, m.Handle, m.Conduct = community.Steward, "evil@x.example", "anna", 9
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := w.store.Member(ctx, "bo")
	if err != nil || m.Name != "Бо" || m.About != "*hi*" || m.Lang != "ru" || m.Role != community.Regular || m.Email != "bo@x.example" || m.Conduct != 0 {
		t.Fatal(m, err)
	}
	if got := w.queued(t); len(got) != 1 || got[0] != "people/bo Update" {
		t.Errorf("sent %q", got)
	}
	wantCode(t, w.UpdateProfile(ctx, bo, "bo", func(m *community.Member) error {
		m.About, m.Lang = strings.Repeat("x", community.MaxAbout+1), "not a language"
		return nil
	}), community.Invalid)
	wantCode(t, w.UpdateProfile(ctx, bo, "anna", func(*community.Member) error { return nil }), community.Forbidden)
}

// Everything that is kept about a member is theirs to have, and goes when they do.
func TestMyDataAndItsEnd(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	bo := w.account(t, "bo", "bo@x.example")
	c := w.conf(t, nil)
	if _, err := w.Answer(ctx, c.Slug, storage.GuestKey{MemberID: bo.Member.ID}, community.Want{State: community.Going}, "hi"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.AddPost(ctx, bo, &community.Post{Author: "people/bo", Text: community.Plain("en", "Hello")}, Publish{}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.AddPasskey(ctx, bo, "bo", community.Passkey{Credential: []byte{1}, Name: "x", Data: "{}"}); err != nil {
		t.Fatal(err)
	}
	if err := w.LinkIdentity(ctx, bo, "bo", community.Identity{Issuer: "https://id.example", Subject: "7"}); err != nil {
		t.Fatal(err)
	}
	if err := w.ChangeEmail(ctx, bo, "bo", "new@x.example", "en"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.AddLink(ctx, bo, "bo", "phone", false); err != nil {
		t.Fatal(err)
	}
	invite, _, err := w.AddInvite(ctx, bo, community.Invite{Role: community.Newcomer, Uses: 1, Expires: w.now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.SetPassword(ctx, bo, "bo", longPassword, 0); err != nil {
		t.Fatal(err)
	}
	session, _, err := w.SignInByPassword(ctx, "bo", longPassword, "x")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.SetRole(ctx, console, "bo", community.Steward); err != nil {
		t.Fatal(err)
	}
	d, err := w.MyData(ctx, bo, "bo")
	if err != nil || d.Member.Handle != "bo" || d.Proofs.Password == nil || len(d.Proofs.Passkeys) != 1 || len(d.Proofs.Identities) != 1 || len(d.Proofs.Promises) != 1 || len(d.Sessions) != 1 ||
		len(d.Conferences) != 1 || d.Conferences[0].Guest.Comment != "hi" || len(d.Posts) != 1 || len(d.Links) != 1 || len(d.Invites) != 1 || len(d.Letters) != 2 || len(d.Audits) != 2 {
		t.Fatalf("%+v %v", d, err)
	}
	if _, err := w.MyData(ctx, bo, "anna"); community.CodeOf(err) != community.Forbidden {
		t.Error("others get one's data", err)
	}
	if err := w.DeleteMember(ctx, bo, "bo"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Session(ctx, session); community.CodeOf(err) != community.Forbidden {
		t.Error("a session goes on", err)
	}
	if _, _, err := w.SignInByPassword(ctx, "bo", longPassword, "x"); community.CodeOf(err) != community.Forbidden {
		t.Error("a password signs in", err)
	}
	if _, _, err := w.InviteOf(ctx, invite); community.CodeOf(err) != community.NotFound {
		t.Error("an invitation is open", err)
	}
	if d, err = w.MyData(ctx, console, "bo"); err != nil {
		t.Fatal(err)
	}
	m := d.Member
	if d.Proofs.ways(m)+len(d.Proofs.Promises)+len(d.Sessions)+len(d.Posts)+len(d.Links)+len(d.Letters)+len(d.Notices) != 0 || m.Name+m.About+m.Email+m.Lang != "" || m.Languages != nil || m.Conduct != 0 {
		t.Errorf("something of a deleted member is left: %+v %+v", d, m)
	}
}
