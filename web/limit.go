package web

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/time/rate"
)

// limits let each address do something so many times a second, with a burst.
// They remember the last ten thousand addresses: whoever comes from more of
// them at once is no visitor.
type limits struct {
	each  rate.Limit
	burst int
	known *otter.Cache[netip.Addr, *rate.Limiter]
}

func newLimits(each rate.Limit, burst int) *limits {
	return &limits{each: each, burst: burst, known: otter.Must(&otter.Options[netip.Addr, *rate.Limiter]{
		MaximumSize:      10_000,
		ExpiryCalculator: otter.ExpiryAccessing[netip.Addr, *rate.Limiter](10 * time.Minute),
	})}
}

// allow tells whether whoever sent the request may do it once more.
func (l *limits) allow(r *http.Request) bool {
	addr := visitor(r)
	lim, ok := l.known.GetIfPresent(addr)
	if !ok {
		lim, _ = l.known.SetIfAbsent(addr, rate.NewLimiter(l.each, l.burst))
	}
	return lim.Allow()
}

// visitor is the address of who asks. Of IPv6 it is the network of 64 bits that
// one household has, or else one machine would be endlessly many.
func visitor(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := ap.Addr().Unmap()
	if addr.Is6() {
		if p, err := addr.Prefix(64); err == nil {
			return p.Masked().Addr()
		}
	}
	return addr
}
