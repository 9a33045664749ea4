package main

import (
	"context"
	"fmt"
	"time"

	"konfa/community"
	"konfa/storage"
)

// sightings is what the watcher saw of a city before, so that it tells only what
// is new.
type sightings struct {
	said map[string]string // what -> the state it was told in
}

func newSightings() *sightings { return &sightings{said: map[string]string{}} }

// changed notes a state and returns the one before.
func (s *sightings) changed(what, state string) (before string, changed bool) {
	before, known := s.said[what]
	s.said[what] = state
	return before, !known || before != state
}

// watch tells what arrives at each city, until ctx ends. What was there when it
// began is not told.
func (s *stage) watch(ctx context.Context) {
	for ctx.Err() == nil {
		s.sweep(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(150 * time.Millisecond):
		}
	}
}

// sweep looks at each city once.
func (s *stage) sweep(ctx context.Context) {
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	for _, c := range s.cities {
		if err := s.look(ctx, c, !s.swept && c.old); err != nil && ctx.Err() == nil {
			s.say(c.name, "cannot be watched: %v", err)
		}
	}
	s.swept = true
}

// look tells what is new in one city.
func (s *stage) look(ctx context.Context, c *demoCity, silent bool) error {
	store := c.node.Store()
	tell := func(format string, args ...any) {
		if !silent {
			s.say(c.name, "  "+format, args...)
		}
	}
	followers, err := store.Followers(ctx, storage.FollowQuery{State: community.Accepted})
	if err != nil {
		return err
	}
	for _, f := range followers {
		if _, is := c.seen.changed("follower "+string(f.Local)+f.Actor.URI, "accepted"); is && f.Local == community.CityActor && f.Actor.Type == "Group" {
			tell("is followed by %s", s.nameOf(f.Actor))
		}
	}
	foreign, err := store.Conferences(ctx, storage.ConferenceQuery{Foreign: true})
	if err != nil {
		return err
	}
	for i := range foreign {
		x := &foreign[i]
		state := fmt.Sprintf("%s %s %s", x.Start.Format(time.RFC3339), x.Status, x.Venue.Line())
		switch before, is := c.seen.changed("conference "+x.URI, state); {
		case !is:
		case before == "":
			tell("learned of “%s”, %s, in %s", x.Title.First(), x.LocalStart().Format("Mon 2 Jan 15:04"), s.hostName(x.URI))
		case x.Status == community.Cancelled:
			tell("heard that “%s” was called off", x.Title.First())
		default:
			tell("heard of a change: “%s” is now %s at %s", x.Title.First(), x.LocalStart().Format("Mon 2 Jan 15:04"), x.Venue.Line())
		}
		if !x.Announced.IsZero() {
			if _, is := c.seen.changed("announced "+x.URI, "yes"); is {
				tell("now shows “%s” in its own calendar", x.Title.First())
			}
		}
	}
	own, err := store.Conferences(ctx, storage.ConferenceQuery{Own: true, EndsAfter: time.Now()})
	if err != nil {
		return err
	}
	for i := range own {
		guests, err := store.Guests(ctx, own[i].ID)
		if err != nil {
			return err
		}
		for _, g := range guests {
			before, is := c.seen.changed(fmt.Sprintf("guest %d", g.ID), string(g.State))
			if is {
				tell("%s", guestNews(g, before, own[i].Title.First()))
			}
		}
	}
	posts, err := store.Posts(ctx, storage.PostQuery{Limit: 30})
	if err != nil {
		return err
	}
	for i := len(posts) - 1; i >= 0; i-- {
		p := &posts[i]
		if p.Own() {
			continue
		}
		if _, is := c.seen.changed("post "+p.URI, p.Updated.String()); is {
			tell("got a post of %s: %s", p.AuthorName, short(plainText(p), 70))
		}
	}
	return nil
}

func guestNews(g community.Guest, before, title string) string {
	switch {
	case g.State == community.Going && before == string(community.Waitlisted):
		return fmt.Sprintf("%s moves up from the waiting list of “%s”", g.Name, title)
	case g.State == community.Going:
		return fmt.Sprintf("%s comes to “%s”", g.Name, title)
	case g.State == community.Waitlisted:
		return fmt.Sprintf("“%s” is full: %s waits", title, g.Name)
	case g.State == community.NotGoing:
		return fmt.Sprintf("%s cannot come to “%s” after all", g.Name, title)
	}
	return fmt.Sprintf("%s and “%s”: %s", g.Name, title, g.State)
}

// nameOf names an actor: one of the three, or its address.
func (s *stage) nameOf(a *community.Actor) string {
	if name := s.hostName(a.URI); name != "" {
		return name
	}
	return a.Address()
}

// hostName names the city of the three that an address belongs to.
func (s *stage) hostName(uri string) string {
	for _, c := range s.cities {
		if _, ok := c.node.Site().Path(uri); ok {
			return c.name
		}
	}
	return community.NewSite(uri).Host()
}
