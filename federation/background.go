package federation

import (
	"context"
	"time"

	"konfa/storage"
)

// Times of the background work.
const (
	backgroundTick = time.Minute
	keepReceived   = 30 * 24 * time.Hour // so that nothing is done twice
	pruneEvery     = 6 * time.Hour
	expireEvery    = 10 * time.Minute
)

// backgroundLoop does what must be done now and then.
func (s *Server) backgroundLoop(stop, work context.Context) {
	tick := time.NewTicker(backgroundTick)
	defer tick.Stop()
	var last struct{ prune, expire, extend time.Time }
	s.catchUp(work)
	for {
		now := s.now()
		if now.Sub(last.expire) >= expireEvery {
			last.expire = now
			s.dropExpired(work)
			s.settleJoins(work)
			s.followAgain(work)
		}
		if n, err := s.node.WriteRounds(work); err != nil {
			s.log.Error("writing letters to guests", "error", err)
		} else if n > 0 {
			s.log.Info("reminded, asked or thanked the guests of conferences", "rounds", n)
		}
		if n, err := s.node.ExpireOffers(work); err != nil {
			s.log.Error("letting offers lapse", "error", err)
		} else if n > 0 {
			s.log.Info("offers lapsed that nobody answered", "count", n)
		}
		if n, err := s.node.LapseGuests(work); err != nil {
			s.log.Error("letting offered seats lapse", "error", err)
		} else if n > 0 {
			s.log.Info("seats or unconfirmed answers lapsed", "conferences", n)
		}
		if n, err := s.node.SettleMeasures(work); err != nil {
			s.log.Error("ending measures", "error", err)
		} else if n > 0 {
			s.log.Info("measures ended", "count", n)
		}
		if now.Sub(last.prune) >= pruneEvery {
			last.prune = now
			s.prune(work)
		}
		if now.Sub(last.extend) >= pullDaily {
			last.extend = now
			if n, err := s.node.ExtendSeries(work); err != nil {
				s.log.Error("adding the next conferences of series", "error", err)
			} else if n > 0 {
				s.log.Info("added the next conferences of series", "count", n)
			}
			s.askEveryPeer(work)
		}
		s.markPulled(work, now)
		select {
		case <-stop.Done():
			return
		case <-tick.C:
		}
	}
}

// catchUp reads what followed actors published while the node was away: of
// those who send a thing but once after the shortest absence, of the others after
// one that their patience does not outlast.
func (s *Server) catchUp(ctx context.Context) {
	at, err := s.store.Meta(ctx, pulledAt)
	if err != nil {
		return // never ran: nothing is followed yet
	}
	t, err := time.Parse(time.RFC3339, at)
	if err != nil || s.now().Sub(t) > pullOutage {
		s.pullHost("")
		return
	}
	known := map[string]bool{}
	s.pullFollowed("", func(host string) bool {
		once, asked := known[host]
		if !asked {
			peer, err := s.store.PeerState(ctx, host)
			once = err == nil && sendsOnce(peer.Software)
			known[host] = once
		}
		return once
	})
}

// markPulled notes that the node is up, and starts the daily round.
func (s *Server) markPulled(ctx context.Context, now time.Time) {
	s.pullMu.Lock()
	defer s.pullMu.Unlock()
	if s.lastRound.IsZero() {
		s.lastRound = now
	}
	if now.Sub(s.lastRound) >= pullDaily {
		s.lastRound = now
		s.pullHost("")
	}
	if now.Sub(s.marked) < 10*time.Minute {
		return
	}
	s.marked = now
	err := s.store.Write(ctx, func(tx *storage.Tx) error { return tx.SetMeta(ctx, pulledAt, now.Format(time.RFC3339)) })
	if err != nil {
		s.log.Error("noting the time", "error", err)
	}
}

func (s *Server) prune(ctx context.Context) {
	err := s.store.Write(ctx, func(tx *storage.Tx) error {
		before := s.now().Add(-keepReceived)
		if _, err := tx.PruneReceived(ctx, before); err != nil {
			return err
		}
		_, err := tx.PruneTombstones(ctx, before)
		return err
	})
	if err != nil {
		s.log.Error("forgetting what was received long ago", "error", err)
	}
	if err := s.node.PruneNotices(ctx); err != nil {
		s.log.Error("forgetting old notices", "error", err)
	}
	if err := s.node.PruneLetters(ctx); err != nil {
		s.log.Error("forgetting old letters", "error", err)
	}
	if err := s.node.PruneSessions(ctx); err != nil {
		s.log.Error("ending sessions that nobody uses", "error", err)
	}
	if err := s.node.PruneArrivals(ctx); err != nil {
		s.log.Error("forgetting who has come and gone", "error", err)
	}
	if _, err := s.node.PrunePictures(ctx); err != nil {
		s.log.Error("removing pictures that nothing shows", "error", err)
	}
}

// settleJoins asks again for members whom another server did not answer.
func (s *Server) settleJoins(ctx context.Context) {
	again, given, err := s.node.SettleJoins(ctx)
	if err != nil {
		s.log.Error("asking again for seats elsewhere", "error", err)
	}
	if again+given > 0 {
		s.log.Info("members wait for an answer from elsewhere", "asked_again", again, "given_up", given)
	}
}

// followAgain asks those again who did not answer whether we may follow them.
func (s *Server) followAgain(ctx context.Context) {
	n, err := s.node.AskToFollowAgain(ctx)
	if err != nil {
		s.log.Error("asking again to follow", "error", err)
	}
	if n > 0 {
		s.log.Info("asked again to follow", "count", n)
	}
}

// dropExpired gives up what could not be delivered for seven days.
func (s *Server) dropExpired(ctx context.Context) {
	var dropped map[string]int
	err := s.store.Write(ctx, func(tx *storage.Tx) (err error) {
		dropped, err = tx.DropExpired(ctx, s.now().Add(-keepTrying))
		return err
	})
	if err != nil {
		s.log.Error("giving up deliveries", "error", err)
	}
	for host, n := range dropped {
		s.log.Warn("given up after seven days", "host", host, "deliveries", n)
	}
}

// askEveryPeer asks the servers that have to do with us for their software
// again.
func (s *Server) askEveryPeer(ctx context.Context) {
	peers, err := s.store.Peers(ctx)
	if err != nil {
		s.log.Error("listing peers", "error", err)
		return
	}
	for i := range peers {
		p := &peers[i]
		if (p.Followers > 0 || p.Followed > 0) && p.BlockedSeverity == "" && s.now().Sub(p.Asked) >= pullDaily {
			s.askPeer(p.Host)
		}
	}
}
