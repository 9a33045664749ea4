package federation

import (
	"context"
	"slices"
	"strings"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/storage"
)

// acquainted makes sure that a host was asked for its software before the first
// delivery that depends on it, once. Only the lane of the host waits for the
// answer. Answering a Follow needs none.
func (s *Server) acquainted(ctx context.Context, peer *community.Peer, due []storage.Delivery, activities map[int64]*storage.Activity) (*community.Peer, error) {
	if !peer.Asked.IsZero() || !slices.ContainsFunc(due, func(d storage.Delivery) bool {
		a := activities[d.ActivityID]
		return a != nil && (a.Form != community.Standard || dependent(a.Type))
	}) {
		return peer, nil
	}
	if _, err := s.resolver.Peer(ctx, peer.Host); err != nil {
		// The delivery will show whether the host can be reached at all.
		s.log.Debug("asking for NodeInfo", "host", peer.Host, "error", err)
		return peer, nil
	}
	return s.store.PeerState(ctx, peer.Host)
}

// profiled judges a delivery that was queued before the software of its host
// was known: ok means that it is not to be sent as it is.
func (s *Server) profiled(ctx context.Context, d storage.Delivery, a *storage.Activity, peer *community.Peer) (v verdict, ok bool) {
	if a.Form != community.Standard && !a.Form.Needs(peer.Software, peer.Version) {
		return verdict{unfit: noNeed, result: storage.Result{Delivery: d, At: s.now(), Drop: true}}, true
	}
	if !dependent(a.Type) {
		return v, false
	}
	v.result = storage.Result{Delivery: d, At: s.now(), Drop: true}
	if peer.Software != "konfa" && (a.Type == "Travel" || a.Type == "Undo") && secluded(a.Type, s.objectType(a)) {
		v.unfit = "only konfa understands it" // and it did not say that it is one
		return v, true
	}
	if !special(peer.Software) {
		return v, false
	}
	object := s.objectType(a)
	if v.unfit = refuses(peer.Software, a.Form, a.Type, object); v.unfit != "" {
		return v, true
	}
	if a.Actor == community.NodeActor && peer.Software == "konfa" && saidByBoth(object) {
		// When it was queued, nobody knew that it is one.
		list, err := s.store.FollowerInboxes(ctx, community.CityActor)
		if err != nil {
			s.log.Error("listing inboxes", "host", d.Host, "error", err)
			return v, false
		}
		if slices.ContainsFunc(list, func(in storage.Inbox) bool { return in.URL == d.Inbox }) {
			v.unfit = "the city tells it"
			return v, true
		}
	}
	if !personal(peer.Software) {
		return v, false
	}
	inboxes, err := s.store.FollowerInboxes(ctx, a.Actor)
	if err != nil {
		s.log.Error("listing inboxes", "host", d.Host, "error", err)
		return v, false
	}
	for _, in := range inboxes {
		if in.Host != d.Host || in.URL != d.Inbox || slices.Contains(in.Personal, d.Inbox) {
			continue
		}
		v.instead = storage.Audience{Order: d.OrderKey, Type: a.Type, Object: object}
		for _, inbox := range in.Personal {
			v.instead.Inboxes = append(v.instead.Inboxes, storage.Target{Host: d.Host, URL: inbox})
		}
		v.unfit = "it goes to the inbox of each follower"
		return v, len(v.instead.Inboxes) > 0
	}
	return v, false
}

// objectType is the type of what an activity of ours is about, for profiles.
func (s *Server) objectType(a *storage.Activity) string {
	env, err := activitystreams.ReadEnvelope(a.JSON)
	if err != nil {
		return ""
	}
	switch env.Object.Type {
	case "":
	case "Tombstone":
		return activitystreams.FormerType(env.Object.Raw)
	default:
		return env.Object.Type
	}
	// Only the address was sent: of an object of ours, or of an event elsewhere.
	if path, ours := s.site.Path(env.Object.ID); ours && strings.HasPrefix(path, "posts/") {
		return "Note"
	}
	return "Event"
}

// farewell tells whether an activity ends a follow: the one thing that a
// blocked server is still told.
func farewell(activity, object string) bool {
	return (activity == "Reject" || activity == "Undo") && object == "Follow"
}

// farewells parts what a blocked server is told from what it is not.
func (s *Server) farewells(due []storage.Delivery, activities map[int64]*storage.Activity) (told, rest []storage.Delivery) {
	for _, d := range due {
		if a := activities[d.ActivityID]; a != nil && farewell(a.Type, s.objectType(a)) {
			told = append(told, d)
		} else {
			rest = append(rest, d)
		}
	}
	return told, rest
}

// withhold gives up deliveries that were queued for a host before it was
// blocked.
func (s *Server) withhold(due []storage.Delivery, why string) []verdict {
	out := make([]verdict, len(due))
	for i, d := range due {
		out[i] = verdict{unfit: why, result: storage.Result{Delivery: d, At: s.now(), Drop: true}}
	}
	return out
}
