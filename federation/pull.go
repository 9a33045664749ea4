package federation

import (
	"context"
	"errors"
	"time"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/federation/discover"
	"konfa/federation/fetch"
	"konfa/storage"
)

// Bounds of reading what followed actors published.
const (
	pullItems = 60 // of an outbox
	pullTime  = 2 * time.Minute
	pullDaily = 24 * time.Hour
	// pullOutage: if the last round is longer ago than this, the node itself was
	// away and missed things.
	pullOutage = 2 * time.Hour
	pulledAt   = "federation.pulled" // key of the last round in meta
)

// pullSoon has the outbox of a followed actor read.
func (s *Server) pullSoon(actorID int64) {
	select {
	case s.pulls <- actorID:
	default: // the daily round reads whom we missed
	}
}

// pullHost has the outboxes of all followed actors of a host read, or of all
// hosts for "".
func (s *Server) pullHost(host string) {
	s.pullFollowed(host, func(string) bool { return true })
}

// pullFollowed does so for those hosts that only picks.
func (s *Server) pullFollowed(host string, only func(host string) bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	seen := map[int64]bool{}
	q := storage.FollowQuery{State: community.Accepted, Host: host, Limit: 200}
	for {
		list, err := s.store.FollowedList(ctx, q)
		if err != nil {
			s.log.Error("listing whom we follow", "error", err)
			return
		}
		for _, f := range list {
			if !seen[f.ActorID] && f.Actor != nil && only(f.Actor.Host) {
				seen[f.ActorID] = true
				s.pullSoon(f.ActorID)
			}
			q.After = f.ID
		}
		if len(list) < q.Limit {
			return
		}
	}
}

// pullLoop reads outboxes, one after another.
func (s *Server) pullLoop(stop, work context.Context) {
	last := map[int64]time.Time{}
	for {
		select {
		case <-stop.Done():
			return
		case id := <-s.pulls:
			if now := s.now(); now.Sub(last[id]) < time.Minute && now.After(last[id]) {
				continue
			}
			last[id] = s.now()
			ctx, cancel := context.WithTimeout(work, pullTime)
			n, err := s.pull(ctx, id)
			cancel()
			if err != nil {
				s.log.Info("reading an outbox", "actor", id, "taken", n, "error", err)
			} else {
				s.log.Debug("read an outbox", "actor", id, "taken", n)
			}
		}
	}
}

// pull reads the newest of what a followed actor published, and what it says is
// coming up. It returns how many conferences and posts it took.
func (s *Server) pull(ctx context.Context, actorID int64) (taken int, err error) {
	from, err := s.store.ActorByID(ctx, actorID)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, uri := range []string{from.Upcoming, from.Outbox} {
		if uri == "" || !fetch.SameOrigin(uri, from.URI) {
			continue
		}
		// The newest come first, so of one object the first word is the last.
		seen := map[string]bool{}
		err := s.resolver.Collection(ctx, uri, pullItems, func(ref activitystreams.Ref) error {
			if ctx.Err() != nil {
				return discover.Stop
			}
			if s.pulled(ctx, from, ref, seen) {
				taken++
			}
			return nil
		})
		if err != nil {
			errs = append(errs, err)
		}
	}
	return taken, errors.Join(errs...)
}

// pulled takes one item of a collection of an actor, as if it had been sent.
func (s *Server) pulled(ctx context.Context, from *community.Actor, ref activitystreams.Ref, seen map[string]bool) bool {
	if _, ours := s.site.Path(ref.ID); ours {
		return false
	}
	body, typ, fetchedAt := ref.Raw, ref.Type, ""
	if body == nil {
		if s.knownHere(ctx, ref.ID) {
			return false
		}
		id, fetched, err := s.fetched(ctx, ref.ID)
		if err != nil {
			return false
		}
		fetchedAt = id
		ref = activitystreams.Ref{ID: id, Raw: fetched}
		body, typ = fetched, typeOf(ref, fetched)
		ref.Type = typ
	}
	in := &incoming{Envelope: &activitystreams.Envelope{ID: ref.ID, Type: "Create", Actor: from.URI, Object: ref, Raw: body}, from: from, uri: ref.ID}
	var err error
	switch {
	case isActivity(typ):
		env, errRead := activitystreams.ReadEnvelope(body)
		// What was fetched is the word of where it was fetched from.
		if errRead != nil || !inOutboxOf(from, env) || fetchedAt != "" && !fetch.SameOrigin(fetchedAt, from.URI) {
			return false
		}
		in.Envelope, in.uri = env, env.ID
		switch env.Type {
		case "Create", "Update":
			if seen[env.Object.ID] || s.newerHere(ctx, env.Object) {
				return false
			}
			seen[env.Object.ID] = true
			_, err = s.onObject(ctx, in, env.Object)
		case "Delete":
			// What stands before it in the outbox is no more.
			seen[env.Object.ID] = true
			return false
		case "Announce":
			if _, ours := s.site.Path(env.Object.ID); ours {
				return false
			}
			_, err = s.onAnnounce(ctx, in)
		default:
			return false
		}
	default:
		if seen[ref.ID] || s.newerHere(ctx, ref) {
			return false
		}
		seen[ref.ID] = true
		_, err = s.announced(ctx, in, ref)
	}
	if err != nil {
		s.log.Debug("not taken from an outbox", "actor", from.URI, "item", ref.ID, "reason", err)
	}
	return err == nil
}

// inOutboxOf tells whether an activity may stand in the outbox of an actor: its
// own, or what someone of the same server published for it. In the outbox of a
// group of Mobilizon the members are the actors.
func inOutboxOf(from *community.Actor, env *activitystreams.Envelope) bool {
	if env.Actor == from.URI {
		return true
	}
	return (env.Type == "Create" || env.Type == "Update") && from.Type == "Group" && fetch.SameOrigin(env.Actor, from.URI)
}

// newerHere tells whether an object is kept here as new as it was put into a
// collection, or newer. Times on the wire have seconds only, so that of two
// changes in one second the delivered one counts.
func (s *Server) newerHere(ctx context.Context, ref activitystreams.Ref) bool {
	if c, err := s.store.ConferenceByURI(ctx, ref.ID); err == nil {
		if ref.Raw == nil {
			return true
		}
		ev, err := activitystreams.ReadEvent(ref.Raw)
		return err == nil && !ev.Updated.After(c.Updated)
	}
	if p, err := s.store.PostByURI(ctx, ref.ID); err == nil {
		if ref.Raw == nil {
			return true
		}
		said, err := activitystreams.ReadPost(ref.Raw)
		return err == nil && !said.Updated.After(p.Updated)
	}
	return false
}
