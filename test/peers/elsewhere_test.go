package peers

import (
	"fmt"
	"maps"
	"strings"
	"testing"
)

// Conferences of a server of another make: kept, changed, joined and left, and
// gone when it says so.
func TestConferencesOfAnotherMake(t *testing.T) {
	t.Parallel()
	belgrade := found(t, cityOptions{Host: "guest.localhost"})
	fed := newServer(t, serverOptions{
		Host: "127.0.0.92", AuthorizedFetch: true,
		Actors: map[string]string{"novisad": "Group", "instance": "Application"},
	})
	sister, public := fed.Actors["novisad"], "https://www.w3.org/ns/activitystreams#Public"
	belgrade.follow(sister.Address, sister.URI)
	if f := belgrade.following(); len(f) != 1 || f[0].Local != "city" {
		t.Errorf("following %+v", f)
	}
	toFollowers := func(activity map[string]any) {
		t.Helper()
		fed.ask("sendToFollowers", map[string]any{"as": "novisad", "activity": activity}, nil)
	}

	uri := fed.Origin + "/events/regatta"
	event := map[string]any{
		"type": "Event", "id": uri, "name": "Regatta", "attribution": sister.URI, "content": "<p>Bring a boat<script>alert(1)</script></p>", "url": uri,
		"startTime": "2027-07-03T09:00:00Z", "endTime": "2027-07-03T17:00:00Z", "published": "2026-11-01T10:00:00Z", "tos": []string{public}, "ccs": []string{sister.Followers},
		"location": map[string]any{"type": "Place", "name": "Danube Park, Novi Sad", "latitude": 45.2551, "longitude": 19.8518},
	}
	fed.publish(event)
	toFollowers(map[string]any{"type": "Create", "id": uri + "/create", "object": event, "tos": []string{public}})
	got := belgrade.awaitForeign(uri, nil)
	if got.Title != "Regatta" || got.Origin == "" || !sameInstant(t, got.Start, "2027-07-03T09:00:00Z") || !sameInstant(t, got.End, "2027-07-03T17:00:00Z") {
		t.Errorf("it was read as %+v", got)
	}

	moved := maps.Clone(event)
	moved["name"], moved["startTime"], moved["updated"] = "Regatta, a day later", "2027-07-04T09:00:00Z", "2026-11-02T10:00:00Z"
	moved["endTime"] = "2027-07-04T17:00:00Z"
	fed.publish(moved)
	toFollowers(map[string]any{"type": "Update", "id": uri + "/update", "object": moved, "tos": []string{public}})
	belgrade.awaitForeign(uri, func(c *conference) error {
		if c.Title != "Regatta, a day later" || !sameInstant(t, c.Start, "2027-07-04T09:00:00Z") {
			return fmt.Errorf("%+v", *c)
		}
		return nil
	})

	// fedify's vocabulary has no word for who may join: this one is written by hand.
	if _, errs, err := belgrade.try("conf", "join", uri, "--as", "anna"); err == nil || !strings.Contains(errs, "hint:") {
		t.Errorf("joining where nobody said how: %v %s", err, errs)
	}
	status, body := fed.post(posted{As: "novisad", Inbox: belgrade.url + "/inbox", Scheme: "rfc9421", Activity: map[string]any{
		"@context": []any{"https://www.w3.org/ns/activitystreams", map[string]string{"joinMode": "https://joinmobilizon.org/ns#joinMode"}},
		"type":     "Update", "id": uri + "/update-2", "actor": sister.URI, "to": public,
		"object": map[string]any{
			"type": "Event", "id": uri, "name": moved["name"], "attributedTo": sister.URI, "content": "<p>Bring a boat</p>", "url": uri, "to": public,
			"startTime": moved["startTime"], "endTime": moved["endTime"], "published": moved["published"], "updated": "2026-11-03T10:00:00Z",
			"joinMode": "free", "maximumAttendeeCapacity": 12,
		},
	}})
	if status != 202 {
		t.Fatalf("%d %s", status, body)
	}
	belgrade.awaitForeign(uri, func(c *conference) error {
		if c.Capacity != 12 {
			return fmt.Errorf("%+v", *c)
		}
		return nil
	})
	// A member goes there: the Join is theirs, signed with their key.
	anna := belgrade.url + "/people/anna"
	belgrade.run(nil, "conf", "join", uri, "--as", "anna", "--comment", "I have a boat")
	join := fed.awaitActivity("Join", uri)
	join.Facts.expect(t, map[string]any{"type": "Join", "actorId": anna, "objectId": uri})
	state := func(want string) {
		t.Helper()
		eventually(t, "anna is "+want, func() error {
			list := belgrade.guests(uri)
			if len(list) != 1 || list[0].State != want {
				return fmt.Errorf("%+v", list)
			}
			return nil
		})
	}
	state("pending")
	fed.send("novisad", map[string]any{"type": "Accept", "id": uri + "/accepts/1", "object": map[string]any{
		"type": "Join", "id": id(join.Activity), "actor": anna, "object": uri,
	}}, anna)
	state("going")
	belgrade.run(nil, "conf", "leave", uri, "--as", "anna")
	leave := fed.awaitActivity("Leave", uri)
	leave.Facts.expect(t, map[string]any{"actorId": anna})

	toFollowers(map[string]any{"type": "Delete", "id": uri + "/delete", "object": map[string]any{"type": "Tombstone", "id": uri}, "tos": []string{public}})
	belgrade.awaitNoForeign(uri)

	belgrade.run(nil, "unfollow", sister.Address)
	undo := fed.await("the Undo", func(d delivered) bool { return d.Activity["type"] == "Undo" })
	undo.check(t)
	eventually(t, "the sister no longer counts the city", func() error {
		var followers []string
		fed.ask("followers", map[string]any{"as": "novisad"}, &followers)
		if len(followers) > 0 {
			return fmt.Errorf("%q", followers)
		}
		return nil
	})
}

// The program finds out what an address is, and says so.
func TestInspectAnotherMake(t *testing.T) {
	t.Parallel()
	belgrade := found(t, cityOptions{Host: "127.0.0.93", Settings: []string{"authorized_fetch=true"}})
	fed := newServer(t, serverOptions{Host: "inspected.localhost", AuthorizedFetch: true})
	alice := fed.Actors["alice"]
	note := fed.Origin + "/notes/1"
	fed.publish(map[string]any{"type": "Note", "id": note, "attribution": alice.URI, "content": "<p>Hello</p>", "published": "2026-11-20T10:00:00Z", "to": "https://www.w3.org/ns/activitystreams#Public"})
	for target, want := range map[string]string{alice.Address: alice.URI, alice.URI: alice.URI, note: note, alice.Followers: alice.Followers} {
		out, errs, err := belgrade.try("inspect", target)
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("inspect %s: %v %s\n%s", target, err, errs, out)
		}
		var inspected struct{ Kind, ID string }
		belgrade.run(&inspected, "inspect", target)
		if inspected.ID != want || inspected.Kind == "" {
			t.Errorf("inspect --json %s: %+v", target, inspected)
		}
	}
}
