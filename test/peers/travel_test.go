package peers

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"konfa/test/standin"
)

// ---- what the commands print about a member, as far as the tests look at it

type mine struct {
	State      string     `json:"state"`
	Conference conference `json:"conference"`
}

type notice struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
	URL  string `json:"url"`
}

type stay struct {
	ID      int64  `json:"id"`
	City    string `json:"city"`
	Visible bool   `json:"visible"`
}

type arrival struct {
	Actor string `json:"actor"`
	Home  string `json:"home"`
	From  string `json:"from"`
}

type account struct {
	AlsoKnownAs []string `json:"also_known_as"`
	MovedTo     string   `json:"moved_to"`
}

// awaitMine waits until anna stands somewhere with a conference.
func (c *city) awaitMine(uri, state string) {
	c.t.Helper()
	eventually(c.t, "anna is "+state, func() error {
		var list []mine
		c.run(&list, "member", "conferences", "anna", "--all")
		for _, m := range list {
			if m.Conference.URI == uri && m.State == state {
				return nil
			}
		}
		return fmt.Errorf("%+v", list)
	})
}

// awaitNotice waits for a word to anna, which names the title.
func (c *city) awaitNotice(kind, title string) {
	c.t.Helper()
	eventually(c.t, "anna hears "+kind, func() error {
		var list []notice
		c.run(&list, "member", "notices", "anna")
		for _, n := range list {
			if n.Kind == kind && strings.Contains(n.Text, title) {
				return nil
			}
		}
		return fmt.Errorf("%+v", list)
	})
}

func (c *city) arrivals() []arrival {
	c.t.Helper()
	var list []arrival
	c.run(&list, "arrivals")
	return list
}

func (c *city) account(handle string) account {
	c.t.Helper()
	var a account
	c.run(&a, "member", "alias", handle)
	return a
}

