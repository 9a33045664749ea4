package node

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"konfa/community"
)

// group is a city elsewhere, stored.
func (w *world) group(t *testing.T, host string) *community.Actor {
	t.Helper()
	a := &community.Actor{URI: "https://" + host + "/city", Type: "Group", Handle: strings.TrimSuffix(host, ".example"), Host: host, Name: strings.TrimSuffix(host, ".example"),
		Inbox: "https://" + host + "/city/inbox", SharedInbox: "https://" + host + "/inbox", Fetched: w.Now()}
	if _, err := w.SaveActor(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	return a
}

// sisterCity is a city that follows us and is followed.
func (w *world) sisterCity(t *testing.T, host string, announce community.Announcing) *community.Actor {
	t.Helper()
	a := w.group(t, host)
	if _, err := w.AddSister(t.Context(), console, a, nil, nil, func(s *community.Sister) error { s.Announce = announce; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := w.ReceiveAccept(t.Context(), a, Answer{ObjectType: "Follow", InnerActor: "https://bg.example/city", InnerObject: a.URI}); err != nil {
		t.Fatal(err)
	}
	if err := w.ReceiveFollow(t.Context(), a, a.URI+"#follow", "https://bg.example/city"); err != nil {
		t.Fatal(err)
	}
	w.forget(t)
	return a
}

// theirs is a conference of another city, published a minute from now at the
// latest.
func (w *world) theirs(a *community.Actor, name string, change func(*community.Conference)) *community.Conference {
	start := w.now.Add(72 * time.Hour)
	c := &community.Conference{URI: "https://" + a.Host + "/conf/" + name, OriginID: a.ID, Title: community.Plain("en", "Theirs: "+name+" of "+a.Host), Start: start, End: start.Add(time.Hour),
		Zone: "Asia/Bangkok", Venue: &community.Venue{Name: "Hall"}, Published: w.now, Updated: w.now}
	if change != nil {
		change(c)
	}
	c.Tidy()
	return c
}

func (w *world) receive(t *testing.T, a *community.Actor, c *community.Conference) *community.Conference {
	t.Helper()
	if err := w.ReceiveConference(t.Context(), a, c); err != nil {
		t.Fatal(err)
	}
	out, err := w.store.ConferenceByURI(t.Context(), c.URI)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (w *world) queue(t *testing.T) []community.Offer {
	t.Helper()
	list, err := w.store.Offers(t.Context(), OfferList(true, false, true, 0))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// documents are the queued activities of a type, as they go out.
func (w *world) documents(t *testing.T, typ string) []map[string]any {
	t.Helper()
	fans, err := w.store.Fanouts(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]any
	for _, f := range fans {
		acts, err := w.store.ActivitiesByID(t.Context(), []int64{f.ActivityID})
		if err != nil {
			t.Fatal(err)
		}
		if a := acts[f.ActivityID]; a.Type == typ {
			out = append(out, object(t, a.JSON))
		}
	}
	return out
}

func TestSisterBothSides(t *testing.T) {
	w := newWorld(t)
	phuket := w.group(t, "phuket.example")
	app := &community.Actor{URI: "https://phuket.example/node", Type: "Application", Handle: "node", Host: "phuket.example", Inbox: "https://phuket.example/node/inbox", Fetched: w.Now()}
	newcomer := By{Member: &community.Member{Handle: "boris", Role: community.Newcomer}}
	_, err := w.AddSister(t.Context(), newcomer, phuket, nil, nil, nil)
	wantCode(t, err, community.Forbidden)

	s, err := w.AddSister(t.Context(), console, phuket, app, &community.Point{Lat: 8, Lon: 98}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.State() != community.SisterAsked || !s.Show || s.Announce != community.AnnounceApprove || s.NodeID == 0 || s.Place.Lat != 8 {
		t.Errorf("added as %+v, %s", s, s.State())
	}
	if got := w.queued(t); !slices.Equal(got, []string{"city Follow", "node Follow"}) {
		t.Errorf("queued %q", got)
	}
	w.forget(t)
	if err := w.ReceiveAccept(t.Context(), phuket, Answer{ObjectType: "Follow", InnerActor: "https://bg.example/city"}); err != nil {
		t.Fatal(err)
	}
	state := func(what string) community.SisterState {
		t.Helper()
		s, err := w.FindSister(t.Context(), what)
		if err != nil {
			t.Fatal(err)
		}
		return s.State()
	}
	if got := state("phuket.example"); got != community.SisterFollowing {
		t.Errorf("after her yes: %s", got)
	}
	if err := w.ReceiveFollow(t.Context(), phuket, "https://phuket.example/f/1", "https://bg.example/city"); err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"@phuket@phuket.example", "phuket@phuket.example", phuket.URI, "https://phuket.example/", "Phuket"} {
		if got := state(what); got != community.SisterMutual {
			t.Errorf("%s: %s", what, got)
		}
	}
	_, err = w.FindSister(t.Context(), "atlantis.example")
	wantCode(t, err, community.NotFound)

	// The other way round: she begins.
	almaty := w.group(t, "almaty.example")
	if err := w.ReceiveFollow(t.Context(), almaty, "https://almaty.example/f/1", "https://bg.example/city"); err != nil {
		t.Fatal(err)
	}
	if got := state("almaty.example"); got != community.SisterFollowsUs {
		t.Errorf("who began: %s", got)
	}
	list, err := w.Sisters(t.Context())
	if err != nil || len(list) != 2 || list[0].ID == 0 || list[1].ID != 0 {
		t.Errorf("%+v, %v", list, err)
	}

	// Settings: everything that is wrong at once, nothing of it kept.
	_, err = w.ChangeSister(t.Context(), console, phuket.URI, func(s *community.Sister) error {
		s.Announce, s.Languages, s.Distance, s.Tags = "perhaps", []string{"?"}, 100, []string{"go"}
		return nil
	})
	var e *community.Error
	if !errors.As(err, &e) || len(e.Fields) != 3 {
		t.Errorf("problems: %v", err)
	}
	s, err = w.ChangeSister(t.Context(), console, phuket.URI, func(s *community.Sister) error {
		s.Announce, s.Tags, s.Show = community.AnnounceAuto, []string{"#Go"}, false
		return nil
	})
	if err != nil || s.Announce != community.AnnounceAuto || !slices.Equal(s.Tags, []string{"go"}) || s.Show || s.Languages != nil {
		t.Errorf("changed to %+v, %v", s, err)
	}
	_, err = w.ChangeSister(t.Context(), console, almaty.URI, nil)
	wantCode(t, err, community.NotFound)

	// Again, it changes what is said and keeps the rest.
	w.forget(t)
	s, err = w.AddSister(t.Context(), console, phuket, nil, nil, func(s *community.Sister) error { s.Show = true; return nil })
	if err != nil || s.Announce != community.AnnounceAuto || !s.Show || s.NodeID == 0 {
		t.Errorf("added again: %+v, %v", s, err)
	}
	if got := w.queued(t); len(got) != 0 {
		t.Errorf("asked again: %q", got)
	}
	wantCode(t, w.RemoveSister(t.Context(), console, almaty.URI), community.NotFound)
	if err := w.RemoveSister(t.Context(), console, phuket.URI); err != nil {
		t.Fatal(err)
	}
	got := w.queued(t)
	slices.Sort(got)
	if !slices.Equal(got, []string{"city Undo", "node Undo"}) {
		t.Errorf("queued %q", got)
	}
	if got := state("phuket.example"); got != community.SisterFollowsUs {
		t.Errorf("after the end: %s", got)
	}
}

func TestAutoAnnounces(t *testing.T) {
	w := newWorld(t)
	early := w.theirs(&community.Actor{Host: "phuket.example"}, "early", nil)
	w.pass(time.Minute)
	phuket := w.sisterCity(t, "phuket.example", community.AnnounceAuto)
	early.OriginID = phuket.ID

	c := w.receive(t, phuket, w.theirs(phuket, "new", nil))
	if c.Announced.IsZero() {
		t.Fatal("a new conference of an auto sister was not announced")
	}
	if got := w.queued(t); !slices.Equal(got, []string{"city Announce", "node Announce"}) {
		t.Errorf("queued %q", got)
	}
	w.forget(t)
	// Again, and changed: nothing more is said.
	for i := range 3 {
		w.receive(t, phuket, w.theirs(phuket, "new", func(c *community.Conference) {
			c.Updated = c.Updated.Add(time.Duration(i) * time.Minute)
			c.Title = community.Plain("en", fmt.Sprint("Changed ", i))
		}))
	}
	if got := w.queued(t); len(got) != 0 {
		t.Errorf("a change was announced: %q", got)
	}
	// A steward does not want it: it does not come back by itself.
	if err := w.WithdrawConference(t.Context(), console, c.URI); err != nil {
		t.Fatal(err)
	}
	w.forget(t)
	c = w.receive(t, phuket, w.theirs(phuket, "new", func(c *community.Conference) { c.Updated = c.Updated.Add(time.Hour) }))
	if !c.Announced.IsZero() || len(w.queued(t)) != 0 || len(w.queue(t)) != 0 {
		t.Errorf("a withdrawn one came back: %v %q %v", c.Announced, w.queued(t), w.queue(t))
	}
	// What she published before is proposed.
	if c := w.receive(t, phuket, early); !c.Announced.IsZero() || len(w.queue(t)) != 1 {
		t.Errorf("an old one: announced %v, queue %v", c.Announced, w.queue(t))
	}
	for name, change := range map[string]func(*community.Conference){
		"past":      func(c *community.Conference) { c.Start, c.End = w.now.Add(-2*time.Hour), w.now.Add(-time.Hour) },
		"cancelled": func(c *community.Conference) { c.Status = community.Cancelled },
	} {
		if c := w.receive(t, phuket, w.theirs(phuket, name, change)); !c.Announced.IsZero() {
			t.Errorf("one that is %s was announced", name)
		}
	}
}

// A sister city that runs wild does not flood whoever follows us: what is too much
// for a day waits for a steward.
func TestAutoHasItsBounds(t *testing.T) {
	w := newWorld(t)
	phuket := w.sisterCity(t, "phuket.example", community.AnnounceAuto)
	w.pass(time.Minute)
	for i := range community.MaxAutoDaily + 3 {
		w.receive(t, phuket, w.theirs(phuket, fmt.Sprint("wild-", i), nil))
	}
	if said := len(w.documents(t, "Announce")); said != 2*community.MaxAutoDaily || len(w.queue(t)) != 3 {
		t.Errorf("%d announcements, %d wait", said, len(w.queue(t)))
	}
	w.pass(25 * time.Hour)
	if c := w.receive(t, phuket, w.theirs(phuket, "tomorrow", nil)); c.Announced.IsZero() {
		t.Error("the next day counts anew")
	}
}

// What a sister city only passes on is not hers, and is not passed on: else it
// would go around for ever.
func TestWhatSistersAnnounceIsNotAnnounced(t *testing.T) {
	w := newWorld(t)
	phuket := w.sisterCity(t, "phuket.example", community.AnnounceAuto)
	other := w.group(t, "lisbon.example")
	c := w.theirs(other, "fado", nil)
	if err := w.ReceiveAnnounceOfForeign(t.Context(), phuket, "https://phuket.example/a/1", c); err != nil {
		t.Fatal(err)
	}
	got, err := w.store.ConferenceByURI(t.Context(), c.URI)
	if err != nil || !got.Announced.IsZero() || len(w.queued(t)) != 0 || len(w.queue(t)) != 0 {
		t.Errorf("%+v, %v; queued %q", got, err, w.queued(t))
	}
	// Ours, announced by her, does not come in as hers.
	own := w.conf(t, nil)
	w.forget(t)
	c.URI = "http://bg.example/conf/" + own.Slug
	wantCode(t, w.ReceiveAnnounceOfForeign(t.Context(), phuket, "https://phuket.example/a/2", c), community.Forbidden)
}

func TestApproveQueues(t *testing.T) {
	w := newWorld(t)
	phuket := w.sisterCity(t, "phuket.example", community.AnnounceApprove)
	a, b := w.receive(t, phuket, w.theirs(phuket, "a", nil)), w.receive(t, phuket, w.theirs(phuket, "b", nil))
	w.receive(t, phuket, w.theirs(phuket, "a", func(c *community.Conference) {
		c.Updated, c.End = c.Updated.Add(time.Minute), c.End.Add(time.Hour)
	}))
	queue := w.queue(t)
	if len(queue) != 2 || queue[1].Object != a.URI || queue[1].Kind != community.Proposal || !queue[1].Expires.Equal(a.End.Add(time.Hour)) {
		t.Fatalf("%+v", queue)
	}
	if got := w.queued(t); len(got) != 0 {
		t.Errorf("something was sent: %q", got)
	}
	newcomer := By{Member: &community.Member{Handle: "boris", Role: community.Newcomer}}
	_, err := w.AcceptOffer(t.Context(), newcomer, queue[1].ID)
	wantCode(t, err, community.Forbidden)
	o, err := w.AcceptOffer(t.Context(), console, queue[1].ID)
	if err != nil || o.State != community.OfferAccepted || o.By != "console" {
		t.Fatalf("%+v, %v", o, err)
	}
	if got := w.queued(t); !slices.Equal(got, []string{"city Announce", "node Announce"}) {
		t.Errorf("queued %q", got)
	}
	_, err = w.AcceptOffer(t.Context(), console, o.ID)
	wantCode(t, err, community.Conflict)
	_, err = w.DeclineOffer(t.Context(), console, o.ID, "")
	wantCode(t, err, community.Conflict)
	if o, err = w.DeclineOffer(t.Context(), console, queue[0].ID, "no"); err != nil || o.State != community.OfferDeclined {
		t.Fatalf("%+v, %v", o, err)
	}
	w.forget(t)
	w.receive(t, phuket, w.theirs(phuket, "b", func(c *community.Conference) { c.Updated = c.Updated.Add(time.Minute) }))
	if len(w.queue(t)) != 0 {
		t.Errorf("what was declined is proposed again: %+v", w.queue(t))
	}
	// Called off while it waits: nobody needs to decide any more.
	w.receive(t, phuket, w.theirs(phuket, "c", nil))
	w.receive(t, phuket, w.theirs(phuket, "c", func(c *community.Conference) {
		c.Updated, c.Status = c.Updated.Add(time.Minute), community.Cancelled
	}))
	if len(w.queue(t)) != 0 {
		t.Errorf("a cancelled one waits: %+v", w.queue(t))
	}
	_ = b
	// The end of a sister ends what waits, not what was announced.
	w.receive(t, phuket, w.theirs(phuket, "d", nil))
	if err := w.RemoveSister(t.Context(), console, phuket.URI); err != nil {
		t.Fatal(err)
	}
	if len(w.queue(t)) != 0 {
		t.Errorf("it still waits: %+v", w.queue(t))
	}
	if c, err := w.store.ConferenceByURI(t.Context(), a.URI); err != nil || c.Announced.IsZero() {
		t.Errorf("what was announced: %+v, %v", c, err)
	}
}

func TestFilters(t *testing.T) {
	w := newWorld(t)
	phuket := w.sisterCity(t, "phuket.example", community.AnnounceAuto)
	if _, err := w.ChangeSister(t.Context(), console, phuket.URI, func(s *community.Sister) error { s.Tags = []string{"go"}; return nil }); err != nil {
		t.Fatal(err)
	}
	tagged := func(after time.Duration, tags ...string) func(*community.Conference) {
		return func(c *community.Conference) { c.Tags, c.Updated = tags, c.Updated.Add(after) }
	}
	if c := w.receive(t, phuket, w.theirs(phuket, "x", tagged(0, "cats"))); !c.Announced.IsZero() {
		t.Error("what does not pass was announced")
	}
	elsewhere, err := w.Elsewhere(t.Context(), 10)
	if err != nil || len(elsewhere) != 0 {
		t.Errorf("what does not pass is shown: %+v, %v", elsewhere, err)
	}
	if c := w.receive(t, phuket, w.theirs(phuket, "x", tagged(time.Minute, "cats", "go"))); c.Announced.IsZero() {
		t.Error("a change that makes it pass counts as new")
	}
	if c := w.receive(t, phuket, w.theirs(phuket, "x", tagged(2*time.Minute, "cats"))); c.Announced.IsZero() {
		t.Error("a change that makes it fail takes nothing back")
	}
}

func TestElsewhere(t *testing.T) {
	w := newWorld(t)
	phuket := w.sisterCity(t, "phuket.example", community.AnnounceNever)
	lisbon := w.group(t, "lisbon.example")
	c := w.receive(t, phuket, w.theirs(phuket, "shown", nil))
	if err := w.ReceiveAnnounceOfForeign(t.Context(), phuket, "https://phuket.example/a/1", w.theirs(lisbon, "fado", nil)); err != nil {
		t.Fatal(err)
	}
	list, err := w.Elsewhere(t.Context(), 10)
	if err != nil || len(list) != 1 || list[0].URI != c.URI || list[0].Origin != "phuket" {
		t.Fatalf("%+v, %v", list, err)
	}
	if ok, err := w.ShowsElsewhere(t.Context(), c); err != nil || !ok {
		t.Errorf("its page: %v, %v", ok, err)
	}
	// What is in the calendar is there, not here.
	if _, err := w.AnnounceConference(t.Context(), console, c.URI+"/"); err != nil {
		t.Fatal(err)
	}
	if list, err = w.Elsewhere(t.Context(), 10); err != nil || len(list) != 0 {
		t.Errorf("announced: %+v, %v", list, err)
	}
	if err := w.WithdrawConference(t.Context(), console, c.URI); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ChangeSister(t.Context(), console, phuket.URI, func(s *community.Sister) error { s.Show = false; return nil }); err != nil {
		t.Fatal(err)
	}
	if list, err = w.Elsewhere(t.Context(), 10); err != nil || len(list) != 0 {
		t.Errorf("not to be shown: %+v, %v", list, err)
	}
	if ok, err := w.ShowsElsewhere(t.Context(), c); err != nil || ok {
		t.Errorf("its page: %v, %v", ok, err)
	}
}

func TestCarriers(t *testing.T) {
	w := newWorld(t)
	phuket := w.sisterCity(t, "phuket.example", community.AnnounceNever)
	spam := w.group(t, "spam.example")
	own := w.conf(t, nil)
	id := w.site.Conference(own.Slug)
	for i, a := range []*community.Actor{phuket, spam} {
		if err := w.ReceiveReaction(t.Context(), a, community.Reaction{Kind: community.Announce, Object: id, URI: fmt.Sprint("https://", a.Host, "/a/", i)}); err != nil {
			t.Fatal(err)
		}
	}
	list, err := w.Carriers(t.Context(), own)
	if err != nil || len(list) != 1 || list[0].URI != phuket.URI {
		t.Errorf("%+v, %v", list, err)
	}
	if err := w.ReceiveUndoReaction(t.Context(), phuket, "https://phuket.example/a/0", community.Announce, id); err != nil {
		t.Fatal(err)
	}
	if list, err = w.Carriers(t.Context(), own); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

// A sister city that moves stays one, with what was chosen for her; one that is
// gone is none.
func TestSisterMoves(t *testing.T) {
	w := newWorld(t)
	phuket := w.sisterCity(t, "phuket.example", community.AnnounceAuto)
	there := w.group(t, "phuket.city")
	there.AlsoKnownAs = []string{phuket.URI}
	if err := w.ReceiveMove(t.Context(), phuket, there); err != nil {
		t.Fatal(err)
	}
	s, err := w.FindSister(t.Context(), "phuket.city")
	if err != nil || s.ID == 0 || s.Announce != community.AnnounceAuto || s.Ours != community.Asked {
		t.Fatalf("%+v, %v", s, err)
	}
	if _, err := w.store.Sister(t.Context(), phuket.ID); community.CodeOf(err) != community.NotFound {
		t.Errorf("she is still where she was: %v", err)
	}
	if err := w.ReceiveActorDelete(t.Context(), there); err != nil {
		t.Fatal(err)
	}
	if list, err := w.Sisters(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

// Whatever sister cities publish, change, pass on and delete, in whatever order,
// and whatever stewards do meanwhile: only what a rule or a steward wants is
// announced, each thing once, and what a steward took back stays away.
func TestAnnounceRules(t *testing.T) {
	w := newWorld(t)
	sisters := map[community.Announcing]*community.Actor{
		community.AnnounceAuto:    w.sisterCity(t, "auto.example", community.AnnounceAuto),
		community.AnnounceApprove: w.sisterCity(t, "approve.example", community.AnnounceApprove),
		community.AnnounceNever:   w.sisterCity(t, "never.example", community.AnnounceNever),
	}
	modes := []community.Announcing{community.AnnounceAuto, community.AnnounceApprove, community.AnnounceNever}
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		if round++; onPostgres && round > 30 {
			return // the rules are the same, the way to the database is longer
		}
		w.pass(2 * time.Hour) // far from what is too much for a day
		mode := rapid.SampledFrom(modes).Draw(rt, "mode")
		origin := sisters[mode]
		name := fmt.Sprintf("round-%d", round)
		uri := "https://" + origin.Host + "/conf/" + name
		updated := time.Duration(0)
		tell := func(from *community.Actor, change func(*community.Conference)) {
			updated += time.Second
			c := w.theirs(origin, name, func(c *community.Conference) {
				c.Updated = c.Updated.Add(updated)
				if change != nil {
					change(c)
				}
			})
			var err error
			if from == origin {
				err = w.ReceiveConference(t.Context(), from, c)
			} else {
				err = w.ReceiveAnnounceOfForeign(t.Context(), from, fmt.Sprint("https://", from.Host, "/a/", name, updated), c)
			}
			if err != nil && community.CodeOf(err) != community.Gone {
				rt.Fatal(err)
			}
		}
		announced, deleted, refused, asked := 0, false, false, false
		for range rapid.IntRange(1, 10).Draw(rt, "steps") {
			step := rapid.SampledFrom([]string{"publish", "passed on", "cancel", "delete", "announce", "withdraw", "accept", "decline"}).Draw(rt, "step")
			before, err := w.store.ConferenceByURI(t.Context(), uri)
			was := err == nil && !before.Announced.IsZero()
			switch step {
			case "publish":
				tell(origin, nil)
			case "passed on":
				tell(sisters[rapid.SampledFrom(modes).Draw(rt, "by")], nil)
			case "cancel":
				tell(origin, func(c *community.Conference) { c.Status = community.Cancelled })
			case "delete":
				if err := w.ReceiveDelete(t.Context(), origin, uri); err != nil {
					rt.Fatal(err)
				}
				deleted = true
			case "announce":
				if _, err := w.AnnounceConference(t.Context(), console, uri); err == nil {
					asked = true
				}
			case "withdraw":
				if err := w.WithdrawConference(t.Context(), console, uri); err == nil && was {
					refused, asked = true, false
				}
			case "accept", "decline":
				for _, o := range w.queue(t) {
					if o.Object != uri {
						continue
					}
					if step == "accept" {
						if _, err := w.AcceptOffer(t.Context(), console, o.ID); err == nil {
							asked = true
						}
					} else if _, err := w.DeclineOffer(t.Context(), console, o.ID, ""); err == nil {
						refused = true
					}
				}
			}
			after, err := w.store.ConferenceByURI(t.Context(), uri)
			is := err == nil && !after.Announced.IsZero()
			said := 0
			for _, q := range w.queued(t) {
				if q == "city Announce" {
					said++
				}
			}
			w.forget(t)
			announced += said
			switch {
			case said > 1 || said == 1 && (was || !is):
				rt.Fatalf("%s: announced %d times; before %v, after %v", step, said, was, is)
			case is && !was && said != 1:
				rt.Fatalf("%s: in the calendar, but nobody was told", step)
			case is && deleted:
				rt.Fatalf("%s: what was deleted is announced", step)
			case is && !asked && (mode != community.AnnounceAuto || refused):
				rt.Fatalf("%s: announced though nobody wanted it (%s, refused before: %v)", step, mode, refused)
			}
		}
		open := 0
		for _, o := range w.queue(t) {
			if o.Object == uri {
				open++
			}
		}
		if open > 1 || open == 1 && mode != community.AnnounceApprove {
			rt.Fatalf("%d wait for stewards (%s)", open, mode)
		}
	})
}
