package discover

import (
	"context"
	"errors"
	"strings"
	"time"

	"konfa/community"
	"konfa/federation/fetch"
)

// resolvedFor is how old a stored actor may be that people ask for by name.
const resolvedFor = time.Hour

// Resolve finds an actor by whatever people write: "@city@example.org", with or
// without the first @ or "acct:"; the address of a profile; or a bare host,
// which means the actor of that server (FEP-2677, FEP-d556).
func (r *Resolver) Resolve(ctx context.Context, what string) (*community.Actor, error) {
	what = strings.TrimSpace(what)
	if what == "" || len(what) > 2048 {
		return nil, notFindable(what)
	}
	if strings.Contains(what, "://") {
		return r.resolveAddress(ctx, what)
	}
	if user, host, ok := acct(what); ok {
		a, err := r.resolveAccount(ctx, user, host)
		if err != nil {
			return nil, explain("@"+user+"@"+host, err)
		}
		return a, nil
	}
	name := strings.TrimPrefix(strings.TrimPrefix(what, "acct:"), "@")
	if strings.Contains(name, "/") {
		return r.resolveAddress(ctx, "https://"+name)
	}
	host := fetch.Host(name)
	if host == "" || !strings.ContainsAny(host, ".:") && host != "localhost" {
		return nil, notFindable(what)
	}
	return r.resolveHost(ctx, host)
}

func notFindable(what string) error {
	if len(what) > 100 {
		what = what[:100] + "…"
	}
	return community.Errorf(community.Invalid, "%q is neither a handle nor an address", what).
		WithHint("Write a handle such as @city@example.org, or the address of a profile.")
}

// resolveAddress finds the actor of an id, of a profile page, or of a server.
func (r *Resolver) resolveAddress(ctx context.Context, address string) (*community.Actor, error) {
	host := fetch.Host(address)
	if host == "" {
		return nil, notFindable(address)
	}
	a, err := r.Actor(ctx, address, resolvedFor)
	if err == nil {
		return a, nil
	}
	_, path, _ := strings.Cut(address, "://")
	_, path, _ = strings.Cut(path, "/")
	if path == "" {
		if a, errHost := r.resolveHost(ctx, host); errHost == nil {
			return a, nil
		}
		return nil, err
	}
	switch fetch.KindOf(err) {
	case fetch.WrongType, fetch.NotFound, fetch.Status:
		// A page for people; its server may say whose it is.
		j, errFinger := r.webfinger(ctx, host, address)
		if errFinger == nil && j.self() != "" && j.self() != address {
			return r.Actor(ctx, j.self(), resolvedFor)
		}
	}
	return nil, err
}

// resolveAccount finds the actor of user@host by WebFinger. If the answer is
// about another account, that one is asked for once more: the name that a
// server itself gives decides, but only one step far.
func (r *Resolver) resolveAccount(ctx context.Context, user, host string) (*community.Actor, error) {
	j, err := r.webfinger(ctx, host, "acct:"+user+"@"+host)
	if err != nil {
		return nil, err
	}
	if subject, subjectHost, ok := acct(j.subject); ok && (!strings.EqualFold(subject, user) || subjectHost != host) {
		if j, err = r.webfinger(ctx, subjectHost, "acct:"+subject+"@"+subjectHost); err != nil {
			return nil, err
		}
		again, againHost, ok := acct(j.subject)
		if !ok || !strings.EqualFold(again, subject) || againHost != subjectHost {
			return nil, community.Errorf(community.Refused, "@%s@%s leads from one name to the next and never arrives", user, host)
		}
	}
	self := j.self()
	if self == "" {
		return nil, community.Errorf(community.NotFound, "@%s@%s has no ActivityPub actor", user, host)
	}
	return r.Actor(ctx, self, resolvedFor)
}

// resolveHost finds the actor of a server: the Application link of NodeInfo
// (FEP-2677), then the WebFinger answer about the server itself (FEP-d556),
// then the account relay, which Mobilizon and Gancio have, then whatever is at
// its root.
func (r *Resolver) resolveHost(ctx context.Context, host string) (*community.Actor, error) {
	ni, first := r.nodeInfo(ctx, host)
	if first == nil && ni.application != "" {
		if a, err := r.Actor(ctx, ni.application, resolvedFor); err == nil {
			return a, nil
		}
	}
	if e, ok := errors.AsType[*fetch.Error](first); ok && e.Temporary() && e.Status == 0 {
		return nil, explain(host, first) // nothing else of it will answer
	}
	origin := "https://" + host
	if q, _ := r.quirks.get(host, r.clock()); q.plain != "" {
		origin = q.plain + "://" + host
	}
	if j, err := r.webfinger(ctx, host, origin); err == nil {
		if a, err := r.serverActor(ctx, j, host); err == nil {
			return a, nil
		}
	}
	if a, err := r.resolveAccount(ctx, "relay", host); err == nil {
		return a, nil
	}
	if a, err := r.Actor(ctx, origin+"/", resolvedFor); err == nil {
		return a, nil
	}
	return nil, community.Errorf(community.NotFound, "%s has no actor of its own", host).
		WithHint("Write the handle of someone there, such as @city@" + host + ".")
}

// The relations under which a server names its actor.
const (
	relApplication = "https://www.w3.org/ns/activitystreams#Application" // FEP-2677
	relService     = "https://www.w3.org/ns/activitystreams#Service"     // FEP-d556
)

func (r *Resolver) serverActor(ctx context.Context, j *jrd, host string) (*community.Actor, error) {
	for _, rel := range []string{relApplication, relService} {
		for _, l := range j.links {
			if l.rel == rel && l.href != "" && fetch.Host(l.href) == host {
				return r.Actor(ctx, l.href, resolvedFor)
			}
		}
	}
	if self := j.self(); self != "" {
		return r.Actor(ctx, self, resolvedFor)
	}
	return nil, community.Errorf(community.NotFound, "%s has no actor of its own", host)
}
