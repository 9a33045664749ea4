package activitystreams

import (
	"encoding/pem"
	"net/url"
	"path"
	"strings"

	"konfa/community"
)

var actorTypes = map[string]bool{"Application": true, "Group": true, "Organization": true, "Person": true, "Service": true}

const maxActorKeys = 8

// ReadActor reads an actor. GoToSocial serves a stub at the address of a key,
// with an id, a name and the key alone: its Inbox is then empty, and the actor
// has to be fetched by its id.
func ReadActor(b []byte) (*community.Actor, error) {
	v, err := parseObjectTo(b, maxDepth-1) // without @context
	if err != nil {
		return nil, err
	}
	return new(reader).actor(v)
}

func (r *reader) actor(v *value) (*community.Actor, error) {
	t, ok := v.typeIn(actorTypes)
	if !ok {
		if t == "" {
			return nil, malformed("the document has no type")
		}
		return nil, malformed("this is of type %s, not an actor", t)
	}
	id := v.property("id").id()
	if !webID(id) {
		return nil, malformed("the actor has no id that can be fetched")
	}
	a := &community.Actor{
		URI: id, Type: t, Host: host(id),
		Inbox: v.property("inbox").id(), Outbox: v.property("outbox").id(), Followers: v.property("followers").id(),
		SharedInbox: v.get("endpoints").get("sharedInbox").id(),
		Featured:    v.property("featured").id(), Upcoming: v.property("upcomingEvents").id(),
		AlsoKnownAs: v.property("alsoKnownAs").ids(32), MovedTo: v.property("movedTo").id(),
		Locked: v.property("manuallyApprovesFollowers").yes(),
		URL:    v.property("url").page(),
		Icon:   v.property("icon").largest(),
		About:  v.texts("summary", r.html("")).First(),
		Name:   v.texts("name", func(s string) string { return line(s, community.MaxName) }).First(),
	}
	if a.SharedInbox == "" {
		a.SharedInbox = v.property("sharedInbox").id() // Discourse
	}
	for _, p := range []*string{&a.Inbox, &a.SharedInbox, &a.Outbox, &a.Followers, &a.Featured, &a.Upcoming, &a.MovedTo} {
		if *p != "" && !webID(*p) {
			r.note("an address of the actor was dropped: " + *p)
			*p = ""
		}
	}
	if a.URL == "" {
		a.URL = id
	}
	a.Handle = r.handle(v, id)
	a.Keys = r.keys(v, id)
	if v.property("suspended").yes() {
		r.note("its server says that this actor is suspended")
	}
	if a.Inbox == "" && len(a.Keys) == 0 {
		return nil, malformed("the actor has neither inbox nor key")
	}
	return a, nil
}

// handle is preferredUsername. FEP-2c59 names the address outright and wins
// where the host is the actor's.
func (r *reader) handle(v *value, id string) string {
	handle := line(v.property("preferredUsername").text(), 128)
	if wf, h, ok := strings.Cut(strings.TrimPrefix(v.get("webfinger").text(), "@"), "@"); ok && wf != "" && strings.EqualFold(h, host(id)) && len(wf) <= 128 {
		handle = wf
	}
	if strings.ContainsAny(handle, "@/ <>\"") {
		handle = ""
	}
	if handle == "" {
		if u, err := url.Parse(id); err == nil {
			if last := strings.TrimPrefix(path.Base(u.Path), "@"); last != "/" && last != "." && len(last) <= 128 && !strings.ContainsAny(last, "@ <>\"") {
				handle = last
			}
		}
		r.note("the actor has no preferredUsername; the end of its id stands in")
	}
	return handle
}

// keys are the public keys that the actor owns: publicKey, one or several, and
// the Ed25519 keys of assertionMethod (FEP-521a).
func (r *reader) keys(v *value, id string) []community.PublicKey {
	var out []community.PublicKey
	for _, prop := range []string{"publicKey", "assertionMethod"} {
		for _, k := range v.property(prop).list(maxActorKeys) {
			if k.kind != kindObject {
				continue // an address alone: fetched when a signature names it
			}
			owner, key, why := readKey(k)
			switch {
			case why != "":
				r.note(why)
			case owner != id:
				r.note("a key was dropped, its owner is someone else: " + owner)
			case len(out) < maxActorKeys:
				out = append(out, key)
			}
		}
	}
	return out
}

// ReadKey reads a key by itself: a Key or Multikey document, or an actor (also
// a stub) of which it is the first key. Whether the owner lists the key back is
// for the caller to check.
func ReadKey(b []byte) (owner string, k community.PublicKey, err error) {
	v, err := parseObjectTo(b, maxDepth-1) // without @context
	if err != nil {
		return "", k, err
	}
	owner, k, why := readKey(v)
	if why == "" {
		return owner, k, nil
	}
	id := v.property("id").id()
	for _, prop := range []string{"publicKey", "assertionMethod"} {
		for _, inner := range v.property(prop).list(maxActorKeys) {
			if owner, k, w := readKey(inner); w == "" {
				if owner == "" {
					owner = id
				}
				return owner, k, nil
			}
		}
	}
	return "", community.PublicKey{}, malformed("%s", why)
}

// readKey reads {id, owner, publicKeyPem} or {id, controller,
// publicKeyMultibase}; why says what is wrong with it.
func readKey(v *value) (owner string, k community.PublicKey, why string) {
	owner = v.property("owner").id()
	if owner == "" {
		owner = v.property("controller").id()
	}
	k.ID = v.property("id").id()
	text := v.property("publicKeyPem").text()
	if text != "" {
		k.PEM = normalPEM(text)
	} else if s := v.property("publicKeyMultibase").text(); s != "" {
		k.PEM = multikeyPEM(s)
	} else {
		return "", k, "the document holds no key"
	}
	switch {
	case k.PEM == "":
		return "", community.PublicKey{}, "a key was dropped, its form is not known: " + k.ID
	case !webID(k.ID):
		return "", community.PublicKey{}, "a key without an id was dropped"
	case !webID(owner):
		return "", community.PublicKey{}, "a key without an owner was dropped: " + k.ID
	}
	return owner, k, ""
}

// normalPEM is the first block of a PEM text when it is a public key: PKIX
// (PUBLIC KEY) or PKCS#1 (RSA PUBLIC KEY, Mobilizon).
func normalPEM(s string) string {
	if len(s) > 8192 {
		return ""
	}
	block, _ := pem.Decode([]byte(strings.TrimSpace(s) + "\n"))
	if block == nil || block.Type != "PUBLIC KEY" && block.Type != "RSA PUBLIC KEY" {
		return ""
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes}))
}
