package storage

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"konfa/community"
)

// cityElsewhere stores a group of another server.
func cityElsewhere(t testing.TB, s *Store, host string) *community.Actor {
	t.Helper()
	a := &community.Actor{URI: "https://" + host + "/city", Type: "Group", Handle: "city", Host: host, Name: host, Inbox: "https://" + host + "/city/inbox", Fetched: noon}
	write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveActor(ctx, a) })
	return a
}

func TestSisters(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		phuket, almaty, reader := cityElsewhere(t, s, "phuket.example"), cityElsewhere(t, s, "almaty.example"), cityElsewhere(t, s, "person.example")
		want := &community.Sister{ActorID: phuket.ID, NodeID: 9, Show: true, Announce: community.AnnounceAuto, Tags: []string{"go", "чай"}, Languages: []string{"en"},
			Distance: 400, Place: &community.Point{Lat: 7.9, Lon: 98.4}, Created: noon, Updated: noon}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveSister(ctx, want) })
		got, err := s.Sister(ctx, phuket.ID)
		ok(t, err)
		want.Actor = phuket
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("the sister city (-want +got)\n%s", d)
		}
		if got.State() != community.SisterApart {
			t.Errorf("without any follow it is %s", got.State())
		}
		_, err = s.Sister(ctx, almaty.ID)
		wantCode(t, err, community.NotFound)

		follow := func(a *community.Actor, local community.LocalActor, state community.FollowState) *community.Follow {
			return &community.Follow{Local: local, ActorID: a.ID, URI: a.URI + "#" + string(local), State: state, Created: noon, Updated: noon}
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			reader.Type = "Person"
			if err := tx.SaveActor(ctx, reader); err != nil {
				return err
			}
			for _, a := range []*community.Actor{phuket, almaty, reader} {
				if err := tx.SaveFollower(ctx, follow(a, community.CityActor, community.Accepted)); err != nil {
					return err
				}
			}
			if err := tx.SaveFollowed(ctx, follow(phuket, community.NodeActor, community.Accepted)); err != nil {
				return err
			}
			return tx.SaveFollowed(ctx, follow(phuket, community.CityActor, community.Asked))
		})
		got, err = s.Sister(ctx, phuket.ID)
		ok(t, err)
		if got.Ours != community.Asked || got.Theirs != community.Accepted {
			t.Errorf("follows: ours %q, theirs %q", got.Ours, got.Theirs)
		}
		suitors, err := s.Suitors(ctx, 10)
		ok(t, err)
		if len(suitors) != 1 || suitors[0].ActorID != almaty.ID || suitors[0].State() != community.SisterFollowsUs || suitors[0].Actor.Host != almaty.Host || suitors[0].Created.IsZero() {
			t.Errorf("who follows us: %+v", suitors)
		}

		// Again: the settings change, the beginning stays.
		changed := &community.Sister{ActorID: phuket.ID, Announce: community.AnnounceNever, Created: noon.Add(time.Hour), Updated: noon.Add(time.Hour)}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			if err := tx.SaveSister(ctx, changed); err != nil {
				return err
			}
			return tx.SaveSister(ctx, &community.Sister{ActorID: almaty.ID, Announce: community.AnnounceApprove, Created: noon, Updated: noon})
		})
		all, err := s.Sisters(ctx)
		ok(t, err)
		if len(all) != 2 || all[0].ID != want.ID || all[0].Announce != community.AnnounceNever || all[0].Place != nil || !all[0].Created.Equal(noon) || all[1].ActorID != almaty.ID {
			t.Errorf("all: %+v", all)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DeleteSister(ctx, almaty.ID) })
		all, err = s.Sisters(ctx)
		ok(t, err)
		if len(all) != 1 {
			t.Errorf("after forgetting one: %+v", all)
		}
	})
}

func TestAnnouncers(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		const object = "https://bg.example/conf/one"
		sister, followed, took, stranger := cityElsewhere(t, s, "sister.example"), cityElsewhere(t, s, "followed.example"), cityElsewhere(t, s, "took.example"), cityElsewhere(t, s, "stranger.example")
		write(t, s, func(ctx context.Context, tx *Tx) error {
			for _, a := range []*community.Actor{sister, followed, took, stranger} {
				if err := tx.SaveReaction(ctx, &community.Reaction{ActorID: a.ID, Kind: community.Announce, Object: object, URI: a.URI + "/1", Created: noon}); err != nil {
					return err
				}
			}
			if err := tx.SaveSister(ctx, &community.Sister{ActorID: sister.ID, Announce: community.AnnounceNever, Created: noon, Updated: noon}); err != nil {
				return err
			}
			o := &community.Offer{Kind: community.OfferOut, ConferenceID: 1, Object: object, ActorID: took.ID, State: community.OfferAccepted, Created: noon, Updated: noon, Expires: noon}
			if err := tx.InsertOffer(ctx, o); err != nil {
				return err
			}
			return tx.SaveFollowed(ctx, &community.Follow{Local: community.CityActor, ActorID: followed.ID, URI: "https://x.example/f", State: community.Accepted, Created: noon, Updated: noon})
		})
		got, err := s.Announcers(context.Background(), object)
		ok(t, err)
		var names []string
		for _, a := range got {
			names = append(names, a.Host)
		}
		if d := cmp.Diff([]string{"sister.example", "followed.example", "took.example"}, names); d != "" {
			t.Errorf("who announced it (-want +got)\n%s", d)
		}
	})
}

