package federation

import (
	"context"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"konfa/community"
	"konfa/federation/fetch"
	"konfa/federation/signature"
	"konfa/node"
)

// How many hosts that never wrote before are listened to of one registrable
// domain in a minute, as Mastodon does: behind a wildcard certificate any number
// of servers and actors can be made up, and each would cost us requests and
// rows.
const (
	newHostsPerMinute = 10
	newHostsFor       = time.Minute
	maxOldHosts       = 100_000
)

// newHosts counts hosts that are new here by their registrable domain.
type newHosts struct {
	mu    sync.Mutex
	old   map[string]bool                 // known to have written before; guarded by mu
	fresh map[string]map[string]time.Time // by domain, the new hosts and when they came; guarded by mu
	swept time.Time                       // guarded by mu
}

// admit tells whether a host may be asked for its key now, else how long it
// should wait. known tells whether it wrote before, and is called only where
// that is not remembered.
func (h *newHosts) admit(host string, now time.Time, known func() bool) (wait time.Duration, ok bool) {
	h.mu.Lock()
	old := h.old[host]
	h.mu.Unlock()
	if old {
		return 0, true
	}
	if known() {
		h.knows(host)
		return 0, true
	}
	domain := node.RegistrableDomain(host)
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.Sub(h.swept) > newHostsFor || h.fresh == nil {
		h.swept = now
		kept := map[string]map[string]time.Time{}
		for d, hosts := range h.fresh {
			for name, at := range hosts {
				if now.Sub(at) >= newHostsFor {
					delete(hosts, name)
				}
			}
			if len(hosts) > 0 {
				kept[d] = hosts
			}
		}
		h.fresh = kept
	}
	hosts := h.fresh[domain]
	if _, ok := hosts[host]; ok {
		return 0, true
	}
	var first time.Time
	for name, at := range hosts {
		if now.Sub(at) >= newHostsFor {
			delete(hosts, name)
			continue
		}
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	if len(hosts) >= newHostsPerMinute {
		return first.Add(newHostsFor).Sub(now), false
	}
	if hosts == nil {
		hosts = map[string]time.Time{}
		h.fresh[domain] = hosts
	}
	hosts[host] = now
	return 0, true
}

// knows remembers that a host wrote and was believed.
func (h *newHosts) knows(host string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.old[host] {
		return
	}
	if h.old == nil || len(h.old) >= maxOldHosts {
		h.old = map[string]bool{}
	}
	h.old[host] = true
}

// admitted tells whether the host whose key signed a request may be asked for
// it, and answers 503 if not: everyone comes back after that.
func (s *Server) admitted(w http.ResponseWriter, r *http.Request) bool {
	id, err := signature.KeyID(r)
	if err != nil {
		return true // the signature is judged elsewhere
	}
	host := fetch.Host(id)
	if host == "" || private(host) {
		return true
	}
	wait, ok := s.newcomers.admit(host, s.now(), func() bool { return s.wroteBefore(r.Context(), host) })
	if !ok {
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(wait/time.Second)+1)))
		s.problem(w, http.StatusServiceUnavailable, "many new servers of this domain have written just now; send it again later")
	}
	return ok
}

// wroteBefore tells whether something of a host was ever believed here.
func (s *Server) wroteBefore(ctx context.Context, host string) bool {
	p, err := s.store.Peer(ctx, host)
	if err != nil {
		return community.CodeOf(err) != community.NotFound // a fault of ours must not keep anyone out
	}
	return !p.LastSeen.IsZero() || !p.LastDelivered.IsZero() || p.Followed > 0
}

// private tells of an address that only tests and machines of our own have: it
// can be reached only where the configuration allows that.
func private(host string) bool {
	if at, err := netip.ParseAddrPort(host); err == nil {
		return at.Addr().IsLoopback() || at.Addr().IsPrivate()
	}
	at, err := netip.ParseAddr(host)
	return err == nil && (at.IsLoopback() || at.IsPrivate())
}
