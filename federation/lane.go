package federation

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"konfa/community"
	"konfa/federation/signature"
	"konfa/storage"
)

// lane sends everything due to one host, in batches, until nothing is left, the
// host is down, or stop is done.
func (s *Server) lane(stop, work context.Context, host string) {
	ok, err := s.claim(work, host)
	if err != nil || !ok {
		if err != nil {
			s.log.Error("claiming a lane", "host", host, "error", err)
		}
		return
	}
	defer s.release(context.WithoutCancel(work), host)
	claimed := s.clock()
	for stop.Err() == nil {
		if s.clock().Sub(claimed) > laneLease/2 {
			// Lost when this process stood still for long.
			if ok, err := s.claim(work, host); err != nil || !ok {
				return
			}
			claimed = s.clock()
		}
		more, err := s.laneBatch(work, host)
		if err != nil {
			s.log.Error("sending", "host", host, "error", err)
			return
		}
		if !more {
			return
		}
	}
}

// laneBatch sends one batch and settles it. More is true when the host took it
// and there may be more.
func (s *Server) laneBatch(ctx context.Context, host string) (more bool, err error) {
	now := s.now()
	peer, err := s.store.PeerState(ctx, host)
	if err != nil {
		return false, err
	}
	if peer.NextTry.After(now) {
		return false, nil
	}
	due, err := s.store.Due(ctx, host, now, laneBatch)
	if err != nil || len(due) == 0 {
		return false, err
	}
	if peer.Failures > 0 {
		due = probe(due)
	}
	ids := make([]int64, 0, len(due))
	for i := range due {
		ids = append(ids, due[i].ActivityID)
	}
	activities, err := s.store.ActivitiesByID(ctx, ids)
	if err != nil {
		return false, err
	}
	if blocked, why := s.blocked(ctx, "https://"+host+"/"); blocked {
		told, rest := s.farewells(due, activities)
		if len(rest) > 0 {
			_, err := s.settle(ctx, peer, s.withhold(rest, why))
			return err == nil, err
		}
		due = told
	}
	if peer, err = s.acquainted(ctx, peer, due, activities); err != nil {
		return false, err
	}
	verdicts := s.sendAll(ctx, due, activities, peer)
	down, err := s.settle(ctx, peer, verdicts)
	return err == nil && !down && ctx.Err() == nil, err
}

// probe picks the one delivery that finds out whether a host is back: the one
// tried least, since what is tried most may be what the host never answers to.
func probe(due []storage.Delivery) []storage.Delivery {
	least := slices.MinFunc(due, func(a, b storage.Delivery) int { return cmp.Compare(a.Attempts, b.Attempts) })
	return []storage.Delivery{least}
}

// sendAll sends a batch, a few at once. Due never gives two of the same order,
// so within a batch nothing can overtake. After the first sign that the host is
// down the rest is left for later.
func (s *Server) sendAll(ctx context.Context, due []storage.Delivery, activities map[int64]*storage.Activity, peer *community.Peer) []verdict {
	verdicts := make([]verdict, len(due))
	var (
		group sync.WaitGroup
		mu    sync.Mutex
		next  int
		down  bool
	)
	take := func() int {
		mu.Lock()
		defer mu.Unlock()
		if down || next == len(due) {
			return -1
		}
		next++
		return next - 1
	}
	for i := range verdicts {
		verdicts[i].skipped = true
	}
	for range min(atOnce(peer.Software), len(due)) {
		group.Go(func() {
			for {
				select {
				case s.lanes.slots <- struct{}{}:
				case <-ctx.Done():
					return
				}
				i := take()
				if i < 0 {
					<-s.lanes.slots
					return
				}
				if a := activities[due[i].ActivityID]; a != nil {
					if v, ok := s.profiled(ctx, due[i], a, peer); ok {
						verdicts[i] = v
					} else {
						verdicts[i] = s.send(ctx, due[i], a, peer)
					}
				} else {
					verdicts[i] = verdict{result: storage.Result{Delivery: due[i], At: s.now(), Drop: true, Err: "its activity is no more"}}
				}
				<-s.lanes.slots
				if verdicts[i].down || verdicts[i].skipped {
					mu.Lock()
					down = true
					mu.Unlock()
				}
			}
		})
	}
	group.Wait()
	return verdicts
}

// settle writes down what became of a batch, in one transaction.
func (s *Server) settle(ctx context.Context, peer *community.Peer, verdicts []verdict) (down bool, err error) {
	now := s.now()
	var (
		results []storage.Result
		lost    []string
		scheme  signature.Scheme
		pause   time.Duration
		reason  string
		reached bool // some request was answered
	)
	for i := range verdicts {
		v := &verdicts[i]
		if v.skipped {
			continue
		}
		results = append(results, v.result)
		d := &v.result.Delivery
		if v.down {
			down, reason = true, v.result.Err
			pause = max(pause, v.pause)
		} else if v.result.OK || v.result.Err != "" && v.result.Drop && v.lost {
			reached = true
		}
		if v.lost {
			lost = append(lost, d.Inbox)
		}
		if v.scheme != "" {
			scheme = v.scheme
		}
		switch {
		case v.unfit != "":
			s.log.Debug("not sent", "host", d.Host, "software", peer.Software, "inbox", d.Inbox, "activity", d.ActivityID, "reason", v.unfit)
		case v.result.Drop:
			s.log.Warn("not delivered", "host", d.Host, "inbox", d.Inbox, "activity", d.ActivityID, "attempts", d.Attempts+1, "reason", v.result.Err)
		case !v.result.OK:
			s.log.Info("delivery failed", "host", d.Host, "inbox", d.Inbox, "activity", d.ActivityID, "attempts", d.Attempts+1, "reason", v.result.Err, "next", v.result.NextTry)
		default:
			s.log.Debug("delivered", "host", d.Host, "inbox", d.Inbox, "activity", d.ActivityID)
		}
	}
	if len(results) == 0 {
		return true, nil
	}
	err = s.store.Write(context.WithoutCancel(ctx), func(tx *storage.Tx) error {
		if err := tx.Settle(ctx, results); err != nil {
			return err
		}
		for i := range verdicts {
			if v := &verdicts[i]; len(v.instead.Inboxes) > 0 {
				if err := tx.InsertFanout(ctx, v.result.Delivery.ActivityID, v.instead); err != nil {
					return err
				}
			}
		}
		for _, inbox := range lost {
			if err := tx.DropInbox(ctx, inbox); err != nil {
				return err
			}
		}
		if scheme != "" {
			if err := tx.SetPeerScheme(ctx, peer.Host, string(scheme)); err != nil {
				return err
			}
		}
		switch {
		case down:
			next := now.Add(hostPause(peer.FailingSince, now))
			if pause > 0 {
				next = now.Add(pause)
			}
			return tx.PeerFailed(ctx, peer.Host, clip(reason, 500), next)
		case reached && peer.Failures > 0:
			return tx.PeerOK(ctx, peer.Host)
		}
		return nil
	})
	if err == nil && reached && !down && peer.Failures > 0 {
		s.log.Info("a server is back", "host", peer.Host, "since", peer.FailingSince)
		s.backAgain(peer)
	}
	return down, err
}
