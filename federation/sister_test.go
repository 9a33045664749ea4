package federation

import (
	"context"
	"strings"
	"testing"

	"konfa/community"
	"konfa/node"
)

// A konfa that follows the city and the node is told once; any other server that
// follows both gets what each of them says.
func TestSisterIsToldOnce(t *testing.T) {
	for software, want := range map[string]int{"konfa": 1, "mobilizon": 3} {
		t.Run(software, func(t *testing.T) {
			n, p := startNode(t).run(), startPeer(t, software)
			p.actor("group", map[string]any{"type": "Group"})
			p.actor("relay", map[string]any{"type": "Application"})
			n.follower(p, "group", community.CityActor)
			n.follower(p, "relay", community.NodeActor)
			n.conference("Go meetup", func(c *community.Conference) { c.RSVP = community.RSVPOff })
			eventually(t, "everything is sent", func() bool { return len(p.inbox()) >= want && n.waiting(p) == 0 })
			if got := len(p.got("Create")) + len(p.got("Announce")); got != want {
				t.Errorf("%d deliveries, want %d", got, want)
			}
		})
	}
}

// A city is found by her address, her handle, and the host; people are no cities.
func TestAddSister(t *testing.T) {
	n, p := startNode(t).run(), startPeer(t, "konfa")
	ctx, by := context.Background(), node.By{Console: true}
	p.actor("city", map[string]any{"type": "Group", "location": map[string]any{"type": "Place", "name": "Phuket", "latitude": 7.88, "longitude": 98.39}})
	p.actor("anna", nil)
	s, err := n.AddSister(ctx, by, p.uri("city"), func(s *community.Sister) error { s.Announce = community.AnnounceNever; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if s.Actor.URI != p.uri("city") || s.Announce != community.AnnounceNever || s.Place == nil || s.Place.Lat != 7.88 || s.State() != community.SisterAsked {
		t.Errorf("%+v", s)
	}
	eventually(t, "she is asked", func() bool { return len(p.got("Follow")) >= 1 })
	_, err = n.AddSister(ctx, by, p.uri("anna"), nil)
	if community.CodeOf(err) != community.Invalid || !strings.Contains(err.Error(), "not a city") {
		t.Errorf("a person: %v", err)
	}
}

// What is offered is read where it lives, whatever was embedded; and only what is
// the sender's own, and meant for this city.
func TestOffersAreFetched(t *testing.T) {
	n, p := startNode(t).run(), startPeer(t, "konfa")
	other := startPeer(t, "konfa")
	city := n.site.Actor(community.CityActor)
	p.actor("city", map[string]any{"type": "Group"})
	n.followed(p, "city", community.CityActor)
	p.put("/events/1", p.event("/events/1", "city", "As it is"))
	forged := p.event("/events/1", "city", "As it was said to be")
	p.deliver(n, "city", p.activity("city", "Offer", forged, "target", city, "content", "<p>Please, <b>do</b></p>"))
	list, err := n.store.Offers(context.Background(), node.OfferList(true, false, true, 0))
	if err != nil || len(list) != 1 || list[0].Title != "As it is" || list[0].Note != "Please, do" {
		t.Fatalf("%+v, %v", list, err)
	}
	other.put("/events/2", other.event("/events/2", "city", "Of another"))
	own := n.conference("Ours")
	for why, doc := range map[string]map[string]any{
		"only what is hers":  p.activity("city", "Offer", other.base+"/events/2", "target", city),
		"of this city":       p.activity("city", "Offer", n.site.Conference(own.Slug), "target", city),
		"not to this city":   p.activity("city", "Offer", p.base+"/events/1", "target", n.site.Actor(community.NodeActor)),
		"means nothing here": p.activity("city", "Offer", p.uri("city"), "target", city),
	} {
		if got := p.deliver(n, "city", doc); !strings.Contains(got, why) {
			t.Errorf("%s: %s", why, got)
		}
	}
	if got := other.fetched("/events/2"); got != 0 {
		t.Errorf("the event of another server was fetched %d times", got)
	}
	// Taken back, by the bare id too.
	offer := list[0].URI
	p.deliver(n, "city", p.activity("city", "Undo", offer))
	if o, err := n.store.Offer(context.Background(), list[0].ID); err != nil || o.State != community.OfferRevoked {
		t.Errorf("%+v, %v", o, err)
	}
}

// That yet another city announces what its own server tells us of is no reason to
// ask for it again; and what is ours stays ours, however it is spelt.
func TestAnnouncedAgain(t *testing.T) {
	n, p, q := startNode(t).run(), startPeer(t, "konfa"), startPeer(t, "konfa")
	for _, x := range []*fakePeer{p, q} {
		x.actor("group", map[string]any{"type": "Group"})
		n.followed(x, "group", community.CityActor)
	}
	p.put("/events/1", p.event("/events/1", "group", "Once"))
	p.deliver(n, "group", p.activity("group", "Create", p.event("/events/1", "group", "Once")))
	q.deliver(n, "group", q.activity("group", "Announce", p.base+"/events/1"))
	q.deliver(n, "group", q.activity("group", "Announce", p.base+"/events/1/"))
	if got := p.fetched("/events/1"); got != 0 {
		t.Errorf("it was fetched %d times", got)
	}
	own := n.conference("Ours")
	q.deliver(n, "group", q.activity("group", "Announce", strings.Replace(n.site.Conference(own.Slug), "https://", "http://", 1)+"/"))
	counts, err := n.store.Reactions(context.Background(), n.site.Conference(own.Slug))
	if err != nil || counts[community.Announce] != 1 {
		t.Errorf("%v, %v", counts, err)
	}
}
