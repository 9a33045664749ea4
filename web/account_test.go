package web

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

const goodPassword = "mossy harbour kettle"

// person adds a member with a password.
func (w *town) person(handle, email string, role community.Role) {
	w.Helper()
	if err := w.node.AddMember(w.Context(), console, &community.Member{Handle: handle, Name: strings.ToUpper(handle), Email: email, Role: role}); err != nil {
		w.Fatal(err)
	}
	if err := w.node.SetPassword(w.Context(), console, handle, goodPassword, 0); err != nil {
		w.Fatal(err)
	}
}

// letter is the path of the link in the last letter of a kind.
func (w *town) letter(kind community.LetterKind) string {
	w.Helper()
	letters, err := w.node.Store().Letters(w.Context(), storage.LetterQuery{})
	if err != nil {
		w.Fatal(err)
	}
	for _, l := range letters {
		if l.Kind == kind {
			return strings.TrimPrefix(l.Args["Link"], "https://belgrade.example")
		}
	}
	w.Fatalf("there is no letter %s", kind)
	return ""
}

// leads sends a form and wants to be led on.
func (w *town) leads(target string, values url.Values, want string, headers ...string) *http.Response {
	w.Helper()
	res := w.send(target, values, headers...)
	if got := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || got != want {
		w.Errorf("POST %s %v: %s to %q, want %q\n%s", target, values, res.Status, got, want, bodyOf(w.T, res))
	}
	return res
}

// comesBack sends a form and wants it back with a field named and what was typed.
func (w *town) comesBack(target string, values url.Values, field string, headers ...string) string {
	w.Helper()
	res := w.send(target, values, headers...)
	body := bodyOf(w.T, res)
	if res.StatusCode < 400 || res.StatusCode >= 500 || !strings.Contains(body, "<form") || field != "" && !strings.Contains(body, `id="`+field+`-wrong"`) && !strings.Contains(body, `field-wrong`) {
		w.Errorf("POST %s %v: %s\n%s", target, values, res.Status, body)
	}
	return body
}

func TestPasswordLogin(t *testing.T) {
	w := newTown(t)
	w.person("bo", "bo@x.example", community.Regular)
	// The session that a browser comes with is never the one it goes on with.
	planted := "Cookie: __Host-session=planted-by-someone-else"
	res := w.leads("/login", url.Values{"email": {"bo"}, "password": {goodPassword}, "way": {"password"}, "to": {"/conf"}}, "/conf", planted)
	c := res.Cookies()[0]
	if c.Name != "__Host-session" || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || len(c.Value) < 40 {
		t.Errorf("the cookie is %+v", c)
	}
	first := "Cookie: " + c.Name + "=" + c.Value
	res = w.leads("/login", url.Values{"email": {"BO@x.example"}, "password": {goodPassword}, "way": {"password"}}, "/", first)
	if res.Cookies()[0].Value == c.Value {
		t.Error("signing in anew goes on with the same secret")
	}
	if res := w.do(http.MethodGet, "/me", "", first); res.StatusCode != http.StatusSeeOther {
		t.Errorf("the session before goes on: %s", res.Status)
	}
	if res := w.do(http.MethodPost, "/login", url.Values{"email": {"bo"}, "password": {goodPassword}, "way": {"password"}}.Encode(), "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: cross-site"); res.StatusCode != http.StatusForbidden || len(res.Cookies()) > 0 {
		t.Errorf("another site signs someone in: %s", res.Status)
	}
	// Nobody learns who is here, and no password comes back.
	w.person("zq_known", "zq_known@x.example", community.Regular)
	if err := w.node.AddMember(t.Context(), console, &community.Member{Handle: "zq_bare"}); err != nil {
		t.Fatal(err)
	}
	answer := func(who, password string) string {
		res := w.send("/login", url.Values{"email": {who}, "password": {password}, "way": {"password"}})
		body := bodyOf(t, res)
		if res.StatusCode != http.StatusForbidden || strings.Contains(body, password) || len(res.Cookies()) > 0 {
			t.Errorf("%s: %s", who, res.Status)
		}
		return strings.ReplaceAll(body, who, "X")
	}
	if known, unknown, bare := answer("zq_known", "not the password"), answer("zq_other", "not the password"), answer("zq_bare", "not the password"); known != unknown || bare != unknown {
		t.Error("the page tells whether there is such an account")
	}
	mailed := func(who string) string {
		w.server.sending = newLimits(1, 1)
		res := w.send("/login", url.Values{"email": {who}})
		return strings.ReplaceAll(bodyOf(t, res), who, "X")
	}
	if mailed("zq_known") != mailed("zq_other") || mailed("zq_known@x.example") != mailed("zq_other@x.example") {
		t.Error("asking for a letter tells whether there is such an account")
	}
	if !strings.Contains(w.comesBack("/login", url.Values{"email": {"bo"}, "way": {"password"}}, "password"), `value="bo"`) {
		t.Error("the name is lost")
	}
}

