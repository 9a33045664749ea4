package federation

import (
	"context"
	"strings"
	"time"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/federation/discover"
	"konfa/federation/fetch"
	"konfa/storage"
)

// Bounds of getting to know other cities. One city after another is asked, so
// that they cost neither us nor anyone else anything to speak of.
const (
	roundAsks  = 10 // cities asked who they are, of each round
	roundLooks = 5  // cities whose list of others is read
	roundReads = 3  // cities whose upcoming conferences are read
	maxRounds  = 50 // one after the other without a pause
	cityItems  = 60 // conferences of one city
	cityTime   = 2 * time.Minute
	tidyEvery  = time.Hour
	// roundLease is what the process that asks around claims; no host has a
	// space in it.
	roundLease = "the world"
)

// worldLoop keeps in order what the world lists, as soon as anything changed,
// and takes over what is past.
func (s *Server) worldLoop(stop, work context.Context) {
	tick := time.NewTicker(s.poll) // another process may have changed something
	defer tick.Stop()
	for {
		s.settleWorld(stop, work)
		select {
		case <-stop.Done():
			return
		case <-s.worldWake:
		case <-tick.C:
		}
	}
}

func (s *Server) settleWorld(stop, work context.Context) {
	for _, step := range []func(context.Context) (int, error){s.node.SettleWorld, s.node.SweepWorld, s.node.SettleSearch} {
		for stop.Err() == nil {
			n, err := step(work)
			if err != nil {
				s.log.Error("keeping the world in order", "error", err)
			}
			if err != nil || n == 0 {
				break
			}
		}
	}
}

// discoverLoop gets to know other cities.
func (s *Server) discoverLoop(stop, work context.Context) {
	tick := time.NewTicker(s.poll)
	defer tick.Stop()
	var tidied time.Time
	for {
		if ok, err := s.claim(work, roundLease); err != nil {
			s.log.Error("claiming the round of cities", "error", err)
		} else if ok {
			// Whom one tells of is asked at once.
			for range maxRounds {
				if s.discover(stop, work) == 0 || stop.Err() != nil {
					break
				}
			}
			if now := s.now(); now.Sub(tidied) >= tidyEvery {
				tidied = now
				s.tidyWorld(stop, work)
			}
			s.release(work, roundLease)
		}
		select {
		case <-stop.Done():
			return
		case <-s.cityWake:
		case <-tick.C:
		}
	}
}

// tidyWorld forgets cities that nobody names and conferences that nobody needs.
func (s *Server) tidyWorld(stop, work context.Context) {
	if n, err := s.node.LapseCities(work); err != nil {
		s.log.Error("forgetting cities", "error", err)
	} else if n > 0 {
		s.log.Info("forgot cities that nobody names any more", "count", n)
	}
	total := 0
	for stop.Err() == nil {
		n, err := s.node.PruneWorld(work)
		if err != nil {
			s.log.Error("forgetting conferences elsewhere", "error", err)
		}
		if total += n; err != nil || n == 0 {
			break
		}
	}
	if total > 0 {
		s.log.Info("forgot conferences elsewhere that nobody here has to do with", "count", total)
	}
}

// DiscoverCities asks around now instead of when it is due: the cities that ours
// follows for those they follow, and all that are known who they are. It
// returns when everyone was asked.
func (s *Server) DiscoverCities(ctx context.Context) error {
	if err := s.node.AskCitiesNow(ctx); err != nil {
		return err
	}
	for range maxRounds { // what is heard of on the way is asked too
		if s.discover(ctx, ctx) == 0 {
			break
		}
	}
	if _, err := s.node.LapseCities(ctx); err != nil {
		return err
	}
	s.settleWorld(ctx, ctx)
	return ctx.Err()
}