func TestOffers(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		phuket, almaty := cityElsewhere(t, s, "phuket.example"), cityElsewhere(t, s, "almaty.example")
		offer := func(kind community.OfferKind, conference int64, a *community.Actor, uri string) *community.Offer {
			return &community.Offer{Kind: kind, ConferenceID: conference, Object: "https://bg.example/conf/one", Title: "Один", ActorID: a.ID, Actor: a, URI: uri, Note: "please", State: community.OfferOpen,
				By: "anna", Created: noon, Updated: noon, Expires: noon.Add(time.Hour)}
		}
		out, in, proposal := offer(community.OfferOut, 1, phuket, "https://bg.example/a/1"), offer(community.OfferIn, 2, phuket, "https://phuket.example/a/1"), offer(community.Proposal, 2, almaty, "")
		write(t, s, func(ctx context.Context, tx *Tx) error {
			for _, o := range []*community.Offer{out, in, proposal} {
				if err := tx.InsertOffer(ctx, o); err != nil {
					return err
				}
			}
			wantCode(t, tx.InsertOffer(ctx, offer(community.OfferOut, 1, phuket, "again")), community.Conflict)
			return nil
		})
		for name, read := range map[string]func() (*community.Offer, error){
			"id":   func() (*community.Offer, error) { return s.Offer(ctx, out.ID) },
			"uri":  func() (*community.Offer, error) { return s.OfferByURI(ctx, community.OfferOut, out.URI) },
			"pair": func() (*community.Offer, error) { return s.OfferOf(ctx, community.OfferOut, 1, phuket.ID) },
		} {
			got, err := read()
			ok(t, err)
			if d := cmp.Diff(out, got); d != "" {
				t.Errorf("by %s (-want +got)\n%s", name, d)
			}
		}
		_, err := s.OfferByURI(ctx, community.OfferOut, "")
		wantCode(t, err, community.NotFound)
		_, err = s.OfferByURI(ctx, community.OfferOut, in.URI)
		wantCode(t, err, community.NotFound)

		in.State, in.Reason, in.Note, in.By, in.Expires = community.OfferDeclined, "full", "n", "boris", noon.Add(2*time.Hour)
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.UpdateOffer(ctx, in) })
		got, err := s.Offer(ctx, in.ID)
		ok(t, err)
		if d := cmp.Diff(in, got); d != "" {
			t.Errorf("changed (-want +got)\n%s", d)
		}
		for _, x := range []struct {
			q    OfferQuery
			want []int64
		}{
			{OfferQuery{}, []int64{proposal.ID, in.ID, out.ID}},
			{OfferQuery{Limit: 2}, []int64{proposal.ID, in.ID}},
			{OfferQuery{Kinds: []community.OfferKind{community.OfferIn, community.Proposal}}, []int64{proposal.ID, in.ID}},
			{OfferQuery{States: []community.OfferState{community.OfferOpen}}, []int64{proposal.ID, out.ID}},
			{OfferQuery{ConferenceID: 2}, []int64{proposal.ID, in.ID}},
			{OfferQuery{ActorID: phuket.ID}, []int64{in.ID, out.ID}},
			{OfferQuery{Expired: noon.Add(time.Hour)}, []int64{proposal.ID, out.ID}},
			{OfferQuery{Expired: noon}, nil},
			{OfferQuery{Since: noon.Add(-time.Second), ActorID: almaty.ID}, []int64{proposal.ID}},
			{OfferQuery{Since: noon}, nil},
		} {
			list, err := s.Offers(ctx, x.q)
			ok(t, err)
			var ids []int64
			for _, o := range list {
				ids = append(ids, o.ID)
			}
			if d := cmp.Diff(x.want, ids); d != "" {
				t.Errorf("%+v (-want +got)\n%s", x.q, d)
			}
			if x.q.Limit == 0 {
				n, err := s.CountOffers(ctx, x.q)
				ok(t, err)
				if n != len(ids) {
					t.Errorf("%+v: counted %d of %d", x.q, n, len(ids))
				}
			}
		}
	})
}