// Guessing is slow, for an address and for an account, also one that is not there.
func TestGuessing(t *testing.T) {
	w := newTown(t)
	w.person("bo", "", community.Regular)
	try := func(who string) int {
		return w.send("/login", url.Values{"email": {who}, "password": {"wrong password"}, "way": {"password"}}).StatusCode
	}
	for _, who := range []string{"bo", "nobody"} {
		w.server.guessing = newLimits(0, 1000)
		for i := range 10 {
			if got := try(who); got != http.StatusForbidden {
				t.Fatalf("%s, try %d: %d", who, i, got)
			}
		}
		if got := try(strings.ToUpper(who)); got != http.StatusTooManyRequests {
			t.Errorf("%s is guessed on: %d", who, got)
		}
	}
	w.server.guessing, w.server.guessed = newLimits(0, 2), newNameLimits(0, 1000)
	for i, want := range []int{http.StatusForbidden, http.StatusForbidden, http.StatusTooManyRequests} {
		if got := try("someone" + itoa(i)); got != want {
			t.Errorf("try %d from one address: %d", i, got)
		}
	}
}

// Every page that changes something refuses a form of another site, and strangers.
func TestAccountForms(t *testing.T) {
	w := newTown(t)
	ana := w.session("ana")
	for _, path := range []string{"/me", "/me/conferences/answer", "/me/security", "/me/passkeys", "/me/passkeys/begin", "/me/password", "/me/email", "/me/links", "/me/invites", "/me/data", "/me/delete",
		"/conduct/agree", "/desk/members", "/desk/members/applications", "/desk/members/invites", "/desk/members/ana", "/desk/conduct"} {
		if res := w.do(http.MethodPost, path, "", ana, "Sec-Fetch-Site: cross-site", "Content-Type: application/x-www-form-urlencoded"); res.StatusCode != http.StatusForbidden {
			t.Errorf("POST %s from another site: %s", path, res.Status)
		}
		if res := w.send(path, nil); res.StatusCode != http.StatusForbidden {
			t.Errorf("POST %s by a stranger: %s", path, res.Status)
		}
	}
	w.person("bo", "", community.Regular)
	bo := w.session("bo")
	for _, path := range []string{"/me", "/me/conferences", "/me/security", "/me/password", "/me/email", "/me/links", "/me/invites", "/me/data", "/me/delete", "/me/export.zip", "/conduct/agree", "/login/again",
		"/desk/members", "/desk/members/applications", "/desk/members/invites", "/desk/members/ana", "/desk/conduct"} {
		if res := w.do(http.MethodGet, path, ""); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/login?to="+url.QueryEscape(path) {
			t.Errorf("GET %s by a stranger: %s to %s", path, res.Status, res.Header.Get("Location"))
		}
		want := http.StatusOK
		if strings.HasPrefix(path, "/desk") {
			want = http.StatusForbidden
		}
		res := w.do(http.MethodGet, path, "", bo)
		if res.StatusCode != want || want == http.StatusOK && !strings.Contains(res.Header.Get("Cache-Control"), "no-store") {
			t.Errorf("GET %s by a member: %s %s", path, res.Status, res.Header.Get("Cache-Control"))
		}
	}
	for _, lang := range []string{"en", "ru", "sr"} {
		for _, path := range []string{"/me", "/me/conferences", "/me/security", "/me/password", "/me/email", "/me/links", "/me/invites", "/me/data", "/me/delete", "/conduct/agree", "/login/again", "/conduct", "/desk/members", "/desk/members/applications", "/desk/members/invites", "/desk/members/ana", "/desk/conduct"} {
			body := w.get(path+"?lang="+lang, ana)
			if m := regexp.MustCompile(`<no value>|ZgotmplZ|%!|>(me|invite|join|conduct|desk_members|login)\.[a-z_.]+<`).FindString(body); m != "" {
				t.Errorf("%s in %s: %q", path, lang, m)
			}
			if strings.Count(body, "<h1") != 1 || strings.Contains(body, " style=") {
				t.Errorf("%s in %s is not whole", path, lang)
			}
		}
	}
}

