package federation

import (
	"context"
	"regexp"
	"strings"

	"konfa/activitystreams"
	"konfa/community"
	"konfa/federation/fetch"
)

// The relations by which a server says where its people do things with what is
// elsewhere.
const (
	relIntent    = "https://w3id.org/fep/3b86/"
	relSubscribe = "http://ostatus.org/schema/1.0/subscribe"
)

// IntentTemplate finds where a visitor's own server lets them do something: an
// address with {object}, {inReplyTo} or {uri} in the place of what it is about.
// Handle is "@anna@example.org", or the bare host of a server. Asked for is the
// intent itself, then the one that only shows the thing (FEP-3b86), then the
// older address of OStatus; of a bare host that says nothing, what Mastodon
// guesses. Errors have the key intent.unknown for a handle that does not exist,
// intent.silent for a server that does not answer, and intent.none for one that
// offers nothing.
func (s *Server) IntentTemplate(ctx context.Context, handle string, want community.Intent) (string, error) {
	user, host, named := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(handle), "acct:"), "@"), "@")
	if !named {
		user, host = "", user
	}
	if host = fetch.Host(host); host == "" || strings.Contains(handle, "/") || named && user == "" || !named && strings.HasPrefix(strings.TrimSpace(handle), "@") {
		return "", community.Errorf(community.Invalid, "%q is not a handle", clip(handle, 100)).WithHint("write it like @anna@example.org")
	}
	if blocked, why := s.blocked(ctx, "https://"+host+"/"); blocked {
		return "", community.Errorf(community.Forbidden, "%s", why)
	}
	var links map[string]string
	var err error
	if named {
		links, err = s.resolver.Links(ctx, "acct:"+user+"@"+host)
	} else {
		links, err = s.resolver.ServerLinks(ctx, host)
	}
	if err == nil {
		if template := intentOf(links, host, want); template != "" {
			return template, nil
		}
	} else if !spoke(err) {
		return "", &community.Error{Code: community.Refused, Key: "intent.silent", Msg: host + " does not answer now", Err: err}
	} else if named {
		return "", &community.Error{Code: community.NotFound, Key: "intent.unknown", Msg: "@" + user + "@" + host + " does not exist", Err: err}
	}
	if !named {
		return "https://" + host + "/authorize_interaction?uri={uri}", nil
	}
	return "", &community.Error{Code: community.NotFound, Key: "intent.none", Msg: host + " does not say how to do this from there",
		Hint: "search for the address on your own server"}
}

// spoke tells whether a host was there, whatever it said.
func spoke(err error) bool {
	switch fetch.KindOf(err) {
	case fetch.Timeout, fetch.Network, fetch.TLS, fetch.Busy, fetch.Blocked, fetch.BadURL:
		return false
	}
	return true
}

// intentOf picks from the links of a visitor. What makes an answer must know
// what it answers.
func intentOf(links map[string]string, host string, want community.Intent) string {
	usable := func(template string, places ...string) bool {
		if len(template) > 2000 || !strings.HasPrefix(template, "https://") && !strings.HasPrefix(template, "http://") {
			return false
		}
		// It may only lead to where the visitor is at home, which is where their
		// handle or their actor is, or it would be a way to send people anywhere.
		plain := placeholders.ReplaceAllString(template, "x")
		to := fetch.Host(plain)
		if to == "" || to != host && to != fetch.Host(links["self"]) {
			return false
		}
		for _, p := range places {
			if strings.Contains(template, p) {
				return true
			}
		}
		return false
	}
	place := "{object}"
	if want == community.ReplyIntent {
		place = "{inReplyTo}"
	}
	if t := links[relIntent+string(want)]; usable(t, place) {
		return t
	}
	if t := links[relIntent+string(community.ObjectIntent)]; usable(t, "{object}") {
		return t
	}
	if t := links[relSubscribe]; usable(t, "{uri}") {
		return t
	}
	return ""
}

// FetchPost reads a post of another server for someone to look at: it is not
// kept. Refused for what is not for everyone.
func (s *Server) FetchPost(ctx context.Context, uri string) (*community.Post, *community.Actor, error) {
	id, body, err := s.fetched(ctx, uri)
	if err != nil {
		return nil, nil, err
	}
	p, err := activitystreams.ReadPost(body)
	if err != nil {
		return nil, nil, err
	}
	author, err := s.authorOf(ctx, id, p.AttributedTo)
	if err != nil {
		return nil, nil, err
	}
	if p.Visibility != community.Public && p.Visibility != community.Unlisted {
		return nil, nil, community.Errorf(community.Refused, "%s is not for everyone", id)
	}
	p.Post.AuthorID = author.ID
	return &p.Post, author, nil
}

// placeholders are the parts of a template that whoever uses it fills in.
var placeholders = regexp.MustCompile(`\{[^{}]*\}`)

// Know makes sure that what someone here answers is known here, so that the
// answer reaches whom it answers: a conference or a post anywhere, by its
// address.
func (s *Server) Know(ctx context.Context, uri string) error {
	if s.knownHere(ctx, uri) {
		return nil
	}
	p, author, err := s.FetchPost(ctx, uri)
	if err == nil {
		if p.URI != uri && s.knownHere(ctx, p.URI) {
			return nil
		}
		return s.node.StorePost(ctx, author, p)
	}
	if temporary(err) || community.CodeOf(err) == community.NotFound || community.CodeOf(err) == community.Gone {
		return err
	}
	if _, confErr := s.FetchConference(ctx, uri); confErr != nil {
		return err
	}
	return nil
}

// PointTo has the city write to whoever has a handle, with the address of a thing
// of ours.
func (s *Server) PointTo(ctx context.Context, handle, object, lang string) error {
	a, err := s.FetchActor(ctx, handle)
	if err != nil {
		return err
	}
	return s.node.PointTo(ctx, a, object, lang)
}
