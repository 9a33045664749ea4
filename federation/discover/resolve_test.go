package discover

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"konfa/community"
	"konfa/federation/fetch"
)

func finger(resource string) string {
	return "/.well-known/webfinger?resource=" + url.QueryEscape(resource)
}

func TestResolve(t *testing.T) {
	w := newWorld(t)
	anna := w.url("a", "/users/anna")
	at := func(name, host string) string { return "acct:" + name + "@" + w.host(host) }
	self := func(typ, href string) map[string]any { return map[string]any{"rel": "self", "type": typ, "href": href} }
	w.on("a", map[string]http.HandlerFunc{
		"/users/anna":                    person(anna),
		"/@anna":                         answer("text/html", "<html>"),
		finger(at("anna", "a")):          jrdOf(at("anna", "a"), anna),
		finger(at("ANNA", "a")):          jrdOf(at("anna", "a"), anna),
		finger(w.url("a", "/@anna")):     jrdOf(at("anna", "a"), anna),
		finger(at("old", "a")):           jrdOf(at("anna", "a"), anna),
		finger(at("ld", "a")):            jrdOf(at("ld", "a"), "", self(`application/ld+json; profile="https://www.w3.org/ns/activitystreams"`, anna)),
		finger(at("noself", "a")):        jrdOf(at("noself", "a"), ""),
		finger(at("wrongtype", "a")):     jrdOf(at("wrongtype", "a"), "", self("text/html", anna)),
		finger(at("nosubject", "a")):     jrdOf("", anna),
		finger(at("chain1", "a")):        jrdOf(at("chain2", "a"), anna),
		finger(at("chain2", "a")):        jrdOf(at("chain3", "a"), anna),
		finger(at("broken", "a")):        answer("application/jrd+json", "{"),
		finger(at("html", "a")):          answer("text/html", "{}"),
		finger(at("relay", "a")):         status(404),
		"/.well-known/webfinger":         status(404),
		"/users/private/inbox":           status(404),
		"/note":                          doc(map[string]any{"id": w.url("a", "/note"), "type": "Note"}),
		finger(w.url("a", "/note-page")): jrdOf("", w.url("a", "/note")),
	})
	// A handle on one host, the actor on another, and host-meta to lead there.
	split := w.url("social", "/users/sven")
	w.on("split", map[string]http.HandlerFunc{
		"/.well-known/host-meta": answer("application/xrd+xml; charset=utf-8", `<?xml version="1.0" encoding="UTF-8"?><XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0"><Link rel="lrdd" template="`+w.url("social", "/.well-known/webfinger")+`?resource={uri}"/></XRD>`),
	})
	w.on("social", map[string]http.HandlerFunc{
		finger(at("sven", "split")): jrdOf(at("sven", "split"), split),
		"/users/sven":               person(split),
	})
	// Servers that are asked for by their name alone.
	app := func(host, path string) http.HandlerFunc {
		return person(w.url(host, path), func(a map[string]any) { a["type"] = "Application" })
	}
	w.on("mobilizon", map[string]http.HandlerFunc{
		"/.well-known/nodeinfo": answer("application/json", `{"links":[{"rel":"http://nodeinfo.diaspora.software/ns/schema/2.1","href":"`+w.url("mobilizon", "/ni")+`"},{"rel":"https://www.w3.org/ns/activitystreams#Application","href":"`+w.url("mobilizon", "/relay")+`"}]}`),
		"/ni":                   answer("application/json", `{"software":{"name":"Mobilizon","version":"5.1.3"}}`),
		"/relay":                app("mobilizon", "/relay"),
	})
	w.on("d556", map[string]http.HandlerFunc{
		finger("https://" + w.host("d556")): jrdOf("https://"+w.host("d556"), "", map[string]any{"rel": relService, "type": "application/activity+json", "href": w.url("d556", "/actor")}),
		"/actor":                            app("d556", "/actor"),
	})
	w.on("relay", map[string]http.HandlerFunc{
		finger(at("relay", "relay")): jrdOf(at("relay", "relay"), w.url("relay", "/federation/u/relay")),
		"/federation/u/relay":        app("relay", "/federation/u/relay"),
	})
	w.on("root", map[string]http.HandlerFunc{"/": person(w.url("root", "/"), func(a map[string]any) { a["preferredUsername"] = "root" })})
	w.on("thief", map[string]http.HandlerFunc{
		"/.well-known/nodeinfo": answer("application/json", `{"links":[{"rel":"https://www.w3.org/ns/activitystreams#Application","href":"`+anna+`"}]}`),
	})
	w.on("empty", map[string]http.HandlerFunc{})

	for _, c := range []struct {
		what, uri string
		want      community.Code
	}{
		{"@anna@" + w.host("a"), anna, ""},
		{"anna@" + w.host("a"), anna, ""},
		{"acct:anna@" + w.host("a"), anna, ""},
		{"  @anna@" + strings.ToUpper(w.host("a")) + " ", anna, ""},
		{"@ANNA@" + w.host("a"), anna, ""},
		{anna, anna, ""},
		{w.url("a", "/@anna"), anna, ""},
		{w.host("a") + "/@anna", anna, ""},
		{"@old@" + w.host("a"), anna, ""},
		{"@ld@" + w.host("a"), anna, ""},
		{"@nosubject@" + w.host("a"), anna, ""},
		{"@sven@" + w.host("split"), split, ""},
		{w.host("mobilizon"), w.url("mobilizon", "/relay"), ""},
		{w.url("mobilizon", ""), w.url("mobilizon", "/relay"), ""},
		{w.url("mobilizon", "/"), w.url("mobilizon", "/relay"), ""},
		{w.host("d556"), w.url("d556", "/actor"), ""},
		{w.host("relay"), w.url("relay", "/federation/u/relay"), ""},
		{w.host("root"), w.url("root", "/"), ""},
		{"@chain1@" + w.host("a"), "", community.Refused},
		{"@noself@" + w.host("a"), "", community.NotFound},
		{"@wrongtype@" + w.host("a"), "", community.NotFound},
		{"@nobody@" + w.host("a"), "", community.NotFound},
		{"@broken@" + w.host("a"), "", community.Refused},
		{"@html@" + w.host("a"), "", community.Refused},
		{w.url("a", "/note"), "", community.Invalid},
		{w.url("a", "/note-page"), "", community.Invalid},
		{w.host("thief"), "", community.NotFound}, // points at an actor of another server
		{w.host("empty"), "", community.NotFound},
		{w.host("dead"), "", community.Refused},
		{"@x@" + w.host("dead"), "", community.Refused},
		{"", "", community.Invalid},
		{"   ", "", community.Invalid},
		{"anna", "", community.Invalid},
		{"@anna", "", community.Invalid},
		{"@@", "", community.Invalid},
		{"a b@c d", "", community.Invalid},
		{"anna@", "", community.Invalid},
		{"https://", "", community.Invalid},
		{"javascript:alert(1)", "", community.Invalid},
		{"ftp://a.test/x", "", community.Invalid},
		{"@anna@" + w.host("a") + "/../x", "", community.Invalid},
		{strings.Repeat("a", 5000), "", community.Invalid},
	} {
		r := w.resolver()
		a, err := r.Resolve(t.Context(), c.what)
		if community.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
			continue
		}
		if err == nil && a.URI != c.uri {
			t.Errorf("%s is %s, want %s", c.what, a.URI, c.uri)
		}
		if e, ok := err.(*community.Error); err != nil && (!ok || e.Msg == "" || len(e.Msg) > 400) {
			t.Errorf("%s: not for people: %v", c.what, err)
		}
	}

	// What it costs: WebFinger and the actor.
	w.store = newMemoryStore()
	r := w.resolver()
	w.requests()
	if _, err := r.Resolve(t.Context(), "@anna@"+w.host("a")); err != nil {
		t.Fatal(err)
	}
	w.wantRequests(2)
}

