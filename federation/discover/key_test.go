package discover

import (
	"context"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"konfa/federation/fetch"
	"konfa/federation/signature"
)

func kindOf(err error) signature.Kind {
	if e, ok := errors.AsType[*signature.Error](err); ok {
		return e.Kind
	}
	if err != nil {
		return "?"
	}
	return ""
}

func wantKey(t *testing.T, k signature.Key, err error, owner string, want *rsa.PrivateKey) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if k.Owner != owner {
		t.Errorf("the key belongs to %s, want %s", k.Owner, owner)
	}
	if got, ok := k.Public.(*rsa.PublicKey); !ok || !got.Equal(want.Public()) {
		t.Error("this is another key")
	}
}

// TestNewFollower: what a Follow from a server that was never seen costs, by
// the way its keys are published.
func TestNewFollower(t *testing.T) {
	w := newWorld(t)
	id := w.url("a", "/users/anna")
	key := map[string]any{"id": id + "/main-key", "owner": id, "publicKeyPem": pemOf(theirKey)}
	inline := func(v any) func(map[string]any) { return func(a map[string]any) { a["publicKey"] = v } }
	ed := ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey)
	for _, c := range []struct {
		name, keyID string
		paths       map[string]http.HandlerFunc
		fetches     int
		again       int // after a new start, from what was stored
	}{
		{"Mastodon: fragment of the actor", id + "#main-key", map[string]http.HandlerFunc{"/users/anna": person(id)}, 1, 0},
		{"several keys", id + "#main-key", map[string]http.HandlerFunc{"/users/anna": person(id, func(a map[string]any) {
			a["publicKey"] = []any{map[string]any{"id": id + "#old", "owner": id, "publicKeyPem": pemOf(newKey)}, a["publicKey"]}
		})}, 1, 0},
		{"Mobilizon: PKCS#1, and the id of the actor alone", id, map[string]http.HandlerFunc{"/users/anna": person(id)}, 1, 0},
		{"GoToSocial: stub at the key", id + "/main-key", map[string]http.HandlerFunc{
			"/users/anna":          person(id, inline(key)),
			"/users/anna/main-key": doc(map[string]any{"id": id, "type": "Person", "preferredUsername": "anna", "publicKey": key}),
		}, 2, 0},
		{"whole actor at the key", id + "/main-key", map[string]http.HandlerFunc{
			"/users/anna":          person(id, inline(key)),
			"/users/anna/main-key": person(id, inline(key)),
		}, 2, 0},
		{"bare key", id + "/main-key", map[string]http.HandlerFunc{
			"/users/anna":          person(id, inline(key)),
			"/users/anna/main-key": doc(map[string]any{"id": id + "/main-key", "type": "CryptographicKey", "owner": id, "publicKeyPem": pemOf(theirKey)}),
		}, 2, 0},
		{"bare key that the actor names by its address", w.url("a", "/keys/1"), map[string]http.HandlerFunc{
			"/users/anna": person(id, inline(w.url("a", "/keys/1"))),
			"/keys/1":     doc(map[string]any{"id": w.url("a", "/keys/1"), "type": "Key", "owner": id, "publicKeyPem": pemOf(theirKey)}),
		}, 2, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.t, w.store = t, newMemoryStore()
			for path, h := range c.paths {
				c.paths[path] = w.only("a", signature.Cavage, h) // GoToSocial wants every fetch signed
			}
			w.on("a", c.paths)
			w.requests()
			r := w.resolver()
			k, err := r.Key(t.Context(), c.keyID, false)
			wantKey(t, k, err, id, theirKey)
			a, err := r.Actor(t.Context(), id, time.Hour)
			if err != nil || a.Inbox != id+"/inbox" || a.Host != w.host("a") || a.ID == 0 {
				t.Errorf("%+v, %v", a, err)
			}
			if _, err = r.Key(t.Context(), c.keyID, false); err != nil {
				t.Error(err)
			}
			w.wantRequests(c.fetches)
			k, err = w.resolver().Key(t.Context(), c.keyID, false)
			wantKey(t, k, err, id, theirKey)
			w.wantRequests(c.again)
		})
	}
	t.Run("Ed25519 beside RSA", func(t *testing.T) {
		w.t = t
		w.on("a", map[string]http.HandlerFunc{"/users/anna": person(id, func(a map[string]any) {
			a["assertionMethod"] = []any{map[string]any{"id": id + "#ed25519-key", "type": "Multikey", "controller": id, "publicKeyMultibase": signature.Multibase(ed)}}
		})})
		w.store = newMemoryStore()
		k, err := w.resolver().Key(t.Context(), id+"#ed25519-key", false)
		if err != nil || !ed.Equal(k.Public) || k.Owner != id {
			t.Error(k, err)
		}
	})
}

