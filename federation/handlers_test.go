package federation

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"konfa/community"
	"konfa/federation/signature"
	"konfa/node"
	"konfa/storage"
)

func TestNegotiation(t *testing.T) {
	n := startNode(t)
	c := n.conference("Go meetup")
	const ld = `application/ld+json; profile="https://www.w3.org/ns/activitystreams"`
	for _, tc := range []struct {
		path, accept string
		want         string
	}{
		{"/city", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "html"},
		{"/city", "", "html"},
		{"/city", "*/*", "html"},
		{"/city", activityJSON, "activity"},
		{"/city", ld, "activity"},
		{"/city", "application/ld+json", "activity"},
		{"/city", "APPLICATION/ACTIVITY+JSON", "activity"},
		{"/city", "application/activity+json, " + ld + ", text/html;q=0.1", "activity"}, // Mastodon
		{"/city", "text/html, application/activity+json;q=0.9", "html"},
		{"/city", "text/html;q=0.5, application/activity+json;q=0.5", "activity"},
		{"/city", "application/json", "activity"},
		{"/city", "application/activity+json;q=0, text/html", "html"},
		{"/conf/go-meetup.ics", "application/activity+json", "html"}, // the page router has the calendar file
		{"/node", "*/*", "activity"},
		{"/node", "", "activity"},
		{"/node", "text/html", "html"},
		{"/people/anna", activityJSON, "activity"},
		{"/people/anna", "text/html", "html"},
		{"/conf/" + c.Slug, activityJSON, "activity"},
		{"/conf/" + c.Slug, "*/*", "html"},
		{"/city/outbox", "text/html", "activity"},
		{"/city/followers", "*/*", "activity"},
	} {
		header := []string{}
		if tc.accept != "" {
			header = []string{"Accept", tc.accept}
		}
		resp, body := n.get(tc.path, header...)
		got := resp.Header.Get("Content-Type")
		want := activityJSON // exactly: Lemmy compares the whole string
		if tc.want == "html" {
			want = "text/html; charset=utf-8"
		}
		if resp.StatusCode != 200 || got != want {
			t.Errorf("%s with Accept %q: %d %q, want %q\n%s", tc.path, tc.accept, resp.StatusCode, got, want, body)
		}
		if !strings.Contains(resp.Header.Get("Vary"), "Accept") {
			t.Errorf("%s: Vary is %q", tc.path, resp.Header.Get("Vary"))
		}
	}
}

// TestIDsAreAddresses: every document says that it is where it was fetched.
func TestIDsAreAddresses(t *testing.T) {
	n := startNode(t)
	ctx := context.Background()
	c := n.conference("Go meetup")
	p, err := n.node.AddPost(ctx, console, &community.Post{Text: community.Plain("en", "Hello")}, node.Publish{})
	if err != nil {
		t.Fatal(err)
	}
	list, err := n.store.Outbox(ctx, community.CityActor, 0, 10)
	if err != nil || len(list) == 0 {
		t.Fatalf("outbox: %v, %v", list, err)
	}
	paths := []string{"/city", "/node", "/people/anna", "/conf/" + c.Slug, "/conf/" + c.Slug + "/attendees", "/conf/" + c.Slug + "/organizers",
		"/conf/" + c.Slug + "/replies", "/conf/" + c.Slug + "/venue/" + itoa(c.Venue.Revision), "/posts/" + p.Slug, "/posts/" + p.Slug + "/replies", "/activities/" + list[0].UUID}
	for _, a := range []string{"/city", "/node", "/people/anna"} {
		paths = append(paths, a+"/outbox", a+"/outbox?page=true", a+"/followers", a+"/following", a+"/featured")
	}
	paths = append(paths, "/city/upcoming", "/city/upcoming?page=1", "/city/following?page=true", "/conf/"+c.Slug+"/replies?page=1")
	for _, path := range paths {
		resp, body := n.get(path, "Accept", activityJSON)
		var doc struct {
			ID   string `json:"id"`
			Type string `json:"type"`
		}
		if err := json.Unmarshal([]byte(body), &doc); err != nil || resp.StatusCode != 200 {
			t.Errorf("%s: %d %v\n%s", path, resp.StatusCode, err, body)
			continue
		}
		if doc.ID != n.site.Base+path || doc.Type == "" {
			t.Errorf("%s says that it is %q of type %q", path, doc.ID, doc.Type)
		}
		if resp.Header.Get("ETag") == "" || resp.Header.Get("Cache-Control") == "" {
			t.Errorf("%s: headers %v", path, resp.Header)
		}
		if again, _ := n.get(path, "Accept", activityJSON, "If-None-Match", resp.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s with its ETag: %d", path, again.StatusCode)
		}
	}
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }

