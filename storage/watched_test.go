package storage

import (
	"context"
	"slices"
	"testing"
	"time"

	"konfa/community"
)

func TestWatchedConferences(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		anna := addMember(t, s, "anna")
		actor := func(host, name string) *community.Actor {
			a := &community.Actor{URI: "https://" + host + "/" + name, Type: "Person", Handle: name, Host: host, Fetched: noon}
			write(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveActor(ctx, a) })
			return a
		}
		follow := func(a *community.Actor, state community.FollowState) {
			write(t, s, func(ctx context.Context, tx *Tx) error {
				return tx.SaveFollowed(ctx, &community.Follow{Local: community.CityActor, ActorID: a.ID, URI: a.URI + "#f", State: state, Created: noon, Updated: noon})
			})
		}
		blog, author := actor("wp.example", "blog"), actor("wp.example", "author")
		stranger, asked := actor("far.example", "stranger"), actor("asked.example", "asked")
		follow(blog, community.Accepted)
		follow(asked, community.Asked)
		conference := func(uri string, origin *community.Actor, hours int, change ...func(*community.Conference)) *community.Conference {
			start := noon.Add(time.Duration(hours) * time.Hour)
			c := &community.Conference{URI: uri, Title: community.Plain("en", "X"), Start: start, End: start.Add(2 * time.Hour), Zone: "UTC", Status: community.Scheduled, Created: noon, Updated: noon}
			if origin != nil {
				c.OriginID = origin.ID
			}
			for _, f := range change {
				f(c)
			}
			write(t, s, func(ctx context.Context, tx *Tx) error { return tx.InsertConference(ctx, c) })
			return c
		}
		announced := func(c *community.Conference) { c.Announced = noon }
		conference("https://wp.example/late", author, 48)
		conference("https://wp.example/soon", author, 24)
		conference("https://wp.example/running", author, -1)
		conference("https://wp.example/over", author, -3)
		conference("https://wp.example/told", blog, 24)
		conference("https://far.example/unconcerned", stranger, 24)
		conference("https://far.example/announced", stranger, 30, announced)
		conference("https://asked.example/1", asked, 24)
		joined := conference("https://far.example/joined", stranger, 36)
		conference("https://wp.example/far", author, 1000)
		conference("", nil, 24, func(c *community.Conference) { c.Slug = "ours" })
		write(t, s, func(ctx context.Context, tx *Tx) error {
			return tx.SaveGuest(ctx, &community.Guest{ConferenceID: joined.ID, MemberID: anna.ID, State: community.Going, Created: noon, Updated: noon})
		})
		at := func(path string, hours int, told bool) Watched {
			return Watched{URI: "https://" + path, Starts: noon.Add(time.Duration(hours) * time.Hour), Told: told}
		}
		for _, tt := range []struct {
			before, limit int
			want          []Watched
		}{
			{100, 10, []Watched{at("wp.example/running", -1, false), at("wp.example/soon", 24, false), at("wp.example/told", 24, true), at("far.example/announced", 30, false), at("far.example/joined", 36, false), at("wp.example/late", 48, false)}},
			{30, 10, []Watched{at("wp.example/running", -1, false), at("wp.example/soon", 24, false), at("wp.example/told", 24, true)}},
			{100, 1, []Watched{at("wp.example/running", -1, false)}},
			{-5, 10, nil},
		} {
			got, err := s.WatchedConferences(ctx, noon, noon.Add(time.Duration(tt.before)*time.Hour), tt.limit)
			ok(t, err)
			if !slices.Equal(got, tt.want) {
				t.Errorf("before %d hours, %d at most:\n%v, want\n%v", tt.before, tt.limit, got, tt.want)
			}
		}
	})
}