// TestFalseKeys: nobody can publish a key in the name of another.
func TestFalseKeys(t *testing.T) {
	w := newWorld(t)
	anna, evil := w.url("a", "/users/anna"), w.url("evil", "/users/eve")
	w.on("a", map[string]http.HandlerFunc{
		"/users/anna":     person(anna),
		"/upload.json":    doc(map[string]any{"id": w.url("a", "/upload.json"), "type": "Key", "owner": anna, "publicKeyPem": pemOf(newKey)}),
		"/upload-as-file": answer("application/json", `{"id":"`+w.url("a", "/upload-as-file")+`"}`),
		"/stub":           doc(map[string]any{"id": anna, "type": "Person", "preferredUsername": "anna", "publicKey": map[string]any{"id": w.url("a", "/stub"), "owner": anna, "publicKeyPem": pemOf(newKey)}}),
		"/away":           redirect(w.url("evil", "/key")),
		"/weak": person(w.url("a", "/weak"), func(a map[string]any) {
			a["publicKey"] = map[string]any{"id": w.url("a", "/weak") + "#main-key", "owner": w.url("a", "/weak"), "publicKeyPem": "-----BEGIN PUBLIC KEY-----\nMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDCFENGw33yGihy92pDjZQhl0C3\n6rPJj+CvfSC8+q28hxA161QFNUd13wuCTUcq0Qd2qsBe/2hFyc2DCJJg0h1L78+6\nZ4UMR7EOcpfdUE9Hf3m/hs+FUR45uBJeDK1HSFHD8bHKD6kv8FPGfJTotc+2xjJw\noYi+1hqp1fIekaxsyQIDAQAB\n-----END PUBLIC KEY-----\n"}
		}),
		"/lists-foreign": person(w.url("a", "/lists-foreign"), func(a map[string]any) { a["publicKey"] = w.url("evil", "/key-of-a") }),
		"/foreign-id": person(w.url("a", "/foreign-id"), func(a map[string]any) {
			a["publicKey"] = map[string]any{"id": w.url("evil", "/users/eve#main-key"), "owner": w.url("a", "/foreign-id"), "publicKeyPem": pemOf(newKey)}
		}),
		"/gone": status(410), "/busy": status(503), "/closed": status(401), "/blocked": status(403),
	})
	w.on("evil", map[string]http.HandlerFunc{
		"/users/eve": person(evil, func(a map[string]any) {
			a["publicKey"] = []any{a["publicKey"], map[string]any{"id": anna + "#main-key", "owner": evil, "publicKeyPem": pemOf(newKey)}}
		}),
		"/key-of-a": doc(map[string]any{"id": w.url("evil", "/key-of-a"), "type": "Key", "owner": w.url("a", "/lists-foreign"), "publicKeyPem": pemOf(newKey)}),
		"/key":      doc(map[string]any{"id": w.url("evil", "/key"), "type": "Key", "owner": anna, "publicKeyPem": pemOf(newKey)}),
		"/users/anna": person(anna, func(a map[string]any) {
			a["publicKey"] = map[string]any{"id": w.url("evil", "/users/anna") + "#main-key", "owner": anna, "publicKeyPem": pemOf(newKey)}
		}),
	})
	r := w.resolver()
	for keyID, want := range map[string]signature.Kind{
		w.url("evil", "/key"):                   signature.KeyRefused, // owner on another server
		w.url("evil", "/users/anna#main-key"):   signature.KeyRefused, // actor of another server
		w.url("a", "/upload.json"):              signature.KeyRefused, // the owner does not list it
		w.url("a", "/upload-as-file"):           signature.KeyRefused, // no ActivityPub document
		w.url("a", "/stub"):                     signature.KeyRefused, // a stub that is not of the actor
		w.url("a", "/away"):                     signature.KeyRefused, // leads to another server
		w.url("a", "/weak#main-key"):            signature.KeyRefused,
		w.url("a", "/users/anna#other-key"):     signature.KeyRefused,
		w.url("a", "/none"):                     signature.KeyRefused,
		w.url("a", "/gone"):                     signature.KeyRefused,
		w.url("a", "/blocked"):                  signature.KeyRefused,
		w.url("a", "/closed"):                   signature.KeyUnavailable,
		w.url("a", "/busy"):                     signature.KeyUnavailable,
		w.url("dead", "/users/x#main-key"):      signature.KeyUnavailable,
		"https://no-such-host.invalid/x#k":      signature.KeyUnavailable,
		w.url("evil", "/key-of-a"):              signature.KeyRefused, // even if the owner names it
		"acct:anna@a.test":                      signature.KeyRefused,
		"":                                      signature.KeyRefused,
		"main-key":                              signature.KeyRefused,
		"http://a.test/users/anna#main-key":     signature.KeyRefused,
		"https://169.254.169.254/latest#key":    signature.KeyRefused, // the guard stops it
		"https://" + w.host("a") + "/\x00#main": signature.KeyRefused,
	} {
		k, err := r.Key(t.Context(), keyID, false)
		if kindOf(err) != want {
			t.Errorf("%s: %+v, %v, want %q", keyID, k.Owner, err, want)
		}
	}
	_, err := r.Key(t.Context(), w.url("a", "/gone"), false)
	if fetch.KindOf(err) != fetch.Gone {
		t.Error("that it is gone cannot be seen:", err)
	}
	// An actor that gives itself a key with the id of another server's.
	if a, err := r.Actor(t.Context(), w.url("a", "/foreign-id"), 0); err != nil || len(a.Keys) != 0 {
		t.Errorf("%+v, %v", a, err)
	}
	k, err := r.Key(t.Context(), evil+"#main-key", false)
	wantKey(t, k, err, evil, theirKey)
	// After all that, anna's key is still anna's.
	k, err = r.Key(t.Context(), anna+"#main-key", false)
	wantKey(t, k, err, anna, theirKey)
	if _, err := w.store.Actor(t.Context(), anna); err != nil {
		t.Error(err)
	}
}

