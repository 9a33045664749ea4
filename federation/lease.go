package federation

import (
	"context"
	"time"

	"konfa/storage"
)

// laneLease is for how long a host, or the inbox, belongs to the process that
// claimed it. It is renewed while the process lives, however long a request
// takes; after a crash the others wait no longer than this.
const laneLease = 20 * time.Second

// leaseLoop renews what this process has claimed.
func (s *Server) leaseLoop(stop, work context.Context) {
	if s.store.Engine() == "sqlite" {
		return
	}
	tick := time.NewTicker(laneLease / 4)
	defer tick.Stop()
	for {
		select {
		case <-work.Done():
			return
		case <-stop.Done():
			return
		case <-tick.C:
		}
		err := s.store.Write(work, func(tx *storage.Tx) error { return tx.RenewLanes(work, s.lanes.owner, tx.Now().Add(laneLease)) })
		if err != nil {
			s.log.Error("renewing leases", "error", err)
		}
	}
}

// claim makes sure that no other process sends to the host. SQLite has one
// serving process, so that nothing needs to be written there.
func (s *Server) claim(ctx context.Context, host string) (ok bool, err error) {
	if s.store.Engine() == "sqlite" {
		return true, nil
	}
	err = s.store.Write(ctx, func(tx *storage.Tx) error {
		ok, err = tx.ClaimLane(ctx, host, s.lanes.owner, tx.Now().Add(laneLease))
		return err
	})
	if err == nil && !ok {
		// Should its owner be dead, the lease runs out and nobody says so.
		time.AfterFunc(laneLease/4, func() { poke(s.laneWake) })
	}
	return ok, err
}

// release gives the host up, so that another process may go on at once.
func (s *Server) release(ctx context.Context, host string) {
	if s.store.Engine() == "sqlite" {
		return
	}
	err := s.store.Write(ctx, func(tx *storage.Tx) error { return tx.ReleaseLane(ctx, host, s.lanes.owner) })
	if err != nil {
		s.log.Error("giving up a lane", "host", host, "error", err)
	}
}
