package standin

import (
	"net/http"
	"slices"
	"strings"
)

// Mbin is a server of August 2026: threads and microblogs in magazines.
type Mbin struct {
	forum
	Me *Actor
}

// mbinSigned is SignatureValidator.verifySignature: the digest is computed anew,
// the date must be there and is not read, the target is the request's.
var mbinSigned = verifies{digest: digestRecomputed, query: queryOnly}

// NewMbin starts a server with one person, ernest.
func NewMbin(network *Network, host string) (*Mbin, error) {
	s, err := start(network, host, "mbin", "1.9.0")
	if err != nil {
		return nil, err
	}
	b := &Mbin{}
	b.forum = forum{Server: s, path: "m/random/comment", look: b.lookup, context: []any{asContext, securityContext, document{"lemmy": "https://join-lemmy.org/ns#", "sensitive": "as:sensitive"}}}
	s.signs = signs{post: []string{"(request-target)", "host", "date", "digest"}, get: []string{"(request-target)", "host", "date"}, algorithm: "rsa-sha256"}
	s.userAgent = "Mbin/1.9.0 (+" + s.URL + "/agent)"
	id := s.URL + "/u/ernest"
	b.Me = s.add(&Actor{Name: "ernest", ID: id, Type: "Person", Inbox: id + "/inbox", Shared: s.URL + "/f/inbox", Outbox: id + "/outbox", Followers: id + "/followers"})
	b.me = b.Me
	s.fetcher = s.add(&Actor{Name: host, ID: s.URL + "/i/actor", Type: "Application", Inbox: s.URL + "/i/inbox", Outbox: s.URL + "/i/outbox"})
	s.inbox = b.receive
	s.Acts = b.acts()
	return b, nil
}

func (b *Mbin) lookup(who string) (*remote, error) {
	if strings.Contains(who, "://") {
		return b.actor(who)
	}
	user, server, ok := splitAddress(strings.TrimPrefix(who, "!"))
	if !ok {
		return nil, refuse("not an address: %s", who)
	}
	j, err := b.finger(server, "acct:"+user+"@"+server)
	if err != nil {
		return nil, err
	}
	self := j.self(activityJSON, ldJSON)
	if self == "" {
		return nil, refuse("WebFinger names no self")
	}
	return b.actor(self)
}

// mbinUsers is User::USER_TYPES; a Group is a magazine.
var mbinUsers = []string{"Person", "Service", "Organization", "Application"}

// actor is findActorOrCreate.
func (b *Mbin) actor(uri string) (*remote, error) {
	if r := b.acquainted(uri); r != nil {
		return r, nil
	}
	d, _, err := b.fetch(uri)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(mbinUsers, text(d["type"])) && text(d["type"]) != "Group" {
		return nil, refuse("no actor but %v", d["type"])
	}
	r := asRemote(d)
	if r.key == nil || r.inbox == "" {
		return nil, refuse("no key or no inbox")
	}
	return b.remember(r), nil
}

// receive is SharedInboxController: 200, and the rest later.
func (b *Mbin) receive(in *Incoming) Answer {
	return answer(http.StatusOK, http.StatusOK, b.handle(in))
}

func (b *Mbin) handle(in *Incoming) error {
	if in.Activity == nil {
		return refuse("not JSON")
	}
	p, err := parseSignature(in.Header, false)
	if err != nil {
		return err
	}
	if in.Header.Get("Date") == "" || p.headers == nil {
		return refuse("Missing required signature and/or date header")
	}
	id, actor := text(in.Activity["id"]), text(first(in.Activity["actor"]))
	if !strings.HasPrefix(p.keyID, "https://") || !strings.HasPrefix(id, "https://") {
		return refuse("keyId or id is no https address")
	}
	if name(p.keyID) != name(id) || name(p.keyID) != name(actor) {
		return refuse("key, id and actor are of different hosts")
	}
	from, err := b.actor(actor)
	if err != nil {
		return err
	}
	if mbinSigned.arithmetic(in.Request, in.Body, p, from.key) != nil {
		b.Forget(actor)
		if from, err = b.actor(actor); err != nil {
			return err
		}
		if err := mbinSigned.arithmetic(in.Request, in.Body, p, from.key); err != nil {
			return err
		}
	}
	activity := in.Activity
	announcer := ""
	// ActivityHandler.handle: of a wrapped activity only the inside counts.
	if text(activity["type"]) == "Announce" && object(activity["object"]) != nil {
		announcer = from.id
		activity = object(activity["object"])
		if from, err = b.actor(idOf(activity["actor"])); err != nil {
			return err
		}
	}
	return b.process(from, activity, announcer)
}