// TestPlain: nodes of the demo speak http on this machine, and are found by
// their names as others are.
func TestPlain(t *testing.T) {
	var base, host string
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		self := map[string]any{"rel": relService, "type": "application/activity+json", "href": base + "/node"}
		switch r.URL.RequestURI() {
		case "/city", "/node":
			person(base+r.URL.Path)(rw, r)
		case finger("acct:city@" + host):
			jrdOf("acct:city@"+host, base+"/city")(rw, r)
		case finger(base):
			jrdOf(base, "", self)(rw, r)
		case "/.well-known/nodeinfo":
			answer("application/json", `{"links":[{"rel":"http://nodeinfo.diaspora.software/ns/schema/2.1","href":"`+base+`/nodeinfo"}]}`)(rw, r)
		case "/nodeinfo":
			answer("application/json", `{"software":{"name":"konfa","version":"1"}}`)(rw, r)
		default:
			http.NotFound(rw, r)
		}
	}))
	defer s.Close()
	host = "berlin.localhost" + s.URL[strings.LastIndex(s.URL, ":"):]
	base = "http://" + host
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	resolver := func(o fetch.Options) *Resolver {
		c := fetch.New(o)
		t.Cleanup(c.Close)
		return New(c, nil, newMemoryStore(), nil)
	}
	r := resolver(fetch.Options{Allow: loopback, InsecureHTTP: true})
	for what, want := range map[string]string{host: "/node", "@city@" + host: "/city", base + "/city": "/city", base: "/node"} {
		a, err := r.Resolve(t.Context(), what)
		if err != nil || a.URI != base+want || a.Host != host {
			t.Errorf("%s: %+v, %v", what, a, err)
		}
	}
	p, err := r.Peer(t.Context(), host)
	if err != nil || p.Software != "konfa" {
		t.Error(p, err)
	}
	// Where http is not let through, neither way leads there.
	r = resolver(fetch.Options{Allow: loopback})
	for _, what := range []string{host, "@city@" + host, base + "/city"} {
		if a, err := r.Resolve(t.Context(), what); err == nil {
			t.Errorf("%s led to %s", what, a.URI)
		}
	}
}
