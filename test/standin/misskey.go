package standin

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Misskey is a server of 2024.10.
type Misskey struct {
	social
	Me *Actor
}

// misskeySigned is ActivityPubServerService.inbox with http-signature's
// parseRequest: host and digest signed, within 300 s.
var misskeySigned = verifies{trims: true, need: []string{"host", "digest"}, past: 5 * time.Minute, future: 5 * time.Minute, host: true, query: queryOnly}

// NewMisskey starts a server with one person, ai.
func NewMisskey(network *Network, host string) (*Misskey, error) {
	s, err := start(network, host, "misskey", "2024.10.1")
	if err != nil {
		return nil, err
	}
	k := &Misskey{}
	k.social = social{Server: s, path: "notes", look: k.lookup, retries: true, context: []any{asContext, securityContext, document{"misskey": "https://misskey-hub.net/ns#", "_misskey_content": "misskey:_misskey_content", "_misskey_reaction": "misskey:_misskey_reaction", "Key": "sec:Key", "sensitive": "as:sensitive"}},
		note: func(n document) {
			n["_misskey_content"] = Plain(text(n["content"]))
			n["source"] = document{"content": Plain(text(n["content"])), "mediaType": "text/x.misskeymarkdown"}
			delete(n, "contentMap")
		},
		// A reaction is a Like with a content.
		like: func(d document) { d["content"], d["_misskey_reaction"] = "❤", "❤" },
	}
	s.limit = 64 << 10 // fastify's bodyLimit of the inbox
	// ApRequestService: (request-target) date host digest, without a query.
	s.signs = signs{post: []string{"(request-target)", "date", "host", "digest"}, get: []string{"(request-target)", "date", "host", "accept"}, algorithm: "rsa-sha256"}
	s.userAgent = "Misskey/2024.10.1 (" + s.URL + ")"
	id := s.URL + "/users/9aaaaaaaaa"
	k.Me = s.add(&Actor{
		Name: "ai", ID: id, Type: "Person", Inbox: id + "/inbox", Shared: s.URL + "/inbox", Outbox: id + "/outbox", Followers: id + "/followers", KeyID: id + "#main-key",
		describe: func(a *Actor) document {
			return document{"sharedInbox": s.URL + "/inbox", "url": s.URL + "/@ai", "isCat": true, "name": "Ai", "featured": a.ID + "/collections/featured", "following": a.ID + "/following",
				"publicKey": document{"id": a.KeyID, "type": "Key", "owner": a.ID, "publicKeyPem": a.pem()}}
		},
	})
	k.me = k.Me
	s.fetcher = s.add(&Actor{Name: "instance.actor", ID: s.URL + "/users/9000000000", Type: "Application", Inbox: s.URL + "/users/9000000000/inbox", Shared: s.URL + "/inbox"})
	s.inbox = k.receive
	s.Acts = k.acts()
	// Notes cannot be changed there.
	s.Acts.Edit = nil
	s.Acts.Vote = k.vote
	return k, nil
}

// misskeyName is validateActor of ApPersonService.
var misskeyName = regexp.MustCompile(`^\w([\w\-.]*\w)?$`)

var misskeyActors = []string{"Person", "Service", "Group", "Organization", "Application"}

// misskeyPosts is validPost of type.ts.
var misskeyPosts = []string{"Note", "Question", "Article", "Audio", "Document", "Image", "Page", "Video", "Event"}

func (k *Misskey) lookup(who string) (*remote, error) {
	user, server, ok := splitAddress(who)
	if !ok || strings.Contains(who, "://") {
		return k.person(who)
	}
	// RemoteUserResolveService asks with the resource escaped.
	j, err := k.finger(server, "acct:"+user+"@"+server)
	if err != nil {
		return nil, err
	}
	self := ""
	for _, l := range j.Links {
		if strings.EqualFold(l.Rel, "self") && self == "" {
			self = l.Href
		}
	}
	if self == "" {
		return nil, refuse("WebFinger names no self")
	}
	return k.person(self)
}

// resolve is Resolver.resolve: 256 KiB, the host that was asked in the id, and
// the id the address.
func (k *Misskey) resolve(uri string) (document, error) {
	d, p, err := k.fetch(uri)
	if err != nil {
		return nil, err
	}
	if len(p.body) > 256<<10 {
		return nil, refuse("more than 256 KiB")
	}
	contexts := ids(d["@context"])
	if !slices.Contains(contexts, asContext) {
		return nil, refuse("the context lacks %s", asContext)
	}
	if text(d["id"]) == "" || text(d["id"]) != p.url {
		return nil, refuse("%s calls itself %s", p.url, text(d["id"]))
	}
	return d, nil
}