// discover does one round of what is due, and tells how many cities were asked
// for anything.
func (s *Server) discover(stop, work context.Context) int {
	s.meetFollowed(work)
	asked := 0
	now := s.now()
	do := func(what string, due func(context.Context, time.Time, int) ([]community.KnownCity, error), most int, f func(context.Context, *community.KnownCity) error) {
		cities, err := due(work, now, most)
		if err != nil {
			s.log.Error("listing cities to ask", "error", err)
			return
		}
		for i := range cities {
			if stop.Err() != nil {
				return
			}
			asked++
			ctx, cancel := context.WithTimeout(work, cityTime)
			err := f(ctx, &cities[i])
			cancel()
			if err != nil {
				s.log.Info(what, "host", cities[i].Host, "error", err)
			}
		}
	}
	do("asking a city who it is", s.store.CitiesToAsk, roundAsks, s.askCity)
	do("reading whom a city follows", s.store.CitiesToLook, roundLooks, s.lookAround)
	do("reading what a city has coming up", s.store.CitiesToRead, roundReads, s.readCity)
	return asked
}

// meetFollowed takes down the cities that ours follows, whose word is where
// everything begins.
func (s *Server) meetFollowed(ctx context.Context) {
	for _, local := range []community.LocalActor{community.CityActor, community.NodeActor} {
		q := storage.FollowQuery{Local: local, State: community.Accepted, Limit: 200}
		for {
			list, err := s.store.FollowedList(ctx, q)
			if err != nil {
				s.log.Error("listing whom we follow", "error", err)
				return
			}
			for _, f := range list {
				q.After = f.ID
				if f.Actor.Type != "Group" || !f.Actor.Gone.IsZero() || f.Actor.Software != "" && f.Actor.Software != ourSoftware {
					continue
				}
				if k, err := s.store.KnownCity(ctx, f.Actor.Host); err == nil && k.URI == f.Actor.URI && k.State == community.Confirmed && k.Forgotten.IsZero() {
					continue
				}
				if s.met.recently(f.Actor.URI, s.now()) {
					continue
				}
				if p, err := s.resolver.Peer(ctx, f.Actor.Host); err != nil || p.Software != ourSoftware {
					continue
				}
				if err := s.confirm(ctx, f.Actor.URI); err != nil {
					s.log.Info("asking a city who it is", "host", f.Actor.Host, "error", err)
				}
			}
			if len(list) < q.Limit {
				break
			}
		}
	}
}

// ourSoftware is what NodeInfo calls a city's node.
const ourSoftware = "konfa"

// askCity makes sure of a city that others named.
func (s *Server) askCity(ctx context.Context, k *community.KnownCity) error {
	no, err := s.verifyCity(ctx, k)
	if err == nil {
		return nil
	}
	if doubt := s.node.DoubtCity(ctx, k.Host, no); doubt != nil {
		return doubt
	}
	return err
}

// verifyCity asks the host of a city for its software, the city for itself, and
// WebFinger for the way back. No means that what answered is no city.
func (s *Server) verifyCity(ctx context.Context, k *community.KnownCity) (no bool, err error) {
	if _, err := s.store.BlockOf(ctx, k.Host, k.URI); err == nil {
		return true, community.Errorf(community.Forbidden, "%s is blocked here", k.Host)
	}
	p, err := s.resolver.PeerAgain(ctx, k.Host)
	if err != nil {
		return false, err
	}
	switch p.Software {
	case ourSoftware:
	case "":
		return false, community.Errorf(community.Refused, "%s does not say what it runs", k.Host)
	default:
		return true, community.Errorf(community.Refused, "%s runs %s", k.Host, p.Software)
	}
	if err = s.confirm(ctx, k.URI); err == nil {
		return false, nil
	}
	switch community.CodeOf(err) {
	case community.Invalid, community.Gone, community.NotFound:
		return true, err
	}
	return false, err
}

// confirm reads a city at its address and takes down what it says of itself.
func (s *Server) confirm(ctx context.Context, uri string) error {
	doc, err := s.resolver.Object(ctx, uri)
	if err != nil {
		return err
	}
	if doc.URL != uri {
		return community.Errorf(community.Invalid, "%s leads to %s", uri, doc.URL)
	}
	card, err := activitystreams.ReadCity(doc.Body)
	if err != nil {
		return err
	}
	a, err := s.resolver.Actor(ctx, uri, time.Hour)
	if err != nil {
		return err
	}
	if a.URI != uri || a.Type != "Group" {
		return community.Errorf(community.Invalid, "%s is not a city", uri)
	}
	links, err := s.resolver.Links(ctx, a.Handle+"@"+a.Host)
	if err != nil {
		return err
	}
	if links["self"] != uri {
		return community.Errorf(community.Invalid, "%s is not the actor of %s", uri, a.Address())
	}
	if !fetch.SameOrigin(card.Following, uri) {
		card.Following = ""
	}
	if !strings.HasPrefix(a.URL, "https://") && !strings.HasPrefix(a.URL, "http://") {
		a.URL = uri
	}
	_, err = s.node.ConfirmCity(ctx, a, card)
	return err
}

