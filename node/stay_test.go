package node

import (
	"slices"
	"strings"
	"testing"
	"time"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/storage"
)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

// A stay that is visible is told to that city alone, and taken back when it is
// hidden or removed.
func TestStayIsTold(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	city := w.sister(t)
	w.forget(t)
	s, err := w.Visit(ctx, console, "anna", city, community.Stay{From: day("2027-03-03"), To: day("2027-03-17")})
	if err != nil {
		t.Fatal(err)
	}
	if s.Kind != community.Visiting || s.URI != "" || len(w.queued(t)) != 0 {
		t.Fatalf("%+v, sent %q", s, w.queued(t))
	}
	_, err = w.Visit(ctx, console, "anna", city, community.Stay{From: day("2027-03-03"), To: day("2027-03-17")})
	wantCode(t, err, community.Conflict)
	if s, err = w.ShowStay(ctx, console, "anna", s.ID, true); err != nil || s.URI == "" {
		t.Fatalf("%+v %v", s, err)
	}
	if s, err = w.ShowStay(ctx, console, "anna", s.ID, true); err != nil {
		t.Fatal(err)
	}
	said := s.URI
	fans, err := w.store.Fanouts(ctx, 10)
	if err != nil || len(fans) != 1 || len(fans[0].Audience.Followers) != 0 || len(fans[0].Audience.Inboxes) != 1 || fans[0].Audience.Inboxes[0].URL != city.Inbox {
		t.Fatalf("%+v %v", fans, err)
	}
	acts, err := w.store.ActivitiesByID(ctx, []int64{fans[0].ActivityID})
	if err != nil {
		t.Fatal(err)
	}
	env, err := activitystreams.ReadEnvelope(acts[fans[0].ActivityID].JSON)
	if err != nil || env.Type != "Travel" || env.ID != said || env.Target.ID != pkt || env.Origin.ID != w.site.Actor(community.CityActor) ||
		!env.Start.Equal(s.From) || !env.End.Equal(day("2027-03-18").Add(-time.Second)) || !slices.Equal(env.To, []string{pkt}) || len(env.Cc) != 0 {
		t.Fatalf("%+v %v", env, err)
	}
	if s, err = w.ShowStay(ctx, console, "anna", s.ID, false); err != nil || s.URI != "" || s.Visible {
		t.Fatalf("%+v %v", s, err)
	}
	if _, err = w.ShowStay(ctx, console, "anna", s.ID, true); err != nil {
		t.Fatal(err)
	}
	if err := w.EndStay(ctx, console, "anna", s.ID); err != nil {
		t.Fatal(err)
	}
	if got := w.queued(t); !slices.Equal(got, []string{"people/anna Travel", "people/anna Undo", "people/anna Travel", "people/anna Undo"}) {
		t.Errorf("sent %q", got)
	}
	wantCode(t, w.EndStay(ctx, console, "anna", s.ID), community.NotFound)
	_, err = w.Stays(ctx, By{}, "anna")
	wantCode(t, err, community.Forbidden)
	_, err = w.Visit(ctx, console, "anna", w.stranger(t, bob), community.Stay{From: day("2027-03-03"), To: day("2027-03-17")})
	wantCode(t, err, community.Refused)
	_, err = w.Visit(ctx, console, "anna", &community.Actor{URI: w.site.Actor(community.CityActor), Type: "Group"}, community.Stay{From: day("2027-03-03"), To: day("2027-03-17")})
	wantCode(t, err, community.Refused)
	_, err = w.Visit(ctx, console, "anna", city, community.Stay{From: day("2027-03-17"), To: day("2027-03-03")})
	wantCode(t, err, community.Invalid)
}

