package federation

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"konfa/community"
	"konfa/storage"
)

// Bounds of the work on what was received.
const (
	inboundWorkers = 64       // queues worked on at once: the more, the more share a commit
	inboundPerHost = 32       // of them of one host, so that a slow one leaves room
	inboundBatch   = 100      // rows read in one go, of a MiB each at the worst
	inboundKept    = 2000     // rows in memory
	inboundBytes   = 32 << 20 // of them, beyond which no more are read
	inboundFinish  = 64       // rows written down as done in one transaction
	inboundTries   = 16       // for troubles that may pass, over a day and a half
	inboundTime    = 60 * time.Second
	inboundRescan  = 2 * time.Second // how often what was put off is looked for
)

// inboxLoop works on what was received until stop is done.
func (s *Server) inboxLoop(stop, work context.Context) {
	var group sync.WaitGroup
	r := inboxReader{s: s}
	sleep := newSleeper()
	defer sleep.stop()
	for sleep.until(stop, s.inboxWake, r.wait()) {
		if err := r.round(stop, work, &group); err != nil {
			s.log.Error("reading what was received", "error", err)
		}
	}
	group.Wait()
	s.writeFinished(context.WithoutCancel(work))
	r.resign(context.WithoutCancel(work))
}

// inboxReader reads on in storage from where it was. As rows may be committed
// out of order, and some are put off, it begins again from time to time.
type inboxReader struct {
	s       *Server
	after   int64     // id of the last row read
	scanned time.Time // when it last began from the start
	elected time.Time // until when no other process may do this
}

func (r *inboxReader) wait() time.Duration { return min(r.s.poll, inboundRescan) }

func (r *inboxReader) round(stop, work context.Context, group *sync.WaitGroup) error {
	s := r.s
	s.writeFinished(work)
	if ok, err := r.elect(work); !ok || err != nil {
		return err
	}
	if time.Since(r.scanned) > r.wait() {
		r.after, r.scanned = 0, time.Now()
	}
	for {
		limit := min(inboundBatch, s.inbound.room())
		if limit <= 0 {
			break
		}
		now := s.now()
		rows, err := s.store.ReceivedSince(work, r.after, now, limit)
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			r.after = rows[len(rows)-1].ID
			s.inbound.add(rows, now)
		}
		if len(rows) < limit {
			break
		}
	}
	for range s.inbound.hire() {
		group.Go(func() { s.inboundWorker(stop, work) })
	}
	return nil
}

// inboxLane is the lease of the process that works on what was received, where
// there are several: the order per actor is kept by there being one.
const inboxLane = "inbox of this node"

func (r *inboxReader) elect(ctx context.Context) (ok bool, err error) {
	s := r.s
	if s.store.Engine() == "sqlite" || s.clock().Before(r.elected.Add(-laneLease/2)) {
		return true, nil
	}
	err = s.store.Write(ctx, func(tx *storage.Tx) error {
		ok, err = tx.ClaimLane(ctx, inboxLane, s.lanes.owner, tx.Now().Add(laneLease))
		return err
	})
	if ok && err == nil {
		r.elected = s.clock().Add(laneLease)
	}
	return ok, err
}

func (r *inboxReader) resign(ctx context.Context) {
	if r.elected.IsZero() {
		return
	}
	err := r.s.store.Write(ctx, func(tx *storage.Tx) error { return tx.ReleaseLane(ctx, inboxLane, r.s.lanes.owner) })
	if err != nil {
		r.s.log.Error("giving up the inbox", "error", err)
	}
}

// inboundWorker works on one queue after another while there are any.
func (s *Server) inboundWorker(stop, work context.Context) {
	for {
		key, host, ok, drained := s.inbound.take()
		if !ok {
			if drained {
				poke(s.inboxWake)
			}
			return
		}
		for stop.Err() == nil {
			row, ok := s.inbound.next(key)
			if !ok || !s.work(work, row) {
				break
			}
		}
		s.inbound.leave(key, host)
		if stop.Err() != nil {
			return
		}
	}
}

// work does one received activity and returns false when the ones behind it
// must wait.
func (s *Server) work(ctx context.Context, row *received) bool {
	ctx, cancel := context.WithTimeout(ctx, inboundTime)
	defer cancel()
	outcome, err := s.dispatchSafely(ctx, row)
	if ctx.Err() == context.Canceled {
		return false // the program stops; the row stays
	}
	now := s.now()
	if err != nil && temporary(err) && row.Attempts+1 < inboundTries {
		next := now.Add(s.backoff(row.Attempts))
		s.log.Info("will try again", "uri", row.URI, "host", row.Host, "reason", err.Error(), "next", next)
		reason := clip(err.Error(), 500)
		if err := s.store.Write(ctx, func(tx *storage.Tx) error { return tx.RetryReceived(ctx, row.ID, next, reason) }); err != nil {
			s.log.Error("putting off a received activity", "uri", row.URI, "error", err)
		}
		s.inbound.hold(row, next)
		return false
	}
	if err != nil {
		outcome = "refused: " + reason(err)
		s.peers.refused(row.Host, row.typ()+": "+reason(err), now)
		s.log.Info("refused", "uri", row.URI, "host", row.Host, "reason", err.Error())
	} else {
		s.log.Debug("done", "uri", row.URI, "outcome", outcome)
	}
	if s.inbound.finish(row, clip(outcome, 500)) >= inboundFinish {
		s.writeFinished(context.WithoutCancel(ctx))
	}
	return true
}

// writeFinished writes down what is done. If the program dies before, it is
// done once more, which changes nothing.
func (s *Server) writeFinished(ctx context.Context) {
	rows := s.inbound.finishedRows()
	if len(rows) == 0 {
		return
	}
	err := s.store.Write(ctx, func(tx *storage.Tx) error {
		for _, f := range rows {
			if err := tx.FinishReceived(ctx, f.id, f.outcome); err != nil && community.CodeOf(err) != community.NotFound {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.log.Error("finishing received activities", "count", len(rows), "error", err)
	}
	s.inbound.forget(rows)
}

// dispatchSafely makes a panic in a handler an error of one activity.
func (s *Server) dispatchSafely(ctx context.Context, row *received) (outcome string, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("panic while doing an activity", "uri", row.URI, "panic", p, "stack", string(debug.Stack()))
			err = community.Errorf(community.Refused, "it made this server stumble: %s", clip(fmt.Sprint(p), 200))
		}
	}()
	return s.dispatch(ctx, row)
}
