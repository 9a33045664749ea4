package peers

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
)

type said struct {
	ID      int64  `json:"id"`
	URI     string `json:"uri"`
	Address string `json:"address"`
	State   string `json:"state"`
}

func (c *city) said(args ...string) []said {
	c.t.Helper()
	var list []said
	c.run(&list, args...)
	return list
}

// awaitSaid waits for the first of a list of answers or mentions.
func (c *city) awaitSaid(uri string, args ...string) said {
	c.t.Helper()
	var hit said
	eventually(c.t, uri+" is in "+strings.Join(args, " "), func() error {
		list := c.said(args...)
		i := slices.IndexFunc(list, func(s said) bool { return s.URI == uri })
		if i < 0 {
			return fmt.Errorf("%+v", list)
		}
		hit = list[i]
		return nil
	})
	return hit
}

func (c *city) shows(path, text string) bool {
	c.t.Helper()
	_, _, body := c.get(path, "text/html")
	return strings.Contains(string(body), text)
}

// Someone on another server answers, a steward looks first, others answer that,
// the city too; what is taken away is nowhere.
func TestTalkAcrossServers(t *testing.T) {
	t.Parallel()
	belgrade := found(t, cityOptions{Host: "127.0.0.91"})
	fed, third := newServer(t, serverOptions{Host: "talk.localhost"}), newServer(t, serverOptions{Host: "third.localhost"})
	conf := belgrade.addConference("Maps and tea", "--replies", "moderated")
	alice, carol := fed.Actors["alice"].URI, third.Actors["alice"].URI
	city, public := belgrade.cityURI(), "https://www.w3.org/ns/activitystreams#Public"

	note := func(s *server, by, name, above, text string) string {
		uri := s.Origin + "/notes/" + name
		doc := map[string]any{"type": "Note", "id": uri, "attribution": by, "content": "<p>" + text + "</p>", "replyTarget": above, "published": "2026-11-20T10:00:00Z", "to": public}
		s.publish(doc)
		return uri
	}
	send := func(s *server, uri, by, above, text string) {
		status, body := s.post(posted{As: "alice", Inbox: belgrade.url + "/inbox", Scheme: "rfc9421", Activity: map[string]any{
			"@context": "https://www.w3.org/ns/activitystreams", "type": "Create", "id": uri + "/create", "actor": by, "to": public, "cc": city,
			"object": map[string]any{"type": "Note", "id": uri, "attributedTo": by, "content": "<p>" + text + "</p>", "inReplyTo": above, "published": "2026-11-20T10:00:00Z", "to": public, "cc": city},
		}})
		if status != http.StatusAccepted {
			t.Fatalf("%d %s", status, body)
		}
	}
	first := note(fed, alice, "1", conf.URI, "Is there tea")
	send(fed, first, alice, conf.URI, "Is there tea")
	held := belgrade.awaitSaid(first, "replies", "list", "--held")
	if held.Address != "@alice@"+strings.TrimPrefix(fed.Origin, "https://") || belgrade.shows("/conf/"+conf.Slug, "Is there tea") {
		t.Errorf("held is %+v, and shown already", held)
	}
	if total, _ := fed.walk(conf.URI + "/replies"); total != 0 {
		t.Errorf("%d answers before a steward looked", total)
	}
	belgrade.run(nil, "replies", "show", strconv.FormatInt(held.ID, 10))
	eventually(t, "the answer is on the page", func() error {
		if !belgrade.shows("/conf/"+conf.Slug, "Is there tea") {
			return fmt.Errorf("not yet")
		}
		return nil
	})
	total, items := fed.walk(conf.URI + "/replies")
	if total != 1 || len(items) != 1 {
		t.Errorf("%d answers, %v", total, items)
	}
	// A third server answers an answer that never came here: it is read.
	between := note(fed, alice, "2", first, "Green tea")
	send(third, third.Origin+"/notes/3", carol, between, "And black")
	belgrade.awaitSaid(between, "replies", "list")
	belgrade.awaitSaid(third.Origin+"/notes/3", "replies", "list", "--held")

	// The city answers; whom it answers is named and told without following.
	var ours post
	belgrade.run(&ours, "post", "Of every colour", "--reply-to", between)
	told := fed.awaitActivity("Create", ours.URI)
	if object, _ := told.Activity["object"].(map[string]any); object["inReplyTo"] != between || !strings.Contains(fmt.Sprint(object["tag"]), alice) || !strings.Contains(fmt.Sprint(object["cc"]), alice) {
		t.Errorf("the answer of the city is %v", told.Activity["object"])
	}
	// An answer to what was never here is read and told too.
	lone := note(third, carol, "9", third.Origin+"/notes/8", "Somewhere else")
	var far post
	belgrade.run(&far, "post", "We read you", "--reply-to", lone)
	third.awaitActivity("Create", far.URI)

	belgrade.run(nil, "replies", "hide", strconv.FormatInt(held.ID, 10))
	eventually(t, "the answer is gone", func() error {
		if belgrade.shows("/conf/"+conf.Slug, "Is there tea") {
			return fmt.Errorf("still there")
		}
		return nil
	})
	if total, _ := fed.walk(conf.URI + "/replies"); total != 0 {
		t.Errorf("%d answers after it was hidden", total)
	}
	if _, _, err := belgrade.try("post", "Hello", "--reply-to", fed.Origin+"/notes/nothing"); err == nil {
		t.Error("an answer to nothing was written")
	}
}