// lookAround reads whom a city that we follow follows itself. What those follow
// is not read: two steps from us the world ends.
func (s *Server) lookAround(ctx context.Context, k *community.KnownCity) error {
	from, err := s.store.ActorByID(ctx, k.ActorID)
	if err != nil {
		return err
	}
	var uris []string
	seen := 0
	err = s.resolver.Collection(ctx, k.Following, maxFollowing, func(ref activitystreams.Ref) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		seen++
		uris = append(uris, ref.ID)
		return nil
	})
	if err != nil {
		if late := s.node.CityLooked(context.WithoutCancel(ctx), k.Host); late != nil {
			return late
		}
		return err
	}
	fresh, err := s.node.NameCities(ctx, from, uris, seen < maxFollowing)
	if err == nil && fresh > 0 {
		s.log.Info("heard of cities", "from", from.Host, "count", fresh)
	}
	return err
}

// maxFollowing is how many of those whom a city follows are looked at.
const maxFollowing = 500

// readCity reads what a known city that nobody here follows has coming up.
func (s *Server) readCity(ctx context.Context, k *community.KnownCity) error {
	// Whatever comes of it, it is not this city's turn again before tomorrow.
	if err := s.node.CityRead(ctx, k.Host); err != nil {
		return err
	}
	a, err := s.store.ActorByID(ctx, k.ActorID)
	if err != nil {
		return err
	}
	if blocked, why := s.blocked(ctx, a.URI); blocked {
		return community.Errorf(community.Forbidden, "%s", why)
	}
	if a.Upcoming == "" || !fetch.SameOrigin(a.Upcoming, a.URI) {
		return nil
	}
	seen, items := map[string]bool{}, 0
	err = s.resolver.Collection(ctx, a.Upcoming, cityItems, func(ref activitystreams.Ref) error {
		if ctx.Err() != nil {
			return discover.Stop
		}
		items++
		// What it announces for others is of others; they may be known as well.
		if ref.ID == "" || seen[ref.ID] || !fetch.SameOrigin(ref.ID, a.URI) {
			return nil
		}
		seen[ref.ID] = true
		if err := s.readConference(ctx, a, ref.ID); err != nil {
			s.log.Debug("not taken from a city", "city", a.URI, "item", ref.ID, "reason", err)
		}
		return nil
	})
	if err != nil || ctx.Err() != nil || items >= cityItems {
		return err
	}
	// What it lists no more without its time having come is gone, or not for
	// everyone any longer.
	kept, err := s.store.Conferences(ctx, storage.ConferenceQuery{OriginID: a.ID, Foreign: true, EndsAfter: s.now(), Limit: 2 * cityItems})
	if err != nil {
		return err
	}
	for i := range kept {
		if seen[kept[i].URI] || ctx.Err() != nil {
			continue
		}
		switch err := s.readConference(ctx, a, kept[i].URI); community.CodeOf(err) {
		case community.Gone, community.NotFound:
			if err := s.node.DropFromCity(ctx, kept[i].URI); err != nil {
				return err
			}
		}
	}
	return nil
}

// readConference reads one conference of a city where it lives.
func (s *Server) readConference(ctx context.Context, a *community.Actor, uri string) error {
	id, body, err := s.fetched(ctx, uri)
	if err != nil {
		return err
	}
	if kind := typeOf(activitystreams.Ref{}, body); kind != "Event" {
		return community.Errorf(community.Invalid, "%s is a %s", uri, clip(kind, 100))
	}
	c, err := s.foreignConference(ctx, id, body, a)
	if err != nil {
		return err
	}
	if c.OriginID != a.ID {
		return community.Errorf(community.Refused, "%s is not of %s", uri, a.URI)
	}
	return s.node.ReceiveFromCity(ctx, a, c)
}
