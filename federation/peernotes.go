package federation

import (
	"context"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"konfa/storage"
)

// peerNotes gathers what is worth knowing about peers but not worth a
// transaction each: who was seen, and who was refused and why. It is written
// every second.
type peerNotes struct {
	mu       sync.Mutex
	lastSeen map[string]time.Time // guarded by mu
	refusals map[string]string    // guarded by mu
	written  map[string]time.Time // when a host was last written as seen; guarded by mu
	claims   *rate.Limiter        // of hosts not seen that someone claimed to be
}

// Bounds of one round: hosts beyond them wait for the next one, and strangers
// cannot fill the memory.
const (
	maxNotes  = 1000
	seenEvery = time.Minute
)

func (p *peerNotes) seen(host string, now time.Time) {
	if host == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lastSeen == nil {
		p.lastSeen, p.written = map[string]time.Time{}, map[string]time.Time{}
	}
	if now.Sub(p.written[host]) < seenEvery || len(p.lastSeen) >= maxNotes {
		return
	}
	p.lastSeen[host] = now
}

func (p *peerNotes) refused(host, reason string, _ time.Time) {
	if host == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refusals == nil {
		p.refusals = map[string]string{}
	}
	if _, ok := p.refusals[host]; !ok && len(p.refusals) >= maxNotes {
		return
	}
	p.refusals[host] = clip(reason, 500)
}

// Anybody can claim to be of any host, and each would be kept for good.
const (
	claimEvery = 10 * time.Second
	claimBurst = 100
)

// claimed is refused for a host that the request only said to be of.
func (p *peerNotes) claimed(host, reason string, now time.Time) {
	p.mu.Lock()
	_, known := p.written[host]
	if _, ok := p.refusals[host]; ok {
		known = true
	}
	ok := known || p.claims.AllowN(now, 1)
	p.mu.Unlock()
	if ok {
		p.refused(host, reason, now)
	}
}

// take returns the notes and starts anew.
func (p *peerNotes) take(now time.Time) (seen []string, refused map[string]string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for h := range p.lastSeen {
		seen = append(seen, h)
		if len(p.written) > 10*maxNotes {
			p.written = map[string]time.Time{}
		}
		p.written[h] = now
	}
	clear(p.lastSeen)
	refused, p.refusals = p.refusals, nil
	return seen, refused
}

func (s *Server) peerNotesLoop(stop, work context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-stop.Done():
			s.writePeerNotes(work)
			return
		case <-tick.C:
			s.writePeerNotes(work)
		}
	}
}

func (s *Server) writePeerNotes(ctx context.Context) {
	seen, refused := s.peers.take(s.now())
	if len(seen) == 0 && len(refused) == 0 {
		return
	}
	err := s.store.Write(ctx, func(tx *storage.Tx) error {
		if len(seen) > 0 {
			if err := tx.SeenPeer(ctx, seen); err != nil {
				return err
			}
			for _, host := range seen {
				if err := s.awake(ctx, tx, host); err != nil {
					return err
				}
			}
		}
		for host, reason := range refused {
			if err := tx.RefusedPeer(ctx, host, reason); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.log.Error("writing down what peers did", "error", err)
	}
	if len(seen) > 0 {
		poke(s.laneWake)
	}
}

// awake ends the pause of a host that did not answer: it just sent something
// itself. A pause that it asked for stays.
func (s *Server) awake(ctx context.Context, tx *storage.Tx, host string) error {
	p, err := tx.PeerState(ctx, host)
	if err != nil || p.Failures == 0 || !p.NextTry.After(tx.Now()) || strings.HasPrefix(p.LastError, answered) {
		return err
	}
	return tx.PeerFailed(ctx, host, p.LastError, tx.Now())
}
