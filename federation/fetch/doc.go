// Package fetch is the one HTTP client for requests to other servers.
//
// Whatever address a stranger gives us ends here, so that it cannot make us
// reach into a private network, wait for ever, or read without end: the address
// that is really dialed is checked on every connection (whatever the name
// resolved to, after every redirect), and time, size, redirects and types are
// bounded.
package fetch
