package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

// mailed makes a guest by e-mail who holds a seat at a conference tomorrow, and
// has the reminder written, which it returns.
func (w *town) mailed(t *testing.T) (*community.Conference, *community.Letter) {
	t.Helper()
	start := w.node.Now().Add(20 * time.Hour)
	c := w.add(community.Conference{Title: community.Plain("en", "Tea & <b>cake</b>"), Start: start, End: start.Add(2 * time.Hour), RSVP: community.RSVPWords})
	g := &community.Guest{ConferenceID: c.ID, Email: "eva@x.example", Name: "Eva", State: community.Going, Created: w.node.Now().Add(-24 * time.Hour)}
	if err := w.node.Store().Write(t.Context(), func(tx *storage.Tx) error { return tx.SaveGuest(t.Context(), g) }); err != nil {
		t.Fatal(err)
	}
	if n, err := w.node.WriteRounds(t.Context()); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	list, err := w.node.Store().Letters(t.Context(), storage.LetterQuery{Kind: community.LetterReminder})
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	return c, &list[0]
}

func TestTurningMailOff(t *testing.T) {
	w := newTown(t)
	_, l := w.mailed(t)
	path := strings.TrimPrefix(l.Args["Stop"], "https://belgrade.example")
	off := func() int {
		t.Helper()
		c, err := w.node.MailChoice(t.Context(), strings.TrimPrefix(path, "/mail/"))
		if err != nil {
			t.Fatal(err)
		}
		return len(c.Off)
	}
	body := w.get(path)
	if !strings.Contains(body, "eva@x.example") || strings.Count(body, " checked") != len(community.OptionalLetters) {
		t.Error("the page does not show what is wanted")
	}
	if off() != 0 {
		t.Error("looking turns mail off")
	}
	if res := w.send(path, url.Values{"want": {"reminder"}}); res.StatusCode != http.StatusSeeOther || off() != len(community.OptionalLetters)-1 {
		t.Errorf("saving: %s, %d off", res.Status, off())
	}
	if body := w.get(path + "?saved=1"); strings.Count(body, " checked") != 1 || !strings.Contains(body, `role="status"`) {
		t.Error("what was saved is not shown")
	}
	// A program for mail comes without a browser (RFC 8058 §3.2), in either encoding.
	if res := w.do(http.MethodPost, path, "List-Unsubscribe=One-Click", "Content-Type: application/x-www-form-urlencoded"); res.StatusCode != http.StatusNoContent || off() != len(community.OptionalLetters) {
		t.Errorf("one click: %s, %d off", res.Status, off())
	}
	w.send(path, url.Values{"want": {"reminder", "reconfirm", "message", "thanks"}})
	multi := "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n"
	if res := w.do(http.MethodPost, path, multi, "Content-Type: multipart/form-data; boundary=x"); res.StatusCode != http.StatusNoContent || off() != len(community.OptionalLetters) {
		t.Errorf("one click in parts: %s, %d off", res.Status, off())
	}
	if res := w.do(http.MethodPost, path, "all=1", "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: cross-site"); res.StatusCode != http.StatusForbidden {
		t.Errorf("a form of another site: %s", res.Status)
	}
	for _, bad := range []string{"/mail/x", "/mail/" + strings.Repeat("A", 40), path + "A"} {
		if res := w.do(http.MethodGet, bad, ""); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", bad, res.Status)
		}
	}
}

