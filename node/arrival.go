package node

import (
	"context"
	"time"

	"konfa/community"
	"konfa/storage"
)

// Bounds of what we are told of arrivals, of one person and of a whole server.
const (
	maxArrivals     = 20
	maxHostArrivals = 1000
	listedArrivals  = 500
	readArrivals    = 50_000 // the blocked and those who have gone stand before others
)

// Travel is what another server tells of someone who comes here. End is zero
// where it does not say.
type Travel struct {
	URI        string
	Target     string // the city
	Origin     string // where they come from
	Start, End time.Time
}

// ReceiveTravel is someone of another city who comes to ours and says so. It is
// shown to our members until the stay is over.
func (n *Node) ReceiveTravel(ctx context.Context, from *community.Actor, t Travel) error {
	if local, ok := n.site.LocalActor(t.Target); !ok || local != community.CityActor {
		return community.Errorf(community.Refused, "%s is not this city", t.Target)
	}
	if from.Type != "Person" {
		return community.Errorf(community.Refused, "%s is not a person", from.URI)
	}
	if t.URI == "" || hostOf(t.URI) != from.Host {
		return community.Errorf(community.Invalid, "a journey needs an id of its own server")
	}
	if hostOf(t.Origin) != from.Host {
		t.Origin = ""
	}
	s := community.Stay{From: t.Start.UTC(), To: t.End.UTC(), Kind: community.Visiting}
	if t.End.IsZero() {
		s.To, s.Kind = time.Time{}, community.Moving
	}
	return n.write(ctx, func(tx *storage.Tx) error {
		if err := s.Check(tx.Now()); err != nil {
			return err
		}
		old, err := tx.ArrivalByURI(ctx, t.URI)
		known, err := found(err)
		if err != nil {
			return err
		}
		if known && old.ActorID != from.ID {
			return community.Errorf(community.Forbidden, "%s is the journey of someone else", t.URI)
		}
		if !known {
			actor, host, err := tx.CountArrivals(ctx, from.ID, from.Host)
			if err != nil {
				return err
			}
			if actor >= maxArrivals || host >= maxHostArrivals {
				return community.Errorf(community.Refused, "too many journeys of %s are known here", from.Host)
			}
		}
		return tx.SaveArrival(ctx, &community.Arrival{ActorID: from.ID, URI: t.URI, Home: t.Origin, From: s.From, To: s.To, Kind: s.Kind, Created: tx.Now()})
	})
}

// ReceiveUndoTravel is someone who does not come after all, or no longer wants
// it to be known.
func (n *Node) ReceiveUndoTravel(ctx context.Context, from *community.Actor, uri string) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		v, err := tx.ArrivalByURI(ctx, uri)
		if ok, err := found(err); !ok {
			return err // forgotten already
		}
		if v.ActorID != from.ID {
			return community.Errorf(community.Forbidden, "%s cannot undo for someone else", from.URI)
		}
		return tx.DeleteArrival(ctx, v.ID)
	})
}

// Arrivals lists for members who told us that they come, by their first day. It
// is not public: they told this city, not everyone. Blocked and silenced people
// are not among them.
func (n *Node) Arrivals(ctx context.Context, by By) ([]community.Arrival, error) {
	if err := by.may(community.Regular); err != nil {
		return nil, err
	}
	list, err := n.store.Arrivals(ctx, readArrivals)
	if err != nil {
		return nil, err
	}
	out := []community.Arrival{}
	for _, v := range list {
		if v.Over(n.Now()) || !v.Actor.Gone.IsZero() {
			continue
		}
		_, err := n.store.BlockOf(ctx, v.Actor.Host, v.Actor.URI)
		if blocked, err := found(err); err != nil {
			return nil, err
		} else if !blocked {
			out = append(out, v)
		}
		if len(out) == listedArrivals {
			break
		}
	}
	return out, nil
}

// PruneArrivals forgets who has come and gone.
func (n *Node) PruneArrivals(ctx context.Context) error {
	return n.write(ctx, func(tx *storage.Tx) error {
		list, err := tx.Arrivals(ctx, readArrivals)
		if err != nil {
			return err
		}
		for _, v := range list {
			if v.Over(tx.Now()) {
				if err := tx.DeleteArrival(ctx, v.ID); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