// What matters most asks for a proof, and comes back.
func TestProveAgain(t *testing.T) {
	w := newTown(t)
	w.person("bo", "bo@x.example", community.Regular)
	bo := w.session("bo")
	w.pass(community.KeepProven + time.Minute)
	for _, path := range []string{"/me/password", "/me/email", "/me/delete"} {
		if res := w.do(http.MethodGet, path, "", bo); res.Header.Get("Location") != "/login/again?to="+url.QueryEscape(path) {
			t.Errorf("%s asks for no proof: %s", path, res.Status)
		}
		w.leads(path, url.Values{"password": {"some other long words"}, "email": {"new@x.example"}, "handle": {"bo"}}, "/login/again?to="+url.QueryEscape(path), bo)
	}
	for _, do := range []string{"passkey", "rename", "identity", "password", "email"} {
		w.leads("/me/security", url.Values{"do": {do}, "id": {"1"}}, "/login/again?to=%2Fme%2Fsecurity", bo)
	}
	w.leads("/me/data", url.Values{"do": {"move"}, "target": {"@x@y.example"}}, "/login/again?to=%2Fme%2Fdata", bo)
	page := w.get("/login/again?to=/me/password", bo)
	if !strings.Contains(page, `name="password"`) || !strings.Contains(page, `value="/me/password"`) || strings.Contains(page, "data-passkey-login") {
		t.Error("the page does not ask for what bo has")
	}
	if body := w.comesBack("/login", url.Values{"email": {"bo"}, "password": {"wrong password"}, "way": {"password"}, "to": {"/me/password"}}, "", bo); !strings.Contains(body, `value="/me/password"`) {
		t.Error("where one came from is lost")
	}
	res := w.leads("/login", url.Values{"email": {"bo"}, "password": {goodPassword}, "way": {"password"}, "to": {"/me/password"}}, "/me/password", bo)
	fresh := "Cookie: __Host-session=" + res.Cookies()[0].Value
	w.get("/me/password", fresh)
	// A mailed link is a proof as well, and comes back too.
	w.pass(community.KeepProven + time.Minute)
	if res := w.send("/login", url.Values{"email": {"bo"}, "way": {"mail"}, "to": {"/me/email"}}, fresh); res.StatusCode != http.StatusOK {
		t.Fatal(res.Status)
	}
	link, to, _ := strings.Cut(w.letter(community.LetterSignIn), "?to=")
	if to != "%2Fme%2Femail" || !strings.Contains(w.get(link+"?to="+to), `value="/me/email"`) {
		t.Errorf("the letter leads to %q", to)
	}
	w.leads(link, url.Values{"to": {"/me/email"}}, "/me/email", fresh)
	if res := w.send(link, nil); res.StatusCode != http.StatusNotFound {
		t.Errorf("a link is good twice: %s", res.Status)
	}
}

func TestSecurityPage(t *testing.T) {
	w := newTown(t)
	w.person("bo", "bo@x.example", community.Regular)
	bo := w.session("bo")
	// Password.
	for _, bad := range []string{"", "short", "password2026", "belgrade-belgrade"} {
		if body := w.comesBack("/me/password", url.Values{"password": {bad}}, "password", bo); bad != "" && strings.Contains(body, bad+`"`) {
			t.Errorf("the password %q comes back", bad)
		}
	}
	other := w.session("bo")
	w.leads("/me/password", url.Values{"password": {"a whole other harbour"}}, "/me/security?saved=set_password", bo)
	if res := w.do(http.MethodGet, "/me", "", other); res.StatusCode != http.StatusSeeOther {
		t.Error("a new password leaves the other browser signed in")
	}
	w.get("/me/security?saved=set_password", bo)
	// Address: nothing changes before the link is used, once.
	w.comesBack("/me/email", url.Values{"email": {"nonsense"}}, "email", bo)
	w.leads("/me/email", url.Values{"email": {"new@x.example"}}, "/me/security?saved=asked_email", bo)
	if body := w.get("/me/security", bo); !strings.Contains(body, "bo@x.example") || !strings.Contains(body, "new@x.example") {
		t.Error("the page does not say what is on its way")
	}
	link := w.letter(community.LetterAddress)
	if body := w.get(link); !strings.Contains(body, "new@x.example") {
		t.Error("the page does not say which address")
	}
	if m, _ := w.node.Store().Member(t.Context(), "bo"); m.Email != "bo@x.example" {
		t.Error("looking at the link confirms it")
	}
	if res := w.do(http.MethodPost, link, "", "Sec-Fetch-Site: cross-site"); res.StatusCode != http.StatusForbidden {
		t.Errorf("another site confirms: %s", res.Status)
	}
	w.leads(link, nil, "/me/security?saved=email_confirmed", bo)
	if res := w.send(link, nil); res.StatusCode != http.StatusNotFound {
		t.Errorf("a link is good twice: %s", res.Status)
	}
	if m, _ := w.node.Store().Member(t.Context(), "bo"); m.Email != "new@x.example" {
		t.Error("the address did not change")
	}
	w.leads("/me/security", url.Values{"do": {"password"}}, "/me/security?saved=password", bo)
	w.comesBack("/me/security", url.Values{"do": {"email"}}, "", bo) // the only way left
	w.comesBack("/me/security", url.Values{"do": {"nonsense"}}, "", bo)
	// Sessions.
	other = w.session("bo")
	body := w.get("/me/security", bo)
	id := regexp.MustCompile(`name="id" value="(\d+)"><button class="quiet" name="do" value="end">End<`).FindStringSubmatch(body)
	if id == nil {
		t.Fatal("the other session cannot be ended")
	}
	ana := w.session("ana")
	w.comesBack("/me/security", url.Values{"do": {"end"}, "id": {id[1]}}, "", ana)
	w.leads("/me/security", url.Values{"do": {"end"}, "id": {id[1]}}, "/me/security?saved=end", bo)
	if res := w.do(http.MethodGet, "/me", "", other); res.StatusCode != http.StatusSeeOther {
		t.Error("an ended session goes on")
	}
	other = w.session("bo")
	w.leads("/me/security", url.Values{"do": {"end_others"}}, "/me/security?saved=end_others", bo)
	if res := w.do(http.MethodGet, "/me", "", other); res.StatusCode != http.StatusSeeOther {
		t.Error("an ended session goes on")
	}
}

