package web

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"konfa/community"
)

// issuer is a provider that says what the test wants.
type issuer struct {
	*httptest.Server
	t        *testing.T
	key      *rsa.PrivateKey
	verifier string // that came with the code
	claims   map[string]any
	asked    url.Values
}

func newIssuer(t *testing.T) *issuer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{t: t, key: key}
	mux := http.NewServeMux()
	say := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		say(w, map[string]any{"issuer": i.URL, "authorization_endpoint": i.URL + "/auth", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		say(w, map[string]any{"keys": []any{map[string]any{"kty": "RSA", "kid": "1", "alg": "RS256", "use": "sig", "n": b64.EncodeToString(key.N.Bytes()), "e": b64.EncodeToString(big.NewInt(int64(key.E)).Bytes())}}})
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		i.verifier = r.PostForm.Get("code_verifier")
		sum := sha256.Sum256([]byte(i.verifier))
		if r.PostForm.Get("code") != "good" || i.asked.Get("code_challenge") != b64.EncodeToString(sum[:]) || i.asked.Get("code_challenge_method") != "S256" {
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		say(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": i.token()})
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) token() string {
	c := map[string]any{"iss": i.URL, "aud": "konfa", "sub": "77", "nonce": i.asked.Get("nonce"), "exp": time.Now().Add(time.Minute).Unix(), "iat": time.Now().Unix(), "auth_time": time.Now().Unix(),
		"email": "ana@secret.example", "email_verified": true, "name": "Ana"}
	for k, v := range i.claims {
		c[k] = v
	}
	body, err := json.Marshal(c)
	if err != nil {
		i.t.Fatal(err)
	}
	signed := b64.EncodeToString([]byte(`{"alg":"RS256","kid":"1"}`)) + "." + b64.EncodeToString(body)
	sum := sha256.Sum256([]byte(signed))
	sig, err := rsa.SignPKCS1v15(nil, i.key, crypto.SHA256, sum[:])
	if err != nil {
		i.t.Fatal(err)
	}
	return signed + "." + b64.EncodeToString(sig)
}

// cookies are the Cookie headers that a browser sends after some answers.
func cookies(all ...*http.Response) string {
	jar := map[string]string{}
	for _, res := range all {
		for _, c := range res.Cookies() {
			if c.MaxAge < 0 {
				delete(jar, c.Name)
			} else {
				jar[c.Name] = c.Value
			}
		}
	}
	var out []string
	for k, v := range jar {
		out = append(out, k+"="+v)
	}
	return "Cookie: " + strings.Join(out, "; ")
}

func TestOIDC(t *testing.T) {
	w, i := newTown(t), newIssuer(t)
	w.server.oidc = newOIDC(OIDC{Issuer: i.URL, ClientID: "konfa", ClientSecret: "s", Name: "House"}, w.node.Site())
	if body := w.get("/login"); !strings.Contains(body, "House") {
		t.Error("the provider is not offered")
	}
	// start sends someone to the provider.
	start := func(values url.Values, headers ...string) *http.Response {
		t.Helper()
		res := w.send("/login/oidc", values, headers...)
		to, err := url.Parse(res.Header.Get("Location"))
		if err != nil || res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to.String(), i.URL+"/auth?") {
			t.Fatalf("%s to %s: %s", res.Status, to, bodyOf(t, res))
		}
		i.asked = to.Query()
		return res
	}
	back := func(cookie string, change url.Values) *http.Response {
		q := url.Values{"code": {"good"}, "state": {i.asked.Get("state")}}
		for k, v := range change {
			q[k] = v
		}
		return w.do(http.MethodGet, "/login/oidc?"+q.Encode(), "", cookie)
	}
	res := start(url.Values{"to": {"/conf"}})
	if i.asked.Get("redirect_uri") != "https://belgrade.example/login/oidc" || len(i.asked.Get("nonce")) < 20 || len(i.asked.Get("state")) < 20 || i.asked.Get("prompt") != "" {
		t.Errorf("%v", i.asked)
	}
	c := res.Cookies()[0]
	if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || !strings.HasPrefix(c.Name, "__Host-") {
		t.Errorf("%+v", c)
	}
	// Someone unknown: nobody is signed in by an address of e-mail, verified or not.
	res = back(cookies(res), nil)
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/join" || strings.Contains(cookies(res), "session=") {
		t.Fatalf("%s to %q", res.Status, res.Header.Get("Location"))
	}
	vouched := cookies(res)
	if body := w.get("/join", vouched); !strings.Contains(body, "ana@secret.example") || !strings.Contains(body, "House") {
		t.Error("the page does not say who they are there")
	}

	// Everything that is wrong signs nobody in.
	for name, f := range map[string]func() *http.Response{
		"no cookie": func() *http.Response { start(nil); return back("Cookie: x=y", nil) },
		"no code": func() *http.Response {
			return back(cookies(start(nil)), url.Values{"code": {""}, "error": {"access_denied"}})
		},
		"bad code": func() *http.Response { return back(cookies(start(nil)), url.Values{"code": {"bad"}}) },
		"state":    func() *http.Response { return back(cookies(start(nil)), url.Values{"state": {"other"}}) },
		"no state": func() *http.Response { return back(cookies(start(nil)), url.Values{"state": {""}}) },
		"nonce": func() *http.Response {
			i.claims = map[string]any{"nonce": "other"}
			return back(cookies(start(nil)), nil)
		},
		"audience": func() *http.Response {
			i.claims = map[string]any{"aud": "other"}
			return back(cookies(start(nil)), nil)
		},
		"issuer": func() *http.Response {
			i.claims = map[string]any{"iss": "https://evil.example"}
			return back(cookies(start(nil)), nil)
		},
		"expired": func() *http.Response {
			i.claims = map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}
			return back(cookies(start(nil)), nil)
		},
		"nobody": func() *http.Response { i.claims = map[string]any{"sub": ""}; return back(cookies(start(nil)), nil) },
		"forged": func() *http.Response { good := cookies(start(nil)); return back(good[:len(good)-4]+"AAAA", nil) },
		"too late": func() *http.Response {
			good := cookies(start(nil))
			w.pass(keepAsked + time.Second)
			return back(good, nil)
		},
		"signed key": func() *http.Response {
			k := i.key
			i.key, _ = rsa.GenerateKey(rand.Reader, 2048)
			defer func() { i.key = k }()
			return back(cookies(start(nil)), nil)
		},
	} {
		w.server.asking = newLimits(100, 100)
		res := f()
		i.claims = nil
		if res.StatusCode != http.StatusConflict || strings.Contains(cookies(res), "session=") || strings.Contains(cookies(res), "vouched=") {
			t.Errorf("%s: %s, %v", name, res.Status, res.Cookies())
		}
	}

	// Linked while signed in, by the session that asked and no other.
	ana, other := w.session("ana"), w.session("ana")
	both := func(a, b string) string { return a + "; " + strings.TrimPrefix(b, "Cookie: ") }
	asked := cookies(start(url.Values{"link": {"1"}}, ana))
	if res := back(both(other, asked), nil); res.StatusCode != http.StatusConflict {
		t.Errorf("another session links: %s", res.Status)
	}
	if res := back(both(ana, asked), nil); res.Header.Get("Location") != "/me/security?saved=identity" {
		t.Fatalf("linking: %s %s", res.Status, bodyOf(t, res))
	}
	if res := w.send("/login/oidc", url.Values{"link": {"1"}}); res.Header.Get("Location") != "/login" {
		t.Errorf("a stranger links: %s to %s", res.Status, res.Header.Get("Location"))
	}
	res = start(url.Values{"to": {"/conf"}})
	in := back(cookies(res), nil)
	if in.Header.Get("Location") != "/conf" || !strings.Contains(cookies(in), "__Host-session=") {
		t.Fatalf("signing in: %s to %s", in.Status, in.Header.Get("Location"))
	}
	// The proof anew is one: the provider is told to ask, and says when it did.
	w.pass(community.KeepProven + time.Minute)
	if res := w.send("/login/oidc", url.Values{"link": {"1"}}, ana); !strings.HasPrefix(res.Header.Get("Location"), "/login/again") {
		t.Errorf("linking asks for no proof: %s", res.Header.Get("Location"))
	}
	asked = cookies(start(url.Values{"to": {"/me/security"}}, ana))
	if i.asked.Get("prompt") != "login" || i.asked.Get("max_age") != "0" {
		t.Errorf("%v", i.asked)
	}
	i.claims = map[string]any{"auth_time": time.Now().Add(-time.Hour).Unix()}
	if res := back(both(ana, asked), nil); res.StatusCode != http.StatusConflict {
		t.Errorf("an old proof is one: %s", res.Status)
	}
	i.claims = nil
	res = back(both(ana, cookies(start(url.Values{"to": {"/me/security"}}, ana))), nil)
	if res.Header.Get("Location") != "/me/security" {
		t.Errorf("proving: %s to %s", res.Status, res.Header.Get("Location"))
	}
	if w.do(http.MethodGet, "/me", "", ana).StatusCode != http.StatusSeeOther {
		t.Error("the session before goes on")
	}

	// Joining with it.
	i.claims = map[string]any{"sub": "88", "email": "", "name": "Vera V"}
	vouched = cookies(back(cookies(start(nil)), nil))
	secret, _, err := w.node.AddInvite(t.Context(), console, community.Invite{Role: community.Newcomer, Uses: 1, Expires: w.node.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if res := w.send("/join/"+secret, url.Values{"handle": {"vera"}, "conduct": {"1"}}, vouched); res.Header.Get("Location") != "/me?welcome=1" {
		t.Fatalf("joining: %s %s", res.Status, bodyOf(t, res))
	}
	if res := back(cookies(start(nil)), nil); !strings.Contains(cookies(res), "__Host-session=") {
		t.Errorf("the identity by which someone joined signs nobody in: %s", res.Status)
	}
	// A provider that is away.
	w.server.oidc = newOIDC(OIDC{Issuer: "http://127.0.0.1:1", ClientID: "konfa", Name: "Away"}, w.node.Site())
	if res := w.send("/login/oidc", nil); res.StatusCode != http.StatusConflict {
		t.Errorf("a provider that is away: %s", res.Status)
	}
	w.server.oidc = nil
	if res := w.do(http.MethodGet, "/login/oidc", ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("without a provider: %s", res.Status)
	}
}
