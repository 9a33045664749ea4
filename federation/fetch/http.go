package fetch

import (
	"io"
	"net/http"
)

// maxHTTPBody bounds what is read of an answer by a program of others.
const maxHTTPBody = 1 << 20

// HTTP is a client for libraries that speak HTTP by themselves. It goes where this
// one goes and no further; it follows no redirects, and cuts answers off after a
// mebibyte.
func (c *Client) HTTP() *http.Client {
	return &http.Client{
		Transport:     guarded{c},
		Timeout:       c.timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// guarded sends requests by the client's own ways out.
type guarded struct{ c *Client }

// RoundTrip is http.RoundTripper.
func (g guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, err := g.c.parse(r.URL.String()); err != nil {
		return nil, err
	}
	transport := g.c.secure
	if r.URL.Scheme == "http" {
		transport = g.c.plain
	}
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", g.c.userAgent)
	res, err := transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, maxHTTPBody), res.Body}
	return res, nil
}
