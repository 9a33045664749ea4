package fetch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
)

// errBlocked is inside the error of a dial that the guard stopped.
var errBlocked = errors.New("the address must not be reached")

// guard says which addresses may be dialed. It runs on the address that the
// system is about to connect to, so that no trick with names gets around it.
type guard struct {
	allow  []netip.Prefix
	public *ssrf.Guardian
}

func newGuard(allow []netip.Prefix) *guard {
	var v4, v6 []netip.Prefix
	for _, p := range allow {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	return &guard{
		allow: allow,
		public: ssrf.New(
			ssrf.WithAnyPort(), // nodes do run on other ports
			ssrf.WithAllowedV4Prefixes(v4...),
			ssrf.WithAllowedV6Prefixes(v6...),
		),
	}
}

// control lets through what is public or allowed: for https.
func (g *guard) control(network, address string, c syscall.RawConn) error {
	if err := g.public.Safe(network, address, c); err != nil {
		return fmt.Errorf("%w: %s: %w", errBlocked, address, err)
	}
	return nil
}

// controlPlain lets through only what is allowed by name: for http.
func (g *guard) controlPlain(network, address string, c syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err == nil {
		for _, p := range g.allow {
			if p.Contains(ap.Addr()) {
				return g.control(network, address, c)
			}
		}
	}
	return fmt.Errorf("%w: %s: http goes only to addresses that are allowed by name", errBlocked, address)
}

// dialer connects through the guard, looking names up with lookup if there is
// one. Names under localhost are this machine's own, and are not asked for:
// resolvers differ in whether they know them (RFC 6761 §6.3).
func dialer(d *net.Dialer, lookup func(context.Context, string) ([]netip.Addr, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		var addrs []netip.Addr
		switch {
		case strings.HasSuffix(host, ".localhost"):
			addrs = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
		case lookup == nil || isAddress(host):
			return d.DialContext(ctx, network, address)
		default:
			if addrs, err = lookup(ctx, host); err != nil {
				return nil, err
			}
		}
		err = fmt.Errorf("there is no server named %s", host)
		for _, a := range addrs {
			conn, failed := d.DialContext(ctx, network, net.JoinHostPort(a.String(), port))
			if failed == nil {
				return conn, nil
			}
			// What the guard stopped says more than what did not answer.
			if !errors.Is(err, errBlocked) {
				err = failed
			}
		}
		return nil, err
	}
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}
