package discover

import (
	"context"
	"net/http"
	"strings"

	"konfa/community"
	"konfa/federation/fetch"
	"konfa/federation/signature"
)

// get fetches an ActivityPub document, signed, in the way that the host is
// known to verify: draft-cavage first, since older servers know nothing else,
// and on 401 without the query, then by RFC 9421.
func (r *Resolver) get(ctx context.Context, address string) (*fetch.Document, error) {
	if r.sign == nil {
		return r.ask(ctx, address, fetch.Request{Accept: fetch.ActivityJSON})
	}
	host := fetch.Host(address)
	q := r.quirksOf(ctx, host)
	var doc *fetch.Document
	var err error
	for i, scheme := range q.order(strings.Contains(address, "?")) {
		doc, err = r.ask(ctx, address, fetch.Request{
			Accept: fetch.ActivityJSON,
			Sign:   func(req *http.Request) error { return r.sign(req, scheme) },
		})
		if err == nil && i > 0 {
			r.learn(ctx, host, q, scheme)
		}
		if fetch.KindOf(err) != fetch.Unauthorized {
			break
		}
	}
	return doc, err
}

// order lists the schemes to try, the likeliest first.
func (q hostQuirks) order(query bool) []signature.Scheme {
	cavage := []signature.Scheme{signature.Cavage}
	if query {
		cavage = append(cavage, signature.CavageNoQuery)
		if q.noQuery {
			cavage[0], cavage[1] = cavage[1], cavage[0]
		}
	}
	if q.scheme == signature.RFC9421 {
		return append([]signature.Scheme{signature.RFC9421}, cavage...)
	}
	return append(cavage, signature.RFC9421)
}

// quirksOf recalls how a host is talked to.
func (r *Resolver) quirksOf(ctx context.Context, host string) hostQuirks {
	if q, ok := r.quirks.get(host, r.clock()); ok {
		return q
	}
	q := hostQuirks{scheme: signature.Cavage}
	if p, err := r.store.Peer(ctx, host); err == nil && p.Scheme == string(signature.RFC9421) {
		q.scheme = signature.RFC9421
	}
	// Deliveries may learn it too, so it is read again now and then.
	r.quirks.put(host, q, r.clock().Add(peerTryFor))
	return q
}

// learn remembers which scheme worked after the likeliest did not.
func (r *Resolver) learn(ctx context.Context, host string, q hostQuirks, worked signature.Scheme) {
	was := q.scheme
	switch worked {
	case signature.RFC9421:
		q.scheme = signature.RFC9421
	default:
		q.scheme, q.noQuery = signature.Cavage, worked == signature.CavageNoQuery
	}
	r.quirks.put(host, q, r.clock().Add(peerFor))
	if q.scheme != was {
		// Only a convenience: without it the next start learns it again.
		_ = r.store.SetPeerScheme(ctx, host, string(q.scheme))
	}
}

// ask makes one request, unless the host did not answer a moment ago.
func (r *Resolver) ask(ctx context.Context, address string, req fetch.Request) (*fetch.Document, error) {
	host := fetch.Host(address)
	if err, dead := r.dead.get(host, r.clock()); dead {
		return nil, err
	}
	doc, err := r.client.Get(ctx, address, req)
	switch fetch.KindOf(err) {
	case fetch.Timeout, fetch.TLS, fetch.Network:
		// A caller that went away says nothing about the host.
		if ctx.Err() == nil {
			r.dead.put(host, err, r.clock().Add(deadFor))
		}
	}
	return doc, err
}

// askHost fetches path from a host of which only the name is known. Where http
// is allowed (tests, the demo), it is tried after https and remembered.
func (r *Resolver) askHost(ctx context.Context, host, path string, req fetch.Request) (*fetch.Document, error) {
	q, _ := r.quirks.get(host, r.clock())
	if q.plain != "" {
		return r.ask(ctx, q.plain+"://"+host+path, req)
	}
	doc, err := r.ask(ctx, "https://"+host+path, req)
	if !r.client.Insecure() {
		return doc, err
	}
	switch fetch.KindOf(err) {
	case fetch.TLS, fetch.Network:
		r.dead.forget(host)
		plain, errPlain := r.ask(ctx, "http://"+host+path, req)
		if fetch.KindOf(errPlain) == fetch.BadURL || fetch.KindOf(errPlain) == fetch.Blocked {
			return nil, err
		}
		if errPlain == nil {
			q = r.quirksOf(ctx, host)
			q.plain = "http"
			r.quirks.put(host, q, r.clock().Add(peerTryFor))
		}
		return plain, errPlain
	}
	return doc, err
}

// explain makes an error of a fetch one that people can read. The fetch.Error
// stays inside.
func explain(what string, err error) error {
	if err == nil {
		return nil
	}
	if community.CodeOf(err) != community.Internal {
		return err // it is one already
	}
	e := &community.Error{Code: community.Refused, Err: err}
	switch fetch.KindOf(err) {
	case fetch.NotFound:
		e.Code, e.Msg, e.Hint = community.NotFound, what+" does not exist", "Check the spelling of the address."
	case fetch.Gone:
		e.Code, e.Msg = community.Gone, what+" was deleted"
	case fetch.Unauthorized, fetch.Forbidden:
		e.Code, e.Msg, e.Hint = community.Forbidden, "the server of "+what+" refuses to talk to us", "It may have blocked this node, or not be able to reach it."
	case fetch.Timeout, fetch.Network, fetch.TLS, fetch.Busy:
		e.Msg, e.Hint = "the server of "+what+" cannot be reached now", "Check the spelling of the address, or try again later."
	case fetch.Blocked:
		e.Msg, e.Hint = what+" is on a private network", "allow_addresses in the configuration lists the private ranges that may be reached."
	case fetch.BadURL, fetch.Redirects:
		e.Code, e.Msg = community.Invalid, what+" is not an address that can be fetched"
	case fetch.WrongType:
		e.Msg, e.Hint = what+" is not an ActivityPub address", "Give the address of a profile, or a handle such as @city@example.org."
	case fetch.TooLarge:
		e.Msg = what + " is too large"
	case fetch.Status:
		e.Msg, e.Hint = "the server of "+what+" answered with an error", "Try again later."
	default:
		return err
	}
	return e
}
