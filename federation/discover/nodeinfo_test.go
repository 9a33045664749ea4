package discover

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestPeer(t *testing.T) {
	w := newWorld(t)
	wellKnown := func(links string) http.HandlerFunc {
		return answer("application/json; charset=utf-8", `{"links":`+links+`}`)
	}
	link := func(rel, href string) string { return `{"rel":"` + rel + `","href":"` + href + `"}` }
	const ns = "http://nodeinfo.diaspora.software/ns/schema/"
	w.on("target", map[string]http.HandlerFunc{
		"/.well-known/nodeinfo": wellKnown("[" + link(ns+"2.0", w.url("target", "/1")) + "]"),
		"/1":                    answer("application/json", `{"software":{"name":"target"}}`),
	})
	for name, c := range map[string]struct {
		paths                map[string]http.HandlerFunc
		software, version, a string
	}{
		"both": {map[string]http.HandlerFunc{
			"/.well-known/nodeinfo": wellKnown("[" + link(ns+"2.0", w.url("both", "/2.0")) + "," + link(ns+"2.1", w.url("both", "/2.1")) + "]"),
			"/2.0":                  answer("application/json", `{"software":{"name":"no"}}`),
			"/2.1":                  answer(`application/json; profile="http://nodeinfo.diaspora.software/ns/schema/2.1#"`, `{"version":"2.1","software":{"name":"Mastodon","version":"4.6.0","repository":"x"}}`),
		}, "mastodon", "4.6.0", ""},
		"older":  {map[string]http.HandlerFunc{"/.well-known/nodeinfo": wellKnown("[" + link(ns+"1.1", w.url("older", "/1")) + "]"), "/1": answer("application/json", `{"software":{"name":"friendica","version":"2021"}}`)}, "friendica", "2021", ""},
		"https":  {map[string]http.HandlerFunc{"/.well-known/nodeinfo": wellKnown("[" + link("https://nodeinfo.diaspora.software/ns/schema/2.0", w.url("https", "/1")) + "]"), "/1": answer("application/json", `{"software":{"name":"x","version":2}}`)}, "x", "2", ""},
		"single": {map[string]http.HandlerFunc{"/.well-known/nodeinfo": wellKnown(link(ns+"2.0", w.url("single", "/1"))), "/1": answer("application/json", `{"software":{"name":"one"}}`)}, "one", "", ""},
		"odd":    {map[string]http.HandlerFunc{"/.well-known/nodeinfo": wellKnown(`[null,1,"x",{"rel":1},{"rel":"` + ns + `2.0"},{"href":"x"},` + link(ns+"2.0", w.url("odd", "/1")) + "]"), "/1": answer("application/json", `{"software":"Odd"}`)}, "odd", "", ""},
		"gancio": {map[string]http.HandlerFunc{
			"/.well-known/nodeinfo": wellKnown("[" + link(ns+"2.1", w.url("gancio", "/1")) + "," + link(relApplication, w.url("gancio", "/federation/u/relay")) + "]"),
			"/1":                    answer("application/json", `{"software":{"name":"gancio","version":"1.21.0"},"metadata":{"nodeActor":"relay"}}`),
		}, "gancio", "1.21.0", w.url("gancio", "/federation/u/relay")},
		"hubzilla":  {map[string]http.HandlerFunc{"/siteinfo.json": answer("application/json", `{"url":"x","platform":"Hubzilla","version":"8.8.7","plugins":["pubcrawl"],"register_policy":1}`)}, "hubzilla", "8.8.7", ""},
		"siteless":  {map[string]http.HandlerFunc{"/siteinfo.json": answer("application/json", `["hubzilla"]`)}, "", "", ""},
		"nameless":  {map[string]http.HandlerFunc{"/siteinfo.json": answer("application/json", `{"platform":{},"version":8}`)}, "", "", ""},
		"thief":     {map[string]http.HandlerFunc{"/.well-known/nodeinfo": wellKnown("[" + link(relApplication, w.url("gancio", "/federation/u/relay")) + "]")}, "", "", ""},
		"only-app":  {map[string]http.HandlerFunc{"/.well-known/nodeinfo": wellKnown("[" + link(relApplication, w.url("only-app", "/a")) + "," + link(ns+"2.0", w.url("only-app", "/none")) + "]")}, "", "", w.url("only-app", "/a")},
		"none":      {map[string]http.HandlerFunc{}, "", "", ""},
		"html":      {map[string]http.HandlerFunc{"/.well-known/nodeinfo": answer("text/html", "<html>")}, "", "", ""},
		"broken":    {map[string]http.HandlerFunc{"/.well-known/nodeinfo": wellKnown("[" + link(ns+"2.0", w.url("broken", "/1")) + "]"), "/1": answer("application/json", `{"software":[]}`)}, "", "", ""},
		"long":      {map[string]http.HandlerFunc{"/.well-known/nodeinfo": wellKnown("[" + link(ns+"2.0", w.url("long", "/1")) + "]"), "/1": answer("application/json", `{"software":{"name":"`+strings.Repeat("a", 5000)+`","version":"1\u0000\u202e"}}`)}, strings.Repeat("a", maxName), "1", ""},
		"huge":      {map[string]http.HandlerFunc{"/.well-known/nodeinfo": wellKnown("[" + link(ns+"2.0", w.url("huge", "/1")) + "]"), "/1": answer("application/json", `{"x":"`+strings.Repeat("a", 100<<10)+`"}`)}, "", "", ""},
		"redirects": {map[string]http.HandlerFunc{"/.well-known/nodeinfo": redirect(w.url("target", "/.well-known/nodeinfo"))}, "target", "", ""},
	} {
		w.on(name, c.paths)
		p, err := w.resolver().Peer(t.Context(), w.host(name))
		if err != nil || p.Host != w.host(name) || p.Software != c.software || p.Version != c.version || p.Application != c.a || !p.Asked.Equal(testNow) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		if kept := w.store.peers[w.host(name)]; kept.Software != c.software || kept.Asked.IsZero() {
			t.Errorf("%s was stored as %+v", name, kept)
		}
	}
	r := w.resolver()
	if _, err := r.Peer(t.Context(), "not a host"); err == nil {
		t.Error("asked a host that is none")
	}
	// A dead host is a peer too, of which nothing is known.
	if p, err := r.Peer(t.Context(), w.host("dead")); err != nil || p.Software != "" {
		t.Error(p, err)
	}
}