func TestTwins(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		a, b := cityElsewhere(t, s, "a.example"), cityElsewhere(t, s, "b.example")
		own, one, other, late := meeting("own", 5), elsewhere(a, "one", 5), elsewhere(b, "other", 6), elsewhere(b, "late", 9)
		one.UID, other.UID, late.UID, other.UUID = "", "own@x", "", "shared"
		one.Announced, other.Announced = noon, noon
		addConference(t, s, own, one, other, late)
		ids := func(list []community.Conference, err error) []int64 {
			t.Helper()
			ok(t, err)
			out := []int64{}
			for _, c := range list {
				out = append(out, c.ID)
			}
			return out
		}
		if d := cmp.Diff([]int64{one.ID, other.ID}, ids(s.Alike(ctx, own.ID, []string{"own@x"}, own.Start))); d != "" {
			t.Errorf("like ours (-want +got)\n%s", d)
		}
		if d := cmp.Diff([]int64{other.ID}, ids(s.Alike(ctx, late.ID, []string{"shared", "nothing"}, noon))); d != "" {
			t.Errorf("by UUID (-want +got)\n%s", d)
		}
		if d := cmp.Diff([]int64{}, ids(s.Alike(ctx, late.ID, nil, late.Start))); d != "" {
			t.Errorf("like nothing (-want +got)\n%s", d)
		}

		before, n, err := s.CalendarStamp(ctx)
		ok(t, err)
		if n != 3 {
			t.Fatalf("%d in the calendar", n)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SetTwin(ctx, one.ID, own.ID) })
		after, n, err := s.CalendarStamp(ctx)
		ok(t, err)
		if n != 2 || !after.After(before) {
			t.Errorf("the calendar has %d, stamped %v after %v", n, after, before)
		}
		if d := cmp.Diff([]int64{one.ID}, ids(s.TwinsOf(ctx, own.ID))); d != "" {
			t.Errorf("twins (-want +got)\n%s", d)
		}
		if got := ids(s.TwinsOf(ctx, 0)); len(got) != 0 {
			t.Errorf("twins of nothing: %v", got)
		}
		if d := cmp.Diff([]int64{own.ID, other.ID}, ids(s.Conferences(ctx, ConferenceQuery{Calendar: true}))); d != "" {
			t.Errorf("the calendar (-want +got)\n%s", d)
		}
		if d := cmp.Diff([]int64{other.ID, late.ID}, ids(s.Conferences(ctx, ConferenceQuery{Foreign: true, Single: true}))); d != "" {
			t.Errorf("elsewhere, each once (-want +got)\n%s", d)
		}
		if d := cmp.Diff([]int64{one.ID, other.ID, late.ID}, ids(s.Conferences(ctx, ConferenceQuery{Foreign: true, Origins: []int64{a.ID, b.ID}}))); d != "" {
			t.Errorf("elsewhere (-want +got)\n%s", d)
		}
		if d := cmp.Diff([]int64{one.ID}, ids(s.Conferences(ctx, ConferenceQuery{Foreign: true, Origins: []int64{a.ID}}))); d != "" {
			t.Errorf("of one origin (-want +got)\n%s", d)
		}
		news, err := s.News(ctx, 10, 0)
		ok(t, err)
		if len(news) != 2 {
			t.Errorf("the news have %d", len(news))
		}
		got, err := s.ConferenceByID(ctx, one.ID)
		ok(t, err)
		if got.TwinOf != own.ID {
			t.Errorf("read as the twin of %d", got.TwinOf)
		}
		// A change of the conference itself does not touch it.
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.UpdateConference(ctx, one) })
		if got, err = s.ConferenceByID(ctx, one.ID); err != nil || got.TwinOf != own.ID {
			t.Errorf("after a change it is the twin of %d (%v)", got.TwinOf, err)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error {
			wantCode(t, tx.SetTwin(ctx, 999, 1), community.NotFound)
			for range 2 {
				if err := tx.SetApart(ctx, own.ID, one.ID); err != nil {
					return err
				}
			}
			return tx.SetApart(ctx, other.ID, one.ID)
		})
		apart, err := s.Apart(ctx, one.ID)
		ok(t, err)
		if len(apart) != 2 {
			t.Errorf("apart from %v", apart)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.DeleteConference(ctx, other.ID) })
		if apart, err = s.Apart(ctx, one.ID); err != nil || !cmp.Equal(apart, []int64{own.ID}) {
			t.Errorf("after a deletion apart from %v (%v)", apart, err)
		}
		write(t, s, func(ctx context.Context, tx *Tx) error { return tx.ForgetApart(ctx, one.ID) })
		if apart, err = s.Apart(ctx, own.ID); err != nil || len(apart) != 0 {
			t.Errorf("after forgetting apart from %v (%v)", apart, err)
		}
	})
}

func TestConferenceLike(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		a := cityElsewhere(t, s, "a.example")
		plain, slashed := elsewhere(a, "plain", 1), elsewhere(a, "slashed", 2)
		slashed.URI = "http://a.example/e/slashed/"
		addConference(t, s, plain, slashed)
		for uri, want := range map[string]int64{
			plain.URI: plain.ID, plain.URI + "/": plain.ID, "http://a.example/e/plain": plain.ID, "http://a.example/e/plain/": plain.ID,
			"https://a.example/e/slashed": slashed.ID, slashed.URI: slashed.ID,
		} {
			c, err := s.ConferenceLike(ctx, uri)
			ok(t, err)
			if c.ID != want {
				t.Errorf("%s is %d, want %d", uri, c.ID, want)
			}
		}
		for _, uri := range []string{"", plain.URI + "#x", plain.URI + "?x", "https://b.example/e/plain"} {
			_, err := s.ConferenceLike(ctx, uri)
			wantCode(t, err, community.NotFound)
		}
	})
}