// A post that mentions the city waits for a steward, goes to her followers, and
// comes back from them.
func TestMentionIsBoosted(t *testing.T) {
	t.Parallel()
	belgrade := found(t, cityOptions{Host: "127.0.0.92"})
	fed := newServer(t, serverOptions{Host: "mention.localhost"})
	alice, city := fed.Actors["alice"].URI, belgrade.cityURI()
	fed.follow("alice", belgrade.address())
	belgrade.awaitFollower(alice)
	uri := fed.Origin + "/notes/1"
	activity := func(typ string, object any) map[string]any {
		return map[string]any{"@context": "https://www.w3.org/ns/activitystreams", "type": typ, "id": uri + "/" + typ, "actor": alice, "to": "https://www.w3.org/ns/activitystreams#Public", "object": object}
	}
	send := func(a map[string]any) {
		if status, body := fed.post(posted{As: "alice", Inbox: belgrade.url + "/inbox", Scheme: "cavage", Activity: a}); status != http.StatusAccepted {
			t.Fatalf("%d %s", status, body)
		}
	}
	send(activity("Create", map[string]any{"type": "Note", "id": uri, "attributedTo": alice, "content": "<p>A walk on Sunday?</p>", "published": "2026-11-20T10:00:00Z",
		"to": "https://www.w3.org/ns/activitystreams#Public", "cc": city, "tag": map[string]any{"type": "Mention", "href": city, "name": belgrade.address()}}))
	offered := belgrade.awaitSaid(uri, "mentions")
	if belgrade.shows("/", "A walk on Sunday") {
		t.Error("it is on the front page before a steward said yes")
	}
	belgrade.run(nil, "mentions", "boost", strconv.FormatInt(offered.ID, 10))
	announce := fed.awaitActivity("Announce", uri)
	if announce.Activity["object"] != uri || announce.Activity["actor"] != city {
		t.Errorf("the boost is %v", announce.Activity)
	}
	if !belgrade.shows("/", "A walk on Sunday") || !belgrade.shows("/", "@alice@mention.localhost") {
		t.Error("the front page does not have it with its author")
	}
	send(activity("Delete", map[string]any{"type": "Tombstone", "id": uri}))
	fed.await("the Undo", func(d delivered) bool {
		inner, _ := d.Activity["object"].(map[string]any)
		return d.Activity["type"] == "Undo" && inner["type"] == "Announce" && id(inner["object"]) == uri
	}).check(t)
	if belgrade.shows("/", "A walk on Sunday") {
		t.Error("what its author deleted is on the front page")
	}
}

// The buttons lead to where the visitor is at home, or send a message there.
func TestButtonsLeadHome(t *testing.T) {
	t.Parallel()
	belgrade := found(t, cityOptions{Host: "127.0.0.93"})
	fed := newServer(t, serverOptions{Host: "home.localhost"})
	conf := belgrade.addConference("Maps and tea")
	handle := "@alice@" + strings.TrimPrefix(fed.Origin, "https://")
	press := func(form url.Values) (int, string, string) {
		t.Helper()
		req, err := http.NewRequest(http.MethodPost, belgrade.url+"/follow", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := readAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, resp.Header.Get("Location"), string(body)
	}
	join := url.Values{"handle": {handle}, "object": {conf.URI}, "intent": {"Join"}}
	status, _, body := press(join)
	if status != http.StatusUnprocessableEntity || !strings.Contains(body, "does not say how") || !strings.Contains(body, `name="direct"`) {
		t.Fatalf("a server that offers nothing: %d\n%s", status, body)
	}
	direct := url.Values{"handle": {handle}, "object": {conf.URI}, "intent": {"Join"}, "direct": {"1"}}
	if status, _, body = press(direct); status != http.StatusOK || !strings.Contains(body, "Look into your messages") {
		t.Errorf("%d\n%s", status, body)
	}
	message := fed.await("the message", func(d delivered) bool {
		return d.Activity["type"] == "Create" && strings.Contains(d.Facts.text("object", "content"), conf.URI)
	})
	message.check(t)
	if to := fmt.Sprint(message.Activity["to"]); !strings.Contains(to, fed.Actors["alice"].URI) || strings.Contains(message.Raw, "#Public") {
		t.Errorf("it is addressed to %s", to)
	}
	press(direct)
	if status, _, body = press(url.Values{"handle": {"@nobody@" + strings.TrimPrefix(fed.Origin, "https://")}, "object": {conf.URI}}); status != http.StatusUnprocessableEntity || !strings.Contains(body, "is not known on its own server") {
		t.Errorf("nobody: %d\n%s", status, body)
	}

	fed.ask("settings", map[string]any{"links": []map[string]string{
		{"rel": "http://ostatus.org/schema/1.0/subscribe", "path": "/authorize_interaction?uri={uri}"},
		{"rel": "https://w3id.org/fep/3b86/Object", "path": "/look?at={object}"},
		{"rel": "https://w3id.org/fep/3b86/Join", "path": "/join?what={object}&then={on-success}"},
		{"rel": "https://w3id.org/fep/3b86/Create", "path": "/share?text={content}"},
	}}, nil)
	at := url.QueryEscape(conf.URI)
	for intent, want := range map[string]string{"Join": "/join?what=" + at + "&then=", "Create": "/look?at=" + at, "Like": "/look?at=" + at} {
		status, to, body := press(url.Values{"handle": {handle}, "object": {conf.URI}, "intent": {intent}})
		if status != http.StatusSeeOther || to != fed.Origin+want {
			t.Errorf("%s: %d to %s\n%s", intent, status, to, body)
		}
	}
	// One message was enough.
	messages := 0
	for _, d := range fed.received() {
		if strings.Contains(d.Facts.text("object", "content"), conf.URI) {
			messages++
		}
	}
	if messages != 1 {
		t.Errorf("%d messages about one thing", messages)
	}
}
