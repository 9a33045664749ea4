package federation

import (
	"net/http"
	"net/netip"
)

// clientOf names who made a request, for the rate of those that cannot be
// believed: the address, as whoever mounts the routes found it out, and of IPv6
// the /64, which is what one customer has. What a request claims to be has no
// part in it, or anybody could use up the turns of anybody.
func clientOf(r *http.Request) string {
	addr, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	ip := addr.Addr().Unmap()
	if ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}