// Every way a server of another make can answer, and every change of its mind;
// its silence while it is away, and what becomes of the conference.
func TestJoinFromHome(t *testing.T) {
	t.Parallel()
	belgrade := found(t, cityOptions{Host: "travel-home.localhost"})
	fed := newServer(t, serverOptions{Host: "travel-away.localhost", Actors: map[string]string{"novisad": "Group", "instance": "Application"}})
	sister, public := fed.Actors["novisad"], "https://www.w3.org/ns/activitystreams#Public"
	belgrade.follow(sister.Address, sister.URI)
	anna := belgrade.url + "/people/anna"
	sequence := 0
	post := func(activity map[string]any) {
		t.Helper()
		sequence++
		activity["@context"] = []any{"https://www.w3.org/ns/activitystreams", map[string]string{"joinMode": "https://joinmobilizon.org/ns#joinMode"}}
		activity["id"], activity["actor"] = fmt.Sprintf("%s/activities/%d", fed.Origin, sequence), sister.URI
		if status, body := fed.post(posted{As: "novisad", Inbox: belgrade.url + "/inbox", Scheme: "rfc9421", Activity: activity}); status != 202 {
			t.Fatalf("%v: %d %s", activity["type"], status, body)
		}
	}
	event := func(slug, title string, changes ...any) map[string]any {
		e := map[string]any{
			"type": "Event", "id": fed.Origin + "/events/" + slug, "name": title, "attributedTo": sister.URI, "content": "<p>Come.</p>", "url": fed.Origin + "/events/" + slug, "to": public,
			"startTime": "2027-07-03T09:00:00Z", "endTime": "2027-07-03T17:00:00Z", "published": "2026-11-01T10:00:00Z", "joinMode": "free",
		}
		for i := 0; i+1 < len(changes); i += 2 {
			e[changes[i].(string)] = changes[i+1]
		}
		return e
	}
	// join publishes a conference, lets anna ask, and returns what answers her.
	join := func(slug, title string) (uri string, answer func(typ string)) {
		t.Helper()
		uri = fed.Origin + "/events/" + slug
		post(map[string]any{"type": "Create", "to": public, "object": event(slug, title)})
		belgrade.awaitForeign(uri, nil)
		belgrade.run(nil, "conf", "join", uri, "--as", "anna")
		asked := fed.awaitActivity("Join", uri)
		return uri, func(typ string) {
			t.Helper()
			post(map[string]any{"type": typ, "to": anna, "object": map[string]any{"type": "Join", "id": id(asked.Activity), "actor": anna, "object": uri}})
		}
	}

	uri, answer := join("regatta", "Regatta")
	belgrade.awaitMine(uri, "pending")
	for _, step := range []struct{ typ, state, notice string }{
		{"TentativeAccept", "waitlisted", "waiting"}, {"Accept", "going", "moved_up"}, {"Reject", "declined", "declined"}, {"Accept", "going", "accepted"},
	} {
		answer(step.typ)
		belgrade.awaitMine(uri, step.state)
		belgrade.awaitNotice(step.notice, "Regatta")
	}
	// She leaves and comes again: another Join, and the answer to it counts.
	belgrade.run(nil, "conf", "leave", uri, "--as", "anna")
	fed.awaitActivity("Leave", uri)
	belgrade.run(nil, "conf", "join", uri, "--as", "anna")
	var second delivered
	eventually(t, "a second Join arrives", func() error {
		joins := slices.DeleteFunc(fed.received(), func(d delivered) bool {
			return d.Activity["type"] != "Join" || id(d.Activity["object"]) != uri
		})
		if len(joins) < 2 {
			return fmt.Errorf("%d Joins", len(joins))
		}
		second = joins[len(joins)-1]
		return nil
	})
	answer("Reject") // to what she took back
	post(map[string]any{"type": "Accept", "to": anna, "object": id(second.Activity)})
	belgrade.awaitMine(uri, "going")

	outside, answer := join("opera", "Opera")
	answer("Ignore")
	belgrade.awaitMine(outside, "outside")
	belgrade.awaitNotice("sign_up", "Opera")

	// What becomes of the conference.
	post(map[string]any{"type": "Update", "to": public, "object": event("regatta", "Regatta", "startTime", "2027-07-04T09:00:00Z", "endTime", "2027-07-04T17:00:00Z", "updated", "2026-11-02T10:00:00Z")})
	belgrade.awaitNotice("changed", "Regatta")
	post(map[string]any{"type": "Update", "to": public, "object": event("regatta", "Regatta", "startTime", "2027-07-04T09:00:00Z", "endTime", "2027-07-04T17:00:00Z", "status", "CANCELLED", "updated", "2026-11-03T10:00:00Z")})
	belgrade.awaitNotice("cancelled", "Regatta")
	var link struct{ Page, Calendar string }
	belgrade.run(&link, "member", "link", "anna", "--name", "test")
	if status, header, page := belgrade.get(link.Page, ""); status != 200 || !strings.Contains(string(page), "Opera") || header.Get("Referrer-Policy") != "same-origin" {
		t.Errorf("her page: %d\n%s", status, page)
	}
	if status, _, calendar := belgrade.get(link.Calendar, ""); status != 200 || !strings.Contains(string(calendar), "STATUS:CANCELLED") || !strings.Contains(string(calendar), "PARTSTAT=NEEDS-ACTION") {
		t.Errorf("her calendar: %d\n%s", status, calendar)
	}
	if strings.Contains(belgrade.process.log.String(), strings.TrimPrefix(link.Page, belgrade.url+"/my/")) {
		t.Error("the log has the secret")
	}
	post(map[string]any{"type": "Delete", "to": public, "object": map[string]any{"type": "Tombstone", "id": uri}})
	belgrade.awaitNotice("deleted", "Regatta")

	// While that server is away, her Join waits; when it is back, it arrives.
	late := fed.Origin + "/events/night"
	post(map[string]any{"type": "Create", "to": public, "object": event("night", "Museum night")})
	belgrade.awaitForeign(late, nil)
	fed.ask("settings", map[string]any{"inboxStatus": 503}, nil)
	belgrade.run(nil, "conf", "join", late, "--as", "anna")
	eventually(t, "the Join waits", func() error {
		if p := belgrade.peer(strings.TrimPrefix(fed.Origin, "https://")); p.Waiting == 0 || p.LastError == "" {
			return fmt.Errorf("%+v", p)
		}
		return nil
	})
	belgrade.awaitMine(late, "pending")
	fed.ask("settings", map[string]any{"inboxStatus": 0}, nil)
	asked := fed.awaitActivity("Join", late)
	post(map[string]any{"type": "Accept", "to": anna, "object": id(asked.Activity)})
	belgrade.awaitMine(late, "going")
}

