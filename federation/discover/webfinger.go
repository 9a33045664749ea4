package discover

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"mime"
	"net/url"
	"strings"

	"bytes"

	"konfa/community"
	"konfa/federation/fetch"
)

// maxLinks bounds how many links of one document are looked at.
const maxLinks = 100

// jrd is what we read of a WebFinger answer (RFC 7033 §4.4).
type jrd struct {
	subject string
	links   []link
}

type link struct{ rel, typ, href, template string }

// parseJRD reads a WebFinger answer. What is of a wrong shape is passed over:
// a strange link must not hide a good one.
func parseJRD(b []byte) (*jrd, error) {
	var raw struct {
		Subject json.RawMessage   `json:"subject"`
		Links   []json.RawMessage `json:"links"`
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, community.Errorf(community.Refused, "the WebFinger answer cannot be read: %w", err)
	}
	return &jrd{subject: text(raw.Subject), links: parseLinks(raw.Links)}, nil
}

// parseLinks reads the links of a WebFinger or NodeInfo document.
func parseLinks(raw []json.RawMessage) []link {
	var out []link
	for _, b := range raw {
		if len(out) == maxLinks {
			break
		}
		var l struct {
			Rel      json.RawMessage `json:"rel"`
			Type     json.RawMessage `json:"type"`
			Href     json.RawMessage `json:"href"`
			Template json.RawMessage `json:"template"`
		}
		if json.Unmarshal(b, &l) != nil {
			continue
		}
		out = append(out, link{rel: text(l.Rel), typ: text(l.Type), href: text(l.Href), template: text(l.Template)})
	}
	return out
}

// text returns a JSON string, and "" for anything else.
func text(b json.RawMessage) string {
	var s string
	if json.Unmarshal(b, &s) != nil {
		return ""
	}
	return s
}

// self returns the address of the actor: the link of relation self with a type
// of ActivityPub.
func (j *jrd) self() string {
	for _, l := range j.links {
		if l.rel == "self" && l.href != "" && activityType(l.typ) {
			return l.href
		}
	}
	return ""
}

func activityType(s string) bool {
	t, p, err := mime.ParseMediaType(s)
	if err != nil {
		return false
	}
	return t == "application/activity+json" ||
		t == "application/ld+json" && (p["profile"] == "" || strings.Contains(p["profile"], fetch.ActivityStreamsProfile))
}

// webfinger asks a host about a resource. Where there is no WebFinger at the
// usual place, host-meta may say where it is (RFC 6415), as it does for handles
// on one host and actors on another.
func (r *Resolver) webfinger(ctx context.Context, host, resource string) (*jrd, error) {
	query := "?resource=" + url.QueryEscape(resource)
	doc, err := r.askHost(ctx, host, "/.well-known/webfinger"+query, fetch.Request{Accept: fetch.JRD})
	if err == nil {
		return parseJRD(doc.Body)
	}
	if e, ok := errors.AsType[*fetch.Error](err); !ok || e.Temporary() || e.Kind == fetch.Blocked {
		return nil, err
	}
	meta, errMeta := r.askHost(ctx, host, "/.well-known/host-meta", fetch.Request{Accept: fetch.XRD})
	if errMeta != nil {
		return nil, err // what WebFinger said tells more
	}
	template := parseHostMeta(meta.Body)
	if template == "" {
		return nil, err
	}
	address := strings.ReplaceAll(template, "{uri}", url.QueryEscape(resource))
	if fetch.SameAddress(address, meta.URL) || strings.HasSuffix(address, "/.well-known/webfinger"+query) && fetch.Host(address) == host {
		return nil, err // the place that was asked already
	}
	if doc, err = r.ask(ctx, address, fetch.Request{Accept: fetch.JRD}); err != nil {
		return nil, err
	}
	return parseJRD(doc.Body)
}

// parseHostMeta finds the template of WebFinger in host-meta (XRD), and returns
// "" where there is none. A document with a DTD is not read: entities have no
// place in it.
func parseHostMeta(b []byte) string {
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Strict = true
	// Only ASCII matters here; other encodings are read as bytes.
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	for n := 0; n < 1000; n++ {
		tok, err := d.Token()
		if err != nil {
			return ""
		}
		switch el := tok.(type) {
		case xml.Directive:
			return ""
		case xml.StartElement:
			if el.Name.Local != "Link" {
				continue
			}
			var rel, template string
			for _, a := range el.Attr {
				switch a.Name.Local {
				case "rel":
					rel = a.Value
				case "template":
					template = a.Value
				}
			}
			if rel == "lrdd" && strings.Contains(template, "{uri}") {
				return template
			}
		}
	}
	return ""
}

// acct splits an account, "user@host" with or without "acct:" and a leading @.
// The host comes in its one form.
func acct(s string) (user, host string, ok bool) {
	s = strings.TrimPrefix(s, "acct:")
	s = strings.TrimPrefix(s, "@")
	at := strings.LastIndexByte(s, '@')
	if at <= 0 {
		return "", "", false
	}
	user, host = s[:at], fetch.Host(s[at+1:])
	if host == "" || strings.ContainsAny(s[at+1:], "/?#") || strings.ContainsAny(user, "@/?#: \t\r\n") {
		return "", "", false
	}
	return user, host, true
}