func TestBrowserNames(t *testing.T) {
	ts, err := loadTongues()
	if err != nil {
		t.Fatal(err)
	}
	en, _ := ts.byCode("en")
	v := &viewer{tongue: en}
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0":                                                                  "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0":           "Edge on Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1": "Safari on iPhone",
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36":                         "Chrome on Android",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36":                   "Chrome on macOS",
		"curl/8.5.0": "curl", "Mozilla/5.0 (X11; Linux)": "Linux", "": "An unknown browser", "<script>": "An unknown browser",
	} {
		if got := v.browser(agent); got != want {
			t.Errorf("%q is %q, want %q", agent, got, want)
		}
	}
}

func TestProfilePage(t *testing.T) {
	w := newTown(t)
	w.person("bo", "", community.Regular)
	bo := w.session("bo")
	res := w.leads("/me", url.Values{"name": {"Борис"}, "about": {"I *draw*."}, "languages": {"ru, EN; sr-latn"}, "lang": {"ru"}}, "/me?saved=1", bo)
	if len(res.Cookies()) != 1 || res.Cookies()[0].Value != "ru" {
		t.Errorf("the language of the pages is not kept: %v", res.Cookies())
	}
	m, err := w.node.Store().Member(t.Context(), "bo")
	if err != nil || m.Name != "Борис" || m.Lang != "ru" || strings.Join(m.Languages, " ") != "ru en sr-latn" {
		t.Fatal(m, err)
	}
	if body := w.get("/people/bo"); !strings.Contains(body, "<em>draw</em>") {
		t.Error("the public page does not say it")
	}
	if body := w.comesBack("/me", url.Values{"name": {"Борис"}, "about": {strings.Repeat("x", community.MaxAbout+1)}, "languages": {"klingonisch?"}, "lang": {"ru"}}, "languages", bo); !strings.Contains(body, "klingonisch?") {
		t.Error("what was typed is lost")
	}
	if body := w.comesBack("/me", url.Values{"about": {strings.Repeat("x", community.MaxAbout+1)}}, "about", bo); !strings.Contains(body, "xxxx") {
		t.Error("what was typed is lost")
	}
}