// The same between two of ours, where the one at home is away when the other
// answers.
func TestHomeIsAway(t *testing.T) {
	t.Parallel()
	belgrade := found(t, cityOptions{Host: "home-is-away.localhost"})
	phuket := found(t, cityOptions{Name: "Phuket", Host: "answers-late.localhost"})
	conf := phuket.addConference("Ask first", "--join", "restricted", "--duration", "1h")
	belgrade.run(nil, "conf", "join", conf.URI, "--as", "anna")
	var pending guest
	eventually(t, "anna waits for a yes", func() error {
		list := phuket.guests(conf.Slug)
		if len(list) != 1 || list[0].State != "pending" {
			return fmt.Errorf("%+v", list)
		}
		pending = list[0]
		return nil
	})
	belgrade.process.stop(t)
	phuket.run(nil, "conf", "approve", conf.Slug, fmt.Sprint(pending.ID))
	eventually(t, "the yes does not arrive", func() error {
		if p := phuket.peer(belgrade.host); p.LastError == "" {
			return fmt.Errorf("%+v", p)
		}
		return nil
	})
	belgrade.serve()
	belgrade.awaitMine(conf.URI, "going")
	belgrade.awaitNotice("accepted", "Ask first")
}

// A member visits another city: she sees what is on there, and the city hears of
// her if she wants. Other software is told nothing.
func TestStays(t *testing.T) {
	t.Parallel()
	day := func(days int) string { return time.Now().AddDate(0, 0, days).Format(time.DateOnly) }
	belgrade := found(t, cityOptions{Host: "stays-home.localhost", Settings: []string{"authorized_fetch=true"}})
	phuket := found(t, cityOptions{Name: "Phuket", Host: "stays-away.localhost", Settings: []string{"authorized_fetch=true"}})
	fed := newServer(t, serverOptions{Host: "stays-nowhere.localhost", Actors: map[string]string{"novisad": "Group", "instance": "Application"}})
	near := phuket.addConference("Talks on the beach", "--start", day(20)+"T19:00", "--duration", "2h")
	phuket.addConference("Long after", "--start", day(60)+"T19:00", "--duration", "2h")

	var made stay
	belgrade.run(&made, "member", "visit", "anna", phuket.host, "--from", day(19), "--to", day(24), "--visible")
	if made.City != phuket.cityURI() || !made.Visible {
		t.Errorf("%+v", made)
	}
	eventually(t, "Phuket hears of it", func() error {
		list := phuket.arrivals()
		if len(list) != 1 || list[0].Actor != belgrade.url+"/people/anna" || list[0].Home != belgrade.cityURI() || list[0].From != day(19) {
			return fmt.Errorf("%+v", list)
		}
		return nil
	})
	var suggested []mine
	eventually(t, "its conferences are suggested", func() error {
		belgrade.run(&suggested, "member", "conferences", "anna", "--suggested")
		if len(suggested) != 1 || suggested[0].Conference.URI != near.URI {
			return fmt.Errorf("%+v", suggested)
		}
		return nil
	})
	// From the suggestion to the seat.
	belgrade.run(nil, "conf", "join", near.URI, "--as", "anna")
	belgrade.awaitMine(near.URI, "going")
	belgrade.run(&suggested, "member", "conferences", "anna", "--suggested")
	if len(suggested) != 0 {
		t.Errorf("what she goes to is still suggested: %+v", suggested)
	}
	for _, path := range []string{"/", "/about", "/conf"} {
		if _, _, page := phuket.get(path, ""); strings.Contains(string(page), belgrade.host) {
			t.Errorf("everyone sees on %s who comes", path)
		}
	}
	id := fmt.Sprint(made.ID)
	belgrade.run(nil, "member", "stays", "anna", "--hide", id)
	eventually(t, "Phuket forgets it", func() error {
		if list := phuket.arrivals(); len(list) != 0 {
			return fmt.Errorf("%+v", list)
		}
		return nil
	})
	belgrade.run(nil, "member", "stays", "anna", "--show", id)
	eventually(t, "Phuket hears of it again", func() error {
		if list := phuket.arrivals(); len(list) != 1 {
			return fmt.Errorf("%+v", list)
		}
		return nil
	})

	// A server of another make is not told.
	sister := fed.Actors["novisad"]
	belgrade.run(&made, "member", "visit", "anna", sister.Address, "--from", day(30), "--to", day(34), "--visible")
	belgrade.run(nil, "member", "stays", "anna", "--remove", fmt.Sprint(made.ID))
	belgrade.follow(sister.Address, sister.URI) // which arrives behind them
	for _, d := range fed.received() {
		if d.Activity["type"] != "Follow" {
			t.Errorf("it was told %s", d.Raw)
		}
	}

	// Who leaves takes everything along.
	belgrade.run(nil, "member", "add", "boris", "--role", "steward")
	belgrade.run(nil, "member", "delete", "anna")
	eventually(t, "Phuket forgets her", func() error {
		if list := phuket.arrivals(); len(list) != 0 {
			return fmt.Errorf("%+v", list)
		}
		return nil
	})
}