func TestPeerAge(t *testing.T) {
	w := newWorld(t)
	r := w.resolver()
	ask := func(host string, requests int) {
		t.Helper()
		w.requests()
		if _, err := r.Peer(t.Context(), strings.ToUpper(w.host(host))); err != nil {
			t.Error(err)
		}
		w.wantRequests(requests)
	}
	w.on("a", map[string]http.HandlerFunc{
		"/.well-known/nodeinfo": answer("application/json", `{"links":[{"rel":"http://nodeinfo.diaspora.software/ns/schema/2.0","href":"`+w.url("a", "/1")+`"}]}`),
		"/1":                    answer("application/json", `{"software":{"name":"a"}}`),
	})
	w.on("none", map[string]http.HandlerFunc{})
	ask("a", 2)
	ask("none", 2) // for siteinfo.json, too
	ask("a", 0)
	ask("none", 0)
	w.pass(peerTryFor + time.Second)
	ask("a", 0)
	ask("none", 2)
	w.pass(peerFor)
	ask("a", 2)
	// What was known stays known while the host is away.
	w.down("a")
	w.pass(peerFor + time.Second)
	ask("a", 1)
	if p := w.store.peers[w.host("a")]; p.Software != "a" {
		t.Errorf("%+v", p)
	}
}

// TestPayloads reads what other servers really said.
func TestPayloads(t *testing.T) {
	dir := "../../../shared/data/payloads/mobilizon-tests"
	if _, err := os.Stat(dir); err != nil {
		t.Skip("there are no documents of other servers here")
	}
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for name, want := range map[string]int{"nodeinfo/both_versions.json": 2, "nodeinfo/older_versions.json": 1} {
		links, err := parseWellKnown(read(name))
		if err != nil || len(links) != want || !strings.HasPrefix(links[0].href, "https://mobilizon.fr/") {
			t.Errorf("%s: %+v, %v", name, links, err)
		}
	}
	if name, version := parseNodeInfo(read("nodeinfo/wp-data.json")); name != "wordpress" || version != "6.4.2" {
		t.Error(name, version)
	}
	j, err := parseJRD(read("webfinger/peertube-webfinger.json"))
	if err != nil || j.self() != "https://framatube.org/accounts/framasoft" || j.subject != "acct:framasoft@framatube.org" {
		t.Errorf("%+v, %v", j, err)
	}
}

func FuzzJRD(f *testing.F) {
	f.Add([]byte(`{"subject":"acct:a@b","links":[{"rel":"self","type":"application/activity+json","href":"https://b/a"}]}`))
	f.Add([]byte(`{"subject":1,"links":[null,{"rel":[]},{"rel":"self","type":"application/ld+json; profile=\"x\"","href":"y"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		j, err := parseJRD(b)
		if err != nil {
			return
		}
		if len(j.links) > maxLinks {
			t.Fatalf("%d links", len(j.links))
		}
		if self := j.self(); self != "" && !strings.Contains(string(b), "self") && !strings.Contains(string(b), `\u`) {
			t.Fatalf("found %q", self)
		}
		if user, host, ok := acct(j.subject); ok && (user == "" || host == "" || strings.ContainsAny(user+host, "@ /")) {
			t.Fatalf("%q is %q at %q", j.subject, user, host)
		}
	})
}

func FuzzNodeInfo(f *testing.F) {
	f.Add([]byte(`{"links":[{"rel":"http://nodeinfo.diaspora.software/ns/schema/2.0","href":"x"}],"software":{"name":"A","version":"1"}}`))
	f.Add([]byte(`{"links":{"rel":1},"software":"x"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if links, err := parseWellKnown(b); err == nil && len(links) > maxLinks {
			t.Fatalf("%d links", len(links))
		}
		name, version := parseNodeInfo(b)
		if len([]rune(name)) > maxName || len([]rune(version)) > maxName || strings.ContainsAny(name+version, "\r\n\x00") {
			t.Fatalf("%q %q", name, version)
		}
	})
}

func FuzzHostMeta(f *testing.F) {
	f.Add([]byte(`<?xml version="1.0"?><XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0"><Link rel="lrdd" template="https://a/?resource={uri}"/></XRD>`))
	f.Add([]byte(`<!DOCTYPE x [<!ENTITY a "aaaa">]><XRD><Link rel="lrdd" template="&a;{uri}"/></XRD>`))
	f.Add([]byte(`<?xml version="1.0" encoding="utf-16"?><XRD>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		template := parseHostMeta(b)
		if template == "" {
			return
		}
		if !strings.Contains(template, "{uri}") || strings.Contains(string(b), "<!") && strings.Index(string(b), "<!D") == 0 {
			t.Fatalf("%q", template)
		}
		if len(template) > len(b) {
			t.Fatal("it grew")
		}
	})
}
