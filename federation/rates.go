package federation

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// rates limits how much one host may send, so that a host gone mad costs the
// others nothing.
type rates struct {
	perSecond rate.Limit
	burst     int
	clock     func() time.Time

	mu    sync.Mutex
	hosts map[string]*hostRate // guarded by mu
	swept time.Time            // guarded by mu
}

type hostRate struct {
	limiter *rate.Limiter
	used    time.Time
}

func newRates(perSecond rate.Limit, burst int, clock func() time.Time) *rates {
	return &rates{perSecond: perSecond, burst: burst, clock: clock, hosts: map[string]*hostRate{}}
}

// take uses n of the host's turns, or says how long it should wait.
func (r *rates) take(host string, n int) (wait time.Duration, ok bool) {
	now := r.clock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.swept) > time.Minute {
		// A limiter that was full again is the same as none.
		full := time.Duration(float64(r.burst)/float64(r.perSecond)*float64(time.Second)) + time.Second
		for h, l := range r.hosts {
			if now.Sub(l.used) > full {
				delete(r.hosts, h)
			}
		}
		r.swept = now
	}
	l := r.hosts[host]
	if l == nil {
		l = &hostRate{limiter: rate.NewLimiter(r.perSecond, r.burst)}
		r.hosts[host] = l
	}
	l.used = now
	if l.limiter.AllowN(now, max(1, min(n, r.burst))) {
		return 0, true
	}
	return time.Second, false
}

// peek tells whether there is a turn left without using it.
func (r *rates) peek(host string) (wait time.Duration, ok bool) {
	r.mu.Lock()
	l := r.hosts[host]
	r.mu.Unlock()
	if l == nil || l.limiter.TokensAt(r.clock()) >= 1 {
		return 0, true
	}
	return time.Duration(float64(time.Second) / float64(r.perSecond)), false
}
