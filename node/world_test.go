package node

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
	"konfa/storage"
)

// settle brings the world's list up to date.
func (w *world) settle(t *testing.T) {
	t.Helper()
	for range 10_000 {
		n, err := w.SettleWorld(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
	t.Fatal("the world never comes into order")
}

// listed is what the world lists: "title@town".
func (w *world) listed(t *testing.T) []string {
	t.Helper()
	w.settle(t)
	cs, err := w.store.World(t.Context(), storage.WorldQuery{Now: w.now})
	if err != nil {
		t.Fatal(err)
	}
	spots := map[int64]string{}
	towns, err := w.store.Towns(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, town := range towns {
		in, err := w.store.World(t.Context(), storage.WorldQuery{Now: w.now, Towns: []int64{town.ID}})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range in {
			spots[c.ID] = town.Name + " " + town.Country
		}
	}
	var out []string
	for _, c := range cs {
		out = append(out, c.Title.First()+" @ "+spots[c.ID])
	}
	return out
}

func (w *world) wantListed(t *testing.T, want ...string) {
	t.Helper()
	if d := cmp.Diff(want, w.listed(t)); d != "" {
		t.Errorf("the world lists something else: %s", d)
	}
}

func TestWorldListsWhatIsOurs(t *testing.T) {
	w := newWorld(t)
	draft := w.conf(t, func(c *community.Conference) { c.Title, c.Draft = community.Plain("en", "A draft"), true })
	w.conf(t, nil)
	w.conf(t, func(c *community.Conference) { c.Title, c.Venue = community.Plain("en", "Walk in Zemun"), nil })
	w.conf(t, func(c *community.Conference) {
		c.Title, c.Venue = community.Plain("ru", "Прогулка"), &community.Venue{Name: "Quay", Locality: "Novi Sad", Country: "Serbia"}
	})
	w.conf(t, func(c *community.Conference) {
		c.Title, c.Venue, c.OnlineURL = community.Plain("en", "On a call"), nil, "https://meet.example/x"
	})
	w.conf(t, func(c *community.Conference) {
		c.Title, c.Venue = community.Plain("en", "By the point"), &community.Venue{Name: "Bridge", Place: &community.Point{Lat: 43.3209, Lon: 21.8958}}
	})
	w.wantListed(t, "Evening of short talks @ Belgrade RS", "Walk in Zemun @ Belgrade RS", "Прогулка @ Novi Sad RS", "On a call @ ", "By the point @ Niš RS")
	if _, err := w.PublishConference(t.Context(), console, draft.Slug, Publish{}); err != nil {
		t.Fatal(err)
	}
	if got := w.listed(t); !slices.Contains(got, "A draft @ Belgrade RS") {
		t.Errorf("what was published is not listed: %v", got)
	}
	ru, err := w.store.World(t.Context(), storage.WorldQuery{Now: w.now, Language: "ru"})
	if err != nil || len(ru) != 1 {
		t.Errorf("in Russian: %d, %v", len(ru), err)
	}
	// What is over leaves.
	w.pass(60 * 24 * time.Hour)
	if n, err := w.SweepWorld(t.Context()); err != nil || n != 6 {
		t.Errorf("%d went to the past, %v", n, err)
	}
	w.wantListed(t)
	past, err := w.store.World(t.Context(), storage.WorldQuery{Now: w.now, Past: true})
	if err != nil || len(past) != 6 {
		t.Errorf("past: %d, %v", len(past), err)
	}
}

func TestWorldListsWhomWeFollow(t *testing.T) {
	w := newWorld(t)
	// Looked at by someone: kept, and not listed.
	looked := w.foreign()
	looked.OriginID = w.stranger(t, pkt).ID
	if _, err := w.StoreConference(t.Context(), looked); err != nil {
		t.Fatal(err)
	}
	w.wantListed(t)
	other := w.befriend(t)
	w.wantListed(t, "On the beach @ ")
	changed := w.foreign()
	changed.Updated, changed.Venue = w.now.Add(time.Minute), &community.Venue{Locality: "Phuket", Country: "TH"}
	if err := w.ReceiveConference(t.Context(), other, changed); err != nil {
		t.Fatal(err)
	}
	if got := w.listed(t); len(got) != 1 || !strings.HasPrefix(got[0], "On the beach @ Phuket") {
		t.Errorf("listed: %v", got)
	}
	// Blocks hide, silence does too.
	for _, severity := range []community.Severity{community.Silence, community.Suspend} {
		if err := w.AddBlock(t.Context(), console, &community.Block{Domain: other.Host, Severity: severity}); err != nil {
			t.Fatal(err)
		}
		w.wantListed(t)
	}
	if err := w.RemoveBlock(t.Context(), console, other.Host, ""); err != nil {
		t.Fatal(err)
	}
	w.wantListed(t) // the block ended the follow
	other = w.befriend(t)
	if got := w.listed(t); len(got) != 1 {
		t.Errorf("listed: %v", got)
	}
	if err := w.Unfollow(t.Context(), console, community.CityActor, other.URI); err != nil {
		t.Fatal(err)
	}
	w.wantListed(t)
	// What the city announced stays.
	if _, err := w.AnnounceConference(t.Context(), console, event); err != nil {
		t.Fatal(err)
	}
	if got := w.listed(t); len(got) != 1 {
		t.Errorf("listed: %v", got)
	}
}

// Many members follow people of a large server before the city follows its group.
func TestWorldListsWhomTheCityFollowsAmongMany(t *testing.T) {
	w := newWorld(t)
	for i := range 110 {
		a := w.stranger(t, fmt.Sprintf("https://pkt.example/people/%d", i))
		err := w.write(t.Context(), func(tx *storage.Tx) error {
			return tx.SaveFollowed(t.Context(), &community.Follow{Local: community.MemberActor("anna"), ActorID: a.ID, URI: w.site.Activity(a.URI), State: community.Accepted, Created: tx.Now(), Updated: tx.Now()})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	looked := w.foreign()
	looked.OriginID = w.stranger(t, pkt).ID
	if _, err := w.StoreConference(t.Context(), looked); err != nil {
		t.Fatal(err)
	}
	w.wantListed(t)
	w.befriend(t)
	w.wantListed(t, "On the beach @ ")
}

func TestWorldListsWhatIsToldByThoseWeFollow(t *testing.T) {
	w := newWorld(t)
	other := w.befriend(t)
	third := w.stranger(t, "https://third.example/city")
	c := w.foreign()
	c.URI, c.OriginID = "https://third.example/conf/x", third.ID
	if err := w.ReceiveAnnounceOfForeign(t.Context(), other, "https://pkt.example/a/1", c); err != nil {
		t.Fatal(err)
	}
	w.wantListed(t, "On the beach @ ")
}

func TestPruneWorld(t *testing.T) {
	w := newWorld(t)
	stranger := w.stranger(t, "https://somewhere.example/group")
	store := func(name string, starts time.Duration) *community.Conference {
		c := w.foreign()
		c.URI, c.OriginID = "https://somewhere.example/e/"+name, stranger.ID
		c.Start = w.now.Add(starts)
		c.End = c.Start.Add(time.Hour)
		c, err := w.StoreConference(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	soon, far, joined, shown := store("soon", time.Hour), store("far", 300*24*time.Hour), store("joined", time.Hour), store("shown", time.Hour)
	if _, err := w.JoinElsewhere(t.Context(), console, "anna", joined.URI, community.Want{State: community.Going}, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := w.AnnounceConference(t.Context(), console, shown.URI); err != nil {
		t.Fatal(err)
	}
	left := func(want ...*community.Conference) {
		t.Helper()
		for {
			n, err := w.PruneWorld(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				break
			}
		}
		cs, err := w.store.Conferences(t.Context(), storage.ConferenceQuery{Foreign: true})
		if err != nil {
			t.Fatal(err)
		}
		var got, wanted []string
		for _, c := range cs {
			got = append(got, c.URI)
		}
		for _, c := range want {
			wanted = append(wanted, c.URI)
		}
		slices.Sort(got)
		slices.Sort(wanted)
		if d := cmp.Diff(wanted, got); d != "" {
			t.Error(d)
		}
	}
	w.settle(t)
	left(soon, far, joined, shown)
	w.pass(3 * 24 * time.Hour)
	left(far, joined, shown) // over
	w.pass(80 * 24 * time.Hour)
	left(far, joined, shown)
	w.pass(10 * 24 * time.Hour)
	left(joined, shown) // nobody came back to it
}

// named makes ids of cities.
func named(hosts ...string) (out []string) {
	for _, h := range hosts {
		out = append(out, "https://"+h+"/city")
	}
	return out
}

func (w *world) known(t *testing.T) (out []string) {
	t.Helper()
	cities, err := w.store.KnownCities(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range cities {
		out = append(out, k.Host+" "+string(k.State))
	}
	return out
}

func (w *world) name(t *testing.T, from *community.Actor, uris ...string) int {
	t.Helper()
	n, err := w.NameCities(t.Context(), from, uris, true)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestCitiesAreNamedConfirmedAndLapse(t *testing.T) {
	w := newWorld(t)
	stranger := w.stranger(t, "https://stranger.example/city")
	_, err := w.NameCities(t.Context(), stranger, named("a.example"), true)
	wantCode(t, err, community.Forbidden)
	sister := w.befriend(t)
	if err := w.AddBlock(t.Context(), console, &community.Block{Domain: "blocked.example", Severity: community.Silence}); err != nil {
		t.Fatal(err)
	}
	uris := append(named("c.example", "d.example", "bg.example", "pkt.example", "blocked.example", "sub.blocked.example"),
		"https://m.example/users/bob", "https://c.example/other/city", "javascript:/city", "ftp://x.example/city", "https://q.example/city?x", "", "https:///city", "::")
	if n := w.name(t, sister, uris...); n != 2 {
		t.Errorf("%d are new", n)
	}
	if n := w.name(t, sister, uris...); n != 0 {
		t.Errorf("%d are new again", n)
	}
	if d := cmp.Diff([]string{"c.example heard", "d.example heard"}, w.known(t)); d != "" {
		t.Error(d)
	}

	// One answers as a city does, the other does not answer.
	c := w.stranger(t, "https://c.example/city")
	card := &community.KnownCity{Name: community.Plain("en", "Chiang Mai"), Country: "TH", Place: &community.Point{Lat: 18.79, Lon: 98.99}, Following: "https://c.example/city/following"}
	if _, err := w.ConfirmCity(t.Context(), c, card); err != nil {
		t.Fatal(err)
	}
	_, err = w.ConfirmCity(t.Context(), stranger, card)
	wantCode(t, err, community.Refused) // nobody named it
	other := w.stranger(t, "https://c.example/other/city")
	_, err = w.ConfirmCity(t.Context(), other, card)
	wantCode(t, err, community.Refused)
	if err := w.DoubtCity(t.Context(), "d.example", false); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"c.example confirmed", "d.example heard"}, w.known(t)); d != "" {
		t.Error(d)
	}
	d, err := w.store.KnownCity(t.Context(), "d.example")
	if err != nil || !d.NextTry.After(w.now) || d.NextTry.After(w.now.Add(2*time.Minute)) {
		t.Errorf("asked again at %v, %v", d.NextTry, err)
	}

	// Its conferences are listed as long as it is known.
	conf := w.foreign()
	conf.URI, conf.Venue = "https://c.example/conf/x", nil
	if err := w.ReceiveFromCity(t.Context(), c, conf); err != nil {
		t.Fatal(err)
	}
	if got := w.listed(t); len(got) != 1 || !strings.Contains(got[0], "Chiang Mai TH") {
		t.Errorf("listed: %v", got)
	}
	bad := w.foreign()
	bad.URI = "https://evil.example/conf/x"
	wantCode(t, w.ReceiveFromCity(t.Context(), c, bad), community.Forbidden)
	wantCode(t, w.ReceiveFromCity(t.Context(), stranger, &community.Conference{URI: "https://stranger.example/conf/x"}), community.NotFound)
	old := w.foreign()
	old.URI, old.Start, old.End = "https://c.example/conf/old", w.now.Add(-2*time.Hour), w.now.Add(-time.Hour)
	wantCode(t, w.ReceiveFromCity(t.Context(), c, old), community.Refused)
	never := w.foreign()
	never.URI, never.Start, never.End = "https://c.example/conf/never", w.now.AddDate(9, 0, 0), w.now.AddDate(9, 0, 1)
	wantCode(t, w.ReceiveFromCity(t.Context(), c, never), community.Refused)

	if err := w.CityRead(t.Context(), "c.example"); err != nil {
		t.Fatal(err)
	}
	if err := w.CityLooked(t.Context(), "c.example"); err != nil {
		t.Fatal(err)
	}
	k, err := w.store.KnownCity(t.Context(), "c.example")
	if err != nil || !k.NextRead.After(w.now) || !k.NextLook.After(w.now) {
		t.Errorf("%+v, %v", k, err)
	}
	if err := w.AskCitiesNow(t.Context()); err != nil {
		t.Fatal(err)
	}
	if due, err := w.store.CitiesToAsk(t.Context(), w.now, 9); err != nil || len(due) != 2 {
		t.Errorf("%d to ask, %v", len(due), err)
	}

	// A silent city is only heard of after two weeks; it comes back.
	w.pass(15 * 24 * time.Hour)
	w.name(t, sister, named("c.example", "d.example")...)
	if err := w.DoubtCity(t.Context(), "c.example", false); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"c.example heard", "d.example heard"}, w.known(t)); d != "" {
		t.Error(d)
	}
	if _, err := w.ConfirmCity(t.Context(), c, card); err != nil {
		t.Fatal(err)
	}
	// What turns out to be something else is not shown.
	if err := w.DoubtCity(t.Context(), "d.example", true); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"c.example confirmed"}, w.known(t)); d != "" {
		t.Error(d)
	}

	// Nobody names them any more.
	w.pass(time.Hour)
	w.name(t, sister, named("e.example")...)
	if n, err := w.LapseCities(t.Context()); n != 2 || err != nil {
		t.Errorf("%d lapsed, %v", n, err)
	}
	if d := cmp.Diff([]string{"e.example heard"}, w.known(t)); d != "" {
		t.Error(d)
	}
	// We follow nobody who names anyone.
	if err := w.Unfollow(t.Context(), console, community.CityActor, sister.URI); err != nil {
		t.Fatal(err)
	}
	if n, err := w.LapseCities(t.Context()); n != 1 || err != nil {
		t.Errorf("%d lapsed, %v", n, err)
	}
}

func TestConferencesOfCityThatLapsed(t *testing.T) {
	w := newWorld(t)
	sister := w.befriend(t)
	w.name(t, sister, named("c.example")...)
	c := w.stranger(t, "https://c.example/city")
	if _, err := w.ConfirmCity(t.Context(), c, &community.KnownCity{}); err != nil {
		t.Fatal(err)
	}
	keep := func(name string) *community.Conference {
		x := w.foreign()
		x.URI = "https://c.example/conf/" + name
		if err := w.ReceiveFromCity(t.Context(), c, x); err != nil {
			t.Fatal(err)
		}
		return x
	}
	gone := keep("gone")
	keep("stays")
	if err := w.DropFromCity(t.Context(), gone.URI); err != nil {
		t.Fatal(err)
	}
	w.wantListed(t, "On the beach @ ")
	w.pass(time.Minute)
	w.name(t, sister)
	if n, err := w.LapseCities(t.Context()); n != 1 || err != nil {
		t.Fatalf("%d lapsed, %v", n, err)
	}
	w.wantListed(t)
	// And are forgotten as what was only looked at.
	w.pass(91 * 24 * time.Hour)
	if n, err := w.PruneWorld(t.Context()); n != 1 || err != nil {
		t.Errorf("%d went, %v", n, err)
	}
	// Dropping what somebody follows is not this function's to do.
	other := w.foreign()
	if err := w.ReceiveConference(t.Context(), sister, other); err != nil {
		t.Fatal(err)
	}
	if err := w.DropFromCity(t.Context(), other.URI); err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.ConferenceByURI(t.Context(), other.URI); err != nil {
		t.Error("it is gone")
	}
}

// A city that names ten thousand others makes us keep a few.
func TestNamingIsBounded(t *testing.T) {
	w := newWorld(t)
	sister := w.befriend(t)
	var wild, many []string
	for i := range 10_000 {
		wild = append(wild, fmt.Sprintf("https://n%d.wild.example/city", i))
		many = append(many, fmt.Sprintf("https://n%d.example/city", i))
	}
	if n := w.name(t, sister, wild...); n != heardPerDomain {
		t.Errorf("%d of one domain", n)
	}
	if n := w.name(t, sister, append(wild[:heardPerDomain:heardPerDomain], many...)...); n != namedPerDay-heardPerDomain {
		t.Errorf("%d more on one day", n)
	}
	total := 0
	for range 40 {
		w.pass(25 * time.Hour)
		total += w.name(t, sister, many[:MaxNamed]...)
	}
	hosts, err := w.store.KnownHosts(t.Context())
	if err != nil || len(hosts) > namedPerSource+namedPerDay || len(hosts) < namedPerSource/2 {
		t.Errorf("%d hosts are kept, %v", len(hosts), err)
	}
	if n, err := w.LapseCities(t.Context()); err != nil || n < heardPerDomain {
		t.Errorf("%d lapsed, %v", n, err)
	}
}

func TestForgetCity(t *testing.T) {
	w := newWorld(t)
	sister := w.befriend(t)
	if _, err := w.ConfirmCity(t.Context(), sister, &community.KnownCity{Name: community.Plain("en", "Phuket")}); err != nil {
		t.Fatal(err)
	}
	w.name(t, sister, named("c.example")...)
	_, err := w.ForgetCity(t.Context(), By{}, "c.example")
	wantCode(t, err, community.Forbidden)
	_, err = w.ForgetCity(t.Context(), console, "nowhere.example")
	wantCode(t, err, community.NotFound)
	_, err = w.ForgetCity(t.Context(), console, "https://pkt.example/city")
	wantCode(t, err, community.Refused) // followed
	if _, err := w.ForgetCity(t.Context(), console, "@city@c.example"); err != nil {
		t.Fatal(err)
	}
	w.name(t, sister, named("c.example")...) // named again, and still away
	if d := cmp.Diff([]string{"pkt.example confirmed"}, w.known(t)); d != "" {
		t.Error(d)
	}
	if due, err := w.store.CitiesToAsk(t.Context(), w.now, 9); err != nil || len(due) != 0 {
		t.Errorf("%d to ask, %v", len(due), err)
	}
}

func TestRegistrableDomain(t *testing.T) {
	for host, want := range map[string]string{
		"a.b.example.org": "example.org", "example.co.uk:8443": "example.co.uk", "x.example.co.uk": "example.co.uk",
		"127.0.0.1:8080": "127.0.0.1", "[2001:db8::1]:443": "2001:db8::1", "localhost": "localhost", "anna.github.io": "anna.github.io",
	} {
		if got := RegistrableDomain(host); got != want {
			t.Errorf("%s: %s, want %s", host, got, want)
		}
	}
}

// The same conference from two servers is listed once, whoever was first.
func TestWorldListsTwinsOnce(t *testing.T) {
	w := newWorld(t)
	copyOf := func(host string) *community.Conference {
		c := w.foreign()
		c.URI, c.UID = "https://"+host+"/conf/x", "same@pkt.example"
		c.OriginID = w.stranger(t, "https://"+host+"/group").ID
		return c
	}
	// Someone looked up a copy first: it is known longest, and not listed.
	looked := copyOf("copies.example")
	if _, err := w.StoreConference(t.Context(), looked); err != nil {
		t.Fatal(err)
	}
	w.wantListed(t)
	other := w.befriend(t)
	c := w.foreign()
	c.UID = "same@pkt.example"
	if err := w.ReceiveConference(t.Context(), other, c); err != nil {
		t.Fatal(err)
	}
	w.wantListed(t, "On the beach @ ")
	// A city that we follow tells of one more copy.
	third := copyOf("third.example")
	if err := w.ReceiveAnnounceOfForeign(t.Context(), other, "https://pkt.example/a/1", third); err != nil {
		t.Fatal(err)
	}
	w.wantListed(t, "On the beach @ ")
	// When the one that is listed goes, another one stands in for it.
	if err := w.ReceiveDelete(t.Context(), other, c.URI); err != nil {
		t.Fatal(err)
	}
	w.wantListed(t, "On the beach @ ")
}