func TestGoneAndMissing(t *testing.T) {
	n := startNode(t)
	ctx := context.Background()
	c := n.conference("Go meetup")
	draft := &community.Conference{Title: community.Plain("en", "Secret plan"), Start: n.clock.now().Add(time.Hour), Zone: "Europe/Belgrade", Draft: true}
	if _, err := n.node.AddConference(ctx, console, draft, node.Publish{}); err != nil {
		t.Fatal(err)
	}
	outbox, err := n.store.Outbox(ctx, community.CityActor, 0, 1)
	if err != nil || len(outbox) != 1 {
		t.Fatal(outbox, err)
	}
	for _, m := range []string{"boris", "clara"} {
		if err := n.node.AddMember(ctx, console, &community.Member{Handle: m, Name: m}); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.node.DeleteConference(ctx, console, c.Slug); err != nil {
		t.Fatal(err)
	}
	if err := n.node.SuspendMember(ctx, console, "boris", true); err != nil {
		t.Fatal(err)
	}
	if err := n.node.DeleteMember(ctx, console, "clara"); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		path   string
		status int
		typ    string
	}{
		{"/conf/" + c.Slug, 410, "Tombstone"},
		{"/conf/" + c.Slug + "/attendees", 410, ""},
		{"/activities/" + outbox[0].UUID, 410, "Tombstone"}, // the deleted does not live on in its Create
		{"/conf/never-was", 404, ""},
		{"/conf/secret-plan", 404, ""},
		{"/posts/never-was", 404, ""},
		{"/people/nobody", 404, ""},
		{"/people/boris", 403, ""}, // may come back: 404 or 410 would make Mastodon delete what it has
		{"/people/clara", 410, "Tombstone"},
		{"/people/clara/outbox", 410, ""},
		{"/activities/0193a5c0-0000-7000-8000-000000000000", 404, ""},
		{"/activities/nonsense", 404, ""},
		{"/city/outbox?before=x", 400, ""},
		{"/city/upcoming?page=0", 400, ""},
		{"/conf/never-was/venue/1", 404, ""},
	} {
		resp, body := n.get(tc.path, "Accept", activityJSON)
		if resp.StatusCode != tc.status {
			t.Errorf("%s: %d, want %d\n%s", tc.path, resp.StatusCode, tc.status, body)
			continue
		}
		want := "application/problem+json"
		if tc.typ != "" {
			want = activityJSON
		}
		if got := resp.Header.Get("Content-Type"); got != want {
			t.Errorf("%s: content type %q, want %q", tc.path, got, want)
		}
		if tc.typ != "" {
			var doc struct{ ID, Type string }
			if err := json.Unmarshal([]byte(body), &doc); err != nil || doc.Type != tc.typ || doc.ID != n.site.Base+tc.path {
				t.Errorf("%s: %s", tc.path, body)
			}
		}
	}
}

