package discover

import (
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode"

	"konfa/community"
	"konfa/federation/fetch"
)

// nodeInfo is what we read of NodeInfo (FEP-f1d5): its software, and the actor
// of the server.
type nodeInfo struct {
	software, version string
	application       string // address of the Application actor, or empty
}

// schemas are the versions of NodeInfo, best first. All that we know have the
// software at the same place.
var schemas = []string{"2.1", "2.2", "2.0", "1.1", "1.0"}

// maxName bounds the name and the version of a software.
const maxName = 100

// Peer returns what is known of a server. NodeInfo is asked for once a day, or
// once an hour while it says nothing; that it says nothing is no error.
func (r *Resolver) Peer(ctx context.Context, host string) (*community.Peer, error) {
	return r.peer(ctx, host, false)
}

// PeerAgain is Peer, but asks now where NodeInfo said nothing before.
func (r *Resolver) PeerAgain(ctx context.Context, host string) (*community.Peer, error) {
	return r.peer(ctx, host, true)
}

func (r *Resolver) peer(ctx context.Context, host string, again bool) (*community.Peer, error) {
	name := fetch.Host(host)
	if name == "" {
		return nil, community.Errorf(community.Invalid, "%q is not a host", host)
	}
	if p, fresh, err := r.knownPeer(ctx, name); err != nil || fresh && (!again || p.Software != "") {
		return p, err
	}
	p, err := oneFlight(ctx, r, "peer "+name, func(ctx context.Context) (*community.Peer, error) {
		p, fresh, err := r.knownPeer(ctx, name)
		if err != nil || fresh && (!again || p.Software != "") {
			return p, err
		}
		ni, err := r.nodeInfo(ctx, name)
		if err == nil {
			p.Software, p.Version, p.Application = ni.software, ni.version, ni.application
		}
		p.Asked = r.clock().UTC().Truncate(time.Microsecond)
		if err := r.store.SavePeer(ctx, p); err != nil {
			return nil, err
		}
		return p, nil
	})
	if err != nil {
		return nil, err
	}
	own := *p
	return &own, nil
}

func (r *Resolver) knownPeer(ctx context.Context, host string) (p *community.Peer, fresh bool, err error) {
	p, err = r.store.Peer(ctx, host)
	switch community.CodeOf(err) {
	case "":
	case community.NotFound:
		return &community.Peer{Host: host}, false, nil
	default:
		return nil, false, err
	}
	age := r.clock().Sub(p.Asked)
	return p, age < peerTryFor || p.Software != "" && age < peerFor, nil
}

// nodeInfo asks a host for its NodeInfo. That there is an Application actor but
// no readable software is still an answer.
func (r *Resolver) nodeInfo(ctx context.Context, host string) (*nodeInfo, error) {
	doc, err := r.askHost(ctx, host, "/.well-known/nodeinfo", fetch.Request{Accept: fetch.JSON})
	if fetch.KindOf(err) == fetch.NotFound {
		return r.siteInfo(ctx, host)
	}
	if err != nil {
		return nil, err
	}
	links, err := parseWellKnown(doc.Body)
	if err != nil {
		return nil, err
	}
	ni := &nodeInfo{}
	var address string
	best := len(schemas)
	for _, l := range links {
		if l.rel == relApplication && ni.application == "" && fetch.SameOrigin(l.href, doc.URL) {
			ni.application = l.href
			continue
		}
		for i, v := range schemas[:best] {
			if strings.HasSuffix(l.rel, "nodeinfo.diaspora.software/ns/schema/"+v) && l.href != "" {
				best, address = i, l.href
				break
			}
		}
	}
	if address == "" {
		return ni, nil
	}
	if doc, err = r.ask(ctx, address, fetch.Request{Accept: fetch.JSON}); err != nil {
		if ni.application != "" {
			return ni, nil
		}
		return nil, err
	}
	ni.software, ni.version = parseNodeInfo(doc.Body)
	return ni, nil
}

// siteInfo asks a host that has no NodeInfo for its siteinfo.json, which Hubzilla
// and its kin have: their NodeInfo is an addon.
func (r *Resolver) siteInfo(ctx context.Context, host string) (*nodeInfo, error) {
	doc, err := r.askHost(ctx, host, "/siteinfo.json", fetch.Request{Accept: fetch.JSON})
	if err != nil {
		return nil, err
	}
	var site struct {
		Platform json.RawMessage `json:"platform"`
		Version  json.RawMessage `json:"version"`
	}
	if json.Unmarshal(doc.Body, &site) != nil {
		return nil, community.Errorf(community.Refused, "siteinfo.json cannot be read")
	}
	return &nodeInfo{software: clean(strings.ToLower(text(site.Platform))), version: clean(text(site.Version))}, nil
}

// parseWellKnown reads /.well-known/nodeinfo. Some servers give a single link
// without its list.
func parseWellKnown(b []byte) ([]link, error) {
	var raw struct {
		Links json.RawMessage `json:"links"`
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, community.Errorf(community.Refused, "NodeInfo cannot be read: %w", err)
	}
	var list []json.RawMessage
	if json.Unmarshal(raw.Links, &list) != nil {
		list = []json.RawMessage{raw.Links}
	}
	return parseLinks(list), nil
}

// parseNodeInfo reads name and version of the software, "" for what is not
// there. The name is in lower case.
func parseNodeInfo(b []byte) (name, version string) {
	var doc struct {
		Software json.RawMessage `json:"software"`
	}
	if json.Unmarshal(b, &doc) != nil {
		return "", ""
	}
	var software struct {
		Name    json.RawMessage `json:"name"`
		Version json.RawMessage `json:"version"`
	}
	if json.Unmarshal(doc.Software, &software) != nil {
		return clean(strings.ToLower(text(doc.Software))), ""
	}
	version = text(software.Version)
	if version == "" && len(software.Version) > 0 && strings.IndexByte("0123456789", software.Version[0]) >= 0 {
		version = string(software.Version)
	}
	return clean(strings.ToLower(text(software.Name))), clean(version)
}

// clean keeps what can be shown, and not too much of it.
func clean(s string) string {
	s = strings.TrimSpace(strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return -1
		}
		return c
	}, s))
	if c := []rune(s); len(c) > maxName {
		s = string(c[:maxName])
	}
	return s
}