func TestKeyRotation(t *testing.T) {
	w := newWorld(t)
	id := w.url("a", "/users/anna")
	w.on("a", map[string]http.HandlerFunc{"/users/anna": person(id)})
	r := w.resolver()
	k, err := r.Key(t.Context(), id+"#main-key", false)
	wantKey(t, k, err, id, theirKey)
	if !k.Fetched.Equal(testNow) {
		t.Error("fetched", k.Fetched)
	}
	w.on("a", map[string]http.HandlerFunc{"/users/anna": person(id, func(a map[string]any) {
		a["publicKey"] = map[string]any{"id": id + "#main-key", "owner": id, "publicKeyPem": pemOf(newKey)}
	})})
	w.pass(time.Hour)
	k, err = r.Key(t.Context(), id+"#main-key", false)
	wantKey(t, k, err, id, theirKey)
	k, err = r.Key(t.Context(), id+"#main-key", true)
	wantKey(t, k, err, id, newKey)
	k, err = r.Key(t.Context(), id+"#main-key", false)
	wantKey(t, k, err, id, newKey)
	w.wantRequests(2)
	if !k.InVain.IsZero() {
		t.Error("a change of keys counts as asked in vain")
	}
	k, err = r.Key(t.Context(), id+"#main-key", true)
	wantKey(t, k, err, id, newKey)
	if again, _ := r.Key(t.Context(), id+"#main-key", false); !k.InVain.Equal(w.clock()) || !again.InVain.Equal(k.InVain) {
		t.Error("asked in vain at", k.InVain, "remembered as", again.InVain)
	}
	w.wantRequests(1)
	// Reading the actor again changes the remembered key too.
	w.on("a", map[string]http.HandlerFunc{"/users/anna": person(id)})
	if _, err := r.Actor(t.Context(), id, 0); err != nil {
		t.Fatal(err)
	}
	k, err = r.Key(t.Context(), id+"#main-key", false)
	wantKey(t, k, err, id, theirKey)
}

// TestInbound runs a signed delivery through verifier and resolver.
func TestInbound(t *testing.T) {
	w := newWorld(t)
	id := w.url("a", "/users/anna")
	w.on("a", map[string]http.HandlerFunc{"/users/anna": person(id)})
	v := signature.Verifier{Base: "https://konfa.test", Clock: w.clock, Keys: w.resolver().Key}
	body := []byte(`{"type":"Follow"}`)
	r, err := http.NewRequest("POST", "https://konfa.test/inbox", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	if err := signature.Sign(r, body, signature.Signer{KeyID: id + "#main-key", Private: theirKey}, signature.Cavage, testNow); err != nil {
		t.Fatal(err)
	}
	got, err := v.Verify(r, body)
	if err != nil || got.Owner != id {
		t.Error(got, err)
	}
	w.wantRequests(1)
	// A caller that goes away does not spoil it for the others.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.resolver().Key(ctx, w.url("a", "/users/other#k"), false); kindOf(err) != signature.KeyUnavailable {
		t.Error(err)
	}
}
