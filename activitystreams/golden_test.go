package activitystreams

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"konfa/community"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden keeps every kind of document that we emit: a change to any of them
// is a change to what a dozen other programs read.
func TestGolden(t *testing.T) {
	e := NewEncoder(site)
	city, keys := testCity(), testKeys(t)
	when := time.Date(2026, 5, 6, 7, 8, 9, 123000, time.UTC)
	must := func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	small := testCity()
	small.Name, small.About, small.Picture, small.Banner, small.Links, small.Place, small.Country = community.Plain("en", "Belgrade"), nil, nil, nil, nil, nil, ""
	member := &community.Member{Handle: "anna", Name: "Anna <3", About: "I *read*.\n\nhttps://anna.example", Picture: &community.Picture{URL: "https://belgrade.example/media/anna.jpg"}, Created: when, Updated: when}
	days := oneLanguage()
	days.AllDay, days.OpenEnd, days.Slug = true, false, "three-days"
	days.Start, days.End = time.Date(2026, 3, 27, 23, 0, 0, 0, time.UTC), time.Date(2026, 3, 30, 22, 0, 0, 0, time.UTC) // the clocks change in between
	cancelled := twoLanguages()
	cancelled.Status, cancelled.Slug = community.Cancelled, "cancelled"
	moved := twoLanguages()
	moved.Status, moved.Slug, moved.Cover = community.MovedOnline, "moved", nil
	postponed := oneLanguage()
	closed := oneLanguage()
	closed.Slug, closed.Replies = "closed", community.RepliesClosed
	postponed.Status, postponed.Slug, postponed.JoinMode, postponed.ExternalURL = community.Postponed, "postponed", community.External, "mailto:a@b.example"
	note := &community.Post{
		Slug: "hello", Author: community.CityActor, Text: community.Plain("en", "Hello *there*, #belgrade"), HTML: community.Plain("en", "<p>Hello <em>there</em></p>"),
		Warning: "Cheerfulness", ReplyTo: "https://remote.example/notes/1", Visibility: community.Public, Tags: []string{"belgrade"},
		Mentions:  []community.Mention{{Name: "@bob@remote.example", URI: "https://remote.example/users/bob"}},
		Pictures:  []community.Picture{{URL: "https://belgrade.example/media/1.jpg", MediaType: "image/jpeg", Alt: "A street", Width: 800, Height: 600, Blurhash: "U5SY?Z00nOxu7ORP.8-pU^kVS#NGXyxbMxM{"}},
		Published: when, Updated: when,
	}
	article := &community.Post{
		Slug: "news", Author: community.MemberActor("anna"), Title: community.Texts{{Lang: "ru", Text: "Новости"}, {Lang: "en", Text: "News"}},
		HTML: community.Texts{{Lang: "ru", Text: "<p>Привет</p>"}, {Lang: "en", Text: "<p>Hi</p>"}}, Visibility: community.Unlisted, Published: when, Updated: when.Add(time.Hour),
	}
	ask := &community.Post{
		Slug: "go-conf-poll", Author: community.CityActor, Kind: community.PollPost, HTML: community.Plain("ru", "<p>Кто придёт?</p>"), ReplyTo: site.Conference("go-conf"),
		Visibility: community.Unlisted, Published: when, Updated: when,
	}
	poll := &community.Poll{Options: []community.PollOption{{Answer: community.Going, Name: "Приду"}, {Answer: community.Maybe, Name: "Может быть"}, {Answer: community.NotGoing, Name: "Не в этот раз"}},
		Ends: when.Add(48 * time.Hour), Tally: community.Tally{Going: 5, Maybe: 1, Away: 2}}
	over := *poll
	over.Closed = when.Add(48 * time.Hour)
	event := must(e.Event(twoLanguages(), EventExtra{Replies: 3, City: city}))
	follow := []byte(`{"@context":["https://www.w3.org/ns/activitystreams",{"odd":"https://odd.example/ns#odd"}],"type":"Follow","id":"https://remote.example/f#1%zz","actor":"https://remote.example/users/bob","object":"https://belgrade.example/city","odd":1.0}`)
	items := []any{"https://belgrade.example/conf/a", must(e.Post(note))}
	activity := func(a Activity) []byte { return must(e.Activity(a)) }
	id := func(s string) string { return site.Activity(s) }

	for name, got := range map[string][]byte{
		"city":            must(e.City(city, keys)),
		"city-one":        must(e.City(small, ActorKeys{RSA: keys.RSA})),
		"node":            must(e.Node(city, keys)),
		"desk":            must(e.Desk(city, keys)),
		"event-thread":    must(e.Event(oneLanguage(), EventExtra{City: city, Author: community.DeskActor})),
		"note-thread":     must(e.ThreadPost(note)),
		"announce-thread": activity(Activity{ID: id("12"), Type: "Announce", Actor: community.CityActor, Audience: site.Actor(community.CityActor), To: []string{site.Actor(community.CityActor), PublicURI}, Object: Activity{ID: id("13"), Type: "Delete", Actor: community.DeskActor, Audience: site.Actor(community.CityActor), Object: site.Conference("gone")}}),
		"member":          must(e.Member(member, keys)),
		"event-closed":    must(e.Event(closed, EventExtra{City: city})),
		"event-one":       must(e.Event(oneLanguage(), EventExtra{City: city})),
		"event-two":       event,
		"event-days":      must(e.Event(days, EventExtra{City: city, Author: community.MemberActor("anna")})),
		"event-cancelled": must(e.Event(cancelled, EventExtra{})),
		"event-moved":     must(e.Event(moved, EventExtra{})),
		"event-postponed": must(e.Event(postponed, EventExtra{})),
		"note":            must(e.Post(note)),
		"poll":            must(e.Poll(ask, poll)),
		"poll-closed":     must(e.Poll(ask, &over)),
		"article":         must(e.Post(article)),
		"tombstone":       must(e.Tombstone(site.Conference("gone"), "Event", when)),
		"create":          activity(Activity{ID: id("1"), Type: "Create", Actor: community.CityActor, To: []string{PublicURI}, Cc: []string{site.Followers(community.CityActor)}, Object: event, Published: when}),
		"update":          activity(Activity{ID: id("2"), Type: "Update", Actor: community.NodeActor, To: []string{PublicURI}, Object: json.RawMessage(event), Published: when}),
		"announce":        activity(Activity{ID: id("3"), Type: "Announce", Actor: community.NodeActor, To: []string{PublicURI}, Cc: []string{site.Followers(community.NodeActor)}, Object: site.Conference("go-conf"), Published: when}),
		"accept":          activity(Activity{ID: id("4"), Type: "Accept", Actor: community.CityActor, To: []string{"https://remote.example/users/bob"}, Object: follow}),
		"undo":            activity(Activity{ID: id("5"), Type: "Undo", Actor: community.CityActor, Object: Activity{ID: id("6"), Type: "Follow", Actor: community.CityActor, Object: "https://remote.example/city"}}),
		"delete":          activity(Activity{ID: id("7"), Type: "Delete", Actor: community.CityActor, To: []string{PublicURI}, Object: must(e.Tombstone(site.Conference("gone"), "Event", when))}),
		"offer":           activity(Activity{ID: id("8"), Type: "Offer", Actor: community.CityActor, To: []string{"https://novisad.example/city"}, Object: site.Conference("go-conf"), Target: "https://novisad.example/city", Content: "<p>Yours too?</p>"}),
		"join":            activity(Activity{ID: id("9"), Type: "Join", Actor: community.MemberActor("anna"), Object: "https://mob.example/events/1", To: []string{"https://mob.example/@city"}, Content: "with a cake"}),
		"accept-join":     activity(Activity{ID: id("10"), Type: "Accept", Actor: community.CityActor, Object: Activity{ID: id("9"), Type: "Join", Actor: community.MemberActor("anna"), Object: site.Conference("go-conf")}, Result: site.Conference("go-conf") + "/guests/1"}),
		"flag":            activity(Activity{ID: id("11"), Type: "Flag", Actor: community.NodeActor, Object: []string{"https://remote.example/users/bob", "https://remote.example/notes/1"}, Content: "spam"}),
		"followers":       must(e.Collection(site.Followers(community.CityActor), true, 12, site.Followers(community.CityActor)+"?page=1", "")),
		"outbox-page":     must(e.CollectionPage(site.Outbox(community.CityActor)+"?page=1", site.Outbox(community.CityActor), site.Outbox(community.CityActor)+"?page=2", "", true, 2, []any{activity(Activity{ID: id("1"), Type: "Create", Actor: community.CityActor, To: []string{PublicURI}, Object: event})})),
		"featured":        must(e.CollectionWithItems(site.Featured(community.CityActor), true, items)),
		"attendees":       must(e.CollectionWithItems(site.Attendees("go-conf"), false, nil)),
		"webfinger":       must(e.WebFinger("acct:belgrade@belgrade.example", []string{site.Actor(community.CityActor)}, community.CityActor, site.Actor(community.CityActor), *city.Picture)),
	} {
		t.Run(name, func(t *testing.T) {
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, got, "", "\t"); err != nil {
				t.Fatal(err)
			}
			pretty.WriteByte('\n')
			path := filepath.Join("testdata", name+".golden.json")
			if *update {
				if err := os.WriteFile(path, pretty.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), pretty.String()); diff != "" {
				t.Errorf("%s changed (-want +got):\n%s", path, diff)
			}
			if name != "webfinger" {
				checkWire(t, got)
			}
		})
	}
}

// TestDeterministic: the same input gives the same bytes, whatever order Go's
// maps have today.
func TestDeterministic(t *testing.T) {
	e := NewEncoder(site)
	first := ""
	for range 20 {
		b, err := e.Event(twoLanguages(), EventExtra{City: testCity()})
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(b)
		} else if first != string(b) {
			t.Fatal("two writings of one conference differ")
		}
	}
}
