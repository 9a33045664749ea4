package federation

import (
	"net/http"
	"net/netip"
)

// clientOf names who made a request, for the rate of those that cannot be
// believed: the address, as whoever mounts the routes found it out, and of IPv6
// the /64, which is what one customer has. A private address is likely a proxy
// that nobody told us of, with everyone behind it; then it is the address with
// the host that the request claims to be of.
func clientOf(r *http.Request, claimed string) string {
	addr, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr + " " + claimed
	}
	ip := addr.Addr().Unmap()
	if ip.IsLoopback() || ip.IsPrivate() {
		return ip.String() + " " + claimed
	}
	if ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}
