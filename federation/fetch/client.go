package fetch

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Options sets up a client.
type Options struct {
	// Allow are private ranges that may be reached all the same.
	Allow []netip.Prefix
	// UserAgent is "konfa/<version> (+https://host/)": Mastodon and others show
	// and block by it.
	UserAgent string
	// RootCAs are who may vouch for servers; nil means those of the system.
	RootCAs *x509.CertPool
	// Timeout bounds one request with its redirects and its body; 10 s if zero.
	Timeout time.Duration
	// InsecureHTTP lets http addresses through, but only towards Allow.
	InsecureHTTP bool
	// Lookup finds the addresses of a name; nil means the system's way. What it
	// says is checked like any other address.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	// Clock reads dates in Retry-After; nil means time.Now.
	Clock func() time.Time
}

// Bounds of every request.
const (
	defaultTimeout     = 10 * time.Second
	connectTimeout     = 5 * time.Second
	maxResponseHeaders = 64 << 10
	maxRedirects       = 3  // as Mastodon follows
	maxConnsPerHost    = 16 // more would be rude
	maxReply           = 4 << 10
	maxRetryAfter      = 7 * 24 * time.Hour
)

// Client makes requests to other servers. It may be used by many goroutines,
// and keeps connections open between requests.
type Client struct {
	secure, plain *http.Transport
	userAgent     string
	timeout       time.Duration
	insecure      bool
	clock         func() time.Time
}

// New makes a client.
func New(o Options) *Client {
	c := &Client{userAgent: o.UserAgent, timeout: o.Timeout, insecure: o.InsecureHTTP, clock: o.Clock}
	if c.userAgent == "" {
		c.userAgent = "konfa"
	}
	if c.timeout == 0 {
		c.timeout = defaultTimeout
	}
	if c.clock == nil {
		c.clock = time.Now
	}
	g := newGuard(o.Allow)
	transport := func(d *net.Dialer) *http.Transport {
		d.Timeout = min(connectTimeout, c.timeout)
		d.KeepAlive = 30 * time.Second
		return &http.Transport{
			Proxy:                  nil, // a proxy would resolve and dial past the guard
			DialContext:            dialer(d, o.Lookup),
			TLSClientConfig:        &tls.Config{RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    min(connectTimeout, c.timeout),
			ResponseHeaderTimeout:  c.timeout,
			ExpectContinueTimeout:  time.Second,
			ForceAttemptHTTP2:      true,
			MaxConnsPerHost:        maxConnsPerHost,
			MaxIdleConnsPerHost:    4,
			MaxIdleConns:           512,
			IdleConnTimeout:        90 * time.Second,
			MaxResponseHeaderBytes: maxResponseHeaders,
		}
	}
	// Two transports, so that a connection for http can never be one for https.
	c.secure = transport(&net.Dialer{Control: g.control})
	c.plain = transport(&net.Dialer{Control: g.controlPlain})
	return c
}

// Close closes the connections that are not in use.
func (c *Client) Close() {
	c.secure.CloseIdleConnections()
	c.plain.CloseIdleConnections()
}

// Request says what is asked for.
type Request struct {
	Accept   Accept
	Sign     func(*http.Request) error // nil for no signature; called again after a redirect
	MaxBytes int64                     // of the body when unpacked; 0 means what fits the kind
	// ETag and LastModified of what the caller has; if it still holds, Get
	// answers with NotModified and no body.
	ETag, LastModified string
}

// Document is what a server answered.
type Document struct {
	URL          string // where it came from in the end, after redirects, without a fragment
	ContentType  string
	Body         []byte
	ETag         string
	LastModified string
	NotModified  bool
	Date         time.Time // on the clock of the server, in whole seconds; zero where it did not say
}

// Get fetches a document. The error is an *Error.
func (c *Client) Get(ctx context.Context, address string, r Request) (*Document, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	u, err := c.parse(address)
	if err != nil {
		return nil, err
	}
	for hops := 0; ; hops++ {
		doc, next, err := c.getOnce(ctx, u, r)
		if err != nil {
			return nil, err
		}
		if next == "" {
			return doc, nil
		}
		if hops == maxRedirects {
			return nil, &Error{Kind: Redirects, URL: shorten(address), Msg: fmt.Sprintf("more than %d redirects", maxRedirects)}
		}
		if u, err = c.follow(u, next); err != nil {
			return nil, err
		}
	}
}

// follow resolves a Location against where it was said.
func (c *Client) follow(from *url.URL, location string) (*url.URL, error) {
	if len(location) > maxURL {
		return nil, &Error{Kind: Redirects, URL: from.String(), Msg: "the redirect leads to an address that is too long"}
	}
	ref, err := from.Parse(location)
	if err != nil {
		return nil, &Error{Kind: Redirects, URL: from.String(), Msg: "the redirect leads to something that is not an address"}
	}
	to, err := c.parse(ref.String())
	if err != nil {
		return nil, err
	}
	if from.Scheme == "https" && to.Scheme != "https" {
		return nil, &Error{Kind: Redirects, URL: from.String(), Msg: "the redirect leads from https to http"}
	}
	return to, nil
}

// getOnce makes one request; next is where it redirects to.
func (c *Client) getOnce(ctx context.Context, u *url.URL, r Request) (doc *Document, next string, err error) {
	address := u.String()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, "", &Error{Kind: BadURL, URL: address, Msg: "this is not an address", Err: err}
	}
	req.Header.Set("Accept", r.Accept.header())
	if r.ETag != "" {
		req.Header.Set("If-None-Match", r.ETag)
	}
	if r.LastModified != "" {
		req.Header.Set("If-Modified-Since", r.LastModified)
	}
	resp, err := c.do(req, r.Sign)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		if location := resp.Header.Get("Location"); location != "" {
			drain(resp.Body)
			return nil, location, nil
		}
	case http.StatusNotModified:
		if r.ETag != "" || r.LastModified != "" {
			return &Document{URL: address, NotModified: true, ETag: r.ETag, LastModified: r.LastModified}, "", nil
		}
	}
	if e := statusError(address, resp.StatusCode, c.retryAfter(resp.Header)); e != nil {
		drain(resp.Body)
		return nil, "", e
	}
	doc = &Document{URL: address, ContentType: contentType(resp.Header), ETag: resp.Header.Get("ETag"), LastModified: resp.Header.Get("Last-Modified")}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		doc.Date = date
	}
	if !r.Accept.takes(doc.ContentType) {
		return nil, "", &Error{Kind: WrongType, URL: address, Status: resp.StatusCode, Msg: fmt.Sprintf("it is of type %q, which is not what was asked for", shorten(doc.ContentType))}
	}
	// The transport has unpacked gzip, which is all that it asks for.
	if enc := resp.Header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return nil, "", &Error{Kind: WrongType, URL: address, Status: resp.StatusCode, Msg: fmt.Sprintf("it is packed with %q, which was not asked for", shorten(enc))}
	}
	limit := r.MaxBytes
	if limit <= 0 {
		limit = r.Accept.limit()
	}
	tooLarge := &Error{Kind: TooLarge, URL: address, Status: resp.StatusCode, Msg: fmt.Sprintf("it is larger than %d bytes", limit)}
	if resp.ContentLength > limit {
		return nil, "", tooLarge
	}
	// Counted after unpacking: a few bytes of gzip can become gigabytes.
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, "", c.failure(address, err)
	}
	if int64(len(body)) > limit {
		return nil, "", tooLarge
	}
	doc.Body = body
	return doc, "", nil
}

