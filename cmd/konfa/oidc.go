package main

import (
	"net/url"

	"konfa/federation/fetch"
	"konfa/web"
)

// oidc is who else vouches for members, or nil. It is asked like other servers
// are, and no further.
func (c *Config) oidc(o fetch.Options) *web.OIDC {
	if c.OIDCIssuer == "" {
		return nil
	}
	name := c.OIDCName
	if u, err := url.Parse(c.OIDCIssuer); err == nil && name == "" {
		name = u.Hostname()
	}
	return &web.OIDC{Issuer: c.OIDCIssuer, ClientID: c.OIDCClientID, ClientSecret: c.OIDCSecret, Name: name, Client: fetch.New(o).HTTP()}
}