// Accounts move between two of ours and a server of another make, both ways, and
// their followers with them.
func TestAccountsMove(t *testing.T) {
	t.Parallel()
	belgrade := found(t, cityOptions{Host: "moves-from.localhost"})
	phuket := found(t, cityOptions{Name: "Phuket", Host: "moves-to.localhost"})
	fed := newServer(t, serverOptions{Host: "moves-too.localhost"})
	alice := fed.Actors["alice"]
	belgrade.run(nil, "member", "add", "boris", "--role", "steward")
	phuket.run(nil, "member", "add", "mali")
	anna, mali := belgrade.url+"/people/anna", phuket.url+"/people/mali"
	at := func(c *city, handle string) string { return "@" + handle + "@" + c.host }
	follow := func(target string) {
		t.Helper()
		fed.follow("alice", target)
		fed.await("the Accept of "+target, func(d delivered) bool {
			inner, _ := d.Activity["object"].(map[string]any)
			return d.Activity["type"] == "Accept" && id(inner["object"]) == target
		})
	}
	follow(anna)

	// Anna moves to Phuket. Nobody moves where they are not expected.
	if _, errs, err := belgrade.try("member", "move", "anna", at(phuket, "mali")); err == nil || !strings.Contains(errs, "does not say that it is") {
		t.Errorf("%v %s", err, errs)
	}
	phuket.run(nil, "member", "alias", "mali", at(belgrade, "anna"))
	if got, _ := fed.read(mali); got.at("aliasIds", 0) != anna {
		t.Errorf("fedify reads %v", got)
	}
	conf := phuket.addConference("Talks on the beach", "--duration", "2h")
	belgrade.run(nil, "conf", "join", conf.URI, "--as", "anna")
	belgrade.awaitMine(conf.URI, "going")
	belgrade.run(nil, "member", "move", "anna", at(phuket, "mali"))
	move := fed.awaitActivity("Move", anna)
	move.Facts.expect(t, map[string]any{"actorId": anna, "objectId": anna, "targetId": mali})
	if _, _, doc := belgrade.get("/people/anna", activityJSON); !strings.Contains(string(doc), `"movedTo":"`+mali+`"`) {
		t.Errorf("the old account says %s", doc)
	}
	if _, _, page := belgrade.get("/people/anna", "text/html"); !strings.Contains(string(page), mali) {
		t.Errorf("its page says\n%s", page)
	}
	eventually(t, "her seat is mali's", func() error {
		list := phuket.guests(conf.Slug)
		if len(list) != 1 || list[0].State != "going" || strings.Contains(list[0].Name, "anna") {
			return fmt.Errorf("%+v", list)
		}
		return nil
	})
	follow(mali) // as Mastodon does then

	// Alice moves to Phuket too; Belgrade, which follows her, goes along.
	belgrade.follow(alice.Address, alice.URI)
	phuket.run(nil, "member", "add", "alisa")
	alisa := phuket.url + "/people/alisa"
	told := func(target string) {
		t.Helper()
		fed.send("alice", map[string]any{"type": "Move", "id": fed.Origin + "/moves/" + strings.TrimPrefix(target, "https://"), "object": alice.URI, "target": target}, belgrade.cityURI())
	}
	told(mali) // who does not say so
	phuket.run(nil, "member", "alias", "alisa", alice.Address)
	if a := phuket.account("alisa"); !slices.Equal(a.AlsoKnownAs, []string{alice.URI}) {
		t.Errorf("%+v", a)
	}
	told(alisa)
	eventually(t, "Belgrade follows alisa", func() error {
		var seen []string
		for _, f := range belgrade.following() {
			seen = append(seen, f.Actor+" "+f.State)
		}
		if !slices.Contains(seen, alisa+" accepted") || slices.Contains(seen, mali+" accepted") || slices.Contains(seen, alice.URI+" accepted") {
			return fmt.Errorf("%q", seen)
		}
		return nil
	})

	// And one of ours moves to a server of another make, which names her.
	phuket.run(nil, "member", "add", "ploy")
	ploy := phuket.url + "/people/ploy"
	follow(ploy)
	if _, _, err := phuket.try("member", "move", "ploy", alice.Address); err == nil {
		t.Error("she moved where nobody names her")
	}
	fed.ask("settings", map[string]any{"aliases": map[string][]string{"alice": {ploy}}}, nil)
	phuket.run(nil, "member", "move", "ploy", alice.Address)
	fed.awaitActivity("Move", ploy).Facts.expect(t, map[string]any{"actorId": ploy, "targetId": alice.URI})
	phuket.run(nil, "member", "move", "ploy", "--undo")
	if _, _, doc := phuket.get("/people/ploy", activityJSON); strings.Contains(string(doc), "movedTo") {
		t.Errorf("after she came back: %s", doc)
	}
}

