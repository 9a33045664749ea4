package peers

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// deep is JSON with something nested very often.
func deep(n int) string { return strings.Repeat(`{"a":[`, n) + "1" + strings.Repeat("]}", n) }

// Bodies that an inbox must not choke on.
func TestHostileBodies(t *testing.T) {
	t.Parallel()
	belgrade := found(t, cityOptions{Host: "127.0.0.81"})
	evil := newStranger(t, "127.0.0.82")
	inbox := belgrade.url + "/inbox"
	who := evil.uri("evil")
	for _, c := range []struct {
		name, contentType, body string
		want                    []int
	}{
		{"more than 1 MiB", activityJSON, `{"type":"Create","id":"` + who + `/1","actor":"` + who + `","object":{"content":"` + strings.Repeat("x", 1<<20) + `"}}`, []int{413}},
		{"nested 100,000 times", activityJSON, `{"type":"Create","id":"` + who + `/2","actor":"` + who + `","object":` + deep(50_000) + `}`, []int{400}},
		{"nested 100 times", activityJSON, `{"type":"Create","id":"` + who + `/3","actor":"` + who + `","object":` + deep(50) + `}`, []int{400}},
		{"no JSON", activityJSON, `{"type":"Create","actor":`, []int{400}},
		{"a list", activityJSON, `[{"type":"Create"}]`, []int{400}},
		{"null", activityJSON, `null`, []int{400}},
		{"nothing", activityJSON, ``, []int{400}},
		{"no actor", activityJSON, `{"type":"Create","id":"` + who + `/4"}`, []int{400}},
		{"an actor that is no address", activityJSON, `{"type":"Create","id":"x","actor":"javascript:alert(1)"}`, []int{400}},
		{"an actor on this machine's file system", activityJSON, `{"type":"Create","id":"file:///etc/passwd","actor":"file:///etc/passwd"}`, []int{400}},
		{"an actor of this node", activityJSON, `{"type":"Create","id":"` + belgrade.url + `/x","actor":"` + belgrade.cityURI() + `","object":"` + who + `"}`, []int{401, 403}},
		{"a web form", "application/x-www-form-urlencoded", `type=Create`, []int{415, 406}},
		{"a page", "text/html", `<p>Create</p>`, []int{415, 406}},
		{"no type", "", `{}`, []int{415, 406}},
		{"not UTF-8", activityJSON, "{\"type\":\"Like\",\"id\":\"" + who + "/5\",\"actor\":\"" + who + "\",\"object\":\"\xff\xfe\"}", []int{202, 400}},
	} {
		status, body := evil.postAs("evil", inbox, c.contentType, []byte(c.body))
		ok := false
		for _, w := range c.want {
			ok = ok || status == w
		}
		if !ok {
			t.Errorf("%s: %d, want %v: %s", c.name, status, c.want, tail(body, 300))
		}
	}

	// A body that never ends, and one that comes a byte at a time, keep nobody else out.
	for range 20 {
		conn, err := net.Dial("tcp", belgrade.listen)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	if status, _, body := belgrade.get("/city", activityJSON); status != 200 {
		t.Errorf("with idle connections open: %d %s", status, body)
	}
	if !belgrade.process.running() {
		t.Fatal("konfa fell")
	}
}

// Who says what about whom.
func TestHostileClaims(t *testing.T) {
	t.Parallel()
	belgrade := found(t, cityOptions{Host: "127.0.0.83"})
	evil := newStranger(t, "127.0.0.84")
	honest := newStranger(t, "127.0.0.85")
	inbox := belgrade.url + "/inbox"
	public := []string{"https://www.w3.org/ns/activitystreams#Public"}
	evil.befriend(belgrade, "evil")
	victim := honest.uri("victim")
	conf := belgrade.addConference("Trust", "--duration", "1h")

	event := func(id, by, title string) map[string]any {
		return map[string]any{
			"@context": "https://www.w3.org/ns/activitystreams", "type": "Event", "id": id, "name": title, "attributedTo": by, "actor": by, "to": public,
			"startTime": "2027-06-01T18:00:00Z", "endTime": "2027-06-01T20:00:00Z", "published": "2026-11-01T10:00:00Z", "url": id, "content": "<p>" + title + "</p>",
		}
	}

	// Someone else's event, embedded: what counts is what its own server says.
	genuine := honest.url + "/events/1"
	honest.document("/events/1", event(genuine, victim, "The genuine title"))
	if status, body := evil.post("evil", inbox, map[string]any{"type": "Announce", "id": evil.url + "/a/1", "actor": evil.uri("evil"), "to": public, "object": event(genuine, victim, "A forged title")}); status != 202 {
		t.Fatalf("%d %s", status, body)
	}
	if got := belgrade.awaitForeign(genuine, nil); got.Title != "The genuine title" {
		t.Errorf("an embedded event of a third party was believed: %+v", got)
	}
	// It is not the announcer's to change, nor to delete.
	forged := event(genuine, victim, "Changed by another")
	forged["updated"] = "2026-11-22T10:00:00Z"
	for i, activity := range []map[string]any{
		{"type": "Update", "object": forged},
		{"type": "Create", "object": forged},
		{"type": "Update", "object": event(genuine, evil.uri("evil"), "Taken over")},
		{"type": "Announce", "object": map[string]any{"type": "Update", "id": honest.url + "/u/1", "actor": victim, "object": forged}},
		{"type": "Delete", "object": genuine},
		{"type": "Delete", "object": map[string]any{"type": "Tombstone", "id": genuine, "formerType": "Event"}},
		{"type": "Announce", "object": map[string]any{"type": "Delete", "id": honest.url + "/d/1", "actor": victim, "object": genuine}},
		{"type": "Delete", "object": victim},
		{"type": "Create", "object": event(evil.url+"/events/claimed", victim, "Said to be of another")},
		{"type": "Create", "object": event(honest.url+"/events/never", evil.uri("evil"), "Not there")},
	} {
		activity["id"], activity["actor"], activity["to"] = fmt.Sprintf("%s/forged/%d", evil.url, i), evil.uri("evil"), public
		evil.post("evil", inbox, activity)
	}
	// The last of the queue shows that all before were done.
	marker := evil.url + "/events/marker"
	evil.post("evil", inbox, map[string]any{"type": "Create", "id": marker + "/create", "actor": evil.uri("evil"), "to": public, "object": event(marker, evil.uri("evil"), "My own")})
	belgrade.awaitForeign(marker, nil)
	if got := belgrade.foreign(genuine); got == nil || got.Title != "The genuine title" {
		t.Errorf("after the forgeries the event is %+v", got)
	}
	for _, uri := range []string{evil.url + "/events/claimed", honest.url + "/events/never"} {
		if got := belgrade.foreign(uri); got != nil && got.Title != "My own" {
			t.Errorf("it was taken: %+v", *got)
		}
	}

	// An actor that says to be someone on another server.
	impostor := evil.actor("impostor")
	impostor["id"] = victim
	impostor["publicKey"] = map[string]any{"id": evil.uri("impostor") + "#main-key", "owner": victim, "publicKeyPem": impostor["publicKey"].(map[string]any)["publicKeyPem"]}
	evil.document("/users/impostor", impostor)
	note := func(host, by string) map[string]any {
		return map[string]any{"type": "Create", "id": host + "/c/" + fmt.Sprint(time.Now().UnixNano()), "actor": by, "to": public, "object": map[string]any{
			"type": "Note", "id": host + "/notes/forged", "attributedTo": by, "inReplyTo": conf.URI, "content": "<p>I was never here</p>", "to": public,
		}}
	}
	if status, body := evil.post("impostor", inbox, note(honest.url, victim)); status/100 != 4 {
		t.Errorf("signed by an impostor: %d %s", status, body)
	}
	// In the name of another, by an honest name of one's own: it may be taken as
	// something passed on, which is looked up at its origin and is not there.
	evil.post("evil", inbox, note(honest.url, victim))
	for _, typ := range []string{"Follow", "Like", "Join", "Undo", "Accept"} {
		activity := map[string]any{"type": typ, "id": honest.url + "/by-another/" + typ, "actor": victim, "object": conf.URI}
		if status, body := evil.post("evil", inbox, activity); status/100 != 4 {
			t.Errorf("a %s in the name of another: %d %s", typ, status, body)
		}
	}
	// A key that lies elsewhere, and names an owner elsewhere.
	borrowed := evil.actor("borrowed")
	borrowed["publicKey"].(map[string]any)["owner"] = victim
	evil.document("/users/borrowed", borrowed)
	if status, body := evil.post("borrowed", inbox, note(evil.url, evil.uri("borrowed"))); status/100 != 4 {
		t.Errorf("a key of another owner: %d %s", status, body)
	}
	marker = evil.url + "/events/another-marker"
	evil.post("evil", inbox, map[string]any{"type": "Create", "id": marker + "/create", "actor": evil.uri("evil"), "to": public, "object": event(marker, evil.uri("evil"), "My own")})
	belgrade.awaitForeign(marker, nil)
	for _, p := range belgrade.posts() {
		if strings.Contains(fmt.Sprintf("%s", p.HTML), "never here") {
			t.Errorf("a forged note was kept: %+v", p)
		}
	}

	// A Follow whose sender has its inbox where we must not go.
	lost := evil.actor("lost")
	lost["inbox"] = "https://169.254.169.254/latest/meta-data"
	lost["endpoints"] = map[string]any{"sharedInbox": "https://10.0.0.1/inbox"}
	evil.document("/users/lost", lost)
	evil.post("lost", inbox, map[string]any{"type": "Follow", "id": evil.url + "/f/1", "actor": evil.uri("lost"), "object": belgrade.cityURI()})
	belgrade.run(nil, "post", "Is anybody there?")
	if status, _, _ := belgrade.get("/city", activityJSON); status != 200 || !belgrade.process.running() {
		t.Errorf("after all of that: %d", status)
	}
}

// What konfa inspect makes of documents on disk and of servers that lie.
func TestHostileDocuments(t *testing.T) {
	t.Parallel()
	belgrade := found(t, cityOptions{Host: "127.0.0.86", NoServe: true})
	evil := newStranger(t, "127.0.0.87")
	refused := func(what, target string) string {
		t.Helper()
		began := time.Now()
		out, errs, err := belgrade.try("inspect", target)
		if err == nil {
			t.Errorf("%s was not refused:\n%s", what, out)
		} else if code := exitCode(err); code != 1 {
			t.Errorf("%s: exit status %d: %s", what, code, errs)
		}
		if strings.TrimSpace(errs) == "" || strings.Contains(errs, "panic") || strings.Contains(errs, "goroutine ") {
			t.Errorf("%s: the reason is %q", what, tail(errs, 2000))
		}
		if took := time.Since(began); took > 25*time.Second {
			t.Errorf("%s took %v", what, took)
		}
		return errs
	}

	for name, body := range map[string]string{
		"empty.json": "", "null.json": "null", "list.json": "[]", "number.json": "1", "cut.json": `{"type":"Note","id":`,
		"deep.json": deep(50_000), "deep-note.json": `{"id":"https://a.example/1","type":"Note","content":"x","tag":` + deep(100) + `}`,
		"big.json":  `{"id":"https://a.example/1","type":"Note","content":"` + strings.Repeat("x", 1<<20) + `"}`,
		"page.json": "<!doctype html><title>No</title>", "no-type.json": `{"id":"https://a.example/1"}`,
	} {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		refused(name, file)
	}

	note := func(id string) map[string]any {
		return map[string]any{"@context": "https://www.w3.org/ns/activitystreams", "type": "Note", "id": id, "content": "<p>Well</p>", "attributedTo": evil.uri("evil")}
	}
	// The control: the same, but decent.
	evil.document("/good", note(evil.url+"/good"))
	if out, errs, err := belgrade.try("inspect", evil.url+"/good"); err != nil || !strings.Contains(out, "Note") {
		t.Errorf("a decent note: %v %s %s", err, errs, out)
	}
	evil.page("/html", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `{"type":"Note","id":"`+evil.url+`/html","content":"x"}`)
	})
	refused("a note as text/html", evil.url+"/html")
	evil.page("/plain", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"type":"Note","id":"`+evil.url+`/plain","content":"x"}`)
	})
	refused("a note as application/json, such as a user may upload", evil.url+"/plain")
	evil.document("/other", note("https://other.example/note"))
	refused("a note of another server", evil.url+"/other")
	var hops atomic.Int64
	evil.page("/loop", func(w http.ResponseWriter, r *http.Request) {
		hops.Add(1)
		http.Redirect(w, r, "/loop", http.StatusFound)
	})
	refused("a redirect in circles", evil.url+"/loop")
	if n := hops.Load(); n > 30 {
		t.Errorf("it went round %d times", n)
	}
	evil.page("/endless", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", activityJSON)
		fmt.Fprint(w, `{"type":"Note","content":"`)
		for range 64 << 10 {
			if _, err := fmt.Fprint(w, strings.Repeat("x", 1<<10)); err != nil {
				return
			}
		}
	})
	refused("a document without end", evil.url+"/endless")
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	for range 24 {
		_, _ = z.Write(bytes.Repeat([]byte(" "), 1<<20))
	}
	_ = z.Close()
	evil.page("/bomb", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", activityJSON)
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	})
	refused("a little that unpacks to much", evil.url+"/bomb")
	for name, to := range map[string]string{"meta": "http://169.254.169.254/latest/meta-data/", "v6": "https://[::1]:1/", "private": "https://10.0.0.1/", "file": "file:///etc/passwd", "gopher": "gopher://127.0.0.1:70/"} {
		evil.page("/to-"+name, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) })
		refused("a redirect to "+to, evil.url+"/to-"+name)
	}
	refused("a server that is not there", "https://127.0.0.87:1/note")
	refused("a handle of nobody", "@nobody@"+evil.host)
}

