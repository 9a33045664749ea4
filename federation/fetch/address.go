package fetch

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// maxURL bounds the length of an address; no server makes ids this long.
const maxURL = 2048

// Host returns the host of an address, or of a bare host, as hosts are compared
// and stored everywhere: ASCII (IDNA), lower case, without a trailing dot, and
// with a port only where it is not the default of the scheme. A bare host
// counts as https. It returns "" for what has no proper host. An IPv6 address
// keeps its brackets.
func Host(address string) string {
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return ""
	}
	return hostOf(u)
}

func hostOf(u *url.URL) string {
	name := asciiName(u.Hostname())
	if name == "" {
		return ""
	}
	port := u.Port()
	if port == "" {
		return name
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return ""
	}
	if n == 443 && u.Scheme == "https" || n == 80 && u.Scheme == "http" {
		return name
	}
	return name + ":" + strconv.FormatUint(n, 10)
}

// asciiName brings a host name, without a port, into its one form.
func asciiName(name string) string {
	if addr, err := netip.ParseAddr(name); err == nil {
		if addr.Zone() != "" {
			return "" // of this machine's links only
		}
		if addr.Is6() {
			return "[" + addr.String() + "]"
		}
		return addr.String()
	}
	ascii, err := idna.Lookup.ToASCII(strings.TrimSuffix(name, "."))
	if err != nil {
		// Lookup refuses names that are in use, such as those with an underscore.
		ascii = plainName(name)
	}
	ascii = strings.TrimSuffix(strings.ToLower(ascii), ".")
	if ascii == "" || len(ascii) > 253 || strings.Contains(ascii, "..") || strings.HasPrefix(ascii, ".") || strings.HasSuffix(ascii, ".") {
		return ""
	}
	return ascii
}

// plainName returns an ASCII name as it is, and "" for any other.
func plainName(name string) string {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	for i := 0; i < len(name); i++ {
		c := name[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_') {
			return ""
		}
	}
	return name
}

// SameOrigin tells whether two addresses have the same scheme, host and port:
// what one of them says, the other may vouch for (FEP-fe34).
func SameOrigin(a, b string) bool {
	u, err := url.Parse(a)
	if err != nil {
		return false
	}
	v, err := url.Parse(b)
	if err != nil {
		return false
	}
	h := hostOf(u)
	return h != "" && strings.EqualFold(u.Scheme, v.Scheme) && h == hostOf(v)
}

// SameAddress tells whether two addresses are the same but for the fragment and
// for the spelling of scheme and host.
func SameAddress(a, b string) bool {
	if a == b {
		return true
	}
	u, err := url.Parse(a)
	if err != nil {
		return false
	}
	v, err := url.Parse(b)
	if err != nil || !SameOrigin(a, b) {
		return false
	}
	path := func(u *url.URL) string {
		if p := u.EscapedPath(); p != "" {
			return p
		}
		return "/"
	}
	return path(u) == path(v) && u.RawQuery == v.RawQuery
}

// parse reads an address and refuses what we do not go to. The host is brought
// into its one form, and the fragment dropped.
func (c *Client) parse(address string) (*url.URL, error) {
	bad := func(msg string) error { return &Error{Kind: BadURL, URL: shorten(address), Msg: msg} }
	if len(address) > maxURL {
		return nil, bad("the address is too long")
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, bad("this is not an address")
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, bad("only https addresses are fetched")
	case u.Scheme == "http" && !c.insecure:
		return nil, bad("only https addresses are fetched, not http")
	case u.User != nil:
		return nil, bad("the address has a user name or password in it")
	case u.Opaque != "":
		return nil, bad("the address has no host")
	}
	host := hostOf(u)
	if host == "" {
		return nil, bad("the address has no proper host")
	}
	u.Host, u.Fragment, u.RawFragment = host, "", ""
	return u, nil
}

// shorten keeps what strangers wrote from filling our logs.
func shorten(s string) string {
	if len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}
