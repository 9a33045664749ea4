package federation

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"konfa/community"
	"konfa/storage"
)

// getNodeInfoLinks lists the NodeInfo documents. The order matters: Gancio takes
// the first link whatever its rel, so a schema comes first and the Application
// actor (FEP-2677) last; Mobilizon fails on a link without rel and href
// (event-peers §2.2).
func (s *Server) getNodeInfoLinks(w http.ResponseWriter, r *http.Request) {
	type link struct {
		Rel  string `json:"rel"`
		Href string `json:"href"`
	}
	body, err := json.Marshal(map[string][]link{"links": {
		{"http://nodeinfo.diaspora.software/ns/schema/2.1", s.site.Base + "/nodeinfo/2.1"},
		{"http://nodeinfo.diaspora.software/ns/schema/2.0", s.site.Base + "/nodeinfo/2.0"},
		{relApplication, s.site.Actor(community.NodeActor)},
	}})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.wellKnown(w, "application/json", body)
}

type nodeInfo struct {
	Version           string           `json:"version"`
	Software          nodeInfoSoftware `json:"software"`
	Protocols         []string         `json:"protocols"`
	Services          nodeInfoServices `json:"services"`
	OpenRegistrations bool             `json:"openRegistrations"`
	Usage             nodeInfoUsage    `json:"usage"`
	Metadata          map[string]any   `json:"metadata"`
}

type nodeInfoSoftware struct {
	Name       string `json:"name"`
	Version    string `json:"version"`
	Repository string `json:"repository,omitempty"` // 2.1 only
	Homepage   string `json:"homepage,omitempty"`   // 2.1 only
}

type nodeInfoServices struct {
	Inbound  []string `json:"inbound"`
	Outbound []string `json:"outbound"`
}

type nodeInfoUsage struct {
	Users struct {
		Total int `json:"total"`
	} `json:"users"`
	LocalPosts    int `json:"localPosts"`
	LocalComments int `json:"localComments"`
}

// getNodeInfo answers with the NodeInfo document of a version of the schema.
func (s *Server) getNodeInfo(version string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		usage, err := s.countUsage(r.Context())
		if err != nil {
			s.fail(w, r, err)
			return
		}
		v := s.o.Version
		if v == "" {
			v = "0"
		}
		doc := nodeInfo{
			Version:   version,
			Software:  nodeInfoSoftware{Name: "konfa", Version: v},
			Protocols: []string{"activitypub"},
			Services:  nodeInfoServices{Inbound: []string{}, Outbound: []string{"atom1.0", "rss2.0"}},
			Usage:     usage,
			Metadata:  map[string]any{"nodeActor": s.site.Actor(community.NodeActor)},
		}
		city, err := s.store.City(r.Context())
		switch community.CodeOf(err) {
		case "":
			doc.Metadata["nodeName"] = city.Name.First()
			doc.Metadata["nodeDescription"] = city.About.First()
			where := map[string]any{
				"name": city.Name.First(), "actor": s.site.Actor(community.CityActor),
				"handle": "@" + city.Handle + "@" + s.site.Host(), "zone": city.Zone, "languages": city.Languages,
			}
			if city.Country != "" {
				where["country"] = city.Country
			}
			if city.Place != nil {
				where["latitude"], where["longitude"] = city.Place.Lat, city.Place.Lon
			}
			doc.Metadata["city"] = where
		case community.NotFound:
		default:
			s.fail(w, r, err)
			return
		}
		body, err := json.Marshal(doc)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		s.wellKnown(w, `application/json; profile="http://nodeinfo.diaspora.software/ns/schema/`+version+`#"`, body)
	}
}

// usageCache keeps the counts for a minute: crawlers ask for them all day.
type usageCache struct {
	mu    sync.Mutex
	at    time.Time     // guarded by mu
	usage nodeInfoUsage // guarded by mu
}

func (s *Server) countUsage(ctx context.Context) (nodeInfoUsage, error) {
	s.usage.mu.Lock()
	defer s.usage.mu.Unlock()
	now := s.clock()
	if !s.usage.at.IsZero() && now.Sub(s.usage.at) < time.Minute && now.After(s.usage.at) {
		return s.usage.usage, nil
	}
	var u nodeInfoUsage
	members, err := s.store.Members(ctx)
	if err != nil {
		return u, err
	}
	for i := range members {
		if members[i].Active() {
			u.Users.Total++
		}
	}
	conferences, err := s.store.CountConferences(ctx, storage.ConferenceQuery{Own: true})
	if err != nil {
		return u, err
	}
	posts, err := s.store.CountPosts(ctx, storage.PostQuery{Own: true, Kinds: []community.PostKind{community.OrdinaryPost}, Visibilities: []community.Visibility{community.Public, community.Unlisted}})
	if err != nil {
		return u, err
	}
	u.LocalPosts = conferences + posts
	s.usage.at, s.usage.usage = now, u
	return u, nil
}