func TestVenueMoves(t *testing.T) {
	n := startNode(t)
	c := n.conference("Go meetup")
	old := "/conf/" + c.Slug + "/venue/" + itoa(c.Venue.Revision)
	changed, err := n.node.UpdateConference(context.Background(), console, c.Slug, func(c *community.Conference) error {
		c.Venue.Name = "KC Grad"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if resp, body := n.get(old, "Accept", activityJSON); resp.StatusCode != http.StatusGone {
		t.Errorf("the old place: %d %s", resp.StatusCode, body)
	}
	now := "/conf/" + c.Slug + "/venue/" + itoa(changed.Venue.Revision)
	resp, body := n.get(now, "Accept", activityJSON)
	var doc struct {
		ID, Type, Name string
		Context        any `json:"@context"`
	}
	if err := json.Unmarshal([]byte(body), &doc); err != nil || resp.StatusCode != 200 || doc.Type != "Place" || doc.ID != n.site.Base+now ||
		!strings.Contains(doc.Name, "KC Grad") || doc.Context == nil {
		t.Errorf("the new place: %d %s", resp.StatusCode, body)
	}

	// Without a venue it is the town; online there is no place.
	change := func(set func(c *community.Conference)) {
		t.Helper()
		if _, err := n.node.UpdateConference(context.Background(), console, c.Slug, func(c *community.Conference) error { set(c); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	town := "/conf/" + c.Slug + "/venue/0"
	change(func(c *community.Conference) { c.Venue = nil })
	if resp, body := n.get(town, "Accept", activityJSON); json.Unmarshal([]byte(body), &doc) != nil || resp.StatusCode != 200 || doc.Type != "Place" || doc.ID != n.site.Base+town {
		t.Errorf("the town: %d %s", resp.StatusCode, body)
	}
	change(func(c *community.Conference) { c.OnlineURL = "https://meet.example/go" })
	for _, path := range []string{town, now} {
		if resp, body := n.get(path, "Accept", activityJSON); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s online: %d %s", path, resp.StatusCode, body)
		}
	}
}

func TestOutboxPages(t *testing.T) {
	n := startNode(t)
	for i := range 25 {
		n.conference("Meetup " + itoa(i))
	}
	var doc struct {
		TotalItems   int
		First, Next  string
		OrderedItems []struct {
			ID, Type string
			Object   json.RawMessage
		}
	}
	_, body := n.get("/city/outbox", "Accept", activityJSON)
	if err := json.Unmarshal([]byte(body), &doc); err != nil || doc.TotalItems != 25 || doc.First == "" {
		t.Fatalf("%v: %s", err, body)
	}
	seen := map[string]bool{}
	for page, hops := doc.First, 0; page != ""; hops++ {
		if hops > 3 {
			t.Fatal("the pages go on for ever")
		}
		_, body := n.get(strings.TrimPrefix(page, n.site.Base), "Accept", activityJSON)
		doc.Next, doc.OrderedItems = "", nil
		if err := json.Unmarshal([]byte(body), &doc); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		for _, item := range doc.OrderedItems {
			if seen[item.ID] || item.Type != "Create" || len(item.Object) < 100 {
				t.Errorf("item %+v", item)
			}
			seen[item.ID] = true
		}
		page = doc.Next
	}
	if len(seen) != 25 {
		t.Errorf("%d of 25 activities in the outbox", len(seen))
	}
}

// TestOutboxTellsWhatIs: WordPress takes the entries of an outbox one after
// another, newest first, and the last one stays.
func TestOutboxTellsWhatIs(t *testing.T) {
	n := startNode(t)
	ctx := context.Background()
	n.conference("Untouched")
	moved := n.conference("Moved")
	gone := n.conference("Gone")
	for _, title := range []string{"Moved once", "Moved twice"} {
		if _, err := n.node.UpdateConference(ctx, console, moved.Slug, func(c *community.Conference) error {
			c.Title = community.Plain("en", title)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.node.DeleteConference(ctx, console, gone.Slug); err != nil {
		t.Fatal(err)
	}
	type item struct {
		ID, Type, Published string
		Object              json.RawMessage
	}
	for _, actor := range []string{"/city", "/node"} {
		_, body := n.get(actor+"/outbox?page=true", "Accept", activityJSON)
		var doc struct{ OrderedItems []item }
		if err := json.Unmarshal([]byte(body), &doc); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		var told []string
		ids := map[string]bool{}
		for _, i := range doc.OrderedItems {
			var o struct{ Name string }
			if json.Unmarshal(i.Object, &o) == nil && o.Name != "" {
				told = append(told, i.Type+" "+o.Name)
			}
			ids[i.ID] = true
			if i.Published == "" {
				t.Errorf("%s: %s does not say when", actor, i.ID)
			}
		}
		want := []string{"Update Moved twice", "Create Moved twice", "Create Untouched"}
		if !slices.Equal(told, want) {
			t.Errorf("%s tells %q, want %q", actor, told, want)
		}
		if len(ids) != len(doc.OrderedItems) {
			t.Errorf("%s: two entries have one id: %s", actor, body)
		}
	}
}

// TestFollowersStayPrivate: how many they are is told, who they are is not.
func TestFollowersStayPrivate(t *testing.T) {
	n, p := startNode(t), startPeer(t, "mastodon")
	n.follower(p, "anna", community.CityActor)
	_, body := n.get("/city/followers", "Accept", activityJSON)
	var doc map[string]any
	if err := json.Unmarshal([]byte(body), &doc); err != nil || doc["totalItems"] != 1.0 {
		t.Errorf("%v: %s", err, body)
	}
	if strings.Contains(body, p.uri("anna")) || doc["first"] != nil {
		t.Errorf("the followers are told: %s", body)
	}
}

func TestWebFinger(t *testing.T) {
	n := startNode(t)
	host := n.site.Host()
	city := n.site.Actor(community.CityActor)
	for _, tc := range []struct {
		query  string
		status int
		self   string
	}{
		{"resource=acct:belgrade@" + host, 200, city},
		{"resource=acct%3Abelgrade%40" + host, 200, city},
		{"resource=acct:BelGrade@" + strings.ToUpper(host), 200, city},
		{"resource=ACCT:belgrade@" + host, 200, city},
		{"resource=%61cct:belgrade@" + host, 200, city},
		{"rel=self&resource=acct:belgrade@" + host, 200, city}, // parameters in any order
		{"resource=acct:belgrade@" + host + "&rel=self", 200, city},
		{"resource=acct:city@" + host, 200, city},
		{"resource=acct:node@" + host, 200, n.site.Actor(community.NodeActor)},
		{"resource=acct:relay@" + host, 200, n.site.Actor(community.NodeActor)}, // Mobilizon
		{"resource=acct:anna@" + host, 200, n.site.Actor("people/anna")},
		{"resource=" + city, 200, city},
		{"resource=" + n.site.Actor("people/anna"), 200, n.site.Actor("people/anna")},
		{"resource=" + n.site.Actor(community.NodeActor), 200, n.site.Actor(community.NodeActor)},
		{"resource=acct:nobody@" + host, 404, ""},
		{"resource=acct:belgrade@elsewhere.example", 404, ""},
		{"resource=https://elsewhere.example/city", 404, ""},
		{"resource=" + n.site.Base + "/conf/x", 404, ""},
		{"", 400, ""},
		{"resource=", 400, ""},
		{"resource", 400, ""},
		{"resource==acct:belgrade@" + host, 400, ""},
		{"resource=acct:belgrade@" + host + "&resource=acct:anna@" + host, 400, ""},
		{"resource=belgrade", 400, ""},
		{"resource=acct:belgrade", 400, ""},
		{"resource=acct:@" + host, 400, ""},
		{"resource=acct:belgrade@", 400, ""},
		{"resource=ftp://" + host, 400, ""},
		{"resource=%zz", 400, ""},
		{"resource=https:///city", 400, ""},
		{"resource=acct:bel%20grade@" + host, 400, ""},
	} {
		resp, body := n.get("/.well-known/webfinger?" + tc.query)
		if resp.StatusCode != tc.status {
			t.Errorf("%q: %d, want %d: %s", tc.query, resp.StatusCode, tc.status, body)
			continue
		}
		if got := resp.Header.Get("Access-Control-Allow-Origin"); got != "*" {
			t.Errorf("%q: CORS %q", tc.query, got)
		}
		if tc.status != 200 {
			continue
		}
		if got := resp.Header.Get("Content-Type"); got != "application/jrd+json" {
			t.Errorf("%q: content type %q", tc.query, got)
		}
		var doc jrd
		if err := json.Unmarshal([]byte(body), &doc); err != nil {
			t.Errorf("%q: %v", tc.query, err)
			continue
		}
		if got := linkOf(&doc, "self", "href"); got != tc.self {
			t.Errorf("%q: self is %q, want %q", tc.query, got, tc.self)
		}
		if strings.Contains(tc.query, "rel=self") && len(doc.Links) != 1 {
			t.Errorf("%q: rel was asked for: %s", tc.query, body)
		}
	}
}

func linkOf(doc *jrd, rel, attribute string) string {
	for _, l := range doc.Links {
		if l["rel"] == rel {
			s, _ := l[attribute].(string)
			return s
		}
	}
	return ""
}

// TestWebFingerOfTheServer: FEP-d556, and what Mastodon asks a bare domain for.
func TestWebFingerOfTheServer(t *testing.T) {
	n := startNode(t)
	for _, resource := range []string{n.site.Base, n.site.Base + "/"} {
		_, body := n.get("/.well-known/webfinger?resource=" + resource)
		var doc jrd
		if err := json.Unmarshal([]byte(body), &doc); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		if got := linkOf(&doc, relService, "href"); got != n.site.Actor(community.NodeActor) {
			t.Errorf("%s: Service is %q: %s", resource, got, body)
		}
		if linkOf(&doc, relSubscribe, "template") == "" || linkOf(&doc, relIntent+"Follow", "template") == "" {
			t.Errorf("%s: no way to follow from there: %s", resource, body)
		}
	}
}

func TestHostMeta(t *testing.T) {
	n := startNode(t)
	resp, body := n.get("/.well-known/host-meta")
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/xrd+xml") || !strings.Contains(body, `template="`+n.site.Base+`/.well-known/webfinger?resource={uri}"`) {
		t.Errorf("%v %s", resp.Header, body)
	}
	if _, body := n.get("/.well-known/host-meta.json"); !json.Valid([]byte(body)) || !strings.Contains(body, "{uri}") {
		t.Error(body)
	}
}

func TestNodeInfo(t *testing.T) {
	n := startNode(t)
	n.conference("Go meetup")
	_, body := n.get("/.well-known/nodeinfo")
	var list struct{ Links []struct{ Rel, Href string } }
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list.Links) < 3 {
		t.Fatalf("%v: %s", err, body)
	}
	for i, l := range list.Links {
		last := i == len(list.Links)-1
		if l.Rel == "" || l.Href == "" || last != (l.Rel == relApplication) {
			t.Errorf("link %d is %+v", i, l)
		}
		if last {
			continue
		}
		resp, body := n.get(strings.TrimPrefix(l.Href, n.site.Base))
		var doc nodeInfo
		if err := json.Unmarshal([]byte(body), &doc); err != nil || !strings.HasSuffix(l.Rel, doc.Version) || doc.Software.Name != "konfa" ||
			doc.Usage.Users.Total != 1 || doc.Usage.LocalPosts != 1 || doc.Metadata["nodeActor"] != n.site.Actor(community.NodeActor) {
			t.Errorf("%v: %s", err, body)
		}
		if !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
			t.Errorf("content type %q", resp.Header.Get("Content-Type"))
		}
	}
}

// signedGet asks as an actor of the peer.
func (p *fakePeer) signedGet(n *testNode, path, name string, scheme signature.Scheme) *http.Response {
	p.t.Helper()
	r, err := http.NewRequest("GET", n.site.Base+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Accept", activityJSON)
	p.sign(r, nil, name, scheme, n.clock.now())
	resp, _ := n.do(r)
	return resp
}

func TestAuthorizedFetch(t *testing.T) {
	n := startNode(t, func(o *Options) { o.AuthorizedFetch = true })
	p := startPeer(t, "mastodon")
	c := n.conference("Go meetup")
	for _, tc := range []struct {
		path string
		want int
	}{
		{"/city", 401}, {"/people/anna", 401}, {"/conf/" + c.Slug, 401}, {"/city/outbox", 401},
		{"/node", 200}, {"/.well-known/nodeinfo", 200}, {"/nodeinfo/2.1", 200}, {"/.well-known/webfinger?resource=" + n.site.Base, 200},
	} {
		resp, _ := n.get(tc.path, "Accept", activityJSON)
		if resp.StatusCode != tc.want {
			t.Errorf("unsigned %s: %d, want %d", tc.path, resp.StatusCode, tc.want)
		}
		if tc.want == 401 {
			for _, scheme := range []signature.Scheme{signature.Cavage, signature.RFC9421} {
				resp := p.signedGet(n, tc.path, "anna", scheme)
				if resp.StatusCode != 200 {
					t.Errorf("%s signed by %s: %d", tc.path, scheme, resp.StatusCode)
				}
				if cc := resp.Header.Get("Cache-Control"); !strings.HasPrefix(cc, "private") || !strings.Contains(resp.Header.Get("Vary"), "Signature") {
					t.Errorf("%s signed: Cache-Control %q, Vary %q", tc.path, cc, resp.Header.Get("Vary"))
				}
			}
		}
	}
	if resp, _ := n.get("/city", "Accept", "text/html"); resp.StatusCode != 200 {
		t.Errorf("a page needs no signature: %d", resp.StatusCode)
	}
}

func TestBlockedMayNotRead(t *testing.T) {
	for _, authorized := range []bool{false, true} {
		n := startNode(t, func(o *Options) { o.AuthorizedFetch = authorized })
		p := startPeer(t, "mastodon")
		err := n.node.AddBlock(context.Background(), console, &community.Block{ActorURI: p.uri("bob"), Severity: community.Suspend})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.signedGet(n, "/city", "bob", signature.Cavage).StatusCode; got != http.StatusForbidden {
			t.Errorf("a blocked actor reads with %d", got)
		}
		if got := p.signedGet(n, "/city", "anna", signature.Cavage).StatusCode; got != 200 {
			t.Errorf("another actor reads with %d", got)
		}
		block(t, n, p)
		for _, path := range []string{"/city", "/node"} {
			if got := p.signedGet(n, path, "anna", signature.Cavage).StatusCode; got != http.StatusForbidden {
				t.Errorf("a blocked server reads %s with %d", path, got)
			}
		}
	}
}

// block blocks the host of a peer, port and all.
func block(t *testing.T, n *testNode, p *fakePeer) {
	t.Helper()
	err := n.store.Write(context.Background(), func(tx *storage.Tx) error {
		return tx.SaveBlock(context.Background(), &community.Block{Domain: p.host(), Severity: community.Suspend, Created: tx.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func FuzzParseResource(f *testing.F) {
	for _, s := range []string{"acct:a@b.example", "https://b.example/city", "acct:@a@b", "acct:%40", "https://[::1]:8/x", "acct:a@b@c", ":", "acct:", "http://.", "acct:a@."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := parseResource(s)
		if err != nil {
			if community.CodeOf(err) != community.Invalid {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		if r.Host == "" || r.Acct && (r.Handle == "" || strings.ContainsAny(r.Host, "@/?#")) || r.Host != strings.ToLower(r.Host) {
			t.Errorf("%q gives %+v", s, r)
		}
	})
}