func TestStill(t *testing.T) {
	w := newTown(t)
	_, l := w.mailed(t)
	path := strings.TrimPrefix(l.Args["Link"], "https://belgrade.example")
	guest := func() *community.Guest {
		t.Helper()
		g, err := w.node.Store().GuestByID(t.Context(), l.GuestID)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	if body := w.get(path + "/still"); !strings.Contains(body, `value="going"`) || !strings.Contains(body, `value="no"`) || !guest().Reconfirmed.IsZero() {
		t.Error("the page does not ask")
	}
	if res := w.send(path+"/still", url.Values{"answer": {"perhaps"}}); res.StatusCode != http.StatusUnprocessableEntity && res.StatusCode != http.StatusBadRequest {
		t.Errorf("nonsense: %s", res.Status)
	}
	if res := w.send(path+"/still", url.Values{"answer": {"going"}}); res.StatusCode != http.StatusSeeOther || guest().Reconfirmed.IsZero() {
		t.Errorf("yes: %s", res.Status)
	}
	if body := w.get(path + "/still"); !strings.Contains(body, "See you there!") {
		t.Error("yes is not thanked for")
	}
	if body := w.get(path + "/still?no=1"); strings.Index(body, `value="no"`) > strings.Index(body, `value="going"`) {
		t.Error("who clicked no is asked for a yes first")
	}
	if res := w.send(path+"/still", url.Values{"answer": {"no"}}); res.StatusCode != http.StatusSeeOther || guest().State != community.NotGoing {
		t.Errorf("no: %s", res.Status)
	}
	if res := w.do(http.MethodGet, path+"/still", ""); res.StatusCode != http.StatusSeeOther {
		t.Errorf("without a seat: %s", res.Status)
	}
}

func TestDeskMail(t *testing.T) {
	w := newTown(t)
	c, l := w.mailed(t)
	ana := w.session("ana")
	if res := w.do(http.MethodGet, "/desk/mail", ""); res.StatusCode != http.StatusSeeOther {
		t.Errorf("for a stranger: %s", res.Status)
	}
	body := w.get("/desk/mail", ana)
	for _, want := range []string{"No mail goes out", "eva@x.example", "Tea &amp; &lt;b&gt;cake&lt;/b&gt;", `href="/desk/mail/`, "Reminder"} {
		if !strings.Contains(body, want) {
			t.Errorf("the list lacks %q", want)
		}
	}
	if body := w.get("/desk/mail?state=sent", ana); strings.Contains(body, "eva@") {
		t.Error("what waits was sent")
	}
	if body := w.get("/desk/mail?state=waiting&conf="+c.Slug, ana); !strings.Contains(body, "eva@") {
		t.Error("the filter hides what it should show")
	}
	if res := w.do(http.MethodGet, "/desk/mail?conf=nothing", "", ana); res.StatusCode != http.StatusNotFound {
		t.Error(res.Status)
	}
	id := "/desk/mail/" + itoa(int(l.ID))
	res := w.do(http.MethodGet, id, "", ana)
	if body := bodyOf(t, res); res.StatusCode != http.StatusOK || !strings.Contains(body, "<pre") || !strings.Contains(body, `sandbox="allow-popups`) || !strings.Contains(res.Header.Get("Content-Security-Policy"), "frame-src 'self'") {
		t.Errorf("%s: %v", res.Status, res.Header)
	}
	res = w.do(http.MethodGet, id+"/html", "", ana)
	if body := bodyOf(t, res); !strings.Contains(res.Header.Get("Content-Security-Policy"), "sandbox") || strings.Contains(res.Header.Get("Content-Security-Policy"), "script-src") || strings.Contains(body, "<b>cake") || !strings.Contains(body, `<base target="_blank">`) {
		t.Errorf("%v", res.Header)
	}
	for _, bad := range []string{"/desk/mail/x", "/desk/mail/999", "/desk/mail/999/html"} {
		if res := w.do(http.MethodGet, bad, "", ana); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", bad, res.Status)
		}
	}
	// A link that lets its reader in is not shown to stewards.
	if err := w.node.MailSignIn(t.Context(), "ana@secret.example", "en", ""); err != nil {
		t.Fatal(err)
	}
	list, err := w.node.Store().Letters(t.Context(), storage.LetterQuery{Kind: community.LetterSignIn})
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	for _, path := range []string{"/desk/mail/" + itoa(int(list[0].ID)), "/desk/mail/" + itoa(int(list[0].ID)) + "/html"} {
		if body := w.get(path, ana); strings.Contains(body, list[0].Args["Link"]) || strings.Contains(body, "/login/") && strings.Contains(body, list[0].Args["Link"][30:]) {
			t.Errorf("%s shows the link", path)
		}
	}
	if res := w.send("/desk/mail", url.Values{"act": {"test"}, "address": {"eva@x.example"}}, ana); res.Header.Get("Location") != "/desk/mail?done=test" {
		t.Errorf("%s", res.Status)
	}
	for _, bad := range []string{"", "eva", "a@b\r\nBcc: c@d.example", strings.Repeat("x", 400) + "@x.example"} {
		res := w.send("/desk/mail", url.Values{"act": {"test"}, "address": {bad}}, ana)
		if body := bodyOf(t, res); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, `id="address-wrong"`) {
			t.Errorf("%q: %s", bad, res.Status)
		}
	}
	if res := w.send("/desk/mail", url.Values{"act": {"reply"}, "reply_to": {"hosts@x.example"}}, ana); res.StatusCode != http.StatusSeeOther {
		t.Error(res.Status)
	}
	if body := w.get(id, ana); !strings.Contains(body, "hosts@x.example") {
		t.Error("answers do not go where they should")
	}
	if res := w.send("/desk/mail", url.Values{"act": {"send_kept"}}, ana); res.StatusCode != http.StatusSeeOther {
		t.Error(res.Status)
	}
	if res := w.send("/desk/mail", url.Values{"act": {"burn"}}, ana); res.StatusCode < 400 {
		t.Error(res.Status)
	}
}

func TestMailOfAMember(t *testing.T) {
	w := newTown(t)
	ana := w.session("ana")
	if !strings.Contains(w.get("/me", ana), `href="/me/mail"`) {
		t.Error("nothing leads to it")
	}
	off := func() []community.LetterKind {
		t.Helper()
		kinds, err := w.node.MemberMail(t.Context(), node.By{Console: true}, "ana")
		if err != nil {
			t.Fatal(err)
		}
		return kinds
	}
	if n := strings.Count(w.get("/me/mail", ana), " checked"); n != len(community.OptionalLetters) {
		t.Errorf("%d kinds are wanted before anything was said", n)
	}
	if res := w.send("/me/mail", url.Values{"want": {"reminder", "thanks", "going"}}, ana); res.StatusCode != http.StatusSeeOther || len(off()) != len(community.OptionalLetters)-2 {
		t.Errorf("saving: %s, off: %v", res.Status, off())
	}
	if body := w.get("/me/mail?saved=1", ana); strings.Count(body, " checked") != 2 || !strings.Contains(body, `role="status"`) {
		t.Error("what was saved is not shown")
	}
	if w.send("/me/mail", url.Values{"want": {"reminder"}, "all": {"1"}}, ana); len(off()) != len(community.OptionalLetters) {
		t.Errorf("none of it: off: %v", off())
	}
	if res := w.do(http.MethodGet, "/me/mail", ""); res.StatusCode != http.StatusSeeOther {
		t.Errorf("a stranger: %s", res.Status)
	}
}
