package federation

import (
	"context"
	"slices"

	"konfa/community"
	"konfa/federation/fetch"
	"konfa/federation/signature"
	"konfa/storage"
)

// fanoutBatch is how many activities are broken down in one transaction.
const fanoutBatch = 32

// fanoutLoop breaks every published activity down into one delivery per inbox.
func (s *Server) fanoutLoop(stop, work context.Context) {
	sleep := newSleeper()
	defer sleep.stop()
	for {
		if !sleep.until(stop, s.fanWake, s.poll) {
			return
		}
		for stop.Err() == nil {
			n, err := s.fanoutRound(work)
			if err != nil {
				s.log.Error("preparing deliveries", "error", err)
			}
			if n < fanoutBatch || err != nil {
				break
			}
		}
	}
}

// fanoutRound expands the oldest fan-outs and returns how many there were.
func (s *Server) fanoutRound(ctx context.Context) (int, error) {
	list, err := s.store.Fanouts(ctx, fanoutBatch)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	// Reading and deciding is done before the transaction, which only writes.
	e := expander{s: s, peers: map[string]*community.Peer{}, followers: map[community.LocalActor][]storage.Inbox{}}
	out := make([][]storage.Delivery, len(list))
	for i := range list {
		if out[i], err = e.expand(ctx, &list[i]); err != nil {
			return 0, err
		}
	}
	err = s.store.Write(ctx, func(tx *storage.Tx) error {
		for i := range list {
			if err := tx.Expand(ctx, list[i].ID, out[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	poke(s.laneWake)
	return len(list), nil
}

// expander remembers, during one round, what it read.
type expander struct {
	s         *Server
	peers     map[string]*community.Peer
	followers map[community.LocalActor][]storage.Inbox
}

// expand lists the deliveries of one activity.
func (e *expander) expand(ctx context.Context, f *storage.Fanout) ([]storage.Delivery, error) {
	a := f.Audience
	var out []storage.Delivery
	seen := map[string]bool{}
	add := func(host, inbox string) {
		if seen[inbox] || inbox == "" || host == a.Except && host != "" {
			return
		}
		seen[inbox] = true
		out = append(out, storage.Delivery{ActivityID: f.ActivityID, Host: host, Inbox: inbox, OrderKey: a.Order, Created: f.Created})
	}
	unneeded := func(host, software, version string, asked bool) bool {
		if f.Form == community.Standard || !asked || f.Form.Needs(software, version) {
			return false
		}
		e.s.log.Debug("not sent", "host", host, "software", software, "version", version, "type", a.Type, "form", f.Form, "reason", noNeed)
		return true
	}
	for _, local := range a.Followers {
		inboxes, err := e.inboxesOf(ctx, local)
		if err != nil {
			return nil, err
		}
		for _, in := range inboxes {
			if unneeded(in.Host, in.Software, in.Version, in.Asked) {
				continue
			}
			if why := refuses(in.Software, f.Form, a.Type, a.Object); why != "" {
				e.s.log.Debug("not sent", "host", in.Host, "software", in.Software, "type", a.Type, "object", a.Object, "reason", why)
				continue
			}
			if twice, err := e.hearsFromCity(ctx, local, in, a); err != nil {
				return nil, err
			} else if twice {
				continue
			}
			if personal(in.Software) && len(in.Personal) > 0 {
				for _, inbox := range in.Personal {
					add(in.Host, inbox)
				}
				continue
			}
			add(in.Host, in.URL)
		}
	}
	for _, t := range a.Inboxes {
		host := t.Host
		if host == "" {
			host = fetch.Host(t.URL)
		}
		peer, err := e.peer(ctx, host)
		if err != nil {
			return nil, err
		}
		if unneeded(host, peer.Software, peer.Version, !peer.Asked.IsZero()) {
			continue
		}
		if why := refuses(peer.Software, f.Form, a.Type, a.Object); why != "" {
			e.s.log.Debug("not sent", "host", host, "software", peer.Software, "type", a.Type, "object", a.Object, "reason", why)
			continue
		}
		if blocked, _ := e.s.blocked(ctx, t.URL); blocked && !farewell(a.Type, a.Object) {
			continue
		}
		add(host, t.URL)
	}
	return out, nil
}

// hearsFromCity tells of another konfa that follows the city as well as the node,
// as sister cities do: what both say of a conference or a post reaches it from the
// city, and need not come twice.
func (e *expander) hearsFromCity(ctx context.Context, local community.LocalActor, in storage.Inbox, a storage.Audience) (bool, error) {
	if local != community.NodeActor || in.Software != "konfa" || !saidByBoth(a.Object) {
		return false, nil
	}
	list, err := e.inboxesOf(ctx, community.CityActor)
	return slices.ContainsFunc(list, func(c storage.Inbox) bool { return c.URL == in.URL }), err
}

// saidByBoth tells whether the city and the node say the same of what an activity
// is about; else it is such as a change of the node itself.
func saidByBoth(object string) bool {
	switch object {
	case "Event", "Note", "Article", "Question", "Announce":
		return true
	}
	return false
}

func (e *expander) inboxesOf(ctx context.Context, local community.LocalActor) ([]storage.Inbox, error) {
	if list, ok := e.followers[local]; ok {
		return list, nil
	}
	list, err := e.s.store.FollowerInboxes(ctx, local)
	if err != nil {
		return nil, err
	}
	e.followers[local] = list
	return list, nil
}

func (e *expander) peer(ctx context.Context, host string) (*community.Peer, error) {
	if p, ok := e.peers[host]; ok {
		return p, nil
	}
	p, err := e.s.store.PeerState(ctx, host)
	if err != nil {
		return nil, err
	}
	e.peers[host] = p
	return p, nil
}

// schemeOf is the scheme to begin with at a peer.
func schemeOf(p *community.Peer) signature.Scheme {
	switch {
	case p == nil:
		return signature.Cavage
	case p.Scheme == string(signature.RFC9421) || takesEd25519(p):
		return signature.RFC9421
	}
	return signature.Cavage
}