func TestLinksAndInvites(t *testing.T) {
	w := newTown(t)
	w.person("bo", "", community.Regular)
	bo := w.session("bo")
	res := w.send("/me/links", url.Values{"name": {"Телефон"}, "suggests": {"1"}}, bo)
	body := bodyOf(t, res)
	secret := regexp.MustCompile(`https://belgrade\.example(/my/[A-Za-z0-9_-]{43})"`).FindStringSubmatch(body)
	if res.StatusCode != http.StatusOK || secret == nil {
		t.Fatalf("%s %s", res.Status, body)
	}
	w.get(secret[1])
	if strings.Contains(w.get("/me/links", bo), secret[1]) {
		t.Error("a secret is shown twice")
	}
	w.comesBack("/me/links", url.Values{"name": {strings.Repeat("x", 101)}}, "", bo)
	links, err := w.node.Links(t.Context(), console, "bo")
	if err != nil || len(links) != 1 || !links[0].Suggests {
		t.Fatal(links, err)
	}
	ana := w.session("ana")
	if res := w.send("/me/links", url.Values{"end": {itoa(int(links[0].ID))}}, ana); res.StatusCode != http.StatusNotFound {
		t.Errorf("someone else ends it: %s", res.Status)
	}
	w.leads("/me/links", url.Values{"end": {itoa(int(links[0].ID))}}, "/me/links?saved=1", bo)
	if res := w.do(http.MethodGet, secret[1], ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("an ended link: %s", res.Status)
	}

	for field, values := range map[string]url.Values{"uses": {"uses": {"11"}, "days": {"3"}}, "days": {"uses": {"1"}, "days": {"99999999999999999999"}}, "note": {"uses": {"x"}, "days": {"3"}, "note": {strings.Repeat("x", 101)}}} {
		w.comesBack("/me/invites", values, field, bo)
	}
	res = w.send("/me/invites", url.Values{"uses": {"1"}, "days": {"3"}, "note": {"<b>Vera</b>"}, "role": {"member"}}, bo)
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a member gives a role: %s", res.Status)
	}
	body = bodyOf(t, w.send("/me/invites", url.Values{"uses": {"1"}, "days": {"3"}, "note": {"<b>Vera</b>"}}, bo))
	invite := regexp.MustCompile(`https://belgrade\.example(/join/[A-Za-z0-9_-]{43})"`).FindStringSubmatch(body)
	if invite == nil || strings.Contains(body, "<b>Vera") {
		t.Fatal(body)
	}
	if page := w.get(invite[1]); !strings.Contains(page, "BO") || strings.Contains(page, "Vera") {
		t.Error("the invitation does not say who invites, or says more")
	}
	// Joining by it: everything at once, nothing lost, one session, used up.
	body = w.comesBack(invite[1], url.Values{"name": {"Вера"}, "handle": {"bo"}, "email": {"x"}, "password": {"short"}}, "handle")
	if !strings.Contains(body, "Вера") || strings.Contains(body, "short\"") || !strings.Contains(body, `id="conduct-wrong"`) {
		t.Error("what was typed is lost, or the password is not")
	}
	w.comesBack(invite[1], url.Values{"name": {"Вера"}, "handle": {"bo"}, "password": {"short"}, "conduct": {"1"}}, "handle")
	w.comesBack(invite[1], url.Values{"handle": {"vera"}, "conduct": {"1"}}, "email")
	if res := w.do(http.MethodPost, invite[1], url.Values{"handle": {"vera"}, "password": {goodPassword}, "conduct": {"1"}}.Encode(), "Sec-Fetch-Site: cross-site", "Content-Type: application/x-www-form-urlencoded"); res.StatusCode != http.StatusForbidden {
		t.Errorf("another site joins: %s", res.Status)
	}
	res = w.leads(invite[1], url.Values{"name": {"Вера"}, "handle": {" @Vera "}, "email": {"vera@x.example"}, "password": {goodPassword}, "conduct": {"1"}}, "/me?welcome=1")
	vera := cookies(res)
	w.get("/me?welcome=1", vera)
	w.leads(w.letter(community.LetterAddress), nil, "/me/security?saved=email_confirmed", vera)
	m, err := w.node.Store().Member(t.Context(), "vera")
	if err != nil || m.Name != "Вера" || m.Role != community.Newcomer || m.Email != "vera@x.example" || m.Conduct != 1 {
		t.Fatal(m, err)
	}
	if res := w.do(http.MethodGet, invite[1], ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("a used invitation: %s", res.Status)
	}
	if res := w.send("/me/invites", url.Values{"uses": {"1"}, "days": {"3"}}, vera); res.StatusCode < 400 {
		t.Errorf("a newcomer invites: %s", res.Status)
	}
}