func (k *Misskey) person(uri string) (*remote, error) {
	uri, _, _ = strings.Cut(uri, "#")
	if r := k.acquainted(uri); r != nil {
		return r, nil
	}
	return k.freshPerson(uri)
}

// freshPerson is createPerson and validateActor.
func (k *Misskey) freshPerson(uri string) (*remote, error) {
	d, err := k.resolve(uri)
	if err != nil {
		return nil, err
	}
	id := text(d["id"])
	if !ofTypes(d, misskeyActors) {
		return nil, refuse("no actor but %v", d["type"])
	}
	for _, key := range []string{"inbox", "outbox", "followers", "following", "sharedInbox"} {
		if v := d[key]; v != nil && idOf(v) != "" && host(idOf(v)) != host(id) {
			return nil, refuse("%s is on another host", key)
		}
	}
	if text(d["inbox"]) == "" {
		return nil, refuse("no inbox")
	}
	if n := text(d["preferredUsername"]); len(n) > 128 || !misskeyName.MatchString(n) {
		return nil, refuse("the username %q", n)
	}
	if n, there := d["name"]; there && n != nil && n != "" {
		if s, ok := n.(string); !ok || s == "" {
			return nil, refuse("the name %v", n)
		}
	}
	if pk := d["publicKey"]; pk != nil {
		// The id of a list is not a string: it throws.
		keyID := text(object(pk)["id"])
		if keyID == "" || host(keyID) != host(id) {
			return nil, refuse("publicKey.id is no string of the same host")
		}
	}
	r := asRemote(d)
	if r.key == nil {
		return nil, refuse("no key")
	}
	return k.remember(r), nil
}

func (k *Misskey) receive(in *Incoming) Answer {
	p, err := parseSignature(in.Header, true)
	if err != nil {
		return Answer{Status: http.StatusUnauthorized, Why: err.Error()}
	}
	if err := misskeySigned.check(k.Server, in.Request, in.Body, p); err != nil {
		return Answer{Status: http.StatusUnauthorized, Why: err.Error()}
	}
	// The digest: one, of SHA-256, as it was written.
	sum := sha256.Sum256(in.Body)
	algorithm, value, ok := strings.Cut(in.Header.Get("Digest"), "=")
	if !ok || !strings.EqualFold(algorithm, "SHA-256") || value != base64.StdEncoding.EncodeToString(sum[:]) {
		return Answer{Status: http.StatusUnauthorized, Why: "the digest " + in.Header.Get("Digest")}
	}
	if in.Activity == nil {
		return Answer{Status: http.StatusBadRequest, Why: "not JSON"}
	}
	// What follows is done later by InboxProcessorService.
	return answer(http.StatusAccepted, http.StatusAccepted, k.queued(in, p))
}

func (k *Misskey) queued(in *Incoming, p *signed) error {
	if strings.HasPrefix(p.keyID, "acct:") {
		return refuse("keyId of the old form")
	}
	owner, _, _ := strings.Cut(p.keyID, "#")
	from, err := k.person(owner)
	if err != nil {
		return err
	}
	if misskeySigned.arithmetic(in.Request, in.Body, p, from.key) != nil {
		if from, err = k.freshPerson(owner); err != nil {
			return err
		}
		if err := misskeySigned.arithmetic(in.Request, in.Body, p, from.key); err != nil {
			return err
		}
	}
	if from.id != idOf(in.Activity["actor"]) {
		return refuse("signed by %s", from.id)
	}
	if id := text(in.Activity["id"]); id != "" && host(id) != host(from.id) {
		return refuse("the id is of another host")
	}
	return k.process(from, in.Activity)
}

