package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"konfa/community"
	"konfa/node"
)

func TestRepliesOverTheAPI(t *testing.T) {
	w := newTown(t)
	res := w.call(http.MethodPost, "/api/v1/conferences", `{"title":"First","start":"2027-03-04T19:00","replies":"moderated"}`)
	var c conferenceOutput
	if err := json.Unmarshal([]byte(bodyOf(t, res)), &c); err != nil || c.Replies != community.RepliesModerated {
		t.Fatalf("%s %+v %v", res.Status, c, err)
	}
	bob := w.stranger("https://m.example/u/bob", "bob", "Bob")
	p := w.hears(bob, "one", c.ID, nil)
	list := func(path string, want int) []replyOutput {
		t.Helper()
		var out listOutput[replyOutput]
		if err := json.Unmarshal([]byte(bodyOf(t, w.call(http.MethodGet, path, ""))), &out); err != nil || len(out.Items) != want || out.Total != want {
			t.Fatalf("%s: %+v %v, want %d", path, out, err, want)
		}
		return out.Items
	}
	r := list("/api/v1/replies?state=held", 1)[0]
	if r.Number != p.ID || r.Address != "@bob@m.example" || r.State != "held" || r.Conference != c.Slug || r.Author != bob.URI || r.URL != p.URI {
		t.Errorf("%+v", r)
	}
	do := func(method, path string, want int) {
		t.Helper()
		if res := w.call(method, path, ""); res.StatusCode != want {
			t.Errorf("%s %s: %s %s", method, path, res.Status, bodyOf(t, res))
		}
	}
	do(http.MethodPost, fmt.Sprintf("/api/v1/replies/%d/show", p.ID), 200)
	list("/api/v1/replies?state=held", 0)
	list("/api/v1/replies?state=shown&conference="+c.Slug, 1)
	do(http.MethodPost, fmt.Sprintf("/api/v1/replies/%d/hide", p.ID), 200)
	list("/api/v1/replies?state=hidden", 1)
	do(http.MethodDelete, fmt.Sprintf("/api/v1/replies/%d", p.ID), 204)
	do(http.MethodDelete, fmt.Sprintf("/api/v1/replies/%d", p.ID), 404)
	do(http.MethodPost, "/api/v1/replies/x/show", 404)
	do(http.MethodGet, "/api/v1/replies?state=loud", 422)

	m := w.hears(bob, "two", "", func(p *community.Post) {
		p.Mentions = []community.Mention{{Name: "@belgrade", URI: "https://belgrade.example/city"}}
	})
	list("/api/v1/mentions?state=offered", 1)
	do(http.MethodPost, fmt.Sprintf("/api/v1/mentions/%d/boost", m.ID), 200)
	if r := list("/api/v1/mentions?state=boosted", 1)[0]; r.State != "boosted" || r.Announced == "" {
		t.Errorf("%+v", r)
	}
	do(http.MethodPost, fmt.Sprintf("/api/v1/mentions/%d/dismiss", m.ID), 200)
	if r := list("/api/v1/mentions", 1)[0]; r.State != "dismissed" {
		t.Errorf("%+v", r)
	}
	// A member who is no steward sees and does none of it.
	if err := w.node.AddMember(t.Context(), console, &community.Member{Handle: "mia", Name: "Mia", Role: community.Regular}); err != nil {
		t.Fatal(err)
	}
	token, _, err := w.node.AddToken(t.Context(), console, "mia", "test")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/api/v1/replies", "/api/v1/mentions"} {
		if res := w.do(http.MethodGet, path, "", "Authorization: Bearer "+token); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s for a member: %s", path, res.Status)
		}
	}
	if res := w.do(http.MethodPost, fmt.Sprintf("/api/v1/mentions/%d/boost", m.ID), "", "Authorization: Bearer "+token); res.StatusCode != http.StatusForbidden {
		t.Errorf("a member boosts: %s", res.Status)
	}
}

// Whom an answer is to is found before it is written.
func TestAnswerIsAddressed(t *testing.T) {
	w := newTown(t)
	const to = "https://far.example/n/1"
	if res := w.call(http.MethodPost, "/api/v1/posts", `{"text":"Yes","reply_to":"`+to+`"}`); res.StatusCode != http.StatusCreated || len(w.remote.known) != 1 || w.remote.known[0] != to {
		t.Errorf("%s, asked for %q", res.Status, w.remote.known)
	}
	w.remote.knowErr = errors.New("connection refused")
	if res := w.call(http.MethodPost, "/api/v1/posts", `{"text":"Yes","reply_to":"`+to+`"}`); res.StatusCode != 422 {
		t.Errorf("an answer to nobody: %s", res.Status)
	}
	if _, err := w.node.AddPost(t.Context(), console, &community.Post{Text: community.Plain("en", "x"), ReplyTo: to}, node.Publish{}); err != nil {
		t.Error(err)
	}
}
