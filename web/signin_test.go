package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"konfa/community"
)

// session signs a member in and returns the Cookie header of their browser.
func (w *town) session(handle string) string {
	w.Helper()
	secret, err := w.node.AddSignIn(w.Context(), console, handle)
	if err != nil {
		w.Fatal(err)
	}
	res := w.do(http.MethodPost, "/login/"+secret, "", "Sec-Fetch-Site: same-origin")
	if res.StatusCode != http.StatusSeeOther || len(res.Cookies()) != 1 {
		w.Fatalf("signing in: %s, %v", res.Status, res.Cookies())
	}
	c := res.Cookies()[0]
	if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Name != "__Host-session" || c.Path != "/" {
		w.Errorf("the cookie is %+v", c)
	}
	return "Cookie: " + c.Name + "=" + c.Value
}

// send posts a form from a page of ours.
func (w *town) send(target string, values url.Values, headers ...string) *http.Response {
	w.Helper()
	return w.do(http.MethodPost, target, values.Encode(), append(headers, "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin")...)
}

func TestSignInAndOut(t *testing.T) {
	w := newTown(t)
	if err := w.node.AddMember(t.Context(), console, &community.Member{Handle: "bo", Name: "Bo", Email: "bo@x.example"}); err != nil {
		t.Fatal(err)
	}
	if body := w.get("/conf"); !strings.Contains(body, `href="/login?to=%2Fconf"`) {
		t.Error("nobody is led to where one signs in")
	}
	secret, err := w.node.AddSignIn(t.Context(), console, "bo")
	if err != nil {
		t.Fatal(err)
	}
	// Looking at the address does not use it up; another site cannot.
	if body := w.get("/login/" + secret); !strings.Contains(body, "Bo") {
		t.Error("the page does not say whom it signs in")
	}
	if res := w.do(http.MethodPost, "/login/"+secret, "", "Sec-Fetch-Site: cross-site"); res.StatusCode != http.StatusForbidden {
		t.Errorf("a form of another site: %s", res.Status)
	}
	if res := w.do(http.MethodGet, "/login/nonsense", ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("a wrong address: %s", res.Status)
	}
	bo, ana := w.session("bo"), w.session("ana")
	page := w.do(http.MethodGet, "/conf", "", bo)
	if body := bodyOf(t, page); !strings.Contains(body, `action="/logout"`) || strings.Contains(body, `href="/desk"`) || page.Header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("the page of who is signed in: %v", page.Header)
	}
	if body := w.get("/conf"); strings.Contains(body, "/logout") {
		t.Error("what one sees who is signed in goes to others")
	}
	if res := w.do(http.MethodGet, "/desk", "", bo); res.Header.Get("Location") != "/about" {
		t.Errorf("the desk for a member: %s to %s", res.Status, res.Header.Get("Location"))
	}
	if body := w.get("/desk", ana); !strings.Contains(body, "Ana") || !strings.Contains(body, "desk.") {
		t.Error("the desk does not greet its steward")
	}
	if res := w.send("/logout", nil, bo); res.StatusCode != http.StatusSeeOther || res.Cookies()[0].MaxAge >= 0 {
		t.Errorf("signing out: %s", res.Status)
	}
	if body := w.get("/conf", bo); strings.Contains(body, "/logout") {
		t.Error("someone who signed out is signed in")
	}
	for to, want := range map[string]string{"/conf?x=1": "/conf?x=1", "//evil.example": "/", "https://evil.example": "/", `/\evil.example`: "/", "/\t/evil.example": "/", "/login/x": "/", "": "/desk"} {
		secret, err := w.node.AddSignIn(t.Context(), console, "ana")
		if err != nil {
			t.Fatal(err)
		}
		if res := w.send("/login/"+secret, url.Values{"to": {to}}); res.Header.Get("Location") != want {
			t.Errorf("to %q leads to %q", to, res.Header.Get("Location"))
		}
	}
	if res := w.do(http.MethodGet, "/login?to=/conf", "", ana); res.Header.Get("Location") != "/conf" {
		t.Errorf("signing in twice leads to %q", res.Header.Get("Location"))
	}
}

func TestMailedLogin(t *testing.T) {
	w := newTown(t)
	for _, bad := range []string{"", "А на", "@", "a b@x.example", strings.Repeat("x", 300) + "@x.example"} {
		res := w.send("/login", url.Values{"email": {bad}, "to": {"/conf"}})
		if body := bodyOf(t, res); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, `id="email-wrong"`) || !strings.Contains(body, `value="/conf"`) {
			t.Errorf("%q: %s", bad, res.Status)
		}
	}
	for i := range 4 {
		res := w.send("/login", url.Values{"email": {"ana@secret.example"}})
		want := http.StatusOK
		if i == 3 {
			want = http.StatusTooManyRequests
		}
		if res.StatusCode != want {
			t.Errorf("letter %d: %s", i, res.Status)
		}
	}
}
