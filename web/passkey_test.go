package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"

	"konfa/community"
)

// device is a software authenticator with one passkey (WebAuthn level 3 §6).
type device struct {
	t      *testing.T
	key    *ecdsa.PrivateKey
	id     []byte
	user   []byte
	count  uint32
	rpID   string
	origin string
}

var b64 = base64.RawURLEncoding

// begun is a question of ours to a browser.
type begun struct {
	Ceremony string
	Options  struct {
		Challenge string
		RPID      string `json:"rpId"`
		RP        struct{ ID string }
		User      struct{ ID, Name string }
		Exclude   []struct{ ID string } `json:"excludeCredentials"`
	}
}

func (w *town) begin(path string, headers ...string) begun {
	w.Helper()
	res := w.send(path, nil, headers...)
	if res.StatusCode != http.StatusOK {
		w.Fatalf("%s: %s %s", path, res.Status, bodyOf(w.T, res))
	}
	var b begun
	if err := json.NewDecoder(res.Body).Decode(&b); err != nil {
		w.Fatal(err)
	}
	return b
}

func (d *device) data(flags byte, attested []byte) []byte {
	sum := sha256.Sum256([]byte(d.rpID))
	out := append(sum[:], flags)
	d.count++
	return append(binary.BigEndian.AppendUint32(out, d.count), attested...)
}

func (d *device) client(typ, challenge string) []byte {
	b, err := json.Marshal(map[string]any{"type": typ, "challenge": challenge, "origin": d.origin, "crossOrigin": false})
	if err != nil {
		d.t.Fatal(err)
	}
	return b
}

// make answers a question for a new passkey.
func (d *device) make(q begun) string {
	d.t.Helper()
	var err error
	if d.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		d.t.Fatal(err)
	}
	d.id = make([]byte, 20)
	rand.Read(d.id)
	if d.user, err = b64.DecodeString(q.Options.User.ID); err != nil {
		d.t.Fatal(err)
	}
	point, err := d.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		d.t.Fatal(err)
	}
	cose, err := webauthncbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	if err != nil {
		d.t.Fatal(err)
	}
	attested := append(make([]byte, 16), byte(len(d.id)>>8), byte(len(d.id)))
	attested = append(append(attested, d.id...), cose...)
	object, err := webauthncbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": d.data(0x45, attested)})
	if err != nil {
		d.t.Fatal(err)
	}
	return d.credential(map[string]any{"clientDataJSON": b64.EncodeToString(d.client("webauthn.create", q.Options.Challenge)), "attestationObject": b64.EncodeToString(object)})
}

// show answers a question for the passkey.
func (d *device) show(q begun) string {
	d.t.Helper()
	data, client := d.data(0x05, nil), d.client("webauthn.get", q.Options.Challenge)
	hash := sha256.Sum256(client)
	sum := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, d.key, sum[:])
	if err != nil {
		d.t.Fatal(err)
	}
	return d.credential(map[string]any{"clientDataJSON": b64.EncodeToString(client), "authenticatorData": b64.EncodeToString(data), "signature": b64.EncodeToString(sig), "userHandle": b64.EncodeToString(d.user)})
}

func (d *device) credential(response map[string]any) string {
	id := b64.EncodeToString(d.id)
	b, err := json.Marshal(map[string]any{"id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": map[string]any{"credProps": map[string]any{"rk": true}}})
	if err != nil {
		d.t.Fatal(err)
	}
	return string(b)
}

