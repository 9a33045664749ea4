package federation

import (
	"context"
	"time"
)

// pollLoop sends out the totals of polls when they are due.
func (s *Server) pollLoop(stop, work context.Context) {
	tick := time.NewTicker(s.poll)
	defer tick.Stop()
	for {
		if _, err := s.node.TellPolls(work); err != nil {
			s.log.Error("telling the totals of polls", "error", err)
		}
		select {
		case <-stop.Done():
			return
		case <-tick.C:
		}
	}
}
