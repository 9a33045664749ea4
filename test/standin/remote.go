package standin

import (
	"crypto/rsa"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// page is an answer to a GET.
type page struct {
	status int
	media  string // the Content-Type as it came
	url    string // where it came from in the end
	body   []byte
	header http.Header
}

// ask makes a GET, signed where as is given, and follows up to hops redirects.
// The error says that there was no answer at all.
func (s *Server) ask(address, accept string, as *Actor, hops int) (*page, error) {
	for {
		ctx, cancel := s.context()
		p, err := func() (*page, error) {
			defer cancel()
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", errUnreachable, err)
			}
			r.Header.Set("Accept", accept)
			r.Header.Set("User-Agent", s.userAgent)
			if as != nil {
				if err := s.sign(r, nil, as); err != nil {
					return nil, err
				}
			}
			resp, err := s.network.Client.Do(r)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", errUnreachable, err)
			}
			defer resp.Body.Close()
			body, err := readBounded(resp.Body, 1<<20)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", errUnreachable, err)
			}
			return &page{status: resp.StatusCode, media: resp.Header.Get("Content-Type"), url: address, body: body, header: resp.Header}, nil
		}()
		if err != nil || p.status < 300 || p.status > 399 || hops == 0 {
			return p, err
		}
		next, err := url.Parse(p.header.Get("Location"))
		if err != nil {
			return p, nil
		}
		from, err := url.Parse(address)
		if err != nil {
			return p, nil
		}
		address = from.ResolveReference(next).String()
		hops--
	}
}

func readBounded(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = refuse("more than %d bytes", limit)
	}
	return b, err
}

// activityTypes are what most software takes for a document of ActivityPub.
func isActivityMedia(media string) bool {
	m, params, _ := strings.Cut(strings.ToLower(media), ";")
	switch strings.TrimSpace(m) {
	case "application/activity+json":
		return true
	case "application/ld+json":
		return strings.Contains(params, "https://www.w3.org/ns/activitystreams")
	}
	return false
}

// fetch reads a document and checks what everyone does: the status, the type and
// that it is one.
func (s *Server) fetch(address string) (document, *page, error) {
	address, _, _ = strings.Cut(address, "#")
	p, err := s.ask(address, activityJSON+", "+ldJSON, s.fetcher, 3)
	if err != nil {
		return nil, nil, err
	}
	if p.status != http.StatusOK {
		return nil, p, refuse("%s answers %d", address, p.status)
	}
	if !isActivityMedia(p.media) {
		return nil, p, refuse("%s has the type %q", address, p.media)
	}
	d, err := decode(p.body)
	if err != nil {
		return nil, p, refuse("%s: %v", address, err)
	}
	return d, p, nil
}

// remote is an actor of another server.
type remote struct {
	document
	id, inbox, shared, handle string
	followers                 string
	key                       *rsa.PublicKey
	keyID                     string
}

func (r *remote) typ() string { return text(r.document["type"]) }

// deliverTo is where to send what is for everyone of that server.
func (r *remote) deliverTo() string {
	if r.shared != "" {
		return r.shared
	}
	return r.inbox
}

// asRemote reads what every software reads of an actor.
func asRemote(d document) *remote {
	r := &remote{document: d, id: text(d["id"]), inbox: text(d["inbox"]), followers: text(d["followers"]), shared: text(object(d["endpoints"])["sharedInbox"])}
	r.handle = text(d["preferredUsername"]) + "@" + host(r.id)
	if k := object(d["publicKey"]); k != nil {
		r.keyID = text(k["id"])
		r.key, _ = rsaKey(text(k["publicKeyPem"]))
	}
	return r
}

// acquainted is an actor that was read before, nil for a stranger.
func (s *Server) acquainted(id string) *remote {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known[id]
}

// remember keeps an actor.
func (s *Server) remember(r *remote) *remote {
	s.update(func() { s.known[r.id] = r })
	return r
}

// forget makes an actor a stranger again.
func (s *Server) Forget(id string) {
	s.update(func() { delete(s.known, id) })
}

// jrd is what WebFinger answers, as far as anyone looks at it.
type jrd struct {
	Subject string `json:"subject"`
	Links   []struct {
		Rel, Type, Href, Template string
	} `json:"links"`
	media string
}

// self is the actor that an answer names, by a link of one of the types.
func (j *jrd) self(types ...string) string {
	for _, l := range j.Links {
		for _, t := range types {
			if l.Rel == "self" && l.Type == t {
				return l.Href
			}
		}
	}
	return ""
}

func (s *Server) finger(server, resource string) (*jrd, error) {
	return s.fingerAt("https://" + server + "/.well-known/webfinger?resource=" + resource)
}

func (s *Server) fingerAt(address string) (*jrd, error) {
	p, err := s.ask(address, "application/jrd+json, application/json", nil, 3)
	if err != nil {
		return nil, err
	}
	if p.status != http.StatusOK {
		return nil, refuse("WebFinger answers %d", p.status)
	}
	var j jrd
	if err := json.Unmarshal(p.body, &j); err != nil {
		return nil, refuse("WebFinger: %v", err)
	}
	j.media = p.media
	return &j, nil
}

// hostMeta is the template of WebFinger in the XRD of a host.
func (s *Server) hostMeta(server string) (string, error) {
	p, err := s.ask("https://"+server+"/.well-known/host-meta", "application/xrd+xml, application/xml, text/xml", nil, 3)
	if err != nil {
		return "", err
	}
	if p.status != http.StatusOK {
		return "", refuse("host-meta answers %d", p.status)
	}
	var x struct {
		Link []struct {
			Rel      string `xml:"rel,attr"`
			Template string `xml:"template,attr"`
		}
	}
	if err := xml.Unmarshal(p.body, &x); err != nil {
		return "", refuse("host-meta: %v", err)
	}
	for _, l := range x.Link {
		if l.Rel == "lrdd" && strings.Contains(l.Template, "{uri}") {
			return l.Template, nil
		}
	}
	return "", refuse("host-meta names no WebFinger")
}

// splitAddress takes @name@host apart.
func splitAddress(address string) (user, server string, ok bool) {
	user, server, ok = strings.Cut(strings.TrimPrefix(strings.TrimPrefix(address, "acct:"), "@"), "@")
	if !ok || user == "" || server == "" {
		return "", "", false
	}
	return user, server, true
}