func TestPasskeys(t *testing.T) {
	w := newTown(t)
	ana := w.session("ana")
	d := &device{t: t, rpID: "belgrade.example", origin: "https://belgrade.example"}

	// Adding one.
	if res := w.send("/me/passkeys/begin", nil); res.StatusCode != http.StatusForbidden {
		t.Errorf("a stranger begins: %s", res.Status)
	}
	q := w.begin("/me/passkeys/begin", ana)
	if q.Options.RP.ID != "belgrade.example" || q.Options.User.Name != "ana" {
		t.Errorf("%+v", q)
	}
	if id, _ := b64.DecodeString(q.Options.User.ID); len(id) != 32 || strings.Contains(string(id), "ana") {
		t.Errorf("the device learns %q", id)
	}
	for name, wrong := range map[string]*device{"origin": {t: t, rpID: d.rpID, origin: "https://evil.example"}, "host": {t: t, rpID: "evil.example", origin: d.origin}} {
		q := w.begin("/me/passkeys/begin", ana)
		if res := w.send("/me/passkeys", url.Values{"ceremony": {q.Ceremony}, "credential": {wrong.make(q)}}, ana); res.StatusCode != http.StatusForbidden {
			t.Errorf("a passkey for another %s is taken: %s", name, res.Status)
		}
	}
	values := url.Values{"ceremony": {q.Ceremony}, "credential": {d.make(q)}, "name": {"Мой ключ"}}
	// Another session cannot use the question, and then it is gone.
	other := w.session("ana")
	if res := w.send("/me/passkeys", values, other); res.StatusCode != http.StatusForbidden {
		t.Errorf("another session adds it: %s", res.Status)
	}
	if res := w.send("/me/passkeys", values, ana); res.StatusCode != http.StatusForbidden {
		t.Errorf("a question is answered twice: %s", res.Status)
	}
	q = w.begin("/me/passkeys/begin", ana)
	values = url.Values{"ceremony": {q.Ceremony}, "credential": {d.make(q)}, "name": {"Мой ключ"}}
	if res := w.send("/me/passkeys", values, ana); res.StatusCode != http.StatusOK {
		t.Fatalf("adding: %s %s", res.Status, bodyOf(t, res))
	}
	if body := w.get("/me/security", ana); !strings.Contains(body, "Мой ключ") {
		t.Error("the passkey is not listed")
	}
	if q = w.begin("/me/passkeys/begin", ana); len(q.Options.Exclude) != 1 {
		t.Error("one device would be asked for two")
	}

	// Signing in.
	login := func(d *device, q begun) *http.Response {
		return w.send("/login/passkey", url.Values{"ceremony": {q.Ceremony}, "credential": {d.show(q)}, "to": {"/conf"}})
	}
	q = w.begin("/login/passkey/begin")
	if q.Options.RPID != "belgrade.example" {
		t.Errorf("%+v", q)
	}
	answer := url.Values{"ceremony": {q.Ceremony}, "credential": {d.show(q)}, "to": {"/conf"}}
	res := w.send("/login/passkey", answer)
	var to struct{ To string }
	if err := json.NewDecoder(res.Body).Decode(&to); err != nil || res.StatusCode != http.StatusOK || to.To != "/conf" || len(res.Cookies()) != 1 {
		t.Fatalf("signing in: %s %v %+v", res.Status, err, to)
	}
	if c := res.Cookies()[0]; c.Name != "__Host-session" || !c.HttpOnly || !c.Secure {
		t.Errorf("%+v", c)
	}
	if res := w.send("/login/passkey", answer); res.StatusCode != http.StatusForbidden {
		t.Errorf("an answer is good twice: %s", res.Status)
	}
	if res := w.do(http.MethodPost, "/login/passkey", "", "Sec-Fetch-Site: cross-site"); res.StatusCode != http.StatusForbidden {
		t.Errorf("another site signs in: %s", res.Status)
	}
	for name, change := range map[string]func(*device, *begun){
		"origin": func(d *device, _ *begun) { d.origin = "https://evil.example" },
		"host":   func(d *device, _ *begun) { d.rpID = "evil.example" },
		"challenge": func(_ *device, q *begun) {
			q.Options.Challenge = b64.EncodeToString([]byte("another challenge, long enough to be one"))
		},
		"person":     func(d *device, _ *begun) { d.user = []byte("someone else") },
		"key":        func(d *device, _ *begun) { d.key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader) },
		"credential": func(d *device, _ *begun) { d.id = []byte("unknown") },
		"copy":       func(d *device, _ *begun) { d.count = 0 },
		"ceremony":   func(_ *device, q *begun) { q.Ceremony = "x" },
	} {
		wrong, q := *d, w.begin("/login/passkey/begin")
		change(&wrong, &q)
		if res := login(&wrong, q); res.StatusCode != http.StatusForbidden || len(res.Cookies()) != 0 {
			t.Errorf("another %s signs in: %s", name, res.Status)
		}
	}
	// A question to sign in adds none, and the other way round.
	q = w.begin("/login/passkey/begin")
	if res := w.send("/me/passkeys", url.Values{"ceremony": {q.Ceremony}, "credential": {d.make(q)}}, ana); res.StatusCode != http.StatusForbidden {
		t.Errorf("a question to sign in adds a passkey: %s", res.Status)
	}
	// What matters asks anew after a while.
	w.pass(community.KeepProven + time.Minute)
	if res := w.send("/me/passkeys/begin", nil, ana); res.StatusCode != http.StatusForbidden {
		t.Errorf("a passkey is added without a proof: %s", res.Status)
	}
	if body := w.get("/login/again?to=/me/security", ana); !strings.Contains(body, "data-passkey-login") || strings.Contains(body, `name="password"`) {
		t.Error("the page does not ask for what ana has")
	}
}

// An address of numbers is no name that a passkey could be for.
func TestNoPasskeys(t *testing.T) {
	for base, want := range map[string]bool{"https://belgrade.example": true, "http://localhost:8080": true, "http://127.0.0.1:8080": false, "http://[::1]": false} {
		if got := newPasskeys(community.NewSite(base), "x") != nil; got != want {
			t.Errorf("%s: %v", base, got)
		}
	}
}