// The conferences of a city around a stay are suggested, except those that the
// member answered.
func TestSuggestions(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	city := w.sister(t)
	at := func(path, d string, change func(*community.Conference)) {
		t.Helper()
		c := w.foreign()
		c.URI, c.UID = "https://pkt.example/conf/"+path, path
		c.Start = day(d).Add(10 * time.Hour)
		c.End = c.Start.Add(time.Hour)
		c.OriginID = city.ID
		if change != nil {
			change(c)
		}
		if _, err := w.StoreConference(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	at("before", "2027-02-27", nil)
	at("eve", "2027-02-28", nil)
	at("during", "2027-03-10", nil)
	at("cancelled", "2027-03-10", func(c *community.Conference) { c.Status = community.Cancelled })
	at("answered", "2027-03-11", nil)
	at("after", "2027-03-20", nil)
	at("long after", "2027-03-21", nil)
	if _, err := w.JoinElsewhere(ctx, console, "anna", "https://pkt.example/conf/answered", community.Want{State: community.Going}, ""); err != nil {
		t.Fatal(err)
	}
	s, err := w.Visit(ctx, console, "anna", city, community.Stay{From: day("2027-03-03"), To: day("2027-03-17")})
	if err != nil {
		t.Fatal(err)
	}
	suggested := func(want ...string) {
		t.Helper()
		list, err := w.Suggestions(ctx, console, "anna")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, x := range list {
			got = append(got, strings.TrimPrefix(x.Conference.URI, "https://pkt.example/conf/"))
			if x.Stay.ID != s.ID {
				t.Errorf("%+v", x.Stay)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q, want %q", got, want)
		}
	}
	suggested("eve", "during", "after")

	// The city is read at once, then daily, until the stay is over.
	due := func(want int) {
		t.Helper()
		list, err := w.StaysToRead(ctx, 10)
		if err != nil || len(list) != want {
			t.Fatalf("%+v %v, want %d", list, err, want)
		}
		for _, x := range list {
			if err := w.StayRead(ctx, x.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	due(1)
	due(0)
	w.pass(25 * time.Hour)
	due(1)
	w.pass(day("2027-03-18").Sub(w.Now()) + 13*time.Hour)
	due(0)
	suggested()
	if got, err := w.store.Stay(ctx, s.ID); err != nil || !got.NextRead.IsZero() {
		t.Fatalf("%+v %v", got, err)
	}
	if err := w.StayRead(ctx, 999); err != nil {
		t.Fatal(err)
	}
}

// People who tell us that they come are listed for members until they have been
// here.
func TestArrivals(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	guest, other := w.stranger(t, bob), w.stranger(t, eve)
	here := w.site.Actor(community.CityActor)
	travel := Travel{URI: "https://far.example/t/1", Target: here, Origin: "https://far.example/city", Start: day("2026-11-25").Add(15 * time.Hour), End: day("2026-11-29").Add(-time.Second)}
	for range 2 {
		if err := w.ReceiveTravel(ctx, guest, travel); err != nil {
			t.Fatal(err)
		}
	}
	list := func(want int) []community.Arrival {
		t.Helper()
		list, err := w.Arrivals(ctx, console)
		if err != nil || len(list) != want {
			t.Fatalf("%+v %v, want %d", list, err, want)
		}
		return list
	}
	got := list(1)[0]
	if got.Actor.URI != bob || !got.From.Equal(day("2026-11-25")) || !got.To.Equal(day("2026-11-28")) || got.Kind != community.Visiting || got.Home != "https://far.example/city" {
		t.Fatalf("%+v", got)
	}
	with := func(change func(*Travel)) Travel {
		x := travel
		x.URI = "https://far.example/t/2"
		change(&x)
		return x
	}
	for name, x := range map[string]struct {
		travel Travel
		code   community.Code
	}{
		"elsewhere":     {with(func(x *Travel) { x.Target = "https://other.example/city" }), community.Refused},
		"a member":      {with(func(x *Travel) { x.Target = w.site.Actor("people/anna") }), community.Refused},
		"no id":         {with(func(x *Travel) { x.URI = "" }), community.Invalid},
		"a foreign id":  {with(func(x *Travel) { x.URI = "https://evil.example/t/2" }), community.Invalid},
		"no start":      {with(func(x *Travel) { x.Start = time.Time{} }), community.Invalid},
		"long ago":      {with(func(x *Travel) { x.Start, x.End = day("2026-01-01"), day("2026-01-02") }), community.Invalid},
		"for ever":      {with(func(x *Travel) { x.End = day("2036-01-02") }), community.Invalid},
		"someone's own": {Travel{URI: "https://evil.example/t/1", Target: here, Start: day("2026-11-25"), End: day("2026-11-26")}, community.Invalid},
	} {
		if err := w.ReceiveTravel(ctx, guest, x.travel); community.CodeOf(err) != x.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Somewhere else is not said to be home.
	move := Travel{URI: "https://evil.example/t/1", Target: here, Origin: "https://far.example/city", Start: day("2026-12-01")}
	if err := w.ReceiveTravel(ctx, other, move); err != nil {
		t.Fatal(err)
	}
	if got := list(2)[1]; got.Kind != community.Moving || !got.To.IsZero() || got.Home != "" {
		t.Fatalf("%+v", got)
	}
	wantCode(t, w.ReceiveUndoTravel(ctx, guest, move.URI), community.Forbidden)
	if err := w.AddBlock(ctx, console, &community.Block{Domain: "evil.example", Severity: community.Silence}); err != nil {
		t.Fatal(err)
	}
	list(1)
	// Who is kept out altogether is forgotten, also if let in again.
	w.must(t, w.AddBlock(ctx, console, &community.Block{Domain: "evil.example", Severity: community.Suspend}))
	w.must(t, w.RemoveBlock(ctx, console, "evil.example", ""))
	list(1)
	if err := w.ReceiveTravel(ctx, other, move); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.ReceiveUndoTravel(ctx, other, move.URI); err != nil {
			t.Fatal(err)
		}
	}
	for _, role := range []community.Role{community.Newcomer, ""} {
		_, err := w.Arrivals(ctx, By{Member: &community.Member{Role: role}})
		wantCode(t, err, community.Forbidden)
	}
	w.pass(8 * 24 * time.Hour)
	list(0)
	if err := w.PruneArrivals(ctx); err != nil {
		t.Fatal(err)
	}
	if all, err := w.store.Arrivals(ctx, 10); err != nil || len(all) != 0 {
		t.Fatalf("%+v %v", all, err)
	}
	for i := range maxArrivals + 1 {
		x := with(func(x *Travel) { x.URI += string(rune('a' + i)); x.Start, x.End = day("2027-01-01"), day("2027-01-02") })
		err := w.ReceiveTravel(ctx, guest, x)
		if (i == maxArrivals) != (community.CodeOf(err) == community.Refused) {
			t.Fatalf("%d: %v", i, err)
		}
	}
	if err := w.ReceiveActorDelete(ctx, guest); err != nil {
		t.Fatal(err)
	}
	list(0)
}

// A link shows what is a member's to whoever has it, until it is revoked.
func TestLinks(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	secret, l, err := w.AddLink(ctx, console, "anna", "phone", true)
	if err != nil || len(secret) != 43 {
		t.Fatalf("%q %v", secret, err)
	}
	other, _, err := w.AddLink(ctx, console, "anna", "", false)
	if err != nil || other == secret {
		t.Fatal(err)
	}
	m, got, err := w.OpenLink(ctx, secret)
	if err != nil || m.Handle != "anna" || got.ID != l.ID || !got.Suggests {
		t.Fatalf("%+v %+v %v", m, got, err)
	}
	links, err := w.Links(ctx, console, "anna")
	if err != nil || len(links) != 2 || links[1].Name != "phone" || links[1].LastUsed.IsZero() || !links[0].LastUsed.IsZero() || string(links[1].Hash) == secret {
		t.Fatalf("%+v %v", links, err)
	}
	if err := w.RevokeLink(ctx, console, "anna", l.ID); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.RevokeLink(ctx, console, "anna", l.ID), community.NotFound)
	for _, s := range []string{secret, "", "nonsense"} {
		_, _, err = w.OpenLink(ctx, s)
		wantCode(t, err, community.NotFound)
	}
	if err := w.AddMember(ctx, console, &community.Member{Handle: "boris", Role: community.Steward}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.RevokeLink(ctx, console, "boris", links[0].ID), community.NotFound)
	_, _, err = w.AddLink(ctx, By{}, "anna", "", false)
	wantCode(t, err, community.Forbidden)
	_, err = w.Links(ctx, By{}, "anna")
	wantCode(t, err, community.Forbidden)
	if err := w.SuspendMember(ctx, console, "anna", true); err != nil {
		t.Fatal(err)
	}
	_, _, err = w.OpenLink(ctx, other)
	wantCode(t, err, community.NotFound)
	if err := w.SuspendMember(ctx, console, "anna", false); err != nil {
		t.Fatal(err)
	}
	for i := 1; i < maxLinks; i++ {
		if _, _, err := w.AddLink(ctx, console, "anna", "", false); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err = w.AddLink(ctx, console, "anna", "", false)
	wantCode(t, err, community.Refused)
	// An account that is deleted takes everything along.
	city := w.sister(t)
	if _, err := w.Visit(ctx, console, "anna", city, community.Stay{From: day("2027-03-03"), To: day("2027-03-17"), Visible: true}); err != nil {
		t.Fatal(err)
	}
	w.forget(t)
	if err := w.DeleteMember(ctx, console, "anna"); err != nil {
		t.Fatal(err)
	}
	if got := w.queued(t); !slices.Equal(got, []string{"people/anna Undo", "people/anna Delete"}) {
		t.Errorf("sent %q", got)
	}
	if links, err := w.store.PrivateLinks(ctx, m.ID); err != nil || len(links) != 0 {
		t.Fatalf("%+v %v", links, err)
	}
}

// My conferences are those I answered, here and elsewhere, and did not say no to.
func TestMyConferences(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	origin := w.befriend(t)
	anna, err := w.store.Member(ctx, "anna")
	if err != nil {
		t.Fatal(err)
	}
	far := w.foreign()
	far.Start = w.now.AddDate(0, 0, 5)
	far.End = far.Start.Add(time.Hour)
	if err := w.ReceiveConference(ctx, origin, far); err != nil {
		t.Fatal(err)
	}
	if _, err := w.JoinElsewhere(ctx, console, "anna", event, community.Want{State: community.Going}, ""); err != nil {
		t.Fatal(err)
	}
	var slugs []string
	for i, state := range []community.GuestState{community.Going, community.Maybe, community.NotGoing} {
		c := w.conf(t, func(c *community.Conference) {
			c.Title = community.Plain("en", "Evening "+string(rune('A'+i)))
			c.Start = c.Start.Add(time.Duration(i) * time.Hour)
			c.End = c.End.Add(time.Duration(i) * time.Hour)
		})
		if _, err := w.Answer(ctx, c.Slug, storage.GuestKey{MemberID: anna.ID}, community.Want{State: state}, ""); err != nil {
			t.Fatal(err)
		}
		slugs = append(slugs, c.Slug)
	}
	want := func(when When, want ...string) {
		t.Helper()
		list, err := w.MyConferences(ctx, By{Member: anna}, "anna", when)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, mc := range list {
			got = append(got, mc.Conference.Slug+mc.Conference.URI+" "+string(mc.Guest.State))
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s: %q, want %q", when, got, want)
		}
	}
	a, b, c := slugs[0]+" going", slugs[1]+" maybe", event+" pending"
	want(Upcoming, a, b, c)
	want(Past)
	w.pass(4 * 24 * time.Hour)
	want(Upcoming, c)
	want(Past, b, a)
	want(Always, a, b, c)
	_, err = w.MyConferences(ctx, By{}, "anna", Always)
	wantCode(t, err, community.Forbidden)
	_, err = w.Suggestions(ctx, By{}, "anna")
	wantCode(t, err, community.Forbidden)
}

// sister is a city that we follow.
func (w *world) sister(t *testing.T) *community.Actor {
	t.Helper()
	a := w.befriend(t)
	a.Type = "Group"
	if _, err := w.SaveActor(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	return a
}
