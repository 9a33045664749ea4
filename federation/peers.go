package federation

import (
	"context"
	"sync"
	"time"

	"konfa/community"
)

// askPeer has the software of a host asked for, soon and not in the way of
// anything: profiles need it, and stewards like to see it.
func (s *Server) askPeer(host string) {
	select {
	case s.asks <- host:
	default: // the daily round asks whom we missed
	}
}

// askers is how many hosts are asked for their software at once.
const askers = 4

// askLoop asks new hosts for their NodeInfo. The resolver does not ask again
// within a day.
func (s *Server) askLoop(stop, work context.Context) {
	var group sync.WaitGroup
	defer group.Wait()
	for range askers {
		group.Go(func() {
			for {
				select {
				case <-stop.Done():
					return
				case host := <-s.asks:
					p, err := s.store.PeerState(work, host)
					if err == nil && !p.Asked.IsZero() && s.now().Sub(p.Asked) < 24*time.Hour {
						continue
					}
					if _, err := s.resolver.Peer(work, host); err != nil {
						s.log.Debug("asking for NodeInfo", "host", host, "error", err)
					}
				}
			}
		})
	}
}

// backAgain is called when a host answers that did not for a while. What it
// published meanwhile may never have reached us: Mobilizon and Gancio do not
// try again.
func (s *Server) backAgain(p *community.Peer) {
	if p.FailingSince.IsZero() || s.now().Sub(p.FailingSince) < outage {
		return
	}
	s.pullHost(p.Host)
}

// outage is how long a host must have been away for its outboxes to be read
// again.
const outage = 30 * time.Minute