// A node that was not told to reach private addresses reaches none.
func TestPrivateAddressesAreNotReached(t *testing.T) {
	t.Parallel()
	belgrade := found(t, cityOptions{Host: "127.0.0.88", Strict: true})
	inside := newStranger(t, "127.0.0.89")
	_, port, err := net.SplitHostPort(inside.host)
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{
		inside.url + "/users/secret", "http://" + inside.host + "/users/secret", "https://localhost:" + port + "/users/secret", "https://a.localhost:" + port + "/users/secret",
		"https://[::1]:" + port + "/", "https://[::ffff:127.0.0.89]:" + port + "/users/secret", "https://0.0.0.0:" + port + "/", "https://10.0.0.1/", "https://192.168.0.1/", "https://172.16.0.1/",
		"http://169.254.169.254/latest/meta-data/", "https://100.64.0.1/", "https://[fe80::1]/", "https://[fd00::1]/", "https://[64:ff9b::7f00:1]/", "https://2130706433:" + port + "/", "https://0x7f.0.0.89:" + port + "/",
		"@secret@" + inside.host,
	} {
		out, errs, err := belgrade.try("inspect", target)
		if err == nil || exitCode(err) != 1 {
			t.Errorf("inspect %s: %v\n%s", target, err, out)
		}
		if strings.TrimSpace(errs) == "" || strings.Contains(errs, "goroutine ") {
			t.Errorf("inspect %s: the reason is %q", target, errs)
		}
	}
	// The inbox is asked to fetch a key there.
	for _, keyID := range []string{inside.uri("secret"), "https://10.0.0.1/actor", "http://169.254.169.254/actor", "https://[::1]:" + port + "/actor"} {
		status, body := inside.postAs("secret", belgrade.url+"/inbox", activityJSON, map[string]any{"type": "Like", "id": keyID + "/like", "actor": keyID, "object": belgrade.cityURI()})
		if status < 400 || status == 0 {
			t.Errorf("an activity of %s: %d %s", keyID, status, body)
		}
	}
	if asked := inside.requests(); len(asked) > 0 {
		t.Errorf("it was asked: %q", asked)
	}
	if status, _, _ := belgrade.get("/city", activityJSON); status != 200 {
		t.Errorf("the city: %d", status)
	}
}
