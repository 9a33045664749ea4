package federation

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"konfa/community"
	"konfa/federation/fetch"
)

// resource is what a WebFinger query asks about, in our terms.
type resource struct {
	Handle string // of acct:handle@host, lower case
	Host   string // lower case, with the port as it was given
	Path   string // of an http address, without the leading slash
	Acct   bool
}

// parseResource reads the resource of a WebFinger query (RFC 7033 §4.5, RFC
// 7565). Invalid for what is not an acct:, https: or http: URI.
func parseResource(s string) (resource, error) {
	bad := func() (resource, error) {
		return resource{}, community.Errorf(community.Invalid, "the resource is not an acct: or https: address").
			WithHint("ask for ?resource=acct:name@host")
	}
	if len(s) > 2000 || strings.ContainsAny(s, " \t\r\n\x00") {
		return bad()
	}
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok {
		return bad()
	}
	switch strings.ToLower(scheme) {
	case "acct":
		// Some clients write acct:@name@host.
		rest = strings.TrimPrefix(rest, "@")
		if unescaped, err := url.PathUnescape(rest); err == nil {
			rest = unescaped
		}
		i := strings.LastIndexByte(rest, '@')
		if i <= 0 || i == len(rest)-1 || strings.ContainsAny(rest[i+1:], "/?#@") {
			return bad()
		}
		host := strings.TrimSuffix(strings.ToLower(rest[i+1:]), ".")
		if host == "" {
			return bad()
		}
		return resource{Acct: true, Handle: strings.ToLower(rest[:i]), Host: host}, nil
	case "https", "http":
		u, err := url.Parse(s)
		if err != nil || u.Host == "" || u.User != nil {
			return bad()
		}
		host := strings.TrimSuffix(strings.ToLower(u.Host), ".")
		if host == "" {
			return bad()
		}
		return resource{Host: host, Path: strings.Trim(u.Path, "/")}, nil
	}
	return bad()
}

// jrd is a JSON Resource Descriptor (RFC 7033 §4.4), as far as it is taken
// apart here: to answer for the rel that was asked for, and to add links.
type jrd struct {
	Subject    string                     `json:"subject"`
	Aliases    []string                   `json:"aliases,omitempty"`
	Properties map[string]json.RawMessage `json:"properties,omitempty"`
	Links      []map[string]any           `json:"links"`
}

// relService is how FEP-d556 finds the actor of a server by its address, and
// relApplication how FEP-2677 does in NodeInfo.
const (
	relService     = "https://www.w3.org/ns/activitystreams#Service"
	relApplication = "https://www.w3.org/ns/activitystreams#Application"
)

func (s *Server) getWebFinger(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*") // RFC 7033 §5
	asked, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || len(asked["resource"]) != 1 || asked.Get("resource") == "" {
		s.fail(w, r, community.Errorf(community.Invalid, "say whom you look for").WithHint("ask for ?resource=acct:name@host"))
		return
	}
	res, err := parseResource(asked.Get("resource"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	doc, err := s.webFinger(r.Context(), res)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if rels := asked["rel"]; len(rels) > 0 {
		doc.Links = slices.DeleteFunc(doc.Links, func(l map[string]any) bool {
			rel, _ := l["rel"].(string)
			return !slices.Contains(rels, rel)
		})
		if doc.Links == nil {
			doc.Links = []map[string]any{}
		}
	}
	body, err := json.Marshal(doc)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	h.Set("Content-Type", "application/jrd+json")
	h.Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(body)
}

// webFinger finds what a resource names. NotFound for a host or a name that is
// not ours.
func (s *Server) webFinger(ctx context.Context, res resource) (*jrd, error) {
	host := s.site.Host()
	if !s.ours(res.Host) {
		return nil, community.Errorf(community.NotFound, "%s is not this server", res.Host)
	}
	city, err := s.store.City(ctx)
	if err != nil {
		return nil, err
	}
	if !res.Acct && res.Path == "" {
		return s.serverFinger(city)
	}
	actor, handle := community.LocalActor(""), ""
	switch {
	case res.Acct && (res.Handle == strings.ToLower(city.Handle) || res.Handle == "city"),
		!res.Acct && res.Path == string(community.CityActor):
		actor, handle = community.CityActor, city.Handle
	case res.Acct && (res.Handle == "node" || res.Handle == "relay" || res.Handle == hostname(host)),
		!res.Acct && res.Path == string(community.NodeActor):
		// Mobilizon looks for relay@host where it finds no link in NodeInfo,
		// Mastodon names the actor of a server by its host.
		actor, handle = community.NodeActor, "node"
	case res.Acct && res.Handle == "desk", !res.Acct && res.Path == string(community.DeskActor):
		actor, handle = community.DeskActor, "desk"
	default:
		name := res.Handle
		if !res.Acct {
			var ok bool
			if name, ok = strings.CutPrefix(strings.ToLower(res.Path), "people/"); !ok {
				return nil, community.Errorf(community.NotFound, "there is nobody at this address")
			}
		}
		if !community.ValidHandle(name) {
			return nil, community.Errorf(community.NotFound, "there is nobody called %s", name)
		}
		m, err := s.store.Member(ctx, name)
		if err != nil {
			return nil, err
		}
		if !m.Active() {
			return nil, community.Errorf(community.NotFound, "there is nobody called %s", name)
		}
		actor, handle = community.MemberActor(m.Handle), m.Handle
	}
	profile := s.site.Actor(actor)
	if actor == community.CityActor {
		profile = s.site.Base + "/"
	}
	return s.actorFinger(actor, handle, profile)
}

func (s *Server) actorFinger(actor community.LocalActor, handle, profile string) (*jrd, error) {
	body, err := s.node.Encoder().WebFinger("acct:"+handle+"@"+s.site.Host(), []string{s.site.Actor(actor)}, actor, profile)
	if err != nil {
		return nil, err
	}
	var doc jrd
	if err := json.Unmarshal(body, &doc); err != nil {
		return nil, community.Errorf(community.Internal, "reading our own WebFinger answer: %w", err)
	}
	return &doc, nil
}

// serverFinger answers for the bare address of the server: its Application
// actor (FEP-d556), and what the city can do for a visitor (FEP-3b86), which
// Mastodon asks for by the bare domain.
func (s *Server) serverFinger(city *community.City) (*jrd, error) {
	doc, err := s.actorFinger(community.CityActor, city.Handle, s.site.Base+"/")
	if err != nil {
		return nil, err
	}
	node := s.site.Actor(community.NodeActor)
	links := []map[string]any{
		{"rel": relService, "type": "application/activity+json", "href": node},
		{"rel": relApplication, "type": "application/activity+json", "href": node},
	}
	for _, l := range doc.Links {
		if l["rel"] != "self" {
			links = append(links, l)
		}
	}
	return &jrd{Subject: s.site.Base + "/", Aliases: []string{s.site.Base}, Links: links}, nil
}

// ours tells whether a host of a query is this node. A port may be left out.
func (s *Server) ours(host string) bool {
	own := s.site.Host()
	host = fetch.Host(host)
	return host == own || host == hostname(own) || host == strings.TrimSuffix(own, ":443")
}

// hostname is a host without its port.
func hostname(host string) string {
	u, err := url.Parse("https://" + host)
	if err != nil {
		return host
	}
	return u.Hostname()
}
