package federation

import (
	"context"
	"net/url"
	"strings"
	"time"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/federation/discover"
	"konfa/federation/fetch"
	"konfa/node"
	"konfa/storage"
)

// Bounds of reading the conferences of cities where members stay.
const (
	stayItems   = 200 // of what a city says is coming up
	stayFetches = 100 // of them that are asked for
	staysAtOnce = 20
	stayTick    = 10 * time.Second // how soon a new stay is noticed
	visitTime   = 10 * time.Second // how long whoever visits waits for the first time
)

// Visit notes that a member of ours stays in another city: a handle, an address,
// or a bare host. Its conferences around these days are read. The city is told if
// the stay is visible; whoever runs the deliveries does that.
func (s *Server) Visit(ctx context.Context, by node.By, handle, what string, stay community.Stay) (*community.Stay, error) {
	city, err := s.followable(ctx, community.CityActor, what)
	if err != nil {
		return nil, err
	}
	if home, ok := frontDoor(city, what); ok {
		if a, err := s.FetchActor(ctx, home); err == nil {
			city = a
		}
	}
	made, err := s.node.Visit(ctx, by, handle, city, stay)
	if err != nil {
		return nil, err
	}
	s.askPeer(city.Host)
	ctx, cancel := context.WithTimeout(ctx, visitTime)
	defer cancel()
	if _, err = s.readStay(ctx, made); err == nil {
		err = s.node.StayRead(ctx, made.ID)
	}
	if err != nil {
		s.log.Info("reading the conferences of a city", "city", city.URI, "error", err) // it is read again soon
	}
	return made, nil
}

// frontDoor is where the city lives whose server a bare host stands for.
func frontDoor(a *community.Actor, what string) (string, bool) {
	u, err := url.Parse(a.URI)
	if err != nil || a.Type != "Application" || strings.ContainsAny(strings.TrimSpace(what), "@/") {
		return "", false
	}
	return u.Scheme + "://" + u.Host + "/", true
}

// travelLoop reads the conferences of the cities where members stay.
func (s *Server) travelLoop(stop, work context.Context) {
	tick := time.NewTicker(stayTick)
	defer tick.Stop()
	for {
		s.readStays(stop, work)
		select {
		case <-stop.Done():
			return
		case <-tick.C:
		}
	}
}

// readStays reads the conferences of the cities where members stay, once a day.
func (s *Server) readStays(stop, work context.Context) {
	stays, err := s.node.StaysToRead(work, staysAtOnce)
	if err != nil {
		s.log.Error("listing stays", "error", err)
		return
	}
	for i := range stays {
		if stop.Err() != nil {
			return
		}
		// First, so that a city that makes us stumble does not do so every minute.
		if err := s.node.StayRead(work, stays[i].ID); err != nil {
			s.log.Error("noting that a city was read", "error", err)
			return
		}
		ctx, cancel := context.WithTimeout(work, pullTime)
		n, err := s.readStay(ctx, &stays[i])
		cancel()
		if err != nil {
			s.log.Info("reading the conferences of a city", "city", stays[i].Actor.URI, "taken", n, "error", err)
		} else {
			s.log.Debug("read the conferences of a city", "city", stays[i].Actor.URI, "taken", n)
		}
	}
}

// readStay reads what a city says is coming up, and keeps what is around a stay.
// It returns how many conferences that were. What it kept before and the city no
// longer lists is asked for by itself.
func (s *Server) readStay(ctx context.Context, stay *community.Stay) (taken int, err error) {
	if blocked, why := s.blocked(ctx, stay.Actor.URI); blocked {
		return 0, community.Errorf(community.Forbidden, "%s", why)
	}
	city, err := s.actor(ctx, stay.Actor.URI, actorAge)
	if err != nil {
		return 0, err
	}
	from, to := stay.Window()
	seen, fetches := map[string]bool{}, 0
	for _, uri := range []string{city.Upcoming, city.Outbox} {
		if uri == "" || !fetch.SameOrigin(uri, city.URI) {
			continue
		}
		err = s.resolver.Collection(ctx, uri, stayItems, func(ref activitystreams.Ref) error {
			if ctx.Err() != nil || fetches >= stayFetches {
				return discover.Stop
			}
			ref, ok := eventRef(city, ref)
			if !ok || seen[ref.ID] {
				return nil
			}
			seen[ref.ID] = true
			id, body := ref.ID, ref.Raw
			if body == nil {
				fetches++
				var err error
				if id, body, err = s.fetched(ctx, ref.ID); err != nil || typeOf(activitystreams.Ref{}, body) != "Event" {
					return nil
				}
			}
			c, err := s.foreignConference(ctx, id, body, nil)
			if err != nil {
				s.log.Debug("not taken from a city", "city", city.URI, "item", id, "reason", err)
				return nil
			}
			if c.End.Before(from) || !c.Start.Before(to) {
				return nil
			}
			if err = s.genuine(ctx, c, city); err == nil {
				_, err = s.node.StoreConference(ctx, c)
			}
			if err == nil {
				taken++
			}
			return nil
		})
		if err == nil && uri == city.Upcoming {
			break // else, without a calendar, what it published last
		}
	}
	if err != nil {
		return taken, err
	}
	kept, err := s.store.Conferences(ctx, storage.ConferenceQuery{Foreign: true, OriginID: city.ID, EndsAfter: from, StartsBefore: to, Limit: stayItems})
	if err != nil {
		return taken, err
	}
	for i := range kept {
		if c := &kept[i]; !seen[c.URI] && !c.Past(s.now()) && fetches < stayFetches {
			fetches++
			if err := s.reread(ctx, c.URI, &reading{}); err != nil {
				s.log.Debug("not read again", "uri", c.URI, "reason", err)
			}
		}
	}
	return taken, ctx.Err()
}

// eventRef finds the event in an item of a city's collection: itself, or that of
// an activity. Only of the city's own server, whose word the collection is.
func eventRef(city *community.Actor, ref activitystreams.Ref) (activitystreams.Ref, bool) {
	if ref.Raw != nil && isActivity(ref.Type) {
		env, err := activitystreams.ReadEnvelope(ref.Raw)
		if err != nil || env.Type != "Create" && env.Type != "Update" && env.Type != "Announce" {
			return ref, false
		}
		ref = env.Object
	}
	if ref.ID == "" || !fetch.SameOrigin(ref.ID, city.URI) {
		return ref, false
	}
	return ref, ref.Raw == nil || ref.Type == "Event"
}

// onTravel: someone of another city comes to ours, and says so.
func (s *Server) onTravel(ctx context.Context, in *incoming) (string, error) {
	err := s.node.ReceiveTravel(ctx, in.from, node.Travel{URI: in.uri, Target: in.Target.ID, Origin: in.Origin.ID, Start: in.Start, End: in.End})
	if err != nil {
		return "", err
	}
	return "comes here", nil
}

// secluded tells of activities that are for konfa alone: nobody else understands
// them, and where somebody travels is nobody else's business.
func secluded(activity, object string) bool {
	return activity == "Travel" || activity == "Undo" && object == "Travel"
}