// Response is what an inbox answered: any status counts as an answer.
type Response struct {
	Status     int
	RetryAfter time.Duration // 0 when they did not say
	Body       []byte        // its beginning, for the log
}

// Post sends an activity. Redirects are not followed: an inbox that moved is
// learned from its actor. The error is an *Error, and there is none when the
// server answered, whatever it answered.
func (c *Client) Post(ctx context.Context, address string, body []byte, sign func(*http.Request) error) (*Response, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	u, err := c.parse(address)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, &Error{Kind: BadURL, URL: shorten(address), Msg: "this is not an address", Err: err}
	}
	req.Header.Set("Content-Type", "application/activity+json")
	req.Header.Set("Accept", ActivityJSON.header())
	resp, err := c.do(req, sign)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	out := &Response{Status: resp.StatusCode, RetryAfter: c.retryAfter(resp.Header)}
	// The answer is given; what follows it does not change it.
	out.Body, _ = io.ReadAll(io.LimitReader(resp.Body, maxReply))
	return out, nil
}

func (c *Client) do(req *http.Request, sign func(*http.Request) error) (*http.Response, error) {
	req.Header.Set("User-Agent", c.userAgent)
	if sign != nil {
		if err := sign(req); err != nil {
			return nil, &Error{Kind: BadURL, URL: req.URL.String(), Msg: "the request could not be signed", Err: err}
		}
	}
	transport := c.secure
	if req.URL.Scheme != "https" {
		transport = c.plain
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return nil, c.failure(req.URL.String(), err)
	}
	return resp, nil
}

// drain reads the rest of a short body, so that the connection can be kept.
func drain(body io.Reader) { _, _ = io.CopyN(io.Discard, body, maxReply) }

// failure says what a failed connection was about.
func (c *Client) failure(address string, err error) *Error {
	e := &Error{Kind: Network, URL: address, Err: err, Msg: "the server cannot be reached"}
	var (
		timeout     net.Error
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
	)
	switch {
	case errors.Is(err, errBlocked):
		e.Kind, e.Msg = Blocked, "it leads to an address that may not be reached"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		e.Kind, e.Msg = Timeout, "the server did not answer in time"
	case errors.As(err, &certificate), errors.As(err, &record), strings.Contains(err.Error(), "tls: "):
		e.Kind, e.Msg = TLS, "no secure connection could be made"
	case strings.Contains(err.Error(), "server response headers exceeded"), strings.Contains(err.Error(), "too many 1xx"):
		e.Kind, e.Msg = TooLarge, "the headers of the answer are too large"
	}
	return e
}

// retryAfter reads seconds or a date (RFC 9110 §10.2.3), at most a week.
func (c *Client) retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if v == "" {
		return 0
	}
	var d time.Duration
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		d = time.Duration(n) * time.Second
	} else if t, err := http.ParseTime(v); err == nil {
		d = t.Sub(c.clock())
	}
	return max(0, min(d, maxRetryAfter))
}

// Insecure tells whether http addresses are let through.
func (c *Client) Insecure() bool { return c.insecure }
