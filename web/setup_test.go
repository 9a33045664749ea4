package web

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"konfa/community"
	"konfa/node"
	"konfa/storage"
)

// wild is a node without a city, with the pages that found one, and those of the
// city from then on.
type wild struct {
	*town
	setup   chi.Router
	founded int
}

func newWild(t testing.TB) *wild {
	t.Helper()
	store, err := storage.Open(t.Context(), storage.Options{Data: t.TempDir(), Synchronous: "OFF"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	inner, _ := t.(*testing.T) // a fuzz test has none
	w := &wild{town: &town{T: inner, machine: &fakeMachine{}, remote: &fakeRemote{}}}
	w.node = node.New(store, community.NewSite("https://belgrade.example"), node.Options{})
	if w.server, err = New(w.node, Options{Machine: w.machine, Remote: w.remote}); err != nil {
		t.Fatal(err)
	}
	w.setup = chi.NewRouter()
	w.server.SetupRoutes(w.setup, Setup{Secret: "S3CRET", Founded: func() { w.founded++ }, Address: func(context.Context) []community.Finding {
		return []community.Finding{{Check: "reach", Key: "another", Health: community.Ill, Args: map[string]string{"URL": "https://belgrade.example", "Status": "200"}}}
	}})
	w.router = w.setup
	return w
}

// cityIsThere lets everything else be served.
func (w *wild) cityIsThere() {
	w.router = chi.NewRouter()
	w.server.Routes(w.router)
}

func TestFoundingInABrowser(t *testing.T) {
	w := newWild(t)
	for _, path := range []string{"/", "/setup", "/setup/wrong", "/desk", "/api/v1/city"} {
		if res := w.do(http.MethodGet, path, ""); res.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
	if res := w.send("/setup/wrong", url.Values{"step": {"you"}}); res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a wrong secret: %s", res.Status)
	}
	body := w.get("/setup/S3CRET")
	for _, want := range []string{"https://belgrade.example", "This address stays.", "Something else answers", "Go on all the same"} {
		if !strings.Contains(body, want) {
			t.Errorf("the first step lacks %q", want)
		}
	}
	if body := w.get("/setup/S3CRET?lang=ru"); !strings.Contains(body, "Дом для вашего города") {
		t.Error("not in Russian")
	}
	if res := w.do(http.MethodPost, "/setup/S3CRET", "step=address", "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: cross-site"); res.StatusCode != http.StatusForbidden {
		t.Errorf("a form of another site: %s", res.Status)
	}
	if body := bodyOf(t, w.send("/setup/S3CRET", url.Values{"step": {"address"}})); !strings.Contains(body, `name="languages"`) {
		t.Error("the second step does not follow")
	}

	// What is wrong comes back with what was typed.
	for _, bad := range []url.Values{
		{"step": {"city"}}, {"step": {"city"}, "name": {strings.Repeat("x", 200)}, "languages": {"en"}, "about": {"kept <b>"}},
		{"step": {"city"}, "name": {"Nowhere in particular"}, "languages": {"en"}, "about": {"kept <b>"}},
		{"step": {"city"}, "name": {"Belgrade"}, "languages": {"xx"}, "about": {"kept <b>"}},
		{"step": {"city"}, "name": {"Belgrade"}, "languages": {"en"}, "handle": {"node"}, "about": {"kept <b>"}},
		{"step": {"city"}, "name": {"Belgrade"}, "languages": {"en"}, "zone": {"Mars/Base"}, "about": {"kept <b>"}},
	} {
		res := w.send("/setup/S3CRET", bad)
		if body := bodyOf(t, res); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, `id="problems"`) || bad.Get("about") != "" && !strings.Contains(body, "kept &lt;b&gt;") {
			t.Errorf("%v: %s", bad, res.Status)
		}
	}
	city := url.Values{"step": {"city"}, "name": {"Belgrade"}, "languages": {"ru", "en"}, "about": {"Мы встречаемся"}}
	body = bodyOf(t, w.send("/setup/S3CRET", city))
	for _, want := range []string{`name="zone" value="Europe/Belgrade"`, `name="country" value="RS"`, `name="handle" value="belgrade"`, `name="about" value="Мы встречаемся"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the third step does not carry %s", want)
		}
	}
	city.Set("step", "you")
	city.Set("my_name", "Ana")
	for _, handle := range []string{"", "Ana!", "belgrade"} {
		city.Set("my_handle", handle)
		res := w.send("/setup/S3CRET", city)
		if body := bodyOf(t, res); res.StatusCode < 400 || !strings.Contains(body, `id="my_handle-wrong"`) || !strings.Contains(body, `value="Ana"`) || w.founded != 0 {
			t.Errorf("handle %q: %s", handle, res.Status)
		}
	}
	city.Set("my_handle", "ana")
	city.Set("my_email", "ana@x.example")
	res := w.send("/setup/S3CRET", city)
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/setup?step=rules" || w.founded != 1 || len(res.Cookies()) != 1 {
		t.Fatalf("founding: %s to %q, %d", res.Status, res.Header.Get("Location"), w.founded)
	}
	// Founded once, whoever presses twice.
	if res := w.send("/setup/S3CRET", city); res.StatusCode != http.StatusSeeOther || len(res.Cookies()) != 0 || w.founded != 1 {
		t.Errorf("founding twice: %s", res.Status)
	}
	there, err := w.node.City(t.Context())
	if err != nil || there.Zone != "Europe/Belgrade" || there.Place == nil || there.Languages[0] != "ru" {
		t.Fatal(there, err)
	}

	w.cityIsThere()
	ana := "Cookie: " + res.Cookies()[0].Name + "=" + res.Cookies()[0].Value
	if res := w.do(http.MethodGet, "/setup/S3CRET", ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("the secret is good for ever: %s", res.Status)
	}
	if body := w.get("/setup?step=rules", ana); !strings.Contains(body, `name="joining"`) {
		t.Error("no rules")
	}
	if res := w.send("/setup/rules", url.Values{"joining": {"whoever"}}, ana); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("another joining: %s", res.Status)
	}
	if res := w.send("/setup/rules", url.Values{"joining": {"apply"}}, ana); res.Header.Get("Location") != "/setup?step=first" {
		t.Errorf("rules: %s", res.Status)
	}
	for _, bad := range []url.Values{{}, {"title": {"Ok then"}, "date": {"tomorrow"}, "time": {"25:00"}, "seats": {"many"}}, {"title": {"Past"}, "date": {"2001-01-01"}, "time": {"19:00"}},
		{"title": {"x"}, "date": {"2099-01-01"}, "time": {"19:00"}}, {"title": {"Ok then"}, "date": {"2099-01-01"}, "time": {"19:00"}, "seats": {"9999999"}}} {
		res := w.send("/setup/first", bad, ana)
		if body := bodyOf(t, res); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, `id="problems"`) || bad.Get("title") != "" && !strings.Contains(body, `value="`+bad.Get("title")+`"`) {
			t.Errorf("%v: %s", bad, res.Status)
		}
	}
	if res := w.send("/setup/first", url.Values{"title": {"Первый вечер"}, "date": {"2099-01-01"}, "time": {"19:00"}, "place": {"Library"}, "seats": {"30"}}, ana); res.Header.Get("Location") != "/setup?step=proof" {
		t.Fatalf("the first conference: %s", res.Status)
	}
	if body := w.get("/setup?step=proof&lang=en", ana); !strings.Contains(body, "@belgrade@belgrade.example") || !strings.Contains(body, "Первый вечер") || !strings.Contains(body, "0 followers") {
		t.Error("no proof")
	}
	follower := w.stranger("https://mas.example/u/x", "x", "X")
	if err := w.node.ReceiveFollow(t.Context(), follower, "https://mas.example/f/1", "https://belgrade.example/city"); err != nil {
		t.Fatal(err)
	}
	var live struct {
		Followers string
		Some      bool
	}
	if err := json.Unmarshal([]byte(w.get("/setup/live?lang=en", ana)), &live); err != nil || !live.Some || !strings.HasPrefix(live.Followers, "1 follower") {
		t.Errorf("%+v, %v", live, err)
	}
	if res := w.do(http.MethodGet, "/setup/live", ""); res.StatusCode != http.StatusSeeOther {
		t.Errorf("a stranger looks: %s", res.Status)
	}
}

// Whatever is sent to the pages of founding, they answer, and say so when a city
// came of it.
func FuzzFounding(f *testing.F) {
	f.Add("step=city&name=Belgrade&languages=en")
	f.Add("step=you&name=%00&my_handle=")
	f.Add("step=back&languages=en&languages=ru&zone=%ff")
	w := newWild(f) // making the pages takes longer than a thousand inputs
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "https://belgrade.example/setup/S3CRET", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.RemoteAddr = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(rand.Uint32()), byte(rand.Uint32()), byte(rand.Uint32())}), 1).String()
		rec := httptest.NewRecorder()
		w.router.ServeHTTP(rec, r)
		if rec.Code >= 500 || rec.Code == http.StatusOK && !strings.Contains(rec.Body.String(), "</html>") {
			t.Errorf("%q: %d", body, rec.Code)
		}
		if founded, _ := w.node.Founded(t.Context()); founded != (w.founded == 1) {
			t.Errorf("%q: founded is %v", body, founded)
		}
	})
}