func (k *Misskey) process(from *remote, activity document) error {
	target := idOf(activity["object"])
	switch text(activity["type"]) {
	case "Create":
		o := object(activity["object"])
		if o == nil {
			var err error
			if o, err = k.resolve(target); err != nil {
				return err
			}
		}
		// create copies the audience from the activity to the object and back.
		if !ofTypes(o, misskeyPosts) {
			return refuse("Unknown type: %v", o["type"])
		}
		if o["attributedTo"] != from.id {
			return refuse("actor.uri !== note.attributedTo: %v", o["attributedTo"])
		}
		if k.has(text(o["id"])) {
			return refuse("note exists")
		}
		return k.createNote(from, o, activity)
	case "Update":
		// Actors and questions; everything else stays as it was.
		o := object(activity["object"])
		if o == nil {
			var err error
			if o, err = k.resolve(target); err != nil {
				return err
			}
		}
		switch {
		case ofTypes(o, misskeyActors):
			_, err := k.freshPerson(from.id)
			return err
		case text(o["type"]) == "Question":
			if t := k.Thing(text(o["id"])); t == nil || t.By != from.id || t.Poll == nil {
				return refuse("Question is not registered")
			}
			k.update(func() { k.things[text(o["id"])].Poll = pollOf(o) })
			return nil
		}
		return refuse("skip: Unknown type: %v", o["type"])
	case "Delete":
		kind := "Note"
		if d := object(activity["object"]); d != nil {
			kind = text(d["type"])
			if kind == "Tombstone" {
				if kind = text(d["formerType"]); kind == "" {
					kind = "Note"
				}
			}
		} else if target == from.id {
			kind = "Person"
		}
		if slices.Contains(misskeyActors, kind) {
			for _, t := range k.Things() {
				if t.By == from.id {
					k.hide(t.ID)
				}
			}
			k.Forget(from.id)
			return nil
		}
		if !slices.Contains(misskeyPosts, kind) {
			return refuse("Unknown type %s", kind)
		}
		t := k.Thing(target)
		if t == nil || t.By != from.id {
			return refuse("message not found")
		}
		k.hide(target)
		return nil
	case "Announce":
		if d := object(activity["object"]); d != nil && !ofTypes(d, misskeyPosts) {
			return refuse("announce of an activity")
		}
		if err := k.resolveNote(target); err != nil {
			return err
		}
		k.onBoost(from, activity, target)
		return nil
	case "Like", "EmojiReact":
		if k.document(target) == nil {
			return refuse("target note not found")
		}
		k.update(func() { k.notify(Notice{Kind: "like", To: k.Me.ID, By: from.id, About: target}) })
		return nil
	case "Follow":
		return k.onFollow(from, activity, nil)
	case "Accept", "Reject":
		state := map[string]string{"Accept": "accepted", "Reject": "rejected"}[text(activity["type"])]
		d := object(activity["object"])
		if d == nil || text(d["type"]) != "Follow" || k.local(idOf(d["actor"])) == nil {
			return refuse("follower not found")
		}
		return k.onAnswer(from, activity, state)
	case "Undo":
		return k.onUndo(from, activity)
	case "Block":
		k.update(func() { delete(k.following[target], from.id) })
		return nil
	case "Add", "Remove", "Flag", "Move":
		return nil
	}
	return refuse("unrecognized activity type: %v", activity["type"])
}

// resolveNote reads a note unless it is known.
func (k *Misskey) resolveNote(uri string) error {
	if k.has(uri) || k.document(uri) != nil {
		return nil
	}
	o, err := k.resolve(uri)
	if err != nil {
		return err
	}
	if !ofTypes(o, misskeyPosts) {
		return refuse("invalid Note: invalid object type %v", o["type"])
	}
	by, err := k.person(idOf(first(o["attributedTo"])))
	if err != nil {
		return err
	}
	return k.createNote(by, o, document{})
}

// createNote is ApNoteService.createNote: the text is the content, the summary a
// warning before it, the name is kept and not shown.
func (k *Misskey) createNote(from *remote, o, activity document) error {
	id := text(o["id"])
	if host(id) != host(from.id) || !strings.HasPrefix(id, "https://") {
		return refuse("invalid Note: %q is not of the host of %s", id, from.id)
	}
	if u := idOf(o["url"]); u != "" && !strings.HasPrefix(u, "https://") {
		return refuse("unexpected schema of note url")
	}
	if parent := idOf(o["inReplyTo"]); parent != "" {
		if err := k.resolveNote(parent); err != nil {
			return refuse("inReplyTo not found: %v", err)
		}
	}
	t := &Thing{ID: id, Kind: "status", By: from.id, Link: idOf(o["url"]), Warning: text(o["summary"]), Text: text(o["content"]), ReplyTo: idOf(o["inReplyTo"]), Listed: true, Visibility: visibility(o, activity, from.followers)}
	if d := object(o["source"]); text(d["mediaType"]) == "text/x.misskeymarkdown" {
		t.Text = text(d["content"])
	}
	for _, a := range many(o["attachment"]) {
		d := object(a)
		if !ofTypes(d, []string{"Audio", "Document", "Image", "Page", "Video"}) || !strings.HasPrefix(text(d["url"]), "https://") {
			continue
		}
		t.Images = append(t.Images, Image{text(d["url"]), text(d["name"])})
	}
	if text(o["type"]) == "Question" {
		t.Poll = pollOf(o)
	}
	if t.Visibility == "direct" {
		t.Kind, t.Listed = "message", false
	}
	k.show(t)
	for _, tag := range many(o["tag"]) {
		if d := object(tag); text(d["type"]) == "Mention" && text(d["href"]) == k.Me.ID {
			k.update(func() { k.notify(Notice{Kind: "mention", To: k.Me.ID, By: from.id, About: id}) })
		}
	}
	return nil
}
