package peers

import (
	"fmt"
	"testing"
)

// The control experiment: two fedify servers talk with each other as they
// should, and what is spoiled on the way is told from what is not. Without it
// the other tests would not know what a failure means.
func TestFedifyWithItself(t *testing.T) {
	t.Parallel()
	one := newServer(t, serverOptions{Host: "127.0.0.21"})
	two := newServer(t, serverOptions{
		Host: "two.localhost", AuthorizedFetch: true, FirstKnock: "draft-cavage-http-signatures-12",
		Actors: map[string]string{"bob": "Group", "instance": "Application"},
	})
	bob := two.Actors["bob"]

	one.follow("alice", bob.Address)
	follow := two.awaitActivity("Follow", bob.URI)
	if follow.Scheme != "rfc9421" {
		t.Errorf("fedify signs with %s first", follow.Scheme)
	}
	accept := one.await("the Accept", func(d delivered) bool { return d.Activity["type"] == "Accept" })
	accept.check(t)
	if accept.Scheme != "cavage" {
		t.Errorf("told to begin with cavage, fedify signed with %s", accept.Scheme)
	}
	if d := one.get(bob.URI, "none"); d.Status != 401 {
		t.Errorf("an unsigned request for the actor: %d", d.Status)
	}

	for _, signature := range []struct{ scheme, key string }{{"cavage", "rsa"}, {"rfc9421", "rsa"}, {"rfc9421", "ed25519"}} {
		for _, spoiled := range []string{"", "body", "digest", "no-digest", "signature"} {
			status, _ := one.post(posted{
				As: "alice", Inbox: bob.Inbox, Scheme: signature.scheme, Key: signature.key, Spoiled: spoiled,
				Activity: one.like("alice", bob.URI, fmt.Sprintf("%s-%s-%s", signature.scheme, signature.key, spoiled)),
			})
			if want := 202; spoiled == "" && status != want {
				t.Errorf("%v: %d, want %d", signature, status, want)
			}
			if want := 401; spoiled != "" && status != want {
				t.Errorf("%v, spoiled %s: %d, want %d", signature, spoiled, status, want)
			}
		}
	}
}

// like is an activity with the word that post changes when it spoils one.
func (s *server) like(as, object, name string) map[string]any {
	return map[string]any{
		"@context": "https://www.w3.org/ns/activitystreams",
		"type":     "Like",
		"id":       s.Origin + "/likes/" + name,
		"actor":    s.Actors[as].URI,
		"object":   object,
		"summary":  "a genuine one",
	}
}

type answer struct {
	Status      int
	ContentType string
	Body        string
}

// get fetches an address from where fedify is.
func (s *server) get(url, scheme string) answer {
	s.t.Helper()
	var a answer
	s.ask("get", map[string]any{"url": url, "as": s.someone(), "scheme": scheme}, &a)
	return a
}