func (b *Mbin) process(from *remote, activity document, announcer string) error {
	target := idOf(activity["object"])
	switch text(activity["type"]) {
	case "Create":
		return b.create(object(activity["object"]), announcer)
	case "Note", "Page", "Article", "Question", "Video":
		return b.create(activity, announcer)
	case "Announce":
		if !b.has(target) {
			o, _, err := b.fetch(target)
			if err != nil {
				return err
			}
			// ChainActivityHandler: a type it cannot handle ends here.
			if !slices.Contains([]string{"Page", "Note", "Article", "Question", "Video"}, text(o["type"])) {
				return refuse("its type %v is not one we can handle", o["type"])
			}
			if err := b.create(o, from.id); err != nil {
				return err
			}
		}
		if from.typ() != "Group" {
			b.onBoost(from, activity, target)
		}
		return nil
	case "Update":
		t, o := b.Thing(target), object(activity["object"])
		if t == nil {
			if r := b.acquainted(target); r != nil {
				b.Forget(target)
				_, err := b.actor(target)
				return err
			}
			return refuse("Don't know what to do with the update activity concerning %s", target)
		}
		if t.By != from.id {
			return refuse("%s is of %s", target, t.By)
		}
		b.update(func() {
			thing := b.things[target]
			thing.Title, thing.Text = text(o["name"]), text(o["content"])
			thing.Edits++
		})
		return nil
	case "Delete":
		t := b.Thing(target)
		if t == nil || t.By != from.id && name(t.By) != name(from.id) {
			return refuse("nothing to delete")
		}
		b.hide(target)
		return nil
	case "Follow":
		return b.onFollow(from, activity, nil)
	case "Accept", "Reject":
		if text(object(activity["object"])["type"]) != "Follow" {
			return refuse("an Accept without its Follow")
		}
		return b.onAnswer(from, activity, map[string]string{"Accept": "accepted", "Reject": "rejected"}[text(activity["type"])])
	case "Undo":
		return b.onUndo(from, activity)
	case "Like", "Dislike", "Add", "Remove", "Flag", "Block", "Lock":
		return nil
	}
	return refuse("nothing is done with %v", activity["type"])
}

// create is CreateHandler: threads and posts; an Event is none of them.
func (b *Mbin) create(o document, announcer string) error {
	kind := text(o["type"])
	thread := slices.Contains([]string{"Page", "Article", "Video"}, kind)
	if !thread && kind != "Note" && kind != "Question" {
		return refuse("received Create activity for unknown type %q", kind)
	}
	id := text(o["id"])
	if b.has(id) {
		return nil
	}
	by := idOf(o["attributedTo"])
	for _, e := range many(o["attributedTo"]) {
		// getSingleActorFromAttributedTo with a filter for Person.
		if d := object(e); text(d["type"]) == "Person" {
			by = text(d["id"])
		}
	}
	author, err := b.actor(by)
	if err != nil {
		return err
	}
	if !slices.Contains(mbinUsers, author.typ()) {
		return refuse("Actor could not be found for entry: %s is a %s", by, author.typ())
	}
	t := &Thing{ID: id, Kind: "thread", By: by, Title: text(o["name"]), Text: text(o["content"]), Listed: true, Visibility: "public"}
	if parent := b.Thing(idOf(o["inReplyTo"])); parent != nil {
		t.Kind, t.ReplyTo, t.In = "comment", parent.ID, parent.In
	} else if idOf(o["inReplyTo"]) != "" {
		return refuse("the parent %s is not here", idOf(o["inReplyTo"]))
	} else {
		// findOrCreateMagazineByToCCAndAudience, or else "random".
		for _, c := range append(ids(o["audience"]), addressed(o)...) {
			if c == Public || strings.HasSuffix(c, "/followers") || t.In != "" {
				continue
			}
			if r, err := b.actor(c); err == nil && r.typ() == "Group" {
				t.In = r.id
				if restricted, _ := r.document["postingRestrictedToMods"].(bool); restricted && name(r.id) != name(by) {
					return refuse("PostingRestricted: %s is no moderator of %s", by, r.id)
				}
			}
		}
		if t.In == "" {
			t.In = "random"
		}
	}
	if !thread && t.Kind != "comment" {
		t.Kind = "status"
	}
	if thread && t.Title == "" {
		return refuse("a thread without a name")
	}
	for _, a := range many(o["attachment"]) {
		d := object(a)
		if ofTypes(d, []string{"Image", "Document"}) && strings.HasPrefix(text(d["mediaType"]), "image/") {
			t.Images = append(t.Images, Image{text(d["url"]), text(d["name"])})
		}
		if text(d["type"]) == "Link" && t.Link == "" {
			t.Link = text(d["href"])
		}
	}
	b.show(t)
	return nil
}