func TestExportAndGoodbye(t *testing.T) {
	w := newTown(t)
	w.person("bo", "bo@x.example", community.Regular)
	c := w.fill()[0]
	m, err := w.node.Store().Member(t.Context(), "bo")
	if err != nil {
		t.Fatal(err)
	}
	w.now = c.Start.Add(-48 * time.Hour)
	if _, err := w.node.Answer(t.Context(), c.Slug, storage.GuestKey{MemberID: m.ID}, community.Want{State: community.Going}, "see you"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.node.AddPost(t.Context(), node.By{Member: m}, &community.Post{Author: "people/bo", Text: community.Plain("en", "Hello")}, node.Publish{}); err != nil {
		t.Fatal(err)
	}
	bo := w.session("bo")
	if err := w.node.MailSignIn(t.Context(), "bo", "en", ""); err != nil {
		t.Fatal(err)
	}
	secret := w.letter(community.LetterSignIn)
	res := w.do(http.MethodGet, "/me/export.zip", "", bo)
	b, err := io.ReadAll(res.Body)
	if err != nil || res.Header.Get("Content-Type") != "application/zip" || !strings.HasPrefix(res.Header.Get("Content-Disposition"), "attachment;") {
		t.Fatal(res.Status, res.Header, err)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(text)
		var any any
		if strings.HasSuffix(f.Name, ".json") && json.Unmarshal(text, &any) != nil {
			t.Errorf("%s is no JSON", f.Name)
		}
		for _, never := range []string{"argon2", strings.TrimPrefix(secret, "/login/"), "@secret.example"} {
			if strings.Contains(string(text), never) {
				t.Errorf("%s has %q", f.Name, never)
			}
		}
	}
	for name, want := range map[string]string{"account.json": `"email": "bo@x.example"`, "conferences.json": `"comment": "see you"`, "posts.json": "Hello", "letters.json": `"kind": "sign_in"`, "audit.json": "member.add", "notices.json": "[", "stays.json": "[", "conferences.ics": "BEGIN:VEVENT"} {
		if !strings.Contains(files[name], want) {
			t.Errorf("%s lacks %q: %s", name, want, files[name])
		}
	}
	for _, typed := range []string{"", "ana", "BO "} {
		w.comesBack("/me/delete", url.Values{"handle": {typed}}, "handle", bo)
	}
	res = w.leads("/me/delete", url.Values{"handle": {" @bo "}}, "/conduct?gone=1", bo)
	if c := res.Cookies(); len(c) != 1 || c[0].MaxAge >= 0 {
		t.Errorf("the browser keeps its session: %v", c)
	}
	if res := w.do(http.MethodGet, "/people/bo", ""); res.StatusCode != http.StatusGone && res.StatusCode != http.StatusNotFound {
		t.Errorf("a deleted account has a page: %s", res.Status)
	}
	if res := w.send(strings.Split(secret, "?")[0], nil); res.StatusCode != http.StatusNotFound {
		t.Errorf("a link signs in to a deleted account: %s", res.Status)
	}
	w.comesBack("/me/delete", url.Values{"handle": {"ana"}}, "", w.session("ana")) // the only steward
}

func TestApplyAndOpen(t *testing.T) {
	w := newTown(t)
	ana := w.session("ana")
	if body := w.get("/join"); strings.Contains(body, `name="handle"`) {
		t.Error("a form where nobody can join by one")
	}
	w.comesBack("/desk/members", url.Values{"joining": {"nonsense"}}, "", ana)
	w.leads("/desk/members", url.Values{"joining": {"apply"}}, "/desk/members?saved=1", ana)
	form := url.Values{"name": {"Vera"}, "handle": {"vera"}, "email": {"vera@x.example"}, "who": {"I <i>teach</i>"}, "why": {"To learn"}, "conduct": {"1"}}
	for _, field := range []string{"handle", "email", "who", "why", "conduct"} {
		values := mapClone(form)
		values.Del(field)
		if body := w.comesBack("/join", values, field); field != "name" && !strings.Contains(body, `value="Vera"`) {
			t.Errorf("without %s the name is lost", field)
		}
	}
	w.server.joining = newLimits(1, 100)
	if res := w.send("/join", form); res.StatusCode != http.StatusOK {
		t.Fatalf("%s %s", res.Status, bodyOf(t, res))
	}
	link := w.letter(community.LetterJoin)
	w.get(link)
	if list, _ := w.node.Applications(t.Context(), console); len(list) != 0 {
		t.Error("looking at the link confirms it")
	}
	if res := w.send(link, nil); res.StatusCode != http.StatusOK || strings.Contains(cookies(res), "session") {
		t.Errorf("%s", res.Status)
	}
	if res := w.send(link, nil); res.StatusCode != http.StatusNotFound {
		t.Errorf("a link is good twice: %s", res.Status)
	}
	page := w.get("/desk/members/applications", ana)
	id := regexp.MustCompile(`name="id" value="(\d+)"`).FindStringSubmatch(page)
	if id == nil || strings.Contains(page, "<i>teach") {
		t.Fatal(page)
	}
	w.comesBack("/desk/members/applications", url.Values{"id": id[1:], "do": {"decline"}, "reason": {" "}}, "reason", ana)
	w.leads("/desk/members/applications", url.Values{"id": id[1:], "do": {"accept"}}, "/desk/members/applications?saved=1", ana)
	w.comesBack("/desk/members/applications", url.Values{"id": id[1:], "do": {"accept"}}, "", ana)
	welcome, _, _ := strings.Cut(w.letter(community.LetterApplication), "?")
	vera := cookies(w.leads(welcome, url.Values{"to": {"/me/security"}}, "/me/security"))
	w.get("/me/security", vera)

	w.leads("/desk/members", url.Values{"joining": {"open"}}, "/desk/members?saved=1", ana)
	if body := w.get("/login"); !strings.Contains(body, `href="/join"`) {
		t.Error("newcomers are not led on")
	}
	form = url.Values{"handle": {"gleb"}, "email": {"gleb@x.example"}, "conduct": {"1"}}
	if res := w.send("/join", form); res.StatusCode != http.StatusOK {
		t.Fatalf("%s %s", res.Status, bodyOf(t, res))
	}
	w.person("gleb", "", community.Regular) // someone is quicker
	link = w.letter(community.LetterJoin)
	if body := w.comesBack(link, nil, "handle"); !strings.Contains(body, `value="gleb"`) {
		t.Error("another handle cannot be chosen")
	}
	gleb := cookies(w.leads(link, url.Values{"handle": {"Gleb2"}}, "/me?welcome=1"))
	if body := w.get("/me", gleb); !strings.Contains(body, "gleb2") {
		t.Error("gleb2 is not signed in")
	}
	w.server.joining = newLimits(0, 1)
	w.send("/join", form)
	if res := w.send("/join", form); res.StatusCode != http.StatusTooManyRequests {
		t.Errorf("joining has no limit: %s", res.Status)
	}
}

func TestConductPages(t *testing.T) {
	w := newTown(t)
	w.person("bo", "", community.Regular)
	ana, bo := w.session("ana"), w.session("bo")
	if body := w.get("/conduct?lang=ru"); !strings.Contains(body, "Будьте добры") || !strings.Contains(body, `lang="ru"`) {
		t.Error("there is no friendly default")
	}
	draft := url.Values{"text_en": {"Be **kinder**. <script>x</script>"}, "text_ru": {"Будьте добрее."}, "note": {"kinder"}, "after": {"1"}}
	preview := mapClone(draft)
	preview.Set("do", "preview")
	body := bodyOf(t, w.send("/desk/conduct", preview, ana))
	if !strings.Contains(body, "<strong>kinder</strong>") || strings.Contains(body, "<script>x") || !strings.Contains(body, "Будьте добрее.") {
		t.Error("the preview is not one")
	}
	if body := w.get("/conduct"); strings.Contains(body, "kinder") {
		t.Error("a preview is published")
	}
	if res := w.send("/desk/conduct", draft, bo); res.StatusCode != http.StatusForbidden {
		t.Errorf("a member publishes: %s", res.Status)
	}
	w.comesBack("/desk/conduct", url.Values{"text_en": {" "}, "after": {"1"}}, "text_en", ana)
	w.leads("/desk/conduct", draft, "/desk/conduct?saved=1", ana)
	if body := w.comesBack("/desk/conduct", draft, "", ana); !strings.Contains(body, "Будьте добрее.") {
		t.Error("what another version was quicker than is lost")
	}
	// Its writer goes on; everyone else is asked, but for what is theirs anyway.
	w.get("/me", ana)
	if res := w.do(http.MethodGet, "/me/links?x=1", "", bo); res.Header.Get("Location") != "/conduct/agree?to="+url.QueryEscape("/me/links?x=1") {
		t.Errorf("bo is not asked: %s to %s", res.Status, res.Header.Get("Location"))
	}
	if res := w.send("/me", url.Values{"name": {"x"}}, bo); res.StatusCode != http.StatusForbidden || !strings.Contains(bodyOf(t, res), "/conduct/agree") {
		t.Errorf("bo goes on without: %s", res.Status)
	}
	for _, path := range []string{"/conf", "/me/data", "/me/export.zip", "/me/delete", "/conduct", "/conduct?v=1", "/conduct/agree"} {
		if res := w.do(http.MethodGet, path, "", bo); res.StatusCode != http.StatusOK {
			t.Errorf("%s: %s to %s", path, res.Status, res.Header.Get("Location"))
		}
	}
	w.comesBack("/conduct/agree", url.Values{"to": {"/me/links"}}, "conduct", bo)
	w.comesBack("/conduct/agree", url.Values{"to": {"/me/links"}, "conduct": {"1"}}, "", bo)
	w.leads("/conduct/agree", url.Values{"to": {"/me/links"}, "conduct": {"2"}}, "/me/links", bo)
	w.get("/me/links", bo)
	if body := w.get("/conduct", bo); !strings.Contains(body, "<strong>kinder</strong>") || !strings.Contains(body, "you agreed") || !strings.Contains(body, `href="/conduct?v=1"`) {
		t.Error("the page does not show the new version")
	}
	if body := w.get("/conduct?v=1"); !strings.Contains(body, "Greet newcomers") || !strings.Contains(body, `role="note"`) {
		t.Error("the old version is not shown as one")
	}
	if res := w.send("/logout", nil, bo); res.StatusCode != http.StatusSeeOther {
		t.Error("bo cannot leave", res.Status)
	}
}

func TestMembersDesk(t *testing.T) {
	w := newTown(t)
	w.person("bo", "bo@x.example", community.Regular)
	w.person("vera", "", community.Newcomer)
	ana := w.session("ana")
	for query, want := range map[string][]string{"": {"ana", "bo", "vera"}, "q=BO%40X": {"bo"}, "q=%40ver": {"vera"}, "role=newcomer": {"vera"}, "q=zzz": nil, "q=%25": nil} {
		body := w.get("/desk/members?"+query, ana)
		for _, handle := range []string{"ana", "bo", "vera"} {
			in := false
			for _, h := range want {
				in = in || h == handle
			}
			if strings.Contains(body, `href="/desk/members/`+handle+`"`) != in {
				t.Errorf("%q and %s: %v", query, handle, !in)
			}
		}
	}
	w.leads("/desk/members/bo", url.Values{"role": {"steward"}}, "/desk/members/bo?saved=1", ana)
	if m, _ := w.node.Store().Member(t.Context(), "bo"); m.Role != community.Steward {
		t.Error("bo is no steward")
	}
	w.comesBack("/desk/members/bo", url.Values{"role": {"king"}}, "", ana)
	if body := w.get("/desk/members/bo", ana); !strings.Contains(body, `value="steward" checked`) {
		t.Error("the role is not shown")
	}
	if res := w.do(http.MethodGet, "/desk/members/nobody", "", ana); res.StatusCode != http.StatusNotFound {
		t.Errorf("nobody: %s", res.Status)
	}
	log, err := w.node.Audits(t.Context(), console, storage.AuditQuery{Action: "member.role"})
	if err != nil || len(log) != 1 || log[0].By != "ana" {
		t.Fatal(log, err)
	}
	body := bodyOf(t, w.send("/desk/members/invites", url.Values{"uses": {"100"}, "days": {"60"}, "role": {"member"}, "note": {"the choir"}}, ana))
	if !strings.Contains(body, "https://belgrade.example/join/") || !strings.Contains(body, "the choir") {
		t.Error("stewards cannot invite many")
	}
	w.pass(community.KeepProven + time.Minute)
	w.leads("/desk/members/bo", url.Values{"role": {"newcomer"}}, "/login/again?to=%2Fdesk%2Fmembers%2Fbo", ana)
}

// A sealed cookie is good as it was made, for as long as it was meant, by its name.
func TestSealedCookies(t *testing.T) {
	w := newTown(t)
	rec := &recorder{header: http.Header{}}
	if err := w.server.keepSealed(rec, "a", asked{State: "s"}, time.Minute); err != nil {
		t.Fatal(err)
	}
	c := (&http.Response{Header: rec.header}).Cookies()[0]
	opens := func(name, value string) bool {
		r, _ := http.NewRequest(http.MethodGet, "https://belgrade.example/", nil)
		r.AddCookie(&http.Cookie{Name: "__Host-" + name, Value: value})
		var a asked
		return w.server.openSealed(r, name, &a) && a.State == "s"
	}
	body, mac, _ := strings.Cut(c.Value, ".")
	if !opens("a", c.Value) || opens("b", c.Value) || opens("a", body) || opens("a", body+".") || opens("a", body+"."+mac[:len(mac)-2]) || opens("a", "e30."+mac) || opens("a", strings.Repeat("x", 5000)) || opens("a", "") {
		t.Error("a sealed cookie opens as it should not, or not as it should")
	}
	w.pass(time.Minute)
	if opens("a", c.Value) {
		t.Error("a sealed cookie is good for ever")
	}
}

// recorder keeps what a handler sets.
type recorder struct{ header http.Header }

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) Write(b []byte) (int, error) { return len(b), nil }
func (r *recorder) WriteHeader(int)             {}
