package federation

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/federation/fetch"
	"konfa/storage"
)

// findings are what looking at a node found, "tls: fine", with how it is.
func findings(n *testNode) map[string]community.Finding {
	out := map[string]community.Finding{}
	for _, f := range n.Examine(n.t.Context()) {
		out[f.Check] = f
	}
	return out
}

func TestExamine(t *testing.T) {
	n := startNode(t, func(o *Options) { o.AuthorizedFetch = true })
	got := findings(n)
	for check, key := range map[string]string{"dns": "number", "tls": "fine", "reach": "fine", "signature": "fine", "webfinger": "fine", "actor": "fine", "clock": "alone", "queue": "empty"} {
		if got[check].Key != key {
			t.Errorf("%s is %+v, want %s", check, got[check], key)
		}
	}
	// A peer that we talk with tells the time.
	p := startPeer(t, "mastodon")
	n.follower(p, "anna", community.CityActor)
	err := n.store.Write(t.Context(), func(tx *storage.Tx) error { return tx.SeenPeer(t.Context(), []string{fetch.Host(p.base)}) })
	if err != nil {
		t.Fatal(err)
	}
	if f := findings(n)["clock"]; f.Key != "fine" {
		t.Errorf("the clock is %+v", f)
	}
	n.clock.forward(time.Hour)
	if f := findings(n)["clock"]; f.Key != "off" || f.Health != community.Ill {
		t.Errorf("the clock is %+v", f)
	}
}

// What may stand between a node and the world, and what it breaks.
func TestExamineFindsWhatIsBroken(t *testing.T) {
	for name, c := range map[string]struct {
		change func(inner http.Handler) http.Handler
		want   map[string]string
	}{
		"another server answers": {func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("It works!")) })
		}, map[string]string{"reach": "another", "webfinger": ""}},
		"nothing is handed on": {func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				panic(http.ErrAbortHandler)
			})
		}, map[string]string{"reach": "failed"}},
		"the name is hidden": {func(inner http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { r.Host = "127.0.0.1:8080"; inner.ServeHTTP(w, r) })
		}, map[string]string{"reach": "fine", "signature": "lost"}},
		"the path is changed": {func(inner http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { r.Header.Del("Date"); inner.ServeHTTP(w, r) })
		}, map[string]string{"reach": "fine", "signature": "lost"}},
		"WebFinger is another's": {func(inner http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "webfinger") {
					w.Header().Set("Content-Type", "application/jrd+json")
					w.Write([]byte(`{"links":[{"rel":"self","href":"https://other.example/"}]}`))
					return
				}
				inner.ServeHTTP(w, r)
			})
		}, map[string]string{"webfinger": "another", "actor": "fine"}},
		"only pages are handed on": {func(inner http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Header.Set("Accept", "text/html")
				inner.ServeHTTP(w, r)
			})
		}, map[string]string{"actor": "type"}},
	} {
		t.Run(name, func(t *testing.T) {
			n := startNode(t)
			n.web.Config.Handler = c.change(n.web.Config.Handler)
			got := findings(n)
			for check, key := range c.want {
				if got[check].Key != key {
					t.Errorf("%s is %+v, want %q", check, got[check], key)
				}
			}
			if community.Worst(n.Examine(t.Context())) != community.Ill {
				t.Error("nothing is ill")
			}
		})
	}
}

// The echo believes our own key alone, and repeats no more than it was told.
func TestEcho(t *testing.T) {
	n := startNode(t)
	post := func(body string) (int, heard) {
		r := httptest.NewRequest(http.MethodPost, n.web.URL+echoPath, strings.NewReader(body))
		r.Header.Set("Signature", `keyId="https://evil.example/u#k",algorithm="rsa-sha256",headers="(request-target) host date digest",signature="AAAA"`)
		r.RemoteAddr = "192.0.2.1:1"
		w := httptest.NewRecorder()
		n.web.Config.Handler.ServeHTTP(w, r)
		var h heard
		_ = json.Unmarshal(w.Body.Bytes(), &h)
		return w.Code, h
	}
	if code, h := post("hi"); code != http.StatusOK || h.Signed || h.Text != "hi" || h.Reason == "" {
		t.Error(code, h)
	}
	if code, _ := post(strings.Repeat("x", maxEcho+1)); code != http.StatusRequestEntityTooLarge {
		t.Error(code)
	}
	limited := false
	for range strangerBurst + 10 {
		if code, _ := post(""); code != http.StatusOK {
			limited = true
		}
	}
	if !limited {
		t.Error("it echoes without end")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if community.Worst(n.Examine(ctx)) != community.Ill {
		t.Error("a look that was broken off finds nothing")
	}
}