// The event servers answer each in its own way: Mobilizon with a yes, a word of a
// moderator, or nothing at all when it is full; elsewhere one signs up on a page.
func TestJoinAtTheEventServers(t *testing.T) {
	t.Parallel()
	belgrade := found(t, cityOptions{Host: "joins-events.localhost"})
	belgrade.run(nil, "member", "add", "boris")
	anna, boris := belgrade.url+"/people/anna", belgrade.url+"/people/boris"
	net := network(t)
	mobilizon, err := standin.NewMobilizon(net, "mobilizon-joins-events.localhost")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(mobilizon.Close)
	wordpress, err := standin.NewWordPress(net, "wordpress-joins-events.localhost")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(wordpress.Close)
	draft := standin.Draft{Title: "Regatta", Text: "<p>Bring a boat</p>", Place: "Danube Park", Start: time.Now().AddDate(0, 0, 9), End: time.Now().AddDate(0, 0, 9).Add(3 * time.Hour)}
	publish := func(s *standin.Server, change func(*standin.Draft)) string {
		t.Helper()
		d := draft
		change(&d)
		id, err := s.Acts.Publish(d)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	there := func(uri, who, want string) {
		t.Helper()
		eventually(t, who+" is "+want+" there", func() error {
			if thing := mobilizon.Thing(uri); thing == nil || thing.Guests[who] != want {
				return fmt.Errorf("%+v", thing)
			}
			return nil
		})
	}

	small := publish(mobilizon.Server, func(d *standin.Draft) { d.Seats = 1 })
	belgrade.run(nil, "conf", "join", small, "--as", "anna")
	belgrade.awaitMine(small, "going")
	there(small, anna, "going")
	belgrade.run(nil, "conf", "join", small, "--as", "boris")
	eventually(t, "the Join of boris arrives", func() error {
		for _, r := range mobilizon.Receipts() {
			if r.Type() == "Join" && r.Activity["actor"] == boris {
				return nil
			}
		}
		return fmt.Errorf("%d receipts", len(mobilizon.Receipts()))
	})
	never(t, "an answer of a full Mobilizon", 700*time.Millisecond, func() bool {
		for _, g := range belgrade.guests(small) {
			if g.Name == "boris" && g.State != "pending" {
				return true
			}
		}
		return false
	})
	belgrade.run(nil, "conf", "leave", small, "--as", "anna")
	there(small, anna, "")

	asked := publish(mobilizon.Server, func(d *standin.Draft) { d.Title, d.JoinMode = "Regatta for few", "restricted" })
	belgrade.run(nil, "conf", "join", asked, "--as", "anna")
	there(asked, anna, "waiting")
	belgrade.awaitMine(asked, "pending")
	for _, step := range []struct{ kind, state, notice string }{{"Accept", "going", "accepted"}, {"Reject", "declined", "declined"}, {"Accept", "going", "accepted"}} {
		time.Sleep(1100 * time.Millisecond) // the same id twice is told apart by the second it was sent in
		if err := mobilizon.Decide(anna, asked, step.kind); err != nil {
			t.Fatal(err)
		}
		belgrade.awaitMine(asked, step.state)
		belgrade.awaitNotice(step.notice, "Regatta for few")
	}

	// One signs up on the page of a WordPress, whose address is told.
	uri := publish(wordpress.Server, func(d *standin.Draft) { d.Title = "Reading" })
	if _, errs, err := belgrade.try("conf", "join", uri, "--as", "anna"); err == nil || !strings.Contains(errs, "sign up for this conference elsewhere") || !strings.Contains(errs, "hint: https://"+wordpress.Host) {
		t.Errorf("%v %s", err, errs)
	}
	for _, r := range wordpress.Receipts() {
		if r.Type() == "Join" {
			t.Error("it was asked for a seat")
		}
	}
}
